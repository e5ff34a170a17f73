//! A target with all that it inherits and all that the command line says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::check;
use super::definition::{Definition, Policy, Target};
use super::holdings::Holdings;
use super::overrides::{self, Overrides, TargetOverrides};
use super::rare::Rare;
use super::text::Text;
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, suggest};
use crate::source::Span;

/// How many elements may be copied from parent to child in all. A chain of targets that each add to a list takes memory
/// that grows with the square of its length.
const MAX_COPIED: usize = 8_000_000;

/// Resolves targets of one definition, keeping what they share.
#[derive(Debug)]
pub(crate) struct Resolver<'a> {
    definition: &'a Definition,
    overrides: BTreeMap<Name, TargetOverrides>,
    policy_disabled: bool,
    /// Those of a target that sets none.
    context: Text,
    dockerfile: Text,
    /// Parents with what they inherit, unless a cycle makes that depend on where one starts.
    resolved: BTreeMap<Name, Arc<Target>>,
    /// How many elements may still be copied.
    budget: usize,
    /// What the targets that were asked for hold.
    holdings: Holdings,
}

/// A target whose parents are being merged.
struct Frame<'a> {
    own: &'a Target,
    next_parent: usize,
    merged: Target,
    /// Whether a parent was left out because it is being resolved itself.
    in_cycle: bool,
}

impl<'a> Frame<'a> {
    fn new(own: &'a Target) -> Self {
        Self { own, next_parent: 0, merged: blank(own), in_cycle: false }
    }
}

impl<'a> Resolver<'a> {
    /// Finds out which targets the overrides apply to.
    ///
    /// # Errors
    /// Each override whose pattern matches no target.
    pub(crate) fn new(definition: &'a Definition, overrides: &Overrides) -> Result<Self, Vec<Diagnostic>> {
        Ok(Self {
            definition,
            overrides: overrides.by_target(definition)?,
            policy_disabled: overrides.policy_is_disabled(),
            context: Text::verbatim("."),
            dockerfile: Text::verbatim("Dockerfile"),
            resolved: BTreeMap::new(),
            budget: MAX_COPIED,
            holdings: Holdings::default(),
        })
    }

    /// A target of the definition, as it is printed when it is asked for and links to nothing.
    ///
    /// # Errors
    /// A parent that does not exist; an override that cannot be applied; every attribute that
    /// buildx would refuse to build with.
    pub(crate) fn target(&mut self, own: &'a Target) -> Result<Target, Vec<Diagnostic>> {
        let mut target = self.unchecked_of(own).map_err(|diagnostic| vec![*diagnostic])?;
        let mut diagnostics = Diagnostics::default();
        check::check(&target, &mut diagnostics);
        diagnostics.check()?;
        check::normalize(&mut target);
        Ok(target)
    }

    /// The target of this name: its parents from left to right, each with its own parents and overrides, then its own
    /// attributes, then its overrides; `context` and `dockerfile` are set. A cycle is cut where it closes.
    ///
    /// # Errors
    /// No target of that name, pointing at `asked`; a parent that does not exist; an override that cannot be applied.
    pub(super) fn unchecked(&mut self, name: &str, asked: Option<Span>) -> Result<Target, Box<Diagnostic>> {
        let own = self.find(name, asked)?;
        self.unchecked_of(own)
    }

    fn unchecked_of(&mut self, own: &'a Target) -> Result<Target, Box<Diagnostic>> {
        // Most inherit nothing.
        let mut target = match own.inherits.as_slice() {
            [] => self.with_own(blank(own), own)?,
            _ => Arc::unwrap_or_clone(self.merged(own)?),
        };
        if target.context.is_none() {
            target.context = Option::clone(&target.default_context).or_else(|| Some(self.context.clone()));
        }
        if target.dockerfile.as_ref().is_none_or(Text::is_empty) {
            target.dockerfile = Some(self.dockerfile.clone());
        }
        if self.policy_disabled {
            target.policy = vec![Policy { disabled: true, ..Policy::default() }].into();
            target.lost_marks.forget("policy");
        }
        self.holdings.add(&target)?;
        Ok(target)
    }

