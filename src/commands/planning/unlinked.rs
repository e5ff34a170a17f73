//! Images that builds start from, copy from or mount, and that the same plan publishes without a link between the two.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::Path;
use std::sync::LazyLock;

use indexmap::{IndexMap, IndexSet};

use super::outside;
use super::paths::{Built, dockerfile_of, is_open};
use crate::bake::target::Target;
use crate::bake::values::Name;
use crate::cli;
use crate::code::Code;
use crate::commands::session::Session;
use crate::diagnostic::Diagnostic;
use crate::dockerfile::Dockerfile;
use crate::error::Error;
use crate::host::Host;
use crate::parallel;
use crate::plan::{Image, Plan};
use crate::platform::Platform;
use crate::reads::{IMAGE, images_of};
use crate::reference::{LATEST, Reference, Repository, Tag};
use crate::source::Span;

/// Where the name of an image is written.
enum Spot {
    /// In the definition.
    Written(Option<Span>),
    /// On a line of the Dockerfile with this path, as the target names it.
    Line(String, usize),
}

/// A build that reads what the plan publishes.
struct Unlinked {
    /// The name as the build reads it.
    name: String,
    /// The key of the image, and the target that builds it.
    image: (String, Name),
    spot: Spot,
}

/// A warning for each image that a build of the plan pulls under a name which the plan publishes: no tag is there before all
/// builds have ended, so what is pulled is of an earlier run.
pub(in crate::commands) fn warnings(
    session: &mut Session<'_>,
    args: &cli::Definition,
    plan: &Plan,
    built: &Built<'_>,
) -> Result<Vec<Diagnostic>, Error> {
    if !plan.publish || plan.images.len() < 2 {
        return Ok(Vec::new());
    }
    // Most plans have nothing to look for among them.
    let published = LazyLock::new(|| Published::of(plan));
    let limit = outside::limit(session, args)?;
    let known = read(session.host, limit.as_deref(), built);
    let legs = plan.legs.values().map(|leg| (&leg.of, &*leg.definition, leg.platform.as_ref()));
    let split: LazyCell<IndexSet<&Name>, _> =
        LazyCell::new(|| plan.legs.values().map(|leg| &leg.of).collect());
    let whole = built.targets.whole.iter().filter(|(name, _)| !split.contains(name));
    let all = legs.chain(whole.map(|(name, target)| (*name, *target, None)));
    let mut found: IndexMap<(Name, String), Unlinked> = IndexMap::new();
    let of_one = |(of, target, platform): (_, _, _)| (of, unlinked(of, target, platform, &published, &known));
    for (of, all) in parallel::map(all, of_one) {
        for one in all {
            found.entry((Name::clone(of), one.name.clone())).or_insert(one);
        }
    }
    let mut sources = BTreeMap::new();
    let warning = |((target, name), Unlinked { name: _, image: (image, base), spot }): (
        (Name, String),
        Unlinked,
    )| {
        let span = match spot {
            Spot::Written(span) => span,
            Spot::Line(path, line) => known.get(&*path).map(|read| {
                let Read { path, text, dockerfile: _ } = read;
                let source = *sources
                    .entry(path.clone())
                    .or_insert_with(|| session.sources.add(path.clone(), text.clone()));
                let (start, end) = line_of(text, line);
                Span { source, start, end }
            }),
        };
        let key = familiar(&name);
        Diagnostic::warning(
            Code::UNLINKED_BASE,
            format!("target `{target}` reads `{name}`, which this plan publishes as image `{image}`"),
        )
        .at(span, "")
        .with_note("a tag moves after all builds have ended, so this build gets the image of an earlier run, or fails where there is none")
        .with_help(format!(
            "link the targets to build both in one run: `contexts = {{ \"{key}\" = \"target:{base}\" }}` in target `{target}`; \
             or say that the published one is meant: `contexts = {{ \"{key}\" = \"{IMAGE}{key}\" }}`"
        ))
    };
    Ok(found.into_iter().map(warning).collect())
}

