//! Floating tags of an index that also has a tag which reads as greater, in another form or with no clear version: they stay.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Report;
use bakeplan::internals::oci::OCI_MANIFEST;

use super::families::kept;
use super::world::{Build, World, image, put, put_tag, untag};
use crate::support::Test;
use crate::verify::desk::of_plan;

/// The plan of a target with these tags, written out, for a layout.
pub(super) fn planned(tags: &str, more: &str) -> (String, String) {
    let tags: Vec<String> = tags.split_whitespace().map(|tag| format!("\"r.io/acme/app:{tag}\"")).collect();
    let spec = format!(
        "target \"app\" {{\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n  tags = [{}]\n}}\n{more}",
        tags.join(", ")
    );
    let test = Test::new().file("docker-bake.hcl", &spec).args(["plan", "--format", "json"]);
    let output = test.args(["--fact=commit_time=2026-11-02T03:04:05Z", "--fact=tag=t"]).output();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{tags:?}: {talk}");
    (String::from_utf8(output.stdout).unwrap().replace("r.io/acme/app", "oci-layout:a"), talk)
}

/// Merges tags into what has others, each build another one.
fn merge(world: &mut World, tags: &str, more: &str, options: Options) -> Report {
    world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt(tags));
    let report = world.merge(&planned(tags, more).0, options);
    assert_eq!(report.problems, [], "{tags}");
    report
}

#[test]
fn a_floating_tag_stays_with_what_has_a_greater_tag_of_the_same_kind() {
    for (first, second, expected) in [
        ("17-alpine latest", "16-alpine latest", "latest=17-alpine"),
        (
            "RELEASE.2026-08-03T04-33-23Z latest",
            "RELEASE.2026-05-01T00-00-00Z latest",
            "latest=RELEASE.2026-08-03T04-33-23Z",
        ),
        (
            "RELEASE.2026-08-03 latest stable",
            "RELEASE.2025-12-31 latest stable",
            "latest=RELEASE.2026-08-03 stable=RELEASE.2026-08-03",
        ),
        ("jdk-21 latest", "jdk-17 latest", "latest=jdk-21"),
        ("php-8.10 latest", "php-8.9 latest", "latest=php-8.10"),
        ("cuda12.4-py3.11 latest", "cuda12.1-py3.12 latest", "latest=cuda12.4-py3.11"),
        // What nobody knows behind the numbers is less than the release.
        ("1.3.0 1.3 latest", "1.3.0-main.5 1.3 latest", "1.3=1.3.0 latest=1.3.0"),
        ("1.3.0 latest", "1.3.0-a1b2c3d latest", "latest=1.3.0"),
        ("17 latest", "17-alpine latest", "latest=17"),
        ("1.3.0-main.5 latest", "1.3.0-main.4 latest", "latest=1.3.0-main.5"),
        // Versions in other forms: what moves with all of them has one owner.
        (
            "8.0.10-noble 8.0 8 latest",
            "8.0.9-jammy 8.0 8 latest",
            "8.0=8.0.10-noble 8=8.0.10-noble latest=8.0.10-noble",
        ),
        ("1.4.0-trixie 1.4 1 latest", "1.3.9-bookworm 1.3 1 latest", "1=1.4 latest=1.4"),
        ("1.4.0 1 latest", "1.3.9-slim 1 latest", "1=1.4.0 latest=1.4.0"),
        ("1.4.0-slim 1 latest", "1.3.9 1 latest", "1=1.4.0-slim latest=1.4.0-slim"),
        ("21.0.4-jdk 21 latest", "21.0.3-jre 21 latest", "21=21.0.4-jdk latest=21.0.4-jdk"),
        ("3.0.0-lts latest", "2.0.0-jre latest", "latest=3.0.0-lts"),
        ("17.2.0-ce.0 latest", "17.1.9-ee.0 latest", "latest=17.2.0-ce.0"),
        ("8.0.10-noble 8.0 latest", "6.0.9-jammy 6.0 latest", "latest=8.0.10-noble"),
        // A variant's own names, where more follows it.
        (
            "21.0.4-jre-noble 21-jre jre",
            "21.0.3-jre 21-jre jre",
            "21-jre=21.0.4-jre-noble jre=21.0.4-jre-noble",
        ),
        (
            "1.4.0-alpine-perl 1-alpine alpine",
            "1.3.9-alpine 1-alpine alpine",
            "1-alpine=1.4.0-alpine-perl alpine=1.4.0-alpine-perl",
        ),
        ("3.14.0-slim-trixie slim", "3.13.9-slim slim", "slim=3.14.0-slim-trixie"),
    ] {
        let mut world = World::with_app(&["a"]);
        assert_eq!(kept(&merge(&mut world, first, "", Options::default())), "", "{first}");
        let before = world.tags("a");
        let report = merge(&mut world, second, "", Options::default());
        assert_eq!(kept(&report), expected, "{first}, {second}");
        let said = |one: &&str| report.notes.iter().any(|note| note.message.contains(*one));
        let other_form =
            expected.split_whitespace().filter(|one| *one != "1=1.4" && *one != "1=1.4.0").count() > 0;
        assert!(!other_form || said(&"reads as greater than"), "{:?}", report.notes);
        for tag in expected.split_whitespace().filter_map(|one| one.split('=').next()) {
            assert_eq!(world.tags("a")[tag], before[tag], "{second}");
        }
        let found = of_plan(&world, &planned(second, "").0);
        assert!(!found.disagrees(), "{second}: {:?}", found.findings);
        assert!(found.findings.iter().any(|one| one.message.contains("stays with")), "{second}");
        // Who asks for it may move it.
        let backward = Options { allow_backward: true, ..Options::default() };
        assert_eq!(kept(&merge(&mut world, second, "", backward)), "", "{second}");
        let last = expected.rsplit(' ').next().and_then(|one| one.split('=').next()).unwrap();
        assert_ne!(world.tags("a")[last], before[last], "{second}");
    }
}

