use std::collections::{BTreeMap, BTreeSet};

use super::listing::BadListing;
use super::pattern::Fault;
use super::situations::{SITUATIONS, Situation, Thing};
use super::tree::BadName;
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

/// What `git ls-tree -r -t -z` prints for these rows, with `|` for a tab.
fn listing(rows: &[&str]) -> Vec<u8> {
    rows.iter().flat_map(|row| format!("{}\0", row.replacen('|', "\t", 1)).into_bytes()).collect()
}

/// A commit of real git, with a name for each thing that git sorts in its own way.
const LISTING: &[&str] = &[
    "040000 tree 7a685cdf3fb9e1b8bdd3c3206720831554b2ee4f|a-b",
    "100644 blob 0cfbf08886fca9a91cb753ec8734c84fcbe52c9f|a-b/g",
    "100644 blob b8626c4cff2849624fb67f87cd0ad72b163671ad|a.txt",
    "040000 tree fd43cc879db368e808a98b81005d6f21a8852a15|a",
    "100644 blob d00491fd7e5bb6fa28c517a0bb32b8b506539d4d|a/f",
    "040000 tree 7451817a06abf77e590ce8c6771838ce43861074|a0",
    "100644 blob 00750edc07d6415dcc07ae0351e9397b0222b7ba|a0/h",
    "040000 tree f789f510d8c8d04bd4ee4d6448ca43dad87615f4|deep",
    "040000 tree a1bdebc108bdf129fbc01aca7c73744aae293a29|deep/er",
    "100755 blob 7218afe77e9bf34f86390549f3008309e31dd9a6|deep/er/x",
    "100644 blob ea0c8a85cb7293feae2c9e151d1d395be59b61fa|deep/q\"ü",
    "120000 blob 8d14cbf983b3fad683171c9418998d9f68340823|l",
    "160000 commit 0123456789012345678901234567890123456789|sub",
];

/// What `git rev-parse HEAD^{tree}` says of it.
const TOP: &str = "262c8e0f4ef008e2b3b472b100dcbcab8bd958fe";

/// What the links of [`LISTING`] hold.
fn links() -> BTreeMap<Id, Vec<u8>> {
    BTreeMap::from([(blob("a.txt"), b"a.txt".to_vec())])
}

fn read(list: &[&str]) -> Result<Tree, BadListing> {
    tree(rows(&listing(list))?, &links(), None)
}

#[test]
fn tree_objects_are_those_of_git() {
    let tree = read(LISTING).unwrap();
    assert_eq!(tree.top.id(tree.format).to_string(), TOP);
    let bare = Tree { top: tree.top.without_ids(), ..tree };
    assert_eq!(bare.top.id(bare.format).to_string(), TOP);
    let without_folders: Vec<_> = LISTING.iter().copied().filter(|row| !row.starts_with("04")).collect();
    assert_eq!(read(&without_folders).unwrap(), bare);
    for (path, expected) in
        [("a", "fd43cc87"), ("deep/er", "a1bdebc1"), ("deep/er/x", "7218afe7"), ("sub", "01234567")]
    {
        let entry = bare.top.find(path.as_bytes()).unwrap();
        assert!(entry.id(bare.format).to_string().starts_with(expected), "{path}");
    }
    let sha256 =
        read(&["100644 blob b3235bed7e38dc7d6477c31fce618d77cba1f10d7213c9a250d777b98b54e36e|a/f"]).unwrap();
    assert_eq!(sha256.format, Format::Sha256);
    assert_eq!(
        sha256.top.id(sha256.format).to_string(),
        "b380e306dc729ad2008d107ff4c4d5014728efd476190c771850d16d98f78f83"
    );
    assert_eq!(
        Tree::default().top.id(Format::Sha1).to_string(),
        "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        "git's empty tree"
    );
}

