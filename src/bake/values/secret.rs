//! Which variables are secret, by their names.

/// Whether an environment variable's name says that its value is secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let name = name.strip_suffix("_JSON").unwrap_or(name).to_ascii_uppercase();
    ["TOKEN", "PASSWORD", "SECRET", "KEY"].iter().any(|end| name.ends_with(end))
}

/// The values of those variables whose names say that they are secret.
pub fn secret_values<'a>(
    variables: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> impl Iterator<Item = String> {
    variables.into_iter().filter(|(name, _)| is_secret_name(name)).map(|(_, value)| value.clone())
}
