//! Says how the program gets into a job.

use std::fmt;
use std::str::FromStr;

use super::LocalAction;

use crate::commit;

/// How the program gets into a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Install {
    /// It is there: on the `PATH` of the runner.
    Path,
    /// A wheel, by its version.
    Pipx(String),
    /// A package of the Rust registry, by its version.
    Cargo(String),
    /// Compiled from a commit of a repository.
    Git {
        /// Where the repository is.
        url: String,
        /// The full hash.
        commit: String,
    },
    /// An action that puts it on the `PATH`.
    Action {
        /// `OWNER/REPO`, perhaps with a path.
        action: String,
        /// The full hash.
        commit: String,
    },
    /// One of the repository itself that does so.
    Local(LocalAction),
}

impl Install {
    /// The forms, for messages.
    pub const FORMS: &str = "`path`, `pipx=VERSION`, `cargo=VERSION`, `git=URL@COMMIT`, `action=OWNER/REPO@COMMIT` or `action=./FOLDER`";
}

impl Install {
    /// The action of the repository that does it, if one does.
    #[must_use]
    pub fn local(&self) -> Option<&LocalAction> {
        match self {
            Self::Local(action) => Some(action),
            Self::Path | Self::Pipx(_) | Self::Cargo(_) | Self::Git { .. } | Self::Action { .. } => None,
        }
    }
}

impl FromStr for Install {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pinned = |rest: &str| {
            let (name, commit) = rest.rsplit_once('@').unwrap_or((rest, ""));
            if commit::is_whole(commit) {
                Ok((name.to_owned(), commit.to_owned()))
            } else {
                Err(format!("`{text}` needs `@` and a full commit hash at its end: a tag or branch can move"))
            }
        };
        let version = |version: &str| {
            let is_of = |c: char| c.is_ascii_alphanumeric() || ".+-".contains(c);
            if version.starts_with(|c: char| c.is_ascii_digit()) && version.chars().all(is_of) {
                Ok(version.to_owned())
            } else {
                Err(format!("`{version}` is not a version, such as `1.2.3`"))
            }
        };
        match text.split_once('=') {
            None if text == "path" => Ok(Self::Path),
            Some(("pipx", rest)) => version(rest).map(Self::Pipx),
            Some(("cargo", rest)) => version(rest).map(Self::Cargo),
            Some(("git", rest)) => {
                let (url, commit) = pinned(rest)?;
                let is_of = |c: char| c.is_ascii_alphanumeric() || "-._~/:".contains(c);
                match url.strip_prefix("https://") {
                    Some(rest) if !rest.is_empty() && rest.chars().all(is_of) => {
                        Ok(Self::Git { url, commit })
                    }
                    _ => Err(format!(
                        "`{url}` is not a URL that begins with `https://` and has no user name in it"
                    )),
                }
            }
            // It is of the commit that is checked out.
            Some(("action", rest)) if rest.starts_with("./") => rest.parse().map(Self::Local),
            Some(("action", rest)) => {
                let (action, commit) = pinned(rest)?;
                let is_of = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
                let parts: Vec<&str> = action.split('/').collect();
                let is_action = parts.len() >= 2
                    && parts.iter().all(|part| {
                        part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(is_of)
                    });
                if is_action {
                    Ok(Self::Action { action, commit })
                } else {
                    Err(format!("`{action}` is not an action, such as `OWNER/REPO`"))
                }
            }
            _ => Err(format!("`{text}` is not a way to install bakeplan; expected {}", Self::FORMS)),
        }
    }
}

impl fmt::Display for Install {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path => f.write_str("path"),
            Self::Pipx(version) => write!(f, "pipx={version}"),
            Self::Cargo(version) => write!(f, "cargo={version}"),
            Self::Git { url, commit } => write!(f, "git={url}@{commit}"),
            Self::Action { action, commit } => write!(f, "action={action}@{commit}"),
            Self::Local(action) => write!(f, "action={action}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn each_form_is_read_and_written_back() {
        let pinned = ["git=https://example.com/a/b.git@", "action=acme/bakeplan@", "action=acme/x/setup@"];
        let sha256 = COMMIT[..32].repeat(2);
        let pinned = pinned.iter().flat_map(|start| {
            [COMMIT, &sha256, &COMMIT.to_uppercase()].map(|commit| format!("{start}{commit}"))
        });
        let plain = ["path", "pipx=1.2.3rc1", "cargo=0.1.0-rc.1", "action=./", "action=./ci/bakeplan"]
            .map(str::to_owned);
        for text in pinned.chain(plain) {
            assert_eq!(text.parse::<Install>().map(|install| install.to_string()), Ok(text));
        }
    }

    #[test]
    fn what_can_move_or_is_no_form_is_refused() {
        for (text, told) in [
            ("", "is not a way to install bakeplan"),
            ("brew", "is not a way to install bakeplan"),
            ("path=/usr/bin", "is not a way to install bakeplan"),
            ("pipx=", "is not a version"),
            ("pipx=latest", "is not a version"),
            ("cargo=1.2.3 --force", "is not a version"),
            ("git=https://example.com/a", "full commit hash"),
            ("git=https://example.com/a@main", "full commit hash"),
            ("git=https://example.com/a@0123456", "full commit hash"),
            ("git=https://example.com/a@0123456789abcdef0123456789abcdef0123456", "full commit hash"),
            ("git=https://example.com/a@0123456789abcdef0123456789abcdef0123456x", "full commit hash"),
            ("action=acme/bakeplan@v1", "full commit hash"),
            ("action=./../other", "is not the folder of an action"),
            ("action=./a b", "is not the folder of an action"),
            ("action=./a@v1", "is not the folder of an action"),
        ] {
            let error = text.parse::<Install>().expect_err(text);
            assert!(error.contains(told), "{text}: {error}");
        }
        for start in [
            "git=git@example.com:a/b.git@",
            "git=http://example.com/a@",
            "git=https://user:secret@example.com/a@",
            "git=https://example.com/${{ secrets.A }}@",
            "action=bakeplan@",
            "action=.bakeplan/a@",
            "action=acme/bake plan@",
        ] {
            let text = format!("{start}{COMMIT}");
            let error = text.parse::<Install>().expect_err(&text);
            assert!(error.contains("is not a URL") || error.contains("is not an action"), "{text}: {error}");
        }
    }
}
