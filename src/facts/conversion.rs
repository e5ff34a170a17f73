//! Whether git may convert files as it checks them out, so that they have other bytes than what is committed.

/// The file that says for a folder which attributes its files have.
const FILE: &[u8] = b".gitattributes";

/// The attributes that convert.
const CONVERTING: [&str; 6] = ["text", "crlf", "eol", "filter", "ident", "working-tree-encoding"];

/// What starts the definition of an attribute that stands for others.
const MACRO: &str = "[attr]";

/// Whether a path is that of such a file.
pub(crate) fn is_attributes(path: &[u8]) -> bool {
    path.rsplit(|byte| *byte == b'/').next() == Some(FILE)
}

/// Whether a text of attributes has one that converts.
pub(crate) fn is_in(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    // A pattern in quotes may have spaces in it, and what is in it is taken for attributes then.
    lines.any(|line| {
        line.starts_with(MACRO)
            || line
                .split_whitespace()
                .skip(1)
                .any(|word| CONVERTING.contains(&word.split_once('=').map_or(word, |(name, _)| name)))
    })
}

/// Whether git's configuration, as `git config -z --list` prints it, converts without any attributes.
pub(crate) fn is_configured(listed: &str) -> bool {
    let mut values = listed.split('\0').rev().filter_map(|entry| entry.strip_prefix("core.autocrlf"));
    // The last one wins; without a value, it is `true`.
    let is_off =
        |value: &str| matches!(value.trim().to_ascii_lowercase().as_str(), "false" | "no" | "off" | "0");
    values.next().is_some_and(|value| !is_off(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_that_convert() {
        for text in [
            "* text=auto",
            "a/b text",
            "*.bin filter=lfs diff=lfs merge=lfs -text",
            "\t*.c  ident",
            "# none\n*.txt working-tree-encoding=UTF-16",
            "*.sh eol=crlf\n",
            "[attr]mine filter=x\n* mine",
            "\"a b\" crlf",
        ] {
            assert!(is_in(text.as_bytes()), "{text}");
        }
        for text in
            ["", "* -text", "* !eol", "# * text", "text", "*.md linguist-language=x diff=text", "* binary"]
        {
            assert!(!is_in(text.as_bytes()), "{text}");
        }
        assert!(is_attributes(b".gitattributes") && is_attributes(b"a/.gitattributes"));
        assert!(!is_attributes(b"a.gitattributes") && !is_attributes(b".gitattributes/a"));
    }

    #[test]
    fn the_configuration_that_converts() {
        for (listed, expected) in [
            ("core.autocrlf\ntrue\0", true),
            ("core.autocrlf\0", true),
            ("core.autocrlf\ninput\0core.bare\nfalse\0", true),
            ("core.autocrlf\nFalse\0", false),
            ("core.autocrlf\ntrue\0core.autocrlf\nfalse\0", false),
            ("user.name\ncore.autocrlf\0", false),
            ("", false),
        ] {
            assert_eq!(is_configured(listed), expected, "{listed:?}");
        }
    }
}
