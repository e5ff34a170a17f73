//! An OCI layout on disk as a repository: `index.json`, and blobs by digest
//! (<https://github.com/opencontainers/image-spec/blob/main/image-layout.md>).
#![expect(clippy::disallowed_methods, reason = "the files of the layout are used here")]

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use tempfile::{Builder, NamedTempFile};

use super::clock::{Clock, SystemClock};
use super::content::{Content, Fault, Open, Verified};
use super::contents::{Entry, INDEX, RawIndex};
use super::error::{Error, ErrorEntry, ErrorKind, Operation};
use super::regular;
use super::remote::{check_writable, fallback_tag, verified};
use super::{MAX_MANIFEST, Manifest, Mount, ReferrerList, Store, TagList, TagOrDigest};
use crate::oci::{Descriptor, ImageManifest, Index, is_index, media_type_of};
use crate::parallel::lock;
use crate::reference::{Digest, Repository, Tag};

/// The file that makes a folder a layout, and its content.
const MARKER: &str = "oci-layout";
const VERSION_1: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
/// What the names of files begin with that are for us alone.
const OWN: &str = ".bakeplan.";
/// Whoever changes `index.json` holds a lock on this file.
const LOCK: &str = ".bakeplan.lock";

/// The largest `index.json` that is read, in bytes.
const MAX_INDEX: u64 = 64 * 1024 * 1024;
/// How long to wait for another writer, and how often to look.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
const LOCK_INTERVAL: Duration = Duration::from_millis(20);

/// An OCI layout on disk, which holds one repository.
///
/// Manifests are tagged by entries of `index.json` with the annotation `org.opencontainers.image.ref.name`. Files are
/// replaced whole, and writers take turns, also those of other processes: a reader never sees half a change.
#[derive(Clone)]
pub struct Layout {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    /// Whether nothing was there, so that the first write makes it.
    is_new: bool,
    /// Why nothing may be written, if that is so.
    sealed: Option<Arc<str>>,
    /// The blobs that are what their digests say.
    right: Arc<Mutex<BTreeSet<Digest>>>,
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Layout").field(&self.path).finish()
    }
}

