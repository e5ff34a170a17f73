//! Which images there are: from `image` blocks, or, without any, from the targets that Bake would push.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use indexmap::{IndexMap, IndexSet};

use self::image::{Covered, EmptyBlock, UnresolvedImage};
use self::labels::OciLabels;
use self::version::{ImageVersion, tails, tails_of, with_builds};
use super::Input;
use super::targets::Targets;
use super::targets::is_pushable;
use crate::bake::target::{Definition, Group, Target, Text, select};
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, listed, names_help};
use crate::glob::Glob;
use crate::naming;
use crate::parallel;
use crate::platform::Platform;
use crate::reference::Reference;
use crate::source::Span;
use crate::spec::Spec;
use crate::version::Tails;

/// The images of the spec, in order.
pub(in crate::resolve) struct Images {
    /// Those that a run may publish.
    pub(in crate::resolve) planned: Vec<UnresolvedImage>,
    /// Those that the git tag is not for. Their targets may be linked to all the same.
    pub(in crate::resolve) left_out: Vec<UnresolvedImage>,
    /// The blocks that cover no targets.
    pub(in crate::resolve) empty: Vec<EmptyBlock>,
}

/// All images of the spec.
pub(in crate::resolve) fn unresolved(
    input: &Input<'_>,
    spec: &Spec,
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) -> Images {
    let mut empty = Vec::new();
    let mut images = if spec.images.is_empty() {
        from_tags(input, spec, targets, diagnostics)
    } else {
        let images = from_blocks(input, spec, targets, &mut empty, diagnostics);
        versions::check_keys(&images, input, diagnostics);
        images
    };
    let prefixes: Arc<BTreeSet<String>> = Arc::new(images.iter().filter_map(runs::git_prefix).collect());
    for image in &mut images {
        image.prefixes = Arc::clone(&prefixes);
        versions::check_suffixes(image.settings(), diagnostics);
        questions::check(image, input, diagnostics);
        let version = versions::read(image, input, diagnostics);
        let tag_prefix = runs::git_prefix(image);
        let (settings, tag_prefix) = (image.settings(), tag_prefix.as_deref());
        let rules = rules::apply(settings, image.names(), &version, tag_prefix, input, diagnostics);
        image.rules = rules.map(Box::new);
        image.version = match &image.rules {
            Some(rules) => rules.version_over(version, image.settings(), input.facts, diagnostics),
            None => version,
        };
        image.oci = labels::of(image.settings(), image.first_target(targets), input, diagnostics);
        image.tails = match image.version.known() {
            Some(version) => {
                let own = tails_of(image.settings(), version.text(), input.facts);
                with_builds(own, version, image.settings())
            }
            None => tails(image.settings()),
        };
        image.mirrors = repositories::mirrors(image, diagnostics);
    }
    versions::note_unread(&images, input, diagnostics);
    versions::share_shapes(&mut images, input);
    let is_left_out = |image: &mut UnresolvedImage| {
        let is_elsewhere = matches!(image.version, ImageVersion::Elsewhere { .. });
        if is_elsewhere && !input.publish {
            // A run that only builds builds everything.
            image.version = ImageVersion::Absent { at: None };
            return false;
        }
        is_elsewhere
    };
    let left_out: Vec<UnresolvedImage> = images.extract_if(.., is_left_out).collect();
    note_left_out(&left_out, diagnostics);
    Images { planned: images, left_out, empty }
}

/// Images that one place leaves out, and what their git tags would begin with.
#[derive(Default)]
struct LeftOut<'i> {
    keys: Vec<&'i str>,
    prefixes: IndexSet<&'i str>,
}

