//! What must not be written: secrets anywhere, and what changes from day to day in a committed file.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use super::images::image::{Covered, EmptyBlock, UnresolvedImage};
use super::input::{Input, Purpose};
use super::targets::Targets;
use crate::bake::module::Matrix;
use crate::bake::target::attributes::AttributeKind;
use crate::bake::target::context::link_of;
use crate::bake::target::links::links as links_of;
use crate::bake::target::{LostMark, Reach, Target, Text, rewritten};
use crate::bake::values::Name;
use crate::bake::values::{Mark, Marks};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::parallel;
use crate::plan::{Leg, UnsetVariable};
use crate::platform::PlatformPrefix;
use crate::source::Span;
use crate::spec::{self, Declared, Marked, PlatformOverride};

/// An error for each secret in a name, before anything is looked for under it: whatever is said of a name quotes it.
pub(super) fn secret_names(input: &Input<'_>) -> Diagnostics {
    let mut parts = Vec::new();
    for target in input.definition.targets.values() {
        if let Some((marks, span)) = input.module.name_marks(&target.name) {
            parts.push(MarkedPart { place: MarkedPlace::TargetName, marks: marks.clone(), span: Some(span) });
        }
        target.each_text(&mut |attribute, text| {
            let is_name = match attribute.kind {
                AttributeKind::Inherits(_) => true,
                AttributeKind::Contexts(_) => link_of(text).is_some(),
                _ => false,
            };
            if is_name {
                let (attribute, target) = (attribute.name, &target.name);
                let place = MarkedPlace::OfTarget { attribute, reach: Reach::Both, target };
                parts.push(MarkedPart { place, marks: text.value.marks().clone(), span: text.span });
            }
        });
    }
    for group in input.definition.groups.values() {
        group.each_text(&mut |attribute, text| {
            let place = MarkedPlace::OfGroup { reach: attribute.reach, group: &group.name };
            parts.push(MarkedPart { place, marks: text.value.marks().clone(), span: text.span });
        });
    }
    refused(&parts, input)
}

/// An error for each secret in what would be written. Image blocks are refused if they hold one.
pub(super) fn secrets(targets: &Targets<'_>, input: &Input<'_>) -> Diagnostics {
    refused(&of_source(targets, input), input)
}

fn refused(parts: &[MarkedPart<'_>], input: &Input<'_>) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    for (place, mark, span) in once(parts) {
        if let Mark::Secret(name) = mark {
            let can_keep = input.module.has_variable(name);
            diagnostics.report(spec::secret(&place.to_string(), name, can_keep).at(span, ""));
        }
    }
    diagnostics
}

/// An error for each part of a committed file that differs from run to run.
pub(super) fn volatile(
    targets: &Targets<'_>,
    legs: &IndexMap<Name, Leg>,
    images: &[UnresolvedImage],
    empty: &[EmptyBlock],
    input: &Input<'_>,
) -> Vec<Diagnostic> {
    if !input.purpose.is_committed() {
        return Vec::new();
    }
    let mut diagnostics = Diagnostics::default();
    let marked = of_source(targets, input).into_iter().chain(images.iter().flat_map(of_image));
    let marked = marked.chain(empty.iter().flat_map(of_empty_block));
    // Of images that are not planned, a leg that is linked to has what they say of its target.
    let marked = marked.chain(legs.values().flat_map(|leg| of_leg(leg, targets)));
    let marked = marked.chain(names(targets, images));
    let marked: Vec<_> = marked.filter(|one| input.purpose.shows(one.place.reach())).collect();
    for (place, mark, span) in once(&marked) {
        let what = match mark {
            Mark::Clock => "the clock",
            Mark::Random => "random numbers",
            Mark::Secret(_) | Mark::Kept(_) | Mark::Unset(_) | Mark::Rewritten(_) => continue,
        };
        let message = format!("{place} depends on {what}, so a committed file would never be current");
        let help = "take it from a variable, or write the file in every run with `bakeplan plan --out DIR`";
        diagnostics.report(Diagnostic::error(Code::VOLATILE, message).at(span, "").with_help(help));
    }
    diagnostics.into_sorted()
}

/// What is published that has marks.
pub(super) struct Published<'a> {
    /// What names it.
    names: Vec<MarkedPart<'a>>,
    /// What its builds get.
    built: Vec<MarkedPart<'a>>,
}

