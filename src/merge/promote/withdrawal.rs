//! Floating tags after a version is withdrawn: each goes to the greatest version that is left, from that version's own
//! tag.

use std::collections::{BTreeMap, BTreeSet};

use super::super::guard::relist::forget;
use super::super::report::Report;
use super::super::tools::MergeTools;
use super::{Promotion, To, said};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::form::{Form, Part};
use crate::published::also_named::{AlsoNamed, greater as greater_tag, says_greater, version_in};
use crate::published::floating::{Member, members};
use crate::published::given;
use crate::published::plan_json::TagEntry;
use crate::published::planned::{Planned, PlannedImage};
use crate::published::record::{Known, Question, Questions, Record};
use crate::published::release::MAX_RELEASES;
use crate::published::renamed::{Declines, declines};
use crate::published::survey::{Round, Survey, Trouble};
use crate::published::target::Target;
use crate::reference::{Digest, Tag};
use crate::registry::Location;
use crate::version::{Class, Version};

/// What begins the tags of signatures and the like, which name the digest that they are about.
const OF_DIGEST: &str = "sha256-";

/// A floating tag of a repository, and what it is to have.
struct Floating<'a> {
    image: &'a PlannedImage,
    /// The tag of the plan whose likes it is.
    shape: &'a TagEntry,
    /// Whether the plan has this very tag.
    is_planned: bool,
    /// The own tag of the greatest version that is left, if one is.
    owner: Option<Member<'a>>,
}

