//! `bakeplan plan` as a terminal shows it. What is expected is in `tests/terminal`, and `SNAPSHOTS=overwrite` writes it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use snapbox::{Assert, Data};

use crate::support::Test;

const EXAMPLES: [&str; 3] = ["python", "versions", "monorepo"];

/// What a terminal of so many columns gets, with escapes.
fn shown(test: Test, columns: usize, options: &[&str]) -> String {
    let arguments = ["plan", "--color=always"].into_iter().chain(options.iter().copied());
    let output = test.env("COLUMNS", &columns.to_string()).args(arguments).output();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn example(name: &str) -> Test {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = format!("examples/{name}");
    Test::new().files(root, &folder).cwd(&folder)
}

/// A text without its styles.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for (at, part) in text.split("\u{1b}[").enumerate() {
        plain.push_str(if at == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    plain
}

#[track_caller]
fn compare(text: String, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/terminal").join(name);
    let assert = Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV).normalize_paths(false);
    assert.eq(Data::text(text), Data::read_from(&path, Some(snapbox::data::DataFormat::Text)).raw());
}

#[test]
fn plans_look_good_at_two_widths() {
    for name in EXAMPLES {
        for columns in [80, 200] {
            compare(plain(&shown(example(name), columns, &[])), &format!("{name}-{columns}.txt"));
        }
    }
    compare(plain(&shown(many(), 80, &[])), "many-80.txt");
    compare(plain(&shown(example("python"), 80, &["--explain"])), "python-explain-80.txt");
}

#[test]
fn colours_are_those_of_any_terminal() {
    let text = shown(example("monorepo"), 80, &[]) + &shown(example("monorepo"), 80, &["--tree"]);
    // Bold, dim, green and magenta, which can be read on black and on white.
    let styles: BTreeSet<&str> =
        text.split("\u{1b}[").skip(1).map(|part| part.split_once('m').unwrap().0).collect();
    assert_eq!(styles, ["0", "1", "2", "32", "35"].into());
    compare(text.replace('\u{1b}', "\\e"), "monorepo-colour-80.txt");
}

/// An image with many tags, and names that are long.
fn many() -> Test {
    let tags: Vec<String> = (1..60).map(|number| format!("\"tag-number-{number}\"")).collect();
    Test::new().file(
        "docker-bake.hcl",
        format!(
            "target \"an-image-with-a-name-of-many-words\" {{ platforms = [\"linux/amd64\", \"linux/arm64\", \"windows/amd64\"] }}\n\
             image \"an-image-with-a-name-of-many-words\" {{\n\
               repositories = [\"registry.example.com:5000/a/very/long/path/to/an/image/that/has/a/long/name/of/its/own\"]\n\
               runners = {{ \"windows/amd64\" = \"ubuntu-latest\" }}\n\
               tags = [{}]\n}}\n",
            tags.join(", ")
        ),
    )
}

fn words(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn no_word_is_broken_at_any_width() {
    let tests = || EXAMPLES.map(example).into_iter().chain([many()]);
    let whole: Vec<_> = tests().map(|test| words(&plain(&shown(test, 500, &["--explain"])))).collect();
    for columns in [1, 10, 20, 40, 79, 80, 109, 110, 120, 200] {
        for (test, whole) in tests().zip(&whole) {
            let text = plain(&shown(test, columns, &["--explain"]));
            assert_eq!(&words(&text), whole, "{columns}");
            for line in text.lines() {
                // One word alone is longer than the terminal is wide.
                let is_long = line.chars().count() > columns && columns >= 80;
                assert!(!is_long || line.contains("registry.example.com:5000/"), "{columns}: {line:?}");
            }
        }
    }
}

/// A pipe gets the table that it always got; colours and their switches are those of other programs.
#[test]
fn what_is_no_terminal_gets_plain_text() {
    let table =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/python/plan.txt")).unwrap();
    for (variables, option, is_plain) in [
        (&[][..], "--color=auto", true),
        (&[("CLICOLOR_FORCE", "1")], "--color=auto", false),
        (&[("CLICOLOR_FORCE", "1")], "--color=never", true),
        (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], "--color=auto", true),
        (&[("NO_COLOR", "1")], "--color=always", false),
    ] {
        let test = variables.iter().fold(example("python"), |test, (name, value)| test.env(name, value));
        let output = test.args(["plan", option]).output();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text == table, is_plain, "{variables:?} {option}: {text}");
        assert_eq!(text.contains('\u{1b}'), !is_plain, "{variables:?} {option}");
    }
}

