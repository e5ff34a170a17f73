//! Whether what an image is to be made of is all there, in every repository, and is what was planned.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use super::super::index::{IndexSource, referrer};
use super::super::lookup;
use super::super::subject::{Checked, Missing, Subject};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::{
    Descriptor, DescriptorPlatform, ImageManifest, Index, REVISION, VERSION, is_index, media_type_of,
};
use crate::on_missing::OnMissing;
use crate::published::labels::{OTHER_PLAN_CURE, differences};
use crate::published::metadata::Pushed;
use crate::published::plan_json::BuildEntry;
use crate::published::record::{Fault, FaultKind, Known, Question, Record};
use crate::reference::Digest;
use crate::registry::{Location, Manifest};

/// How many manifests a build's index may hold: an image and its attestations.
const MAX_ENTRIES: usize = 100;

/// Labels or annotations.
pub(super) type Said = BTreeMap<String, String>;

/// How a build comes without an index.
const WITHOUT_ATTESTATIONS: &str = "build it without attestations: `provenance: false` for docker/bake-action, which asks for one by itself, and neither `--provenance` nor `--sbom`; or leave `index = false` out";

/// Checks an image, as far as the records tell. It has to be done again when the questions are answered.
#[must_use]
pub(crate) fn check(subject: &Subject<'_>, records: &[Record]) -> Checked {
    let mut walk = ImageCheck::new(subject, records);
    for (leg, build) in &subject.image.builds {
        if !subject.metadata.builds.contains_key(leg) {
            walk.missing(leg, build);
        }
    }
    let checked = &mut walk.checked;
    let is_dropped = |missing: &Missing| missing.then == OnMissing::Drop;
    if checked.held.is_empty()
        && checked.missing.iter().filter(|one| is_dropped(one)).count() == subject.image.builds.len()
    {
        checked.held.push("none of its builds exist".to_owned());
    }
    if !checked.held.is_empty() {
        return walk.checked;
    }
    walk.tags();
    for (leg, build) in &subject.image.builds {
        match subject.metadata.builds.get(leg) {
            Some(pushed) => walk.build(leg, build, pushed),
            None if build.on_missing == OnMissing::Carry => walk.carry(leg, build),
            None => {}
        }
    }
    walk.tell_sent();
    walk.checked
}

/// Looks at the tags of an image alone, as far as the records tell.
#[must_use]
pub(in crate::merge) fn check_tags(subject: &Subject<'_>, records: &[Record]) -> Checked {
    let mut walk = ImageCheck::new(subject, records);
    walk.tags();
    walk.checked
}

/// A build as messages name it.
fn described(leg: &str, pushed: &Pushed) -> String {
    format!("build `{leg}`, {} (`{}`),", pushed.digest, pushed.origin)
}

/// The check of an image, as far as the records tell.
pub(super) struct ImageCheck<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) records: &'a [Record],
    /// The leg of each platform.
    seen: BTreeMap<String, String>,
    /// The builds of which something is sent from one registry to another: by the site that gets it, and the one that has
    /// it.
    pub(super) sent: BTreeMap<(usize, usize), BTreeSet<String>>,
    /// Whether what is checked was there before this run, which uses it again.
    pub(super) is_reused: bool,
    pub(super) checked: Checked,
}

impl<'a> ImageCheck<'a> {
    /// A check that has not begun.
    pub(super) fn new(subject: &'a Subject<'a>, records: &'a [Record]) -> Self {
        let (seen, sent, is_reused, checked) = Default::default();
        Self { subject, records, seen, sent, is_reused, checked }
    }

    pub(super) fn need(&mut self, site: usize, question: Question) {
        if !self.records[site].knows(&question) {
            self.checked.questions.insert((site, question));
        }
    }

