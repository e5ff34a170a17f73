//! README.md, docs and CHANGELOG.md say what is so: their commands run, their tables are complete, their links lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use bakeplan::internals::cli;
use bakeplan::internals::verify::code::Code;
use snapbox::Data;

use crate::support::{Ran, Test, blocks, pages, read};

/// The names in backticks in the first column of the table with this head.
pub(crate) fn first_column(text: &str, head: &str) -> Vec<String> {
    let (_, table) = text.split_once(head).unwrap_or_else(|| panic!("no table begins with {head}"));
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned)).collect()
}

/// The commands of a block, each with the output below it.
fn commands(block: &str) -> Vec<(&str, String)> {
    let mut commands: Vec<(&str, String)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command, String::new())),
            (None, Some((_, output))) => output.extend([line, "\n"]),
            (None, None) => panic!("output without a command: {line}"),
        }
    }
    commands
}

/// Runs a block's commands one after the other, in an example after `cd FOLDER`, or else where `given` is the Bake file.
/// The output of each is that of standard error if it is a mistake or a difference; notes may stand beside a product.
fn run(block: &str, given: Option<&str>) {
    let (mut folder, mut last): (&str, Option<Ran>) = ("", None);
    for (command, output) in commands(block) {
        if let Some(to) = command.strip_prefix("cd ") {
            (folder, last) = (to, None);
            continue;
        }
        let arguments = command.strip_prefix("bakeplan ").unwrap_or_else(|| panic!("what is `{command}`?"));
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut test = Test::new();
        test = match &last {
            Some(ran) => test.files(ran.folder(), folder),
            None if !folder.is_empty() => test.files(root, folder),
            None => test.file("docker-bake.hcl", given.unwrap_or_else(|| panic!("`{command}` has no file"))),
        };
        let test = if folder.is_empty() { test } else { test.cwd(folder) };
        let test = test.args(arguments.split(' '));
        let output_is = |start| output.starts_with(start);
        let expected = Data::text(output.clone()).raw();
        last = Some(match () {
            () if output_is("--- ") || output_is("error[out-of-date]") => {
                test.status(3).stderr(expected).run()
            }
            () if output_is("error") => test.status(1).stderr(expected).run(),
            () => test.stdout(expected).notes().run(),
        });
    }
}

#[test]
fn the_commands_of_each_page_say_what_it_says() {
    let mut count = 0;
    // tests/live/tutorial.rs runs the tutorial, which needs an engine.
    for page in pages().into_iter().filter(|page| page != "docs/tutorial.md") {
        let (text, mut given) = (read(&page), None);
        let blocks = fenced(&text);
        for (at, (language, block)) in blocks.iter().enumerate() {
            match *language {
                "console" => {
                    count += 1;
                    run(block, given);
                }
                "hcl" => {
                    given = Some(*block);
                    // Whoever copies it from the front door finds below what to run.
                    let next = blocks.get(at + 1).map(|(language, _)| *language);
                    assert!(page != "README.md" || next == Some("console"), "nothing is run with {block}");
                    let test = Test::new().file("docker-bake.hcl", block).args(["print", "--list=targets"]);
                    test.stdout("...\n").run();
                }
                _ => {}
            }
        }
    }
    assert!(count > 10, "the blocks are not found: {count}");
}

/// What a front door has room for.
#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 250, "README.md has {lines} lines: move a section to docs");
}

/// The fenced blocks, each with its language.
fn fenced(text: &str) -> Vec<(&str, &str)> {
    let parts = text.split("\n```").skip(1).step_by(2);
    parts.map(|part| part.split_once('\n').expect("a fence has a line")).collect()
}

