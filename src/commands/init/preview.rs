//! The files as they would be, and the plan of them in the examples.

use indexmap::IndexMap;

use super::known::{self, Evaluated, of};
use super::odd_tag;
use super::prerelease::{self, Prerelease};
use crate::ci::PublishEvent;
use crate::code::Code;
use crate::commands::planning::making;
use crate::commands::session::Session;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::init::github::examples::{ODD, shorts_of};
use crate::init::proposal::blocks::{Proposal, ProposedImage, of_run};
use crate::init::proposal::splice::{At, splice};
use crate::init::published::definition::Known;
use crate::init::published::images::{Candidate, Stray};
use crate::init::published::today::{self, Published, published};
use crate::init::report::{self, Example, ExampleImage};
use crate::init::repository::world::World;
use crate::init::steps::found::Publication;
use crate::init::values::mask::quotable;
use crate::init::values::moment::{Fact, MOMENTS, Moment, PULL_REQUEST};
use crate::init::values::text::Place;
use crate::plan::{Image, Plan};
use crate::resolve::Purpose;

/// The file for `image` blocks.
const IMAGES: &str = "images.hcl";

/// The Bake file that is made where there is none.
const BAKE: &str = "docker-bake.hcl";

/// What comes before the table.
const COMPARED: &str = "\nWhat is published today, and what would be published with this proposal:\n\n";

/// What is said instead where nothing is known of today.
const UNCHANGED: &str = "\nNo workflow or script that publishes them was found. The tags of the targets decide what is published, with \
                         these blocks or without; `bakeplan plan` shows it.\n";

/// The same where something publishes that could not be read.
const NOT_FOUND: &str = "\nWhat publishes them could not be read, as the warnings say. The tags of the targets decide what is published, with \
                         these blocks or without; `bakeplan plan` shows it.\n";

/// What is said where there are only Dockerfiles.
const FIRST: &str = "\nNothing that `init` can read publishes these Dockerfiles, so names, platforms and tags are a first guess: change \
                     what does not fit. What would be published:\n\n";

/// A run that somebody starts.
const BY_HAND: &str = "run by hand";

/// What stands for the name of an image that could not be read.
const NOT_READ: &str = "not read";

/// What comes of proposals.
pub(super) struct Changed {
    /// Files and what they will hold.
    pub(super) files: Vec<(String, String)>,
    /// What a person reads.
    pub(super) text: String,
    /// What is wrong with the plan.
    pub(super) mistakes: Vec<Diagnostic>,
    /// Git tags that publish more with the plan: where a filter keeps them out today, and what that says.
    pub(super) wider: Vec<(Place, String)>,
    /// Prereleases that publish other tags with the plan: where they are from, and what that says.
    pub(super) other: Vec<(Place, String)>,
    /// Runs that have no plan with the variables that the proposal gives them: where that is from, and what it says.
    pub(super) failing: Vec<(Place, String)>,
}

/// A file and the blocks that it gets.
struct Edit {
    path: String,
    blocks: Vec<(At, String)>,
}

