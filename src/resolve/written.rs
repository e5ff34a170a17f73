//! What must not be written: secrets anywhere, and what changes from day to day in a committed file.

use std::collections::BTreeSet;

use super::Targets;
use super::images::Draft;
use crate::bake::target::{Target, Text};
use crate::bake::value::Mark;
use crate::diagnostic::Diagnostic;

/// An error for each secret in what would be written.
pub(super) fn secrets(targets: &Targets<'_>, drafts: &[Draft]) -> Vec<Diagnostic> {
    marked(targets, drafts, |mark, place| match mark {
        Mark::Secret(name) => {
            let message = format!("{place} holds the value of `{name}`, which looks like a secret");
            let help = "what is written can be read by others; give it to the build as a `secret`";
            Some(Diagnostic::error("secret", message).with_help(help))
        }
        Mark::Clock | Mark::Random => None,
    })
}

/// A diagnostic for each string that differs from run to run.
pub(super) fn volatile(targets: &Targets<'_>, drafts: &[Draft]) -> Vec<Diagnostic> {
    marked(targets, drafts, |mark, place| {
        let what = match mark {
            Mark::Clock => "the clock",
            Mark::Random => "random numbers",
            Mark::Secret(_) => return None,
        };
        let message = format!("{place} depends on {what}, so a committed file would never be current");
        let help =
            "take it from a variable, or write the file anew in every run with `bakeplan plan --out DIR`";
        Some(Diagnostic::error("volatile", message).with_help(help))
    })
}

fn marked(
    targets: &Targets<'_>,
    drafts: &[Draft],
    describe: impl Fn(&Mark, &str) -> Option<Diagnostic>,
) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut check = |place: String, text: &Text| {
        for mark in text.value.marks().iter() {
            if let Some(diagnostic) = describe(mark, &place) {
                // The same string reaches several legs.
                let key = (text.span, mark.clone());
                if text.span.is_none() || seen.insert(key) {
                    diagnostics.push(diagnostic.at(text.span, ""));
                }
            }
        }
    };
    let mut target = |target: &Target| {
        target.each_text(&mut |attribute: &str, text: &Text| {
            check(format!("`{attribute}` of target `{}`", target.name), text);
        });
    };
    // A hidden target is written only through those that inherit from it; legs are made of their targets.
    targets.resolved.values().filter(|target| !target.name.starts_with('_')).for_each(&mut target);
    for draft in drafts {
        let settings = draft.settings();
        let lists = [("repositories", &settings.repositories), ("tags", &settings.tags)];
        for (attribute, texts) in lists {
            texts
                .iter()
                .flatten()
                .for_each(|text| check(format!("`{attribute}` of image `{}`", draft.key), text));
        }
        for (name, settings) in &draft.targets {
            for one in &settings.platforms {
                let single =
                    [("dockerfile", &one.dockerfile), ("context", &one.context), ("target", &one.target)];
                let single =
                    single.into_iter().filter_map(|(attribute, text)| Some((attribute, text.as_ref()?)));
                let args = one.args.values().map(|text| ("args", text));
                let contexts = one.contexts.values().map(|text| ("contexts", text));
                for (attribute, text) in single.chain(args).chain(contexts) {
                    check(format!("`{attribute}` of target `{name}` for `{}`", one.prefix), text);
                }
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
