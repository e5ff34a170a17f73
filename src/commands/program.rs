//! The program: arguments in, exit code out.

use std::io::ErrorKind::BrokenPipe;
use std::process::ExitCode;
use std::thread;

use super::complete;
use crate::cli::{Cli, REQUEST, Shell};
use crate::error::Exit;
use crate::host::{self, Host};

/// The stack that a run may need, in bytes: expressions nest and refer to each other, which evaluating them recurses for.
/// Up to their limits (`bake::eval::budget`, `bake::eval::chain`, `bake::text::hcl`) an optimised build needs 3 MiB, and a
/// main thread on Unix has nearly 8.
const STACK: usize = if cfg!(debug_assertions) { 256 << 20 } else { 7 << 20 };

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    host::install_panic_hook();
    if let Some(request) = host::completion_request(REQUEST)
        && let Some(shell) = Shell::of_request(&request.shell)
    {
        let candidates = complete::candidates(shell, &request, STACK);
        return host::print_candidates(&candidates).map_or(Exit::Failed, |()| Exit::Done).into();
    }
    let started = Cli::read(host::arguments()).and_then(|cli| {
        let host = Host::new(&cli.global.directories, cli.global.color);
        Ok((host.map_err(Cli::refuse)?, cli))
    });
    match started {
        Ok((host, cli)) => run(&cli, &host).into(),
        Err(stop) => match host::print_usage(&stop) {
            Err(failure) if failure.kind() != BrokenPipe => Exit::Failed.into(),
            _ => ExitCode::from(if stop.use_stderr() { Exit::Usage } else { Exit::Done }),
        },
    }
}

/// Runs the command where there is room for it: here, or in a thread, which costs a short run a fifth of its time.
fn run(cli: &Cli, host: &Host) -> Exit {
    let work = || super::run(cli, host);
    if host::stack_size().is_some_and(|size| size >= STACK) {
        return work();
    }
    thread::scope(|scope| match thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work) {
        Ok(thread) => thread.join().unwrap_or(Exit::Failed),
        Err(_) => work(),
    })
}