#[test]
fn a_floating_tag_goes_on_to_what_is_not_less() {
    for (first, second) in [
        ("16-alpine latest", "17-alpine latest"),
        ("17-alpine latest", "17-alpine latest"),
        ("RELEASE.2026-05-01T00-00-00Z latest", "RELEASE.2026-08-03T04-33-23Z latest"),
        ("jdk-17 latest", "jdk-21 latest"),
        ("1.3.0-main.4 latest", "1.3.0-main.5 latest"),
        ("1.3.0-a1b2c3d latest", "1.3.0-0a1b2c3 latest"),
        // Of another kind, or without the tag.
        ("17-alpine latest", "16-slim latest"),
        ("20-alpine", "16-alpine latest"),
        ("nightly latest", "16-alpine latest"),
        ("8.0.9-jammy 8.0 latest", "8.0.10-noble 8.0 latest"),
        ("8.0.9-jammy 8.0 latest", "8.0.9-noble 8.0 latest"),
        ("1.4.0-rc.1 latest-rc", "1.3.9 latest"),
        ("1.4.0 edge", "1.3.9-slim latest"),
        ("1234 latest", "1.3.9 latest"),
        // The rebuild of yesterday, and a day.
        ("1.3.9 1.3.9.20260102 latest", "1.3.9 1.3.9.20260103 latest"),
        ("sha-0123456 latest", "1.3.9 latest"),
    ] {
        let mut world = World::with_app(&["a"]);
        merge(&mut world, first, "", Options::default());
        assert_eq!(kept(&merge(&mut world, second, "", Options::default())), "", "{first}, {second}");
        assert_eq!(
            world.tags("a")["latest"],
            world.tags("a")[second.split(' ').next().unwrap()],
            "{first}, {second}"
        );
    }
}

