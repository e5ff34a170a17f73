//! What the working tree has: the files that git tracks as they are there, and what lies beside them.
//!
//! The index says what git tracks, and what it was when git last looked. The commit that is checked out is not asked: what
//! differs from the index is read, and a build sees nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::Host;
use super::look::{self, EXECUTABLE, Found, Thing, content_of, permissions};
use super::objects::{MAX_LIST, os_path};
use crate::context::{
    Entry, FILE, Folder, Format, Id, Index, Indexed, LINK, Row, SUBMODULE, Stored, TYPE, Tree, index, tree,
};
use crate::facts::command::CommandFailure;
use crate::facts::{conversion, worktree};
use crate::parallel;

/// How git lists its index: a letter that says whether `git status` looks at a file, the mode, the id, the path, and how the
/// system described the file.
const INDEX: [&str; 8] = ["ls-files", "-v", "--stage", "--debug", "--full-name", "-z", "--", ":/"];

/// Where everything is, and how objects are named, each on a line; git before 2.25 repeats the last.
const PLACES: [&str; 8] = [
    "rev-parse",
    "--show-toplevel",
    "--show-prefix",
    "--git-path",
    "index",
    "--git-path",
    "info/attributes",
    "--show-object-format",
];

/// The variable that names another index, from a folder that git alone knows.
const INDEX_FILE: &str = "GIT_INDEX_FILE";

/// Where the user and the machine say how files are converted; git before 2.42 does not say.
const OTHER_ATTRIBUTES: [[&str; 2]; 2] = [["var", "GIT_ATTR_GLOBAL"], ["var", "GIT_ATTR_SYSTEM"]];

/// How `git status` shows what differs from the commit.
const STATUS: [&str; 6] =
    ["status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=dirty", "--no-renames"];

/// What a checkout has counts for a build, also where the configuration says that it does not count for git.
#[cfg(unix)]
const ALL_COUNTS: [&str; 4] = ["-c", "core.fileMode=true", "-c", "core.symlinks=true"];
#[cfg(not(unix))]
const ALL_COUNTS: [&str; 0] = [];

/// The variables that make git look at another repository than that of the folder.
const ELSEWHERE: [&str; 4] = ["GIT_DIR", "GIT_COMMON_DIR", INDEX_FILE, "GIT_WORK_TREE"];

/// The name of what stands in the folder of a submodule that is not checked out.
const NOT_CHECKED_OUT: &[u8] = b"(not checked out)";

/// The modes of files of a commit.
const MODES: [u32; 2] = [FILE | 0o644, FILE | 0o755];

/// What the working tree has. Paths are from the top of the repository, in bytes as git has them.
#[derive(Debug)]
pub(crate) struct WorkingTree {
    /// What is tracked, as a commit of it would have it.
    pub(crate) tree: Tree,
    /// What a build sees there instead: files with other bytes or permissions than any commit, and empty folders.
    pub(crate) unlike: BTreeMap<Vec<u8>, Entry>,
    /// Files and folders that git does not track; folders end with `/`.
    pub(crate) untracked: Vec<Vec<u8>>,
    /// What cannot be compared, and why; folders end with `/`.
    pub(crate) unknown: Vec<(Vec<u8>, String)>,
    /// What the index has where the tree has something else, or nothing; `None` where it is not what a commit would be.
    pub(crate) indexed: Option<Vec<(Vec<u8>, u32, Id)>>,
    /// The top.
    pub(crate) top: PathBuf,
    /// The working directory from the top; empty, or with `/` at its end.
    pub(crate) folder: Vec<u8>,
}

/// What was asked first.
struct Asked {
    top: PathBuf,
    folder: Vec<u8>,
    /// When the index was written.
    written: Option<i128>,
    /// Where the attributes of the repository are.
    attributes: PathBuf,
    listing: Listing,
}

/// The index, from which its entries are made.
enum Listing {
    /// As it lies there.
    Stored(Stored),
    /// As git lists it.
    Printed(Vec<u8>),
}

impl Listing {
    fn index(&self) -> Result<Index<'_>, CommandFailure> {
        match self {
            Self::Stored(stored) => Ok(stored.index()),
            Self::Printed(listing) => index(listing).map_err(|error| other(&error)),
        }
    }
}

