//! What a release is made of, by the scripts that `.github/workflows/release.yml` runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use bakeplan::internals::reference::Digest;

use crate::github::{Workflow, path, program};
use crate::support::read;

/// The runners of GitHub, and what is released for each.
pub(super) const TARGETS: [((&str, &str), &str); 5] = [
    (("Linux", "X64"), "x86_64-unknown-linux-musl"),
    (("Linux", "ARM64"), "aarch64-unknown-linux-musl"),
    (("macOS", "X64"), "x86_64-apple-darwin"),
    (("macOS", "ARM64"), "aarch64-apple-darwin"),
    (("Windows", "X64"), "x86_64-pc-windows-msvc"),
];

/// As `sha256sum` writes it.
fn sha256(bytes: &[u8]) -> String {
    Digest::sha256(bytes).to_string().trim_start_matches("sha256:").to_owned()
}

/// Runs a script in a folder.
fn bash(folder: &Path, script: &str) -> Output {
    let mut command = Command::new("bash");
    command.args(["-eo", "pipefail", "-c", script]).current_dir(folder).env_clear();
    command.env("PATH", path()).env("HOME", folder);
    command.output().unwrap()
}

fn says(output: &Output) -> String {
    String::from_utf8([output.stdout.clone(), output.stderr.clone()].concat()).unwrap()
}

/// The archive that a release has for a target, with a program that says this: its name, its bytes and their checksum.
pub(super) fn archive(target: &str, said: &str) -> (String, Vec<u8>, String) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["Cargo.toml", "README.md", "CHANGELOG.md", "LICENSE", ".github/version", ".github/archive"] {
        let to = folder.path().join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, read(name)).unwrap();
    }
    let end = if target.contains("windows") { ".exe" } else { "" };
    let at = folder.path().join("target").join(target).join("release").join(format!("bakeplan{end}"));
    program(&at, &format!("echo {said}"));
    let output = bash(folder.path(), &format!("bash .github/archive {target} files"));
    assert!(output.status.success(), "{}", says(&output));
    let entries = fs::read_dir(folder.path().join("files")).unwrap();
    let names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let [name] = &names[..] else { panic!("{names:?}") };
    let bytes = fs::read(folder.path().join("files").join(name)).unwrap();
    let checksum = sha256(&bytes);
    (name.strip_suffix(".tar.gz").expect("an archive").to_owned(), bytes, checksum)
}

#[test]
fn an_archive_has_the_program_and_its_licence() {
    for (target, name_of_program, is_there) in [
        ("x86_64-apple-darwin", "bakeplan", true),
        ("x86_64-pc-windows-msvc", "bakeplan.exe", true),
        ("x86_64-pc-windows-msvc", "bakeplan", false),
        ("x86_64-apple-darwin", "bakeplan.exe", false),
        ("x86_64-apple-darwin", "other", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["Cargo.toml", "README.md", "CHANGELOG.md", "LICENSE", ".github/version", ".github/archive"]
        {
            let to = folder.path().join(name);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, read(name)).unwrap();
        }
        let at = folder.path().join("target").join(target).join("release").join(name_of_program);
        program(&at, "[ \"$1\" != man ] || { mkdir \"$3\"; echo page >\"$3/bakeplan.1\"; }; echo \"$1 $2\"");
        let output =
            bash(folder.path(), &format!("bash .github/archive {target} files && tar -tzf files/*.tar.gz"));
        assert_eq!(output.status.success(), is_there, "{name_of_program}: {}", says(&output));
        if is_there {
            let listed = says(&output);
            let name = format!("bakeplan-{}-{target}", env!("CARGO_PKG_VERSION"));
            let files: BTreeSet<&str> =
                listed.lines().filter(|line| line.starts_with(&name) && !line.ends_with('/')).collect();
            let mut due = vec![name_of_program, "README.md", "CHANGELOG.md", "LICENSE"];
            if !target.contains("windows") {
                due.extend(["man/bakeplan.1"]);
                due.extend([
                    "completions/bakeplan.bash",
                    "completions/_bakeplan",
                    "completions/bakeplan.fish",
                ]);
            }
            let due: Vec<String> = due.iter().map(|file| format!("{name}/{file}")).collect();
            assert_eq!(files, due.iter().map(String::as_str).collect());
        }
    }
}

