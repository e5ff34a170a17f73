//! Views of the plan, one file each: `&Plan` in, text out. Nothing is decided here.

pub mod bake;
pub(crate) mod changes;
mod choice;
mod columns;
pub(crate) mod gitlab;
pub mod markdown;
pub mod matrix;
pub mod mermaid;
pub mod plan_json;
pub(crate) mod readme;
mod streamed;
pub mod summary;
pub mod table;
pub mod terminal;
pub mod tree;
pub(crate) mod workflow;

use plan_json::Written;

use crate::parallel;
use crate::plan::Plan;

/// The file that tells the merge what was planned.
pub(crate) const PLAN: &str = "plan.json";

/// The files that `plan --out` writes, with their contents. `origin` is what the Bake file says about itself.
#[must_use]
pub fn files(plan: &Plan, origin: &str) -> [(&'static str, String); 3] {
    files_and(plan, origin, || ()).0
}

/// The same, and what is made beside the last of them.
pub(crate) fn files_and<V>(
    plan: &Plan,
    origin: &str,
    view: impl FnOnce() -> V,
) -> ([(&'static str, String); 3], V) {
    let body = bake::Body::of(plan);
    let Written { definition, id, text } = plan_json::written(plan, &body);
    let bake = body.with_origin(origin, &definition);
    let (view, matrix) = parallel::both(plan.legs.len(), view, || matrix::with_id(plan, &id));
    ([("docker-bake.json", bake), ("matrix.json", matrix), (PLAN, text)], view)
}
