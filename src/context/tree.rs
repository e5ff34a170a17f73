//! Folders as git has them, with what a working tree has instead.

use std::cmp::Ordering;
use std::sync::OnceLock;

use super::id::{Format, Id};
use super::path;

/// How many folders may lie in each other; no file system opens a path with more than 2,048.
pub(crate) const MAX_DEPTH: usize = 1_000;

/// All files of a revision, or of a working tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    /// How the repository names its objects.
    pub format: Format,
    /// The top.
    pub top: Folder,
}

/// What has a name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A file.
    File {
        /// Whether it has the x bit.
        executable: bool,
        /// Its content.
        id: Id,
    },
    /// A symbolic link.
    Link {
        /// Where it leads.
        to: Box<[u8]>,
        /// The same as a blob.
        id: Id,
    },
    /// A folder.
    Folder(Folder),
    /// A submodule: a folder of which git knows the commit alone.
    Submodule {
        /// The commit.
        id: Id,
    },
}

/// A folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folder {
    /// What is in it, in the order of the bytes of the names.
    entries: Vec<(Box<[u8]>, Entry)>,
    /// Its tree object, once somebody knows it.
    id: OnceLock<Id>,
}

/// A name stands twice in a folder, or is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadName {
    /// Two entries have it.
    #[error("`{}` stands twice in its folder", .0.escape_ascii())]
    Twice(Vec<u8>),
    /// It is empty, `.` or `..`, or holds a `/` or a NUL.
    #[error("`{}` is not a name of a file", .0.escape_ascii())]
    Invalid(Vec<u8>),
    /// More folders in each other than [`MAX_DEPTH`].
    #[error("`{}…` is nested too deeply", .0.escape_ascii())]
    TooDeep(Vec<u8>),
}

impl Folder {
    /// A folder of these. `id` is its tree object, if it is known and git would give the same.
    ///
    /// # Errors
    /// A name that stands twice or is none.
    pub(crate) fn new(mut entries: Vec<(Box<[u8]>, Entry)>, id: Option<Id>) -> Result<Self, BadName> {
        entries.sort_by(|(left, _), (right, _)| left.cmp(right));
        for (name, _) in &entries {
            check_name(name)?;
        }
        let mut pairs = entries.iter().zip(entries.iter().skip(1));
        if let Some(((name, _), _)) = pairs.find(|((left, _), (right, _))| left == right) {
            return Err(BadName::Twice(name.to_vec()));
        }
        Ok(Self { entries, id: id.map(OnceLock::from).unwrap_or_default() })
    }

