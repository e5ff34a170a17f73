//! Every pattern that the README or a message recommends renders, in one kind of run at least.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::Test;

/// What each kind of run knows.
const RUNS: [&[&str]; 4] = [
    &["ref=refs/tags/v1.2.3"],
    &["ref=refs/heads/main"],
    &["ref=refs/heads/feature/x"],
    &["ref=refs/pull/7/merge", "head_branch=feature/x", "base_branch=main"],
];

/// What the texts of messages have holes for.
const HOLES: [&str; 5] = ["tag", "branch", "base_branch", "date", "version"];

/// The spans of code in a text that have a word of a pattern in them.
fn spans(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.contains("${{"));
    let spans = lines.flat_map(|line| line.split('`').skip(1).step_by(2));
    // A block of a Bake file is none.
    let spans = spans.filter(|span| !span.starts_with("image "));
    spans.filter(|span| span.contains("{{") && span.contains("}}")).map(str::to_owned).collect()
}

fn of_readme(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join("README.md")).unwrap();
    let is_entry = |line: &&str| line.contains("{{") && !line.contains("${{") && !line.contains('`');
    // Lists in examples.
    let lists = text.lines().filter(is_entry).flat_map(|line| line.split('"').skip(1).step_by(2));
    let lists = lists.filter(|text| text.contains("{{")).map(str::to_owned);
    // What is shown there because it is an error.
    let is_wrong = |span: &String| span == "{{date YYYYMMDD}}";
    spans(&text).into_iter().filter(|span| !is_wrong(span)).chain(lists).collect()
}

/// Those of messages: what stands in a string, with something in its holes.
fn of_messages(root: &Path) -> Vec<Vec<String>> {
    // The tests of a room, which have a file or a folder, show no messages.
    let files = |folder: &str| -> Vec<PathBuf> {
        let all = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        all.filter(|path| path.file_stem().is_some_and(|stem| stem != "tests")).collect()
    };
    let mut files =
        [files("src/rules"), files("src/resolve"), vec![root.join("src/pattern/mod.rs")]].concat();
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
        let is_message = |line: &&str| {
            !line.trim_start().starts_with("//") && !line.contains("#[error") && line.contains('"')
        };
        for line in text.lines().filter(is_message) {
            let is_format = line.contains("{{{{");
            for span in spans(line) {
                let span = span.replace("\\\"", "\"");
                found.push(if is_format { filled(&span) } else { vec![span] });
            }
        }
    }
    found
}

/// A string of `format!`, with each of the words in its holes.
fn filled(span: &str) -> Vec<String> {
    let fill = |word: &&str| {
        let text = span.replace("{word}", word).replace("{when}", word).replace("{kind}", "semver");
        let text = text.replace("{pattern}", &format!("{{{{{{{{ {word} | slug }}}}}}}}"));
        let text = text.replace("{{{{", "\u{1}").replace("}}}}", "\u{2}");
        let text = text.replace("{{", "{").replace("}}", "}");
        text.replace('\u{1}', "{{").replace('\u{2}', "}}")
    };
    HOLES.iter().map(fill).collect()
}

/// The attributes of an image in which a span is tried.
fn attributes(span: &str) -> String {
    let span = span.replace('…', "x");
    let quoted = |text: &str| format!("tags = [{text:?}]");
    let is_rule_word = span.contains("{{") && !span.contains("{{ ");
    let of_version =
        ["{{version}}", "{{major}}", "{{minor}}", "{{raw}}"].iter().any(|word| span.contains(word));
    let outside: String = span.split("}}").map(|part| part.split("{{").next().unwrap()).collect();
    if outside.contains('/') {
        // A repository, or what stands before the version in a git tag, in the same words.
        let name = span.trim_matches(['"', '/']);
        format!("tags = [\"x\"]\n  repositories = [\"r.io/{name}\"]\n  version = \"1.0\"")
    } else if span.starts_with('{') && !span.starts_with("{{") {
        format!("tags = [{span}]")
    } else if span.contains(" = ") {
        span
    } else if span.starts_with("type=") {
        quoted(&span)
    } else if span.starts_with("suffix=") && of_version {
        // That is for versions of the run, and has a word of the run in its place.
        quoted("type=raw,value=x")
    } else if span.starts_with("suffix=") || span.starts_with("prefix=") || span.starts_with("enable=") {
        let branch = span.replace("is_default_branch", "is_not_default_branch");
        quoted(&format!("type=raw,value=x,{branch}"))
    } else if is_rule_word && of_version {
        quoted(&format!("type=semver,pattern={span}"))
    } else if is_rule_word {
        quoted(&format!("type=raw,value=x-{span}"))
    } else {
        quoted(span.trim_matches('"'))
    }
}

/// Whether the span gives a tag in one of the runs; else what is told.
fn tried(span: &str) -> Result<(), String> {
    let mut attributes = attributes(span);
    if !attributes.contains("repositories = ") {
        attributes += "\n  repositories = [\"r.io/x/a\"]";
    }
    if !attributes.contains("version = ") {
        attributes += "\n  version = \"{{ tag }}\"";
    }
    let file =
        format!("target \"a\" {{\n  platforms = [\"linux/amd64\"]\n}}\nimage \"a\" {{\n  {attributes}\n}}\n");
    let mut told = String::new();
    for run in RUNS {
        let facts =
            ["event=push", "commit=0123456789abcdef", "commit_time=1700000000", "default_branch=main"];
        let facts = facts.iter().chain(run).map(|fact| format!("--fact={fact}")).collect::<Vec<_>>();
        let test = Test::new().file("docker-bake.hcl", &file).args(["metadata", "--format=tags"]);
        let output = test.args(facts.iter().map(String::as_str)).output();
        if output.status.success() && !output.stdout.is_empty() {
            return Ok(());
        }
        told += &String::from_utf8_lossy(&output.stderr);
    }
    Err(format!("{file}{told}"))
}

#[test]
fn every_pattern_of_the_readme_renders() {
    let spans = of_readme(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(spans.len() > 20 && spans.iter().any(|span| span == "sha-{{ commit[:12] }}"), "{spans:?}");
    for span in spans {
        tried(&span).unwrap_or_else(|told| panic!("{span}\n{told}"));
    }
}

#[test]
fn every_pattern_of_a_message_renders() {
    let found = of_messages(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(found.len() > 15 && found.iter().flatten().any(|span| span == "{{ commit[:12] }}"), "{found:?}");
    for spans in found {
        let told: Vec<String> = spans.iter().filter_map(|span| tried(span).err()).collect();
        assert!(told.len() < spans.len(), "{spans:?}\n{}", told.join("\n"));
    }
}
