//! What must not be written: secrets anywhere, and what changes from day to day in a committed file.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::draft::Draft;
use super::{Input, Targets};
use crate::bake::target::{Target, Text};
use crate::bake::values::{Mark, Marks};
use crate::diagnostic::Diagnostic;
use crate::plan::Leg;
use crate::source::Span;
use crate::spec;

/// An error for each secret in what would be written.
pub(super) fn secrets(targets: &Targets<'_>, input: &Input<'_>) -> Vec<Diagnostic> {
    // Image blocks have been refused already if they hold one.
    marked(targets, &IndexMap::new(), &[], input, |mark, place| match mark {
        Mark::Secret(name) => Some(spec::secret(place, name, input.module.has_variable(name))),
        Mark::Clock | Mark::Random | Mark::Kept(_) => None,
    })
}

/// A diagnostic for each string that differs from run to run.
pub(super) fn volatile(
    targets: &Targets<'_>,
    legs: &IndexMap<String, Leg>,
    drafts: &[Draft],
    input: &Input<'_>,
) -> Vec<Diagnostic> {
    volatile_where(targets, legs, drafts, input, |_| true)
}

/// The same for what tags are made of.
pub(super) fn volatile_tags(targets: &Targets<'_>, drafts: &[Draft], input: &Input<'_>) -> Vec<Diagnostic> {
    let attributes = ["`tags` of ", "`repositories` of ", "`version` of "];
    volatile_where(targets, &IndexMap::new(), drafts, input, |place| {
        attributes.iter().any(|start| place.starts_with(start))
    })
}

fn volatile_where(
    targets: &Targets<'_>,
    legs: &IndexMap<String, Leg>,
    drafts: &[Draft],
    input: &Input<'_>,
    counts: impl Fn(&str) -> bool,
) -> Vec<Diagnostic> {
    marked(targets, legs, drafts, input, |mark, place| {
        if !counts(place) {
            return None;
        }
        let what = match mark {
            Mark::Clock => "the clock",
            Mark::Random => "random numbers",
            Mark::Secret(_) | Mark::Kept(_) => return None,
        };
        let message = format!("{place} depends on {what}, so a committed file would never be current");
        let help =
            "take it from a variable, or write the file anew in every run with `bakeplan plan --out DIR`";
        Some(Diagnostic::error("volatile", message).with_help(help))
    })
}

fn marked(
    targets: &Targets<'_>,
    legs: &IndexMap<String, Leg>,
    drafts: &[Draft],
    input: &Input<'_>,
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
    for target in targets.written() {
        if let Some((marks, span)) = input.module.name_marks(&target.name) {
            report("the name of a target".to_owned(), marks, Some(span));
        }
    }
    for variable in input.kept {
        if let Some(default) = &variable.default {
            report(format!("the default of `{}`", variable.name), &default.marks(), Some(variable.span));
        }
    }
    let mut check = |place: String, text: &Text| report(place, text.value.marks(), text.span);
    for group in targets.definition.groups.values() {
        let texts = group.description.iter().chain(group.members());
        texts.for_each(|text| check(format!("group `{}`", group.name), text));
    }
    let mut target = |target: &Target| {
        target.each_text(&mut |attribute: &str, text: &Text| {
            check(format!("`{attribute}` of target `{}`", target.name), text);
        });
    };
    targets.written().for_each(&mut target);
    legs.values().for_each(|leg| target(&leg.definition));
    for draft in drafts {
        let settings = draft.settings();
        let repositories = settings.repositories.iter().flatten().map(|text| ("repositories", text));
        let tags = settings.tags.iter().flatten().map(|tag| ("tags", &tag.pattern));
        for (attribute, text) in repositories.chain(tags) {
            check(format!("`{attribute}` of image `{}`", draft.key), text);
        }
        for (name, settings) in &draft.targets {
            for one in &settings.platforms {
                one.each_text(&mut |attribute: &str, text: &Text| {
                    check(format!("`{attribute}` of target `{name}` for `{}`", one.prefix), text);
                });
            }
        }
        let version = settings.version.iter().map(|text| ("version", text));
        let annotations = settings.annotations.values().map(|text| ("annotations", text));
        for (attribute, text) in version.chain(annotations) {
            check(format!("`{attribute}` of image `{}`", draft.key), text);
        }
    }
    diagnostics
}
