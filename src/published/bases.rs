//! The images that builds start from, copy from and mount, as their registries serve them; and those that a published image
//! was made from, as its attestations say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::provenance::{MAX_STATEMENT, Recorded, Statement, provenances};
use super::record::{Configuration, Known, Question, Questions, Record};
use super::served::{Content, Served};
use crate::diagnostic::Diagnostic;
use crate::oci::DescriptorPlatform;
use crate::platform::Platform;
use crate::reference::{Digest, LATEST, Reference, Repository, Tag};
use crate::registry::TagOrDigest;

/// The most images of one base that are looked into.
const MAX_IMAGES: usize = 16;

/// How many statements of one attestation are read.
const MAX_STATEMENTS: usize = 4;

/// A base by its name, which Docker's rules have completed: `alpine` is `docker.io/library/alpine:latest`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BaseName {
    /// Where it is.
    pub(crate) repository: Repository,
    /// Its tag; or its digest, beside which a tag means nothing.
    pub(crate) at: TagOrDigest,
}

impl BaseName {
    /// The name as a Dockerfile has it; nothing for what is no reference.
    #[must_use]
    pub(crate) fn read(text: &str) -> Option<Self> {
        let reference: Reference = text.parse().ok()?;
        let at = match (reference.digest(), reference.tag()) {
            (Some(digest), _) => TagOrDigest::Digest(digest.clone()),
            (None, Some(tag)) => TagOrDigest::Tag(tag.clone()),
            (None, None) => TagOrDigest::Tag(LATEST.parse().ok()?),
        };
        Some(Self { repository: reference.repository().clone(), at })
    }
}

impl fmt::Display for BaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { repository, at } = self;
        write!(f, "{repository}{}", at.suffix())
    }
}

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// It only has to be asked.
    Unasked,
    /// The registry does not say it, and may do so another time.
    Unanswered(String),
    /// What the registry says leaves it open.
    Open(String),
}

/// A look at what repositories answered, which gathers what there is to ask. Of each base, the repository is given by its
/// position.
pub(crate) struct Look<'r> {
    records: &'r [Record],
    failures: &'r BTreeMap<usize, Diagnostic>,
    questions: Questions,
}

impl<'r> Look<'r> {
    /// A look at these answers, and at why some repositories do not answer.
    #[must_use]
    pub(crate) fn new(records: &'r [Record], failures: &'r BTreeMap<usize, Diagnostic>) -> Self {
        Self { records, failures, questions: Questions::new() }
    }

    /// What there is to ask.
    #[must_use]
    pub(crate) fn questions(self) -> Questions {
        self.questions
    }

    fn known<T>(
        &mut self,
        site: usize,
        known: Known<'r, T>,
        question: Question,
        what: &str,
    ) -> Result<T, Unknown> {
        match known {
            Known::Present(found) => Ok(found),
            Known::Absent => Err(Unknown::Unanswered(format!("{what} is not there"))),
            Known::Faulty(fault) => Err(Unknown::Unanswered(fault.message().to_owned())),
            Known::Unasked => match self.failures.get(&site) {
                Some(failure) => Err(Unknown::Unanswered(failure.message.clone())),
                None => {
                    self.questions.insert((site, question));
                    Err(Unknown::Unasked)
                }
            },
        }
    }

    /// The digest of a tag; nothing when the tag is not there.
    pub(crate) fn tagged(&mut self, site: usize, tag: &Tag) -> Result<Option<Digest>, Unknown> {
        let records = self.records;
        match records[site].tag(tag) {
            Known::Absent => Ok(None),
            known => {
                let found = self.known(site, known, Question::Tag(tag.clone()), tag.as_str());
                found.map(|digest| Some(digest.clone()))
            }
        }
    }

    /// The digest that a name stands for.
    fn digest(&mut self, site: usize, at: &TagOrDigest) -> Result<Digest, Unknown> {
        match at {
            TagOrDigest::Digest(digest) => Ok(digest.clone()),
            TagOrDigest::Tag(tag) => {
                let missing = || Unknown::Unanswered(format!("the tag `{tag}` is not there"));
                self.tagged(site, tag)?.ok_or_else(missing)
            }
        }
    }