/// Which floating tags of a repository go where. What cannot be known is a problem in the report, and a tag for which no
/// version is left is held.
pub(crate) fn restore(
    planned: &Planned,
    location: &Location,
    tools: &MergeTools<'_>,
    report: &mut Report,
) -> Vec<Promotion> {
    let images: Vec<&PlannedImage> =
        planned.images.values().filter(|one| one.places().any(|place| place == location)).collect();
    let follows = |image: &&PlannedImage| image.tags_in(location).any(|tag| tag.follows().is_some());
    if !images.iter().any(follows) {
        let message = format!("the plan has no tag in `{location}` that floats with versions");
        report.problems.push(Diagnostic::error(Code::NO_FLOATING, message).with_help(
            "plan a version that is not withdrawn: the tags of that plan say which floating tags there are",
        ));
        return Vec::new();
    }
    let mut survey = Survey::new(tools.sites, tools.progress, Trouble::EndsIt);
    let Some(site) = tools.sites.iter().position(|site| site.location == *location) else {
        return Vec::new();
    };
    // The own tags of versions that have the content of a withdrawn one.
    let mut same: BTreeMap<Tag, Tag> = BTreeMap::new();
    // Floating tags with those of versions that go without them.
    let mut declined: BTreeSet<(Tag, Tag)> = BTreeSet::new();
    let mut reading = 0;
    loop {
        report.problems.extend(ask(&mut survey, [(site, Question::Tags)].into()));
        if !report.problems.is_empty() {
            return Vec::new();
        }
        let listed: Vec<Tag> = match survey.records()[site].tags() {
            Known::Present(tags) => tags.to_vec(),
            Known::Faulty(fault) => {
                report.problems.push(fault.diagnostic.clone());
                return Vec::new();
            }
            Known::Unasked | Known::Absent => Vec::new(),
        };
        let floating = match floating(&images, location, &listed, &same, &declined) {
            Ok(floating) => floating,
            Err(problem) => {
                report.problems.push(problem);
                return Vec::new();
            }
        };
        let owners = floating.values().filter_map(|one| Some(one.owner.as_ref()?.tag));
        // The plan names versions that a list may lack.
        let planned = images.iter().flat_map(|image| image.tags_in(location)).map(|tag| &tag.name);
        let tags: BTreeSet<&Tag> = floating.keys().chain(owners).chain(planned).collect();
        let withdrawn = withdrawn(&images, location, &listed);
        let beside = withdrawn_beside(&images, location, &listed, &withdrawn);
        let is_known =
            |tag: &Tag| floating.contains_key(tag) || withdrawn.contains(tag) || beside.contains(tag);
        let (others, left) = others(&images, location, &listed, &is_known);
        let asked = tags.iter().chain(&withdrawn).chain(&beside).chain(&others);
        let questions = asked.map(|tag| (site, Question::Tag((*tag).clone()))).collect();
        report.problems.extend(ask(&mut survey, questions));
        if !report.problems.is_empty() {
            return Vec::new();
        }
        let record = &survey.records()[site];
        let disagrees = |tag: &Tag| record.tag(tag).present().is_some() != listed.contains(tag);
        let differing: BTreeSet<Tag> = tags.into_iter().filter(|tag| disagrees(tag)).cloned().collect();
        if differing.is_empty() {
            let of_withdrawn = |tag: &Tag| {
                let digest = record.tag(tag).present()?;
                let version = withdrawn.iter().find(|own| record.tag(own).present() == Some(digest))?;
                Some((tag.clone(), (*version).clone()))
            };
            let owners = floating.values().filter_map(|one| Some(one.owner.as_ref()?.tag));
            let more: BTreeMap<Tag, Tag> = owners.filter_map(of_withdrawn).collect();
            if !more.is_empty() {
                same.extend(more);
                continue;
            }
            match declining(&floating, site, &mut survey) {
                Ok(more) if more.is_empty() => {}
                Ok(more) => {
                    declined.extend(more);
                    continue;
                }
                Err(problems) => {
                    report.problems.extend(problems);
                    return Vec::new();
                }
            }
            let tell = |(tag, version): (&Tag, &Tag)| said::has_same_content(location, tag, version);
            report.notes.extend(same.iter().map(tell));
            report.notes.extend((left > 0).then(|| said::not_looked_at(location, left)));
            let mut questions = said_by(&others, site, &images, &survey);
            questions.extend(moved(&floating, &survey.records()[site]).map(|now| (site, now)));
            let own = own_tags(&images, location, &listed, &floating);
            // Which version has what a tag moves away from.
            if moved(&floating, &survey.records()[site]).next().is_some() {
                let own = own.iter().take(MAX_RELEASES);
                questions.extend(own.map(|tag| (site, Question::Tag((*tag).clone()))));
            }
            report.problems.extend(ask(&mut survey, questions));
            let is_pulled = |now: &Digest, record: &Record| {
                withdrawn.iter().any(|own| record.tag(own).present() == Some(now))
                    || said_withdrawn(&images, record, now).is_some()
            };
            report.problems.extend(survey.learn(|records| {
                let open =
                    named(&floating, &records[site], &is_pulled).filter_map(|(_, found)| match found {
                        AlsoNamed::Open(open) => Some(open),
                        _ => None,
                    });
                open.flatten().map(|question| (site, question)).collect()
            }));
            if !report.problems.is_empty() {
                return Vec::new();
            }
            let record = &survey.records()[site];
            let kept: BTreeMap<Tag, (Tag, String)> = named(&floating, record, &is_pulled)
                .filter_map(|(name, found)| match found {
                    AlsoNamed::As(other, how) => Some((name, (other.clone(), how))),
                    _ => None,
                })
                .collect();
            let owned: BTreeSet<&Digest> =
                floating.values().filter_map(|one| record.tag(one.owner.as_ref()?.tag).present()).collect();
            for tag in others {
                let Some(now) = record.tag(tag).present().filter(|now| !owned.contains(now)) else {
                    continue;
                };
                let mut all = withdrawn.iter().chain(&beside);
                let by_tag = all.find(|own| record.tag(own).present() == Some(now));
                let by_tag = by_tag.map(|own| format!("that is `{own}`"));
                let version = by_tag.or_else(|| said_withdrawn(&images, record, now));
                report
                    .held
                    .extend(version.map(|version| said::still_withdrawn(location, tag, now, &version)));
            }
            let is_known = |now: &Digest| {
                own.iter().any(|own| record.tag(own).present() == Some(now))
                    || said_withdrawn(&images, record, now).is_some()
            };
            return promotions(floating, location, record, &is_known, &kept, report);
        }
        if forget(reading, &[(site, differing.clone())].into(), &mut survey, tools).is_none() {
            report.problems.extend(differing.iter().map(|tag| said::disagree(location, tag)));
            return Vec::new();
        }
        reading += 1;
    }
}

