//! The options of `bakeplan init`.

use clap::Args;

use super::manual::Documented;
use crate::error::Exit;

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

impl Documented for Init {
    const MORE: &'static str = "Reads Bake and Compose files, Dockerfiles, workflows of GitHub Actions and scripts below the \
                                working directory, proposes `image` blocks with a comment on each guess, and shows what they \
                                would publish beside what is published today.";
    const EXAMPLES: &'static [(&'static str, &'static str)] = &[
        ("Show what is proposed", "bakeplan init"),
        ("Write it, when it is right", "bakeplan init --write --yes"),
    ];
    const EXITS: &'static [Exit] = Exit::USUAL;
}
