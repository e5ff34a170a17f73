//! Watches what goes on between us and the registries, for progress and for counting.

use std::time::Duration;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum RequestEvent<'a> {
    /// A request is sent.
    Sent(Exchange<'a>),
    /// It was answered.
    Answered {
        /// The request.
        request: Exchange<'a>,
        /// The status code.
        status: u16,
        /// How long it took until all of the answer was there.
        took: Duration,
    },
    /// It was not answered.
    Failed {
        /// The request.
        request: Exchange<'a>,
        /// Why not.
        problem: &'a dyn std::error::Error,
    },
    /// The answer is not all there yet.
    Slow {
        /// The request.
        request: Exchange<'a>,
        /// How many bytes of it came.
        received: u64,
        /// How many there are, if the server says so.
        expected: Option<u64>,
        /// How long it took until now.
        took: Duration,
    },
    /// The request will be sent again after a while.
    Waiting {
        /// The request.
        request: Exchange<'a>,
        /// How long.
        pause: Duration,
        /// What the server said, or what happened to the connection.
        why: &'a str,
    },
}

/// One request. Neither its query nor its headers are reported: they may hold secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange<'a> {
    /// The method, such as `GET`.
    pub method: &'a str,
    /// `host[:port]`.
    pub host: &'a str,
    /// The path, which begins with `/`.
    pub path: &'a str,
}

/// What is reported about events. It is called by several threads.
pub trait Observer: Send + Sync {
    /// Takes note of an event.
    fn observe(&self, event: &RequestEvent<'_>);
}

/// Takes no note of anything.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Silent;

impl Observer for Silent {
    fn observe(&self, _event: &RequestEvent<'_>) {}
}
