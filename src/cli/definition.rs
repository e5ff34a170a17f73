//! The options of `docker buildx bake` that name and change a definition, which most commands take.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueHint};

use super::boolean::parse_bool;
use super::values::{Completes, list};
use crate::diagnostic::alternatives;

/// The heading of the options that Bake does not have.
const OURS: &str = "Definition";

/// Where the definition comes from and what is changed in it: the options of `docker buildx bake`, with its meaning. As
/// there, the last of several counts; of ours, none may be given twice but those that say so.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of `docker buildx bake`")]
pub(crate) struct Definition {
    /// Targets and groups, or patterns such as `app-*` [default: the group `default`]
    #[arg(value_name = "TARGET", help_heading = None, add = Completes::Names)]
    pub targets: Vec<String>,
    /// Read this file, or `-` for standard input (repeatable)
    #[arg(short, long = "file", value_name = "FILE", allow_hyphen_values = true, value_hint = ValueHint::FilePath)]
    pub files: Vec<String>,
    /// Read `image` blocks from this file, or from no file with `none` [default: images.hcl or images.json beside the Bake file]
    #[arg(long, value_name = "FILE|none", help_heading = OURS, value_parser = NonEmptyStringValueParser::new())]
    #[arg(value_hint = ValueHint::FilePath)]
    pub images: Option<String>,
    /// Override an attribute: `PATTERN.KEY=VALUE` (repeatable)
    #[arg(long = "set", value_name = "OVERRIDE", allow_hyphen_values = true, add = Completes::Overrides)]
    pub overrides: Vec<String>,
    /// Set a variable: `NAME=VALUE` (repeatable)
    #[arg(long = "var", value_name = "VARIABLE", allow_hyphen_values = true, add = Completes::Assignments)]
    pub variables: Vec<String>,
    /// Leave a variable to the build: `${NAME}` stays as it is in the output (repeatable)
    #[arg(long = "keep-variable", value_name = "NAME", help_heading = OURS, add = Completes::Variables)]
    pub kept: Vec<String>,
    /// Report what Bake accepts but is almost always a mistake, as errors
    #[arg(long, help_heading = OURS)]
    pub strict: bool,
    /// Push the images: shorthand for `--set=*.output=type=registry`
    #[arg(long, value_name = "BOOL", value_parser = parse_bool, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true")]
    #[arg(overrides_with = "push")]
    pub push: Option<bool>,
    /// Load the images into Docker: shorthand for `--set=*.output=type=docker`
    #[arg(long, value_name = "BOOL", value_parser = parse_bool, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", default_value = "false", hide_default_value = true)]
    #[arg(overrides_with = "load")]
    pub load: bool,
    /// Build without the cache
    #[arg(long, value_name = "BOOL", value_parser = parse_bool, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true")]
    #[arg(overrides_with = "no_cache")]
    pub no_cache: Option<bool>,
    /// Always pull referenced images
    #[arg(long, value_name = "BOOL", value_parser = parse_bool, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true")]
    #[arg(overrides_with = "pull")]
    pub pull: Option<bool>,
    /// Provenance attestation: a boolean, or attributes such as `mode=max`
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    #[arg(overrides_with = "provenance")]
    pub provenance: Option<String>,
    /// SBOM attestation: a boolean, or attributes such as `generator=IMAGE`
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    #[arg(overrides_with = "sbom")]
    pub sbom: Option<String>,
    /// Options for evaluating policies, such as `strict=true` (repeatable)
    #[arg(long = "policy", value_name = "OPTIONS", allow_hyphen_values = true)]
    pub policies: Vec<String>,
    /// Evaluate builds in this way: check, outline or targets
    #[arg(long, value_name = "METHOD", allow_hyphen_values = true, add = Completes::OneOf(|| list(["check", "outline", "targets"])))]
    #[arg(overrides_with = "call")]
    pub call: Option<String>,
    /// Refuse files outside this folder, unless the command line names them [default with --github: the repository]
    #[arg(long, value_name = "DIR", help_heading = OURS, value_hint = ValueHint::DirPath)]
    pub confine: Option<String>,
    /// Allow this entitlement, and refuse a plan that asks for any other (repeatable)
    #[arg(long, value_name = "ENTITLEMENT", allow_hyphen_values = true)]
    #[arg(add = Completes::OneOf(|| list(["network.host", "security.insecure", "fs.read=", "fs.write=", "ssh", "device="])))]
    pub allow: Vec<String>,
    /// Options that change nothing here.
    #[command(flatten)]
    pub ignored: Ignored,
}

impl Definition {
    /// The option that names this file, if one does.
    #[must_use]
    pub(crate) fn option_for(&self, file: &str) -> Option<&'static str> {
        let is_named = self.files.iter().any(|named| named == file);
        is_named.then_some("-f").or_else(|| (self.images.as_deref() == Some(file)).then_some("--images"))
    }
}

/// Options of `docker buildx bake` that do not change the definition. They are accepted so that its command lines work.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Accepted for compatibility, without effect")]
pub(crate) struct Ignored {
    /// Builder to use
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    #[arg(overrides_with = "builder")]
    pub builder: Option<String>,
    /// Type of progress output
    #[arg(long, value_name = "MODE", allow_hyphen_values = true, value_parser = progress_mode, add = Completes::OneOf(|| list(PROGRESS_MODES)))]
    #[arg(overrides_with = "progress")]
    pub progress: Option<String>,
    /// File for build metadata
    #[arg(long, value_name = "FILE", allow_hyphen_values = true, value_hint = ValueHint::FilePath)]
    #[arg(overrides_with = "metadata_file")]
    pub metadata_file: Option<String>,
    /// When a failing build stops the others
    #[arg(long, value_name = "MODE", allow_hyphen_values = true)]
    #[arg(overrides_with = "execution")]
    pub execution: Option<String>,
    /// How many targets to build at once
    #[arg(short, long, value_name = "NUMBER", allow_hyphen_values = true)]
    #[arg(overrides_with = "jobs")]
    pub jobs: Option<String>,
    /// Print the definition instead of building
    #[arg(long, value_name = "BOOL", value_parser = parse_bool, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", default_value = "false", hide_default_value = true)]
    #[arg(overrides_with = "print")]
    pub print: bool,
    /// Debug logging
    #[arg(short = 'D', long, value_name = "BOOL", value_parser = parse_bool, num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", default_value = "false", hide_default_value = true)]
    #[arg(overrides_with = "debug")]
    pub debug: bool,
}

/// How `docker buildx bake` may show progress.
const PROGRESS_MODES: [&str; 6] = ["auto", "none", "plain", "quiet", "rawjson", "tty"];

/// A mode of progress, which `docker buildx bake` refuses before it reads a file when it is none.
fn progress_mode(text: &str) -> Result<String, String> {
    if text.is_empty() || PROGRESS_MODES.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(format!("expected {}", alternatives(&PROGRESS_MODES)))
}
