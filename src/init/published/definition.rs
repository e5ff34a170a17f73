//! What the Bake and Compose files say already: targets, and the images that are published of them.

pub(crate) use crate::init::values::folder::{clean, is_yaml, relative};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bake::module::Module;
use crate::bake::target::overrides::Overrides;
use crate::bake::target::{Definition, Entry, Target, Text, select};
use crate::bake::values::Name;
use crate::init::values::text::Place;
use crate::plan::Plan;
use crate::source::Sources;

/// The target that docker/metadata-action fills in.
pub(crate) const META: &str = "docker-metadata-action";

/// How many tags of the members of a matrix are looked at.
const MAX_TAGS: usize = 1000;

/// A definition as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// The folder in which its commands run; empty for the top.
    pub folder: String,
    /// The files that have to be named, from that folder; none where they are found.
    pub files: Vec<String>,
    /// The files that are read, in the same way.
    pub read: Vec<String>,
    /// The targets by what they are called in the file: a matrix is one.
    pub targets: Vec<KnownTarget>,
    /// What the names of targets and groups stand for.
    pub named: BTreeMap<String, Vec<String>>,
    /// Whether there are `image` blocks.
    pub has_blocks: bool,
    /// Whether one of these has no label.
    pub has_defaults: bool,
    /// The images that are published.
    pub images: Vec<KnownImage>,
    /// What the targets of matrices are called in the file.
    pub members: BTreeMap<String, String>,
    /// The names of its variables.
    pub variables: Vec<String>,
    /// The services of its Compose files.
    pub services: Vec<Service>,
    /// The variables of the file `.env` beside them.
    pub environment: BTreeMap<String, String>,
}

/// A service as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// Its name.
    pub name: String,
    /// What it is published as, with where that is written.
    pub image: Option<(String, Place)>,
    /// The profiles that it is for; none where it is for all.
    pub profiles: Vec<String>,
    /// Whether its build says what it is published as, so that its image does not.
    pub has_tags: bool,
    /// The names of the variables that its tags are made of.
    pub of_tags: Vec<String>,
    /// The names of those that its build is made of.
    pub of_build: Vec<String>,
}

impl Service {
    /// Whether it is what a target is called after: Bake has no names with a dot.
    pub(crate) fn is_of(&self, label: &str) -> bool {
        self.name == label || self.name.replace('.', "_") == label
    }
}

impl Known {
    /// Whether a variable decides what the tags of a target are, as far as is known.
    pub(crate) fn has_in_tags(&self, label: &str, variable: &str) -> bool {
        self.declares(variable) || self.has_in(label, variable, |service| &service.of_tags)
    }

    /// Whether a variable decides what a target builds, as far as is known.
    pub(crate) fn has_in_build(&self, label: &str, variable: &str) -> bool {
        self.declares(variable) || self.has_in(label, variable, |service| &service.of_build)
    }

    fn declares(&self, variable: &str) -> bool {
        self.variables.iter().any(|known| known == variable)
    }

    fn has_in(&self, label: &str, variable: &str, names: fn(&Service) -> &[String]) -> bool {
        let of = self.services.iter().filter(|service| service.is_of(label));
        of.flat_map(names).any(|name| name == variable)
    }
}

/// A target.
#[derive(Clone, Debug)]
pub(crate) struct KnownTarget {
    /// What it is called in the file.
    pub label: String,
    /// Whether it is a matrix.
    pub is_matrix: bool,
    /// Where it is.
    pub place: Option<Place>,
    /// The build context.
    pub context: String,
    /// The Dockerfile, from the context.
    pub dockerfile: String,
    /// The stage.
    pub stage: Option<String>,
    /// Its build arguments.
    pub args: Vec<(String, String)>,
    /// Its named contexts.
    pub contexts: Vec<(String, String)>,
    /// The targets that it takes something from, of which docker/metadata-action may fill in one.
    pub parents: Vec<String>,
    /// References that it is published under.
    pub tags: Vec<String>,
    /// Its platforms.
    pub platforms: Vec<String>,
    /// The caches that it writes.
    pub cache_to: Vec<String>,
    /// Which of its lists that are not empty take up what a second block of the target has.
    pub kept: Vec<&'static str>,
    /// Whether its output can be pushed.
    pub is_pushable: bool,
    /// Whether it is pushed unasked.
    pub is_pushed: bool,
}

