//! JSON as Go's `encoding/json` writes it, which is how buildx prints and how Bake files are written.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::string::FromUtf8Error;

use serde::Serialize;

use crate::parallel;

/// A member of an object: its key and its value.
pub type Member<'a> = (Cow<'a, str>, Json<'a>);

/// A JSON value whose objects keep the order they are built in, and whose strings may be borrowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// A string.
    String(Cow<'a, str>),
    /// `[…]`
    Array(Vec<Self>),
    /// `{…}`, in this order; keys are to be unique.
    Object(Vec<Member<'a>>),
}

impl Json<'_> {
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
            Self::Array(items) => {
                let mut list = ArrayWriter(Members::open(out, depth, '['));
                items.iter().for_each(|item| list.put(item));
                list.end();
            }
            Self::Object(members) => {
                let mut object = ObjectWriter(Members::open(out, depth, '{'));
                members.iter().for_each(|(key, value)| object.put(key, value));
                object.end();
            }
        }
    }
}

impl From<bool> for Json<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json<'_> {
    fn from(value: i64) -> Self {
        Self::Number(value)
    }
}

impl<'a> From<&'a str> for Json<'a> {
    fn from(text: &'a str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Json<'_> {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl<T: Into<Self>> FromIterator<T> for Json<'_> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

/// Writes an object of which only one member at a time is in memory.
#[derive(Debug)]
pub(crate) struct ObjectWriter<'o>(Members<'o>);

impl<'o> ObjectWriter<'o> {
    /// Starts an object that is inside no other.
    pub(crate) fn start(out: &'o mut String) -> Self {
        Self(Members::open(out, 0, '{'))
    }

    /// An object that is inside no other, as text.
    #[cfg(test)]
    pub(crate) fn text(write: impl FnOnce(&mut ObjectWriter<'_>)) -> String {
        let mut text = String::new();
        let mut object = ObjectWriter::start(&mut text);
        write(&mut object);
        object.end();
        text
    }

    /// Writes the next member.
    pub(crate) fn put(&mut self, key: &str, value: &Json<'_>) {
        self.key(key);
        value.write(self.0.out, self.0.depth);
    }

    /// Writes a string as the next member.
    pub(crate) fn string(&mut self, key: &str, text: &str) {
        self.key(key);
        write_string(self.0.out, text);
    }

    /// Starts an object that is the value of the next member.
    pub(crate) fn object(&mut self, key: &str) -> ObjectWriter<'_> {
        self.key(key);
        ObjectWriter(Members::open(self.0.out, self.0.depth, '{'))
    }

    /// Writes an object as the next member.
    pub(crate) fn object_of(&mut self, key: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) {
        let mut object = self.object(key);
        write(&mut object);
        object.end();
    }

    /// Writes an object as the next member if it has members itself, and says whether it has.
    pub(crate) fn filled_object(&mut self, key: &str, write: impl FnOnce(&mut ObjectWriter<'_>)) -> bool {
        let (length, was_empty) = (self.0.out.len(), self.0.is_empty);
        let mut object = self.object(key);
        write(&mut object);
        let is_filled = !object.0.is_empty;
        object.end();
        if !is_filled {
            self.0.out.truncate(length);
            self.0.is_empty = was_empty;
        }
        is_filled
    }

    /// Starts an array that is the value of the next member.
    pub(crate) fn array(&mut self, key: &str) -> ArrayWriter<'_> {
        self.key(key);
        ArrayWriter(Members::open(self.0.out, self.0.depth, '['))
    }

    /// Writes the members that there are for each of many things, half of them in another thread.
    pub(crate) fn members_of<T: Sync>(
        &mut self,
        things: &[T],
        write: impl Fn(&[T], &mut ObjectWriter<'_>) + Sync,
    ) {
        let depth = self.0.depth;
        let room = (self.0.out.capacity() - self.0.out.len()) / 2;
        let (first, second) = things.split_at(things.len() / 2);
        let ((), more) = parallel::both(
            things.len(),
            || write(first, self),
            || {
                let mut out = String::with_capacity(room);
                write(second, &mut ObjectWriter(Members { out: &mut out, depth, is_empty: true }));
                out
            },
        );
        self.0.append(&more);
    }

    /// Ends the object.
    pub(crate) fn end(self) {
        self.0.close('}');
    }

    fn key(&mut self, key: &str) {
        self.0.next();
        write_string(self.0.out, key);
        self.0.out.push_str(": ");
    }
}

/// Writes an array of which only one element at a time is in memory.
#[derive(Debug)]
pub(crate) struct ArrayWriter<'o>(Members<'o>);

impl ArrayWriter<'_> {
    /// Writes the next element.
    pub(crate) fn put(&mut self, value: &Json<'_>) {
        self.0.next();
        value.write(self.0.out, self.0.depth);
    }

    /// Writes a string as the next element.
    pub(crate) fn string(&mut self, text: &str) {
        self.0.next();
        write_string(self.0.out, text);
    }

    /// Starts an object that is the next element.
    pub(crate) fn object(&mut self) -> ObjectWriter<'_> {
        self.0.next();
        ObjectWriter(Members::open(self.0.out, self.0.depth, '{'))
    }

    /// Ends the array.
    pub(crate) fn end(self) {
        self.0.close(']');
    }
}

