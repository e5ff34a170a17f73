//! How to log in to a registry.

use std::fmt;

/// How to log in.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::registry) enum Login {
    /// Not at all.
    Anonymous,
    /// As a user.
    Password { user: String, password: String },
    /// With what `docker login` got from the token server in exchange for a password.
    IdentityToken(String),
    /// With a token for the registry itself.
    RegistryToken(String),
}

/// Secrets are not for logs.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "Anonymous",
            Self::Password { .. } => "Password",
            Self::IdentityToken(_) => "IdentityToken",
            Self::RegistryToken(_) => "RegistryToken",
        })
    }
}
