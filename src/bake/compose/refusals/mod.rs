//! Refuses what Compose refuses and Bake never reads.

// Short forms.
mod ports;
mod volumes;

// Attributes.
pub(super) mod unread;

// Their types.
pub(super) mod cast;
