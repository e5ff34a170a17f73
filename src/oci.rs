//! What registries hold: media types, descriptors, indexes and manifests of images
//! (<https://github.com/opencontainers/image-spec>), and Docker's forms of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::platform::{Platform, normalise};
use crate::reference::Digest;

/// The media type of an OCI index: one manifest per platform.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The media type of an OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of Docker's form of an index.
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// The media type of Docker's form of an image manifest.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// What begins the media types that are Docker's own.
pub(crate) const DOCKER_PREFIX: &str = "application/vnd.docker.";

/// The media types of manifests, those of indexes first.
pub const MANIFEST_TYPES: [&str; 4] = [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST];

/// The annotation of a descriptor that makes it an attestation, not an image.
pub(crate) const REFERENCE_TYPE: &str = "vnd.docker.reference.type";
/// The annotation that holds the digest of the image that an attestation is about.
pub(crate) const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";
/// The value of [`REFERENCE_TYPE`] for attestations.
pub(crate) const ATTESTATION: &str = "attestation-manifest";
/// The artifact type of attestations that refer to their image instead of being in its index.
pub(crate) const ATTESTATION_TYPE: &str = "application/vnd.docker.attestation.manifest.v1+json";

/// What begins the annotations by which an index says which run made it; they are the merge's alone.
pub(crate) const RUN_PREFIX: &str = "dev.bakeplan.run.";

/// The annotation of an index that records what decides its builds.
pub(crate) const INPUTS: &str = "dev.bakeplan.inputs";

/// The annotation of an index that says which version it is, where no tag of its image shows that.
pub(crate) const TAGGED_VERSION: &str = "dev.bakeplan.version";

/// The annotation of an index with the floating tags that its version goes without, with commas between them.
pub(crate) const WITHOUT: &str = "dev.bakeplan.without";

/// Whether an annotation is for the merge alone to set.
#[must_use]
pub(crate) fn is_reserved(annotation: &str) -> bool {
    annotation.starts_with(RUN_PREFIX) || [INPUTS, TAGGED_VERSION, WITHOUT].contains(&annotation)
}

/// The most bytes that the annotations of one index or manifest have, or the labels of one image: registries take manifests of
/// 4 MiB (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests>), and there is more in
/// them.
pub(crate) const MAX_ANNOTATIONS: usize = 1024 * 1024;

/// How many bytes keys and values have.
pub(crate) fn annotations_size(annotations: &BTreeMap<String, String>) -> usize {
    annotations.iter().map(|(key, value)| key.len() + value.len()).sum()
}

/// The annotation, and label, that says from which revision of the source something was built.
pub(crate) const REVISION: &str = "org.opencontainers.image.revision";

/// The annotation that says which version is packaged.
pub(crate) const VERSION: &str = "org.opencontainers.image.version";
/// The annotation or label that says what an image is called.
pub(crate) const TITLE: &str = "org.opencontainers.image.title";
/// The annotation or label that says where its sources are.
pub(crate) const SOURCE: &str = "org.opencontainers.image.source";

/// The annotation that holds the tag of a manifest in an OCI layout.
pub(crate) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Whether a media type is that of an index or of Docker's manifest list.
#[must_use]
pub(crate) fn is_index(media_type: &str) -> bool {
    [OCI_INDEX, DOCKER_LIST].contains(&media_type)
}

/// Whether a layer may not be given to others, so that registries do without it
/// (<https://github.com/opencontainers/image-spec/blob/main/layer.md#non-distributable-layers>).
#[must_use]
pub(crate) fn is_restricted(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.oci.image.layer.nondistributable.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.foreign.")
}

/// A pointer to content: what it is, its digest, its size in bytes
/// (<https://github.com/opencontainers/image-spec/blob/main/descriptor.md>).
///
/// It is written as Go's `ocispec.Descriptor` is: members in this order, empty ones left out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The media type; empty when it is not given.
    #[serde(default, deserialize_with = "null_as_default")]
    pub media_type: String,
    /// The digest.
    pub digest: Digest,
    /// The size in bytes. Nothing keeps a document from giving a negative one.
    #[serde(default, deserialize_with = "null_as_default")]
    pub size: i64,
    /// Where else the content is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// The annotations.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The content itself, in base64.
    #[serde(default, skip_serializing_if = "is_empty_text")]
    pub data: Option<String>,
    /// The platform of the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<DescriptorPlatform>,
    /// What the manifest is, when it is not an image.
    #[serde(default, skip_serializing_if = "is_empty_text")]
    pub artifact_type: Option<String>,
}

