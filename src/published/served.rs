//! A manifest as a repository serves it, taken apart.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::oci::{Descriptor, DescriptorPlatform, ImageManifest, TAGGED_VERSION, VERSION, WITHOUT, is_index};
use crate::reference::{Digest, Tag};
use crate::registry::Manifest;

/// How many manifests an index, or layers a manifest, may have.
pub(crate) const MAX_CHILDREN: usize = 500;

/// A manifest, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    /// The manifest, byte for byte.
    pub manifest: Manifest,
    /// What is in it.
    pub content: Content,
}

/// What a manifest holds.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// An index.
    Index(Entries),
    /// The manifest of an image or of an artifact.
    Image(Box<ImageManifest>),
    /// It cannot be read, for this reason.
    Unreadable(String),
}

/// What an index holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries {
    /// The first of its entries, or why one cannot be read.
    pub entries: Vec<Result<Descriptor, String>>,
    /// How many there are.
    pub count: usize,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Entries {
    /// The images that it has: neither attestations nor what is of no platform.
    ///
    /// # Errors
    /// Why not all of its entries are known.
    pub(crate) fn images(&self) -> Result<Vec<&Descriptor>, String> {
        if self.count > self.entries.len() {
            return Err(format!("it has {} entries; at most {MAX_CHILDREN} are read", self.count));
        }
        let is_image = |entry: &&Descriptor| {
            let is_unknown = entry.platform.as_ref().is_some_and(DescriptorPlatform::is_unknown);
            entry.attested().is_none() && !is_unknown
        };
        let all: Result<Vec<&Descriptor>, &String> = self.entries.iter().map(Result::as_ref).collect();
        Ok(all.map_err(Clone::clone)?.into_iter().filter(is_image).collect())
    }
}

impl Served {
    /// Takes a manifest apart.
    #[must_use]
    pub(crate) fn read(manifest: Manifest) -> Self {
        let content = if is_index(&manifest.media_type) {
            read_index(&manifest.bytes)
        } else {
            read_image(&manifest.bytes)
        };
        Self { manifest, content: content.unwrap_or_else(Content::Unreadable) }
    }

    /// The version that it says it is, and the annotation that says so.
    #[must_use]
    pub(crate) fn version(&self) -> Option<(&'static str, &String)> {
        let annotations = self.annotations()?;
        [VERSION, TAGGED_VERSION].into_iter().find_map(|key| Some((key, annotations.get(key)?)))
    }

    /// Whether it says that its version goes without a floating tag.
    #[must_use]
    pub(crate) fn goes_without(&self, floating: &Tag) -> bool {
        let without = self.annotations().and_then(|all| all.get(WITHOUT));
        without.is_some_and(|tags| tags.split(',').any(|tag| tag == floating.as_str()))
    }

    /// The annotations of the index, or of the manifest if it is none; none of what cannot be read.
    #[must_use]
    pub(crate) fn annotations(&self) -> Option<&BTreeMap<String, String>> {
        match &self.content {
            Content::Index(index) => Some(&index.annotations),
            Content::Image(image) => Some(&image.annotations),
            Content::Unreadable(_) => None,
        }
    }

    /// The size in bytes.
    #[must_use]
    pub(crate) fn size(&self) -> u64 {
        self.manifest.bytes.len() as u64
    }

    /// The digests of all that an index names, or its own if it is none.
    #[must_use]
    pub(crate) fn digests(&self) -> BTreeSet<Digest> {
        match &self.content {
            Content::Index(index) => {
                index.entries.iter().flatten().map(|entry| entry.digest.clone()).collect()
            }
            Content::Image(_) | Content::Unreadable(_) => BTreeSet::from([self.manifest.digest.clone()]),
        }
    }
}