#[test]
fn what_a_listing_says_of_a_folder_is_believed() {
    let id = "1111111111111111111111111111111111111111";
    let folder = format!("040000 tree {id}|a");
    let file = "100644 blob d00491fd7e5bb6fa28c517a0bb32b8b506539d4d|a/f";
    let tree = read(&[&folder, file]).unwrap();
    assert_eq!(tree.top.find(b"a").unwrap().id(tree.format).to_string(), id);
    // Unless git would write it in another way today.
    for old in ["100664", "100600", "100666"] {
        let tree = read(&[&folder, &file.replace("100644", old)]).unwrap();
        assert!(tree.top.find(b"a").unwrap().id(tree.format).to_string().starts_with("fd43cc87"), "{old}");
    }
}

#[test]
fn what_git_does_not_print_is_refused() {
    let file = "100644 blob d00491fd7e5bb6fa28c517a0bb32b8b506539d4d";
    let sha256 = "100644 blob b3235bed7e38dc7d6477c31fce618d77cba1f10d7213c9a250d777b98b54e36e|z";
    let other = "120000 blob d00491fd7e5bb6fa28c517a0bb32b8b506539d4d|l";
    let twice = |name: &str| BadListing::Name(BadName::Twice(name.into()));
    let invalid = |name: &str| BadListing::Name(BadName::Invalid(name.into()));
    for (list, expected) in [
        (vec!["rubbish".to_owned()], BadListing::Row("rubbish".into())),
        (vec!["100644 blob d004|a".to_owned()], BadListing::Row("100644 blob d004\ta".into())),
        (vec![format!("{file}|a"), sha256.to_owned()], BadListing::Format("z".into())),
        (vec![other.to_owned()], BadListing::Link("l".into())),
        (
            vec![file.replace("100644", "010000") + "|p"],
            BadListing::Mode { path: "p".into(), mode: 0o010_000 },
        ),
        (vec![format!("{file}|a"), format!("{file}|a")], twice("a")),
        (vec![format!("{file}|a"), format!("{file}|a/b")], twice("a")),
        (vec![format!("{file}|a/b"), format!("{file}|c"), format!("{file}|a/d")], twice("a")),
        (vec![format!("{file}|a/../b")], invalid("..")),
        (vec![format!("{file}|/a")], invalid("")),
        (vec![format!("{file}|./a")], invalid(".")),
    ] {
        let list: Vec<_> = list.iter().map(String::as_str).collect();
        assert_eq!(read(&list).unwrap_err(), expected, "{list:?}");
    }
    let deep = format!("{file}|{}f", "d/".repeat(1_000));
    assert!(matches!(read(&[&deep]), Err(BadListing::Name(BadName::TooDeep(_)))));
    // As deep as it may be, it works.
    let deep = read(&[&format!("{file}|{}f", "d/".repeat(999))]).unwrap();
    let ignore = Ignore::parse(b"**/x").unwrap();
    let context = Context::new(&deep, b"", &ignore, Sources::Whole).unwrap();
    assert_eq!(context.paths().len(), 1_000);
    context.fingerprint();
}

