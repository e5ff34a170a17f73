//! Walks from a digest to everything below it: index, manifests, configurations, layers, attestations.

use std::collections::{BTreeMap, BTreeSet};

use super::absent::{self, Absent};
use super::code::Code;
use super::finding::Finding;
use crate::diagnostic::Severity;
use crate::oci::{
    DOCKER_PREFIX, Descriptor, DescriptorPlatform, ImageManifest, OCI_INDEX, REFERENCE_DIGEST, is_index,
};
use crate::published::command::Command;
use crate::published::layers::same_layers;
use crate::published::record::{Configuration, Known, Question, Questions, Record};
use crate::published::served::{Content, Entries, MAX_CHILDREN, Served};
use crate::published::sites::Site;
use crate::published::target::Target;
use crate::reference::{Digest, Tag};
use crate::registry::Location;

/// The media types of configurations that name a platform.
const CONFIGURATIONS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

/// A walk, as far as the records tell. It has to be done again when the questions are answered.
pub(crate) struct Walk<'a> {
    /// All repositories.
    pub sites: &'a [Site],
    /// What they answered.
    pub records: &'a [Record],
    /// What has to be known before the walk can end.
    pub questions: Questions,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What the images run that were met.
    pub programs: Vec<Program<'a>>,
    /// The blobs that are missing of what is looked at.
    absent: Vec<Absent<'a>>,
}

/// What an image runs.
#[derive(Clone, Debug)]
pub(crate) struct Program<'a> {
    /// Where it is.
    pub place: Trail,
    /// The digest of its manifest.
    pub digest: Digest,
    /// Its platform.
    pub platform: DescriptorPlatform,
    /// What its configuration says.
    pub command: &'a Command,
    /// Its manifest.
    pub manifest: &'a ImageManifest,
}

/// Where something is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Trail {
    /// The repository.
    pub site: usize,
    /// The references that lead there.
    pub references: Vec<String>,
}

/// What a tag or digest names.
#[derive(Clone, Debug)]
pub(crate) struct Tree<'a> {
    /// The manifest itself.
    pub served: &'a Served,
    /// The images, in order.
    pub images: Vec<Branch<'a>>,
    /// What attests them, in order.
    pub attestations: Vec<Branch<'a>>,
}

/// An image or an attestation in a [`Tree`].
#[derive(Clone, Debug)]
pub(crate) struct Branch<'a> {
    /// The digest of its manifest.
    pub digest: Digest,
    /// Its platform, as the index says, or else its configuration.
    pub platform: Option<DescriptorPlatform>,
    /// The image that it attests, as the index says.
    pub attests: Option<&'a str>,
    /// Its manifest, if that can be had.
    pub manifest: Option<&'a ImageManifest>,
}

impl Branch<'_> {
    /// The platform, or `unknown`.
    #[must_use]
    pub(crate) fn platform_name(&self) -> String {
        self.platform.as_ref().map_or_else(|| "no platform".to_owned(), ToString::to_string)
    }

    /// The sizes of all blobs together, in bytes.
    #[must_use]
    pub(crate) fn size(&self) -> u64 {
        let blobs = self
            .manifest
            .iter()
            .flat_map(|manifest| std::iter::once(&manifest.config).chain(&manifest.layers));
        blobs.map(|blob| u64::try_from(blob.size).unwrap_or(0)).fold(0, u64::saturating_add)
    }
}

impl Tree<'_> {
    /// Whether this is an index.
    #[must_use]
    pub(crate) fn is_index(&self) -> bool {
        is_index(&self.served.manifest.media_type)
    }

    /// The digests of all that an index names, or of the manifest itself.
    #[must_use]
    pub(crate) fn digests(&self) -> BTreeSet<Digest> {
        self.served.digests()
    }

    /// The platforms, in order.
    #[must_use]
    pub(crate) fn platforms(&self) -> Vec<String> {
        self.images.iter().map(Branch::platform_name).collect()
    }
}

impl<'a> Walk<'a> {
    /// A walk that has not begun.
    #[must_use]
    pub(crate) fn new(sites: &'a [Site], records: &'a [Record]) -> Self {
        let (questions, findings, programs, absent) = Default::default();
        Self { sites, records, questions, findings, programs, absent }
    }

    pub(super) fn need(&mut self, site: usize, question: Question) {
        if !self.records[site].knows(&question) {
            self.questions.insert((site, question));
        }
    }

