//! Workflows that are generated in several settings, and what is due in each.

use crate::github::Workflow;

/// A commit to install from.
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A setting: what is generated from what.
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) definition: &'static str,
    /// Options; `COMMIT` stands for a commit.
    pub(super) options: &'static [&'static str],
    /// Whether a job uses its own token for a registry.
    pub(super) has_job_token: bool,
    /// The registries that a user's account is for, with its variable and secret.
    pub(super) accounts: &'static [(&'static str, &'static str, &'static str)],
    /// Which events publish.
    pub(super) publishes: &'static [&'static str],
    /// From which branches; empty for the default branch.
    pub(super) branches: &'static [&'static str],
    /// The events that start it besides pull requests, the merge queue and people.
    pub(super) starts: &'static [&'static str],
    /// Whether a row is emulated.
    pub(super) qemu: bool,
    /// How the program gets into the job.
    pub(super) install: &'static str,
    /// The labels of the runner of the jobs that build nothing.
    pub(super) runner: &'static [&'static str],
    /// Minutes of plan, build and merge.
    pub(super) minutes: [&'static str; 3],
    pub(super) max_parallel: Option<&'static str>,
    pub(super) environment: Option<&'static str>,
    pub(super) setup: Option<&'static str>,
    pub(super) test: Option<&'static str>,
    /// What signs: names of ready ones, and folders.
    pub(super) sign: &'static [&'static str],
    /// The registries that jobs log in to with their identity.
    pub(super) federated: &'static [&'static str],
    /// The secrets with the keys of an SSH agent.
    pub(super) ssh_keys: &'static [&'static str],
    /// The environment of the plan.
    pub(super) env: &'static [(&'static str, &'static str)],
    /// What the plan is made with.
    pub(super) planned_with: &'static str,
    pub(super) keeps_credentials: bool,
    /// Whether only what has changed is built.
    pub(super) only_changed: bool,
    /// Whether the merge publishes all or nothing.
    pub(super) requires_all: bool,
    /// Whether another workflow calls it.
    pub(super) is_reusable: bool,
    /// Whether rows read secrets, use a cache of GitHub and a variable that is left to them.
    pub(super) has_secrets: bool,
}

const ALL: &[&str] = &["push", "tag", "schedule", "workflow_dispatch"];

const TWO_REGISTRIES: &str = r#"
target "app" {
  platforms = ["linux/amd64", "linux/s390x"]
}
image "app" {
  repositories = ["ghcr.io/acme/app", "docker.io/acme/app"]
  version      = "1.2.3"
}
"#;

const IN_THE_FILE: &str = r#"
target "app" {
  platforms = ["linux/amd64", "linux/arm64"]
}
image {
  workflow {
    install      = "path"
    plan_runner  = ["self-hosted", "linux"]
    publish_on   = ["push", "workflow_dispatch"]
    branches     = ["main", "release/**"]
    environment  = "production"
    timeouts     = { plan = 5, build = "90" }
    max_parallel = 4
    setup        = "./.github/actions/set-up"
    test         = "./ci/test"
    sign         = "./ci/sign"
    require_all  = true
    settle       = "30s"
    env          = { CHANNEL = "vars.CHANNEL", SOURCE_DATE_EPOCH = "vars.EPOCH" }
  }
}
image "app" {
  repositories = ["ghcr.io/acme/app"]
  tags         = ["edge"]
}
"#;

const OTHER_REGISTRIES: &str = r#"
variable "A" {}
target "app" {
  platforms = ["linux/amd64"]
}
image {
  workflow {
    install = "cargo=9.9.9"
    logins  = { "registry.example:5000" = "OLD_USER:OLD_TOKEN", "base.example" = "BASE_USER:BASE_TOKEN" }
  }
}
image "app" {
  repositories = ["quay.io/acme/app", "registry.example:5000/app", "127.0.0.1:5000/app"]
  tags         = ["edge"]
}
"#;

