//! The services that a run of Compose pushes, under the names that their `image` says.

use std::collections::BTreeMap;

use super::definition::{Known, KnownTarget, Service};
use crate::bake::text::discovery;
use crate::init::repository::world::World;
use crate::init::steps::found::{BakeBuild, Build, ComposeRun, Publication, TagsOf};
use crate::init::values::folder::{clean, is_yaml};
use crate::init::values::moment::MOMENTS;
use crate::init::values::text::{Line, Piece, Template, is_name};

/// Names the files that Compose finds by itself, where Bake does not find the same: an override beside the usual one.
pub(crate) fn find_files(publications: &mut [Publication], paths: &[&str]) {
    for publication in publications {
        let place = publication.place.clone();
        let Some(Build::Bake(build)) = &mut publication.build else { continue };
        if build.compose.is_none() {
            continue;
        }
        let folder = clean(&build.folder);
        let folder = if folder == "." { String::new() } else { folder };
        let is_there = |name: &str| {
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            paths.contains(&path.as_str())
        };
        // The only one, which Bake finds, too.
        if let [only] = build.files.as_slice()
            && only.text.constant().is_some_and(|name| discovery::is_default_name(&name))
        {
            build.files.clear();
            continue;
        }
        if !build.files.is_empty() {
            continue;
        }
        const BASES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
        let Some(base) = BASES.into_iter().find(|name| is_there(name)) else { continue };
        let (stem, _) = base.rsplit_once('.').unwrap_or((base, ""));
        let over = ["yaml", "yml"].map(|ending| format!("{stem}.override.{ending}"));
        if let Some(over) = over.iter().find(|name| is_there(name)) {
            let line = |name: &str| Line { text: Template::from(name), place: place.clone() };
            build.files = vec![line(base), line(over)];
        }
    }
}

/// The services that such a run pushes, by the labels of their targets.
pub(in crate::init) fn labels(build: &BakeBuild, run: &ComposeRun, definition: &Known) -> Vec<String> {
    let is_on = |service: &&Service| {
        service.profiles.is_empty()
            || run.profiles.iter().any(|on| on == "*" || service.profiles.contains(on))
    };
    let named: Vec<String> = build
        .targets
        .iter()
        .filter_map(|line| line.text.constant())
        .flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let services = definition.services.iter();
    let chosen: Vec<&Service> = if build.targets.is_empty() {
        services.filter(is_on).collect()
    } else {
        services.filter(|service| named.contains(&service.name)).collect()
    };
    let label = |service: &&Service| {
        let target = definition.targets.iter().find(|target| service.is_of(&target.label));
        target.map(|target| target.label.clone())
    };
    chosen.iter().filter_map(label).collect()
}

/// The tags of a service: what its `image` says with the variables of the run.
pub(in crate::init) fn tags(build: &BakeBuild, target: &KnownTarget, definition: &Known) -> Vec<TagsOf> {
    let Some(service) = definition.services.iter().find(|service| service.is_of(&target.label)) else {
        return Vec::new();
    };
    let Some((_, place)) = &service.image else { return Vec::new() };
    let line = |text: Template| Line { text, place: place.clone() };
    let tag = |line: Line| TagsOf { target: target.label.clone(), is_more: false, line };
    match named(build, service, definition) {
        Some(name) => vec![tag(name)],
        None => target.tags.iter().map(|name| tag(line(Template::from(name.as_str())))).collect(),
    }
}

/// The tags that a run of Bake gives a service: where a variable of the run is in its `image`, and it is known what comes of it.
pub(in crate::init) fn tags_of_bake(
    build: &BakeBuild,
    target: &KnownTarget,
    definition: &Known,
    world: &World,
) -> Vec<TagsOf> {
    let is_alone = definition.read.iter().all(|path| is_yaml(path) || discovery::is_images(path));
    let service = definition.services.iter().find(|service| service.is_of(&target.label));
    let named =
        service.filter(|service| is_alone && !service.has_tags).and_then(|one| named(build, one, definition));
    let is_known = |line: &Line| {
        let at = |moment| line.text.known_at(moment, world);
        line.text.unknown_parts().is_empty() && MOMENTS.into_iter().any(|moment| at(moment).is_some())
    };
    let tag = |line: Line| TagsOf { target: target.label.clone(), is_more: false, line };
    named.filter(is_known).map(tag).into_iter().collect()
}

/// What the `image` of a service is, if a variable of the run is in it.
fn named(build: &BakeBuild, service: &Service, definition: &Known) -> Option<Line> {
    let (image, place) = service.image.as_ref()?;
    let mut is_set = false;
    let text = interpolated(image, (&build.variables, &definition.environment), &mut is_set, 0);
    is_set.then(|| Line { text, place: place.clone() })
}

/// The variables that a text names, however it names them.
pub(crate) fn variables(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('$') {
        rest = after.strip_prefix('$').unwrap_or(after);
        if rest.len() < after.len() {
            continue;
        }
        let inner = after.strip_prefix('{').unwrap_or(after);
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
        if is_name(&inner[..end]) {
            names.push(inner[..end].to_owned());
        }
    }
    names
}

/// A text with its variables (<https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md>), and whether one of
/// them is set.
fn interpolated(
    text: &str,
    (variables, file): (&[(String, Template)], &BTreeMap<String, String>),
    is_set: &mut bool,
    depth: usize,
) -> Template {
    const MAX_DEPTH: usize = 8;
    let mut out = Template::default();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push(Piece::Text(before.to_owned()));
        if let Some(behind) = after.strip_prefix('$') {
            out.push(Piece::Text("$".to_owned()));
            rest = behind;
            continue;
        }
        let (inner, behind) = match after.strip_prefix('{') {
            Some(inner) => {
                let Some(end) = closing(inner) else { return Template::unknown(text) };
                (&inner[..end], &inner[end + 1..])
            }
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                after.split_at(end)
            }
        };
        rest = behind;
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
        let (name, operator) = inner.split_at(end);
        if !is_name(name) || depth > MAX_DEPTH {
            return Template::unknown(text);
        }
        let value = variables.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value);
        *is_set |= value.is_some();
        // What the run sets wins over the file.
        let of_file = file.get(name).filter(|_| value.is_none()).map(|value| Template::from(value.as_str()));
        let value = value.or(of_file.as_ref());
        let sign: String = operator.chars().take_while(|c| ":-?+".contains(*c)).take(2).collect();
        let sign = if sign.starts_with(':') { sign.as_str() } else { sign.get(..1).unwrap_or_default() };
        let word = &operator[sign.len()..];
        let takes_empty = !sign.starts_with(':');
        let value = value.filter(|value| takes_empty || !value.0.is_empty());
        match (sign.trim_start_matches(':'), value) {
            ("+", Some(_)) | ("-", None) => {
                out.extend(interpolated(word, (variables, file), is_set, depth + 1));
            }
            ("+", None) => {}
            (_, Some(value)) => out.extend(value.clone()),
            // It may be set where nobody looks here.
            (_, None) => out.push(Piece::Unknown(format!("${{{name}}}"))),
        }
    }
    out.push(Piece::Text(rest.to_owned()));
    out
}

/// Where a brace is closed that is open.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}
