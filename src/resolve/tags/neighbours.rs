//! Tags of a run that another image of the repository, or another variant or version of the same one, has in other runs.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::names;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, listed};
use crate::facts::{Facts, is_moving_tag};
use crate::form::{Form, Part};
use crate::pattern::{self, PatternForms};
use crate::reference::{LATEST, Repository};
use crate::resolve::images::branches::{self, Namer};
use crate::resolve::images::guards;
use crate::resolve::images::image::UnresolvedImage;
use crate::resolve::images::repositories;
use crate::resolve::images::rules::AppliedRules;
use crate::resolve::images::variants;
use crate::resolve::images::version::{ImageVersion, cure, is_of_version, subject};
use crate::resolve::input::Input;
use crate::resolve::publication::{PlacedTag, Publication};
use crate::resolve::targets::Targets;
use crate::spec::TagPattern;
use crate::tags::{self, Claim};
use crate::version::Version;

/// Whose a tag is besides the image that gets it in this run.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    /// An image's, which has it in runs that do not name it.
    Image,
    /// An image's for another version.
    Version(String),
    /// An image's on this branch, which is there.
    Twin(String),
    /// An image's in a run of another name, if there is one.
    Branch,
    /// An image's in other runs, which are not known to be.
    Constant,
}

/// An image of a repository.
struct Neighbour<'i> {
    image: &'i UnresolvedImage,
    /// The forms of its tags, each with what of it the variant has put behind it.
    forms: Vec<(Form, String)>,
    /// The tags of branches, by what they are called, without what a variant puts behind.
    branches: OnceCell<BTreeMap<String, String>>,
    /// Those of a branch that is called as the git tag of the run, or as the one that a pull request comes from.
    of_name: OnceCell<Vec<String>>,
    suffixes: BTreeSet<String>,
}

/// Refuses tags that a run would take from what is published elsewhere in the repository, and warns of those that an image
/// may have on another branch, or in other runs, which may not be there.
pub(in crate::resolve) fn check(
    input: &Input<'_>,
    published: &[(&UnresolvedImage, &Publication)],
    left_out: &[UnresolvedImage],
    targets: &Targets<'_>,
    pattern_forms: &PatternForms,
    diagnostics: &mut Diagnostics,
) {
    let elsewhere = left_out.iter().map(|image| {
        let own = repositories::repositories(image, targets, &mut Diagnostics::default());
        (image, own.iter().chain(image.mirrors.keys()).map(repositories::place).collect())
    });
    let here = published.iter().map(|(image, publication)| (*image, places(image, publication)));
    let all: Vec<(&UnresolvedImage, BTreeSet<Repository>)> = here.chain(elsewhere).collect();
    let mut blocks: BTreeMap<&Repository, BTreeSet<(Option<usize>, bool)>> = BTreeMap::new();
    for (image, places) in &all {
        for place in places {
            blocks.entry(place).or_default().insert((image.block, image.version.known().is_some()));
        }
    }
    let mut contested: BTreeSet<Repository> =
        blocks.into_iter().filter(|(_, blocks)| blocks.len() > 1).map(|(place, _)| place.clone()).collect();
    for (image, publication) in published {
        let has_tail = image.version.known().is_some_and(|version| !version.tail().is_empty());
        if has_tail || tags_of(publication).any(|tag| is_named(tag, image)) {
            contested.extend(places(image, publication));
        }
    }
    if contested.is_empty() {
        return;
    }
    let mut districts: BTreeMap<&Repository, District<'_>> = BTreeMap::new();
    for (image, places) in &all {
        let places: Vec<&Repository> = places.iter().filter(|one| contested.contains(*one)).collect();
        let neighbour = (!places.is_empty()).then(|| Rc::new(Neighbour::of(image, pattern_forms)));
        for (place, neighbour) in places.into_iter().zip(std::iter::repeat(neighbour).flatten()) {
            districts.entry(place).or_default().add(neighbour);
        }
    }
    for (image, publication) in published {
        let places = places(image, publication);
        let mut shared: BTreeMap<&str, Vec<&PlacedTag>> = BTreeMap::new();
        for tag in tags_of(publication).filter(|tag| !pattern_of(tag, image).is_some_and(|one| one.any)) {
            let near = || places.iter().filter_map(|place| districts.get(place));
            let owners = near().flat_map(|district| district.owners(tag, image, input));
            match owners.min_by(|(a, _), (b, _)| a.cmp(b)) {
                Some((Owner::Constant, other)) => shared.entry(&other.key).or_default().push(tag),
                Some((owner, other)) => diagnostics.report(diagnostic(tag, image, &owner, other, input)),
                None => {}
            }
        }
        diagnostics.extend(shared.into_iter().map(|(other, tags)| in_both(image, other, &tags)));
    }
}

