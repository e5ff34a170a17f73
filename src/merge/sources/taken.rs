//! Whether an index or manifest that is there already may get the tags of an image: it is whole, and what was planned.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use indexmap::IndexMap;

use super::super::index::IndexSource;
use super::super::subject::{Checked, Missing, Subject};
use super::check::ImageCheck;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Severity};
use crate::inputs::{self, Inputs};
use crate::oci::{
    ATTESTATION_TYPE, Descriptor, DescriptorPlatform, INPUTS, ImageManifest, Index, REVISION, VERSION,
    is_index,
};
use crate::on_missing::OnMissing;
use crate::platform::Platform;
use crate::published::labels::{differences, index_differences};
use crate::published::plan_json::BuildEntry;
use crate::published::record::{Known, Question, Record};
use crate::published::release::{Saying, saying};
use crate::published::served::{Content, Served};
use crate::reference::Digest;
use crate::registry::Manifest;

/// Who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::merge) enum Origin {
    /// The merge of this plan, which has seen all that is in it. Clean-ups may have removed manifests since; blobs go
    /// only after the manifests that refer to them.
    Merge,
    /// The merge of an earlier run, of the same inputs: what it says of that run is not what is planned for this one.
    Reused,
    /// A merge of the same release, perhaps of another commit, or anybody: it stays, and is to get the other tags.
    Kept,
    /// Anybody.
    Anywhere {
        /// Whether it may say that it is another version, or of another revision.
        is_meant: bool,
    },
}

impl Origin {
    /// Whether another version is an error.
    pub(super) fn refuses_version(self) -> bool {
        match self {
            Self::Merge | Self::Kept => true,
            Self::Reused => false,
            Self::Anywhere { is_meant } => !is_meant,
        }
    }

    /// Whether another revision than a planned one is an error.
    pub(super) fn refuses_revision(self) -> bool {
        match self {
            Self::Merge => true,
            Self::Reused | Self::Kept => false,
            Self::Anywhere { is_meant } => !is_meant,
        }
    }

    /// Whether it may rightly be two versions, as an image of the same inputs is, and is left alone where nothing tells.
    pub(super) fn may_be_several(self) -> bool {
        match self {
            Self::Merge | Self::Reused => false,
            Self::Kept | Self::Anywhere { is_meant: _ } => true,
        }
    }

    /// Whether it is for the plan's eyes to see for the first time: it was not made as planned for certain.
    fn is_from_outside(self) -> bool {
        match self {
            Self::Merge | Self::Reused => false,
            Self::Kept | Self::Anywhere { is_meant: _ } => true,
        }
    }
}

/// Checks what has this digest, as far as the records tell.
pub(in crate::merge) fn check(
    subject: &Subject<'_>,
    digest: &Digest,
    origin: Origin,
    records: &[Record],
) -> Checked {
    let mut walk = ImageCheck::new(subject, records);
    walk.is_reused = origin == Origin::Reused;
    walk.tags();
    walk.taken(digest, origin);
    if origin == Origin::Kept {
        walk.tell_sent();
    }
    walk.checked
}

impl<'a> ImageCheck<'a> {
    fn taken(&mut self, digest: &Digest, origin: Origin) {
        let Some((_, manifest)) = self.find(digest) else {
            if self.is_absent(digest) {
                let locations = self.list(self.subject.places.iter().copied());
                self.gone(format!("{digest} is not in {locations}"));
            }
            return;
        };
        let has_it = |place: &usize| self.records[*place].manifest(digest).present().is_some();
        let places: Vec<usize> = self.subject.places.iter().copied().filter(has_it).collect();
        self.checked.origins.push(Some((digest.clone(), places.clone())));
        if is_index(&manifest.media_type) {
            self.taken_index(manifest, origin, &places);
        } else {
            self.taken_image(manifest, origin, &places);
        }
    }

