//! The list of commands in `--help`, in groups: clap has one list for all.

use std::fmt::Write as _;

use clap::Command;
use clap::builder::CommandExt;

/// What a command is for; the order is that of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The first things that somebody writes.
    Begin,
    /// What is built where, under which tags.
    Plan,
    /// What asks registries.
    Publish,
    /// About bakeplan itself.
    Help,
}

impl CommandExt for Group {}

impl Group {
    /// Its heading in the list.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Begin => "Get started",
            Self::Plan => "Plan",
            Self::Publish => "Publish and verify",
            Self::Help => "Help",
        }
    }
}

/// The commands of a program in their groups, as declared. Those that clap adds have none.
pub fn groups(program: &Command) -> Vec<(Group, Vec<&Command>)> {
    let mut commands: Vec<(Group, &Command)> =
        program.get_subcommands().filter_map(|command| Some((*command.get::<Group>()?, command))).collect();
    commands.sort_by_key(|(group, _)| *group);
    let same = |a: &(Group, _), b: &(Group, _)| a.0 == b.0;
    commands
        .chunk_by(same)
        .map(|some| (some[0].0, some.iter().map(|(_, command)| *command).collect()))
        .collect()
}

/// The program with its commands in groups in its help.
pub(super) fn listed(program: Command) -> Command {
    let (header, literal) = (*program.get_styles().get_header(), *program.get_styles().get_literal());
    let width = program.get_subcommands().map(|command| command.get_name().len()).max().unwrap_or(0);
    let mut list = String::new();
    for (group, commands) in groups(&program) {
        let _ = writeln!(list, "{header}{}:{header:#}", group.heading());
        for command in commands {
            let (name, about) = (command.get_name(), command.get_about().cloned().unwrap_or_default());
            let gap = width - name.len() + 2;
            let _ = writeln!(list, "  {literal}{name}{literal:#}{:gap$}{about}", "");
        }
        list.push('\n');
    }
    program.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{list}{header}Options:{header:#}\n{{options}}{{after-help}}\n"
    ))
}
