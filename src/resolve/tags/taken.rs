//! Tags that no branch may take: those of versions, and those that another pattern of the image has in other runs.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Facts, Known};
use crate::form::Form;
use crate::pattern::{self, PatternForms, Words};
use crate::resolve::images::branches;
use crate::resolve::images::image::UnresolvedImage;
use crate::resolve::images::rules::NamedTag;
use crate::resolve::images::version::{ImageVersion, is_of_version};
use crate::resolve::input::Input;
use crate::rules::{self, Flavor, Rule};
use crate::spec::{Settings, TagPattern};
use crate::tags::LATEST;
use crate::version::Version;

/// What the tags of an image's versions look like, and its constants that this run does not have.
pub(in crate::resolve) struct Taken<'a> {
    image: &'a UnresolvedImage,
    settings: &'a Settings,
    forms: Vec<Form>,
    /// Those of tags that runs number: by commit, day or pull request.
    numbered: Vec<Form>,
    constants: BTreeSet<String>,
    /// Looked at where a tag asks for it alone, since git may have to tell.
    facts: Known<'a>,
    /// What the branches that are known have.
    branches: OnceCell<BTreeMap<String, String>>,
}

impl<'a> Taken<'a> {
    pub(in crate::resolve) fn of(
        image: &'a UnresolvedImage,
        forms: &PatternForms,
        input: &Input<'a>,
    ) -> Self {
        let settings = image.settings();
        let mut taken = Self {
            image,
            settings,
            forms: Vec::new(),
            numbered: Vec::new(),
            constants: BTreeSet::new(),
            facts: input.facts,
            branches: OnceCell::new(),
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
    pub(in crate::resolve) fn by(&self, tag: &str, named: &NamedTag<'_>) -> Option<&'static str> {
        let is_number = |text: &&str| *text != LATEST && self.is_of_version(text);
        let shows_version = |form: &Form| form.versions_in(tag).iter().any(is_number);
        let reads_as_version = || self.is_of_version(tag) || self.forms.iter().any(shows_version);
        if !named.is_told_apart && reads_as_version() {
            // A git tag that is called as a version is one.
            let is_it = self.facts.tag.is_some() && tag != LATEST;
            return (!is_it).then_some("a version's");
        }
        let is_numbered = || named.has_name && self.numbered.iter().any(|form| form.fits(tag));
        if self.constants.contains(tag) || is_numbered() {
            return Some("another pattern's");
        }
        let facts: &Facts = self.facts;
        // Of two branches, it is said which they are.
        (facts.branch.is_none() && self.branch(tag).is_some()).then_some("a branch's")
    }

    /// Whether a tag reads as that of a version which begins with a year.
    pub(in crate::resolve) fn is_dated_version(&self, tag: &str) -> bool {
        let is_dated = |text: &&str| text.parse().is_ok_and(|version: Version| version.is_dated());
        self.forms.iter().any(|form| form.versions_in(tag).iter().any(is_dated))
    }

    /// Another branch that has a tag.
    pub(in crate::resolve) fn branch(&self, tag: &str) -> Option<&str> {
        let branches = self.branches.get_or_init(|| branches::by_tag(self.image, self.facts));
        branches.get(tag).map(String::as_str)
    }

    /// Whether a pull request's tag is called as a branch that it is for, whoever publishes that.
    pub(in crate::resolve) fn is_of_base(&self, tag: &str) -> bool {
        let facts: &Facts = self.facts;
        let is_called_so = |branch: &str| pattern::slug(branch).is_ok_and(|name| name == tag);
        let is_pull_request = facts.branch.is_none() && facts.pull_request.is_some();
        is_pull_request && branches::known(facts).into_iter().any(is_called_so)
    }

    fn is_of_version(&self, tag: &str) -> bool {
        is_of_version(tag, self.settings)
    }
}
