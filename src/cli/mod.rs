//! The command line: what may be written, and what `--help` says about it.

use std::ffi::OsString;
use std::fmt::Display;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgGroup, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint};

use crate::ci::Settle;
use crate::error::Exit;
use crate::glob::Glob;

mod boolean;
mod choice;
mod completions;
mod deferred;
mod definition;
mod diff;
mod explain;
mod global;
mod hints;
mod init;
mod listing;
mod manual;
mod pages;
mod promote;
mod readme;
mod registries;
mod schema;
mod selection;
mod values;
mod workflow;

use boolean::parse_bool;
pub(crate) use choice::{Choice, OnUnknown};
pub(crate) use completions::{Begun, Completions, REQUEST, Shell};
pub(crate) use deferred::Deferred;
pub(crate) use definition::Definition;
pub(crate) use diff::{Diff, DiffFormat};
pub(crate) use explain::{Explain, ExplainFormat};
pub(crate) use global::Global;
pub(crate) use init::Init;
pub(crate) use listing::{List, ListKind, Listing};
pub(crate) use manual::Manual;
use manual::{Documented, PUBLISHED};
pub(crate) use pages::Pages;
pub(crate) use promote::Promote;
pub(crate) use readme::Readme;
use registries::parse_duration;
pub(crate) use registries::{Network, ReportFormat};
pub(crate) use schema::{Schema, SchemaOf};
pub(crate) use selection::{FactOptions, PlanOptions, Selection};
pub(crate) use values::Completes;
pub(crate) use workflow::{Ci, WorkflowOptions};

/// The id of `--color`.
const COLOR: &str = "color";

/// Reads the Bake file you already have, as `docker buildx bake` does but without Docker, decides which image is built
/// on which platform and published under which tags, and writes what the pipeline needs.
#[derive(Clone, Debug, Parser)]
#[command(version, after_long_help = Manual::of::<Self>().help(), add = Manual::of::<Self>(), arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Global options.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Documented for Cli {
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("Show what is built where, and published under which tags", "bakeplan plan"),
        ("Write the files of a run", "bakeplan plan --out ci"),
        (
            "Write the workflow that builds and publishes",
            "bakeplan workflow github -o .github/workflows/images.yml --install path",
        ),
    ];
    const EXITS: &'static [Exit] = Exit::ALL;
}

impl Cli {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    /// What is to be printed instead of running: the help, the version or a usage error.
    pub(crate) fn read(
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let matches = Self::command().try_get_matches_from(&arguments);
        let mut matches = matches.map_err(|error| hints::explain(error, &mut Self::command(), &arguments))?;
        // An option that is global in clap loses its values before the command when there are some after it, too.
        let behind = matches.subcommand().map(|(_, matches)| {
            let is_colored = matches.value_source(COLOR) == Some(ValueSource::CommandLine);
            Ok::<_, clap::Error>((Global::from_arg_matches(matches)?, is_colored))
        });
        let behind = behind.transpose()?;
        let mut cli = Self::from_arg_matches_mut(&mut matches)?;
        if let Some((behind, is_colored)) = behind {
            cli.global.directories.extend(behind.directories);
            cli.global.verbose |= behind.verbose;
            if is_colored {
                cli.global.color = behind.color;
            }
        }
        Ok(cli)
    }

    /// What the words before the cursor of a shell say, the program's name first.
    #[must_use]
    pub(crate) fn begun(words: &[OsString]) -> Begun {
        completions::begun(Self::command(), words)
    }

    /// The command line with the options of all commands.
    #[must_use]
    pub(crate) fn command_in_full() -> clap::Command {
        let mut command = Self::command();
        command.build();
        command
    }

