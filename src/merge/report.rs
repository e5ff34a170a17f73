//! What a merge did, as JSON and for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use indexmap::IndexMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::subject::Missing;
use crate::diagnostic::Diagnostic;
use crate::on_missing::OnMissing;
use crate::published::plan_json::ReusedEntry;
use crate::readable;
use crate::reference::Digest;

/// The version of the form of the JSON.
pub(crate) const SCHEMA: u32 = 1;
/// How many bytes an output or a summary of GitHub may have, somewhat less than its limit of a MiB.
const MAX_OUTPUT: usize = 900_000;

/// The result of a merge.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MergeReport)]
pub struct Report {
    /// The version of this format: 1.
    #[schema(minimum = 1, maximum = 1)]
    schema: u32,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The `id` of the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The repositories and digests that are published now, such as `ghcr.io/acme/app@sha256:…`.
    pub published: Vec<String>,
    /// All indexes that are in their repositories now, written the same way: those that are published, and those that
    /// got no tag yet.
    pub indexes: Vec<String>,
    /// The images by key, in the order of the plan.
    pub images: IndexMap<String, ImageReport>,
    /// The errors.
    #[serde(skip)]
    pub problems: Vec<Diagnostic>,
    /// Tags that were left untouched, and what to do.
    #[serde(skip)]
    pub held: Vec<Diagnostic>,
    /// Notes.
    #[serde(skip)]
    pub notes: Vec<Diagnostic>,
    /// What was done, as the heading of a summary.
    #[serde(skip)]
    heading: &'static str,
}

/// The result for an image.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImageReport {
    /// The outcome.
    pub status: Status,
    /// The reasons why it is not published.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
    /// The digest of its index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The media type of its index.
    #[serde(rename = "mediaType", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The size of its index in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<usize>,
    /// The platforms of its index, in order.
    pub platforms: Vec<String>,
    /// The manifests in its index, in order, when it is in its repositories.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<ManifestReport>,
    /// What it was published as before from the same inputs, when that has the tags and nothing was built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reused: Option<ReusedEntry>,
    /// Builds that are missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingReport>,
    /// Its tags in all repositories.
    pub references: Vec<TagReport>,
    /// The commands that would do the same, one for each repository.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
}

/// The result for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its tags are written.
    Published,
    /// All its tags were right before, or stay with others.
    Unchanged,
    /// Its tags would be written.
    Planned,
    /// Its index is written, and no tag yet.
    Indexed,
    /// All its tags stay with greater versions or later runs.
    Kept,
    /// It has no tags in this run, so that nothing is written.
    Untagged,
    /// A platform is missing, or nothing tells whether its tags may move: they are untouched.
    Held,
    /// Something went wrong.
    Failed,
}

/// A manifest in an index.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ManifestReport {
    /// Its digest.
    pub digest: Digest,
    /// The platform of the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// How many bytes a pull of the image fetches: its configuration and layers, compressed as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The digest of the image that it attests, if it is an attestation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attests: Option<String>,
    /// Where it is, such as `ghcr.io/acme/app@sha256:…`.
    pub references: Vec<String>,
}

/// A build that is missing.
#[derive(Debug, Serialize, ToSchema)]
pub struct MissingReport {
    /// Its name.
    pub build: String,
    /// Its platform.
    pub platform: Option<String>,
    /// What the merge did with the image.
    pub then: OnMissing,
}

impl From<&Missing> for MissingReport {
    fn from(missing: &Missing) -> Self {
        let platform = missing.platform.as_ref().map(ToString::to_string);
        Self { build: missing.leg.clone(), platform, then: missing.then }
    }
}

/// The result for a tag in a repository.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TagReport {
    /// The full reference, such as `ghcr.io/acme/app:1.4`.
    pub reference: String,
    /// The repository.
    pub repository: String,
    /// The tag.
    pub tag: String,
    /// Whether it moves from version to version.
    pub floating: bool,
    /// The outcome.
    pub outcome: Outcome,
    /// The digest that it has now, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The digest that it had before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// The reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The outcome for a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// There was none.
    Created,
    /// It floats, and was another version's or another build's.
    Moved,
    /// It is a version's, and had another digest.
    Replaced,
    /// It had this digest.
    Unchanged,
    /// A greater version or a later run keeps it.
    Kept,
    /// It stays as it is, since nothing tells whether a greater version has it.
    Held,
    /// It was not reached, since something went wrong before.
    Skipped,
    /// It could not be written, or has another digest now.
    Failed,
}

