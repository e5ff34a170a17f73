//! The plan: what is built where and published under which tags. Everything is decided when it is made; views only
//! say it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::bake::target::{Group, Target};
use crate::bake::values::Name;
use crate::bake::values::kept::KeptVariable;
use crate::ci::MaxJobs;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::facts::{Facts, KnownVersions};
use crate::form::Form;
use crate::inputs::Inputs;
use crate::moment::Moment;
use crate::on_missing::OnMissing;
use crate::platform::Platform;
use crate::readable::hexadecimal;
use crate::reference::{Digest, Repository, Tag};
use crate::runner::Runner;
use crate::source::{Source, Span};
use crate::spec::WorkflowSettings;
use crate::tags::{Claim, YieldedTag};
use crate::version::{Scheme, Tails};

/// How many places of variables without a value are shown.
const MAX_PLACES: usize = 5;

/// Everything that a run decides.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The images by key, in the order of the spec.
    pub images: IndexMap<String, Image>,
    /// The images that the git tag of the run is not of, in the same order.
    pub elsewhere: Vec<ElsewhereImage>,
    /// The legs by name: those of one target together, targets in the order of the file.
    pub legs: IndexMap<Name, Leg>,
    /// The CI jobs, in the order of their first leg.
    pub jobs: Vec<Job>,
    /// How many jobs there were before they were packed, if they were.
    pub packed: Option<Packed>,
    /// The source's targets, resolved, in the order of the file.
    pub targets: IndexMap<Name, Arc<Target>>,
    /// The source's groups, in the order of the file.
    pub groups: Vec<Group>,
    /// The name of the group that holds all published legs; `None` without any.
    pub ci: Option<String>,
    /// Targets that a build of everything makes and nothing publishes.
    pub local: Vec<Name>,
    /// Whether the legs push; without, they only build.
    pub publish: bool,
    /// The variables that are left to the build.
    pub kept: Vec<KeptVariable>,
    /// The variables whose value is one of the environment.
    pub from_environment: Vec<Name>,
    /// The variables that nothing gives a value to, in what is published.
    pub unset: Vec<UnsetVariable>,
    /// The run that it was made in.
    pub run: Run,
    /// What the clock and chance said, as far as the definition asked.
    pub moment: Moment,
    /// The versions released before that were given and that an image reads as its own, as they were given.
    pub known_versions: KnownVersions,
    /// What the file says about CI.
    pub workflow: WorkflowSettings,
    /// The files that it was made from.
    pub sources: Vec<SourceFile>,
    /// Which images are built and why, by key, where that was asked for; those that are not built are here alone.
    pub verdicts: IndexMap<String, Verdict>,
    /// What each build reads, a part a line, by leg, where that was asked for.
    pub reads: IndexMap<Name, Vec<String>>,
    /// What registries say of the images that builds start from, copy from and mount, by name, where that was asked.
    pub bases: IndexMap<String, PlannedBase>,
    /// What is worth a look, and is not an error.
    pub warnings: Vec<Diagnostic>,
    /// What depends on the clock or on chance, and keeps the committed file that the plan is made for from being current.
    pub volatile: Vec<Diagnostic>,
}

/// An image that the git tag of the run is not of: what was published of it stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElsewhereImage {
    /// Its key.
    pub key: String,
    /// Its repositories, then its mirrors.
    pub places: Vec<Repository>,
    /// The forms of its tags, as far as they can be told.
    pub forms: BTreeSet<Form>,
    /// How many images of the plan stand before it.
    pub position: usize,
}

/// Whether an image is built, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is.
    pub is_built: bool,
    /// The reason.
    pub why: String,
}

/// What a registry says of an image that builds start from, copy from or mount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlannedBase {
    /// What takes its place in the builds, if it is pinned.
    pub digest: Option<Digest>,
    /// Whether it has instructions for builds that start from it (`ONBUILD`), if that is known.
    pub has_triggers: Option<bool>,
}

/// What jobs were packed from, and because of which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    /// How many there were.
    pub from: usize,
    /// How many there may be.
    pub most: MaxJobs,
}