impl Layout {
    /// A layout that is there.
    ///
    /// # Errors
    /// [`ErrorKind::Files`] when it cannot be read, [`ErrorKind::Invalid`] when it is not a layout of version 1.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::at(&path.into()).check("it is not an OCI layout: it has no file `oci-layout`")
    }

    /// A layout that is there, or that the first write makes where nothing is: in an empty folder, or a new one. A link has
    /// to lead to one that is there.
    ///
    /// # Errors
    /// As for [`Layout::open`].
    pub fn open_or_make(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let layout = Self::at(&path.into());
        if layout.is_nowhere().map_err(|error| layout.fail(Operation::Open, None, ErrorKind::Files(error)))? {
            return Ok(Self { is_new: true, ..layout });
        }
        layout.check(
            "it is not an OCI layout: it has no file `oci-layout`, and a new one is made in an empty folder only",
        )
    }

    fn at(path: &Path) -> Self {
        Self {
            // A link is none to the system where `/` follows its name.
            path: path.components().collect(),
            clock: Arc::new(SystemClock::default()),
            is_new: false,
            sealed: None,
            right: Arc::default(),
        }
    }

    /// Whether it is one; `absence` is what to say where nothing tells that.
    fn check(self, absence: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            image_layout_version: String,
        }
        let marker = self.read(Path::new(MARKER), MAX_MANIFEST);
        let marker = marker.map_err(|kind| self.fail(Operation::Open, None, kind))?;
        let invalid =
            |problem: &str| self.fail(Operation::Open, None, ErrorKind::Invalid(problem.to_owned()));
        let marker = marker.ok_or_else(|| invalid(absence))?;
        let version: Version = serde_json::from_slice(&marker)
            .map_err(|_| invalid("its file `oci-layout` does not contain the version"))?;
        if !version.image_layout_version.starts_with("1.") {
            return Err(invalid("its version is not 1"));
        }
        Ok(self)
    }

    /// Whether nothing is there: no folder, or one with nothing in it but what we left behind when we were interrupted.
    fn is_nowhere(&self) -> io::Result<bool> {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| !found.is_dir()) {
            return Ok(false);
        }
        let mut entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(error),
        };
        entries.try_fold(true, |is_empty, entry| {
            Ok(is_empty && entry?.file_name().to_string_lossy().starts_with(OWN))
        })
    }

    /// Whether the first write makes it.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Makes it if nothing was there; what says that it is a layout comes last.
    fn make(&self) -> Result<(), ErrorKind> {
        if !self.is_new || self.read(Path::new(MARKER), MAX_MANIFEST)?.is_some() {
            return Ok(());
        }
        self.keep_within(Path::new("")).map_err(ErrorKind::Files)?;
        fs::create_dir_all(&self.path).map_err(ErrorKind::Files)?;
        let _lock = self.lock()?;
        for (name, content) in [(INDEX, RawIndex::default().to_bytes()), (MARKER, VERSION_1.to_vec())] {
            let path = Path::new(name);
            // Another process may have been faster.
            if self.read(path, MAX_INDEX)?.is_none() {
                self.replace(path, |file| file.write_all(&content))?;
            }
        }
        Ok(())
    }

    /// The same layout, to which nothing is written, for this reason.
    #[must_use]
    pub fn sealed(self, reason: &str) -> Self {
        Self { sealed: Some(reason.into()), ..self }
    }

    fn fail(&self, operation: Operation, reference: Option<&str>, kind: ErrorKind) -> Error {
        let subject = match reference {
            Some(reference) => format!("{}@{reference}", self.name()),
            None => self.name(),
        };
        Error::new(operation, subject, kind)
    }

    fn blob_path(digest: &Digest) -> PathBuf {
        Path::new("blobs").join(digest.algorithm()).join(digest.hex())
    }

    /// The content of a file; none when there is none.
    fn read(&self, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, ErrorKind> {
        let file = match regular::open(&self.path.join(path)) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(ErrorKind::Files(error)),
        };
        let mut content = Vec::new();
        file.take(limit + 1).read_to_end(&mut content).map_err(ErrorKind::Files)?;
        if content.len() as u64 > limit { Err(ErrorKind::TooLarge { limit }) } else { Ok(Some(content)) }
    }

    /// The size of a blob, which is read once to see that it is what its digest says: a registry looks when it takes one,
    /// a folder never does.
    fn size(&self, digest: &Digest) -> Result<Option<u64>, ErrorKind> {
        let path = self.path.join(Self::blob_path(digest));
        let size = match fs::metadata(&path) {
            Ok(file) if file.is_file() => file.len(),
            Ok(_) => return Ok(None),
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(ErrorKind::Files(error)),
        };
        let is_known = |right: &BTreeSet<Digest>| right.contains(digest);
        if !is_known(&lock(&self.right)) {
            let found = measured(&path, digest).map_err(ErrorKind::Files)?;
            if found != *digest {
                return Err(ErrorKind::Damaged { expected: digest.clone(), found });
            }
            lock(&self.right).insert(digest.clone());
        }
        Ok(Some(size))
    }

    /// Puts a file in its place at once, so that nobody sees half of it.
    fn replace(
        &self,
        path: &Path,
        fill: impl FnOnce(&mut NamedTempFile) -> io::Result<()>,
    ) -> Result<(), ErrorKind> {
        let target = self.path.join(path);
        let folder = target.parent().unwrap_or(&self.path);
        let write = || {
            self.keep_within(path.parent().unwrap_or(path))?;
            fs::create_dir_all(folder)?;
            let mut file = Builder::new().prefix(OWN).tempfile_in(folder)?;
            fill(&mut file)?;
            // The name must not be there before the content is.
            file.as_file().sync_all()?;
            make_readable(file.as_file())?;
            file.persist(&target).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(ErrorKind::Files)
    }

    /// Refuses a link on the way to what is written: it may lead out of the layout, which a checkout or an artifact may
    /// have brought.
    fn keep_within(&self, path: &Path) -> io::Result<()> {
        if let Some(reason) = &self.sealed {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason.to_string()));
        }
        let mut place = self.path.clone();
        for part in path {
            place.push(part);
            if fs::symlink_metadata(&place).is_ok_and(|found| found.is_symlink()) {
                let problem = format!("`{}` is a link, and nothing is written through it", place.display());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
            }
        }
        Ok(())
    }

    fn write_blob(&self, digest: &Digest, content: &[u8]) -> Result<(), ErrorKind> {
        match self.size(digest) {
            // What is damaged is replaced.
            Ok(None) | Err(ErrorKind::Damaged { .. }) => {}
            Ok(Some(_)) => return Ok(()),
            Err(kind) => return Err(kind),
        }
        self.replace(&Self::blob_path(digest), |file| file.write_all(content))
    }

    /// Waits until nobody else writes. The operating system gives the lock back when this process ends, however it does.
    fn lock(&self) -> Result<File, ErrorKind> {
        self.keep_within(Path::new(LOCK)).map_err(ErrorKind::Files)?;
        let file = regular::open_to_lock(&self.path.join(LOCK)).map_err(ErrorKind::Files)?;
        let started = self.clock.elapsed();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(file);
                }
                Err(TryLockError::Error(error)) => return Err(ErrorKind::Files(error)),
                Err(TryLockError::WouldBlock) if self.clock.elapsed() - started > LOCK_PATIENCE => {
                    return Err(ErrorKind::Locked);
                }
                Err(TryLockError::WouldBlock) => self.clock.sleep(LOCK_INTERVAL),
            }
        }
    }

    fn index(&self) -> Result<RawIndex, ErrorKind> {
        match self.read(Path::new(INDEX), MAX_INDEX)? {
            Some(content) => RawIndex::parse(&content),
            None => Ok(RawIndex::default()),
        }
    }

    /// What a tag means; none when nothing has it.
    fn resolve(&self, at: &TagOrDigest) -> Result<Option<Digest>, ErrorKind> {
        let tag = match at {
            TagOrDigest::Digest(digest) => return Ok(Some(digest.clone())),
            TagOrDigest::Tag(tag) => tag,
        };
        let index = self.index()?;
        let entries = index.entries().filter(|entry| entry.tag() == Some(tag.as_str()));
        let digests = entries.map(Entry::digest).collect::<Result<BTreeSet<_>, _>>()?;
        let mut digests = digests.into_iter();
        match (digests.next(), digests.next()) {
            (found, None) => Ok(found),
            (_, Some(_)) => {
                Err(ErrorKind::Invalid(format!("`{INDEX}` has two manifests with the tag `{tag}`")))
            }
        }
    }

    fn manifest(&self, at: &TagOrDigest) -> Result<Option<Manifest>, ErrorKind> {
        let Some(digest) = self.resolve(at)? else { return Ok(None) };
        let Some(bytes) = self.read(&Self::blob_path(&digest), MAX_MANIFEST)? else { return Ok(None) };
        let digest = intact(&bytes, digest)?;
        let index = self.index()?;
        let told = index.entries().filter(|entry| entry.digest().is_ok_and(|own| own == digest));
        let told = told.filter_map(|entry| entry.text("mediaType")).find(|media_type| !media_type.is_empty());
        let media_type = told.map(str::to_owned).or_else(|| media_type_of(&bytes));
        let media_type =
            media_type.ok_or_else(|| ErrorKind::Invalid("it is a blob, not a manifest".to_owned()))?;
        Ok(Some(Manifest { media_type, digest, bytes }))
    }

    /// What `index.json` says of a manifest.
    fn told(&self, digest: &Digest) -> Result<Option<Descriptor>, ErrorKind> {
        let index = self.index()?;
        let mut entries = index.entries().filter(|entry| entry.text("digest") == Some(digest.as_str()));
        Ok(entries.find_map(|entry| {
            Some(Descriptor::new(entry.text("mediaType")?.to_owned(), digest.clone(), entry.size()?))
        }))
    }

    /// What a manifest refers to and the layout has not.
    fn missing(&self, manifest: &Manifest) -> Result<Vec<Digest>, ErrorKind> {
        let invalid = |error| ErrorKind::Invalid(format!("it is not a manifest: {error}"));
        let needed = if is_index(&manifest.media_type) {
            serde_json::from_slice::<Index>(&manifest.bytes).map_err(invalid)?.manifests
        } else {
            let image: ImageManifest = serde_json::from_slice(&manifest.bytes).map_err(invalid)?;
            std::iter::once(image.config).chain(image.layers).collect()
        };
        // What is to be downloaded from elsewhere need not be here.
        let needed = needed.into_iter().filter(|descriptor| descriptor.urls.is_empty());
        let mut missing = Vec::new();
        for descriptor in needed {
            if self.size(&descriptor.digest)?.is_none() {
                missing.push(descriptor.digest);
            }
        }
        Ok(missing)
    }

    fn write(&self, at: &TagOrDigest, manifest: &Manifest) -> Result<(), ErrorKind> {
        check_writable(at, manifest)?;
        let missing = self.missing(manifest)?;
        if !missing.is_empty() {
            let unknown = |digest: Digest| ErrorEntry {
                code: "MANIFEST_BLOB_UNKNOWN".to_owned(),
                message: "the layout does not have it".to_owned(),
                detail: digest.to_string(),
            };
            let errors = missing.into_iter().map(unknown).collect();
            return Err(ErrorKind::Rejected { status: 400, errors });
        }
        self.make()?;
        let _lock = self.lock()?;
        let digest = if let TagOrDigest::Digest(digest) = at { digest } else { &manifest.digest };
        self.write_blob(digest, &manifest.bytes)?;
        let mut index = self.index()?;
        let tag = if let TagOrDigest::Tag(tag) = at { Some(tag) } else { None };
        if index.add(manifest, digest, tag) {
            self.replace(Path::new(INDEX), |file| file.write_all(&index.to_bytes()))
        } else {
            Ok(())
        }
    }

    fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, ErrorKind> {
        let invalid = |error| ErrorKind::Invalid(format!("it is not an index: {error}"));
        let mut referrers = Vec::new();
        if let Some(fallback) = self.manifest(&fallback_tag(subject))? {
            referrers = serde_json::from_slice::<Index>(&fallback.bytes).map_err(invalid)?.manifests;
        }
        let digests = self.index()?.entries().map(Entry::digest).collect::<Result<BTreeSet<_>, _>>()?;
        for digest in digests {
            let Some(manifest) = self.manifest(&TagOrDigest::Digest(digest))? else { continue };
            let Ok(image) = serde_json::from_slice::<ImageManifest>(&manifest.bytes) else { continue };
            let is_new = referrers.iter().all(|known| known.digest != manifest.digest);
            if is_new && image.subject.is_some_and(|own| own.digest == *subject) {
                let artifact_type = image.artifact_type.unwrap_or(image.config.media_type);
                let mut descriptor = manifest.descriptor();
                descriptor.artifact_type = Some(artifact_type);
                descriptor.annotations = image.annotations;
                referrers.push(descriptor);
            }
        }
        Ok(referrers)
    }
}

