//! What is published today in a run, as far as it can be known.

use indexmap::{IndexMap, IndexSet};

use super::definition::Known;
use super::images::{Candidate, TargetOf};
use crate::init::repository::world::World;
use crate::init::steps::entry::Entry;
use crate::init::steps::found::TagLine;
use crate::init::values::guard::Guarded;
use crate::init::values::moment::Moment;
use crate::init::values::short_commit;
pub(crate) use crate::init::values::text::normal;
use crate::rules::{Flavor, Rule, apply_as_action};

/// What is published in a run: tags by repository, and what cannot be known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Published {
    /// Tags by repository, in the order in which they are made.
    pub tags: IndexMap<String, Vec<String>>,
    /// What cannot be known.
    pub unknown: Vec<String>,
}

impl Published {
    fn add(&mut self, repository: &str, tag: &str) {
        let tags = self.tags.entry(normal(repository)).or_default();
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }

    /// Adds tags to all repositories of an image, each of which has those of all steps.
    fn add_all(&mut self, candidate: &Candidate, tags: &IndexSet<String>, moment: Moment, world: &World) {
        for line in &candidate.repositories {
            let Some(repository) = line.text.at(moment, world) else {
                self.note(format!("the repository of {}", line.place));
                continue;
            };
            if tags.is_empty() {
                continue;
            }
            let known = self.tags.entry(normal(&repository)).or_default();
            let new: Vec<&String> = tags.iter().filter(|tag| !known.contains(*tag)).collect();
            known.extend(new.into_iter().cloned());
        }
    }

    /// Adds what cannot be known.
    pub(crate) fn note(&mut self, unknown: String) {
        if !self.unknown.contains(&unknown) {
            self.unknown.push(unknown);
        }
    }
}

/// What an image publishes in these moments.
pub(crate) fn published(
    candidate: &Candidate,
    moments: &[Moment],
    known: &[Known],
    world: &World,
) -> Published {
    let mut published = Published::default();
    for moment in moments {
        let mut tags = IndexSet::new();
        for entry in &candidate.entries {
            match entry.runs.at(*moment) {
                Some(false) => {}
                None => {
                    published.note(format!("whether {} publishes", entry.place));
                }
                Some(true) => {
                    tags.extend(of_entry(candidate, entry, *moment, known, world, &mut published));
                }
            }
        }
        let has_tags = |entry: &Entry| entry.runs.at(*moment) == Some(true) && !entry.tags.is_empty();
        if candidate.entries.iter().any(has_tags) {
            published.add_all(candidate, &tags, *moment, world);
        }
    }
    published
}

/// What an image publishes in a run that somebody starts by hand, on the default branch.
pub(crate) fn published_by_hand(candidate: &Candidate, known: &[Known], world: &World) -> Published {
    let mut published = Published::default();
    let mut tags = IndexSet::new();
    for entry in candidate.entries.iter().filter(|entry| is_by_hand(&entry.others)) {
        match entry.guarded {
            Guarded::Told => {
                tags.extend(of_entry(candidate, entry, Moment::Branch, known, world, &mut published));
            }
            Guarded::When(_) | Guarded::Unknown(..) => {
                published.note(format!("whether {} publishes", entry.place));
            }
        }
    }
    let has_tags =
        |entry: &Entry| is_by_hand(&entry.others) && entry.guarded == Guarded::Told && !entry.tags.is_empty();
    if candidate.entries.iter().any(has_tags) {
        published.add_all(candidate, &tags, Moment::Branch, world);
    }
    published
}

/// Whether these events have the one of somebody who starts a workflow.
pub(crate) fn is_by_hand(events: &[String]) -> bool {
    events.iter().any(|event| event == "workflow_dispatch")
}

/// The tags that a step gives in a run; those that a target has itself are added.
fn of_entry(
    candidate: &Candidate,
    entry: &Entry,
    moment: Moment,
    known: &[Known],
    world: &World,
    published: &mut Published,
) -> Vec<String> {
    if entry.tags.is_empty() {
        if let TargetOf::Known(at, label) = &candidate.target {
            let set = candidate.variables.iter().find(|(name, _)| known[*at].has_in_tags(label, name));
            if let Some((name, _)) = set {
                published.note(format!("what the tags are with the variable {name} of {}", entry.place));
                return Vec::new();
            }
            let target = known[*at].targets.iter().find(|target| target.label == *label);
            for reference in target.map(|target| target.tags.as_slice()).unwrap_or_default() {
                let (repository, tag) = match reference.rsplit_once(':') {
                    Some((repository, tag)) if !tag.contains('/') => (repository, tag),
                    _ => (reference.as_str(), "latest"),
                };
                published.add(repository, tag);
            }
        }
        return Vec::new();
    }
    let mut tags: Vec<String> = Vec::new();
    let mut rules: Vec<Rule> = Vec::new();
    let mut digits = Vec::new();
    for tag in &entry.tags {
        let place = &tag.line().place;
        let rule = match tag {
            TagLine::Rule(rule) => rule,
            TagLine::Text(line) => {
                match line.text.known_at(moment, world) {
                    Some(text) if !text.is_empty() => tags.push(text),
                    Some(_) => {}
                    None => published.note(format!("the tag of {place}")),
                }
                continue;
            }
        };
        match rule.enable.as_ref().map(|enable| enable.answers.at(moment)) {
            None | Some(Some(true)) => {}
            Some(Some(false)) => continue,
            Some(None) => {
                published.note(format!("whether the rule of {place} applies"));
                continue;
            }
        }
        if short_commit::is_in(&rule.line.text) {
            digits.push((rule.digits, place));
        }
        let text = rule.line.text.known_at(moment, world);
        match text.map(|text| Rule::parse(&text)) {
            Some(Ok(rule)) => rules.push(rule),
            Some(Err(_)) | None => published.note(format!("the tag of {place}")),
        }
    }
    let flavor: Option<Vec<String>> =
        candidate.flavor.iter().map(|line| line.text.at(moment, world)).collect();
    let flavor = flavor.as_ref().and_then(|lines| Flavor::parse(lines.iter().map(String::as_str)).ok());
    if !rules.is_empty() {
        let mut facts = moment.known(world);
        if let Some((first, place)) = digits.first() {
            facts.sha_length = *first;
            if first.is_none() || digits.iter().any(|(one, _)| one != first) {
                published.note(format!("the length of the commit in {place}"));
            }
        }
        match flavor.map(|flavor| apply_as_action(&rules, &flavor, &&facts)) {
            Some(Ok(outcome)) => {
                tags.extend(outcome.tags.into_iter().map(|tag| tag.text));
                tags.extend(outcome.latest);
            }
            Some(Err(_)) | None => published.note(format!("the tags of {}", entry.place)),
        }
    }
    tags
}
