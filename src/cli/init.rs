//! The options of `bakeplan init`.

use clap::Args;

/// `bakeplan init`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Init {
    /// Write what is proposed; asks before it does
    #[arg(long)]
    pub write: bool,
    /// Do not ask
    #[arg(short, long, requires = "write")]
    pub yes: bool,
    /// Put `image` blocks into images.hcl, beside the Bake file
    #[arg(long)]
    pub separate: bool,
}
