//! Lists of tags and referrers in pages, as registries divide them in their own ways.

use std::sync::Arc;

use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::Store;

use super::client::Bench;
use crate::loopback::{Answer, Seen, Server};

const LIST: &str = "/v2/acme/app/tags/list";

/// What a registry makes of `last`.
#[derive(Clone, Copy, Debug)]
enum Last {
    /// It goes on behind the place of that name.
    Place,
    /// It goes on with that name.
    Inclusive,
    /// It leaves out what is not greater, whatever the order.
    Filter,
    /// It begins again.
    Ignored,
    /// It refuses it with this status.
    Refused(u16),
}

type Link = dyn Fn(usize, &str) -> String + Send + Sync;

/// A list of tags, and how a registry divides it.
#[derive(Clone)]
struct List {
    names: Vec<String>,
    /// How many names a page has at most.
    cap: usize,
    last: Last,
    /// The `Link` of a page that another one follows: the number of the page from 1, its last name.
    link: Arc<Link>,
}

impl List {
    /// So many tags in order, in pages without `Link`.
    fn of(count: usize) -> Self {
        let names = (0..count).map(|at| format!("t{at:05}")).collect();
        Self { names, cap: 1000, last: Last::Place, link: Arc::new(|_, _| String::new()) }
    }

    fn named(names: &[&str]) -> Self {
        Self { names: names.iter().map(|name| (*name).to_owned()).collect(), ..Self::of(0) }
    }

    fn cap(self, cap: usize) -> Self {
        Self { cap, ..self }
    }

    fn last(self, last: Last) -> Self {
        Self { last, ..self }
    }

    fn link(self, link: impl Fn(usize, &str) -> String + Send + Sync + 'static) -> Self {
        Self { link: Arc::new(link), ..self }
    }