/// What was found out of an index.
struct Looked<'i> {
    /// What a commit would have.
    rows: Vec<Option<Row<'i>>>,
    /// What the links hold.
    links: BTreeMap<Id, Vec<u8>>,
    /// The numbers of rows that are not as in the index.
    changed: BTreeSet<usize>,
    unlike: BTreeMap<Vec<u8>, Entry>,
    untracked: Vec<Vec<u8>>,
    unknown: Vec<(Vec<u8>, String)>,
    /// Submodules that are not checked out: folders with nothing in them but a mark for the commit, since a job that builds may check
    /// them out.
    empty: Vec<(Vec<u8>, Entry)>,
    /// The folders below which git may convert files as it checks them out, such as the ends of their lines.
    converted: Vec<Vec<u8>>,
}

impl Host {
    /// What the working tree has. Filters do not run, so a file that has one and may differ does.
    ///
    /// # Errors
    /// When git fails, or a filter cannot be switched off.
    pub(crate) fn working_tree(&self) -> Result<WorkingTree, CommandFailure> {
        let asked = self.ask_git()?;
        let Index { entries, is_whole } = asked.listing.index()?;
        if entries.is_empty() {
            // Before the first commit, that is what is missing.
            self.commit_of("HEAD")?;
        }
        let Looked { rows, mut links, changed, mut unlike, untracked, unknown, empty, converted: _ } =
            self.looked(&asked, &entries)?;
        // Where they lead cannot be read, and all that may matter there is unknown as it is.
        let unread = rows.iter().flatten().filter(|row| row.mode == LINK && is_within(row.path, &unknown));
        for row in unread {
            links.entry(row.id).or_default();
        }
        unlike.extend(empty);
        let of_index = |number: usize| {
            let row = entries[number].row;
            (row.path.to_vec(), row.mode, row.id)
        };
        let indexed = is_whole.then(|| changed.into_iter().map(of_index).collect());
        let tree = tree(rows.into_iter().flatten(), &links, None).map_err(|error| other(&error))?;
        let Asked { top, folder, .. } = asked;
        Ok(WorkingTree { tree, unlike, untracked, unknown, indexed, top, folder })
    }

    fn ask_git(&self) -> Result<Asked, CommandFailure> {
        let places = self.git_bytes(&PLACES, None, MAX_LIST)?;
        let lines: Vec<&[u8]> = places.split(|byte| *byte == b'\n').collect();
        let [top, folder, index, attributes, format, b""] = lines[..] else {
            let why = "the path of the repository has a line break".to_owned();
            return Err(CommandFailure::Other(why));
        };
        let index = self.directory.join(os_path(index)?);
        // Before it is read: what is written meanwhile is later.
        let written = look::written(&index).ok().flatten();
        let listing = match self.stored(&index, format) {
            Some(stored) => Listing::Stored(stored),
            None => Listing::Printed(self.git_bytes(&INDEX, None, MAX_LIST)?),
        };
        let attributes = self.directory.join(os_path(attributes)?);
        Ok(Asked { top: PathBuf::from(os_path(top)?), folder: folder.to_vec(), written, attributes, listing })
    }

    /// The index, where it says all by itself, of a repository that names its objects in this format.
    fn stored(&self, place: &Path, format: &[u8]) -> Option<Stored> {
        if self.env().contains_key(INDEX_FILE) {
            return None;
        }
        let format = Format::named(format)?;
        // A pipe would wait.
        fs::metadata(place).ok().filter(|found| found.is_file() && found.len() <= MAX_LIST)?;
        Stored::read(&fs::read(place).ok()?, format)
    }

