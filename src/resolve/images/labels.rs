//! The labels of the OCI that are filled in from facts, once for all legs of an image and its index. What the user says of
//! one in one place is so in all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::annotations;
use crate::bake::target::{Target, Text};
use crate::bake::values::kept::variable_in;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Facts;
use crate::resolve::input::{Input, Purpose};
use crate::spec::{OciLevels, Settings};

/// Before each key (<https://github.com/opencontainers/image-spec/blob/main/annotations.md>).
const PREFIX: &str = "org.opencontainers.image.";

/// The labels of an image.
#[derive(Clone, Debug, Default)]
pub(in crate::resolve) struct OciLabels {
    /// Where they are filled in.
    levels: OciLevels,
    /// Those from facts, over which goes what is [said](Self::said).
    of_facts: BTreeMap<String, String>,
    /// What the `image` block says.
    of_block: BTreeMap<String, Text>,
}

impl OciLabels {
    /// Those of an image that asks for none.
    pub(in crate::resolve) const NONE: Self =
        Self { levels: OciLevels::all(false), of_facts: BTreeMap::new(), of_block: BTreeMap::new() };

    /// Fills in the version: the tag that shows it.
    pub(in crate::resolve) fn set_version(&mut self, version: &str) {
        if !self.levels.is_none() {
            self.of_facts.insert(format!("{PREFIX}version"), version.to_owned());
        }
    }

    /// What is said of them for a target, which goes to all levels: by the `image` block, else by a label, else by an annotation of
    /// the manifest, else by one of the index.
    fn said(&self, target: &Target) -> BTreeMap<String, Text> {
        let mut said = annotations::of_index(target);
        said.extend(annotations::of_all_manifests(target));
        said.extend(target.labels.iter().map(|(key, text)| (key.to_string(), text.clone())));
        said.retain(|key, _| key.starts_with(PREFIX));
        said.extend(self.of_block.clone());
        said
    }

    fn values(&self, target: &Target) -> BTreeMap<String, Text> {
        let of_facts = self.of_facts.iter().map(|(key, value)| (key.clone(), Text::verbatim(value)));
        of_facts.chain(self.said(target)).collect()
    }

    /// Adds labels, and annotations of the manifest, to the leg of a target; those that it has stay.
    pub(in crate::resolve) fn add(&self, definition: &mut Target, target: &Target) {
        if self.levels.is_none() {
            return;
        }
        for (key, value) in &self.values(target) {
            if self.levels.label {
                definition.labels.insert_missing(key, || value.clone());
            }
            if self.levels.manifest && !annotations::has(&definition.annotations, key) {
                definition.annotations.push(value.derive(&format!("manifest:{key}={value}")));
            }
        }
    }

    /// The keys of annotations of the index whose values are those of facts: nothing else is said of them.
    pub(in crate::resolve) fn keys_of_facts<'t>(
        &self,
        targets: impl Iterator<Item = &'t Target>,
    ) -> BTreeSet<String> {
        if self.of_facts.is_empty() {
            return BTreeSet::new();
        }
        let said: BTreeSet<String> = targets.flat_map(|target| self.said(target).into_keys()).collect();
        self.of_facts.keys().filter(|key| !said.contains(*key)).cloned().collect()
    }

    /// The annotations of the index that the targets, of which the first counts most, lead to. It is written before the build, so
    /// that what a kept variable decides is left out.
    pub(in crate::resolve) fn of_index<'t>(
        &self,
        targets: impl Iterator<Item = &'t Target>,
    ) -> BTreeMap<String, String> {
        let mut values: BTreeMap<String, Text> = BTreeMap::new();
        if self.levels.index {
            values.extend(self.of_facts.iter().map(|(key, value)| (key.clone(), Text::verbatim(value))));
            let targets: Vec<_> = targets.collect();
            targets.iter().rev().for_each(|target| values.extend(self.said(target)));
        }
        values.retain(|_, value| variable_in(&value.value).is_none());
        values.into_iter().map(|(key, value)| (key, value.to_string())).collect()
    }
}

