//! Whether tags agree with each other, and repositories, where a later run comes into it.

use bakeplan::internals::merge::Options;
use bakeplan::internals::reference::Digest;

use super::desk::{codes, of_plan};
use crate::merge::world::{Build, TAGS, World, plan_of};

const LEGS: [(&str, &str); 2] = [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")];

/// A plan of run `number`.
fn planned(number: u32, repositories: &[&str], tags: &str, more: &str) -> String {
    let run = format!(r#"{{"run":{{"workflow":"ci.yml","ref":"refs/heads/main","number":{number}}},"#);
    plan_of(repositories, tags, more, "hold").replacen('{', &run, 1)
}

fn build(world: &mut World, salt: &str) {
    for (leg, platform) in LEGS {
        world.build(&["a", "b"], Build::new(leg, platform).salt(salt));
    }
}

/// A later run that has published the version in one repository alone leaves the other behind, which is said.
#[test]
fn repositories_that_a_later_run_has_left_apart_are_named() {
    const VERSION: &str = r#""version":"1.4.2","#;
    let both = ["oci-layout:a", "oci-layout:b"];
    for (later, is_apart) in [(&both[..1], true), (&both[..], false)] {
        let mut world = World::new();
        build(&mut world, "first");
        let own = planned(5, &both, TAGS, VERSION);
        assert_eq!(world.merge(&own, Options::default()).problems, []);
        build(&mut world, "second");
        assert_eq!(world.merge(&planned(6, later, TAGS, VERSION), Options::default()).problems, []);
        let report = of_plan(&world, &own);
        assert!(!report.disagrees(), "{:?}", report.findings);
        assert_eq!(codes(&report).contains(&"repositories-disagree"), is_apart, "{:?}", report.findings);
        let finding = report.findings.iter().find(|one| one.message.contains("between its repositories"));
        assert_eq!(finding.map(|one| one.references.len()), is_apart.then_some(2));
    }
}

/// What an earlier run made may rightly have a tag that a later one reuses it for, which nothing but that run's plan tells.
#[test]
fn what_may_be_reused_is_named_where_tags_disagree() {
    for (inputs, is_named) in [("x", true), ("", false)] {
        let tags = |number: u32| {
            format!(
                r#"{{"name":"run-{number}","class":"run","form":"run-{{number}}"}},
                   {{"name":"edge","floating":true,"class":"constant","form":"edge"}}"#
            )
        };
        let plan = |number: u32| {
            let document = planned(number, &["oci-layout:a"], &tags(number), "");
            let hash = Digest::sha256(inputs.as_bytes());
            let inputs =
                if inputs.is_empty() { String::new() } else { format!(r#","inputs":{{"hash":"{hash}"}}"#) };
            document.replace(r#","job":"#, &format!(r#"{inputs},"job":"#))
        };
        let mut world = World::new();
        build(&mut world, "ten");
        assert_eq!(world.merge(&plan(10), Options::default()).problems, []);
        build(&mut world, "eleven");
        assert_eq!(world.merge(&plan(11), Options::default()).problems, []);
        crate::merge::two_versions::point(&world, "a", &["edge", "run-12"], "run-10");
        let report = of_plan(&world, &plan(11));
        assert_eq!(codes(&report), ["tags-disagree"]);
        let note = report.findings[0].notes.iter().any(|note| note.starts_with("run 10 made what they have"));
        assert_eq!(note, is_named, "{:?}", report.findings);
    }
}