/// Where an image is published.
fn places(image: &UnresolvedImage, publication: &Publication) -> BTreeSet<Repository> {
    publication.keys().chain(image.mirrors.keys()).map(repositories::place).collect()
}

/// The tags of an image, each once.
fn tags_of(publication: &Publication) -> impl Iterator<Item = &PlacedTag> {
    let mut seen = BTreeSet::new();
    publication.values().flat_map(|listing| &listing.tags).filter(move |tag| seen.insert(&tag.tag))
}

/// Whether there is a name in a tag that anybody chooses, and no version.
fn is_named(tag: &PlacedTag, image: &UnresolvedImage) -> bool {
    let is_of_run = tag.claim == Claim::Run || tag.claim == Claim::Literal && image.version.known().is_none();
    is_of_run && tag.form.has_name() && !tag.form.has_commit()
}

/// The entry of `tags` that gives a tag.
fn pattern_of<'i>(tag: &PlacedTag, image: &'i UnresolvedImage) -> Option<&'i TagPattern> {
    let mut patterns = image.settings().tags.iter().flatten();
    patterns.find(|one| one.pattern.span.is_some() && one.pattern.span == tag.span)
}

impl<'i> Neighbour<'i> {
    fn of(image: &'i UnresolvedImage, pattern_forms: &PatternForms) -> Self {
        let suffixes = variants::suffixes(image.settings(), &mut Diagnostics::default());
        let forms = all_forms(image, pattern_forms);
        let with_suffixes = |form: &Form| {
            suffixes.iter().map(|suffix| (form.with_suffix(suffix), suffix.clone())).collect::<Vec<_>>()
        };
        Self {
            image,
            forms: forms.iter().flat_map(with_suffixes).collect(),
            branches: OnceCell::new(),
            of_name: OnceCell::new(),
            suffixes: suffixes.into_iter().collect(),
        }
    }

    /// The branch that is there and has a tag. Of two, it is the one whose name ends like a variant that is in the way.
    fn twin(&self, text: &str, facts: &Facts) -> Option<Owner> {
        let branch = facts.branch.as_ref().filter(|_| facts.tag.is_none());
        let is_shorter = |twin: &&String| branch.is_none_or(|own| twin.len() <= own.len());
        let bare = self.suffixes.iter().filter_map(|suffix| without_suffix(text, suffix));
        let branches = self.branches.get_or_init(|| branches::by_tag(self.image, facts));
        let mut twins = bare.filter_map(|bare| branches.get(bare)).filter(is_shorter);
        twins.next().cloned().map(Owner::Twin)
    }

