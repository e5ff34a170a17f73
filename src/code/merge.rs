//! Codes of `merge`, `promote` and `verify`: plans, metadata, builds and tags.

use super::example::{run, when};
use super::row::codes;

codes! {
    guide: "docs/reference/merge.md";

    NOT_A_PLAN "not-a-plan" [Error] {
        cause: "A file that is read as a plan, such as that of `--plan` or of `diff`, is not a `plan.json`, or has a schema that this version of bakeplan does not read.",
        example: run("merge --plan plan.json --metadata a.json", &[("plan.json", "{}\n"), ("a.json", "{}\n")]),
        cure: "Name a `plan.json`, or for `diff` the folder of `--out`. Write it with `bakeplan plan --out DIR`, by the same version of bakeplan that reads it.",
    }
    NOT_A_RESULT "not-a-result" [Error] {
        cause: "The file of `--result` is not what `merge` printed, is that of a dry run, does not fit the plan, or the registry has other content than it says.",
        example: when("`bakeplan merge --result` with a file that was edited."),
        cure: "Give the JSON as `bakeplan merge --format json` prints it, or as the output `result` of `--github` has it.",
    }
    NOT_METADATA "not-metadata" [Error] {
        cause: "A file of `--metadata` is not build metadata: it is not JSON, or the digest or another field in it is not valid.",
        example: when("`--metadata` names a log, or a digest that was cut off."),
        cure: "Give what `docker buildx bake --metadata-file` writes, or the output `metadata` of docker/bake-action.",
    }
    NO_METADATA "no-metadata" [Note] {
        cause: "Nothing in the metadata is about a build of this plan: a folder has no files, a file is not a JSON object, or all entries belong to other targets.",
        example: when("`--metadata` names the folder above the one that the artifacts were downloaded to."),
        cure: "Give the files that the build jobs write with `docker buildx bake --metadata-file FILE`, or their folder.",
    }
    UNPLANNED "unplanned" [Note] {
        cause: "The metadata has builds that this plan does not know. They are skipped.",
        example: when("One metadata file for several Bake files, merged with the plan of one."),
        cure: "Nothing, if those builds are for something else.",
    }
    NOT_PLANNED "not-planned" [Note] {
        cause: "The plan does not build some images, since nothing of them changed. Their tags stay as they are.",
        example: when("`bakeplan plan --changed-since main`, where a commit changed one image of two."),
        cure: "Nothing. `verdicts` in `plan.json` has the reasons, and `bakeplan plan --all` builds everything.",
    }
    NO_DIGEST "no-digest" [Note] {
        cause: "The metadata has a build of the plan without a digest, so it pushed nothing. It counts as missing.",
        example: when("A build with `--publish=false`, or with `type=docker` as its output."),
        cure: "Build the targets of this plan's `docker-bake.json` with `--push`.",
    }
    NO_ID "no-id" [Note] {
        cause: "Metadata does not say which plan it belongs to, so builds of another plan are noticed only if their labels or annotations differ.",
        example: when("Metadata files with names that the workflow chose itself."),
        cure: "Write the metadata of each job to the file that `metadata` in its row of the matrix names.",
    }
    SAME_DIGEST "same-digest" [Note] {
        cause: "Builds of different images pushed one digest, so that the images have the same content.",
        example: when("The metadata of one build was given to another one by mistake; or two images rightly are the same."),
        cure: "Nothing, if the images are to have the same content; else build them again.",
    }
    OTHER_REPOSITORY "other-repository" [Note] {
        cause: "By its metadata, a build was pushed to repositories that are not those of its image, and its digest is there all the same.",
        example: when("Metadata of another project, which built the same content."),
        cure: "Give the metadata that the builds of this plan wrote.",
    }
    DIGEST "digest" [Error] {
        cause: "`--metadata TARGET=DIGEST` has a digest that is not complete, or has no algorithm.",
        example: when("`--metadata app-linux-amd64=4f53cda18c2b`, an id as `docker images` shows it."),
        cure: "Write it in full, as `containerimage.digest` in the metadata of the build does: `sha256:` and 64 digits.",
    }
    TWO_DIGESTS "two-digests" [Error] {
        cause: "The metadata has two different digests for one build, as when files of two runs are in one folder.",
        example: when("A job was run again, and both of its artifacts were downloaded."),
        cure: "Give the metadata of one run only: a build that is run again must replace its file.",
    }
    NOT_A_BUILD "not-a-build" [Error] {
        cause: "`--metadata NAME=DIGEST` names an image of the plan. A merge is made of builds, one for each platform.",
        example: when("`bakeplan merge --metadata app=sha256:…`, where `app` is the image and `app-linux-amd64` a build."),
        cure: "Name builds. `bakeplan promote IMAGE=DIGEST --plan FILE` gives an index that is there the tags of its image.",
    }
    NOT_REUSABLE "not-reusable" [Error] {
        cause: "The plan reuses an index that is gone, is not whole, or does not record the inputs that are planned for all builds of its image. Nothing is written.",
        example: when("A clean-up has removed the index since the plan was made, or somebody edited `reused` in `plan.json`."),
        cure: "Make the plan again: what cannot be reused is built then. `plan --all` builds everything, whatever is published.",
    }
    UNRECORDED_INPUTS "unrecorded-inputs" [Note] {
        cause: "The plan knows what decides the builds of an image, and its index cannot record that: it has no index, or is a Docker manifest list, which has no annotations. Later plans build it again each time.",
        example: when("An image with `index = false`, in a plan that was made with `--inputs`."),
        cure: "Leave `index = false` out, or build with `oci-mediatypes=true` in `output`; or leave it: such an image is always built.",
    }
    OTHER_PLAN "other-plan" [Error] {
        cause: "Metadata, a result or a build belongs to another plan: it names another id, its labels or annotations are not the planned ones, or it is of another commit.",
        example: when("A `plan.json` of this run is merged with metadata files that an earlier run left in the folder."),
        cure: "Give the `plan.json` and the metadata of one run.",
    }
    MISSING_BUILD "missing-build" [Error] {
        cause: "Something that was built is not in the repository: a manifest, a layer or a configuration that the metadata or an index refers to. Clean-ups of untagged images delete it, or its push broke off.",
        example: when("The merge runs hours after the builds, in a registry that removes what has no tag."),
        cure: "Build that platform again and merge soon after; keep clean-ups away from untagged images.",
    }
    NOT_BUILT "not-built" [Note Warning] {
        cause: "A platform was not built, and `on_missing` lets the image be published all the same: without it (`drop`), or with what was published before (`carry`).",
        example: when("The arm64 job failed, in an image with `on_missing = \"carry\"`."),
        cure: "Run the job of that platform again, then the merge.",
    }
    SEVERAL_PLATFORMS "several-platforms" [Error] {
        cause: "A build pushed an index with several platforms, or none, and the plan has one platform for each build.",
        example: when("The target of the source file was built instead of those of the plan's `docker-bake.json`."),
        cure: "Build the targets of `docker-bake.json`. An index of all platforms gets its tags by `bakeplan promote`.",
    }
    NESTED_INDEX "nested-index" [Error] {
        cause: "A build pushed an index that contains another index. Many clients find no platform in it.",
        example: when("The build pushed what `docker buildx imagetools create` or `oras` put together."),
        cure: "Push the build itself, not an index that contains it.",
    }
    INVALID_MANIFEST "invalid-manifest" [Error] {
        cause: "What a build pushed, or what is to get a tag, is not a manifest of an image or an index, or its configuration cannot be read.",
        example: when("An artifact that is not an image, such as a Helm chart, under the digest of a build."),
        cure: "Build and push again.",
    }
    UNPLANNED_INDEX "unplanned-index" [Error] {
        cause: "The image is published without an index (`index = false`), and a build or a promoted digest is an index, as every build with attestations is.",
        example: when("An image with `index = false` that was built by docker/bake-action, which adds provenance."),
        cure: "Build without attestations (`provenance: false`), or leave `index = false` out.",
    }
    PLATFORM_MISSING "platform-missing" [Error] {
        cause: "An index that is to get tags lacks a platform that is planned.",
        example: when("`bakeplan promote` of an index whose arm64 build failed."),
        cure: "Promote an index of all platforms, or plan fewer.",
    }
    PLATFORM_TWICE "platform-twice" [Error] {
        cause: "Two builds are for the same platform, or an index has one twice. Which one a client gets would be chance.",
        example: when("A build of the arm64 job ran on an amd64 base image."),
        cure: "Check `FROM --platform=…` in the Dockerfile, and merge the metadata of one run.",
    }
    UNPLANNED_PLATFORM "unplanned-platform" [Error] {
        cause: "An index that is to get tags has a platform that is not planned.",
        example: when("`bakeplan promote` of an index with a platform that was dropped from the definition since."),
        cure: "Promote what was built from this definition, or plan the platform.",
    }
    WRONG_PLATFORM "wrong-platform" [Error] {
        cause: "What a build pushed is for another platform than planned, by its configuration, or an index says something else than the configuration of its image.",
        example: when("A Dockerfile with `FROM --platform=linux/amd64` in the build for `linux/arm64`."),
        cure: "Correct the base of the Dockerfile, and build that platform again.",
    }
    WRONG_SIZE "wrong-size" [Error] {
        cause: "A manifest or blob has another size than what refers to it says.",
        example: when("A push broke off, and the registry kept a part."),
        cure: "Build that platform again and push it.",
    }
    WRONG_MEDIA_TYPE "wrong-media-type" [Error] {
        cause: "A manifest has another media type than the index that refers to it says.",
        example: when("A tool rewrote the index of a build and gave its image Docker's media type, though its manifest is OCI's."),
        cure: "Build that platform again, and push without a tool in between that rewrites the index.",
    }
    UNREAD_CONFIGURATION "unread-configuration" [Note] {
        cause: "The account may push, and not read the configurations of images, so that nothing compares the platforms in them with those that are published.",
        example: when("A policy of AWS for pushing alone, which lacks `ecr:GetDownloadUrlForLayer`."),
        cure: "Grant the right to pull, or run `bakeplan verify` where that right exists.",
    }
    ORPHAN_ATTESTATION "orphan-attestation" [Warning] {
        cause: "A build has an attestation that refers to an image that is not in it.",
        example: when("Something took the image out of the index of a build and left the attestation."),
        cure: "Build again, and push without a tool in between that rewrites the index.",
    }
    MIXED_BASES "mixed-bases" [Error] {
        cause: "The builds of one image have different bases: a tag in `FROM` moved between them, so that the platforms of one image would differ.",
        example: when("`FROM debian:12` was updated between the build for amd64 and a later one for arm64."),
        cure: "Run the older of these builds again, or pass `--allow-mixed-bases`.",
    }
    CARRIED_BASES "carried-bases" [Note] {
        cause: "A platform was not built and is carried over from the published index (`on_missing = \"carry\"`), and its base differs from that of the builds: the tag in `FROM` moved between them.",
        example: when("`FROM debian:12` was updated since the last run, and the build for arm64 failed in this one."),
        cure: "Nothing, if that is acceptable; else build the platform again, so that all have the same base.",
    }
    DAMAGED_SOURCE "damaged-source" [Warning] {
        cause: "What an image needs could not be read from the first repository that should have it, because something was missing, refused or damaged there; it was taken from another repository of the image.",
        example: when("A mirror is filled, and a layer is gone from the first of two `repositories`."),
        cure: "Nothing for the copy: it is complete. `bakeplan verify` of the repositories says what is wrong with the first one.",
    }
    UNKNOWN_BASES "unknown-bases" [Note] {
        cause: "Neither the metadata nor an attestation of a build has its provenance, so nothing tells whether all builds have the same bases.",
        example: when("Builds with `provenance: false`."),
        cure: "Nothing, or build with provenance: `mode=min` is enough.",
    }
    MIXED_MEDIA_TYPES "mixed-media-types" [Warning] {
        cause: "Some builds have Docker's media types and others OCI's. Quay and others refuse such an index.",
        example: when("One platform was built with `oci-mediatypes=false`."),
        cure: "Build all platforms with the same `oci-mediatypes` in `output`.",
    }
    SAME_LAYERS "same-layers" [Note] {
        cause: "Images for different machines have the same layers. Images that hold data alone do; one that runs something would not run on all of them.",
        example: when("A program for amd64 was copied into the images of both platforms."),
        cure: "Nothing, if the image holds data; `bakeplan verify --content` reads what it runs.",
    }
    SAME_AS_WITHDRAWN "same-as-withdrawn" [Warning] {
        cause: "A version has the content of one that is withdrawn, so that it gets no floating tag, either.",
        example: when("The tag `1.4.2` was moved to the broken image of `1.4.3`, and `1.4.3` is withdrawn."),
        cure: "Publish the version anew, or take the other one out of `withdrawn`.",
    }
    HELD "held" [Warning] {
        cause: "The merge left an image or a tag as it was: a build is missing, another image that all require is, tags cannot be listed so that a greater version may be there, no version is left for a tag that was withdrawn, or what is to get tags has the tags of two versions and nothing tells which one it is.",
        example: when("The job for arm64 failed, and the merge ran all the same."),
        cure: "Run the missing job again, then the merge. Where tags cannot be listed, grant that right or pass `--trust-known-versions`.",
    }
    UNKNOWN_VERSION "unknown-version" [Note Error] {
        cause: "It is not known which version something is, so it could take a floating tag back to an older one. `promote` refuses that; a merge notes that it could not compare.",
        example: when("`bakeplan promote ghcr.io/acme/app:sha-1234567 --to ghcr.io/acme/app:latest` of an index without the annotation `org.opencontainers.image.version`."),
        cure: "Promote the version's own tag, or pass `--allow-backward` to move the tag all the same.",
    }
    UNKNOWN_COMMIT "unknown-commit" [Note] {
        cause: "What is promoted gets the tag of a commit, and neither its annotations, its provenance nor another tag of it tells of which commit it is.",
        example: when("`bakeplan promote --plan` of a digest that was built without provenance, with a plan whose tags have `{{ sha }}`."),
        cure: "Nothing, if it was built from that commit; otherwise promote what was.",
    }
    TAG_LIST "tag-list" [Error Warning] {
        cause: "The list of tags of a repository contradicts what the registry serves: it lacks an existing tag, or one that was just written. A greater version may be missing from it, too.",
        example: when("A registry whose lists lag behind by some seconds, and two merges in a row."),
        cure: "Merge again later, or move the tags anyway with `--allow-backward`.",
    }
    DAMAGED_TAG "damaged-tag" [Warning] {
        cause: "The previous content of a tag cannot be read, so the tag is written anew.",
        example: when("The index of a tag refers to a manifest that a clean-up removed."),
        cure: "Nothing, if the merge succeeded.",
    }
    DAMAGED_INDEX "damaged-index" [Warning] {
        cause: "The registry did not serve an index that a tag names. The merge wrote it again.",
        example: when("A registry that lost a file and got the same index again."),
        cure: "Check the registry: its storage may be damaged.",
    }
    NOT_STORED "not-stored" [Error] {
        cause: "The registry accepted an index, a blob or a tag but does not serve it, or reported another digest than that of what was sent. No tag was moved to what is not there.",
        example: when("A registry whose disk is full answers 201 and keeps nothing."),
        cure: "Check the registry and its address, and merge again.",
    }
    NOT_READABLE "not-readable" [Error] {
        cause: "A tag was written and cannot be read yet.",
        example: when("A registry that needs minutes until a tag is served everywhere."),
        cure: "Wait longer with `--wait`, or run the merge again.",
    }
    CONCURRENT_CHANGE "concurrent-change" [Error Warning Note] {
        cause: "Another run changed a tag between writing and reading it, perhaps again and again. It is a warning or a note where the merge gave the tag back to the version that it published.",
        example: when("Two merges of one repository run at the same time."),
        cure: "Run the merge again when the other one has ended.",
    }
    OVERWRITTEN_VERSION "overwritten-version" [Error] {
        cause: "Two runs of git tags publish one version for the first time at the same moment: another one has written the version's own tag after this merge did, or before it without being seen. The floating tags of the image stay as they are.",
        example: when("The git tag was moved while its first run was still building, so that two runs publish other commits as one version."),
        cure: "See which commit the git tag is on, and run the merge of its run again when the other one has ended.",
    }
    EXISTING_RELEASE "existing-release" [Error Warning Note] {
        cause: "With `--keep-existing`: the version is published already and stays so. It is a warning where what is published lacks a planned platform, whose floating tags then stay as they are, and an error where its tags have different digests, it cannot be read, it is not whole, or it may not get the tags of the plan: it says or shows by its tags that it is another version, or has other platforms.",
        example: when("`bakeplan merge --keep-existing` in a second run of the same release."),
        cure: "Merge without `--keep-existing` to publish what was built now.",
    }
    COPIED_BUILD "copied-build" [Note] {
        cause: "A build is in one repository of its image and was missing in another, so the merge copied it there.",
        example: when("The builds push to one registry, and the image has two."),
        cure: "Nothing; it is faster to push to every repository, as `docker-bake.json` says.",
    }
    COMPOSE "compose" [Error] {
        cause: "The index of an image cannot be put together: a Docker manifest list has no place for annotations, or an image without an index is not one manifest.",
        example: when("`annotations` in an `image` block whose targets are built with `oci-mediatypes=false`."),
        cure: "Build with `oci-mediatypes=true`, or leave the annotations out.",
    }
    FAILED_BEFORE "failed-before" [Error] {
        cause: "`merge --result` gives tags to what `merge --no-tags` wrote, and that merge failed for this image.",
        example: when("The first merge ended with exit code 1, and the second was run all the same."),
        cure: "Run `bakeplan merge --no-tags` again until it succeeds.",
    }
    NOT_AS_PLANNED "not-as-planned" [Warning Note] {
        cause: "What is promoted has other labels or annotations than the plan, and keeps them. It is a note for a release that stays as it is (`--keep-existing`).",
        example: when("`bakeplan promote --plan` of an index that another tool made."),
        cure: "Nothing, if this is intended; otherwise build it from this plan.",
    }
    DOCKER "docker" [Error] {
        cause: "With `--engine docker`: `docker buildx imagetools create` failed, or cannot write the image, because a part of it is in another repository.",
        example: when("Docker is not logged in to the registry."),
        cure: "Follow Docker's message, or merge without `--engine docker`.",
    }
    SOURCE "source" [Error] {
        cause: "A source of `promote` is not `REPOSITORY:TAG`, `REPOSITORY@DIGEST` or, with a plan, `IMAGE=SOURCE` for one of its images.",
        example: run("promote app --to ghcr.io/acme/app:1.4.2", &[]),
        cure: "Name the repository and the tag or digest, such as `ghcr.io/acme/app:sha-1234567`.",
    }
    NO_SOURCE "no-source" [Error] {
        cause: "The image or index to promote does not exist: its tag is misspelt, or it has none and a clean-up removed it.",
        example: when("`bakeplan promote` of a digest from last month, or of a tag that was never published."),
        cure: "Check the name of the tag. What a clean-up removed has to be built and merged again.",
    }
    KEPT_TAG "kept-tag" [Warning Note] {
        cause: "A tag that `promote --to` names belongs to a greater version or a later run, so it stays. Or a later run has published the same version. Or the index of a floating tag says that it is a greater version. Or it names the commit of an `immutable` image, and stays with what was published first of that commit. Of a tag that `promote --to` names this is a warning, and the exit code is 5.",
        example: when("`bakeplan promote ghcr.io/acme/app:1.4.2 --to ghcr.io/acme/app:latest` to go back from 1.5.0."),
        cure: "Pass `--allow-backward` to move it back all the same. To take a version back for good, set `withdrawn` in the image and use `promote --floating`.",
    }
    TAG_MOVED "tag-moved" [Error] {
        cause: "A source of `promote` has a tag and a digest, `REPOSITORY:TAG@DIGEST`, and the tag has another digest now.",
        example: when("Another run moved the tag after it was tested."),
        cure: "Promote the digest, or what the tag has now.",
    }
    TAGS "tags" [Error] {
        cause: "The tags that `promote --to` names cannot stand beside each other, such as one that moves with more numbers than the version of the image has.",
        example: when("No command line is known to produce it: what `promote` can refuse has a code of its own."),
        cure: "Follow the message, and please report it.",
    }
    NO_FLOATING "no-floating" [Error] {
        cause: "A withdrawal gives floating tags back to the version before, and the plan has no tag in that repository that floats with versions.",
        example: when("`bakeplan promote --floating ghcr.io/acme/app --plan plan.json`, where the only version of the plan is withdrawn."),
        cure: "Plan a version that is not withdrawn: the tags of that plan say which floating tags there are.",
    }
    TWO_OWNERS "two-owners" [Error] {
        cause: "Images of the plan disagree which version a floating tag is for.",
        example: when("Two images share a repository and a floating tag, and use other patterns for it."),
        cure: "Give the tag by hand: `bakeplan promote SOURCE --to REPOSITORY:TAG`.",
    }
    REPOSITORY_NOT_ALLOWED "repository-not-allowed" [Error] {
        cause: "The plan publishes in a repository that no `--repository` of the merge allows. A plan can come from a definition that others may change.",
        example: when("`bakeplan merge --repository 'ghcr.io/acme/*'` with a plan that names `docker.io/acme/app`."),
        cure: "If it is intended, allow it with `--repository NAME`; `*` stands for anything but `/`.",
    }
    REFERRERS "referrers" [Warning] {
        cause: "What refers to an image, such as signatures and attestations, could not be listed, or not completely copied to a mirror.",
        example: when("A registry without the referrers API, between an outage and the next merge."),
        cure: "Merge again, or copy the rest by hand.",
    }
    NO_REFERRERS "no-referrers" [Error Note Warning] {
        cause: "A repository has no list of what refers to an image, so signatures and other artifacts that are attached in this way are not copied to a mirror, and `verify --keep-set` does not know them, so that it prints nothing without `--allow-gaps`.",
        example: when("A merge with `mirrors` from a registry without the referrers API."),
        cure: "Attach them to the copies as well, and let clean-ups leave manifests with a `subject` alone. What tags name that begin with the digest of an image (`sha256-…`) is copied and kept.",
    }
    LIST_END "list-end" [Error Warning] {
        cause: "`verify --keep-set`: a registry does not say that its list of tags is whole. It refuses to say what follows the last tag, or does not know that question; some such registries cut long lists without a word. Nothing is printed then without `--allow-gaps`.",
        example: when("A repository of Amazon ECR, or a registry that ignores `last` in `tags/list?last=TAG`."),
        cure: "Compare the list with what the registry itself shows before anything is deleted. `--plan` also requires that the tags of a plan are in the list.",
    }
    SIGNATURE "signature" [Warning] {
        cause: "A tag of signatures in a mirror has something that the source lacks, so it stays as it is.",
        example: when("The image was signed in the mirror itself."),
        cure: "Nothing, if the signatures of the mirror are right; otherwise remove the tag there and merge again.",
    }
    TOO_MUCH "too-much" [Error] {
        cause: "The references have more parts than are checked in one run.",
        example: when("`bakeplan verify` with thousands of references."),
        cure: "Check fewer references at once.",
    }
    CHANGED_MEANWHILE "changed-meanwhile" [Error] {
        cause: "`verify --keep-set` reads all tags of a repository twice, and they changed in between. Whatever was pushed meanwhile would be lost.",
        example: when("A release runs while the clean-up asks what to keep."),
        cure: "Run it again.",
    }
    NOT_KNOWN "not-known" [Error] {
        cause: "`verify --keep-set` cannot tell what the tags need: something cannot be read, or a repository has no tags or does not exist. An empty answer would mean that nothing is to be kept.",
        example: when("The name of the repository is misspelt."),
        cure: "Delete nothing before this is known. Check the name, or leave the repository out.",
    }
}
