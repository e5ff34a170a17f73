//! Codes of `image` blocks: what is published where, for which platforms, on which runners.

use super::example::{file, run};
use super::row::codes;

codes! {
    guide: "docs/reference/images.md";

    NO_IMAGES "no-images" [Note Error] {
        cause: "Nothing is published: no target that Bake would build has a tag with a repository, and there is no `image` block. Or an `image` block covers no target (`targets = []`), or all of its platforms are left out (`skip = true`). Where something must be published, such as for a workflow or a table of tags, this is an error; a merge reports an index that holds no image, and `init` that nothing in the repository publishes one in a way that it reads.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"app:dev\"]\n}\n").fixed("app:dev", "ghcr.io/acme/app:dev"),
        cure: "Give a target a tag with a repository, such as `ghcr.io/acme/app:1.0`, name targets that have one, or add an `image` block. Tags that a CI step adds later are not known here.",
    }
    NO_REPOSITORY "no-repository" [Error] {
        cause: "An `image` block does not say where the image is published, and its target has no tag with a repository either.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  version = \"1.4.2\"\n}\n").fixed("image \"app\" {", "image \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]"),
        cure: "Set `repositories = [\"ghcr.io/acme/app\"]`.",
    }
    NO_TAG "no-tag" [Error Note] {
        cause: "An image has no tag in this run: its patterns need facts that the run does not have, which is also said where it has other tags, its tags belong to greater versions, or it can never have a tag, such as when the variable that its only tag is made of has no value. It is an error where no run could have one, and in a run of a git tag that no image is for, unless conditions that tell git tags apart decline it.",
        example: run("plan --fact tag=v1.4.2", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags         = [{ pattern = \"{{ branch }}\", when = \"branch\" }]\n}\n")]).fixed("tag=v1.4.2", "branch=main"),
        cure: "Check what `version`, `tag_prefix` and `tags` accept, and set the variables in them; or do not run for such tags.",
    }
    REPOSITORY "repository" [Error Warning] {
        cause: "An entry of `repositories` or `mirrors` is not the name of a repository, such as one with a tag, an upper-case letter or a pattern that is not about the image. As a warning: an entry has neither an owner nor a registry, so it is one of Docker's official images; or its host is one character away from a well-known registry (`ghrc.io`), in a tag of a target as well.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/Acme/app\"]\n  version      = \"1.4.2\"\n}\n").fixed("Acme", "acme"),
        cure: "Write it in lower case and without a tag: `ghcr.io/acme/app`. `{{ image }}` and `{{ key }}` may be part of it.",
    }
    REFERENCE "reference" [Error] {
        cause: "A tag of a target is not a valid reference of an image, often because a variable in it is empty.",
        example: file("variable \"TAG\" { default = \"\" }\n\ntarget \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:${TAG}\"]\n}\n").fixed("default = \"\"", "default = \"1\""),
        cure: "Write `REPOSITORY:TAG`, and set the variables that it is made of.",
    }
    MIRROR "mirror" [Error] {
        cause: "An image has the same repository among its `repositories` and its `mirrors`. Builds push to the former, and the merge copies to the latter.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  mirrors      = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n}\n").fixed("mirrors      = [\"ghcr.io/acme/app\"]", "mirrors      = [\"quay.io/acme/app\"]"),
        cure: "Name it in one of the two.",
    }
    DUPLICATE_IMAGE "duplicate-image" [Error] {
        cause: "Two `image` blocks in one file have the same name, or the defaults (`image` without a label) are there twice, or two images get the same name. Blocks of one name in several files merge.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\nimage \"app\" {}\nimage \"app\" {}\n").fixed("image \"app\" {}\nimage", "image"),
        cure: "Make it one block. A second image of the same target has another name and `target = \"app\"`.",
    }
    IMAGE_NAME "image-name" [Error] {
        cause: "The name of an image is empty, begins with `-`, or has blanks, `,` or `=` in it. Scripts take names from the matrix as arguments.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"my app\" {\n  target       = \"app\"\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n}\n").fixed("my app", "my-app"),
        cure: "Name it as `image \"app\" {`; `repositories` says where it is published, and `target` what builds it.",
    }
    IMAGE_DISAGREES "image-disagrees" [Error] {
        cause: "Targets that form one image disagree about an attribute of the image, or two images share a target and need a different build or runner of it.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n}\nimage \"tool\" {\n  target       = \"app\"\n  repositories = [\"ghcr.io/acme/tool\"]\n  version      = \"1.4.2\"\n  runners      = { default = \"ubuntu-24.04\" }\n}\n").fixed("  runners      = { default = \"ubuntu-24.04\" }\n", ""),
        cure: "Give them the same value, or build them from targets of their own.",
    }
    IMAGE_SECRETS "image-secrets" [Error] {
        cause: "`secret_variables` is about all variables of the definition and stands in the block of one image.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\nimage \"app\" {\n  secret_variables = [\"LICENSE\"]\n}\n").fixed("image \"app\" {\n  secret", "image {\n  secret"),
        cure: "Write it in the block without a label: `image {`.",
    }
    IMAGE_WORKFLOW "image-workflow" [Error] {
        cause: "A `workflow` block is about all images and stands in the block of one image, or a block has two of them.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\nimage \"app\" {\n  workflow {}\n}\n").fixed("image \"app\" {\n  workflow", "image {\n  workflow"),
        cure: "Write it in the block without a label: `image {`.",
    }
    DEFAULTS_TARGET "defaults-target" [Error] {
        cause: "`target` or `targets` stands in the `image` block without a label, which holds defaults for all images. Which target builds an image is said in the block of that image.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\nimage {\n  target = \"app\"\n}\n").fixed("image {\n", "image \"tool\" {\n"),
        cure: "Write `image \"NAME\" {` for a single image.",
    }
    TARGET_AND_TARGETS "target-and-targets" [Error] {
        cause: "An image has both `target` and `targets`. The first makes an image of each member of a matrix, the second one image of several targets.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\nimage \"tool\" {\n  target  = \"app\"\n  targets = [\"app\"]\n}\n").fixed("  targets = [\"app\"]\n", ""),
        cure: "Keep one of them.",
    }
    MATRIX_JOIN "matrix-join" [Error] {
        cause: "`targets` names several matrices, whose members form one image when the axes that they share have equal values, and one member has no partner.",
        example: file("target \"amd\" {\n  name      = \"amd-${os}\"\n  matrix    = { os = [\"debian\", \"alpine\"] }\n  platforms = [\"linux/amd64\"]\n}\ntarget \"arm\" {\n  name      = \"arm-${os}\"\n  matrix    = { os = [\"debian\"] }\n  platforms = [\"linux/arm64\"]\n}\n\nimage \"app\" {\n  targets      = [\"amd\", \"arm\"]\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n  variant      = os\n}\n").fixed("os = [\"debian\"] }", "os = [\"debian\", \"alpine\"] }"),
        cure: "Give the matrices the same values of the axes that they share.",
    }
    UNKNOWN_IMAGE "unknown-image" [Error] {
        cause: "The command line names something that is neither an image nor a target or group.",
        example: run("plan tool", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\nimage \"app\" {}\n")]).fixed("plan tool", "plan app"),
        cure: "Correct the name; `bakeplan plan` shows all images.",
    }
    PLATFORM "platform" [Error] {
        cause: "The label of a `platform` block, a key of `runners` or an element of `platforms` is not of the form `OS/ARCHITECTURE` or `OS/ARCHITECTURE/VARIANT`.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\nimage {\n  runners = { \"arm/\" = \"self-hosted\" }\n}\n").fixed("\"arm/\"", "\"linux/arm\""),
        cure: "Write a platform such as `linux/amd64`, `linux/arm64` or `linux/arm/v7`.",
    }
    DUPLICATE_PLATFORM "duplicate-platform" [Error] {
        cause: "A target lists a platform twice, perhaps in two spellings (`linux/arm64` and `linux/arm64/v8`), or two targets of one image are built for the same platform. An index has each platform once.",
        example: file("target \"app\" {\n  platforms = [\"linux/arm64\", \"linux/arm64/v8\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n").fixed(", \"linux/arm64/v8\"", ""),
        cure: "Leave one of them out.",
    }
    UNUSED_PLATFORM "unused-platform" [Error] {
        cause: "A `platform` block of an image, or a key of `runners`, is about a platform that the image is not built for.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n  platform \"linux/arm64\" {\n    dockerfile = \"Dockerfile.arm64\"\n  }\n}\n").fixed("[\"linux/amd64\"]", "[\"linux/amd64\", \"linux/arm64\"]"),
        cure: "Correct the platform, leave the block out, or add the platform to the target.",
    }
    UNKNOWN_PLATFORM "unknown-platform" [Error] {
        cause: "The operating system or the architecture of a platform is unknown to containerd, so nothing can build or run it; often it is misspelt. In a merge: what a build pushed names no platform, or has a manifest without one that is not an attestation, because something dropped its annotations.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd46\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n").fixed("amd46", "amd64"),
        cure: "Correct the platform. In a merge, build again, and push without a tool in between that rewrites manifests.",
    }
    UNKNOWN_VARIANT "unknown-variant" [Warning] {
        cause: "The variant of a platform is one that containerd knows no machine for, so that no client would choose it.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64/v9\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n").fixed("/v9", ""),
        cure: "Variants are `amd64/v2` to `v4`, `arm/v5` to `v8`, and `arm64/v8` and `v9` with minor versions such as `v8.2`.",
    }
    NO_RUNNER "no-runner" [Error] {
        cause: "No runner is named for a platform, and the default for all others does not apply: that of Windows, whose images need a Windows machine or can be built on Linux, depending on the Dockerfile.",
        example: file("target \"app\" {\n  platforms = [\"windows/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n").fixed("target \"app\" {", "image {\n  runners = { windows = \"ubuntu-latest\" }\n}\n\ntarget \"app\" {"),
        cure: "Add `runners = { windows = \"windows-2025\" }`, or `\"ubuntu-latest\"` where Linux builds it.",
    }
    UNUSED_RUNNER "unused-runner" [Warning] {
        cause: "A key of `runners` is the prefix of no platform that an image is built for, so its runner is never used. Most likely it is misspelt, and the platform goes to the default runner.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\nimage \"app\" {\n  runners = { \"linux/arm46\" = \"arm-large\" }\n}\n").fixed("linux/arm46", "linux/arm64"),
        cure: "Correct the key, or leave it out.",
    }
    IDLE_ATTRIBUTE "idle-attribute" [Warning Note] {
        cause: "An attribute of an `image` block changes nothing, since the image lacks what it is about: most are about versions, and there is no `version`, nor a tag that shows one. In the defaults, no image has it. It is a note where a variable may make it otherwise in another run.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories   = [\"ghcr.io/acme/app\"]\n  tags           = [\"edge\"]\n  known_versions = [\"1.4.1\"]\n}\n").fixed("  known_versions = [\"1.4.1\"]\n", ""),
        cure: "Add what the help names, such as `version`, or leave the attribute out.",
    }
    RUNNER "runner" [Error] {
        cause: "A value in `runners`, or `runner` of a `platform` block, is not a runner.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\nimage {\n  runners = { default = 1 }\n}\n").fixed("default = 1", "default = \"ubuntu-24.04\""),
        cure: "Write a label, a list of labels, or `{ group = \"…\", labels = […] }`.",
    }
    NEEDS_INDEX "needs-index" [Error] {
        cause: "An image with `index = false` is published as one manifest, and this one has several platforms or an attestation, which only an index can hold.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n  index        = false\n}\n").fixed("  index        = false\n", ""),
        cure: "Leave `index = false` out, or build one platform without attestations.",
    }
    LOST_ANNOTATIONS "lost-annotations" [Warning Note] {
        cause: "An image with `index = false` has no index, so annotations of the index have no place. It is a note where only `oci_labels` would fill them in.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n  index        = false\n  annotations  = { \"org.example.key\" = \"value\" }\n}\n").fixed("  annotations  = { \"org.example.key\" = \"value\" }\n", ""),
        cure: "Annotate the manifest instead: `annotations` of the target, or `oci_labels = [\"label\", \"manifest\"]`.",
    }
    TOO_MANY_JOBS "too-many-jobs" [Error] {
        cause: "The plan has more jobs than `--max-jobs` allows, and builds of different runners or platforms cannot share a job.",
        example: run("plan --max-jobs 1", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n")]).fixed("--max-jobs 1", "--max-jobs 2"),
        cure: "Allow more, or plan a part: `bakeplan plan IMAGE…` or `--platform PLATFORM`.",
    }
    SECRET_VARIABLES "secret-variables" [Error Warning] {
        cause: "`secret_variables` is read before all variables, so it must be a list of names in quotes, without expressions. As a warning: in an untrusted event, it cannot say that a variable with a secret's name and a value is none.",
        example: file("variable \"LICENSE\" { default = \"\" }\n\ntarget \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\nimage {\n  secret_variables = [LICENSE]\n}\n").fixed("[LICENSE]", "[\"LICENSE\"]"),
        cure: "Write `secret_variables = [\"LICENSE\", \"!CACHE_KEY\"]`, which adds the first and takes the second away.",
    }
    OCI_LABELS "oci-labels" [Warning Note] {
        cause: "`oci_labels` asks for labels and annotations that are made from facts, and a fact is unknown, the working tree differs from the commit that the labels name, or the file is one that is committed and so goes without them.",
        example: run("bake", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n  oci_labels   = true\n}\n")]).fixed("  oci_labels   = true\n", ""),
        cure: "Give the fact with `--fact NAME=…`, commit the changes first, or write the files in each run with `bakeplan plan --out DIR`.",
    }
}