/// What is recommended in a line of text: its command and options exist.
#[test]
fn commands_in_texts_are_those_of_the_program() {
    let program = cli::command();
    let mut count = 0;
    let others = ["CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "fuzz/README.md"].map(str::to_owned);
    for path in pages().into_iter().chain(others) {
        let text = read(&path);
        let prose: Vec<&str> = text.split("\n```").step_by(2).collect();
        let prose = prose.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        for span in prose.split('`').skip(1).step_by(2).filter(|span| span.starts_with("bakeplan ")) {
            let mut words = span.split(' ').skip(1);
            let name = words.next().unwrap_or_default();
            if name.starts_with('-') {
                continue;
            }
            let command = program.find_subcommand(name).unwrap_or_else(|| panic!("{path}: `{span}`"));
            for option in words.filter(|word| word.starts_with("--")) {
                let option = option.trim_start_matches('-').split(['=', ',']).next().unwrap_or_default();
                let known = command.get_arguments().any(|known| known.get_long() == Some(option));
                assert!(known, "{path}: `{span}`: there is no --{option}");
                count += 1;
            }
        }
    }
    assert!(count > 10, "the commands are not found: {count}");
}

/// The lines with which anybody begins, run by a shell as they are typed, with a `cargo` that passes on what is to be run.
#[test]
#[cfg(unix)]
fn the_first_commands_run_as_they_are_typed() {
    use crate::github::{path, program};

    // Below what shows what it is, and before what needs it installed.
    let readme = read("README.md");
    let headings = readme.lines().filter(|line| line.starts_with("## ") || *line == "```sh");
    assert_eq!(headings.take(3).collect::<Vec<_>>(), ["## A first plan", "```sh", "## Install"]);
    let page = read("CONTRIBUTING.md");
    let shown = blocks(&page, "sh").first().copied().expect("there are commands");
    let [plan, tests] = shown.lines().collect::<Vec<_>>()[..] else { panic!("not two commands: {shown}") };

    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copy = Test::new().files(root, "examples/python").files(root, "tests/engine");
    let copy = copy.file("tests/run", "").file("tests/packages", "").file("Cargo.toml", "");
    let folder = copy.folder();
    fs::copy(root.join("tests/run"), folder.join("tests/run")).unwrap();
    let cargo = r#"
        echo "cargo $*" >> calls
        case "$*" in
          "run --release --locked -- "*) shift 4; exec "$BAKEPLAN" "$@" ;;
          "test --locked" | "test --locked --test live -- --skip crane") echo "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured" ;;
          *) exit 101 ;;
        esac"#;
    program(&folder.join("bin/cargo"), cargo);
    let run = |line: &str| {
        let mut command = Command::new("bash");
        command.args(["-c", line]).current_dir(folder).env_clear();
        command.env("PATH", format!("{}:{}", folder.join("bin").display(), path()));
        // Whoever runs this has an engine already, or none is wanted.
        command.env("BAKEPLAN_ENGINE", "ready").env("BAKEPLAN", env!("CARGO_BIN_EXE_bakeplan"));
        command.output().unwrap()
    };
    let planned = run(plan);
    let table = String::from_utf8(planned.stdout).unwrap();
    assert!(planned.status.success(), "{}", String::from_utf8_lossy(&planned.stderr));
    assert_eq!(table, read("examples/python/plan.txt"));
    for file in fs::read_dir(root.join("examples/python/out")).unwrap() {
        let name = Path::new("examples/python/out").join(file.unwrap().file_name());
        assert_eq!(fs::read(folder.join(&name)).unwrap(), fs::read(root.join(&name)).unwrap(), "{name:?}");
    }
    let tested = run(tests);
    let told = String::from_utf8_lossy(&tested.stdout).into_owned();
    assert!(tested.status.success() && told.contains("6 passed, 0 failed, 2 skipped\n"), "{told}");
    // Shells that this machine lacks are named after it.
    let (_, after) = told.split_once("the tests that need crane were not run\n").expect(&told);
    assert!(after.lines().all(|line| line.ends_with("it is missing")), "{told}");
    let calls = fs::read_to_string(folder.join("calls")).unwrap();
    let tests: Vec<_> = calls.lines().filter(|line| line.starts_with("cargo test")).collect();
    assert_eq!(tests, ["cargo test --locked", "cargo test --locked --test live -- --skip crane"]);
}

#[test]
fn the_readme_begins_with_the_first_example() {
    let spec = read("examples/python/docker-bake.hcl");
    assert_eq!(blocks(&read("README.md"), "hcl").first(), Some(&spec.as_str()));
    assert_eq!(spec.lines().count(), 14);
}

