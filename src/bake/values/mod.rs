//! What expressions are worth: numbers, values and types, and how one type converts to another.

pub mod convert;
pub mod csv;
pub mod kept;
mod number;
mod value;

pub use number::{ArithmeticError, Number, parse_float};
pub use value::{Mark, Marks, ObjectType, Str, Type, Value};
