//! Composes the index of an image from what its builds pushed; its bytes are those of
//! `docker buildx imagetools create`
//! (<https://github.com/docker/buildx/blob/master/util/imagetools/create.go>).

use std::collections::BTreeMap;

use crate::oci::{
    ATTESTATION, DOCKER_LIST, DOCKER_PREFIX, Descriptor, DescriptorPlatform, Index, OCI_INDEX,
    REFERENCE_DIGEST, REFERENCE_TYPE, is_index,
};
use crate::reference::Digest;
use crate::registry::Manifest;

/// One source of an index, in the order of the platforms.
#[derive(Clone, Debug)]
pub(crate) enum IndexSource {
    /// An index: what it holds goes in, one level deep.
    Index(Manifest, Index),
    /// The manifest of an image, with the platform that its configuration names.
    Image(Descriptor),
    /// Entries of another index, as they are.
    Entries(Vec<Descriptor>),
}

/// Why no index can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ComposeError {
    /// Annotations for a list that can hold none.
    #[error("all its images have Docker's media types, and Docker's manifest lists hold no annotations")]
    Annotations,
    /// Nothing to put in.
    #[error("it would be empty")]
    Empty,
}

impl IndexSource {
    /// What it puts into the index.
    #[must_use]
    pub(crate) fn entries(&self) -> &[Descriptor] {
        match self {
            Self::Index(_, index) => &index.manifests,
            Self::Image(descriptor) => std::slice::from_ref(descriptor),
            Self::Entries(entries) => entries,
        }
    }
}

/// The annotations that an index is to have of an image in it, if it is to have any.
pub(crate) type OfDescriptor<'a> = &'a dyn Fn(&Descriptor) -> Option<&'a BTreeMap<String, String>>;

/// Composes the index.
///
/// The rules are those of buildx: entries in the order of the sources, each digest once; Docker's media type when all
/// entries have Docker's; a single index without annotations stays as it is. `referrers` are attestations that refer to
/// an image of theirs and stand in no index; they come last.
///
/// # Errors
/// When there is nothing to compose, or annotations have no place.
pub(crate) fn compose(
    sources: &[IndexSource],
    referrers: &[Descriptor],
    annotations: &BTreeMap<String, String>,
    of_descriptor: OfDescriptor<'_>,
) -> Result<Manifest, ComposeError> {
    let is_described =
        sources.iter().flat_map(IndexSource::entries).any(|entry| of_descriptor(entry).is_some());
    let is_annotated = is_described || !annotations.is_empty();
    if let ([IndexSource::Index(manifest, index)], false) = (sources, is_annotated) {
        if referrers.is_empty() {
            return Ok(manifest.clone());
        }
        let mut index = index.clone();
        index.manifests.extend_from_slice(referrers);
        return Ok(Manifest::new(manifest.media_type.clone(), to_bytes(&index)));
    }
    let mut manifests: Vec<Descriptor> = Vec::new();
    let mut positions: BTreeMap<&Digest, usize> = BTreeMap::new();
    for entry in sources.iter().flat_map(IndexSource::entries) {
        match positions.get(&entry.digest) {
            Some(&at) => overlay(&mut manifests[at], entry),
            None => {
                positions.insert(&entry.digest, manifests.len());
                manifests.push(entry.clone());
            }
        }
    }
    if manifests.is_empty() {
        return Err(ComposeError::Empty);
    }
    let is_docker = manifests.iter().all(|entry| entry.media_type.starts_with(DOCKER_PREFIX));
    if is_docker && is_annotated {
        return Err(ComposeError::Annotations);
    }
    for entry in &mut manifests {
        let own = of_descriptor(entry).into_iter().flatten();
        entry.annotations.extend(own.map(|(key, value)| (key.clone(), value.clone())));
    }
    let media_type = if is_docker { DOCKER_LIST } else { OCI_INDEX };
    manifests.extend_from_slice(referrers);
    let index = Index {
        schema_version: 2,
        media_type: media_type.to_owned(),
        manifests,
        annotations: annotations.clone(),
        ..Index::default()
    };
    Ok(Manifest::new(media_type, to_bytes(&index)))
}

