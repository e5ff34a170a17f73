//! A plan as merging and verifying read it: what `plan.json` says, once it is known to make sense.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::fingerprint::Fingerprint;
use super::plan_json::{
    self, BuildEntry, ImageEntry, JobEntry, PlanJson, ReusedEntry, RunEntry, TagClass, TagEntry, VerdictEntry,
};
use crate::diagnostic::Diagnostic;
use crate::form::Form;
use crate::inputs::{self, Inputs};
use crate::naming;
use crate::oci::{self, Descriptor, DescriptorPlatform};
use crate::platform::Platform;
use crate::reference::Tag;
use crate::registry::Location;
use crate::version::{Dotless, Number, Scheme, Tails, Version, VersionError, Withdrawn};

/// What is to be published.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What it is called.
    pub(crate) id: Fingerprint,
    /// The run that the plan was made in, as far as it is known.
    pub run: RunEntry,
    /// The images by key, in the order of the spec.
    pub images: IndexMap<String, PlannedImage>,
    /// The keys of the images that the plan knows and leaves as they are, in that order.
    pub(crate) spared: Vec<String>,
}

/// A multi-platform image.
#[derive(Clone, Debug)]
pub struct PlannedImage {
    scheme: Scheme,
    tails: Tails,
    /// Its version; none when its tags are literal.
    pub version: Option<Version>,
    /// Where it is published.
    pub repositories: Vec<Location>,
    /// Where it is copied to, with all its tags.
    pub mirrors: Vec<Location>,
    /// Under which tags.
    pub tags: Vec<TagEntry>,
    /// Annotations of its index.
    pub annotations: BTreeMap<String, String>,
    /// The floating tags that its version goes without.
    pub(crate) without: Vec<Tag>,
    /// Whether an existing version tag must not get another digest.
    pub immutable: bool,
    /// Whether it is published as an index; else the manifest of its one build gets the tags.
    pub index: bool,
    /// Versions that were pulled, and own nothing any more.
    pub(crate) withdrawn: Vec<Withdrawn>,
    /// The forms of tags that are not versions.
    pub(crate) other_forms: Vec<Form>,
    /// The tags that look like versions and leave open which one is meant.
    pub(crate) unclear: Vec<Tag>,
    /// The floating tags that may be names of one line of versions.
    pub(crate) codenames: Vec<Tag>,
    /// The tags of the plan's other images, in all repositories that it has.
    pub(crate) beside: BTreeSet<Tag>,
    /// The builds that make it, by leg, in the order of the platforms.
    pub builds: IndexMap<String, BuildEntry>,
    /// What decides each of its builds; nothing for what is made of it without them.
    inputs: Vec<(Option<Platform>, Inputs)>,
    /// What it was published as before from the same inputs, and what gets the tags instead of builds.
    pub reused: Option<ReusedEntry>,
}

impl PlannedImage {
    /// The annotations that its index has of an image in it, in the descriptor.
    #[must_use]
    pub fn descriptor_annotations(&self, descriptor: &Descriptor) -> Option<&BTreeMap<String, String>> {
        if descriptor.attested().is_some() {
            return None;
        }
        let is_of = |build: &&BuildEntry| match (&build.platform, &descriptor.platform) {
            (Some(planned), Some(platform)) => platform.fits(planned),
            (None, platform) => !platform.as_ref().is_some_and(DescriptorPlatform::is_unknown),
            (Some(_), None) => false,
        };
        let build = self.builds.values().find(is_of)?;
        Some(&build.descriptor_annotations).filter(|annotations| !annotations.is_empty())
    }
}

impl Planned {
    /// Reads the text of a `plan.json`, which is called `path`.
    ///
    /// # Errors
    /// When it is not a plan, of another schema, or contradicts itself.
    pub fn read(path: &str, text: &str) -> Result<Self, Diagnostic> {
        Self::try_from(plan_json::read(path, text)?)
            .map_err(|problem| plan_json::not_a_plan(format!("`{path}` is not a plan: {problem}")))
    }

