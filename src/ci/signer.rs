//! Names what signs what was published.

use std::fmt;
use std::str::FromStr;

use super::LocalAction;

/// What signs what was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// cosign, without a key: with the identity of the job.
    Cosign,
    /// GitHub, which keeps the attestations itself.
    Attest,
    /// An action of the repository.
    Local(LocalAction),
}

impl FromStr for Signer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "cosign" => Ok(Self::Cosign),
            "attest" => Ok(Self::Attest),
            folder if folder.starts_with("./") => folder.parse().map(Self::Local),
            _ => Err(format!(
                "`{text}` is not a way to sign; expected `cosign`, `attest`, or the folder of an action in this repository, such as \
                 `./.github/actions/sign`"
            )),
        }
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cosign => f.write_str("cosign"),
            Self::Attest => f.write_str("attest"),
            Self::Local(action) => action.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_signers_have_a_name_and_others_a_folder() {
        for text in ["cosign", "attest", "./.github/actions/sign", "./"] {
            assert_eq!(text.parse::<Signer>().map(|one| one.to_string()), Ok(text.to_owned()));
        }
        for (text, told) in [
            ("", "is not a way to sign"),
            ("notation", "is not a way to sign"),
            ("Cosign", "is not a way to sign"),
            ("sign", "is not a way to sign"),
            ("acme/sign@v1", "is not a way to sign"),
            ("./../sign", "is not the folder of an action"),
        ] {
            let error = text.parse::<Signer>().expect_err(text);
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
