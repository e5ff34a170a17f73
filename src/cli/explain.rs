//! The options of `bakeplan explain`.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};

use super::groups::Group;
use super::manual::Documented;
use super::values::Completes;
use crate::code::SUBJECTS;
use crate::error::Exit;
use crate::verify::code::Code as Finding;

/// Its two forms.
const USAGE: &str = "bakeplan explain [OPTIONS] <CODE>...
       bakeplan explain [OPTIONS] --list";

/// `bakeplan explain`.
#[derive(Args, Clone, Debug)]
#[command(override_usage = USAGE)]
pub(crate) struct Explain {
    /// Codes as messages show them, such as `unknown-variable` or `error[unknown-variable]`
    #[arg(value_name = "CODE", required_unless_present = "list", add = Completes::OneOf(names))]
    pub codes: Vec<String>,
    /// List all codes, one per line
    #[arg(long, conflicts_with = "codes")]
    pub list: bool,
    /// Print text, or json
    #[arg(long, value_name = "FORMAT", default_value_t, value_enum, hide_possible_values = true)]
    pub format: ExplainFormat,
}

impl Documented for Explain {
    const GROUP: Group = Group::Help;
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("Explain the code of a message", "bakeplan explain unknown-variable"),
        ("List all codes", "bakeplan explain --list"),
    ];
    const EXITS: &'static [Exit] = Exit::USUAL;
}

/// The forms of an explanation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainFormat {
    /// For people
    #[default]
    Text,
    /// An array with an object for each code
    Json,
}

/// All codes, of messages and of what `verify` finds: some are both.
fn names() -> Vec<String> {
    let codes = SUBJECTS.iter().flat_map(|subject| subject.codes).map(|code| code.name());
    let all: BTreeSet<&str> = codes.chain(Finding::ALL.iter().map(|finding| finding.name())).collect();
    all.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_offered_once_in_order() {
        let names = names();
        assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
        assert!(names.iter().any(|name| name == "invalid-manifest"), "a code of messages and of findings");
    }
}
