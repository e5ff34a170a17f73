//! `plan.json` as the merge reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, de};

use crate::diagnostic::Diagnostic;
use crate::platform::Platform;
use crate::reference::Tag;
use crate::registry::Location;
use crate::spec::OnMissing;
use crate::version::{Scheme, Version, VersionError};

/// The version of the form that is read.
const SCHEMA: u32 = 1;

/// What a plan wants to be published.
#[derive(Clone, Debug, Deserialize)]
pub struct Document {
    schema: u32,
    /// The images by key, in the order of the spec.
    #[serde(default)]
    pub images: IndexMap<String, Image>,
}

/// A multi-platform image.
#[derive(Clone, Debug, Deserialize)]
pub struct Image {
    /// How its version is to be read.
    #[serde(default)]
    scheme: Scheme,
    #[serde(default, rename = "version")]
    version_text: Option<String>,
    /// Its version; none when its tags are literal.
    #[serde(skip)]
    pub version: Option<Version>,
    /// Where it is published.
    #[serde(deserialize_with = "each")]
    pub repositories: Vec<Location>,
    /// Under which tags.
    pub tags: Vec<PlannedTag>,
    /// Annotations of its index.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Whether an existing version tag must not get another digest.
    #[serde(default)]
    pub immutable: bool,
    #[serde(default, rename = "withdrawn")]
    withdrawn_texts: Vec<String>,
    /// Versions that were pulled, and own nothing any more.
    #[serde(skip)]
    pub withdrawn: Vec<Version>,
    /// The builds that make it, by leg, in the order of the platforms.
    pub builds: IndexMap<String, Build>,
}

/// A tag of an image.
#[derive(Clone, Debug, Deserialize)]
pub struct PlannedTag {
    /// The tag.
    #[serde(deserialize_with = "one")]
    pub name: Tag,
    /// Whether it moves from version to version.
    #[serde(default)]
    pub floating: bool,
    /// What it moves with.
    #[serde(default)]
    pub moves: Option<Moves>,
    /// Why it is here.
    #[serde(default)]
    pub why: Option<String>,
    /// The repositories that have it; all of the image's when it is not given.
    #[serde(default, deserialize_with = "optional_each")]
    pub repositories: Option<Vec<Location>>,
}

/// What a floating tag moves with.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Moves {
    /// The kind of thing.
    pub with: MovesWith,
    /// How many leading numbers of the versions agree; 0 for `latest`.
    #[serde(default)]
    pub numbers: usize,
}

/// The kind of thing that a floating tag moves with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MovesWith {
    /// Stable versions.
    Versions,
    /// Prereleases.
    Prereleases,
    /// Versions that claim a channel.
    Channel,
    /// Runs, such as those of a branch.
    Runs,
}

/// A build of an image.
#[derive(Clone, Debug, Deserialize)]
pub struct Build {
    /// Its platform; none when the target names none.
    #[serde(default, deserialize_with = "optional")]
    pub platform: Option<Platform>,
    /// What becomes of the image without it.
    #[serde(default)]
    pub on_missing: OnMissing,
    /// Labels that the configuration of its image has.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Annotations that the manifest of its image has.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

impl Document {
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
        let version: Form =
            serde_json::from_str(text).map_err(|error| fail(format!("`{path}` is no plan: {error}")))?;
        match version.schema {
            Some(schema) if schema == SCHEMA => {}
            Some(other) => {
                let message = format!("`{path}` has schema {other}, and this program reads schema {SCHEMA}");
                return Err(Diagnostic::error("not-a-plan", message)
                    .with_help("plan and merge with the same version of bakeplan"));
            }
            None => {
                return Err(fail(format!("`{path}` is no plan: expected the member `schema` in it")));
            }
        }
        let mut document: Self =
            serde_json::from_str(text).map_err(|error| fail(format!("`{path}` is no plan: {error}")))?;
        document
            .read_versions()
            .and_then(|()| document.check())
            .map_err(|problem| fail(format!("`{path}` is no plan: {problem}")))?;
        debug_assert_eq!(document.schema, SCHEMA);
        Ok(document)
    }

