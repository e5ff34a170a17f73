//! Applies what the command line says about targets: `--set`, and the flags that are short for it.
//!
//! Follows `newOverrides` and `AddOverrides` of buildx's bake/bake.go, with the three keys that have no effect but to
//! empty their attribute (`network`, `no-cache-filter`, `ulimits`), since `bakeplan` and buildx must agree.

pub(crate) mod counted;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::attributes::{AttributeKind, LIMITS, LimitKind, SetKey, TARGET_ATTRIBUTES, TargetAttribute};
use super::definition::{Definition, Entry, Policy, Resources, Target, Whole};
use super::flags::{self, FlagError};
use super::text::Text;
use crate::bake::values::{MarkedStr, Name, SecretNames};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, names_help, suggest};
use crate::glob::Glob;

const LOAD: &str = "load";
const PUSH: &str = "push";
const SECRET: &str = "secret";

/// Keys of `--set` that do not belong to a single attribute.
const OTHER_KEYS: [&str; 3] = [LOAD, PUSH, SECRET];

/// The keys of `--set`.
pub(crate) fn keys() -> impl Iterator<Item = &'static str> + Clone {
    OTHER_KEYS.into_iter().chain(TARGET_ATTRIBUTES.iter().filter_map(TargetAttribute::key))
}

/// Looks up an environment variable.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<MarkedStr>;

/// Changes to targets that match patterns, in the order given.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    sets: Vec<Set>,
    policy_disabled: bool,
}

/// Flags of `docker buildx bake` that change targets.
#[derive(Clone, Debug, Default)]
#[allow(clippy::missing_docs_in_private_items, reason = "the names are those of the flags")]
pub struct Flags {
    pub push: bool,
    pub load: bool,
    pub call: Option<String>,
    pub no_cache: Option<bool>,
    pub pull: Option<bool>,
    pub sbom: Option<String>,
    pub provenance: Option<String>,
    pub policy: Vec<String>,
}

/// `pattern.key[.rest][+]=value`
#[derive(Clone, Debug)]
struct Set {
    /// The flag without its value, for errors.
    written: Arc<str>,
    pattern: String,
    /// The key, with the rest after its dot.
    key: Name,
    value: Assigned,
    append: bool,
}

#[derive(Clone, Debug)]
enum Assigned {
    Value(Text),
    /// `args.X` without a value, and no variable of that name: nothing happens.
    Nothing,
    /// `args.X` without a value where variables are not looked up: what an earlier flag said, or else empty.
    Kept,
}

/// All that is said about one key of one target.
#[derive(Clone, Debug)]
pub(super) struct Override {
    written: Arc<str>,
    value: Text,
    list: Vec<Text>,
    append: bool,
}

/// What is said about one target, by key.
pub(super) type TargetOverrides = BTreeMap<Name, Override>;

/// How a key takes its values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taking {
    /// The last one counts.
    Last,
    /// All count.
    All,
    /// The last one for each name counts.
    Named,
    /// Likewise, and none is appended to what is there.
    NamedOnly,
}

impl Taking {
    /// That of a key, given without its name.
    fn of(root: &str) -> Self {
        if root == SECRET {
            return Self::NamedOnly;
        }
        let Some(attribute) = TargetAttribute::set_by(root) else { return Self::Last };
        match &attribute.kind {
            AttributeKind::List(_)
            | AttributeKind::Texts(_)
            | AttributeKind::Inherits(_)
            | AttributeKind::Annotations(_)
            | AttributeKind::Attestations(_)
            | AttributeKind::CachesFrom(_)
            | AttributeKind::CachesTo(_)
            | AttributeKind::Outputs(_)
            | AttributeKind::Secrets(_)
            | AttributeKind::Ssh(_)
            | AttributeKind::Policies(_) => Self::All,
            AttributeKind::Args(_) | AttributeKind::Contexts(_) => Self::Named,
            AttributeKind::Limits(_) => Self::NamedOnly,
            AttributeKind::Text(_)
            | AttributeKind::Description(_)
            | AttributeKind::Context(_)
            | AttributeKind::Flag(_)
            // Whether it has a name is only looked at where it is applied, as in buildx.
            | AttributeKind::Map(_) => Self::Last,
        }
    }
}