impl Store for Layout {
    fn name(&self) -> String {
        format!("oci-layout:{}", self.path.display())
    }

    fn head_manifest(&self, at: &TagOrDigest) -> Result<Option<Descriptor>, Error> {
        let found = match (self.manifest(at), at) {
            // What a tag means is still known.
            (Err(ErrorKind::Damaged { expected, found }), TagOrDigest::Tag(_)) => {
                let told = self.told(&expected);
                told.and_then(|told| told.ok_or(ErrorKind::Damaged { expected, found }).map(Some))
            }
            (manifest, _) => manifest.map(|manifest| manifest.map(|manifest| manifest.descriptor())),
        };
        found.map_err(|kind| self.fail(Operation::HeadManifest, Some(at.as_str()), kind))
    }

    fn get_manifest(&self, at: &TagOrDigest) -> Result<Option<Manifest>, Error> {
        self.manifest(at).map_err(|kind| self.fail(Operation::GetManifest, Some(at.as_str()), kind))
    }

    fn put_manifest(&self, at: &TagOrDigest, manifest: &Manifest) -> Result<(), Error> {
        self.write(at, manifest).map_err(|kind| self.fail(Operation::PutManifest, Some(at.as_str()), kind))
    }

    fn head_blob(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        self.size(digest).map_err(|kind| self.fail(Operation::HeadBlob, Some(digest.as_str()), kind))
    }

