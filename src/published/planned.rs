//! A plan as merging and verifying read it: what `plan.json` says, once it is known to make sense.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::Deserialize;

use super::plan_json::{BuildEntry, ImageEntry, PlanJson, SCHEMA, TagEntry};
use crate::diagnostic::Diagnostic;
use crate::oci::{Descriptor, DescriptorPlatform};
use crate::registry::Location;
use crate::version::{Scheme, Tails, Version, VersionError};

/// What is to be published.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The images by key, in the order of the spec.
    pub images: IndexMap<String, PlannedImage>,
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
    /// Under which tags.
    pub tags: Vec<TagEntry>,
    /// Annotations of its index.
    pub annotations: BTreeMap<String, String>,
    /// Whether an existing version tag must not get another digest.
    pub immutable: bool,
    /// Versions that were pulled, and own nothing any more.
    pub withdrawn: Vec<Version>,
    /// The builds that make it, by leg, in the order of the platforms.
    pub builds: IndexMap<String, BuildEntry>,
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
    /// When it is no plan, of another schema, or contradicts itself.
    pub fn read(path: &str, text: &str) -> Result<Self, Diagnostic> {
        #[derive(Deserialize)]
        struct Form {
            schema: Option<serde_json::Value>,
        }
        let fail = |message: String| {
            Diagnostic::error("not-a-plan", message)
                .with_help("`bakeplan plan --out DIR` writes DIR/plan.json")
        };
        let form: Form =
            serde_json::from_str(text).map_err(|error| fail(format!("`{path}` is not a plan: {error}")))?;
        match form.schema {
            Some(schema) if schema == SCHEMA => {}
            Some(other) => {
                let message = format!("`{path}` has schema {other}, but this program reads schema {SCHEMA}");
                return Err(Diagnostic::error("not-a-plan", message)
                    .with_help("plan and merge with the same version of bakeplan"));
            }
            None => {
                return Err(fail(format!("`{path}` is not a plan: expected the member `schema` in it")));
            }
        }
        let plan: PlanJson =
            serde_json::from_str(text).map_err(|error| fail(format!("`{path}` is not a plan: {error}")))?;
        Self::try_from(plan).map_err(|problem| fail(format!("`{path}` is not a plan: {problem}")))
    }

    /// The builds of all images.
    #[must_use]
    pub fn legs(&self) -> BTreeSet<&str> {
        self.images.values().flat_map(|image| image.builds.keys()).map(String::as_str).collect()
    }

    /// The repositories of all images, each once, in the order in which they come.
    #[must_use]
    pub fn locations(&self) -> Vec<Location> {
        let mut known = BTreeSet::new();
        let all = self.images.values().flat_map(|image| &image.repositories);
        all.filter(|location| known.insert(*location)).cloned().collect()
    }
}

impl TryFrom<PlanJson> for Planned {
    type Error = String;

    fn try_from(plan: PlanJson) -> Result<Self, String> {
        // Which jobs build what, and what that was made from, is for other readers.
        let PlanJson { schema: _, images, jobs: _, source: _ } = plan;
        let images = images.into_iter().map(|(key, image)| Ok((key, PlannedImage::try_from(image)?)));
        let images = images.collect::<Result<_, String>>()?;
        check(&images)?;
        Ok(Self { images })
    }
}

impl TryFrom<ImageEntry> for PlannedImage {
    type Error = String;