    /// A usage error with this message.
    #[must_use]
    pub(crate) fn refuse(message: impl Display) -> clap::Error {
        Self::command().error(ErrorKind::ValueValidation, message)
    }
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Propose `image` blocks for what workflows, scripts and Bake files publish today
    Init(Deferred<Init>),
    /// Print the resolved Bake definition, as `docker buildx bake --print` does
    Print(Deferred<Print>),
    /// Show or write the plan: images, tags, platforms, jobs
    Plan(Deferred<Plan>),
    /// Write the Bake file with one target for each image and platform
    Bake(Deferred<Bake>),
    /// Print the rows of a CI matrix, one for each job
    Matrix(Deferred<Matrix>),
    /// Print which tags each image is published under
    Metadata(Deferred<Metadata>),
    /// Publish images that were built by digest under all their tags, in all their repositories
    Merge(Deferred<Merge>),
    /// Give tags to an index or image that is there, in its repository or another
    Promote(Deferred<Promote>),
    /// Check what registries serve, down to the last layer, and explain what is wrong
    Verify(Deferred<Verify>),
    /// Keep the table of tags in a README up to date, between two markers
    Readme(Deferred<Readme>),
    /// Write the CI workflow that plans, builds, merges and verifies
    Workflow(Box<Deferred<Workflow>>),
    /// Show what differs between two plans, or from the definition of another revision
    Diff(Deferred<Diff>),
    /// Print the JSON Schema of a file that is written or read as JSON
    Schema(Deferred<Schema>),
    /// Explain the code of a message: why it is reported, an example, and what helps
    Explain(Deferred<Explain>),
    /// Print what teaches a shell to complete commands, options and the names in Bake files
    Completions(Deferred<Completions>),
    /// Print a manual page, or write all of them
    Man(Deferred<Pages>),
}

impl Command {
    /// How it may end.
    #[must_use]
    pub(crate) fn exits(&self) -> &'static [Exit] {
        match self {
            Self::Init(args) => args.exits(),
            Self::Print(args) => args.exits(),
            Self::Plan(args) => args.exits(),
            Self::Bake(args) => args.exits(),
            Self::Matrix(args) => args.exits(),
            Self::Metadata(args) => args.exits(),
            Self::Merge(args) => args.exits(),
            Self::Promote(args) => args.exits(),
            Self::Verify(args) => args.exits(),
            Self::Readme(args) => args.exits(),
            Self::Workflow(args) => args.exits(),
            Self::Diff(args) => args.exits(),
            Self::Schema(args) => args.exits(),
            Self::Explain(args) => args.exits(),
            Self::Completions(args) => args.exits(),
            Self::Man(args) => args.exits(),
        }
    }
}

/// `bakeplan print`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Print {
    /// What is listed instead.
    #[command(flatten)]
    pub listing: Listing,
    /// Short for `--call=check`: lint instead of building
    #[arg(id = "lint", long = "check", value_name = "BOOL", value_parser = parse_bool, num_args = 0..=1)]
    #[arg(require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(hide_default_value = true, overrides_with_all = ["call", "lint"])]
    pub lint: bool,
    /// The definition.
    #[command(flatten)]
    pub definition: Definition,
}

impl Documented for Print {
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("Print the definition of some targets", "bakeplan print app"),
        ("List the targets", "bakeplan print --list targets"),
    ];
    const EXITS: &'static [Exit] = Exit::USUAL;
}

/// `bakeplan plan`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Plan {
    /// Print a table, json (and errors as JSON), markdown (the table of tags for a README) or mermaid (a graph) [default: table]
    #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    pub format: Option<PlanFormat>,
    /// Write docker-bake.json, matrix.json and plan.json into this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<String>,
    /// Write nothing; fail when a file in that folder is out of date
    #[arg(long, requires = "out")]
    pub check: bool,
    /// Set the outputs of a GitHub Actions step and annotate errors
    #[arg(long)]
    pub github: bool,
    /// Write pipeline.yml into that folder as well: a child pipeline with the jobs, for what `workflow gitlab` writes
    #[arg(long, requires = "out", conflicts_with_all = ["check", "github"])]
    pub gitlab: bool,
    /// Give the reason for each tag (in the table; plan.json always has it)
    #[arg(long, conflicts_with = "check")]
    pub explain: bool,
    /// Show instead which targets are built of which, below each image
    #[arg(long, conflicts_with_all = ["format", "explain", "check"])]
    pub tree: bool,
    /// Print what is known about the run as JSON instead of a plan; needs no Bake file
    #[arg(long = "facts", conflicts_with_all = ["out", "github", "explain", "tree", "platforms", "publish", "targets", "files"])]
    #[arg(conflicts_with_all = ["images", "overrides", "variables", "kept", "strict", "push", "load", "no_cache", "pull"])]
    #[arg(conflicts_with_all = ["provenance", "sbom", "policies", "call"])]
    pub print_facts: bool,
    /// What is built.
    #[command(flatten)]
    pub choice: Choice,
    /// What is planned.
    #[command(flatten)]
    pub selection: Selection,
}

impl Documented for Plan {
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("Show what is built where, and published under which tags", "bakeplan plan"),
        (
            "Plan for a release, and say why each tag is where it is",
            "bakeplan plan --fact tag=v1.2.3 --explain",
        ),
        ("Write the files of a run", "bakeplan plan --out ci"),
    ];
    const EXITS: &'static [Exit] = Exit::CHECKED;
}

