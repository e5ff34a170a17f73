//! Versions that were released before, given as a list.

use std::collections::BTreeMap;

use serde_json::Value;

use super::KnownVersions;
use crate::version::Version;

const EXPECTED: &str = "expected a list of strings, or an object with such a list for each image";

/// What editors and shells of Windows put before a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads a list: one version a line, with comments after `#`; or a JSON list; or a JSON object with a list for each
/// image. Only an empty JSON list says that nothing was released: a file may be empty because what wrote it failed.
///
/// # Errors
/// A message about the first mistake.
pub(crate) fn parse(text: &str) -> Result<KnownVersions, String> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let fail = |error: serde_json::Error| format!("{EXPECTED}: {error}");
    match text.trim_start().chars().next() {
        Some('[') => {
            let names = git_tags(&serde_json::from_str::<Vec<String>>(text).map_err(fail)?)?;
            Ok(KnownVersions { names, ..KnownVersions::default() })
        }
        Some('{') => {
            let lists: BTreeMap<String, Vec<String>> = serde_json::from_str(text).map_err(fail)?;
            if lists.is_empty() {
                return Err(format!("it names no image; {EXPECTED}"));
            }
            let by_image = lists.into_iter().map(|(key, names)| Ok((key, git_tags(&names)?)));
            Ok(KnownVersions {
                by_image: by_image.collect::<Result<_, String>>()?,
                ..KnownVersions::default()
            })
        }
        _ => {
            if let Ok(value @ (Value::Null | Value::Bool(_) | Value::String(_))) = serde_json::from_str(text)
            {
                return Err(format!("found the JSON value `{value}`; {EXPECTED}"));
            }
            let names = lines(text)?;
            if names.is_empty() {
                return Err("it has no version; `[]` says that none was released".to_owned());
            }
            Ok(KnownVersions { names, ..KnownVersions::default() })
        }
    }
}

fn git_tags(names: &[String]) -> Result<Vec<String>, String> {
    let names: Vec<String> = names.iter().map(|name| bare(name)).collect();
    if names.iter().any(|name| name.trim().is_empty()) {
        return Err("one of its versions is empty".to_owned());
    }
    names.iter().try_for_each(|name| check(name))?;
    Ok(names)
}

/// Refuses what is the name of no tag, neither of git's (<https://git-scm.com/docs/git-check-ref-format>) nor of a registry's.
fn check(name: &str) -> Result<(), String> {
    let several: Vec<&str> = name.split([',', ';']).map(str::trim).filter(|one| !one.is_empty()).collect();
    let is_version = |one: &&str| one.contains('.') && one.parse::<Version>().is_ok();
    if name.contains([',', ';']) && several.iter().all(is_version) {
        return Err(format!("found `{name}`: each version has a line of its own"));
    }
    if let Some((_, tag)) = name.rsplit_once(':') {
        return Err(format!(
            "found `{name}`: expected the tag alone, without the repository, such as `{tag}`"
        ));
    }
    if name.contains(['~', '^', '?', '*', '[', '\\', '<', '>', '"']) || name.contains("..") {
        return Err(format!("found `{name}`, which is not the name of a tag"));
    }
    Ok(())
}

/// A git tag as git calls it: `git for-each-ref` prints whole refs.
fn bare(name: &str) -> String {
    name.strip_prefix("refs/tags/").unwrap_or(name).to_owned()
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
    git_tags(&versions)
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
        assert_eq!(parse("[]"), Ok(KnownVersions::default()));
        assert_eq!(parse("\u{feff}[]"), Ok(KnownVersions::default()));
        assert_eq!(parse("1.2"), parse("[\"1.2\"]"));
        assert_eq!(parse("refs/tags/pkg/v3"), parse("[\"pkg/v3\"]"));
        assert_eq!(parse("[\"refs/tags/v1\"]"), parse("v1"));
        let by_image = BTreeMap::from([("b".into(), vec!["1".into()]), ("a".into(), vec![])]);
        let each = KnownVersions { by_image, ..KnownVersions::default() };
        assert_eq!(parse(r#"{"b": ["1"], "a": []}"#), Ok(each));
    }

    /// Of a repository or a registry, whatever they are called.
    #[test]
    fn names_of_other_tags_are_taken() {
        for name in
            ["latest", "main", "release-1.2.4", "web/v1.2.4", "@scope/pkg@1.2.4", "1,5-inch", "v1.0+5", "a=b"]
        {
            assert_eq!(parse(name).unwrap().names, [name]);
        }
    }

    #[test]
    fn invalid_lists_are_refused() {
        for (text, expected) in [
            ("1.0\n1.1 1.2\n", "line 2: expected one version, found `1.1 1.2`"),
            ("[1.0]", "expected a list of strings"),
            ("{\"a\": \"1\"}", "expected a list of strings"),
            ("[\"1\"", "line 1 column 4"),
            ("", "it has no version; `[]` says"),
            (" \n# nothing yet\n", "it has no version; `[]` says"),
            ("{}", "it names no image"),
            ("null", "found the JSON value `null`"),
            ("true\n", "found the JSON value `true`"),
            ("\"1.2\"", "found the JSON value `\"1.2\"`"),
            ("[null]", "expected a list of strings"),
            ("{\"a\": null}", "expected a list of strings"),
            ("[\"\"]", "one of its versions is empty"),
            ("{\"a\": [\"1\", \" \"]}", "one of its versions is empty"),
            ("1.2.4,1.2.5", "each version has a line of its own"),
            ("v1.2.4;v1.2.5;", "each version has a line of its own"),
            ("[\"1.2.4, 1.2.5\"]", "found `1.2.4, 1.2.5`"),
            ("ghcr.io/acme/app:1.2.4", "the tag alone, without the repository, such as `1.2.4`"),
            ("{\"app\": [\"localhost:5000/app:1.2.4\"]}", "such as `1.2.4`"),
            ("1.2.4\nsha256:0123", "found `sha256:0123`"),
            ("<html>", "found `<html>`, which is not the name of a tag"),
            ("1.2.*", "found `1.2.*`"),
            ("v1..v2", "found `v1..v2`"),
            ("v1^{}", "found `v1^{}`"),
        ] {
            let told = parse(text).unwrap_err();
            assert!(told.contains(expected), "{text}: {told}");
        }
    }
}
