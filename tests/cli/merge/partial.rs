//! Images that are published although a platform was not built: the table, a note and the summary say which, and what it has
//! instead.

use bakeplan::internals::merge::Options;

use super::world::{Build, TAGS, World, plan, plan_of};
use crate::support::Test;

const A: &str = "oci-layout:a";
const MERGE: [&str; 6] = ["merge", "--plan", "plan.json", "--metadata", "metadata.json", "--github"];

#[test]
fn what_was_not_built_is_said_wherever_one_looks() {
    for (on_missing, instead, platforms) in [
        ("drop", "published without it", "linux/amd64"),
        ("carry", "taken from what was published before", "linux/amd64, linux/arm64"),
    ] {
        let mut world = World::with_app(&["a"]);
        assert_eq!(world.merge(&plan(&[A]), Options::default()).problems, []);
        world.built.remove("app-linux-arm64");
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
        let run = |on_missing: &str, more: &[&str]| {
            let document = plan_of(&[A], TAGS, r#""version":"1.4.2","#, on_missing);
            let test = Test::new().file("plan.json", document).file("metadata.json", world.metadata());
            let test = test.files(world.root(), "").env("GITHUB_OUTPUT", "o").env("GITHUB_STEP_SUMMARY", "s");
            let test = test.args(MERGE).args(more.iter().copied());
            let output = test.output();
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            let summary = std::fs::read_to_string(test.folder().join("s")).unwrap();
            (text(output.stdout), text(output.stderr), summary)
        };
        let said = format!("linux/arm64 was not built: {instead}");
        for more in [&[][..], &["--dry-run"], &["--no-tags"]] {
            let (stdout, stderr, summary) = run(on_missing, more);
            assert!(stdout.contains(&format!("  {platforms}\n  {said}\n")), "{stdout}");
            assert!(stderr.contains(&format!("note[not-built]: image `app`: {said}")), "{stderr}");
            assert!(stderr.contains("help: run the job `b` again, then the merge"), "{stderr}");
            assert!(summary.contains(&said), "{summary}");
        }
        // What is held is said to be held, and not to be published.
        let (stdout, stderr, summary) = run("hold", &[]);
        for text in [stdout, stderr, summary] {
            assert!(!text.contains("was not built: ") && text.contains("was not built"), "{text}");
        }
    }
}

#[test]
fn a_whole_image_has_no_such_note() {
    let world = World::with_app(&["a"]);
    let report = world.merge(&plan_of(&[A], TAGS, r#""version":"1.4.2","#, "drop"), Options::default());
    assert!(report.notes.iter().all(|note| note.code.name() != "not-built"), "{:?}", report.notes);
    assert!(!report.to_table().contains("was not built"));
}
