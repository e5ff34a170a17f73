//! What the configuration of an image leaves to builds that start from it.

use serde_json::Value;

/// The instructions that wait in an image for builds that start from it (`ONBUILD`).
///
/// # Errors
/// Why the configuration cannot be read.
pub(super) fn triggers(configuration: &[u8]) -> Result<Vec<String>, String> {
    let configuration: Value = serde_json::from_slice(configuration).map_err(|error| error.to_string())?;
    let Value::Object(members) = configuration else { return Err("it is not an object".to_owned()) };
    // BuildKit reads names of members in any case.
    let named = |name: &'static str| move |(key, _): &(&String, &Value)| key.eq_ignore_ascii_case(name);
    let runs = members.iter().filter(named("config")).filter_map(|(_, value)| value.as_object());
    let found = runs.flat_map(|run| run.iter().filter(named("onbuild")));
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let instructions = found.flat_map(|(_, value)| match value {
        Value::Null => Vec::new(),
        Value::Array(instructions) => instructions.iter().map(text).collect(),
        other => vec![text(other)],
    });
    Ok(instructions.collect())
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
            assert_eq!(
                triggers(text.as_bytes()).map(|found| !found.is_empty()).map_err(drop),
                expected,
                "{text}"
            );
        }
    }
}