#[test]
fn the_reference_shows_a_kept_variable() {
    let page = read("docs/reference/command-line.md");
    let (hcl, json) = (blocks(&page, "hcl"), blocks(&page, "json"));
    let test = Test::new().file("docker-bake.hcl", hcl.last().expect("the example is there"));
    let expected = Data::text(*json.last().expect("its result is there")).raw();
    test.env("TOKEN", "sesame").args(["print", "app", "--keep-variable", "TOKEN"]).stdout(expected).run();
}

#[test]
fn the_reference_has_each_finding() {
    let shown = first_column(&read("docs/reference/verify.md"), "| finding |");
    let mut shown: Vec<_> = shown.iter().map(String::as_str).collect();
    shown.sort_unstable();
    let mut real: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
    real.sort_unstable();
    assert_eq!(shown, real);
}

/// The anchors of a page, as GitHub and GitLab make them of its headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose: String = text.split("\n```").step_by(2).collect();
    let titles = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#'));
    let words = titles.map(|title| {
        title.trim().to_lowercase().replace(|c: char| !c.is_alphanumeric() && !" -_".contains(c), "")
    });
    words.map(|title| title.replace(' ', "-")).collect()
}

/// Where a link leads from a page, without `..`.
fn target(page: &str, link: &str) -> PathBuf {
    let mut path = Path::new(page).parent().map(Path::to_path_buf).unwrap_or_default();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{page}: {link} leads out"),
            part => path.push(part),
        }
    }
    path
}

#[test]
fn what_each_page_points_to_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let others = ["CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].map(str::to_owned);
    let texts: BTreeMap<String, String> =
        pages().into_iter().chain(others).map(|page| (page.clone(), read(&page))).collect();
    let mut count = 0;
    for (page, text) in &texts {
        let prose: String = text.split("\n```").step_by(2).collect();
        let links = prose.match_indices("](").map(|(at, _)| prose[at + 2..].split(')').next().unwrap());
        for link in links.filter(|link| !link.contains("://")) {
            count += 1;
            let (path, anchor) = link.split_once('#').map_or((link, None), |(path, at)| (path, Some(at)));
            let path = if path.is_empty() { PathBuf::from(page) } else { target(page, path) };
            assert!(root.join(&path).exists(), "{page}: {link} does not exist");
            if let Some(anchor) = anchor {
                let known = anchors(&texts[path.to_str().unwrap()]);
                assert!(known.contains(anchor), "{page}: {link}: the anchors are {known:?}");
            }
        }
    }
    assert!(count > 60, "the links are not found: {count}");
}

/// Whoever reads the contents finds every page.
#[test]
fn the_contents_name_each_page() {
    let contents = read("docs/README.md");
    for page in
        pages().iter().filter_map(|page| page.strip_prefix("docs/")).filter(|page| *page != "README.md")
    {
        assert!(contents.contains(&format!("]({page})")), "docs/README.md does not name {page}");
    }
}

#[test]
fn the_changelog_begins_with_this_version() {
    let changelog = read("CHANGELOG.md");
    let first = changelog.lines().find(|line| line.starts_with("## ")).unwrap_or_default();
    let version = concat!("## [", env!("CARGO_PKG_VERSION"), "]");
    assert!(first.starts_with(version), "the first entry is {first:?}, not {version}");
}

/// What the front door says that one has to set is all that the command says.
#[test]
fn the_workflow_of_the_readme_needs_what_it_says() {
    let text = read("README.md");
    let line = text.lines().find_map(|line| line.strip_prefix("$ bakeplan workflow ")).expect("it is there");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let test = Test::new().files(root, "examples/plain-bake").cwd("examples/plain-bake");
    let output = test.args(["workflow"]).args(line.split(' ')).output();
    let told = String::from_utf8(output.stderr).unwrap();
    let headers: Vec<&str> = told.lines().filter(|line| !line.starts_with(' ')).collect();
    let [only] = headers.as_slice() else { panic!("{told}") };
    assert!(only.starts_with("note[to-set]: "), "{told}");
    for name in only.split('`').skip(1).step_by(2).filter(|name| name.starts_with("DOCKERHUB")) {
        assert!(text.contains(&format!("`{name}`")), "{name}: {told}");
    }
    assert!(only.contains("DOCKERHUB_TOKEN"), "{told}");
}
