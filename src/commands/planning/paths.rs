//! The paths of this machine that the targets of a plan name.

use std::collections::BTreeSet;
use std::iter;

use indexmap::{IndexMap, IndexSet};

use crate::bake::target::context::{HERE, dockerfile_in, is_remote};
use crate::bake::target::links::links;
use crate::bake::target::paths::{self, Access, NamedPath, Use};
use crate::bake::target::{Target, Text};
use crate::bake::values::{Name, clean_path};
use crate::host::Host;
use crate::parallel;
use crate::plan::Plan;
use crate::reads::{DOCKERFILE, FALLBACK, context_of, local};
use crate::source::Span;

/// The context of a target that names none.
const CONTEXT: &str = ".";

/// A path that a target names.
pub(in crate::commands) struct Named {
    pub(in crate::commands) path: String,
    /// What it is called, with the target that names it.
    pub(in crate::commands) what: String,
    /// Where it is written; absent for the command line and for defaults.
    pub(in crate::commands) span: Option<Span>,
    /// What it is needed for.
    pub(in crate::commands) access: Access,
}

/// The paths that a target names: of contexts, the Dockerfile, secrets, SSH keys, local caches and policies.
pub(in crate::commands) fn named(host: &Host, name: &str, target: &Target) -> Vec<Named> {
    let found = |NamedPath { path, used, access, text }: NamedPath<'_>| {
        let what = match used {
            Use::NamedContext(key) => format!("the context `{path}`, which target `{name}` calls `{key}`,"),
            Use::Context => format!("the context `{path}` of target `{name}`"),
            Use::Secret => format!("the file `{path}` of a secret of target `{name}`"),
            Use::Ssh => format!("the SSH key or socket `{path}` of target `{name}`"),
            Use::Cache => format!("the cache `{path}` of target `{name}`"),
            Use::Policy => format!("the policy `{path}` of target `{name}`"),
        };
        Named { path: path.to_owned(), what, span: text.span, access }
    };
    let mut named: Vec<Named> = paths::named(target).filter(|one| !is_open(one.text)).map(found).collect();
    let mut whole = |path: &str, kind: &str, span| {
        let what = format!("the {kind} `{path}` of target `{name}`");
        named.push(Named { path: path.to_owned(), what, span, access: Access::Read });
    };
    // What reads like an address is a folder to buildx where there is one (`build/opt.go`), and Bake asks nothing. Its Dockerfile
    // is looked for in the working directory then.
    if let Some(context) = &target.context
        && is_remote(context.as_str())
        && host.is_folder(context.as_str())
    {
        whole(context.as_str(), "context", context.span);
        if let Some(dockerfile) = target.dockerfile.as_ref().filter(|text| !is_open(text)) {
            whole(dockerfile.as_str(), "Dockerfile", dockerfile.span);
        }
    }
    let absolute = || target.dockerfile.as_ref().and_then(absolute_dockerfile).map(str::to_owned);
    let path = dockerfile_of(target).or_else(absolute);
    if let Some(path) = path {
        let of_context = said(target.context.as_ref(), CONTEXT).unwrap_or(target.span);
        whole(&path, "Dockerfile", said(target.dockerfile.as_ref(), DOCKERFILE).unwrap_or(of_context));
    }
    named
}

/// Where what is not the default is written, or that it is from the command line.
fn said(text: Option<&Text>, default: &str) -> Option<Option<Span>> {
    text.filter(|text| text.span.is_some() || text.as_str() != default).map(|text| text.span)
}

/// The path of the Dockerfile of a target, unless it is written in the target, lies elsewhere or is left to the build.
pub(in crate::commands) fn dockerfile_of(target: &Target) -> Option<String> {
    let is_elsewhere = |text: &Text| is_open(text) || absolute_dockerfile(text).is_some();
    if target.dockerfile_inline.is_some() || target.dockerfile.as_ref().is_some_and(is_elsewhere) {
        return None;
    }
    let context =
        local(context_of(target)).filter(|_| target.context.as_ref().is_none_or(|text| !is_open(text)));
    let named = target.dockerfile.as_ref().map_or(DOCKERFILE, Text::as_str);
    let (folder, named) = dockerfile_in(named, context.as_deref())?;
    Some(clean_path(&format!("{folder}/{named}")))
}

