//! Evaluates expressions: the expression half of the HCL specification
//! (<https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md>), with values and conversions of our own.
//!
//! Whatever an expression refers to has been resolved before it is evaluated (`module.rs`), so nothing is lazy here.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::budget::Budget;
use super::calls::UserFunction;
use super::conditional::TypedFailure;
use super::constructors::{bindings, iterate};
use super::declared::Declared;
use super::functions::{Ambient, Function};
use super::inference;
use super::looks::Looks;
use super::operators::{self, OperatorError};
use crate::bake::text::syntax::{BinaryOp, Expr, ExprKind, Ident, TemplatePart, UnaryOp};
use crate::bake::values::convert::convert;
use crate::bake::values::{MarkedStr, Marks, Name, Type, Value, kept};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure, names_help};
use crate::source::Span;

/// Names that are visible in one place only: matrix axes, function parameters, `for` variables.
#[derive(Clone, Copy, Default)]
pub(crate) struct Scope<'a> {
    names: &'a [(Name, Value)],
    item: Option<&'a Value>,
    parent: Option<&'a Self>,
}

impl<'a> Scope<'a> {
    /// A scope whose only parent is the global one.
    pub(crate) fn of(names: &'a [(Name, Value)]) -> Self {
        Self { names, item: None, parent: None }
    }

    /// Tells the scopes of different targets of a matrix apart, and those from the global one.
    pub(crate) fn identity(&self) -> usize {
        if self.names.is_empty() { 0 } else { self.names.as_ptr().addr() }
    }

    /// A scope inside this one, in which these names mean something.
    pub(super) fn child(&'a self, names: &'a [(Name, Value)]) -> Self {
        Self { names, item: self.item, parent: Some(self) }
    }

    /// A scope inside this one, in which `*` is at this element.
    pub(super) fn at(&'a self, item: &'a Value) -> Self {
        Self { names: &[], item: Some(item), parent: Some(self) }
    }

    /// The value of a name of this scope or one around it.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        let own = self.names.iter().find(|(own, _)| &**own == name).map(|(_, value)| value);
        own.or_else(|| self.parent.and_then(|parent| parent.get(name)))
    }

    fn visible(&self) -> Vec<Name> {
        let mut names: Vec<Name> = self.names.iter().map(|(name, _)| Arc::clone(name)).collect();
        names.extend(self.parent.iter().flat_map(|parent| parent.visible()));
        names
    }
}

/// The attributes of blocks that expressions have asked for: kind → block → attribute → value.
pub(super) type Exposed = BTreeMap<&'static str, BTreeMap<Name, BTreeMap<Name, Value>>>;

/// Everything global: what names mean outside a [`Scope`], and the run's budget.
#[allow(clippy::missing_docs_in_private_items, reason = "the names say it")]
pub(crate) struct Context {
    pub(crate) ambient: Ambient,
    pub(crate) standard: BTreeMap<&'static str, Arc<Function>>,
    pub(crate) globals: RefCell<BTreeMap<Name, Value>>,
    pub(crate) functions: RefCell<BTreeMap<Name, Arc<UserFunction>>>,
    pub(crate) declared: Declared,
    pub(crate) exposed: RefCell<Exposed>,
    /// Whether there are variables that are kept.
    pub(crate) keeps: bool,
    /// Those of them that are numbers or bools.
    pub(crate) kept_scalars: RefCell<BTreeSet<Name>>,
    pub(super) budget: Budget,
    /// The strings that were made of secrets.
    secrets: RefCell<BTreeSet<Name>>,
    /// What the attempt that goes on has looked at.
    pub(super) looks: Looks,
}

impl Context {
    /// One without any globals.
    pub(crate) fn new(ambient: Ambient, keeps: bool) -> Self {
        Self {
            ambient,
            keeps,
            kept_scalars: RefCell::default(),
            standard: super::functions::standard(),
            globals: RefCell::default(),
            functions: RefCell::default(),
            declared: Declared::default(),
            exposed: RefCell::default(),
            budget: Budget::default(),
            secrets: RefCell::default(),
            looks: Looks::default(),
        }
    }