impl DescriptorPlatform {
    /// Its normal form, as containerd's `platforms.Normalize` makes it, with version and features left out.
    #[must_use]
    pub fn normal(&self) -> (String, String, String) {
        normalise(&self.os, &self.architecture, &self.variant)
    }

    /// Operating system, architecture and variant, as containerd's `platforms.Format` writes them.
    #[must_use]
    pub fn to_kind(&self) -> String {
        let (os, architecture, variant) = self.normal();
        let parts = [os, architecture, variant];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }

    /// Whether this is the planned platform. The version of an operating system counts where it is planned.
    #[must_use]
    pub fn fits(&self, planned: &Platform) -> bool {
        let (os, architecture, variant) = self.normal();
        (os.as_str(), architecture.as_str(), variant.as_str())
            == (planned.os(), planned.architecture(), planned.variant())
            && agree(planned.os_version(), &self.os_version, usize::MAX)
    }

    /// Whether what an index says of a platform is what a configuration says. What one of them leaves out is not a difference,
    /// nor is an update of the operating system: Windows runs the images of its own build.
    #[must_use]
    pub fn agrees(&self, own: &Self) -> bool {
        const OF_BUILD: usize = 3;
        let (named, configured) = (self.normal(), own.normal());
        (&named.0, &named.1) == (&configured.0, &configured.1)
            && (named.2 == configured.2 || named.2.is_empty() || configured.2.is_empty())
            && agree(&self.os_version, &own.os_version, OF_BUILD)
    }

    /// The platform as a plan writes it, with the version of the operating system.
    #[must_use]
    pub fn exactly(&self) -> String {
        match (self.os_version.as_str(), self.to_string()) {
            ("", kind) => kind,
            (version, kind) => {
                let (os, rest) = kind.split_once('/').unwrap_or((&kind, ""));
                format!("{os}({})/{rest}", beginning(version))
            }
        }
    }

    /// The same as an entry for a manifest without an index has it: without the version and features of the operating system,
    /// which buildx does not take over from the configuration.
    #[must_use]
    pub fn as_entry(&self) -> Self {
        let Self { os, architecture, variant, os_version: _, os_features: _ } = self.clone();
        Self { os, architecture, variant, ..Self::default() }
    }

    /// Whether this is a place that nothing runs on, as attestations have it.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.os == "unknown" || self.architecture == "unknown"
    }
}

impl fmt::Display for DescriptorPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (os, architecture, variant) = self.normal();
        write!(f, "{}/{}", beginning(&os), beginning(&architecture))?;
        if variant.is_empty() { Ok(()) } else { write!(f, "/{}", beginning(&variant)) }
    }
}

/// A part of a platform as it is shown. What is longer than any name is not one, and a registry can make it megabytes long.
fn beginning(part: &str) -> Cow<'_, str> {
    const LONGEST: usize = 64;
    match part.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} bytes)", &part[..end], part.len()).into(),
        None => part.into(),
    }
}

impl Descriptor {
    /// A descriptor without anything optional.
    #[must_use]
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size: i64::try_from(size).unwrap_or(i64::MAX),
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            data: None,
            platform: None,
            artifact_type: None,
        }
    }

    /// The image that this attestation is about, as written; none when this is not an attestation.
    #[must_use]
    pub fn attested(&self) -> Option<&str> {
        let is_attestation = self.annotations.get(REFERENCE_TYPE).is_some_and(|kind| kind == ATTESTATION);
        is_attestation.then(|| self.annotations.get(REFERENCE_DIGEST).map_or("", String::as_str))
    }
}

/// The platform as a descriptor or a configuration has it: nothing is normalised or checked, and `unknown` is common.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct DescriptorPlatform {
    /// The architecture.
    #[serde(default, deserialize_with = "null_as_default")]
    pub architecture: String,
    /// The operating system.
    #[serde(default, deserialize_with = "null_as_default")]
    pub os: String,
    /// The version of the operating system; empty when it is not given.
    #[serde(rename = "os.version", default, deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "String::is_empty")]
    pub os_version: String,
    /// Features that the operating system must have.
    #[serde(rename = "os.features", default, deserialize_with = "null_as_default")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub os_features: Vec<String>,
    /// The variant of the architecture; empty when it is not given.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub variant: String,
}