    fn looked<'i>(&self, asked: &Asked, entries: &[Indexed<'i>]) -> Result<Looked<'i>, CommandFailure> {
        let top = &asked.top;
        let (found, converts) = parallel::at_once(
            || look::look(top, entries, asked.written),
            || self.converts_anywhere(&asked.attributes),
        );
        let Found { tracked, untracked, unknown, .. } = found;
        let mut all = Looked {
            rows: entries.iter().map(|entry| Some(entry.row)).collect(),
            links: BTreeMap::new(),
            changed: BTreeSet::new(),
            unlike: BTreeMap::new(),
            converted: if converts? { vec![Vec::new()] } else { Vec::new() },
            untracked,
            unknown,
            empty: Vec::new(),
        };
        let attributes = entries.iter().map(|entry| entry.row.path);
        let attributes = attributes.chain(all.untracked.iter().map(Vec::as_slice));
        for path in attributes.filter(|path| conversion::is_attributes(path)) {
            // One that cannot be read may say anything, and git may know it from the index.
            let converts = fs::read(top.join(os_path(path)?)).map_or(true, |text| conversion::is_in(&text));
            if converts {
                let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                all.converted.push(path[..end].to_vec());
            }
        }
        let seen = self.take(tracked, entries, &mut all)?;
        // What git has converted is never what it has.
        let rest = all.rows.iter().enumerate().filter_map(|(number, row)| Some((number, (*row)?)));
        let rest = rest.filter(|(number, row)| {
            row.mode & TYPE == FILE && all.is_converted(row.path) && !seen.contains(number)
        });
        let rest: Vec<Row<'_>> = rest.map(|(_, row)| row).collect();
        for (row, found) in parallel::map(rest, |row| (row, actual(top, row))) {
            match found {
                Ok(None) => {}
                Ok(Some((id, mode))) => all.put_unlike(row, row.mode & EXECUTABLE != 0, id, mode),
                Err(failure) => {
                    let path = row.path.escape_ascii();
                    let why = format!("`{path}` cannot be read: {}", failure.reason());
                    all.unknown.push((row.path.to_vec(), why));
                }
            }
        }
        for (number, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.row.mode == SUBMODULE) {
            self.submodule(&top.join(os_path(entry.row.path)?), number, entry.row, &mut all);
        }
        Ok(all)
    }

    /// Takes over what is not as the index says. Gives the numbers of the files whose content is known with that.
    fn take(
        &self,
        tracked: Vec<(usize, Thing)>,
        entries: &[Indexed<'_>],
        all: &mut Looked<'_>,
    ) -> Result<BTreeSet<usize>, CommandFailure> {
        let (mut seen, mut status) = (BTreeSet::new(), None);
        for (number, thing) in tracked {
            let Indexed { row: old, is_open, described: _ } = entries[number];
            let mut new = old;
            match thing {
                Thing::Nothing => {
                    all.rows[number] = None;
                    all.changed.insert(number);
                    seen.insert(number);
                    continue;
                }
                Thing::Link(to) => {
                    new.id = Id::of(old.id.format(), "blob", &to);
                    new.mode = LINK;
                    all.links.insert(new.id, to);
                }
                Thing::File { executable, content, mode } => {
                    let own = content.unwrap_or(old.id);
                    new.mode = MODES[usize::from(executable)];
                    // A file that git has converted differs, and may be what git has all the same.
                    let is_as_committed = content.is_some()
                        && old.mode & TYPE == FILE
                        && !is_open
                        && all.is_converted(old.path)
                        && !self.changed(&mut status)?.contains(old.path);
                    new.id = if is_as_committed { old.id } else { own };
                    if is_as_committed || mode.is_some() {
                        all.put_unlike(new, executable, own, mode);
                    }
                    // Unread, it may be converted.
                    if content.is_some() {
                        seen.insert(number);
                    }
                }
            }
            if new != old {
                all.rows[number] = all.rows[number].map(|row| Row { mode: new.mode, id: new.id, ..row });
                all.changed.insert(number);
            }
        }
        Ok(seen)
    }

    /// The paths that `git status` finds changed, which is asked once.
    fn changed<'s>(
        &self,
        status: &'s mut Option<BTreeSet<Vec<u8>>>,
    ) -> Result<&'s BTreeSet<Vec<u8>>, CommandFailure> {
        match status {
            Some(known) => Ok(known),
            None => {
                let off = worktree::without_filters(&|arguments| self.git(arguments))
                    .map_err(CommandFailure::Other)?;
                let options = ALL_COUNTS.into_iter().chain(off.iter().map(String::as_str));
                let arguments: Vec<&str> = options.chain(STATUS).collect();
                let listed = self.git_bytes(&arguments, None, MAX_LIST)?;
                let paths = listed.split(|byte| *byte == 0).filter_map(|entry| entry.get(3..));
                Ok(status.insert(paths.map(<[u8]>::to_vec).collect()))
            }
        }
    }

    /// Whether the configuration of git converts files, wherever they are; `own` are the attributes of the repository.
    fn converts_anywhere(&self, own: &Path) -> Result<bool, CommandFailure> {
        if conversion::is_configured(&self.git(&["config", "-z", "--list"])?) {
            return Ok(true);
        }
        let others = OTHER_ATTRIBUTES.iter().filter_map(|arguments| self.git(arguments).ok());
        let others = others.map(|path| self.directory.join(path.trim_end_matches('\n')));
        let is_in = |path: PathBuf| fs::read(path).is_ok_and(|text| conversion::is_in(&text));
        Ok([own.to_owned()].into_iter().chain(others).any(is_in))
    }

    /// Adds how a submodule differs, which the index has as `row`. Its repository is as much the user's as the one around it,
    /// since git never checks out a `.git`; it is asked in the same way.
    fn submodule(&self, place: &Path, number: usize, row: Row<'_>, all: &mut Looked<'_>) {
        let below = |inner: &[u8]| [row.path, b"/", inner].concat();
        let name = row.path.escape_ascii().to_string();
        let Ok(mut content) = fs::read_dir(place) else {
            all.rows[number] = None;
            all.changed.insert(number);
            return;
        };
        let Ok(repository) = place.join(".git").symlink_metadata() else {
            if content.next().is_some() {
                let why = format!("the submodule `{name}` is not checked out, but has files");
                all.unknown.push((below(b""), why));
            }
            let mark = (Box::from(NOT_CHECKED_OUT), Entry::Submodule { id: row.id });
            let marked = Folder::new(vec![mark], None).unwrap_or_default();
            all.empty.push((row.path.to_vec(), Entry::Folder(marked)));
            return;
        };
        if repository.is_dir() {
            let why = format!("the build sees `{name}/.git`, which has more than its commit");
            all.unknown.push((below(b".git/"), why));
        }
        let host = Self { directory: place.to_owned(), ..self.clone() };
        if let Err(failure) = host.inside(number, row, all) {
            let why = format!("the submodule `{name}` cannot be read: {}", failure.reason());
            all.unknown.push((below(b""), why));
        }
    }

    /// The same of one that is checked out here.
    fn inside(&self, number: usize, row: Row<'_>, all: &mut Looked<'_>) -> Result<(), CommandFailure> {
        let is_set = |name: &&&str| self.env().get(**name).is_some_and(|value| !value.is_empty());
        if let Some(variable) = ELSEWHERE.iter().find(is_set) {
            return Err(CommandFailure::Other(format!("`{variable}` names another repository")));
        }
        let commit = self.commit_of("HEAD")?;
        let asked = self.ask_git()?;
        let Index { entries, is_whole: _ } = asked.listing.index()?;
        let inner = self.looked(&asked, &entries)?;
        let staged = self.staged(&commit)?;
        let Looked { rows: _, links: _, changed, unlike: _, untracked, unknown, empty, converted } = inner;
        let Some(id) = Id::from_hex(commit.as_bytes()) else {
            return Err(CommandFailure::Other(format!("`{commit}` is not a commit")));
        };
        if id != row.id {
            all.rows[number] = all.rows[number].map(|row| Row { id, ..row });
            all.changed.insert(number);
        }
        let below = |inner: &[u8]| [row.path, b"/", inner].concat();
        let name = row.path.escape_ascii().to_string();
        let mut differs = |inner: &[u8], why: String| all.unknown.push((below(inner), why));
        let staged = staged.into_iter().map(|change| change.path);
        for path in changed.into_iter().map(|number| entries[number].row.path.to_vec()).chain(staged) {
            let why = format!("`{name}/{}` differs from the commit of its submodule", path.escape_ascii());
            differs(&path, why);
        }
        for (path, _) in empty {
            let why = format!("`{name}/{}` is a submodule that is not checked out", path.escape_ascii());
            differs(&path, why);
        }
        if !converted.is_empty() {
            let why = format!("git may convert the files of the submodule `{name}` as it checks them out");
            differs(b"", why);
        }
        for (path, why) in unknown {
            differs(&path, format!("{why} (in `{name}`)"));
        }
        all.untracked.extend(untracked.iter().map(|path| below(path)));
        Ok(())
    }
}