    /// What is in it, in the order of the bytes of the names.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&[u8], &Entry)> {
        self.entries.iter().map(|(name, entry)| (&**name, entry))
    }

    /// What has this name.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&Entry> {
        self.get_with_name(name).map(|(_, entry)| entry)
    }

    /// The same with the name as the folder has it.
    pub(crate) fn get_with_name(&self, name: &[u8]) -> Option<(&[u8], &Entry)> {
        let at = self.entries.binary_search_by(|(own, _)| (**own).cmp(name)).ok()?;
        self.entries.get(at).map(|(name, entry)| (&**name, entry))
    }

    /// Calls `each` for all in it and below that is no folder, with its path.
    pub(crate) fn each(&self, path: &mut Vec<u8>, each: &mut dyn FnMut(&[u8], &Entry)) {
        for (name, entry) in self.entries() {
            let length = path.len();
            if length > 0 {
                path.push(b'/');
            }
            path.extend_from_slice(name);
            match entry {
                Entry::Folder(folder) => folder.each(path, each),
                other => each(path, other),
            }
            path.truncate(length);
        }
    }

    /// What a path leads to, links not followed; `None`, too, for the folder itself.
    pub(crate) fn find(&self, path: &[u8]) -> Option<&Entry> {
        let mut names = path::names_of(path);
        let mut entry = self.get(names.next()?)?;
        for name in names {
            let Entry::Folder(folder) = entry else { return None };
            entry = folder.get(name)?;
        }
        Some(entry)
    }

    /// Its tree object: the one that git has, or the one that it would make.
    pub(crate) fn id(&self, format: Format) -> Id {
        *self.id.get_or_init(|| {
            let entries = self.entries.iter().map(|(name, entry)| (&**name, entry.kind(), entry.id(format)));
            tree_id(format, entries.collect())
        })
    }

    /// The same without what anybody knows of tree objects.
    #[cfg(test)]
    pub(crate) fn without_ids(&self) -> Self {
        let entries = self.entries.iter().map(|(name, entry)| {
            let entry = match entry {
                Entry::Folder(folder) => Entry::Folder(folder.without_ids()),
                other => other.clone(),
            };
            (name.clone(), entry)
        });
        Self { entries: entries.collect(), id: OnceLock::new() }
    }

    /// Puts something at a path, and folders on the way.
    fn put(&mut self, path: &[u8], entry: Entry) {
        self.id = OnceLock::new();
        let (name, rest) = split(path);
        let at = self.entries.binary_search_by(|(own, _)| (**own).cmp(name));
        let slot = match at {
            Ok(at) => self.entries.get_mut(at),
            Err(at) => {
                self.entries.insert(at, (name.into(), Entry::Folder(Self::default())));
                self.entries.get_mut(at)
            }
        };
        let Some((_, slot)) = slot else { return };
        match rest {
            None => *slot = entry,
            Some(rest) => {
                if !matches!(slot, Entry::Folder(_)) {
                    *slot = Entry::Folder(Self::default());
                }
                if let Entry::Folder(folder) = slot {
                    folder.put(rest, entry);
                }
            }
        }
    }

    /// Takes away what is at a path, and the folders on the way that become empty. Whether there was something.
    fn take(&mut self, path: &[u8]) -> bool {
        let (name, rest) = split(path);
        let Ok(at) = self.entries.binary_search_by(|(own, _)| (**own).cmp(name)) else { return false };
        let is_gone = match (self.entries.get_mut(at), rest) {
            (Some((_, Entry::Folder(folder))), Some(rest)) => {
                if !folder.take(rest) {
                    return false;
                }
                folder.entries.is_empty()
            }
            (entry, rest) => {
                if entry.is_none() || rest.is_some() {
                    return false;
                }
                true
            }
        };
        if is_gone {
            self.entries.remove(at);
        }
        self.id = OnceLock::new();
        true
    }
}

impl PartialEq for Folder {
    /// Whether both hold the same, whatever is known of tree objects.
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl Eq for Folder {}

impl Entry {
    /// What it is, as git has it.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::File { executable: false, id: _ } => Kind::File,
            Self::File { executable: true, id: _ } => Kind::Executable,
            Self::Link { to: _, id: _ } => Kind::Link,
            Self::Folder(_) => Kind::Folder,
            Self::Submodule { id: _ } => Kind::Submodule,
        }
    }

    /// Its object.
    pub(crate) fn id(&self, format: Format) -> Id {
        match self {
            Self::File { executable: _, id } | Self::Link { to: _, id } | Self::Submodule { id } => *id,
            Self::Folder(folder) => folder.id(format),
        }
    }
}

/// The `.gitattributes` files of some folders: their paths from the top, and what is in them.
pub(crate) type Attributes = Vec<(Vec<u8>, Id)>;

impl Tree {
    /// Puts what a working tree has over what is committed: `None` for a path that is gone.
    ///
    /// A folder that becomes empty is gone, too, as in git; put an empty [`Entry::Folder`] where it is not.
    ///
    /// # Errors
    /// A path that is none.
    pub(crate) fn overlay(
        &mut self,
        changes: impl IntoIterator<Item = (Vec<u8>, Option<Entry>)>,
    ) -> Result<(), BadName> {
        for (path, entry) in changes {
            check_path(&path)?;
            match entry {
                Some(entry) => self.top.put(&path, entry),
                None => _ = self.top.take(&path),
            }
        }
        Ok(())
    }

    /// All `.gitattributes` that may decide how the files below a folder are checked out, with their paths: those of the
    /// folders above it, its own and those below. `None` if there is no such folder.
    pub(crate) fn attributes(&self, folder: &[u8]) -> Option<Attributes> {
        let (mut found, here) = self.attributes_above(folder)?;
        attributes_below(here, folder, self.format, &mut found);
        Some(found)
    }

