//! What a repository takes over from others before an index is written there: blobs and manifests of builds, and what says
//! something about them.

use std::collections::BTreeMap;

use super::super::subject::Copies;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::progress::{Event, Progress};
use crate::published::sites::Site;
use crate::registry::copy::{Copied, Copier, Copying, Place};
use crate::registry::{Clock, Error, Location, Manifest, Operation};

/// Why an image could not be taken over.
pub(super) struct Failed {
    /// What the last site answered that was tried.
    pub(super) error: Error,
    /// Why those before it could not be used.
    pub(super) others: Vec<String>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, others: Vec::new() }
    }
}

/// Takes over what a site is without of an image with this index; what is worth knowing of it.
///
/// # Errors
/// What the registries answer.
pub(super) fn take_over(
    copies: &Copies,
    index: &Manifest,
    site: usize,
    sites: &[Site],
    clock: &dyn Clock,
    progress: &dyn Progress,
) -> Result<Vec<Diagnostic>, Failed> {
    let location = &sites[site].location;
    let tell = |copying: Copying<'_>| tell_begun(copying, location, progress);
    let Copies { whole, blobs, manifests } = copies;
    let of_manifests = manifests.iter().map(|copy| copy.from);
    let mut copiers: BTreeMap<usize, Copier<'_>> = copies
        .blobs
        .values()
        .map(|(_, from)| *from)
        .chain(of_manifests)
        .map(|from| (from, Copier::new(place(&sites[from]), place(&sites[site]), clock, &tell)))
        .collect();
    let mut notes = Vec::new();
    let mut others: Vec<String> = Vec::new();
    for (at, from) in whole.iter().enumerate() {
        let mut copier = Copier::new(place(&sites[*from]), place(&sites[site]), clock, &tell);
        let taken = copier.manifest(index).and_then(|()| copier.about(index));
        let is_last = at + 1 == whole.len();
        match taken {
            Ok(()) => {
                notes.extend((!others.is_empty()).then(|| second(&sites[*from].location, location, &others)));
                copiers.insert(*from, copier);
                break;
            }
            // Another source helps against nothing else.
            Err(error) if is_about_source(&error) && !is_last => {
                others.push(format!("`{}`: {error}", sites[*from].location));
            }
            Err(error) => return Err(Failed { error, others }),
        }
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
    for (from, copier) in &copiers {
        notes.extend(copier.copied().notes.iter().cloned());
        tell_done(copier.copied(), &sites[*from].location, location, progress);
    }
    Ok(notes)
}

/// Whether a copy failed since the source did not give something, or gave something else. Of the target, no content is read.
fn is_about_source(error: &Error) -> bool {
    match error.operation() {
        Operation::GetBlob | Operation::GetManifest => true,
        Operation::HeadManifest
        | Operation::PutManifest
        | Operation::HeadBlob
        | Operation::MountBlob
        | Operation::PutBlob
        | Operation::ListTags
        | Operation::ListReferrers
        | Operation::Open => false,
    }
}

/// Says that an image comes from another repository than the first, and why.
fn second(from: &Location, to: &Location, others: &[String]) -> Diagnostic {
    let message =
        format!("`{to}` is filled from `{from}`, since not every repository of the image has all of it");
    let mut note = Diagnostic::warning(Code::DAMAGED_SOURCE, message)
        .with_help("`bakeplan verify` of these repositories says what is wrong there");
    note.notes.extend(others.iter().cloned());
    note
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
