//! From what steps publish to images: what is built once and has the same repositories is one.

use super::bake_targets::{self, overrides_of, platforms_of};
pub(crate) use super::candidate::{Candidate, Stray, TargetOf};
use super::candidate::{are_platforms, join, keys, merge_lines};
use super::compose_services;
pub(crate) use super::definition::is_yaml;
use super::definition::{Known, KnownTarget, META, clean, relative};
use super::differences::OtherBuild;
use super::parts::{self, names_again, why_not, without_legs};
use super::released;
use crate::init::repository::world::World;
use crate::init::steps::build_push::add_reference;
use crate::init::steps::entry::Entry;
use crate::init::steps::found::{BakeBuild, Build, DockerfileBuild, Publication, TagLine, TagsOf};
use crate::init::values::guard;
use crate::init::values::moment::{Answers, Moment};
use crate::init::values::text::{Line, Meta, Piece, Template};

/// The images that publications come to.
pub(crate) fn images(
    mut publications: Vec<Publication>,
    known: &[Known],
    world: &World,
) -> (Vec<Candidate>, Vec<Stray>) {
    world.work.begin();
    let mut strays = Vec::new();
    publications.retain(|one| !guard::is_never(&one.guards));
    publications = released::apart(publications, world);
    publications = publications.into_iter().flat_map(Publication::by_repository).collect();
    publications.iter_mut().enumerate().for_each(|(number, one)| one.number = number);
    let (publications, local) = parts::without_local(publications, world);
    strays.extend(local.into_iter().map(|(publication, why)| Stray { publication, why }));
    let (publications, never): (Vec<_>, Vec<_>) =
        publications.into_iter().partition(|one| one.is_ever_published(world));
    strays.extend(never.into_iter().filter(Publication::is_elsewhere).map(|publication| Stray {
        publication,
        why: "a condition says that only another repository publishes it".to_owned(),
    }));
    let (unread, read): (Vec<_>, Vec<_>) = publications.into_iter().partition(|one| one.unread.is_some());
    strays.extend(unread.into_iter().filter_map(|publication| {
        let why = publication.unread.clone()?;
        Some(Stray { publication, why })
    }));
    let (merges, mut builds): (Vec<_>, Vec<_>) = read.into_iter().partition(|one| one.build.is_none());
    let (again, merges): (Vec<_>, Vec<_>) = merges.into_iter().partition(names_again);
    let mut merges = merges;
    for merge in again {
        if !world.work.spend(1 + builds.len()) {
            break;
        }
        match why_not(&merge, &builds) {
            Some(why) => strays.push(Stray { publication: merge, why }),
            None => merges.push(merge),
        }
    }
    let (merges, foreign) = parts::with_foreign(merges, &builds, world);
    strays.extend(foreign.into_iter().map(|(publication, why)| Stray { publication, why }));
    let joins: Vec<&Publication> = merges.iter().filter(|merge| !names_again(merge)).collect();
    let sources: Vec<String> = joins.iter().flat_map(|merge| &merge.sources).map(Template::key).collect();
    for build in &mut builds {
        if !world.work.spend(1 + sources.len() + joins.len()) {
            break;
        }
        without_legs(build, &sources, &joins);
    }
    let mut candidates: Vec<Candidate> = Vec::new();
    for build in builds {
        if !world.work.spend(compared(&candidates)) {
            break;
        }
        match build.build.clone() {
            Some(Build::Bake(bake)) => of_bake(build, &bake, (known, world), &mut candidates, &mut strays),
            Some(Build::Dockerfile(dockerfile)) if leaves(&dockerfile) => strays.push(Stray {
                publication: build,
                why: "its build context or Dockerfile lies outside of the repository".to_owned(),
            }),
            Some(Build::Dockerfile(dockerfile)) if unsaid(&dockerfile).is_some() => {
                let why =
                    unsaid(&dockerfile).map(|(what, text)| format!("{what} `{text}` is not known here"));
                strays.push(Stray { publication: build, why: why.unwrap_or_default() });
            }
            Some(Build::Dockerfile(dockerfile)) => {
                let target = target_of(&dockerfile, known);
                add(build, target, dockerfile.platforms.clone(), world, &mut candidates);
            }
            None => {}
        }
    }
    for merge in merges {
        if !world.work.spend(compared(&candidates)) {
            break;
        }
        attach(merge, &mut candidates, &mut strays, world);
    }
    candidates.retain(|candidate| {
        let is_published = !candidate.entries.is_empty();
        if !is_published {
            let publication = Publication {
                repositories: candidate.repositories.clone(),
                ..Publication::new(candidate.place.clone(), "", Answers::of(|_| None))
            };
            let why = if !candidate.ending.is_empty() {
                "its tags name parts of an index, and no index of them is in the proposal"
            } else if candidate.repositories.is_empty() {
                "it is pushed, and no name of it was found"
            } else {
                "it is pushed by digest, and nothing was found that tags it"
            };
            strays.push(Stray { publication, why: why.to_owned() });
        }
        is_published
    });
    (candidates, strays)
}

