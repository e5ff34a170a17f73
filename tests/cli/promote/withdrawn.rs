//! Floating tags after a version is withdrawn: from the own tags of the versions that are left.

use super::stage::Stage;
use crate::merge::world::{Build, TAGS, plan_of, put_tag, remove};
use bakeplan::internals::merge::Options;
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::Store;

/// A plan of this version, where these are withdrawn.
pub(super) fn plan(stage: &Stage, version: &str, withdrawn: &str) -> String {
    let numbers: Vec<&str> = version.split('.').collect();
    let tags = TAGS
        .replace("\"1.4.2\"", &format!("{version:?}"))
        .replace("\"1.4\"", &format!("{:?}", numbers[..2].join(".")))
        .replace("\"1\"", &format!("{:?}", numbers[0]));
    let withdrawn: Vec<&str> = withdrawn.split_whitespace().collect();
    plan_of(
        &[&stage.at("app")],
        &tags,
        &format!(r#""version":"{version}","withdrawn":{withdrawn:?},"#),
        "hold",
    )
}

/// A repository in which each of these tags has a build of its own, `NAME` or `NAME=OTHER` for the one of another.
pub(super) fn stage(tags: &str) -> Stage {
    let mut stage = Stage::new();
    for tag in tags.split_whitespace() {
        let (name, salt) = tag.split_once('=').unwrap_or((tag, tag));
        let build = Build::new("other", "linux/amd64").salt(salt);
        let digest = stage.world.build(&["app"], build);
        let layout = stage.world.layout("app");
        let manifest = layout.get_manifest(&digest.into()).unwrap().unwrap();
        put_tag(&layout, name, &manifest);
    }
    stage
}

pub(super) fn digest(stage: &Stage, tag: &str) -> Digest {
    stage.world.tags("app")[tag].clone()
}

pub(super) const LINE: &str = "--floating HOST/app --plan plan.json";

#[test]
fn floating_tags_go_to_the_greatest_version_that_is_left() {
    for (version, withdrawn, tags, expected) in [
        // The version of the plan is the one that is left.
        (
            "1.4.2",
            "1.4.3",
            "1.4.1 1.4.2 1.4.3 1.4=1.4.3 1=1.4.3 latest=1.4.3",
            "1.4=1.4.2 1=1.4.2 latest=1.4.2",
        ),
        // It is gone from the registry already.
        ("1.4.2", "1.4.3", "1.4.1 1.4.2 1.4=1.4.3 1=1.4.3 latest=1.4.3", "1.4=1.4.2 1=1.4.2 latest=1.4.2"),
        // A greater one than the plan's is left.
        (
            "1.4.2",
            "2.0.1",
            "1.4.2 1.5.0 2.0.0 2.0.1 2.0=2.0.1 2=2.0.1 latest=2.0.1 1=1.5.0 1.4=1.4.2",
            "2.0=2.0.0 2=2.0.0 latest=2.0.0 1=1.5.0 1.4=1.4.2",
        ),
        // Prereleases and others own nothing.
        (
            "1.4.2",
            "1.4.3",
            "1.4.2 1.4.3 1.5.0-rc.1 2.0.0-beta latest=1.4.3 1.4=1.4.3 1=1.4.3",
            "latest=1.4.2 1.4=1.4.2 1=1.4.2",
        ),
        // Patterns of versions.
        (
            "1.4.2",
            "1.5.*",
            "1.4.2 1.5.0 1.5.1 latest=1.5.1 1=1.5.1 1.4=1.4.2",
            "latest=1.4.2 1=1.4.2 1.4=1.4.2",
        ),
        // Numbers are numbers.
        (
            "1.4.10",
            "1.4.11",
            "1.4.9 1.4.10 1.4.11 1.4=1.4.11 1=1.4.11 latest=1.4.11",
            "1.4=1.4.10 1=1.4.10 latest=1.4.10",
        ),
    ] {
        let stage = stage(tags);
        let outcome = stage.passes(&plan(&stage, version, withdrawn), LINE);
        for pair in expected.split_whitespace() {
            let (tag, owner) = pair.split_once('=').unwrap();
            assert_eq!(digest(&stage, tag), digest(&stage, owner), "{tags}: {tag}: {:?}", outcome.tags());
        }
        // Versions keep their own tags, no tag comes into being, and once more changes nothing.
        let before = stage.world.tags("app");
        let names = tags.split_whitespace().map(|tag| tag.split('=').next().unwrap());
        assert_eq!(before.len(), names.count() + 1, "{tags}: {before:?}");
        let again = stage.passes(&plan(&stage, version, withdrawn), LINE);
        assert!(again.tags().iter().all(|one| one.ends_with(" unchanged")), "{:?}", again.tags());
        assert_eq!(stage.world.tags("app"), before);
    }
}

/// A version that was published with `latest = false` gets the tags of its numbers alone, unless it has `latest` all the same.
#[test]
fn a_version_that_goes_without_latest_does_not_get_it() {
    for (tags, is_moved, expected) in [
        ("1.4.1 1.4.2", true, "latest=1.4.2 2=2.0.0 2.0=2.0.0"),
        ("1.4.1 1.4.2 1.9.0", true, "latest=1.9.0 2=2.0.0"),
        ("1.4.1 1.4.2 3.0.0", true, "latest=3.0.0 2.0=2.0.0"),
        ("1.4.1 1.4.2", false, "latest=2.0.0 1=1.4.2"),
    ] {
        let mut stage = stage(&format!("{tags} latest=1.4.1 2=1.4.1 2.0=1.4.1"));
        let stable = plan(&stage, "2.0.0", "");
        // It is published without, and `latest` is left behind by hand, or given to it.
        let held = stable.replace(r#""version":"2.0.0","#, r#""version":"2.0.0","without":["latest"],"#);
        for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
            stage.world.build(&["app"], Build::new(leg, platform).salt("2.0.0"));
        }
        assert_eq!(stage.world.merge(&held, Options::default()).problems, []);
        let layout = stage.world.layout("app");
        let of = |tag: &str| {
            let digest = digest(&stage, tag);
            layout.get_manifest(&digest.into()).unwrap().unwrap()
        };
        for tag in if is_moved { &["latest", "2", "2.0"][..] } else { &["1"] } {
            put_tag(&layout, tag, &of("1.4.1"));
        }
        let outcome = stage.passes(&plan(&stage, "1.4.2", ""), LINE);
        for pair in expected.split_whitespace() {
            let (tag, owner) = pair.split_once('=').unwrap();
            assert_eq!(digest(&stage, tag), digest(&stage, owner), "{tags}: {tag}: {:?}", outcome.tags());
        }
    }
}

/// A plan whose image is a variant: `latest` of it is the variant's name.
fn of_variant(document: &str, variant: &str) -> String {
    let named = |text: &str| format!(r#""name":"{text}","floating""#);
    let mut document = document.replace("{version}", &format!("{{version}}-{variant}"));
    for name in ["2.0.0", "2.0", "2", "1.4.2", "1.4", "1"] {
        document = document.replace(&named(name), &named(&format!("{name}-{variant}")));
    }
    let form = |text: &str| format!(r#""form":"{text}""#);
    document.replace(&named("latest"), &named(variant)).replace(&form("latest"), &form(variant))
}

#[test]
fn a_variant_that_goes_without_latest_does_not_get_its_tag_for_it() {
    for (variant, without, expected) in [
        ("slim", "slim", "slim=1.4.2-slim 2-slim=2.0.0-slim"),
        ("alpine", "latest\",\"alpine", "alpine=1.4.2-alpine 2-alpine=2.0.0-alpine"),
        // That it goes without another tag says nothing of this one.
        ("slim", "latest", "slim=2.0.0-slim 2-slim=2.0.0-slim"),
    ] {
        let old = format!("1.4.1-{variant}");
        let names = ["1.4.1-V", "1.4.2-V", "V=1.4.1-V", "2-V=1.4.1-V"].join(" ").replace('V', variant);
        let mut stage = stage(&names);
        let plain = of_variant(&plan(&stage, "2.0.0", ""), variant);
        let without = format!(r#""version":"2.0.0","without":["{without}"],"#);
        let held = plain.replace(r#""version":"2.0.0","#, &without);
        for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
            stage.world.build(&["app"], Build::new(leg, platform).salt("2.0.0"));
        }
        assert_eq!(stage.world.merge(&held, Options::default()).problems, []);
        let layout = stage.world.layout("app");
        let before = layout.get_manifest(&digest(&stage, &old).into()).unwrap().unwrap();
        for tag in [variant.to_owned(), format!("2-{variant}")] {
            put_tag(&layout, &tag, &before);
        }
        let outcome = stage.passes(&of_variant(&plan(&stage, "1.4.2", ""), variant), LINE);
        for pair in expected.split_whitespace() {
            let (tag, owner) = pair.split_once('=').unwrap();
            assert_eq!(digest(&stage, tag), digest(&stage, owner), "{tag}: {:?}", outcome.tags());
        }
    }
}

#[test]
fn a_tag_without_a_version_is_left_and_named() {
    let stage = stage("1.4.2 2.0.0 2.0=2.0.0 2=2.0.0 latest=2.0.0 1=1.4.2 1.4=1.4.2");
    let before = stage.world.tags("app");
    let document = plan(&stage, "1.4.2", "2.0.0");
    let outcome = stage.run_with(&document, LINE);
    assert_eq!(outcome.status, 5, "{}", outcome.told);
    for tag in ["2.0", "2"] {
        let expected = format!("app:{tag}` stays as it is, {}: no version is left for it", before[tag]);
        assert!(outcome.told.contains(&expected), "{expected}: {}", outcome.told);
        assert_eq!(digest(&stage, tag), before[tag]);
    }
    assert_eq!(digest(&stage, "latest"), before["1.4.2"]);
}

#[test]
fn what_is_missing_of_a_version_moves_no_tag() {
    let stage = stage("1.4.2 1.4.3 1.4=1.4.3 1=1.4.3 latest=1.4.3");
    let index = stage.world.index("app", "1.4.2");
    remove(&stage.world.layout("app"), &index.manifests[0].digest);
    stage.refuses(&plan(&stage, "1.4.2", "1.4.3"), LINE, 1, index.manifests[0].digest.as_str());
}

#[test]
fn a_dry_run_says_what_would_move() {
    let stage = stage("1.4.2 1.4.3 1.4=1.4.3 1=1.4.3 latest=1.4.3");
    let before = stage.world.tags("app");
    let outcome = stage.passes(&plan(&stage, "1.4.2", "1.4.3"), &format!("{LINE} --dry-run"));
    assert_eq!(outcome.tags(), ["1 moved", "1.4 moved", "latest moved"]);
    assert_eq!(stage.world.tags("app"), before);
}

#[test]
fn it_needs_a_plan_that_knows_the_tags() {
    let stage = stage("1.4.2");
    let constant = plan_of(&[&stage.at("app")], crate::merge::world::CONSTANTS, "", "hold");
    stage.refuses(&constant, LINE, 1, "has no tag in");
    let document = plan(&stage, "1.4.2", "");
    stage.refuses(&document, "--floating HOST/other --plan plan.json", 1, "has no tag in");
    stage.refuses(&document, "--floating HOST/app", 2, "--plan <FILE>");
    stage.refuses(&document, "HOST/app:1.4.2 --floating HOST/app --plan plan.json", 2, "cannot be used with");
    stage.refuses(&document, "--floating HOST/app:1 --plan plan.json", 2, "invalid value");
}

/// A list that was read before another merge wrote its tags is read again; one that stays behind decides nothing.
#[test]
fn a_list_that_lacks_a_tag_is_read_again() {
    // A floating tag, and the own one of the plan's version.
    let lists = [r#"["1.4.1","1.4.2","1.4.3","1.4","1"]"#, r#"["1.4.1","1.4.3","1.4","1","latest"]"#];
    for (list, is_late, expected) in lists.into_iter().flat_map(|list| [(list, true, 0), (list, false, 1)]) {
        let stage = stage("1.4.1 1.4.2 1.4.3 1.4=1.4.3 1=1.4.3 latest=1.4.3");
        let document = plan(&stage, "1.4.2", "1.4.3");
        let lists = std::sync::atomic::AtomicUsize::new(0);
        let server = stage.world.serve_through(move |seen, forward| {
            let count = || lists.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if seen.target.contains("last=") {
                return crate::loopback::Answer::error(400, "UNSUPPORTED").into();
            }
            let is_list = seen.target.contains("/tags/list");
            if is_list && (count() == 0 || !is_late) {
                return crate::loopback::Answer::json(200, format!(r#"{{"tags":{list}}}"#)).into();
            }
            forward().into()
        });
        let document = document.replace(&stage.server.host(), &server.host());
        let line = LINE.replace("HOST", &server.host());
        let outcome = stage.run_with(&document, &line);
        assert_eq!(outcome.status, expected, "{}", outcome.told);
        assert_eq!(outcome.told.contains("tag-list"), !is_late, "{}", outcome.told);
        let latest = if is_late { "1.4.2" } else { "1.4.3" };
        assert_eq!(digest(&stage, "latest"), digest(&stage, latest));
    }
}

/// A tag that says by its name what its content denies gets nothing, whatever kind of manifest it is.
#[test]
fn what_says_that_it_is_another_version_owns_nothing() {
    for (is_attested, is_refused) in [(true, true), (false, true), (true, false), (false, false)] {
        let mut stage = stage("1.4.1 1.4.2 1.4.3 1.4=1.4.3 1=1.4.3 latest=1.4.3");
        let said = if is_refused { "1.3.9" } else { "1.4.2" };
        let annotation = format!(r#""org.opencontainers.image.version":"{said}""#);
        let build = Build::new("other", "linux/amd64").labelled("", &annotation);
        let digest = stage.world.build(&["app"], if is_attested { build } else { build.plain() });
        let layout = stage.world.layout("app");
        put_tag(&layout, "1.4.2", &layout.get_manifest(&digest.into()).unwrap().unwrap());
        let document = plan(&stage, "1.4.2", "1.4.3");
        if is_refused {
            let expected = "says that it is version \"1.3.9\", but its tags are for `1.4.2`";
            stage.refuses(&document, LINE, 1, expected);
            stage.passes(&document, &format!("{LINE} --allow-other-version --dry-run"));
        } else {
            stage.passes(&document, LINE);
            assert_eq!(stage.world.tags("app")["latest"], stage.world.tags("app")["1.4.2"]);
        }
    }
}

/// A day beside versions need not be a release: no floating tag goes to it, and what to do is said.
#[test]
fn a_date_gets_no_floating_tag() {
    for date in ["20260921", "2026.09.21", "2026-09-21"] {
        let stage = stage(&format!("1.4.2 1.4.3 {date} 1.4=1.4.3 1=1.4.3 latest=1.4.3"));
        let before = stage.world.tags("app");
        let outcome = stage.run_with(&plan(&stage, "1.4.2", "1.4.3"), LINE);
        assert_eq!(outcome.status, 5, "{}", outcome.told);
        assert!(
            outcome.told.contains(&format!("app:latest` stays as it is: `{date}` is greater")),
            "{}",
            outcome.told
        );
        let after = stage.world.tags("app");
        assert_eq!(
            (&after["latest"], &after["1"], &after["1.4"]),
            (&before["latest"], &before["1.4.2"], &before["1.4.2"])
        );
        // It is a release.
        let command = outcome.told.split('`').find_map(|part| part.strip_prefix("bakeplan promote "));
        stage.passes("{}", command.expect("the help names it"));
        assert_eq!(digest(&stage, "latest"), before[date]);
        // It is none.
        stage.passes(&plan(&stage, "1.4.2", "1.4.3 2026*"), LINE);
        assert_eq!(digest(&stage, "latest"), before["1.4.2"], "{date}");
    }
}

/// What has the content of a withdrawn version gets no floating tag, whatever its own tag says.
#[test]
fn a_version_with_the_content_of_a_withdrawn_one_owns_nothing() {
    for (tags, expected, status) in [
        ("1.4.1 1.4.2=1.4.3 1.4.3 1.4=1.4.3 1=1.4.3 latest=1.4.3", "1.4=1.4.1 1=1.4.1 latest=1.4.1", 0),
        ("1.3.9 1.4.1=1.4.3 1.4.2=1.4.3 1.4.3 1=1.4.3 latest=1.4.3", "1=1.3.9 latest=1.3.9", 0),
        ("1.4.2=1.4.3 1.4.3 1.4=1.4.3 1=1.4.3 latest=1.4.3", "1.4=1.4.3 1=1.4.3 latest=1.4.3", 5),
        // Another content of the same time is right.
        ("1.4.1=1.4.3 1.4.2 1.4.3 1.4=1.4.3 1=1.4.3 latest=1.4.3", "1.4=1.4.2 1=1.4.2 latest=1.4.2", 0),
    ] {
        let stage = stage(tags);
        let document = plan(&stage, "1.4.2", "1.4.3");
        let outcome = stage.run_with(&document, LINE);
        assert_eq!(outcome.status, status, "{tags}: {}", outcome.told);
        for (tag, owner) in expected.split(' ').filter_map(|one| one.split_once('=')) {
            assert_eq!(digest(&stage, tag), digest(&stage, owner), "{tags}: {tag}: {}", outcome.told);
        }
        let is_said = outcome.told.contains("same-as-withdrawn");
        assert_eq!(is_said, tags.contains("1.4.2=1.4.3"), "{tags}: {}", outcome.told);
    }
}

/// A channel of the plan whose index says that it is a withdrawn version is named, also where that has no own tag any more.
#[test]
fn a_channel_on_a_version_without_its_own_tag_is_named() {
    let channel = r#"{"name":"lts","floating":true,"class":"channel","form":"lts"}"#;
    for (said, is_named) in [("1.4.3", true), ("v1.4.3", true), ("1.4.2", false), ("main", false)] {
        let mut stage = stage("1.4.2 latest=1.4.3");
        let annotation = format!(r#""org.opencontainers.image.version":"{said}""#);
        let build = Build::new("other", "linux/amd64").salt("lts").labelled("", &annotation).plain();
        let digest = stage.world.build(&["app"], build);
        let layout = stage.world.layout("app");
        put_tag(&layout, "lts", &layout.get_manifest(&digest.into()).unwrap().unwrap());
        let document =
            plan(&stage, "1.4.2", "1.4.3").replacen(r#""tags":["#, &format!(r#""tags":[{channel},"#), 1);
        let outcome = stage.run_with(&document, LINE);
        assert_eq!(outcome.status, if is_named { 5 } else { 0 }, "{said}: {}", outcome.told);
        let expected = format!("its index says that it is `{said}`, which is withdrawn");
        assert_eq!(outcome.told.contains(&expected), is_named, "{said}: {}", outcome.told);
    }
}

/// Only so many tags are looked at, which is said.
#[test]
fn tags_that_are_not_looked_at_are_counted() {
    for (count, left) in [(150, 0), (205, 5)] {
        let stage = stage("1.4.2 1.4.3 latest=1.4.3");
        let layout = stage.world.layout("app");
        let manifest = stage.manifest("app", "1.4.2");
        for at in 0..count - 1 {
            put_tag(
                &layout,
                &format!(
                    "channel-{}",
                    char::from(b'a' + u8::try_from(at % 26).unwrap()).to_string().repeat(at / 26 + 1)
                ),
                &manifest,
            );
        }
        let outcome = stage.run_with(&plan(&stage, "1.4.2", "1.4.3"), LINE);
        let said = format!("{left} tags of `{}` that may be channels were not looked at", stage.at("app"));
        assert_eq!(outcome.told.contains(&said), left > 0, "{}", outcome.told);
    }
}

/// What is no version by its numbers, and still is what was withdrawn, is named: nobody else would.
#[test]
fn a_channel_that_stays_on_a_withdrawn_version_is_named() {
    let channel = r#"{"name":"lts","floating":true,"class":"channel","form":"lts"}"#;
    for (tags, planned, left) in [
        ("lts=1.4.3", true, "lts"),
        ("next=1.4.3", false, "next"),
        ("1.4-rc=1.4.3", false, "1.4-rc"),
        ("stable=1.4.3 lts=1.4.3", true, "lts stable"),
        ("lts=1.4.2 next=1.4.2", true, ""),
        // The tags of runs and signatures, and those of versions, are what they were.
        ("sha-1234567=1.4.3 1.4.3-rc.1=1.4.3 lts=1.4.2", true, ""),
    ] {
        let stage = stage(&format!("1.4.2 1.4.3 latest=1.4.3 {tags}"));
        let document = plan(&stage, "1.4.2", "1.4.3").replacen(
            r#""version":"#,
            r#""other_forms":["sha-{commit:7}"],"version":"#,
            1,
        );
        let document = if planned {
            document.replacen(r#""tags":["#, &format!(r#""tags":[{channel},"#), 1)
        } else {
            document
        };
        let before = stage.world.tags("app");
        let outcome = stage.run_with(&document, LINE);
        assert_eq!(outcome.status, if left.is_empty() { 0 } else { 5 }, "{tags}: {}", outcome.told);
        for tag in left.split_whitespace() {
            let expected =
                format!("app:{tag}` stays as it is, {}: that is `1.4.3`, which is withdrawn", before[tag]);
            assert!(outcome.told.contains(&expected), "{expected}: {}", outcome.told);
        }
        assert_eq!(outcome.told.matches("which is withdrawn").count(), left.split_whitespace().count());
        assert_eq!(digest(&stage, "latest"), digest(&stage, "1.4.2"), "{tags}");
    }
}

/// A version whose own tag no list shows may be one of a moment ago.
#[test]
fn what_says_that_it_is_greater_keeps_its_tags_until_it_is_withdrawn() {
    let stage = |said: &str| {
        let mut stage = Stage::annotated(&format!(r#""org.opencontainers.image.version":"{said}""#));
        let greater = stage.manifest("app", "sha-c0ffee0");
        let left = stage.world.build(&["app"], Build::new("other", "linux/amd64").salt("1.3.9"));
        let layout = stage.world.layout("app");
        let left = layout.get_manifest(&left.into()).unwrap().unwrap();
        put_tag(&layout, "1.3.9", &left);
        for tag in ["1.3", "1", "latest"] {
            put_tag(&layout, tag, &greater);
        }
        stage
    };
    for said in ["1.9.0", "v2.0.0", "1.3.10"] {
        let kept = stage(said);
        let before = digest(&kept, "latest");
        let outcome = kept.run_with(&plan(&kept, "1.3.9", ""), LINE);
        assert!(outcome.told.contains("which is greater and not withdrawn"), "{said}: {}", outcome.told);
        assert_eq!(digest(&kept, "latest"), before, "{said}");
        let moved = stage(said);
        moved.run_with(&plan(&moved, "1.3.9", said.trim_start_matches('v')), LINE);
        assert_eq!(digest(&moved, "latest"), digest(&moved, "1.3.9"), "{said}");
    }
    // One that says nothing of that kind is left, and what it was is told if no version has it.
    let moved = stage("1.3.8");
    let outcome = moved.passes(&plan(&moved, "1.3.9", ""), LINE);
    assert!(outcome.told.contains("which no listed version has"), "{}", outcome.told);
    assert_eq!(digest(&moved, "latest"), digest(&moved, "1.3.9"));
}

/// The annotation may be a whole tag, such as `api-1.3.0`, and the version in it is what is withdrawn.
#[test]
fn a_version_behind_a_prefix_is_withdrawn_by_its_number() {
    for (before, own, withdrawn, is_withdrawn) in [
        ("api-", "api-1.9.0", "1.9.0", true),
        ("api-", "api-1.9.0", "1.9.*", true),
        ("RELEASE.", "RELEASE.1.9.0", "1.9.0", true),
        ("py3.11-", "py3.11-1.9.0", "1.9.0", true),
        ("api-", "api-1.9.0", "1.9.1", false),
        ("api-", "api-1.9.0", "", false),
    ] {
        let mut stage = Stage::annotated(&format!(r#""org.opencontainers.image.version":"{own}""#));
        let greater = stage.manifest("app", "sha-c0ffee0");
        let left = stage.world.build(&["app"], Build::new("other", "linux/amd64").salt("1.3.9"));
        let layout = stage.world.layout("app");
        let left = layout.get_manifest(&left.into()).unwrap().unwrap();
        put_tag(&layout, &format!("{before}1.3.9"), &left);
        put_tag(&layout, own, &greater);
        for tag in ["1.3", "1", "latest"] {
            put_tag(
                &layout,
                &if tag == "latest" { tag.to_owned() } else { format!("{before}{tag}") },
                &greater,
            );
        }
        let mut document = plan(&stage, "1.3.9", withdrawn);
        document = document.replace("{version}", &format!("{before}{{version}}"));
        for tag in ["1.3.9", "1.3", "1"] {
            document = document.replace(&format!(r#""name":"{tag}""#), &format!(r#""name":"{before}{tag}""#));
        }
        let was = digest(&stage, "latest");
        let outcome = stage.run_with(&document, LINE);
        let moved = digest(&stage, &format!("{before}1.3.9"));
        let expected = if is_withdrawn { moved } else { was };
        assert_eq!(digest(&stage, "latest"), expected, "{own} {withdrawn}: {}", outcome.told);
    }
}

/// Numbers in the text around a version are no part of it.
#[test]
fn numbers_around_the_version_do_not_hide_it() {
    for (before, behind) in [
        ("", "-cuda12"),
        ("", "-py3.11"),
        ("", "-alpine1.3"),
        ("py3.11-", ""),
        ("cuda1-", "-r1"),
        ("v", "-el1"),
        ("", "-gpu"),
    ] {
        let own = |tag: &str| format!("{before}{tag}{behind}");
        let stage = stage(&format!(
            "{0} {1} {2}={1} {3}={1} latest={1}",
            own("1.3.9"),
            own("1.4.0"),
            own("1"),
            own("1.4")
        ));
        let mut document = plan(&stage, "1.3.9", "1.4.0");
        document = document.replace("{version}", &own("{version}"));
        for tag in ["1.3.9", "1.3", "1"] {
            document = document.replace(&format!(r#""name":"{tag}""#), &format!(r#""name":"{}""#, own(tag)));
        }
        let outcome = stage.run_with(&document, LINE);
        for tag in [own("1"), "latest".to_owned()] {
            assert_eq!(digest(&stage, &tag), digest(&stage, &own("1.3.9")), "{tag}: {}", outcome.told);
        }
    }
}

#[test]
fn tags_that_are_behind_or_withdrawn_move_without_a_warning() {
    for (withdrawn, tags) in [
        ("", "1.3.8 1.3.9 1.3=1.3.8 1=1.3.8 latest=1.3.8"),
        ("1.3.10", "1.3.9 1.3.10 1.3=1.3.10 1=1.3.10 latest=1.3.10"),
    ] {
        let stage = stage(tags);
        let outcome = stage.passes(&plan(&stage, "1.3.9", withdrawn), LINE);
        assert!(!outcome.told.contains("which no listed version has"), "{tags}: {}", outcome.told);
        assert_eq!(digest(&stage, "latest"), digest(&stage, "1.3.9"), "{tags}");
    }
}

/// What follows the numbers may be another word in each version.
#[test]
fn floating_tags_stay_with_a_greater_version_in_another_form() {
    const THERE: &str =
        "1.4.2-jammy 1.4.3-jammy 1.4.4-noble 1.4=1.4.4-noble 1=1.4.4-noble latest=1.4.4-noble";
    for (withdrawn, there, owner) in [
        ("1.4.3", THERE, "1.4.4-noble"),
        ("", "1.4.2-jammy 1.4.4-noble 1.4=1.4.4-noble 1=1.4.4-noble latest=1.4.4-noble", "1.4.4-noble"),
        ("1.4.3", "1.4.2-jammy 1.5.0 1.4=1.5.0 1=1.5.0 latest=1.5.0", "1.5.0"),
        (
            "1.4.3",
            "1.4.2-jammy 1.4.10-alpine3.20 1.4=1.4.10-alpine3.20 1=1.4.10-alpine3.20 latest=1.4.10-alpine3.20",
            "1.4.10-alpine3.20",
        ),
        // It was taken back, by its whole name or by its numbers, or a pattern.
        ("1.4.3 1.4.4-noble", THERE, "1.4.2-jammy"),
        ("1.4.3 1.4.4", THERE, "1.4.2-jammy"),
        ("1.4.3 1.4.4*", THERE, "1.4.2-jammy"),
        // What was taken back has another name besides, and what is lesser keeps nothing.
        (
            "1.4.3",
            "1.4.2-jammy 1.4.3-jammy 1.4.3-special=1.4.3-jammy 1.4=1.4.3-jammy 1=1.4.3-jammy latest=1.4.3-jammy",
            "1.4.2-jammy",
        ),
        ("1.4.3", "1.4.2-jammy 1.4.1-noble 1.4=1.4.1-noble 1=1.4.1-noble latest=1.4.1-noble", "1.4.2-jammy"),
    ] {
        let stage = stage(there);
        let plan = plan(&stage, "1.4.2", withdrawn)
            .replacen(r#""name":"1.4.2""#, r#""name":"1.4.2-jammy""#, 1)
            .replacen(r#""form":"{version}""#, r#""form":"{version}-jammy""#, 1)
            .replace(r#""family":["{version}"]"#, r#""family":["{version}-jammy"]"#);
        let outcome = stage.run_with(&plan, LINE);
        let is_kept = owner != "1.4.2-jammy";
        // `1.4` is not for 1.5.0 in any case.
        for tag in ["1.4", "1", "latest"].into_iter().filter(|tag| owner != "1.5.0" || *tag != "1.4") {
            let (found, due) = (digest(&stage, tag), digest(&stage, owner));
            assert_eq!(found, due, "{withdrawn}, {there}: {tag}: {}", outcome.told);
        }
        let named = format!("`{owner}`, which reads as greater than `1.4.2` and is not withdrawn");
        assert_eq!(outcome.told.contains(&named), is_kept, "{withdrawn}, {there}: {}", outcome.told);
        assert_eq!(outcome.status, if is_kept { 5 } else { 0 }, "{withdrawn}, {there}: {}", outcome.told);
    }
}