/// How the writing of a tag came out.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    /// The outcome.
    pub outcome: Outcome,
    /// The digest that it has, as far as that is known.
    pub digest: Option<Digest>,
    /// The reason.
    pub why: Option<String>,
}

impl TagReport {
    /// Leaves the tag with what it has.
    pub(super) fn stay(&mut self, outcome: Outcome, why: String) {
        self.outcome = outcome;
        self.digest.clone_from(&self.previous);
        self.why = Some(why);
    }

    fn word(&self, dry_run: bool) -> &'static str {
        match self.outcome {
            // It was never there, so that there is nothing to keep.
            Outcome::Kept if self.digest.is_none() => "not created",
            outcome => outcome.word(dry_run),
        }
    }
}

impl Outcome {
    /// Whether the tag is to be written.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Self::Created | Self::Moved | Self::Replaced)
    }

    fn word(self, dry_run: bool) -> &'static str {
        match (self, dry_run) {
            (Self::Created, false) => "created",
            (Self::Created, true) => "create",
            (Self::Moved, false) => "moved",
            (Self::Moved, true) => "move",
            (Self::Replaced, false) => "replaced",
            (Self::Replaced, true) => "replace",
            (Self::Unchanged, _) => "unchanged",
            (Self::Kept, false) => "kept",
            (Self::Kept, true) => "keep",
            (Self::Held, false) => "held",
            (Self::Held, true) => "hold",
            (Self::Skipped, _) => "not reached",
            (Self::Failed, _) => "failed",
        }
    }
}

impl Status {
    /// All of them, in the order in which they are counted.
    const ALL: [Self; 8] = [
        Self::Published,
        Self::Planned,
        Self::Indexed,
        Self::Unchanged,
        Self::Kept,
        Self::Untagged,
        Self::Held,
        Self::Failed,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
            Self::Indexed => "without tags yet",
            Self::Kept => "kept",
            Self::Untagged => "without tags in this run",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }
}

/// What came of a look at what repositories have.
#[derive(Default)]
pub(super) struct Looked {
    /// What is wrong.
    pub(super) problems: Vec<Diagnostic>,
    /// What is worth knowing, such as which tags stay.
    pub(super) notes: Vec<Diagnostic>,
}

impl Report {
    /// A report of nothing yet.
    #[must_use]
    pub fn new(heading: &'static str, dry_run: bool) -> Self {
        Self {
            schema: SCHEMA,
            dry_run,
            heading,
            plan: None,
            published: Vec::new(),
            indexes: Vec::new(),
            images: IndexMap::new(),
            problems: Vec::new(),
            held: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Makes a failure of all that has not ended otherwise, since something is wrong and nothing was written.
    #[must_use]
    pub(super) fn abandoned<'k>(mut self, keys: impl IntoIterator<Item = &'k str>) -> Self {
        for key in keys {
            let image = self.images.entry(key.to_owned()).or_insert_with(|| ImageReport::new(Status::Failed));
            if image.why.is_empty() {
                image.status = Status::Failed;
                image.why.push("nothing was written because of the errors".to_owned());
            }
        }
        self
    }

    /// Takes over what came of a look.
    pub(super) fn take(&mut self, Looked { problems, notes }: Looked) {
        self.problems.extend(problems);
        self.notes.extend(notes);
    }

    /// Takes note of what is worth knowing; once of what several images, or several copies of one, have in common.
    pub(super) fn take_note(&mut self, notes: impl IntoIterator<Item = Diagnostic>) {
        for note in notes {
            let is_same = |known: &Diagnostic| (known.code, &known.message) == (note.code, &note.message);
            if !self.notes.iter().any(is_same) {
                self.notes.push(note);
            }
        }
    }

    /// Whether something went wrong.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        !self.problems.is_empty() || self.images.values().any(|image| image.status == Status::Failed)
    }

