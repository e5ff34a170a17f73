//! Commands in scripts that build, push and merge images.

use std::rc::Rc;

use super::bake_action::{self, BakeRun};
use super::build_push::{add_reference, add_repositories};
use super::found::{BakeBuild, Build, DockerfileBuild, Publication, TagLine};
use super::moment::Answers;
use super::scope::{Output, Scope};
use super::shell::{Ran, ShellCommand};
use super::text::{Line, Meta, Piece, Place, Template};

/// Where a script is, and when it runs.
pub(crate) struct Setting<'a> {
    /// The file.
    pub path: &'a Rc<str>,
    /// Where each line of the script is; those behind the last are below it.
    pub lines: &'a [usize],
    /// In which examples it runs.
    pub runs: Answers,
    /// The job or file that it is in.
    pub job: &'a str,
}

impl Setting<'_> {
    fn place(&self, command: &ShellCommand) -> Place {
        let behind = (command.line + 1).saturating_sub(self.lines.len());
        let line = self.lines.get(command.line).or(self.lines.last()).map_or(1, |line| line + behind);
        Place { path: Rc::clone(self.path), line }
    }

    fn publication(&self, command: &ShellCommand) -> Publication {
        Publication::new(self.place(command), self.job, self.runs)
    }
}

/// What the commands of a script publish.
pub(crate) fn publications(ran: &Ran, scope: &Scope, setting: &Setting<'_>) -> Vec<Publication> {
    let (mut found, mut built): (Vec<Publication>, Vec<Publication>) = (Vec::new(), Vec::new());
    for command in &ran.commands {
        // A push is compared with what was built and pushed before.
        if !scope.world.work.spend(1 + (built.len() + found.len()) / 2) {
            break;
        }
        let Some(words) = command.builder() else { continue };
        let names: Vec<String> =
            words.iter().take(4).map(|word| word.constant().unwrap_or_default()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match names.as_slice() {
            ["docker", "manifest", "create", ..] => found.push(manifest(&words[3..], command, setting)),
            ["docker", "buildx", "imagetools", "create"] => {
                found.push(imagetools(&words[4..], command, scope, setting));
            }
            ["docker", "buildx", "bake", ..] => {
                found.push(bake(&words[3..], command, scope, setting));
            }
            ["docker" | "podman", "buildx" | "image", "build", ..] => {
                build(&words[3..], command, setting, &mut found, &mut built);
            }
            ["docker" | "podman" | "nerdctl" | "buildah", "build" | "bud", ..] => {
                build(&words[2..], command, setting, &mut found, &mut built);
            }
            ["/kaniko/executor", ..] => kaniko(&words[1..], command, setting, &mut found, &mut built),
            ["docker" | "podman" | "nerdctl", "tag", ..] => tag(&words[2..], command, setting, &mut built),
            ["docker" | "podman" | "nerdctl" | "buildah", "push", ..] | ["docker", "image", "push", ..] => {
                let Some(reference) = words.iter().rev().find(|word| !word.shown().starts_with('-')) else {
                    continue;
                };
                push(reference, command, setting, &mut found, &built);
            }
            _ => {}
        }
    }
    found
}

/// The words of a command by what they are: options with their values, and what stands by itself.
fn options<'w>(words: &'w [Template], flags: &[&str]) -> (Vec<(String, Template)>, Vec<&'w Template>) {
    let (mut options, mut rest) = (Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let first = match word.0.first() {
            Some(Piece::Text(text)) => text.as_str(),
            _ => "",
        };
        if matches!(first, ">" | ">>" | "|" | "2>&1") {
            break;
        }
        if !first.starts_with('-') || first == "-" {
            rest.push(word);
            continue;
        }
        match word.split_once('=') {
            Some((name, value)) if first.contains('=') => {
                options.push((name.constant().unwrap_or_default(), value));
            }
            _ if flags.contains(&first) => options.push((first.to_owned(), Template::from("true"))),
            // `-tNAME`
            _ if first.len() > 2
                && !first.starts_with("--")
                && !first[1..].chars().all(|c| c.is_ascii_lowercase()) =>
            {
                let mut value = word.clone();
                if let Some(Piece::Text(text)) = value.0.first_mut() {
                    text.drain(..2);
                }
                options.push((first[..2].to_owned(), value));
            }
            _ => options.push((first.to_owned(), words.next().cloned().unwrap_or_default())),
        }
    }
    (options, rest)
}

