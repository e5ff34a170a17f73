//! Kept variables that are where their values decide what is built.

use std::collections::BTreeSet;

use super::annotation::{Annotation, LevelKind};
use super::attributes::{AttributeKind, TARGET_ATTRIBUTES};
use super::context::may_begin_link;
use super::definition::{Definition, Entry, Target};
use super::text::Text;
use crate::bake::values::kept::{CODE, OPEN, variable_in};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// What to do about a kept variable.
#[derive(Clone, Copy)]
enum Cure {
    /// Keep it elsewhere only.
    LeaveOut,
    /// Write the tag that it is the name of.
    WriteTag,
}

/// An error for each kept variable that is where its value decides what is built. `rebased` says that local contexts
/// are made relative to their file, so that one must be known from a remote one.
#[must_use]
pub(crate) fn kept_variables(definition: &Definition, rebased: bool) -> Vec<Diagnostic> {
    let mut diagnostics = Diagnostics::default();
    for group in definition.groups.values() {
        for text in group.members() {
            diagnostics.extend(refuse(&format!("`targets` of group `{}`", group.name), text, Cure::LeaveOut));
        }
    }
    for target in definition.targets.values() {
        let mut seen = BTreeSet::new();
        each_decisive(target, rebased, &mut |attribute, text, cure| {
            let refused = refuse(&format!("`{attribute}` of target `{}`", target.name), text, cure);
            diagnostics.extend(refused.filter(|_| seen.insert((attribute.to_owned(), text.span))));
        });
    }
    diagnostics.into_sorted()
}

fn refuse(place: &str, text: &Text, cure: Cure) -> Option<Diagnostic> {
    let name = variable_in(&text.value)?;
    let message = format!("{place} must be known before the build, but `{name}` is left to it");
    let help = match cure {
        Cure::LeaveOut => format!("leave out `--keep-variable {name}`, or do not use `{name}` here"),
        Cure::WriteTag => {
            "each platform adds its name to the tag, so give it one: \"ghcr.io/acme/cache:TAG\"".to_owned()
        }
    };
    Some(Diagnostic::error(CODE, message).at(text.span, "").with_help(help))
}

/// Calls `visit` with each text of a target that decides what is built, and the attribute it belongs to.
fn each_decisive(target: &Target, rebased: bool, visit: &mut impl FnMut(&str, &Text, Cure)) {
    for attribute in TARGET_ATTRIBUTES.iter().filter(|attribute| attribute.decides) {
        let name = attribute.name;
        match &attribute.kind {
            AttributeKind::Text(at) | AttributeKind::Description(at) => {
                (at.get)(target).iter().for_each(|text| visit(name, text, Cure::LeaveOut));
            }
            AttributeKind::Context(at) => {
                (at.get)(target)
                    .iter()
                    .filter(|_| rebased)
                    .for_each(|text| visit(name, text, Cure::LeaveOut));
            }
            AttributeKind::Contexts(at) => {
                let links = (at.get)(target).values().filter(|text| rebased || may_link(text));
                links.for_each(|text| visit(name, text, Cure::LeaveOut));
            }
            AttributeKind::List(at) => {
                (at.get)(target).iter().flatten().for_each(|text| visit(name, text, Cure::LeaveOut));
            }
            AttributeKind::Texts(at) | AttributeKind::Inherits(at) => {
                (at.get)(target).iter().for_each(|text| visit(name, text, Cure::LeaveOut));
            }
            AttributeKind::Annotations(at) => {
                let of_index = (at.get)(target).iter().filter(|text| is_decisive_annotation(text));
                of_index.for_each(|text| visit(name, text, Cure::LeaveOut));
            }
            AttributeKind::Map(at) | AttributeKind::Args(at) => {
                (at.get)(target).values().for_each(|text| visit(name, text, Cure::LeaveOut));
            }
            AttributeKind::Attestations(at) => {
                each_decisive_field(name, (at.get)(target), decides_attestation, visit);
            }
            AttributeKind::CachesFrom(at) => {
                each_decisive_field(name, (at.get)(target), decides_cache, visit);
            }
            AttributeKind::CachesTo(at) => {
                let caches = (at.get)(target).as_deref().unwrap_or_default();
                each_decisive_field(name, caches, decides_cache, visit);
            }
            AttributeKind::Outputs(at) => {
                let outputs = (at.get)(target).as_deref().unwrap_or_default();
                each_decisive_field(name, outputs, decides_output, visit);
            }
            AttributeKind::Secrets(at) => {
                let ids = (at.get)(target).iter();
                ids.for_each(|one| {
                    visit("secret.id", &Text { span: one.span, ..one.id.clone() }, Cure::LeaveOut);
                });
            }
            AttributeKind::Ssh(at) => {
                let ids = (at.get)(target).iter();
                ids.for_each(|one| {
                    visit("ssh.id", &Text { span: one.span, ..one.id.clone() }, Cure::LeaveOut);
                });
            }
            AttributeKind::Policies(at) => {
                let files = (at.get)(target).iter().flat_map(|policy| &policy.files);
                files.for_each(|text| visit(name, text, Cure::LeaveOut));
            }
            AttributeKind::Limits(at) => {
                let limits = (at.get)(target).iter();
                limits.for_each(|limits| limits.each_text(&mut |text| visit(name, text, Cure::LeaveOut)));
            }
            AttributeKind::Flag(_) => {}
        }
    }
}

