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
    /// More lines than any real file has: each of them is tried on each path of a context.
    #[error("is one of more than 1,000 patterns")]
    TooMany,
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
        /// What follows, up to the end.
        steps: Vec<Step>,
        /// What every path that fits ends with.
        end: Vec<u8>,
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
            Kind::Steps { start, steps, end } => {
                // Most paths end in another way, which is soon told.
                let rest = path.strip_prefix(start.as_slice()).filter(|rest| rest.ends_with(end));
                rest.is_some_and(|rest| may_end(steps, rest) && run(steps, rest).last() == Some(&true))
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
            Kind::Steps { start, steps, end: _ } => {
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
        let mut steps = steps(text)?;
        let start = steps.iter().map_while(Step::text).count();
        let start: String = steps.drain(..start).filter_map(|step| step.text()).collect();
        let mut end: Vec<_> = steps.iter().rev().map_while(Step::text).collect();
        end.reverse();
        let end = String::from_iter(end);
        Ok(Self::Steps { start: start.into_bytes(), steps, end: end.into_bytes() })
    }
}

impl Step {
    /// The character that it stands for, if its bytes are the only ones that it takes: a replacement character stands for
    /// any byte that is not UTF-8, too.
    fn text(&self) -> Option<char> {
        match self {
            Self::Literal(c) if *c != char::REPLACEMENT_CHARACTER => Some(*c),
            _ => None,
        }
    }

