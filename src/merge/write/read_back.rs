//! Looks whether the tags that were written are what they were given.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::tools::MergeTools;
use super::job::{Job, ONE_AT_A_TIME, Place, TagJob};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::Descriptor;
use crate::published::progress::Event;
use crate::published::sites::{interleaved, parallel};
use crate::reference::Digest;
use crate::registry::{Error, TagOrDigest};

/// How often a registry is asked that answers with what a tag was before.
pub(super) const INTERVAL: Duration = Duration::from_millis(500);

/// A tag that was written, and what it was given.
pub(super) struct Written<'a> {
    pub job: &'a Job<'a>,
    pub tag: &'a TagJob,
    pub digest: Digest,
}

/// A tag that does not have what it was given.
pub(super) struct Wrong<'a> {
    pub job: &'a Job<'a>,
    pub tag: &'a TagJob,
    /// What it has, if that is known.
    pub found: Option<Digest>,
    pub problem: Diagnostic,
}

impl<'a> Written<'a> {
    fn place(&self) -> Place<'a> {
        (self.job.image, self.tag.reference)
    }

    /// What a tag means that was written. A registry may first have to get over what it was before.
    fn settled(&self, patience: Duration, tools: &MergeTools<'_>) -> Result<Option<Descriptor>, Error> {
        let Self { job, tag, digest } = self;
        let MergeTools { sites, clock, progress, patience: _, docker: _ } = *tools;
        let site = &sites[job.site];
        let deadline = clock.elapsed().saturating_add(patience);
        let at = TagOrDigest::Tag(tag.tag.clone());
        let is_other = |found: &Descriptor| found.digest != *digest;
        let was = |digest: &Digest| Some(digest) == tag.previous.as_ref() || *digest == job.manifest.digest;
        let mut is_first = true;
        loop {
            let mut found = site.store.head_manifest(&at)?;
            let is_last = clock.elapsed() >= deadline;
            if (is_first || is_last) && found.as_ref().is_some_and(is_other) {
                // A HEAD may lag behind, or lie.
                found = site.store.get_manifest(&at)?.map(|manifest| manifest.descriptor());
            }
            is_first = false;
            let is_old = found.as_ref().is_some_and(|found| is_other(found) && was(&found.digest));
            if !is_old || is_last {
                return Ok(found);
            }
            let why = "the registry still serves the tag's previous digest";
            progress.tell(&Event::Waiting { location: &site.location, pause: INTERVAL, why });
            clock.sleep(INTERVAL);
        }
    }

    /// Whether the registry serves what was written in other bytes.
    pub(super) fn is_rewritten(&self, found: &Digest, tools: &MergeTools<'_>) -> bool {
        let manifest = &self.job.manifest;
        if manifest.digest != self.digest {
            return false;
        }
        let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
        let at = TagOrDigest::Tag(self.tag.tag.clone());
        let served = tools.sites[self.job.site].store.get_manifest(&at).ok().flatten();
        let served = served.filter(|served| served.digest == *found);
        served.is_some_and(|served| read(&served.bytes).is_some_and(|one| read(&manifest.bytes) == Some(one)))
    }

    /// What is wrong with a tag that has another digest than it was given.
    fn differs(&self, reference: &str, found: &Digest, is_rewritten: bool) -> Diagnostic {
        let Self { job: _, tag, digest } = self;
        if is_rewritten {
            let message = format!(
                "`{reference}` was written as {digest} and is {found} now: the registry serves the same manifest in other bytes"
            );
            return Diagnostic::error(Code::NOT_STORED, message).with_help(
                "signatures and whatever names digests do not hold there: use a registry, or a setting of it, that leaves manifests as they are",
            );
        }
        if tag.previous.as_ref() == Some(found) {
            let message = format!(
                "`{reference}` was written as {digest}, and the registry accepted that, but it still is {found} as before"
            );
            return Diagnostic::error(Code::NOT_STORED, message).with_help(
                "check the registry: it may keep nothing (a full disk, a read-only mode), or serve old answers from a cache; then run the merge again",
            );
        }
        let message =
            format!("`{reference}` was written as {digest} but is {found} now: another run changed it");
        Diagnostic::error(Code::CONCURRENT_CHANGE, message).with_help(ONE_AT_A_TIME)
    }
}

