//! Commands in scripts that build, push and merge images.

use std::rc::Rc;

use super::bake_action::{self, BakeRun};
use super::build_push::{add_reference, add_repositories, attribute_of, of_output};
use super::carried;
use super::compose;
use super::found::{BakeBuild, Build, BuildSetting, DockerfileBuild, Publication, Shape, TagLine};
use super::pushes::{pushes, tag};
pub(crate) use super::setting::Setting;
use super::setting::{options, plain, references};
use crate::init::shell::{Lost, Ran, ShellCommand};
use crate::init::values::folder::{Folder, TOP, relative};
use crate::init::values::moment::Answers;
use crate::init::values::scope::{Output, Scope};
use crate::init::values::text::{Condition, Line, Meta, Piece, Place, Template};

/// What the commands of a script publish.
pub(crate) fn publications(ran: &Ran, scope: &Scope, setting: &Setting<'_>) -> Vec<Publication> {
    publications_behind(ran, scope, setting, Vec::new()).0
}

/// The same where these images are built before, with those that are built.
pub(in crate::init) fn publications_behind(
    ran: &Ran,
    scope: &Scope,
    setting: &Setting<'_>,
    mut built: Vec<Publication>,
) -> (Vec<Publication>, Vec<Publication>) {
    let mut found: Vec<Publication> = Vec::new();
    let own = built.len();
    let mut open: Vec<(Publication, String)> = Vec::new();
    for command in &ran.commands {
        // A push is compared with what was built and pushed before.
        if !scope.world.work.spend(1 + (built.len() + found.len()) / 2) {
            break;
        }
        if let Some(Lost { why, is_guess }) = &command.lost {
            let unread = Some(why.clone());
            found.push(Publication { unread, is_guess: *is_guess, ..setting.publication(command) });
            continue;
        }
        if let Some(tool) = command.foreign() {
            let mut publication = setting.publication(command);
            publication.unread = Some(format!("`init` does not read what `{tool}` publishes"));
            found.push(publication);
            continue;
        }
        let Some(words) = command.builder() else { continue };
        let is_compose = words
            .first()
            .and_then(Template::constant)
            .is_some_and(|program| program.rsplit('/').next() == Some("docker-compose"));
        if is_compose {
            found.extend(compose::publication(&words[1..], command, scope, setting));
            continue;
        }
        let Some(words) = plain(words) else { continue };
        let names: Vec<String> =
            words.iter().take(4).map(|word| word.constant().unwrap_or_default()).collect();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        // `/usr/bin/docker`
        if let Some(program) = names.first_mut().filter(|program| **program != "/kaniko/executor") {
            *program = program.rsplit('/').next().unwrap_or_default();
        }
        let before = (found.len(), built.len());
        match names.as_slice() {
            ["docker", "manifest", "create", ..] => found.push(manifest(&words[3..], command, setting)),
            ["docker", "buildx", "imagetools", "create"] => {
                found.extend(imagetools(&words[4..], command, scope, setting));
            }
            ["docker" | "podman" | "nerdctl", "compose", ..] => {
                found.extend(compose::publication(&words[2..], command, scope, setting));
            }
            ["docker", "buildx", "bake", ..] => {
                found.push(bake(&words[3..], command, scope, setting));
            }
            ["docker" | "podman", "buildx" | "image" | "builder", "build" | "b", ..] => {
                build(&words[3..], command, scope, setting, &mut found, &mut built);
            }
            ["docker" | "podman" | "nerdctl" | "buildah", "build" | "bud", ..] => {
                build(&words[2..], command, scope, setting, &mut found, &mut built);
            }
            ["/kaniko/executor", ..] => kaniko(&words[1..], command, scope, setting, &mut found, &mut built),
            ["docker" | "podman" | "nerdctl" | "buildah", "tag", ..] => {
                tag(&words[2..], command, setting, &mut built);
            }
            ["docker" | "podman", "image", "tag", ..] => tag(&words[3..], command, setting, &mut built),
            ["docker" | "podman" | "nerdctl" | "buildah", "push", ..] => {
                pushes(&words[2..], command, setting, &mut found, &mut built);
            }
            ["docker" | "podman", "image", "push", ..] | ["podman" | "buildah", "manifest", "push", ..] => {
                pushes(&words[3..], command, setting, &mut found, &mut built);
            }
            _ => {}
        }
        for one in found.iter_mut().skip(before.0) {
            one.unread = one.unread.take().or_else(|| without_name(one, &words));
        }
        if command.is_given {
            given(&names, before.0, command, setting, &mut found);
        }
        // A word that is not known may be several options.
        let is_open = |word: &&Template| matches!(word.0.as_slice(), [Piece::Unknown(_)]);
        if let (Some(word), Some(build)) = (words.iter().find(is_open), built.get(before.1)) {
            open.push((build.clone(), word.shown()));
        }
    }
    found.extend(
        open.into_iter().filter_map(|(build, word)| may_push(build, &word, &found)).collect::<Vec<_>>(),
    );
    (found, built.split_off(own))
}

