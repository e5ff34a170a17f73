//! Which module may use which (those of its own group in `src/lib.rs` and of the groups above), which may touch the
//! world, and how long a file may get.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a file before its tests.
const MAX_LINES: usize = 600;

/// Modules that may use less than their place in `src/lib.rs` allows: only the group of the words, the first.
const WORDS_ONLY: [&str; 1] = ["registry"];

/// What may touch files, network, environment, clock and streams.
const GATES: [&str; 2] = ["host/", "registry/"];

/// What is no part of the program.
const BUILD_SCRIPT: &str = "build.rs";

/// A file of `src/`, cut where its tests begin and with its comments blanked.
struct Code {
    path: String,
    text: String,
}

impl Code {
    fn new(path: &str, text: &str) -> Self {
        let opens =
            |rest: &str| rest.lines().next().is_some_and(|line| line.contains("mod ") && line.ends_with('{'));
        let mut marks = text.match_indices("\n#[cfg(test)]\n");
        let tests = marks.find(|(at, mark)| opens(&text[at + mark.len()..])).map_or(text.len(), |(at, _)| at);
        let lines =
            text[..tests].lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
        Self { path: path.to_owned(), text: lines.collect::<Vec<_>>().join("\n") }
    }

    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or_default()
    }

    /// How far the module is below the crate.
    fn depth(&self) -> usize {
        self.path.split('/').filter(|part| *part != "mod.rs").count()
    }

    fn line(&self, offset: usize) -> usize {
        self.text[..offset].matches('\n').count() + 1
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn all_code() -> Vec<Code> {
    let (mut folders, mut code) = (vec![source()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(source()).unwrap().to_str().unwrap().replace('\\', "/");
                if name == BUILD_SCRIPT {
                    continue;
                }
                code.push(Code::new(&name, &fs::read_to_string(path).unwrap()));
            }
        }
    }
    code.sort_by(|a, b| a.path.cmp(&b.path));
    code
}

/// The group of each module: how many blank lines stand above it among the declarations of `src/lib.rs`.
fn groups() -> BTreeMap<String, usize> {
    groups_of(&fs::read_to_string(source().join("lib.rs")).unwrap())
}

fn groups_of(text: &str) -> BTreeMap<String, usize> {
    let blocks = text.split("\n\n").map(|block| {
        let names = block.lines().filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "));
        names.filter_map(|name| Some(name.strip_suffix(';')?.to_owned())).collect::<Vec<_>>()
    });
    let blocks = blocks.filter(|names| !names.is_empty()).enumerate();
    blocks.flat_map(|(group, names)| names.into_iter().map(move |name| (name, group))).collect()
}

/// The name after each `crate::`, those in braces included, and where it is used.
fn used_modules(text: &str) -> Vec<(usize, &str)> {
    let mut names = Vec::new();
    for (at, prefix) in text.match_indices("crate::") {
        let rest = &text[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => names.extend(outermost(list).into_iter().map(|name| (at, name))),
            None => names.push((at, rest)),
        }
    }
    let word = |text: &str| text.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(text.len());
    names.into_iter().map(|(at, name)| (at, &name[..word(name)])).collect()
}

