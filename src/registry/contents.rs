//! What a layout on disk holds, as its `index.json` says.

use serde_json::{Map, Value, json};

use super::Manifest;
use super::error::ErrorKind;
use crate::oci::{OCI_INDEX, REF_NAME};
use crate::reference::{Digest, Tag};

/// The file that says it.
pub(super) const INDEX: &str = "index.json";

/// `index.json` with all that other tools put into it.
pub(super) struct RawIndex(Map<String, Value>);

/// An entry of `index.json`.
#[derive(Clone, Copy)]
pub(super) struct Entry<'i>(&'i Map<String, Value>);

impl Default for RawIndex {
    fn default() -> Self {
        let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [] });
        let Value::Object(members) = index else { unreachable!("it is written as an object") };
        Self(members)
    }
}

impl RawIndex {
    pub(super) fn parse(content: &[u8]) -> Result<Self, ErrorKind> {
        let parsed = serde_json::from_slice(content)
            .map_err(|error| ErrorKind::Invalid(format!("`{INDEX}`: {error}")));
        Ok(Self(parsed?))
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).expect("what was read as JSON can be written")
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let manifests = self.0.get("manifests").and_then(Value::as_array);
        manifests.into_iter().flatten().filter_map(Value::as_object).map(Entry)
    }

    /// Lists a manifest, under a tag if one is given, which no other has then. False when nothing had to change.
    pub(super) fn add(&mut self, manifest: &Manifest, digest: &Digest, tag: Option<&Tag>) -> bool {
        let has = |entry: Entry<'_>| entry.text("digest") == Some(digest.as_str());
        let is_tagged = |entry: Entry<'_>| tag.is_some() && entry.tag() == tag.map(Tag::as_str);
        let is_listed = match tag {
            // What is reachable by a tag needs no entry of its own.
            None => self.entries().any(has),
            Some(_) => self.entries().any(|entry| has(entry) && is_tagged(entry)),
        };
        let is_taken = self.entries().any(|entry| is_tagged(entry) && !has(entry));
        if is_listed && !is_taken {
            return false;
        }
        let mut entries = match self.0.remove("manifests") {
            Some(Value::Array(entries)) => entries,
            _ => Vec::new(),
        };
        entries.retain(|entry| {
            let entry = entry.as_object().map(Entry);
            // The entry without a tag goes when the manifest gets one; so does the one that had this tag.
            let is_untagged = |entry: Entry<'_>| has(entry) && entry.tag().is_none();
            entry.is_none_or(|entry| !(is_tagged(entry) || tag.is_some() && is_untagged(entry)))
        });
        let mut entry = json!({ "mediaType": manifest.media_type, "digest": digest.as_str(), "size": manifest.bytes.len() });
        if let Some(tag) = tag {
            entry["annotations"] = json!({ REF_NAME: tag.as_str() });
        }
        entries.push(entry);
        self.0.insert("manifests".to_owned(), Value::Array(entries));
        true
    }
}

impl<'i> Entry<'i> {
    pub(super) fn text(self, name: &str) -> Option<&'i str> {
        self.0.get(name)?.as_str()
    }

    /// What it says of its size, in bytes.
    pub(super) fn size(self) -> Option<u64> {
        self.0.get("size")?.as_u64()
    }

    pub(super) fn tag(self) -> Option<&'i str> {
        self.0.get("annotations")?.get(REF_NAME)?.as_str()
    }

    pub(super) fn digest(self) -> Result<Digest, ErrorKind> {
        let text = self.text("digest").unwrap_or_default();
        text.parse()
            .map_err(|error| ErrorKind::Invalid(format!("`{INDEX}` has the digest {text:?}: {error}")))
    }
}
