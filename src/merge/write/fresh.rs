//! What other runs publish while a merge writes: a tag is read just before it is written, and stays with a later run.

use std::collections::BTreeSet;

use super::super::guard::later::moved_by_commit;
use super::super::report::{Outcome, Settled};
use super::super::tools::MergeTools;
use super::job::{Job, TagJob, now};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::later::{later, own_tags_there};
use crate::published::plan_json::{RunEntry, TagEntry};
use crate::published::runs::Standing;
use crate::published::served::Served;
use crate::reference::{Digest, Tag};
use crate::registry::{Error, TagOrDigest};

/// A tag that another version or run rightly has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// Its index.
    pub(super) digest: Digest,
    /// Why.
    pub(super) why: String,
    /// Whether that is another build of the version that this merge publishes.
    pub(super) is_same_version: bool,
}

impl From<Given> for Settled {
    fn from(Given { digest, why, is_same_version: _ }: Given) -> Self {
        Self { outcome: Outcome::Kept, digest: Some(digest), why: Some(why) }
    }
}

/// What is found out about a tag just before it is written.
#[derive(Default)]
pub(super) struct Fresh {
    /// A later run has taken it since it was decided about.
    pub(super) given: Option<Given>,
    /// Another run has taken it, and nothing tells which one is later.
    pub(super) note: Option<Diagnostic>,
}

/// Reads a tag that other runs give, too, just before it is written: one may have taken it since it was decided about.
pub(super) fn fresh(job: &Job<'_>, tag: &TagJob, tools: &MergeTools<'_>) -> Result<Fresh, Error> {
    let planned = job.of.tags.iter().find(|one| one.name == tag.tag);
    let is_shared = |planned: &&TagEntry| planned.moves_with_runs() || tag.may_be_taken;
    let Some(planned) = planned.filter(|_| job.is_guarded).filter(is_shared) else {
        return Ok(Fresh::default());
    };
    let site = &tools.sites[job.site];
    let Some(found) = site.store.head_manifest(&TagOrDigest::Tag(tag.tag.clone()))? else {
        return Ok(Fresh::default());
    };
    if Some(&found.digest) == tag.previous.as_ref() || found.digest == job.manifest.digest {
        return Ok(Fresh::default());
    }
    let served = site.store.get_manifest(&found.digest.clone().into())?.map(Served::read);
    if !planned.moves_with_runs() {
        let given = served.map_or(Ok(None), |served| later_run(job, planned, &served, tools))?;
        return Ok(Fresh { given, note: None });
    }
    let other = served.as_ref().map_or_else(RunEntry::default, RunEntry::of_served);
    Ok(match job.run.beside_in_turn(&other, now(tools)) {
        Standing::Later => {
            let apart = job.run.apart_in_turn(&other);
            let references = BTreeSet::from([site.location.with_tag(&tag.tag)]);
            Fresh { given: None, note: apart.map(|apart| moved_by_commit(job.image, &references, &apart)) }
        }
        Standing::Earlier(why) => {
            let given = Given { digest: found.digest, why, is_same_version: false };
            Fresh { given: Some(given), note: None }
        }
        Standing::Unknown(why) => {
            let reference = site.location.with_tag(&tag.tag);
            let message = format!(
                "image `{}` moves `{reference}`, which another merge has just written: {why}",
                job.image
            );
            Fresh { given: None, note: Some(Diagnostic::note(Code::UNGUARDED_TAG, message)) }
        }
    })
}

/// That a tag which does not move with runs stays with what a later run has published meanwhile.
pub(super) fn later_run(
    job: &Job<'_>,
    planned: &TagEntry,
    served: &Served,
    tools: &MergeTools<'_>,
) -> Result<Option<Given>, Error> {
    let Some(later) = later(job.of, &job.run, served, now(tools)) else { return Ok(None) };
    let digest = &served.manifest.digest;
    let later = if later.is_unsaid() && has_own(job, served, tools)? { later.of_own_tag() } else { later };
    let is_same_version = later.is_same_version(planned);
    let keeps = later.keeps(job.of, planned);
    Ok(keeps.then(|| Given { digest: digest.clone(), why: later.why, is_same_version }))
}

/// Whether an own tag of the image's version has what another run made.
fn has_own(job: &Job<'_>, served: &Served, tools: &MergeTools<'_>) -> Result<bool, Error> {
    let store = &tools.sites[job.site].store;
    let has_it = |tag: &Tag| -> Result<bool, Error> {
        let found = store.head_manifest(&tag.clone().into())?;
        Ok(found.is_some_and(|found| found.digest == served.manifest.digest))
    };
    for own in job.of.tags.iter().filter(|own| own.is_of_version() && !own.floating) {
        if has_it(&own.name)? {
            return Ok(true);
        }
    }
    if !job.of.tags.iter().any(TagEntry::is_own_of_run) {
        return Ok(false);
    }
    let listed = store.list_tags()?;
    for tag in own_tags_there(job.of, served, &listed) {
        if has_it(tag)? {
            return Ok(true);
        }
    }
    Ok(false)
}
