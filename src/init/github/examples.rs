//! Which runs serve as examples: the branches and git tags that workflows name.

use std::rc::Rc;

use super::workflow::YamlFile;
use crate::bake::compose::Yaml;
use crate::init::repository::world::World;
use crate::init::values::moment::OTHER_BRANCHES;
use crate::init::values::triggers;
use crate::source::Sources;

/// Whether a workflow has to do with images by its own words; others run what has.
pub(crate) fn is_about_images(text: &str) -> bool {
    ["build-push-action", "bake-action", "metadata-action", "docker "].iter().any(|word| text.contains(word))
}

/// What starts the workflows that have to do with images.
fn starts<'f>(files: &'f [YamlFile], sources: &Sources, publishing: &[Rc<str>]) -> Vec<&'f Yaml> {
    let is_it =
        |file: &&YamlFile| is_about_images(&sources.get(file.id).text) || publishing.contains(&file.path);
    files.iter().filter(is_it).filter_map(|file| file.root.get("on")).collect()
}

/// What the examples of runs are called, with this default branch. `publishing` are workflows that run what publishes, without a word
/// of images in themselves.
pub(crate) fn examples(
    files: &[YamlFile],
    sources: &Sources,
    publishing: &[Rc<str>],
    default_branch: String,
) -> World {
    let starts = starts(files, sources, publishing);
    let patterns: Vec<_> = starts.iter().map(|on| triggers::tag_patterns(on)).collect();
    let named: Vec<String> = patterns.iter().flatten().flatten().cloned().collect();
    let starts_none = |tag: &str| {
        let is_left = |patterns: &Option<Vec<String>>| {
            patterns.as_ref().is_some_and(|patterns| !triggers::matches(patterns, tag))
        };
        !named.is_empty() && patterns.iter().all(is_left)
    };
    let is_odd = starts_none(ODD);
    let prerelease = Some(prerelease_of(&triggers::example_tag(&named))).filter(|tag| starts_none(tag));
    // One that a pattern names, such as `v1`, is not alone.
    let short = shorts_of(&triggers::example_tag(&named)).into_iter().find(|tag| starts_none(tag));
    let mut other_branches = triggers::other_branches(&starts, &default_branch);
    let more_branches = other_branches.split_off(other_branches.len().min(OTHER_BRANCHES));
    let is_by_push = |on: &&Yaml| !triggers::has_any(on, &["release", "create", "workflow_run"]);
    World {
        releases_when: releases_when(&named).filter(|_| is_odd && starts.iter().all(is_by_push)),
        other_branches,
        more_branches,
        has_schedule: starts.iter().any(|on| triggers::has_any(on, &["schedule"])),
        odd_tags: is_odd.then(|| ODD.to_owned()).into_iter().chain(short).chain(prerelease).collect(),
        tag: triggers::example_tag(&named),
        tags: patterns
            .iter()
            .flatten()
            .filter(|patterns| !patterns.is_empty())
            .map(|patterns| triggers::example_tag(patterns))
            .collect(),
        default_branch,
        ..World::default()
    }
}

/// A git tag that is no version.
pub(crate) const ODD: &str = "docs-2024";

/// The condition that git tags fulfil which are like one of these patterns, as far as their beginning tells.
pub(crate) fn releases_when(patterns: &[String]) -> Option<String> {
    let of = |pattern: &String| {
        let is_of_digit = pattern.starts_with("[0-9]") || pattern.starts_with(|c: char| c.is_ascii_digit());
        match pattern.strip_prefix('v') {
            // What stands before one of these may not be there.
            Some(rest) if !rest.starts_with(['?', '+', '{']) => Some("tag is startingwith('v')"),
            None if is_of_digit => Some("tag[:1] in '0123456789'"),
            Some(_) | None => None,
        }
    };
    let mut all: Vec<&str> = patterns.iter().map(of).collect::<Option<_>>()?;
    all.sort_unstable_by(|one, other| other.cmp(one));
    all.dedup();
    (!all.is_empty()).then(|| all.join(" or "))
}

/// Git tags that say less than a version, such as `v1`, which moves with each release: of this one, and of a later one.
pub(crate) fn shorts_of(tag: &str) -> [String; 2] {
    let short = tag.split('.').next().unwrap_or_default();
    let start = short.trim_end_matches(|c: char| c.is_ascii_digit());
    let next = short[start.len()..].parse::<u32>().map_or(2, |number| number.saturating_add(1));
    [short.to_owned(), format!("{start}{next}")]
}

/// A prerelease of a version.
pub(crate) fn prerelease_of(tag: &str) -> String {
    format!("{tag}-rc.1")
}

/// The default branch as far as workflows tell: the one that most of them name.
pub(crate) fn default_branch(files: &[YamlFile]) -> Option<String> {
    let known = ["main", "master", "develop", "trunk"];
    let names = |name: &str| {
        let of = |file: &&YamlFile| {
            let branches =
                file.root.get("on").and_then(|on| on.get("push")).and_then(|push| push.get("branches"));
            branches.is_some_and(|list| {
                list.as_text() == Some(name) || list.items().iter().any(|item| item.as_text() == Some(name))
            })
        };
        files.iter().filter(of).count()
    };
    let best = known.into_iter().rev().max_by_key(|name| names(name))?;
    (names(best) > 0).then(|| best.to_owned())
}
