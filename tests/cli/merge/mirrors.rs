//! Mirrors: filled by copying, with the same tags by the same rules, and never in the way of the image's own repositories.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report, Status};
use bakeplan::internals::oci::{OCI_INDEX, OCI_MANIFEST};
use bakeplan::internals::registry::{Layout, Store, TagOrDigest};

use super::world::{Build, CONSTANTS, TAGS, World, document, image, index, literal, plan_of, put, put_tag};
use crate::loopback::{Answer, Reply, Seen, Server};
use crate::verify::desk::{found, of_plan};

const OWN: &str = "acme/app";
const MIRROR: &str = "mirror/app";

/// A plan of `acme/app` in one registry with mirrors in others.
fn plan(own: &Server, mirrors: &[(&Server, &str)], tags: &str, more: &str) -> String {
    let names: Vec<String> =
        mirrors.iter().map(|(server, name)| format!("{}/{name}", server.host())).collect();
    let more = format!(r#"{more}"mirrors":{names:?},"#);
    plan_of(&[&format!("{}/{OWN}", own.host())], tags, &more, "hold")
}

fn of_version(own: &Server, mirrors: &[(&Server, &str)]) -> String {
    plan(own, mirrors, TAGS, r#""version":"1.4.2","#)
}

fn merge(world: &World, document: &str) -> Report {
    world.merge(document, Options::default())
}

/// What became of the tags of a repository.
fn outcomes(report: &Report, repository: &str) -> Vec<(String, Outcome)> {
    let references = report.images["app"].references.iter();
    let own = references.filter(|one| one.repository.ends_with(repository));
    own.map(|one| (one.tag.clone(), one.outcome)).collect()
}

/// The image's own repository is published, and the mirror holds the merge back from success, and nothing else.
#[track_caller]
fn check_held(world: &World, report: &Report, what: &str) {
    assert_eq!(report.problems, [], "{what}");
    assert!(!report.has_failed() && report.is_incomplete(), "{what}");
    assert_eq!(report.images["app"].status, Status::Published, "{what}");
    assert_eq!(world.tags(OWN).len(), 4, "{what}");
    assert!(outcomes(report, OWN).iter().all(|(_, outcome)| outcome.writes()), "{what}");
    assert!(
        report.held.iter().all(|one| one.notes.iter().any(|note| note.contains("is a mirror"))),
        "{what}: {:?}",
        report.held
    );
}

fn no_tags(world: &World, repository: &str) -> bool {
    !world.root().join(repository).exists() || world.tags(repository).is_empty()
}

fn is_written(seen: &Seen) -> bool {
    !["GET", "HEAD"].contains(&seen.method.as_str())
}

#[test]
fn a_mirror_gets_what_the_others_have() {
    for is_sibling in [false, true] {
        let world = World::with_app(&[OWN]);
        let (own, other) = (world.serve(), world.serve());
        let document = of_version(&own, &[(if is_sibling { &own } else { &other }, MIRROR)]);
        let report = merge(&world, &document);
        assert_eq!((report.problems.as_slice(), report.held.as_slice()), (&[][..], &[][..]));
        assert_eq!(world.tags(OWN), world.tags(MIRROR));
        assert_eq!(report.published.len(), 2, "{:?}", report.published);
        assert!(outcomes(&report, MIRROR).iter().all(|(_, outcome)| *outcome == Outcome::Created));
        let mounts = own.seen().iter().filter(|seen| seen.target.contains("mount=")).count();
        let sent = [&own, &other].map(|server| {
            server
                .seen()
                .iter()
                .filter(|seen| seen.method == "PUT" && seen.path().contains("/uploads/"))
                .count()
        });
        // Two images, each with a layer and a configuration, and their attestations, which share theirs.
        let expected = if is_sibling { (7, [0, 0]) } else { (0, [0, 7]) };
        assert_eq!((mounts, sent), expected, "{is_sibling}");
        found(&of_plan(&world, &document), &[]);
        // A repetition writes nothing, and says so.
        let again = merge(&world, &document);
        assert_eq!(again.images["app"].status, Status::Unchanged);
        assert!(again.images["app"].references.iter().all(|one| one.outcome == Outcome::Unchanged));
        let seen = [own.seen(), other.seen()].concat();
        let written = |seen: &[Seen]| seen.iter().filter(|seen| is_written(seen)).count();
        let first: usize = 2 * (1 + 4) + 4 + if is_sibling { 7 } else { 2 * 7 };
        assert_eq!(written(&seen), first);
    }
}

#[test]
fn a_mirror_that_fails_holds_its_own_tags_alone() {
    type Fault = fn(&Seen) -> Option<Reply>;
    let faults: [(&str, Fault); 10] = [
        ("no blob is kept", |seen| {
            (seen.method == "PUT" && seen.path().contains("/uploads/"))
                .then(|| Answer::new(201, "", "").into())
        }),
        ("nobody is there", |_| Some(Reply::Reset)),
        ("it fails", |_| Some(Answer::error(500, "UNKNOWN").into())),
        ("no credentials", |_| {
            let challenge = "Basic realm=\"x\"";
            Some(Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", challenge).into())
        }),
        ("denied", |_| Some(Answer::error(403, "DENIED").into())),
        ("no uploads", |seen| (seen.method == "POST").then(|| Answer::error(403, "DENIED").into())),
        ("full", |seen| {
            (seen.method == "PUT" && seen.path().contains("/uploads/"))
                .then(|| Answer::error(507, "UNKNOWN").into())
        }),
        ("no manifests", |seen| {
            (seen.method == "PUT" && seen.path().contains("/manifests/"))
                .then(|| Answer::error(400, "MANIFEST_INVALID").into())
        }),
        ("no tags", |seen| {
            (seen.method == "PUT" && seen.path().contains("/manifests/1"))
                .then(|| Answer::error(409, "TAG_IMMUTABLE").into())
        }),
        ("nothing is kept", |seen| {
            (seen.method == "PUT" && seen.path().contains("/manifests/"))
                .then(|| Answer::new(201, "", "").into())
        }),
    ];
    for (what, fault) in faults {
        let world = World::with_app(&[OWN]);
        let (own, bad, good) = (world.serve(), world.serve_with(fault), world.serve());
        let document = of_version(&own, &[(&bad, MIRROR), (&good, "second/app")]);
        let report = merge(&world, &document);
        check_held(&world, &report, what);
        assert!(no_tags(&world, MIRROR), "{what}");
        assert!(
            outcomes(&report, MIRROR)
                .iter()
                .all(|(_, outcome)| matches!(outcome, Outcome::Skipped | Outcome::Failed)),
            "{what}: {:?}",
            outcomes(&report, MIRROR)
        );
        assert_eq!(outcomes(&report, MIRROR).len(), 4, "{what}");
        // The other mirror has all.
        assert_eq!(world.tags("second/app"), world.tags(OWN), "{what}");
        // The next run completes it.
        let whole = world.serve();
        let document = of_version(&own, &[(&whole, MIRROR), (&good, "second/app")]);
        assert!(!merge(&world, &document).is_incomplete(), "{what}");
        assert_eq!(world.tags(MIRROR), world.tags(OWN), "{what}");
    }
}

/// Within one registry, a mirror that accepts mounts and keeps nothing of them gets no tag, and no manifest.
#[test]
fn a_mirror_that_loses_what_is_mounted_gets_no_tag() {
    let world = World::with_app(&[OWN]);
    let own = world.serve_with(|seen| {
        seen.target.contains("mount=").then(|| Answer::new(201, "", "").header("Location", "/v2/x").into())
    });
    let document = of_version(&own, &[(&own, MIRROR)]);
    let report = merge(&world, &document);
    check_held(&world, &report, "mounts");
    assert_eq!(report.held[0].code.name(), "not-stored", "{:?}", report.held);
    assert!(no_tags(&world, MIRROR));
    let referred = |seen: &&Seen| seen.method == "PUT" && seen.path().contains("mirror/app/manifests/");
    assert_eq!(own.seen().iter().filter(referred).count(), 0);
    // One that keeps them gets all.
    let whole = world.serve();
    let document = of_version(&whole, &[(&whole, MIRROR)]);
    assert!(!merge(&world, &document).is_incomplete());
    assert_eq!(world.tags(MIRROR), world.tags(OWN));
    found(&of_plan(&world, &document), &[]);
}

#[test]
fn a_mirror_keeps_what_a_repository_would_keep() {
    let other = |world: &World, tag: &str| {
        let layout = world.layout(MIRROR);
        let found = put(&layout, OCI_MANIFEST, &image(&layout, OCI_MANIFEST, "{}", &[]));
        put_tag(&layout, tag, &found);
        found.digest
    };
    // A greater version.
    let world = World::with_app(&[OWN]);
    other(&world, "1.5.0");
    let latest = other(&world, "latest");
    let (own, mirror) = (world.serve(), world.serve());
    let report = merge(&world, &of_version(&own, &[(&mirror, MIRROR)]));
    assert!(!report.is_incomplete() && !report.has_failed(), "{report:?}");
    assert_eq!(world.tags(MIRROR)["latest"], latest);
    assert_eq!(world.tags(MIRROR)["1.4"], world.tags(OWN)["latest"]);
    assert!(outcomes(&report, MIRROR).contains(&("latest".into(), Outcome::Kept)));

    // A release that must not change.
    for (more, options, is_held) in [
        (r#""version":"1.4.2","immutable":true,"#, Options::default(), true),
        (
            r#""version":"1.4.2","immutable":true,"#,
            Options { allow_retag: true, ..Options::default() },
            false,
        ),
        (r#""version":"1.4.2","#, Options { keep_existing: true, ..Options::default() }, true),
        (r#""version":"1.4.2","#, Options::default(), false),
    ] {
        let world = World::with_app(&[OWN]);
        let released = other(&world, "1.4.2");
        let (own, mirror) = (world.serve(), world.serve());
        let report = world.merge(&plan(&own, &[(&mirror, MIRROR)], TAGS, more), options);
        if is_held {
            check_held(&world, &report, more);
            assert_eq!(world.tags(MIRROR).len(), 1, "{more}");
        } else {
            assert!(!report.is_incomplete(), "{more}: {report:?}");
        }
        assert_eq!(world.tags(MIRROR)["1.4.2"] == released, is_held, "{more}");
    }

    // Tags that cannot be listed.
    let world = World::with_app(&[OWN]);
    let (own, mirror) = (
        world.serve(),
        world.serve_with(|seen| {
            seen.path().ends_with("/tags/list").then(|| Answer::error(403, "DENIED").into())
        }),
    );
    let report = merge(&world, &of_version(&own, &[(&mirror, MIRROR)]));
    assert!(report.is_incomplete() && !report.has_failed());
    assert_eq!(world.tags(MIRROR).keys().collect::<Vec<_>>(), ["1.4.2"]);
}

#[test]
fn what_fails_in_a_repository_does_not_reach_its_mirror() {
    for (what, fails) in [
        ("index", (|seen: &Seen| seen.method == "PUT") as fn(&Seen) -> bool),
        ("tag", |seen| seen.method == "PUT" && seen.path().ends_with("/latest")),
        ("reading", |seen| seen.path().contains("/blobs/")),
    ] {
        let world = World::with_app(&[OWN]);
        let own = world.serve_with(move |seen| fails(seen).then(|| Answer::error(403, "DENIED").into()));
        let mirror = world.serve();
        let report = merge(&world, &of_version(&own, &[(&mirror, MIRROR)]));
        assert!(report.has_failed(), "{what}");
        assert!(no_tags(&world, MIRROR) && mirror.seen().is_empty(), "{what}");
    }
}

#[test]
fn what_is_held_or_only_tried_writes_nothing_in_a_mirror() {
    let mut world = World::with_app(&[OWN]);
    let (own, mirror) = (world.serve(), world.serve());
    let document = of_version(&own, &[(&mirror, MIRROR)]);
    let report = world.merge(&document, Options { dry_run: true, ..Options::default() });
    assert_eq!(report.images["app"].status, Status::Planned);
    assert_eq!(outcomes(&report, MIRROR).len(), 4);
    assert!(report.images["app"].commands[1].contains(&format!("{}/{MIRROR}:latest", mirror.host())));
    assert!(mirror.seen().iter().all(|seen| !is_written(seen)));
    world.built.remove("app-linux-arm64");
    let report = merge(&world, &document);
    assert_eq!(report.images["app"].status, Status::Held);
    assert!(no_tags(&world, MIRROR) && mirror.seen().iter().all(|seen| !is_written(seen)));
}

#[test]
fn what_a_mirror_lost_is_copied_again() {
    let world = World::with_app(&[OWN]);
    let (own, mirror) = (world.serve(), world.serve());
    let document = of_version(&own, &[(&mirror, MIRROR)]);
    merge(&world, &document);
    let layer = bakeplan::internals::reference::Digest::sha256(b"layer of app-linux-arm64 ");
    super::world::remove(&world.layout(MIRROR), &layer);
    let report = merge(&world, &document);
    assert!(!report.is_incomplete(), "{report:?}");
    found(&of_plan(&world, &document), &[]);
}

#[test]
fn a_signature_that_is_made_later_comes_with_the_next_merge() {
    let world = World::with_app(&[OWN]);
    let (own, mirror) = (world.serve(), world.serve());
    let document = of_version(&own, &[(&mirror, MIRROR)]);
    merge(&world, &document);
    let layout = world.layout(OWN);
    let signature = put(&layout, OCI_MANIFEST, &image(&layout, OCI_MANIFEST, "{}", &["signed".to_owned()]));
    let tag = format!("sha256-{}.sig", world.tags(OWN)["1.4.2"].hex());
    put_tag(&layout, &tag, &signature);
    let report = merge(&world, &document);
    assert_eq!((report.images["app"].status, report.is_incomplete()), (Status::Unchanged, false));
    assert_eq!(world.tags(MIRROR)[&tag], signature.digest);
    let target: &Layout = &world.layout(MIRROR);
    assert!(target.get_manifest(&TagOrDigest::Digest(signature.digest)).unwrap().is_some());
}

/// Two images of one repository, in two mirrors: what cannot be asked for is said once.
#[test]
fn a_repository_that_cannot_be_asked_for_signatures_is_named_once() {
    for has_list in [false, true] {
        let mut world = World::with_app(&[OWN]);
        world.build(&[OWN], Build::new("tool", "linux/amd64"));
        let own = world.serve_with(move |seen| {
            let is_asked = seen.path().contains("/referrers/") && has_list;
            is_asked.then(|| Answer::new(200, OCI_INDEX, index(&[])).into())
        });
        let mirrors = [world.serve(), world.serve()];
        let names = [0, 1].map(|at| format!("{}/{MIRROR}{at}", mirrors[at].host()));
        let own_name = format!("{}/{OWN}", own.host());
        let image = |tag: &str, builds: &str| {
            format!(
                r#"{{"repositories":["{own_name}"],"mirrors":{names:?},"tags":[{}],"builds":{{{builds}}}}}"#,
                literal(tag)
            )
        };
        let build =
            |leg: &str, platform: &str| format!(r#""{leg}":{{"platform":"{platform}","job":"{leg}"}}"#);
        let app =
            [build("app-linux-amd64", "linux/amd64"), build("app-linux-arm64", "linux/arm64")].join(",");
        let (app, tool) = (image("1.4.2", &app), image("tool-1.4.2", &build("tool", "linux/amd64")));
        let report = merge(&world, &document(&format!(r#""app":{app},"tool":{tool}"#)));
        assert_eq!((report.problems.as_slice(), report.is_incomplete()), (&[][..], false));
        assert!(world.tags(&format!("{MIRROR}1")).len() == 2);
        let found = report.notes.iter().filter(|note| note.code.name() == "no-referrers");
        let found: Vec<&str> = found.map(|note| note.message.as_str()).collect();
        assert_eq!(found.len(), usize::from(!has_list), "{:?}", report.notes);
        assert!(found.iter().all(|message| message.contains(&format!("`{own_name}`"))), "{found:?}");
    }
}

#[test]
fn a_mirror_is_a_place_that_a_merge_may_write_to_and_verify_reads() {
    let mut world = World::with_app(&[OWN]);
    let (own, mirror) = (world.serve(), world.serve());
    let document = plan(&own, &[(&mirror, MIRROR)], CONSTANTS, "");
    merge(&world, &document);
    found(&of_plan(&world, &document), &[]);
    world.build(&[OWN], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
    let without = plan_of(&[&format!("{}/{OWN}", own.host())], CONSTANTS, "", "hold");
    assert_eq!(merge(&world, &without).problems, []);
    found(&of_plan(&world, &document), &["repositories-disagree"]);
}

const SECOND: &str = "acme/second";

/// What a registry does to a right answer.
type Fault = fn(Answer) -> Answer;

/// Two repositories that builds push to, which serve layers as these say, and a mirror of both.
fn with_two_sources(faults: [Option<Fault>; 2]) -> (World, Report, [Server; 3]) {
    let world = World::with_app(&[OWN, SECOND]);
    let [first, second] = faults.map(|fault| {
        world.serve_through(move |seen, forward| {
            let answer = forward();
            let is_layer = seen.method == "GET"
                && seen.path().contains("/blobs/")
                && seen.header("range").is_empty()
                && answer.body.starts_with(b"layer of");
            fault.filter(|_| is_layer).map_or(answer.clone(), |fault| fault(answer)).into()
        })
    });
    let mirror = world.serve();
    let names = [format!("{}/{OWN}", first.host()), format!("{}/{SECOND}", second.host())];
    let mirrors = [format!("{}/{MIRROR}", mirror.host())];
    let more = format!(r#""version":"1.4.2","mirrors":{mirrors:?},"#);
    let document = plan_of(&[&names[0], &names[1]], TAGS, &more, "hold");
    let report = merge(&world, &document);
    (world, report, [first, second, mirror])
}

#[test]
fn what_one_repository_cannot_give_comes_from_the_next() {
    let faults: [(&str, Fault); 5] = [
        ("gone", |_| Answer::error(404, "BLOB_UNKNOWN")),
        ("failing", |_| Answer::error(500, "UNKNOWN")),
        ("denied", |_| Answer::error(403, "DENIED")),
        ("other bytes", |answer| Answer::new(200, "", vec![b'x'; answer.body.len()])),
        ("fewer bytes", |answer| Answer::new(200, "", answer.body[1..].to_vec())),
    ];
    let warned = |report: &Report| -> Vec<String> {
        let notes = report.notes.iter().filter(|note| note.code.name() == "damaged-source");
        notes.map(|note| format!("{} {}", note.message, note.notes.join(" "))).collect()
    };
    for (what, fault) in faults {
        let (world, report, [first, second, mirror]) = with_two_sources([Some(fault), None]);
        assert_eq!((report.problems.as_slice(), report.is_incomplete()), (&[][..], false), "{what}");
        assert_eq!(world.tags(MIRROR), world.tags(OWN), "{what}");
        let told = warned(&report);
        let [told] = told.as_slice() else { panic!("{what}: {told:?}") };
        let start = format!("`{}/{MIRROR}` is filled from `{}/{SECOND}`", mirror.host(), second.host());
        assert!(told.starts_with(&start) && told.contains(&first.host()), "{what}: {told}");

        let (world, report, [first, ..]) = with_two_sources([Some(fault), Some(fault)]);
        check_held(&world, &report, what);
        assert!(no_tags(&world, MIRROR), "{what}");
        // Both are named.
        let held = format!("{:?}", report.held);
        assert!(held.contains(&first.host()), "{what}: {held}");
    }
    // Where the first one is right, nothing is said.
    let (world, report, _) = with_two_sources([None, Some(|_| Answer::error(500, "UNKNOWN"))]);
    assert_eq!((world.tags(MIRROR).len(), warned(&report)), (4, Vec::new()));
}

/// Where the mirror itself fails, another source helps nothing, and is not tried.
#[test]
fn a_mirror_that_takes_nothing_is_not_tried_again_from_elsewhere() {
    let world = World::with_app(&[OWN, SECOND]);
    let (first, second) = (world.serve(), world.serve());
    let mirror = world.serve_with(|seen| {
        let is_upload = seen.method == "PUT" && seen.path().contains("/uploads/");
        is_upload.then(|| Answer::error(403, "DENIED").into())
    });
    let names = [format!("{}/{OWN}", first.host()), format!("{}/{SECOND}", second.host())];
    let more = format!(r#""version":"1.4.2","mirrors":["{}/{MIRROR}"],"#, mirror.host());
    let report = merge(&world, &plan_of(&[&names[0], &names[1]], TAGS, &more, "hold"));
    check_held(&world, &report, "denied");
    let uploads = mirror.seen().iter().filter(|seen| seen.method == "PUT").count();
    assert_eq!(uploads, 1);
}

/// A release that a mirror has with other content is left there, and the report says how to give it what the others have.
#[test]
fn what_the_report_recommends_for_another_release_in_a_mirror_helps() {
    for more in [r#""version":"1.4.2","#, r#""version":"1.4.2","immutable":true,"#] {
        let world = World::with_app(&[OWN]);
        let layout = world.layout(MIRROR);
        let other = put(&layout, OCI_MANIFEST, &image(&layout, OCI_MANIFEST, "{}", &[]));
        put_tag(&layout, "1.4.2", &other);
        let (own, mirror) = (world.serve(), world.serve());
        let document = plan(&own, &[(&mirror, MIRROR)], TAGS, more);
        let keep = Options { keep_existing: true, ..Options::default() };
        let report = world.merge(&document, keep);
        check_held(&world, &report, more);
        let help = report.held[0].help.clone().unwrap();
        let command =
            help.split('`').find_map(|part| part.strip_prefix("bakeplan ")).expect("it names a command");
        let output = crate::support::Test::new().args(command.split(' ')).output();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(world.tags(MIRROR)["1.4.2"], world.tags(OWN)["1.4.2"]);
        let report = world.merge(&document, keep);
        assert!(!report.is_incomplete() && !report.has_failed(), "{report:?}");
        assert_eq!(world.tags(MIRROR), world.tags(OWN));
        found(&of_plan(&world, &document), &[]);
    }
}
