//! The syntax tree of a Bake file: what both syntaxes are read into, with a span on every node.
//!
//! Nothing here knows which parser made the tree; `hcl` and `json` (HCL-JSON) do.

use crate::bake::values::{Marks, Name, Number};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A name and where it stands.
#[derive(Clone, Debug)]
pub struct Ident {
    /// The name, without quotes.
    pub name: Name,
    /// Its place, quotes included.
    pub span: Span,
}

/// The attributes and blocks between two braces, or of a whole file.
#[derive(Clone, Debug)]
pub struct Body {
    /// In source order; no name twice: a parse error in HCL, and [`ExprKind::Broken`] in JSON.
    pub attributes: Vec<Attribute>,
    /// In source order.
    pub blocks: Vec<Block>,
    /// From the first to the last byte.
    pub span: Span,
}

/// `name = value`
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Left of the `=`.
    pub name: Ident,
    /// Right of the `=`.
    pub value: Expr,
}

/// `kind "label" … { body }`
#[derive(Clone, Debug)]
pub struct Block {
    /// The word that opens the block.
    pub kind: Ident,
    /// Quoted or bare, without quotes.
    pub labels: Vec<Ident>,
    /// Between the braces.
    pub body: Body,
    /// The header: kind and labels, which is what errors about the block point at.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its place, delimiters included.
    pub span: Span,
}

/// What an [`Expr`] is.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `1.5`, exact, and marked where that is not how it is printed
    Number(Number, Marks),
    /// A quoted string or heredoc without interpolation, NFC-normalised.
    String(Name),
    /// A quoted string or heredoc with several parts: always a string.
    Template(Vec<TemplatePart>),
    /// A template of exactly one interpolation: the value keeps its type.
    Wrapped(Box<Expr>),
    /// A JSON string: a template when it is evaluated, but plain text where a type or a name is asked for.
    /// Whether the template parses is only found out when it is evaluated, as in buildx.
    JsonString {
        /// The string as decoded from JSON.
        text: Name,
        /// The string as a template.
        template: Result<Box<Expr>, Box<Diagnostic>>,
    },
    /// What has no value, and why. That is only an error when the value is asked for, as in buildx: a key twice in one
    /// object of JSON.
    Broken(Box<Diagnostic>),
    /// `[a, b]`
    Tuple(Vec<Expr>),
    /// `{ key = value }`
    Object(Vec<(ObjectKey, Expr)>),
    /// The root name of a traversal.
    Variable(Name),
    /// `of.name`
    GetAttr {
        /// Left of the dot.
        of: Box<Expr>,
        /// Right of the dot. Boxed, as all that would make every node of a tree large.
        name: Box<Ident>,
    },
    /// `of[key]`, and `of.0`, whose key is a number.
    Index {
        /// The collection.
        of: Box<Expr>,
        /// Between the brackets.
        key: Box<Expr>,
    },
    /// `of[*].each` and `of.*.each`
    Splat {
        /// The list, or the single value.
        of: Box<Expr>,
        /// What is done with each element, which it calls [`ExprKind::SplatItem`].
        each: Box<Expr>,
    },
    /// The element that the innermost [`ExprKind::Splat`] is at.
    SplatItem,
    /// `name(args)`
    Call {
        /// Function name; namespaces joined with `::`.
        name: Box<Ident>,
        /// The arguments.
        args: Vec<Expr>,
        /// Whether the last argument is spread (`args...`).
        expand: bool,
    },
    /// `condition ? then : otherwise`
    Conditional {
        /// What is decided on.
        condition: Box<Expr>,
        /// The value when true.
        then: Box<Expr>,
        /// The value when false.
        otherwise: Box<Expr>,
    },
    /// `!x`, `-x`
    Unary {
        /// The operator.
        op: UnaryOp,
        /// Its operand.
        operand: Box<Expr>,
    },
    /// `a + b` and the rest
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `[for k, v in c : v if cond]` and `{for k, v in c : k => v... if cond}`
    For(Box<ForExpr>),
    /// `(inner)`
    Parenthesis(Box<Expr>),
}

/// A key of an object constructor.
#[derive(Clone, Debug)]
pub enum ObjectKey {
    /// A bare word, which is its own name; also `true`, `null` and numbers, as written.
    Name(Ident),
    /// `(expression)`, a quoted template, or a JSON key.
    Expr(Expr),
}

/// Both kinds of `for` expression.
#[derive(Clone, Debug)]
pub struct ForExpr {
    /// The first of two variables.
    pub key_var: Option<Ident>,
    /// The last variable.
    pub value_var: Ident,
    /// What is iterated over.
    pub collection: Expr,
    /// Key of an object result; absent for a tuple.
    pub key: Option<Expr>,
    /// The value of each element.
    pub value: Expr,
    /// Whether values of one key are grouped (`...`).
    pub group: bool,
    /// Which elements to take.
    pub condition: Option<Expr>,
}

