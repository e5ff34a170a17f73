//! Type expressions such as `list(string)`: HCL's `typeexpr` extension
//! (<https://github.com/hashicorp/hcl/tree/main/ext/typeexpr>).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bake::text::syntax::{Expr, ExprKind, Ident, ObjectKey};
use crate::bake::values::{ObjectType, Type};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, suggest};
use crate::source::Span;

const CODE: Code = Code::INVALID_TYPE;
const KEYWORDS: [&str; 8] = ["string", "number", "bool", "any", "list", "set", "map", "object"];
const HELP: &str = "the types are `string`, `number`, `bool`, `any`, `list(…)`, `set(…)`, `map(…)`, `tuple([…])` and `object({…})`";

/// Reads a type: a keyword (`string`, `number`, `bool`, `any`) or a constructor (`list(T)`, `set(T)`, `map(T)`,
/// `tuple([T, …])`, `object({name = T, other = optional(T)})`).
///
/// The text of a [`ExprKind::JsonString`] has to be parsed as an expression before.
///
/// # Errors
/// The first part that is not a type.
pub(crate) fn parse_type(expr: &Expr) -> Result<Type, Diagnostic> {
    match &expr.kind {
        ExprKind::Variable(word) => keyword(word, expr.span),
        ExprKind::Null | ExprKind::Bool(_) => Err(unknown("this is not a type", expr.span)),
        ExprKind::Call { name, args, .. } => constructor(name, args, expr.span),
        ExprKind::String(text) | ExprKind::JsonString { text, .. } => {
            Err(unknown("a type is written without quotes", expr.span).with_help(format!("write `{text}`")))
        }
        _ => Err(unknown("this is not a type", expr.span)),
    }
}

fn error(message: impl Into<String>, span: Span) -> Diagnostic {
    Diagnostic::error(CODE, message).at(span, "")
}

fn unknown(message: impl Into<String>, span: Span) -> Diagnostic {
    error(message, span).with_help(HELP)
}

fn keyword(word: &str, span: Span) -> Result<Type, Diagnostic> {
    match word {
        "string" => Ok(Type::String),
        "number" => Ok(Type::Number),
        "bool" => Ok(Type::Bool),
        "any" => Ok(Type::Dynamic),
        _ => Err(requirement(word).map_or_else(
            || unknown_word(word, span),
            |(requirement, example)| error(requirement, span).with_help(format!("such as `{example}`")),
        )),
    }
}

/// What a constructor takes, and an example.
fn requirement(constructor: &str) -> Option<(String, String)> {
    let (what, argument) = match constructor {
        "list" | "set" | "map" => ("the type of its elements", "string"),
        "tuple" => ("the types of its elements as a list", "[string, number]"),
        "object" => ("the types of its attributes", "{ name = string }"),
        _ => return None,
    };
    Some((format!("`{constructor}` takes one argument: {what}"), format!("{constructor}({argument})")))
}

fn unknown_word(word: &str, span: Span) -> Diagnostic {
    let same = match word {
        "int" | "integer" | "float" | "double" => Some("number"),
        "boolean" => Some("bool"),
        "str" | "text" => Some("string"),
        "array" | "slice" | "vector" => Some("list"),
        "dict" | "hash" => Some("map"),
        _ => suggest(word, KEYWORDS),
    };
    let diagnostic = error(format!("`{word}` is not a type"), span);
    match same {
        Some(same) => diagnostic.with_help(format!("did you mean `{same}`?")),
        None => diagnostic.with_help(HELP),
    }
}

fn constructor(name: &Ident, args: &[Expr], span: Span) -> Result<Type, Diagnostic> {
    let word = &*name.name;
    if matches!(word, "bool" | "string" | "number" | "any") {
        return Err(
            error(format!("`{word}` takes no argument"), span).with_help(format!("write `{word}` alone"))
        );
    }
    if word == "optional" {
        return Err(error("`optional` is only for attributes of an object", name.span)
            .with_help("such as `object({ name = optional(string) })`"));
    }
    let Some((requirement, example)) = requirement(word) else { return Err(unknown_word(word, name.span)) };
    let arg = single(args, span)
        .map_err(|span| error(requirement, span).with_help(format!("such as `{example}`")))?;
    match word {
        "list" => parse_type(arg).map(Type::list),
        "set" => parse_type(arg).map(Type::set),
        "map" => parse_type(arg).map(Type::map),
        "tuple" => {
            match &arg.kind {
                ExprKind::Tuple(items) => {
                    Ok(Type::Tuple(items.iter().map(parse_type).collect::<Result<_, _>>()?))
                }
                _ => Err(error("a tuple takes a list of types", arg.span)
                    .with_help(format!("such as `{example}`"))),
            }
        }
        _ => match &arg.kind {
            ExprKind::Object(items) => object(items),
            _ => Err(error("an object takes the types of its attributes", arg.span)
                .with_help(format!("such as `{example}`"))),
        },
    }
}

/// The one argument, or where there are more or none.
fn single(args: &[Expr], call: Span) -> Result<&Expr, Span> {
    match args {
        [arg] => Ok(arg),
        [] => Err(call),
        [_, surplus, ..] => Err(surplus.span.to(args[args.len() - 1].span)),
    }
}

