//! The command line: what may be written, and what `--help` says about it.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgGroup, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint};

use crate::ci::Settle;
use crate::error::Exit;
use crate::glob::Glob;
use crate::readable;

mod boolean;
mod choice;
mod completions;
mod deferred;
mod definition;
mod diff;
mod explain;
mod global;
mod groups;
mod hints;
mod init;
mod lint;
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

pub(crate) use choice::Choice;
pub(crate) use completions::{Begun, Completions, REQUEST, Shell};
pub(crate) use deferred::Deferred;
pub(crate) use definition::Definition;
pub(crate) use diff::{Diff, DiffFormat};
pub(crate) use explain::{Explain, ExplainFormat};
pub(crate) use global::Global;
use groups::Group;
pub use groups::groups;
pub(crate) use init::Init;
pub(crate) use lint::Lint;
pub(crate) use listing::{List, ListKind, Listing};
pub use manual::Manual;
use manual::{Documented, PUBLISHED};
pub(crate) use pages::Pages;
pub(crate) use promote::Promote;
pub(crate) use readme::Readme;
use registries::parse_duration;
pub(crate) use registries::{Network, ReportFormat};
pub(crate) use schema::{Schema, SchemaOf};
pub(crate) use selection::{FactOptions, PlanOptions, Selection};
pub(crate) use values::Completes;
use values::written;
pub(crate) use workflow::{Ci, WorkflowOptions};

/// How a workflow is written that installs this very version.
const INSTALLED: &str = concat!(
    "bakeplan workflow github -o .github/workflows/images.yml --install pipx=",
    env!("CARGO_PKG_VERSION")
);

/// The id of `--color`.
const COLOR: &str = "color";

/// Plan and publish multi-platform container images from the Bake file you already have
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
        ("Show what is built where, and under which tags it is published", "bakeplan plan"),
        ("Write the files that CI needs", "bakeplan plan --out ci"),
        ("Write the workflow that builds and publishes", INSTALLED),
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
        Self::parsed(&arguments).map_err(|error| {
            // An error quotes arguments, of which none may break its lines.
            let shown: Vec<OsString> = arguments.iter().map(|argument| in_a_line(argument)).collect();
            if shown == arguments {
                return error;
            }
            Self::parsed(&shown).err().unwrap_or_else(|| Self::refuse(error))
        })
    }

    fn parsed(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let matches = groups::listed(Self::command()).try_get_matches_from(arguments);
        let mut matches = matches.map_err(|error| hints::explain(error, &mut Self::command(), arguments))?;
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
        let mut command = groups::listed(Self::command());
        command.build();
        command
    }

    /// A usage error with this message.
    #[must_use]
    pub(crate) fn refuse(message: impl Display) -> clap::Error {
        let message = message.to_string();
        Self::command().error(ErrorKind::ValueValidation, readable::line(&message))
    }
}

/// An argument as a message can quote it.
fn in_a_line(argument: &OsStr) -> OsString {
    match readable::line(&argument.to_string_lossy()) {
        Cow::Borrowed(_) => argument.to_owned(),
        Cow::Owned(shown) => shown.into(),
    }
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Propose `image` blocks from workflows, scripts and Bake files
    Init(Deferred<Init>),
    /// Write the CI workflow that plans, builds, merges and verifies
    Workflow(Box<Deferred<Workflow>>),
    /// Show or write the plan: images, tags, platforms, jobs
    Plan(Deferred<Plan>),
    /// Write a Bake file with one target per image and platform
    Bake(Deferred<Bake>),
    /// Print the CI matrix, one row per job
    Matrix(Deferred<Matrix>),
    /// Print the tags of each image
    Metadata(Deferred<Metadata>),
    /// Keep the table of tags in a README up to date
    Readme(Deferred<Readme>),
    /// Compare two plans, or the plan with that of another git revision
    Diff(Deferred<Diff>),
    /// Print the resolved definition, like `docker buildx bake --print`
    Print(Deferred<Print>),
    /// Publish builds that were pushed by digest under their tags
    Merge(Deferred<Merge>),
    /// Tag an image or index that is already in a registry
    Promote(Deferred<Promote>),
    /// Check that registries serve what was planned, to the last layer
    Verify(Deferred<Verify>),
    /// Explain the code of a message, with an example and the fix
    Explain(Deferred<Explain>),
    /// Print the JSON Schema of plan.json and other files
    Schema(Deferred<Schema>),
    /// Print the completion script for a shell
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
            Self::Workflow(args) => args.exits(),
            Self::Plan(args) => args.exits(),
            Self::Bake(args) => args.exits(),
            Self::Matrix(args) => args.exits(),
            Self::Metadata(args) => args.exits(),
            Self::Readme(args) => args.exits(),
            Self::Diff(args) => args.exits(),
            Self::Print(args) => args.exits(),
            Self::Merge(args) => args.exits(),
            Self::Promote(args) => args.exits(),
            Self::Verify(args) => args.exits(),
            Self::Explain(args) => args.exits(),
            Self::Schema(args) => args.exits(),
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
    /// Shorthand for `--call=check`.
    #[command(flatten)]
    pub lint: Lint,
    /// The definition.
    #[command(flatten)]
    pub definition: Definition,
}

