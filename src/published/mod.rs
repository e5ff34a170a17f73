//! What merging and verifying share: the plan as it is read, what builds pushed, and how repositories are asked.

// The plan.
pub mod plan_json;

pub mod planned;

// What builds pushed, and what they should have.
pub mod labels;
pub mod provenance;

pub mod metadata;

// What tags repositories keep.
pub mod floating;

// What repositories serve and answer.
pub mod served;

pub mod record;

// How they are asked.
pub mod progress;

pub mod sites;

pub mod survey;
