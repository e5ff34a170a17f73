//! Tokens: what a registry wants to see before it lets us in, got from its token server and kept until they expire
//! (<https://distribution.github.io/distribution/spec/auth/token/>).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use ureq::http::Method;

use super::challenge::{Bearer, Challenge};
use super::credentials::{Credentials, Found, Login};
use super::error::{ErrorKind, Reason, Refusal, explanation};
use super::exchange::Exchanger;
use super::transport::{Answer, Message, Payload, Wanted};
use super::url::{Astray, Url, encode};
use crate::parallel::lock;
use crate::reference::Repository;

/// The most bytes of an answer with a token.
const MAX_TOKEN: u64 = 1024 * 1024;
/// How long a token holds whose server does not say.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(60);

/// What may be done with what: actions (`pull`, `push`) by resource (`repository:acme/app`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scopes(BTreeMap<String, BTreeSet<String>>);

impl Scopes {
    pub(super) fn pull(repository: &Repository) -> Self {
        Self::parse(&format!("repository:{}:pull", repository.path()))
    }

    pub(super) fn push(repository: &Repository) -> Self {
        Self::parse(&format!("repository:{}:pull,push", repository.path()))
    }

    /// From the text in a challenge: scopes with spaces between them.
    pub(super) fn parse(text: &str) -> Self {
        let scopes = text.split_ascii_whitespace().filter_map(|scope| scope.rsplit_once(':'));
        let mut all = Self::default();
        for (resource, actions) in scopes {
            let actions = actions.split(',').filter(|action| !action.is_empty()).map(str::to_owned);
            all.0.entry(resource.to_owned()).or_default().extend(actions);
        }
        all
    }

    pub(super) fn union(mut self, other: &Self) -> Self {
        for (resource, actions) in &other.0 {
            self.0.entry(resource.clone()).or_default().extend(actions.iter().cloned());
        }
        self
    }

    fn covers(&self, other: &Self) -> bool {
        other
            .0
            .iter()
            .all(|(resource, actions)| self.0.get(resource).is_some_and(|own| own.is_superset(actions)))
    }

    fn each(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(resource, actions)| {
            let actions: Vec<_> = actions.iter().map(String::as_str).collect();
            format!("{resource}:{}", actions.join(","))
        })
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.each().collect::<Vec<_>>().join(" "))
    }
}

/// What a request needs to be let in.
#[derive(Clone, Debug)]
pub(super) struct Needs<'a> {
    pub(super) repository: &'a Repository,
    /// The registry's address, whatever the path.
    pub(super) registry: &'a Url,
    pub(super) scopes: Scopes,
}

/// What is sent in the header `Authorization`.
#[derive(Clone)]
pub(super) struct Authorization {
    pub(super) header: String,
    /// Whether it was got just now: then asking again is of no use.
    pub(super) is_fresh: bool,
}

#[derive(Clone)]
struct Token {
    text: String,
    /// As the clock has it.
    expires: Duration,
}

/// A token for some scopes, or the place for it. Whoever holds the lock gets it; others wait for it.
struct Slot {
    bearer: (String, String),
    login: String,
    scopes: Scopes,
    token: Mutex<Option<Token>>,
}

/// What makes requests welcome.
pub(super) struct Authenticator {
    exchanger: Arc<Exchanger>,
    credentials: Credentials,
    /// Registries that accepted a password.
    accepted: Mutex<BTreeSet<String>>,
    /// What each registry wants, once it said so.
    challenges: Mutex<BTreeMap<String, Challenge>>,
    slots: Mutex<Vec<Arc<Slot>>>,
}

impl Authenticator {
    pub(super) fn new(exchanger: Arc<Exchanger>, credentials: Credentials) -> Self {
        let (accepted, challenges, slots) = Default::default();
        Self { exchanger, credentials, accepted, challenges, slots }
    }

    /// Takes note of what a registry wants.
    pub(super) fn learn(&self, registry: &Url, challenge: Challenge) {
        lock(&self.challenges).insert(registry.authority.clone(), challenge);
    }

