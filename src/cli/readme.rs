//! The options of `bakeplan readme`.

use clap::{Args, ValueHint};

use super::groups::Group;
use super::manual::Documented;
use super::selection::Selection;
use crate::error::Exit;

/// `bakeplan readme`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Readme {
    /// File with the lines `<!-- bakeplan:begin -->` and `<!-- bakeplan:end -->`
    #[arg(id = "readme", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: String,
    /// Write nothing, and fail if the table is out of date
    #[arg(long)]
    pub check: bool,
    /// What is planned.
    #[command(flatten)]
    pub selection: Selection,
}

impl Documented for Readme {
    const GROUP: Group = Group::Plan;
    const MORE: &'static str = "The table stands between the lines `<!-- bakeplan:begin -->` and `<!-- bakeplan:end -->`; nothing else in the file changes.";
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("Update the table of tags", "bakeplan readme README.md"),
        ("Fail in CI when it is out of date", "bakeplan readme README.md --check"),
    ];
    const EXITS: &'static [Exit] = Exit::CHECKED;
}
