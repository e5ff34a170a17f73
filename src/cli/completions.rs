//! The options of `bakeplan completions`, and what a command line says that is not written to its end.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Zsh};

use super::definition::Definition;
use super::global::Global;
use super::groups::Group;
use super::manual::Documented;
use crate::error::Exit;

/// The environment variable in which a shell asks for candidates: its value is the shell, and what is typed so far follows
/// `--`. No Bake file has a variable of this name by chance.
pub(crate) const REQUEST: &str = "_BAKEPLAN_COMPLETE";

/// `bakeplan completions`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Completions {
    /// Which shell to write for
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

impl Documented for Completions {
    const GROUP: Group = Group::Help;
    const MORE: &'static str = "The script completes commands, options and their values, and the names of targets, groups, images, variables and platforms in the definition.";
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("In ~/.bashrc: source <(bakeplan completions bash)", "bakeplan completions bash"),
        ("In the fpath of zsh, as _bakeplan", "bakeplan completions zsh"),
    ];
    const EXITS: &'static [Exit] = Exit::USUAL;
}

/// A shell that can be taught.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// `source <(bakeplan completions bash)` in ~/.bashrc
    Bash,
    /// `source <(bakeplan completions zsh)` in ~/.zshrc behind `compinit`, or a file `_bakeplan` in the `fpath`
    Zsh,
    /// `bakeplan completions fish | source` in ~/.config/fish/config.fish
    Fish,
    /// `bakeplan completions powershell | Out-String | Invoke-Expression` in the `$PROFILE`
    Powershell,
}

impl Shell {
    /// The shell of a request.
    pub(crate) fn of_request(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }

    /// What writes scripts and candidates for it.
    pub(crate) fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Self::Bash => &Bash,
            Self::Zsh => &Zsh,
            Self::Fish => &Fish,
            Self::Powershell => &Powershell,
        }
    }
}

/// What a command line says that is not written to its end.
#[derive(Debug, Default)]
pub(crate) struct Begun {
    /// The command, if there is one yet.
    pub command: Option<String>,
    /// What `-C` says.
    pub directories: Vec<PathBuf>,
    /// The definition that its options name, where the command takes one.
    pub definition: Option<Definition>,
}

/// Reads the words before the cursor, the program's name first, as a command line of `root`. What makes no sense yet is left
/// out.
pub(super) fn begun(root: Command, words: &[OsString]) -> Begun {
    let Ok(matches) = root.ignore_errors(true).try_get_matches_from(words) else { return Begun::default() };
    let directories =
        |matches: &ArgMatches| Global::from_arg_matches(matches).map(|global| global.directories);
    let before = directories(&matches).unwrap_or_default();
    let Some((command, matches)) = matches.subcommand() else {
        return Begun { directories: before, ..Begun::default() };
    };
    let behind = directories(matches).unwrap_or_default();
    // Asked of an option that comes with a definition alone.
    let definition = matches.try_contains_id("overrides").ok();
    Begun {
        command: Some(command.to_owned()),
        directories: before.into_iter().chain(behind).collect(),
        definition: definition.and_then(|_| Definition::from_arg_matches(matches).ok()),
    }
}
