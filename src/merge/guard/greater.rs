//! Floating tags whose own index says that it is a greater version than the one that is to get them, or whose images are labelled
//! with one: they stay, also where no list shows that version.

use std::collections::BTreeMap;

use super::super::report::{Looked, Outcome};
use super::decide::Decision;
use super::ready::Ready;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::VERSION;
use crate::published::also_named::says_greater;
use crate::published::labelled::{Labelled, labelled};
use crate::published::plan_json::TagEntry;
use crate::published::planned::PlannedImage;
use crate::published::record::{Question, Record};
use crate::published::survey::{Round, Survey};

/// Leaves the tags with the greater versions that they have.
pub(in crate::merge) fn keep(ready: &mut [Ready<'_>], survey: &mut Survey<'_>) -> Looked {
    let mut read = Looked::default();
    let moving =
        ready.iter().flat_map(|one| one.decisions.iter().filter(|decision| moves(one.image, decision)));
    let question =
        |decision: &Decision| Some((decision.site, Question::Previous(decision.report.previous.clone()?)));
    if let Round::Asked(failures) = survey.ask(moving.filter_map(question).collect()) {
        read.problems.extend(failures);
    }
    // Labels are asked for only where the index says nothing.
    read.problems.extend(survey.learn(|records| {
        let open = |(image, decision): (&PlannedImage, &Decision)| match by_label(image, decision, records) {
            Some(Labelled::Open(question)) => Some((decision.site, question)),
            Some(Labelled::Nothing | Labelled::Greater(_)) | None => None,
        };
        let moving = ready.iter().flat_map(|one| one.decisions.iter().map(|decision| (one.image, decision)));
        moving.filter(|(image, decision)| moves(image, decision)).filter_map(open).collect()
    }));
    for one in ready {
        let mut kept: BTreeMap<(String, &str, &str), Vec<String>> = BTreeMap::new();
        for decision in one.decisions.iter_mut().filter(|decision| moves(one.image, decision)) {
            let previous = decision.report.previous.as_ref();
            let served =
                previous.and_then(|digest| survey.records()[decision.site].previous(digest).present());
            let planned = one.image.tags.iter().find(|tag| tag.name == decision.tag);
            let (Some(served), Some(planned)) = (served, planned) else { continue };
            let labelled = || match by_label(one.image, decision, survey.records()) {
                Some(Labelled::Greater(version)) => Some((version, "label", VERSION)),
                Some(Labelled::Open(_) | Labelled::Nothing) | None => None,
            };
            let annotated = says_greater(one.image, planned, served);
            let annotated = annotated.map(|(key, version)| (version.clone(), "annotation", key));
            let Some((version, kind, name)) = annotated.or_else(labelled) else { continue };
            let report = &mut decision.report;
            let what = if kind == "label" { "its image" } else { "its index" };
            let why = format!("{what} says that it is version `{version}`, which is greater");
            report.stay(Outcome::Kept, why);
            kept.entry((version, kind, name)).or_default().push(format!("`{}`", report.reference));
        }
        for ((version, kind, name), tags) in kept {
            let message = format!(
                "image `{}` leaves {} as before: what has it says that it is version `{version}`, which is greater",
                one.key,
                tags.join(", ")
            );
            read.notes.push(Diagnostic::warning(Code::KEPT_TAG, message)
                .with_note(format!("that is its {kind} `{name}`"))
                .with_help(
                    "if that version was taken back, name it in `withdrawn` of the image; `--allow-backward` moves the tags in this run",
                ));
        }
    }
    read
}

/// What the labels of what has the tag of a decision tell; nothing before that is read.
fn by_label(image: &PlannedImage, decision: &Decision, records: &[Record]) -> Option<Labelled> {
    let planned = image.tags.iter().find(|tag| tag.name == decision.tag)?;
    let record = &records[decision.site];
    let served = record.previous(decision.report.previous.as_ref()?).present()?;
    Some(labelled(image, planned, served, record))
}

/// Whether a tag moves with versions, and is to be given another index.
fn moves(image: &PlannedImage, decision: &Decision) -> bool {
    let planned = || image.tags.iter().find(|tag| tag.name == decision.tag);
    decision.report.outcome == Outcome::Moved && planned().and_then(TagEntry::follows).is_some()
}