/// A key's part before the first dot, and what comes after it.
fn split_key(key: &str) -> (&str, Option<&str>) {
    key.split_once('.').map_or((key, None), |(root, rest)| (root, Some(rest)))
}

impl Overrides {
    /// The same, in which build arguments have the marks of the variables that they are named after.
    #[must_use]
    pub fn with_secrets(mut self, secrets: &SecretNames) -> Self {
        for set in &mut self.sets {
            if let (("args", Some(name)), Assigned::Value(text)) = (split_key(&set.key), &mut set.value) {
                text.value = text.value.clone().marked(&secrets.marks(name, text.as_str()));
            }
        }
        self
    }

    /// Reads values of `--set`. `env` serves `args.X` without a value; `None` when variables are not to be looked up
    /// (`BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP`).
    ///
    /// # Errors
    /// Each value that breaks the grammar. Whether its key and its value mean something is only found out when a target
    /// is resolved that it applies to, as in buildx.
    pub fn parse(sets: &[String], env: Option<Lookup<'_>>) -> Result<Self, Vec<Diagnostic>> {
        let (mut parsed, mut diagnostics) = (vec![], Diagnostics::default());
        for set in sets {
            match parse_set(set, env) {
                Ok(set) => parsed.push(set),
                Err(diagnostic) => diagnostics.report(*diagnostic),
            }
        }
        diagnostics.check()?;
        Ok(Self { sets: parsed, policy_disabled: false })
    }

    /// Adds what the other flags say; it comes after what `--set` says.
    ///
    /// # Errors
    /// A value of `--call` or `--policy` that cannot be read.
    pub fn with_flags(mut self, flags: &Flags) -> Result<Self, Vec<Diagnostic>> {
        let mut diagnostics = Diagnostics::default();
        let fail =
            |flag: &str, error: FlagError| Diagnostic::error(Code::FLAG_VALUE, format!("`{flag}`: {error}"));
        if flags.push {
            self.all(PUSH, "true", "--push");
        }
        if flags.load {
            self.all(LOAD, "true", "--load");
        }
        match flags::call_method(flags.call.as_deref().unwrap_or_default()) {
            Ok(Some(method)) => self.all("call", &method, "--call"),
            Ok(None) => {}
            Err(error) => diagnostics.report(fail("--call", error)),
        }
        if let Some(no_cache) = flags.no_cache {
            self.all("no-cache", &no_cache.to_string(), "--no-cache");
        }
        if let Some(pull) = flags.pull {
            self.all("pull", &pull.to_string(), "--pull");
        }
        for (kind, value) in [("sbom", &flags.sbom), ("provenance", &flags.provenance)] {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                self.all("attest", &flags::canonical_attestation(kind, value), &format!("--{kind}={value}"));
            }
        }
        match policy_is_disabled(&flags.policy) {
            Ok(true) => self.policy_disabled = true,
            Ok(false) => flags.policy.iter().for_each(|policy| self.all("policy", policy, "--policy")),
            Err(error) => diagnostics.report(fail("--policy", error)),
        }
        diagnostics.check()?;
        Ok(self)
    }

    /// Adds an override of every target.
    fn all(&mut self, key: &str, value: &str, written: &str) {
        self.sets.push(Set {
            written: written.into(),
            pattern: "*".into(),
            key: key.into(),
            value: Assigned::Value(Text::verbatim(value)),
            append: key == "policy",
        });
    }

    /// Whether `--policy disabled=true` replaces the policies of every target.
    pub(super) fn policy_is_disabled(&self) -> bool {
        self.policy_disabled
    }

    /// What is said about each target.
    ///
    /// # Errors
    /// Each pattern that matches no target or breaks the syntax.
    pub(super) fn by_target(
        &self,
        definition: &Definition,
    ) -> Result<BTreeMap<Name, TargetOverrides>, Vec<Diagnostic>> {
        let mut by_target: BTreeMap<Name, TargetOverrides> = BTreeMap::new();
        let mut diagnostics = Diagnostics::default();
        for set in &self.sets {
            match set.targets(definition) {
                Err(diagnostic) => diagnostics.report(*diagnostic),
                Ok(names) => {
                    for name in names {
                        set.add_to(by_target.entry(name).or_default());
                    }
                }
            }
        }
        diagnostics.check()?;
        Ok(by_target)
    }
}

