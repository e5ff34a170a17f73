//! Legs: one target for one platform each, pushed by digest under base names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry as Slot;

use self::assigned::{AssignedLeg, BuiltLeg, Legs};
use self::leg::{LegOptions, Maker, leg_name};
use super::images::annotations;
use super::images::image::{Covered, UnresolvedImage};
use super::input::Input;
use super::publication::Publication;
use super::targets::{DeclaredPlatform, Targets};
use crate::bake::target::{Definition, Target, Text, refused};
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::naming;
use crate::on_missing::OnMissing;
use crate::parallel;
use crate::plan::Leg;
use crate::platform::Platform;
use crate::reference::Reference;
use crate::source::Span;
use crate::spec::PlatformOverride;

/// The published legs of all wanted images.
pub(in crate::resolve) fn legs(
    input: &Input<'_>,
    images: &[UnresolvedImage],
    publications: &[Publication],
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) -> Legs {
    let most = images.iter().flat_map(|image| &image.targets);
    let most = most.map(|covered| targets.valid_platforms(covered.at).count().max(1)).sum();
    let mut legs = Legs {
        all: IndexMap::with_capacity(most),
        builds: Vec::with_capacity(images.len()),
        lifted: BTreeMap::new(),
    };
    check_overrides(images, targets, diagnostics);
    let options = LegOptions::of(input);
    let wanted = images.iter().zip(publications).filter(|(image, _)| image.is_wanted);
    let of_images = parallel::map(wanted, |(image, publication)| {
        (image, of_image(image, publication, targets, &options))
    });
    let mut without_platforms: IndexMap<&Name, &Target> = IndexMap::new();
    for (image, made) in of_images {
        let ImageLegs { builds, lifted, without_platforms: unnamed, diagnostics: found } = made;
        diagnostics.extend(found.into_found());
        without_platforms.extend(unnamed.into_iter().map(|target| (&target.name, target)));
        legs.lifted.extend(lifted);
        let mut built = Vec::with_capacity(builds.len());
        for ImageBuild { leg: name, on_missing, assigned, span: _ } in builds {
            match add(&mut legs, Arc::clone(&name), assigned, image, targets) {
                Ok(at) => built.push(BuiltLeg { name, at, on_missing }),
                Err(found) => diagnostics.report(*found),
            }
        }
        legs.builds.push(built);
    }
    check_platforms(without_platforms.into_values(), input, diagnostics);
    legs.sort();
    legs
}

/// What one image is made of.
#[derive(Default)]
struct ImageLegs<'t> {
    builds: Vec<ImageBuild>,
    /// The annotations that are lifted out of its targets.
    lifted: Vec<(Name, BTreeMap<String, String>)>,
    /// Its targets that name no platforms.
    without_platforms: Vec<&'t Target>,
    diagnostics: Diagnostics,
}

/// A build of an image, and where its platform is written.
struct ImageBuild {
    leg: Name,
    /// What becomes of the image without it.
    on_missing: OnMissing,
    assigned: AssignedLeg,
    span: Option<Span>,
}

/// The legs of one image, without a look at those of others.
fn of_image<'t>(
    image: &UnresolvedImage,
    publication: &Publication,
    targets: &'t Targets<'_>,
    options: &LegOptions<'_>,
) -> ImageLegs<'t> {
    let mut made = ImageLegs::default();
    let ImageLegs { builds, lifted, without_platforms, diagnostics } = &mut made;
    plain::check(image, targets, diagnostics);
    let of_block = image.settings().annotations.iter();
    diagnostics.extend(annotations::reserved(of_block.map(|(key, value)| (&**key, value.span))));
    let (mut is_any_skipped, mut is_any_left) = (false, false);
    for Covered { name, at, settings } in &image.targets {
        let target = targets.at(*at);
        if let Some(problem) = naming::problem(name) {
            let message = format!("target `{name}` cannot be a row of a matrix: {problem}");
            let error = Diagnostic::error(Code::TARGET_NAME, message).at(target.span, "");
            diagnostics.report(error.with_help("give it a name that begins with a letter or a digit"));
            continue;
        }
        let declared = match targets.platforms(*at) {
            Ok(declared) => declared,
            Err(found) => {
                diagnostics.extend(found.iter().cloned());
                continue;
            }
        };
        check_published(target, declared, diagnostics);
        if declared.is_empty() {
            without_platforms.push(target);
        }
        let of_index = annotations::lifted(target);
        if !of_index.is_empty() {
            lifted.push((Arc::clone(name), of_index));
        }
        let names = leg::names(publication);
        let caches = &targets.caches;
        let maker = Maker { options, image, target, source: *at, settings, names, caches };
        let platforms: Vec<(Option<&Platform>, Option<Span>)> = match declared {
            [] => vec![(None, None)],
            declared => declared.iter().map(|one| (Some(&one.platform), one.span)).collect(),
        };
        for (platform, span) in platforms {
            let overrides = settings.overrides_of(platform);
            let is_skipped = overrides.iter().any(|one| one.settings.skip);
            is_any_skipped |= is_skipped;
            is_any_left |= !is_skipped;
            if is_skipped || !options.plans(platform) {
                continue;
            }
            let place = span.or(target.span);
            if let Some(first) = builds.iter().find(|one| one.assigned.leg.platform.as_ref() == platform) {
                diagnostics.report(from_two_targets(image, platform, place, first.span));
                continue;
            }
            let Some(assigned) = maker.make(platform, span, &overrides, diagnostics) else { continue };
            let leg = Name::from(leg_name(name, platform));
            if let Some(taken) = name_of_other(&leg, target, targets.definition) {
                diagnostics.report(taken);
                continue;
            }
            let on_missing = overrides.iter().rev().find_map(|one| one.settings.on_missing);
            let on_missing = on_missing.unwrap_or(settings.on_missing);
            builds.push(ImageBuild { leg, on_missing, assigned, span: place });
        }
    }
    if is_any_skipped && !is_any_left {
        let message = format!(
            "image `{}` has `skip = true` for all of its platforms, so nothing of it is built",
            image.key
        );
        let several = "have `skip = true` for all of their platforms, so nothing of them is built";
        diagnostics
            .report(image.tells(Diagnostic::note(Code::NO_IMAGES, message).at(image.span, ""), several));
    }
    made
}

