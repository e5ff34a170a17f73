//! The plan as a tree: below each image the targets that it is built of, and those that these link to.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anstyle::Style;
use indexmap::IndexMap;

use crate::bake::target::links::links;
use crate::palette::{FAINT as DETAIL, STRONG as NAME};
use crate::plan::{Image, Plan};
use crate::platform::Platform;
use crate::readable;

/// How deep links are shown, in bytes of what stands before a target: nobody reads on, and a chain may be very long.
const MAX_INDENT: usize = 200;

/// The tree. What is below a target is shown the first time, and `…` stands for it after that.
#[must_use]
pub fn render(plan: &Plan, color: bool) -> String {
    let mut tree = Tree { plan, shown: BTreeSet::new(), color, text: String::new() };
    for (key, image) in &plan.images {
        let name = tree.styled(NAME, key);
        let reused = super::table::told(image).map(|told| format!("  {}", tree.styled(DETAIL, &told)));
        let _ = writeln!(tree.text, "{name}{}", reused.unwrap_or_default());
        let targets = targets(plan, image);
        let last = targets.len().saturating_sub(1);
        for (at, (target, platforms)) in targets.iter().enumerate() {
            tree.branch("", target, Some(platforms), at == last);
        }
        tree.text.push('\n');
    }
    for name in &plan.local {
        let detail = tree.styled(DETAIL, "local, not published");
        let _ = writeln!(tree.text, "{} {detail}", readable::line(name));
    }
    if !plan.local.is_empty() {
        tree.text.push('\n');
    }
    tree.text.push_str(&super::table::numbers(plan));
    tree.text
}

/// The targets of an image, with the platforms that each is built for.
fn targets<'a>(plan: &'a Plan, image: &Image) -> IndexMap<&'a str, Vec<&'a str>> {
    let mut targets: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for leg in plan.legs_of(image) {
        let platform = leg.platform.as_ref().map_or("the runner's", Platform::as_str);
        targets.entry(&leg.of).or_default().push(platform);
    }
    targets
}

struct Tree<'a> {
    plan: &'a Plan,
    /// The targets below which everything is shown.
    shown: BTreeSet<String>,
    color: bool,
    text: String,
}

impl Tree<'_> {
    fn styled(&self, style: Style, text: &str) -> String {
        let text = readable::line(text);
        if self.color { format!("{style}{text}{style:#}") } else { text.into_owned() }
    }

    /// A target, its links below it. A definition whose links form a circle has no plan.
    fn branch(&mut self, indent: &str, name: &str, platforms: Option<&[&str]>, is_last: bool) {
        let (fork, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let _ = write!(self.text, "{indent}{fork}{}", readable::line(name));
        if let Some(platforms) = platforms {
            let detail = self.styled(DETAIL, &platforms.join(", "));
            let _ = write!(self.text, "  {detail}");
        }
        let plan = self.plan;
        let mut linked: Vec<&str> = plan
            .targets
            .get(name)
            .map(|target| links(target).map(|(_, to)| to).collect())
            .unwrap_or_default();
        linked.sort_unstable();
        linked.dedup();
        let is_new = self.shown.insert(name.to_owned());
        if (!is_new || indent.len() > MAX_INDENT) && !linked.is_empty() {
            linked.clear();
            self.text.push_str(" …");
        }
        self.text.push('\n');
        let last = linked.len().saturating_sub(1);
        for (at, to) in linked.into_iter().enumerate() {
            self.branch(&format!("{indent}{below}"), to, None, at == last);
        }
    }
}
