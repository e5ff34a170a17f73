//! `bakeplan man`: manual pages, made of what `--help` says.

use std::path::Path;

use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};

use super::session::Session;
use super::session::products;
use crate::cli::{Cli, Manual, Pages};
use crate::error::Error;

/// Prints a page, or writes all of them.
pub(super) fn man(session: &Session<'_>, args: &Pages) -> Result<(), Error> {
    let Pages { command: name, out } = args;
    let root = Cli::command_in_full();
    let commands = || root.get_subcommands().filter(|command| command.get_name() != "help");
    if let Some(folder) = out {
        let files = std::iter::once(&root).chain(commands()).map(|command| {
            let path = Path::new(folder).join(Man::new(command.clone()).get_filename());
            (path.to_string_lossy().into_owned(), page(command))
        });
        return products::write(session, &files.collect::<Vec<_>>());
    }
    let Some(name) = name else { return session.deliver(&page(&root)) };
    let Some(command) = commands().find(|command| command.get_name() == name) else {
        let names: Vec<String> = commands().map(|command| format!("`{}`", command.get_name())).collect();
        return Err(Error::Usage(format!("there is no command `{name}`; there are {}", names.join(", "))));
    };
    session.deliver(&page(command))
}

/// The page of a command, in the language of `man`.
fn page(command: &clap::Command) -> String {
    let man = Man::new(command.clone());
    let name = man.get_filename();
    let name = name.trim_end_matches(".1");
    // Without a date, so that one version has one page; clap_mangen would leave the empty word out.
    let title = format!(".TH {name} 1 \"\" \"bakeplan {}\" \"bakeplan\"\n", env!("CARGO_PKG_VERSION"));
    let mut bytes = title.into_bytes();
    // A writer in memory does not fail.
    let parts = |bytes: &mut Vec<u8>| {
        man.render_name_section(bytes)?;
        man.render_synopsis_section(bytes)?;
        man.render_description_section(bytes)?;
        if let Some(manual) = command.get::<Manual>().filter(|manual| !manual.more.is_empty()) {
            let mut roff = Roff::new();
            roff.control("PP", []);
            roff.text([roman(manual.more)]);
            roff.to_writer(bytes)?;
        }
        man.render_options_section(bytes)?;
        if command.get_name() == "bakeplan" {
            man.render_subcommands_section(bytes)?;
        }
        command.get::<Manual>().map_or(Ok(()), |manual| ending(manual).to_writer(bytes))
    };
    let _ = parts(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Examples and exit codes.
fn ending(manual: &Manual) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    for (does, line) in manual.examples {
        roff.control("TP", []);
        roff.text([roman(*does)]);
        roff.text([bold(*line)]);
    }
    roff.control("SH", ["EXIT STATUS"]);
    for exit in manual.exits {
        roff.control("TP", []);
        roff.text([bold((*exit as u8).to_string())]);
        roff.text([Inline::Roman(exit.meaning().to_owned())]);
    }
    roff
}