    /// Whose a tag with a name in it is by the forms.
    fn named(&self, tag: &PlacedTag, image: &UnresolvedImage, facts: &Facts) -> Option<Owner> {
        let text = tag.tag.as_str();
        let is_theirs = |(form, suffix): &(Form, String)| {
            // What its own patterns have is compared where they are rendered, before anything stands behind both.
            if form.has_name() || image.key == self.image.key && ends_with(&tag.form, suffix) {
                return false;
            }
            let is_version = |text: &&str| *text != LATEST && is_of_version(text, self.image.settings());
            if form.has_version() {
                form.is_plain() && form.versions_in(text).iter().any(is_version)
            } else {
                form.fits(text)
            }
        };
        if self.forms.iter().any(is_theirs) {
            return Some(Owner::Image);
        }
        // A branch that is called as versions are has no tag.
        let may_be_name = |name: &&str| !is_of_version(name, self.image.settings());
        // Of two branches, it is the one whose name ends like a variant that is in the way.
        let may_be_other = |(form, _): &(Form, String)| {
            !form.has_version()
                && form.text_length() > tag.form.text_length()
                && form.names_in(text).iter().any(may_be_name)
        };
        // Where the branches are known, it is known that there is none of the name of the git tag.
        let name = match &facts.tag {
            Some(tag) => Some(tag).filter(|tag| is_moving_tag(tag) && facts.branches.is_empty()),
            None => facts.head_branch.as_ref().filter(|_| facts.branch.is_none()),
        };
        let is_of_name = name.is_some_and(|name| {
            let of_name = self.of_name.get_or_init(|| Namer::of(self.image, facts).tags_on(name));
            let mut bare = self.suffixes.iter().filter_map(|suffix| without_suffix(text, suffix));
            bare.any(|bare| of_name.iter().any(|tag| tag == bare))
        });
        let may_be_there = is_of_name || facts.tag.is_none() && self.forms.iter().any(may_be_other);
        may_be_there.then_some(Owner::Branch)
    }

    /// The other version whose tag a version's is by a form that has more text in it: `1.2.3-debug` is of 1.2.3 in
    /// `{{ version }}-debug`.
    fn version(&self, tag: &PlacedTag, own: &Version, input: &Input<'_>) -> Option<Owner> {
        let text = tag.tag.as_str();
        let settings = self.image.settings();
        let more = |form: &Form| form.is_plain() && form.text_length() > tag.form.text_length();
        self.forms.iter().filter(|(form, _)| more(form)).find_map(|(form, suffix)| {
            let has_it = |version: &Version| {
                let names = names::names_of(input, self.image, version);
                version.without_v() != own.without_v()
                    && names.iter().any(|one| tags::with_suffix(&one.name, suffix) == text)
            };
            let found = form.versions_in(text).into_iter().filter(|found| is_of_version(found, settings));
            // Rules may read the git tag with its `v`.
            let texts = found.flat_map(|found| [found.to_owned(), format!("v{found}")]);
            let read = |text: String| Version::parse_with(&text, settings.scheme, &self.image.tails).ok();
            let version = texts.filter_map(read).find(has_it)?;
            Some(Owner::Version(version.without_v().to_owned()))
        })
    }

    /// Whether its versions are in other git tags than that of the run.
    fn is_apart(&self, facts: &Facts) -> bool {
        match &self.image.version {
            ImageVersion::Elsewhere { tag: _, prefix: _, other: _ } => true,
            ImageVersion::Known { version: _, is_from_run: _ } | ImageVersion::Refused => false,
            ImageVersion::None | ImageVersion::Unknown(..) | ImageVersion::Absent { at: _ } => {
                let rules = self.image.rules.as_deref();
                facts.tag.is_some() && rules.is_some_and(AppliedRules::cut_versions_out)
            }
        }
    }

    /// Whether it has a tag for this version, too, or for all.
    fn has_for(&self, tag: &PlacedTag, version: Option<&Version>) -> bool {
        let text = tag.tag.as_str();
        let is_shown = |found: &&str| {
            version.is_some_and(|version| {
                let mut parts = (1..=version.numbers().len()).filter_map(|count| version.prefix(count));
                *found == version.without_v() || parts.any(|part| part == *found)
            })
        };
        let has_it = |form: &Form| {
            if form.is_text() {
                form.to_string() == text
            } else {
                form.is_plain() && form.versions_in(text).iter().any(is_shown)
            }
        };
        self.forms.iter().any(|(form, _)| has_it(form))
    }