/// Whether an index has entries of Docker's media types beside those of OCI, which some registries refuse.
#[must_use]
pub(crate) fn is_mixed(index: &Manifest) -> bool {
    let parsed = serde_json::from_slice::<Index>(&index.bytes).unwrap_or_default();
    let dockers = parsed.manifests.iter().filter(|entry| entry.media_type.starts_with(DOCKER_PREFIX)).count();
    is_index(&index.media_type) && dockers > 0 && dockers < parsed.manifests.len()
}

/// What becomes of an entry whose digest comes again.
fn overlay(entry: &mut Descriptor, later: &Descriptor) {
    if entry.media_type.is_empty() {
        entry.media_type.clone_from(&later.media_type);
    }
    if later.platform.is_some() {
        entry.platform.clone_from(&later.platform);
    }
    entry.annotations.extend(later.annotations.clone());
}

/// The entry of an attestation that was found as what refers to an image.
#[must_use]
pub(crate) fn referrer(mut attestation: Descriptor, image: &Digest) -> Descriptor {
    attestation.platform = Some(DescriptorPlatform {
        architecture: "unknown".to_owned(),
        os: "unknown".to_owned(),
        ..DescriptorPlatform::default()
    });
    attestation.annotations.insert(REFERENCE_TYPE.to_owned(), ATTESTATION.to_owned());
    attestation.annotations.insert(REFERENCE_DIGEST.to_owned(), image.to_string());
    attestation.artifact_type = None;
    attestation
}