/// What a build reads that the plan publishes from another target.
fn unlinked<'p>(
    of: &Name,
    target: &Target,
    platform: Option<&Platform>,
    published: &impl Deref<Target = Published<'p>>,
    known: &IndexMap<&str, Read>,
) -> Vec<Unlinked> {
    let mut found = Vec::new();
    let mut add = |name: &str, spot: Spot| {
        if let Some(image) = published.find(name, of) {
            found.push(Unlinked { name: name.to_owned(), image, spot });
        }
    };
    for (key, text) in target.contexts.iter().filter(|(_, text)| !is_open(text)) {
        // A name that stands for itself says that the published one is meant.
        if let Some(name) = text.as_str().strip_prefix(IMAGE).filter(|name| !is_same(name, key)) {
            add(name, Spot::Written(text.span));
        }
    }
    if let Some(inline) = &*target.dockerfile_inline {
        if let Ok(dockerfile) = Dockerfile::parse(inline.as_str()) {
            images_of(target, platform, &dockerfile)
                .for_each(|base| add(&base.name, Spot::Written(inline.span)));
        }
        return found;
    }
    if !known.is_empty()
        && let Some(path) = dockerfile_of(target)
        && let Some(read) = known.get(&*path)
    {
        images_of(target, platform, &read.dockerfile)
            .for_each(|base| add(&base.name, Spot::Line(path.clone(), base.line)));
    }
    found
}

/// The images of a plan, by where they are published.
struct Published<'p> {
    plan: &'p Plan,
    /// With its key.
    images: BTreeMap<&'p Repository, Vec<(&'p str, &'p Image)>>,
}

impl<'p> Published<'p> {
    fn of(plan: &'p Plan) -> Self {
        let mut images: BTreeMap<&Repository, Vec<(&str, &Image)>> = BTreeMap::new();
        for (key, image) in &plan.images {
            for repository in image.places() {
                images.entry(repository).or_default().push((key, image));
            }
        }
        Self { plan, images }
    }

    /// The image that is published under a name, and a target that builds it, unless this one does.
    fn find(&self, name: &str, of: &Name) -> Option<(String, Name)> {
        let reference: Reference = name.parse().ok()?;
        if reference.digest().is_some() {
            return None;
        }
        let (repository, tag) = (reference.repository(), tag_of(&reference));
        let is_it = |(_, image): &&(&str, &Image)| {
            let is_here = |own: &Option<Vec<Repository>>| {
                own.as_ref().is_none_or(|own| own.contains(repository)) || image.mirrors.contains(repository)
            };
            // What is published of the same inputs is the image of this run.
            let is_there = image.reused.as_ref().is_some_and(|reused| reused.tag.as_str() == tag);
            let mut tags = image.tags.iter();
            !is_there && tags.any(|own| own.name.as_str() == tag && is_here(&own.repositories))
        };
        let (key, image) = self.images.get(repository)?.iter().find(is_it)?;
        let targets = || self.plan.legs_of(image).map(|leg| &leg.of);
        // It may start from what it was before.
        let base = targets().next().filter(|_| targets().all(|name| name != of))?;
        Some(((*key).to_owned(), base.clone()))
    }
}

/// A Dockerfile, where it is, and what is in it.
struct Read {
    path: String,
    text: String,
    dockerfile: Dockerfile,
}

/// What stands in Dockerfiles, by the path that targets name. Whoever wrote the definition must not learn which other files the
/// machine has.
fn read<'d>(host: &Host, limit: Option<&Path>, built: &'d Built<'_>) -> IndexMap<&'d str, Read> {
    let read = |(named, path): (&'d str, &str)| {
        if limit.is_some_and(|folder| !host.is_within(path, folder)) {
            return None;
        }
        let text = host.read(path).ok()?;
        let dockerfile = Dockerfile::parse(&text).ok()?;
        Some((named, Read { path: path.to_owned(), text, dockerfile }))
    };
    parallel::map(built.dockerfiles(), read).flatten().collect()
}

/// The tag that is pulled.
fn tag_of(reference: &Reference) -> &str {
    reference.tag().map_or(LATEST, Tag::as_str)
}

/// Whether two names are those of one image.
fn is_same(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (one.parse::<Reference>(), other.parse::<Reference>()) else { return false };
    (one.repository(), tag_of(&one), one.digest()) == (other.repository(), tag_of(&other), other.digest())
}

/// A name as BuildKit looks for its named context: without the registry and the tag that it has anyway.
fn familiar(name: &str) -> &str {
    let short = ["docker.io/library/", "docker.io/"].iter().find_map(|start| name.strip_prefix(start));
    let short = short.unwrap_or(name);
    short.strip_suffix(LATEST).and_then(|start| start.strip_suffix(':')).unwrap_or(short)
}

/// Where a line of a text begins and ends.
fn line_of(text: &str, number: usize) -> (u32, u32) {
    let before: usize = text.split_inclusive('\n').take(number.saturating_sub(1)).map(str::len).sum();
    let line = text.get(before..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    (at(before), at(before + line.trim_end().len()))
}