/// Makes the files, plans them, and says all of it.
pub(super) fn preview(
    session: &mut Session<'_>,
    proposals: &[Proposal],
    evaluated: &[Evaluated],
    (world, of_prerelease): (&World, Option<&Prerelease>),
    strays: &[Stray],
    separate: bool,
) -> Result<Changed, Error> {
    let mut changed = Changed {
        files: Vec::new(),
        text: String::new(),
        mistakes: Vec::new(),
        wider: Vec::new(),
        other: Vec::new(),
        failing: Vec::new(),
    };
    let all: Vec<Known> = evaluated.iter().map(|one| one.known.clone()).collect();
    let screen = session.host.screen().map(|screen| screen.columns);
    let has_strays = !strays.is_empty();
    for (number, proposal) in proposals.iter().enumerate() {
        let own = of(evaluated, proposal.definition);
        let mut files: Vec<(String, String)> = Vec::new();
        for edit in edits(proposal, own, separate) {
            session.host.check_allowed(&edit.path)?;
            let old = if session.host.has_content(&edit.path) {
                session.host.read(&edit.path)?
            } else {
                String::new()
            };
            changed.text.push_str(&shown(&edit, old.is_empty()));
            files.push((edit.path.clone(), splice(&old, &edit.blocks)));
        }
        // What could not be read belongs to none of them.
        let strays = if number == 0 { strays } else { &[] };
        let mut failing: Vec<String> = Vec::new();
        let (mistakes, failing_runs) = (&mut changed.mistakes, &mut failing);
        let runs = (world, of_prerelease);
        let examples =
            examples(session, proposal, own, evaluated, &files, &all, runs, strays, mistakes, failing_runs)?;
        let place = proposal.images.iter().find_map(|image| Some(image.candidate.as_ref()?.place.clone()));
        changed.failing.extend(
            place
                .into_iter()
                .flat_map(|place| failing.iter().map(move |message| (place.clone(), message.clone()))),
        );
        if proposal.is_first {
            changed.text.push_str(FIRST);
            changed.text.push_str(&report::render(&examples, screen));
        } else if proposal.images.iter().all(|image| image.candidate.is_none()) {
            changed.text.push_str(if has_strays { NOT_FOUND } else { UNCHANGED });
        } else {
            changed.text.push_str(COMPARED);
            changed.text.push_str(&report::render(&examples, screen));
            for tag in &world.odd_tags {
                if let Some(example) = examples.iter().find(|one| one.run == format!("git tag {tag}")) {
                    changed.text.push_str(&odd_tag::note(tag, example.failure.is_some(), proposal, world));
                    changed.wider.extend(wider(tag, example, proposal, world));
                }
            }
        }
        if let Some(prerelease) = of_prerelease {
            changed.other.extend(other(prerelease, &examples, proposal));
        }
        changed.files.extend(files);
    }
    Ok(changed)
}

/// That a git tag publishes with the plan, which a filter keeps from doing so today.
fn wider(tag: &str, example: &Example, proposal: &Proposal, world: &World) -> Vec<(Place, String)> {
    let mut all: Vec<(Place, String)> = Vec::new();
    for image in &proposal.images {
        let planned = example.images.iter().find(|one| one.name == image.name).map(|one| &one.planned);
        let planned = planned.into_iter().flatten().find(|(_, tags)| !tags.is_empty());
        let Some(((repository, tags), candidate)) = planned.zip(image.candidate.as_ref()) else { continue };
        for entry in &candidate.entries {
            let (why, place) = match entry.start.keeps_out(tag) {
                Some((patterns, place)) => {
                    (format!("`{}` keeps them out", quotable(&patterns.join(", "))), place)
                }
                None if world.is_on_gitlab => {
                    ("the rules of the pipeline keep them out".to_owned(), &entry.place)
                }
                None => continue,
            };
            if !entry.may(Moment::Tag) || all.iter().any(|(known, _)| known == place) {
                continue;
            }
            let message = format!(
                "git tags such as `{tag}` start nothing today, since {why}, and no condition of the proposal says the same: with it, this one publishes `{repository}:{}`",
                tags.join(&format!("`, `{repository}:")),
            );
            all.push((place.clone(), message));
        }
    }
    all
}

/// That a prerelease publishes other tags with the plan.
fn other(prerelease: &Prerelease, examples: &[Example], proposal: &Proposal) -> Vec<(Place, String)> {
    let Some(example) = examples.iter().find(|one| one.run == prerelease.run()) else { return Vec::new() };
    let mut all: Vec<(Place, String)> = Vec::new();
    for image in &proposal.images {
        let row = example.images.iter().find(|one| one.name == image.name && one.differs());
        let Some((row, candidate)) = row.zip(image.candidate.as_ref()) else { continue };
        let lost = row.today.tags.iter().find_map(|(repository, tags)| {
            let planned = row.planned.get(repository).map(Vec::as_slice).unwrap_or_default();
            let lost: Vec<&str> =
                tags.iter().filter(|tag| !planned.contains(tag)).map(String::as_str).collect();
            (!lost.is_empty()).then(|| format!("`{repository}:{}`", lost.join(&format!("`, `{repository}:"))))
        });
        let tag = &prerelease.world.tag;
        let message = match lost {
            Some(lost) => {
                format!("a prerelease such as `{tag}` publishes {lost} today, and does not with the proposal")
            }
            None => format!("a prerelease such as `{tag}` publishes more with the proposal than today"),
        };
        if all.iter().all(|(place, _)| *place != candidate.place) {
            all.push((candidate.place.clone(), message));
        }
    }
    all
}

