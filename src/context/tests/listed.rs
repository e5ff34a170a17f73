//! What git lists, and what lies in a working tree.

use super::super::tree::BadName;
use super::*;

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
