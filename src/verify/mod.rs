//! Whether registries serve what was planned: walks from tags to the last layer, and names what is wrong with cause and
//! cure.

// The words.
pub(crate) mod code;

// What is found, and where.
pub(crate) mod finding;

mod absent;

pub(crate) mod walk;

// What images run.
mod layer;
mod program;
mod unpack;

mod content;

// What is reported.
pub(crate) mod report;

// What is wrong, and why.
mod agree;
mod ahead;
mod annotations;
mod another;
mod builds;
pub(crate) mod explain;
mod kept;
mod merged;
mod state;

mod rebuilt;

mod planned;

// What must stay.
pub(crate) mod keep_set;

use std::collections::{BTreeMap, BTreeSet};

use self::explain::Case;
use self::finding::gathered;
use self::report::{CheckedReference, Report};
use self::walk::{Trail, Walk};
use crate::published::metadata::Metadata;
use crate::published::planned::Planned;
use crate::published::progress::{Event, Progress};
use crate::published::record::{Known, Questions, Record};
use crate::published::result::MergeResult;
use crate::published::sites::Site;
use crate::published::survey::{Survey, Trouble};
use crate::published::target::Target;
use crate::reference::{Digest, Reference};
use crate::registry::Location;

/// How many repositories besides those of the plan are asked for what is missing.
const MAX_OTHERS: usize = 50;

/// What is to be verified.
#[derive(Clone, Copy, Debug)]
pub enum Request<'a> {
    /// The tags of a plan, with what its builds pushed if that is known.
    Plan(&'a Planned, Option<&'a Metadata>),
    /// The tags of a plan, as a merge of it says that it left them.
    Merged(&'a Planned, &'a MergeResult),
    /// Any references.
    References(&'a [Target]),
    /// Why something does not work.
    Explain(&'a Case),
}

impl Request<'_> {
    /// The repositories to ask, each once.
    #[must_use]
    pub fn locations(&self) -> Vec<Location> {
        let mut known = BTreeSet::new();
        let mut all: Vec<Location> = match self {
            Self::Plan(planned, _) | Self::Merged(planned, _) => planned.locations(),
            Self::References(targets) => targets.iter().map(|target| target.location.clone()).collect(),
            Self::Explain(case) => case.locations(),
        };
        all.retain(|location| known.insert(location.clone()));
        if let Self::Plan(_, Some(metadata)) = self {
            // A build may have been pushed beside its image's repositories.
            let names = metadata.builds.values().flat_map(|pushed| &pushed.names);
            let names = names.filter_map(|name| Some(name.parse::<Reference>().ok()?.repository().clone()));
            let others = names.map(Location::Registry);
            let others: Vec<_> = others
                .filter(|other| all.iter().any(|planned| planned.mounts_from(other)))
                .filter(|other| known.insert(other.clone()))
                .take(MAX_OTHERS)
                .collect();
            all.extend(others);
        }
        all
    }
}

/// How deep a look goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// To the last layer, which has to be there.
    Presence,
    /// Into the layers: whether what an image runs is for its machine.
    Content,
}

/// Verifies. `sites` are the repositories of [`Request::locations`], in that order.
#[must_use]
pub fn verify(request: Request<'_>, depth: Depth, sites: &[Site], progress: &dyn Progress) -> Report {
    let mut survey = Survey::new(sites, progress, Trouble::IsTold);
    let (mut report, failures) = survey.conduct(|records| look(request, sites, records));
    for site in sites {
        let here = report.references.iter().filter(|one| one.repository == site.location.to_string());
        let count = here.count();
        if count > 0 {
            let what = format!("checked {count} {}", if count == 1 { "reference" } else { "references" });
            progress.tell(&Event::Done { location: &site.location, what: &what });
        }
    }
    report.failures = failures;
    if depth == Depth::Content && report.failures.is_empty() {
        let mut walk = Walk::new(sites, survey.records());
        look_with(request, &mut walk);
        let found = content::look(&walk.programs, sites, progress);
        report.findings = gathered(report.findings.into_iter().chain(found.findings).collect());
        report.failures.extend(found.failures);
    }
    report.settle();
    if let Request::Explain(case) = request {
        report.facts.extend(report.is_fine().then(|| format!("nothing is wrong with {}", case.subject)));
    }
    report
}

/// What can be said of what is known, and what is to be asked.
fn look(request: Request<'_>, sites: &[Site], records: &[Record]) -> (Report, Questions) {
    let mut walk = Walk::new(sites, records);
    let mut report = look_with(request, &mut walk);
    report.findings = gathered(walk.findings);
    (report, walk.questions)
}

/// Walks to all that is requested.
fn look_with(request: Request<'_>, walk: &mut Walk<'_>) -> Report {
    let mut report = Report::default();
    report.references = match request {
        Request::Plan(planned, metadata) => planned::look(planned, metadata, None, walk),
        Request::Merged(planned, result) => planned::look(planned, None, Some(result), walk),
        Request::References(targets) => look_at(targets, walk),
        Request::Explain(case) => explain::look(case, walk, &mut report.facts),
    };
    report
}

/// Looks at references that nobody planned.
fn look_at(targets: &[Target], walk: &mut Walk<'_>) -> Vec<CheckedReference> {
    let mut checked = Vec::new();
    let mut places: BTreeMap<(usize, Digest), Vec<String>> = BTreeMap::new();
    for target in targets {
        let Some(site) = walk.site_of(&target.location) else { continue };
        let mut one = CheckedReference::new(target.to_string(), &target.location, target.tag.as_ref());
        if let Known::Present(digest) = walk.resolve(site, target) {
            places.entry((site, digest.clone())).or_default().push(one.reference.clone());
            one.digest = Some(digest);
        }
        checked.push(one);
    }
    for ((site, digest), references) in places {
        if let Some(tree) = walk.tree(&Trail { site, references: references.clone() }, &digest) {
            let own = checked.iter_mut().filter(|one| references.contains(&one.reference));
            own.for_each(|one| one.describe(&tree));
        }
    }
    checked
}
