//! Floating tags where a version is published again: that adds no tag by which a list could be proven, so what has them has to be a
//! version that is known.

use std::collections::BTreeSet;

use super::super::report::Outcome;
use super::decide::{Decision, follows_list};
use super::ready::Ready;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::floating::members;
use crate::published::given;
use crate::published::record::{Question, Questions, Record};
use crate::published::release::{Saying, saying};
use crate::published::survey::Survey;
use crate::reference::Tag;

/// How many tags of versions are looked at.
const MAX_TAGS: usize = 100;

/// What came of looking.
#[derive(Default)]
pub(in crate::merge) struct Rebuilt {
    /// What is wrong.
    pub(in crate::merge) problems: Vec<Diagnostic>,
    /// Which tags stay as they are.
    pub(in crate::merge) held: Vec<Diagnostic>,
}

/// Whose a floating tag is.
enum Owner {
    /// It takes these answers to tell.
    Open(Vec<Question>),
    /// That of a version that is known.
    Known,
    /// Nobody's that is known.
    Unknown,
}

/// Leaves floating tags as they are that a version which is published again would take from what is no listed version: the list
/// may lack a greater one.
pub(in crate::merge) fn hold(ready: &mut [Ready<'_>], survey: &mut Survey<'_>) -> Rebuilt {
    let mut rebuilt = Rebuilt::default();
    let decisions = ready.iter().flat_map(|one| &one.decisions);
    let created = decisions.filter(|one| one.report.outcome == Outcome::Created && !one.report.floating);
    let of_unclear =
        ready.iter().flat_map(|one| own(one)).filter(|one| one.report.outcome == Outcome::Created);
    let proven: BTreeSet<usize> = created.chain(of_unclear).map(|one| one.site).collect();
    rebuilt.problems = survey.learn(|records| {
        let mut questions = Questions::new();
        for one in ready.iter() {
            for at in moving(one, &proven) {
                let site = one.decisions[at].site;
                if let Owner::Open(open) = owner(one, at, &records[site]) {
                    questions.extend(open.into_iter().map(|question| (site, question)));
                }
            }
        }
        questions
    });
    if !rebuilt.problems.is_empty() {
        return rebuilt;
    }
    for one in ready {
        let records = survey.records();
        let is_unknown =
            |at: &usize| matches!(owner(one, *at, &records[one.decisions[*at].site]), Owner::Unknown);
        let unknown: Vec<usize> = moving(one, &proven).filter(is_unknown).collect();
        let mut tags = Vec::new();
        for at in unknown {
            let report = &mut one.decisions[at].report;
            report.stay(Outcome::Held, "what has it is not a listed version".to_owned());
            tags.push(format!("`{}`", report.reference));
        }
        let version = one.image.version.as_ref().map(ToString::to_string);
        let version = version.or_else(|| Some(one.image.unclear.first()?.to_string()));
        if let (false, Some(version)) = (tags.is_empty(), version) {
            let message = format!(
                "image `{}` leaves {} as before: `{version}` is published again, and what has them is not a listed version, so a greater version may be missing from the list",
                one.key,
                tags.join(", ")
            );
            rebuilt.held.push(Diagnostic::warning(Code::TAG_LIST, message).with_help(
                "merge again later, if the registry's lists lag behind; if they have an earlier build of this version, `--allow-backward` moves them",
            ));
        }
    }
    rebuilt
}

/// The positions of the decisions by which floating tags are to move by a list that nothing proves: own tags are replaced in
/// their repository, and none is created.
fn moving<'r>(ready: &'r Ready<'_>, proven: &'r BTreeSet<usize>) -> impl Iterator<Item = usize> + use<'r> {
    let is_again = |own: &Decision| matches!(own.report.outcome, Outcome::Replaced | Outcome::Moved);
    let replaces = move |site: usize| own(ready).any(|own| own.site == site && is_again(own));
    let moves = move |at: &usize| {
        let one = &ready.decisions[*at];
        one.report.outcome == Outcome::Moved
            && follows_list(ready.image, &one.tag)
            && !proven.contains(&one.site)
            && replaces(one.site)
    };
    (0..ready.decisions.len()).filter(moves)
}

/// The decisions about the own tags of an image, also those that leave open of which version they are.
fn own<'r>(ready: &'r Ready<'_>) -> impl Iterator<Item = &'r Decision> {
    let is_unclear = |one: &&Decision| ready.image.unclear.contains(&one.tag);
    ready.own().chain(ready.decisions.iter().filter(is_unclear))
}

/// Whose the tag of a decision is, as far as the record tells.
fn owner(ready: &Ready<'_>, at: usize, record: &Record) -> Owner {
    let (image, decision) = (ready.image, &ready.decisions[at]);
    let planned = image.tags.iter().find(|tag| tag.name == decision.tag);
    let (Some(planned), Some(previous)) = (planned, &decision.report.previous) else { return Owner::Known };
    // Without a list, what moves it is not that.
    let Some(listed) = record.tags().present() else { return Owner::Known };
    let mut own = own(ready).filter(|own| own.site == decision.site);
    if own.any(|own| own.report.previous.as_ref() == Some(previous)) {
        return Owner::Known;
    }
    let said = record.previous(previous).present().and_then(|served| Some(served.version()?.1));
    // What says that it is greater has kept the tag.
    if !matches!(saying(image, said.cloned().as_slice()), Saying::Nothing) {
        return Owner::Known;
    }
    let mut versions = members(image, planned, listed);
    versions.sort_by(|a, b| b.version.cmp(&a.version));
    let is_own = |tag: &Tag| image.tags.iter().any(|own| own.name == *tag);
    // What is like an own tag that leaves its version open may be called anything.
    let others = listed.iter().filter(|tag| given::is_own_tag(tag) || !image.unclear.is_empty());
    let tags =
        versions.into_iter().map(|one| one.tag).chain(others).filter(|tag| !is_own(tag)).take(MAX_TAGS);
    let tags: Vec<&Tag> = tags.collect();
    if tags.iter().any(|tag| record.tag(tag).present() == Some(previous)) {
        return Owner::Known;
    }
    let unasked = tags.into_iter().filter(|tag| record.tag(tag).is_unasked());
    let open: Vec<Question> = unasked.map(|tag| Question::Tag(tag.clone())).collect();
    if open.is_empty() { Owner::Unknown } else { Owner::Open(open) }
}
