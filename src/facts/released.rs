//! Versions that were released before, given as a list.

use indexmap::IndexMap;

/// Versions as they were written: git tags, or text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Released {
    /// Of every image.
    All(Vec<String>),
    /// Of the images by their names.
    ByImage(IndexMap<String, Vec<String>>),
}

/// Reads a list: one version a line, with comments after `#`; or a JSON list; or a JSON object with a list for each
/// image.
///
/// # Errors
/// A message about the first mistake.
pub fn parse(text: &str) -> Result<Released, String> {
    let fail = |error: serde_json::Error| {
        format!("expected a list of texts, or an object with such a list for each image: {error}")
    };
    match text.trim_start().chars().next() {
        Some('[') => serde_json::from_str(text).map(Released::All).map_err(fail),
        Some('{') => serde_json::from_str(text).map(Released::ByImage).map_err(fail),
        _ => lines(text).map(Released::All),
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
        let all = |versions: &[&str]| Released::All(versions.iter().map(|v| (*v).to_owned()).collect());
        for text in ["v1.2\n\n# old\n 1.0.0rc1  # first\r\npkg/v3", r#" ["v1.2", "1.0.0rc1", "pkg/v3"]"#] {
            assert_eq!(parse(text), Ok(all(&["v1.2", "1.0.0rc1", "pkg/v3"])), "{text}");
        }
        assert_eq!(parse(""), Ok(all(&[])));
        let by_image = IndexMap::from([("b".into(), vec!["1".into()]), ("a".into(), vec![])]);
        assert_eq!(parse(r#"{"b": ["1"], "a": []}"#), Ok(Released::ByImage(by_image)));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for (text, expected) in [
            ("1.0\n1.1 1.2\n", "line 2: expected one version, found `1.1 1.2`"),
            ("[1.0]", "expected a list of texts"),
            ("{\"a\": \"1\"}", "expected a list of texts"),
            ("[\"1\"", "line 1 column 4"),
        ] {
            let told = parse(text).unwrap_err();
            assert!(told.contains(expected), "{text}: {told}");
        }
    }
}
