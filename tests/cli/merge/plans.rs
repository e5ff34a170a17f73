//! Builds of another plan, whose legs have the same names: what they say of themselves tells them apart.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Report, Status};
use bakeplan::internals::registry::Store;

use super::world::{Build, CONSTANTS, TAGS, World, plan_of, remove};
use crate::support::Test;
use crate::verify::desk::{found, of_builds, of_plan};

const APP: &str = "oci-layout:acme/app";
const AMD: &str = "app-linux-amd64";
const ARM: &str = "app-linux-arm64";
/// What two plans give their legs.
pub(crate) const OLD: &str = r#""version":"8.0.5","title":"app""#;
pub(crate) const NEW: &str = r#""version":"8.1.0-rc.2","title":"app""#;

/// A plan whose legs have these labels and annotations.
pub(crate) fn plan(repositories: &[&str], labels: &str, annotations: &str, on_missing: &str) -> String {
    let document = plan_of(repositories, TAGS, r#""version":"1.4.2","#, on_missing);
    let own = format!(r#""labels":{{{labels}}},"annotations":{{{annotations}}},"on_missing""#);
    document.replace(r#""on_missing""#, &own)
}

/// Builds of both platforms that say this.
pub(crate) fn built(repositories: &[&str], labels: &str, annotations: &str, attested: bool) -> World {
    let mut world = World::new();
    for (leg, platform) in [(AMD, "linux/amd64"), (ARM, "linux/arm64")] {
        let build = Build::new(leg, platform).labelled(labels, annotations);
        world.build(repositories, if attested { build } else { build.plain() });
    }
    world
}

fn merge(world: &World, document: &str) -> Report {
    world.merge(document, Options::default())
}

#[track_caller]
fn check_refused(world: &World, report: &Report, expected: &[&str]) {
    let codes: Vec<_> = report.problems.iter().map(|problem| problem.code.name()).collect();
    assert_eq!(codes, vec!["other-plan"; expected.len()], "{:?}", report.problems);
    for (problem, expected) in report.problems.iter().zip(expected) {
        let text = format!("{}\n{}", problem.message, problem.notes.join("\n"));
        assert!(text.contains(expected), "{text}");
    }
    assert!(world.tags("acme/app").is_empty());
}

#[test]
fn builds_of_another_plan_are_refused() {
    let new = r#"the label `version` is "8.1.0-rc.2", but the plan says "8.0.5""#;
    let other = r#"the annotation `version` is "8.1.0-rc.2", but the plan says "8.0.5""#;
    let absent = r#"the label `version` is missing, but the plan says "8.0.5""#;
    for attested in [true, false] {
        for (planned, found, expected) in [
            ((OLD, ""), (NEW, ""), new),
            (("", OLD), ("", NEW), other),
            ((OLD, OLD), (OLD, NEW), other),
            ((OLD, ""), ("", ""), absent),
            ((OLD, ""), ("", OLD), absent),
            (("", OLD), (OLD, ""), "the annotation `version` is missing"),
            ((r#""a":"""#, ""), (NEW, ""), "the label `a` is missing, but the plan says \"\""),
        ] {
            let world = built(&["acme/app"], found.0, found.1, attested);
            let report = merge(&world, &plan(&[APP], planned.0, planned.1, "hold"));
            check_refused(&world, &report, &[expected, expected]);
        }
    }
    // One leg alone; what is said of it names the leg and where it comes from, and all that differs.
    let mut world = built(&["acme/app"], OLD, OLD, true);
    let digest = world.build(&["acme/app"], Build::new(ARM, "linux/arm64").labelled(NEW, NEW));
    let report = merge(&world, &plan(&[APP], OLD, OLD, "hold"));
    check_refused(&world, &report, &[new]);
    let problem = &report.problems[0];
    assert_eq!(
        problem.message,
        format!("image `app`: build `{ARM}`, {digest} (`m.json`), is from another plan: {new}")
    );
    assert_eq!(problem.notes, [other]);
}

#[test]
fn what_the_plan_does_not_say_is_not_compared() {
    for attested in [true, false] {
        for (planned, found) in [
            ((OLD, OLD), (OLD, OLD)),
            // A Dockerfile has labels of its own.
            ((r#""version":"8.0.5""#, ""), (OLD, NEW)),
            (("", r#""title":"app""#), (NEW, NEW)),
            (("", ""), (NEW, NEW)),
            ((r#""version":"""#, ""), (r#""version":"""#, "")),
        ] {
            let world = built(&["acme/app"], found.0, found.1, attested);
            let report = merge(&world, &plan(&[APP], planned.0, planned.1, "hold"));
            assert_eq!(report.problems, [], "{planned:?} {found:?}");
            assert_eq!(report.images["app"].status, Status::Published);
        }
        // A plan of before says nothing of labels.
        let world = built(&["acme/app"], NEW, NEW, attested);
        assert_eq!(merge(&world, &plan_of(&[APP], CONSTANTS, "", "hold")).problems, []);
    }
}

#[test]
fn a_platform_that_is_carried_over_is_of_another_run() {
    let mut world = built(&["acme/app"], OLD, OLD, true);
    assert_eq!(merge(&world, &plan(&[APP], OLD, OLD, "carry")).problems, []);
    world.build(&["acme/app"], Build::new(AMD, "linux/amd64").labelled(NEW, NEW));
    world.built.remove(ARM);
    let document = plan(&[APP], NEW, NEW, "carry");
    let report = merge(&world, &document);
    assert_eq!((report.problems.as_slice(), report.images["app"].status), (&[][..], Status::Published));
    found(&of_builds(&world, &document, &world.metadata()), &[]);
    // Without metadata nobody knows which are carried over.
    found(&of_plan(&world, &document), &[]);
    found(&of_plan(&world, &document.replace("carry", "hold")), &["other-plan"]);
}

#[test]
fn labels_are_read_where_they_are() {
    let mut world = built(&["acme/app", "acme/copy"], NEW, "", false);
    let server = world.serve();
    let repositories = ["acme/app", "acme/copy"].map(|name| format!("{}/{name}", server.host()));
    let repositories = [repositories[0].as_str(), &repositories[1]];
    // The first repository has the manifests alone; the rest is to be mounted from the second.
    let config = |world: &World, leg: &str| {
        let manifest = world.layout("acme/app").get_manifest(&world.built[leg].clone().into());
        let manifest = manifest.unwrap().unwrap();
        serde_json::from_slice::<bakeplan::internals::oci::ImageManifest>(&manifest.bytes)
            .unwrap()
            .config
            .digest
    };
    for leg in [AMD, ARM] {
        remove(&world.layout("acme/app"), &config(&world, leg));
    }
    let report = merge(&world, &plan(&repositories, OLD, "", "hold"));
    check_refused(&world, &report, &["8.1.0-rc.2", "8.1.0-rc.2"]);
    let report = merge(&world, &plan(&repositories, NEW, "", "hold"));
    assert_eq!(report.problems, []);
    assert_eq!(world.tags("acme/app"), world.tags("acme/copy"));

    // Each configuration is read once, and then its size need not be asked for.
    let again = Build::new(AMD, "linux/amd64").labelled(NEW, "").salt("again").plain();
    world.build(&["acme/app", "acme/copy"], again);
    let before = server.lines().len();
    assert_eq!(merge(&world, &plan(&repositories, NEW, "", "hold")).problems, []);
    let lines = server.lines().split_off(before);
    let path = |method: &str| format!("{method} /v2/acme/app/blobs/{}", config(&world, AMD));
    let count = |line: &str| lines.iter().filter(|one| *one == line).count();
    assert_eq!((count(&path("GET")), count(&path("HEAD"))), (1, 0), "{lines:#?}");
}

#[test]
fn labels_that_cannot_be_read_are_told() {
    let world = built(&["acme/app"], r#""version":1"#, "", true);
    let report = merge(&world, &plan(&[APP], OLD, "", "hold"));
    let codes: Vec<_> = report.problems.iter().map(|problem| problem.code.name()).collect();
    assert_eq!(codes, ["invalid-manifest"; 2]);
    assert!(report.problems[0].message.contains("the labels in its configuration"), "{:?}", report.problems);
    assert_eq!(merge(&world, &plan(&[APP], "", "", "hold")).problems, []);
    let report = of_builds(&world, &plan(&[APP], OLD, "", "hold"), &world.metadata());
    found(&report, &["invalid-manifest", "invalid-manifest"]);
}

/// Two versions of a Bake file, planned for real.
#[test]
fn plans_of_two_versions_do_not_take_each_other_s_builds() {
    let spec = r#"
        variable "VERSION" { default = "8.0.5" }
        variable "RUN" { default = "1" }
        target "app" {
          platforms   = ["linux/amd64", "linux/arm64"]
          labels      = { run = RUN, plain = "x" }
          annotations = ["manifest[linux/arm64]:arm=${VERSION}", "run=${RUN}", "index:whole=1"]
        }
        image "app" {
          repositories = ["ghcr.io/acme/app"]
          version      = VERSION
          oci_labels   = true
        }"#;
    let planned = |version: &str| {
        let test = Test::new().file("docker-bake.hcl", spec).args(["metadata", "--keep-variable", "RUN"]);
        let facts = [
            "--fact",
            "commit=c0ffee0",
            "--fact",
            "url=https://x",
            "--fact",
            "commit_time=2026-01-02T03:04:05Z",
        ];
        let output = test.args(["--var", &format!("VERSION={version}")]).args(facts).output();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let (old, new) = (planned("8.0.5"), planned("8.1.0-rc.2"));
    let of = |plan: &serde_json::Value, leg: &str, what: &str| {
        let text = plan["images"]["app"]["builds"][leg][what].to_string();
        text.trim_start_matches('{').trim_end_matches('}').to_owned()
    };
    // What the build decides is not known, and only one platform has its annotation.
    let keys = |what: &str, leg: &str| {
        let members = old["images"]["app"]["builds"][leg][what].as_object().unwrap();
        members.keys().map(|key| key.replace("org.opencontainers.image.", "")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys("labels", AMD), "created revision source url version plain");
    assert_eq!(keys("annotations", AMD), "created revision source url version");
    assert_eq!(keys("annotations", ARM), "arm created revision source url version");
    for (plan, builds, is_refused) in
        [(&old, &old, false), (&new, &new, false), (&old, &new, true), (&new, &old, true)]
    {
        let mut world = World::new();
        for (leg, platform) in [(AMD, "linux/amd64"), (ARM, "linux/arm64")] {
            let (labels, annotations) = (of(builds, leg, "labels"), of(builds, leg, "annotations"));
            let labels = format!(r#"{labels},"run":"7""#);
            world.build(&["acme/app"], Build::new(leg, platform).labelled(&labels, &annotations));
        }
        let document = plan.to_string().replace("ghcr.io/acme/app", APP);
        let report = merge(&world, &document);
        if is_refused {
            check_refused(&world, &report, &["org.opencontainers.image.version"; 2]);
        } else {
            assert_eq!(report.problems, []);
            found(&of_builds(&world, &document, &world.metadata()), &[]);
        }
    }
}
