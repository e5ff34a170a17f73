//! Every option of every command does something, or is refused: a table with both halves of each, which a new option
//! fails until it has a row.

use std::collections::BTreeSet;
use std::process::Output;

use bakeplan::internals::cli;

use crate::support::{Test, in_parallel, read};

/// An option, or an argument without a name, of the commands that have it.
struct Row {
    /// The commands that this row is about; none means all that have it.
    of: &'static [&'static str],
    /// `--name`, `-n` where there is no long form, or the name of the value.
    name: &'static str,
    /// What is added to the command's line and refused, and what the message says. A line that begins with the command
    /// stands for itself.
    refused: (&'static str, &'static str),
    /// What is added likewise and passes.
    passes: &'static str,
    seen: Seen,
}

/// How one sees that it does something.
enum Seen {
    /// The run of these commands differs from the one without it, and the others pass.
    In(&'static [&'static str]),
    /// Nowhere, as `--help` says.
    Nowhere,
    /// In the tests of this file, where this word stands for it: they need more than this table has.
    By(&'static str, &'static str),
}

use Seen::{By, In, Nowhere};

const PLANS: &[&str] = &["plan", "bake", "matrix", "metadata", "readme", "workflow"];
const ALL: &[&str] = &["print", "plan", "bake", "matrix", "metadata", "readme", "workflow"];
const NOT_WORKFLOW: &[&str] = &["print", "plan", "bake", "matrix", "metadata", "readme"];
const DEFINITION: &str = r#"
variable "V" { default = "1.2.3" }
variable "N" { default = "a" }

group "default" { targets = ["app", "web"] }

target "app" {
  platforms = ["linux/amd64", "linux/arm64"]
  args      = { N = N }
  zzz       = "not an attribute"
}

target "web" {
  platforms = ["linux/amd64"]
}

image "app" {
  repositories = ["ghcr.io/acme/app"]
  version      = V
  tags         = ["{{ version }}", "{{ major }}", { pattern = "{{ branch }}", when = "branch" }]
}

image "web" {
  repositories = ["ghcr.io/acme/web"]
  tags         = ["x", { pattern = "{{ branch }}", when = "branch" }]
}
"#;

/// What is known about the run without options.
const REF: (&str, &str) = ("GITHUB_REF", "refs/heads/main");

pub(crate) const FILES: &[(&str, &str)] = &[
    ("docker-bake.hcl", DEFINITION),
    ("more.hcl", "target \"web\" {\n  platforms = [\"linux/s390x\"]\n  dockerfile = \"Other\"\n}\n"),
    (
        "clean.hcl",
        "target \"default\" {\n  platforms = [\"linux/amd64\"]\n  tags = [\"ghcr.io/acme/app:1\"]\n}\n",
    ),
    ("more-images.hcl", "image \"web\" {\n  repositories = [\"ghcr.io/acme/other\"]\n}\n"),
    ("known.txt", "1.9.0\n"),
    ("facts.json", "{\"branch\": \"side\"}"),
    ("README.md", "<!-- bakeplan:begin -->\n<!-- bakeplan:end -->\n"),
    ("local/docker-bake.hcl", "target \"local\" {}\n"),
    ("layout/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}"),
    (
        "layout/index.json",
        r#"{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","size":289,
            "digest":"sha256:85995ec23c0586297c2ef150656c049c07de4e103c6d3eaf2e6df95a7b5bfd18",
            "annotations":{"org.opencontainers.image.ref.name":"1"}}]}"#,
    ),
    (
        "layout/blobs/sha256/9d99a75171aea000c711b34c0e5e3f28d3d537dd99d110eafbfbc2bd8e52c2bf",
        r#"{"architecture":"amd64","os":"linux"}"#,
    ),
    (
        "layout/blobs/sha256/746149bd040cb1d72951d8d48cda127c207afbe17ffc8fcc793124006084f144",
        r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:9d99a75171aea000c711b34c0e5e3f28d3d537dd99d110eafbfbc2bd8e52c2bf","size":37},"layers":[]}"#,
    ),
    (
        "layout/blobs/sha256/85995ec23c0586297c2ef150656c049c07de4e103c6d3eaf2e6df95a7b5bfd18",
        r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:746149bd040cb1d72951d8d48cda127c207afbe17ffc8fcc793124006084f144","size":247,"platform":{"architecture":"amd64","os":"linux"}}]}"#,
    ),
    ("empty/nothing.txt", ""),
];