impl KnownTarget {
    /// Whether docker/metadata-action fills in its tags, as far as the name of a target tells.
    pub(crate) fn has_meta(&self) -> bool {
        self.parents.iter().any(|parent| parent.starts_with(META))
    }

    /// Whether a step of the action that names this target fills them in.
    pub(crate) fn is_filled_by(&self, target: Option<&str>) -> bool {
        let name = target.unwrap_or(META);
        self.label == name || self.parents.iter().any(|parent| parent == name)
    }
}

/// An image.
#[derive(Clone, Debug)]
pub(crate) struct KnownImage {
    /// Its key in the plan.
    pub key: String,
    /// The targets that it is built of, by their labels.
    pub targets: Vec<String>,
    /// Its repositories.
    pub repositories: Vec<String>,
}

/// What is in an evaluated definition. `plan` is that of a run of which nothing is known.
pub(crate) fn of(module: &Module, definition: &Definition, plan: Option<&Plan>, sources: &Sources) -> Known {
    let mut label_of: BTreeMap<Name, Name> = BTreeMap::new();
    for label in module.target_labels() {
        for member in module.members(label).unwrap_or_default() {
            label_of.insert(Arc::clone(member), Arc::clone(label));
        }
    }
    let label = |name: &Name| label_of.get(name).unwrap_or(name).to_string();
    let mut targets: Vec<KnownTarget> = Vec::new();
    for name in definition.targets.keys() {
        let of = label(name);
        let same = targets.iter_mut().find(|known| known.label == of);
        if same.as_ref().is_some_and(|known| known.tags.len() >= MAX_TAGS) {
            continue;
        }
        let Some(target) = resolved(definition, name) else { continue };
        if let Some(known) = same {
            known.tags.extend(target.pushed_names().iter().map(|name| name.as_str().to_owned()));
            continue;
        }
        {
            let place = target.span.or_else(|| definition.targets[name].span).and_then(|span| {
                let path = sources.path(span)?;
                let line = sources.get(span.source).position(span.start).line;
                Some(Place { path: path.into(), line })
            });
            let mut parents = Vec::new();
            add_parents(definition, &definition.targets[name], &mut parents, 0);
            let is_matrix = of != **name || module.members(&of).is_some_and(|members| members.len() > 1);
            targets.push(known(of, is_matrix, place, parents, &target));
        }
    }
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for name in definition.groups.keys().chain(definition.targets.keys()) {
        let members = select::targets_of(definition, &[name.to_string()]).unwrap_or_default();
        let mut labels: Vec<String> = Vec::new();
        for member in members {
            let of = label(&member);
            if targets.iter().any(|known| known.label == of) && !labels.contains(&of) {
                labels.push(of);
            }
        }
        named.entry(name.to_string()).or_insert(labels);
    }
    for target in &targets {
        named.entry(target.label.clone()).or_insert_with(|| vec![target.label.clone()]);
    }
    let images = plan.map(|plan| {
        let image = |(key, image): (&String, &crate::plan::Image)| {
            let mut of: Vec<String> = Vec::new();
            for leg in image.builds.iter().filter_map(|build| plan.legs.get(&build.leg)) {
                let target = label(&leg.of);
                if !of.contains(&target) {
                    of.push(target);
                }
            }
            let repositories = image.repositories.iter().map(ToString::to_string).collect();
            KnownImage { key: key.clone(), targets: of, repositories }
        };
        plan.images.iter().map(image).collect()
    });
    let variables = module.variable_blocks().filter_map(|block| block.labels.first());
    Known {
        folder: String::new(),
        files: Vec::new(),
        read: Vec::new(),
        targets,
        named,
        has_blocks: !module.images().is_empty(),
        has_defaults: module.images().iter().any(|image| image.block.labels.is_empty()),
        images: images.unwrap_or_default(),
        members: label_of.iter().map(|(member, label)| (member.to_string(), label.to_string())).collect(),
        variables: variables.map(|label| label.name.to_string()).collect(),
        services: Vec::new(),
        environment: BTreeMap::new(),
    }
}

