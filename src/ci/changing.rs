//! Variables and properties of `github` whose values differ between the jobs, steps or attempts of a run: a plan that depends on
//! one cannot be made again by the merge.

use super::EnvVariable;

/// Each as a variable of every step, and as a property of the context `github`, where there is one
/// (<https://docs.github.com/en/actions/reference/workflows-and-actions/variables>).
const CHANGING: [(Option<&str>, Option<&str>); 19] = [
    (Some("GITHUB_ACTION"), Some("action")),
    (Some("GITHUB_ACTION_PATH"), Some("action_path")),
    (Some("GITHUB_ACTION_REF"), Some("action_ref")),
    (Some("GITHUB_ACTION_REPOSITORY"), Some("action_repository")),
    (None, Some("action_status")),
    (Some("GITHUB_ENV"), Some("env")),
    (Some("GITHUB_EVENT_PATH"), Some("event_path")),
    (Some("GITHUB_JOB"), Some("job")),
    (Some("GITHUB_OUTPUT"), Some("output")),
    (Some("GITHUB_PATH"), Some("path")),
    // The merge takes the variable's value from the plan.
    (None, Some("run_attempt")),
    (Some("GITHUB_STATE"), Some("state")),
    (Some("GITHUB_STEP_SUMMARY"), Some("step_summary")),
    (None, Some("token")),
    (Some("GITHUB_TRIGGERING_ACTOR"), Some("triggering_actor")),
    // *Re-run failed jobs* may ask for it.
    (Some("RUNNER_DEBUG"), None),
    (Some("RUNNER_NAME"), None),
    (Some("RUNNER_TEMP"), None),
    (Some("RUNNER_TRACKING_ID"), None),
];

/// The names of the variables.
pub(crate) fn changing_variables() -> impl Iterator<Item = &'static str> {
    CHANGING.into_iter().filter_map(|(variable, _)| variable)
}

impl EnvVariable {
    /// Whether it has another value in each job or attempt.
    #[must_use]
    pub(crate) fn changes(&self) -> bool {
        let property = self.from.strip_prefix("github.");
        let token = self.from.eq_ignore_ascii_case("secrets.GITHUB_TOKEN");
        let mut known = CHANGING.into_iter().filter_map(|(_, property)| property);
        token || property.is_some_and(|own| known.any(|known| known.eq_ignore_ascii_case(own)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_between_jobs_is_known() {
        let changes = |from: &str| format!("A={from}").parse::<EnvVariable>().map(|one| one.changes());
        for from in [
            "github.job",
            "github.run_attempt",
            "github.Action",
            "github.token",
            "github.action_ref",
            "secrets.GITHUB_TOKEN",
        ] {
            assert_eq!(changes(from), Ok(true), "{from}");
        }
        for from in ["github.run_id", "github.sha", "github.event.action", "vars.JOB", "secrets.TOKEN"] {
            assert_eq!(changes(from), Ok(false), "{from}");
        }
    }
}