    /// What to send; none when the registry has not asked for anything.
    pub(super) fn authorization(&self, needs: &Needs<'_>) -> Result<Option<Authorization>, ErrorKind> {
        let challenge = lock(&self.challenges).get(&needs.registry.authority).cloned();
        let Some(challenge) = challenge else { return Ok(None) };
        let found = self.credentials.find(needs.repository);
        let refuse = || self.refused(needs, &found, &needs.registry.authority, None, Vec::new());
        let fresh = |header| Ok(Some(Authorization { header, is_fresh: true }));
        match (&challenge, &found.login) {
            (_, Login::RegistryToken(token)) => fresh(format!("Bearer {token}")),
            (Challenge::Basic, Login::Password { user, password }) => fresh(basic(user, password)),
            (Challenge::Basic, Login::IdentityToken(token)) => fresh(basic("", token)),
            (Challenge::Basic, Login::Anonymous) => Err(refuse()),
            (Challenge::Bearer(bearer), _) => self.token(bearer, needs, &found).map(Some),
        }
    }

    /// Takes note that a registry accepted a password.
    pub(super) fn accepted(&self, registry: &Url, used: &Authorization) {
        if used.header.starts_with("Basic ") {
            lock(&self.accepted).insert(registry.authority.clone());
        }
    }

    /// Takes note that a registry does not accept this any more.
    pub(super) fn forget(&self, used: &Authorization) {
        for slot in lock(&self.slots).iter() {
            let mut token = lock(&slot.token);
            if token.as_ref().is_some_and(|token| format!("Bearer {}", token.text) == used.header) {
                *token = None;
            }
        }
    }

    /// Why a registry does not let us in, although it was sent what it wanted.
    pub(super) fn refusal(
        &self,
        needs: &Needs<'_>,
        used: Option<&Authorization>,
        answer: &Answer,
    ) -> ErrorKind {
        let found = self.credentials.find(needs.repository);
        let errors = explanation(&answer.content_type(), &answer.body);
        let token = used.and_then(|used| used.header.strip_prefix("Bearer "));
        self.refused(needs, &found, &answer.url.authority, token, errors)
    }

    /// The credentials for a repository, as messages name them.
    pub(super) fn name(&self, repository: &Repository) -> (String, bool) {
        let found = self.credentials.find(repository);
        (found.name, found.login == Login::Anonymous)
    }

    fn refused(
        &self,
        needs: &Needs<'_>,
        found: &Found,
        host: &str,
        token: Option<&str>,
        errors: Vec<super::ErrorEntry>,
    ) -> ErrorKind {
        let reason = match (&found.login, &found.problem, token) {
            (Login::Anonymous, Some(problem), _) => Reason::Unreadable(problem.clone()),
            (Login::Anonymous, None, _) => Reason::NoCredentials,
            (_, _, Some(token)) => match granted(token) {
                Some(granted) if Scopes::parse(&granted).covers(&needs.scopes) => Reason::DistrustedToken,
                granted => Reason::MissingScope(granted),
            },
            (_, _, None) if lock(&self.accepted).contains(&needs.registry.authority) => Reason::ReadOnly,
            (_, _, None) => Reason::WrongCredentials,
        };
        let with_scope = token.is_some() || matches!(reason, Reason::NoCredentials);
        ErrorKind::Unauthorized(Box::new(Refusal {
            reason,
            credentials: found.name.clone(),
            scope: if with_scope { needs.scopes.to_string() } else { String::new() },
            host: host.to_owned(),
            registry: needs.repository.registry().to_string(),
            errors,
        }))
    }

