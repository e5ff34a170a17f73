//! Releases that are there: what a registry that lets no tag change refuses, and what `--keep-existing` leaves alone.

use bakeplan::internals::merge::report::{Outcome, Report, Status};
use bakeplan::internals::merge::{IfMissing, Options};
use bakeplan::internals::registry::Store;

use super::world::{Build, TAGS, World, document, literal, plan, plan_of, put_tag, untag};
use crate::loopback::{Answer, Reply, Server};
use crate::support::Test;
use crate::verify::desk::{found, of_plan};

const A: &str = "oci-layout:a";
const B: &str = "oci-layout:b";

fn keep() -> Options {
    Options { keep_existing: true, ..Options::default() }
}

/// A release in `repositories` of the first builds, and other builds in `all`.
fn released(repositories: &[&str], all: &[&str]) -> World {
    let mut world = World::with_app(all);
    let locations: Vec<_> = repositories.iter().map(|one| format!("oci-layout:{one}")).collect();
    let locations: Vec<_> = locations.iter().map(String::as_str).collect();
    assert_eq!(world.merge(&plan(&locations), Options::default()).problems, []);
    world.build(all, Build::new("app-linux-amd64", "linux/amd64").salt("again"));
    world
}

/// A registry that lets no tag change.
fn fixed(world: &World, refusal: &Answer) -> Server {
    let (refusal, root) = (refusal.clone(), world.root().to_owned());
    world.serve_through(move |seen, forward| {
        let tag = seen.path().rsplit('/').next().unwrap_or_default();
        if seen.method == "PUT" && !tag.contains(':') {
            let layout = bakeplan::internals::registry::Layout::open(root.join("a")).unwrap();
            let tag: bakeplan::internals::reference::Tag = tag.parse().unwrap();
            let has = layout.head_manifest(&tag.into()).unwrap();
            let own = bakeplan::internals::reference::Digest::sha256(&seen.body);
            if has.is_some_and(|has| has.digest != own) {
                return Reply::Whole(refusal.clone());
            }
        }
        forward().into()
    })
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    report.images["app"].references.iter().map(|one| one.outcome).collect()
}

