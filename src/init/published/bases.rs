//! Images that are built from other images of the same run, which nobody can pull before the run has ended.

use std::collections::BTreeMap;

use indexmap::{IndexMap, IndexSet};

use super::definition::{Known, KnownTarget, clean};
use super::images::{Candidate, TargetOf};
use super::platforms;
use super::today::{normal, published};
use crate::dockerfile::{Base, BasePlatform, Build, Dockerfile, Reads};
use crate::init::repository::world::World;
use crate::init::steps::found::DockerfileBuild;
use crate::init::values::moment::{MOMENTS, Moment};
use crate::init::values::text::{Line, Piece, Place, Template};
use crate::init::values::turn::Step;
use crate::platform::Platform;
use crate::reference::{LATEST, Reference, Tag};

/// A named context that is an image.
const IMAGE: &str = "docker-image://";

/// An image that the build of another one reads.
#[derive(Clone, Debug)]
pub(crate) struct BaseOf {
    /// The number of the image that is read.
    pub base: usize,
    /// How it is called there.
    pub name: Template,
    /// What the named context for it is called, where the build gets the image of this run in any case.
    pub link: Option<Template>,
    /// Where it is read.
    pub place: Place,
}

/// The texts of Dockerfiles by path.
pub(crate) type Dockerfiles = BTreeMap<String, String>;

/// What a build gets.
struct Given<'c> {
    path: String,
    stage: Option<String>,
    args: Vec<&'c Line>,
    contexts: Vec<(Template, Template, Place)>,
}

/// A name in a build.
struct Named {
    name: Template,
    /// The named context that it is the value of.
    context: Option<Template>,
    place: Place,
    /// Whether each platform reads it, as it is for that platform.
    is_of_all: bool,
}

/// The Dockerfiles that these images are built with.
pub(crate) fn paths(candidates: &[Candidate], known: &[Known]) -> IndexSet<String> {
    candidates.iter().filter_map(|candidate| Some(given(candidate, known)?.path)).collect()
}

/// For each image, the others that its build reads.
pub(crate) fn bases(
    candidates: &[Candidate],
    known: &[Known],
    dockerfiles: &Dockerfiles,
    world: &World,
) -> Vec<Vec<BaseOf>> {
    world.work.begin();
    let mut of_repository: BTreeMap<String, IndexSet<usize>> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        for repository in repositories(candidate, known, world) {
            of_repository.entry(repository).or_default().insert(at);
        }
    }
    let of = |(at, candidate): (usize, &Candidate)| {
        let mut found: Vec<BaseOf> = Vec::new();
        for named in names(candidate, known, dockerfiles) {
            let own = repositories_of(&named.name, world);
            let bases: IndexSet<usize> = own
                .iter()
                .filter_map(|repository| of_repository.get(repository))
                .flatten()
                .copied()
                .collect();
            let related = bases.into_iter().filter(|base| *base != at).filter_map(|base| {
                world.work.spend(1000).then_some(())?;
                let all = Pair { base: &candidates[base], own: candidate, known, world };
                all.read(&named).map(|link| BaseOf {
                    base,
                    name: named.name.clone(),
                    link,
                    place: named.place.clone(),
                })
            });
            let mut related: Vec<BaseOf> = related.collect();
            // Of several, it is not known which one is meant.
            if related.len() > 1 && related.iter().filter(|one| one.link.is_some()).count() != 1 {
                related.iter_mut().for_each(|one| one.link = None);
            }
            related.sort_by_key(|one| one.link.is_none());
            for one in related.into_iter().take(1) {
                if !found.iter().any(|known| known.name.key() == one.name.key()) {
                    found.push(one);
                }
            }
        }
        found
    };
    candidates.iter().enumerate().map(of).collect()
}

/// The target of a definition that builds an image.
fn target_of<'k>(candidate: &Candidate, known: &'k [Known]) -> Option<&'k KnownTarget> {
    let TargetOf::Known(at, label) = &candidate.target else { return None };
    known.get(*at)?.targets.iter().find(|target| target.label == *label)
}