impl<'a> Published<'a> {
    /// The marked parts of images and legs.
    pub(super) fn of(
        targets: &'a Targets<'_>,
        legs: &'a IndexMap<Name, Leg>,
        images: &[&'a UnresolvedImage],
    ) -> Self {
        let names = names(targets, images.iter().copied());
        let of_images = images.iter().flat_map(|image| of_image(image));
        Self { names: names.chain(of_images).collect(), built: built(targets, legs).collect() }
    }
}

/// The variables that nothing gives a value to, and that are in what is published all the same: in names, tags, labels,
/// annotations or arguments. Where the build sets them, they come too late for the plan.
pub(super) fn unset(Published { names, built }: &Published<'_>) -> Vec<UnsetVariable> {
    let mut found: IndexMap<&Name, UnsetVariable> = IndexMap::new();
    for (place, mark, span) in once(names.iter().chain(built)) {
        if let Mark::Unset(variable) = mark {
            found.entry(variable).or_insert_with(|| UnsetVariable {
                name: Arc::clone(variable),
                place: place.to_string(),
                span,
            });
        }
    }
    found.into_values().collect()
}

/// Reports numbers and dates that are not printed as they were written: an error where they name what is published, since 3.1 is
/// another release than `3.10`, and a warning in what is built. Numbers of `image` blocks have been refused already, as
/// far as they are written there.
pub(super) fn rewritten(Published { names, built }: &Published<'_>, diagnostics: &mut Diagnostics) {
    for (parts, severity) in [(names, Severity::Error), (built, Severity::Warning)] {
        for (place, mark, span) in once(parts) {
            if let Mark::Rewritten(found) = mark {
                diagnostics.report(Diagnostic { severity, ..rewritten::warning(place, found, span) });
            }
        }
    }
}

/// The marked parts of legs that their builds get.
fn built<'a>(
    targets: &'a Targets<'_>,
    legs: &'a IndexMap<Name, Leg>,
) -> impl Iterator<Item = MarkedPart<'a>> {
    let is_built = |part: &MarkedPart<'_>| match part.place {
        MarkedPlace::OfTarget { attribute, target: _, reach: _ } => {
            matches!(attribute, "args" | "labels" | "annotations")
        }
        _ => false,
    };
    // What is lifted out of legs, such as annotations of the index, and what these link to as it stands.
    let mut sources: Vec<&Name> = legs.values().map(|leg| &leg.of).collect();
    sources.dedup();
    let sources = sources.into_iter().filter_map(|name| targets.find(name));
    let sources = sources.filter(|source| !source.annotations.is_empty());
    let lifted = sources.flat_map(|source| texts(&source.name, source)).filter(|part| {
        matches!(part.place, MarkedPlace::OfTarget { attribute: "annotations", target: _, reach: _ })
    });
    let linked = linked(targets, legs).into_iter().flat_map(|target| texts(&target.name, target));
    let of_legs = parallel::map(legs.values(), move |leg| {
        let mut parts = of_leg(leg, targets);
        parts.retain(is_built);
        parts
    });
    of_legs.flatten().chain(lifted).chain(linked.filter(is_built))
}

/// The targets that legs link to and that have none, so that they are built as they stand.
fn linked<'a>(targets: &'a Targets<'_>, legs: &IndexMap<Name, Leg>) -> Vec<&'a Target> {
    let of = |target: &Target| -> Vec<String> {
        let names = links_of(target).map(|(_, name)| name);
        names.filter(|name| !legs.contains_key(*name)).map(str::to_owned).collect()
    };
    let mut open: Vec<String> = legs.values().flat_map(|leg| of(&leg.definition)).collect();
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    while let Some(name) = open.pop() {
        if let Some(target) = targets.find(&name).filter(|_| seen.insert(name.clone())) {
            open.extend(of(target));
            found.push(target);
        }
    }
    found
}

impl Purpose {
    /// Whether it is a committed file in which what reaches this far shows. In a workflow, its own settings alone do.
    fn shows(self, reach: Reach) -> bool {
        match self {
            Self::Run | Self::Workflow => false,
            Self::BakeFile => matches!(reach, Reach::BakeFile | Reach::Both),
            Self::TagTable => matches!(reach, Reach::TagTable | Reach::Both),
        }
    }
}

/// A part of what would be written that has marks.
struct MarkedPart<'a> {
    place: MarkedPlace<'a>,
    marks: Marks,
    span: Option<Span>,
}

