//! Targets and groups as data, and how two definitions of one target merge.
//!
//! Fields and rules are those of `Target` in buildx's bake/bake.go.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;
use std::sync::Arc;

use indexmap::map::Entry as Slot;
use indexmap::{IndexMap, IndexSet};

use super::lost_marks::LostMarks;
use super::rare::Rare;
use super::text::Text;
use super::textmap::TextMap;
use crate::bake::values::{MarkedStr, Name};
use crate::naming;
use crate::source::Span;

/// One element of `output`, `cache-from`, `cache-to` or `attest`: fields by key. Equality looks at the fields alone.
///
/// All have a `type` (that of an attestation may be empty). An output has `dest` only if it is not empty; an
/// attestation has `disabled` only if it is `true`.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// The value of each key.
    pub fields: TextMap,
    /// Where it is written.
    pub span: Option<Span>,
}

impl Entry {
    /// An entry of a type, without other fields.
    #[must_use]
    pub fn of_type(kind: &str) -> Self {
        Self::default().with("type", kind)
    }

    /// The entry with a field added or changed.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Text>) -> Self {
        self.set(key, value);
        self
    }

    /// Adds or changes a field.
    pub fn set(&mut self, key: &str, value: impl Into<Text>) {
        self.fields.insert(key.into(), value.into());
    }

    /// A field's text.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.fields.get(key).map(Text::as_str)
    }

    /// The `type`, which says what the other fields mean.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.get("type").unwrap_or_default()
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl Eq for Entry {}

/// One element of `secret`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// The name that the Dockerfile knows it by.
    pub id: Text,
    /// The file that holds it.
    pub src: Option<Text>,
    /// The environment variable that holds it.
    pub env: Option<Text>,
    /// Where it is written.
    pub span: Option<Span>,
}

impl Secret {
    /// The environment variable that it may be read from. One without `env` and `src` is in the variable of its name, if that
    /// is set, else in the file of its name (buildx `util/buildflags/secrets.go`).
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        let own = Some(self.id.as_str()).filter(|id| self.src.is_none() && naming::is_variable(id));
        self.env.as_ref().map(Text::as_str).or(own)
    }

    /// The file that it is read from, or may be: without `env` and `src`, and where no variable of its name is set, BuildKit
    /// reads the file of its name, for which Bake asks nothing (`session/secrets/secretsprovider/store.go`).
    #[must_use]
    pub fn file(&self) -> Option<&Text> {
        self.src.as_ref().or_else(|| self.env.is_none().then_some(&self.id))
    }
}

/// One element of `ssh`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ssh {
    /// The name that the Dockerfile knows it by; empty means `default`.
    pub id: Text,
    /// Sockets or keys; none means the running agent.
    pub paths: Vec<Text>,
    /// Where it is written.
    pub span: Option<Span>,
}

impl Ssh {
    /// Whether it is the running agent, as an empty path is, too (BuildKit `session/sshforward/sshprovider/agentprovider.go`).
    #[must_use]
    pub fn is_agent(&self) -> bool {
        self.paths.is_empty() || self.paths.iter().any(Text::is_empty)
    }
}

/// One element of `policy`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Policy files, relative to the working directory.
    pub files: Vec<Text>,
    /// Forgets the policies before it.
    pub reset: bool,
    /// Turns policies off.
    pub disabled: bool,
    /// Whether an undecided source is refused.
    pub strict: Option<bool>,
    /// A level of logrus: `panic`, `fatal`, `error`, `warning`, `info`, `debug` or `trace`.
    pub log_level: Option<&'static str>,
    /// Where it is written.
    pub span: Option<Span>,
}

/// A whole number with where it came from. Equality looks at the number alone.
#[derive(Clone, Debug)]
pub struct Whole {
    /// The number.
    pub value: i64,
    /// The same as text, with its place and marks.
    pub text: Text,
}

impl Whole {
    /// A number with the place and marks of the text that it was read from.
    #[must_use]
    pub fn read(value: i64, from: &Text) -> Self {
        Self { value, text: from.derive(&value.to_string()) }
    }
}

impl From<i64> for Whole {
    fn from(value: i64) -> Self {
        Self { value, text: Text::verbatim(&value.to_string()) }
    }
}

