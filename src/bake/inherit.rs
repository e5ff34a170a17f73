//! A target with all that it inherits and all that the command line says.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::check;
use super::overrides::{self, Overrides, TargetOverrides};
use super::syntax::Name;
use super::target::{Definition, Policy, Target, Text};
use crate::diagnostic::{Diagnostic, suggest};
use crate::source::Span;

/// How many elements may be copied from parent to child in all. A chain of targets that each add to a list takes memory
/// that grows with the square of its length.
const MAX_COPIED: usize = 20_000_000;

/// Resolves targets of one definition, keeping what they share.
#[derive(Debug)]
pub struct Resolver<'a> {
    definition: &'a Definition,
    overrides: BTreeMap<Name, TargetOverrides>,
    policy_disabled: bool,
    /// Targets with what they inherit, unless a cycle makes that depend on where one starts.
    resolved: BTreeMap<Name, Rc<Target>>,
    copied: usize,
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
        let merged = Target { span: own.span, ..Target::new(Rc::clone(&own.name)) };
        Self { own, next_parent: 0, merged, in_cycle: false }
    }
}

impl<'a> Resolver<'a> {
    /// Finds out which targets the overrides apply to.
    ///
    /// # Errors
    /// Each override whose pattern matches no target.
    pub fn new(definition: &'a Definition, overrides: &Overrides) -> Result<Self, Vec<Diagnostic>> {
        Ok(Self {
            definition,
            overrides: overrides.by_target(definition)?,
            policy_disabled: overrides.policy_is_disabled(),
            resolved: BTreeMap::new(),
            copied: 0,
        })
    }

    /// The target of this name, as it is printed when it is asked for and links to nothing.
    ///
    /// # Errors
    /// No target of that name; a parent that does not exist; an override that cannot be applied; every attribute that
    /// buildx would refuse to build with.
    pub fn target(&mut self, name: &str) -> Result<Target, Vec<Diagnostic>> {
        let mut target = self.unchecked(name, None).map_err(|diagnostic| vec![*diagnostic])?;
        let mut diagnostics = vec![];
        check::finish(&mut target, &mut diagnostics);
        if diagnostics.is_empty() { Ok(target) } else { Err(diagnostics) }
    }

    /// The target of this name: its parents from left to right, each with its own parents and overrides, then its own
    /// attributes, then its overrides; `context` and `dockerfile` are set. A cycle is cut where it closes.
    ///
    /// # Errors
    /// No target of that name, pointing at `asked`; a parent that does not exist; an override that cannot be applied.
    pub(super) fn unchecked(&mut self, name: &str, asked: Option<Span>) -> Result<Target, Box<Diagnostic>> {
        let mut target = Target::clone(&*self.merged(name, asked)?);
        if target.context.is_none() {
            target.context = Some(target.default_context.clone().unwrap_or_else(|| Text::verbatim(".")));
        }
        if target.dockerfile.as_ref().is_none_or(Text::is_empty) {
            target.dockerfile = Some(Text::verbatim("Dockerfile"));
        }
        if self.policy_disabled {
            target.policy = vec![Policy { disabled: true, ..Policy::default() }];
        }
        Ok(target)
    }

    fn merged(&mut self, name: &str, asked: Option<Span>) -> Result<Rc<Target>, Box<Diagnostic>> {
        if let Some(target) = self.resolved.get(name) {
            return Ok(Rc::clone(target));
        }
        // `None` while it is being resolved.
        let mut visited: BTreeMap<Name, Option<Rc<Target>>> = BTreeMap::new();
        let mut cyclic: BTreeSet<Name> = BTreeSet::new();
        let own = self.find(name, asked)?;
        visited.insert(Rc::clone(&own.name), None);
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
                            visited.insert(Rc::clone(&own.name), None);
                            frames.push(Frame::new(own));
                            continue;
                        }
                    },
                };
                frame.in_cycle |= known.is_none() || cyclic.contains(parent.as_str());
                if let Some(known) = known {
                    copy(&mut self.copied, &mut frame.merged, known)?;
                }
                continue;
            }
            let Some(frame) = frames.pop() else { continue };
            let mut target = frame.merged;
            copy(&mut self.copied, &mut target, own)?;
            if let Some(overrides) = self.overrides.get(&own.name) {
                overrides::apply(overrides, &mut target)?;
            }
            target.normalize();
            target.inherits.clear();
            let target = Rc::new(target);
            visited.insert(Rc::clone(&own.name), Some(Rc::clone(&target)));
            if frame.in_cycle {
                cyclic.insert(Rc::clone(&own.name));
            } else {
                self.resolved.insert(Rc::clone(&own.name), Rc::clone(&target));
            }
            let Some(child) = frames.last_mut() else { return Ok(target) };
            child.in_cycle |= frame.in_cycle;
            copy(&mut self.copied, &mut child.merged, &target)?;
        }
    }

    fn find(&self, name: &str, asked: Option<Span>) -> Result<&'a Target, Box<Diagnostic>> {
        self.definition.targets.get(name).ok_or_else(|| {
            let missing = Diagnostic::error("unknown-target", format!("failed to find target `{name}`"));
            Box::new(self.explain_missing(missing.at(asked, ""), name))
        })
    }

    fn explain_missing(&self, diagnostic: Diagnostic, name: &str) -> Diagnostic {
        if self.definition.groups.contains_key(name) {
            return diagnostic.with_note(format!("`{name}` is a group, or the label of a matrix"));
        }
        match near(name, self.definition.targets.keys()) {
            Some(meant) => diagnostic.with_help(format!("did you mean `{meant}`?")),
            None => diagnostic,
        }
    }
}

/// The name most like this one; long ones are not compared, which takes time and memory by the product of lengths.
pub(super) fn near<'n>(name: &str, names: impl Iterator<Item = &'n Name>) -> Option<&'n str> {
    const LONGEST: usize = 100;
    if name.len() > LONGEST {
        return None;
    }
    suggest(name, names.map(|name| &**name).filter(|name| name.len() <= LONGEST))
}

fn copy(copied: &mut usize, into: &mut Target, from: &Target) -> Result<(), Box<Diagnostic>> {
    *copied += from.weight();
    if *copied > MAX_COPIED {
        let message = format!("`inherits` copies more than {MAX_COPIED} attributes in all");
        return Err(Box::new(Diagnostic::error("inherits-too-large", message).at(into.span, "")));
    }
    into.merge(from);
    Ok(())
}
