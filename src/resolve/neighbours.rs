//! Tags with the name of a branch that another image of the repository, or another variant of the same one, has in other runs.

use std::collections::{BTreeMap, BTreeSet};

use super::guards;
use super::image::UnresolvedImage;
use super::input::Input;
use super::publication::{PlacedTag, Publication};
use super::repositories;
use super::taken::branch_in_tag;
use super::targets::Targets;
use super::variants;
use super::version::{cure, is_of_version, subject};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Facts;
use crate::form::{Form, Part};
use crate::pattern::PatternForms;
use crate::reference::Repository;
use crate::tags::{self, Claim};

/// Whose a tag is besides the image that gets it in this run.
enum Owner<'f> {
    /// An image's, which has it in runs that do not name it.
    Image,
    /// An image's on this branch, which is there.
    Twin(&'f str),
    /// An image's in a run of another name, if there is one.
    Branch,
}

/// A form of the tags of an image.
#[derive(Clone)]
struct Known<'i> {
    image: &'i UnresolvedImage,
    form: Form,
    /// What of it the variant has put behind it.
    suffix: String,
}

/// Refuses tags that a branch would take from what is published elsewhere in the repository, and warns of those that an image
/// may have on another branch, or in a run of another name, which may not be there.
pub(super) fn check(
    input: &Input<'_>,
    published: &[(&UnresolvedImage, &Publication)],
    left_out: &[UnresolvedImage],
    targets: &Targets<'_>,
    pattern_forms: &PatternForms,
    diagnostics: &mut Diagnostics,
) {
    let mut contested: BTreeSet<&Repository> = BTreeSet::new();
    for (image, publication) in published {
        if named(image, publication).next().is_some() {
            contested.extend(publication.keys().chain(image.mirrors.keys()));
        }
    }
    if contested.is_empty() {
        return;
    }
    let facts: &Facts = input.facts;
    if facts.tag.is_some() {
        return;
    }
    let mut forms: BTreeMap<Repository, Vec<Known<'_>>> = BTreeMap::new();
    let mut add = |image, own: &mut dyn Iterator<Item = &Repository>| {
        let places: Vec<&Repository> = own.filter(|one| contested.contains(one)).collect();
        if places.is_empty() {
            return;
        }
        let known = all_forms(image, pattern_forms);
        for place in places {
            forms.entry(place.clone()).or_default().extend(known.iter().cloned());
        }
    };
    for (image, publication) in published {
        add(image, &mut publication.keys().chain(image.mirrors.keys()));
    }
    for image in left_out {
        let own = repositories::repositories(image, targets, &mut Diagnostics::default());
        add(image, &mut own.iter().chain(image.mirrors.keys()));
    }
    for (image, publication) in published {
        let places = || publication.keys().chain(image.mirrors.keys());
        let found = named(image, publication).filter_map(|tag| {
            let known = places().filter_map(|place| forms.get(place)).flatten();
            let owners = known.filter_map(|known| Some((owner(tag, image, known, facts)?, known.image)));
            let (owner, other) = owners.min_by_key(|(owner, _)| match owner {
                Owner::Image => 0,
                Owner::Twin(_) => 1,
                Owner::Branch => 2,
            })?;
            Some(diagnostic(tag, image, &owner, other, input))
        });
        diagnostics.extend(found);
    }
}

/// The tags of an image with a name in them that anybody chooses, unless they may have any name, each once.
fn named<'p>(image: &UnresolvedImage, publication: &'p Publication) -> impl Iterator<Item = &'p PlacedTag> {
    let patterns = image.settings().tags.iter().flatten();
    let any: Vec<_> = patterns.filter(|one| one.any).filter_map(|one| one.pattern.span).collect();
    let mut seen = BTreeSet::new();
    publication.values().flat_map(|listing| &listing.tags).filter(move |tag| {
        let is_let = tag.span.is_some_and(|span| any.contains(&span));
        let is_named = tag.claim == Claim::Run && tag.form.has_name() && !tag.form.has_commit();
        is_named && !is_let && seen.insert(&tag.tag)
    })
}

