//! Finds the published images that were made from bases that have moved since.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::bases::{self, Known, Wanted};
use super::finding::Finding;
use super::linked;
use super::served;
use crate::bake::target::links::links;
use crate::bake::values::Name;
use crate::cli::Network;
use crate::code::Code;
use crate::commands::session::Session;
use crate::diagnostic::{Diagnostic, listed};
use crate::error::Error;
use crate::plan::{Image, Plan};
use crate::platform::Platform;
use crate::published::bases::{BaseName, Look, Unknown};
use crate::published::provenance::{self, Recorded};
use crate::published::served::{Content, Served};
use crate::reads::{Bases, IMAGE};
use crate::reference::{Digest, Repository, Tag};
use crate::registry::TagOrDigest;

/// What is published of each image, by key.
pub(super) type All = IndexMap<String, Published>;

/// What is published of an image.
pub(super) enum Published {
    /// An index.
    Index {
        /// Its reference.
        reference: String,
        /// The bases that it was made from and that can move, as attestations record.
        uses: Vec<Use>,
        /// Whether each build of it records its bases.
        is_recorded: bool,
        /// Why more may be recorded, if that may be.
        unknown: Option<String>,
    },
    /// Nothing, in words.
    Nothing(String),
    /// That is not known.
    Unknown(String),
}

impl Published {
    /// What is published in one repository and in another.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (
                Self::Index { reference, mut uses, is_recorded, unknown },
                Self::Index {
                    reference: _,
                    uses: more,
                    is_recorded: is_more_recorded,
                    unknown: more_unknown,
                },
            ) => {
                uses.extend(more);
                let is_recorded = is_recorded && is_more_recorded;
                Self::Index { reference, uses, is_recorded, unknown: unknown.or(more_unknown) }
            }
            (nothing @ Self::Nothing(_), _) | (_, nothing @ Self::Nothing(_)) => nothing,
            (unknown @ Self::Unknown(_), _) | (_, unknown @ Self::Unknown(_)) => unknown,
        }
    }
}

/// A base that an image was made from.
pub(super) struct Use {
    /// Where it is.
    name: BaseName,
    /// What the build calls it.
    text: String,
    /// What it was.
    digest: Digest,
    /// Which of its platforms was used; `None` if that cannot be told.
    platform: Option<Platform>,
    /// Whether a digest may hold it in a Dockerfile that is not known.
    is_held: bool,
}

/// Looks at what is published of each image that counts.
pub(super) fn published(
    session: &Session<'_>,
    options: &Network,
    plan: &Plan,
    of_legs: &Bases,
    counts: &dyn Fn(&str) -> bool,
) -> Result<All, Error> {
    let images = || plan.images.iter().filter(|(key, _)| counts(key));
    let repositories: BTreeSet<&Repository> = images().flat_map(|(_, image)| &image.repositories).collect();
    let is_published: BTreeSet<&Name> =
        plan.images.values().flat_map(|image| &image.builds).map(|build| &build.leg).collect();
    let own: BTreeMap<&Name, Own> = plan
        .legs
        .keys()
        .map(|leg| {
            let all = own_names(plan, leg, of_legs, &|_| true);
            let linked =
                own_names(plan, leg, of_legs, &|other| other != leg && !is_published.contains(other));
            (leg, Own { all, linked, held: held(plan, leg, of_legs) })
        })
        .collect();
    bases::look(session, options, &repositories, |look, site_of| {
        let found = images().map(|(key, image)| {
            let mut seen = BTreeSet::new();
            let mut look_in = |repository: &Repository| {
                let site = site_of(repository)?;
                let found = look_at(look, (site, repository), plan, image, &own, &mut seen);
                found.unwrap_or_else(|why: Unknown| Some(Published::Unknown(bases::said(why))))
            };
            let found = image.repositories.iter().filter_map(&mut look_in).reduce(Published::and);
            let nowhere = || Published::Unknown("it has no repository".to_owned());
            (key.clone(), found.unwrap_or_else(nowhere))
        });
        found.collect()
    })
}

