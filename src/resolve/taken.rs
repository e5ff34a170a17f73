//! Tags that no branch may take: those of versions, and those that another pattern of the image has in other runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexSet;

use super::image::UnresolvedImage;
use super::input::Input;
use super::variants;
use super::version::{ImageVersion, is_of_version};
use crate::diagnostic::Diagnostics;
use crate::facts::{Facts, Known};
use crate::form::Form;
use crate::pattern::{self, PatternForms, Words};
use crate::reference::is_of_tag;
use crate::rules::{self, Flavor, Rule};
use crate::spec::{Settings, TagPattern};
use crate::tags::{self, LATEST};

/// What the tags of an image's versions look like, and its constants that this run does not have.
pub(super) struct Taken<'a> {
    settings: &'a Settings,
    forms: Vec<Form>,
    /// Those of tags that runs number: by commit, day or pull request.
    numbered: Vec<Form>,
    constants: BTreeSet<String>,
    /// The floating tags of the variants of its block.
    variants: Arc<BTreeSet<String>>,
    /// What its own variant puts behind tags.
    suffixes: IndexSet<String>,
    /// Looked at where a tag asks for it alone, since git may have to tell.
    facts: Known<'a>,
}

/// The name of a branch as tags have it, as far as any pattern keeps it.
pub(super) fn branch_in_tag(name: &str) -> String {
    let words = name.split(|c: char| !is_of_tag(c) || c == '-').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

impl<'a> Taken<'a> {
    pub(super) fn of(image: &'a UnresolvedImage, forms: &PatternForms, input: &Input<'a>) -> Self {
        let settings = image.settings();
        let mut taken = Self {
            settings,
            forms: Vec::new(),
            numbered: Vec::new(),
            constants: BTreeSet::new(),
            variants: Arc::default(),
            suffixes: IndexSet::new(),
            facts: input.facts,
        };
        let words = Words { version: image.version.known(), facts: input.facts, image: image.names() };
        let is_absent = matches!(image.version, ImageVersion::Absent { .. });
        // Beside versions, a constant without a condition is theirs.
        let has = |one: &TagPattern| match &one.when {
            _ if one.is_off() => false,
            Some(when) => pattern::holds(when.as_str(), &words) == Ok(true),
            None => !is_absent,
        };
        let (lines, patterns): (Vec<&TagPattern>, Vec<&TagPattern>) =
            settings.tags.iter().flatten().partition(|one| rules::is_rule(one.pattern.as_str()));
        for one in patterns {
            taken.add(forms.of(one.pattern.as_str(), image.names()), has(one));
        }
        let has_prereleases = image.version.known().is_some_and(|version| version.is_prerelease());
        for one in &settings.prerelease_tags {
            taken.add(forms.of(one.pattern.as_str(), image.names()), has_prereleases && has(one));
        }
        for channel in &settings.channels {
            taken.add(forms.of(channel.as_str(), image.names()), image.version.known().is_some());
        }
        let flavors: Vec<String> =
            settings.flavor.iter().map(|line| rules::named(line.as_str(), image.names())).collect();
        let flavor = Flavor::parse(flavors.iter().map(String::as_str)).unwrap_or_default();
        let given: BTreeSet<&str> = image.rules.iter().flat_map(|rules| rules.constants()).collect();
        for line in lines {
            let Ok(rule) = Rule::of_image(line.pattern.as_str(), image.names()) else { continue };
            let form = rule.form(&flavor, forms.sha_length());
            let is_given = given.contains(form.to_string().as_str());
            taken.add(Some(form), is_given);
        }
        // Where versions have `latest`, a variant's own name is that of the variant.
        let has_latest = |tags: &Vec<TagPattern>| {
            tags.iter().any(|one| one.pattern.as_str() == LATEST || rules::is_rule(one.pattern.as_str()))
        };
        if settings.tags.as_ref().is_none_or(has_latest) {
            taken.variants = Arc::clone(&image.variants);
            taken.suffixes = variants::suffixes(settings, &mut Diagnostics::default());
        }
        taken
    }

    fn add(&mut self, form: Option<Form>, is_of_run: bool) {
        match form {
            Some(form) if form.is_plain() => self.forms.push(form),
            Some(form) if form.is_text() && !is_of_run => drop(self.constants.insert(form.to_string())),
            Some(form) if !form.is_text() && !form.has_name() && !form.has_version() => {
                self.numbered.push(form);
            }
            _ => {}
        }
    }

    /// Whose a tag is of a pattern with a name that anybody chooses in it, or with a number alone, if it is taken.
    pub(super) fn by(&self, tag: &str, has_name: bool) -> Option<&'static str> {
        let shows_version = |form: &Form| form.versions_in(tag).iter().any(|text| self.is_of_version(text));
        if self.is_of_version(tag) || self.forms.iter().any(shows_version) {
            // A git tag that is called as a version is one.
            if self.facts.tag.is_none() {
                return Some("a version's");
            } else if tag != LATEST {
                return None;
            }
        }
        let mut tags = self.suffixes.iter().map(|suffix| tags::with_suffix(tag, suffix));
        if tags.any(|tag| self.variants.contains(&tag)) {
            return Some("a variant's");
        }
        let is_numbered = || has_name && self.numbered.iter().any(|form| form.fits(tag));
        (self.constants.contains(tag) || is_numbered()).then_some("another pattern's")
    }

    /// The same of a pull request's tag that is called as the branch which it is for, or as the one that most are for.
    pub(super) fn by_branch(&self, tag: &str) -> Option<&'static str> {
        let facts: &Facts = self.facts;
        let is_of_pull_request = facts.branch.is_none() && facts.pull_request.is_some();
        let mut branches = [&facts.base_branch, &facts.default_branch].into_iter().flatten();
        (is_of_pull_request && branches.any(|name| branch_in_tag(name) == tag)).then_some("a branch's")
    }

    fn is_of_version(&self, tag: &str) -> bool {
        is_of_version(tag, self.settings)
    }
}
