//! What looks as if it were meant for Bake and nobody reads: unknown keys of `x-bake`, and the extension in another place
//! than `build`.

use super::extension;
use super::node::{Map, Member, Node};
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, all_listed, suggest};
use crate::source::Span;

const NAME: &str = "x-bake";

/// All of it in a model.
pub(super) fn extensions(model: &Map) -> Vec<Diagnostic> {
    let empty = Map::new();
    let services = model.get("services").and_then(|member| member.value.as_map()).unwrap_or(&empty);
    let build =
        |member: &Member| member.value.get("build").and_then(Node::as_map).cloned().unwrap_or_default();
    let builds: Vec<(&Name, Map)> = services.iter().map(|(name, member)| (name, build(member))).collect();
    let read =
        |build: &Map| build.get(NAME).and_then(|member| member.value.as_map()).cloned().unwrap_or_default();
    let read: Vec<(&Name, Map)> = builds.iter().map(|(name, build)| (*name, read(build))).collect();
    let places: Vec<Span> =
        read.iter().flat_map(|(_, keys)| keys.values()).map(|one| one.value.span).collect();
    // Something of it may be read through an alias.
    let is_unused = |member: &&Member| !places.iter().any(|place| member.value.span.holds(*place));

    let mut found = Diagnostics::default();
    for (_, build) in &builds {
        found.extend(build.iter().filter_map(|(key, member)| misspelt(key, member)));
    }
    for (service, keys) in &read {
        let path = format!("services.{service}.build.{NAME}");
        found.extend(keys.iter().filter_map(|(key, member)| unknown(&path, key, member)));
    }
    for (service, member) in services {
        let here = member.value.as_map().and_then(|service| service.get(NAME));
        found.extend(here.filter(is_unused).map(|here| misplaced(&format!("the service `{service}`"), here)));
    }
    found.extend(model.get(NAME).filter(is_unused).map(|here| misplaced("the file", here)));
    found.into_sorted()
}

fn unknown(path: &str, key: &str, member: &Member) -> Option<Diagnostic> {
    if extension::keys().any(|known| known == key) || key.starts_with("x-") {
        return None;
    }
    let message = format!("`{path}` has no `{key}`; Bake ignores it");
    let dashed = key.replace('_', "-");
    let help = match suggest(&dashed, extension::keys()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            format!("take it out: there are {}", all_listed(extension::keys()))
        }
    };
    Some(Diagnostic::warning(Code::UNKNOWN_ATTRIBUTE, message).at(member.key, "unknown").with_help(help))
}

fn misspelt(key: &str, member: &Member) -> Option<Diagnostic> {
    let is_near = key.starts_with("x-") && key != NAME && suggest(key, [NAME]).is_some();
    is_near.then(|| {
        let message = format!("the extension `{key}` is not Bake's, which ignores it");
        Diagnostic::warning(Code::UNKNOWN_ATTRIBUTE, message)
            .at(member.key, "unknown")
            .with_help(format!("did you mean `{NAME}`?"))
    })
}

fn misplaced(owner: &str, member: &Member) -> Diagnostic {
    let message = format!("Bake reads `{NAME}` in the `build` of a service, and ignores that of {owner}");
    Diagnostic::warning(Code::UNKNOWN_ATTRIBUTE, message).at(member.key, "").with_help(format!(
        "move it below `build:`, or name what is shared otherwise, such as `{NAME}-common`"
    ))
}
