//! A client whose clock stands still unless it waits, and what it told its observer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bakeplan::internals::registry::{Client, Clock, Observer, RemoteRepository, RequestEvent, Settings};

use crate::loopback::{Answer, Seen};

/// A manifest, and its digest.
pub(super) const MANIFEST: &str = r#"{"schemaVersion":2,"config":{"mediaType":"c/c","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#;
pub(super) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A clock that stands still unless someone sleeps.
#[derive(Default)]
pub(super) struct TestClock(Mutex<Duration>);

impl TestClock {
    pub(super) fn advance(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }
}

impl Clock for TestClock {
    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    /// Sun, 06 Nov 1994 08:49:37 GMT and what was slept since.
    fn unix_seconds(&self) -> i64 {
        784_111_777 + i64::try_from(self.elapsed().as_secs()).unwrap()
    }

    fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }

    fn random(&self) -> u64 {
        0
    }
}

/// Keeps what happened, a line each.
#[derive(Default)]
pub(super) struct Recorder(Mutex<Vec<String>>);

impl Observer for Recorder {
    fn observe(&self, event: &RequestEvent<'_>) {
        let line = match event {
            RequestEvent::Sent(request) => format!("{} {}", request.method, request.path),
            RequestEvent::Answered { status, .. } => status.to_string(),
            RequestEvent::Failed { problem, .. } => problem.to_string(),
            RequestEvent::Slow { received, .. } => format!("slow: {received}"),
            RequestEvent::Waiting { pause, why, .. } => format!("wait {} ms: {why}", pause.as_millis()),
        };
        self.0.lock().unwrap().push(line);
    }
}

/// A client and what belongs to it.
pub(super) struct Bench {
    pub(super) client: Client,
    pub(super) clock: Arc<TestClock>,
    recorder: Arc<Recorder>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(&Settings::default())
    }

    pub(super) fn with(settings: &Settings) -> Self {
        let (clock, recorder) = (Arc::new(TestClock::default()), Arc::new(Recorder::default()));
        let client = Client::observed(settings, clock.clone(), recorder.clone()).unwrap();
        Self { client, clock, recorder }
    }

    /// With this as Docker's configuration.
    pub(super) fn with_config(config: &str) -> Self {
        Self::with(&Settings {
            environment: variables(&[("DOCKER_AUTH_CONFIG", config)]),
            ..Settings::default()
        })
    }

    #[track_caller]
    pub(super) fn repository(&self, name: &str) -> RemoteRepository {
        self.client.repository(&name.parse().unwrap())
    }

    /// What happened, a line each.
    pub(super) fn events(&self) -> Vec<String> {
        self.recorder.0.lock().unwrap().clone()
    }

    /// How long it waited, in milliseconds.
    pub(super) fn waited(&self) -> u128 {
        self.clock.elapsed().as_millis()
    }
}

pub(super) fn variables(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The manifest, as registries answer.
pub(super) fn manifest(_seen: &Seen) -> Answer {
    Answer::new(200, OCI_MANIFEST, MANIFEST)
}