/// The floating tags that would go to versions which go without them, each with the own tag of its version.
fn declining(
    floating: &BTreeMap<Tag, Floating<'_>>,
    site: usize,
    survey: &mut Survey<'_>,
) -> Result<Vec<(Tag, Tag)>, Vec<Diagnostic>> {
    loop {
        let (mut found, mut open) = (Vec::new(), Questions::new());
        for (name, one) in floating {
            let Some(owner) = &one.owner else { continue };
            match declines(name, one.shape, owner.tag, &survey.records()[site]) {
                Declines::Yes => found.push((name.clone(), owner.tag.clone())),
                Declines::No => {}
                Declines::Open(question) => {
                    open.insert((site, question));
                }
            }
        }
        if open.is_empty() {
            return Ok(found);
        }
        let problems = ask(survey, open);
        if !problems.is_empty() {
            return Err(problems);
        }
    }
}

/// What has to be read to know which version tags of the plan are that no version's own tag has.
fn said_by(others: &[&Tag], site: usize, images: &[&PlannedImage], survey: &Survey<'_>) -> Questions {
    let record = &survey.records()[site];
    let is_planned = |tag: &&&Tag| images.iter().any(|image| image.tags.iter().any(|own| own.name == ***tag));
    let digests = others.iter().filter(is_planned).filter_map(|tag| record.tag(tag).present());
    digests.map(|digest| (site, Question::Previous(digest.clone()))).collect()
}

/// The own tags of versions, also of those that are withdrawn.
fn own_tags<'a>(
    images: &[&'a PlannedImage],
    location: &'a Location,
    listed: &'a [Tag],
    floating: &BTreeMap<Tag, Floating<'_>>,
) -> BTreeSet<&'a Tag> {
    let shapes = images.iter().flat_map(|&image| image.tags_in(location).map(move |shape| (image, shape)));
    let members = shapes.flat_map(|(image, shape)| members(image, shape, listed));
    members.map(|one| one.tag).filter(|tag| !floating.contains_key(*tag)).collect()
}

/// What has the floating tags that are to move, which may say that it is greater.
fn moved<'r>(
    floating: &'r BTreeMap<Tag, Floating<'_>>,
    record: &'r Record,
) -> impl Iterator<Item = Question> + use<'r> {
    floating.iter().filter_map(|(name, one)| {
        let now = record.tag(name).present()?;
        let owner = record.tag(one.owner.as_ref()?.tag).present()?;
        (now != owner).then(|| Question::Previous(now.clone()))
    })
}

/// What else what has the floating tags that are to move is called, in other forms than that of their versions: it may be greater.
/// What was pulled keeps nothing, whatever it is called.
fn named<'r>(
    floating: &'r BTreeMap<Tag, Floating<'_>>,
    record: &'r Record,
    is_pulled: &'r dyn Fn(&Digest, &Record) -> bool,
) -> impl Iterator<Item = (Tag, AlsoNamed<'r>)> {
    floating.iter().filter_map(move |(name, one)| {
        let now = record.tag(name).present().filter(|now| !is_pulled(now, record))?;
        let owner = one
            .owner
            .as_ref()
            .filter(|owner| record.tag(owner.tag).present().is_some_and(|has| has != now))?;
        let mut image = one.image.clone();
        image.version = Some(owner.version.clone());
        let tag = TagEntry { name: name.clone(), ..one.shape.clone() };
        Some((name.clone(), greater_tag(&image, &tag, now, record)))
    })
}