/// Names the images that the git tag is not of: a note for each place that says so, which may be of many.
fn note_left_out(images: &[UnresolvedImage], diagnostics: &mut Diagnostics) {
    let mut places: IndexMap<(Option<Span>, &str), LeftOut<'_>> = IndexMap::new();
    for image in images {
        let ImageVersion::Elsewhere { tag, prefix, other } = &image.version else { continue };
        if let Some(other) = other {
            let message = format!(
                "image `{}` is left out: the git tag `{tag}` begins with `{other}`, which is the `tag_prefix` of another image",
                image.key
            );
            diagnostics.report(Diagnostic::note(Code::OTHER_VERSION, message).at(prefix.span, ""));
            continue;
        }
        let place = places.entry((prefix.span, tag)).or_default();
        place.keys.push(&image.key);
        place.prefixes.insert(prefix.as_str());
    }
    for ((span, tag), LeftOut { keys, prefixes }) in places {
        let prefixes: Vec<&str> = prefixes.into_iter().collect();
        let (subject, verb) = if keys.len() == 1 { ("image", "is") } else { ("images", "are") };
        let (keys, prefixes) = (listed(&keys), listed(&prefixes));
        let message =
            format!("{subject} {keys} {verb} left out: the git tag `{tag}` does not begin with {prefixes}");
        diagnostics.report(Diagnostic::note(Code::OTHER_VERSION, message).at(span, ""));
    }
}

fn from_blocks(
    input: &Input<'_>,
    spec: &Spec,
    targets: &Targets<'_>,
    empty: &mut Vec<EmptyBlock>,
    diagnostics: &mut Diagnostics,
) -> Vec<UnresolvedImage> {
    let mut images: Vec<UnresolvedImage> = Vec::new();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let none = Arc::default();
    for (block, written) in spec.images.iter().enumerate() {
        let Some(coverage) = written.coverage(input.module, input.definition, diagnostics) else { continue };
        if coverage.images.is_empty() {
            let message =
                format!("image `{}` covers no target, so nothing is published of it", written.name());
            diagnostics.report(Diagnostic::note(Code::NO_IMAGES, message).at(coverage.span, ""));
            empty.push(EmptyBlock { name: written.name().to_owned(), marked: coverage.marked });
            continue;
        }
        let before = images.len();
        for members in coverage.images {
            let member = Arc::clone(&members[0]);
            let mut key = if coverage.by_member { member.to_string() } else { written.name().to_owned() };
            if taken.contains(&key) && coverage.by_member {
                // A second block over the same matrix publishes the same targets elsewhere.
                key = format!("{}-{member}", written.name());
            }
            if let Some(problem) = naming::problem(&key) {
                let message = format!("{key:?} is not a valid name of an image: {problem}");
                let error = Diagnostic::error(Code::IMAGE_NAME, message).at(written.span, "");
                diagnostics.report(error.with_help(
                    "name it as `image \"app\" {`; `repositories` says where it is published, and `target` what builds it",
                ));
                continue;
            }
            if taken.contains(&key) {
                let message = format!("two images are named `{key}`");
                diagnostics.report(Diagnostic::error(Code::DUPLICATE_IMAGE, message).at(written.span, ""));
                continue;
            }
            let mut covered = Vec::new();
            for name in members {
                match targets.place(&name, || None) {
                    Ok(at) => {
                        let settings =
                            spec.settings(Some(written), input.module, &name, input.texts, diagnostics);
                        covered.push(Covered { name, at, settings });
                    }
                    Err(found) => diagnostics.extend(found),
                }
            }
            if covered.is_empty() {
                continue;
            }
            let image = UnresolvedImage {
                key,
                name: written.name().to_owned(),
                block: Some(block),
                at: images.len(),
                span: Some(coverage.span),
                is_wanted: false,
                targets: covered,
                marked: coverage.marked.clone(),
                version: ImageVersion::None,
                rules: None,
                tails: Tails::default(),
                oci: OciLabels::default(),
                prefixes: Arc::clone(&none),
                mirrors: IndexMap::new(),
            };
            agree(&image, diagnostics);
            taken.insert(image.key.clone());
            images.push(image);
        }
        let is_own = written.has("default_variant");
        diagnostics.extend(variants::unknown_defaults(&images[before..], is_own));
    }
    images
}

/// Several targets of one image must be published alike.
fn agree(image: &UnresolvedImage, diagnostics: &mut Diagnostics) {
    let first = image.settings();
    for Covered { name, at: _, settings } in &image.targets[1..] {
        for attribute in first.differences(settings) {
            let message = format!(
                "`{attribute}` differs between `{}` and `{name}`, which form one image",
                image.targets[0].name
            );
            diagnostics.report(Diagnostic::error(Code::IMAGE_DISAGREES, message).at(image.span, ""));
        }
    }
}

