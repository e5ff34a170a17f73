//! The options that say what is planned, and for what.

use clap::{Args, FromArgMatches, ValueHint};

use super::boolean::parse_bool;
use super::choice::Choice;
use super::definition::Definition;
use super::values::{Completes, list};
use crate::ci::{MaxJobs, ProvenanceMode};
use crate::facts;

/// The help of the names that are planned.
const PLANNED: &str = "Images, targets and groups, or patterns such as `app-*` [default: all images; without `image` blocks, what Bake builds]";

/// Which part of a definition is planned, and for what.
#[derive(Args, Clone, Debug)]
#[command(mut_arg("targets", |targets| targets.help(PLANNED)), next_help_heading = "What is planned")]
pub(crate) struct Selection {
    /// Plan only this platform (repeatable)
    #[arg(long = "platform", value_name = "PLATFORM", add = Completes::Platforms)]
    pub platforms: Vec<String>,
    /// Plan for publishing; `false` plans builds that push nothing, as for pull requests
    #[arg(long, value_name = "BOOL", value_parser = parse_bool, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", default_value = "true")]
    pub publish: bool,
    /// Allow jobs on this runner, and refuse a plan that names any other (repeatable)
    #[arg(long = "runner", value_name = "LABEL")]
    pub runners: Vec<String>,
    /// Read what is allowed from this file outside the repository, or from another branch: `git:REF:PATH`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub consent: Option<String>,
    /// If there are more jobs than this, pack builds of the same runner and platform together [default for GitHub: 256]
    #[arg(long, value_name = "NUMBER")]
    pub max_jobs: Option<MaxJobs>,
    /// Provenance of targets that do not set it: min, or max, which shows build arguments
    #[arg(long, value_name = "MODE", add = Completes::OneOf(|| list(["min", "max"])))]
    pub default_provenance: Option<ProvenanceMode>,
    /// What is known about the run.
    #[command(flatten)]
    pub facts: FactOptions,
    /// The definition.
    #[command(flatten)]
    pub definition: Definition,
}

impl Selection {
    /// Reads options and names as `bakeplan plan` takes them.
    ///
    /// # Errors
    /// The first one that it does not take.
    pub(crate) fn read(words: &[String]) -> Result<Self, clap::Error> {
        let command = clap::Command::new("bakeplan plan").no_binary_name(true).disable_help_flag(true);
        Self::from_arg_matches(&Self::augment_args(command).try_get_matches_from(words)?)
    }
}

/// What is planned, and what of it is built.
#[derive(Args, Clone, Debug)]
pub(crate) struct PlanOptions {
    /// What is built.
    #[command(flatten)]
    pub choice: Choice,
    /// What is planned.
    #[command(flatten)]
    pub selection: Selection,
}

impl PlanOptions {
    /// Reads options and names as `bakeplan plan` takes them.
    ///
    /// # Errors
    /// The first one that it does not take.
    pub(crate) fn read(words: &[String]) -> Result<Self, clap::Error> {
        let command = clap::Command::new("bakeplan plan").no_binary_name(true).disable_help_flag(true);
        Self::from_arg_matches(&Self::augment_args(command).try_get_matches_from(words)?)
    }
}

/// What is known about the run, where the environment and git do not say it or are wrong.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Facts")]
pub(crate) struct FactOptions {
    /// Set a fact about the run, such as `tag=v1.2.3` (repeatable)
    #[arg(long = "fact", value_name = "NAME=VALUE")]
    #[arg(add = Completes::OneOf(|| facts::given::NAMES.map(|name| format!("{name}=")).to_vec()))]
    pub facts: Vec<String>,
    /// Read facts from a JSON object in this file, or `-` for standard input
    #[arg(long = "facts-file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<String>,
    /// Versions released before: `git` for the tags of the remote `origin`, or a file that lists them
    #[arg(long, value_name = "FILE|git", value_hint = ValueHint::FilePath)]
    pub known_versions: Option<String>,
}