/// What it takes to look for one among these.
fn compared(candidates: &[Candidate]) -> usize {
    // Later, each entry gives its tags in each repository.
    let of = |candidate: &Candidate| 2 + 4 * candidate.repositories.len() + candidate.entries.len();
    1 + candidates.iter().map(of).sum::<usize>()
}

/// What of a build only a run knows, without which another image would be built.
fn unsaid(build: &DockerfileBuild) -> Option<(&'static str, String)> {
    let parts = [
        ("its build context", Some(&build.context)),
        ("its Dockerfile", build.dockerfile.as_ref()),
        ("its stage", build.stage.as_ref()),
    ];
    let is_said = |piece: &Piece| match piece {
        Piece::Text(_) | Piece::Repository | Piece::Owner | Piece::Name | Piece::Setting(..) => true,
        Piece::Fact(_) | Piece::Meta(..) | Piece::Or(..) | Piece::Choice(_) | Piece::Unknown(_) => false,
    };
    parts.into_iter().find_map(|(what, text)| {
        let text = text.filter(|text| !text.0.iter().all(is_said))?;
        Some((what, text.shown()))
    })
}

/// Whether a build takes files from outside of the repository.
fn leaves(build: &DockerfileBuild) -> bool {
    let named = build.contexts.iter().filter_map(|line| line.text.split_once('=')).map(|(_, path)| path);
    let paths = std::iter::once(build.context.clone()).chain(build.dockerfile.clone()).chain(named);
    paths.map(|path| path.shown()).any(|path| {
        let path = path.trim();
        !path.contains("://") && (path.starts_with('/') || clean(path).split('/').next() == Some(".."))
    })
}

/// The target of a definition that builds this already.
fn target_of(build: &DockerfileBuild, known: &[Known]) -> TargetOf {
    let of = (|| {
        let context = clean(&build.context.constant()?);
        let dockerfile = match &build.dockerfile {
            Some(path) => relative(&path.constant()?, &context),
            None => "Dockerfile".to_owned(),
        };
        let stage = build.stage.as_ref().map(Template::constant);
        known.iter().enumerate().find_map(|(at, known)| {
            let target = known.targets.iter().find(|target| {
                let is_bake = target.place.as_ref().is_some_and(|place| !is_yaml(&place.path));
                // What is hidden is for others to inherit.
                is_bake
                    && known.folder.is_empty()
                    && !target.label.starts_with('_')
                    && clean(&target.context) == context
                    && clean(&target.dockerfile) == dockerfile
                    && target.stage.clone().map(Some) == stage
            })?;
            Some(TargetOf::Known(at, target.label.clone()))
        })
    })();
    of.unwrap_or_else(|| TargetOf::Dockerfile(Box::new(build.clone())))
}

/// What tells what is built from other things.
fn target_key(target: &TargetOf) -> String {
    match target {
        TargetOf::Known(at, label) => format!("{at} {label}"),
        TargetOf::Dockerfile(build) => {
            let dockerfile = build.dockerfile.as_ref().map_or_else(
                || clean(&format!("{}/Dockerfile", build.context.shown())),
                |path| clean(&path.shown()),
            );
            let stage = build.stage.as_ref().map(Template::exact).unwrap_or_default();
            let args: Vec<String> = build.args.iter().map(|line| line.text.exact()).collect();
            format!("{} {dockerfile} {stage} {args:?}", clean(&build.context.shown()))
        }
    }
}

/// Whether one step builds both in one go.
pub(in crate::init) fn is_same_build(one: &Candidate, other: &Candidate) -> bool {
    one.place == other.place
        && target_key(&one.target) == target_key(&other.target)
        && keys(&one.platforms) == keys(&other.platforms)
        && one.variants.is_empty()
        && other.variants.is_empty()
}

/// Whether one step builds both, and pushes them to the same repositories, however it was read.
pub(crate) fn is_same_image(one: &Candidate, other: &Candidate) -> bool {
    one.place == other.place
        && target_key(&one.target) == target_key(&other.target)
        && keys(&one.repositories) == keys(&other.repositories)
}