    /// What a character does: whether one may stay here, and whether one may go on.
    fn take(&self, c: char) -> (bool, bool) {
        match self {
            Self::Literal(own) => (false, *own == c),
            Self::NotSlash => (false, c != '/'),
            Self::Class { negated, ranges } => {
                (false, ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated)
            }
            Self::Name => (c != '/', false),
            Self::Rest => (c != '\n', false),
            Self::Folders => (false, false),
            Self::InFolders => (c != '\n', c == '/'),
        }
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

/// Whether the last step takes the last character; `true` where that is not certain.
fn may_end(steps: &[Step], bytes: &[u8]) -> bool {
    match (steps.last(), bytes.last()) {
        (Some(step @ (Step::Literal(_) | Step::NotSlash | Step::Class { .. })), Some(byte))
            if byte.is_ascii() =>
        {
            step.take(char::from(*byte)).1
        }
        _ => true,
    }
}

/// Where in the steps one may be after these bytes; the last place is behind all of them.
fn run(steps: &[Step], bytes: &[u8]) -> Vec<bool> {
    let mut places = vec![false; steps.len() + 1];
    let mut next = places.clone();
    enter(steps, &mut places, 0);
    for c in characters(bytes) {
        let mut is_over = true;
        next.fill(false);
        for (place, (step, is_here)) in steps.iter().zip(&places).enumerate() {
            if !is_here {
                continue;
            }
            let (stays, goes_on) = step.take(c);
            if stays {
                enter(steps, &mut next, place);
            }
            if goes_on {
                enter(steps, &mut next, place + 1);
            }
            is_over &= !stays && !goes_on;
        }
        std::mem::swap(&mut places, &mut next);
        if is_over {
            break;
        }
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

/// The characters as Go reads them: each byte that is not UTF-8 is a replacement character.
fn characters(bytes: &[u8]) -> impl Iterator<Item = char> {
    bytes.utf8_chunks().flat_map(|chunk| {
        chunk.valid().chars().chain(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert, proptest};

    use super::super::path::clean;
    use super::*;

    /// A pattern, a path, and whether it fits.
    const FITS: &[(&str, &str, bool)] = &[
        // Exact.
        ("docs", "docs", true),
        ("docs", "docs2", false),
        ("docs", "a/docs", false),
        ("docs", "docs/a", false),
        ("docs/a.md", "docs/a.md", true),
        ("a.b", "axb", false),
        ("a|b", "a|b", true),
        ("$(x)+{y}", "$(x)+{y}", true),
        ("Docs", "docs", false),
        ("a^b", "a^b", true),
        ("a-b", "a-b", true),
        ("ü", "ü", true),
        // One star.
        ("*", "x", true),
        ("*", "x/y", false),
        ("*", "x\ny", true),
        ("*.rs", ".rs", true),
        ("*.rs", "lib.rs", true),
        ("*.rs", "librs", false),
        ("*.rs", "src/lib.rs", false),
        ("lib.*", "lib.", true),
        ("l*b*s", "lib.rs", true),
        ("l*b*s", "lib/rs", false),
        ("src/*/mod.rs", "src/a/mod.rs", true),
        ("src/*/mod.rs", "src/a/b/mod.rs", false),
        ("src/*/mod.rs", "src//mod.rs", true),
        (".*", ".env", true),
        (".*", "env", false),
        ("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        // A question mark.
        ("?", "a", true),
        ("?", "ü", true),
        ("?", "/", false),
        ("?", "", false),
        ("v?.?", "v1.2", true),
        ("v?.?", "v1/2", false),
        // Two stars in front.
        ("**", "x", true),
        ("**", "x/y/z", true),
        ("**", "x\ny", true),
        ("**/target", "target", true),
        ("**/target", "a/b/target", true),
        ("**/target", "mytarget", false),
        ("**/target", "target/debug", false),
        ("**target", "mytarget", true),
        ("**target", "a/mytarget", true),
        ("**/a/b", "x/a/b", true),
        ("**/a/b", "x/a/c/b", false),
        ("**/*.rs", "lib.rs", true),
        ("**/*.rs", "a/b/lib.rs", true),
        ("**/*.rs", "a/b/lib.rs.bak", false),
        ("**/*.rs", "a\nb/lib.rs", false),
        ("***", "a/b", true),
        ("**/**", "a/b", true),
        ("**/**/x", "a/b/x", true),
        ("**?", "a/b", true),
        ("**.(x)", "a.(x)", true),
        // Two stars at the end.
        ("out/**", "out", false),
        ("out/**", "out/a", true),
        ("out/**", "out/a/b", true),
        ("out/**", "outer/a", false),
        ("out**", "outer/a", true),
        ("out**", "out", true),
        ("o?t/**", "out/a\nb", false),
        ("o?t/**", "out/a/b", true),
        ("o?t**", "out/a", true),
        // Two stars between.
        ("a/**/z", "a/z", true),
        ("a/**/z", "a/b/z", true),
        ("a/**/z", "a/b/c/z", true),
        ("a/**/z", "az", false),
        ("a/**/z", "a/bz", false),
        ("a**z", "az", true),
        ("a**z", "ab/z", true),
        ("a**z", "abz", false),
        ("a**/*.rs", "a/b/lib.rs", true),
        ("a**/*.rs", "ab/lib.rs", true),
        // Classes.
        ("[abc]", "b", true),
        ("[abc]", "d", false),
        ("[a-cx]", "x", true),
        ("[^abc]", "d", true),
        ("[^abc]", "a", false),
        ("[^abc]", "/", true),
        ("[!a]", "!", true),
        ("[!a]", "b", false),
        ("x[+-9]y", "x/y", true),
        ("[ä-ü]", "ö", true),
        ("[\\]x]", "]", true),
        ("[\\-]", "-", true),
        ("[a.]", ".", true),
        ("[a^]", "^", true),
        ("a]*", "a]b", true),
        ("**/[ab]", "x/b", true),
        // A backslash.
        ("a\\*b", "a*b", true),
        ("a\\*b", "axb", false),
        ("\\[a", "[a", true),
        ("a\\\\", "a\\", true),
        ("\\!a", "!a", true),
        ("\\#", "#", true),
        ("\\ ", " ", true),
    ];

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(&clean(text.as_bytes())).unwrap_or_else(|fault| panic!("{text}: {fault}"))
    }

    #[test]
    fn patterns_fit_as_in_docker() {
        for (text, path, fits) in FITS {
            assert_eq!(pattern(text).fits(path.as_bytes()), *fits, "{text} and {path:?}");
        }
    }

    #[test]
    fn what_fits_is_below_what_is_reached() {
        for (text, path, fits) in FITS {
            for (at, _) in path.match_indices('/').filter(|(at, _)| *fits && (1..path.len() - 1).contains(at))
            {
                assert!(pattern(text).reaches_below(&path.as_bytes()[..at]), "{text} and {path:?}");
            }
        }
    }

    #[test]
    fn what_is_not_reached_is_told() {
        for (text, folder, reaches) in [
            ("docs", "docs", false),
            ("docs/a", "docs", true),
            ("docs/a", "doc", false),
            ("docs/a", "docs/a", false),
            ("docs/a/b", "docs/a", true),
            ("*.rs", "src", false),
            ("src/*.rs", "src", true),
            ("src/*.rs", "src/a", false),
            ("*/a", "x", true),
            ("*/a", "x/y", false),
            ("**/a", "x/y", true),
            ("out/**", "out", true),
            ("out/**", "out/a", true),
            ("out/**", "other", false),
            ("out**", "outer", true),
            ("a/**/z", "a/b/c", true),
            ("a/**/z", "b", false),
            ("[ab]/c", "a", true),
            ("[ab]/c", "c", false),
            ("x", "", true),
        ] {
            assert_eq!(pattern(text).reaches_below(folder.as_bytes()), reaches, "{text} and {folder}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_characters_of_their_own() {
        for (text, path, fits) in [
            (&b"?"[..], &b"\xff"[..], true),
            (b"a*z", b"a\xff\xfez", true),
            (b"a?z", b"a\xff\xfez", false),
            (b"[^a]", b"\xff", true),
            // The client gets a replacement character, which is not the byte.
            (b"\xff", b"\xff", false),
            (b"\xff*", b"\xffa", true),
        ] {
            assert_eq!(Pattern::parse(text).unwrap().fits(path), fits, "{text:?} and {path:?}");
        }
    }

    #[test]
    fn what_docker_refuses_is_refused() {
        for text in [
            "[", "[a", "a[", "[]", "[]a]", "[^]", "[^", "[-]", "[-a]", "[a-]", "[a-b-c]", "a\\", "[z-a]",
            "[\\", "**/[a",
        ] {
            assert_eq!(Pattern::parse(text.as_bytes()).unwrap_err(), Fault::Syntax, "{text}");
        }
    }

    #[test]
    fn what_reads_as_another_thing_is_refused() {
        for (text, what) in [
            ("\\d*", "\\"),
            ("a\\b", "\\"),
            ("[\\w]", "\\"),
            ("\\ü", "\\"),
            ("[*]", "a wildcard in a class"),
            ("[a?]", "a wildcard in a class"),
            ("[[:alpha:]]", "[[:"),
            ("^*", "^"),
            ("a^?", "^"),
            ("\u{feff}*", "a byte order mark"),
        ] {
            assert_eq!(Pattern::parse(text.as_bytes()).unwrap_err(), Fault::Unclear(what), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in prop::collection::vec(prop::num::u8::ANY, 0..20), path in ".*") {
            if let Ok(pattern) = Pattern::parse(&text) {
                pattern.fits(path.as_bytes());
                pattern.fits(&text);
                pattern.reaches_below(path.as_bytes());
                pattern.trunk();
            }
        }

        #[test]
        fn what_fits_below_a_folder_is_reached(
            text in "[ab*?/\\[\\]^\\\\]{1,8}",
            folder in "[ab](/[ab]){0,2}",
            name in "[ab](/[ab]){0,2}",
        ) {
            if let Ok(pattern) = Pattern::parse(&clean(text.as_bytes())) {
                let fits = pattern.fits(format!("{folder}/{name}").as_bytes());
                prop_assert!(!fits || pattern.reaches_below(folder.as_bytes()));
            }
        }
    }
}
