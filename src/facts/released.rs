//! Versions that were released before, given as a list.

use std::collections::BTreeMap;

use super::KnownVersions;

/// Reads a list: one version a line, with comments after `#`; or a JSON list; or a JSON object with a list for each
/// image.
///
/// # Errors
/// A message about the first mistake.
pub(crate) fn parse(text: &str) -> Result<KnownVersions, String> {
    let all = |names: Vec<String>| KnownVersions { names, ..KnownVersions::default() };
    let each =
        |by_image: BTreeMap<String, Vec<String>>| KnownVersions { by_image, ..KnownVersions::default() };
    let fail = |error: serde_json::Error| {
        format!("expected a list of strings, or an object with such a list for each image: {error}")
    };
    match text.trim_start().chars().next() {
        Some('[') => serde_json::from_str(text).map(all).map_err(fail),
        Some('{') => serde_json::from_str(text).map(each).map_err(fail),
        _ => lines(text).map(all),
    }
}

fn lines(text: &str) -> Result<Vec<String>, String> {
    let mut versions = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let version = line.split('#').next().unwrap_or_default().trim();
        if version.contains(char::is_whitespace) {
            return Err(format!("line {}: expected one version, found `{version}`", at + 1));
        }
        if !version.is_empty() {
            versions.push(version.to_owned());
        }
    }
    Ok(versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_lines_or_json() {
        let names = ["v1.2", "1.0.0rc1", "pkg/v3"].map(str::to_owned).to_vec();
        let all = KnownVersions { names, ..KnownVersions::default() };
        for text in ["v1.2\n\n# old\n 1.0.0rc1  # first\r\npkg/v3", r#" ["v1.2", "1.0.0rc1", "pkg/v3"]"#] {
            assert_eq!(parse(text).as_ref(), Ok(&all), "{text}");
        }
        assert_eq!(parse(""), Ok(KnownVersions::default()));
        let by_image = BTreeMap::from([("b".into(), vec!["1".into()]), ("a".into(), vec![])]);
        let each = KnownVersions { by_image, ..KnownVersions::default() };
        assert_eq!(parse(r#"{"b": ["1"], "a": []}"#), Ok(each));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for (text, expected) in [
            ("1.0\n1.1 1.2\n", "line 2: expected one version, found `1.1 1.2`"),
            ("[1.0]", "expected a list of strings"),
            ("{\"a\": \"1\"}", "expected a list of strings"),
            ("[\"1\"", "line 1 column 4"),
        ] {
            let told = parse(text).unwrap_err();
            assert!(told.contains(expected), "{text}: {told}");
        }
    }
}
