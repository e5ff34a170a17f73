//! What is left of withdrawn versions: floating tags whose own tags are gone, and channels that have a prerelease.

use bakeplan::internals::merge::Options;

use super::withdrawn::{LINE, digest, plan, stage};
use crate::merge::world::{Build, TAGS, plan_of};

/// The tags of 1.3.0 and of its variants, of which `debian` has those without an ending, too.
fn variants(at: &str, withdrawn: &str) -> String {
    let tag = |name: &str, numbers: &str, form: &str, family: &str| {
        format!(
            r#"{{"name":"{name}","floating":true,"class":"version","numbers":{numbers},"form":"{form}","family":["{family}"]}}"#
        )
    };
    let image = |key: &str, tail: &str, own: &[String]| {
        let form = format!("{{version}}-{tail}");
        let mut tags = own.to_vec();
        tags.push(format!(r#"{{"name":"1.3.0-{tail}","class":"version","form":"{form}"}}"#));
        tags.push(tag(&format!("1.3-{tail}"), "2", &form, &form));
        tags.push(tag(&format!("1-{tail}"), "1", &form, &form));
        tags.push(tag(tail, "0", tail, &form));
        let withdrawn: Vec<&str> = withdrawn.split_whitespace().collect();
        format!(
            r#""{key}":{{"version":"1.3.0","withdrawn":{withdrawn:?},"repositories":["{at}"],"tags":[{}],"builds":{{"{key}":{{"platform":"linux/amd64"}}}}}}"#,
            tags.join(",")
        )
    };
    let plain = [TAGS.replace("\"1.4.2\"", "\"1.3.0\"").replace("\"1.4\"", "\"1.3\"")];
    crate::merge::world::document(&format!("{},{}", image("a", "debian", &plain), image("b", "alpine", &[])))
}

const RELEASES: &str = "1.3.0=d3 1.3.0-debian=d3 1.3.0-alpine=a3 1.3=d3 1.3-debian=d3 1.3-alpine=a3";
const PULLED: &str =
    "1.4=d4 1.4-debian=d4 1.4-alpine=a4 1=d4 1-debian=d4 1-alpine=a4 latest=d4 debian=d4 alpine=a4";

/// A floating tag of a variant is no version that keeps what the withdrawn one had, with its own tags or without.
#[test]
fn no_variant_keeps_the_tags_of_a_withdrawn_version() {
    for (withdrawn, own) in [
        ("1.4.0", ""),
        ("1.4.0", "1.4.0=d4 1.4.0-debian=d4 1.4.0-alpine=a4"),
        ("1.4.0", "1.4.0-alpine=a4"),
        ("1.4.*", ""),
        ("v1.4.0", ""),
    ] {
        let stage = stage(&format!("{RELEASES} {PULLED} {own}"));
        let outcome = stage.run_with(&variants(&stage.at("app"), withdrawn), LINE);
        let what = format!("{withdrawn} {own}: {}", outcome.told);
        for (tag, owner) in [
            ("latest", "1.3.0"),
            ("1", "1.3.0"),
            ("debian", "1.3.0-debian"),
            ("1-debian", "1.3.0-debian"),
            ("alpine", "1.3.0-alpine"),
            ("1-alpine", "1.3.0-alpine"),
        ] {
            assert_eq!(digest(&stage, tag), digest(&stage, owner), "{tag}: {what}");
        }
        // What no version is left for is named.
        for tag in ["1.4", "1.4-debian", "1.4-alpine"] {
            assert!(outcome.told.contains(&format!("app:{tag}` stays as it is")), "{tag}: {what}");
        }
        assert_eq!(outcome.status, 5, "{what}");
    }
    // What is not withdrawn keeps them.
    for (withdrawn, own) in [("1.5.0", "1.4.0-debian=d4 1.4.0=d4"), ("1.4.0", "1.4.1-debian=d4 1.4.1=d4")] {
        let stage = stage(&format!("{RELEASES} {PULLED} {own}"));
        let before = stage.world.tags("app");
        let outcome = stage.run_with(&variants(&stage.at("app"), withdrawn), LINE);
        assert_eq!(digest(&stage, "latest"), before["latest"], "{withdrawn} {own}: {}", outcome.told);
    }
}

/// Whoever publishes next takes them as well.
#[test]
fn the_next_merge_takes_the_tags_of_a_withdrawn_version() {
    for (withdrawn, own, is_taken) in [
        ("1.4.0", "", true),
        ("1.4.*", "", true),
        ("1.4.0", "1.4.0=d4 1.4.0-debian=d4", true),
        ("1.5.0", "", false),
        ("1.4.0", "1.4.1-debian=d4 1.4.1=d4", false),
    ] {
        let mut stage = stage(&format!("{RELEASES} {PULLED} {own}"));
        let before = stage.world.tags("app");
        for key in ["a", "b"] {
            stage.world.build(&["app"], Build::new(key, "linux/amd64").salt(key));
        }
        let document = variants(&stage.at("app"), withdrawn).replace("1.3.0", "1.3.1");
        let report = stage.world.merge(&document, Options::default());
        assert_eq!(report.problems, [], "{withdrawn} {own}");
        let after = stage.world.tags("app");
        for tag in ["latest", "1", "debian", "1-debian"] {
            let expected = if is_taken { &after["1.3.1"] } else { &before[tag] };
            assert_eq!(&after[tag], expected, "{withdrawn} {own}: {tag}: {:?}", report.notes);
        }
    }
}

/// Where the own tag of a withdrawn version is gone, its floating tag is named.
#[test]
fn what_is_left_of_a_withdrawn_version_is_named() {
    for (withdrawn, tags, left) in [
        ("1.4.3", "1.3.0 1.3=1.3.0 1.4=x 1=x latest=x", "1.4"),
        ("2.0.0", "1.3.0 1.3=1.3.0 2.0=x 2=x 1=1.3.0 latest=x", "2 2.0"),
        ("2.*", "1.3.0 1.3=1.3.0 2.0=x 2=x 1=1.3.0 latest=x", "2 2.0"),
        ("2.0.0", "1.3.0 2.1.0 1.3=1.3.0 2.0=x 2.1=2.1.0 2=2.1.0 1=1.3.0 latest=2.1.0", "2.0"),
        // A prerelease leaves its release as it is, and a version that is left has its own.
        ("1.4.0-rc.1", "1.3.0 1.4.0 1.3=1.3.0 1.4=1.4.0 1=1.4.0 latest=1.4.0", ""),
        ("1.4.3", "1.3.0 1.4.2 1.3=1.3.0 1.4=x 1=x latest=x", ""),
    ] {
        let stage = stage(tags);
        let outcome = stage.run_with(&plan(&stage, "1.3.0", withdrawn), LINE);
        let what = format!("{withdrawn} {tags}: {}", outcome.told);
        for tag in left.split_whitespace() {
            assert!(outcome.told.contains(&format!("app:{tag}` stays as it is")), "{tag}: {what}");
        }
        assert_eq!(
            outcome.told.matches("no version is left for it").count(),
            left.split_whitespace().count(),
            "{what}"
        );
        assert_eq!(outcome.status, if left.is_empty() { 0 } else { 5 }, "{what}");
    }
}

/// Channels and the tags of prereleases are not those of a release's plan, and still a withdrawn prerelease.
#[test]
fn what_has_a_withdrawn_prerelease_is_named_with_any_plan() {
    let channel = r#"{"name":"lts","floating":true,"class":"channel","form":"lts"}"#;
    let there = "1.3.0 1.4.0-rc.1 1.4.0-rc.2 1.3=1.3.0 1=1.3.0 latest=1.3.0";
    for (withdrawn, tags, is_planned, left) in [
        ("1.4.0-rc.2", "next=1.4.0-rc.2 1-rc=1.4.0-rc.2 lts=1.4.0-rc.2", true, "1-rc lts next"),
        ("1.4.0-rc.2", "next=1.4.0-rc.2", false, "next"),
        ("v1.4.0-rc.2", "beta=1.4.0-rc.2", false, "beta"),
        ("1.4.0-rc.*", "next=1.4.0-rc.1 beta=1.4.0-rc.2", false, "beta next"),
        ("1.4.0-rc.2", "next=1.4.0-rc.1 lts=1.3.0", true, ""),
        ("1.4.0-rc.1", "next=1.4.0-rc.2", false, ""),
    ] {
        let stage = stage(&format!("{there} {tags}"));
        let document = plan(&stage, "1.3.0", withdrawn);
        let document = if is_planned {
            document.replacen(r#""tags":["#, &format!(r#""tags":[{channel},"#), 1)
        } else {
            document
        };
        let outcome = stage.run_with(&document, LINE);
        let what = format!("{withdrawn} {tags}: {}", outcome.told);
        for tag in left.split_whitespace() {
            assert!(outcome.told.contains(&format!("app:{tag}` stays as it is")), "{tag}: {what}");
        }
        assert_eq!(
            outcome.told.matches("which is withdrawn").count(),
            left.split_whitespace().count(),
            "{what}"
        );
        assert_eq!(outcome.status, if left.is_empty() { 0 } else { 5 }, "{what}");
    }
    // The same of a withdrawn release with the plan of a prerelease.
    let stage = stage("1.3.0 1.3.1 1.4.0-rc.1 next=1.4.0-rc.1 lts=1.3.1");
    let tags = r#"{"name":"1.4.0-rc.1","class":"prerelease","form":"{version}"},
        {"name":"next","floating":true,"class":"prerelease","numbers":0,"form":"next","family":["{version}"]}"#;
    let more = r#""version":"1.4.0-rc.1","withdrawn":["1.3.1"],"#;
    let outcome = stage.run_with(&plan_of(&[&stage.at("app")], tags, more, "hold"), LINE);
    assert!(outcome.status == 5 && outcome.told.contains("app:lts` stays as it is"), "{}", outcome.told);
}
