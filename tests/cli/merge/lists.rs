//! Which version is the greatest when the list of tags comes in pages: no page is forgotten.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::{Outcome, Report};
use bakeplan::internals::registry::{Store, TagOrDigest};

use super::world::{World, plan, put_tag};
use crate::loopback::{Answer, Reply, Seen, Server};
use crate::verify::desk::of_plan;

/// How many names a page has.
const PAGE: usize = 1000;

/// A repository whose `latest` is `greatest`, which comes after so many other tags.
fn world(greatest: &str) -> World {
    let mut world = World::with_app(&["acme/app"]);
    let layout = world.layout("acme/app");
    let first = TagOrDigest::Digest(world.built["app-linux-amd64"].clone());
    let first = layout.get_manifest(&first).unwrap().unwrap();
    for tag in [greatest, "latest", "1", "1.4"] {
        put_tag(&layout, tag, &first);
    }
    world.build(&["acme/app"], super::world::Build::new("app-linux-amd64", "linux/amd64").salt("new"));
    world
}

/// The registry of a world with `fillers` more tags, all less than its own, whose pages have this `Link`.
fn serve(world: &World, fillers: usize, link: &'static str) -> Server {
    let layout = world.layout("acme/app");
    world.serve_with(move |seen: &Seen| {
        let (_, query) = seen.target.split_once("/tags/list?")?;
        let mut names: Vec<String> = layout.list_tags().unwrap().iter().map(ToString::to_string).collect();
        names.extend((0..fillers).map(|at| format!("0-{at:05}")));
        names.sort();
        if let Some((_, last)) = query.split_once("last=") {
            names.retain(|name| name.as_str() > last);
        }
        let page = &names[..names.len().min(PAGE)];
        let answer = Answer::json(200, format!(r#"{{"tags":{page:?}}}"#));
        let is_last = page.len() == names.len() || link.is_empty();
        Some(Reply::Whole(if is_last {
            answer
        } else {
            answer.header("Link", link.replace("LAST", page.last().unwrap()))
        }))
    })
}

fn merge(world: &World, server: &Server) -> Report {
    world.merge(&plan(&[&format!("{}/acme/app", server.host())]), Options::default())
}

#[test]
fn a_greater_version_on_another_page_keeps_the_floating_tags() {
    let links = [
        "",
        "<http://registry/v2/acme/app/tags/list?n=1000&last=LAST>; rel=\"next\"",
        "http://registry/v2/acme/app/tags/list?n=1000&last=LAST; rel=next",
        "<http://registry/v2/acme/app/tags/list?n=1000&last=LAST; rel=next",
        "</v2/elsewhere/tags/list?last=LAST>; rel=next",
    ];
    for link in links {
        for fillers in [0, PAGE - 5, PAGE - 4, PAGE - 3, PAGE, 2 * PAGE] {
            let world = world("v9.9.9");
            let before = world.tags("acme/app");
            let server = serve(&world, fillers, link);
            let report = merge(&world, &server);
            assert_eq!(report.problems, [], "{link:?} {fillers}");
            let outcomes: Vec<_> = report.images["app"].references.iter().map(|one| one.outcome).collect();
            let expected = [Outcome::Created, Outcome::Moved, Outcome::Moved, Outcome::Kept];
            assert_eq!(outcomes, expected, "{link:?} {fillers}");
            assert_eq!(world.tags("acme/app")["latest"], before["latest"]);
            // The verification sees the same list.
            let document = plan(&[&format!("{}/acme/app", server.host())]);
            let codes: Vec<_> =
                of_plan(&world, &document).findings.iter().map(|one| one.code.name()).collect();
            assert_eq!(codes, ["tag-kept"], "{link:?} {fillers}");
        }
    }
}

#[test]
fn without_a_greater_version_the_floating_tags_move() {
    for link in ["", "http://registry/v2/acme/app/tags/list?n=1000&last=LAST; rel=next"] {
        for fillers in [0, PAGE, 2 * PAGE] {
            let world = world("v1.0.0");
            let server = serve(&world, fillers, link);
            let report = merge(&world, &server);
            assert_eq!(report.problems, []);
            assert_eq!(report.images["app"].references[3].outcome, Outcome::Moved, "{link:?} {fillers}");
            assert_eq!(world.tags("acme/app")["latest"], world.tags("acme/app")["1.4.2"]);
        }
    }
}

#[test]
fn a_list_that_may_be_cut_moves_nothing() {
    let world = world("v9.9.9");
    let before = world.tags("acme/app");
    let server = world.serve_with(|seen: &Seen| {
        let names: Vec<String> = (0..PAGE).map(|at| format!("0-{at:05}")).collect();
        let is_list = seen.path().ends_with("/tags/list");
        is_list.then(|| Reply::Whole(Answer::json(200, format!(r#"{{"tags":{names:?}}}"#))))
    });
    let report = merge(&world, &server);
    assert_eq!(report.problems[0].code.name(), "registry-invalid", "{:?}", report.problems);
    assert_eq!(world.tags("acme/app"), before);
}

/// Lists that contradict what the repository has, each way in which registries and proxies cut them: the answer to a
/// request for the first names, and to one for those after them.
#[test]
fn a_list_without_a_tag_that_is_there_moves_nothing() {
    type List = fn(bool) -> Answer;
    let lists: [(&str, List); 5] = [
        ("no member `tags`", |_| Answer::json(200, r#"{"name":"acme/app"}"#)),
        ("null", |_| Answer::json(200, r#"{"tags":null}"#)),
        ("a cap, and `last` is refused", |first| {
            if first { Answer::json(200, r#"{"tags":["0.1","0.2"]}"#) } else { Answer::json(400, "{}") }
        }),
        ("a cap, and `last` is not known", |first| {
            if first { Answer::json(200, r#"{"tags":["0.1","0.2"]}"#) } else { Answer::json(404, "{}") }
        }),
        ("a cap, and `last` is ignored", |_| Answer::json(200, r#"{"tags":["0.1","0.2"]}"#)),
    ];
    for (name, list) in lists {
        let world = world("v9.9.9");
        let before = world.tags("acme/app");
        let server = world.serve_with(move |seen: &Seen| {
            let (_, query) = seen.target.split_once("/tags/list")?;
            Some(Reply::Whole(list(!query.contains("last="))))
        });
        let document = plan(&[&format!("{}/acme/app", server.host())]);
        let report = world.merge(&document, Options::default());
        assert_eq!(
            report.problems.iter().map(|one| one.code.name()).collect::<Vec<_>>(),
            ["tag-list"],
            "{name}"
        );
        assert_eq!(world.tags("acme/app"), before, "{name}");
        // Whoever says so moves them, and a repetition has nothing left to decide by the list.
        let options = Options { allow_backward: true, ..Options::default() };
        assert_eq!(world.merge(&document, options).problems, [], "{name}");
        assert_eq!(world.merge(&document, Options::default()).problems, [], "{name}");
        assert_eq!(world.tags("acme/app")["latest"], world.tags("acme/app")["1.4.2"], "{name}");
    }
}

/// A new repository has no list before it has a tag.
#[test]
fn a_first_merge_needs_no_list() {
    for is_for_ever in [false, true] {
        let world = World::with_app(&["acme/app"]);
        let is_there = std::sync::atomic::AtomicBool::new(false);
        let server = world.serve_with(move |seen: &Seen| {
            let answer = || Answer::json(404, r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#);
            is_there.fetch_or(seen.method == "PUT", std::sync::atomic::Ordering::Relaxed);
            let lacks_list = is_for_ever || !is_there.load(std::sync::atomic::Ordering::Relaxed);
            (seen.target.contains("/tags/list") && lacks_list).then(|| Reply::Whole(answer()))
        });
        let report = merge(&world, &server);
        assert_eq!(report.problems, []);
        // One that has none afterwards, either, cannot show a greater version.
        let expected =
            |floating: bool| if floating && is_for_ever { Outcome::Held } else { Outcome::Created };
        for one in &report.images["app"].references {
            assert_eq!(one.outcome, expected(one.floating), "{}", one.tag);
        }
    }
}

/// Some registries allow only so many names on a page, or none to be asked for.
#[test]
fn a_list_whose_length_may_not_be_asked_for_is_read_without() {
    for (tag, kept) in [("v9.9.9", true), ("1.0.0", false)] {
        for (status, cap) in [(400, 100), (400, 2), (422, 2)] {
            let world = world(tag);
            let before = world.tags("acme/app");
            let root = world.root().join("acme/app");
            let server = world.serve_with(move |seen: &Seen| {
                let (_, query) = seen.target.split_once("/tags/list")?;
                if query.contains("n=") {
                    return Some(Answer::error(status, "PAGINATION_NUMBER_INVALID").into());
                }
                let layout = bakeplan::internals::registry::Layout::open(&root).unwrap();
                let mut names: Vec<String> =
                    layout.list_tags().unwrap().iter().map(ToString::to_string).collect();
                names.sort();
                let after = query.split("last=").nth(1).unwrap_or_default();
                let page: Vec<&String> =
                    names.iter().filter(|name| name.as_str() > after).take(cap).collect();
                Some(Answer::json(200, format!(r#"{{"tags":{page:?}}}"#)).into())
            });
            let report = merge(&world, &server);
            assert_eq!(report.problems, [], "{tag} {status} {cap}");
            assert_eq!(world.tags("acme/app")["latest"] == before["latest"], kept, "{tag} {status} {cap}");
        }
    }
    // A list that is refused all the same decides nothing.
    let world = world("v9.9.9");
    let before = world.tags("acme/app");
    let server = world.serve_with(|seen: &Seen| {
        seen.target.contains("/tags/list").then(|| Answer::error(400, "PAGINATION_NUMBER_INVALID").into())
    });
    let report = merge(&world, &server);
    assert_eq!(report.problems[0].code.name(), "registry-rejected", "{:?}", report.problems);
    assert_eq!((world.tags("acme/app"), list_requests(&server)), (before, 2));
}

fn list_requests(server: &Server) -> usize {
    server.seen().iter().filter(|seen| seen.target.contains("/tags/list")).count()
}
