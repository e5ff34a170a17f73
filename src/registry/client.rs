//! What all requests to registries have in common: address, login, patience, and what the status of an answer means.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ureq::http::Method;

use super::auth::{Authenticator, Needs, Scopes};
use super::challenge;
use super::clock::{Clock, SystemClock};
use super::credentials::Credentials;
use super::echo::Echoes;
use super::error::{Error, ErrorEntry, ErrorKind, Operation, entries_of, explanation};
use super::exchange::Exchanger;
use super::greeting;
use super::observer::{Exchange, Observer, RequestEvent, Silent};
use super::proxy::Proxies;
use super::retry::{Again, Attempts, Patience};
use super::throttle::Throttle;
use super::transport::{Answer, LONG, Message, Payload, Timeouts, Transport, TransportError};
use super::url::{Url, UrlScheme, is_loopback, split_authority};
use crate::parallel::lock;
use crate::reference::{Registry, Repository};

/// Where Docker Hub's distribution API is.
const DOCKER_HUB: &str = "registry-1.docker.io";

/// How registries are reached.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The environment, for proxies, for the files with credentials and for credential helpers.
    pub environment: BTreeMap<String, String>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// Registries that are reached without encryption, besides those on this machine.
    pub insecure: BTreeSet<Registry>,
    /// Files with certificates of authorities that are trusted besides the system's, in PEM form.
    pub ca_files: Vec<PathBuf>,
    /// How long to wait for a server.
    pub timeouts: Timeouts,
    /// How much is endured for one request.
    pub patience: Patience,
    /// What takes note of credentials, for whoever prints what registries serve.
    pub echoes: Arc<Echoes>,
}

/// What speaks to registries. It can be cloned; clones share connections and tokens.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

struct Shared {
    exchanger: Arc<Exchanger>,
    authenticator: Authenticator,
    /// How registries turned out to be spoken to that may go without encryption.
    schemes: Mutex<BTreeMap<Registry, UrlScheme>>,
    /// What was written, and when: repository and digest or tag.
    written: Mutex<BTreeMap<(String, String), Duration>>,
}

/// One request to a repository.
pub(super) struct Call<'a> {
    pub(super) operation: Operation,
    pub(super) repository: &'a Repository,
    /// What it is about, as messages name it.
    pub(super) subject: String,
    /// The path below `/v2/NAME/`.
    pub(super) path: String,
    /// Where it goes instead, when a registry said so: perhaps to another host, which gets no credentials.
    pub(super) at: Option<Url>,
    pub(super) message: Message<'a>,
    pub(super) scopes: Scopes,
    /// The tag or digest that is read: if we wrote it, a 404 may mean that it is not there yet.
    pub(super) reads: Option<String>,
}

/// How long something takes that comes in many answers.
pub(super) struct Slowness {
    began: Duration,
    /// When it was last said that it takes long.
    told: Duration,
    answers: usize,
    received: u64,
}

