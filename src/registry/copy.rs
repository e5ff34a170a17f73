//! Copies what a manifest holds, and what says something about it, from one repository to another, byte for byte: what one
//! registry has in two repositories is mounted, all else is sent without being kept.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::clock::Clock;
use super::error::{Error, ErrorKind, Operation};
use super::remote::fallback_tag;
use super::{Content, Location, Manifest, Mount, ReferrerList, Store, TagOrDigest};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::{Descriptor, ImageManifest, Index, OCI_INDEX, is_index, is_restricted};
use crate::reference::{Digest, Repository};

/// How many manifests are copied at most for one that was asked for, and how deep indexes may be nested.
const MAX_MANIFESTS: usize = 2000;
const MAX_DEPTH: usize = 4;
/// How many manifests that refer to one are copied.
const MAX_REFERRERS: usize = 200;
/// What follows the digest in the tags that cosign gives to what it knows of a manifest
/// (<https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>).
const COSIGN: [&str; 3] = ["sig", "att", "sbom"];

/// How long to wait before each look at what was sent: a registry with several servers may show it a little later.
const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(5)];

/// After how many bytes of a blob it is reported again how much of it is copied.
const STEP: u64 = 4 * 1024 * 1024;

/// A repository and how it is reached.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Where it is.
    pub location: &'a Location,
    /// What answers for it.
    pub store: &'a dyn Store,
}

impl Place<'_> {
    /// The repository from which another place can mount, if it can.
    fn mountable(&self, to: &Self) -> Option<&Repository> {
        self.location.repository().filter(|_| to.location.mounts_from(self.location))
    }
}

/// What was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// How many manifests were written.
    pub manifests: usize,
    /// How many blobs were mounted.
    pub mounted: usize,
    /// How many blobs were sent.
    pub sent: usize,
    /// How many bytes the blobs have that were sent.
    pub bytes: u64,
    /// What is worth knowing.
    pub notes: Vec<Diagnostic>,
}

/// Something that is being copied.
#[derive(Clone, Copy, Debug)]
pub struct Copying<'a> {
    /// The digest of a manifest or blob.
    pub digest: &'a Digest,
    /// Its size in bytes.
    pub size: u64,
    /// How many of them were read until now.
    pub done: u64,
}

/// Copies from one repository to another, each manifest and blob once. What is there already is left as it is.
pub struct Copier<'a> {
    from: Place<'a>,
    to: Place<'a>,
    clock: &'a dyn Clock,
    tell: &'a dyn Fn(Copying<'_>),
    /// Manifests that need not be read.
    read: BTreeMap<Digest, Manifest>,
    done: BTreeSet<Digest>,
    copied: Copied,
}

/// How the source answers when it is asked what refers to an image and to what is in it.
#[derive(Default)]
struct Answers {
    /// Whether it has a list of that, for any of them.
    is_known: bool,
    /// Whether it has none for some.
    is_unknown: bool,
    /// The first error.
    fault: Option<Error>,
}

/// Content that reports how much of it was read.
struct Told<'a> {
    content: Box<dyn Content + 'a>,
    digest: &'a Digest,
    size: u64,
    done: u64,
    tell: &'a dyn Fn(Copying<'_>),
}

impl Content for Told<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let count = self.content.read(into)?;
        let before = self.done / STEP;
        self.done += count as u64;
        if self.done / STEP > before {
            (self.tell)(Copying { digest: self.digest, size: self.size, done: self.done });
        }
        Ok(count)
    }
}

