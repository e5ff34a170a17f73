//! Parts of an index, and other names of an image: what `imagetools create` and `docker manifest create` are given.

use crate::init::repository::world::World;
use crate::init::steps::found::{Build, Publication, TagLine};
use crate::init::values::moment::{Answers, MOMENTS, Moment};
use crate::init::values::text::{Line, Piece, Template, normal};

/// Whether it only gives another name to one image, which keeps its own.
pub(in crate::init) fn names_again(merge: &Publication) -> bool {
    matches!(merge.sources.as_slice(), [source] if source.unknown_parts().is_empty() && !source.shown().contains('@'))
}

/// Why another name for an image is not one of an image that these build.
pub(in crate::init) fn why_not(merge: &Publication, builds: &[Publication]) -> Option<String> {
    let source = merge.sources.first()?;
    let (repository, tag) = source.split_tag();
    let tag = tag.unwrap_or_else(|| Template::from("latest")).key();
    let has =
        |build: &&Publication| build.repositories.iter().any(|line| line.text.key() == repository.key());
    let there: Vec<&Publication> = builds.iter().filter(has).collect();
    let is_known = |build: &&&Publication| {
        build
            .tags
            .iter()
            .all(|tag| matches!(tag, TagLine::Text(line) if line.text.unknown_parts().is_empty()))
            && !build.tags.is_empty()
    };
    if there.is_empty() || there.iter().filter(is_known).count() < there.len() {
        return None;
    }
    let fitting: Vec<&&Publication> =
        there.iter().filter(|build| build.tags.iter().any(|known| known.line().text.key() == tag)).collect();
    if fitting.is_empty() {
        return Some(format!("it is made of `{}`, which nothing builds that was read", source.shown()));
    }
    let meets = |build: &&&Publication| {
        MOMENTS.into_iter().any(|moment| build.runs.may(moment) && merge.runs.may(moment))
    };
    (!fitting.iter().any(meets))
        .then(|| "it gives tags to what another run has published, as `bakeplan promote` does".to_owned())
}

/// Publications without the repositories of a registry that their own job runs; those that have no others apart, each with why.
pub(in crate::init) fn without_local(
    publications: Vec<Publication>,
    world: &World,
) -> (Vec<Publication>, Vec<(Publication, String)>) {
    let is_local = |line: &Line| {
        let (first, _) =
            line.text.split_once('/').unwrap_or_else(|| (line.text.clone(), Template::default()));
        let text = first.shown().to_ascii_lowercase();
        let host = text.split(':').next().unwrap_or_default();
        matches!(host, "localhost" | "127.0.0.1" | "host.docker.internal" | "[") && text != host
            || text == "localhost"
    };
    let (mut kept, mut apart) = (Vec::new(), Vec::new());
    for mut one in publications {
        let before = one.repositories.len();
        let names: Vec<String> = one.repositories.iter().map(|line| line.text.shown()).collect();
        one.repositories.retain(|line| !is_local(line));
        if one.repositories.is_empty() && before > 0 && one.conditional.is_empty() {
            world.work.spend(1);
            one.runs = Answers::of(|_| Some(false));
            one.others.clear();
            let why = format!(
                "`{}` is on the machine of the job, where nobody else can pull it",
                names.join("`, `")
            );
            apart.push((one, why));
        } else {
            kept.push(one);
        }
    }
    (kept, apart)
}

/// Indexes with those of their parts that nothing makes which was read; those that have no others apart, each with why.
pub(in crate::init) fn with_foreign(
    mut merges: Vec<Publication>,
    builds: &[Publication],
    world: &World,
) -> (Vec<Publication>, Vec<(Publication, String)>) {
    let all: Vec<Publication> = merges.clone();
    let all: Vec<&Publication> = builds.iter().chain(&all).collect();
    for merge in merges.iter_mut().filter(|merge| !names_again(merge)) {
        if !world.work.spend(1 + merge.sources.len() * all.len()) {
            break;
        }
        merge.foreign = foreign(merge, &all, world);
    }
    let is_whole =
        |merge: &Publication| merge.foreign.is_empty() || merge.foreign.len() < merge.sources.len();
    let (merges, others): (Vec<_>, Vec<_>) = merges.into_iter().partition(is_whole);
    let why = |merge: Publication| {
        let names: Vec<String> = merge.foreign.iter().map(Template::shown).collect();
        let why = format!("it is made of `{}`, which nothing builds that was read", names.join("`, `"));
        (merge, why)
    };
    (merges, others.into_iter().map(why).collect())
}

/// The parts of an index that none of these makes, as far as their names tell.
fn foreign(merge: &Publication, all: &[&Publication], world: &World) -> Vec<Template> {
    merge.sources.iter().filter(|source| is_foreign(source, merge, all, world)).cloned().collect()
}

