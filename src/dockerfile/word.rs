//! Words of a Dockerfile, with quotes, escapes and variables, as BuildKit's shell lexer reads them.

use std::cell::Cell;
use std::iter::Peekable;
use std::str::Chars;
use std::sync::LazyLock;

use regex::Regex;

use super::directive::DEFAULT_ESCAPE;
use super::problem::{DEPTH, Problem};
use super::shell_pattern::{self, Direction, Length};

/// The most bytes that a value may have before we stop following it: no path is longer, and a value that doubles on
/// each line would fill the memory.
const LIMIT: usize = 4096;

/// The most steps that all words of a file may take: characters that variables stand for, and what patterns compare.
const WORK: usize = 4 << 20;

/// What a sign of a pattern takes before anything is compared with it.
const PATTERN: usize = 256;

/// What is left of the steps that the words of a file may take.
#[derive(Debug)]
pub(super) struct Work(Cell<usize>);

impl Default for Work {
    fn default() -> Self {
        Self(Cell::new(WORK))
    }
}

impl Work {
    /// Takes steps; from the first that are not there, none are.
    fn spend(&self, steps: usize) -> Result<(), Unknowable> {
        let left = self.0.get().checked_sub(steps);
        self.0.set(left.unwrap_or_default());
        left.map(drop).ok_or(Unknowable::Much)
    }
}

/// Why the value of a variable cannot be told from the Dockerfile and the definition of the target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unknowable {
    /// It may be in the environment that an image brings along.
    #[error("the environment of {0:?} may set it")]
    Environment(String),
    /// It describes the machine that builds.
    #[error("it depends on the machine that builds")]
    Builder,
    /// It is that of a platform which the target does not name.
    #[error("the target does not name its platform")]
    Platform,
    /// The engine sets it unless the base does.
    #[error("the engine sets it")]
    Engine,
    /// An instruction above sets a variable whose name is itself not known.
    #[error("line {0} sets a variable whose name is not known")]
    Name(usize),
    /// Its value is longer than what we follow.
    #[error("its value is longer than {LIMIT} bytes")]
    Long,
    /// The words of the file take more work than we do.
    #[error("the variables of this file take more than {WORK} steps")]
    Much,
    /// The instruction that sets it fails.
    #[error("line {line} does not expand: {problem}")]
    Failed {
        /// Where that instruction starts.
        line: usize,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// A text, or why it cannot be known.
pub(crate) type Value = Result<String, Unknowable>;

/// What a scope says of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lookup {
    /// It has this value, or one that cannot be known.
    Set(Value),
    /// It has none, for certain.
    Unset,
    /// Whether it has one cannot be known.
    Unknown(Unknowable),
}

/// A value that is given, unless it is longer than what we follow.
pub(super) fn given(value: &str) -> Value {
    if value.len() > LIMIT { Err(Unknowable::Long) } else { Ok(value.to_owned()) }
}

/// `word` with its variables replaced, its quotes and escapes removed.
///
/// # Errors
/// Where the build itself would fail.
pub(super) fn expand(
    word: &str,
    escape: char,
    lookup: &dyn Fn(&str) -> Lookup,
    work: &Work,
) -> Result<Value, Problem> {
    let mut reader =
        Reader::new(word, escape, Raw { quotes: false, escapes: false, variables: false }, lookup, work);
    Ok(reader.until(None)?.into_value())
}

/// The words of a line that perhaps opens here-documents, quotes and escapes kept; none if the line does not lex,
/// as a shell script may.
///
/// # Errors
/// Expressions too deep to follow.
pub(super) fn raw_words(line: &str) -> Result<Vec<String>, Problem> {
    match words(line, Raw { quotes: true, escapes: true, variables: true }) {
        Err(problem) if problem != Problem::Deep => Ok(vec![]),
        words => words,
    }
}

/// The words of the text behind `<<`, with quotes kept or removed.
///
/// # Errors
/// Where the build itself would fail.
pub(super) fn delimiter_words(rest: &str, quotes: bool) -> Result<Vec<String>, Problem> {
    words(rest, Raw { quotes, escapes: false, variables: true })
}

/// The words of a text without variables, in which the escape character is always the default.
fn words(text: &str, raw: Raw) -> Result<Vec<String>, Problem> {
    let work = Work::default();
    Ok(Reader::new(text, DEFAULT_ESCAPE, raw, &|_| Lookup::Unset, &work).until(None)?.into_words())
}

