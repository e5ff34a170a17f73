//! Linked targets.