/// The forms of the tags of an image, with what its variant puts behind them.
fn all_forms<'i>(image: &'i UnresolvedImage, pattern_forms: &PatternForms) -> Vec<Known<'i>> {
    let settings = image.settings();
    let mut forms = guards::all_forms(image, pattern_forms);
    if settings.tags.is_none() && settings.version.is_some() {
        let usual = tags::default_patterns();
        forms.extend(usual.into_iter().filter_map(|pattern| pattern_forms.of(pattern, image.names())));
    }
    let suffixes = variants::suffixes(settings, &mut Diagnostics::default());
    let with = |form: &Form, suffix: &String| Known {
        image,
        form: form.with_suffix(suffix),
        suffix: suffix.clone(),
    };
    forms.iter().flat_map(|form| suffixes.iter().map(move |suffix| with(form, suffix))).collect()
}

/// Whose a tag of an image is by a form of another one's tags, or of its own.
fn owner<'f>(
    tag: &PlacedTag,
    image: &UnresolvedImage,
    known: &Known<'_>,
    facts: &'f Facts,
) -> Option<Owner<'f>> {
    let Known { image: other, form, suffix } = known;
    let text = tag.tag.as_str();
    if form.has_name() {
        // Of two branches, it is the one whose name ends like a variant that is in the way.
        if form.text_length() <= tag.form.text_length() || form.has_version() {
            return None;
        }
        let names: BTreeSet<String> = form.names_in(text).into_iter().map(branch_in_tag).collect();
        let others = facts.branches.iter().filter(|one| facts.branch.as_ref() != Some(*one));
        let mut twins = others.filter(|one| names.contains(&branch_in_tag(one)));
        return match twins.next() {
            Some(twin) => Some(Owner::Twin(twin)),
            None => (!names.is_empty()).then_some(Owner::Branch),
        };
    }
    // What its own patterns have is compared where they are rendered, before anything stands behind both.
    if image.key == other.key && ends_with(&tag.form, suffix) {
        return None;
    }
    let is_version = |text: &&str| is_of_version(text, other.settings());
    let is_theirs = if form.has_version() {
        form.is_plain() && form.versions_in(text).iter().any(is_version)
    } else {
        form.fits(text)
    };
    is_theirs.then_some(Owner::Image)
}

/// Whether a variant may have put this behind a form.
fn ends_with(form: &Form, suffix: &str) -> bool {
    let last = form.parts().last();
    suffix.is_empty()
        || matches!(last, Some(Part::Text(text)) if text.strip_suffix(suffix).is_some_and(|before| before.is_empty() || before.ends_with('-')))
}

fn diagnostic(
    tag: &PlacedTag,
    image: &UnresolvedImage,
    owner: &Owner<'_>,
    other: &UnresolvedImage,
    input: &Input<'_>,
) -> Diagnostic {
    let (text, key, subject) = (&tag.tag, &other.key, subject(input.facts));
    let error = |message| Diagnostic::error(Code::BRANCH_COLLISION, message);
    let found = match owner {
        Owner::Image => error(format!(
            "the {subject} would take the tag `{text}`, which is image `{key}`'s in other runs"
        )),
        Owner::Twin(twin) => error(format!(
            "the {subject} would take the tag `{text}`, which image `{key}` has on the branch `{twin}`"
        )),
        Owner::Branch => Diagnostic::warning(
            Code::BRANCH_COLLISION,
            format!("the {subject} takes the tag `{text}`, which image `{key}` may have in another run"),
        ),
    };
    let mut patterns = image.settings().tags.iter().flatten();
    let found = found.at(tag.span, "");
    match patterns.find(|one| one.pattern.span == tag.span) {
        Some(pattern) => found.with_help(cure(pattern, input.facts)),
        None => found,
    }
}
