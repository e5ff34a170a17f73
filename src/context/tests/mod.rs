//! Contexts in small trees: what is seen of them, and what that depends on.

mod listed;
mod properties;

use std::collections::{BTreeMap, BTreeSet};

use super::pattern::Fault;
use super::situations::{SITUATIONS, Situation, Thing};
use super::*;

/// The id of a file that holds this.
fn blob(content: &str) -> Id {
    Id::of(Format::Sha1, "blob", content.as_bytes())
}

fn entry(thing: Thing) -> (&'static str, Entry) {
    match thing {
        Thing::File(path) => (path, Entry::File { executable: false, id: blob(path) }),
        Thing::Executable(path) => (path, Entry::File { executable: true, id: blob(path) }),
        Thing::Link(path, to) => (path, Entry::Link { to: to.as_bytes().into(), id: blob(to) }),
        Thing::Folder(path) => (path, Entry::Folder(Folder::default())),
    }
}

fn tree_of(files: &[Thing]) -> Tree {
    let mut tree = Tree::default();
    let changes = files.iter().map(|thing| entry(*thing)).map(|(path, entry)| (path.into(), Some(entry)));
    tree.overlay(changes).unwrap();
    tree
}

/// Its sources as they are asked for.
fn sources(situation: &Situation) -> Vec<Vec<u8>> {
    situation.sources.iter().map(|source| source.as_bytes().to_vec()).collect()
}

