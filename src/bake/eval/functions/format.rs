//! `format` and `formatlist`: go-cty's `printf`
//! (<https://github.com/zclconf/go-cty/blob/main/cty/function/stdlib/format.go>).

use super::json::write_json;
use super::strings::{check_items, check_length, text};
use super::{Ambient, ArgumentError, Family, FunctionError, nullable, param, variadic};
use crate::bake::values::convert::convert;
use crate::bake::values::{Number, Type, Value};
use crate::graphemes::graphemes;

/// The largest width and precision.
const MAX_WIDTH: usize = 10_000;

pub(super) fn family() -> Family {
    let params = || (vec![param("format", Type::String)], nullable("args", Type::Dynamic));
    let function = |call| {
        let (first, rest) = params();
        variadic(first, rest, call)
    };
    vec![("format", function(format)), ("formatlist", function(format_list))]
}

fn format(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    Ok(Value::string(render(text(args, 0)?, args.get(1..).unwrap_or_default())?))
}

/// Formats once for each position of the lists among the arguments; the others are used every time.
fn format_list(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let format = text(args, 0)?;
    let args = args.get(1..).unwrap_or_default();
    let mut length: Option<(usize, usize)> = None;
    for (index, items) in args.iter().enumerate().filter_map(|(index, arg)| Some((index, arg.items()?))) {
        match length {
            Some((chooser, length)) if length != items.len() => {
                let message = format!(
                    "argument {} has length {}, which is inconsistent with argument {} of length {length}",
                    index + 1,
                    items.len(),
                    chooser + 1
                );
                return Err(FunctionError::argument(index + 1, message));
            }
            Some(_) => {}
            None => length = Some((index, items.len())),
        }
    }
    let count = length.map_or(1, |(_, length)| length);
    check_items(count)?;
    let mut results = Vec::with_capacity(count);
    let mut bytes = 0;
    for position in 0..count {
        let at = |arg: &Value| arg.items().map_or_else(|| arg.clone(), |items| items[position].clone());
        let args: Vec<Value> = args.iter().map(at).collect();
        let result = render(format, &args).map_err(|e| FunctionError {
            message: format!("error on format iteration {position}: {}", e.message),
            ..e
        })?;
        bytes += result.len();
        check_length(bytes)?;
        results.push(Value::string(result));
    }
    Ok(Value::list(Type::String, results))
}

/// `%[flags][width][.precision][[argument]]mode`.
#[derive(Debug)]
struct Verb<'a> {
    /// The whole of it.
    raw: &'a str,
    /// Where it begins in the format, in bytes.
    offset: usize,
    zero: bool,
    sharp: bool,
    plus: bool,
    minus: bool,
    space: bool,
    width: Option<usize>,
    precision: Option<usize>,
    /// Counted from 1.
    argument: usize,
    mode: char,
}

fn render(format: &str, args: &[Value]) -> Result<String, FunctionError> {
    let mut result = String::new();
    let (mut at, mut next, mut highest) = (0, 1, 0);
    while let Some((literal, after)) = format[at..].split_once('%') {
        result.push_str(literal);
        let offset = at + literal.len();
        if after.starts_with('%') {
            result.push('%');
            at = offset + 2;
            continue;
        }
        let verb = Verb::parse(format, offset, next).map_err(|e| FunctionError::argument(0, e))?;
        let arg = args.get(verb.argument - 1).ok_or_else(|| {
            let message = format!(
                "not enough arguments for {:?} at {offset}: need index {} but have {} total",
                verb.raw,
                verb.argument,
                args.len()
            );
            FunctionError::argument(0, message)
        })?;
        verb.append(arg, &mut result).map_err(|e| FunctionError::argument(verb.argument, e))?;
        check_length(result.len())?;
        highest = highest.max(verb.argument);
        next = verb.argument + 1;
        at = offset + verb.raw.len();
    }
    if highest < args.len() {
        let message = match highest {
            0 => "too many arguments; no verbs in format string".to_owned(),
            _ => format!("too many arguments; only {highest} used by format string"),
        };
        return Err(FunctionError::argument(highest + 1, message));
    }
    result.push_str(&format[at..]);
    check_length(result.len())?;
    Ok(result)
}

