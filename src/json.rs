//! JSON as Go's `encoding/json` writes it, which is how buildx prints and how Bake files are written.

use std::fmt::Write as _;

/// A JSON value whose objects keep the order they are built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// A string.
    String(String),
    /// `[…]`
    Array(Vec<Self>),
    /// `{…}`, in this order; keys are to be unique.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// The text on several lines, indented by two spaces, without a final newline: Go's `MarshalIndent(v, "", "  ")`.
    #[must_use]
    pub fn to_pretty(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(value) => {
                let _ = write!(out, "{value}");
            }
            Self::String(text) => write_string(out, text),
            Self::Array(items) => write_members(out, depth, ('[', ']'), items, |out, item| {
                item.write(out, depth + 1);
            }),
            Self::Object(members) => write_members(out, depth, ('{', '}'), members, |out, (key, value)| {
                write_string(out, key);
                out.push_str(": ");
                value.write(out, depth + 1);
            }),
        }
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl<T: Into<Self>> FromIterator<T> for Json {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

fn write_members<T>(
    out: &mut String,
    depth: usize,
    (open, close): (char, char),
    members: &[T],
    write: impl Fn(&mut String, &T),
) {
    out.push(open);
    for (index, member) in members.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        indent(out, depth + 1);
        write(out, member);
    }
    if !members.is_empty() {
        out.push('\n');
        indent(out, depth);
    }
    out.push(close);
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Appends a string in quotes, with the characters escaped that Go escapes: also `<`, `>`, `&`, U+2028 and U+2029
/// (<https://pkg.go.dev/encoding/json#HTMLEscape>).
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_go_does() {
        let text = "\"\\/\n\r\t\u{8}\u{c}\u{1}\u{7f}<>&\u{2028}\u{2029}é\u{1f600}";
        let mut out = String::new();
        write_string(&mut out, text);
        assert_eq!(
            out,
            "\"\\\"\\\\/\\n\\r\\t\\b\\f\\u0001\u{7f}\\u003c\\u003e\\u0026\\u2028\\u2029é\u{1f600}\""
        );
    }

    #[test]
    fn members_stand_on_lines_of_their_own_and_empty_collections_do_not() {
        let value = Json::Object(vec![
            ("b".into(), ["x", "y"].into_iter().collect()),
            ("a".into(), Json::Object(vec![])),
            ("c".into(), Json::Array(vec![])),
            ("d".into(), Json::Null),
            ("e".into(), Json::Array(vec![(-1).into(), true.into()])),
        ]);
        let expected = "{\n  \"b\": [\n    \"x\",\n    \"y\"\n  ],\n  \"a\": {},\n  \"c\": [],\n  \"d\": null,\n  \"e\": [\n    -1,\n    true\n  ]\n}";
        assert_eq!(value.to_pretty(), expected);
    }
}
