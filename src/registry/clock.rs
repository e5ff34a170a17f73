//! Time and chance, so that tests need not wait.
#![expect(clippy::disallowed_methods, reason = "the clock of the network is read here")]

use std::time::{Duration, Instant, SystemTime};

/// What tells the time, waits, and makes the random part of a wait.
pub trait Clock: Send + Sync {
    /// The time since some fixed moment; it never goes back.
    fn elapsed(&self) -> Duration;

    /// Seconds since 1970, for servers that name a moment.
    fn unix_seconds(&self) -> i64;

    /// Waits.
    fn sleep(&self, duration: Duration);

    /// Any number.
    fn random(&self) -> u64;
}

/// The clock of the machine.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn unix_seconds(&self) -> i64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        // Waits may be equal on a machine without random numbers.
        let _ = getrandom::fill(&mut bytes);
        u64::from_ne_bytes(bytes)
    }
}
