//! Reads what an earlier merge did, as its JSON says: which index each image has, and which images it left alone.

use indexmap::IndexMap;
use serde::Deserialize;

use super::fingerprint::Fingerprint;
use super::planned::Planned;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::reference::Digest;

/// The version of the form that is read.
const SCHEMA: u32 = 1;

/// The result of a merge.
#[derive(Clone, Debug, Deserialize)]
pub struct MergeResult {
    /// Whether it wrote nothing.
    dry_run: bool,
    /// The plan that it is of.
    plan: Option<Fingerprint>,
    /// The images by key.
    pub(crate) images: IndexMap<String, ImageResult>,
}

/// What became of an image.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ImageResult {
    /// The outcome.
    pub(crate) status: ResultStatus,
    /// The reasons why it is not published.
    #[serde(default)]
    pub(crate) why: Vec<String>,
    /// The digest of its index.
    pub(crate) digest: Option<Digest>,
    /// Its tags; none when they were too many for an output of GitHub.
    #[serde(default)]
    pub(crate) references: Vec<TagResult>,
    /// The manifests in its index; none when they were too many for an output of GitHub.
    #[serde(default)]
    manifests: Vec<ManifestResult>,
}

/// A manifest in an index.
#[derive(Clone, Debug, Deserialize)]
struct ManifestResult {
    digest: Digest,
}

impl ImageResult {
    /// Whether these are the manifests of the index, as far as the result says.
    pub(crate) fn holds<'d>(&self, found: impl Iterator<Item = &'d Digest>) -> bool {
        self.manifests.is_empty() || found.eq(self.manifests.iter().map(|one| &one.digest))
    }
}

/// The outcome for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ResultStatus {
    /// Its tags were written.
    Published,
    /// All its tags were right before, or stay with others.
    Unchanged,
    /// Its tags would be written.
    Planned,
    /// Its index was written, and no tag.
    Indexed,
    /// All its tags stay with others.
    Kept,
    /// It has no tags.
    Untagged,
    /// Its tags were left as they were.
    Held,
    /// Something went wrong.
    Failed,
}

/// What became of a tag.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TagResult {
    /// The full reference.
    pub(crate) reference: String,
    /// The outcome.
    outcome: String,
}

impl TagResult {
    /// Whether it was left to another version or run, or left alone since nothing tells.
    #[must_use]
    pub(crate) fn is_left(&self) -> bool {
        ["kept", "held"].contains(&self.outcome.as_str())
    }
}

impl MergeResult {
    /// Reads the JSON of a merge of this plan; the file is called `path`.
    ///
    /// # Errors
    /// When it is none, is of another plan, or of a merge that failed or wrote nothing.
    pub fn read(path: &str, text: &str, planned: &Planned) -> Result<Self, Vec<Diagnostic>> {
        #[derive(Deserialize)]
        struct Form {
            schema: Option<serde_json::Value>,
        }
        let fail = |message: String| {
            let help =
                "`bakeplan merge --format json` prints it, and `--github` sets the output `result` to it";
            vec![Diagnostic::error(Code::NOT_A_RESULT, message).with_help(help)]
        };
        let no_result = |problem: &dyn std::fmt::Display| {
            fail(format!("`{path}` is not the result of a merge: {problem}"))
        };
        let form: Form = serde_json::from_str(text).map_err(|error| no_result(&error))?;
        match form.schema {
            Some(schema) if schema == SCHEMA => {}
            Some(other) => {
                return Err(fail(format!(
                    "`{path}` has schema {other}, but this program reads schema {SCHEMA}"
                )));
            }
            None => return Err(no_result(&"expected the member `schema` in it")),
        }
        let result: Self = serde_json::from_str(text).map_err(|error| no_result(&error))?;
        if result.dry_run {
            return Err(fail(format!("`{path}` is the result of a dry run, which wrote nothing")));
        }
        match &result.plan {
            Some(plan) if *plan == planned.id => {}
            Some(other) => {
                let message =
                    format!("`{path}` belongs to plan `{other}`, but this is plan `{}`", planned.id);
                return Err(vec![
                    Diagnostic::error(Code::OTHER_PLAN, message)
                        .with_help("give the `plan.json` and the result of one run"),
                ]);
            }
            None => return Err(fail(format!("`{path}` does not say which plan it belongs to"))),
        }
        let lacking = planned.images.keys().filter(|key| !result.images.contains_key(*key));
        let lacking = lacking.map(|key| format!("`{path}` lacks image `{key}` of this plan"));
        let lost = result.images.iter().filter(|(_, image)| {
            image.digest.is_none() && !matches!(image.status, ResultStatus::Held | ResultStatus::Failed)
        });
        let lost = lost.map(|(key, _)| format!("`{path}` has no digest of image `{key}`"));
        let wrong: Vec<Diagnostic> = lacking.chain(lost).flat_map(fail).collect();
        if wrong.is_empty() { Ok(result) } else { Err(wrong) }
    }
}