impl Client {
    /// A client with the clock of the machine, that nobody observes.
    ///
    /// # Errors
    /// As [`Client::observed`].
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        Self::observed(settings, Arc::new(SystemClock::default()), Arc::new(Silent))
    }

    /// A client with this clock, whose requests are reported to the observer.
    ///
    /// # Errors
    /// [`ErrorKind::Files`] when a file of certificates cannot be read, [`ErrorKind::Invalid`] when a variable such as
    /// `HTTPS_PROXY` names no proxy that can be used.
    pub fn observed(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        let Settings { environment, home, insecure, ca_files, timeouts, patience, echoes } = settings;
        let proxies = Proxies::from_environment(environment).map_err(|variable| {
            let problem = "it is not the address of an HTTP proxy, such as `http://proxy:3128`".to_owned();
            Error::new(Operation::Open, variable, ErrorKind::Invalid(problem))
        })?;
        let transport = Transport::new(*timeouts, proxies, ca_files, clock.clone(), observer.clone());
        let transport = transport.map_err(|(path, error)| {
            Error::new(Operation::Open, path.display().to_string(), ErrorKind::Files(error))
        })?;
        let exchanger = Arc::new(Exchanger {
            transport,
            throttle: Throttle::new(*patience, clock.clone()),
            patience: *patience,
            clock,
            observer,
            echoes: echoes.clone(),
            insecure: insecure.clone(),
        });
        let credentials = Credentials::new(environment, home.as_deref(), timeouts.helper);
        exchanger.echoes.know(credentials.written());
        let authenticator = Authenticator::new(exchanger.clone(), credentials);
        let (schemes, written) = Default::default();
        Ok(Self { shared: Arc::new(Shared { exchanger, authenticator, schemes, written }) })
    }

    /// Where a registry is.
    fn address(&self, registry: &Registry) -> Url {
        let shared = &self.shared;
        let host = split_authority(registry.as_str()).0;
        let is_plain = (is_loopback(host) || shared.exchanger.insecure.contains(registry))
            && lock(&shared.schemes).get(registry) != Some(&UrlScheme::Https);
        let authority = if registry.is_docker_hub() { DOCKER_HUB } else { registry.as_str() };
        Url::new(if is_plain { UrlScheme::Http } else { UrlScheme::Https }, authority, "/v2/")
    }

    /// Takes note that we wrote something.
    pub(super) fn wrote(&self, repository: &Repository, what: &str) {
        let now = self.shared.exchanger.clock.elapsed();
        lock(&self.shared.written).insert((repository.to_string(), what.to_owned()), now);
    }

    /// When we wrote something.
    fn written(&self, repository: &Repository, what: &str) -> Option<Duration> {
        lock(&self.shared.written).get(&(repository.to_string(), what.to_owned())).copied()
    }

    /// Sends a request until the answer is one that stays; any status from 200 to 499 is one, but for 401, 403, 408 and
    /// 429.
    pub(super) fn call(&self, call: &Call<'_>) -> Result<Answer, Error> {
        self.try_call(call).map_err(|kind| Error::new(call.operation, call.subject.clone(), kind))
    }

    fn try_call(&self, call: &Call<'_>) -> Result<Answer, ErrorKind> {
        let Shared { exchanger, authenticator, .. } = &*self.shared;
        // What is sent as it is read is for the caller to begin anew: its first half may have arrived.
        let patience = match call.message.payload {
            Payload::Stream(..) => Patience { attempts: 1, ..exchanger.patience },
            Payload::None | Payload::Bytes(_) => exchanger.patience,
        };
        let mut attempts = Attempts::new(patience, exchanger.clock.clone());
        let mut asked = Scopes::default();
        let mut refused = None;
        loop {
            let registry = self.address(call.repository.registry());
            let own = || Url {
                path_and_query: format!("/v2/{}/{}", call.repository.path(), call.path),
                ..registry.clone()
            };
            let url = call.at.clone().unwrap_or_else(own);
            let scopes = call.scopes.clone().union(&asked);
            let needs = Needs { repository: call.repository, registry: &registry, scopes };
            let authorization = authenticator.authorization(&needs)?;
            let header = authorization.as_ref().map(|authorization| authorization.header.as_str());
            let header = header.filter(|_| url.has_same_origin(&registry));
            let followed = exchanger.follow(&url, &call.message, header);
            let registry_name = call.repository.registry();
            if url.scheme == UrlScheme::Http
                && url.has_same_origin(&registry)
                && self.wants_tls(registry_name, &url, &followed.outcome)
            {
                continue;
            }
            let Some(answer) = exchanger.judge(followed, &call.message, &mut attempts)? else {
                continue;
            };
            let is_own = answer.url.has_same_origin(&registry);
            if answer.status == 401 && is_own {
                let headers = answer.headers.get_all("www-authenticate").iter();
                let challenge = challenge::parse(headers.filter_map(|value| value.to_str().ok()));
                let is_final = authorization.as_ref().is_some_and(|authorization| authorization.is_fresh);
                let Some(challenge) = challenge.filter(|_| !is_final) else {
                    return Err(authenticator.refusal(&needs, authorization.as_ref(), &answer));
                };
                if let challenge::Challenge::Bearer(bearer) = &challenge {
                    asked = asked.union(&Scopes::parse(&bearer.scope));
                }
                if let Some(used) = &authorization {
                    authenticator.forget(used);
                }
                authenticator.learn(&registry, challenge);
                continue;
            }
            if let Some((since, why)) = self.is_unsettled(call, &answer, &mut refused) {
                let again = Again::Unsettled(since);
                if exchanger.pause(&url, &call.message, &mut attempts, again, why) {
                    continue;
                }
            }
            // A place that the registry sends us to, on its own host, need not be the registry.
            let is_elsewhere =
                call.message.method == Method::HEAD && answer.url.path_and_query != url.path_and_query;
            if answer.status == 403 && is_own && !is_elsewhere {
                let (credentials, is_anonymous) = authenticator.name(call.repository);
                if is_anonymous {
                    return Err(authenticator.refusal(&needs, None, &answer));
                }
                let errors = explanation(&answer.content_type(), &answer.body);
                return Err(ErrorKind::Denied { credentials, scope: needs.scopes.to_string(), errors });
            }
            if let Some(used) = authorization.as_ref().filter(|_| answer.is_success()) {
                authenticator.accepted(&registry, used);
            }
            return Ok(answer);
        }
    }

    /// Whether a registry that was sent a request without encryption speaks TLS. That is found out once: meanwhile, other
    /// requests wait.
    fn wants_tls(&self, registry: &Registry, url: &Url, outcome: &Result<Answer, TransportError>) -> bool {
        use TransportError as E;
        let is_doubtful = match outcome {
            // Servers explain it in words of their own, and not to a HEAD.
            Ok(answer) => answer.status == 400 && answer.url.has_same_origin(url),
            Err(E::Lost(_) | E::Protocol(_) | E::Timeout(_)) => true,
            Err(_) => return false,
        };
        let mut known = lock(&self.shared.schemes);
        let scheme = match known.get(registry) {
            Some(scheme) => *scheme,
            None if is_doubtful => match greeting::speaks_tls(url) {
                Some(true) => UrlScheme::Https,
                Some(false) => UrlScheme::Http,
                None => return false,
            },
            None => UrlScheme::Http,
        };
        known.insert(registry.clone(), scheme);
        scheme == UrlScheme::Https
    }

    /// Since when the registry may not have caught up with what is there, and with what. `refused` is when it first
    /// refused a manifest.
    fn is_unsettled(
        &self,
        call: &Call<'_>,
        answer: &Answer,
        refused: &mut Option<Duration>,
    ) -> Option<(Duration, &'static str)> {
        if let Some(reads) = &call.reads {
            let written = self.written(call.repository, reads).filter(|_| answer.status == 404)?;
            return Some((written, "what was just written is not there yet"));
        }
        // Whoever writes a manifest has seen there what it names, perhaps in another place of the same registry.
        let is_unknown = match answer.status {
            400 => entries_of(&answer.body).is_some_and(|errors| errors.iter().any(is_blob_unknown)),
            status => status == 404,
        };
        if call.operation != Operation::PutManifest || !is_unknown {
            return None;
        }
        let since = *refused.get_or_insert_with(|| self.shared.exchanger.clock.elapsed());
        Some((since, "what the manifest names is not there yet"))
    }

    /// The attempts of something that takes several requests.
    pub(super) fn attempts(&self) -> Attempts {
        let Exchanger { patience, clock, .. } = &*self.shared.exchanger;
        Attempts::new(*patience, clock.clone())
    }

    /// The time that something takes which comes in many answers, from now on.
    pub(super) fn slowness(&self) -> Slowness {
        let now = self.elapsed();
        Slowness { began: now, told: now, answers: 0, received: 0 }
    }

    /// Takes note of one of many answers, of so many bytes, after which another one is asked for: says from time to time that
    /// they take long.
    ///
    /// # Errors
    /// When they take longer than one answer may.
    pub(super) fn bear(
        &self,
        slowness: &mut Slowness,
        call: &Call<'_>,
        received: usize,
    ) -> Result<(), ErrorKind> {
        let Exchanger { patience, observer, .. } = &*self.shared.exchanger;
        let now = self.elapsed();
        let took = now.saturating_sub(slowness.began);
        slowness.answers += 1;
        slowness.received = slowness.received.saturating_add(received as u64);
        let host = self.address(call.repository.registry()).authority;
        if took > patience.total {
            let problem = TransportError::Pages { pages: slowness.answers, took };
            return Err(ErrorKind::Transport { problem, host, sent_by: None, attempts: 1 });
        }
        if now.saturating_sub(slowness.told) >= LONG {
            slowness.told = now;
            let path = format!("/v2/{}/{}", call.repository.path(), call.path);
            let path = path.split('?').next().unwrap_or_default();
            let request = Exchange { method: call.message.method.as_str(), host: &host, path };
            observer.observe(&RequestEvent::Slow {
                request,
                received: slowness.received,
                expected: None,
                took,
            });
        }
        Ok(())
    }

    /// How long this program runs.
    pub(super) fn elapsed(&self) -> Duration {
        self.shared.exchanger.clock.elapsed()
    }

    /// Waits until something that failed may be tried again; false when it is time to give up.
    pub(super) fn pause(&self, call: &Call<'_>, attempts: &mut Attempts, why: &str) -> bool {
        let address = self.address(call.repository.registry());
        let path_and_query = format!("/v2/{}/{}", call.repository.path(), call.path);
        let url = Url { path_and_query, ..address };
        self.shared.exchanger.pause(&url, &call.message, attempts, Again::Failed(None), why)
    }

    /// Gives up what a failed mount began. Whether that goes well does not matter.
    pub(super) fn cancel_upload(&self, repository: &Repository, scopes: &Scopes, answer: &Answer) {
        let Shared { exchanger, authenticator, .. } = &*self.shared;
        let target = answer.header("location").and_then(|location| answer.url.join(&location));
        let Some(target) = target.filter(|target| target.has_same_origin(&answer.url)) else { return };
        let registry = self.address(repository.registry());
        let needs = Needs { repository, registry: &registry, scopes: scopes.clone() };
        if let Ok(authorization) = authenticator.authorization(&needs) {
            let header = authorization.as_ref().map(|authorization| authorization.header.as_str());
            let _ = exchanger.follow(&target, &Message::new(Method::DELETE), header);
        }
    }
}

/// What an answer with a bad status means, when the caller knows nothing better.
pub(super) fn refusal(answer: &Answer) -> ErrorKind {
    let entries = entries_of(&answer.body);
    let errors = || explanation(&answer.content_type(), &answer.body);
    let has_code = |code: &str| entries.iter().flatten().any(|entry| entry.code == code);
    match answer.status {
        404 => match entries {
            Some(entries) => ErrorKind::NotFound(entries),
            None => ErrorKind::ForeignNotFound { content_type: answer.content_type() },
        },
        status @ (405 | 501) => ErrorKind::Unsupported { status, errors: errors() },
        status if has_code("UNSUPPORTED") => ErrorKind::Unsupported { status, errors: errors() },
        status @ 400.. => ErrorKind::Rejected { status, errors: errors() },
        status => ErrorKind::Invalid(format!("{} answers with status {status}", answer.url.authority)),
    }
}

fn is_blob_unknown(entry: &ErrorEntry) -> bool {
    matches!(entry.code.as_str(), "MANIFEST_BLOB_UNKNOWN" | "BLOB_UNKNOWN" | "MANIFEST_UNKNOWN")
}
