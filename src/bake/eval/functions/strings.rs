//! Functions on strings; a character is a grapheme cluster, and case mapping is Go's, one code point to one.

use super::{Ambient, Family, FunctionError, fixed, param, variadic};
use crate::bake::eval::budget::MAX_STRING;
use crate::bake::values::{Number, Type, Value};
use crate::graphemes::graphemes;

/// The longest text a function returns, in bytes: far above any real Bake file, far below the memory of a CI runner.
pub(super) const MAX_TEXT: usize = MAX_STRING;

/// The most values a function makes out of one text.
pub(super) const MAX_ITEMS: usize = 1 << 20;

pub(super) fn family() -> Family {
    let text = |name| param(name, Type::String);
    vec![
        (
            "chomp",
            fixed(vec![text("str")], |_, args| one(args, |s| s.trim_end_matches(['\r', '\n']).to_owned())),
        ),
        ("indent", fixed(vec![param("spaces", Type::Number), text("str")], indent)),
        ("join", variadic(vec![text("separator")], param("lists", Type::list(Type::String)), join)),
        ("lower", fixed(vec![text("str")], |_, args| one(args, |s| s.chars().map(lower).collect()))),
        ("replace", fixed(vec![text("str"), text("substr"), text("replace")], replace)),
        ("reverse", fixed(vec![text("str")], |_, args| one(args, reverse))),
        ("sanitize", fixed(vec![text("name")], |_, args| one(args, sanitize))),
        ("split", fixed(vec![text("separator"), text("str")], split)),
        ("strlen", fixed(vec![text("str")], strlen)),
        (
            "substr",
            fixed(vec![text("str"), param("offset", Type::Number), param("length", Type::Number)], substr),
        ),
        ("title", fixed(vec![text("str")], |_, args| one(args, title))),
        ("trim", fixed(vec![text("str"), text("cutset")], trim)),
        ("trimprefix", fixed(vec![text("str"), text("prefix")], trim_prefix)),
        ("trimspace", fixed(vec![text("str")], |_, args| one(args, |s| s.trim().to_owned()))),
        ("trimsuffix", fixed(vec![text("str"), text("suffix")], trim_suffix)),
        ("upper", fixed(vec![text("str")], |_, args| one(args, |s| s.chars().map(upper).collect()))),
    ]
}

/// The text of a string argument.
pub(super) fn text(args: &[Value], index: usize) -> Result<&str, FunctionError> {
    args.get(index)
        .and_then(Value::as_str)
        .ok_or_else(|| FunctionError::argument(index, "a string is required"))
}

/// The value of a number argument that must be whole and fit 64 bits.
pub(super) fn integer(args: &[Value], index: usize) -> Result<i64, FunctionError> {
    match args.get(index) {
        Some(Value::Number(number, _)) => number.to_i64(),
        _ => None,
    }
    .ok_or_else(|| {
        FunctionError::argument(
            index,
            format!("value must be a whole number, between {} and {}", i64::MIN, i64::MAX),
        )
    })
}

/// A string result, unless it is too long.
pub(super) fn bounded(text: String) -> Result<Value, FunctionError> {
    check_length(text.len())?;
    Ok(Value::string(text))
}

/// An error if a result of so many bytes is too long.
pub(super) fn check_length(length: usize) -> Result<(), FunctionError> {
    if length > MAX_TEXT {
        return Err(FunctionError::new(format!("the result is longer than {} MiB", MAX_TEXT >> 20)).ours());
    }
    Ok(())
}

/// An error if a result of so many values is too large.
pub(super) fn check_items(count: usize) -> Result<(), FunctionError> {
    if count > MAX_ITEMS {
        return Err(FunctionError::new(format!("the result has more than {MAX_ITEMS} values")).ours());
    }
    Ok(())
}

/// A list of strings.
pub(super) fn string_list(items: impl Iterator<Item = String>) -> Value {
    Value::list(Type::String, items.map(Value::string).collect())
}

/// A function of one string.
pub(super) fn one(args: &[Value], map: impl Fn(&str) -> String) -> Result<Value, FunctionError> {
    bounded(map(text(args, 0)?))
}

/// Go's `unicode.ToUpper`: the simple mapping of Unicode, which never changes the number of characters.
fn upper(c: char) -> char {
    match (c, single(c.to_uppercase())) {
        (_, Some(upper)) => upper,
        // Greek letters with iota below, whose full mapping is two letters.
        ('\u{1F80}'..='\u{1FAF}', None) if u32::from(c) & 8 == 0 => offset(c, 8),
        ('\u{1FB3}' | '\u{1FC3}' | '\u{1FF3}', None) => offset(c, 9),
        (_, None) => c,
    }
}

/// Go's `unicode.ToLower`.
fn lower(c: char) -> char {
    // Only `İ` becomes two characters by the full mapping, an `i` with a dot above it.
    single(c.to_lowercase()).unwrap_or('i')
}

