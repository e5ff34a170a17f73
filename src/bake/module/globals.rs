//! The variables, functions and global attributes of a module, each resolved when something asks for it
//! (buildx `bake/hclparser/hclparser.go`: `resolveValue`, `resolveFunction`, `validateVariables`).

use std::sync::Arc;

use super::files::{BLOCK_KINDS, BUILT_IN, Module, ModuleInputs};
use super::variables::{Override, convert_override, declared_type};
use crate::bake::eval::Scope;
use crate::bake::eval::budget::MAX_ERRORS;
use crate::bake::eval::calls::UserFunction;
use crate::bake::eval::chain::Step;
use crate::bake::eval::references::{FreeName, References};
use crate::bake::text::syntax::{Block, Body, Expr, ExprKind, Ident};
use crate::bake::values::convert::convert;
use crate::bake::values::kept::{self, KeptVariable};
use crate::bake::values::{Mark, Marks, Name, Type, Value};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, Failure, Severity, names_help, suggest};
use crate::source::Span;

impl Module {
    pub(super) fn resolve_variables(&self) -> Result<(), Vec<Diagnostic>> {
        collect_failures(self.variables.keys().map(|name| self.resolve_global(name).map(drop)))
    }

    /// Notes the use of a name that is not declared, which `try`, `can` or a conditional may let pass. buildx takes the
    /// second use in the same scope for a cycle (`resolveValue` in `bake/hclparser/hclparser.go`).
    pub(super) fn miss(&self, scope: &Scope<'_>, reference: &FreeName<'_>) -> Result<(), Failure> {
        let name = reference.root;
        if self.missed.borrow_mut().insert((scope.identity(), Arc::clone(name))) {
            return Ok(());
        }
        let message = format!("`{name}` is not declared, and Bake refuses a second use of such a name");
        let diagnostic =
            Diagnostic::error(Code::UNKNOWN_VARIABLE, message).at(reference.expr.span, "used again");
        Err(Box::new(diagnostic.with_help(format!("declare it: variable \"{name}\" {{}}"))))
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
        let ident = self.variables.get(name).map(|v| &v.labels[0]);
        let declared = ident.or(self.attributes.get(name).map(|a| &a.name)).map(|ident| ident.span);
        let step = Step::Global(Arc::clone(name));
        if self.chain.contains(&step) {
            let message = format!("variable cycle not allowed: `{name}` needs its own value");
            let diagnostic =
                Diagnostic::error(Code::VARIABLE_CYCLE, message).at(declared, "needed by itself");
            return Err(Box::new(diagnostic.with_help(self.chain.cycle(&step))));
        }
        let value = self.chain.follow(step, declared, || self.global_value(name));
        match value {
            Ok(value) => {
                self.context.globals.borrow_mut().insert(Arc::clone(name), value);
                Ok(true)
            }
            Err(failure) => {
                self.failed.borrow_mut().insert(Arc::clone(name), failure.clone());
                Err(failure)
            }
        }
    }

    /// The declared type of a variable; an attribute of the same name replaces it, together with the default.
    pub(super) fn type_of(&self, variable: &Block) -> Result<Option<Type>, Failure> {
        if self.attributes.contains_key(&variable.labels[0].name) {
            return Ok(None);
        }
        declared_type(&variable.body).or_else(|failure| {
            let expr = variable.body.attribute("type").map(|attribute| &attribute.value);
            // As no type at all counts what is null in the end, such as `true ? null : string`.
            let is_text = |expr: &Expr| matches!(expr.kind, ExprKind::JsonString { .. });
            let expr = expr.filter(|expr| is_alone(expr) && !is_text(expr));
            match expr.map(|expr| self.context.eval(&Scope::default(), expr)) {
                Some(Ok(value)) if value.is_null() => Ok(None),
                _ => Err(failure),
            }
        })
    }