    /// The tags of other runs that are known from the file, whatever those runs are of.
    fn constants(&self) -> Vec<String> {
        let settings = self.image.settings();
        // Prereleases own no constant, and others may be those of this run.
        let asks = settings.version.as_ref().and_then(|version| version.when.as_ref());
        let is_of_prereleases = asks.is_some_and(|when| pattern::asks_for_prerelease(when.as_str()));
        let version = match &self.image.version {
            ImageVersion::Known { version, is_from_run: false } => Some(version),
            _ => None,
        };
        let forms = || self.forms.iter().map(|(form, _)| form);
        let written = forms().filter(|form| form.is_text() && !is_of_prereleases).map(ToString::to_string);
        let of_version = version.into_iter().flat_map(|version| {
            let parts = (1..=version.numbers().len()).filter_map(|count| version.prefix(count));
            let texts: Vec<&str> = parts.chain([version.without_v()]).collect();
            let filled = |text: &str, form: &Form| {
                let part = |part: &Part| match part {
                    Part::Text(text) => text.clone(),
                    _ => text.to_owned(),
                };
                form.parts().iter().map(part).collect::<String>()
            };
            let plain = forms().filter(|form| form.is_plain());
            plain
                .flat_map(|form| texts.iter().map(|text| filled(text, form)).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        });
        written.chain(of_version).collect()
    }
}

/// The images of one repository.
#[derive(Default)]
struct District<'i> {
    neighbours: Vec<Rc<Neighbour<'i>>>,
    /// Who has a tag in other runs, one image of each block.
    constants: BTreeMap<String, BTreeMap<Option<usize>, &'i UnresolvedImage>>,
    /// The same of forms with a commit, a day or a number in them.
    of_runs: BTreeMap<Form, BTreeMap<Option<usize>, &'i UnresolvedImage>>,
}

impl<'i> District<'i> {
    fn add(&mut self, neighbour: Rc<Neighbour<'i>>) {
        let image = neighbour.image;
        for text in neighbour.constants() {
            self.constants.entry(text).or_default().entry(image.block).or_insert(image);
        }
        let is_of_run = |form: &&Form| form.has_run() && !form.has_name() && !form.has_version();
        for form in neighbour.forms.iter().map(|(form, _)| form).filter(is_of_run) {
            self.of_runs.entry(form.clone()).or_default().entry(image.block).or_insert(image);
        }
        self.neighbours.push(neighbour);
    }

    /// Whose a tag of an image is by what is published here in other runs.
    fn owners(
        &self,
        tag: &PlacedTag,
        image: &UnresolvedImage,
        input: &Input<'_>,
    ) -> Vec<(Owner, &'i UnresolvedImage)> {
        let facts: &Facts = input.facts;
        let text = tag.tag.as_str();
        // A git tag that is called as a version is one.
        let is_version = || facts.tag.is_some() && text != LATEST && is_of_version(text, image.settings());
        let all = || self.neighbours.iter();
        if is_named(tag, image) && !is_version() {
            let named = |one: &Rc<Neighbour<'i>>| {
                let owner = one.twin(text, facts).or_else(|| one.named(tag, image, facts))?;
                Some((owner, one.image))
            };
            return all().filter_map(named).collect();
        }
        let own = image.version.known().filter(|version| !version.tail().is_empty());
        let own = own.filter(|_| tag.claim == Claim::Literal && tag.form.is_plain());
        let versions = own
            .into_iter()
            .flat_map(|own| all().filter_map(move |one| Some((one.version(tag, own, input)?, one.image))));
        let of_runs = self.of_runs.iter().filter(|(form, _)| tag.form.has_run() && form.fits(text));
        let apart = all().filter(|one| one.is_apart(facts) && one.has_for(tag, image.version.known()));
        let apart = apart.map(|one| (Owner::Constant, one.image));
        let shared = self.constants.get(text).into_iter().chain(of_runs.map(|(_, images)| images));
        let shared = shared.flatten().filter(|(block, _)| **block != image.block);
        versions.chain(apart).chain(shared.map(|(_, other)| (Owner::Constant, *other))).collect()
    }
}

