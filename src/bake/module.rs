//! All files of a run as one set of variables, functions, attributes and blocks, resolved on demand
//! (buildx `bake/hclparser/hclparser.go`).
//!
//! Before an expression is evaluated, everything it refers to is resolved, whether or not the taken branch needs it:
//! that is what buildx does, and it decides which cycles are errors.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use indexmap::IndexMap;

use super::convert::convert;
use super::decode;
use super::eval::{Context, Failure, Scope, UserFunction};
use super::exposed;
use super::functions::Ambient;
use super::lower::parse_expression_text;
use super::matrix;
use super::references::References;
use super::syntax::{Attribute, Block, Body, Expr, ExprKind, Ident, Name};
use super::target::Definition;
use super::typeexpr::parse_type;
use super::value::{Mark, Marks, Str, Type, Value};
use super::variables::{Override, convert_override};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// What a Bake file can see of its surroundings.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Environment variables that may override variables; empty when looking them up is switched off.
    pub env: BTreeMap<String, String>,
    /// `--var NAME=VALUE`, which win over the environment.
    pub vars: BTreeMap<String, String>,
    /// `BAKE_LOCAL_PLATFORM`.
    pub local_platform: String,
}

impl Surroundings {
    /// The values that it gives to those variables of a file whose names say that they are secret.
    pub fn secrets<'a>(&'a self, body: &'a Body) -> impl Iterator<Item = String> + 'a {
        let names = body.blocks_of("variable").flat_map(|block| &block.labels).map(|label| &label.name);
        let names = names.filter(|name| is_secret_name(name)).flat_map(|name| [name.to_string(), format!("{name}_JSON")]);
        names.flat_map(|name| [self.vars.get(&name), self.env.get(&name)]).flatten().cloned()
    }
}

/// A file's body and whether Bake itself would read the file; `images.hcl` and `images.json` it does not.
#[derive(Debug)]
pub struct File {
    /// The parsed file.
    pub body: Body,
    /// Whether the file is in HCL-JSON, where Bake evaluates strings outside targets.
    pub json: bool,
    /// Whether Bake reads it too.
    pub shared: bool,
}

/// A variable as `--list variables` shows it.
#[derive(Clone, Debug)]
pub struct VariableInfo {
    /// The block's label.
    pub name: Name,
    /// Its `description`.
    pub description: Option<String>,
    /// Its declared type.
    pub ty: Option<Type>,
    /// Its value.
    pub value: Value,
}

struct Variable {
    ident: Ident,
    body: Body,
}

struct FunctionBlock {
    ident: Ident,
    body: Body,
}

/// One target or group that a block stands for: itself, or one combination of its matrix.
struct Instance {
    kind: &'static str,
    block: Rc<Block>,
    name: Name,
    /// Those of the name, which an expression may have made.
    marks: Marks,
    axes: Vec<(Name, Value)>,
    values: RefCell<BTreeMap<Name, Result<Value, Failure>>>,
    in_progress: RefCell<BTreeSet<Name>>,
}

/// A block of ours, which Bake ignores.
#[derive(Clone, Debug)]
pub struct ImageBlock {
    /// The block.
    pub block: Rc<Block>,
    /// Whether it stands in a JSON file that Bake reads too, and evaluates.
    pub in_bake_json: bool,
}

/// The files of a run, evaluated.
pub struct Module {
    context: Context,
    surroundings: Surroundings,
    variables: IndexMap<Name, Variable>,
    functions: IndexMap<Name, FunctionBlock>,
    attributes: IndexMap<Name, Attribute>,
    images: Vec<ImageBlock>,
    instances: Vec<Instance>,
    by_name: BTreeMap<(&'static str, Name), Vec<usize>>,
    labels: IndexMap<Name, Vec<Name>>,
    in_progress: RefCell<BTreeSet<Name>>,
    /// What is being evaluated, each for the one before it; only to tell a cycle.
    path: RefCell<Vec<String>>,
    failed: RefCell<BTreeMap<Name, Failure>>,
}

const BLOCK_KINDS: [&str; 2] = ["group", "target"];
const BUILT_IN: [&str; 2] = ["BAKE_CMD_CONTEXT", "BAKE_LOCAL_PLATFORM"];

/// Whether an environment variable's name says that its value is secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let name = name.strip_suffix("_JSON").unwrap_or(name).to_ascii_uppercase();
    ["TOKEN", "PASSWORD", "SECRET", "KEY"].iter().any(|end| name.ends_with(end))
}

