//! The combinations of a target's `matrix`, and the names they get (buildx `bake/bake.go`: `GetEvalContexts`, `GetName`).

use std::sync::Arc;

use crate::bake::eval::describe;
use crate::bake::text::syntax::Ident;
use crate::bake::values::convert::convert;
use crate::bake::values::{MarkedStr, Marks, Name, Type, Value};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure};
use crate::source::Span;

/// More combinations than any file needs; each becomes a target.
const MAX_COMBINATIONS: usize = 200_000;

/// Axis names with one value each.
pub(super) type Combination = Vec<(Name, Value)>;

/// What is known of a block's matrix besides its combinations.
pub struct Matrix {
    /// The label of the block.
    pub label: Name,
    /// The targets that it makes.
    pub members: Vec<Name>,
    /// The marks of what decides how many combinations there are.
    pub marks: Marks,
    /// Where it is written.
    pub span: Span,
}

/// The marks of what decides how many combinations a matrix has, which may be none.
pub(super) fn marks_of_number(matrix: &Value) -> Marks {
    let mut marks = matrix.own_marks().of_choice();
    let axes = matrix.members().into_iter().flatten();
    axes.for_each(|(_, values)| marks.merge(&values.own_marks().of_choice()));
    marks
}

/// Every combination of a matrix, the first axis varying fastest; axes are in byte order of their names.
///
/// # Errors
/// When it is not a map of lists, or has too many combinations.
pub(super) fn combinations(matrix: &Value, span: Span) -> Result<Vec<Combination>, Failure> {
    let fail = |message: String| Box::new(Diagnostic::error(Code::MATRIX, message).at(span, ""));
    let axes = matrix
        .members()
        .ok_or_else(|| fail(format!("matrix must be a map, but this is {}", describe(matrix))))?;
    let mut combinations = vec![Combination::new()];
    for (axis, values) in axes {
        // How many there are decides which targets there are.
        let mut marks = matrix.own_marks().clone();
        marks.merge(values.own_marks());
        let with_marks = |value: &Value| value.clone().marked(&marks);
        let values: Vec<Value> = match (values.items(), values.members()) {
            (Some(items), _) => items.iter().map(with_marks).collect(),
            (_, Some(members)) => members.values().map(with_marks).collect(),
            _ => return Err(fail(format!("matrix values must be a list; `{axis}` is {}", describe(values)))),
        };
        if combinations.len().saturating_mul(values.len()) > MAX_COMBINATIONS {
            return Err(fail(format!("the matrix has more than {MAX_COMBINATIONS} combinations")));
        }
        let extended = values.iter().flat_map(|value| {
            combinations.iter().map(move |combination| {
                let mut combination = combination.clone();
                combination.push((Arc::clone(axis), value.clone()));
                combination
            })
        });
        combinations = extended.collect();
    }
    Ok(combinations)
}

/// The target name that a `name` expression gave, with its marks.
pub(super) fn name_of(value: &Value, span: Span) -> Result<MarkedStr, Failure> {
    match convert(value, &Type::String) {
        Ok(Value::String(text)) => {
            // What is close to a secret is no better than the secret.
            check_name(text.as_str(), span).map_err(|failure| match text.marks().secret() {
                Some(_) => Box::new(Diagnostic { help: None, ..*failure }),
                // The name of one target is none for all.
                None => Box::new(failure.with_help(
                    "let the expression replace what is not allowed, such as `${sanitize(AXIS)}` or `${replace(AXIS, \".\", \"-\")}`",
                )),
            })?;
            Ok(text)
        }
        _ => {
            let message = format!("`name` must be a string, but this is {}", describe(value));
            Err(Box::new(Diagnostic::error(Code::TARGET_NAME, message).at(span, "")))
        }
    }
}

/// The targets of a matrix would all have the label for a name.
pub(super) fn without_name(label: &Ident, axes: &[(Name, Value)]) -> Failure {
    let message = format!("the targets of a matrix need a `name` each, but `{}` has none", label.name);
    let diagnostic = Diagnostic::error(Code::DUPLICATE_NAME, message).at(label.span, "");
    let is_name = |text: &str| check_name(text, label.span).is_ok();
    let parts: Option<Vec<String>> = axes
        .iter()
        .map(|(axis, value)| match convert(value, &Type::String) {
            Ok(Value::String(text)) if is_name(text.as_str()) => Some(format!("${{{axis}}}")),
            Ok(Value::String(text)) if is_name(&text.as_str().replace('.', "-")) => {
                Some(format!("${{replace({axis}, \".\", \"-\")}}"))
            }
            _ => None,
        })
        .collect();
    Box::new(diagnostic.with_help(match parts {
        Some(parts) => format!("add one with every axis: `name = \"{}-{}\"`", label.name, parts.join("-")),
        None => "add one with every axis, such as `name = \"NAME-${AXIS}\"`".to_owned(),
    }))
}

/// Target and group names are of `[a-zA-Z0-9_-]+`.
pub(super) fn check_name(name: &str, span: Span) -> Result<(), Failure> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(legal) {
        return Ok(());
    }
    let fixed: String = name.chars().map(|c| if legal(c) { c } else { '_' }).collect();
    let diagnostic = Diagnostic::error(
        Code::TARGET_NAME,
        format!("invalid name {name:?}: only letters, digits, `_` and `-` are allowed"),
    )
    .at(span, "");
    Err(Box::new(if fixed.is_empty() {
        diagnostic
    } else {
        diagnostic.with_help(format!("write `{fixed}`"))
    }))
}
