//! What comes after a page of a list: the page that its `Link` names, or else what follows its last name.

use std::collections::BTreeSet;

use indexmap::IndexSet;
use serde::Deserialize;

use super::transport::Answer;
use super::url::encode;
use crate::reference::Repository;

/// How many tags are asked for at once.
const PAGE: usize = 1000;
/// How many pages are read of a list: a registry may go on for ever.
const MAX_PAGES: usize = 2000;
/// How many entries a list may have, and how many bytes their names: a registry need not repeat itself to go on for ever.
const MAX_ENTRIES: usize = 2_000_000;
const MAX_BYTES: usize = 128 * 1024 * 1024;
/// How many artifacts may refer to one manifest.
pub(super) const MAX_REFERRERS: usize = 100_000;
/// That a list leads back to where it was, or on and on.
const ENDLESS: &str = "the list has no end";
/// That a list has more than anybody can have published.
pub(super) const TOO_LONG: &str = "the list is too long";
/// That the next page is said to be somewhere else.
pub(super) const ASTRAY: &str = "the next page of the list is not in this repository";

/// The names on a page of a list of tags.
pub(super) fn names_of(body: &[u8]) -> serde_json::Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Page {
        tags: Option<Vec<String>>,
    }
    Ok(serde_json::from_slice::<Page>(body)?.tags.unwrap_or_default())
}

/// What a page says of the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: the list may end here, or the registry does not say where it goes on.
    Unsaid,
    /// There is one, at this path below `/v2/NAME/`.
    At(String),
    /// There is one, at an address that is not in this list.
    Astray,
}

impl Next {
    /// What an answer to a request for `path` says.
    pub(super) fn of(answer: &Answer, repository: &Repository, path: &str) -> Self {
        let links = answer.headers.get_all("link").iter().filter_map(|value| value.to_str().ok());
        let Some(target) = links.filter_map(next_link).next() else { return Self::Unsaid };
        // Registries behind proxies write their own idea of scheme and host, so only the path counts: the request goes
        // to the registry that was asked before, whatever stands there.
        let prefix = format!("/v2/{}/", repository.path());
        let url = answer.url.join(&target).map(|url| url.path_and_query);
        let next = url.as_deref().and_then(|url| Some(url.split_once(prefix.as_str())?.1.to_owned()));
        match next {
            Some(next) if endpoint(&next) == endpoint(path) => Self::At(next),
            _ => Self::Astray,
        }
    }
}

/// A path without its query, and with the colon of a digest as it is.
fn endpoint(path: &str) -> String {
    path.split('?').next().unwrap_or_default().replace("%3A", ":").replace("%3a", ":")
}

/// The pages of a list that were asked for: each once, and not for ever.
#[derive(Default)]
pub(super) struct Pages {
    asked: BTreeSet<String>,
    count: usize,
}

impl Pages {
    /// Takes note of a page that is to be read.
    fn count(&mut self) -> Result<(), String> {
        self.count += 1;
        if self.count > MAX_PAGES { Err(ENDLESS.to_owned()) } else { Ok(()) }
    }

    /// Whether a page was not asked for yet.
    fn is_open(&self, path: &str) -> bool {
        !self.asked.contains(path)
    }

    /// Whether nothing but the first page was asked for.
    pub(super) fn is_first(&self) -> bool {
        self.count == 1
    }

    /// Takes note of a page that is asked for by the path that another one gives.
    pub(super) fn follow(&mut self, path: &str) -> Result<(), String> {
        self.count()?;
        if self.asked.insert(path.to_owned()) { Ok(()) } else { Err(ENDLESS.to_owned()) }
    }
}