#[test]
fn a_line_that_the_tag_left_does_not_hold_it() {
    // `latest` is meant for 8.3, and 8.4 is there.
    let mut world = World::with_app(&["a"]);
    merge(&mut world, "php-8.4", "", Options::default());
    merge(&mut world, "php-8.3 latest", "", Options::default());
    world.build(&["a"], Build::new("app-linux-arm64", "linux/arm64").salt("again"));
    assert_eq!(kept(&merge(&mut world, "php-8.3 latest", "", Options::default())), "");
    // What is gone holds nothing, and neither does what was withdrawn.
    let mut world = World::with_app(&["a"]);
    merge(&mut world, "jdk-21 latest", "", Options::default());
    untag(&world.layout("a"), "jdk-21");
    assert_eq!(kept(&merge(&mut world, "jdk-17 latest", "", Options::default())), "");
    let mut world = World::with_app(&["a"]);
    merge(&mut world, "jdk-21 latest", "", Options::default());
    let withdrawn = "image \"app\" {\n  withdrawn = [\"jdk-2*\"]\n}\n";
    assert_eq!(kept(&merge(&mut world, "jdk-17 latest", withdrawn, Options::default())), "");
}

#[test]
fn the_plan_says_what_the_merge_does() {
    for tags in ["17-alpine latest", "jdk-21 latest", "1.3.0-main.5 1.3 latest"] {
        let (document, talk) = planned(tags, "");
        let own = tags.split(' ').next().unwrap();
        assert!(document.contains(&format!("\"unclear\": [\n        \"{own}\"\n      ]")), "{document}");
        assert!(talk.contains("has a tag of this kind with greater numbers"), "{talk}");
    }
    for tags in ["1.3.0 1.3 latest", "edge latest", "17 latest"] {
        let (document, talk) = planned(tags, "");
        assert!(!document.contains("unclear"), "{document}");
        assert!(!talk.contains("greater numbers"), "{talk}");
    }
}

