//! Whether a repository lists what was just written there: a list that does not may lack a greater version, too.

use std::time::Duration;

use super::super::tools::MergeTools;
use crate::published::progress::Event;
use crate::reference::Tag;
use crate::registry::Error;

/// How often a list is read that does not show yet what was written.
const INTERVAL: Duration = Duration::from_millis(500);

/// When a list shows what was written.
pub(super) enum Shown {
    /// At once.
    Now,
    /// So long after writing began.
    After(Duration),
    /// Not in the time that anybody waits, which was so long.
    Never(Duration),
}

/// Reads the list of a site until it shows these tags, which were written since `began`.
///
/// # Errors
/// When there is no list.
pub(super) fn shown(
    site: usize,
    tags: &[&Tag],
    began: Duration,
    tools: &MergeTools<'_>,
) -> Result<Shown, Error> {
    let store = &tools.sites[site].store;
    if store.lists(tags)? {
        return Ok(Shown::Now);
    }
    let deadline = tools.clock.elapsed().saturating_add(tools.patience);
    while tools.clock.elapsed() < deadline {
        wait(site, INTERVAL, tools);
        if store.lists(tags)? {
            return Ok(Shown::After(tools.clock.elapsed().saturating_sub(began)));
        }
    }
    Ok(Shown::Never(tools.clock.elapsed().saturating_sub(began)))
}

/// Waits for a list that lags behind.
pub(super) fn wait(site: usize, pause: Duration, tools: &MergeTools<'_>) {
    let (location, why) = (&tools.sites[site].location, "the registry's list of tags lags behind");
    tools.progress.tell(&Event::Waiting { location, pause, why });
    tools.clock.sleep(pause);
}
