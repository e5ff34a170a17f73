//! Records of comma-separated values, as Go's `encoding/csv` reads it (RFC 4180; blanks are part of a field).

use thiserror::Error;

/// Why a text is not one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CsvError {
    /// Go calls this `EOF`.
    #[error("it is empty")]
    Empty,
    /// A quote inside a field that does not begin with one.
    #[error("a quote stands inside an unquoted field")]
    BareQuote,
    /// No closing quote, or something after it.
    #[error("a quoted field is not closed properly")]
    Unclosed,
    /// More fields than the caller takes.
    #[error("it has too many fields")]
    TooManyFields,
}

/// How a record ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Text,
    Line,
}

/// The fields of a text that is one record.
///
/// # Errors
/// When the text is empty or its quotes do not match.
pub fn fields(text: &str, separator: char) -> Result<Vec<String>, CsvError> {
    let text = text.strip_suffix('\n').map_or(text, |t| t.strip_suffix('\r').unwrap_or(t));
    if text.is_empty() {
        return Err(CsvError::Empty);
    }
    record(text, separator, End::Text, usize::MAX).map(|(fields, _)| fields)
}

/// The records of a text, each with the line that it starts on, counted from 1. Empty lines are skipped, and `\r\n` is
/// `\n`. Ends after the first error.
pub(crate) struct Records<'t> {
    rest: &'t str,
    line: usize,
    max_fields: usize,
}

impl<'t> Records<'t> {
    /// The records of a text, none of which may have more fields.
    pub(crate) fn new(text: &'t str, max_fields: usize) -> Self {
        Self { rest: text, line: 1, max_fields }
    }
}

impl Iterator for Records<'_> {
    type Item = (usize, Result<Vec<String>, CsvError>);

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(rest) = self.rest.strip_prefix('\r').unwrap_or(self.rest).strip_prefix('\n') {
            self.rest = rest;
            self.line += 1;
        }
        if matches!(self.rest, "" | "\r") {
            return None;
        }
        let (line, text) = (self.line, self.rest);
        self.rest = "";
        Some((
            line,
            record(text, ',', End::Line, self.max_fields).map(|(fields, rest)| {
                self.line += text[..text.len() - rest.len()].matches('\n').count();
                self.rest = rest;
                fields
            }),
        ))
    }
}

/// The fields of the first record of a text, and what follows it.
fn record(text: &str, separator: char, end: End, max_fields: usize) -> Result<(Vec<String>, &str), CsvError> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        if fields.len() > max_fields {
            return Err(CsvError::TooManyFields);
        }
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted, end)?,
            None => bare_field(rest, separator, end)?,
        };
        fields.push(field);
        rest = match after.strip_prefix(separator) {
            Some(next) => next,
            None => return Ok((fields, after_record(after, end).ok_or(CsvError::Unclosed)?)),
        };
    }
}

/// What follows a record that ends here.
fn after_record(text: &str, end: End) -> Option<&str> {
    let text = match end {
        End::Text => text,
        End::Line => text.strip_prefix('\r').unwrap_or(text),
    };
    match text.strip_prefix('\n') {
        Some(next) if end == End::Line => Some(next),
        _ => text.is_empty().then_some(text),
    }
}

/// The field up to a separator or the end of the record, and what follows.
fn bare_field(text: &str, separator: char, end: End) -> Result<(String, &str), CsvError> {
    let ends = |c: char| c == separator || (end == End::Line && c == '\n');
    let (field, after) = text.split_at(text.find(ends).unwrap_or(text.len()));
    let is_last = !after.starts_with(separator);
    let field = if end == End::Line && is_last { field.strip_suffix('\r').unwrap_or(field) } else { field };
    if field.contains('"') { Err(CsvError::BareQuote) } else { Ok((field.to_owned(), after)) }
}

/// The field after an opening quote, and what follows its closing quote; `""` is a quote.
fn quoted_field(mut rest: &str, end: End) -> Result<(String, &str), CsvError> {
    let mut field = String::new();
    loop {
        let close = rest.find('"').ok_or(CsvError::Unclosed)?;
        match end {
            End::Text => field.push_str(&rest[..close]),
            End::Line => field.push_str(&rest[..close].replace("\r\n", "\n")),
        }
        rest = &rest[close + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                field.push('"');
                rest = more;
            }
            None => return Ok((field, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_splits_as_in_go() {
        assert_eq!(fields("a, b,", ',').unwrap(), ["a", " b", ""]);
        assert_eq!(fields("type=image,\"name=a,b\"", ',').unwrap(), ["type=image", "name=a,b"]);
        assert_eq!(fields("\"a\"\"b\":c", ':').unwrap(), ["a\"b", "c"]);
        assert_eq!(fields("", ','), Err(CsvError::Empty));
        assert_eq!(fields("a\"b", ','), Err(CsvError::BareQuote));
        assert_eq!(fields("\"a\"b", ','), Err(CsvError::Unclosed));
        assert_eq!(fields("\"a", ','), Err(CsvError::Unclosed));
    }

    #[test]
    fn records_split_at_lines_as_in_go() {
        let records = |text| Records::new(text, 3).collect::<Vec<_>>();
        let ok = |line, fields: &[&str]| (line, Ok(fields.iter().map(|&field| field.to_owned()).collect()));
        for text in ["", "\n", "\r\n\n", "\r"] {
            assert_eq!(records(text), [], "{text:?}");
        }
        assert_eq!(records("a,b\n\n1,2"), [ok(1, &["a", "b"]), ok(3, &["1", "2"])]);
        assert_eq!(records("\r\na\r\n\"b\"\r\n"), [ok(2, &["a"]), ok(3, &["b"])]);
        assert_eq!(records("\"a\r\nb\",c\n \nd\r"), [ok(1, &["a\nb", "c"]), ok(3, &[" "]), ok(4, &["d"])]);
        assert_eq!(records("a\rb,\"\"\n"), [ok(1, &["a\rb", ""])]);
        for (text, line, error) in [
            ("a\nb\"c\nd", 2, CsvError::BareQuote),
            ("\"a\n\nb", 1, CsvError::Unclosed),
            ("a\n\"b\"c", 2, CsvError::Unclosed),
            ("\"a\"\rb", 1, CsvError::Unclosed),
            ("a,b,c,d,e", 1, CsvError::TooManyFields),
        ] {
            assert_eq!(records(text).pop(), Some((line, Err(error))), "{text:?}");
        }
    }
}