/// Which files get which blocks.
fn edits(proposal: &Proposal, own: Option<&Evaluated>, separate: bool) -> Vec<Edit> {
    let folder = own.map(|own| own.known.folder.clone()).unwrap_or_default();
    let in_folder = |path: &str| if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
    // `image` blocks beside the files that are named, from which they are read.
    let beside = own.and_then(|own| own.known.files.first()).and_then(|file| file.rsplit_once('/'));
    let images = match beside {
        Some((below, _)) => in_folder(&format!("{below}/{IMAGES}")),
        None => in_folder(IMAGES),
    };
    let hcl = own.and_then(|own| {
        let is_own = |path: &&String| path.ends_with(".hcl") && !path.ends_with("override.hcl");
        own.known.read.iter().rfind(is_own).map(|path| in_folder(path))
    });
    let main = match (&hcl, own) {
        (Some(path), _) => path.clone(),
        (None, Some(_)) => images.clone(),
        (None, None) => BAKE.to_owned(),
    };
    let mut edits: Vec<Edit> = Vec::new();
    let mut add = |path: String, block: (At, String)| match edits.iter_mut().find(|edit| edit.path == path) {
        Some(edit) => edit.blocks.push(block),
        None => edits.push(Edit { path, blocks: vec![block] }),
    };
    let file_of = |at: &At| -> Option<String> {
        let At::Target(label) = at else { return None };
        let target = own?.known.targets.iter().find(|target| target.label == *label)?;
        target.place.as_ref().map(|place| place.path.to_string()).filter(|path| path.ends_with(".hcl"))
    };
    // Variables come first in a file of their own, and last in one that is there.
    let of_variables = (!proposal.variables.is_empty()).then(|| (At::End, proposal.variables.clone()));
    let in_images = separate || hcl.is_none() && own.is_some();
    // Bake reads no file of images, so what targets may use is where they are.
    let has_targets = !proposal.targets.is_empty();
    if let Some(block) = of_variables {
        add(if in_images && !has_targets { images.clone() } else { main.clone() }, block);
    }
    for (at, block) in &proposal.targets {
        let path = file_of(at).unwrap_or_else(|| main.clone());
        add(path, (at.clone(), block.clone()));
    }
    for (at, block) in &proposal.blocks {
        if in_images {
            add(images.clone(), (At::End, block.clone()));
        } else {
            add(file_of(at).unwrap_or_else(|| main.clone()), (at.clone(), block.clone()));
        }
    }
    edits
}

/// A file's blocks as a person reads them.
fn shown(edit: &Edit, is_new: bool) -> String {
    let mut text = String::new();
    let mut last = None;
    for (at, block) in &edit.blocks {
        if last != Some(at) {
            let place = match at {
                _ if is_new => "a new file".to_owned(),
                At::End => "at the end".to_owned(),
                At::Target(label) => format!("after target `{label}`"),
            };
            text.extend([&edit.path, ", ", &place, ":\n"]);
        }
        last = Some(at);
        text.push('\n');
        text.push_str(block);
    }
    text.push('\n');
    text
}

