//! Runs other programs, without a shell.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{Host, MAX_INPUT, reason};
use crate::facts::git::Failure;

/// How long `git` may take, which may ask a server. In seconds.
const MAX_WAIT: u64 = 60;

/// How long a command of Docker's may take, which may copy images. In seconds.
const MAX_DOCKER_WAIT: u64 = 1800;

/// How often a program is asked whether it has ended.
const PULSE: Duration = Duration::from_millis(1);

impl Host {
    /// Runs `git` in the working directory, without a shell, and returns what it prints. It asks nobody anything,
    /// changes nothing, and fetches nothing on its own.
    ///
    /// # Errors
    /// When there is no git, it fails, prints more than [`MAX_INPUT`] or takes too long.
    pub fn git(&self, arguments: &[&str]) -> Result<String, Failure> {
        let mut command = Command::new("git");
        // A repository's own hook would be run.
        command.args(["-c", "core.fsmonitor=false"]).args(arguments).current_dir(&self.directory);
        command.envs([
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("LC_ALL", "C"),
        ]);
        run(command, Duration::from_secs(MAX_WAIT))
    }

    /// Runs a command of Docker's in the working directory, without a shell; the error is what it complains about.
    ///
    /// # Errors
    /// When there is no such program, it fails or takes too long.
    pub fn docker(&self, words: &[String]) -> Result<(), String> {
        let Some((program, arguments)) = words.split_first() else { return Ok(()) };
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.directory);
        match run(command, Duration::from_secs(MAX_DOCKER_WAIT)) {
            Ok(_) => Ok(()),
            Err(Failure::NotInstalled) => Err(format!("{program} is not installed")),
            Err(Failure::Status { errors, .. }) => Err(errors.trim().to_owned()),
            Err(Failure::TimedOut(seconds)) => Err(format!("it did not end within {seconds} seconds")),
            Err(Failure::TooMuch(_)) => Err("it printed too much".to_owned()),
            Err(Failure::Other(problem)) => Err(problem),
        }
    }
}

/// Runs a program to its end. What it prints goes into files: pipes would stay open as long as any other program has
/// them, such as one that keeps a connection.
pub(super) fn run(mut command: Command, limit: Duration) -> Result<String, Failure> {
    let other = |error: io::Error| Failure::Other(reason(&error));
    let mut output = tempfile::tempfile().map_err(other)?;
    let mut errors = tempfile::tempfile().map_err(other)?;
    command.stdin(Stdio::null());
    command.stdout(output.try_clone().map_err(other)?);
    command.stderr(errors.try_clone().map_err(other)?);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::NotInstalled,
        _ => other(error),
    })?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(other)? {
            break status;
        }
        let length = output.metadata().map_err(other)?.len();
        let failure = match () {
            () if length > MAX_INPUT => Failure::TooMuch(MAX_INPUT),
            () if started.elapsed() > limit => Failure::TimedOut(limit.as_secs()),
            () => {
                thread::sleep(PULSE);
                continue;
            }
        };
        let _ = child.kill();
        let _ = child.wait();
        return Err(failure);
    };
    let text = |file: &mut File| {
        file.rewind().map_err(other)?;
        let mut bytes = Vec::new();
        file.take(MAX_INPUT + 1).read_to_end(&mut bytes).map_err(other)?;
        if bytes.len() as u64 > MAX_INPUT { Err(Failure::TooMuch(MAX_INPUT)) } else { Ok(bytes) }
    };
    if !status.success() {
        let errors = String::from_utf8_lossy(&text(&mut errors)?).into_owned();
        return Err(Failure::Status { code: status.code(), errors });
    }
    String::from_utf8(text(&mut output)?).map_err(|_| Failure::Other("it prints what is not UTF-8".into()))
}
