//! From an evaluated Bake file to the plan: images, legs, links, jobs, and every contradiction between them.

// What goes in, and what the steps hand on.
mod input;
mod publication;

// The targets of the source.
mod cache;
mod targets;

// Images, and what is said about them.
mod images;

// The steps.
mod legs;
mod marks;

mod tags;

mod idle;
mod overruled;
mod unrendered;

pub use input::{Input, Purpose, Spared};

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use images::image::UnresolvedImage;
use indexmap::IndexMap;
use legs::assigned::Legs;
use targets::{Targets, grouped};

use crate::bake::target::links::links as links_of;
use crate::bake::target::{Definition, Group, Target, select};
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::parallel;
use crate::pattern::PatternForms;
use crate::plan::{ElsewhereImage, Packed, Plan, Run, UnsetVariable};
use crate::platform::Platform;
use crate::spec::Spec;

/// Makes the plan.
///
/// # Errors
/// Every contradiction, sorted by place.
pub fn resolve(input: &Input<'_>) -> Result<Plan, Vec<Diagnostic>> {
    let mut diagnostics = Diagnostics::default();
    let spec = Spec::read(input.module, &mut diagnostics);
    let workflow = spec.workflow(input.module, input.texts, &mut diagnostics);
    // Where there are secrets, nothing else is said: it may quote a part of them.
    let mut secrets = marks::secret_names(input);
    let targets = Targets::resolve(input).or_else(|found| secrets.check().and(Err(found)))?;
    secrets.extend(marks::secrets(&targets, input).into_found());
    secrets.check()?;

    let images::Images { planned: mut images, mut left_out, empty } =
        images::unresolved(input, &spec, &targets, &mut diagnostics);
    images::mark_wanted(input, &mut images, &mut diagnostics);
    images::mark_wanted(input, &mut left_out, &mut Diagnostics::default());
    let tags::publish::Publications { of_images: publications, untagged } =
        tags::publish::publications(input, &images, &left_out, &targets, &mut diagnostics);
    for (image, publication) in images.iter_mut().zip(&publications) {
        image.is_wanted &= !untagged.contains(&image.key) && !input.spared.unchanged.contains(&image.key);
        tags::publish::name_version(image, publication);
    }
    idle::warn(input, &spec, &images, &left_out, &publications, &targets, &mut diagnostics);
    overruled::warn(input, &images, &publications, &targets, &mut diagnostics);
    let mut legs = legs::legs(input, &images, &publications, &targets, &mut diagnostics);
    let said = images.iter().map(|image| (image.key.as_str(), image.settings()));
    diagnostics.extend(images::labels::left_out(said, input));
    unbuilt(input, &legs, &images, &targets, &mut diagnostics);
    let said = || {
        let (first, rest): (Vec<_>, Vec<_>) = images.iter().partition(|image| image.is_wanted);
        first.into_iter().chain(rest).chain(&left_out).collect()
    };
    legs::links::rewrite(&mut legs, &targets, said, input, &mut diagnostics);
    legs::refused(&legs, &targets, &mut diagnostics);
    diagnostics.check()?;
    let mut plan = Plan {
        publish: input.publish,
        kept: input.kept.to_vec(),
        from_environment: input.module.from_environment(),
        workflow,
        sources: input.sources.clone(),
        run: Run::of(input.given),
        known_versions: images::versions::used(images.iter().chain(&left_out), input),
        ..Plan::default()
    };
    plan.images =
        tags::publish::images(input, &images, &left_out, publications, &targets, &legs, &mut diagnostics);
    plan.elsewhere = elsewhere(input, &plan, &images, &left_out, &targets);
    let mut jobs = legs::jobs::jobs(&legs, &targets, &plan.images);
    diagnostics.extend(legs::jobs::unwritable(&jobs.all, &legs, &targets));
    if let Some(most) = input.max_jobs.filter(|most| jobs.all.len() > most.get() as usize) {
        match legs::jobs::pack(&jobs.all, most, &legs, &targets, &plan.images) {
            Ok(packed) => {
                plan.packed = Some(Packed { from: jobs.all.len(), most });
                jobs = packed;
            }
            Err(found) => diagnostics.report(found),
        }
    }
    plan.jobs = jobs.all;
    (plan.local, plan.legs) = parallel::both(
        images.len(),
        || local(input, images.iter().chain(&left_out), &targets),
        || legs.into_legs(jobs.of_legs),
    );
    if input.publish && !input.purpose.is_committed() {
        diagnostics.extend(images::guards::docker_lists(&plan));
        diagnostics.extend(legs::plain::unguarded(&plan));
    }
    diagnostics.extend(tags::fewer::platforms(&plan, &images, &targets, input));
    diagnostics.extend(images::guards::too_long(&plan));
    diagnostics.extend(cache::too_long(&plan.legs));
    whole(&mut plan, &targets, &mut diagnostics);
    legs::jobs::name_groups(&mut plan, input.definition);
    plan.volatile = marks::volatile(&targets, &plan.legs, &images, &empty, input);
    let built: Vec<&UnresolvedImage> =
        images.iter().filter(|image| plan.images.contains_key(&image.key)).collect();
    let (published, unrendered) = parallel::both(
        plan.legs.len(),
        || marks::Published::of(&targets, &plan.legs, &built),
        || unrendered::patterns(&plan.legs),
    );
    plan.unset = marks::unset(&published);
    // What a workflow gives its runs is decided later.
    if input.purpose != Purpose::Workflow {
        diagnostics.extend(UnsetVariable::at_plan(&plan.unset));
    }
    diagnostics.extend(unrendered);
    diagnostics.extend(legs::runners::unused(images.iter().chain(&left_out), &targets));
    marks::rewritten(&published, &mut diagnostics);
    let (plan, warnings) = diagnostics.into_result(plan)?;
    Ok(Plan { warnings, ..plan })
}

