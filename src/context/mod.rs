//! Which files of a build context a build sees, and the fingerprint of them.
//!
//! A build sees what BuildKit's client sends: what the ignore file leaves of the sources that the Dockerfile names. The
//! fingerprint is the tree object that git would make of just that, so it is the same whether a folder was walked or known
//! by its object.

mod id;
mod ignore;
mod index;
mod listing;
mod path;
mod pattern;
mod problem;
#[cfg(test)]
pub(crate) mod situations;
mod sources;
mod stored;
#[cfg(test)]
mod tests;
mod tree;
mod walk;

use std::fmt;

use sha2::{Digest, Sha256};

pub(crate) use self::id::{Format, Id};
pub(crate) use self::ignore::Ignore;
pub(crate) use self::index::{Described, Index, Indexed, index};
pub(crate) use self::listing::{BadListing, FILE, LINK, Row, SUBMODULE, TYPE, entry_of, rows, tree};
use self::problem::Problem;
use self::sources::Requested;
pub(crate) use self::sources::Sources;
pub(crate) use self::stored::Stored;
#[cfg(test)]
use self::tree::Kind;
pub(crate) use self::tree::{Entry, Folder, Tree};
use self::walk::{Walk, entries_id};
#[cfg(test)]
use self::walk::{list, list_all};

use crate::readable::hexadecimal;

/// What goes into a fingerprint before the objects; another scheme has another number.
const SCHEME: &str = "context 1";

/// How many links may lead to a context's root, as on Linux.
const MAX_HOPS: usize = 40;

/// What a build sees: the same for two contexts exactly if it sees the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fingerprint([u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal(&self.0))
    }
}

/// A context, and what decides of what is seen of it.
#[derive(Clone, Debug)]
pub(crate) struct Context<'a> {
    /// The path of the root in the tree, links followed; empty at the top.
    root: Vec<u8>,
    /// The root.
    folder: &'a Folder,
    /// How objects are named.
    format: Format,
    /// What is ignored.
    ignore: &'a Ignore,
    /// What is asked for.
    requested: Requested,
}

impl<'a> Context<'a> {
    /// The context at a path from the top (`""` or `.`) of a tree. Links to it are followed, as by buildx.
    ///
    /// # Errors
    /// Where there is no such folder, or its files are not in the tree; a source that is no pattern.
    pub(crate) fn new(
        tree: &'a Tree,
        root: &[u8],
        ignore: &'a Ignore,
        sources: Sources<'_>,
    ) -> Result<Self, Problem> {
        let (root, folder) = locate(tree, root)?;
        let requested = Requested::of(sources, folder)?;
        Ok(Self { root, folder, format: tree.format, ignore, requested })
    }

    /// The path of the root from the top of the tree, links followed; empty at the top.
    pub(crate) fn root(&self) -> &[u8] {
        &self.root
    }

    /// The fingerprint of what is seen.
    ///
    /// It says nothing of what `.gitattributes` make of files ([`Tree::attributes`]) and of what git does not have
    /// ([`Self::sees`], [`Self::sees_git`]).
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let id = match self.walk().of(self.folder) {
            None => self.folder.id(self.format),
            Some(entries) => entries_id(&entries, self.format),
        };
        let hash = Sha256::new().chain_update(SCHEME).chain_update([0]).chain_update(id.as_bytes());
        Fingerprint(hash.finalize().into())
    }

    /// What is seen: paths from the root, each folder before what is in it.
    #[cfg(test)]
    pub(crate) fn paths(&self) -> Vec<(Vec<u8>, Kind)> {
        let mut paths = vec![];
        match self.walk().of(self.folder) {
            None => list_all(self.folder, b"", &mut paths),
            Some(entries) => list(&entries, b"", &mut paths),
        }
        paths
    }

    /// Whether a file would be seen at a path from the top of the tree, whether it is in the tree or not.
    ///
    /// A path that ends in `/` is a folder: whether anything below it could be seen.
    pub(crate) fn sees(&self, path: &[u8]) -> bool {
        let below = if self.root.is_empty() {
            Some(path)
        } else {
            path.strip_prefix(self.root.as_slice()).and_then(|rest| rest.strip_prefix(b"/"))
        };
        below.is_some_and(|path| self.walk().sees(path))
    }

    /// Whether the build sees something of `.git`, so that every commit changes what it sees.
    ///
    /// Only the root of the repository has one that counts here.
    pub(crate) fn sees_git(&self) -> bool {
        let named = self.requested.paths_below(b".git").chain(self.ignore.kept_below(b".git"));
        self.root.is_empty() && GIT_FILES.iter().copied().chain(named).any(|path| self.walk().sees(path))
    }

    /// The walk over it.
    fn walk(&self) -> Walk<'_> {
        Walk { ignore: self.ignore, requested: &self.requested }
    }
}

/// Files as they are in each `.git`: in some folders any, in others just these.
const GIT_FILES: [&[u8]; 16] = [
    b".git/COMMIT_EDITMSG",
    b".git/FETCH_HEAD",
    b".git/HEAD",
    b".git/ORIG_HEAD",
    b".git/config",
    b".git/hooks/pre-commit.sample",
    b".git/index",
    b".git/info/exclude",
    b".git/logs/HEAD",
    b".git/logs/refs/heads/main",
    b".git/objects/4b/825dc642cb6eb9a060e54bf8d69288fbee4904",
    b".git/objects/pack/pack-4b825dc642cb6eb9a060e54bf8d69288fbee4904.pack",
    b".git/packed-refs",
    b".git/refs/heads/main",
    b".git/refs/tags/v1.0.0",
    b".git/shallow",
];

/// The folder at a path from the top, as the system would find it, and its path without links.
fn locate<'a>(tree: &'a Tree, path: &[u8]) -> Result<(Vec<u8>, &'a Folder), Problem> {
    let given = || path.to_vec();
    if path.starts_with(b"/") {
        return Err(Problem::Outside(given()));
    }
    let mut found: Vec<(&[u8], &Folder)> = vec![];
    let mut pending: Vec<&[u8]> = path::names_of(path).collect();
    pending.reverse();
    let mut hops = 0;
    while let Some(name) = pending.pop() {
        if name == b".." {
            found.pop().ok_or_else(|| Problem::Outside(given()))?;
            continue;
        }
        let here = found.last().map_or(&tree.top, |(_, folder)| folder);
        match here.get_with_name(name).ok_or_else(|| Problem::Missing(given()))? {
            (name, Entry::Folder(folder)) => found.push((name, folder)),
            (_, Entry::File { .. }) => return Err(Problem::NotAFolder(given())),
            (_, Entry::Submodule { id: _ }) => return Err(Problem::Submodule(given())),
            (_, Entry::Link { to, id: _ }) => {
                hops += 1;
                if hops > MAX_HOPS {
                    return Err(Problem::Loop(given()));
                }
                if to.starts_with(b"/") {
                    return Err(Problem::Outside(given()));
                }
                let names: Vec<_> = path::names_of(to).collect();
                pending.extend(names.into_iter().rev());
            }
        }
    }
    let folder = found.last().map_or(&tree.top, |(_, folder)| folder);
    let names: Vec<_> = found.iter().map(|(name, _)| *name).collect();
    Ok((names.join(&b'/'), folder))
}