fn from_two_targets(
    image: &UnresolvedImage,
    platform: Option<&Platform>,
    again: Option<Span>,
    first: Option<Span>,
) -> Diagnostic {
    let shown = platform.map_or_else(|| "no platform".to_owned(), |platform| format!("`{platform}`"));
    let message = format!("image `{}` gets {shown} from two targets", image.key);
    Diagnostic::error(Code::DUPLICATE_PLATFORM, message)
        .at(again, "again")
        .at(first, "first here")
        .with_help("remove it from the platforms of one of them")
}

/// Reports what is wrong, or odd, with a target that is published.
fn check_published(target: &Target, platforms: &[DeclaredPlatform], diagnostics: &mut Diagnostics) {
    check_output(target, diagnostics);
    diagnostics.extend(annotations::reserved(annotations::keys(target)));
    diagnostics.extend(tag_by_digest(target));
    for DeclaredPlatform { platform, span } in platforms {
        if let Some((part, near)) = platform.unknown_part() {
            let message =
                format!("`{part}` of platform `{platform}` is unknown to containerd, so nothing builds it");
            let error = Diagnostic::error(Code::UNKNOWN_PLATFORM, message).at(*span, "");
            diagnostics.report(match near {
                Some(near) => error.with_help(format!("did you mean `{near}`?")),
                None => error.with_help("platforms look like `linux/amd64`, `linux/arm64` or `linux/arm/v7`"),
            });
        } else if let Some(variant) = platform.unknown_variant() {
            let message = format!(
                "containerd knows no machine that runs variant `{variant}` of `{}`",
                platform.architecture()
            );
            diagnostics.report(Diagnostic::warning(Code::UNKNOWN_VARIANT, message).at(*span, "").with_help(
                "variants are `amd64/v2` to `v4`, `arm/v5` to `v8`, and `arm64/v8` and `v9` with minor versions such as `v8.2`",
            ));
        }
    }
    diagnostics.extend(overruled_names(target));
    let built: Vec<&Platform> = platforms.iter().map(|declared| &declared.platform).collect();
    diagnostics.extend(annotations::lost(target, &built));
}

/// A warning for a tag that the target itself cannot push
/// (<https://github.com/moby/buildkit/blob/master/util/push/push.go>).
fn tag_by_digest(target: &Target) -> Option<Diagnostic> {
    let has_tag =
        |name: &&Text| name.as_str().parse::<Reference>().is_ok_and(|reference| reference.tag().is_some());
    if !target.is_pushed_by_digest() {
        return None;
    }
    let names = target.image_names();
    let name = names.iter().find(has_tag)?;
    let message =
        format!("`{name}` has a tag, and `push-by-digest` pushes none: BuildKit refuses the two together");
    let warning = Diagnostic::warning(Code::TAG_BY_DIGEST, message).at(name.span, "");
    Some(warning.with_help(
        "leave `push-by-digest` out: the plan pushes each platform by digest, and the merge gives the tag to the image",
    ))
}