#[expect(clippy::too_many_arguments, reason = "all of it is what an example is made of")]
fn examples(
    session: &mut Session<'_>,
    proposal: &Proposal,
    own: Option<&Evaluated>,
    evaluated: &[Evaluated],
    files: &[(String, String)],
    all: &[Known],
    (world, of_prerelease): (&World, Option<&Prerelease>),
    strays: &[Stray],
    mistakes: &mut Vec<Diagnostic>,
    failing: &mut Vec<String>,
) -> Result<Vec<Example>, Error> {
    // A new file stands beside the Compose files at the top.
    let beside = evaluated.iter().filter(|one| one.known.folder.is_empty() && one.known.files.is_empty());
    let sources: Vec<&Evaluated> = own.map_or_else(|| beside.collect(), |own| vec![own]);
    let mut texts: Vec<(String, String)> = sources.iter().flat_map(|one| one.texts.iter().cloned()).collect();
    texts.retain(|(path, _)| !files.iter().any(|(changed, _)| changed == path));
    texts.extend(files.iter().cloned());
    let copy = session.host.copy_of(&texts)?;
    let folder = own.map(|own| own.known.folder.clone()).unwrap_or_default();
    let host = copy.host.below(&folder).without_environment();
    let named = own.map(|own| own.known.files.clone()).unwrap_or_default();
    let mut runs: Vec<Run<'_>> = Vec::new();
    let is_by_hand = |runs: &dyn Fn(Moment) -> bool, others: &[String]| {
        today::is_by_hand(others) && !MOMENTS.into_iter().any(runs)
    };
    let entries =
        proposal.images.iter().filter_map(|image| image.candidate.as_ref()).flat_map(|one| &one.entries);
    let has_hand =
        entries.into_iter().any(|entry| is_by_hand(&|moment| entry.runs.may(moment), &entry.others))
            || strays.iter().any(|Stray { publication, why: _ }| {
                is_by_hand(&|moment| publication.runs.may(moment), &publication.others)
            });
    let mut add = |run: String, moments, moment: Moment, world: &World| {
        let given = given(proposal, moment, run == BY_HAND, world);
        runs.push((run, moments, moment, moment.facts(world), given));
    };
    add(format!("push to {}", world.default_branch), &[Moment::Branch], Moment::Branch, world);
    let others: Vec<[Moment; 1]> =
        (0..world.other_branches.len()).map(|at| [Moment::OtherBranch(at)]).collect();
    for (branch, moment) in world.other_branches.iter().zip(&others) {
        add(format!("push to {branch}"), moment, moment[0], world);
    }
    // A workflow that only runs a script says nothing of images itself.
    let is_scheduled =
        proposal.images.iter().filter_map(|image| image.candidate.as_ref()).flat_map(|one| &one.entries).any(
            |entry| {
                entry.runs.at(Moment::Schedule) == Some(true)
                    && entry.others.iter().any(|event| event == "schedule")
            },
        );
    if world.has_schedule || is_scheduled {
        add("schedule".to_owned(), &[Moment::Schedule], Moment::Schedule, world);
    }
    add(format!("git tag {}", world.tag), &[Moment::Tag, Moment::Release], Moment::Tag, world);
    // Only where each image is the same in it.
    let mut candidates = proposal.images.iter().filter_map(|image| image.candidate.as_ref());
    let of_prerelease =
        of_prerelease.filter(|one| candidates.all(|candidate| one.published(candidate, all).is_some()));
    if let Some(one) = of_prerelease {
        add(one.run(), prerelease::MOMENTS, Moment::Tag, &one.world);
    }
    for tag in &world.odd_tags {
        add(format!("git tag {tag}"), &[], Moment::Tag, &World { tag: tag.clone(), ..world.clone() });
    }
    add(format!("pull request {PULL_REQUEST}"), &[Moment::PullRequest], Moment::PullRequest, world);
    if has_hand {
        add(BY_HAND.to_owned(), &[], Moment::Branch, world);
    }
    let mut examples = Vec::new();
    for (run, moments, moment, mut facts, given) in runs {
        let by_hand = run == BY_HAND;
        let of_prerelease = of_prerelease.filter(|one| one.run() == run);
        // What must have a plan; of others, only what changes is of interest.
        let is_expected = by_hand || !moments.is_empty() && of_prerelease.is_none();
        if by_hand {
            facts.retain(|fact| !fact.starts_with("event="));
            facts.push("event=workflow_dispatch".to_owned());
        }
        let publishes = moment != Moment::PullRequest;
        let selection = known::selection(&named, facts, publishes)?;
        let here = session.host.clone().without_environment();
        let since = session.sources.count();
        let mut make = |given: &Given| {
            let values = given.iter().map(|(name, value)| (name.as_str(), Some(value.as_str())));
            let host = host.with_env(values);
            known::quietly(session, &here, |session| {
                making::make_at(session, Some(&host), &selection, Purpose::Run)
            })
        };
        let made = make(&given);
        let mut fails = false;
        let problem = made.as_ref().err().map(|error| first_line(&error.to_string()));
        if let Some(problem) = problem.filter(|_| !given.is_empty()) {
            let without = make(&Given::new());
            if without.is_ok() && is_expected {
                let what: Vec<String> =
                    given.iter().map(|(name, value)| format!("`{name}={}`", quotable(value))).collect();
                failing.push(format!(
                    "a run such as `{run}` fails with what the proposal gives the plan, {}: {problem}",
                    what.join(", ")
                ));
                fails = true;
            }
        }
        session.sources.put_below(&folder, since);
        let (plan, failure) = match made {
            _ if fails => (Plan::default(), Some("this run fails".to_owned())),
            Ok((plan, _)) => (plan, None),
            Err(_) if !is_expected && !mistakes.is_empty() => continue,
            // A git tag that the plan refuses makes a run that fails.
            Err(_) if !is_expected => (Plan::default(), Some("this run fails".to_owned())),
            Err(error) => {
                let found = error.into_diagnostics();
                let is_known = |one: &Diagnostic| mistakes.iter().any(|known| is_same(known, one));
                // An image that can never have a tag has none on the branch, either.
                let is_empty = found.iter().all(|one| one.code == Code::NO_TAG && !is_known(one));
                if is_empty && moment == Moment::Tag {
                    (Plan::default(), Some("nothing".to_owned()))
                } else {
                    let new: Vec<Diagnostic> = found.into_iter().filter(|one| !is_known(one)).collect();
                    mistakes.extend(new);
                    (Plan::default(), Some("unknown: the plan has errors".to_owned()))
                }
            }
        };
        let images = proposal.images.iter().map(|image| {
            let today = match &image.candidate {
                Some(candidate) if by_hand => today::published_by_hand(candidate, all, world),
                Some(candidate) if let Some(one) = of_prerelease => {
                    one.published(candidate, all).unwrap_or_default()
                }
                Some(candidate) => published(candidate, moments, all, world),
                None => of_targets(),
            };
            let planned = if is_on(&plan, (moment, by_hand), world) {
                of_plan(&plan, image, own)
            } else {
                IndexMap::new()
            };
            let when = image
                .candidate
                .as_ref()
                .filter(|one| moments.contains(&Moment::Release) && is_of_releases(one));
            ExampleImage {
                name: image.name.clone(),
                today,
                planned,
                when: when.map(|_| "on the push of its git tag"),
                open: image.open.clone(),
                lacks: image.lacks,
            }
        });
        let mut images: Vec<ExampleImage> = images.collect();
        let may = |one: &Publication| {
            if by_hand {
                today::is_by_hand(&one.others)
            } else {
                moments.iter().any(|moment| one.runs.may(*moment))
            }
        };
        images.extend(not_read(strays, &may));
        // What is no version either has its own row, which says the same.
        let short = shorts_of(&world.tag).into_iter().find(|short| run == format!("git tag {short}"));
        if let Some(short) = short.filter(|_| moments.is_empty() && failure.is_none()) {
            let odd = examples.iter().find(|one: &&Example| one.run == format!("git tag {ODD}"));
            if odd.is_some_and(|odd| says_the_same(odd, &images, (ODD, &short))) {
                continue;
            }
        }
        if of_prerelease.is_some() && !images.iter().any(ExampleImage::differs) {
            continue;
        }
        if moments.is_empty()
            && !by_hand
            && failure.is_none()
            && images.iter().all(|image| image.planned.values().all(Vec::is_empty))
        {
            continue;
        }
        examples.push(Example { run, images, failure });
    }
    Ok(examples)
}

