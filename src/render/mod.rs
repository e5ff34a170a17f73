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
use crate::published::fingerprint::Fingerprint;

/// The file that is built from.
pub(crate) const BAKE: &str = "docker-bake.json";

/// The file that tells the merge what was planned.
pub(crate) const PLAN: &str = "plan.json";

/// The files that `plan --out` writes, with their contents. `origin` is what the Bake file says about itself.
#[must_use]
pub fn files(plan: &Plan, origin: &str) -> [(&'static str, String); 3] {
    let (bake, definition) = bake::identified(plan, origin);
    let ([matrix, json], ()) = files_beside(plan, &definition, || ());
    [(BAKE, bake), matrix, json]
}

/// The files beside a Bake file that holds this definition, and a view that is made at the same time. The Bake file may be
/// very large, and need not be in memory any more.
pub(crate) fn files_beside<V: Send>(
    plan: &Plan,
    definition: &Fingerprint,
    view: impl FnOnce() -> V + Send,
) -> ([(&'static str, String); 2], V) {
    let (written, view) = parallel::both(plan.legs.len(), || plan_json::written(plan, definition), view);
    let Written { id, text } = written;
    ([("matrix.json", matrix::with_id(plan, &id)), (PLAN, text)], view)
}
