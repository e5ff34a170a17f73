//! The attributes of a target and of a group and the limits of `resources`, declared once: whatever lists them walks
//! these tables.
//!
//! A row names the attribute, its field and its kind; the kind says how it is read, merged, walked, shown and printed.
//! A field without a row does not compile, and neither does a kind that one of the walks leaves out.

use super::definition::{Entry, Group, Policy, Resources, Secret, Ssh, Target, Whole};
use super::reach::Reach;
use super::text::Text;
use super::textmap::TextMap;

/// Where an `O` has its `T`.
pub(crate) struct Field<O, T> {
    /// Looks at it.
    pub get: fn(&O) -> &T,
    /// Changes it.
    pub get_mut: fn(&mut O) -> &mut T,
}

type Of<T> = Field<Target, T>;

/// An attribute of a `target` block.
pub(crate) struct TargetAttribute {
    /// Its name in a Bake file.
    pub name: &'static str,
    /// What it holds, and where.
    pub kind: AttributeKind,
    /// When template markers in it are escaped where it is printed.
    pub escape: Escape,
    /// What `--set` does with it.
    pub set: SetKey,
    /// Whether it decides what is built, so that no part of it may be left to the build (`--keep-variable`). For some
    /// kinds only part of a value does.
    pub decides: bool,
    /// The committed files in which it shows.
    pub reach: Reach,
    /// What each of its strings must be. Elements that have fields are checked by their kind.
    pub form: TextForm,
}

/// What an attribute holds.
pub(crate) enum AttributeKind {
    /// A string, or null; a later one replaces it.
    Text(Of<Option<Text>>),
    /// A string, which is never null; an empty one says nothing.
    Description(Of<Option<Text>>),
    /// The build context, which may be another target's.
    Context(Of<Option<Text>>),
    /// Strings; a later list replaces it, and empty differs from unset.
    List(Of<Option<Vec<Text>>>),
    /// Strings; a later list is appended, and each counts once.
    Texts(Of<Vec<Text>>),
    /// The names of targets that attributes are taken from.
    Inherits(Of<Vec<Text>>),
    /// `[type[platform],…:]key=value`, appended.
    Annotations(Of<Vec<Text>>),
    /// Strings by key, merged by key; null leaves a key out.
    Map(Of<TextMap>),
    /// The same, where the value of a key that looks secret is a secret on the command line.
    Args(Of<TextMap>),
    /// The same, where no value is null and an empty one takes the key away.
    Contexts(Of<TextMap>),
    /// Attestations, appended; the last of each type counts.
    Attestations(Of<Vec<Entry>>),
    /// Caches to read, appended.
    CachesFrom(Of<Vec<Entry>>),
    /// Caches to write; a later list replaces it.
    CachesTo(Of<Option<Vec<Entry>>>),
    /// Outputs; a later list replaces it.
    Outputs(Of<Option<Vec<Entry>>>),
    /// True, false or null; a later one replaces it.
    Flag(Of<Option<bool>>),
    /// Secrets, appended; the last of each id counts.
    Secrets(Of<Vec<Secret>>),
    /// SSH agents and keys, appended; the last of each id counts.
    Ssh(Of<Vec<Ssh>>),
    /// Source policies, appended.
    Policies(Of<Vec<Policy>>),
    /// Limits, merged one by one.
    Limits(Of<Option<Box<Resources>>>),
}

/// What a string must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextForm {
    /// Anything.
    Any,
    /// A place to read from that is not standard input.
    Place,
    /// A size in bytes.
    Size,
    /// The same, perhaps between spaces.
    Memory,
    /// The same, or `-1` for as much as there is.
    Swap,
    /// A platform.
    Platform,
    /// `[type[platform],…:]key=value`
    Annotation,
    /// `type=soft[:hard]`
    Ulimit,
}

/// When template markers are escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escape {
    /// Where buildx does it too.
    Always,
    /// Where only a file that is read back needs it.
    AsRead,
}

