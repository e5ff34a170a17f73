//! The files of the working tree and of commits, beside what git itself would list.

use std::path::Path;
use std::process::Command;

use clap::ColorChoice;

use super::snapshot::Checkout;
use crate::context::Tree;
use crate::host::Host;
use crate::reads::Files;

/// What is committed first, and then changed in each situation.
const FIRST: &str = "git init -q -b main && mkdir -p a/b d && echo 1 > a/f && echo 2 > a/b/g && echo 3 > a-b && echo 4 > d/h \
    && echo 5 > 'd/n\nü ' && ln -s f a/to && ln -s ../a d/up && echo 6 > x && chmod +x x && git add . && git commit -q -m 1 \
    && echo 7 > d/h && git rm -q a-b && mkdir a-b && echo 8 > a-b/i && ln -sf b/g a/to && git add . && git commit -q -m 2";

/// What is done then; whether the index is a commit's afterwards.
const SITUATIONS: [(&str, bool); 24] = [
    ("true", true),
    ("echo 9 > a/f", true),
    // As long as before, and as old.
    ("touch -d @1000000000 a/f && git add . && printf '9\\n' > a/f && touch -d @1000000000 a/f", true),
    ("chmod +x a/f && chmod -x x", true),
    ("rm -r a", true),
    ("rm a/f && mkdir a/f", true),
    ("rm -r a/b && echo 9 > a/b", true),
    ("rm a/f && ln -s b a/f", true),
    ("rm a/to && cp a/f a/to", true),
    ("ln -sf b a/to", true),
    ("cp -r a elsewhere && rm -r a && ln -s elsewhere a", true),
    ("echo 9 > a/f && git add . && echo 1 > a/f", true),
    ("echo 9 > a/new && git add . && rm a/new", true),
    ("echo 9 > a/new && git add -N a/new", false),
    ("git rm -q --cached a/f", true),
    ("git mv a/b d/b && git mv x a/b", true),
    ("git rm -q -r a-b && echo 3 > a-b && git add .", true),
    (
        "git checkout -q -b other HEAD~1 && echo 9 > d/h && git commit -q -a -m 3 && ! git merge -q main",
        false,
    ),
    ("git update-index --split-index && echo 9 > a/f && git add .", true),
    ("git update-index --index-version 4 && echo 9 > a/f", true),
    ("git update-index --cacheinfo 100644,$(git hash-object a/b/g),a/f", true),
    ("git sparse-checkout set --cone --sparse-index a && git sparse-checkout disable", true),
    ("rm .git/index && git reset -q", true),
    ("cp -a . ../copy && rm -r * && cp -a ../copy/* .", true),
];

fn run(folder: &Path, script: &str) -> String {
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(folder);
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "a").env(format!("GIT_{who}_EMAIL"), "a@example.com");
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null");
    let done = command.output().expect("git starts");
    assert!(done.status.success(), "{script}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text").trim().to_owned()
}

/// The tree that git would make of what it tracks. It reads all files again: what has the same length and second would pass it
/// by.
fn of_git(host: &Host) -> Tree {
    let script = "find . -path ./.git -prune -o -type f -exec touch -d @1200000000 {} + && cp .git/index .git/other && \
        export GIT_INDEX_FILE=.git/other && git add -u . && git write-tree";
    host.tree_of(&run(host.directory(), script)).expect("a tree")
}

#[test]
fn files_are_what_git_would_commit_and_has_committed() {
    for (script, is_whole) in SITUATIONS {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("repository");
        std::fs::create_dir(&place).unwrap();
        run(&place, FIRST);
        run(&place, script);
        let host = Host::new(&[place], ColorChoice::Never).unwrap();
        let checkout = Checkout::read(&host).unwrap();
        let same = |tree: &Tree, expected: &Tree, what: &str| {
            assert_eq!(tree, expected, "{what}: {script}");
            let id = expected.top.without_ids().id(tree.format);
            assert_eq!(tree.top.id(tree.format), id, "{what}: {script}");
        };
        same(checkout.committed().tree(), &of_git(&host), "now");
        for commit in ["HEAD", "main", "main~1"] {
            let before = checkout.before(&host, &host.staged(commit).unwrap());
            assert_eq!(before.is_some(), is_whole, "{script}");
            if let Some(before) = before {
                same(&before.unwrap(), &host.tree_of(commit).unwrap(), commit);
            }
        }
    }
}
