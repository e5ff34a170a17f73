//! The `bakeplan` program: arguments in, exit code out.

use std::io::ErrorKind::BrokenPipe;
use std::process::ExitCode;
use std::thread;

use bakeplan::cli::Cli;
use bakeplan::commands;
use bakeplan::error::Exit;
use bakeplan::host::{self, Host};

/// musl's allocator is slow. Others are left alone, since mimalloc takes longer to start than a small file to print.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// In MiB. Expressions nest as deeply as their author likes, and evaluating them recurses.
const STACK_SIZES: [usize; 3] = [256, 64, 8];

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

/// Runs the command on as large a stack as the system grants.
fn run(cli: &Cli, host: &Host) -> Exit {
    let work = || commands::run(cli, host);
    thread::scope(|scope| {
        let start = |size| thread::Builder::new().stack_size(size << 20).spawn_scoped(scope, work).ok();
        match STACK_SIZES.into_iter().find_map(start) {
            Some(thread) => thread.join().unwrap_or(Exit::Failed),
            None => work(),
        }
    })
}
