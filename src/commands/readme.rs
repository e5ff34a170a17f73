//! `bakeplan readme`: the table of tags in a file that people read.

use super::planning::making;
use super::session::Session;
use super::session::products;
use crate::cli;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::readable::shell_word;
use crate::render::markdown::{self, RowError};
use crate::render::readme::{self, MarkerError};
use crate::resolve::Purpose;

pub(super) fn readme(session: &mut Session<'_>, args: &cli::Readme) -> Result<(), Error> {
    let cli::Readme { file, check, selection } = args;
    if selection.default_provenance.is_some() {
        let message = "`--default-provenance` changes nothing in a table of tags; leave it out";
        return Err(Error::Usage(message.into()));
    }
    if selection.max_jobs.is_some() {
        return Err(Error::Usage("`--max-jobs` changes nothing in a table of tags; leave it out".into()));
    }
    if !selection.publish {
        return Err(Error::Usage(
            "`--publish=false` changes nothing in a table of tags; leave it out".into(),
        ));
    }
    session.host.refuse_stream(file)?;
    let text = session.host.read_product(file)?;
    let (made, _) = making::make_for(session, selection, Purpose::TagTable)?;
    if !made.volatile.is_empty() {
        return Err(made.volatile.into());
    }
    if made.images.is_empty() && !made.elsewhere.is_empty() {
        let message = "the git tag is of none of the images, so the table would not change";
        return Err(Diagnostic::error(Code::RUN_TAG, message)
            .with_help(
                "`--fact tag=…` begins with the `tag_prefix` of an image; or name images that it is of",
            )
            .into());
    }
    if made.images.is_empty() {
        let message = "nothing is published here, so there is no table to write";
        return Err(Diagnostic::error(Code::NO_IMAGES, message)
            .with_help("targets need tags with a repository, or an `image` block; tags that a CI step adds are not known here")
            .into());
    }
    let undecided: Vec<&str> = made
        .images
        .iter()
        .filter(|(_, image)| image.tags.is_empty() && image.yielded.is_empty())
        .map(|(key, _)| key.as_str())
        .collect();
    if !undecided.is_empty() {
        let names: Vec<String> = undecided.iter().map(|key| format!("`{key}`")).collect();
        let message =
            format!("all tags of {} depend on the run, so the table cannot show them", names.join(", "));
        return Err(Diagnostic::error(Code::RUN_TAG, message)
            .with_help("give the facts of a run in which they have tags, such as `--fact tag=v1.2.3` of a release, or `--fact branch=main --fact default_branch=main` of a branch; or name the images to show")
            .into());
    }
    let wrong =
        |e: MarkerError| Diagnostic::error(Code::MARKERS, format!("`{file}`: {e}")).with_help(readme::HELP);
    let table = markdown::render_over(&made, readme::old_table(&text).map_err(wrong)?).map_err(|e| {
        let help = match e {
            RowError::Shared { .. } => {
                "give images that have git tags of their own a repository each; or a table each: name the images to show"
            }
            RowError::Stray { .. } => {
                "rows of images that the git tag is not of stay as they are: delete this one if it is of none of them"
            }
        };
        Diagnostic::error(Code::RUN_TAG, format!("`{file}`: {e}")).with_help(help)
    })?;
    let spliced = readme::splice(&text, &table).map_err(wrong)?;
    let mut command = vec!["bakeplan".to_owned(), "readme".to_owned(), shell_word(file)];
    command.extend(products::shared_options(selection, &session.secret_names));
    let files = [(file.clone(), spliced)];
    if *check {
        products::check(session, &files, &command.join(" "))
    } else {
        products::write(session, &files)
    }
}
