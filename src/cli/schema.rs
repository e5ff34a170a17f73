//! The options of `bakeplan schema`.

use clap::{Args, ValueEnum};

use super::groups::Group;
use super::manual::Documented;
use crate::error::Exit;

/// `bakeplan schema`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Schema {
    /// What to describe
    #[arg(value_name = "OF", value_enum)]
    pub of: SchemaOf,
}

impl Documented for Schema {
    const GROUP: Group = Group::Help;
    const EXAMPLES: &'static [(&'static str, &'static str)] =
        &[("Print the schema of plan.json", "bakeplan schema plan")];
    const EXITS: &'static [Exit] = Exit::USUAL;
}

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// plan.json, which `bakeplan plan --out` writes and `bakeplan merge` reads
    Plan,
    /// matrix.json, the rows of a CI matrix
    Matrix,
    /// `image` blocks in JSON, as in images.json or docker-bake.json
    Images,
    /// What `bakeplan merge`, `bakeplan promote` and `bakeplan verify` print with `--format json`
    Result,
    /// What `bakeplan diff` prints with `--format json`
    Diff,
}
