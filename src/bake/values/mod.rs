//! What expressions are worth: numbers, values and types, and how one type converts to another.

// The parts.
pub mod csv;
mod marks;
mod name;
mod number;
mod path;
mod secret;

// Values.
mod value;

// What values hold and become.
pub mod kept;

// From one type to another.
pub mod convert;

pub use marks::{Mark, MarkedStr, Marks};
pub use name::Name;
pub use number::{ArithmeticError, Number, parse_float};
pub use path::clean_path;
pub use secret::{readable_assignment, secret_values, variable_marks};
pub use value::{ObjectType, Type, Value};
