//! Writes standard output and standard error.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;

use anstream::AutoStream;
use anstream::stream::{AsLockedWrite, RawStream};
use clap::ColorChoice;

use super::Host;
use super::failure::{Action, HostError, STDOUT};

/// Where the text given to [`Host::stdout`] went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// All of it was taken.
    Complete,
    /// The reader has closed the pipe, as `head` does: that is no failure, and further output is pointless.
    ReaderGone,
}

impl Host {
    /// Writes the product to standard output.
    ///
    /// # Errors
    /// When it does not arrive whole, as on a full disk; a closed pipe is no error.
    pub fn stdout(&self, text: &str) -> Result<Delivery, HostError> {
        match emit(io::stdout(), text) {
            Ok(()) => Ok(Delivery::Complete),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Delivery::ReaderGone),
            Err(error) => Err(HostError::new(Action::Write, Path::new(STDOUT), error)),
        }
    }

    /// Writes talk to standard error. It is lost when nobody listens.
    pub fn stderr(&self, text: &str) {
        let _ = emit(io::stderr(), text);
    }

    /// Whether text for standard error should have colours.
    #[must_use]
    pub fn stderr_color(&self) -> bool {
        self.color_on(&io::stderr())
    }

    /// How many columns the terminal has that shows standard error; none when it is no terminal.
    #[must_use]
    pub fn stderr_columns(&self) -> Option<usize> {
        const USUAL: usize = 80;
        let stderr = io::stderr();
        let columns = terminal_size::terminal_size_of(&stderr).map(|(width, _)| usize::from(width.0));
        stderr.is_terminal().then(|| columns.unwrap_or(USUAL))
    }

    fn color_on(&self, stream: &(impl RawStream + IsTerminal)) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            // NO_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM and what the stream is.
            ColorChoice::Auto => AutoStream::choice(stream) != anstream::ColorChoice::Never,
        }
    }
}

fn emit(stream: impl RawStream + AsLockedWrite, text: &str) -> io::Result<()> {
    // Text without colours passes untouched: it may be a product in which every byte counts.
    let colored = text.contains('\x1b');
    let mut stream = if colored { AutoStream::always(stream) } else { AutoStream::always_ansi(stream) };
    stream.write_all(text.as_bytes())?;
    stream.flush()
}
