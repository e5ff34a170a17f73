//! Which images and which commit a build was made from, as its provenance says
//! (<https://slsa.dev/spec/v0.2/provenance>, <https://slsa.dev/spec/v1.0/provenance>).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::oci::{Descriptor, ImageManifest};

/// What begins the package URL of an image, as BuildKit writes it.
const IMAGE: &str = "pkg:docker/";
/// What begins that of one in a layout or as another tool writes it, which does not say where a tag of it is.
const ELSEWHERE: &str = "pkg:oci/";

/// The media type of a statement about an image.
const STATEMENT: &str = "application/vnd.in-toto+json";
/// The annotation of a layer that says what its statement is about.
const PREDICATE: &str = "in-toto.io/predicate-type";
/// What begins the kind of a statement that is a provenance.
const SLSA: &str = "https://slsa.dev/provenance/";
/// The largest statement that is read, in bytes: one with `mode=max` has all steps of a build.
pub(crate) const MAX_STATEMENT: u64 = 8 * 1024 * 1024;

/// An image that a build used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Base {
    /// Its name and tag, such as `alpine:3.19`.
    pub name: String,
    /// The digest that the tag had, such as `sha256:…`.
    pub digest: String,
}

/// An image that a build used, as its provenance says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Its name and tag, and the digest that it had; its URL alone where that does not say so.
    pub(crate) base: Base,
    /// Whether the name has a tag.
    pub(crate) has_tag: bool,
    /// Which of its platforms was used, as written.
    pub(crate) platform: Option<String>,
    /// Whether the build named it by this digest, perhaps beside a tag.
    pub(crate) is_pinned: bool,
}

/// Where in a provenance BuildKit tells of the checkout that a context was in, in either version.
const CHECKOUTS: [&str; 2] = [
    "/metadata/https:~1~1mobyproject.org~1buildkit@v1#metadata/vcs",
    "/runDetails/metadata/buildkit_metadata/vcs",
];
/// Its member that says where in the checkout a local context is; a context from elsewhere has none.
const LOCAL_CONTEXT: &str = "localdir:context";

/// The checkout that the local context of a build was in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The commit, with `-dirty` behind it if the tree differed.
    pub revision: String,
    /// The repository, as the checkout calls it.
    pub source: Option<String>,
}

impl Checkout {
    /// The one that a provenance tells of.
    pub(super) fn of(provenance: &Value) -> Option<Self> {
        let told = CHECKOUTS.iter().find_map(|place| provenance.pointer(place))?;
        let text = |key: &str| Some(told.get(key)?.as_str()?.to_owned());
        told.get(LOCAL_CONTEXT)?;
        Some(Self { revision: text("revision")?, source: text("source") })
    }
}

/// The provenance of a build, of either version, as far as it names images.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Provenance {
    materials: Vec<Material>,
    build_definition: Option<BuildDefinition>,
    invocation: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BuildDefinition {
    resolved_dependencies: Vec<Material>,
    external_parameters: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Material {
    uri: String,
    digest: BTreeMap<String, String>,
}

impl Provenance {
    /// The images that it names by a tag. What is pinned by digest is the same in every run.
    pub(super) fn bases(&self) -> Vec<Base> {
        self.recorded().into_iter().filter(|one| !one.is_pinned).map(|one| one.base).collect()
    }

    /// All images that it names, but the frontend: that makes the image without being in it.
    fn recorded(&self) -> Vec<Recorded> {
        let definition = self.build_definition.as_ref();
        let frontend = self
            .invocation
            .pointer("/parameters/args/source")
            .or_else(|| definition?.external_parameters.pointer("/request/args/source"))
            .and_then(Value::as_str)
            .map(|source| source.split('@').next().unwrap_or_default());
        let dependencies = definition.into_iter().flat_map(|definition| &definition.resolved_dependencies);
        let recorded = self.materials.iter().chain(dependencies).filter_map(Material::recorded);
        recorded.filter(|one| frontend.is_none_or(|source| source != one.base.name)).collect()
    }
}

/// What an attestation says of the images that a build was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Its size in bytes.
    pub(crate) size: u64,
    /// The images, or why they are not known.
    pub(crate) bases: Result<Vec<Base>, String>,
    /// The same with those that were named by digest; none when they are not known.
    pub(crate) recorded: Vec<Recorded>,
    /// The checkout that its local context was in, if it had one.
    pub(crate) checkout: Option<Checkout>,
}

impl Statement {
    /// What the content of a layer says, which is a statement of in-toto.
    #[must_use]
    pub(crate) fn read(content: &[u8]) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Form<'a> {
            predicate_type: String,
            #[serde(borrow)]
            predicate: Option<&'a RawValue>,
        }
        let mut checkout = None;
        let mut read = || {
            let Form { predicate_type, predicate } = serde_json::from_slice(content)?;
            if !predicate_type.starts_with(SLSA) {
                return Ok(Err(format!("it is of type {predicate_type:?}")));
            }
            let Some(predicate) = predicate else { return Ok(Err("it is empty".to_owned())) };
            checkout = serde_json::from_str(predicate.get()).ok().and_then(|value| Checkout::of(&value));
            serde_json::from_str::<Provenance>(predicate.get()).map(Ok)
        };
        let provenance = read().unwrap_or_else(|error: serde_json::Error| Err(error.to_string()));
        let recorded = provenance.as_ref().map(Provenance::recorded).unwrap_or_default();
        let bases = provenance.map(|provenance| provenance.bases());
        Self { size: content.len() as u64, bases, recorded, checkout }
    }
}

