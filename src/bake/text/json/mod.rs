//! HCL-JSON: JSON text read with spans and exact numbers, then taken for blocks and attributes by the names that Bake
//! gives to blocks (<https://github.com/hashicorp/hcl/blob/main/json/spec.md>).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::hcl::{name, parse_keyword, parse_template_text};
use super::syntax::{Attribute, Block, Body, Expr, ExprKind, Ident, ObjectKey};
use crate::bake::values::{Marks, Name, Number};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, suggest};
use crate::source::{SourceId, Sources, Span};

/// After so many errors the rest says nothing new.
const MAX_ERRORS: usize = 20;

/// How deep arrays and objects may nest; buildx has no limit.
const MAX_DEPTH: usize = 250;

/// Reads a file in JSON syntax.
///
/// # Errors
/// The first error of JSON syntax, or each place where the structure is not that of a Bake file, as code `syntax`.
pub fn parse_json(sources: &Sources, id: SourceId) -> Result<Body, Vec<Diagnostic>> {
    let source = sources.get(id);
    if source.has_mark {
        let start = Span { source: id, start: 0, end: 0 };
        let error = syntax(start, "a JSON file cannot begin with a byte order mark", "here")
            .with_note("docker buildx bake refuses it, too")
            .with_help("save the file as UTF-8 without a byte order mark (BOM)");
        return Err(vec![error]);
    }
    let root = JsonParser { text: &source.text, at: 0, source: id }.document().map_err(|e| vec![e])?;
    let JsonValue::Object(members) = root.kind else {
        let error =
            syntax(root.span, "a Bake file in JSON is an object", &format!("found {}", root.kind.noun()));
        return Err(vec![error]);
    };
    let mut structure = Structure::default();
    let body = structure.body(members, root.span, ROOT);
    if structure.errors.is_empty() { Ok(body) } else { Err(structure.errors) }
}

fn syntax(span: Span, message: impl Into<String>, label: &str) -> Diagnostic {
    Diagnostic::error(Code::SYNTAX, message).at(span, label)
}

/// A JSON value and its place.
struct Node {
    kind: JsonValue,
    span: Span,
}

enum JsonValue {
    Null,
    Bool(bool),
    Number(Number, Marks),
    String(String),
    Array(Vec<Node>),
    Object(Vec<(Key, Node)>),
}

/// A key of a JSON object; the span includes the quotes.
struct Key {
    text: String,
    span: Span,
}

impl JsonValue {
    fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(..) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// A name that stands for blocks, and what is in those.
struct BlockType {
    name: &'static str,
    /// Whether the name is followed by an object whose keys are labels.
    labelled: bool,
    /// Whether the name is an attribute's when the value does not have the shape of blocks: buildx does not know
    /// the block, so files may use the name for a variable.
    lenient: bool,
    blocks: &'static [Self],
}

const fn labelled(name: &'static str, blocks: &'static [BlockType]) -> BlockType {
    BlockType { name, labelled: true, lenient: false, blocks }
}

const fn unlabelled(name: &'static str) -> BlockType {
    BlockType { name, labelled: false, lenient: false, blocks: &[] }
}

const ROOT: &[BlockType] = &[
    labelled("variable", &[unlabelled("validation")]),
    labelled("function", &[]),
    labelled("group", &[]),
    labelled("target", &[]),
    BlockType {
        name: "image",
        labelled: true,
        lenient: true,
        blocks: &[labelled("platform", &[]), unlabelled("workflow")],
    },
];

/// Takes JSON values for blocks, attributes and expressions.
#[derive(Default)]
struct Structure {
    errors: Vec<Diagnostic>,
}

impl Structure {
    fn body(&mut self, members: Vec<(Key, Node)>, span: Span, types: &'static [BlockType]) -> Body {
        let (mut attributes, mut blocks) = (Vec::<Attribute>::new(), Vec::new());
        let mut seen = BTreeMap::new();
        for (key, value) in members {
            if is_comment(&key) {
                continue;
            }
            let ident = Ident { name: name(&key.text), span: key.span };
            let block_type = types.iter().find(|t| t.name == key.text);
            if let Some(block_type) = block_type.filter(|t| !t.lenient || has_shape_of_blocks(&value)) {
                self.labels(&ident, value, block_type, &mut blocks);
                continue;
            }
            match seen.entry(Name::clone(&ident.name)) {
                Entry::Vacant(place) => {
                    place.insert(attributes.len());
                    attributes.push(Attribute { name: ident, value: expr(value) });
                }
                Entry::Occupied(place) => {
                    let first = &mut attributes[*place.get()];
                    if !matches!(first.value.kind, ExprKind::Broken(_)) {
                        first.value.kind = twice(&ident.name, key.span, first.name.span);
                    }
                }
            }
        }
        Body { attributes, blocks, span }
    }

