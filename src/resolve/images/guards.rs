//! What the merge needs to compare tags with those of a registry, and which it cannot compare.

use std::collections::BTreeSet;

use super::image::UnresolvedImage;
use super::sighted::KEPT_BY_GREATER;
use crate::bake::target::Entry;
use crate::bake::target::flags::parse_bool;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, listed};
use crate::form::Form;
use crate::oci;
use crate::pattern::PatternForms;
use crate::plan::{Build, Image, Plan, PlannedTag};
use crate::resolve::publication::{Listing, PlacedTag, Publication};
use crate::rules::{self, Flavor, Rule};
use crate::tags::Claim;
use crate::version::{Dotless, Version};

/// The forms of the image's tags, of this run and of all others.
pub(in crate::resolve) fn all_forms(image: &UnresolvedImage, forms: &PatternForms) -> BTreeSet<Form> {
    let settings = image.settings();
    let flavors: Vec<String> =
        settings.flavor.iter().map(|line| rules::named(line.as_str(), image.names())).collect();
    let flavor = Flavor::parse(flavors.iter().map(String::as_str)).unwrap_or_default();
    let patterns = settings.tags.iter().flatten().chain(&settings.prerelease_tags).map(|one| &one.pattern);
    let of_pattern = |text: &str| {
        if rules::is_rule(text) {
            Rule::of_image(text, image.names()).ok().map(|rule| rule.form(&flavor, forms.sha_length()))
        } else {
            forms.of(text, image.names())
        }
    };
    // A day that an expression has written is another one in the next release.
    let with_day = |form: Form| {
        let day = form.is_text().then(|| Form::of_day(&form.to_string())).flatten();
        [Some(form), day].into_iter().flatten()
    };
    let found = patterns.chain(&settings.channels).filter_map(|text| of_pattern(text.as_str()));
    found.flat_map(with_day).collect()
}

/// The form of the `latest` that its rules give besides.
pub(in crate::resolve) fn latest_of_rules(image: &UnresolvedImage, forms: &PatternForms) -> Option<Form> {
    let settings = image.settings();
    let flavors: Vec<String> =
        settings.flavor.iter().map(|line| rules::named(line.as_str(), image.names())).collect();
    let flavor = Flavor::parse(flavors.iter().map(String::as_str)).ok()?;
    let lines = settings.tags.iter().flatten().filter(|one| !one.is_off()).map(|one| one.pattern.as_str());
    let lines = lines.filter(|line| rules::is_rule(line));
    let rules: Vec<Rule> = lines.filter_map(|line| Rule::of_image(line, image.names()).ok()).collect();
    flavor.latest_form(&rules, forms.sha_length())
}

/// Those that are not of versions: what they fit is not a release.
pub(in crate::resolve) fn other_forms(image: &UnresolvedImage, forms: &PatternForms) -> BTreeSet<Form> {
    // A constant that reads as no version is none in any case.
    let matters = |form: &Form| !form.is_text() || form.to_string().parse::<Version>().is_ok();
    let all = all_forms(image, forms).into_iter();
    all.filter(|form| !form.is_plain() && matters(form)).collect()
}

/// Says which tags float with versions that the merge cannot read out of the tags of a repository. Of channels, the reason
/// for each tag says so.
pub(in crate::resolve) fn note_unguarded(
    image: &UnresolvedImage,
    publication: &Publication,
    diagnostics: &mut Diagnostics,
) {
    let is_unguarded = |tag: &&PlacedTag| matches!(tag.claim, Claim::Versions(_) | Claim::Prereleases(_));
    let Some(version) = image.version.known() else { return };
    let shows = |tag: &PlacedTag| {
        let is_dotless = || Dotless::of(tag.tag.as_str(), version, version.numbers().len()).is_some();
        tag.claim == Claim::Literal && (tag.form.is_readable() || is_dotless())
    };
    let listings = publication.values().filter(|listing: &&Listing| !listing.tags.iter().any(shows));
    let found: Vec<&PlacedTag> = listings.flat_map(|listing| &listing.tags).filter(is_unguarded).collect();
    let Some(first) = found.first() else { return };
    let names: BTreeSet<String> = found.iter().map(|tag| format!("`{}`", tag.tag)).collect();
    let names: Vec<String> = names.into_iter().collect();
    let names = names.join(", ");
    let message = format!(
        "no tag of image `{}` shows its whole version so that it can be read back: the merge cannot tell from a registry's tags whether a greater version has {names}",
        image.key
    );
    let several = format!(
        "have no tag that shows their whole version so that it can be read back: the merge cannot tell from a registry's tags whether a greater version has {names}"
    );
    // No tag has a `+`.
    let whole =
        if version.build().is_empty() { "{{ version }}" } else { "{{ version | replace('+', '-') }}" };
    let help = format!("publish `{whole}`, too; or name released versions with `--known-versions`");
    let note = Diagnostic::note(Code::UNGUARDED_TAG, message).at(first.span, "").with_help(help);
    diagnostics.report(image.tells(note, several));
}

