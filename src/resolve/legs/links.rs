//! Links between split targets: a context `target:base` of a leg must be the same platform's `base`.
//!
//! BuildKit takes whatever a linked target has: an `arm64` leg linked to an `amd64` base builds without an error, with
//! the wrong files inside. So every link of a leg is rewritten, or refused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::assigned::{AssignedLeg, Legs};
use super::leg;
use crate::bake::target::context::{link_of, link_to};
use crate::bake::target::links::links;
use crate::bake::target::{Target, Text, TextMap};
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::{Leg, Role};
use crate::platform::Platform;
use crate::resolve::images::image::UnresolvedImage;
use crate::resolve::images::labels::OciLabels;
use crate::resolve::input::Input;
use crate::resolve::targets::Targets;
use crate::spec::PlatformOverride;

/// How many targets may link to each other in a row: following them recurses.
const MAX_STEPS: usize = 250;

/// Rewrites the links of all legs, adding the legs and copies that they need. What the first of the `images` that covers
/// a linked target says of it holds wherever it is built, whether or not that image is published.
pub(in crate::resolve) fn rewrite<'u>(
    legs: &mut Legs,
    targets: &Targets<'_>,
    images: impl FnOnce() -> Vec<&'u UnresolvedImage>,
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) {
    let (path, followed) = (Vec::new(), BTreeSet::new());
    let linking = legs.linking();
    if linking.is_empty() {
        return;
    }
    let images = images();
    let mut linker = Linker { legs, targets, images, input, diagnostics, path, followed };
    linking.iter().for_each(|name| linker.leg(name));
    legs.sort();
}

struct Linker<'a, 'i> {
    legs: &'a mut Legs,
    targets: &'a Targets<'i>,
    images: Vec<&'a UnresolvedImage>,
    input: &'a Input<'i>,
    diagnostics: &'a mut Diagnostics,
    /// The targets whose links are being followed, against loops.
    path: Vec<Name>,
    /// Targets whose links have been followed already, where they stay as they are.
    followed: BTreeSet<Name>,
}

/// The error for a link back to a target of the path that led to it.
fn loop_of(path: &[Name], target: &Name, link: &Text) -> Diagnostic {
    let from = path.iter().position(|name| name == target).unwrap_or(0);
    let circle: Vec<String> = path[from..].iter().chain([target]).map(|name| format!("`{name}`")).collect();
    let message = format!("target `{target}` links to itself: {}", circle.join(" → "));
    Diagnostic::error(Code::LINK_LOOP, message).at(link.span, "").with_help("remove one of the links")
}

/// The error for a link behind more links than can be followed.
fn too_long(link: &Text) -> Diagnostic {
    let message = format!("more than {MAX_STEPS} targets link to each other in a row");
    Diagnostic::error(Code::LIMIT, message).at(link.span, "a limit of bakeplan")
}