    fn report(&mut self, error: Diagnostic) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }

    /// The value of a block's name: for labelled blocks an object of labels, or several in an array.
    fn labels(&mut self, kind: &Ident, value: Node, block_type: &BlockType, blocks: &mut Vec<Block>) {
        if !block_type.labelled {
            return self.instances(kind, None, value, block_type, blocks);
        }
        let span = value.span;
        let mut members = Vec::new();
        match value.kind {
            JsonValue::Null => {}
            JsonValue::Object(more) => members = more,
            JsonValue::Array(items) => {
                for item in items {
                    match item.kind {
                        JsonValue::Object(more) => members.extend(more),
                        other => return self.mismatch(kind, item.span, &other, "an object of names"),
                    }
                }
            }
            other => return self.mismatch(kind, span, &other, "an object of names"),
        }
        if members.is_empty() {
            let message = format!("`{0}` holds no names: write `\"{0}\": {{\"NAME\": {{…}}}}`", kind.name);
            self.report(syntax(span, message, ""));
        }
        // Buildx knows no comments in this place, and no `image` blocks.
        for (key, value) in members.into_iter().filter(|(key, _)| !(block_type.lenient && is_comment(key))) {
            self.instances(kind, Some(key), value, block_type, blocks);
        }
    }

    /// The bodies of one block name and label: one object, several in an array, or none for null.
    fn instances(
        &mut self,
        kind: &Ident,
        label: Option<Key>,
        value: Node,
        block_type: &BlockType,
        blocks: &mut Vec<Block>,
    ) {
        let header = label.as_ref().map_or(kind.span, |label| label.span);
        // An `image` block may go without a label, which JSON can only write as an empty one.
        let labels: Vec<Ident> = label
            .filter(|label| !(block_type.lenient && label.text.is_empty()))
            .map(|label| Ident { name: name(&label.text), span: label.span })
            .into_iter()
            .collect();
        let bodies = match value.kind {
            JsonValue::Null => return,
            JsonValue::Array(items) => items,
            _ => vec![value],
        };
        for Node { kind: body, span } in bodies {
            // What several instances of a block are in an array, each of them may be again: null, or parts in an array.
            let members = match body {
                JsonValue::Null => Vec::new(),
                JsonValue::Object(members) => members,
                JsonValue::Array(parts) => {
                    let mut members = Vec::new();
                    for part in parts {
                        match part.kind {
                            JsonValue::Object(more) => members.extend(more),
                            other => return self.mismatch(kind, part.span, &other, "an object of settings"),
                        }
                    }
                    members
                }
                other => {
                    self.mismatch(kind, span, &other, "an object of settings");
                    continue;
                }
            };
            let mut body = self.body(members, span, block_type.blocks);
            if block_type.name == "function" {
                parameters(&mut body);
            }
            blocks.push(Block { kind: kind.clone(), labels: labels.clone(), body, span: header });
        }
    }

    fn mismatch(&mut self, kind: &Ident, span: Span, found: &JsonValue, expected: &str) {
        let message = format!("expected {expected} in `{}`", kind.name);
        self.report(syntax(span, message, &format!("found {}", found.noun())));
    }
}

fn expr(node: Node) -> Expr {
    let kind = match node.kind {
        JsonValue::Null => ExprKind::Null,
        JsonValue::Bool(value) => ExprKind::Bool(value),
        JsonValue::Number(value, marks) => ExprKind::Number(value, marks),
        JsonValue::String(text) => string(&text, node.span),
        JsonValue::Array(items) => ExprKind::Tuple(items.into_iter().map(expr).collect()),
        JsonValue::Object(members) => object(members),
    };
    Expr { kind, span: node.span }
}

fn object(members: Vec<(Key, Node)>) -> ExprKind {
    let mut seen = BTreeMap::new();
    let mut items = Vec::with_capacity(members.len());
    for (key, value) in members {
        let name = name(&key.text);
        if let Some(first) = seen.insert(Name::clone(&name), key.span) {
            // It fails where it is evaluated, as a value does, and only there.
            let broken = Expr { kind: twice(&name, key.span, first), span: key.span };
            let key = Expr { kind: string(&key.text, key.span), span: key.span };
            return ExprKind::Object(vec![(ObjectKey::Expr(key), broken)]);
        }
        let kind = string(&key.text, key.span);
        items.push((ObjectKey::Expr(Expr { kind, span: key.span }), expr(value)));
    }
    ExprKind::Object(items)
}

/// What a key stands for that one object has twice.
fn twice(key: &Name, again: Span, first: Span) -> ExprKind {
    let error = syntax(again, format!("`{key}` is set twice in one object"), "set again here");
    ExprKind::Broken(Box::new(error.at(first, "first set here")))
}

