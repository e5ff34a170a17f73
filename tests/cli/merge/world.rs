//! Builds in OCI layouts, a registry in front of them, and plans that name both.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bakeplan::internals::merge::report::Report;
use bakeplan::internals::merge::{self, MergeTools, Options, RunDocker};
use bakeplan::internals::oci::{DOCKER_MANIFEST, Index, OCI_INDEX, OCI_MANIFEST};
use bakeplan::internals::published::metadata::Metadata;
use bakeplan::internals::published::planned::Planned;
use bakeplan::internals::published::progress::Quiet;
use bakeplan::internals::published::sites::Site;
use bakeplan::internals::reference::Digest;
use bakeplan::internals::registry::{
    Clock, ErrorKind, Layout, Location, Manifest, Patience, Settings, Store, SystemClock, TagOrDigest,
};
use tempfile::TempDir;

use crate::loopback::{Answer, Reply, Seen, Server};
use crate::schema::expect_result;

/// A layout as builds leave it, made if there is none.
pub(crate) struct BuiltLayout {
    layout: Layout,
    path: PathBuf,
}

impl BuiltLayout {
    fn at(path: PathBuf) -> Self {
        fs::create_dir_all(path.join("blobs/sha256")).unwrap();
        let files = [
            ("index.json", r#"{"schemaVersion":2,"manifests":[]}"#),
            ("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#),
        ];
        for (name, content) in files.iter().filter(|(name, _)| !path.join(name).exists()) {
            fs::write(path.join(name), content).unwrap();
        }
        Self { layout: Layout::open(&path).expect("it was just made"), path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn put_blob(&self, content: &[u8]) -> Digest {
        let digest = Digest::sha256(content);
        fs::write(self.path.join("blobs/sha256").join(digest.hex()), content).unwrap();
        digest
    }
}

impl Deref for BuiltLayout {
    type Target = Layout;

    fn deref(&self) -> &Layout {
        &self.layout
    }
}

/// The tags of version 1.4.2, as a plan has them.
pub(crate) const TAGS: &str = r#"{"name":"1.4.2","floating":false,"class":"version","form":"{version}"},
    {"name":"1.4","floating":true,"class":"version","numbers":2,"form":"{version}","family":["{version}"]},
    {"name":"1","floating":true,"class":"version","numbers":1,"form":"{version}","family":["{version}"]},
    {"name":"latest","floating":true,"class":"version","numbers":0,"form":"latest","family":["{version}"]}"#;

/// Tags of no version, as a plan has them.
pub(crate) const CONSTANTS: &str = r#"{"name":"1.4.2","floating":false,"class":"constant","form":"1.4.2"},
    {"name":"1.4","floating":true,"class":"constant","form":"1.4"},
    {"name":"1","floating":true,"class":"constant","form":"1"},
    {"name":"latest","floating":true,"class":"constant","form":"latest"}"#;

/// A plan of these images.
pub(crate) fn document(images: &str) -> String {
    format!(
        r#"{{"schema":2,"id":"0123456789abcdef","definition":"fedcba9876543210","images":{{{images}}},"jobs":[]}}"#
    )
}

/// A tag that never moves, as a plan has it.
pub(crate) fn literal(tag: &str) -> String {
    format!(r#"{{"name":"{tag}","class":"constant","form":"{tag}"}}"#)
}

/// A folder with a layout for each repository.
pub(crate) struct World {
    folder: TempDir,
    /// What the builds pushed, by leg.
    pub(crate) built: BTreeMap<String, Digest>,
}

/// How a build is made.
#[derive(Clone, Copy)]
pub(crate) struct Build<'a> {
    pub(crate) leg: &'a str,
    pub(crate) platform: &'a str,
    /// What makes it another one.
    pub(crate) salt: &'a str,
    pub(crate) attested: bool,
    /// What its attestation says of the build: the type and the predicate, or nothing.
    pub(crate) provenance: (&'a str, &'a str),
    pub(crate) media_type: &'a str,
    /// Its labels and annotations, as members of JSON objects.
    pub(crate) labels: &'a str,
    pub(crate) annotations: &'a str,
}

impl<'a> Build<'a> {
    pub(crate) fn new(leg: &'a str, platform: &'a str) -> Self {
        let media_type = OCI_MANIFEST;
        let provenance = ("https://slsa.dev/provenance/v0.2", "{}");
        Self { leg, platform, salt: "", attested: true, provenance, media_type, labels: "", annotations: "" }
    }

    pub(crate) fn provenance(self, kind: &'a str, predicate: &'a str) -> Self {
        Self { provenance: (kind, predicate), ..self }
    }

    pub(crate) fn salt(self, salt: &'a str) -> Self {
        Self { salt, ..self }
    }

    pub(crate) fn labelled(self, labels: &'a str, annotations: &'a str) -> Self {
        Self { labels, annotations, ..self }
    }

    pub(crate) fn plain(self) -> Self {
        Self { attested: false, ..self }
    }

    pub(crate) fn docker(self) -> Self {
        Self { attested: false, media_type: DOCKER_MANIFEST, ..self }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        // Layouts wait until the disk has what they write; in memory that takes no time.
        let memory = tempfile::tempdir_in("/dev/shm");
        let folder = memory.or_else(|_| tempfile::tempdir()).expect("tests can create folders");
        Self { folder, built: BTreeMap::new() }
    }

    /// Two platforms of `app`, in these repositories.
    pub(crate) fn with_app(repositories: &[&str]) -> Self {
        let mut world = Self::new();
        world.build(repositories, Build::new("app-linux-amd64", "linux/amd64"));
        world.build(repositories, Build::new("app-linux-arm64", "linux/arm64"));
        world
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn layout(&self, repository: &str) -> BuiltLayout {
        BuiltLayout::at(self.root().join(repository))
    }

    /// Pushes a build by digest, as BuildKit does.
    pub(crate) fn build(&mut self, repositories: &[&str], build: Build<'_>) -> Digest {
        let digests: Vec<Digest> =
            repositories.iter().map(|repository| push(&self.layout(repository), build)).collect();
        let digest = digests[0].clone();
        self.built.insert(build.leg.to_owned(), digest.clone());
        digest
    }

    /// The metadata of all builds.
    pub(crate) fn metadata(&self) -> String {
        let entries = self
            .built
            .iter()
            .map(|(leg, digest)| format!(r#""{leg}":{{"containerimage.digest":"{digest}"}}"#));
        format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
    }

    /// Merges against registries with this many requests for each; `document` is a plan.
    pub(crate) fn merge(&self, document: &str, options: Options) -> Report {
        self.merge_with(document, options, &Settings { patience: hasty(), ..Settings::default() })
    }

    pub(crate) fn merge_with(&self, document: &str, options: Options, settings: &Settings) -> Report {
        self.merge_through(document, options, settings, &|_| Err("there is no Docker in this test".into()))
    }

    /// Merges where this runs the commands of Docker.
    pub(crate) fn merge_by(&self, document: &str, options: Options, docker: &RunDocker<'_>) -> Report {
        let settings = Settings { patience: hasty(), ..Settings::default() };
        self.merge_through(document, options, &settings, docker)
    }

    fn merge_through(
        &self,
        document: &str,
        options: Options,
        settings: &Settings,
        docker: &RunDocker<'_>,
    ) -> Report {
        let document = Planned::read("plan.json", document).expect("the test's plan is one");
        let mut metadata = Metadata::default();
        let legs = document.legs();
        metadata.add_text("m.json", &self.metadata(), &|leg| legs.contains(leg)).expect("it is metadata");
        let client = bakeplan::internals::registry::Client::new(settings).expect("the settings are good");
        let open = |location: Location| {
            let store: Arc<dyn Store> = match &location {
                Location::Registry(repository) => Arc::new(client.repository(repository)),
                Location::Layout(path) => {
                    Arc::new(Layout::open(self.root().join(path)).expect("it is there"))
                }
            };
            Site { location, store }
        };
        let sites: Vec<Site> = document.locations().into_iter().map(open).collect();
        let clock = HastyClock::default();
        let surroundings = MergeTools {
            sites: &sites,
            clock: &clock,
            progress: &Quiet,
            patience: Duration::from_secs(20),
            docker,
        };
        let report = merge::merge(&document, &metadata, options, &surroundings);
        expect_result(&report.to_json());
        report
    }

    /// The digest of each tag of a repository.
    pub(crate) fn tags(&self, repository: &str) -> BTreeMap<String, Digest> {
        let layout = self.layout(repository);
        let digest = |tag: &TagOrDigest| layout.head_manifest(tag).unwrap().unwrap().digest;
        let tags = layout.list_tags().unwrap().into_iter();
        tags.map(|tag| (tag.to_string(), digest(&tag.into()))).collect()
    }

    /// All that a repository holds: its tags, and the names of its blobs and manifests.
    pub(crate) fn files(&self, repository: &str) -> BTreeSet<String> {
        let layout = self.layout(repository);
        let names = fs::read_dir(layout.path().join("blobs/sha256")).expect("builds were pushed");
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.chain([fs::read_to_string(layout.path().join("index.json")).unwrap()]).collect()
    }

    /// The index of a tag.
    #[track_caller]
    pub(crate) fn index(&self, repository: &str, tag: &str) -> Index {
        let tag = TagOrDigest::Tag(tag.parse().unwrap());
        let manifest = self.layout(repository).get_manifest(&tag).unwrap().expect("the tag is there");
        serde_json::from_slice(&manifest.bytes).unwrap()
    }

    /// The platforms of a tag, attestations left out.
    #[track_caller]
    pub(crate) fn platforms(&self, repository: &str, tag: &str) -> Vec<String> {
        let index = self.index(repository, tag);
        let images = index.manifests.iter().filter(|entry| entry.attested().is_none());
        images.map(|entry| entry.platform.as_ref().unwrap().to_string()).collect()
    }

    /// A registry that serves the layouts.
    pub(crate) fn serve(&self) -> Server {
        let root = self.root().to_owned();
        Server::start(move |seen: &Seen| answer(&root, seen))
    }

    /// A registry that serves the layouts, but for what `fault` says.
    pub(crate) fn serve_with(
        &self,
        fault: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static,
    ) -> Server {
        let root = self.root().to_owned();
        Server::start(move |seen: &Seen| fault(seen).unwrap_or_else(|| answer(&root, seen).into()))
    }

    /// A registry that speaks TLS; `to_plain` is what it answers without.
    pub(crate) fn serve_tls(&self, to_plain: impl Fn() -> Option<Answer> + Send + Sync + 'static) -> Server {
        let root = self.root().to_owned();
        Server::start_tls_only(to_plain, move |seen: &Seen| answer(&root, seen))
    }

    /// The same, and the fault gets the registry's answer.
    pub(crate) fn serve_through(
        &self,
        script: impl Fn(&Seen, &dyn Fn() -> Answer) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let root = self.root().to_owned();
        Server::start(move |seen: &Seen| script(seen, &|| answer(&root, seen)))
    }
}

/// A clock that goes twenty times as fast, so that no test waits long for what never comes.
#[derive(Default)]
struct HastyClock(SystemClock);

impl HastyClock {
    const SPEED: u32 = 20;
}

impl Clock for HastyClock {
    fn elapsed(&self) -> Duration {
        self.0.elapsed() * Self::SPEED
    }

    fn unix_seconds(&self) -> i64 {
        self.0.unix_seconds()
    }

    fn sleep(&self, duration: Duration) {
        self.0.sleep(duration / Self::SPEED);
    }

    fn random(&self) -> u64 {
        self.0.random()
    }
}

/// Patience that does not keep tests waiting.
pub(crate) fn hasty() -> Patience {
    Patience {
        attempts: 4,
        first: Duration::from_millis(1),
        longest: Duration::from_millis(4),
        total: Duration::from_secs(3),
        settle: Duration::from_millis(500),
    }
}

/// A plan of version 1.4.2 of `app` for amd64 and arm64.
pub(crate) fn plan(repositories: &[&str]) -> String {
    plan_of(repositories, TAGS, r#""version":"1.4.2","#, "hold")
}

pub(crate) fn plan_of(repositories: &[&str], tags: &str, more: &str, on_missing: &str) -> String {
    document(&format!(
        r#""app":{{{more}"repositories":{repositories:?},"tags":[{tags}],"builds":{{
            "app-linux-amd64":{{"platform":"linux/amd64","job":"a","on_missing":"{on_missing}"}},
            "app-linux-arm64":{{"platform":"linux/arm64","job":"b","on_missing":"{on_missing}"}}}}}}"#
    ))
}

fn push(layout: &BuiltLayout, build: Build<'_>) -> Digest {
    let Build { leg, platform, salt, attested, provenance, media_type, labels, annotations } = build;
    let mut parts = platform.split('/');
    let (os, architecture) = (parts.next().unwrap(), parts.next().unwrap());
    // That of arm64 is implied.
    let variant = parts.next().filter(|variant| *variant != "v8");
    let variant = variant.map(|variant| format!(r#","variant":"{variant}""#)).unwrap_or_default();
    let platform = format!(r#"{{"architecture":"{architecture}","os":"{os}"{variant}}}"#);
    let labels = if labels.is_empty() { String::new() } else { format!(",{labels}") };
    let config = format!(
        r#"{{"architecture":"{architecture}","os":"{os}"{variant},"config":{{"Labels":{{"salt":{salt:?}{labels}}}}}}}"#
    );
    let mut text = image(layout, media_type, &config, &[format!("layer of {leg} {salt}")]);
    if !annotations.is_empty() {
        text = text.replacen('{', &format!(r#"{{"annotations":{{{annotations}}},"#), 1);
    }
    let image = put(layout, media_type, &text);
    if !attested {
        return image.digest;
    }
    let (kind, predicate) = provenance;
    let subject = format!("{leg} {salt}");
    let statement = format!(r#"{{"subject":{subject:?},"predicateType":"{kind}","predicate":{predicate}}}"#);
    let text =
        self::image(layout, OCI_MANIFEST, r#"{"architecture":"unknown","os":"unknown"}"#, &[statement]);
    let (layer, of_kind) = (
        r#""mediaType":"application/vnd.oci.image.layer.v1.tar""#,
        format!(
            r#""mediaType":"application/vnd.in-toto+json","annotations":{{"in-toto.io/predicate-type":"{kind}"}}"#
        ),
    );
    let attestation = put(layout, OCI_MANIFEST, &text.replace(layer, &of_kind));
    let entry = |manifest: &Manifest, rest: &str| {
        format!(
            r#"{{"mediaType":"{}","digest":"{}","size":{},{rest}}}"#,
            manifest.media_type,
            manifest.digest,
            manifest.bytes.len()
        )
    };
    let index = index(&[
        entry(&image, &format!(r#""platform":{platform}"#)),
        entry(
            &attestation,
            &format!(
                r#""annotations":{{"vnd.docker.reference.digest":"{}","vnd.docker.reference.type":"attestation-manifest"}},
                   "platform":{{"architecture":"unknown","os":"unknown"}}"#,
                image.digest
            ),
        ),
    ]);
    put(layout, OCI_INDEX, &index).digest
}

/// The text of an index of all that these builds hold, with an annotation.
pub(crate) fn index_of<'d>(
    layout: &BuiltLayout,
    builds: impl IntoIterator<Item = &'d Digest>,
    mark: &str,
) -> String {
    let entries = builds.into_iter().flat_map(|digest| {
        let build = layout.get_manifest(&digest.clone().into()).unwrap().unwrap();
        serde_json::from_slice::<Index>(&build.bytes).unwrap().manifests
    });
    let entries: Vec<String> = entries.map(|entry| serde_json::to_string(&entry).unwrap()).collect();
    index(&entries).replacen('{', &format!(r#"{{"annotations":{{"k":"{mark}"}},"#), 1)
}

/// The text of an index with these entries.
pub(crate) fn index(entries: &[String]) -> String {
    format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{}]}}"#, entries.join(","))
}

/// The text of a manifest, whose blobs are put into the layout.
pub(crate) fn image(layout: &BuiltLayout, media_type: &str, config: &str, layers: &[String]) -> String {
    let blob = |media_type: &str, content: &str| {
        let digest = layout.put_blob(content.as_bytes());
        format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{}}}"#, content.len())
    };
    let layers: Vec<String> =
        layers.iter().map(|layer| blob("application/vnd.oci.image.layer.v1.tar", layer)).collect();
    let config = blob("application/vnd.oci.image.config.v1+json", config);
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{media_type}","config":{config},"layers":[{}]}}"#,
        layers.join(",")
    )
}

pub(crate) fn put(layout: &BuiltLayout, media_type: &str, text: &str) -> Manifest {
    let manifest = Manifest::new(media_type, text.as_bytes().to_vec());
    layout.put_manifest(&manifest.digest.clone().into(), &manifest).unwrap();
    manifest
}

pub(crate) fn put_tag(layout: &BuiltLayout, tag: &str, manifest: &Manifest) {
    layout.put_manifest(&TagOrDigest::Tag(tag.parse().unwrap()), manifest).unwrap();
}

/// Removes a blob or manifest.
pub(crate) fn remove(layout: &BuiltLayout, digest: &Digest) {
    fs::remove_file(layout.path().join("blobs").join(digest.algorithm()).join(digest.hex())).unwrap();
}

/// Takes a tag away, and leaves what it names.
pub(crate) fn untag(layout: &BuiltLayout, tag: &str) {
    let path = layout.path().join("index.json");
    let mut index: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let manifests = index["manifests"].as_array_mut().unwrap();
    let before = manifests.len();
    manifests.retain(|one| one["annotations"]["org.opencontainers.image.ref.name"] != tag);
    assert_eq!(manifests.len() + 1, before, "{tag} was there");
    fs::write(path, index.to_string()).unwrap();
}

/// Answers as a registry does whose repositories are layouts in a folder.
fn answer(root: &Path, seen: &Seen) -> Answer {
    let path = seen.path().strip_prefix("/v2/").unwrap_or_default();
    let unknown = |code: &str| Answer::error(404, code);
    let (name, kind, rest) = ["/manifests/", "/blobs/", "/tags/", "/referrers/"]
        .into_iter()
        .find_map(|kind| path.rsplit_once(kind).map(|(name, rest)| (name, kind, rest)))
        .unwrap_or_default();
    let is_upload = kind == "/blobs/" && rest.starts_with("uploads/") || seen.method == "PUT";
    if is_upload {
        // Two uploads may come at once, and a layout that is half made is none.
        static MAKING: Mutex<()> = Mutex::new(());
        let _making = MAKING.lock().expect("nothing panics while it makes one");
        if !root.join(name).exists() {
            BuiltLayout::at(root.join(name));
        }
    }
    let Ok(layout) = Layout::open(root.join(name)) else { return unknown("NAME_UNKNOWN") };
    match (seen.method.as_str(), kind) {
        ("GET" | "HEAD", "/manifests/") => match layout.get_manifest(&at(rest)) {
            Ok(Some(manifest)) => Answer::new(200, &manifest.media_type, manifest.bytes)
                .header("Docker-Content-Digest", manifest.digest.to_string()),
            Ok(None) => unknown("MANIFEST_UNKNOWN"),
            Err(error) => panic!("{error}"),
        },
        ("PUT", "/manifests/") => {
            let manifest = Manifest::new(seen.header("content-type"), seen.body.clone());
            match layout.put_manifest(&at(rest), &manifest) {
                Ok(()) => {
                    Answer::new(201, "", "").header("Docker-Content-Digest", manifest.digest.to_string())
                }
                Err(error) if matches!(error.kind(), ErrorKind::Rejected { .. }) => {
                    let entry = &error.entries()[0];
                    let detail = format!(
                        r#"{{"errors":[{{"code":"{}","message":"x","detail":"{}"}}]}}"#,
                        entry.code, entry.detail
                    );
                    Answer::json(400, detail)
                }
                Err(error) => panic!("{error}"),
            }
        }
        ("POST", "/blobs/") => {
            let begun = || {
                let at = format!("/v2/{name}/blobs/uploads/{}?_state=x", seen.number);
                Answer::new(202, "", "").header("Location", at)
            };
            let Ok(digest) = parameter(seen, "mount").parse::<Digest>() else { return begun() };
            let Ok(from) = Layout::open(root.join(parameter(seen, "from"))) else { return begun() };
            match from.get_blob(&digest, 1 << 20).unwrap() {
                Some(content) => {
                    BuiltLayout::at(root.join(name)).put_blob(&content);
                    Answer::new(201, "", "")
                }
                None => begun(),
            }
        }
        ("PUT", "/blobs/") => {
            let digest: Digest = parameter(seen, "digest").parse().unwrap();
            if digest.recompute(&seen.body) != digest {
                return Answer::error(400, "DIGEST_INVALID");
            }
            BuiltLayout::at(root.join(name)).put_blob(&seen.body);
            Answer::new(201, "", "")
        }
        ("DELETE", "/blobs/") => Answer::new(204, "", ""),
        (method, "/blobs/") => {
            let digest: Digest = rest.parse().unwrap();
            match layout.get_blob(&digest, 16 << 20).unwrap() {
                Some(content) if method == "HEAD" => Answer::new(200, "application/octet-stream", content),
                Some(content) => Answer::new(200, "application/octet-stream", content),
                None => unknown("BLOB_UNKNOWN"),
            }
        }
        ("GET", "/tags/") => {
            let last = seen.target.split_once("last=").map_or("", |(_, last)| last);
            let tags = layout.list_tags().unwrap().into_iter().map(|tag| tag.to_string());
            let tags: BTreeSet<String> = tags.filter(|tag| tag.as_str() > last).collect();
            Answer::json(200, format!(r#"{{"name":"{name}","tags":{:?}}}"#, Vec::from_iter(tags)))
        }
        _ => unknown("UNSUPPORTED"),
    }
}

/// A parameter of a request; empty when there is none.
fn parameter(seen: &Seen, name: &str) -> String {
    let query = seen.target.split('?').nth(1).unwrap_or_default();
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_default().replace("%3A", ":").replace("%2F", "/")
}

fn at(text: &str) -> TagOrDigest {
    match text.parse::<Digest>() {
        Ok(digest) => digest.into(),
        Err(_) => TagOrDigest::Tag(text.parse().unwrap()),
    }
}
