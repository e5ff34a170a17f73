//! What a registry serves, by the distribution API (<https://github.com/opencontainers/distribution-spec>).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const ACCEPTED: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                        application/vnd.docker.distribution.manifest.list.v2+json, \
                        application/vnd.docker.distribution.manifest.v2+json";

/// An answer; the names of its headers are in lower case.
pub(super) struct Answer {
    pub(super) status: u16,
    headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    #[track_caller]
    pub(super) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).expect("the registry sends JSON")
    }
}

/// A repository of a registry without TLS.
pub(super) struct Repository<'a> {
    host: &'a str,
    path: &'a str,
}

impl<'a> Repository<'a> {
    pub(super) fn new(name: &'a str) -> Self {
        let (host, path) = name.split_once('/').expect("a repository has a registry");
        Self { host, path }
    }

    /// `what` is such as `manifests/TAG`.
    fn ask(&self, method: &str, what: &str) -> Answer {
        let mut stream = TcpStream::connect(self.host).expect("the registry is there");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("it is not zero");
        // HTTP/1.0: the body is all that comes, not in chunks.
        let request = format!(
            "{method} /v2/{}/{what} HTTP/1.0\r\nHost: {}\r\nAccept: {ACCEPTED}\r\n\r\n",
            self.path, self.host
        );
        stream.write_all(request.as_bytes()).expect("the registry reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the registry answers");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("there are headers");
        let body = answer.split_off(end + 4);
        let head = String::from_utf8(answer).expect("headers are ASCII");
        let mut lines = head.lines();
        let status =
            lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("there is a status");
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Answer { status, headers, body }
    }

    /// The tags; none when there is no such repository.
    pub(super) fn tags(&self) -> BTreeSet<String> {
        #[derive(Deserialize)]
        struct List {
            tags: Option<BTreeSet<String>>,
        }
        let answer = self.ask("GET", "tags/list");
        match answer.status {
            404 => BTreeSet::new(),
            200 => answer.json::<List>().tags.unwrap_or_default(),
            other => panic!("tags of {}: {other}", self.path),
        }
    }

    /// A manifest or index by tag or digest, which is there.
    #[track_caller]
    pub(super) fn manifest(&self, reference: &str) -> Answer {
        let answer = self.ask("GET", &format!("manifests/{reference}"));
        assert_eq!(answer.status, 200, "manifest {reference} of {}", self.path);
        answer
    }

    /// Deletes, by digest; the status.
    pub(super) fn delete(&self, what: &str) -> u16 {
        self.ask("DELETE", what).status
    }

    /// A manifest or index without its bytes, which may be absent.
    pub(super) fn find(&self, reference: &str) -> Answer {
        self.ask("HEAD", &format!("manifests/{reference}"))
    }

    #[track_caller]
    fn blob(&self, digest: &str) -> Vec<u8> {
        let answer = self.ask("GET", &format!("blobs/{digest}"));
        assert_eq!(answer.status, 200, "blob {digest} of {}", self.path);
        answer.body
    }

    /// The index that a tag or digest names, with all that it holds.
    #[track_caller]
    pub(super) fn index(&self, reference: &str) -> Index {
        let answer = self.manifest(reference);
        assert_eq!(answer.header("content-type"), INDEX, "media type of {reference}");
        let index: IndexManifest = answer.json();
        assert_eq!(index.media_type, INDEX, "media type in {reference}");
        let mut images = Vec::new();
        for descriptor in index.manifests {
            let platform = descriptor.platform.name();
            // Attestations stand beside the images as manifests of no platform.
            if platform == "unknown/unknown" {
                self.manifest(&descriptor.digest);
            } else {
                images.push(self.image(platform, &descriptor.digest));
            }
        }
        Index {
            digest: answer.header("docker-content-digest").to_owned(),
            annotations: index.annotations,
            images,
        }
    }

    #[track_caller]
    fn image(&self, platform: String, digest: &str) -> Image {
        let manifest: Manifest = self.manifest(digest).json();
        let config: Value =
            serde_json::from_slice(&self.blob(&manifest.config.digest)).expect("a config is JSON");
        let layers = manifest.layers.iter().map(|layer| self.blob(&layer.digest)).collect();
        let digests = manifest.layers.into_iter().map(|layer| layer.digest).collect();
        Image { platform, config, annotations: manifest.annotations, digests, layers }
    }
}

/// An index with all that it holds.
pub(super) struct Index {
    pub(super) digest: String,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) images: Vec<Image>,
}

impl Index {
    /// The platforms in the order of the index.
    pub(super) fn platforms(&self) -> Vec<&str> {
        self.images.iter().map(|image| image.platform.as_str()).collect()
    }

    #[track_caller]
    pub(super) fn image(&self, platform: &str) -> &Image {
        self.images.iter().find(|image| image.platform == platform).unwrap_or_else(|| panic!("no {platform}"))
    }
}

/// The image of one platform.
pub(super) struct Image {
    /// As the index says.
    pub(super) platform: String,
    config: Value,
    /// Of its manifest.
    pub(super) annotations: BTreeMap<String, String>,
    /// Of its layers.
    pub(super) digests: Vec<String>,
    layers: Vec<Vec<u8>>,
}

impl Image {
    /// The platform as its own configuration says.
    pub(super) fn configured_platform(&self) -> String {
        let platform: PlatformFields =
            serde_json::from_value(self.config.clone()).expect("a config has a platform");
        platform.name()
    }

    pub(super) fn label(&self, name: &str) -> Option<&str> {
        self.config["config"]["Labels"][name].as_str()
    }

    /// The configuration without the times at which it was built.
    pub(super) fn timeless_config(&self) -> Value {
        let mut config = self.config.clone();
        let members = config.as_object_mut().expect("a config is an object");
        members.remove("created");
        for step in members.get_mut("history").and_then(Value::as_array_mut).into_iter().flatten() {
            step.as_object_mut().expect("a step is an object").remove("created");
        }
        config
    }

    /// A file of the image, whose layers are not compressed: by `force-compression=true`, as BuildKit otherwise pushes a
    /// layer as it already has it, which may be the compressed one of another test with the same files.
    #[track_caller]
    pub(super) fn file(&self, path: &str) -> String {
        let found = self.layers.iter().rev().find_map(|layer| file_in_tar(layer, path));
        let content = found.unwrap_or_else(|| panic!("{} has no {path}", self.platform));
        String::from_utf8(content.to_vec()).expect("the files are text")
    }
}

/// A file with a short name in an uncompressed archive
/// (<https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html>, ustar).
fn file_in_tar<'t>(mut archive: &'t [u8], path: &str) -> Option<&'t [u8]> {
    let field = |bytes: &[u8]| {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
    };
    while archive.len() >= 512 && archive[0] != 0 {
        let (header, rest) = archive.split_at(512);
        let size = usize::from_str_radix(&field(&header[124..136]), 8)
            .expect("the layers are archives, not compressed");
        if field(&header[..100]) == path && header[156] == b'0' {
            return Some(&rest[..size]);
        }
        archive = &rest[size.next_multiple_of(512)..];
    }
    None
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IndexManifest {
    media_type: String,
    manifests: Vec<Descriptor>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
    platform: PlatformFields,
}

#[derive(Deserialize)]
struct PlatformFields {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl PlatformFields {
    fn name(&self) -> String {
        let variant = self.variant.as_ref().map(|variant| format!("/{variant}")).unwrap_or_default();
        format!("{}/{}{variant}", self.os, self.architecture)
    }
}

#[derive(Deserialize)]
struct Manifest {
    config: Blob,
    layers: Vec<Blob>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Blob {
    digest: String,
}
