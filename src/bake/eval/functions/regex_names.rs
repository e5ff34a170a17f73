//! The names of Unicode classes (`\\p{Greek}`) that Go 1.26 knows, with which buildx 0.36 is made.
//!
//! The `regex` crate knows more: the codes of scripts, and newer scripts. Names of scripts that have several words are
//! missing, since Go takes the `_` out of what is asked for, but not out of its own names
//! (`unicodeTable` in <https://github.com/golang/go/blob/go1.26.0/src/regexp/syntax/parse.go>).

/// General categories, without those of surrogates, which no text has.
const CATEGORIES: &str = "\
    any ascii assigned c casedletter cc cf closepunctuation cn cntrl co combiningmark connectorpunctuation \
    control currencysymbol dashpunctuation decimalnumber digit enclosingmark finalpunctuation format \
    initialpunctuation l lc letter letternumber lineseparator ll lm lo lowercaseletter lt lu m mark mathsymbol \
    mc me mn modifierletter modifiersymbol n nd nl no nonspacingmark number openpunctuation other otherletter \
    othernumber otherpunctuation othersymbol p paragraphseparator pc pd pe pf pi po privateuse ps punct \
    punctuation s sc separator sk sm so spaceseparator spacingmark symbol titlecaseletter unassigned \
    uppercaseletter z zl zp zs";

/// The names for surrogates.
const SURROGATES: [&str; 2] = ["cs", "surrogate"];

const SCRIPTS: &str = "\
    adlam ahom arabic armenian avestan balinese bamum batak bengali bhaiksuki bopomofo brahmi braille buginese \
    buhid carian chakma cham cherokee chorasmian common coptic cuneiform cypriot cyrillic deseret devanagari \
    dogra duployan elbasan elymaic ethiopic georgian glagolitic gothic grantha greek gujarati gurmukhi han \
    hangul hanunoo hatran hebrew hiragana inherited javanese kaithi kannada katakana kawi kharoshthi khmer \
    khojki khudawadi lao latin lepcha limbu lisu lycian lydian mahajani makasar malayalam mandaic manichaean \
    marchen medefaidrin miao modi mongolian mro multani myanmar nabataean nandinagari newa nko nushu ogham oriya \
    osage osmanya palmyrene phoenician rejang runic samaritan saurashtra sharada shavian siddham sinhala sogdian \
    soyombo sundanese syriac tagalog tagbanwa takri tamil tangsa tangut telugu thaana thai tibetan tifinagh \
    tirhuta toto ugaritic vai vithkuqi wancho yezidi yi";

/// A class in the syntax of the `regex` crate, for the inside of brackets. Case, spaces, `_` and `-` of its name do not
/// count.
pub(super) fn class(name: &str, negated: bool) -> Option<String> {
    let name = name.replace([' ', '_', '-'], "").to_ascii_lowercase();
    if SURROGATES.contains(&name.as_str()) {
        return Some(if negated { r"\x{0}-\x{10FFFF}" } else { r"[a&&b]" }.to_owned());
    }
    let is_known = CATEGORIES.split(' ').chain(SCRIPTS.split(' ')).any(|known| known == name);
    is_known.then(|| format!(r"\{}{{{name}}}", if negated { 'P' } else { 'p' }))
}