/// Says where tags that are written out look like versions, and it is not clear which one the others move with.
pub(in crate::resolve) fn note_unclear(
    image: &UnresolvedImage,
    publication: &Publication,
    diagnostics: &mut Diagnostics,
) {
    if image.version.known().is_some() {
        return;
    }
    let mut listings = publication.values().filter(|listing| listing.seen.is_none());
    let Some(listing) = listings.find(|listing| !listing.unclear.is_empty()) else { return };
    let looks: Vec<&PlacedTag> =
        listing.tags.iter().filter(|tag| listing.unclear.contains(&tag.tag)).collect();
    let Some(first) = looks.first() else { return };
    let moving = listing.tags.iter().filter(|tag| tag.claim == Claim::Run && tag.form.is_text());
    let moving: Vec<&str> = moving.map(|tag| tag.tag.as_str()).collect();
    let staying = looks.iter().filter(|tag| tag.claim == Claim::Literal);
    let staying: Vec<&str> = staying.map(|tag| tag.tag.as_str()).collect();
    let several =
        |count: usize, one: &'static str, several: &'static str| if count == 1 { one } else { several };
    let mut what = Vec::new();
    if !moving.is_empty() {
        what.push(format!("{} {} with each run", listed(&moving), several(moving.len(), "moves", "move")));
    }
    if !staying.is_empty() {
        let counts =
            several(staying.len(), "counts as a version of its own", "count as versions of their own");
        what.push(format!("{} {counts}", listed(&staying)));
    }
    let what = what.join(", and ");
    let message = format!("cannot tell which version image `{}` has: {what}", image.key);
    let several = format!("do not tell which version they have: {what}");
    let help = "declare it in an `image` block: `version = \"1.2.3\"`, with `tags` that are made of it, such as `{{ version }}-alpine` and `{{ major }}`";
    let note = Diagnostic::note(Code::UNGUARDED_TAG, message).at(first.span, "").with_help(help);
    let mut note = image.tells(note, several);
    if !moving.is_empty() {
        note = note.with_note(KEPT_BY_GREATER);
    }
    diagnostics.report(note);
}

/// Refuses annotations and labels that no registry has room for, so that no plan is written that the merge does not read.
pub(in crate::resolve) fn too_long(plan: &Plan) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (key, image) in &plan.images {
        let of_builds = image
            .builds
            .iter()
            .flat_map(|build| [&build.labels, &build.annotations, &build.descriptor_annotations]);
        let sizes = of_builds.chain([&image.annotations]).map(oci::annotations_size);
        if let Some(size) = sizes.max().filter(|size| *size > oci::MAX_ANNOTATIONS) {
            let message = format!(
                "annotations or labels of image `{key}` have {size} bytes; at most {} are allowed",
                oci::MAX_ANNOTATIONS
            );
            found.push(Diagnostic::error(Code::LIMIT, message));
        }
    }
    found
}

/// The tags of an image that another run of the same branch gives to what it builds, but for those of its commit.
pub(in crate::resolve) fn shared(image: &Image) -> Vec<String> {
    let is_shared = |tag: &&PlannedTag| match tag.claim {
        Claim::Versions(_) | Claim::Prereleases(_) | Claim::Channel | Claim::Run => true,
        Claim::Literal => tag.form.has_version(),
    };
    image.tags.iter().filter(is_shared).map(|tag| format!("`{}`", tag.name)).collect()
}

/// Says which tags another run may have in images whose indexes may have no place to say which run made them.
pub(in crate::resolve) fn docker_lists(plan: &Plan) -> Vec<Diagnostic> {
    let is_docker = |build: &Build| {
        let outputs = plan.leg(build).and_then(|leg| leg.definition.output.as_deref());
        let types = outputs.and_then(<[Entry]>::first).and_then(|output| output.get("oci-mediatypes"));
        types.and_then(parse_bool) == Some(false)
    };
    let mut found = Vec::new();
    for (key, image) in plan.images.iter().filter(|(_, image)| image.index) {
        let tags = shared(image);
        if tags.is_empty() || !image.builds.iter().all(is_docker) {
            continue;
        }
        let (tags, why) = (tags.join(", "), "Docker manifest lists cannot say which run made them");
        let what = format!(
            "built with `oci-mediatypes=false`, and {why}: an earlier run that is merged last takes back {tags}"
        );
        found.push(
            Diagnostic::note(Code::UNGUARDED_TAG, format!("image `{key}` is {what}"))
                .of_image(key, None, format!("are {what}"))
                .with_help("leave `oci-mediatypes=false` out of `output`, so that the merge can tell"),
        );
    }
    found
}