/// That an index says that it is a version which is withdrawn.
fn said_withdrawn(images: &[&PlannedImage], record: &Record, digest: &Digest) -> Option<String> {
    let (_, said) = record.previous(digest).present()?.version()?;
    let is_withdrawn = |image: &&PlannedImage| {
        let version = version_in(image, image.tags.iter().map(|tag| &tag.form), said);
        version.is_some_and(|version| image.withdrawn.iter().any(|one| one.covers(&version)))
    };
    images.iter().any(is_withdrawn).then(|| format!("its index says that it is `{said}`"))
}

fn ask(survey: &mut Survey<'_>, questions: Questions) -> Vec<Diagnostic> {
    match survey.ask(questions) {
        Round::Idle => Vec::new(),
        Round::Asked(failures) => failures,
    }
}

/// The floating tags of a repository by name.
fn floating<'a>(
    images: &[&'a PlannedImage],
    location: &'a Location,
    listed: &'a [Tag],
    same: &BTreeMap<Tag, Tag>,
    declined: &BTreeSet<(Tag, Tag)>,
) -> Result<BTreeMap<Tag, Floating<'a>>, Diagnostic> {
    let mut all: BTreeMap<Tag, Floating<'a>> = BTreeMap::new();
    for &image in images {
        for shape in image.tags_in(location) {
            let (Some(follows), Some(own)) = (shape.follows(), &image.version) else { continue };
            let mut groups: BTreeMap<Tag, Option<Member<'a>>> = BTreeMap::new();
            groups.insert(shape.name.clone(), None);
            for member in members(image, shape, listed) {
                // A date is neither a major version nor what the plan's versions are.
                if member.other_scheme.is_some() && follows.numbers > 0 {
                    continue;
                }
                let Some(name) = name_for(shape, follows.numbers, own, &member.version) else { continue };
                let is_declined = declined.contains(&(name.clone(), member.tag.clone()));
                let owner = groups.entry(name).or_default();
                let is_greater = |owner: &Member<'_>| member.version > owner.version;
                let is_left = !member.is_withdrawn && !is_declined && !same.contains_key(member.tag);
                if is_left && owner.as_ref().is_none_or(is_greater) {
                    *owner = Some(member);
                }
            }
            // What is left of a withdrawn version whose own tags are gone.
            for tag in listed.iter().filter(|tag| is_part_of_withdrawn(image, shape, own, tag)) {
                groups.entry(tag.clone()).or_default();
            }
            for (name, owner) in groups {
                let is_planned = name == shape.name;
                let other = all.get(&name).and_then(|other| other.owner.as_ref());
                if let (Some(other), Some(owner)) = (other, &owner)
                    && other.tag != owner.tag
                {
                    let message = format!(
                        "images of the plan disagree whether `{name}` is for `{}` or `{}`",
                        other.tag, owner.tag
                    );
                    return Err(Diagnostic::error(Code::TWO_OWNERS, message)
                        .with_help("give the tag by hand: `bakeplan promote SOURCE --to REPOSITORY:TAG`"));
                }
                if owner.is_some() || !all.contains_key(&name) {
                    all.insert(name, Floating { image, shape, is_planned, owner });
                }
            }
        }
    }
    Ok(all)
}

/// The own tags of versions that are withdrawn.
fn withdrawn<'a>(
    images: &[&'a PlannedImage],
    location: &'a Location,
    listed: &'a [Tag],
) -> BTreeSet<&'a Tag> {
    let shapes = images.iter().flat_map(|&image| image.tags_in(location).map(move |shape| (image, shape)));
    let members = shapes.flat_map(|(image, shape)| members(image, shape, listed));
    members.filter(|one| one.is_withdrawn).map(|one| one.tag).collect()
}

