//! Which variables are secret, by their names: asked here alone, and from here on the value's marks tell.

use super::marks::{Mark, Marks};

/// The marks of a variable's value: those of a secret, where the name says so and there is something to hide.
#[must_use]
pub(crate) fn variable_marks(name: &str, value: &str) -> Marks {
    if is_secret_name(name) && !value.is_empty() {
        Marks::of(Mark::Secret(name.into()))
    } else {
        Marks::default()
    }
}

/// `NAME=VALUE` as anybody may read it: without the value of a secret.
#[must_use]
pub(crate) fn readable_assignment(assignment: &str) -> String {
    let (name, value) = assignment.split_once('=').unwrap_or((assignment, ""));
    if is_secret_name(name) && !value.is_empty() { format!("{name}=…") } else { assignment.to_owned() }
}

/// Whether an environment variable's name says that its value is secret.
fn is_secret_name(name: &str) -> bool {
    let name = name.strip_suffix("_JSON").unwrap_or(name).to_ascii_uppercase();
    ["TOKEN", "PASSWORD", "SECRET", "KEY"].iter().any(|end| name.ends_with(end))
}

/// The values of those variables whose names say that they are secret.
pub(crate) fn secret_values<'a>(
    variables: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> impl Iterator<Item = String> {
    variables.into_iter().filter(|(name, _)| is_secret_name(name)).map(|(_, value)| value.clone())
}