    /// The builds of all images.
    #[must_use]
    pub fn legs(&self) -> BTreeSet<&str> {
        self.images.values().flat_map(|image| image.builds.keys()).map(String::as_str).collect()
    }

    /// The repositories and mirrors of all images, each once, in this order.
    #[must_use]
    pub fn locations(&self) -> Vec<Location> {
        let mut known = BTreeSet::new();
        let all = self.images.values().flat_map(PlannedImage::places);
        all.filter(|location| known.insert(*location)).cloned().collect()
    }
}

impl TryFrom<PlanJson> for Planned {
    type Error = String;

    fn try_from(plan: PlanJson) -> Result<Self, String> {
        // What it was made from is for other readers.
        let PlanJson {
            schema: _,
            id,
            definition: _,
            run,
            moment: _,
            known_versions: _,
            images,
            jobs,
            verdicts,
            bases: _,
            packed: _,
            source: _,
        } = plan;
        names(&images, &jobs)?;
        images.iter().try_for_each(|(key, image)| annotations(key, image))?;
        let images = images.into_iter().map(|(key, image)| Ok((key, PlannedImage::try_from(image)?)));
        let mut images = images.collect::<Result<_, String>>()?;
        check(&images)?;
        jobs_of_reused(&images, &jobs)?;
        jobs_of_builds(&images, &jobs)?;
        stand_beside(&mut images);
        let is_spared = |(key, one): &(String, VerdictEntry)| !one.build && !images.contains_key(key);
        let spared = verdicts.into_iter().filter(is_spared).map(|(key, _)| key).collect();
        Ok(Self { id, run, images, spared })
    }
}

impl TryFrom<ImageEntry> for PlannedImage {
    type Error = String;

    fn try_from(image: ImageEntry) -> Result<Self, String> {
        let ImageEntry {
            version,
            repositories,
            mirrors,
            tags,
            yielded: _,
            scheme,
            tails,
            withdrawn,
            other_forms,
            unclear,
            codenames,
            without,
            immutable,
            index,
            annotations,
            builds,
            reused,
        } = image;
        let parse = |text: &String| {
            Version::parse_with(text, scheme, &tails).map_err(|error| format!("{text:?}: {error}"))
        };
        let pulled = |text: &String| {
            Withdrawn::parse(text, scheme, &tails)
                .map_err(|error| format!("{text:?} in `withdrawn`: {error}"))
        };
        let inputs = |build: &BuildEntry| {
            (build.platform.clone(), build.inputs.clone().unwrap_or_else(|| Inputs::Unknown(String::new())))
        };
        Ok(Self {
            scheme,
            inputs: builds.values().map(inputs).collect(),
            version: version.as_ref().map(parse).transpose()?,
            withdrawn: withdrawn.iter().map(pulled).collect::<Result<_, _>>()?,
            other_forms,
            unclear,
            codenames,
            beside: BTreeSet::new(),
            repositories,
            mirrors,
            tags,
            annotations,
            without,
            immutable,
            index,
            builds,
            reused,
            tails,
        })
    }
}

/// Tells each image which tags the others have in all its repositories.
fn stand_beside(images: &mut IndexMap<String, PlannedImage>) {
    let mut of_all: BTreeMap<Location, Vec<(Tag, usize)>> = BTreeMap::new();
    for (at, image) in images.values().enumerate() {
        for tag in &image.tags {
            for location in image.repositories_of(tag) {
                of_all.entry(location.clone()).or_default().push((tag.name.clone(), at));
            }
        }
    }
    for (at, image) in images.values_mut().enumerate() {
        let others = |location: &Location| -> BTreeSet<Tag> {
            let here = of_all.get(location).into_iter().flatten();
            here.filter(|(_, other)| *other != at).map(|(tag, _)| tag.clone()).collect()
        };
        let everywhere = image.repositories.iter().map(others);
        image.beside = everywhere.reduce(|all, here| &all & &here).unwrap_or_default();
    }
}

