//! What merging and verifying share: the plan as it is read, what builds pushed, and how repositories are asked.

pub mod floating;
pub mod labels;
pub mod metadata;
pub mod plan_json;
pub mod planned;
pub mod progress;
pub mod provenance;
pub mod record;
pub mod served;
pub mod sites;
pub mod survey;
