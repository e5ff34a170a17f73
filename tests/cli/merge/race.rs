//! Several merges at once: floating tags end with the greatest version, and nothing is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report, Status};
use bakeplan::internals::oci::{OCI_INDEX, OCI_MANIFEST};
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::Store;

use super::world::{Build, World, plan};
use crate::loopback::{Answer, Reply};

/// Another version of `app`, as a world of its own that shares the repository.
pub(super) fn other(world: &World, version: &str) -> (World, String) {
    let mut other = World::new();
    for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
        other.build(&["acme/app"], Build::new(leg, platform).salt(version));
    }
    // The builds of both are in the one repository.
    let (from, to) = (other.root().join("acme/app/blobs/sha256"), world.root().join("acme/app/blobs/sha256"));
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    let minor = version.rsplit_once('.').unwrap().0.to_owned();
    (other, minor)
}

fn plan_for(repository: &str, version: &str, minor: &str) -> String {
    plan(&[repository]).replace("1.4.2", version).replace("\"1.4\"", &format!("\"{minor}\""))
}

#[test]
fn a_greater_version_that_comes_meanwhile_has_the_floating_tags() {
    let world = World::with_app(&["acme/app"]);
    let (other, minor) = other(&world, "1.5.0");
    let plain = world.serve();
    let rival = plan_for(&format!("{}/acme/app", plain.host()), "1.5.0", &minor);
    let done = Arc::new(AtomicBool::new(false));
    let (other, winner) = (Arc::new(other), done.clone());
    // When this merge has written `latest`, another one comes from beginning to end.
    let server = world.serve_through(move |seen, forward| {
        let answer = forward();
        if seen.method == "PUT" && seen.path().ends_with("/latest") && !done.swap(true, Ordering::Relaxed) {
            let report = other.merge(&rival, Options::default());
            assert_eq!(report.problems, []);
        }
        answer.into()
    });
    let report = world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default());
    assert!(winner.load(Ordering::Relaxed));
    assert_eq!((report.problems.as_slice(), report.notes.as_slice()), (&[][..], &[][..]));
    let image = &report.images["app"];
    assert_eq!(image.status, Status::Published);
    let tags = world.tags("acme/app");
    let kept: Vec<_> = image.references.iter().filter(|one| one.outcome == Outcome::Kept).collect();
    assert_eq!(kept.iter().map(|one| one.tag.as_str()).collect::<Vec<_>>(), ["1", "latest"]);
    for one in kept {
        assert_eq!(one.why.as_deref(), Some("`1.5.0` is greater, and was published meanwhile"));
        assert_eq!(one.digest.as_ref(), Some(&tags["1.5.0"]));
    }
    assert_eq!(tags["latest"], tags["1.5.0"], "the greater version has it");
    assert_eq!(image.digest.as_ref(), Some(&tags["1.4.2"]), "nothing is lost");
    // Again, alone: the greater version keeps what it has.
    let report = world.merge(&plan(&[&format!("{}/acme/app", plain.host())]), Options::default());
    assert_eq!((report.problems.len(), world.tags("acme/app")), (0, tags));
}

/// Merges 1.4.2 while a tag comes, as the other merge leaves it that has written only its version's own tag, or whose floating
/// tags this one has overwritten. The report, and what each tag has.
fn meanwhile(
    tag: &str,
    media_type: &str,
    document: impl Fn(String) -> String,
    options: Options,
) -> (Report, BTreeMap<String, Digest>, usize) {
    let world = World::with_app(&["acme/app"]);
    let layout = world.layout("acme/app");
    let text = if media_type == OCI_INDEX {
        super::world::index_of(&layout, world.built.values(), tag)
    } else {
        super::world::image(&layout, media_type, "{}", &[])
    };
    let manifest = super::world::put(&layout, media_type, &text);
    let tag = tag.to_owned();
    let server = world.serve_through(move |seen, forward| {
        if seen.method == "PUT" && seen.path().ends_with("/latest") {
            super::world::put_tag(&layout, &tag, &manifest);
        }
        forward().into()
    });
    let document = document(plan(&[&format!("{}/acme/app", server.host())]));
    let report = world.merge(&document, options);
    let lists = server.lines().iter().filter(|line| line.ends_with("tags/list?n=1000")).count();
    (report, world.tags("acme/app"), lists)
}