    /// Whether images or tags were left untouched for what is not there or not known.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        !self.held.is_empty() || self.images.values().any(|image| image.status == Status::Held)
    }

    /// As JSON on one line, for the output of a step. Without the single references when they would be too much for one
    /// (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idoutputs>).
    #[must_use]
    pub fn to_output(&self) -> String {
        let mut value = serde_json::to_value(self).expect("a report has string keys only");
        let text = value.to_string();
        if text.len() <= MAX_OUTPUT {
            return text;
        }
        let images = value.get_mut("images").and_then(serde_json::Value::as_object_mut);
        for image in
            images.into_iter().flat_map(serde_json::Map::values_mut).filter_map(|one| one.as_object_mut())
        {
            image.remove("references");
            image.remove("manifests");
        }
        value.to_string()
    }

    /// As JSON for reading.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report has string keys only") + "\n"
    }

    /// As a table, and the commands of a dry run below it.
    #[must_use]
    pub fn to_table(&self) -> String {
        let mut text = String::new();
        for (key, image) in &self.images {
            let digest = image.digest.as_ref().map_or("", Digest::short);
            let (key, platforms) =
                (readable::line(key), readable::line(&image.platforms.join(", ")).into_owned());
            let parts = [&*key, image.status.word(), digest, &platforms];
            let line = parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("  ");
            let _ = writeln!(text, "{line}");
            for why in &image.why {
                let _ = writeln!(text, "  {}", readable::line(why));
            }
            for missing in image.published_without() {
                let _ = writeln!(text, "  {}", readable::line(&missing));
            }
            if let Some(reused) = &image.reused {
                let _ = writeln!(text, "  {}", reused.told());
            }
            if image.status == Status::Indexed {
                for index in self.indexes.iter().filter(|index| index.ends_with(image.digest_text())) {
                    let _ = writeln!(text, "  {index}");
                }
            }
            for (repository, group) in image.by_repository(self.dry_run) {
                let _ = writeln!(text, "  {repository}");
                for (word, names) in group {
                    let _ = writeln!(text, "    {word}: {}", names.join(", "));
                }
            }
        }
        for command in self.images.values().flat_map(|image| &image.commands) {
            let _ = writeln!(text, "{}", readable::line(command));
        }
        text + &self.numbers()
    }

    /// As Markdown, for the summary page of a CI run.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = format!(
            "### {}{}\n\n{}\n| Image | Digest | Platforms | Tags |\n|---|---|---|---|\n",
            self.heading,
            if self.dry_run { " (dry run)" } else { "" },
            self.numbers()
        );
        for (at, (key, image)) in self.images.iter().enumerate() {
            if text.len() > MAX_OUTPUT {
                let _ = writeln!(text, "\n… and {} more", self.images.len() - at);
                break;
            }
            let digest = image.digest.as_ref().map_or_else(
                || format!("{}: {}", image.status.word(), readable::message(&image.why.join("; "))),
                |digest| format!("`{digest}`"),
            );
            let reused = image.reused.iter().map(|reused| readable::markdown(&reused.told()));
            let tags = image.by_repository(self.dry_run).into_iter().map(|(repository, group)| {
                let group = group
                    .into_iter()
                    .map(|(word, names)| format!("{word} {}", readable::message(&names.join(", "))));
                format!("{}: {}", readable::code(repository), group.collect::<Vec<_>>().join("; "))
            });
            let mut platforms: Vec<_> =
                image.platforms.iter().map(|platform| image.sized(platform)).collect();
            platforms.extend(image.published_without().map(|missing| readable::message(&missing)));
            let cells = [
                readable::markdown(key),
                digest,
                platforms.join("<br>"),
                reused.chain(tags).collect::<Vec<_>>().join("<br>"),
            ];
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text
    }

    fn numbers(&self) -> String {
        let count = |number: usize, one: &str, many: &str| match number {
            1 => format!("1 {one}"),
            _ => format!("{number} {many}"),
        };
        let images = |status| self.images.values().filter(|image| image.status == status).count();
        let reused = self.images.values().filter(|image| image.reused.is_some()).count();
        let written = self.images.values().flat_map(|image| &image.references);
        let written = written.filter(|reference| reference.outcome.writes()).count();
        let mut parts = Vec::new();
        for status in Status::ALL {
            if images(status) > 0 {
                parts.push(format!("{} {}", count(images(status), "image", "images"), status.word()));
            }
        }
        if parts.is_empty() {
            parts.push("0 images".to_owned());
        }
        if reused > 0 {
            parts.push(format!("{reused} of them reused"));
        }
        let tags = count(written, "tag", "tags");
        parts.push(if self.dry_run { format!("{tags} to write") } else { format!("{tags} written") });
        format!("{}\n", parts.join(", "))
    }
}

