//! A request as far as its last answer: redirects are followed, and what passes is waited for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::Method;

use super::clock::Clock;
use super::echo::Echoes;
use super::error::{ErrorKind, explanation};
use super::observer::{Exchange, Observer, RequestEvent};
use super::retry::{Again, Attempts, Patience, is_transient, parse_retry_after};
use super::throttle::{Throttle, Verdict, is_too_much};
use super::transport::{Answer, Message, Transport, TransportError};
use super::url::{Astray, Url, UrlScheme, is_loopback, split_authority};
use crate::reference::Registry;

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 5;

/// What sends requests, patiently.
pub(super) struct Exchanger {
    pub(super) transport: Transport,
    pub(super) throttle: Throttle,
    pub(super) patience: Patience,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) echoes: Arc<Echoes>,
    /// Registries that are reached without encryption, although they are on other machines.
    pub(super) insecure: BTreeSet<Registry>,
}

/// What came of a request.
pub(super) struct Followed {
    pub(super) outcome: Result<Answer, TransportError>,
    /// Who was asked last: another than at first when that one sent us there.
    pub(super) at: Url,
    /// Who sent us there, if someone did.
    sent_by: Option<String>,
    /// What becomes of the request if it was too much for that host.
    verdict: Option<Verdict>,
}

impl Exchanger {
    /// Whether secrets may go to a host without encryption.
    pub(super) fn may_be_plain(&self, host: &str) -> bool {
        is_loopback(host) || self.insecure.iter().any(|registry| split_authority(registry.as_str()).0 == host)
    }

    /// Sends a request and follows where the server sends us. `authorization` goes to no other origin.
    pub(super) fn follow(&self, url: &Url, message: &Message<'_>, authorization: Option<&str>) -> Followed {
        let mut at = url.clone();
        let mut verdict = None;
        let outcome = self.reach(&mut at, &mut verdict, message, authorization);
        let sent_by = (!at.has_same_origin(url)).then(|| url.authority.clone());
        Followed { outcome, at, sent_by, verdict }
    }

    /// The same; `at` is who is asked last, and `verdict` what becomes of it if that was too much.
    fn reach(
        &self,
        at: &mut Url,
        verdict: &mut Option<Verdict>,
        message: &Message<'_>,
        authorization: Option<&str>,
    ) -> Result<Answer, TransportError> {
        let mut message = message.clone();
        if let Some(authorization) = authorization {
            message.headers.push(("authorization", authorization.to_owned()));
        }
        for _ in 0..=MAX_REDIRECTS {
            if at.scheme == UrlScheme::Http && !self.may_be_plain(at.host()) {
                return Err(TransportError::Plain(at.authority.clone()));
            }
            let turn = self.throttle.enter(&at.authority);
            let mut answer = self.transport.send(at, &message)?;
            self.echoes.hide(&mut answer, &message);
            if is_too_much(answer.status) {
                *verdict = Some(turn.refused(self.rest_asked_by(&answer)));
            } else {
                turn.taken();
            }
            let target = match answer.status {
                301 | 302 | 303 | 307 | 308 => answer.header("location"),
                _ => None,
            };
            let Some(target) = target else { return Ok(answer) };
            if answer.leads_to_credentials {
                let problem = "it redirects to an address with the credentials in it".to_owned();
                return Err(TransportError::Redirect(problem));
            }
            let next = at.follow(&target).map_err(|astray| {
                TransportError::Redirect(match astray {
                    Astray::Nowhere => "it redirects without an address".to_owned(),
                    Astray::Unencrypted(host) => format!("it redirects to {host}, without encryption"),
                })
            })?;
            let is_read = matches!(message.method, Method::GET | Method::HEAD);
            if !next.has_same_origin(at) {
                if !is_read {
                    let problem = format!("it redirects a write to {}", next.authority);
                    return Err(TransportError::Redirect(problem));
                }
                message.headers.retain(|(name, _)| *name != "authorization");
            } else if !is_read && !matches!(answer.status, 307 | 308) {
                let problem = format!("it redirects a write with status {}", answer.status);
                return Err(TransportError::Redirect(problem));
            }
            *at = next;
        }
        Err(TransportError::Redirect(format!("it redirects more than {MAX_REDIRECTS} times")))
    }

