//! Whether builds are of the commit that was planned, as their provenance and their annotations tell.

use std::collections::BTreeMap;

use super::super::subject::Subject;
use super::bases::{attestations, statements};
use super::check::ImageCheck;
use super::taken::Origin;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::{Descriptor, REVISION};
use crate::on_missing::OnMissing;
use crate::published::named::commits_in;
use crate::published::planned::PlannedImage;
use crate::published::provenance::{Checkout, MAX_STATEMENT};
use crate::published::record::{Known, Question, Questions, Record};
use crate::published::release::{MAX_BESIDE, MAX_RELEASES};
use crate::published::revision::{of_run, shown};
use crate::published::served::Served;
use crate::reference::{Digest, Tag};

/// What helps when a build is of another commit.
const CURE: &str = "give the `plan.json` and the metadata of one run, whose jobs build what the plan was made of; if these builds are right, \
     make the plan at their commit, such as with `--fact commit=…`";

/// Which builds of an image are certainly of another commit, as far as metadata and records tell; and what is to be asked
/// for that. What metadata says needs no request.
#[must_use]
pub(in crate::merge) fn look(subject: &Subject<'_>, records: &[Record]) -> (Vec<Diagnostic>, Questions) {
    let (mut problems, mut questions) = (Vec::new(), Questions::new());
    if subject.run.commit.is_none() {
        return (problems, questions);
    }
    for leg in subject.image.builds.keys() {
        let Some(pushed) = subject.metadata.builds.get(leg) else { continue };
        let found = match &pushed.checkout {
            Some(checkout) => vec![(checkout, pushed.origin.clone())],
            None => {
                let attestations = attestations(subject, &pushed.digest, records);
                attested(subject, &attestations, records, &mut questions)
            }
        };
        let other = found.iter().find(|(checkout, _)| subject.run.excludes_checkout(checkout));
        problems.extend(other.map(|(checkout, place)| {
            let what = format!("build `{leg}`, {} (`{}`),", pushed.digest, pushed.origin);
            let says = format!("its provenance in `{place}`");
            of_another(subject, &what, &checkout.revision, &says).with_help(CURE)
        }));
    }
    (problems, questions)
}

/// The checkouts that attestations name, and which one does.
fn attested<'r>(
    subject: &Subject<'_>,
    attestations: &[Digest],
    records: &'r [Record],
    questions: &mut Questions,
) -> Vec<(&'r Checkout, String)> {
    let mut found = Vec::new();
    for layer in statements(subject, attestations, records) {
        let has_it = |site: &&usize| records[**site].manifest(&layer.attestation).present().is_some();
        let Some(&site) = subject.places.iter().find(has_it) else { continue };
        match records[site].provenance(&layer.digest) {
            Known::Unasked if layer.size <= MAX_STATEMENT => {
                questions.insert((site, Question::Provenance(layer.digest.clone())));
            }
            // What cannot be read tells nothing, and what is not there is reported by the check of its blobs.
            Known::Unasked | Known::Absent | Known::Faulty(_) => {}
            Known::Present(statement) => {
                let checkout = statement.checkout.as_ref();
                found.extend(checkout.map(|checkout| (checkout, layer.attestation.to_string())));
            }
        }
    }
    found
}

/// The error for what is of another commit; `says` is what says so.
fn of_another(subject: &Subject<'_>, what: &str, revision: &str, says: &str) -> Diagnostic {
    let planned = subject.run.commit.as_deref().unwrap_or_default();
    let message = format!(
        "image `{}`: {what} is of commit `{}`, but the plan is for `{}`",
        subject.key,
        shown(revision),
        shown(planned)
    );
    let problem = Diagnostic::error(Code::OTHER_PLAN, message).with_note(format!("{says} says so"));
    subject.run.tell_checkout(problem)
}

