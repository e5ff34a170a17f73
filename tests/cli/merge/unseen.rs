//! Registries that let an account push and read, and not list tags.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report};

use super::world::{Build, TAGS, World, plan, plan_of};
use crate::loopback::{Answer, Reply, Seen, Server};
use crate::support::Test;

/// A registry that refuses to list tags with this status.
fn serve(world: &World, status: u16) -> Server {
    let code = if status == 401 { "UNAUTHORIZED" } else { "DENIED" };
    world.serve_with(move |seen: &Seen| {
        seen.path().ends_with("/tags/list").then(|| Reply::Whole(Answer::error(status, code)))
    })
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    report.images["app"].references.iter().map(|one| one.outcome).collect()
}

#[test]
fn the_version_s_own_tags_are_published_and_floating_ones_held() {
    use Outcome::{Created, Held, Moved, Unchanged};
    for status in [401, 403, 404, 405, 501] {
        let mut world = World::with_app(&["a"]);
        let server = serve(&world, status);
        let document = plan(&[&format!("{}/a", server.host())]);
        let report = world.merge(&document, Options::default());
        assert_eq!(report.problems, [], "{status}");
        assert_eq!(outcomes(&report), [Created, Held, Held, Held], "{status}");
        assert_eq!(world.tags("a").into_keys().collect::<Vec<_>>(), ["1.4.2"]);
        assert!(report.is_incomplete() && report.published.len() == 1);
        let [held] = report.held.as_slice() else { panic!("{:?}", report.held) };
        assert!(held.message.starts_with("image `app` leaves `1.4`, `1`, `latest` in `"), "{}", held.message);
        // By what the plan knows.
        let trust = Options { trust_known_versions: true, ..Options::default() };
        let report = world.merge(&document, trust);
        assert_eq!((report.problems.len(), report.is_incomplete()), (0, false), "{status}");
        assert_eq!(outcomes(&report), [Unchanged, Created, Created, Created], "{status}");
        assert_eq!(report.notes.len(), 1);
        assert!(report.notes[0].message.contains("by the versions that the plan knows alone"));
        // All is right already: nothing is held, whoever asks.
        let report = world.merge(&document, Options::default());
        assert_eq!((outcomes(&report), report.is_incomplete()), (vec![Unchanged; 4], false));
        // Another build: what is there stays.
        let before = world.tags("a");
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
        let report = world.merge(&document, Options { allow_retag: true, ..Options::default() });
        assert_eq!(outcomes(&report), [Outcome::Replaced, Held, Held, Held]);
        assert_eq!(report.images["app"].references[3].digest.as_ref(), Some(&before["latest"]));
        assert_eq!(world.tags("a")["latest"], before["latest"]);
        // Deliberately.
        let report = world.merge(&document, Options { allow_backward: true, ..Options::default() });
        assert_eq!(outcomes(&report), [Unchanged, Moved, Moved, Moved]);
    }
}

#[test]
fn a_list_that_can_be_read_decides_whatever_is_trusted() {
    let world = World::with_app(&["a"]);
    let greater = TAGS.replace("1.4.2", "1.4.3");
    let document = plan_of(&["oci-layout:a"], &greater, r#""version":"1.4.3","#, "hold");
    assert_eq!(world.merge(&document, Options::default()).problems, []);
    let mut world = world;
    world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("old"));
    let trust = Options { trust_known_versions: true, ..Options::default() };
    let report = world.merge(&plan(&["oci-layout:a"]), trust);
    assert_eq!(
        outcomes(&report),
        [Outcome::Created, Outcome::Kept, Outcome::Kept, Outcome::Kept],
        "{:?}",
        report.notes
    );
}

#[test]
fn what_fails_otherwise_or_denies_all_is_an_error_as_before() {
    let world = World::with_app(&["a"]);
    let all = world.serve_with(|_: &Seen| Some(Reply::Whole(Answer::error(403, "DENIED"))));
    let broken = world.serve_with(|seen: &Seen| {
        seen.path().ends_with("/tags/list").then(|| Reply::Whole(Answer::error(500, "UNKNOWN")))
    });
    for server in [all, broken] {
        for trust_known_versions in [false, true] {
            let options = Options { trust_known_versions, ..Options::default() };
            let report = world.merge(&plan(&[&format!("{}/a", server.host())]), options);
            assert!(!report.problems.is_empty());
            assert!(world.tags("a").is_empty());
        }
    }
}

