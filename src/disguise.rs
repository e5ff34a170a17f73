//! The forms that a secret may be written in: encoded for a URL, for JSON or in Base64, twice, in another case, backwards.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::percent;
use crate::readable::hexadecimal;

/// A value of so many characters is no coincidence, even if it is a word.
const MIN_WORD: usize = 12;

/// A shorter one may be a coincidence, whatever it is made of.
const MIN_OTHER: usize = 6;

/// How often a text is decoded: what is encoded twice is found, too.
const LAYERS: usize = 2;

/// The forms of one secret.
#[derive(Clone, Debug)]
pub(crate) struct Disguises {
    /// The value as it is, and encoded so that upper and lower case are not the same.
    exact: Vec<String>,
    /// Likewise in lower case, as a part of a text in lower case.
    folded: Vec<String>,
}

impl Disguises {
    /// Those of a value.
    pub(crate) fn of(value: &str) -> Self {
        let plain = decoded(value).to_lowercase();
        let hexadecimal = hexadecimal(value.as_bytes());
        let folded = vec![value.to_lowercase(), plain.chars().rev().collect(), hexadecimal, plain];
        let mut exact = encoded(value);
        let again: Vec<String> = exact.iter().flat_map(|text| encoded(text)).collect();
        exact.extend(again);
        Self { exact: tidy(exact), folded: tidy(folded) }
    }

    /// The forms, as they may stand in texts where upper and lower case are the same anyway.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &String> {
        self.exact.iter().chain(&self.folded)
    }

    fn are_in(&self, text: &str, folded: &str) -> bool {
        let has = |text: &str, forms: &[String]| forms.iter().any(|form| text.contains(form));
        has(text, &self.exact) || has(folded, &self.folded)
    }
}

/// The first secret that a text has in any form, also where the text itself is encoded.
pub(crate) fn find<'a, S>(
    text: &str,
    secrets: &'a [S],
    disguises: impl Fn(&S) -> &Disguises,
) -> Option<&'a S> {
    if secrets.is_empty() {
        return None;
    }
    let find = |text: &str| {
        let folded = text.to_lowercase();
        secrets.iter().find(|secret| disguises(secret).are_in(text, &folded))
    };
    let mut layer = Cow::Borrowed(text);
    let mut found = find(&layer);
    for _ in 0..LAYERS {
        let decoded = decoded(&layer);
        if found.is_some() || decoded == layer {
            break;
        }
        found = find(&decoded);
        layer = Cow::Owned(decoded.into_owned());
    }
    found
}

/// Whether a value would not be found by coincidence: `postgres` is a word, and may be an image's name, too.
pub(crate) fn is_telling(value: &str) -> bool {
    let is_word = value.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    // Half of all digests have a given six of their digits.
    let is_hexadecimal = value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let length = value.chars().count();
    length >= MIN_WORD || length >= MIN_OTHER && !is_word && !is_number && !is_hexadecimal
}

fn tidy(mut forms: Vec<String>) -> Vec<String> {
    forms.sort();
    forms.dedup();
    forms.retain(|form| form.len() >= MIN_OTHER);
    forms
}

/// A text without its escapes in JSON and in URLs (`\u0041`, `\"`, `%41`), and without line breaks, with which Base64 is
/// often written. What is not understood stays.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['\\', '%', '\n', '\r']) {
        return Cow::Borrowed(text);
    }
    // Escapes are of bytes, and so may be parts of characters.
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let number = |digits: Option<&[u8]>| {
            let digits = std::str::from_utf8(digits?).ok().filter(|text| !text.starts_with('+'))?;
            u32::from_str_radix(digits, 16).ok()
        };
        rest = after;
        match first {
            b'%' => match number(after.get(..2)).and_then(|byte| u8::try_from(byte).ok()) {
                Some(byte) => {
                    bytes.push(byte);
                    rest = &after[2..];
                }
                None => bytes.push(b'%'),
            },
            b'\\' => match after.first() {
                Some(b'u') => match number(after.get(1..5)).and_then(char::from_u32) {
                    Some(c) => {
                        bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
                        rest = &after[5..];
                    }
                    None => bytes.push(b'\\'),
                },
                Some(b'n' | b'r') => rest = &after[1..],
                Some(escaped @ (b'"' | b'/' | b'\\')) => {
                    bytes.push(*escaped);
                    rest = &after[1..];
                }
                _ => bytes.push(b'\\'),
            },
            b'\n' | b'\r' => {}
            other => bytes.push(*other),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// A value in Base64, as a whole and as a part of a longer text, such as `user:password`; and in a URL with `+` for blanks,
/// which no decoding finds.
fn encoded(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned(), percent::encode(value)];
    for before in 0..3 {
        // What is not of whole groups of three bytes depends on what stands around the value.
        let bytes = [&b"\0\0"[..before], value.as_bytes()].concat();
        let skipped = [0, 2, 3][before];
        let whole = bytes.len() / 3 * 4;
        for encoded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            forms.extend(
                encoded.get(skipped..whole).filter(|part| part.len() >= MIN_OTHER).map(str::to_owned),
            );
        }
    }
    forms
}
