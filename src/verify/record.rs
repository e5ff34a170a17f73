//! What repositories answered: each question goes to a repository once, and what is wrong with an answer is an answer.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::code::Code;
use crate::merge::index::configured_platform;
use crate::merge::labels::labels_of;
use crate::oci::{Descriptor, DescriptorPlatform, ImageManifest, is_index};
use crate::reference::{Digest, Tag};
use crate::registry::{Manifest, TagOrDigest};

/// How many manifests an index, or layers a manifest, may have.
pub const MAX_CHILDREN: usize = 500;

/// Something to know about a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The digest of a tag.
    Tag(Tag),
    /// The manifest with this digest.
    Manifest(Digest),
    /// The size of a blob.
    Blob(Digest),
    /// What is in a blob, the configuration of an image.
    Configuration(Digest),
    /// All tags.
    Tags,
    /// What a client is told that knows Docker's media types alone.
    ForDocker(TagOrDigest),
}

/// An answer that is wrong in itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub code: Code,
    /// What was found.
    pub message: String,
}

/// What is known of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a, T> {
    /// Nobody asked.
    Unasked,
    /// It is not there.
    Absent,
    /// It is there.
    Present(T),
    /// Something is there that cannot be used.
    Faulty(&'a Fault),
}

impl<T> Known<'_, T> {
    /// What is there.
    pub fn present(self) -> Option<T> {
        if let Self::Present(found) = self { Some(found) } else { None }
    }
}

/// What counts in the configuration of an image.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The platform.
    pub platform: DescriptorPlatform,
    /// The labels, or why they cannot be read.
    pub labels: Result<BTreeMap<String, String>, String>,
}

/// An answer that says something.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The digest of a tag.
    Tag(Digest),
    /// A manifest.
    Manifest(Box<Document>),
    /// The size of a blob.
    Size(u64),
    /// A configuration: its size, and what is in it or why that cannot be read.
    Configuration(u64, Result<Configuration, String>),
    /// All tags.
    Tags(Vec<Tag>),
    /// What such a client is told: the media type that it gets, or why it gets nothing.
    ForDocker(Result<String, String>),
}

impl Answer {
    /// What the content of a configuration says.
    #[must_use]
    pub fn configuration(content: &[u8]) -> Self {
        let labels = labels_of(content).map_err(|error| error.to_string());
        let platform = configured_platform(content).map_err(|error| error.to_string());
        Self::Configuration(content.len() as u64, platform.map(|platform| Configuration { platform, labels }))
    }
}

/// What one repository answered.
#[derive(Clone, Debug, Default)]
pub struct Record {
    answers: BTreeMap<Question, Result<Option<Answer>, Fault>>,
}

impl Record {
    /// Takes note of an answer; `None` says that it is not there.
    pub fn learn(&mut self, question: Question, answer: Result<Option<Answer>, Fault>) {
        self.answers.insert(question, answer);
    }

    /// Whether a question was answered.
    #[must_use]
    pub fn knows(&self, question: &Question) -> bool {
        self.answers.contains_key(question)
    }

    fn get<'a, T>(&'a self, question: &Question, take: impl FnOnce(&'a Answer) -> Option<T>) -> Known<'a, T> {
        match self.answers.get(question) {
            None => Known::Unasked,
            Some(Ok(None)) => Known::Absent,
            Some(Ok(Some(answer))) => take(answer).map_or(Known::Unasked, Known::Present),
            Some(Err(fault)) => Known::Faulty(fault),
        }
    }

    /// The digest of a tag.
    #[must_use]
    pub fn tag(&self, tag: &Tag) -> Known<'_, &Digest> {
        self.get(&Question::Tag(tag.clone()), |answer| match answer {
            Answer::Tag(digest) => Some(digest),
            _ => None,
        })
    }

    /// A manifest.
    #[must_use]
    pub fn manifest(&self, digest: &Digest) -> Known<'_, &Document> {
        self.get(&Question::Manifest(digest.clone()), |answer| match answer {
            Answer::Manifest(document) => Some(&**document),
            _ => None,
        })
    }

    /// The size of a blob.
    #[must_use]
    pub fn blob(&self, digest: &Digest) -> Known<'_, u64> {
        let configuration = self.get(&Question::Configuration(digest.clone()), |answer| match answer {
            Answer::Configuration(size, _) => Some(*size),
            _ => None,
        });
        if configuration != Known::Unasked {
            return configuration;
        }
        self.get(&Question::Blob(digest.clone()), |answer| match answer {
            Answer::Size(size) => Some(*size),
            _ => None,
        })
    }

    /// What is in a configuration.
    #[must_use]
    pub fn configuration(&self, digest: &Digest) -> Known<'_, &Result<Configuration, String>> {
        self.get(&Question::Configuration(digest.clone()), |answer| match answer {
            Answer::Configuration(_, content) => Some(content),
            _ => None,
        })
    }

    /// All tags.
    #[must_use]
    pub fn tags(&self) -> Known<'_, &[Tag]> {
        self.get(&Question::Tags, |answer| match answer {
            Answer::Tags(tags) => Some(tags.as_slice()),
            _ => None,
        })
    }

    /// What a client is told that knows Docker's media types alone.
    #[must_use]
    pub fn for_docker(&self, at: &TagOrDigest) -> Known<'_, &Result<String, String>> {
        self.get(&Question::ForDocker(at.clone()), |answer| match answer {
            Answer::ForDocker(told) => Some(told),
            _ => None,
        })
    }
}

/// A manifest, taken apart.
#[derive(Clone, Debug)]
pub struct Document {
    /// The media type as it is served.
    pub media_type: String,
    /// The digest.
    pub digest: Digest,
    /// The size in bytes.
    pub size: u64,
    /// What is in it.
    pub content: Content,
}

/// What a manifest holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// An index.
    Index(Entries),
    /// The manifest of an image or of an artifact.
    Image(Box<ImageManifest>),
    /// It cannot be read, for this reason.
    Unreadable(String),
}

/// What an index holds.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// The first of its entries, or why one cannot be read.
    pub entries: Vec<Result<Descriptor, String>>,
    /// How many there are.
    pub count: usize,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Document {
    /// Takes a manifest apart.
    #[must_use]
    pub fn read(manifest: &Manifest) -> Self {
        let content = if is_index(&manifest.media_type) {
            read_index(&manifest.bytes)
        } else {
            read_image(&manifest.bytes)
        };
        Self {
            media_type: manifest.media_type.clone(),
            digest: manifest.digest.clone(),
            size: manifest.bytes.len() as u64,
            content: content.unwrap_or_else(Content::Unreadable),
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
        return Err("it has schema version 1, which is given up everywhere".to_owned());
    }
    let image: ImageManifest = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let count = image.layers.len();
    if count > MAX_CHILDREN {
        return Err(format!("it has {count} layers, and more than {MAX_CHILDREN} are not looked at"));
    }
    Ok(Content::Image(Box::new(image)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::{OCI_INDEX, OCI_MANIFEST};

    fn unreadable(media_type: &str, bytes: &[u8]) -> String {
        match Document::read(&Manifest::new(media_type, bytes.to_vec())).content {
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
        let Content::Index(index) = Document::read(&Manifest::new(OCI_INDEX, text.into_bytes())).content
        else {
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
        let Content::Index(index) = Document::read(&Manifest::new(OCI_INDEX, text.into_bytes())).content
        else {
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
        let Content::Index(index) = Document::read(&Manifest::new(OCI_INDEX, entry.into_bytes())).content
        else {
            panic!("it is an index")
        };
        assert!(index.entries[0].is_err());
    }
}