    fn global_value(&self, name: &Name) -> Result<Value, Failure> {
        let variable = self.variables.get(name);
        let attribute = self.attributes.get(name);
        let declared = variable.map_or(Ok(None), |variable| self.type_of(variable))?;
        let default =
            attribute.or_else(|| variable.and_then(|v| v.body.attribute("default"))).map(|a| &a.value);
        let default_value = match default {
            None => None,
            Some(expr) => {
                let value = self.eval(&Scope::default(), expr)?;
                Some(match &declared {
                    None => value,
                    Some(ty) => convert(&value, ty).map_err(|e| {
                        let message = format!("the default of `{name}` is not {}: {e}", ty.with_article());
                        Box::new(Diagnostic::error(Code::DEFAULT_TYPE, message).at(expr.span, ""))
                    })?,
                })
            }
        };
        let Some(variable) = variable else { return Ok(default_value.unwrap_or(Value::null(Type::Dynamic))) };
        if self.surroundings.kept.contains(name) {
            return self.keep(variable, declared, default_value, default.map(|expr| expr.span));
        }
        let Some(given) = self.override_of(name, declared.is_some()) else {
            let value = match (default_value, declared) {
                (Some(value), _) => value,
                (None, Some(ty)) => Value::null(ty),
                (None, None) => Value::string(""),
            };
            let is_empty = value.is_null() || value.as_str().is_some_and(str::is_empty);
            let is_unset = is_empty && value.own_marks().is_empty();
            return Ok(if is_unset {
                value.marked(&Marks::of(Mark::Unset(Arc::clone(name))))
            } else {
                value
            });
        };
        if let (None, Some(value), Some(expr)) = (&declared, &default_value, default) {
            // Its type is the type that the override must have.
            self.context.of_known_type(value, "the type of this default", expr.span)?;
        }
        let value = convert_override(&given, declared.as_ref(), default_value.as_ref()).map_err(|e| {
            let message = format!("the value that {} gives to `{name}` does not fit: {e}", given.source);
            Box::new(
                Diagnostic::error(Code::OVERRIDE_TYPE, message).at(variable.labels[0].span, "declared here"),
            )
        })?;
        Ok(value.marked(&self.surroundings.secrets.marks(name, &given.text)))
    }

    /// Makes sure that the variables to be kept are there.
    pub(super) fn check_kept(&self) -> Result<(), Vec<Diagnostic>> {
        let missing = self.surroundings.kept.iter().filter(|name| !self.variables.contains_key(*name));
        let missing =
            missing.map(|name| self.undeclared("--keep-variable", name).with_severity(Severity::Error));
        let missing: Vec<Diagnostic> = missing.collect();
        if missing.is_empty() { Ok(()) } else { Err(missing) }
    }

    /// A warning for each `--var` that sets no variable of Bake files; `is_read` says what Compose files read.
    pub(crate) fn set_without_effect(&self, is_read: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
        let is_variable = |name: &str| self.variables.contains_key(name);
        let sets = |name: &str| is_variable(name) || name.strip_suffix("_JSON").is_some_and(is_variable);
        let names = self.surroundings.vars.keys().filter(|name| !sets(name) && !is_read(name));
        names.map(|name| self.undeclared("--var", name)).collect()
    }

    /// A warning that an option names no variable.
    fn undeclared(&self, option: &str, name: &str) -> Diagnostic {
        let message = format!("`{option} {name}`: there is no `variable` block of this name");
        let diagnostic = Diagnostic::warning(Code::UNKNOWN_VARIABLE, message);
        match self.attributes.get(name) {
            Some(attribute) => diagnostic.at(attribute.name.span, "an attribute").with_help(format!(
                "neither options nor the environment change attributes; declare `variable \"{name}\"`"
            )),
            None => diagnostic.with_help(names_help(
                name,
                "variable",
                self.variables.keys().map(|known| &**known),
            )),
        }
    }

