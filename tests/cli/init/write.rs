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