const SECRETS: &str = r#"
variable "KEPT" {}
target "base" {
  secret   = ["id=npm,env=NPM_TOKEN", "type=env,id=GIT_AUTH_TOKEN", "id=file,src=secret.txt"]
  cache-to = ["type=gha"]
}
target "app" {
  contexts  = { base = "target:base" }
  platforms = ["linux/amd64"]
  secret    = ["id=RENAMED"]
  args      = { KEPT = KEPT }
  tags      = ["ghcr.io/acme/app:1"]
}
"#;

const WINDOWS: &str = r#"
target "app" {
  platforms = ["windows/amd64"]
  tags      = ["ghcr.io/acme/app:1"]
}
image {
  runners = { windows = "ubuntu-latest" }
}
"#;

const IDENTITIES: &str = r#"
target "app" {
  platforms = ["linux/amd64"]
  ssh       = ["default"]
}
image {
  workflow {
    install  = "path"
    sign     = ["cosign", "attest"]
    ssh_keys = ["DEPLOY_KEY"]
    logins = {
      "123456789012.dkr.ecr.eu-central-1.amazonaws.com" = "oidc:role=vars.AWS_ROLE,pull_role=vars.AWS_PULL"
      "public.ecr.aws"                                  = "oidc:role=arn:aws:iam::123456789012:role/images"
      "europe-docker.pkg.dev"                           = "oidc:provider=vars.POOL,service_account=vars.ACCOUNT"
      "acme.azurecr.io"                                 = "oidc:client=vars.CLIENT,tenant=vars.TENANT"
      "docker.io"                                       = "oidc:organization=acme,connection=vars.HUB"
    }
  }
}
image "app" {
  repositories = [
    "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app",
    "docker.io/acme/app",
    "public.ecr.aws/acme/app",
  ]
  mirrors = ["europe-docker.pkg.dev/acme/images/app"]
  tags    = ["edge"]
}
"#;

