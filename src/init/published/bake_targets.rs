//! Which targets a run of Bake builds, in which runs, and what it sets for them.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::definition::{Known, KnownTarget};
use crate::bake::target::overrides::Overrides;
use crate::bake::target::overrides::counted::Counted;
use crate::init::steps::bake_action::PLATFORMS;
use crate::init::steps::found::{BakeBuild, Override, Publication, TargetsAt};
use crate::init::values::moment::{Answers, MOMENTS, Moment};
use crate::init::values::text::{Condition, Line, Meta, Place, Template};

/// On what it depends that a target is built, by its label, and where that is written.
type Conditions = BTreeMap<String, (Condition, Place)>;

/// The labels of the targets, and on what they depend.
pub(in crate::init) fn labels(build: &BakeBuild, definition: &Known) -> (Vec<String>, Conditions) {
    let mut names: Vec<String> = Vec::new();
    let mut is_known = true;
    for line in &build.targets {
        match line.text.constant() {
            Some(text) => names.extend(text.split_whitespace().map(str::to_owned)),
            None => is_known = false,
        }
    }
    if names.is_empty() && is_known {
        names.push("default".to_owned());
    }
    let mut labels: Vec<String> = Vec::new();
    for name in &names {
        for label in definition.named.get(name).into_iter().flatten() {
            if !labels.contains(label) {
                labels.push(label.clone());
            }
        }
    }
    let mut conditions = Conditions::new();
    if let Some(TargetsAt { written, place, names }) = &build.targets_at {
        let all_at = |moment: Moment| -> Option<Vec<String>> {
            let (_, names) = names.iter().find(|(known, _)| *known == moment)?;
            let names = names.as_ref()?.iter().map(String::as_str);
            let of = |name: &str| definition.named.get(name).cloned().unwrap_or_default();
            Some(names.flat_map(of).collect())
        };
        let all: Vec<(Moment, Option<Vec<String>>)> =
            MOMENTS.into_iter().map(|moment| (moment, all_at(moment))).collect();
        for label in all.iter().flat_map(|(_, labels)| labels.iter().flatten()) {
            let answers = Answers::of(|moment| {
                let (_, labels) = all.iter().find(|(known, _)| *known == moment)?;
                labels.as_ref().map(|labels| labels.contains(label))
            });
            let is_always = answers.0.iter().all(|answer| *answer == Some(true));
            let open = || Condition::new(written.clone(), answers, None);
            let condition = if is_always { Condition::fixed(true) } else { open() };
            conditions.insert(label.clone(), (condition, place.clone()));
            if !labels.contains(label) {
                labels.push(label.clone());
            }
        }
    } else if !is_known {
        // Each of a matrix of targets: all that are published.
        labels.extend(
            definition
                .targets
                .iter()
                .filter(|target| target.has_meta() || !target.tags.is_empty())
                .map(|target| target.label.clone()),
        );
        labels.dedup();
    }
    (labels, conditions)
}

/// Targets that only a run knows, where there are several that may be built.
pub(in crate::init) fn unknown(build: &BakeBuild, count: usize) -> Vec<Line> {
    let is_open = |line: &&Line| line.text.constant().is_none();
    let open = build.targets.iter().filter(|_| count > 1 && build.targets_at.is_none()).filter(is_open);
    let line = |line: &Line| {
        let mut text = Template::from("targets: ");
        text.extend(line.text.clone());
        Line { text, place: line.place.clone() }
    };
    open.map(line).collect()
}

/// Whether a step with docker/metadata-action fills in a target, or one that it inherits from.
pub(in crate::init) fn fills(meta: &Meta, target: &KnownTarget) -> bool {
    match &meta.bake_target {
        None => target.is_filled_by(None),
        Some(name) => match name.constant() {
            Some(name) => target.is_filled_by(Some(&name)),
            None => target.has_meta(),
        },
    }
}

/// Keeps what these of all steps with docker/metadata-action say of a target, and what none of them says.
pub(in crate::init) fn keep(one: &mut Publication, all: &[Rc<Meta>], own: &[&Meta]) {
    if own.len() == all.len() {
        return;
    }
    let places = |meta: &Meta| -> Vec<Place> {
        let conditional = meta.conditional.iter().map(|(line, _)| line);
        let rules = meta.rules.iter().map(|rule| &rule.line);
        let lines = meta.images.iter().chain(conditional).chain(rules).chain(&meta.flavor);
        lines.map(|line| line.place.clone()).collect()
    };
    let of_own: Vec<Place> = own.iter().flat_map(|meta| places(meta)).collect();
    let of_all: Vec<Place> = all.iter().flat_map(|meta| places(meta)).collect();
    let is_own = |place: &Place| of_own.contains(place) || !of_all.contains(place);
    one.repositories.retain(|line| is_own(&line.place));
    one.tags.retain(|tag| is_own(&tag.line().place));
    one.flavor.retain(|line| is_own(&line.place));
}

/// Which of the keys of `--set` count for a target, and whether what they set comes beside what it has. Bake itself decides that:
/// here, the values are the numbers of the keys.
fn counting(keys: impl Iterator<Item = String>, label: &str) -> Vec<(usize, bool)> {
    let sets = keys.enumerate().map(|(at, key)| format!("{key}={at}"));
    let is_set = |set: &String| Overrides::parse(std::slice::from_ref(set), None).is_ok();
    let sets: Vec<String> = sets.filter(is_set).collect();
    let counted = Overrides::parse(&sets, None).map(|overrides| overrides.counted(label)).unwrap_or_default();
    let numbers = |Counted { values, is_more }| {
        let of_values = values.into_iter().filter_map(|value| value.as_str().parse::<usize>().ok());
        of_values.map(move |at| (at, is_more)).collect::<Vec<_>>()
    };
    let mut numbers: Vec<(usize, bool)> = counted.into_iter().flat_map(numbers).collect();
    numbers.sort_unstable();
    numbers
}

/// What a run of Bake sets for a target.
fn all_of(build: &BakeBuild, label: &str) -> Vec<Override> {
    let counting = counting(build.overrides.iter().map(Override::key), label);
    counting.into_iter().map(|(at, is_more)| Override { is_more, ..build.overrides[at].clone() }).collect()
}

/// The same but for platforms.
pub(in crate::init) fn overrides_of(build: &BakeBuild, label: &str) -> Vec<Override> {
    all_of(build, label).into_iter().filter(|one| one.attribute != PLATFORMS).collect()
}

/// The platforms that a run of Bake sets for a target, with its own where these come beside them.
pub(in crate::init) fn platforms_of(build: &BakeBuild, target: &KnownTarget) -> Vec<Line> {
    let all = all_of(build, &target.label);
    let set: Vec<Override> = all.into_iter().filter(|one| one.attribute == PLATFORMS).collect();
    let mut lines = build.platforms.clone();
    if let Some(last) = set.last().filter(|last| last.is_more) {
        let place = target.place.as_ref().unwrap_or(&last.line.place);
        let line = |text: &String| Line { text: Template::from(text.as_str()), place: place.clone() };
        lines.extend(target.platforms.iter().map(line));
    }
    lines.extend(set.into_iter().map(|one| one.line));
    lines
}
