//! Values that a file gives to secret variables.

use super::files::Module;
use crate::bake::values::{Value, secret};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};

impl Module {
    /// The secret variables that got a value from outside of the files, with that value; of a
    /// `NAME_JSON`, with each string in it.
    #[must_use]
    pub fn given_secrets(&self) -> Vec<(String, String)> {
        let mut secrets = Vec::new();
        for (name, variable) in &self.variables {
            let is_typed = variable.body.attribute("type").is_some();
            let Some(given) = self.override_of(name, is_typed) else { continue };
            if !self.surroundings.secrets.has_value(name, &given.text) {
                continue;
            }
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(&given.text) {
                secrets.extend(strings(&value).into_iter().map(|text| (name.to_string(), text)));
            }
            secrets.push((name.to_string(), given.text));
        }
        secrets
    }

    /// A warning for each variable that is secret and has the value that its file gives it. Whoever reads the file knows
    /// that value, so it is written like any other; a real secret would be public already.
    #[must_use]
    pub fn public_secrets(&self) -> Vec<Diagnostic> {
        let mut diagnostics = Diagnostics::default();
        let globals = self.context.globals.borrow();
        for (name, variable) in &self.variables {
            let label = &variable.labels[0];
            let has_default =
                self.attributes.contains_key(name) || variable.body.attribute("default").is_some();
            let is_replaced = self.surroundings.kept.contains(name)
                || self.override_of(name, variable.body.attribute("type").is_some()).is_some();
            let secrets = &self.surroundings.secrets;
            let is_secret = globals.get(name).is_some_and(|value| match value {
                value if value.is_null() || !value.own_marks().is_empty() => false,
                Value::Bool(..) => false,
                value => match value.as_str() {
                    Some(text) => !text.is_empty() && secrets.has_value(name, text),
                    None => secrets.has(name),
                },
            });
            if has_default && !is_replaced && is_secret {
                let message = format!(
                    "`{name}` {}, and its value is in the file: it is written like any other",
                    secret::reason(name)
                );
                let diagnostic = Diagnostic::warning(Code::PUBLIC_SECRET, message).at(label.span, "");
                diagnostics.report(diagnostic.with_help(
                    "if it is one, replace it and pass it to the build as a `secret`; if not, give the variable another name",
                ));
            }
        }
        diagnostics.into_sorted()
    }
}

/// The strings in a value of JSON.
fn strings(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(text) => vec![text.clone()],
        serde_json::Value::Array(items) => items.iter().flat_map(strings).collect(),
        serde_json::Value::Object(members) => members.values().flat_map(strings).collect(),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => Vec::new(),
    }
}
