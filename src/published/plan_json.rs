//! `plan.json`, as it is written and read: which tags each image is published under, which builds make it, and the jobs
//! that build them.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fingerprint::Fingerprint;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::form::Form;
use crate::inputs::Inputs;
use crate::moment::Seed;
use crate::on_missing::OnMissing;
use crate::platform::Platform;
use crate::readable::shell_word;
use crate::reference::{Digest, Tag};
use crate::registry::Location;
use crate::runner::Runner;
use crate::version::{Class, Scheme, Tails};

/// The version of the form; a reader refuses one that it does not know.
pub(crate) const SCHEMA: u32 = 2;

/// A plan: the images to publish and the CI jobs that build them.
// There may be very many of both, and what is written makes each when its turn comes.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
#[schema(bound = "")]
pub struct PlanJson<Images = IndexMap<String, ImageEntry>, Jobs = Vec<JobEntry>> {
    /// The version of the form: 2.
    #[schema(minimum = 2, maximum = 2)]
    pub schema: u32,
    /// Identifies what is built and published, and in which run. It is also in every row of the matrix; another attempt of the same run
    /// has the same.
    pub id: Fingerprint,
    /// Identifies the content of the Bake file. It is also in the first key of that file, and is the same in every run
    /// that gives the same file.
    pub definition: Fingerprint,
    /// The run that the plan was made in, as far as it is known.
    #[serde(default)]
    pub run: RunEntry,
    /// What the clock, chance and the attempt of the run said when the definition was evaluated, where it asked:
    /// `merge --from-source` evaluates it in the same moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moment: Option<MomentEntry>,
    /// The versions released before that were given with `--known-versions` and that an image reads as its own, as they
    /// were given.
    #[serde(default, skip_serializing_if = "KnownVersionsEntry::is_empty")]
    pub known_versions: KnownVersionsEntry,
    /// The images by key, in the order of the spec.
    #[schema(value_type = IndexMap<String, ImageEntry>)]
    pub images: Images,
    /// The CI jobs, in the order of their first build.
    #[schema(value_type = Vec<JobEntry>)]
    pub jobs: Jobs,
    /// Why images are built or not, by key, where that was asked for.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub verdicts: IndexMap<String, VerdictEntry>,
    /// What registries said of the images that builds start from, copy from and mount, by name, where that was asked.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub bases: IndexMap<String, BaseEntry>,
    /// What the jobs were packed from because there were too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packed: Option<PackedEntry>,
    /// The files that the plan was made from.
    #[serde(default)]
    pub source: SourceEntry,
}

/// Reads the text of a `plan.json`, which is called `path`.
///
/// # Errors
/// When it is not a plan, or of another schema.
pub(crate) fn read(path: &str, text: &str) -> Result<PlanJson, Diagnostic> {
    #[derive(Deserialize)]
    #[serde(expecting = "an object")]
    struct Form {
        schema: Option<serde_json::Value>,
    }
    let text = without_mark(text);
    if text.trim_start().starts_with('[') {
        return Err(not_a_plan(format!("`{path}` is not a plan but a list, as matrix.json is")));
    }
    let whole = |error| not_a_plan(format!("`{path}` is not a plan: {}", problem(&error)));
    let Form { schema } = serde_json::from_str(text).map_err(whole)?;
    match schema {
        Some(schema) if schema == SCHEMA => serde_json::from_str(text).map_err(whole),
        Some(other) => {
            let message = format!("`{path}` has schema {other}, but this program reads schema {SCHEMA}");
            Err(Diagnostic::error(Code::NOT_A_PLAN, message).with_help(way_out(path, &other)))
        }
        None => Err(not_a_plan(format!("`{path}` is not a plan: expected the member `schema` in it"))),
    }
}

/// The error about what is not a plan.
pub(super) fn not_a_plan(message: String) -> Diagnostic {
    Diagnostic::error(Code::NOT_A_PLAN, message).with_help("`bakeplan plan --out DIR` writes DIR/plan.json")
}

