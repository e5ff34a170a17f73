//! Targets and groups as data, and how two definitions of one target merge.
//!
//! Fields and rules are those of `Target` in buildx's bake/bake.go.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use indexmap::map::Entry as Slot;
use indexmap::{IndexMap, IndexSet};

use super::textmap::TextMap;
use crate::bake::text::syntax::Name;
use crate::bake::values::Str;
use crate::source::Span;

/// A string with where it came from. Equality looks at the text alone.
#[derive(Clone, Debug)]
pub struct Text {
    /// The string, with its marks.
    pub value: Str,
    /// Its place in a file; absent for defaults and for the command line.
    pub span: Option<Span>,
}

impl Text {
    /// A string without a place, kept byte for byte: text of the command line is not normalised.
    #[must_use]
    pub fn verbatim(text: &str) -> Self {
        Self { value: Str::from(&Name::from(text)), span: None }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.value.as_str()
    }

    /// The text, shared.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.value.name()
    }

    /// Whether it is the empty string.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }

    /// Other text with this text's place and marks, such as a part of it.
    #[must_use]
    pub fn derive(&self, text: &str) -> Self {
        Self { value: Str::from(&Name::from(text)).marked(self.value.marks()), span: self.span }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::verbatim(text)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Text {}

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
#[expect(missing_docs, reason = "the names are those of docker run")]
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
    pub description: Option<Text>,
    /// Targets that it takes attributes from.
    pub inherits: Vec<Text>,
    /// `[type[platform],…:]key=value`
    pub annotations: Vec<Text>,
    /// Attestations; one per type once resolved.
    pub attest: Vec<Entry>,
    /// Directory or URL of the build context.
    pub context: Option<Text>,
    /// The context when there is none: set for paths relative to their file.
    pub default_context: Option<Text>,
    /// The target whose `context` this target's `context` is, when it is written `target.NAME.context`.
    pub context_of: Option<Name>,
    /// Named contexts.
    pub contexts: TextMap,
    /// Path of the Dockerfile inside the context.
    pub dockerfile: Option<Text>,
    /// Text of the Dockerfile.
    pub dockerfile_inline: Option<Text>,
    /// Build arguments.
    pub args: TextMap,
    /// Labels of the image's config.
    pub labels: TextMap,
    /// Image references.
    pub tags: Option<Vec<Text>>,
    /// Caches to read.
    pub cache_from: Vec<Entry>,
    /// Caches to write.
    pub cache_to: Option<Vec<Entry>>,
    /// Stage of the Dockerfile to build.
    pub target: Option<Text>,
    /// Secrets; one per id once resolved.
    pub secret: Vec<Secret>,
    /// SSH agents and keys; one per id once resolved.
    pub ssh: Vec<Ssh>,
    /// Platforms as written.
    pub platforms: Option<Vec<Text>>,
    /// What becomes of the result.
    pub output: Option<Vec<Entry>>,
    /// Whether base images are looked up again.
    pub pull: Option<bool>,
    /// Whether the build cache is left unused.
    pub no_cache: Option<bool>,
    /// Network mode of `RUN` steps.
    pub network: Option<Text>,
    /// Stages built without cache.
    pub no_cache_filter: Vec<Text>,
    /// Size of `/dev/shm`.
    pub shm_size: Option<Text>,
    /// `type=soft[:hard]`
    pub ulimits: Vec<Text>,
    /// Limits of `RUN` steps.
    pub resources: Option<Box<Resources>>,
    /// Frontend method instead of building.
    pub call: Option<Text>,
    /// Privileges asked for.
    pub entitlements: Vec<Text>,
    /// Entries of `/etc/hosts`: address by host.
    pub extra_hosts: TextMap,
    /// Source policies.
    pub policy: Vec<Policy>,
    /// Whether it is built only because another target's context links to it.
    pub linked: bool,
}