    pub(super) fn location(&self, site: usize) -> &'a Location {
        &self.subject.sites[site].location
    }

    pub(super) fn fail(&mut self, code: Code, message: impl Display) -> &mut Diagnostic {
        let message = format!("image `{}`: {message}", self.subject.key);
        self.checked.problems.push(Diagnostic::error(code, message));
        self.checked.problems.last_mut().expect("it was just pushed")
    }

    /// Something that was built is not there.
    fn lack(&mut self, message: impl Display) -> &mut Diagnostic {
        self.checked.lacks_build = true;
        self.fail(Code::MISSING_BUILD, message)
    }

    /// An answer that cannot be used.
    pub(super) fn faulty(&mut self, fault: &Fault) {
        if !self.checked.problems.contains(&fault.diagnostic) {
            self.checked.problems.push(fault.diagnostic.clone());
        }
    }

    /// The tags that it will have: what they mean now, and which others there are.
    pub(super) fn tags(&mut self) {
        let (questions, problems) = lookup::tags(self.subject, self.records);
        self.checked.questions.extend(questions);
        self.checked.problems.extend(problems);
    }

    fn missing(&mut self, leg: &str, build: &BuildEntry) {
        let then = self.subject.if_missing.of(build.on_missing);
        let platform = build.platform.clone();
        self.checked.missing.push(Missing { leg: leg.to_owned(), platform, then });
        match then {
            OnMissing::Hold => self.checked.held.push(format!("`{leg}` was not built")),
            OnMissing::Drop | OnMissing::Carry => {}
        }
    }

    fn build(&mut self, leg: &str, build: &BuildEntry, pushed: &Pushed) {
        // What goes into the index has to be in every repository; the build's own index does not.
        let found = if self.subject.wants_origins {
            self.find(&pushed.digest)
        } else {
            self.find_anywhere(&pushed.digest)
        };
        let Some((_, manifest)) = found else {
            if self.is_absent(&pushed.digest) {
                self.lost(leg, pushed);
            }
            return;
        };
        let has_it = |place: &usize| self.records[*place].manifest(&pushed.digest).present().is_some();
        let places = self.subject.places.iter().copied().filter(has_it).collect();
        self.checked.origins.push(Some((pushed.digest.clone(), places)));
        self.pushed_elsewhere(leg, pushed);
        if is_index(&manifest.media_type) {
            self.index(leg, build, pushed, manifest);
        } else {
            self.image(leg, build, pushed, manifest);
        }
    }

    /// A build with attestations: an index of one platform.
    fn index(&mut self, leg: &str, build: &BuildEntry, pushed: &Pushed, manifest: &Manifest) {
        if !self.subject.image.index {
            let message = format!(
                "build `{leg}` pushed an index, {}, and the image is published without one (`index = false`)",
                pushed.digest
            );
            self.fail(Code::UNPLANNED_INDEX, message).help = Some(WITHOUT_ATTESTATIONS.into());
            return;
        }
        let index = match serde_json::from_slice::<Index>(&manifest.bytes) {
            Ok(index) => index,
            Err(error) => {
                let message = format!("build `{leg}` pushed an index that cannot be read: {error}");
                self.fail(Code::INVALID_MANIFEST, message);
                return;
            }
        };
        let count = index.manifests.len();
        if count > MAX_ENTRIES {
            let message =
                format!("build `{leg}` pushed an index of {count} manifests, expected one platform");
            self.fail(Code::SEVERAL_PLATFORMS, message);
            return;
        }
        let images: Vec<_> = index.manifests.iter().filter(|entry| entry.attested().is_none()).collect();
        if let Some(nested) = images.iter().find(|entry| is_index(&entry.media_type)) {
            let message = format!("build `{leg}` pushed an index that holds another, {}", nested.digest);
            self.fail(Code::NESTED_INDEX, message).help =
                Some("push the build itself, not an index that contains it".into());
            return;
        }
        let is_stray =
            |entry: &&&Descriptor| entry.platform.as_ref().is_some_and(DescriptorPlatform::is_unknown);
        if let Some(stray) = images.iter().find(is_stray) {
            let message = format!(
                "build `{leg}` has a manifest without a platform that is not an attestation, {}",
                stray.digest
            );
            self.fail(Code::UNKNOWN_PLATFORM, message).help = Some(
                "something between the build and the registry dropped its annotations: build again".into(),
            );
            return;
        }
        let [image] = images.as_slice() else {
            let platforms: Vec<_> =
                images.iter().filter_map(|entry| entry.platform.as_ref()).map(ToString::to_string).collect();
            let found = if platforms.is_empty() { "none".to_owned() } else { platforms.join(", ") };
            let message = format!("build `{leg}` pushed an index with the platforms {found}, expected one");
            let key = &self.subject.key;
            let help = format!(
                "build the targets of this plan's `docker-bake.json`, which have one platform each; an index of all \
                 platforms gets its tags by `bakeplan promote {key}={} --plan FILE`",
                pushed.digest
            );
            self.fail(Code::SEVERAL_PLATFORMS, message).help = Some(help);
            return;
        };
        if !self.planned(leg, build, image.platform.as_ref()) {
            return;
        }
        self.configured(&format!("the index of build `{leg}`"), image);
        let what = described(leg, pushed);
        self.built_version(&what, "its index", &index.annotations);
        if !self.subject.image.annotations.contains_key(REVISION) {
            self.built_revision(&what, "the index", &index.annotations);
        }
        self.labels(leg, build, pushed, &image.digest);
        let attests = |entry: &&Descriptor| entry.attested() == Some(image.digest.as_str());
        let is_attested = index.manifests.iter().any(|entry| attests(&entry));
        for orphan in index.manifests.iter().filter(|entry| entry.attested().is_some() && !attests(entry)) {
            let message = format!(
                "image `{}`: the attestation {} of build `{leg}` refers to an image that is not there",
                self.subject.key, orphan.digest
            );
            self.checked.notes.push(Diagnostic::warning(Code::ORPHAN_ATTESTATION, message));
        }
        for entry in &index.manifests {
            self.child(leg, entry);
        }
        if !is_attested {
            self.referrer(leg, &image.digest);
        }
        self.checked.sources.push(IndexSource::Index(manifest.clone(), index));
    }

    /// A build without attestations: the manifest of an image, whose configuration names the platform.
    fn image(&mut self, leg: &str, build: &BuildEntry, pushed: &Pushed, manifest: &Manifest) {
        let parsed = match serde_json::from_slice::<ImageManifest>(&manifest.bytes) {
            Ok(parsed) => parsed,
            Err(error) => {
                let message = format!(
                    "build `{leg}` pushed {} ({}), which is not an image: {error}",
                    manifest.digest, manifest.media_type
                );
                self.fail(Code::INVALID_MANIFEST, message);
                return;
            }
        };
        let config = &parsed.config.digest;
        let mut entry = manifest.descriptor();
        match self.configuration(config) {
            Known::Unasked => return,
            Known::Faulty(fault) => return self.faulty(fault),
            // The check of its blobs tells that it is not there.
            Known::Absent => {}
            Known::Present(configuration) => match &configuration.platform {
                Ok(platform) => {
                    if !self.planned(leg, build, Some(platform)) {
                        return;
                    }
                    entry.platform = Some(platform.as_entry());
                }
                Err(why) => {
                    let message = format!("build `{leg}`: its configuration {config} cannot be read: {why}");
                    self.fail(Code::INVALID_MANIFEST, message);
                    return;
                }
            },
        }
        self.labels(leg, build, pushed, &entry.digest);
        self.child(leg, &entry);
        if self.subject.image.index {
            self.referrer(leg, &entry.digest);
        }
        self.checked.sources.push(IndexSource::Image(entry));
    }

    /// Compares what an image says of itself with what was planned for it. What is carried over is of another run, and
    /// need not say the same.
    fn labels(&mut self, leg: &str, build: &BuildEntry, pushed: &Pushed, image: &Digest) {
        let Some((labels, annotations)) = self.labels_and_annotations(leg, image, !build.labels.is_empty())
        else {
            return;
        };
        let what = described(leg, pushed);
        if !build.annotations.contains_key(REVISION) {
            self.built_revision(&what, "the image", &annotations);
        }
        if !build.annotations.contains_key(VERSION) {
            self.built_version(&what, "the image", &annotations);
        }
        let differences = differences(build, &labels, &annotations);
        let Some((first, more)) = differences.split_first() else { return };
        let problem = self.fail(Code::OTHER_PLAN, format!("{what} is from another plan: {first}"));
        problem.notes.extend(more.iter().cloned());
        problem.help = Some(OTHER_PLAN_CURE.to_owned());
    }

    /// The labels of an image, if they are wanted, and its annotations; none while they are not known.
    pub(super) fn labels_and_annotations(
        &mut self,
        leg: &str,
        image: &Digest,
        wants_labels: bool,
    ) -> Option<(Said, Said)> {
        let (_, manifest) = self.find(image)?;
        // The check of the manifest tells when it is none.
        let manifest = serde_json::from_slice::<ImageManifest>(&manifest.bytes).ok()?;
        if !wants_labels {
            return Some((Said::new(), manifest.annotations));
        }
        let config = &manifest.config.digest;
        let configuration = match self.configuration(config) {
            Known::Present(configuration) => configuration,
            Known::Faulty(fault) => {
                self.faulty(fault);
                return None;
            }
            // The check of its blobs tells that it is not there.
            Known::Unasked | Known::Absent => return None,
        };
        match &configuration.labels {
            Ok(labels) => Some((labels.clone(), manifest.annotations)),
            Err(why) => {
                let message =
                    format!("build `{leg}`: the labels in its configuration {config} cannot be read: {why}");
                self.fail(Code::INVALID_MANIFEST, message);
                None
            }
        }
    }

    /// Whether a build is of the platform that was planned for it, and of none that another has.
    fn planned(&mut self, leg: &str, build: &BuildEntry, found: Option<&DescriptorPlatform>) -> bool {
        let Some(found) = found else {
            self.fail(Code::UNKNOWN_PLATFORM, format!("build `{leg}` pushed an image without a platform"));
            return false;
        };
        if let Some(planned) = &build.platform
            && !found.fits(planned)
        {
            let found = found.exactly();
            let message = format!("build `{leg}` is for {planned}, but what it pushed is for {found}");
            self.fail(Code::WRONG_PLATFORM, message).help =
                Some("the base image or the metadata may be another platform's".into());
            return false;
        }
        self.platform(leg, &found.exactly())
    }

    pub(super) fn platform(&mut self, leg: &str, platform: &str) -> bool {
        if let Some(other) = self.seen.insert(platform.to_owned(), leg.to_owned()) {
            self.fail(Code::PLATFORM_TWICE, format!("builds `{other}` and `{leg}` are both for {platform}"));
            return false;
        }
        self.checked.platforms.push(platform.to_owned());
        true
    }

    /// An attestation that refers to the image instead of standing beside it.
    fn referrer(&mut self, leg: &str, image: &Digest) {
        let site = self.subject.places[0];
        self.need(site, Question::Referrers(image.clone()));
        let records = self.records;
        if let Known::Faulty(fault) = records[site].referrers(image) {
            self.faulty(fault);
        }
        if let Some([found, ..]) = records[site].referrers(image).present() {
            let entry = referrer(found.clone(), image);
            self.child(leg, &entry);
            self.checked.referrers.push(entry);
        }
    }

    /// Checks a manifest that will stand in the index, and its blobs.
    pub(super) fn child(&mut self, leg: &str, entry: &Descriptor) {
        let what = if entry.attested().is_some() { "the attestation" } else { "the image" };
        let Some((_, manifest)) = self.find(&entry.digest) else {
            if self.is_absent(&entry.digest) {
                let locations = self.list(self.subject.places.iter().copied());
                let message =
                    format!("{what} of build `{leg}`, {}, is not in {locations} any more", entry.digest);
                self.gone(message);
            }
            return;
        };
        let size = manifest.bytes.len();
        if i64::try_from(size) != Ok(entry.size) {
            let message = format!(
                "{what} of build `{leg}`, {}, has {size} bytes, but its index says {}",
                entry.digest, entry.size
            );
            self.fail(Code::WRONG_SIZE, message);
            return;
        }
        // What it says of itself counts: clients that find something else refuse it.
        let own = media_type_of(&manifest.bytes).unwrap_or_else(|| manifest.media_type.clone());
        if !entry.media_type.is_empty() && entry.media_type != own {
            let message = format!(
                "{what} of build `{leg}`, {}, has the media type {own}, but its index says {}",
                entry.digest, entry.media_type
            );
            self.fail(Code::WRONG_MEDIA_TYPE, message).help = Some(
                "build that platform again, and push without a tool in between that rewrites the index"
                    .into(),
            );
            return;
        }
        let parsed = match serde_json::from_slice::<ImageManifest>(&manifest.bytes) {
            Ok(parsed) => parsed,
            Err(error) => {
                let message = format!(
                    "{what} of build `{leg}`, {} ({}), is not the manifest of an image: {error}",
                    entry.digest, manifest.media_type
                );
                self.fail(Code::INVALID_MANIFEST, message);
                return;
            }
        };
        self.checked.sizes.extend(parsed.pulled().map(|bytes| (entry.digest.clone(), bytes)));
        for &site in &self.subject.places {
            if self.records[site].manifest(&entry.digest).is_lacking() {
                self.copy(leg, site, entry, manifest);
            }
        }
        // What is to be downloaded from elsewhere need not be in the registry.
        let blobs = std::iter::once(&parsed.config).chain(&parsed.layers).filter(|blob| blob.urls.is_empty());
        let mut known = BTreeSet::new();
        for blob in blobs.filter(|blob| known.insert(&blob.digest)) {
            for &site in &self.subject.places {
                self.blob(leg, what, site, blob);
            }
        }
    }

    fn blob(&mut self, leg: &str, what: &str, site: usize, blob: &Descriptor) {
        // A configuration that is being read need not be looked for, too.
        if self.checked.questions.contains(&(site, Question::Configuration(blob.digest.clone()))) {
            return;
        }
        let records = self.records;
        let known = records[site].blob(&blob.digest);
        match known {
            Known::Unasked => self.need(site, Question::Blob(blob.digest.clone())),
            Known::Faulty(fault) if !known.is_lacking() => self.faulty(fault),
            Known::Present(size) if u64::try_from(blob.size) == Ok(size) => {}
            Known::Present(_) if !self.records[site].is_measured(&blob.digest) => {
                self.need(site, Question::Measure(blob.digest.clone()));
            }
            Known::Present(size) => {
                let message = format!(
                    "blob {} of {what} of build `{leg}` has {size} bytes in `{}`, expected {}",
                    blob.digest,
                    self.location(site),
                    blob.size
                );
                self.fail(Code::WRONG_SIZE, message);
            }
            Known::Absent | Known::Faulty(_) => {
                let mut others = self.subject.places.iter().filter(|&&other| other != site);
                if others.any(|&other| records[other].blob(&blob.digest) == Known::Unasked) {
                    return;
                }
                let has_it = |other: usize| records[other].blob(&blob.digest).present().is_some();
                if let Some(from) = self.source(site, has_it) {
                    self.take_note(leg, site, from);
                    let copies = self.checked.copies.entry(site).or_default();
                    copies.blobs.insert(blob.digest.clone(), (blob.clone(), from));
                    return;
                }
                if let Known::Faulty(fault) = known {
                    return self.faulty(fault);
                }
                // What is damaged elsewhere is told there.
                let is_damaged =
                    |&other: &usize| matches!(records[other].blob(&blob.digest), Known::Faulty(_));
                if self.subject.places.iter().any(is_damaged) {
                    return;
                }
                if !self.records[site].is_measured(&blob.digest) {
                    return self.need(site, Question::Measure(blob.digest.clone()));
                }
                let message = format!(
                    "blob {} ({} bytes) of {what} of build `{leg}` is not in `{}`",
                    blob.digest,
                    blob.size,
                    self.location(site)
                );
                self.gone(message);
            }
        }
    }

    /// A manifest of a build, from the first site that has it.
    pub(super) fn find(&mut self, digest: &Digest) -> Option<(usize, &'a Manifest)> {
        let subject = self.subject;
        for &site in &subject.places {
            self.need(site, Question::Manifest(digest.clone()));
        }
        let records = self.records;
        if subject.places.iter().any(|&site| records[site].manifest(digest).is_unasked()) {
            return None;
        }
        let mut damage = None;
        let found = subject.places.iter().find_map(|&site| match records[site].manifest(digest) {
            Known::Present(served) => Some((site, &served.manifest)),
            Known::Faulty(fault) if fault.kind == FaultKind::Damaged => {
                damage = damage.or(Some(fault));
                None
            }
            Known::Faulty(fault) => {
                self.faulty(fault);
                None
            }
            Known::Unasked | Known::Absent => None,
        });
        // Elsewhere, it is whole.
        damage.filter(|_| found.is_none()).into_iter().for_each(|fault| self.faulty(fault));
        found
    }

    /// The same, and no other site is asked once one has it.
    pub(super) fn find_anywhere(&mut self, digest: &Digest) -> Option<(usize, &'a Manifest)> {
        let (subject, records) = (self.subject, self.records);
        let mut damage = None;
        for &site in &subject.places {
            self.need(site, Question::Manifest(digest.clone()));
            match records[site].manifest(digest) {
                Known::Absent => {}
                Known::Faulty(fault) if fault.kind == FaultKind::Damaged => damage = damage.or(Some(fault)),
                Known::Present(served) => return Some((site, &served.manifest)),
                Known::Unasked => return None,
                Known::Faulty(fault) => {
                    self.faulty(fault);
                    return None;
                }
            }
        }
        damage.into_iter().for_each(|fault| self.faulty(fault));
        None
    }

    pub(super) fn is_absent(&self, digest: &Digest) -> bool {
        self.subject.places.iter().all(|&site| self.records[site].manifest(digest).is_absent())
    }

    pub(super) fn gone(&mut self, message: impl Display) -> &mut Diagnostic {
        if self.is_reused {
            return self.not_reusable(message);
        }
        let is_quay = self.subject.places.iter().any(|&site| {
            self.location(site).repository().is_some_and(|one| one.registry().as_str() == "quay.io")
        });
        let problem = self.lack(message);
        if is_quay {
            problem.notes.push("quay.io removes untagged manifests after about an hour".to_owned());
        }
        problem.help = Some(
            "build it again and merge soon after: it was never pushed, or removed since, as clean-ups of untagged images do"
                .to_owned(),
        );
        problem
    }

    pub(super) fn list(&self, sites: impl Iterator<Item = usize>) -> String {
        sites.map(|site| format!("`{}`", self.location(site))).collect::<Vec<_>>().join(" or ")
    }
}
