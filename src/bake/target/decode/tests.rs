//! Tests of `decode`.

use super::*;
use crate::bake::target::attributes::TARGET_NAMES;
use crate::bake::target::print;
use crate::bake::values::Number;
use crate::json::ObjectWriter;
use crate::source::Sources;

/// A value written out, and its expression; every node's span is its own.
struct Maker {
    next: u32,
    template: Span,
}

impl Maker {
    fn new() -> Self {
        let source = Sources::default().add("f", "");
        Self { next: 0, template: Span { source, start: 0, end: 0 } }
    }

    fn span(&mut self) -> Span {
        self.next += 1;
        Span { start: self.next, end: self.next, ..self.template }
    }

    fn expr(&mut self, value: &Value) -> Expr {
        let kind = match value {
            Value::Null(_, _) => ExprKind::Null,
            Value::Bool(value, _) => ExprKind::Bool(*value),
            Value::Number(value, marks) => ExprKind::Number(value.clone(), marks.clone()),
            Value::String(text) => ExprKind::String(text.name().clone()),
            Value::Tuple(items, _) => ExprKind::Tuple(items.iter().map(|item| self.expr(item)).collect()),
            Value::Object(members, _) => ExprKind::Object(
                members
                    .iter()
                    .map(|(name, value)| {
                        let key = Ident { name: Arc::clone(name), span: self.span() };
                        (ObjectKey::Name(key), self.expr(value))
                    })
                    .collect(),
            ),
            _ => ExprKind::Variable("v".into()),
        };
        Expr { kind, span: self.span() }
    }
}

fn string(text: &str) -> Value {
    Value::string(text)
}

fn null() -> Value {
    Value::null(Type::Dynamic)
}