    /// Makes a block visible to expressions, and one of its attributes.
    pub(crate) fn show(&self, kind: &'static str, block: &Name, attribute: Option<(Name, Value)>) {
        let mut all = self.exposed.borrow_mut();
        let blocks = all.entry(kind).or_default();
        blocks.entry(Arc::clone(block)).or_default().extend(attribute);
    }

    /// The value of an expression.
    ///
    /// # Errors
    /// The first failure that nothing around it makes irrelevant.
    pub(crate) fn eval(&self, scope: &Scope<'_>, expr: &Expr) -> Result<Value, Failure> {
        self.outline(scope, expr).map_err(|missing| missing.failure)
    }

    /// The value of an expression, or at least its type.
    pub(super) fn outline(&self, scope: &Scope<'_>, expr: &Expr) -> Result<Value, TypedFailure> {
        self.budget.enter(expr.span)?;
        let result = self.eval_kind(scope, expr);
        self.budget.leave();
        let value = result?;
        self.looks.note(value.own_marks());
        self.note_secret(&value);
        if matches!(
            expr.kind,
            ExprKind::Tuple(_)
                | ExprKind::Object(_)
                | ExprKind::For(_)
                | ExprKind::Splat { .. }
                | ExprKind::Call { .. }
        ) {
            self.budget.made(&value, expr.span)?;
        }
        Ok(value)
    }

    fn note_secret(&self, value: &Value) {
        if value.own_marks().secret().is_some() {
            note_texts(value, &mut self.secrets.borrow_mut());
        }
    }

    /// The strings that have been made of secrets, which messages may quote.
    pub(crate) fn secret_texts(&self) -> Vec<String> {
        self.secrets.borrow().iter().map(ToString::to_string).collect()
    }

    fn eval_kind(&self, scope: &Scope<'_>, expr: &Expr) -> Result<Value, TypedFailure> {
        Ok(match &expr.kind {
            ExprKind::Null => Value::null(Type::Dynamic),
            ExprKind::Bool(value) => Value::from(*value),
            ExprKind::Number(number, marks) => Value::Number(number.clone(), marks.clone()),
            ExprKind::String(text) => Value::String(MarkedStr::verbatim(Arc::clone(text))),
            ExprKind::Template(parts) => self.template(scope, parts, expr.span)?,
            ExprKind::Wrapped(inner) | ExprKind::Parenthesis(inner) => self.outline(scope, inner)?,
            ExprKind::JsonString { template, .. } => match template {
                Ok(inner) => self.outline(scope, inner)?,
                Err(failure) => return Err(failure.clone().into()),
            },
            ExprKind::Broken(failure) => return Err(failure.clone().into()),
            ExprKind::Tuple(items) => self.tuple(scope, items)?,
            ExprKind::Object(items) => self.object(scope, items)?,
            ExprKind::Variable(name) => self.variable(scope, name, expr.span)?,
            ExprKind::GetAttr { of, name } => self.get_attr(scope, of, name)?,
            ExprKind::Index { of, key } => self.index(scope, of, key)?,
            ExprKind::Splat { of, each } => self.splat(scope, of, each)?,
            ExprKind::SplatItem => scope.item.cloned().unwrap_or(Value::null(Type::Dynamic)),
            ExprKind::Call { name, args, expand } => self.call(scope, expr.span, name, args, *expand)?,
            ExprKind::Conditional { condition, then, otherwise } => {
                self.conditional(scope, expr.span, condition, [then, otherwise])?
            }
            ExprKind::Unary { op, operand } => self
                .unary(scope, expr.span, *op, operand)
                .map_err(TypedFailure::of(operators::unary_type(*op)))?,
            ExprKind::Binary { .. } => self.binaries(scope, expr)?,
            ExprKind::For(for_expr) => self.for_expr(scope, for_expr)?,
        })
    }