/// An index, or Docker's manifest list; written as Go's `ocispec.Index` is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// The version of the form: 2.
    #[serde(default)]
    pub schema_version: i64,
    /// The media type; empty when it is not given.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub media_type: String,
    /// What it is, when it is an artifact.
    #[serde(default, skip_serializing_if = "is_empty_text")]
    pub artifact_type: Option<String>,
    /// What it holds, in order.
    #[serde(default, deserialize_with = "null_as_default")]
    pub manifests: Vec<Descriptor>,
    /// What it is about, when it is an artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// The annotations.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// The manifest of an image, or of an artifact in the form of one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageManifest {
    /// The media type; empty when it is not given.
    #[serde(default, deserialize_with = "null_as_default")]
    pub media_type: String,
    /// What it is, when it is not an image.
    #[serde(default)]
    pub artifact_type: Option<String>,
    /// The configuration.
    pub config: Descriptor,
    /// The layers, the lowest first.
    #[serde(default, deserialize_with = "null_as_default")]
    pub layers: Vec<Descriptor>,
    /// What it is about, when it is an artifact.
    #[serde(default)]
    pub subject: Option<Descriptor>,
    /// The annotations.
    #[serde(default, deserialize_with = "null_as_default")]
    pub annotations: BTreeMap<String, String>,
}

impl ImageManifest {
    /// How many bytes a pull fetches: the configuration and the layers, compressed as they are. `None` where a size is one
    /// that nothing can have.
    #[must_use]
    pub fn pulled(&self) -> Option<u64> {
        let blobs = std::iter::once(&self.config).chain(&self.layers);
        blobs.map(|blob| u64::try_from(blob.size).ok()).try_fold(0, |sum: u64, size| sum.checked_add(size?))
    }
}

/// The media type that a document gives itself, or that its members show.
#[must_use]
pub(crate) fn media_type_of(document: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shape {
        #[serde(default, deserialize_with = "null_as_default")]
        media_type: String,
        manifests: Option<serde::de::IgnoredAny>,
        config: Option<serde::de::IgnoredAny>,
        layers: Option<serde::de::IgnoredAny>,
    }
    let shape: Shape = serde_json::from_slice(document).ok()?;
    if !shape.media_type.is_empty() {
        return Some(shape.media_type);
    }
    match (shape.manifests, shape.config, shape.layers) {
        (Some(_), None, None) => Some(OCI_INDEX.to_owned()),
        (None, Some(_), Some(_)) => Some(OCI_MANIFEST.to_owned()),
        _ => None,
    }
}

/// Whether versions of an operating system are the same, as far as both go and `most` numbers of them count.
fn agree(one: &str, other: &str, most: usize) -> bool {
    let parts = |version: &'_ str| version.split('.').take(most).map(str::to_owned).collect::<Vec<_>>();
    one.is_empty()
        || other.is_empty()
        || parts(one).iter().zip(&parts(other)).all(|(one, other)| one == other)
}

/// The platform that the configuration of an image names.
///
/// # Errors
/// When it is not a JSON object.
pub(crate) fn configured_platform(configuration: &[u8]) -> Result<DescriptorPlatform, serde_json::Error> {
    #[derive(Deserialize)]
    struct Configuration {
        #[serde(flatten)]
        platform: DescriptorPlatform,
    }
    let Configuration { platform } = serde_json::from_slice(configuration)?;
    let (os, architecture, variant) = normalise(&platform.os, &platform.architecture, &platform.variant);
    Ok(DescriptorPlatform { os, architecture, variant, ..platform })
}

