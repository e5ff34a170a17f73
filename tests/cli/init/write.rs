//! Nothing is written unasked, through a link, or over what somebody wrote.

use super::{Files, Written, said, test, workflow};
use crate::support::Test;

const HCL: &str = "\u{feff}// ours\r\ntarget \"default\" {\r\n  tags = [\"acme/app:1\"]\r\n}\r\n// end";

#[test]
fn without_write_nothing_is_written() {
    let test = test(&[("docker-bake.hcl", HCL)]).args(["init"]);
    assert_eq!(said(&test).code, 0);
    assert_eq!(std::fs::read_to_string(test.folder().join("docker-bake.hcl")).unwrap(), HCL);
    assert_eq!(std::fs::read_dir(test.folder()).unwrap().count(), 1);
}

#[test]
fn without_a_terminal_it_asks_for_yes() {
    let test = test(&[("docker-bake.hcl", HCL)]).args(["init", "--write"]);
    let said = said(&test);
    assert_eq!(said.code, 2, "{}", said.stderr);
    said.proposes(&["image \"default\" {"]);
    said.tells(&["`--write` asks before it writes `docker-bake.hcl`, and there is no terminal: add `--yes`"]);
    assert_eq!(std::fs::read_to_string(test.folder().join("docker-bake.hcl")).unwrap(), HCL);
    let alone = super::said(&super::test(&[("docker-bake.hcl", HCL)]).args(["init", "--yes"]));
    assert_eq!(alone.code, 2);
    alone.tells(&["--write"]);
}

#[test]
fn line_ends_and_marks_stay() {
    let written = Written::new(&[("docker-bake.hcl", HCL)], &[]);
    let text = written.read("docker-bake.hcl");
    let (before, after) = HCL.split_once("// end").unwrap();
    assert!(text.starts_with(before) && text.ends_with(&format!("// end{after}")), "{text:?}");
    assert!(!text.replace("\r\n", "").contains('\n'), "{text:?}");
    written.proposes_nothing_more();
}

#[test]
fn blocks_can_have_a_file_of_their_own() {
    let text = workflow(
        "- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: ghcr.io/acme/app:edge\n",
    );
    let workflow_alone: Files<'_> = &[(".github/workflows/a.yml", text.as_str())];
    for files in
        [&[("docker-bake.hcl", "target \"default\" { tags = [\"acme/app:1\"] }\n")][..], workflow_alone]
    {
        let written = Written::new(files, &["--separate"]);
        assert!(written.read("images.hcl").contains("image \""));
        assert!(!written.read("docker-bake.hcl").contains("image \""));
        assert_eq!(written.tags("refs/heads/main").len(), 1);
        written.proposes_nothing_more();
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_never_followed() {
    let text = workflow(
        "- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: ghcr.io/acme/app:edge\n",
    );
    let outside = Test::new().file("victim", "untouched");
    let test = test(&[(".github/workflows/a.yml", text.as_str()), (".git/HEAD", "")])
        .args(["init", "--write", "--yes"]);
    std::os::unix::fs::symlink(outside.folder().join("victim"), test.folder().join("docker-bake.hcl"))
        .unwrap();
    let said = said(&test);
    assert_ne!(said.code, 0, "{}", said.stdout);
    assert_eq!(std::fs::read_to_string(outside.folder().join("victim")).unwrap(), "untouched");
}

#[test]
fn where_nothing_publishes_an_image_that_is_an_error() {
    for files in [&[][..], &[("docker-bake.hcl", "target \"a\" {}\n")]] {
        let said = said(&test(files).args(["init"]));
        assert_eq!((said.code, said.stdout.as_str()), (1, ""));
        said.tells(&["error[no-images]", "read: 0 workflows and actions"]);
    }
}

/// In a terminal that `script` makes, where there is one.
#[cfg(target_os = "linux")]
#[test]
fn in_a_terminal_it_asks_and_obeys() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    for (answer, is_written) in
        [("y\n", true), ("yes\n", true), ("n\n", false), ("\n", false), ("\u{4}", false)]
    {
        let test = test(&[("docker-bake.hcl", HCL)]);
        let line = format!("{} init --write", env!("CARGO_BIN_EXE_bakeplan"));
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).current_dir(test.folder()).env("TERM", "xterm-256color");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let Ok(mut child) = command.spawn() else { return };
        child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("Write `docker-bake.hcl`?"), "{answer:?}: {said}");
        let text = std::fs::read_to_string(test.folder().join("docker-bake.hcl")).unwrap();
        assert_eq!(text != HCL, is_written, "{answer:?}: {said}");
        assert_eq!(said.contains("Nothing is written."), !is_written, "{answer:?}: {said}");
    }
}

