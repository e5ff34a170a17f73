//! What an image is made of: whether it is all there, in every repository, and is what was planned.

pub(super) mod alike;
pub(crate) mod bases;

mod another;
mod carry;
pub(crate) mod check;
mod configured;
pub(super) mod elsewhere;
pub(super) mod revision;
mod sending;
pub(super) mod taken;
pub(super) mod whole;
