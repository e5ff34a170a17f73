//! CONTRIBUTING.md names what is there.

use std::collections::BTreeSet;
use std::path::Path;

use crate::docs::first_column;
use crate::support::read;

/// What stands in backticks, blocks of code left out.
fn words(text: &str) -> Vec<&str> {
    let lines = text.split("```").step_by(2);
    lines.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

/// The paths among them.
fn paths(text: &str) -> Vec<&str> {
    let folders = ["src/", "tests/", "benches/", "fuzz/", "examples/", "templates/", ".ci/", ".github/"];
    let is_file = |word: &str| [".rs", ".md", ".toml"].iter().any(|end| word.ends_with(end));
    let is_path = |word: &&str| {
        let in_folder = folders.iter().any(|folder| word.starts_with(folder));
        // `mod.rs` is the name of many.
        !word.contains(' ') && (in_folder || (is_file(word) && *word != "mod.rs"))
    };
    words(text).into_iter().filter(is_path).collect()
}

fn missing(text: &str) -> Vec<&str> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    paths(text).into_iter().filter(|path| !root.join(path).exists()).collect()
}

/// The modules that a crate declares.
fn modules(lib: &str) -> BTreeSet<String> {
    let declared = lib.lines().filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "));
    declared.map(|name| name.trim_end_matches(';').to_owned()).collect()
}

#[test]
fn every_path_exists() {
    let text = read("CONTRIBUTING.md");
    assert!(paths(&text).len() > 20, "the paths are not found: {:?}", paths(&text));
    assert_eq!(missing(&text), [""; 0]);
}

#[test]
fn the_map_has_each_module_once() {
    let map = first_column(&read("CONTRIBUTING.md"), "| Module | Job |");
    let named: BTreeSet<String> = map.iter().cloned().collect();
    assert_eq!(named.len(), map.len(), "a module is there twice");
    assert_eq!(named, modules(&read("src/lib.rs")));
    assert!(map.len() > 20, "{map:?}");
}

/// The groups of modules that a crate declares, which blank lines separate: what the rule about rows is about.
fn groups(lib: &str) -> BTreeSet<BTreeSet<String>> {
    lib.split("\n\n").map(modules).filter(|group| !group.is_empty()).collect()
}

#[test]
fn the_rows_of_the_map_are_the_groups_of_the_crate() {
    let text = read("CONTRIBUTING.md");
    let (_, table) = text.split_once("| Module | Job |").expect("the map is there");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| "));
    let names =
        |row: &str| row.split('|').nth(1).map(|cell| words(cell).into_iter().map(str::to_owned).collect());
    let rows: BTreeSet<BTreeSet<String>> = rows.filter_map(names).collect();
    assert_eq!(rows, groups(&read("src/lib.rs")));
    assert!(rows.len() > 8, "{rows:?}");
}

#[test]
fn the_first_command_is_that_of_the_readme() {
    let block = |name| crate::support::blocks(&read(name), "sh").first().map(|block| (*block).to_owned());
    let (ours, shown) = (block("CONTRIBUTING.md"), block("README.md"));
    assert_eq!(ours.as_deref().and_then(|ours| ours.lines().next()), shown.as_deref().map(str::trim_end));
    assert!(shown.is_some());
}

#[test]
fn these_checks_can_fail() {
    assert_eq!(
        missing("`src/lib.rs` and `src/nothing.rs`, `LOST.md`, `{{ major }}`"),
        ["src/nothing.rs", "LOST.md"]
    );
    assert_eq!(missing("```sh\n`src/nothing.rs`\n```\n`tests/run -- x`, `tests/cli/`"), [""; 0]);
    assert_eq!(modules("//! mod no;\npub mod a;\nmod b;\n").into_iter().collect::<Vec<_>>(), ["a", "b"]);
}