/// What is kept as it is written.
#[derive(Clone, Copy)]
struct Raw {
    quotes: bool,
    escapes: bool,
    /// Variables that have no value.
    variables: bool,
}

/// What was read so far: the text, and the same text split at blanks outside quotes.
#[derive(Default)]
struct Output {
    text: String,
    unknown: Option<Unknowable>,
    words: Vec<String>,
    word: String,
    in_word: bool,
}

impl Output {
    /// Adds what never separates words.
    fn solid(&mut self, text: &str) {
        self.text.push_str(text);
        self.word.push_str(text);
        self.in_word = true;
    }

    /// Adds a character that separates words if it is a blank.
    fn soft(&mut self, c: char) {
        self.text.push(c);
        if !c.is_whitespace() {
            self.word.push(c);
            self.in_word = true;
        } else if self.in_word && !self.word.is_empty() {
            self.words.push(std::mem::take(&mut self.word));
            self.in_word = false;
        }
    }

    /// Adds the value of an expression.
    fn value(&mut self, value: Value, quoted: bool) {
        match value {
            Ok(text) if quoted => self.solid(&text),
            Ok(text) => text.chars().for_each(|c| self.soft(c)),
            Err(unknown) => {
                self.unknown.get_or_insert(unknown);
            }
        }
    }

    fn into_value(self) -> Value {
        self.unknown.map_or(Ok(self.text), Err)
    }

    fn into_words(mut self) -> Vec<String> {
        if !self.word.is_empty() {
            self.words.push(self.word);
        }
        self.words
    }
}