impl<'a> Linker<'a, '_> {
    /// Whether a link to a target can be followed. What cannot is reported.
    fn may_follow(&mut self, target: &Target, link: &Text) -> bool {
        let found = if self.path.contains(&target.name) {
            loop_of(&self.path, &target.name, link)
        } else if self.path.len() > MAX_STEPS {
            too_long(link)
        } else {
            return true;
        };
        self.diagnostics.report(found);
        false
    }

    /// Rewrites the links of a published leg.
    fn leg(&mut self, name: &str) {
        let Some(assigned) = self.legs.get(name).cloned() else { return };
        self.path.push(Arc::clone(&assigned.leg.of));
        let contexts = self.contexts(&assigned.leg.definition, assigned.leg.platform.as_ref(), &assigned);
        self.path.pop();
        if let Some(assigned) = self.legs.get_mut(name) {
            assigned.leg.definition.contexts = contexts;
        }
    }

    fn contexts(&mut self, definition: &Target, platform: Option<&Platform>, user: &AssignedLeg) -> TextMap {
        let mut contexts = definition.contexts.clone();
        // A leg of unknown platform keeps its links: Bake picks the platform when it builds.
        let Some(platform) = platform else {
            self.follow(definition);
            return contexts;
        };
        for value in contexts.values_mut() {
            let Some(linked) = link_of(value).map(str::to_owned) else { continue };
            if let Some(name) = self.linked(&linked, platform, user, value) {
                *value = value.derive(&link_to(&name));
            }
        }
        contexts
    }

    /// The target that a link to `linked` means for this platform; `None` leaves it as it is.
    fn linked(
        &mut self,
        linked: &str,
        platform: &Platform,
        user: &AssignedLeg,
        link: &Text,
    ) -> Option<String> {
        let at = match self.targets.place(linked, || Some(link)) {
            Ok(at) => at,
            Err(found) => {
                self.diagnostics.extend(found);
                return None;
            }
        };
        let target = self.targets.at(at);
        if !self.may_follow(target, link) {
            return None;
        }
        let declared = match self.targets.platforms(at) {
            Ok(declared) => declared,
            Err(found) => {
                self.diagnostics.extend(found.iter().cloned());
                return None;
            }
        };
        // A helper without platforms is built for the build platform, whoever asks.
        if declared.is_empty() {
            self.path.push(Arc::clone(&target.name));
            self.follow(target);
            self.path.pop();
            return None;
        }
        let declares = |wanted: &Platform| declared.iter().any(|one| one.platform == *wanted);
        if !declares(platform) {
            let message =
                format!("`{}` is built for `{platform}` and links to `{linked}`, which is not", self.path[0]);
            let list: Vec<String> = declared.iter().map(|one| format!("`{}`", one.platform)).collect();
            self.diagnostics.report(
                Diagnostic::error(Code::LINK_PLATFORM, message)
                    .at(link.span, format!("linked here to {}", list.join(", ")))
                    .at(declared[0].span, "its platforms")
                    .with_help(format!(
                        "add `{platform}` to the platforms of `{linked}`, or drop it from those of `{}`",
                        self.path[0]
                    )),
            );
            return None;
        }
        let runner = user.assignment.platform.clone();
        let both = runner != *platform && declares(&runner);
        self.path.push(Arc::clone(&target.name));
        let name =
            if both { self.copy(at, platform, &runner, user) } else { self.linked_leg(at, platform, user) };
        self.path.pop();
        Some(name)
    }

    /// Looks for loops among links that stay as they are.
    fn follow(&mut self, user: &Target) {
        for (link, linked) in links(user) {
            let target = match self.targets.place(linked, || Some(link)) {
                Ok(at) => self.targets.at(at),
                Err(found) => {
                    self.diagnostics.extend(found);
                    continue;
                }
            };
            if self.may_follow(target, link) && self.followed.insert(Arc::clone(&target.name)) {
                self.path.push(Arc::clone(&target.name));
                self.follow(target);
                self.path.pop();
            }
        }
    }

    /// The leg of the linked target at a place: the published one, or one of its own without tags and output.
    fn linked_leg(&mut self, at: usize, platform: &Platform, user: &AssignedLeg) -> String {
        let target = self.targets.at(at);
        let name = leg::leg_name(&target.name, Some(platform));
        if self.legs.get(&name).is_some_and(|known| known.leg.of == target.name) {
            return name;
        }
        self.check_name(&name, target);
        let definition = self.helper(target, platform, user);
        self.add(name.clone(), at, platform, Role::Linked, definition, user);
        name
    }

    /// The hidden copy of the linked target at a place with the leg's platform and the runner's.
    fn copy(&mut self, at: usize, platform: &Platform, runner: &Platform, user: &AssignedLeg) -> String {
        let target = self.targets.at(at);
        let name = self.free_name(&format!("_{}-{}-{}", target.name, platform.slug(), runner.slug()), target);
        if self.legs.get(&name).is_some() {
            return name;
        }
        let with_overrides = |platform| {
            let mut definition = target.clone();
            leg::apply(&mut definition, &self.said(target, platform).0);
            definition
        };
        if with_overrides(platform) != with_overrides(runner) {
            let message = format!(
                "`{}` has different overrides for `{platform}` and for `{runner}`; `FROM --platform=$BUILDPLATFORM` \
                 gets a build for `{runner}` with those for `{platform}`",
                target.name
            );
            let warning = Diagnostic::warning(Code::OVERRIDE_ON_BOTH, message).at(target.span, "");
            self.diagnostics.report(warning);
        }
        let mut definition = self.helper(target, platform, user);
        definition.platforms =
            Some([platform, runner].map(|platform| Text::verbatim(&platform.to_string())).to_vec());
        definition.cache_to = None;
        self.add(name.clone(), at, platform, Role::Both, definition, user);
        name
    }

    /// A linked target as a helper: it makes nothing of its own, and its own links are followed.
    fn helper(&mut self, target: &Target, platform: &Platform, user: &AssignedLeg) -> Target {
        let (overrides, oci) = self.said(target, platform);
        let mut definition = leg::for_platform(target, Some(platform), &overrides, oci, &self.targets.caches);
        definition.tags = None;
        definition.output = None;
        if !self.input.publish {
            definition.cache_to = None;
        }
        definition.contexts = self.contexts(&definition, Some(platform), user);
        definition
    }

    /// What image blocks say of a target for a platform: overrides, and labels that are filled in.
    fn said(&self, target: &Target, platform: &Platform) -> (Vec<&'a PlatformOverride>, &'a OciLabels) {
        const NO_LABELS: &OciLabels = &OciLabels::NONE;
        let found = self.images.iter().find_map(|image| {
            let covered = image.targets.iter().find(|covered| covered.name == target.name)?;
            Some((covered.settings.overrides_of(Some(platform)), &image.oci))
        });
        found.unwrap_or((Vec::new(), NO_LABELS))
    }

    fn add(
        &mut self,
        name: String,
        source: usize,
        platform: &Platform,
        role: Role,
        mut definition: Target,
        user: &AssignedLeg,
    ) {
        definition.name = name.as_str().into();
        let leg = Leg {
            of: Arc::clone(&self.targets.at(source).name),
            platform: Some(platform.clone()),
            role,
            job: None,
            definition: Box::new(definition),
        };
        self.legs.insert(
            name.into(),
            AssignedLeg {
                leg,
                source,
                assignment: user.assignment.clone(),
                grouping: user.grouping,
                weight: user.weight,
                descriptor: BTreeMap::new(),
            },
        );
    }

    fn check_name(&mut self, name: &str, target: &Target) {
        let definition = self.targets.definition;
        if definition.targets.contains_key(name) || definition.groups.contains_key(name) {
            let message = format!(
                "the build `{name}` of the linked target `{}` has the name of another target",
                target.name
            );
            let diagnostic = Diagnostic::error(Code::LEG_NAME, message).at(target.span, "split here");
            self.diagnostics.report(diagnostic.with_help("rename one of them"));
        }
    }

    fn free_name(&self, name: &str, target: &Target) -> String {
        let mut name = name.to_owned();
        let definition = self.targets.definition;
        let taken = |name: &str| {
            definition.targets.contains_key(name)
                || definition.groups.contains_key(name)
                || self.legs.get(name).is_some_and(|assigned| assigned.leg.of != target.name)
        };
        while taken(&name) {
            name.insert(0, '_');
        }
        name
    }
}