    /// `page=2` stands for an opaque place in the list.
    fn answer(&self, seen: &Seen) -> Answer {
        let parameter = |name: &str| {
            let query = seen.target.split_once('?').map_or("", |(_, query)| query);
            query.split('&').find_map(|pair| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
        };
        let place = |name: &String| self.names.iter().position(|one| one == name).expect("it was listed");
        let cap = parameter("n").map_or(self.cap, |n| self.cap.min(n.parse().unwrap()));
        let start = parameter("page").map_or(0, |page| (page.parse::<usize>().unwrap() - 1) * self.cap);
        let names: Vec<String> = match (parameter("last"), self.last) {
            (None, _) | (Some(_), Last::Ignored) => self.names[start..].to_vec(),
            (Some(last), Last::Place) => self.names[place(&last) + 1..].to_vec(),
            (Some(last), Last::Inclusive) => self.names[place(&last)..].to_vec(),
            (Some(last), Last::Filter) => self.names.iter().filter(|name| **name > last).cloned().collect(),
            (Some(_), Last::Refused(status)) => return Answer::error(status, "UNSUPPORTED"),
        };
        let page = &names[..names.len().min(cap)];
        let answer = Answer::json(200, format!(r#"{{"name":"acme/app","tags":{page:?}}}"#));
        let Some(last) = page.last().filter(|_| page.len() < names.len()) else { return answer };
        let link = (self.link)(place(last) / self.cap + 1, last);
        if link.is_empty() { answer } else { answer.header("Link", link) }
    }

    /// What is made of it, and how many requests that takes.
    fn read(&self) -> (Result<Vec<String>, String>, usize) {
        let list = self.clone();
        let server = Server::start(move |seen: &Seen| {
            assert_eq!(seen.path(), LIST);
            list.answer(seen)
        });
        let repository = Bench::new().repository(&format!("{}/acme/app", server.host()));
        let tags = repository.list_tags().map_err(|error| format!("{}: {error}", error.code().name()));
        (tags.map(|tags| tags.iter().map(ToString::to_string).collect()), server.seen().len())
    }

    #[track_caller]
    fn is_whole(&self, requests: usize) {
        let (tags, count) = self.read();
        let tags = tags.unwrap();
        assert_eq!((tags.len(), count), (self.names.len(), requests), "{tags:.10?}");
        assert_eq!(tags, self.names);
    }

    #[track_caller]
    fn is_refused(&self, expected: &str) {
        let (tags, _) = self.read();
        let error = tags.unwrap_err();
        assert!(error.starts_with("registry-invalid: ") && error.contains(expected), "{error}");
    }
}

#[test]
fn pages_without_links_are_followed_by_name() {
    for (count, requests) in [(0, 1), (1, 2), (999, 2), (1000, 2), (1001, 3), (2000, 3), (2500, 4)] {
        List::of(count).is_whole(requests);
    }
    // A registry may give less than it is asked for.
    for (count, cap, requests) in [(100, 100, 2), (101, 100, 3), (7, 1, 8), (1100, 500, 4)] {
        List::of(count).cap(cap).is_whole(requests);
    }
    List::of(250).cap(100).last(Last::Filter).is_whole(4);
}

#[test]
fn links_are_followed_in_all_forms() {
    let links: [fn(usize, &str) -> String; 5] = [
        |_, last| format!(r#"<{LIST}?last={last}&n=100>; rel="next""#),
        |_, last| format!("<https://inner:5000/x{LIST}?last={last}>;rel=next"),
        |_, last| format!("http://127.0.0.1:9{LIST}?n=100&last={last}; rel=next"),
        |_, last| format!(r#"{LIST}?last={last} ; title=x; rel="next""#),
        |page, _| format!(r#"<{LIST}?page={}>; rel="next""#, page + 1),
    ];
    for link in links {
        List::of(250).cap(100).link(link).is_whole(4);
        List::of(1000).cap(1000).link(link).is_whole(2);
    }
}

#[test]
fn links_that_lead_nowhere_are_replaced_by_the_last_name() {
    for link in [
        "; rel=next",
        "<>; rel=next",
        "<ftp://x/>; rel=next",
        "http://[; rel=next",
        "not a link; rel=next",
        "</v2/acme/app/tags/list?page=2; rel=next",
        "</v2/acme/app/tags/list?page=2>",
        "</v2/other/tags/list?page=2>; rel=next",
        "</v2/acme/app/manifests/latest>; rel=next",
        "</v2/acme/app/../other/tags/list>; rel=next",
        "<http://user:secret@127.0.0.1/v2/acme/app/tags/list?page=2>; rel=next",
        "</v2/acme/app/tags/list?n=1000>; rel=next",
    ] {
        let list = List::of(250).cap(100).link(move |_, _| link.to_owned());
        list.is_whole(4);
        // With an empty page there is no name to go on from.
        let server =
            Server::start(move |_: &Seen| Answer::json(200, r#"{"tags":null}"#).header("Link", link));
        let repository = Bench::new().repository(&format!("{}/acme/app", server.host()));
        let is_link = link.contains("rel=next") && !link.contains("page=2; ");
        assert_eq!(repository.list_tags().is_err(), is_link, "{link}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn links_and_names_take_turns() {
    for without in 1..=4 {
        let link = move |page: usize, _: &str| match page {
            page if page == without => String::new(),
            page if page % 2 == 0 => format!("http://x{LIST}?page={}; rel=next", page + 1),
            page => format!("<{LIST}?page={}>; rel=next", page + 1),
        };
        List::of(500).cap(100).link(link).is_whole(6);
    }
    // Each page links to itself with what was asked for before it, as one registry did.
    let link = |_: usize, last: &str| format!("<{LIST}?n=100&last={last}>; rel=next");
    let list = List::of(500).cap(100).link(link);
    let back = list.clone();
    let server = Server::start(move |seen: &Seen| {
        let answer = back.answer(seen);
        let is_linked = seen.target.contains("n=100&last");
        if is_linked {
            back.answer(&Seen { target: format!("{LIST}?n=100"), ..seen.clone() })
        } else {
            answer
        }
    });
    let repository = Bench::new().repository(&format!("{}/acme/app", server.host()));
    assert_eq!(repository.list_tags().unwrap().len(), 500);
    assert!(server.seen().len() <= 11, "{:?}", server.lines());
}

#[test]
fn a_link_to_another_host_gets_nothing() {
    let other = Server::start(|_: &Seen| Answer::error(500, "UNKNOWN"));
    for form in [
        "<http://HOST/v2/acme/app/tags/list?last=LAST>; rel=next",
        "http://HOST/v2/acme/app/tags/list?last=LAST; rel=next",
    ] {
        let form = form.replace("HOST", &other.host());
        List::of(300).cap(100).link(move |_, last| form.replace("LAST", last)).is_whole(4);
    }
    assert_eq!(other.seen().len(), 0);
}

#[test]
fn a_registry_that_does_not_know_last_has_its_links_alone() {
    let link = |page: usize, _: &str| format!("<{LIST}?page={}>; rel=next", page + 1);
    let mut ways = vec![Last::Ignored];
    ways.extend([400, 404, 405, 422, 501].map(Last::Refused));
    for last in ways {
        List::of(5).last(last).is_whole(2);
        List::of(700).last(last).is_whole(2);
        List::of(250).cap(100).last(last).link(link).is_whole(4);
        List::of(2000).last(last).link(link).is_whole(3);
        // As many as were asked for: nobody knows whether there are more.
        List::of(1000).last(last).is_refused("a page has 1000 names, as many as requested");
        List::of(1500).last(last).is_refused("does not say what follows");
        // There are more, and no way to them.
        let astray = |_: usize, _: &str| "</v2/other/tags/list>; rel=next".to_owned();
        List::of(250).cap(100).last(last).link(astray).is_refused("not in this repository");
    }
    // All of them at once, however many are asked for.
    let names = List::of(1500).names;
    let server = Server::start(move |_: &Seen| Answer::json(200, format!(r#"{{"tags":{names:?}}}"#)));
    let repository = Bench::new().repository(&format!("{}/acme/app", server.host()));
    assert_eq!((repository.list_tags().unwrap().len(), server.seen().len()), (1500, 2));
    for status in [401, 403, 418] {
        let (tags, _) = List::of(5).last(Last::Refused(status)).read();
        assert!(tags.is_err(), "{status}");
    }
}

#[test]
fn an_order_of_its_own_is_followed_or_refused() {
    let unsorted = ["1.0", "latest", "0.9", "v2", "1.1"];
    for cap in 1..=5 {
        List::named(&unsorted).cap(cap).is_whole(5_usize.div_ceil(cap) + 1);
    }
    List::named(&unsorted).last(Last::Inclusive).is_whole(2);
    List::named(&unsorted).cap(2).last(Last::Inclusive).is_whole(5);
    // What comes after `0.9` came before it, so some may have been left out.
    List::named(&["1.0", "latest", "0.9"]).last(Last::Filter).is_refused("the list goes back after \"0.9\"");
    List::named(&["b", "c", "a", "d"]).cap(3).last(Last::Filter).is_refused("so it may be incomplete");
    // A registry that links says itself where the list ends.
    let link = |page: usize, _: &str| format!("<{LIST}?page={}>; rel=next", page + 1);
    List::named(&["b", "c", "a", "d", "e", "0"]).cap(3).last(Last::Filter).link(link).is_whole(3);
}

#[test]
fn a_list_that_goes_on_for_ever_is_given_up() {
    for form in ["", "<LIST?page=N>; rel=next", "LIST?page=N; rel=next"] {
        let handler = move |seen: &Seen| {
            let answer = Answer::json(200, format!(r#"{{"tags":["t{}"]}}"#, seen.number));
            let link = form.replace("LIST", LIST).replace('N', &seen.number.to_string());
            if link.is_empty() { answer } else { answer.header("Link", link) }
        };
        let server = Server::start(handler);
        let repository = Bench::new().repository(&format!("{}/acme/app", server.host()));
        let error = repository.list_tags().unwrap_err();
        assert!(error.to_string().ends_with("the list has no end"), "{form}: {error}");
        assert!(server.seen().len() <= 2000);
    }
}

#[test]
fn a_page_that_is_gone_is_not_the_end() {
    for link in ["<LIST?page=2>; rel=next", "LIST?page=2; rel=next"] {
        let link = link.replace("LIST", LIST);
        let handler = move |seen: &Seen| match seen.number {
            1 => Answer::json(200, r#"{"tags":["1"]}"#).header("Link", link.clone()),
            _ => Answer::error(404, "NAME_UNKNOWN"),
        };
        let server = Server::start(handler);
        let repository = Bench::new().repository(&format!("{}/acme/app", server.host()));
        assert_eq!(repository.list_tags().unwrap_err().code().name(), "registry-not-found");
    }
    let server = Server::start(|_: &Seen| Answer::error(404, "NAME_UNKNOWN"));
    let repository = Bench::new().repository(&format!("{}/acme/app", server.host()));
    assert_eq!((repository.list_tags().unwrap(), server.seen().len()), (Vec::new(), 1));
}

#[test]
fn pages_of_referrers_are_linked() {
    let subject = Digest::sha256(b"subject");
    let path = format!("/v2/acme/app/referrers/{subject}");
    let page = |at: usize| {
        let digest = Digest::sha256(&at.to_be_bytes());
        format!(r#"{{"manifests":[{{"mediaType":"m/m","digest":"{digest}","size":1}}]}}"#)
    };
    let read = |second: Answer, link: String| {
        let server = Server::start(move |seen: &Seen| {
            if !seen.target.contains("page=2") {
                Answer::new(200, bakeplan::internals::oci::OCI_INDEX, page(1)).header("Link", link.clone())
            } else {
                second.clone()
            }
        });
        let repository = Bench::new().repository(&format!("{}/acme/app", server.host()));
        let found = repository.list_referrers(&subject, None);
        (found.map(|found| found.len()).map_err(|error| error.code().name()), server.seen().len())
    };
    let second = Answer::new(200, bakeplan::internals::oci::OCI_INDEX, page(2));
    let linked = [
        format!("<{path}?page=2>; rel=next"),
        format!("http://x{path}?page=2; rel=next"),
        format!("<{}?page=2>; rel=next", path.replace(':', "%3A")),
    ];
    for link in linked {
        assert_eq!(read(second.clone(), link), (Ok(2), 2));
    }
    assert_eq!(read(second.clone(), String::new()), (Ok(1), 1));
    assert_eq!(read(second, "</v2/x>; rel=next".to_owned()), (Err("registry-invalid"), 1));
    // Half of a list does not become another list.
    let link = format!("<{path}?page=2>; rel=next");
    for nothing in ["{}", r#"{"manifests":null}"#] {
        let nothing = Answer::new(200, bakeplan::internals::oci::OCI_INDEX, nothing);
        assert_eq!(read(nothing, link.clone()), (Err("registry-invalid"), 2));
    }
    assert_eq!(read(Answer::error(404, "X"), link), (Err("registry-not-found"), 2));
}
