//! The `workflow` block of a proposal: what starts today's workflows and what their steps do, as far as it has settings; the rest
//! is told.

use std::collections::BTreeSet;
use std::rc::Rc;

use hcl::Expression;

use super::render::Lines;
use super::tags::list;
use super::target_block::{Told, key};
use crate::ci::{Branch, Cron};
use crate::init::github::beside::{Beside, Deed};
use crate::init::github::logins::{self, LoginStep, Logins};
use crate::init::repository::world::World;
use crate::init::steps::entry::Entry;
use crate::init::values::mask::quotable;
use crate::init::values::moment::{Moment, OTHER_BRANCHES};
use crate::init::values::triggers::{self, Start, Unsaid};

/// A comment, a setting and its value.
pub(in crate::init) type Setting = (&'static str, &'static str, Expression);

/// What takes the place of filters of files.
const ONLY_CHANGED: &str =
    "`only_changed = true` in the `workflow` block builds only images whose files have changed";

/// What is said of a filter that no plan has.
fn of_filter(unsaid: &Unsaid) -> String {
    match unsaid {
        Unsaid::Paths(name) => format!(
            "`{name}` decides today which pushes start this workflow, and each one starts the plan: {ONLY_CHANGED}"
        ),
        Unsaid::Input(name) => format!(
            "a run by hand can have another `{}` today, and what that changes is not in the proposal, which has what other runs do",
            quotable(name)
        ),
        Unsaid::Tags(patterns) => {
            let patterns: Vec<String> = patterns.iter().map(|pattern| quotable(pattern)).collect();
            format!(
                "git tags like `{}` start nothing today, and publish with the proposal, since no condition here says which they are: write one into `when` of the tags",
                patterns.join("`, `")
            )
        }
    }
}

/// What starts the workflows that publish the images of a proposal.
#[derive(Default)]
pub(in crate::init) struct Today {
    branch: bool,
    tag: bool,
    others: BTreeSet<String>,
    /// Each start, with whether it publishes from another branch, on a schedule, and for releases alone.
    starts: Vec<(Rc<Start>, Publishes)>,
}

/// In which of the runs that have settings of their own a workflow publishes.
#[derive(Clone, Default)]
struct Publishes {
    other_branches: BTreeSet<usize>,
    schedule: bool,
    tag: bool,
    release: bool,
}

impl Today {
    /// Adds what gives an image tags.
    pub(in crate::init) fn add(&mut self, entry: &Entry) {
        let may = |moment| entry.may(moment);
        self.branch |= entry.may_from_branch();
        self.tag |= may(Moment::Tag) || may(Moment::Release);
        self.others.extend(
            entry.others.iter().filter(|event| *event != "schedule" || may(Moment::Schedule)).cloned(),
        );
        let at = self.starts.iter().position(|(start, _)| Rc::ptr_eq(start, &entry.start));
        let at = at.unwrap_or_else(|| {
            self.starts.push((Rc::clone(&entry.start), Publishes::default()));
            self.starts.len() - 1
        });
        let (_, publishes) = &mut self.starts[at];
        publishes.other_branches.extend((0..OTHER_BRANCHES).filter(|at| may(Moment::OtherBranch(*at))));
        publishes.schedule |= may(Moment::Schedule);
        publishes.tag |= may(Moment::Tag);
        publishes.release |= may(Moment::Release);
    }

    /// Whether runs of branches and of git tags publish.
    pub(in crate::init) fn is_of_all_refs(&self) -> bool {
        self.branch && self.tag
    }

    /// The settings, and what has none.
    pub(in crate::init) fn settings(
        &self,
        beside: &[Beside],
        world: &World,
        told: &mut Vec<Told>,
    ) -> Vec<Setting> {
        let mut settings = Vec::new();
        let mut publish_on: Vec<&str> = Vec::new();
        if !(self.branch && self.tag) {
            publish_on.extend(self.branch.then_some("push"));
            publish_on.extend(self.tag.then_some("tag"));
            publish_on.extend(self.others.iter().map(String::as_str));
        }
        if !publish_on.is_empty() {
            let events = list(publish_on.into_iter().map(Expression::from));
            settings.push(("what triggers today's workflows", "publish_on", events));
        }
        let branches = self.branches(world, told);
        if !branches.is_empty() {
            let branches = list(branches.into_iter().map(Expression::from));
            settings.push(("the branches of today's workflows", "branches", branches));
        }
        let schedule = self.schedule(told);
        if !schedule.is_empty() {
            let schedule = list(schedule.into_iter().map(Expression::from));
            settings.push(("when today's workflows start by themselves", "schedule", schedule));
        }
        self.releases(told);
        for (event, place) in self.starts.iter().flat_map(|(start, _)| &start.foreign) {
            let message = format!(
                "`{}` starts this workflow today, and starts no plan: what it publishes then is in the proposal for other runs alone",
                quotable(event)
            );
            told.push((place.clone(), message));
        }
        let unsaid = self.starts.iter().flat_map(|(start, _)| &start.unsaid);
        told.extend(unsaid.map(|(unsaid, place)| (place.clone(), of_filter(unsaid))));
        let sign = self.deeds(beside, told);
        if !sign.is_empty() {
            let sign = list(sign.into_iter().map(Expression::from));
            settings.push(("how today's workflows sign", "sign", sign));
        }
        settings
    }