    /// What a kept variable is in expressions, after a note of what is to be written about it.
    fn keep(
        &self,
        variable: &Block,
        declared: Option<Type>,
        default: Option<Value>,
        span: Option<Span>,
    ) -> Result<Value, Failure> {
        let label = &variable.labels[0];
        let fail = |message: String, help: &str| {
            let diagnostic = Diagnostic::error(kept::CODE, message).at(label.span, "").at(span, "");
            Err(Box::new(diagnostic.with_help(help)))
        };
        let of_default = default.as_ref().map(Value::ty);
        let is_declared = declared.is_some();
        let ty = declared.filter(|ty| *ty != Type::Dynamic).or(of_default).unwrap_or(Type::String);
        if default.as_ref().map_or(is_declared, Value::is_null) {
            let message = format!("`{}` may be null, so it cannot be kept", label.name);
            return fail(
                message,
                "Bake treats null unlike any text; give the variable a default, such as \"\"",
            );
        }
        if !ty.is_primitive() {
            let message = format!(
                "`{}` is {}; only strings, numbers and bools can be kept",
                label.name,
                ty.with_article()
            );
            return fail(message, "leave it out of `--keep-variable`, or split it into several variables");
        }
        if let Some(value) = &default {
            self.context.of_known_type(value, "the type of this default", span.unwrap_or(label.span))?;
        }
        if ty != Type::String {
            self.context.kept_scalars.borrow_mut().insert(Arc::clone(&label.name));
        }
        self.defaults.borrow_mut().insert(Arc::clone(&label.name), default);
        Ok(kept::placeholder(&label.name))
    }

