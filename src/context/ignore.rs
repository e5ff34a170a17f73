//! A `.dockerignore` file: its lines, and what they leave of a folder.

use super::path;
use super::pattern::{Fault, Pattern};

/// How long a line may be, its end not counted: the buffer of Go's `bufio.Scanner`.
const MAX_LINE: usize = 64 * 1024 - 1;

/// How many patterns there may be.
const MAX_RULES: usize = 1000;

/// A line that Docker refuses, or that means something else than it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: `{}` {fault}", text.escape_ascii())]
pub(crate) struct BadPattern {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: Vec<u8>,
    /// What is wrong with it.
    pub fault: Fault,
}

/// The patterns of an ignore file, in their order. [`Default`] is no file: nothing is ignored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ignore {
    /// The patterns.
    rules: Vec<Rule>,
    /// Whether BuildKit looks at the start of a `!` pattern alone to tell that nothing below an ignored folder is kept.
    exceptions_by_prefix: bool,
}

/// A pattern of an ignore file.
#[derive(Clone, Debug)]
struct Rule {
    /// Whether it stood behind a `!`.
    keeps: bool,
    /// What it fits.
    pattern: Pattern,
}

/// Which patterns a folder fits, itself or through a folder above it.
#[derive(Clone, Debug)]
pub(crate) struct Matches(Vec<bool>);

impl Ignore {
    /// Reads the file.
    ///
    /// # Errors
    /// The first line that Docker refuses.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, BadPattern> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut rules = vec![];
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let bad = |fault| BadPattern { line: index + 1, text: trim(line).to_vec(), fault };
            if line.len() > MAX_LINE {
                return Err(BadPattern { text: vec![], ..bad(Fault::TooLong) });
            }
            if line.first() == Some(&b'#') {
                continue;
            }
            let rule = Rule::parse(line).map_err(bad)?;
            if rule.is_some() && rules.len() == MAX_RULES {
                return Err(bad(Fault::TooMany));
            }
            rules.extend(rule);
        }
        let exceptions_by_prefix = rules
            .iter()
            .filter(|rule| rule.keeps)
            .all(|rule| !rule.pattern.trunk().iter().any(|byte| b"*[]?^\\".contains(byte)));
        Ok(Self { rules, exceptions_by_prefix })
    }

    /// What the context's root fits: nothing.
    pub(crate) fn at_root(&self) -> Matches {
        Matches(vec![false; self.rules.len()])
    }

    /// Whether a path is ignored, going by what its folder fits.
    pub(crate) fn ignores(&self, path: &[u8], folder: &Matches) -> bool {
        self.judge(path, folder, |_| {})
    }

    /// The same for a folder, and what it fits itself.
    pub(crate) fn enter(&self, path: &[u8], folder: &Matches) -> (bool, Matches) {
        let mut own = Vec::with_capacity(self.rules.len());
        let ignored = self.judge(path, folder, |fits| own.push(fits));
        (ignored, Matches(own))
    }

    /// Goes through the rules, as `MatchesUsingParentResults` does: a rule that could not change anything at a folder
    /// was not tried there, and so does not count for what is below.
    fn judge(&self, path: &[u8], folder: &Matches, mut note: impl FnMut(bool)) -> bool {
        let mut ignored = false;
        for (rule, above) in self.rules.iter().zip(&folder.0) {
            let fits = *above || (rule.keeps == ignored && rule.pattern.fits(path));
            note(fits);
            if fits {
                ignored = !rule.keeps;
            }
        }
        ignored
    }

    /// Whether BuildKit looks into a folder that is ignored: only where a `!` pattern may keep something there.
    pub(crate) fn looks_into(&self, path: &[u8]) -> bool {
        if !self.exceptions_by_prefix {
            return true;
        }
        self.rules.iter().filter(|rule| rule.keeps).any(|rule| {
            let trunk = rule.pattern.trunk();
            trunk == path || trunk.strip_prefix(path).is_some_and(|rest| rest.first() == Some(&b'/'))
        })
    }

    /// The paths below a folder that a `!` pattern names.
    pub(crate) fn kept_below<'a>(&'a self, folder: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let kept = self.rules.iter().filter(|rule| rule.keeps).map(|rule| &rule.pattern);
        kept.filter(|pattern| pattern.reaches_below(folder)).filter_map(Pattern::as_path)
    }

    /// Whether all is kept below a folder that is kept and fits these.
    pub(crate) fn keeps_all_below(&self, path: &[u8], own: &Matches) -> bool {
        // A `!` pattern can only keep more, and what it fits at the folder already counts.
        self.rules
            .iter()
            .zip(&own.0)
            .all(|(rule, fits)| rule.keeps || *fits || !rule.pattern.reaches_below(path))
    }
}

