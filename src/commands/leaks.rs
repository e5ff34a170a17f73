//! The last look at what is written: whether the value of a secret is in it after all.
//!
//! Marks follow a value through the definition (`bake::values::secret`) and say where it went. They do not see what
//! others take from it, such as a condition that compares it and writes the same text, or an option of ours that a shell
//! has put it into.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::bake::eval::functions::encoding::url_encode;
use crate::code::Code;
use crate::diagnostic::Diagnostic;

/// A value of so many characters is no coincidence, even if it is a word.
const MIN_WORD: usize = 12;

/// A shorter one may be a coincidence, whatever it is made of.
const MIN_OTHER: usize = 6;

/// Likewise one that the definition does not know of.
const MIN_STRANGE: usize = 20;

/// The texts that nothing may hold, with the names of their variables.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaks(Vec<Leak>);

#[derive(Clone, Debug)]
struct Leak {
    name: String,
    text: String,
}

impl Leaks {
    /// Those of these variables, of which the second are not declared by the definition.
    pub(super) fn new(
        declared: impl Iterator<Item = (String, String)>,
        others: impl Iterator<Item = (String, String)>,
    ) -> Self {
        let declared = declared.filter(|(_, value)| is_telling(value));
        let others = others.filter(|(_, value)| value.len() >= MIN_STRANGE && is_mixed(value));
        let leaks = declared.chain(others).flat_map(|(name, value)| {
            let texts = forms(&value).into_iter();
            texts.map(move |text| Leak { name: name.clone(), text })
        });
        Self(leaks.collect())
    }

    /// The texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|leak| leak.text.clone())
    }

    /// Refuses a product that holds one of them; `place` is what the message calls it.
    ///
    /// # Errors
    /// The name of the variable, and nothing of its value.
    pub(super) fn check(&self, place: &str, product: &str) -> Result<(), Diagnostic> {
        let Some(leak) = self.0.iter().find(|leak| product.contains(&leak.text)) else { return Ok(()) };
        let message = format!("{place} would hold the value of `{}`, which looks like a secret", leak.name);
        Err(Diagnostic::error(Code::SECRET, message)
            .with_note("nothing is written; the definition or an option has the same text, as it is or encoded")
            .with_help(format!(
                "pass the value to the build as a `secret`; if `{}` is none, `secret_variables = [\"!{}\"]` says so",
                leak.name, leak.name
            )))
    }
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

/// A value as it may stand in a product: as it is, in JSON, in a URL, and in Base64, also as a part of a longer text,
/// such as `user:password`.
fn forms(value: &str) -> Vec<String> {
    let json = serde_json::to_string(value).unwrap_or_default();
    let mut forms = vec![value.to_owned(), json.trim_matches('"').to_owned(), url_encode(value)];
    // `%2b` and `%2B`, `+` and `%20`.
    forms.extend([url_encode(value).replace('+', "%20")]);
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
    forms.sort();
    forms.dedup();
    forms.retain(|form| !form.is_empty());
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
