//! Codes of the generated workflow and of the pipeline for GitLab.

use super::example::{run, when};
use super::row::codes;

codes! {
    guide: "docs/how-to/github-actions.md";

    NO_INSTALL "no-install" [Error Note] {
        cause: "Nothing says how jobs install bakeplan, or this CI cannot do it in that way. As a note: `path` expects it on the machines, and those that GitHub hosts do not have it.",
        example: run("workflow github", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n")]).fixed("workflow github", "workflow github --install git=https://github.com/acme/bakeplan@0123456789abcdef0123456789abcdef01234567"),
        cure: "Set `--install`, or `install` in the `workflow` block: `git=URL@COMMIT` compiles a commit of a repository, released or not; `pipx=VERSION`, `cargo=VERSION` and `action=OWNER/REPO@COMMIT` need a release. `path` is for machines that have bakeplan.",
    }
    NO_LOGIN "no-login" [Error Note] {
        cause: "It is not known how a job logs in to a registry that images are published in; as a note, to one that builds use for caches, named contexts or lists of what is in an image.",
        example: run("workflow github --install pipx=0.1.0", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"registry.example.com/acme/app:1\"]\n}\n")]).fixed("--install pipx=0.1.0", "--install pipx=0.1.0 --login registry.example.com=none"),
        cure: "Name the variable with the user's name and the secret: `--login REGISTRY=USERNAME_VARIABLE:SECRET`, or `--login REGISTRY=none`.",
    }
    NO_SETUP "no-setup" [Note] {
        cause: "Builds need a file, such as that of a secret, or an SSH agent, which a checkout does not have, and nothing sets it up before the builds. Or the repository has submodules or files of Git LFS, which the jobs do not check out.",
        example: run("workflow github --install pipx=0.1.0", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n  secret    = [\"id=token,src=token.txt\"]\n}\n")]).fixed("id=token,src=token.txt", "id=token,env=TOKEN"),
        cure: "Name a composite action of the repository that does: `--setup ./.github/actions/setup`.",
    }
    NO_ACTION "no-action" [Note] {
        cause: "A setting of the workflow names a composite action of the repository by its folder, and no `action.yml` is there.",
        example: run("workflow github --install pipx=0.1.0 --setup ./ci/setup", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n")]).fixed(" --setup ./ci/setup", ""),
        cure: "Commit the action, or name the folder that it is in, from the top of the repository.",
    }
    UNRECORDED_VALUE "unrecorded-value" [Note] {
        cause: "A variable has its value from the environment in which the workflow is written. A run does not have it, so registries and platforms that follow from it may differ there.",
        example: when("`VERSION=1.2.3 bakeplan workflow github` with `variable \"VERSION\" {}`, without `--env VERSION=vars.VERSION`"),
        cure: "Take it from a variable of the repository with `--env NAME=vars.NAME`, or write it into the workflow with `--var NAME=VALUE`.",
    }
    CHANGING_VARIABLE "changing-variable" [Error Note] {
        cause: "The plan reads a variable whose value differs between the jobs or attempts of a run, so the merge, which plans again, would refuse the plan. An error if `--env` sets it, and a note if GitHub sets it and the definition reads it.",
        example: run("workflow github --install pipx=0.1.0 --env BUILD=github.job", &[("docker-bake.hcl", "variable \"BUILD\" {\n  default = \"\"\n}\n\ntarget \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n  args      = { BUILD = BUILD }\n}\n")]).fixed("github.job", "github.run_id"),
        cure: "Read what is the same in the whole run: `GITHUB_RUN_ID`, `GITHUB_RUN_NUMBER`, or `GITHUB_RUN_ATTEMPT`, whose value the merge takes from the plan.",
    }
    OTHER_WORKFLOW "other-workflow" [Note] {
        cause: "A workflow was written, and another one of the repository publishes to the same repositories: the one that was there before, as far as `init` can read it.",
        example: when("`bakeplan workflow github -o .github/workflows/images.yml` beside a `docker.yml` that still pushes the same image under QEMU."),
        cure: "Remove the other workflow, or the steps in it that push, in the commit that adds the new one. Move what else it does, such as tests.",
    }
    UNFORESEEN "unforeseen" [Note] {
        cause: "The workflow hands its jobs what the plans of all kinds of runs need: of a branch, a tag, a pull request. The definition, which asks for such a run in variables that CI sets, has no plan in one of them, so that such a run fails.",
        example: when("`bakeplan workflow github` with `tags = [\"ghcr.io/acme/app:${GITHUB_REF_NAME}\"]`: a pull request has the name `1/merge`, which cannot be a tag."),
        cure: "Let the definition give a plan there, too, or give what such a run needs with `--login`.",
    }
    TO_SET "to-set" [Note] {
        cause: "A workflow was written. It reads variables and secrets that somebody must set in the repository, and a branch rule can require its last job. Or the file of a pipeline was written, and `.gitlab-ci.yml` does not name it.",
        example: when("`bakeplan workflow github -o .github/workflows/images.yml --install pipx=0.1.0` writes the file."),
        cure: "Set them in the repository, under Settings > Secrets and variables > Actions, and name the check in the rule of the branch. On GitLab, include the file.",
    }
    NO_VALUE "no-value" [Error] {
        cause: "A variable is left to the build with `--keep-variable`, has no default, and nothing says where the workflow takes its value from.",
        example: run("workflow github --install pipx=0.1.0 --keep-variable STAGE", &[("docker-bake.hcl", "variable \"STAGE\" {}\n\ntarget \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n  args      = { STAGE = STAGE }\n}\n")]).fixed("--keep-variable STAGE", "--keep-variable STAGE --env STAGE=vars.STAGE"),
        cure: "Add `--env NAME=vars.NAME`, or `--env NAME=secrets.NAME` if it is secret.",
    }
    SECRET_VARIABLE "secret-variable" [Error] {
        cause: "A build reads a secret from an environment variable that CI cannot set: its name is not one, or, in a workflow, GitHub or the workflow itself sets it.",
        example: run("workflow github --install pipx=0.1.0", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n  secret    = [\"id=path,env=PATH\"]\n}\n")]).fixed("env=PATH", "env=TOKEN"),
        cure: "Read the secret from a variable of another name.",
    }
    TAKEN_VARIABLE "taken-variable" [Error] {
        cause: "Builds read a variable that the pipeline of GitLab, or GitLab itself, sets; or two variables of a workflow of GitHub differ in case only, which GitHub takes for one.",
        example: run("workflow gitlab --install pipx=0.1.0 -o images.yml", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"registry.gitlab.com/acme/app:1\"]\n  secret    = [\"id=path,env=PATH\"]\n}\n")]).fixed("env=PATH", "env=TOKEN"),
        cure: "Give the variable another name.",
    }
    UNFIT_CACHE "unfit-cache" [Error] {
        cause: "A build uses a cache of `type=gha`, which only GitHub Actions has.",
        example: run("workflow gitlab --install pipx=0.1.0 -o images.yml", &[("docker-bake.hcl", "target \"app\" {\n  platforms  = [\"linux/amd64\"]\n  tags       = [\"registry.gitlab.com/acme/app:1\"]\n  cache-from = [\"type=gha\"]\n}\n")]).fixed("type=gha", "type=registry,ref=registry.gitlab.com/acme/cache:app"),
        cure: "Use one of `type=registry`.",
    }
    UNFIT_PATH "unfit-path" [Error Note] {
        cause: "GitLab includes files that end in `.yml` or `.yaml`, and the file of `-o` does not; or another workflow of the folder has the same name; as a note, it is not in the folder in which GitHub looks for workflows.",
        example: run("workflow gitlab --install pipx=0.1.0 -o images.txt", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"registry.gitlab.com/acme/app:1\"]\n}\n")]).fixed("images.txt", "images.yml"),
        cure: "Write it to a file such as `.gitlab/images.yml`.",
    }
    UNFIT_RUNNER "unfit-runner" [Error Note] {
        cause: "As a note, GitHub ends a job sooner than its time limit. A job is on a runner that cannot build it: `docker buildx bake` has no BuildKit on Windows and macOS, and runners of GitLab have tags but no groups.",
        example: run("workflow github --install pipx=0.1.0", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"windows/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n\nimage {\n  runners = { windows = \"windows-2025\" }\n}\n")]).fixed("windows-2025", "ubuntu-latest"),
        cure: "Let a Linux runner cross-build it: `runners = { windows = \"ubuntu-latest\" }`. For GitLab, name tags.",
    }
    UNFIT_SETTING "unfit-setting" [Error] {
        cause: "A setting of the workflow cannot do what it says: it cannot be set in a pipeline of GitLab, or `attest` would have more images than GitHub attests, or a variable comes from a context that GitLab does not have.",
        example: run("workflow gitlab --install pipx=0.1.0 -o images.yml", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"registry.gitlab.com/acme/app:1\"]\n}\n\nimage {\n  workflow {\n    schedule = [\"17 3 * * 1\"]\n  }\n}\n")]).fixed("    schedule = [\"17 3 * * 1\"]\n", ""),
        cure: "Leave it out, and do what the help says in GitLab instead.",
    }
    UNUSED_SETTING "unused-setting" [Error] {
        cause: "Nothing comes of a setting of the workflow: `ssh_keys` where no target uses an SSH agent, `schedule` in `publish_on` without a time, `branches` where only tags publish, a schedule of a workflow that another one calls, `rebuild`, `on_unknown` or `most_stale` where every run builds everything.",
        example: run("workflow github --install pipx=0.1.0 --ssh-key DEPLOY_KEY", &[("docker-bake.hcl", "target \"app\" {\n  platforms = [\"linux/amd64\"]\n  tags      = [\"ghcr.io/acme/app:1\"]\n}\n")]).fixed("  tags ", "  ssh       = [\"default\"]\n  tags "),
        cure: "Give what the help names, or remove the setting.",
    }
    UNWRITABLE "unwritable" [Error] {
        cause: "An argument of the command cannot stand in the script of a workflow: GitHub would evaluate `${{`, and a script has one command on a line.",
        example: when("`bakeplan workflow github --var 'NAME=${{ github.actor }}'`"),
        cure: "Use a variable: `--env NAME=vars.NAME`.",
    }
    TEMPLATE "template" [Error] {
        cause: "The template of the workflow cannot be rendered. This is a bug of bakeplan.",
        example: when("No definition is known to produce it."),
        cure: "Please report it with the definition and the options.",
    }
}