/// Whether an example has the same tags, where the one git tag stands in the place of the other.
fn says_the_same(odd: &Example, images: &[ExampleImage], (name, other): (&str, &str)) -> bool {
    let planned =
        |images: &[ExampleImage], instead: &dyn Fn(&str) -> String| -> Vec<(String, String, Vec<String>)> {
            let of = |image: &ExampleImage| {
                let all = image.planned.iter().map(|(repository, tags)| {
                    (image.name.clone(), repository.clone(), tags.iter().map(|tag| instead(tag)).collect())
                });
                all.collect::<Vec<_>>()
            };
            images.iter().flat_map(of).filter(|(_, _, tags): &(_, _, Vec<String>)| !tags.is_empty()).collect()
        };
    planned(&odd.images, &|tag| tag.replace(name, other)) == planned(images, &str::to_owned)
}

/// Variables that a run has: their names, each with its value.
type Given = Vec<(String, String)>;

/// A run of the table: its name, those of today that it stands for, its own, and the facts and variables of its plan.
type Run<'m> = (String, &'m [Moment], Moment, Vec<String>, Given);

/// The variables that the proposal gives its plan in a run.
fn given(proposal: &Proposal, moment: Moment, by_hand: bool, world: &World) -> Given {
    let value = |from: &str| match of_run(from)? {
        Fact::Event if by_hand => Some("workflow_dispatch".to_owned()),
        fact => moment.fact(&fact, world),
    };
    let all = proposal.env.iter();
    all.filter_map(|(name, from)| Some((name.clone(), value(from)?))).collect()
}

