//! Where a merge may write: a plan comes from outside, and its repositories may be limited.

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::glob::Glob;
use crate::published::planned::Planned;

/// Refuses a plan with a repository that none of the patterns fits; without patterns, any may be written to.
///
/// # Errors
/// All repositories that may not be written to, each with the images that are published there.
pub(crate) fn check(planned: &Planned, patterns: &[Glob]) -> Result<(), Vec<Diagnostic>> {
    if patterns.is_empty() {
        return Ok(());
    }
    let mut problems = Diagnostics::default();
    for location in planned.locations() {
        let name = location.to_string();
        if patterns.iter().any(|pattern| pattern.matches(&name)) {
            continue;
        }
        let images =
            planned.images.iter().filter(|(_, image)| image.places().any(|place| *place == location));
        let images: Vec<String> = images.map(|(key, _)| format!("`{key}`")).collect();
        let message =
            format!("the plan publishes {} in `{name}`, which no `--repository` allows", images.join(", "));
        problems.report(Diagnostic::error(Code::REPOSITORY_NOT_ALLOWED, message).with_help(format!(
            "if it is meant, allow it with `--repository {name}`; `*` stands for anything but `/`"
        )));
    }
    problems.check()
}