/// Go writes `null` for what it has not, and reads it so.
fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn is_empty_text(text: &Option<String>) -> bool {
    text.as_deref().is_none_or(str::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    #[test]
    fn indexes_are_read_with_all_that_counts_in_them() {
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[
                {{"mediaType":"{OCI_MANIFEST}","digest":"{DIGEST}","size":2,"urls":null,
                  "platform":{{"architecture":"arm","os":"windows","os.version":"10","os.features":["win32k"],"variant":"v7"}},
                  "annotations":{{"{REFERENCE_TYPE}":"{ATTESTATION}","{REFERENCE_DIGEST}":"{DIGEST}"}},"more":1}},
                {{"mediaType":null,"digest":"{DIGEST}","size":-1}}],"annotations":null}}"#
        );
        let index: Index = serde_json::from_str(&text).unwrap();
        assert_eq!((index.media_type.as_str(), index.annotations.len()), (OCI_INDEX, 0));
        let [first, second] = index.manifests.as_slice() else { panic!("two manifests") };
        let platform = first.platform.as_ref().unwrap();
        assert_eq!((platform.os_version.as_str(), platform.variant.as_str()), ("10", "v7"));
        assert_eq!(platform.os_features, ["win32k"]);
        assert_eq!((first.attested(), second.attested()), (Some(DIGEST), None));
        assert_eq!((second.size, second.media_type.as_str()), (-1, ""));
    }

    #[test]
    fn of_a_platform_that_is_endless_the_beginning_is_shown() {
        let long = "x".repeat(3_000_000);
        let of = |os: &str, architecture: &str, variant: &str| DescriptorPlatform {
            os: os.into(),
            architecture: architecture.into(),
            variant: variant.into(),
            ..DescriptorPlatform::default()
        };
        let version = DescriptorPlatform { os_version: long.clone(), ..of("windows", "amd64", "") };
        for platform in [of(&long, "amd64", ""), of("linux", &long, ""), of("linux", "arm", &long), version] {
            let shown = platform.exactly();
            assert!(shown.len() < 200 && shown.contains("… (3000000 bytes)"), "{}", shown.len());
        }
        assert_eq!(of("linux", "arm", "v7").to_string(), "linux/arm/v7");
    }

    #[test]
    fn versions_of_windows_are_the_same_as_far_as_they_go() {
        let platform = |os_version: &str| DescriptorPlatform {
            os: "windows".to_owned(),
            architecture: "amd64".to_owned(),
            os_version: os_version.to_owned(),
            ..DescriptorPlatform::default()
        };
        for (one, other, agrees, fits) in [
            ("10.0.20348.4171", "10.0.20348.4171", true, true),
            ("10.0.20348", "10.0.20348.4171", true, true),
            ("10.0.20348.4171", "", true, true),
            ("", "", true, true),
            // An update.
            ("10.0.20348.4171", "10.0.20348.2340", true, false),
            ("10.0.20348.4171", "10.0.17763.1", false, false),
            ("10.0.20348", "10.0.203481", false, false),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                assert_eq!(platform(one).agrees(&platform(other)), agrees, "{one} {other}");
                let planned: Platform = platform(one).exactly().parse().unwrap();
                assert_eq!(platform(other).fits(&planned), fits, "{one} {other}");
            }
        }
    }

    #[test]
    fn a_digest_that_is_none_is_an_error() {
        for digest in ["", "md5:00", "sha256:XY", "../../etc/passwd"] {
            let text = format!(r#"{{"manifests":[{{"digest":"{digest}"}}]}}"#);
            assert!(serde_json::from_str::<Index>(&text).is_err(), "{digest:?}");
        }
    }

    #[test]
    fn documents_tell_their_media_type() {
        for (document, expected) in [
            (r#"{"mediaType":"a/b","manifests":[]}"#, Some("a/b")),
            (r#"{"mediaType":null,"manifests":[]}"#, Some(OCI_INDEX)),
            (r#"{"config":{},"layers":[]}"#, Some(OCI_MANIFEST)),
            (r#"{"config":{},"layers":[],"manifests":[]}"#, None),
            ("{}", None),
            ("[]", None),
            ("\u{0}", None),
        ] {
            assert_eq!(media_type_of(document.as_bytes()).as_deref(), expected, "{document}");
        }
    }

    #[test]
    fn the_platform_of_a_configuration_is_normalised() {
        let platform = |text: &str| configured_platform(text.as_bytes()).unwrap().to_string();
        assert_eq!(platform(r#"{"os":"linux","architecture":"aarch64","variant":"v8"}"#), "linux/arm64");
        assert_eq!(platform(r#"{"os":"Linux","architecture":"arm","variant":"v6","x":1}"#), "linux/arm/v6");
        let windows =
            configured_platform(br#"{"os":"windows","architecture":"amd64","os.version":"10"}"#).unwrap();
        assert_eq!(
            (windows.exactly(), windows.as_entry().exactly()),
            ("windows(10)/amd64".into(), "windows/amd64".into())
        );
        assert!(configured_platform(b"[]").is_err());
    }
}
