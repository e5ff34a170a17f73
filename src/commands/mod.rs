//! One function for each command: the only place where stages meet input and output.

mod list;
mod load;
mod plan;
mod print;

use crate::cli::{Cli, Command, PlanFormat};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Exit};
use crate::host::{Delivery, Host};
use crate::source::Sources;

/// How mistakes are told.
#[derive(Clone, Copy, Debug, Default)]
struct Voice {
    /// As JSON instead of text.
    json: bool,
    /// As GitHub annotations, too.
    github: bool,
}

/// A run: where it is, how it speaks, and the sources that its diagnostics point into.
struct Session<'a> {
    host: &'a Host,
    sources: Sources,
    voice: Voice,
    verbose: bool,
}

/// Does what the command line asks.
#[must_use]
pub fn run(cli: &Cli, host: &Host) -> Exit {
    let voice = match &cli.command {
        Command::Plan(args) => Voice { json: args.format == PlanFormat::Json, github: args.github },
        _ => Voice::default(),
    };
    let mut session = Session { host, sources: Sources::default(), voice, verbose: cli.global.verbose };
    let result = match &cli.command {
        Command::Print(args) => print::print(&mut session, args),
        Command::Plan(args) => plan::plan(&mut session, args),
        Command::Bake(args) => plan::bake(&mut session, args),
        Command::Matrix(args) => plan::matrix(&mut session, args),
        Command::Metadata(args) => plan::metadata(&mut session, args),
    };
    match result {
        Ok(()) => Exit::Done,
        Err(error) => {
            let exit = error.exit();
            session.host.stderr(&error.diff());
            session.tell(&error.into_diagnostics());
            exit
        }
    }
}

impl Session<'_> {
    /// Writes diagnostics to standard error.
    fn tell(&self, diagnostics: &[Diagnostic]) {
        if diagnostics.is_empty() {
            return;
        }
        if self.voice.json {
            let wire: Vec<_> =
                diagnostics.iter().map(|diagnostic| diagnostic.to_wire(&self.sources)).collect();
            let json = serde_json::to_string_pretty(&wire).unwrap_or_default();
            self.host.stderr(&format!("{json}\n"));
        } else {
            let color = self.host.stderr_color();
            for diagnostic in diagnostics {
                self.host.stderr(&diagnostic.render(&self.sources, color));
            }
        }
        if self.voice.github {
            for diagnostic in diagnostics {
                self.host.stderr(&diagnostic.render_github(&self.sources));
            }
        }
    }

    /// Says what is done, when asked to.
    fn note(&self, text: &str) {
        if self.verbose {
            self.host.stderr(&format!("{text}\n"));
        }
    }

    /// Writes the product. A reader that has gone away has seen all it wanted.
    fn deliver(&self, text: &str) -> Result<(), Error> {
        match self.host.stdout(text)? {
            Delivery::Complete | Delivery::ReaderGone => Ok(()),
        }
    }
}