/// Whether a text says which schema of plans it is of; a list, such as that of versions, is none, whatever its first item.
#[must_use]
pub(crate) fn names_schema(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Form {
        schema: serde_json::Number,
    }
    let object = without_mark(text).trim_start();
    object.starts_with('{')
        && serde_json::from_str::<Form>(object).is_ok_and(|Form { schema }| schema.as_f64().is_some())
}

/// What a merge follows in a `plan.json`, in one form however it is written: not where its sources lie, and not what is only
/// known at times.
///
/// # Errors
/// When it is not a plan.
pub(crate) fn followed(text: &str) -> Result<String, serde_json::Error> {
    let plan: PlanJson = serde_json::from_str(without_mark(text))?;
    let run = RunEntry { commit_time: None, checkout: None, ..plan.run };
    serde_json::to_string_pretty(&PlanJson {
        run,
        known_versions: KnownVersionsEntry::default(),
        verdicts: IndexMap::new(),
        source: SourceEntry::default(),
        ..plan
    })
}

/// A text without the mark that editors and shells of Windows put before it.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// What is wrong with a text that is not a plan, in the words of JSON.
pub(crate) fn problem(error: &serde_json::Error) -> String {
    let words =
        [("sequence", "list"), ("a map", "an object"), (" map,", " object,"), ("invalid type: ", "found ")];
    words.into_iter().fold(error.to_string(), |text, (theirs, ours)| text.replace(theirs, ours))
}

/// What to do about a plan of another schema.
fn way_out(path: &str, schema: &serde_json::Value) -> String {
    if schema.as_u64().is_some_and(|schema| schema > SCHEMA.into()) {
        return format!(
            "a newer bakeplan wrote it: update this one, which reads schema {SCHEMA}, to one that reads schema {schema}"
        );
    }
    let folder = std::path::Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty());
    // Beside the definition, `--out` would put a Bake file that is read with it.
    let command = folder.map_or_else(
        || format!("bakeplan metadata > {}", shell_word(path)),
        |folder| format!("bakeplan plan --out {}", shell_word(&folder.display().to_string())),
    );
    format!("write it again with this version of bakeplan, where the Bake file is: `{command}`")
}

/// What was so when a definition was evaluated, and may be otherwise in the next job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct MomentEntry {
    /// The time, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// What random values follow from, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
    /// The attempt of the run, where the definition may read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
}

/// Versions that were released before, as they were given: most often names of git tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct KnownVersionsEntry {
    /// The versions of all images without a list of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The versions of single images, by the image's key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_image: BTreeMap<String, Vec<String>>,
}

impl KnownVersionsEntry {
    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.by_image.is_empty()
    }
}

/// What a registry said of an image that builds start from, copy from or mount.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct BaseEntry {
    /// The index that takes its place in all builds, if it is pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Whether it has instructions for builds that start from it (`ONBUILD`), if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onbuild: Option<bool>,
}

/// Whether an image is built, and why.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct VerdictEntry {
    /// Whether it is built in this run.
    pub build: bool,
    /// The reason.
    pub why: String,
}

/// Jobs that were packed into fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct PackedEntry {
    /// How many there were.
    pub from: usize,
    /// How many there may be.
    #[schema(minimum = 1)]
    pub most: u32,
}

/// A run of CI, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct RunEntry {
    /// The event that started it, as the CI names it (`push`, `pull_request`, `schedule`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The full name of the ref, such as `refs/heads/main`.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// The page of the source repository: runs of another one are counted apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The workflow, by its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The number of the run within its workflow; another attempt has the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The commit's full hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The time of the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub commit_time: Option<Timestamp>,
    /// The full hash of the commit that was checked out, as far as git tells in CI: in a pull request it may be another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout: Option<String>,
}