/// Reports each platform that was asked for and that no image has: a warning while others are built, and an error when
/// nothing is, since the run of an empty plan would pass.
fn unbuilt(
    input: &Input<'_>,
    legs: &Legs,
    images: &[UnresolvedImage],
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) {
    let is_nothing_left = legs.iter().next().is_none() && images.iter().any(|image| image.is_wanted);
    for platform in input.platforms {
        if !legs.iter().any(|leg| leg.platform.as_ref() == Some(platform)) {
            let message = format!("no image is built for `{platform}`");
            let places = 0..targets.resolved.len();
            let declared: BTreeSet<&Platform> = places.flat_map(|at| targets.valid_platforms(at)).collect();
            let shown: Vec<String> = declared.iter().map(|platform| format!("`{platform}`")).collect();
            let help = match shown.as_slice() {
                [] => "no target has `platforms`".to_owned(),
                shown => format!("the platforms of the targets are {}", shown.join(", ")),
            };
            let found = Diagnostic::warning(Code::UNBUILT_PLATFORM, message).with_help(help);
            diagnostics.report(if is_nothing_left { found.with_severity(Severity::Error) } else { found });
        }
    }
}

/// Those of the images that the git tag is not of which are asked for.
fn elsewhere(
    input: &Input<'_>,
    plan: &Plan,
    images: &[UnresolvedImage],
    left_out: &[UnresolvedImage],
    targets: &Targets<'_>,
) -> Vec<ElsewhereImage> {
    if left_out.is_empty() {
        return Vec::new();
    }
    let forms = PatternForms::new(input.given.short_length());
    let planned = images.iter().filter(|image| plan.images.contains_key(&image.key));
    let planned: Vec<usize> = planned.map(|image| image.at).collect();
    let of = |image: &UnresolvedImage| {
        let repositories = images::repositories::repositories(image, targets, &mut Diagnostics::default());
        ElsewhereImage {
            key: image.key.clone(),
            places: repositories.into_iter().chain(image.mirrors.keys().cloned()).collect(),
            forms: images::guards::all_forms(image, &forms),
            position: planned.partition_point(|at| *at < image.at),
        }
    };
    left_out.iter().filter(|image| image.is_wanted).map(of).collect()
}