    /// How long a server wants us to wait, if it says so.
    fn rest_asked_by(&self, answer: &Answer) -> Option<Duration> {
        parse_retry_after(&answer.header("retry-after")?, self.clock.unix_seconds())
    }

    /// Sends a request until the answer is one that stays. An answer of any such status is not an error.
    pub(super) fn patiently(
        &self,
        url: &Url,
        message: &Message<'_>,
        authorization: Option<&str>,
    ) -> Result<Answer, ErrorKind> {
        let mut attempts = Attempts::new(self.patience, self.clock.clone());
        loop {
            let followed = self.follow(url, message, authorization);
            match self.judge(followed, message, &mut attempts)? {
                Some(answer) => return Ok(answer),
                None => continue,
            }
        }
    }

    /// The answer, if it is one that stays; none after a pause, when the request is to be sent again.
    pub(super) fn judge(
        &self,
        followed: Followed,
        message: &Message<'_>,
        attempts: &mut Attempts,
    ) -> Result<Option<Answer>, ErrorKind> {
        let Followed { outcome, at, sent_by, verdict } = followed;
        match outcome {
            Ok(answer) if is_transient(answer.status) => {
                let asked = self.rest_asked_by(&answer);
                let why = format!("status {}", answer.status);
                let again = Again::Failed(asked);
                let goes_on = match verdict {
                    // Another request makes the pause.
                    Some(Verdict::Wait) => true,
                    Some(Verdict::Rest(rest)) => self.pause_for(&at, message, attempts, again, &why, rest),
                    Some(Verdict::GiveUp) => false,
                    None => self.pause(&at, message, attempts, again, &why),
                };
                if goes_on {
                    return Ok(None);
                }
                let errors = explanation(&answer.content_type(), &answer.body);
                let attempts = attempts.count();
                Err(match answer.status {
                    429 => ErrorKind::RateLimited { retry_after: asked, attempts, errors },
                    status => ErrorKind::Server { status, attempts, errors },
                })
            }
            Ok(answer) => Ok(Some(answer)),
            Err(TransportError::TooLarge(limit)) => Err(ErrorKind::TooLarge { limit }),
            Err(problem) => {
                let again = Again::Failed(None);
                // Each attempt at a slow answer costs its whole time.
                let is_slow = matches!(problem, TransportError::Slow { .. });
                let goes_on = problem.is_transient() && !(is_slow && self.throttle.was_slow(&at.authority));
                if goes_on && self.pause(&at, message, attempts, again, &problem.to_string()) {
                    return Ok(None);
                }
                let attempts = attempts.count();
                Err(ErrorKind::Transport { problem, host: at.authority, sent_by, attempts })
            }
        }
    }

    /// Waits for the next attempt, if there is to be one.
    pub(super) fn pause(
        &self,
        url: &Url,
        message: &Message<'_>,
        attempts: &mut Attempts,
        again: Again,
        why: &str,
    ) -> bool {
        self.pause_for(url, message, attempts, again, why, Duration::ZERO)
    }

    /// The same, and the pause is at least this long.
    fn pause_for(
        &self,
        url: &Url,
        message: &Message<'_>,
        attempts: &mut Attempts,
        again: Again,
        why: &str,
        least: Duration,
    ) -> bool {
        let Some(pause) = attempts.next(again).map(|pause| pause.max(least)) else { return false };
        let request = Exchange { method: message.method.as_str(), host: &url.authority, path: url.path() };
        self.observer.observe(&RequestEvent::Waiting { request, pause, why });
        if pause > Duration::ZERO {
            self.clock.sleep(pause);
        }
        true
    }
}