#[test]
fn everybody_knows_the_archives_by_the_same_names() {
    let workflow = Workflow::parse(&read(".github/workflows/release.yml"));
    let rows = workflow.job("build")["strategy"]["matrix"]["include"].as_array().unwrap();
    let built: BTreeSet<&str> = rows.iter().map(|row| row["target"].as_str().unwrap()).collect();
    assert_eq!(built, TARGETS.iter().map(|(_, target)| *target).collect());
    // What cargo-binstall fills in, and what there is.
    let manifest = read("Cargo.toml");
    let value = |key: &str| {
        let start = format!("{key} = \"");
        let line = manifest.lines().find_map(|line| line.strip_prefix(start.as_str())).expect("it is set");
        line.trim_end_matches('"').to_owned()
    };
    for (_, target) in TARGETS {
        let (name, bytes, _) = archive(target, "released");
        let fill = |template: &str| {
            [
                ("repo", "R"),
                ("version", env!("CARGO_PKG_VERSION")),
                ("name", "bakeplan"),
                ("target", target),
                ("bin", "bakeplan"),
                ("binary-ext", if target.contains("windows") { ".exe" } else { "" }),
            ]
            .iter()
            .fold(template.to_owned(), |text, (word, value)| text.replace(&format!("{{ {word} }}"), value))
        };
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(fill(&value("pkg-url")), format!("R/releases/download/v{version}/{name}.tar.gz"));
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.tar.gz"), bytes).unwrap();
        assert!(bash(folder.path(), "tar -xzf a.tar.gz").status.success());
        assert!(folder.path().join(fill(&value("bin-dir"))).exists(), "{target}");
    }
}

/// GitHub takes two drafts with one tag.
#[test]
#[cfg(target_os = "linux")]
fn a_version_has_one_draft() {
    let workflow = Workflow::parse(&read(".github/workflows/release.yml"));
    let draft = workflow.step("draft", "Draft the release")["run"].as_str().unwrap().to_owned();
    let gh = r#"echo "$1 $2" >> calls; if [ "$2" = list ]; then [ "$LISTED" = fails ] && exit 1; printf "$LISTED"; fi"#;
    for (listed, due, calls) in [
        ("", true, "list create"),
        (r"true\n", true, "list delete create"),
        (r"true\ntrue\n", true, "list delete delete create"),
        (r"false\n", false, "list"),
        (r"true\nfalse\n", false, "list"),
        // Where it cannot be known, nothing is drafted.
        ("fails", false, "list"),
    ] {
        let folder = tagged("x", "true");
        program(&folder.path().join("bin/gh"), gh);
        fs::write(folder.path().join("files/a.tar.gz"), "a").unwrap();
        let set = format!(
            "export PATH=\"$PWD/bin:$PATH\" LISTED='{listed}' GITHUB_SHA=x GITHUB_STEP_SUMMARY=\"$PWD/s\"; set -e\n"
        );
        let output = bash(folder.path(), &(set + &draft));
        assert_eq!(output.status.success(), due, "{listed}: {}", says(&output));
        let real = fs::read_to_string(folder.path().join("calls")).unwrap();
        let real: Vec<&str> = real.lines().filter_map(|line| line.strip_prefix("release ")).collect();
        assert_eq!(real.join(" "), calls, "{listed}");
    }
}

/// A checkout of a tagged commit, with what was drafted.
#[cfg(target_os = "linux")]
fn tagged(list: &str, more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("Cargo.toml", read("Cargo.toml")),
        (".github/version", read(".github/version")),
        (".github/released", read(".github/released")),
        (".github/action/checksums.txt", String::new()),
        ("files/a.tar.gz", "a".to_owned()),
        ("files/b.whl", "b".to_owned()),
    ] {
        let to = folder.path().join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, text).unwrap();
    }
    let git = "git -c user.name=a -c user.email=a@b -c commit.gpgsign=false";
    let script = format!(
        "git init -q . && echo files > .gitignore && git add . && {git} commit -qm a && printf '{list}' > .github/action/checksums.txt && {more} && git add . && {git} commit -qm b"
    );
    let output = bash(folder.path(), &script);
    assert!(output.status.success(), "{}", says(&output));
    folder
}

/// The job that runs it is on Linux, and `sha256sum` is not everywhere.
#[test]
#[cfg(target_os = "linux")]
fn a_draft_is_published_that_the_tagged_commit_lists() {
    let (a, b) = (sha256(b"a"), sha256(b"b"));
    let list = format!("{a}  a.tar.gz\\n{b}  b.whl\\n");
    let tag = concat!("v", env!("CARGO_PKG_VERSION"));
    for (list, more, tag, told) in [
        (list.as_str(), "true", tag, ""),
        (&list, "true", "v99.0.0", "the tag is v99.0.0, and the version"),
        (&list, "echo x > other", tag, "must change .github/action/checksums.txt alone"),
        (&format!("{a}  a.tar.gz\\n"), "true", tag, "the draft has a.tar.gz, b.whl"),
        (&format!("{list}{a}  c.whl\\n"), "true", tag, "the draft has a.tar.gz, b.whl"),
        (&format!("{a}  a.tar.gz\\n{a}  b.whl\\n"), "true", tag, "the draft is not what"),
    ] {
        let folder = tagged(list, more);
        let output =
            bash(folder.path(), &format!("export GITHUB_REF_NAME={tag}; bash .github/released files"));
        assert_eq!(output.status.success(), told.is_empty(), "{told}: {}", says(&output));
        assert!(says(&output).contains(told), "{told}: {}", says(&output));
    }
}
