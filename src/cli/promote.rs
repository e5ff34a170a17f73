//! The options of `bakeplan promote`.

use std::time::Duration;

use clap::{ArgGroup, Args, ValueHint};

use super::registries::{Network, ReportFormat, parse_duration};
use crate::glob::Glob;
use crate::registry::Location;

/// `bakeplan promote`.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("tags").args(["to", "plan"]).required(true))]
pub(crate) struct Promote {
    /// What gets the tags: an index or image such as `ghcr.io/acme/app:sha-1234567` or `…@sha256:…`; with `--plan`,
    /// `IMAGE=DIGEST` or `IMAGE=REFERENCE` for each image
    #[arg(value_name = "SOURCE", required_unless_present = "floating")]
    pub sources: Vec<String>,
    /// Give it this tag, `REPOSITORY:TAG` (repeatable)
    #[arg(long, value_name = "REFERENCE", conflicts_with = "plan")]
    pub to: Vec<String>,
    /// Give each image its tags in this plan, if it is what was planned
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub plan: Option<String>,
    /// Give the floating tags of this repository to the greatest versions that are there and not withdrawn
    #[arg(long, value_name = "REPOSITORY", requires = "plan", conflicts_with_all = ["sources", "to"])]
    pub floating: Option<Location>,
    /// Write only to repositories that fit, such as `ghcr.io/acme/*`; a plan that names another is an error (repeatable)
    #[arg(long = "repository", value_name = "PATTERN", value_parser = Glob::parse, conflicts_with = "to")]
    pub repositories: Vec<Glob>,
    /// Check everything and print what would be written, also as commands, but write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Move floating tags even if the registry has a greater version or a later run
    #[arg(long, conflicts_with = "floating")]
    pub allow_backward: bool,
    /// Move floating tags by the plan's known versions where the registry refuses to list its tags
    #[arg(long, conflicts_with_all = ["to", "allow_backward", "floating"])]
    pub trust_known_versions: bool,
    /// Give a version's own tag another digest even if it is not to change
    #[arg(long)]
    pub allow_retag: bool,
    /// Give tags of one version to what says that it is another version, or of another revision
    #[arg(long)]
    pub allow_other_version: bool,
    /// Wait up to this long, such as `90s` or `5m`, in each request for a registry that is busy or slow
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub wait: Option<Duration>,
    /// Print a table, or json (and errors as JSON)
    #[arg(long, value_name = "FORMAT", default_value_t, value_enum, hide_possible_values = true)]
    pub format: ReportFormat,
    /// Set the output `result` of a GitHub Actions step, write its summary and annotate errors
    #[arg(long)]
    pub github: bool,
    /// How registries are reached.
    #[command(flatten)]
    pub network: Network,
}
