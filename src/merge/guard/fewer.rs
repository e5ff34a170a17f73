//! Tags that are taken from an index with more platforms: whoever pulls them there gets nothing any more.

use std::collections::{BTreeMap, BTreeSet};

use super::super::report::{Looked, Outcome};
use super::ready::Ready;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::DescriptorPlatform;
use crate::published::planned::PlannedImage;
use crate::published::record::{Known, Question};
use crate::published::served::{Content, Served};
use crate::published::survey::{Round, Survey};

/// Compares the platforms of what has the tags with those of the images that get them.
pub(in crate::merge) fn look(ready: &[Ready<'_>], survey: &mut Survey<'_>) -> Looked {
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
        let given = Served::read(one.manifest.clone());
        let mut fewer: BTreeMap<BTreeSet<String>, BTreeSet<String>> = BTreeMap::new();
        for at in taken(one) {
            let decision = &one.decisions[at];
            let Some(previous) = &decision.report.previous else { continue };
            let Known::Present(served) = survey.records()[decision.site].previous(previous) else { continue };
            let platforms = lost(one.image, &given, served);
            if !platforms.is_empty() {
                let reference = format!("`{}`", decision.report.reference);
                fewer.entry(platforms).or_default().insert(reference);
            }
        }
        let (lack, help) = if one.image.builds.is_empty() {
            ("what is promoted lacks", "promote what has all platforms")
        } else {
            ("this plan does not build", "plan all platforms of the image")
        };
        for (platforms, tags) in fewer {
            let list = |all: BTreeSet<String>| all.into_iter().collect::<Vec<_>>().join(", ");
            let message = format!(
                "image `{}` takes {} from what also has {}, which {lack}",
                one.key,
                list(tags),
                list(platforms.clone())
            );
            let what = if platforms.iter().all(|lost| has_kind(one.image, &given, lost)) {
                "what is made for another variant of their processor, if they can run it"
            } else {
                "nothing"
            };
            compared.notes.push(Diagnostic::warning(Code::FEWER_PLATFORMS, message).with_help(format!(
                "those who pull these tags on them will get {what}; {help}, or use other tags"
            )));
        }
    }
    compared
}

/// The platforms of what has a tag that neither the plan nor what gets the tag is for; none where either may be for any.
fn lost(image: &PlannedImage, given: &Served, served: &Served) -> BTreeSet<String> {
    let (Some(had), kept) = (platforms(served), platforms(given)) else { return BTreeSet::new() };
    // What is promoted has no builds.
    let is_open = if image.builds.is_empty() {
        kept.is_none()
    } else {
        image.builds.values().any(|build| build.platform.is_none())
    };
    if is_open {
        return BTreeSet::new();
    }
    let kept: BTreeSet<String> = kept.into_iter().flatten().map(ToString::to_string).collect();
    let planned = || image.builds.values().filter_map(|build| build.platform.as_ref());
    let is_lost = |platform: &&DescriptorPlatform| {
        !kept.contains(&platform.to_string()) && !planned().any(|planned| platform.fits(planned))
    };
    had.into_iter().filter(is_lost).map(ToString::to_string).collect()
}

/// Whether what is kept has another variant of the processor that a platform names.
fn has_kind(image: &PlannedImage, given: &Served, lost: &str) -> bool {
    let kind = |platform: &str| platform.split('/').take(2).map(str::to_owned).collect::<Vec<_>>();
    let kept = platforms(given).into_iter().flatten().map(ToString::to_string);
    let planned = image.builds.values().filter_map(|build| Some(build.platform.as_ref()?.to_string()));
    kept.chain(planned).any(|one| kind(&one) == kind(lost))
}

/// The platforms of the images of an index; `None` where it is none.
fn platforms(served: &Served) -> Option<Vec<&DescriptorPlatform>> {
    let Content::Index(index) = &served.content else { return None };
    let entries = index.entries.iter().filter_map(|entry| entry.as_ref().ok());
    let images = entries.filter(|entry| entry.attested().is_none());
    Some(images.filter_map(|entry| entry.platform.as_ref()).filter(|one| !one.is_unknown()).collect())
}
