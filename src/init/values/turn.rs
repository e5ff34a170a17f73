//! When jobs have their turns: which of them have ended when another one begins.

use std::rc::Rc;

use super::text::Place;

/// How many jobs are looked at: GitHub's limit for a run.
const MAX_JOBS: usize = 256;

/// When a job has its turn in a run.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// The job, behind those that call its workflow.
    jobs: Vec<String>,
    /// The jobs that have ended by then.
    after: Vec<String>,
}

impl Turn {
    /// That of a job in a workflow that is called, behind the jobs that it needs.
    pub(crate) fn of(name: &str, caller: &Self, needed: &[&Self]) -> Self {
        let own = match caller.jobs.last() {
            Some(caller) => format!("{caller} {name}"),
            None => name.to_owned(),
        };
        let mut after = caller.after.clone();
        for job in needed.iter().flat_map(|job| job.jobs.last().into_iter().chain(&job.after)) {
            if after.len() < MAX_JOBS && !after.contains(job) {
                after.push(job.clone());
            }
        }
        Self { jobs: caller.jobs.iter().cloned().chain([own]).collect(), after }
    }
}

/// A step that builds something, among those of its run.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Where it is.
    pub place: Place,
    /// The job or the file that it is in.
    pub job: String,
    /// When that has its turn.
    pub turn: Rc<Turn>,
    /// How many were found before.
    pub number: usize,
}

impl Step {
    /// Whether it has ended when another one begins.
    pub(crate) fn is_before(&self, other: &Self) -> bool {
        let is_needed = self.turn.jobs.iter().any(|job| other.turn.after.contains(job));
        // The rows of a matrix run the same step side by side.
        let is_above = self.job == other.job && self.number < other.number && self.place != other.place;
        is_needed || is_above
    }
}