    /// What is to be reused, and cannot be.
    pub(super) fn not_reusable(&mut self, message: impl Display) -> &mut Diagnostic {
        let reused = self.subject.image.reused.as_ref();
        let found = reused.map(|reused| format!("the plan reuses `{}`", reused.reference()));
        let problem = self.fail(Code::NOT_REUSABLE, message);
        problem.notes.extend(found);
        problem.help = Some(
            "make the plan again: what cannot be reused is built then; with `--all`, everything is"
                .to_owned(),
        );
        problem
    }

    /// Whether an index records that it is of the inputs that are planned for all builds of the image.
    fn is_of_inputs(&mut self, index: &Index, digest: &Digest) -> bool {
        let builds = &self.subject.image.builds;
        let Some(text) = index.annotations.get(INPUTS) else {
            self.not_reusable(format!("{digest} does not record of which inputs it was made"));
            return false;
        };
        let Some(recorded) = inputs::Record::read(text) else {
            self.not_reusable(format!("what {digest} records of its inputs cannot be read"));
            return false;
        };
        let planned =
            builds.values().filter_map(|build| Some((build.platform.as_ref(), build.inputs.as_ref()?)));
        if recorded.is_of(planned, builds.len()) {
            return true;
        }
        let problem =
            self.not_reusable(format!("{digest} was made of other inputs than those that are planned"));
        problem.notes.extend(differing(builds, &recorded));
        false
    }

    fn taken_index(&mut self, manifest: &'a Manifest, origin: Origin, places: &[usize]) {
        let digest = &manifest.digest;
        // A release may be older than the plan to have none.
        if !self.subject.image.index && origin != Origin::Kept {
            let message = format!("{digest} is an index, and the image is published without one");
            self.fail(Code::UNPLANNED_INDEX, message).help = Some(
                "give it a manifest of the image; or leave `index = false` out of the definition".into(),
            );
            return;
        }
        let index = match serde_json::from_slice::<Index>(&manifest.bytes) {
            Ok(index) => index,
            Err(error) => {
                self.fail(Code::INVALID_MANIFEST, format!("index {digest} cannot be read: {error}"));
                return;
            }
        };
        if origin == Origin::Reused && !self.is_of_inputs(&index, digest) {
            return;
        }
        let images: Vec<&Descriptor> =
            index.manifests.iter().filter(|entry| entry.attested().is_none()).collect();
        if images.is_empty() {
            self.fail(Code::NO_IMAGES, format!("index {digest} holds no image, so nobody can pull it"));
            return;
        }
        if let Some(nested) = images.iter().find(|entry| is_index(&entry.media_type)) {
            self.fail(Code::NESTED_INDEX, format!("index {digest} holds another, {}", nested.digest)).help =
                Some("merge its builds with `bakeplan merge`, which puts their images into one index".into());
            return;
        }
        let is_stray =
            |entry: &&&Descriptor| entry.platform.as_ref().is_some_and(DescriptorPlatform::is_unknown);
        if let Some(stray) = images.iter().find(is_stray) {
            let message = format!(
                "index {digest} has a manifest without a platform that is not an attestation, {}",
                stray.digest
            );
            self.fail(Code::UNKNOWN_PLATFORM, message);
            return;
        }
        let platforms: Vec<&DescriptorPlatform> =
            images.iter().filter_map(|entry| entry.platform.as_ref()).collect();
        self.taken_platforms(digest, &platforms, origin);
        match origin {
            Origin::Merge => {
                for entry in &images {
                    self.configured("the index", entry);
                }
                self.stored(&index, digest, places);
                // A folder costs no request, and nothing keeps its files from being cut.
                let is_layout = |site: &usize| self.location(*site).repository().is_none();
                if self.checked.problems.is_empty() && self.subject.places.iter().any(is_layout) {
                    for entry in &index.manifests {
                        let name = entry.platform.as_ref().map_or_else(String::new, ToString::to_string);
                        self.child(&name, entry);
                    }
                }
                self.carried_before(digest, &index);
            }
            Origin::Reused | Origin::Kept | Origin::Anywhere { is_meant: _ } => {
                for entry in &index.manifests {
                    let name = entry.platform.as_ref().map_or_else(String::new, ToString::to_string);
                    self.configured("the index", entry);
                    self.child(&name, entry);
                }
            }
        }
        let mut differing = index_differences(self.subject.image, &index.annotations, index.manifests.iter());
        for entry in &images {
            differing.extend(self.taken_labels(entry, origin));
        }
        self.as_planned(digest, Some(&index), differing, origin);
        let others: Vec<&Descriptor> =
            index.manifests.iter().filter(|entry| entry.attested().is_some()).collect();
        let named = &self.named(places, origin);
        self.taken_revision(digest, &index.annotations, &images, &others, named, origin);
        let own = index.annotations.get(VERSION).cloned();
        let said: Vec<String> =
            own.into_iter().chain(images.iter().flat_map(|entry| self.said_by(entry, origin))).collect();
        let labelled = self.labelled(&images, origin);
        self.no_other_release(digest, [&said, &labelled], named, origin);
        self.checked.sources.push(IndexSource::Index(manifest.clone(), index));
    }

