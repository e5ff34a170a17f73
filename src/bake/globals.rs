//! The variables, functions and global attributes of a module, each resolved when something asks for it
//! (buildx `bake/hclparser/hclparser.go`: `resolveValue`, `resolveFunction`, `validateVariables`).

use std::rc::Rc;

use super::calls::UserFunction;
use super::convert::convert;
use super::eval::{Failure, Scope};
use super::hcl::parse_expression_text;
use super::module::{BLOCK_KINDS, Module, Step, is_secret_name, push_once};
use super::references::References;
use super::syntax::{Block, Body, Expr, ExprKind, Name};
use super::typeexpr::parse_type;
use super::value::{Mark, Marks, Type, Value};
use super::variables::{Override, convert_override};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

impl Module {
    pub(super) fn resolve_variables(&self) -> Result<(), Vec<Diagnostic>> {
        let descriptions = self.variables.values().map(|variable| self.description(variable).map(drop));
        let values = self.variables.keys().map(|name| self.resolve_global(name).map(drop));
        collect_failures(descriptions.chain(values))
    }

    /// Makes sure that a global name has its value. `Ok(false)` when there is no such name.
    pub(super) fn resolve_global(&self, name: &Name) -> Result<bool, Failure> {
        if self.context.globals.borrow().contains_key(name) {
            return Ok(true);
        }
        if let Some(failure) = self.failed.borrow().get(name) {
            return Err(failure.clone());
        }
        if !self.attributes.contains_key(name) && !self.variables.contains_key(name) {
            return Ok(false);
        }
        if !self.in_progress.borrow_mut().insert(Rc::clone(name)) {
            let ident =
                self.variables.get(name).map(|v| &v.labels[0]).or(self.attributes.get(name).map(|a| &a.name));
            let message = format!("variable cycle not allowed: `{name}` needs its own value");
            let diagnostic =
                Diagnostic::error("variable-cycle", message).at(ident.map(|i| i.span), "needed by itself");
            return Err(Box::new(diagnostic.with_help(self.cycle(&Step::Global(Rc::clone(name))))));
        }
        self.path.borrow_mut().push(Step::Global(Rc::clone(name)));
        let value = self.global_value(name);
        self.path.borrow_mut().pop();
        self.in_progress.borrow_mut().remove(name);
        match value {
            Ok(value) => {
                self.context.globals.borrow_mut().insert(Rc::clone(name), value);
                Ok(true)
            }
            Err(failure) => {
                self.failed.borrow_mut().insert(Rc::clone(name), failure.clone());
                Err(failure)
            }
        }
    }

    /// How to break the cycle that closes with `last`.
    pub(super) fn cycle(&self, last: &Step) -> String {
        const SHOWN: usize = 8;
        let path = self.path.borrow();
        let from = path.iter().rposition(|step| step == last).unwrap_or(0);
        let mut steps: Vec<String> = path[from..].iter().map(|step| format!("`{step}`")).collect();
        if steps.len() > SHOWN {
            steps.truncate(SHOWN);
            steps.push("…".to_owned());
        }
        format!("take one reference out of {} → `{last}`", steps.join(" → "))
    }

    fn global_value(&self, name: &Name) -> Result<Value, Failure> {
        let variable = self.variables.get(name);
        let attribute = self.attributes.get(name);
        // An attribute of the same name replaces the default, and the variable's type with it.
        let declared = match (attribute, variable) {
            (None, Some(variable)) => declared_type(&variable.body)?,
            _ => None,
        };
        let default =
            attribute.or_else(|| variable.and_then(|v| v.body.attribute("default"))).map(|a| &a.value);
        let default_value = match default {
            None => None,
            Some(expr) => {
                let value = self.eval(&Scope::default(), expr)?;
                Some(match &declared {
                    None => value,
                    Some(ty) => convert(&value, ty).map_err(|e| {
                        let message = format!("the default of `{name}` is not a {ty}: {e}");
                        Box::new(Diagnostic::error("default-type", message).at(expr.span, ""))
                    })?,
                })
            }
        };
        let Some(variable) = variable else { return Ok(default_value.unwrap_or(Value::Null(Type::Dynamic))) };
        let Some(given) = self.override_of(name, declared.is_some()) else {
            return Ok(match (default_value, declared) {
                (Some(value), _) => value,
                (None, Some(ty)) => Value::Null(ty),
                (None, None) => Value::string(""),
            });
        };
        let value = convert_override(&given, declared.as_ref(), default_value.as_ref()).map_err(|e| {
            let message = format!("the value that {} gives to `{name}` does not fit: {e}", given.source);
            Box::new(Diagnostic::error("override-type", message).at(variable.labels[0].span, "declared here"))
        })?;
        if is_secret_name(name) && !given.text.is_empty() {
            return Ok(value.marked(&Marks::of(Mark::Secret(Rc::clone(name)))));
        }
        Ok(value)
    }