impl Rule {
    /// Reads a line; a blank one has no rule.
    ///
    /// Docker reads it twice: first it cleans what stands behind a `!` and drops a `/` in front, then it cleans the whole
    /// and looks for a `!` again.
    fn parse(line: &[u8]) -> Result<Option<Self>, Fault> {
        let line = trim(line);
        let (bang, pattern): (&[u8], _) = match line.strip_prefix(b"!") {
            Some(rest) => (b"!", trim(rest)),
            None => (b"", line),
        };
        let mut pattern = if pattern.is_empty() { vec![] } else { path::clean(pattern) };
        if pattern.len() > 1 && pattern.starts_with(b"/") {
            pattern.remove(0);
        }
        let line = [bang, &pattern].concat();
        let line = trim(&line);
        if line.is_empty() {
            return Ok(None);
        }
        let line = path::clean(line);
        match line.strip_prefix(b"!") {
            Some(b"") => Err(Fault::Bang),
            Some(rest) => Ok(Some(Self { keeps: true, pattern: Pattern::parse(rest)? })),
            None => Ok(Some(Self { keeps: false, pattern: Pattern::parse(&line)? })),
        }
    }
}

/// Without blanks at both ends, as Go's `strings.TrimSpace`.
fn trim(text: &[u8]) -> &[u8] {
    let mut chunks = text;
    while let Some(rest) = strip_blank(chunks, true) {
        chunks = rest;
    }
    while let Some(rest) = strip_blank(chunks, false) {
        chunks = rest;
    }
    chunks
}