/// The names of a list of tags, page by page.
///
/// A page without a `Link` need not be the last one: registries may leave it out
/// (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags>). So what comes after the last
/// name is asked for, until nothing new comes.
#[derive(Default)]
pub(super) struct Names {
    names: IndexSet<String>,
    /// How long they are together.
    bytes: usize,
    /// The first page that is not empty.
    first: Vec<String>,
    /// The last name of the last page that brought something new.
    last: Option<String>,
    pages: Pages,
    /// Whether the registry said where a list goes on, and so says it wherever one does.
    links: bool,
    after: Option<After>,
    /// Whether the registry said that nothing comes after the last name.
    has_end: bool,
    /// Whether the registry refuses to be told how many names a page is to have.
    refuses_size: bool,
}

/// A request for what comes after a name.
struct After {
    name: String,
    /// Why nothing new is not the end of the list, unless the registry says that nothing comes after the name.
    doubt: Option<String>,
}

impl Names {
    /// The path of the first page.
    pub(super) fn first(&mut self) -> Result<String, String> {
        let path = format!("tags/list?n={PAGE}");
        self.pages.follow(&path)?;
        Ok(path)
    }

    /// The path of the first page after that was refused with this status: some registries allow shorter pages alone
    /// (`PAGINATION_NUMBER_INVALID`), and each of them knows how long its own may be.
    pub(super) fn without_size(&mut self, status: u16) -> Option<String> {
        if !self.is_first() || self.refuses_size || !matches!(status, 400 | 422) {
            return None;
        }
        self.refuses_size = true;
        Some("tags/list".to_owned())
    }

    /// Takes in a page; gives the path of the next one, none at the end of the list.
    ///
    /// # Errors
    /// When the list has no end, or cannot be known to be whole.
    pub(super) fn add(&mut self, page: &[String], next: Next) -> Result<Option<String>, String> {
        let after = self.after.take();
        let is_known = |name: &String| self.names.contains(name);
        let (is_new, repeats) = (!page.iter().all(is_known), page.iter().any(is_known));
        self.names.extend(page.iter().cloned());
        self.bytes = page.iter().map(String::len).fold(self.bytes, usize::saturating_add);
        if self.names.len() > MAX_ENTRIES || self.bytes > MAX_BYTES {
            return Err(TOO_LONG.to_owned());
        }
        if is_new {
            self.last = page.last().cloned();
        }
        if self.first.is_empty() {
            self.first = page.to_vec();
        }
        if let Some(After { name, doubt }) = &after
            && repeats
        {
            // Some registries do not know `last` and begin again (<https://github.com/cue-labs/oci/issues/53>); in some
            // the name itself comes first. Any other repetition shows that `last` and the list differ in their order.
            let is_start = page == self.first.as_slice() || page.contains(name);
            match doubt {
                Some(doubt) if !is_new => return Err(doubt.clone()),
                _ if !is_start && !self.links => {
                    return Err(format!("the list goes back after {name:?}, so it may be incomplete"));
                }
                _ if !is_new => return Ok(None),
                _ => {}
            }
        }
        let doubt = match next {
            // A link that leads back is none (<https://github.com/cloudflare/serverless-registry/issues/75>).
            Next::At(path) if (is_new || page.is_empty()) && self.pages.is_open(&path) => {
                self.links = true;
                self.pages.follow(&path)?;
                return Ok(Some(path));
            }
            Next::At(_) => Some(ENDLESS.to_owned()),
            Next::Astray => Some(ASTRAY.to_owned()),
            Next::Unsaid if page.is_empty() => {
                self.has_end = after.is_some();
                return Ok(None);
            }
            Next::Unsaid if page.len() == PAGE && !self.links => Some(format!(
                "a page has {PAGE} names, as many as requested, and the registry does not say what follows"
            )),
            Next::Unsaid => None,
        };
        let name = self.last.clone().filter(|_| after.is_none() || is_new);
        let Some(name) = name else { return doubt.map_or(Ok(None), Err) };
        self.pages.count()?;
        let size = if self.refuses_size { String::new() } else { format!("n={PAGE}&") };
        let path = format!("tags/list?{size}last={}", encode(&name));
        self.after = Some(After { name, doubt });
        Ok(Some(path))
    }

