//! The files of the checkout, as they are now or in another commit, for [`crate::reads`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::commands::session::Session;
use crate::context::{Entry, Id, LINK, Row, Tree, rows, tree};
use crate::host::{Host, Replacement};
use crate::reads::Files;

/// The largest Dockerfile or ignore file that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// The files of a checkout.
pub(super) struct Snapshot {
    tree: Tree,
    /// What git does not track, from the top; folders end with `/`.
    untracked: Vec<Vec<u8>>,
    /// The working directory from the top.
    folder: Vec<u8>,
    /// What content is read from.
    content: Content,
}

/// Where the content of files is.
enum Content {
    /// In the working tree, which begins there.
    Working(Host, PathBuf),
    /// In git's database.
    Database(Host),
}

impl Snapshot {
    /// The files as they are now; or why that cannot be known.
    pub(super) fn of_working_tree(session: &Session<'_>) -> Result<Self, String> {
        let host = session.host;
        session.note("reading the files that git tracks, and what differs from the commit");
        let read = || {
            let commit = host.commit_of("HEAD")?;
            let listed = host.listed(&commit)?;
            let changes = host.working_tree()?;
            Ok((listed, changes, host.top()?, host.prefix()?))
        };
        let (listed, changes, top, folder) =
            read().map_err(|failure: crate::facts::command::CommandFailure| failure.reason())?;
        let mut tree = tree_of(host, &listed)?;
        let format = tree.format;
        let entry = |replacement: Replacement| match replacement {
            Replacement::File { executable, content } => {
                Some(Entry::File { executable, id: Id::of(format, "blob", &content) })
            }
            Replacement::Link(to) => Some(Entry::Link { id: Id::of(format, "blob", &to), to: to.into() }),
            Replacement::Nothing => None,
        };
        let changed = changes.changed.into_iter().map(|(path, replacement)| (path, entry(replacement)));
        tree.overlay(changed).map_err(|problem| problem.to_string())?;
        Ok(Self { tree, untracked: changes.untracked, folder, content: Content::Working(host.clone(), top) })
    }

    /// The files of a commit that is in the repository of `database`, seen from the same folder.
    pub(super) fn of_commit(session: &Session<'_>, database: &Host, commit: &str) -> Result<Self, String> {
        let folder = session.host.prefix().map_err(|failure| failure.reason())?;
        let listed = database.listed(commit).map_err(|failure| failure.reason())?;
        let tree = tree_of(database, &listed)?;
        Ok(Self { tree, untracked: Vec::new(), folder, content: Content::Database(database.clone()) })
    }
}

/// The tree that git lists.
fn tree_of(host: &Host, listed: &[u8]) -> Result<Tree, String> {
    let rows = rows(listed).map_err(|problem| problem.to_string())?;
    let ids: Vec<Id> = rows.iter().filter(|row: &&Row<'_>| row.mode == LINK).map(|row| row.id).collect();
    let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let targets = host.objects(&names).map_err(|failure| failure.reason())?;
    let links: BTreeMap<Id, Vec<u8>> =
        ids.into_iter().zip(targets).filter_map(|(id, target)| Some((id, target?))).collect();
    tree(rows, &links, None).map_err(|problem| problem.to_string())
}

impl Files for Snapshot {
    fn tree(&self) -> &Tree {
        &self.tree
    }

    fn untracked(&self) -> &[Vec<u8>] {
        &self.untracked
    }

    fn folder(&self) -> &[u8] {
        &self.folder
    }

    fn read(&self, path: &[u8]) -> Result<Vec<u8>, String> {
        match &self.content {
            Content::Working(host, top) => {
                host.read_below(top, path, MAX_FILE).map_err(|error| error.to_string())
            }
            Content::Database(host) => {
                let Some(Entry::File { id, .. }) = self.tree.top.find(path) else {
                    return Err(format!("`{}` is not a file", path.escape_ascii()));
                };
                let found = host.objects(&[id.to_string()]).map_err(|failure| failure.reason())?;
                found.into_iter().next().flatten().ok_or_else(|| "git does not have its content".to_owned())
            }
        }
    }
}