/// The parts between the commas of a list, up to the brace that closes it.
fn outermost(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (end, byte) in list.bytes().enumerate() {
        match byte {
            b',' | b'}' if depth == 0 => {
                parts.push(list[start..end].trim());
                start = end + 1;
                if byte == b'}' {
                    break;
                }
            }
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    parts
}

/// What is wrong with a file's imports.
fn faults(code: &Code, groups: &BTreeMap<String, usize>) -> Vec<String> {
    let module = code.module();
    let Some(own) = groups.get(module) else {
        return vec![format!("src/{}: `{module}` is not declared in src/lib.rs", code.path)];
    };
    let limit = if WORDS_ONLY.contains(&module) { 0 } else { *own };
    let fault = |offset, text: &str| format!("src/{}:{}: {text}", code.path, code.line(offset));
    let upward = used_modules(&code.text)
        .into_iter()
        .filter(|(_, used)| *used != module && groups.get(*used).is_some_and(|group| *group > limit))
        .map(|(at, used)| fault(at, &format!("`{module}` must not use `{used}`")));
    let root = "super::".repeat(code.depth());
    let hidden =
        code.text.match_indices(&root).map(|(at, _)| fault(at, "write `crate::` instead of `super::`"));
    upward.chain(hidden).collect()
}

#[test]
fn modules_use_only_their_group_and_those_above() {
    let groups = groups();
    let code = all_code();
    let modules = code.iter().filter(|code| !["lib.rs", "main.rs"].contains(&code.path.as_str()));
    let found: Vec<_> = modules.flat_map(|code| faults(code, &groups)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn only_the_gates_have_no_fence() {
    for code in all_code() {
        let text: String = code.text.split_whitespace().collect();
        let lifts = text
            .replace("#![cfg_attr(test,allow(clippy::disallowed_methods", "")
            .contains("disallowed_methods");
        let is_gate = GATES.iter().any(|gate| code.path.starts_with(gate));
        assert!(is_gate || !lifts, "src/{} lifts the fence that only {GATES:?} may lift", code.path);
    }
}

#[test]
fn files_stay_readable() {
    let lengths = all_code().into_iter().map(|code| (code.line(code.text.len()), code.path));
    let long: Vec<_> = lengths.filter(|(length, _)| *length > MAX_LINES).collect();
    assert!(long.is_empty(), "more than {MAX_LINES} lines before the tests: {long:?}");
}

#[test]
fn every_test_file_is_declared() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let main = fs::read_to_string(folder.join("main.rs")).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(
            module == "main" || main.contains(&format!("mod {module};")),
            "tests/cli/{name} is not in main.rs, and does not run"
        );
    }
}

#[test]
fn the_checks_can_fail() {
    let groups = groups_of(
        "//! Map.\n\n// Words.\npub mod platform;\n\npub mod plan;\nmod registry;\n\npub mod host;\n",
    );
    let groups: Vec<_> = groups.iter().map(|(name, group)| (name.as_str(), *group)).collect();
    assert_eq!(groups, [("host", 2), ("plan", 1), ("platform", 0), ("registry", 1)]);
    let groups = groups.into_iter().map(|(name, group)| (name.to_owned(), group)).collect();

    let names = |text| used_modules(text).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(names("use crate::{plan::{A, B}, host,\n    platform::C};"), ["plan", "host", "platform"]);
    assert_eq!(names("let x = crate::host::now() + crate::plan::y();"), ["host", "plan"]);
    for (path, text, expected) in [
        ("plan.rs", "use crate::platform::Platform;", 0),
        ("plan.rs", "use crate::registry::Registry;", 0),
        ("plan.rs", "use crate::host::Host;", 1),
        ("plan.rs", "// use crate::host::Host;", 0),
        ("plan.rs", "use super::host::Host;", 1),
        ("plan.rs", "\n#[cfg(test)]\nmod tests {\nuse super::*;", 0),
        ("plan.rs", "\n#[cfg(test)]\nmod testing;\nuse crate::host::Host;", 1),
        ("registry/http.rs", "use crate::plan::Plan;", 1),
        ("registry/http.rs", "use crate::{platform::Platform, registry::Registry};", 0),
        ("registry/http.rs", "use super::super::plan::Plan;", 1),
        ("registry/http.rs", "use super::Registry;", 0),
        ("registry/mod.rs", "use super::plan::Plan;", 1),
        ("registry/auth/helper.rs", "use super::super::Registry;", 0),
        ("stray.rs", "", 1),
    ] {
        assert_eq!(faults(&Code::new(path, text), &groups).len(), expected, "{path}: {text}");
    }
}
