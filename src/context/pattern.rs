//! One pattern of an ignore file, as BuildKit matches it: a mix of Go's `filepath.Match` and Go's regular expressions.
//!
//! Docker checks a pattern with the former and then writes it as the latter, which is why `[^a]` and `[+-9]` fit a `/`
//! here, and why the end of a name is all that `**foo` looks at
//! (<https://github.com/moby/patternmatcher/blob/main/patternmatcher.go>).

/// Why a pattern cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// A `!` with nothing behind it.
    #[error("`!` needs a pattern behind it")]
    Bang,
    /// A class that is empty, not closed or starts with a `-`, or a `\` with nothing behind it.
    #[error("is not a valid pattern: Docker refuses it")]
    Syntax,
    /// Docker reads these characters as a regular expression that nobody meant.
    #[error("has a meaning in Docker that is not the one it seems to have: `{0}`")]
    Unclear(&'static str),
    /// Longer than what Docker reads.
    #[error("is longer than 65,535 bytes, which is all that Docker reads of a line")]
    TooLong,
}

/// A pattern without its `!`.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// The cleaned text.
    text: Vec<u8>,
    /// How paths are compared with it.
    kind: Kind,
}

/// How paths are compared with a pattern.
#[derive(Clone, Debug)]
enum Kind {
    /// Byte by byte: there is no wildcard.
    Exact,
    /// What stands before a last `**`.
    Prefix(Vec<u8>),
    /// What stands behind a first `**`.
    Suffix(Vec<u8>),
    /// Anything else.
    Steps {
        /// What every path that fits starts with.
        start: Vec<u8>,
        /// What follows.
        steps: Vec<Step>,
    },
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// This character.
    Literal(char),
    /// One character but `/`.
    NotSlash,
    /// One character inside (or outside) these inclusive ranges.
    Class {
        /// Whether it stands for what is outside.
        negated: bool,
        /// The ranges.
        ranges: Vec<(char, char)>,
    },
    /// Any number of characters but `/`.
    Name,
    /// Any number of characters but newlines.
    Rest,
    /// Nothing, or any number of folders with the `/` behind them: `Folders` is where it may be skipped, the step behind
    /// it is where it goes on.
    Folders,
    /// Inside of `Folders`.
    InFolders,
}

impl Pattern {
    /// Reads a pattern that [was cleaned](super::path::clean) and has no `!` in front.
    ///
    /// # Errors
    /// What Docker refuses, and what it reads as something that we do not follow.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Fault> {
        check(text)?;
        // What is not UTF-8 reaches the client as replacement characters.
        let text: String = characters(text).collect();
        let kind = Kind::of(&text)?;
        Ok(Self { text: text.into_bytes(), kind })
    }

    /// A pattern that fits just this path, whatever characters it has.
    pub(crate) fn literal(path: &[u8]) -> Self {
        Self { text: path.to_vec(), kind: Kind::Exact }
    }

    /// Whether the whole path fits.
    pub(crate) fn fits(&self, path: &[u8]) -> bool {
        match &self.kind {
            Kind::Exact => path == self.text,
            Kind::Prefix(prefix) => path.starts_with(prefix),
            Kind::Suffix(suffix) => {
                path.ends_with(suffix) || suffix.strip_prefix(b"/").is_some_and(|rest| path == rest)
            }
            Kind::Steps { start, steps } => {
                path.strip_prefix(start.as_slice()).is_some_and(|rest| ends(&run(steps, rest)))
            }
        }
    }

    /// Whether a path below this folder may fit; `true` where it is not certain that none does.
    pub(crate) fn reaches_below(&self, folder: &[u8]) -> bool {
        if folder.is_empty() {
            return true;
        }
        match &self.kind {
            Kind::Exact => is_below(&self.text, folder),
            Kind::Prefix(prefix) => overlaps(prefix, folder),
            Kind::Suffix(_) => true,
            Kind::Steps { start, steps } => {
                if !overlaps(start, folder) {
                    return false;
                }
                let below = [folder, b"/"].concat();
                match below.strip_prefix(start.as_slice()) {
                    None => true,
                    Some(rest) => run(steps, rest).contains(&true),
                }
            }
        }
    }

    /// The text up to a last `/**` or `/*`, or both: where BuildKit looks for what is below a folder.
    pub(crate) fn trunk(&self) -> &[u8] {
        let text = self.text.strip_suffix(b"/**").unwrap_or(&self.text);
        text.strip_suffix(b"/*").unwrap_or(text)
    }

    /// The text, where it stands for one path.
    pub(crate) fn as_path(&self) -> Option<&[u8]> {
        match self.kind {
            Kind::Exact => Some(&self.text),
            Kind::Prefix(_) | Kind::Suffix(_) | Kind::Steps { .. } => None,
        }
    }
}

impl Kind {
    /// How Docker compares paths with a pattern.
    fn of(text: &str) -> Result<Self, Fault> {
        if let Some(suffix) = text.strip_prefix("**")
            && !suffix.contains(['*', '?', '[', ']', '\\'])
        {
            return Ok(Self::Suffix(suffix.as_bytes().to_vec()));
        }
        let prefix = text.strip_suffix("**").unwrap_or(text);
        if !prefix.contains(['*', '?', '[', ']', '\\']) {
            return Ok(if prefix == text { Self::Exact } else { Self::Prefix(prefix.as_bytes().to_vec()) });
        }
        let mut steps = steps(text)?.into_iter().peekable();
        let mut start = String::new();
        while let Some(Step::Literal(c)) = steps.peek() {
            // A replacement character stands for any byte that is not UTF-8, too.
            if *c == char::REPLACEMENT_CHARACTER {
                break;
            }
            start.push(*c);
            steps.next();
        }
        Ok(Self::Steps { start: start.into_bytes(), steps: steps.collect() })
    }
}

