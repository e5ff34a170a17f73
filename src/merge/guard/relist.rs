//! Lists of tags that lack a tag which is there: another merge may have written it since the list was read, or the list lags
//! behind. Both are read again before they count.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::lookup;
use super::super::subject::Subject;
use super::super::tools::MergeTools;
use super::ready::Ready;
use crate::diagnostic::Diagnostic;
use crate::published::progress::Event;
use crate::published::record::Questions;
use crate::published::survey::Survey;
use crate::reference::Tag;

/// How long to wait before each further reading. The first shows at once what others have written meanwhile.
const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// The tags of each site that a list lacks and that are there.
pub(super) type Unlisted = BTreeMap<usize, BTreeSet<Tag>>;

/// Waits, and forgets lists and the tags that they lack. None when that was done often enough.
pub(in crate::merge) fn forget(
    reading: usize,
    unlisted: &Unlisted,
    survey: &mut Survey<'_>,
    tools: &MergeTools<'_>,
) -> Option<()> {
    let pause = *PAUSES.get(reading)?;
    if !pause.is_zero() {
        for site in unlisted.keys() {
            let (location, why) = (&tools.sites[*site].location, "the registry's list of tags lags behind");
            tools.progress.tell(&Event::Waiting { location, pause, why });
        }
        tools.clock.sleep(pause);
    }
    for (site, tags) in unlisted {
        survey.forget_tags(*site, tags);
    }
    Some(())
}

/// Reads lists again that lack tags of these images, and decides anew about the images; what is wrong.
pub(in crate::merge) fn settle(
    ready: &mut [Ready<'_>],
    subjects: &[Subject<'_>],
    survey: &mut Survey<'_>,
    tools: &MergeTools<'_>,
) -> Vec<Diagnostic> {
    for reading in 0.. {
        let mut unlisted = Unlisted::new();
        for one in ready.iter() {
            for (site, tag) in one.unlisted(survey.records()) {
                unlisted.entry(site).or_default().insert(tag.clone());
            }
        }
        if unlisted.is_empty() || forget(reading, &unlisted, survey, tools).is_none() {
            break;
        }
        let (problems, failures) = survey.conduct(|records| {
            let (mut questions, mut problems) = (Questions::new(), Vec::new());
            for one in ready.iter() {
                let Some(subject) = one.subject(subjects) else { continue };
                let (more, wrong) = lookup::tags(&subject, records);
                questions.extend(more);
                problems.extend(wrong);
            }
            (problems, questions)
        });
        if !problems.is_empty() || !failures.is_empty() {
            return problems.into_iter().chain(failures).collect();
        }
        for one in ready.iter_mut() {
            if let Some(subject) = one.subject(subjects) {
                one.decide(&subject, survey.records());
            }
        }
    }
    Vec::new()
}
