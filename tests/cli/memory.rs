//! A registry in memory: repositories with blobs, manifests and tags, uploads and mounts, and a list of referrers if it is
//! to have one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use bakeplan::internals::oci::{Descriptor, ImageManifest, Index, OCI_INDEX, OCI_MANIFEST};
use bakeplan::internals::reference::Digest;

use crate::loopback::{Answer, Reply, Seen, Server};

/// What a repository has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) blobs: BTreeMap<Digest, Vec<u8>>,
    /// With their media types.
    pub(crate) manifests: BTreeMap<Digest, (String, Vec<u8>)>,
    pub(crate) tags: BTreeMap<String, Digest>,
}

/// A registry, which may be served by several servers.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    pub(crate) repositories: Arc<Mutex<BTreeMap<String, Contents>>>,
    /// What has arrived of uploads, by path.
    pub(crate) uploads: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    /// Whether it lists what refers to a manifest.
    pub(crate) has_referrers: bool,
    /// How it answers a mount, if it does not mount.
    pub(crate) no_mount: Option<u16>,
}

impl Memory {
    /// One repository, to be looked at or changed.
    pub(crate) fn with<T>(&self, repository: &str, work: impl FnOnce(&mut Contents) -> T) -> T {
        work(self.lock().entry(repository.to_owned()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Contents>> {
        self.repositories.lock().expect("no handler panics")
    }

    /// Serves it.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(|_| None)
    }

    /// Serves it, but for what `fault` says.
    pub(crate) fn serve_with(
        &self,
        fault: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static,
    ) -> Server {
        let own = self.clone();
        Server::start(move |seen| fault(seen).unwrap_or_else(|| own.answer(seen).into()))
    }

    /// Serves it, and `script` says what becomes of its answers.
    pub(crate) fn serve_through(
        &self,
        script: impl Fn(&Seen, &dyn Fn() -> Answer) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let own = self.clone();
        Server::start(move |seen| script(seen, &|| own.answer(seen)))
    }

    /// Its answer to a request.
    pub(crate) fn answer(&self, seen: &Seen) -> Answer {
        let path = seen.path().strip_prefix("/v2/").unwrap_or_default();
        let kinds = ["/manifests/", "/blobs/uploads/", "/blobs/", "/tags/", "/referrers/"];
        let parts = kinds.iter().find_map(|kind| {
            let (name, rest) = path.rsplit_once(kind)?;
            Some((name, *kind, rest))
        });
        let Some((name, kind, rest)) = parts else { return Answer::error(404, "UNSUPPORTED") };
        match (seen.method.as_str(), kind) {
            ("GET" | "HEAD", "/manifests/") => self.manifest(name, rest),
            ("PUT", "/manifests/") => self.put_manifest(name, rest, seen),
            ("GET" | "HEAD", "/blobs/") => self.blob(name, rest, seen),
            ("POST", "/blobs/uploads/") => self.begin(name, seen),
            ("PUT", "/blobs/uploads/") => self.put_blob(name, seen),
            ("PATCH", "/blobs/uploads/") => self.patch(seen),
            ("GET", "/blobs/uploads/") => self.has_arrived(seen.path(), 204),
            ("DELETE", "/blobs/uploads/") => Answer::new(204, "", ""),
            ("GET", "/tags/") => self.with(name, |own| {
                let tags: Vec<&String> = own.tags.keys().collect();
                Answer::json(200, format!(r#"{{"name":"{name}","tags":{tags:?}}}"#))
            }),
            ("GET", "/referrers/") if self.has_referrers => self.referrers(name, rest),
            _ => Answer::new(404, "text/plain", "404 page not found\n"),
        }
    }

    fn manifest(&self, name: &str, at: &str) -> Answer {
        self.with(name, |own| {
            let digest = at.parse().ok().or_else(|| own.tags.get(at).cloned());
            let found = digest.and_then(|digest| Some((own.manifests.get(&digest)?, digest)));
            match found {
                Some(((media_type, bytes), digest)) => Answer::new(200, media_type, bytes.clone())
                    .header("Docker-Content-Digest", digest.to_string()),
                None => Answer::error(404, "MANIFEST_UNKNOWN"),
            }
        })
    }

    fn put_manifest(&self, name: &str, at: &str, seen: &Seen) -> Answer {
        self.with(name, |own| {
            if let Some(missing) = missing(own, &seen.body) {
                let text =
                    format!(r#"{{"errors":[{{"code":"MANIFEST_BLOB_UNKNOWN","detail":"{missing}"}}]}}"#);
                return Answer::json(400, text);
            }
            let digest = Digest::sha256(&seen.body);
            if at.parse::<Digest>().is_err() {
                own.tags.insert(at.to_owned(), digest.clone());
            }
            own.manifests.insert(digest.clone(), (seen.header("content-type").to_owned(), seen.body.clone()));
            Answer::new(201, "", "").header("Docker-Content-Digest", digest.to_string())
        })
    }

    fn blob(&self, name: &str, at: &str, seen: &Seen) -> Answer {
        let found = self.with(name, |own| own.blobs.get(&at.parse().expect("it is a digest")).cloned());
        let Some(content) = found else { return Answer::error(404, "BLOB_UNKNOWN") };
        let total = content.len();
        let range = seen.header("range").strip_prefix("bytes=").and_then(|range| range.split_once('-'));
        match range
            .and_then(|(from, to)| Some((from.parse::<usize>().ok()?, to.parse().unwrap_or(total - 1))))
        {
            Some((from, to)) if from < total => {
                let to = to.min(total - 1);
                Answer::new(206, "application/octet-stream", &content[from..=to])
                    .header("Content-Range", format!("bytes {from}-{to}/{total}"))
            }
            _ => Answer::new(200, "application/octet-stream", content),
        }
    }

    fn begin(&self, name: &str, seen: &Seen) -> Answer {
        let digest = parameter(seen, "mount").parse::<Digest>();
        if let (Ok(digest), None) = (digest, self.no_mount) {
            let found = self.with(&parameter(seen, "from"), |from| from.blobs.get(&digest).cloned());
            if let Some(content) = found {
                self.with(name, |own| own.blobs.insert(digest, content));
                return Answer::new(201, "", "");
            }
        } else if let (true, Some(status @ 400..)) = (seen.target.contains("mount="), self.no_mount) {
            return Answer::error(status, "UNSUPPORTED");
        }
        let path = format!("/v2/{name}/blobs/uploads/{}", seen.number);
        self.uploads.lock().expect("no handler panics").insert(path.clone(), Vec::new());
        Answer::new(202, "", "").header("Location", format!("{path}?_state=x"))
    }

    /// Takes the next part of an upload.
    fn patch(&self, seen: &Seen) -> Answer {
        let mut uploads = self.uploads.lock().expect("no handler panics");
        let Some(own) = uploads.get_mut(seen.path()) else {
            return Answer::error(404, "BLOB_UPLOAD_UNKNOWN");
        };
        let is_next = seen.header("content-range").starts_with(&format!("{}-", own.len()));
        if is_next {
            own.extend(&seen.body);
        }
        drop(uploads);
        self.has_arrived(seen.path(), if is_next { 202 } else { 416 })
    }

    /// How much of an upload has arrived.
    fn has_arrived(&self, path: &str, status: u16) -> Answer {
        let uploads = self.uploads.lock().expect("no handler panics");
        let Some(own) = uploads.get(path) else { return Answer::error(404, "BLOB_UPLOAD_UNKNOWN") };
        Answer::new(status, "", "")
            .header("Location", format!("{path}?_state=x"))
            .header("Range", format!("0-{}", own.len().saturating_sub(1)))
    }

    fn put_blob(&self, name: &str, seen: &Seen) -> Answer {
        let digest: Digest = parameter(seen, "digest").parse().expect("it is a digest");
        let arrived = self.uploads.lock().expect("no handler panics").remove(seen.path());
        let content = [arrived.unwrap_or_default(), seen.body.clone()].concat();
        if digest.recompute(&content) != digest {
            return Answer::error(400, "DIGEST_INVALID");
        }
        self.with(name, |own| own.blobs.insert(digest.clone(), content));
        Answer::new(201, "", "").header("Docker-Content-Digest", digest.to_string())
    }

    fn referrers(&self, name: &str, subject: &str) -> Answer {
        self.with(name, |own| {
            let refers = |(digest, (media_type, bytes)): (&Digest, &(String, Vec<u8>))| {
                let image: ImageManifest = serde_json::from_slice(bytes).ok()?;
                let mut descriptor = Descriptor::new(media_type.clone(), digest.clone(), bytes.len() as u64);
                descriptor.artifact_type = image.artifact_type.clone();
                (image.subject?.digest.to_string() == subject).then_some(descriptor)
            };
            let manifests = own.manifests.iter().filter_map(refers).collect();
            let index =
                Index { schema_version: 2, media_type: OCI_INDEX.into(), manifests, ..Index::default() };
            Answer::new(200, OCI_INDEX, serde_json::to_vec(&index).expect("it is an index"))
        })
    }
}

/// What a manifest needs and a repository has not.
fn missing(own: &Contents, bytes: &[u8]) -> Option<Digest> {
    if let Ok(image) = serde_json::from_slice::<ImageManifest>(bytes) {
        let blobs = std::iter::once(&image.config).chain(&image.layers).filter(|blob| blob.urls.is_empty());
        return blobs.map(|blob| &blob.digest).find(|digest| !own.blobs.contains_key(digest)).cloned();
    }
    let index: Index = serde_json::from_slice(bytes).expect("it is a manifest");
    index.manifests.into_iter().map(|entry| entry.digest).find(|digest| !own.manifests.contains_key(digest))
}

fn parameter(seen: &Seen, name: &str) -> String {
    let query = seen.target.split('?').nth(1).unwrap_or_default();
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_default().replace("%3A", ":").replace("%2F", "/")
}

impl Contents {
    /// Adds a blob and describes it.
    pub(crate) fn blob(&mut self, media_type: &str, content: &[u8]) -> Descriptor {
        let digest = Digest::sha256(content);
        self.blobs.insert(digest.clone(), content.to_vec());
        Descriptor::new(media_type, digest, content.len() as u64)
    }

    /// Adds a manifest with these layers; `more` are members of it, each followed by a comma.
    pub(crate) fn image(&mut self, more: &str, layers: &[Descriptor]) -> Descriptor {
        let config = self
            .blob("application/vnd.oci.image.config.v1+json", br#"{"architecture":"amd64","os":"linux"}"#);
        let text = |value: &Descriptor| serde_json::to_string(value).expect("it is a descriptor");
        let layers: Vec<String> = layers.iter().map(text).collect();
        let text = format!(
            r#"{{"schemaVersion":2,{more}"mediaType":"{OCI_MANIFEST}","config":{},"layers":[{}]}}"#,
            text(&config),
            layers.join(",")
        );
        self.put(OCI_MANIFEST, text)
    }

    /// Adds an index.
    pub(crate) fn index(&mut self, manifests: Vec<Descriptor>) -> Descriptor {
        let index = Index { schema_version: 2, media_type: OCI_INDEX.into(), manifests, ..Index::default() };
        self.put(OCI_INDEX, serde_json::to_string(&index).expect("it is an index"))
    }

    fn put(&mut self, media_type: &str, text: String) -> Descriptor {
        let digest = Digest::sha256(text.as_bytes());
        let descriptor = Descriptor::new(media_type, digest.clone(), text.len() as u64);
        self.manifests.insert(digest, (media_type.to_owned(), text.into_bytes()));
        descriptor
    }

    /// The digests of all that it has.
    pub(crate) fn digests(&self) -> BTreeSet<Digest> {
        self.blobs.keys().chain(self.manifests.keys()).cloned().collect()
    }
}
