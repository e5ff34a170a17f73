//! An image that is checked before it is merged, and what comes of the check.

use std::collections::BTreeMap;

use super::index::IndexSource;
use super::tools::IfMissing;
use crate::diagnostic::Diagnostic;
use crate::inputs::Inputs;
use crate::oci::Descriptor;
use crate::on_missing::OnMissing;
use crate::platform::Platform;
use crate::published::metadata::Metadata;
use crate::published::plan_json::RunEntry;
use crate::published::planned::PlannedImage;
use crate::published::record::Questions;
use crate::published::sites::Site;
use crate::reference::Digest;
use crate::registry::Manifest;

/// How an index came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// It is made of the builds of this run, and was not there before.
    Built,
    /// It was there, and gets the tags of the plan since it is of the same inputs: they are the tags of this run all the same.
    Reused,
    /// The first step of this merge wrote it or, with what stays, found it there.
    Indexed,
    /// It was there, and stays what it is.
    Taken,
}

/// What a check looks at.
#[derive(Clone)]
pub(crate) struct Subject<'a> {
    /// The image's key.
    pub key: &'a str,
    /// The image.
    pub image: &'a PlannedImage,
    /// The run that the plan was made in.
    pub run: &'a RunEntry,
    /// The positions of its repositories among the sites, in order.
    pub places: Vec<usize>,
    /// What was built.
    pub metadata: &'a Metadata,
    /// All repositories.
    pub sites: &'a [Site],
    /// What becomes of it without one of its builds.
    pub if_missing: IfMissing,
    /// Whether floating tags move whatever the repository has.
    pub allow_backward: bool,
    /// Whether floating tags move by what the plan knows where tags cannot be listed.
    pub trust_known_versions: bool,
    /// Whether it has to be known of every repository which builds it has, as the commands of `imagetools` name them.
    pub wants_origins: bool,
}

/// What came of a check.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checked {
    /// What has to be known before the check can end.
    pub questions: Questions,
    /// What is wrong.
    pub problems: Vec<Diagnostic>,
    /// Whether one of them may pass: something that was built is not there yet.
    pub lacks_build: bool,
    /// What is worth knowing.
    pub notes: Vec<Diagnostic>,
    /// What goes into the index.
    pub sources: Vec<IndexSource>,
    /// What is carried over from the index that is published, by leg: the image, then its attestations.
    pub carried: BTreeMap<String, Vec<Descriptor>>,
    /// What that index records of their inputs.
    pub carried_inputs: BTreeMap<String, Inputs>,
    /// Attestations that refer to an image and stand in no index.
    pub referrers: Vec<Descriptor>,
    /// The platforms that it will have, in order.
    pub platforms: Vec<String>,
    /// How many bytes a pull of each image fetches.
    pub sizes: BTreeMap<Digest, u64>,
    /// The digest of each build and the sites that have it, in order; for carried entries none.
    pub origins: Vec<Option<(Digest, Vec<usize>)>>,
    /// What has to be taken over from another repository first, by site.
    pub copies: BTreeMap<usize, Copies>,
    /// The builds that are missing.
    pub missing: Vec<Missing>,
    /// Why the image is left untouched.
    pub held: Vec<String>,
    /// Why nothing tells that it is the image's version, if it has the own tag of that one and of another.
    pub two_versions: Option<String>,
    /// Why it gets no tag of the commit, if it was there and is not certainly of it.
    pub not_of_commit: Option<String>,
}

/// What a repository takes over from others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Copies {
    /// The sites from which all of the image is copied that is not there yet: the first one that can give it.
    pub whole: Vec<usize>,
    /// Blobs, and the site that has them.
    pub blobs: BTreeMap<Digest, (Descriptor, usize)>,
    /// Manifests, in the order in which they are found.
    pub manifests: Vec<ManifestCopy>,
}

/// A manifest that a repository takes over.
#[derive(Clone, Debug)]
pub(crate) struct ManifestCopy {
    /// The manifest.
    pub manifest: Manifest,
    /// The site that has it.
    pub from: usize,
    /// Whether it is an image, which others may say something about, and not an attestation.
    pub is_image: bool,
}

/// A build that was not built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its leg.
    pub leg: String,
    /// Its platform.
    pub platform: Option<Platform>,
    /// What became of the image.
    pub then: OnMissing,
}
