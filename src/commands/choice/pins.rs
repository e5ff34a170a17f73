//! Pins: named contexts that take the place of bases, so that all builds of a plan start from the same ones.

use std::collections::{BTreeMap, BTreeSet};

use super::bases::Known;
use crate::bake::target::Text;
use crate::bake::target::links::links;
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, listed};
use crate::plan::{Image, Plan};
use crate::published::bases::BaseName;
use crate::reads::{BaseUse, Bases, IMAGE, LegBases};
use crate::reference::{Digest, LATEST, Reference};

/// The name of a target's own context, which no base can have among named contexts.
const MAIN: &str = "context";

/// The pins of a plan.
#[derive(Default)]
pub(super) struct Pins {
    /// The named contexts of each leg, by key.
    legs: BTreeMap<Name, BTreeMap<Name, String>>,
    /// Which bases are not pinned, by leg.
    unpinned: BTreeMap<String, Vec<String>>,
    /// Why a leg may be pinned in another run, and is not in this one.
    unreached: BTreeMap<Name, String>,
}

impl Pins {
    /// The pins of bases whose digests are known.
    pub(super) fn of(bases: &Bases, known: &Known) -> Self {
        let mut pins = Self::default();
        for (leg, LegBases { images, parents: _, stages, unknown }) in bases {
            if let Some(why) = unknown {
                pins.leave(leg, format!("not all bases can be pinned: {why}"));
            }
            let mut keys: BTreeMap<BaseName, Name> = BTreeMap::new();
            for BaseUse { name: text, platform: _, is_digest } in images {
                let Some(name) = BaseName::read(text).filter(|_| !is_digest) else { continue };
                let base = known.get(&name);
                let digest = match base.and_then(|base| base.pin.as_ref()) {
                    Some(Ok(digest)) => digest,
                    Some(Err(why)) => {
                        let why = format!("base `{text}` is not pinned: {why}");
                        if base.is_some_and(|base| base.is_unreached) {
                            pins.unreached.entry(leg.clone()).or_insert_with(|| why.clone());
                        }
                        pins.leave(leg, why);
                        continue;
                    }
                    // It was not pinned before, or nobody asked.
                    None => continue,
                };
                // A named context takes the place of a stage, too.
                let is_taken = stages.iter().any(|stage| BaseName::read(stage).as_ref() == Some(&name));
                if is_taken || text.eq_ignore_ascii_case(MAIN) {
                    let why = "a stage has its name, and would be replaced, too";
                    pins.leave(leg, format!("base `{text}` is not pinned: {why}"));
                    continue;
                }
                // Two spellings of one name are the same key to BuildKit.
                let key = keys.entry(name).or_insert_with(|| text.as_str().into());
                let value = pinned(text, digest);
                pins.legs.entry(leg.clone()).or_default().entry(key.clone()).or_insert(value);
            }
        }
        pins
    }

    fn leave(&mut self, leg: &Name, why: String) {
        let legs = self.unpinned.entry(why).or_default();
        let leg = leg.to_string();
        if !legs.contains(&leg) {
            legs.push(leg);
        }
    }

    /// Why it cannot be known what an image is made of: a base of it, or of what it links to, could not be looked up.
    pub(super) fn unreached(&self, plan: &Plan, image: &Image) -> Option<&String> {
        let mut seen: BTreeSet<&str> = image.builds.iter().map(|build| &*build.leg).collect();
        let mut open: Vec<&str> = seen.iter().copied().collect();
        while let Some(name) = open.pop() {
            if let Some(why) = self.unreached.get(name) {
                return Some(why);
            }
            let definition = plan.legs.get(name).map(|leg| &*leg.definition);
            let linked = definition.into_iter().flat_map(links).map(|(_, next)| next);
            open.extend(linked.filter(|next| seen.insert(next)));
        }
        None
    }

    /// Whether nothing is pinned.
    pub(super) fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    /// The same without words on what is not pinned, which were said before.
    pub(super) fn told_before(self) -> Self {
        Self { unpinned: BTreeMap::new(), ..self }
    }

