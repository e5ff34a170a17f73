//! Steps with docker/build-push-action (<https://github.com/docker/build-push-action#inputs>).

use super::found::{Build, DockerfileBuild, Publication, TagLine};
use super::inputs::Inputs;
use super::moment::Answers;
use super::scope::Scope;
use super::text::{Line, Meta, Piece, Template};

/// Inputs that a plan needs nothing of: runners, summaries, tokens.
const IRRELEVANT: [&str; 7] =
    ["builder", "github-token", "load", "annotations", "metadata-file", "sbom-dir", "allow"];

/// Reads a step that publishes in these runs.
pub(crate) fn read(inputs: &Inputs<'_>, scope: &Scope, runs: Answers, job: &str) -> Option<Publication> {
    let outputs = inputs.lines("outputs", scope);
    let guard = inputs.guard("push", scope);
    let push = inputs.answers("push", scope);
    let by_output = pushed_by(inputs, scope);
    let is_by_digest = outputs.iter().any(|line| line.text.shown().contains("push-by-digest=true"));
    let pushes = Answers::of(|moment| match (push.at(moment), by_output.at(moment)) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    });
    let by_output = by_output.0.contains(&Some(true));
    let is_open = guard.as_ref().is_some_and(|guard| guard.condition.when.as_deref() != Some("false"));
    if pushes.0.iter().all(|answer| *answer == Some(false)) && !is_open {
        return None;
    }
    let mut found = Publication::new(inputs.place.clone(), job, runs.and(pushes));
    found.guards.extend(guard.filter(|_| !by_output));
    for line in inputs.items("tags", scope) {
        add_reference(&mut found, line, is_by_digest);
    }
    let output: Vec<Line> = outputs.into_iter().filter_map(|line| of_output(line, &mut found)).collect();
    let meta_labels = |line: &Line| {
        line.text.0.iter().any(|piece| matches!(piece, Piece::Meta(_, output) if output.contains("label") || output.contains("annotation")))
    };
    let labels = inputs.records("labels", scope);
    let annotations = inputs.records("annotations", scope);
    found.oci_labels = labels.iter().chain(&annotations).any(meta_labels);
    let of_meta = labels.iter().flat_map(|line| &line.text.0).filter_map(|piece| match piece {
        Piece::Meta(meta, _) => Some(meta.labels.clone()),
        _ => None,
    });
    let of_meta: Vec<Line> = of_meta.flatten().collect();
    let given = inputs.text("context", scope);
    // In a folder of a repository of git, the Dockerfile is looked for in that folder.
    let is_below = given.as_ref().is_some_and(|text| first_of(text).starts_with("{{defaultContext}}:"));
    let context = given.map_or_else(|| Template::from("."), of_default);
    let below = |path: Template| {
        let mut whole = context.clone();
        whole.push(Piece::Text("/".to_owned()));
        whole.extend(path);
        whole
    };
    let file = inputs.text("file", scope);
    let mut build = DockerfileBuild {
        dockerfile: if is_below { file.map(below) } else { file },
        context,
        stage: inputs.text("target", scope),
        platforms: inputs.items("platforms", scope),
        args: inputs.records("build-args", scope),
        contexts: inputs.records("build-contexts", scope),
        secrets: secrets(inputs, scope),
        ssh: inputs.records("ssh", scope),
        cache_from: inputs.records("cache-from", scope),
        cache_to: inputs.records("cache-to", scope),
        attest: attestations(inputs, scope),
        labels: labels.into_iter().filter(|line| !meta_labels(line)).chain(of_meta).collect(),
        output,
        pull: inputs.raw("pull").is_some_and(|text| text.trim() == "true"),
        no_cache: inputs.raw("no-cache").is_some_and(|text| text.trim() == "true"),
    };
    if annotations.iter().any(|line| !meta_labels(line)) {
        let told = annotations.into_iter().filter(|line| !meta_labels(line));
        found.untold.extend(told.map(|line| Line { text: described("annotations", &line.text), ..line }));
    }
    build.platforms.retain(|line| !line.text.0.is_empty());
    const READ: [&str; 17] = [
        "context",
        "file",
        "target",
        "platforms",
        "build-args",
        "build-contexts",
        "secrets",
        "secret-envs",
        "secret-files",
        "ssh",
        "cache-from",
        "cache-to",
        "attests",
        "labels",
        "pull",
        "no-cache",
        "tags",
    ];
    for name in inputs.names() {
        let is_known = READ.contains(&name)
            || IRRELEVANT.contains(&name)
            || ["push", "outputs", "provenance", "sbom"].contains(&name);
        if !is_known {
            let text = inputs.text(name, scope).unwrap_or_default();
            found.untold.push(Line { text: described(name, &text), place: inputs.place_of(name) });
        }
    }
    found.build = Some(Build::Dockerfile(Box::new(build)));
    Some(found)
}

/// The text that a value begins with.
fn first_of(text: &Template) -> &str {
    match text.0.first() {
        Some(Piece::Text(first)) => first,
        _ => "",
    }
}

/// A path in the context that the action has by itself: `{{defaultContext}}:api`.
pub(super) fn of_default(path: Template) -> Template {
    let Some(Piece::Text(first)) = path.0.first() else { return path };
    let Some(rest) = first.strip_prefix("{{defaultContext}}") else { return path };
    let rest = rest.strip_prefix(':').unwrap_or(rest).to_owned();
    let mut inner = Template::from(rest.as_str());
    path.0[1..].iter().cloned().for_each(|piece| inner.push(piece));
    if inner.0.is_empty() { Template::from(".") } else { inner }
}

