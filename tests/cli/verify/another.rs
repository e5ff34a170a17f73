//! Tags of a version that have the content of another: its annotations, its labels and the own tag of the other tell.

use bakeplan::internals::merge::Options;
use bakeplan::internals::registry::Store;
use bakeplan::internals::verify::report::Report;

use super::desk::{APP, found, of_builds, of_plan};
use super::result::verify;
use crate::loopback::{Answer, Reply};
use crate::merge::plans::{built, plan as labelled};
use crate::merge::world::{Build, CONSTANTS, World, plan, plan_of, put_tag};

fn saying(version: &str) -> String {
    format!(r#""org.opencontainers.image.version":"{version}""#)
}

/// A published image whose builds have these labels and annotations, which the plan does not know of. A merge of the version would
/// refuse some of them, so that its tags are constants.
fn published(labels: &str, annotations: &str) -> World {
    let world = built(&["acme/app"], labels, annotations, true);
    let document = plan_of(&[APP], CONSTANTS, "", "hold");
    assert_eq!(world.merge(&document, Options::default()).problems, []);
    world
}

/// Gives another tag what `latest` has.
fn tag(world: &World, other: &str) {
    let layout = world.layout("acme/app");
    let manifest = layout.get_manifest(&world.tags("acme/app")["latest"].clone().into()).unwrap().unwrap();
    put_tag(&layout, other, &manifest);
}

fn error(report: &Report) -> &str {
    found(report, &["other-version"]);
    assert!(report.disagrees());
    assert_eq!(report.findings[0].references.len(), 4);
    &report.findings[0].message
}

/// Where the content says nothing, the own tag of another version tells.
#[test]
fn the_own_tag_of_another_version_tells() {
    for (other, is_release) in [
        ("edge", false),
        ("1.4.2-rc.1", false),
        ("1.5", false),
        ("v1.3.0", true),
        ("1.3.0", true),
        ("2.0.10", true),
    ] {
        let world = published("", "");
        let document = plan(&[APP]);
        let result = world.merge(&document, Options::default()).to_json();
        found(&of_plan(&world, &document), &[]);
        tag(&world, other);
        let report = of_plan(&world, &document);
        let is_greater = other == "2.0.10";
        if is_release && !is_greater {
            let message = error(&report);
            assert!(
                message
                    .contains(&format!("is version `{other}`, by the tag `oci-layout://acme/app:{other}`")),
                "{message}"
            );
            assert!(message.ends_with("its tags are for `1.4.2`"), "{message}");
            // Nothing in it tells which of the two has the other's content: this version is not to be built again blindly.
            let finding = &report.findings[0];
            assert!(
                finding.notes.iter().any(|note| note.contains("nothing in it tells which")),
                "{finding:?}"
            );
            let number = other.trim_start_matches('v');
            assert!(finding.cure.contains("verify with `--metadata`"), "{finding:?}");
            assert!(
                finding.cure.contains(&format!("build and merge `{other}` again")) || number != other,
                "{finding:?}"
            );
        } else if is_greater {
            // `latest` stays with it, and `1.4` cannot have it.
            let codes: Vec<_> = report.findings.iter().map(|one| one.code.name()).collect();
            assert!(codes.contains(&"other-version") && report.disagrees(), "{codes:?}");
        } else {
            found(&report, &[]);
        }
        // Whoever knows the builds knows that they were right; a merge that says so is believed, with a warning.
        found(&of_builds(&world, &document, &world.metadata()), &[]);
        let (status, findings, _) = verify(&world, &document, &result);
        assert_eq!((status, findings.contains(&"other-version".to_owned())), (0, is_release), "{other}");
    }
}

/// An annotation names the version, whether or not the other version has tags.
#[test]
fn annotations_name_another_version() {
    for (version, is_other) in [
        ("1.4.3", true),
        ("v1.3.0", true),
        ("2.0.0-rc.1", true),
        ("1.4.2", false),
        ("1.4.2-r7", false),
        ("nightly", false),
        ("7", false),
    ] {
        let world = published("", &saying(version));
        let report = of_plan(&world, &plan(&[APP]));
        if is_other {
            assert!(error(&report).contains(&format!("says that it is version {version:?}")));
        } else {
            found(&report, &[]);
        }
        found(&of_builds(&world, &plan(&[APP]), &world.metadata()), &[]);
    }
    // What is planned is compared with the plan, and said once.
    let world = published("", &saying("1.4.3"));
    found(&of_plan(&world, &labelled(&[APP], "", &saying("1.4.2"), "hold")), &["other-plan", "other-plan"]);
}

/// A label may be that of a base image: it is a proof only where the other version is there, too.
#[test]
fn labels_name_another_version() {
    for (version, tagged, expected, is_error) in [
        ("1.4.3", None, &["other-version"][..], false),
        ("1.4.1", Some("1.4.1"), &["other-version"], true),
        ("1.4.1", Some("1.4.0"), &["other-version"], false),
        ("v1.3.9", Some("1.3.9"), &["other-version"], true),
        // Ubuntu's own.
        ("24.04", None, &[], false),
        ("42", None, &[], false),
        ("1.4.2", None, &[], false),
    ] {
        let world = published(&saying(version), "");
        if let Some(tagged) = tagged {
            // Of other content.
            let layout = world.layout("acme/app");
            let build = &world.built["app-linux-amd64"];
            put_tag(&layout, tagged, &layout.get_manifest(&build.clone().into()).unwrap().unwrap());
        }
        let report = of_plan(&world, &plan(&[APP]));
        found(&report, expected);
        assert_eq!(report.disagrees(), is_error, "{version}");
        if !is_error && !expected.is_empty() {
            assert!(report.findings[0].notes[1].contains("from its base"), "{:?}", report.findings);
        }
        found(&of_builds(&world, &plan(&[APP]), &world.metadata()), &[]);
    }
    let world = published(&saying("1.4.3"), "");
    found(&of_plan(&world, &labelled(&[APP], &saying("1.4.2"), "", "hold")), &["other-plan", "other-plan"]);
}

/// A version's own tag with another version's index, as a wrong copy leaves it.
#[test]
fn a_tag_that_was_moved_to_another_version() {
    for (which, codes) in
        [(&["1.4.2", "1.4", "1", "latest"][..], &["other-version"][..]), (&["latest"], &["other-version"])]
    {
        let mut world = published("", "");
        let layout = world.layout("acme/app");
        let other = world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt("1.3.0"));
        let document = plan(&[APP]).replace("1.4.2", "1.3.0").replace("latest", "old").replace("1.4", "1.3");
        assert_eq!(world.merge(&document, Options { allow_retag: true, ..Options::default() }).problems, []);
        assert_ne!(other, world.tags("acme/app")["1.3.0"]);
        let index = layout.get_manifest(&world.tags("acme/app")["1.3.0"].clone().into()).unwrap().unwrap();
        which.iter().for_each(|tag| put_tag(&layout, tag, &index));
        let report = of_plan(&world, &plan(&[APP]));
        found(&report, codes);
        // Only where both have it as their own can it be either.
        let is_either =
            report.findings[0].notes.iter().any(|note| note.contains("nothing in it tells which"));
        assert_eq!(is_either, which.contains(&"1.4.2"), "{:?}", report.findings);
        assert_eq!(report.findings[0].cure.contains("`bakeplan promote --floating"), !is_either);
    }
}

/// What cannot be compared is said.
#[test]
fn a_list_that_is_refused_is_said() {
    let world = published("", "");
    let server = world.serve_with(move |seen| {
        seen.path().ends_with("/tags/list").then(|| Reply::Whole(Answer::error(403, "DENIED")))
    });
    let document = plan(&[&format!("{}/acme/app", server.host())]);
    let report = of_plan(&world, &document);
    found(&report, &["unknown-version"]);
    assert!(report.ok);
}