impl PartialEq for Whole {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Whole {}

/// The value of `resources`: limits for each `RUN` step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::missing_docs_in_private_items, reason = "the names are those of docker run")]
pub struct Resources {
    pub memory: Option<Text>,
    pub memory_swap: Option<Text>,
    pub cpu_shares: Option<Whole>,
    pub cpu_period: Option<Whole>,
    pub cpu_quota: Option<Whole>,
    pub cpuset_cpus: Option<Text>,
    pub cpuset_mems: Option<Text>,
}

/// A target. An `Option` tells unset from empty where Bake does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Its name, which for a matrix is a generated one.
    pub name: Name,
    /// The header of the last block of this name.
    pub span: Option<Span>,
    /// What it is for.
    pub description: Rare<Option<Text>>,
    /// Targets that it takes attributes from.
    pub inherits: Rare<Vec<Text>>,
    /// `[type[platform],…:]key=value`
    pub annotations: Rare<Vec<Text>>,
    /// Attestations; one per type once resolved.
    pub attest: Rare<Vec<Entry>>,
    /// Directory or URL of the build context.
    pub context: Option<Text>,
    /// The context when there is none: set for paths relative to their file.
    pub default_context: Rare<Option<Text>>,
    /// The target whose `context` this target's `context` is, when it is written `target.NAME.context`.
    pub context_of: Option<Name>,
    /// Named contexts.
    pub contexts: TextMap,
    /// Path of the Dockerfile inside the context.
    pub dockerfile: Option<Text>,
    /// Text of the Dockerfile.
    pub dockerfile_inline: Rare<Option<Text>>,
    /// Build arguments.
    pub args: TextMap,
    /// Labels of the image's config.
    pub labels: TextMap,
    /// Image references.
    pub tags: Option<Vec<Text>>,
    /// Caches to read.
    pub cache_from: Rare<Vec<Entry>>,
    /// Caches to write.
    pub cache_to: Option<Vec<Entry>>,
    /// Stage of the Dockerfile to build.
    pub target: Rare<Option<Text>>,
    /// Secrets; one per id once resolved.
    pub secret: Rare<Vec<Secret>>,
    /// SSH agents and keys; one per id once resolved.
    pub ssh: Rare<Vec<Ssh>>,
    /// Platforms as written.
    pub platforms: Option<Vec<Text>>,
    /// What becomes of the result.
    pub output: Option<Vec<Entry>>,
    /// Whether base images are looked up again.
    pub pull: Option<bool>,
    /// Whether the build cache is left unused.
    pub no_cache: Option<bool>,
    /// Network mode of `RUN` steps.
    pub network: Rare<Option<Text>>,
    /// Stages built without cache.
    pub no_cache_filter: Rare<Vec<Text>>,
    /// Size of `/dev/shm`.
    pub shm_size: Rare<Option<Text>>,
    /// `type=soft[:hard]`
    pub ulimits: Rare<Vec<Text>>,
    /// Limits of `RUN` steps.
    pub resources: Option<Box<Resources>>,
    /// Frontend method instead of building.
    pub call: Rare<Option<Text>>,
    /// Privileges asked for.
    pub entitlements: Rare<Vec<Text>>,
    /// Entries of `/etc/hosts`: address by host.
    pub extra_hosts: TextMap,
    /// Source policies.
    pub policy: Rare<Vec<Policy>>,
    /// The marks of attributes that need not be in any of its texts.
    pub lost_marks: LostMarks,
    /// Whether it is built only because another target's context links to it.
    pub linked: bool,
}

impl Target {
    /// A target without attributes.
    #[must_use]
    pub fn new(name: impl Into<Name>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// A group of targets and groups.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Its name.
    pub name: Name,
    /// The header of the block; nothing for the group that a matrix makes.
    pub span: Option<Span>,
    /// What it is for.
    pub description: Option<Text>,
    /// The members; `null` is distinguished from an empty list when printed.
    pub targets: Option<Vec<Text>>,
    /// The marks of attributes that need not be in any of its texts.
    pub lost_marks: LostMarks,
}

impl Group {
    /// The members.
    #[must_use]
    pub fn members(&self) -> &[Text] {
        self.targets.as_deref().unwrap_or_default()
    }
}

/// The blocks of all files: same-named ones merged, in order of first appearance, before `inherits` is followed.
#[derive(Clone, Debug, Default)]
pub struct Definition {
    /// Groups by name; the user's first, then those that matrix labels make.
    pub groups: IndexMap<Name, Group>,
    /// The groups of matrix labels that a group block hides. Nothing reaches them, but they are listed.
    pub hidden: Vec<Group>,
    /// Targets by name, which for a matrix are the generated names.
    pub targets: IndexMap<Name, Box<Target>>,
    /// The services of Compose files that have no `build`, of which there are no targets.
    pub unbuilt: Vec<(Name, Span)>,
}

impl Definition {
    /// The texts of targets and groups that are made of secrets, which messages about them may quote.
    #[must_use]
    pub fn secret_texts(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        let mut look = |text: &Text| {
            if text.value.marks().secret().is_some() {
                secrets.push(text.to_string());
            }
        };
        for target in self.targets.values() {
            target.each_text(&mut |_, text| look(text));
        }
        for group in self.groups.values().chain(&self.hidden) {
            group.each_text(&mut |_, text| look(text));
        }
        secrets
    }

