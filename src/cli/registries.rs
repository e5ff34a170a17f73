//! What the commands share that ask registries: how they are reached, how long to wait, how the outcome is reported.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};

use crate::ci::duration;
use crate::reference::Registry;

/// How registries are reached.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Network")]
pub(crate) struct Network {
    /// Allow this registry (`HOST[:PORT]`) without encryption; registries on this machine always are (repeatable)
    #[arg(long = "insecure-registry", value_name = "HOST")]
    pub insecure: Vec<Registry>,
    /// Also trust the certificate authorities in this PEM file (repeatable)
    #[arg(long = "ca-file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ca_files: Vec<PathBuf>,
}

/// The forms of what was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
}

/// A duration of at most a day.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let found = duration(text).filter(|found| *found <= Duration::from_secs(86_400));
    found.ok_or_else(|| "expected a duration such as `90s`, `5m` or `1h`, at most a day".to_owned())
}