/// What the build of an image gets; none where its files are not in the repository.
fn given<'c>(candidate: &'c Candidate, known: &[Known]) -> Option<Given<'c>> {
    let pair = |line: &Line| {
        let (name, value) = line.text.split_once('=')?;
        Some((name, value, line.place.clone()))
    };
    match &candidate.target {
        TargetOf::Dockerfile(build) => {
            let DockerfileBuild { context, dockerfile, stage, args, contexts, .. } = &**build;
            let context = context.constant().filter(|context| !context.contains("://"))?;
            let path = match dockerfile {
                Some(path) => path.constant()?,
                None => format!("{context}/Dockerfile"),
            };
            Some(Given {
                path: clean(&path),
                stage: stage.as_ref().and_then(Template::constant),
                args: args.iter().collect(),
                contexts: contexts.iter().filter_map(pair).collect(),
            })
        }
        TargetOf::Known(at, _) => {
            let target = target_of(candidate, known)?;
            if target.context.contains("://") {
                return None;
            }
            let place = target.place.clone().unwrap_or_else(|| candidate.place.clone());
            let text = |text: &String| Template::from(text.as_str());
            let contexts = target.contexts.iter();
            Some(Given {
                path: clean(&format!("{}/{}/{}", known[*at].folder, target.context, target.dockerfile)),
                stage: target.stage.clone(),
                args: Vec::new(),
                contexts: contexts.map(|(name, path)| (text(name), text(path), place.clone())).collect(),
            })
        }
    }
}

/// The build arguments, by name.
fn arguments(candidate: &Candidate, given: &Given<'_>, known: &[Known]) -> IndexMap<String, Option<Line>> {
    let mut args: IndexMap<String, Option<Line>> = IndexMap::new();
    if let Some(target) = target_of(candidate, known) {
        let place = target.place.clone().unwrap_or_else(|| candidate.place.clone());
        for (name, value) in &target.args {
            let line = Line { text: Template::from(value.as_str()), place: place.clone() };
            args.insert(name.clone(), Some(line));
        }
        let set = candidate.overrides.iter().filter(|one| one.attribute == "args");
        args.extend(set.filter_map(|one| Some((one.member.clone()?, Some(one.line.clone())))));
    }
    for line in &given.args {
        match line.text.split_once('=') {
            Some((name, value)) => {
                let Some(name) = name.constant() else { continue };
                let line = Line { text: value, place: line.place.clone() };
                args.insert(name.trim().trim_matches('"').to_owned(), Some(line));
            }
            // The environment has it.
            None => args.extend(line.text.constant().map(|name| (name, None))),
        }
    }
    args
}

/// In the place of a value that only a run knows; a word that may stand anywhere in a reference.
fn mark(at: usize) -> String {
    format!("value0of0argument0{at}0")
}

/// A text with the values in the places of their marks.
fn without_marks(text: &str, values: &[Template]) -> Template {
    let mut whole = Template::default();
    let mut rest = text;
    'text: while !rest.is_empty() {
        for (at, value) in values.iter().enumerate() {
            if let Some(behind) = rest.strip_prefix(&mark(at)) {
                whole.extend(value.clone());
                rest = behind;
                continue 'text;
            }
        }
        let next = rest.char_indices().nth(1).map_or(rest.len(), |(at, _)| at);
        whole.push(Piece::Text(rest[..next].to_owned()));
        rest = &rest[next..];
    }
    whole
}