fn tag_keys(tags: &[TagLine]) -> Vec<String> {
    let condition = |tag: &TagLine| match tag {
        TagLine::Rule(rule) => rule.enable.as_ref().map(|enable| enable.written.clone()).unwrap_or_default(),
        TagLine::Text(_) => String::new(),
    };
    tags.iter().map(|tag| format!("{} {}", tag.line().text.exact(), condition(tag))).collect()
}

/// Whether two lists have the same names.
fn same_names(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|name| other.contains(name))
}

/// Adds a build: to the image that it is another build of, or as a new one.
fn add(
    build: Publication,
    target: TargetOf,
    platforms: Vec<Line>,
    world: &World,
    candidates: &mut Vec<Candidate>,
) {
    let key = target_key(&target);
    let guarded = build.guarded(world);
    let repositories = keys(&build.repositories);
    let same = candidates.iter_mut().find(|known| {
        let own = keys(&known.repositories);
        let is_open = known.entries.is_empty() || build.tags.is_empty();
        let overlaps = repositories.iter().any(|one| own.contains(one));
        let is_alike = known.entries.iter().any(|entry| {
            entry.has_runs_of(&build, &guarded)
                && tag_keys(&entry.tags) == tag_keys(&build.tags)
                && !build.tags.is_empty()
        });
        let is_same_flavor = keys(&known.flavor) == keys(&build.flavor) || is_open;
        // Each tag goes to the repositories that it has today, and to no others.
        let is_there = if is_open { overlaps } else { same_names(&own, &repositories) };
        target_key(&known.target) == key && (is_there || is_alike) && is_same_flavor
    });
    let (variables, overrides) = match &build.build {
        Some(Build::Bake(bake)) => {
            let label = if let TargetOf::Known(_, label) = &target { Some(label) } else { None };
            let overrides = label.map(|label| overrides_of(bake, label)).unwrap_or_default();
            (bake.variables.clone(), overrides)
        }
        Some(Build::Dockerfile(_)) | None => (Vec::new(), Vec::new()),
    };
    let entry = (!build.tags.is_empty()).then(|| Entry::of(&build, build.tags.clone(), world));
    let step = build.step();
    let place = build.place.clone();
    let runners = build.runs_on.map(|on| (platforms.clone(), on));
    match same {
        Some(known) => {
            let other = OtherBuild {
                target: &target,
                overrides: &overrides,
                platforms: &platforms,
                has_tags: entry.is_some(),
                place: &place,
            };
            let lost = other.lost_beside(known);
            merge_lines(&mut known.untold, lost);
            known.add_variables(&variables);
            known.steps.push(step);
            known.runners.extend(runners);
            merge_lines(&mut known.repositories, build.repositories);
            merge_lines(&mut known.platforms, platforms);
            merge_lines(&mut known.untold, build.untold);
            merge_lines(&mut known.ending, build.ending);
            known.oci_labels |= build.oci_labels;
            if known.flavor.is_empty() {
                known.flavor = build.flavor;
            }
            known.entries.extend(entry);
        }
        None => candidates.push(Candidate {
            target,
            repositories: build.repositories,
            entries: entry.into_iter().collect(),
            flavor: build.flavor,
            platforms,
            variants: Vec::new(),
            oci_labels: build.oci_labels,
            ending: build.ending,
            foreign: Vec::new(),
            untold: build.untold,
            variables,
            varying: Vec::new(),
            overrides,
            runners: runners.into_iter().collect(),
            place: build.place,
            steps: vec![step],
        }),
    }
}

/// The definition that a run of Bake reads.
fn definition_of(build: &BakeBuild, known: &[Known]) -> Option<usize> {
    let folder = clean(&build.folder);
    let folder = if folder == "." { String::new() } else { folder };
    let constant = build.files.iter().filter_map(|line| line.text.constant());
    let files: Vec<String> =
        constant.map(|path| clean(path.strip_prefix("cwd://").unwrap_or(&path))).collect();
    let reads = |known: &&Known| {
        let own: Vec<String> =
            known.read.iter().map(|path| clean(&format!("{}/{path}", known.folder))).collect();
        let named: Vec<String> = files.iter().map(|path| clean(&format!("{folder}/{path}"))).collect();
        if named.is_empty() {
            known.folder == folder && known.files.is_empty()
        } else {
            named.iter().any(|path| own.contains(path))
        }
    };
    let is_named = |known: &Known| known.folder == folder && known.files == files;
    known.iter().position(is_named).or_else(|| known.iter().position(|one| reads(&one)))
}

