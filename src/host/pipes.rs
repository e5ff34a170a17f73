//! Pipes and devices where git reads files: it would wait for another side that may never come.

use std::fs;
use std::path::{Path, PathBuf};

/// What git reads of a repository whatever is asked, from its folder.
const OF_REPOSITORY: [&str; 10] = [
    "HEAD",
    "config",
    "config.worktree",
    "commondir",
    "index",
    "packed-refs",
    "shallow",
    "info/exclude",
    "info/attributes",
    "objects/info/alternates",
];
/// What it reads of a folder of the working tree.
const OF_FOLDER: [&str; 3] = [".gitignore", ".gitattributes", ".gitmodules"];
/// How many entries of folders are looked at.
const MAX_ENTRIES: usize = 200_000;
/// How much of a `.git` file is read, in bytes.
const MAX_POINTER: u64 = 4096;

/// One among what git reads first in this folder.
pub(super) fn at_first(directory: &Path) -> Option<PathBuf> {
    let (top, repositories) = repositories(directory);
    let is_below = |folder: &&Path| top.as_ref().is_some_and(|top| folder.starts_with(top));
    let folders = directory.ancestors().take_while(is_below);
    let of_folders = folders.flat_map(|folder| OF_FOLDER.map(|name| folder.join(name)));
    let own = top.iter().map(|top| top.join(".git"));
    let of_repositories = repositories.iter().flat_map(|one| OF_REPOSITORY.map(|name| one.join(name)));
    own.chain(of_repositories).chain(of_folders).find(|path| blocks(path))
}

/// One anywhere in the repository, or among the files in the working tree that git reads. This takes a while.
pub(super) fn anywhere(directory: &Path) -> Option<PathBuf> {
    let (top, repositories) = repositories(directory);
    let mut seen = 0;
    let of_repository = repositories.iter().find_map(|folder| search(folder, &mut seen, &|_| true));
    of_repository.or_else(|| search(&top?, &mut seen, &|name| OF_FOLDER.contains(&name)))
}

/// One below a folder, with a name that is looked for.
pub(super) fn below(folder: &Path) -> Option<PathBuf> {
    search(folder, &mut 0, &|_| true)
}

fn search(folder: &Path, seen: &mut usize, is_wanted: &dyn Fn(&str) -> bool) -> Option<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).ok()?.flatten() {
            *seen += 1;
            if *seen > MAX_ENTRIES {
                return None;
            }
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if !kind.is_file()
                && entry.file_name().to_str().is_some_and(is_wanted)
                && blocks(&entry.path())
            {
                return Some(entry.path());
            }
        }
    }
    None
}

/// The top of the checkout that a folder is in, and the folders of its repository: that of a worktree or a submodule is
/// elsewhere, and a worktree shares one.
fn repositories(directory: &Path) -> (Option<PathBuf>, Vec<PathBuf>) {
    let Some(top) = directory.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok())
    else {
        return (None, Vec::new());
    };
    let git = top.join(".git");
    let mut found = Vec::new();
    if git.is_dir() {
        found.push(git);
    } else if git.is_file()
        && let Some(to) = pointer(&git).and_then(|text| text.strip_prefix("gitdir: ").map(str::to_owned))
    {
        let own = top.join(to);
        let shared = own.join("commondir");
        if shared.is_file()
            && let Some(to) = pointer(&shared)
        {
            found.push(own.join(to));
        }
        found.push(own);
    }
    (Some(top.to_owned()), found)
}

/// The first line of a small file.
fn pointer(path: &Path) -> Option<String> {
    let is_small = path.metadata().is_ok_and(|found| found.len() <= MAX_POINTER);
    let text = is_small.then(|| fs::read_to_string(path).ok()).flatten()?;
    text.lines().next().map(str::to_owned)
}

/// Whether opening or reading it can take for ever. A socket cannot be opened at all, and nothing is in `/dev/null`.
#[cfg(unix)]
fn blocks(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;

    let is_null = || path.canonicalize().is_ok_and(|place| place == Path::new("/dev/null"));
    fs::metadata(path).is_ok_and(|found| {
        let kind = found.file_type();
        kind.is_fifo() || kind.is_block_device() || kind.is_char_device() && !is_null()
    })
}

#[cfg(not(unix))]
fn blocks(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}