/// A multi-platform image.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct ImageEntry {
    /// The version that its tags are made of, as written; none when they are literal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The repositories that it is published in, such as `ghcr.io/acme/app`.
    pub repositories: Vec<Location>,
    /// Further repositories, which no build pushes to: a merge copies the image there, with all its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mirrors: Vec<Location>,
    /// The tags that it is published under.
    pub tags: Vec<TagEntry>,
    /// The floating tags that it would have if there were no greater version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub yielded: Vec<YieldedEntry>,
    /// The scheme of its versions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scheme: Scheme,
    /// Exceptions to the table of what follows the numbers of a version.
    #[serde(default, skip_serializing_if = "Tails::is_empty")]
    pub tails: Tails,
    /// Versions that were pulled and own nothing any more, as written, and patterns of such (`2026.*`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<String>,
    /// The forms of tags that are not versions, of this image and of others in its repositories, in this run and in others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_forms: Vec<Form>,
    /// The tags that look like versions and leave open which one is meant: a floating tag stays with an index that has such a
    /// tag with greater numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclear: Vec<Tag>,
    /// The floating tags that may be names of one line of versions, such as `lts`: where a greater version keeps one, the merge
    /// warns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codenames: Vec<Tag>,
    /// The floating tags that its version goes without, and keeps from no lesser one: `latest` of each variant, where `latest = false`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<Tag>,
    /// Whether an existing tag of a version must keep its digest.
    #[serde(default, skip_serializing_if = "is_default")]
    pub immutable: bool,
    /// Whether it is published as an index; else the manifest of its one build gets the tags.
    #[serde(default = "always", skip_serializing_if = "is_always")]
    pub index: bool,
    /// Annotations of its index.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// The builds that make it, by the name that buildx's metadata has for each, in the order of the platforms: it
    /// decides the bytes of the index.
    pub builds: IndexMap<String, BuildEntry>,
    /// What it was published as before from the same inputs: none of its builds is made, and that gets the tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused: Option<ReusedEntry>,
}

/// What an image was published as before.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct ReusedEntry {
    /// The repository that it was found in: one of the image's.
    pub repository: Location,
    /// The tag that it was found under.
    pub tag: Tag,
    /// The digest that the tag had.
    pub digest: Digest,
}

impl ReusedEntry {
    /// That it is reused, in words.
    #[must_use]
    pub(crate) fn told(&self) -> String {
        format!("reused: {}", self.same_inputs())
    }

    /// Why it is, in words.
    #[must_use]
    pub(crate) fn same_inputs(&self) -> String {
        format!("same inputs as {}", self.reference())
    }

    /// The whole reference.
    #[must_use]
    pub(crate) fn reference(&self) -> String {
        let Self { repository, tag, digest } = self;
        format!("{}@{digest}", repository.with_tag(tag))
    }
}

/// A tag of an image.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct TagEntry {
    /// The tag.
    pub name: Tag,
    /// Whether it moves from version to version or from run to run.
    #[serde(default)]
    pub floating: bool,
    /// The kind of tag, which decides what a floating tag moves with.
    pub class: TagClass,
    /// The number of leading numbers that the versions have in common which a floating tag moves with; 0 for `latest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<usize>,
    /// The text that all tags of its kind share, with placeholders for what differs from release to release or from run to run.
    pub form: Form,
    /// The forms of the tags that show the versions which a floating tag moves with; none when they cannot be read back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub family: Vec<Form>,
    /// The reason why this image has the floating tag, such as `greatest 1.4.x`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether the merge decides by the registry who owns it, because no other version is known that could.
    #[serde(default, skip_serializing_if = "is_default")]
    pub provisional: bool,
    /// The repositories that have it; all of the image's when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repositories: Option<Vec<Location>>,
}

/// The kind of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TagClass {
    /// A stable version, or the greatest of several.
    Version,
    /// A prerelease, or the greatest of several.
    Prerelease,
    /// The greatest version that claims a channel.
    Channel,
    /// A run: its branch, its commit, its day.
    Run,
    /// Nothing that is put into it, such as `edge`: a floating one moves with each run.
    Constant,
}

/// Which versions a floating tag moves with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Follows {
    /// Of which class they are.
    pub class: Class,
    /// How many of their leading numbers agree.
    pub numbers: usize,
}

