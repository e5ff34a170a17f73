//! What images, targets, jobs and variables of builds may be called, since scripts take their names from the matrix.

use crate::readable;

/// Why a name of an image, a target or a job cannot go into a matrix, from where scripts take it as an argument; `None`
/// when it can.
#[must_use]
pub(crate) fn problem(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("it is empty")
    } else if name.starts_with('-') {
        Some("it begins with `-`, as options do")
    } else if name.contains(char::is_control) {
        Some("it has control characters")
    } else if name.contains(char::is_whitespace) {
        Some("it has blanks")
    } else if name.contains(readable::is_hidden) {
        Some("it has a character that cannot be seen")
    } else if name.contains([',', '=']) {
        Some("it has `,` or `=`, which separate names")
    } else if !name.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        Some("it begins with neither a letter, a digit nor `_`")
    } else if name.contains(|c: char| !c.is_alphanumeric() && !is_mark(c) && !"_-./+:@".contains(c)) {
        Some(
            "it has signs other than `_`, `-`, `.`, `/`, `+`, `:` and `@`, which could mean something to a shell",
        )
    } else if name.split('/').any(|part| part == "..") {
        Some("it has `..`, which leads out of a folder")
    } else {
        None
    }
}

/// Whether every shell and every CI can have a variable of this name. What else there is between brackets, a shell may run
/// (<https://www.gnu.org/software/bash/manual/html_node/Shell-Parameter-Expansion.html>).
#[must_use]
pub(crate) fn is_variable(name: &str) -> bool {
    let is_of = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_of)
}

/// Whether a character belongs to the letter before it, as in names that are not composed.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn a_name_is_one_word_to_a_shell_and_to_a_reader() {
        for name in ["app", "app-1.2", "a/b", "größe", "gro\u{308}ße", "_x", "日本", "1", "a:b@c+d"] {
            assert_eq!(problem(name), None, "{name}");
        }
        for name in [
            "",
            "-x",
            "--push",
            "\u{2013}push",
            "\u{ff0d}x",
            "\u{2212}x",
            "@file",
            "+x",
            "/x",
            ".x",
            "..",
            "a/../b",
            "a b",
            "a\u{a0}b",
            "a\nb",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{200b}b",
            "a\u{202e}b",
            "a\u{ad}b",
            // Letters and marks to Unicode, and nothing to a reader.
            "\u{3164}\u{115f}",
            "a\u{ffa0}",
            "\u{1160}a",
            "a\u{34f}b",
            "a\u{e0100}b",
            "a,b",
            "a=b",
            "$(id)",
            "a$b",
            "`id`",
            "a;b",
            "a&b",
            "a|b",
            "a>b",
            "a<b",
            "a\"b",
            "a'b",
            "a\\b",
            "a*",
            "a?",
            "[a]",
            "{a}",
            "${{ x }}",
            "~",
            "!x",
            "#x",
            "a%b",
            "a^b",
        ] {
            assert!(problem(name).is_some(), "{name:?}");
        }
    }
}
