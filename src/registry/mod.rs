//! Registries by the distribution API (<https://github.com/opencontainers/distribution-spec>), and OCI layouts on disk
//! that stand in for a repository.

use std::fmt;

use crate::diagnostic::Diagnostic;
use crate::oci::Descriptor;
use crate::reference::{Digest, Repository, Tag};

pub(crate) mod answers;
mod auth;
mod blobs;
mod challenge;
mod client;
mod clock;
mod content;
mod contents;
pub(crate) mod copy;
mod credentials;
mod echo;
mod error;
mod exchange;
mod greeting;
mod layout;
mod location;
mod observer;
mod pages;
mod parts;
mod proxy;
mod regular;
mod remote;
mod resolver;
mod retry;
mod rights;
mod roots;
mod throttle;
mod transport;
mod url;

pub use client::{Client, Settings};
pub use clock::{Clock, SystemClock};
pub use content::{Content, Open};
pub(crate) use echo::Echoes;
pub use error::{Error, ErrorKind};
pub(crate) use error::{ErrorEntry, Operation};
pub use layout::Layout;
pub use location::Location;
pub(crate) use location::LocationError;
pub(crate) use observer::Exchange;
pub use observer::{Observer, RequestEvent};
pub use remote::RemoteRepository;
pub use retry::Patience;
pub use transport::Timeouts;
pub(crate) use transport::TransportError;

/// The largest manifest that is read or written, in bytes: what registries take
/// (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests>).
pub const MAX_MANIFEST: u64 = 4 * 1024 * 1024;
/// The largest configuration of an image that is read, in bytes.
pub const MAX_CONFIG: u64 = 8 * 1024 * 1024;

/// What names a manifest in its repository: the `<reference>` of the distribution API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagOrDigest {
    /// A tag, which may mean another manifest tomorrow.
    Tag(Tag),
    /// A digest, which may not.
    Digest(Digest),
}

impl TagOrDigest {
    /// The text in a URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Tag(tag) => tag.as_str(),
            Self::Digest(digest) => digest.as_str(),
        }
    }

    /// The text behind a repository: `:tag` or `@digest`.
    #[must_use]
    pub fn suffix(&self) -> String {
        match self {
            Self::Tag(tag) => format!(":{tag}"),
            Self::Digest(digest) => format!("@{digest}"),
        }
    }
}

impl fmt::Display for TagOrDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Tag> for TagOrDigest {
    fn from(tag: Tag) -> Self {
        Self::Tag(tag)
    }
}

impl From<Digest> for TagOrDigest {
    fn from(digest: Digest) -> Self {
        Self::Digest(digest)
    }
}

/// A manifest or index, byte for byte as the repository has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its media type, without parameters.
    pub media_type: String,
    /// Its digest, which is that of `bytes`.
    pub digest: Digest,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Manifest {
    /// A manifest to be written, named by its sha256 digest.
    #[must_use]
    pub fn new(media_type: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { media_type: media_type.into(), digest: Digest::sha256(&bytes), bytes }
    }

    /// A descriptor of it without anything optional.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type.clone(), self.digest.clone(), self.bytes.len() as u64)
    }
}

/// What became of a mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mount {
    /// The repository has the blob.
    Mounted,
    /// The registry wants the blob to be sent, for the reason given: it cannot mount, or may not read the other
    /// repository.
    Declined(String),
}

/// The tags of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagList {
    /// The tags.
    pub tags: Vec<Tag>,
    /// Whether the repository said that none comes after the last one. Many do not: they cut lists without a word, or
    /// have no list for what they serve.
    pub has_end: bool,
    /// What the registry said if it knows no such repository: it has no tags, or no lists.
    pub no_repository: Option<Diagnostic>,
}

/// What refers to a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferrerList {
    /// The manifests that say so.
    pub referrers: Vec<Descriptor>,
    /// Whether the repository has such a list. Where it has none, others may refer to the manifest all the same.
    pub is_known: bool,
}

/// What a client gets that accepts some media types alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Negotiated {
    /// The manifest, in this media type.
    As(String),
    /// Nothing, for this reason.
    Refused(String),
}

/// One repository: manifests by tag or digest, and blobs.
///
/// What is definitely not there is `None`. An answer that leaves this open, such as a 404 which is not a registry's, is an
/// error.
pub trait Store: Send + Sync {
    /// The repository as messages name it: `ghcr.io/acme/app`, `oci-layout:out`.
    fn name(&self) -> String;

    /// The media type, digest and size of a manifest.
    ///
    /// # Errors
    /// As [`ErrorKind`] says; [`ErrorKind::Digest`] when another digest is served than the one that was asked for.
    fn head_manifest(&self, at: &TagOrDigest) -> Result<Option<Descriptor>, Error>;