    fn variable(&self, scope: &Scope<'_>, name: &Name, span: Span) -> Result<Value, Failure> {
        if let Some(value) = scope.get(name) {
            return Ok(value.clone());
        }
        if let Some(value) = self.globals.borrow().get(name) {
            return Ok(value.clone());
        }
        let mut known = scope.visible();
        known.extend(self.globals.borrow().keys().cloned());
        let mut diagnostic =
            Diagnostic::error(Code::UNKNOWN_VARIABLE, format!("there is no variable named `{name}`"))
                .at(span, "not found");
        diagnostic.help = Some(self.declared.help(name, known.iter().map(|k| &**k)));
        Err(Box::new(diagnostic))
    }

    fn get_attr(&self, scope: &Scope<'_>, of: &Expr, name: &Ident) -> Result<Value, TypedFailure> {
        if let Some(value) = self.block_attribute(scope, of, name) {
            return Ok(value?);
        }
        let part = |ty: &Type| inference::attribute(ty, name).unwrap_or(Type::Dynamic);
        let object = self.outline(scope, of).map_err(|missing| missing.map(part))?;
        self.check_whole(&object, of.span)?;
        Ok(operators::attribute(&object, &name.name)
            .map_err(|m| Box::new(Diagnostic::error(Code::UNSUPPORTED_ATTRIBUTE, m).at(name.span, "")))?)
    }

    fn index(&self, scope: &Scope<'_>, of: &Expr, key: &Expr) -> Result<Value, TypedFailure> {
        let (collection, index) = (self.outline(scope, of), self.eval(scope, key)?);
        let part = |ty: &Type| inference::element(ty, &index).unwrap_or(Type::Dynamic);
        let collection = collection.map_err(|missing| missing.map(part))?;
        self.check_whole(&collection, of.span)?;
        self.budget.looked(&index, key.span)?;
        self.known(&index, "this index", key.span)?;
        Ok(operators::index(&collection, &index).map_err(|message| {
            let diagnostic = Diagnostic::error(Code::INVALID_INDEX, message).at(key.span, "");
            Box::new(diagnostic.at(of.span, describe(&collection)))
        })?)
    }

    /// No block of this kind has the name.
    fn unknown_block(&self, kind: &str, name: &Ident) -> Diagnostic {
        let message = format!("there is no {kind} named `{}`", name.name);
        let known = self.declared.blocks.get(kind).into_iter().flatten().map(|known| &**known);
        Diagnostic::error(Code::UNKNOWN_BLOCK, message)
            .at(name.span, "not found")
            .with_help(names_help(&name.name, kind, known))
    }

    /// `target.NAME` and `target.NAME.ATTRIBUTE`, unless a name of the scope hides the block kind.
    fn block_attribute(&self, scope: &Scope<'_>, of: &Expr, name: &Ident) -> Option<Result<Value, Failure>> {
        let exposed = self.exposed.borrow();
        let whole = |kind: &Name| exposed.get(&**kind).filter(|_| scope.get(kind).is_none());
        match &of.kind {
            ExprKind::Variable(kind) => {
                let blocks = whole(kind)?;
                Some(match blocks.get(&name.name) {
                    Some(members) => Ok(Value::object(members.clone())),
                    None => Err(Box::new(self.unknown_block(kind, name))),
                })
            }
            ExprKind::GetAttr { of, name: block } => {
                let ExprKind::Variable(kind) = &of.kind else { return None };
                let members = whole(kind)?.get(&block.name)?;
                Some(members.get(&name.name).cloned().ok_or_else(|| {
                    let message = format!("a {kind} has no attribute `{}`", name.name);
                    let diagnostic =
                        Diagnostic::error(Code::UNSUPPORTED_ATTRIBUTE, message).at(name.span, "");
                    let known = self.declared.attributes.get(&**kind).into_iter().flatten().copied();
                    Box::new(diagnostic.with_help(names_help(&name.name, "attribute", known)))
                }))
            }
            _ => None,
        }
    }

