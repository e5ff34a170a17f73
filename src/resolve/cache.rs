//! Caches of one platform: a scope or reference that several legs write to would hold the last one's layers only
//! (<https://github.com/docker/bake-action/issues/329>).

use crate::bake::target::Entry;
use crate::platform::Platform;

/// The caches that a leg writes: each with the platform in its scope, name, tag or folder.
pub(super) fn to_write(entries: &[Entry], target: &str, platform: &Platform) -> Vec<Entry> {
    entries
        .iter()
        .map(|entry| per_platform(entry, target, platform).unwrap_or_else(|| entry.clone()))
        .collect()
}

/// The caches that a leg reads: its own, then the shared one that the source names. A target whose cache is in its image
/// has none of its own elsewhere.
pub(super) fn to_read(entries: &[Entry], written: &[Entry], target: &str, platform: &Platform) -> Vec<Entry> {
    let is_inline = written.iter().any(|entry| entry.kind() == "inline");
    let mut caches = Vec::new();
    for entry in entries {
        if !is_inline || written.iter().any(|other| other.kind() == entry.kind()) {
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

/// The entry for one platform; `None` for kinds that need no telling apart, such as `inline`.
fn per_platform(entry: &Entry, target: &str, platform: &Platform) -> Option<Entry> {
    let slug = platform.slug();
    let suffixed = |key: &str| entry.fields.get(key).map(|text| text.derive(&format!("{text}-{slug}")));
    let (key, value) = match entry.kind() {
        "gha" => {
            let scope = entry.get("scope").unwrap_or(target);
            (
                "scope",
                entry.fields.get("scope").map_or_else(
                    || format!("{scope}-{slug}").as_str().into(),
                    |text| text.derive(&format!("{text}-{slug}")),
                ),
            )
        }
        "registry" => {
            let text = entry.fields.get("ref")?;
            ("ref", text.derive(&tagged(text.as_str(), &slug)?))
        }
        // Storage services call it `name`, and have a default that all legs would share.
        "s3" | "azblob" => {
            ("name", suffixed("name").unwrap_or_else(|| format!("{target}-{slug}").as_str().into()))
        }
        "local" => {
            let key = if entry.fields.contains_key("dest") { "dest" } else { "src" };
            (key, suffixed(key)?)
        }
        _ => return None,
    };
    Some(entry.clone().with(key, value))
}

/// The reference with the platform in its tag; `None` for one with a digest.
fn tagged(reference: &str, slug: &str) -> Option<String> {
    if reference.contains('@') {
        return None;
    }
    let path = reference.rfind('/').map_or(0, |slash| slash + 1);
    if reference[path..].contains(':') {
        Some(format!("{reference}-{slug}"))
    } else {
        Some(format!("{reference}:{slug}"))
    }
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
        let read = to_read(&[entry(fields)], &[], "app", &platform);
        assert_eq!(read.last(), Some(&entry(fields)), "the shared cache stays as a fallback");
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
