//! What merging and verifying share: the plan as it is read, what builds pushed, and how repositories are asked.

// The words.
pub(crate) mod fingerprint;
pub(crate) mod target;

// The plan.
pub(crate) mod plan_json;

pub(crate) mod planned;

// What builds pushed, and what they should have.
pub(crate) mod command;
pub(crate) mod labels;
pub(crate) mod layers;
pub(crate) mod provenance;
mod triggers;

pub(crate) mod metadata;

pub(crate) mod identity;

pub(crate) mod result;

// What tags repositories keep, and what tags are that nobody planned.
mod dates;

pub(crate) mod floating;
pub(crate) mod given;
pub(crate) mod release;

pub(crate) mod named;

// What repositories serve and answer.
pub(crate) mod served;

pub(crate) mod record;

pub(crate) mod also_named;

pub(crate) mod labelled;

pub(crate) mod renamed;

// What images are built from.
pub(crate) mod bases;

// Which run is later.
pub(crate) mod runs;

pub(crate) mod later;

// Which commit something is of.
pub(crate) mod revision;

// How they are asked.
pub(crate) mod progress;

pub(crate) mod sites;

mod shared;

pub(crate) mod survey;