/// Why the name of what a command pushes is not known, if it has none.
fn without_name(one: &Publication, words: &[Template]) -> Option<String> {
    let is_built = matches!(one.build, Some(Build::Dockerfile(_)));
    if !is_built || !one.repositories.is_empty() || !one.tags.is_empty() {
        return None;
    }
    let word = words.iter().flat_map(Template::unknown_parts).next()?;
    Some(format!("`{word}` is not known here, and may be its tags"))
}

/// What a command publishes that has words from its input: `echo … | xargs docker push`.
fn given(
    names: &[&str],
    before: usize,
    command: &ShellCommand,
    setting: &Setting<'_>,
    found: &mut Vec<Publication>,
) {
    let why = || Some("some of its words come from standard input".to_owned());
    if matches!(names, [_, "push", ..] | [_, "image" | "manifest", "push", ..]) {
        found.truncate(before);
        found.push(Publication { unread: why(), ..setting.publication(command) });
    }
    found.iter_mut().skip(before).for_each(|one| one.unread = why());
}

/// Whether a word that is not known may push, as `$(if $(PUSH),--push)` of make does, which is a condition of all that comes of it.
fn may_be_pushed(pushes: bool, words: &[Template], publication: &mut Publication, place: &Place) -> bool {
    let mut parts = words.iter().flat_map(Template::unknown_parts);
    let part = parts.find(|part| part.contains("--push")).filter(|_| !pushes);
    if let Some(part) = part {
        publication.guard(Condition::open(part), place.clone());
    }
    part.is_some()
}

/// A build that nothing pushes, unless a word of it does that is not known.
fn may_push(build: Publication, word: &str, found: &[Publication]) -> Option<Publication> {
    let has_registry = build.repositories.iter().any(|line| line.text.shown().contains('/'));
    let is_pushed = found.iter().any(|one| one.place == build.place);
    let unread = Some(format!("`{word}` is not known here, and may push it"));
    (has_registry && !is_pushed).then_some(Publication { unread, ..build })
}

/// `docker manifest create LIST MANIFEST…`
fn manifest(words: &[Template], command: &ShellCommand, setting: &Setting<'_>) -> Publication {
    let mut publication = setting.publication(command);
    let (options, rest) = options(words, &["-a", "--amend", "--insecure"]);
    let amended = options.into_iter().filter(|(name, _)| name == "--amend").map(|(_, value)| value);
    let mut rest = rest.into_iter().flat_map(references);
    let place = setting.place(command);
    if let Some(list) = rest.next() {
        add_reference(&mut publication, Line { text: list, place }, false);
    }
    publication.sources =
        rest.chain(amended).filter(|text| text.constant().as_deref() != Some("true")).collect();
    publication
}

/// `docker buildx imagetools create -t TAG SOURCE…`
fn imagetools(
    words: &[Template],
    command: &ShellCommand,
    scope: &Scope,
    setting: &Setting<'_>,
) -> Option<Publication> {
    let mut publication = setting.publication(command);
    let place = setting.place(command);
    let (options, rest) = options(words, &["--append", "--dry-run", "--prefer-index"]);
    let has = |wanted: &str| options.iter().any(|(name, _)| name == wanted);
    if has("--dry-run") {
        return None;
    }
    let appends = has("--append");
    let (mut is_of_meta, mut appended) = (false, Vec::new());
    for (name, value) in options {
        if name == "-t" || name == "--tag" {
            // What the tag holds already stays in its index.
            appended.push(value.clone());
            match value.0.as_slice() {
                [Piece::Unknown(_)] | [] => is_of_meta = true,
                [Piece::Meta(..)] => is_of_meta = true,
                _ => add_reference(&mut publication, Line { text: value, place: place.clone() }, false),
            }
        }
    }
    is_of_meta |= rest
        .iter()
        .any(|word| word.shown().contains("DOCKER_METADATA_OUTPUT") || word.shown().contains("the action's"));
    is_of_meta |= publication.tags.is_empty();
    let of_file = || rest.iter().find_map(|word| carried::mentioned(&word.shown(), scope));
    if is_of_meta && let Some(meta) = of_file().or_else(|| meta_of(scope)) {
        add_repositories(&mut publication, &meta);
        publication.tags.extend(meta.rules.iter().cloned().map(TagLine::Rule));
        publication.flavor.extend(meta.flavor.iter().cloned());
    }
    let own = appended.into_iter().filter(|_| appends);
    publication.sources = rest.into_iter().flat_map(references).chain(own).collect();
    if publication.repositories.is_empty() {
        publication.untold.push(Line { text: joined(&command.words), place });
    }
    Some(publication)
}