/// The bytes that Go's `json.MarshalIndent` makes: two spaces, no line break at the end, and what HTML would take for
/// its own escaped.
fn to_bytes(index: &Index) -> Vec<u8> {
    let text = serde_json::to_string_pretty(index).expect("an index has string keys only");
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            other => escaped.push(other),
        }
    }
    escaped.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::{DOCKER_MANIFEST, OCI_MANIFEST};

    const NONE: OfDescriptor<'static> = &|_| None;

    fn digest(name: &str) -> Digest {
        Digest::sha256(name.as_bytes())
    }

    fn image(name: &str, media_type: &str, platform: &str) -> Descriptor {
        let mut parts = platform.split('/').map(str::to_owned);
        let mut part = || parts.next().unwrap_or_default();
        let (os, architecture, variant) = (part(), part(), part());
        let platform = DescriptorPlatform { os, architecture, variant, ..DescriptorPlatform::default() };
        Descriptor { platform: Some(platform), ..Descriptor::new(media_type, digest(name), 7) }
    }

    fn attestation(name: &str, of: &str) -> Descriptor {
        referrer(Descriptor::new(OCI_MANIFEST, digest(name), 9), &digest(of))
    }

    fn index(entries: &[Descriptor]) -> IndexSource {
        let index = Index {
            schema_version: 2,
            media_type: OCI_INDEX.into(),
            manifests: entries.to_vec(),
            ..Index::default()
        };
        IndexSource::Index(Manifest::new(OCI_INDEX, to_bytes(&index)), index)
    }

    fn made(sources: &[IndexSource], annotations: &[(&str, &str)]) -> (String, Vec<String>, String) {
        let annotations = annotations.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let manifest = compose(sources, &[], &annotations, NONE).unwrap();
        let index: Index = serde_json::from_slice(&manifest.bytes).unwrap();
        assert_eq!(index.media_type, manifest.media_type);
        let digests = index.manifests.iter().map(|entry| entry.digest.to_string()).collect();
        (manifest.media_type, digests, String::from_utf8(manifest.bytes).unwrap())
    }

    #[test]
    fn sources_are_flattened_in_their_order() {
        let (amd, arm) = (image("a", OCI_MANIFEST, "linux/amd64"), image("b", OCI_MANIFEST, "linux/arm64"));
        let sources = [index(&[arm.clone(), attestation("x", "b")]), index(&[amd, attestation("y", "a")])];
        let (media_type, digests, text) = made(&sources, &[]);
        assert_eq!(media_type, OCI_INDEX);
        assert_eq!(digests, ["b", "x", "a", "y"].map(|name| digest(name).to_string()));
        assert!(text.starts_with("{\n  \"schemaVersion\": 2,\n  \"mediaType\": \""), "{text}");
        assert!(text.ends_with("\n  ]\n}"), "{text}");
        let entry = format!(
            "    {{\n      \"mediaType\": \"{OCI_MANIFEST}\",\n      \"digest\": \"{}\",\n      \"size\": 9,\n      \
             \"annotations\": {{\n        \"{REFERENCE_DIGEST}\": \"{}\",\n        \"{REFERENCE_TYPE}\": \"{ATTESTATION}\"\n      }},\n      \
             \"platform\": {{\n        \"architecture\": \"unknown\",\n        \"os\": \"unknown\"\n      }}\n    }}",
            digest("x"),
            digest("b")
        );
        assert!(text.contains(&entry), "{text}");
    }

    #[test]
    fn a_single_index_without_annotations_stays_as_it_is() {
        let source = index(&[image("a", OCI_MANIFEST, "linux/amd64")]);
        let IndexSource::Index(original, _) = &source else { unreachable!() };
        let sources = std::slice::from_ref(&source);
        assert_eq!(compose(sources, &[], &BTreeMap::new(), NONE).unwrap(), *original);
        let (_, _, text) = made(sources, &[("a", "<&>\u{2028}ü")]);
        assert!(
            text.ends_with("\"annotations\": {\n    \"a\": \"\\u003c\\u0026\\u003e\\u2028ü\"\n  }\n}"),
            "{text}"
        );
        let more = compose(sources, &[attestation("x", "a")], &BTreeMap::new(), NONE).unwrap();
        let more: Index = serde_json::from_slice(&more.bytes).unwrap();
        assert_eq!(more.manifests.len(), 2);
    }

    #[test]
    fn the_media_type_is_dockers_when_all_entries_are() {
        let docker = IndexSource::Image(image("a", DOCKER_MANIFEST, "linux/amd64"));
        let oci = IndexSource::Image(image("b", OCI_MANIFEST, "linux/arm64"));
        assert_eq!(made(std::slice::from_ref(&docker), &[]).0, DOCKER_LIST);
        assert_eq!(made(&[docker.clone(), oci], &[("a", "b")]).0, OCI_INDEX);
        let annotations = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
        assert_eq!(compose(&[docker], &[], &annotations, NONE), Err(ComposeError::Annotations));
        assert_eq!(compose(&[], &[], &BTreeMap::new(), NONE), Err(ComposeError::Empty));
    }

    #[test]
    fn descriptors_are_annotated_and_attestations_are_not() {
        let (amd, arm) = (image("a", OCI_MANIFEST, "linux/amd64"), image("b", OCI_MANIFEST, "linux/arm64"));
        let annotations = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
        let of_amd = |entry: &Descriptor| (entry.digest == digest("a")).then_some(&annotations);
        let sources = [index(&[amd, attestation("x", "a")]), IndexSource::Image(arm)];
        let composed = |sources: &[IndexSource]| {
            let manifest = compose(sources, &[], &BTreeMap::new(), &of_amd).unwrap();
            let index: Index = serde_json::from_slice(&manifest.bytes).unwrap();
            index.manifests.iter().map(|entry| entry.annotations.get("k").cloned()).collect::<Vec<_>>()
        };
        assert_eq!(composed(&sources), [Some("v".to_owned()), None, None]);
        // An index that stays as it is has no place for them.
        assert_eq!(composed(&sources[..1]), [Some("v".to_owned()), None]);
        let docker = IndexSource::Image(image("a", DOCKER_MANIFEST, "linux/amd64"));
        let refused = compose(&[docker], &[], &BTreeMap::new(), &of_amd);
        assert_eq!(refused, Err(ComposeError::Annotations));
    }

    #[test]
    fn a_digest_is_there_once() {
        let first = Descriptor { platform: None, ..image("a", OCI_MANIFEST, "linux/amd64") };
        let mut again = image("a", OCI_MANIFEST, "linux/amd64");
        again.annotations.insert("k".into(), "v".into());
        let (_, digests, text) = made(&[IndexSource::Image(first), IndexSource::Entries(vec![again])], &[]);
        assert_eq!(digests, [digest("a").to_string()]);
        assert!(text.contains("\"k\": \"v\"") && text.contains("\"amd64\""), "{text}");
    }
}
