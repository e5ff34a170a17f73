//! Regular expressions in Go's syntax (<https://pkg.go.dev/regexp/syntax>), matched by the `regex` crate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::{Captures, Regex, RegexBuilder};

use super::regex_syntax::translate;
use super::strings::{bounded, check_items, check_length, text};
use super::{Ambient, Family, Function, FunctionError, fixed, param};
use crate::bake::values::{ObjectType, Type, Value};

/// The memory that a pattern may take: Go allows `\pL{1000}`, which takes more than the crate's default of 10 MB.
const MAX_COMPILED: usize = 64 << 20;
/// Before it is compiled, a class such as `\pL` takes a thousand times its length.
const MAX_PATTERN: usize = 32 << 10;

pub(super) fn family() -> Family {
    let text = |name| param(name, Type::String);
    vec![
        ("regex", Function { work, ..fixed(vec![text("pattern"), text("string")], first) }),
        (
            "regex_replace",
            Function {
                work: |args| args.get(..2).map_or(0, |args| work_of(&args[1], &args[0], true)),
                ..fixed(vec![text("str"), text("pattern"), text("replace")], replace)
            },
        ),
        ("regexall", Function { work: work_of_all, ..fixed(vec![text("pattern"), text("string")], all) }),
    ]
}

/// So many steps for the length of a compiled pattern are one for each byte of the text.
const LENGTH_PER_BYTE: u64 = 1000;

/// So many groups, each of which may begin and end at any byte, are one, too.
const GROUPS_PER_BYTE: u64 = 8;

/// Each match may look at all that follows it, as of `.*b|a`: so many bytes are a step.
const AHEAD_PER_STEP: u64 = 256;

/// How many steps it takes to look for one match of a pattern, which comes first.
fn work(args: &[Value]) -> u64 {
    args.get(..2).map_or(0, |args| work_of(&args[0], &args[1], false))
}

/// The same for all matches.
fn work_of_all(args: &[Value]) -> u64 {
    args.get(..2).map_or(0, |args| work_of(&args[0], &args[1], true))
}

/// How many steps it takes to compile a pattern, whose counted repetitions multiply, and to look for it in a text, once or to
/// the end.
fn work_of(pattern: &Value, text: &Value, are_all: bool) -> u64 {
    let (pattern, text) = (pattern.as_str().unwrap_or_default(), text.as_str().unwrap_or_default());
    let counts = pattern.split('{').skip(1).filter_map(|rest| {
        let (counts, _) = rest.split_once('}')?;
        counts.split(',').filter_map(|count| count.trim().parse::<u64>().ok()).max()
    });
    let times = counts.fold(1_u64, |times, count| times.saturating_mul(count.max(1)));
    let class = if pattern.contains("\\p") || pattern.contains("\\P") { 100 } else { 1 };
    // Nothing larger is compiled.
    let compiled =
        (pattern.len() as u64).saturating_mul(times).saturating_mul(class).min(MAX_COMPILED as u64 / 32);
    let groups = pattern.matches('(').count() as u64;
    let per_byte = 1 + compiled / LENGTH_PER_BYTE + groups / GROUPS_PER_BYTE;
    let length = text.len() as u64;
    let times = if are_all { 1 + length / AHEAD_PER_STEP } else { 1 };
    compiled.saturating_add(length.saturating_mul(per_byte).saturating_mul(times))
}

/// A compiled pattern and the names of its groups, the first of which is group 1.
struct Pattern {
    regex: Regex,
    groups: Vec<Option<String>>,
}

impl Pattern {
    fn new(args: &[Value], index: usize) -> Result<Self, FunctionError> {
        let error = |e: String| FunctionError::argument(index, format!("invalid regexp pattern: {e}"));
        if text(args, index)?.len() > MAX_PATTERN {
            return Err(error(format!("it is longer than {MAX_PATTERN} bytes")).ours());
        }
        let (pattern, groups) = translate(text(args, index)?).map_err(error)?;
        let regex = RegexBuilder::new(&pattern).size_limit(MAX_COMPILED).build().map_err(|e| match e {
            regex::Error::CompiledTooBig(limit) => error(format!("it takes more than {limit} bytes")).ours(),
            // The crate shows the translated pattern first, which nobody wrote, and its finding last.
            e => error(
                e.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
            ),
        })?;
        Ok(Self { regex, groups })
    }

    /// What a match is turned into.
    fn shape(&self) -> Result<Shape<'_>, FunctionError> {
        let names: Option<Vec<&str>> = self.groups.iter().map(Option::as_deref).collect();
        match names {
            _ if self.groups.is_empty() => Ok(Shape::Whole),
            Some(names) => Ok(Shape::Object(names)),
            None if self.groups.iter().all(Option::is_none) => Ok(Shape::Tuple(self.groups.len())),
            None => Err(FunctionError::argument(
                0,
                "invalid regexp pattern: cannot mix both named and unnamed capture groups",
            )),
        }
    }
}

