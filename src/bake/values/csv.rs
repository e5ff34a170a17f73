//! One record of comma-separated values, as Go's `encoding/csv` reads it (RFC 4180; blanks are part of a field).

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
}

/// The fields of one record.
///
/// # Errors
/// When the text is empty or its quotes do not match.
pub fn fields(text: &str, separator: char) -> Result<Vec<String>, CsvError> {
    let text = text.strip_suffix('\n').map_or(text, |t| t.strip_suffix('\r').unwrap_or(t));
    if text.is_empty() {
        return Err(CsvError::Empty);
    }
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => {
                let end = rest.find(separator).unwrap_or(rest.len());
                if rest[..end].contains('"') {
                    return Err(CsvError::BareQuote);
                }
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        fields.push(field);
        rest = match after.strip_prefix(separator) {
            Some(next) => next,
            None if after.is_empty() => return Ok(fields),
            None => return Err(CsvError::Unclosed),
        };
    }
}

/// The field after an opening quote, and what follows its closing quote; `""` is a quote.
fn quoted_field(mut rest: &str) -> Result<(String, &str), CsvError> {
    let mut field = String::new();
    loop {
        let end = rest.find('"').ok_or(CsvError::Unclosed)?;
        field.push_str(&rest[..end]);
        rest = &rest[end + 1..];
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
}