fn read_index(bytes: &[u8]) -> Result<Content, String> {
    #[derive(Deserialize)]
    struct Form<'a> {
        #[serde(borrow)]
        manifests: Option<Vec<&'a RawValue>>,
        annotations: Option<BTreeMap<String, String>>,
    }
    let form: Form<'_> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let manifests = form.manifests.ok_or("it has no member `manifests`")?;
    // One entry that makes no sense must not hide the others.
    let entry = |text: &&RawValue| serde_json::from_str(text.get()).map_err(|error| error.to_string());
    Ok(Content::Index(Entries {
        count: manifests.len(),
        entries: manifests.iter().take(MAX_CHILDREN).map(entry).collect(),
        annotations: form.annotations.unwrap_or_default(),
    }))
}

fn read_image(bytes: &[u8]) -> Result<Content, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Form {
        schema_version: Option<u64>,
    }
    let form: Form = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if form.schema_version == Some(1) {
        return Err("it has schema version 1, which is obsolete".to_owned());
    }
    let image: ImageManifest = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let count = image.layers.len();
    if count > MAX_CHILDREN {
        return Err(format!("it has {count} layers; at most {MAX_CHILDREN} are checked"));
    }
    Ok(Content::Image(Box::new(image)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::{OCI_INDEX, OCI_MANIFEST};

    fn unreadable(media_type: &str, bytes: &[u8]) -> String {
        match Served::read(Manifest::new(media_type, bytes.to_vec())).content {
            Content::Unreadable(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_bad_entry_does_not_hide_the_others() {
        let good = Digest::sha256(b"");
        let text = format!(
            r#"{{"manifests":[{{"digest":"md5:00"}},{{"digest":"{good}"}},7,{{"digest":"sha512:{}"}}]}}"#,
            "0".repeat(128)
        );
        let Content::Index(index) = Served::read(Manifest::new(OCI_INDEX, text.into_bytes())).content else {
            panic!("it is an index")
        };
        let [first, second, third, fourth] = index.entries.as_slice() else { panic!("four entries") };
        assert!(first.as_ref().unwrap_err().contains("digest algorithm \"md5\" is not supported"));
        assert_eq!(second.as_ref().unwrap().digest, good);
        assert!(third.is_err() && fourth.is_ok());
    }

    #[test]
    fn only_the_first_of_very_many_are_kept() {
        let entry = format!(r#"{{"digest":"{}"}}"#, Digest::sha256(b""));
        let text = format!(r#"{{"manifests":[{}]}}"#, vec![entry; 10_000].join(","));
        let Content::Index(index) = Served::read(Manifest::new(OCI_INDEX, text.into_bytes())).content else {
            panic!("it is an index")
        };
        assert_eq!((index.count, index.entries.len()), (10_000, MAX_CHILDREN));
        let layer = format!(r#"{{"digest":"{}"}}"#, Digest::sha256(b""));
        let text = format!(r#"{{"config":{layer},"layers":[{}]}}"#, vec![layer.clone(); 1000].join(","));
        assert!(unreadable(OCI_MANIFEST, text.as_bytes()).starts_with("it has 1000 layers"));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (media_type, bytes, expected) in [
            (OCI_INDEX, &b"\xff\xfe"[..], "expected value"),
            (OCI_INDEX, b"{\"manifests\":[{\"x\":\"\xff\"}]}", "invalid unicode"),
            (OCI_INDEX, b"{}", "it has no member `manifests`"),
            (OCI_INDEX, b"{\"manifests\":{}}", "invalid type"),
            (OCI_MANIFEST, b"[]", "invalid"),
            (OCI_MANIFEST, b"{\"schemaVersion\":1}", "it has schema version 1"),
            (OCI_MANIFEST, b"{}", "missing field `config`"),
        ] {
            let why = unreadable(media_type, bytes);
            assert!(why.contains(expected), "{}: {why}", String::from_utf8_lossy(bytes));
        }
        let deep = "[".repeat(100_000);
        unreadable(OCI_MANIFEST, deep.as_bytes());
        unreadable(OCI_INDEX, format!(r#"{{"manifests":[{deep}"#).as_bytes());
        let entry = format!(r#"{{"manifests":[{deep}{}]}}"#, "]".repeat(100_000));
        let Content::Index(index) = Served::read(Manifest::new(OCI_INDEX, entry.into_bytes())).content else {
            panic!("it is an index")
        };
        assert!(index.entries[0].is_err());
    }
}