pub(super) const SETTINGS: [Setting; 9] = [
    Setting {
        name: "two registries, compiled",
        definition: TWO_REGISTRIES,
        options: &["--install", "git=https://github.com/acme/bakeplan@COMMIT"],
        has_job_token: true,
        accounts: &[("docker.io", "DOCKERHUB_USERNAME", "DOCKERHUB_TOKEN")],
        publishes: ALL,
        branches: &[],
        starts: &["push"],
        qemu: true,
        install: "git",
        runner: &[],
        minutes: ["20", "60", "30"],
        max_parallel: None,
        environment: None,
        setup: None,
        test: None,
        sign: &[],
        federated: &[],
        ssh_keys: &[],
        env: &[],
        planned_with: "",
        keeps_credentials: false,
        only_changed: false,
        requires_all: false,
        is_reusable: false,
        has_secrets: false,
    },
    Setting {
        name: "all in the file",
        definition: IN_THE_FILE,
        options: &[],
        has_job_token: true,
        accounts: &[],
        publishes: &["push", "workflow_dispatch"],
        branches: &["main", "release/**"],
        starts: &["push"],
        qemu: false,
        install: "path",
        runner: &["self-hosted", "linux"],
        minutes: ["5", "90", "30"],
        max_parallel: Some("4"),
        environment: Some("production"),
        setup: Some("./.github/actions/set-up"),
        test: Some("./ci/test"),
        sign: &["./ci/sign"],
        federated: &[],
        ssh_keys: &[],
        env: &[("CHANNEL", "${{ vars.CHANNEL }}"), ("SOURCE_DATE_EPOCH", "${{ vars.EPOCH }}")],
        planned_with: "",
        keeps_credentials: false,
        only_changed: false,
        requires_all: true,
        is_reusable: false,
        has_secrets: false,
    },
    Setting {
        name: "options over the file, other registries",
        definition: OTHER_REGISTRIES,
        options: &[
            "--install=pipx=1.2.3",
            "--login=registry.example:5000=CI_USER:CI_TOKEN",
            "--login=127.0.0.1:5000=none",
            "--schedule=17 3 * * 1",
            "--schedule=0 0 1 * *",
            "--env=RELEASE=secrets.RELEASE",
            "--timeout=merge=45",
            "--known-versions=git",
            "--var=A=b c",
            "--platform=linux/amd64",
        ],
        has_job_token: false,
        accounts: &[
            ("quay.io", "QUAY_USERNAME", "QUAY_TOKEN"),
            ("registry.example:5000", "CI_USER", "CI_TOKEN"),
            ("base.example", "BASE_USER", "BASE_TOKEN"),
        ],
        publishes: ALL,
        branches: &[],
        starts: &["push", "schedule"],
        qemu: false,
        install: "pipx",
        runner: &[],
        minutes: ["20", "60", "45"],
        max_parallel: None,
        environment: None,
        setup: None,
        test: None,
        sign: &[],
        federated: &[],
        ssh_keys: &[],
        env: &[("RELEASE", "${{ secrets.RELEASE }}")],
        planned_with: " --var 'A=b c' --platform linux/amd64 --known-versions git",
        keeps_credentials: true,
        only_changed: false,
        requires_all: false,
        is_reusable: false,
        has_secrets: false,
    },
    Setting {
        name: "called by another workflow",
        definition: TWO_REGISTRIES,
        options: &["--install=path", "--reusable", "--plan-runner=big-runner", "--only-changed"],
        has_job_token: true,
        accounts: &[("docker.io", "DOCKERHUB_USERNAME", "DOCKERHUB_TOKEN")],
        publishes: ALL,
        branches: &[],
        starts: &["workflow_call"],
        qemu: true,
        install: "path",
        runner: &["big-runner"],
        minutes: ["20", "60", "30"],
        max_parallel: None,
        environment: None,
        setup: None,
        test: None,
        sign: &[],
        federated: &[],
        ssh_keys: &[],
        env: &[],
        planned_with: "",
        keeps_credentials: true,
        only_changed: true,
        requires_all: false,
        is_reusable: true,
        has_secrets: false,
    },
    Setting {
        name: "tags only, cross-built for Windows",
        definition: WINDOWS,
        options: &["--install=cargo=1.2.3-rc.1", "--publish-on=tag", "--max-parallel=1"],
        has_job_token: true,
        accounts: &[],
        publishes: &["tag"],
        branches: &[],
        starts: &["push"],
        qemu: false,
        install: "cargo",
        runner: &[],
        minutes: ["20", "60", "30"],
        max_parallel: Some("1"),
        environment: None,
        setup: None,
        test: None,
        sign: &[],
        federated: &[],
        ssh_keys: &[],
        env: &[],
        planned_with: "",
        keeps_credentials: false,
        only_changed: false,
        requires_all: false,
        is_reusable: false,
        has_secrets: false,
    },
    Setting {
        name: "by the clock from one branch, with an action",
        definition: TWO_REGISTRIES,
        options: &[
            "--install=action=acme/setup-bakeplan@COMMIT",
            "--publish-on=schedule",
            "--publish-on=workflow_dispatch",
            "--branch=trunk",
            "--schedule=5 4 * * *",
            "--setup=./ci/prepare",
            "--environment=registry",
        ],
        has_job_token: true,
        accounts: &[("docker.io", "DOCKERHUB_USERNAME", "DOCKERHUB_TOKEN")],
        publishes: &["schedule", "workflow_dispatch"],
        branches: &["trunk"],
        starts: &["schedule"],
        qemu: true,
        install: "action",
        runner: &[],
        minutes: ["20", "60", "30"],
        max_parallel: None,
        environment: Some("registry"),
        setup: Some("./ci/prepare"),
        test: None,
        sign: &[],
        federated: &[],
        ssh_keys: &[],
        env: &[],
        planned_with: "",
        keeps_credentials: false,
        only_changed: false,
        requires_all: false,
        is_reusable: false,
        has_secrets: false,
    },
    Setting {
        name: "secrets, a cache and a variable of the build",
        definition: SECRETS,
        options: &[
            "--install=path",
            "--keep-variable=KEPT",
            "--env=KEPT=secrets.VALUE",
            "--env=RENAMED=secrets.OTHER",
        ],
        has_job_token: true,
        accounts: &[],
        publishes: ALL,
        branches: &[],
        starts: &["push"],
        qemu: false,
        install: "path",
        runner: &[],
        minutes: ["20", "60", "30"],
        max_parallel: None,
        environment: None,
        setup: None,
        test: None,
        sign: &[],
        federated: &[],
        ssh_keys: &[],
        env: &[],
        planned_with: " --keep-variable KEPT",
        keeps_credentials: false,
        only_changed: false,
        requires_all: false,
        is_reusable: false,
        has_secrets: true,
    },
    Setting {
        name: "identities, an agent, ready signers",
        definition: IDENTITIES,
        options: &["--ssh-key=DEPLOY_KEY", "--ssh-key=OTHER_KEY", "--only-changed"],
        has_job_token: false,
        accounts: &[],
        publishes: ALL,
        branches: &[],
        starts: &["push"],
        qemu: false,
        install: "path",
        runner: &[],
        minutes: ["20", "60", "30"],
        max_parallel: None,
        environment: None,
        setup: None,
        test: None,
        sign: &["cosign", "attest"],
        federated: &[
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
            "public.ecr.aws",
            "europe-docker.pkg.dev",
            "acme.azurecr.io",
            "docker.io",
        ],
        ssh_keys: &["DEPLOY_KEY", "OTHER_KEY"],
        env: &[],
        planned_with: "",
        keeps_credentials: true,
        only_changed: true,
        requires_all: false,
        is_reusable: false,
        has_secrets: false,
    },
    Setting {
        name: "only what has changed, and by the clock",
        definition: TWO_REGISTRIES,
        options: &[
            "--install=path",
            "--only-changed",
            "--schedule=17 3 * * *",
            "--schedule=5 5 * * *",
            "--rebuild=17 4 * * 0",
            "--on-unknown=fail",
            "--most-stale=3",
        ],
        has_job_token: true,
        accounts: &[("docker.io", "DOCKERHUB_USERNAME", "DOCKERHUB_TOKEN")],
        publishes: ALL,
        branches: &[],
        starts: &["push", "schedule"],
        qemu: true,
        install: "path",
        runner: &[],
        minutes: ["20", "60", "30"],
        max_parallel: None,
        environment: None,
        setup: None,
        test: None,
        sign: &[],
        federated: &[],
        ssh_keys: &[],
        env: &[],
        planned_with: "",
        keeps_credentials: true,
        only_changed: true,
        requires_all: false,
        is_reusable: false,
        has_secrets: false,
    },
];