impl Wrong<'_> {
    /// Whether it has what it had before it was written.
    fn is_as_before(&self) -> bool {
        self.found.is_some() && self.found == self.tag.previous
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.job.image, self.tag.reference, &self.found)
            == (other.job.image, other.tag.reference, &other.found)
    }
}

/// The tags that have another digest than they were given, or none. Registries that were waited for before to get over what
/// a tag was are not waited for again.
pub(super) fn read_back<'a>(
    written: Vec<Written<'a>>,
    waited: &BTreeSet<Place<'a>>,
    tools: &MergeTools<'_>,
) -> Vec<Wrong<'a>> {
    let sites = tools.sites;
    let turns: Vec<(usize, usize)> = written.iter().enumerate().map(|(at, one)| (one.job.site, at)).collect();
    let found = parallel(
        &interleaved(&turns, sites.len()),
        sites_of(written.iter().map(|one| one.job)),
        |&(_, at)| {
            let patience =
                if waited.contains(&written[at].place()) { Duration::ZERO } else { tools.patience };
            (at, written[at].settled(patience, tools))
        },
    );
    let mut found: BTreeMap<usize, Result<Option<Descriptor>, Error>> = found.into_iter().collect();
    let mut read: BTreeMap<usize, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (at, one) in written.into_iter().enumerate() {
        let location = &sites[one.job.site].location;
        let reference = location.with_tag(&one.tag.tag);
        let (problem, found) = match found.remove(&at).unwrap_or(Ok(None)) {
            Ok(Some(descriptor)) if descriptor.digest == one.digest => {
                *read.entry(one.job.site).or_default() += 1;
                continue;
            }
            Ok(Some(descriptor)) => {
                let is_rewritten = one.is_rewritten(&descriptor.digest, tools);
                (one.differs(&reference, &descriptor.digest, is_rewritten), Some(descriptor.digest))
            }
            Ok(None) => {
                let message = format!("`{reference}` was written but cannot be read yet");
                let problem = Diagnostic::error(Code::NOT_READABLE, message)
                    .with_help("wait longer with `--wait`, or run the merge again");
                (problem, None)
            }
            Err(error) => (error.to_diagnostic(), None),
        };
        wrong.push(Wrong { job: one.job, tag: one.tag, found, problem });
    }
    for (site, count) in read {
        let what = format!("read back {count} {}", if count == 1 { "tag" } else { "tags" });
        tools.progress.tell(&Event::Done { location: &sites[site].location, what: &what });
    }
    wrong
}

/// What there is to report of wrong tags: one finding for those of an image in a repository that are wrong in one way.
pub(super) fn findings(wrong: &[Wrong<'_>]) -> Vec<Diagnostic> {
    let mut groups: Vec<Vec<&Wrong<'_>>> = Vec::new();
    // A tag that was never there shows less of what became of the writes than one that has what it had.
    let cause = |one: &Wrong<'_>| {
        let is_unwritten = one.is_as_before() || one.problem.code == Code::NOT_READABLE;
        let code = (!is_unwritten).then_some(one.problem.code);
        (one.job.image.to_owned(), one.job.site, code)
    };
    let (as_before, others): (Vec<_>, Vec<_>) = wrong.iter().partition(|one| one.is_as_before());
    for one in as_before.into_iter().chain(others) {
        match groups.iter_mut().find(|group| cause(group[0]) == cause(one)) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    let finding = |group: &Vec<&Wrong<'_>>| {
        let others: Vec<String> = group[1..].iter().map(|one| format!("`{}`", one.tag.tag)).collect();
        let problem = group[0].problem.clone();
        if others.is_empty() {
            problem
        } else {
            problem.with_note(format!("the same goes for {}", others.join(", ")))
        }
    };
    groups.iter().map(finding).collect()
}

/// In how many repositories there is something to do.
pub(super) fn sites_of<'j>(jobs: impl Iterator<Item = &'j Job<'j>>) -> usize {
    jobs.map(|job| job.site).collect::<BTreeSet<_>>().len()
}
