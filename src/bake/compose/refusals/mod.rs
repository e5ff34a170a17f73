//! What Compose refuses and Bake never reads.

pub(super) mod cast;
mod ports;
pub(super) mod unread;
mod volumes;
