//! The paths of this machine that the targets of a plan name.

use crate::bake::target::context::{dockerfile_in, folder_of, is_remote};
use crate::bake::target::{Entry, Target, Text};
use crate::bake::values::clean_path;
use crate::plan::{Leg, Plan};
use crate::reads::{DOCKERFILE, context_of, local};
use crate::source::Span;

/// A path that a target names.
pub(super) struct Named {
    pub(super) path: String,
    /// What it is called, with the target that names it.
    pub(super) what: String,
    /// Where it is written; absent for the command line and for defaults.
    pub(super) span: Option<Span>,
    /// What Bake asks for before it goes there, if it does not lie in the working directory.
    pub(super) access: &'static str,
}

const READ: &str = "fs.read";
const WRITE: &str = "fs.write";

/// The paths that a target names: of contexts, the Dockerfile, secrets, SSH keys and local caches.
pub(super) fn named(name: &str, target: &Target) -> Vec<Named> {
    let mut named = Vec::new();
    let mut take = |access: &'static str, path: &str, what: String, text: &Text| {
        if !is_open(text) {
            named.push(Named { path: path.to_owned(), what, span: text.span, access });
        }
    };
    for (key, text) in &target.contexts {
        if let Some(path) = folder_of(text) {
            take(READ, path, format!("the context `{path}`, which target `{name}` calls `{key}`,"), text);
        }
    }
    if let Some((text, path)) = target.context.as_ref().and_then(|text| Some((text, folder_of(text)?))) {
        take(READ, path, format!("the context `{path}` of target `{name}`"), text);
    }
    for text in target.secret.iter().filter_map(|secret| secret.src.as_ref()) {
        take(READ, text.as_str(), format!("the file `{text}` of a secret of target `{name}`"), text);
    }
    for text in target.ssh.iter().flat_map(|ssh| &ssh.paths) {
        take(READ, text.as_str(), format!("the SSH key or socket `{text}` of target `{name}`"), text);
    }
    let caches = |entries: &mut dyn Iterator<Item = &Entry>, key: &str| {
        let local = entries.filter(|entry| entry.kind() == "local");
        local.filter_map(|entry| entry.fields.get(key).cloned()).collect::<Vec<_>>()
    };
    for text in caches(&mut target.cache_from.iter(), "src") {
        take(READ, text.as_str(), format!("the cache `{text}` of target `{name}`"), &text);
    }
    for text in caches(&mut target.cache_to.iter().flatten(), "dest") {
        take(WRITE, text.as_str(), format!("the cache `{text}` of target `{name}`"), &text);
    }
    let absolute = target.dockerfile.as_ref().filter(|text| text.as_str().starts_with('/'));
    let path = dockerfile_of(target).or_else(|| absolute.map(|text| text.as_str().to_owned()));
    if let Some(path) = path {
        let what = format!("the Dockerfile `{path}` of target `{name}`");
        let span = target.dockerfile.as_ref().map_or(target.span, |text| text.span);
        named.push(Named { path, what, span, access: READ });
    }
    named
}

/// The path of the Dockerfile of a target, unless it is written in the target, lies elsewhere or is left to the build.
pub(super) fn dockerfile_of(target: &Target) -> Option<String> {
    let is_elsewhere =
        |text: &Text| is_open(text) || text.as_str().starts_with('/') || is_remote(text.as_str());
    if target.dockerfile_inline.is_some() || target.dockerfile.as_ref().is_some_and(is_elsewhere) {
        return None;
    }
    let context =
        local(context_of(target)).filter(|_| target.context.as_ref().is_none_or(|text| !is_open(text)));
    let named = target.dockerfile.as_ref().map_or(DOCKERFILE, Text::as_str);
    let (folder, named) = dockerfile_in(named, context.as_deref())?;
    Some(clean_path(&format!("{folder}/{named}")))
}

/// Whether a part of it is left to the build.
pub(super) fn is_open(text: &Text) -> bool {
    text.value.marks().has_kept()
}

/// The legs, without those that name the same as the one before: most targets name the same for each platform.
pub(super) fn naming(plan: &Plan) -> Vec<&Leg> {
    let mut legs: Vec<&Leg> = plan.legs.values().collect();
    legs.dedup_by(|next, last| next.of == last.of && places(&next.definition) == places(&last.definition));
    legs
}

/// What says where a target reads and writes.
fn places(target: &Target) -> impl PartialEq {
    let contexts = (&target.context, &target.default_context, &target.contexts);
    let others = (&target.secret, &target.ssh, &target.cache_from, &target.cache_to);
    (contexts, &target.dockerfile, target.dockerfile_inline.is_some(), others)
}
