//! Reaches the repositories of a command: registries and layouts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Session;
use super::talk::Talk;
use crate::cli::Network;
use crate::error::Error;
use crate::host::Host;
use crate::published::sites::Site;
use crate::registry::{Client, Clock, Layout, Location, Patience, Settings, Store, Timeouts};

/// What a layout has its blobs in.
const BLOBS: &str = "blobs";

/// The repositories at these locations.
pub(in crate::commands) fn open(
    session: &Session<'_>,
    network: &Network,
    wait: Option<Duration>,
    locations: Vec<Location>,
    clock: Arc<dyn Clock>,
    talk: Arc<Talk>,
) -> Result<Vec<Site>, Error> {
    open_or_make(session, network, wait, locations, &BTreeSet::new(), clock, talk)
}

/// The same. Of layouts, those in `made` are made with what is written to them, where nothing is.
pub(in crate::commands) fn open_or_make(
    session: &Session<'_>,
    network: &Network,
    wait: Option<Duration>,
    locations: Vec<Location>,
    made: &BTreeSet<Location>,
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
        timeouts: timeouts(wait),
        echoes: session.echoes.clone(),
    };
    let client = Client::observed(&settings, clock, talk).map_err(|error| error.to_diagnostic())?;
    let mut sites = Vec::new();
    for location in locations {
        let store: Arc<dyn Store> = match &location {
            Location::Registry(repository) => Arc::new(client.repository(repository)),
            Location::Layout(path) => Arc::new(layout(host, Path::new(path), made.contains(&location))?),
        };
        sites.push(Site { location, store });
    }
    Ok(sites)
}

/// A layout, to which nothing is written through a link that a checkout may hold.
fn layout(host: &Host, path: &Path, is_made: bool) -> Result<Layout, Error> {
    let place = host.directory().join(path);
    let layout = if is_made { Layout::open_or_make(place) } else { Layout::open(place) };
    let layout = layout.map_err(|error| error.to_diagnostic())?;
    match host.destination(path.join(BLOBS)) {
        Ok(_) => Ok(layout),
        Err(refusal) if layout.is_new() => Err(refusal.into()),
        Err(refusal) => Ok(layout.sealed(&refusal.to_string())),
    }
}

/// How much is endured for one request: what is usual, or as long as the user says.
fn patience(wait: Option<Duration>) -> Patience {
    match wait {
        None => Patience::default(),
        Some(wait) => Patience { attempts: u32::MAX, total: wait, settle: wait, ..Patience::default() },
    }
}

/// How long to wait for one answer: what is usual, and no longer than the user says.
fn timeouts(wait: Option<Duration>) -> Timeouts {
    let usual = Timeouts::default();
    let Some(wait) = wait.filter(|wait| !wait.is_zero()) else { return usual };
    Timeouts { request: usual.request.min(wait), ..usual }
}