    /// The digest of a tag.
    pub(super) fn tag(&mut self, site: usize, tag: &Tag) -> Known<'a, &'a Digest> {
        self.need(site, Question::Tag(tag.clone()));
        self.records[site].tag(tag)
    }

    /// A manifest.
    pub(super) fn manifest(&mut self, site: usize, digest: &Digest) -> Known<'a, &'a Served> {
        self.need(site, Question::Manifest(digest.clone()));
        self.records[site].manifest(digest)
    }

    /// The size of a blob.
    pub(super) fn blob(&mut self, site: usize, digest: &Digest) -> Known<'a, u64> {
        let records = self.records;
        let known = records[site].blob(digest);
        if known == Known::Unasked {
            self.need(site, Question::Blob(digest.clone()));
        }
        known
    }

    fn report(
        &mut self,
        code: Code,
        place: &Trail,
        digest: &Digest,
        message: impl Into<String>,
    ) -> &mut Finding {
        self.findings.push(Finding::new(code, &place.references, message).about(digest));
        self.findings.last_mut().expect("it was just pushed")
    }

    /// The site of a repository.
    pub(crate) fn site_of(&self, location: &Location) -> Option<usize> {
        self.sites.iter().position(|site| site.location == *location)
    }

    /// The digest that a reference means; what is wrong with that is reported.
    pub(crate) fn resolve(&mut self, site: usize, target: &Target) -> Known<'a, Digest> {
        let Some(tag) = &target.tag else {
            return target.digest.clone().map_or(Known::Unasked, Known::Present);
        };
        let names = [target.to_string()];
        match (self.tag(site, tag), &target.digest) {
            (Known::Unasked, _) => Known::Unasked,
            (Known::Faulty(fault), _) => {
                self.findings.push(Finding::new(fault.kind.into(), &names, fault.message()));
                Known::Faulty(fault)
            }
            (Known::Absent, wanted) => {
                let message = format!("there is no tag `{tag}` in `{}`", target.location);
                self.findings.push(Finding::new(Code::TagMissing, &names, message));
                wanted.clone().map_or(Known::Absent, Known::Present)
            }
            (Known::Present(found), Some(wanted)) if found != wanted => {
                let message = format!("tag `{tag}` is {found}, but the reference says {wanted}");
                self.findings.push(Finding::new(Code::TagMoved, &names, message).about(found));
                Known::Present(wanted.clone())
            }
            (Known::Present(found), _) => Known::Present(found.clone()),
        }
    }

    /// The other repositories of the same registry.
    pub(super) fn siblings(&self, site: usize) -> impl Iterator<Item = usize> + use<'a> {
        let sites = self.sites;
        (0..sites.len()).filter(move |other| sites[site].location.mounts_from(&sites[*other].location))
    }

    /// The other repositories of the same registry that have a manifest, as text.
    pub(super) fn elsewhere(&mut self, site: usize, digest: &Digest) -> Vec<String> {
        let siblings: Vec<_> = self.siblings(site).collect();
        let has_it = |other: &usize| self.manifest(*other, digest).present().is_some();
        let found: Vec<_> = siblings.into_iter().filter(has_it).collect();
        found.into_iter().map(|other| format!("`{}`", self.sites[other].location)).collect()
    }

    /// Looks at all that a digest names in a repository.
    pub(crate) fn tree(&mut self, place: &Trail, digest: &Digest) -> Option<Tree<'a>> {
        let served = match self.manifest(place.site, digest) {
            Known::Unasked => return None,
            Known::Absent => {
                let location = &self.sites[place.site].location;
                let message = format!("{digest} is not in `{location}`");
                self.report(Code::ManifestMissing, place, digest, message);
                return None;
            }
            Known::Faulty(fault) => {
                self.report(fault.kind.into(), place, digest, fault.message());
                return None;
            }
            Known::Present(served) => served,
        };
        let mut tree = Tree { served, images: Vec::new(), attestations: Vec::new() };
        match &served.content {
            Content::Unreadable(why) => {
                let message = format!("{} ({}) cannot be read: {why}", digest, served.manifest.media_type);
                self.report(Code::InvalidManifest, place, digest, message);
            }
            Content::Image(manifest) => {
                let manifest = &**manifest;
                let platform = self.configured(place.site, manifest);
                let what = match &platform {
                    Some(platform) => format!("the image ({platform})"),
                    None => "the image".to_owned(),
                };
                let image =
                    Branch { digest: digest.clone(), platform, attests: None, manifest: Some(manifest) };
                self.blobs(place, &what, manifest);
                self.program(place, &image);
                tree.images.push(image);
            }
            Content::Index(index) => self.index(place, &mut tree, index),
        }
        let (absent, location) = (std::mem::take(&mut self.absent), &self.sites[place.site].location);
        self.findings.extend(absent::findings(absent, digest, location, &place.references));
        Some(tree)
    }

    /// The platform that the configuration of an image names.
    fn configured(&mut self, site: usize, manifest: &ImageManifest) -> Option<DescriptorPlatform> {
        if !CONFIGURATIONS.contains(&manifest.config.media_type.as_str()) {
            return None;
        }
        let digest = &manifest.config.digest;
        let records = self.records;
        if records[site].blob(digest) == Known::Unasked {
            self.need(site, Question::Configuration(digest.clone()));
        }
        let platform = records[site].configuration(digest).present()?.platform.as_ref().ok()?;
        (!platform.os.is_empty()).then(|| platform.clone())
    }

    fn index(&mut self, place: &Trail, tree: &mut Tree<'a>, index: &'a Entries) {
        let own = &tree.served.manifest.digest;
        if index.count > MAX_CHILDREN {
            let message =
                format!("the index has {} manifests; at most {MAX_CHILDREN} are checked", index.count);
            self.report(Code::TooManyManifests, place, own, message);
            return;
        }
        for (at, why) in
            index.entries.iter().enumerate().filter_map(|(at, entry)| Some((at, entry.as_ref().err()?)))
        {
            let message = format!("entry {} of the index cannot be read: {why}", at + 1);
            self.report(Code::InvalidManifest, place, own, message);
        }
        let entries: Vec<&'a Descriptor> = index.entries.iter().flatten().collect();
        let is_docker = |entry: &&&Descriptor| entry.media_type.starts_with(DOCKER_PREFIX);
        let dockers = entries.iter().filter(is_docker).count();
        let is_oci = tree.served.manifest.media_type == OCI_INDEX;
        if (is_oci && dockers > 0) || (!is_oci && dockers < entries.len()) {
            let kind = if is_oci { "an OCI index" } else { "Docker's manifest list" };
            let other = if is_oci { "Docker's" } else { "OCI's" };
            let message = format!("{kind} refers to manifests with {other} media types");
            self.report(Code::MixedMediaTypes, place, own, message);
        }
        let mut seen = BTreeMap::new();
        let subjects: BTreeSet<&str> = entries.iter().map(|entry| entry.digest.as_str()).collect();
        for entry in entries {
            self.entry(place, tree, entry, &subjects, &mut seen);
        }
        self.same_layers(place, tree);
    }

    fn entry(
        &mut self,
        place: &Trail,
        tree: &mut Tree<'a>,
        entry: &'a Descriptor,
        subjects: &BTreeSet<&str>,
        seen: &mut BTreeMap<String, Digest>,
    ) {
        let (digest, attests) = (&entry.digest, entry.attested());
        if is_index(&entry.media_type) {
            let what = entry.platform.as_ref().map(|platform| format!(" ({platform})")).unwrap_or_default();
            self.report(
                Code::NestedIndex,
                place,
                digest,
                format!("the index refers to another index{what}: {digest}"),
            );
            self.child(place, "the inner index", entry);
            return;
        }
        let platform = entry.platform.clone().filter(|platform| !platform.os.is_empty());
        let is_unknown = platform.as_ref().is_some_and(DescriptorPlatform::is_unknown);
        let what = described(tree, attests, platform.as_ref());
        if let Some(image) = attests {
            if !subjects.contains(image) {
                let message = format!("an attestation refers to an image that is not in the index: {image}");
                self.report(Code::OrphanAttestation, place, digest, message);
            }
        } else if is_unknown {
            let message = format!(
                "{digest} has the platform unknown/unknown but is not an attestation: it has no annotation `{REFERENCE_DIGEST}`"
            );
            self.report(Code::UnknownPlatform, place, digest, message);
        }
        let manifest = self.child(place, &what, entry);
        let configured = manifest.filter(|_| attests.is_none() && !is_unknown);
        let configured = configured.and_then(|manifest| self.configured(place.site, manifest));
        if let Some(manifest) = manifest {
            self.blobs(place, &what, manifest);
        }
        if let Some(image) = attests {
            let subject = manifest.and_then(|manifest| manifest.subject.as_ref());
            if let Some(subject) = subject.filter(|subject| subject.digest.as_str() != image) {
                let message = format!("{what} refers to {}, but the index says {image}", subject.digest);
                self.report(Code::WrongSubject, place, digest, message);
            }
            let branch = Branch { digest: digest.clone(), platform, attests, manifest };
            tree.attestations.push(branch);
            return;
        }
        if is_unknown {
            return;
        }
        self.check_platform(place, digest, platform.as_ref(), configured.as_ref());
        let platform = platform.or(configured);
        if let Some(platform) = &platform {
            self.check_platform_is_new(place, platform, digest, seen);
        }
        let image = Branch { digest: digest.clone(), platform, attests, manifest };
        self.program(place, &image);
        tree.images.push(image);
    }

    /// Takes note of what an image runs.
    fn program(&mut self, place: &Trail, image: &Branch<'a>) {
        let (Some(manifest), Some(platform)) = (image.manifest, &image.platform) else { return };
        let records = self.records;
        if let Known::Present(configuration) = records[place.site].configuration(&manifest.config.digest) {
            let (place, digest, platform) = (place.clone(), image.digest.clone(), platform.clone());
            self.programs.push(Program {
                place,
                digest,
                platform,
                command: &configuration.command,
                manifest,
            });
        }
    }

    /// Says which images for different machines have the same layers.
    fn same_layers(&mut self, place: &Trail, tree: &Tree<'_>) {
        let images = tree.images.iter().filter_map(|image| Some((image.platform.as_ref()?, image.manifest?)));
        if let Some(message) = same_layers(images) {
            self.report(Code::SameLayers, place, &tree.served.manifest.digest, message);
        }
    }

    /// Compares the platform that the index has with that of the configuration.
    fn check_platform(
        &mut self,
        place: &Trail,
        digest: &Digest,
        named: Option<&DescriptorPlatform>,
        configured: Option<&DescriptorPlatform>,
    ) {
        match (named, configured) {
            (Some(named), Some(own)) if !named.agrees(own) => {
                let (named, own) = (named.exactly(), own.exactly());
                let message =
                    format!("the index says that {digest} is for {named}, but its configuration says {own}");
                self.report(Code::WrongPlatform, place, digest, message);
            }
            (None, _) => {
                let message = format!("the index gives no platform for {digest}");
                self.report(Code::NoPlatform, place, digest, message);
            }
            _ => {}
        }
    }

    /// Reports a platform that comes twice.
    fn check_platform_is_new(
        &mut self,
        place: &Trail,
        platform: &DescriptorPlatform,
        digest: &Digest,
        seen: &mut BTreeMap<String, Digest>,
    ) {
        // Versions of Windows stand beside each other.
        let name = format!("{platform} {} {}", platform.os_version, platform.os_features.join(","));
        let Some(other) = seen.insert(name, digest.clone()) else { return };
        if other == *digest {
            let message = format!("the index has {platform} twice, both times {digest}");
            self.report(Code::PlatformTwice, place, digest, message).severity = Severity::Warning;
        } else {
            let message = format!("the index has {platform} twice: {other} and {digest}");
            self.report(Code::PlatformTwice, place, digest, message);
        }
    }

    /// Looks at a manifest that an index names; what is in it, if it is that of an image.
    fn child(&mut self, place: &Trail, what: &str, entry: &Descriptor) -> Option<&'a ImageManifest> {
        let digest = &entry.digest;
        let served = match self.manifest(place.site, digest) {
            Known::Unasked => return None,
            Known::Faulty(fault) => {
                self.report(fault.kind.into(), place, digest, format!("{what}: {}", fault.message()));
                return None;
            }
            Known::Absent => {
                let others = self.elsewhere(place.site, digest);
                let location = &self.sites[place.site].location;
                if others.is_empty() {
                    let message = format!("{what}, {digest}, is not in `{location}`");
                    self.report(Code::ManifestMissing, place, digest, message);
                } else {
                    let message =
                        format!("{what}, {digest}, is in {}, not in `{location}`", others.join(", "));
                    self.report(Code::InOtherRepository, place, digest, message);
                }
                return None;
            }
            Known::Present(served) => served,
        };
        if u64::try_from(entry.size) != Ok(served.size()) {
            let message =
                format!("{what}, {digest}, has {} bytes, but the index says {}", served.size(), entry.size);
            self.report(Code::WrongSize, place, digest, message);
        }
        if !entry.media_type.is_empty() && entry.media_type != served.manifest.media_type {
            let message = format!(
                "{what}, {digest}, is {}, but the index says {}",
                served.manifest.media_type, entry.media_type
            );
            self.report(Code::WrongMediaType, place, digest, message);
        }
        match &served.content {
            Content::Image(manifest) => return Some(&**manifest),
            Content::Unreadable(why) => {
                let message =
                    format!("{what}, {digest} ({}), cannot be read: {why}", served.manifest.media_type);
                self.report(Code::InvalidManifest, place, digest, message);
            }
            Content::Index(_) if !is_index(&entry.media_type) => {
                self.report(
                    Code::NestedIndex,
                    place,
                    digest,
                    format!("{what}, {digest}, is an index itself"),
                );
            }
            Content::Index(_) => {}
        }
        None
    }

    /// Looks for the configuration and the layers of a manifest.
    fn blobs(&mut self, place: &Trail, what: &str, manifest: &'a ImageManifest) {
        let digest = &manifest.config.digest;
        if let Known::Present(Configuration { platform: Err(why), .. }) =
            self.records[place.site].configuration(digest)
        {
            let message = format!("the configuration of {what}, {digest}, cannot be read: {why}");
            self.report(Code::InvalidManifest, place, digest, message);
        }
        let count = manifest.layers.len();
        let config = (format!("the configuration of {what}"), &manifest.config);
        let layers = manifest.layers.iter().enumerate();
        let layers = layers.map(|(at, layer)| (format!("layer {} of {count} of {what}", at + 1), layer));
        let mut known = BTreeSet::new();
        for (name, blob) in std::iter::once(config).chain(layers) {
            // What is to be downloaded from elsewhere need not be in the registry.
            if blob.urls.is_empty() && known.insert(&blob.digest) {
                self.part(place, &name, blob);
            }
        }
    }

    fn part(&mut self, place: &Trail, name: &str, blob: &'a Descriptor) {
        let (site, digest) = (place.site, &blob.digest);
        let records = self.records;
        // A configuration that is being read need not be looked for, too.
        if records[site].blob(digest) == Known::Unasked
            && self.questions.contains(&(site, Question::Configuration(digest.clone())))
        {
            return;
        }
        match self.blob(site, digest) {
            Known::Unasked => {}
            Known::Present(size) if u64::try_from(blob.size) == Ok(size) => {}
            Known::Present(_) | Known::Absent if !records[site].is_measured(digest) => {
                self.need(site, Question::Measure(digest.clone()));
            }
            Known::Present(size) => {
                let message =
                    format!("{name}, {digest}, has {size} bytes, but its manifest says {}", blob.size);
                self.report(Code::WrongSize, place, digest, message);
            }
            Known::Faulty(fault) => {
                self.report(fault.kind.into(), place, digest, format!("{name}: {}", fault.message()));
            }
            Known::Absent => {
                let siblings: Vec<_> = self.siblings(site).collect();
                let has_it = |other: &usize| self.blob(*other, digest).present().is_some();
                let others: Vec<_> = siblings.into_iter().filter(has_it).collect();
                let others: Vec<_> =
                    others.into_iter().map(|other| format!("`{}`", self.sites[other].location)).collect();
                self.absent.push(Absent { name: name.to_owned(), blob, others });
            }
        }
    }
}

/// An entry of an index as messages call it.
fn described(tree: &Tree<'_>, attests: Option<&str>, platform: Option<&DescriptorPlatform>) -> String {
    match (attests, platform) {
        (Some(image), _) => {
            let about = tree.images.iter().find(|known| known.digest.as_str() == image);
            let about = about.map_or_else(|| image.to_owned(), Branch::platform_name);
            format!("the attestation of {about}")
        }
        (None, Some(platform)) if !platform.is_unknown() => platform.to_string(),
        (None, Some(_)) => "an entry of the platform unknown/unknown".to_owned(),
        (None, None) => "an entry without a platform".to_owned(),
    }
}
