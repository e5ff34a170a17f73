//! The folder that commands run in, as seen from the top of the repository.

use super::text::{Piece, Template};
pub(crate) use crate::init::repository::path::{clean, is_yaml, relative};

/// What stands for the top of the repository at the beginning of a path.
pub(crate) const TOP: char = '\u{e003}';

/// A folder of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Folder {
    /// It is this one, empty for the top.
    Known(String),
    /// It is not known: how it is written.
    Unknown(String),
}

impl Default for Folder {
    fn default() -> Self {
        Self::Known(String::new())
    }
}

impl Folder {
    /// The folder at a path that is seen from this one.
    pub(crate) fn at(&self, path: &Template) -> Self {
        let Some(text) = path.constant() else { return Self::Unknown(path.shown().replace(TOP, "")) };
        let (from, path) = match (text.strip_prefix(TOP), self) {
            (Some(path), _) => ("", path),
            (None, Self::Known(own)) if !text.starts_with(['/', '~']) => (own.as_str(), text.as_str()),
            (None, _) => return Self::Unknown(text),
        };
        let path = clean(&format!("{from}/{path}"));
        Self::Known(if path == "." { String::new() } else { path })
    }

    /// A path that is seen from this folder, as seen from the top. What is elsewhere stays as it is.
    pub(crate) fn path(&self, path: Template) -> Template {
        let (Self::Known(folder), Some(Piece::Text(first))) = (self, path.0.first()) else { return path };
        let first = first.clone();
        let mut whole = Template::default();
        if let Some(rest) = first.strip_prefix(TOP) {
            let rest = rest.trim_start_matches('/');
            whole.push(Piece::Text(if rest.is_empty() { ".".to_owned() } else { rest.to_owned() }));
        } else if folder.is_empty() || first.starts_with('/') || first.contains("://") || first.contains('@')
        {
            return path;
        } else {
            whole.push(Piece::Text(format!("{folder}/{first}")));
        }
        path.0[1..].iter().cloned().for_each(|piece| whole.push(piece));
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_seen_from_the_top() {
        let folder = |text: &str| Folder::Known(text.to_owned());
        for (own, path, expected) in [
            ("", "api", "api"),
            ("api", "..", ""),
            ("api", "./web/", "api/web"),
            ("api", "\u{e003}/web", "web"),
            ("api", "\u{e003}", ""),
        ] {
            assert_eq!(folder(own).at(&Template::from(path)), folder(expected), "{own} {path}");
        }
        for path in ["/srv", "~", "~/x"] {
            assert_eq!(folder("api").at(&Template::from(path)), Folder::Unknown(path.to_owned()));
        }
        for (own, path, expected) in [
            ("", "api", "api"),
            ("api", ".", "api/."),
            ("api", "\u{e003}", "."),
            ("api", "\u{e003}/web", "web"),
            ("api", "https://example.com/x.git", "https://example.com/x.git"),
        ] {
            assert_eq!(folder(own).path(Template::from(path)).shown(), expected, "{own} {path}");
        }
    }
}