/// The name of a line that a greater version of another one holds: that is said with the way out.
#[test]
fn a_name_that_may_be_of_one_line_of_versions_is_reported_where_a_greater_one_holds_it() {
    for (first, others, next, name) in [
        ("1.28.5 1.28 stable", "1.29.1 1.29 mainline", "1.28.6 1.28 stable", "stable"),
        ("20.9.0 20 lts iron", "21.1.0 21 current", "20.9.1 20 lts iron", "iron"),
        ("22.04 jammy", "24.04 noble", "22.04.1 jammy", "jammy"),
        ("8.4.1 lts", "9.0.1 latest", "8.4.2 lts", "lts"),
        ("128.0 latest", "129.0 latest", "115.13.0-esr esr", "esr"),
        ("2.440.1-lts lts", "2.450 latest", "2.440.2-lts lts", "lts"),
    ] {
        let mut world = World::with_app(&["a"]);
        merge(&mut world, first, "", Options::default());
        merge(&mut world, others, "", Options::default());
        let report = merge(&mut world, next, "", Options::default());
        let found = report.notes.iter().find(|note| note.code.name() == "codename");
        let found = found.unwrap_or_else(|| panic!("{next}: {:?}", report.notes));
        assert!(found.message.contains(&format!(":{name}` (")), "{}", found.message);
        let help = found.help.clone().unwrap_or_default();
        assert!(help.contains("channels = [") && help.contains(&format!("\"{name}\"")), "{help}");
    }
    // A variant's name that stays with the greatest version of that variant.
    for (own, floats, there) in [
        ("{{ version }}-alpine3.20", r#""{{ major }}-alpine", "alpine""#, "1.4.0-alpine3.20 alpine"),
        ("{{ version }}-jammy", r#""{{ major }}-jammy", "jammy""#, "1.4.0-jammy jammy"),
        ("{{ version }}-slim", r#""{{ major }}-slim", "slim""#, "1.4.0-slim slim"),
    ] {
        let mut world = World::with_app(&["a"]);
        merge(&mut world, there, "", Options::default());
        let lines = format!("version = \"1.3.9\"\ntags = [\"{own}\", {floats}]");
        let document = super::families::planned(&lines, &[]).0.replace("oci-layout:acme/app", "oci-layout:a");
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("next"));
        let report = world.merge(&document, Options::default());
        assert!(kept(&report).contains("=1.4.0-"), "{own}: {}", kept(&report));
        assert!(report.notes.iter().all(|note| note.code.name() != "codename"), "{:?}", report.notes);
    }
    // `latest`, numbers and variants are of all lines.
    for (first, next) in [
        ("1.29.1 1 latest", "1.28.6 1 latest"),
        ("1.29.1-alpine 1-alpine alpine", "1.28.6-alpine 1-alpine alpine"),
    ] {
        let mut world = World::with_app(&["a"]);
        merge(&mut world, first, "", Options::default());
        let report = merge(&mut world, next, "", Options::default());
        assert!(kept(&report).contains("1.29.1"), "{next}");
        assert!(report.notes.iter().all(|note| note.code.name() != "codename"), "{:?}", report.notes);
    }
}

/// A channel goes on with its line, as the warning promises.
#[test]
fn a_channel_goes_on_with_its_line() {
    let block = |version: &str| {
        format!(
            "image \"app\" {{\n  version = \"{version}\"\n  tags = [\"{{{{ version }}}}\"]\n  channels = [\"stable\"]\n}}\n"
        )
    };
    let mut world = World::with_app(&["a"]);
    merge(&mut world, "1.28.5", &block("1.28.5"), Options::default());
    merge(&mut world, "1.29.1 mainline", "", Options::default());
    let report = merge(&mut world, "1.28.6", &block("1.28.6"), Options::default());
    assert_eq!(kept(&report), "");
    assert_eq!(world.tags("a")["stable"], world.tags("a")["1.28.6"]);
}

/// However many tags a version has, the one that shows it is looked at; where there are too many, that is said.
#[test]
fn many_tags_of_a_version_hide_no_greater_one() {
    let names = |before: &str, range: std::ops::Range<usize>| -> Vec<String> {
        range.map(|at| format!("{before}{at}")).collect()
    };
    for (first, second, others, expected) in [
        (
            "8.0.10-noble 8.0 8 latest",
            "8.0.9-jammy 8.0 8 latest",
            names("8.0.10-cuda", 10..32),
            "8.0=8.0.10-noble 8=8.0.10-noble latest=8.0.10-noble",
        ),
        ("jdk-21 latest", "jdk-17 latest", names("jdk-", 30..52), "latest=jdk-21"),
        (
            "8.2.0-noble 8 latest",
            "8.0.9-jammy 8 latest",
            names("8.2.0-noble-amd64v", 1..42),
            "8=8.2.0-noble latest=8.2.0-noble",
        ),
        (
            "3.13.1-slim 3 latest",
            "3.12.9-alpine 3 latest",
            names("3.13.1-slim-py", 300..450),
            "3=3.13.1-slim latest=3.13.1-slim",
        ),
        // What none of them has moves.
        ("other latest", "jdk-17 latest", names("jdk-", 30..52), ""),
    ] {
        let mut world = World::with_app(&["a"]);
        merge(&mut world, first, "", Options::default());
        let layout = world.layout("a");
        let other = put(&layout, OCI_MANIFEST, &image(&layout, OCI_MANIFEST, "{}", &["other".to_owned()]));
        others.iter().for_each(|tag| put_tag(&layout, tag, &other));
        let report = merge(&mut world, second, "", Options::default());
        assert_eq!(kept(&report), expected, "{first} {second}");
    }
    let mut world = World::with_app(&["a"]);
    merge(&mut world, "jdk-100 latest", "", Options::default());
    let layout = world.layout("a");
    let other = put(&layout, OCI_MANIFEST, &image(&layout, OCI_MANIFEST, "{}", &["other".to_owned()]));
    names("jdk-", 101..331).iter().for_each(|tag| put_tag(&layout, tag, &other));
    let report = merge(&mut world, "jdk-17 latest", "", Options::default());
    let told: Vec<&str> = report.notes.iter().map(|note| note.message.as_str()).collect();
    assert!(told.iter().any(|told| told.contains("was not compared with 31 more tags")), "{told:?}");
}
