//! Targets and groups as data: decoded, overridden, inherited, checked, selected and printed.

pub(crate) mod check;
pub mod context;
pub mod decode;
mod definition;
pub mod flags;
pub mod glob;
pub mod inherit;
pub mod links;
pub mod overrides;
pub mod print;
pub mod select;
mod textmap;

pub use definition::{
    Definition, Entry, Group, Policy, Resolved, Resources, Secret, Ssh, Target, Text, Whole,
};
pub(crate) use definition::{last_by, remove_duplicates};
pub use textmap::TextMap;