/// The references of a word: a variable without quotes may hold several.
fn references(word: &Template) -> Vec<Template> {
    word.split(' ').into_iter().filter(|one| !one.0.is_empty()).collect()
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
) -> Publication {
    let mut publication = setting.publication(command);
    let place = setting.place(command);
    let (options, rest) = options(words, &["--append", "--dry-run", "--prefer-index"]);
    let mut is_of_meta = false;
    for (name, value) in options {
        if name == "-t" || name == "--tag" {
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
    if is_of_meta && let Some(meta) = meta_of(scope) {
        add_repositories(&mut publication, &meta);
        publication.tags.extend(meta.rules.iter().cloned().map(TagLine::Rule));
        publication.flavor.extend(meta.flavor.iter().cloned());
    }
    publication.sources = rest.into_iter().flat_map(references).collect();
    if publication.repositories.is_empty() {
        publication.untold.push(Line { text: joined(&command.words), place });
    }
    publication
}

/// The last step with docker/metadata-action before, in this job or in one that it needs.
fn meta_of(scope: &Scope) -> Option<Rc<Meta>> {
    let of = |outputs: &[(String, Vec<(String, Output)>)]| {
        outputs.iter().rev().flat_map(|(_, outputs)| outputs.iter().rev()).find_map(
            |(_, output)| match output {
                Output::Meta(meta) => Some(Rc::clone(meta)),
                Output::Value(_) | Output::OfJob(..) => None,
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
    let mut build =
        BakeBuild { targets: rest.into_iter().cloned().map(line).collect(), ..BakeBuild::default() };
    let (mut set, mut push, mut prints) = (Vec::new(), false, false);
    for (name, value) in options {
        match name.as_str() {
            "-f" | "--file" => build.files.push(line(value)),
            "--set" => set.push(line(value)),
            "--push" => push = true,
            "--print" | "--check" => prints = true,
            _ => {}
        }
    }
    let push = Answers::of(|_| Some(push && !prints));
    let mut found = bake_action::publication(
        BakeRun { place: place.clone(), build, set, push, guard: None },
        scope,
        setting.runs,
        setting.job,
    );
    if prints {
        found.runs = Answers::of(|_| Some(false));
    }
    found
}

/// `docker build`, which a later `docker push` publishes, and `docker buildx build --push`.
fn build(
    words: &[Template],
    command: &ShellCommand,
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
        context: rest.last().map_or_else(|| Template::from("."), |context| (*context).clone()),
        ..DockerfileBuild::default()
    };
    let (mut pushes, mut references) = (false, Vec::new());
    for (name, value) in options {
        match name.as_str() {
            "-t" | "--tag" => references.push(line(value)),
            "-f" | "--file" => build.dockerfile = Some(value),
            "--target" => build.stage = Some(value),
            "--platform" => build.platforms.extend(value.split(',').into_iter().map(line)),
            "--build-arg" => build.args.push(line(value)),
            "--build-context" => build.contexts.push(line(value)),
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
            _ => {
                let mut text = Template::from(format!("{name} ").as_str());
                text.extend(value);
                publication.untold.push(line(text));
            }
        }
    }
    // `$(if $(PUSH),--push)` of make.
    pushes |= words.iter().any(|word| word.unknown_parts().iter().any(|part| part.contains("--push")));
    for reference in references {
        add_reference(&mut publication, reference, false);
    }
    publication.build = Some(Build::Dockerfile(Box::new(build)));
    if pushes { found.push(publication) } else { built.push(publication) }
}

/// `/kaniko/executor`, whose options are other names of those of `docker build`.
fn kaniko(
    words: &[Template],
    command: &ShellCommand,
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
    build(&words, command, setting, found, built);
}

/// `docker tag SOURCE TARGET`, which gives what was built another name.
fn tag(words: &[Template], command: &ShellCommand, setting: &Setting<'_>, built: &mut Vec<Publication>) {
    let [source, target] = words else { return };
    let (repository, tag) = source.split_tag();
    let tag = tag.unwrap_or_else(|| Template::from("latest"));
    let is_it = |one: &&Publication| {
        one.repositories.iter().any(|line| line.text.key() == repository.key())
            && one.tags.iter().any(|known| known.line().text.key() == tag.key())
    };
    let Some(known) = built.iter().find(is_it) else { return };
    let mut named = Publication { repositories: Vec::new(), tags: Vec::new(), ..known.clone() };
    add_reference(&mut named, Line { text: target.clone(), place: setting.place(command) }, false);
    built.push(named);
}

/// `docker push`
fn push(
    reference: &Template,
    command: &ShellCommand,
    setting: &Setting<'_>,
    found: &mut Vec<Publication>,
    built: &[Publication],
) {
    let mut publication = setting.publication(command);
    add_reference(&mut publication, Line { text: reference.clone(), place: setting.place(command) }, false);
    let key = |publication: &Publication| publication.repositories.first().map(|line| line.text.key());
    let tag = publication.tags.first().map(|tag| tag.line().text.key());
    let has_tag = |one: &&Publication| one.tags.iter().any(|known| Some(known.line().text.key()) == tag);
    let of = |one: &&Publication| key(one) == key(&publication);
    let exact = built.iter().filter(of).find(has_tag);
    let Some(build) = exact.or_else(|| built.iter().find(of)) else {
        // Tagged anew, or built elsewhere.
        if reference.constant().is_none_or(|text| text.contains('/')) {
            found.push(publication);
        }
        return;
    };
    publication.build.clone_from(&build.build);
    publication.place.clone_from(&build.place);
    publication.untold.clone_from(&build.untold);
    let known = found.iter_mut().find(|one| {
        one.job == publication.job && one.place == publication.place && key(one) == key(&publication)
    });
    match known {
        Some(known) => {
            for tag in publication.tags {
                if !known.tags.iter().any(|one| one.line().text.key() == tag.line().text.key()) {
                    known.tags.push(tag);
                }
            }
        }
        None => found.push(publication),
    }
}