/// The result of a match: the whole text without groups, else the text of each group.
enum Shape<'a> {
    Whole,
    Tuple(usize),
    Object(Vec<&'a str>),
}

impl Shape<'_> {
    fn ty(&self) -> Type {
        match self {
            Self::Whole => Type::String,
            Self::Tuple(groups) => Type::Tuple(std::iter::repeat_n(Type::String, *groups).collect()),
            Self::Object(names) => Type::Object(
                ObjectType {
                    attributes: names.iter().map(|&name| (name.into(), Type::String)).collect(),
                    optional: BTreeSet::new(),
                }
                .into(),
            ),
        }
    }

    fn value(&self, captures: &Captures<'_>) -> Value {
        let group = |index: usize| {
            captures.get(index).map_or(Value::null(Type::String), |group| Value::string(group.as_str()))
        };
        match self {
            Self::Whole => group(0),
            Self::Tuple(groups) => Value::tuple((1..=*groups).map(group).collect()),
            Self::Object(names) => Value::object(
                names
                    .iter()
                    .zip(1..)
                    .map(|(&name, index)| (name.into(), group(index)))
                    .collect::<BTreeMap<_, _>>(),
            ),
        }
    }
}

fn first(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let pattern = Pattern::new(args, 0)?;
    let shape = pattern.shape()?;
    let captures = pattern.regex.captures(text(args, 1)?);
    let captures =
        captures.ok_or_else(|| FunctionError::new("pattern did not match any part of the given string"))?;
    check_length(length(&captures))?;
    Ok(shape.value(&captures))
}

/// How much text all groups of a match have together: a group has what is in the groups in it, too.
fn length(captures: &Captures<'_>) -> usize {
    captures.iter().flatten().map(|group| group.len()).sum()
}

fn all(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let pattern = Pattern::new(args, 0)?;
    let shape = pattern.shape()?;
    let mut matches = Vec::new();
    let mut bytes = 0;
    for captures in pattern.regex.captures_iter(text(args, 1)?) {
        bytes += length(&captures);
        check_length(bytes)?;
        matches.push(shape.value(&captures));
        check_items(matches.len().saturating_mul(captures.len()))?;
    }
    Ok(Value::list(shape.ty(), matches))
}

fn replace(_: &Ambient, args: &[Value]) -> Result<Value, FunctionError> {
    let (text, template) = (text(args, 0)?, text(args, 2)?);
    let pattern = Pattern::new(args, 1)?;
    let template = Template::new(template, &pattern.groups);
    let mut result = String::new();
    let mut end = 0;
    for captures in pattern.regex.captures_iter(text) {
        let whole = captures.get_match();
        result.push_str(&text[end..whole.start()]);
        template.expand(&captures, &mut result)?;
        end = whole.end();
    }
    result.push_str(&text[end..]);
    bounded(result)
}

/// A replacement text, as Go's [`Regexp.Expand`](https://pkg.go.dev/regexp#Regexp.Expand) reads it.
struct Template<'a>(Vec<Piece<'a>>);

enum Piece<'a> {
    Literal(&'a str),
    /// The text of the first of these groups that took part in the match.
    Groups(Vec<usize>),
}

impl<'a> Template<'a> {
    fn new(mut rest: &'a str, groups: &[Option<String>]) -> Self {
        static NAME: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(?:\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))").expect("the pattern is constant")
        });
        let mut pieces = Vec::new();
        while let Some((before, after)) = rest.split_once('$') {
            pieces.push(Piece::Literal(before));
            if let Some(after) = after.strip_prefix('$') {
                pieces.push(Piece::Literal("$"));
                rest = after;
            } else if let Some(found) = NAME.captures(after) {
                let name = found.get(1).or_else(|| found.get(2)).map_or("", |name| name.as_str());
                pieces.push(Piece::Groups(group_indexes(name, groups)));
                rest = &after[found.get_match().end()..];
            } else {
                pieces.push(Piece::Literal("$"));
                rest = after;
            }
        }
        pieces.push(Piece::Literal(rest));
        Self(pieces)
    }

    fn expand(&self, captures: &Captures<'_>, result: &mut String) -> Result<(), FunctionError> {
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => result.push_str(text),
                Piece::Groups(indexes) => {
                    let group = indexes.iter().find_map(|index| captures.get(*index));
                    result.push_str(group.map_or("", |group| group.as_str()));
                }
            }
            check_length(result.len())?;
        }
        Ok(())
    }
}

