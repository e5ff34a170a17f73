//! JSON as cty reads and writes it: exact numbers, and Go's escapes for HTML.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use super::strings::{MAX_ITEMS, MAX_TEXT, text};
use super::{Ambient, ArgumentError, Family, FunctionError, fixed, nullable, param};
use crate::bake::values::{MarkedStr, Marks, Name, Number, Type, Value};

/// What holds the members of an object takes as much memory as so many values.
pub(super) const OBJECT: usize = 7;

/// How deep arrays and objects may nest.
const MAX_DEPTH: usize = 500;

pub(super) fn family() -> Family {
    vec![
        ("jsondecode", fixed(vec![param("str", Type::String)], decode)),
        ("jsonencode", fixed(vec![nullable("val", Type::Dynamic)], encode)),
    ]
}

fn decode(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    from_json(text(args, 0)?).map_err(|e| FunctionError::argument(0, e))
}

fn encode(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let mut json = String::new();
    if let Some(value) = args.first() {
        write_json(value, &mut json).map_err(FunctionError::whole)?;
    }
    Ok(Value::string(json))
}

/// Appends a value as JSON.
///
/// # Errors
/// For infinity, and when the JSON becomes longer than any text may be: values share their parts, so that a small one may have much.
pub(super) fn write_json(value: &Value, json: &mut String) -> Result<(), ArgumentError> {
    if json.len() > MAX_TEXT {
        return Err(too_long());
    }
    match value {
        Value::Null(_, _) => json.push_str("null"),
        Value::Bool(value, _) => json.push_str(if *value { "true" } else { "false" }),
        Value::Number(number, _) if number.is_infinite() => {
            return Err("cannot serialize infinity as JSON".into());
        }
        Value::Number(number, _) => write!(json, "{number}").expect("a string takes any text"),
        Value::String(text) => write_string(text.as_str(), json)?,
        Value::List(_, items, _) | Value::Set(_, items, _) | Value::Tuple(items, _) => {
            array(items.iter(), json, write_json)?;
        }
        Value::Map(_, members, _) | Value::Object(members, _) => {
            object(members, json, |_, member, json| write_json(member, json))?;
        }
    }
    Ok(())
}

/// Appends a JSON array of what `write` makes of each item.
pub(super) fn array<T>(
    items: impl Iterator<Item = T>,
    json: &mut String,
    write: impl Fn(T, &mut String) -> Result<(), ArgumentError>,
) -> Result<(), ArgumentError> {
    json.push('[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            json.push(',');
        }
        write(item, json)?;
    }
    json.push(']');
    Ok(())
}

/// Appends a JSON object of what `write` makes of each member.
pub(super) fn object<T>(
    members: &BTreeMap<Name, T>,
    json: &mut String,
    write: impl Fn(&Name, &T, &mut String) -> Result<(), ArgumentError>,
) -> Result<(), ArgumentError> {
    json.push('{');
    for (index, (name, member)) in members.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        write_string(name, json)?;
        json.push(':');
        write(name, member, json)?;
    }
    json.push('}');
    Ok(())
}

/// Appends a JSON string with the escapes of Go's [`json.Marshal`](https://pkg.go.dev/encoding/json#Marshal).
///
/// # Errors
/// When the JSON becomes longer than any text may be.
pub(super) fn write_string(text: &str, json: &mut String) -> Result<(), ArgumentError> {
    json.push('"');
    for c in text.chars() {
        if json.len() > MAX_TEXT {
            return Err(too_long());
        }
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{C}' => json.push_str("\\f"),
            '\0'..'\u{20}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                write!(json, "\\u{:04x}", u32::from(c)).expect("a string takes any text");
            }
            c => json.push(c),
        }
    }
    json.push('"');
    if json.len() > MAX_TEXT { Err(too_long()) } else { Ok(()) }
}

fn too_long() -> ArgumentError {
    ArgumentError::ours(format!("the result is longer than {} MiB", MAX_TEXT >> 20))
}

/// Reads JSON into objects, tuples, numbers, strings, bools and nulls of any type. A name that an object has twice
/// keeps its last value, which must be of the type of the first. What follows the value is not looked at when it begins
/// with `]` or `}`, as in go-cty: there Go's [`Decoder.More`](https://pkg.go.dev/encoding/json#Decoder.More) says no.
///
/// # Errors
/// What is wrong and where, for JSON that is not valid, nests more than 500 deep or holds more than 1,048,576 values.
pub(super) fn from_json(json: &str) -> Result<Value, ArgumentError> {
    let mut reader = JsonReader::new(json);
    let value = reader.value(0)?;
    reader.skip_space();
    if !reader.rest().is_empty() && !reader.rest().starts_with([']', '}']) {
        return Err(format!("extraneous data after the JSON value, at byte {}", reader.at).into());
    }
    Ok(value)
}

pub(super) struct JsonReader<'a> {
    json: &'a str,
    at: usize,
    values: usize,
}