    /// Where tags may name it: of a release that stays, also where it has none of its own.
    fn named(&self, places: &[usize], origin: Origin) -> Vec<usize> {
        if origin != Origin::Kept {
            return places.to_vec();
        }
        let sites = self.subject.sites.iter().enumerate();
        let own = sites.filter(|(_, site)| self.subject.image.repositories.contains(&site.location));
        own.map(|(at, _)| at).collect()
    }

    /// The manifest of one image.
    fn taken_image(&mut self, manifest: &'a Manifest, origin: Origin, places: &[usize]) {
        let digest = &manifest.digest;
        if origin == Origin::Reused {
            self.not_reusable(format!(
                "{digest} is not an index, so it does not record of which inputs it was made"
            ));
            return;
        }
        let parsed = match serde_json::from_slice::<ImageManifest>(&manifest.bytes) {
            Ok(parsed) => parsed,
            Err(error) => {
                let message = format!("{digest} ({}) is not an image: {error}", manifest.media_type);
                self.fail(Code::INVALID_MANIFEST, message);
                return;
            }
        };
        if parsed.artifact_type.as_deref() == Some(ATTESTATION_TYPE) {
            return self.attestation(digest);
        }
        let mut entry = manifest.descriptor();
        match self.configuration(&parsed.config.digest) {
            Known::Unasked => return,
            Known::Faulty(fault) => return self.faulty(fault),
            // The check of its blobs tells that it is not there.
            Known::Absent => {}
            Known::Present(configuration) => match &configuration.platform {
                // What is not an image has none.
                Ok(platform) if platform.os.is_empty() => {}
                Ok(platform) if platform.is_unknown() => return self.attestation(digest),
                Ok(platform) => entry.platform = Some(platform.clone()),
                Err(why) => {
                    let config = &parsed.config.digest;
                    self.fail(
                        Code::INVALID_MANIFEST,
                        format!("the configuration {config} cannot be read: {why}"),
                    );
                    return;
                }
            },
        }
        let platforms: Vec<&DescriptorPlatform> = entry.platform.iter().collect();
        self.taken_platforms(digest, &platforms, origin);
        let name = entry.platform.as_ref().map_or_else(String::new, ToString::to_string);
        self.child(&name, &entry);
        let differing = self.taken_labels(&entry, origin);
        self.as_planned(digest, None, differing, origin);
        let named = &self.named(places, origin);
        self.taken_revision(digest, &BTreeMap::new(), &[&entry], &[], named, origin);
        let said = self.said_by(&entry, origin);
        let labelled = self.labelled(&[&entry], origin);
        self.no_other_release(digest, [&said, &labelled], named, origin);
        self.checked.sources.push(IndexSource::Image(entry));
    }

    /// What says something about an image gets none of its tags: nobody can run it.
    fn attestation(&mut self, digest: &Digest) {
        self.fail(Code::NO_IMAGES, format!("{digest} is an attestation, not an image")).help =
            Some("give it the index that holds the attestation and its image".into());
    }

