//! Whether the platforms of an image were built on the same bases, as their provenance tells
//! (<https://slsa.dev/spec/v0.2/provenance>, <https://slsa.dev/spec/v1.0/provenance>).

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::document::Image;
use super::metadata::Metadata;
use crate::diagnostic::Diagnostic;

/// What begins the package URL of an image.
const IMAGE: &str = "pkg:docker/";

/// An image that a build used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Base {
    /// Its name and tag, such as `alpine:3.19`.
    pub name: String,
    /// The digest that the tag had, such as `sha256:…`.
    pub digest: String,
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
    /// The images that it names by a tag. What is pinned by digest is the same in every run, and the frontend makes the
    /// image without being in it.
    pub(super) fn bases(&self) -> Vec<Base> {
        let definition = self.build_definition.as_ref();
        let frontend = self
            .invocation
            .pointer("/parameters/args/source")
            .or_else(|| definition?.external_parameters.pointer("/request/args/source"))
            .and_then(Value::as_str)
            .map(|source| source.split('@').next().unwrap_or_default());
        let dependencies = definition.into_iter().flat_map(|definition| &definition.resolved_dependencies);
        let bases = self.materials.iter().chain(dependencies).filter_map(Material::base);
        bases.filter(|base| frontend.is_none_or(|source| source != base.name)).collect()
    }
}

impl Material {
    fn base(&self) -> Option<Base> {
        let name = self.uri.strip_prefix(IMAGE)?;
        let (name, qualifiers) = name.split_once('?').unwrap_or((name, ""));
        if qualifiers.split('&').any(|qualifier| qualifier.starts_with("digest=")) {
            return None;
        }
        let (algorithm, hex) = self.digest.first_key_value()?;
        Some(Base { name: name.replacen('@', ":", 1), digest: format!("{algorithm}:{hex}") })
    }
}

/// The bases that differ between the builds of an image.
#[must_use]
pub fn mixed(key: &str, image: &Image, metadata: &Metadata) -> Vec<Diagnostic> {
    let mut uses: BTreeMap<&str, Vec<Use<'_>>> = BTreeMap::new();
    for leg in image.builds.keys() {
        let Some(pushed) = metadata.builds.get(leg) else { continue };
        for base in &pushed.bases {
            let own = Use { leg, digest: &base.digest, origin: &pushed.origin };
            uses.entry(&base.name).or_default().push(own);
        }
    }
    let differing = uses.into_iter().filter_map(|(name, uses)| {
        let first = uses.first()?;
        let other = uses.iter().find(|one| one.digest != first.digest)?;
        let message = format!("image `{key}`: its builds have different bases: `{name}` moved between them");
        let help = "run the older of these builds again, or pass `--allow-mixed-bases`";
        Some(
            Diagnostic::error("mixed-bases", message)
                .with_note(first.to_string())
                .with_note(other.to_string())
                .with_help(help),
        )
    });
    differing.collect()
}

/// The use of a base by a build.
struct Use<'a> {
    leg: &'a str,
    digest: &'a str,
    origin: &'a str,
}

impl fmt::Display for Use<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` was built on {} (`{}`)", self.leg, self.digest, self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{document, image};
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
    fn a_base_that_moved_is_told_once() {
        let builds = r#""app-a":{},"app-b":{},"app-c":{}"#;
        let text = image(r#""r.io/a""#, r#"{"name":"1"}"#, builds);
        let document = document(&format!(r#""app":{text}"#)).unwrap();
        let metadata = |digests: &[(&str, &str)]| {
            let mut metadata = Metadata::default();
            for (leg, base) in digests {
                let text = format!(
                    r#"{{"{leg}":{{"containerimage.digest":"sha256:{}","buildx.build.provenance":
                        {{"materials":[{{"uri":"pkg:docker/alpine@3.19","digest":{{"sha256":"{base}"}}}}]}}}}}}"#,
                    "0".repeat(64)
                );
                metadata.add_text(&format!("{leg}.json"), &text, &|_| true).unwrap();
            }
            metadata
        };
        let mixed = |digests| mixed("app", &document.images["app"], &metadata(digests));
        assert_eq!(mixed(&[("app-a", "aa"), ("app-b", "aa")]), []);
        let told = mixed(&[("app-a", "aa"), ("app-b", "bb"), ("app-c", "bb")]);
        let [told] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(
            told.message,
            "image `app`: its builds have different bases: `alpine:3.19` moved between them"
        );
        assert_eq!(
            told.notes,
            [
                "`app-a` was built on sha256:aa (`app-a.json`)",
                "`app-b` was built on sha256:bb (`app-b.json`)"
            ]
        );
    }
}
