//! Variants of a version, and what is built ahead of it, are not the release by the tags that they have.

use super::stage::Stage;
use crate::merge::world::{TAGS, plan_of, put_tag};

const VERSION: &str = r#""version":"1.4.2","#;

/// The tags of a variant, as a plan has them.
const ALPINE: &str = r#"{"name":"1.4.2-alpine","class":"version","form":"{version}-alpine"},
    {"name":"1-alpine","floating":true,"class":"version","numbers":1,"form":"{version}-alpine","family":["{version}-alpine"]},
    {"name":"alpine","floating":true,"class":"version","numbers":0,"form":"alpine","family":["{version}-alpine"]}"#;

fn plan(stage: &Stage, tags: &str) -> String {
    plan_of(&[&stage.at("app")], tags, VERSION, "hold")
}

/// A stage whose image also has this tag.
fn tagged(annotations: &str, tag: &str) -> Stage {
    let stage = Stage::annotated(annotations);
    put_tag(&stage.world.layout("app"), tag, &stage.manifest("app", "sha-c0ffee0"));
    stage
}

/// How to name the image: by that tag, by its digest, and by another tag.
fn sources(stage: &Stage, tag: &str) -> [String; 3] {
    [format!("HOST/app:{tag}"), format!("app={}", stage.digest()), "HOST/app:sha-c0ffee0".to_owned()]
}

#[test]
fn a_variant_gets_no_tags_of_the_release() {
    for tag in [
        "1.4.2-alpine",
        "1.4.2-debug",
        "1.4.2-slim-bookworm",
        "v1.4.2-alpine3.20",
        "web-1.4.2-alpine",
        "1.4-alpine",
        "1-alpine",
        "1.4.2-ee",
        "1.4.2-main.5",
        "1.4.2-alpine-amd64",
        "nightly-1.4.2",
        "canary-v1.4.2",
        "1.4.2-nightly",
        "1.4.2-SNAPSHOT",
        "1.4.2-dev.7",
    ] {
        let stage = tagged("", tag);
        let document = plan(&stage, TAGS);
        for source in sources(&stage, tag) {
            let line = format!("{source} --plan plan.json");
            stage.refuses(&document, &line, 1, "is not the release `1.4.2`, by its tag");
            stage.refuses(&document, &line, 1, "promote the release itself");
            stage.passes(&document, &format!("{line} --allow-other-version --dry-run"));
        }
        // From another repository than those of the plan.
        stage.world.layout("release");
        let document = plan_of(&[&stage.at("release")], TAGS, VERSION, "hold");
        for source in ["sha-c0ffee0", tag] {
            stage.refuses(&document, &format!("HOST/app:{source} --plan plan.json"), 1, "is not the release");
        }
    }
}

#[test]
fn what_is_tried_or_staged_becomes_the_release() {
    for tag in [
        "1.4.2-rc.1",
        "1.4.2-beta.3",
        "rc-1.4.2",
        "staging-1.4.2",
        "1.4.2-staging",
        "1.4.2-candidate.2",
        "web-1.4.2",
        "v1.4.2",
        "1.4",
        "1.4.2-a1b2c3d",
        "1.4.2-57",
        "1.4.2-build.57",
        "1.4.2-20261128",
        "1.4.2-r2",
        "1.4.2-5-gabcdef0",
        "1.4.2-amd64",
        "1.4.2-linux-arm64",
        "nightly",
        "alpine",
    ] {
        let stage = tagged("", tag);
        let document = plan(&stage, TAGS);
        for source in sources(&stage, tag) {
            stage.passes(&document, &format!("{source} --plan plan.json --dry-run"));
        }
    }
}

#[test]
fn the_plan_s_own_forms_are_let_through() {
    let nightly = r#"{"name":"nightly-1.4.2","class":"version","form":"nightly-{version}"}"#;
    for (tags, own, other) in [
        (ALPINE, &["1.4.2-alpine", "v1.4.2-alpine", "1-alpine", "1.4-alpine"][..], "1.4.2-debug"),
        (nightly, &["nightly-1.4.2"], "canary-1.4.2"),
    ] {
        for tag in own {
            let stage = tagged("", tag);
            let document = plan(&stage, &format!("{TAGS},{tags}"));
            for source in sources(&stage, tag) {
                stage.passes(&document, &format!("{source} --plan plan.json --dry-run"));
            }
        }
        let stage = tagged("", other);
        let document = plan(&stage, &format!("{TAGS},{tags}"));
        for source in sources(&stage, other) {
            stage.refuses(&document, &format!("{source} --plan plan.json"), 1, "other-version");
        }
    }
    // A default variant has both.
    for own in ["1.4.2", "v1.4.2", "1"] {
        let stage = tagged("", "1.4.2-alpine");
        put_tag(&stage.world.layout("app"), own, &stage.manifest("app", "sha-c0ffee0"));
        for source in sources(&stage, "1.4.2-alpine") {
            stage.passes(&plan(&stage, TAGS), &format!("{source} --plan plan.json --dry-run"));
        }
    }
    // What another image has says nothing.
    let stage = Stage::new();
    stage.other("1.4.2-alpine");
    for source in &sources(&stage, "")[1..] {
        stage.passes(&plan(&stage, TAGS), &format!("{source} --plan plan.json --dry-run"));
    }
}

/// What an image says of its version counts more than its tags, if it is that of the plan.
#[test]
fn an_annotation_tells_the_release() {
    for (said, is_refused) in [("1.4.2", false), ("v1.4.2", false), ("1.4.2-alpine", true), ("main", true)] {
        let stage = tagged(&format!(r#""org.opencontainers.image.version":"{said}""#), "1.4.2-alpine");
        for source in sources(&stage, "1.4.2-alpine") {
            let line = format!("{source} --plan plan.json");
            if is_refused {
                stage.refuses(&plan(&stage, TAGS), &line, 1, "is not the release");
            } else {
                stage.passes(&plan(&stage, TAGS), &format!("{line} --dry-run"));
            }
        }
    }
}

/// Tags that are named are for whatever they say.
#[test]
fn tags_that_are_named_are_not_those_of_a_plan() {
    for tag in ["1.4.2-alpine", "nightly-1.4.2"] {
        let stage = tagged("", tag);
        for to in ["prod", "1.4.2-copy"] {
            stage.passes("", &format!("HOST/app:{tag} --to HOST/app:{to}"));
        }
    }
}