#[test]
fn a_tag_that_may_not_change_is_met_before_any_other_is_written() {
    for refusal in [
        Answer::error(409, "TAG_IMMUTABLE"),
        Answer::error(400, "TAG_INVALID"),
        Answer::error(403, "DENIED"),
        Answer::error(412, "PRECONDITION"),
        Answer::error(405, "UNSUPPORTED"),
        Answer::new(409, "text/html", "<p>No</p>"),
    ] {
        let world = released(&["a"], &["a"]);
        let before = world.tags("a");
        let server = fixed(&world, &refusal);
        // Tags that are not there yet come first in the plan.
        let tags = format!("{},{TAGS},{}", literal("sha-1a2b3c"), literal("1.4.2-0"));
        let repository = format!("{}/a", server.host());
        let document = plan_of(&[&repository], &tags, r#""version":"1.4.2","#, "hold");
        let report = world.merge(&document, Options::default());
        assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
        let problem = &report.problems[0];
        let mut told = problem.help.iter().chain(&problem.notes);
        assert!(told.any(|text| text.contains("`--keep-existing`")), "{problem:?}");
        assert_eq!(world.tags("a"), before);

        let report = world.merge(&document, keep());
        assert_eq!((report.problems.len(), report.notes.len()), (0, 1), "{:?}", report.problems);
        let digest = &before["1.4.2"];
        assert_eq!(report.images["app"].digest.as_ref(), Some(digest));
        assert!(world.tags("a").values().all(|own| own == digest));
        assert_eq!(world.tags("a").len(), 6);
        found(&of_plan(&world, &document), &[]);
    }
}

#[test]
fn a_tag_that_fails_for_another_reason_is_not_said_to_be_fixed() {
    for refusal in [
        Answer::error(500, "UNKNOWN"),
        Answer::error(503, "UNAVAILABLE"),
        Answer::error(429, "TOOMANYREQUESTS"),
        Answer::error(400, "MANIFEST_BLOB_UNKNOWN"),
    ] {
        let world = released(&["a"], &["a"]);
        let server = fixed(&world, &refusal);
        let report = world.merge(&plan(&[&format!("{}/a", server.host())]), Options::default());
        let problem = &report.problems[0];
        assert!(!problem.notes.iter().any(|note| note.contains("let tags change")), "{problem:?}");
        assert!(!problem.help.as_deref().unwrap_or_default().contains("keep-existing"), "{problem:?}");
    }
    let world = released(&["a"], &["a"]);
    let server = world
        .serve_with(|seen| (seen.method == "PUT" && seen.path().ends_with("/1.4.2")).then_some(Reply::Reset));
    let report = world.merge(&plan(&[&format!("{}/a", server.host())]), Options::default());
    assert_eq!((report.problems[0].code.name(), report.problems[0].notes.len()), ("registry-network", 0));
}

#[test]
fn what_is_there_stays_and_its_other_tags_follow_it() {
    let world = released(&["a", "b"], &["a", "b"]);
    let before = world.tags("a");
    // Another run ended before all tags were written.
    let old = world.layout("a").get_manifest(&before["1.4.2"].clone().into()).unwrap().unwrap();
    let other = super::world::put(
        &world.layout("a"),
        &old.media_type,
        &String::from_utf8(old.bytes).unwrap().replacen('{', "{ ", 1),
    );
    put_tag(&world.layout("a"), "latest", &other);
    let report = world.merge(&plan(&[A, B]), keep());
    assert_eq!(report.problems, []);
    assert_eq!(report.images["app"].status, Status::Published);
    assert_eq!((world.tags("a"), world.tags("b")), (before.clone(), before.clone()));
    assert_eq!(report.images["app"].references[3].outcome, Outcome::Moved);

    // Again: nothing is left to do.
    let report = world.merge(&plan(&[A, B]), keep());
    assert_eq!(report.images["app"].status, Status::Unchanged);
    assert_eq!(outcomes(&report), [Outcome::Unchanged; 8]);
    // Without the option, it is what was built.
    assert_eq!(world.merge(&plan(&[A, B]), Options::default()).problems, []);
    assert_ne!(world.tags("a"), before);
}

#[test]
fn a_release_that_is_not_there_is_published() {
    let world = World::with_app(&["a"]);
    let report = world.merge(&plan(&[A]), keep());
    assert_eq!((report.problems.len(), report.notes.len()), (0, 0));
    assert_eq!(outcomes(&report), [Outcome::Created; 4]);
    // The same builds again.
    assert_eq!(outcomes(&world.merge(&plan(&[A]), keep())), [Outcome::Unchanged; 4]);
}

#[test]
fn a_release_is_copied_to_where_it_is_missing() {
    let world = released(&["a"], &["a"]);
    // The second repository has nothing at all, nor does another registry.
    let [first, second] = [world.serve(), world.serve()];
    let names = [format!("{}/a", first.host()), format!("{}/b", second.host())];
    let repositories = [names[0].as_str(), &names[1]];
    for (repositories, missing) in [(&[A, B], "c"), (&repositories, "d")] {
        let repositories = repositories.map(|name| name.replace("layout:b", "layout:c").replace("/b", "/d"));
        let repositories = [repositories[0].as_str(), &repositories[1]];
        world.layout(missing);
        let before = world.tags("a");
        let dry = world.merge(&plan(&repositories), Options { dry_run: true, ..keep() });
        assert!(dry.problems.is_empty() && world.tags(missing).is_empty(), "{:?}", dry.problems);
        let report = world.merge(&plan(&repositories), keep());
        assert_eq!(report.problems, []);
        assert_eq!((world.tags(missing), world.tags("a")), (before.clone(), before), "{missing}");
        let note =
            report.notes.iter().find(|note| note.code.name() == "existing-release").expect("it is said");
        assert!(note.message.contains(&format!("it is copied to `{}`", repositories[1])), "{}", note.message);
        found(&of_plan(&world, &plan(&repositories)), &[]);
    }
}

#[test]
fn a_release_that_differs_between_repositories_is_an_error() {
    // Each has its own.
    let world = released(&["a"], &["a", "b"]);
    assert_eq!(world.merge(&plan(&[B]), Options::default()).problems, []);
    let report = world.merge(&plan(&[A, B]), keep());
    assert_eq!(report.problems[0].code.name(), "existing-release");
    assert!(report.problems[0].message.contains("2 digests"), "{:?}", report.problems);
    // What it has cannot be read.
    let world = released(&["a"], &["a"]);
    let digest = world.tags("a")["1.4.2"].to_string();
    let server = world.serve_with(move |seen| {
        seen.path().ends_with(&digest).then(|| Reply::Whole(Answer::error(500, "UNKNOWN")))
    });
    let report = world.merge(&plan(&[&format!("{}/a", server.host())]), keep());
    assert_eq!(report.problems[0].code.name(), "existing-release", "{:?}", report.problems);
}

#[test]
fn a_release_without_a_planned_platform_is_said_to_be() {
    let mut world = World::with_app(&["a"]);
    world.built.remove("app-linux-arm64");
    let document = |then| plan_of(&[A], TAGS, r#""version":"1.4.2","#, then);
    assert_eq!(world.merge(&document("drop"), Options::default()).problems, []);
    world.build(&["a"], Build::new("app-linux-arm64", "linux/arm64"));
    let report = world.merge(&document("hold"), keep());
    assert_eq!(
        (report.problems.len(), report.images["app"].platforms.join(" ").as_str()),
        (0, "linux/amd64")
    );
    assert_eq!(report.notes[0].notes, ["it is without linux/arm64"]);
}

#[test]
fn the_option_and_its_opposite() {
    let world = released(&["a"], &["a"]);
    let run = |options: &[&str]| {
        Test::new()
            .file("plan.json", plan(&[A]))
            .file("metadata.json", world.metadata())
            .files(world.root(), "")
            .args(["merge", "--plan", "plan.json", "--metadata", "metadata.json"])
            .args(options.iter().copied())
            .output()
    };
    let output = run(&["--keep-existing"]);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stdout.contains("unchanged: 1.4.2, 1.4, 1, latest"), "{stdout}");
    assert!(stderr.contains("note[existing-release]: image `app` is published as sha256:"), "{stderr}");
    let output = run(&[]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("replaced: 1.4.2"));
    assert_eq!(run(&["--keep-existing", "--allow-retag"]).status.code(), Some(2));
    let output = run(&["--keep-existing", "--dry-run"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("0 tags to write"));
}

/// A release that nobody can pull is not left as it is, and gets no floating tags.
#[test]
fn a_release_that_is_not_whole_is_not_kept() {
    for (what, more) in
        [("layer", ""), ("child", ""), ("layer", r#""immutable":true,"#), ("child", r#""immutable":true,"#)]
    {
        let world = released(&["a"], &["a"]);
        let layout = world.layout("a");
        let is_amd64 = |entry: &&bakeplan::internals::oci::Descriptor| {
            entry.platform.as_ref().is_some_and(|own| own.to_string() == "linux/amd64")
        };
        let old = world.index("a", "1.4.2").manifests.iter().find(is_amd64).unwrap().digest.clone();
        let gone = if what == "child" { old } else { own_layer(&world, &old) };
        super::world::remove(&layout, &gone);
        let before = world.tags("a");
        let document = plan_of(&[A], TAGS, &format!(r#""version":"1.4.2",{more}"#), "hold");
        for options in [keep(), Options { dry_run: true, ..keep() }] {
            let report = world.merge(&document, options);
            let [problem] = report.problems.as_slice() else { panic!("{what}: {:?}", report.problems) };
            assert!(problem.message.ends_with("which may not stay so"), "{problem:?}");
            assert!(problem.notes.iter().any(|note| note.contains(gone.as_str())), "{problem:?}");
            assert_eq!((world.tags("a"), report.images["app"].status), (before.clone(), Status::Failed));
        }
        // What the error recommends.
        let options = Options { allow_retag: !more.is_empty(), ..Options::default() };
        assert_eq!(world.merge(&document, options).problems, []);
        assert_ne!(world.tags("a")["1.4.2"], before["1.4.2"]);
        found(&of_plan(&world, &document), &[]);
    }
}

/// What another repository of the image has of a release is taken over from there.
#[test]
fn a_release_that_is_whole_elsewhere_is_completed() {
    let world = released(&["a", "b"], &["a", "b"]);
    let before = world.tags("a");
    let old = world.index("b", "1.4.2").manifests[0].digest.clone();
    super::world::remove(&world.layout("b"), &own_layer(&world, &old));
    let document = plan(&[A, B]);
    assert_eq!(world.merge(&document, keep()).problems, []);
    assert_eq!((world.tags("a"), world.tags("b")), (before.clone(), before));
    found(&of_plan(&world, &document), &[]);
}

/// The first layer of an image.
fn own_layer(
    world: &World,
    image: &bakeplan::internals::reference::Digest,
) -> bakeplan::internals::reference::Digest {
    let manifest = world.layout("a").get_manifest(&image.clone().into()).unwrap().unwrap();
    let image: bakeplan::internals::oci::ImageManifest = serde_json::from_slice(&manifest.bytes).unwrap();
    image.layers[0].digest.clone()
}

const COMMIT: &str = r#"{"name":"sha-0123456","floating":false,"class":"run","form":"sha-{commit:7}"}"#;

/// A commit may be published first and released later, again and again: its tag stops none of that.
#[test]
fn a_release_of_a_published_commit_is_its_own_build() {
    let first = plan_of(&[A], COMMIT, r#""immutable":true,"#, "hold");
    let release = |version: &str| {
        let tags = format!("{},{COMMIT}", TAGS.replace("1.4.2", version));
        plan_of(&[A], &tags, &format!(r#""version":"{version}","immutable":true,"#), "hold")
    };
    for options in [Options::default(), keep()] {
        let mut world = World::with_app(&["a"]);
        assert_eq!(world.merge(&first, Options::default()).problems, []);
        let commit = world.tags("a")["sha-0123456"].clone();
        for version in ["1.4.2", "1.4.3"] {
            world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt(version));
            let document = release(version);
            let report = world.merge(&document, options);
            assert_eq!(report.problems, [], "{version}");
            assert!(report.notes.iter().any(|note| note.code.name() == "kept-tag"), "{:?}", report.notes);
            let tags = world.tags("a");
            assert_eq!(tags["sha-0123456"], commit, "the tag of the commit stays");
            assert_ne!(tags[version], commit, "a release is what was built for it");
            assert_eq!(tags["latest"], tags[version]);
            found(&of_plan(&world, &document), &["tag-kept"]);
        }
        let tags = world.tags("a");
        assert_ne!(tags["1.4.2"], tags["1.4.3"]);
    }
    // A version's own tag is refused as before, and `--allow-retag` moves that of the commit, too.
    let mut world = World::with_app(&["a"]);
    assert_eq!(world.merge(&release("1.4.2"), Options::default()).problems, []);
    world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
    let report = world.merge(&release("1.4.2"), Options::default());
    assert_eq!(report.problems.iter().map(|one| one.code.name()).collect::<Vec<_>>(), ["immutable-tag"]);
    let report = world.merge(&release("1.4.2"), Options { allow_retag: true, ..Options::default() });
    assert_eq!(report.problems, []);
    assert_eq!(world.tags("a")["sha-0123456"], world.tags("a")["1.4.2"]);
    // What is mutable follows the release, which is not an earlier one even with `--keep-existing`.
    let mutable = |text: &str| text.replace(r#""immutable":true,"#, "");
    let mut world = World::with_app(&["a"]);
    assert_eq!(world.merge(&mutable(&first), Options::default()).problems, []);
    let commit = world.tags("a")["sha-0123456"].clone();
    world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("release"));
    let report = world.merge(&mutable(&release("1.4.2")), keep());
    assert_eq!(report.problems, []);
    assert!(world.tags("a")["1.4.2"] != commit && world.tags("a")["sha-0123456"] == world.tags("a")["1.4.2"]);
}

/// Where no version is published, the tags of commits are the image's own: they stay, and what moves goes on moving.
#[test]
fn an_immutable_image_without_a_version_keeps_the_tags_of_its_commits() {
    const EDGE: &str = r#"{"name":"edge","floating":true,"class":"constant","form":"edge"}"#;
    let document = plan_of(&[A], &format!("{COMMIT},{EDGE}"), r#""immutable":true,"#, "hold");
    let again = Build::new("app-linux-amd64", "linux/amd64").salt("again");
    for (options, commit_stays, edge_stays) in [
        (Options::default(), true, false),
        (keep(), true, true),
        (Options { allow_retag: true, ..Options::default() }, false, false),
    ] {
        let mut world = World::with_app(&["a"]);
        assert_eq!(world.merge(&document, Options::default()).problems, []);
        let before = world.tags("a");
        world.build(&["a"], again);
        let report = world.merge(&document, options);
        assert_eq!(report.problems, []);
        let after = world.tags("a");
        assert_eq!(after["sha-0123456"] == before["sha-0123456"], commit_stays, "{:?}", report.notes);
        assert_eq!(after["edge"] == before["edge"], edge_stays, "{:?}", report.notes);
        assert_eq!(
            report.notes.iter().any(|note| note.code.name() == "kept-tag"),
            commit_stays && !edge_stays
        );
    }
}

/// What holds a version's tag and says that it is another one.
#[test]
fn a_release_that_says_it_is_another_version_is_not_kept() {
    let document = |said: &str| {
        let annotations = format!(r#""annotations":{{"org.opencontainers.image.version":"{said}"}},"#);
        plan_of(&[A], TAGS, &format!(r#""version":"1.4.2",{annotations}"#), "hold")
    };
    for (said, is_kept) in [
        ("1.4.1", false),
        ("1.4.9", false),
        ("v2.0.0", false),
        ("1.4.2", true),
        ("v1.4.2", true),
        ("1.4.2-alpine", true),
        ("main", true),
    ] {
        let mut world = World::with_app(&["a"]);
        assert_eq!(world.merge(&document(said), Options::default()).problems, []);
        for tag in ["1", "1.4", "latest"] {
            untag(&world.layout("a"), tag);
        }
        let before = world.tags("a");
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
        let report = world.merge(&plan(&[A]), keep());
        if is_kept {
            assert_eq!(report.problems, [], "{said}");
            assert_eq!(world.tags("a").len(), 4, "{said}");
            continue;
        }
        assert_eq!(report.problems.len(), 1, "{said}");
        let expected = format!("says that it is version {said:?}");
        assert!(
            report.problems[0].notes.iter().any(|note| note.contains(&expected)),
            "{:?}",
            report.problems
        );
        assert_eq!(world.tags("a"), before, "{said}");
    }
}

/// A label says so where there is no index.
#[test]
fn a_release_without_an_index_says_its_version_in_labels() {
    for (said, is_kept) in [("1.4.1", false), ("7.7.7", false), ("1.4.2", true)] {
        let label = format!(r#""org.opencontainers.image.version":"{said}""#);
        let mut world = World::new();
        let build =
            |salt| Build::new("app-linux-amd64", "linux/amd64").labelled(&label, "").plain().salt(salt);
        let document = document(&format!(
            r#""app":{{"version":"1.4.2","index":false,"repositories":["{A}"],"tags":[{TAGS}],
               "builds":{{"app-linux-amd64":{{"platform":"linux/amd64","job":"a"}}}}}}"#
        ));
        world.build(&["a"], build(""));
        assert_eq!(world.merge(&document, Options::default()).problems, []);
        world.build(&["a"], build("again"));
        assert_eq!(world.merge(&document, keep()).problems.is_empty(), is_kept, "{said}");
    }
}

/// Nobody's `latest` loses a platform because a release has it no more.
#[test]
fn floating_tags_do_not_follow_a_release_that_lacks_a_platform() {
    for (then, if_missing, is_held) in [
        ("hold", IfMissing::AsPlanned, true),
        ("carry", IfMissing::Fail, true),
        ("drop", IfMissing::AsPlanned, false),
        ("drop", IfMissing::Fail, false),
        ("drop", IfMissing::Hold, true),
        ("drop", IfMissing::RequireAll, true),
    ] {
        let mut world = World::with_app(&["a"]);
        let built = world.built.remove("app-linux-arm64").unwrap();
        let own = literal("1.4.2")
            .replace("constant", "version")
            .replace(r#""form":"1.4.2""#, r#""form":"{version}""#);
        let document = |tags: &str, then| plan_of(&[A], tags, r#""version":"1.4.2","#, then);
        assert_eq!(world.merge(&document(&own, "drop"), Options::default()).problems, []);
        world.built.insert("app-linux-arm64".to_owned(), built);
        let report = world.merge(&document(TAGS, then), Options { if_missing, ..keep() });
        assert_eq!(report.problems, [], "{then}");
        let floating = if is_held { Outcome::Held } else { Outcome::Created };
        assert_eq!(outcomes(&report), [Outcome::Unchanged, floating, floating, floating], "{then}");
        assert_eq!((report.held.len(), world.tags("a").len()), if is_held { (1, 1) } else { (0, 4) });
    }
}
