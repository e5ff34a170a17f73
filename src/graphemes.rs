//! Splits text into what a reader takes for one character, by the rules of Bake.
//!
//! They are those of go-textseg, which HCL and cty count with, and differ from Unicode's in what a zero-width joiner joins
//! and in the replacement character, which stands alone
//! (<https://github.com/apparentlymart/go-textseg/blob/main/v15/textseg/grapheme_clusters.rl>).

use std::sync::LazyLock;

use regex::Regex;

/// The grammar of go-textseg; classes are by Unicode's property `Grapheme_Cluster_Break`.
static CLUSTER: LazyLock<Regex> = LazyLock::new(|| {
    let [l, v, t, lv, lvt] = ["L", "V", "T", "LV", "LVT"].map(|name| format!(r"\p{{gcb={name}}}"));
    let [prepend, joiner, flag] = ["PP", "ZWJ", "RI"].map(|name| format!(r"\p{{gcb={name}}}"));
    let emoji = r"\p{Extended_Pictographic}";
    let control = r"\r\n\p{gcb=CN}\x{FFFD}";
    let mark = r"\p{gcb=EX}\p{gcb=SM}";
    let extension = format!(r"(?:[{mark}]|{joiner}(?:{emoji}\p{{gcb=EX}}*)?)*");
    let hangul = format!("(?:{l}+(?:(?:{lv}?{v}+|{lvt}){t}*|{lv})?|{lv}{v}*{t}*|{v}+{t}*|{lvt}{t}*|{t}+)");
    let other = format!("[^{control}{l}{v}{t}{lv}{lvt}{emoji}{joiner}{flag}{prepend}]");
    let visible = format!(
        "(?:(?:{hangul}|{emoji}|{flag}{{1,2}}){extension}|[{joiner}][{joiner}{mark}]*|{other}[{joiner}{mark}]*)"
    );
    let pattern = format!("\r\n|[{control}]|{prepend}*{visible}|{prepend}+");
    Regex::new(&pattern).expect("the grammar is a regular expression")
});

/// Before this, marks are none, and only a line break has two characters.
const FIRST_MARK: char = '\u{300}';

/// The grapheme clusters of a text, in order; nothing is left out.
pub(crate) fn graphemes(text: &str) -> Box<dyn Iterator<Item = &str> + '_> {
    if text.contains("\r\n") || text.chars().any(|c| c >= FIRST_MARK) {
        Box::new(CLUSTER.find_iter(text).map(|found| found.as_str()))
    } else {
        Box::new(text.split_inclusive(|_| true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_those_of_textseg() {
        for clusters in [
            &["a", "é", "\r\n", "\n", "\r"][..],
            &["e\u{301}\u{302}", "x"],
            &["👨\u{200D}👩\u{200D}👧", "x"],
            // Not as in Unicode: any joiner joins what follows to an emoji, a flag or a syllable.
            &["👨\u{200D}\u{200D}👩", "x"],
            &["한\u{200D}👨", "a\u{200D}", "👨"],
            &["🇩🇪\u{200D}👨", "🇫🇷", "🇫"],
            &["\u{FFFD}", "\u{301}"],
            &["\u{600}", "\u{FFFD}"],
            &["\u{600}a\u{301}", "\u{600}\u{601}👨", "\u{600}"],
            &["\u{200D}\u{301}", "👨"],
            // Nor does a virama join consonants, as since Unicode 15.1.
            &["क\u{94D}", "ष"],
            &["\u{1100}\u{1161}\u{11A8}", "각\u{11A8}", "가\u{11A8}"],
            &["👍🏽", "☕\u{FE0F}"],
        ] {
            let text = clusters.concat();
            assert_eq!(graphemes(&text).collect::<Vec<_>>(), clusters, "{text:?}");
        }
    }

    #[test]
    fn nothing_is_left_out() {
        let all: String = ('\0'..=char::MAX).step_by(7).collect();
        assert_eq!(graphemes(&all).map(str::len).sum::<usize>(), all.len());
    }
}