/// What is published of an image in a repository, under the first of its tags that is there; `None` if that was seen before.
fn look_at(
    look: &mut Look<'_>,
    (site, place): (usize, &Repository),
    plan: &Plan,
    image: &Image,
    own: &BTreeMap<&Name, Own>,
    seen: &mut BTreeSet<Digest>,
) -> Result<Option<Published>, Unknown> {
    let mut tags: Vec<Tag> = Vec::new();
    for (_, tag) in served::tags(image, &[]) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let Some(first) = tags.first() else {
        return Err(Unknown::Open("it has no tag to look at".to_owned()));
    };
    let mut served = None;
    for tag in &tags {
        if let Some(digest) = look.tagged(site, tag)? {
            served = Some((format!("{place}:{tag}"), digest));
            break;
        }
    }
    let Some((reference, digest)) = served else {
        return Ok(Some(Published::Nothing(format!("{place}:{first} is not there"))));
    };
    if !seen.insert(digest.clone()) {
        return Ok(None);
    }
    let served = look.manifest(site, &digest)?;
    let platforms = image.builds.iter().filter_map(|build| plan.leg(build)?.platform.as_ref());
    if let Some(missing) = missing(served, platforms) {
        return Ok(Some(Published::Nothing(format!("{reference} has no image for {missing}"))));
    }
    let (mut uses, mut unknown, mut is_recorded) = (Vec::new(), None, true);
    for build in &image.builds {
        let platform = plan.leg(build).and_then(|leg| leg.platform.as_ref());
        match look.recorded(site, served, platform) {
            Ok(Some(recorded)) => {
                let own = own.get(&build.leg);
                for one in &recorded {
                    match use_of(one, platform, own) {
                        Ok(found) => uses.extend(found),
                        Err(why) => unknown = Some(why),
                    }
                }
                // The provenance of a build that links to others may leave out what these are made from.
                let is_recorded = |name: &&BaseName| {
                    recorded.iter().any(|one| BaseName::read(&one.base.name).as_ref() == Some(*name))
                };
                let linked = own.into_iter().flat_map(|own| &own.linked);
                if let Some(name) = linked.clone().find(|name| !is_recorded(name)) {
                    unknown = Some(format!(
                        "{reference} does not record {name}, the base of a target that it links to"
                    ));
                }
            }
            Ok(None) => is_recorded = false,
            Err(why) => unknown = Some(bases::said(why)),
        }
    }
    Ok(Some(Published::Index { reference, uses, is_recorded, unknown }))
}

/// The first of these platforms that an index has no image for; none where it does not say what its images are for.
fn missing<'p>(served: &Served, mut platforms: impl Iterator<Item = &'p Platform>) -> Option<&'p Platform> {
    let Content::Index(index) = &served.content else { return None };
    let images = index.images().ok()?;
    let own: Vec<_> = images.iter().map(|image| image.platform.as_ref()).collect::<Option<_>>()?;
    platforms.find(|platform| !own.iter().any(|own| own.fits(platform)))
}

/// The use of a base that can move; nothing for one that a digest in the Dockerfile holds. A pin holds a base for one build, and
/// BuildKit writes a digest to each base of a target that is linked to, and to what `ONBUILD` names.
fn use_of(
    recorded: &Recorded,
    of_build: Option<&Platform>,
    own: Option<&Own>,
) -> Result<Option<Use>, String> {
    let Recorded { base: provenance::Base { name: text, digest }, has_tag, platform, is_pinned } = recorded;
    let unreadable = || match digest.as_str() {
        "" => format!("its provenance names a base without saying which it was: {text:?}"),
        digest => format!("its provenance names a base that cannot be read: {text:?} at {digest:?}"),
    };
    let name = BaseName::read(text).ok_or_else(unreadable)?;
    let is_own = own.is_some_and(|own| own.all.contains(&name));
    let is_held = *is_pinned && !is_own;
    let names_digest = |own: &Own| own.held.as_ref().is_some_and(|held| held.contains(&name.repository));
    if is_held && (!has_tag || own.is_none_or(names_digest)) {
        return Ok(None);
    }
    let digest = digest.parse().map_err(|_| unreadable())?;
    let platform = match platform {
        Some(platform) => platform.parse().ok(),
        None => of_build.cloned(),
    };
    Ok(Some(Use { name, text: text.clone(), digest, platform, is_held }))
}