fn bad_key(set: &str, problem: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::OVERRIDE_KEY, format!("`--set {set}`: {problem}")).with_help(
        "the form is `pattern.key=value`, such as `*.platform=linux/arm64` or `app.args.NAME=value`",
    ))
}

fn parse_set(set: &str, env: Option<Lookup<'_>>) -> Result<Set, Box<Diagnostic>> {
    let (left, value) = set.split_once('=').map_or((set, None), |(left, value)| (left, Some(value)));
    let append = left.ends_with('+');
    let path = left.strip_suffix('+').unwrap_or(left);
    let Some((pattern, key)) = path.split_once('.') else {
        return Err(bad_key(left, "no key after the target"));
    };
    let (root, rest) = split_key(key);
    if value.is_none() && root != "args" {
        return Err(bad_key(left, "no value"));
    }
    let taking = Taking::of(root);
    if rest.is_none() && matches!(taking, Taking::Named | Taking::NamedOnly) {
        return Err(bad_key(left, &format!("`{root}` needs a name after it, as in `{root}.NAME`")));
    }
    if append && taking == Taking::NamedOnly {
        return Err(bad_key(left, &format!("`{root}` cannot be appended to")));
    }
    let value = match (value, env) {
        (Some(value), _) => Assigned::Value(Text::verbatim(value)),
        (None, None) => Assigned::Kept,
        (None, Some(lookup)) => lookup(rest.unwrap_or_default())
            .map_or(Assigned::Nothing, |value| Assigned::Value(Text { value, span: None })),
    };
    Ok(Set {
        written: format!("--set {left}").into(),
        pattern: pattern.to_owned(),
        key: key.into(),
        value,
        append,
    })
}

/// Whether `--policy` turns policies off, after checking its values.
fn policy_is_disabled(values: &[String]) -> Result<bool, FlagError> {
    let policies =
        values.iter().map(|value| flags::policy(&Text::verbatim(value))).collect::<Result<Vec<_>, _>>()?;
    for policy in &policies {
        if !policy.files.is_empty() || policy.reset {
            return Err(FlagError("`filename` and `reset` belong in the Bake file".into()));
        }
        if policy.disabled {
            if policies.len() > 1 || policy.strict.is_some() || policy.log_level.is_some() {
                return Err(FlagError("`disabled` cannot be combined with other policy options".into()));
            }
            return Ok(true);
        }
    }
    Ok(false)
}

impl Set {
    fn targets(&self, definition: &Definition) -> Result<Vec<Name>, Box<Diagnostic>> {
        if let Some((name, _)) = definition.targets.get_key_value(self.pattern.as_str()) {
            return Ok(vec![Arc::clone(name)]);
        }
        let fail = |problem: String| {
            Diagnostic::error(Code::OVERRIDE_TARGET, format!("`{}`: {problem}", self.written))
        };
        let Ok(glob) = Glob::parse(&self.pattern) else {
            return Err(Box::new(fail(format!("`{}` is not a valid pattern", self.pattern))));
        };
        let names: Vec<_> = definition.targets.keys().filter(|name| glob.matches(name)).cloned().collect();
        if names.is_empty() {
            let help = names_help(&self.pattern, "target", definition.targets.keys().map(|name| &**name));
            let diagnostic = fail(format!("could not find any target matching `{}`", self.pattern));
            return Err(Box::new(diagnostic.with_help(help)));
        }
        Ok(names)
    }

    fn add_to(&self, overrides: &mut TargetOverrides) {
        if matches!(self.value, Assigned::Nothing) {
            return;
        }
        let entry = overrides.entry(Arc::clone(&self.key)).or_insert_with(|| Override {
            written: Arc::clone(&self.written),
            value: Text::verbatim(""),
            list: vec![],
            append: false,
        });
        let Assigned::Value(value) = &self.value else { return };
        entry.written = Arc::clone(&self.written);
        if Taking::of(split_key(&self.key).0) == Taking::All {
            entry.append = self.append;
            entry.list.push(value.clone());
        } else {
            entry.value = value.clone();
        }
    }
}

