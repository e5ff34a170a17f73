//! Builds, as messages name them and tell what they pushed.

use crate::published::metadata::Pushed;
use crate::published::plan_json::BuildEntry;
use crate::published::served::{Content, Served};
use crate::reference::Digest;

/// The images that a build pushed, and what else it pushed.
pub(super) fn parts(served: &Served) -> (Vec<&Digest>, Vec<&Digest>) {
    let Content::Index(index) = &served.content else { return (vec![&served.manifest.digest], Vec::new()) };
    let entries = index.entries.iter().flatten();
    let (images, others): (Vec<_>, Vec<_>) = entries.partition(|entry| entry.attested().is_none());
    (images.into_iter().map(|one| &one.digest).collect(), others.into_iter().map(|one| &one.digest).collect())
}

/// Who says that something was built, and when it was.
pub(super) fn told_by(pushed: &Pushed) -> String {
    let mut text = format!("`{}` says that it was built", pushed.origin);
    for (word, what) in [("at", &pushed.finished), ("as", &pushed.build)] {
        if let Some(what) = what {
            text.extend([" ", word, " ", what]);
        }
    }
    text
}

/// A build as messages name it.
pub(super) fn name_of(leg: &str, build: &BuildEntry) -> String {
    match &build.platform {
        Some(platform) => format!("build `{leg}` ({platform})"),
        None => format!("build `{leg}`"),
    }
}

/// Digests, one after another.
pub(super) fn listed(digests: &[&Digest]) -> String {
    digests.iter().map(|digest| digest.as_str()).collect::<Vec<_>>().join(", ")
}