    /// Adds a target, merging it into one of the same name.
    pub fn add_target(&mut self, target: Target) {
        match self.targets.entry(Arc::clone(&target.name)) {
            Slot::Occupied(mut earlier) => {
                let earlier = earlier.get_mut();
                earlier.merge(&target);
                earlier.span = target.span.or(earlier.span);
            }
            Slot::Vacant(slot) => {
                slot.insert(Box::new(target));
            }
        }
    }

    /// Adds a group, each member once, replacing a group of the same name where it stands.
    pub fn add_group(&mut self, mut group: Group) {
        group.targets.iter_mut().for_each(first_by);
        self.groups.insert(Arc::clone(&group.name), group);
    }

    /// Adds the group that a matrix makes of its label; a group block of that name hides it. To be called after all
    /// group blocks are added.
    pub fn add_label_group(&mut self, label: &Name, members: &[Name]) {
        let members: IndexSet<&Name> = members.iter().collect();
        let targets = members
            .into_iter()
            .map(|name| Text { value: MarkedStr::verbatim(Arc::clone(name)), span: None })
            .collect();
        let group = Group { name: Arc::clone(label), targets: Some(targets), ..Group::default() };
        if self.groups.contains_key(label) {
            self.hidden.push(group);
        } else {
            self.groups.insert(Arc::clone(label), group);
        }
    }
}

/// What an invocation of Bake builds.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// The groups that the arguments reach, and `default`, which holds the arguments.
    pub groups: BTreeMap<Name, Group>,
    /// The targets asked for and those linked to.
    pub targets: BTreeMap<Name, Box<Target>>,
}

/// Keeps the first of equal strings and drops empty ones.
pub(super) fn unique_texts(list: &mut Vec<Text>) {
    list.retain(|text| !text.is_empty());
    first_by(list);
}

/// Keeps the first of equal strings. That there is but one of them depends on each, so it has the marks of all.
fn first_by(list: &mut Vec<Text>) {
    const FEW: usize = 8;
    if list.len() <= FEW {
        for at in (0..list.len()).rev() {
            if let Some(first) = list[..at].iter().position(|text| *text == list[at]) {
                let again = list.remove(at);
                list[first].mark(again.value.marks());
            }
        }
        return;
    }
    let mut places: BTreeMap<Name, usize> = BTreeMap::new();
    let mut kept: Vec<Text> = Vec::with_capacity(list.len());
    for text in list.drain(..) {
        match places.entry(Arc::clone(text.name())) {
            Place::Occupied(first) => kept[*first.get()].mark(text.value.marks()),
            Place::Vacant(slot) => {
                slot.insert(kept.len());
                kept.push(text);
            }
        }
    }
    *list = kept;
}

/// Keeps one item per key: the last, at the place of the first. That the others are gone depends on their keys.
pub(crate) fn last_by<T>(list: &mut Vec<T>, key: impl Fn(&mut T) -> Option<&mut Text>) {
    if list.len() < 2 {
        return;
    }
    let mut kept: IndexMap<Name, T> = IndexMap::new();
    for mut item in list.drain(..) {
        let name = key(&mut item).map_or_else(Name::default, |key| Arc::clone(key.name()));
        let marks = kept.get_mut(&name).and_then(&key).map(|earlier| earlier.value.marks().clone());
        if let Some((marks, key)) = marks.zip(key(&mut item)) {
            key.mark(&marks);
        }
        kept.insert(name, item);
    }
    list.extend(kept.into_values());
}