/// A run of CI, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// What started it.
    pub event: Option<String>,
    /// The full name of the ref.
    pub git_ref: Option<String>,
    /// The page of the source repository.
    pub source: Option<String>,
    /// The workflow, by its file.
    pub workflow: Option<String>,
    /// Its number among the runs of the workflow.
    pub number: Option<u64>,
    /// The commit's full hash.
    pub commit: Option<String>,
    /// When it was committed.
    pub commit_time: Option<Timestamp>,
    /// The full hash of the commit that was checked out, as far as git tells in CI: in a pull request it may be another one.
    pub checkout: Option<String>,
}

impl Run {
    /// What facts say of the run.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        Self {
            event: facts.event.clone(),
            git_ref: facts.git_ref.clone(),
            source: facts.url.clone(),
            workflow: facts.workflow.clone(),
            number: facts.run,
            commit: facts.commit.clone(),
            commit_time: facts.commit_time,
            checkout: None,
        }
    }
}

/// A file that a plan was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path, relative to the working directory.
    pub path: String,
    /// SHA-256 of its text, in hexadecimal.
    pub sha256: String,
}

/// A multi-platform image.
#[derive(Clone, Debug)]
pub struct Image {
    /// Where it is published.
    pub repositories: Vec<Repository>,
    /// Where the merge copies it to, with all its tags.
    pub mirrors: Vec<Repository>,
    /// Under which tags.
    pub tags: Vec<PlannedTag>,
    /// Annotations of its index.
    pub annotations: BTreeMap<String, String>,
    /// The keys of those whose values are facts of the run.
    pub of_facts: BTreeSet<String>,
    /// The legs that make it, in the order of the platforms: it decides the bytes of the index.
    pub builds: Vec<Build>,
    /// The version that its tags are made of.
    pub version: Option<String>,
    /// Whether that comes before a release.
    pub is_prerelease: bool,
    /// The floating tags that it would have if there were no greater version.
    pub yielded: Vec<YieldedTag>,
    /// How its version is to be read.
    pub scheme: Scheme,
    /// How what follows the numbers of its versions is read, over the table.
    pub tails: Tails,
    /// Versions that were pulled and own nothing any more, as written.
    pub withdrawn: Vec<String>,
    /// The forms of tags that are not versions, of this image and of others in its repositories, sorted.
    pub other_forms: Vec<Form>,
    /// The tags that look like versions and leave open which one is meant.
    pub unclear: Vec<Tag>,
    /// The floating tags that may be names of one line of versions, such as `lts`.
    pub codenames: Vec<Tag>,
    /// The floating tags that its version goes without: `latest` of each variant, where it must not take that.
    pub without: Vec<Tag>,
    /// Whether an existing version tag must not get another digest.
    pub immutable: bool,
    /// Whether it is published as an index; else the manifest of its one build gets the tags.
    pub index: bool,
    /// Whether it may be: the tags of a run are given to what an earlier one built, whose labels are of that run.
    pub retag: bool,
    /// What it was published as before from the same inputs; then it is not built, and that gets the tags.
    pub reused: Option<Reused>,
}

/// What an image was published as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reused {
    /// Where it was found.
    pub repository: Repository,
    /// The tag that it was found under.
    pub tag: Tag,
    /// What that served.
    pub digest: Digest,
}

/// One platform of an image.
#[derive(Clone, Debug)]
pub struct Build {
    /// The leg's name.
    pub leg: Name,
    /// Its place among the legs of the plan, which is where it is looked for.
    pub at: usize,
    /// What becomes of the image when it is missing.
    pub on_missing: OnMissing,
    /// Labels that the configuration of its image will have; without those whose values the build decides.
    pub labels: BTreeMap<String, String>,
    /// Annotations that the manifest of its image will have; without those whose values the build decides.
    pub annotations: BTreeMap<String, String>,
    /// Annotations that the descriptor of its image has in the index.
    pub descriptor_annotations: BTreeMap<String, String>,
    /// What decides the image that it makes; `None` when nobody asked.
    pub inputs: Option<Inputs>,
}