/// Without the blank at one end, if there is one.
fn strip_blank(text: &[u8], at_start: bool) -> Option<&[u8]> {
    (1..=3).find_map(|length| {
        let at = if at_start { length } else { text.len().checked_sub(length)? };
        let (left, right) = text.split_at_checked(at)?;
        let (blank, rest) = if at_start { (left, right) } else { (right, left) };
        let mut chars = std::str::from_utf8(blank).ok()?.chars();
        (chars.next()?.is_whitespace() && chars.next().is_none()).then_some(rest)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert_eq, proptest};

    use super::*;

    /// The rules as Docker has them after reading.
    fn rules(text: &str) -> Vec<String> {
        let ignore = Ignore::parse(text.as_bytes()).unwrap_or_else(|bad| panic!("{text:?}: {bad}"));
        let bang = |keeps: bool| if keeps { "!" } else { "" };
        let text = |rule: &Rule| {
            let pattern = rule.pattern.as_path().unwrap_or_else(|| rule.pattern.trunk());
            format!("{}{}", bang(rule.keeps), String::from_utf8_lossy(pattern))
        };
        ignore.rules.iter().map(text).collect()
    }

    #[test]
    fn lines_are_cleaned() {
        for (text, expected) in [
            ("", &[][..]),
            ("\n\n", &[]),
            ("#a", &[]),
            ("# a\nb", &["b"]),
            (" #a", &["#a"]),
            ("\u{feff}#a\nb", &["b"]),
            ("a\n\u{feff}#b", &["a", "\u{feff}#b"]),
            ("a\r\nb\r\n", &["a", "b"]),
            ("\t a \u{a0}\u{2003}", &["a"]),
            ("a b", &["a b"]),
            ("a//b/./c/", &["a/b/c"]),
            ("a/../b", &["b"]),
            ("a/..", &["."]),
            ("../a", &["../a"]),
            ("/a", &["a"]),
            ("//a", &["a"]),
            ("/../a", &["a"]),
            ("/", &["/"]),
            ("!a", &["!a"]),
            ("! a", &["!a"]),
            ("!/a/", &["!a"]),
            ("!./a", &["!a"]),
            ("!!a", &["!!a"]),
            ("!#a", &["!#a"]),
            ("/ a", &["a"]),
            ("a /", &["a"]),
            ("/!a", &["!a"]),
            ("!.", &["!."]),
        ] {
            assert_eq!(rules(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_docker_refuses_has_a_line() {
        for (text, line, shown, fault) in [
            ("!", 1, "!", Fault::Bang),
            ("a\n!  \nb", 2, "!", Fault::Bang),
            ("!/", 1, "!/", Fault::Bang),
            ("# x\r\n\r\n [a \r\n", 3, "[a", Fault::Syntax),
            ("![]", 1, "![]", Fault::Syntax),
            ("a\\", 1, "a\\", Fault::Syntax),
            ("ok\n\\d*", 2, "\\d*", Fault::Unclear("\\")),
        ] {
            let expected = BadPattern { line, text: shown.into(), fault };
            assert_eq!(Ignore::parse(text.as_bytes()).unwrap_err(), expected, "{text:?}");
        }
        let long = "a".repeat(MAX_LINE);
        assert!(Ignore::parse(format!("{long}\n").as_bytes()).is_ok());
        let bad = Ignore::parse(format!("b\n{long}a").as_bytes()).unwrap_err();
        assert_eq!(bad, BadPattern { line: 2, text: vec![], fault: Fault::TooLong });
    }

    #[test]
    fn more_patterns_than_any_file_has_are_refused() {
        let lines = |count: usize| (0..count).map(|n| format!("# {n}\nt/**/N{n}*\n")).collect::<String>();
        assert!(Ignore::parse(lines(MAX_RULES).as_bytes()).is_ok());
        let bad = Ignore::parse(lines(MAX_RULES + 1).as_bytes()).unwrap_err();
        assert_eq!((bad.line, bad.fault), (2 * MAX_RULES + 2, Fault::TooMany));
    }

    #[test]
    fn a_message_says_where_and_what() {
        let bad = Ignore::parse(b"a\n[\xff").unwrap_err();
        assert_eq!(bad.to_string(), "line 2: `[\\xff` is not a valid pattern: Docker refuses it");
    }

    #[test]
    fn ignored_folders_are_looked_into_only_for_exceptions() {
        for (text, folder, looks) in [
            ("a", "a", false),
            ("a\n!b", "a", false),
            ("a\n!a/b", "a", true),
            ("a\n!a/b", "a/c", false),
            ("a\n!a/b", "a/b", true),
            ("a\n!a/*", "a", true),
            ("a\n!a/b/**", "a/b", true),
            ("a\n!ab", "a", false),
            // A wildcard in the middle makes BuildKit look everywhere.
            ("a\n!*/b", "z", true),
        ] {
            let ignore = Ignore::parse(text.as_bytes()).unwrap();
            assert_eq!(ignore.looks_into(folder.as_bytes()), looks, "{text:?} and {folder}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in prop::collection::vec(prop::num::u8::ANY, 0..60)) {
            let _ = Ignore::parse(&text);
        }

        #[test]
        fn blanks_and_comments_change_nothing(lines in prop::collection::vec("!?[ab*/.]{1,6}", 0..6)) {
            let plain = Ignore::parse(lines.join("\n").as_bytes());
            let spaced = format!("\u{feff}# x\r\n  {}  \r\n\n#", lines.join(" \r\n\t"));
            let spaced = Ignore::parse(spaced.as_bytes());
            let texts = |ignore: Ignore| format!("{:?}", ignore.rules);
            prop_assert_eq!(plain.map(texts).map_err(|bad| bad.fault), spaced.map(texts).map_err(|bad| bad.fault));
        }
    }
}
