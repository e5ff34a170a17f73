//! Weighs a build: how much it counts for when jobs are packed into fewer.

use std::str::FromStr;

use serde_json::{Value as Json, json};

use super::read::{AttributeReader, ReadAttribute};
use crate::bake::text::syntax::Expr;
use crate::bake::values::Value;
use crate::code::Code;
use crate::diagnostic::Diagnostic;

/// How much a build counts for when jobs are packed into fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weight(u32);

impl Weight {
    const MAX: u32 = 1000;

    /// As a number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for Weight {
    fn default() -> Self {
        Self(1)
    }
}

impl FromStr for Weight {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number @ 1..=Self::MAX) => Ok(Self(number)),
            _ => Err(format!("`{text}` is not a whole number from 1 to {}", Self::MAX)),
        }
    }
}

impl ReadAttribute for Weight {
    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        let text = reader.text(value, place.span, "a number")?;
        let read = text.as_str().parse();
        read.map_err(|message: String| {
            reader.report(Diagnostic::error(Code::ATTRIBUTE_VALUE, message), place.span);
        })
        .ok()
    }

    fn schema() -> Json {
        json!({ "type": ["number", "string"] })
    }
}