fn with<T>(situation: &Situation, tree: &Tree, ask: impl FnOnce(&Context<'_>) -> T) -> T {
    let ignore = Ignore::parse(situation.ignore.as_bytes()).unwrap();
    let paths = sources(situation);
    let sources = if paths.is_empty() { Sources::Whole } else { Sources::Paths(&paths) };
    ask(&Context::new(tree, b"", &ignore, sources).unwrap())
}

fn seen(context: &Context<'_>) -> BTreeSet<String> {
    let text = |(path, kind)| {
        let path = String::from_utf8(path).unwrap();
        if kind == Kind::Folder { format!("{path}/") } else { path }
    };
    context.paths().into_iter().map(text).collect()
}

#[test]
fn a_build_sees_what_the_situations_say() {
    let mut wrong = vec![];
    for situation in SITUATIONS {
        let expected: BTreeSet<_> = situation.sees.iter().map(|path| (*path).to_owned()).collect();
        let found = with(situation, &tree_of(situation.files), seen);
        if found != expected {
            wrong.push(format!("{}: {found:?} instead of {expected:?}", situation.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let names: BTreeSet<_> =
        SITUATIONS.iter().map(|situation| (situation.sources.is_empty(), situation.name)).collect();
    assert_eq!(names.len(), SITUATIONS.len());
}

/// The context of a path in a tree of links, whole.
fn root_of(path: &str) -> Result<String, Problem> {
    let mut tree = tree_of(&[
        Thing::File("apps/web/index.html"),
        Thing::File("file"),
        Thing::Link("web", "apps/web"),
        Thing::Link("apps/up", ".."),
        Thing::Link("chain", "./apps/up/web"),
        Thing::Link("rooted", "/apps"),
        Thing::Link("out", "../elsewhere"),
        Thing::Link("round", "round/x"),
    ]);
    let commit = Entry::Submodule { id: blob("") };
    tree.overlay([("sub".into(), Some(commit))]).unwrap();
    let ignore = Ignore::default();
    let context = Context::new(&tree, path.as_bytes(), &ignore, Sources::Whole)?;
    Ok(String::from_utf8_lossy(context.root()).into_owned())
}

#[test]
fn a_context_is_found_as_the_system_finds_it() {
    for (path, root) in [
        ("", ""),
        (".", ""),
        ("./apps//web/", "apps/web"),
        ("apps/../apps/web", "apps/web"),
        ("web", "apps/web"),
        ("web/..", "apps"),
        ("apps/up", ""),
        ("chain", "apps/web"),
    ] {
        assert_eq!(root_of(path), Ok(root.to_owned()), "{path}");
    }
    for (path, problem) in [
        ("none", Problem::Missing as fn(Vec<u8>) -> Problem),
        ("apps/none/web", Problem::Missing),
        ("file", Problem::NotAFolder),
        ("file/..", Problem::NotAFolder),
        ("sub", Problem::Submodule),
        ("sub/below", Problem::Submodule),
        ("/apps", Problem::Outside),
        ("..", Problem::Outside),
        ("apps/../../x", Problem::Outside),
        ("rooted", Problem::Outside),
        ("out", Problem::Outside),
        ("round", Problem::Loop),
    ] {
        assert_eq!(root_of(path), Err(problem(path.into())), "{path}");
    }
}

#[test]
fn a_source_that_is_no_pattern_is_a_problem() {
    let tree = tree_of(&[Thing::File("a")]);
    let ignore = Ignore::default();
    for (source, fault) in [
        ("[a", Fault::Syntax),
        ("x/[]", Fault::Syntax),
        ("a\\d*", Fault::Unclear("\\")),
        ("a^*", Fault::Unclear("^")),
    ] {
        let paths = [b"a".to_vec(), source.into()];
        let problem = Context::new(&tree, b"", &ignore, Sources::Paths(&paths)).unwrap_err();
        assert_eq!(problem, Problem::Source { path: source.into(), fault }, "{source}");
    }
}

#[test]
fn a_build_that_asks_for_nothing_sees_nothing() {
    let ignore = Ignore::default();
    let (tree, empty) = (tree_of(&[Thing::File("a")]), Tree::default());
    let context = Context::new(&tree, b"", &ignore, Sources::Paths(&[])).unwrap();
    assert!(context.paths().is_empty());
    assert!(!context.sees(b"a"));
    let other = Context::new(&empty, b"", &ignore, Sources::Whole).unwrap();
    assert_eq!(context.fingerprint(), other.fingerprint());
}

#[test]
fn what_is_behind_links_that_cannot_be_followed_is_all_that_there_is() {
    let mut tree = tree_of(&[Thing::File("a"), Thing::File("b/c"), Thing::Link("round", "round/x")]);
    let commit = Entry::Submodule { id: blob("") };
    tree.overlay([
        ("sub".into(), Some(commit)),
        ("to-sub".into(), Some(entry(Thing::Link("to-sub", "sub/x")).1)),
    ])
    .unwrap();
    let ignore = Ignore::parse(b"a").unwrap();
    for (source, all) in [
        ("round", true),
        ("sub/x", true),
        ("to-sub", true),
        ("sub", false),
        ("s*", false),
        ("t*", true),
        ("*/x", true),
        ("b*/x", false),
        ("b", false),
    ] {
        let paths = [source.into()];
        let context = Context::new(&tree, b"", &ignore, Sources::Paths(&paths)).unwrap();
        let sees = seen(&context);
        assert_eq!(
            sees.contains("b/c") && sees.contains("round") && sees.contains("sub"),
            all,
            "{source}: {sees:?}"
        );
        assert!(!sees.contains("a"), "it is ignored");
    }
}

#[test]
fn a_submodule_counts_where_anything_in_it_may() {
    for (ignore, sources, counts) in [
        ("", &[][..], true),
        ("sub", &[], false),
        ("**", &[], false),
        ("sub\n!sub/x", &[], true),
        ("sub/*", &[], true),
        ("**\n!**/*.c", &[], true),
        ("", &["sub"], true),
        ("", &["sub/x/y"], true),
        ("", &["s*"], true),
        ("", &["*/x"], true),
        ("", &["other"], false),
        ("sub", &["sub"], false),
    ] {
        let commit = |content: &str| {
            let mut tree = tree_of(&[Thing::File("other")]);
            tree.overlay([("sub".into(), Some(Entry::Submodule { id: blob(content) }))]).unwrap();
            let ignore = Ignore::parse(ignore.as_bytes()).unwrap();
            let paths: Vec<Vec<u8>> =
                sources.iter().map(|source: &&str| source.as_bytes().to_vec()).collect();
            let sources = if paths.is_empty() { Sources::Whole } else { Sources::Paths(&paths) };
            Context::new(&tree, b"", &ignore, sources).unwrap().fingerprint()
        };
        assert_eq!(commit("1") != commit("2"), counts, "{ignore:?} {sources:?}");
    }
}

#[test]
fn a_path_is_judged_though_nothing_is_there() {
    let tree = tree_of(&[
        Thing::File("app/a"),
        Thing::Link("app/l", "data"),
        Thing::File("app/data/x"),
        Thing::File("b"),
    ]);
    for (ignore, sources, path, sees) in [
        ("", &[][..], "app/new", true),
        ("", &[], "app/new/deep", true),
        ("", &[], "app/new/", true),
        ("", &[], "b", false),
        ("", &[], "apple/new", false),
        ("*.log", &[], "app/x.log", false),
        ("*.log", &[], "app/x/x.log", true),
        ("tmp", &[], "app/tmp/x", false),
        ("tmp", &[], "app/tmp/", false),
        ("tmp\n!tmp/keep", &[], "app/tmp/x", false),
        ("tmp\n!tmp/keep", &[], "app/tmp/keep", true),
        ("tmp\n!tmp/keep", &[], "app/tmp/", true),
        ("", &["src"], "app/src/new", true),
        ("", &["src"], "app/new", false),
        ("", &["src"], "app/new/", false),
        ("", &["src/a.c"], "app/src/b.c", false),
        ("", &["src/a.c"], "app/src/", true),
        // A link could be there.
        ("", &["src/a.c"], "app/src", true),
        ("", &["*.c"], "app/x.c", true),
        ("", &["*.c"], "app/x.h", false),
        ("", &["l"], "app/data/new", true),
        ("", &["l/y"], "app/data/y", true),
        ("", &["l/y"], "app/data/z", false),
        ("src", &["src"], "app/src/new", false),
    ] {
        let ignore_file = Ignore::parse(ignore.as_bytes()).unwrap();
        let paths: Vec<Vec<u8>> = sources.iter().map(|source: &&str| source.as_bytes().to_vec()).collect();
        let asked = if paths.is_empty() { Sources::Whole } else { Sources::Paths(&paths) };
        let context = Context::new(&tree, b"app", &ignore_file, asked).unwrap();
        assert_eq!(context.sees(path.as_bytes()), sees, "{ignore:?} {sources:?} {path}");
    }
}

#[test]
fn what_every_commit_changes_is_told() {
    for (root, ignore, sources, sees) in [
        ("", "", &[][..], true),
        ("", ".git", &[], false),
        ("", ".git/", &[], false),
        ("", "**/.git", &[], false),
        ("", ".git/**", &[], false),
        ("", ".git/*", &[], false),
        ("", ".*", &[], false),
        ("", "*", &[], false),
        ("", ".gitignore", &[], true),
        ("", ".git/objects", &[], true),
        ("", "*\n!.git/HEAD", &[], true),
        ("", "*\n!.git/refs/heads/release", &[], true),
        ("", "*\n!.git", &[], true),
        ("", "*\n!src", &[], false),
        ("", "*\n!**/*.go", &[], false),
        ("", "", &["src"], false),
        ("", "", &["."], true),
        ("", "", &[".git"], true),
        ("", "", &[".git/refs/heads/release"], true),
        ("", ".git", &[".git/HEAD"], false),
        ("", "", &["*"], true),
        ("", "", &["*.go"], false),
        ("app", "", &[], false),
    ] {
        let tree = tree_of(&[Thing::File("app/a")]);
        let ignore_file = Ignore::parse(ignore.as_bytes()).unwrap();
        let paths: Vec<Vec<u8>> = sources.iter().map(|source: &&str| source.as_bytes().to_vec()).collect();
        let asked = if paths.is_empty() { Sources::Whole } else { Sources::Paths(&paths) };
        let context = Context::new(&tree, root.as_bytes(), &ignore_file, asked).unwrap();
        assert_eq!(context.sees_git(), sees, "{ignore:?} {sources:?}");
    }
}

#[test]
fn attributes_come_from_above_and_below() {
    let tree = tree_of(&[
        Thing::File(".gitattributes"),
        Thing::File("a/.gitattributes"),
        Thing::File("a/b/x"),
        Thing::File("a/b/.gitattributes"),
        Thing::File("a/b/c/d/.gitattributes"),
        Thing::File("a/e/.gitattributes"),
        Thing::File("f/x"),
    ]);
    let found = |folder: &str| -> Option<Vec<String>> {
        let attributes = tree.attributes(folder.as_bytes())?;
        Some(attributes.into_iter().map(|(path, _)| String::from_utf8(path).unwrap()).collect())
    };
    assert_eq!(
        found("a/b").unwrap(),
        [".gitattributes", "a/.gitattributes", "a/b/.gitattributes", "a/b/c/d/.gitattributes"]
    );
    assert_eq!(found("").unwrap().len(), 5);
    assert_eq!(found("f").unwrap(), [".gitattributes"]);
    assert_eq!(found("none"), None);
    assert_eq!(tree.attributes(b"f").unwrap(), [(b".gitattributes".to_vec(), blob(".gitattributes"))]);
}

/// What is and what is not part of a fingerprint.
#[test]
fn a_fingerprint_is_of_what_is_seen() {
    let print = |files: &[Thing], ignore: &str| {
        let tree = tree_of(files);
        let ignore = Ignore::parse(ignore.as_bytes()).unwrap();
        Context::new(&tree, b"", &ignore, Sources::Whole).unwrap().fingerprint()
    };
    let base = [Thing::File("a"), Thing::Link("l", "a"), Thing::File("d/x.txt")];
    let same = print(&base, "");
    for ignore in ["# a comment", "other", "**/*.tmp", "*\n!**", "!a"] {
        assert_eq!(print(&base, ignore), same, "{ignore:?} takes nothing away");
    }
    for files in [
        [Thing::Executable("a"), Thing::Link("l", "a"), Thing::File("d/x.txt")],
        [Thing::Link("a", "a"), Thing::Link("l", "a"), Thing::File("d/x.txt")],
        [Thing::File("a"), Thing::Link("l", "b"), Thing::File("d/x.txt")],
        [Thing::File("a"), Thing::File("l"), Thing::File("d/x.txt")],
        [Thing::File("a"), Thing::Link("l", "a"), Thing::File("d/y.txt")],
        [Thing::File("a"), Thing::Link("l", "a"), Thing::Folder("d")],
    ] {
        assert_ne!(print(&files, ""), same, "{files:?}");
    }
    // A folder whose files are all ignored is there, and an empty one is the same.
    let ignored = print(&base, "**/*.txt");
    assert_eq!(ignored, print(&[Thing::File("a"), Thing::Link("l", "a"), Thing::Folder("d")], ""));
    assert_ne!(ignored, print(&base, "d"));
    assert_eq!(print(&base, "d"), print(&[Thing::File("a"), Thing::Link("l", "a")], ""));
    assert_eq!(same.to_string().len(), 64);
}

#[test]
fn a_context_elsewhere_with_the_same_files_is_the_same() {
    let tree = tree_of(&[Thing::File("a/x"), Thing::File("b/x")]);
    let ignore = Ignore::default();
    let print = |root: &[u8]| Context::new(&tree, root, &ignore, Sources::Whole).unwrap().fingerprint();
    assert_ne!(print(b"a"), print(b"b"), "their files hold their paths");
    let entry = tree.top.find(b"a/x").cloned();
    let mut tree = tree.clone();
    tree.overlay([("b/x".into(), entry)]).unwrap();
    let print = |root: &[u8]| Context::new(&tree, root, &ignore, Sources::Whole).unwrap().fingerprint();
    assert_eq!(print(b"a"), print(b"b"));
}
