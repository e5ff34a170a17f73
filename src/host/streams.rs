//! Writes standard output and standard error.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;

use anstream::AutoStream;
use anstream::stream::{AsLockedWrite, RawStream};
use clap::ColorChoice;

use super::Host;
use super::failure::{Action, HostError, STDOUT};
use crate::parallel::lock;
use crate::readable;
use crate::render::terminal::Screen;

/// What wipes the line away that the cursor is in.
const WIPE: &str = "\r\x1b[2K";

/// How many columns a terminal has that does not say it.
const USUAL_COLUMNS: usize = 80;

/// Where the text given to [`Host::stdout`] went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// All of it was taken.
    Complete,
    /// The reader has closed the pipe, as `head` does: that is not a failure, and further output is pointless.
    ReaderGone,
}

impl Host {
    /// Writes the product to standard output.
    ///
    /// # Errors
    /// When it does not arrive whole, as on a full disk; a closed pipe is not an error.
    pub fn stdout(&self, text: &str) -> Result<Delivery, HostError> {
        match emit(io::stdout(), text) {
            Ok(()) => Ok(Delivery::Complete),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Delivery::ReaderGone),
            Err(error) => Err(HostError::new(Action::Write, Path::new(STDOUT), error)),
        }
    }

    /// Writes talk to standard error, of which a terminal obeys nothing but styles. It is lost when nobody listens.
    ///
    /// In a step of GitHub Actions, the runner obeys no command in it, nor in what other programs write meanwhile.
    pub fn stderr(&self, text: &str) {
        self.hold_commands();
        let _ = emit(io::stderr(), &readable::styled(text));
    }

    /// Writes talk over the line that the cursor is in.
    pub fn stderr_over(&self, text: &str) {
        self.hold_commands();
        let _ = emit(io::stderr(), &format!("{WIPE}{}", readable::styled(text)));
    }

    /// Writes commands of ours for the runner of GitHub Actions, whose values are escaped already.
    pub fn stderr_commands(&self, text: &str) {
        self.obey_commands();
        let _ = emit(io::stderr(), text);
    }

    /// Writes JSON for a person to standard error.
    pub fn stderr_json(&self, text: &str) {
        self.hold_commands();
        let _ = emit(io::stderr(), &readable::json(text));
    }

    /// Whether this is a step of GitHub Actions, whose runner reads what is written.
    #[must_use]
    pub fn is_in_step(&self) -> bool {
        self.env().get("GITHUB_ACTIONS").is_some_and(|value| value == "true")
    }

    /// Has the runner obey no command until [`Self::obey_commands`]:
    /// <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions#stopping-and-starting-workflow-commands>.
    fn hold_commands(&self) {
        if !self.is_in_step() {
            return;
        }
        let mut token = lock(&self.token);
        if token.is_none() {
            // Nobody may guess it. The keys of each are random.
            let random = || RandomState::new().build_hasher().finish();
            let text = token.insert(format!("{:016x}{:016x}", random(), random()));
            let _ = emit(io::stderr(), &format!("::stop-commands::{text}\n"));
        }
    }

    /// Ends what [`Self::hold_commands`] began; a run must not end before.
    pub fn obey_commands(&self) {
        if let Some(text) = lock(&self.token).take() {
            let _ = emit(io::stderr(), &format!("::{text}::\n"));
        }
    }

    /// Whether text for standard error should have colours.
    #[must_use]
    pub fn stderr_color(&self) -> bool {
        self.color_on(&io::stderr())
    }

    /// Whether text for standard output should have colours.
    #[must_use]
    pub fn stdout_color(&self) -> bool {
        self.color_on(&io::stdout())
    }

    /// How many columns the terminal has that shows standard error; none when it is not a terminal.
    #[must_use]
    pub fn stderr_columns(&self) -> Option<usize> {
        let stderr = io::stderr();
        let columns = terminal_size::terminal_size_of(&stderr).map(|(width, _)| usize::from(width.0));
        stderr.is_terminal().then(|| columns.unwrap_or(USUAL_COLUMNS))
    }

    /// The terminal that shows standard output; also where there is none, if styles are asked for: then a pager will show them.
    #[must_use]
    pub fn screen(&self) -> Option<Screen> {
        let stdout = io::stdout();
        let (is_terminal, color) = (stdout.is_terminal(), self.color_on(&stdout));
        let given = || self.env().get("COLUMNS").and_then(|columns| columns.parse().ok());
        let size = || terminal_size::terminal_size_of(&stdout).map(|(width, _)| usize::from(width.0));
        (is_terminal || color).then(|| Screen {
            columns: size().or_else(given).filter(|columns| *columns > 0).unwrap_or(USUAL_COLUMNS),
            color,
            links: is_terminal && color && shows_links(self.env()),
        })
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

/// Whether the terminal shows links, as far as its variables tell; others may print them as text.
fn shows_links(env: &BTreeMap<String, String>) -> bool {
    let get = |name: &str| env.get(name).map_or("", String::as_str);
    let is_set = |name: &str| !get(name).is_empty();
    let is_multiplexed = is_set("TMUX") || is_set("STY") || get("TERM").starts_with("screen");
    let programs = ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper"];
    // VTE has them since 0.50.
    let is_vte = get("VTE_VERSION").parse::<u32>().is_ok_and(|version| version >= 5000);
    let is_known = programs.contains(&get("TERM_PROGRAM"))
        || is_vte
        || ["xterm-kitty", "alacritty", "foot", "xterm-ghostty"].contains(&get("TERM"))
        || ["WT_SESSION", "KONSOLE_VERSION", "DOMTERM"].iter().any(|name| is_set(name));
    is_known && !is_multiplexed
}

/// Prints help, or what is wrong with the command line: that quotes arguments, which a workflow may take from a stranger,
/// and which may hold a login.
///
/// # Errors
/// When it does not arrive whole.
pub(crate) fn print_usage(stop: &clap::Error) -> io::Result<()> {
    let text = stop.render();
    let text = text.ansi().to_string();
    let text = readable::styled(&readable::without_logins_in_addresses(&text)).into_owned();
    if stop.use_stderr() {
        AutoStream::auto(io::stderr()).write_all(text.as_bytes())
    } else {
        AutoStream::auto(io::stdout()).write_all(text.as_bytes())
    }
}

fn emit(stream: impl RawStream + AsLockedWrite, text: &str) -> io::Result<()> {
    // Text without colours passes untouched: it may be a product in which every byte counts.
    let colored = text.contains('\x1b');
    let mut stream = if colored { AutoStream::always(stream) } else { AutoStream::always_ansi(stream) };
    stream.write_all(text.as_bytes())?;
    stream.flush()
}
