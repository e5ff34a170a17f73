//! Compares two plans: tags, platforms, jobs and definitions.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::published::plan_json::{BuildEntry, ImageEntry, JobEntry, PlanJson};

/// The version of the form of the JSON.
pub(crate) const SCHEMA: u32 = 1;

/// A plan as it is written, and the Bake file beside it, where that is known.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    /// `plan.json`.
    pub plan: PlanJson,
    /// `docker-bake.json`.
    pub bake: Option<Value>,
}

/// What differs, in the order of names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Changes {
    /// The version of the form: 1.
    #[schema(minimum = 1, maximum = 1)]
    pub schema: u32,
    /// The tags.
    pub tags: Vec<TagChange>,
    /// The platforms of images that both have.
    pub platforms: Vec<PlatformChange>,
    /// What images are reused from in place of being built.
    pub reused: Vec<ReuseChange>,
    /// The images that both have, and of which something else differs.
    pub images: Vec<ImageChange>,
    /// The jobs.
    pub jobs: Vec<JobChange>,
    /// The targets that are built in both.
    pub definitions: Vec<DefinitionChange>,
    /// Whether both Bake files hold the same.
    pub same_definition: bool,
    /// Whether targets were compared: only where both Bake files are known.
    pub compared_definitions: bool,
}

/// What happened to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    /// Only the new plan has it.
    Added,
    /// Both have it, and it stands for something else.
    Moved,
    /// Both have it, and it is another.
    Changed,
    /// Only the old plan has it.
    Lost,
}

impl Change {
    /// As a word.
    #[must_use]
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Moved => "moved",
            Self::Changed => "changed",
            Self::Lost => "lost",
        }
    }
}

/// A tag that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TagChange {
    /// The whole reference, such as `ghcr.io/acme/app:1.4`.
    pub reference: String,
    /// What happened.
    pub change: Change,
    /// What the old plan publishes under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Published>,
    /// What the new plan publishes under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Published>,
}

/// What is published under a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PublishedUnder)]
pub(crate) struct Published {
    /// The key of the image.
    pub image: String,
    /// Its version, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A platform that an image gets or loses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PlatformChange {
    /// The key of the image.
    pub image: String,
    /// The platform.
    pub platform: String,
    /// What happened.
    pub change: Change,
}

/// An image that is reused in one plan, and in the other one built, or reused from something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ReuseChange {
    /// The key of the image.
    pub image: String,
    /// What happened: `lost` where it is built now.
    pub change: Change,
    /// What the old plan reuses, such as `ghcr.io/acme/app:edge@sha256:…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What the new plan reuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// An image that is published otherwise. Values are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ImageChange {
    /// Its key.
    pub image: String,
    /// What of its entry in `plan.json` differs, such as `immutable` or `annotations.org.opencontainers.image.licenses`.
    pub what: Vec<String>,
}

/// A job that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct JobChange {
    /// Its name.
    pub job: String,
    /// What happened.
    pub change: Change,
    /// What of it changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub what: Vec<String>,
}

/// A target that is built otherwise. Values are left out: they may be long, and not for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DefinitionChange {
    /// Its name.
    pub target: String,
    /// The attributes that differ, such as `args.VERSION`.
    pub what: Vec<String>,
}

/// What differs from one plan to another.
#[must_use]
pub(crate) fn between(old: &Side, new: &Side) -> Changes {
    let compared = old.bake.as_ref().zip(new.bake.as_ref());
    Changes {
        schema: SCHEMA,
        tags: tags(&old.plan, &new.plan),
        platforms: platforms(&old.plan, &new.plan),
        reused: reused(&old.plan, &new.plan),
        images: images(&old.plan, &new.plan),
        jobs: jobs(&old.plan, &new.plan),
        definitions: compared.map(|(a, b)| definitions(old, a, new, b)).unwrap_or_default(),
        same_definition: old.plan.definition == new.plan.definition,
        compared_definitions: compared.is_some(),
    }
}

impl Changes {
    /// Whether nothing differs.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        let Self {
            schema: _,
            tags,
            platforms,
            reused,
            images,
            jobs,
            definitions,
            same_definition,
            compared_definitions,
        } = self;
        tags.is_empty()
            && platforms.is_empty()
            && reused.is_empty()
            && images.is_empty()
            && jobs.is_empty()
            && definitions.is_empty()
            && (*same_definition || *compared_definitions)
    }
}

