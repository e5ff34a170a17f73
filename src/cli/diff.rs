//! The options of `bakeplan diff`.

use clap::{Args, ValueEnum, ValueHint};

/// `bakeplan diff`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Diff {
    /// Two plans: plan.json, or the folder that `bakeplan plan --out` wrote
    #[arg(value_names = ["OLD", "NEW"], num_args = 2, required_unless_present = "against")]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub plans: Vec<String>,
    /// Compare what is planned here with what the definition of this revision of git gives, such as `main` or `HEAD^`
    #[arg(long, value_name = "REVISION", conflicts_with = "plans")]
    pub against: Option<String>,
    /// Print a table, markdown or json
    #[arg(long, value_name = "FORMAT", default_value_t, value_enum, hide_possible_values = true)]
    pub format: DiffFormat,
    /// Options and names of `bakeplan plan` for both plans, after `--`
    #[arg(value_name = "OPTION", last = true)]
    pub planned_with: Vec<String>,
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
