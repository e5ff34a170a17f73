//! The target of a Dockerfile that a step builds, as a block.

use hcl::Expression;
use hcl::expr::ObjectKey;

use super::render::{Lines, Variable, Variables, from, quoted};
use super::tags::list;
use crate::bake::values::SecretNames;
use crate::init::published::definition::{clean, relative};
use crate::init::published::images::Candidate;
use crate::init::published::platforms;
use crate::init::repository::world::World;
use crate::init::steps::found::{BuildSetting, DockerfileBuild, Shape};
use crate::init::values::mask::masked;
use crate::init::values::mask::quotable;
use crate::init::values::moment::Fact;
use crate::init::values::text::{Line, Piece, Place, Template, is_name};

/// Something to tell: where, and what.
pub(crate) type Told = (Place, String);

/// A target for a Dockerfile.
pub(in crate::init) fn block(
    variables: &mut Variables,
    world: &World,
    name: &str,
    build: &DockerfileBuild,
    candidate: &Candidate,
    written: &dyn Fn(&Place) -> String,
    told: &mut Vec<Told>,
) -> String {
    let mut lines = Lines::default();
    lines.comment(&from(&candidate.place, ""));
    lines.open(&format!("target {} {{", quoted(name)));
    let mut lost = |place: &Place, what: &str, unknown: &str| {
        told.push((
            place.clone(),
            format!("{what} is not in the proposal: `{}` is not known here", quotable(unknown)),
        ));
    };
    if has_password(&build.context) {
        lost(&candidate.place, "the context", &build.context.shown());
    } else if clean(&build.context.shown()) != "." {
        match variables.expression(&build.context, world) {
            Ok(_) if build.context.constant().is_some() => {
                let context = build.context.constant().unwrap_or_default();
                let context = if context.contains("://") { context } else { clean(&context) };
                lines.attribute("context", &Expression::from(context));
            }
            Ok(value) => lines.attribute("context", &value),
            Err(unknown) => lost(&candidate.place, "the context", &unknown),
        }
    }
    if let Some(path) = dockerfile(build) {
        match variables.expression(&path, world) {
            Ok(value) => lines.attribute("dockerfile", &value),
            Err(unknown) => lost(&candidate.place, "the Dockerfile", &unknown),
        }
    }
    if let Some(stage) = &build.stage {
        match variables.expression(stage, world) {
            Ok(value) => lines.attribute("target", &value),
            Err(unknown) => lost(&candidate.place, "the stage", &unknown),
        }
    }
    let platforms = platforms::of_lines(&candidate.platforms);
    if platforms.is_empty() {
        lines.comment("no platforms are named, so it is built for the runner's own; to build for several: `platforms = [\"linux/amd64\", \"linux/arm64\"]`");
    } else {
        if let Some(first) = candidate.platforms.first() {
            lines.comment(&from(&first.place, &written(&first.place)));
        }
        lines.attribute("platforms", &list(platforms.iter().cloned().map(Expression::from)));
    }
    let is_known = |line: &&Line| platforms::of_lines(std::slice::from_ref(*line)).is_empty();
    for line in candidate.platforms.iter().filter(is_known) {
        lost(&line.place, "a platform", &line.text.shown());
    }
    told.extend(build.told.iter().cloned());
    let of_shape = |shape: Shape| {
        let settings = build.settings.iter().filter(move |one| one.shape == shape);
        settings.map(|BuildSetting { attribute, shape: _, lines }| (*attribute, lines))
    };
    for (attribute, given) in of_shape(Shape::Text) {
        for line in given {
            match variables.expression(&line.text, world) {
                Ok(value) => {
                    lines.comment(&from(&line.place, ""));
                    lines.attribute(attribute, &value);
                }
                Err(unknown) => {
                    let why = quotable(&unknown);
                    let message = format!("`{attribute}` is not in the proposal: `{why}` is not known here");
                    told.push((line.place.clone(), message));
                }
            }
        }
    }
    let pairs = [("args", &build.args), ("contexts", &build.contexts), ("labels", &build.labels)];
    for (attribute, given) in pairs.into_iter().chain(of_shape(Shape::Map)) {
        let mut members: Vec<(ObjectKey, Expression)> = Vec::new();
        for line in given {
            let Some((name, value)) = line.text.split_once('=') else {
                // The value is that of the environment.
                if let Some(name) = line.text.constant().filter(|_| attribute == "args") {
                    argument(variables, world, &name, line, &written(&line.place), told);
                    members.push((key(&name), variable(&name)));
                }
                continue;
            };
            let Some(name) = name.constant().map(|name| name.trim().trim_matches('"').to_owned()) else {
                // The reference of a link has what only a run knows.
                if let (Ok(name), Some(value)) = (variables.build_expression(&name, world), value.constant())
                {
                    members.push((ObjectKey::Expression(name), Expression::from(value)));
                }
                continue;
            };
            let is_secret = value.0.iter().any(|piece| matches!(piece, Piece::Setting(_, true)))
                || SecretNames::default().has(&name);
            if has_password(&value) {
                told.push((
                    line.place.clone(),
                    format!("`{name}` in `{attribute}` is not in the proposal: it has a password in it"),
                ));
                continue;
            }
            if is_secret && attribute == "args" {
                told.push((line.place.clone(), format!("the argument `{name}` is not in the proposal: it is a secret, and everybody who has the image can read its arguments; give it as a `secret`")));
                continue;
            }
            let is_of_build = matches!(attribute, "args" | "labels");
            let expression = if is_of_build {
                variables.build_expression(&value, world)
            } else {
                variables.expression(&value, world)
            };
            match expression {
                Ok(expression) => {
                    if value.0.iter().any(|piece| matches!(piece, Piece::Meta(..))) {
                        told.push((line.place.clone(), format!("the value of `{name}` is a guess: the git tag without its `v`, or the name of the branch")));
                    }
                    members.push((key(&name), expression));
                }
                Err(_) if attribute == "args" && is_variable(&name) => {
                    argument(variables, world, &name, line, &written(&line.place), told);
                    members.push((key(&name), variable(&name)));
                }
                Err(unknown) => told.push((
                    line.place.clone(),
                    format!(
                        "`{name}` in `{attribute}` is not in the proposal: `{}` is not known here",
                        quotable(&unknown)
                    ),
                )),
            }
        }
        if !members.is_empty() {
            let is_link = |line: &&Line| line.text.shown().contains("=target:");
            if let Some(link) = given.iter().find(is_link) {
                lines.comment(&from(&link.place, &written(&link.place)));
            } else if let Some(first) = given.first() {
                lines.comment(&from(&first.place, ""));
            }
            lines.attribute(attribute, &Expression::Object(members.into_iter().collect()));
        }
    }
    let lists = [
        ("secret", &build.secrets),
        ("ssh", &build.ssh),
        ("cache-from", &build.cache_from),
        ("cache-to", &build.cache_to),
        ("attest", &build.attest),
        ("output", &build.output),
    ];
    for (attribute, given) in lists.into_iter().chain(of_shape(Shape::List)) {
        let mut items: Vec<Expression> = Vec::new();
        for line in given {
            let text = if attribute.starts_with("cache") {
                of_any_platform(&without_scope(&line.text), &platforms)
            } else {
                line.text.clone()
            };
            if has_password(&text) {
                told.push((
                    line.place.clone(),
                    format!("this {attribute} is not in the proposal: it has a password in it"),
                ));
                continue;
            }
            // A cache is in a repository.
            let value = if attribute.starts_with("cache") {
                variables.name_expression(&text, world)
            } else {
                variables.expression(&text, world)
            };
            match value {
                Ok(value) if !items.contains(&value) => items.push(value),
                Ok(_) => {}
                Err(unknown) => told.push((
                    line.place.clone(),
                    format!(
                        "this {attribute} is not in the proposal: `{}` is not known here",
                        quotable(&unknown)
                    ),
                )),
            }
        }
        if !items.is_empty() {
            if let Some(first) = given.first() {
                lines.comment(&from(&first.place, ""));
            }
            lines.attribute(attribute, &list(items));
        }
    }
    if build.pull {
        lines.attribute("pull", &Expression::from(true));
    }
    if build.no_cache {
        lines.attribute("no-cache", &Expression::from(true));
    }
    lines.close("}");
    lines.finish()
}