    fn get_blob(&self, digest: &Digest, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let read = || {
            let Some(content) = self.read(&Self::blob_path(digest), limit)? else { return Ok(None) };
            intact(&content, digest.clone()).map(|_| Some(content))
        };
        read().map_err(|kind| self.fail(Operation::GetBlob, Some(digest.as_str()), kind))
    }

    fn open_blob<'a>(&'a self, digest: &Digest, _size: u64) -> Result<Option<Box<dyn Content + 'a>>, Error> {
        let fail = |kind| self.fail(Operation::GetBlob, Some(digest.as_str()), kind);
        // Whoever reads it could only tell that it is not what was asked for.
        if self.size(digest).map_err(fail)?.is_none() {
            return Ok(None);
        }
        match regular::open(&self.path.join(Self::blob_path(digest))) {
            Ok(file) => Ok(Some(Box::new(BlobFile { layout: self, digest: digest.clone(), file }))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(fail(ErrorKind::Files(error))),
        }
    }

    fn put_blob(&self, digest: &Digest, size: u64, open: &Open<'_>) -> Result<(), Error> {
        self.make().map_err(|kind| self.fail(Operation::PutBlob, Some(digest.as_str()), kind))?;
        let fault = Fault::default();
        let mut content = Verified::new(digest, size, open, &fault);
        let written = self.replace(&Self::blob_path(digest), |file| io::copy(&mut content, file).map(drop));
        match (fault.take(), written) {
            (Some(error), _) => Err(error),
            (None, written) => {
                written.map_err(|kind| self.fail(Operation::PutBlob, Some(digest.as_str()), kind))
            }
        }
    }

    fn mount_blob(&self, digest: &Digest, _from: &Repository) -> Result<Mount, Error> {
        Ok(match self.head_blob(digest)? {
            Some(_) => Mount::Mounted,
            None => Mount::Declined("a layout has no other repositories".to_owned()),
        })
    }

    fn list_tags(&self) -> Result<Vec<Tag>, Error> {
        let index = self.index().map_err(|kind| self.fail(Operation::ListTags, None, kind))?;
        let tags = index.entries().filter_map(|entry| entry.tag()?.parse().ok());
        Ok(tags.collect::<BTreeSet<_>>().into_iter().collect())
    }

    fn tag_list(&self) -> Result<TagList, Error> {
        // A file has an end.
        Ok(TagList { tags: self.list_tags()?, has_end: true, no_repository: None })
    }

    fn referrer_list(&self, subject: &Digest, artifact_type: Option<&str>) -> Result<ReferrerList, Error> {
        let found = self.referrers(subject);
        let mut referrers =
            found.map_err(|kind| self.fail(Operation::ListReferrers, Some(subject.as_str()), kind))?;
        referrers.retain(|referrer| {
            artifact_type.is_none_or(|kind| referrer.artifact_type.as_deref() == Some(kind))
        });
        Ok(ReferrerList { referrers, is_known: true })
    }
}

