//! What the long help of a command and its manual page say beside its options.

use clap::builder::CommandExt;

use super::groups::Group;
use crate::error::Exit;

/// The heading of the options that allow and limit what is published.
pub(super) const PUBLISHED: &str = "What may be published";

/// A command that says how it is used.
pub(crate) trait Documented {
    /// Where the list of commands has it.
    const GROUP: Group = Group::Help;
    /// What the line in the list of commands has no room for.
    const MORE: &'static str = "";
    /// Lines that people write, each with what it does.
    const EXAMPLES: &'static [(&'static str, &'static str)];
    /// How it may end.
    const EXITS: &'static [Exit];
}

/// The same as data, which clap keeps with the command.
#[derive(Clone, Copy, Debug)]
pub struct Manual {
    /// What the line in the list of commands has no room for.
    pub more: &'static str,
    /// Lines that people write, each with what it does.
    pub examples: &'static [(&'static str, &'static str)],
    /// How it may end.
    pub exits: &'static [Exit],
}

impl CommandExt for Manual {}

impl Manual {
    /// What a command says.
    pub(super) const fn of<T: Documented>() -> Self {
        Self { more: T::MORE, examples: T::EXAMPLES, exits: T::EXITS }
    }

    /// The end of the long help.
    pub(super) fn help(&self) -> String {
        let examples = self.examples.iter().map(|(does, line)| format!("  # {does}\n  {line}\n"));
        let title = if self.examples.len() == 1 { "Example" } else { "Examples" };
        let gap = if self.more.is_empty() { "" } else { "\n\n" };
        let more = self.more;
        format!(
            "{more}{gap}{title}:\n{}\n{}",
            examples.collect::<Vec<_>>().join("\n"),
            exit_codes(self.exits)
        )
    }
}

/// The line with exit codes and what they mean.
fn exit_codes(exits: &[Exit]) -> String {
    let codes = exits.iter().map(|exit| format!("{} {}", *exit as u8, exit.meaning()));
    format!("Exit codes: {}", codes.collect::<Vec<_>>().join(", "))
}
