//! One function for each command: the only place where stages meet input and output.

use crate::cli::Cli;
use crate::error::Exit;
use crate::host::Host;

/// Does what the command line asks.
#[must_use]
pub fn run(_cli: &Cli, host: &Host) -> Exit {
    host.stderr("error: this command is not there yet\n");
    Exit::Failed
}