    /// Writes the pins into the definitions of a plan's legs.
    pub(super) fn apply(&self, plan: &mut Plan) {
        for (name, leg) in &mut plan.legs {
            for (key, value) in self.legs.get(name).into_iter().flatten() {
                leg.definition.contexts.insert(key.clone(), Text::verbatim(value));
            }
        }
    }

    /// What is not pinned, and why.
    pub(super) fn notes(&self) -> Vec<Diagnostic> {
        let note = |(why, legs): (&String, &Vec<String>)| {
            Diagnostic::warning(Code::UNPINNED_BASE, format!("{why} ({})", listed(legs)))
                .with_help("give it a digest in the Dockerfile, such as `FROM alpine:3.20@sha256:…`")
        };
        self.unpinned.iter().map(note).collect()
    }
}

/// The named context that stands for an image. Its tag stays in what the build records of it.
fn pinned(text: &str, digest: &Digest) -> String {
    let has_tag = text.parse::<Reference>().is_ok_and(|reference| reference.tag().is_some());
    let tag = if has_tag { String::new() } else { format!(":{LATEST}") };
    format!("{IMAGE}{text}{tag}@{digest}")
}

#[cfg(test)]
mod tests {
    use super::super::bases::Base;
    use super::*;

    fn uses(names: &[&str]) -> Vec<BaseUse> {
        let one = |name: &&str| BaseUse {
            name: (*name).to_owned(),
            platform: "linux/amd64".parse().ok(),
            is_digest: name.contains('@'),
        };
        names.iter().map(one).collect()
    }

    /// The pins of a leg whose bases all have one digest.
    fn pins(names: &[&str], stages: &[&str]) -> Pins {
        let images = uses(names);
        let digest = Digest::sha256(b"");
        let base = |_: &BaseUse| Base { pin: Some(Ok(digest.clone())), ..Base::default() };
        let known = images.iter().map(|one| (BaseName::read(&one.name).unwrap(), base(one))).collect();
        let stages = stages.iter().map(|&stage| stage.to_owned()).collect();
        let leg = LegBases { images, stages, ..LegBases::default() };
        Pins::of(&Bases::from([("leg".into(), leg)]), &known)
    }

    fn written(pins: &Pins) -> Vec<String> {
        let digest = Digest::sha256(b"");
        let one = |(key, value): (&Name, &String)| format!("{key} = {}", value.replace(digest.as_str(), "…"));
        pins.legs.values().flatten().map(one).collect()
    }

    #[test]
    fn a_base_is_pinned_under_its_name_with_its_tag() {
        for (name, expected) in [
            ("alpine", "alpine = docker-image://alpine:latest@…"),
            ("alpine:3.20", "alpine:3.20 = docker-image://alpine:3.20@…"),
            ("localhost:5000/a", "localhost:5000/a = docker-image://localhost:5000/a:latest@…"),
            ("r.io/a/b:1", "r.io/a/b:1 = docker-image://r.io/a/b:1@…"),
        ] {
            assert_eq!(written(&pins(&[name], &["build"])), [expected]);
        }
        let digest = Digest::sha256(b"");
        assert_eq!(written(&pins(&[&format!("alpine@{digest}")], &[])), [""; 0]);
        // Two spellings of one name.
        let twice = pins(&["alpine", "docker.io/library/alpine:latest"], &[]);
        assert_eq!(written(&twice), ["alpine = docker-image://alpine:latest@…"]);
    }

    #[test]
    fn a_pin_never_takes_the_place_of_a_stage() {
        for (name, stage) in [
            ("alpine", "alpine"),
            ("alpine:latest", "alpine"),
            ("docker.io/library/alpine", "alpine"),
            ("index.docker.io/library/alpine:latest", "alpine"),
            ("context", "build"),
        ] {
            let pins = pins(&[name, "debian:12"], &[stage]);
            assert_eq!(written(&pins), ["debian:12 = docker-image://debian:12@…"], "{name}");
            let notes = pins.notes();
            assert!(notes[0].message.contains(&format!("base `{name}` is not pinned")), "{notes:?}");
        }
        assert_eq!(written(&pins(&["alpine:3.20"], &["alpine"])).len(), 1);
    }
}
