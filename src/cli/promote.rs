//! The options of `bakeplan promote`.

use std::time::Duration;

use clap::{ArgGroup, Args, ValueHint};

use super::groups::Group;
use super::manual::{Documented, PUBLISHED};
use super::registries::{Network, ReportFormat, parse_duration};
use crate::ci::Settle;
use crate::error::Exit;
use crate::glob::Glob;
use crate::registry::Location;

/// Its three forms.
const USAGE: &str = "bakeplan promote [OPTIONS] <SOURCE> --to <REFERENCE>
       bakeplan promote [OPTIONS] <SOURCE>... --plan <FILE>
       bakeplan promote [OPTIONS] --floating <REPOSITORY> --plan <FILE>";

/// `bakeplan promote`.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("tags").args(["to", "plan"]).required(true), override_usage = USAGE)]
pub(crate) struct Promote {
    /// The image or index to tag, such as `ghcr.io/acme/app:sha-1234567` or `…@sha256:…`; with `--plan`, `IMAGE=DIGEST` or `IMAGE=REFERENCE` for each image
    #[arg(value_name = "SOURCE", required_unless_present = "floating")]
    pub sources: Vec<String>,
    /// The tag to give it, `REPOSITORY:TAG` (repeatable)
    #[arg(long, value_name = "REFERENCE", conflicts_with = "plan")]
    pub to: Vec<String>,
    /// Give each image its tags in this plan, if it matches the plan
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub plan: Option<String>,
    /// Move the floating tags of this repository to the greatest versions in it that are not withdrawn
    #[arg(long, value_name = "REPOSITORY", requires = "plan", conflicts_with_all = ["sources", "to"])]
    pub floating: Option<Location>,
    /// Allow matching repositories, such as `ghcr.io/acme/*`, and refuse a plan that names any other (repeatable)
    #[arg(long = "repository", value_name = "PATTERN", value_parser = Glob::parse, conflicts_with = "to", help_heading = PUBLISHED)]
    pub repositories: Vec<Glob>,
    /// Check everything and print what would be written, also as commands, without writing it
    #[arg(long)]
    pub dry_run: bool,
    /// Move floating tags even if the registry has a greater version or a later run
    #[arg(long, conflicts_with = "floating", help_heading = PUBLISHED)]
    pub allow_backward: bool,
    /// Where a registry does not list its tags, move floating tags by the plan's known versions
    #[arg(long, conflicts_with_all = ["to", "allow_backward", "floating"], help_heading = PUBLISHED)]
    pub trust_known_versions: bool,
    /// Move a version's own tag, which otherwise never changes
    #[arg(long, help_heading = PUBLISHED)]
    pub allow_retag: bool,
    /// Tag an image even if it says that it has another version or revision
    #[arg(long, help_heading = PUBLISHED)]
    pub allow_other_version: bool,
    /// Wait up to this long, such as `90s` or `5m`, for busy or slow registries
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub wait: Option<Duration>,
    /// After the tags, wait this long, such as `30s`, and look again: the registry may show late what merges wrote meanwhile
    #[arg(long, value_name = "TIME", conflicts_with_all = ["dry_run", "allow_backward", "floating"])]
    pub settle: Option<Settle>,
    /// Print a table, or json (then errors are JSON, too)
    #[arg(long, value_name = "FORMAT", default_value_t, value_enum, hide_possible_values = true)]
    pub format: ReportFormat,
    /// Set the output `result` of a GitHub Actions step, write its summary, and annotate errors
    #[arg(long)]
    pub github: bool,
    /// How registries are reached.
    #[command(flatten)]
    pub network: Network,
}

impl Documented for Promote {
    const GROUP: Group = Group::Publish;
    const MORE: &'static str = "The image or index is not changed, only tagged, in its own repository or another. The checks are those of `bakeplan merge`. With `--plan ci/plan.json`, an image gets its tags in that plan: `app=ghcr.io/acme/app:sha-1234567`. After a version was withdrawn, `--floating ghcr.io/acme/app --plan ci/plan.json` gives `latest`, `1` and `1.4` back to the version that is left.";
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[(
        "Tag an image as a release",
        "bakeplan promote ghcr.io/acme/app:sha-1234567 --to ghcr.io/acme/app:1.2.3",
    )];
    const EXITS: &'static [Exit] = &[Exit::Done, Exit::Failed, Exit::Usage, Exit::Incomplete];
}
