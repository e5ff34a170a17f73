//! Translates a regular expression from Go's syntax (<https://pkg.go.dev/regexp/syntax>) to that of the `regex` crate.
//!
//! The two differ in what `\d \w \s \b` mean (ASCII in Go), in which characters are special (`[a[b]`, `[a&&b]`, `\<`
//! and `x{` are literal in Go) and in the names of groups. So every token is read here and written in a form that
//! has one meaning only; names are kept aside.

use std::fmt::Write;

use super::regex_names;

/// The most times that Go lets an expression repeat.
const MAX_REPEAT: u32 = 1000;

/// A pattern of the `regex` crate and the name of each of its groups, from the first.
pub(super) type Translated = (String, Vec<Option<String>>);

/// Translates a pattern.
///
/// # Errors
/// Syntax that Go does not have. What is left to the `regex` crate: unbalanced groups.
pub(super) fn translate(pattern: &str) -> Result<Translated, String> {
    let mut translator =
        Translator { rest: pattern, out: String::new(), groups: Vec::new(), last: Last::Nothing };
    while !translator.rest.is_empty() {
        translator.token()?;
    }
    Ok((translator.out, translator.groups))
}

/// What a repetition operator would follow.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Nothing,
    Expression,
    Repetition,
}

struct Translator<'a> {
    rest: &'a str,
    out: String,
    groups: Vec<Option<String>>,
    last: Last,
}

/// One member of a character class.
enum Item {
    Char(char),
    /// Text for the inside of a class.
    Class(String),
}