/// A piece of a template; white-space trimming (`~`) and heredoc flushing (`<<-`) are already done.
#[derive(Clone, Debug)]
pub enum TemplatePart {
    /// Text with its escapes decoded, NFC-normalised.
    Literal(Name),
    /// `${expr}`
    Interpolation(Expr),
    /// `%{ if condition }then%{ else }otherwise%{ endif }`
    If {
        /// What is decided on.
        condition: Expr,
        /// Parts when true.
        then: Vec<Self>,
        /// Parts when false.
        otherwise: Vec<Self>,
    },
    /// `%{ for k, v in collection }body%{ endfor }`
    For {
        /// The first of two variables.
        key_var: Option<Ident>,
        /// The last variable.
        value_var: Ident,
        /// What is iterated over.
        collection: Expr,
        /// Parts per element.
        body: Vec<Self>,
    },
}

/// `!` and `-`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `-`
    Negate,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::missing_docs_in_private_items, reason = "the names say it")]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// Takes long rows of operators and steps apart without recursion.
impl Drop for Expr {
    fn drop(&mut self) {
        let mut left = self.take_left();
        while let Some(mut expr) = left {
            left = expr.take_left();
        }
    }
}

impl Body {
    /// The attribute of this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| &*a.name.name == name)
    }

    /// The blocks of this kind.
    pub fn blocks_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |b| &*b.kind.name == kind)
    }
}

impl Expr {
    /// What this expression is built on, if that is in turn built on something.
    fn take_left(&mut self) -> Option<Self> {
        let (ExprKind::Binary { left: of, .. }
        | ExprKind::GetAttr { of, .. }
        | ExprKind::Index { of, .. }
        | ExprKind::Splat { of, .. }) = &mut self.kind
        else {
            return None;
        };
        let is_built = matches!(
            of.kind,
            ExprKind::Binary { .. }
                | ExprKind::GetAttr { .. }
                | ExprKind::Index { .. }
                | ExprKind::Splat { .. }
        );
        let span = of.span;
        is_built.then(|| std::mem::replace(&mut **of, Self { kind: ExprKind::Null, span }))
    }

    /// Whether its value needs nothing but itself: it is made of literals.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        match &self.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(..) | ExprKind::String(_) => true,
            ExprKind::Tuple(items) => items.iter().all(Self::is_constant),
            ExprKind::Object(items) => {
                items.iter().all(|(key, value)| matches!(key, ObjectKey::Name(_)) && value.is_constant())
            }
            _ => false,
        }
    }

    /// The text of an expression that is a plain string in either syntax, without evaluating anything.
    #[must_use]
    pub fn as_literal(&self) -> Option<&Name> {
        match &self.kind {
            ExprKind::String(text) | ExprKind::JsonString { text, .. } => Some(text),
            ExprKind::Parenthesis(inner) => inner.as_literal(),
            _ => None,
        }
    }

    /// The text of a template with `hole` for each part that is not literal.
    #[must_use]
    pub fn with_holes(&self, hole: &str) -> Option<String> {
        match &self.kind {
            ExprKind::Template(parts) => {
                let text = |part: &TemplatePart| match part {
                    TemplatePart::Literal(text) => text.to_string(),
                    _ => hole.to_owned(),
                };
                Some(parts.iter().map(text).collect())
            }
            ExprKind::Parenthesis(inner) => inner.with_holes(hole),
            ExprKind::JsonString { template: Ok(inner), .. } => inner.with_holes(hole),
            _ => None,
        }
    }

    /// The expression of the `index`-th element when the list is written out, else the whole: where an error about
    /// an element points.
    #[must_use]
    pub fn element(&self, index: usize) -> &Self {
        match &self.kind {
            ExprKind::Tuple(items) => items.get(index).unwrap_or(self),
            ExprKind::Parenthesis(inner) | ExprKind::Wrapped(inner) => inner.element(index),
            _ => self,
        }
    }

    /// The expression of a key's value when the object is written out with literal keys, else the whole.
    #[must_use]
    pub fn member(&self, key: &str) -> &Self {
        match &self.kind {
            ExprKind::Object(items) => items
                .iter()
                .rev()
                .find(|(k, _)| match k {
                    ObjectKey::Name(ident) => &*ident.name == key,
                    ObjectKey::Expr(e) => e.as_literal().is_some_and(|text| &**text == key),
                })
                .map_or(self, |(_, value)| value),
            ExprKind::Parenthesis(inner) | ExprKind::Wrapped(inner) => inner.member(key),
            _ => self,
        }
    }
}