/// Reads the names of a function's parameters: each is a string that holds an expression, as `type` of a variable is.
fn parameters(function: &mut Body) {
    for Attribute { name, value } in &mut function.attributes {
        match (&*name.name, &mut value.kind) {
            ("params", ExprKind::Tuple(items)) => items.iter_mut().for_each(parameter),
            ("variadic_params", _) => parameter(value),
            _ => {}
        }
    }
}

fn parameter(expr: &mut Expr) {
    let found = match &expr.kind {
        // A key that is there twice.
        ExprKind::Broken(_) => return,
        ExprKind::JsonString { text, template: _ } => match parse_keyword(text) {
            Some(name) => {
                expr.kind = ExprKind::Variable(name);
                return;
            }
            None => format!("`{text}` is not a name"),
        },
        ExprKind::Null => "found null".to_owned(),
        ExprKind::Bool(word) => format!("found {word}, which is not a string"),
        _ => "this is not a string".to_owned(),
    };
    // It fails where the function is needed: one that another function replaces is not read.
    let error =
        Diagnostic::error(Code::FUNCTION_PARAMS, format!("a parameter must be a plain name: {found}"));
    let help = "write a string of letters, digits, `_` and `-` that begins with a letter: `\"first\"`";
    expr.kind = ExprKind::Broken(Box::new(error.at(expr.span, "").with_help(help)));
}

fn string(text: &str, span: Span) -> ExprKind {
    let template = parse_template_text(text, span).map(Box::new).map_err(Box::new);
    ExprKind::JsonString { text: name(text), template }
}

/// Whether a key of a body makes its value a comment.
fn is_comment(key: &Key) -> bool {
    key.text == "//"
}

/// Whether a value is an object of objects, or has arrays of objects in either place.
fn has_shape_of_blocks(value: &Node) -> bool {
    let is_body = |node: &Node| match &node.kind {
        JsonValue::Null | JsonValue::Object(_) => true,
        JsonValue::Array(items) => items.iter().all(|item| matches!(item.kind, JsonValue::Object(_))),
        _ => false,
    };
    match &value.kind {
        JsonValue::Object(members) => {
            let mut blocks = members.iter().filter(|(key, _)| !is_comment(key)).peekable();
            blocks.peek().is_some() && blocks.all(|(_, value)| is_body(value))
        }
        JsonValue::Array(items) => {
            !items.is_empty()
                && items
                    .iter()
                    .all(|item| matches!(item.kind, JsonValue::Object(_)) && has_shape_of_blocks(item))
        }
        _ => false,
    }
}

/// Reads JSON text (<https://www.rfc-editor.org/rfc/rfc8259>).
struct JsonParser<'a> {
    text: &'a str,
    at: usize,
    source: SourceId,
}