    fn token(&self, bearer: &Bearer, needs: &Needs<'_>, found: &Found) -> Result<Authorization, ErrorKind> {
        let slot = self.slot(bearer, needs, found);
        let mut token = lock(&slot.token);
        let now = self.exchanger.clock.elapsed();
        let authorization =
            |token: &Token, is_fresh| Authorization { header: format!("Bearer {}", token.text), is_fresh };
        if let Some(token) = token.as_ref().filter(|token| token.expires > now) {
            return Ok(authorization(token, false));
        }
        let got = self.fetch(bearer, needs, found)?;
        let authorization = authorization(&got, true);
        *token = Some(got);
        Ok(authorization)
    }

    /// The slot of these scopes, or one with a token that allows more.
    fn slot(&self, bearer: &Bearer, needs: &Needs<'_>, found: &Found) -> Arc<Slot> {
        let now = self.exchanger.clock.elapsed();
        let server = (bearer.realm.clone(), bearer.service.clone());
        let mut slots = lock(&self.slots);
        let same = |slot: &&Arc<Slot>| slot.bearer == server && slot.login == found.name;
        let wider = slots.iter().filter(same).find(|slot| {
            let is_wider = slot.scopes != needs.scopes && slot.scopes.covers(&needs.scopes);
            // Who fetches it holds the lock, and nobody waits for that here.
            let holds = || slot.token.try_lock().ok()?.as_ref().map(|token| token.expires > now);
            is_wider && holds() == Some(true)
        });
        if let Some(slot) =
            wider.or_else(|| slots.iter().filter(same).find(|slot| slot.scopes == needs.scopes))
        {
            return slot.clone();
        }
        let (scopes, login) = (needs.scopes.clone(), found.name.clone());
        let slot = Arc::new(Slot { bearer: server, login, scopes, token: Mutex::default() });
        slots.push(slot.clone());
        slot
    }

    fn fetch(&self, bearer: &Bearer, needs: &Needs<'_>, found: &Found) -> Result<Token, ErrorKind> {
        let realm = needs.registry.follow(&bearer.realm).map_err(|astray| {
            ErrorKind::Invalid(match astray {
                Astray::Nowhere => {
                    format!("the registry does not give the address of its token server: {:?}", bearer.realm)
                }
                Astray::Unencrypted(host) => format!("it asks for a login at {host}, without encryption"),
            })
        })?;
        let answer = match &found.login {
            Login::IdentityToken(token) => {
                let answer = self.post(&realm, bearer, &needs.scopes, token)?;
                // Registries that have only the older way say so in these ways (containerd,
                // remotes/docker/authorizer.go).
                if matches!(answer.status, 401 | 404 | 405) {
                    self.get(&realm, bearer, &needs.scopes, Some(&basic("", token)))?
                } else {
                    answer
                }
            }
            Login::Password { user, password } => {
                self.get(&realm, bearer, &needs.scopes, Some(&basic(user, password)))?
            }
            Login::Anonymous | Login::RegistryToken(_) => self.get(&realm, bearer, &needs.scopes, None)?,
        };
        if answer.is_success() {
            return self.read(&realm, &answer);
        }
        let errors = explanation(&answer.content_type(), &answer.body);
        Err(match answer.status {
            400 | 401 | 403 => self.refused(needs, found, &realm.authority, None, errors),
            status => ErrorKind::Rejected { status, errors },
        })
    }

    fn get(
        &self,
        realm: &Url,
        bearer: &Bearer,
        scopes: &Scopes,
        authorization: Option<&str>,
    ) -> Result<Answer, ErrorKind> {
        let mut url = realm.clone();
        let service = Some(("service", bearer.service.clone())).filter(|(_, service)| !service.is_empty());
        for (name, value) in service.into_iter().chain(scopes.each().map(|scope| ("scope", scope))) {
            url.path_and_query.push(if url.path_and_query.contains('?') { '&' } else { '?' });
            let _ = write!(url.path_and_query, "{name}={}", encode(&value));
        }
        let message = Message { wanted: Wanted::AtMost(MAX_TOKEN), ..Message::new(Method::GET) };
        self.exchanger.patiently(&url, &message, authorization)
    }

