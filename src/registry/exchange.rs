//! A request as far as its last answer: redirects are followed, and what passes is waited for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::Method;

use super::clock::Clock;
use super::error::{ErrorKind, explanation};
use super::observer::{Exchange, Observer, RequestEvent};
use super::retry::{Again, Attempts, Patience, is_transient, parse_retry_after};
use super::transport::{Answer, Message, Transport, TransportError};
use super::url::{Url, UrlScheme, is_loopback, split_authority};
use crate::reference::Registry;

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 5;

/// What sends requests, patiently.
pub(super) struct Exchanger {
    pub(super) transport: Transport,
    pub(super) patience: Patience,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Arc<dyn Observer>,
    /// Registries that are reached without encryption, although they are on other machines.
    pub(super) insecure: BTreeSet<Registry>,
}

impl Exchanger {
    /// Whether secrets may go to a host without encryption.
    pub(super) fn may_be_plain(&self, host: &str) -> bool {
        is_loopback(host) || self.insecure.iter().any(|registry| split_authority(registry.as_str()).0 == host)
    }

    /// Sends a request and follows where the server sends us. `authorization` goes to no other origin.
    pub(super) fn follow(
        &self,
        url: &Url,
        message: &Message<'_>,
        authorization: Option<&str>,
    ) -> Result<Answer, TransportError> {
        let mut at = url.clone();
        let mut message = message.clone();
        if let Some(authorization) = authorization {
            message.headers.push(("authorization", authorization.to_owned()));
        }
        for _ in 0..=MAX_REDIRECTS {
            if at.scheme == UrlScheme::Http && !self.may_be_plain(at.host()) {
                return Err(TransportError::Plain(at.authority));
            }
            let answer = self.transport.send(&at, &message)?;
            let target = match answer.status {
                301 | 302 | 303 | 307 | 308 => answer.header("location"),
                _ => None,
            };
            let Some(target) = target else { return Ok(answer) };
            let next = at.join(&target);
            let next =
                next.ok_or_else(|| TransportError::Redirect("it redirects to no address".to_owned()))?;
            let is_read = matches!(message.method, Method::GET | Method::HEAD);
            if !next.has_same_origin(&at) {
                if !is_read {
                    let problem = format!("it redirects what is to be written to {}", next.authority);
                    return Err(TransportError::Redirect(problem));
                }
                message.headers.retain(|(name, _)| *name != "authorization");
            } else if !is_read && !matches!(answer.status, 307 | 308) {
                let problem = format!("it redirects what is to be written with status {}", answer.status);
                return Err(TransportError::Redirect(problem));
            }
            at = next;
        }
        Err(TransportError::Redirect(format!("it redirects more than {MAX_REDIRECTS} times")))
    }

    /// Sends a request until the answer is one that stays. An answer of any such status is no error.
    pub(super) fn patiently(
        &self,
        url: &Url,
        message: &Message<'_>,
        authorization: Option<&str>,
    ) -> Result<Answer, ErrorKind> {
        let mut attempts = Attempts::new(self.patience, self.clock.as_ref());
        loop {
            let outcome = self.follow(url, message, authorization);
            match self.judge(outcome, url, message, &mut attempts)? {
                Some(answer) => return Ok(answer),
                None => continue,
            }
        }
    }

    /// The answer, if it is one that stays; none after a pause, when the request is to be sent again.
    pub(super) fn judge(
        &self,
        outcome: Result<Answer, TransportError>,
        url: &Url,
        message: &Message<'_>,
        attempts: &mut Attempts<'_>,
    ) -> Result<Option<Answer>, ErrorKind> {
        match outcome {
            Ok(answer) if is_transient(answer.status) => {
                let asked = answer.header("retry-after");
                let asked = asked.and_then(|value| parse_retry_after(&value, self.clock.unix_seconds()));
                let why = format!("status {}", answer.status);
                if self.pause(url, message, attempts, Again::Failed(asked), &why) {
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
                if problem.is_transient() && self.pause(url, message, attempts, again, &problem.to_string()) {
                    return Ok(None);
                }
                let attempts = attempts.count();
                Err(ErrorKind::Transport { problem, host: url.authority.clone(), attempts })
            }
        }
    }

    /// Waits for the next attempt, if there is to be one.
    pub(super) fn pause(
        &self,
        url: &Url,
        message: &Message<'_>,
        attempts: &mut Attempts<'_>,
        again: Again,
        why: &str,
    ) -> bool {
        let Some(pause) = attempts.next(again) else { return false };
        let request = Exchange { method: message.method.as_str(), host: &url.authority, path: url.path() };
        self.observer.observe(&RequestEvent::Waiting { request, pause, why });
        if pause > Duration::ZERO {
            self.clock.sleep(pause);
        }
        true
    }
}