/// Go's `unicode.ToTitle`.
fn title_case(c: char) -> char {
    match c {
        'Ǆ'..='ǆ' => 'ǅ',
        'Ǉ'..='ǉ' => 'ǈ',
        'Ǌ'..='ǌ' => 'ǋ',
        'Ǳ'..='ǳ' => 'ǲ',
        // Georgian has capital letters, but no title case.
        '\u{10D0}'..='\u{10FF}' => c,
        _ => upper(c),
    }
}

fn single(mut chars: impl Iterator<Item = char>) -> Option<char> {
    chars.next().filter(|_| chars.next().is_none())
}

fn offset(c: char, by: u32) -> char {
    char::from_u32(u32::from(c) + by).unwrap_or(c)
}

fn reverse(text: &str) -> String {
    let mut clusters: Vec<&str> = graphemes(text).collect();
    clusters.reverse();
    clusters.concat()
}

/// Leaves only what the name of a target may hold.
fn sanitize(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

/// Go's `strings.Title`: a word begins after any ASCII character but letters, digits and `_`, and after other spaces.
fn title(text: &str) -> String {
    let mut previous = ' ';
    text.chars()
        .map(|c| {
            let separated = match previous {
                '_' => false,
                p if p.is_ascii() => !p.is_ascii_alphanumeric(),
                p => p.is_whitespace(),
            };
            previous = c;
            if separated { title_case(c) } else { c }
        })
        .collect()
}

fn indent(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let spaces = usize::try_from(integer(args, 0)?)
        .map_err(|_| FunctionError::argument(0, "the number of spaces must not be negative"))?;
    // Go makes the spaces of a line even when there is only one line, and has no room for so many.
    if spaces as u64 >> 33 > 0 {
        return Err(FunctionError::argument(0, "the number of spaces is too large"));
    }
    let text = text(args, 1)?;
    check_length(text.matches('\n').count().saturating_mul(spaces).saturating_add(text.len()))?;
    if !text.contains('\n') {
        return Ok(Value::string(text));
    }
    Ok(Value::string(text.replace('\n', &format!("\n{}", " ".repeat(spaces)))))
}

fn join(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let separator = text(args, 0)?;
    if args.len() < 2 {
        return Err(FunctionError::new("at least one list is required"));
    }
    let mut pieces = Vec::new();
    let mut length: usize = 0;
    for (index, list) in args.iter().enumerate().skip(1) {
        for (position, item) in list.items().unwrap_or_default().iter().enumerate() {
            let piece = item.as_str().ok_or_else(|| {
                FunctionError::argument(
                    index,
                    format!("element {position} is null; cannot concatenate null values"),
                )
            })?;
            length = length.saturating_add(piece.len()).saturating_add(separator.len());
            pieces.push(piece);
        }
    }
    check_length(length.saturating_sub(separator.len()))?;
    Ok(Value::string(pieces.join(separator)))
}

fn replace(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (text, from, to) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    check_length(text.matches(from).count().saturating_mul(to.len()))?;
    bounded(text.replace(from, to))
}

fn split(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (separator, text) = (text(args, 0)?, text(args, 1)?);
    if separator.is_empty() {
        check_items(text.chars().count())?;
        return Ok(string_list(text.chars().map(String::from)));
    }
    check_items(text.matches(separator).count() + 1)?;
    Ok(string_list(text.split(separator).map(str::to_owned)))
}

fn strlen(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    Ok(Value::from(Number::from(graphemes(text(args, 0)?).count())))
}

fn substr(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (text, offset, length) = (text(args, 0)?, integer(args, 1)?, integer(args, 2)?);
    let clusters: Vec<&str> = graphemes(text).collect();
    let from_end = offset < 0;
    let start = if from_end { offset.saturating_add_unsigned(clusters.len() as u64).max(0) } else { offset };
    let start = usize::try_from(start).unwrap_or(usize::MAX).min(clusters.len());
    let rest = &clusters[start..];
    let taken = match usize::try_from(length) {
        // A length of 0 from the end means the rest, as it does in go-cty's `SubstrFunc`.
        Ok(0) if from_end => rest.len(),
        Ok(length) => length.min(rest.len()),
        Err(_) => rest.len(),
    };
    Ok(Value::string(rest[..taken].concat()))
}

fn trim(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (text, cutset) = (text(args, 0)?, text(args, 1)?);
    let cutset: std::collections::BTreeSet<char> = cutset.chars().collect();
    Ok(Value::string(text.trim_matches(|c| cutset.contains(&c))))
}

fn trim_prefix(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (text, prefix) = (text(args, 0)?, text(args, 1)?);
    Ok(Value::string(text.strip_prefix(prefix).unwrap_or(text)))
}

fn trim_suffix(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (text, suffix) = (text(args, 0)?, text(args, 1)?);
    Ok(Value::string(text.strip_suffix(suffix).unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ambient, check, check_errors};
    use super::*;

    #[test]
    fn string_functions_give_what_buildx_gives() {
        check(&[
            ("chomp", r#"["a\n\r\n\n"]"#, r#""a""#),
            ("chomp", r#"["a"]"#, r#""a""#),
            ("indent", r#"[2,"a\nb\n\nc"]"#, r#""a\n  b\n  \n  c""#),
            ("indent", r#"["2","a\nb"]"#, r#""a\n  b""#),
            ("join", r#"[",",["a"],["b","c"]]"#, r#""a,b,c""#),
            ("join", r#"[",",[]]"#, r#""""#),
            ("join", r#"[",",[1,true]]"#, r#""1,true""#),
            ("join", r#"["-",["a","b"]]"#, r#""a-b""#),
            ("lower", r#"["ÀÉ"]"#, r#""àé""#),
            ("lower", r#"["İ"]"#, r#""i""#),
            ("replace", r#"["a.b.c",".","-"]"#, r#""a-b-c""#),
            ("replace", r#"["abc","","-"]"#, r#""-a-b-c-""#),
            ("reverse", r#"["abc"]"#, r#""cba""#),
            ("reverse", r#"["🇫🇷a"]"#, r#""a🇫🇷""#),
            ("sanitize", r#"[""]"#, r#""""#),
            ("split", r#"[",","a,b,,c"]"#, r#"["a","b","","c"]"#),
            ("split", r#"["","abc"]"#, r#"["a","b","c"]"#),
            ("split", r#"[",",""]"#, r#"[""]"#),
            ("substr", r#"["hello",-3,2]"#, r#""ll""#),
            ("substr", r#"["hello",1,-1]"#, r#""ello""#),
            ("substr", r#"["hello",1,0]"#, r#""""#),
            ("substr", r#"["héllo",1,2]"#, r#""él""#),
            ("title", r#"["ÉCOLE été"]"#, r#""ÉCOLE Été""#),
            ("trim", r#"["xxaxx","x"]"#, r#""a""#),
            ("trim", r#"["?!hello?!","!?"]"#, r#""hello""#),
            ("trimprefix", r#"["helloworld","hello"]"#, r#""world""#),
            ("upper", r#"["straße"]"#, r#""STRAßE""#),
            ("lower", r#"["ΑΣ K"]"#, r#""ασ k""#),
            ("upper", r#"["ŉΐﬁ ᾳᾀ ǆ"]"#, r#""ŉΐﬁ ᾼᾈ Ǆ""#),
            ("title", r#"["it's ok-ay a_b ǆx ა"]"#, r#""It'S Ok-Ay A_b ǅx ა""#),
            ("strlen", r#"["क्षि"]"#, "2"),
            ("strlen", r#"["👨\u200d👩\u200d👧\r\n"]"#, "2"),
            ("reverse", r#"["e\u0301x\r\n"]"#, r#""\r\nxé""#),
            ("substr", r#"["hello",-1,0]"#, r#""o""#),
            ("substr", r#"["hello",-10,2]"#, r#""he""#),
            ("substr", r#"["hello",9,1]"#, r#""""#),
            ("split", r#"["","e\u0301x"]"#, r#"["é","x"]"#),
            ("split", r#"["",""]"#, "[]"),
            ("replace", r#"["é","","-"]"#, r#""-é-""#),
            ("sanitize", r#"["a.b/é_c-1"]"#, r#""a_b___c-1""#),
            ("trimspace", r#"["\u00a0\u2003a \u0085"]"#, r#""a""#),
            ("trimsuffix", r#"["a.tar.gz",".gz"]"#, r#""a.tar""#),
            ("upper", "[1]", r#""1""#),
        ]);
    }

    #[test]
    fn string_functions_refuse_what_buildx_refuses() {
        check_errors(&[
            ("substr", r#"["hello",1.5,1]"#, "value must be a whole number, between -9223372036854775808 a"),
            ("indent", r#"[-1,"a"]"#, "the number of spaces must not be negative"),
            ("indent", r#"[1000000000.0,"a\nb"]"#, "the result is longer than 16 MiB"),
            ("join", r#"[","]"#, "at least one list is required"),
            ("join", r#"[",",["a",null]]"#, "element 1 is null; cannot concatenate null values"),
            ("upper", "[null]", "`str` must not be null"),
            ("upper", r#"[["a"]]"#, "`str`: string required, but have tuple"),
        ]);
    }

    #[test]
    fn results_are_bounded() {
        let long = Value::string("a".repeat(1 << 20));
        let call = |args: &[Value]| replace(&ambient(), args);
        assert!(call(&[long.clone(), Value::string(""), Value::string("b")]).is_ok());
        assert!(call(&[long.clone(), Value::string("a"), long]).is_err());
    }
}