/// The path of a Dockerfile that is not looked for in a folder.
fn absolute_dockerfile(named: &Text) -> Option<&str> {
    let named = named.as_str();
    let path = named.strip_prefix(HERE).unwrap_or(named);
    path.starts_with('/').then_some(path)
}

/// What a plan builds, and the Dockerfiles of it.
pub(in crate::commands) struct Built<'p> {
    pub(in crate::commands) targets: Naming<'p>,
    /// Where each Dockerfile is, by the path that targets name.
    dockerfiles: IndexMap<String, Option<String>>,
}

impl<'p> Built<'p> {
    /// Looks for each Dockerfile once.
    pub(in crate::commands) fn of(host: &Host, plan: &'p Plan) -> Self {
        let targets = Naming::of(plan);
        let named: IndexSet<String> =
            parallel::map(targets.all(), |(_, target)| dockerfile_of(target)).flatten().collect();
        // A definition is often planned without what it builds.
        let here = host.listing(".");
        let find = |path: String| {
            if here.as_ref().is_some_and(|here| here.lacks(&path)) {
                return (path, None);
            }
            let other = path.strip_suffix(DOCKERFILE).map(|folder| format!("{folder}{FALLBACK}"));
            let mut paths = iter::once(path.clone()).chain(other);
            let there = paths.find(|path| host.is_file(path));
            (path, there)
        };
        let dockerfiles = parallel::map(named, find).collect();
        Self { targets, dockerfiles }
    }

    /// Whether the Dockerfile is there that a target names by this path.
    pub(in crate::commands) fn has_dockerfile(&self, named: &str) -> bool {
        self.dockerfiles.get(named).is_some_and(Option::is_some)
    }

    /// The Dockerfiles that are there: the path that a target names, and where it is.
    pub(in crate::commands) fn dockerfiles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.dockerfiles.iter().filter_map(|(named, there)| Some((named.as_str(), there.as_deref()?)))
    }
}

/// Whether a part of it is left to the build.
pub(in crate::commands) fn is_open(text: &Text) -> bool {
    text.value.marks().has_kept()
}

/// What is built, with the targets that it is of.
pub(in crate::commands) struct Naming<'p> {
    /// The legs, without those that name the same as the one before, since most targets name the same for each platform.
    legs: Vec<(&'p Name, &'p Target)>,
    /// What they link to that is not split into legs.
    pub(in crate::commands) whole: Vec<(&'p Name, &'p Target)>,
}

impl<'p> Naming<'p> {
    pub(in crate::commands) fn of(plan: &'p Plan) -> Self {
        let legs = plan.legs.values().map(|leg| (&leg.of, &*leg.definition));
        let mut legs: Vec<(&Name, &Target)> = legs.collect();
        legs.dedup_by(|next, last| next.0 == last.0 && places(next.1) == places(last.1));
        let mut whole: Vec<(&Name, &Target)> = Vec::new();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&str> =
            legs.iter().flat_map(|(_, target)| links(target)).map(|(_, to)| to).collect();
        while let Some(name) = open.pop() {
            let found = plan.targets.get_key_value(name).filter(|_| !plan.legs.contains_key(name));
            if let Some((name, target)) = found.filter(|(name, _)| seen.insert(name)) {
                open.extend(links(target).map(|(_, to)| to));
                whole.push((name, &**target));
            }
        }
        Self { legs, whole }
    }

    pub(in crate::commands) fn all(&self) -> impl Iterator<Item = (&'p Name, &'p Target)> {
        self.legs.iter().chain(&self.whole).copied()
    }
}

/// What says where a target reads and writes.
fn places(target: &Target) -> impl PartialEq {
    let contexts = (&target.context, &target.default_context, &target.contexts);
    let others = (&target.secret, &target.ssh, &target.cache_from, &target.cache_to, &target.policy);
    (contexts, &target.dockerfile, target.dockerfile_inline.is_some(), others)
}