impl<'a> Verb<'a> {
    /// Reads the verb at a `%`.
    fn parse(format: &'a str, offset: usize, next: usize) -> Result<Self, ArgumentError> {
        let mut verb = Self {
            raw: "",
            offset,
            zero: false,
            sharp: false,
            plus: false,
            minus: false,
            space: false,
            width: None,
            precision: None,
            argument: next,
            mode: 'v',
        };
        let bytes = format.as_bytes();
        let mut at = offset + 1;
        while let Some(flag) = bytes.get(at) {
            match flag {
                b'0' => verb.zero = true,
                b'#' => verb.sharp = true,
                b'+' => verb.plus = true,
                b'-' => verb.minus = true,
                b' ' => verb.space = true,
                _ => break,
            }
            at += 1;
        }
        verb.width = number(format, &mut at)?;
        if bytes.get(at) == Some(&b'.') {
            at += 1;
            verb.precision = Some(number(format, &mut at)?.unwrap_or(0));
        }
        if bytes.get(at) == Some(&b'[') && bytes.get(at + 1) != Some(&b'0') {
            at += 1;
            verb.argument = number(format, &mut at)?.ok_or_else(|| unrecognized(format, at))?;
            if bytes.get(at) != Some(&b']') {
                return Err(unrecognized(format, at).into());
            }
            at += 1;
        }
        let mode = format[at..].chars().next().filter(char::is_ascii_alphabetic);
        verb.mode = mode.ok_or_else(|| unrecognized(format, at))?;
        verb.raw = &format[offset..=at];
        Ok(verb)
    }

    fn append(&self, arg: &Value, result: &mut String) -> Result<(), ArgumentError> {
        let unsupported =
            |reason: &str| format!("unsupported value for {:?} at {}: {reason}", self.raw, self.offset);
        if arg.is_null() && self.mode != 'v' {
            return Err(unsupported("null value cannot be formatted").into());
        }
        let converted = |ty: Type| convert(arg, &ty).map_err(|e| unsupported(&e.to_string()));
        let formatted = match self.mode {
            'v' => self.pad(match arg {
                Value::String(text) if !self.sharp => text.as_str().to_owned(),
                Value::Number(number, _) if !self.sharp => number.text_g(),
                _ => json(arg).map_err(|e| e.put(unsupported))?,
            }),
            't' => match converted(Type::Bool)? {
                Value::Bool(true, _) => "true".to_owned(),
                _ => "false".to_owned(),
            },
            'b' | 'd' | 'o' | 'x' | 'X' | 'e' | 'E' | 'f' | 'g' | 'G' => match converted(Type::Number)? {
                Value::Number(number, _) if "bdoxX".contains(self.mode) => {
                    self.integer(&number).ok_or_else(|| unsupported("an integer is required"))?
                }
                Value::Number(number, _) => self.float(&number),
                _ => return Err(unsupported("a number is required").into()),
            },
            's' | 'q' => {
                let value = converted(Type::String)?;
                let text = value.as_str().ok_or_else(|| unsupported("a string is required"))?;
                // A precision of 0 is as none.
                let text = match self.precision {
                    Some(precision) if precision > 0 => graphemes(text).take(precision).collect(),
                    _ => text.to_owned(),
                };
                self.pad(if self.mode == 'q' { json(&Value::string(text))? } else { text })
            }
            mode => {
                return Err(format!(
                    "unsupported format verb {mode:?} in {:?} at offset {}",
                    self.raw, self.offset
                )
                .into());
            }
        };
        result.push_str(&formatted);
        Ok(())
    }

    /// Fills up to the width, which counts grapheme clusters.
    fn pad(&self, text: String) -> String {
        let width = self.width.unwrap_or(0);
        let missing = width.saturating_sub(graphemes(&text).take(width).count());
        let padding = if self.zero { "0" } else { " " }.repeat(missing);
        if self.minus { text + &padding } else { padding + &text }
    }