/// Finds what contradicts itself.
fn check(images: &IndexMap<String, PlannedImage>) -> Result<(), String> {
    let mut references = BTreeMap::new();
    for (key, image) in images {
        if image.repositories.is_empty() {
            return Err(format!("image `{key}` has no repository"));
        }
        if image.builds.is_empty() {
            return Err(format!("image `{key}` has no builds"));
        }
        let of_builds = image.builds.values();
        let of_builds =
            of_builds.flat_map(|build| build.annotations.iter().chain(&build.descriptor_annotations));
        let mut annotations = image.annotations.iter().chain(of_builds).map(|(key, _)| key);
        if let Some(reserved) = annotations.find(|key| oci::is_reserved(key)) {
            return Err(format!("the annotation `{reserved}` of image `{key}` may only be set by a merge"));
        }
        if !image.index {
            check_plain(key, image)?;
        }
        if let Some(reused) = &image.reused {
            check_reused(key, image, reused)?;
        }
        let own: BTreeSet<_> = image.repositories.iter().collect();
        if image.places().collect::<BTreeSet<_>>().len() != image.places().count() {
            return Err(format!("image `{key}` names a repository twice"));
        }
        for tag in &image.tags {
            check_tag(key, image, tag)?;
            if let Some(stray) = tag.repositories.iter().flatten().find(|one| !own.contains(one)) {
                return Err(format!("`{stray}` of tag `{}` is not a repository of image `{key}`", tag.name));
            }
            for location in image.repositories_of(tag).iter().chain(&image.mirrors) {
                if let Some(other) = references.insert((location, &tag.name), key) {
                    let reference = location.with_tag(&tag.name);
                    return Err(format!("`{reference}` is a tag of `{other}` and of `{key}`"));
                }
            }
        }
    }
    Ok(())
}

/// Finds what an image without an index has and cannot have.
fn check_plain(key: &str, image: &PlannedImage) -> Result<(), String> {
    let of_builds = image.builds.values().flat_map(|build| build.descriptor_annotations.keys());
    match (image.builds.len(), image.annotations.keys().chain(of_builds).next()) {
        (1, None) => Ok(()),
        (1, Some(lost)) => {
            Err(format!("image `{key}` has no index, and `{lost}` is an annotation of its index"))
        }
        (count, _) => Err(format!("image `{key}` has no index, and {count} builds")),
    }
}

/// Finds why an image cannot be what it was published as before.
fn check_reused(key: &str, image: &PlannedImage, reused: &ReusedEntry) -> Result<(), String> {
    let ReusedEntry { repository, tag: _, digest: _ } = reused;
    if !image.repositories.contains(repository) {
        return Err(format!("image `{key}` is reused from `{repository}`, which is not a repository of it"));
    }
    if !image.index {
        return Err(format!("image `{key}` is reused, and has no index to record its inputs"));
    }
    let is_unknown = |build: &&BuildEntry| build.inputs.as_ref().and_then(Inputs::hash).is_none();
    match image.builds.iter().find(|(_, build)| is_unknown(build)) {
        Some((leg, _)) => {
            Err(format!("image `{key}` is reused, and the inputs of build `{leg}` are not known"))
        }
        None => Ok(()),
    }
}

/// Refuses jobs of images that are reused.
fn jobs_of_reused(images: &IndexMap<String, PlannedImage>, jobs: &[JobEntry]) -> Result<(), String> {
    let is_reused = |key: &&String| images.get(*key).is_some_and(|image| image.reused.is_some());
    let wrong = jobs.iter().find_map(|job| Some((job, job.images.iter().find(is_reused)?)));
    wrong.map_or(Ok(()), |(job, key)| {
        Err(format!("job `{}` builds a part of image `{key}`, which is reused", job.job))
    })
}

