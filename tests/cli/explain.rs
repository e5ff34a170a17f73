//! `bakeplan explain`: the codes of all messages, their examples, and the pages that are made from what is declared.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use bakeplan::internals::code::{Code, Right, SUBJECTS};
use bakeplan::internals::verify::code::Code as Finding;
use snapbox::{Assert, Data, str};

use crate::support::{Test, in_parallel, read};

/// The codes of all diagnostics.
fn codes() -> Vec<Code> {
    SUBJECTS.iter().flat_map(|subject| subject.codes).copied().collect()
}

/// The source files, without the table itself.
fn sources() -> BTreeMap<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (BTreeMap::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.parent() != Some(&root.join("code"))
                && path.extension().is_some_and(|end| end == "rs")
            {
                found.insert(path.clone(), fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// How the code is called by the program.
fn constant(code: Code) -> String {
    code.name().to_uppercase().replace('-', "_")
}

/// Whether a word stands in a text as a word of its own.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| !text[at + word.len()..].starts_with(is_part))
}

#[test]
fn each_code_is_declared_once_and_reported() {
    let names: BTreeSet<_> = codes().iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), codes().len());
    assert!(names.len() > 200, "{}", names.len());
    assert!(names.iter().all(|name| {
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    }));
    let sources = sources();
    let is_used = |code: &Code| {
        let constant = format!("Code::{}", constant(*code));
        sources.values().any(|text| has_word(text, &constant))
    };
    let unused: Vec<_> = codes().into_iter().filter(|code| !is_used(code)).collect();
    assert!(unused.is_empty(), "nothing reports {unused:?}: take them out of src/code/");
    // The program calls each by its name.
    let declared: String = [
        "command", "compose", "images", "init", "language", "merge", "pipeline", "registry", "tags",
        "targets",
    ]
    .map(|name| read(&format!("src/code/{name}.rs")))
    .concat();
    let misnamed: Vec<_> = codes()
        .into_iter()
        .filter(|code| !declared.contains(&format!("    {} \"{}\" [", constant(*code), code.name())))
        .collect();
    assert!(misnamed.is_empty(), "{misnamed:?}");
}

/// As far as that can be seen where a diagnostic is made; some change afterwards.
#[test]
fn codes_are_reported_as_severely_as_declared() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (path, text) in sources() {
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for severity in ["error", "warning", "note"] {
            for (at, start) in text.match_indices(&format!("Diagnostic::{severity}(")) {
                let rest = text[at + start.len()..].trim_start();
                let Some(rest) = rest.strip_prefix("Code::") else { continue };
                let name: String = rest.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
                let code = codes().into_iter().find(|code| constant(*code) == name);
                let Some(code) = code else { continue };
                count += 1;
                if !code.row().severities.iter().any(|one| one.word() == severity) {
                    wrong.push(format!("{}: `{}` is no {severity}", path.display(), code.name()));
                }
            }
        }
    }
    assert!(count > 300, "the places are not found: {count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs a command beside files. What it reports.
fn told(command: &str, files: &[(&str, &str)]) -> String {
    let test = files.iter().fold(Test::new(), |test, (name, text)| test.file(name, text));
    String::from_utf8(test.args(command.split(' ')).output().stderr).unwrap()
}

/// The messages among what is reported, each with its header.
fn messages(told: &str) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    for line in told.lines() {
        let begins = ["error[", "warning[", "note["].iter().any(|start| line.starts_with(start));
        match messages.last_mut() {
            Some(last) if !begins => last.extend([line, "\n"]),
            _ => messages.push(format!("{line}\n")),
        }
    }
    messages
}

/// Each example gives its code, as it is recorded, and what is right does not.
#[test]
fn examples_give_their_code_and_what_is_right_does_not() {
    let tried = in_parallel(&codes(), |code| {
        let (name, example) = (code.name(), &code.row().example);
        let Ok((command, files)) = example.steps() else { return (None, None) };
        let found = told(command, &files);
        let is_of = |message: &&String| {
            message.split_once('[').is_some_and(|(_, rest)| rest.starts_with(&format!("{name}]")))
        };
        let Some(message) = messages(&found).iter().find(is_of).cloned() else {
            return (None, Some(format!("{name}: the example reports\n{found}")));
        };
        let severity = message.split('[').next().unwrap();
        if !code.row().severities.iter().any(|one| one.word() == severity) {
            return (None, Some(format!("{name}: `{severity}` is not declared")));
        }
        let record = format!("## {name}\n{}\n\n", message.trim_end());
        if example.fix.is_none() {
            return (Some(record), None);
        }
        let found = match example.right() {
            None => return (Some(record), Some(format!("{name}: what is to be replaced is not there"))),
            Some(Right::Command(command)) => told(&command, &files),
            Some(Right::File(changed, text)) => {
                let of = |(name, old): &(&'static str, &'static str)| {
                    (*name, if *name == changed { text.clone() } else { (*old).to_owned() })
                };
                let files: Vec<(&str, String)> = files.iter().map(of).collect();
                let files: Vec<(&str, &str)> =
                    files.iter().map(|(name, text)| (*name, text.as_str())).collect();
                told(command, &files)
            }
        };
        let fails = messages(&found).iter().any(|message| is_of(&message) || message.starts_with("error"));
        (Some(record), fails.then(|| format!("{name}: what is said to be right reports\n{found}")))
    });
    let (records, mut wrong): (Vec<_>, Vec<_>) = tried.into_iter().unzip();
    let text: String = records.into_iter().flatten().collect();
    wrong.extend(differs("src/code/messages.txt", text));
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Compares a file with what it should be, or writes it.
fn differs(path: &str, text: String) -> Vec<Option<String>> {
    let assert = Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV).normalize_paths(false);
    let recorded = Data::read_from(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path), None).raw();
    let difference = assert.try_eq(Some(&path), Data::text(text), recorded).err();
    vec![difference.map(|difference| format!("{difference}"))]
}

