//! The tags that an image has in runs of branches, as its patterns and rules would render them there.

use std::collections::{BTreeMap, BTreeSet};

use super::image::UnresolvedImage;
use super::runs;
use super::version::ImageVersion;
use crate::facts::Facts;
use crate::pattern::{self, Words};
use crate::rules::{self, Flavor, Rule};
use crate::spec::TagPattern;

/// The branches that are known to be there, without that of the run. A pull request may be of any of them: only those count that
/// it is for.
pub(in crate::resolve) fn known(facts: &Facts) -> BTreeSet<&str> {
    let all = facts.branches.iter().filter(|_| facts.pull_request.is_none());
    let known = all.chain(&facts.base_branch).chain(&facts.default_branch);
    known.filter(|name| facts.branch.as_ref() != Some(*name)).map(String::as_str).collect()
}

/// What the known branches give to the tags that name them, without what a variant puts behind.
pub(in crate::resolve) fn by_tag(image: &UnresolvedImage, facts: &Facts) -> BTreeMap<String, String> {
    let namer = Namer::of(image, facts);
    let mut found = BTreeMap::new();
    for branch in known(facts).into_iter().filter(|_| !namer.is_empty()) {
        for tag in namer.tags_on(branch) {
            found.entry(tag).or_insert_with(|| branch.to_owned());
        }
    }
    found
}

/// Renders those of an image's tags that name branches.
pub(in crate::resolve) struct Namer<'a> {
    image: &'a UnresolvedImage,
    patterns: Vec<&'a TagPattern>,
    rules: Vec<(&'a TagPattern, Rule)>,
    flavor: Flavor,
    facts: Facts,
}

impl<'a> Namer<'a> {
    pub(in crate::resolve) fn of(image: &'a UnresolvedImage, facts: &Facts) -> Self {
        let settings = image.settings();
        let flavors: Vec<String> =
            settings.flavor.iter().map(|line| rules::named(line.as_str(), image.names())).collect();
        let flavor = Flavor::parse(flavors.iter().map(String::as_str)).unwrap_or_default();
        let prefix = runs::git_prefix(image).unwrap_or_default();
        let names_branch = |text: &str| text.contains("branch") || text.contains("ref");
        let is_in_flavor = flavors.iter().any(|line| names_branch(line));
        let (lines, patterns): (Vec<&TagPattern>, Vec<&TagPattern>) = settings
            .tags
            .iter()
            .flatten()
            .filter(|one| !one.is_off())
            .partition(|one| rules::is_rule(one.pattern.as_str()));
        let lines = lines.into_iter().filter(|one| is_in_flavor || names_branch(one.pattern.as_str()));
        let rules =
            lines.filter_map(|one| Some((one, Rule::of_image(one.pattern.as_str(), image.names()).ok()?)));
        Self {
            image,
            patterns: patterns.into_iter().filter(|one| names_branch(one.pattern.as_str())).collect(),
            rules: rules.collect(),
            flavor: flavor.with_tag_prefix(&prefix),
            facts: Facts { branches: Vec::new(), ..facts.clone() },
        }
    }

    fn is_empty(&self) -> bool {
        self.patterns.is_empty() && self.rules.is_empty()
    }

    /// The tags that name this branch in a run of it.
    pub(in crate::resolve) fn tags_on(&self, branch: &str) -> Vec<String> {
        let Self { image, patterns, rules, flavor, facts } = self;
        let facts = &facts.of_branch(branch);
        let version = match &image.version {
            ImageVersion::Known { version, is_from_run: false } => Some(version),
            _ => None,
        };
        let words = Words { version, facts: &facts, image: image.names() };
        let holds = |one: &TagPattern| {
            one.when.as_ref().is_none_or(|when| pattern::holds(when.as_str(), &words) == Ok(true))
        };
        let mut tags = Vec::new();
        for one in patterns.iter().filter(|one| holds(one)) {
            let Ok(Some(rendered)) = pattern::render(one.pattern.as_str(), &words) else { continue };
            if !rendered.names_commit
                && ["branch", "ref"].iter().any(|word| rendered.uses.facts.contains(word))
            {
                tags.push(rendered.text);
            }
        }
        for (_, rule) in rules.iter().filter(|(one, _)| holds(one)) {
            let outcome = rules::apply(std::slice::from_ref(rule), flavor, &facts).unwrap_or_default();
            let names_it = outcome.tags.into_iter().filter(|tag| tag.names_branch && !tag.names_commit);
            tags.extend(names_it.map(|tag| tag.text));
        }
        tags
    }
}
