//! Numbers where a version is to be: `3.10` is the number 3.1, so that nobody can tell which version is meant.

use crate::bake::module::Module;
use crate::bake::text::syntax::{Expr, ExprKind, TemplatePart};
use crate::bake::values::Value;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Sources;

/// How far definitions are followed to the number that is written.
const MAX_STEPS: usize = 16;

/// What is read: of which files, for which target, into which attribute.
pub(super) struct Scene<'m> {
    pub(super) module: &'m Module,
    pub(super) target: Option<&'m str>,
    pub(super) sources: Option<&'m Sources>,
    pub(super) attribute: &'static str,
}

/// Refuses a version that is a number, or is made of one that may have lost digits.
pub(super) fn check(value: &Value, place: &Expr, scene: &Scene<'_>) -> Result<(), Diagnostic> {
    number_in(value, place, scene, MAX_STEPS).map_or(Ok(()), |number| Err(refused(&number, place, scene)))
}

/// Refuses a text that is a number, or is made of one, which may have lost digits; `3` may stand for itself.
pub(super) fn check_digits(value: &Value, place: &Expr, scene: &Scene<'_>) -> Result<(), Diagnostic> {
    let number = number_in(value, place, scene, MAX_STEPS);
    let lossy = number.filter(|number| !matches!(value, Value::Number(..)) || number.may_lose(scene));
    lossy.map_or(Ok(()), |number| Err(refused(&number, place, scene)))
}

fn refused(number: &FoundNumber<'_>, place: &Expr, scene: &Scene<'_>) -> Diagnostic {
    let written = number.origin.and_then(|expr| Some((expr, scene.sources?.text(expr.span))));
    let attribute = scene.attribute;
    let message = format!(
        "`{attribute}` takes a string, but this is the number {}, however its digits were written",
        number.text
    );
    let mut diagnostic = Diagnostic::error(Code::VERSION_NUMBER, message).at(place.span, "");
    diagnostic = match written.filter(|(_, text)| !text.is_empty()) {
        Some((expr, text)) => {
            if expr.span != place.span {
                diagnostic = diagnostic.at(expr.span, "a number");
            }
            diagnostic.with_help(format!("write it in quotes: `\"{text}\"`"))
        }
        None => diagnostic.with_help(format!(
            "make it a string at its source: `\"{}\"`, or `type = string` in the variable",
            number.written
        )),
    };
    diagnostic
}

/// A number that a text is made of.
struct FoundNumber<'e> {
    text: String,
    /// As it was written, as far as that is known.
    written: String,
    is_whole: bool,
    /// The literal, where there is one.
    origin: Option<&'e Expr>,
}

impl FoundNumber<'_> {
    /// Whether what was written had digits that the number has not: `3.10`, `3.0`.
    fn may_lose(&self, scene: &Scene<'_>) -> bool {
        let written = self.origin.and_then(|expr| Some(scene.sources?.text(expr.span)));
        !self.is_whole
            || self.written != self.text
            || written.is_some_and(|text| !text.is_empty() && text != self.text)
    }
}

fn number_in<'e>(value: &Value, expr: &'e Expr, scene: &Scene<'e>, steps: usize) -> Option<FoundNumber<'e>> {
    if let Value::Number(number, marks) = value {
        // What the run says stands instead of a default.
        let is_same = |expr: &&Expr| matches!(&expr.kind, ExprKind::Number(literal, _) if literal == number);
        let origin = literal(expr, scene, steps).filter(is_same);
        let text = number.to_string();
        let written = marks.rewritten().map_or_else(|| text.clone(), |one| one.written.to_string());
        return Some(FoundNumber { text, written, is_whole: number.is_integer(), origin });
    }
    if steps == 0 {
        return None;
    }
    let evaluate = |expr: &Expr| scene.module.evaluate(scene.target, expr).ok();
    match &expr.kind {
        ExprKind::JsonString { template: Ok(template), .. } => number_in(value, template, scene, steps - 1),
        ExprKind::Wrapped(inner) | ExprKind::Parenthesis(inner) => number_in(value, inner, scene, steps - 1),
        ExprKind::Template(parts) => parts.iter().find_map(|part| {
            let TemplatePart::Interpolation(part) = part else { return None };
            let part_value = evaluate(part)?;
            let number = number_in(&part_value, part, scene, steps - 1)?;
            (!matches!(part_value, Value::Number(..)) || number.may_lose(scene)).then_some(number)
        }),
        ExprKind::Variable(name) => {
            let definition = scene.module.definition_of(name)?;
            // What the environment says stands instead of the default.
            (evaluate(definition)? == *value)
                .then(|| number_in(value, definition, scene, steps - 1))
                .flatten()
        }
        ExprKind::Call { name, .. } => {
            let result = scene.module.result_of(&name.name)?;
            // Arguments have no values here, which only loses a place.
            number_in(value, result, scene, steps - 1)
        }
        _ => None,
    }
}

/// The literal that a number comes from.
fn literal<'e>(expr: &'e Expr, scene: &Scene<'e>, steps: usize) -> Option<&'e Expr> {
    let next = match &expr.kind {
        ExprKind::Number(..) => return Some(expr),
        ExprKind::JsonString { template: Ok(inner), .. }
        | ExprKind::Wrapped(inner)
        | ExprKind::Parenthesis(inner) => inner,
        ExprKind::Variable(name) => scene.module.definition_of(name)?,
        ExprKind::Call { name, .. } => scene.module.result_of(&name.name)?,
        _ => return None,
    };
    literal(next, scene, steps.checked_sub(1)?)
}