impl Target {
    /// A target without attributes.
    #[must_use]
    pub fn new(name: impl Into<Name>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Takes over `other`'s attributes, as a later block of the same name or a child does: values and some lists are
    /// replaced, other lists appended, maps merged by key. Name, place and `linked` stay.
    pub fn merge(&mut self, other: &Self) {
        let Self {
            name: _,
            span: _,
            linked: _,
            description,
            inherits,
            annotations,
            attest,
            context,
            default_context,
            context_of,
            contexts,
            dockerfile,
            dockerfile_inline,
            args,
            labels,
            tags,
            cache_from,
            cache_to,
            target,
            secret,
            ssh,
            platforms,
            output,
            pull,
            no_cache,
            network,
            no_cache_filter,
            shm_size,
            ulimits,
            resources,
            call,
            entitlements,
            extra_hosts,
            policy,
        } = other;
        replace(&mut self.default_context, default_context);
        if context.is_some() {
            self.context_of.clone_from(context_of);
        }
        if description.as_ref().is_some_and(|text| !text.is_empty()) {
            self.description.clone_from(description);
        }
        replace(&mut self.context, context);
        replace(&mut self.dockerfile, dockerfile);
        replace(&mut self.dockerfile_inline, dockerfile_inline);
        replace(&mut self.tags, tags);
        replace(&mut self.cache_to, cache_to);
        replace(&mut self.target, target);
        replace(&mut self.platforms, platforms);
        replace(&mut self.output, output);
        replace(&mut self.pull, pull);
        replace(&mut self.no_cache, no_cache);
        replace(&mut self.network, network);
        replace(&mut self.shm_size, shm_size);
        replace(&mut self.call, call);
        extend(&mut self.contexts, contexts);
        extend(&mut self.args, args);
        extend(&mut self.labels, labels);
        extend(&mut self.extra_hosts, extra_hosts);
        self.inherits.extend_from_slice(inherits);
        self.annotations.extend_from_slice(annotations);
        self.no_cache_filter.extend_from_slice(no_cache_filter);
        self.ulimits.extend_from_slice(ulimits);
        self.entitlements.extend_from_slice(entitlements);
        self.policy.extend_from_slice(policy);
        self.attest.extend_from_slice(attest);
        self.secret.extend_from_slice(secret);
        self.ssh.extend_from_slice(ssh);
        if !cache_from.is_empty() {
            self.cache_from.extend_from_slice(cache_from);
            // At every step, because removing duplicates reorders.
            remove_duplicates(&mut self.cache_from);
        }
        if let Some(theirs) = resources {
            self.resources.get_or_insert_default().merge(theirs);
        }
    }

    /// Brings lists into their final form: no duplicates, no empty strings.
    pub fn normalize(&mut self) {
        let Self {
            annotations,
            no_cache_filter,
            ulimits,
            tags,
            platforms,
            attest,
            secret,
            ssh,
            cache_from,
            cache_to,
            output,
            network,
            entitlements,
            contexts,
            name: _,
            span: _,
            linked: _,
            description: _,
            inherits: _,
            context: _,
            default_context: _,
            context_of: _,
            dockerfile: _,
            dockerfile_inline: _,
            args: _,
            labels: _,
            target: _,
            pull: _,
            no_cache: _,
            shm_size: _,
            resources: _,
            call: _,
            extra_hosts: _,
            policy: _,
        } = self;
        for list in [annotations, no_cache_filter, ulimits] {
            unique_texts(list);
        }
        for list in [tags, platforms].into_iter().flatten() {
            unique_texts(list);
        }
        last_by(attest, |entry| entry.kind().into());
        last_by(secret, |secret| Rc::clone(secret.id.name()));
        last_by(ssh, |ssh| Rc::clone(ssh.id.name()));
        remove_duplicates(cache_from);
        for list in [cache_to, output] {
            // An empty list counts as unset from here on, unlike that of tags and platforms.
            *list = list.take().filter(|entries| !entries.is_empty());
            list.iter_mut().for_each(remove_duplicates);
        }
        if network.as_ref().is_some_and(|mode| mode.as_str() == "host") {
            entitlements.push(Text::verbatim("network.host"));
        }
        unique_texts(entitlements);
        contexts.retain(|_, value| !value.is_empty());
    }

    /// Calls `visit` with every string of the target and the attribute it belongs to. Numbers count as their text; the
    /// key of a map has its marks on its value. What is left out can only have one of a few known values.
    pub fn each_text(&self, visit: &mut impl FnMut(&str, &Text)) {
        let Self {
            name: _,
            span: _,
            linked: _,
            context_of: _,
            pull: _,
            no_cache: _,
            description,
            inherits,
            annotations,
            attest,
            context,
            default_context,
            contexts,
            dockerfile,
            dockerfile_inline,
            args,
            labels,
            tags,
            cache_from,
            cache_to,
            target,
            secret,
            ssh,
            platforms,
            output,
            network,
            no_cache_filter,
            shm_size,
            ulimits,
            resources,
            call,
            entitlements,
            extra_hosts,
            policy,
        } = self;
        let single = [
            ("description", description),
            ("context", context),
            ("context", default_context),
            ("dockerfile", dockerfile),
            ("dockerfile-inline", dockerfile_inline),
            ("target", target),
            ("network", network),
            ("shm-size", shm_size),
            ("call", call),
        ];
        for (attribute, text) in single {
            text.iter().for_each(|text| visit(attribute, text));
        }
        let lists = [
            ("inherits", &**inherits),
            ("annotations", annotations),
            ("tags", tags.as_deref().unwrap_or_default()),
            ("platforms", platforms.as_deref().unwrap_or_default()),
            ("no-cache-filter", no_cache_filter),
            ("ulimits", ulimits),
            ("entitlements", entitlements),
        ];
        for (attribute, texts) in lists {
            texts.iter().for_each(|text| visit(attribute, text));
        }
        let maps = [("args", args), ("labels", labels), ("contexts", contexts), ("extra-hosts", extra_hosts)];
        for (attribute, texts) in maps {
            texts.values().for_each(|text| visit(attribute, text));
        }
        let entries = [
            ("attest", &**attest),
            ("cache-from", cache_from),
            ("cache-to", cache_to.as_deref().unwrap_or_default()),
            ("output", output.as_deref().unwrap_or_default()),
        ];
        for (attribute, entries) in entries {
            for Entry { fields, span: _ } in entries {
                fields.values().for_each(|text| visit(attribute, text));
            }
        }
        for Secret { id, src, env, span: _ } in secret {
            std::iter::once(id).chain(src).chain(env).for_each(|text| visit("secret", text));
        }
        for Ssh { id, paths, span: _ } in ssh {
            std::iter::once(id).chain(paths).for_each(|text| visit("ssh", text));
        }
        for Policy { files, reset: _, disabled: _, strict: _, log_level: _, span: _ } in policy {
            files.iter().for_each(|text| visit("policy", text));
        }
        if let Some(resources) = resources {
            resources.each_text(&mut |text| visit("resources", text));
        }
    }

    /// How many elements its lists and maps have, and a few for itself, which is what copying it costs.
    #[must_use]
    pub fn weight(&self) -> usize {
        let Self {
            inherits,
            annotations,
            attest,
            contexts,
            args,
            labels,
            tags,
            cache_from,
            cache_to,
            secret,
            ssh,
            platforms,
            output,
            no_cache_filter,
            ulimits,
            entitlements,
            extra_hosts,
            policy,
            name: _,
            span: _,
            linked: _,
            description: _,
            context: _,
            default_context: _,
            context_of: _,
            dockerfile: _,
            dockerfile_inline: _,
            target: _,
            pull: _,
            no_cache: _,
            network: _,
            shm_size: _,
            resources: _,
            call: _,
        } = self;
        let texts = [inherits, annotations, no_cache_filter, ulimits, entitlements];
        let texts = texts.into_iter().chain(tags).chain(platforms).map(Vec::len);
        let maps = [contexts, args, labels, extra_hosts].map(TextMap::len);
        let entries = [attest, cache_from].into_iter().chain(cache_to).chain(output).flatten();
        4 + texts.sum::<usize>()
            + maps.iter().sum::<usize>()
            + entries.map(|entry| 1 + entry.fields.len()).sum::<usize>()
            + secret.len()
            + ssh.iter().map(|ssh| 1 + ssh.paths.len()).sum::<usize>()
            + policy.iter().map(|policy| 1 + policy.files.len()).sum::<usize>()
    }
}

impl Resources {
    fn merge(&mut self, other: &Self) {
        let Self { memory, memory_swap, cpu_shares, cpu_period, cpu_quota, cpuset_cpus, cpuset_mems } = other;
        replace(&mut self.memory, memory);
        replace(&mut self.memory_swap, memory_swap);
        replace(&mut self.cpu_shares, cpu_shares);
        replace(&mut self.cpu_period, cpu_period);
        replace(&mut self.cpu_quota, cpu_quota);
        replace(&mut self.cpuset_cpus, cpuset_cpus);
        replace(&mut self.cpuset_mems, cpuset_mems);
    }

