//! Floating tags whose index also has a tag that reads as greater, though the list decides nothing: in another form than the
//! image's own tags, or where those leave open which version they mean. They stay with it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::report::{Looked, Outcome};
use super::ready::Ready;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::also_named::{AlsoNamed, greater};
use crate::published::record::{Questions, Record};
use crate::published::survey::Survey;
use crate::reference::Tag;

/// Leaves the tags with the indexes that have greater ones besides them.
pub(in crate::merge) fn keep(ready: &mut [Ready<'_>], survey: &mut Survey<'_>) -> Looked {
    let problems = survey.learn(|records| {
        let mut questions = Questions::new();
        for one in ready.iter() {
            for (site, found) in moving(one).filter_map(|at| found(one, at, records)) {
                if let AlsoNamed::Open(open) = found {
                    questions.extend(open.into_iter().map(|question| (site, question)));
                }
            }
        }
        questions
    });
    let mut compared = Looked { problems, ..Looked::default() };
    if !compared.problems.is_empty() {
        return compared;
    }
    let records = survey.records();
    for one in ready {
        let mut kept: BTreeMap<(Tag, String), Vec<String>> = BTreeMap::new();
        let mut unlisted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut uncompared: BTreeMap<String, usize> = BTreeMap::new();
        for at in moving(one).collect::<Vec<usize>>() {
            let (other, how) = match found(one, at, records) {
                Some((_, AlsoNamed::As(other, how))) => (other.clone(), how),
                // Without a list, tags that follow versions do not move.
                Some((_, AlsoNamed::Unlisted(fault))) if !one.image.unclear.is_empty() => {
                    let tag = format!("`{}`", one.decisions[at].report.reference);
                    unlisted.entry(fault.message().to_owned()).or_default().insert(tag);
                    continue;
                }
                Some((_, AlsoNamed::Uncompared(count))) => {
                    uncompared.insert(format!("`{}`", one.decisions[at].report.reference), count);
                    continue;
                }
                Some((_, AlsoNamed::Open(_) | AlsoNamed::Nothing | AlsoNamed::Unlisted(_))) | None => {
                    continue;
                }
            };
            let report = &mut one.decisions[at].report;
            report.stay(Outcome::Kept, format!("what has it is also `{other}`, which {how}"));
            kept.entry((other, how)).or_default().push(format!("`{}`", report.reference));
        }
        for ((other, how), tags) in kept {
            let message = format!(
                "image `{}` leaves {} as before: what has it is also `{other}`, which {how}",
                one.key,
                tags.join(", ")
            );
            compared.notes.push(Diagnostic::warning(Code::KEPT_TAG, message).with_help(
                "if what has it was taken back, name that in `withdrawn` of the image; `--allow-backward` moves the tags in this run",
            ));
        }
        if let Some(count) = uncompared.values().max() {
            let tags: Vec<&str> = uncompared.keys().map(String::as_str).collect();
            let message = format!(
                "image `{}` moves {}, perhaps back: what has it was not compared with {count} more tags that read as greater",
                one.key,
                tags.join(", ")
            );
            compared.notes.push(Diagnostic::note(Code::UNGUARDED_TAG, message));
        }
        for (why, tags) in unlisted {
            let tags: Vec<String> = tags.into_iter().collect();
            let message = format!(
                "image `{}` moves {}, perhaps back: its tags leave open which version they mean, and nothing tells which others have it",
                one.key,
                tags.join(", ")
            );
            compared.notes.push(Diagnostic::note(Code::UNGUARDED_TAG, message).with_note(why));
        }
    }
    compared
}

/// The positions of the decisions by which floating tags are to be given another index.
fn moving<'r>(ready: &'r Ready<'_>) -> impl Iterator<Item = usize> + use<'r> {
    let moves = |at: &usize| ready.decisions[*at].report.outcome == Outcome::Moved;
    (0..ready.decisions.len()).filter(moves)
}

/// What has the tag of a decision now besides it, and where.
fn found<'r>(ready: &'r Ready<'_>, at: usize, records: &'r [Record]) -> Option<(usize, AlsoNamed<'r>)> {
    let decision = &ready.decisions[at];
    let planned = ready.image.tags.iter().find(|tag| tag.name == decision.tag)?;
    let previous = decision.report.previous.as_ref()?;
    let record = &records[decision.site];
    Some((decision.site, greater(ready.image, planned, previous, record)))
}
