//! Caches of one platform: a scope or reference that several legs write to would hold the last one's layers only
//! (<https://github.com/docker/bake-action/issues/329>).

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::bake::target::{Entry, Target, Text};
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::plan::Leg;
use crate::platform::Platform;
use crate::reference::Tag;

/// The caches that a leg writes: each with the platform in its scope, name, tag or folder.
pub(super) fn to_write(entries: &[Entry], target: &str, platform: &Platform) -> Vec<Entry> {
    entries
        .iter()
        .map(|entry| per_platform(entry, target, platform).unwrap_or_else(|| entry.clone()))
        .collect()
}

/// Where the targets of a definition write caches.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Each kind, and what tells its caches apart.
    caches: BTreeSet<(String, String)>,
    /// Whether another run may write some: a list is empty in this one, as where pull requests only read.
    elsewhere: bool,
}

impl Written {
    /// By the targets as they are written, and as they are resolved.
    pub(super) fn of<'t>(
        written: impl IntoIterator<Item = &'t Target>,
        resolved: impl IntoIterator<Item = &'t Target>,
    ) -> Self {
        let caches = resolved.into_iter().flat_map(|target| {
            target.cache_to.iter().flatten().filter_map(|entry| Self::key(entry, &target.name))
        });
        let is_empty = |target: &Target| target.cache_to.as_ref().is_some_and(Vec::is_empty);
        Self { caches: caches.collect(), elsewhere: written.into_iter().any(is_empty) }
    }

    fn key(entry: &Entry, target: &str) -> Option<(String, String)> {
        let (_, place) = place(entry, target)?;
        Some((entry.kind().to_owned(), place.to_string()))
    }

    fn has(&self, entry: &Entry, target: &str) -> bool {
        Self::key(entry, target).is_some_and(|key| self.caches.contains(&key))
    }
}

/// The caches that a leg reads: those of its platform that some leg writes, each before the shared one that the source
/// names. A target that writes none may read what another run has written.
pub(super) fn to_read(target: &Target, written: &Written, platform: &Platform) -> Vec<Entry> {
    let (entries, target, own) = (&target.cache_from, &*target.name, target.cache_to.as_deref());
    let may_read = written.elsewhere && own.unwrap_or_default().is_empty();
    let mut caches = Vec::new();
    for entry in entries {
        if may_read || written.has(entry, target) {
            caches.extend(per_platform(entry, target, platform));
        }
        caches.push(entry.clone());
    }
    let mut unique: Vec<Entry> = Vec::new();
    for cache in caches {
        if !unique.contains(&cache) {
            unique.push(cache);
        }
    }
    unique
}

/// An error for each cache that a leg cannot write, since its tag is too long with the platform in it.
pub(super) fn too_long(legs: &IndexMap<Name, Leg>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, leg) in legs {
        let Some(platform) = &leg.platform else { continue };
        for cache in leg.definition.cache_to.iter().flatten().filter(|cache| cache.kind() == "registry") {
            let Some(reference) = cache.fields.get("ref") else { continue };
            let Some((_, tag)) = reference.as_str().rsplit_once(':') else { continue };
            let own = tag.strip_suffix(platform.slug()).and_then(|own| own.strip_suffix('-'));
            let Err(e) = tag.parse::<Tag>() else { continue };
            if own.is_some_and(|own| own.parse::<Tag>().is_ok()) {
                let message = format!("the cache of `{name}` would have the tag `{tag}`: {e}");
                let error = Diagnostic::error(Code::ATTRIBUTE_VALUE, message);
                let error = error.at(reference.span.or(cache.span), "");
                found.push(error.with_help("write a shorter tag: that of each platform ends in its name"));
            }
        }
    }
    found
}

/// The entry for one platform; `None` for kinds that need no telling apart, such as `inline`.
fn per_platform(entry: &Entry, target: &str, platform: &Platform) -> Option<Entry> {
    let (key, text) = place(entry, target)?;
    let slug = platform.slug();
    let place = if key == "ref" { tagged(text.as_str(), slug) } else { format!("{text}-{slug}") };
    Some(entry.clone().with(key, text.derive(&place)))
}

/// The field that tells caches of a kind apart, and what is in it; a reference with a digest is one cache for all.
fn place(entry: &Entry, target: &str) -> Option<(&'static str, Text)> {
    let field = |key: &str| entry.fields.get(key).cloned();
    Some(match entry.kind() {
        "gha" => ("scope", field("scope").unwrap_or_else(|| target.into())),
        "registry" => ("ref", field("ref").filter(|text| !text.as_str().contains('@'))?),
        // Storage services call it `name`, and have a default that all legs would share.
        "s3" | "azblob" => ("name", field("name").unwrap_or_else(|| target.into())),
        "local" => {
            let key = if entry.fields.contains_key("dest") { "dest" } else { "src" };
            (key, field(key)?)
        }
        _ => return None,
    })
}

/// The reference with the platform in its tag.
fn tagged(reference: &str, slug: &str) -> String {
    let path = reference.rfind('/').map_or(0, |slash| slash + 1);
    let separator = if reference[path..].contains(':') { '-' } else { ':' };
    format!("{reference}{separator}{slug}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(fields: &[(&str, &str)]) -> Entry {
        fields.iter().fold(Entry::default(), |entry, (key, value)| entry.with(key, *value))
    }

    #[track_caller]
    fn case(fields: &[(&str, &str)], key: &str, expected: &str) {
        let platform = "linux/arm/v7".parse().unwrap();
        let written = to_write(&[entry(fields)], "app", &platform);
        assert_eq!(written[0].get(key), Some(expected));
        // What nobody writes is not read, unless another run may write it.
        let target = |cache_to: Option<Vec<Entry>>| Target {
            cache_from: vec![entry(fields)].into(),
            cache_to,
            ..Target::new("app")
        };
        let (reader, other) = (target(None), target(Some(vec![entry(&[("type", "inline")])])));
        let (writer, empty) = (target(Some(vec![entry(fields)])), target(Some(Vec::new())));
        let elsewhere = Written::of([&empty], [&reader]);
        for (target, caches) in
            [(&other, &Written::default()), (&other, &elsewhere), (&reader, &Written::default())]
        {
            assert_eq!(to_read(target, caches, &platform), [entry(fields)]);
        }
        let by_other = Written::of([], [&writer]);
        for (target, caches) in [(&other, &by_other), (&reader, &by_other), (&reader, &elsewhere)] {
            let read = to_read(target, caches, &platform);
            assert_eq!(read.first(), written.first());
            assert_eq!(read.last(), Some(&entry(fields)), "the shared cache stays as a fallback");
        }
    }

    #[test]
    fn every_kind_tells_platforms_apart() {
        case(&[("type", "gha")], "scope", "app-linux-arm-v7");
        case(&[("type", "gha"), ("scope", "s")], "scope", "s-linux-arm-v7");
        case(&[("type", "registry"), ("ref", "host:5000/a/b")], "ref", "host:5000/a/b:linux-arm-v7");
        case(&[("type", "registry"), ("ref", "a/b:cache")], "ref", "a/b:cache-linux-arm-v7");
        case(&[("type", "local"), ("dest", "out")], "dest", "out-linux-arm-v7");
        case(&[("type", "s3"), ("bucket", "b")], "name", "app-linux-arm-v7");
        case(&[("type", "inline")], "type", "inline");
    }
}
