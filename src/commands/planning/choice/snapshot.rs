//! The files of the checkout, as they are now or in another commit, for [`crate::reads`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::context::{Entry, Id, LINK, Row, Tree, entry_of};
use crate::facts::command::CommandFailure;
use crate::host::{Host, Staged, WorkingTree};
use crate::reads::Files;

/// The largest Dockerfile or ignore file that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// How many files are read at once.
const MAX_BATCH: usize = 4096;

/// The files of a working tree.
pub(super) struct Checkout {
    /// As a build sees them.
    pub(super) built: Snapshot,
    /// As a commit would have them, where that differs.
    committed: Option<Snapshot>,
    /// Where the index has others than a commit would, the mode and the id there; `None` where it is no commit.
    indexed: Option<Vec<(Vec<u8>, u32, Id)>>,
}

/// The files of a checkout.
#[derive(Clone)]
pub(super) struct Snapshot {
    tree: Tree,
    /// What git does not track, from the top; folders end with `/`.
    untracked: Vec<Vec<u8>>,
    /// What cannot be compared, and why.
    unknown: Vec<(Vec<u8>, String)>,
    /// Where the top is.
    top: PathBuf,
    /// The working directory from the top.
    folder: Vec<u8>,
    /// What content is read from.
    content: Content,
}

/// Where the content of files is.
#[derive(Clone)]
enum Content {
    /// In the working tree.
    Working(Host),
    /// In git's database; with what was read of it.
    Database(Host, Rc<RefCell<BTreeMap<Vec<u8>, Batch>>>),
}

/// Files of one name that were read at once.
struct Batch {
    /// How many may be read at once: all together may be too large.
    most: usize,
    /// Their contents; none for one that git does not have.
    contents: BTreeMap<Id, Option<Vec<u8>>>,
}

impl Checkout {
    /// The files as they are now; or why that cannot be known.
    pub(super) fn read(host: &Host) -> Result<Self, String> {
        let WorkingTree { tree, unlike, untracked, unknown, indexed, top, folder } =
            host.working_tree().map_err(|failure| failure.reason())?;
        let content = Content::Working(host.clone());
        let mut built = Snapshot { tree, untracked, unknown, top, folder, content };
        if unlike.is_empty() {
            return Ok(Self { built, committed: None, indexed });
        }
        let committed = Some(built.clone());
        let unlike = unlike.into_iter().map(|(path, entry)| (path, Some(entry)));
        built.tree.overlay(unlike).map_err(|problem| problem.to_string())?;
        Ok(Self { built, committed, indexed })
    }

    /// What can be compared with another commit, of which there is no working tree.
    pub(super) fn committed(&self) -> &Snapshot {
        self.committed.as_ref().unwrap_or(&self.built)
    }

    /// Whether a build sees what a commit would have.
    pub(super) fn is_plain(&self) -> bool {
        self.committed.is_none()
    }

    /// The files of a commit from which the index differs in `staged`; `None` where that says too little.
    pub(super) fn before(&self, host: &Host, staged: &[Staged]) -> Option<Result<Tree, CommandFailure>> {
        let indexed = self.indexed.as_ref()?.iter().map(|(path, mode, id)| (path, Some((*mode, *id))));
        let staged = staged.iter().map(|Staged { path, old }| (path, *old));
        // What both name is as in the commit.
        let old: BTreeMap<&Vec<u8>, Option<(u32, Id)>> = indexed.chain(staged).collect();
        Some(self.with(host, old))
    }

    /// The files as a commit would have them, but for these.
    fn with(&self, host: &Host, old: BTreeMap<&Vec<u8>, Option<(u32, Id)>>) -> Result<Tree, CommandFailure> {
        let links = old.values().flatten().filter(|(mode, _)| *mode == LINK).map(|(_, id)| *id);
        let links = host.links(links)?;
        let other = |problem: &dyn ToString| CommandFailure::Other(problem.to_string());
        let committed = &self.committed().tree;
        // The ids of folders are needed on both sides, and most are the same.
        let _ = committed.top.id(committed.format);
        let mut tree = committed.clone();
        // A folder may be where a file was: all that is gone goes first.
        tree.overlay(old.keys().map(|path| ((*path).clone(), None))).map_err(|problem| other(&problem))?;
        let mut put = Vec::new();
        for (path, old) in old {
            let Some((mode, id)) = old else { continue };
            let entry = entry_of(Row { path, mode, id }, &links).map_err(|problem| other(&problem))?;
            put.push((path.clone(), Some(entry)));
        }
        tree.overlay(put).map_err(|problem| other(&problem))?;
        Ok(tree)
    }
}

impl Snapshot {
    /// The files of a commit that is in the repository of `database`, seen from here.
    pub(super) fn of_commit(&self, database: &Host, tree: Tree) -> Self {
        Self {
            tree,
            untracked: Vec::new(),
            unknown: Vec::new(),
            top: self.top.clone(),
            folder: self.folder.clone(),
            content: Content::Database(database.clone(), Rc::default()),
        }
    }

    /// The content of a file that git has, with those of others that are called the same and will be asked for: where each of
    /// very many images has a Dockerfile and an ignore file, starting git once for each would take longer than all the rest.
    fn batch(&self, host: &Host, path: &[u8], id: Id, most: usize) -> Result<Batch, String> {
        let name = |path: &[u8]| path.rsplit(|byte| *byte == b'/').next().map(<[u8]>::to_vec);
        let wanted = name(path);
        // In the order of paths, in which most are asked for, from this one on.
        let (mut is_behind, mut ids) = (false, Vec::new());
        self.tree.top.each(&mut Vec::new(), &mut |other, entry| {
            is_behind |= other == path;
            match entry {
                Entry::File { executable: _, id } if is_behind && name(other) == wanted => ids.push(*id),
                _ => {}
            }
        });
        if ids.first() != Some(&id) {
            ids.insert(0, id);
        }
        let mut most = most;
        loop {
            ids.truncate(most);
            let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
            match host.objects(&names) {
                Ok(found) => return Ok(Batch { most, contents: ids.into_iter().zip(found).collect() }),
                Err(CommandFailure::TooMuch { .. }) if ids.len() > 1 => most = ids.len() / 2,
                Err(failure) => return Err(failure.reason()),
            }
        }
    }
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

    fn place(&self) -> &Path {
        &self.top
    }

    fn folder(&self) -> &[u8] {
        &self.folder
    }

    fn read(&self, path: &[u8]) -> Result<Vec<u8>, String> {
        match &self.content {
            Content::Working(host) => {
                host.read_below(&self.top, path, MAX_FILE).map_err(|error| error.to_string())
            }
            Content::Database(host, known) => {
                let Some(Entry::File { id, .. }) = self.tree.top.find(path) else {
                    return Err(format!("`{}` is not a file", path.escape_ascii()));
                };
                let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
                let mut known = known.borrow_mut();
                let batch = match known.remove(name) {
                    Some(batch) if batch.contents.contains_key(id) => batch,
                    other => self.batch(host, path, *id, other.map_or(MAX_BATCH, |batch| batch.most))?,
                };
                let content = batch.contents.get(id).cloned().flatten();
                known.insert(name.to_vec(), batch);
                content.ok_or_else(|| "git does not have its content".to_owned())
            }
        }
    }
}
