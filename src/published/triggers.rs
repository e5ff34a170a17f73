//! What the configuration of an image leaves to builds that start from it.

use serde_json::Value;

/// Whether instructions wait in an image for builds that start from it (`ONBUILD`).
///
/// # Errors
/// Why the configuration cannot be read.
pub(super) fn has_triggers(configuration: &[u8]) -> Result<bool, String> {
    let configuration: Value = serde_json::from_slice(configuration).map_err(|error| error.to_string())?;
    let Value::Object(members) = configuration else { return Err("it is not an object".to_owned()) };
    // BuildKit reads names of members in any case.
    let named = |name: &'static str| move |(key, _): &(&String, &Value)| key.eq_ignore_ascii_case(name);
    let runs = members.iter().filter(named("config")).filter_map(|(_, value)| value.as_object());
    let mut triggers = runs.flat_map(|run| run.iter().filter(named("onbuild")));
    Ok(triggers.any(|(_, value)| match value {
        Value::Null => false,
        Value::Array(instructions) => !instructions.is_empty(),
        _ => true,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_are_found_in_any_form() {
        for (text, expected) in [
            ("{}", Ok(false)),
            (r#"{"config":null}"#, Ok(false)),
            (r#"{"config":{"OnBuild":null}}"#, Ok(false)),
            (r#"{"config":{"OnBuild":[]}}"#, Ok(false)),
            (r#"{"config":{"OnBuild":["COPY . /"]}}"#, Ok(true)),
            (r#"{"Config":{"onbuild":["COPY . /"]}}"#, Ok(true)),
            (r#"{"config":{"OnBuild":[],"ONBUILD":["RUN x"]}}"#, Ok(true)),
            (r#"{"config":{"OnBuild":"COPY . /"}}"#, Ok(true)),
            (r#"{"OnBuild":["COPY . /"]}"#, Ok(false)),
            ("[]", Err(())),
            ("\u{1f}\u{8b}", Err(())),
        ] {
            assert_eq!(has_triggers(text.as_bytes()).map_err(drop), expected, "{text}");
        }
    }
}