impl JsonParser<'_> {
    fn document(mut self) -> Result<Node, Diagnostic> {
        let node = self.value(0)?;
        match self.peek() {
            None => Ok(node),
            Some(_) => Err(self.unexpected("the end of the file")),
        }
    }

    fn span(&self, start: usize) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { source: self.source, start: offset(start), end: offset(self.at.max(start)) }
    }

    /// The next byte after white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.text.as_bytes().get(self.at).copied()
    }

    /// An error at what comes next: a word, a character or the end.
    fn unexpected(&mut self, expected: &str) -> Diagnostic {
        let next = self.peek();
        let start = self.at;
        let rest = &self.text[start..];
        let word = rest.bytes().take(40).take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        self.at += word.max(rest.chars().next().map_or(0, char::len_utf8));
        let found = match next {
            None => "the end of the file".to_owned(),
            Some(_) => format!("`{}`", &self.text[start..self.at]),
        };
        let error = syntax(self.span(start), format!("expected {expected}, found {found}"), "");
        match next {
            Some(b'/' | b'#') => error.with_help("JSON has no comments; a key `//` in a block is ignored"),
            Some(b'\'') => error.with_help("use double quotes"),
            Some(b'=') => error.with_help("JSON writes `:` between a key and its value"),
            _ => match suggest(&self.text[start..start + word], ["true", "false", "null"]) {
                Some(meant) if word > 0 => error.with_help(format!("did you mean `{meant}`?")),
                _ => error,
            },
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Diagnostic> {
        let Some(first) = self.peek() else { return Err(self.unexpected("a value")) };
        let start = self.at;
        if depth > MAX_DEPTH {
            self.at += 1;
            return Err(syntax(self.span(start), format!("more than {MAX_DEPTH} levels of nesting"), ""));
        }
        let kind = match first {
            b'{' => self.object(depth)?,
            b'[' => self.array(depth)?,
            b'"' => JsonValue::String(self.string()?),
            b'-' | b'0'..=b'9' => self.number()?,
            _ => self.keyword()?,
        };
        Ok(Node { kind, span: self.span(start) })
    }

    fn keyword(&mut self) -> Result<JsonValue, Diagnostic> {
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let kind = match &rest[..length] {
            "null" => JsonValue::Null,
            "true" => JsonValue::Bool(true),
            "false" => JsonValue::Bool(false),
            _ => return Err(self.unexpected("a value")),
        };
        self.at += length;
        Ok(kind)
    }

    fn object(&mut self, depth: usize) -> Result<JsonValue, Diagnostic> {
        let open = self.at;
        self.at += 1;
        let mut members = Vec::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(JsonValue::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a key in double quotes"));
            }
            let start = self.at;
            let text = self.string()?;
            let key = Key { text, span: self.span(start) };
            if self.peek() != Some(b':') {
                return Err(self.unexpected("`:`"));
            }
            self.at += 1;
            members.push((key, self.value(depth + 1)?));
            if !self.goes_on(open, b'}')? {
                return Ok(JsonValue::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<JsonValue, Diagnostic> {
        let open = self.at;
        self.at += 1;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(JsonValue::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if !self.goes_on(open, b']')? {
                return Ok(JsonValue::Array(items));
            }
        }
    }

    /// Reads what follows an item: whether another one comes.
    fn goes_on(&mut self, open: usize, close: u8) -> Result<bool, Diagnostic> {
        let next = self.peek();
        let start = self.at;
        match next {
            Some(b',') => {
                self.at += 1;
                let comma = self.span(start);
                match self.peek() {
                    Some(b'}' | b']') => {
                        Err(syntax(comma, "JSON allows no comma after the last item", "")
                            .with_help("remove it"))
                    }
                    _ => Ok(true),
                }
            }
            Some(b) if b == close => {
                self.at += 1;
                Ok(false)
            }
            _ => {
                let expected = format!("`,` or `{}`", char::from(close));
                let error = self.unexpected(&expected);
                self.at = open + 1;
                Err(error.at(self.span(open), "opened here"))
            }
        }
    }

    fn number(&mut self) -> Result<JsonValue, Diagnostic> {
        let start = self.at;
        let rest = &self.text[start..];
        let is_part = |b: &u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        self.at += rest.bytes().take_while(is_part).count();
        let text = &self.text[start..self.at];
        if !is_number(text) {
            return Err(syntax(self.span(start), "this is not a JSON number", ""));
        }
        let number = Number::parse(text).ok_or_else(|| {
            syntax(self.span(start), "this number is too large, too small or too long", "out of range")
        })?;
        let marks = Marks::of_number(&number, text);
        Ok(JsonValue::Number(number, marks))
    }

    /// A string, from its opening quote.
    fn string(&mut self) -> Result<String, Diagnostic> {
        let open = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().take_while(|b| !matches!(b, b'"' | b'\\' | 0..=0x1f)).count();
            text.push_str(&rest[..plain]);
            self.at += plain;
            match rest.as_bytes().get(plain) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                other => {
                    let (start, found) =
                        (self.at, if other.is_some() { "a control character" } else { "the end" });
                    self.at = open + 1;
                    let error = syntax(self.span(open), "this string is not closed", "opened here");
                    self.at = start;
                    return Err(error.at(self.span(start), format!("{found} comes before the closing quote")));
                }
            }
        }
    }

    /// A backslash sequence; half a surrogate pair becomes U+FFFD, as in Go.
    fn escape(&mut self) -> Result<char, Diagnostic> {
        let start = self.at;
        let selector = self.text[start + 1..].chars().next();
        self.at += 1 + selector.map_or(0, char::len_utf8);
        let decoded = match selector {
            Some(c @ ('"' | '\\' | '/')) => Some(c),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('u') => self.hex(self.at).map(|unit| {
                self.at += 4;
                self.utf16(unit)
            }),
            _ => None,
        };
        decoded.ok_or_else(|| {
            syntax(self.span(start), "JSON has no such escape sequence", "").with_help(
                r#"the escapes are `\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t` and `\uXXXX`; write a backslash as `\\`"#,
            )
        })
    }

    /// The character that starts with this UTF-16 unit, reading the second half of a pair.
    fn utf16(&mut self, unit: u16) -> char {
        let second = if self.text[self.at..].starts_with("\\u") { self.hex(self.at + 2) } else { None };
        let pair = [unit, second.unwrap_or(0)];
        match char::decode_utf16(pair).next() {
            Some(Ok(decoded)) => {
                self.at += if decoded.len_utf16() == 2 { 6 } else { 0 };
                decoded
            }
            _ => char::REPLACEMENT_CHARACTER,
        }
    }

    fn hex(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u16::from_str_radix(digits, 16).ok()
    }
}

/// The grammar of RFC 8259, section 6.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

#[cfg(test)]
mod tests;