/// What a text is of.
enum MarkedPlace<'a> {
    TargetName,
    Matrix(&'a Name),
    DefaultOf(&'a Name),
    OfGroup { reach: Reach, group: &'a Name },
    OfTarget { attribute: &'static str, reach: Reach, target: &'a Name },
    OfImage { attribute: &'static Declared, image: &'a str },
    OfPlatform { attribute: &'static Declared, target: &'a Name, prefix: &'a PlatformPrefix },
}

impl MarkedPlace<'_> {
    /// Where it shows.
    fn reach(&self) -> Reach {
        match self {
            Self::DefaultOf(_) => Reach::BakeFile,
            // Which targets there are decides which images there are.
            Self::TargetName | Self::Matrix(_) => Reach::Both,
            Self::OfGroup { reach, .. } | Self::OfTarget { reach, .. } => *reach,
            Self::OfImage { attribute, .. } | Self::OfPlatform { attribute, .. } => attribute.reach,
        }
    }
}

impl fmt::Display for MarkedPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TargetName => f.write_str("the name of a target"),
            Self::Matrix(label) => write!(f, "`matrix` of target `{label}`"),
            Self::DefaultOf(variable) => write!(f, "the default of `{variable}`"),
            Self::OfGroup { group, reach: _ } => write!(f, "group `{group}`"),
            Self::OfTarget { attribute, target, reach: _ } => write!(f, "`{attribute}` of target `{target}`"),
            Self::OfImage { attribute, image } => write!(f, "`{}` of image `{image}`", attribute.name),
            Self::OfPlatform { attribute, target, prefix } => {
                write!(f, "`{}` of target `{target}` for `{prefix}`", attribute.name)
            }
        }
    }
}

/// Each mark with its place. The same text reaches several targets and legs, and is there once.
fn once<'p, 'a>(
    parts: impl IntoIterator<Item = &'p MarkedPart<'a>>,
) -> impl Iterator<Item = (&'p MarkedPlace<'a>, &'p Mark, Option<Span>)>
where
    'a: 'p,
{
    let mut seen = BTreeSet::new();
    let all = parts.into_iter().flat_map(|part| part.marks.iter().map(move |mark| (part, mark)));
    let all = all.filter(move |(part, mark)| part.span.is_none() || seen.insert((part.span, *mark)));
    all.map(|(part, mark)| (&part.place, mark, part.span))
}

/// The marked parts of the source's targets and groups, of which legs are made.
fn of_source<'a>(targets: &'a Targets<'_>, input: &'a Input<'_>) -> Vec<MarkedPart<'a>> {
    let mut parts = Vec::new();
    let mut add = |place: MarkedPlace<'a>, marks: &Marks, span| {
        if !marks.is_empty() {
            parts.push(MarkedPart { place, marks: marks.clone(), span });
        }
    };
    let has_marks = input.module.has_marked_names();
    for target in targets.standing().filter(|_| has_marks) {
        if let Some((marks, span)) = input.module.name_marks(&target.name) {
            add(MarkedPlace::TargetName, marks, Some(span));
        }
    }
    for variable in input.kept {
        if let Some(default) = &variable.default {
            add(MarkedPlace::DefaultOf(&variable.name), &default.marks(), Some(variable.span));
        }
    }
    for group in targets.definition.groups.values() {
        group.each_text(&mut |attribute, one| {
            let place = MarkedPlace::OfGroup { reach: attribute.reach, group: &group.name };
            add(place, one.value.marks(), one.span);
        });
        for LostMark { reach, marks, span, .. } in group.unshown_marks() {
            add(MarkedPlace::OfGroup { reach, group: &group.name }, &marks, Some(span));
        }
    }
    parts.extend(targets.standing().flat_map(|target| of_target(&target.name, target)));
    parts.extend(of_matrices(targets, input));
    parts
}

