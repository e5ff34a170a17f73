//! A version that each run of a branch builds anew: an earlier run that ends last takes none of its tags back.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report};

use super::runs::{BACKWARD, W, run};
use super::world::{Build, World, document};
use crate::support::Test;

const LEG: &str = "app-linux-amd64";

/// A plan of a version that stands in the file, made by this run.
fn planned(text: &str) -> String {
    let tags = r#"{"name":"1.0.0","class":"version","form":"{version}"},
        {"name":"1","floating":true,"class":"version","numbers":1,"form":"{version}","family":["{version}"]},
        {"name":"latest","floating":true,"class":"version","numbers":0,"form":"latest","family":["{version}"]},
        {"name":"edge","floating":true,"class":"constant","form":"edge"}"#;
    document(&format!(
        r#""app":{{"version":"1.0.0","repositories":["oci-layout:a"],"tags":[{tags}],"builds":{{"{LEG}":{{"platform":"linux/amd64","job":"a"}}}}}}"#
    ))
    .replacen('{', &format!(r#"{{"run":{{{}}},"#, run(text)), 1)
}

fn merged(world: &mut World, text: &str, options: Options) -> Report {
    world.build(&["a"], Build::new(LEG, "linux/amd64").salt(text));
    let report = world.merge(&planned(text), options);
    assert_eq!(report.problems, [], "{text}");
    report
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    report.images["app"].references.iter().map(|one| one.outcome).collect()
}

#[test]
fn an_earlier_run_leaves_all_tags_of_a_version_with_the_later_one() {
    let taken = vec![Outcome::Replaced, Outcome::Moved, Outcome::Moved, Outcome::Moved];
    for (there, own, is_kept) in [
        (format!("{W} 3 -"), format!("{W} 2 -"), true),
        (format!("{W} 10 01"), format!("{W} 9 05"), true),
        (format!("{W} 3 -"), format!("{W} 4 -"), false),
        // Another attempt of one run.
        (format!("{W} 3 -"), format!("{W} 3 -"), false),
    ] {
        let mut world = World::new();
        merged(&mut world, &there, Options::default());
        let before = world.tags("a");
        world.build(&["a"], Build::new(LEG, "linux/amd64").salt("other"));
        let report = world.merge(&planned(&own), Options::default());
        assert_eq!(report.problems, [], "{own}");
        let due = if is_kept { vec![Outcome::Kept; 4] } else { taken.clone() };
        assert_eq!(outcomes(&report), due, "{own} after {there}");
        assert_eq!(world.tags("a") == before, is_kept, "{own} after {there}");
        let told: Vec<&str> = report.notes.iter().map(|note| note.message.as_str()).collect();
        let is_told = told.iter().any(|one| one.contains(":1.0.0`"));
        assert_eq!(is_told && told.iter().any(|one| one.contains("is later than run")), is_kept, "{told:?}");
        // On purpose.
        world.build(&["a"], Build::new(LEG, "linux/amd64").salt("third"));
        assert_eq!(outcomes(&world.merge(&planned(&own), BACKWARD)), taken, "{own}");
    }
}

#[test]
fn a_release_of_an_older_commit_is_no_earlier_run() {
    // Another ref, another workflow, and runs that nothing orders.
    for own in ["ci.yml refs/tags/v1.0.0 2 01", "release.yml refs/heads/main 1 01", "- - - 01", "- - - -"] {
        let mut world = World::new();
        merged(&mut world, &format!("{W} 3 05"), Options::default());
        world.build(&["a"], Build::new(LEG, "linux/amd64").salt("other"));
        let report = world.merge(&planned(own), Options::default());
        let [first, second, third, _] = outcomes(&report)[..] else { panic!("four tags") };
        assert_eq!([first, second, third], [Outcome::Replaced, Outcome::Moved, Outcome::Moved], "{own}");
    }
}

#[test]
fn verify_agrees_with_what_the_merge_left() {
    let mut world = World::new();
    merged(&mut world, &format!("{W} 8 -"), Options::default());
    for (number, code) in [(7, 0), (9, 4)] {
        world.build(&["a"], Build::new(LEG, "linux/amd64").salt("other"));
        let own = format!("{W} {number} -");
        let test = Test::new()
            .file("plan.json", planned(&own))
            .file("metadata.json", world.metadata())
            .files(world.root(), "")
            .args(["verify", "--plan", "plan.json", "--metadata", "metadata.json"]);
        let output = test.output();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{number}: {said}");
        for tag in ["1.0.0", "1", "latest"] {
            let stays = said.contains(&format!("`{tag}` stays with a later run: run 8"));
            assert_eq!(stays, code == 0, "{number} {tag}: {said}");
        }
    }
}