/// A word that is being read.
struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    escape: char,
    raw: Raw,
    lookup: &'a dyn Fn(&str) -> Lookup,
    work: &'a Work,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn new(
        word: &'a str,
        escape: char,
        raw: Raw,
        lookup: &'a dyn Fn(&str) -> Lookup,
        work: &'a Work,
    ) -> Self {
        // Go's scanner drops a byte order mark in front of each text.
        let word = word.strip_prefix('\u{feff}').unwrap_or(word);
        Self { chars: word.chars().peekable(), escape, raw, lookup, work, depth: 0 }
    }

    /// What a variable has.
    fn found(&self, name: &str) -> Lookup {
        match (self.lookup)(name) {
            Lookup::Set(Ok(value)) => match self.work.spend(1 + value.len()) {
                Ok(()) => Lookup::Set(Ok(value)),
                Err(unknown) => Lookup::Unknown(unknown),
            },
            other => other,
        }
    }

    /// Takes the steps of a pattern.
    fn compare(&self, value: &str, pattern: &str) -> Result<(), Unknowable> {
        self.work.spend((1 + pattern.len()).saturating_mul(PATTERN + value.len()))
    }

    /// Reads to `stop`, which is taken, or to the end.
    fn until(&mut self, stop: Option<char>) -> Result<Output, Problem> {
        let mut output = Output::default();
        while let Some(&c) = self.chars.peek() {
            if stop == Some(c) {
                self.chars.next();
                return Ok(output);
            }
            match c {
                '\'' => output.solid(&self.single_quoted()?),
                '"' => {
                    let value = self.double_quoted()?;
                    output.value(value, true);
                }
                '$' => {
                    let value = self.dollar()?;
                    output.value(value, false);
                }
                '<' => output.solid(&self.less_than()),
                _ => {
                    self.chars.next();
                    if c == self.escape {
                        if self.raw.escapes {
                            output.solid(c.encode_utf8(&mut [0; 4]));
                        }
                        if let Some(escaped) = self.chars.next() {
                            output.solid(escaped.encode_utf8(&mut [0; 4]));
                        }
                    } else {
                        output.soft(c);
                    }
                }
            }
            // Words are only split in texts without values.
            if !self.raw.variables && output.text.len() > LIMIT {
                output = Output { unknown: output.unknown.or(Some(Unknowable::Long)), ..Output::default() };
            }
        }
        match stop {
            Some(stop) => Err(Problem::Unclosed(stop)),
            None => Ok(output),
        }
    }

    /// Reads to `stop` inside an expression.
    fn nested(&mut self, stop: char, raw_escapes: bool) -> Result<Value, Problem> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Problem::Deep);
        }
        let outside = std::mem::replace(&mut self.raw.escapes, raw_escapes);
        let output = self.until(Some(stop))?;
        self.raw.escapes = outside;
        self.depth -= 1;
        Ok(output.into_value())
    }

    fn single_quoted(&mut self) -> Result<String, Problem> {
        let mut text = String::new();
        self.quote(&mut text);
        loop {
            match self.chars.peek() {
                None => return Err(Problem::Quote('\'')),
                Some('\'') => {
                    self.quote(&mut text);
                    return Ok(text);
                }
                Some(_) => text.extend(self.chars.next()),
            }
        }
    }

    fn double_quoted(&mut self) -> Result<Value, Problem> {
        let mut text = String::new();
        let mut unknown = None;
        self.quote(&mut text);
        loop {
            match self.chars.peek() {
                None => return Err(Problem::Quote('"')),
                Some('"') => {
                    self.quote(&mut text);
                    return Ok(unknown.map_or(Ok(text), Err));
                }
                Some('$') => match self.dollar()? {
                    Ok(value) => text.push_str(&value),
                    Err(problem) => {
                        unknown.get_or_insert(problem);
                    }
                },
                Some(&c) => {
                    self.chars.next();
                    if c != self.escape {
                        text.push(c);
                        continue;
                    }
                    if self.raw.escapes {
                        text.push(c);
                    }
                    match self.chars.peek() {
                        // An escape at the end of the word is dropped.
                        None => {}
                        Some(&escaped) if escaped == '"' || escaped == '$' || escaped == self.escape => {
                            text.extend(self.chars.next());
                        }
                        Some(_) => text.push(c),
                    }
                }
            }
            if !self.raw.variables && text.len() > LIMIT {
                text.clear();
                unknown.get_or_insert(Unknowable::Long);
            }
        }
    }

    /// Takes a quote, which stays where quotes do.
    fn quote(&mut self, text: &mut String) {
        let quote = self.chars.next();
        if self.raw.quotes {
            text.extend(quote);
        }
    }

    /// `<`, or `<<` with the blanks behind it, which do not separate words there.
    fn less_than(&mut self) -> String {
        let mut text = String::from('<');
        self.chars.next();
        if self.chars.next_if_eq(&'<').is_some() {
            text.push('<');
            while let Some(blank) = self.chars.next_if(|c| matches!(c, '\t' | '\r' | ' ')) {
                text.push(blank);
            }
        }
        text
    }

    fn dollar(&mut self) -> Result<Value, Problem> {
        self.chars.next();
        if self.chars.next_if_eq(&'{').is_none() {
            let name = self.name();
            if name.is_empty() {
                return Ok(Ok("$".to_owned()));
            }
            return Ok(match self.found(&name) {
                Lookup::Unset if self.raw.variables => Ok(format!("${name}")),
                found => or_empty(found),
            });
        }
        match self.chars.peek() {
            None => return Err(Problem::Unclosed('}')),
            Some('{' | '}' | ':') => return Err(Problem::Substitution),
            Some(_) => {}
        }
        let name = self.name();
        let found = self.found(&name);
        match self.chars.next() {
            None => Err(Problem::Modifier(String::new())),
            Some('}') => Ok(match found {
                Lookup::Unset if self.raw.variables => Ok(format!("${{{name}}}")),
                found => or_empty(found),
            }),
            Some('/') => self.replacement(&name, found),
            Some(':') => match self.chars.next() {
                Some(operator @ ('-' | '+' | '?')) => self.default(&name, found, operator, true),
                other => Err(Problem::Modifier(format!(":{}", other.map(String::from).unwrap_or_default()))),
            },
            Some(operator @ ('-' | '+' | '?')) => self.default(&name, found, operator, false),
            Some(operator @ ('#' | '%')) => self.trimmed(&name, found, operator),
            Some(other) => Err(Problem::Modifier(other.to_string())),
        }
    }

    /// `${name-word}`, `${name+word}`, `${name?word}`, or the same with `:`, for which empty is unset.
    fn default(&mut self, name: &str, found: Lookup, operator: char, colon: bool) -> Result<Value, Problem> {
        let word = self.nested('}', false)?;
        if matches!(found, Lookup::Unset) && self.raw.variables {
            let colon = if colon { ":" } else { "" };
            return Ok(word.map(|word| format!("${{{name}{colon}{operator}{word}}}")));
        }
        let value = match found {
            Lookup::Unknown(unknown) => return Ok(Err(unknown)),
            Lookup::Unset => None,
            Lookup::Set(Err(unknown)) if colon => return Ok(Err(unknown)),
            Lookup::Set(Ok(value)) if colon && value.is_empty() => None,
            Lookup::Set(value) => Some(value),
        };
        match (operator, value) {
            ('-', None) | ('+', Some(_)) => Ok(word),
            ('+', None) => Ok(Ok(String::new())),
            (_, Some(value)) => Ok(value),
            (_, None) => Err(Problem::Required(format!("`{name}` has no value"))),
        }
    }

    /// `${name#pattern}`, `${name%pattern}`, or the same with the operator doubled, for the longest match.
    fn trimmed(&mut self, name: &str, found: Lookup, operator: char) -> Result<Value, Problem> {
        let pattern = self.nested('}', true)?;
        if matches!(found, Lookup::Unset) && self.raw.variables {
            return Ok(pattern.map(|pattern| format!("${{{name}{operator}{pattern}}}")));
        }
        let (value, pattern) = match (or_empty(found), pattern) {
            (Ok(value), Ok(pattern)) => (value, pattern),
            (Err(unknown), _) | (_, Err(unknown)) => return Ok(Err(unknown)),
        };
        let (length, pattern) = match pattern.strip_prefix(operator) {
            Some(pattern) => (Length::Longest, pattern),
            None => (Length::Shortest, pattern.as_str()),
        };
        if let Err(unknown) = self.compare(&value, pattern) {
            return Ok(Err(unknown));
        }
        let direction = if operator == '#' { Direction::Front } else { Direction::Back };
        shell_pattern::trim(&value, pattern, direction, length).map(Ok)
    }

    /// `${name/pattern/replacement}`, or the same with the first `/` doubled, for all matches.
    fn replacement(&mut self, name: &str, found: Lookup) -> Result<Value, Problem> {
        let all = self.chars.next_if_eq(&'/').is_some();
        let pattern = self.nested('/', true)?;
        let replacement = self.nested('}', true)?;
        if let (Lookup::Unset, true, Ok(pattern), Ok(replacement)) =
            (&found, self.raw.variables, &pattern, &replacement)
        {
            return Ok(Ok(format!("${{{name}/{pattern}/{replacement}}}")));
        }
        match (or_empty(found), pattern, replacement) {
            (Ok(value), Ok(pattern), Ok(replacement)) => {
                if let Err(unknown) = self.compare(&value, &pattern) {
                    return Ok(Err(unknown));
                }
                let replaced = shell_pattern::replace(&value, &pattern, &replacement, all, LIMIT)?;
                Ok(replaced.ok_or(Unknowable::Long))
            }
            (Err(unknown), ..) | (_, Err(unknown), _) | (.., Err(unknown)) => Ok(Err(unknown)),
        }
    }

    /// Letters, digits and `_`; or digits alone; or one special parameter of a shell.
    fn name(&mut self) -> String {
        let mut name = String::new();
        match self.chars.peek() {
            Some(c) if is_digit(*c) => {
                while let Some(digit) = self.chars.next_if(|c| is_digit(*c)) {
                    name.push(digit);
                }
            }
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => name.extend(self.chars.next()),
            _ => {
                while let Some(c) = self.chars.next_if(|c| is_letter(*c) || is_digit(*c) || *c == '_') {
                    name.push(c);
                }
            }
        }
        name
    }
}

/// A letter of any script, as Go's `unicode.IsLetter`.
fn is_letter(c: char) -> bool {
    static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{L}$").ok());
    if c.is_ascii() { c.is_ascii_alphabetic() } else { is_one_of(&LETTER, c) }
}

/// A decimal digit of any script, as Go's `unicode.IsDigit`.
fn is_digit(c: char) -> bool {
    static DIGIT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Nd}$").ok());
    if c.is_ascii() { c.is_ascii_digit() } else { is_one_of(&DIGIT, c) }
}

fn is_one_of(class: &Option<Regex>, c: char) -> bool {
    class.as_ref().is_some_and(|class| class.is_match(c.encode_utf8(&mut [0; 4])))
}

/// The value of a variable that reads as empty where it has none.
fn or_empty(found: Lookup) -> Value {
    match found {
        Lookup::Set(value) => value,
        Lookup::Unset => Ok(String::new()),
        Lookup::Unknown(unknown) => Err(unknown),
    }
}
