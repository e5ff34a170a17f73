//! What `git ls-tree -r -t -z REVISION` prints.

use std::collections::BTreeMap;

use super::id::Id;
use super::tree::{BadName, Entry, Folder, Tree, check_path};

/// A row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    /// The whole path.
    pub path: &'a [u8],
    /// The mode, such as 0o100644.
    pub mode: u32,
    /// The object.
    pub id: Id,
}

/// A listing that git does not print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadListing {
    /// Not `MODE TYPE ID<TAB>PATH`.
    #[error("`{}` is not what git lists", .0.escape_ascii())]
    Row(Vec<u8>),
    /// Not one of git's modes.
    #[error("`{}` has the mode {mode:o}, which git does not have", path.escape_ascii())]
    Mode {
        /// The path.
        path: Vec<u8>,
        /// The mode.
        mode: u32,
    },
    /// A link without what it holds.
    #[error("where the link `{}` leads was not read", .0.escape_ascii())]
    Link(Vec<u8>),
    /// Objects of two kinds of repository.
    #[error("`{}` has an id of another length", .0.escape_ascii())]
    Format(Vec<u8>),
    /// A name that git refuses.
    #[error(transparent)]
    Name(#[from] BadName),
}

/// The type of the mode: a folder.
const FOLDER: u32 = 0o040_000;
/// The type of the mode: a file.
pub(crate) const FILE: u32 = 0o100_000;
/// The type of the mode: a symbolic link.
pub(crate) const LINK: u32 = 0o120_000;
/// The type of the mode: a submodule.
pub(crate) const SUBMODULE: u32 = 0o160_000;
/// Where the type stands in a mode.
pub(crate) const TYPE: u32 = 0o170_000;
/// The x bit that git looks at.
const EXECUTABLE: u32 = 0o100;

/// Reads the rows. Those with [`LINK`] hold what [`tree`] has to know more of.
///
/// # Errors
/// The first row that is none.
pub(crate) fn rows(listing: &[u8]) -> Result<Vec<Row<'_>>, BadListing> {
    let rows = listing.split(|byte| *byte == 0).filter(|row| !row.is_empty());
    rows.map(|row| read(row).ok_or_else(|| BadListing::Row(row.to_vec()))).collect()
}

/// Reads a row.
fn read(row: &[u8]) -> Option<Row<'_>> {
    let mut halves = row.splitn(2, |byte| *byte == b'\t');
    let (head, path) = (halves.next()?, halves.next()?);
    let mut words = head.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let mode = u32::from_str_radix(std::str::from_utf8(words.next()?).ok()?, 8).ok()?;
    let id = Id::from_hex(words.nth(1)?)?;
    words.next().is_none().then_some(Row { path, mode, id })
}

/// The tree of these rows, which stand in git's order: all of a folder behind each other.
///
/// `links` is what the blobs of links hold; `top` is the tree object of the whole, if it is known. Rows of folders (`-t`)
/// may be there or not.
///
/// # Errors
/// What git does not print.
pub(crate) fn tree<'a>(
    rows: impl IntoIterator<Item = Row<'a>>,
    links: &BTreeMap<Id, Vec<u8>>,
    top: Option<Id>,
) -> Result<Tree, BadListing> {
    let mut format = top.map(|id| id.format());
    let mut open = vec![Open { name: b"", id: top, entries: vec![], is_canonical: true }];
    for Row { path, mode, id } in rows {
        check_path(path)?;
        if *format.get_or_insert(id.format()) != id.format() {
            return Err(BadListing::Format(path.to_vec()));
        }
        let mut names = path.split(|byte| *byte == b'/').peekable();
        let mut depth = 1;
        while let Some(name) = names.next() {
            let is_last = names.peek().is_none();
            if open.get(depth).is_some_and(|folder| folder.name != name) {
                close(&mut open, depth)?;
            }
            if is_last && mode & TYPE != FOLDER {
                close(&mut open, depth)?;
                let (entry, is_canonical) = entry(path, mode, id, links)?;
                if let Some(folder) = open.last_mut() {
                    folder.entries.push((name.into(), entry));
                    folder.is_canonical &= is_canonical;
                }
            } else if open.len() == depth {
                let id = is_last.then_some(id);
                open.push(Open { name, id, entries: vec![], is_canonical: !is_last || mode == FOLDER });
            } else if is_last {
                return Err(BadName::Twice(path.to_vec()).into());
            }
            depth += 1;
        }
    }
    close(&mut open, 1)?;
    let top = match open.pop() {
        Some(folder) => folder.close()?,
        None => Folder::default(),
    };
    Ok(Tree { format: format.unwrap_or_default(), top })
}

/// A folder of which more may follow.
struct Open<'a> {
    /// Its name.
    name: &'a [u8],
    /// Its tree object.
    id: Option<Id>,
    /// What came so far.
    entries: Vec<(Box<[u8]>, Entry)>,
    /// Whether git would write it as it is: very old commits have modes that it writes no more, and what a build sees is
    /// the same with them.
    is_canonical: bool,
}

impl Open<'_> {
    /// The folder.
    fn close(self) -> Result<Folder, BadName> {
        Folder::new(self.entries, self.id.filter(|_| self.is_canonical))
    }
}

/// Closes folders until this many are open.
fn close(open: &mut Vec<Open<'_>>, depth: usize) -> Result<(), BadListing> {
    while open.len() > depth {
        let Some(folder) = open.pop() else { break };
        let (name, is_canonical) = (folder.name, folder.is_canonical);
        let folder = folder.close()?;
        if let Some(above) = open.last_mut() {
            above.entries.push((name.into(), Entry::Folder(folder)));
            above.is_canonical &= is_canonical;
        }
    }
    Ok(())
}

/// What a row that is no folder stands for.
///
/// # Errors
/// What git does not print.
pub(crate) fn entry_of(
    Row { path, mode, id }: Row<'_>,
    links: &BTreeMap<Id, Vec<u8>>,
) -> Result<Entry, BadListing> {
    entry(path, mode, id, links).map(|(entry, _)| entry)
}

/// What a row that is no folder stands for, and whether git would write its mode so.
fn entry(path: &[u8], mode: u32, id: Id, links: &BTreeMap<Id, Vec<u8>>) -> Result<(Entry, bool), BadListing> {
    let executable = mode & EXECUTABLE != 0;
    let (entry, canonical) = match mode & TYPE {
        FILE if executable => (Entry::File { executable, id }, 0o100_755),
        FILE => (Entry::File { executable, id }, 0o100_644),
        LINK => {
            let to = links.get(&id).ok_or_else(|| BadListing::Link(path.to_vec()))?;
            (Entry::Link { to: to.as_slice().into(), id }, LINK)
        }
        SUBMODULE => (Entry::Submodule { id }, SUBMODULE),
        _ => return Err(BadListing::Mode { path: path.to_vec(), mode }),
    };
    Ok((entry, mode == canonical))
}
