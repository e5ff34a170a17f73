//! Writes what was decided, and reads it back.

pub(super) mod job;
pub(super) mod shown;

// What other runs publish meanwhile.
mod fresh;
mod overtaken;

pub(super) mod takeover;

mod read_back;

mod overwritten;
mod refusal;

pub(crate) mod publish;
