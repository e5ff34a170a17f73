//! `bakeplan schema`: what the JSON of other commands looks like.

use super::Session;
use crate::cli::{self, SchemaOf};
use crate::error::Error;
use crate::schema;

pub(super) fn print(session: &Session<'_>, args: &cli::Schema) -> Result<(), Error> {
    session.deliver(&match args.of {
        SchemaOf::Plan => schema::plan(),
        SchemaOf::Matrix => schema::matrix(),
        SchemaOf::Images => schema::images(),
        SchemaOf::Result => schema::result(),
        SchemaOf::Diff => schema::diff(),
    })
}
