//! Commands in scripts that build, push and merge images.

use std::rc::Rc;

use super::bake_action::{self, BakeRun};
use super::build_push::{add_reference, add_repositories};
use super::folder::{Folder, TOP, relative};
use super::found::{BakeBuild, Build, DockerfileBuild, Publication, TagLine};
use super::guard::Guard;
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
        let mut publication = Publication::new(self.place(command), self.job, self.runs);
        command.guards.iter().cloned().for_each(|guard| publication.guard(guard, self.place(command)));
        publication
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
        if let Some(tool) = command.foreign() {
            let mut publication = setting.publication(command);
            publication.unread = Some(format!("`init` does not read what `{tool}` publishes"));
            found.push(publication);
            continue;
        }
        let Some(words) = command.builder() else { continue };
        let Some(words) = plain(words) else { continue };
        let names: Vec<String> =
            words.iter().take(4).map(|word| word.constant().unwrap_or_default()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match names.as_slice() {
            ["docker", "manifest", "create", ..] => found.push(manifest(&words[3..], command, setting)),
            ["docker", "buildx", "imagetools", "create"] => {
                found.extend(imagetools(&words[4..], command, scope, setting));
            }
            ["docker", "buildx", "bake", ..] => {
                found.push(bake(&words[3..], command, scope, setting));
            }
            ["docker" | "podman", "buildx" | "image" | "builder", "build" | "b", ..] => {
                build(&words[3..], command, setting, &mut found, &mut built);
            }
            ["docker" | "podman" | "nerdctl" | "buildah", "build" | "bud", ..] => {
                build(&words[2..], command, setting, &mut found, &mut built);
            }
            ["/kaniko/executor", ..] => kaniko(&words[1..], command, setting, &mut found, &mut built),
            ["docker" | "podman" | "nerdctl" | "buildah", "tag", ..] => {
                tag(&words[2..], command, setting, &mut built);
            }
            ["docker" | "podman", "image", "tag", ..] => tag(&words[3..], command, setting, &mut built),
            ["docker" | "podman" | "nerdctl" | "buildah", "push", ..] => {
                pushes(&words[2..], command, setting, &mut found, &built);
            }
            ["docker" | "podman", "image", "push", ..] => {
                pushes(&words[3..], command, setting, &mut found, &built);
            }
            _ => {}
        }
    }
    found
}

/// The text that a word begins with.
fn first_of(word: &Template) -> &str {
    match word.0.first() {
        Some(Piece::Text(text)) => text.as_str(),
        _ => "",
    }
}

/// The words of a command without redirections, and without options before what it does: `docker --config x build`.
fn plain(words: &[Template]) -> Option<Vec<Template>> {
    let (mut kept, mut words) = (Vec::new(), words.iter());
    while let Some(word) = words.next() {
        let text = first_of(word);
        let sign = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
        if !sign.starts_with(['<', '>']) {
            kept.push(word.clone());
            continue;
        }
        // The file may be the next word.
        if sign.trim_start_matches(['<', '>', '|', '-']).is_empty() && word.0.len() == 1 {
            words.next();
        }
    }
    const FLAGS: [&str; 7] =
        ["-D", "--debug", "--tls", "--tlsverify", "--remote", "-r", "--insecure-registry"];
    const FURTHER: [&str; 5] = ["buildx", "builder", "image", "manifest", "imagetools"];
    let mut plain = vec![kept.first()?.clone()];
    let mut rest = kept.into_iter().skip(1).peekable();
    loop {
        while let Some(option) = rest.next_if(|word| first_of(word).starts_with('-')) {
            let text = first_of(&option);
            if plain.first().is_some_and(|program| first_of(program).starts_with('/')) {
                plain.push(option);
                plain.extend(rest);
                return Some(plain);
            }
            if !text.contains('=') && !FLAGS.contains(&text) {
                rest.next();
            }
        }
        let Some(word) = rest.next() else { break };
        let is_further = FURTHER.contains(&first_of(&word));
        plain.push(word);
        if !is_further {
            break;
        }
    }
    plain.extend(rest);
    Some(plain)
}

/// The words of a command by what they are: options with their values, and what stands by itself.
fn options<'w>(words: &'w [Template], flags: &[&str]) -> (Vec<(String, Template)>, Vec<&'w Template>) {
    let (mut options, mut rest) = (Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let first = first_of(word);
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
    if is_of_meta && let Some(meta) = meta_of(scope) {
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
    command.guards.iter().cloned().for_each(|guard| found.guard(guard, place.clone()));
    found.unread = not_known(&command.folder);
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
            "-t" | "--tag" => references.push(line(value)),
            "-f" | "--file" => build.dockerfile = Some(command.folder.path(value)),
            "--target" => build.stage = Some(value),
            "--platform" => build.platforms.extend(value.split(',').into_iter().map(line)),
            "--build-arg" => build.args.push(line(value)),
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
    let (_, rest) = options(words, &[]);
    let [source, target] = rest.as_slice() else { return };
    let (repository, tag) = source.split_tag();
    let tag = tag.unwrap_or_else(|| Template::from("latest"));
    let is_it = |one: &&Publication| {
        one.repositories.iter().any(|line| line.text.key() == repository.key())
            && one.tags.iter().any(|known| known.line().text.key() == tag.key())
    };
    let Some(known) = built.iter().find(is_it) else { return };
    let mut named = Publication { repositories: Vec::new(), tags: Vec::new(), ..known.clone() };
    command.guards.iter().cloned().for_each(|guard| named.guard(guard, setting.place(command)));
    add_reference(&mut named, Line { text: (*target).clone(), place: setting.place(command) }, false);
    built.push(named);
}

/// `docker push`, of one tag or of all that a repository has on the machine.
fn pushes(
    words: &[Template],
    command: &ShellCommand,
    setting: &Setting<'_>,
    found: &mut Vec<Publication>,
    built: &[Publication],
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
    let Some(reference) = rest.last() else { return };
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
                if !known.tags.iter().any(|one| one.line().text.key() == tag.line().text.key()) {
                    known.tags.push(tag);
                }
            }
        }
        None => found.push(publication),
    }
}
