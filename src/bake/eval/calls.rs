//! Calls of functions: standard ones, the user's, and the special forms `can`, `try` and `convert`.

use std::sync::Arc;

use indexmap::IndexMap;

use super::budget::Heft;
use super::expression::{Context, Scope, describe};
use super::functions::FunctionError;
use super::typeexpr::parse_type;
use crate::bake::text::syntax::{Expr, Ident};
use crate::bake::values::convert::convert_function;
use crate::bake::values::{Marks, Name, Value};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure, suggest};
use crate::source::Span;

/// A `function` block.
#[allow(clippy::missing_docs_in_private_items, reason = "the names say it")]
pub(crate) struct UserFunction {
    pub(crate) params: Vec<Name>,
    pub(crate) variadic: Option<Name>,
    pub(crate) result: Arc<Expr>,
}

/// The arguments of a call, each with its place; those that `...` makes of one list share its place.
struct Arguments {
    values: Vec<Value>,
    places: Vec<Span>,
    /// What their number depends on.
    number: Marks,
}

impl Context {
    pub(super) fn call(
        &self,
        scope: &Scope<'_>,
        span: Span,
        name: &Ident,
        args: &[Expr],
        expand: bool,
    ) -> Result<Value, Failure> {
        match (&*name.name, args) {
            ("can" | "try", _) => return self.attempt(scope, span, name, args, expand),
            ("convert", [value, ty]) if !expand => {
                let value = self.eval(scope, value)?;
                self.budget.looked(&value, span)?;
                self.looks.note(&value.marks());
                let ty = parse_type(ty).map_err(Box::new)?;
                return convert_function(&value, &ty).map_err(|e| {
                    if let Err(failure) = self.known(&value, "`convert`", span) {
                        return failure;
                    }
                    let failed = Diagnostic::error(Code::CALL_FAILED, format!("`convert`: {e}")).at(span, "");
                    Box::new(if e.is_ours { failed.ours() } else { failed })
                });
            }
            ("convert", _) => return Err(other_arguments(name, span, "a value and a type")),
            _ => {}
        }
        let standard = self.standard.get(&*name.name).cloned();
        let looks = standard.as_ref().is_some_and(|function| !function.is_structural);
        let Arguments { values, places, number } = self.arguments(scope, name, args, expand, looks)?;
        let place_of = |argument: Option<usize>| argument.and_then(|index| places.get(index)).copied();
        let failed = |error: &FunctionError, quoted: &Marks| {
            let message = match quoted.secret() {
                Some(secret) => {
                    format!("`{}` failed on what is made of `{secret}`, which is not shown", name.name)
                }
                None => format!("`{}` failed: {}", name.name, error.message),
            };
            let place = place_of(error.argument).unwrap_or(span);
            let diagnostic = Diagnostic::error(Code::CALL_FAILED, message).at(place, "");
            Box::new(if error.is_ours { diagnostic.ours() } else { diagnostic })
        };
        if let Some(function) = standard {
            let given: u64 = values.iter().map(|value| Heft::of(value).steps()).sum();
            self.budget.worked((function.work)(&values).saturating_add(given), span)?;
            let result = function.call(&self.ambient, &values).map_err(|error| {
                let value = error.argument.and_then(|index| values.get(index));
                if let Some((value, place)) = value.zip(place_of(error.argument))
                    && let Err(failure) = self.known(value, &format!("the function `{}`", name.name), place)
                {
                    return failure;
                }
                failed(&error, &quoted(&error, &values))
            })?;
            // What is only put together or taken apart shares its texts with what was given.
            if !function.is_structural {
                self.budget.wrote(Heft::of(&result).bytes, span)?;
                self.budget.filled(&result, span)?;
            }
            return Ok(result);
        }
        let user = self.functions.borrow().get(&name.name).cloned();
        let Some(function) = user else { return Err(Box::new(self.unknown_function(name))) };
        let names = function.bind(values, &number).map_err(|error| failed(&error, &Marks::default()))?;
        self.eval(&Scope::of(&names), &function.result)
            .map_err(|failure| Box::new(failure.at(span, format!("in this call of `{}`", name.name))))
    }

    /// The arguments of a call; `looks` says that the function looks at them, so that none may be a kept variable.
    fn arguments(
        &self,
        scope: &Scope<'_>,
        name: &Ident,
        args: &[Expr],
        expand: bool,
        looks: bool,
    ) -> Result<Arguments, Failure> {
        let (mut values, mut places) = (Vec::with_capacity(args.len()), Vec::with_capacity(args.len()));
        let mut number = Marks::default();
        for (index, arg) in args.iter().enumerate() {
            let value = self.eval(scope, arg)?;
            if looks {
                self.looks.note(&value.marks());
                self.known(&value, &format!("the function `{}`", name.name), arg.span)?;
            }
            if !(expand && index + 1 == args.len()) {
                values.push(value);
                places.push(arg.span);
                continue;
            }
            values.extend(self.spread(&value, arg.span)?);
            places.resize(values.len(), arg.span);
            number = value.own_marks().of_choice();
        }
        Ok(Arguments { values, places, number })
    }

    /// The arguments that `...` makes of one value.
    fn spread(&self, value: &Value, span: Span) -> Result<Vec<Value>, Failure> {
        let Some(items) = value.items() else {
            self.known(value, "`...`", span)?;
            let message = format!("`...` takes a list, but this is {}", describe(value));
            return Err(Box::new(Diagnostic::error(Code::CALL_FAILED, message).at(span, "")));
        };
        self.budget.worked(items.len() as u64, span)?;
        let marks = value.own_marks().of_choice();
        Ok(items.iter().map(|item| item.clone().marked(&marks)).collect())
    }

