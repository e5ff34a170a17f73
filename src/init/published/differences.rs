//! What differs between two builds of one image: a plan has one of them, and what it does not have is told.

use super::candidate::{Candidate, TargetOf};
use super::platforms;
use crate::init::steps::found::{DockerfileBuild, Override};
use crate::init::values::text::{Line, Place, Template};

/// A second build of an image.
pub(in crate::init) struct OtherBuild<'b> {
    pub(in crate::init) target: &'b TargetOf,
    pub(in crate::init) overrides: &'b [Override],
    pub(in crate::init) platforms: &'b [Line],
    /// Whether it has tags of its own, and is no part of an index.
    pub(in crate::init) has_tags: bool,
    pub(in crate::init) place: &'b Place,
}

/// What is a flag of a build.
const FLAGS: [&str; 2] = ["no-cache", "pull"];

impl OtherBuild<'_> {
    /// What one of the two has today and neither has with the plan, or what the other one gets besides.
    pub(in crate::init) fn lost_beside(&self, known: &mut Candidate) -> Vec<Line> {
        let mut lost = self.platforms(known);
        match (&mut known.target, self.target) {
            (TargetOf::Dockerfile(own), TargetOf::Dockerfile(other)) => {
                let flags =
                    [("no-cache", &mut own.no_cache, other.no_cache), ("pull", &mut own.pull, other.pull)];
                for (name, own, other) in flags {
                    if *own != other {
                        let place = if *own { &known.place } else { self.place };
                        *own = false;
                        lost.push(told(&format!("{name}: true"), place));
                    }
                }
                lost.extend(more(own, other));
            }
            (TargetOf::Known(..), TargetOf::Known(..)) => lost.extend(self.overrides(known)),
            (TargetOf::Known(..), TargetOf::Dockerfile(_))
            | (TargetOf::Dockerfile(_), TargetOf::Known(..)) => {}
        }
        lost
    }

    /// With a plan, each run builds the platforms of both.
    fn platforms(&self, known: &Candidate) -> Vec<Line> {
        let has_tags =
            known.entries.iter().any(|entry| !entry.tags.is_empty() || known.repositories.is_empty());
        let is_same_step = known.steps.iter().any(|step| step.place == *self.place);
        let (own, other) = (platforms::of_lines(&known.platforms), platforms::of_lines(self.platforms));
        if !self.has_tags || !has_tags || is_same_step || own.is_empty() || other.is_empty() {
            return Vec::new();
        }
        let lacks = |one: &[String], all: &[String]| all.iter().any(|platform| !one.contains(platform));
        let sides = [(&own, &other, &known.platforms[..]), (&other, &own, self.platforms)];
        let sides = sides.into_iter().filter(|(one, all, _)| lacks(one, all));
        sides
            .filter_map(|(one, _, lines)| {
                Some(told(&format!("platforms: {} alone", one.join(",")), &lines.first()?.place))
            })
            .collect()
    }

    /// What the steps set for a target of a Bake file.
    fn overrides(&self, known: &mut Candidate) -> Vec<Line> {
        let is_in = |all: &[Override], one: &Override| {
            all.iter().any(|known| {
                (known.attribute, &known.member, known.line.text.key())
                    == (one.attribute, &one.member, one.line.text.key())
            })
        };
        let is_cache = |one: &&Override| one.attribute.starts_with("cache");
        let shown = |one: &Override| {
            let member = one.member.iter().map(|member| format!(".{member}")).collect::<String>();
            told(&format!("{}{member}: {}", one.attribute, one.line.text.shown()), &one.line.place)
        };
        let others = self.overrides.iter().filter(|one| !is_cache(one) && !is_in(&known.overrides, one));
        let mut lost: Vec<Line> = others.map(shown).collect();
        let is_own_flag = |one: &Override| FLAGS.contains(&one.attribute) && !is_in(self.overrides, one);
        lost.extend(known.overrides.iter().filter(|one| is_own_flag(one)).map(shown));
        known.overrides.retain(|one| !is_own_flag(one));
        lost
    }
}

/// What only the second build of a Dockerfile has.
fn more(own: &DockerfileBuild, other: &DockerfileBuild) -> Vec<Line> {
    let lists = [
        ("build-contexts", &own.contexts, &other.contexts),
        ("secret", &own.secrets, &other.secrets),
        ("ssh", &own.ssh, &other.ssh),
        ("attests", &own.attest, &other.attest),
        ("outputs", &own.output, &other.output),
    ];
    let lists = lists.map(|(name, own, other)| (name, own.as_slice(), other.as_slice()));
    let settings = other.settings.iter().map(|one| {
        let known = own.settings.iter().find(|known| known.attribute == one.attribute);
        (one.attribute, known.map_or(&[][..], |known| known.lines.as_slice()), one.lines.as_slice())
    });
    let mut lost = Vec::new();
    for (name, own, other) in lists.into_iter().chain(settings) {
        let is_new = |line: &&Line| !own.iter().any(|known| known.text.key() == line.text.key());
        lost.extend(
            other
                .iter()
                .filter(is_new)
                .map(|line| told(&format!("{name}: {}", line.text.shown()), &line.place)),
        );
    }
    lost
}

fn told(text: &str, place: &Place) -> Line {
    Line { text: Template::from(text), place: place.clone() }
}
