//! The styles of what is printed: colours that can be read on black and on white, where yellow, cyan and the bright ones fade.

use anstyle::{AnsiColor, Style};

/// Names, and what somebody should do.
pub(crate) const STRONG: Style = Style::new().bold();
/// Labels and details.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// What stays as it is.
pub(crate) const STAYS: Style = AnsiColor::Green.on_default();
/// What moves.
pub(crate) const MOVES: Style = AnsiColor::Magenta.on_default();
/// The word of an error.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The word of a warning.
pub(crate) const WARNING: Style = AnsiColor::Magenta.on_default().bold();
/// The word of a note.
pub(crate) const NOTE: Style = AnsiColor::Green.on_default().bold();