/// `bakeplan bake`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Bake {
    /// Write this file, when its content changes, instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<String>,
    /// Write nothing; fail when the file is out of date
    #[arg(long)]
    pub check: bool,
    /// What is planned.
    #[command(flatten)]
    pub selection: Selection,
}

impl Documented for Bake {
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        (
            "Write a file to commit, and fail in CI when it is out of date",
            "bakeplan bake -o ci/docker-bake.json",
        ),
        ("Compare it", "bakeplan bake -o ci/docker-bake.json --check"),
    ];
    const EXITS: &'static [Exit] = Exit::CHECKED;
}

/// `bakeplan matrix`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Matrix {
    /// Print one line for `strategy.matrix` (github), or matrix.json (json)
    #[arg(long, value_name = "FORMAT", default_value_t, value_enum, hide_possible_values = true)]
    pub format: MatrixFormat,
    /// What is planned.
    #[command(flatten)]
    pub selection: Selection,
}

impl Documented for Matrix {
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("Print the jobs of an image", "bakeplan matrix --format json app")];
    const EXITS: &'static [Exit] = Exit::USUAL;
}

/// `bakeplan metadata`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Metadata {
    /// Print plan.json (json), a reference a line (tags), or `-t REF` for each (args)
    #[arg(long, value_name = "FORMAT", default_value_t, value_enum, hide_possible_values = true)]
    pub format: MetadataFormat,
    /// What is planned.
    #[command(flatten)]
    pub selection: Selection,
}

impl Documented for Metadata {
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("Print the references that are published", "bakeplan metadata --format tags")];
    const EXITS: &'static [Exit] = Exit::USUAL;
}

/// `bakeplan merge`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Merge {
    /// The plan that the builds were made from
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub plan: String,
    /// What was built: metadata files from `docker buildx bake`, folders of them, or `TARGET=DIGEST` (repeatable)
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present = "result")]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub metadata: Vec<String>,
    /// Give the tags to the indexes that `merge --no-tags` wrote, according to its JSON in this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["metadata", "no_tags", "require_all", "allow_mixed_bases"])]
    #[arg(value_hint = ValueHint::FilePath)]
    pub result: Option<String>,
    /// Write only to repositories that fit, such as `ghcr.io/acme/*`; a plan that names another is an error (repeatable)
    #[arg(long = "repository", value_name = "PATTERN", value_parser = Glob::parse, help_heading = PUBLISHED)]
    pub repositories: Vec<Glob>,
    /// Plan again from the sources, with what plan.json says of known versions, and refuse a plan.json that differs
    #[arg(long)]
    pub from_source: bool,
    /// Options and names that `bakeplan plan` had, after `--`
    #[arg(value_name = "OPTION", last = true, requires = "from_source")]
    pub planned_with: Vec<String>,
    /// Check everything and print what would be written, also as commands, but write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write the indexes under their digests and report them, but no tags; `--result` gives the tags later
    #[arg(long, conflicts_with = "dry_run")]
    pub no_tags: bool,
    /// Publish nothing when any build of any image is missing
    #[arg(long, help_heading = PUBLISHED)]
    pub require_all: bool,
    /// Move floating tags even if the registry has a greater version or a later run
    #[arg(long, help_heading = PUBLISHED)]
    pub allow_backward: bool,
    /// Move floating tags by the plan's known versions where the registry refuses to list its tags
    #[arg(long, conflicts_with = "allow_backward", help_heading = PUBLISHED)]
    pub trust_known_versions: bool,
    /// Give a version's own tag another digest even if the image is immutable
    #[arg(long, help_heading = PUBLISHED)]
    pub allow_retag: bool,
    /// Leave a release as it is whose own tags are there with another digest, and give it its other tags
    #[arg(long, conflicts_with = "allow_retag", help_heading = PUBLISHED)]
    pub keep_existing: bool,
    /// Publish an image even if its platforms were built on different base images
    #[arg(long, help_heading = PUBLISHED)]
    pub allow_mixed_bases: bool,
    /// Write directly (native), or through `docker buildx imagetools create` (docker)
    #[arg(long, value_name = "ENGINE", default_value_t, value_enum, hide_possible_values = true)]
    pub engine: Engine,
    /// Wait up to this long, such as `90s` or `5m`, for builds that the metadata names, and in each request for a registry
    /// that is busy or slow
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub wait: Option<Duration>,
    /// After the tags, wait this long, such as `30s`, and look again: the registry may show late what other merges have
    /// written
    #[arg(long, value_name = "TIME", conflicts_with_all = ["dry_run", "no_tags"])]
    pub settle: Option<Settle>,
    /// Print a table, or json (and errors as JSON)
    #[arg(long, value_name = "FORMAT", default_value_t, value_enum, hide_possible_values = true)]
    pub format: ReportFormat,
    /// Set the output `result` of a GitHub Actions step, write its summary and annotate errors
    #[arg(long)]
    pub github: bool,
    /// How registries are reached.
    #[command(flatten)]
    pub network: Network,
}

