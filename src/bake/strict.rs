//! What Bake lets pass and is a mistake nearly always: the lint behind `--strict`.

use std::collections::BTreeMap;

use super::decode::{GROUP_ATTRIBUTES, TARGET_ATTRIBUTES};
use super::module::Module;
use super::syntax::Block;
use super::target::{Entry, Resolved, Target, Text};
use crate::diagnostic::{Diagnostic, suggest};
use crate::reference::Reference;
use crate::source::Span;

const VARIABLE_ATTRIBUTES: [&str; 3] = ["type", "default", "description"];

/// Keys of `--set` that buildx reads from the wrong place, so that they only ever unset
/// (buildx `bake/bake.go`: `newOverrides` and `AddOverrides`).
const DEAD_KEYS: [&str; 3] = ["network", "no-cache-filter", "ulimits"];

/// Attributes and blocks that Bake does not know, and ignores.
#[must_use]
pub fn unknown_names(module: &Module) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for block in module.blocks() {
        let kind = &*block.kind.name;
        let own: Vec<&str> = match kind {
            "group" => GROUP_ATTRIBUTES.to_vec(),
            _ => TARGET_ATTRIBUTES.iter().copied().chain(["name", "matrix"]).collect(),
        };
        check_block(block, &own, &[], &mut diagnostics);
    }
    for block in module.variable_blocks() {
        check_block(block, &VARIABLE_ATTRIBUTES, &["validation"], &mut diagnostics);
    }
    diagnostics
}

fn check_block(block: &Block, attributes: &[&str], blocks: &[&str], diagnostics: &mut Vec<Diagnostic>) {
    let owner = &block.kind.name;
    let found = block.body.attributes.iter().map(|a| ("attribute", &a.name, attributes));
    let inner = block.body.blocks.iter().map(|b| ("block", &b.kind, blocks));
    for (what, name, known) in found.chain(inner) {
        if known.contains(&&*name.name) {
            continue;
        }
        let code = if what == "block" { "unknown-block" } else { "unknown-attribute" };
        let message = format!("a {owner} has no {what} `{}`; Bake ignores it", name.name);
        let diagnostic = Diagnostic::error(code, message).at(name.span, "unknown");
        diagnostics.push(match suggest(&name.name, known.iter().copied()) {
            Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
            None => diagnostic,
        });
    }
}

/// Overrides that buildx takes and that do not do what they say.
#[must_use]
pub fn dead_overrides(sets: &[String]) -> Vec<Diagnostic> {
    let key = |set: &String| {
        let (left, _) = set.split_once('=').unwrap_or((set, ""));
        left.trim_end_matches('+').split_once('.').map(|(_, key)| key.to_owned()).unwrap_or_default()
    };
    sets.iter()
        .filter(|set| DEAD_KEYS.contains(&key(set).as_str()))
        .map(|set| {
            let message = format!("`--set {set}` does not set `{}`: buildx clears it instead", key(set));
            Diagnostic::error("dead-override", message).with_help("set the attribute in the file")
        })
        .collect()
}

/// Contradictions and left-overs in what would be built.
#[must_use]
pub fn resolved(resolved: &Resolved) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let mut tags: BTreeMap<String, (&Target, &Text)> = BTreeMap::new();
    let mut caches: BTreeMap<Vec<(&str, &str)>, (&Target, &Entry)> = BTreeMap::new();
    for target in resolved.targets.values().filter(|target| !target.linked) {
        for tag in target.tags.iter().flatten() {
            if tag.as_str().contains("${") {
                let message = format!("the tag `{tag}` of target `{}` still has a `${{`", target.name);
                diagnostics.push(Diagnostic::error("template-in-tag", message).at(tag.span, ""));
            }
            let key = tag.as_str().parse::<Reference>().map_or_else(|_| tag.to_string(), |r| r.to_string());
            match tags.get(&key) {
                Some((first, place)) => {
                    let message = format!("`{tag}` is claimed by `{}` and by `{}`", first.name, target.name);
                    diagnostics.push(twice(
                        "tag-collision",
                        message,
                        tag.span.or(target.span),
                        place.span.or(first.span),
                    ));
                }
                None => {
                    tags.insert(key, (target, tag));
                }
            }
        }
        for platform in target.platforms.iter().flatten().filter(|text| text.as_str().contains(',')) {
            let message = format!("`{platform}` is several platforms in one string");
            let help = "write each as a string of its own";
            diagnostics
                .push(Diagnostic::error("platform-list", message).at(platform.span, "").with_help(help));
        }
        // An inline cache is in the image, which each target has for itself.
        for cache in target.cache_to.iter().flatten().filter(|cache| cache.kind() != "inline") {
            let key = cache.fields.iter().map(|(key, text)| (&**key, text.as_str())).collect();
            match caches.get(&key) {
                Some((first, known)) => {
                    let message = format!(
                        "`{}` and `{}` write the same cache: the last one to finish wins",
                        first.name, target.name
                    );
                    let places = (cache.span.or(target.span), known.span.or(first.span));
                    diagnostics.push(twice("shared-cache", message, places.0, places.1));
                }
                None => {
                    caches.insert(key, (target, cache));
                }
            }
        }
    }
    diagnostics
}

fn twice(code: &'static str, message: String, again: Option<Span>, first: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::error(code, message).at(again, "again");
    // One place when both targets inherit it.
    if first == again { diagnostic } else { diagnostic.at(first, "first here") }
}
