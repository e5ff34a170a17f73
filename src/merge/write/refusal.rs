//! Writes that a registry refuses: what is known of the cause.

use super::job::{Stage, TagJob};
use crate::diagnostic::Diagnostic;
use crate::registry::{Error, ErrorKind, Operation};

/// A tag that could not be written.
pub(super) fn tag_refused(error: &Error, tag: &TagJob) -> Diagnostic {
    let problem = refused(error);
    // Not what passes, nor what is about the content.
    let (may_be_fixed, is_about_rights) = match error.kind() {
        ErrorKind::Rejected { .. } | ErrorKind::Unsupported { .. } => (!is_blob_unknown(error), false),
        ErrorKind::Unauthorized(_) | ErrorKind::Denied { .. } => (true, true),
        _ => (false, false),
    };
    let Some(previous) = tag.previous.as_ref().filter(|_| may_be_fixed) else { return problem };
    let problem = problem.with_note(format!(
        "the tag exists with another digest, {previous}; the registry may not allow tags to change"
    ));
    let cure = match tag.stage() {
        Stage::Replaced => {
            "release a new version; or pass `--keep-existing` to leave the published release as it is"
        }
        Stage::Literal | Stage::Floating | Stage::Broadest => {
            "allow the registry to change this tag, or leave it out of `tags` if tags never change there"
        }
    };
    if is_about_rights { problem.with_note(format!("if so, {cure}")) } else { problem.with_help(cure) }
}

/// A refused write, with the cause that a code alone does not tell.
pub(super) fn refused(error: &Error) -> Diagnostic {
    let diagnostic = error.to_diagnostic();
    match error.kind() {
        ErrorKind::Rejected { .. } if is_blob_unknown(error) && error.operation() == Operation::PutManifest => diagnostic
            .with_note("everything was there when it was checked: it was deleted since, or the registry requires the `subject` of an attestation")
            .with_help("run the merge again; on GitLab, build with `oci-artifact=false` in `output`"),
        _ => diagnostic,
    }
}

/// Whether the registry says that something of a manifest is not there.
fn is_blob_unknown(error: &Error) -> bool {
    error.entries().iter().any(|entry| entry.code.contains("BLOB_UNKNOWN"))
}