    /// All `.gitattributes` that may decide how a file in a folder is checked out, with their paths. `None` if there is no
    /// such folder.
    pub(crate) fn attributes_in(&self, folder: &[u8]) -> Option<Attributes> {
        let (mut found, here) = self.attributes_above(folder)?;
        attributes_of(here, folder, self.format, &mut found);
        Some(found)
    }

    /// Those of the folders above a folder, and the folder.
    fn attributes_above(&self, folder: &[u8]) -> Option<(Attributes, &Folder)> {
        let mut found = vec![];
        let mut here = &self.top;
        let mut path = vec![];
        for name in path::names_of(folder) {
            attributes_of(here, &path, self.format, &mut found);
            let Some(Entry::Folder(next)) = here.get(name) else { return None };
            here = next;
            path = path::join(&path, name);
        }
        Some((found, here))
    }
}

/// The file that decides how files are checked out.
const ATTRIBUTES: &[u8] = b".gitattributes";

/// The file of one folder.
fn attributes_of(folder: &Folder, path: &[u8], format: Format, found: &mut Attributes) {
    if let Some(entry) = folder.get(ATTRIBUTES) {
        found.push((path::join(path, ATTRIBUTES), entry.id(format)));
    }
}

/// The files of a folder and of those below.
fn attributes_below(folder: &Folder, path: &[u8], format: Format, found: &mut Attributes) {
    attributes_of(folder, path, format, found);
    for (name, entry) in folder.entries() {
        if let Entry::Folder(below) = entry {
            attributes_below(below, &path::join(path, name), format, found);
        }
    }
}

/// What git says of an entry beside its name and object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A file without the x bit.
    File,
    /// A file with the x bit.
    Executable,
    /// A symbolic link.
    Link,
    /// A folder.
    Folder,
    /// A submodule.
    Submodule,
}

impl Kind {
    /// The mode in a tree object.
    const fn mode(self) -> &'static [u8] {
        match self {
            Self::File => b"100644",
            Self::Executable => b"100755",
            Self::Link => b"120000",
            Self::Folder => b"40000",
            Self::Submodule => b"160000",
        }
    }
}

/// The tree object of these entries.
pub(crate) fn tree_id(format: Format, mut entries: Vec<(&[u8], Kind, Id)>) -> Id {
    entries.sort_by(|(left, left_kind, _), (right, right_kind, _)| {
        in_order_of_git((left, *left_kind), (right, *right_kind))
    });
    let mut content = Vec::with_capacity(entries.len() * 64);
    for (name, kind, id) in entries {
        for part in [kind.mode(), b" ", name, b"\0", id.as_bytes()] {
            content.extend_from_slice(part);
        }
    }
    Id::of(format, "tree", &content)
}

/// The order of a tree object: as if the names of folders ended in `/`.
fn in_order_of_git((left, left_kind): (&[u8], Kind), (right, right_kind): (&[u8], Kind)) -> Ordering {
    let end = |kind| if kind == Kind::Folder { Some(&b'/') } else { None };
    left.iter().chain(end(left_kind)).cmp(right.iter().chain(end(right_kind)))
}

/// The first name of a path, and what is behind it.
fn split(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    match path.iter().position(|byte| *byte == b'/').and_then(|at| path.split_at_checked(at)) {
        Some((name, rest)) => (name, rest.strip_prefix(b"/")),
        None => (path, None),
    }
}

/// Refuses what is no path of a file.
pub(crate) fn check_path(path: &[u8]) -> Result<(), BadName> {
    let mut depth = 0;
    for name in path.split(|byte| *byte == b'/') {
        check_name(name)?;
        depth += 1;
    }
    if depth > MAX_DEPTH {
        return Err(BadName::TooDeep(path.iter().take(100).copied().collect()));
    }
    Ok(())
}

/// Refuses what is no name of a file.
fn check_name(name: &[u8]) -> Result<(), BadName> {
    if matches!(name, b"" | b"." | b"..") || name.iter().any(|byte| matches!(byte, b'/' | 0)) {
        return Err(BadName::Invalid(name.to_vec()));
    }
    Ok(())
}