/// What is between two brackets, each on a line of its own.
#[derive(Debug)]
struct Members<'o> {
    out: &'o mut String,
    /// How deep the members are indented.
    depth: usize,
    is_empty: bool,
}

impl<'o> Members<'o> {
    fn open(out: &'o mut String, depth: usize, bracket: char) -> Self {
        out.push(bracket);
        Self { out, depth: depth + 1, is_empty: true }
    }

    fn next(&mut self) {
        self.out.push_str(if self.is_empty { "\n" } else { ",\n" });
        self.is_empty = false;
        indent(self.out, self.depth);
    }

    /// Adds what others of this depth have written.
    fn append(&mut self, more: &str) {
        if !more.is_empty() {
            self.out.push_str(if self.is_empty { "" } else { "," });
            self.out.push_str(more);
            self.is_empty = false;
        }
    }

    fn close(self, bracket: char) {
        if !self.is_empty {
            self.out.push('\n');
            indent(self.out, self.depth - 1);
        }
        self.out.push(bracket);
    }
}

fn indent(out: &mut String, depth: usize) {
    const SPACES: &str = "                ";
    match SPACES.get(..2 * depth) {
        Some(spaces) => out.push_str(spaces),
        None => out.extend(std::iter::repeat_n("  ", depth)),
    }
}

/// Appends a string in quotes, with the characters escaped that Go escapes: also `<`, `>`, `&`, U+2028 and U+2029
/// (<https://pkg.go.dev/encoding/json#HTMLEscape>).
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| MAY_BE_ESCAPED[usize::from(byte)]) {
        out.push_str(&rest[..at]);
        let c = rest[at..].chars().next().unwrap_or_default();
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
        rest = &rest[at + c.len_utf8()..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Whether a character that starts with this byte may have to be escaped. U+2028 and U+2029 start with 0xE2.
const MAY_BE_ESCAPED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = byte < 0x20 || matches!(byte as u8, b'"' | b'\\' | b'<' | b'>' | b'&' | 0xe2);
        byte += 1;
    }
    table
};

/// Gives the JSON of a value on one line, as serde_json writes it, in pieces that are no shorter than they need be.
///
/// # Errors
/// A key of a map is not a string.
pub(crate) fn pieces(value: &impl Serialize, give: impl FnMut(Vec<u8>)) -> serde_json::Result<()> {
    let mut line = Line { piece: Vec::with_capacity(Line::<()>::ROOM), give };
    serde_json::to_writer(&mut line, value)?;
    (line.give)(line.piece);
    Ok(())
}

/// A text on one line, of which a piece at a time is in memory.
struct Line<F> {
    piece: Vec<u8>,
    give: F,
}

impl<F> Line<F> {
    /// How long a piece grows.
    const LONG: usize = 1 << 16;
    /// What is written last may be a little longer.
    const ROOM: usize = Self::LONG + (1 << 10);
}

