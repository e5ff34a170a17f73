//! The last look at what is written: whether the value of a secret is in it after all.
//!
//! Marks follow a value through the definition (`bake::values::secret`) and say where it went. They do not see what
//! others take from it, such as a condition that compares it and writes the same text, or an option of ours that a shell
//! has put it into.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::bake::eval::functions::encoding::url_encode;
use crate::bake::values::secret;
use crate::code::Code;
use crate::diagnostic::Diagnostic;

/// A value of so many characters is no coincidence, even if it is a word.
const MIN_WORD: usize = 12;

/// A shorter one may be a coincidence, whatever it is made of.
const MIN_OTHER: usize = 6;

/// Likewise one that the definition does not know of.
const MIN_STRANGE: usize = 20;

/// How often a product is decoded: what is encoded twice is found, too.
const LAYERS: usize = 2;

/// The texts that nothing may hold, with the names of their variables.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaks(Vec<Leak>);

#[derive(Clone, Debug)]
struct Leak {
    name: String,
    /// The value as it is, and encoded so that upper and lower case are not the same.
    exact: Vec<String>,
    /// Likewise in lower case, as a part of a product in lower case.
    folded: Vec<String>,
}

impl Leaks {
    /// Those of these variables, of which the second are not declared by the definition.
    pub(super) fn new(
        declared: impl Iterator<Item = (String, String)>,
        others: impl Iterator<Item = (String, String)>,
    ) -> Self {
        let declared = declared.filter(|(_, value)| is_telling(value));
        let others = others.filter(|(_, value)| value.len() >= MIN_STRANGE && is_mixed(value));
        Self(declared.chain(others).map(|(name, value)| Leak::new(name, &value)).collect())
    }

    /// The texts, as they may stand in messages, where upper and lower case are the same anyway.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(|leak| leak.exact.iter().chain(&leak.folded).cloned())
    }

    /// Refuses a product that holds one of them; `place` is what the message calls it.
    ///
    /// # Errors
    /// The name of the variable, and nothing of its value.
    pub(super) fn check(&self, place: &str, product: &str) -> Result<(), Diagnostic> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut layer = Cow::Borrowed(product);
        let mut found = self.find(&layer);
        for _ in 0..LAYERS {
            let decoded = decoded(&layer);
            if found.is_some() || decoded == layer {
                break;
            }
            found = self.find(&decoded);
            layer = Cow::Owned(decoded.into_owned());
        }
        let Some(leak) = found else { return Ok(()) };
        let name = &leak.name;
        let message = format!("{place} would hold the value of `{name}`, which {}", secret::reason(name));
        Err(Diagnostic::error(Code::SECRET, message)
            .with_note(
                "nothing is written; the definition or an option has the same text, as it is or encoded",
            )
            .with_help(format!(
                "pass the value to the build as a `secret`; if `{name}` is not one, {}",
                secret::remedy(name)
            )))
    }

    fn find(&self, text: &str) -> Option<&Leak> {
        let folded = text.to_lowercase();
        let has = |text: &str, forms: &[String]| forms.iter().any(|form| text.contains(form));
        self.0.iter().find(|leak| has(text, &leak.exact) || has(&folded, &leak.folded))
    }
}

impl Leak {
    fn new(name: String, value: &str) -> Self {
        let plain = decoded(value).to_lowercase();
        let hexadecimal = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        let folded = vec![value.to_lowercase(), plain.chars().rev().collect(), hexadecimal, plain];
        let mut exact = encoded(value);
        let again: Vec<String> = exact.iter().flat_map(|text| encoded(text)).collect();
        exact.extend(again);
        Self { name, exact: tidy(exact), folded: tidy(folded) }
    }
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

/// Whether a value would not be found by coincidence: `postgres` is a word, and may be an image's name, too.
fn is_telling(value: &str) -> bool {
    let is_word = value.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    // Half of all digests have a given six of their digits.
    let is_hexadecimal = value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let length = value.chars().count();
    length >= MIN_WORD || length >= MIN_OTHER && !is_word && !is_number && !is_hexadecimal
}

fn is_mixed(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit()) && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// A value in Base64, as a whole and as a part of a longer text, such as `user:password`; and in a URL with `+` for blanks,
/// which no decoding finds.
fn encoded(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned(), url_encode(value)];
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

#[cfg(test)]
mod tests {
    use super::*;

    fn leaks(declared: &[(&str, &str)], others: &[(&str, &str)]) -> Leaks {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        Leaks::new(owned(declared).into_iter(), owned(others).into_iter())
    }

