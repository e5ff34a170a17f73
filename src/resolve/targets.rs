//! The targets of the source, each resolved once, with the platforms that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::cache;
use super::input::Input;
use crate::bake::target::inherit::Resolver;
use crate::bake::target::links::links as links_of;
use crate::bake::target::{Definition, Group, Target, Text};
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
    /// Those that are written as they stand.
    standing: Vec<Arc<Target>>,
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
        targets.caches = cache::Written::of(targets.resolved.values().map(Arc::as_ref));
        Ok(targets)
    }

    /// The platforms of a resolved target, in its order; none when it names none.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn platforms(&self, target: &str) -> Result<&[DeclaredPlatform], &[Diagnostic]> {
        match self.resolved.get_index_of(target).and_then(|at| self.platforms.get(at)) {
            Some(Ok(platforms)) => Ok(platforms),
            Some(Err(found)) => Err(found),
            None => Ok(&[]),
        }
    }

    /// The platforms of a resolved target; none when something is wrong with them.
    pub(super) fn valid_platforms(&self, target: &str) -> impl Iterator<Item = &Platform> {
        self.platforms(target).unwrap_or_default().iter().map(|declared| &declared.platform)
    }

    /// The targets that are written as they stand: those that are not only there to be inherited.
    pub(super) fn standing(&self) -> &[Arc<Target>] {
        &self.standing
    }

    /// A target that could be resolved.
    pub(super) fn find(&self, name: &str) -> Option<&Target> {
        self.resolved.get(name).map(Arc::as_ref)
    }

    /// A target, or why there is none.
    pub(super) fn get(&self, name: &str, asked: Option<&Text>) -> Result<&Target, Vec<Diagnostic>> {
        if let Some(target) = self.find(name) {
            return Ok(target);
        }
        Err(self.broken.get(name).cloned().unwrap_or_else(|| {
            let diagnostic = Diagnostic::error(Code::UNKNOWN_TARGET, format!("there is no target `{name}`"));
            let diagnostic = diagnostic.at(asked.and_then(|text| text.span), "asked for here");
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

fn standing(resolved: &IndexMap<Name, Arc<Target>>, definition: &Definition) -> Vec<Arc<Target>> {
    let linked: BTreeSet<&str> =
        resolved.values().flat_map(|target| links_of(target)).map(|(_, linked)| linked).collect();
    let grouped = grouped(definition);
    let stands = |target: &&Arc<Target>| {
        !target.name.starts_with('_') || linked.contains(&*target.name) || grouped.contains(&*target.name)
    };
    resolved.values().filter(stands).cloned().collect()
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
