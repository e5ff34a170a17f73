//! Tests of `json`.

use super::*;
use crate::bake::text::hcl::tests::show;

fn parse(text: &str) -> Result<Body, Vec<Diagnostic>> {
    let mut sources = Sources::default();
    let id = sources.add("docker-bake.json", text);
    parse_json(&sources, id)
}

/// A body on one line: attributes, then blocks.
fn outline(body: &Body) -> String {
    let attributes = body.attributes.iter().map(|a| format!("{}={}", a.name.name, show(&a.value)));
    let blocks = body.blocks.iter().map(|b| {
        let labels: String = b.labels.iter().map(|l| format!(" {:?}", l.name)).collect();
        format!("{}{labels} {{{}}}", b.kind.name, outline(&b.body))
    });
    attributes.chain(blocks).collect::<Vec<_>>().join("; ")
}

#[test]
fn known_names_become_blocks_and_the_rest_attributes() {
    for (text, expected) in [
        (r#"{"x": 1, "y": [true, null]}"#, "x=1; y=[true, null]"),
        (r#"{"target": {"a": {"tags": ["t"]}, "b": {}}}"#, r#"target "a" {tags=[json "t"]}; target "b" {}"#),
        (r#"{"target": {"a": [{"x": 1}, {}], "n": null}}"#, r#"target "a" {x=1}; target "a" {}"#),
        (r#"{"group": [{"default": [{"targets": []}]}]}"#, r#"group "default" {targets=[]}"#),
        (r#"{"target": {"a": {}}, "target": {"a": {}}}"#, r#"target "a" {}; target "a" {}"#),
        (
            r#"{"variable": {"A": {"default": 1, "validation": [{"c": 1}, {"c": 2}]}}}"#,
            r#"variable "A" {default=1; validation {c=1}; validation {c=2}}"#,
        ),
        (r#"{"function": {"f": {"params": ["x"]}}}"#, r#"function "f" {params=[x]}"#),
        (
            r#"{"image": {"r/i": {"platform": {"linux/arm64": {}}}, "": {}}}"#,
            r#"image "r/i" {platform "linux/arm64" {}}; image {}"#,
        ),
        (r#"{"image": "x"}"#, r#"image=json "x""#),
        (r#"{"image": {"name": "x"}}"#, r#"image={json "name" = json "x"}"#),
        (
            r#"{"//": 1, "//": 2, "target": {"a": {"//": 1, "args": {"//": "k"}}}}"#,
            r#"target "a" {args={json "//" = json "k"}}"#,
        ),
    ] {
        let body = parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        assert_eq!(outline(&body), expected, "{text}");
    }
}

#[test]
fn strings_are_templates_and_plain_text() {
    for (text, expected) in [
        (r#""a""#, r#"json "a""#),
        (r#""${a}""#, r#"json wrap(a)"#),
        (r#""a ${~ b} $${c}""#, r#"json template("a" b " ${c}")"#),
        (r#""%{ if a }x%{ endif }""#, r#"json template(if(a, ["x"], []))"#),
        (r#""\\n ${a}""#, r#"json template("\\n " a)"#),
        (r#""${""#, "json error(this `${` does not hold an expression)"),
        (r#""\ud83d\ude00 \ud800x \udc00 \ud800\u0041""#, "json \"\u{1f600} \u{fffd}x \u{fffd} \u{fffd}A\""),
        (r#""e\u0301\b\f\/""#, r#"json "é\u{8}\u{c}/""#),
        (r#"{"${k}": 1, "n": {}}"#, r#"{json wrap(k) = 1, json "n" = {}}"#),
        ("-0.50e1", "-5"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ] {
        let body = parse(&format!(r#"{{"x": {text}}}"#)).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        assert_eq!(outline(&body), format!("x={expected}"), "{text}");
    }
}

#[test]
fn what_is_wrong_is_named_and_pointed_at() {
    for (text, place, message) in [
        ("", "", "expected a value, found the end of the file"),
        ("[{}]", "[{}]", "a Bake file in JSON is an object"),
        ("{} x", "x", "expected the end of the file, found `x`"),
        ("\u{feff}{}", "", "a JSON file cannot begin with a byte order mark"),
        (r#"{"a": tru}"#, "tru", "expected a value, found `tru`"),
        (r#"{"a": 1,}"#, ",", "JSON allows no comma after the last item"),
        (r#"{"a": [1,]}"#, ",", "JSON allows no comma after the last item"),
        (r#"{"a": 1 "b": 2}"#, "\"", "expected `,` or `}`, found `\"`"),
        ("{a: 1}", "a", "expected a key in double quotes, found `a`"),
        (r#"{"a" = 1}"#, "=", "expected `:`, found `=`"),
        ("{ // c\n}", "/", "expected a key in double quotes, found `/`"),
        (r#"{"a": 01}"#, "01", "this is not a JSON number"),
        (r#"{"a": 1.}"#, "1.", "this is not a JSON number"),
        (r#"{"a": 1e}"#, "1e", "this is not a JSON number"),
        (r#"{"a": 1e999999}"#, "1e999999", "this number is too large, too small or too long"),
        (r#"{"a": "x"#, "\"", "this string is not closed"),
        ("{\"a\": \"x\ny\"}", "\"", "this string is not closed"),
        (r#"{"a": "\x"}"#, r"\x", "JSON has no such escape sequence"),
        (r#"{"a": "\u12é4"}"#, r"\u", "JSON has no such escape sequence"),
        (r#"{"target": null}"#, "null", "`target` holds no names: write `\"target\": {\"NAME\": {…}}`"),
        (r#"{"target": {"t": 1}}"#, "1", "expected an object of settings in `target`"),
        (r#"{"target": {"t": [1]}}"#, "1", "expected an object of settings in `target`"),
        (r#"{"group": ["g"]}"#, "\"g\"", "expected an object of names in `group`"),
        (r#"{"variable": {"A": {"validation": 1}}}"#, "1", "expected an object of settings in `validation`"),
    ] {
        let errors = parse(text).err().unwrap_or_else(|| panic!("{text} is accepted"));
        let span = errors[0].labels[0].span;
        assert_eq!(errors[0].message, message, "{text}");
        assert_eq!(&text[span.start as usize..span.end as usize], place, "{text}");
    }
}

/// Only reading the value reports it.
#[test]
fn a_key_set_twice_shows_both() {
    for (text, places) in [
        (r#"{"a": 1, "a": 2}"#, [9, 1]),
        (r#"{"a": 1, "a": 2, "a": 3}"#, [9, 1]),
        (r#"{"a": {"k": 1, "k": 2, "k": 3}}"#, [15, 7]),
    ] {
        let body = parse(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        let [attribute] = body.attributes.as_slice() else { panic!("{:?}", body.attributes) };
        // That of an object is a value in it.
        let kind = match &attribute.value.kind {
            ExprKind::Object(items) => &items[0].1.kind,
            kind => kind,
        };
        let ExprKind::Broken(error) = kind else { panic!("{:?}", attribute.value) };
        let starts: Vec<u32> = error.labels.iter().map(|label| label.span.start).collect();
        assert_eq!(starts, places, "{text}");
    }
}

#[test]
fn an_array_of_bodies_may_hold_null_and_parts() {
    for (text, expected) in [
        (r#"{"target": {"a": [null]}}"#, r#"target "a" {}"#),
        (r#"{"target": {"a": [{"x": 1}, null]}}"#, r#"target "a" {x=1}; target "a" {}"#),
        (r#"{"target": {"a": [[{"x": 1}, {"y": 2}], []]}}"#, r#"target "a" {x=1; y=2}; target "a" {}"#),
        (
            r#"{"variable": {"A": {"validation": [[{"c": 1}], null]}}}"#,
            r#"variable "A" {validation {c=1}; validation {}}"#,
        ),
    ] {
        let body = parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
        assert_eq!(outline(&body), expected, "{text}");
    }
    for text in [
        r#"{"target": {"a": [[null]]}}"#,
        r#"{"target": {"a": [[[{"x": 1}]]]}}"#,
        r#"{"target": [[{"a": {}}]]}"#,
        r#"{"target": [null]}"#,
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn depth_and_number_of_errors_are_bounded() {
    let nested = format!("{{\"a\": {}{}}}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert!(parse(&nested).is_ok());
    for open in ["[", "{\"a\":"] {
        let errors = parse(&open.repeat(100_000)).expect_err("is invalid");
        assert_eq!(errors[0].message, "more than 250 levels of nesting");
    }
    let wrong = format!("{{\"target\": {{{}\"a\": 1}}}}", "\"a\": 1,".repeat(1000));
    assert_eq!(parse(&wrong).expect_err("is invalid").len(), MAX_ERRORS);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in r#"([\[\]{},:"\\ue0-9\n -]|true|null|"a"|\\ud8|é|\PC){0,40}"#) {
        let _ = parse(&text);
        let _ = parse(&format!("{{\"target\": {{\"t\": {{\"a\": {text}}}}}}}"));
    }

    #[test]
    fn serde_json_agrees_on_what_is_json(text in r#"([\[\]{},:1.e-]|"a"|null|0| ){0,12}"#) {
        let mut sources = Sources::default();
        let source = sources.add("a.json", text.clone());
        let ours = JsonParser { text: &text, at: 0, source }.document().is_ok();
        proptest::prop_assert_eq!(ours, serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok());
    }
}