/// The bases with tags in the Dockerfiles of a leg and of all that it links to.
struct Own {
    all: BTreeSet<BaseName>,
    /// Those of what it links to and that is no image of the plan, which nothing else looks after.
    linked: BTreeSet<BaseName>,
    /// The repositories of what these name by digest; `None` where not all names are known.
    held: Option<BTreeSet<Repository>>,
}

/// Of which repositories a leg, and all that it links to, names images by digest; `None` where not all names are known.
fn held(plan: &Plan, leg: &Name, of_legs: &Bases) -> Option<BTreeSet<Repository>> {
    let mut seen: BTreeSet<Name> = BTreeSet::from([leg.clone()]);
    let mut open = vec![leg.clone()];
    let mut held = BTreeSet::new();
    let by_digest = |name: &str| {
        let name = BaseName::read(name)?;
        matches!(name.at, TagOrDigest::Digest(_)).then_some(name.repository)
    };
    while let Some(name) = open.pop() {
        let bases = of_legs.get(&name).filter(|one| one.unknown.is_none())?;
        held.extend(bases.images.iter().filter_map(|one| by_digest(&one.name)));
        let of_leg = plan.legs.get(&name).map(|leg| &*leg.definition);
        let definition = of_leg.or_else(|| Some(&**plan.targets.get(&name)?));
        let contexts = definition.into_iter().flat_map(|target| target.contexts.values());
        let images = contexts.filter_map(|context| context.as_str().strip_prefix(IMAGE));
        held.extend(images.filter_map(by_digest));
        let linked = definition.into_iter().flat_map(links).map(|(_, next)| Name::from(next));
        open.extend(linked.filter(|next| seen.insert(next.clone())));
    }
    Some(held)
}

/// The bases with tags in the Dockerfiles of a leg and of all that it links to, of the legs that count.
fn own_names(plan: &Plan, leg: &Name, of_legs: &Bases, counts: &dyn Fn(&Name) -> bool) -> BTreeSet<BaseName> {
    let mut seen: BTreeSet<Name> = BTreeSet::from([leg.clone()]);
    let mut open = vec![leg.clone()];
    let mut names = BTreeSet::new();
    while let Some(leg) = open.pop() {
        let images = of_legs.get(&leg).filter(|_| counts(&leg)).into_iter().flat_map(|leg| &leg.images);
        names.extend(images.filter(|one| !one.is_digest).filter_map(|one| BaseName::read(&one.name)));
        let of_leg = plan.legs.get(&leg).map(|leg| &*leg.definition);
        let definition = of_leg.or_else(|| Some(&**plan.targets.get(&leg)?));
        for (_, next) in definition.into_iter().flat_map(links) {
            if seen.insert(next.into()) {
                open.push(next.into());
            }
        }
    }
    names
}

/// Which pinned bases were others when an image was published, in words.
pub(super) fn moved_pins(published: &Published, known: &Known) -> Vec<String> {
    let Published::Index { reference: _, uses, is_recorded: _, unknown: _ } = published else {
        return Vec::new();
    };
    let moved = |Use { name, text: _, digest, platform: _, is_held: _ }: &Use| {
        let pin = known.get(name)?.pin.as_ref()?.as_ref().ok()?;
        (pin != digest).then(|| format!("base {name} moved from {digest} to {pin}"))
    };
    let moved: BTreeSet<String> = uses.iter().filter_map(moved).collect();
    moved.into_iter().collect()
}

/// Adds what has to be known of the bases that images were made from.
pub(super) fn want(published: &All, wanted: &mut Wanted) {
    for found in published.values() {
        let Published::Index { reference: _, uses, is_recorded: _, unknown: _ } = found else { continue };
        for Use { name, text: _, digest, platform, is_held: _ } in uses {
            if let TagOrDigest::Tag(_) = name.at {
                wanted.entry(name.clone()).or_default().moved.insert((digest.clone(), platform.clone()));
            }
        }
    }
}