/// A tag of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedTag {
    /// The tag.
    pub name: Tag,
    /// What it stands for.
    pub claim: Claim,
    /// Where its version stands in it, and what else does.
    pub form: Form,
    /// The forms of the tags that show the versions which a floating tag moves with; none when they cannot be read back.
    pub family: Vec<Form>,
    /// Why a floating tag is here; `None` for one that never moves.
    pub why: Option<String>,
    /// Whether no other version is known that could own it, so that the merge decides against the registry.
    pub is_provisional: bool,
    /// The repositories that have it; `None` for all of the image's.
    pub repositories: Option<Vec<Repository>>,
}

/// What a leg is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is pushed by digest, as a part of an image.
    Published,
    /// Another leg's context links to it.
    Linked,
    /// A copy for a leg that is built on a runner of another platform: it has both platforms, since
    /// `FROM --platform=$BUILDPLATFORM` asks for the runner's.
    Both,
}

/// One target for one platform.
#[derive(Clone, Debug)]
pub struct Leg {
    /// The source target.
    pub of: Name,
    /// Its platform; `None` when the target names none.
    pub platform: Option<Platform>,
    /// What it is for.
    pub role: Role,
    /// The place of the job that builds it; `None` where no job does, since it is only linked to or reused.
    pub job: Option<usize>,
    /// The whole definition, as it goes into the Bake file.
    pub definition: Box<Target>,
}

/// A CI job: a row of the matrix.
#[derive(Clone, Debug)]
pub struct Job {
    /// The first leg's name; unique.
    pub name: Name,
    /// The legs it builds, dependencies first.
    pub legs: Vec<Name>,
    /// The name of the Bake group that holds them, if there are several.
    pub group: Option<String>,
    /// Their platform.
    pub platform: Option<Platform>,
    /// The runner.
    pub runner: Runner,
    /// Whether the runner must emulate the platform.
    pub qemu: bool,
    /// Keys of the images that it builds a part of.
    pub images: Vec<String>,
    /// The entitlements that Bake will ask for.
    pub allow: Vec<String>,
    /// Ids of the secrets that its builds use.
    pub secrets: Vec<String>,
    /// Ids of the ssh agents or keys that its builds use.
    pub ssh: Vec<String>,
    /// Environment variables that its secrets are read from.
    pub env: Vec<String>,
    /// Which of its legs needs which of them, itself or in what it is made of, and `SSH_AUTH_SOCK` where an agent is used.
    pub needs: Vec<(Name, String)>,
    /// Whether it uses a cache of GitHub Actions (`type=gha`).
    pub gha_cache: bool,
}

impl SourceFile {
    /// A source as the plan records it.
    #[must_use]
    pub fn of(source: &Source) -> Self {
        let hash = Sha256::digest(source.text.as_bytes());
        Self { path: source.path.clone(), sha256: hexadecimal(&hash) }
    }
}

impl Job {
    /// The names of its legs in a row; most often there is one.
    #[must_use]
    pub fn leg_names(&self, separator: &str) -> Cow<'_, str> {
        match self.legs.as_slice() {
            [one] => (&**one).into(),
            several => several.join(separator).into(),
        }
    }

    /// What each of its legs needs from the environment: `LEG=NAME`.
    pub(crate) fn needed(&self) -> Vec<String> {
        self.needs.iter().map(|(leg, name)| format!("{leg}={name}")).collect()
    }
}

impl Plan {
    /// The distinct platforms of all images' legs, sorted; `None` for legs without one comes first.
    #[must_use]
    pub fn platforms(&self) -> Vec<Option<&Platform>> {
        let mut platforms = BTreeSet::new();
        // One by one: there may be very many builds, and there are few platforms.
        for leg in self.builds() {
            platforms.insert(leg.platform.as_ref());
        }
        platforms.into_iter().collect()
    }

    /// Whether there is something to publish: builds, or what is published already and gets tags.
    #[must_use]
    pub fn is_merged(&self) -> bool {
        self.publish && (!self.jobs.is_empty() || self.images.values().any(|image| image.reused.is_some()))
    }

