//! Whether builds are of the commit that was planned, as their provenance and their annotations tell.

use std::collections::BTreeMap;

use super::bases::{attestations, statements};
use super::check::ImageCheck;
use super::subject::Subject;
use super::taken::Origin;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::form::Part;
use crate::oci::{Descriptor, REVISION};
use crate::on_missing::OnMissing;
use crate::published::plan_json::BuildEntry;
use crate::published::planned::PlannedImage;
use crate::published::provenance::{Checkout, MAX_STATEMENT};
use crate::published::record::{Known, Question, Questions, Record};
use crate::published::revision::{of_run, shown};
use crate::published::served::Served;
use crate::reference::{Digest, Tag};

/// What helps when a build is of another commit.
const CURE: &str = "give the `plan.json` and the metadata of one run, whose jobs build what the plan was made of; if these builds are right, \
     make the plan at their commit, such as with `--fact commit=…`";

/// Which builds of an image are certainly of another commit, as far as metadata and records tell; and what is to be asked
/// for that. What metadata says needs no request.
#[must_use]
pub(super) fn look(subject: &Subject<'_>, records: &[Record]) -> (Vec<Diagnostic>, Questions) {
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
    /// Whether the manifest of a build says that it is of another commit, where the plan sets no such annotation. A label may
    /// be that of its base.
    pub(super) fn annotated_revision(
        &mut self,
        build: &BuildEntry,
        what: &str,
        annotations: &BTreeMap<String, String>,
    ) {
        let Some(revision) = annotations.get(REVISION) else { return };
        if build.annotations.contains_key(REVISION) || !self.subject.run.excludes(revision) {
            return;
        }
        let problem = of_another(self.subject, what, revision, &format!("its annotation `{REVISION}`"));
        self.checked.problems.push(problem.with_help(CURE));
    }

    /// Whether an index or manifest that is there already, and these images in it, are certainly of another commit. `others` are
    /// what refers to the images.
    pub(super) fn taken_revision(
        &mut self,
        digest: &Digest,
        annotations: &BTreeMap<String, String>,
        images: &[&Descriptor],
        others: &[&Descriptor],
        origin: Origin,
    ) {
        let (subject, records) = (self.subject, self.records);
        if subject.run.commit.is_none() || origin == Origin::Reused {
            return;
        }
        let mut said: Vec<(String, String)> = Vec::new();
        let mut annotated = |annotations: &BTreeMap<String, String>, key: &str, of: &str| {
            let own = annotations.get(key);
            said.extend(own.map(|own| (own.clone(), format!("the annotation `{key}` of {of}"))));
        };
        let whole = digest.as_str();
        annotated(annotations, &of_run(), whole);
        // What is planned is compared by itself.
        if !subject.image.annotations.contains_key(REVISION) {
            annotated(annotations, REVISION, whole);
        }
        let mut attestations = Vec::new();
        for image in images {
            let build = self.build_of(image);
            // What may be carried over is of another run.
            if build.is_some_and(|build| build.on_missing == OnMissing::Carry) {
                continue;
            }
            let is_planned = build.is_some_and(|build| build.annotations.contains_key(REVISION));
            if let Some((_, served)) = self.find_anywhere(&image.digest).filter(|_| !is_planned)
                && let Some(own) = Served::read(served.clone()).annotations()
            {
                annotated(own, REVISION, image.digest.as_str());
            }
            let attests = |other: &&&Descriptor| other.attested() == Some(image.digest.as_str());
            for attestation in others.iter().filter(attests) {
                self.find_anywhere(&attestation.digest);
                attestations.push(attestation.digest.clone());
            }
        }
        let mut questions = Questions::new();
        let mut found = said.into_iter().find(|(revision, _)| subject.run.excludes(revision));
        for (checkout, place) in attested(subject, &attestations, records, &mut questions) {
            if found.is_none() && subject.run.excludes_checkout(checkout) {
                found = Some((checkout.revision.clone(), format!("the provenance in `{place}`")));
            }
        }
        for (site, question) in questions {
            // What is being read need not be looked for, too.
            if let Question::Provenance(digest) = &question {
                self.checked.questions.remove(&(site, Question::Blob(digest.clone())));
            }
            self.checked.questions.insert((site, question));
        }
        let Some((revision, says)) = found else { return };
        let problem = of_another(subject, digest.as_str(), &revision, &says);
        let help = match (origin, commit_tag(subject.image)) {
            (Origin::Anywhere { is_meant: true }, None) => return,
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
}

/// A tag of an image that stands for the commit.
fn commit_tag(image: &PlannedImage) -> Option<&Tag> {
    let is_of_commit = |part: &Part| matches!(part, Part::Commit(_));
    let tag = image.tags.iter().find(|tag| tag.form.parts().iter().any(is_of_commit))?;
    Some(&tag.name)
}
