//! Properties: nothing panics, and what is seen decides the fingerprint.

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
    let source =
        vec("a|b|ab|a\\.x|\\*|a\\*|\\?|\\[ab\\]|\\.\\.", 1..4).prop_map(|names| names.join("/").into_bytes());
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
