//! How many requests large plans take, what is asked where, and what is sent at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report};
use bakeplan::internals::registry::{Store, TagOrDigest};

use super::world::{Build, TAGS, World, document, plan, plan_of, put_tag, remove};
use crate::loopback::{Answer, Reply, Seen, Server};

/// The requests to a repository that look whether its list shows what was written before the floating tags, and whether a greater
/// version has appeared after they were written: its list, and that nothing comes after its last tag.
const LOOK_AGAIN: usize = 1 + 2;

/// Counts requests whose lines begin and go on so.
fn count(lines: &[String], method: &str, part: &str) -> usize {
    lines.iter().filter(|line| line.starts_with(method) && line.contains(part)).count()
}

/// Gives a repository the tag of an older version, and so a list of tags that has an end.
fn released(world: &World, repository: &str, leg: &str) {
    let layout = world.layout(repository);
    let build = layout.get_manifest(&TagOrDigest::Digest(world.built[leg].clone())).unwrap().unwrap();
    put_tag(&layout, "0.1.0", &build);
}

/// A version's own tag and `floating` ones of it.
fn tags(floating: usize) -> String {
    let mut tags = vec![r#"{"name":"1.4.2","class":"version","form":"{version}"}"#.to_owned()];
    for (at, numbers) in (0..floating).zip([2, 1, 0].into_iter().cycle()) {
        let name = ["latest", "1", "1.4"][numbers];
        let form = if numbers == 0 { "latest" } else { "{version}" };
        let suffix = if at < 3 { String::new() } else { format!("-s{}", at / 3) };
        tags.push(format!(
            r#"{{"name":"{name}{suffix}","floating":true,"class":"version","numbers":{numbers},"form":"{form}{suffix}","family":["{{version}}{suffix}"]}}"#
        ));
    }
    tags.join(",")
}

#[test]
fn many_tags_in_two_registries_take_134_requests() {
    let world = World::with_app(&["acme/app", "mirror/app"]);
    for repository in ["acme/app", "mirror/app"] {
        released(&world, repository, "app-linux-amd64");
    }
    let registries = [world.serve(), world.serve()];
    let repositories =
        [format!("{}/acme/app", registries[0].host()), format!("{}/mirror/app", registries[1].host())];
    let document = plan_of(&[&repositories[0], &repositories[1]], &tags(23), r#""version":"1.4.2","#, "hold");
    let report = world.merge(&document, Options::default());
    assert_eq!(report.problems, []);
    assert!(report.images["app"].references.iter().all(|one| one.outcome == Outcome::Created));
    let lines: Vec<String> = registries.iter().flat_map(Server::lines).collect();
    assert!(lines.len() <= 130 + LOOK_AGAIN * 2, "{} requests: {lines:#?}", lines.len());
    // Six manifests of builds, and the index in each registry.
    assert_eq!(count(&lines, "GET", "/manifests/"), 6 + 2);
    assert_eq!(world.tags("acme/app"), world.tags("mirror/app"));
    assert_eq!(world.tags("acme/app").len(), 1 + 24);
    // The same again reads what the tags have.
    let before = lines.len();
    assert!(
        world.merge(&document, Options::default()).images["app"]
            .references
            .iter()
            .all(|one| one.outcome == Outcome::Unchanged)
    );
    let lines: Vec<String> = registries.iter().flat_map(Server::lines).collect();
    assert!(lines.len() - before <= 78, "{}", lines.len() - before);
}

/// Images with builds of these platforms, each in a repository of its own of one registry.
fn many(world: &mut World, host: &str, images: usize, platforms: &[&str], tags: &str, plain: bool) -> String {
    let mut entries = Vec::new();
    for at in 0..images {
        let (repository, mut builds) = (format!("acme/app-{at}"), Vec::new());
        for platform in platforms {
            let leg = format!("app-{at}-{}", platform.replace('/', "-"));
            let build = Build::new(&leg, platform).salt(&leg);
            world.build(&[&repository], if plain { build.plain() } else { build });
            builds.push(format!(r#""{leg}":{{"platform":"{platform}"}}"#));
            released(world, &repository, &leg);
        }
        entries.push(format!(
            r#""app-{at}":{{"version":"1.4.2","repositories":["{host}/{repository}"],"tags":[{tags}],"builds":{{{}}}}}"#,
            builds.join(",")
        ));
    }
    document(&entries.join(","))
}

#[test]
fn fifty_images_take_2100_requests() {
    let mut world = World::new();
    let server = world.serve();
    let platforms = ["linux/amd64", "linux/arm64", "linux/s390x", "linux/ppc64le"];
    let document = many(&mut world, &server.host(), 50, &platforms, &tags(4), false);
    let report = world.merge(&document, Options::default());
    assert_eq!(report.problems, []);
    let lines = server.lines();
    assert!(lines.len() <= 2000 + LOOK_AGAIN * 50, "{} requests", lines.len());
    assert_eq!(world.platforms("acme/app-49", "latest"), platforms);
}

#[test]
fn three_hundred_images_take_600_reads_of_manifests() {
    let mut world = World::new();
    let server = world.serve();
    let document = many(&mut world, &server.host(), 300, &["linux/amd64"], TAGS, true);
    let report = world.merge(&document, Options::default());
    assert_eq!(report.problems, []);
    let lines = server.lines();
    // The build, and the index before a tag moves to it.
    assert_eq!(count(&lines, "GET", "/manifests/"), 600);
    assert_eq!(world.tags("acme/app-299").len(), 5);
}

/// The tags that were looked up before anything was written.
fn looked_up(server: &Server) -> Vec<String> {
    let lines = server.lines();
    let reads = lines.iter().take_while(|line| !line.starts_with("PUT"));
    let tags = reads.filter(|line| line.starts_with("HEAD") && line.contains("/manifests/"));
    let mut tags: Vec<String> = tags.map(|line| line.rsplit('/').next().unwrap().to_owned()).collect();
    tags.retain(|tag| !tag.starts_with("sha256:"));
    tags.sort();
    tags
}

#[test]
fn floating_tags_are_looked_up_unless_a_list_with_an_end_lacks_them() {
    let all = ["1", "1.4", "1.4.2", "latest"];
    type List = fn(bool) -> Option<Answer>;
    let lists: [(&str, List, &[&str]); 7] = [
        ("as it is", |_| None, &["1.4.2"]),
        (
            "one of them is there",
            |first| first.then(|| Answer::json(200, r#"{"tags":["0.1.0","1"]}"#)),
            &["1", "1.4.2"],
        ),
        ("no list", |_| Some(Answer::error(404, "NAME_UNKNOWN")), &all),
        ("no names", |_| Some(Answer::json(200, r#"{"tags":[]}"#)), &all),
        ("null", |_| Some(Answer::json(200, r#"{"tags":null}"#)), &all),
        (
            "what follows is refused",
            |first| (!first).then(|| Answer::error(400, "PAGINATION_NUMBER_INVALID")),
            &all,
        ),
        ("what follows is the same again", |_| Some(Answer::json(200, r#"{"tags":["0.1.0"]}"#)), &all),
    ];
    for (name, list, expected) in lists {
        let world = World::with_app(&["acme/app"]);
        released(&world, "acme/app", "app-linux-amd64");
        let server = world.serve_with(move |seen: &Seen| {
            let (_, query) = seen.target.split_once("/tags/list")?;
            list(!query.contains("last=")).map(Reply::Whole)
        });
        let report = world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default());
        assert_eq!(report.problems, [], "{name}");
        assert_eq!(looked_up(&server), expected, "{name}");
        // A list that does not show what was written proves nothing.
        let is_shown = ["as it is", "one of them is there", "what follows is refused"].contains(&name);
        assert_eq!(world.tags("acme/app").len(), if is_shown { 5 } else { 2 }, "{name}");
    }
}

#[test]
fn what_lists_do_not_decide_is_always_looked_up() {
    let literal = r#"{"name":"1.4.2","class":"version","form":"{version}"}"#;
    let run = format!(r#"{literal},{{"name":"edge","floating":true,"class":"run","form":"edge"}}"#);
    let channel =
        format!(r#"{literal},{{"name":"nightly","floating":true,"class":"channel","form":"nightly"}}"#);
    let constant =
        format!(r#"{literal},{{"name":"stable","floating":true,"class":"constant","form":"stable"}}"#);
    let version = r#""version":"1.4.2","#;
    for (tags, more, options, expected) in [
        (
            TAGS,
            r#""version":"1.4.2","immutable":true,"#,
            Options::default(),
            &["1", "1.4", "1.4.2", "latest"][..],
        ),
        (&run, version, Options::default(), &["1.4.2", "edge"]),
        (&channel, version, Options::default(), &["1.4.2", "nightly"]),
        (&constant, version, Options::default(), &["1.4.2", "stable"]),
        (
            TAGS,
            version,
            Options { allow_backward: true, ..Options::default() },
            &["1", "1.4", "1.4.2", "latest"],
        ),
    ] {
        let world = World::with_app(&["acme/app"]);
        released(&world, "acme/app", "app-linux-amd64");
        let server = world.serve();
        let repository = format!("{}/acme/app", server.host());
        let report = world.merge(&plan_of(&[&repository], tags, more, "hold"), options);
        assert_eq!(report.problems, [], "{tags} {more}");
        assert_eq!(looked_up(&server), expected, "{tags} {more}");
    }
}

/// Even a list with an end is not trusted when it lacks what is known to be there.
#[test]
fn a_list_with_an_end_that_lacks_the_version_s_own_tag_moves_nothing() {
    let mut world = World::with_app(&["acme/app"]);
    assert_eq!(world.merge(&plan(&["oci-layout:acme/app"]), Options::default()).problems, []);
    world.build(&["acme/app"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
    let before = world.tags("acme/app");
    let server = world.serve_with(|seen: &Seen| {
        let (_, query) = seen.target.split_once("/tags/list")?;
        let tags = if query.contains("last=") { "" } else { r#""0.1.0""# };
        Some(Reply::Whole(Answer::json(200, format!(r#"{{"tags":[{tags}]}}"#))))
    });
    let report = world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default());
    assert_eq!(report.problems.iter().map(|one| one.code.name()).collect::<Vec<_>>(), ["tag-list"]);
    assert_eq!(world.tags("acme/app"), before);
}

/// Merges into two repositories; `fault` is what becomes of requests to the second one.
fn two(
    world: &World,
    fault: impl Fn(&Seen, Answer) -> Reply + Send + Sync + 'static,
) -> (Report, Vec<String>, Vec<String>) {
    let server = world.serve_through(move |seen, forward| {
        if seen.target.contains("/mirror/") { fault(seen, forward()) } else { forward().into() }
    });
    let repositories = [format!("{}/acme/app", server.host()), format!("{}/mirror/app", server.host())];
    let report = world.merge(&plan(&[&repositories[0], &repositories[1]]), Options::default());
    let of = |name: &str| server.lines().into_iter().filter(|line| line.contains(name)).collect();
    (report, of("/acme/"), of("/mirror/"))
}

fn is_look(seen: &Seen) -> bool {
    seen.method == "HEAD" && seen.path().contains("/manifests/sha256:")
}

#[test]
fn a_repository_that_does_not_say_the_same_is_read() {
    type Fault = fn(Answer) -> Answer;
    let faults: [(&str, Fault, usize); 6] = [
        ("the same", |answer| answer, 0),
        ("another size", |answer| answer.header("Content-Length", "85"), 4),
        ("another type", |answer| answer.header("Content-Type", "application/vnd.other+json"), 4),
        ("another digest", |answer| answer.header("Docker-Content-Digest", format!("sha256:{:064}", 1)), 4),
        ("no type", |answer| answer.header("Content-Type", "text/html"), 4),
        ("a failure", |_| Answer::new(500, "", ""), 4),
    ];
    for (name, fault, reads) in faults {
        let world = World::with_app(&["acme/app", "mirror/app"]);
        let (report, first, second) =
            two(&world, move |seen, answer| if is_look(seen) { fault(answer).into() } else { answer.into() });
        assert_eq!(report.problems, [], "{name}");
        assert_eq!(count(&first, "GET", "/manifests/"), 6 + 1, "{name}");
        assert!(count(&second, "GET", "/manifests/") > reads, "{name}: {second:#?}");
        assert_eq!(world.tags("acme/app"), world.tags("mirror/app"), "{name}");
        if reads == 0 {
            assert_eq!(count(&second, "GET", "/manifests/"), 1, "{name}");
        }
    }
}

#[test]
fn what_a_repository_says_it_has_and_cannot_serve_as_it_says_is_an_error() {
    type Fault = fn(&Seen, Answer) -> Answer;
    let faults: [(&str, Fault, &str); 3] = [
        (
            "damaged content",
            |seen, answer| {
                if seen.path().contains("/manifests/sha256:") {
                    Answer::new(200, &media_type(&answer), "{}")
                } else {
                    answer
                }
            },
            "digest-mismatch",
        ),
        (
            "no right to it",
            |seen, answer| if is_look(seen) { Answer::error(403, "DENIED") } else { answer },
            "registry-unauthorized",
        ),
        (
            "down",
            |seen, answer| if is_look(seen) { Answer::error(503, "UNAVAILABLE") } else { answer },
            "registry-failed",
        ),
    ];
    for (name, fault, code) in faults {
        let world = World::with_app(&["acme/app", "mirror/app"]);
        let (report, first, second) = two(&world, move |seen, answer| fault(seen, answer).into());
        assert_eq!(
            report.problems.first().map(|one| one.code.name()),
            Some(code),
            "{name}: {:?}",
            report.problems
        );
        assert!(first.iter().chain(&second).all(|line| !line.starts_with("PUT")), "{name}");
    }
}

fn media_type(answer: &Answer) -> String {
    let header = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    header.map_or_else(String::new, |(_, value)| value.clone())
}

/// The first repository is without a build that the second has: that one is read.
#[test]
fn what_the_first_repository_lacks_is_read_in_another() {
    let mut world = World::new();
    world.build(&["acme/app", "mirror/app", "third/app"], Build::new("app-linux-amd64", "linux/amd64"));
    world.build(&["mirror/app", "third/app"], Build::new("app-linux-arm64", "linux/arm64"));
    let server = world.serve();
    let repositories = ["acme", "mirror", "third"].map(|name| format!("{}/{name}/app", server.host()));
    let repositories = repositories.each_ref().map(String::as_str);
    let report = world.merge(&plan(&repositories), Options::default());
    assert_eq!(report.problems, []);
    for repository in ["acme/app", "mirror/app", "third/app"] {
        assert_eq!(world.platforms(repository, "latest"), ["linux/amd64", "linux/arm64"]);
    }
    // Gone everywhere, it is missed.
    let arm = world.built["app-linux-arm64"].clone();
    for repository in ["mirror/app", "third/app"] {
        remove(&world.layout(repository), &arm);
    }
    let report = world.merge(&plan(&repositories), Options::default());
    assert_eq!(report.problems[0].code.name(), "missing-build", "{:?}", report.problems);
}

/// What a registry saw of tags that are written: how many at once at most, and in which order they were done.
#[derive(Default)]
struct Watch {
    at_once: AtomicUsize,
    most: AtomicUsize,
    begun: Mutex<Vec<String>>,
    done: Mutex<Vec<String>>,
}

fn watched(world: &World, watch: &Arc<Watch>, refused: &'static [&'static str]) -> Server {
    let watch = watch.clone();
    world.serve_through(move |seen, forward| {
        let tag = seen.path().rsplit('/').next().unwrap_or_default().to_owned();
        if seen.method != "PUT" || tag.starts_with("sha256:") {
            return forward().into();
        }
        let now = watch.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        watch.most.fetch_max(now, Ordering::SeqCst);
        watch.begun.lock().unwrap().push(tag.clone());
        std::thread::sleep(Duration::from_millis(20));
        let answer =
            if refused.contains(&tag.as_str()) { Answer::error(400, "TAG_INVALID") } else { forward() };
        watch.done.lock().unwrap().push(tag);
        watch.at_once.fetch_sub(1, Ordering::SeqCst);
        answer.into()
    })
}

fn stage(tag: &str) -> usize {
    match tag {
        "1.4.2" => 0,
        tag if tag.starts_with("latest") => 2,
        _ => 1,
    }
}

#[test]
fn tags_of_one_kind_are_written_at_once_and_kinds_in_order() {
    let world = World::with_app(&["acme/app"]);
    let watch = Arc::new(Watch::default());
    let server = watched(&world, &watch, &[]);
    let repository = format!("{}/acme/app", server.host());
    let document = plan_of(&[&repository], &tags(23), r#""version":"1.4.2","#, "hold");
    assert_eq!(world.merge(&document, Options::default()).problems, []);
    let most = watch.most.load(Ordering::SeqCst);
    assert!((2..=16).contains(&most), "{most} at once");
    let (begun, done) = (watch.begun.lock().unwrap(), watch.done.lock().unwrap());
    for (at, tag) in begun.iter().enumerate() {
        // Whatever began before is of the same kind, or of an earlier one.
        assert!(begun[..at].iter().all(|other| stage(other) <= stage(tag)), "{begun:?}");
    }
    assert_eq!(done.len(), 24);
    assert!(done.iter().map(|tag| stage(tag)).is_sorted(), "{done:?}");
}

#[test]
fn after_a_refusal_no_later_kind_is_begun_and_one_finding_tells_it() {
    for (refused, others) in
        [(&["1.4.2"][..], 0), (&["1-s1"], 0), (&["1.4", "1", "1.4-s1"], 2), (&["latest"], 0)]
    {
        let world = World::with_app(&["acme/app", "acme/copy"]);
        let watch = Arc::new(Watch::default());
        let server = watched(&world, &watch, refused);
        let other = world.serve();
        let repositories = [format!("{}/acme/app", server.host()), format!("{}/acme/copy", other.host())];
        let repositories = repositories.each_ref().map(String::as_str);
        let document = plan_of(&repositories, &tags(9), r#""version":"1.4.2","#, "hold");
        let report = world.merge(&document, Options::default());
        let [problem] = report.problems.as_slice() else { panic!("{:?}", report.problems) };
        assert!(problem.message.contains(&format!("/acme/app:{}`", refused[0])), "{}", problem.message);
        let told = problem.notes.iter().filter(|note| note.contains("could not be written, either")).count();
        assert_eq!(told, usize::from(others > 0), "{:?}", problem.notes);
        let last = stage(refused[0]);
        for repository in ["acme/app", "acme/copy"] {
            let tags = world.tags(repository);
            assert!(tags.keys().all(|tag| stage(tag) <= last), "{repository}: {tags:?}");
        }
        // The report says of each tag what became of it.
        let written = world.tags("acme/app");
        for one in &report.images["app"].references {
            let is_there = if one.repository.ends_with("/acme/app") {
                written.contains_key(&one.tag)
            } else {
                world.tags("acme/copy").contains_key(&one.tag)
            };
            let is_told = if is_there { Outcome::Created } else { Outcome::Skipped };
            assert_eq!(one.outcome, is_told, "{}", one.reference);
        }
    }
}

/// A registry that takes few requests at once gets few at once, and everything is published.
#[test]
fn a_registry_that_asks_for_less_gets_less() {
    let world = World::with_app(&["acme/app"]);
    let (now, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen_refused = refused.clone();
    let server = world.serve_through(move |_, forward| {
        let is_much = now.fetch_add(1, Ordering::SeqCst) >= 2;
        std::thread::sleep(Duration::from_millis(3));
        let answer = if is_much {
            refused.fetch_add(1, Ordering::SeqCst);
            Answer::error(429, "TOOMANYREQUESTS")
        } else {
            forward()
        };
        now.fetch_sub(1, Ordering::SeqCst);
        answer.into()
    });
    let repository = format!("{}/acme/app", server.host());
    let document = plan_of(&[&repository], &tags(23), r#""version":"1.4.2","#, "hold");
    let report = world.merge(&document, Options::default());
    assert_eq!(report.problems, []);
    assert_eq!(world.tags("acme/app").len(), 24);
    let refused = seen_refused.load(Ordering::SeqCst);
    assert!((1..60).contains(&refused), "{refused} refusals");
}

/// Several images share a repository: each has its own order, and none waits for another's floating tags.
#[test]
fn each_image_s_own_tags_come_first_wherever_it_is_published() {
    let mut world = World::new();
    let watch = Arc::new(Watch::default());
    for version in 0..6 {
        for platform in ["amd64", "arm64"] {
            world.build(
                &["acme/app"],
                Build::new(&format!("a{version}-{platform}"), &format!("linux/{platform}")),
            );
        }
    }
    let server = watched(&world, &watch, &[]);
    let image = |version: usize| {
        format!(
            r#""a{version}":{{"version":"1.{version}.0","repositories":["{}/acme/app"],"tags":[{{"name":"1.{version}.0","class":"version","form":"{{version}}"}},
                {{"name":"1.{version}","floating":true,"class":"version","numbers":2,"form":"{{version}}","family":["{{version}}"]}}],
                "builds":{{"a{version}-amd64":{{}},"a{version}-arm64":{{}}}}}}"#,
            server.host()
        )
    };
    let document = document(&(0..6).map(image).collect::<Vec<_>>().join(","));
    assert_eq!(world.merge(&document, Options::default()).problems, []);
    let done = watch.done.lock().unwrap();
    let is_floating: Vec<bool> = done.iter().map(|tag| tag.matches('.').count() == 1).collect();
    assert!(is_floating.is_sorted(), "{done:?}");
    let counts = done.iter().fold(BTreeMap::<_, usize>::new(), |mut counts, tag| {
        *counts.entry(tag.clone()).or_default() += 1;
        counts
    });
    assert_eq!((counts.len(), counts.values().all(|count| *count == 1)), (12, true));
}

/// However many repositories a host has.
#[test]
fn a_host_gets_sixteen_requests_at_once_and_not_more() {
    let names = ["a/app", "b/app", "c/app", "d/app"];
    let world = World::with_app(&names);
    let (now, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let seen = most.clone();
    let server = world.serve_through(move |_, forward| {
        seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        let answer = forward();
        now.fetch_sub(1, Ordering::SeqCst);
        answer.into()
    });
    let repositories = names.map(|name| format!("{}/{name}", server.host()));
    let repositories = repositories.each_ref().map(String::as_str);
    let document = plan_of(&repositories, &tags(23), r#""version":"1.4.2","#, "hold");
    assert_eq!(world.merge(&document, Options::default()).problems, []);
    let most = most.load(Ordering::SeqCst);
    assert!((9..=16).contains(&most), "{most} at once");
}

/// A registry may cut a list and say that nothing follows.
#[test]
fn a_list_that_was_cut_is_noticed_by_a_tag_that_it_lacks() {
    for (listed, has_latest, looked) in [
        (12, true, &["1.4.2", "latest"][..]),
        (100, true, &["1.4.2", "latest"]),
        (12, false, &["1.4.2", "latest"]),
    ] {
        let world = World::with_app(&["acme/app"]);
        released(&world, "acme/app", "app-linux-amd64");
        let layout = world.layout("acme/app");
        let build = TagOrDigest::Digest(world.built["app-linux-amd64"].clone());
        let greater = layout.get_manifest(&build).unwrap().unwrap();
        if has_latest {
            put_tag(&layout, "9.9.9", &greater);
            put_tag(&layout, "latest", &greater);
        }
        let before = world.tags("acme/app");
        let server = world.serve_with(move |seen: &Seen| {
            let (_, query) = seen.target.split_once("/tags/list")?;
            let names: Vec<String> = (0..listed).map(|at| format!("0.1.{at}")).collect();
            let names = if query.contains("last=") { Vec::new() } else { names };
            Some(Reply::Whole(Answer::json(200, serde_json::json!({ "tags": names }).to_string())))
        });
        let report = world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default());
        if has_latest {
            let codes: Vec<&str> = report.problems.iter().map(|problem| problem.code.name()).collect();
            assert_eq!(codes, ["tag-list"], "{listed}: {:?}", report.problems);
            assert_eq!(world.tags("acme/app"), before);
        } else {
            assert_eq!(report.problems, []);
            assert_eq!(looked_up(&server), looked);
        }
    }
}
