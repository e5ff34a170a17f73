//! Versions of Python packages, in their normal form (<https://packaging.python.org/en/latest/specifications/version-specifiers/>).

/// A version as PEP 440 reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pep440 {
    epoch: String,
    release: Vec<String>,
    /// What follows the numbers, in normal form: `rc1`, `.post1`, `.dev4`.
    rest: String,
    local: Option<String>,
}

impl Pep440 {
    /// Reads a version in any of the spellings that PEP 440 takes; `None` when it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_prefix('v').unwrap_or(&text);
        let (public, local) = match text.split_once('+') {
            Some((public, local)) => (public, Some(normal_local(local)?)),
            None => (text, None),
        };
        let (epoch, mut rest) = match public.split_once('!') {
            Some((epoch, rest)) => (number(epoch).filter(|(_, after)| after.is_empty())?.0, rest),
            None => ("0".to_owned(), public),
        };
        let (first, after) = number(rest)?;
        let mut release = vec![first];
        rest = after;
        while let Some((next, after)) = rest.strip_prefix('.').and_then(number) {
            release.push(next);
            rest = after;
        }
        let mut suffix = String::new();
        for markers in [PRE, POST, DEV] {
            // `1.0-1` is a post-release.
            let bare = if markers == POST { rest.strip_prefix('-').and_then(number) } else { None };
            let marked =
                bare.map(|(number, after)| (".post", number, after)).or_else(|| marked(rest, markers));
            let Some((marker, number, after)) = marked else { continue };
            suffix.push_str(marker);
            suffix.push_str(&number);
            rest = after;
        }
        rest.is_empty().then_some(Self { epoch, release, rest: suffix, local })
    }

    /// The whole version in normal form.
    pub(super) fn normal(&self) -> String {
        let epoch = if self.epoch == "0" { String::new() } else { format!("{}!", self.epoch) };
        format!("{epoch}{}", self.without_epoch())
    }

    /// The version without its epoch and what was added locally.
    pub(super) fn public(&self) -> String {
        format!("{}{}", self.release.join("."), self.rest)
    }

    /// The version without its epoch.
    pub(super) fn without_epoch(&self) -> String {
        let local = self.local.as_ref().map(|local| format!("+{local}")).unwrap_or_default();
        format!("{}{local}", self.public())
    }

    /// A number of the release, from 0; those that it has not are 0.
    pub(super) fn number(&self, at: usize) -> String {
        self.release.get(at).cloned().unwrap_or_else(|| "0".to_owned())
    }

    /// Whether it is neither a prerelease nor a post-release nor in development.
    pub(super) fn is_final(&self) -> bool {
        self.rest.is_empty()
    }
}

type Markers = &'static [(&'static str, &'static str)];

/// Spellings with the normal one; of two that begin alike, the longer stands first.
const PRE: Markers = &[
    ("alpha", "a"),
    ("a", "a"),
    ("beta", "b"),
    ("b", "b"),
    ("preview", "rc"),
    ("pre", "rc"),
    ("rc", "rc"),
    ("c", "rc"),
];
const POST: Markers = &[("post", ".post"), ("rev", ".post"), ("r", ".post")];
const DEV: Markers = &[("dev", ".dev")];

/// A marker with its number off the front: `-rc.1`.
fn marked(text: &str, markers: Markers) -> Option<(&'static str, String, &str)> {
    let separators = ['-', '_', '.'];
    let word = text.strip_prefix(separators).unwrap_or(text);
    let (marker, rest) =
        markers.iter().find_map(|(spelling, marker)| Some((*marker, word.strip_prefix(spelling)?)))?;
    match number(rest.strip_prefix(separators).unwrap_or(rest)) {
        Some((number, after)) => Some((marker, number, after)),
        None => Some((marker, "0".to_owned(), rest)),
    }
}

/// The number off the front, without leading zeros.
fn number(text: &str) -> Option<(String, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, after) = text.split_at(end);
    let significant = digits.trim_start_matches('0');
    match (digits, significant) {
        ("", _) => None,
        (_, "") => Some(("0".to_owned(), after)),
        (_, significant) => Some((significant.to_owned(), after)),
    }
}

fn normal_local(text: &str) -> Option<String> {
    let part = |part: &str| match number(part) {
        Some((number, "")) => Some(number),
        _ => (!part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric())).then(|| part.to_owned()),
    };
    text.split(['-', '_', '.']).map(part).collect::<Option<Vec<_>>>().map(|parts| parts.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_one_normal_form() {
        for (text, normal, is_final) in [
            ("1.2.3", "1.2.3", true),
            ("v1.2.3", "1.2.3", true),
            (" V1.2 ", "1.2", true),
            ("2024.01.05", "2024.1.5", true),
            ("1!2.3", "1!2.3", true),
            ("0!2.3", "2.3", true),
            ("1.0+Ubuntu-1_05", "1.0+ubuntu.1.5", true),
            ("1.2.3rc2", "1.2.3rc2", false),
            ("1.2.3beta2", "1.2.3b2", false),
            ("1.1-Alpha_01", "1.1a1", false),
            ("1.0c", "1.0rc0", false),
            ("1.0-preview.7", "1.0rc7", false),
            ("1.2.3post1", "1.2.3.post1", false),
            ("1.0-1", "1.0.post1", false),
            ("1.0-r5", "1.0.post5", false),
            ("1.0dev4", "1.0.dev4", false),
            ("1.0-dev", "1.0.dev0", false),
            ("1.0a2.post3.dev4", "1.0a2.post3.dev4", false),
        ] {
            let version = Pep440::parse(text).expect(text);
            assert_eq!((version.normal().as_str(), version.is_final()), (normal, is_final), "{text}");
        }
        let version = Pep440::parse("1!1.2rc1+x").expect("a version");
        assert_eq!(version.public(), "1.2rc1");
        assert_eq!([0, 1, 2].map(|at| version.number(at)), ["1", "2", "0"]);
    }

    #[test]
    fn other_texts_are_no_versions() {
        for text in
            ["", "v", "latest", "1.", "1..2", "1.0-M1", "1.0x", "1.0rc1a1", "!1", "1!", "1+", "1+a..b", "vv1"]
        {
            assert_eq!(Pep440::parse(text), None, "{text}");
        }
    }
}