impl Translator<'_> {
    fn token(&mut self) -> Result<(), String> {
        let start = self.rest;
        match self.next() {
            Some('(') => return self.group(),
            Some('[') => self.class()?,
            Some('\\') => self.escape()?,
            Some('|') => {
                self.out.push('|');
                self.last = Last::Nothing;
                return Ok(());
            }
            Some(c @ ('*' | '+' | '?')) => return self.repeat(&c.to_string(), start),
            Some('{') => match counts(self.rest) {
                None => self.literal('{'),
                Some((least, most, length)) => {
                    let operator = format!("{{{}", &self.rest[..length]);
                    if least > MAX_REPEAT || most.is_some_and(|most| most > MAX_REPEAT || most < least) {
                        return Err(format!("invalid repeat count: `{operator}`"));
                    }
                    self.rest = &self.rest[length..];
                    return self.repeat(&operator, start);
                }
            },
            Some(c @ ('.' | '^' | '$' | ')')) => self.out.push(c),
            Some(c) => self.literal(c),
            None => {}
        }
        self.last = Last::Expression;
        Ok(())
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn eat(&mut self, prefix: &str) -> bool {
        self.rest.strip_prefix(prefix).map(|rest| self.rest = rest).is_some()
    }

    fn literal(&mut self, c: char) {
        if c.is_ascii_punctuation() { self.hex(c) } else { self.out.push(c) }
    }

    fn hex(&mut self, c: char) {
        write!(self.out, r"\x{{{:X}}}", u32::from(c)).expect("a string takes any text");
    }

    fn repeat(&mut self, operator: &str, start: &str) -> Result<(), String> {
        match self.last {
            Last::Nothing => return Err(format!("missing argument to repetition operator: `{operator}`")),
            Last::Repetition => {
                return Err(format!("invalid nested repetition operator: `{}`", head(start)));
            }
            Last::Expression => {}
        }
        self.out.push_str(operator);
        if self.eat("?") {
            self.out.push('?');
        }
        self.last = Last::Repetition;
        Ok(())
    }

    /// What follows `(`.
    fn group(&mut self) -> Result<(), String> {
        self.last = Last::Nothing;
        if self.eat("?P<") || self.eat("?<") {
            return self.named_group();
        }
        if self.eat("?") {
            return self.flags();
        }
        self.groups.push(None);
        self.out.push('(');
        Ok(())
    }

    fn named_group(&mut self) -> Result<(), String> {
        let invalid = || format!("invalid named capture: `{}`", head(self.rest));
        let (name, rest) = self.rest.split_once('>').ok_or_else(invalid)?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(invalid());
        }
        self.groups.push(Some(name.to_owned()));
        self.rest = rest;
        self.out.push('(');
        Ok(())
    }

    /// What follows `(?`: `i-s:` or `i-s)`.
    fn flags(&mut self) -> Result<(), String> {
        let start = self.rest;
        let (mut on, mut off, mut negative) = (String::new(), String::new(), false);
        loop {
            match self.next() {
                Some(c @ ('i' | 'm' | 's' | 'U')) => {
                    on.retain(|flag| flag != c);
                    off.retain(|flag| flag != c);
                    if negative { off.push(c) } else { on.push(c) }
                }
                Some('-') if !negative => negative = true,
                Some(end @ (':' | ')')) if !negative || !off.is_empty() => {
                    if !off.is_empty() {
                        off.insert(0, '-');
                    }
                    if end == ':' || !(on.is_empty() && off.is_empty()) {
                        write!(self.out, "(?{on}{off}{end}").expect("a string takes any text");
                    }
                    return Ok(());
                }
                _ => return Err(format!("invalid or unsupported Perl syntax: `(?{}`", head(start))),
            }
        }
    }

    /// What follows `\` outside of a class.
    fn escape(&mut self) -> Result<(), String> {
        let rest = self.rest;
        match self.next() {
            Some('A') => self.out.push_str(r"\A"),
            Some('z') => self.out.push_str(r"\z"),
            Some('b') => self.out.push_str(r"(?-u:\b)"),
            Some('B') => self.out.push_str(r"(?-u:\B)"),
            Some('Q') => {
                let (literal, rest) = self.rest.split_once(r"\E").unwrap_or((self.rest, ""));
                self.rest = rest;
                literal.chars().for_each(|c| self.literal(c));
            }
            _ => {
                self.rest = rest;
                match self.escaped_item()? {
                    Item::Char(c) => self.hex(c),
                    Item::Class(class) => write!(self.out, "[{class}]").expect("a string takes any text"),
                }
            }
        }
        Ok(())
    }

    /// What follows `\` in a class, and outside if it means the same there.
    fn escaped_item(&mut self) -> Result<Item, String> {
        let start = self.rest;
        let invalid = || format!(r"invalid escape sequence: `\{}`", head(start));
        let class = |class: &str| Ok(Item::Class(class.to_owned()));
        let Some(c) = self.next() else {
            return Err(r"trailing backslash at end of expression: `\`".to_owned());
        };
        let code = match c {
            'd' => return class("0-9"),
            'D' => return class("[^0-9]"),
            'w' => return class("0-9A-Za-z_"),
            'W' => return class("[^0-9A-Za-z_]"),
            's' => return class(r"\t\n\f\r\x20"),
            'S' => return class(r"[^\t\n\f\r\x20]"),
            'p' | 'P' => return self.unicode_class(c == 'P').ok_or_else(invalid),
            'a' => 0x07,
            'f' => 0x0C,
            'n' => 0x0A,
            'r' => 0x0D,
            't' => 0x09,
            'v' => 0x0B,
            'x' => self.hexadecimal().ok_or_else(invalid)?,
            // A digit other than 0 alone would refer back to a group.
            '1'..='7' if !self.rest.starts_with(|c| ('0'..='7').contains(&c)) => return Err(invalid()),
            '0'..='7' => {
                let length = start.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
                self.rest = &start[length..];
                u32::from_str_radix(&start[..length], 8).map_err(|_| invalid())?
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => u32::from(c),
            _ => return Err(invalid()),
        };
        char::from_u32(code).map(Item::Char).ok_or_else(invalid)
    }

    /// What follows `\x`: `41` or `{1F600}`.
    fn hexadecimal(&mut self) -> Option<u32> {
        let (digits, rest) = match self.rest.strip_prefix('{') {
            Some(braced) => braced.split_once('}')?,
            None => self.rest.split_at_checked(2)?,
        };
        self.rest = rest;
        // A sign is the one thing but digits that `from_str_radix` takes.
        (!digits.starts_with('+')).then(|| u32::from_str_radix(digits, 16).ok())?
    }

    /// What follows `\p` or `\P`: `L`, `{Greek}` or `{^Greek}`.
    fn unicode_class(&mut self, mut negated: bool) -> Option<Item> {
        let name = match self.rest.strip_prefix('{') {
            Some(braced) => {
                let (name, rest) = braced.split_once('}')?;
                self.rest = rest;
                let positive = name.strip_prefix('^');
                negated ^= positive.is_some();
                positive.unwrap_or(name).to_owned()
            }
            None => self.next()?.to_string(),
        };
        regex_names::class(&name, negated).map(Item::Class)
    }

    /// What follows `[`.
    fn class(&mut self) -> Result<(), String> {
        let start = self.rest;
        let missing = || format!("missing closing ] in `[{}`", head(start));
        self.out.push('[');
        if self.eat("^") {
            self.out.push('^');
        }
        let mut first = true;
        while first || !self.rest.starts_with(']') {
            first = false;
            let item_start = self.rest;
            let low = match self.class_item().ok_or_else(missing)?? {
                Item::Class(class) => {
                    self.out.push_str(&class);
                    continue;
                }
                Item::Char(low) => low,
            };
            self.hex(low);
            if self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                self.rest = &self.rest[1..];
                match self.class_item().ok_or_else(missing)?? {
                    Item::Char(high) if low <= high => {
                        self.out.push('-');
                        self.hex(high);
                    }
                    _ => {
                        let range = &item_start[..item_start.len() - self.rest.len()];
                        return Err(format!("invalid character class range: `{range}`"));
                    }
                }
            }
        }
        self.rest = &self.rest[1..];
        self.out.push(']');
        Ok(())
    }

    /// The next member of a class, `None` at the end of the pattern.
    fn class_item(&mut self) -> Option<Result<Item, String>> {
        if self.rest.starts_with("[:")
            && let Some(end) = self.rest.find(":]")
        {
            let name = &self.rest[2..end];
            let known = [
                "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
                "space", "upper", "word", "xdigit",
            ];
            let class = &self.rest[..end + 2];
            self.rest = &self.rest[end + 2..];
            return Some(if known.contains(&name.strip_prefix('^').unwrap_or(name)) {
                Ok(Item::Class(class.to_owned()))
            } else {
                Err(format!("invalid character class range: `{class}`"))
            });
        }
        match self.next()? {
            '\\' => Some(self.escaped_item()),
            c => Some(Ok(Item::Char(c))),
        }
    }
}