/// The layers of an attestation that tell the provenance of an image.
pub(crate) fn provenances(attestation: &ImageManifest) -> impl Iterator<Item = &Descriptor> {
    let is_provenance = |layer: &&Descriptor| {
        let kind = layer.annotations.get(PREDICATE);
        layer.media_type == STATEMENT && kind.is_some_and(|kind| kind.starts_with(SLSA))
    };
    attestation.layers.iter().filter(is_provenance)
}

impl Material {
    fn recorded(&self) -> Option<Recorded> {
        let unclear = || Recorded {
            base: Base { name: self.uri.clone(), digest: String::new() },
            has_tag: false,
            platform: None,
            is_pinned: true,
        };
        let Some(name) = self.uri.strip_prefix(IMAGE) else {
            return self.uri.starts_with(ELSEWHERE).then(unclear);
        };
        let (name, qualifiers) = name.split_once('?').unwrap_or((name, ""));
        let qualifier = |key: &str| qualifiers.split('&').find_map(|one| one.strip_prefix(key));
        let Some((algorithm, hex)) = self.digest.first_key_value() else { return Some(unclear()) };
        Some(Recorded {
            base: Base { name: name.replacen('@', ":", 1), digest: format!("{algorithm}:{hex}") },
            has_tag: name.contains('@'),
            platform: qualifier("platform=").map(|platform| platform.replace("%2F", "/")),
            is_pinned: qualifier("digest=").is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases(text: &str) -> Vec<String> {
        let provenance: Provenance = serde_json::from_str(text).unwrap();
        provenance.bases().into_iter().map(|base| format!("{}@{}", base.name, base.digest)).collect()
    }

    #[test]
    fn provenance_of_both_versions_names_the_bases() {
        let materials = r#"[
            {"uri":"pkg:docker/alpine@3.19?platform=linux%2Famd64","digest":{"sha256":"aa"}},
            {"uri":"pkg:docker/docker/dockerfile@1","digest":{"sha256":"bb"}},
            {"uri":"pkg:docker/debian@12?digest=sha256:cc&platform=linux%2Famd64","digest":{"sha256":"cc"}},
            {"uri":"https://github.com/acme/app.git","digest":{"sha1":"dd"}},
            {"uri":"pkg:docker/none"}]"#;
        let old = format!(
            r#"{{"materials":{materials},"invocation":{{"parameters":{{"args":{{"source":"docker/dockerfile:1"}}}}}}}}"#
        );
        assert_eq!(bases(&old), ["alpine:3.19@sha256:aa"]);
        let new = format!(
            r#"{{"buildDefinition":{{"resolvedDependencies":{materials},
                "externalParameters":{{"request":{{"args":{{"source":"docker/dockerfile:1"}}}}}}}}}}"#
        );
        assert_eq!(bases(&new), ["alpine:3.19@sha256:aa"]);
        assert_eq!(bases("{}"), [""; 0]);
    }

    #[test]
    fn statements_are_read_as_buildx_writes_them() {
        // BuildKit 0.26, `mode=min` and `mode=max,version=v1`, shortened.
        let old = r#"{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2",
            "subject":[{"name":"pkg:docker/r.io/t@1?platform=linux%2Famd64","digest":{"sha256":"03"}}],
            "predicate":{"builder":{"id":""},"buildType":"https://mobyproject.org/buildkit@v1",
              "materials":[{"uri":"pkg:docker/r.io/base@1?platform=linux%2Famd64","digest":{"sha256":"32"}}],
              "invocation":{"configSource":{"entryPoint":"Dockerfile"},"parameters":{"frontend":"dockerfile.v0"}}}}"#;
        let new = r#"{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v1",
            "predicate":{"buildDefinition":{"buildType":"x","resolvedDependencies":[
                {"uri":"pkg:docker/r.io/base@1?platform=linux%2Farm64","digest":{"sha256":"32"}}],
              "externalParameters":{"configSource":{"path":"Dockerfile"},"request":{"frontend":"dockerfile.v0"}},
              "internalParameters":{"buildConfig":{"llbDefinition":[{"id":"step0","op":{}}]}}},
              "runDetails":{"builder":{"id":""}}}}"#;
        let expected = Base { name: "r.io/base:1".to_owned(), digest: "sha256:32".to_owned() };
        for text in [old, new] {
            let statement = Statement::read(text.as_bytes());
            assert_eq!(statement.bases, Ok(vec![expected.clone()]));
            assert_eq!(statement.size, text.len() as u64);
        }
        // Without a base, which is known.
        let none = r#"{"predicateType":"https://slsa.dev/provenance/v0.2","predicate":{"buildType":"x"}}"#;
        assert_eq!(Statement::read(none.as_bytes()).bases, Ok(vec![]));
        let deep = "[".repeat(100_000);
        for (text, why) in [
            (
                r#"{"predicateType":"https://spdx.dev/Document","predicate":{}}"#,
                "it is of type \"https://spdx.dev/Document\"",
            ),
            (r#"{"predicateType":"https://slsa.dev/provenance/v0.2"}"#, "it is empty"),
            (r#"{"predicateType":"https://slsa.dev/provenance/v1","predicate":[7]}"#, "invalid"),
            (
                r#"{"predicateType":"https://slsa.dev/provenance/v1","predicate":{"materials":7}}"#,
                "invalid type",
            ),
            ("{}", "missing field"),
            ("", "EOF"),
            ("\u{1f}\u{8b}", "expected value"),
            (deep.as_str(), "invalid type"),
        ] {
            let found = Statement::read(text.as_bytes()).bases.unwrap_err();
            assert!(found.contains(why), "{found}");
        }
    }
}