fn tuple<const N: usize>(items: [Value; N]) -> Value {
    Value::tuple(items.into())
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::object(members.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

fn decode(attribute: &str, value: &Value) -> (Target, Vec<Diagnostic>) {
    let mut maker = Maker::new();
    let expr = maker.expr(value);
    let ident = Ident { name: attribute.into(), span: maker.span() };
    let mut diagnostics = Diagnostics::default();
    let target = target(&"t".into(), maker.span(), &[(ident, value.clone(), &expr)], &mut diagnostics);
    (target, diagnostics.into_sorted())
}

/// Prints what a value of an attribute becomes, or the messages.
fn show(attribute: &str, value: &Value) -> String {
    let (target, diagnostics) = decode(attribute, value);
    if !diagnostics.is_empty() {
        let messages: Vec<_> = diagnostics.iter().map(|d| d.message.as_str()).collect();
        return messages.join("; ");
    }
    let text = ObjectWriter::text(|body| print::target(&target, print::Form::File, body));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn attributes_take_the_values_that_buildx_takes() {
    let cases = [
        ("tags", tuple([string("a"), string("")]), r#"{ "tags": [ "a", "" ] }"#),
        ("tags", tuple([]), r#"{ "tags": [] }"#),
        ("tags", null(), "{}"),
        ("tags", Value::set(Type::String, vec![string("b"), string("a")]), r#"{ "tags": [ "a", "b" ] }"#),
        ("tags", string("a"), "`tags` must be a list of strings, found a string"),
        ("tags", tuple([string("a"), null()]), "`tags[1]` must be a string, found null"),
        ("tags", tuple([tuple([])]), "`tags[0]` must be a string, found a tuple"),
        ("args", object([("A", string("1")), ("B", null())]), r#"{ "args": { "A": "1" } }"#),
        ("args", null(), "{}"),
        ("args", tuple([]), "`args` must be a map of strings, found a tuple"),
        ("args", object([("A", object([]))]), "`args.A` must be a string, found an object"),
        ("contexts", object([("a", null())]), "`contexts.a` must be a string, found null"),
        ("context", null(), "{}"),
        ("description", null(), "`description` must be a string, found null"),
        ("pull", Value::from(true), r#"{ "pull": true }"#),
        ("pull", null(), "{}"),
        ("output", null(), "`output` must be a list of strings or objects, found null"),
        ("output", tuple([string("")]), r#"{ "output": [] }"#),
        ("output", tuple([string("out")]), r#"{ "output": [ { "dest": "out", "type": "local" } ] }"#),
        (
            "output",
            tuple([object([("type", string("oci")), ("dest", string(""))])]),
            r#"{ "output": [ { "type": "oci" } ] }"#,
        ),
        (
            "output",
            tuple([object([("type", string("image")), ("name", null())])]),
            "`output[0].name` must be a string, found null",
        ),
        ("output", tuple([object([])]), "`output[0]`: an output needs a `type`, such as `type=image`"),
        ("output", tuple([null()]), "`output[0]` must be a string or an object, found null"),
        (
            "cache-from",
            tuple([string("a,b"), object([("type", string("gha"))])]),
            r#"{ "cache-from": [ { "ref": "a", "type": "registry" }, { "ref": "b", "type": "registry" }, { "type": "gha" } ] }"#,
        ),
        (
            "cache-to",
            tuple([object([("scope", string("a"))])]),
            "`cache-to[0]`: a cache needs a `type`, such as `type=registry`",
        ),
        (
            "attest",
            tuple([object([("disabled", string("T")), ("type", string("sbom"))]), object([])]),
            r#"{ "attest": [ { "disabled": true, "type": "sbom" }, { "type": "" } ] }"#,
        ),
        (
            "attest",
            tuple([object([("disabled", string("yes"))])]),
            "`attest[0].disabled` must be `true` or `false`, found a string",
        ),
        (
            "secret",
            tuple([object([
                ("id", string("a")),
                ("type", string("env")),
                ("env", string("E")),
                ("src", null()),
            ])]),
            r#"{ "secret": [ { "id": "a", "env": "E" } ] }"#,
        ),
        (
            "secret",
            tuple([string("id=a,x=y")]),
            "`secret[0]`: unknown key \"x\" in a secret; known are id, src, source, env and type",
        ),
        (
            "ssh",
            tuple([object([("id", string("k")), ("paths", tuple([string("p")]))]), string("default")]),
            r#"{ "ssh": [ { "id": "k", "paths": [ "p" ] }, { "id": "default" } ] }"#,
        ),
        (
            "ssh",
            tuple([object([("paths", tuple([null()]))])]),
            "`ssh[0].paths[0]` must be a string, found null",
        ),
        (
            "resources",
            object([
                ("memory", string("1g")),
                ("cpu-shares", Value::from(Number::from(2i64))),
                ("cpu-quota", null()),
                ("other", null()),
            ]),
            r#"{ "resources": { "memory": "1g", "cpu-shares": 2 } }"#,
        ),
        ("resources", null(), "`resources` must be an object of limits, found null"),
        (
            "policy",
            tuple([object([("filename", string("a")), ("strict", null())]), string("disabled=true")]),
            r#"{ "policy": [ "filename=a", "disabled=true" ] }"#,
        ),
        (
            "policy",
            tuple([object([("strict", string("x"))])]),
            "`policy[0].strict`: field \"strict=x\" is neither true nor false",
        ),
        ("no-such-attribute", null(), "{}"),
    ];
    for (attribute, value, expected) in cases {
        assert_eq!(show(attribute, &value), expected, "{attribute} = {value:?}");
    }
}

#[test]
fn a_problem_points_at_the_element() {
    let (_, diagnostics) = decode("tags", &tuple([string("a"), null()]));
    // The maker numbers depth first: "a" is 1, null 2, the tuple 3.
    assert_eq!(diagnostics[0].labels[0].span.start, 2);
    let (target, _) = decode("args", &object([("A", string("1")), ("B", string("2"))]));
    let places: Vec<_> = target.args.values().map(|text| text.span.unwrap().start).collect();
    assert_eq!(places, [2, 4]);
}

#[test]
fn groups_need_targets() {
    let mut maker = Maker::new();
    let members = tuple([string("a"), string("b"), string("a")]);
    let expr = maker.expr(&members);
    let ident = Ident { name: "targets".into(), span: maker.span() };
    let mut diagnostics = Diagnostics::default();
    let header = maker.span();
    let found = group(&"g".into(), header, &[(ident, members, &expr)], &[], &mut diagnostics);
    assert_eq!(found.members().iter().map(Text::as_str).collect::<Vec<_>>(), ["a", "b", "a"]);
    assert!(diagnostics.is_empty());
    group(&"g".into(), header, &[], &[], &mut diagnostics);
    assert_eq!(diagnostics.into_sorted()[0].code.name(), "missing-attribute");
}

#[test]
fn the_list_of_attributes_is_what_is_decoded() {
    // Fits no attribute.
    for attribute in TARGET_NAMES {
        let (_, diagnostics) = decode(attribute, &tuple([object([("type", tuple([])), ("id", tuple([]))])]));
        assert!(!diagnostics.is_empty(), "{attribute}");
    }
}
