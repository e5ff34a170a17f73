//! Floating tags whose own index says that it is a greater version than the one that is to get them: they stay, also where no list
//! shows that version.

use std::collections::BTreeMap;

use super::decide::Decision;
use super::ready::Ready;
use super::report::{Looked, Outcome};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::VERSION;
use crate::published::also_named::says_greater;
use crate::published::plan_json::TagEntry;
use crate::published::planned::PlannedImage;
use crate::published::record::Question;
use crate::published::survey::{Round, Survey};

/// Leaves the tags with the greater versions that they have.
pub(super) fn keep(ready: &mut [Ready<'_>], survey: &mut Survey<'_>) -> Looked {
    let mut read = Looked::default();
    let moving =
        ready.iter().flat_map(|one| one.decisions.iter().filter(|decision| moves(one.image, decision)));
    let question =
        |decision: &Decision| Some((decision.site, Question::Previous(decision.report.previous.clone()?)));
    if let Round::Asked(failures) = survey.ask(moving.filter_map(question).collect()) {
        read.problems.extend(failures);
    }
    for one in ready {
        let mut kept: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for decision in one.decisions.iter_mut().filter(|decision| moves(one.image, decision)) {
            let previous = decision.report.previous.as_ref();
            let served =
                previous.and_then(|digest| survey.records()[decision.site].previous(digest).present());
            let planned = one.image.tags.iter().find(|tag| tag.name == decision.tag);
            let (Some(served), Some(planned)) = (served, planned) else { continue };
            let Some(version) = says_greater(one.image, planned, served) else { continue };
            let report = &mut decision.report;
            report.outcome = Outcome::Kept;
            report.digest.clone_from(&report.previous);
            report.why = Some(format!("its index says that it is version `{version}`, which is greater"));
            kept.entry(version).or_default().push(format!("`{}`", report.reference));
        }
        for (version, tags) in kept {
            let message = format!(
                "image `{}` leaves {} as before: what has it says that it is version `{version}`, which is greater",
                one.key,
                tags.join(", ")
            );
            read.notes.push(Diagnostic::warning(Code::KEPT_TAG, message)
                .with_note(format!("no tag of that version is listed; what it says is its annotation `{VERSION}`"))
                .with_help(
                    "if that version was taken back, name it in `withdrawn` of the image; `--allow-backward` moves the tags in this run",
                ));
        }
    }
    read
}

/// Whether a tag moves with versions, and is to be given another index.
fn moves(image: &PlannedImage, decision: &Decision) -> bool {
    let planned = || image.tags.iter().find(|tag| tag.name == decision.tag);
    decision.report.outcome == Outcome::Moved && planned().and_then(TagEntry::follows).is_some()
}