/// What differs for a platform between the build of the others and its own.
pub(in crate::init) fn variant(
    platform: &str,
    (first, build): (&DockerfileBuild, &DockerfileBuild),
    variables: &mut Variables,
    world: &World,
    lines: &mut Lines,
) {
    lines.open(&format!("platform {} {{", quoted(platform)));
    let path = |build: &DockerfileBuild| dockerfile(build).and_then(|path| path.constant());
    if path(build) != path(first) {
        let value = path(build).unwrap_or_else(|| "Dockerfile".to_owned());
        lines.attribute("dockerfile", &Expression::from(value));
    }
    if build.stage.as_ref().map(Template::exact) != first.stage.as_ref().map(Template::exact)
        && let Some(Ok(stage)) = build.stage.as_ref().map(|stage| variables.expression(stage, world))
    {
        lines.attribute("target", &stage);
    }
    let is_own = |line: &&Line| !first.args.iter().any(|one| one.text.exact() == line.text.exact());
    let mut args: Vec<(ObjectKey, Expression)> = Vec::new();
    for line in build.args.iter().filter(is_own) {
        if let Some((name, value)) = line.text.split_once('=')
            && let (Some(name), Ok(value)) = (name.constant(), variables.expression(&value, world))
        {
            args.push((key(name.trim()), value));
        }
    }
    if !args.is_empty() {
        lines.attribute("args", &Expression::Object(args.into_iter().collect()));
    }
    lines.close("}");
}