/// The images that a build names.
fn names(candidate: &Candidate, known: &[Known], dockerfiles: &Dockerfiles) -> Vec<Named> {
    let Some(given) = given(candidate, known) else { return Vec::new() };
    let mut found: Vec<Named> = Vec::new();
    for (name, value, place) in &given.contexts {
        if let Some(Piece::Text(first)) = value.0.first()
            && let Some(rest) = first.strip_prefix(IMAGE)
        {
            let mut image = Template::from(rest);
            value.0[1..].iter().cloned().for_each(|piece| image.push(piece));
            found.push(Named {
                name: image,
                context: Some(name.clone()),
                place: place.clone(),
                is_of_all: true,
            });
        }
    }
    let arguments = arguments(candidate, &given, known);
    let mut values: Vec<Template> = Vec::new();
    let mut args: IndexMap<String, Option<String>> = IndexMap::new();
    for (name, line) in &arguments {
        let value = line.as_ref().map(|line| {
            line.text.constant().unwrap_or_else(|| {
                values.push(line.text.clone());
                mark(values.len() - 1)
            })
        });
        args.insert(name.clone(), value);
    }
    let mut platforms: Vec<Platform> =
        platforms(candidate, known).iter().filter_map(|text| text.parse().ok()).collect();
    if platforms.is_empty() {
        platforms.extend("linux/amd64".parse::<Platform>().ok());
    }
    let contexts: IndexSet<String> =
        given.contexts.iter().filter_map(|(name, _, _)| name.constant()).collect();
    let parsed = dockerfiles.get(&given.path).and_then(|text| Dockerfile::parse(text).ok());
    let of_platform = |platform: &Platform, parsed: &Dockerfile| -> Reads {
        let build = Build {
            args: &args,
            target: given.stage.as_deref(),
            platform: Some(platform),
            build_platform: platforms.first(),
            contexts: &contexts,
        };
        parsed.reads(&build)
    };
    let read: Vec<Reads> =
        parsed.iter().flat_map(|parsed| platforms.iter().map(|one| of_platform(one, parsed))).collect();
    for base in read.iter().flat_map(|reads| &reads.bases) {
        let name = without_marks(&base.name, &values);
        let is_there = |reads: &Reads| {
            let is_it = |one: &Base| one.name == base.name && one.platform == BasePlatform::Leg;
            reads.bases.iter().any(is_it)
        };
        if !found.iter().any(|known| known.name.key() == name.key()) {
            let place = Place { path: given.path.as_str().into(), line: base.line };
            let is_of_all = read.iter().all(is_there);
            found.push(Named { name, context: None, place, is_of_all });
        }
    }
    let is_whole = !read.is_empty() && read.iter().all(|reads| reads.unknown.is_empty());
    if is_whole {
        return found;
    }
    // What the Dockerfile makes of an argument is not known.
    for line in arguments.into_values().flatten() {
        let is_there = |known: &Named| known.name.key() == line.text.key();
        let is_name = |text: &Template| text.shown().contains('/') && !text.shown().contains("://");
        if is_name(&line.text) && !found.iter().any(is_there) {
            found.push(Named { name: line.text, context: None, place: line.place, is_of_all: false });
        }
    }
    found
}

/// The platforms of an image, as the steps or its target name them.
fn platforms(candidate: &Candidate, known: &[Known]) -> Vec<String> {
    let of_steps = platforms::of_lines(&candidate.platforms);
    match target_of(candidate, known) {
        Some(target) if of_steps.is_empty() => platforms::normal(target.platforms.iter().map(String::as_str)),
        _ => of_steps,
    }
}

/// The repositories that an image is published in.
fn repositories(candidate: &Candidate, known: &[Known], world: &World) -> IndexSet<String> {
    let written = candidate.repositories.iter().flat_map(|line| {
        let at = |moment| line.text.at(moment, world);
        at(Moment::Branch).or_else(|| at(Moment::Tag))
    });
    let of_target = target_of(candidate, known).into_iter().flat_map(|target| &target.tags);
    let of_target = of_target.filter(|_| candidate.repositories.is_empty());
    let of_target = of_target.map(|name| Template::from(name.as_str()).split_tag().0.shown());
    written.chain(of_target).map(|repository| normal(&repository)).collect()
}