impl<'a> Copier<'a> {
    /// A copier that has copied nothing yet; `tell` is called before something is sent, and while it is.
    #[must_use]
    pub fn new(from: Place<'a>, to: Place<'a>, clock: &'a dyn Clock, tell: &'a dyn Fn(Copying<'_>)) -> Self {
        let (read, done, copied) = Default::default();
        Self { from, to, clock, tell, read, done, copied }
    }

    /// What was copied until now.
    #[must_use]
    pub fn copied(&self) -> &Copied {
        &self.copied
    }

    /// Takes note of a manifest, so that it is not read from the source.
    pub fn know(&mut self, manifest: &Manifest) {
        self.read.insert(manifest.digest.clone(), manifest.clone());
    }

    /// Copies a manifest under its digest, and all that it holds before it. The manifest itself need not be in the source.
    ///
    /// # Errors
    /// What the registries answer; [`ErrorKind::NotFound`] when the source lacks something of it, [`ErrorKind::Invalid`] when
    /// it holds more than can be followed.
    pub fn manifest(&mut self, manifest: &Manifest) -> Result<(), Error> {
        self.tree(manifest, 0)
    }

    /// Copies what says something about a manifest that was copied, and about the images in it: what refers to it, and what
    /// cosign's tags name. What the source does not know is not an error, but a note.
    ///
    /// # Errors
    /// What the registries answer when it is copied.
    pub fn about(&mut self, manifest: &Manifest) -> Result<(), Error> {
        let mut subjects = vec![manifest.digest.clone()];
        if is_index(&manifest.media_type) {
            let entries = self.index(manifest)?.manifests.into_iter();
            subjects.extend(entries.filter(|entry| entry.attested().is_none()).map(|entry| entry.digest));
        }
        let mut answers = Answers::default();
        for subject in subjects {
            self.referrers(&subject, 0, &mut answers)?;
            for kind in COSIGN {
                self.signature(&subject, kind)?;
            }
        }
        self.tell(answers);
        Ok(())
    }

    /// Says what may not have come along.
    fn tell(&mut self, Answers { is_known, is_unknown, fault }: Answers) {
        let from = self.from.location;
        let note = if let Some(error) = fault {
            let message = format!("what refers to images in `{from}` is not copied: it cannot be listed");
            Diagnostic::warning(Code::REFERRERS, message).with_note(error.to_string())
        } else if is_unknown && !is_known {
            let message = format!(
                "`{from}` has no list of what refers to an image: signatures and other artifacts that are attached to images in this way are not copied, if there are any"
            );
            Diagnostic::note(Code::NO_REFERRERS, message).with_help(
                "attach them to the copies as well; what tags name that begin with the digest of an image (`sha256-…`) is copied",
            )
        } else {
            return;
        };
        if !self.copied.notes.iter().any(|known| known.code == note.code) {
            self.copied.notes.push(note);
        }
    }

    /// Copies a blob.
    ///
    /// # Errors
    /// What the registries answer; [`ErrorKind::NotFound`] when the source lacks it, [`ErrorKind::Digest`] when it has
    /// something else.
    pub fn blob(&mut self, blob: &Descriptor) -> Result<(), Error> {
        let (from, to, digest) = (self.from, self.to, &blob.digest);
        // What may not be distributed is downloaded from its publisher.
        if self.done.contains(digest) || (is_restricted(&blob.media_type) && !blob.urls.is_empty()) {
            return Ok(());
        }
        let fail = |kind| Error::new(Operation::GetBlob, from.location.with_digest(digest), kind);
        let size = u64::try_from(blob.size)
            .map_err(|_| fail(ErrorKind::Invalid(format!("its manifest gives it {} bytes", blob.size))))?;
        if !self.has(digest, size)? {
            (self.tell)(Copying { digest, size, done: 0 });
            let mounted = match from.mountable(&to) {
                Some(repository) => to.store.mount_blob(digest, repository)?,
                None => Mount::Declined("it is in another registry".to_owned()),
            };
            if mounted == Mount::Mounted {
                self.stored(digest, size, Operation::MountBlob)?;
                self.copied.mounted += 1;
            } else {
                let absent = || fail(ErrorKind::NotFound(Vec::new()));
                let tell = self.tell;
                let open = || -> Result<Box<dyn Content + '_>, Error> {
                    let content = from.store.open_blob(digest, size)?.ok_or_else(absent)?;
                    Ok(Box::new(Told { content, digest, size, done: 0, tell }))
                };
                match to.store.put_blob(digest, size, &open) {
                    // It is to be downloaded from elsewhere.
                    Err(error) if matches!(error.kind(), ErrorKind::NotFound(_)) && !blob.urls.is_empty() => {
                    }
                    Err(error) => return Err(error),
                    Ok(()) => {
                        self.stored(digest, size, Operation::PutBlob)?;
                        self.copied.sent += 1;
                        self.copied.bytes += size;
                    }
                }
            }
        }
        self.done.insert(digest.clone());
        Ok(())
    }

