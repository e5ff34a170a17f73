//! The `bakeplan` program: arguments in, exit code out.

use std::io::ErrorKind::BrokenPipe;
use std::process::ExitCode;

use bakeplan::cli::Cli;
use bakeplan::commands;
use bakeplan::error::Exit;
use bakeplan::host::{self, Host};

/// musl's allocator is slow. Others are left alone, since mimalloc takes longer to start than a small file to print.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// In bytes. Expressions nest as deeply as their author likes, and evaluating them recurses.
const STACK_SIZE: usize = 64 << 20;

fn main() -> ExitCode {
    host::install_panic_hook();
    let started = Cli::read(host::arguments()).and_then(|cli| {
        let host = Host::new(&cli.global.directories, cli.global.color);
        Ok((host.map_err(Cli::refuse)?, cli))
    });
    match started {
        Ok((host, cli)) => run(&cli, &host).into(),
        Err(stop) => match stop.print() {
            Err(failure) if failure.kind() != BrokenPipe => Exit::Failed.into(),
            _ => ExitCode::from(if stop.use_stderr() { Exit::Usage } else { Exit::Done }),
        },
    }
}

/// Runs the command on a large stack: not that of a thread, as starting one takes as long as a small file.
fn run(cli: &Cli, host: &Host) -> Exit {
    stacker::grow(STACK_SIZE, || commands::run(cli, host))
}
