//! Writes files: whole or not at all, and never through a link that a checkout may hold, also if one is put there meanwhile.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write};
use std::path::{Component, Path, PathBuf};

use super::Host;
use super::failure::{Action, HostError, Problem};
use super::folder::{Folder, Kind, Temporary};
use super::turn::Turns;

/// What [`Writing`] did with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// There was no such file.
    Created,
    /// The file had other content.
    Updated,
    /// The file had this content, and was not touched.
    Unchanged,
}

/// What a product goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A regular file, which may not exist yet.
    File,
    /// A device, a pipe or a socket, or whatever `/dev/stdout` is connected to. It cannot be replaced, and reading it
    /// could take for ever or take away what is meant for another.
    Stream,
}

/// A file whose new content is on disk, but not yet in its place. Dropped, it leaves nothing behind.
pub(super) struct Prepared(Step);

impl Host {
    /// What a product goes to.
    ///
    /// # Errors
    /// It is behind a symbolic link of a checkout, or a pipe or device in one (the rule is that of `destination` below).
    pub fn destination(&self, path: impl AsRef<Path>) -> Result<Destination, HostError> {
        let path = path.as_ref();
        destination(&self.directory, path).map_err(|problem| HostError::new(Action::Write, path, problem))
    }

    /// Starts to write files together.
    #[must_use]
    pub fn writing(&self) -> Writing<'_> {
        Writing { host: self, files: Vec::new(), turns: Turns::default() }
    }
}

/// Files that are given their content together, unless they have it already. Each is replaced in one step: whoever looks sees
/// the old content or the new. None is touched before the content of all is on disk. Missing folders are created and
/// permissions are kept. Of two processes that write into one folder, one waits for the other. A stream is written to without a look at what it holds.
pub struct Writing<'h> {
    host: &'h Host,
    files: Vec<(PathBuf, Prepared)>,
    turns: Turns,
}

impl Writing<'_> {
    /// Gets ready to write one more file. A large content that is given away is out of memory then.
    ///
    /// # Errors
    /// When the path is a directory, a read-only file or behind a symbolic link ([`Host::destination`]), or the operating
    /// system refuses.
    pub fn add(&mut self, path: impl Into<PathBuf>, content: Cow<'_, [u8]>) -> Result<(), HostError> {
        let (host, path) = (self.host, path.into());
        let prepared = host
            .check_fence(&host.resolve(&path))
            .and_then(|()| Prepared::new(&host.directory, &path, content, &mut self.turns));
        match prepared {
            Ok(prepared) => self.files.push((path, prepared)),
            Err(problem) => return Err(HostError::new(Action::Write, &path, problem)),
        }
        Ok(())
    }

    /// Puts each in its place, and says of each what that did.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn commit(self) -> Result<Vec<(PathBuf, Written)>, HostError> {
        let commit = |(path, file): (PathBuf, Prepared)| match file.commit() {
            Ok(written) => Ok((path, written)),
            Err(problem) => Err(HostError::new(Action::Write, &path, problem)),
        };
        let Self { host: _, files, turns: _turns } = self;
        files.into_iter().map(commit).collect()
    }
}

/// What is left to do.
enum Step {
    Nothing,
    Send { path: PathBuf, content: Vec<u8> },
    Replace { file: Temporary, name: OsString, exists: bool },
}