    /// A manifest.
    pub(crate) fn manifest(&mut self, site: usize, digest: &Digest) -> Result<&'r Served, Unknown> {
        let records = self.records;
        let known = records[site].manifest(digest);
        self.known(site, known, Question::Manifest(digest.clone()), digest.as_str())
    }

    fn configuration(&mut self, site: usize, digest: &Digest) -> Result<&'r Configuration, Unknown> {
        let records = self.records;
        let known = records[site].configuration(digest);
        self.known(site, known, Question::Configuration(digest.clone()), digest.as_str())
    }

    /// What takes the place of a base for builds of these platforms, `None` among which is one that cannot be told: its index.
    /// The manifest of an image alone would be built from on all platforms, whatever it is for.
    pub(crate) fn pin(
        &mut self,
        site: usize,
        at: &TagOrDigest,
        platforms: &BTreeSet<Option<Platform>>,
    ) -> Result<Digest, Unknown> {
        let digest = self.digest(site, at)?;
        let served = self.manifest(site, &digest)?;
        let image = match &served.content {
            Content::Index(_) => return Ok(digest),
            Content::Image(image) => image,
            Content::Unreadable(why) => {
                return Err(Unknown::Unanswered(format!("{digest} cannot be read: {why}")));
            }
        };
        let configuration = self.configuration(site, &image.config.digest)?;
        let own = configuration.platform.as_ref().map_err(|why| Unknown::Open(why.clone()))?;
        if platforms.iter().all(|platform| platform.as_ref().is_some_and(|platform| own.fits(platform))) {
            Ok(digest)
        } else {
            Err(Unknown::Open(format!(
                "it has no index but one image, for {own}, and it is not known that all builds are for that"
            )))
        }
    }

    /// The instructions that wait in a base for builds of a platform, or of any.
    pub(crate) fn triggers(
        &mut self,
        site: usize,
        at: &TagOrDigest,
        platform: Option<&Platform>,
    ) -> Result<BTreeSet<String>, Unknown> {
        let digest = self.digest(site, at)?;
        let served = self.manifest(site, &digest)?;
        let images = of_platform(served, platform).map_err(Unknown::Unanswered)?;
        if images.len() > MAX_IMAGES {
            return Err(Unknown::Open(format!("it has more than {MAX_IMAGES} images")));
        }
        // All are asked for at once.
        let mut found = Ok(BTreeSet::new());
        for image in images {
            found = both(found, self.triggers_of(site, image));
        }
        found
    }

    fn triggers_of(&mut self, site: usize, digest: &Digest) -> Result<BTreeSet<String>, Unknown> {
        let served = self.manifest(site, digest)?;
        let Content::Image(image) = &served.content else {
            return Err(Unknown::Open(format!("{digest} is not the manifest of an image")));
        };
        let configuration = self.configuration(site, &image.config.digest)?;
        configuration.triggers.clone().map(BTreeSet::from_iter).map_err(Unknown::Open)
    }

    /// Whether a tag serves another image of a platform than under an index that it had. Indexes change with the attestations
    /// in them, while the images stay.
    pub(crate) fn has_moved(
        &mut self,
        site: usize,
        tag: &Tag,
        recorded: &Digest,
        platform: Option<&Platform>,
    ) -> Result<bool, Unknown> {
        let now = self.digest(site, &TagOrDigest::Tag(tag.clone()))?;
        if now == *recorded {
            return Ok(false);
        }
        let records = self.records;
        // What it was may be gone, and then it is not what it is.
        if records[site].manifest(recorded).is_absent() {
            return Ok(true);
        }
        // Both are asked for at once.
        let (now, before) = (self.manifest(site, &now), self.manifest(site, recorded));
        let of = |served| of_platform(served, platform).map_err(Unknown::Unanswered);
        Ok(of(now?)? != of(before?)?)
    }

    /// The images that the build of a platform was made from, as the attestations say that the index has of it; nothing when
    /// it has none that say so.
    pub(crate) fn recorded(
        &mut self,
        site: usize,
        index: &Served,
        platform: Option<&Platform>,
    ) -> Result<Option<Vec<Recorded>>, Unknown> {
        let images = of_platform(index, platform).map_err(Unknown::Unanswered)?;
        let image = match images.iter().collect::<Vec<_>>().as_slice() {
            [one] => (**one).clone(),
            _ => return Err(Unknown::Open("it does not have one image of each platform".to_owned())),
        };
        let beside: Vec<Digest> = match &index.content {
            Content::Index(index) => {
                let entries = index.entries.iter().flatten();
                let own = entries.filter(|entry| entry.attested() == Some(image.as_str()));
                own.map(|entry| entry.digest.clone()).collect()
            }
            Content::Image(_) | Content::Unreadable(_) => Vec::new(),
        };
        let attestations = if beside.is_empty() {
            let records = self.records;
            match records[site].referrers(&image) {
                Known::Absent => Vec::new(),
                known => {
                    let question = Question::Referrers(image.clone());
                    let found = self.known(site, known, question, image.as_str())?;
                    found.iter().map(|found| found.digest.clone()).collect()
                }
            }
        } else {
            beside
        };
        let mut found: Option<Vec<Recorded>> = None;
        for attestation in attestations {
            let Content::Image(manifest) = &self.manifest(site, &attestation)?.content else { continue };
            for layer in provenances(manifest).take(MAX_STATEMENTS) {
                if u64::try_from(layer.size).is_ok_and(|size| size > MAX_STATEMENT) {
                    return Err(Unknown::Open(format!(
                        "the provenance {} has {} bytes",
                        layer.digest, layer.size
                    )));
                }
                let records = self.records;
                let known = records[site].provenance(&layer.digest);
                let question = Question::Provenance(layer.digest.clone());
                let Statement { size: _, bases, recorded, checkout: _ } =
                    self.known(site, known, question, layer.digest.as_str())?;
                if let Err(why) = bases {
                    return Err(Unknown::Open(format!(
                        "the provenance {} cannot be read: {why}",
                        layer.digest
                    )));
                }
                found.get_or_insert_default().extend(recorded.iter().cloned());
            }
        }
        Ok(found)
    }
}

