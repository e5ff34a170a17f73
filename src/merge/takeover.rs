//! What a repository takes over from others before an index is written there: blobs and manifests of builds, and what says
//! something about them.

use std::collections::BTreeMap;

use super::subject::Copies;
use crate::diagnostic::Diagnostic;
use crate::published::progress::{Event, Progress};
use crate::published::sites::Site;
use crate::registry::copy::{Copied, Copier, Copying, Place};
use crate::registry::{Error, Location, Manifest};

/// Takes over what a site is without of an image with this index; what is worth knowing of it.
///
/// # Errors
/// What the registries answer.
pub(super) fn take_over(
    copies: &Copies,
    index: &Manifest,
    site: usize,
    sites: &[Site],
    progress: &dyn Progress,
) -> Result<Vec<Diagnostic>, Error> {
    let location = &sites[site].location;
    let tell = |copying: Copying<'_>| tell_begun(copying, location, progress);
    let Copies { whole, blobs, manifests } = copies;
    let of_manifests = manifests.iter().map(|copy| copy.from);
    let mut copiers: BTreeMap<usize, Copier<'_>> = copies
        .blobs
        .values()
        .map(|(_, from)| *from)
        .chain(of_manifests)
        .map(|from| (from, Copier::new(place(&sites[from]), place(&sites[site]), &tell)))
        .collect();
    if let Some(from) = whole {
        let mut copier = Copier::new(place(&sites[*from]), place(&sites[site]), &tell);
        copier.manifest(index)?;
        copier.about(index)?;
        copiers.insert(*from, copier);
    }
    for (from, copier) in &mut copiers {
        for (blob, _) in blobs.values().filter(|(_, own)| own == from) {
            copier.blob(blob)?;
        }
    }
    // Attestations may refer to the image, so it goes first, in the order of the index.
    for copy in manifests {
        copiers.get_mut(&copy.from).map_or(Ok(()), |copier| copier.alone(&copy.manifest))?;
    }
    for copy in manifests.iter().filter(|copy| copy.is_image) {
        copiers.get_mut(&copy.from).map_or(Ok(()), |copier| copier.about(&copy.manifest))?;
    }
    let mut notes = Vec::new();
    for (from, copier) in &copiers {
        notes.extend(copier.copied().notes.iter().cloned());
        tell_done(copier.copied(), &sites[*from].location, location, progress);
    }
    Ok(notes)
}

/// A site as copying knows it.
pub(super) fn place(site: &Site) -> Place<'_> {
    Place { location: &site.location, store: site.store.as_ref() }
}

/// Says what is being copied.
pub(super) fn tell_begun(copying: Copying<'_>, to: &Location, progress: &dyn Progress) {
    let Copying { digest, size, done } = copying;
    let what = match done {
        0 => format!("{} ({} MB)", digest.short(), megabytes(size)),
        done => format!("{} ({} of {} MB)", digest.short(), megabytes(done), megabytes(size)),
    };
    progress.tell(&Event::Writing { location: to, what: &what });
}

/// Says what was copied, if anything was.
pub(super) fn tell_done(copied: &Copied, from: &Location, to: &Location, progress: &dyn Progress) {
    let Copied { manifests, mounted, sent, bytes, notes: _ } = copied;
    if (*manifests, *mounted, *sent) != (0, 0, 0) {
        let what = format!(
            "took over {manifests} manifests and {} blobs from `{from}`, {sent} of them ({} MB) by sending them",
            mounted + sent,
            megabytes(*bytes)
        );
        progress.tell(&Event::Done { location: to, what: &what });
    }
}

/// Bytes in millions, with one digit behind the point.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{}", tenths / 10, tenths % 10)
}
