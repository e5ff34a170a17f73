//! The files of the checkout, as they are now or in another commit, for [`crate::reads`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::commands::session::Session;
use crate::context::{Entry, Folder, Format, Id, LINK, Row, Tree, rows, tree};
use crate::facts::command::CommandFailure;
use crate::host::{Actual, Host, Replacement};
use crate::parallel;
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

/// The contents of files; none for one that git does not have.
type Contents = BTreeMap<Id, Option<Vec<u8>>>;

/// Where the content of files is.
#[derive(Clone)]
enum Content {
    /// In the working tree, which begins there.
    Working(Host, PathBuf),
    /// In git's database; with what was read of it.
    Database(Host, Rc<RefCell<Contents>>),
}

impl Checkout {
    /// The files as they are now; or why that cannot be known.
    pub(super) fn read(session: &Session<'_>) -> Result<Self, String> {
        let host = session.host;
        session.note("reading the files that git tracks, and what differs from the commit");
        let of_commit = || -> Result<_, String> {
            let listed = host.commit_of("HEAD").and_then(|commit| host.listed(&commit));
            tree_of(host, &listed.map_err(|failure| failure.reason())?)
        };
        let of_working_tree =
            || -> Result<_, CommandFailure> { Ok((host.working_tree()?, host.top()?, host.prefix()?)) };
        let (tree, changes) = parallel::at_once(of_commit, of_working_tree);
        let (mut tree, (changes, top, folder)) = (tree?, changes.map_err(|failure| failure.reason())?);
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
    let mut files = Vec::new();
    tree.top.each_file(&mut Vec::new(), &mut |path, executable, id| {
        files.push((path.to_vec(), executable, id));
    });
    let actual = parallel::map(files, |(path, executable, id)| {
        let found = host.actual(top, &path, is_converted(&path));
        let own = found.map(|actual| actual.map_or(id, |actual| id_of(tree.format, actual, id)));
        (path, executable, id, own)
    });
    let mut all = Unlike::default();
    for (path, executable, id, own) in actual {
        match own {
            Ok(own) if own == id => {}
            Ok(own) => all.files.push((path, Entry::File { executable, id: own })),
            Err(failure) => {
                let why = format!("`{}` cannot be read: {}", path.escape_ascii(), failure.reason());
                all.unknown.push((path, why));
            }
        }
    }
    all
}

/// What names a file as it is, which is `committed` where its content was not asked for and its permissions are usual.
fn id_of(format: Format, Actual { mode, content }: Actual, committed: Id) -> Id {
    let own = content.map_or(committed, |content| Id::of(format, "blob", &content));
    match mode.filter(|mode| !USUAL.contains(mode)) {
        Some(mode) => Id::of(format, &format!("blob of mode {mode:o}"), own.as_bytes()),
        None => own,
    }
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
            content: Content::Database(database.clone(), Rc::default()),
        })
    }
}

/// The content of a file, with those of others that are called the same and will be asked for: where each of very many
/// images has a Dockerfile and an ignore file, starting git once for each would take longer than all the rest.
fn contents(host: &Host, tree: &Tree, path: &[u8], id: Id) -> Result<Contents, String> {
    let name = |path: &[u8]| path.rsplit(|byte| *byte == b'/').next().map(<[u8]>::to_vec);
    let wanted = name(path);
    let mut ids = BTreeSet::from([id]);
    tree.top.each_file(&mut Vec::new(), &mut |path, _, id| {
        if name(path) == wanted {
            ids.insert(id);
        }
    });
    let read = |ids: BTreeSet<Id>| {
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        host.objects(&names).map(|found| ids.into_iter().zip(found).collect())
    };
    // All of them may be too large.
    read(ids).or_else(|_| read(BTreeSet::from([id]))).map_err(|failure| failure.reason())
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
            Content::Database(host, known) => {
                let Some(Entry::File { id, .. }) = self.tree.top.find(path) else {
                    return Err(format!("`{}` is not a file", path.escape_ascii()));
                };
                if !known.borrow().contains_key(id) {
                    known.borrow_mut().extend(contents(host, &self.tree, path, *id)?);
                }
                let content = known.borrow().get(id).cloned().flatten();
                content.ok_or_else(|| "git does not have its content".to_owned())
            }
        }
    }
}