impl<'a> JsonReader<'a> {
    pub(super) fn new(json: &'a str) -> Self {
        Self { json, at: 0, values: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.json[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.json.len() - self.rest().trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), ArgumentError> {
        self.skip_space();
        if self.eat(token) { Ok(()) } else { Err(self.unexpected(&format!("`{token}`"))) }
    }

    pub(super) fn unexpected(&self, wanted: &str) -> ArgumentError {
        let message = match self.rest().chars().next() {
            Some(found) => format!("wrong JSON: {wanted} expected at byte {}, found {found:?}", self.at),
            None => format!("wrong JSON: {wanted} expected, found the end"),
        };
        message.into()
    }

    /// Goes to the next value, which is so deep, and counts it.
    pub(super) fn enter(&mut self, depth: usize) -> Result<(), ArgumentError> {
        if depth > MAX_DEPTH {
            return Err(ArgumentError::ours(format!("the JSON nests more than {MAX_DEPTH} deep")));
        }
        self.values += 1;
        if self.values > MAX_ITEMS {
            return Err(ArgumentError::ours(format!("the JSON has more than {MAX_ITEMS} values")));
        }
        self.skip_space();
        Ok(())
    }

    pub(super) fn value(&mut self, depth: usize) -> Result<Value, ArgumentError> {
        self.enter(depth)?;
        match self.rest().bytes().next() {
            Some(b'{') => self.object(depth),
            Some(b'[') => {
                let mut items = Vec::new();
                self.items(|reader| {
                    items.push(reader.value(depth + 1)?);
                    Ok(())
                })?;
                Ok(Value::tuple(items))
            }
            Some(b'"') => self.string().map(Value::string),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.eat("true") => Ok(Value::from(true)),
            _ if self.eat("false") => Ok(Value::from(false)),
            _ if self.eat("null") => Ok(Value::null(Type::Dynamic)),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, ArgumentError> {
        self.values += OBJECT;
        let mut members = BTreeMap::new();
        self.members(|reader, text| {
            let name = MarkedStr::normalized(text.as_str());
            if name.as_str() != text {
                // cty takes the type's names in Unicode's composed form, then looks for those of the text.
                return Err(format!("the property {text:?} is not in Unicode's composed form (NFC)").into());
            }
            let value = reader.value(depth + 1)?;
            if members.get(name.as_str()).is_some_and(|former: &Value| former.ty() != value.ty()) {
                return Err(format!("duplicate {:?} property in JSON object", name.as_str()).into());
            }
            members.insert(Arc::clone(name.name()), value);
            Ok(())
        })?;
        Ok(Value::object(members))
    }

    /// Reads an array; `item` reads the next of its values.
    pub(super) fn items(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), ArgumentError>,
    ) -> Result<(), ArgumentError> {
        self.expect("[")?;
        self.skip_space();
        if self.eat("]") {
            return Ok(());
        }
        loop {
            item(self)?;
            self.skip_space();
            if self.eat("]") {
                return Ok(());
            }
            self.expect(",")?;
        }
    }

    /// Reads an object; `member` gets the name of each of its values, and reads that.
    pub(super) fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, String) -> Result<(), ArgumentError>,
    ) -> Result<(), ArgumentError> {
        self.expect("{")?;
        self.skip_space();
        if self.eat("}") {
            return Ok(());
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            self.expect(":")?;
            member(self, name)?;
            self.skip_space();
            if self.eat("}") {
                return Ok(());
            }
            self.expect(",")?;
        }
    }

    fn number(&mut self) -> Result<Value, ArgumentError> {
        let start = self.at;
        let text = self.number_text()?;
        let number = Number::parse(text).ok_or_else(|| {
            ArgumentError::ours(format!("the number at byte {start} of the JSON is out of range"))
        })?;
        let marks = Marks::of_number(&number, text);
        Ok(Value::Number(number, marks))
    }

    pub(super) fn number_text(&mut self) -> Result<&'a str, ArgumentError> {
        let start = self.at;
        self.eat("-");
        if !self.eat("0") {
            self.digits()?;
        }
        if self.eat(".") {
            self.digits()?;
        }
        if self.eat("e") || self.eat("E") {
            let _ = self.eat("+") || self.eat("-");
            self.digits()?;
        }
        Ok(&self.json[start..self.at])
    }

    fn digits(&mut self) -> Result<(), ArgumentError> {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 {
            return Err(self.unexpected("a digit"));
        }
        self.at += count;
        Ok(())
    }

