//! What is known of the repository, and what stands for what is not.

use std::rc::Rc;

use super::printed::Printable;
use super::scripts::Scripts;
use super::work::Work;

/// What git and the workflows say of the repository.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    /// `acme/app`, from the remote.
    pub repository: Option<String>,
    /// The repository of images that belongs to it: `ghcr.io/acme/app`, where the remote tells.
    pub registry: Option<String>,
    /// Whether pipelines of GitLab build its images, and no workflows of GitHub do.
    pub is_on_gitlab: bool,
    /// Whether it has capitals there.
    pub has_capitals: bool,
    /// The default branch.
    pub default_branch: String,
    /// Who knows it.
    pub named_by: NamedBy,
    /// Other branches whose pushes start workflows.
    pub other_branches: Vec<String>,
    /// More of them, for which there is no room.
    pub more_branches: Vec<String>,
    /// Whether the clock starts workflows.
    pub has_schedule: bool,
    /// Git tags that start no workflow today, where they name those that do.
    pub odd_tags: Vec<String>,
    /// The condition that all git tags fulfil that start a workflow today, if nothing else makes releases.
    pub releases_when: Option<String>,
    /// What a release is called in the examples.
    pub tag: String,
    /// The same for each workflow.
    pub tags: Vec<String>,
    /// The settings of release-please, by path.
    pub releases: Vec<(String, serde_json::Value)>,
    /// The Bake definitions of the repository, where a step prints one.
    pub printable: Vec<Rc<Printable>>,
    /// The scripts of the repository.
    pub scripts: Scripts,
    /// What may still be done.
    pub work: Work,
}

/// Who knows what the default branch is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// A plan, which can ask for it.
    Plan,
    /// The only branch of the checkout, or the workflows.
    Checkout,
    /// Nobody: the name is that of an example.
    #[default]
    Nobody,
}

/// What stands for a repository of which nothing is known.
const UNKNOWN: &str = "owner/repository";

impl World {
    /// The repository in lower case, as image names are.
    pub(crate) fn repository(&self) -> &str {
        self.repository.as_deref().unwrap_or(UNKNOWN)
    }

    /// Its owner.
    pub(crate) fn owner(&self) -> &str {
        self.repository().split('/').next().unwrap_or_default()
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.repository().rsplit('/').next().unwrap_or_default()
    }

    /// Whether its releases are called as versions are, with nothing before them but a `v`.
    pub(crate) fn has_version(&self) -> bool {
        let is_version =
            |tag: &String| tag.strip_prefix('v').unwrap_or(tag).starts_with(|c: char| c.is_ascii_digit());
        is_version(&self.tag) && self.tags.iter().all(is_version)
    }

    /// What stands for a setting: most often, that is an account at a registry.
    pub(crate) fn setting(&self) -> Option<String> {
        Some(self.owner().to_owned())
    }
}
