//! An image that is published today, as far as it is put together.

use crate::init::steps::entry::Entry;
use crate::init::steps::found::{DockerfileBuild, Override, Publication};
use crate::init::values::moment::Answers;
use crate::init::values::runs_on::RunsOn;
use crate::init::values::text::{Line, Place, Template};
use crate::init::values::turn::Step;

/// An image that is published today.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// What builds it.
    pub target: TargetOf,
    /// Where it is published.
    pub repositories: Vec<Line>,
    /// What gives it tags.
    pub entries: Vec<Entry>,
    /// The flavor of its rules.
    pub flavor: Vec<Line>,
    /// Platforms that the steps name.
    pub platforms: Vec<Line>,
    /// Builds of single platforms that differ from the first.
    pub variants: Vec<(String, DockerfileBuild)>,
    /// Whether it has the labels of docker/metadata-action.
    pub oci_labels: bool,
    /// Tags of its parts, which nothing gives them any more.
    pub ending: Vec<Line>,
    /// Parts of its indexes that nothing makes which was read.
    pub foreign: Vec<Line>,
    /// What was found and is not understood.
    pub untold: Vec<Line>,
    /// Variables that the step sets for its definition.
    pub variables: Vec<(String, Template)>,
    /// Those of them that another step gives another value, or none.
    pub varying: Vec<String>,
    /// What the step sets for its target.
    pub overrides: Vec<Override>,
    /// What its platforms are built on, in jobs that name it.
    pub runners: Vec<(Vec<Line>, RunsOn)>,
    /// Where its build is.
    pub place: Place,
    /// The steps that build it.
    pub steps: Vec<Step>,
}

impl Candidate {
    /// Adds the variables that another step sets for the same target.
    pub(in crate::init) fn add_variables(&mut self, other: &[(String, Template)]) {
        let value = |of: &[(String, Template)], name: &str| {
            of.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.exact())
        };
        let all = self.variables.iter().chain(other);
        let differs = |name: &&String| value(&self.variables, name) != value(other, name);
        let varying: Vec<String> = all.map(|(name, _)| name).filter(differs).cloned().collect();
        for name in varying {
            if !self.varying.contains(&name) {
                self.varying.push(name);
            }
        }
        for (name, value) in other {
            if !self.variables.iter().any(|(known, _)| known == name) {
                self.variables.push((name.clone(), value.clone()));
            }
        }
    }
}

/// What builds an image.
#[derive(Clone, Debug)]
pub(crate) enum TargetOf {
    /// A target of a definition: which of them, and its label.
    Known(usize, String),
    /// A Dockerfile.
    Dockerfile(Box<DockerfileBuild>),
}

/// What could not be joined to images.
#[derive(Clone, Debug)]
pub(crate) struct Stray {
    /// What was found.
    pub publication: Publication,
    /// Why it is nothing that can be proposed.
    pub why: String,
}

impl Stray {
    /// An image that cannot be proposed.
    pub(in crate::init) fn of(candidate: &Candidate, why: &str) -> Self {
        let may = |moment| candidate.entries.iter().any(|entry| entry.may(moment));
        let runs = Answers::of(|moment| if may(moment) { None } else { Some(false) });
        let others = candidate.entries.iter().flat_map(|entry| entry.others.iter().cloned()).collect();
        let repositories = candidate.repositories.clone();
        let publication = Publication::new(candidate.place.clone(), "", runs);
        Self { publication: Publication { repositories, others, ..publication }, why: why.to_owned() }
    }
}

/// What tells lines from others.
pub(in crate::init) fn keys(lines: &[Line]) -> Vec<String> {
    lines.iter().map(|line| line.text.key()).collect()
}

/// Adds lines that are not there yet.
pub(in crate::init) fn merge_lines(into: &mut Vec<Line>, more: Vec<Line>) {
    for line in more {
        if !into.iter().any(|known| known.text.key() == line.text.key()) {
            into.push(line);
        }
    }
}

/// Whether several builds are those of different platforms.
pub(in crate::init) fn are_platforms(fitting: &[usize], candidates: &[Candidate]) -> bool {
    let mut seen: Vec<String> = Vec::new();
    fitting.iter().all(|&at| {
        let own = keys(&candidates[at].platforms);
        let is_new = !own.is_empty() && own.iter().all(|platform| !seen.contains(platform));
        seen.extend(own);
        is_new && matches!(candidates[at].target, TargetOf::Dockerfile(_))
    })
}

/// Adds the build of another platform.
pub(in crate::init) fn join(into: &mut Candidate, other: Candidate) {
    if let TargetOf::Dockerfile(build) = &other.target {
        for platform in other.platforms.iter().filter_map(|line| line.text.constant()) {
            into.variants.push((platform, (**build).clone()));
        }
    }
    merge_lines(&mut into.platforms, other.platforms);
    merge_lines(&mut into.repositories, other.repositories);
    merge_lines(&mut into.untold, other.untold);
    merge_lines(&mut into.ending, other.ending);
    into.foreign.extend(other.foreign);
    into.oci_labels |= other.oci_labels;
    into.entries.extend(other.entries);
    into.steps.extend(other.steps);
}