    /// `can` and `try`. They let an argument fail, but not the list of arguments that `...` follows.
    fn attempt(
        &self,
        scope: &Scope<'_>,
        span: Span,
        name: &Ident,
        args: &[Expr],
        expand: bool,
    ) -> Result<Value, Failure> {
        let (attempts, spread) = match args.split_last() {
            Some((last, before)) if expand => (before, self.spread(&self.eval(scope, last)?, last.span)?),
            _ => (args, Vec::new()),
        };
        if &*name.name == "try" {
            return self.try_each(scope, span, attempts, spread);
        }
        match (attempts, spread.as_slice()) {
            ([attempt], []) => {
                let (result, looks) = self.caught(scope, attempt)?;
                Ok(Value::from(result.is_ok()).depending_on(&result).marked(&looks.of_answer()))
            }
            ([], [value]) => Ok(Value::from(true).depending_on([value])),
            _ => Err(other_arguments(name, span, "one expression")),
        }
    }

    /// The value of an expression that may fail, or why there is none; with the marks of what that depends on.
    ///
    /// # Errors
    /// A failure that nothing may take the place of.
    fn caught(&self, scope: &Scope<'_>, attempt: &Expr) -> Result<(Result<Value, Failure>, Marks), Failure> {
        match self.looks.during(|| self.eval(scope, attempt)) {
            (Err(failure), _) if failure.is_ours => Err(failure),
            (result, looks) => Ok((result, looks.of_attempt())),
        }
    }

    fn try_each(
        &self,
        scope: &Scope<'_>,
        span: Span,
        attempts: &[Expr],
        spread: Vec<Value>,
    ) -> Result<Value, Failure> {
        let (mut failures, mut failed) = (Vec::new(), Marks::default());
        // Like the result of a function, a bool is but an answer about what was tried before it.
        let instead = |value: Value, failed: &Marks| match value {
            Value::Bool(..) => value.marked(&failed.of_answer()),
            _ => value.marked(failed),
        };
        for attempt in attempts {
            let (result, looks) = self.caught(scope, attempt)?;
            match result {
                Ok(value) => return Ok(instead(value, &failed).marked(&looks.of_answer())),
                Err(failure) => failures.push(failure.message),
            }
            failed.merge(&looks);
        }
        if let Some(value) = spread.into_iter().next() {
            return Ok(instead(value, &failed));
        }
        self.looks.note(&failed);
        let message = match attempts {
            [] => "`try` has no arguments",
            _ => "every argument of `try` failed",
        };
        let mut diagnostic = Diagnostic::error(Code::CALL_FAILED, message).at(span, "");
        diagnostic.notes = failures;
        Err(Box::new(diagnostic))
    }

    fn unknown_function(&self, name: &Ident) -> Diagnostic {
        let message = format!("there is no function named `{}`", name.name);
        let diagnostic = Diagnostic::error(Code::UNKNOWN_FUNCTION, message).at(name.span, "not found");
        if self.declared.functions.contains(&name.name) {
            return diagnostic
                .with_note(
                    "it is declared, but Bake does not search strings in JSON for what to evaluate first",
                )
                .with_help("call it in the target, or write this in HCL");
        }
        let users = self.functions.borrow();
        let known = self.standard.keys().copied().chain(users.keys().map(|k| &**k));
        match suggest(&name.name, known) {
            Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
            None => diagnostic,
        }
    }
}

/// The marks of what the message of an error may quote any part of, in whatever form.
fn quoted(error: &FunctionError, values: &[Value]) -> Marks {
    let mut marks = Marks::default();
    match error.argument.and_then(|index| values.get(index)) {
        Some(value) => marks.merge(&value.marks()),
        None => values.iter().for_each(|value| marks.merge(&value.marks())),
    }
    marks
}

fn other_arguments(name: &Ident, span: Span, expected: &str) -> Failure {
    let message = format!("`{}` takes {expected}, but this is something else", name.name);
    Box::new(Diagnostic::error(Code::CALL_FAILED, message).at(span, ""))
}

impl UserFunction {
    /// Gives each parameter its argument; `number` is what the number of arguments depends on.
    fn bind(&self, mut args: Vec<Value>, number: &Marks) -> Result<Vec<(Name, Value)>, FunctionError> {
        if let Some(index) = args.iter().position(Value::is_null) {
            return Err(FunctionError::argument(index, "an argument must not be null"));
        }
        let (expected, found) = (self.params.len(), args.len());
        if found < expected {
            let missing: Vec<String> = self.params[found..].iter().map(|name| format!("`{name}`")).collect();
            let missing = match missing.as_slice() {
                [one] => format!("the missing one is {one}"),
                several => format!("the missing ones are {}", several.join(", ")),
            };
            return Err(FunctionError::new(format!(
                "not enough arguments: {expected} expected, {found} found; {missing}"
            )));
        }
        if found > expected && self.variadic.is_none() {
            let message = format!("too many arguments: {expected} expected, {found} found");
            return Err(FunctionError::argument(expected, message));
        }
        let rest = args.split_off(self.params.len());
        // Of several with one name, the last has it, as in buildx.
        let mut names: IndexMap<Name, Value> = self.params.iter().cloned().zip(args).collect();
        names.extend(
            self.variadic.iter().map(|name| (Arc::clone(name), Value::tuple(rest.clone()).marked(number))),
        );
        Ok(names.into_iter().collect())
    }
}