fn of_bake(
    publication: Publication,
    build: &BakeBuild,
    (known, world): (&[Known], &World),
    candidates: &mut Vec<Candidate>,
    strays: &mut Vec<Stray>,
) {
    let Some(at) = definition_of(build, known) else {
        strays.push(Stray { publication, why: "its Bake file was not found, or has mistakes".to_owned() });
        return;
    };
    let definition = &known[at];
    let (labels, conditions) = bake_targets::labels(build, definition);
    let mut publication = publication;
    publication.untold.extend(bake_targets::unknown(build, labels.len()));
    let labels = match &build.compose {
        Some(run) => compose_services::labels(build, run, definition),
        None => labels,
    };
    let has_tags = !publication.repositories.is_empty();
    let mut any = false;
    // What is not known may push.
    let mut may_push = build.pushes || labels.is_empty();
    for label in labels {
        let Some(target) = definition.targets.iter().find(|target| target.label == label) else {
            may_push = true;
            continue;
        };
        may_push |= target.is_pushed;
        let of_set: Vec<&TagsOf> = build.tags.iter().filter(|one| one.is_of(&label)).collect();
        let is_replaced = has_tags || of_set.last().is_some_and(|last| !last.is_more);
        let of_service = match build.compose {
            Some(_) => compose_services::tags(build, target, definition),
            None if is_replaced => Vec::new(),
            None => compose_services::tags_of_bake(build, target, definition, world),
        };
        let has_others = !of_service.is_empty() || of_set.last().is_some_and(|last| !last.is_more);
        let of_set: Vec<&TagsOf> =
            of_set.into_iter().chain(&of_service).filter(|tags| !tags.line.text.0.is_empty()).collect();
        if has_others && of_set.is_empty() {
            continue;
        }
        let metas: Vec<&Meta> =
            build.metas.iter().map(|meta| &**meta).filter(|meta| bake_targets::fills(meta, target)).collect();
        let is_given = has_tags && (build.metas.is_empty() || !metas.is_empty()) || !of_set.is_empty();
        if !build.pushes && !target.is_pushed || label.starts_with(META) {
            continue;
        }
        if !is_given && (!target.is_pushable || target.tags.is_empty()) {
            continue;
        }
        any = true;
        let is_labelled = publication.oci_labels && (target.has_meta() || !metas.is_empty());
        let platforms = platforms_of(build, target);
        let known_target = target;
        let target = TargetOf::Known(at, label.clone());
        let mut one = publication.clone();
        one.oci_labels = is_labelled;
        if let Some((condition, place)) = conditions.get(&label) {
            one.guard(condition.clone(), place.clone());
            if one.runs.0.iter().all(|answer| *answer == Some(false)) && one.others.is_empty() {
                continue;
            }
        }
        if is_given {
            bake_targets::keep(&mut one, &build.metas, &metas);
            if has_others {
                one.without_tags();
            } else if one.repositories.is_empty() {
                add_own(&mut one, known_target, &of_set);
            }
            for tags in &of_set {
                add_reference(&mut one, tags.line.clone(), false);
            }
            for one in one.by_repository() {
                add(one, target.clone(), platforms.clone(), world, candidates);
            }
            continue;
        }
        one.repositories.clear();
        one.tags.clear();
        one.flavor.clear();
        let key = target_key(&target);
        let entry = Entry::of(&one, Vec::new(), world);
        let step = one.step();
        let runners = one.runs_on.map(|on| (platforms.clone(), on));
        match candidates
            .iter_mut()
            .find(|known| target_key(&known.target) == key && known.repositories.is_empty())
        {
            Some(known) => {
                let other = OtherBuild {
                    target: &target,
                    overrides: &overrides_of(build, &label),
                    platforms: &platforms,
                    has_tags: true,
                    place: &one.place,
                };
                let lost = other.lost_beside(known);
                merge_lines(&mut known.untold, lost);
                known.add_variables(&build.variables);
                known.entries.push(entry);
                known.oci_labels |= is_labelled;
                known.runners.extend(runners);
                known.steps.push(step);
                merge_lines(&mut known.platforms, platforms);
            }
            None => candidates.push(Candidate {
                overrides: overrides_of(build, &label),
                target,
                repositories: Vec::new(),
                entries: vec![entry],
                flavor: Vec::new(),
                platforms,
                variants: Vec::new(),
                oci_labels: is_labelled,
                ending: Vec::new(),
                foreign: Vec::new(),
                untold: one.untold,
                variables: build.variables.clone(),
                varying: Vec::new(),
                runners: runners.into_iter().collect(),
                place: one.place,
                steps: vec![step],
            }),
        }
    }
    // A step that builds tests or binaries publishes nothing.
    let pushes = publication.runs.0.contains(&Some(true)) || !publication.repositories.is_empty();
    if !any && pushes && may_push {
        strays.push(Stray { publication, why: "none of its targets has a tag with a repository".to_owned() });
    }
}

