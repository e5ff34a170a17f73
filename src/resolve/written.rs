//! What must not be written: secrets anywhere, and what changes from day to day in a committed file.

use std::collections::BTreeSet;

use super::images::Draft;
use crate::bake::module::Module;
use crate::bake::target::{Target, Text};
use crate::bake::value::{Mark, Marks};
use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::source::Span;
use crate::spec;

/// An error for each secret in what the plan would write.
pub(super) fn secrets(plan: &Plan, module: &Module) -> Vec<Diagnostic> {
    // Blocks of images have been refused already if they hold one.
    marked(plan, &[], module, |mark, place| match mark {
        Mark::Secret(name) => Some(spec::secret(place, name)),
        Mark::Clock | Mark::Random => None,
    })
}

/// A diagnostic for each string that differs from run to run.
pub(super) fn volatile(plan: &Plan, drafts: &[Draft], module: &Module) -> Vec<Diagnostic> {
    marked(plan, drafts, module, |mark, place| {
        let what = match mark {
            Mark::Clock => "the clock",
            Mark::Random => "random numbers",
            Mark::Secret(_) => return None,
        };
        let message = format!("{place} depends on {what}, so a committed file would never be current");
        let help = "take it from a variable, or write the file anew in every run with `bakeplan plan --out DIR`";
        Some(Diagnostic::error("volatile", message).with_help(help))
    })
}

fn marked(
    plan: &Plan,
    drafts: &[Draft],
    module: &Module,
    describe: impl Fn(&Mark, &str) -> Option<Diagnostic>,
) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut report = |place: String, marks: &Marks, span: Option<Span>| {
        for mark in marks.iter() {
            if let Some(diagnostic) = describe(mark, &place) {
                // The same string reaches several legs.
                let key = (span, mark.clone());
                if span.is_none() || seen.insert(key) {
                    diagnostics.push(diagnostic.at(span, ""));
                }
            }
        }
    };
    for name in plan.targets.keys().chain(plan.legs.values().map(|leg| &leg.of)) {
        if let Some((marks, span)) = module.name_marks(name) {
            report("the name of a target".to_owned(), marks, Some(span));
        }
    }
    let mut check = |place: String, text: &Text| report(place, text.value.marks(), text.span);
    for group in &plan.groups {
        let texts = group.description.iter().chain(group.members());
        texts.for_each(|text| check(format!("group `{}`", group.name), text));
    }
    for draft in drafts {
        let repositories = draft.settings().repositories.iter().flatten();
        repositories.for_each(|text| check(format!("`repositories` of image `{}`", draft.key), text));
    }
    let mut target = |target: &Target| {
        target.each_text(&mut |attribute: &str, text: &Text| check(format!("`{attribute}` of target `{}`", target.name), text));
    };
    plan.targets.values().for_each(&mut target);
    plan.legs.values().for_each(|leg| target(&leg.definition));
    diagnostics
}
