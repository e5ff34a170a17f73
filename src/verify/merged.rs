//! Compares what registries serve with what a merge says that it did.

use std::collections::BTreeSet;

use super::code::Code;
use super::finding::Finding;
use super::report::CheckedReference;
use super::walk::{Trail, Walk};
use crate::diagnostic::Severity;
use crate::published::plan_json::ReusedEntry;
use crate::published::result::{ImageResult, ResultStatus};
use crate::reference::Digest;

/// What a merge says of an image.
pub(super) enum Said<'r> {
    /// Its tags have this index, and these were left as they were.
    Published(&'r Digest, BTreeSet<&'r str>),
    /// It was left as it was, for these reasons.
    Held(&'r [String]),
    /// Its index is there, and has no tags yet.
    Indexed(&'r Digest),
    /// No merge says anything, and the plan uses this again.
    Reused(&'r ReusedEntry),
    /// Nothing that could be compared.
    Nothing,
}

/// What a merge says of an image.
pub(super) fn said(result: &ImageResult) -> Said<'_> {
    match (result.status, &result.digest) {
        (ResultStatus::Held, _) => Said::Held(&result.why),
        (ResultStatus::Indexed, Some(digest)) => Said::Indexed(digest),
        (ResultStatus::Published | ResultStatus::Unchanged | ResultStatus::Kept, Some(digest)) => {
            let left = result.references.iter().filter(|tag| tag.is_left());
            Said::Published(digest, left.map(|tag| tag.reference.as_str()).collect())
        }
        _ => Said::Nothing,
    }
}

/// Looks at an index that has no tags yet, in each of its repositories.
pub(super) fn index(
    key: &str,
    digest: &Digest,
    places: &[usize],
    walk: &mut Walk<'_>,
) -> Vec<CheckedReference> {
    let mut checked = Vec::new();
    for &site in places {
        let location = &walk.sites[site].location;
        let mut one = CheckedReference::new(location.with_digest(digest), location, None);
        let message = format!("the merge has written the index of image `{key}`, and no tags");
        let references = [one.reference.clone()];
        walk.findings.push(Finding::new(Code::NoTagsYet, &references, message));
        one.digest = Some(digest.clone());
        if let Some(tree) = walk.tree(&Trail { site, references: references.to_vec() }, digest) {
            one.describe(&tree);
        }
        checked.push(one);
    }
    checked
}

/// Says that an image was held.
pub(super) fn held(key: &str, why: &[String], references: &[String]) -> Finding {
    Finding::new(
        Code::Held,
        references,
        format!("the merge left image `{key}` as it was: {}", why.join("; ")),
    )
}

/// Says that some tags of an image were left as they were.
pub(super) fn left(key: &str, references: &[String]) -> Finding {
    let message = format!("the merge left these tags of image `{key}` as they were");
    Finding::new(Code::Held, references, message).with_cure("nothing, or what the merge said")
}

/// Makes warnings of what the index says otherwise than planned that a merge gave its tags to: it gives them only to what it made
/// as planned, or to a release that stays as it was published.
pub(super) fn stays(findings: &mut [Finding]) {
    for finding in
        findings.iter_mut().filter(|one| matches!(one.code, Code::OtherPlan | Code::WrongAnnotations))
    {
        finding.severity = Severity::Warning;
        finding.cure =
            "nothing, if the merge left a release as it was published (`--keep-existing`)".to_owned();
    }
}

/// Says that tags do not have what a merge gave them, or what the plan reuses.
pub(super) fn differs(said: &Said<'_>, key: &str, found: &Digest, references: &[String]) -> Option<Finding> {
    match said {
        Said::Published(expected, _) if *expected != found => Some(other(key, expected, found, references)),
        Said::Reused(reused) if reused.digest != *found => Some(not_reused(key, reused, found, references)),
        Said::Published(..) | Said::Reused(_) | Said::Held(_) | Said::Indexed(_) | Said::Nothing => None,
    }
}

/// Says that tags do not have what the plan reuses.
fn not_reused(key: &str, reused: &ReusedEntry, found: &Digest, references: &[String]) -> Finding {
    let message = format!("image `{key}`: the plan reuses {}, and this is {found}", reused.digest);
    let finding = Finding::new(Code::OtherBuild, references, message).about(found);
    finding
        .with_note(reused.told())
        .with_cure("merge the plan; if that was done, another run has moved the tag since")
}

/// Says that tags do not have what the merge gave them.
fn other(key: &str, expected: &Digest, found: &Digest, references: &[String]) -> Finding {
    let message = format!("image `{key}`: the merge published {expected}, and this is {found}");
    Finding::new(Code::OtherBuild, references, message).about(found)
}