#[test]
fn a_working_tree_is_what_git_would_commit() {
    let file = |content: &str| Some(Entry::File { executable: false, id: blob(content) });
    let committed = read(LISTING).unwrap();
    let mut tree = committed.clone();
    tree.overlay([]).unwrap();
    assert_eq!(tree, committed);
    tree.overlay([("nothing/here".into(), None), ("a/f/x".into(), None), ("a/g".into(), None)]).unwrap();
    assert_eq!(tree, committed);
    assert_eq!(tree.top.id(tree.format).to_string(), TOP);

    // A change and its undoing.
    tree.overlay([("deep/er/x".into(), None), ("new/y".into(), file("y"))]).unwrap();
    assert_ne!(tree.top.id(tree.format).to_string(), TOP);
    assert_eq!(tree.top.find(b"deep/er"), None, "git has no empty folders");
    assert!(tree.top.find(b"deep").is_some());
    let x = committed.top.find(b"deep/er/x").cloned();
    tree.overlay([("deep/er/x".into(), x), ("new".into(), None)]).unwrap();
    assert_eq!(tree, committed);
    assert_eq!(tree.top.id(tree.format).to_string(), TOP);

    // A file becomes a folder, and a folder a file.
    tree.overlay([("a.txt/b".into(), file("b")), ("a0".into(), file("c"))]).unwrap();
    assert!(matches!(tree.top.find(b"a.txt"), Some(Entry::Folder(_))));
    assert!(matches!(tree.top.find(b"a0"), Some(Entry::File { .. })));
    assert_eq!(tree.overlay([("a//b".into(), None)]), Err(BadName::Invalid(vec![])));
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

mod properties {
    use proptest::collection::vec;
    use proptest::prelude::{
        Just, Strategy, any, prop_assert, prop_assert_eq, prop_assert_ne, prop_oneof, proptest,
    };

    use super::*;

    fn path() -> impl Strategy<Value = String> {
        vec("a|b|ab|a\\.x|b\\.x", 1..4).prop_map(|names| names.join("/"))
    }

    fn any_entry() -> impl Strategy<Value = Entry> {
        prop_oneof![
            4 => (any::<bool>(), "[0-3]")
                .prop_map(|(executable, content)| Entry::File { executable, id: blob(&content) }),
            2 => prop_oneof![path(), path().prop_map(|to| format!("/{to}")), path().prop_map(|to| format!("../{to}"))]
                .prop_map(|to| Entry::Link { to: to.as_bytes().into(), id: blob(&to) }),
            1 => Just(Entry::Folder(Folder::default())),
            1 => Just(Entry::Submodule { id: blob("s") }),
        ]
    }

    fn changes() -> impl Strategy<Value = Vec<(Vec<u8>, Option<Entry>)>> {
        vec((path().prop_map(String::into_bytes), any_entry().prop_map(Some)), 0..14)
    }

    fn any_tree() -> impl Strategy<Value = Tree> {
        changes().prop_map(|changes| {
            let mut tree = Tree::default();
            tree.overlay(changes).unwrap();
            tree
        })
    }

    fn any_ignore() -> impl Strategy<Value = Ignore> {
        vec(("!?", vec("a|b|ab|\\*|\\*\\*|\\*\\.x|a\\*|\\?|\\[ab\\]|\\*\\*b|\\[\\^a\\]\\*", 1..4)), 0..6)
            .prop_map(|lines| {
                let lines: Vec<_> =
                    lines.iter().map(|(bang, names)| format!("{bang}{}", names.join("/"))).collect();
                Ignore::parse(lines.join("\n").as_bytes()).unwrap()
            })
    }

    fn any_sources() -> impl Strategy<Value = Option<Vec<Vec<u8>>>> {
        let source = vec("a|b|ab|a\\.x|\\*|a\\*|\\?|\\[ab\\]|\\.\\.", 1..4)
            .prop_map(|names| names.join("/").into_bytes());
        prop_oneof![1 => Just(None), 2 => vec(source, 0..4).prop_map(Some)]
    }

    fn asked(paths: Option<&Vec<Vec<u8>>>) -> Sources<'_> {
        paths.map_or(Sources::Whole, |paths| Sources::Paths(paths))
    }

    fn files(tree: &Tree) -> Vec<Vec<u8>> {
        let ignore = Ignore::default();
        let all = Context::new(tree, b"", &ignore, Sources::Whole).unwrap().paths();
        all.into_iter()
            .filter(|(_, kind)| matches!(kind, Kind::File | Kind::Executable))
            .map(|(path, _)| path)
            .collect()
    }

    proptest! {
        #[test]
        fn tree_objects_make_no_difference(tree in any_tree(), ignore in any_ignore(), paths in any_sources()) {
            let bare = Tree { top: tree.top.without_ids(), ..tree };
            let known = bare.clone();
            known.top.id(known.format);
            let print = |tree: &Tree| {
                Context::new(tree, b"", &ignore, asked(paths.as_ref())).unwrap().fingerprint()
            };
            prop_assert_eq!(print(&bare), print(&known));
            let mut same = known.clone();
            same.overlay([]).unwrap();
            prop_assert_eq!(print(&same), print(&known));
        }

        #[test]
        fn what_is_seen_is_a_context_of_its_own(tree in any_tree(), ignore in any_ignore(), paths in any_sources()) {
            let context = Context::new(&tree, b"", &ignore, asked(paths.as_ref())).unwrap();
            let mut rest = Tree::default();
            for (path, kind) in context.paths() {
                let entry = match kind {
                    Kind::Folder => Entry::Folder(Folder::default()),
                    Kind::File | Kind::Executable | Kind::Link | Kind::Submodule => {
                        tree.top.find(&path).unwrap().clone()
                    }
                };
                rest.overlay([(path, Some(entry))]).unwrap();
            }
            let none = Ignore::default();
            let whole = Context::new(&rest, b"", &none, Sources::Whole).unwrap();
            prop_assert_eq!(whole.paths(), context.paths());
            prop_assert_eq!(whole.fingerprint(), context.fingerprint());
        }

        #[test]
        fn what_is_seen_counts_and_nothing_else(
            tree in any_tree(),
            ignore in any_ignore(),
            paths in any_sources(),
        ) {
            let print = |tree: &Tree| {
                Context::new(tree, b"", &ignore, asked(paths.as_ref())).unwrap().fingerprint()
            };
            let context = Context::new(&tree, b"", &ignore, asked(paths.as_ref())).unwrap();
            let seen: BTreeSet<_> = context.paths().into_iter().map(|(path, _)| path).collect();
            let before = print(&tree);
            for path in files(&tree) {
                let mut changed = tree.clone();
                changed.overlay([(path.clone(), Some(Entry::File { executable: true, id: blob("new") }))]).unwrap();
                if seen.contains(&path) {
                    prop_assert_ne!(print(&changed), before);
                    prop_assert!(context.sees(&path));
                } else {
                    prop_assert_eq!(print(&changed), before);
                    prop_assert!(paths.is_some() || !context.sees(&path));
                }
            }
        }

        /// A new file that is not seen changes nothing, but for folders that come with it.
        #[test]
        fn a_new_file_that_is_not_seen_changes_nothing(
            tree in any_tree(),
            ignore in any_ignore(),
            paths in any_sources(),
            name in "a|b|ab|a\\.x|b\\.x|z",
            folder in any::<proptest::sample::Index>(),
        ) {
            let folders: Vec<_> = Context::new(&tree, b"", &Ignore::default(), Sources::Whole).unwrap().paths().into_iter()
                .filter(|(_, kind)| *kind == Kind::Folder).map(|(path, _)| path).chain([vec![]]).collect();
            let path = path::join(folder.get::<Vec<u8>>(&folders), name.as_bytes());
            if tree.top.find(&path).is_some() {
                return Ok(());
            }
            let context = Context::new(&tree, b"", &ignore, asked(paths.as_ref())).unwrap();
            let mut changed = tree.clone();
            changed.overlay([(path.clone(), Some(Entry::File { executable: false, id: blob("new") }))]).unwrap();
            let after = Context::new(&changed, b"", &ignore, asked(paths.as_ref())).unwrap();
            if context.sees(&path) {
                // On the way to a source, it only may.
                prop_assert!(paths.is_some() || after.fingerprint() != context.fingerprint());
            } else {
                prop_assert_eq!(after.fingerprint(), context.fingerprint());
            }
        }

        #[test]
        fn more_sources_see_more(tree in any_tree(), paths in vec("[ab*./]{1,5}", 0..4), more in "[ab*./]{1,5}") {
            let ignore = Ignore::default();
            let fewer: Vec<Vec<u8>> = paths.into_iter().map(String::into_bytes).collect();
            let more = [fewer.clone(), vec![more.into_bytes()]].concat();
            let see = |paths: &[Vec<u8>]| -> BTreeSet<_> {
                Context::new(&tree, b"", &ignore, Sources::Paths(paths)).unwrap().paths().into_iter().collect()
            };
            prop_assert!(see(&more).is_superset(&see(&fewer)));
        }

        #[test]
        fn no_bytes_make_it_panic(
            list in vec(any::<u8>(), 0..200),
            root in vec(any::<u8>(), 0..10),
            source in vec(any::<u8>(), 0..10),
        ) {
            let tree = rows(&list).and_then(|rows| tree(rows, &BTreeMap::new(), None)).unwrap_or_default();
            let ignore = Ignore::default();
            if let Ok(context) = Context::new(&tree, &root, &ignore, Sources::Paths(&[source])) {
                context.sees(&root);
                context.fingerprint();
            }
        }
    }
}
