//! Variables that stay variables (`--keep-variable`): what is written says `${NAME}`, and Bake gives them their values
//! when it builds.
//!
//! Such a variable evaluates to a string that holds a placeholder. Whatever has to look at the text of one fails.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::csv;
use super::marks::{Mark, MarkedStr, Marks};
use super::name::Name;
use super::value::{Type, Value};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure};
use crate::source::Span;

/// Around the name in a placeholder: characters that Unicode keeps for such internal use
/// (<https://www.unicode.org/faq/private_use.html#noncharacters>). Only strings that are marked have placeholders.
pub(crate) const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';

/// The code of errors about kept variables.
pub(crate) const CODE: Code = Code::KEPT_VARIABLE;

/// A variable as it is written beside the targets that use it.
#[derive(Clone, Debug)]
pub struct KeptVariable {
    /// Its name.
    pub name: Name,
    /// Its label.
    pub span: Span,
    /// Its declared type: that of a string, a number or a bool, or any.
    pub ty: Option<Type>,
    /// Its default: a string, a number or a bool. It may hold other kept variables.
    pub default: Option<Value>,
    /// Its description.
    pub description: Option<String>,
    /// Its validations: condition and message, if there is one, each as a template of Bake's JSON syntax.
    pub validations: Vec<(String, Option<String>)>,
}

/// A part of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StringPart<'a> {
    /// Text as it is.
    Text(&'a str),
    /// The value of a kept variable.
    Variable(&'a str),
}

/// What a kept variable evaluates to.
#[must_use]
pub(crate) fn placeholder(name: &Name) -> Value {
    let text = MarkedStr::normalized(format!("{OPEN}{name}{CLOSE}"));
    Value::String(text.marked(&Marks::of(Mark::Kept(Arc::clone(name)))))
}

/// The parts of a string, none of them empty.
#[must_use]
pub(crate) fn pieces(string: &MarkedStr) -> Vec<StringPart<'_>> {
    let mut pieces = Vec::new();
    let mut rest = string.as_str();
    if string.marks().has_kept() {
        let mut from = 0;
        while let Some(open) = rest[from..].find(OPEN).map(|at| from + at) {
            let start = open + OPEN.len_utf8();
            let name = rest[start..].find(CLOSE).map(|length| &rest[start..start + length]);
            match name.filter(|name| string.marks().keeps(name)) {
                Some(name) => {
                    pieces.extend(Some(StringPart::Text(&rest[..open])).filter(|_| open > 0));
                    pieces.push(StringPart::Variable(name));
                    rest = &rest[start + name.len() + CLOSE.len_utf8()..];
                    from = 0;
                }
                // Somebody's own character.
                None => from = start,
            }
        }
    }
    pieces.extend(Some(StringPart::Text(rest)).filter(|_| !rest.is_empty()));
    pieces
}

/// The first kept variable in a string.
#[must_use]
pub(crate) fn variable_in(string: &MarkedStr) -> Option<&str> {
    if !string.marks().has_kept() {
        return None;
    }
    pieces(string).into_iter().find_map(|piece| match piece {
        StringPart::Variable(name) => Some(name),
        StringPart::Text(_) => None,
    })
}

/// The first kept variable in a value.
#[must_use]
pub(crate) fn variable_of(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => variable_in(text),
        _ => match (value.items(), value.members()) {
            (Some(items), _) => items.iter().find_map(variable_of),
            (_, Some(members)) => members.values().find_map(variable_of),
            _ => None,
        },
    }
}

/// The first of these kept variables that a value is, or one of its parts: without text around it.
pub(crate) fn scalar_of<'v>(value: &'v Value, scalars: &BTreeSet<Name>) -> Option<&'v str> {
    match value {
        Value::String(text) => match pieces(text).as_slice() {
            [StringPart::Variable(name)] => Some(*name).filter(|name| scalars.contains(*name)),
            _ => None,
        },
        _ => match (value.items(), value.members()) {
            (Some(items), _) => items.iter().find_map(|item| scalar_of(item, scalars)),
            (_, Some(members)) => members.values().find_map(|member| scalar_of(member, scalars)),
            _ => None,
        },
    }
}

/// A message for people, in which placeholders are what was written.
#[must_use]
pub(crate) fn readable(message: &str) -> String {
    message.replace(OPEN, "${").replace(CLOSE, "}")
}

/// Why an expression has no value: `use_of` is what needs it, such as `this condition`.
pub(crate) fn unknown(use_of: &str, name: &str, span: Span) -> Failure {
    let message = format!("{use_of} needs the value of `{name}`, which is left to the build");
    let help = format!(
        "a kept variable may be passed through strings (\"x-${{{name}}}\"), lists, objects and other variables only; leave out \
         `--keep-variable {name}`, or do not use it here"
    );
    Box::new(Diagnostic::error(CODE, message).at(span, "").with_help(help).ours())
}

/// Whether an element of `output`, `cache-to` … that is one string can be split into its fields without the values of
/// the kept variables in it. `Err` has the variable that is in the way.
pub(crate) fn check_fields(element: &MarkedStr) -> Result<(), &str> {
    let Some(name) = variable_in(element) else { return Ok(()) };
    let fields = csv::fields(element.as_str(), ',').map_err(|_| name)?;
    for field in fields.iter().filter(|field| field.contains(OPEN)) {
        let (key, _) = field.split_once('=').ok_or(name)?;
        let is_read = ["type", "disabled"].contains(&key.to_lowercase().trim());
        if is_read || key.contains(OPEN) {
            return Err(name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str, kept: &[&str]) -> MarkedStr {
        let marked = |string: MarkedStr, name: &&str| string.marked(&Marks::of(Mark::Kept((*name).into())));
        kept.iter()
            .fold(MarkedStr::normalized(text.replace('<', "\u{fdd0}").replace('>', "\u{fdd1}")), marked)
    }

    #[test]
    fn strings_are_taken_apart_at_their_placeholders() {
        let text = StringPart::Text;
        let variable = StringPart::Variable;
        for (written, kept, expected) in [
            ("", &["A"][..], &[][..]),
            ("plain", &["A"], &[text("plain")]),
            ("<A>", &["A"], &[variable("A")]),
            ("x-<A>-y", &["A"], &[text("x-"), variable("A"), text("-y")]),
            ("<A><B>", &["A", "B"], &[variable("A"), variable("B")]),
        ] {
            assert_eq!(pieces(&string(written, kept)), expected, "{written}");
        }
        // Characters that come from a file or from the environment are not placeholders.
        for (written, kept) in [("<A>", &[][..]), ("<A>", &["B"]), ("<A", &["A"]), ("A>", &["A"])] {
            let string = string(written, kept);
            assert_eq!(pieces(&string), [StringPart::Text(string.as_str())], "{written}");
        }
        let forged = string("< <A>", &["A"]);
        assert_eq!(pieces(&forged), [text("\u{fdd0} "), variable("A")]);
    }

    #[test]
    fn fields_are_told_apart_without_values() {
        for (written, is_clear) in [
            ("type=gha,scope=<A>", true),
            ("type=gha,scope=a-<A>,mode=max", true),
            ("\"name=a,<A>\",type=image", true),
            ("type=image", true),
            ("<A>", false),
            ("type=gha,<A>", false),
            ("type=<A>", false),
            ("type=gha,x<A>=1", false),
            ("type=sbom,Disabled=<A>", false),
            ("ghcr.io/acme/app:<A>", false),
        ] {
            assert_eq!(check_fields(&string(written, &["A"])).is_ok(), is_clear, "{written}");
        }
    }
}