/// The last step with docker/metadata-action before, in this job or in one that it needs.
fn meta_of(scope: &Scope) -> Option<Rc<Meta>> {
    let of = |outputs: &[(String, Vec<(String, Output)>)]| {
        outputs.iter().rev().flat_map(|(_, outputs)| outputs.iter().rev()).find_map(
            |(_, output)| match output {
                Output::Meta(meta) => Some(Rc::clone(meta)),
                Output::Value(_) | Output::Json(_) | Output::OfJob(..) => None,
            },
        )
    };
    of(&scope.steps).or_else(|| of(&scope.needs))
}

fn joined(words: &[Template]) -> Template {
    let mut text = Template::default();
    for (at, word) in words.iter().enumerate() {
        text.push(Piece::Text(if at > 0 { " ".to_owned() } else { String::new() }));
        text.extend(word.clone());
    }
    text
}

/// `docker buildx bake`
fn bake(words: &[Template], command: &ShellCommand, scope: &Scope, setting: &Setting<'_>) -> Publication {
    let flags = ["--push", "--load", "--no-cache", "--pull", "--print", "--debug", "-D", "--check"];
    let (options, rest) = options(words, &flags);
    let place = setting.place(command);
    let line = |text: Template| Line { text, place: place.clone() };
    let mut build = BakeBuild {
        folder: match &command.folder {
            Folder::Known(folder) => folder.clone(),
            Folder::Unknown(_) => String::new(),
        },
        targets: rest.into_iter().cloned().map(line).collect(),
        ..BakeBuild::default()
    };
    let (mut set, mut push, mut prints) = (Vec::new(), false, false);
    for (name, value) in options {
        match name.as_str() {
            // Those that are seen from the top are seen from its folder here.
            "-f" | "--file" => build.files.push(line(match value.constant() {
                Some(text) if text.starts_with(TOP) => {
                    let path = Folder::default().path(value).shown();
                    Template::from(relative(&path, &build.folder).as_str())
                }
                _ => value,
            })),
            "--set" => set.push(line(value)),
            "--push" => push = true,
            "--print" | "--check" => prints = true,
            _ => {}
        }
    }
    let is_open = |word: &Template| word.unknown_parts().iter().any(|part| part.contains("--push"));
    build.targets.retain(|line| !is_open(&line.text));
    let push_is_said = push;
    push |= words.iter().any(is_open);
    let push = Answers::of(|_| Some(push && !prints));
    let mut found = bake_action::publication(
        BakeRun { place: place.clone(), build, untold: Vec::new(), set, push, guard: None },
        scope,
        setting.runs,
        setting.job,
    );
    may_be_pushed(push_is_said, words, &mut found, &place);
    if prints {
        found.runs = Answers::of(|_| Some(false));
    }
    command.guards.iter().cloned().for_each(|guard| found.guard(guard, place.clone()));
    found.unread = not_known(&command.folder);
    if let Some(Build::Bake(build)) = &mut found.build {
        build.variables = command.variables(scope);
    }
    found
}

/// Why a build cannot be proposed that runs in this folder.
fn not_known(folder: &Folder) -> Option<String> {
    match folder {
        Folder::Known(_) => None,
        Folder::Unknown(written) => {
            Some(format!("it runs in the folder `{written}`, which is not known here"))
        }
    }
}

