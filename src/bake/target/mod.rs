//! Targets and groups as data: decoded, overridden, inherited, checked, selected and printed.

// What may be missing.
mod rare;

// The parts.
pub(crate) mod annotation;
mod lost_marks;
mod reach;
mod text;

// Mappings of them.
mod textmap;

// Targets as data.
mod definition;

// Which attributes they have.
pub(crate) mod attributes;

// What is done with all of them.
mod walks;

// What of them no text shows.
mod unshown;

// What of them is not printed as it was written.
pub(crate) mod rewritten;

// What is done with one.
pub(crate) mod context;
pub(crate) mod flags;
pub(crate) mod holdings;
pub(crate) mod misplaced;
pub(crate) mod paths;
pub(crate) mod print;
pub(crate) mod refused;

// From a block or the command line to a target.
pub(crate) mod check;
pub(crate) mod decode;
pub(crate) mod overrides;

// What targets take from each other.
pub(crate) mod inherit;

// What targets need of each other.
pub(crate) mod links;

// Where it goes.
mod pushed;

// What an invocation builds.
pub(crate) mod select;

pub use definition::Definition;
pub(crate) use definition::{Entry, Group, Policy, Resources, Secret, Ssh, Target};
pub(crate) use definition::{last_by, remove_duplicates};
pub(crate) use lost_marks::LostMark;
pub(crate) use rare::Rare;
pub use reach::Reach;
pub(crate) use text::Text;
pub(crate) use textmap::TextMap;
pub(crate) use walks::Common;