/// The repositories that a name may be in.
fn repositories_of(name: &Template, world: &World) -> IndexSet<String> {
    let (repository, _) = name.split_tag();
    let at = |moment: Moment| repository.at(moment, world);
    [Moment::Branch, Moment::Tag].into_iter().filter_map(at).map(|one| normal(&one)).collect()
}

/// An image whose build may read another one.
struct Pair<'a> {
    base: &'a Candidate,
    own: &'a Candidate,
    known: &'a [Known],
    world: &'a World,
}

impl Pair<'_> {
    /// What the build reads of the other image under this name: nothing, something, or what can be linked.
    #[expect(clippy::option_option, reason = "what is read may have no link")]
    fn read(&self, named: &Named) -> Option<Option<Template>> {
        let Self { base, own, known, world } = self;
        let runs = || MOMENTS.into_iter().filter(|moment| *moment != Moment::PullRequest);
        // A release that is called otherwise tells what is the same in all of them.
        let other = World { tag: world.tag.chars().map(next_digit).collect(), ..(*world).clone() };
        let in_run = |moment: Moment, world: &World| -> Option<bool> {
            let today = published(base, &[moment], known, world);
            let name = named.name.known_at(moment, world)?.parse::<Reference>().ok()?;
            let tag = name.tag().map_or(LATEST, Tag::as_str);
            let tags = today.tags.get(&name.repository().to_string());
            let is_there = tags.is_some_and(|tags| tags.iter().any(|known| known == tag));
            (is_there || today.unknown.is_empty()).then_some(is_there && name.digest().is_none())
        };
        let is_ending = base.ending.iter().any(|line| {
            let (_, tag) = named.name.split_tag();
            tag.is_some_and(|tag| tag.key() == line.text.key())
        });
        let publishes = |moment: &Moment| own.entries.iter().any(|entry| entry.may(*moment));
        let own_runs: Vec<Moment> = runs().filter(publishes).collect();
        let answers: Vec<Option<bool>> = runs().map(|moment| in_run(moment, world)).collect();
        let may_read = is_ending || answers.iter().any(|answer| *answer != Some(false));
        if !may_read {
            return None;
        }
        let is_always = !own_runs.is_empty()
            && own_runs
                .iter()
                .all(|moment| in_run(*moment, world) == Some(true) && in_run(*moment, &other) == Some(true));
        let is_sure = is_always && named.is_of_all && self.is_before() && self.has_platforms();
        let name = || familiar(named.context.clone().unwrap_or_else(|| named.name.clone()));
        Some(is_sure.then(name))
    }

    /// Whether the other image is there whenever this one is built.
    fn is_before(&self) -> bool {
        let is_before = |own: &Step| self.base.steps.iter().any(|base| base.is_before(own));
        self.own.steps.iter().all(is_before)
    }

    /// Whether the other image has all platforms of this one.
    fn has_platforms(&self) -> bool {
        let (base, own) = (platforms(self.base, self.known), platforms(self.own, self.known));
        self.base.variants.is_empty()
            && base.is_empty() == own.is_empty()
            && own.iter().all(|platform| base.contains(platform))
    }
}

fn next_digit(c: char) -> char {
    match c.to_digit(10) {
        Some(digit) => char::from_digit((digit + 1) % 10, 10).unwrap_or(c),
        None => c,
    }
}

/// A name as BuildKit looks for its named context: without the registry and the tag that it has anyway.
fn familiar(mut name: Template) -> Template {
    if let Some(Piece::Text(first)) = name.0.first_mut() {
        let short = ["docker.io/library/", "docker.io/"].iter().find_map(|start| first.strip_prefix(start));
        if let Some(short) = short {
            *first = short.to_owned();
        }
    }
    if let Some(Piece::Text(last)) = name.0.last_mut()
        && let Some(short) = last.strip_suffix(&format!(":{LATEST}"))
    {
        *last = short.to_owned();
    }
    name
}
