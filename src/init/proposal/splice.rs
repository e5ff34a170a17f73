//! Puts blocks into a file of which no byte changes otherwise.

use std::collections::BTreeMap;

use crate::bake::text::hcl::parse_hcl;
use crate::bake::text::syntax::Block;
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
    let ends = ends(text);
    let offset = |at: &At| match at {
        At::Target(name) => ends.get(name).copied().unwrap_or(text.len()),
        At::End => text.len(),
    };
    let mut places: Vec<(usize, &str)> =
        blocks.iter().map(|(at, block)| (offset(at), block.as_str())).collect();
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

/// Where the next line begins behind each target, by its name; of several blocks, behind the last.
fn ends(text: &str) -> BTreeMap<String, usize> {
    let mut sources = Sources::default();
    let id = sources.add("", text);
    let mark = if text.starts_with(MARK) { MARK.len_utf8() } else { 0 };
    let Ok(body) = parse_hcl(&sources, id) else { return BTreeMap::new() };
    let end = |block: &Block| {
        let name = block.labels.first()?.name.to_string();
        Some((name, behind(text, mark + block.body.span.end as usize)))
    };
    body.blocks_of("target").filter_map(end).collect()
}

/// Where the next line begins behind a block and the comments that begin on its last line, which may have several lines.
fn behind(text: &str, end: usize) -> usize {
    let mut at = end;
    loop {
        let rest = &text[at..];
        let rest = rest.trim_start_matches([' ', '\t', '\r']);
        at = text.len() - rest.len();
        match rest.strip_prefix("/*") {
            Some(comment) => match comment.find("*/") {
                Some(length) => at += "/*".len() + length + "*/".len(),
                None => return text.len(),
            },
            None if rest.starts_with(['#', '\n']) || rest.starts_with("//") => {
                return rest.find('\n').map_or(text.len(), |line| at + line + 1);
            }
            // Nothing else can be there.
            None => return text.len(),
        }
    }
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

    /// Whatever stands behind a block, what is put there is a block, too.
    #[test]
    fn blocks_stand_outside_of_comments_and_texts() {
        for line_end in ["\n", "\r\n"] {
            for mark in ["", "\u{feff}"] {
                for behind in [
                    "",
                    " ",
                    " # } /* x",
                    " // /*",
                    " /* a */",
                    "/* a */ /* b */ # c",
                    " /* a comment\n   of two lines */",
                    "\t/* a\n\n*/ // /*",
                    " /* a */ /* b\n # } */",
                    " /* \"<<EOT\n */",
                    "\n/* a */",
                    "\nlocals = <<EOT\n/* }\nEOT",
                    "\nlocals = \"/* ${\"}\"} # \"",
                ] {
                    let text = format!(
                        "{mark}target \"a\" {{\n  x = <<EOT\n}}\nEOT\n}}{behind}\n\ntarget \"b\" {{}}\n"
                    );
                    let text = text.replace('\n', line_end);
                    let blocks = ["a", "b"]
                        .map(|name| (At::Target(name.to_owned()), format!("image \"{name}\" {{\n}}\n")));
                    let spliced = splice(&text, &blocks);
                    let mut sources = Sources::default();
                    let id = sources.add("", spliced.as_str());
                    let body = parse_hcl(&sources, id).unwrap_or_else(|_| panic!("{spliced}"));
                    assert_eq!(body.blocks_of("image").count(), 2, "{spliced}");
                    assert_eq!(body.blocks_of("target").count(), 2, "{spliced}");
                    let order = ["\"a\" {", "image \"a\"", "target \"b\"", "image \"b\""]
                        .map(|part| spliced.find(part));
                    assert!(order.is_sorted() && order[0].is_some(), "{spliced}");
                }
            }
        }
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