/// The forms of the tags of an image, but for those that no run has.
fn all_forms(image: &UnresolvedImage, pattern_forms: &PatternForms) -> BTreeSet<Form> {
    let settings = image.settings();
    let mut forms = guards::all_forms(image, pattern_forms);
    if settings.tags.is_none() && settings.version.is_some() {
        let usual = tags::default_patterns();
        forms.extend(usual.into_iter().filter_map(|pattern| pattern_forms.of(pattern, image.names())));
    }
    forms.extend(guards::latest_of_rules(image, pattern_forms));
    let never = |one: &&TagPattern| {
        one.is_fixed && one.when.as_ref().is_some_and(|when| !pattern::may_hold(when.as_str()))
    };
    let (never, others): (Vec<&TagPattern>, Vec<&TagPattern>) =
        settings.tags.iter().flatten().partition(never);
    for one in never {
        let is_same = |other: &&TagPattern| other.pattern == one.pattern;
        if !pattern::is_pattern(one.pattern.as_str()) && !others.iter().any(is_same) {
            forms.remove(&Form::text(one.pattern.as_str()));
        }
    }
    forms
}

/// What stands before the suffix of a variant in a tag.
fn without_suffix<'t>(tag: &'t str, suffix: &str) -> Option<&'t str> {
    if suffix.is_empty() { Some(tag) } else { tag.strip_suffix(suffix)?.strip_suffix('-') }
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
    owner: &Owner,
    other: &UnresolvedImage,
    input: &Input<'_>,
) -> Diagnostic {
    let (text, key, subject) = (&tag.tag, &other.key, subject(input.facts));
    let error = |message| Diagnostic::error(Code::BRANCH_COLLISION, message);
    let found = match owner {
        Owner::Image => error(format!(
            "the {subject} would take the tag `{text}`, which is image `{key}`'s in other runs"
        )),
        Owner::Version(version) => {
            let own = image.version.known().map(ToString::to_string).unwrap_or_default();
            let message = format!(
                "version `{own}` would take the tag `{text}`, which image `{key}` has for version `{version}`"
            );
            return Diagnostic::error(Code::TAG_COLLISION, message).at(tag.span, "").with_help(
                "give the version another name, or one of the images another tag or another repository",
            );
        }
        Owner::Twin(twin) => error(format!(
            "the {subject} would take the tag `{text}`, which image `{key}` has on the branch `{twin}`"
        )),
        Owner::Branch | Owner::Constant => Diagnostic::warning(
            Code::BRANCH_COLLISION,
            format!("the {subject} takes the tag `{text}`, which image `{key}` may have in another run"),
        ),
    };
    let found = found.at(tag.span, "");
    match pattern_of(tag, image) {
        Some(pattern) => found.with_help(cure(pattern, input.facts)),
        None => found,
    }
}

/// The warning for tags that two images have in different runs.
fn in_both(image: &UnresolvedImage, other: &str, tags: &[&PlacedTag]) -> Diagnostic {
    let names: Vec<&str> = tags.iter().map(|tag| tag.tag.as_str()).collect();
    let message = format!(
        "image `{}` takes {} in this run, and image `{other}` in other runs: what is published last has {}",
        image.key,
        listed(&names),
        if names.len() == 1 { "it" } else { "them" }
    );
    let span = tags.first().and_then(|tag| tag.span);
    let help = "give one of the images other tags, a `variant` or another repository; `any = true` in the entry allows it";
    Diagnostic::warning(Code::TAG_COLLISION, message).at(span, "").with_help(help)
}