/// A warning for names in an output over which buildx puts the tags.
fn overruled_names(target: &Target) -> Option<Diagnostic> {
    let tags = target.tags.as_deref().filter(|tags| !tags.is_empty())?;
    let is_tag = |name: &Text| tags.iter().any(|tag| tag.as_str() == name.as_str());
    let name = target.output_names().find(|name| !is_tag(name))?;
    let message = format!("nothing is pushed to `{name}`: `tags` override the `name` of an output");
    let warning = Diagnostic::warning(Code::OUTPUT_NAME, message).at(name.span, "");
    Some(warning.with_help("add it to `tags`, or leave it out"))
}

/// Reports targets that name no platforms; services of Compose files, which rarely do, in one note.
fn check_platforms<'t>(
    targets: impl Iterator<Item = &'t Target>,
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) {
    let is_service = |target: &&Target| {
        let path = target.span.and_then(|span| input.texts.path(span));
        path.is_some_and(|path| [".yaml", ".yml"].iter().any(|extension| path.ends_with(extension)))
    };
    let (services, targets): (Vec<&Target>, Vec<&Target>) = targets.partition(is_service);
    for target in targets {
        let message = format!(
            "target `{}` has no `platforms`: it is built for the platform of its runner",
            target.name
        );
        let warning = Diagnostic::warning(Code::NO_PLATFORMS, message).at(target.span, "");
        diagnostics.report(warning.with_help("add `platforms`, such as `platforms = [\"linux/amd64\"]`"));
    }
    let Some(first) = services.first() else { return };
    let message = match services.len() {
        1 => {
            format!("service `{}` has no `platforms`: it is built for the platform of its runner", first.name)
        }
        count => format!(
            "{count} services have no `platforms`, such as `{}`: they are built for the platform of their runner",
            first.name
        ),
    };
    diagnostics.report(
        Diagnostic::note(Code::NO_PLATFORMS, message)
            .at(first.span, "")
            .with_help("add them below `build:`, such as `platforms: [\"linux/amd64\", \"linux/arm64\"]`"),
    );
}

/// The error for a leg that has the name of a target or a group.
fn name_of_other(leg: &str, of: &Target, definition: &Definition) -> Option<Diagnostic> {
    let (group, target) = (definition.groups.get(leg), definition.targets.get(leg));
    let what = match (group, target) {
        (None, None) => return None,
        (Some(_), _) => "a group",
        (None, Some(_)) => "another target",
    };
    let span = target.and_then(|target| target.span).or(group.and_then(|group| group.span));
    Some(split_into(leg, of, what).at(span, "the other one"))
}

/// The error for a leg with the name of something else.
fn split_into(leg: &str, of: &Target, what: &str) -> Diagnostic {
    let message = format!("target `{}` is split into `{leg}`, which is the name of {what}", of.name);
    Diagnostic::error(Code::LEG_NAME, message).at(of.span, "split here").with_help("rename one of them")
}

/// Adds a leg of an image, and gives its place; one that another image has already is shared, and must be the same build.
fn add(
    legs: &mut Legs,
    name: Name,
    assigned: AssignedLeg,
    image: &UnresolvedImage,
    targets: &Targets<'_>,
) -> Result<usize, Box<Diagnostic>> {
    let slot = legs.all.entry(name);
    let at = slot.index();
    let mut known = match slot {
        Slot::Vacant(slot) => {
            slot.insert(assigned);
            return Ok(at);
        }
        Slot::Occupied(known) => known,
    };
    let Leg { of, platform, .. } = &known.get().leg;
    if *of != assigned.leg.of || *platform != assigned.leg.platform {
        return Err(Box::new(split_into(known.key(), targets.at(assigned.source), "another target")));
    }
    // Tags are the one thing that two images of one target may differ in: the leg is pushed to all repositories.
    let (mut a, mut b) = (known.get().leg.definition.clone(), assigned.leg.definition.clone());
    (a.tags, b.tags, a.output, b.output) = (None, None, None, None);
    if known.get().assignment != assigned.assignment || a != b {
        let message = format!(
            "image `{}` needs a different build or runner for `{}` than an earlier image",
            image.key,
            known.key()
        );
        return Err(Box::new(Diagnostic::error(Code::IMAGE_DISAGREES, message).at(image.span, "").with_help(
            "images of one target share its builds, so give them the same `platform` overrides and runners",
        )));
    }
    let known = known.get_mut();
    known.weight = known.weight.max(assigned.weight);
    let tags = known.leg.definition.tags.get_or_insert_default();
    tags.extend(assigned.leg.definition.tags.unwrap_or_default());
    let mut seen = BTreeSet::new();
    tags.retain(|tag| seen.insert(tag.to_string()));
    if assigned
        .leg
        .definition
        .output
        .iter()
        .flatten()
        .any(|output| output.fields.contains_key("oci-mediatypes"))
    {
        known.leg.definition.output = assigned.leg.definition.output;
    }
    Ok(at)
}

