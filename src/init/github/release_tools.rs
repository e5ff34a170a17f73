//! Steps that make releases: what their outputs are in the run that makes one, which is a push to the default branch.

use crate::init::values::inputs::Inputs;
use crate::init::values::moment::{Fact, OfRelease};
use crate::init::values::scope::{Output, Scope};
use crate::init::values::text::{Piece, Template};

/// What an output is.
#[derive(Clone, Copy)]
enum Of {
    Fact(OfRelease),
    /// Of a version that may not be that of the git tag.
    Version(OfRelease),
}

/// An action, and its outputs.
struct Tool {
    names: &'static [&'static str],
    outputs: &'static [(&'static str, Of)],
}

const TAG: Of = Of::Fact(OfRelease::Tag);
const VERSION: Of = Of::Version(OfRelease::Version);
const MAJOR: Of = Of::Version(OfRelease::Number(0));
const MINOR: Of = Of::Version(OfRelease::Number(1));
const PATCH: Of = Of::Version(OfRelease::Number(2));
/// `true`, and nothing in other runs.
const CREATED: Of = Of::Fact(OfRelease::Made { or_false: false });
/// `true`, and `false` in other runs.
const IS_CREATED: Of = Of::Fact(OfRelease::Made { or_false: true });

/// The actions.
const TOOLS: [Tool; 5] = [
    // <https://github.com/googleapis/release-please-action#outputs>
    Tool {
        names: &["googleapis/release-please-action", "google-github-actions/release-please-action"],
        outputs: &[
            ("release_created", CREATED),
            ("releases_created", IS_CREATED),
            ("tag_name", TAG),
            ("version", VERSION),
            ("major", MAJOR),
            ("minor", MINOR),
            ("patch", PATCH),
        ],
    },
    // <https://github.com/cycjimmy/semantic-release-action#outputs>
    Tool {
        names: &["cycjimmy/semantic-release-action"],
        outputs: &[
            ("new_release_published", IS_CREATED),
            ("new_release_git_tag", TAG),
            ("new_release_version", VERSION),
            ("new_release_major_version", MAJOR),
            ("new_release_minor_version", MINOR),
            ("new_release_patch_version", PATCH),
        ],
    },
    // <https://python-semantic-release.readthedocs.io/en/latest/configuration/automatic-releases/github-actions.html>
    Tool {
        names: &["python-semantic-release/python-semantic-release", "relekang/python-semantic-release"],
        outputs: &[("released", IS_CREATED), ("tag", TAG), ("version", VERSION)],
    },
    // <https://github.com/go-semantic-release/action#outputs>
    Tool {
        names: &["go-semantic-release/action"],
        outputs: &[
            ("version", VERSION),
            ("version_major", MAJOR),
            ("version_minor", MINOR),
            ("version_patch", PATCH),
        ],
    },
    // <https://github.com/changesets/action#outputs>: which of the packages an image is of is not known.
    Tool { names: &["changesets/action"], outputs: &[("published", IS_CREATED)] },
];

/// The action, by its name without the version.
fn tool(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.names.contains(&name))
}

/// Whether a text uses one of them.
fn is_in(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    TOOLS.iter().flat_map(|tool| tool.names).any(|name| lower.contains(&format!("{name}@")))
}

/// Whether a workflow makes releases, or one of these that it calls: each is its path and its text.
pub(in crate::init) fn is_made_by<'f>(
    own: &str,
    mut others: impl Iterator<Item = (&'f str, &'f str)>,
) -> bool {
    is_in(own) || others.any(|(path, text)| own.contains(&format!("./{path}")) && is_in(text))
}

/// The outputs of a step with one of them.
pub(in crate::init) fn outputs(
    name: &str,
    inputs: &Inputs<'_>,
    scope: &Scope,
) -> Option<Vec<(String, Output)>> {
    if name == "goreleaser/goreleaser-action" {
        // It is run for a git tag that is there.
        let of = |name: &str, fact| (name.to_owned(), Template(vec![Piece::Fact(fact)]));
        let members =
            vec![of("tag", Fact::Tag), of("version", Fact::Version), of("commit", Fact::Commit(None))];
        return Some(vec![("metadata".to_owned(), Output::Json(members))]);
    }
    let tool = tool(name)?;
    let Releases { has_plain_tags, path, is_one } = releases(name, inputs, scope);
    let output = |(output, of): &(&str, Of)| {
        let value = match *of {
            Of::Version(_) if !has_plain_tags => Template::unknown(&format!(
                "the output {output} of {name}, whose git tags may have more than the version"
            )),
            Of::Fact(of) | Of::Version(of) => Template(vec![Piece::Fact(Fact::OfRelease(of))]),
        };
        let value = if is_one {
            value
        } else {
            Template::unknown(&format!("the output {output} of {name}, which releases several packages"))
        };
        let is_of_all = *output == "releases_created";
        let name = match &path {
            Some(path) if !is_of_all => format!("{path}--{output}"),
            _ => (*output).to_owned(),
        };
        (name, Output::Value(value))
    };
    Some(tool.outputs.iter().map(output).collect())
}

/// What the settings of a tool say of its releases.
struct Releases {
    /// Whether its git tags are versions, at most behind a `v`.
    has_plain_tags: bool,
    /// The folder of its package, which begins the names of outputs; none for the top.
    path: Option<String>,
    /// Whether it releases one package.
    is_one: bool,
}

/// What its inputs or its file say.
fn releases(name: &str, inputs: &Inputs<'_>, scope: &Scope) -> Releases {
    let plain = Releases { has_plain_tags: has_plain_tags(name, inputs, scope), path: None, is_one: true };
    if !name.ends_with("/release-please-action") || inputs.has("release-type") {
        return plain;
    }
    // <https://github.com/googleapis/release-please/blob/main/docs/manifest-releaser.md>
    let path = if inputs.has("config-file") {
        inputs.text("config-file", scope).and_then(|text| text.constant())
    } else {
        Some("release-please-config.json".to_owned())
    };
    let path = path.map(|path| path.trim_start_matches("./").to_owned());
    let known = scope.world.releases.iter().find(|(known, _)| Some(known) == path.as_ref());
    let Some((_, settings)) = known else { return plain };
    let packages = settings.get("packages").and_then(serde_json::Value::as_object);
    let mut packages = packages.into_iter().flatten();
    let (Some((folder, package)), None) = (packages.next(), packages.next()) else {
        return Releases { is_one: false, ..plain };
    };
    let says =
        |key: &str| package.get(key).or_else(|| settings.get(key)).and_then(serde_json::Value::as_bool);
    Releases {
        // Without a word, the component is in the git tag.
        has_plain_tags: says("include-component-in-tag") == Some(false),
        path: Some(folder.clone()).filter(|folder| folder != "."),
        is_one: true,
    }
}

/// Whether its git tags are versions, at most behind a `v`.
fn has_plain_tags(name: &str, inputs: &Inputs<'_>, scope: &Scope) -> bool {
    let says = |input: &str| inputs.text(input, scope).and_then(|text| text.constant());
    if name.ends_with("/release-please-action") {
        let has_component = ["include-component-in-tag", "monorepo-tags"]
            .into_iter()
            .any(|input| inputs.has(input) && says(input).as_deref() != Some("false"));
        return inputs.has("release-type") && !has_component;
    }
    match says("tag_format") {
        Some(format) => matches!(format.as_str(), "v${version}" | "${version}"),
        None => !inputs.has("tag_format"),
    }
}
