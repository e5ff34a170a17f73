//! Whether the platforms of an image were built on the same bases, as their provenance tells.

use std::collections::BTreeMap;
use std::fmt;

use super::super::subject::Subject;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::Descriptor;
use crate::published::metadata::Pushed;
use crate::published::provenance::{Base, MAX_STATEMENT, Statement, provenances};
use crate::published::record::{Known, Question, Questions, Record};
use crate::published::served::{Content, Served};
use crate::reference::Digest;

/// How many statements of one attestation are read.
const MAX_LAYERS: usize = 4;

/// What is known of the bases of an image's builds.
#[derive(Debug, Default)]
pub(crate) struct Bases<'a> {
    /// By leg.
    known: BTreeMap<&'a str, (Vec<Base>, String)>,
    /// The same of legs that were not built, and whose platforms are carried over.
    carried: BTreeMap<&'a str, (Vec<Base>, String)>,
    /// The legs of which nothing is known, and why if that can be said.
    unknown: BTreeMap<&'a str, Option<String>>,
}

/// Collects the bases of an image's builds and of what is carried over, as far as the records tell: from the metadata, or
/// else from the attestation in the first repository that has it. What is to be asked for that.
#[must_use]
pub(crate) fn look<'a>(
    subject: &Subject<'a>,
    carried: &BTreeMap<String, Vec<Descriptor>>,
    records: &[Record],
) -> (Bases<'a>, Questions) {
    let (mut bases, mut questions) = (Bases::default(), Questions::new());
    let (image, metadata) = (subject.image, subject.metadata);
    let built = image.builds.keys().filter_map(|leg| Some((leg.as_str(), metadata.builds.get(leg)?)));
    let built: Vec<(&str, &Pushed)> = built.collect();
    let taken = image.builds.keys().filter_map(|leg| Some((leg.as_str(), carried.get(leg)?)));
    let taken: Vec<(&str, &Vec<Descriptor>)> = taken.collect();
    // One build alone differs from nothing, and what is carried over was compared when it was built.
    if built.is_empty() || built.len() + taken.len() < 2 {
        return (bases, questions);
    }
    for (leg, pushed) in built {
        if let Some(own) = &pushed.bases {
            bases.known.insert(leg, (own.clone(), pushed.origin.clone()));
            continue;
        }
        let attestations = attestations(subject, &pushed.digest, records);
        match attested(subject, &attestations, records, &mut questions) {
            Ok(own) => drop(bases.known.insert(leg, own)),
            Err(why) => drop(bases.unknown.insert(leg, why)),
        }
    }
    for (leg, entries) in taken {
        let beside = entries.iter().filter(|entry| entry.attested().is_some());
        let referrers = entries.iter().filter_map(|entry| referrer(subject, &entry.digest, records));
        let attestations: Vec<Digest> = beside.map(|entry| entry.digest.clone()).chain(referrers).collect();
        match attested(subject, &attestations, records, &mut questions) {
            Ok(own) => drop(bases.carried.insert(leg, own)),
            Err(why) => drop(bases.unknown.insert(leg, why)),
        }
    }
    (bases, questions)
}

/// The bases that attestations tell, and which one does; else why they cannot be used, if that can be said. What is to be
/// asked goes into the questions.
fn attested(
    subject: &Subject<'_>,
    attestations: &[Digest],
    records: &[Record],
    questions: &mut Questions,
) -> Result<(Vec<Base>, String), Option<String>> {
    let (mut found, mut why): (Option<(Vec<Base>, String)>, _) = (None, None);
    for layer in statements(subject, attestations, records) {
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
            Known::Present(Statement { size: _, bases: Err(problem), recorded: _, checkout: _ }) => {
                why = Some(problem.clone());
            }
            Known::Present(Statement { size: _, bases: Ok(own), recorded: _, checkout: _ }) => {
                let origin = || format!("its attestation {}", layer.attestation);
                found.get_or_insert_with(|| (Vec::new(), origin())).0.extend(own.iter().cloned());
            }
        }
    }
    found.ok_or(why)
}

/// A layer of an attestation that tells the provenance of an image.
pub(super) struct Layer {
    pub(super) attestation: Digest,
    pub(super) digest: Digest,
    pub(super) size: u64,
}

/// A manifest, from the first repository that has it.
fn find<'r>(subject: &Subject<'_>, digest: &Digest, records: &'r [Record]) -> Option<&'r Served> {
    subject.places.iter().find_map(|&site| records[site].manifest(digest).present())
}

/// The attestation that refers to an image.
fn referrer(subject: &Subject<'_>, image: &Digest, records: &[Record]) -> Option<Digest> {
    let found = subject.places.iter().find_map(|&site| records[site].referrers(image).present()?.first());
    found.map(|found| found.digest.clone())
}

/// The attestations of a build, as far as its manifests are known.
pub(super) fn attestations(subject: &Subject<'_>, digest: &Digest, records: &[Record]) -> Vec<Digest> {
    let referrer = |image: &Digest| referrer(subject, image, records);
    let Some(served) = find(subject, digest, records) else { return Vec::new() };
    match &served.content {
        Content::Index(index) => {
            let entries = || index.entries.iter().flatten();
            let beside =
                entries().filter(|entry| entry.attested().is_some()).map(|entry| entry.digest.clone());
            beside.chain(entries().filter_map(|entry| referrer(&entry.digest))).collect()
        }
        Content::Image(_) => referrer(digest).into_iter().collect(),
        Content::Unreadable(_) => Vec::new(),
    }
}

/// The layers of attestations that tell the provenance of an image, as far as their manifests are known.
pub(super) fn statements(subject: &Subject<'_>, attestations: &[Digest], records: &[Record]) -> Vec<Layer> {
    let mut layers = Vec::new();
    for attestation in attestations {
        if let Some(Content::Image(manifest)) =
            find(subject, attestation, records).map(|served| &served.content)
        {
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
            for (name, one) in self::uses(leg, bases, origin) {
                uses.entry(name).or_default().push(one);
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

    /// Says which platforms that are carried over have other bases than the builds: by their nature they may.
    #[must_use]
    pub(crate) fn older(&self, key: &str) -> Vec<Diagnostic> {
        let of_builds = || self.known.iter().flat_map(|(leg, (bases, from))| uses(leg, bases, from));
        let mut notes = Vec::new();
        for (leg, (bases, from)) in &self.carried {
            for (name, own) in uses(leg, bases, from) {
                let differs = |(_, other): &(&str, Use<'_>)| other.digest != own.digest;
                let Some((_, other)) = of_builds().filter(|(other, _)| *other == name).find(differs) else {
                    continue;
                };
                let message = format!(
                    "image `{key}`: `{leg}` was not built and is carried over with another base than the builds have: `{name}` moved between them"
                );
                let note = Diagnostic::note(Code::CARRIED_BASES, message)
                    .with_note(own.to_string())
                    .with_note(other.to_string())
                    .with_help(format!("build `{leg}` again to give all platforms the same base"));
                // A provenance may name a base once for each stage that begins with it.
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        notes
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

/// The bases that a build uses, by name.
fn uses<'u>(leg: &'u str, bases: &'u [Base], origin: &'u str) -> impl Iterator<Item = (&'u str, Use<'u>)> {
    bases.iter().map(move |base| (base.name.as_str(), Use { leg, digest: &base.digest, origin }))
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
