//! A part of what a build reads, and the hash of all of them.

use crate::inputs::Inputs;
use crate::reference::Digest;

/// Which rules the hashes follow. With other rules, the same inputs have other hashes, so that everything is built once.
const SCHEME: &str = "bakeplan inputs 3";

/// How much of a value is shown: a whole hash, with the name of its kind.
const SHOWN: usize = 72;

/// A part of what a build reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// What it is, such as `args.VERSION` or `context docker/base`.
    pub name: String,
    /// Its value, or the hash of it.
    pub value: String,
}

impl Part {
    pub(super) fn new(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: value.to_owned() }
    }

    /// The part on one line.
    #[must_use]
    pub(crate) fn shown(&self) -> String {
        let start: String = self.value.chars().take(SHOWN).collect();
        let more = if start.len() < self.value.len() { "…" } else { "" };
        format!("{} = {start}{more}", self.name)
    }
}

/// The hash of parts, in their order; unknown for the first of the reasons why it is.
pub(super) fn inputs(parts: &[Part], unknown: &[String]) -> Inputs {
    if let Some(reason) = unknown.first() {
        return Inputs::Unknown(reason.clone());
    }
    let mut text = Vec::new();
    let mut add = |part: &str| {
        text.extend((part.len() as u64).to_be_bytes());
        text.extend(part.as_bytes());
    };
    add(SCHEME);
    for Part { name, value } in parts {
        add(name);
        add(value);
    }
    Inputs::Hash(Digest::sha256(&text))
}

/// The names of the parts that differ between two lists: the first one that does, if any.
#[must_use]
pub(crate) fn first_difference<'p>(old: &'p [Part], new: &'p [Part]) -> Option<&'p Part> {
    let is_in = |part: &&Part, others: &[Part]| others.contains(part);
    new.iter().find(|part| !is_in(part, old)).or_else(|| old.iter().find(|part| !is_in(part, new)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(all: &[(&str, &str)]) -> Vec<Part> {
        all.iter().map(|(name, value)| Part::new(name, value)).collect()
    }

    #[test]
    fn parts_cannot_be_taken_for_others() {
        let lists: &[&[(&str, &str)]] = &[
            &[],
            &[("a", "")],
            &[("", "a")],
            &[("a", "b")],
            &[("ab", "")],
            &[("a", ""), ("b", "")],
            &[("b", ""), ("a", "")],
            &[("a", "b\nc")],
            &[("a", "b"), ("c", "")],
        ];
        let hashes: std::collections::BTreeSet<String> =
            lists.iter().map(|list| inputs(&parts(list), &[]).hash().unwrap().to_string()).collect();
        assert_eq!(hashes.len(), lists.len());
    }

    #[test]
    fn one_reason_is_enough_to_know_nothing() {
        let known = parts(&[("a", "b")]);
        let reasons = ["first".to_owned(), "second".to_owned()];
        assert_eq!(inputs(&known, &reasons), Inputs::Unknown("first".to_owned()));
    }

    #[test]
    fn the_first_difference_is_of_the_new_side() {
        let (old, new) = (parts(&[("a", "1"), ("b", "1")]), parts(&[("a", "1"), ("b", "2")]));
        assert_eq!(first_difference(&old, &new).map(Part::shown).as_deref(), Some("b = 2"));
        assert_eq!(first_difference(&new[..1], &new).map(|part| part.name.as_str()), Some("b"));
        assert_eq!(first_difference(&new, &new[..1]).map(|part| part.name.as_str()), Some("b"));
        assert_eq!(first_difference(&new, &new), None);
    }
}
