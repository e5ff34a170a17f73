//! What workflows and scripts say about images: what is built, under which names it is published, and when.

use std::rc::Rc;

use crate::glob::Glob;
use crate::init::repository::world::World;
use crate::init::values::guard::{self, Guard, Guarded};
use crate::init::values::moment::{Answers, Moment};
use crate::init::values::runs_on::RunsOn;
use crate::init::values::text::{Condition, Line, Meta, Place, RuleLine, Template};
use crate::init::values::triggers::Start;
use crate::init::values::turn::{Step, Turn};

/// A step or a command that publishes something, or that builds it for another one which does.
#[derive(Clone, Debug)]
pub(crate) struct Publication {
    /// Where the step is.
    pub place: Place,
    /// The job or the file that it is in.
    pub job: String,
    /// In which of the examples it publishes.
    pub runs: Answers,
    /// The conditions under which it does.
    pub guards: Vec<Guard>,
    /// Further events that start it: `schedule`, `workflow_dispatch`.
    pub others: Vec<String>,
    /// What starts its workflow.
    pub start: Rc<Start>,
    /// What is built; none when it gives tags to what others built.
    pub build: Option<Build>,
    /// Where it is published, without tags.
    pub repositories: Vec<Line>,
    /// The same under further conditions.
    pub conditional: Vec<(Line, Condition)>,
    /// Under which tags; none when it is pushed by digest.
    pub tags: Vec<TagLine>,
    /// Which repository has which of these tags, each by its key, as far as a step names them one by one.
    pub named: Vec<(String, String)>,
    /// The flavor of docker/metadata-action.
    pub flavor: Vec<Line>,
    /// What it is made of, if it makes an index of tags.
    pub sources: Vec<Template>,
    /// Those of them that nothing makes which was read.
    pub foreign: Vec<Template>,
    /// Tags that it has as a part of an index, and that nothing gives it any more.
    pub ending: Vec<Line>,
    /// Whether it has the labels of docker/metadata-action.
    pub oci_labels: bool,
    /// What was found there and is not understood.
    pub untold: Vec<Line>,
    /// Why it cannot be proposed, although something is known of it.
    pub unread: Option<String>,
    /// Whether it is only not known that it publishes nothing.
    pub is_guess: bool,
    /// What its job runs on, if it is in one.
    pub runs_on: Option<RunsOn>,
    /// When its job has its turn.
    pub turn: Rc<Turn>,
    /// How many were found before.
    pub number: usize,
}

impl Publication {
    /// The same where a condition holds that is written there.
    pub(crate) fn guard(&mut self, condition: Condition, place: Place) {
        self.runs = self.runs.and(condition.answers);
        guard::add(&mut self.guards, [Guard { condition, place }]);
    }

    /// A step of which only its place is known yet.
    #[must_use]
    pub(crate) fn new(place: Place, job: &str, runs: Answers) -> Self {
        Self {
            place,
            job: job.to_owned(),
            runs,
            guards: Vec::new(),
            others: Vec::new(),
            start: Rc::default(),
            build: None,
            repositories: Vec::new(),
            conditional: Vec::new(),
            tags: Vec::new(),
            named: Vec::new(),
            flavor: Vec::new(),
            sources: Vec::new(),
            foreign: Vec::new(),
            ending: Vec::new(),
            oci_labels: false,
            untold: Vec::new(),
            unread: None,
            is_guess: false,
            runs_on: None,
            turn: Rc::default(),
            number: 0,
        }
    }

    /// The step among those of its run.
    pub(crate) fn step(&self) -> Step {
        Step {
            place: self.place.clone(),
            job: self.job.clone(),
            turn: Rc::clone(&self.turn),
            number: self.number,
        }
    }

    /// The same for each condition that only some of its repositories have.
    pub(crate) fn divided(mut self) -> Vec<Self> {
        let conditional = std::mem::take(&mut self.conditional);
        let has_others = !self.repositories.is_empty() || conditional.is_empty();
        let mut all: Vec<Self> = Vec::new();
        for (line, condition) in conditional {
            let same = all.iter_mut().find(|one| {
                one.guards.last().is_some_and(|known| known.condition.written == condition.written)
            });
            if let Some(same) = same {
                same.repositories.push(line);
                continue;
            }
            let mut one = Self { repositories: vec![line.clone()], ..self.clone() };
            one.runs = one.runs.and(condition.answers);
            one.guards.push(Guard { condition, place: line.place });
            all.push(one);
        }
        if has_others {
            all.insert(0, self);
        }
        all
    }

    /// Takes its tags away, so that it gets others.
    pub(crate) fn without_tags(&mut self) {
        self.repositories.clear();
        self.conditional.clear();
        self.tags.clear();
        self.flavor.clear();
        self.named.clear();
    }

