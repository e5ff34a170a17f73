//! Options that are described to clap only if their command is the one that runs: describing those of all commands takes
//! longer than printing a small file.

use std::ops::Deref;

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

use super::global::Global;
use super::manual::{Documented, Manual};
use crate::error::Exit;

/// The options of a command, the global ones after its own.
#[derive(Clone, Debug)]
pub(crate) struct Deferred<T>(pub T);

impl<T: Documented> Deferred<T> {
    /// How the command may end.
    pub(super) fn exits(&self) -> &'static [Exit] {
        T::EXITS
    }
}

impl<T> Deref for Deferred<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Args + Documented> Args for Deferred<T> {
    fn augment_args(command: Command) -> Command {
        command.add(T::GROUP).defer(|command| {
            // The list of commands says the same of a command as its own help.
            let about = command.get_about().cloned().unwrap_or_default();
            let manual = Manual::of::<T>();
            Global::augment_args(T::augment_args(command))
                .about(about)
                .long_about(None)
                .after_long_help(manual.help())
                .add(manual)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}