/// Applies what the command line says about a target.
///
/// buildx does so in random order. Where that shows, outputs are set before they are loaded and pushed, and secrets
/// before they are changed.
///
/// # Errors
/// An unknown key; a value that cannot be read.
pub(super) fn apply(overrides: &TargetOverrides, target: &mut Target) -> Result<(), Box<Diagnostic>> {
    let phase = |key: &str| match split_key(key).0 {
        LOAD => 1,
        PUSH => 2,
        SECRET => 3,
        _ => 0,
    };
    let mut ordered: Vec<_> = overrides.iter().collect();
    ordered.sort_by_key(|(key, _)| phase(key));
    for (key, said) in ordered {
        let (root, rest) = split_key(key);
        if let Err(FlagError(problem)) = said.apply(root, rest, target) {
            let mut diagnostic =
                Diagnostic::error(Code::OVERRIDE_VALUE, format!("`{}`: {problem}", said.written));
            if !keys().any(|key| key == root)
                && let Some(meant) = suggest(root, keys())
            {
                diagnostic = diagnostic.with_help(format!("did you mean `{meant}`?"));
            }
            return Err(Box::new(diagnostic));
        }
    }
    Ok(())
}

impl Override {
    fn apply(&self, root: &str, rest: Option<&str>, target: &mut Target) -> Result<(), FlagError> {
        match root {
            SECRET => return self.change_secret(rest.unwrap_or_default(), target),
            PUSH => set_push(&mut target.output, self.boolean()?),
            LOAD => set_load(&mut target.output, self.boolean()?),
            _ => {
                let unknown = || FlagError(format!("unknown key `{root}`"));
                let attribute = TargetAttribute::set_by(root).ok_or_else(unknown)?;
                let is_replaced = match attribute.set {
                    SetKey::Empties(empty) => {
                        empty(target);
                        true
                    }
                    SetKey::Same | SetKey::Named(_) | SetKey::None => self.set(attribute, rest, target)?,
                };
                if is_replaced {
                    target.lost_marks.forget(attribute.name);
                }
            }
        }
        Ok(())
    }

    /// Sets an attribute, or the part of it that `rest` names. Whether nothing is left of what it was.
    fn set(
        &self,
        attribute: &TargetAttribute,
        rest: Option<&str>,
        target: &mut Target,
    ) -> Result<bool, FlagError> {
        let name = || {
            let problem =
                || FlagError(format!("`{0}` needs a name after it, as in `{0}.NAME`", attribute.name));
            rest.map(Name::from).ok_or_else(problem)
        };
        Ok(match &attribute.kind {
            AttributeKind::Text(at) | AttributeKind::Description(at) => {
                *(at.get_mut)(target) = Some(self.value.clone());
                true
            }
            AttributeKind::Context(at) => {
                *(at.get_mut)(target) = Some(self.value.clone());
                target.context_of = None;
                true
            }
            AttributeKind::List(at) => {
                self.replace((at.get_mut)(target).get_or_insert_default(), self.list.clone())
            }
            AttributeKind::Texts(at) | AttributeKind::Inherits(at) | AttributeKind::Annotations(at) => {
                (at.get_mut)(target).extend_from_slice(&self.list);
                false
            }
            AttributeKind::Map(at) | AttributeKind::Contexts(at) => {
                let name = name()?;
                target.lost_marks.forget_keys(attribute.name, [&*name]);
                (at.get_mut)(target).insert(name, self.value.clone());
                false
            }
            AttributeKind::Args(at) => {
                let name = name()?;
                target.lost_marks.forget_keys(attribute.name, [&*name]);
                (at.get_mut)(target).insert(name, self.value.clone());
                false
            }
            AttributeKind::Attestations(at) => {
                let attestations = self.elements(flags::attestation)?;
                target.lost_marks.forget_keys(attribute.name, attestations.iter().map(Entry::kind));
                (at.get_mut)(target).extend(attestations);
                false
            }
            AttributeKind::CachesFrom(at) => {
                self.replace((at.get_mut)(target), self.elements(flags::caches)?.concat())
            }
            AttributeKind::CachesTo(at) => {
                let caches = self.elements(flags::caches)?.concat();
                self.replace((at.get_mut)(target).get_or_insert_default(), caches)
            }
            AttributeKind::Outputs(at) => {
                let outputs = self.elements(flags::output)?;
                self.replace((at.get_mut)(target).get_or_insert_default(), outputs)
            }
            AttributeKind::Flag(at) => {
                *(at.get_mut)(target) = Some(self.boolean()?);
                true
            }
            AttributeKind::Secrets(at) => {
                let secrets = self.elements(flags::secret)?;
                let ids = secrets.iter().map(|secret| secret.id.as_str());
                target.lost_marks.forget_keys(attribute.name, ids);
                self.replace((at.get_mut)(target), secrets)
            }
            AttributeKind::Ssh(at) => {
                let ssh = self.elements(|text| Ok(flags::ssh(text)))?;
                target.lost_marks.forget_keys(attribute.name, ssh.iter().map(|one| one.id.as_str()));
                self.replace((at.get_mut)(target), ssh)
            }
            AttributeKind::Policies(at) => {
                let policies = self.list.iter().map(flags::policy).collect::<Result<Vec<Policy>, _>>()?;
                self.replace((at.get_mut)(target), policies)
            }
            AttributeKind::Limits(at) => {
                let limit = rest.unwrap_or_default();
                self.limit(limit, (at.get_mut)(target).get_or_insert_default())?;
                target.lost_marks.forget_keys(attribute.name, [limit]);
                false
            }
        })
    }

