//! Views of the plan, one file each: `&Plan` in, text out. Nothing is decided here.

pub mod bake;
pub mod markdown;
pub mod matrix;
pub mod plan_json;
pub(crate) mod readme;
pub mod summary;
pub mod table;

use crate::plan::Plan;

/// The files that `plan --out` writes, with their contents. `origin` is what the Bake file says about itself.
#[must_use]
pub fn files(plan: &Plan, origin: &str) -> [(&'static str, String); 3] {
    [
        ("docker-bake.json", bake::render(plan, origin)),
        ("matrix.json", matrix::render(plan)),
        ("plan.json", plan_json::render(plan)),
    ]
}
