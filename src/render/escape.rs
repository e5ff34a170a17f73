//! Texts that others wrote, so that they mean nothing in Markdown and Mermaid but themselves.

use std::fmt::Write as _;

/// In a cell of a table of Markdown, or elsewhere on a line.
#[must_use]
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => escaped.extend(['\\', c]),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// In a label of Mermaid, which stands in quotes (<https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters>).
#[must_use]
pub(super) fn mermaid(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            escaped.push('\u{fffd}');
        } else if c.is_alphanumeric() || !c.is_ascii() || " -./:,@+=_()".contains(c) {
            escaped.push(c);
        } else {
            let _ = write!(escaped, "#{};", u32::from(c));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: &str = "a|b`c`<img>&\"'\n::x [y](z) *w* #35; é";

    #[test]
    fn what_means_something_is_escaped() {
        let text = markdown(ODD);
        assert_eq!(text, "a\\|b\\`c\\`&lt;img&gt;&amp;\"'\u{fffd}::x \\[y\\](z) \\*w\\* \\#35; é");
        let text = mermaid(ODD);
        assert!(!text.contains(['|', '`', '<', '>', '"', '\'', '\n', '[', ']', '*']), "{text}");
        assert!(text.contains("#34;") && text.contains("#35;35#59;") && text.ends_with('é'), "{text}");
        for plain in ["ghcr.io/acme/app:1.4-rc.1", "linux/arm/v7", "app-linux-amd64"] {
            assert_eq!((markdown(plain), mermaid(plain)), (plain.to_owned(), plain.to_owned()));
        }
    }
}