/// What a run calls a value in the settings of a workflow: `github.ref_name`.
pub(in crate::init) fn in_run(value: &Template) -> Option<&'static str> {
    let [Piece::Fact(fact)] = value.0.as_slice() else { return None };
    match fact {
        Fact::RefName => Some("github.ref_name"),
        Fact::Ref => Some("github.ref"),
        Fact::Commit(None) => Some("github.sha"),
        Fact::Event => Some("github.event_name"),
        Fact::RunNumber => Some("github.run_number"),
        _ => None,
    }
}

/// The same the other way round.
pub(crate) fn of_run(name: &str) -> Option<Fact> {
    let facts = [Fact::RefName, Fact::Ref, Fact::Commit(None), Fact::Event, Fact::RunNumber];
    facts.into_iter().find(|fact| in_run(&Template(vec![Piece::Fact(fact.clone())])) == Some(name))
}

/// A variable for an argument whose value only a run knows.
fn argument(
    variables: &mut Variables,
    world: &World,
    name: &str,
    line: &Line,
    said: &str,
    told: &mut Vec<Told>,
) {
    let (how, such_as) = if world.is_on_gitlab {
        (
            "set a variable of this name in the pipeline or in the settings of the project".to_owned(),
            String::new(),
        )
    } else {
        (
            format!(
                "`bakeplan workflow github --env {name}=FROM`, with `vars.NAME`, `secrets.NAME` or `github.NAME` for FROM"
            ),
            format!(", as with `--env {name}=vars.{name}`"),
        )
    };
    told.push((line.place.clone(), format!("the value of the argument `{name}` is not known here, so it is empty until the plan gets it: {how}")));
    variables.open.push(name.to_owned());
    variables.list.entry(name.to_owned()).or_insert_with(|| Variable {
        default: String::new(),
        comment: format!("{}; empty until the plan gets it{such_as}", from(&line.place, said)),
        setting: None,
        is_guess: false,
    });
}

/// A variable of the file.
fn variable(name: &str) -> Expression {
    hcl::expr::Variable::new(name).map_or_else(|_| Expression::from(name), Expression::from)
}

/// Whether a password stands in it, which nobody would commit anew.
fn has_password(text: &Template) -> bool {
    let shown = text.shown();
    masked(&shown) != shown
}

/// A key of an object.
pub(in crate::init) fn key(name: &str) -> ObjectKey {
    ObjectKey::from(name)
}

/// Whether Bake takes it for a variable.
fn is_variable(name: &str) -> bool {
    is_name(name) && !SecretNames::default().has(name)
}

/// The Dockerfile as seen from the context; none where it is the usual one.
fn dockerfile(build: &DockerfileBuild) -> Option<Template> {
    let path = build.dockerfile.as_ref()?;
    let (Some(text), Some(context)) = (path.constant(), build.context.constant()) else {
        return Some(path.clone());
    };
    if context.contains("://") {
        return Some(path.clone());
    }
    let text = relative(&text, &context);
    (text != "Dockerfile").then(|| Template::from(text.as_str()))
}

/// A cache without the platform at the end of its tag, where that is how each platform has one of its own: a plan adds it itself.
fn of_any_platform(text: &Template, platforms: &[String]) -> Template {
    let mut out = Template::default();
    for (at, mut field) in text.split(',').into_iter().enumerate() {
        if field.shown().trim().starts_with("ref=")
            && let Some(Piece::Text(end)) = field.0.last_mut()
        {
            *end = without_platform(end, platforms).to_owned();
        }
        out.push(Piece::Text(if at == 0 { String::new() } else { ",".to_owned() }));
        out.extend(field);
    }
    out
}

/// `cache` of `cache-linux-amd64`.
fn without_platform<'t>(text: &'t str, platforms: &[String]) -> &'t str {
    let ends = platforms.iter().map(|platform| format!("-{}", platform.replace('/', "-")));
    let mut stems = ends.filter_map(|end| text.strip_suffix(end.as_str()));
    stems.find(|stem| stem.contains(':') && !stem.ends_with(':')).unwrap_or(text)
}

/// A cache without its scope: each leg has one of its own.
pub(in crate::init) fn without_scope(text: &Template) -> Template {
    let fields = text.split(',');
    let mut out = Template::default();
    for field in fields.into_iter().filter(|field| !field.shown().trim().starts_with("scope=")) {
        out.push(Piece::Text(if out.0.is_empty() { String::new() } else { ",".to_owned() }));
        out.extend(field);
    }
    out
}