    /// Whether the manifests of an index are there, wherever it is.
    fn stored(&mut self, index: &Index, digest: &Digest, places: &[usize]) {
        for &site in &self.subject.places {
            if !places.contains(&site) {
                let location = self.location(site);
                self.gone(format!("index {digest} is not in `{location}` any more"));
                continue;
            }
            for entry in &index.manifests {
                // What is read is there.
                let question = (site, Question::Manifest(entry.digest.clone()));
                let manifest = self.records[site].manifest(&entry.digest);
                if self.checked.questions.contains(&question) || manifest.present().is_some() {
                    continue;
                }
                self.need(site, Question::Stored(entry.digest.clone()));
                match self.records[site].stored(&entry.digest) {
                    Known::Unasked | Known::Present(_) => {}
                    Known::Faulty(fault) => self.faulty(fault),
                    Known::Absent => {
                        let location = self.location(site);
                        self.gone(format!(
                            "{} of index {digest} is not in `{location}` any more",
                            entry.digest
                        ));
                    }
                }
            }
        }
    }

    /// The versions that an image says it is: in an annotation of its manifest, and in its label if one is planned, since
    /// another may be that of its base. The labels of what a merge made are all compared.
    pub(super) fn said_by(&self, image: &Descriptor, origin: Origin) -> Vec<String> {
        let Some(served) = self.served(image) else { return Vec::new() };
        let label = || {
            // Where a release has no index, its labels are all that it says.
            if origin == Origin::Kept && !self.subject.image.index {
                return self.label(image, VERSION);
            }
            self.planned_label(image, VERSION).filter(|_| origin.is_from_outside())
        };
        let annotation = served.version().map(|(_, text)| text);
        annotation.into_iter().chain(label()).cloned().collect()
    }

    /// The versions that labels of images name, which may be those of their bases: of what a merge made, nobody asks.
    pub(super) fn labelled(&self, images: &[&Descriptor], origin: Origin) -> Vec<String> {
        let images = images.iter().filter(|_| origin.is_from_outside());
        images.filter_map(|image| self.label(image, VERSION)).cloned().collect()
    }

