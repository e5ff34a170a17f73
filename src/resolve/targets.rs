//! The targets of the source, each resolved once, with the platforms that it names.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::cache;
use super::input::Input;
use crate::bake::target::inherit::Resolver;
use crate::bake::target::links::links as links_of;
use crate::bake::target::{Definition, Entry, Group, Target, Text};
use crate::bake::values::{Name, secret};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, names_help};
use crate::platform::{Platform, split_list};
use crate::source::Span;

/// Resolved targets by name, made once each.
pub(super) struct Targets<'a> {
    pub(super) definition: &'a Definition,
    pub(super) resolved: IndexMap<Name, Arc<Target>>,
    /// Those that cannot be resolved, with why.
    pub(super) broken: BTreeMap<Name, Vec<Diagnostic>>,
    /// Those of each resolved target, in the same order.
    platforms: Vec<Result<Vec<DeclaredPlatform>, Vec<Diagnostic>>>,
    /// Whether each resolved target is written as it stands, in the same order.
    standing: Vec<bool>,
    /// The caches that some of them write.
    pub(super) caches: cache::Written,
}

/// A platform of a target.
#[derive(Clone, Debug)]
pub(super) struct DeclaredPlatform {
    pub(super) platform: Platform,
    /// Where it is written.
    pub(super) span: Option<Span>,
}

impl<'a> Targets<'a> {
    /// Resolves every target; those that fail matter only when something asks for them.
    ///
    /// # Errors
    /// Each override that matches no target.
    pub(super) fn resolve(input: &Input<'a>) -> Result<Self, Vec<Diagnostic>> {
        let mut resolver = Resolver::new(input.definition, input.overrides)?;
        let most = input.definition.targets.len();
        let mut targets = Self {
            definition: input.definition,
            resolved: IndexMap::with_capacity(most),
            broken: BTreeMap::new(),
            platforms: Vec::with_capacity(most),
            standing: Vec::new(),
            caches: cache::Written::default(),
        };
        let mut known = KnownPlatforms::new();
        for (name, own) in &input.definition.targets {
            match resolver.target(own) {
                Ok(target) => {
                    targets.platforms.push(platforms(&target, &mut known));
                    targets.resolved.insert(Arc::clone(name), Arc::new(target));
                }
                Err(found) => {
                    targets.broken.insert(Arc::clone(name), found);
                }
            }
        }
        targets.standing = standing(&targets.resolved, input.definition);
        targets.caches = cache::Written::of(
            input.definition.targets.values().map(AsRef::as_ref),
            targets.resolved.values().map(Arc::as_ref),
        );
        Ok(targets)
    }

    /// The resolved target at a place.
    pub(super) fn at(&self, at: usize) -> &Target {
        &self.resolved[at]
    }

    /// The platforms of the resolved target at a place, in its order; none when it names none.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn platforms(&self, at: usize) -> Result<&[DeclaredPlatform], &[Diagnostic]> {
        match &self.platforms[at] {
            Ok(platforms) => Ok(platforms),
            Err(found) => Err(found),
        }
    }

    /// The platforms of the resolved target at a place; none when something is wrong with them.
    pub(super) fn valid_platforms(&self, at: usize) -> impl Iterator<Item = &Platform> {
        self.platforms(at).unwrap_or_default().iter().map(|declared| &declared.platform)
    }

    /// The targets that are written as they stand: those that are not only there to be inherited.
    pub(super) fn standing(&self) -> impl Iterator<Item = &Target> {
        let all = self.resolved.values().zip(&self.standing);
        all.filter(|(_, stands)| **stands).map(|(target, _)| target.as_ref())
    }

    /// The same by name.
    pub(super) fn standing_by_name(&self) -> IndexMap<Name, Arc<Target>> {
        let mut standing = self.standing.iter();
        let mut targets = self.resolved.clone();
        targets.retain(|_, _| standing.next() == Some(&true));
        targets
    }

    /// A target that could be resolved.
    pub(super) fn find(&self, name: &str) -> Option<&Target> {
        self.resolved.get(name).map(Arc::as_ref)
    }

    /// The place of a target, or why there is none.
    pub(super) fn place<'t>(
        &self,
        name: &str,
        asked: impl FnOnce() -> Option<&'t Text>,
    ) -> Result<usize, Vec<Diagnostic>> {
        if let Some(at) = self.resolved.get_index_of(name) {
            return Ok(at);
        }
        Err(self.broken.get(name).cloned().unwrap_or_else(|| {
            let diagnostic = Diagnostic::error(Code::UNKNOWN_TARGET, format!("there is no target `{name}`"));
            let diagnostic = diagnostic.at(asked().and_then(|text| text.span), "asked for here");
            if self.definition.groups.contains_key(name) {
                let note =
                    format!("`{name}` is a group or the label of a matrix, but a target is needed here");
                return vec![diagnostic.with_note(note)];
            }
            vec![diagnostic.with_help(names_help(
                name,
                "target",
                self.definition.targets.keys().map(|known| &**known),
            ))]
        }))
    }
}

