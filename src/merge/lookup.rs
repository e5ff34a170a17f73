//! Which tags of an image are looked up before it is decided about them, and of which a list says enough.

use super::subject::Subject;
use crate::diagnostic::Diagnostic;
use crate::published::plan_json::TagEntry;
use crate::published::record::{FaultKind, Known, Question, Questions, Record};
use crate::published::renamed::{Kept, kept};

/// What has to be known of the tags that an image will have: what they mean now, and which others there are. What is wrong
/// with those that are known.
pub(super) fn tags(subject: &Subject<'_>, records: &[Record]) -> (Questions, Vec<Diagnostic>) {
    let (mut questions, mut problems) = (Questions::new(), Vec::new());
    for &site in &subject.places {
        let record = &records[site];
        let tags = || subject.image.tags_in(&subject.sites[site].location);
        let by_list = tags().filter(|tag| is_listed(subject, tag) && is_told_by_list(subject, tag));
        let witness = record.witness(by_list.map(|tag| &tag.name));
        for tag in tags() {
            if is_listed(subject, tag) {
                questions.insert((site, Question::Tags));
                let is_open = record.tags().is_unasked() || record.lacks(&tag.name);
                if let Kept::Open(open) = kept(subject.image, tag, record) {
                    questions.extend(open.into_iter().map(|question| (site, question)));
                }
                if is_open && is_told_by_list(subject, tag) && witness != Some(&tag.name) {
                    continue;
                }
            }
            questions.insert((site, Question::Tag(tag.name.clone())));
            match record.tag(&tag.name) {
                // What cannot be read is damaged, and written anew; what is refused is for someone else to fix.
                Known::Faulty(fault) if fault.kind == FaultKind::Refused => {
                    problems.push(fault.diagnostic.clone());
                }
                Known::Faulty(_) | Known::Unasked | Known::Absent | Known::Present(_) => {}
            }
        }
    }
    questions.retain(|(site, question)| !records[*site].knows(question));
    (questions, problems)
}

/// Whether the list of tags decides about a tag.
fn is_listed(subject: &Subject<'_>, tag: &TagEntry) -> bool {
    tag.follows().is_some() && subject.image.version.is_some() && !subject.allow_backward
}

/// Whether a list that lacks a tag tells enough of it: a greater version that could own it would be in the same list, and one
/// tag is looked up to see whether the list was cut. A
/// version's own tag is looked up whatever lists say, and so are all tags of immutable images.
fn is_told_by_list(subject: &Subject<'_>, tag: &TagEntry) -> bool {
    tag.floating && !subject.image.immutable
}