    fn read_versions(&mut self) -> Result<(), String> {
        for image in self.images.values_mut() {
            let parse =
                |text: &String| image.parse_version(text).map_err(|error| format!("{text:?}: {error}"));
            let version = image.version_text.as_ref().map(parse).transpose()?;
            let withdrawn = image.withdrawn_texts.iter().map(parse).collect::<Result<_, _>>()?;
            (image.version, image.withdrawn) = (version, withdrawn);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        let mut references = BTreeMap::new();
        for (key, image) in &self.images {
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
                    return Err(format!("`{stray}` of tag `{}` is no repository of image `{key}`", tag.name));
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

    /// The builds of all images.
    #[must_use]
    pub fn legs(&self) -> BTreeSet<&str> {
        self.images.values().flat_map(|image| image.builds.keys()).map(String::as_str).collect()
    }
}

impl Image {
    /// Reads a version as this image's are to be read.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse_version(&self, text: &str) -> Result<Version, VersionError> {
        Version::parse(text, self.scheme)
    }

    /// The repositories of a tag.
    #[must_use]
    pub fn repositories_of<'a>(&'a self, tag: &'a PlannedTag) -> &'a [Location] {
        tag.repositories.as_deref().unwrap_or(&self.repositories)
    }

    /// The tags that one of its repositories has, in order.
    pub fn tags_in<'a>(&'a self, location: &'a Location) -> impl Iterator<Item = &'a PlannedTag> {
        self.tags.iter().filter(move |tag| self.repositories_of(tag).contains(location))
    }
}

fn one<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<T, D::Error> {
    parse(&String::deserialize(deserializer)?)
}

fn optional<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(|text| parse(&text)).transpose()
}

fn each<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Vec::<String>::deserialize(deserializer)?.iter().map(|text| parse(text)).collect()
}

fn optional_each<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let texts = Option::<Vec<String>>::deserialize(deserializer)?;
    texts.map(|texts| texts.iter().map(|text| parse(text)).collect()).transpose()
}

fn parse<T: FromStr<Err: Display>, E: de::Error>(text: &str) -> Result<T, E> {
    text.parse().map_err(|error| E::custom(format!("{text:?}: {error}")))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An image with these repositories, tags and builds, as JSON.
    pub(in super::super) fn image(repositories: &str, tags: &str, builds: &str) -> String {
        format!(r#"{{"repositories":[{repositories}],"tags":[{tags}],"builds":{{{builds}}}}}"#)
    }

    pub(in super::super) fn document(images: &str) -> Result<Document, Diagnostic> {
        Document::read("plan.json", &format!(r#"{{"schema":1,"images":{{{images}}},"more":1}}"#))
    }

    const BUILD: &str = r#""app":{"platform":"linux/arm64/v8","job":"app"}"#;

    #[test]
    fn a_plan_is_read() {
        let tags = r#"{"name":"1.4.2","floating":false},
            {"name":"1.4","floating":true,"moves":{"with":"versions","numbers":2},"why":"greatest 1.4.x"},
            {"name":"nightly","floating":true,"moves":{"with":"channel"},"repositories":["r.io/a"]}"#;
        let text = image(r#""r.io/a","oci-layout:b""#, tags, BUILD);
        let document = document(&format!(r#""app":{text}"#)).unwrap();
        let image = &document.images["app"];
        assert_eq!(image.builds["app"].platform.as_ref().unwrap().to_string(), "linux/arm64");
        let [first, second] = image.repositories.as_slice() else { panic!("two repositories") };
        assert_eq!((image.tags_in(first).count(), image.tags_in(second).count()), (3, 2));
        let moves = image.tags[1].moves.unwrap();
        assert_eq!((moves.with, moves.numbers), (MovesWith::Versions, 2));
        assert_eq!(document.legs(), BTreeSet::from(["app"]));
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
            let error = document(&images).unwrap_err();
            assert!(error.message.contains(expected), "{images}: {}", error.message);
        }
        document(&format!(r#""a":{good},"b":{other}"#)).unwrap();
        for (text, expected) in [
            ("[]", "`plan.json` is no plan: invalid"),
            ("{}", "`plan.json` is no plan: expected the member `schema` in it"),
            (r#"{"schema":2}"#, "`plan.json` has schema 2, and this program reads schema 1"),
            (r#"{"schema":1,"images":[]}"#, "`plan.json` is no plan: invalid type"),
        ] {
            let error = Document::read("plan.json", text).unwrap_err();
            assert!(error.message.starts_with(expected), "{text}: {}", error.message);
        }
    }
}