impl Documented for Merge {
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        (
            "Publish what was built, according to the metadata files of the builds",
            "bakeplan merge --plan ci/plan.json --metadata metadata",
        ),
        ("See what that would do", "bakeplan merge --plan ci/plan.json --metadata metadata --dry-run"),
    ];
    const EXITS: &'static [Exit] = &[Exit::Done, Exit::Failed, Exit::Usage, Exit::Incomplete];
}

/// `bakeplan verify`.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("checked").args(["references", "plan"]).required(true))]
pub(crate) struct Verify {
    /// References to check, such as `ghcr.io/acme/app:1`
    #[arg(value_name = "REFERENCE")]
    pub references: Vec<String>,
    /// Check all tags of this plan instead
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub plan: Option<String>,
    /// Compare the tags with what was built: metadata files, folders of them, or `TARGET=DIGEST` (repeatable)
    #[arg(long, value_name = "PATH", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub metadata: Vec<String>,
    /// Compare the tags with what a merge did, according to its JSON in this file: what it held is not wrong
    #[arg(long, value_name = "FILE", conflicts_with = "metadata", value_hint = ValueHint::FilePath)]
    pub result: Option<String>,
    /// Explain what the first reference is and why it does not work; the others are what it should be made of, and digests
    /// that an error named
    #[arg(long, conflicts_with = "plan")]
    pub explain: bool,
    /// Print every digest that the tags of whole repositories (or of the plan's) need, for clean-ups; deletes nothing
    #[arg(long, conflicts_with_all = ["metadata", "result", "explain", "content", "format", "github"])]
    pub keep_set: bool,
    /// Read layers, too: whether what each image runs is for its machine
    #[arg(long, conflicts_with = "explain")]
    pub content: bool,
    /// Print a table, or json (and errors as JSON)
    #[arg(long, value_name = "FORMAT", default_value_t, value_enum, hide_possible_values = true)]
    pub format: ReportFormat,
    /// Set the output `ok` of a GitHub Actions step, write its summary and annotate what is wrong
    #[arg(long)]
    pub github: bool,
    /// How registries are reached.
    #[command(flatten)]
    pub network: Network,
}

impl Documented for Verify {
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("Check one image", "bakeplan verify ghcr.io/acme/app:1.2.3"),
        ("Check all tags of a plan", "bakeplan verify --plan ci/plan.json"),
    ];
    const EXITS: &'static [Exit] =
        &[Exit::Done, Exit::Failed, Exit::Usage, Exit::Disagrees, Exit::Incomplete];
}

/// What writes to registries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// This program
    #[default]
    Native,
    /// `docker buildx imagetools create`
    Docker,
}

/// `bakeplan workflow`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Workflow {
    /// Which CI it is for
    #[arg(value_name = "CI", value_enum)]
    pub ci: Ci,
    /// Write this file, when its content changes, instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<String>,
    /// Write nothing; fail when the file is out of date; newer versions of the same actions are accepted
    #[arg(long)]
    pub check: bool,
    /// What it does.
    #[command(flatten)]
    pub settings: WorkflowOptions,
    /// What is planned.
    #[command(flatten)]
    pub selection: Selection,
}

impl Documented for Workflow {
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[(
        "Write the workflow of GitHub Actions",
        "bakeplan workflow github -o .github/workflows/images.yml --install path",
    )];
    const EXITS: &'static [Exit] = Exit::CHECKED;
}

/// The forms of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people
    Table,
    /// As plan.json
    Json,
    /// The tags and platforms of each image, as a table of Markdown
    Markdown,
    /// From targets over legs to images, as a graph of Mermaid
    Mermaid,
}

/// The forms of a matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatrixFormat {
    /// One line, for `strategy.matrix` of GitHub Actions
    #[default]
    Github,
    /// As matrix.json
    Json,
}

/// The forms of the tag metadata.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MetadataFormat {
    /// As plan.json
    #[default]
    Json,
    /// One reference a line
    Tags,
    /// `-t REFERENCE` for each, for shells
    Args,
}

#[cfg(test)]
mod tests;