#[test]
fn the_option_and_its_exit_codes() {
    let world = World::with_app(&["a"]);
    let server = serve(&world, 403);
    let document = plan(&[&format!("{}/a", server.host())]);
    let run = |options: &[&str]| {
        let test = Test::new().file("plan.json", &document).file("m.json", world.metadata());
        let test = test.args(["merge", "--plan", "plan.json", "--metadata", "m.json"]);
        let output = test.args(options.iter().copied()).output();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (status, stdout, stderr) = run(&["--dry-run"]);
    assert_eq!(status, Some(5), "{stderr}");
    assert!(stdout.contains("hold: 1.4, 1, latest"), "{stdout}");
    let (status, stdout, stderr) = run(&[]);
    assert_eq!(status, Some(5), "{stderr}");
    assert!(stdout.contains("created: 1.4.2\n") && stdout.contains("held: 1.4, 1, latest"), "{stdout}");
    assert!(stderr.contains("warning[held]: image `app` leaves `1.4`, `1`, `latest`"), "{stderr}");
    assert!(
        stderr.contains("`ecr:ListImages` on AWS") && stderr.contains("--trust-known-versions"),
        "{stderr}"
    );
    // Nothing is wrong: the version's own tag is right, and of the others nothing can be known.
    let verify = || {
        let test = Test::new().file("plan.json", &document).file("m.json", world.metadata());
        let output = test.args(["verify", "--plan", "plan.json", "--metadata", "m.json"]).output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, told) = verify();
    assert_eq!(status, Some(0), "{told}");
    for tag in ["1.4", "1", "latest"] {
        let expected = format!("warning[unlisted-tags]: `{tag}` is not there, and the tags of `");
        assert!(told.contains(&expected), "{told}");
    }
    let (status, stdout, stderr) = run(&["--trust-known-versions"]);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stdout.contains("created: 1.4, 1, latest"), "{stdout}");
    let (status, told) = verify();
    assert_eq!((status, told.contains("unlisted-tags")), (Some(0), false), "{told}");
    assert_eq!(run(&["--trust-known-versions", "--allow-backward"]).0, Some(2));
}

/// A registry without lists that says so as if the repository were not there, although it has tags.
#[test]
fn a_repository_that_is_unknown_and_has_tags_has_no_list() {
    use Outcome::{Created, Held, Moved, Replaced, Unchanged};
    let serve = |world: &World| {
        world.serve_with(|seen: &Seen| {
            seen.path().ends_with("/tags/list").then(|| Reply::Whole(Answer::error(404, "NAME_UNKNOWN")))
        })
    };
    let mut world = World::with_app(&["a"]);
    let server = serve(&world);
    let document = plan(&[&format!("{}/a", server.host())]);
    // Nothing is there yet: it may be new. But what was written is not listed, either.
    let report = world.merge(&document, Options::default());
    assert_eq!((outcomes(&report), report.problems.len()), (vec![Created, Held, Held, Held], 0));
    let trust = Options { trust_known_versions: true, ..Options::default() };
    let report = world.merge(&document, trust);
    assert_eq!((outcomes(&report), report.problems.len()), (vec![Unchanged, Created, Created, Created], 0));
    let before = world.tags("a");
    world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
    let report = world.merge(&document, Options::default());
    assert_eq!((outcomes(&report), report.problems.as_slice()), (vec![Replaced, Held, Held, Held], &[][..]));
    assert_eq!((world.tags("a")["latest"].clone(), report.held.len()), (before["latest"].clone(), 1));
    let trust = Options { trust_known_versions: true, ..Options::default() };
    let report = world.merge(&document, trust);
    assert_eq!(
        (outcomes(&report), report.problems.as_slice()),
        (vec![Unchanged, Moved, Moved, Moved], &[][..])
    );
    assert!(!report.is_incomplete());
}

