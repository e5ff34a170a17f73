//! The labels of the OCI that are filled in from facts, once for all legs of an image and its index.

use std::collections::BTreeMap;

use super::annotations;
use super::image::UnresolvedImage;
use super::input::{Input, Purpose};
use crate::bake::target::{Target, Text};
use crate::bake::values::kept::variable_in;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Facts;

/// Before each key (<https://github.com/opencontainers/image-spec/blob/main/annotations.md>).
const PREFIX: &str = "org.opencontainers.image.";

/// The labels of an image by key; none unless its block asks for them.
///
/// The values are those of docker/metadata-action, but for the time, which is never now.
pub(super) fn of(
    image: &UnresolvedImage,
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<String, String> {
    let settings = image.settings();
    if !settings.oci_labels || input.purpose.is_committed() {
        return BTreeMap::new();
    }
    let facts: &Facts = input.facts;
    let version = image.version.known().map(|version| version.without_v().to_owned());
    let of_rules = image.rules.as_ref().and_then(|rules| rules.main()).map(str::to_owned);
    let mut pairs = vec![
        ("created", facts.time().map(|time| time.to_string())),
        ("description", facts.description.clone()),
        ("licenses", facts.licenses.clone()),
        ("revision", facts.commit.clone()),
        ("source", facts.url.clone()),
        ("title", facts.title.clone()),
        ("url", facts.url.clone()),
        ("version", version.or(of_rules)),
    ];
    // An empty value says nothing.
    pairs.iter_mut().for_each(|(_, value)| *value = value.take().filter(|value| !value.is_empty()));
    missing(&pairs, facts, diagnostics);
    pairs.into_iter().filter_map(|(key, value)| Some((format!("{PREFIX}{key}"), value?))).collect()
}

/// Tells what is left out that every image should have, and what is not quite so.
fn missing(pairs: &[(&str, Option<String>)], facts: &Facts, diagnostics: &mut Diagnostics) {
    let facts_of = [("created", "commit_time"), ("revision", "commit"), ("source", "url")];
    let is_missing = |key: &str| pairs.iter().any(|(name, value)| *name == key && value.is_none());
    let absent: Vec<(&str, &str)> = facts_of.into_iter().filter(|(key, _)| is_missing(key)).collect();
    if let Some((_, fact)) = absent.first() {
        let keys: Vec<String> = absent.iter().map(|(key, _)| format!("`{PREFIX}{key}`")).collect();
        let message = format!("{} left out: what they say is not known", are(&keys));
        let mut help = format!("give it with `--fact {fact}=…`; `bakeplan plan --facts` shows what is known");
        if let Some(problem) = &facts.git_problem {
            help = format!("{problem}; else {help}");
        }
        diagnostics.report(Diagnostic::warning("oci-labels", message).with_help(help));
    }
    if let (None, Some(problem)) = (facts.dirty, &facts.dirty_problem) {
        let message = format!(
            "it is unknown whether the working tree is that of the commit that `{PREFIX}revision` names"
        );
        diagnostics.report(Diagnostic::warning("oci-labels", message).with_help(problem.clone()));
    }
    if facts.dirty == Some(true) && facts.commit.is_some() {
        let message = format!("the working tree differs from the commit that `{PREFIX}revision` names");
        diagnostics.report(Diagnostic::warning("oci-labels", message).with_help("commit the changes first"));
    }
}

fn are(keys: &[String]) -> String {
    format!("{} {}", keys.join(", "), if keys.len() == 1 { "is" } else { "are" })
}

/// A note when a committed file goes without labels that depend on facts.
pub(super) fn left_out(images: &[UnresolvedImage], input: &Input<'_>) -> Option<Diagnostic> {
    let asks = |image: &&UnresolvedImage| image.settings().oci_labels;
    let first = images.iter().filter(|_| input.purpose == Purpose::BakeFile).find(asks)?;
    let message = format!(
        "the labels and annotations that `oci_labels` asks for are left out of this file: they change with each commit (image `{}`)",
        first.key
    );
    let help = "`bakeplan plan --out DIR` writes a file that has them";
    Some(Diagnostic::note("oci-labels", message).with_help(help))
}

/// The labels of a leg whose values are known before it is built: a kept variable has none yet.
pub(super) fn known(definition: &Target) -> BTreeMap<String, String> {
    let known = definition.labels.iter().filter(|(_, text)| variable_in(&text.value).is_none());
    known.map(|(key, text)| (key.to_string(), text.to_string())).collect()
}

/// Adds labels, and annotations of the manifest, to a leg; those that its target has stay.
pub(super) fn add(definition: &mut Target, labels: &BTreeMap<String, String>) {
    for (key, value) in labels {
        definition.labels.insert_missing(key, || Text::verbatim(value));
        if !annotations::has(&definition.annotations, key) {
            definition.annotations.push(Text::verbatim(&format!("manifest:{key}={value}")));
        }
    }
}