/// The instructions of two images. Where some are known, it is known that there are some.
pub(crate) fn both(
    one: Result<BTreeSet<String>, Unknown>,
    other: Result<BTreeSet<String>, Unknown>,
) -> Result<BTreeSet<String>, Unknown> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok(one.into_iter().chain(other).collect()),
        (Ok(some), Err(_)) | (Err(_), Ok(some)) if !some.is_empty() => Ok(some),
        (Err(why @ Unknown::Unanswered(_)), _) | (_, Err(why @ Unknown::Unanswered(_))) => Err(why),
        (Err(why), _) | (_, Err(why)) => Err(why),
    }
}

/// The images of a platform that an index has; all of them for none, and where none is for that very platform.
fn of_platform<'s>(served: &'s Served, platform: Option<&Platform>) -> Result<BTreeSet<&'s Digest>, String> {
    let digest = &served.manifest.digest;
    let unreadable = |why: &str| format!("{digest} cannot be read: {why}");
    let images: Vec<(&Digest, Option<&DescriptorPlatform>)> = match &served.content {
        Content::Image(_) => vec![(digest, None)],
        Content::Unreadable(why) => return Err(unreadable(why)),
        Content::Index(index) => {
            let images = index.images().map_err(|why| unreadable(&why))?;
            images.into_iter().map(|entry| (&entry.digest, entry.platform.as_ref())).collect()
        }
    };
    let fits = |own: Option<&DescriptorPlatform>| {
        own.is_some_and(|own| platform.is_some_and(|platform| own.fits(platform)))
    };
    let fitting: BTreeSet<&Digest> =
        images.iter().filter(|(_, own)| fits(*own)).map(|(digest, _)| *digest).collect();
    if fitting.is_empty() { Ok(images.into_iter().map(|(digest, _)| digest).collect()) } else { Ok(fitting) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed() {
        for (text, expected) in [
            ("alpine", "docker.io/library/alpine:latest"),
            ("alpine:3.20", "docker.io/library/alpine:3.20"),
            ("index.docker.io/library/alpine", "docker.io/library/alpine:latest"),
            ("acme/app", "docker.io/acme/app:latest"),
            ("localhost:5000/app", "localhost:5000/app:latest"),
        ] {
            assert_eq!(BaseName::read(text).unwrap().to_string(), expected);
        }
        let digest = Digest::sha256(b"");
        let pinned = BaseName::read(&format!("alpine:3.20@{digest}")).unwrap();
        assert_eq!(pinned.to_string(), format!("docker.io/library/alpine@{digest}"));
        assert_eq!(BaseName::read("Not A Name"), None);
    }
}
