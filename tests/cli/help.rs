//! `--help`, `-h` and the manual pages: each command has examples that run, names the exit codes that it has, and groups its
//! options.

use std::collections::BTreeMap;
use std::process::Command;

use bakeplan::internals::cli;

use crate::support::Test;

/// A definition, a plan that asks no registry, a layout, and what else the examples name.
fn prepared() -> Test {
    let mut test = Test::new()
        .file("docker-bake.hcl", "target \"app\" {}\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version = \"1.2.3\"\n  tags = [\"{{ version }}\"]\n}\n")
        .file("plain/docker-bake.hcl", "target \"default\" {}\n")
        .file("metadata/none.txt", "")
        .file("README.md", "<!-- bakeplan:begin -->\n<!-- bakeplan:end -->\n");
    for (path, content) in crate::options::FILES.iter().filter(|(path, _)| path.starts_with("layout/")) {
        test = test.file(path, content);
    }
    let folder = test.folder().to_owned();
    for out in ["../ci", "../before"] {
        let made =
            Test::new().args(["-C", folder.join("plain").to_str().unwrap(), "plan", "--out", out]).output();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    std::fs::remove_file(folder.join("ci/docker-bake.json")).unwrap();
    for line in [
        "git init -q -b main .",
        "git add docker-bake.hcl",
        "git -c user.name=a -c user.email=a@b.c commit -q -m one",
    ] {
        let mut words = line.split(' ');
        let status = Command::new(words.next().unwrap()).args(words).current_dir(&folder).status();
        assert!(status.unwrap().success(), "{line}");
    }
    test
}

/// The text of `--help` or `-h`.
fn help(command: &str, option: &str) -> String {
    let words = [command, option];
    let output = Test::new().args(words.into_iter().filter(|word| !word.is_empty())).output();
    String::from_utf8(output.stdout).unwrap()
}

fn commands() -> Vec<String> {
    let program = cli::command();
    let names = program.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help");
    std::iter::once("").chain(names).map(str::to_owned).collect()
}

/// The command lines below `Examples:`.
fn examples(help: &str) -> Vec<&str> {
    let (_, rest) = help.split_once("\nExample").expect("there are examples");
    let lines = rest.lines().take_while(|line| !line.starts_with("Exit codes:"));
    lines.filter_map(|line| line.strip_prefix("  bakeplan ")).collect()
}

/// Runs a line in a folder that has what it needs; a repository becomes a layout on disk.
fn run(line: &str) -> (i32, String) {
    let mut test = prepared();
    let folder = test.folder().to_owned();
    let line = line.replace("ghcr.io/acme/app:sha-1234567", "oci-layout:layout:1").replace(
        "ghcr.io/acme/app:1.2.3",
        if line.starts_with("verify") { "oci-layout:layout:1" } else { "oci-layout:layout:2" },
    );
    if let Some(before) = line.strip_suffix(" --check") {
        Test::new().args(["-C", folder.to_str().unwrap()]).args(before.split(' ')).output();
    }
    test = test.args(line.split(' '));
    let output = test.output();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn each_command_has_examples_that_run() {
    for command in commands() {
        let help = help(&command, "--help");
        let lines = examples(&help);
        assert!(!lines.is_empty(), "{command}");
        for line in lines {
            assert!(command.is_empty() || line.split(' ').next() == Some(&command), "{command}: {line}");
            let (status, said) = run(line);
            assert_eq!(status, 0, "{line}: {said}");
        }
    }
}

/// In debug builds, a command that ends otherwise than its help says panics: so all tests look for codes that are missing.
#[test]
fn each_command_names_the_exit_codes_that_it_has() {
    let codes = |command: &str| {
        let help = help(command, "--help");
        let (_, codes) = help.split_once("\nExit codes: ").expect(command);
        codes.chars().filter(char::is_ascii_digit).collect::<String>()
    };
    let named: BTreeMap<String, String> =
        commands().into_iter().map(|command| (command.clone(), codes(&command))).collect();
    for (command, codes) in &named {
        let expected = match command.as_str() {
            "" => "012345",
            "plan" | "bake" | "readme" | "workflow" => "0123",
            "merge" | "promote" => "0125",
            "verify" => "01245",
            _ => "012",
        };
        assert_eq!(codes, expected, "{command}");
    }
    for (line, code) in [
        ("plan --out fresh --check", 3),
        ("bake -o fresh/docker-bake.json --check", 3),
        ("readme README.md --check", 3),
        ("workflow github --install path -o fresh.yml --check", 3),
        ("verify oci-layout:layout:9", 4),
        ("schema nothing", 2),
        ("print nothing", 1),
    ] {
        let output = prepared().args(line.split(' ')).output();
        assert_eq!(output.status.code(), Some(code), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn short_help_is_short() {
    for command in commands() {
        let (short, long) = (help(&command, "-h"), help(&command, "--help"));
        assert!(short.lines().count() < long.lines().count(), "{command}");
        assert!(!short.contains("Exit codes:") && !short.contains("\nExample"), "{command}");
        assert!(short.contains("see more with '--help'"), "{command}");
    }
}

/// Each command stands in the list once, below the heading of its group, on one line of a terminal.
#[test]
fn commands_are_listed_in_groups() {
    for option in ["--help", "-h"] {
        let text = help("", option);
        let (list, _) = text.split_once("\nOptions:\n").expect("the options follow the commands");
        let mut named = Vec::new();
        for group in list.split("\n\n").skip(2) {
            let (heading, lines) = group.split_once('\n').expect(group);
            assert!(heading.ends_with(':') && !heading.starts_with(' '), "{heading}");
            let lines: Vec<&str> = lines.lines().filter(|line| !line.is_empty()).collect();
            assert!((2..=8).contains(&lines.len()), "{heading} {lines:?}");
            for line in lines {
                assert!(line.chars().count() <= 80, "{line}");
                named.push(line.split_whitespace().next().unwrap().to_owned());
            }
        }
        named.sort();
        let mut expected = commands().split_off(1);
        expected.sort();
        assert_eq!(named, expected);
    }
}

/// Nobody reads a list of thirty; those of Bake are its own.
#[test]
fn options_are_grouped() {
    let program = cli::command();
    for command in program.get_subcommands() {
        let mut headings: BTreeMap<&str, usize> = BTreeMap::new();
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            *headings.entry(argument.get_help_heading().unwrap_or("Options")).or_default() += 1;
        }
        headings.retain(|heading, count| *count > 14 && !heading.starts_with("Bake options"));
        assert!(headings.is_empty(), "{}: {headings:?}", command.get_name());
    }
}

#[test]
fn manual_pages_are_written_for_all_commands() {
    let ran = Test::new().args(["man", "--out", "pages"]).run();
    for command in commands() {
        let name = if command.is_empty() { "bakeplan".to_owned() } else { format!("bakeplan-{command}") };
        let page = ran.read(&format!("pages/{name}.1"));
        for part in [".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH EXAMPLES", ".SH \"EXIT STATUS\""] {
            assert!(page.contains(part), "{name}: {part} is missing in\n{page}");
        }
        let words = ["man", &*command];
        let printed = Test::new().args(words.into_iter().filter(|word| !word.is_empty())).output();
        assert_eq!(String::from_utf8(printed.stdout).unwrap(), page, "{name}");
        // What typesets them, as far as it is installed.
        let path = ran.folder().join("pages").join(format!("{name}.1"));
        let path = path.to_str().unwrap();
        for line in [
            vec!["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path],
            vec!["mandoc", "-Tlint", "-Wwarning", path],
        ] {
            let Ok(output) = Command::new(line[0]).args(&line[1..]).env("MANROFFSEQ", "").output() else {
                continue;
            };
            let said = String::from_utf8_lossy(&output.stderr);
            let said = format!(
                "{said}{}",
                if line[0] == "mandoc" { String::from_utf8_lossy(&output.stdout) } else { "".into() }
            );
            // Both are of clap_mangen's making, and harmless.
            let is_harmless =
                |line: &str| line.contains("missing date") || line.contains("skipping paragraph macro");
            let is_wrong = |line: &&str| !is_harmless(line);
            let wrong: Vec<&str> = said.lines().filter(is_wrong).collect();
            assert!(wrong.is_empty(), "{line:?}: {wrong:?}");
        }
    }
    Test::new()
        .args(["man", "plam"])
        .status(2)
        .stderr("error[usage]: there is no command `plam`; [..]\n...\n")
        .run();
}