/// A registry that answers 404 to a list of tags with this code while a repository has neither manifests nor tags; one
/// with `lists` that say so for ever has no lists at all.
fn serve_new(world: &World, code: &'static str, has_lists: bool) -> Server {
    let root = world.root().to_owned();
    world.serve_with(move |seen: &Seen| {
        let name = seen.path().strip_prefix("/v2/")?.strip_suffix("/tags/list")?;
        let blobs = std::fs::read_dir(root.join(name).join("blobs/sha256")).ok()?;
        let is_new = blobs.count() == 0;
        let answer = if code.is_empty() {
            Answer::new(404, "text/plain", "404 page not found\n")
        } else {
            Answer::error(404, code)
        };
        (is_new || !has_lists).then_some(Reply::Whole(answer))
    })
}

/// A mirror that is not there yet is no registry without lists, which shows when it is there.
#[test]
fn a_repository_that_comes_into_being_gets_its_floating_tags() {
    for code in ["NOT_FOUND", "NAME_UNKNOWN", "REPOSITORY_NOT_FOUND", ""] {
        for tags in [TAGS, &TAGS[TAGS.find(r#"{"name":"1","#).unwrap()..]] {
            let world = World::with_app(&["a"]);
            world.layout("mirror");
            let own = world.serve();
            let server = serve_new(&world, code, true);
            let mirror = format!(r#""version":"1.4.2","mirrors":["{}/mirror"],"#, server.host());
            let document = plan_of(&[&format!("{}/a", own.host())], tags, &mirror, "hold");
            let report = world.merge(&document, Options::default());
            assert_eq!((report.problems.as_slice(), report.held.as_slice()), (&[][..], &[][..]), "{code}");
            assert_eq!(world.tags("mirror"), world.tags("a"), "{code}");
            assert_eq!(
                outcomes(&report),
                vec![Outcome::Created; report.images["app"].references.len()],
                "{code}"
            );
            assert_eq!((report.indexes.len(), report.published.len()), (2, 2), "{code}");
            // Once more, it is like any other.
            let report = world.merge(&document, Options::default());
            assert_eq!(
                outcomes(&report),
                vec![Outcome::Unchanged; report.images["app"].references.len()],
                "{code}"
            );
        }
    }
}

/// A registry without lists stays one, and what is held there is said once.
#[test]
fn a_repository_without_a_list_holds_floating_tags_after_it_came_into_being() {
    for code in ["NOT_FOUND", "UNSUPPORTED", ""] {
        let world = World::with_app(&["a"]);
        world.layout("mirror");
        let own = world.serve();
        let server = serve_new(&world, code, false);
        let mirror = format!(r#""version":"1.4.2","mirrors":["{}/mirror"],"#, server.host());
        let document = plan_of(&[&format!("{}/a", own.host())], TAGS, &mirror, "hold");
        let report = world.merge(&document, Options::default());
        assert_eq!(
            (report.problems.as_slice(), report.held.len()),
            (&[][..], 1),
            "{code}: {:?}",
            report.held
        );
        assert_eq!(world.tags("mirror").into_keys().collect::<Vec<_>>(), ["1.4.2"], "{code}");
        assert!(report.is_incomplete());
    }
}

/// What was there all the time, behind a list that comes late, keeps what it has.
#[test]
fn a_greater_version_in_a_list_that_comes_late_keeps_its_tags() {
    let mut world = World::with_app(&["a"]);
    let greater = world.build(&["a"], Build::new("greater", "linux/amd64").salt("greater"));
    world.built.remove("greater");
    let layout = world.layout("a");
    let manifest =
        bakeplan::internals::registry::Store::get_manifest(&*layout, &greater.into()).unwrap().unwrap();
    for tag in ["1.5.0", "latest"] {
        super::world::put_tag(&layout, tag, &manifest);
    }
    let lists = std::sync::atomic::AtomicUsize::new(0);
    let server = world.serve_with(move |seen: &Seen| {
        let is_first = seen.target.contains("/tags/list")
            && lists.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        is_first.then(|| Reply::Whole(Answer::error(404, "NOT_FOUND")))
    });
    let before = world.tags("a");
    let report = world.merge(&plan(&[&format!("{}/a", server.host())]), Options::default());
    assert_eq!((report.problems.as_slice(), report.held.as_slice()), (&[][..], &[][..]));
    use Outcome::{Created, Kept};
    assert_eq!(outcomes(&report), [Created, Created, Kept, Kept]);
    assert_eq!(world.tags("a")["latest"], before["latest"]);
}
