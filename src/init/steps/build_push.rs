//! Steps with docker/build-push-action (<https://github.com/docker/build-push-action#inputs>).

use std::rc::Rc;

use super::build_secrets;
use super::found::{Build, BuildSetting, DockerfileBuild, MAX_NAMED, Publication, Shape, TagLine};
use crate::init::values::inputs::Inputs;
use crate::init::values::moment::Answers;
use crate::init::values::scope::Scope;
use crate::init::values::text::{Choice, Line, Meta, Piece, Template};

/// What becomes of an input.
#[derive(Clone, Copy)]
enum Fate {
    /// It is read for what it says.
    Read,
    /// It is about the runner, its summary or its rights: a plan needs nothing of it.
    Beside,
    /// It is an attribute of the target.
    Attribute(&'static str, Shape),
    /// A plan has nothing for it, so a warning names it.
    Told,
}

/// All inputs of the action since its second major version.
const INPUTS: [(&str, Fate); 33] = [
    ("add-hosts", Fate::Attribute("extra-hosts", Shape::Map)),
    ("allow", Fate::Attribute("entitlements", Shape::List)),
    ("annotations", Fate::Read),
    ("attests", Fate::Read),
    ("build-args", Fate::Read),
    ("build-contexts", Fate::Read),
    ("builder", Fate::Beside),
    ("cache-from", Fate::Read),
    ("cache-to", Fate::Read),
    ("call", Fate::Read),
    ("cgroup-parent", Fate::Told),
    ("context", Fate::Read),
    ("file", Fate::Read),
    ("github-token", Fate::Beside),
    ("labels", Fate::Read),
    ("load", Fate::Beside),
    ("network", Fate::Attribute("network", Shape::Text)),
    ("no-cache", Fate::Read),
    ("no-cache-filters", Fate::Attribute("no-cache-filter", Shape::List)),
    ("outputs", Fate::Read),
    ("platforms", Fate::Read),
    ("provenance", Fate::Read),
    ("pull", Fate::Read),
    ("push", Fate::Read),
    ("sbom", Fate::Read),
    ("secret-envs", Fate::Read),
    ("secret-files", Fate::Read),
    ("secrets", Fate::Read),
    ("shm-size", Fate::Attribute("shm-size", Shape::Text)),
    ("ssh", Fate::Read),
    ("tags", Fate::Read),
    ("target", Fate::Read),
    ("ulimit", Fate::Attribute("ulimits", Shape::List)),
];

/// What Depot's action has beside these (<https://github.com/depot/build-push-action#inputs>): where it builds, and what it keeps.
const OF_DEPOT: [&str; 10] = [
    "build-platform",
    "buildx-fallback",
    "lint",
    "lint-fail-on",
    "project",
    "save",
    "save-tag",
    "save-tags",
    "sbom-dir",
    "token",
];

/// What only the first major version has.
const FIRST: [&str; 7] = [
    "add_git_labels",
    "always_pull",
    "build_args",
    "cache_froms",
    "repository",
    "tag_with_ref",
    "tag_with_sha",
];

/// Whether a step has the first major version, whose inputs were others: it is named, or inputs are given that no later one has
/// and no version is named.
pub(in crate::init) fn is_first(uses: &str, inputs: &Inputs<'_>) -> bool {
    let (name, version) = uses.split_once('@').unwrap_or((uses, ""));
    let is_named = version.starts_with('v') && version[1..].starts_with(|c: char| c.is_ascii_digit());
    name.eq_ignore_ascii_case("docker/build-push-action")
        && (version == "v1"
            || version.starts_with("v1.")
            || !is_named && FIRST.iter().any(|input| inputs.has(input)))
}

/// Whether an input is one of Depot's action, and says nothing of the image.
pub(in crate::init) fn is_of_depot(uses: &str, input: &str) -> bool {
    let is_of_owner = uses.split_once('/').is_some_and(|(owner, _)| owner.eq_ignore_ascii_case("depot"));
    is_of_owner && OF_DEPOT.iter().any(|known| known.eq_ignore_ascii_case(input))
}

/// The attribute that an option of `docker build` is, by the name of the input that it is called after, and its lines.
pub(in crate::init) fn attribute_of(option: &str, lines: Vec<Line>) -> Option<BuildSetting> {
    let name = match option {
        "add-host" => "add-hosts",
        "no-cache-filter" => "no-cache-filters",
        "annotation" => return Some(BuildSetting { attribute: "annotations", shape: Shape::List, lines }),
        other => other,
    };
    let (_, fate) = INPUTS.iter().find(|(known, _)| *known == name)?;
    let Fate::Attribute(attribute, shape) = *fate else { return None };
    let lines = if shape == Shape::Map { lines.into_iter().filter_map(by_name).collect() } else { lines };
    Some(BuildSetting { attribute, shape, lines })
}

/// `NAME=VALUE` of what may also be written `NAME:VALUE`.
fn by_name(line: Line) -> Option<Line> {
    let (name, value) = line.text.split_once('=').or_else(|| line.text.split_once(':'))?;
    let mut text = name;
    text.push(Piece::Text("=".to_owned()));
    text.extend(value);
    Some(Line { text, place: line.place })
}

/// Reads a step that publishes in these runs.
pub(crate) fn read(inputs: &Inputs<'_>, scope: &Scope, runs: Answers, job: &str) -> Option<Publication> {
    if inputs.only_checks(scope) {
        return None;
    }
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
    let (outputs, others): (Vec<_>, Vec<_>) = outputs.into_iter().partition(|line| is_of_image(&line.text));
    let output: Vec<Line> = outputs.into_iter().filter_map(|line| of_output(line, &mut found)).collect();
    let told = |name: &str, line: Line| Line { text: described(name, &line.text), place: line.place };
    found.untold.extend(others.into_iter().map(|line| told("outputs", line)));
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
        secrets: Vec::new(),
        ssh: inputs.records("ssh", scope),
        cache_from: inputs.records("cache-from", scope),
        cache_to: inputs.records("cache-to", scope),
        attest: attestations(inputs, scope, &mut found.untold),
        labels: labels.into_iter().filter(|line| !meta_labels(line)).chain(of_meta).collect(),
        output,
        settings: Vec::new(),
        told: Vec::new(),
        pull: flag("pull", inputs, scope, &mut found.untold),
        no_cache: flag("no-cache", inputs, scope, &mut found.untold),
    };
    build_secrets::read(inputs, scope, &mut build);
    let of_meta = annotations.iter().flat_map(|line| &line.text.0).filter_map(|piece| match piece {
        Piece::Meta(meta, output) if output.contains("annotation") => Some(meta.annotations.clone()),
        _ => None,
    });
    let of_meta: Vec<Line> = of_meta.flatten().collect();
    let annotations: Vec<Line> =
        annotations.into_iter().filter(|line| !meta_labels(line)).chain(of_meta).collect();
    if !annotations.is_empty() {
        build.settings.extend(attribute_of("annotation", annotations));
    }
    build.platforms.retain(|line| !line.text.0.is_empty());
    for name in inputs.names().filter(|name| inputs.has(name) && !is_of_depot(&inputs.uses, name)) {
        match INPUTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, fate)| *fate) {
            Some(Fate::Read | Fate::Beside) => {}
            Some(Fate::Attribute(..)) => {
                build.settings.extend(attribute_of(&name.to_ascii_lowercase(), inputs.items(name, scope)));
            }
            Some(Fate::Told) | None => {
                let text = inputs.text(name, scope).unwrap_or_default();
                found.untold.push(Line { text: described(name, &text), place: inputs.place_of(name) });
            }
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
pub(in crate::init) fn of_default(path: Template) -> Template {
    let Some(Piece::Text(first)) = path.0.first() else { return path };
    let Some(rest) = first.strip_prefix("{{defaultContext}}") else { return path };
    let rest = rest.strip_prefix(':').unwrap_or(rest).to_owned();
    let mut inner = Template::from(rest.as_str());
    path.0[1..].iter().cloned().for_each(|piece| inner.push(piece));
    if inner.0.is_empty() { Template::from(".") } else { inner }
}

/// Whether an output is an image in a registry.
fn is_of_image(output: &Template) -> bool {
    let kind = |field: Template| {
        let (key, value) = field.split_once('=')?;
        (key.constant()?.trim() == "type").then(|| value.shown())
    };
    let kind = output.fields().into_iter().find_map(kind);
    // What is not known may be one.
    matches!(kind.as_deref().map(str::trim), Some("image" | "registry")) || output.constant().is_none()
}

/// Reads an output of an image: adds its names, and answers with what a plan does not say itself.
pub(in crate::init) fn of_output(line: Line, found: &mut Publication) -> Option<Line> {
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

/// A value behind the name of its input.
pub(in crate::init) fn described(name: &str, value: &Template) -> Template {
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
pub(in crate::init) fn add_reference(found: &mut Publication, line: Line, is_by_digest: bool) {
    if let [Piece::Meta(meta, output)] = line.text.0.as_slice()
        && output == "tags"
    {
        let meta = Rc::clone(meta);
        add_repositories(found, &meta);
        found.untold.extend(meta.untold.iter().cloned());
        if !is_by_digest {
            let count = (meta.images.len() + meta.conditional.len()) * meta.rules.len();
            let is_told = count + found.named.len() <= MAX_NAMED;
            for image in
                meta.images.iter().filter(|_| is_told).chain(meta.conditional.iter().map(|(line, _)| line))
            {
                let tags = meta.rules.iter().cloned().map(|rule| TagLine::Rule(rule).key());
                found.named.extend(tags.map(|tag| (image.text.key(), tag)));
            }
            found.tags.extend(meta.rules.iter().cloned().map(TagLine::Rule));
            found.flavor.extend(meta.flavor.iter().cloned());
        }
        return;
    }
    let (repository, tag) = of_choice(&line.text).unwrap_or_else(|| line.text.split_tag());
    let key = repository.key();
    add_repository(found, Line { text: repository, place: line.place.clone() });
    if !is_by_digest {
        let tag =
            TagLine::Text(Line { text: tag.unwrap_or_else(|| Template::from("latest")), place: line.place });
        found.named.push((key, tag.key()));
        if !found.tags.iter().any(|known| known.key() == tag.key()) {
            found.tags.push(tag);
        }
    }
}

/// A reference that is there in some runs alone, or is another one in the same repository: what depends on the run is its tag.
fn of_choice(text: &Template) -> Option<(Template, Option<Template>)> {
    let [Piece::Choice(choice)] = text.0.as_slice() else { return None };
    let cut = |side: &Template| {
        let (repository, tag) = of_choice(side).unwrap_or_else(|| side.split_tag());
        (repository, tag.unwrap_or_else(|| Template::from("latest")))
    };
    let sides = [&choice.then, &choice.other].map(|side| (!side.0.is_empty()).then(|| cut(side)));
    let (repository, then, other) = match sides {
        [Some((one, then)), Some((two, other))] if one.key() == two.key() => (one, then, other),
        [Some((one, then)), None] => (one, then, Template::default()),
        [None, Some((one, other))] => (one, Template::default(), other),
        _ => return None,
    };
    let choice = Choice { then, other, ..(**choice).clone() };
    Some((repository, Some(Template(vec![Piece::Choice(Rc::new(choice))]))))
}

/// Adds the repositories of docker/metadata-action.
pub(in crate::init) fn add_repositories(found: &mut Publication, meta: &Meta) {
    meta.images.iter().cloned().for_each(|image| add_repository(found, image));
    found.conditional.extend(meta.conditional.iter().cloned());
}

/// Adds a repository, once.
pub(in crate::init) fn add_repository(found: &mut Publication, line: Line) {
    let key = line.text.key();
    if !line.text.0.is_empty() && !found.repositories.iter().any(|known| known.text.key() == key) {
        found.repositories.push(line);
    }
}

/// Whether an input is `true`; what only a run knows is told.
pub(in crate::init) fn flag(name: &str, inputs: &Inputs<'_>, scope: &Scope, untold: &mut Vec<Line>) -> bool {
    let Some(text) = inputs.text(name, scope) else { return false };
    match text.constant().map(|text| text.to_ascii_lowercase()).as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => {
            untold.push(Line { text: described(name, &text), place: inputs.place_of(name) });
            false
        }
    }
}

/// Attestations as Bake has them; what only a run knows is told.
pub(in crate::init) fn attestations(inputs: &Inputs<'_>, scope: &Scope, untold: &mut Vec<Line>) -> Vec<Line> {
    let mut attest = inputs.records("attests", scope);
    for (input, kind) in [("provenance", "provenance"), ("sbom", "sbom")] {
        let Some(text) = inputs.text(input, scope) else { continue };
        let Some(value) = text.constant() else {
            untold.push(Line { text: described(input, &text), place: inputs.place_of(input) });
            continue;
        };
        let text = match value.as_str() {
            "false" => format!("type={kind},disabled=true"),
            "true" => format!("type={kind}"),
            other => format!("type={kind},{other}"),
        };
        attest.push(Line { text: Template::from(text.as_str()), place: inputs.place_of(input) });
    }
    attest
}