    /// A variable's description, which may be a template, but one that needs nothing of the file.
    pub(super) fn description(&self, variable: &Block) -> Result<Option<String>, Failure> {
        let Some(attribute) = variable.body.attribute("description") else { return Ok(None) };
        let expr = &attribute.value;
        if let ExprKind::JsonString { text, .. } = &expr.kind {
            return Ok(Some(text.to_string()));
        }
        let fail = |message: &str, span| Box::new(Diagnostic::error("description", message).at(span, ""));
        let references = References::of(expr, &[]);
        let used = references.names.first().map(|name| name.expr.span);
        if let Some(span) = used.or(references.calls.first().map(|call| call.span)) {
            return Err(fail("the description of a variable cannot use variables or functions", span));
        }
        let value = self.context.eval(&Scope::default(), expr)?;
        match convert(&value, &Type::String) {
            Ok(value) => Ok(value.as_str().map(str::to_owned)),
            Err(_) => Err(fail("the description of a variable must be a string", expr.span)),
        }
    }

    fn override_of(&self, name: &str, typed: bool) -> Option<Override> {
        let look_up = |key: &str| {
            let var = self.surroundings.vars.get(key).map(|text| (format!("`--var {key}`"), text));
            var.or_else(|| {
                self.surroundings.env.get(key).map(|text| (format!("the environment variable `{key}`"), text))
            })
        };
        let plain = look_up(name);
        if plain.is_none() || typed {
            let json_name = format!("{name}_JSON");
            if !self.variables.contains_key(json_name.as_str())
                && let Some((source, text)) = look_up(&json_name)
            {
                return Some(Override { source, text: text.clone(), json: true });
            }
        }
        plain.map(|(source, text)| Override { source, text: text.clone(), json: false })
    }

    pub(super) fn validate_variables(&self) -> Result<(), Vec<Diagnostic>> {
        let rules = self.variables.values().flat_map(|v| v.body.blocks_of("validation"));
        collect_failures(rules.map(|rule| self.validate(&rule.body, rule.span)))
    }

    fn validate(&self, rule: &Body, place: Span) -> Result<(), Failure> {
        let part = |name| {
            rule.attribute(name).map(|a| &a.value).ok_or_else(|| {
                let message = format!("a validation needs `{name}`");
                Box::new(Diagnostic::error("missing-attribute", message).at(place, ""))
            })
        };
        let (condition, message) = (part("condition")?, part("error_message")?);
        // Unlike everywhere else, nothing is resolved for a condition: it sees what is there.
        let value = self.context.eval(&Scope::default(), condition)?;
        match convert(&value, &Type::Bool) {
            Ok(Value::Bool(true)) => Ok(()),
            Ok(Value::Bool(false)) => {
                let text = self.context.eval(&Scope::default(), message)?;
                let text =
                    text.as_str().unwrap_or("this check failed, but has an invalid error message").to_owned();
                Err(Box::new(
                    Diagnostic::error("validation", format!("validation failed: {text}"))
                        .at(condition.span, ""),
                ))
            }
            Ok(_) => Err(Box::new(
                Diagnostic::error("validation", "a validation's condition must be true or false")
                    .at(condition.span, "is null"),
            )),
            Err(e) => Err(Box::new(
                Diagnostic::error(
                    "validation",
                    format!("a validation's condition must be true or false: {e}"),
                )
                .at(condition.span, ""),
            )),
        }
    }

    pub(super) fn resolve_functions(&self) -> Result<(), Vec<Diagnostic>> {
        let names = self.functions.keys();
        collect_failures(names.map(|name| self.resolve_function(name).map(drop)))
    }

    /// Makes sure that a user's function can be called. `Ok(false)` when there is none of this name, or a standard
    /// one, which wins.
    pub(super) fn resolve_function(&self, name: &Name) -> Result<bool, Failure> {
        if self.context.functions.borrow().contains_key(name) {
            return Ok(true);
        }
        let Some(function) = self.functions.get(name) else { return Ok(false) };
        if self.context.standard.contains_key(&**name) {
            return Ok(false);
        }
        let key: Name = format!("{name}()").into();
        if let Some(failure) = self.failed.borrow().get(&key) {
            return Err(failure.clone());
        }
        if !self.in_progress.borrow_mut().insert(Rc::clone(&key)) {
            let message = format!("function cycle not allowed: `{name}` calls itself");
            let diagnostic =
                Diagnostic::error("function-cycle", message).at(function.labels[0].span, "calls itself");
            return Err(Box::new(diagnostic.with_help(self.cycle(&Step::Global(key)))));
        }
        self.path.borrow_mut().push(Step::Global(Rc::clone(&key)));
        let built = self.build_function(function);
        self.path.borrow_mut().pop();
        self.in_progress.borrow_mut().remove(&key);
        match built {
            Ok(built) => {
                self.context.functions.borrow_mut().insert(Rc::clone(name), Rc::new(built));
                Ok(true)
            }
            Err(failure) => {
                self.failed.borrow_mut().insert(key, failure.clone());
                Err(failure)
            }
        }
    }

