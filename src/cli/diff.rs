//! The options of `bakeplan diff`.

use clap::{Args, ValueEnum, ValueHint};

use super::groups::Group;
use super::manual::Documented;
use crate::error::Exit;

/// Its two forms.
const USAGE: &str = "bakeplan diff [OPTIONS] --against <REVISION> [-- <OPTION>...]
       bakeplan diff [OPTIONS] <OLD> <NEW> [-- <OPTION>...]";

/// `bakeplan diff`.
#[derive(Args, Clone, Debug)]
#[command(override_usage = USAGE)]
pub(crate) struct Diff {
    /// Two plans: plan.json files, or folders that `bakeplan plan --out` wrote
    #[arg(value_names = ["OLD", "NEW"], num_args = 2, required_unless_present = "against")]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub plans: Vec<String>,
    /// Compare with the plan of this git revision, such as `main` or `HEAD^`
    #[arg(long, value_name = "REVISION", conflicts_with = "plans")]
    pub against: Option<String>,
    /// Print a table, markdown or json
    #[arg(long, value_name = "FORMAT", default_value_t, value_enum, hide_possible_values = true)]
    pub format: DiffFormat,
    /// After `--`: options and names of `bakeplan plan`, for both plans
    #[arg(value_name = "OPTION", last = true)]
    pub planned_with: Vec<String>,
}

impl Documented for Diff {
    const GROUP: Group = Group::Plan;
    const MORE: &'static str = "Shows which tags are added, moved or lost, and what changes in platforms, jobs and the attributes of builds.";
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("Show what a pull request changes", "bakeplan diff --against main"),
        ("Compare two plans", "bakeplan diff before/plan.json ci/plan.json"),
    ];
    const EXITS: &'static [Exit] = Exit::USUAL;
}

/// The forms of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people
    #[default]
    Table,
    /// For summaries
    Markdown,
    /// For programs
    Json,
}