    /// Whether the list ends with a request that was refused with this status. A registry that refuses to say what
    /// comes after a name, as ECR does (<https://github.com/CodesWhat/drydock/pull/927>), has its links alone.
    ///
    /// # Errors
    /// When the list cannot be known to be whole.
    pub(super) fn end_with(&mut self, status: u16) -> Result<bool, String> {
        match self.after.take() {
            Some(After { doubt, .. }) if matches!(status, 400 | 404 | 405 | 422 | 501) => {
                doubt.map_or(Ok(true), Err)
            }
            _ => Ok(false),
        }
    }

    /// Whether nothing but the first page was asked for.
    pub(super) fn is_first(&self) -> bool {
        self.pages.is_first()
    }

    /// Whether the registry said that nothing comes after the last name. A list without any name has no end: registries
    /// that keep no list answer so, too.
    pub(super) fn has_end(&self) -> bool {
        self.has_end
    }

    /// Whether a name has come.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// All names, in the order in which they came.
    pub(super) fn into_names(self) -> impl Iterator<Item = String> {
        self.names.into_iter()
    }
}

/// The address of the next page in a `Link` header (<https://www.rfc-editor.org/rfc/rfc8288>), also where it stands
/// without `<` and `>`, as Cloudflare's registry writes it.
fn next_link(header: &str) -> Option<String> {
    if !header.contains('<') {
        let (target, parameters) = header.split_once(';')?;
        return is_next(parameters).then(|| target.trim().to_owned());
    }
    let mut rest = header;
    loop {
        let (target, after) = rest.split_once('<')?.1.split_once('>')?;
        let (parameters, following) = match after.find('<') {
            Some(at) => after.split_at(at),
            None => (after, ""),
        };
        if is_next(parameters) {
            return Some(target.to_owned());
        }
        rest = following;
    }
}

/// Whether the parameters of a link say that it leads to the next page.
fn is_next(parameters: &str) -> bool {
    parameters.split([';', ',']).any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel")
            && value.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found() {
        for (header, expected) in [
            (r#"</v2/a/tags/list?last=b&n=2>; rel="next""#, Some("/v2/a/tags/list?last=b&n=2")),
            ("<https://r/v2/a?x=1>;rel=next", Some("https://r/v2/a?x=1")),
            (r#"</a>; rel="prev", </b>; title="x"; rel="last next""#, Some("/b")),
            (r#"</a>; REL=Next"#, Some("/a")),
            (r#"</a>; rel="prev""#, None),
            ("http://r/v2/a/tags/list?n=2&last=x; rel=next", Some("http://r/v2/a/tags/list?n=2&last=x")),
            (r#"/v2/a?last=x ;title="y";rel="next""#, Some("/v2/a?last=x")),
            ("http://r/v2/a?last=x; rel=prev", None),
            ("http://r/v2/a?last=x", None),
            ("; rel=next", Some("")),
            ("</a", None),
            ("</a; rel=next", None),
            ("", None),
        ] {
            assert_eq!(next_link(header).as_deref(), expected, "{header}");
        }
    }

    #[test]
    fn a_list_takes_little_memory_however_long_it_goes_on() {
        let endless = |length: usize, count: usize| {
            let mut names = Names::default();
            names.first().unwrap();
            (0..MAX_PAGES - 1).find_map(|page| {
                let start = format!("{page}-");
                let page: Vec<String> =
                    (0..count).map(|index| format!("{start}{index}{}", "x".repeat(length))).collect();
                names.add(&page, Next::At(format!("tags/list?last={start}"))).err()
            })
        };
        assert_eq!(endless(1_000_000, 8).as_deref(), Some(TOO_LONG));
        assert_eq!(endless(1, 100_000).as_deref(), Some(TOO_LONG));
        assert_eq!(endless(100, 10), None);
    }
}