    /// The kept variables, in order of the file. `text_of` gives the text of a place.
    ///
    /// # Errors
    /// Each validation that uses what is not written.
    pub fn kept<'s>(&self, text_of: impl Fn(Span) -> &'s str) -> Result<Vec<KeptVariable>, Vec<Diagnostic>> {
        let mut diagnostics = Diagnostics::default();
        let mut variables = Vec::new();
        for variable in self.variables.values() {
            let label = &variable.labels[0];
            let Some(default) = self.defaults.borrow().get(&label.name).cloned() else { continue };
            let mut validations = Vec::new();
            for rule in variable.body.blocks_of("validation") {
                let part = |name| rule.body.attribute(name).map(|attribute| &attribute.value);
                let Some(condition) = part("condition") else { continue };
                let message = part("error_message");
                let parts = [condition].into_iter().chain(message);
                diagnostics.extend(parts.filter_map(|expr| self.unwritten(&label.name, expr)));
                let template = |expr: &Expr| match &expr.kind {
                    ExprKind::JsonString { text, .. } => text.to_string(),
                    _ => format!("${{{}}}", text_of(expr.span)),
                };
                validations.push((template(condition), message.map(template)));
            }
            variables.push(KeptVariable {
                name: Arc::clone(&label.name),
                span: label.span,
                ty: self.type_of(variable).ok().flatten(),
                default,
                description: self.description(variable).ok().flatten(),
                validations,
            });
        }
        diagnostics.check()?;
        Ok(variables)
    }

    /// Why a validation of a kept variable cannot be written.
    fn unwritten(&self, owner: &str, expr: &Expr) -> Option<Diagnostic> {
        let references = References::of(expr, &[]);
        let is_written = |name: &Name| self.surroundings.kept.contains(name) || BUILT_IN.contains(&&**name);
        let fail = |message: String, span| Diagnostic::error(kept::CODE, message).at(span, "");
        if let Some(name) = references.names.iter().find(|name| !is_written(name.root)) {
            let root = name.root;
            let message =
                format!("the validation of `{owner}` is left to the build, but `{root}` is not written");
            let diagnostic = fail(message, name.expr.span);
            return Some(if self.variables.contains_key(root) {
                diagnostic.with_help(format!("add `--keep-variable {root}`"))
            } else {
                diagnostic
            });
        }
        let is_special = |name: &str| matches!(name, "can" | "try" | "convert");
        let call = references
            .calls
            .iter()
            .find(|call| !is_special(&call.name) && !self.context.standard.contains_key(&*call.name))?;
        let message = format!(
            "the validation of `{owner}` is left to the build, but the function `{}` is not written",
            call.name
        );
        Some(fail(message, call.span).with_help("use standard functions only"))
    }

    /// A variable's description, which may be a template, but one that needs nothing of the file.
    pub(super) fn description(&self, variable: &Block) -> Result<Option<String>, Failure> {
        let Some(attribute) = variable.body.attribute("description") else { return Ok(None) };
        let expr = &attribute.value;
        if let ExprKind::JsonString { text, .. } = &expr.kind {
            return Ok(Some(text.to_string()));
        }
        let fail = |message: &str, span| Box::new(Diagnostic::error(Code::DESCRIPTION, message).at(span, ""));
        let references = References::of(expr, &[]);
        let used = references.names.first().map(|name| name.expr.span);
        if let Some(span) = used.or(references.calls.first().map(|call| call.span)) {
            return Err(fail("the description of a variable cannot use variables or functions", span));
        }
        let value = self.context.eval(&Scope::default(), expr)?;
        match convert(&value, &Type::String) {
            Ok(value) if value.is_null() => {
                let failure = fail("the description of a variable cannot be null", expr.span);
                Err(Box::new(failure.with_help("write a string, or leave `description` out")))
            }
            Ok(value) => Ok(value.as_str().map(str::to_owned)),
            Err(_) => Err(fail("the description of a variable must be a string", expr.span)),
        }
    }

    /// The variables whose value is one of the environment.
    pub fn from_environment(&self) -> Vec<Name> {
        let ModuleInputs { env, vars, kept, local_platform: _, secrets: _ } = &self.surroundings;
        let keys = |name: &str| [name.to_owned(), format!("{name}_JSON")];
        let is_of_env = |name: &&Name| {
            let keys = keys(name);
            keys.iter().any(|key| env.contains_key(key))
                && !keys.iter().any(|key| vars.contains_key(key))
                && !kept.contains(*name)
        };
        self.variables.keys().filter(is_of_env).cloned().collect()
    }

    pub(super) fn override_of(&self, name: &str, typed: bool) -> Option<Override> {
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
        // Those of kept variables are left to Bake.
        let known = self.variables.iter().filter(|(name, _)| !self.surroundings.kept.contains(*name));
        let rules = known.flat_map(|(_, variable)| variable.body.blocks_of("validation"));
        collect_failures(rules.map(|rule| self.validate(&rule.body, rule.span)))
    }

    fn validate(&self, rule: &Body, place: Span) -> Result<(), Failure> {
        let part = |name| rule.attribute(name).map(|attribute| &attribute.value);
        let condition = part("condition").ok_or_else(|| {
            let message = "a validation needs `condition`";
            Box::new(Diagnostic::error(Code::MISSING_ATTRIBUTE, message).at(place, ""))
        })?;
        // Unlike everywhere else, nothing is resolved for a condition: it sees what is there.
        let value = self.context.eval(&Scope::default(), condition)?;
        self.context.known(&value, "this condition", condition.span)?;
        match convert(&value, &Type::Bool) {
            Ok(Value::Bool(true, _)) => Ok(()),
            Ok(Value::Bool(false, _)) => {
                let Some(message) = part("error_message") else {
                    let message = "validation failed: this condition does not hold";
                    let diagnostic = Diagnostic::error(Code::VALIDATION, message).at(condition.span, "");
                    return Err(Box::new(
                        diagnostic.with_help("`error_message` in the validation would say why"),
                    ));
                };
                let text = self.context.eval(&Scope::default(), message)?;
                let text =
                    text.as_str().unwrap_or("this check failed, but has an invalid error message").to_owned();
                let mut lines = text.trim().lines();
                let message = format!("validation failed: {}", lines.next().unwrap_or_default());
                let diagnostic = Diagnostic::error(Code::VALIDATION, message).at(condition.span, "");
                Err(Box::new(lines.fold(diagnostic, Diagnostic::with_note)))
            }
            Ok(_) => Err(Box::new(
                Diagnostic::error(Code::VALIDATION, "a validation's condition must be true or false")
                    .at(condition.span, "is null"),
            )),
            Err(e) => Err(Box::new(
                Diagnostic::error(
                    Code::VALIDATION,
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
        let declared = function.labels[0].span;
        if let Some(failure) = self.failed.borrow().get(&key) {
            return Err(failure.clone());
        }
        let step = Step::Global(Arc::clone(&key));
        if self.chain.contains(&step) {
            let message = format!("function cycle not allowed: `{name}` calls itself");
            let diagnostic = Diagnostic::error(Code::FUNCTION_CYCLE, message).at(declared, "calls itself");
            return Err(Box::new(diagnostic.with_help(self.chain.cycle(&step))));
        }
        let built = self.chain.follow(step, declared, || self.build_function(function));
        match built {
            Ok(built) => {
                self.context.functions.borrow_mut().insert(Arc::clone(name), Arc::new(built));
                Ok(true)
            }
            Err(failure) => {
                self.failed.borrow_mut().insert(key, failure.clone());
                Err(failure)
            }
        }
    }

    fn build_function(&self, function: &Block) -> Result<UserFunction, Failure> {
        let name = &function.labels[0].name;
        let need = |attribute: &str| match function.body.attribute(attribute).map(|a| &a.value) {
            Some(Expr { kind: ExprKind::Broken(failure), .. }) => Err(failure.clone()),
            Some(expr) => Ok(expr),
            None => {
                let message = format!("the function `{name}` has no `{attribute}`");
                Err(Box::new(
                    Diagnostic::error(Code::MISSING_ATTRIBUTE, message).at(function.labels[0].span, ""),
                ))
            }
        };
        let params_expr = need("params")?;
        let ExprKind::Tuple(items) = &params_expr.kind else {
            return Err(Box::new(
                Diagnostic::error(Code::FUNCTION_PARAMS, "`params` must be a list of names")
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
                return Err(self.no_function(call));
            }
        }
        for reference in &references.names {
            let block = BLOCK_KINDS.contains(&&**reference.root);
            if block || !self.resolve_global(reference.root)? {
                return Err(self.no_variable(reference.root, &bound, reference.expr.span));
            }
        }
        Ok(UserFunction { params, variadic, result: Arc::new(result.clone()) })
    }

    /// A function uses another one that there is not.
    fn no_function(&self, name: &Ident) -> Failure {
        let message = format!("there is no function named `{}` that a function can use", name.name);
        let known = self.functions.keys().map(|k| &**k).chain(self.context.standard.keys().copied());
        let mut diagnostic = Diagnostic::error(Code::UNKNOWN_FUNCTION, message).at(name.span, "not found");
        diagnostic.help = suggest(&name.name, known).map(|near| format!("did you mean `{near}`?"));
        Box::new(diagnostic)
    }

    /// A function uses a variable that there is not.
    fn no_variable(&self, name: &Name, bound: &[Name], span: Span) -> Failure {
        let message = format!("there is no variable named `{name}` that a function can use");
        let mut diagnostic = Diagnostic::error(Code::UNKNOWN_VARIABLE, message).at(span, "not found");
        diagnostic.help = Some(self.context.declared.help(name, bound.iter().map(|name| &**name)));
        Box::new(diagnostic)
    }
}

fn keyword(expr: &Expr) -> Result<Name, Failure> {
    match &expr.kind {
        ExprKind::Variable(name) => Ok(Arc::clone(name)),
        // Nothing can refer to them.
        ExprKind::Bool(word) => Ok(word.to_string().into()),
        ExprKind::Null => Ok("null".into()),
        ExprKind::Broken(failure) => Err(failure.clone()),
        _ => Err(Box::new(
            Diagnostic::error(Code::FUNCTION_PARAMS, "a parameter must be a plain name").at(expr.span, ""),
        )),
    }
}

/// Whether an expression needs nothing of the file.
fn is_alone(expr: &Expr) -> bool {
    let references = References::of(expr, &[]);
    references.names.is_empty() && references.calls.is_empty()
}

/// Runs every step, and returns what failed, each failure once: a bad variable fails all that use it.
fn collect_failures(steps: impl Iterator<Item = Result<(), Failure>>) -> Result<(), Vec<Diagnostic>> {
    let mut diagnostics = Diagnostics::default();
    for failure in steps.filter_map(Result::err) {
        diagnostics.report(*failure);
        if diagnostics.len() >= MAX_ERRORS {
            break;
        }
    }
    diagnostics.check()?;
    Ok(())
}
