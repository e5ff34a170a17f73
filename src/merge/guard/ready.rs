//! An image that is complete: its index, and what is to become of its tags.

use std::collections::BTreeMap;

use super::super::index::{self, ComposeError, IndexSource};
use super::super::report::Outcome;
use super::super::subject::{Checked, Copies, Made, Subject};
use super::decide::{Decision, decide, unlisted};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::inputs;
use crate::oci::{Descriptor, INPUTS, OCI_INDEX, TAGGED_VERSION, WITHOUT, is_reserved};
use crate::published::plan_json::{ReusedEntry, RunEntry};
use crate::published::planned::PlannedImage;
use crate::published::record::Record;
use crate::published::served::Served;
use crate::reference::{Digest, Tag};
use crate::registry::Manifest;

/// An image that is complete.
#[derive(Clone)]
pub(in crate::merge) struct Ready<'a> {
    /// The image's key.
    pub(in crate::merge) key: &'a str,
    /// The image.
    pub(in crate::merge) image: &'a PlannedImage,
    /// The positions of its repositories among the sites, in order.
    pub(in crate::merge) places: Vec<usize>,
    /// What came of its check.
    pub(in crate::merge) checked: Checked,
    /// Its index.
    pub(in crate::merge) manifest: Manifest,
    /// The annotations that were put into it.
    pub(in crate::merge) annotations: BTreeMap<String, String>,
    /// How it came to be.
    pub(in crate::merge) made: Made,
    /// What is to become of its tags, repository by repository.
    pub(in crate::merge) decisions: Vec<Decision>,
    /// Why tags stay as they are, if they do.
    stays: Option<Stays>,
}

/// Why tags of an image stay as they are.
#[derive(Clone)]
struct Stays {
    why: String,
    /// Whether it is all of them, and not those alone that float.
    is_whole: bool,
}

impl<'a> Ready<'a> {
    /// Composes the index of an image that was checked, and decides about its tags.
    ///
    /// # Errors
    /// Why it cannot have an index.
    pub(in crate::merge) fn compose(
        subject: &Subject<'a>,
        checked: Checked,
        records: &[Record],
    ) -> Result<Self, Diagnostic> {
        let (key, image) = (subject.key, subject.image);
        if !image.index {
            return Self::plain(subject, checked, records);
        }
        let of_descriptor = |entry: &Descriptor| image.descriptor_annotations(entry);
        let composed = |annotations| {
            let manifest =
                index::compose(&checked.sources, &checked.referrers, &annotations, &of_descriptor)?;
            Ok((manifest, annotations))
        };
        // What stays whatever later runs do need not say which run it is of, so that the same builds make the same index.
        let mut of_merge = if image.is_final() { BTreeMap::new() } else { subject.run.annotations() };
        of_merge.extend(record(subject, &checked).written().map(|text| (INPUTS.to_owned(), text)));
        let unshown = image.version.as_ref().filter(|_| !image.shows_version());
        of_merge.extend(unshown.map(|version| (TAGGED_VERSION.to_owned(), version.text().to_owned())));
        if image.version.is_some() && !image.without.is_empty() {
            let without: Vec<&str> = image.without.iter().map(Tag::as_str).collect();
            of_merge.insert(WITHOUT.to_owned(), without.join(","));
        }
        let has_own = !of_merge.is_empty();
        let annotated = composed(image.annotations.clone().into_iter().chain(of_merge).collect());
        let manifest = match annotated {
            // A Docker list has no place for them: the image is published without.
            Err(ComposeError::Annotations) if has_own => composed(image.annotations.clone()),
            annotated => annotated,
        };
        let (manifest, annotations) = manifest.map_err(|error| {
            let message = format!("image `{key}` cannot have an index: {error}");
            Diagnostic::error(Code::COMPOSE, message)
                .with_help("build with `oci-mediatypes=true` in `output`, or leave the annotations out")
        })?;
        // Annotations of builds are left behind; but an index that is taken as it is has all of its own.
        let said = Served::read(manifest.clone());
        let of_others = |key: &&String| is_reserved(key) && !annotations.contains_key(key.as_str());
        if let Some(stray) = said.annotations().and_then(|all| all.keys().find(of_others)) {
            let message = format!(
                "image `{key}`: the build has the annotation `{stray}` in its index, which only a merge may set"
            );
            return Err(Diagnostic::error(Code::RESERVED_ANNOTATION, message)
                .with_help("build the image again without it; an index that a merge made gets tags by `bakeplan promote`"));
        }
        let decisions = decisions(subject, &manifest.digest, records);
        let places = subject.places.clone();
        let mut one = Self {
            key,
            image,
            places,
            checked,
            manifest,
            annotations,
            made: Made::Built,
            decisions,
            stays: None,
        };
        one.hold();
        Ok(one)
    }

