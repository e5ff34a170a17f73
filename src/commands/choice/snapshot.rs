//! The files of the checkout, as they are now or in another commit, for [`crate::reads`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::commands::session::Session;
use crate::context::{Entry, Folder, Id, LINK, Row, Tree, rows, tree};
use crate::facts::command::CommandFailure;
use crate::host::{Actual, Host, Replacement};
use crate::reads::Files;

/// The largest Dockerfile or ignore file that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// The permissions that files of a commit have.
const USUAL: [u32; 2] = [0o644, 0o755];

/// The files of a working tree.
pub(super) struct Checkout {
    /// As a build sees them.
    pub(super) built: Snapshot,
    /// As a commit would have them, where that differs.
    committed: Option<Snapshot>,
}

impl Checkout {
    /// What can be compared with another commit, of which there is no working tree.
    pub(super) fn committed(&self) -> &Snapshot {
        self.committed.as_ref().unwrap_or(&self.built)
    }

    /// Whether a build sees what a commit would have.
    pub(super) fn is_plain(&self) -> bool {
        self.committed.is_none()
    }
}

/// The files of a checkout.
#[derive(Clone)]
pub(super) struct Snapshot {
    tree: Tree,
    /// What git does not track, from the top; folders end with `/`.
    untracked: Vec<Vec<u8>>,
    /// What cannot be compared, and why.
    unknown: Vec<(Vec<u8>, String)>,
    /// The working directory from the top.
    folder: Vec<u8>,
    /// What content is read from.
    content: Content,
}

/// Where the content of files is.
#[derive(Clone)]
enum Content {
    /// In the working tree, which begins there.
    Working(Host, PathBuf),
    /// In git's database.
    Database(Host),
}

impl Checkout {
    /// The files as they are now; or why that cannot be known.
    pub(super) fn read(session: &Session<'_>) -> Result<Self, String> {
        let host = session.host;
        session.note("reading the files that git tracks, and what differs from the commit");
        let read = || -> Result<_, CommandFailure> {
            let commit = host.commit_of("HEAD")?;
            let listed = host.listed(&commit)?;
            let changes = host.working_tree()?;
            Ok((listed, changes, host.top()?, host.prefix()?))
        };
        let (listed, changes, top, folder) = read().map_err(|failure| failure.reason())?;
        let mut tree = tree_of(host, &listed)?;
        let format = tree.format;
        let entry = |replacement: Replacement| match replacement {
            Replacement::File { executable, content } => {
                Some(Entry::File { executable, id: Id::of(format, "blob", &content) })
            }
            Replacement::Link(to) => Some(Entry::Link { id: Id::of(format, "blob", &to), to: to.into() }),
            Replacement::Submodule(commit) => {
                Id::from_hex(commit.as_bytes()).map(|id| Entry::Submodule { id })
            }
            Replacement::Nothing => None,
        };
        let changed = changes.changed.into_iter().map(|(path, replacement)| (path, entry(replacement)));
        tree.overlay(changed).map_err(|problem| problem.to_string())?;
        let Unlike { files, mut unknown } = unlike(host, &top, &tree, &changes.converted);
        let empty = changes.empty.into_iter().map(|path| (path, Entry::Folder(Folder::default())));
        let unlike: Vec<(Vec<u8>, Entry)> = files.into_iter().chain(empty).collect();
        unknown.extend(changes.unknown);
        let content = Content::Working(host.clone(), top);
        let mut built = Snapshot { tree, untracked: changes.untracked, unknown, folder, content };
        if unlike.is_empty() {
            return Ok(Self { built, committed: None });
        }
        let committed = Some(built.clone());
        let unlike = unlike.into_iter().map(|(path, entry)| (path, Some(entry)));
        built.tree.overlay(unlike).map_err(|problem| problem.to_string())?;
        Ok(Self { built, committed })
    }
}

/// The files of a working tree that have other bytes or permissions than a commit of them would have.
#[derive(Default)]
struct Unlike {
    /// What is there in their places.
    files: Vec<(Vec<u8>, Entry)>,
    /// Those that cannot be read, with the reason.
    unknown: Vec<(Vec<u8>, String)>,
}

fn unlike(host: &Host, top: &Path, tree: &Tree, converted: &[Vec<u8>]) -> Unlike {
    let is_converted = |path: &[u8]| {
        converted.iter().any(|folder| {
            folder.is_empty()
                || path.strip_prefix(folder.as_slice()).is_some_and(|rest| rest.starts_with(b"/"))
        })
    };
    let mut all = Unlike::default();
    tree.top.each_file(&mut Vec::new(), &mut |path, executable, id| match host.actual(
        top,
        path,
        is_converted(path),
    ) {
        Ok(None) => {}
        Ok(Some(Actual { mode, content })) => {
            let own = content.map_or(id, |content| Id::of(tree.format, "blob", &content));
            let own = match mode.filter(|mode| !USUAL.contains(mode)) {
                Some(mode) => Id::of(tree.format, &format!("blob of mode {mode:o}"), own.as_bytes()),
                None => own,
            };
            if own != id {
                all.files.push((path.to_vec(), Entry::File { executable, id: own }));
            }
        }
        Err(failure) => {
            let why = format!("`{}` cannot be read: {}", path.escape_ascii(), failure.reason());
            all.unknown.push((path.to_vec(), why));
        }
    });
    all
}

impl Snapshot {
    /// The files of a commit that is in the repository of `database`, seen from the same folder.
    pub(super) fn of_commit(session: &Session<'_>, database: &Host, commit: &str) -> Result<Self, String> {
        let folder = session.host.prefix().map_err(|failure| failure.reason())?;
        let listed = database.listed(commit).map_err(|failure| failure.reason())?;
        let tree = tree_of(database, &listed)?;
        Ok(Self {
            tree,
            untracked: Vec::new(),
            unknown: Vec::new(),
            folder,
            content: Content::Database(database.clone()),
        })
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

    fn unknown(&self) -> &[(Vec<u8>, String)] {
        &self.unknown
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
