//! What answers say, read as [`RemoteRepository`](super::RemoteRepository) does, without a registry: for fuzzing.

use ureq::http::{HeaderMap, HeaderValue};

use super::challenge::{self, Challenge};
use super::pages::{Names, Next, names_of};
use super::transport::Answer;
use super::url::{Url, UrlScheme};
use crate::reference::Repository;

/// Where tokens come from, as a `WWW-Authenticate` header says; empty where it wants a password.
#[must_use]
pub fn token_server(header: &str) -> Option<String> {
    match challenge::parse([header])? {
        Challenge::Basic => Some(String::new()),
        Challenge::Bearer(bearer) => Some(Url::parse(&bearer.realm)?.to_string()),
    }
}

/// The names of a list of tags, and the paths that were asked for. Each page is a `Link` header, which may be empty, and
/// a body; behind the last one, the registry knows of nothing.
///
/// # Errors
/// When the list cannot be known to be whole, or a page is not one.
pub fn tag_list<'p>(
    repository: &Repository,
    pages: impl IntoIterator<Item = (&'p str, &'p str)>,
) -> Result<(Vec<String>, Vec<String>), String> {
    let (mut names, mut asked) = (Names::default(), Vec::new());
    let mut pages = pages.into_iter();
    let mut next = Some(names.first()?);
    while let Some(path) = next {
        let Some((link, body)) = pages.next() else {
            if names.end_with(404)? {
                break;
            }
            return Err("not found".to_owned());
        };
        let mut headers = HeaderMap::new();
        if let (false, Ok(value)) = (link.is_empty(), HeaderValue::from_str(link)) {
            headers.append("link", value);
        }
        let at = format!("/v2/{}/{path}", repository.path());
        let url = Url::new(UrlScheme::Https, &repository.registry().to_string(), at);
        let answer = Answer {
            status: 200,
            headers,
            body: body.as_bytes().to_vec(),
            stream: None,
            url,
            leads_to_credentials: false,
        };
        let page = names_of(&answer.body).map_err(|error| error.to_string())?;
        let link = Next::of(&answer, repository, &path);
        asked.push(path);
        next = names.add(&page, link)?;
    }
    Ok((names.into_names().collect(), asked))
}