/// The members of both maps that are not equal, by key.
fn differing<'a, T: PartialEq>(
    old: &'a BTreeMap<String, T>,
    new: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = (&'a String, Option<&'a T>, Option<&'a T>)> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names.into_iter().map(|name| (name, old.get(name), new.get(name))).filter(|(_, old, new)| old != new)
}

fn tags(old: &PlanJson, new: &PlanJson) -> Vec<TagChange> {
    let all = |plan: &PlanJson| -> BTreeMap<String, Published> {
        plan.images.iter().flat_map(|(key, image)| references(key, image)).collect()
    };
    let (old, new) = (all(old), all(new));
    let change = |(reference, from, to): (&String, Option<&Published>, Option<&Published>)| TagChange {
        reference: reference.clone(),
        change: match (from, to) {
            (None, _) => Change::Added,
            (_, None) => Change::Lost,
            _ => Change::Moved,
        },
        from: from.cloned(),
        to: to.cloned(),
    };
    differing(&old, &new).map(change).collect()
}

/// Everything that an image is published as.
fn references(key: &str, image: &ImageEntry) -> Vec<(String, Published)> {
    let (version, repositories, mirrors, tags) =
        (&image.version, &image.repositories, &image.mirrors, &image.tags);
    let published = Published { image: key.to_owned(), version: version.clone() };
    let of_tag = |tag: &crate::published::plan_json::TagEntry| {
        let own = tag.repositories.as_ref().unwrap_or(repositories);
        let places = own.iter().chain(mirrors);
        places.map(|place| (format!("{place}:{}", tag.name), published.clone())).collect::<Vec<_>>()
    };
    tags.iter().flat_map(of_tag).collect()
}

fn platforms(old: &PlanJson, new: &PlanJson) -> Vec<PlatformChange> {
    let of = |image: &ImageEntry| -> BTreeMap<String, ()> {
        let platform = |build: &BuildEntry| {
            build.platform.as_ref().map_or_else(|| "the runner's".to_owned(), ToString::to_string)
        };
        image.builds.values().map(|build| (platform(build), ())).collect()
    };
    let mut changes = Vec::new();
    for (key, image) in &new.images {
        let Some(before) = old.images.get(key) else { continue };
        for (platform, before, _) in differing(&of(before), &of(image)) {
            let change = if before.is_some() { Change::Lost } else { Change::Added };
            changes.push(PlatformChange { image: key.clone(), platform: platform.clone(), change });
        }
    }
    changes
}

fn reused(old: &PlanJson, new: &PlanJson) -> Vec<ReuseChange> {
    let all = |plan: &PlanJson| -> BTreeMap<String, String> {
        let reused =
            |(key, image): (&String, &ImageEntry)| Some((key.clone(), image.reused.as_ref()?.reference()));
        plan.images.iter().filter_map(reused).collect()
    };
    let (before, after) = (all(old), all(new));
    let is_in_both = |key: &String| old.images.contains_key(key) && new.images.contains_key(key);
    let change = |(image, from, to): (&String, Option<&String>, Option<&String>)| ReuseChange {
        image: image.clone(),
        change: match (from, to) {
            (None, _) => Change::Added,
            (_, None) => Change::Lost,
            _ => Change::Moved,
        },
        from: from.cloned(),
        to: to.cloned(),
    };
    differing(&before, &after).filter(|(key, ..)| is_in_both(key)).map(change).collect()
}

fn images(old: &PlanJson, new: &PlanJson) -> Vec<ImageChange> {
    let both = new.images.iter().filter_map(|(key, image)| Some((key, old.images.get(key)?, image)));
    let change = |(key, from, to): (&String, &ImageEntry, &ImageEntry)| {
        let what = members(&attributes(from, to), &attributes(to, from), &MAPS_OF_IMAGES);
        (!what.is_empty()).then(|| ImageChange { image: key.clone(), what })
    };
    both.filter_map(change).collect()
}

/// Attributes of images whose members are compared one by one.
const MAPS_OF_IMAGES: [&str; 3] = ["annotations", "on_missing", "descriptor_annotations"];

