//! What attributes of `image` blocks hold besides texts: one of a few words, and patterns with conditions.

use std::ops::Deref;

use crate::bake::target::Text;
use crate::on_missing::OnMissing;
use crate::tags::VariantTags;
use crate::version::Scheme;

/// The key of a pattern that is meant by what other tools call it.
pub(super) fn meant(key: &str) -> Option<&'static str> {
    match key {
        "if" | "enable" | "enabled" | "condition" | "only" | "on" => Some("when"),
        "tag" | "name" | "value" | "text" => Some("pattern"),
        _ => None,
    }
}

/// What is written as one of a few words.
pub(super) trait Word: Copy + PartialEq + 'static {
    /// The words with what each means.
    const WORDS: &'static [(&'static str, Self)];
}

/// What shares a CI job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// Published targets that are linked to each other, per platform and runner.
    #[default]
    Linked,
    /// Every target has a job of its own.
    Target,
    /// All targets of a platform and runner.
    Platform,
}

/// Where the labels and annotations of the OCI are filled in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OciLevels {
    /// In the labels of the configuration of each image.
    pub label: bool,
    /// In the annotations of the manifest of each image.
    pub manifest: bool,
    /// In the annotations of the index.
    pub index: bool,
}

impl OciLevels {
    pub(super) const NAMES: [&str; 3] = ["label", "manifest", "index"];

    /// All of them, or none.
    #[must_use]
    pub const fn all(is: bool) -> Self {
        Self { label: is, manifest: is, index: is }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Adds the level of this name, unless there is none.
    pub(super) fn add(&mut self, name: &str) -> bool {
        match name {
            "label" => self.label = true,
            "manifest" => self.manifest = true,
            "index" => self.index = true,
            _ => return false,
        }
        true
    }
}

/// A version, or a pattern of one: a string and never a number, since the number `3.10` is 3.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionText(pub(super) Text);

impl Deref for VersionText {
    type Target = Text;

    fn deref(&self) -> &Text {
        &self.0
    }
}

/// What an image says of its version, and when it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionPattern {
    /// The version, or a pattern of it.
    pub pattern: VersionText,
    /// A condition over facts; `None` for always.
    pub when: Option<Text>,
}

impl Deref for VersionPattern {
    type Target = Text;

    fn deref(&self) -> &Text {
        &self.pattern
    }
}

/// A pattern of tags, and when it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPattern {
    /// The pattern, or a rule line of docker/metadata-action.
    pub pattern: Text,
    /// A condition over facts; `None` for always.
    pub when: Option<Text>,
    /// Whether its condition is written as it is, so that no variable can change it.
    pub is_fixed: bool,
    /// Whether the pattern is written as it is, so that nothing of a version can be in it but by a template.
    pub is_written: bool,
    /// Whether it may be `latest` or a version when a branch is called so.
    pub any: bool,
}

impl TagPattern {
    /// Whether its condition is `false`, whatever the run: an expression of the file may have come to that.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.when.as_ref().is_some_and(|when| when.as_str() == "false")
    }

    /// A pattern that nobody has written.
    #[must_use]
    pub fn verbatim(pattern: &str) -> Self {
        Self { pattern: Text::verbatim(pattern), when: None, is_fixed: true, is_written: true, any: false }
    }
}

impl Word for Grouping {
    const WORDS: &'static [(&'static str, Self)] =
        &[("linked", Self::Linked), ("target", Self::Target), ("platform", Self::Platform)];
}

impl Word for OnMissing {
    const WORDS: &'static [(&'static str, Self)] =
        &[("hold", Self::Hold), ("drop", Self::Drop), ("carry", Self::Carry)];
}

impl Word for Scheme {
    const WORDS: &'static [(&'static str, Self)] = &[("semver", Self::Semver), ("calver", Self::Calver)];
}

impl Word for VariantTags {
    const WORDS: &'static [(&'static str, Self)] =
        &[("product", Self::Product), ("truncate", Self::Truncate)];
}