    fn build_function(&self, function: &Block) -> Result<UserFunction, Failure> {
        const KNOWN: [&str; 3] = ["params", "variadic_params", "result"];
        let name = &function.labels[0].name;
        for attribute in &function.body.attributes {
            if !KNOWN.contains(&&*attribute.name.name) {
                let message = format!("a function has no attribute `{}`", attribute.name.name);
                return Err(Box::new(
                    Diagnostic::error("unknown-attribute", message).at(attribute.name.span, ""),
                ));
            }
        }
        let need = |attribute: &str| {
            function.body.attribute(attribute).map(|a| &a.value).ok_or_else(|| {
                let message = format!("the function `{name}` has no `{attribute}`");
                Box::new(Diagnostic::error("missing-attribute", message).at(function.labels[0].span, ""))
            })
        };
        let params_expr = need("params")?;
        let ExprKind::Tuple(items) = &params_expr.kind else {
            return Err(Box::new(
                Diagnostic::error("function-params", "`params` must be a list of names")
                    .at(params_expr.span, ""),
            ));
        };
        let params = items.iter().map(keyword).collect::<Result<Vec<_>, _>>()?;
        let variadic = function.body.attribute("variadic_params").map(|a| keyword(&a.value)).transpose()?;
        let result = need("result")?;
        let bound: Vec<Name> = params.iter().chain(&variadic).cloned().collect();
        let references = References::of(result, &bound);
        for call in &references.calls {
            let known = matches!(&*call.name, "can" | "try" | "convert")
                || self.context.standard.contains_key(&*call.name)
                || self.resolve_function(&call.name)?;
            if !known {
                return Err(self.context_failure(&call.name, call.span, "function"));
            }
        }
        for reference in &references.names {
            let block = BLOCK_KINDS.contains(&&**reference.root);
            if block || !self.resolve_global(reference.root)? {
                return Err(self.context_failure(reference.root, reference.expr.span, "variable"));
            }
        }
        Ok(UserFunction { params, variadic, result: Rc::new(result.clone()) })
    }

    fn context_failure(&self, name: &str, span: Span, what: &str) -> Failure {
        let message = format!("there is no {what} named `{name}` that a function could use");
        let diagnostic = Diagnostic::error(
            if what == "function" { "unknown-function" } else { "unknown-variable" },
            message,
        );
        let known: Vec<&str> = match what {
            "function" => {
                self.functions.keys().map(|k| &**k).chain(self.context.standard.keys().copied()).collect()
            }
            _ => self.variables.keys().chain(self.attributes.keys()).map(|k| &**k).collect(),
        };
        let near = crate::diagnostic::suggest(name, known).map(|near| format!("did you mean `{near}`?"));
        let mut diagnostic = diagnostic.at(span, "not found");
        diagnostic.help = near;
        Box::new(diagnostic)
    }
}

/// The `type` of a variable; in JSON it is a string that holds the type.
pub(super) fn declared_type(body: &Body) -> Result<Option<Type>, Failure> {
    let Some(attribute) = body.attribute("type") else { return Ok(None) };
    match &attribute.value.kind {
        ExprKind::Null => Ok(None),
        ExprKind::JsonString { text, .. } => {
            let expr = parse_expression_text(text, attribute.value.span)?;
            parse_type(&expr).map(Some).map_err(Box::new)
        }
        _ => parse_type(&attribute.value).map(Some).map_err(Box::new),
    }
}

fn keyword(expr: &Expr) -> Result<Name, Failure> {
    match &expr.kind {
        ExprKind::Variable(name) | ExprKind::JsonString { text: name, .. } => Ok(Rc::clone(name)),
        _ => Err(Box::new(
            Diagnostic::error("function-params", "a parameter must be a plain name").at(expr.span, ""),
        )),
    }
}

/// Runs every step, and returns what failed, each failure once: a bad variable fails all that use it.
fn collect_failures(steps: impl Iterator<Item = Result<(), Failure>>) -> Result<(), Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    for failure in steps.filter_map(Result::err) {
        push_once(&mut diagnostics, *failure);
    }
    if diagnostics.is_empty() { Ok(()) } else { Err(diagnostics) }
}