/// Refuses jobs that build none of the builds of an image that they are for: one was taken out, and the image would lack it.
fn jobs_of_builds(images: &IndexMap<String, PlannedImage>, jobs: &[JobEntry]) -> Result<(), String> {
    for job in jobs {
        let is_of = |image: &PlannedImage| job.targets.iter().any(|leg| image.builds.contains_key(leg));
        let mut own = job.images.iter().filter_map(|key| Some((key, images.get(key)?)));
        if let Some((key, _)) = own.find(|(_, image)| !is_of(image)) {
            return Err(format!(
                "job `{}` is for image `{key}`, and none of its targets is a build of it",
                job.job
            ));
        }
    }
    Ok(())
}

/// Finds what a tag says of itself and is not so.
fn check_tag(key: &str, image: &PlannedImage, tag: &TagEntry) -> Result<(), String> {
    let name = &tag.name;
    if !tag.form.fits(name.as_str()) {
        return Err(format!("tag `{name}` of image `{key}` is not of its form `{}`", tag.form));
    }
    if let Some(form) = tag.family.iter().find(|form| !form.is_readable()) {
        return Err(format!(
            "no version can be read out of `{form}`, one of the forms that tag `{name}` of image `{key}` is compared with"
        ));
    }
    if let Some(version) = image.version.as_ref().filter(|version| shows_another(image, tag, version)) {
        return Err(format!("tag `{name}` of image `{key}` shows another version than `{version}`"));
    }
    match (tag.follows(), &image.version) {
        (Some(_), None) => Err(format!("tag `{name}` moves with versions, and image `{key}` has none")),
        (Some(follows), Some(version)) if follows.numbers > version.numbers().len() => {
            Err(format!("tag `{name}` of image `{key}` moves with more numbers than `{version}` has"))
        }
        _ => Ok(()),
    }
}

/// Whether the own tag of a version has other numbers in its place.
fn shows_another(image: &PlannedImage, tag: &TagEntry, version: &Version) -> bool {
    let is_of_version = matches!(tag.class, TagClass::Version | TagClass::Prerelease);
    let texts = tag.form.versions_in(tag.name.as_str());
    // What a pattern writes in its own way may have more or fewer of them (`1.2.3.2` of 1.2.3-2).
    let values = |version: &Version| -> Vec<u64> { version.numbers().iter().map(Number::value).collect() };
    let agree = |one: &Version| values(one).iter().zip(values(version)).all(|(one, own)| *one == own);
    let is_own = |text: &&str| image.parse_version(text).is_ok_and(|one| agree(&one));
    is_of_version && !tag.floating && tag.form.is_readable() && !texts.iter().any(is_own)
}

/// The most bytes that a name has: more than any that a plan is made of.
const MAX_NAME: usize = 4096;

/// Refuses names that no plan has: they go into commands, paths and reports.
fn names(images: &IndexMap<String, ImageEntry>, jobs: &[JobEntry]) -> Result<(), String> {
    let of_builds = images.values().flat_map(|image| &image.builds).flat_map(|(name, build)| {
        // A plan written by hand need not say which job makes a build.
        let job = Some(&build.job).filter(|job| !job.is_empty());
        job.into_iter().chain([name])
    });
    let of_jobs = jobs.iter().flat_map(|job| job.targets.iter().chain(&job.group).chain([&job.job]));
    let all = of_builds.clone().chain(of_jobs.clone()).chain(images.keys());
    if let Some(name) = all.into_iter().find(|name| name.len() > MAX_NAME) {
        let start: String = name.chars().take(20).collect();
        return Err(format!(
            "a name that begins with {start:?} has {} bytes; at most {MAX_NAME} are allowed",
            name.len()
        ));
    }
    let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_target = |name: &&String| !name.is_empty() && name.chars().all(is_legal);
    if let Some(name) = of_builds.chain(of_jobs).find(|name| !is_target(name)) {
        return Err(format!(
            "{name:?} is not a valid name of a target: only letters, digits, `_` and `-` are allowed"
        ));
    }
    let keys = images.keys().chain(jobs.iter().flat_map(|job| &job.images));
    let names = keys.map(|key| (key, "an image")).chain(jobs.iter().map(|job| (&job.job, "a job")));
    let names = names.chain(jobs.iter().flat_map(|job| &job.targets).map(|target| (target, "a target")));
    for (name, of) in names {
        if let Some(problem) = naming::problem(name) {
            return Err(format!("{name:?} is not a valid name of {of}: {problem}"));
        }
    }
    Ok(())
}