/// Level 0: what Bake would build and push. Targets that share all their tags are one image.
fn from_tags(
    input: &Input<'_>,
    spec: &Spec,
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<UnresolvedImage> {
    let by_tags = by_tags(input, targets, diagnostics);
    let mut images = Vec::with_capacity(by_tags.len());
    let none = Arc::default();
    for members in by_tags.values() {
        if let Some(overlap) = overlapping(members, targets) {
            diagnostics.report(collision(&overlap));
            continue;
        }
        let first = targets.at(members[0]);
        if members.len() > 1 {
            let names: Vec<String> = members.iter().map(|at| format!("`{}`", targets.at(*at).name)).collect();
            let message = format!("{} have the same tags and become one image", names.join(" and "));
            diagnostics.report(Diagnostic::note(Code::MERGED_TARGETS, message).at(first.span, ""));
        }
        images.push(UnresolvedImage {
            key: first.name.to_string(),
            name: first.name.to_string(),
            block: None,
            at: images.len(),
            span: first.span,
            is_wanted: false,
            targets: members
                .iter()
                .map(|at| {
                    let name = Arc::clone(&targets.at(*at).name);
                    let settings = spec.settings(None, input.module, &name, input.texts, diagnostics);
                    Covered { name, at: *at, settings }
                })
                .collect(),
            marked: Vec::new(),
            version: ImageVersion::None,
            rules: None,
            tails: Tails::default(),
            oci: OciLabels::default(),
            prefixes: Arc::clone(&none),
            mirrors: IndexMap::new(),
        });
    }
    if images.is_empty() && !diagnostics.has_errors() {
        if let Some(note) = not_pushable(input, targets) {
            diagnostics.report(note);
            return images;
        }
        let note = Diagnostic::note(
            Code::NO_IMAGES,
            "nothing is published: no target that Bake would build has a tag with a repository",
        );
        diagnostics.report(if spec.has_defaults() {
            note.with_help(
                "the `image` block without a label holds defaults for the others: write `image \"app\" {` for the target `app`, \
                 or give a target a tag such as \"ghcr.io/acme/app:1.0\"",
            )
        } else {
            note.with_help(
                "give a target a tag such as \"ghcr.io/acme/app:1.0\", name targets that have one: `bakeplan plan TARGET`, \
                 or add an `image` block",
            )
        });
    }
    images
}

/// The places of the targets that Bake would build and push, by their tags.
fn by_tags(
    input: &Input<'_>,
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) -> IndexMap<BTreeSet<Normalized>, Vec<usize>> {
    let mut by_tags: IndexMap<BTreeSet<Normalized>, Vec<usize>> = IndexMap::new();
    // A name that the command line does not have is in a group. Nearly always, there is a target of that name.
    let (definition, asked) = (input.definition, input.names);
    let grouped = LazyLock::new(|| -> BTreeMap<&str, &Text> {
        let members = definition.groups.values().flat_map(Group::members);
        let first = members.rev().map(|member| (member.as_str(), member));
        first.filter(|(name, _)| !asked.iter().any(|own| own == name)).collect()
    });
    let named = parallel::map(level_zero_names(input, targets, diagnostics), |name| {
        let place = targets.place(&name, || grouped.get(&*name).copied());
        place.map(|at| (at, names_of(targets.at(at))))
    });
    for found in named {
        match found {
            Ok((at, Ok(names))) => by_tags.entry(names).or_default().push(at),
            Ok((_, Err(found))) => diagnostics.extend(found),
            Err(found) => diagnostics.extend(found),
        }
    }
    by_tags
}

/// The names that a target is pushed under.
///
/// # Errors
/// What there is to say about a target that is not pushed.
fn names_of(target: &Target) -> Result<BTreeSet<Normalized>, Option<Diagnostic>> {
    if !is_pushable(target) {
        return Err(not_pushed(target));
    }
    let names = target.pushed_names();
    if names.is_empty() {
        return Err(pushes_nowhere(target));
    }
    Ok(names.iter().map(normalized).collect())
}

/// The error for two targets with the same tags that cannot be one image.
fn collision(Overlap { first, second, platform }: &Overlap<'_>) -> Diagnostic {
    let why = match platform {
        Some(platform) => format!("both build `{platform}`"),
        None => "they do not both list their platforms".to_owned(),
    };
    let message = format!("`{}` and `{}` have the same tags, and {why}", first.name, second.name);
    let tag = |target: &Target| target.image_names().iter().find_map(|name| name.span);
    // One of them may have inherited the other's tags.
    let place = |target: &Target| if tag(first) == tag(second) { target.span } else { tag(target) };
    Diagnostic::error(Code::TAG_COLLISION, message)
        .at(place(second), "again")
        .at(place(first), "first here")
        .with_help("targets that share their tags become one image only if their platforms differ")
}

/// A note for a target with tags whose output says that it is not to be pushed.
fn not_pushed(target: &Target) -> Option<Diagnostic> {
    let output = target.output.iter().flatten().find(|output| output.forbids_push())?;
    target.tags.iter().flatten().find(|name| name.as_str().contains('/'))?;
    let message = format!("target `{}` is not published: its output has `push=false`", target.name);
    let note = Diagnostic::note(Code::NOT_PUSHED, message).at(output.span.or(target.span), "");
    Some(note.with_help("leave `push=false` out, or use `--push`, to publish it"))
}

/// A note that nothing is published because the output of a target with a tag goes elsewhere.
fn not_pushable(input: &Input<'_>, targets: &Targets<'_>) -> Option<Diagnostic> {
    let names = level_zero_names(input, targets, &mut Diagnostics::default());
    let is_tagged = |target: &&Target| target.tags.iter().flatten().any(|tag| tag.as_str().contains('/'));
    let mut tagged = names.iter().filter_map(|name| targets.find(name)).filter(is_tagged);
    let target = tagged.find(|target| !is_pushable(target))?;
    let output = target.output.iter().flatten().find(|output| !output.forbids_push())?;
    let message = format!(
        "nothing is published: the output of target `{}` has the type `{}`",
        target.name,
        output.kind()
    );
    let note = Diagnostic::note(Code::NO_IMAGES, message).at(output.span.or(target.span), "");
    Some(note.with_help(match output.span {
        Some(_) => "leave the output out, or use one of `type=image`, to publish its tags",
        None => "leave `--load` or `--set` of its output out, to publish its tags",
    }))
}

/// A warning for a target that pushes unasked, and is local all the same.
fn pushes_nowhere(target: &Target) -> Option<Diagnostic> {
    let names = target.image_names();
    let name = names.first();
    let message = match name {
        _ if !target.is_pushed() => return None,
        Some(name) => format!(
            "target `{}` pushes `{name}`, which is local because it has no slash; docker buildx bake would push it to Docker Hub's own images",
            target.name
        ),
        None => format!("target `{}` pushes, but neither `tags` nor its output say where", target.name),
    };
    let span =
        name.and_then(|name| name.span).or(target.output.iter().flatten().find_map(|output| output.span));
    let warning = Diagnostic::warning(Code::LOCAL_PUSH, message).at(span.or(target.span), "");
    Some(warning.with_help("give it a tag such as \"ghcr.io/acme/app:1.0\", or do not push it"))
}

/// Two targets that build the same platform.
struct Overlap<'t> {
    first: &'t Target,
    second: &'t Target,
    /// The platform; `None` when one of them names no platforms.
    platform: Option<&'t Platform>,
}

