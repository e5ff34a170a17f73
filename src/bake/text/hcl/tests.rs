//! Tests of the parser as a whole.

use super::{parse_expression_text, parse_hcl, parse_template_text};
use crate::bake::text::syntax::{Body, Expr, ExprKind, ObjectKey, TemplatePart};
use crate::diagnostic::Diagnostic;
use crate::source::{Sources, Span};

/// An expression on one line, to compare with.
pub(in crate::bake) fn show(expr: &Expr) -> String {
    let list = |items: &[Expr]| items.iter().map(show).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Null => "null".to_owned(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Number(value, _) => value.to_string(),
        ExprKind::String(text) => format!("{text:?}"),
        ExprKind::Template(parts) => format!("template({})", show_parts(parts, " ")),
        ExprKind::Wrapped(inner) => format!("wrap({})", show(inner)),
        ExprKind::Broken(error) => format!("broken({})", error.message),
        ExprKind::JsonString { template: Ok(template), .. } => format!("json {}", show(template)),
        ExprKind::JsonString { template: Err(error), .. } => format!("json error({})", error.message),
        ExprKind::Tuple(items) => format!("[{}]", list(items)),
        ExprKind::Object(items) => {
            let item = |(key, value): &(ObjectKey, Expr)| match key {
                ObjectKey::Name(name) => format!("{} = {}", name.name, show(value)),
                ObjectKey::Expr(key) => format!("{} = {}", show(key), show(value)),
            };
            format!("{{{}}}", items.iter().map(item).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Variable(name) => name.to_string(),
        ExprKind::GetAttr { of, name } => format!("{}.{}", show(of), name.name),
        ExprKind::Index { of, key } => format!("{}[{}]", show(of), show(key)),
        ExprKind::Splat { of, each } => format!("splat({}, {})", show(of), show(each)),
        ExprKind::SplatItem => "_".to_owned(),
        ExprKind::Call { name, args, expand } => {
            format!("{}({}{})", name.name, list(args), if *expand { "..." } else { "" })
        }
        ExprKind::Conditional { condition, then, otherwise } => {
            format!("if({}, {}, {})", show(condition), show(then), show(otherwise))
        }
        ExprKind::Unary { op, operand } => format!("{op:?}({})", show(operand)),
        ExprKind::Binary { op, left, right } => format!("{op:?}({}, {})", show(left), show(right)),
        ExprKind::For(e) => {
            let key_var = e.key_var.as_ref().map_or(String::new(), |key| format!("{} ", key.name));
            let key = e.key.as_ref().map_or(String::new(), |key| format!("{} => ", show(key)));
            let group = if e.group { "..." } else { "" };
            let condition = e.condition.as_ref().map_or(String::new(), |c| format!(" if {}", show(c)));
            let (var, of, value) = (&e.value_var.name, show(&e.collection), show(&e.value));
            format!("for({key_var}{var} in {of}: {key}{value}{group}{condition})")
        }
        ExprKind::Parenthesis(inner) => format!("({})", show(inner)),
    }
}

fn show_parts(parts: &[TemplatePart], separator: &str) -> String {
    let part = |part: &TemplatePart| match part {
        TemplatePart::Literal(text) => format!("{text:?}"),
        TemplatePart::Interpolation(expr) => show(expr),
        TemplatePart::If { condition, then, otherwise } => {
            let (then, otherwise) = (show_parts(then, " "), show_parts(otherwise, " "));
            format!("if({}, [{then}], [{otherwise}])", show(condition))
        }
        TemplatePart::For { key_var, value_var, collection, body } => {
            let key_var = key_var.as_ref().map_or(String::new(), |key| format!("{} ", key.name));
            let body = show_parts(body, " ");
            format!("for({key_var}{} in {}: {body})", value_var.name, show(collection))
        }
    };
    parts.iter().map(part).collect::<Vec<_>>().join(separator)
}

fn parse(text: &str) -> Result<Body, Vec<Diagnostic>> {
    let mut sources = Sources::default();
    let id = sources.add("docker-bake.hcl", text);
    parse_hcl(&sources, id)
}

#[track_caller]
fn reads_as(cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        let body = parse(&format!("x = {source}\n")).unwrap_or_else(|e| panic!("{source}: {}", e[0].message));
        assert_eq!(show(&body.attributes[0].value), *expected, "{source}");
    }
}

#[test]
fn expressions() {
    reads_as(&[
        ("null", "null"),
        ("!true", "Not(true)"),
        ("[1, a,]", "[1, a]"),
        ("1 + 2 * 3 - 4", "Subtract(Add(1, Multiply(2, 3)), 4)"),
        ("a == b || c && d", "Or(Equal(a, b), And(c, d))"),
        ("a ? b : c ? d : e", "if(a, b, if(c, d, e))"),
        ("(a)", "(a)"),
        ("f(1, b...)", "f(1, b...)"),
        ("a::b::f()", "a::b::f()"),
        ("[for v in a : v if v]", "for(v in a: v if v)"),
        ("{for k, v in a : k => v...}", "for(k v in a: k => v...)"),
        ("{a = 1, \"b\" : 2, (c) = 3, \"${d}\" = 4}", "{a = 1, \"b\" = 2, (c) = 3, wrap(d) = 4}"),
        ("{null = 1, true = 2, 1.50 = 3}", "{null = 1, true = 2, 1.5 = 3}"),
        ("{a = 1, b = 2, a = 3, \"b\" = 4}", "{a = 1, b = 2, a = 3, \"b\" = 4}"),
        ("e\u{301}", "é"),
    ]);
}

#[test]
fn numbers_are_exact() {
    reads_as(&[
        ("007", "7"),
        ("18446744073709551616", "18446744073709551616"),
        ("0.1000000000000000000001", "0.1000000000000000000001"),
        ("1e3", "1000"),
        ("1.5E-1", "0.15"),
        ("[2e400 == 2e400]", &format!("[Equal(2{0}, 2{0})]", "0".repeat(400))),
        ("-0", "Negate(0)"),
        ("- /* c-1 */ 5", "Negate(5)"),
        ("--1e-1", "Negate(Negate(0.1))"),
    ]);
}

#[test]
fn traversals() {
    reads_as(&[
        ("a.b[0].c", "a.b[0].c"),
        ("a[\"k\"][b.c]", "a[\"k\"][b.c]"),
        ("a.0.b", "a[0].b"),
        ("a[*].b[0][*].c", "splat(a, splat(_.b[0], _.c))"),
        ("a.*.b.0[1].c", "splat(a, _.b[0])[1].c"),
        ("a.*", "splat(a, _)"),
        ("a.*.b[*].c", "splat(splat(a, _.b), _.c)"),
        ("f(a).b", "f(a).b"),
        ("-a.b", "Negate(a.b)"),
    ]);
}

#[test]
fn quoted_templates() {
    reads_as(&[
        (r#""""#, r#""""#),
        (r#""a\n\t\r\"\\\u00e9\U0001F600""#, r#""a\n\t\r\"\\é😀""#),
        (r#""e\u0301""#, r#""é""#),
        (r#""$${a} %%{b} $ % $$ $a""#, r#""${a} %{b} $ % $$ $a""#),
        (r#""$$${a}""#, r#""$${a}""#),
        (r#""${a}""#, "wrap(a)"),
        (r#""${~ a ~}""#, "wrap(a)"),
        (r#"" ${~ a}""#, "template(a)"),
        (r#""${"${a}"}""#, "wrap(wrap(a))"),
        (r#""a${b}c""#, r#"template("a" b "c")"#),
        (r#""a ${~ b ~} c""#, r#"template("a" b "c")"#),
        (r#""a $  ${~ b}""#, r#"template("a $" b)"#),
        (r#""a  \n ${~ b ~} \t$""#, r#"template("a" b "$")"#),
        (r#""%{ if a }\"x\"%{ else }\\y%{ endif }""#, r#"template(if(a, ["\"x\""], ["\\y"]))"#),
        (r#""%{ for k, v in a ~} ${v},%{ endfor }""#, r#"template(for(k v in a: v ","))"#),
        (r#""%{ if a }%{ endif }""#, "template(if(a, [], []))"),
        (r#""${{a = 1, a = 2}}""#, "wrap({a = 1, a = 2})"),
    ]);
}

#[test]
fn heredocs() {
    reads_as(&[
        ("<<E\na\nE", r#""a\n""#),
        ("<<E\nE", r#""""#),
        ("<<E\nE\ny = <<E\nb\nE", r#""""#),
        ("<<E\n a\\n\"$${b}\"\r\n  E", r#"" a\\n\"${b}\"\r\n""#),
        ("<<E\n${a}\nE", r#"template(a "\n")"#),
        ("<<-E\n    a\n\n      b\n  \n    c\n  E", r#""a\n\n  b\n  \nc\n""#),
        ("<<-E\n\ta\n \tb\nE", r#""a\n\tb\n""#),
        ("<<-E\n  ${a}\n   b\nE", r#"template(a "\n b\n")"#),
        ("<<-E\n${a}\n  b\nE", r#"template(a "\n  b\n")"#),
        ("<<-E\n  a\n  %{ if b }\n  c\n  %{ endif }\nE", r#"template("a\n" if(b, ["\nc\n"], []) "\n")"#),
        ("<<E\na\n  ${~ b ~}  \n  c\nE", r#"template("a\n" b "  c\n")"#),
        ("<<-E\n    a\n  ${~ b}\nE", r#"template("    a\n" b "\n")"#),
        ("[<<E\na\nE\n]", r#"["a\n"]"#),
    ]);
}

#[test]
fn bodies() {
    let text = "variable \"A\" { default = 1 }\ntarget b \"c\\td\" {\n  x = y.z[0]\n  v {\n  }\n}\n";
    let mut sources = Sources::default();
    let id = sources.add("docker-bake.hcl", text);
    let body = parse_hcl(&sources, id).expect("is valid");
    let [variable, target] = body.blocks.as_slice() else { panic!("two blocks") };
    assert_eq!(sources.text(variable.span), "variable \"A\"");
    assert_eq!(sources.text(variable.body.span), " { default = 1 }");
    assert_eq!(target.labels.iter().map(|l| &*l.name).collect::<Vec<_>>(), ["b", "c\td"]);
    let value = &target.body.attributes[0].value;
    assert_eq!(sources.text(value.span), "y.z[0]");
    let ExprKind::Index { of, key } = &value.kind else { panic!("an index") };
    assert_eq!((sources.text(of.span), sources.text(key.span)), ("y.z", "0"));
    assert_eq!(&*target.body.blocks[0].kind.name, "v");
    assert_eq!(sources.text(body.span), text);
}

#[test]
fn common_mistakes_are_recognised() {
    for (text, place, message) in [
        ("a = 'x'\n", "'", "single quotes are not valid"),
        ("a = “x”\n", "“", "curly quotes are not valid"),
        ("a = `x`\n", "`", "backticks are not valid"),
        ("a = 1; b = 2\n", ";", "`;` is not valid"),
        ("a = b & c\n", "&", "`&` is not an operator"),
        ("a = (b | c)\n", "|", "`|` is not an operator"),
        ("a = \"x\nb = 1\n", "\"", "this string is not closed"),
        ("a = \"x", "\"", "this string is not closed"),
        ("a = [\n  \"x\n]\n", "\"", "this string is not closed"),
        ("a = \"${b\"\n", "\"", "the string ends inside a `${…}`"),
        ("a = \"${b c}\"\n", "c", "expected `}`, found `c`"),
        ("a = \"\\q\"\n", "\\q", "`\\q` is not an escape sequence"),
        ("a = \"\\u12\"\n", "\\u12", "`\\u12` is not an escape sequence"),
        ("a = \"%{ when b }\"\n", "when", "`when` is not a directive"),
        ("a = \"%{ if b }\"\n", "%{", "this directive is not closed"),
        ("a = \"%{ endif }\"\n", "endif", "this directive closes nothing"),
        ("a = <<EOT\nb\n", "<<EOT", "this heredoc is not closed"),
        ("/* a\n", "/*", "this comment is not closed"),
        ("b {\n  a = 1,\n}\n", ",", "a comma after an attribute"),
        ("b {\n  a = 1 }\n", "}", "the `}` of a block of several lines stands on its own line"),
        ("b { a = 1, c = 2 }\n", ",", "a block on one line has only one attribute"),
        ("b { a = 1\n}\n", "", "a block that has an attribute on its first line ends on that line"),
        ("b \"c\"\n{\n}\n", "", "the `{` of a block stands on the line of its name"),
        ("b \"${c}\" {\n}\n", "\"", "a label is a plain string"),
        ("b {\n  a = 1\n", "{", "this block is not closed"),
        ("b = \"c\" {\n}\n", "{", "a block has no `=` before its `{`"),
        ("a = 1\n}\n", "}", "`}` without an open block"),
        ("\"a\" = 1\n", "\"", "the name of an attribute is written without quotes"),
        ("a = 1\nb = 2\na = 3\n", "a", "`a` is set twice in one body"),
        ("a = 1 2\n", "2", "expected a newline, found `2`"),
        ("a = [1 2]\n", "2", "expected `,` or `]`, found `2`"),
        ("a = [1\n", "", "expected `,` or `]`, found end of the file"),
        ("a = f(1 2)\n", "2", "expected `,` or `)`, found `2`"),
        ("a = f(1\n", "", "expected `)`, found end of the file"),
        ("a = {b = 1 c = 2}\n", "c", "expected a newline, `,` or `}`, found `c`"),
        ("a = {b 1}\n", "1", "expected `=` or `:` after a key, found `1`"),
        ("a = b ? c\n", "", "expected `:`, found end of the line"),
        ("a = b +\n  c\n", "", "an expression continues past the end of its line"),
        ("a = [1,,2]\n", ",", "expected a value, found `,`"),
        ("a.b = 1\n", ".", "expected `=`, `{` or a label, found `.`"),
        ("a", "a", "this attribute or block is not complete"),
        ("<%= a %>\n", "<", "unexpected `<`"),
        ("{\"target\": {}}\n", "{", "unexpected `{`"),
    ] {
        let errors = parse(text).err().unwrap_or_else(|| panic!("{text} is accepted"));
        let span = errors[0].labels[0].span;
        assert_eq!(errors[0].message, message, "{text}");
        assert_eq!(&text[span.start as usize..span.end as usize], place, "{text}");
    }
}

#[test]
fn less_common_mistakes_are_recognised() {
    for (source, place, message) in [
        ("x = \"a${b}\nc\"\n", "\"", "this string is not closed"),
        ("x = \"%{ if a }\"%{ endif }\"\n", "%{", "this directive is not closed"),
        ("x = \"%{ if a }\\q%{ endif }\"\n", "\\q", "`\\q` is not an escape sequence"),
        ("x = <<E\na\nE", "E", "the heredoc's closing `E` must stand alone on its line"),
        ("x = <<E\na\nE # c\n", "E", "the heredoc's closing `E` must stand alone on its line"),
        ("x = <<E\n%{ if a }\nE\n%{ endif }\nE\n", "%{", "this directive is not closed"),
        ("x = <<E\na\rb\nE\n", "\r", "a carriage return without a newline in a heredoc"),
        ("x = <<E\na\n\r E\n", "E", "the heredoc's closing `E` must stand alone on its line"),
        ("x = {a.b = 1}\n", "a.b", "a dotted word as an object key is ambiguous"),
        ("x = {for=1}\n", "for", "`for` as the first key reads as a `for` expression"),
        ("x = a.0.1\n", ".0.1", "two indexes in a row cannot be written with dots"),
        ("x = a.*.b.*\n", ".*", "a `.*` cannot follow another one"),
        ("x = 1e99999\n", "1e99999", "this number is too large, too small or too long"),
    ] {
        let errors = parse(source).err().unwrap_or_else(|| panic!("{source} is accepted"));
        let span = errors[0].labels[0].span;
        assert_eq!(errors[0].message, message, "{source}");
        assert_eq!(&source[span.start as usize..span.end as usize], place, "{source}");
    }
}

#[test]
fn errors_of_several_attributes_are_all_told() {
    let errors = parse("a = 1e99999\nb {\n  c = {a.b = 1}\n}\n").expect_err("is invalid");
    assert_eq!(errors.len(), 2);
}

#[test]
fn reading_goes_on_after_an_error() {
    let text = "\
target \"a\" {
  x = 'b'
  y = \"c
}
target \"d\" {
  e = [1 2
    { f = g }
  ]
}
h = \"%{ if i }\"
j {
  k = <<EOT
target \"l\" {
}
m = 1e99999
n {
  o = 1
";
    let errors = parse(text).expect_err("is invalid");
    let found: Vec<_> = errors
        .iter()
        .map(|error| {
            let span = error.labels[0].span;
            (error.message.as_str(), &text[span.start as usize..span.end as usize])
        })
        .collect();
    assert_eq!(
        found,
        [
            ("single quotes are not valid", "'"),
            ("expected `,` or `]`, found `2`", "2"),
            ("this directive is not closed", "%{"),
            ("this heredoc is not closed", "<<EOT"),
            ("this number is too large, too small or too long", "1e99999"),
            ("this block is not closed", "{"),
        ]
    );
    assert_eq!(parse(&"a = 'b'\n".repeat(100)).expect_err("is invalid").len(), 20);
    assert_eq!(parse("a = {\nb = 1 2\n}\n").expect_err("is invalid").len(), 1);
}

#[test]
fn what_is_not_closed_is_pointed_at() {
    for (text, place) in [
        ("a = [1,\n  2\n", "["),
        ("a = f(\n", "("),
        ("a = (b\n", "("),
        ("a = {\n  b = 1\n", "{"),
        ("a = b[0\n", "["),
        ("a = [for b in c : d\n", "["),
        ("a = \"${b", "${"),
        ("a = <<E\nE !\n", "<<"),
        ("a = 1\na = 2\n", "a"),
    ] {
        let errors = parse(text).expect_err("is invalid");
        let span = errors[0].labels[1].span;
        assert_eq!(&text[span.start as usize..span.end as usize], place, "{text}");
    }
}

#[test]
fn nesting_is_limited_for_the_stack_only() {
    for (open, close) in [
        ("[", "]"),
        ("(", ")"),
        ("{a=", "}"),
        ("f(", ")"),
        ("\"${", "}\""),
        ("!", ""),
        ("a?", ":1"),
        ("a[", "]"),
        ("[for v in ", ": v]"),
        ("\"%{if ", "}%{endif}\""),
    ] {
        let text = |levels: usize| format!("x = {}1{}\n", open.repeat(levels), close.repeat(levels));
        assert!(parse(&text(249)).is_ok(), "{open}");
        assert!(parse(&text(250)).is_err(), "{open}");
    }
    let blocks = |levels: usize| "b {\n".repeat(levels) + &"}\n".repeat(levels);
    assert!(parse(&blocks(250)).is_ok() && parse(&blocks(251)).is_err());
}

#[test]
fn operators_are_limited_in_a_row_and_in_sum() {
    let row = |count: usize| format!("1{}", "+1".repeat(count));
    assert!(parse(&format!("x = {}\n", row(10_000))).is_ok());
    assert!(parse(&format!("x = {}\n", row(10_001))).is_err());
    let items = vec![row(3); 10_000].join(", ");
    assert!(parse(&format!("x = [{items}]\ny = {}\n", row(10_000))).is_ok());
    let nested = |rows: usize| format!("x = {}1{}\n", "(".repeat(rows), "+1+1)".repeat(rows));
    assert!(parse(&nested(249)).is_ok());
    let steep = format!("x = {}1{}\n", "(".repeat(200), format!("{})", "+1".repeat(100)).repeat(200));
    let errors = parse(&steep).expect_err("is too deep");
    assert_eq!(errors[0].message, "more than 10000 operators in one expression");
}

#[test]
fn large_input_is_read_in_linear_time() {
    let keys: String = (0..100_000).map(|key| format!("k{key} = {key}, ")).collect();
    for text in [
        format!("x = {{{keys}}}\n"),
        format!("x = \"{}\"\n", "${a}".repeat(100_000)),
        format!("x = <<E\n{}\nE\n", "${a}".repeat(100_000)),
        format!("x = <<-E\n{}E\n", "  $ a\n".repeat(100_000)),
        format!("x = \"{}\"\n", "$".repeat(1_000_000)),
        format!("x = [{}]\n", "1,".repeat(100_000)),
        (0..50_000).map(|name| format!("x{name} = 1\n")).collect(),
        "b {}\n".repeat(50_000),
    ] {
        assert!(parse(&text).is_ok(), "{}", &text[..20]);
    }
}

#[test]
fn deep_and_long_input_ends_in_an_error() {
    let many = |unit: &str| format!("x = {}\n", unit.repeat(100_000));
    let nested = "more than 250 levels of nesting";
    for (source, message) in [
        (many("["), nested),
        (many("("), nested),
        (many("{a="), nested),
        (many("f("), nested),
        (many("\"${"), nested),
        (format!("x = \"{}\"\n", "%{if a}".repeat(100_000)), nested),
        (many("!"), nested),
        (many("a?"), nested),
        ("b {\n".repeat(100_000), nested),
        (many("1+"), "more than 10000 operators in one expression"),
        (format!("x = a{}\n", ".b".repeat(100_000)), nested),
        (format!("x = a{}\n", "[*]".repeat(100_000)), nested),
        (format!("x = a{}\n", "[0]".repeat(100_000)), nested),
        (format!("x = '{}", "a".repeat(1_000_000)), "single quotes are not valid"),
        (format!("x = \"{}\n", "a".repeat(100_000)), "this string is not closed"),
        (format!("x = \"{}\" @\n", "a".repeat(100_000)), "expected a newline, found `@`"),
    ] {
        let errors = parse(&source).err().unwrap_or_else(|| panic!("{} is accepted", &source[..20]));
        assert_eq!(errors[0].message, message, "{}", &source[..20]);
    }
}

#[test]
fn text_of_json_strings_keeps_the_span_of_the_string() {
    let mut sources = Sources::default();
    let source = sources.add("docker-bake.json", "");
    let span = Span { source, start: 7, end: 9 };
    let template = parse_template_text("a ${b.c}", span).expect("is valid");
    let ExprKind::Template(parts) = &template.kind else { panic!("a template") };
    let TemplatePart::Interpolation(inner) = &parts[1] else { panic!("an interpolation") };
    assert_eq!((show(inner).as_str(), inner.span), ("b.c", span));
    assert_eq!(show(&parse_template_text("a\n\"$${b}\\n", span).expect("is valid")), r#""a\n\"${b}\\n""#);
    assert_eq!(show(&parse_expression_text(" list(string) ", span).expect("is valid")), "list(string)");
    assert_eq!(parse_expression_text("a b", span).expect_err("is invalid").labels[0].span, span);
    assert_eq!(parse_template_text("%{ if a }", span).expect_err("is invalid").labels[0].span, span);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(
        text in "(a|é|1|e9|=|\\{|\\}|\\[|\\]|\\(|\\)|\"|\\$\\{|%\\{|if |for |endif|in |\\~|\\.|\\*|,|:|\\?|<<E\n|<<-E\n|E\n|\n|\r| |\\\\|\\$|/\\*|#|'|-|!|&|\\PC){0,40}"
    ) {
        for text in [text.clone(), format!("a = {text}\n"), format!("b {{\n  c = \"{text}\"\n}}\n")] {
            if let Err(errors) = parse(&text) {
                let mut sources = Sources::default();
                sources.add("a.hcl", text);
                errors.iter().for_each(|error| drop(error.render(&sources, false)));
            }
        }
    }
}