impl Looked<'_> {
    fn is_converted(&self, path: &[u8]) -> bool {
        self.converted.iter().any(|folder| {
            folder.is_empty()
                || path.strip_prefix(folder.as_slice()).is_some_and(|rest| rest.starts_with(b"/"))
        })
    }

    /// Adds what a build sees in the place of a row.
    fn put_unlike(&mut self, row: Row<'_>, executable: bool, content: Id, mode: Option<u32>) {
        let id = match mode {
            Some(mode) => Id::of(row.id.format(), &format!("blob of mode {mode:o}"), content.as_bytes()),
            None => content,
        };
        self.unlike.insert(row.path.to_vec(), Entry::File { executable, id });
    }
}

/// Whether a path is one of these, or below one that is a folder.
fn is_within(path: &[u8], unknown: &[(Vec<u8>, String)]) -> bool {
    unknown.iter().any(|(place, _)| place == path || place.ends_with(b"/") && path.starts_with(place))
}

fn other(error: &impl ToString) -> CommandFailure {
    CommandFailure::Other(error.to_string())
}

/// The content of a file as it is there, and its permissions, if no commit has such; `None` when it is as in a row, or no
/// file.
fn actual(top: &Path, row: Row<'_>) -> Result<Option<(Id, Option<u32>)>, CommandFailure> {
    let place = top.join(os_path(row.path)?);
    let Ok(found) = fs::symlink_metadata(&place) else { return Ok(None) };
    if !found.is_file() {
        return Ok(None);
    }
    let (_, mode) = permissions(&found, false);
    let format: Format = row.id.format();
    let id = Id::of(format, "blob", &content_of(&place, &found)?);
    Ok((id != row.id || mode.is_some()).then_some((id, mode)))
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;

    use clap::ColorChoice;

    use super::*;

    /// What is done first. `long` gives the index a path of so many bytes; `$EMPTY` is the name of an empty file.
    const FIRST: &str = "mkdir -p a/b 'ü/n\nü ' && echo 1 > a/f && echo 2 > a/b/g && echo 3 > 'ü/n\nü /x' && ln -s f a/to \
        && touch -d @1000000000.5 a/b/g && echo 4 > x && chmod +x x && git add . \
        && long() { git update-index --add --cacheinfo 100644,$EMPTY,$(printf %0$1d 0 | sed 's/.\\{10\\}/123456789\\//g; s/\\/$/0/'); }";

    /// What is done then, and whether the index says all by itself afterwards.
    const SITUATIONS: [(&str, bool); 24] = [
        ("true", true),
        ("rm .git/index", false),
        ("git rm -q -r --cached .", true),
        ("git rm -q --cached a/f", true),
        ("git commit -q -m 1 && echo 9 > a/f && echo 9 > a/new && git add .", true),
        ("git update-index --assume-unchanged a/f x", true),
        ("git update-index --skip-worktree a/f", false),
        ("echo 9 > a/new && git add -N a/new", true),
        ("printf '100644 %s %s\\ta/f\\n' $EMPTY 1 $EMPTY 2 $EMPTY 3 | git update-index --index-info", true),
        ("printf '100644 %s %s\\tconflict\\n' $EMPTY 1 $EMPTY 3 | git update-index --index-info", true),
        ("git update-index --add --cacheinfo 160000,$EMPTY,module", true),
        ("for n in 125 126 127 128; do touch a/$(printf %${n}d 0); done && git add .", true),
        // As long as the flags can say, and longer.
        ("long 4093 && long 4094 && long 4096 && git add a", true),
        // Longer than a system opens.
        ("long 4097", false),
        (
            "for n in $(seq 300); do echo > a/b/$n; done && git add . && git commit -q -m 1 && rm -r a/b && git add .",
            true,
        ),
        ("for n in $(seq 300); do echo > f$n; done && git -c index.threads=4 add .", true),
        ("git -c index.skipHash=true update-index --force-write-index", true),
        ("git update-index --untracked-cache && git status -s", true),
        ("git update-index --fsmonitor", true),
        ("git update-index --split-index", false),
        ("git update-index --split-index && git update-index --no-split-index", true),
        ("git commit -q -m 1 && git sparse-checkout set --cone --sparse-index a/b", false),
        ("git commit -q -m 1 && git sparse-checkout set --cone --no-sparse-index a/b", false),
        ("git commit -q -m 1 && git sparse-checkout set --cone a && git sparse-checkout disable", true),
    ];

    /// Makes a repository with an index of this version, and does this in it.
    fn run(folder: &Path, format: &str, version: u32, script: &str) {
        let init = format!("git init -q {format} && git config index.version {version} && {FIRST}");
        let script = format!("{init} && export EMPTY=$(git hash-object -w --stdin < /dev/null) && {script}");
        let mut command = Command::new("sh");
        command.args(["-c", &script]).current_dir(folder);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "a").env(format!("GIT_{who}_EMAIL"), "a@example.com");
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null");
        let done = command.output().expect("git starts");
        assert!(done.status.success(), "{script}: {}", String::from_utf8_lossy(&done.stderr));
    }

    #[test]
    fn an_index_says_the_same_as_git_lists() {
        for (format, name, version) in
            [(Format::Sha1, "sha1", 2), (Format::Sha1, "sha1", 4), (Format::Sha256, "sha256", 4)]
        {
            for (script, is_read) in SITUATIONS {
                let what = format!("{name}, version {version}: {script}");
                let folder = tempfile::tempdir().unwrap();
                run(folder.path(), &format!("--object-format={name}"), version, script);
                let host = Host::new(&[folder.path().to_owned()], ColorChoice::Never).unwrap();
                let asked = host.ask_git().unwrap();
                assert_eq!(matches!(asked.listing, Listing::Stored(_)), is_read, "{what}");
                let printed = host.git_bytes(&INDEX, None, MAX_LIST).unwrap();
                let expected = index(&printed).unwrap();
                assert_eq!(asked.listing.index().unwrap(), expected, "{what}");
                let is_whole =
                    |entry: &Indexed<'_>| entry.row.id.format() == format && entry.described.is_some();
                assert!(expected.entries.iter().all(is_whole), "{what}");
            }
        }
    }

    /// A link there cannot be read either, and all else is known.
    #[test]
    fn what_lies_below_a_folder_that_is_not_read_is_unknown_with_it() {
        let unknown = |place: &str| vec![(place.as_bytes().to_vec(), String::new())];
        for (path, place, expected) in [
            ("a/l", "a/", true),
            ("a/b/l", "a/", true),
            ("l", "l", true),
            ("ab/l", "a/", false),
            ("a", "a/", false),
            ("l/x", "l", false),
        ] {
            assert_eq!(is_within(path.as_bytes(), &unknown(place)), expected, "{path} {place}");
        }
        assert!(!is_within(b"l", &[]));
    }

    #[test]
    fn an_index_of_another_name_or_format_is_left_to_git() {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), "", 2, "true");
        let mut host = Host::new(&[folder.path().to_owned()], ColorChoice::Never).unwrap();
        let place = folder.path().join(".git/index");
        assert!(host.stored(&place, b"sha1").is_some());
        for format in ["", "sha256", "sha3", "--show-object-format"] {
            assert!(host.stored(&place, format.as_bytes()).is_none(), "{format}");
        }
        host.environment.insert(INDEX_FILE.to_owned(), ".git/index".to_owned());
        assert!(host.stored(&place, b"sha1").is_none());
    }

    #[test]
    fn a_damaged_index_is_left_to_git() {
        for version in 2..=4 {
            let folder = tempfile::tempdir().unwrap();
            run(folder.path(), "", version, "echo 9 > z && git add -N z");
            let whole = fs::read(folder.path().join(".git/index")).unwrap();
            let read = |bytes: &[u8]| Stored::read(bytes, Format::Sha1);
            assert_eq!(read(&whole).unwrap().index().entries.len(), 6);
            assert!(Stored::read(&whole, Format::Sha256).is_none());
            for end in 0..whole.len() {
                assert!(read(&whole[..end]).is_none(), "{end}");
            }
            for at in 0..whole.len() {
                for bits in [0x01, 0x20, 0x80, 0xff] {
                    let mut damaged = whole.clone();
                    damaged[at] ^= bits;
                    let entries = read(&damaged).map(|stored| stored.index().entries.len());
                    // How many there are is before them, and none is without a path.
                    assert!(entries.is_none_or(|count| (1..=6).contains(&count)), "{at}");
                    assert!(at >= 12 || entries.is_none_or(|_| at == 7), "{at}");
                }
            }
        }
    }
}
