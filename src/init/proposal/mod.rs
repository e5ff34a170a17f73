//! The blocks that are proposed, and where they go.

pub(crate) mod render;

pub(in crate::init) mod conditions;
pub(in crate::init) mod rule_fields;
pub(in crate::init) mod tags;

pub(crate) mod splice;

pub(in crate::init) mod names;
pub(in crate::init) mod target_block;

pub(in crate::init) mod linked;

pub(in crate::init) mod overrides;
pub(in crate::init) mod set_variables;

pub(in crate::init) mod runners;
pub(in crate::init) mod workflow_block;

pub(crate) mod blocks;

pub(crate) mod first;
