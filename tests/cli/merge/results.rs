//! Results of a first step whose images are something else by the tags that they have, and releases that are, in any repository.

use bakeplan::internals::merge::Options;
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Manifest, Store};

use super::steps::{first, second};
use super::world::{Build, TAGS, World, literal, plan, plan_of, put_tag};
use crate::loopback::Server;

const OWN: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const COMMIT: &str = r#"{"name":"sha-aaaaaaa","class":"run","form":"sha-{commit:7}"}"#;

fn named(server: &Server, repository: &str) -> String {
    format!("{}/{repository}", server.host())
}

/// What has this digest in a repository.
fn manifest(world: &World, repository: &str, digest: &str) -> Manifest {
    let digest: Digest = digest.parse().unwrap();
    world.layout(repository).get_manifest(&digest.into()).unwrap().expect("it is there")
}

#[test]
fn what_has_the_tag_of_another_version_is_refused_in_whatever_form() {
    for (tag, is_refused) in [
        ("1.3.0", true),
        ("1.3.0-alpine", true),
        ("web-1.3.0", true),
        ("release-v2.0.0", true),
        ("v1.5", true),
        ("2", true),
        // Its own, and what is of no version.
        ("1.4.2-alpine", false),
        ("web-1.4.2", false),
        ("1.4.2-rc.1", false),
        ("1", false),
        ("nightly", false),
        ("2026.11.28", false),
        ("build-57", false),
        // That of another image of the plan.
        ("web-9.9.9", false),
    ] {
        let mut world = World::with_app(&["a"]);
        let server = world.serve();
        let name = named(&server, "a");
        let other = format!(
            r#""other":{{"repositories":["{name}"],"tags":[{}],"builds":{{"other":{{"platform":"linux/amd64"}}}}}},"app""#,
            literal("web-9.9.9")
        );
        world.build(&["a"], Build::new("other", "linux/amd64"));
        let document = plan(&[&name]).replacen(r#""app""#, &other, 1);
        let result = first(&world, &document, 0);
        let digest = result["images"]["app"]["digest"].as_str().unwrap();
        put_tag(&world.layout("a"), tag, &manifest(&world, "a", digest));
        let (status, told) = second(&world, &document, &result, &["--allow-retag"]);
        if is_refused {
            assert!(status == Some(1) && told.contains("other-version"), "{tag}: {status:?} {told}");
            assert_eq!(world.tags("a").len(), 1, "{tag}");
        } else {
            assert_eq!(status, Some(0), "{tag}: {told}");
        }
    }
}

#[test]
fn what_has_the_tag_of_another_commit_is_refused() {
    let run = format!(r#""run":{{"commit":"{OWN}"}},"images""#);
    let of_commit = |name: &str, tags: &str| {
        plan_of(&[name], &format!("{TAGS},{tags}"), r#""version":"1.4.2","#, "hold").replacen(
            r#""images""#,
            &run,
            1,
        )
    };
    let main = COMMIT.replace("sha-", "main-");
    for (own, tags, is_refused) in [
        (COMMIT, &["sha-bbbbbbb"][..], true),
        (COMMIT, &["sha-bbbbbbb", "sha-ccccccc"], true),
        (&main, &["main-b1b2b3b"], true),
        // This one, too.
        (COMMIT, &["sha-bbbbbbb", "sha-aaaaaaa"], false),
        // In another form, it may be that of anything.
        (COMMIT, &["main-b1b2b3b"], false),
        (&main, &["sha-bbbbbbb"], false),
        // No tag of a commit is planned.
        (r#"{"name":"edge","floating":true,"class":"run","form":"edge"}"#, &["sha-bbbbbbb"], false),
    ] {
        let world = World::with_app(&["a"]);
        let server = world.serve();
        let document = of_commit(&named(&server, "a"), own);
        let result = first(&world, &document, 0);
        let found = manifest(&world, "a", result["images"]["app"]["digest"].as_str().unwrap());
        for tag in tags {
            put_tag(&world.layout("a"), tag, &found);
        }
        let (status, told) = second(&world, &document, &result, &[]);
        if is_refused {
            assert!(
                status == Some(1) && told.contains("other-plan") && told.contains("another commit"),
                "{told}"
            );
            assert_eq!(world.tags("a").len(), tags.len(), "{tags:?}");
        } else {
            assert_eq!(status, Some(0), "{tags:?}: {told}");
            assert!(!told.contains("unknown-commit"), "{tags:?}: {told}");
        }
    }
}

/// However many tags of other commits and versions there are, few are asked for, and that is said.
#[test]
fn few_tags_are_compared() {
    let world = World::with_app(&["a"]);
    let server = world.serve();
    let document =
        plan_of(&[&named(&server, "a")], &format!("{TAGS},{COMMIT}"), r#""version":"1.4.2","#, "hold")
            .replacen(r#""images""#, &format!(r#""run":{{"commit":"{OWN}"}},"images""#), 1);
    let other = manifest(&world, "a", world.built["app-linux-amd64"].as_str());
    for number in 0..80 {
        put_tag(&world.layout("a"), &format!("sha-bbbbb{number:02}"), &other);
        put_tag(&world.layout("a"), &format!("0.9.{number}-alpine"), &other);
    }
    let result = first(&world, &document, 0);
    let before = server.seen().len();
    let (status, told) = second(&world, &document, &result, &["--dry-run"]);
    assert_eq!(status, Some(0), "{told}");
    let asked = server.seen()[before..].iter().filter(|seen| seen.method == "HEAD").count();
    assert!((100..120).contains(&asked), "{asked}");
    assert!(told.contains("30 tags of commits") && told.contains("not compared"), "{told}");
}

/// A platform that was taken over from what has the tag of another version meanwhile.
#[test]
fn what_is_carried_over_is_looked_at_again() {
    for (tag, is_refused) in [
        ("1.3.0", true),
        ("web-1.3.0", true),
        ("1.3.0-alpine", true),
        ("1.4.2-alpine", false),
        ("prod", false),
    ] {
        let mut world = World::with_app(&["a"]);
        let server = world.serve();
        let name = named(&server, "a");
        assert_eq!(world.merge(&plan(&[&name]), Options::default()).problems, []);
        let old = world.tags("a")["1.4.2"].clone();
        world.built.remove("app-linux-arm64");
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
        let document = plan_of(&[&name], TAGS, r#""version":"1.4.2","#, "carry");
        let result = first(&world, &document, 0);
        put_tag(&world.layout("a"), tag, &manifest(&world, "a", old.as_str()));
        let (status, told) = second(&world, &document, &result, &[]);
        if is_refused {
            assert!(
                status == Some(1) && told.contains("has the tags of two versions"),
                "{tag}: {status:?} {told}"
            );
            assert_eq!(world.tags("a")["1.4.2"], old, "{tag}");
        } else {
            assert_eq!(status, Some(0), "{tag}: {told}");
            // What it was carried over from is not there any more under this version.
            assert_eq!(second(&world, &document, &result, &[]).0, Some(0), "{tag}");
        }
    }
}

/// A release that stays is looked for in all repositories of its image, also where it has no tag of its own.
#[test]
fn a_release_is_not_another_version_in_any_repository() {
    for (tag, is_same, is_kept) in [
        ("1.3.0", true, false),
        ("1.3.0-alpine", true, false),
        ("web-2.0.0", true, false),
        ("1.3.0", false, true),
        ("1.4.2-alpine", true, true),
        ("prod", true, true),
    ] {
        let mut world = World::with_app(&["a", "b"]);
        let of = |names: &[&str]| plan(names);
        assert_eq!(world.merge(&of(&["oci-layout:a"]), Options::default()).problems, []);
        let release = world.tags("a")["1.4.2"].clone();
        let whole = manifest(&world, "a", release.as_str());
        let elsewhere =
            if is_same { whole } else { manifest(&world, "b", world.built["app-linux-arm64"].as_str()) };
        put_tag(&world.layout("b"), tag, &elsewhere);
        world.build(&["a", "b"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
        let options = Options { keep_existing: true, ..Options::default() };
        let report = world.merge(&of(&["oci-layout:a", "oci-layout:b"]), options);
        if is_kept {
            assert_eq!(report.problems, [], "{tag}");
            assert_eq!(world.tags("b")["1.4.2"], release, "{tag}");
        } else {
            let codes: Vec<&str> = report.problems.iter().map(|problem| problem.code.name()).collect();
            assert_eq!(codes, ["existing-release"], "{tag}: {:?}", report.problems);
            let notes = report.problems[0].notes.join(" ");
            assert!(notes.contains("by the tag `oci-layout://b:"), "{tag}: {notes}");
            assert_eq!(world.tags("b").len(), 1, "{tag}");
        }
    }
}
