//! DEL and the control characters behind ASCII in YAML: go-yaml reads them everywhere, YAML 1.2 in quotes, and the parser
//! nowhere, so others stand in for them.

use std::borrow::Cow;

use granit_parser::{Scanner, StrInput, TokenType};

/// How many of these characters there are, and the private ones that may stand in for them.
const COUNT: u32 = 0xa0 - 0x7f;
const PRIVATE: std::ops::Range<u32> = 0xe000..0xf8ff;

/// A text as the parser reads it.
pub(super) struct Readable<'t> {
    text: Cow<'t, str>,
    /// The first of the characters that stand in.
    first: u32,
    /// Where a stand-in ends, and by how much the text is longer up to there.
    longer: Vec<(usize, usize)>,
}

impl<'t> Readable<'t> {
    pub(super) fn new(original: &'t str) -> Self {
        let mut readable = Self { text: original.into(), first: PRIVATE.start, longer: vec![] };
        if !original.chars().any(is_replaced) {
            return readable;
        }
        let mut blocks = PRIVATE.step_by(COUNT as usize).filter(|first| first + COUNT <= PRIVATE.end);
        let is_free = |first: &u32| !original.chars().any(|c| (*first..first + COUNT).contains(&c.into()));
        // A text that has them all is refused.
        let Some(first) = blocks.find(is_free) else { return readable };
        let mut text = String::with_capacity(original.len() + 16);
        let mut longer = 0;
        for c in original.chars() {
            let Some(other) = place_of(c).and_then(|place| char::from_u32(first + place)) else {
                text.push(c);
                continue;
            };
            text.push(other);
            longer += other.len_utf8() - c.len_utf8();
            readable.longer.push((text.len(), longer));
        }
        readable.text = text.into();
        readable.first = first;
        readable
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Where a byte of the text is in the original.
    pub(super) fn offset(&self, at: usize) -> usize {
        let before = self.longer.partition_point(|(end, _)| *end <= at);
        at - before.checked_sub(1).map_or(0, |last| self.longer[last].1)
    }

    /// A part of the text as it is in the original.
    pub(super) fn restore<'p>(&self, part: &'p str) -> Cow<'p, str> {
        if self.longer.is_empty() || !part.chars().any(|c| self.stands_in(c)) {
            return part.into();
        }
        let original = |c: char| char::from_u32(u32::from(c) - self.first + 0x7f).unwrap_or(c);
        part.chars().map(|c| if self.stands_in(c) { original(c) } else { c }).collect::<String>().into()
    }

    /// Where in the original one of these characters is in an anchor or an alias, where nobody reads it. Tags
    /// have ASCII only, to the parser too.
    pub(super) fn outside_of_values(&self) -> Option<usize> {
        if self.longer.is_empty() {
            return None;
        }
        let has = |text: &str| text.chars().any(|c| self.stands_in(c));
        let tokens = Scanner::new(StrInput::new(&self.text));
        let found = tokens.map_while(Result::ok).find(|token| match token.token_type() {
            TokenType::Anchor(name) | TokenType::Alias(name) => has(name),
            _ => false,
        });
        found.map(|token| self.offset(token.span().start.byte_offset().unwrap_or(0)))
    }

    fn stands_in(&self, c: char) -> bool {
        (self.first..self.first + COUNT).contains(&c.into())
    }
}

/// Whether the parser refuses a character that go-yaml reads. U+0085 is a line end to one and text to the other.
fn is_replaced(c: char) -> bool {
    place_of(c).is_some()
}

/// The place of such a character among them.
fn place_of(c: char) -> Option<u32> {
    let is_one = matches!(c, '\u{7f}'..='\u{9f}') && c != '\u{85}';
    is_one.then(|| u32::from(c) - 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_with_its_places() {
        for original in [
            "",
            "plain ä",
            "a\u{7f}b",
            "\u{7f}\u{7f}",
            "ä\u{80}\u{85}\u{9f}x\u{7f}",
            "\u{e000}\u{7f}\u{e021}",
        ] {
            let readable = Readable::new(original);
            assert!(!readable.as_str().chars().any(is_replaced), "{original:?}");
            assert_eq!(readable.restore(readable.as_str()), original);
            let places = readable.as_str().char_indices().map(|(at, _)| readable.offset(at));
            let expected = original.char_indices().map(|(at, _)| at);
            assert_eq!(places.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{original:?}");
        }
        let all: String = (0xe000..0xf900).filter_map(char::from_u32).collect();
        let full = format!("{all}\u{7f}");
        assert_eq!(Readable::new(&full).as_str(), full);
    }

    #[test]
    fn anchors_have_none() {
        for (text, found) in [
            ("a: &a\u{7f} b", Some(3)),
            ("a: \"\u{7f}\"\nb: *x\u{7f}", Some(10)),
            ("a: \"&a\u{7f} !x\u{7f} *a\u{7f}\" # &a\u{7f}", None),
            ("a: &a b", None),
        ] {
            assert_eq!(Readable::new(text).outside_of_values(), found, "{text:?}");
        }
    }
}
