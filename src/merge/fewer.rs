//! Tags that are taken from an index with more platforms: whoever pulls them there gets nothing any more.

use std::collections::{BTreeMap, BTreeSet};

use super::ready::Ready;
use super::report::{Looked, Outcome};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::DescriptorPlatform;
use crate::published::planned::PlannedImage;
use crate::published::record::{Known, Question};
use crate::published::served::{Content, Served};
use crate::published::survey::{Round, Survey};

/// Compares the platforms of what has the tags with those of the images that get them.
pub(super) fn look(ready: &[Ready<'_>], survey: &mut Survey<'_>) -> Looked {
    let mut compared = Looked::default();
    let taken = |ready: &Ready<'_>| -> Vec<usize> {
        let is_taken =
            |at: &usize| matches!(ready.decisions[*at].report.outcome, Outcome::Moved | Outcome::Replaced);
        (0..ready.decisions.len()).filter(is_taken).collect()
    };
    let mut questions = Vec::new();
    for one in ready {
        let decisions = taken(one).into_iter().map(|at| &one.decisions[at]);
        let asked = decisions.filter_map(|decision| {
            Some((decision.site, Question::Previous(decision.report.previous.clone()?)))
        });
        questions.extend(asked);
    }
    if let Round::Asked(failures) = survey.ask(questions.into_iter().collect()) {
        compared.problems.extend(failures);
    }
    for one in ready {
        let mut lost: BTreeMap<BTreeSet<String>, BTreeSet<String>> = BTreeMap::new();
        for at in taken(one) {
            let decision = &one.decisions[at];
            let Some(previous) = &decision.report.previous else { continue };
            let Known::Present(served) = survey.records()[decision.site].previous(previous) else { continue };
            let platforms = unplanned(one.image, served);
            if !platforms.is_empty() {
                let reference = format!("`{}`", decision.report.reference);
                lost.entry(platforms).or_default().insert(reference);
            }
        }
        for (platforms, tags) in lost {
            let list = |all: BTreeSet<String>| all.into_iter().collect::<Vec<_>>().join(", ");
            let message = format!(
                "image `{}` takes {} from what also has {}, which this plan does not build",
                one.key,
                list(tags),
                list(platforms)
            );
            compared.notes.push(Diagnostic::warning(Code::FEWER_PLATFORMS, message).with_help(
                "those who pull these tags on them will get nothing; plan all platforms of the image, or use other tags",
            ));
        }
    }
    compared
}

/// The platforms of what is served that no build of the image is for; none where a build may be for any.
fn unplanned(image: &PlannedImage, served: &Served) -> BTreeSet<String> {
    let Content::Index(index) = &served.content else { return BTreeSet::new() };
    if image.builds.values().any(|build| build.platform.is_none()) {
        return BTreeSet::new();
    }
    let is_planned = |platform: &DescriptorPlatform| {
        image
            .builds
            .values()
            .filter_map(|build| build.platform.as_ref())
            .any(|planned| platform.fits(planned))
    };
    let entries = index.entries.iter().filter_map(|entry| entry.as_ref().ok());
    let images = entries.filter(|entry| entry.attested().is_none());
    let platforms = images.filter_map(|entry| entry.platform.as_ref()).filter(|one| !one.is_unknown());
    platforms.filter(|platform| !is_planned(platform)).map(ToString::to_string).collect()
}
