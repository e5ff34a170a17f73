//! `docker push` and `docker tag`: what was built before is published by them, under their names.

use super::build_push::add_reference;
use super::found::Publication;
use super::setting::{Setting, options};
use crate::init::shell::ShellCommand;
use crate::init::values::guard::Guard;
use crate::init::values::text::{Line, Piece, Template};

/// `docker tag SOURCE TARGET`, which gives what was built another name.
pub(in crate::init) fn tag(
    words: &[Template],
    command: &ShellCommand,
    setting: &Setting<'_>,
    built: &mut Vec<Publication>,
) {
    let (_, rest) = options(words, &[]);
    let [source, target] = rest.as_slice() else { return };
    name_again(source, target, command, setting, built);
}

/// A reference in a registry, as podman and buildah write it.
fn of_registry(reference: &Template) -> Option<Template> {
    let Some(Piece::Text(first)) = reference.0.first() else { return None };
    let rest = first.strip_prefix("docker://")?;
    let mut own = Template::from(rest);
    reference.0[1..].iter().cloned().for_each(|piece| own.push(piece));
    Some(own)
}

/// Whether it is pushed into a folder or another place that is no registry.
fn starts_elsewhere(reference: &Template) -> bool {
    const PLACES: [&str; 6] =
        ["oci:", "oci-archive:", "dir:", "docker-archive:", "docker-daemon:", "containers-storage:"];
    let first = reference.0.first();
    matches!(first, Some(Piece::Text(text)) if PLACES.iter().any(|place| text.starts_with(place)))
}

fn name_again(
    source: &Template,
    target: &Template,
    command: &ShellCommand,
    setting: &Setting<'_>,
    built: &mut Vec<Publication>,
) {
    let (repository, tag) = source.split_tag();
    let tag = tag.unwrap_or_else(|| Template::from("latest"));
    let is_it = |one: &&Publication| {
        one.repositories.iter().any(|line| line.text.key() == repository.key())
            && one.tags.iter().any(|known| known.line().text.key() == tag.key())
    };
    let Some(known) = built.iter().find(is_it) else { return };
    let mut named = Publication { repositories: Vec::new(), tags: Vec::new(), ..known.clone() };
    command.guards.iter().cloned().for_each(|guard| named.guard(guard, setting.place(command)));
    add_reference(&mut named, Line { text: target.clone(), place: setting.place(command) }, false);
    built.push(named);
}

/// `docker push`, of one tag or of all that a repository has on the machine.
pub(in crate::init) fn pushes(
    words: &[Template],
    command: &ShellCommand,
    setting: &Setting<'_>,
    found: &mut Vec<Publication>,
    built: &mut Vec<Publication>,
) {
    let flags = [
        "-a",
        "--all-tags",
        "-q",
        "--quiet",
        "--all",
        "--rm",
        "--compress",
        "--remove-signatures",
        "--disable-content-trust",
        "--all-platforms",
        "--tls-verify",
    ];
    let (options, rest) = options(words, &flags);
    // `buildah push IMAGE docker://REFERENCE`
    let to = rest.last().and_then(|to| of_registry(to));
    if let ([source, _], Some(to)) = (rest.as_slice(), &to) {
        name_again(source, to, command, setting, built);
        push(to, command, setting, found, built);
        return;
    }
    let Some(reference) = to.as_ref().or(rest.last().copied()) else { return };
    if starts_elsewhere(reference) {
        return;
    }
    let is_all = options.iter().any(|(name, value)| {
        matches!(name.as_str(), "-a" | "--all-tags") && value.constant().as_deref() != Some("false")
    });
    if !is_all {
        push(reference, command, setting, found, built);
        return;
    }
    let key = reference.key();
    let mut any = false;
    for one in built.iter().filter(|one| one.repositories.iter().any(|line| line.text.key() == key)) {
        any = true;
        let mut publication = setting.publication(command);
        one.guards.iter().cloned().for_each(|guard| publication.guard(guard.condition, guard.place));
        publication.repositories =
            one.repositories.iter().filter(|line| line.text.key() == key).cloned().collect();
        publication.tags.clone_from(&one.tags);
        publication.build.clone_from(&one.build);
        publication.place.clone_from(&one.place);
        publication.untold.clone_from(&one.untold);
        publication.unread.clone_from(&one.unread);
        publish(publication, found);
    }
    if !any {
        let mut publication = setting.publication(command);
        publication.repositories.push(Line { text: (*reference).clone(), place: setting.place(command) });
        publication.unread =
            Some("all tags of it are pushed, and it is not known which there are".to_owned());
        found.push(publication);
    }
}

/// `docker push` of one tag.
fn push(
    reference: &Template,
    command: &ShellCommand,
    setting: &Setting<'_>,
    found: &mut Vec<Publication>,
    built: &[Publication],
) {
    let mut publication = setting.publication(command);
    add_reference(&mut publication, Line { text: reference.clone(), place: setting.place(command) }, false);
    let tag = publication.tags.first().map(|tag| tag.line().text.key());
    let has_tag = |one: &&Publication| one.tags.iter().any(|known| Some(known.line().text.key()) == tag);
    let of = |one: &&Publication| repository_of(one) == repository_of(&publication);
    // The last build with this tag; those before it where it may not have run.
    let mut builds: Vec<&Publication> = Vec::new();
    for one in built.iter().rev().filter(of).filter(has_tag) {
        builds.push(one);
        let is_known =
            |guard: &Guard| publication.guards.iter().any(|own| own.condition.is_same(&guard.condition));
        if one.guards.iter().all(is_known) {
            break;
        }
    }
    if builds.is_empty() {
        builds.extend(built.iter().find(of));
    }
    if builds.is_empty() {
        // Tagged anew, or built elsewhere.
        if reference.constant().is_none_or(|text| text.contains('/')) {
            found.push(publication);
        }
        return;
    }
    for build in builds.into_iter().rev() {
        let mut one = publication.clone();
        build.guards.iter().cloned().for_each(|guard| one.guard(guard.condition, guard.place));
        one.build.clone_from(&build.build);
        one.place.clone_from(&build.place);
        one.untold.clone_from(&build.untold);
        one.unread.clone_from(&build.unread);
        publish(one, found);
    }
}

fn repository_of(publication: &Publication) -> Option<String> {
    publication.repositories.first().map(|line| line.text.key())
}

/// Adds what is pushed: to what was pushed of the same build before on the same conditions, or as something else.
fn publish(publication: Publication, found: &mut Vec<Publication>) {
    let guards = |one: &Publication| -> Vec<String> {
        one.guards.iter().map(|guard| guard.condition.written.clone()).collect()
    };
    let known = found.iter_mut().find(|one| {
        one.job == publication.job
            && one.place == publication.place
            && repository_of(one) == repository_of(&publication)
            && guards(one) == guards(&publication)
    });
    match known {
        Some(known) => {
            for tag in publication.tags {
                if !known.tags.iter().any(|one| one.line().text.exact() == tag.line().text.exact()) {
                    known.tags.push(tag);
                }
            }
        }
        None => found.push(publication),
    }
}
