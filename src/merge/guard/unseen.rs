//! Floating tags in repositories that refuse to list their tags: held, or moved by what the plan knows.

use std::collections::BTreeMap;

use super::super::report::Outcome;
use super::decide::is_unseen;
use super::ready::Ready;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::record::{Fault, Known, Record};
use crate::published::sites::Site;

/// What is said of such tags.
#[derive(Default)]
pub(in crate::merge) struct Unseen {
    /// Which are held.
    pub(in crate::merge) held: Vec<Diagnostic>,
    /// Which are moved.
    pub(in crate::merge) notes: Vec<Diagnostic>,
}

/// Says which floating tags are held or moved where tags cannot be listed.
pub(in crate::merge) fn tell(ready: &[Ready<'_>], sites: &[Site], records: &[Record]) -> Unseen {
    let mut unseen = Unseen::default();
    for one in ready {
        let (mut held, mut moved) = (BTreeMap::new(), BTreeMap::new());
        for decision in &one.decisions {
            let Known::Faulty(fault) = records[decision.site].tags() else { continue };
            let planned = one.image.tags.iter().find(|tag| tag.name == decision.tag);
            if !planned.is_some_and(|tag| is_unseen(tag, &records[decision.site])) {
                continue;
            }
            let tags: &mut BTreeMap<usize, (&Fault, Vec<String>)> = match decision.report.outcome {
                Outcome::Held => &mut held,
                outcome if outcome.writes() => &mut moved,
                _ => continue,
            };
            let (_, tags) = tags.entry(decision.site).or_insert((fault, Vec::new()));
            tags.push(format!("`{}`", decision.tag));
        }
        for (site, (fault, tags)) in held {
            let message = format!(
                "image `{}` leaves {} in `{}` as before: its tags cannot be listed, so that a greater version may be there",
                one.key,
                tags.join(", "),
                sites[site].location
            );
            unseen.held.push(Diagnostic::warning(Code::HELD, message).with_note(fault.message()).with_help(
                "grant the right to list tags (`ecr:ListImages` on AWS), or pass `--trust-known-versions` to go by the versions that the plan knows",
            ));
        }
        for (site, (fault, tags)) in moved {
            let message = format!(
                "image `{}` gets {} in `{}` by the versions that the plan knows alone: tags cannot be listed there",
                one.key,
                tags.join(", "),
                sites[site].location
            );
            unseen.notes.push(Diagnostic::note(Code::UNGUARDED_TAG, message).with_note(fault.message()));
        }
    }
    unseen
}
