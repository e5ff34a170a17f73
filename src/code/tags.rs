//! Codes of tags and versions: patterns, what is stable, which image has which tag.

use super::example::{file, run, when};
use super::row::codes;

codes! {
    guide: "docs/reference/tags.md";

    VERSION "version" [Error] {
        cause: "`version`, or an entry of `known_versions` or `withdrawn`, is not a version of the image's scheme, is empty or cannot be rendered in this run, or rule lines in `tags` are about another version than `version`.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"release\"\n}\n").fixed("\"release\"", "\"1.4.2\""),
        cure: "A version begins with numbers: `1.4.2`, `3.0-rc.1`, `2026.03.0`. What stands before them in git tags goes into `tag_prefix`.",
    }
    VERSION_NUMBER "version-number" [Error] {
        cause: "A version, or another attribute that takes strings, is written as a number, and a number forgets how it was written: `3.10` is `3.1`.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = 3.10\n}\n").fixed("3.10", "\"3.10\""),
        cure: "Write it in quotes, or declare its variable with `type = string`.",
    }
    SUFFIX "suffix" [Error] {
        cause: "The same suffix is in `prerelease_suffixes` and in `stable_suffixes`, or one can be that of no version, such as `acme*`.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories        = [\"ghcr.io/acme/app\"]\n  version             = \"1.4.2\"\n  stable_suffixes     = [\"acme\"]\n  prerelease_suffixes = [\"acme\"]\n}\n").fixed("  prerelease_suffixes = [\"acme\"]\n", ""),
        cure: "Leave it out of one of them. A suffix is a text: `acme` is that of `1.4.2-acme` and of `1.4.2-acme2`.",
    }
    WITHDRAWN "withdrawn" [Warning] {
        cause: "The version of the plan is one that its image names in `withdrawn`. It is published again under its own tags, and gets no floating ones such as `1.4` and `latest`.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.3\"\n  withdrawn    = [\"1.4.3\"]\n}\n").fixed("version      = \"1.4.3\"", "version      = \"1.4.4\""),
        cure: "Plan another version; take one that is good again out of `withdrawn`.",
    }
    UNKNOWN_SUFFIX "unknown-suffix" [Error Warning Note] {
        cause: "What follows the numbers of a version is known neither as a release nor as a prerelease, so it is undecided whether the version gets floating tags such as `1.4` and `latest`. For a version in the file, this is an error; a version from the run only gets its own tags; a known version is skipped.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2-acme\"\n}\n").fixed("\"1.4.2-acme\"", "\"1.4.2-acme\"\n  stable_suffixes = [\"acme\"]"),
        cure: "Decide with `stable_suffixes = [\"…\"]` or `prerelease_suffixes = [\"…\"]` in the image.",
    }
    VARIANT "variant" [Error Warning Note] {
        cause: "`variant` is appended to the tags of an image that has neither `version` nor `tags`, or its axes have too many combinations of names. Or a tag would have it twice (`1.4.2-slim-slim`), or be read as the one of a version (`8.3`); or `default_variant` names what is not in it. As a note: an axis has an empty name alone, as in `[\"slim\", \"\"]`.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\nimage \"app\" {\n  variant = \"slim\"\n}\n").fixed("variant = \"slim\"", "variant = \"slim\"\n  version = \"1.4.2\""),
        cure: "Set `version` or `tags` in the image; with many names, `variant_tags = \"truncate\"` makes fewer combinations. Leave the variant out of version and patterns, and call it after what it is a version of: `php8.3`.",
    }
    TAG "tag" [Error] {
        cause: "A pattern renders to something that is not a valid tag: letters, digits, `.`, `_` and `-`, at most 128 characters, beginning with a letter, a digit or `_`. In `promote --to`, it is not `REPOSITORY:TAG`.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags         = [\"feature/login\"]\n}\n").fixed("feature/login", "feature-login"),
        cure: "Replace what a tag cannot hold: `{{ branch | replace(\"/\", \"-\") }}`. Repositories belong into `repositories`.",
    }
    TAG_PATTERN "tag-pattern" [Error Warning] {
        cause: "A pattern in `tags` or another attribute, or a condition of one, cannot be read or rendered: its syntax is wrong, a word is unknown, or the word has no value in this run. As a warning: it asks what no run answers with yes, such as `branch == 'refs/heads/main'`.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n  tags         = [\"{{ majr }}\"]\n}\n").fixed("majr", "major"),
        cure: "Correct the word. A pattern for some runs only needs a condition: `{ pattern = \"…\", when = \"branch\" }`.",
    }
    UNRENDERED "unrendered" [Note] {
        cause: "`{{ version }}` or another word of patterns stands in `args`, `labels` or `annotations` of a target, where patterns are not rendered: the target is Bake's, and the build gets these characters.",
        example: file("variable \"GITHUB_REF_NAME\" { default = \"dev\" }\n\ntarget \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n  args      = { VERSION = \"{{ version }}\" }\n}\n").fixed("\"{{ version }}\"", "trimprefix(GITHUB_REF_NAME, \"v\")"),
        cure: "Take it from a variable that the run sets, such as `GITHUB_REF_NAME`; for labels and annotations, set `oci_labels = true` in the `image` block.",
    }
    TAG_PREFIX "tag-prefix" [Error] {
        cause: "`tag_prefix` is a pattern that uses something else than the name of the image. It must be the same in every run.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n  tag_prefix   = \"{{ branch }}/\"\n}\n").fixed("{{ branch }}/", "{{ image }}/"),
        cure: "Use text, `{{ image }}` and `{{ key }}`.",
    }
    TAG_RULE "tag-rule" [Error Note] {
        cause: "A rule line of docker/metadata-action in `tags` or `flavor` cannot be read, or stands where rules cannot be. As a note: the rule means something else here than there, such as that a prerelease does not move `latest`.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags         = [\"type=semvre,pattern={{version}}\"]\n}\n").fixed("type=semvre,pattern={{version}}", "type=raw,value=edge"),
        cure: "Correct the rule as the help says, or write a pattern instead.",
    }
    FLAVOR "flavor" [Warning] {
        cause: "`flavor` applies to rule lines in `tags`, and there are none; or another entry beside them lacks its prefix or suffix.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n  flavor       = [\"latest=true\"]\n}\n").fixed("  flavor       = [\"latest=true\"]\n", ""),
        cure: "Leave `flavor` out, or write tags such as `type=semver,pattern={{version}}` and `type=raw,value=edge`.",
    }
    TAG_COLLISION "tag-collision" [Error Warning Note] {
        cause: "Two images or versions want the same tag, a tag is both a version itself and a floating tag of another version, a version would take what a longer pattern has for another one (`1.2.3-debug`), or git tags of two images (`a/v1.2.3`, `b/v1.2.3`) would give the same tag in one repository. Whichever was pushed last would win. As a warning: two images of one repository have the tag in different runs, or another edition of the same release (`1.4.0-ee` beside `1.4.0-ce`) is known. As a note: releases of an image and its other runs have it, as is usual for `latest`.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\ntarget \"tool\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags         = [\"edge\"]\n}\nimage \"tool\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  tags         = [\"edge\"]\n}\n").fixed("repositories = [\"ghcr.io/acme/app\"]\n  tags         = [\"edge\"]\n}\nimage", "repositories = [\"ghcr.io/acme/one\"]\n  tags         = [\"edge\"]\n}\nimage"),
        cure: "Give one of them another tag, another repository or a `variant`. Targets that build one image for different platforms belong into one `image` block: `targets = […]`.",
    }
    BRANCH_COLLISION "branch-collision" [Error Warning] {
        cause: "The name of a branch would become a tag that is already in use: by another branch whose name becomes the same tag; by a version, since a branch may be called `1.4.2`; by another image of the repository in other runs, such as the variant `slim`; or by a commit, a pull request or a day. So would the name of a git tag that is no version. As a warning: another image may have the tag on another branch, or a merge moves it from what another branch published.",
        example: run("plan --fact branch=1.4", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = { pattern = \"{{ tag }}\", when = \"tag\" }\n  tags         = [\"{{ version }}\", { pattern = \"{{ branch }}\", when = \"branch\" }]\n}\n")]).fixed("branch=1.4", "branch=main"),
        cure: "Rename the branch, or put something before it: `branch-{{ branch }}`. `any = true` in the pattern allows it.",
    }
    PRERELEASE_TAG "prerelease-tag" [Warning Note] {
        cause: "The only version among the tags is a prerelease, and beside it stand tags that move with releases, such as `latest`, `alpine` or its leading numbers. Whoever pulls those expects no prerelease, so they are left out. Or `prerelease_tags` or `channels` gives a prerelease what reads as a release's, such as `latest` or `1`. As a note: a constant such as `edge` among `tags` goes to releases alone.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1.1.0-rc.1\", \"ghcr.io/acme/app:latest\"]\n}\n").fixed("app:latest", "app:next"),
        cure: "Leave them out of the tags of prereleases. Tags that say so, such as `next` and `1.1-rc`, move with prereleases. In an `image` block, `channels = [\"edge\"]` gives it to both, and `when = \"prerelease\"` to prereleases.",
    }
    RUN_TAG "run-tag" [Error Note] {
        cause: "A committed file, such as the table of tags in a README, cannot show tags that depend on the run. They are left out with a note; a version that depends on the run is an error until its facts are given, since the table that is there may show it.",
        example: run("readme README.md", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"{{ tag }}\"\n}\n"), ("README.md", "<!-- bakeplan:begin -->\n<!-- bakeplan:end -->\n")]).fixed("readme README.md", "readme README.md --fact tag=v1.4.2"),
        cure: "Give the facts of a release, such as `--fact tag=v1.2.3`, or name the images to show.",
    }
    NO_VERSION "no-version" [Warning Note] {
        cause: "The `version` of an image comes from the run, and this run has none, such as that of a branch. Tags that are made from the version are left out. As a warning: `latest = false` is about versions, and an image without one publishes `latest`.",
        example: run("plan --fact branch=main", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"{{ tag }}\"\n  tags         = [\"{{ version }}\", { pattern = \"edge\", when = \"branch\" }]\n}\n")]).fixed("branch=main", "tag=v1.4.2"),
        cure: "Nothing, if this is intended. A tag for other runs needs a condition: `{ pattern = \"edge\", when = \"default_branch\" }`.",
    }
    CODENAME "codename" [Warning] {
        cause: "A tag that says no version, such as `iron`, floats with all versions of its image, so that the greatest has it. A greater version of another line is known, and the tag may be meant for one line.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories   = [\"ghcr.io/acme/app\"]\n  version        = \"20.1.0\"\n  known_versions = [\"22.0.0\"]\n  tags           = [\"{{ version }}\", \"iron\"]\n}\n").fixed("\"{{ version }}\", \"iron\"]", "\"{{ version }}\"]\n  channels       = [\"iron\"]"),
        cure: "Write a name that stays with one line into `channels`, in the versions of that line alone. If the greatest version shall have it, leave it out of the others.",
    }
    UNGUARDED_TAG "unguarded-tag" [Note Warning] {
        cause: "A floating tag moves, and it is not known whether it should: no tag of the image shows its version so that the merge can read it back, what it gets or has does not say which run made it or which version it is, or the registry does not list its tags.",
        example: file("target \"app\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = \"1.4.2\"\n  tags         = [\"latest\"]\n}\n").fixed("[\"latest\"]", "[\"{{ version }}\", \"latest\"]"),
        cure: "Publish `{{ version }}`, too, keep the index, and give the merge the right to list tags. Name released versions with `--known-versions` where there is no list.",
    }
    FEWER_PLATFORMS "fewer-platforms" [Warning] {
        cause: "A version takes floating tags from an earlier one that has more platforms, or a merge takes tags from an index that has more, or `--platform` leaves out platforms of what is published. Those who pull these tags on the others will get nothing.",
        example: file("target \"app\" {\n  name      = \"app-${replace(release, \".\", \"-\")}\"\n  matrix    = { release = [\"1.4.2\", \"1.4.3\"] }\n  platforms = release == \"1.4.2\" ? [\"linux/amd64\", \"linux/arm64\"] : [\"linux/amd64\"]\n}\n\nimage \"app\" {\n  repositories = [\"ghcr.io/acme/app\"]\n  version      = release\n}\n").fixed(": [\"linux/amd64\"]", ": [\"linux/arm64\", \"linux/amd64\"]"),
        cure: "Build the version for them, too, or give it other tags.",
    }
    KNOWN_VERSIONS "known-versions" [Error Warning Note] {
        cause: "What `--known-versions` reads is not a list of versions or a plan, or it has a list for an image that is not in this definition; or, as a note, it has versions that no image reads.",
        example: run("plan --known-versions list.txt", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n"), ("list.txt", "1.0.0 1.1.0\n")]),
        cure: "Write one version on each line, name the `plan.json` of an earlier run, or read tags of git with `--known-versions git`.",
    }
    OTHER_VERSION "other-version" [Error Note] {
        cause: "A build or an index has another version than the tags that it would get, by its annotation or its tags; or, as a note, an image is left out because the git tag of the run does not begin with its `tag_prefix`.",
        example: run("plan --fact tag=web/v1.0.0", &[("docker-bake.hcl", "target \"api\" {\n  platforms = [\"linux/amd64\"]\n}\ntarget \"web\" {\n  platforms = [\"linux/amd64\"]\n}\n\nimage {\n  version    = \"{{ tag }}\"\n  tag_prefix = \"{{ image }}/\"\n}\nimage \"api\" {\n  repositories = [\"ghcr.io/acme/api\"]\n}\nimage \"web\" {\n  repositories = [\"ghcr.io/acme/web\"]\n}\n")]),
        cure: "Promote or build the version that the tags are for; `--allow-other-version` of `promote` allows it. The note needs nothing.",
    }
    PRERELEASE "prerelease" [Error] {
        cause: "`promote` would give a prerelease a tag that floats with releases, such as `latest` or `1.4`.",
        example: when("`bakeplan promote ghcr.io/acme/app:2.0.0-rc.1 --to ghcr.io/acme/app:latest`"),
        cure: "Promote a release, or pass `--allow-backward` to move the tag all the same.",
    }
    IMMUTABLE_TAG "immutable-tag" [Error] {
        cause: "A version's own tag already has another digest, and the image is `immutable`, or `promote` would move the tag. A rebuild always has another digest, since its attestations contain the time of the build.",
        example: when("A merge of version 1.4.2 with `immutable = true`, after 1.4.2 was published from other builds."),
        cure: "Release a new version, merge with `--keep-existing` to leave what is published, or pass `--allow-retag`.",
    }
}
