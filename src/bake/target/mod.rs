//! Targets and groups as data: decoded, overridden, inherited, checked, selected and printed.

pub(crate) mod check;
pub mod context;
pub mod decode;
mod definition;
pub mod flags;
pub mod glob;
pub(crate) mod holdings;
pub mod inherit;
pub mod links;
pub mod misplaced;
pub mod overrides;
pub mod print;
pub mod select;
mod text;
mod textmap;

pub use definition::{Definition, Entry, Group, Policy, Resolved, Resources, Secret, Ssh, Target};
pub(crate) use definition::{last_by, remove_duplicates};
pub use text::Text;
pub use textmap::TextMap;