/// The own tags of withdrawn versions that no floating tag of the plan follows, such as those of prereleases where the plan is of a
/// release: channels and the like may have them.
fn withdrawn_beside<'a>(
    images: &[&PlannedImage],
    location: &Location,
    listed: &'a [Tag],
    known: &BTreeSet<&Tag>,
) -> BTreeSet<&'a Tag> {
    let is_of = |image: &PlannedImage, tag: &Tag| {
        let Some(own) = &image.version else { return false };
        let literal = image.tags_in(location).filter(|own| !own.floating && own.is_of_version());
        let texts = literal.flat_map(|own| own.form.versions_in(tag.as_str())).chain([tag.as_str()]);
        let mut versions = texts.filter_map(|text| image.parse_version(text).ok());
        versions.any(|version| {
            version.numbers().len() >= own.numbers().len()
                && image.withdrawn.iter().any(|one| one.covers(&version))
        })
    };
    let is_withdrawn = |tag: &&Tag| !known.contains(*tag) && images.iter().any(|image| is_of(image, tag));
    listed.iter().rev().filter(is_withdrawn).take(MAX_RELEASES).collect()
}

/// The tags that may move without following versions by numbers: channels, those of prereleases, and constants. Neither the own
/// tags of versions, nor those of single runs. How many are left out since there are too many.
fn others<'a>(
    images: &[&PlannedImage],
    location: &Location,
    listed: &'a [Tag],
    is_known: &dyn Fn(&Tag) -> bool,
) -> (Vec<&'a Tag>, usize) {
    let is_of_run = |form: &Form| {
        form.parts().iter().any(|part| match part {
            Part::Commit(_) | Part::Date(_) | Part::Number => true,
            Part::Text(_) | Part::Version | Part::Name => false,
        })
    };
    let stays = |tag: &Tag| {
        given::is_own_tag(tag)
            || tag.as_str().starts_with(OF_DIGEST)
            || images.iter().any(|image| {
                let forms = image.tags_in(location).map(|own| &own.form).chain(&image.other_forms);
                image.tags_in(location).any(|own| own.name == *tag && !own.floating)
                    || forms.filter(|form| is_of_run(form)).any(|form| form.fits(tag.as_str()))
            })
    };
    let is_planned =
        |tag: &Tag| images.iter().any(|image| image.tags_in(location).any(|own| own.name == *tag));
    let mut found: Vec<&Tag> = listed.iter().filter(|tag| !stays(tag) && !is_known(tag)).collect();
    found.sort_by_key(|tag| !is_planned(tag));
    let left = found.len().saturating_sub(MAX_RELEASES);
    found.truncate(MAX_RELEASES);
    (found, left)
}

/// Whether a tag is shaped like a floating one of the plan, and shows the first numbers of a withdrawn release.
fn is_part_of_withdrawn(image: &PlannedImage, shape: &TagEntry, own: &Version, tag: &Tag) -> bool {
    let numbers = shape.follows().filter(|follows| follows.class == Class::Stable).map(|one| one.numbers);
    let Some(numbers) = numbers.filter(|numbers| *numbers > 0) else { return false };
    let Some((before, behind)) = around(shape, numbers, own) else { return false };
    let shown = tag.as_str().strip_prefix(before).and_then(|rest| rest.strip_suffix(behind));
    let shown = shown.and_then(|text| image.parse_version(text).ok());
    shown.is_some_and(|part| {
        let is_short = part.numbers().len() == numbers && part.numbers().len() < own.numbers().len();
        is_short && part.tail().is_empty() && image.withdrawn.iter().any(|one| one.goes_on(&part))
    })
}

/// The text of a version's first numbers, as tags show it.
fn bare(version: &Version, numbers: usize) -> Option<String> {
    Some(version.prefix(numbers)?.trim_start_matches('v').to_owned())
}

