//! The axes of `variant`.

use serde_json::Value as Json;

use super::read::{AttributeReader, ReadAttribute, one_or_many};
use crate::bake::target::Text;
use crate::bake::text::syntax::Expr;
use crate::bake::values::Value;
use crate::code::Code;
use crate::diagnostic::Diagnostic;

/// The axes of a variant: a name, or a list of axes, each a name or a list of names. Empty names count.
impl ReadAttribute for Vec<Vec<Text>> {
    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        let Some(axes) = value.items() else {
            return Some(vec![vec![reader.word(value, place, "a name, or a list of axes")?]]);
        };
        let mut read = Self::new();
        for (at, axis) in axes.iter().enumerate() {
            let place = place.element(at);
            let names = match axis.items() {
                None => vec![reader.word(axis, place, "a name, or a list of names")?],
                Some(names) => {
                    let names = names.iter().enumerate();
                    names
                        .map(|(at, name)| reader.word(name, place.element(at), "a name"))
                        .collect::<Option<_>>()?
                }
            };
            reader.diagnostics.extend(lone_empty(place, &names, axes.len()));
            read.push(names);
        }
        Some(read)
    }

    fn schema() -> Json {
        one_or_many(&Vec::<Text>::schema())
    }
}

/// A note for an axis that is written as an empty name alone, which changes nothing. One whose value is empty may have a name
/// elsewhere.
fn lone_empty(place: &Expr, names: &[Text], axes: usize) -> Option<Diagnostic> {
    let [name] = names else { return None };
    let is_empty = |one: &Expr| one.as_literal().is_some_and(|text| text.is_empty());
    if !name.is_empty() || !(is_empty(place) || is_empty(place.element(0))) {
        return None;
    }
    let message = "this axis of `variant` has no name, so it changes nothing";
    let help = if axes == 1 {
        "leave `variant` out where tags end in none, or write `null` over what the defaults say"
    } else {
        "where a name may be left out, both stand in one axis: `variant = [[\"slim\", \"\"]]`"
    };
    Some(Diagnostic::note(Code::VARIANT, message).at(place.span, "").with_help(help))
}