impl ImageCheck<'_> {
    /// Whether a build says in these annotations that it is of another commit, `whose` they are. A label may be that of its base.
    pub(super) fn built_revision(&mut self, what: &str, whose: &str, annotations: &BTreeMap<String, String>) {
        let Some(revision) = annotations.get(REVISION).filter(|one| self.subject.run.excludes(one)) else {
            return;
        };
        let says = format!("the annotation `{REVISION}` of {whose}");
        let problem = of_another(self.subject, what, revision, &says);
        self.checked.problems.push(problem.with_help(CURE));
    }

    /// Whether an index or manifest that is there already, and these images in it, are certainly of another commit; where they
    /// are to get a tag of the commit, whether they are certainly of this one. `others` are what refers to the images, and
    /// `places` have it.
    pub(super) fn taken_revision(
        &mut self,
        digest: &Digest,
        annotations: &BTreeMap<String, String>,
        images: &[&Descriptor],
        others: &[&Descriptor],
        places: &[usize],
        origin: Origin,
    ) {
        let (subject, records) = (self.subject, self.records);
        if subject.run.commit.is_none() || origin == Origin::Reused {
            return;
        }
        let mut said: Vec<Said> = Vec::new();
        let mut annotated =
            |annotations: &BTreeMap<String, String>, key: &str, of: &str, is_planned, is_carried| {
                let place = format!("the annotation `{key}` of {of}");
                let own = annotations.get(key).cloned();
                said.extend(own.map(|revision| Said { revision, place, is_planned, is_carried }));
            };
        let whole = digest.as_str();
        annotated(annotations, &of_run(), whole, false, false);
        annotated(annotations, REVISION, whole, subject.image.annotations.contains_key(REVISION), false);
        let of_commit = commit_tag(subject.image);
        let (mut attestations, mut of_carried) = (Vec::new(), Vec::new());
        let mut labels = Vec::new();
        for image in images {
            let build = self.build_of(image);
            // What may be carried over is of another run, which only the tag of a commit must not be.
            let is_carried = build.is_some_and(|build| build.on_missing == OnMissing::Carry);
            if is_carried && of_commit.is_none() {
                continue;
            }
            if let Some((_, served)) = self.find_anywhere(&image.digest)
                && let Some(own) = Served::read(served.clone()).annotations()
            {
                let is_planned = build.is_some_and(|build| build.annotations.contains_key(REVISION));
                annotated(own, REVISION, image.digest.as_str(), is_planned && !is_carried, is_carried);
            }
            labels.extend(self.planned_label(image, REVISION).map(|label| Said {
                revision: label.clone(),
                place: format!("the label `{REVISION}` of {}", image.digest),
                is_planned: !is_carried,
                is_carried,
            }));
            let attests = |other: &&&Descriptor| other.attested() == Some(image.digest.as_str());
            for attestation in others.iter().filter(attests) {
                self.find_anywhere(&attestation.digest);
                let all = if is_carried { &mut of_carried } else { &mut attestations };
                all.push(attestation.digest.clone());
            }
        }
        said.extend(labels);
        let mut is_proven = said.iter().any(|said| subject.run.includes(&said.revision));
        let mut questions = Questions::new();
        // What is planned is compared by itself, where that counts.
        let is_compared = |said: &Said| said.is_planned && origin.refuses_revision();
        let is_other = |said: &Said| !is_compared(said) && subject.run.excludes(&said.revision);
        let mut found = said.into_iter().find(is_other);
        for (attestations, is_carried) in [(&attestations, false), (&of_carried, true)] {
            for (checkout, place) in attested(subject, attestations, records, &mut questions) {
                is_proven |= subject.run.includes_checkout(checkout);
                if found.is_none() && subject.run.excludes_checkout(checkout) {
                    let revision = checkout.revision.clone();
                    let place = format!("the provenance in `{place}`");
                    found = Some(Said { revision, place, is_planned: false, is_carried });
                }
            }
        }
        let is_known = questions.is_empty();
        for (site, question) in questions {
            // What is being read need not be looked for, too.
            if let Question::Provenance(digest) = &question {
                self.checked.questions.remove(&(site, Question::Blob(digest.clone())));
            }
            self.checked.questions.insert((site, question));
        }
        let Some(Said { revision, place: says, is_planned: _, is_carried }) = found else {
            if let Some(tag) = of_commit.filter(|_| is_known && !is_proven) {
                self.told_by_tags(digest, tag, places, origin);
            }
            return;
        };
        let problem = of_another(subject, digest.as_str(), &revision, &says);
        let help = match (origin, of_commit) {
            (Origin::Anywhere { is_meant: true } | Origin::Kept, None) => return,
            // It may be an earlier build of the release, which keeps its other tags.
            (Origin::Kept, Some(_)) => return self.is_not_of_commit(digest, &revision, &says),
            (Origin::Merge, Some(_)) if is_carried => {
                return self.is_not_of_commit(digest, &revision, &says);
            }
            (Origin::Anywhere { is_meant: _ }, Some(tag)) => {
                format!("promote what was built from this commit: `{tag}` never stands for another one")
            }
            (Origin::Anywhere { is_meant: false }, None) => {
                "promote what was built from this commit; or pass `--allow-other-version`".to_owned()
            }
            (Origin::Merge | Origin::Reused, _) => CURE.to_owned(),
        };
        self.checked.problems.push(problem.with_help(help));
    }

    fn is_not_of_commit(&mut self, digest: &Digest, revision: &str, says: &str) {
        let why = format!("{digest} is of commit `{}`: {says} says so", shown(revision));
        self.checked.not_of_commit = Some(why);
    }

    /// Whether the tags that something has in its repositories name another commit than `tag`, which it is to get, where it
    /// does not tell its commit itself. One that names this commit proves it.
    fn told_by_tags(&mut self, digest: &Digest, tag: &Tag, places: &[usize], origin: Origin) {
        let (subject, records) = (self.subject, self.records);
        let named = |tag: &Tag| -> Option<bool> {
            let commits = commits_in(subject.image, tag);
            let is_own = commits.iter().any(|commit| !subject.run.excludes_planned(commit));
            (!commits.is_empty()).then_some(is_own)
        };
        let known =
            || places.iter().flat_map(|&site| records[site].tags_of(digest).map(move |tag| (site, tag)));
        if known().any(|(_, tag)| named(tag) == Some(true)) {
            return;
        }
        let mut uncompared: Option<String> = None;
        for &site in places {
            self.need(site, Question::Tags);
            let location = self.location(site);
            let listed = match records[site].tags() {
                Known::Present(listed) => listed,
                Known::Faulty(_) => {
                    uncompared = Some(format!("the tags of `{location}` cannot be listed"));
                    continue;
                }
                Known::Unasked | Known::Absent => continue,
            };
            // `sha256-…` is what says something about a digest.
            let is_of_commit = |tag: &&Tag| named(tag).is_some() && !tag.as_str().starts_with("sha256-");
            let is_of_form = |tag: &&Tag| {
                subject.image.tags.iter().any(|own| !own.form.commits_in(tag.as_str()).is_empty())
            };
            let is_compared = |tag: &&Tag| origin != Origin::Merge || is_of_form(tag);
            let of_commits: Vec<&Tag> = listed.iter().filter(is_of_commit).filter(is_compared).collect();
            let most = if origin == Origin::Merge { MAX_BESIDE } else { MAX_RELEASES };
            if let Some(left) = of_commits.len().checked_sub(most).filter(|left| *left > 0) {
                uncompared =
                    Some(format!("{left} tags of commits in `{location}` were not compared with it"));
            }
            for tag in of_commits.into_iter().take(most) {
                self.need(site, Question::Tag(tag.clone()));
            }
        }
        let other = known().find(|(_, tag)| named(tag) == Some(false));
        let other = other.map(|(site, tag)| format!("`{}`", self.location(site).with_tag(tag)));
        let key = subject.key;
        match (origin, other) {
            (Origin::Kept, Some(other)) => {
                self.checked.not_of_commit =
                    Some(format!("{digest} is of another commit, by its tag {other}"));
            }
            (Origin::Kept, None) => {
                self.checked.not_of_commit = Some(format!("nothing tells that {digest} is of this commit"));
            }
            (Origin::Merge | Origin::Reused | Origin::Anywhere { is_meant: _ }, Some(other)) => {
                let message = format!("{digest} is of another commit than `{tag}`, by its tag {other}");
                let cure = if origin == Origin::Merge {
                    "give the result of the merge of this plan"
                } else {
                    "promote what was built from this commit"
                };
                self.fail(Code::OTHER_PLAN, message).help =
                    Some(format!("{cure}: `{tag}` never stands for another one"));
            }
            // It was built for this plan, as its result says.
            (Origin::Merge, None) if uncompared.is_none() => {}
            (Origin::Merge | Origin::Reused | Origin::Anywhere { is_meant: _ }, None) => {
                let message =
                    format!("image `{key}`: nothing tells that {digest} is of the commit of `{tag}`");
                let mut note = Diagnostic::note(Code::UNKNOWN_COMMIT, message);
                note.notes.extend(uncompared);
                self.checked.notes.push(note.with_help(
                    "nothing is wrong if it was built from that commit; builds with provenance tell it",
                ));
            }
        }
    }
}

/// What something says of its commit, and where.
struct Said {
    revision: String,
    place: String,
    /// Whether the plan says what it should be.
    is_planned: bool,
    /// Whether it is said of a platform that may be taken over from another run.
    is_carried: bool,
}

/// A tag of an image that stands for the commit.
fn commit_tag(image: &PlannedImage) -> Option<&Tag> {
    image.tags.iter().find(|tag| tag.form.has_commit()).map(|tag| &tag.name)
}