/// What `--set` does with an attribute.
pub(crate) enum SetKey {
    /// It sets it, under a key of the same name.
    Same,
    /// It sets it, under this key.
    Named(&'static str),
    /// It only ever empties it: buildx reads the value from the wrong place (`newOverrides` and `AddOverrides` in
    /// bake/bake.go).
    Empties(fn(&mut Target)),
    /// It has no key for it.
    None,
}

/// A limit of `resources`.
pub(crate) struct Limit {
    /// Its name in a Bake file.
    pub name: &'static str,
    /// What it holds, and where.
    pub kind: LimitKind,
    /// What it must be as text.
    pub form: TextForm,
}

/// What a limit holds.
pub(crate) enum LimitKind {
    /// A size, or a list of processors.
    Text(Field<Resources, Option<Text>>),
    /// A whole number.
    Whole(Field<Resources, Option<Whole>>),
}

/// An attribute of a `group` block.
pub(crate) struct GroupAttribute {
    /// Its name in a Bake file.
    pub name: &'static str,
    /// What it holds, and where.
    pub kind: GroupAttributeKind,
    /// The committed files in which it shows.
    pub reach: Reach,
}

/// What an attribute of a group holds.
pub(crate) enum GroupAttributeKind {
    /// A string, which is never null; an empty one says nothing.
    Description(Field<Group, Option<Text>>),
    /// The names of targets and groups; every group has them.
    Members(Field<Group, Option<Vec<Text>>>),
}

/// A table over the fields of a struct, and a walk through it. Its second part has the fields without a row: with both,
/// the struct is taken apart whole.
macro_rules! table {
    (
        $(#[$doc:meta])* $table:ident, $walk:ident: $Row:ident of $Owner:ident;
        $($name:literal => $field:ident: $Kind:ident::$variant:ident $({ $($column:ident: $value:expr),* })?,)*
        without $($other:ident),*
    ) => {
        $(#[$doc])*
        pub(crate) const $table: &[$Row] = &[$($Row {
            name: $name,
            kind: $Kind::$variant(Field { get: |owner| &owner.$field, get_mut: |owner| &mut owner.$field }),
            $($($column: $value),*)?
        }),*];

        const _: fn($Owner) = |$Owner { $($field: _,)* $($other: _),* }| ();

        /// Calls `visit` with each row of the table, in order. There may be very many owners: a `visit` that is inlined
        /// knows its row when it is compiled, and is as quick as code written for each field.
        #[inline(always)]
        pub(crate) fn $walk(mut visit: impl FnMut(&'static $Row)) {
            let [$($field),*] = $table else { return };
            $(visit($field);)*
        }
    };
}

table! {
    /// The attributes of a `target` block in the order of the fields of buildx's `Target` (bake/bake.go), but for `name`
    /// and `matrix`, which say how many targets it makes.
    TARGET_ATTRIBUTES, each_attribute: TargetAttribute of Target;
    "description" => description: AttributeKind::Description { escape: Escape::AsRead, set: SetKey::None, decides: false, reach: Reach::BakeFile, form: TextForm::Any },
    "inherits" => inherits: AttributeKind::Inherits { escape: Escape::AsRead, set: SetKey::None, decides: true, reach: Reach::Both, form: TextForm::Any },
    "annotations" => annotations: AttributeKind::Annotations { escape: Escape::Always, set: SetKey::Same, decides: true, reach: Reach::BakeFile, form: TextForm::Annotation },
    "attest" => attest: AttributeKind::Attestations { escape: Escape::AsRead, set: SetKey::Same, decides: true, reach: Reach::BakeFile, form: TextForm::Any },
    "context" => context: AttributeKind::Context { escape: Escape::AsRead, set: SetKey::Same, decides: true, reach: Reach::BakeFile, form: TextForm::Place },
    "contexts" => contexts: AttributeKind::Contexts { escape: Escape::AsRead, set: SetKey::Same, decides: true, reach: Reach::BakeFile, form: TextForm::Any },
    "dockerfile" => dockerfile: AttributeKind::Text { escape: Escape::AsRead, set: SetKey::Same, decides: false, reach: Reach::BakeFile, form: TextForm::Place },
    "dockerfile-inline" => dockerfile_inline: AttributeKind::Text { escape: Escape::Always, set: SetKey::None, decides: false, reach: Reach::BakeFile, form: TextForm::Any },
    "args" => args: AttributeKind::Args { escape: Escape::Always, set: SetKey::Same, decides: false, reach: Reach::BakeFile, form: TextForm::Any },
    "labels" => labels: AttributeKind::Map { escape: Escape::Always, set: SetKey::Same, decides: false, reach: Reach::BakeFile, form: TextForm::Any },
    "tags" => tags: AttributeKind::List { escape: Escape::AsRead, set: SetKey::Same, decides: true, reach: Reach::Both, form: TextForm::Any },
    "cache-from" => cache_from: AttributeKind::CachesFrom { escape: Escape::AsRead, set: SetKey::Same, decides: true, reach: Reach::BakeFile, form: TextForm::Any },
    "cache-to" => cache_to: AttributeKind::CachesTo { escape: Escape::AsRead, set: SetKey::Same, decides: true, reach: Reach::BakeFile, form: TextForm::Any },
    "target" => target: AttributeKind::Text { escape: Escape::AsRead, set: SetKey::Same, decides: false, reach: Reach::BakeFile, form: TextForm::Any },
    "secret" => secret: AttributeKind::Secrets { escape: Escape::AsRead, set: SetKey::Named("secrets"), decides: true, reach: Reach::BakeFile, form: TextForm::Any },
    "ssh" => ssh: AttributeKind::Ssh { escape: Escape::AsRead, set: SetKey::Same, decides: true, reach: Reach::BakeFile, form: TextForm::Any },
    "platforms" => platforms: AttributeKind::List { escape: Escape::AsRead, set: SetKey::Named("platform"), decides: true, reach: Reach::Both, form: TextForm::Platform },
    "output" => output: AttributeKind::Outputs { escape: Escape::AsRead, set: SetKey::Same, decides: true, reach: Reach::Both, form: TextForm::Any },
    "pull" => pull: AttributeKind::Flag { escape: Escape::AsRead, set: SetKey::Same, decides: false, reach: Reach::BakeFile, form: TextForm::Any },
    "no-cache" => no_cache: AttributeKind::Flag { escape: Escape::AsRead, set: SetKey::Same, decides: false, reach: Reach::BakeFile, form: TextForm::Any },
    // The host's network is an entitlement.
    "network" => network: AttributeKind::Text { escape: Escape::AsRead, set: SetKey::Empties(|target| target.network = Some(Text::verbatim("")).into()), decides: true, reach: Reach::BakeFile, form: TextForm::Any },
    "no-cache-filter" => no_cache_filter: AttributeKind::Texts { escape: Escape::AsRead, set: SetKey::Empties(|target| target.no_cache_filter.clear()), decides: false, reach: Reach::BakeFile, form: TextForm::Any },
    "shm-size" => shm_size: AttributeKind::Text { escape: Escape::AsRead, set: SetKey::Same, decides: false, reach: Reach::BakeFile, form: TextForm::Size },
    "ulimits" => ulimits: AttributeKind::Texts { escape: Escape::AsRead, set: SetKey::Empties(|target| target.ulimits.clear()), decides: false, reach: Reach::BakeFile, form: TextForm::Ulimit },
    "resources" => resources: AttributeKind::Limits { escape: Escape::AsRead, set: SetKey::Same, decides: false, reach: Reach::BakeFile, form: TextForm::Any },
    "call" => call: AttributeKind::Text { escape: Escape::AsRead, set: SetKey::Same, decides: false, reach: Reach::BakeFile, form: TextForm::Any },
    "entitlements" => entitlements: AttributeKind::Texts { escape: Escape::AsRead, set: SetKey::Same, decides: true, reach: Reach::BakeFile, form: TextForm::Any },
    "extra-hosts" => extra_hosts: AttributeKind::Map { escape: Escape::Always, set: SetKey::Same, decides: false, reach: Reach::BakeFile, form: TextForm::Any },
    "policy" => policy: AttributeKind::Policies { escape: Escape::AsRead, set: SetKey::Same, decides: true, reach: Reach::BakeFile, form: TextForm::Any },
    without name, span, linked, lost_marks, default_context, context_of
}

table! {
    /// The limits of `resources`, in the order in which buildx prints them.
    LIMITS, each_limit: Limit of Resources;
    "memory" => memory: LimitKind::Text { form: TextForm::Memory },
    "memory-swap" => memory_swap: LimitKind::Text { form: TextForm::Swap },
    "cpu-shares" => cpu_shares: LimitKind::Whole { form: TextForm::Any },
    "cpu-period" => cpu_period: LimitKind::Whole { form: TextForm::Any },
    "cpu-quota" => cpu_quota: LimitKind::Whole { form: TextForm::Any },
    "cpuset-cpus" => cpuset_cpus: LimitKind::Text { form: TextForm::Any },
    "cpuset-mems" => cpuset_mems: LimitKind::Text { form: TextForm::Any },
    without
}

table! {
    /// The attributes of a `group` block, in the order in which buildx prints them.
    GROUP_ATTRIBUTES, each_group_attribute: GroupAttribute of Group;
    "description" => description: GroupAttributeKind::Description { reach: Reach::BakeFile },
    // What a group has decides which images there are.
    "targets" => targets: GroupAttributeKind::Members { reach: Reach::Both },
    without name, span, lost_marks
}

/// The names in a table, in its order.
macro_rules! names {
    ($table:ident) => {{
        let mut names = [""; $table.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = $table[at].name;
            at += 1;
        }
        names
    }};
}

/// The names of the attributes of a `target` block, in the order of their table.
pub const TARGET_NAMES: [&str; TARGET_ATTRIBUTES.len()] = names!(TARGET_ATTRIBUTES);

/// The names of the attributes of a `group` block, in the order of their table.
pub const GROUP_NAMES: [&str; GROUP_ATTRIBUTES.len()] = names!(GROUP_ATTRIBUTES);

/// The names of the attributes of a `target` or `group` block.
pub(crate) fn names_of(block: &str) -> &'static [&'static str] {
    if block == "group" { &GROUP_NAMES } else { &TARGET_NAMES }
}

impl TargetAttribute {
    /// The attribute of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        TARGET_ATTRIBUTES.iter().find(|attribute| attribute.name == name)
    }

    /// The attribute that this key of `--set` is for.
    pub(crate) fn set_by(key: &str) -> Option<&'static Self> {
        TARGET_ATTRIBUTES.iter().find(|attribute| attribute.key() == Some(key))
    }

    /// Its key in `--set`.
    pub(crate) fn key(&self) -> Option<&'static str> {
        match self.set {
            SetKey::Same | SetKey::Empties(_) => Some(self.name),
            SetKey::Named(key) => Some(key),
            SetKey::None => None,
        }
    }
}

impl GroupAttribute {
    /// The attribute of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        GROUP_ATTRIBUTES.iter().find(|attribute| attribute.name == name)
    }

    /// Whether a block must set it.
    pub(crate) fn is_needed(&self) -> bool {
        matches!(self.kind, GroupAttributeKind::Members(_))
    }
}
