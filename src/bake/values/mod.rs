//! What expressions are worth: numbers, values and types, and how one type converts to another.

// The parts.
pub(crate) mod csv;
mod name;
mod number;
mod path;

// Where they come from.
mod login;
mod marks;
pub(crate) mod secret;

// Values.
mod value;

// What values hold and become.
pub(crate) mod kept;

// From one type to another.
pub(crate) mod convert;

pub(crate) use marks::{Mark, MarkedStr, Marks, Rewritten, Scalar};
pub(crate) use name::Name;
pub(crate) use number::{ArithmeticError, Number, parse_float};
pub(crate) use path::clean_path;
pub use secret::SecretNames;
pub(crate) use value::{ObjectType, Type, Value};
