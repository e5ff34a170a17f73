//! Codes of targets and groups: which there are, what they inherit, link to and push.

use super::example::{file, run, when};
use super::row::codes;

codes! {
    guide: "https://docs.docker.com/build/bake/reference/";

    UNKNOWN_TARGET "unknown-target" [Error] {
        cause: "The command line, a group, `inherits`, a link (`contexts = { base = \"target:NAME\" }`) or an `image` block names a target that does not exist, or the label of a matrix or a group where one target is needed.",
        example: file("group \"default\" {\n  targets = [\"ap\"]\n}\n\ntarget \"app\" {}\n").fixed("[\"ap\"]", "[\"app\"]"),
        cure: "Correct the name; `bakeplan print --list=targets` shows all. Of a matrix, name one member, or list its label in a group.",
    }
    TARGET_NAME "target-name" [Error] {
        cause: "Names of targets and groups consist of letters, digits, `_` and `-`, and `name` of a matrix must be a string. What becomes a row of a CI matrix must also begin with a letter or a digit.",
        example: file("target \"app:1\" {}\n").fixed("app:1", "app-1"),
        cure: "Rename it. In a matrix, `replace(NAME, \".\", \"-\")` makes a version fit into a name.",
    }
    DUPLICATE_NAME "duplicate-name" [Error] {
        cause: "Several targets of a matrix get the same name, because `name` does not use every axis, or because there is no `name`; or two services of Compose do, since Bake writes `_` for a `.` in their names.",
        example: file("target \"app\" {\n  name   = \"app-${os}\"\n  matrix = { os = [\"debian\", \"alpine\"], tls = [\"on\", \"off\"] }\n}\n").fixed("app-${os}", "app-${os}-${tls}"),
        cure: "Use every axis of the matrix in `name`; rename one of the services.",
    }
    NAME_WITHOUT_MATRIX "name-without-matrix" [Error] {
        cause: "`name` names the members of a matrix, and this target has no `matrix`.",
        example: file("target \"app\" {\n  name = \"tool\"\n}\n").fixed("\n  name = \"tool\"\n", "\n"),
        cure: "Give the target another label instead of a `name`, or add a `matrix`.",
    }
    MATRIX "matrix" [Error] {
        cause: "`matrix` is a map of lists: each key is an axis, and each combination of their values makes a target. This is something else, or has too many combinations.",
        example: file("target \"app\" {\n  name   = \"app-${os}\"\n  matrix = { os = \"debian\" }\n}\n").fixed("\"debian\"", "[\"debian\"]"),
        cure: "Write `matrix = { axis = [\"value\", …] }`.",
    }
    GROUP_MATRIX "group-matrix" [Error] {
        cause: "A group cannot have `matrix` or `name`. Naming the label of a matrix target in a group means all its members.",
        example: file("group \"default\" {\n  matrix  = { os = [\"debian\"] }\n  targets = [\"app\"]\n}\n\ntarget \"app\" {}\n").fixed("  matrix  = { os = [\"debian\"] }\n", ""),
        cure: "Put the matrix into a target, and list its label in the group.",
    }
    GROUPS_TOO_LARGE "groups-too-large" [Error] {
        cause: "Groups that contain groups have more members in all than any real definition.",
        example: when("Forty groups, each of which lists the next one twice."),
        cure: "List targets in groups directly, each once.",
    }
    INHERITS_TOO_LARGE "inherits-too-large" [Error] {
        cause: "Chains of `inherits` copy more attributes in all than any real definition.",
        example: when("A target that inherits two others, each of which inherits two, and so on, forty times."),
        cure: "Inherit each target once; put what many share into one target.",
    }
    LINK "link" [Error] {
        cause: "A link from one target to another, `contexts = { base = \"target:NAME\" }`, cannot be followed: a target links to itself, directly or through others, or the linked target is not built for every platform of the one that uses it.",
        example: run("print", &[("docker-bake.hcl", "group \"default\" { targets = [\"app\"] }\n\ntarget \"base\" {\n  contexts = { app = \"target:app\" }\n}\n\ntarget \"app\" {\n  contexts = { base = \"target:base\" }\n}\n")]).fixed("contexts = { app = \"target:app\" }", ""),
        cure: "Remove one of the links of the circle, or add the missing platforms to the linked target.",
    }
    LINK_LOOP "link-loop" [Error] {
        cause: "Targets of a published image link to each other in a circle, so that none can be built first.",
        example: file("target \"base\" {\n  platforms = [\"linux/amd64\"]\n  contexts  = { app = \"target:app\" }\n}\n\ntarget \"app\" {\n  platforms = [\"linux/amd64\"]\n  contexts  = { base = \"target:base\" }\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n").fixed("  contexts  = { app = \"target:app\" }\n", ""),
        cure: "Remove one of the links.",
    }
    LINK_PLATFORM "link-platform" [Error] {
        cause: "A target is built for a platform for which the target that it links to is not built. On that platform, the link would have nothing to give.",
        example: file("target \"base\" {\n  platforms = [\"linux/amd64\"]\n}\n\ntarget \"app\" {\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n  contexts  = { base = \"target:base\" }\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\ngroup \"default\" { targets = [\"app\"] }\n").fixed("[\"linux/amd64\"]\n}", "[\"linux/amd64\", \"linux/arm64\"]\n}"),
        cure: "Add the platform to the linked target, or drop it from the one that uses it.",
    }
    UNLINKED_BASE "unlinked-base" [Warning] {
        cause: "A build starts from, copies from or mounts an image under a name that the same plan publishes, and no link tells that the two belong together. Tags move after all builds have ended: what is pulled is the image of an earlier run, and where the tag is a new one, the build fails.",
        example: file("target \"base\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/base:edge\"]\n}\n\ntarget \"app\" {\n  dockerfile-inline = \"FROM ghcr.io/acme/base:edge\"\n  platforms         = [\"linux/amd64\"]\n  tags              = [\"ghcr.io/acme/app:edge\"]\n}\n\ngroup \"default\" {\n  targets = [\"base\", \"app\"]\n}\n").fixed("base:edge\"\n  platforms ", "base:edge\"\n  contexts = { \"ghcr.io/acme/base:edge\" = \"target:base\" }\n  platforms "),
        cure: "Link the targets: `contexts = { \"ghcr.io/acme/base:edge\" = \"target:base\" }`. Where the published image is meant, say so with `contexts = { \"ghcr.io/acme/base:edge\" = \"docker-image://ghcr.io/acme/base:edge\" }`, or name a digest.",
    }
    DANGLING_LINK "dangling-link" [Warning] {
        cause: "A target that is not published links to a target that does not exist. It cannot be built, so the written Bake file leaves it out.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\ntarget \"debug\" {\n  contexts = { base = \"target:nowhere\" }\n}\n\ngroup \"default\" { targets = [\"app\"] }\n").fixed("target:nowhere", "target:app"),
        cure: "Correct the link, or remove the target.",
    }
    DANGLING_MEMBER "dangling-member" [Warning] {
        cause: "A group that is not planned names a member that does not exist. The written Bake file leaves the member out.",
        example: file("group \"default\" { targets = [\"app\"] }\ngroup \"more\" { targets = [\"app\", \"nowhere\"] }\n\ntarget \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n").fixed(", \"nowhere\"", ""),
        cure: "Correct the name, or take it out of the group.",
    }
    LEG_NAME "leg-name" [Error] {
        cause: "The plan splits a target into one target for each platform, such as `app-linux-amd64`, and another target or group already has that name.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\ntarget \"app-linux-arm64\" {}\n").fixed("\"app-linux-arm64\"", "\"debug\""),
        cure: "Rename one of them.",
    }
    PLATFORM_LIST "platform-list" [Error] {
        cause: "With `--strict`: an element of `platforms` holds several platforms, separated by commas. Bake accepts it, but nothing that reads the list sees several.",
        example: run("plan --strict", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64,linux/arm64\"]\n}\n")]).fixed("linux/amd64,linux/arm64", "linux/amd64\", \"linux/arm64"),
        cure: "Write each platform as its own string.",
    }
    TEMPLATE_IN_TAG "template-in-tag" [Error] {
        cause: "With `--strict`: a tag still contains `${` after it was evaluated, since `$${` stands for a literal `${`.",
        example: run("print --strict app", &[("docker-bake.hcl", "target \"app\" {\n  tags = [\"ghcr.io/acme/app:$${TAG}\"]\n}\n")]).fixed("$${TAG}", "1"),
        cure: "Write `${NAME}` for the value of a variable.",
    }
    SHARED_CACHE "shared-cache" [Error] {
        cause: "With `--strict`: two targets write the same cache, so the last one to finish overwrites the other's.",
        example: run("print --strict a b", &[("docker-bake.hcl", "target \"a\" {\n  cache-to = [\"type=gha,scope=all\"]\n}\ntarget \"b\" {\n  cache-to = [\"type=gha,scope=all\"]\n}\n")]).fixed("scope=all\"]\n}\ntarget", "scope=a\"]\n}\ntarget"),
        cure: "Give each target its own `scope`, tag or folder.",
    }
    DEAD_OVERRIDE "dead-override" [Error] {
        cause: "With `--strict`: buildx does not set `network`, `no-cache-filter` or `ulimits` with `--set`, but clears them.",
        example: run("plan --strict --set app.network=none", &[("docker-bake.hcl", "target \"app\" {}\n")]).fixed(" --set app.network=none", ""),
        cure: "Set it in the file; a variable can make it depend on the environment.",
    }
    OUTPUT "output" [Error] {
        cause: "A published target has an output that cannot be pushed, one with `push=false`, or several outputs: each exporter writes its own provenance, so the digests differ, and the metadata of a build has room for one.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  output    = [\"type=tar,dest=app.tar\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n}\n").fixed("  output    = [\"type=tar,dest=app.tar\"]\n", ""),
        cure: "Leave `output` out, or keep one of `type=image`. To build without pushing, use `--publish=false`.",
    }
    OUTPUT_NAME "output-name" [Warning] {
        cause: "A target has `tags` and an output with a `name`. As in buildx, `tags` win, and nothing is pushed to the name of the output.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n  output    = [\"type=registry,name=ghcr.io/acme/app:2\"]\n}\n").fixed("type=registry,name=ghcr.io/acme/app:2", "type=registry"),
        cure: "Add the name to `tags`, or leave it out.",
    }
    TAG_BY_DIGEST "tag-by-digest" [Warning] {
        cause: "An output has `push-by-digest` and the target has a tag. BuildKit refuses the two together: `can't push tagged ref … by digest`. The plan pushes each platform by digest itself.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n  output    = [\"type=image,push-by-digest=true,push=true\"]\n}\n").fixed("  output    = [\"type=image,push-by-digest=true,push=true\"]\n", ""),
        cure: "Leave `push-by-digest` out: the plan adds it to each build, and the merge gives the tag to the image.",
    }
    LOCAL_PUSH "local-push" [Warning] {
        cause: "A target pushes, but its tag has no slash, so that `docker buildx bake` would push it to Docker Hub's own images (`library/`), or nothing says where to push. It is taken for a local image and not published.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"app:1\"]\n  output    = [\"type=registry\"]\n}\n").fixed("\"app:1\"", "\"ghcr.io/acme/app:1\""),
        cure: "Give it a tag with a repository, such as `ghcr.io/acme/app:1`, or do not push it.",
    }
    NOT_PUSHED "not-pushed" [Note] {
        cause: "A target has a tag with a repository, and its output says `push=false`, so it is not published.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n  output    = [\"type=image,push=false\"]\n}\n").fixed("type=image,push=false", "type=image"),
        cure: "Leave `push=false` out, or use `--push`, to publish it.",
    }
    NO_PLATFORMS "no-platforms" [Warning Note] {
        cause: "A published target does not list its platforms, so it is built for the platform of whatever runner it gets. For services of Compose files, which rarely list them, this is a note.",
        example: file("target \"app\" {\n  tags = [\"ghcr.io/acme/app:1\"]\n}\n").fixed("tags =", "platforms = [\"linux/amd64\"]\n  tags ="),
        cure: "Add `platforms`, such as `platforms = [\"linux/amd64\", \"linux/arm64\"]`.",
    }
    MERGED_TARGETS "merged-targets" [Note] {
        cause: "Several targets have the same tags and different platforms, and become one image with all their platforms.",
        example: file("group \"default\" { targets = [\"a\", \"b\"] }\n\ntarget \"a\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\ntarget \"b\" {\n  platforms = [\"linux/arm64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n"),
        cure: "Nothing, if this is intended. An `image` block with `targets = [\"a\", \"b\"]` says so, and ends the note.",
    }
    LOST_ANNOTATION "lost-annotation" [Warning] {
        cause: "An annotation has no place to go to: it is for the descriptor of an index, which registries do not store, or for a platform that the target is not built for.",
        example: file("target \"app\" {\n  platforms   = [\"linux/amd64\"]\n  tags        = [\"ghcr.io/acme/app:1\"]\n  annotations = [\"index-descriptor:key=value\"]\n}\n").fixed("index-descriptor:", "index:"),
        cure: "Use `index:` to annotate the index itself, and name platforms that the target is built for.",
    }
    RESERVED_ANNOTATION "reserved-annotation" [Error] {
        cause: "Annotations that begin with `dev.bakeplan.run.` say which run made an index, and decide which run keeps a tag. Only the merge sets them; a definition or a build that has one could claim a later run than it was.",
        example: file("target \"app\" {\n  platforms   = [\"linux/amd64\"]\n  tags        = [\"ghcr.io/acme/app:1\"]\n  annotations = [\"index:dev.bakeplan.run.number=9\"]\n}\n").fixed("dev.bakeplan.run.number", "org.example.number"),
        cure: "Give the annotation another name. An index that a merge made gets further tags by `bakeplan promote`.",
    }
    OVERRIDE_ON_BOTH "override-on-both" [Warning] {
        cause: "A Dockerfile that builds with `FROM --platform=$BUILDPLATFORM` gets a linked target for the runner's platform, too, and the `platform` overrides of that target differ between the two. One build has to serve both, so the overrides of the image's platform are used.",
        example: when("A cross-compiling target that links to another whose `platform` blocks give `linux/arm64` another argument than `linux/amd64`."),
        cure: "Give both platforms the same overrides, or do not cross-compile with the link.",
    }
    OVERRIDE_KEY "override-key" [Error] {
        cause: "The left side of `--set` is not of the form `PATTERN.KEY=VALUE`, or the key cannot be set.",
        example: run("plan --set platforms=linux/arm64", &[("docker-bake.hcl", "target \"app\" {}\n")]).fixed("platforms=", "*.platform="),
        cure: "Write a target or pattern, a dot, and the key: `--set app.args.NAME=value`, `--set *.platform=linux/arm64`.",
    }
    OVERRIDE_TARGET "override-target" [Error] {
        cause: "`--set` names a target that is not in the definition, or its pattern fits none.",
        example: run("plan --set ap.platform=linux/arm64", &[("docker-bake.hcl", "target \"app\" {}\n")]).fixed("ap.platform", "app.platform"),
        cure: "Correct the name or the pattern: `bakeplan print --list=targets` shows the targets.",
    }
    OVERRULED "overruled" [Warning Note] {
        cause: "`--set`, `--var` or a later file changes something of a target that an `image` block says for itself, such as its tags, or an argument for one platform. The block has the last word, so the value has no effect there. For a variable of the environment, which may be meant for something else, it is a note.",
        example: run("plan --set app.tags=ghcr.io/acme/app:next", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags         = [\"edge\"]\n}\n")]).fixed(" --set app.tags=ghcr.io/acme/app:next", ""),
        cure: "Set it in the `image` block; a variable there can make it depend on the command line.",
    }
    REFUSED_VALUE "refused-value" [Error Warning] {
        cause: "A field of an output, a cache or an attestation has a value that BuildKit refuses: it reads booleans as `true`, `false`, `1`, `0`, `t` and `f`, and knows four compressions. Bake hands such values on as they are, so that `docker buildx bake --print` shows them, and the build fails. For a target that the plan does not build, it is a warning.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n  output    = [\"type=image,oci-mediatypes=yes\"]\n}\n").fixed("oci-mediatypes=yes", "oci-mediatypes=true"),
        cure: "Write a value that the message names.",
    }
    OVERRIDE_VALUE "override-value" [Error] {
        cause: "The value of `--set` is not one that the attribute can have, or the key is not an attribute that can be set.",
        example: run("plan --set app.no-cache=maybe", &[("docker-bake.hcl", "target \"app\" {}\n")]).fixed("=maybe", "=true"),
        cure: "Give a value as the attribute takes it in the file; lists take one element, and `+=` appends.",
    }
    FLAG_VALUE "flag-value" [Error] {
        cause: "The value of `--call`, `--policy`, `--provenance` or `--sbom` cannot be read as Bake reads it.",
        example: run("print app --policy strict=maybe", &[("docker-bake.hcl", "target \"app\" {}\n")]).fixed("=maybe", "=true"),
        cure: "Use a form that the option's help names, such as `--call=check` or `--provenance=mode=max`.",
    }
    UNBUILT_PLATFORM "unbuilt-platform" [Warning Error] {
        cause: "`--platform` asks for a platform that no target is built for. It is an error when nothing is left to plan.",
        example: run("plan --platform linux/riscv64", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n")]).fixed("linux/riscv64", "linux/amd64"),
        cure: "Name one of the platforms that the help lists, or add it to the target.",
    }
}
