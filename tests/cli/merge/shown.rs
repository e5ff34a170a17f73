//! Lists that do not show what was just written: they may lack a greater version, so that floating tags stay as they are.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report};
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{Layout, Store, TagOrDigest};

use super::world::{Build, TAGS, World, plan, plan_of, put_tag};
use crate::loopback::{Answer, Reply, Seen, Server};

/// A repository in which `latest` and `1` are version 1.9.0, beside so many release candidates.
fn world(candidates: usize) -> World {
    let mut world = World::with_app(&["acme/app"]);
    let layout = world.layout("acme/app");
    let first = TagOrDigest::Digest(world.built["app-linux-amd64"].clone());
    let first = layout.get_manifest(&first).unwrap().unwrap();
    for tag in ["1.9.0", "1.9", "1", "latest"] {
        put_tag(&layout, tag, &first);
    }
    for at in 0..candidates {
        put_tag(&layout, &format!("1.3.0-rc.{at}"), &first);
    }
    world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
    world
}

/// A registry whose lists are what `list` makes of the tags that are there; it gets the number of the list, and whether more is
/// asked for.
fn serve(
    world: &World,
    list: impl Fn(Vec<String>, usize, bool) -> Vec<String> + Send + Sync + 'static,
) -> Server {
    let root = world.root().join("acme/app");
    let count = AtomicUsize::new(0);
    world.serve_with(move |seen: &Seen| {
        let (_, query) = seen.target.split_once("/tags/list")?;
        let is_more = query.contains("last=");
        let number = if is_more { 0 } else { count.fetch_add(1, Ordering::Relaxed) };
        let layout = Layout::open(&root).unwrap();
        let mut tags: Vec<String> = layout.list_tags().unwrap().iter().map(ToString::to_string).collect();
        tags.sort();
        let tags = list(tags, number, is_more);
        Some(Reply::Whole(Answer::json(200, format!(r#"{{"tags":{tags:?}}}"#))))
    })
}

fn merge(world: &World, server: &Server, options: Options) -> Report {
    world.merge(&plan(&[&format!("{}/acme/app", server.host())]), options)
}

fn outcome(report: &Report, tag: &str) -> Outcome {
    report.images["app"].references.iter().find(|one| one.tag == tag).expect("it is planned").outcome
}

type List = fn(Vec<String>, usize, bool) -> Vec<String>;

/// Lists that lack `1.9.0`, and what is written now: each hides it in its own way.
const HIDING: [(&str, List); 4] = [
    ("by age, cut, and what follows by name", |tags, _, is_more| {
        if is_more {
            Vec::new()
        } else {
            tags.into_iter().filter(|tag| !tag.starts_with("1.9") && tag != "1.4.2").collect()
        }
    }),
    ("frozen", |_, _, is_more| if is_more { vec![] } else { vec!["1".to_owned(), "latest".to_owned()] }),
    ("frozen, and the whole of it again", |_, _, _| vec!["1".to_owned(), "latest".to_owned()]),
    ("a cache of before the last release", |tags, _, is_more| {
        let is_old = |tag: &String| !tag.starts_with("1.9") && !tag.starts_with("1.4");
        if is_more { vec![] } else { tags.into_iter().filter(is_old).collect() }
    }),
];

#[test]
fn a_list_that_does_not_show_what_was_written_moves_nothing() {
    for (name, list) in HIDING {
        let world = world(20);
        let before = world.tags("acme/app");
        let server = serve(&world, list);
        let report = merge(&world, &server, Options::default());
        assert_eq!(report.problems, [], "{name}");
        let held: Vec<&str> = report.held.iter().map(|one| one.code.name()).collect();
        assert_eq!(held, ["tag-list"], "{name}: {:?}", report.held);
        assert!(report.is_incomplete(), "the exit code is 5");
        assert!(report.held[0].message.contains("does not list what was written"), "{:?}", report.held);
        assert_eq!(
            (outcome(&report, "1.4.2"), outcome(&report, "latest")),
            (Outcome::Created, Outcome::Held)
        );
        let tags = world.tags("acme/app");
        assert!(tags.contains_key("1.4.2"), "{name}: the version is published");
        for tag in ["1", "latest", "1.9.0"] {
            assert_eq!(tags[tag], before[tag], "{name}: {tag}");
        }
        assert!(report.notes.iter().all(|note| note.code.name() != "tag-list"), "{:?}", report.notes);
        // Whoever says so moves them.
        let options = Options { allow_backward: true, ..Options::default() };
        assert_eq!(merge(&world, &server, options).problems, [], "{name}");
        assert_eq!(world.tags("acme/app")["latest"], world.tags("acme/app")["1.4.2"]);
    }
}

/// A list that can be read is proven, whatever is trusted where there is none.
#[test]
fn a_list_that_does_not_show_what_was_written_is_not_trusted() {
    let trust = Options { trust_known_versions: true, ..Options::default() };
    for (name, list) in HIDING {
        let world = world(20);
        let before = world.tags("acme/app");
        let report = merge(&world, &serve(&world, list), trust);
        assert_eq!((report.problems.as_slice(), report.is_incomplete()), (&[][..], true), "{name}");
        assert_eq!(outcome(&report, "latest"), Outcome::Held, "{name}");
        for tag in ["1", "latest", "1.9.0"] {
            assert_eq!(world.tags("acme/app")[tag], before[tag], "{name}: {tag}");
        }
    }
    // One that is refused from the second time on is none, and one that shows it decides.
    for refused in [true, false] {
        let world = world(20);
        for tag in ["1.9.0", "1.9"] {
            super::world::untag(&world.layout("acme/app"), tag);
        }
        let count = AtomicUsize::new(0);
        let server = world.serve_with(move |seen: &Seen| {
            let is_first = seen.target.contains("last=") || count.load(Ordering::Relaxed) == 0;
            if seen.path().ends_with("/tags/list") && !seen.target.contains("last=") {
                count.fetch_add(1, Ordering::Relaxed);
            }
            let is_refused = refused && seen.path().ends_with("/tags/list") && !is_first;
            is_refused.then(|| Reply::Whole(Answer::error(403, "DENIED")))
        });
        let report = merge(&world, &server, trust);
        assert_eq!(outcome(&report, "latest"), Outcome::Moved, "{refused}: {:?}", report.held);
    }
}

/// A list that shows it at once, or after a while, decides.
#[test]
fn a_list_that_shows_what_was_written_decides() {
    for behind in [0, 1, 5] {
        for greater in [true, false] {
            let world = world(20);
            if !greater {
                for tag in ["1.9.0", "1.9"] {
                    super::world::untag(&world.layout("acme/app"), tag);
                }
            }
            // What was written shows in a later list only.
            let server = serve(&world, move |tags, number, is_more| {
                let shows = |tag: &String| !tag.starts_with("1.4") || number > behind;
                if is_more { vec![] } else { tags.into_iter().filter(shows).collect() }
            });
            let report = merge(&world, &server, Options::default());
            assert_eq!(report.problems, [], "{behind}");
            assert!(report.held.is_empty(), "{behind}: {:?}", report.held);
            let expected = if greater { Outcome::Kept } else { Outcome::Moved };
            assert_eq!(outcome(&report, "latest"), expected, "{behind} {greater}");
            assert!(outcome(&report, "1.4").writes(), "{behind}");
        }
    }
}

/// One list shows it, whatever else there is: requests are counted.
#[test]
fn one_list_is_enough_to_see_what_was_written() {
    let world = world(0);
    for tag in ["1.9.0", "1.9"] {
        super::world::untag(&world.layout("acme/app"), tag);
    }
    let server = world.serve();
    assert_eq!(merge(&world, &server, Options::default()).problems, []);
    let lists: Vec<String> = server.lines().into_iter().filter(|line| line.contains("/tags/list")).collect();
    // Before and after, the end of the list is asked for, too.
    assert_eq!(lists.len(), 2 + 1 + 2, "{lists:?}");
    // A repetition decides nothing, and asks no more than before.
    let before = server.lines().len();
    assert_eq!(merge(&world, &server, Options::default()).problems, []);
    let again = server.lines().split_off(before);
    assert_eq!(again.iter().filter(|line| line.contains("/tags/list")).count(), 2, "{again:?}");
}

/// What a list lacks that does not show what was written, a greater version, would have had the tags that are not there.
#[test]
fn floating_tags_that_are_not_there_wait_for_the_list_too() {
    let lists: [(&str, List); 4] = [
        ("nothing", |_, _, _| Vec::new()),
        ("frozen", |_, _, _| vec!["1.0.0".to_owned()]),
        ("cut", |tags, _, is_more| {
            if is_more {
                vec![]
            } else {
                tags.into_iter().filter(|tag| tag.starts_with("1.3.0-rc")).collect()
            }
        }),
        ("without the new ones", |tags, _, _| {
            tags.into_iter().filter(|tag| !tag.starts_with("1.4") && tag != "1.9.0").collect()
        }),
    ];
    for (name, list) in lists {
        let world = world(20);
        for tag in ["1.9", "1", "latest"] {
            super::world::untag(&world.layout("acme/app"), tag);
        }
        let server = serve(&world, list);
        let report = merge(&world, &server, Options::default());
        assert_eq!(
            (report.problems.as_slice(), report.held.len()),
            (&[][..], 1),
            "{name}: {:?}",
            report.held
        );
        assert!(report.is_incomplete(), "the exit code is 5");
        let outcomes = ["1.4.2", "1.4", "1", "latest"].map(|tag| outcome(&report, tag));
        assert_eq!(outcomes, [Outcome::Created, Outcome::Held, Outcome::Held, Outcome::Held], "{name}");
        for tag in ["1.4", "1", "latest"] {
            assert!(!world.tags("acme/app").contains_key(tag), "{name}: {tag}");
        }
        let options = Options { allow_backward: true, ..Options::default() };
        assert_eq!(merge(&world, &server, options).problems, [], "{name}");
        assert_eq!(world.tags("acme/app")["latest"], world.tags("acme/app")["1.4.2"]);
    }
    // The first version of all has them at once.
    let world = World::with_app(&["acme/app"]);
    let report = merge(&world, &world.serve(), Options::default());
    assert_eq!((report.problems.as_slice(), report.held.len()), (&[][..], 0), "{:?}", report.held);
    assert_eq!(outcome(&report, "latest"), Outcome::Created);
}

/// Without a version's own tag, a narrower floating one that is created shows as much.
#[test]
fn a_plan_without_own_tags_proves_the_list_by_what_it_creates() {
    let (_, floating) = TAGS.split_once("},").unwrap();
    for (hidden, expected) in [(true, Outcome::Held), (false, Outcome::Moved)] {
        let world = world(20);
        for tag in ["1.9.0", "1.9", "1"] {
            super::world::untag(&world.layout("acme/app"), tag);
        }
        let server = serve(&world, move |tags, _, is_more| {
            let shows = |tag: &String| !hidden || tag.contains("-rc.") || tag == "latest";
            if is_more { vec![] } else { tags.into_iter().filter(shows).collect() }
        });
        let repository = format!("{}/acme/app", server.host());
        let document = plan_of(&[&repository], floating.trim_start(), r#""version":"1.4.2","#, "hold");
        let report = world.merge(&document, Options::default());
        assert_eq!(report.problems, [], "{hidden}");
        assert_eq!(outcome(&report, "1"), Outcome::Created, "{hidden}");
        assert_eq!(outcome(&report, "latest"), expected, "{hidden}: {:?}", report.held);
        assert_eq!(report.is_incomplete(), hidden);
    }
}

/// The right to list tags may be gone when it is asked for again.
#[test]
fn a_list_that_fails_afterwards_moves_nothing() {
    for (status, code) in [(403, "DENIED"), (404, "NAME_UNKNOWN"), (405, "UNSUPPORTED")] {
        let world = world(20);
        for tag in ["1.9.0", "1.9"] {
            super::world::untag(&world.layout("acme/app"), tag);
        }
        let before = world.tags("acme/app");
        let lists = Arc::new(AtomicUsize::new(0));
        let counted = lists.clone();
        let server = world.serve_with(move |seen: &Seen| {
            let is_list = seen.path().ends_with("/tags/list") && !seen.target.contains("last=");
            let is_again = is_list && counted.fetch_add(1, Ordering::Relaxed) > 0;
            is_again.then(|| Reply::Whole(Answer::error(status, code)))
        });
        let report = merge(&world, &server, Options::default());
        assert_eq!(report.problems, [], "{code}");
        assert_eq!(report.held.len(), 1, "{code}: {:?}", report.held);
        assert_eq!(outcome(&report, "latest"), Outcome::Held, "{code}");
        assert_eq!(world.tags("acme/app")["latest"], before["latest"], "{code}");
    }
}

/// What is refused or fails on the way is that alone, and not a fault of the list.
#[test]
fn a_floating_tag_that_is_refused_is_no_fault_of_the_list() {
    for (status, code) in [(403, "DENIED"), (400, "TAG_INVALID"), (405, "UNSUPPORTED"), (409, "CONFLICT")] {
        let world = World::with_app(&["acme/app"]);
        let server = world.serve_with(move |seen: &Seen| {
            let is_it = seen.method == "PUT" && seen.path().ends_with("/manifests/latest");
            is_it.then(|| Reply::Whole(Answer::error(status, code)))
        });
        let began = server.lines().len();
        let report = merge(&world, &server, Options::default());
        assert_eq!(report.problems.len(), 1, "{code}: {:?}", report.problems);
        assert!(report.notes.iter().all(|note| note.code.name() != "tag-list"), "{:?}", report.notes);
        let lists = server.lines().split_off(began);
        let lists = lists.iter().filter(|line| line.contains("/tags/list")).count();
        assert!(lists <= 6, "{code}: {lists} lists");
    }
}

/// A change that comes between writing and reading is undone, and that is said: of whatever it was.
#[test]
fn a_change_that_is_undone_is_reported() {
    for (tag, severity) in [
        ("manual", "warning"),
        ("backup-of-latest", "warning"),
        ("test", "warning"),
        ("1.4.1", "note"),
        ("1.3.0", "note"),
    ] {
        let world = World::with_app(&["acme/app"]);
        let layout = world.layout("acme/app");
        let other = super::world::index_of(&layout, world.built.values(), "other");
        let other = super::world::put(&layout, bakeplan::internals::oci::OCI_INDEX, &other);
        let digest = other.digest.clone();
        let name = tag.to_owned();
        let done = AtomicUsize::new(0);
        let server = world.serve_through(move |seen, forward| {
            let answer = forward();
            let is_it = seen.method == "PUT" && seen.path().ends_with("/latest");
            if is_it && done.fetch_add(1, Ordering::Relaxed) == 0 {
                put_tag(&layout, &name, &other);
                put_tag(&layout, "latest", &other);
            }
            answer.into()
        });
        let report = merge(&world, &server, Options::default());
        assert_eq!(report.problems, [], "{tag}");
        let tags = world.tags("acme/app");
        assert_eq!((&tags["latest"], &tags[tag]), (&tags["1.4.2"], &digest), "{tag}");
        let told: Vec<_> = report.notes.iter().filter(|one| one.code.name() == "concurrent-change").collect();
        assert_eq!(told.len(), 1, "{tag}: {:?}", report.notes);
        let message = &told[0].message;
        assert!(
            message.contains(":latest` was changed to") && message.contains(&format!("`{tag}`")),
            "{message}"
        );
        assert_eq!(told[0].severity.word(), severity, "{tag}");
    }
}

/// A version that is published again adds nothing that a list could show: what has its floating tags has to be known.
#[test]
fn a_version_that_is_published_again_takes_no_tag_from_what_is_not_listed() {
    let own = ["1.4.2", "1.4", "1", "latest"];
    for (greater, moved) in [("1.4.3", &own[1..]), ("1.9.0", &own[2..]), ("2.0.0", &own[3..])] {
        let mut world = World::with_app(&["acme/app"]);
        assert_eq!(merge(&world, &world.serve(), Options::default()).problems, []);
        let layout = world.layout("acme/app");
        let found = layout.get_manifest(&world.built["app-linux-amd64"].clone().into()).unwrap().unwrap();
        for tag in moved.iter().chain([&greater]) {
            put_tag(&layout, tag, &found);
        }
        let before = world.tags("acme/app");
        world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
        let frozen = serve(
            &world,
            move |_, _, is_more| if is_more { vec![] } else { own.map(str::to_owned).to_vec() },
        );
        let report = merge(&world, &frozen, Options::default());
        assert_eq!((report.problems.as_slice(), report.is_incomplete()), (&[][..], true), "{greater}");
        let tags = world.tags("acme/app");
        for tag in own {
            let expected = match tag {
                "1.4.2" => Outcome::Replaced,
                tag if moved.contains(&tag) => Outcome::Held,
                _ => Outcome::Moved,
            };
            assert_eq!(outcome(&report, tag), expected, "{greater} {tag}");
            assert_eq!(tags[tag] == before[tag], expected == Outcome::Held, "{greater} {tag}");
        }
        // A list that shows it decides, and so does whoever says so.
        let report = merge(&world, &world.serve(), Options::default());
        assert!(
            moved.iter().all(|tag| outcome(&report, tag) == Outcome::Kept),
            "{greater}: {:?}",
            report.held
        );
        let options = Options { allow_backward: true, ..Options::default() };
        assert!(merge(&world, &frozen, options).held.is_empty());
        assert_eq!(world.tags("acme/app")["latest"], world.tags("acme/app")["1.4.2"]);
    }
}

#[test]
fn a_version_that_is_published_again_takes_its_tags_from_what_is_known() {
    let annotated = r#""annotations":{"org.opencontainers.image.version":"1.4.2"},"#;
    for (has_it, more) in [
        ("", ""),
        ("1.4.1", ""),
        ("1.3.9", ""),
        ("1.4.2-noble", ""),
        ("web-1.2.0", ""),
        ("untagged", annotated),
    ] {
        let mut world = World::with_app(&["acme/app"]);
        let server = world.serve();
        let document = |more: &str| {
            plan_of(
                &[&format!("{}/acme/app", server.host())],
                TAGS,
                &format!(r#""version":"1.4.2",{more}"#),
                "hold",
            )
        };
        assert_eq!(world.merge(&document(more), Options::default()).problems, []);
        let layout = world.layout("acme/app");
        if !has_it.is_empty() {
            // The own tag has been given something else since.
            let at = TagOrDigest::Tag("latest".parse().unwrap());
            let found = layout.get_manifest(&at).unwrap().unwrap();
            let other = layout.get_manifest(&world.built["app-linux-arm64"].clone().into()).unwrap().unwrap();
            put_tag(&layout, "1.4.2", &other);
            if has_it != "untagged" {
                put_tag(&layout, has_it, &found);
            }
        }
        world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
        let report = world.merge(&document(""), Options::default());
        assert_eq!(report.problems, [], "{has_it}");
        assert!(report.held.is_empty(), "{has_it}: {:?}", report.held);
        assert_eq!(outcome(&report, "latest"), Outcome::Moved, "{has_it}");
    }
}

/// Tags that are like others in all but their numbers, and leave open which version they mean.
fn unclear(own: &str, is_floating: bool) -> String {
    format!(
        r#"{{"name":"{own}","floating":{is_floating},"class":"constant","form":"{own}"}},
           {{"name":"latest","floating":true,"class":"constant","form":"latest"}}"#
    )
}

/// Without a version, tags with greater numbers decide, and a list that lags may lack those.
#[test]
fn a_list_that_does_not_show_what_was_written_moves_no_tag_of_an_image_without_a_version() {
    for (own, greater, lesser, is_floating) in [
        ("jdk-17", "jdk-21", "jdk-16", true),
        ("17-alpine", "18-alpine", "16-alpine", false),
        ("RELEASE.2026-05-01", "RELEASE.2026-08-03", "RELEASE.2026-04-01", false),
        ("cuda12.1-py3.12", "cuda12.4-py3.11", "cuda11.8-py3.12", true),
    ] {
        let mut world = World::with_app(&["acme/app"]);
        let layout = world.layout("acme/app");
        let manifest = |digest: &Digest| layout.get_manifest(&digest.clone().into()).unwrap().unwrap();
        let [first, second] = ["app-linux-amd64", "app-linux-arm64"].map(|leg| manifest(&world.built[leg]));
        put_tag(&layout, lesser, &second);
        put_tag(&layout, greater, &first);
        put_tag(&layout, "latest", &first);
        let document = |server: &Server| {
            plan_of(
                &[&format!("{}/acme/app", server.host())],
                &unclear(own, is_floating),
                &format!(r#""unclear":["{own}"],"#),
                "hold",
            )
        };
        let merge = |world: &mut World, server: &Server, salt: &str, options: Options| {
            world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt(salt));
            let report = world.merge(&document(server), options);
            assert_eq!(report.problems, [], "{own} {salt}");
            report
        };
        let before = world.tags("acme/app");
        let old: Vec<String> = vec![lesser.to_owned(), "latest".to_owned()];
        let listed = old.clone();
        let frozen = serve(&world, move |_, _, is_more| if is_more { vec![] } else { listed.clone() });
        let report = merge(&mut world, &frozen, "first", Options::default());
        assert_eq!(outcome(&report, own), Outcome::Created, "{own}");
        assert_eq!((outcome(&report, "latest"), report.is_incomplete()), (Outcome::Held, true), "{own}");
        assert_eq!(world.tags("acme/app")["latest"], before["latest"], "{own}");
        // It is built again, and the list shows it and what is lesser.
        let listed = [old, vec![own.to_owned()]].concat();
        let lagging = serve(&world, move |_, _, is_more| if is_more { vec![] } else { listed.clone() });
        let report = merge(&mut world, &lagging, "second", Options::default());
        assert_eq!((outcome(&report, "latest"), report.is_incomplete()), (Outcome::Held, true), "{own}");
        assert_eq!(world.tags("acme/app")["latest"], before["latest"], "{own}");
        // A list that shows all decides.
        let honest = world.serve();
        let report = merge(&mut world, &honest, "third", Options::default());
        assert_eq!((outcome(&report, "latest"), report.held), (Outcome::Kept, vec![]), "{own}");
        // What has the tag is lesser, or the earlier build.
        put_tag(&layout, "latest", &second);
        for salt in ["fourth", "fifth"] {
            let report = merge(&mut world, &lagging, salt, Options::default());
            assert_eq!((outcome(&report, "latest"), report.held), (Outcome::Moved, vec![]), "{own} {salt}");
        }
        // Whoever says so moves it.
        put_tag(&layout, "latest", &first);
        let options = Options { allow_backward: true, ..Options::default() };
        assert_eq!(
            outcome(&merge(&mut world, &lagging, "sixth", options), "latest"),
            Outcome::Moved,
            "{own}"
        );
    }
}

/// Merges by a Docker that gives tags to the index that a merge without tags has written; the tags of each command.
fn merge_by_docker(world: &World, server: &Server, options: Options) -> (Report, Vec<String>) {
    let document = plan(&[&format!("{}/acme/app", server.host())]);
    let written = world.merge(&document, Options { no_tags: true, ..options });
    assert_eq!(written.problems, []);
    let layout = world.layout("acme/app");
    let digest = written.images["app"].digest.clone().unwrap();
    let index = layout.get_manifest(&digest.into()).unwrap().unwrap();
    let commands = Mutex::new(Vec::new());
    let docker = |words: &[String]| -> Result<(), String> {
        let tags = words.iter().zip(&words[1..]).filter(|(option, _)| *option == "-t");
        let tags: Vec<&str> = tags.map(|(_, reference)| reference.rsplit_once(':').unwrap().1).collect();
        tags.iter().for_each(|tag| put_tag(&layout, tag, &index));
        commands.lock().unwrap().push(tags.join(" "));
        Ok(())
    };
    let options = Options { use_docker: true, ..options };
    let report = world.merge_by(&document, options, &docker);
    (report, commands.into_inner().unwrap())
}

#[test]
fn docker_moves_nothing_by_a_list_that_does_not_show_what_was_written() {
    for (name, list) in HIDING {
        let world = world(20);
        let before = world.tags("acme/app");
        let server = serve(&world, list);
        let (report, commands) = merge_by_docker(&world, &server, Options::default());
        assert_eq!((report.problems.as_slice(), report.is_incomplete()), (&[][..], true), "{name}");
        assert_eq!(commands, ["1.4.2"], "{name}");
        for tag in ["1", "latest"] {
            assert_eq!(outcome(&report, tag), Outcome::Held, "{name} {tag}");
            assert_eq!(world.tags("acme/app")[tag], before[tag], "{name} {tag}");
        }
        let (report, commands) =
            merge_by_docker(&world, &server, Options { allow_backward: true, ..Options::default() });
        assert_eq!((report.problems, commands), (vec![], vec!["1.4 1 latest".to_owned()]), "{name}");
        assert_eq!(world.tags("acme/app")["latest"], world.tags("acme/app")["1.4.2"]);
    }
}

#[test]
fn docker_gives_all_tags_where_the_list_shows_what_was_written() {
    let world = World::with_app(&["acme/app"]);
    let (report, commands) = merge_by_docker(&world, &world.serve(), Options::default());
    assert_eq!(report.problems, []);
    assert_eq!(commands, ["1.4.2", "1.4 1", "latest"]);
    let tags = world.tags("acme/app");
    assert!(["1.4", "1", "latest"].iter().all(|tag| tags[*tag] == tags["1.4.2"]), "{tags:?}");
    // A greater version keeps what is its own, by whatever means the others move.
    let world = self::world(0);
    let before = world.tags("acme/app");
    let (report, commands) = merge_by_docker(&world, &world.serve(), Options::default());
    assert_eq!((report.problems, commands), (vec![], vec!["1.4.2".to_owned(), "1.4".to_owned()]));
    assert_eq!(world.tags("acme/app")["latest"], before["latest"]);
}