impl Setting {
    /// What the plan is told about what has changed: in every run, and on a schedule. One setting says more.
    pub(super) fn choice(&self) -> [&'static str; 2] {
        match (self.only_changed, self.options.contains(&"--on-unknown=fail")) {
            (false, _) => [""; 2],
            (true, false) => ["--changed-since|auto|", "--stale|"],
            (true, true) => ["--changed-since|auto|--on-unknown|fail|", "--stale|--most-stale|3|"],
        }
    }

    /// What is generated.
    pub(super) fn workflow(&self) -> Workflow {
        let options: Vec<String> =
            self.options.iter().map(|option| option.replace("COMMIT", COMMIT)).collect();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        Workflow::generated(self.definition, &options)
    }

    /// Whether a run publishes.
    pub(super) fn is_published(&self, event: &str, reference: &str) -> bool {
        let is_allowed = |event| self.publishes.contains(&event);
        let default = if self.branches.is_empty() { &["main"] } else { self.branches };
        let is_branch = reference.strip_prefix("refs/heads/").is_some_and(|branch| {
            default.iter().any(|known| match known.strip_suffix("**") {
                Some(start) => branch.starts_with(start),
                None => branch == *known,
            })
        });
        match event {
            "push" if reference.starts_with("refs/tags/") => is_allowed("tag"),
            "push" | "schedule" | "workflow_dispatch" => is_allowed(event) && is_branch,
            _ => false,
        }
    }
}