fn as_it_is(document: String) -> String {
    document
}

fn codes(report: &Report) -> Vec<&str> {
    report.problems.iter().chain(&report.notes).map(|problem| problem.code.name()).collect()
}

#[test]
fn a_greater_version_gets_the_floating_tags_that_were_taken_from_it() {
    for (tag, given) in
        [("1.4.3", &["1.4", "1", "latest"][..]), ("1.5.0", &["1", "latest"]), ("2.0.0", &["latest"])]
    {
        let (report, tags, _) = meanwhile(tag, OCI_INDEX, as_it_is, Options::default());
        assert_eq!(codes(&report), [""; 0], "{tag}: {:?}", report.problems);
        for reference in &report.images["app"].references {
            let name = reference.tag.as_str();
            let (outcome, owner) =
                if given.contains(&name) { (Outcome::Kept, tag) } else { (Outcome::Created, "1.4.2") };
            assert_eq!((reference.outcome, &tags[name]), (outcome, &tags[owner]), "{tag}: {name}");
            assert_eq!(reference.digest.as_ref(), Some(&tags[owner]), "{tag}: {name}");
        }
    }
}

#[test]
fn a_floating_tag_goes_only_to_what_this_plan_would_give_it() {
    let withdrawn =
        |document: String| document.replacen(r#""version":"#, r#""withdrawn":["1.5.*"],"version":"#, 1);
    // Another image of the plan, with `latest = false`.
    let beside = |document: String| {
        let start = document.find(r#""app":{"#).unwrap();
        let (version, rest) = (r#""version":"1.5.0","#, &document[start..]);
        let repository = rest.split('"').find(|part| part.contains('/')).unwrap();
        let other = format!(
            r#""other":{{{version}"repositories":["{repository}"],"tags":[{{"name":"1.5.0","class":"version","form":"{{version}}"}}],"builds":{{"other":{{}}}}}},"#
        );
        format!("{}{other}{rest}", &document[..start])
    };
    type Edit<'a> = &'a dyn Fn(String) -> String;
    let held: [(&str, &str, Edit<'_>, &[&str]); 8] = [
        ("1.5.0", OCI_INDEX, &withdrawn, &[]),
        ("1.5.0", OCI_INDEX, &beside, &[]),
        ("1.5.0-rc.1", OCI_INDEX, &as_it_is, &[]),
        ("1.5.0-slim", OCI_INDEX, &as_it_is, &[]),
        ("1.3.9", OCI_INDEX, &as_it_is, &[]),
        ("main", OCI_INDEX, &as_it_is, &[]),
        ("1.5.0", OCI_MANIFEST, &as_it_is, &["unguarded-tag", "unguarded-tag"]),
        ("2026.01.02", OCI_INDEX, &as_it_is, &["unguarded-tag"]),
    ];
    for (tag, media_type, document, said) in held {
        let (report, tags, lists) = meanwhile(tag, media_type, document, Options::default());
        assert_eq!((codes(&report), lists), (said.to_vec(), 3), "{tag} {media_type}: {:?}", report.notes);
        for name in ["1.4", "1", "latest"] {
            assert_eq!(tags[name], tags["1.4.2"], "{tag} {media_type}: {name}");
        }
    }
    // Deliberately.
    let backward = Options { allow_backward: true, ..Options::default() };
    let (report, tags, lists) = meanwhile("1.5.0", OCI_INDEX, as_it_is, backward);
    assert_eq!((report.problems.len(), lists, &tags["latest"]), (0, 0, &tags["1.4.2"]));
}

#[test]
fn what_never_settles_or_cannot_be_listed_again_is_an_error() {
    let world = World::with_app(&["acme/app"]);
    let layout = world.layout("acme/app");
    let (built, count) = (world.built.clone(), AtomicUsize::new(0));
    // After each list comes a greater version.
    let server = world.serve_through(move |seen, forward| {
        if seen.method == "PUT" && seen.path().ends_with("/latest") {
            let patch = count.fetch_add(1, Ordering::Relaxed);
            let text = super::world::index_of(&layout, built.values(), &patch.to_string());
            let manifest = super::world::put(&layout, OCI_INDEX, &text);
            super::world::put_tag(&layout, &format!("1.5.{patch}"), &manifest);
        }
        forward().into()
    });
    let report = world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default());
    assert_eq!(codes(&report), ["concurrent-change"], "{:?}", report.problems);
    assert!(
        report.problems[0].message.contains("/acme/app:latest` again and again: 8 times were not enough")
    );

    let world = World::with_app(&["acme/app"]);
    let moved = AtomicUsize::new(0);
    let server = world.serve_with(move |seen| {
        let is_moved = seen.method == "PUT" && seen.path().ends_with("/latest");
        let is_after = moved.fetch_add(usize::from(is_moved), Ordering::Relaxed) > 0;
        (is_after && seen.path().ends_with("/tags/list")).then(|| Reply::Whole(Answer::error(403, "DENIED")))
    });
    let report = world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default());
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    assert!(report.problems[0].notes.iter().any(|note| note.contains("appeared meanwhile is not known")));
    let tags = world.tags("acme/app");
    assert!(tags.values().all(|digest| *digest == tags["1.4.2"]));
}

#[test]
fn merges_that_start_together_lose_nothing() {
    for round in 0..5 {
        let world = World::with_app(&["acme/app"]);
        let rivals: Vec<_> = ["1.5.0", "1.6.0"].map(|version| (version, other(&world, version))).into();
        let server = world.serve();
        let repository = format!("{}/acme/app", server.host());
        let failures: Vec<bool> = thread::scope(|scope| {
            let own = scope.spawn(|| world.merge(&plan(&[&repository]), Options::default()));
            let threads: Vec<_> = rivals
                .iter()
                .map(|(version, (other, minor))| {
                    let document = plan_for(&repository, version, minor);
                    scope.spawn(move || other.merge(&document, Options::default()))
                })
                .collect();
            let reports = std::iter::once(own).chain(threads).map(|thread| thread.join().unwrap());
            reports.map(|report| report.has_failed()).collect()
        });
        let tags = world.tags("acme/app");
        for tag in ["1.4.2", "1.4", "1.5.0", "1.5", "1.6.0", "1.6", "1", "latest"] {
            assert_eq!(
                world.platforms("acme/app", tag),
                ["linux/amd64", "linux/arm64"],
                "{tag} in round {round}"
            );
        }
        assert_eq!(tags["1.4.2"], tags["1.4"]);
        // Whoever did not end with its own tags said so, or came before and was greater.
        let owner = ["1.4.2", "1.5.0", "1.6.0"].iter().position(|version| tags[*version] == tags["latest"]);
        assert!(!failures[owner.expect("it is one of them")] || failures.iter().any(|failed| *failed));
    }
}

/// The tags of another merge that come between the list of tags and the look at one of them.
fn between_list_and_look(
    version: &str,
    minor: &str,
    lists_lag: bool,
) -> (Report, BTreeMap<String, Digest>, usize) {
    let mut world = World::with_app(&["acme/app"]);
    let rival = world.build(&["acme/app"], Build::new("rival", "linux/amd64").salt(version));
    world.built.remove("rival");
    let layout = world.layout("acme/app");
    let manifest = layout.get_manifest(&rival.into()).unwrap().unwrap();
    let own: Vec<String> = [version, minor, "1", "latest"].map(str::to_owned).into();
    let done = AtomicBool::new(false);
    let server = world.serve_through(move |seen, forward| {
        let Some((_, query)) = seen.target.split_once("/tags/list") else { return forward().into() };
        // Nothing tells where the list ends, so that its tags are looked at, too.
        if query.contains("last=") {
            return Answer::error(400, "UNSUPPORTED").into();
        }
        let before = forward();
        if !done.swap(true, Ordering::Relaxed) {
            own.iter().for_each(|tag| super::world::put_tag(&layout, tag, &manifest));
            return before.into();
        }
        if lists_lag { Answer::json(200, r#"{"tags":["0.1.0"]}"#).into() } else { before.into() }
    });
    let report = world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default());
    let lists =
        server.lines().iter().filter(|line| line.contains("tags/list") && !line.contains("last=")).count();
    (report, world.tags("acme/app"), lists)
}

/// A list that was read before another merge wrote what is there now is read again, and decides.
#[test]
fn a_tag_that_comes_after_the_list_is_no_fault_of_the_list() {
    for (version, minor, kept) in [
        ("1.4.1", "1.4", &[][..]),
        ("1.3.9", "1.3", &[]),
        ("1.4.3", "1.4", &["1.4", "1", "latest"]),
        ("1.5.0", "1.5", &["1", "latest"]),
    ] {
        let (report, tags, lists) = between_list_and_look(version, minor, false);
        assert_eq!(report.problems, [], "{version}");
        let left = report.images["app"].references.iter().filter(|one| one.outcome == Outcome::Kept);
        assert_eq!(left.map(|one| one.tag.as_str()).collect::<Vec<_>>(), kept, "{version}");
        let greater = if kept.is_empty() { "1.4.2" } else { version };
        assert_eq!(tags["latest"], tags[greater], "{version}");
        assert!(lists <= 4, "{version}: {lists}");
    }
}

/// One that never shows what is there decides nothing, and is read a few times only.
#[test]
fn a_list_that_stays_behind_moves_nothing() {
    let (report, tags, lists) = between_list_and_look("1.5.0", "1.5", true);
    assert_eq!(report.problems.iter().map(|one| one.code.name()).collect::<Vec<_>>(), ["tag-list"]);
    assert_eq!((tags["latest"].clone(), lists), (tags["1.5.0"].clone(), 5));
    assert!(!tags.contains_key("1.4.2"));
}

/// What has appeared meanwhile is checked like anything else that gets a tag.
#[test]
fn a_greater_version_that_is_not_whole_gets_no_floating_tag() {
    for what in ["layer", "child", "nothing but a platform"] {
        let world = World::with_app(&["acme/app"]);
        let layout = world.layout("acme/app");
        let config = r#"{"architecture":"amd64","os":"linux"}"#;
        let text = super::world::image(&layout, OCI_MANIFEST, config, &["layer of 1.5.0".to_owned()]);
        let image = super::world::put(&layout, OCI_MANIFEST, &text);
        let platform = r#""platform":{"architecture":"amd64","os":"linux"},"#;
        let entry =
            serde_json::to_string(&image.descriptor()).unwrap().replacen('{', &format!("{{{platform}"), 1);
        let greater = super::world::put(&layout, OCI_INDEX, &super::world::index(&[entry]));
        let gone = match what {
            "layer" => Some(Digest::sha256(b"layer of 1.5.0")),
            "child" => Some(image.digest.clone()),
            _ => None,
        };
        let (own, removed) = (greater.digest.clone(), gone.clone());
        let done = AtomicBool::new(false);
        let server = world.serve_through(move |seen, forward| {
            if seen.method == "PUT" && seen.path().ends_with("/latest") && !done.swap(true, Ordering::Relaxed)
            {
                super::world::put_tag(&layout, "1.5.0", &greater);
                removed.iter().for_each(|digest| super::world::remove(&layout, digest));
            }
            forward().into()
        });
        let report = world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default());
        assert_eq!(report.problems, [], "{what}");
        let tags = world.tags("acme/app");
        let latest = report.images["app"].references.iter().find(|one| one.tag == "latest").unwrap();
        let notes: Vec<&str> = report.notes.iter().map(|note| note.message.as_str()).collect();
        if let Some(gone) = gone {
            assert_eq!((&tags["latest"], &tags["1"]), (&tags["1.4.2"], &tags["1.4.2"]), "{what}");
            assert_eq!(latest.outcome, Outcome::Created);
            assert!(notes.iter().all(|note| note.contains(gone.as_str())), "{notes:?}");
            assert_eq!(notes.len(), 2, "for `1` and `latest`: {notes:?}");
        } else {
            assert_eq!((&tags["latest"], &tags["1"]), (&own, &own), "{what}");
            assert_eq!((latest.outcome, latest.digest.as_ref()), (Outcome::Kept, Some(&own)));
            let why = latest.why.as_deref().unwrap_or_default();
            assert!(why.ends_with(&format!("this merge moved the tag to it, {}", own.short())), "{why}");
            assert!(notes.len() == 1 && notes[0].contains("is without linux/arm64"), "{notes:?}");
        }
    }
}