    /// The way of OAuth 2 (<https://distribution.github.io/distribution/spec/auth/oauth/>).
    fn post(&self, realm: &Url, bearer: &Bearer, scopes: &Scopes, token: &str) -> Result<Answer, ErrorKind> {
        let form = [
            ("grant_type", "refresh_token"),
            ("service", &bearer.service),
            ("client_id", "bakeplan"),
            ("scope", &scopes.to_string()),
            ("refresh_token", token),
        ];
        let form = form.map(|(name, value)| format!("{name}={}", encode(value))).join("&");
        let mut message = Message { wanted: Wanted::AtMost(MAX_TOKEN), ..Message::new(Method::POST) };
        message.headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
        message.payload = Payload::Bytes(form.as_bytes());
        self.exchanger.patiently(realm, &message, None)
    }

    fn read(&self, realm: &Url, answer: &Answer) -> Result<Token, ErrorKind> {
        #[derive(Deserialize)]
        struct Got {
            token: Option<String>,
            access_token: Option<String>,
            expires_in: Option<f64>,
        }
        let invalid = || ErrorKind::Invalid(format!("{} does not return a token", realm.authority));
        let got: Got = serde_json::from_slice(&answer.body).map_err(|_| invalid())?;
        let texts = [got.token, got.access_token].into_iter().flatten();
        let text = texts.into_iter().find(|text| !text.is_empty()).ok_or_else(invalid)?;
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid());
        }
        let lifetime = got.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let lifetime = lifetime.filter(|lifetime| !lifetime.is_zero()).unwrap_or(DEFAULT_LIFETIME);
        // A request takes its time, and clocks differ.
        let margin = (lifetime / 5).min(Duration::from_secs(10));
        let expires = self.exchanger.clock.elapsed().saturating_add(lifetime - margin);
        Ok(Token { text, expires })
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// The scopes that a token tells, if it is a JSON web token that does.
fn granted(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        access: Option<Vec<Access>>,
    }
    #[derive(Deserialize)]
    struct Access {
        #[serde(rename = "type")]
        kind: String,
        name: String,
        #[serde(default)]
        actions: Option<Vec<String>>,
    }
    let payload = token.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let access = claims.access?.into_iter();
    let scopes = access.map(|access| {
        format!("{}:{}:{}", access.kind, access.name, access.actions.unwrap_or_default().join(","))
    });
    Some(super::error::clip(&scopes.collect::<Vec<_>>().join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_sets() {
        let scopes = |text: &str| Scopes::parse(text);
        for (text, expected) in [
            ("repository:a/b:push,pull", "repository:a/b:pull,push"),
            (
                "repository:b:pull repository:a:pull  repository:b:push",
                "repository:a:pull repository:b:pull,push",
            ),
            ("repository:host:5000/a:pull", "repository:host:5000/a:pull"),
            ("registry:catalog:*", "registry:catalog:*"),
            ("nonsense", ""),
            ("", ""),
        ] {
            assert_eq!(scopes(text).to_string(), expected, "{text}");
        }
        let both = scopes("repository:a:pull,push");
        assert!(both.covers(&scopes("repository:a:pull")));
        assert!(!both.covers(&scopes("repository:b:pull")));
        assert!(!scopes("repository:a:pull").covers(&both));
        assert_eq!(scopes("repository:a:pull").union(&scopes("repository:a:push")), both);
    }

    #[test]
    fn a_token_tells_what_it_grants() {
        let token = |claims: &str| format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims));
        let access = r#"{"access":[{"type":"repository","name":"a/b","actions":["pull"]}]}"#;
        for (token, expected) in [
            (token(access), Some("repository:a/b:pull")),
            (token(r#"{"access":[]}"#), Some("")),
            (token(r#"{"sub":"x"}"#), None),
            ("opaque".to_owned(), None),
            ("a.!.c".to_owned(), None),
        ] {
            assert_eq!(granted(&token).as_deref(), expected, "{token}");
        }
    }
}