const fn row(
    name: &'static str,
    refused: (&'static str, &'static str),
    passes: &'static str,
    seen: Seen,
) -> Row {
    Row { of: &[], name, refused, passes, seen }
}

const fn row_of(
    of: &'static [&'static str],
    name: &'static str,
    refused: (&'static str, &'static str),
    passes: &'static str,
    seen: Seen,
) -> Row {
    Row { of, name, refused, passes, seen }
}

const BOOLEAN: &str = "expected `true` or `false`";
const NEEDS_VALUE: &str = "a value is required";
const NO_VALUE: &str = "unexpected value";
const TWICE: &str = "cannot be used multiple times";
const CONFLICT: &str = "cannot be used with";

const ROWS: &[Row] = &[
    // Global options.
    row("-C", ("-C nowhere", "nowhere"), "-C .", By("tests/cli/edge.rs", "\"-C\", \"a\"")),
    row("--color", ("--color=pink", "invalid value"), "--color=always", In(ALL)),
    row("--verbose", ("--verbose=1", NO_VALUE), "-v", In(ALL)),
    // The definition.
    row("TARGET", ("https://example.com/a.git", "error[remote"), "app", In(ALL)),
    row("--file", ("-f nowhere.hcl", "cannot read `nowhere.hcl`"), "-f docker-bake.hcl -f more.hcl", In(ALL)),
    row(
        "--images",
        ("-f - --images -", "cannot both read"),
        "--images more-images.hcl",
        In(&["plan", "metadata", "bake", "readme"]),
    ),
    row(
        "--set",
        ("--set nothing.args.A=1", "could not find any target"),
        "--set app.platform=linux/386",
        In(ALL),
    ),
    row("--var", ("--var V", "has no value"), "--var V=7.0.0", In(&["plan", "metadata", "readme"])),
    row_of(
        &["print", "plan", "bake", "matrix", "metadata", "readme"],
        "--keep-variable",
        ("--keep-variable NONE", "no `variable` block"),
        "--keep-variable N",
        In(&["print", "bake"]),
    ),
    row_of(
        &["workflow"],
        "--keep-variable",
        ("--keep-variable NONE", "no `variable` block"),
        "--keep-variable N",
        In(&["workflow"]),
    ),
    row(
        "--strict",
        ("--strict", "a target has no attribute `zzz`"),
        "-f clean.hcl --strict",
        By("tests/cli/strict.rs", "--strict"),
    ),
    row("--push", ("--push=maybe", BOOLEAN), "--push", In(&["print", "bake"])),
    row_of(&["print"], "--load", ("--load=maybe", BOOLEAN), "--load", In(&["print"])),
    row_of(
        PLANS,
        "--load",
        ("--load", "an output of type `docker` cannot be pushed"),
        "--load=false",
        By("tests/cli/first_mistakes.rs", "`--push` or `--load`"),
    ),
    row("--no-cache", ("--no-cache=maybe", BOOLEAN), "--no-cache", In(&["print", "bake"])),
    row("--pull", ("--pull=maybe", BOOLEAN), "--pull", In(&["print", "bake"])),
    row("--provenance", ("--provenance", NEEDS_VALUE), "--provenance=mode=max", In(&["print", "bake"])),
    row("--sbom", ("--sbom", NEEDS_VALUE), "--sbom=true", In(&["print", "bake"])),
    row("--policy", ("--policy x", "error["), "--policy strict=true", In(&["print", "bake"])),
    row_of(NOT_WORKFLOW, "--call", ("--call", NEEDS_VALUE), "--call=check", In(&["print", "bake"])),
    row_of(&["workflow"], "--call", ("--call=check", "builds nothing"), "--call=build", In(&["workflow"])),
    // Accepted and ignored.
    row("--builder", ("--builder", NEEDS_VALUE), "--builder b", Nowhere),
    row("--progress", ("--progress", NEEDS_VALUE), "--progress plain", Nowhere),
    row_of(&["print"], "--allow", ("--allow", NEEDS_VALUE), "--allow network.host", Nowhere),
    row_of(
        PLANS,
        "--allow",
        ("--allow", NEEDS_VALUE),
        "--allow network.host",
        By("tests/cli/untrusted.rs", "\"--allow\", \"network.host\""),
    ),
    row(
        "--confine",
        ("--confine nowhere", "is not a folder"),
        "--confine .",
        By("tests/cli/untrusted.rs", "\"--confine\", \".\""),
    ),
    row(
        "--runner",
        ("--runner", NEEDS_VALUE),
        "--runner self-hosted",
        By("tests/cli/untrusted.rs", "\"--runner\", \"self-hosted\""),
    ),
    row(
        "--consent",
        ("--consent facts.json", "lies in the repository"),
        concat!("--consent ", env!("CARGO_MANIFEST_DIR"), "/tests/data/consent.json"),
        By("tests/cli/untrusted.rs", "\"--consent\", \"../consent.json\""),
    ),
    row("--metadata-file", ("--metadata-file", NEEDS_VALUE), "--metadata-file m.json", Nowhere),
    row("--execution", ("--execution", NEEDS_VALUE), "--execution defer-error", Nowhere),
    row("--jobs", ("--jobs", NEEDS_VALUE), "--jobs 4", Nowhere),
    row("--print", ("--print=maybe", BOOLEAN), "--print", Nowhere),
    row("--debug", ("--debug=maybe", BOOLEAN), "--debug", Nowhere),
    // `print`.
    row_of(&["print"], "--list", ("--list=nothing", "expected the type"), "--list=targets", In(&["print"])),
    row("--list-targets", ("--list-targets --print", CONFLICT), "--list-targets", In(&["print"])),
    row(
        "--list-variables",
        ("--list-variables --keep-variable V", CONFLICT),
        "--list-variables",
        In(&["print"]),
    ),
    row_of(&["print"], "--check", ("--check=maybe", BOOLEAN), "--check", In(&["print"])),
    // What is planned.
    row(
        "--platform",
        ("--platform=linux/amd46", "did you mean `amd64`?"),
        "--platform=linux/arm64",
        In(PLANS),
    ),
    row_of(
        &["readme", "workflow"],
        "--publish",
        ("--publish=false", "changes nothing"),
        "--publish=true",
        By("tests/cli/options.rs", "--publish=false"),
    ),
    row_of(
        &["plan", "bake", "matrix", "metadata"],
        "--publish",
        ("--publish=maybe", BOOLEAN),
        "--publish=false",
        In(&["plan", "bake"]),
    ),
    row_of(
        &["readme", "workflow"],
        "--default-provenance",
        ("--default-provenance=max", "changes nothing"),
        "",
        By("tests/cli/options.rs", "--default-provenance=max"),
    ),
    row_of(
        &["plan", "bake", "matrix", "metadata"],
        "--default-provenance",
        ("--default-provenance=full", "neither `min` nor `max`"),
        "--default-provenance=max",
        In(&["bake"]),
    ),
    row_of(
        &["readme"],
        "--max-jobs",
        ("--max-jobs=2", "changes nothing"),
        "",
        By("tests/cli/options.rs", "--max-jobs=2"),
    ),
    row_of(
        &["plan", "bake", "matrix", "metadata", "workflow"],
        "--max-jobs",
        ("--max-jobs=0", "is not a number of jobs"),
        "--max-jobs=2",
        In(&["plan", "bake", "matrix", "metadata", "workflow"]),
    ),
    row(
        "--fact",
        ("--fact nothing=1", "there is no fact `nothing`"),
        "--fact branch=side",
        In(&["plan", "metadata", "readme"]),
    ),
    row(
        "--facts-file",
        ("-f - --facts-file -", "cannot both read"),
        "--facts-file facts.json",
        In(&["plan", "metadata", "readme"]),
    ),
    row(
        "--known-versions",
        ("--known-versions nowhere.txt", "cannot read"),
        "--known-versions known.txt",
        In(&["plan", "metadata", "readme"]),
    ),
    // What is proposed.
    row("--write", ("--write=1", NO_VALUE), "--write", By("tests/cli/init/write.rs", "--write")),
    row("--yes", ("--yes", "--write"), "--write --yes", By("tests/cli/init/write.rs", "--yes")),
    row("--separate", ("--separate=1", NO_VALUE), "--separate", By("tests/cli/init/write.rs", "--separate")),
    // `plan` and its views.
    row_of(&["plan"], "--format", ("--format=yaml", "invalid value"), "--format=markdown", In(&["plan"])),
    row_of(&["matrix"], "--format", ("--format=yaml", "invalid value"), "--format=json", In(&["matrix"])),
    row_of(&["metadata"], "--format", ("--format=yaml", "invalid value"), "--format=tags", In(&["metadata"])),
    row("--out", ("--out a --out b", TWICE), "--out out -v", In(&["plan", "man"])),
    row("COMMAND", ("man plan --out a", CONFLICT), "man plan", By("tests/cli/help.rs", "\"man\", &*command")),
    row_of(
        &["plan"],
        "--check",
        ("--check", "--out <DIR>"),
        "--out fresh --check",
        By("tests/cli/check.rs", "--check"),
    ),
    row_of(&["plan"], "--github", ("--github --facts", CONFLICT), "--github", In(&["plan"])),
    row("--gitlab", ("--gitlab", "--out"), "--gitlab --out a", By("tests/cli/gitlab.rs", "--gitlab")),
    row_of(&["plan"], "--explain", ("--explain --format=markdown", CONFLICT), "--explain", In(&["plan"])),
    row_of(
        &["plan"],
        "--inputs",
        ("--inputs=1", NO_VALUE),
        "--inputs --out out",
        By("tests/cli/choice.rs", "--inputs"),
    ),
    row_of(
        &["plan"],
        "--changed-since",
        ("--changed-since=-x", "is not a revision of git"),
        "--changed-since=nowhere",
        By("tests/cli/choice.rs", "--changed-since"),
    ),
    row_of(
        &["plan"],
        "--skip-published",
        ("--skip-published=1", NO_VALUE),
        "",
        By("tests/cli/choice.rs", "--skip-published"),
    ),
    row_of(&["plan"], "--stale", ("--stale=1", NO_VALUE), "", By("tests/cli/bases.rs", "--stale")),
    row_of(
        &["plan"],
        "--most-stale",
        ("--most-stale=1", "--stale"),
        "",
        By("tests/cli/bases.rs", "--most-stale"),
    ),
    row_of(
        &["plan"],
        "--pin-bases",
        ("--pin-bases=1", NO_VALUE),
        "--pin-bases --out out",
        By("tests/cli/bases.rs", "--pin-bases"),
    ),
    row_of(
        &["plan"],
        "--on-unknown",
        ("--on-unknown=build", "changes nothing without"),
        "--on-unknown=build --changed-since=nowhere",
        By("tests/cli/choice.rs", "--on-unknown"),
    ),
    row_of(
        &["plan"],
        "--all",
        ("--all", "changes nothing without"),
        "--all --changed-since=nowhere",
        By("tests/cli/choice.rs", "--all"),
    ),
    row_of(
        &["plan"],
        "--insecure-registry",
        ("--insecure-registry=a:5000", "changes nothing without"),
        "",
        By("tests/cli/choice.rs", "--insecure-registry"),
    ),
    row_of(
        &["plan"],
        "--ca-file",
        ("--ca-file=nowhere.pem", "nowhere.pem"),
        "",
        By("tests/cli/choice.rs", "--ca-file"),
    ),
    row("--tree", ("--tree --format=json", CONFLICT), "--tree", In(&["plan"])),
    row("--facts", ("--facts --strict", CONFLICT), "--facts", In(&["plan"])),
    row("--output", ("-o a.json -o b.json", TWICE), "-o out.json -v", In(&["bake", "workflow"])),
    row_of(
        &["bake"],
        "--check",
        ("--check", "needs the file to check"),
        "-o fresh.json --check",
        By("tests/cli/check.rs", "--check"),
    ),
    row_of(&["readme"], "FILE", ("readme", "<FILE>"), "", By("tests/cli/readme.rs", "README.md")),
    row_of(
        &["readme"],
        "--check",
        ("--check", "out of date"),
        "readme FRESH.md --check",
        By("tests/cli/readme.rs", "--check"),
    ),
    row("CODE", ("explain nothing", "there is no code"), "explain tag", In(&["explain"])),
    row_of(&["explain"], "--list", ("explain held --list", CONFLICT), "explain --list", In(&["explain"])),
    row_of(&["explain"], "--format", ("--format=yaml", "invalid value"), "--format=json", In(&["explain"])),
    row("OF", ("schema nothing", "invalid value"), "schema images", By("tests/cli/schema.rs", "\"images\"")),
    row(
        "SHELL",
        ("completions tcsh", "invalid value"),
        "completions fish",
        By("tests/cli/completions.rs", "\"completions\", shell"),
    ),
    // What is compared.
    row(
        "OLD",
        ("diff empty local/out", "cannot read"),
        "diff local/out local/out/plan.json",
        By("tests/cli/changes.rs", "fn two_plans"),
    ),
    row("--against", ("--against HEAD", CONFLICT), "", By("tests/cli/changes.rs", "--against")),
    row_of(
        &["diff"],
        "OPTION",
        ("-- -f docker-bake.hcl", "--against"),
        "",
        By("tests/cli/changes.rs", "\"--\""),
    ),
    row_of(&["diff"], "--format", ("--format=yaml", "invalid value"), "--format=json", In(&["diff"])),
    // What is promoted.
    row(
        "SOURCE",
        ("promote oci-layout:layout --to oci-layout:layout:2", "neither a tag nor a digest"),
        "promote oci-layout:layout:1 --to oci-layout:layout:2",
        By("tests/cli/promote/given.rs", "HOST/app:sha-c0ffee0"),
    ),
    row(
        "--to",
        ("--to oci-layout:layout", "it has no tag"),
        "--to oci-layout:layout:3",
        By("tests/cli/promote/given.rs", "--to"),
    ),
    row_of(
        &["promote"],
        "--plan",
        ("--plan plan.json", CONFLICT),
        "",
        By("tests/cli/promote/planned.rs", "--plan"),
    ),
    row(
        "--floating",
        ("--floating oci-layout:layout", CONFLICT),
        "",
        By("tests/cli/promote/withdrawn.rs", "--floating"),
    ),
    row(
        "--allow-other-version",
        ("--allow-other-version=1", NO_VALUE),
        "--allow-other-version",
        By("tests/cli/promote/given.rs", "--allow-other-version"),
    ),
    // `workflow`.
    row(
        "github|gitlab",
        ("workflow jenkins", "invalid value"),
        "",
        By("tests/cli/workflow/command.rs", "\"github\""),
    ),
    row_of(
        &["workflow"],
        "--check",
        ("--check", "needs the file to check"),
        "-o fresh.yml --check",
        By("tests/cli/workflow/command.rs", "--check"),
    ),
    row(
        "--install",
        ("workflow github --install=brew", "is not a way"),
        "workflow github --install cargo=1.2.3",
        In(&["workflow"]),
    ),
    row(
        "--publish-on",
        ("--publish-on=pull_request", "never publishes"),
        "--publish-on tag",
        In(&["workflow"]),
    ),
    row("--branch", ("--branch=re*", "neither a branch"), "--branch trunk", In(&["workflow"])),
    row(
        "--schedule",
        ("--schedule=@daily", "is not a `cron` schedule"),
        "",
        By("tests/cli/workflow/settings.rs", "--schedule=17 3 * * 1"),
    ),
    row(
        "--rebuild",
        ("--rebuild=@daily", "is not a `cron` schedule"),
        "",
        By("tests/cli/workflow/settings.rs", "--rebuild=17 4 * * 0"),
    ),
    row("--only-changed", ("--only-changed=1", NO_VALUE), "--only-changed", In(&["workflow"])),
    row_of(
        &["workflow"],
        "--on-unknown",
        ("--on-unknown=skip", "invalid value 'skip'"),
        "",
        By("tests/cli/workflow/settings.rs", "--on-unknown=fail"),
    ),
    row_of(
        &["workflow"],
        "--most-stale",
        ("--most-stale=0", "is not a number of images"),
        "",
        By("tests/cli/workflow/settings.rs", "--most-stale=3"),
    ),
    row("--env", ("--env=A=hunter2", "does not say where"), "--env A=vars.A", In(&["workflow"])),
    row(
        "--environment",
        ("--environment=-", "is not the name"),
        "--environment production",
        In(&["workflow"]),
    ),
    row("--login", ("--login a.example=me", "does not say how"), "--login ghcr.io=U:P", In(&["workflow"])),
    row(
        "--timeout",
        ("--timeout build=0", "is not a number of minutes"),
        "--timeout build=90",
        In(&["workflow"]),
    ),
    row(
        "--max-parallel",
        ("--max-parallel 0", "is not a number of jobs"),
        "--max-parallel 4",
        In(&["workflow"]),
    ),
    row(
        "--plan-runner",
        ("--plan-runner windows-2025", "is a runner of Windows"),
        "--plan-runner big",
        In(&["workflow"]),
    ),
    row("--setup", ("--setup ../a", "is not the folder"), "--setup ./a", In(&["workflow"])),
    row("--test", ("--test ../a", "is not the folder"), "--test ./a", In(&["workflow"])),
    row("--sign", ("--sign ../a", "is not a way to sign"), "--sign cosign", In(&["workflow"])),
    row(
        "--ssh-key",
        ("--ssh-key A-B", "is not the name of a secret"),
        "",
        By("tests/cli/workflow/settings.rs", "--ssh-key=DEPLOY_KEY"),
    ),
    // What is published.
    row_of(&["merge"], "--plan", ("--plan a --plan b", TWICE), "", By("tests/cli/merge/layouts.rs", "plan")),
    row_of(
        &["merge"],
        "--metadata",
        ("--metadata nowhere", "cannot read `nowhere`"),
        "--metadata empty",
        By("tests/cli/merge/options.rs", "metadata_is_files_folders_and_pairs"),
    ),
    row_of(
        &["verify"],
        "--result",
        ("--result nowhere", "nowhere"),
        "",
        By("tests/cli/verify/result.rs", "--result"),
    ),
    row_of(
        &["merge"],
        "--result",
        ("--result nowhere", CONFLICT),
        "",
        By("tests/cli/merge/steps.rs", "--result"),
    ),
    row(
        "--no-tags",
        ("--no-tags --dry-run", CONFLICT),
        "--no-tags",
        By("tests/cli/merge/steps.rs", "--no-tags"),
    ),
    row_of(
        &["promote"],
        "--repository",
        ("--repository ghcr.io/*", CONFLICT),
        "",
        By("tests/cli/promote/planned.rs", "--repository"),
    ),
    row_of(
        &["merge"],
        "--repository",
        ("--repository ghcr.io/[", "syntax error in pattern"),
        "--repository ghcr.io/acme/*",
        By("tests/cli/merge/allowed.rs", "--repository"),
    ),
    row(
        "--from-source",
        ("--from-source", "error[plan-differs]"),
        "merge --plan local/out/plan.json --metadata empty --from-source -- -f local/docker-bake.hcl",
        By("tests/cli/merge/source.rs", "--from-source"),
    ),
    row_of(
        &["merge"],
        "OPTION",
        ("-- -f local/docker-bake.hcl", "--from-source"),
        "merge --plan local/out/plan.json --metadata empty --from-source -- -f local/docker-bake.hcl",
        By("tests/cli/merge/source.rs", "OPTIONS"),
    ),
    row("--dry-run", ("--dry-run=1", NO_VALUE), "--dry-run", By("tests/cli/merge/options.rs", "dry_run")),
    row_of(&["workflow"], "--require-all", ("--require-all=1", NO_VALUE), "--require-all", In(&["workflow"])),
    row_of(
        &["workflow"],
        "--reusable",
        ("--reusable --schedule=@daily", "is not a `cron` schedule"),
        "--reusable",
        In(&["workflow"]),
    ),
    row_of(
        &["merge"],
        "--require-all",
        ("--require-all=1", NO_VALUE),
        "--require-all",
        By("tests/cli/merge/options.rs", "--require-all"),
    ),
    row(
        "--if-missing",
        ("--if-missing=drop", "invalid value 'drop'"),
        "--if-missing=hold",
        By("tests/cli/merge/options.rs", "--if-missing"),
    ),
    row(
        "--allow-backward",
        ("--allow-backward=1", NO_VALUE),
        "--allow-backward",
        By("tests/cli/merge/lists.rs", "allow_backward"),
    ),
    row_of(
        &["promote"],
        "--trust-known-versions",
        ("--trust-known-versions", CONFLICT),
        "",
        By("tests/cli/promote/planned.rs", "--trust-known-versions"),
    ),
    row_of(
        &["merge"],
        "--trust-known-versions",
        ("--trust-known-versions --allow-backward", "cannot be used with"),
        "--trust-known-versions",
        By("tests/cli/merge/unseen.rs", "--trust-known-versions"),
    ),
    row_of(
        &["merge"],
        "--settle",
        ("--settle 0", "is not a time from 1s to 10m"),
        "--settle 1s",
        By("tests/cli/merge/simulation.rs", "settle"),
    ),
    row_of(
        &["promote"],
        "--settle",
        ("--settle 0", "is not a time from 1s to 10m"),
        "--settle 1s",
        By("tests/cli/promote/settle.rs", "--settle"),
    ),
    row_of(
        &["workflow"],
        "--settle",
        ("--settle 1h", "is not a time from 1s to 10m"),
        "--settle 30s",
        In(&["workflow"]),
    ),
    row(
        "--allow-retag",
        ("--allow-retag=1", NO_VALUE),
        "--allow-retag",
        By("tests/cli/merge/layouts.rs", "allow_retag"),
    ),
    row(
        "--keep-existing",
        ("--keep-existing=1", NO_VALUE),
        "--keep-existing",
        By("tests/cli/merge/existing.rs", "keep_existing"),
    ),
    row(
        "--allow-mixed-bases",
        ("--allow-mixed-bases=1", NO_VALUE),
        "--allow-mixed-bases",
        By("tests/cli/merge/options.rs", "--allow-mixed-bases"),
    ),
    row(
        "--engine",
        ("--engine=podman", "invalid value"),
        "--engine=docker",
        By("tests/cli/merge/options.rs", "--engine"),
    ),
    row(
        "--wait",
        ("--wait=5ms", "expected a duration"),
        "--wait=1s",
        By("tests/cli/merge/faults.rs", "wait"),
    ),
    row_of(
        &["merge", "promote", "verify"],
        "--format",
        ("--format=yaml", "invalid value"),
        "--format=json",
        In(&["merge", "promote", "verify"]),
    ),
    row_of(
        &["merge", "promote", "verify"],
        "--github",
        ("--github=1", NO_VALUE),
        "--github",
        In(&["merge", "promote", "verify"]),
    ),
    row_of(
        &["merge", "verify", "promote"],
        "--insecure-registry",
        ("--insecure-registry=http://a", "invalid value"),
        "--insecure-registry=a:5000",
        By("tests/cli/registry/network.rs", "insecure"),
    ),
    row_of(
        &["merge", "verify", "promote"],
        "--ca-file",
        ("--ca-file=nowhere.pem", "nowhere.pem"),
        "",
        By("tests/cli/registry/network.rs", "ca_files"),
    ),
    row_of(
        &["verify"],
        "REFERENCE",
        ("verify oci-layout:layout:1 --metadata nowhere", "`--metadata` needs `--plan FILE`"),
        "verify oci-layout:layout:1",
        By("tests/cli/verify/desk.rs", "Request::References"),
    ),
    row_of(
        &["verify"],
        "--plan",
        ("oci-layout:layout:1", CONFLICT),
        "",
        By("tests/cli/verify/rows.rs", "plan"),
    ),
    row_of(
        &["verify"],
        "--metadata",
        ("--metadata nowhere", "cannot read `nowhere`"),
        "--metadata empty",
        By("tests/cli/verify/rows.rs", "Some(&"),
    ),
    row(
        "--keep-set",
        ("verify oci-layout:layout --keep-set --github", CONFLICT),
        "verify oci-layout:layout --keep-set",
        By("tests/cli/verify/keep_set.rs", "--keep-set"),
    ),
    row(
        "--allow-gaps",
        ("verify oci-layout:layout --allow-gaps", "--keep-set"),
        "verify oci-layout:layout --keep-set --allow-gaps",
        By("tests/cli/verify/keep_set.rs", "--allow-gaps"),
    ),
    row_of(
        &["verify"],
        "--explain",
        ("--explain", CONFLICT),
        "verify oci-layout:layout:1 --explain",
        By("tests/cli/verify/explain.rs", "explain"),
    ),
    row_of(
        &["verify"],
        "--content",
        ("--content --explain oci-layout:layout:1", CONFLICT),
        "--content",
        By("tests/cli/verify/content.rs", "--content"),
    ),
];