/// The least and the most repetitions of `2}`, `2,}` or `2,3}` and the length of that text, `None` if it is literal.
/// Without a most there is no limit.
fn counts(text: &str) -> Option<(u32, Option<u32>, usize)> {
    let number = |digits: &str| {
        let valid = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        (valid && !digits.is_empty()).then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let (inside, _) = text.split_once('}')?;
    let length = inside.len() + 1;
    match inside.split_once(',') {
        None => Some((number(inside)?, number(inside), length)),
        Some((least, "")) => Some((number(least)?, None, length)),
        Some((least, most)) => Some((number(least)?, Some(number(most)?), length)),
    }
}

/// The beginning of a text, for messages.
fn head(text: &str) -> &str {
    let end = text.char_indices().nth(20).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_syntax_of_go_is_accepted() {
        for pattern in [
            "a**",
            "a*+",
            "a*??",
            "|*",
            "a|*",
            "(?i)*",
            "(*a)",
            "a{1001}",
            "a{2,1}",
            "a{2}{3}",
            "(?=a)",
            "(?<!a)",
            "(?x)a",
            "(?-)",
            "(?i-)",
            "(?P<>a)",
            "(?P<a b>a)",
            r"\1",
            r"\8",
            r"\Z",
            r"\C",
            r"\q",
            r"\é",
            r"\x",
            r"\x{}",
            r"\x{110000}",
            r"\x+1",
            r"\p",
            r"\p{sc=Greek}",
            r"\p{Grek}",
            r"\p{isGreek}",
            r"\p{Old_Italic}",
            r"\p{}",
            r"\",
            "[a",
            "[z-a]",
            r"[a-\d]",
            "[[:foo:]]",
            r"[\b]",
            r"[\Q]",
            "[a--]",
            r"[\",
        ] {
            assert!(translate(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn every_translation_compiles() {
        for pattern in [
            "",
            "a{,2}",
            "x{",
            "a{01}",
            "]",
            "}",
            "[a[b]",
            "[]a]",
            "[^]a]",
            "[&&a]",
            "[~~]",
            "[--a]",
            "[a-]",
            r"\Qa.b",
            r"\<\_",
            r"\B",
            "(?)",
            "(?ii-s:a)",
            "(?i-i)a",
            "(?<1a>a)(?<1a>b)",
            r"\012\x41\x{1F600}",
            r"\b{2}",
            r"\p{^Greek}\PL",
            r"\p{g-R_e ek}\p{LC}",
            r"\p{Cs}\P{Surrogate}[a\p{Cs}]",
            "(|a)+",
            "^*$",
            "()",
            r"[[:^alpha:]\D\s]",
        ] {
            let (translated, _) = translate(pattern).expect(pattern);
            assert!(regex::Regex::new(&translated).is_ok(), "{pattern} -> {translated}");
        }
    }
}