/// Where to read on: a page that is there.
#[test]
fn codes_lead_to_pages() {
    for code in codes() {
        let guide = code.row().guide;
        let is_there = Path::new(env!("CARGO_MANIFEST_DIR")).join(guide).exists();
        assert!(guide.starts_with("https://") || is_there, "{code}: {guide}");
    }
}

/// A text that begins with a capital letter, unless with code, and ends with a full stop.
fn sentence(text: &str) -> String {
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    let text = first.to_uppercase() + rest;
    if text.ends_with(['.', '?']) { text } else { format!("{text}.") }
}

#[test]
fn the_index_has_each_code_and_finding() {
    let mut page = read("docs/reference/diagnostics.md");
    let at = page.find("\n## ").map_or(page.len(), |at| at + 1);
    page.truncate(at);
    for subject in SUBJECTS {
        page.extend(["## ", subject.title, "\n\n"]);
        for code in subject.codes {
            page.push_str(&entry(*code));
        }
    }
    page.push_str("## What `bakeplan verify` finds\n\nA code may be that of a message above, too.\n\n| code | | is | cause | cure |\n|---|---|---|---|---|\n");
    for finding in Finding::ALL {
        let row = finding.row();
        let what = row.example.steps().unwrap_err();
        let severities = severities(finding.code());
        page.extend([
            "| `",
            row.name,
            "` | ",
            &severities,
            " | ",
            what,
            " | ",
            row.cause,
            " | ",
            row.cure,
            " |\n",
        ]);
    }
    let wrong: Vec<String> = differs("docs/reference/diagnostics.md", page).into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The table of findings on the page about `verify`.
#[test]
fn the_page_about_verify_has_each_finding() {
    let page = read("docs/reference/verify.md");
    let (before, table) = page.split_once("| finding |").expect("the table is there");
    let after: String =
        table.lines().skip_while(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect();
    let rows = Finding::ALL.iter().map(|finding| {
        let what = finding.row().example.steps().unwrap_err();
        format!("| `{}` | {} | {what} |\n", finding.name(), severities(finding.code()))
    });
    let page = format!("{before}| finding | | is |\n|---|---|---|\n{}{after}", rows.collect::<String>());
    let wrong: Vec<String> = differs("docs/reference/verify.md", page).into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the page for searching recommends exists.
#[test]
fn codes_in_pages_are_declared() {
    let known: BTreeSet<_> =
        codes().into_iter().chain(Finding::ALL.iter().map(|one| one.code())).map(Code::name).collect();
    let page = read("docs/how-to/troubleshooting.md");
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let explained = words.split("`bakeplan explain ").skip(1).filter_map(|rest| rest.split('`').next());
    let found = words.split("finding `").skip(1).filter_map(|rest| rest.split('`').next());
    let named: Vec<_> = explained.chain(found).filter(|name| *name != "CODE").collect();
    assert!(named.len() > 8, "{named:?}");
    let wrong: Vec<_> = named.iter().filter(|name| !known.contains(**name)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

fn severities(code: Code) -> String {
    code.row().severities.iter().map(|one| one.word()).collect::<Vec<_>>().join(", ")
}

/// A code as the index shows it. A heading can be linked to.
fn entry(code: Code) -> String {
    let row = code.row();
    format!(
        "### `{}`\n\n*{}.* {}\n\n{}\n\n",
        row.name,
        severities(code),
        sentence(row.cause),
        sentence(row.cure)
    )
}

#[test]
fn a_code_is_explained_with_its_message() {
    Test::new()
        .args(["explain", "error[unknown-function]:"])
        .stdout(str![[r#"
error[unknown-function]

Cause: A call names a function that is neither one of Bake's standard functions
nor in a `function` block. Inside a function, only functions that are known
before it is used can be called.

Example, docker-bake.hcl:

    target "app" {
      args = { NAME = uper("app") }
    }

`bakeplan plan` reports:

    error[unknown-function]: there is no function named `uper`
     --> docker-bake.hcl:2:19
      |
    2 |   args = { NAME = uper("app") }
      |                   ^^^^ not found
      |
      = help: did you mean `upper`?

Right, docker-bake.hcl:

    target "app" {
      args = { NAME = upper("app") }
    }

Cure: Correct the name, or declare the function in a `function` block.

Read on: https://docs.docker.com/build/bake/reference/

"#]])
        .run();
}

/// A name may be that of a message and of a finding, and nothing is explained twice.
#[test]
fn several_codes_are_explained_each_once() {
    let output = Test::new().args(["explain", "held", "note[held]", "tag-missing"]).output();
    let text = String::from_utf8(output.stdout).unwrap();
    let headers: Vec<_> = text.lines().filter(|line| line.contains('[') && !line.starts_with(' ')).collect();
    assert_eq!(
        headers,
        [
            "warning[held]",
            "note[held], found by `bakeplan verify`",
            "error[tag-missing], found by `bakeplan verify`"
        ]
    );
    assert!(!text.contains('\x1b'), "{text}");
}

#[test]
fn all_codes_are_listed_a_line_each() {
    let output = Test::new().args(["explain", "--list"]).output();
    let text = String::from_utf8(output.stdout).unwrap();
    let listed: Vec<_> = text.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    let all = codes().into_iter().chain(Finding::ALL.iter().map(|finding| finding.code()));
    let mut all: Vec<_> = all.map(Code::name).collect();
    all.sort_unstable();
    assert_eq!(listed, all);
}

#[test]
fn explanations_are_data_for_programs() {
    let json = |arguments: &[&str]| -> serde_json::Value {
        let output = Test::new().args(arguments.iter().copied()).output();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let found = json(&["explain", "output-name", "tag-missing", "--format=json"]);
    assert_eq!((&found[0]["code"], &found[0]["found_by"]), (&"output-name".into(), &"diagnostic".into()));
    assert_eq!(found[0]["severities"], serde_json::json!(["warning"]));
    assert_eq!(found[0]["example"]["command"], "bakeplan plan");
    assert!(
        found[0]["example"]["message"].as_str().unwrap().starts_with("warning[output-name]: "),
        "{found}"
    );
    assert_eq!(found[1]["found_by"], "verify");
    assert!(found[1]["example"]["situation"].is_string() && found[1]["cure"].is_string(), "{found}");
    let all = json(&["explain", "--list", "--format=json"]);
    assert_eq!(all.as_array().unwrap().len(), codes().len() + Finding::ALL.len());
}

#[test]
fn unknown_codes_are_answered_with_the_nearest() {
    for (code, expected) in [
        ("unknown-varable", "did you mean `unknown-variable`"),
        ("error[platfrom-missing]", "`platform-missing`"),
        ("xyz", "`bakeplan explain --list` lists all"),
    ] {
        let output = Test::new().args(["explain", code]).output();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && output.stdout.is_empty(), "{code}: {said}");
        assert!(
            said.starts_with("error[usage]: there is no code `") && said.contains(expected),
            "{code}: {said}"
        );
    }
}

/// One mistyped code among several does not cost the explanation of the others.
#[test]
fn known_codes_are_explained_beside_unknown_ones() {
    for arguments in [["explain", "held", "xyz"], ["explain", "xyz", "held"]] {
        let alone = Test::new().args(["explain", "held"]).output();
        let output = Test::new().args(arguments).output();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && !said.contains("`held`"), "{said}");
        assert!(said.starts_with("error[usage]: there is no code `xyz`; "), "{said}");
        assert!(!alone.stdout.is_empty() && output.stdout == alone.stdout);
    }
    let output = Test::new().args(["explain", "held", "xyz", "--format=json"]).output();
    let explained: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &explained[0]["code"]), (Some(2), &"held".into()));
    let output = Test::new().args(["explain", "xyz", "platfrom-missing", "held", "zyx"]).output();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(["`xyz`", "`platform-missing`", "`zyx`"].iter().all(|name| said.contains(name)), "{said}");
}

#[test]
fn a_terminal_gets_colours_and_nothing_else_does() {
    for (color, has) in [("always", true), ("never", false), ("auto", false)] {
        for what in ["held", "--list"] {
            let output = Test::new().args(["explain", what, "--color", color]).output();
            assert_eq!(output.stdout.contains(&0x1b), has, "{what} {color}");
        }
    }
}

/// A user copies what stands before a message.
#[test]
fn the_header_of_every_recorded_message_is_explained() {
    let told = read("tests/errors/all-at-once.stderr");
    let headers: BTreeSet<&str> = told
        .lines()
        .filter(|line| line.starts_with("error["))
        .filter_map(|line| line.split_once(": "))
        .map(|(head, _)| head)
        .collect();
    assert!(headers.len() > 2, "{headers:?}");
    let output = Test::new().args(["explain"]).args(headers.iter().copied()).output();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
