//! Reaches the repositories of a command: registries and layouts, with a word about what is waited for.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::session::Session;
use crate::cli::Network;
use crate::error::Error;
use crate::host::Host;
use crate::published::progress::{Event, Progress};
use crate::published::sites::Site;
use crate::registry::{self, Client, Clock, Layout, Location, Observer, Patience, Settings, Store};

/// How wide the line is in which progress is shown.
const WIDTH: usize = 100;
/// Shorter pauses are not worth a word.
const LONG_PAUSE: Duration = Duration::from_secs(2);

/// The repositories at these locations.
pub(super) fn open(
    session: &Session<'_>,
    network: &Network,
    wait: Option<Duration>,
    locations: Vec<Location>,
    clock: Arc<dyn Clock>,
    talk: Arc<Talk>,
) -> Result<Vec<Site>, Error> {
    let Network { insecure, ca_files } = network;
    let host = session.host;
    let resolve = |path: &PathBuf| host.directory().join(path);
    let settings = Settings {
        environment: host.env().clone(),
        home: host.home(),
        insecure: insecure.iter().cloned().collect::<BTreeSet<_>>(),
        ca_files: ca_files.iter().map(resolve).collect(),
        patience: patience(wait),
        ..Settings::default()
    };
    let client = Client::observed(&settings, clock, talk).map_err(|error| error.to_diagnostic())?;
    let mut sites = Vec::new();
    for location in locations {
        let store: Arc<dyn Store> = match &location {
            Location::Registry(repository) => Arc::new(client.repository(repository)),
            Location::Layout(path) => {
                Arc::new(Layout::open(host.directory().join(path)).map_err(|error| error.to_diagnostic())?)
            }
        };
        sites.push(Site { location, store });
    }
    Ok(sites)
}

/// How much is endured for one request: what is usual, or as long as the user says.
fn patience(wait: Option<Duration>) -> Patience {
    match wait {
        None => Patience::default(),
        Some(wait) => Patience { attempts: u32::MAX, total: wait, settle: wait, ..Patience::default() },
    }
}

/// What is said while a command works: on a terminal one line that changes, elsewhere a line for each finished step.
pub(super) struct Talk {
    host: Host,
    style: Style,
    /// Whether there is a line that has to be wiped away.
    dirty: Mutex<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Silent,
    Lines,
    Live,
}

impl Talk {
    pub(super) fn new(session: &Session<'_>) -> Self {
        let style = if session.voice.json {
            Style::Silent
        } else if session.host.stderr_is_terminal() {
            Style::Live
        } else {
            Style::Lines
        };
        Self { host: session.host.clone(), style, dirty: Mutex::new(false) }
    }

    /// Shows what goes on, until something else does.
    fn show(&self, text: &str) {
        if self.style == Style::Live {
            let mut dirty = self.dirty.lock().unwrap_or_else(PoisonError::into_inner);
            let text: String = text.chars().take(WIDTH).collect();
            self.host.stderr(&format!("\r\x1b[2K{text}"));
            *dirty = true;
        }
    }

    /// Says what is done.
    fn say(&self, text: &str) {
        if self.style != Style::Silent {
            let mut dirty = self.dirty.lock().unwrap_or_else(PoisonError::into_inner);
            let wipe = if std::mem::take(&mut *dirty) { "\r\x1b[2K" } else { "" };
            self.host.stderr(&format!("{wipe}{text}\n"));
        }
    }

    /// Leaves nothing behind.
    pub(super) fn end(&self) {
        let mut dirty = self.dirty.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut *dirty) {
            self.host.stderr("\r\x1b[2K");
        }
    }
}

impl Progress for Talk {
    fn tell(&self, event: &Event<'_>) {
        match event {
            Event::Reading { location, done, total } => {
                self.show(&format!("{location}: reading {done}/{total}"));
            }
            Event::Writing { location, what } => self.show(&format!("{location}: writing {what}")),
            Event::Waiting { location, pause, why } => {
                let text = format!("{location}: waiting {:.1} s: {why}", pause.as_secs_f64());
                if *pause >= LONG_PAUSE {
                    self.say(&text);
                } else {
                    self.show(&text);
                }
            }
            Event::Done { location, what } => self.say(&format!("{location}: {what}")),
        }
    }
}

impl Observer for Talk {
    fn observe(&self, event: &registry::RequestEvent<'_>) {
        if let registry::RequestEvent::Waiting { request, pause, why } = event {
            let text = format!("{}: waiting {:.1} s: {why}", request.host, pause.as_secs_f64());
            if *pause >= LONG_PAUSE {
                self.say(&text);
            } else {
                self.show(&text);
            }
        }
    }
}
