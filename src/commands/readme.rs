//! `bakeplan readme`: the table of tags in a file that people read.

use super::planning::making;
use super::session::Session;
use super::session::products;
use crate::cli;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::plan::{Image, Plan};
use crate::readable::shell_word;
use crate::render::markdown::{self, RowError};
use crate::render::readme::{self, MarkerError};
use crate::render::table;
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
    check_rows(&made)?;
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

/// Each image has a row, or gives all its tags to others that have one: what is published never falls out of the table
/// unseen.
fn check_rows(plan: &Plan) -> Result<(), Diagnostic> {
    let untagged: Vec<(&str, &Image)> = plan
        .images
        .iter()
        .filter(|(_, image)| image.tags.is_empty())
        .map(|(key, image)| (key.as_str(), image))
        .collect();
    let undecided: Vec<String> = untagged
        .iter()
        .filter(|(_, image)| image.yielded.is_empty())
        .map(|(key, _)| format!("`{key}`"))
        .collect();
    if !undecided.is_empty() {
        let message = format!(
            "{} {} no tag here, so the table cannot show {}",
            undecided.join(", "),
            if undecided.len() == 1 { "has" } else { "have" },
            if undecided.len() == 1 { "it" } else { "them" },
        );
        return Err(Diagnostic::error(Code::RUN_TAG, message)
            .with_help("give the facts of a run with tags, such as `--fact tag=v1.2.3` of a release, or `--fact branch=main --fact default_branch=main` of a branch; or name the images to show"));
    }
    for (key, image) in untagged {
        if let Some((owner, names)) = table::elsewhere(plan, image).first() {
            let message = format!(
                "all tags of `{key}` belong to other versions, such as `{}` to {owner}, which is not in this plan, so the table cannot show them",
                names.join("`, `")
            );
            return Err(Diagnostic::error(Code::NO_TAG, message).with_help(
                "write the table where the greatest version is planned, or without versions that are known from elsewhere: `known_versions`, `--known-versions`",
            ));
        }
    }
    Ok(())
}
