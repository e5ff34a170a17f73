//! Which runner builds each platform today, as `runners` of the block.

use hcl::Expression;
use hcl::expr::ObjectKey;
use indexmap::IndexMap;

use super::render::{Lines, from};
use super::tags::list;
use super::target_block::{Told, key};
use crate::init::published::images::Candidate;
use crate::init::published::platforms;
use crate::init::values::mask::quotable;
use crate::init::values::runs_on::RunsOn;
use crate::platform::Platform;
use crate::runner::{Runner, usual};

/// Writes the runners that differ from those that the plan would choose.
pub(in crate::init) fn write(candidate: &Candidate, lines: &mut Lines, told: &mut Vec<Told>) {
    let mut found: IndexMap<String, &Runner> = IndexMap::new();
    let mut first = None;
    for (built, RunsOn { place, runner }) in &candidate.runners {
        let platforms = platforms::of_lines(built);
        match (platforms.as_slice(), runner) {
            (_, Some(runner)) if is_emulating(&platforms, runner) => {}
            ([platform], Some(runner)) => {
                let is_usual =
                    platform.parse().is_ok_and(|platform| usual(&platform).as_ref() == Some(runner));
                if !is_usual && !found.contains_key(platform) {
                    first.get_or_insert(place);
                    found.insert(platform.clone(), runner);
                }
            }
            (_, runner) => {
                let on = runner.as_ref().map_or_else(
                    || "the runner of this job is not known here".to_owned(),
                    |runner| format!("this job builds on `{}`", quotable(&runner.display())),
                );
                let message = format!(
                    "{on}: if GitHub's runners are not meant, write `runners` into the `image` block"
                );
                if !told.iter().any(|(known, text)| known == place && *text == message) {
                    told.push((place.clone(), message));
                }
            }
        }
    }
    let Some(place) = first else { return };
    lines.comment(&from(place, ""));
    let members: Vec<(ObjectKey, Expression)> =
        found.iter().map(|(platform, runner)| (key(platform), expression(runner))).collect();
    lines.attribute("runners", &Expression::Object(members.into_iter().collect()));
}

/// Whether one of GitHub's machines builds for others, or for several: what a plan is there to change.
fn is_emulating(platforms: &[String], runner: &Runner) -> bool {
    let Some(own) = runner.hosted_platform() else { return false };
    let family = |platform: &Platform| platform.architecture().trim_end_matches("64").to_owned();
    let is_own = |text: &String| {
        text.parse::<Platform>()
            .is_ok_and(|platform| platform == own || family(&platform) == "arm" && family(&own) == "arm")
    };
    platforms.len() != 1 || !platforms.iter().all(is_own)
}

fn expression(runner: &Runner) -> Expression {
    let texts = |labels: &[String]| list(labels.iter().map(|label| Expression::from(label.as_str())));
    match runner {
        Runner::Label(label) => Expression::from(label.as_str()),
        Runner::Labels(labels) => texts(labels),
        Runner::Group { group, labels } => {
            let mut members = vec![(key("group"), Expression::from(group.as_str()))];
            if !labels.is_empty() {
                members.push((key("labels"), texts(labels)));
            }
            Expression::Object(members.into_iter().collect())
        }
    }
}
