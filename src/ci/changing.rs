//! Variables and properties of `github` whose values differ between the jobs, steps or attempts of a run: a plan that depends on
//! one cannot be made again by the merge.

use super::EnvVariable;

/// Variables that every step has. `GITHUB_RUN_ATTEMPT` is not among them: the merge takes it from the plan.
const VARIABLES: [&str; 12] = [
    "GITHUB_ACTION",
    "GITHUB_ACTION_PATH",
    "GITHUB_ENV",
    "GITHUB_JOB",
    "GITHUB_OUTPUT",
    "GITHUB_PATH",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_TRIGGERING_ACTOR",
    "RUNNER_NAME",
    "RUNNER_TEMP",
    "RUNNER_TRACKING_ID",
];

/// Properties of the context `github`.
const PROPERTIES: [&str; 12] = [
    "action",
    "action_path",
    "action_status",
    "env",
    "event_path",
    "job",
    "output",
    "path",
    "run_attempt",
    "step_summary",
    "token",
    "triggering_actor",
];

/// The names of the variables.
pub(crate) fn of_jobs() -> impl Iterator<Item = &'static str> {
    VARIABLES.into_iter()
}

impl EnvVariable {
    /// Whether it has another value in each job or attempt.
    #[must_use]
    pub(crate) fn changes(&self) -> bool {
        let property = self.from.strip_prefix("github.");
        let token = self.from.eq_ignore_ascii_case("secrets.GITHUB_TOKEN");
        token || property.is_some_and(|own| PROPERTIES.iter().any(|known| known.eq_ignore_ascii_case(own)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_between_jobs_is_known() {
        let changes = |from: &str| format!("A={from}").parse::<EnvVariable>().map(|one| one.changes());
        for from in
            ["github.job", "github.run_attempt", "github.Action", "github.token", "secrets.GITHUB_TOKEN"]
        {
            assert_eq!(changes(from), Ok(true), "{from}");
        }
        for from in ["github.run_id", "github.sha", "github.event.action", "vars.JOB", "secrets.TOKEN"] {
            assert_eq!(changes(from), Ok(false), "{from}");
        }
    }
}