/// What Bake would build and no image covers.
fn local<'i>(
    input: &Input<'_>,
    images: impl Iterator<Item = &'i UnresolvedImage>,
    targets: &Targets<'_>,
) -> Vec<Name> {
    let mut is_covered = vec![false; targets.resolved.len()];
    for covered in images.flat_map(|image| &image.targets) {
        is_covered[covered.at] = true;
    }
    // Most often there is nothing else.
    if is_covered.iter().all(|is_one| *is_one) {
        return Vec::new();
    }
    let asked = match input.names {
        [] => images::default_targets(input.definition),
        // A name may be an image's, which is not a target.
        names => select::targets_of(input.definition, names).unwrap_or_default(),
    };
    let is_local = |name: &Name| targets.resolved.get_index_of(name).is_some_and(|at| !is_covered[at]);
    asked.into_iter().filter(is_local).collect()
}

/// The source's targets and groups as they stand, without those that cannot be built as they are.
fn whole(plan: &mut Plan, targets: &Targets<'_>, diagnostics: &mut Diagnostics) {
    plan.targets = targets.standing_by_name();
    // A target whose links lead nowhere cannot be built, and buildx refuses a whole group for it.
    loop {
        let dangling: Vec<Name> = plan
            .targets
            .values()
            .filter(|target| links_of(target).any(|(_, linked)| !plan.targets.contains_key(linked)))
            .map(|target| Arc::clone(&target.name))
            .collect();
        for name in &dangling {
            let message = format!("target `{name}` links to a target that does not exist; it is left out");
            let span = targets.find(name).and_then(|target| target.span);
            diagnostics.report(Diagnostic::warning(Code::DANGLING_LINK, message).at(span, ""));
        }
        if dangling.is_empty() {
            break;
        }
        let dangling: BTreeSet<Name> = dangling.into_iter().collect();
        plan.targets.retain(|name, _| !dangling.contains(name));
    }
    let grouped = LazyCell::new(|| grouped(targets.definition));
    let counts = |name: &Name| !name.starts_with('_') || grouped.contains(&**name);
    for (name, found) in targets.broken.iter().filter(|(name, _)| counts(name)) {
        for diagnostic in found {
            let warning = diagnostic.clone().with_severity(Severity::Warning);
            diagnostics.report(warning.with_note(format!("target `{name}` is left out")));
        }
    }
    plan.groups = groups(targets.definition, &plan.targets, diagnostics);
}

/// The source's groups with the members that exist; a group that loses all of its own is dropped.
fn groups(
    definition: &Definition,
    targets: &IndexMap<Name, Arc<Target>>,
    diagnostics: &mut Diagnostics,
) -> Vec<Group> {
    let mut groups: Vec<Group> = definition.groups.values().cloned().collect();
    loop {
        let names: BTreeSet<Name> = groups.iter().map(|group| Arc::clone(&group.name)).collect();
        let before: usize = groups.iter().map(|group| group.members().len() + 1).sum();
        for group in &mut groups {
            let Some(members) = &mut group.targets else { continue };
            members.retain(|member| {
                let known = targets.contains_key(member.as_str()) || names.contains(member.as_str());
                if !known && !definition.targets.contains_key(member.as_str()) {
                    let message = format!("group `{}` names `{member}`, which does not exist", group.name);
                    let warning =
                        Diagnostic::warning(Code::DANGLING_MEMBER, message).at(member.span, "left out");
                    diagnostics.report(warning);
                }
                known
            });
        }
        let was_empty = |group: &Group| definition.groups[&group.name].members().is_empty();
        groups.retain(|group| !group.members().is_empty() || was_empty(group));
        if groups.iter().map(|group| group.members().len() + 1).sum::<usize>() == before {
            return groups;
        }
    }
}