    /// Takes the manifest of the one build of an image without an index.
    fn plain(subject: &Subject<'a>, checked: Checked, records: &[Record]) -> Result<Self, Diagnostic> {
        let mut entries = checked.sources.iter().flat_map(IndexSource::entries);
        let found = |entry: &Descriptor| {
            let mut places = subject.places.iter();
            places.find_map(|&site| records[site].manifest(&entry.digest).present())
        };
        let manifest = match (entries.next(), entries.next()) {
            (Some(one), None) => found(one).map(|served| served.manifest.clone()),
            _ => None,
        };
        let manifest = manifest.ok_or_else(|| {
            let message = format!(
                "image `{}` is published without an index, but is not a single manifest",
                subject.key
            );
            Diagnostic::error(Code::COMPOSE, message)
        })?;
        Ok(Self {
            key: subject.key,
            image: subject.image,
            places: subject.places.clone(),
            decisions: decisions(subject, &manifest.digest, records),
            checked,
            manifest,
            annotations: BTreeMap::new(),
            made: Made::Built,
            stays: None,
        })
    }

    /// The run that decided that its tags have this index: of what only stays, the one that made it.
    #[must_use]
    pub(in crate::merge) fn run(&self, own: &RunEntry) -> RunEntry {
        match self.made {
            Made::Built | Made::Reused => own.clone(),
            Made::Indexed => {
                let said = self.run_of_index();
                let would_say = self.manifest.media_type == OCI_INDEX && !self.image.is_final();
                if said.has_order() || would_say { said } else { own.clone() }
            }
            Made::Taken => self.run_of_index(),
        }
    }

