//! The names that a definition declares: what errors about other names suggest.

use std::collections::{BTreeMap, BTreeSet};

use crate::bake::values::Name;
use crate::diagnostic::suggest;

/// What patterns of tags have words for, and people take for variables.
const PATTERN_WORDS: [&str; 9] =
    ["version", "major", "minor", "patch", "sha", "branch", "tag", "pr", "image"];

/// Where variables are in other languages.
const FOREIGN: [&str; 4] = ["var", "vars", "env", "local"];

/// Whether a name is called as a variable that CI sets.
fn is_of_ci(name: &str) -> bool {
    const STARTS: [&str; 10] = [
        "GITHUB_",
        "CI_",
        "RUNNER_",
        "BUILD_",
        "GITEA_",
        "CIRCLE_",
        "BITBUCKET_",
        "DRONE_",
        "BUILDKITE_",
        "TRAVIS_",
    ];
    name == "CI" || STARTS.iter().any(|start| name.starts_with(start))
}

/// All names of a definition, those included that have no value yet.
#[derive(Default)]
pub(crate) struct Declared {
    /// Functions of the user.
    pub(crate) functions: BTreeSet<Name>,
    /// Variables and global attributes.
    pub(crate) variables: BTreeSet<Name>,
    /// What the environment and `--var` have a value for.
    pub(crate) given: BTreeSet<Name>,
    /// Targets and groups, by the kind of block.
    pub(crate) blocks: BTreeMap<&'static str, BTreeSet<Name>>,
    /// The attributes that a kind of block shows.
    pub(crate) attributes: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Declared {
    /// What to do about a variable that there is not. `more` are names that are known where it is used.
    pub(crate) fn help<'a>(&'a self, name: &str, more: impl IntoIterator<Item = &'a str>) -> String {
        if self.given.contains(name) {
            return format!(
                "`{name}` is set outside the file, which only declared variables see: add `variable \"{name}\" {{}}`"
            );
        }
        if FOREIGN.contains(&name) {
            return format!(
                "a variable stands by its name alone: not `{name}.NAME`, but `NAME`, which `variable \"NAME\" {{}}` declares; the environment sets it"
            );
        }
        if let Some((kind, _)) = self.blocks.iter().find(|(_, names)| names.contains(name)) {
            return format!("`{name}` is a {kind}: a name stands in quotes, `\"{name}\"`");
        }
        if name.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
            return "a version stands in quotes".to_owned();
        }
        let known = self.variables.iter().map(|known| &**known).chain(more);
        if let Some(near) = suggest(name, known) {
            return format!("did you mean `{near}`?");
        }
        if is_of_ci(name) {
            return format!(
                "CI sets `{name}` in the environment, which only declared variables see: add `variable \"{name}\" {{}}`"
            );
        }
        // What docker/metadata-action and the patterns of `image` blocks have, written as a variable.
        if PATTERN_WORDS.contains(&name) {
            format!(
                "in the `tags` of an `image` block, write `{{{{ {name} }}}}`, in quotes; elsewhere declare a variable"
            )
        } else {
            format!("a text stands in quotes; a variable is declared: `variable \"{name}\" {{}}`")
        }
    }
}