    /// Whether the target has a blob, of the right size: a HEAD may lie about that.
    fn has(&self, digest: &Digest, size: u64) -> Result<bool, Error> {
        Ok(match undamaged(self.to.store.head_blob(digest))? {
            None => false,
            Some(found) => found == size || self.to.store.measure_blob(digest)? == Some(size),
        })
    }

    /// Looks after a blob that the target has accepted: a full disk may take everything and keep nothing, and not every
    /// registry looks for the blobs of a manifest.
    fn stored(&self, digest: &Digest, size: u64, operation: Operation) -> Result<(), Error> {
        for pause in PAUSES {
            self.clock.sleep(pause);
            // A HEAD may lie about what is there, too.
            if self.has(digest, size)? || self.to.store.measure_blob(digest)? == Some(size) {
                return Ok(());
            }
        }
        let kind = ErrorKind::NotStored { status: 201, why: "it is not there".to_owned() };
        Err(Error::new(operation, self.to.location.with_digest(digest), kind))
    }

    fn tree(&mut self, manifest: &Manifest, depth: usize) -> Result<(), Error> {
        if self.done.contains(&manifest.digest) {
            return Ok(());
        }
        if depth > MAX_DEPTH || self.done.len() > MAX_MANIFESTS {
            return Err(self.invalid(manifest, "it holds too many manifests, or too deep in each other"));
        }
        if is_index(&manifest.media_type) {
            for entry in self.index(manifest)?.manifests {
                let child = self.source(&entry.digest)?;
                self.tree(&child, depth + 1)?;
            }
        } else {
            let image: ImageManifest = serde_json::from_slice(&manifest.bytes).map_err(|error| {
                self.invalid(manifest, &format!("it is not the manifest of an image: {error}"))
            })?;
            for blob in std::iter::once(&image.config).chain(&image.layers) {
                self.blob(blob)?;
            }
        }
        self.alone(manifest)
    }

    /// Copies a manifest, and not what it holds.
    ///
    /// # Errors
    /// What the registries answer.
    pub fn alone(&mut self, manifest: &Manifest) -> Result<(), Error> {
        let at = TagOrDigest::Digest(manifest.digest.clone());
        if undamaged(self.to.store.head_manifest(&at))?.is_none() {
            let size = manifest.bytes.len() as u64;
            (self.tell)(Copying { digest: &manifest.digest, size, done: 0 });
            self.to.store.put_manifest(&at, manifest)?;
            self.copied.manifests += 1;
        }
        self.done.insert(manifest.digest.clone());
        Ok(())
    }

    /// A manifest that the source has.
    fn source(&self, digest: &Digest) -> Result<Manifest, Error> {
        if let Some(known) = self.read.get(digest) {
            return Ok(known.clone());
        }
        let found = self.from.store.get_manifest(&digest.clone().into())?;
        found.ok_or_else(|| {
            let subject = self.from.location.with_digest(digest);
            Error::new(Operation::GetManifest, subject, ErrorKind::NotFound(Vec::new()))
        })
    }

    fn index(&self, manifest: &Manifest) -> Result<Index, Error> {
        serde_json::from_slice(&manifest.bytes)
            .map_err(|error| self.invalid(manifest, &format!("it is not an index: {error}")))
    }

    fn invalid(&self, manifest: &Manifest, problem: &str) -> Error {
        let subject = self.from.location.with_digest(&manifest.digest);
        Error::new(Operation::GetManifest, subject, ErrorKind::Invalid(problem.to_owned()))
    }

