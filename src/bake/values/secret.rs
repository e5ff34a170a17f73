//! Which variables are secret, by their names.

/// Whether an environment variable's name says that its value is secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let name = name.strip_suffix("_JSON").unwrap_or(name).to_ascii_uppercase();
    ["TOKEN", "PASSWORD", "SECRET", "KEY"].iter().any(|end| name.ends_with(end))
}
