//! Variants: the flavours of an image, and what they put behind its tags.

use indexmap::IndexSet;

use crate::reference::LATEST;

/// How the names of several axes make suffixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VariantTags {
    /// Every combination, without the names that are empty: `slim-trixie`, `slim`.
    #[default]
    Product,
    /// Names may be left out at the end only: `jdk25-temurin-noble`, `jdk25-temurin`, `jdk25`.
    Truncate,
}

/// The most suffixes of one image.
pub(crate) const MAX_SUFFIXES: usize = 1000;

/// What stands behind the tags of a variant, each once, in the order of the names; an empty one for the tags as they
/// are. `None` when there are more than [`MAX_SUFFIXES`].
///
/// Each axis is a list of names; an empty name says that the axis may be left out.
#[must_use]
pub(crate) fn suffixes(axes: &[Vec<String>], mode: VariantTags) -> Option<IndexSet<String>> {
    // Each with whether an axis was left out.
    let mut suffixes = vec![(String::new(), false)];
    for axis in axes {
        if suffixes.len().saturating_mul(axis.len().max(1)) > MAX_SUFFIXES {
            return None;
        }
        let may_be_left_out = axis.iter().any(String::is_empty);
        let mut longer = Vec::new();
        for (suffix, ended) in &suffixes {
            match mode {
                // An axis that has nothing but the empty name is none.
                VariantTags::Truncate if *ended && may_be_left_out => longer.push((suffix.clone(), true)),
                VariantTags::Truncate if *ended => {}
                _ => longer.extend(axis.iter().map(|name| {
                    let is_left_out = name.is_empty() && axis.len() > 1;
                    (joined(suffix, name), *ended || is_left_out)
                })),
            }
        }
        if !axis.is_empty() {
            suffixes = longer;
        }
    }
    Some(suffixes.into_iter().map(|(suffix, _)| suffix).collect())
}

/// A tag's name with a suffix: `latest` never joins one, the bare variant name is the floating tag
/// (<https://github.com/docker-library/official-images#tags-and-aliases>).
#[must_use]
pub(crate) fn with_suffix(name: &str, suffix: &str) -> String {
    match (name, suffix) {
        (LATEST, "") => LATEST.to_owned(),
        (LATEST, suffix) => suffix.to_owned(),
        (name, suffix) => joined(name, suffix),
    }
}

fn joined(before: &str, after: &str) -> String {
    match (before, after) {
        (before, "") => before.to_owned(),
        ("", after) => after.to_owned(),
        (before, after) => format!("{before}-{after}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(axes: &[&[&str]], mode: VariantTags, expected: &[&str]) {
        let axes: Vec<Vec<String>> =
            axes.iter().map(|axis| axis.iter().map(|&name| name.to_owned()).collect()).collect();
        let found = suffixes(&axes, mode).unwrap();
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn names_of_axes_combine() {
        let product = VariantTags::Product;
        case(&[], product, &[""]);
        case(&[&["slim"]], product, &["slim"]);
        case(&[&["slim"], &["trixie", ""]], product, &["slim-trixie", "slim"]);
        case(&[&["cli", ""], &["trixie", ""]], product, &["cli-trixie", "cli", "trixie", ""]);
        case(&[&[""], &["alpine3.24", "alpine"]], product, &["alpine3.24", "alpine"]);
        case(&[&["a", "", "a"]], product, &["a", ""]);
    }

    #[test]
    fn truncated_ones_are_left_out_at_the_end_only() {
        let truncate = VariantTags::Truncate;
        let axes: [&[&str]; 3] = [&["jdk25", ""], &["temurin", ""], &["noble", ""]];
        case(&axes, truncate, &["jdk25-temurin-noble", "jdk25-temurin", "jdk25", ""]);
        let axes: [&[&str]; 3] = [&["jre25"], &["temurin", ""], &["noble"]];
        case(&axes, truncate, &["jre25-temurin-noble"]);
        case(&[&[""], &["noble", ""]], truncate, &["noble", ""]);
    }

    #[test]
    fn latest_joins_nothing() {
        assert_eq!(with_suffix("latest", "slim"), "slim");
        assert_eq!(with_suffix("latest", ""), "latest");
        assert_eq!(with_suffix("3.14", "slim"), "3.14-slim");
        assert_eq!(with_suffix("3.14", ""), "3.14");
    }

    #[test]
    fn too_many_are_refused() {
        let axis: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        assert_eq!(suffixes(&[axis.clone(), axis], VariantTags::Product), None);
    }
}
