//! What a run publishes that makes a release: a plan publishes it in the run of the release's git tag.

use std::rc::Rc;

use crate::init::repository::world::World;
use crate::init::steps::build_push::add_repository;
use crate::init::steps::found::{Build, Publication, TagLine};
use crate::init::values::moment::{Answers, Fact, Moment, OfRelease};
use crate::init::values::text::{Choice, Condition, Line, Piece, RuleLine, Template};
use crate::init::values::triggers::Start;

/// Takes apart what runs publish that make a release: what they have beside other pushes is of the release.
pub(in crate::init) fn apart(publications: Vec<Publication>, world: &World) -> Vec<Publication> {
    let mut all = Vec::new();
    for mut one in publications {
        let made = one.runs.at(Moment::Made);
        let in_run = one.runs;
        one.runs = Answers::of(|moment| if moment == Moment::Made { Some(false) } else { in_run.at(moment) });
        if made == Some(false) {
            all.push(one);
        } else if one.unread.is_some() {
            one.runs =
                Answers::of(|moment| if moment == Moment::Release { made } else { one.runs.at(moment) });
            all.push(one);
        } else if in_run.at(Moment::Branch) == Some(false) {
            all.push(of_release(one, made, world));
        } else {
            let (own, others): (Vec<TagLine>, Vec<TagLine>) =
                one.tags.clone().into_iter().partition(is_of_release);
            let is_all_of_release = others.is_empty() && !own.is_empty();
            if !own.is_empty() {
                all.push(of_release(Publication { tags: own, ..one.clone() }, made, world));
                one.tags = others;
            }
            if !is_all_of_release {
                all.push(one);
            }
        }
    }
    all
}

/// Whether only the run that makes a release has a tag.
fn is_of_release(tag: &TagLine) -> bool {
    let has_fact = tag.line().text.0.iter().any(|piece| match piece {
        Piece::Fact(fact) => matches!(fact, Fact::OfRelease(_)),
        Piece::Choice(choice) => {
            let Choice { when: _, condition, then: _, other } = &**choice;
            other.0.is_empty() && is_only_made(condition)
        }
        // What stands in for it is for the other runs.
        _ => false,
    });
    has_fact || matches!(tag, TagLine::Rule(rule) if rule.enable.as_ref().is_some_and(is_only_made))
}

/// Whether only the run that makes a release fulfils a condition, of all pushes to the default branch.
fn is_only_made(condition: &Condition) -> bool {
    condition.answers.at(Moment::Branch) == Some(false) && condition.answers.at(Moment::Made) != Some(false)
}

/// What a plan has of it in the run of the git tag.
fn of_release(mut one: Publication, made: Option<bool>, world: &World) -> Publication {
    one.runs = Answers::of(|moment| if moment == Moment::Release { made } else { Some(false) });
    one.others.clear();
    // What holds in each such run is no condition of a git tag.
    one.guards.retain(|guard| guard.condition.answers.at(Moment::Made) != Some(true));
    for guard in &mut one.guards {
        guard.condition.when = None;
    }
    one.start = Rc::new(Start { made: Some(one.place.clone()), ..(*one.start).clone() });
    let before: Vec<String> = one.tags.iter().map(TagLine::key).collect();
    one.tags = one.tags.iter().map(|tag| settled(tag, world)).collect();
    let changed: Vec<(String, String)> = before.into_iter().zip(one.tags.iter().map(TagLine::key)).collect();
    for (_, tag) in &mut one.named {
        if let Some((_, key)) = changed.iter().find(|(known, _)| known == tag) {
            tag.clone_from(key);
        }
    }
    for line in std::mem::take(&mut one.repositories) {
        let text = text(&line.text, world, false);
        let key = (line.text.key(), text.key());
        for (repository, _) in one.named.iter_mut().filter(|(known, _)| *known == key.0) {
            repository.clone_from(&key.1);
        }
        add_repository(&mut one, Line { text, place: line.place });
    }
    match &mut one.build {
        Some(Build::Dockerfile(build)) => {
            for line in build.args.iter_mut().chain(&mut build.labels) {
                line.text = text(&line.text, world, true);
            }
        }
        Some(Build::Bake(build)) => {
            for (_, value) in build.variables.iter_mut().chain(&mut build.set) {
                *value = text(value, world, true);
            }
            for of in &mut build.tags {
                of.line.text = text(&of.line.text, world, false);
            }
        }
        None => {}
    }
    one
}

/// A tag of such a run.
fn settled(tag: &TagLine, world: &World) -> TagLine {
    match tag {
        TagLine::Text(line) => {
            TagLine::Text(Line { text: text(&line.text, world, false), place: line.place.clone() })
        }
        TagLine::Rule(rule) => {
            let enable = rule.enable.clone().filter(|enable| enable.answers.at(Moment::Made) != Some(true));
            let enable = enable.map(|enable| match enable.answers.at(Moment::Made) {
                Some(false) => Condition::fixed(false),
                _ => Condition { when: None, ..enable },
            });
            // What looks at the ref finds a branch there.
            let written = rule.line.text.shown().replace(' ', "");
            let is_of_tags = ["type=semver", "type=pep440", "type=match", "type=ref,event=tag"]
                .iter()
                .any(|kind| written.contains(kind))
                && !written.contains("value=");
            let enable = if is_of_tags { Some(Condition::fixed(false)) } else { enable };
            let text = text(&rule.line.text, world, false);
            TagLine::Rule(RuleLine {
                line: Line { text, place: rule.line.place.clone() },
                enable,
                ..rule.clone()
            })
        }
    }
}

/// A text of such a run: facts of the release are those of its git tag, and its ref is the default branch.
fn text(of: &Template, world: &World, is_of_build: bool) -> Template {
    let mut out = Template::default();
    for piece in &of.0 {
        match piece {
            Piece::Fact(Fact::OfRelease(of)) => out.push(of_tag(*of, is_of_build)),
            Piece::Fact(
                fact @ (Fact::Ref | Fact::RefName | Fact::RefStart | Fact::RefEnd | Fact::RefSlug),
            ) => {
                out.push(Piece::Text(Moment::Made.fact(fact, world).unwrap_or_default()));
            }
            Piece::Or(fact, other) => match fact {
                Fact::OfRelease(_) => {
                    out.extend(text(&Template(vec![Piece::Fact(fact.clone())]), world, is_of_build));
                }
                _ => out.extend(text(other, world, is_of_build)),
            },
            Piece::Choice(choice) => match choice.condition.answers.at(Moment::Made) {
                Some(holds) => {
                    let side = if holds { &choice.then } else { &choice.other };
                    out.extend(text(side, world, is_of_build));
                }
                None => out.push(Piece::Unknown(choice.condition.written.clone())),
            },
            other => out.push(other.clone()),
        }
    }
    out
}

/// What a plan has for a fact of a release in the run of its git tag.
fn of_tag(of: OfRelease, is_of_build: bool) -> Piece {
    Piece::Fact(match of {
        // The environment of a build has it under this name.
        OfRelease::Tag if is_of_build => Fact::RefName,
        OfRelease::Tag => Fact::Tag,
        OfRelease::Version => Fact::Version,
        OfRelease::Number(0) => Fact::Numbers(1),
        OfRelease::Number(at) => Fact::Number(at),
        OfRelease::Made { or_false: _ } => return Piece::Text("true".to_owned()),
    })
}
