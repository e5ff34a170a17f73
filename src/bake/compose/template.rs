//! `$NAME` and `${NAME…}` in strings, as compose-go substitutes them (template/template.go; the notation:
//! <https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md>).

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use crate::bake::values::{MarkedStr, Marks, Name};

/// How deep defaults may be nested.
const MAX_DEPTH: usize = 32;

/// How many bytes the values of all variables may add up to.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Why a string has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("`${{` does not start a variable here")]
    Invalid,
    #[error("an expression of GitHub Actions is not evaluated here")]
    Expression,
    #[error("the variable `{name}` needs a value{}", because(.reason))]
    Required { name: Name, reason: String },
    #[error("the defaults are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    #[error("the values of the variables are longer than {MAX_BYTES} bytes in all")]
    TooLong,
}

fn because(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

/// The variables' values, and what has become of them.
pub(super) struct Substitution<'a> {
    lookup: &'a dyn Fn(&str) -> Option<MarkedStr>,
    unset: RefCell<BTreeSet<Name>>,
    left: Cell<usize>,
}

/// What is made of a text, so far.
#[derive(Default)]
struct Output {
    text: String,
    marks: Marks,
}

impl<'a> Substitution<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<MarkedStr>) -> Self {
        Self { lookup, unset: RefCell::default(), left: Cell::new(MAX_BYTES) }
    }

    /// The variables without default that were empty because they are not set, since the last call.
    pub(super) fn take_unset(&self) -> BTreeSet<Name> {
        self.unset.take()
    }

    /// The text with its variables replaced. Where a value goes, its marks go.
    pub(super) fn apply(&self, text: &MarkedStr) -> Result<MarkedStr, Problem> {
        if !text.as_str().contains('$') {
            return Ok(text.clone());
        }
        let mut output = Output { text: String::new(), marks: text.marks().clone() };
        self.substitute(text.as_str(), 0, &mut output)?;
        Ok(MarkedStr::verbatim(output.text).marked(&output.marks))
    }

    fn substitute(&self, text: &str, depth: usize, output: &mut Output) -> Result<(), Problem> {
        if depth > MAX_DEPTH {
            return Err(Problem::TooDeep);
        }
        let mut line = Line::default();
        let mut position = 0;
        while let Some(found) = text[position..].find('$') {
            let dollar = position + found;
            output.text.push_str(&text[position..dollar]);
            let start = dollar + 1;
            position = match text[start..].bytes().next() {
                Some(b'$') => {
                    output.text.push('$');
                    start + 1
                }
                Some(b'{') => self.braced(text, start + 1, depth, &mut line, output)?,
                _ => {
                    let end = start + name_length(&text[start..]);
                    if end == start {
                        output.text.push('$');
                    } else {
                        self.plain(&text[start..end], output)?;
                    }
                    end
                }
            };
        }
        output.text.push_str(&text[position..]);
        Ok(())
    }

    /// What stands after `${`; answers with the position after its end.
    fn braced(
        &self,
        text: &str,
        start: usize,
        depth: usize,
        line: &mut Line,
        output: &mut Output,
    ) -> Result<usize, Problem> {
        let end = start + name_length(&text[start..]);
        let name = &text[start..end];
        let rest = &text[end..];
        if name.is_empty() {
            return Err(if rest.starts_with('{') { Problem::Expression } else { Problem::Invalid });
        }
        if rest.starts_with('}') {
            self.plain(name, output)?;
            return Ok(end + 1);
        }
        let colon = usize::from(rest.starts_with(':'));
        let Some(operator @ (b'-' | b'+' | b'?')) = rest.as_bytes().get(colon) else {
            return Err(Problem::Invalid);
        };
        let word = end + colon + 1;
        let last = line.last_brace(text, word).ok_or(Problem::Invalid)?;
        let close = closing_brace(&text[start - 1..=last]).map_or(last, |at| start - 1 + at);
        let word = &text[word..close];
        let value = (self.lookup)(name);
        let given = value.as_ref().filter(|value| colon == 0 || !value.as_str().is_empty());
        match (operator, given) {
            (b'+', Some(_)) | (b'-', None) => self.substitute(word, depth + 1, output)?,
            (b'?', None) => {
                let mut reason = Output::default();
                self.substitute(word, depth + 1, &mut reason)?;
                let reason = if reason.marks.is_empty() { reason.text } else { String::new() };
                return Err(Problem::Required { name: name.into(), reason });
            }
            (_, _) => self.push(value, output)?,
        }
        Ok(close + 1)
    }

    fn plain(&self, name: &str, output: &mut Output) -> Result<(), Problem> {
        let value = (self.lookup)(name);
        if value.is_none() {
            self.unset.borrow_mut().insert(name.into());
        }
        self.push(value, output)
    }

    fn push(&self, value: Option<MarkedStr>, output: &mut Output) -> Result<(), Problem> {
        let Some(value) = value else { return Ok(()) };
        let left = self.left.get().checked_sub(value.as_str().len()).ok_or(Problem::TooLong)?;
        self.left.set(left);
        output.text.push_str(value.as_str());
        output.marks.merge(value.marks());
        Ok(())
    }
}

