//! One function for each command: the only place where stages meet input and output.

mod changes;
mod complete;
mod explain;
mod init;
mod keep_set;
mod list;
mod man;
mod merge;
mod plan;
mod planning;
mod print;
mod program;
mod promote;
mod readme;
mod schema;
mod session;
mod source;
mod verify;
mod workflow;

use std::sync::Arc;

pub use program::main;
use session::{Session, Voice};

use crate::bake::values::SecretNames;
use crate::cli::{Cli, Command, MatrixFormat, PlanFormat, ReportFormat};
use crate::diagnostic::Secrets;
use crate::error::Exit;
use crate::host::Host;
use crate::source::Sources;

/// How a command speaks: which form its reports have, and whether the runner of GitHub hears it.
fn voice(command: &Command) -> Voice {
    let of = |json, github| Voice { json, github, quiet: false };
    match command {
        Command::Plan(args) => of(args.format == Some(PlanFormat::Json), args.github),
        Command::Merge(args) => of(args.format == ReportFormat::Json, args.github),
        Command::Promote(args) => of(args.format == ReportFormat::Json, args.github),
        Command::Verify(args) => of(args.format == ReportFormat::Json, args.github),
        Command::Init(_)
        | Command::Workflow(_)
        | Command::Bake(_)
        | Command::Matrix(_)
        | Command::Metadata(_)
        | Command::Readme(_)
        | Command::Diff(_)
        | Command::Print(_)
        | Command::Explain(_)
        | Command::Schema(_)
        | Command::Completions(_)
        | Command::Man(_) => Voice::default(),
    }
}

/// Does what the command line asks.
#[must_use]
pub(crate) fn run(cli: &Cli, host: &Host) -> Exit {
    let voice = voice(&cli.command);
    let is_matrix_of_github =
        matches!(&cli.command, Command::Matrix(args) if args.format == MatrixFormat::Github);
    // What workflows and scripts name may be anywhere.
    let fenced = matches!(&cli.command, Command::Init(_)).then(|| host.fenced());
    let host = fenced.as_ref().unwrap_or(host);
    let mut session = Session {
        host,
        sources: Sources::default(),
        voice,
        for_github: voice.github || is_matrix_of_github,
        verbose: cli.global.verbose,
        secrets: Secrets::default(),
        secret_names: SecretNames::default(),
        leaks: session::leaks::Leaks::default(),
        echoes: Arc::default(),
    };
    // Before anything can fail: whatever is reported may quote a value.
    session.hide(SecretNames::default().values_among(host.env()));
    let result = match &cli.command {
        Command::Init(args) => init::init(&mut session, args),
        Command::Print(args) => print::print(&mut session, args),
        Command::Plan(args) => plan::plan(&mut session, args),
        Command::Bake(args) => plan::bake(&mut session, args),
        Command::Matrix(args) => plan::matrix(&mut session, args),
        Command::Metadata(args) => plan::metadata(&mut session, args),
        Command::Merge(args) => merge::merge(&mut session, args),
        Command::Promote(args) => promote::promote(&session, args),
        Command::Verify(args) => verify::verify(&session, args),
        Command::Readme(args) => readme::readme(&mut session, args),
        Command::Workflow(args) => workflow::workflow(&mut session, args),
        Command::Diff(args) => changes::diff(&mut session, args),
        Command::Schema(args) => schema::print(&session, args),
        Command::Explain(args) => explain::explain(&session, args),
        Command::Completions(args) => complete::completions(&session, args),
        Command::Man(args) => man::man(&session, args),
    };
    let exit = match result {
        Ok(()) => Exit::Done,
        Err(error) => {
            let exit = error.exit();
            session.host.stderr(&error.diff());
            session.tell(&error.into_diagnostics());
            exit
        }
    };
    session.host.obey_commands();
    debug_assert!(cli.command.exits().contains(&exit), "the help of the command does not name {exit:?}");
    exit
}