/// The first line of what went wrong.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// What may publish in a run and could not be read.
fn not_read(strays: &[Stray], may: &dyn Fn(&Publication) -> bool) -> Option<ExampleImage> {
    let mut today = Published::default();
    for Stray { publication, why: _ } in strays {
        if may(publication) {
            today.note(format!("what {} publishes", publication.place));
        }
    }
    (!today.unknown.is_empty()).then(|| ExampleImage {
        name: NOT_READ.to_owned(),
        today,
        planned: IndexMap::new(),
        when: None,
        open: Vec::new(),
        lacks: false,
    })
}

/// Whether it is the same mistake: each run reads the files anew.
fn is_same(known: &Diagnostic, other: &Diagnostic) -> bool {
    let place = |one: &Diagnostic| -> Vec<(u32, u32)> {
        one.labels.iter().map(|label| (label.span.start, label.span.end)).collect()
    };
    (known.code, &known.message) == (other.code, &other.message) && place(known) == place(other)
}

/// Whether the workflow of the plan publishes in such a run.
fn is_on(plan: &Plan, (moment, by_hand): (Moment, bool), world: &World) -> bool {
    let settings = &plan.workflow;
    let is_of = |branch: &str| match settings.branches.as_slice() {
        [] => branch == world.default_branch,
        branches => branches.iter().any(|one| match one.prefix() {
            Some(prefix) => branch.starts_with(prefix),
            None => one.to_string() == branch,
        }),
    };
    let (event, starts) = match moment {
        // A hand starts it from any branch.
        _ if by_hand => (PublishEvent::Dispatch, true),
        Moment::Branch => (PublishEvent::Push, is_of(&world.default_branch)),
        Moment::OtherBranch(at) => {
            (PublishEvent::Push, world.other_branches.get(at).is_some_and(|name| is_of(name)))
        }
        Moment::Schedule => {
            (PublishEvent::Schedule, !(settings.schedule.is_empty() && settings.rebuild.is_empty()))
        }
        Moment::Tag | Moment::Release => (PublishEvent::Tag, true),
        Moment::PullRequest | Moment::Made => return false,
    };
    starts && settings.publish_on.as_ref().is_none_or(|events| events.contains(&event))
}

/// Whether releases publish it today, and pushes of git tags do not.
fn is_of_releases(candidate: &Candidate) -> bool {
    let any = |moment| candidate.entries.iter().any(|entry| entry.may(moment));
    any(Moment::Release) && !any(Moment::Tag)
}

/// What no step that was read builds.
fn of_targets() -> Published {
    Published { unknown: vec!["no step that builds it was found".to_owned()], ..Published::default() }
}

/// What the plan publishes of an image.
fn of_plan(plan: &Plan, image: &ProposedImage, own: Option<&Evaluated>) -> IndexMap<String, Vec<String>> {
    let mut tags: IndexMap<String, Vec<String>> = IndexMap::new();
    // Each member of a matrix is an image of its own.
    let members = own
        .map(|own| &own.known.members)
        .filter(|members| members.iter().any(|(member, label)| *label == image.target && member != label));
    let is_member = |(key, planned): &(&String, &Image)| {
        plan.legs_of(planned).any(|leg| {
            let label = members.and_then(|members| members.get(&*leg.of));
            label.is_some_and(|label| *label == image.target) && **key == *leg.of && **key != image.target
        })
    };
    let named = plan.images.get(&image.name);
    let of_matrix = plan.images.iter().filter(|_| members.is_some()).filter(is_member);
    let of_matrix = of_matrix.filter(|(key, _)| **key != image.name).map(|(_, planned)| planned);
    for planned in named.into_iter().chain(of_matrix) {
        for repository in planned.places() {
            let names = planned.tags_in(repository).map(|tag| tag.name.as_str().to_owned());
            tags.entry(repository.to_string()).or_default().extend(names);
        }
    }
    tags
}