    /// The run that is no earlier than what only stays, where that does not say which one made it: that of the plan by which it
    /// gets the tags.
    #[must_use]
    pub(super) fn no_later_than<'r>(&self, own: &'r RunEntry) -> Option<&'r RunEntry> {
        let is_open = matches!(self.made, Made::Taken | Made::Indexed) && !self.run(own).has_order();
        Some(own).filter(|own| is_open && own.has_order())
    }

    /// The run that made its index, as that says.
    #[must_use]
    pub(super) fn run_of_index(&self) -> RunEntry {
        RunEntry::of_served(&Served::read(self.manifest.clone()))
    }

    /// What it is reused from, unless it was built, or something else has its place.
    #[must_use]
    pub(in crate::merge) fn reused(&self) -> Option<&ReusedEntry> {
        match self.made {
            Made::Reused => self.image.reused.as_ref(),
            Made::Built | Made::Indexed | Made::Taken => None,
        }
    }

    /// Whether its inputs are known, and it has no place to record them.
    #[must_use]
    pub(in crate::merge) fn is_unrecorded(&self) -> bool {
        let mut known = self.image.builds.values().filter_map(|build| build.inputs.as_ref()?.hash());
        self.made == Made::Built && self.manifest.media_type != OCI_INDEX && known.next().is_some()
    }

    /// What was checked and is there already, to be in these places; none when it cannot be used, which is reported.
    pub(in crate::merge) fn taken(
        subject: &Subject<'a>,
        digest: &Digest,
        checked: Checked,
        made: Made,
        places: &[usize],
        records: &[Record],
    ) -> Option<Self> {
        let found = subject.places.iter().find_map(|&site| records[site].manifest(digest).present());
        let manifest = found.filter(|_| checked.problems.is_empty())?.manifest.clone();
        let mut one = Self {
            key: subject.key,
            image: subject.image,
            places: places.to_vec(),
            checked,
            annotations: BTreeMap::new(),
            made,
            decisions: decisions(subject, &manifest.digest, records),
            manifest,
            stays: None,
        };
        one.hold();
        Some(one)
    }

    /// Whether a decision is about a tag that names the commit.
    pub(in crate::merge) fn is_of_commit(&self, decision: &Decision) -> bool {
        self.image.tags.iter().any(|tag| tag.name == decision.tag && tag.is_of_commit())
    }

    /// The decisions about its own tags: those of its version or, without one, those of its commit.
    pub(super) fn own(&self) -> impl Iterator<Item = &Decision> {
        let is_own = |one: &&Decision| !one.report.floating;
        let has_version = self.decisions.iter().filter(is_own).any(|one| !self.is_of_commit(one));
        self.decisions.iter().filter(is_own).filter(move |one| !has_version || !self.is_of_commit(one))
    }

    /// With what is to be copied: all of it, with what says something about it, to each repository that lacks it.
    #[must_use]
    pub(in crate::merge) fn with_copies(mut self, from: usize, records: &[Record]) -> Self {
        let digest = &self.manifest.digest;
        let lacks = |site: &&usize| **site != from && records[**site].manifest(digest).present().is_none();
        for site in self.places.iter().filter(lacks) {
            self.checked.copies.insert(*site, Copies { whole: vec![from], ..Copies::default() });
        }
        self
    }

    /// What is reused, in all repositories of its image; none when it cannot be, which is told.
    pub(in crate::merge) fn of_reused(
        subject: &Subject<'a>,
        reused: &ReusedEntry,
        checked: Checked,
        records: &[Record],
    ) -> Option<Self> {
        let digest = &reused.digest;
        let has_it = |place: &&usize| records[**place].manifest(digest).present().is_some();
        let is_found = |place: &&usize| subject.sites[**place].location == reused.repository;
        let places = || subject.places.iter().filter(has_it);
        let from = *places().find(is_found).or_else(|| places().next())?;
        let one = Self::taken(subject, digest, checked, Made::Reused, &subject.places, records)?;
        Some(one.with_copies(from, records))
    }

    /// What was checked of it, in the places where its tags are written.
    pub(in crate::merge) fn subject<'s>(&self, subjects: &[Subject<'s>]) -> Option<Subject<'s>> {
        let subject = subjects.iter().find(|subject| subject.key == self.key)?;
        Some(Subject { places: self.places.clone(), ..subject.clone() })
    }

    /// The tags that are there and that the list of tags lacks which others move by.
    pub(in crate::merge) fn unlisted<'r>(
        &'r self,
        records: &'r [Record],
    ) -> impl Iterator<Item = (usize, &'r Tag)> {
        unlisted(self.image, &self.decisions, records)
    }

    /// Decides anew about its tags.
    pub(in crate::merge) fn decide(&mut self, subject: &Subject<'_>, records: &[Record]) {
        self.decisions = decisions(subject, &self.manifest.digest, records);
        self.hold();
    }

    /// Leaves its floating tags as they are, also when it is decided anew. Those of a commit stay where it is not certain to be
    /// of it.
    pub(super) fn hold_floating(&mut self, why: String) {
        if !self.stays.as_ref().is_some_and(|stays| stays.is_whole) {
            self.stays = Some(Stays { why, is_whole: false });
        }
        self.hold();
    }

    /// Leaves all its tags as they are where nothing tells that it is the version that they are for, though one has it; what to say
    /// of that.
    pub(in crate::merge) fn hold_two_versions(&mut self, help: &str) -> Option<Diagnostic> {
        let why = self.checked.two_versions.clone()?;
        self.stays = Some(Stays { why: why.clone(), is_whole: true });
        self.hold();
        let is_held =
            |one: &&Decision| one.report.outcome == Outcome::Held && one.report.why.as_ref() == Some(&why);
        let held = self.decisions.iter().filter(is_held);
        let tags: Vec<String> = held.map(|one| format!("`{}`", one.report.reference)).collect();
        let message = format!("image `{}` leaves {} as before: {why}", self.key, tags.join(", "));
        let note = "an image of the same inputs may rightly be both; or somebody gave one of the tags to the content of the other";
        (!tags.is_empty()).then(|| Diagnostic::warning(Code::HELD, message).with_note(note).with_help(help))
    }

    fn hold(&mut self) {
        for decision in self.decisions.iter_mut().filter(|one| one.report.outcome.writes()) {
            let names_commit =
                || self.image.tags.iter().any(|tag| tag.name == decision.tag && tag.form.has_commit());
            let stays = self.stays.as_ref().filter(|stays| stays.is_whole || decision.report.floating);
            let of_floating = stays.map(|stays| &stays.why);
            let of_commit = || self.checked.not_of_commit.as_ref().filter(|_| names_commit());
            if let Some(why) = of_floating.or_else(of_commit) {
                decision.report.stay(Outcome::Held, why.clone());
            }
        }
    }

    /// What to say of the tags of a commit that it does not get, since it is not certain to be of it; `help` is another way.
    pub(in crate::merge) fn without_commit(&self, help: &str) -> Option<Diagnostic> {
        let why = self.checked.not_of_commit.as_ref()?;
        let held = self
            .decisions
            .iter()
            .map(|decision| &decision.report)
            .filter(|report| report.outcome == Outcome::Held && report.why.as_ref() == Some(why));
        let tags: Vec<String> = held.map(|report| format!("`{}`", report.reference)).collect();
        let message = format!("image `{}` leaves {} as before: {why}", self.key, tags.join(", "));
        let note = "the tag of a commit never stands for another one";
        (!tags.is_empty()).then(|| Diagnostic::warning(Code::HELD, message).with_note(note).with_help(help))
    }

    /// Takes an index that is there instead of the one that was built.
    pub(super) fn take(
        &mut self,
        subject: &Subject<'_>,
        checked: Checked,
        manifest: Manifest,
        records: &[Record],
    ) {
        self.decisions = decisions(subject, &manifest.digest, records);
        self.made = Made::Taken;
        // What is there already has those that it was given.
        self.annotations.clear();
        self.checked = checked;
        self.manifest = manifest;
        self.hold();
    }
}

/// What an index records of the inputs of the builds that are in it: as planned of those of this run, and as the older index says
/// of those that are carried over. Nothing when the plan does not know any.
fn record(subject: &Subject<'_>, checked: &Checked) -> inputs::Record {
    let builds = &subject.image.builds;
    if builds.values().all(|build| build.inputs.is_none()) {
        return inputs::Record::default();
    }
    inputs::Record::of(builds.iter().filter_map(|(leg, build)| {
        let inputs = if checked.carried.contains_key(leg) {
            checked.carried_inputs.get(leg)
        } else {
            build.inputs.as_ref().filter(|_| subject.metadata.builds.contains_key(leg))
        };
        Some((build.platform.as_ref(), inputs?))
    }))
}

/// What is to become of the tags of an image that has this index.
fn decisions(subject: &Subject<'_>, digest: &Digest, records: &[Record]) -> Vec<Decision> {
    let mut decisions = Vec::new();
    for &site in &subject.places {
        let location = &subject.sites[site].location;
        decisions.extend(subject.image.tags_in(location).map(|tag| Decision {
            site,
            tag: tag.name.clone(),
            report: decide(subject, tag, location, digest, &records[site]),
        }));
    }
    decisions
}
