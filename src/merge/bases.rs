//! Whether the platforms of an image were built on the same bases, as their provenance tells.

use std::collections::BTreeMap;
use std::fmt;

use super::subject::Subject;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::metadata::Pushed;
use crate::published::provenance::{Base, MAX_STATEMENT, Statement, provenances};
use crate::published::record::{Known, Question, Questions, Record};
use crate::published::served::Content;
use crate::reference::Digest;

/// How many statements of one attestation are read.
const MAX_LAYERS: usize = 4;

/// What is known of the bases of an image's builds.
#[derive(Debug, Default)]
pub(crate) struct Bases<'a> {
    /// By leg.
    known: BTreeMap<&'a str, (Vec<Base>, String)>,
    /// The legs of which nothing is known, and why if that can be said.
    unknown: BTreeMap<&'a str, Option<String>>,
}

/// Collects the bases of an image's builds, as far as the records tell: from the metadata, or else from the attestation in
/// the first repository that has it. What is to be asked for that.
#[must_use]
pub(crate) fn look<'a>(subject: &Subject<'a>, records: &[Record]) -> (Bases<'a>, Questions) {
    let (mut bases, mut questions) = (Bases::default(), Questions::new());
    let (image, metadata) = (subject.image, subject.metadata);
    let built = image.builds.keys().filter_map(|leg| Some((leg.as_str(), metadata.builds.get(leg)?)));
    let built: Vec<(&str, &Pushed)> = built.collect();
    // One build alone differs from nothing.
    if built.len() < 2 {
        return (bases, questions);
    }
    for (leg, pushed) in built {
        if let Some(own) = &pushed.bases {
            bases.known.insert(leg, (own.clone(), pushed.origin.clone()));
            continue;
        }
        let mut why = None;
        for layer in statements(subject, pushed, records) {
            let places = subject.places.iter();
            let has_it = |site: &&usize| records[**site].manifest(&layer.attestation).present().is_some();
            let Some(&site) = places.clone().find(has_it) else { continue };
            match records[site].provenance(&layer.digest) {
                Known::Unasked if layer.size <= MAX_STATEMENT => {
                    questions.insert((site, Question::Provenance(layer.digest.clone())));
                }
                Known::Unasked => why = Some(format!("it has {} bytes", layer.size)),
                // The check of its blobs reports that it is not there.
                Known::Absent => {}
                Known::Faulty(fault) => why = Some(fault.message().to_owned()),
                Known::Present(Statement { size: _, bases: Err(problem) }) => why = Some(problem.clone()),
                Known::Present(Statement { size: _, bases: Ok(own) }) => {
                    let origin = format!("its attestation {}", layer.attestation);
                    let entry = bases.known.entry(leg).or_insert_with(|| (Vec::new(), origin));
                    entry.0.extend(own.iter().cloned());
                }
            }
        }
        if !bases.known.contains_key(leg) {
            bases.unknown.insert(leg, why);
        }
    }
    (bases, questions)
}

/// A layer of an attestation that tells the provenance of an image.
struct Layer {
    attestation: Digest,
    digest: Digest,
    size: u64,
}

/// The layers that tell the provenance of a build, as far as its manifests are known.
fn statements(subject: &Subject<'_>, pushed: &Pushed, records: &[Record]) -> Vec<Layer> {
    let find =
        |digest: &Digest| subject.places.iter().find_map(|&site| records[site].manifest(digest).present());
    let referrer = |image: &Digest| {
        let found = subject.places.iter().find_map(|&site| records[site].referrers(image).present()?.first());
        found.map(|found| found.digest.clone())
    };
    let Some(served) = find(&pushed.digest) else { return Vec::new() };
    let attestations: Vec<Digest> = match &served.content {
        Content::Index(index) => {
            let entries = || index.entries.iter().flatten();
            let beside =
                entries().filter(|entry| entry.attested().is_some()).map(|entry| entry.digest.clone());
            beside.chain(entries().filter_map(|entry| referrer(&entry.digest))).collect()
        }
        Content::Image(_) => referrer(&pushed.digest).into_iter().collect(),
        Content::Unreadable(_) => Vec::new(),
    };
    let mut layers = Vec::new();
    for attestation in attestations {
        if let Some(Content::Image(manifest)) = find(&attestation).map(|served| &served.content) {
            layers.extend(provenances(manifest).take(MAX_LAYERS).map(|layer| Layer {
                attestation: attestation.clone(),
                digest: layer.digest.clone(),
                size: u64::try_from(layer.size).unwrap_or(0),
            }));
        }
    }
    layers
}

impl Bases<'_> {
    /// The bases that differ between the builds of an image.
    #[must_use]
    pub(crate) fn mixed(&self, key: &str) -> Vec<Diagnostic> {
        let mut uses: BTreeMap<&str, Vec<Use<'_>>> = BTreeMap::new();
        for (leg, (bases, origin)) in &self.known {
            for base in bases {
                uses.entry(&base.name).or_default().push(Use { leg, digest: &base.digest, origin });
            }
        }
        let differing = uses.into_iter().filter_map(|(name, uses)| {
            let first = uses.first()?;
            let other = uses.iter().find(|one| one.digest != first.digest)?;
            let message =
                format!("image `{key}`: its builds have different bases: `{name}` moved between them");
            let help = "run the older of these builds again, or pass `--allow-mixed-bases`";
            Some(
                Diagnostic::error(Code::MIXED_BASES, message)
                    .with_note(first.to_string())
                    .with_note(other.to_string())
                    .with_help(help),
            )
        });
        differing.collect()
    }

    /// Says of which builds nothing is known.
    #[must_use]
    pub(crate) fn unknown(&self, key: &str) -> Option<Diagnostic> {
        if self.unknown.is_empty() {
            return None;
        }
        let legs: Vec<String> = self.unknown.keys().map(|leg| format!("`{leg}`")).collect();
        let message = format!(
            "image `{key}`: nothing is known about the bases of {}: neither its metadata nor an attestation has the provenance",
            legs.join(", ")
        );
        let mut note = Diagnostic::note(Code::UNKNOWN_BASES, message);
        for (leg, why) in &self.unknown {
            note.notes
                .extend(why.iter().map(|why| format!("the attestation of `{leg}` cannot be used: {why}")));
        }
        Some(note)
    }
}

/// The use of a base by a build.
struct Use<'a> {
    leg: &'a str,
    digest: &'a str,
    origin: &'a str,
}

impl fmt::Display for Use<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` was built on {} (`{}`)", self.leg, self.digest, self.origin)
    }
}