impl Documented for Print {
    const GROUP: Group = Group::Plan;
    const MORE: &'static str = "Needs no Docker. With `--strict`, it is a linter for Bake files.";
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("Print the definition of some targets", "bakeplan print app"),
        ("List the targets", "bakeplan print --list targets"),
    ];
    const EXITS: &'static [Exit] = Exit::USUAL;
}

/// `bakeplan plan`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Plan {
    /// Print a table, json (then errors are JSON, too), markdown (the table of tags for a README) or mermaid (a graph) [default: table]
    #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    pub format: Option<PlanFormat>,
    /// Write docker-bake.json, matrix.json and plan.json into this folder
    #[arg(long, value_name = "DIR", value_parser = written, value_hint = ValueHint::DirPath)]
    pub out: Option<String>,
    /// Write nothing, and fail if a file in that folder is out of date
    #[arg(long, requires = "out")]
    pub check: bool,
    /// Set the outputs of a GitHub Actions step, and annotate errors
    #[arg(long)]
    pub github: bool,
    /// Also write pipeline.yml into that folder: the child pipeline that `workflow gitlab` includes
    #[arg(long, requires = "out", conflicts_with_all = ["check", "github"])]
    pub gitlab: bool,
    /// Show the reason for each tag (plan.json always has it)
    #[arg(long, conflicts_with = "check")]
    pub explain: bool,
    /// Show a tree of the targets that each image is built from
    #[arg(long, conflicts_with_all = ["format", "explain", "check"])]
    pub tree: bool,
    /// Print the facts about the run as JSON, instead of a plan; needs no Bake file
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
    const GROUP: Group = Group::Plan;
    const MORE: &'static str = "In a terminal, the plan is grouped by image; a pipe or a file gets a plain table. With `--out`, it also writes the files that CI needs, and with `--check` it compares them instead. `--github` sets the outputs `matrix`, `any`, `publish` and `merge`, and writes the job summary.";
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("Show what is built where, and under which tags it is published", "bakeplan plan"),
        ("Plan a release, with the reason for each tag", "bakeplan plan --fact tag=v1.2.3 --explain"),
        ("Write the files that CI needs", "bakeplan plan --out ci"),
    ];
    const EXITS: &'static [Exit] = Exit::CHECKED;
}

/// `bakeplan bake`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Bake {
    /// Write to this file, if its content changes, instead of standard output
    #[arg(short, long, value_name = "FILE", value_parser = written, value_hint = ValueHint::FilePath)]
    pub output: Option<String>,
    /// Write nothing, and fail if the file is out of date
    #[arg(long)]
    pub check: bool,
    /// What is planned.
    #[command(flatten)]
    pub selection: Selection,
}

impl Documented for Bake {
    const GROUP: Group = Group::Plan;
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
    /// Print one line for GitHub's `strategy.matrix` (github), or matrix.json (json)
    #[arg(long, value_name = "FORMAT", default_value_t, value_enum, hide_possible_values = true)]
    pub format: MatrixFormat,
    /// What is planned.
    #[command(flatten)]
    pub selection: Selection,
}