/// A target with what it inherits, as far as that can be found out.
fn resolved(definition: &Definition, name: &Name) -> Option<Target> {
    let resolved =
        select::resolve(definition, &[name.to_string()], &Overrides::default(), &select::Options::default());
    match resolved {
        Ok(resolved) => resolved.targets.get(name).map(|target| (**target).clone()),
        Err(_) => definition.targets.get(name).map(|target| (**target).clone()),
    }
}

fn known(
    label: String,
    is_matrix: bool,
    place: Option<Place>,
    parents: Vec<String>,
    target: &Target,
) -> KnownTarget {
    let text = |text: &Option<Text>, default: &str| {
        text.as_ref().map_or_else(|| default.to_owned(), |text| text.as_str().to_owned())
    };
    let outputs = target.output.as_deref().unwrap_or_default();
    let kept = [
        ("annotations", !target.annotations.is_empty()),
        ("cache-from", !target.cache_from.is_empty()),
        ("secret", !target.secret.is_empty()),
        ("ssh", !target.ssh.is_empty()),
    ];
    KnownTarget {
        label,
        is_matrix,
        place,
        context: text(&target.context, "."),
        dockerfile: text(&target.dockerfile, "Dockerfile"),
        stage: target.target.as_ref().map(|stage| stage.as_str().to_owned()),
        args: pairs(target.args.iter()),
        contexts: pairs(target.contexts.iter()),
        parents,
        tags: target.pushed_names().iter().map(|name| name.as_str().to_owned()).collect(),
        platforms: target.platforms.iter().flatten().map(|text| text.as_str().to_owned()).collect(),
        cache_to: target.cache_to.iter().flatten().map(as_text).collect(),
        kept: kept.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name).collect(),
        is_pushed: target.is_pushed(),
        is_pushable: outputs.is_empty() || outputs.iter().any(Entry::is_pushable),
    }
}

/// An element with fields as one text, as a Bake file and `--set` have it.
fn as_text(entry: &Entry) -> String {
    let quote = |field: String| {
        if field.contains([',', '"']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
    };
    let of_kind = |key: &str| key == "type";
    let (kind, rest): (Vec<_>, Vec<_>) = entry.fields.iter().partition(|(key, _)| of_kind(key));
    let fields = kind.into_iter().chain(rest).map(|(key, value)| quote(format!("{key}={}", value.as_str())));
    fields.collect::<Vec<_>>().join(",")
}

fn pairs<'t>(of: impl Iterator<Item = (&'t Name, &'t Text)>) -> Vec<(String, String)> {
    of.map(|(name, text)| (name.to_string(), text.as_str().to_owned())).collect()
}

/// Adds the targets that a target inherits from.
fn add_parents(definition: &Definition, target: &Target, parents: &mut Vec<String>, depth: usize) {
    const MAX_DEPTH: usize = 20;
    for parent in target.inherits.iter().map(Text::as_str) {
        if depth >= MAX_DEPTH || parents.iter().any(|known| known == parent) {
            continue;
        }
        parents.push(parent.to_owned());
        if let Some(of) = definition.targets.get(parent) {
            add_parents(definition, of, parents, depth + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_a_folder() {
        for (path, folder, expected) in [
            ("app/Dockerfile", "app", "Dockerfile"),
            ("./app/Dockerfile.prod", "./app/", "Dockerfile.prod"),
            ("docker/Dockerfile", ".", "docker/Dockerfile"),
            ("docker/Dockerfile", "app", "../docker/Dockerfile"),
            ("Dockerfile", "services/api", "../../Dockerfile"),
            (".", "app", ".."),
            ("app", "app", "."),
        ] {
            assert_eq!(relative(path, folder), expected, "{path} {folder}");
        }
        assert_eq!(clean("./a/../b//c/."), "b/c");
    }
}
