//! Pins: named contexts that take the place of bases, so that all builds of a plan start from the same ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::bases::{Known, said};
use super::unpinned::{self, Left};
use crate::bake::target::Text;
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, listed};
use crate::plan::Plan;
use crate::published::bases::{BaseName, Unknown};
use crate::reads::{BaseUse, Bases, IMAGE, LegBases};
use crate::reference::{Digest, LATEST, Reference};

/// The name of a target's own context, which no base can have among named contexts.
const MAIN: &str = "context";

/// The pins of a plan.
#[derive(Default)]
pub(super) struct Pins {
    /// The named contexts of each leg, by key.
    legs: BTreeMap<Name, BTreeMap<Name, String>>,
    /// Which bases are not pinned and what to do about it, by leg.
    unpinned: BTreeMap<Left, Vec<String>>,
}

impl Pins {
    /// The pins of bases whose digests are known.
    pub(super) fn of(bases: &Bases, known: &Known) -> Self {
        let mut pins = Self::default();
        for (leg, of_leg) in bases {
            unpinned::of_leg(of_leg, known).into_iter().for_each(|left| pins.leave(leg, left));
            let LegBases { images, starts: _, parents: _, stages, contexts: _, own: _, unknown: _ } = of_leg;
            let mut keys: BTreeMap<BaseName, Name> = BTreeMap::new();
            for BaseUse { name: text, platform: _, is_digest } in images {
                let Some(name) = BaseName::read(text).filter(|_| !is_digest) else { continue };
                let digest = match known.get(&name).and_then(|base| base.pin.as_ref()) {
                    Some(Ok(digest)) => digest,
                    Some(Err(why)) => {
                        pins.leave(leg, Left::base(not_pinned(text, why)));
                        continue;
                    }
                    // It was not pinned before, or nobody asked.
                    None => continue,
                };
                // A named context takes the place of a stage, too.
                let is_taken = stages.iter().any(|stage| BaseName::read(stage).as_ref() == Some(&name));
                if is_taken || text.eq_ignore_ascii_case(MAIN) {
                    let why = "a stage has its name, and would be replaced, too";
                    pins.leave(leg, Left::base(format!("base `{text}` is not pinned: {why}")));
                    continue;
                }
                // Two spellings of one name are the same key to BuildKit.
                let key = keys.entry(name).or_insert_with(|| text.as_str().into());
                let value = pinned(text, digest);
                pins.legs.entry(leg.clone()).or_default().entry(key.clone()).or_insert(value);
            }
        }
        unpinned::contexts(bases).into_iter().for_each(|(leg, left)| pins.leave(leg, left));
        pins
    }

    fn leave(&mut self, leg: &Name, left: Left) {
        let legs = self.unpinned.entry(left).or_default();
        let leg = leg.to_string();
        if !legs.contains(&leg) {
            legs.push(leg);
        }
    }

    /// Whether nothing is pinned.
    pub(super) fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    /// The same without words on what is not pinned, which were said before.
    pub(super) fn told_before(self) -> Self {
        Self { unpinned: BTreeMap::new(), ..self }
    }

    /// Writes the pins into the definitions of a plan's legs, and of the targets without platforms that these link to.
    pub(super) fn apply(&self, plan: &mut Plan) {
        for (name, contexts) in &self.legs {
            let target = match plan.legs.get_mut(name) {
                Some(leg) => Some(&mut *leg.definition),
                None => plan.targets.get_mut(name).map(Arc::make_mut),
            };
            let Some(target) = target else { continue };
            for (key, value) in contexts {
                target.contexts.insert(key.clone(), Text::verbatim(value));
            }
        }
    }

    /// What is not pinned, and why.
    pub(super) fn notes(&self) -> Vec<Diagnostic> {
        let note = |(Left { why, help }, legs): (&Left, &Vec<String>)| {
            Diagnostic::warning(Code::UNPINNED_BASE, format!("{why} ({})", listed(legs))).with_help(*help)
        };
        self.unpinned.iter().map(note).collect()
    }
}

/// That a base is not pinned.
pub(super) fn not_pinned(text: &str, why: &Unknown) -> String {
    format!("base `{text}` is not pinned: {}", said(why.clone()))
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
