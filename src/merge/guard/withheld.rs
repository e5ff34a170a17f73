//! Platforms that this very run has published and that a repeated merge knows nothing of any more: an image that would go on
//! without them is left as it is, since they are right where they are.

use std::collections::BTreeSet;

use super::super::report::{Outcome, Report};
use super::super::subject::Made;
use super::ready::Ready;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::on_missing::OnMissing;
use crate::platform::Platform;
use crate::published::plan_json::RunEntry;
use crate::published::record::Question;
use crate::published::served::{Content, Served};
use crate::published::survey::{Round, Survey};
use crate::reference::Digest;

/// Holds all tags of the images that would lose such platforms.
pub(in crate::merge) fn hold(
    ready: &mut [Ready<'_>],
    run: &RunEntry,
    survey: &mut Survey<'_>,
    report: &mut Report,
) {
    let mut questions = Vec::new();
    for one in ready.iter().filter(|one| dropped(one).next().is_some()) {
        questions.extend(taken(one).map(|(site, digest)| (site, Question::Previous(digest.clone()))));
    }
    if let Round::Asked(failures) = survey.ask(questions.into_iter().collect()) {
        report.problems.extend(failures);
    }
    for one in ready {
        let of_run = taken(one)
            .filter_map(|(site, digest)| survey.records()[site].previous(digest).present())
            .filter(|served| run.is_same_run(&RunEntry::of_served(served)));
        let of_run: Vec<&Served> = of_run.collect();
        let lost: BTreeSet<String> = dropped(one)
            .filter(|platform| of_run.iter().any(|served| has(served, platform)))
            .map(ToString::to_string)
            .collect();
        let lost: Vec<String> = lost.into_iter().collect();
        if lost.is_empty() {
            continue;
        }
        let why = format!(
            "this run has published {} before, and there is no metadata of that now",
            lost.join(", ")
        );
        for decision in one.decisions.iter_mut().filter(|one| one.report.outcome.writes()) {
            decision.report.stay(Outcome::Held, why.clone());
        }
        if let Some(image) = report.images.get_mut(one.key) {
            image.why.push(why.clone());
        }
        let message = format!("image `{}` is left as it was: {why}", one.key);
        let help = format!("run all jobs again, so that {} is built, too; then the merge", lost.join(", "));
        report.held.push(Diagnostic::warning(Code::HELD, message).with_help(help));
    }
}

/// The platforms that an image goes without.
fn dropped<'r>(ready: &'r Ready<'_>) -> impl Iterator<Item = &'r Platform> {
    let is_of_run = matches!(ready.made, Made::Built | Made::Indexed);
    let missing = ready.checked.missing.iter().filter(move |_| is_of_run);
    let dropped = missing.filter(|missing| missing.then == OnMissing::Drop);
    dropped.filter_map(|missing| missing.platform.as_ref())
}

/// What has the tags that an image is to take, and where.
fn taken<'r>(ready: &'r Ready<'_>) -> impl Iterator<Item = (usize, &'r Digest)> {
    let is_taken = |outcome| matches!(outcome, Outcome::Moved | Outcome::Replaced);
    let decisions = ready.decisions.iter().filter(move |one| is_taken(one.report.outcome));
    decisions.filter_map(|one| Some((one.site, one.report.previous.as_ref()?)))
}

/// Whether an index has an image for a platform.
fn has(served: &Served, platform: &Platform) -> bool {
    let Content::Index(index) = &served.content else { return false };
    let mut images = index.entries.iter().flatten().filter(|entry| entry.attested().is_none());
    images.any(|entry| entry.platform.as_ref().is_some_and(|own| own.fits(platform)))
}
