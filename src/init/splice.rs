//! Puts blocks into a file of which no byte changes otherwise.

use crate::bake::text::hcl::parse_hcl;
use crate::source::Sources;

/// What a byte order mark is.
const MARK: char = '\u{feff}';

/// Where blocks go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// Behind the target of this name.
    Target(String),
    /// To the end of the file.
    End,
}

/// The text with blocks in it, each behind its place; those of one place in their order.
pub(crate) fn splice(text: &str, blocks: &[(At, String)]) -> String {
    let mut places: Vec<(usize, &str)> =
        blocks.iter().map(|(at, block)| (offset(text, at), block.as_str())).collect();
    places.sort_by_key(|(at, _)| *at);
    let is_crlf = text.contains("\r\n");
    let mut spliced = String::with_capacity(text.len() + 1024);
    let mut done = 0;
    for (at, block) in places {
        spliced.push_str(&text[done..at]);
        done = at;
        let mut added = String::new();
        if !spliced.is_empty() && !spliced.ends_with('\n') && !spliced.ends_with(MARK) {
            added.push('\n');
        }
        if !spliced.trim_end_matches(MARK).trim().is_empty() {
            added.push('\n');
        }
        added.push_str(block.trim_end());
        added.push('\n');
        spliced.push_str(&if is_crlf { added.replace('\n', "\r\n") } else { added });
    }
    spliced.push_str(&text[done..]);
    spliced
}

/// Where a line begins behind what is named, or else the end of the file.
fn offset(text: &str, at: &At) -> usize {
    let At::Target(name) = at else { return text.len() };
    let mut sources = Sources::default();
    let id = sources.add("", text);
    let mark = if text.starts_with(MARK) { MARK.len_utf8() } else { 0 };
    let Ok(body) = parse_hcl(&sources, id) else { return text.len() };
    let target = body
        .blocks_of("target")
        .filter(|block| block.labels.first().is_some_and(|label| *label.name == **name))
        .last();
    let Some(target) = target else { return text.len() };
    let end = mark + target.body.span.end as usize;
    // A comment may stand behind the brace.
    text[end..].find('\n').map_or(text.len(), |line| end + line + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks_stand_behind_their_targets() {
        let text = "target \"a\" {\n  args = { X = \"}\" }\n} # end\n\ntarget \"b\" {}";
        let blocks = [
            (At::End, "image \"z\" {}\n".to_owned()),
            (At::Target("a".to_owned()), "image \"a\" {}\n".to_owned()),
            (At::Target("b".to_owned()), "image \"b\" {}".to_owned()),
        ];
        assert_eq!(
            splice(text, &blocks),
            "target \"a\" {\n  args = { X = \"}\" }\n} # end\n\nimage \"a\" {}\n\ntarget \"b\" {}\n\nimage \"z\" {}\n\nimage \"b\" {}\n"
        );
        assert_eq!(splice("", &[(At::End, "x\n".to_owned())]), "x\n");
        assert_eq!(
            splice("\u{feff}target \"a\" {\r\n}\r\n", &[(At::Target("a".to_owned()), "x {\n}".to_owned())]),
            "\u{feff}target \"a\" {\r\n}\r\n\r\nx {\r\n}\r\n"
        );
    }

    proptest! {
        #[test]
        fn not_one_byte_of_the_file_changes(
            parts in prop::collection::vec("(target \"[a-c]\" \\{\n  x = 1\n\\}|# [é-ü]*|\r\n|\n|\\PC{0,6}|\t)", 0..12),
            mark in any::<bool>(),
        ) {
            let text = format!("{}{}", if mark { "\u{feff}" } else { "" }, parts.join("\n"));
            let block = "image \"zzz\" {\n  tags = [\"zzz\"]\n}";
            for at in [At::End, At::Target("a".to_owned()), At::Target("b".to_owned())] {
                let spliced = splice(&text, &[(at, block.to_owned())]);
                // Without what was inserted, it is the file again.
                let added = spliced.len() - text.len();
                let start = (0..=text.len()).filter(|start| text.is_char_boundary(*start)).find(|start| {
                    spliced.starts_with(&text[..*start]) && spliced.ends_with(&text[*start..]) && spliced.is_char_boundary(start + added)
                        && spliced[*start..start + added].contains("zzz")
                });
                prop_assert!(start.is_some(), "{text:?} {spliced:?}");
            }
        }
    }
}