    fn merged(&mut self, own: &'a Target) -> Result<Arc<Target>, Box<Diagnostic>> {
        if let Some(target) = self.resolved.get(&own.name) {
            return Ok(Arc::clone(target));
        }
        // `None` while it is being resolved.
        let mut visited: BTreeMap<Name, Option<Arc<Target>>> = BTreeMap::new();
        let mut cyclic: BTreeSet<Name> = BTreeSet::new();
        visited.insert(Arc::clone(&own.name), None);
        let mut frames = vec![Frame::new(own)];
        loop {
            let frame = frames.last_mut().expect("returns when the last frame is done");
            let own = frame.own;
            if let Some(parent) = own.inherits.get(frame.next_parent) {
                frame.next_parent += 1;
                let known = match visited.get(parent.as_str()) {
                    Some(known) => known.as_ref(),
                    None => match self.resolved.get(parent.as_str()) {
                        Some(known) => Some(known),
                        None => {
                            let own = self.find(parent.as_str(), parent.span)?;
                            visited.insert(Arc::clone(&own.name), None);
                            frames.push(Frame::new(own));
                            continue;
                        }
                    },
                };
                frame.in_cycle |= known.is_none() || cyclic.contains(parent.as_str());
                if let Some(known) = known {
                    copy(&mut self.budget, &mut frame.merged, known)?;
                }
                continue;
            }
            let Some(frame) = frames.pop() else { continue };
            let target = Arc::new(self.with_own(frame.merged, own)?);
            let Some(child) = frames.last_mut() else { return Ok(target) };
            visited.insert(Arc::clone(&own.name), Some(Arc::clone(&target)));
            if frame.in_cycle {
                cyclic.insert(Arc::clone(&own.name));
            } else {
                self.resolved.insert(Arc::clone(&own.name), Arc::clone(&target));
            }
            child.in_cycle |= frame.in_cycle;
            copy(&mut self.budget, &mut child.merged, &target)?;
        }
    }

    /// What a target has inherited, with what it says itself and what the command line says of it.
    fn with_own(&mut self, inherited: Target, own: &Target) -> Result<Target, Box<Diagnostic>> {
        let mut target = inherited;
        copy(&mut self.budget, &mut target, own)?;
        if let Some(overrides) = self.overrides.get(&own.name) {
            overrides::apply(overrides, &mut target)?;
        }
        target.normalize();
        target.note_marks_of_parents();
        target.inherits = Rare::default();
        Ok(target)
    }

    fn find(&self, name: &str, asked: Option<Span>) -> Result<&'a Target, Box<Diagnostic>> {
        self.definition.targets.get(name).map(|target| &**target).ok_or_else(|| {
            let missing = Diagnostic::error(Code::UNKNOWN_TARGET, format!("failed to find target `{name}`"));
            Box::new(self.explain_missing(missing.at(asked, ""), name))
        })
    }

    fn explain_missing(&self, diagnostic: Diagnostic, name: &str) -> Diagnostic {
        if self.definition.groups.contains_key(name) {
            return diagnostic.with_note(format!(
                "`{name}` is a group or the label of a matrix, but a target is needed here"
            ));
        }
        match near(name, self.definition.targets.keys()) {
            Some(meant) => diagnostic.with_help(format!("did you mean `{meant}`?")),
            None => match self.known_names() {
                names if names.is_empty() => diagnostic
                    .with_help(format!("there are no targets; declare one with `target \"{name}\" {{ … }}`")),
                names => diagnostic.with_help(format!("name one of the targets: {names}")),
            },
        }
    }

    /// Some of the names that can be asked for.
    fn known_names(&self) -> String {
        const SOME: usize = 8;
        let mut names = self.definition.targets.keys().filter(|name| !name.starts_with('_'));
        let some: Vec<String> = names.by_ref().take(SOME).map(|name| format!("`{name}`")).collect();
        let more = if names.next().is_some() { ", …" } else { "" };
        some.join(", ") + more
    }
}

/// The name most like this one.
pub(super) fn near<'n>(name: &str, names: impl Iterator<Item = &'n Name>) -> Option<&'n str> {
    suggest(name, names.map(|name| &**name))
}

/// A target that has inherited nothing yet.
fn blank(own: &Target) -> Target {
    Target { span: own.span, ..Target::new(Arc::clone(&own.name)) }
}