impl Prepared {
    /// Gets ready to give a file this content, unless it has it already. Missing folders are created.
    pub(super) fn new(
        directory: &Path,
        path: &Path,
        content: Cow<'_, [u8]>,
        turns: &mut Turns,
    ) -> Result<Self, Problem> {
        let (destination, inside) = look(directory, path)?;
        if destination == Destination::Stream {
            return Ok(Self(Step::Send { path: directory.join(path), content: content.into_owned() }));
        }
        let Some(name) = path.file_name().filter(|_| !path.as_os_str().as_encoded_bytes().ends_with(b"/"))
        else {
            return Err(Problem::Directory);
        };
        let folder = open_folder(directory, path, &inside)?;
        let place = directory.join(path);
        if turns.take(place.parent().unwrap_or(directory))? {
            folder.clear();
        }
        let existing = folder.find(name)?;
        match &existing {
            Some(found) if found.kind == Kind::Folder => return Err(Problem::Directory),
            Some(found) if found.kind == Kind::Link => return Err(link(directory, &directory.join(path))?),
            Some(found) if found.kind == Kind::Stream => return Err(Problem::NotAFile),
            Some(found) if found.length == content.len() as u64 && holds(folder.read(name)?, &content)? => {
                return Ok(Self(Step::Nothing));
            }
            Some(found) if found.permissions.readonly() => return Err(Problem::ReadOnly),
            _ => {}
        }
        let mut temporary = folder.temporary()?;
        let exists = existing.is_some();
        if let Some(existing) = existing {
            temporary.file.set_permissions(existing.permissions)?;
        }
        temporary.file.write_all(&content)?;
        // Without this, a crash soon after the renaming could leave an empty file.
        temporary.file.sync_all()?;
        Ok(Self(Step::Replace { file: temporary, name: name.to_owned(), exists }))
    }

    /// Puts it in its place, in one step.
    pub(super) fn commit(self) -> Result<Written, Problem> {
        match self.0 {
            Step::Nothing => Ok(Written::Unchanged),
            Step::Send { path, content } => {
                send(&path, &content)?;
                Ok(Written::Updated)
            }
            Step::Replace { file, name, exists } => {
                file.persist(&name)?;
                Ok(if exists { Written::Updated } else { Written::Created })
            }
        }
    }
}

/// Opens the folder of a file; `inside` says of each part of the path whether it must not be a link.
fn open_folder(directory: &Path, path: &Path, inside: &[bool]) -> Result<Folder, Problem> {
    let mut parts = path.components().zip(inside).peekable();
    let from = match parts.next_if(|(part, _)| matches!(part, Component::Prefix(_) | Component::RootDir)) {
        Some((first, _)) => {
            let mut from = PathBuf::from(first.as_os_str());
            while let Some((next, _)) = parts.next_if(|(part, _)| matches!(part, Component::RootDir)) {
                from.push(next);
            }
            from
        }
        None => directory.to_owned(),
    };
    let mut folders: Vec<_> = parts.collect();
    // The last one is the file.
    folders.pop();
    let named = folders.iter().map(|(part, inside)| (part.as_os_str(), !**inside));
    Folder::open(&from, named).map_err(|error| match look(directory, path) {
        // Somebody has put it there since it was looked at.
        Err(problem @ Problem::Link { .. }) => problem,
        _ => error.into(),
    })
}