    /// A manifest. Its digest is verified.
    ///
    /// # Errors
    /// As [`ErrorKind`] says; [`ErrorKind::Digest`] when the content is not what its digest says, [`ErrorKind::TooLarge`] when it is
    /// larger than [`MAX_MANIFEST`].
    fn get_manifest(&self, at: &TagOrDigest) -> Result<Option<Manifest>, Error>;

    /// What a client gets that accepts manifests of these media types alone.
    ///
    /// # Errors
    /// As [`ErrorKind`] says.
    fn serves_as(&self, at: &TagOrDigest, media_types: &[&str]) -> Result<Negotiated, Error> {
        Ok(match self.head_manifest(at)? {
            Some(found) if media_types.contains(&found.media_type.as_str()) => {
                Negotiated::As(found.media_type)
            }
            Some(found) => Negotiated::Refused(format!("it is {}", found.media_type)),
            None => Negotiated::Refused("it is not there".to_owned()),
        })
    }

    /// Writes a manifest, under a tag or under its digest. What it refers to has to be there.
    ///
    /// # Errors
    /// As [`ErrorKind`] says; [`ErrorKind::Rejected`] with the code `MANIFEST_BLOB_UNKNOWN` when something is missing.
    fn put_manifest(&self, at: &TagOrDigest, manifest: &Manifest) -> Result<(), Error>;

    /// The size of a blob in bytes.
    ///
    /// # Errors
    /// As [`ErrorKind`] says.
    fn head_blob(&self, digest: &Digest) -> Result<Option<u64>, Error>;

    /// The size of a blob in bytes as reading it tells: a HEAD may tell that of something else, such as of a link to the
    /// blob or of a page for people.
    ///
    /// # Errors
    /// As [`ErrorKind`] says.
    fn measure_blob(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        self.head_blob(digest)
    }

    /// A blob of at most `limit` bytes. Its digest is verified.
    ///
    /// # Errors
    /// As [`ErrorKind`] says; [`ErrorKind::TooLarge`] when it has more bytes than `limit`.
    fn get_blob(&self, digest: &Digest, limit: u64) -> Result<Option<Vec<u8>>, Error>;

    /// A blob of `size` bytes, to be read once from its beginning, however large it is. Its digest is not verified. A
    /// connection that breaks is made anew, and reading goes on where it was.
    ///
    /// # Errors
    /// As [`ErrorKind`] says.
    fn open_blob<'a>(&'a self, digest: &Digest, size: u64) -> Result<Option<Box<dyn Content + 'a>>, Error>;

    /// Writes a blob of `size` bytes, which `open` opens as often as it has to be sent. Its digest is verified on the way,
    /// and no more than a small part of it is kept in memory.
    ///
    /// # Errors
    /// As [`ErrorKind`] says; [`ErrorKind::Digest`] when the content is not what its digest says, [`ErrorKind::Invalid`] when
    /// it has fewer bytes.
    fn put_blob(&self, digest: &Digest, size: u64, open: &Open<'_>) -> Result<(), Error>;

    /// Takes over a blob that another repository of the same registry has, without sending it.
    ///
    /// # Errors
    /// As [`ErrorKind`] says.
    fn mount_blob(&self, digest: &Digest, from: &Repository) -> Result<Mount, Error>;

    /// The tags; none when there is no such repository, which most registries create with the first tag.
    ///
    /// # Errors
    /// As [`ErrorKind`] says.
    fn list_tags(&self) -> Result<Vec<Tag>, Error>;

    /// Whether all of these tags are listed.
    ///
    /// # Errors
    /// As [`ErrorKind`] says.
    fn lists(&self, tags: &[&Tag]) -> Result<bool, Error> {
        let listed = self.list_tags()?;
        Ok(tags.iter().all(|tag| listed.contains(tag)))
    }

    /// The tags, and whether the repository said where they end.
    ///
    /// # Errors
    /// As [`ErrorKind`] says.
    fn tag_list(&self) -> Result<TagList, Error> {
        Ok(TagList { tags: self.list_tags()?, ..TagList::default() })
    }

    /// What says that it is about the manifest `subject`, and is of this artifact type if one is given.
    ///
    /// # Errors
    /// As [`ErrorKind`] says.
    fn list_referrers(
        &self,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>, Error> {
        Ok(self.referrer_list(subject, artifact_type)?.referrers)
    }

    /// The same, and whether the repository has such a list at all.
    ///
    /// # Errors
    /// As [`ErrorKind`] says.
    fn referrer_list(&self, subject: &Digest, artifact_type: Option<&str>) -> Result<ReferrerList, Error>;
}
