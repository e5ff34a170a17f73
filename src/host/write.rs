//! Writes files: whole or not at all, and never through a link that a checkout may hold.

use std::fs::{self, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use tempfile::NamedTempFile;

use super::failure::Problem;

/// What `Host::write_if_changed` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// There was no such file.
    Created,
    /// The file had other content.
    Updated,
    /// The file had this content, and was not touched.
    Unchanged,
}

/// A file whose new content is on disk, but not yet in its place. Dropped, it leaves nothing behind.
pub(super) struct Prepared<'c> {
    path: PathBuf,
    step: Step<'c>,
}

/// What is left to do.
enum Step<'c> {
    Nothing,
    /// A device or a pipe, such as `/dev/stdout`, cannot be replaced.
    Send(&'c [u8]),
    Replace {
        file: NamedTempFile,
        exists: bool,
    },
}

impl<'c> Prepared<'c> {
    /// Gets ready to give a file this content, unless it has it already. Missing folders are created.
    pub(super) fn new(directory: &Path, path: &Path, content: &'c [u8]) -> Result<Self, Problem> {
        refuse_links(directory, path)?;
        let path = directory.join(path);
        let existing = match fs::metadata(&path) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        match &existing {
            Some(found) if found.is_dir() => return Err(Problem::Directory),
            Some(found) if !found.is_file() => return Ok(Self { path, step: Step::Send(content) }),
            Some(found) if found.len() == content.len() as u64 && fs::read(&path)? == content => {
                return Ok(Self { path, step: Step::Nothing });
            }
            Some(found) if found.permissions().readonly() => return Err(Problem::ReadOnly),
            _ => {}
        }
        if path.file_name().is_none() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Err(Problem::Directory);
        }
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder)?;
        let mut file = temporary_file(folder, existing.as_ref().map(Metadata::permissions))?;
        file.write_all(content)?;
        // Without this, a crash soon after the renaming could leave an empty file.
        file.as_file().sync_all()?;
        Ok(Self { path, step: Step::Replace { file, exists: existing.is_some() } })
    }

    /// Puts it in its place, in one step.
    pub(super) fn commit(self) -> Result<Written, Problem> {
        match self.step {
            Step::Nothing => Ok(Written::Unchanged),
            Step::Send(content) => {
                OpenOptions::new().write(true).open(&self.path)?.write_all(content)?;
                Ok(Written::Updated)
            }
            Step::Replace { file, exists } => {
                file.persist(&self.path).map_err(|error| error.error)?;
                Ok(if exists { Written::Updated } else { Written::Created })
            }
        }
    }
}

/// Refuses a product that is behind a symbolic link.
///
/// A checkout can hold links that lead anywhere, so whoever may change it, such as the author of a pull request, would
/// choose what is overwritten on the machine that writes the product. None of these may be a link:
///
/// - the file itself, unless it is a device outside the checkout, as `/dev/stdout` is;
/// - of a relative path, each folder that it names;
/// - of an absolute path, each folder in a checkout of git, however many more are around or in it, as of submodules; and
///   each in the working directory.
///
/// Other folders (`/tmp` is a link on macOS) are the user's own, and so is the way to the working directory.
pub(super) fn refuse_links(directory: &Path, path: &Path) -> Result<(), Problem> {
    let mut place = if path.is_relative() { directory.to_owned() } else { PathBuf::new() };
    let working = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
    let mut inside = path.is_relative();
    let mut components = path.components().peekable();
    while let Some(component) = components.next() {
        place.push(component);
        let is_last = components.peek().is_none();
        let is_link = fs::symlink_metadata(&place).is_ok_and(|found| found.is_symlink());
        if is_link && (inside || is_last && !is_device(&place)) {
            return Err(Problem::Link {
                link: place.strip_prefix(directory).unwrap_or(&place).display().to_string(),
                target: fs::read_link(&place)?.display().to_string(),
            });
        }
        inside |= matches!(component, Component::Normal(_))
            && fs::canonicalize(&place)
                .is_ok_and(|place| place.starts_with(&working) || is_in_checkout(&place));
    }
    Ok(())
}

/// Whether this folder or one around it is a checkout of git. That of a submodule is in another, and anybody can put a
/// `.git` into a folder, so no `.git` is where the search ends.
fn is_in_checkout(place: &Path) -> bool {
    place.ancestors().any(|folder| folder.join(".git").symlink_metadata().is_ok())
}

fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// A file that removes itself unless it is persisted, with the permissions of the file that it shall replace, or those
/// of any new file. Its name is random, and whatever has that name already is left alone.
fn temporary_file(folder: &Path, permissions: Option<Permissions>) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".bakeplan-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = builder.tempfile_in(folder)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    Ok(file)
}
