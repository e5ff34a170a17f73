//! Patterns in attributes that take none, where they would be published with their braces.

use super::declare::{Declared, Patterns};
use crate::bake::text::syntax::Expr;
use crate::bake::values::Value;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::pattern;

/// Refuses a word of patterns in an attribute that takes none.
pub(super) fn check(value: &Value, place: &Expr, declared: &Declared) -> Result<(), Diagnostic> {
    match declared.patterns {
        Patterns::Rendered | Patterns::Left => Ok(()),
        Patterns::Refused => word_in(value, place).map_or(Ok(()), |found| Err(refused(found, declared.name))),
    }
}

fn refused((word, place): (&str, &Expr), attribute: &str) -> Diagnostic {
    let message =
        format!("`{attribute}` takes no patterns, so `{{{{ {word} }}}}` would stay as it is written");
    let help = match attribute {
        "annotations" => {
            "`oci_labels = true` adds the version, the commit and the date; other values come from variables: `${NAME}`"
        }
        _ => "write the text itself, or take it from a variable: `${NAME}`",
    };
    Diagnostic::error(Code::ATTRIBUTE_VALUE, message).at(place.span, "").with_help(help)
}

/// The first word of patterns in a value, and where it is written.
fn word_in<'e>(value: &Value, place: &'e Expr) -> Option<(&'static str, &'e Expr)> {
    if let Some(items) = value.items() {
        return items.iter().enumerate().find_map(|(at, item)| word_in(item, place.element(at)));
    }
    if let Some(members) = value.members() {
        return members.iter().find_map(|(key, member)| word_in(member, place.member(key)));
    }
    Some((pattern::word_in(value.as_str()?)?, place))
}