    /// How many tags the images have, each counted once however many repositories it is in.
    #[must_use]
    pub fn tag_count(&self) -> usize {
        self.images.values().map(|image| image.tags.len()).sum()
    }

    /// How many repositories the images are published in.
    #[must_use]
    pub fn repository_count(&self) -> usize {
        self.images.values().flat_map(Image::places).collect::<IndexSet<_>>().len()
    }

    /// The leg that makes a build of one of its images.
    #[must_use]
    pub fn leg(&self, build: &Build) -> Option<&Leg> {
        self.legs.get_index(build.at).map(|(_, leg)| leg)
    }

    /// The legs that make an image, in the order of its builds.
    pub fn legs_of<'p>(&'p self, image: &Image) -> impl Iterator<Item = &'p Leg> {
        image.builds.iter().filter_map(|build| self.leg(build))
    }

    /// The job that builds a leg.
    #[must_use]
    pub fn job_of(&self, leg: &Leg) -> Option<&Job> {
        leg.job.and_then(|at| self.jobs.get(at))
    }

    fn builds(&self) -> impl Iterator<Item = &Leg> {
        self.images.values().flat_map(|image| self.legs_of(image))
    }

    /// The source's targets that are built: the images', those that they link to, and the local ones.
    pub fn built(&self) -> impl Iterator<Item = &Target> {
        let legs: BTreeSet<&Name> = self.legs.values().map(|leg| &leg.of).chain(&self.local).collect();
        self.targets.iter().filter(move |(name, _)| legs.contains(name)).map(|(_, target)| target.as_ref())
    }
}

/// A variable that nothing gives a value to, in what is published.
#[derive(Clone, Debug)]
pub struct UnsetVariable {
    /// Its name.
    pub name: Name,
    /// The first place that it is in.
    pub place: String,
    /// Where that is written.
    pub span: Option<Span>,
}

impl UnsetVariable {
    /// A note where the plan of a run is made.
    #[must_use]
    pub fn at_plan(all: &[Self]) -> Option<Diagnostic> {
        let all: Vec<&Self> = all.iter().collect();
        let note = Self::note(&all)?;
        let variable = &all.first()?.name;
        Some(note.with_help(format!(
            "set it where the plan is made, not only where it is built: `{variable}` in the environment, or `--var {variable}=…`"
        )))
    }

    /// A note that names them, without what to do.
    #[must_use]
    pub fn note(all: &[&Self]) -> Option<Diagnostic> {
        let names: Vec<String> = all.iter().map(|one| format!("`{}`", one.name)).collect();
        let Self { name: _, place, span: _ } = all.first()?;
        let message = match names.as_slice() {
            [one] => format!("the variable {one} has no value, but is used in {place}"),
            names => format!("the variables {} have no value; the first is in {place}", names.join(", ")),
        };
        let note = Diagnostic::note(Code::UNSET_VARIABLE, message);
        Some(all.iter().take(MAX_PLACES).fold(note, |note, one| note.at(one.span, "")))
    }
}

impl Image {
    /// Its repositories, then its mirrors.
    pub fn places(&self) -> impl Iterator<Item = &Repository> {
        self.repositories.iter().chain(&self.mirrors)
    }

    /// The repositories of a tag, without mirrors.
    #[must_use]
    pub fn repositories_of<'a>(&'a self, tag: &'a PlannedTag) -> &'a [Repository] {
        tag.repositories.as_deref().unwrap_or(&self.repositories)
    }

    /// The tags that one of its repositories or mirrors has, in order.
    pub fn tags_in<'a>(&'a self, repository: &'a Repository) -> impl Iterator<Item = &'a PlannedTag> {
        // Most tags are in all of them, which may be very many.
        let is_there =
            |some: &Vec<Repository>| some.contains(repository) || self.mirrors.contains(repository);
        self.tags.iter().filter(move |tag| tag.repositories.as_ref().is_none_or(is_there))
    }
}