/// Adds what was found of each image, `most` of those that have moved bases and of which that cannot be known; gives
/// notes on what that leaves out. Images that are built anyway don't count, nor do those that link to one that is built.
pub(super) fn judge(
    plan: &Plan,
    published: &All,
    known: &Known,
    most: Option<usize>,
    findings: &mut IndexMap<String, Vec<Finding>>,
) -> Vec<Diagnostic> {
    let mut unrecorded = Vec::new();
    let mut judged: Vec<(&String, Finding)> = Vec::new();
    for (key, found) in published {
        let finding = match found {
            Published::Index { reference, uses, is_recorded, unknown } => {
                match (of_uses(uses, known), unknown) {
                    (Finding::Same(..), Some(why)) => Finding::Unknown(why.clone()),
                    (Finding::Same(..), None) if !is_recorded => {
                        unrecorded.push(key.as_str());
                        let why = "does not record all its bases, so none is known to have moved";
                        Finding::Same(format!("{reference} {why}"), None)
                    }
                    (finding, _) => finding,
                }
            }
            Published::Nothing(why) => Finding::Differs(why.clone()),
            Published::Unknown(why) => Finding::Unknown(why.clone()),
        };
        judged.push((key, finding));
    }
    let mut notes = Vec::new();
    if !unrecorded.is_empty() {
        let message = format!(
            "the bases of {} are not all known: their provenance is not published",
            listed(&unrecorded)
        );
        notes.push(
            Diagnostic::note(Code::UNRECORDED_BASES, message)
                .with_help("build with provenance, which buildx does by default: `mode=min` is enough"),
        );
    }
    // What has moved comes before what is not known.
    judged.sort_by_key(|(_, finding)| {
        (!matches!(finding, Finding::Differs(_)), matches!(finding, Finding::Same(..)))
    });
    let moved = judged.iter().filter(|(_, finding)| matches!(finding, Finding::Differs(_))).count();
    judged[..moved].rotate_left(turn(plan.run.number, moved));
    let due = judged.iter().filter(|(_, finding)| !matches!(finding, Finding::Same(..)));
    let due: Vec<&str> = due.map(|(key, _)| key.as_str()).collect();
    let is_built = |all: &Vec<Finding>| all.iter().any(|one| !matches!(one, Finding::Same(..)));
    let built = findings.iter().filter(|(_, all)| is_built(all)).map(|(key, _)| key.as_str()).collect();
    let postponed = most.map(|most| postponed(&linked::above(plan), &due, built, most)).unwrap_or_default();
    let postponed: Vec<String> = postponed.into_iter().map(str::to_owned).collect();
    for (key, finding) in judged {
        let all = findings.entry(key.clone()).or_default();
        all.push(match finding {
            Finding::Differs(why) | Finding::Unknown(why) if postponed.contains(key) => {
                Finding::Same(format!("left for a later run: {why}"), None)
            }
            finding => finding,
        });
    }
    if !postponed.is_empty() {
        let names: Vec<&str> = postponed.iter().map(String::as_str).collect();
        let message = format!("left for a later run by `--most-stale`: {}", listed(&names));
        notes.push(Diagnostic::note(Code::POSTPONED, message));
    }
    notes
}