/// The first two of the targets that overlap.
fn overlapping<'t>(members: &[usize], targets: &'t Targets<'_>) -> Option<Overlap<'t>> {
    for (count, second) in members.iter().enumerate() {
        for first in &members[..count] {
            let (a, b) = (targets.platforms(*first).ok()?, targets.platforms(*second).ok()?);
            let (first, second) = (targets.at(*first), targets.at(*second));
            if a.is_empty() || b.is_empty() {
                return Some(Overlap { first, second, platform: None });
            }
            let shared = a.iter().find(|one| b.iter().any(|other| other.platform == one.platform));
            if let Some(shared) = shared {
                return Some(Overlap { first, second, platform: Some(&shared.platform) });
            }
        }
    }
    None
}

/// A tag that is compared with others; what is not a reference is as it is written.
type Normalized = Result<Reference, Name>;

fn normalized(tag: &Text) -> Normalized {
    tag.as_str().parse().map_err(|_| Arc::clone(tag.name()))
}

/// The targets of level 0: those given, else `default`, else all that are not hidden.
fn level_zero_names(input: &Input<'_>, targets: &Targets<'_>, diagnostics: &mut Diagnostics) -> Vec<Name> {
    let names = match input.names {
        [] if !has_default(input.definition) => {
            let templates = templates(targets);
            let names = default_targets(input.definition).into_iter();
            return names.filter(|name| !templates.contains(name)).collect();
        }
        [] => &["default".to_owned()],
        names => names,
    };
    match select::targets_of(input.definition, names) {
        Ok(names) => names,
        Err(found) => {
            diagnostics.extend(found);
            Vec::new()
        }
    }
}

