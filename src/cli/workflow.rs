//! The options of `bakeplan workflow`.

use clap::{Args, ValueEnum, ValueHint};

use super::values::{Completes, list};
use crate::ci::{
    Branch, Cron, EnvVariable, Environment, Install, LocalAction, Login, MaxParallel, MostStale, OnUnknown,
    PublishEvent, RunnerLabel, SecretName, Settle, Signer, Timeout,
};

/// A kind of CI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ci {
    /// GitHub Actions
    Github,
    /// A child pipeline of GitLab
    Gitlab,
}

impl Ci {
    /// How it is written.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
        }
    }
}

/// The heading of what starts runs.
const STARTS: &str = "Triggers, over those of `image { workflow { … } }`";

/// The heading of which images are built.
const CHOICE: &str = "What is built, over those of `image { workflow { … } }`";

/// What the workflow does, over what `image { workflow { … } }` says.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings, over those of `image { workflow { … } }`")]
pub(crate) struct WorkflowOptions {
    /// How jobs install bakeplan: path, pipx=VERSION, cargo=VERSION, git=URL@COMMIT, action=OWNER/REPO@COMMIT or action=./FOLDER
    #[arg(long, value_name = "HOW")]
    #[arg(add = Completes::OneOf(|| list(["path", "pipx=", "cargo=", "git=", "action="])))]
    pub install: Option<Install>,
    /// Publish on this event: push, tag, schedule or workflow_dispatch (repeatable) [default: all of them]
    #[arg(long = "publish-on", value_name = "EVENT", help_heading = STARTS)]
    #[arg(add = Completes::OneOf(|| PublishEvent::names().into_iter().map(str::to_owned).collect()))]
    pub publish_on: Vec<PublishEvent>,
    /// Publish pushes to this branch, or to all with a prefix, such as `release/**` (repeatable) [default: the default branch]
    #[arg(long = "branch", value_name = "BRANCH", help_heading = STARTS)]
    pub branches: Vec<Branch>,
    /// Also run on this schedule, in `cron` syntax and UTC: `17 3 * * 1` is Mondays at 3:17 (repeatable)
    #[arg(long, value_name = "CRON", help_heading = STARTS)]
    pub schedule: Vec<Cron>,
    /// Build everything on this schedule, besides what `--only-changed` builds at other times (repeatable)
    #[arg(long, value_name = "CRON", help_heading = STARTS)]
    pub rebuild: Vec<Cron>,
    /// Build only images whose inputs have changed, and on a schedule those whose bases have moved
    #[arg(long, help_heading = CHOICE)]
    pub only_changed: bool,
    /// What `--only-changed` does where it cannot know whether an image has changed [default: build]
    #[arg(long, value_name = "WHAT", value_enum, help_heading = CHOICE)]
    pub on_unknown: Option<OnUnknown>,
    /// On a schedule, build at most this many images because their bases have moved
    #[arg(long, value_name = "N", help_heading = CHOICE)]
    pub most_stale: Option<MostStale>,
    /// Pass an environment variable to the plan: `NAME=vars.NAME`, `NAME=secrets.NAME` or `NAME=github.sha` (repeatable)
    #[arg(long, value_name = "NAME=FROM")]
    pub env: Vec<EnvVariable>,
    /// Deployment environment of the jobs that publish
    #[arg(long, value_name = "NAME")]
    pub environment: Option<Environment>,
    /// Log in to a registry: `HOST=USERNAME_VARIABLE:PASSWORD_SECRET`, `HOST=oidc:KEY=VALUE,…` with the job's identity, `ghcr.io=job` or `HOST=none` (repeatable)
    #[arg(long = "login", value_name = "HOST=HOW")]
    pub logins: Vec<Login>,
    /// Plan, merge and check on a runner with this label (repeatable: with all of them) [default: ubuntu-latest]
    #[arg(long = "plan-runner", value_name = "LABEL")]
    pub plan_runner: Vec<RunnerLabel>,
    /// Time limit of a job in minutes: `plan=20`, `build=60`, `merge=30` (repeatable)
    #[arg(long = "timeout", value_name = "JOB=MINUTES")]
    #[arg(add = Completes::OneOf(|| list(["plan=", "build=", "merge="])))]
    pub timeouts: Vec<Timeout>,
    /// Run at most this many build jobs at once
    #[arg(long, value_name = "NUMBER")]
    pub max_parallel: Option<MaxParallel>,
    /// Publish nothing if any build of any image is missing
    #[arg(long)]
    pub require_all: bool,
    /// Let the merge wait this long after its tags and look again, where the registry shows late what others wrote: `30s`
    #[arg(long, value_name = "TIME")]
    pub settle: Option<Settle>,
    /// Write a workflow that others call, with the output `published`, instead of one that events start
    #[arg(long, help_heading = STARTS)]
    pub reusable: bool,
    /// Run this composite action of the repository before each build
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub setup: Option<LocalAction>,
    /// Run this composite action on what was built, in its input `builds`, before it is tagged
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub test: Option<LocalAction>,
    /// Sign published images: `cosign` (without a key), `attest` (by GitHub), or a composite action with the input `references` (repeatable)
    #[arg(long, value_name = "HOW")]
    pub sign: Vec<Signer>,
    /// Secret with a private key for the SSH agent of builds (repeatable)
    #[arg(long = "ssh-key", value_name = "SECRET")]
    pub ssh_keys: Vec<SecretName>,
}
