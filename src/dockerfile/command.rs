//! The parts of a line: the name of its instruction, flags, arguments.

/// A line in parts.
#[derive(Debug)]
pub(super) struct Command {
    /// The name of the instruction in lower case.
    pub(super) name: String,
    /// What starts with `--`.
    pub(super) flags: Flags,
    /// The rest.
    pub(super) arguments: String,
}

impl Command {
    /// Whether `<<` in this line can open here-documents; `ONBUILD` is up to what follows it.
    ///
    /// # Errors
    /// A JSON array of anything but strings.
    pub(super) fn opens_heredocs(&self) -> Result<bool, String> {
        Ok(matches!(self.name.as_str(), "add" | "copy" | "run") && json_strings(&self.arguments)?.is_none())
    }
}

/// Flags in the order in which they are written: `--name` or `--name=value`.
#[derive(Debug, Default)]
pub(super) struct Flags(Vec<(String, Option<String>)>);

impl Flags {
    /// Itself, if its names are among these.
    ///
    /// # Errors
    /// Another name, which a newer frontend may know.
    pub(super) fn expect(&self, names: &[&str]) -> Result<&Self, String> {
        match self.0.iter().find(|(name, _)| !names.contains(&name.as_str())) {
            Some((name, _)) => Err(format!("unknown flag `--{name}`")),
            None => Ok(self),
        }
    }

    /// The values of a flag.
    ///
    /// # Errors
    /// One without a value.
    pub(super) fn all(&self, name: &str) -> Result<Vec<String>, String> {
        let value = |value: &Option<String>| value.clone().ok_or_else(|| format!("`--{name}` needs a value"));
        self.0.iter().filter(|(own, _)| own == name).map(|(_, own)| value(own)).collect()
    }

    /// The value of a flag that can be there once.
    ///
    /// # Errors
    /// More of them, or one without a value.
    pub(super) fn one(&self, name: &str) -> Result<Option<String>, String> {
        let mut values = self.all(name)?;
        let value = values.pop();
        if values.is_empty() { Ok(value) } else { Err(format!("`--{name}` is repeated")) }
    }

    /// Whether a flag without a value is there, or is `true`.
    ///
    /// # Errors
    /// More of them, or another value.
    pub(super) fn switch(&self, name: &str) -> Result<bool, String> {
        let values: Vec<_> = self.0.iter().filter(|(own, _)| own == name).map(|(_, value)| value).collect();
        match values.as_slice() {
            [] => Ok(false),
            [None] => Ok(true),
            [Some(value)] if value.eq_ignore_ascii_case("true") => Ok(true),
            [Some(value)] if value.eq_ignore_ascii_case("false") => Ok(false),
            [_] => Err(format!("`--{name}` is neither true nor false")),
            _ => Err(format!("`--{name}` is repeated")),
        }
    }
}

/// The blanks that separate arguments.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// The text up to the first blanks and what follows them.
pub(super) fn split_at_blank(text: &str) -> Option<(&str, &str)> {
    text.split_once(is_blank).map(|(first, rest)| (first, rest.trim_start_matches(is_blank)))
}

/// Splits a line.
///
/// # Errors
/// Flags that BuildKit's lexer garbles.
pub(super) fn split(line: &str, escape: char) -> Result<Command, String> {
    let line = line.trim();
    let (name, rest) = split_at_blank(line).unwrap_or((line, ""));
    let (flags, rest) = flags(rest, escape)?;
    Ok(Command { name: name.to_lowercase(), flags, arguments: rest.trim().to_owned() })
}

/// The flags in front, whose quotes and escapes are removed, and the rest.
fn flags(text: &str, escape: char) -> Result<(Flags, &str), String> {
    let mut flags = Flags::default();
    let mut rest = text;
    loop {
        let start = rest.trim_start();
        if !start.starts_with("--") {
            return Ok((flags, start));
        }
        let mut word = String::new();
        let mut quote = None;
        let mut end = start.len();
        let mut chars = start.char_indices();
        while let Some((at, c)) = chars.next() {
            if !c.is_ascii() {
                // BuildKit reads flags byte by byte.
                return Err("a flag with other characters than ASCII".to_owned());
            }
            if quote == Some(c) {
                quote = None;
            } else if c == escape {
                match chars.next() {
                    Some((_, escaped)) if !escaped.is_ascii() => {
                        return Err("a flag with other characters than ASCII".to_owned());
                    }
                    Some((_, escaped)) => word.push(escaped),
                    None => {}
                }
            } else if quote.is_some() {
                word.push(c);
            } else if c.is_whitespace() {
                end = at;
                break;
            } else if matches!(c, '\'' | '"') {
                quote = Some(c);
            } else {
                word.push(c);
            }
        }
        rest = start.get(end..).unwrap_or_default();
        let Some(flag) = word.strip_prefix("--").filter(|flag| !flag.is_empty()) else {
            // `--` alone ends the flags.
            return Ok((flags, rest));
        };
        flags.0.push(match flag.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (flag.to_owned(), None),
        });
    }
}

/// The arguments between blanks.
pub(super) fn words_at_blanks(text: &str) -> Vec<String> {
    text.split(is_blank).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The strings of a JSON array; `None` if the text is not one.
///
/// # Errors
/// An array of other things, which BuildKit refuses; a string that Go reads and we do not.
pub(super) fn json_strings(text: &str) -> Result<Option<Vec<String>>, String> {
    let text = text.trim_start();
    if !text.starts_with('[') {
        return Ok(None);
    }
    if let Ok(strings) = serde_json::from_str::<Vec<String>>(text) {
        return Ok(Some(strings));
    }
    // Go reads half a surrogate pair as a replacement character.
    if text.to_ascii_lowercase().contains("\\ud") {
        return Err("a JSON string with a surrogate".to_owned());
    }
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        return Err("a JSON array of other things than strings".to_owned());
    }
    Ok(None)
}

/// The words between blanks outside quotes; quotes and escapes stay for the expansion.
pub(super) fn quoted_words(text: &str, escape: char) -> Vec<String> {
    let mut words = vec![];
    let mut word = String::new();
    let mut quoted = false;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match quote {
            None if c.is_whitespace() => {
                if quoted || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                quoted = false;
                continue;
            }
            None if matches!(c, '\'' | '"') => {
                quote = Some(c);
                quoted = true;
            }
            Some(own) if own == c => quote = None,
            _ => {}
        }
        // Inside single quotes it is a character like others.
        if c == escape && quote != Some('\'') {
            // At the end it is dropped.
            if let Some(escaped) = chars.next() {
                word.extend([c, escaped]);
            }
        } else {
            word.push(c);
        }
    }
    if quoted || !word.is_empty() {
        words.push(word);
    }
    words
}