/// The groups that a name in a template means: `1` is a number, `01` and `1x` are names.
fn group_indexes(name: &str, groups: &[Option<String>]) -> Vec<usize> {
    let is_number = name.bytes().all(|b| b.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    if is_number {
        return name.parse().into_iter().collect();
    }
    let named = groups.iter().zip(1..).filter(|(group, _)| group.as_deref() == Some(name));
    named.map(|(_, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_errors};
    use super::{Value, work_of};

    #[test]
    fn a_pattern_takes_more_steps_the_more_it_repeats() {
        let of = |pattern: &str, text: &str| work_of(&Value::string(pattern), &Value::string(text), false);
        let long = "x".repeat(10_000);
        for (pattern, text, steps) in [
            ("", "", 0),
            ("^v[0-9]+$", "v12", 12),
            ("[0-9]{4}-[0-9]{2}", "2026-11", 17 * 8 + 7),
            (".?", &*long, 10_002),
            ("[ab]*a[ab]{1000}c", &*long, 17_000 + 10_000 * 18),
            ("((a{0,1000}){0,1000}){0,1000}", "", 2 << 20),
            (r"\pL{1000}", "", 900_000),
            ("((((((((a))))))))", &*long, 17 + 10_000 * 2),
        ] {
            assert_eq!(of(pattern, text), steps, "{pattern}");
        }
        // For all matches, each of which may look ahead to the end.
        let of_all = |pattern: &str, text: &str| work_of(&Value::string(pattern), &Value::string(text), true);
        assert_eq!(of_all("[a-z]+", "v1.2.3-alpine"), of("[a-z]+", "v1.2.3-alpine"));
        assert_eq!(of_all(".*b|a", &long), 5 + 10_000 * 40);
        assert!(of_all(".*b|a", &"a".repeat(512 << 10)) > 1 << 30);
    }

    #[test]
    fn regular_expressions_give_what_buildx_gives() {
        check(&[
            ("regex", r#"["[a-z]+","123abc456"]"#, r#""abc""#),
            ("regex", r#"["(\\d)(\\w)","1a"]"#, r#"["1","a"]"#),
            ("regex", r#"["(a)|(b)","b"]"#, r#"[null,"b"]"#),
            ("regex", r#"["(?i)ABC","abc"]"#, r#""abc""#),
            ("regexall", r#"["[a\\p{Cs}]|\\p{g-r_E ek}","abΩ"]"#, r#"["a","Ω"]"#),
            ("regexall", r#"["[a-z]","a1b"]"#, r#"["a","b"]"#),
            ("regex_replace", r#"["abc","(b)","<$1>"]"#, r#""a\u003cb\u003ec""#),
            ("regex_replace", r#"["aaa","a*","X"]"#, r#""X""#),
            ("regex", r#"["(?P<major>\\d+)\\.(?P<minor>\\d+)?","v1."]"#, r#"{"major":"1","minor":null}"#),
            ("regex", r#"["\\w+","éa"]"#, r#""a""#),
            ("regex", r#"["[\\d\\s]+","٣ 1\u00a0"]"#, r#"" 1""#),
            ("regex", r#"["[a[b]+","x[ab"]"#, r#""[ab""#),
            ("regex", r#"["\\Qa.b\\E","a.b"]"#, r#""a.b""#),
            ("regexall", r#"["(a)(x)?","aab"]"#, r#"[["a",null],["a",null]]"#),
            ("regexall", r#"["x","a"]"#, "[]"),
            ("regexall", r#"["(?P<k>a)|b","ab"]"#, r#"[{"k":"a"},{"k":null}]"#),
            ("regexall", r#"["a*","baac"]"#, r#"["","aa",""]"#),
            ("regex_replace", r#"["abc","(?P<n>b)","${n}$n-"]"#, r#""abb-c""#),
            ("regex_replace", r#"["abc","(b)","$1x"]"#, r#""ac""#),
            ("regex_replace", r#"["abc","(b)","${1}x$$"]"#, r#""abx$c""#),
            ("regex_replace", r#"["abc","(b)","$01${"]"#, r#""a${c""#),
            ("regex_replace", r#"["baaac","a*","X"]"#, r#""XbXcX""#),
        ]);
    }

    #[test]
    fn regular_expressions_refuse_what_buildx_refuses() {
        check_errors(&[
            ("regex", r#"["z","abc"]"#, "pattern did not match any part of the given string"),
            ("regex", r#"["[","abc"]"#, "invalid regexp pattern: missing closing ] in `[`"),
            ("regex", r#"["\\bé","é"]"#, "pattern did not match any part of the given string"),
            (
                "regex",
                r#"["(a)(?P<n>b)","ab"]"#,
                "invalid regexp pattern: cannot mix both named and unnamed ca",
            ),
            ("regex", r#"["(?=a)","a"]"#, "invalid regexp pattern: invalid or unsupported Perl syntax: "),
            ("regex", r#"["\\pL{1000}","a"]"#, "pattern did not match any part of the given string"),
            ("regex_replace", r#"["abc","(",""]"#, "invalid regexp pattern: unclosed group"),
        ]);
    }
}