impl Documented for Matrix {
    const GROUP: Group = Group::Plan;
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("Print the jobs of an image", "bakeplan matrix --format json app")];
    const EXITS: &'static [Exit] = Exit::USUAL;
}

/// `bakeplan metadata`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Metadata {
    /// Print plan.json (json), one reference per line (tags), or `-t REF` for each (args)
    #[arg(long, value_name = "FORMAT", default_value_t, value_enum, hide_possible_values = true)]
    pub format: MetadataFormat,
    /// What is planned.
    #[command(flatten)]
    pub selection: Selection,
}

impl Documented for Metadata {
    const GROUP: Group = Group::Plan;
    const MORE: &'static str = "`--format args` prints the arguments of `docker buildx imagetools create`, one line per image and repository.";
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("Print the references that are published", "bakeplan metadata --format tags")];
    const EXITS: &'static [Exit] = Exit::USUAL;
}

/// `bakeplan merge`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Merge {
    /// The plan.json of the builds
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub plan: String,
    /// What was built: metadata files of `docker buildx bake`, folders with them, or `TARGET=DIGEST` (repeatable)
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present = "result")]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub metadata: Vec<String>,
    /// Tag the indexes that `merge --no-tags` wrote, according to its JSON report in this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["metadata", "no_tags", "require_all", "allow_mixed_bases"])]
    #[arg(value_hint = ValueHint::FilePath)]
    pub result: Option<String>,
    /// Allow matching repositories, such as `ghcr.io/acme/*`, and refuse a plan that names any other (repeatable)
    #[arg(long = "repository", value_name = "PATTERN", value_parser = Glob::parse, help_heading = PUBLISHED)]
    pub repositories: Vec<Glob>,
    /// Plan again from the sources, with the known versions of plan.json, and refuse a plan.json that differs
    #[arg(long)]
    pub from_source: bool,
    /// After `--`: the options and names that `bakeplan plan` was run with
    #[arg(value_name = "OPTION", last = true, requires = "from_source")]
    pub planned_with: Vec<String>,
    /// Check everything and print what would be written, also as commands, without writing it
    #[arg(long)]
    pub dry_run: bool,
    /// Write the indexes without tags and report their digests; `--result` tags them later
    #[arg(long, conflicts_with = "dry_run")]
    pub no_tags: bool,
    /// Publish nothing if any build of any image is missing
    #[arg(long, help_heading = PUBLISHED)]
    pub require_all: bool,
    /// If a build is missing that `on_missing` allows to be, hold its image all the same, since no job failed (hold), or publish it and exit with 5 (fail)
    #[arg(long, value_name = "ACTION", conflicts_with_all = ["require_all", "result"], value_enum)]
    #[arg(hide_possible_values = true, help_heading = PUBLISHED)]
    pub if_missing: Option<IfMissing>,
    /// Move floating tags even if the registry has a greater version or a later run
    #[arg(long, help_heading = PUBLISHED)]
    pub allow_backward: bool,
    /// Where a registry does not list its tags, move floating tags by the plan's known versions
    #[arg(long, conflicts_with = "allow_backward", help_heading = PUBLISHED)]
    pub trust_known_versions: bool,
    /// Move a version's own tag even if the image is immutable
    #[arg(long, help_heading = PUBLISHED)]
    pub allow_retag: bool,
    /// Leave a release that is already published as it is, and only add its missing tags
    #[arg(long, conflicts_with = "allow_retag", help_heading = PUBLISHED)]
    pub keep_existing: bool,
    /// Publish an image even if its platforms were built on different base images
    #[arg(long, help_heading = PUBLISHED)]
    pub allow_mixed_bases: bool,
    /// Write directly (native), or with `docker buildx imagetools create` (docker)
    #[arg(long, value_name = "ENGINE", default_value_t, value_enum, hide_possible_values = true)]
    pub engine: Engine,
    /// Wait up to this long, such as `90s` or `5m`, for builds that the metadata names, and for busy or slow registries
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub wait: Option<Duration>,
    /// After the tags, wait this long, such as `30s`, and look again: the registry may show late what other merges wrote
    #[arg(long, value_name = "TIME", conflicts_with_all = ["dry_run", "no_tags", "allow_backward"])]
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