    /// A label of an image, if one is planned: another may be that of its base.
    pub(super) fn planned_label(&self, image: &Descriptor, key: &str) -> Option<&'a String> {
        self.build_of(image)?.labels.get(key)?;
        self.label(image, key)
    }

    fn label(&self, image: &Descriptor, key: &str) -> Option<&'a String> {
        let records = self.records;
        let Content::Image(manifest) = &self.served(image)?.content else { return None };
        let config = &manifest.config.digest;
        let mut places = self.subject.places.iter();
        let found = places.find_map(|&site| records[site].configuration(config).present())?;
        found.labels.as_ref().ok()?.get(key)
    }

    /// An image as the first repository serves it that has it.
    fn served(&self, image: &Descriptor) -> Option<&'a Served> {
        let records = self.records;
        self.subject.places.iter().find_map(|&site| records[site].manifest(&image.digest).present())
    }

    /// The build that makes an image of this platform.
    pub(super) fn build_of(&self, image: &Descriptor) -> Option<&'a BuildEntry> {
        let fits = |platform| image.platform.as_ref().is_some_and(|own| own.fits(platform));
        let mut builds = self.subject.image.builds.values();
        builds.find(|build| build.platform.as_ref().is_none_or(fits))
    }

    /// Compares the platforms with the planned ones. Tags that were given without a plan have none; a release that stays may
    /// lack some, and then does not get all tags.
    fn taken_platforms(&mut self, digest: &Digest, found: &[&DescriptorPlatform], origin: Origin) {
        for platform in found {
            // Versions of Windows stand beside each other.
            let is_same = |other: &&&DescriptorPlatform| ***other == **platform;
            if found.iter().filter(is_same).count() > 1 {
                self.fail(Code::PLATFORM_TWICE, format!("{digest} has {} twice", platform.exactly()));
                return;
            }
        }
        self.checked.platforms = found.iter().map(|platform| platform.exactly()).collect();
        let builds = &self.subject.image.builds;
        if builds.is_empty() || builds.values().any(|build| build.platform.is_none()) {
            return;
        }
        let help = "give it the tags of a plan with these platforms";
        for (leg, build) in builds {
            let Some(planned) = &build.platform else { continue };
            if origin == Origin::Kept || found.iter().any(|found| found.fits(planned)) {
                continue;
            }
            if self.subject.if_missing.of(build.on_missing) == OnMissing::Drop {
                let platform = Some(planned.clone());
                self.checked.missing.push(Missing { leg: leg.clone(), platform, then: OnMissing::Drop });
                continue;
            }
            self.fail(Code::PLATFORM_MISSING, format!("{digest} lacks {planned}, which is planned")).help =
                Some(help.to_owned());
        }
        let is_planned = |found: &DescriptorPlatform| {
            builds.values().filter_map(|build| build.platform.as_ref()).any(|planned| found.fits(planned))
        };
        for stray in found.iter().filter(|found| !is_planned(found)) {
            self.fail(
                Code::UNPLANNED_PLATFORM,
                format!("{digest} has {}, which is not planned", stray.exactly()),
            )
            .help = Some(help.to_owned());
        }
    }

    /// What the labels and annotations of an image say otherwise than planned. The result of a merge is a file from outside,
    /// so that what it names is compared again; but what may have been carried over is of another run.
    fn taken_labels(&mut self, entry: &Descriptor, origin: Origin) -> Vec<String> {
        let is_compared = |build: &&BuildEntry| match origin {
            Origin::Reused => false,
            Origin::Merge => {
                build.on_missing != OnMissing::Carry
                    && !(build.labels.is_empty() && build.annotations.is_empty())
            }
            Origin::Kept | Origin::Anywhere { is_meant: _ } => true,
        };
        let Some(build) = self.build_of(entry).filter(is_compared) else { return Vec::new() };
        let found = match origin {
            Origin::Merge => self.find_anywhere(&entry.digest),
            Origin::Reused | Origin::Kept | Origin::Anywhere { is_meant: _ } => self.find(&entry.digest),
        };
        let Some((_, manifest)) = found else { return Vec::new() };
        // The check of the manifest tells when it is none.
        let Ok(manifest) = serde_json::from_slice::<ImageManifest>(&manifest.bytes) else {
            return Vec::new();
        };
        let nothing = BTreeMap::new();
        let mut labels = &nothing;
        if !build.labels.is_empty() {
            let configuration = match self.configuration(&manifest.config.digest) {
                Known::Present(configuration) => configuration,
                Known::Faulty(fault) => {
                    self.faulty(fault);
                    return Vec::new();
                }
                // The check of its blobs tells that it is not there.
                Known::Unasked | Known::Absent => return Vec::new(),
            };
            labels = configuration.labels.as_ref().unwrap_or(&nothing);
        }
        // A label and an annotation that say the same are told once.
        let said = |key: &str| -> BTreeSet<(&String, &String)> {
            let all = [(&build.labels, labels), (&build.annotations, &manifest.annotations)];
            all.into_iter()
                .filter_map(|(planned, found)| Some((planned.get(key)?, found.get(key)?)))
                .collect()
        };
        for (planned, found) in said(REVISION) {
            self.same_revision(&entry.digest, Some(planned), Some(found), origin);
        }
        for (planned, found) in said(VERSION) {
            self.same_version(&entry.digest, Some(planned), Some(found), origin);
        }
        let of = entry.platform.as_ref().map_or_else(|| entry.digest.to_string(), ToString::to_string);
        let all = differences(build, labels, &manifest.annotations);
        all.into_iter().map(|one| format!("{of}: {one}")).collect()
    }

    fn same_revision(
        &mut self,
        digest: &Digest,
        planned: Option<&String>,
        found: Option<&String>,
        origin: Origin,
    ) {
        let (Some(planned), Some(found)) = (planned, found) else { return };
        if planned != found && origin.refuses_revision() {
            let message =
                format!("{digest} was built from revision {found:?}, but the plan is for {planned:?}");
            let help = match origin {
                Origin::Merge => {
                    "give the result of the merge of this plan; if that kept a release of another revision, pass `--keep-existing` here, too"
                }
                Origin::Reused | Origin::Kept | Origin::Anywhere { is_meant: _ } => {
                    "promote what was built from this revision; or pass `--allow-other-version`"
                }
            };
            self.fail(Code::OTHER_PLAN, message).help = Some(help.to_owned());
        }
    }

    /// The same of the version, where the numbers do not tell: `1.4.2-rc.1` is not `1.4.2`.
    fn same_version(
        &mut self,
        digest: &Digest,
        planned: Option<&String>,
        found: Option<&String>,
        origin: Origin,
    ) {
        let (Some(planned), Some(found)) = (planned, found) else { return };
        let is_compared = matches!(origin, Origin::Anywhere { is_meant: false });
        let bare = |text: &str| text.trim_start_matches('v').to_owned();
        let image = self.subject.image;
        let is_said = matches!(saying(image, std::slice::from_ref(found)), Saying::Other(..));
        // What was built without a version says its first tag there, such as `edge` or `sha-0123456`.
        let is_version = image.parse_version(found).is_ok();
        if is_compared && is_version && !is_said && bare(planned) != bare(found) {
            let message =
                format!("{digest} says that it is version {found:?}, but the plan is for {planned:?}");
            self.fail(Code::OTHER_VERSION, message).help =
                Some("promote that version; or pass `--allow-other-version`".into());
        }
    }

    /// Whether it is what was planned: of this revision, whatever else it says.
    fn as_planned(&mut self, digest: &Digest, index: Option<&Index>, differing: Vec<String>, origin: Origin) {
        let planned = self.subject.image.annotations.get(REVISION);
        let found = index.and_then(|index| index.annotations.get(REVISION));
        self.same_revision(digest, planned, found, origin);
        let planned = self.subject.image.annotations.get(VERSION);
        let found = index.and_then(|index| index.annotations.get(VERSION));
        self.same_version(digest, planned, found, origin);
        if differing.is_empty() {
            return;
        }
        match origin {
            Origin::Reused => {}
            Origin::Merge => {
                let problem = self.fail(Code::OTHER_PLAN, format!("index {digest} is not what was planned"));
                problem.notes = differing;
            }
            Origin::Kept | Origin::Anywhere { is_meant: _ } => {
                let message = format!(
                    "image `{}`: labels or annotations of {digest} are not the planned ones, and stay as they are",
                    self.subject.key
                );
                // A release that is repeated has those of its first run, such as the time.
                let severity = if origin == Origin::Kept { Severity::Note } else { Severity::Warning };
                let mut note = Diagnostic::warning(Code::NOT_AS_PLANNED, message).with_severity(severity);
                note.notes = differing;
                self.checked.notes.push(note);
            }
        }
    }
}

/// How a record differs from what is planned, a phrase for each build.
fn differing(builds: &IndexMap<String, BuildEntry>, recorded: &inputs::Record) -> Vec<String> {
    let mut differing = Vec::new();
    for (leg, build) in builds {
        let planned = build.inputs.as_ref().and_then(Inputs::hash);
        let found = recorded.hash_of(build.platform.as_ref());
        if planned != found {
            let shown = |hash: Option<&Digest>| hash.map_or_else(|| "nothing".to_owned(), Digest::to_string);
            differing.push(format!(
                "build `{leg}`: {} is planned, and {} recorded",
                shown(planned),
                shown(found)
            ));
        }
    }
    let is_planned =
        |platform: Option<&Platform>| builds.values().any(|build| build.platform.as_ref() == platform);
    let strays = recorded.platforms().filter(|platform| !is_planned(*platform));
    differing.extend(strays.flatten().map(|stray| format!("{stray} is recorded, and not planned")));
    differing
}
