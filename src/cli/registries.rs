//! What the commands share that ask registries: how they are reached, how long to wait, how the outcome is reported.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};

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

/// Seconds, or a number with `s`, `m` or `h` behind it.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(['s', 'm', 'h']);
    let factor = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => 0,
    };
    let seconds = digits.parse::<u64>().ok().filter(|_| factor > 0);
    let seconds = seconds.and_then(|number| number.checked_mul(factor)).filter(|seconds| *seconds <= 86_400);
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| "expected a duration such as `90s`, `5m` or `1h`, at most a day".to_owned())
}
