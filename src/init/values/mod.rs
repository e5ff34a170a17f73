//! What texts of workflows and scripts come to in the runs that serve as examples.

pub(in crate::init) mod expression;
pub(crate) mod mask;

pub(crate) mod moment;

pub(crate) mod text;

pub(in crate::init) mod ref_parts;
pub(in crate::init) mod turn;
pub(in crate::init) mod value;

pub(crate) mod folder;

pub(in crate::init) mod runs_on;
pub(in crate::init) mod when;

pub(in crate::init) mod choose;

pub(crate) mod guard;

pub(in crate::init) mod written;

pub(crate) mod scope;

pub(in crate::init) mod inputs;
pub(in crate::init) mod matrix;

pub(in crate::init) mod triggers;

pub(in crate::init) mod short_commit;