/// What stands around the first numbers of the plan's version in a floating tag of it; none where that cannot be told.
fn around<'s>(shape: &'s TagEntry, numbers: usize, own: &Version) -> Option<(&'s str, &'s str)> {
    let own = bare(own, numbers)?;
    let name = shape.name.as_str();
    // The form tells the numbers of `1-cuda12` and `1-py3.11` from those of the version.
    let before = match shape.form.parts() {
        [Part::Version, ..] => Some(""),
        [Part::Text(before), Part::Version, ..] => Some(before.as_str()),
        _ => None,
    };
    let after = before.and_then(|before| name.strip_prefix(before)?.strip_prefix(own.as_str()));
    if let Some((before, after)) = before.zip(after)
        && !after.starts_with(|c: char| c.is_ascii_digit())
    {
        return Some((&name[..before.len()], after));
    }
    let mut places = name.match_indices(own.as_str());
    let (at, _) = places.next().filter(|_| places.next().is_none())?;
    Some((&name[..at], &name[at + own.len()..]))
}

/// The floating tag of a version that is shaped like one of the plan; none where that cannot be told.
fn name_for(shape: &TagEntry, numbers: usize, own: &Version, version: &Version) -> Option<Tag> {
    if numbers == 0 {
        return Some(shape.name.clone());
    }
    let (before, behind) = around(shape, numbers, own)?;
    format!("{before}{}{behind}", bare(version, numbers)?).parse().ok()
}

/// What is to be done, by the version that gets the tags.
fn promotions(
    floating: BTreeMap<Tag, Floating<'_>>,
    location: &Location,
    record: &Record,
    is_known: &dyn Fn(&Digest) -> bool,
    named: &BTreeMap<Tag, (Tag, String)>,
    report: &mut Report,
) -> Vec<Promotion> {
    let mut unknown: BTreeMap<Digest, BTreeSet<String>> = BTreeMap::new();
    let own: BTreeSet<Tag> =
        floating.values().filter_map(|one| Some(one.owner.as_ref()?.tag.clone())).collect();
    let mut promotions: BTreeMap<Tag, Promotion> = BTreeMap::new();
    for (name, Floating { image, shape, is_planned, owner }) in floating {
        let now = record.tag(&name).present();
        // A version's own tag does not float, and a tag that was never there is the plan's to create.
        if own.contains(&name) || (now.is_none() && !is_planned) {
            continue;
        }
        let Some(owner) = owner else {
            if now.is_some() {
                report.held.push(said::nothing_left(location, &name, now));
            }
            continue;
        };
        if owner.other_scheme.is_some() {
            report.held.push(said::other_scheme(location, &name, &owner.keeper()));
            continue;
        }
        let Some(digest) = record.tag(owner.tag).present() else { continue };
        let tag = TagEntry { name, repositories: None, ..shape.clone() };
        let of_owner = image.of_version(owner.version.clone(), location.clone());
        let before = now.filter(|now| *now != digest).and_then(|now| record.previous(now).present());
        if let Some((_, said)) = before.and_then(|served| says_greater(&of_owner, &tag, served)) {
            let version = version_in(&of_owner, tag.family.iter(), said);
            report.held.push(said::greater(
                location,
                &tag.name,
                said,
                version.as_ref().map_or(said, Version::text),
            ));
            continue;
        }
        if let Some((other, how)) = named.get(&tag.name) {
            report.held.push(said::also_named(location, &tag.name, other, how));
            continue;
        }
        if let Some(now) = now.filter(|now| *now != digest && !is_known(now)) {
            unknown.entry(now.clone()).or_default().insert(format!("`{}`", location.with_tag(&tag.name)));
        }
        let promotion = promotions.entry(owner.tag.clone()).or_insert_with(|| Promotion {
            key: location.with_tag(owner.tag),
            sources: vec![Target {
                location: location.clone(),
                tag: Some(owner.tag.clone()),
                digest: Some(digest.clone()),
            }],
            to: To::Image(Box::new(of_owner)),
        });
        if let To::Image(image) = &mut promotion.to {
            image.tags.push(tag);
        }
    }
    report.notes.extend(unknown.into_iter().map(|(now, tags)| said::of_unknown(&now, tags)));
    promotions.into_values().collect()
}