    fn unary(&self, scope: &Scope<'_>, span: Span, op: UnaryOp, operand: &Expr) -> Result<Value, Failure> {
        let value = self.eval(scope, operand)?;
        self.budget.looked(&value, operand.span)?;
        self.known(&value, "this operator", operand.span)?;
        let result = match op {
            UnaryOp::Not => operators::not(&value),
            UnaryOp::Negate => operators::negate(&value),
        };
        result.map_err(|e| operator_failure(e, span, operand, operand))
    }

    /// Operators nest to the left, by the thousands where a generator wrote them, so that this must not recurse.
    fn binaries(&self, scope: &Scope<'_>, expr: &Expr) -> Result<Value, TypedFailure> {
        let (innermost, operations) = operations(expr);
        let mut has_failed = false;
        let (value, looks) = self.looks.during(|| {
            let mut value = self.outline(scope, innermost);
            for (span, op, left, right) in operations {
                self.budget.worked(1, span)?;
                let operand = |expr: &Expr, value: Result<Value, TypedFailure>| {
                    let value = value?;
                    self.budget.looked(&value, expr.span)?;
                    self.known(&value, use_of(op), expr.span)?;
                    Ok(value)
                };
                let (a, b) = (operand(left, value), operand(right, self.outline(scope, right)));
                has_failed |= a.is_err() || b.is_err();
                value = binary(span, op, (left, a), (right, b))
                    .map_err(TypedFailure::of(operators::binary_type(op)));
            }
            value
        });
        self.looks.note(&looks);
        // One operand of `&&` and `||` may have decided although the other failed.
        if has_failed { value.map(|value| value.marked(&looks.of_attempt().of_answer())) } else { value }
    }

    /// Fails if the value is or holds that of a kept variable; `use_of` is what needs it.
    pub(crate) fn known(&self, value: &Value, use_of: &str, span: Span) -> Result<(), Failure> {
        match Some(value).filter(|_| self.keeps).and_then(kept::variable_of) {
            Some(name) => Err(kept::unknown(use_of, name, span)),
            None => Ok(()),
        }
    }

    /// Fails if the value is or holds a kept number or bool: that is a string here, and what is to be of the same type
    /// would become one, too.
    pub(crate) fn of_known_type(&self, value: &Value, use_of: &str, span: Span) -> Result<(), Failure> {
        let scalars = self.kept_scalars.borrow();
        match Some(value).filter(|_| !scalars.is_empty()).and_then(|value| kept::scalar_of(value, &scalars)) {
            Some(name) => Err(kept::unknown(use_of, name, span)),
            None => Ok(()),
        }
    }

    /// The value of a condition.
    pub(super) fn condition(&self, scope: &Scope<'_>, expr: &Expr) -> Result<Value, Failure> {
        let (value, looks) = self.looks.during(|| self.eval(scope, expr));
        // Once it is known, the rest only depends on its answer.
        self.looks.note(&if value.is_ok() { looks.of_answer() } else { looks });
        let value = value?;
        self.budget.looked(&value, expr.span)?;
        self.known(&value, "this condition", expr.span)?;
        Ok(value)
    }

    /// A value whose parts are looked at. The parts themselves may be kept.
    pub(super) fn whole(&self, scope: &Scope<'_>, expr: &Expr) -> Result<Value, Failure> {
        let value = self.eval(scope, expr)?;
        self.check_whole(&value, expr.span)?;
        Ok(value)
    }

    fn check_whole(&self, value: &Value, span: Span) -> Result<(), Failure> {
        match value {
            Value::String(_) => self.known(value, "the collection here", span),
            _ => Ok(()),
        }
    }