/// Reports what BuildKit refuses to build with: an error where the plan builds it, and a warning where only people do.
pub(in crate::resolve) fn refused(legs: &Legs, targets: &Targets<'_>, diagnostics: &mut Diagnostics) {
    let found = targets.resolved.iter().map(|(name, target)| (name, refused::values(target)));
    let found: BTreeMap<&Name, Vec<Diagnostic>> = found.filter(|(_, found)| !found.is_empty()).collect();
    // Most often there is nothing, in very many targets.
    if found.is_empty() {
        return;
    }
    let built: BTreeSet<&Name> = legs.iter().map(|leg| &leg.of).collect();
    for name in &built {
        diagnostics.extend(found.get(name).into_iter().flatten().cloned());
    }
    for target in targets.standing().filter(|target| !built.contains(&target.name)) {
        let found = found.get(&target.name).into_iter().flatten().cloned();
        diagnostics.extend(found.map(|error| error.with_severity(Severity::Warning)));
    }
}

/// An override that matches no platform of any target of its block is a typo.
fn check_overrides(images: &[UnresolvedImage], targets: &Targets<'_>, diagnostics: &mut Diagnostics) {
    let mut unused: BTreeMap<Span, (&PlatformOverride, BTreeSet<Platform>)> = BTreeMap::new();
    let mut used: BTreeSet<Span> = BTreeSet::new();
    for Covered { name: _, at, settings } in images.iter().flat_map(|image| &image.targets) {
        let own: Vec<&PlatformOverride> = settings.platforms.iter().filter(|one| !one.is_default).collect();
        // Most have none.
        if own.is_empty() {
            continue;
        }
        let declared: Vec<&Platform> = targets.valid_platforms(*at).collect();
        for one in own {
            if declared.iter().any(|platform| platform.matches_prefix(&one.prefix)) {
                used.insert(one.span);
            }
            let (_, seen) = unused.entry(one.span).or_insert((one, BTreeSet::new()));
            seen.extend(declared.iter().copied().cloned());
        }
    }
    for (span, (one, declared)) in unused.into_iter().filter(|(span, _)| !used.contains(span)) {
        let list: Vec<String> = declared.iter().map(|platform| format!("`{platform}`")).collect();
        let help = if list.is_empty() {
            "the target has no `platforms`".to_owned()
        } else {
            format!("its platforms are {}", list.join(", "))
        };
        let message = format!("the image has no platform `{}`", one.prefix);
        diagnostics.report(Diagnostic::error(Code::UNUSED_PLATFORM, message).at(span, "").with_help(help));
    }
}

pub(super) mod plain;

pub(super) mod assigned;

pub(super) mod leg;

pub(super) mod packing;

pub(super) mod jobs;
pub(super) mod links;
pub(super) mod runners;

/// A published target has one output at most, and Bake can push it.
fn check_output(target: &Target, diagnostics: &mut Diagnostics) {
    let outputs = target.output.as_deref().unwrap_or_default();
    let diagnostic = match outputs {
        [] => return,
        [one] if one.is_pushable() => return,
        [one] if one.forbids_push() => {
            let message = format!("`{}` is published, but its output has `push=false`", target.name);
            Diagnostic::error(Code::OUTPUT, message)
                .at(one.span, "")
                .with_help("leave `push=false` out: with `--publish=false` nothing is pushed")
        }
        [one] => Diagnostic::error(
            Code::OUTPUT,
            format!(
                "`{}` is published, but an output of type `{}` cannot be pushed",
                target.name,
                one.kind()
            ),
        )
        .at(one.span, "")
        .with_help("leave `output` out, or use `type=image`"),
        [first, second, ..] if second.span.is_none() && first.span.is_some() => {
            Diagnostic::error(Code::OUTPUT, format!("`{}` is published and has several outputs", target.name))
                .at(first.span, "one is here")
                .with_note("`--push` or `--load` adds another on the command line")
                .with_help(if first.is_pushable() {
                    "leave that option out: published images are pushed without it"
                } else {
                    "leave `output` out, and that option too: published images are pushed without them"
                })
        }
        [first, second, ..] => {
            // Each exporter writes its own provenance, so the digests differ, and the metadata names only the last one.
            Diagnostic::error(Code::OUTPUT, format!("`{}` is published and has several outputs", target.name))
                .at(second.span, "one more")
                .at(first.span, "first here")
                .with_help(
                    "the metadata of a build holds only one digest, so keep one output of type `image`",
                )
        }
    };
    diagnostics.report(diagnostic);
}
