//! Decides whether and when a request is sent again.

use std::sync::Arc;
use std::time::Duration;

use super::clock::Clock;

/// How much is endured for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How often a request is sent at most.
    pub attempts: u32,
    /// The first pause. Each later one is twice as long, until `longest`; chance takes off up to half.
    pub first: Duration,
    /// The longest pause that we choose ourselves.
    pub longest: Duration,
    /// How long a request may take with all its repetitions and pauses, those that a server asks for included; the last
    /// repetition begins before that.
    pub total: Duration,
    /// For how long after a write a 404 may mean that the registry has not caught up yet.
    pub settle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 6,
            first: Duration::from_millis(250),
            longest: Duration::from_secs(8),
            total: Duration::from_secs(120),
            settle: Duration::from_secs(20),
        }
    }
}

impl Patience {
    /// The pause after attempt `number`, from 1. `chance` is any number.
    fn pause(&self, number: u32, chance: u64) -> Duration {
        let doubled = self.first.saturating_mul(1 << (number.saturating_sub(1)).min(16));
        let half = doubled.min(self.longest) / 2;
        half + jitter(half, chance)
    }
}

/// A part of `most` that chance decides, so that clients who were refused together don't come back together.
fn jitter(most: Duration, chance: u64) -> Duration {
    let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(if nanos == 0 { 0 } else { chance % nanos })
}

/// Why a request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// It failed in a way that passes, and the server perhaps said how long to wait.
    Failed(Option<Duration>),
    /// What we wrote at this moment (as [`Clock::elapsed`] has it) is not there yet.
    Unsettled(Duration),
}

/// The attempts of one request.
pub(super) struct Attempts {
    patience: Patience,
    clock: Arc<dyn Clock>,
    /// When the first one began.
    began: Duration,
    failed: u32,
    unsettled: u32,
}

impl Attempts {
    pub(super) fn new(patience: Patience, clock: Arc<dyn Clock>) -> Self {
        let began = clock.elapsed();
        Self { patience, clock, began, failed: 0, unsettled: 0 }
    }

    /// Leaves out the time that it took to send or receive something long.
    pub(super) fn excuse(&mut self, took: Duration) {
        self.began = self.began.saturating_add(took);
    }

    /// How often the request was sent, given that it failed again.
    pub(super) fn count(&self) -> u32 {
        self.failed + self.unsettled + 1
    }

    /// How long to wait before the next attempt; none when it is time to give up.
    pub(super) fn next(&mut self, why: Again) -> Option<Duration> {
        let Patience { attempts, first, total, settle, .. } = self.patience;
        let chance = self.clock.random();
        let (failed, unsettled, pause) = match why {
            Again::Failed(_) if self.failed + 1 >= attempts => return None,
            Again::Failed(Some(asked)) => {
                (self.failed + 1, self.unsettled, asked.saturating_add(jitter(first, chance)))
            }
            Again::Failed(None) => {
                (self.failed + 1, self.unsettled, self.patience.pause(self.failed + 1, chance))
            }
            Again::Unsettled(written) => {
                let pause = self.patience.pause(self.unsettled + 1, chance);
                let since = self.clock.elapsed().saturating_sub(written);
                if since + pause > settle {
                    return None;
                }
                (self.failed, self.unsettled + 1, pause)
            }
        };
        if self.clock.elapsed().saturating_sub(self.began).saturating_add(pause) > total {
            return None;
        }
        (self.failed, self.unsettled) = (failed, unsettled);
        Some(pause)
    }
}

/// Whether a status may be another one next time. All our requests may be repeated.
pub(super) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// What `Retry-After` asks for, in seconds or as a date
/// (<https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>); none when it is neither.
pub(super) fn parse_retry_after(value: &str, now: i64) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX / 2)));
    }
    let moment = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    let seconds = moment.as_second().saturating_sub(now);
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// A clock that stands still unless someone sleeps; chance is always as it was made.
    struct Still(AtomicU64, u64);

    impl Clock for Still {
        fn elapsed(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::Relaxed))
        }
        fn unix_seconds(&self) -> i64 {
            0
        }
        fn sleep(&self, duration: Duration) {
            self.0.fetch_add(u64::try_from(duration.as_millis()).unwrap(), Ordering::Relaxed);
        }
        fn random(&self) -> u64 {
            self.1
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = 784_111_777;
        for (value, expected) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sat, 05 Nov 1994 08:49:37 GMT", Some(0)),
            ("99999999999999999999999999", Some(u64::MAX / 2)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(parse_retry_after(value, now).map(|pause| pause.as_secs()), expected, "{value:?}");
        }
    }

    #[test]
    fn pauses_grow_to_a_limit_and_depend_on_chance() {
        let patience = Patience::default();
        let range =
            |number| (patience.pause(number, 0).as_millis(), patience.pause(number, u64::MAX).as_millis());
        assert_eq!(range(1).0, 125);
        assert_eq!(range(3).0, 500);
        assert_eq!(range(40).0, 4000);
        for number in 1..50 {
            let (least, most) = range(number);
            assert!(least <= most && most <= 8000, "{number}: {least} {most}");
        }
    }

    #[test]
    fn attempts_end() {
        let clock = Arc::new(Still(AtomicU64::new(0), 0));
        let run = |why: &dyn Fn() -> Again| {
            let mut attempts = Attempts::new(Patience::default(), clock.clone());
            let waited = Cell::new(Duration::ZERO);
            while let Some(pause) = attempts.next(why()) {
                clock.sleep(pause);
                waited.set(waited.get() + pause);
            }
            (attempts.count(), waited.get().as_millis())
        };
        let second = Duration::from_secs(1);
        assert_eq!(run(&|| Again::Failed(None)), (6, 125 + 250 + 500 + 1000 + 2000));
        assert_eq!(run(&|| Again::Failed(Some(second))), (6, 5000));
        assert_eq!(run(&|| Again::Failed(Some(60 * second))), (3, 120_000));
        assert_eq!(run(&|| Again::Failed(Some(121 * second))).1, 0);
        assert_eq!(run(&|| Again::Failed(Some(Duration::MAX / 2))).1, 0);
        let written = clock.elapsed();
        let (_, waited) = run(&|| Again::Unsettled(written));
        assert!((10_000..=20_000).contains(&waited), "{waited}");
        assert_eq!(run(&|| Again::Unsettled(Duration::ZERO)).1, 0, "it was written long ago");
    }
}