/// Reads an output of an image: adds its names, and answers with what a plan does not say itself.
pub(super) fn of_output(line: Line, found: &mut Publication) -> Option<Line> {
    const SAID: [&str; 6] = ["name", "push", "push-by-digest", "name-canonical", "unpack", "store"];
    let Line { text, place } = line;
    let fields: Vec<(String, Template)> = text
        .fields()
        .into_iter()
        .filter_map(|field| {
            let (key, value) = field.split_once('=')?;
            Some((key.constant()?.trim().to_owned(), value))
        })
        .collect();
    let kind = fields.iter().find(|(key, _)| key == "type").map(|(_, value)| value.shown());
    if !matches!(kind.as_deref(), Some("image" | "registry")) {
        return None;
    }
    let is_by_digest = fields.iter().any(|(key, value)| key == "push-by-digest" && value.shown() == "true");
    let mut rest = Template::from("type=image");
    for (key, value) in fields {
        if key == "name" {
            for name in value.split(',') {
                let (repository, tag) = name.split_tag();
                add_repository(found, Line { text: repository, place: place.clone() });
                let tag = tag.filter(|_| !is_by_digest);
                found.tags.extend(tag.map(|text| TagLine::Text(Line { text, place: place.clone() })));
            }
        } else if key != "type" && !SAID.contains(&key.as_str()) {
            rest.push(Piece::Text(format!(",{key}=")));
            rest.extend(value);
        }
    }
    (rest.constant().as_deref() != Some("type=image")).then_some(Line { text: rest, place })
}

fn described(name: &str, value: &Template) -> Template {
    let mut text = Template::from(format!("{name}: ").as_str());
    text.extend(value.clone());
    text
}

/// Whether `outputs` says that it is pushed.
fn pushed_by(inputs: &Inputs<'_>, scope: &Scope) -> Answers {
    let raw = inputs.raw("outputs").unwrap_or_default().to_owned();
    Answers::of(|moment| {
        let text = scope.template_at(&raw, Some(moment), 0);
        let Some(text) = text.at(moment, &scope.world) else {
            return raw.contains("push").then_some(()).map_or(Some(false), |()| None);
        };
        Some(text.lines().any(|line| line.contains("push=true") || line.contains("type=registry")))
    })
}

/// Adds a reference to what is published, or all that docker/metadata-action makes.
pub(super) fn add_reference(found: &mut Publication, line: Line, is_by_digest: bool) {
    if let [Piece::Meta(meta, output)] = line.text.0.as_slice()
        && output == "tags"
    {
        let meta = std::rc::Rc::clone(meta);
        add_repositories(found, &meta);
        found.untold.extend(meta.untold.iter().cloned());
        if !is_by_digest {
            found.tags.extend(meta.rules.iter().cloned().map(TagLine::Rule));
            found.flavor.extend(meta.flavor.iter().cloned());
        }
        return;
    }
    let (repository, tag) = line.text.split_tag();
    add_repository(found, Line { text: repository, place: line.place.clone() });
    if !is_by_digest {
        let text = tag.unwrap_or_else(|| Template::from("latest"));
        let exact = text.exact();
        if !found.tags.iter().any(|known| known.line().text.exact() == exact) {
            found.tags.push(TagLine::Text(Line { text, place: line.place }));
        }
    }
}

/// Adds the repositories of docker/metadata-action.
pub(super) fn add_repositories(found: &mut Publication, meta: &Meta) {
    meta.images.iter().cloned().for_each(|image| add_repository(found, image));
    found.conditional.extend(meta.conditional.iter().cloned());
}

/// Adds a repository, once.
pub(super) fn add_repository(found: &mut Publication, line: Line) {
    let key = line.text.key();
    if !line.text.0.is_empty() && !found.repositories.iter().any(|known| known.text.key() == key) {
        found.repositories.push(line);
    }
}

/// Secrets as Bake has them. What GitHub holds under a name comes from the environment there.
fn secrets(inputs: &Inputs<'_>, scope: &Scope) -> Vec<Line> {
    let mut secrets = Vec::new();
    for line in inputs.records("secrets", scope) {
        let Some((id, value)) = line.text.split_once('=') else { continue };
        let Some(id) = id.constant() else { continue };
        let id = id.trim().trim_matches('"').to_owned();
        let name = match value.0.as_slice() {
            [Piece::Setting(name, true)] => name.to_ascii_uppercase(),
            _ => id.to_ascii_uppercase().replace(['-', '.'], "_"),
        };
        let text = Template::from(format!("id={id},env={name}").as_str());
        secrets.push(Line { text, place: line.place });
    }
    for (input, key) in [("secret-envs", "env"), ("secret-files", "src")] {
        for line in inputs.records(input, scope) {
            if let Some((id, value)) = line.text.split_once('=') {
                let mut text = Template::from("id=");
                text.extend(id);
                text.push(Piece::Text(format!(",{key}=")));
                text.extend(value);
                secrets.push(Line { text, place: line.place });
            }
        }
    }
    secrets
}

fn attestations(inputs: &Inputs<'_>, scope: &Scope) -> Vec<Line> {
    let mut attest = inputs.records("attests", scope);
    for (input, kind) in [("provenance", "provenance"), ("sbom", "sbom")] {
        let Some(value) = inputs.text(input, scope).and_then(|text| text.constant()) else { continue };
        let text = match value.as_str() {
            "false" => format!("type={kind},disabled=true"),
            "true" => format!("type={kind}"),
            other => format!("type={kind},{other}"),
        };
        attest.push(Line { text: Template::from(text.as_str()), place: inputs.place_of(input) });
    }
    attest
}