impl<F: FnMut(Vec<u8>)> io::Write for Line<F> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.write_all(text).map(|()| text.len())
    }

    fn write_all(&mut self, text: &[u8]) -> io::Result<()> {
        self.piece.extend_from_slice(text);
        if self.piece.len() > Self::LONG {
            (self.give)(std::mem::replace(&mut self.piece, Vec::with_capacity(Self::ROOM)));
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lays JSON of one line out on several, as serde_json does.
#[derive(Debug, Default)]
pub(crate) struct Page {
    text: Vec<u8>,
    depth: usize,
    /// Whether the end of the text so far is in a string, and perhaps behind a backslash in it.
    is_in_string: bool,
    is_escaped: bool,
    /// Whether nothing is behind a bracket yet.
    is_open: bool,
}

impl Page {
    /// An empty page with room for a text. What outgrows its room is copied.
    pub(crate) fn with_room(room: usize) -> Self {
        Self { text: Vec::with_capacity(room), ..Self::default() }
    }

    /// Adds the next piece.
    pub(crate) fn add(&mut self, mut piece: &[u8]) {
        while let Some((&byte, rest)) = piece.split_first() {
            if self.is_in_string {
                piece = self.add_string(piece);
                continue;
            }
            piece = rest;
            let is_end = matches!(byte, b']' | b'}');
            self.depth -= usize::from(is_end);
            // An empty array or object stays on its line.
            if self.is_open != is_end {
                self.new_line();
            }
            self.is_open = matches!(byte, b'[' | b'{');
            self.depth += usize::from(self.is_open);
            self.is_in_string = byte == b'"';
            self.text.push(byte);
            match byte {
                b',' => self.new_line(),
                b':' => self.text.push(b' '),
                _ => {}
            }
        }
    }

    /// The text.
    ///
    /// # Errors
    /// The pieces were not UTF-8.
    pub(crate) fn finish(self) -> Result<String, FromUtf8Error> {
        String::from_utf8(self.text)
    }

    /// Adds what is in a string, quote included, and gives the rest.
    fn add_string<'p>(&mut self, piece: &'p [u8]) -> &'p [u8] {
        let end = piece.iter().position(|byte| {
            let is_end = *byte == b'"' && !self.is_escaped;
            self.is_escaped = *byte == b'\\' && !self.is_escaped;
            is_end
        });
        let (string, rest) = piece.split_at(end.map_or(piece.len(), |end| end + 1));
        self.is_in_string = end.is_none();
        self.text.extend_from_slice(string);
        rest
    }

    fn new_line(&mut self) {
        const LINE: &[u8] = b"\n                ";
        match LINE.get(..=2 * self.depth) {
            Some(line) => self.text.extend_from_slice(line),
            None => {
                self.text.push(b'\n');
                self.text.resize(self.text.len() + 2 * self.depth, b' ');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn several_lines_and_one_are_as_serde_json_writes_them() {
        let texts =
            ["", " ", ": ", "a\": ", "\\\": \"", "\\", "a\nb", "\r\n  \"x\": 1", "é: \u{2028}", "{\n}"];
        let mut all = vec![json!(null), json!([]), json!({}), json!(-1.5), json!([[], {}, [{}]])];
        for text in texts {
            all.extend([
                json!(text),
                json!([text, [text, 1], { text: text }]),
                json!({ text: { text: [text], "x": text, "y": null }, "z": { text: {} } }),
            ]);
        }
        all.push(json!(all.clone()));
        all.push(json!([1, 2, 3, u64::MAX, i64::MIN, true, "long ".repeat(1 << 14), all.clone()]));
        for value in all {
            let (mut line, mut page) = (Vec::new(), Page::default());
            let take = |piece: Vec<u8>| {
                page.add(&piece);
                line.extend_from_slice(&piece);
            };
            pieces(&value, take).unwrap();
            assert_eq!(page.finish().unwrap(), serde_json::to_string_pretty(&value).unwrap());
            assert_eq!(line, serde_json::to_vec(&value).unwrap());
        }
    }

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
