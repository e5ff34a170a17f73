//! A code and what is declared of it.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::example::Example;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is produced.
    Error,
    /// Something is produced, and worth a look.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word before a message.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What is declared of a code.
#[derive(Debug)]
pub struct Row {
    /// The name: stable, for scripts and for searching.
    pub name: &'static str,
    /// How bad it may be; the first is usual.
    pub severities: &'static [Severity],
    /// Why it is reported.
    pub cause: &'static str,
    /// How it comes about.
    pub example: Example,
    /// What helps.
    pub cure: &'static str,
    /// Where to read on: a page of `docs/`, or an address.
    pub guide: &'static str,
}

impl Row {
    /// How bad it usually is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severities.first().copied().unwrap_or(Severity::Error)
    }
}

/// The code of a diagnostic. There is none but the declared ones.
#[derive(Clone, Copy)]
pub struct Code(&'static Row);

impl Code {
    /// The code that a row declares.
    #[must_use]
    pub(crate) const fn declared(row: &'static Row) -> Self {
        Self(row)
    }

    /// What is declared of it.
    #[must_use]
    pub fn row(self) -> &'static Row {
        self.0
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Code {}

impl Hash for Code {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Declares the codes of one subject.
macro_rules! codes {
    (
        guide: $guide:literal;
        $($code:ident $name:literal [$($severity:ident)+] {
            cause: $cause:literal,
            example: $example:expr,
            cure: $cure:literal,
        })+
    ) => {
        impl $crate::code::Code {
            $(
                #[doc = $cause]
                pub(crate) const $code: Self = Self::declared(&$crate::code::Row {
                    name: $name,
                    severities: &[$($crate::code::Severity::$severity),+],
                    cause: $cause,
                    example: $example,
                    cure: $cure,
                    guide: $guide,
                });
            )+
        }

        /// The codes of this subject.
        pub(super) const CODES: &[$crate::code::Code] = &[$($crate::code::Code::$code),+];
    };
}

pub(super) use codes;
