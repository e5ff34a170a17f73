//! Own tags of versions that two runs of git tags publish at the same moment, as after a git tag was moved: what they have is read
//! back before the floating tags follow, instead of after them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::super::report::{Outcome, Settled};
use super::super::tools::MergeTools;
use super::fresh::Given;
use super::job::{Job, Place, Stage, TagJob};
use super::read_back::{Written, sites_of};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::plan_json::{RunEntry, TagEntry};
use crate::published::progress::Event;
use crate::published::runs::SHORT;
use crate::published::served::Served;
use crate::published::sites::{Site, interleaved, parallel};
use crate::reference::Digest;
use crate::registry::{Error, Location, TagOrDigest};

/// What to do about it.
const HELP: &str = "see which commit the git tag of the version is on, and run the merge of its run again when the other one has ended";

/// What came of reading own tags.
#[derive(Default)]
pub(super) struct OwnTags<'a> {
    /// Those that have what they were given.
    pub(super) proven: BTreeSet<Place<'a>>,
    /// Those that another run has written since.
    pub(super) overwritten: Vec<Overwritten<'a>>,
}

/// An own tag that another run has written since.
pub(super) struct Overwritten<'a> {
    pub(super) job: &'a Job<'a>,
    tag: &'a TagJob,
    /// What it has.
    found: Digest,
    problem: Diagnostic,
}

/// Whether nothing but its being read back would show that another run gives a tag, too: runs of git tags do not compare
/// themselves with others before they publish a version for the first time.
pub(super) fn is_meant(job: &Job<'_>, tag: &TagJob) -> bool {
    let is_own = || {
        let planned = job.of.tags.iter().find(|one| one.name == tag.tag);
        planned.is_some_and(TagEntry::is_of_version)
    };
    job.is_guarded && job.run.git_tag().is_some() && !tag.floating && !tag.may_be_taken && is_own()
}

/// Reads own tags that were written. What cannot be read, or is as it was before, the last reading tells about.
pub(super) fn read<'a>(written: &[(&'a Job<'a>, &'a TagJob)], tools: &MergeTools<'_>) -> OwnTags<'a> {
    let turns: Vec<(usize, usize)> =
        written.iter().enumerate().map(|(at, (job, _))| (job.site, at)).collect();
    let sites = sites_of(written.iter().map(|(job, _)| *job));
    let found = parallel(&interleaved(&turns, tools.sites.len()), sites, |&(_, at)| {
        let (job, tag) = written[at];
        (job, tag, look(job, tag, tools))
    });
    let mut own = OwnTags::default();
    let mut read = vec![0_usize; tools.sites.len()];
    for (job, tag, found) in found {
        match found {
            Ok(Found::Own) => {
                read[job.site] += 1;
                own.proven.insert((job.image, tag.reference));
            }
            Ok(Found::Other(served)) => own.overwritten.push(overwritten(job, tag, &served, tools)),
            Ok(Found::Open) | Err(_) => {}
        }
    }
    for (site, count) in read.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        let what = format!("read back {count} {}", if count == 1 { "tag" } else { "tags" });
        tools.progress.tell(&Event::Done { location: &tools.sites[site].location, what: &what });
    }
    own
}

/// What an own tag has.
enum Found {
    Own,
    Other(Served),
    Open,
}

fn look(job: &Job<'_>, tag: &TagJob, tools: &MergeTools<'_>) -> Result<Found, Error> {
    let store = &tools.sites[job.site].store;
    let at = TagOrDigest::Tag(tag.tag.clone());
    let is_own = |digest: &Digest| *digest == job.manifest.digest;
    match store.head_manifest(&at)? {
        Some(found) if is_own(&found.digest) => return Ok(Found::Own),
        Some(_) => {}
        None => return Ok(Found::Open),
    }
    // A HEAD may lag behind, or lie.
    let Some(served) = store.get_manifest(&at)? else { return Ok(Found::Open) };
    let found = &served.digest;
    let written = Written { job, tag, digest: job.manifest.digest.clone() };
    Ok(match () {
        () if is_own(found) => Found::Own,
        () if tag.previous.as_ref() == Some(found) || written.is_rewritten(found, tools) => Found::Open,
        () => Found::Other(Served::read(served)),
    })
}

fn overwritten<'a>(
    job: &'a Job<'a>,
    tag: &'a TagJob,
    served: &Served,
    tools: &MergeTools<'_>,
) -> Overwritten<'a> {
    let found = served.manifest.digest.clone();
    let there = RunEntry::of_served(served);
    let run = there.number.map_or_else(|| "another run".to_owned(), |number| format!("run {number}"));
    let hash = there.commit.as_deref().and_then(|hash| hash.get(..SHORT));
    let of_commit = hash.map_or_else(String::new, |hash| format!(", of commit {hash},"));
    let message = format!(
        "`{}` was written as {} and is {found} now: {run}{of_commit} publishes this version, too",
        tools.sites[job.site].location.with_tag(&tag.tag),
        job.manifest.digest
    );
    let problem = Diagnostic::error(Code::OVERWRITTEN_VERSION, message).with_help(HELP);
    Overwritten { job, tag, found, problem }
}

impl Overwritten<'_> {
    /// Leaves the floating tags of the image as they are that are not written yet; what there is to report.
    pub(super) fn hold(
        self,
        jobs: &[Job<'_>],
        stage: Stage,
        sites: &[Site],
        outcomes: &mut BTreeMap<usize, Settled>,
    ) -> Diagnostic {
        let Self { job, tag, found, problem } = self;
        let why = format!("`{}` is of another run by now", tag.tag);
        let mut held = Vec::new();
        for other in jobs.iter().filter(|other| other.image == job.image) {
            for due in other.tags.iter().filter(|due| due.stage() >= stage) {
                if let Entry::Vacant(open) = outcomes.entry(due.reference) {
                    let (outcome, digest) = (Outcome::Held, due.previous.clone());
                    open.insert(Settled { outcome, digest, why: Some(why.clone()) });
                    held.push(format!("`{}`", sites[other.site].location.with_tag(&due.tag)));
                }
            }
        }
        let why = Some(problem.message.clone());
        outcomes.insert(tag.reference, Settled { outcome: Outcome::Failed, digest: Some(found), why });
        let note = format!("image `{}` leaves {} as before", job.image, held.join(", "));
        if held.is_empty() { problem } else { problem.with_note(note) }
    }
}

/// That a floating tag stays with a later run that has published the version since it was decided about, and that the own tag of that
/// was written over meanwhile.
pub(super) fn mixed(
    job: &Job<'_>,
    location: &Location,
    outcomes: &BTreeMap<usize, Settled>,
    given: &[(usize, Given)],
) -> Option<Diagnostic> {
    let is_ours = |tag: &&TagJob| {
        let settled = outcomes.get(&tag.reference);
        settled.is_some_and(|settled| settled.outcome.writes()) && is_meant(job, tag)
    };
    let own = job.tags.iter().find(is_ours)?;
    let (at, given) = given.iter().find(|(_, given)| given.is_same_version)?;
    let floating = job.tags.iter().find(|tag| tag.reference == *at)?;
    let message = format!(
        "`{}` and `{}` are of two runs now, which publish this version at once: the first stays with {}, since {}; the last is what this merge has written",
        location.with_tag(&floating.tag),
        location.with_tag(&own.tag),
        given.digest,
        given.why
    );
    Some(Diagnostic::error(Code::OVERWRITTEN_VERSION, message).with_help(HELP))
}