/// The matrices of targets that stand, or of none, without the marks that the names of these have.
fn of_matrices<'a>(targets: &Targets<'_>, input: &'a Input<'_>) -> Vec<MarkedPart<'a>> {
    let matrices = input.module.marked_matrices();
    if matrices.is_empty() {
        return Vec::new();
    }
    let standing: BTreeSet<&Name> = targets.standing().map(|target| &target.name).collect();
    let part = |matrix: &'a Matrix| {
        let mut members = matrix.members.iter().filter(|member| standing.contains(member)).peekable();
        if members.peek().is_none() && !matrix.members.is_empty() {
            return None;
        }
        let names = members.filter_map(|member| input.module.name_marks(member));
        let marks = names.fold(matrix.marks.clone(), |marks, (shown, _)| marks.without(shown));
        let place = MarkedPlace::Matrix(&matrix.label);
        (!marks.is_empty()).then_some(MarkedPart { place, marks, span: Some(matrix.span) })
    };
    matrices.iter().filter_map(part).collect()
}

/// The names that images take from their targets.
fn names<'a>(
    targets: &'a Targets<'_>,
    images: impl IntoIterator<Item = &'a UnresolvedImage>,
) -> impl Iterator<Item = MarkedPart<'a>> {
    let named = images.into_iter().filter(|image| image.is_named_by_target());
    named.flat_map(|image| &image.targets).flat_map(|Covered { name, at, settings: _ }| {
        let names = targets.at(*at).image_names();
        let marked = names.iter().filter(|text| !text.value.marks().is_empty());
        let parts = marked.map(|text| MarkedPart {
            place: MarkedPlace::OfTarget { attribute: "tags", reach: Reach::Both, target: name },
            marks: text.value.marks().clone(),
            span: text.span,
        });
        parts.collect::<Vec<_>>()
    })
}

/// The marked parts of a target's definition.
fn of_target<'a>(target: &'a Name, definition: &Target) -> Vec<MarkedPart<'a>> {
    let mut parts = texts(target, definition);
    parts.extend(unshown(target, definition));
    parts
}

/// Those of a leg: of its own texts, and of what its target has in no text, some of whose texts a leg has not.
fn of_leg<'a>(leg: &'a Leg, targets: &Targets<'_>) -> Vec<MarkedPart<'a>> {
    let mut parts = texts(&leg.of, &leg.definition);
    parts.extend(targets.find(&leg.of).into_iter().flat_map(|source| unshown(&leg.of, source)));
    parts
}

/// What no text of it has.
fn unshown<'a>(target: &'a Name, definition: &Target) -> impl Iterator<Item = MarkedPart<'a>> {
    definition.unshown_marks().into_iter().map(move |LostMark { attribute, reach, key: _, marks, span }| {
        let place = MarkedPlace::OfTarget { attribute, reach, target };
        MarkedPart { place, marks, span: Some(span) }
    })
}

/// Its marked texts.
fn texts<'a>(target: &'a Name, definition: &Target) -> Vec<MarkedPart<'a>> {
    let mut parts = Vec::new();
    definition.each_text(&mut |attribute, text: &Text| {
        let marks = text.value.marks();
        if !marks.is_empty() {
            let place = MarkedPlace::OfTarget { attribute: attribute.name, reach: attribute.reach, target };
            parts.push(MarkedPart { place, marks: marks.clone(), span: text.span });
        }
    });
    parts
}

/// A marked part of what an `image` block says.
fn of_block<'a>(image: &'a str, one: &Marked) -> MarkedPart<'a> {
    part(MarkedPlace::OfImage { attribute: one.attribute, image }, one)
}

fn part<'a>(place: MarkedPlace<'a>, one: &Marked) -> MarkedPart<'a> {
    MarkedPart { place, marks: one.marks.clone(), span: Some(one.span) }
}

/// The marked parts of what an `image` block without targets says about these.
fn of_empty_block(EmptyBlock { name, marked }: &EmptyBlock) -> impl Iterator<Item = MarkedPart<'_>> {
    marked.iter().map(move |one| of_block(name, one))
}

/// The marked parts of what an `image` block says about its targets.
fn of_image(image: &UnresolvedImage) -> Vec<MarkedPart<'_>> {
    let of_block = |one: &Marked| of_block(&image.key, one);
    let mut parts: Vec<MarkedPart<'_>> = image.marked.iter().map(of_block).collect();
    for Covered { name: target, at: _, settings } in &image.targets {
        parts.extend(settings.marked.iter().map(of_block));
        for PlatformOverride { prefix, settings, span: _, is_default: _ } in &settings.platforms {
            let place = |attribute| MarkedPlace::OfPlatform { attribute, target, prefix };
            parts.extend(settings.marked.iter().map(|one| part(place(one.attribute), one)));
        }
    }
    parts
}