fn is_foreign(source: &Template, merge: &Publication, all: &[&Publication], world: &World) -> bool {
    let is_open = |piece: &Piece| matches!(piece, Piece::Unknown(_) | Piece::Meta(..));
    // What a Bake file calls its targets is not looked at here.
    let is_of_file =
        |one: &&Publication| matches!(one.build, Some(Build::Bake(_))) && one.repositories.is_empty();
    if source.0.is_empty() || source.0.iter().any(is_open) || all.iter().any(is_of_file) {
        return false;
    }
    let (name, digest) = match source.split_once('@') {
        Some((name, _)) => (name, true),
        None => (source.clone(), false),
    };
    let (repository, tag) = name.split_tag();
    let tag = tag.unwrap_or_else(|| Template::from("latest"));
    let is_same = |one: &Template, other: &Template, is_name: bool| {
        let at = |text: &Template, moment| {
            let text = text.at(moment, world)?;
            Some(if is_name { normal(&text) } else { text })
        };
        one.key() == other.key()
            || [Moment::Branch, Moment::Tag]
                .into_iter()
                .any(|moment| at(one, moment).is_some_and(|text| at(other, moment) == Some(text)))
    };
    let has_repository =
        |one: &&&Publication| one.repositories.iter().any(|line| is_same(&line.text, &repository, true));
    let there: Vec<&&Publication> = all.iter().filter(has_repository).collect();
    if there.is_empty() {
        return true;
    }
    let has_tag = |one: &&&Publication| {
        let is_it = |tags: &TagLine| match tags {
            TagLine::Rule(_) => true,
            TagLine::Text(line) => !line.text.unknown_parts().is_empty() || is_same(&line.text, &tag, false),
        };
        one.tags.iter().any(is_it)
            || one.ending.iter().any(|line| {
                crate::rules::is_rule(&line.text.shown()) || is_same(&line.text, &tag, false)
            })
            // What is pushed by digest has no tag to be called by.
            || one.tags.is_empty() && one.ending.is_empty()
    };
    let is_itself = |one: &&&Publication| one.place == merge.place;
    !digest && !there.into_iter().filter(|one| !is_itself(one)).any(|one| has_tag(&one))
}

/// Takes the tags away that only name a part of an index, and keeps the platform that they tell.
pub(in crate::init) fn without_legs(build: &mut Publication, sources: &[String], merges: &[&Publication]) {
    const SUFFIXES: [(&str, &str); 10] = [
        ("amd64", "linux/amd64"),
        ("x86_64", "linux/amd64"),
        ("arm64v8", "linux/arm64"),
        ("arm64", "linux/arm64"),
        ("aarch64", "linux/arm64"),
        ("armv7", "linux/arm/v7"),
        ("arm-v7", "linux/arm/v7"),
        ("arm32v7", "linux/arm/v7"),
        ("armhf", "linux/arm/v7"),
        ("386", "linux/386"),
    ];
    let repositories: Vec<String> = build.repositories.iter().map(|line| line.text.key()).collect();
    let has_merge = merges
        .iter()
        .any(|merge| merge.repositories.iter().any(|line| repositories.contains(&line.text.key())));
    let is_of_index = |tag: &str| {
        let whole = repositories.iter().any(|repository| sources.contains(&format!("{repository}:{tag}")));
        let ends = SUFFIXES.iter().any(|(suffix, _)| tag.ends_with(&format!("-{suffix}")));
        whole || has_merge && ends
    };
    // What an index has as its own tag goes on.
    let is_whole = |tag: &str| {
        let is_it = |known: &TagLine| known.line().text.key() == tag;
        merges.iter().any(|merge| {
            merge.tags.iter().any(is_it)
                && merge.repositories.iter().any(|line| repositories.contains(&line.text.key()))
        })
    };
    let mut platform: Option<Line> = None;
    let mut ending: Vec<Line> = Vec::new();
    let flavored = build.flavor.iter().find_map(|line| {
        let text = line.text.shown();
        let (_, suffix) = text.split_once("suffix=-")?;
        let suffix = suffix.split(',').next()?;
        let (_, platform) = SUFFIXES.iter().find(|(known, _)| *known == suffix)?;
        has_merge.then(|| Line { text: Template::from(*platform), place: line.place.clone() })
    });
    let of_flavor = flavored.is_some();
    build.tags.retain(|tag| {
        let line = tag.line();
        let text = line.text.key();
        let is_leg = of_flavor || is_of_index(&text);
        if is_leg
            && let Some((_, known)) =
                SUFFIXES.iter().find(|(suffix, _)| text.ends_with(&format!("-{suffix}")))
        {
            platform = Some(Line { text: Template::from(*known), place: line.place.clone() });
        }
        if is_leg && !is_whole(&text) && !(of_flavor && ending.len() == 1) {
            ending.push(line.clone());
        }
        !is_leg
    });
    build.ending = ending;
    if of_flavor {
        build.flavor.clear();
    }
    if let Some(line) = flavored.or(platform)
        && let Some(built) = &mut build.build
        && built.platforms().is_empty()
    {
        built.platforms_mut().push(line);
    }
}
