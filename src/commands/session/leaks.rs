//! Looks a last time at what is written: whether the value of a secret is in it after all.
//!
//! Marks follow a value through the definition (`bake::values::secret`) and say where it went. They do not see what
//! others take from it, such as a condition that compares it and writes the same text, or an option of ours that a shell
//! has put it into.

use crate::bake::values::secret;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::disguise::{self, Disguises, is_telling};

/// A shorter value that the definition does not know of may be a coincidence.
const MIN_STRANGE: usize = 20;

/// The texts that nothing may hold, with the names of their variables.
#[derive(Clone, Debug, Default)]
pub(in crate::commands) struct Leaks(Vec<Leak>);

#[derive(Clone, Debug)]
struct Leak {
    name: String,
    disguises: Disguises,
}

impl Leaks {
    /// Those of these variables, of which the second are not declared by the definition.
    pub(in crate::commands) fn new(
        declared: impl Iterator<Item = (String, String)>,
        others: impl Iterator<Item = (String, String)>,
    ) -> Self {
        let declared = declared.filter(|(_, value)| is_telling(value));
        let others = others.filter(|(_, value)| value.len() >= MIN_STRANGE && is_mixed(value));
        Self(
            declared
                .chain(others)
                .map(|(name, value)| Leak { name, disguises: Disguises::of(&value) })
                .collect(),
        )
    }

    /// The texts, as they may stand in messages, where upper and lower case are the same anyway.
    pub(in crate::commands) fn texts(&self) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(|leak| leak.disguises.texts().cloned())
    }

    /// Refuses a product that holds one of them; `place` is what the message calls it.
    ///
    /// # Errors
    /// The name of the variable, and nothing of its value.
    pub(in crate::commands) fn check(&self, place: &str, product: &str) -> Result<(), Diagnostic> {
        let Some(leak) = disguise::find(product, &self.0, |leak| &leak.disguises) else { return Ok(()) };
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
}

fn is_mixed(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit()) && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use super::*;
    use crate::percent;

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
            format!("https://me:{}@host", percent::encode(secret)),
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
            ("LICENSE", "or is in `secret_variables`", "`secret_variables = [\"!LICENSE\"]` says so"),
            ("PLAIN_TEXT", "has a login in its value", "says so"),
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
    fn values_of_undeclared_variables_are_looked_for_unless_they_are_names() {
        let leaks =
            leaks(&[], &[("X_KEY", "production-cluster-west"), ("Y_TOKEN", "ghs_0123456789abcdefghij")]);
        assert!(leaks.check("x", "production-cluster-west").is_ok());
        assert!(leaks.check("x", "a ghs_0123456789abcdefghij").is_err());
    }
}