fn object(items: &[(ObjectKey, Expr)]) -> Result<Type, Diagnostic> {
    let (mut attributes, mut optional) = (BTreeMap::new(), BTreeSet::new());
    for (key, value) in items {
        let name = match key {
            ObjectKey::Name(name) if !name.name.starts_with(|c: char| c.is_ascii_digit() || c == '.') => name,
            ObjectKey::Name(Ident { span, .. }) | ObjectKey::Expr(Expr { span, .. }) => {
                return Err(error("a key of an object type must be a plain name, without quotes", *span));
            }
        };
        let ty = match &value.kind {
            ExprKind::Call { name: call, args, .. } if &*call.name == "optional" => {
                let arg = single(args, value.span).map_err(|span| {
                    error("`optional` takes one argument: the type of the attribute", span)
                        .with_help("a default value cannot be given here")
                })?;
                optional.insert(Arc::clone(&name.name));
                parse_type(arg)?
            }
            _ => parse_type(value)?,
        };
        if attributes.insert(Arc::clone(&name.name), ty).is_some() {
            return Err(error(format!("`{}` is already an attribute of the object", name.name), name.span));
        }
    }
    Ok(Type::Object(Arc::new(ObjectType { attributes, optional })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    struct Tree(Span);

    impl Tree {
        fn new() -> Self {
            let source = Sources::default().add("docker-bake.hcl", String::new());
            Self(Span { source, start: 0, end: 0 })
        }

        fn expr(&self, kind: ExprKind) -> Expr {
            Expr { kind, span: self.0 }
        }

        fn ident(&self, name: &str) -> Ident {
            Ident { name: name.into(), span: self.0 }
        }

        fn word(&self, word: &str) -> Expr {
            self.expr(ExprKind::Variable(word.into()))
        }

        fn call(&self, name: &str, args: Vec<Expr>) -> Expr {
            self.expr(ExprKind::Call { name: Box::new(self.ident(name)), args, expand: false })
        }

        fn object(&self, items: Vec<(&str, Expr)>) -> Expr {
            let items = items.into_iter().map(|(name, ty)| (ObjectKey::Name(self.ident(name)), ty));
            self.expr(ExprKind::Object(items.collect()))
        }
    }

    #[test]
    fn keywords_and_constructors() {
        let t = Tree::new();
        let string = || t.word("string");
        let with_optional = t.call(
            "object",
            vec![t.object(vec![("a", string()), ("b", t.call("optional", vec![t.word("bool")]))])],
        );
        let object = Type::Object(Arc::new(ObjectType {
            attributes: [("a".into(), Type::String), ("b".into(), Type::Bool)].into(),
            optional: ["b".into()].into(),
        }));
        let pair = t.expr(ExprKind::Tuple(vec![string(), t.word("number")]));
        for (expr, expected) in [
            (string(), Type::String),
            (t.word("number"), Type::Number),
            (t.word("any"), Type::Dynamic),
            (t.call("list", vec![string()]), Type::list(Type::String)),
            (t.call("set", vec![t.word("bool")]), Type::set(Type::Bool)),
            (t.call("map", vec![t.call("list", vec![t.word("any")])]), Type::map(Type::list(Type::Dynamic))),
            (t.call("tuple", vec![pair]), Type::Tuple([Type::String, Type::Number].into())),
            (with_optional, object),
        ] {
            assert_eq!(parse_type(&expr), Ok(expected));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let t = Tree::new();
        let string = || t.word("string");
        let quoted = t.expr(ExprKind::String("string".into()));
        let twice = t.object(vec![("a", string()), ("a", string())]);
        let defaulted = t.object(vec![("a", t.call("optional", vec![string(), string()]))]);
        let number_key = t.object(vec![("1", string())]);
        let quoted_key = t.expr(ExprKind::Object(vec![(ObjectKey::Expr(quoted.clone()), string())]));
        for (expr, message) in [
            (t.word("list"), "`list` takes one argument: the type of its elements"),
            (t.word("tuple"), "`tuple` takes one argument: the types of its elements as a list"),
            (t.word("optional"), "`optional` is not a type"),
            (t.word("int"), "`int` is not a type"),
            (quoted, "a type is written without quotes"),
            (t.expr(ExprKind::Null), "this is not a type"),
            (t.expr(ExprKind::Tuple(vec![string()])), "this is not a type"),
            (t.call("string", vec![]), "`string` takes no argument"),
            (t.call("lits", vec![string()]), "`lits` is not a type"),
            (t.call("optional", vec![string()]), "`optional` is only for attributes of an object"),
            (t.call("map", vec![]), "`map` takes one argument: the type of its elements"),
            (t.call("set", vec![string(), string()]), "`set` takes one argument: the type of its elements"),
            (t.call("tuple", vec![string()]), "a tuple takes a list of types"),
            (t.call("object", vec![string()]), "an object takes the types of its attributes"),
            (t.call("object", vec![twice]), "`a` is already an attribute of the object"),
            (t.call("object", vec![defaulted]), "`optional` takes one argument: the type of the attribute"),
            (
                t.call("object", vec![number_key]),
                "a key of an object type must be a plain name, without quotes",
            ),
            (
                t.call("object", vec![quoted_key]),
                "a key of an object type must be a plain name, without quotes",
            ),
        ] {
            let found = parse_type(&expr).map_err(|d| (d.code, d.message));
            assert_eq!(found, Err((CODE, message.to_owned())));
        }
        let help = |word| parse_type(&t.word(word)).err().and_then(|d| d.help);
        assert_eq!(help("integer").as_deref(), Some("did you mean `number`?"));
        assert_eq!(help("strnig").as_deref(), Some("did you mean `string`?"));
        assert_eq!(help("zzzzzzzz").as_deref(), Some(HELP));
    }
}