fn name_length(text: &str) -> usize {
    let is_name = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    match text.bytes().next() {
        Some(first) if !first.is_ascii_digit() => text.bytes().take_while(|byte| is_name(*byte)).count(),
        _ => 0,
    }
}

/// The line that was looked at last, so that a line of many variables is not searched for each.
#[derive(Default)]
struct Line {
    end: usize,
    brace: Option<usize>,
}

impl Line {
    /// The last `}` of the line that `from` is in, at or after it.
    fn last_brace(&mut self, text: &str, from: usize) -> Option<usize> {
        if from >= self.end {
            self.end = text[from..].find('\n').map_or(text.len(), |at| from + at);
            self.brace = text[from..self.end].rfind('}').map(|at| from + at);
        }
        self.brace.filter(|brace| *brace >= from)
    }
}

/// Where the `{` that `text` begins with is closed. What follows a `{` is never a brace, to compose-go.
fn closing_brace(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut open, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'}' => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            b'{' => {
                open += 1;
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::values::Mark;

    fn lookup(name: &str) -> Option<MarkedStr> {
        let value = match name {
            "A" => "a",
            "DOLLAR" => "$A",
            "EMPTY" => "",
            "API_TOKEN" => {
                return Some(MarkedStr::normalized("s3cret").marked(&Marks::of(Mark::Secret(name.into()))));
            }
            _ => return None,
        };
        Some(MarkedStr::normalized(value))
    }

    fn apply(text: &str) -> Result<MarkedStr, Problem> {
        Substitution::new(&lookup).apply(&MarkedStr::normalized(text))
    }

    #[test]
    fn variables_are_replaced() {
        let cases = [
            ("none", "none"),
            ("$A-${A}.$A.", "a-a.a."),
            ("$$A $$ $", "$A $ $"),
            ("$1 $- ${A}}", "$1 $- a}"),
            ("$UNSET|${UNSET}", "|"),
            ("${UNSET:-d} ${UNSET-d} ${EMPTY:-d} ${EMPTY-d} ${A:-d}", "d d d  a"),
            ("${UNSET:+p} ${UNSET+p} ${EMPTY:+p} ${EMPTY+p} ${A:+p}", "   p p"),
            ("${A:?no} ${A?no} ${EMPTY?no}", "a a "),
            ("${UNSET:-${EMPTY:-${A}x}y}z", "axyz"),
            ("${UNSET:-$A}", "a"),
            ("${UNSET:-{}}", "{}"),
            ("${UNSET:-a:b-c}", "a:b-c"),
            ("${UNSET:-a\\}", "a\\"),
            ("$DOLLAR", "$A"),
            ("${UNSET:-}", ""),
            ("a\n${A:-b}\n${UNSET:-c}", "a\na\nc"),
        ];
        for (text, expected) in cases {
            assert_eq!(apply(text).unwrap().as_str(), expected, "{text}");
        }
    }

    #[test]
    fn invalid_variables_are_refused() {
        let required = |reason: &str| Problem::Required { name: "UNSET".into(), reason: reason.to_owned() };
        let cases = [
            ("${", Problem::Invalid),
            ("${}", Problem::Invalid),
            ("${A", Problem::Invalid),
            ("${1}", Problem::Invalid),
            ("${A b}", Problem::Invalid),
            ("${A:=b}", Problem::Invalid),
            ("${UNSET:-a\nb}", Problem::Invalid),
            ("${UNSET?}", required("")),
            ("${UNSET:?set $A}", required("set a")),
            ("${UNSET:?not $API_TOKEN}", required("")),
        ];
        for (text, expected) in cases {
            assert_eq!(apply(text).unwrap_err(), expected, "{text}");
        }
        let deep = format!("{}{}", "${UNSET:-".repeat(10_000), "}".repeat(10_000));
        assert_eq!(apply(&deep).unwrap_err(), Problem::TooDeep);
        let long = MarkedStr::normalized("x".repeat(MAX_BYTES / 4));
        let long = |_: &str| Some(long.clone());
        assert_eq!(
            Substitution::new(&long).apply(&MarkedStr::normalized("$A$A$A$A$A")).unwrap_err(),
            Problem::TooLong
        );
    }

    #[test]
    fn marks_go_where_values_go() {
        for (text, marked) in
            [("$API_TOKEN", true), ("${API_TOKEN:+x}", false), ("${UNSET:-$API_TOKEN}", true)]
        {
            assert_eq!(!apply(text).unwrap().marks().is_empty(), marked, "{text}");
        }
    }

    #[test]
    fn only_variables_without_default_count_as_unset() {
        let substitution = Substitution::new(&lookup);
        substitution.apply(&MarkedStr::normalized("$B ${C} ${D:-} ${E+x} $A")).unwrap();
        let unset: Vec<_> = substitution.take_unset().into_iter().collect();
        assert_eq!(unset, ["B", "C"].map(Name::from));
    }
}
