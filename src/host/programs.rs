//! Runs other programs, without a shell.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{Host, MAX_INPUT, reason};
use crate::facts::command::CommandFailure;

/// How long a command of Docker's may take, which may copy images. In seconds.
const MAX_DOCKER_WAIT: u64 = 1800;

/// How long a program takes that has what it needs, and only has to look something up.
const USUAL: Duration = Duration::from_millis(500);

/// How often a program is asked whether it has ended.
const PULSE: Duration = Duration::from_millis(1);

impl Host {
    /// Runs a command of Docker's in the working directory, without a shell; the error is what it complains about.
    ///
    /// # Errors
    /// When there is no such program, it fails or takes too long.
    pub fn docker(&self, words: &[String]) -> Result<(), String> {
        let Some((program, arguments)) = words.split_first() else { return Ok(()) };
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.directory);
        match run(command, program, Duration::from_secs(MAX_DOCKER_WAIT), Kill::Alone, &|| None) {
            Ok(_) => Ok(()),
            Err(CommandFailure::NotInstalled) => Err(format!("{program} is not installed")),
            Err(CommandFailure::Status { errors, .. }) => Err(errors.trim().to_owned()),
            Err(CommandFailure::TimedOut { seconds, .. }) => {
                Err(format!("it did not end within {seconds} seconds"))
            }
            Err(CommandFailure::TooMuch { .. }) => Err("its output is too long".to_owned()),
            Err(failure) => Err(failure.to_string()),
        }
    }
}

/// What is killed when a program must be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kill {
    /// Only it. It stays in our process group, so that an interrupt from the keyboard reaches it.
    Alone,
    /// Also the programs that it has started, where the system knows groups of processes.
    WithChildren,
}

/// How long a program may take, how much it may print, and what is killed when it does more.
#[derive(Clone, Copy)]
pub(super) struct Bounds<'w> {
    /// The time.
    pub(super) limit: Duration,
    /// How long it takes when it has what it needs.
    pub(super) usual: Duration,
    /// The most bytes that it prints.
    pub(super) most: u64,
    /// What is killed.
    pub(super) kill: Kill,
    /// Looks, once it takes longer than usual, for a reason that it will never end.
    pub(super) why: &'w dyn Fn() -> Option<CommandFailure>,
}

/// Runs a program to its end, and returns the text that it prints. `name` is what messages call it.
pub(super) fn run(
    command: Command,
    name: &str,
    limit: Duration,
    kill: Kill,
    why: &dyn Fn() -> Option<CommandFailure>,
) -> Result<String, CommandFailure> {
    let printed = run_bytes(command, name, None, Bounds { limit, usual: USUAL, most: MAX_INPUT, kill, why })?;
    String::from_utf8(printed).map_err(|_| CommandFailure::Other("its output is not UTF-8".into()))
}

/// Runs a program to its end, with `input` on its standard input. What it prints goes into files: pipes would stay open as
/// long as any other program has them, such as one that keeps a connection.
pub(super) fn run_bytes(
    mut command: Command,
    name: &str,
    input: Option<&[u8]>,
    bounds: Bounds<'_>,
) -> Result<Vec<u8>, CommandFailure> {
    let Bounds { limit, usual, most, kill, why } = bounds;
    let other = |error: io::Error| CommandFailure::Other(reason(&error));
    let mut output = tempfile::tempfile().map_err(other)?;
    let mut errors = tempfile::tempfile().map_err(other)?;
    match input {
        None => command.stdin(Stdio::null()),
        Some(input) => {
            let mut file = tempfile::tempfile().map_err(other)?;
            file.write_all(input).and_then(|()| file.rewind()).map_err(other)?;
            command.stdin(file)
        }
    };
    command.stdout(output.try_clone().map_err(other)?);
    command.stderr(errors.try_clone().map_err(other)?);
    #[cfg(unix)]
    if kill == Kill::WithChildren {
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    let mut child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => CommandFailure::NotInstalled,
        _ => other(error),
    })?;
    let started = Instant::now();
    let mut is_looked_at = false;
    let too_much = || CommandFailure::TooMuch { command: name.to_owned(), bytes: most };
    let status = loop {
        if let Some(status) = child.try_wait().map_err(other)? {
            break status;
        }
        let longest = output.metadata().map_err(other)?.len().max(errors.metadata().map_err(other)?.len());
        let failure = if longest > most {
            too_much()
        } else if started.elapsed() > limit {
            CommandFailure::TimedOut { command: name.to_owned(), seconds: limit.as_secs() }
        } else if !is_looked_at && started.elapsed() > usual {
            is_looked_at = true;
            let Some(failure) = why() else { continue };
            failure
        } else {
            thread::sleep(PULSE);
            continue;
        };
        stop(&mut child, kill);
        return Err(failure);
    };
    let text = |file: &mut File| {
        file.rewind().map_err(other)?;
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(other)?;
        if bytes.len() as u64 > most { Err(too_much()) } else { Ok(bytes) }
    };
    if !status.success() {
        let errors = String::from_utf8_lossy(&text(&mut errors)?).into_owned();
        return Err(CommandFailure::Status { code: status.code(), errors });
    }
    text(&mut output)
}

/// Kills a program that [`run`] has started.
fn stop(child: &mut Child, kill: Kill) {
    #[cfg(unix)]
    if kill == Kill::WithChildren {
        use rustix::process::{Pid, Signal, kill_process_group};
        // It has not been waited for: the group's number is still its own.
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}