/// A line of a command that passes, to which options are added.
fn line(command: &str) -> String {
    match command {
        "readme" => "readme README.md".to_owned(),
        "schema" => "schema plan".to_owned(),
        "explain" => "explain held".to_owned(),
        "completions" => "completions bash".to_owned(),
        "workflow" => "workflow github --install path".to_owned(),
        "diff" => "diff local/out local/out".to_owned(),
        "merge" => "merge --plan local/out/plan.json --metadata empty".to_owned(),
        "promote" => "promote oci-layout:layout:1 --to oci-layout:layout:2".to_owned(),
        "verify" => "verify --plan local/out/plan.json".to_owned(),
        other => other.to_owned(),
    }
}

/// Runs a command with something added. What comes of it: its exit code, and all that one can see.
fn run(command: &str, added: &str) -> (i32, String) {
    let mut test = Test::new();
    for (path, content) in FILES {
        test = test.file(path, content);
    }
    let folder = test.folder().to_owned();
    let quietly = |line: &str| {
        let output = Test::new()
            .env(REF.0, REF.1)
            .args(["-C", folder.to_str().unwrap()])
            .args(line.split(' '))
            .output();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    };
    for line in [
        "-C local plan --out out",
        "plan --out fresh",
        "bake -o fresh.json",
        "workflow github --install path -o fresh.yml",
    ] {
        if line.contains(if added.contains("fresh") { "fresh" } else { "local" }) {
            quietly(line);
        }
    }
    std::fs::copy(folder.join("README.md"), folder.join("FRESH.md")).unwrap();
    if added.contains("FRESH") {
        quietly("readme FRESH.md");
    }
    let is_whole = added.split(' ').next() == Some(command);
    let line = if is_whole { added.to_owned() } else { format!("{} {added}", line(command)) };
    let test = test.env(REF.0, REF.1).args(line.split_whitespace());
    let Output { status, stdout, stderr } = test.output();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    (status.code().unwrap(), [text(stdout), text(stderr), readme].join("\n"))
}