fn copy(budget: &mut usize, into: &mut Target, from: &Target) -> Result<(), Box<Diagnostic>> {
    let Some(rest) = budget.checked_sub(from.weight()) else {
        let message = format!("`inherits` copies more than {MAX_COPIED} attributes in all");
        return Err(Box::new(Diagnostic::error(Code::INHERITS_TOO_LARGE, message).at(into.span, "")));
    };
    *budget = rest;
    into.merge(from);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Targets with parents and with their own name as an element of `no-cache-filter` and of `labels`.
    fn definition(targets: &[(&str, &[&str])]) -> Definition {
        let mut definition = Definition::default();
        for (name, parents) in targets {
            definition.add_target(Target {
                inherits: parents.iter().map(|parent| Text::verbatim(parent)).collect(),
                no_cache_filter: vec![(*name).into()].into(),
                labels: [("x".into(), (*name).into())].into(),
                ..Target::new(*name)
            });
        }
        definition
    }

    #[track_caller]
    fn check(resolver: &mut Resolver<'_>, name: &str, filter: &str, label: &str) {
        let target = resolver.unchecked(name, None).unwrap();
        let found: Vec<_> = target.no_cache_filter.iter().map(Text::as_str).collect();
        assert_eq!((found.join(" ").as_str(), target.labels["x"].as_str()), (filter, label), "{name}");
        assert_eq!(&*target.name, name);
    }

    #[test]
    fn parents_are_merged_from_left_to_right() {
        let definition = definition(&[("base", &[]), ("l", &["base"]), ("r", &["base"]), ("d", &["l", "r"])]);
        let mut resolver = Resolver::new(&definition, &Overrides::default()).unwrap();
        check(&mut resolver, "d", "base l r d", "d");
        let mut no_label = definition.clone();
        no_label.targets["d"].labels.clear();
        no_label.targets["r"].labels.clear();
        let mut resolver = Resolver::new(&no_label, &Overrides::default()).unwrap();
        check(&mut resolver, "d", "base l r d", "base");
    }

    #[test]
    fn a_cycle_is_cut_where_it_closes_wherever_one_starts() {
        let definition =
            definition(&[("a", &["b"]), ("b", &["c"]), ("c", &["a", "base"]), ("s", &["s"]), ("base", &[])]);
        let mut resolver = Resolver::new(&definition, &Overrides::default()).unwrap();
        for _ in 0..2 {
            check(&mut resolver, "a", "base c b a", "a");
            check(&mut resolver, "b", "a base c b", "b");
            check(&mut resolver, "c", "b a base c", "c");
            check(&mut resolver, "s", "s", "s");
        }
    }

    #[test]
    fn a_parent_s_overrides_come_before_the_child() {
        let definition = definition(&[("p", &[]), ("c", &["p"])]);
        let sets = ["p.labels.x=1", "p.labels.y=1", "c.labels.z=1"].map(str::to_owned);
        let overrides = Overrides::parse(&sets, None).unwrap();
        let mut resolver = Resolver::new(&definition, &overrides).unwrap();
        let labels = resolver.target(&definition.targets["c"]).unwrap().labels;
        let labels: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(labels, ["x=c", "y=1", "z=1"]);
    }

    #[test]
    fn what_is_missing_is_said() {
        let mut definition = definition(&[("app", &["bse"]), ("base", &[])]);
        definition.add_label_group(&"label".into(), &["app".into()]);
        let mut resolver = Resolver::new(&definition, &Overrides::default()).unwrap();
        let mut message = |name: &str| resolver.unchecked(name, None).unwrap_err();
        assert_eq!(message("app").message, "failed to find target `bse`");
        assert_eq!(message("app").help.as_deref(), Some("did you mean `base`?"));
        assert_eq!(message("label").notes.len(), 1);
    }

    #[test]
    fn defaults_are_set() {
        let mut definition = definition(&[("a", &[])]);
        let overrides = Overrides::parse(&["a.dockerfile=".to_owned()], None).unwrap();
        let target =
            Resolver::new(&definition, &overrides).unwrap().target(&definition.targets["a"]).unwrap();
        assert_eq!((target.context, target.dockerfile), (Some(".".into()), Some("Dockerfile".into())));
        definition.targets["a"].default_context = Some("sub".into()).into();
        let target =
            Resolver::new(&definition, &overrides).unwrap().target(&definition.targets["a"]).unwrap();
        assert_eq!(target.context, Some("sub".into()));
    }

    #[test]
    fn long_chains_need_no_stack_and_no_endless_memory() {
        let names: Vec<String> = (0..20_000).map(|index| format!("t{index}")).collect();
        let mut chain = Definition::default();
        for (index, name) in names.iter().enumerate() {
            let inherits = index.checked_sub(1).map(|parent| names[parent].as_str().into());
            chain.add_target(Target {
                inherits: inherits.into_iter().collect(),
                ..Target::new(name.as_str())
            });
        }
        let last = names.last().unwrap();
        Resolver::new(&chain, &Overrides::default()).unwrap().unchecked(last, None).unwrap();
        for (name, target) in &mut chain.targets {
            target.args.insert(Arc::clone(name), "1".into());
        }
        let mut resolver =
            Resolver { budget: 100_000, ..Resolver::new(&chain, &Overrides::default()).unwrap() };
        let error = resolver.unchecked(last, None).unwrap_err();
        assert_eq!(error.code.name(), "inherits-too-large");
    }
}