fn each_decisive_field(
    attribute: &str,
    entries: &[Entry],
    decides: fn(&Entry, &str, &Text) -> Option<Cure>,
    visit: &mut impl FnMut(&str, &Text, Cure),
) {
    for entry in entries {
        for (key, text) in &entry.fields {
            if let Some(cure) = decides(entry, key, text) {
                let place = Text { span: text.span.or(entry.span), ..text.clone() };
                visit(&format!("{attribute}.{key}"), &place, cure);
            }
        }
    }
}

/// Whether the value may be a link, `target:NAME`.
fn may_link(text: &Text) -> bool {
    let start = text.as_str().split(OPEN).next().unwrap_or_default();
    may_begin_link(start)
}

/// The types and the key of an annotation, and all of one that goes to the index or its descriptors.
fn is_decisive_annotation(text: &Text) -> bool {
    let (name, _) = text.as_str().split_once('=').unwrap_or((text.as_str(), ""));
    let is_of_index = |one: Annotation<'_>| one.levels.iter().any(|level| level.kind != LevelKind::Manifest);
    name.contains(OPEN) || Annotation::parse(text.as_str()).is_ok_and(is_of_index)
}

fn decides_attestation(_: &Entry, key: &str, _: &Text) -> Option<Cure> {
    (key == "type").then_some(Cure::LeaveOut)
}

fn decides_output(_: &Entry, key: &str, _: &Text) -> Option<Cure> {
    let decides = matches!(key, "type" | "name" | "push" | "tar") || key.starts_with("annotation");
    decides.then_some(Cure::LeaveOut)
}

fn decides_cache(entry: &Entry, key: &str, text: &Text) -> Option<Cure> {
    let name = text.as_str().rsplit('/').next().unwrap_or_default();
    match key {
        "type" => Some(Cure::LeaveOut),
        // A platform is added to its tag.
        "ref" if entry.kind() == "registry" && !name.contains(':') => Some(Cure::WriteTag),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::values::{Mark, MarkedStr, Marks};

    fn string(text: &str) -> MarkedStr {
        let text = MarkedStr::normalized(text.replace('<', "\u{fdd0}").replace('>', "\u{fdd1}"));
        text.marked(&Marks::of(Mark::Kept("A".into())))
    }

    #[test]
    fn a_context_that_may_be_a_link_is_decisive() {
        for (written, expected) in [
            ("<A>", true),
            ("targ<A>", true),
            ("target:<A>", true),
            ("docker-image://alpine:<A>", false),
            ("./<A>", false),
        ] {
            assert_eq!(may_link(&Text { value: string(written), span: None }), expected, "{written}");
        }
    }
}