impl Module {
    /// Evaluates the variables, functions and names of all files and sets up their blocks.
    ///
    /// # Errors
    /// Everything that is wrong at the stage that failed: variables, then validations, then functions, then names.
    pub fn new(files: Vec<File>, surroundings: Surroundings, ambient: Ambient) -> Result<Self, Vec<Diagnostic>> {
        let mut module = Self {
            context: Context::new(ambient),
            surroundings,
            variables: IndexMap::new(),
            functions: IndexMap::new(),
            attributes: IndexMap::new(),
            images: Vec::new(),
            instances: Vec::new(),
            by_name: BTreeMap::new(),
            labels: IndexMap::new(),
            in_progress: RefCell::default(),
            path: RefCell::default(),
            failed: RefCell::default(),
        };
        let blocks = module.collect(files)?;
        module.builtins();
        module.resolve_variables()?;
        module.validate_variables()?;
        module.resolve_functions()?;
        module.instantiate(blocks)?;
        Ok(module)
    }

    /// Sorts the files' contents; what a later file declares again replaces the earlier.
    fn collect(&mut self, files: Vec<File>) -> Result<Vec<Block>, Vec<Diagnostic>> {
        let mut blocks = Vec::new();
        let mut diagnostics = Vec::new();
        for file in files {
            for attribute in file.body.attributes {
                if !BLOCK_KINDS.contains(&&*attribute.name.name) && !BUILT_IN.contains(&&*attribute.name.name) {
                    self.attributes.insert(Rc::clone(&attribute.name.name), attribute);
                }
            }
            for block in file.body.blocks {
                let wanted = matches!(&*block.kind.name, "variable" | "function" | "group" | "target");
                if wanted && block.labels.len() != 1 {
                    diagnostics.push(label_count(&block));
                    continue;
                }
                match &*block.kind.name {
                    "variable" => {
                        let ident = block.labels[0].clone();
                        let reserved =
                            BLOCK_KINDS.contains(&&*ident.name) || BUILT_IN.contains(&&*ident.name);
                        if !reserved {
                            self.variables.insert(Rc::clone(&ident.name), Variable { ident, body: block.body });
                        }
                    }
                    "function" => {
                        let ident = block.labels[0].clone();
                        self.functions.insert(Rc::clone(&ident.name), FunctionBlock { ident, body: block.body });
                    }
                    "group" | "target" => blocks.push(block),
                    "image" => self.images.push(ImageBlock {
                        block: Rc::new(block),
                        in_bake_json: file.json && file.shared,
                    }),
                    // Bake ignores any other block, so that other tools can keep theirs in the same file.
                    _ => {}
                }
            }
        }
        if diagnostics.is_empty() { Ok(blocks) } else { Err(diagnostics) }
    }

    fn builtins(&self) {
        let mut globals = self.context.globals.borrow_mut();
        globals.insert("BAKE_CMD_CONTEXT".into(), Value::string("cwd://"));
        globals.insert("BAKE_LOCAL_PLATFORM".into(), Value::string(self.surroundings.local_platform.as_str()));
    }

    // ----- variables and attributes

    fn resolve_variables(&self) -> Result<(), Vec<Diagnostic>> {
        let descriptions = self.variables.values().map(|variable| self.description(variable).map(drop));
        let values = self.variables.keys().map(|name| self.resolve_global(name).map(drop));
        collect_failures(descriptions.chain(values))
    }

    /// Makes sure that a global name has its value. `Ok(false)` when there is no such name.
    fn resolve_global(&self, name: &Name) -> Result<bool, Failure> {
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
            let ident = self.variables.get(name).map(|v| &v.ident).or(self.attributes.get(name).map(|a| &a.name));
            let message = format!("variable cycle not allowed: `{name}` needs its own value");
            let diagnostic = Diagnostic::error("variable-cycle", message).at(ident.map(|i| i.span), "needed by itself");
            return Err(Box::new(diagnostic.with_help(self.cycle(name))));
        }
        self.path.borrow_mut().push(name.to_string());
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

    /// How to break the cycle that closes with `name`.
    fn cycle(&self, name: &str) -> String {
        const SHOWN: usize = 8;
        let path = self.path.borrow();
        let from = path.iter().rposition(|step| step == name).unwrap_or(0);
        let mut steps: Vec<String> = path[from..].iter().map(|step| format!("`{step}`")).collect();
        if steps.len() > SHOWN {
            steps.truncate(SHOWN);
            steps.push("…".to_owned());
        }
        format!("take one reference out of {} → `{name}`", steps.join(" → "))
    }