/// Refuses annotations that no index has room for. Those of the manifests and descriptors are in one, too, or compared with
/// what is in one.
fn annotations(key: &str, image: &ImageEntry) -> Result<(), String> {
    let of_builds = image
        .builds
        .values()
        .flat_map(|build| [&build.labels, &build.annotations, &build.descriptor_annotations]);
    for all in of_builds.chain([&image.annotations]) {
        let size = oci::annotations_size(all);
        if size > oci::MAX_ANNOTATIONS {
            return Err(format!(
                "annotations or labels of image `{key}` have {size} bytes; at most {} are allowed",
                oci::MAX_ANNOTATIONS
            ));
        }
    }
    Ok(())
}

impl PlannedImage {
    /// Reads a version as this image's are to be read.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse_version(&self, text: &str) -> Result<Version, VersionError> {
        Version::parse_with(text, self.scheme, &self.tails)
    }

    /// How its tags show versions without dots, as far as they do.
    pub(crate) fn dotless(&self) -> impl Iterator<Item = Dotless> {
        let count = |tag: &TagEntry, version: &Version| {
            if tag.floating { tag.numbers } else { Some(version.numbers().len()) }
        };
        let tags = self.version.iter().flat_map(|version| self.tags.iter().map(move |tag| (version, tag)));
        let shown = move |(version, tag)| Some((version, tag, count(tag, version)?));
        tags.filter_map(shown)
            .filter_map(|(version, tag, count)| Dotless::of(tag.name.as_str(), version, count))
    }

    /// Whether an own tag of its version shows that whole, so that others can be read out of tags like it.
    #[must_use]
    pub(crate) fn shows_version(&self) -> bool {
        let Some(version) = &self.version else { return false };
        let count = version.numbers().len();
        let mut own = self.tags.iter().filter(|tag| !tag.floating);
        own.any(|tag| tag.form.is_readable() || Dotless::of(tag.name.as_str(), version, count).is_some())
    }

    /// The same image in another version, in one repository, without tags and builds.
    #[must_use]
    pub(crate) fn of_version(&self, version: Version, location: Location) -> Self {
        let is_same = self.version.as_ref() == Some(&version);
        Self {
            scheme: self.scheme,
            tails: self.tails.clone(),
            inputs: if is_same { self.inputs.clone() } else { Vec::new() },
            version: Some(version),
            repositories: vec![location],
            mirrors: Vec::new(),
            tags: Vec::new(),
            annotations: BTreeMap::new(),
            without: Vec::new(),
            immutable: false,
            // An older version may have been published as one.
            index: true,
            withdrawn: self.withdrawn.clone(),
            other_forms: self.other_forms.clone(),
            unclear: Vec::new(),
            codenames: Vec::new(),
            beside: self.beside.clone(),
            builds: IndexMap::new(),
            reused: None,
        }
    }

    /// Whether an index with these annotations records that it was made of the inputs that are planned for all builds: a plan would
    /// reuse it, whatever it says of its version.
    #[must_use]
    pub(crate) fn is_made_of(&self, annotations: &BTreeMap<String, String>) -> bool {
        let recorded = annotations.get(oci::INPUTS).and_then(|text| inputs::Record::read(text));
        let planned = self.inputs.iter().map(|(platform, inputs)| (platform.as_ref(), inputs));
        recorded.is_some_and(|recorded| recorded.is_of(planned, self.inputs.len()))
    }

    /// How it reads what follows the numbers of versions.
    #[must_use]
    pub fn tails(&self) -> &Tails {
        &self.tails
    }

    /// Whether no run may give one of its tags to anything else.
    #[must_use]
    pub(crate) fn is_final(&self) -> bool {
        self.immutable && !self.tags.iter().any(|tag| tag.floating)
    }

    /// Its repositories, then its mirrors.
    pub fn places(&self) -> impl Iterator<Item = &Location> {
        self.repositories.iter().chain(&self.mirrors)
    }

    /// The repositories of a tag, without mirrors.
    #[must_use]
    pub fn repositories_of<'a>(&'a self, tag: &'a TagEntry) -> &'a [Location] {
        tag.repositories.as_deref().unwrap_or(&self.repositories)
    }

    /// The tags that one of its repositories or mirrors has, in order.
    pub fn tags_in<'a>(&'a self, location: &'a Location) -> impl Iterator<Item = &'a TagEntry> {
        let is_mirror = self.mirrors.contains(location);
        self.tags.iter().filter(move |tag| is_mirror || self.repositories_of(tag).contains(location))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::plan_json::Follows;
    use super::*;
    use crate::version::Class;

    /// An image with these repositories, tags and builds, as JSON.
    pub(crate) fn image(repositories: &str, tags: &str, builds: &str) -> String {
        format!(r#"{{"repositories":[{repositories}],"tags":[{tags}],"builds":{{{builds}}}}}"#)
    }

    /// A plan of these images, as JSON.
    fn whole(images: &str) -> String {
        format!(
            r#"{{"schema":2,"id":"0123456789abcdef","definition":"fedcba9876543210","images":{{{images}}},"jobs":[],"more":1}}"#
        )
    }

    pub(crate) fn planned(images: &str) -> Result<Planned, Diagnostic> {
        Planned::read("plan.json", &whole(images))
    }

    const BUILD: &str = r#""app":{"platform":"linux/arm64/v8","job":"app"}"#;

    #[test]
    fn a_plan_is_read() {
        let tags = r#"{"name":"1.4.2","class":"version","form":"{version}"},
            {"name":"1.4","floating":true,"class":"version","numbers":2,"form":"{version}","family":["{version}"],"why":"greatest 1.4.x"},
            {"name":"nightly","floating":true,"class":"channel","form":"nightly","repositories":["r.io/a"]}"#;
        let text = image(r#""r.io/a","oci-layout:b""#, tags, BUILD);
        let text = text.replacen('{', r#"{"version":"1.4.2","#, 1);
        let planned = planned(&format!(r#""app":{text}"#)).unwrap();
        let image = &planned.images["app"];
        assert_eq!(image.builds["app"].platform.as_ref().unwrap().to_string(), "linux/arm64");
        let [first, second] = image.repositories.as_slice() else { panic!("two repositories") };
        assert_eq!((image.tags_in(first).count(), image.tags_in(second).count()), (3, 2));
        assert_eq!(image.tags[1].follows(), Some(Follows { class: Class::Stable, numbers: 2 }));
        assert_eq!((image.tags[0].follows(), image.tags[2].follows()), (None, None));
        assert_eq!(planned.legs(), BTreeSet::from(["app"]));
    }

    #[test]
    fn what_is_reused_makes_sense() {
        let hash = format!("sha256:{}", "0".repeat(64));
        let tag = r#"{"name":"1","class":"constant","form":"1"}"#;
        let reused = format!(r#""reused":{{"repository":"r.io/a","tag":"edge","digest":"{hash}"}}"#);
        let builds = format!(r#""app":{{"platform":"linux/arm64","inputs":{{"hash":"{hash}"}}}}"#);
        let good = image(r#""r.io/a""#, tag, &builds).replacen('{', &format!("{{{reused},"), 1);
        let read = |image: &str| planned(&format!(r#""app":{image}"#));
        let found = read(&good).unwrap().images["app"].reused.clone().unwrap();
        assert_eq!(found.reference(), format!("r.io/a:edge@{hash}"));
        let unknown = r#""inputs":{"unknown":"a URL"}"#;
        let second = format!(r#"{builds},"more":{{}}"#);
        for (image, expected) in [
            (
                good.replace(r#""repository":"r.io/a""#, r#""repository":"r.io/b""#),
                "reused from `r.io/b`, which is not a repository",
            ),
            (
                good.replace(r#""repository":"r.io/a""#, r#""repository":"r.io/b""#).replacen(
                    '{',
                    r#"{"mirrors":["r.io/b"],"#,
                    1,
                ),
                "reused from `r.io/b`, which is not a repository",
            ),
            (good.replacen('{', r#"{"index":false,"#, 1), "has no index to record its inputs"),
            (
                good.replace(&format!(r#","inputs":{{"hash":"{hash}"}}"#), ""),
                "the inputs of build `app` are not known",
            ),
            (
                good.replace(&format!(r#""inputs":{{"hash":"{hash}"}}"#), unknown),
                "the inputs of build `app` are not known",
            ),
            (good.replace(&builds, &second), "the inputs of build `more` are not known"),
            (good.replace(r#""tag":"edge""#, r#""tag":"-""#), "\"-\""),
            (good.replace(r#""tag":"edge","#, ""), "missing field `tag`"),
            (good.replace(&format!(r#","digest":"{hash}""#), ""), "missing field `digest`"),
            (good.replace(&reused, r#""reused":"edge""#), "expected an object"),
            (
                good.replace(&format!(r#"{{"hash":"{hash}"}}"#), r#"{"hash":"sha256:0"}"#),
                "sha256 digest is 1 characters long",
            ),
            (good.replace(&format!(r#"{{"hash":"{hash}"}}"#), r#"{"hsah":"x"}"#), "unknown variant `hsah`"),
        ] {
            assert_ne!(image, good);
            let error = read(&image).unwrap_err();
            assert!(error.message.contains(expected), "{image}: {}", error.message);
        }
        let job = r#"{"job":"x","targets":["app"],"platform":null,"runner":"x","qemu":false,"images":["app"],"allow":[],"secrets":[],"ssh":[]}"#;
        let jobs = format!(r#""jobs":[{job}]"#);
        let text = whole(&format!(r#""app":{good}"#)).replace(r#""jobs":[]"#, &jobs);
        let error = Planned::read("plan.json", &text).unwrap_err();
        assert!(
            error.message.ends_with("job `x` builds a part of image `app`, which is reused"),
            "{error:?}"
        );
        Planned::read("plan.json", &text.replace(&reused, r#""immutable":true"#)).unwrap();
    }

    #[test]
    fn invalid_plans_are_refused() {
        let tag = r#"{"name":"1","class":"constant","form":"1"}"#;
        let good = image(r#""r.io/a""#, tag, BUILD);
        let other = image(r#""r.io/a""#, r#"{"name":"2","class":"constant","form":"2"}"#, r#""other":{}"#);
        for (images, expected) in [
            (format!(r#""a":{}"#, image("", tag, BUILD)), "image `a` has no repository"),
            (format!(r#""a":{}"#, image(r#""r.io/a""#, tag, "")), "image `a` has no builds"),
            (format!(r#""a":{}"#, image(r#""r.io/a","r.io/a""#, tag, BUILD)), "names a repository twice"),
            (format!(r#""a":{}"#, image(r#""r.io/a:1""#, tag, BUILD)), "r.io/a:1"),
            (
                format!(
                    r#""a":{}"#,
                    image(r#""r.io/a""#, r#"{"name":"-","class":"constant","form":"-"}"#, BUILD)
                ),
                "\"-\"",
            ),
            (format!(r#""":{good}"#), "\"\" is not a valid name of an image"),
            (format!(r#""a\nb":{good}"#), "\"a\\nb\" is not a valid name of an image"),
            (format!(r#""\u001b[2J":{good}"#), "is not a valid name of an image"),
            (
                format!(r#""a":{}"#, good.replace(r#""app":{"#, r#""$(id)":{"#)),
                "\"$(id)\" is not a valid name of a target",
            ),
            (
                format!(r#""a":{}"#, good.replace(r#""job":"app""#, r#""job":"a/../b""#)),
                "\"a/../b\" is not a valid name of a target",
            ),
            (
                format!(r#""a":{}"#, good.replace(r#""form":"1""#, r#""form":"2""#)),
                "tag `1` of image `a` is not of its form `2`",
            ),
            (
                format!(r#""a":{}"#, good.replace(r#""form":"1""#, r#""form":"{x}""#)),
                "\"{x}\": expected `version`",
            ),
            (format!(r#""a":{}"#, good.replace(r#","form":"1""#, "")), "missing field `form`"),
            (format!(r#""a":{}"#, good.replace(r#""class":"constant","#, "")), "missing field `class`"),
            (
                format!(r#""a":{}"#, good.replace(r#""constant""#, r#""version","floating":true"#)),
                "tag `1` moves with versions, and image `a` has none",
            ),
            (
                format!(r#""a":{}"#, good.replace(r#""form":"1""#, r#""form":"1","family":["{name}"]"#)),
                "no version can be read out of `{name}`",
            ),
            (
                format!(r#""a":{}"#, good.replacen('{', r#"{"version":"1.4.2","withdrawn":["2026.["],"#, 1)),
                "\"2026.[\" in `withdrawn`: syntax error in pattern",
            ),
            (
                format!(r#""a":{}"#, good.replacen('{', r#"{"annotations":{"dev.bakeplan.run.x":""},"#, 1)),
                "the annotation `dev.bakeplan.run.x` of image `a` may only be set by a merge",
            ),
            (
                format!(
                    r#""a":{}"#,
                    good.replace(
                        r#""app":{"#,
                        r#""app":{"descriptor_annotations":{"dev.bakeplan.run.ref":""},"#
                    )
                ),
                "the annotation `dev.bakeplan.run.ref` of image `a` may only be set by a merge",
            ),
            (
                format!(r#""a":{good},"b":{}"#, other.replace('2', "1")),
                "`r.io/a:1` is a tag of `a` and of `b`",
            ),
        ] {
            let error = planned(&images).unwrap_err();
            assert!(error.message.contains(expected), "{images}: {}", error.message);
        }
        planned(&format!(r#""a":{good},"b":{other}"#)).unwrap();
        for (text, expected) in [
            ("[]", "`plan.json` is not a plan but a list, as matrix.json is"),
            (" [{\"schema\":2}]", "`plan.json` is not a plan but a list, as matrix.json is"),
            ("{", "`plan.json` is not a plan: "),
            ("{}", "`plan.json` is not a plan: expected the member `schema` in it"),
            (r#"{"schema":1,"images":{}}"#, "`plan.json` has schema 1, but this program reads schema 2"),
            (r#"{"schema":3}"#, "`plan.json` has schema 3, but this program reads schema 2"),
            (r#"{"schema":2}"#, "`plan.json` is not a plan: missing field `id`"),
            (&whole("").replace(r#""images":{},"#, ""), "`plan.json` is not a plan: missing field `images`"),
            (&whole("").replace(r#""jobs":[],"#, ""), "`plan.json` is not a plan: missing field `jobs`"),
            (&whole("").replace("0123", "ABCD"), "`plan.json` is not a plan: \"ABCD456789abcdef\": expected 16"),
            (&whole("").replace(r#""images":{}"#, r#""images":[]"#), "`plan.json` is not a plan: found list"),
            (
                &whole("").replace(r#""jobs":[]"#, r#""jobs":[{"job":"a;b","targets":[],"platform":null,"runner":"x","qemu":false,"images":[],"allow":[],"secrets":[],"ssh":[]}]"#),
                "`plan.json` is not a plan: \"a;b\" is not a valid name of a target",
            ),
        ] {
            let error = Planned::read("plan.json", text).unwrap_err();
            assert!(error.message.starts_with(expected), "{text}: {}", error.message);
        }
        Planned::read("plan.json", &whole("")).unwrap();
        for (path, help) in [
            ("plan.json", "metadata > plan.json"),
            ("out/plan.json", "--out out"),
            ("/a/b/plan.json", "--out /a/b"),
        ] {
            let error = Planned::read(path, r#"{"schema":1}"#).unwrap_err();
            assert!(error.help.as_ref().is_some_and(|one| one.contains(help)), "{path}: {error:?}");
        }
    }
}