/// Whether a file has this content. A large one is not read into memory as a whole.
fn holds(mut file: File, content: &[u8]) -> io::Result<bool> {
    let mut buffer = vec![0; 1 << 16];
    let mut rest = content;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(rest.is_empty()),
            Ok(count) => match rest.strip_prefix(&buffer[..count]) {
                Some(left) => rest = left,
                None => return Ok(false),
            },
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What a product goes to; refuses one that is behind a symbolic link.
///
/// A checkout can hold links that lead anywhere, so whoever may change it, such as the author of a pull request, would
/// choose what is overwritten on the machine that writes the product. None of these may be a link:
///
/// - the file itself, unless it is a device outside the checkout, or a name of the system's for a stream, as
///   `/dev/stdout` is, also where that leads to a file;
/// - of a relative path, each folder that it names;
/// - of an absolute path, each folder in a checkout of git, however many more are around or in it, as of submodules; and
///   each in the working directory.
///
/// Other folders (`/tmp` is a link on macOS) are the user's own, and so is the way to the working directory. A pipe or
/// device in such a folder of the checkout is refused, since opening it could take for ever.
pub(super) fn destination(directory: &Path, path: &Path) -> Result<Destination, Problem> {
    look(directory, path).map(|(destination, _)| destination)
}

/// The same, and of each part of the path whether it must not be a link.
fn look(directory: &Path, path: &Path) -> Result<(Destination, Vec<bool>), Problem> {
    let mut place = if path.is_relative() { directory.to_owned() } else { PathBuf::new() };
    let working = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
    let mut inside = path.is_relative();
    let mut fixed = Vec::new();
    let mut components = path.components().peekable();
    while let Some(component) = components.next() {
        place.push(component);
        fixed.push(inside);
        let is_last = components.peek().is_none();
        if is_last && path.is_absolute() && standard_stream(&place).is_some() {
            return Ok((Destination::Stream, fixed));
        }
        let is_link = fs::symlink_metadata(&place).is_ok_and(|found| found.is_symlink());
        if is_link && (inside || is_last && !is_stream(&place)) {
            return Err(link(directory, &place)?);
        }
        inside |= !is_last
            && matches!(component, Component::Normal(_))
            && fs::canonicalize(&place)
                .is_ok_and(|place| place.starts_with(&working) || is_in_checkout(&place));
    }
    match is_stream(&place) {
        false => Ok((Destination::File, fixed)),
        true if inside => Err(Problem::NotAFile),
        true => Ok((Destination::Stream, fixed)),
    }
}

/// The refusal of a link.
fn link(directory: &Path, place: &Path) -> io::Result<Problem> {
    Ok(Problem::Link {
        link: place.strip_prefix(directory).unwrap_or(place).display().to_string(),
        target: fs::read_link(place)?.display().to_string(),
    })
}

/// Whether this folder or one around it is a checkout of git. That of a submodule is in another, and anybody can put a
/// `.git` into a folder, so no `.git` is where the search ends.
fn is_in_checkout(place: &Path) -> bool {
    place.ancestors().any(|folder| folder.join(".git").symlink_metadata().is_ok())
}

/// Whether there is a device, a pipe or a socket.
pub(super) fn is_stream(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// What a name of the system's stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StandardStream {
    Output,
    Errors,
    /// `/dev/null`, or one that the caller has opened, as `>(command)` of a shell does.
    Other,
}

/// The stream that this is a name of, among those in `/dev` and `/proc`. Standard input is none: it is not for writing.
fn standard_stream(path: &Path) -> Option<StandardStream> {
    let folder = fs::canonicalize(path.parent()?).ok()?;
    let name = path.file_name()?.to_str()?;
    if folder == Path::new("/dev") {
        return match name {
            "stdout" => Some(StandardStream::Output),
            "stderr" => Some(StandardStream::Errors),
            "null" => Some(StandardStream::Other),
            _ => None,
        };
    }
    let is_own = folder == Path::new("/dev/fd")
        || folder == Path::new("/proc").join(std::process::id().to_string()).join("fd");
    let is_of_another = folder.starts_with("/proc") && folder.file_name() == Some(OsStr::new("fd"));
    match name.parse::<u32>().ok()? {
        1 if is_own => Some(StandardStream::Output),
        2 if is_own => Some(StandardStream::Errors),
        number if number > 0 && (is_own || is_of_another) => Some(StandardStream::Other),
        _ => None,
    }
}

/// Writes to a stream after what is in it: it may be connected to a file that others write to as well.
fn send(path: &Path, content: &[u8]) -> io::Result<()> {
    match standard_stream(path) {
        // Opened again, it would have a position of its own, and what the caller writes next would go over ours.
        Some(StandardStream::Output) => {
            let mut output = io::stdout().lock();
            match output.write_all(content).and_then(|()| output.flush()) {
                // The reader has seen all it wanted, as of `Host::stdout`.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
                result => result,
            }
        }
        Some(StandardStream::Errors) => io::stderr().lock().write_all(content),
        Some(StandardStream::Other) | None => OpenOptions::new().append(true).open(path)?.write_all(content),
    }
}