/// Targets whose tags others inherit and keep, such as `docker-metadata-action`: nobody builds them for themselves, so
/// that they are not images when everything is planned.
fn templates(targets: &Targets<'_>) -> BTreeSet<Name> {
    let tag_places = |name: &str| -> Option<Vec<Option<Span>>> {
        Some(targets.find(name)?.image_names().iter().map(|name| name.span).collect())
    };
    let mut templates = BTreeSet::new();
    for child in targets.definition.targets.values().filter(|child| !child.name.starts_with('_')) {
        let tags = tag_places(&child.name);
        let of = |name: &Text| targets.definition.targets.get(name.as_str()).map(|target| &target.inherits);
        // Of two that inherit from each other neither is a template.
        let in_turn =
            |parent: &&Text| of(parent).is_some_and(|all| all.iter().any(|one| *one.name() == child.name));
        for parent in child.inherits.iter().filter(|parent| !in_turn(parent)) {
            if tags.as_ref().is_some_and(|tags| !tags.is_empty()) && tag_places(parent.as_str()) == tags {
                templates.insert(parent.name().clone());
            }
        }
    }
    templates
}

fn has_default(definition: &Definition) -> bool {
    definition.groups.contains_key("default") || definition.targets.contains_key("default")
}

/// What `docker buildx bake` builds, else every target whose name does not begin with `_`.
pub(in crate::resolve) fn default_targets(definition: &Definition) -> Vec<Name> {
    if has_default(definition)
        && let Ok(names) = select::targets_of(definition, &["default".to_owned()])
    {
        return names.into_iter().filter(|name| definition.targets.contains_key(name)).collect();
    }
    definition.targets.keys().filter(|name| !name.starts_with('_')).cloned().collect()
}

/// Marks the images to plan: those whose key, target or group is named.
pub(in crate::resolve) fn mark_wanted(
    input: &Input<'_>,
    images: &mut [UnresolvedImage],
    diagnostics: &mut Diagnostics,
) {
    // At level 0 the names have been looked at already.
    if input.names.is_empty() || images.iter().all(|image| image.block.is_none()) {
        mark(images, |_| true);
        return;
    }
    for name in input.names {
        let glob = Glob::parse(name).ok();
        let matches = |key: &str| key == name || glob.as_ref().is_some_and(|glob| glob.matches(key));
        if mark(images, |image| matches(&image.key)) {
            continue;
        }
        match select::targets_of(input.definition, std::slice::from_ref(name)) {
            Ok(targets) if targets.iter().all(|target| input.definition.targets.contains_key(target)) => {
                let targets: BTreeSet<Name> = targets.into_iter().collect();
                mark(images, |image| image.targets.iter().any(|covered| targets.contains(&covered.name)));
            }
            _ => {
                let message = format!("there is no image, target or group `{name}`");
                let known = images.iter().map(|image| image.key.as_str());
                let help = select::misplaced(name).unwrap_or_else(|| names_help(name, "image", known));
                diagnostics.report(Diagnostic::error(Code::UNKNOWN_IMAGE, message).with_help(help));
            }
        }
    }
}

pub(super) mod version;

pub(super) mod forms;

pub(super) mod constants;

pub(super) mod sighted;

pub(super) mod annotations;
pub(super) mod labels;
pub(super) mod rules;

pub(super) mod image;

pub(super) mod lists;
pub(super) mod runs;

pub(super) mod beside;
pub(super) mod branches;
pub(super) mod codenames;
pub(super) mod variants;

pub(super) mod guards;
pub(super) mod questions;
pub(super) mod versions;

pub(super) mod repositories;

/// Marks the images that are meant, and says whether there are any.
fn mark(images: &mut [UnresolvedImage], is_meant: impl Fn(&UnresolvedImage) -> bool) -> bool {
    let mut is_any = false;
    for image in images.iter_mut().filter(|image| is_meant(image)) {
        image.is_wanted = true;
        is_any = true;
    }
    is_any
}
