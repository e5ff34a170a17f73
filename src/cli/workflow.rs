//! The options of `bakeplan workflow`.

use clap::{Args, ValueEnum, ValueHint};

use super::values::{Completes, list};
use crate::ci::{
    Branch, Cron, EnvVariable, Environment, Install, LocalAction, Login, MaxParallel, PublishEvent,
    SecretName, Settle, Signer, Timeout,
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
const STARTS: &str = "What starts it, over `image { workflow { … } }`";

/// What the workflow does, over what `image { workflow { … } }` says.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings, over those of `image { workflow { … } }`")]
pub(crate) struct WorkflowOptions {
    /// How bakeplan gets into a job: path, pipx=VERSION, cargo=VERSION, git=URL@COMMIT, action=OWNER/REPO@COMMIT or action=./FOLDER
    #[arg(long, value_name = "HOW")]
    #[arg(add = Completes::OneOf(|| list(["path", "pipx=", "cargo=", "git=", "action="])))]
    pub install: Option<Install>,
    /// Publish what this starts: push, tag, schedule or workflow_dispatch (repeatable) [default: all of them]
    #[arg(long = "publish-on", value_name = "EVENT", help_heading = STARTS)]
    #[arg(add = Completes::OneOf(|| PublishEvent::names().into_iter().map(str::to_owned).collect()))]
    pub publish_on: Vec<PublishEvent>,
    /// Publish what is pushed to this branch, or to all that begin alike, such as `release/**` (repeatable) [default: the default branch]
    #[arg(long = "branch", value_name = "BRANCH", help_heading = STARTS)]
    pub branches: Vec<Branch>,
    /// Also start runs at these times, as `cron` writes them, in UTC: `17 3 * * 1` is Mondays at 3:17 (repeatable)
    #[arg(long, value_name = "CRON", help_heading = STARTS)]
    pub schedule: Vec<Cron>,
    /// Give the plan an environment variable: `NAME=vars.NAME` or `NAME=secrets.NAME` (repeatable)
    #[arg(long, value_name = "NAME=FROM")]
    pub env: Vec<EnvVariable>,
    /// Publish in this deployment environment
    #[arg(long, value_name = "NAME")]
    pub environment: Option<Environment>,
    /// Log in to a registry: `HOST=USERNAME_VARIABLE:PASSWORD_SECRET`, `HOST=oidc:KEY=VALUE,…` with the job's identity, or `HOST=none` (repeatable)
    #[arg(long = "login", value_name = "HOST=HOW")]
    pub logins: Vec<Login>,
    /// How many minutes a job may take: `plan=20`, `build=60`, `merge=30` (repeatable)
    #[arg(long = "timeout", value_name = "JOB=MINUTES")]
    #[arg(add = Completes::OneOf(|| list(["plan=", "build=", "merge="])))]
    pub timeouts: Vec<Timeout>,
    /// Build at most this many rows at once
    #[arg(long, value_name = "NUMBER")]
    pub max_parallel: Option<MaxParallel>,
    /// Publish nothing when any build of any image is missing
    #[arg(long)]
    pub require_all: bool,
    /// Let the merge wait this long after its tags and look again, where the registry shows late what others wrote: `30s`
    #[arg(long, value_name = "TIME")]
    pub settle: Option<Settle>,
    /// Let another workflow call it, instead of events, and give that one the output `published`
    #[arg(long, help_heading = STARTS)]
    pub reusable: bool,
    /// Run this composite action of the repository before each build
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub setup: Option<LocalAction>,
    /// Test what each row built with this composite action, before it gets tags; see its input `builds`
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub test: Option<LocalAction>,
    /// Sign what was published: `cosign` without a key, `attest` by GitHub, or a composite action with the input `references` (repeatable)
    #[arg(long, value_name = "HOW")]
    pub sign: Vec<Signer>,
    /// Give the SSH agent that builds use the key in this secret (repeatable)
    #[arg(long = "ssh-key", value_name = "SECRET")]
    pub ssh_keys: Vec<SecretName>,
}
