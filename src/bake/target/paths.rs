//! The paths of this machine that a target names, and what Bake asks for before it goes there.

use super::context::{folder_of, is_of_ssh, named_folder_of};
use super::definition::{Entry, Secret, Ssh, Target};
use super::text::Text;

/// What a path is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// It is read.
    Read,
    /// It is written.
    Write,
}

impl Access {
    /// The entitlement that Bake asks for (buildx `bake/entitlements.go`).
    #[must_use]
    pub(crate) const fn entitlement(self) -> &'static str {
        match self {
            Self::Read => "fs.read",
            Self::Write => "fs.write",
        }
    }
}

/// What a path is to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use<'t> {
    /// Its context.
    Context,
    /// A context with a name.
    NamedContext(&'t str),
    /// The file of a secret.
    Secret,
    /// An SSH key or socket.
    Ssh,
    /// A local cache.
    Cache,
    /// A policy.
    Policy,
}

/// A path that a target names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NamedPath<'t> {
    /// The path, as written.
    pub(crate) path: &'t str,
    /// What it is to the target.
    pub(crate) used: Use<'t>,
    /// What it is needed for.
    pub(crate) access: Access,
    /// The text that it stands in.
    pub(crate) text: &'t Text,
}

/// Whether a build of a target uses the running SSH agent: since it says so, or to fetch its context, for which Bake gives it
/// where it says nothing of SSH (buildx `bake/bake.go`).
pub(crate) fn uses_agent(target: &Target) -> bool {
    let fetches = || target.context.as_ref().is_some_and(|context| is_of_ssh(context.as_str()));
    target.ssh.iter().any(Ssh::is_agent) || target.ssh.is_empty() && fetches()
}

/// In front of the name of a policy that lies in the working directory, not in the context (buildx `build/policy_loader.go`).
const CWD: &str = "cwd://";

/// The paths that a target names: of contexts, secrets, SSH keys, local caches and policies. A Dockerfile, whose place depends on the
/// context, is not among them.
pub(crate) fn named(target: &Target) -> impl Iterator<Item = NamedPath<'_>> {
    let whole = |used, access| move |text| NamedPath { path: Text::as_str(text), used, access, text };
    let folder = |path, used, text| NamedPath { path, used, access: Access::Read, text };
    let contexts = target.contexts.iter().filter_map(move |(key, text)| {
        named_folder_of(text).map(|path| folder(path, Use::NamedContext(key), text))
    });
    let context = target.context.iter();
    let context =
        context.filter_map(move |text| folder_of(text).map(|path| folder(path, Use::Context, text)));
    let secrets = target.secret.iter().filter_map(Secret::file);
    let keys = target.ssh.iter().flat_map(|ssh| &ssh.paths).filter(|path| !path.is_empty());
    let is_local = |entry: &&Entry| entry.kind() == "local";
    let from = target.cache_from.iter().filter(is_local).filter_map(|entry| entry.fields.get("src"));
    let to = target.cache_to.iter().flatten().filter(is_local);
    let to = to.filter_map(|entry| entry.fields.get("dest"));
    // Bake does not ask for policies: newer versions of buildx open none outside of the context and the working directory.
    let is_local = target.context.as_ref().is_none_or(|context| folder_of(context).is_some());
    let policies = target.policy.iter().flat_map(|policy| &policy.files).filter_map(move |text| {
        let path = match text.as_str().strip_prefix(CWD) {
            Some(path) => path,
            None => is_local.then(|| text.as_str())?,
        };
        Some(NamedPath { path, used: Use::Policy, access: Access::Read, text })
    });
    contexts
        .chain(context)
        .chain(policies)
        .chain(secrets.map(whole(Use::Secret, Access::Read)))
        .chain(keys.map(whole(Use::Ssh, Access::Read)))
        .chain(from.map(whole(Use::Cache, Access::Read)))
        .chain(to.map(whole(Use::Cache, Access::Write)))
}
