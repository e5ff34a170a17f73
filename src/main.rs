//! The `bakeplan` program: arguments in, exit code out.

use std::process::ExitCode;
use std::thread;

use bakeplan::cli::Cli;
use bakeplan::commands;
use bakeplan::error::Exit;
use bakeplan::host::{self, Host};
use clap::CommandFactory;
use clap::error::ErrorKind;

/// Expressions nest as deeply as their author likes, and evaluating them recurses. In MiB.
const STACK_SIZES: [usize; 3] = [256, 64, 8];

fn main() -> ExitCode {
    host::install_panic_hook();
    let started = Cli::read(host::arguments()).and_then(|cli| {
        match Host::new(&cli.global.directories, cli.global.color) {
            Ok(host) => Ok((cli, host)),
            Err(error) => Err(Cli::command().error(ErrorKind::ValueValidation, error)),
        }
    });
    match started {
        Ok((cli, host)) => run(&cli, &host).into(),
        Err(error) => {
            // Nobody is left to tell.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage as u8))
        }
    }
}

/// Runs the command on as large a stack as the system grants.
fn run(cli: &Cli, host: &Host) -> Exit {
    thread::scope(|scope| {
        let start = |size| {
            thread::Builder::new().stack_size(size << 20).spawn_scoped(scope, || commands::run(cli, host))
        };
        match STACK_SIZES.into_iter().find_map(|size| start(size).ok()) {
            Some(thread) => thread.join().unwrap_or(Exit::Failed),
            None => commands::run(cli, host),
        }
    })
}