/// Bytes as registries show them.
fn megabytes(bytes: u64) -> String {
    let (whole, tenths) = (bytes / 1_000_000, bytes / 100_000 % 10);
    match whole {
        0 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{whole}.{tenths} MB"),
    }
}

impl ImageReport {
    /// A platform, with its size where that is known.
    fn sized(&self, platform: &str) -> String {
        let is_of = |one: &&ManifestReport| one.platform.as_deref() == Some(platform);
        let bytes = self.manifests.iter().find(is_of).and_then(|one| one.bytes);
        let size = bytes.map_or_else(String::new, |bytes| format!(" ({})", megabytes(bytes)));
        format!("{}{size}", readable::markdown(platform))
    }

    /// What was not built of an image that is published all the same, and what it has instead.
    pub(super) fn published_without(&self) -> impl Iterator<Item = String> {
        let is_published = self.why.is_empty() && self.status != Status::Failed;
        let missing = self.missing.iter().filter(move |_| is_published);
        missing.filter_map(|MissingReport { build, platform, then }| {
            let what = platform.as_ref().unwrap_or(build);
            match then {
                OnMissing::Hold => None,
                OnMissing::Drop => Some(format!("{what} was not built: published without it")),
                OnMissing::Carry => {
                    Some(format!("{what} was not built: taken from what was published before"))
                }
            }
        })
    }

    /// What became of its tags: by repository and outcome, with the reasons of single tags.
    fn by_repository(&self, dry_run: bool) -> IndexMap<&str, IndexMap<&'static str, Vec<String>>> {
        let mut groups: IndexMap<&str, IndexMap<&'static str, Vec<String>>> = IndexMap::new();
        for reference in &self.references {
            let name = match &reference.why {
                Some(why) => format!("{} ({})", reference.tag, readable::line(why)),
                None => reference.tag.clone(),
            };
            let group = groups.entry(&reference.repository).or_default();
            group.entry(reference.word(dry_run)).or_default().push(name);
        }
        groups
    }

    fn digest_text(&self) -> &str {
        self.digest.as_ref().map_or("", Digest::as_str)
    }

    /// What is said of an image before anything is known of it.
    #[must_use]
    pub fn new(status: Status) -> Self {
        Self {
            status,
            why: Vec::new(),
            digest: None,
            media_type: None,
            size: None,
            platforms: Vec::new(),
            manifests: Vec::new(),
            reused: None,
            missing: Vec::new(),
            references: Vec::new(),
            commands: Vec::new(),
        }
    }

    /// Takes over how its tags came out.
    pub(super) fn settle(&mut self, outcomes: &BTreeMap<usize, Settled>) {
        for (at, Settled { outcome, digest, why }) in outcomes {
            let reference = &mut self.references[*at];
            reference.outcome = *outcome;
            reference.digest.clone_from(digest);
            if why.is_some() {
                reference.why.clone_from(why);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_says_does_not_control_anything() {
        let mut image = ImageReport::new(Status::Held);
        image.platforms = vec!["li\u{1b}[31mnux/amd64\n::warning::x".into()];
        image.why = vec!["a|b\n::warning::y".into()];
        let mut report = Report::new("Merge", false);
        report.images.insert("app".into(), image);
        let table = report.to_table();
        let expected = "app  held  li\\u{1b}[31mnux/amd64\\n::warning::x\n  a|b\\n::warning::y\n";
        assert!(table.starts_with(expected), "{table}");
        let row = "| app | held: a\\|b\\\\n::<!-- -->warning::y | li\\\\u{1b}\\[31mnux/amd64\\\\n::<!-- -->warning::x |  |\n";
        let text = report.to_markdown();
        assert!(text.ends_with(row), "{text}");
    }
}
