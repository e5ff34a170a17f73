//! Floating tags whose own index says that it is a greater version, which no list shows.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Outcome;

use super::families::planned as planned_by;
use super::world::{Build, TAGS, World, plan_of, untag};
use crate::verify::desk::of_plan;

const A: &str = "oci-layout:a";

/// A plan of a version with these floating tags, whose index says that it is `said`.
fn planned(version: &str, tags: &str, said: &str, more: &str) -> String {
    let annotations = if said.is_empty() {
        String::new()
    } else {
        format!(r#""annotations":{{"org.opencontainers.image.version":"{said}"}},"#)
    };
    plan_of(&[A], tags, &format!(r#""version":"{version}",{annotations}{more}"#), "hold")
}

/// A greater version that was published with `1` and `latest`, and whose own tag is gone.
fn published(said: &str) -> World {
    let mut world = World::with_app(&["a"]);
    let tags = TAGS.replace("1.4.2", "1.5.0").replace("\"1.4\"", "\"1.5\"");
    assert_eq!(world.merge(&planned("1.5.0", &tags, said, ""), Options::default()).problems, []);
    // Alone, `1.5` would be a version.
    for tag in ["1.5.0", "1.5"] {
        untag(&world.layout("a"), tag);
    }
    world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
    world
}

/// What became of `1` and `latest`.
fn outcomes(world: &World, plan: &str, options: Options) -> ([Outcome; 2], String) {
    let report = world.merge(plan, options);
    assert_eq!(report.problems, []);
    let outcome = |tag: &str| {
        report.images["app"].references.iter().find(|one| one.tag == tag).expect("it is planned").outcome
    };
    let notes: Vec<&str> = report.notes.iter().map(|note| note.message.as_str()).collect();
    ([outcome("1"), outcome("latest")], notes.join("\n"))
}

#[test]
fn what_says_that_it_is_greater_keeps_its_floating_tags() {
    for said in ["1.5.0", "v1.5.0", "1.5.1", "1.41.0"] {
        let world = published(said);
        let before = world.tags("a");
        let (outcomes, notes) = outcomes(&world, &planned("1.4.2", TAGS, "", ""), Options::default());
        assert_eq!(outcomes, [Outcome::Kept; 2], "{said}: {notes}");
        assert!(notes.contains(&format!("says that it is version `{said}`, which is greater")), "{notes}");
        for tag in ["1", "latest"] {
            assert_eq!(world.tags("a")[tag], before[tag], "{said}");
        }
        let report = of_plan(&world, &planned("1.4.2", TAGS, "", ""));
        assert!(!report.disagrees(), "{said}: {:?}", report.findings);
        let kept: Vec<_> = report.findings.iter().filter(|one| one.message.contains("stays with")).collect();
        assert_eq!(kept.len(), 2, "{said}: {:?}", report.findings);
    }
    // `1` does not go to another major version in any case.
    let (outcomes, _) = outcomes(&published("2.0.0"), &planned("1.4.2", TAGS, "", ""), Options::default());
    assert_eq!(outcomes, [Outcome::Moved, Outcome::Kept]);
}

#[test]
fn what_is_not_greater_or_was_taken_back_keeps_nothing() {
    for (said, more, options) in [
        ("", "", Options::default()),
        ("1.4.2", "", Options::default()),
        ("1.3.9", "", Options::default()),
        ("main", "", Options::default()),
        ("1.6.0-rc.1", "", Options::default()),
        ("1.5.0", r#""withdrawn":["1.5.0"],"#, Options::default()),
        ("1.5.0", r#""withdrawn":["1.5.*"],"#, Options::default()),
        ("1.5.0", "", Options { allow_backward: true, ..Options::default() }),
        ("1.5.0", "", Options { restores: true, ..Options::default() }),
    ] {
        let world = published(said);
        let (outcomes, notes) = outcomes(&world, &planned("1.4.2", TAGS, "", more), options);
        assert_eq!(outcomes, [Outcome::Moved; 2], "{said} {more}: {notes}");
    }
}

/// Labels of images, as members of a JSON object.
fn labels(version: &str, more: &str) -> String {
    let version = match version {
        "" => String::new(),
        version => format!(r#""org.opencontainers.image.version":"{version}""#),
    };
    let more = match more.split_once('=') {
        Some((name, value)) => format!(r#""org.opencontainers.image.{name}":"{value}""#),
        None => String::new(),
    };
    [version, more].into_iter().filter(|one| !one.is_empty()).collect::<Vec<_>>().join(",")
}

/// Labels come from bases, too: only those of an image that is labelled as the plan labels its own are its own.
#[test]
fn what_is_labelled_as_greater_keeps_its_floating_tags() {
    let app = labels("1.4.2", "title=app");
    for (there, planned_labels, more, is_kept) in [
        (labels("1.5.0", "title=app"), app.clone(), "", true),
        (labels("v1.5.1", "title=app"), app.clone(), "", true),
        (labels("1.41.0", "source=acme/app"), labels("1.4.2", "source=acme/app"), "", true),
        (labels("1.5.0", "title=base"), app.clone(), "", false),
        (labels("1.5.0", ""), app.clone(), "", false),
        (labels("1.5.0", "title=app"), labels("", "title=app"), "", false),
        (labels("1.5.0", "title=app"), labels("1.4.2", ""), "", false),
        (labels("1.4.2", "title=app"), app.clone(), "", false),
        (labels("1.3.9", "title=app"), app.clone(), "", false),
        (labels("1.5.0", "title=app"), app.clone(), r#""withdrawn":["1.5.0"],"#, false),
    ] {
        let mut world = World::new();
        let legs = [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")];
        for (leg, platform) in legs {
            world.build(&["a"], Build::new(leg, platform).labelled(&there, ""));
        }
        let tags = TAGS.replace("1.4.2", "1.5.0").replace("\"1.4\"", "\"1.5\"");
        assert_eq!(world.merge(&planned("1.5.0", &tags, "", ""), Options::default()).problems, []);
        for tag in ["1.5.0", "1.5"] {
            untag(&world.layout("a"), tag);
        }
        for (leg, platform) in legs {
            world.build(&["a"], Build::new(leg, platform).salt("again").labelled(&planned_labels, ""));
        }
        let document = planned("1.4.2", TAGS, "", more);
        let document =
            document.replace(r#""on_missing""#, &format!(r#""labels":{{{planned_labels}}},"on_missing""#));
        let (outcomes, notes) = outcomes(&world, &document, Options::default());
        let expected = if is_kept { Outcome::Kept } else { Outcome::Moved };
        assert_eq!(outcomes, [expected; 2], "{there} {planned_labels}: {notes}");
        assert_eq!(notes.contains("which is greater"), is_kept, "{there}: {notes}");
        let report = of_plan(&world, &document);
        assert!(!report.disagrees(), "{there} {planned_labels}: {:?}", report.findings);
        let kept = report.findings.iter().filter(|one| one.message.contains("is labelled with version"));
        assert_eq!(kept.count(), if is_kept { 2 } else { 0 }, "{there}: {:?}", report.findings);
    }
}

/// What has `latest` and another tag, and says that it is `said`, stays there beside this version; what becomes of the other tags.
fn kept_beside(version: &str, tags: &str, said: &str, there: &str, more: &str) -> String {
    let mut world = World::with_app(&["acme/app"]);
    let names: Vec<String> =
        there.split_whitespace().chain(["seed"]).map(|name| format!("{name:?}")).collect();
    let lines = format!(
        "tags = [{}]\nannotations = {{ \"org.opencontainers.image.version\" = \"{said}\" }}",
        names.join(", ")
    );
    let facts = ["event=push", "commit=c0ffee0c0ffee0c0ffee0c0ffee0c0ffee0c0ffe"];
    let report = world.merge(&planned_by(&lines, &facts).0, Options::default());
    assert_eq!(report.problems, [], "{lines}");
    world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
    let lines = format!("version = \"{version}\"\ntags = [{tags}]\n{more}");
    let document = planned_by(&lines, &facts).0;
    let report = world.merge(&document, Options::default());
    assert_eq!(report.problems, [], "{lines}");
    let found = of_plan(&world, &document);
    assert!(!found.disagrees(), "{lines}: {:?}", found.findings);
    let kept = report.images["app"].references.iter().filter(|one| one.outcome == Outcome::Kept);
    let mut kept: Vec<&str> = kept.map(|one| one.tag.as_str()).collect();
    kept.sort_unstable();
    kept.join(" ")
}

#[test]
fn a_greater_version_is_told_in_every_form_that_tags_have() {
    const PG: &str = r#""pg{{ major }}-{{ version }}", "pg{{ major }}", "latest""#;
    const SHA: &str = r#""{{ version }}-{{ sha }}", "latest""#;
    const DAY: &str = r#""{{ version }}-{{ date('%Y%m%d') }}", "{{ major }}", "latest""#;
    const JAMMY: &str = r#""{{ version }}-jammy", "{{ major }}", "latest""#;
    const OWN_NAME: &str = r#""{{ version }}-jammy", "{{ major }}-jammy", "jammy""#;
    const API: &str = r#""api-{{ version }}", "api-{{ major }}", "latest""#;
    const PLAIN: &str = r#""{{ version }}", "{{ major }}", "latest""#;
    const K3S: &str = r#""v{{ version | replace('+', '-') }}", "v{{ semver }}", "latest""#;
    for (version, tags, said, there, expected) in [
        ("1.2.3", PG, "2.0.0", "latest", "latest"),
        ("1.2.3", PG, "1.3.0", "pg1 latest", "latest pg1"),
        ("1.2.3", SHA, "1.9.0", "latest", "latest"),
        ("1.2.3", SHA, "v1.2.4", "latest", "latest"),
        ("1.2.3", DAY, "1.9.0", "1 latest", "1 latest"),
        ("1.2.3", JAMMY, "1.9.0-noble", "1 latest", "1 latest"),
        ("1.2.3", JAMMY, "1.9.0-jammy", "1 latest", "1 latest"),
        ("1.2.3", JAMMY, "1.9.0", "1 latest", "1 latest"),
        ("1.2.3", JAMMY, "2.0.0-noble", "1 latest", "latest"),
        ("1.2.3", OWN_NAME, "1.9.0", "jammy 1-jammy", "1-jammy jammy"),
        ("1.2.3", PLAIN, "1.9.0-noble", "1 latest", "1 latest"),
        ("1.2.3-r2", PLAIN, "1.2.3-r5", "1 latest", "1 latest"),
        ("1.2.3-2", PLAIN, "1.2.3-10", "1 latest", "1 latest"),
        ("17.0.1_7", PLAIN, "17.0.1_8", "17 latest", "17 latest"),
        ("v1.30.1+k3s2", K3S, "v1.30.1+k3s3", "v1.30.1 latest", "latest v1.30.1"),
        ("v1.30.1+k3s2", K3S, "1.31.0+k3s1", "v1.30.1 latest", "latest"),
        ("17", r#""{{ version }}", "latest""#, "21", "latest", "latest"),
        ("1.2.3", API, "api-1.9.0", "api-1 latest", "api-1 latest"),
        ("1.2.3", API, "1.9.0", "api-1 latest", "api-1 latest"),
        ("1.2.3", PG, "pg2-2.0.0", "latest", "latest"),
        // Lesser, equal, and of something else.
        ("1.2.3", PG, "1.2.3", "pg1 latest", ""),
        ("1.2.3", API, "api-1.2.2", "api-1 latest", ""),
        ("1.2.3", API, "web-1.9.0", "api-1 latest", ""),
        ("1.2.3", PG, "1.2.2", "pg1 latest", ""),
        ("1.2.3", SHA, "1.2.3", "latest", ""),
        ("1.2.3", SHA, "1.2.3-c0ffee0", "latest", ""),
        ("1.2.3", DAY, "1.2.3-20260101", "1 latest", ""),
        ("1.2.3", JAMMY, "1.2.3-noble", "1 latest", ""),
        ("1.2.3", JAMMY, "1.2.2-noble", "1 latest", ""),
        ("1.2.3", OWN_NAME, "1.9.0-noble", "jammy 1-jammy", ""),
        ("1.2.3", PLAIN, "1.9.0-rc.1", "1 latest", ""),
        ("1.2.3", PLAIN, "noble", "1 latest", ""),
        ("1.2.3-r5", PLAIN, "1.2.3-r2", "1 latest", ""),
        ("1.2.3-r5", PLAIN, "1.2.3", "1 latest", ""),
        ("v1.30.1+k3s2", K3S, "v1.30.1+k3s1", "v1.30.1 latest", ""),
        ("v1.30.1+k3s2", K3S, "v1.30.1+k3s2", "v1.30.1 latest", ""),
        ("21", r#""{{ version }}", "latest""#, "17", "latest", ""),
    ] {
        assert_eq!(kept_beside(version, tags, said, there, ""), expected, "{version} {tags} {said}");
    }
    // What was taken back, and a build of the same version that the image says it is, too.
    for (tags, said, more) in [
        (JAMMY, "1.9.0-noble", "withdrawn = [\"1.9.0-noble\"]"),
        (JAMMY, "1.9.0-noble", "withdrawn = [\"1.9.0\"]"),
        (PG, "1.3.0", "withdrawn = [\"1.3.*\"]"),
        (PLAIN, "1.2.3-512", "annotations = { \"org.opencontainers.image.version\" = \"1.2.3-513\" }"),
    ] {
        let there = if tags == PG { "pg1 latest" } else { "1 latest" };
        assert_eq!(kept_beside("1.2.3", tags, said, there, more), "", "{tags} {said} {more}");
    }
}
