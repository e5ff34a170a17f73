//! The options that every command takes.

use std::path::PathBuf;

use clap::{Args, ColorChoice, ValueHint};

/// Options that every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Run as if started in DIR (repeatable, each relative to the one before)
    #[arg(short = 'C', value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub directories: Vec<PathBuf>,
    /// When to use colour: auto, always or never
    #[arg(long, overrides_with = "color", value_name = "WHEN", default_value_t, hide_possible_values = true)]
    pub color: ColorChoice,
    /// Report what is read and written, on standard error
    #[arg(short, long, overrides_with = "verbose")]
    pub verbose: bool,
}