    /// The same for the repositories that have the same tags, where not all do.
    pub(crate) fn by_repository(self) -> Vec<Self> {
        if self.repositories.len() < 2 || self.named.len() > MAX_NAMED {
            return vec![self];
        }
        let tags_of = |repository: &str| -> Vec<&String> {
            self.named.iter().filter(|(known, _)| known == repository).map(|(_, tag)| tag).collect()
        };
        let mut groups: Vec<(Vec<&String>, Vec<&Line>)> = Vec::new();
        for line in &self.repositories {
            let tags = tags_of(&line.text.key());
            match groups.iter_mut().find(|(known, _)| same_names(known, &tags)) {
                Some((_, lines)) => lines.push(line),
                None => groups.push((tags, vec![line])),
            }
        }
        let all: Vec<String> = self.tags.iter().map(TagLine::key).collect();
        // What came otherwise is for all of them.
        let is_whole = all.iter().all(|tag| self.named.iter().any(|(_, known)| known == tag))
            && groups.iter().all(|(tags, _)| !tags.is_empty());
        if groups.len() < 2 || !is_whole {
            return vec![self];
        }
        let one = |(tags, lines): &(Vec<&String>, Vec<&Line>)| Self {
            repositories: lines.iter().map(|line| (*line).clone()).collect(),
            tags: self.tags.iter().filter(|tag| tags.contains(&&tag.key())).cloned().collect(),
            ..self.clone()
        };
        groups.iter().map(one).collect()
    }

    /// What its guards come to.
    pub(crate) fn guarded(&self, world: &World) -> Guarded {
        Guarded::of(&self.guards, self.runs, world)
    }

    /// Whether it publishes in any run, as far as can be known.
    pub(crate) fn is_ever_published(&self, world: &World) -> bool {
        let is_seen = self.runs.0.iter().any(|answer| *answer != Some(false));
        is_seen
            || !self.others.is_empty()
            || !self.start.is_of_requests
                && match self.guarded(world) {
                    Guarded::Told => false,
                    Guarded::When(when) => when != "false",
                    Guarded::Unknown(..) => true,
                }
    }

    /// Whether a condition on the name of the repository keeps it from that.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.guards.iter().any(|Guard { condition, place: _ }| {
            condition.when.as_deref() == Some("false") && condition.written.contains("github.repository")
        })
    }
}

/// How many tags of repositories are told apart; more than anybody names.
pub(crate) const MAX_NAMED: usize = 1000;

/// Whether two lists have the same names.
fn same_names(one: &[&String], other: &[&String]) -> bool {
    one.len() == other.len() && one.iter().all(|name| other.contains(name))
}

/// A tag as it is written.
#[derive(Clone, Debug)]
pub(crate) enum TagLine {
    /// A rule of docker/metadata-action.
    Rule(RuleLine),
    /// The text of a tag.
    Text(Line),
}

impl TagLine {
    /// The same with another text.
    pub(crate) fn with_text(&self, change: impl Fn(&Template) -> Template) -> Self {
        let changed = |line: &Line| Line { text: change(&line.text), place: line.place.clone() };
        match self {
            Self::Rule(rule) => Self::Rule(RuleLine { line: changed(&rule.line), ..rule.clone() }),
            Self::Text(line) => Self::Text(changed(line)),
        }
    }

    /// What tells it from others.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Rule(rule) => {
                let enable = rule.enable.as_ref().map(|enable| enable.written.as_str()).unwrap_or_default();
                format!("{} {enable}", rule.line.text.exact())
            }
            Self::Text(line) => line.text.exact(),
        }
    }

    /// What it says, and where.
    pub(crate) fn line(&self) -> &Line {
        match self {
            Self::Rule(rule) => &rule.line,
            Self::Text(line) => line,
        }
    }
}

/// What is built.
#[derive(Clone, Debug)]
pub(crate) enum Build {
    /// A Dockerfile.
    Dockerfile(Box<DockerfileBuild>),
    /// Targets of a Bake file.
    Bake(Box<BakeBuild>),
}

impl Build {
    /// The platforms that the step names.
    pub(crate) fn platforms(&self) -> &[Line] {
        match self {
            Self::Dockerfile(build) => &build.platforms,
            Self::Bake(build) => &build.platforms,
        }
    }

    /// The same, to change them.
    pub(crate) fn platforms_mut(&mut self) -> &mut Vec<Line> {
        match self {
            Self::Dockerfile(build) => &mut build.platforms,
            Self::Bake(build) => &mut build.platforms,
        }
    }
}