impl Documented for Merge {
    const GROUP: Group = Group::Publish;
    const MORE: &'static str = "Checks all builds in all repositories, decides about each tag by what the registry has, writes the indexes, then the tags, and reads back what it wrote. It can be interrupted and repeated.";
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        (
            "Publish what was built, from the metadata files of the builds",
            "bakeplan merge --plan ci/plan.json --metadata metadata",
        ),
        ("Show what that would do", "bakeplan merge --plan ci/plan.json --metadata metadata --dry-run"),
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
    /// Compare the tags with what was built: metadata files, folders with them, or `TARGET=DIGEST` (repeatable)
    #[arg(long, value_name = "PATH", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub metadata: Vec<String>,
    /// Compare the tags with the JSON report of a merge in this file: tags that it left as they were are not errors
    #[arg(long, value_name = "FILE", conflicts_with = "metadata", value_hint = ValueHint::FilePath)]
    pub result: Option<String>,
    /// Explain what the first reference is and why it does not work; further arguments are what it should be made of, and digests from an error message
    #[arg(long, conflicts_with = "plan")]
    pub explain: bool,
    /// Print every digest that the tags of these repositories (or the plan's) need, for clean-ups; deletes nothing
    #[arg(long, conflicts_with_all = ["metadata", "result", "explain", "content", "format", "github"])]
    pub keep_set: bool,
    /// Print what is known where a registry cannot list what refers to a manifest, or does not say that its list of tags is whole
    #[arg(long, requires = "keep_set")]
    pub allow_gaps: bool,
    /// Also read layers, to check that what each image runs is built for its platform
    #[arg(long, conflicts_with = "explain")]
    pub content: bool,
    /// Print a table, or json (then errors are JSON, too)
    #[arg(long, value_name = "FORMAT", default_value_t, value_enum, hide_possible_values = true)]
    pub format: ReportFormat,
    /// Set the output `ok` of a GitHub Actions step, write its summary, and annotate what is wrong
    #[arg(long)]
    pub github: bool,
    /// How registries are reached.
    #[command(flatten)]
    pub network: Network,
}

impl Documented for Verify {
    const GROUP: Group = Group::Publish;
    const MORE: &'static str = "Follows each tag down to the last layer. Each finding has a code; `bakeplan explain CODE` shows its cause and the fix.";
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("Check one image", "bakeplan verify ghcr.io/acme/app:1.2.3"),
        ("Check all tags of a plan", "bakeplan verify --plan ci/plan.json"),
    ];
    const EXITS: &'static [Exit] =
        &[Exit::Done, Exit::Failed, Exit::Usage, Exit::Disagrees, Exit::Incomplete];
}

/// What becomes of an image without a build that its `on_missing` allows to be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IfMissing {
    /// It keeps its tags.
    Hold,
    /// It is published as `on_missing` says, and the exit code is that of what is incomplete.
    Fail,
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
    /// Which CI to write for
    #[arg(value_name = "github|gitlab", value_enum)]
    pub ci: Ci,
    /// Write to this file, if its content changes, instead of standard output
    #[arg(short, long, value_name = "FILE", value_parser = written, value_hint = ValueHint::FilePath)]
    pub output: Option<String>,
    /// Write nothing, and fail if the file is out of date; newer versions of the same actions are accepted
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
    const GROUP: Group = Group::Begin;
    const MORE: &'static str = "The settings can also be written into the `workflow` block of the definition. `--install pipx=VERSION` needs a release; `--install git=URL@COMMIT` compiles any commit.";
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("Write a workflow for GitHub Actions", INSTALLED)];
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
    /// From targets over their builds to images, as a graph of Mermaid
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
    /// One reference per line
    Tags,
    /// `-t REFERENCE` for each, for shells
    Args,
}

#[cfg(test)]
mod tests;