/// Gives a target its own tags, beside those that a run of Bake sets for it.
fn add_own(one: &mut Publication, target: &KnownTarget, set: &[&TagsOf]) {
    let Some(place) = target.place.as_ref().or(set.first().map(|tags| &tags.line.place)) else { return };
    for name in &target.tags {
        add_reference(one, Line { text: Template::from(name.as_str()), place: place.clone() }, false);
    }
}

/// Gives the tags of an index to the image that it is made of.
fn attach(merge: Publication, candidates: &mut Vec<Candidate>, strays: &mut Vec<Stray>, world: &World) {
    let repositories = keys(&merge.repositories);
    let at = |line: &Line| line.text.at(Moment::Branch, world).or_else(|| line.text.at(Moment::Tag, world));
    let known: Vec<String> = merge.repositories.iter().filter_map(at).collect();
    let sources: Vec<String> = merge.sources.iter().map(Template::key).collect();
    let overlaps = |candidate: &Candidate| {
        candidate.repositories.iter().any(|line| {
            let key = line.text.key();
            repositories.contains(&key)
                || at(line).is_some_and(|one| known.contains(&one))
                || sources
                    .iter()
                    .any(|source| source.strip_prefix(&key).is_some_and(|rest| rest.starts_with([':', '@'])))
        })
    };
    let mut fitting: Vec<usize> = (0..candidates.len()).filter(|&at| overlaps(&candidates[at])).collect();
    // An image that has tags of its own already is another one, if there is one that has none.
    let bare: Vec<usize> = fitting
        .iter()
        .copied()
        .filter(|&at| {
            candidates[at].entries.is_empty()
                || candidates[at]
                    .entries
                    .iter()
                    .all(|entry| entry.place.path == merge.place.path && entry.tags.is_empty())
        })
        .collect();
    if !bare.is_empty() {
        fitting = bare;
    }
    let near: Vec<usize> =
        fitting.iter().copied().filter(|&at| candidates[at].place.path == merge.place.path).collect();
    if !near.is_empty() {
        fitting = near;
    }
    if fitting.len() > 1 && are_platforms(&fitting, candidates) {
        let others: Vec<usize> = fitting.drain(1..).collect();
        for at in others.into_iter().rev() {
            let other = candidates.remove(at);
            join(&mut candidates[fitting[0]], other);
        }
    }
    match fitting.as_slice() {
        [] => strays.push(Stray {
            publication: merge,
            why: "the images that it is made of were not found".to_owned(),
        }),
        [one] => {
            let own = keys(&candidates[*one].repositories);
            let has_tags = candidates[*one].entries.iter().any(|entry| !entry.tags.is_empty());
            let is_other = has_tags
                && (!same_names(&own, &repositories)
                    || keys(&candidates[*one].flavor) != keys(&merge.flavor));
            let at = if is_other {
                // The same build, elsewhere or otherwise.
                let again = Candidate {
                    repositories: Vec::new(),
                    entries: Vec::new(),
                    flavor: Vec::new(),
                    ending: Vec::new(),
                    foreign: Vec::new(),
                    ..candidates[*one].clone()
                };
                candidates.push(again);
                candidates.len() - 1
            } else {
                *one
            };
            let candidate = &mut candidates[at];
            // The names of its parts are not those of the image.
            if !merge.repositories.is_empty() {
                candidate.repositories.clone_from(&merge.repositories);
            }
            if candidate.flavor.is_empty() {
                candidate.flavor.clone_from(&merge.flavor);
            }
            merge_lines(&mut candidate.untold, merge.untold.clone());
            let of_index = |text: &Template| Line { text: text.clone(), place: merge.place.clone() };
            candidate.foreign.extend(merge.foreign.iter().map(of_index));
            if !merge.tags.is_empty() {
                let guarded = merge.guarded(world);
                let is_same = |entry: &&mut Entry| {
                    entry.has_runs_of(&merge, &guarded) && entry.place.path == merge.place.path
                };
                match candidate.entries.iter_mut().find(is_same) {
                    Some(entry) => entry.tags.extend(merge.tags),
                    None => {
                        let entry = Entry::of(&merge, merge.tags.clone(), world);
                        candidate.entries.push(entry);
                    }
                }
            }
        }
        _ => strays.push(Stray {
            publication: merge,
            why: "several builds push to its repository, and it is unknown which of them it is made of"
                .to_owned(),
        }),
    }
}