    pub(super) fn string(&mut self) -> Result<String, ArgumentError> {
        if !self.eat("\"") {
            return Err(self.unexpected("a string"));
        }
        let mut text = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else { return Err(self.unexpected("`\"`")) };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(text);
                }
                '\\' => text.push(self.escape()?),
                '\0'..'\u{20}' => return Err(self.unexpected("a character of a string")),
                c => {
                    self.at += c.len_utf8();
                    text.push(c);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, ArgumentError> {
        self.at += 1;
        if self.eat("u") {
            let first = self.code_unit()?;
            let low = self.at;
            if (0xD800..0xDC00).contains(&first) && self.eat("\\u") {
                let second = self.code_unit()?;
                if (0xDC00..0xE000).contains(&second) {
                    let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                    return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                self.at = low;
            }
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let c = match self.rest().bytes().next() {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => return Err(self.unexpected("an escape character")),
        };
        self.at += 1;
        Ok(c)
    }

    fn code_unit(&mut self) -> Result<u32, ArgumentError> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.unexpected("four hexadecimal digits"))?;
        self.at += 4;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_errors};
    use super::*;

    #[test]
    fn json_functions_give_what_buildx_gives() {
        check(&[
            ("jsondecode", r#"["{\"a\":[1,2.50,null,true,\"x\"]}"]"#, r#"{"a":[1,2.5,null,true,"x"]}"#),
            ("jsondecode", r#"["[1,\"a\"]"]"#, r#"[1,"a"]"#),
            ("jsondecode", r#"["{\"b\":1,\"a\":2,\"b\":3}"]"#, r#"{"a":2,"b":3}"#),
            (
                "jsonencode",
                r#"[{"b":1,"a":"<&> "}]"#,
                r#""{\"a\":\"\\u003c\\u0026\\u003e\\u2028\",\"b\":1}""#,
            ),
            ("jsonencode", r#"["é\u0007/"]"#, r#""\"é\\u0007/\"""#),
            ("jsonencode", "[null]", r#""null""#),
            ("jsonencode", "[[1.5,1000.0,-0.5]]", r#""[1.5,1000,-0.5]""#),
            ("jsondecode", r#"[" null "]"#, "null"),
            ("jsondecode", r#"["[ 1 , {\"a\":[]} ]"]"#, r#"[1,{"a":[]}]"#),
            ("jsondecode", r#"["\"\\ud83d\\ude00\\ud800x\\/\""]"#, r#""😀�x/""#),
            ("jsondecode", r#"["{\"\\u00e9\":-0.50E+1}"]"#, r#"{"é":-5}"#),
            ("jsondecode", r#"["123456789012345678901234567890.5"]"#, "123456789012345678901234567890.5"),
            ("jsonencode", r#"[{"b":[],"a":{"c":null}}]"#, r#""{\"a\":{\"c\":null},\"b\":[]}""#),
        ]);
    }

    #[test]
    fn json_functions_refuse_what_buildx_refuses() {
        check_errors(&[
            ("jsondecode", r#"[""]"#, "wrong JSON: a value expected, found the end"),
            ("jsondecode", r#"["{a:1}"]"#, "wrong JSON: a string expected at byte 1, found 'a'"),
            ("jsondecode", r#"["1 2"]"#, "extraneous data after the JSON value, at byte 2"),
            ("jsondecode", r#"["1 , ]"]"#, "extraneous data after the JSON value, at byte 2"),
            ("jsondecode", r#"["01"]"#, "extraneous data after the JSON value, at byte 1"),
            ("jsondecode", r#"["[1,]"]"#, "wrong JSON: a value expected at byte 3, found ']'"),
            ("jsondecode", r#"["{\"a\":1,}"]"#, "wrong JSON: a string expected at byte 7, found '}'"),
            ("jsondecode", r#"["\"a\tb\""]"#, "wrong JSON: a character of a string expected at byte 2, fo"),
            ("jsondecode", r#"["[1 2]"]"#, "wrong JSON: `,` expected at byte 3, found '2'"),
            ("jsondecode", r#"["\"\\x\""]"#, "wrong JSON: an escape character expected at byte 2, found "),
            ("jsondecode", r#"["1."]"#, "wrong JSON: a digit expected, found the end"),
            ("jsondecode", r#"["-"]"#, "wrong JSON: a digit expected, found the end"),
            ("jsondecode", r#"["nul"]"#, "wrong JSON: a value expected at byte 0, found 'n'"),
            ("jsondecode", r#"["{\"e\\u0301\":1}"]"#, "is not in Unicode's composed form (NFC)"),
            ("jsondecode", r#"["{\"a\":1,\"a\":\"x\"}"]"#, r#"duplicate "a" property in JSON object"#),
        ]);
    }

    #[test]
    fn nesting_is_limited() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(from_json(&nested(MAX_DEPTH)).is_ok());
        assert!(from_json(&nested(MAX_DEPTH + 2)).is_err());
    }

    #[test]
    fn infinity_is_no_json() {
        assert!(write_json(&Value::from(Number::infinity(false)), &mut String::new()).is_err());
    }

    #[test]
    fn json_is_bounded_while_it_is_written() {
        let long = Value::string("\u{1}".repeat(1 << 20));
        let is_ours = |value: &Value| {
            let mut json = String::new();
            let error = write_json(value, &mut json).map_err(|error| FunctionError::argument(0, error));
            assert!(json.len() < MAX_TEXT + 10, "{}", json.len());
            error.err().map(|error| error.is_ours)
        };
        assert_eq!(is_ours(&long), None);
        for value in [
            Value::tuple(vec![long.clone(); 1000]),
            Value::object([("a".into(), Value::tuple(vec![long.clone(); 100]))].into()),
            Value::tuple(vec![Value::from(true); MAX_TEXT / 4]),
            Value::string("\u{1}".repeat(MAX_TEXT / 4)),
        ] {
            assert_eq!(is_ours(&value), Some(true));
        }
    }
}