    #[test]
    fn a_secret_is_found_in_every_form() {
        let secret = "s3cr3t+\"/väl ue";
        let leaks = leaks(&[("API_TOKEN", secret)], &[]);
        let json = serde_json::json!({ "a": secret, secret: 1 }).to_string();
        for product in [
            secret.to_owned(),
            json,
            format!("https://me:{}@host", url_encode(secret)),
            base64::engine::general_purpose::STANDARD.encode(secret),
            base64::engine::general_purpose::STANDARD.encode(format!("me:{secret}")),
            base64::engine::general_purpose::STANDARD.encode(format!("you:{secret}:x")),
            base64::engine::general_purpose::URL_SAFE.encode(format!("a{secret}")),
        ] {
            let refused = leaks.check("a.json", &product).unwrap_err();
            assert!(refused.message.contains("a.json") && refused.message.contains("API_TOKEN"), "{product}");
            assert!(!refused.message.contains(secret));
        }
        assert!(leaks.check("a.json", "s3cr3t väl ue").is_ok());
    }

    /// As a condition may write it, which compares the value.
    #[test]
    fn a_secret_is_found_in_another_shape() {
        let secret = "q7+hunter/2Fish";
        let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let bytes = |sign: &str| secret.bytes().map(|byte| format!("{sign}{byte:02X}")).collect::<String>();
        let wrapped = encode(&format!("{}{secret}", "x".repeat(50)));
        let (one, other) = wrapped.split_at(76);
        let leaks = leaks(&[("API_TOKEN", secret)], &[]);
        for product in [
            secret.to_uppercase(),
            secret.to_lowercase(),
            secret.chars().rev().collect(),
            bytes(""),
            bytes("").to_lowercase(),
            bytes("%"),
            bytes("\\u00"),
            "q7%2bhunter%2f2fish".to_owned(),
            "q7%252Bhunter%252F2Fish".to_owned(),
            r"q7\\u002bhunter\\u002f2Fish".to_owned(),
            encode(&encode(secret)),
            encode(&format!("a{}", encode(&format!("b{secret}")))),
            format!("{one}\n{other}"),
            format!("{one}\\r\\n{other}"),
        ] {
            let refused = leaks.check("a.json", &format!("<{product}>")).unwrap_err();
            assert!(!refused.message.contains("hunter"), "{product}");
        }
        for product in ["q7 hunter 2fish", "q7%2", "\\u00", "\\", "%", "q7+hunter", &encode("q7+hunter")] {
            assert!(leaks.check("a.json", product).is_ok(), "{product}");
        }
        let of_lines = [("SSH_KEY".to_owned(), "-----BEGIN\nabc123\n-----END".to_owned())];
        let of_lines = Leaks::new(of_lines.into_iter(), std::iter::empty());
        for product in
            ["-----BEGIN\nabc123\n-----END", "-----BEGIN\\nabc123\\n-----END", "-----beginabc123-----end"]
        {
            assert!(of_lines.check("x", product).is_err(), "{product}");
        }
    }

    #[test]
    fn what_is_told_says_why_it_is_a_secret() {
        for (name, reason, help) in [
            ("API_TOKEN", "looks like a secret", "`secret_variables = [\"!API_TOKEN\"]` says so"),
            ("DB_PASSWORD", "looks like a secret", "says so"),
            ("LICENSE", "is in `secret_variables`", "take `LICENSE` out of `secret_variables`"),
            ("PLAIN_TEXT", "is in `secret_variables`", "take `PLAIN_TEXT` out"),
        ] {
            let refused = leaks(&[(name, "q7hunter2fish")], &[]).check("x", "q7hunter2fish").unwrap_err();
            assert!(refused.message.contains(reason), "{}", refused.message);
            assert!(refused.help.unwrap_or_default().contains(help), "{name}");
        }
    }

    #[test]
    fn a_word_is_no_secret() {
        for (value, is_found) in [
            ("postgres", false),
            ("12345678", false),
            ("1a2b3c4d", false),
            ("main", false),
            ("a-b", false),
            ("", false),
            ("correcthorsebattery", true),
            ("hunter2x", true),
            ("pass word", true),
            ("0123456789ab", true),
        ] {
            let leaks = leaks(&[("DB_PASSWORD", value)], &[]);
            assert_eq!(leaks.check("x", &format!("<{value}>")).is_err(), is_found, "{value}");
        }
    }

    #[test]
    fn of_undeclared_variables_only_what_is_no_name_is_looked_for() {
        let leaks =
            leaks(&[], &[("X_KEY", "production-cluster-west"), ("Y_TOKEN", "ghs_0123456789abcdefghij")]);
        assert!(leaks.check("x", "production-cluster-west").is_ok());
        assert!(leaks.check("x", "a ghs_0123456789abcdefghij").is_err());
    }
}
