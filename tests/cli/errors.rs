//! What bad definitions are told: each file of `tests/errors` with the exact text of its neighbour `NAME.stderr`.
//!
//! `NAME.hcl` stands for `docker-bake.hcl`, `NAME.json` for `docker-bake.json`, and `NAME.images.hcl` and
//! `NAME.images.json` for the files that come last. The command is `bakeplan plan`, or the one in a comment on the first
//! line: `# X_TOKEN=value bakeplan print app`. `SNAPSHOTS=overwrite` writes what is told now.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use snapbox::{Assert, Data};

use crate::support::Test;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors")
}

/// The definition's files by case.
fn cases() -> BTreeMap<String, Vec<(&'static str, String)>> {
    let mut cases: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let (name, kind) = file.split_once('.').unwrap();
        let stands_for = match kind {
            "hcl" => "docker-bake.hcl",
            "json" => "docker-bake.json",
            "images.hcl" => "images.hcl",
            "images.json" => "images.json",
            "stderr" => continue,
            _ => panic!("tests/errors/{file} is no file of a case"),
        };
        cases.entry(name.to_owned()).or_default().push((stands_for, fs::read_to_string(&path).unwrap()));
    }
    cases
}

/// The case with its command.
fn test(files: &[(&str, String)]) -> Test {
    let first = files[0].1.lines().next().unwrap_or_default();
    let command = first.strip_prefix("# ").filter(|line| line.contains("bakeplan "));
    let (variables, arguments) = command.unwrap_or("bakeplan plan").split_once("bakeplan ").unwrap();
    let mut test = Test::new().args(arguments.split(' '));
    for variable in variables.split_whitespace() {
        let (name, value) = variable.split_once('=').unwrap();
        test = test.env(name, value);
    }
    files.iter().fold(test, |test, (name, text)| test.file(name, text))
}

#[test]
fn every_mistake_is_told_as_recorded() {
    let assert = Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV).normalize_paths(false);
    let mut faults = Vec::new();
    for (name, files) in cases() {
        let output = test(&files).output();
        let told = String::from_utf8(output.stderr).expect("the program writes UTF-8");
        if output.status.code() != Some(1) || !output.stdout.is_empty() {
            faults.push(format!("{name}: exit code {:?}, {told}", output.status.code()));
        }
        let recorded = Data::read_from(&folder().join(format!("{name}.stderr")), None).raw();
        if let Err(difference) = assert.try_eq(Some(&name), Data::text(told), recorded) {
            faults.push(format!("{name}:{difference}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Each message begins with the severity and a code, and says where the mistake is or what to do.
#[test]
fn every_message_names_a_place_or_a_cure() {
    for name in cases().into_keys() {
        let text = fs::read_to_string(folder().join(format!("{name}.stderr"))).unwrap();
        let mut messages: Vec<Vec<&str>> = Vec::new();
        for line in text.lines() {
            let begins = ["error[", "warning[", "note["].iter().any(|start| line.starts_with(start));
            match messages.last_mut() {
                Some(message) if !begins => message.push(line),
                _ => messages.push(vec![line]),
            }
        }
        for message in &messages {
            let has = |mark: &str| message.iter().any(|line| line.contains(mark));
            assert!(message[0].contains("]: "), "{name}: {}", message[0]);
            assert!(has("--> ") || has("= help: "), "{name}: {}", message.join("\n"));
        }
        let distinct: BTreeSet<&Vec<&str>> = messages.iter().collect();
        assert_eq!(distinct.len(), messages.len(), "{name} tells something twice");
    }
}

#[test]
fn every_recorded_text_belongs_to_a_case() {
    let cases = cases();
    for entry in fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let case = file.split('.').next().unwrap();
        assert!(cases.contains_key(case), "tests/errors/{file} belongs to no case");
    }
}