    fn template(&self, scope: &Scope<'_>, parts: &[TemplatePart], span: Span) -> Result<Value, TypedFailure> {
        let mut rendered = Rendered::default();
        let result = self.render(scope, parts, span, &mut rendered);
        let Rendered { text, marks, failure } = rendered;
        match (failure, result) {
            (None, Ok(())) => Ok(Value::String(MarkedStr::normalized(text).marked(&marks))),
            (Some(failure), Ok(())) => Err(TypedFailure::of(Type::String)(failure).but(text)),
            (first, Err(last)) => Err(TypedFailure::of(Type::String)(first.unwrap_or(last))),
        }
    }

    /// Appends the text of template parts.
    fn render(
        &self,
        scope: &Scope<'_>,
        parts: &[TemplatePart],
        span: Span,
        rendered: &mut Rendered,
    ) -> Result<(), Failure> {
        for part in parts {
            let before = rendered.text.len();
            match part {
                TemplatePart::Literal(literal) => rendered.push(literal),
                TemplatePart::Interpolation(expr) => {
                    let value = self.eval(scope, expr)?;
                    // The type of much takes long to be looked at, and would be none of a text anyway.
                    let is_one = value.items().is_none() && value.members().is_none();
                    let text = is_one.then(|| convert(&value, &Type::String));
                    match text {
                        Some(Ok(Value::String(piece))) => {
                            rendered.marks.merge(piece.marks());
                            rendered.push(piece.as_str());
                        }
                        Some(Ok(_)) => rendered.fail(template_failure(expr.span, "is null", "null")),
                        Some(Err(_)) | None => {
                            let found = describe(&value);
                            rendered.fail(template_failure(expr.span, &format!("is {found}"), &found));
                        }
                    }
                }
                TemplatePart::If { condition, then, otherwise } => {
                    match convert(&self.condition(scope, condition)?, &Type::Bool) {
                        Ok(Value::Bool(taken, marks)) => {
                            rendered.marks.merge(&marks.of_answer());
                            self.render(scope, if taken { then } else { otherwise }, span, rendered)?;
                        }
                        _ => return Err(condition_failure(condition.span, "is neither")),
                    }
                }
                TemplatePart::For { key_var, value_var, collection, body } => {
                    let values = self.whole(scope, collection)?;
                    rendered.marks.merge(&values.own_marks().of_choice());
                    for (key, value) in iterate(&values, collection.span)? {
                        self.budget.worked(1, span)?;
                        let names = bindings(key_var.as_ref(), value_var, key, value);
                        self.render(&scope.child(&names), body, span, rendered)?;
                    }
                }
            }
            if rendered.failure.is_some() {
                // Of a part that fails inside, nothing is kept.
                rendered.text.truncate(before);
            }
            if !matches!(part, TemplatePart::For { .. } | TemplatePart::If { .. }) {
                self.budget.wrote(rendered.text.len() - before, span)?;
                self.budget.is_text(rendered.text.len(), span)?;
            }
        }
        Ok(())
    }
}

/// What template parts come to.
#[derive(Default)]
struct Rendered {
    text: String,
    marks: Marks,
    /// The first value that is not a text; what is before it is there.
    failure: Option<Failure>,
}

impl Rendered {
    fn push(&mut self, text: &str) {
        if self.failure.is_none() {
            self.text.push_str(text);
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }
}

/// The texts of a value and its parts, as messages may quote them.
fn note_texts(value: &Value, texts: &mut BTreeSet<Name>) {
    match value {
        Value::String(text) => drop(texts.insert(Arc::clone(text.name()))),
        Value::Number(number, _) => drop(texts.insert(number.to_string().into())),
        Value::Null(..) | Value::Bool(..) => {}
        Value::List(_, items, _) | Value::Set(_, items, _) | Value::Tuple(items, _) => {
            items.iter().for_each(|item| note_texts(item, texts));
        }
        Value::Map(_, members, _) | Value::Object(members, _) => {
            for (key, member) in members.iter() {
                texts.insert(Arc::clone(key));
                note_texts(member, texts);
            }
        }
    }
}

/// A value's type with its article, for messages.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null(_, _) => "null".into(),
        other => other.kind(),
    }
}