    /// Reads the elements that are not empty.
    fn elements<T>(&self, read: impl Fn(&Text) -> Result<T, FlagError>) -> Result<Vec<T>, FlagError> {
        self.list.iter().filter(|text| !text.is_empty()).map(read).collect()
    }

    /// Replaces a list or appends to it. Whether it is replaced.
    fn replace<T>(&self, own: &mut Vec<T>, items: Vec<T>) -> bool {
        if !self.append {
            own.clear();
        }
        own.extend(items);
        !self.append
    }

    fn boolean(&self) -> Result<bool, FlagError> {
        let value = &self.value;
        flags::parse_bool(value.as_str())
            .ok_or_else(|| FlagError(format!("{:?} is neither true nor false", value.as_str())))
    }

    fn change_secret(&self, id: &str, target: &mut Target) -> Result<(), FlagError> {
        let declared = target.secret.iter_mut().find(|secret| !id.is_empty() && secret.id.as_str() == id);
        let Some(secret) = declared else {
            return Err(FlagError(format!("there is no secret {id:?} to change")));
        };
        let given = flags::secret(&self.value)?;
        if !given.id.is_empty() && given.id.as_str() != id {
            return Err(FlagError(format!("the id {:?} does not match secret {id:?}", given.id.as_str())));
        }
        secret.src = given.src;
        secret.env = given.env;
        Ok(())
    }

    fn limit(&self, name: &str, resources: &mut Resources) -> Result<(), FlagError> {
        let Some(limit) = LIMITS.iter().find(|limit| limit.name == name) else {
            return Err(FlagError(format!("`resources` has no {name:?}")));
        };
        match &limit.kind {
            LimitKind::Text(at) => *(at.get_mut)(resources) = Some(self.value.clone()),
            LimitKind::Whole(at) => {
                let text = self.value.as_str();
                let problem = |_| FlagError(format!("{text:?} is not a whole number of at most 64 bits"));
                let number = text.parse().map_err(problem)?;
                *(at.get_mut)(resources) = Some(Whole::read(number, &self.value));
            }
        }
        Ok(())
    }
}

/// Makes outputs push, adding one that does if there is none but for `docker`; or makes them not push.
fn set_push(outputs: &mut Option<Vec<Entry>>, push: bool) {
    let list = outputs.get_or_insert_default();
    if !push {
        // The last output takes the place of a removed one, as in buildx.
        let mut index = 0;
        while index < list.len() {
            if list[index].kind() == "registry" {
                list.swap_remove(index);
                continue;
            }
            if list[index].kind() == "image" {
                list[index].set("push", "false");
            }
            index += 1;
        }
        return;
    }
    for image in list.iter_mut().filter(|output| output.kind() == "image") {
        image.set("push", "true");
    }
    if list.iter().all(|output| output.kind() == "docker") {
        list.push(Entry::of_type("image").with("push", "true"));
    }
}

/// Adds an output that loads the image, unless there is one already or one that writes files.
fn set_load(outputs: &mut Option<Vec<Entry>>, load: bool) {
    let list = outputs.get_or_insert_default();
    let goes_elsewhere = |output: &Entry| match output.kind() {
        "docker" => output.get("dest").is_none(),
        "image" | "registry" | "oci" => false,
        _ => true,
    };
    if load && !list.iter().any(goes_elsewhere) {
        list.push(Entry::of_type("docker"));
    }
}

#[cfg(test)]
mod tests;
