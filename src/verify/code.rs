//! The decision table: what can be wrong with a published image, why that happens, and what helps.

use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::code::{self, Row, when};
use crate::diagnostic::Severity::{Error, Note, Warning};
use crate::published::labels::OTHER_PLAN_CURE;
use crate::published::record::FaultKind;

/// Declares the codes, each with its row.
macro_rules! codes {
    ($($code:ident $name:literal $severity:ident $(or $also:ident)? { what: $what:literal, cause: $cause:literal, cure: $cure:expr })+) => {
        /// What was found. The names are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $what] $code,)+
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// What the table says of it.
            #[must_use]
            pub fn row(self) -> &'static Row {
                match self {
                    $(Self::$code => {
                        const ROW: &Row = &Row {
                            name: $name,
                            severities: &[$severity $(, $also)?],
                            cause: $cause,
                            example: when($what),
                            cure: $cure,
                            guide: GUIDE,
                        };
                        ROW
                    })+
                }
            }
        }
    };
}

/// Where to read on.
const GUIDE: &str = "docs/reference/verify.md";

codes! {
    TagMissing "tag-missing" Error {
        what: "a tag that does not exist",
        cause: "the merge did not run or failed, or the tag was removed",
        cure: "run the merge; `bakeplan verify --explain REFERENCE` looks for the cause"
    }
    NotMerged "not-merged" Error {
        what: "a tag that does not exist, although all its builds do",
        cause: "all builds are there, but the merge did not run or failed halfway",
        cure: "run `bakeplan merge` (again): it only writes what is missing"
    }
    BuildMissing "build-missing" Error {
        what: "a build that was pushed, according to its metadata, but that the repository lacks",
        cause: "it was never pushed, or removed since: clean-ups of untagged images delete it, on quay.io after about an hour",
        cure: "build that platform again and merge soon after; keep clean-ups away from untagged images"
    }
    InOtherRepository "in-other-repository" Error {
        what: "a part that is not here but in another repository of the registry",
        cause: "it was pushed to a different repository than the tag, and a registry looks for the parts of an index beside the index: `blob unknown to registry`",
        cure: "push all builds to the repository of the tag; `bakeplan merge` also takes them over from a repository of the plan"
    }
    StaleList "stale-list" Error {
        what: "an index that refers to what is gone, from an older build than the metadata or the tag",
        cause: "the list is from an older build: `docker manifest create --amend` extends the list that it finds on the machine",
        cure: "run `docker manifest rm REFERENCE` and create the list again, or merge from the metadata of the builds"
    }
    ManifestMissing "manifest-missing" Error {
        what: "a manifest that an index refers to but the repository lacks",
        cause: "it was removed after the index was made: clean-ups of untagged images delete what an index refers to",
        cure: "build and merge again; keep clean-ups away from the digests that an index refers to"
    }
    BlobMissing "blob-missing" Error {
        what: "a layer or configuration that an image refers to but the repository lacks",
        cause: "garbage collection took it, or its push broke off: registries only check for manifests when an index is written",
        cure: "build that platform again and push it"
    }
    OverwrittenTag "overwritten-tag" Error {
        what: "a tag of one platform where several are planned, because each was pushed under it",
        cause: "each platform was pushed under the tag itself, and the last one won",
        cure: "push by digest, without tags (`docker-bake.json` of `bakeplan plan` says so), and merge"
    }
    UnplannedIndex "unplanned-index" Error {
        what: "an index under the tag of an image with `index = false`",
        cause: "the build had attestations, or the image was published as an index before",
        cure: "build without attestations (`provenance: false` for docker/bake-action) and merge; or leave `index = false` out of the definition"
    }
    PlatformMissing "platform-missing" Error or Note {
        what: "an index without a platform that is planned",
        cause: "its build failed, or another merge or `--append` ran at the same time and the last one won",
        cure: "push by digest, merge in one job, and never append; run the merge again"
    }
    PlatformTwice "platform-twice" Error or Warning {
        what: "an index that has a platform twice",
        cause: "an image was appended to an index that had its platform (`--append`)",
        cure: "merge again from the metadata of one run"
    }
    UnplannedPlatform "unplanned-platform" Warning {
        what: "an index with a platform that is not planned",
        cause: "the plan is not the one that the index was made from, or an image was appended",
        cure: "merge again from the metadata of one run"
    }
    WrongPlatform "wrong-platform" Error {
        what: "an index that gives an image a different platform than the image's configuration",
        cause: "the index was made by hand, or the Dockerfile's base is for another platform",
        cure: "look at `FROM --platform=…`, build that platform again and merge"
    }
    WrongMachine "wrong-machine" Error {
        what: "with `--content`: an image whose program is for another machine than its platform",
        cause: "the program was copied from another platform, or built for the machine of the runner: its Dockerfile does not use `TARGETARCH`, or a base is fixed with `--platform`",
        cure: "build the program for the image's platform, and merge again"
    }
    UnreadProgram "unread-program" Note {
        what: "with `--content`: an image whose program cannot be found or read, and why",
        cause: "an image need not run anything, and not every layer or program can be read",
        cure: "nothing, if the note says what you know; else start the image on its platform"
    }
    SameLayers "same-layers" Note {
        what: "images for different machines with the same layers, as images of data have them",
        cause: "an image that holds data alone is the same for all machines; one with a program is not",
        cure: "nothing, if the image holds data; `bakeplan verify --content` reads what it runs"
    }
    NoPlatform "no-platform" Warning {
        what: "an index that gives an image no platform",
        cause: "the index was made by hand",
        cure: "merge with `bakeplan merge` or `docker buildx imagetools create`, which look the platform up"
    }
    UnknownPlatform "unknown-platform" Error {
        what: "an attestation that lost its annotations, so that clients treat it as an image",
        cause: "the annotations that mark an attestation were dropped, as regctl, oras and home-made scripts do; clients may take it for an image",
        cure: "merge again with `bakeplan merge` or `docker buildx imagetools create`"
    }
    NestedIndex "nested-index" Error {
        what: "an index in an index",
        cause: "an index was put into another index unchanged, as oras, regctl and `crane index append --flatten=false` do; many clients find no platform in it",
        cure: "merge again with `bakeplan merge` or `docker buildx imagetools create`"
    }
    OrphanAttestation "orphan-attestation" Warning {
        what: "an attestation whose image is not in the index",
        cause: "its platform was taken out or replaced, and the attestation stayed",
        cure: "merge again from the metadata of the builds"
    }
    AttestationMissing "attestation-missing" Warning {
        what: "an image without the attestation of its build",
        cause: "whatever made the index left out the attestations of the build",
        cure: "merge again with `bakeplan merge` or `docker buildx imagetools create`"
    }
    WrongSubject "wrong-subject" Error {
        what: "an attestation that is about another image than the index says",
        cause: "the annotations of the index were changed, or the index was put together by hand",
        cure: "merge again from the metadata of the builds"
    }
    OtherBuild "other-build" Error {
        what: "a tag with a different build than in the metadata",
        cause: "another run gave the tag its own build",
        cure: "merge again if this build is the one that counts"
    }
    OtherPlan "other-plan" Error or Warning {
        what: "an image whose labels or annotations differ from the plan's: the build is from another plan",
        cause: "the metadata of another run was merged, or the build got different labels or annotations than planned",
        cure: OTHER_PLAN_CURE
    }
    OtherVersion "other-version" Error or Warning {
        what: "a tag of one version with the content of another, as that says itself, or as the own tag of the other version shows",
        cause: "another version was built or published under this version's tag, or somebody moved a floating tag by hand; or both have the same content, or a base image's label was inherited",
        cure: "floating tags: `bakeplan promote --floating REPOSITORY --plan plan.json`; a version's own tag: build and merge this version again; where both versions rightly have the same content, verify with `--metadata`"
    }
    UnknownVersion "unknown-version" Note {
        what: "a tag of a version with content that does not say which version it is, which could not be compared with all other versions",
        cause: "the account may not list tags, or there are too many versions to look at; and the plan gives the image no version as a label or annotation",
        cure: "plan the annotation or label `org.opencontainers.image.version`, or verify with `--metadata`"
    }
    TagMoved "tag-moved" Error {
        what: "`REPOSITORY:TAG@DIGEST` where the tag has a different digest now",
        cause: "the tag was given another digest since the reference was written",
        cure: "update the digest, or take the tag out of the reference"
    }
    BehindGreater "behind-greater" Error or Warning {
        what: "a floating tag that has something else than the greatest version whose own tag is there",
        cause: "two merges ran at the same time, a list of tags showed a version late, or somebody moved the tag by hand or with `--allow-backward`",
        cure: "`bakeplan promote --floating REPOSITORY --plan plan.json`; if the greater version was taken back, name it in `withdrawn` of the image and plan again"
    }
    TagKept "tag-kept" Note {
        what: "a floating tag that rightly belongs to a greater version or a later run",
        cause: "a greater version is published, or a later run has moved the tag",
        cure: "nothing: that is what the merge does"
    }
    Held "held" Note {
        what: "with `--result`: an image or tag that the merge left as it was",
        cause: "a build is missing, so that the merge left the tags of the image as they were",
        cure: "run the jobs of the missing builds again, then the merge"
    }
    NoTagsYet "no-tags-yet" Note {
        what: "with `--result`: an image that the merge has not tagged yet",
        cause: "the merge was run with `--no-tags`",
        cure: "run `bakeplan merge --result FILE` with its report once the image has passed"
    }
    UnlistedTags "unlisted-tags" Warning {
        what: "a floating tag whose owner is unknown, because tags cannot be listed",
        cause: "the account may not list tags (`ecr:ListImages` on AWS), or the registry has no list of them; a merge leaves such tags as they are",
        cure: "grant the right to list tags, or merge with `--trust-known-versions`"
    }
    TagsDisagree "tags-disagree" Error {
        what: "tags of one image with different digests",
        cause: "a merge stopped halfway, or another run moved some of the tags",
        cure: "run `bakeplan merge` again"
    }
    RepositoriesDisagree "repositories-disagree" Error or Warning {
        what: "repositories of one image with different digests",
        cause: "one repository took the merge and another did not, or they were published by different runs",
        cure: "run `bakeplan merge` again: it only writes what is missing"
    }
    WrongAnnotations "wrong-annotations" Error or Warning {
        what: "annotations of the index, or of a descriptor in it, that are not the planned ones",
        cause: "tools that merge drop the annotations of an index unless they are given",
        cure: "merge with `bakeplan merge`, which takes them from the plan"
    }
    MixedMediaTypes "mixed-media-types" Warning {
        what: "an index with Docker's and OCI's media types",
        cause: "some builds were made with `oci-mediatypes=false` or by another tool; Quay refuses such an index",
        cure: "build all platforms with the same `oci-mediatypes`"
    }
    WrongMediaType "wrong-media-type" Error {
        what: "a descriptor with another media type than what it describes",
        cause: "the index was made by hand, or from a manifest that was converted since",
        cure: "merge again with `bakeplan merge` or `docker buildx imagetools create`"
    }
    WrongSize "wrong-size" Error {
        what: "a descriptor with another size than what it describes",
        cause: "a push broke off, or the manifest was made by hand",
        cure: "build that platform again and push it"
    }
    DigestMismatch "digest-mismatch" Error {
        what: "content that does not match its digest",
        cause: "something between here and the registry changes content, or the registry is damaged",
        cure: "try from another network; if it persists, build and push again"
    }
    InvalidManifest "invalid-manifest" Error {
        what: "content that is not a manifest",
        cause: "it was not written by an image tool, or it was damaged",
        cure: "build and push again"
    }
    TooLarge "too-large" Error {
        what: "a manifest of more than 4 MiB",
        cause: "it was not written by an image tool",
        cure: "build and push again"
    }
    TooManyManifests "too-many-manifests" Error {
        what: "an index of more than 500 entries",
        cause: "it was not written by an image tool, or images were appended endlessly",
        cure: "merge again from the metadata of one run"
    }
    Refused "refused" Error {
        what: "content that the registry refuses to serve",
        cause: "the registry cannot serve what the manifest refers to, such as digests of an unknown algorithm",
        cure: "build and push again with sha256, or ask whoever runs the registry"
    }
    BuildGone "build-gone" Note {
        what: "an index of a single build that was removed, so that the tag cannot be compared with it",
        cause: "registries with clean-ups remove the index of a single build when it has no tag; its images stay in the tag",
        cure: "nothing, unless the tag has other problems"
    }
    IsAnIndex "is-an-index" Note {
        what: "an index, with `--explain`: some tools only accept the manifest of one image",
        cause: "since buildx 0.10 a build has an attestation of its provenance, and with it even one platform makes an index",
        cure: "`bakeplan merge` and `docker buildx imagetools create` take it as it is; `docker manifest create` says `is a manifest list` and needs builds with `provenance: false`"
    }
    DockerTypesOnly "docker-types-only" Note {
        what: "with `--explain`: an image with OCI's media types, which old clients do not accept",
        cause: "the image is fine, but its media types are OCI's: a client that accepts only Docker's gets `no such manifest`",
        cure: "update the client, or build with `provenance: false` and `oci-mediatypes=false`"
    }
    AttestationSubject "attestation-subject" Warning {
        what: "with `--explain`: attestations in a form that GitLab refuses",
        cause: "BuildKit 0.32 and later writes attestations that refer to their image by `subject`, and GitLab refuses new ones: `blob unknown` with the digest of the image",
        cure: "build with `oci-artifact=false` in `output`, or with BUILDX_NO_DEFAULT_OCI_ARTIFACT=1"
    }
    Role "role" Note {
        what: "with `--explain`: what a digest is",
        cause: "a registry reports the digest that it lacks",
        cure: "see the other findings about it"
    }
}

impl Code {
    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The same as that of a diagnostic.
    #[must_use]
    pub fn code(self) -> code::Code {
        code::Code::declared(self.row())
    }
}

impl From<FaultKind> for Code {
    fn from(kind: FaultKind) -> Self {
        match kind {
            FaultKind::DigestMismatch | FaultKind::Damaged => Self::DigestMismatch,
            FaultKind::TooLarge => Self::TooLarge,
            FaultKind::Invalid => Self::InvalidManifest,
            FaultKind::Refused | FaultKind::Missing | FaultKind::Failed | FaultKind::Denied => Self::Refused,
        }
    }
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let names = Self::ALL.iter().map(|code| code.name());
        let object = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names));
        object.description(Some("What was found.")).into()
    }
}

impl ToSchema for Code {}

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
