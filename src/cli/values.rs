//! Completes the values of options in a shell.

use clap::builder::ArgExt;

/// Where the candidates for a value come from, declared beside the option. Options whose values are files have a
/// [`clap::ValueHint`], and those with few values list them, so they need none of these.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Completes {
    /// Targets, groups and images of the definition.
    Names,
    /// Variables of the definition.
    Variables,
    /// The same with `=` behind them.
    Assignments,
    /// `TARGET.KEY=`
    Overrides,
    /// Platforms of the definition, and those that are built most often.
    Platforms,
    /// These; one that ends in `=` expects more.
    OneOf(fn() -> Vec<String>),
}

impl ArgExt for Completes {}

/// Candidates that are known beforehand.
pub(super) fn list<const N: usize>(values: [&str; N]) -> Vec<String> {
    values.map(str::to_owned).to_vec()
}

/// Where to write. `-` stands for standard output in other programs, and would be a file of that name.
pub(super) fn written(path: &str) -> Result<String, String> {
    match path {
        "-" => Err("without this option, standard output is written to; `./-` is a file".to_owned()),
        path => Ok(path.to_owned()),
    }
}
