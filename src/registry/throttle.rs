//! Limits the requests to a host to what it bears: when it asks for less, fewer requests go to it at once, and none before it has rested.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::Clock;
use super::retry::{Again, Attempts, Patience};

use crate::parallel::lock;

/// Whether a status says that there are too many requests
/// (nginx has 503 for it, <https://nginx.org/en/docs/http/ngx_http_limit_req_module.html#limit_req_status>).
pub(super) fn is_too_much(status: u16) -> bool {
    matches!(status, 429 | 503)
}

/// How many requests go to a host at once, unless it asks for less: as many as connections to it are kept.
pub(super) const AT_ONCE: usize = 16;

/// After how many answers a host that asked for less gets one request more at once.
const GROWTH: usize = 20;

/// The hosts, and what they bear.
pub(super) struct Throttle {
    patience: Patience,
    clock: Arc<dyn Clock>,
    hosts: Mutex<BTreeMap<String, Host>>,
    left: Condvar,
}

/// What is known of a host.
#[derive(Default)]
struct Host {
    /// How many requests are under way.
    under_way: usize,
    /// How many may be; none while it never asked for less.
    most: Option<usize>,
    /// How many requests it took since it asked for less, or was given more.
    taken: usize,
    /// Its refusals since it took something.
    refusals: Option<Attempts>,
    /// How often it was given a rest.
    rests: u64,
    /// When the last rest ends, as the clock has it.
    rests_until: Duration,
    /// Whether an answer came too slowly since it took something.
    is_slow: bool,
}

/// The leave to send a request to a host, until it is dropped.
pub(super) struct Turn<'a> {
    throttle: &'a Throttle,
    host: String,
    /// How often the host was given a rest before.
    rests: u64,
}

/// What becomes of a request that a host refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is sent again after a rest, which is this long and begins now.
    Rest(Duration),
    /// It is sent again when the rest is over that another request began.
    Wait,
    /// The host was asked often enough.
    GiveUp,
}

impl Throttle {
    pub(super) fn new(patience: Patience, clock: Arc<dyn Clock>) -> Self {
        Self { patience, clock, hosts: Mutex::default(), left: Condvar::new() }
    }

    /// Waits until a request may be sent to a host.
    pub(super) fn enter(&self, host: &str) -> Turn<'_> {
        let mut hosts = self.lock();
        loop {
            let own = hosts.entry(host.to_owned()).or_default();
            let rest = own.rests_until.saturating_sub(self.clock.elapsed());
            if !rest.is_zero() {
                drop(hosts);
                self.clock.sleep(rest);
                hosts = self.lock();
            } else if own.under_way >= own.most.unwrap_or(AT_ONCE) {
                hosts = self.left.wait(hosts).unwrap_or_else(PoisonError::into_inner);
            } else {
                own.under_way += 1;
                return Turn { throttle: self, host: host.to_owned(), rests: own.rests };
            }
        }
    }

    /// Takes note that an answer came too slowly; whether one did before.
    pub(super) fn was_slow(&self, host: &str) -> bool {
        let mut hosts = self.lock();
        std::mem::replace(&mut hosts.entry(host.to_owned()).or_default().is_slow, true)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Host>> {
        lock(&self.hosts)
    }
}

impl Turn<'_> {
    /// Takes note that the host did what it was asked.
    pub(super) fn taken(self) {
        if let Some(host) = self.throttle.lock().get_mut(&self.host) {
            host.refusals = None;
            host.is_slow = false;
            host.taken += 1;
            if host.taken >= GROWTH {
                host.taken = 0;
                host.most = host.most.map(|most| (most + 1).min(AT_ONCE));
            }
        }
    }

    /// Takes note that the host wants fewer requests, and perhaps said how long to wait.
    pub(super) fn refused(self, asked: Option<Duration>) -> Verdict {
        let Throttle { patience, clock, .. } = self.throttle;
        let mut hosts = self.throttle.lock();
        let Some(host) = hosts.get_mut(&self.host) else { return Verdict::GiveUp };
        // What was sent before the host was given a rest was too much for the same reason.
        if host.rests != self.rests {
            return Verdict::Wait;
        }
        let refusals = host.refusals.get_or_insert_with(|| Attempts::new(*patience, clock.clone()));
        let Some(rest) = refusals.next(Again::Failed(asked)) else { return Verdict::GiveUp };
        host.rests += 1;
        host.taken = 0;
        host.rests_until = clock.elapsed().saturating_add(rest);
        host.most = Some((host.under_way / 2).max(1));
        Verdict::Rest(rest)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(host) = self.throttle.lock().get_mut(&self.host) {
            host.under_way = host.under_way.saturating_sub(1);
        }
        self.throttle.left.notify_all();
    }
}
