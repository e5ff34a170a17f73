//! What a repository is without that others of the image have: one cause, however much it is.

use std::collections::{BTreeMap, BTreeSet};

/// What sites are without, by site.
pub(super) type Astray = BTreeMap<usize, Lacking>;

/// What a site is without, and cannot take over.
#[derive(Debug, Default)]
pub(super) struct Lacking {
    /// The builds that it belongs to.
    legs: BTreeSet<String>,
    /// The sites that have it.
    pub(super) others: BTreeSet<usize>,
    /// What it is, as messages name it.
    pub(super) parts: Vec<String>,
}

impl Lacking {
    /// Takes note of a part of a build.
    pub(super) fn add(&mut self, leg: &str, others: impl IntoIterator<Item = usize>, part: String) {
        self.legs.insert(leg.to_owned());
        self.others.extend(others);
        self.parts.push(part);
    }

    /// Says where the builds are, and where not.
    pub(super) fn message(&self, others: &str, location: &str) -> String {
        let names: Vec<_> = self.legs.iter().map(|leg| format!("`{leg}`")).collect();
        let (noun, verb) = if names.len() == 1 { ("build", "is") } else { ("builds", "are") };
        format!("{noun} {} {verb} in {others}, but not in `{location}`", names.join(", "))
    }
}