    fn sign(&self, negative: bool) -> &'static str {
        if negative {
            "-"
        } else if self.plus {
            "+"
        } else if self.space {
            " "
        } else {
            ""
        }
    }

    /// Go's `big.Int.Format`, `None` for a fraction or infinity.
    fn integer(&self, number: &Number) -> Option<String> {
        let integer = number.to_bigint()?;
        let (radix, prefix) = match self.mode {
            'b' => (2, "0b"),
            'o' => (8, "0"),
            'x' => (16, "0x"),
            'X' => (16, "0X"),
            _ => (10, ""),
        };
        let mut digits = integer.magnitude().to_str_radix(radix);
        if self.mode == 'X' {
            digits.make_ascii_uppercase();
        }
        if digits == "0" && self.precision == Some(0) {
            return Some(String::new());
        }
        let prefix = if self.sharp { prefix } else { "" };
        let sign = self.sign(integer.sign() == num_bigint::Sign::Minus);
        let mut zeros = self.precision.unwrap_or(0).saturating_sub(digits.len());
        let length = sign.len() + prefix.len() + zeros + digits.len();
        let missing = self.width.unwrap_or(0).saturating_sub(length);
        let (mut left, mut right) = (0, 0);
        match (self.minus, self.zero && self.precision.is_none()) {
            (true, _) => right = missing,
            (false, true) => zeros = missing,
            (false, false) => left = missing,
        }
        let (left, zeros, right) = (" ".repeat(left), "0".repeat(zeros), " ".repeat(right));
        Some(format!("{left}{sign}{prefix}{zeros}{digits}{right}"))
    }

    /// Go's `big.Float.Format`.
    fn float(&self, number: &Number) -> String {
        let mut text = match (self.mode.to_ascii_lowercase(), self.precision) {
            ('f', precision) => number.text_f(Some(precision.unwrap_or(6))),
            ('e', precision) => number.text_e(Some(precision.unwrap_or(6))),
            (_, Some(precision)) => number.text_g_prec(precision),
            (_, None) => number.text_g(),
        };
        if self.mode.is_ascii_uppercase() && !number.is_infinite() {
            text.make_ascii_uppercase();
        }
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (self.sign(true), digits),
            None => match text.strip_prefix('+') {
                Some(infinity) if self.space => (" ", infinity),
                Some(infinity) => ("+", infinity),
                None => (self.sign(false), text.as_str()),
            },
        };
        let missing = self.width.unwrap_or(0).saturating_sub(sign.len() + digits.len());
        // Unlike in integers, `0` wins over `-`.
        if self.zero && !number.is_infinite() {
            format!("{sign}{}{digits}", "0".repeat(missing))
        } else if self.minus {
            format!("{sign}{digits}{}", " ".repeat(missing))
        } else {
            format!("{}{sign}{digits}", " ".repeat(missing))
        }
    }
}

fn json(value: &Value) -> Result<String, ArgumentError> {
    let mut json = String::new();
    write_json(value, &mut json)?;
    Ok(json)
}

/// The decimal number at `at`, which moves behind it.
fn number(format: &str, at: &mut usize) -> Result<Option<usize>, ArgumentError> {
    let digits = &format[*at..];
    let digits = &digits[..digits.bytes().take_while(u8::is_ascii_digit).count()];
    if digits.is_empty() {
        return Ok(None);
    }
    *at += digits.len();
    match digits.parse() {
        Ok(number) if number <= MAX_WIDTH => Ok(Some(number)),
        _ => Err(ArgumentError::ours(format!(
            "{digits} is more than {MAX_WIDTH}, the largest number in a format"
        ))),
    }
}