/// What an image is, besides what is compared by itself, or follows from the tags of all images. Of builds, those that the other
/// has, too.
fn attributes(image: &ImageEntry, other: &ImageEntry) -> Value {
    let ImageEntry {
        scheme,
        tails,
        withdrawn,
        without,
        immutable,
        index,
        annotations,
        version: _,
        repositories: _,
        mirrors: _,
        tags: _,
        builds,
        reused: _,
        yielded: _,
        other_forms: _,
        unclear: _,
        codenames: _,
    } = image;
    let (mut on_missing, mut descriptor_annotations) = (BTreeMap::new(), BTreeMap::new());
    for (name, build) in builds.iter().filter(|(name, _)| other.builds.contains_key(*name)) {
        // Labels and annotations of the image itself stand in the Bake file.
        let BuildEntry {
            on_missing: missing,
            descriptor_annotations: annotations,
            platform: _,
            job: _,
            labels: _,
            annotations: _,
            inputs: _,
        } = build;
        on_missing.insert(name, missing);
        descriptor_annotations.insert(name, annotations);
    }
    serde_json::json!({
        "on_missing": on_missing,
        "descriptor_annotations": descriptor_annotations,
        "scheme": scheme,
        "tails": tails,
        "withdrawn": withdrawn,
        "without": without,
        "immutable": immutable,
        "index": index,
        "annotations": annotations,
    })
}

fn jobs(old: &PlanJson, new: &PlanJson) -> Vec<JobChange> {
    let all = |plan: &PlanJson| -> BTreeMap<String, Value> {
        let of = |job: &JobEntry| (job.job.clone(), serde_json::to_value(job).unwrap_or_default());
        plan.jobs.iter().map(of).collect()
    };
    let (old, new) = (all(old), all(new));
    let change = |(job, from, to): (&String, Option<&Value>, Option<&Value>)| JobChange {
        job: job.clone(),
        change: match (from, to) {
            (None, _) => Change::Added,
            (_, None) => Change::Lost,
            _ => Change::Changed,
        },
        what: from.zip(to).map(|(from, to)| members(from, to, &[])).unwrap_or_default(),
    };
    differing(&old, &new).map(change).collect()
}

/// Attributes whose members are compared one by one.
const MAPS: [&str; 3] = ["args", "contexts", "labels"];

fn definitions(old: &Side, from: &Value, new: &Side, to: &Value) -> Vec<DefinitionChange> {
    let (old, new) = (built(&old.plan, from), built(&new.plan, to));
    let both = old.iter().filter_map(|(name, from)| Some((name, from, new.get(name)?)));
    let changed = both.filter(|(_, from, to)| from != to);
    changed
        .map(|(name, from, to)| DefinitionChange { target: name.clone(), what: members(from, to, &MAPS) })
        .collect()
}

/// What is built, and what it links to, each with what it inherits.
fn built(plan: &PlanJson, bake: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut open: Vec<String> = plan.images.values().flat_map(|image| image.builds.keys().cloned()).collect();
    while let Some(name) = open.pop() {
        if found.contains_key(&name) || bake["target"].get(&name).is_none() {
            continue;
        }
        let target = whole(&name, bake);
        let contexts = target["contexts"].as_object().into_iter().flatten();
        let links = contexts.filter_map(|(_, context)| context.as_str()?.strip_prefix("target:"));
        open.extend(links.map(str::to_owned));
        found.insert(name, target);
    }
    found
}

/// A target with what it inherits. Each attribute is wholly in one of them: we wrote the file.
fn whole(name: &str, bake: &Value) -> Value {
    let own = &bake["target"][name];
    let parents = own["inherits"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut target = serde_json::Map::new();
    for of in parents.map(|parent| &bake["target"][parent]).chain([own]) {
        target.extend(of.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
    }
    target.remove("inherits");
    Value::Object(target)
}

/// The names of the members that differ; those of `maps` by their own members.
fn members(from: &Value, to: &Value, maps: &[&str]) -> Vec<String> {
    let names = |value: &Value| -> BTreeSet<String> {
        value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let differing = names(from).into_iter().chain(names(to)).collect::<BTreeSet<_>>();
    let differing = differing.into_iter().filter(|name| from.get(name) != to.get(name));
    let mut all = Vec::new();
    for name in differing {
        if maps.contains(&name.as_str()) {
            let inner = members(&from[&name], &to[&name], &[]);
            all.extend(inner.into_iter().map(|inner| format!("{name}.{inner}")));
        } else {
            all.push(name);
        }
    }
    all
}