/// Which of the images that are due have to wait when at most so many are begun with, in their order: of an image that links to
/// others that are due, these are begun with, since it is built with them.
fn postponed<'k>(
    above: &BTreeMap<&str, BTreeSet<&str>>,
    due: &[&'k str],
    mut built: BTreeSet<&'k str>,
    most: usize,
) -> Vec<&'k str> {
    let nothing = BTreeSet::new();
    let above = |key: &str| above.get(key).unwrap_or(&nothing);
    let mut left = most;
    let mut waiting = Vec::new();
    let is_with = |key: &str, built: &BTreeSet<&str>| {
        built.contains(key) || above(key).iter().any(|one| built.contains(one))
    };
    for key in due {
        if is_with(key, &built) {
            continue;
        }
        let is_due_above = |key: &str| due.iter().any(|one| *one != key && above(key).contains(one));
        let is_root = |one: &&&str| (*one == key || above(key).contains(**one)) && !is_due_above(one);
        for root in due.iter().filter(is_root).take(left) {
            built.insert(root);
            left -= 1;
        }
        if !is_with(key, &built) {
            waiting.push(*key);
        }
    }
    // What was passed over may link to what was begun with later.
    waiting.retain(|key| !is_with(key, &built));
    waiting
}

/// With which of so many images a run begins: not always with the same, since one whose build fails would keep all others from
/// their turn. Neighbouring numbers are far apart (Fibonacci hashing).
fn turn(run: Option<u64>, images: usize) -> usize {
    let spread = run.unwrap_or_default().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    usize::try_from(spread).ok().and_then(|spread| spread.checked_rem(images)).unwrap_or_default()
}

/// Whether one of the bases has moved.
fn of_uses(uses: &[Use], known: &Known) -> Finding {
    let mut unknown = None;
    for Use { name, text, digest, platform, is_held } in uses {
        let found = known.get(name).and_then(|base| base.moved.get(&(digest.clone(), platform.clone())));
        match found {
            Some(Ok(false)) => {}
            Some(Ok(true)) if *is_held => {
                let why = format!(
                    "base {text} has moved, unless a digest holds it in the Dockerfile of a target that is linked to, or in an `ONBUILD`, which cannot be read"
                );
                unknown = unknown.or(Some(why));
            }
            Some(Ok(true)) => return Finding::Differs(format!("base {text} has moved")),
            Some(Err(why)) => unknown = unknown.or(Some(format!("base {text}: {why}"))),
            None => unknown = unknown.or(Some(format!("base {text} was not asked for"))),
        }
    }
    match unknown {
        Some(why) => Finding::Unknown(why),
        None if uses.is_empty() => Finding::Same("it has no bases that can move".to_owned(), None),
        None => Finding::Same("its bases have not moved".to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_others_link_to_come_first() {
        let one = |names: &[&'static str]| BTreeSet::from_iter(names.iter().copied());
        let above = BTreeMap::from([
            ("app", one(&["base"])),
            ("web", one(&["app", "base"])),
            ("both", one(&["base", "other"])),
        ]);
        for (due, built, most, expected) in [
            (&["app", "base"][..], &[][..], 1, &[][..]),
            (&["web", "app", "base"], &[], 1, &[]),
            (&["web", "app"], &[], 1, &[]),
            (&["base", "app", "alone"], &[], 1, &["alone"]),
            (&["alone", "base", "app"], &[], 1, &["base", "app"]),
            (&["alone", "app", "base"], &[], 2, &[]),
            (&["both", "other", "base", "app"], &[], 2, &[]),
            (&["both", "other", "base"], &[], 1, &["base"]),
            // It has to be built again with the other, and is all the same.
            (&["both", "alone"], &[], 1, &["alone"]),
            (&["app", "alone"], &["base"], 0, &["alone"]),
            (&["web"], &["app"], 0, &[]),
            (&["base", "app"], &["app"], 0, &["base"]),
            (&["base", "app"], &[], 0, &["base", "app"]),
        ] {
            assert_eq!(postponed(&above, due, one(built), most), expected, "{due:?} {built:?} {most}");
        }
    }

    #[test]
    fn each_image_has_its_turn() {
        assert_eq!((turn(None, 3), turn(Some(7), 0), turn(Some(7), 1)), (0, 0, 0));
        for images in [2, 3, 8, 40] {
            // Whatever other runs there are between those of a schedule.
            for step in [1, 2, 3, 8, 24] {
                let first: BTreeSet<usize> =
                    (0..20 * images as u64).map(|night| turn(Some(100 + night * step), images)).collect();
                assert_eq!(first.len(), images, "{images} {step}");
            }
        }
    }
}
