//! Targets and groups as data: decoded, overridden, inherited, checked, selected and printed.

// The parts.
pub mod glob;
mod lost_marks;
mod reach;
mod text;

// Mappings of them.
mod textmap;

// Targets as data.
mod definition;

// Which attributes they have.
pub mod attributes;

// What is done with one.
pub mod context;
pub mod flags;
pub(crate) mod holdings;
pub mod misplaced;
pub mod print;

// From a block or the command line to a target.
pub(crate) mod check;
pub mod decode;
pub mod overrides;

// What targets take from each other.
pub mod inherit;

// What targets need of each other.
pub mod links;

// Where it goes.
mod pushed;

// What an invocation builds.
pub mod select;

pub use definition::{Definition, Entry, Group, Policy, Resources, Secret, Ssh, Target};
pub(crate) use definition::{last_by, remove_duplicates};
pub use lost_marks::LostMark;
pub use reach::Reach;
pub use text::Text;
pub use textmap::TextMap;
