//! The files that Compose files refer to, as the caller reads them.

/// Files that Compose files refer to.
pub trait Files {
    /// The text of a file.
    ///
    /// # Errors
    /// Why there is none.
    fn read(&self, path: &str) -> Result<String, Unreadable>;

    /// The text of a file in YAML, which may be in another encoding.
    ///
    /// # Errors
    /// Why there is none.
    fn read_yaml(&self, path: &str) -> Result<String, Unreadable> {
        self.read(path)
    }

    /// The text of a file of variables, in which what is not UTF-8 may be replaced.
    ///
    /// # Errors
    /// Why there is none.
    fn read_variables(&self, path: &str) -> Result<String, Unreadable> {
        self.read(path)
    }

    /// Whether a file is not a part of the project, so that nothing of it may be shown: whoever wrote the path may not be whom
    /// the file belongs to.
    fn is_private(&self, path: &str) -> bool {
        let _ = path;
        false
    }
}

/// Why a file has no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// There is none.
    Missing,
    /// It is a directory.
    Directory,
    /// Anything else.
    Other(String),
}

impl Unreadable {
    pub(super) fn about(&self, path: &str) -> String {
        match self {
            Self::Missing => format!("cannot read `{path}`: no such file or directory"),
            Self::Directory => format!("cannot read `{path}`: it is a directory"),
            Self::Other(message) => message.clone(),
        }
    }
}