    /// The branches that publish, where they are not what a generated workflow has anyway.
    fn branches(&self, world: &World, told: &mut Vec<Told>) -> Vec<String> {
        let mut others: Vec<String> = Vec::new();
        for (start, publishes) in &self.starts {
            if let (Some(place), false) = (&start.any_branch, publishes.other_branches.is_empty()) {
                let message = format!(
                    "a push to any branch publishes today, and only one to `{}` does with the proposal: list others in `branches`, such as `branches = [\"{}\", \"release/**\"]`",
                    quotable(&world.default_branch),
                    quotable(&world.default_branch)
                );
                told.push((place.clone(), message));
            }
            for (pattern, place) in &start.branches {
                if triggers::is_default(pattern, &world.default_branch) || pattern.starts_with('!') {
                    continue;
                }
                // The branches that were looked at and are meant.
                let examples = || {
                    let all = world.other_branches.iter().enumerate();
                    all.filter(|(_, name)| triggers::matches(std::slice::from_ref(pattern), name))
                };
                let (has_example, from_any) =
                    (examples().next().is_some(), !publishes.other_branches.is_empty());
                let from_it = examples().any(|(at, _)| publishes.other_branches.contains(&at));
                if !from_it && (has_example || !from_any) {
                    // Others may differ from those.
                    if !has_example {
                        told.push((place.clone(), format!("whether pushes to `{}` publish is not known here: if they do, add it to `branches`", quotable(pattern))));
                    }
                    continue;
                }
                match pattern.parse::<Branch>() {
                    Ok(_) if others.contains(pattern) => {}
                    Ok(_) => others.push(pattern.clone()),
                    Err(_) => told.push((place.clone(), format!("the branches `{}` are not in the proposal: `branches` takes names, and prefixes such as `release/**`", quotable(pattern)))),
                }
            }
        }
        let is_usual = triggers::is_default("main", &world.default_branch);
        if self.branch && (!others.is_empty() || !is_usual) && world.default_branch.parse::<Branch>().is_ok()
        {
            others.insert(0, world.default_branch.clone());
        }
        others
    }

    fn schedule(&self, told: &mut Vec<Told>) -> Vec<String> {
        let mut crons: Vec<String> = Vec::new();
        for (start, _) in self.starts.iter().filter(|(_, publishes)| publishes.schedule) {
            for (text, place) in &start.schedule {
                match text.parse::<Cron>() {
                    Ok(cron) if crons.contains(&cron.to_string()) => {}
                    Ok(cron) => crons.push(cron.to_string()),
                    Err(why) => told.push((
                        place.clone(),
                        format!("this schedule is not in the proposal: {}", quotable(&why)),
                    )),
                }
            }
        }
        crons
    }

    fn releases(&self, told: &mut Vec<Told>) {
        let only = self.starts.iter().filter(|(_, publishes)| publishes.release && !publishes.tag);
        for place in only.filter_map(|(start, _)| start.release.as_ref()) {
            let message = "a release starts this workflow today; with the proposal, the push of its git tag does, whether there is a release or not";
            told.push((place.clone(), message.to_owned()));
        }
        for place in self.starts.iter().filter_map(|(start, _)| start.made.as_ref()) {
            let message = "the run that makes a release publishes this today; with the proposal, the push of the release's git tag does, and a tag that is pushed with `GITHUB_TOKEN` starts no workflow: make the release with another token, such as that of a GitHub App";
            told.push((place.clone(), message.to_owned()));
        }
    }

    /// What signs; told are deeds that no setting has.
    fn deeds(&self, beside: &[Beside], told: &mut Vec<Told>) -> Vec<&'static str> {
        let mut sign: Vec<&'static str> = Vec::new();
        let is_here = |one: &&Beside| self.starts.iter().any(|(start, _)| start.path == one.workflow);
        for Beside { workflow: _, job: _, place, deed } in beside.iter().filter(is_here) {
            match deed {
                Deed::Sign(with) if sign.contains(with) => {}
                Deed::Sign(with) => sign.push(with),
                Deed::Checkout(option) => told.push((
                    place.clone(),
                    format!("`{option}` of the checkout is not in the proposal, and a generated workflow checks out without it: fetch what it gives in a composite action of the repository, and name that in `setup`, such as `setup = \"./.github/actions/setup\"`"),
                )),
                Deed::Changed => told.push((
                    place.clone(),
                    format!("today, the files that a push changes decide what runs behind this, and each run of the plan publishes all images: {ONLY_CHANGED}"),
                )),
                Deed::Unsaid(what) => told.push((
                    place.clone(),
                    format!("this is not in the proposal: {what}; a composite action of the repository can do it, named in `sign`, such as `sign = [\"./.github/actions/sign\"]`"),
                )),
            }
        }
        sign
    }
}

/// How today's workflows log in to these registries.
pub(in crate::init) fn logins(
    steps: &[LoginStep],
    registries: &BTreeSet<String>,
    told: &mut Vec<Told>,
) -> Option<Setting> {
    let Logins { settings, told: to_change } = logins::settings(steps, registries);
    told.extend(to_change);
    let members = settings.iter().map(|(host, how)| (key(host), Expression::from(how.as_str())));
    let value = Expression::Object(members.collect());
    (!settings.is_empty()).then_some(("how today's workflows log in", "logins", value))
}

/// The block with these settings.
pub(in crate::init) fn block(settings: &[Setting]) -> String {
    let mut lines = Lines::default();
    lines.open("image {");
    lines.open("workflow {");
    for (comment, name, value) in settings {
        lines.comment(comment);
        lines.attribute(name, value);
    }
    lines.close("}");
    lines.close("}");
    lines.finish()
}