    /// Copies what refers to a manifest, and what refers to that.
    fn referrers(&mut self, subject: &Digest, depth: usize, answers: &mut Answers) -> Result<(), Error> {
        let found = match self.from.store.referrer_list(subject, None) {
            Ok(ReferrerList { referrers, is_known }) => {
                answers.is_known |= is_known;
                answers.is_unknown |= !is_known;
                referrers
            }
            Err(error) => {
                answers.fault.get_or_insert(error);
                return Ok(());
            }
        };
        if found.len() > MAX_REFERRERS {
            let reference = self.from.location.with_digest(subject);
            let message =
                format!("{} manifests refer to `{reference}`, and {MAX_REFERRERS} are copied", found.len());
            self.copied.notes.push(Diagnostic::warning(Code::REFERRERS, message));
        }
        let mut copied = Vec::new();
        for descriptor in found.into_iter().take(MAX_REFERRERS) {
            let Some(manifest) = self.from.store.get_manifest(&descriptor.digest.clone().into())? else {
                continue;
            };
            self.tree(&manifest, 0)?;
            if depth < MAX_DEPTH {
                self.referrers(&descriptor.digest, depth + 1, answers)?;
            }
            copied.push(descriptor);
        }
        if copied.is_empty() { Ok(()) } else { self.list(subject, copied) }
    }

    /// Sees to it that the target lists what refers to a manifest: a registry that does not do so by itself has a tag for it
    /// (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests-with-subject>).
    fn list(&mut self, subject: &Digest, copied: Vec<Descriptor>) -> Result<(), Error> {
        let listed = undamaged(self.to.store.list_referrers(subject, None).map(Some))?.unwrap_or_default();
        let is_listed = |one: &Descriptor| listed.iter().any(|known| known.digest == one.digest);
        if copied.iter().all(is_listed) {
            return Ok(());
        }
        let at = fallback_tag(subject);
        let known = undamaged(self.to.store.get_manifest(&at))?;
        let mut index = match known {
            Some(known) => self.index(&known)?,
            None => Index { schema_version: 2, media_type: OCI_INDEX.to_owned(), ..Index::default() },
        };
        let is_new = |one: &Descriptor| !index.manifests.iter().any(|known| known.digest == one.digest);
        let new: Vec<Descriptor> = copied.into_iter().filter(is_new).collect();
        index.manifests.extend(new);
        let bytes = serde_json::to_vec(&index).expect("an index has string keys only");
        self.to.store.put_manifest(&at, &Manifest::new(OCI_INDEX, bytes))?;
        self.copied.manifests += 1;
        Ok(())
    }

    /// Copies what one of cosign's tags names. A tag of the target that names more than the source's stays.
    fn signature(&mut self, subject: &Digest, kind: &str) -> Result<(), Error> {
        let at = TagOrDigest::Tag(
            format!("{}.{kind}", fallback_tag(subject))
                .parse()
                .expect("a short word is added to a short tag"),
        );
        let Some(found) = self.from.store.head_manifest(&at)? else { return Ok(()) };
        let current = undamaged(self.to.store.head_manifest(&at))?;
        if current.as_ref().is_some_and(|current| current.digest == found.digest) {
            return Ok(());
        }
        let manifest = self.source(&found.digest)?;
        if current.is_some() && !self.holds_all(&at, &manifest)? {
            let message = format!(
                "`{}{}` stays as it is: it has what `{}` lacks",
                self.to.location,
                at.suffix(),
                self.from.location
            );
            self.copied.notes.push(Diagnostic::warning(Code::SIGNATURE, message));
            return Ok(());
        }
        self.tree(&manifest, 0)?;
        self.to.store.put_manifest(&at, &manifest)?;
        self.copied.manifests += 1;
        Ok(())
    }

    /// Whether a manifest holds all that the target has under this tag.
    fn holds_all(&self, at: &TagOrDigest, manifest: &Manifest) -> Result<bool, Error> {
        let Some(current) = self.to.store.get_manifest(at)? else { return Ok(true) };
        let layers = |bytes: &[u8]| -> BTreeSet<Digest> {
            let image: Option<ImageManifest> = serde_json::from_slice(bytes).ok();
            image.into_iter().flat_map(|image| image.layers).map(|layer| layer.digest).collect()
        };
        Ok(layers(&manifest.bytes).is_superset(&layers(&current.bytes)))
    }
}

/// What a target has: what is damaged in a layout is not there, and is replaced.
fn undamaged<T>(found: Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    match found {
        Err(error) if matches!(error.kind(), ErrorKind::Damaged { .. }) => Ok(None),
        found => found,
    }
}
