//! Which images are built and which are not, and why, in a table; and what each build reads.

use std::borrow::Cow;

use super::columns::columns;
use crate::plan::Plan;
use crate::readable;

/// What becomes of an image.
const BUILT: &str = "built";
const SKIPPED: &str = "skipped";

/// A row for each image of which that was decided; empty where nothing was.
pub(super) fn rows(plan: &Plan) -> impl Iterator<Item = [Cow<'_, str>; 3]> {
    plan.verdicts.iter().map(|(key, verdict)| {
        let done = if verdict.is_built { BUILT } else { SKIPPED };
        [key.into(), done.into(), verdict.why.as_str().into()]
    })
}

/// The rows as a table, with a line of its own for each build that says what it reads, if `explain`; empty where nothing was
/// decided.
pub(super) fn table(plan: &Plan, explain: bool) -> String {
    let mut text = String::new();
    if !plan.verdicts.is_empty() {
        columns(["IMAGE", "RESULT", "WHY"], rows(plan), &mut text);
        text.push('\n');
    }
    if explain {
        text.push_str(&reads(plan));
    }
    text
}

/// What each build reads, a part a line; empty where nobody asked.
pub(super) fn reads(plan: &Plan) -> String {
    let mut text = String::new();
    if !plan.reads.is_empty() {
        for (leg, lines) in &plan.reads {
            text.extend(["inputs of ", &readable::line(leg), ": "]);
            for (at, line) in lines.iter().enumerate() {
                let indent = if at == 0 { "" } else { "  " };
                text.extend([indent, &readable::line(line), "\n"]);
            }
        }
        text.push('\n');
    }
    text
}
