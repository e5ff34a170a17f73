//! `bakeplan readme`: the table of tags in a file that people read.

use super::plan;
use super::session::Session;
use crate::cli;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::render::{markdown, readme};
use crate::resolve::Purpose;

pub(super) fn readme(session: &mut Session<'_>, args: &cli::Readme) -> Result<(), Error> {
    let text = session.host.read_product(&args.file)?;
    let (made, _) = plan::make_for(session, &args.selection, Purpose::TagTable)?;
    if !made.volatile.is_empty() {
        return Err(made.volatile.into());
    }
    let spliced = readme::splice(&text, &markdown::render(&made)).map_err(|e| {
        let message = format!("`{}`: {e}", args.file);
        Diagnostic::error("markers", message).with_help(readme::HELP)
    })?;
    let mut command = vec!["bakeplan".to_owned(), "readme".to_owned(), plan::quote(&args.file)];
    command.extend(plan::shared_options(&args.selection));
    let files = [(args.file.clone(), spliced)];
    if args.check { plan::check(session, &files, &command.join(" ")) } else { plan::write(session, &files) }
}
