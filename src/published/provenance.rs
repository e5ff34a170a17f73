//! Which images a build was made from, as its provenance says
//! (<https://slsa.dev/spec/v0.2/provenance>, <https://slsa.dev/spec/v1.0/provenance>).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

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
}