/// In a terminal that `script` makes, where there is one.
#[test]
fn links_are_for_terminals_that_have_them() {
    let run = |variables: &str| {
        let line = format!("stty cols 80; {variables} {} plan", env!("CARGO_BIN_EXE_bakeplan"));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/python");
        let mut command = Command::new("script");
        command
            .args(["-qec", &line, "/dev/null"])
            .current_dir(folder)
            .env_clear()
            .env("TERM", "xterm-256color");
        command.env("PATH", std::env::var("PATH").unwrap());
        command
            .output()
            .ok()
            .filter(|output| output.status.success())
            .map(|o| String::from_utf8(o.stdout).unwrap())
    };
    let link =
        "\u{1b}]8;;https://hub.docker.com/r/acme/python\u{1b}\\docker.io/acme/python\u{1b}]8;;\u{1b}\\";
    for (variables, has_links, has_styles) in [
        ("", false, true),
        ("VTE_VERSION=6800", true, true),
        ("TERM_PROGRAM=WezTerm", true, true),
        ("VTE_VERSION=4600", false, true),
        ("VTE_VERSION=6800 TMUX=/tmp/a", false, true),
        ("VTE_VERSION=6800 NO_COLOR=1", false, false),
        ("VTE_VERSION=6800 TERM=dumb", false, false),
    ] {
        let Some(text) = run(variables) else { return };
        assert_eq!(text.contains(link), has_links, "{variables}: {text:?}");
        assert_eq!(text.contains("\u{1b}[1mpython"), has_styles, "{variables}: {text:?}");
        assert!(text.contains("stays") && text.contains("may move"), "{variables}: {text:?}");
    }
}

#[test]
fn a_tree_shows_each_branch_once() {
    let test = Test::new()
        .file(
            "docker-bake.hcl",
            "group \"default\" { targets = [\"app\", \"web\"] }\n\
             target \"base\" { platforms = [\"linux/amd64\"] }\n\
             target \"lib\" {\n  inherits = [\"base\"]\n  contexts = { base = \"target:base\" }\n}\n\
             target \"app\" {\n  inherits = [\"base\"]\n  contexts = { base = \"target:base\", lib = \"target:lib\" }\n}\n\
             target \"web\" {\n  inherits = [\"base\"]\n  contexts = { lib = \"target:lib\" }\n}\n\
             image \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"1\"]\n}\n\
             image \"web\" {\n  repositories = [\"ghcr.io/acme/web\"]\n  tags = [\"1\"]\n}\n",
        )
        .args(["plan", "--tree"]);
    test.stdout(
        "app\n\
         └─ app  linux/amd64\n\
         \u{20}  ├─ base\n\
         \u{20}  └─ lib\n\
         \u{20}     └─ base\n\
         \n\
         web\n\
         └─ web  linux/amd64\n\
         \u{20}  └─ lib …\n\
         \n\
         2 images, 2 tags in 2 repositories, 1 platform, 2 jobs\n",
    )
    .run();
}

/// What a stranger writes is shown, and does nothing.
#[test]
fn a_terminal_obeys_nothing_of_the_file() {
    let test = Test::new().file(
        "docker-bake.hcl",
        "target \"app\" {}\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"1\"]\n  runners = { default = \"a\\u001b]8;;https://evil.example\\u001b\\\\b\\u001b[2J\" }\n}\n",
    );
    let text = shown(test, 80, &[]);
    assert!(!text.contains("\u{1b}]") && !text.contains("\u{1b}[2J"), "{text:?}");
    assert!(text.contains("\\u{1b}]8;;https://evil.example"), "{text:?}");
}

/// Messages, too, have no colour that fades on white: neither yellow, cyan, white nor a bright one.
#[test]
fn messages_have_no_colour_that_fades() {
    let warned = "variable \"A_TOKEN\" { default = \"x\" }\ntarget \"default\" { args = { A = A_TOKEN } }\n";
    for (file, arguments) in [
        ("target \"app\" {\n  platforms = TAGG\n}\n", &["plan"][..]),
        (warned, &["plan"]),
        ("", &["explain", "unknown-variable"]),
        ("", &["explain", "unset-variable"]),
    ] {
        let output = Test::new()
            .file("docker-bake.hcl", file)
            .args(["--color=always"])
            .args(arguments.iter().copied())
            .output();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let codes = text.split("\u{1b}[").skip(1).filter_map(|part| part.split_once('m'));
        let codes: BTreeSet<&str> = codes.flat_map(|(codes, _)| codes.split(';')).collect();
        assert!(!codes.is_empty(), "{arguments:?}: {text}");
        let known = ["", "0", "1", "2", "4", "31", "32", "35"];
        assert!(codes.iter().all(|code| known.contains(code)), "{arguments:?}: {codes:?}");
    }
}

/// JSON keeps its data, and shows none of the characters that turn a line around or hide in it.
#[test]
fn json_on_a_terminal_hides_nothing() {
    for command in [
        &["plan", "--format", "json"][..],
        &["matrix"],
        &["matrix", "--format", "github"],
        &["bake"],
        &["metadata"],
    ] {
        let run = |color: &str| {
            let test = Test::new().file(
                "docker-bake.hcl",
                "target \"app\" { description = \"a\\u202eb\\u200bc\" }\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"1\"]\n  runners = { default = \"a\\u202eb\" }\n}\n",
            );
            let output = test.args(["--color", color]).args(command.iter().copied()).output();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        let (shown, piped) = (run("always"), run("never"));
        assert!(!shown.contains(['\u{202e}', '\u{200b}']), "{shown}");
        let data = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(data(&shown), data(&piped), "{command:?}");
        if command[0] != "metadata" {
            assert!(piped.contains('\u{202e}'), "{piped}");
        }
    }
}
