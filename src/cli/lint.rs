//! `--check` of `bakeplan print`, which says the same as `--call=check`.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use super::boolean::parse_bool;

const CHECK: &str = "lint";
const CALL: &str = "call";

/// Whether `--check` is what counts: the last of it and `--call` does, as in buildx, where `--check=false` sets nothing
/// (`callAlias` in <https://github.com/docker/buildx/blob/master/commands/build.go>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lint(pub bool);

impl Args for Lint {
    fn augment_args(command: Command) -> Command {
        command.arg(
            Arg::new(CHECK)
                .long("check")
                .help("Shorthand for `--call=check`: lint instead of building")
                .value_name("BOOL")
                .value_parser(parse_bool)
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .action(ArgAction::Append),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Lint {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let places = matches.indices_of(CHECK).into_iter().flatten();
        let values = matches.get_many::<bool>(CHECK).into_iter().flatten();
        let check = places.zip(values).filter(|(_, is_on)| **is_on).map(|(place, _)| place).last();
        Ok(Self(check > matches.index_of(CALL)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