    fn global_value(&self, name: &Name) -> Result<Value, Failure> {
        let variable = self.variables.get(name);
        let attribute = self.attributes.get(name);
        // An attribute of the same name replaces the default, and the variable's type with it.
        let declared = match (attribute, variable) {
            (None, Some(variable)) => declared_type(&variable.body)?,
            _ => None,
        };
        let default = attribute.or_else(|| variable.and_then(|v| v.body.attribute("default"))).map(|a| &a.value);
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
            Box::new(Diagnostic::error("override-type", message).at(variable.ident.span, "declared here"))
        })?;
        if is_secret_name(name) && !given.text.is_empty() {
            return Ok(value.marked(&Marks::of(Mark::Secret(Rc::clone(name)))));
        }
        Ok(value)
    }

    /// A variable's description, which may be a template, but one that needs nothing of the file.
    fn description(&self, variable: &Variable) -> Result<Option<String>, Failure> {
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
            var.or_else(|| self.surroundings.env.get(key).map(|text| (format!("the environment variable `{key}`"), text)))
        };
        let plain = look_up(name);
        if plain.is_none() || typed {
            let json_name = format!("{name}_JSON");
            if !self.variables.contains_key(json_name.as_str()) {
                if let Some((source, text)) = look_up(&json_name) {
                    return Some(Override { source, text: text.clone(), json: true });
                }
            }
        }
        plain.map(|(source, text)| Override { source, text: text.clone(), json: false })
    }

    fn validate_variables(&self) -> Result<(), Vec<Diagnostic>> {
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
                let text = text.as_str().unwrap_or("this check failed, but has an invalid error message").to_owned();
                Err(Box::new(Diagnostic::error("validation", format!("validation failed: {text}")).at(condition.span, "")))
            }
            Ok(_) => Err(Box::new(
                Diagnostic::error("validation", "a validation's condition must be true or false").at(condition.span, "is null"),
            )),
            Err(e) => Err(Box::new(
                Diagnostic::error("validation", format!("a validation's condition must be true or false: {e}"))
                    .at(condition.span, ""),
            )),
        }
    }

    // ----- functions

    fn resolve_functions(&self) -> Result<(), Vec<Diagnostic>> {
        let names = self.functions.keys();
        collect_failures(names.map(|name| self.resolve_function(name).map(drop)))
    }

    /// Makes sure that a user's function can be called. `Ok(false)` when there is none of this name, or a standard
    /// one, which wins.
    fn resolve_function(&self, name: &Name) -> Result<bool, Failure> {
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
            let diagnostic = Diagnostic::error("function-cycle", message).at(function.ident.span, "calls itself");
            return Err(Box::new(diagnostic.with_help(self.cycle(&key))));
        }
        self.path.borrow_mut().push(key.to_string());
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

    fn build_function(&self, function: &FunctionBlock) -> Result<UserFunction, Failure> {
        const KNOWN: [&str; 3] = ["params", "variadic_params", "result"];
        let name = &function.ident.name;
        for attribute in &function.body.attributes {
            if !KNOWN.contains(&&*attribute.name.name) {
                let message = format!("a function has no attribute `{}`", attribute.name.name);
                return Err(Box::new(Diagnostic::error("unknown-attribute", message).at(attribute.name.span, "")));
            }
        }
        let need = |attribute: &str| {
            function.body.attribute(attribute).map(|a| &a.value).ok_or_else(|| {
                let message = format!("the function `{name}` has no `{attribute}`");
                Box::new(Diagnostic::error("missing-attribute", message).at(function.ident.span, ""))
            })
        };
        let params_expr = need("params")?;
        let ExprKind::Tuple(items) = &params_expr.kind else {
            return Err(Box::new(
                Diagnostic::error("function-params", "`params` must be a list of names").at(params_expr.span, ""),
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
        let diagnostic = Diagnostic::error(if what == "function" { "unknown-function" } else { "unknown-variable" }, message);
        let known: Vec<&str> = match what {
            "function" => self.functions.keys().map(|k| &**k).chain(self.context.standard.keys().copied()).collect(),
            _ => self.variables.keys().chain(self.attributes.keys()).map(|k| &**k).collect(),
        };
        let near = crate::diagnostic::suggest(name, known).map(|near| format!("did you mean `{near}`?"));
        let mut diagnostic = diagnostic.at(span, "not found");
        diagnostic.help = near;
        Box::new(diagnostic)
    }

    // ----- expressions

    /// Resolves what an expression refers to, then evaluates it.
    fn eval(&self, scope: &Scope<'_>, expr: &Expr) -> Result<Value, Failure> {
        self.prepare(scope, expr)?;
        self.context.eval(scope, expr)
    }

    fn prepare(&self, scope: &Scope<'_>, expr: &Expr) -> Result<(), Failure> {
        if matches!(expr.kind, ExprKind::String(_) | ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::Null) {
            return Ok(());
        }
        let references = References::of(expr, &[]);
        for call in references.calls {
            self.resolve_function(&call.name)?;
        }
        for reference in references.names {
            let root = reference.root;
            let Some(kind) = BLOCK_KINDS.into_iter().find(|kind| *kind == &**root) else {
                if scope.get(root).is_none() {
                    self.resolve_global(root)?;
                }
                continue;
            };
            let Some(block) = reference.path.first() else {
                let message = match reference.indexed {
                    true => format!("`{root}` takes a name after a dot, not an index"),
                    false => format!("`{root}` is no variable; name one with `{root}.NAME`"),
                };
                return Err(Box::new(Diagnostic::error("block-reference", message).at(reference.expr.span, "")));
            };
            self.expose(kind, block, reference.path.get(1).copied())?;
        }
        Ok(())
    }

    /// Evaluates the attribute of a block (or all of them) that an expression asks for.
    fn expose(&self, kind: &'static str, block: &Ident, attribute: Option<&Ident>) -> Result<(), Failure> {
        if !self.instances.is_empty() {
            // Known kinds are visible even when the block is not there, so that the error names the block.
            self.context.exposed.borrow_mut().entry(kind).or_default();
        }
        let Some(indexes) = self.by_name.get(&(kind, Rc::clone(&block.name))) else { return Ok(()) };
        for index in indexes {
            let instance = &self.instances[*index];
            let asked: Vec<Name> = match attribute {
                Some(ident) => vec![Rc::clone(&ident.name)],
                None => exposed::attributes(kind).iter().map(|name| Name::from(*name)).collect(),
            };
            for name in asked {
                let Some(value) = self.exposed_value(instance, &name)? else { continue };
                let mut all = self.context.exposed.borrow_mut();
                let blocks = all.entry(kind).or_default();
                blocks.entry(Rc::clone(&instance.name)).or_default().insert(name, value);
            }
            let mut all = self.context.exposed.borrow_mut();
            all.entry(kind).or_default().entry(Rc::clone(&instance.name)).or_default();
        }
        Ok(())
    }

    /// What `target.NAME.ATTRIBUTE` is: the block's own attribute, converted to Bake's type, or what Bake shows for an
    /// attribute that is not set. `None` for an attribute that does not exist.
    fn exposed_value(&self, instance: &Instance, name: &Name) -> Result<Option<Value>, Failure> {
        if &**name == "name" {
            return Ok(Some(Value::String((&instance.name).into())));
        }
        let Some(attribute) = instance.block.body.attribute(name) else {
            return Ok(exposed::unset(instance.kind, name));
        };
        let value = self.attribute_value(instance, attribute)?;
        exposed::value(instance.kind, attribute, value).map_err(Box::new)
    }

    /// The value of a block's own attribute, evaluated once.
    fn attribute_value(&self, instance: &Instance, attribute: &Attribute) -> Result<Value, Failure> {
        let name = &attribute.name.name;
        if let Some(value) = instance.values.borrow().get(name) {
            return value.clone();
        }
        let path = format!("{}.{}.{name}", instance.kind, instance.name);
        if !instance.in_progress.borrow_mut().insert(Rc::clone(name)) {
            let message = format!("reference cycle not allowed: `{path}` needs its own value");
            let diagnostic = Diagnostic::error("reference-cycle", message).at(attribute.name.span, "needed by itself");
            return Err(Box::new(diagnostic.with_help(self.cycle(&path))));
        }
        self.path.borrow_mut().push(path);
        let value = self.eval(&Scope::of(&instance.axes), &attribute.value);
        self.path.borrow_mut().pop();
        instance.in_progress.borrow_mut().remove(name);
        instance.values.borrow_mut().insert(Rc::clone(name), value.clone());
        value
    }

    // ----- blocks

    /// Expands matrices and names.
    fn instantiate(&mut self, blocks: Vec<Block>) -> Result<(), Vec<Diagnostic>> {
        let mut diagnostics = Vec::new();
        let mut instances = Vec::new();
        for block in blocks {
            let block = Rc::new(block);
            match self.expand(&block) {
                Ok(expanded) => instances.extend(expanded),
                Err(failure) => push_once(&mut diagnostics, *failure),
            }
        }
        for (index, instance) in instances.iter().enumerate() {
            self.by_name.entry((instance.kind, Rc::clone(&instance.name))).or_default().push(index);
            if instance.kind == "target" {
                let members = self.labels.entry(Rc::clone(&instance.block.labels[0].name)).or_default();
                if !members.contains(&instance.name) {
                    members.push(Rc::clone(&instance.name));
                }
            }
        }
        self.instances = instances;
        if diagnostics.is_empty() { Ok(()) } else { Err(diagnostics) }
    }

    fn expand(&self, block: &Rc<Block>) -> Result<Vec<Instance>, Failure> {
        let kind = if &*block.kind.name == "group" { "group" } else { "target" };
        let label = &block.labels[0];
        let (matrix, name) = (block.body.attribute("matrix"), block.body.attribute("name"));
        if kind == "group" {
            if let Some(attribute) = matrix.or(name) {
                let message = format!("`{}` is not supported for groups", attribute.name.name);
                return Err(Box::new(Diagnostic::error("group-matrix", message).at(attribute.name.span, "")));
            }
        }
        matrix::check_name(&label.name, label.span)?;
        let combinations = match matrix {
            None => vec![Vec::new()],
            Some(attribute) => {
                let value = self.eval(&Scope::default(), &attribute.value)?;
                matrix::combinations(&value, attribute.value.span)?
            }
        };
        let mut seen = BTreeSet::new();
        let mut instances = Vec::with_capacity(combinations.len());
        for axes in combinations {
            let text = match (name, matrix) {
                (None, _) => Str::from(&label.name),
                (Some(name), None) => {
                    let diagnostic = Diagnostic::error("name-without-matrix", "`name` requires `matrix`");
                    return Err(Box::new(diagnostic.at(name.name.span, "")));
                }
                (Some(name), Some(_)) => {
                    let value = self.eval(&Scope::of(&axes), &name.value)?;
                    matrix::name_of(&value, name.value.span)?
                }
            };
            let instance_name = Rc::clone(text.name());
            if !seen.insert(Rc::clone(&instance_name)) {
                return Err(Box::new(
                    Diagnostic::error("duplicate-name", format!("duplicate name `{instance_name}` in one matrix"))
                        .at(name.map_or(label.span, |n| n.value.span), "")
                        .with_help("use every axis of the matrix in `name`"),
                ));
            }
            instances.push(Instance {
                kind,
                block: Rc::clone(block),
                name: instance_name,
                marks: text.marks().clone(),
                axes,
                values: RefCell::default(),
                in_progress: RefCell::default(),
            });
        }
        Ok(instances)
    }

    /// Evaluates all blocks, then the global attributes that nothing has asked for.
    ///
    /// # Errors
    /// Everything that is wrong in any block, used or not, as in buildx.
    pub fn definition(&self) -> Result<Definition, Vec<Diagnostic>> {
        let mut diagnostics = Vec::new();
        let mut definition = Definition::default();
        for instance in &self.instances {
            let known = if instance.kind == "group" { decode::GROUP_ATTRIBUTES } else { decode::TARGET_ATTRIBUTES };
            let mut values = Vec::new();
            for attribute in &instance.block.body.attributes {
                if !known.contains(&&*attribute.name.name) {
                    continue;
                }
                match self.attribute_value(instance, attribute) {
                    Ok(value) => values.push((attribute.name.clone(), value, &attribute.value)),
                    Err(failure) => push_once(&mut diagnostics, *failure),
                }
            }
            let header = instance.block.span;
            if instance.kind == "group" {
                definition.add_group(decode::group(&instance.name, header, &values, &mut diagnostics));
            } else {
                definition.add_target(decode::target(&instance.name, header, &values, &mut diagnostics));
            }
        }
        for (label, members) in &self.labels {
            if members.len() != 1 || members[0] != *label {
                definition.add_label_group(label, members);
            }
        }
        for name in self.attributes.keys() {
            if let Err(failure) = self.resolve_global(name) {
                push_once(&mut diagnostics, *failure);
            }
        }
        for image in self.images.iter().filter(|image| image.in_bake_json) {
            self.evaluate_as_bake_does(&image.block.body, &mut diagnostics);
        }
        if diagnostics.is_empty() { Ok(definition) } else { Err(diagnostics) }
    }

    /// To Bake, the `image` key of a JSON file is a variable, and its strings are templates without any target.
    fn evaluate_as_bake_does(&self, body: &Body, diagnostics: &mut Vec<Diagnostic>) {
        for attribute in &body.attributes {
            if let Err(failure) = self.eval(&Scope::default(), &attribute.value) {
                let help = "docker buildx bake evaluates this string too, outside any target; move the `image` blocks to \
                            `images.json` (or HCL), where matrix variables are in scope";
                push_once(diagnostics, failure.with_help(help));
            }
        }
        body.blocks.iter().for_each(|block| self.evaluate_as_bake_does(&block.body, diagnostics));
    }

    // ----- for the stages after

    /// The `image` blocks of all files, in order.
    #[must_use]
    pub fn images(&self) -> &[ImageBlock] {
        &self.images
    }

    /// The targets that a label stands for: itself, or the members of its matrix.
    #[must_use]
    pub fn members(&self, label: &str) -> Option<&[Name]> {
        self.labels.get(label).map(Vec::as_slice)
    }

    /// The labels of all target blocks, in order of their first appearance.
    pub fn target_labels(&self) -> impl Iterator<Item = &Name> {
        self.labels.keys()
    }

    /// The matrix axes of a target, with this combination's values; the last block of the name counts.
    #[must_use]
    pub fn axes(&self, target: &str) -> &[(Name, Value)] {
        let indexes = self.by_name.get(&("target", Name::from(target)));
        indexes.and_then(|all| all.last()).map_or(&[], |index| &self.instances[*index].axes)
    }

    /// Where the text of a target's name came from, as far as that matters, and the expression that made it.
    pub fn name_marks(&self, target: &str) -> Option<(&Marks, Span)> {
        let indexes = self.by_name.get(&("target", Name::from(target)))?;
        let instance = indexes.iter().map(|index| &self.instances[*index]).find(|one| !one.marks.is_empty())?;
        Some((&instance.marks, instance.block.body.attribute("name")?.value.span))
    }

    /// Evaluates an expression with a target's matrix variables in scope.
    ///
    /// # Errors
    /// The failure, with its place.
    pub fn evaluate(&self, target: Option<&str>, expr: &Expr) -> Result<Value, Box<Diagnostic>> {
        let axes = target.map_or(&[][..], |target| self.axes(target));
        self.eval(&Scope::of(axes), expr)
    }

    /// All variables with their values, sorted by name.
    ///
    /// # Errors
    /// A type that is none; found before, when the module was made.
    pub fn variables(&self) -> Result<Vec<VariableInfo>, Box<Diagnostic>> {
        let globals = self.context.globals.borrow();
        let mut infos = self
            .variables
            .values()
            .map(|variable| {
                Ok(VariableInfo {
                    name: Rc::clone(&variable.ident.name),
                    description: self.description(variable)?,
                    ty: declared_type(&variable.body)?,
                    value: globals.get(&variable.ident.name).cloned().unwrap_or(Value::Null(Type::Dynamic)),
                })
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        infos.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(infos)
    }
}

/// The `type` of a variable; in JSON it is a string that holds the type.
fn declared_type(body: &Body) -> Result<Option<Type>, Failure> {
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
        _ => Err(Box::new(Diagnostic::error("function-params", "a parameter must be a plain name").at(expr.span, ""))),
    }
}

fn label_count(block: &Block) -> Diagnostic {
    let message = format!("a {} block has one label, its name; {} found", block.kind.name, block.labels.len());
    Diagnostic::error("block-label", message)
        .at(block.span, "")
        .with_help(format!("write `{} \"NAME\" {{`", block.kind.name))
}

/// Runs every step, and returns what failed, each failure once: a bad variable fails all that use it.
fn collect_failures(steps: impl Iterator<Item = Result<(), Failure>>) -> Result<(), Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    for failure in steps.filter_map(Result::err) {
        push_once(&mut diagnostics, *failure);
    }
    if diagnostics.is_empty() { Ok(()) } else { Err(diagnostics) }
}

fn push_once(diagnostics: &mut Vec<Diagnostic>, diagnostic: Diagnostic) {
    if !diagnostics.contains(&diagnostic) {
        diagnostics.push(diagnostic);
    }
}