fn unrecognized(format: &str, at: usize) -> String {
    match format[at..].chars().next() {
        Some(c) => format!("unrecognized format character {c:?} at offset {at}"),
        None => format!("invalid format string starting at offset {at}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_errors};

    #[test]
    fn formats_give_what_buildx_gives() {
        check(&[
            ("format", r#"["%v",["a",1]]"#, r#""[\"a\",1]""#),
            ("format", r#"["%5d|%-5d|%05d|%+d",3,3,3,3]"#, r#""    3|3    |00003|+3""#),
            ("format", r#"["%5s|%-5s|%.2s","ab","ab","abc"]"#, r#""   ab|ab   |ab""#),
            ("format", r#"["%q","a\"b<"]"#, r#""\"a\\\"b\\u003c\"""#),
            ("format", r#"["%x %X %o %b",255,255,8,5]"#, r#""ff FF 10 101""#),
            (
                "format",
                r#"["%e %.1e %g %G",1234.5,1234.5,1e+20,1e-20]"#,
                r#""1.234500e+03 1.2e+03 1e+20 1E-20""#,
            ),
            ("format", r#"["%f %.2f %.0f",1.005,1.005,2.5]"#, r#""1.005000 1.00 2""#),
            ("format", r#"["%t",true]"#, r#""true""#),
            ("format", r#"["%t","true"]"#, r#""true""#),
            ("format", r#"["%%"]"#, r#""%""#),
            ("format", r#"["%s",1.5]"#, r#""1.5""#),
            ("format", r#"["%d","12"]"#, r#""12""#),
            ("format", r#"["%g",100000000000000000000000]"#, r#""1e+23""#),
            ("format", r#"["%5.1f|",3.14159]"#, r#""  3.1|""#),
            ("formatlist", r#"["%s-%s",["a","b"],"x"]"#, r#"["a-x","b-x"]"#),
            ("formatlist", r#"["%s",[]]"#, "[]"),
            ("formatlist", r#"["x"]"#, r#"["x"]"#),
            (
                "format",
                r#"["%-05d|%-08.2f|%+d|%+ d|%#o|%#X|%.3d|%06.3d|%.0d",3,1.5,3,3,8,255,7,7,0]"#,
                r#""3    |00001.50|+3|+3|010|0XFF|007|   007|""#,
            ),
            (
                "format",
                r#"["%05s|%-4s|%5q|%.2q|%.0s","ab","ab","a","abc","abc"]"#,
                r#""000ab|ab  |  \"a\"|\"ab\"|abc""#,
            ),
            ("format", r#"["%3s|%.1s","🇫🇷","👨\u200d👩\u200d👧x"]"#, r#""  🇫🇷|👨‍👩‍👧""#),
            (
                "format",
                r#"["%v %v %#v %v %v",1000000,12345678.5,1000000,null,{"a":[null,true]}]"#,
                r#""1e+06 1.23456785e+07 1000000 null {\"a\":[null,true]}""#,
            ),
            ("format", r#"["%[2]s %[1]s %s","a","b"]"#, r#""b a b""#),
            (
                "format",
                r#"["%d %x",123456789012345678901234567890,-255]"#,
                r#""123456789012345678901234567890 -ff""#,
            ),
            (
                "format",
                r#"["%.3g %.10g %8.2e|% e",123456,123456,12345.678,1]"#,
                r#""1.23e+05 123456 1.23e+04| 1.000000e+00""#,
            ),
            ("formatlist", r#"["%s=%v",["a","b"],[1,null]]"#, r#"["a=1","b=null"]"#),
        ]);
    }

    #[test]
    fn formats_refuse_what_buildx_refuses() {
        check_errors(&[
            ("format", r#"["%s","a","b"]"#, "too many arguments; only 1 used by format string"),
            ("format", r#"["%[0]s","a"]"#, "unrecognized format character '[' at offset 1"),
            ("format", r#"["%5[1]s|%[1]5s","a"]"#, "unrecognized format character '5' at offset 11"),
            ("format", r#"["%5%"]"#, "unrecognized format character '%' at offset 2"),
            ("format", r#"["%"]"#, "invalid format string starting at offset 1"),
            ("format", r#"["%é"]"#, "unrecognized format character 'é' at offset 1"),
            ("format", r#"["%d",1.5]"#, r#"unsupported value for "%d" at 0: an integer is required"#),
            ("format", r#"["%s",null]"#, r#"unsupported value for "%s" at 0: null value cannot be format"#),
            ("format", r#"["%z",1]"#, r#"unsupported format verb 'z' in "%z" at offset 0"#),
            ("format", r#"["%s"]"#, r#"not enough arguments for "%s" at 0: need index 1 but have 0 "#),
            ("format", r#"["x","a"]"#, "too many arguments; no verbs in format string"),
            ("format", r#"["%99999d",1]"#, "99999 is more than 10000, the largest number in a format"),
            ("format", r#"["%d","x"]"#, r#"unsupported value for "%d" at 0: a number is required"#),
            (
                "formatlist",
                r#"["%s%s",["a","b"],["c"]]"#,
                "argument 2 has length 1, which is inconsistent with argument",
            ),
            (
                "formatlist",
                r#"["%s",[null]]"#,
                r#"error on format iteration 0: unsupported value for "%s" at 0"#,
            ),
        ]);
    }
}
