//! Codes of Compose files and of YAML.

use super::example::{run, when};
use super::row::codes;

codes! {
    guide: "https://docs.docker.com/reference/compose-file/";

    YAML_SYNTAX "yaml-syntax" [Error] {
        cause: "The file is not valid YAML: an indentation, a quote or a bracket is wrong.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  app:\n    build: [.\n")]).fixed("[.", "."),
        cure: "Look at the place of the caret and the line before it. Indent with spaces, never with tabs.",
    }
    YAML_KEY "yaml-key" [Error] {
        cause: "The key of a mapping is a list or a mapping, or is not a string, such as `1:` or `true:`.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  app:\n    build:\n      context: .\n      args:\n        1: one\n")]).fixed("1: one", "\"1\": one"),
        cure: "Put the key into quotes.",
    }
    YAML_VALUE "yaml-value" [Error] {
        cause: "A value has a YAML tag, such as `!!int`, that its text does not fit.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  app:\n    build:\n      context: .\n      args:\n        COUNT: !!int many\n")]).fixed("!!int many", "many"),
        cure: "Leave the tag out, or write a value that fits it.",
    }
    YAML_ALIAS "yaml-alias" [Error] {
        cause: "An alias stands inside of the anchor that it refers to, so that it would contain itself.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "x-all: &all\n  more: *all\nservices:\n  app:\n    build: .\n")]).fixed("*all", "1"),
        cure: "Move the anchor to a part that does not contain the alias.",
    }
    YAML_MERGE_KEY "yaml-merge-key" [Error] {
        cause: "`<<` merges a mapping, or a list of mappings, into the mapping around it, and this is something else.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  app:\n    <<: base\n    build: .\n")]).fixed("    <<: base\n", ""),
        cure: "Refer to a mapping with an alias: `<<: *base`.",
    }
    YAML_VERSION "yaml-version" [Error] {
        cause: "The file begins with a `%YAML` directive of another version than 1.1, which buildx does not read.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "%YAML 1.2\n---\nservices:\n  app:\n    build: .\n")]).fixed("%YAML 1.2\n---\n", ""),
        cure: "Leave the directive out.",
    }
    YAML_TOO_LARGE "yaml-too-large" [Error] {
        cause: "A YAML file has more documents, values or tags than any real one, or its aliases and `extends` stand for more values. The limit keeps a few lines from becoming gigabytes.",
        example: when("Ten anchors, each of which is a list of ten aliases of the one before."),
        cure: "Write what is needed instead of repeating aliases.",
    }
    COMPOSE_MERGE "compose-merge" [Error] {
        cause: "Two Compose files, or two services by `extends` or `include`, give one key values of different forms that cannot be merged, or merged lists grow without end.",
        example: run("plan -f a.yaml -f b.yaml", &[("a.yaml", "services:\n  app:\n    build:\n      context: .\n      ssh: [default]\n"), ("b.yaml", "services:\n  app:\n    build:\n      ssh: [default]\n")]).fixed("      ssh: [default]\n", ""),
        cure: "Write both in the same form, or put the tag `!override` before the later value.",
    }
    COMPOSE_NAME "compose-name" [Error] {
        cause: "Names of services, secrets and other parts of a Compose file consist of letters, digits, `.`, `_` and `-`.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  \"my app\":\n    build: .\n")]).fixed("my app", "my-app"),
        cure: "Rename it.",
    }
    COMPOSE_SERVICE "compose-service" [Error] {
        cause: "A service has neither `image` nor `build`, or both `dockerfile` and `dockerfile_inline`.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  app:\n    environment: { A: \"1\" }\n")]).fixed("environment: { A: \"1\" }", "build: ."),
        cure: "Add `build: .` or an `image`, and keep one of the two Dockerfiles.",
    }
    COMPOSE_SECRET "compose-secret" [Error] {
        cause: "A build uses a secret that the file does not declare or that is external, or a declared secret says neither `file` nor `environment`.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  app:\n    build:\n      context: .\n      secrets: [token]\n")]).fixed("      secrets: [token]\n", "      secrets: [token]\nsecrets:\n  token: { environment: TOKEN }\n"),
        cure: "Declare it under the key `secrets` at the top of the file, with a `file` or an `environment` variable.",
    }
    DUPLICATE_ELEMENT "duplicate-element" [Error] {
        cause: "A list of a Compose file has the same element twice where Compose wants each once.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  app:\n    build:\n      context: .\n      no_cache_filter: [build, build]\n")]).fixed("[build, build]", "[build]"),
        cure: "Leave one of them out.",
    }
    EMPTY_COMPOSE_FILE "empty-compose-file" [Error] {
        cause: "The Compose files have no services, and so nothing to build.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "x-note: empty\n")]).fixed("x-note: empty", "services: { app: { build: . } }"),
        cure: "Check that it is the right file, and that its services are below the key `services`.",
    }
    UNKNOWN_SERVICE "unknown-service" [Error] {
        cause: "`extends` or a context `service:NAME` names a service that the file does not have, or that is not built.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  app:\n    extends: { service: base }\n    build: .\n")]).fixed("    extends: { service: base }\n", ""),
        cure: "Correct the name, or name the file of the service with `file:` in `extends`.",
    }
    EXTENDS_CYCLE "extends-cycle" [Error] {
        cause: "A service extends itself, directly or through others.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  app:\n    extends: { service: base }\n    build: .\n  base:\n    extends: { service: app }\n")]).fixed("    extends: { service: app }", "    image: scratch"),
        cure: "Break the chain that the message shows.",
    }
    EXTENDS_TOO_DEEP "extends-too-deep" [Error] {
        cause: "A chain of `extends` has more services than any real file.",
        example: when("Hundreds of services, each of which extends the next."),
        cure: "Extend the service that has the settings directly.",
    }
    INCLUDE_CYCLE "include-cycle" [Error] {
        cause: "Compose files include each other in a circle, or more deeply than any real project.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "include: [other.yaml]\nservices:\n  app:\n    build: .\n"), ("other.yaml", "include: [compose.yaml]\nservices:\n  more:\n    build: .\n")]).fixed("include: [other.yaml]\n", ""),
        cure: "Remove one of the `include` entries.",
    }
    TOO_MANY_FILES "too-many-files" [Error] {
        cause: "`include` of Compose files leads to more files than any real project has.",
        example: when("Files that include two others each, twenty deep."),
        cure: "Include each file once.",
    }
    REMOTE_FILE "remote-file" [Error] {
        cause: "`include` or `extends` of a Compose file names a URL or a git repository. `docker buildx bake` reads local Compose files only, and so does bakeplan.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "include: [\"https://example.com/compose.yaml\"]\nservices:\n  app:\n    build: .\n")]).fixed("include: [\"https://example.com/compose.yaml\"]\n", ""),
        cure: "Keep a copy of the file beside this one.",
    }
    ENV_FILE "env-file" [Error] {
        cause: "A file with variables, `.env` or one that `env_file` names, does not exist or has a line that is not `NAME=VALUE`.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  app:\n    build: .\n    env_file: app.env\n")]).fixed("    env_file: app.env\n", ""),
        cure: "Create or correct the file. `env_file` with `required: false` lets it be absent.",
    }
    INTERPOLATION "interpolation" [Error] {
        cause: "`$` begins a variable in Compose files, and what follows is not one: `${NAME}` with something that cannot be read, or templates that are too deep or too long.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  app:\n    build: .\n    image: \"acme/app:${\"\n")]).fixed("${\"", "1\""),
        cure: "Write `$$` for a dollar sign, and `${NAME}`, `${NAME:-default}` or `${NAME:?message}` for a variable.",
    }
    REQUIRED_VARIABLE "required-variable" [Error] {
        cause: "A Compose file says with `${NAME:?message}` or `${NAME?message}` that a variable must be set, and it is not.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  app:\n    build: .\n    image: \"ghcr.io/acme/app:${TAG:?set the tag}\"\n")]).fixed("plan -f", "plan --var TAG=1 -f"),
        cure: "Set it in the environment, in `.env` or with `--var NAME=VALUE`.",
    }
    NO_BUILD "no-build" [Note] {
        cause: "Services of a Compose file that were asked for, or all that there are, have no `build`: they run images of others, which Bake does not build.",
        example: run("plan -f compose.yaml", &[("compose.yaml", "services:\n  app:\n    image: ghcr.io/acme/app:1\n")]).fixed("image: ghcr.io/acme/app:1\n", "image: ghcr.io/acme/app:1\n    build: { context: ., platforms: [linux/amd64] }\n"),
        cure: "Add a `build`, such as `build: .`, to a service that you publish.",
    }
}