pub(super) fn condition_failure(span: Span, found: &str) -> Failure {
    Box::new(Diagnostic::error(Code::CONDITION, "a condition must be true or false").at(span, found))
}

fn template_failure(span: Span, label: &str, found: &str) -> Failure {
    let diagnostic = Diagnostic::error(Code::TEMPLATE_VALUE, format!("{found} cannot be put into a string"));
    Box::new(
        diagnostic
            .at(span, label)
            .with_help("only strings, numbers and bools can; `join` and `jsonencode` make strings"),
    )
}

/// What an operand of `op` is used in.
fn use_of(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::And | BinaryOp::Or => "this condition",
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
            "this calculation"
        }
        _ => "this comparison",
    }
}

/// A row of operators from its left end: what it begins with, then each operator with the whole left and right of it.
pub(super) fn operations(expr: &Expr) -> (&Expr, Vec<(Span, BinaryOp, &Expr, &Expr)>) {
    let mut operations = Vec::new();
    let mut innermost = expr;
    while let ExprKind::Binary { op, left, right } = &innermost.kind {
        operations.push((innermost.span, *op, &**left, &**right));
        innermost = left;
    }
    operations.reverse();
    (innermost, operations)
}

/// One operation on operands that have a value, or have failed.
pub(super) fn binary(
    span: Span,
    op: BinaryOp,
    (left, a): (&Expr, Result<Value, TypedFailure>),
    (right, b): (&Expr, Result<Value, TypedFailure>),
) -> Result<Value, Failure> {
    // Without what could not be a bool anyway, nothing is decided.
    let could_be_bool = |operand: &Result<Value, TypedFailure>| match operand {
        Err(TypedFailure { text: Some(text), .. }) => convert(&Value::string(&**text), &Type::Bool).is_ok(),
        Err(missing) => matches!(missing.ty, Type::Dynamic | Type::Bool | Type::String),
        Ok(_) => true,
    };
    let is_logical = matches!(op, BinaryOp::And | BinaryOp::Or) && could_be_bool(&a) && could_be_bool(&b);
    let (a, b) = (a.map_err(|missing| missing.failure), b.map_err(|missing| missing.failure));
    if is_logical {
        let decided = operators::logical(op, a.as_ref().ok(), b.as_ref().ok())
            .map_err(|e| operator_failure(e, span, left, right))?;
        return match decided {
            Some(value) => Ok(Value::from(value).depending_on(a.iter().chain(&b))),
            None => Err(a.err().or(b.err()).unwrap_or_else(|| {
                Box::new(Diagnostic::error(Code::UNDECIDED, "neither side has a value").at(span, ""))
            })),
        };
    }
    operators::binary(op, &a?, &b?).map_err(|e| operator_failure(e, span, left, right))
}

fn operator_failure(error: OperatorError, span: Span, left: &Expr, right: &Expr) -> Failure {
    Box::new(match error {
        OperatorError::Operand(is_right, e) => {
            let operand = if is_right { right } else { left };
            let misfit = Diagnostic::error(Code::INVALID_OPERAND, format!("this operand does not fit: {e}"))
                .at(operand.span, "");
            if e.is_ours { misfit.ours() } else { misfit }
        }
        OperatorError::Operation(message) => {
            Diagnostic::error(Code::INVALID_OPERATION, format!("this has no value: {message}")).at(span, "")
        }
        OperatorError::Limit(message) => {
            Diagnostic::error(Code::INVALID_OPERATION, format!("this has no value: {message}"))
                .at(span, "")
                .ours()
        }
    })
}