/// `docker build`, which a later `docker push` publishes, and `docker buildx build --push`.
fn build(
    words: &[Template],
    command: &ShellCommand,
    scope: &Scope,
    setting: &Setting<'_>,
    found: &mut Vec<Publication>,
    built: &mut Vec<Publication>,
) {
    let flags = [
        "--push",
        "--load",
        "--no-cache",
        "--pull",
        "--quiet",
        "-q",
        "--rm",
        "--force-rm",
        "--squash",
        "--compress",
        "--debug",
    ];
    let (options, rest) = options(words, &flags);
    let place = setting.place(command);
    let line = |text: Template| Line { text, place: place.clone() };
    let mut publication = setting.publication(command);
    let mut build = DockerfileBuild {
        context: command
            .folder
            .path(rest.last().map_or_else(|| Template::from("."), |context| (*context).clone())),
        ..DockerfileBuild::default()
    };
    publication.unread = not_known(&command.folder);
    let is_input = |text: &Template| text.constant().as_deref() == Some("-");
    if rest.last().is_some_and(|context| is_input(context)) {
        publication.unread = Some("its build context comes from standard input".to_owned());
    }
    let (mut pushes, mut references) = (false, Vec::new());
    for (name, value) in options {
        if matches!(name.as_str(), "-f" | "--file") && is_input(&value) {
            publication.unread = Some("its Dockerfile comes from standard input".to_owned());
        }
        match name.as_str() {
            "-t" | "--tag" | "--manifest" => references.push(line(value)),
            "-f" | "--file" => build.dockerfile = Some(command.folder.path(value)),
            "--target" => build.stage = Some(value),
            "--platform" => build.platforms.extend(value.split(',').into_iter().map(line)),
            "--build-arg" => build.args.push(line(argument(value, command, scope))),
            "--build-context" => build.contexts.push(line(match value.split_once('=') {
                Some((name, path)) => {
                    let mut text = name;
                    text.push(Piece::Text("=".to_owned()));
                    text.extend(command.folder.path(path));
                    text
                }
                None => value,
            })),
            "--secret" => build.secrets.push(line(value)),
            "--ssh" => build.ssh.push(line(value)),
            "--cache-from" => build.cache_from.push(line(value)),
            "--cache-to" => build.cache_to.push(line(value)),
            "--label" => build.labels.push(line(value)),
            "--push" => pushes = true,
            "--no-cache" => build.no_cache = true,
            "--pull" => build.pull = true,
            "-o" | "--output" => {
                let text = value.shown();
                pushes |= text.contains("push=true") || text.contains("type=registry");
                build.output.extend(of_output(line(value), &mut publication));
            }
            "--load" | "--rm" | "--force-rm" | "-q" | "--quiet" | "--progress" | "--builder" | "--debug"
            | "--iidfile" | "--metadata-file" => {}
            "--provenance" | "--sbom" => {
                let kind = &name[2..];
                let value = value.constant().unwrap_or_default();
                let text = match value.as_str() {
                    "false" => format!("type={kind},disabled=true"),
                    "true" => format!("type={kind}"),
                    other => format!("type={kind},{other}"),
                };
                build.attest.push(line(Template::from(text.as_str())));
            }
            other => {
                let mut text = Template::from(format!("{name} ").as_str());
                text.extend(value.clone());
                match attribute_of(other.trim_start_matches('-'), vec![line(value)]) {
                    Some(one) => add_setting(&mut build, one),
                    None => publication.untold.push(line(text)),
                }
            }
        }
    }
    if build.platforms.is_empty()
        && let Some(value) = command.variable("DOCKER_DEFAULT_PLATFORM", scope)
    {
        build.platforms.extend(value.split(',').into_iter().map(line));
    }
    pushes |= may_be_pushed(pushes, words, &mut publication, &place);
    for reference in references {
        add_reference(&mut publication, reference, false);
    }
    publication.build = Some(Build::Dockerfile(Box::new(build)));
    if pushes { found.push(publication) } else { built.push(publication) }
}

/// Adds an attribute, or what it has more.
fn add_setting(build: &mut DockerfileBuild, one: BuildSetting) {
    match build.settings.iter_mut().find(|known| known.attribute == one.attribute) {
        Some(known) if known.shape != Shape::Text => known.lines.extend(one.lines),
        Some(known) => *known = one,
        None => build.settings.push(one),
    }
}

/// `NAME=VALUE` of an argument; without a value, it has that of the environment.
fn argument(text: Template, command: &ShellCommand, scope: &Scope) -> Template {
    let Some(name) = text.constant().filter(|name| !name.contains('=')) else { return text };
    let Some(value) = command.variable(&name, scope) else { return text };
    let mut whole = Template::from(format!("{name}=").as_str());
    whole.extend(value);
    whole
}

/// `/kaniko/executor`, whose options are other names of those of `docker build`.
fn kaniko(
    words: &[Template],
    command: &ShellCommand,
    scope: &Scope,
    setting: &Setting<'_>,
    found: &mut Vec<Publication>,
    built: &mut Vec<Publication>,
) {
    let flags = ["--no-push", "--cache", "--cleanup", "--reproducible", "--single-snapshot", "--use-new-run"];
    let (given, _) = options(words, &flags);
    let (mut words, mut pushes) = (Vec::new(), true);
    let mut context = Template::from(".");
    for (name, value) in given {
        let known = match name.as_str() {
            "--destination" | "-d" => "--tag",
            "--dockerfile" | "-f" => "--file",
            "--customPlatform" | "--custom-platform" => "--platform",
            "--build-arg" | "--target" | "--label" => name.as_str(),
            "--context" | "-c" => {
                let of_folder =
                    value.constant().and_then(|text| text.strip_prefix("dir://").map(Template::from));
                context = of_folder.unwrap_or(value);
                continue;
            }
            "--no-push" => {
                pushes = value.constant().as_deref() == Some("false");
                continue;
            }
            // Caches, and how it works.
            _ => continue,
        };
        words.extend([Template::from(known), value]);
    }
    words.extend(pushes.then(|| Template::from("--push")));
    words.push(context);
    build(&words, command, scope, setting, found, built);
}
