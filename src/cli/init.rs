//! The options of `bakeplan init`.

use clap::Args;

use super::groups::Group;
use super::manual::Documented;
use crate::error::Exit;

/// `bakeplan init`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Init {
    /// Write the proposal, after asking
    #[arg(long)]
    pub write: bool,
    /// With `--write`, write without asking
    #[arg(short, long, requires = "write")]
    pub yes: bool,
    /// Put the `image` blocks into images.hcl beside the Bake file
    #[arg(long)]
    pub separate: bool,
}

impl Documented for Init {
    const GROUP: Group = Group::Begin;
    const MORE: &'static str = "Reads Bake and Compose files, Dockerfiles, GitHub Actions workflows and scripts in the working directory and below, proposes `image` blocks with a comment on each guess, and shows what they would publish next to what is published today.";
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("Show the proposal", "bakeplan init"), ("Write it", "bakeplan init --write --yes")];
    const EXITS: &'static [Exit] = Exit::USUAL;
}
