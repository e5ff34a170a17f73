//! Adds to a usage error what was probably meant.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::diagnostic::suggest;

/// Words that people try as commands, and what does it.
const MEANT: [(&[&str], &str); 8] = [
    (
        &["build", "run"],
        "bakeplan builds nothing: `docker buildx bake` builds what `bakeplan plan --out DIR` writes",
    ),
    (&["push", "publish", "tag", "manifest"], "`bakeplan merge` publishes what the builds pushed by digest"),
    (
        &["retag", "copy", "cp", "release"],
        "`bakeplan promote` tags an image or index that is already in a registry",
    ),
    (
        &["list", "ls", "show"],
        "`bakeplan plan` shows images and tags, `bakeplan print --list targets` the targets",
    ),
    (&["lint", "check", "validate", "test"], "`bakeplan plan --strict` reports what is wrong with the files"),
    (
        &["generate", "gen", "split"],
        "`bakeplan plan --out DIR` writes the files of a run, `bakeplan bake -o FILE` one to commit",
    ),
    (
        &["github", "gitlab", "ci", "pipeline"],
        "`bakeplan workflow github` and `bakeplan workflow gitlab` write the pipeline",
    ),
    (&["tags", "meta"], "`bakeplan metadata --format tags` prints the tags"),
];

/// Words that people try as options, the command that they are of where it matters, and what does it.
const MEANT_OPTIONS: [(&[&str], &str); 9] = [
    (&["--json", "--yaml"], "`--format json` prints JSON"),
    (&["--markdown"], "`--format markdown` prints a table"),
    (
        &["-o", "--output", "--out-dir"],
        "`bakeplan plan --out DIR` writes the files of a run, `bakeplan bake -o FILE` one file",
    ),
    (
        &["--tag", "--branch", "--commit", "--ref", "--event"],
        "facts about the run are given with `--fact`, such as `--fact tag=v1.2.3`",
    ),
    (
        &["--tags", "--labels"],
        "`bakeplan metadata --format tags` prints the tags, and `--format labels` the labels",
    ),
    (
        &["--version"],
        "`bakeplan --version` is that of the program; an image's version is in its block, or comes from a fact such as `--fact tag=v1.2.3`",
    ),
    (
        &["-t"],
        "tags are in `tags` of a target or an `image` block; `--set TARGET.tags=NAME:TAG` sets them on the command line",
    ),
    (
        &["--dry-run", "-n"],
        "`bakeplan plan` publishes nothing, and writes nothing without `--out`; `merge` and `promote` have `--dry-run`",
    ),
    (
        &["--build-arg", "--arg"],
        "`--set TARGET.args.NAME=VALUE` sets an argument of a build, `--var NAME=VALUE` a variable",
    ),
];

/// Adds to an error of the program `root` what to write instead.
pub(super) fn explain(mut error: clap::Error, root: &mut Command, arguments: &[OsString]) -> clap::Error {
    let hint = match (error.kind(), invalid(&error)) {
        (ErrorKind::InvalidSubcommand, Some(word)) => {
            MEANT.iter().find(|(words, _)| words.contains(&word)).map(|(_, hint)| (*hint).to_owned())
        }
        (ErrorKind::UnknownArgument, Some(option)) => {
            // Options of commands are described when they are asked for.
            root.build();
            let is_one = |(words, _): &&(&[&str], &str)| words.contains(&option);
            let meant = || MEANT_OPTIONS.iter().find(is_one).map(|(_, hint)| (*hint).to_owned());
            let plan = || {
                option
                    .ends_with(".json")
                    .then(|| format!("a plan is given with an option: `--plan {option}`"))
            };
            let near = || {
                let all = MEANT_OPTIONS.iter().flat_map(|(words, _)| words.iter().copied());
                let near = suggest(option, all.filter(|word| word.starts_with("--")))?;
                MEANT_OPTIONS
                    .iter()
                    .find(|(words, _)| words.contains(&near))
                    .map(|(_, hint)| (*hint).to_owned())
            };
            behind_command(option, root, arguments).or_else(meant).or_else(plan).or_else(near)
        }
        _ => None,
    };
    if let Some(hint) = hint {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hint.into()]));
    }
    error
}

/// The word that an error is about.
fn invalid(error: &clap::Error) -> Option<&str> {
    [ContextKind::InvalidSubcommand, ContextKind::InvalidArg].iter().find_map(|kind| match error.get(*kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    })
}

/// An option of a command that stands before it.
fn behind_command(option: &str, root: &Command, arguments: &[OsString]) -> Option<String> {
    let words = || arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    let at = words().position(|word| word.starts_with(option))?;
    let (command, found) =
        words().enumerate().find_map(|(at, word)| Some((at, root.find_subcommand(word)?)))?;
    let name = found.get_name();
    (at < command && has(found, option)).then(|| {
        format!("`{option}` is an option of `{name}` and goes after it: `bakeplan {name} {option} …`")
    })
}

fn has(command: &Command, option: &str) -> bool {
    command.get_arguments().any(|argument| match option.strip_prefix("--") {
        Some(long) => argument.get_long() == Some(long),
        None => argument.get_short().is_some_and(|short| option == format!("-{short}")),
    })
}
