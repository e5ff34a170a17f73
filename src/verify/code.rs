//! The decision table: what can be wrong with a published image, why that happens, and what helps.

use serde::{Serialize, Serializer};

use crate::diagnostic::Severity::{self, Error, Note, Warning};
use crate::merge::labels::OTHER_PLAN_CURE;

/// What was found. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table says what they mean")]
pub enum Code {
    TagMissing,
    NotMerged,
    BuildMissing,
    InOtherRepository,
    StaleList,
    ManifestMissing,
    BlobMissing,
    OverwrittenTag,
    PlatformMissing,
    PlatformTwice,
    UnplannedPlatform,
    WrongPlatform,
    NoPlatform,
    UnknownPlatform,
    NestedIndex,
    OrphanAttestation,
    AttestationMissing,
    WrongSubject,
    OtherBuild,
    OtherPlan,
    TagMoved,
    TagKept,
    TagsDisagree,
    RepositoriesDisagree,
    WrongAnnotations,
    MixedMediaTypes,
    WrongMediaType,
    WrongSize,
    DigestMismatch,
    InvalidManifest,
    TooLarge,
    TooManyManifests,
    Refused,
    BuildGone,
    IsAnIndex,
    DockerTypesOnly,
    AttestationSubject,
    Role,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The name, for scripts and for searching.
    pub name: &'static str,
    /// How bad it is, unless the place says otherwise.
    pub severity: Severity,
    /// Why it happens.
    pub cause: &'static str,
    /// What helps.
    pub cure: &'static str,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 38] = [
        Self::TagMissing,
        Self::NotMerged,
        Self::BuildMissing,
        Self::InOtherRepository,
        Self::StaleList,
        Self::ManifestMissing,
        Self::BlobMissing,
        Self::OverwrittenTag,
        Self::PlatformMissing,
        Self::PlatformTwice,
        Self::UnplannedPlatform,
        Self::WrongPlatform,
        Self::NoPlatform,
        Self::UnknownPlatform,
        Self::NestedIndex,
        Self::OrphanAttestation,
        Self::AttestationMissing,
        Self::WrongSubject,
        Self::OtherBuild,
        Self::OtherPlan,
        Self::TagMoved,
        Self::TagKept,
        Self::TagsDisagree,
        Self::RepositoriesDisagree,
        Self::WrongAnnotations,
        Self::MixedMediaTypes,
        Self::WrongMediaType,
        Self::WrongSize,
        Self::DigestMismatch,
        Self::InvalidManifest,
        Self::TooLarge,
        Self::TooManyManifests,
        Self::Refused,
        Self::BuildGone,
        Self::IsAnIndex,
        Self::DockerTypesOnly,
        Self::AttestationSubject,
        Self::Role,
    ];

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What the table says of it.
    #[must_use]
    pub fn row(self) -> Row {
        let (name, severity, cause, cure) = match self {
            Self::TagMissing => (
                "tag-missing",
                Error,
                "the merge did not run or failed, or the tag was removed",
                "run the merge; `bakeplan verify --explain REFERENCE` looks for the cause",
            ),
            Self::NotMerged => (
                "not-merged",
                Error,
                "all builds are there, and the merge did not run or failed half way",
                "run `bakeplan merge` (again): it writes what is missing, and no more",
            ),
            Self::BuildMissing => (
                "build-missing",
                Error,
                "it was never pushed, or removed since: clean-ups of untagged images take it, quay.io after about an hour",
                "build that platform again and merge soon after; keep clean-ups away from untagged images",
            ),
            Self::InOtherRepository => (
                "in-other-repository",
                Error,
                "it was pushed to another repository than the tag is in, and a registry looks for what an index names beside the index: `blob unknown to registry`",
                "push all builds to the repository of the tag; `bakeplan merge` also takes them over from a repository of the plan",
            ),
            Self::StaleList => (
                "stale-list",
                Error,
                "the list is of an older build: `docker manifest create --amend` goes on with the list that it finds on the machine",
                "run `docker manifest rm REFERENCE` and create the list anew, or merge from the metadata of the builds",
            ),
            Self::ManifestMissing => (
                "manifest-missing",
                Error,
                "it was removed after the index was made: clean-ups of untagged images take what an index names",
                "build and merge again; keep clean-ups away from the digests that an index names",
            ),
            Self::BlobMissing => (
                "blob-missing",
                Error,
                "garbage collection took it, or its push broke off: registries look only for manifests when an index is written",
                "build that platform again and push it",
            ),
            Self::OverwrittenTag => (
                "overwritten-tag",
                Error,
                "each platform was pushed under the tag itself, and the last one won",
                "push by digest, without tags (`docker-bake.json` of `bakeplan plan` says so), and merge",
            ),
            Self::PlatformMissing => (
                "platform-missing",
                Error,
                "its build failed, or another merge or `--append` ran at the same time and the last one won",
                "merge in one job, with a `concurrency` group of its own, and never append",
            ),
            Self::PlatformTwice => (
                "platform-twice",
                Error,
                "an image was appended to an index that had its platform (`--append`)",
                "merge anew from the metadata of one run",
            ),
            Self::UnplannedPlatform => (
                "unplanned-platform",
                Warning,
                "the plan is of another day than the index, or an image was appended",
                "merge anew from the metadata of one run",
            ),
            Self::WrongPlatform => (
                "wrong-platform",
                Error,
                "the index was made by hand, or the Dockerfile's base is of another platform",
                "look at `FROM --platform=…`, build that platform again and merge",
            ),
            Self::NoPlatform => (
                "no-platform",
                Warning,
                "the index was made by hand",
                "merge with `bakeplan merge` or `docker buildx imagetools create`, which look the platform up",
            ),
            Self::UnknownPlatform => (
                "unknown-platform",
                Error,
                "the annotations that mark an attestation were dropped, as regctl, oras and own scripts do; clients may take it for an image",
                "merge again with `bakeplan merge` or `docker buildx imagetools create`",
            ),
            Self::NestedIndex => (
                "nested-index",
                Error,
                "an index was put into an index as it is, as oras, regctl and `crane index append --flatten=false` do; many clients find no platform in it",
                "merge again with `bakeplan merge` or `docker buildx imagetools create`",
            ),
            Self::OrphanAttestation => (
                "orphan-attestation",
                Warning,
                "its platform was taken out or replaced, and the attestation stayed",
                "merge again from the metadata of the builds",
            ),
            Self::AttestationMissing => (
                "attestation-missing",
                Warning,
                "what made the index left the attestations of the build out",
                "merge again with `bakeplan merge` or `docker buildx imagetools create`",
            ),
            Self::WrongSubject => (
                "wrong-subject",
                Error,
                "the annotations of the index were changed, or the index was put together by hand",
                "merge again from the metadata of the builds",
            ),
            Self::OtherBuild => (
                "other-build",
                Error,
                "another run gave the tag its own build",
                "merge again if this build is the one that counts; merge in one job, with a `concurrency` group of its own",
            ),
            Self::OtherPlan => (
                "other-plan",
                Error,
                "the metadata of another run were merged, or the build was given other labels or annotations than planned",
                OTHER_PLAN_CURE,
            ),
            Self::TagMoved => (
                "tag-moved",
                Error,
                "the tag was given another digest since the reference was written",
                "update the digest, or take the tag out of the reference",
            ),
            Self::TagKept => (
                "tag-kept",
                Note,
                "a greater version is published, and floating tags stay with the greatest",
                "nothing: this is what the merge does",
            ),
            Self::TagsDisagree => (
                "tags-disagree",
                Error,
                "a merge ended half way, or another run moved some of the tags",
                "run `bakeplan merge` again",
            ),
            Self::RepositoriesDisagree => (
                "repositories-disagree",
                Error,
                "one repository took the merge and another did not, or they were published by different runs",
                "run `bakeplan merge` again: it writes what is missing, and no more",
            ),
            Self::WrongAnnotations => (
                "wrong-annotations",
                Error,
                "whatever merges drops the annotations of an index unless it is told them",
                "merge with `bakeplan merge`, which takes them from the plan",
            ),
            Self::MixedMediaTypes => (
                "mixed-media-types",
                Warning,
                "some builds were made with `oci-mediatypes=false` or by another tool; Quay refuses such an index",
                "build all platforms with the same `oci-mediatypes`",
            ),
            Self::WrongMediaType => (
                "wrong-media-type",
                Error,
                "the index was made by hand, or from a manifest that was converted since",
                "merge again with `bakeplan merge` or `docker buildx imagetools create`",
            ),
            Self::WrongSize => (
                "wrong-size",
                Error,
                "a push broke off, or the manifest was made by hand",
                "build that platform again and push it",
            ),
            Self::DigestMismatch => (
                "digest-mismatch",
                Error,
                "something between here and the registry changes content, or the registry is damaged",
                "ask from elsewhere; if it stays so, build and push again",
            ),
            Self::InvalidManifest => (
                "invalid-manifest",
                Error,
                "something wrote it that is no tool for images, or it was damaged",
                "build and push again",
            ),
            Self::TooLarge => {
                ("too-large", Error, "something wrote it that is no tool for images", "build and push again")
            }
            Self::TooManyManifests => (
                "too-many-manifests",
                Error,
                "something wrote it that is no tool for images, or images were appended for ever",
                "merge anew from the metadata of one run",
            ),
            Self::Refused => (
                "refused",
                Error,
                "the registry cannot serve what the manifest names, such as digests of an algorithm that it does not know",
                "build and push again with sha256, or ask whoever runs the registry",
            ),
            Self::BuildGone => (
                "build-gone",
                Note,
                "registries with clean-ups remove the index of a single build when it has no tag; its images stay in the tag",
                "nothing, unless the tag has other problems",
            ),
            Self::IsAnIndex => (
                "is-an-index",
                Note,
                "since buildx 0.10 a build has an attestation of its provenance, and with it even one platform makes an index",
                "`bakeplan merge` and `docker buildx imagetools create` take it as it is; `docker manifest create` says `is a manifest list` and needs builds with `provenance: false`",
            ),
            Self::DockerTypesOnly => (
                "docker-types-only",
                Note,
                "the image is fine: a client that asks for Docker's media types alone is told `no such manifest`, as it is of OCI's",
                "update the client, or build with `provenance: false` and `oci-mediatypes=false`",
            ),
            Self::AttestationSubject => (
                "attestation-subject",
                Warning,
                "BuildKit 0.32 and later writes attestations that refer to their image by `subject`, and GitLab refuses new ones: `blob unknown` with the digest of the image",
                "build with `oci-artifact=false` in `output`, or with BUILDX_NO_DEFAULT_OCI_ARTIFACT=1",
            ),
            Self::Role => {
                ("role", Note, "a registry names the digest that it misses", "see what else is told of it")
            }
        };
        Row { name, severity, cause, cure }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_code_has_a_name_of_its_own() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
    }
}