/// The first plan after writing works, or what is said next makes it work.
#[test]
fn the_first_plan_is_named_with_the_facts_that_it_needs() {
    let steps = |tag: &str| workflow(&format!("- run: docker build --push -t ghcr.io/acme/app:{tag} .\n"));
    let release = steps("${GITHUB_REF_NAME#v}");
    let on_tag = workflow(
        "- if: startsWith(github.ref, 'refs/tags/')\n  run: docker build --push -t ghcr.io/acme/app:${GITHUB_REF_NAME} .\n",
    );
    let commit = steps("${GITHUB_SHA}");
    let edge = steps("edge");
    let branch = steps("${GITHUB_REF_NAME}");
    type Git<'g> = &'g [&'g [&'g str]];
    let (begin, add): (&[&str], &[&str]) = (&["init", "-q", "-b", "main"], &["add", "-A"]);
    let who: &[&str] = &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "x"];
    let detached: Git<'_> = &[begin, add, who, &["checkout", "-q", "--detach"]];
    let states: [(&str, Git<'_>); 6] = [
        ("no git", &[]),
        ("no commit", &[begin]),
        ("a branch without a remote", &[begin, add, who]),
        ("another branch", &[begin, add, who, &["checkout", "-q", "-b", "other"]]),
        ("detached", detached),
        (
            "a tag that is no version",
            &[begin, add, who, &["checkout", "-q", "--detach"], &["tag", "nightly"]],
        ),
    ];
    for text in [&release, &on_tag, &commit, &edge, &branch] {
        for (state, commands) in states {
            let test = test(&[(".github/workflows/a.yml", text.as_str()), ("Dockerfile", "FROM scratch\n")]);
            for arguments in commands {
                let status =
                    std::process::Command::new("git").current_dir(test.folder()).args(*arguments).status();
                assert!(status.unwrap().success());
            }
            let test = test.args(["init", "--write", "--yes"]);
            let written = said(&test);
            assert_eq!(written.code, 0, "{}", written.stderr);
            let (_, rest) = written.stdout.split_once("Next, look at `bakeplan ").unwrap();
            let (command, _) = rest.split_once('`').unwrap();
            let plan = said(&Test::new().cwd(test.folder().to_str().unwrap()).args(command.split(' ')));
            assert_eq!(plan.code, 0, "{state}: {command}\n{}\n{text}", plan.stderr);
            assert!(plan.stdout.contains("ghcr.io/acme/app"), "{state}: {command}\n{}\n{text}", plan.stdout);
        }
    }
}

/// Where nothing but `v*` starts a workflow, other git tags are no versions, and stop nothing.
#[test]
fn a_git_tag_that_starts_nothing_today_is_no_version() {
    let build = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker build --push -t ghcr.io/acme/app:${GITHUB_REF_NAME#v} .\n";
    for (on, when) in [
        ("push: { tags: ['v*'] }", "tag is startingwith('v')"),
        ("push: { branches: [main], tags: ['v[0-9]+.*', v1] }", "tag is startingwith('v')"),
        ("push: { tags: ['*'] }", "tag"),
        ("push: { tags: ['[0-9]+.[0-9]+'] }", "tag[:1] in '0123456789'"),
        ("push: { tags: ['v*', 'x*'] }", "tag"),
        ("push", "tag"),
        ("{ push: { tags: ['v*'] }, release: {} }", "tag"),
        ("{ push: { tags: ['v*'] }, workflow_dispatch: {} }", "tag is startingwith('v')"),
    ] {
        let on = if on.starts_with('{') || !on.contains(':') { on.to_owned() } else { format!("{{ {on} }}") };
        let text = format!("on: {on}\n{build}");
        let files = [(".github/workflows/a.yml", text.as_str()), ("Dockerfile", "FROM scratch\n")];
        let written = Written::new(&files, &[]);
        let expected = format!("version = {{ pattern = \"{{{{ tag }}}}\", when = \"{when}\" }}");
        let found = written.read("docker-bake.hcl");
        assert!(found.contains(&expected), "{on}: {found}");
        let tag = if when.contains("[:1]") { "refs/tags/1.2.3" } else { "refs/tags/v1.2.3" };
        assert_eq!(written.tags(tag), ["ghcr.io/acme/app:1.2.3"]);
    }
}

/// The new workflow is not written over the one of today.
#[test]
fn the_next_step_names_a_file_that_is_free() {
    let build = "on: { push: { branches: [main] } }\njobs:\n  a:\n    steps:\n      - run: docker build --push -t ghcr.io/acme/n:x .\n";
    let other = "on: push\njobs: {}\n";
    for (names, expected) in [
        (&["ci.yml"][..], "images.yml"),
        (&["images.yml"], "publish-images.yml"),
        (&["images.yml", "publish-images.yml"], "bakeplan.yml"),
    ] {
        let paths: Vec<String> = names.iter().map(|name| format!(".github/workflows/{name}")).collect();
        let mut files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), other)).collect();
        files[0].1 = build;
        files.push(("Dockerfile", "FROM scratch\n"));
        let said = said(&test(&files).args(["init", "--write", "--yes"]));
        said.proposes(&[&format!("-o .github/workflows/{expected} --install HOW")]);
    }
}
