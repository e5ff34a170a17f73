//! The options of `bakeplan man`.

use clap::{Args, ValueHint};

use super::groups::Group;
use super::manual::Documented;
use crate::error::Exit;

/// `bakeplan man`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Pages {
    /// Print the page of this command [default: bakeplan itself]
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    pub command: Option<String>,
    /// Write all pages into this folder: bakeplan.1, bakeplan-plan.1 and so on
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<String>,
}

impl Documented for Pages {
    const GROUP: Group = Group::Help;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("Read a page: bakeplan man plan | man -l -", "bakeplan man plan"),
        ("Install all of them", "bakeplan man --out share/man/man1"),
    ];
    const EXITS: &'static [Exit] = Exit::USUAL;
}