/// The labels of an image with this first target; none unless its block asks for them.
///
/// The values are those of docker/metadata-action, but for the time, which is never now.
pub(in crate::resolve) fn of(
    settings: &Settings,
    target: &Target,
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) -> OciLabels {
    if settings.oci_labels.is_none() || input.purpose.is_committed() {
        return OciLabels::default();
    }
    let of_block = settings.annotations.iter().filter(|(key, _)| key.starts_with(PREFIX));
    let of_block = of_block.map(|(key, text)| (key.to_string(), text.clone())).collect();
    let facts: &Facts = input.facts;
    let mut pairs = vec![
        ("created", facts.time().map(|time| time.to_string())),
        ("description", facts.description.clone()),
        ("licenses", facts.licenses.clone()),
        ("revision", facts.commit.clone()),
        ("source", facts.url.clone()),
        ("title", facts.title.clone()),
        ("url", facts.url.clone()),
    ];
    // An empty value says nothing.
    pairs.iter_mut().for_each(|(_, value)| *value = value.take().filter(|value| !value.is_empty()));
    let mut labels = OciLabels { levels: settings.oci_labels, of_facts: BTreeMap::new(), of_block };
    let said = labels.said(target);
    let unsaid: Vec<_> =
        pairs.iter().filter(|(key, _)| !said.contains_key(&format!("{PREFIX}{key}"))).cloned().collect();
    missing(&unsaid, facts, diagnostics);
    let of_facts = pairs.into_iter().filter_map(|(key, value)| Some((format!("{PREFIX}{key}"), value?)));
    labels.of_facts = of_facts.collect();
    labels
}

/// Tells what is left out that every image should have, and what is not quite so.
fn missing(pairs: &[(&str, Option<String>)], facts: &Facts, diagnostics: &mut Diagnostics) {
    let facts_of = [("created", "commit_time"), ("revision", "commit"), ("source", "url")];
    let is_missing = |key: &str| pairs.iter().any(|(name, value)| *name == key && value.is_none());
    let absent: Vec<(&str, &str)> = facts_of.into_iter().filter(|(key, _)| is_missing(key)).collect();
    if let Some((_, fact)) = absent.first() {
        let keys: Vec<String> = absent.iter().map(|(key, _)| format!("`{PREFIX}{key}`")).collect();
        let message = format!("{} left out: the value is unknown", are(&keys));
        let mut help = format!("give it with `--fact {fact}=…`; `bakeplan plan --facts` shows what is known");
        if let Some(problem) = &facts.git_problem {
            help = format!("{problem}; else {help}");
        }
        diagnostics.report(Diagnostic::warning(Code::OCI_LABELS, message).with_help(help));
    }
    let is_revision = |(name, _): &(&str, Option<String>)| *name == "revision";
    if !pairs.iter().any(is_revision) {
        return;
    }
    if let (None, Some(problem)) = (facts.dirty, &facts.dirty_problem) {
        let message =
            format!("it is unknown whether the working tree matches the commit in `{PREFIX}revision`");
        diagnostics.report(Diagnostic::warning(Code::OCI_LABELS, message).with_help(problem.clone()));
    }
    if facts.dirty == Some(true) && facts.commit.is_some() {
        let message = format!("the working tree differs from the commit in `{PREFIX}revision`");
        diagnostics
            .report(Diagnostic::warning(Code::OCI_LABELS, message).with_help("commit the changes first"));
    }
}

fn are(keys: &[String]) -> String {
    format!("{} {}", keys.join(", "), if keys.len() == 1 { "is" } else { "are" })
}

/// A note when a committed file goes without labels that depend on facts.
pub(in crate::resolve) fn left_out<'i>(
    images: impl Iterator<Item = (&'i str, &'i Settings)>,
    input: &Input<'_>,
) -> Option<Diagnostic> {
    let mut asking = images.filter(|(_, settings)| !settings.oci_labels.is_none());
    let (key, _) = asking.next().filter(|_| input.purpose == Purpose::BakeFile)?;
    let message = format!(
        "the labels and annotations that `oci_labels` asks for are left out of this file: they change with each commit (image `{key}`)"
    );
    let help = "`bakeplan plan --out DIR` writes a file that has them";
    Some(Diagnostic::note(Code::OCI_LABELS, message).with_help(help))
}

/// The labels of a leg whose values are known before it is built: a kept variable has none yet.
pub(in crate::resolve) fn known(definition: &Target) -> BTreeMap<String, String> {
    let known = definition.labels.iter().filter(|(_, text)| variable_in(&text.value).is_none());
    known.map(|(key, text)| (key.to_string(), text.to_string())).collect()
}
