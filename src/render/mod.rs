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

use crate::plan::Plan;

/// The file that tells the merge what was planned.
pub(crate) const PLAN: &str = "plan.json";

/// The files that `plan --out` writes, with their contents. `origin` is what the Bake file says about itself.
#[must_use]
pub fn files(plan: &Plan, origin: &str) -> [(&'static str, String); 3] {
    let body = bake::Body::of(plan);
    let Written { definition, id, text } = plan_json::written(plan, &body);
    [
        ("docker-bake.json", body.with_origin(origin, &definition)),
        ("matrix.json", matrix::with_id(plan, &id)),
        (PLAN, text),
    ]
}
