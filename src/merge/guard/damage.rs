//! Tags that a registry has and cannot serve, as a full disk or a broken one leaves them: they are written anew.

use super::decide::Decision;
use super::ready::Ready;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::record::{Fault, Known, Record};

/// What is wrong with what a tag has now.
fn fault_of<'r>(decision: &Decision, records: &'r [Record]) -> Option<&'r Fault> {
    let record = &records[decision.site];
    if let Known::Faulty(fault) = record.tag(&decision.tag) {
        return Some(fault);
    }
    match record.previous(decision.report.previous.as_ref()?) {
        Known::Faulty(fault) => Some(fault),
        Known::Unasked | Known::Absent | Known::Present(_) => None,
    }
}

/// Refuses to write the tags of versions of immutable images that cannot be read: they may be right.
pub(in crate::merge) fn unknown(ready: &[Ready<'_>], records: &[Record]) -> Vec<Diagnostic> {
    let immutable = ready.iter().filter(|ready| ready.image.immutable);
    let decisions = immutable.flat_map(|ready| ready.decisions.iter().map(move |one| (ready, one)));
    let literal = decisions.filter(|(_, one)| !one.report.floating && one.report.outcome.writes());
    let refuse = |(ready, one): (&Ready<'_>, &Decision)| {
        let Known::Faulty(fault) = records[one.site].tag(&one.tag) else { return None };
        let message = format!(
            "image `{}` is immutable, and the content of `{}` cannot be read: {}",
            ready.key,
            one.report.reference,
            fault.message()
        );
        Some(Diagnostic::error(Code::IMMUTABLE_TAG, message).with_help(
            "merge again when the registry serves it; if it is damaged, pass `--allow-retag` to write it anew",
        ))
    };
    literal.filter_map(refuse).collect()
}

/// Says which tags are written anew since what they have cannot be read.
pub(in crate::merge) fn replaced(ready: &[Ready<'_>], records: &[Record]) -> Vec<Diagnostic> {
    let decisions = ready.iter().flat_map(|ready| &ready.decisions);
    let damaged = decisions.filter(|one| one.report.outcome.writes());
    let tell = |one: &Decision| {
        let fault = fault_of(one, records)?;
        let message = format!(
            "the previous content of `{}` cannot be read, so the tag is written anew",
            one.report.reference
        );
        Some(Diagnostic::warning(Code::DAMAGED_TAG, message).with_note(fault.message()))
    };
    damaged.filter_map(tell).collect()
}
