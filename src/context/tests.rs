use std::collections::{BTreeMap, BTreeSet};

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