    fn try_from(image: ImageEntry) -> Result<Self, String> {
        let ImageEntry {
            version,
            repositories,
            tags,
            yielded: _,
            scheme,
            tails,
            withdrawn,
            immutable,
            annotations,
            builds,
        } = image;
        let parse = |text: &String| {
            Version::parse_with(text, scheme, &tails).map_err(|error| format!("{text:?}: {error}"))
        };
        Ok(Self {
            scheme,
            version: version.as_ref().map(parse).transpose()?,
            withdrawn: withdrawn.iter().map(parse).collect::<Result<_, _>>()?,
            repositories,
            tags,
            annotations,
            immutable,
            builds,
            tails,
        })
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
        let own: BTreeSet<_> = image.repositories.iter().collect();
        if own.len() != image.repositories.len() {
            return Err(format!("image `{key}` names a repository twice"));
        }
        for tag in &image.tags {
            if let Some(stray) = tag.repositories.iter().flatten().find(|one| !own.contains(one)) {
                return Err(format!("`{stray}` of tag `{}` is not a repository of image `{key}`", tag.name));
            }
            for location in image.repositories_of(tag) {
                if let Some(other) = references.insert((location, &tag.name), key) {
                    let reference = location.with_tag(&tag.name);
                    return Err(format!("`{reference}` is a tag of `{other}` and of `{key}`"));
                }
            }
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

    /// How it reads what follows the numbers of versions.
    #[must_use]
    pub fn tails(&self) -> &Tails {
        &self.tails
    }

    /// The repositories of a tag.
    #[must_use]
    pub fn repositories_of<'a>(&'a self, tag: &'a TagEntry) -> &'a [Location] {
        tag.repositories.as_deref().unwrap_or(&self.repositories)
    }

    /// The tags that one of its repositories has, in order.
    pub fn tags_in<'a>(&'a self, location: &'a Location) -> impl Iterator<Item = &'a TagEntry> {
        self.tags.iter().filter(move |tag| self.repositories_of(tag).contains(location))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::plan_json::Moves;
    use super::*;

    /// An image with these repositories, tags and builds, as JSON.
    pub(crate) fn image(repositories: &str, tags: &str, builds: &str) -> String {
        format!(r#"{{"repositories":[{repositories}],"tags":[{tags}],"builds":{{{builds}}}}}"#)
    }

    pub(crate) fn planned(images: &str) -> Result<Planned, Diagnostic> {
        Planned::read("plan.json", &format!(r#"{{"schema":1,"images":{{{images}}},"more":1}}"#))
    }

    const BUILD: &str = r#""app":{"platform":"linux/arm64/v8","job":"app"}"#;

    #[test]
    fn a_plan_is_read() {
        let tags = r#"{"name":"1.4.2","floating":false},
            {"name":"1.4","floating":true,"moves":{"with":"versions","numbers":2},"why":"greatest 1.4.x"},
            {"name":"nightly","floating":true,"moves":{"with":"channel"},"repositories":["r.io/a"]}"#;
        let text = image(r#""r.io/a","oci-layout:b""#, tags, BUILD);
        let planned = planned(&format!(r#""app":{text}"#)).unwrap();
        let image = &planned.images["app"];
        assert_eq!(image.builds["app"].platform.as_ref().unwrap().to_string(), "linux/arm64");
        let [first, second] = image.repositories.as_slice() else { panic!("two repositories") };
        assert_eq!((image.tags_in(first).count(), image.tags_in(second).count()), (3, 2));
        assert_eq!(image.tags[1].moves, Some(Moves::Versions { numbers: 2 }));
        assert_eq!(planned.legs(), BTreeSet::from(["app"]));
    }

    #[test]
    fn what_is_no_plan_is_told() {
        let tag = r#"{"name":"1"}"#;
        let good = image(r#""r.io/a""#, tag, BUILD);
        let other = image(r#""r.io/a""#, r#"{"name":"2"}"#, r#""other":{}"#);
        for (images, expected) in [
            (format!(r#""a":{}"#, image("", tag, BUILD)), "image `a` has no repository"),
            (format!(r#""a":{}"#, image(r#""r.io/a""#, tag, "")), "image `a` has no builds"),
            (format!(r#""a":{}"#, image(r#""r.io/a","r.io/a""#, tag, BUILD)), "names a repository twice"),
            (format!(r#""a":{}"#, image(r#""r.io/a:1""#, tag, BUILD)), "r.io/a:1"),
            (format!(r#""a":{}"#, image(r#""r.io/a""#, r#"{"name":"-"}"#, BUILD)), "\"-\""),
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
            ("[]", "`plan.json` is not a plan: invalid"),
            ("{}", "`plan.json` is not a plan: expected the member `schema` in it"),
            (r#"{"schema":2}"#, "`plan.json` has schema 2, but this program reads schema 1"),
            (r#"{"schema":1,"images":[]}"#, "`plan.json` is not a plan: invalid type"),
        ] {
            let error = Planned::read("plan.json", text).unwrap_err();
            assert!(error.message.starts_with(expected), "{text}: {}", error.message);
        }
    }
}
