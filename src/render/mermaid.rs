//! The plan as a graph of Mermaid: from targets over legs to images.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::plan::{Leg, Plan};
use crate::readable;

/// The graph, of any size. Ends with a newline.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let mut text = String::from("flowchart LR\n");
    let mut targets: BTreeMap<&str, usize> = BTreeMap::new();
    let mut legs: BTreeMap<&str, usize> = BTreeMap::new();
    let runner = |leg: &Leg| {
        plan.job_of(leg).map_or_else(
            || ", not built".to_owned(),
            |job| format!(" on {}{}", job.runner.display(), if job.qemu { ", QEMU" } else { "" }),
        )
    };
    for (at, (key, image)) in plan.images.iter().enumerate() {
        let reused = if image.reused.is_some() { " (reused)" } else { "" };
        let _ = writeln!(text, "  i{at}([\"{}{reused}\"])", readable::mermaid(key));
        for build in &image.builds {
            let Some(leg) = plan.leg(build) else { continue };
            let count = targets.len();
            let target = *targets.entry(&leg.of).or_insert_with(|| {
                let _ = writeln!(text, "  t{count}[\"{}\"]", readable::mermaid(&leg.of));
                count
            });
            let count = legs.len();
            let number = *legs.entry(&build.leg).or_insert_with(|| {
                let platform = leg.platform.as_ref().map_or("the runner's", |platform| platform.as_str());
                let label = format!("{platform}{}", runner(leg));
                let _ = writeln!(text, "  l{count}(\"{}\")", readable::mermaid(&label));
                let _ = writeln!(text, "  t{target} --> l{count}");
                count
            });
            let _ = writeln!(text, "  l{number} --> i{at}");
        }
    }
    text
}

/// The graph in Markdown, where it is small enough to be read.
#[must_use]
pub(super) fn in_markdown(plan: &Plan) -> Option<String> {
    const MAX_LEGS: usize = 40;
    let count = plan.images.values().map(|image| image.builds.len()).sum::<usize>();
    (1..=MAX_LEGS).contains(&count).then(|| format!("```mermaid\n{}```\n", render(plan)))
}