/// The steps of a pattern that [`check`] let through.
fn steps(text: &str) -> Result<Vec<Step>, Fault> {
    let mut steps = vec![];
    if text.starts_with('\u{feff}') {
        return Err(Fault::Unclear("a byte order mark"));
    }
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                chars.next_if_eq(&'/');
                if chars.peek().is_none() {
                    steps.push(Step::Rest);
                } else {
                    steps.extend([Step::Folders, Step::InFolders]);
                }
            }
            '*' => steps.push(Step::Name),
            '?' => steps.push(Step::NotSlash),
            '\\' => steps.push(Step::Literal(escaped(chars.next())?)),
            '[' => steps.push(class(&mut chars)?),
            '^' => return Err(Fault::Unclear("^")),
            c => steps.push(Step::Literal(c)),
        }
    }
    Ok(steps)
}

/// The character behind a `\`.
fn escaped(c: Option<char>) -> Result<char, Fault> {
    match c {
        None => Err(Fault::Syntax),
        Some(c) if c.is_ascii_alphanumeric() || !c.is_ascii() => Err(Fault::Unclear("\\")),
        Some(c) => Ok(c),
    }
}

/// The rest of a class, behind its `[`.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Step, Fault> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = vec![];
    let mut first = true;
    loop {
        let low = match chars.next() {
            None => return Err(Fault::Syntax),
            Some(']') if !first => return Ok(Step::Class { negated, ranges }),
            c => member(c, chars)?,
        };
        first = false;
        let high = match chars.next_if_eq(&'-') {
            None => low,
            Some(_) => {
                let c = chars.next();
                member(c, chars)?
            }
        };
        if low > high {
            return Err(Fault::Syntax);
        }
        ranges.push((low, high));
    }
}

/// A character of a class.
fn member(c: Option<char>, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<char, Fault> {
    match c {
        None | Some(']' | '-') => Err(Fault::Syntax),
        Some('\\') => escaped(chars.next()),
        Some('*' | '?') => Err(Fault::Unclear("a wildcard in a class")),
        Some('[') if chars.peek() == Some(&':') => Err(Fault::Unclear("[[:")),
        Some(c) => Ok(c),
    }
}

/// Refuses what Go's `filepath.Match` refuses.
fn check(text: &[u8]) -> Result<(), Fault> {
    let mut chars = characters(text).peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => _ = chars.next().ok_or(Fault::Syntax)?,
            '[' => {
                chars.next_if_eq(&'^');
                let mut is_empty = true;
                while is_empty || chars.next_if_eq(&']').is_none() {
                    is_empty = false;
                    one(&mut chars)?;
                    if chars.next_if_eq(&'-').is_some() {
                        one(&mut chars)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Takes one character of a class.
fn one(chars: &mut impl Iterator<Item = char>) -> Result<(), Fault> {
    match chars.next() {
        None | Some('-' | ']') => Err(Fault::Syntax),
        Some('\\') => chars.next().map(drop).ok_or(Fault::Syntax),
        Some(_) => Ok(()),
    }
}

/// Whether a path is below a folder.
fn is_below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.first() == Some(&b'/') && rest.len() > 1)
}

/// Whether one of both starts with the other, the folder with a `/` at its end.
fn overlaps(start: &[u8], folder: &[u8]) -> bool {
    let mut below = folder.iter().chain(b"/");
    start.iter().all(|byte| below.next().is_none_or(|other| byte == other))
}

/// Where in the steps one may be after these bytes; the last place is behind all of them.
fn run(steps: &[Step], bytes: &[u8]) -> Vec<bool> {
    let mut places = vec![false; steps.len() + 1];
    enter(steps, &mut places, 0);
    for c in characters(bytes) {
        let mut next = vec![false; steps.len() + 1];
        for (place, step) in steps.iter().enumerate() {
            if places.get(place) != Some(&true) {
                continue;
            }
            let (stays, goes_on) = match step {
                Step::Literal(own) => (false, *own == c),
                Step::NotSlash => (false, c != '/'),
                Step::Class { negated, ranges } => {
                    (false, ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated)
                }
                Step::Name => (c != '/', false),
                Step::Rest => (c != '\n', false),
                Step::Folders => (false, false),
                Step::InFolders => (c != '\n', c == '/'),
            };
            if stays {
                enter(steps, &mut next, place);
            }
            if goes_on {
                enter(steps, &mut next, place + 1);
            }
        }
        places = next;
    }
    places
}

/// Comes to a place, and to those that are reached from there without a character.
fn enter(steps: &[Step], places: &mut [bool], place: usize) {
    let mut place = place;
    while let Some(here) = places.get_mut(place) {
        *here = true;
        match steps.get(place) {
            Some(Step::Name | Step::Rest) => place += 1,
            Some(Step::Folders) => {
                if let Some(inside) = places.get_mut(place + 1) {
                    *inside = true;
                }
                place += 2;
            }
            Some(Step::Literal(_) | Step::NotSlash | Step::Class { .. } | Step::InFolders) | None => return,
        }
    }
}

/// Whether one may be behind all steps.
fn ends(places: &[bool]) -> bool {
    places.last() == Some(&true)
}

/// The characters as Go reads them: each byte that is not UTF-8 is a replacement character.
fn characters(bytes: &[u8]) -> impl Iterator<Item = char> {
    bytes.utf8_chunks().flat_map(|chunk| {
        chunk.valid().chars().chain(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER))
    })
}