impl TagEntry {
    /// Which versions a floating tag moves with: those of a repository can keep it from moving.
    #[must_use]
    pub(crate) fn follows(&self) -> Option<Follows> {
        let numbers = self.numbers.unwrap_or(0);
        let class = match self.class {
            TagClass::Version => Class::Stable,
            TagClass::Prerelease => Class::Prerelease,
            TagClass::Channel | TagClass::Run | TagClass::Constant => return None,
        };
        self.floating.then_some(Follows { class, numbers })
    }

    /// Whether it names the commit, of which several versions may be released.
    #[must_use]
    pub(crate) fn is_of_commit(&self) -> bool {
        match self.class {
            // A git tag that is not a version is of the run, too.
            TagClass::Run => !self.floating && self.form.has_commit(),
            TagClass::Version | TagClass::Prerelease | TagClass::Channel | TagClass::Constant => false,
        }
    }

    /// Whether it is a version's: its own tag, or one that floats with versions.
    #[must_use]
    pub(crate) fn is_of_version(&self) -> bool {
        match self.class {
            TagClass::Version | TagClass::Prerelease => true,
            TagClass::Channel | TagClass::Run | TagClass::Constant => false,
        }
    }

    /// Whether it is a version's, or a channel of versions.
    #[must_use]
    pub(crate) fn is_of_line(&self) -> bool {
        self.is_of_version() || self.class == TagClass::Channel
    }

    /// Whether all runs that make a version give it: not an own tag that each run has another one of.
    #[must_use]
    pub(crate) fn is_shared_by_runs(&self) -> bool {
        self.is_of_line() && (self.floating || !self.form.has_run())
    }

    /// Whether it is a version's own tag that each run has another one of.
    #[must_use]
    pub(crate) fn is_own_of_run(&self) -> bool {
        self.is_of_version() && !self.floating && self.form.has_run()
    }

    /// Whether it moves with each run: one that is later can keep it from moving.
    #[must_use]
    pub(crate) fn moves_with_runs(&self) -> bool {
        match self.class {
            TagClass::Run | TagClass::Constant => self.floating,
            TagClass::Version | TagClass::Prerelease | TagClass::Channel => false,
        }
    }
}

/// A floating tag that another version owns.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct YieldedEntry {
    /// The tag.
    pub name: String,
    /// The version that owns it, as written.
    pub owner: String,
    /// Whether the owner is a version known from elsewhere, not one of this plan.
    pub known: bool,
}

/// A build of an image: one target for one platform.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct BuildEntry {
    /// Its platform; `null` when the target has none.
    #[serde(default)]
    pub platform: Option<Platform>,
    /// The job that makes it.
    #[serde(default)]
    pub job: String,
    /// What happens to the image if this build is missing.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_missing: OnMissing,
    /// Labels that the configuration of its image has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations that the manifest of its image has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Annotations that the index has of it, in its descriptor.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub descriptor_annotations: BTreeMap<String, String>,
    /// What decides the image that it makes, if the plan was made with that: a merge records the hash in the index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Inputs>,
}

/// A CI job.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct JobEntry {
    /// The name of its first build; unique.
    pub job: String,
    /// The targets that it builds, dependencies first.
    pub targets: Vec<String>,
    /// The group of the Bake file that holds them, when there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The platform of its targets; `null` when they have none.
    pub platform: Option<Platform>,
    /// The runner.
    pub runner: Runner,
    /// Whether the runner must emulate the platform.
    pub qemu: bool,
    /// Keys of the images that it builds a part of.
    pub images: Vec<String>,
    /// Entitlements that Bake will ask for.
    pub allow: Vec<String>,
    /// The names of the secrets that it needs.
    pub secrets: Vec<String>,
    /// The ids of the SSH agents and keys that it needs.
    pub ssh: Vec<String>,
}

/// The files that a plan was made from.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct SourceEntry {
    /// The files, in the order in which they were read.
    pub files: Vec<FileEntry>,
}

/// A file that a plan was made from.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(expecting = "an object")]
pub struct FileEntry {
    /// Its path, relative to the working directory.
    pub path: String,
    /// SHA-256 of its text, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
}

fn always() -> bool {
    true
}

fn is_always(value: &bool) -> bool {
    *value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