/// A blob of a layout that is being read.
struct BlobFile<'a> {
    layout: &'a Layout,
    digest: Digest,
    file: File,
}

impl Content for BlobFile<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        loop {
            match self.file.read(into) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let kind = ErrorKind::Files(error);
                    return Err(self.layout.fail(Operation::GetBlob, Some(self.digest.as_str()), kind));
                }
                Ok(count) => return Ok(count),
            }
        }
    }
}

/// The digest that the content of a file has, by the algorithm of another.
fn measured(path: &Path, like: &Digest) -> io::Result<Digest> {
    let mut file = regular::open(path)?;
    let (mut hasher, mut part) = (like.hasher(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut part) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(count) => hasher.update(&part[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Sees whether the content of a file is what its name says.
fn intact(content: &[u8], digest: Digest) -> Result<Digest, ErrorKind> {
    verified(content, Some(digest)).map_err(|kind| match kind {
        ErrorKind::Digest { expected, found } => ErrorKind::Damaged { expected, found },
        kind => kind,
    })
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Temporary files can be read by their owner alone, which is not meant here.
#[cfg(unix)]
fn make_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
impl Layout {
    /// A new layout.
    pub(crate) fn empty_at(path: PathBuf) -> Self {
        fs::create_dir_all(path.join("blobs/sha256")).unwrap();
        fs::write(path.join(INDEX), RawIndex::default().to_bytes()).unwrap();
        fs::write(path.join(MARKER), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        Self::open(path).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::{OCI_INDEX, OCI_MANIFEST};

    fn tag(name: &str) -> TagOrDigest {
        TagOrDigest::Tag(name.parse().unwrap())
    }

    /// A new layout in a folder that goes when it is dropped.
    fn new() -> (tempfile::TempDir, Layout) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::empty_at(folder.path().join("out"));
        (folder, layout)
    }

    fn put_blob(layout: &Layout, content: &[u8]) -> Digest {
        let digest = Digest::sha256(content);
        layout.write_blob(&digest, content).unwrap();
        digest
    }

    /// An image whose configuration is `config`, which is added.
    fn image(layout: &Layout, config: &str) -> Manifest {
        let digest = put_blob(layout, config.as_bytes());
        let size = config.len();
        let text =
            format!(r#"{{"config":{{"mediaType":"c/c","digest":"{digest}","size":{size}}},"layers":[]}}"#);
        Manifest::new(OCI_MANIFEST, text.into_bytes())
    }

    #[test]
    fn what_is_written_is_read() {
        let (_folder, layout) = new();
        let one = image(&layout, "1");
        layout.put_manifest(&tag("1"), &one).unwrap();
        layout.put_manifest(&one.digest.clone().into(), &one).unwrap();
        let again = Layout::open(&layout.path).unwrap();
        assert_eq!(again.get_manifest(&tag("1")).unwrap(), Some(one.clone()));
        assert_eq!(again.get_manifest(&one.digest.clone().into()).unwrap(), Some(one.clone()));
        assert_eq!(again.head_manifest(&tag("1")).unwrap(), Some(one.descriptor()));
        assert_eq!(again.get_manifest(&tag("2")).unwrap(), None);
        let blob = Digest::sha256(b"1");
        assert_eq!(again.head_blob(&blob).unwrap(), Some(1));
        assert_eq!(again.get_blob(&blob, 1).unwrap().unwrap(), b"1");
        assert!(matches!(again.get_blob(&blob, 0).unwrap_err().kind(), ErrorKind::TooLarge { limit: 0 }));
        assert_eq!(again.get_blob(&Digest::sha256(b"none"), 1).unwrap(), None);
    }

    #[test]
    fn a_tag_moves_and_what_others_wrote_stays() {
        let (_folder, layout) = new();
        let (one, two) = (image(&layout, "1"), image(&layout, "2"));
        layout.put_manifest(&tag("1"), &one).unwrap();
        layout.put_manifest(&tag("latest"), &one).unwrap();
        let index = layout.path.join(INDEX);
        let text =
            fs::read_to_string(&index).unwrap().replace(r#""schemaVersion":2"#, r#""schemaVersion":2,"x":1"#);
        fs::write(&index, text).unwrap();
        layout.put_manifest(&tag("latest"), &two).unwrap();
        assert_eq!(layout.get_manifest(&tag("latest")).unwrap(), Some(two));
        assert_eq!(layout.get_manifest(&tag("1")).unwrap(), Some(one));
        let tags: Vec<_> = layout.list_tags().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(tags, ["1", "latest"]);
        assert!(fs::read_to_string(&index).unwrap().contains(r#""x":1"#));
    }

    #[test]
    fn a_manifest_needs_what_it_refers_to() {
        let (_folder, layout) = new();
        let child = Digest::sha256(b"child");
        let text =
            format!(r#"{{"manifests":[{{"mediaType":"{OCI_MANIFEST}","digest":"{child}","size":1}}]}}"#);
        let index = Manifest::new(OCI_INDEX, text.into_bytes());
        let error = layout.put_manifest(&tag("1"), &index).unwrap_err();
        assert_eq!(
            (error.entries()[0].code.as_str(), error.named_digests()),
            ("MANIFEST_BLOB_UNKNOWN", vec![child])
        );
        assert_eq!(layout.list_tags().unwrap(), []);
    }

    #[test]
    fn damage_is_told() {
        let (_folder, layout) = new();
        let one = image(&layout, "1");
        layout.put_manifest(&tag("1"), &one).unwrap();
        let blob = layout.path.join(Layout::blob_path(&one.digest));
        fs::write(&blob, "{}").unwrap();
        assert_eq!(layout.get_manifest(&tag("1")).unwrap_err().code().name(), "digest-mismatch");
        fs::remove_file(&blob).unwrap();
        assert_eq!(layout.get_manifest(&tag("1")).unwrap(), None);
        for index in [
            "",
            "[]",
            r#"{"manifests":[{"digest":"../../x","annotations":{"org.opencontainers.image.ref.name":"1"}}]}"#,
        ] {
            fs::write(layout.path.join(INDEX), index).unwrap();
            assert_eq!(
                layout.get_manifest(&tag("1")).unwrap_err().code().name(),
                "registry-invalid",
                "{index}"
            );
        }
        for (marker, code) in
            [("", "registry-invalid"), (r#"{"imageLayoutVersion":"2.0.0"}"#, "registry-invalid")]
        {
            fs::write(layout.path.join(MARKER), marker).unwrap();
            assert_eq!(Layout::open(&layout.path).unwrap_err().code().name(), code);
        }
        assert!(Layout::open(layout.path.join("none")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_links() {
        use std::os::unix::fs::symlink;
        for (name, is_folder) in [("blobs", true), ("blobs/sha256", true), (LOCK, false)] {
            let (folder, layout) = new();
            let one = image(&layout, "1");
            let outside = folder.path().join("outside");
            let place = layout.path.join(name);
            if is_folder {
                fs::rename(&place, &outside).unwrap();
            }
            symlink(&outside, &place).unwrap();
            let told = layout.put_manifest(&tag("1"), &one).unwrap_err().to_diagnostic().message;
            assert!(told.contains("is a link, and nothing is written through it"), "{name}: {told}");
            assert_eq!(outside.exists(), is_folder, "{name}");
            // What is there can be read, and is what its digest says.
            assert_eq!(layout.head_blob(&Digest::sha256(b"1")).unwrap(), Some(1), "{name}");
            fs::remove_file(&place).unwrap();
            if is_folder {
                fs::rename(&outside, &place).unwrap();
            }
            layout.put_manifest(&tag("1"), &one).unwrap();
        }
        // An index that is a link is replaced, and what it led to stays as it was.
        let (folder, layout) = new();
        let one = image(&layout, "1");
        let outside = folder.path().join("outside");
        fs::rename(layout.path.join(INDEX), &outside).unwrap();
        symlink(&outside, layout.path.join(INDEX)).unwrap();
        let before = fs::read(&outside).unwrap();
        layout.put_manifest(&tag("1"), &one).unwrap();
        assert_eq!((fs::read(&outside).unwrap(), layout.list_tags().unwrap().len()), (before, 1));
    }

    #[test]
    fn a_damaged_blob_is_noticed_and_replaced() {
        for damage in ["2", "", "11", "x"] {
            let (_folder, layout) = new();
            let one = image(&layout, "1");
            let blob = Digest::sha256(b"1");
            let path = layout.path.join(Layout::blob_path(&blob));
            fs::write(&path, damage).unwrap();
            let again = Layout::open(&layout.path).unwrap();
            assert_eq!(again.head_blob(&blob).unwrap_err().code().name(), "digest-mismatch", "{damage}");
            assert_eq!(
                again.put_manifest(&tag("1"), &one).unwrap_err().code().name(),
                "digest-mismatch",
                "{damage}"
            );
            assert_eq!(again.list_tags().unwrap(), [], "{damage}");
            again.write_blob(&blob, b"1").unwrap();
            assert_eq!(again.head_blob(&blob).unwrap(), Some(1));
            again.put_manifest(&tag("1"), &one).unwrap();
        }
    }

    #[test]
    fn nothing_is_written_to_a_sealed_layout() {
        let (_folder, layout) = new();
        let one = image(&layout, "1");
        let sealed = layout.clone().sealed("`out` is a link");
        let told = sealed.put_manifest(&tag("1"), &one).unwrap_err().to_diagnostic().message;
        assert!(told.contains("`out` is a link"), "{told}");
        assert!(sealed.write_blob(&Digest::sha256(b"2"), b"2").is_err());
        assert_eq!(sealed.head_blob(&Digest::sha256(b"1")).unwrap(), Some(1));
        layout.put_manifest(&tag("1"), &one).unwrap();
    }

    #[test]
    fn writers_take_turns() {
        let (_folder, layout) = new();
        let images: Vec<_> = (0..16).map(|number| image(&layout, &number.to_string())).collect();
        std::thread::scope(|scope| {
            for (number, image) in images.iter().enumerate() {
                // Each as another process would: with a lock of its own.
                let layout = Layout::open(&layout.path).unwrap();
                scope.spawn(move || layout.put_manifest(&tag(&number.to_string()), image).unwrap());
            }
        });
        assert_eq!(layout.list_tags().unwrap().len(), 16);
    }

    #[test]
    fn what_refers_to_a_manifest_is_found() {
        let (_folder, layout) = new();
        let subject = image(&layout, "1");
        let digest = &subject.digest;
        layout.put_manifest(&tag("1"), &subject).unwrap();
        let config = put_blob(&layout, b"{}");
        let text = format!(
            r#"{{"artifactType":"a/a","config":{{"mediaType":"c/c","digest":"{config}","size":2}},"layers":[],"subject":{{"mediaType":"m/m","digest":"{digest}","size":1}}}}"#
        );
        let referrer = Manifest::new(OCI_MANIFEST, text.into_bytes());
        layout.put_manifest(&referrer.digest.clone().into(), &referrer).unwrap();
        let found = |kind| layout.list_referrers(digest, kind).unwrap().len();
        assert_eq!((found(None), found(Some("a/a")), found(Some("b/b"))), (1, 1, 0));
        assert_eq!(layout.list_referrers(&referrer.digest, None).unwrap(), []);
    }
}
