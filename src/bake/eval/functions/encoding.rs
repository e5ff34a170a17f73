//! Functions that encode and decode text, but for JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use super::json::OBJECT;
use super::strings::{MAX_ITEMS, check_items, check_length, text};
use super::{Ambient, Family, FunctionError, fixed, param};
use crate::bake::values::csv::{CsvError, Records};
use crate::bake::values::{MarkedStr, Name, ObjectType, Type, Value};
use crate::percent;

/// Go's `base64.StdEncoding`: padding is required, bits that are left over are not looked at.
pub(super) const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

pub(super) fn family() -> Family {
    let text = |name| param(name, Type::String);
    vec![
        ("base64decode", fixed(vec![text("str")], base64_decode)),
        ("base64encode", fixed(vec![text("str")], base64_encode)),
        ("byteslen", fixed(vec![param("buf", Type::Dynamic)], bytes)),
        (
            "bytesslice",
            fixed(
                vec![
                    param("buf", Type::Dynamic),
                    param("offset", Type::Number),
                    param("length", Type::Number),
                ],
                bytes,
            ),
        ),
        ("csvdecode", fixed(vec![text("str")], csv_decode)),
        ("urlencode", fixed(vec![text("str")], url_encode)),
    ]
}

/// `byteslen` and `bytesslice` want a value of a type that nothing in the language makes.
fn bytes(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let found = args.first().map_or(Type::Dynamic, Value::ty);
    Err(FunctionError::argument(0, format!("bytes required, but have {found}")))
}

fn base64_encode(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let text = text(args, 0)?;
    check_length(text.len() / 3 * 4)?;
    Ok(Value::string(BASE64.encode(text)))
}

fn url_encode(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let text = text(args, 0)?;
    check_length(percent::encoded_length(text))?;
    Ok(Value::string(percent::encode(text)))
}

fn base64_decode(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let encoded = text(args, 0)?.replace(['\r', '\n'], "");
    check_length(encoded.len())?;
    let bytes =
        BASE64.decode(encoded).map_err(|e| FunctionError::argument(0, format!("not valid base64: {e}")))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| FunctionError::argument(0, "the result of decoding is not valid UTF-8"))?;
    Ok(Value::string(text))
}

/// A list of one object a row, named by the first row.
fn csv_decode(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let mut records = Records::new(text(args, 0)?, MAX_ITEMS);
    let (line, headers) = records.next().ok_or_else(|| FunctionError::new("missing header line"))?;
    let headers = headers.map_err(|error| csv_error(line, error))?;
    let mut attributes = BTreeMap::new();
    let names: Vec<Name> =
        headers.into_iter().map(|header| Arc::clone(MarkedStr::normalized(header).name())).collect();
    for name in &names {
        if attributes.insert(Arc::clone(name), Type::String).is_some() {
            return Err(FunctionError::new(format!("duplicate column name {name:?}")));
        }
    }
    let mut rows = Vec::new();
    for (line, record) in records {
        let fields = record.map_err(|error| csv_error(line, error))?;
        if fields.len() != names.len() {
            return Err(on_line(line, "wrong number of fields"));
        }
        let row = names.iter().cloned().zip(fields.into_iter().map(Value::string)).collect();
        rows.push(Value::object(row));
        check_items(rows.len().saturating_mul(names.len() + OBJECT))?;
    }
    let object = ObjectType { attributes, ..ObjectType::default() };
    Ok(Value::list(Type::Object(Arc::new(object)), rows))
}

/// The error in Go's words.
fn csv_error(line: usize, error: CsvError) -> FunctionError {
    match error {
        CsvError::Empty => FunctionError::new("missing header line"),
        CsvError::BareQuote => on_line(line, "bare \" in non-quoted field"),
        CsvError::Unclosed => on_line(line, "extraneous or missing \" in quoted field"),
        CsvError::TooManyFields => on_line(line, "too many fields"),
    }
}

fn on_line(line: usize, what: &str) -> FunctionError {
    FunctionError::new(format!("CSV parse error on line {line}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_errors};

    #[test]
    fn encoding_functions_give_what_buildx_gives() {
        check(&[
            ("base64decode", r#"["aGVsbG8="]"#, r#""hello""#),
            ("csvdecode", r#"["a,b\n\"x,y\",2"]"#, r#"[{"a":"x,y","b":"2"}]"#),
            ("urlencode", r#"["a b&c/é?*~'()"]"#, r#""a+b%26c%2F%C3%A9%3F%2A~%27%28%29""#),
            ("csvdecode", r#"["\n\na,b\n\n1,2\n\n"]"#, r#"[{"a":"1","b":"2"}]"#),
            ("csvdecode", r#"["a\r\nx\r\n\"y\r\nz\"\r\n"]"#, r#"[{"a":"x"},{"a":"y\nz"}]"#),
            ("csvdecode", r#"["a\n\"x\"\"y\"\n \nb\r"]"#, r#"[{"a":"x\"y"},{"a":" "},{"a":"b"}]"#),
            ("csvdecode", r#"["a,b"]"#, "[]"),
            ("base64decode", r#"["aGVs\nbG8=\n"]"#, r#""hello""#),
            ("base64decode", r#"["aGVsbG9="]"#, r#""hello""#),
            ("base64decode", r#"[""]"#, r#""""#),
            ("base64encode", r#"["é"]"#, r#""w6k=""#),
            ("urlencode", r#"["ab/=~*!ä\n"]"#, r#""ab%2F%3D~%2A%21%C3%A4%0A""#),
        ]);
    }

    #[test]
    fn encoding_functions_refuse_what_buildx_refuses() {
        check_errors(&[
            ("bytesslice", r#"["abc",0,1]"#, "bytes required, but have string"),
            ("csvdecode", r#"["a,b\n1,2,3"]"#, "CSV parse error on line 2: wrong number of fields"),
            ("csvdecode", r#"["a,a\n1,2"]"#, r#"duplicate column name "a""#),
            ("csvdecode", r#"[""]"#, "missing header line"),
            (
                "csvdecode",
                r#"["a\n\"x\"y"]"#,
                r#"CSV parse error on line 2: extraneous or missing " in quoted"#,
            ),
            ("csvdecode", r#"["a\nx\"y"]"#, r#"CSV parse error on line 2: bare " in non-quoted field"#),
            ("csvdecode", r#"["a\n\"x"]"#, r#"CSV parse error on line 2: extraneous or missing " in quoted"#),
            ("base64decode", r#"["aGVsbG8"]"#, "not valid base64: Invalid padding"),
            ("base64decode", r#"["/w=="]"#, "the result of decoding is not valid UTF-8"),
            ("base64decode", r#"["a-_="]"#, "not valid base64: Invalid symbol 45, offset 1."),
            ("byteslen", r#"["a"]"#, "bytes required, but have string"),
        ]);
    }
}
