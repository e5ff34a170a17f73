//! The options of `bakeplan readme`.

use clap::{Args, ValueHint};

use super::manual::Documented;
use super::selection::Selection;
use crate::error::Exit;

/// `bakeplan readme`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Readme {
    /// File with the lines `<!-- bakeplan:begin -->` and `<!-- bakeplan:end -->`
    #[arg(id = "readme", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: String,
    /// Write nothing; fail when the table is out of date
    #[arg(long)]
    pub check: bool,
    /// What is planned.
    #[command(flatten)]
    pub selection: Selection,
}

impl Documented for Readme {
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("Update the table of tags", "bakeplan readme README.md"),
        ("Fail in CI when it is out of date", "bakeplan readme README.md --check"),
    ];
    const EXITS: &'static [Exit] = Exit::CHECKED;
}