    fn each_text(&self, visit: &mut impl FnMut(&Text)) {
        let Self { memory, memory_swap, cpu_shares, cpu_period, cpu_quota, cpuset_cpus, cpuset_mems } = self;
        let texts = [memory, memory_swap, cpuset_cpus, cpuset_mems].into_iter().flatten();
        let numbers = [cpu_shares, cpu_period, cpu_quota].into_iter().flatten();
        texts.chain(numbers.map(|number| &number.text)).for_each(visit);
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
    /// The members; `null` is told from an empty list when printed.
    pub targets: Option<Vec<Text>>,
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
}

impl Definition {
    /// Adds a target, merging it into one of the same name.
    pub fn add_target(&mut self, target: Target) {
        match self.targets.entry(Rc::clone(&target.name)) {
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
        let mut seen = IndexSet::new();
        group.targets.iter_mut().for_each(|list| list.retain(|text| seen.insert(Rc::clone(text.name()))));
        self.groups.insert(Rc::clone(&group.name), group);
    }

    /// Adds the group that a matrix makes of its label; a group block of that name hides it. To be called after all
    /// group blocks are added.
    pub fn add_label_group(&mut self, label: &Name, members: &[Name]) {
        let members: IndexSet<&Name> = members.iter().collect();
        let targets = members.into_iter().map(|name| Text { value: name.into(), span: None }).collect();
        let group = Group { name: Rc::clone(label), targets: Some(targets), ..Group::default() };
        if self.groups.contains_key(label) {
            self.hidden.push(group);
        } else {
            self.groups.insert(Rc::clone(label), group);
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

fn replace<T: Clone>(own: &mut Option<T>, other: &Option<T>) {
    if other.is_some() {
        own.clone_from(other);
    }
}

fn extend(own: &mut TextMap, other: &TextMap) {
    own.extend(other.iter().map(|(key, value)| (Rc::clone(key), value.clone())));
}

/// Keeps the first of equal strings and drops empty ones.
pub(super) fn unique_texts(list: &mut Vec<Text>) {
    const FEW: usize = 8;
    if list.len() <= FEW {
        for at in (0..list.len()).rev() {
            if list[at].is_empty() || list[..at].contains(&list[at]) {
                list.remove(at);
            }
        }
        return;
    }
    let mut seen = BTreeSet::new();
    list.retain(|text| !text.is_empty() && seen.insert(Rc::clone(text.name())));
}

/// Keeps one item per key: the last, at the place of the first.
pub(crate) fn last_by<T>(list: &mut Vec<T>, key: impl Fn(&T) -> Name) {
    if list.len() < 2 {
        return;
    }
    let mut kept: IndexMap<Name, T> = IndexMap::new();
    for item in list.drain(..) {
        kept.insert(key(&item), item);
    }
    list.extend(kept.into_values());
}

/// Removes equal entries in buildx's peculiar order (util/buildflags/utils.go): going backwards, a later equal entry
/// gives its place to the last one.
pub(crate) fn remove_duplicates(list: &mut Vec<Entry>) {
    if list.len() < 2 {
        return;
    }
    let key = |entry: &Entry| -> Vec<(Name, Name)> {
        entry.fields.iter().map(|(key, text)| (Rc::clone(key), Rc::clone(text.name()))).collect()
    };
    let mut places = BTreeMap::new();
    for index in (0..list.len()).rev() {
        if let Some(twin) = places.insert(key(&list[index]), index) {
            list.swap_remove(twin);
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
        parent.annotations = texts(&["x=1"]);
        parent.args = [("K".into(), "1".into()), ("L".into(), "1".into())].into();
        parent.description = Some("d".into());
        parent.attest = vec![Entry::of_type("sbom"), Entry::of_type("provenance")];
        parent.resources = Some(Box::new(Resources { memory: Some("1g".into()), ..Resources::default() }));
        let mut child = Target::new("c");
        child.tags = Some(vec![]);
        child.annotations = texts(&["y=1", "x=1"]);
        child.args = [("K".into(), "2".into())].into();
        child.description = Some("".into());
        child.attest = vec![Entry::of_type("sbom").with("generator", "g")];
        child.resources = Some(Box::new(Resources { cpu_shares: Some(2.into()), ..Resources::default() }));
        parent.merge(&child);
        parent.normalize();
        assert_eq!(&*parent.name, "p");
        assert_eq!(parent.tags, Some(vec![]));
        assert_eq!(strings(&parent.annotations), ["x=1", "y=1"]);
        assert_eq!(parent.args.values().map(Text::as_str).collect::<Vec<_>>(), ["2", "1"]);
        assert_eq!(parent.description, Some("d".into()));
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
        target.network = Some("host".into());
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