/// A build of a Dockerfile.
#[derive(Clone, Debug, Default)]
pub(crate) struct DockerfileBuild {
    /// The context, from the top of the repository.
    pub context: Template,
    /// The Dockerfile, in the same way.
    pub dockerfile: Option<Template>,
    /// The stage.
    pub stage: Option<Template>,
    /// Platforms.
    pub platforms: Vec<Line>,
    /// Build arguments, `NAME=VALUE`.
    pub args: Vec<Line>,
    /// Named contexts, in the same way.
    pub contexts: Vec<Line>,
    /// Secrets, as Bake has them.
    pub secrets: Vec<Line>,
    /// SSH agents.
    pub ssh: Vec<Line>,
    /// Caches that are read.
    pub cache_from: Vec<Line>,
    /// Caches that are written.
    pub cache_to: Vec<Line>,
    /// Attestations, as Bake has them.
    pub attest: Vec<Line>,
    /// Labels, `NAME=VALUE`.
    pub labels: Vec<Line>,
    /// Attributes of its output, beside what a plan says itself.
    pub output: Vec<Line>,
    /// Further attributes of its target.
    pub settings: Vec<BuildSetting>,
    /// What is to be said of its parts: where, and what.
    pub told: Vec<(Place, String)>,
    /// Whether base images are looked up again.
    pub pull: bool,
    /// Whether it is built without cache.
    pub no_cache: bool,
}

/// How an attribute of a target is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As one text.
    Text,
    /// As a list of texts.
    List,
    /// As texts by name; their lines are `NAME=VALUE`.
    Map,
}

/// An attribute of a target that a step gives as it is.
#[derive(Clone, Debug)]
pub(crate) struct BuildSetting {
    /// Its name.
    pub attribute: &'static str,
    /// How it is written.
    pub shape: Shape,
    /// What it has.
    pub lines: Vec<Line>,
}

/// An attribute that a step sets for targets.
#[derive(Clone, Debug)]
pub(crate) struct Override {
    /// The name of the target, or a pattern of names.
    pub target: String,
    /// The attribute.
    pub attribute: &'static str,
    /// What of it, such as the name of an argument; none for all of it.
    pub member: Option<String>,
    /// Whether it comes beside what the target has. Of several, the last one says so for all.
    pub is_more: bool,
    /// The value.
    pub line: Line,
}

impl Override {
    /// What `--set` has before its value.
    pub(crate) fn key(&self) -> String {
        let Self { target, attribute, member, is_more, line: _ } = self;
        // These have other names there.
        let attribute = match *attribute {
            "platforms" => "platform",
            "secret" => "secrets",
            attribute => attribute,
        };
        let member = member.iter().map(|member| format!(".{member}")).collect::<String>();
        format!("{target}.{attribute}{member}{}", if *is_more { "+" } else { "" })
    }
}

/// Tags that a step sets for targets.
#[derive(Clone, Debug)]
pub(crate) struct TagsOf {
    /// The name of the target, or a pattern of names.
    pub target: String,
    /// Whether they come beside its own. Of several, the last one says so for all.
    pub is_more: bool,
    /// The tag; empty where it has none.
    pub line: Line,
}

impl TagsOf {
    /// Whether they are set for this target.
    pub(crate) fn is_of(&self, label: &str) -> bool {
        Glob::parse(&self.target).is_ok_and(|pattern| pattern.matches(label))
    }
}

/// Targets that differ between the examples of runs.
#[derive(Clone, Debug)]
pub(crate) struct TargetsAt {
    /// How that is written.
    pub written: String,
    /// Where.
    pub place: Place,
    /// The targets or groups in each example; none where they are not known.
    pub names: Vec<(Moment, Option<Vec<String>>)>,
}

/// What a run of Compose has beside what one of Bake has.
#[derive(Clone, Debug, Default)]
pub(crate) struct ComposeRun {
    /// The profiles that are on.
    pub profiles: Vec<String>,
}

/// A build of Bake targets.
#[derive(Clone, Debug, Default)]
pub(crate) struct BakeBuild {
    /// The folder that it runs in.
    pub folder: String,
    /// The files that are named.
    pub files: Vec<Line>,
    /// The targets or groups; none for the default.
    pub targets: Vec<Line>,
    /// The same in each example of a run, where these are not known without.
    pub targets_at: Option<TargetsAt>,
    /// Platforms that override those of all targets.
    pub platforms: Vec<Line>,
    /// What else is set for its targets.
    pub overrides: Vec<Override>,
    /// Tags that are set for single targets, or beside those that they have.
    pub tags: Vec<TagsOf>,
    /// The steps with docker/metadata-action whose files are among the files, each of which fills in a target.
    pub metas: Vec<Rc<Meta>>,
    /// What else is said of a run of Compose, if it is one.
    pub compose: Option<ComposeRun>,
    /// Whether it says itself that it pushes; else its targets do.
    pub pushes: bool,
    /// Variables that are set for it alone.
    pub set: Vec<(String, Template)>,
    /// Environment variables that are set for it.
    pub variables: Vec<(String, Template)>,
}