/// Each command with each of its options, as clap knows them.
fn declared() -> Vec<(String, String)> {
    let program = cli::command();
    let commands = program.get_subcommands().filter(|command| command.get_name() != "help");
    let options = commands.flat_map(|command| {
        let arguments = command.get_arguments();
        arguments.map(|argument| {
            let long = argument.get_long().map(|name| format!("--{name}"));
            let short = || argument.get_short().map(|name| format!("-{name}"));
            let value = || argument.get_value_names().unwrap_or_default().first().map(ToString::to_string);
            let name = long.or_else(short).or_else(value).expect("an argument has a name");
            (command.get_name().to_owned(), name)
        })
    });
    options.filter(|(_, name)| name != "--help" && name != "--version").collect()
}

impl Row {
    fn is_of(&self, command: &str, name: &str) -> bool {
        self.name == name && (self.of.is_empty() || self.of.contains(&command))
    }
}

#[test]
fn every_option_of_every_command_has_one_row() {
    let declared = declared();
    assert!(declared.len() > 150, "the options are not found: {declared:?}");
    let rows = |command: &str, name: &str| ROWS.iter().filter(|row| row.is_of(command, name)).count();
    let wrong: Vec<_> = declared.iter().filter(|(command, name)| rows(command, name) != 1).collect();
    assert!(wrong.is_empty(), "these need one row in tests/cli/options.rs: {wrong:?}");
    let is_used = |row: &&Row| declared.iter().any(|(command, name)| row.is_of(command, name));
    let unused: BTreeSet<_> = ROWS.iter().filter(|row| !is_used(row)).map(|row| row.name).collect();
    assert!(unused.is_empty(), "there are no such options: {unused:?}");
    // A row that is about commands which lack the option says something that is not so.
    let lacking = ROWS.iter().flat_map(|row| row.of.iter().map(move |command| (*command, row.name)));
    let lacking: Vec<_> = lacking
        .filter(|(command, name)| !declared.contains(&((*command).to_owned(), (*name).to_owned())))
        .collect();
    assert!(lacking.is_empty(), "these commands have no such options: {lacking:?}");
}

#[test]
fn every_option_is_refused_or_does_something() {
    let wrong = in_parallel(&declared(), |(command, name)| {
        let row = ROWS.iter().find(|row| row.is_of(command, name))?;
        let (added, message) = row.refused;
        let (status, seen) = run(command, added);
        if ![1, 2, 3].contains(&status) || !seen.contains(message) {
            return Some(format!("{command} {added}: not refused with {message:?}, but {status}:\n{seen}"));
        }
        let (status, seen) = run(command, row.passes);
        if ![0, 4].contains(&status) {
            return Some(format!("{command} {}: {status}:\n{seen}", row.passes));
        }
        let is_like_before = || run(command, "").1 == seen;
        match row.seen {
            In(commands) if commands.contains(&command.as_str()) => {
                is_like_before().then(|| format!("{command} {}: nothing comes of it", row.passes))
            }
            Nowhere => {
                (!is_like_before()).then(|| format!("{command} {}: something comes of it", row.passes))
            }
            In(_) => None,
            By(path, word) => {
                (!read(path).contains(word)).then(|| format!("{command} {name}: `{word}` is not in {path}"))
            }
        }
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