/// Whether each target stands for itself: is not hidden, or is linked to, or a member of a group.
fn standing(resolved: &IndexMap<Name, Arc<Target>>, definition: &Definition) -> Vec<bool> {
    // Most often none is hidden.
    let linked = LazyCell::new(|| -> BTreeSet<&str> {
        resolved.values().flat_map(|target| links_of(target)).map(|(_, linked)| linked).collect()
    });
    let grouped = LazyCell::new(|| grouped(definition));
    let stands =
        |name: &Name| !name.starts_with('_') || linked.contains(&**name) || grouped.contains(&**name);
    resolved.keys().map(stands).collect()
}

/// The members of all groups that are not hidden, through other groups.
pub(super) fn grouped(definition: &Definition) -> IndexSet<&str> {
    let mut members = IndexSet::new();
    let mut open: Vec<&Name> = definition.groups.keys().filter(|name| !name.starts_with('_')).collect();
    while let Some(name) = open.pop() {
        for member in definition.groups.get(name).into_iter().flat_map(Group::members) {
            if members.insert(member.as_str()) {
                open.extend(definition.groups.get_key_value(member.as_str()).map(|(group, _)| group));
            }
        }
    }
    members
}

/// The lists of platforms that have been read, by their texts: nearly all targets name the same.
type KnownPlatforms = BTreeMap<Name, Vec<Platform>>;

/// The platforms of a target, normalised; empty when it names none.
///
/// # Errors
/// Each element that is not a platform, and each platform that stands twice.
fn platforms(target: &Target, known: &mut KnownPlatforms) -> Result<Vec<DeclaredPlatform>, Vec<Diagnostic>> {
    /// Far more than there are; they are compared with each other.
    const MAX_PLATFORMS: usize = 500;
    let mut platforms: Vec<(Platform, &Text)> = Vec::new();
    let mut diagnostics = Diagnostics::default();
    for text in target.platforms.iter().flatten() {
        // Whatever is said of it would quote a part of it.
        if let Some(name) = text.value.marks().secret() {
            let message = format!("a platform of target `{}` is made of the secret `{name}`", target.name);
            let error = Diagnostic::error(Code::PLATFORM, message).at(text.span, "");
            diagnostics.report(error.with_help(format!(
                "platforms are published, and what is wrong with this one is not shown; if `{name}` is not a secret, {}",
                secret::remedy(name)
            )));
            continue;
        }
        let parsed = match known.get(text.as_str()) {
            Some(parsed) => parsed.clone(),
            None => match split_list(text.as_str()) {
                Ok(parsed) => known.entry(Arc::clone(text.name())).or_insert(parsed).clone(),
                Err(e) => {
                    diagnostics.report(Diagnostic::error(Code::PLATFORM, e.to_string()).at(text.span, ""));
                    continue;
                }
            },
        };
        if platforms.len() + parsed.len() > MAX_PLATFORMS {
            let message = format!("target `{}` has more than {MAX_PLATFORMS} platforms", target.name);
            return Err(vec![Diagnostic::error(Code::LIMIT, message).at(target.span, "")]);
        }
        for platform in parsed {
            match platforms.iter().find(|(known, _)| *known == platform) {
                Some((_, first)) => diagnostics.report(twice(&platform, text, first)),
                None => platforms.push((platform, text)),
            }
        }
    }
    if diagnostics.is_empty() {
        let declared = |(platform, text): (_, &Text)| DeclaredPlatform { platform, span: text.span };
        Ok(platforms.into_iter().map(declared).collect())
    } else {
        Err(diagnostics.into_found())
    }
}

fn twice(platform: &Platform, again: &Text, first: &Text) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(Code::DUPLICATE_PLATFORM, format!("platform `{platform}` is listed twice"));
    let diagnostic = if again.span == first.span {
        diagnostic.at(again.span, "")
    } else {
        diagnostic.at(again.span, format!("`{again}`")).at(first.span, format!("`{first}` is the same"))
    };
    diagnostic.with_help("leave one of them out")
}

/// Whether Bake could push what the target makes.
pub(super) fn is_pushable(target: &Target) -> bool {
    let outputs = target.output.as_deref().unwrap_or_default();
    outputs.is_empty() || outputs.iter().any(Entry::is_pushable)
}