/// Removes equal entries in buildx's peculiar order (util/buildflags/utils.go): going backwards, a later equal entry
/// gives its place to the last one. The one that is left has the marks of all.
pub(crate) fn remove_duplicates(list: &mut Vec<Entry>) {
    if list.len() < 2 {
        return;
    }
    let key = |entry: &Entry| -> Vec<(Name, Name)> {
        entry.fields.iter().map(|(key, text)| (Arc::clone(key), Arc::clone(text.name()))).collect()
    };
    let mut places = BTreeMap::new();
    for index in (0..list.len()).rev() {
        if let Some(twin) = places.insert(key(&list[index]), index) {
            let Entry { fields, span: _ } = list.swap_remove(twin);
            for (own, theirs) in list[index].fields.values_mut().zip(fields.values()) {
                own.mark(theirs.value.marks());
            }
            if let Some(moved) = list.get(twin) {
                places.insert(key(moved), twin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[&str]) -> Vec<Text> {
        list.iter().map(|text| Text::verbatim(text)).collect()
    }

    fn strings(list: &[Text]) -> Vec<&str> {
        list.iter().map(Text::as_str).collect()
    }

    #[test]
    fn entries_lose_duplicates_in_the_order_of_buildx() {
        let cases = [
            ("a b a c d", "a b d c"),
            ("a a a", "a"),
            ("a b b a", "a b"),
            ("b a a", "b a"),
            ("a b c", "a b c"),
            ("a b c a b", "a b c"),
            ("x a b x c a", "x a b c"),
        ];
        for (input, expected) in cases {
            let mut list: Vec<_> = input.split(' ').map(Entry::of_type).collect();
            remove_duplicates(&mut list);
            let found: Vec<_> = list.iter().map(Entry::kind).collect();
            let mut naive: Vec<_> = input.split(' ').collect();
            for index in (0..naive.len() - 1).rev() {
                if let Some(twin) = (index + 1..naive.len()).find(|twin| naive[*twin] == naive[index]) {
                    naive.swap_remove(twin);
                }
            }
            assert_eq!(found, naive, "{input}");
            assert_eq!(found.join(" "), expected, "{input}");
        }
    }

    #[test]
    fn merging_replaces_appends_or_merges_by_attribute() {
        let mut parent = Target::new("p");
        parent.tags = Some(texts(&["a"]));
        parent.annotations = texts(&["x=1"]).into();
        parent.args = [("K".into(), "1".into()), ("L".into(), "1".into())].into();
        parent.description = Some("d".into()).into();
        parent.attest = vec![Entry::of_type("sbom"), Entry::of_type("provenance")].into();
        parent.resources = Some(Box::new(Resources { memory: Some("1g".into()), ..Resources::default() }));
        let mut child = Target::new("c");
        child.tags = Some(vec![]);
        child.annotations = texts(&["y=1", "x=1"]).into();
        child.args = [("K".into(), "2".into())].into();
        child.description = Some("".into()).into();
        child.attest = vec![Entry::of_type("sbom").with("generator", "g")].into();
        child.resources = Some(Box::new(Resources { cpu_shares: Some(2.into()), ..Resources::default() }));
        parent.merge(&child);
        parent.normalize();
        assert_eq!(&*parent.name, "p");
        assert_eq!(parent.tags, Some(vec![]));
        assert_eq!(strings(&parent.annotations), ["x=1", "y=1"]);
        assert_eq!(parent.args.values().map(Text::as_str).collect::<Vec<_>>(), ["2", "1"]);
        assert_eq!(*parent.description, Some("d".into()));
        assert_eq!(parent.attest[0].get("generator"), Some("g"));
        assert_eq!(parent.attest.len(), 2);
        let resources = parent.resources.unwrap();
        assert_eq!((resources.memory, resources.cpu_shares), (Some("1g".into()), Some(2.into())));
    }

    #[test]
    fn an_empty_list_of_tags_stays_set_and_one_of_outputs_does_not() {
        let mut target = Target::new("t");
        target.tags = Some(texts(&["", ""]));
        target.output = Some(vec![]);
        target.network = Some("host".into()).into();
        target.contexts = [("a".into(), "".into()), ("b".into(), "c".into())].into();
        target.normalize();
        assert_eq!(target.tags, Some(vec![]));
        assert_eq!(target.output, None);
        assert_eq!(strings(&target.entitlements), ["network.host"]);
        assert_eq!(target.contexts.len(), 1);
    }

    #[test]
    fn a_group_block_hides_the_group_of_a_matrix_and_replaces_an_earlier_block() {
        let group = |name: &str, member: &str| Group {
            name: name.into(),
            targets: Some(vec![member.into()]),
            ..Group::default()
        };
        let mut definition = Definition::default();
        definition.add_group(group("a", "1"));
        definition.add_group(group("b", "2"));
        definition.add_group(group("a", "3"));
        definition.add_label_group(&"b".into(), &["4".into()]);
        definition.add_label_group(&"m".into(), &["5".into(), "5".into()]);
        let found: Vec<_> =
            definition.groups.values().map(|g| format!("{}={}", g.name, g.members()[0])).collect();
        assert_eq!(found, ["a=3", "b=2", "m=5"]);
    }
}
