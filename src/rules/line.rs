//! A line of attributes: `type=raw,value=edge`, as one record of comma-separated values.

use super::error::{RuleError, TYPES};
use crate::bake::values::csv::{self, CsvError};

/// The attributes of rules and flavors.
const ATTRIBUTES: [&str; 14] = [
    "type", "enable", "priority", "prefix", "suffix", "value", "pattern", "match", "group", "branch",
    "event", "format", "latest", "onlatest",
];

/// The attributes of every rule.
const COMMON: [&str; 4] = ["enable", "priority", "prefix", "suffix"];

/// Whether an entry of `tags` is a rule line: one of its parts sets an attribute. No tag has a `=` in it.
#[must_use]
pub(crate) fn is_rule(text: &str) -> bool {
    text.split(',').any(|part| {
        let name = part.trim_start_matches(['"', ' ', '\t']).split_once('=').map(|(name, _)| name.trim());
        name.is_some_and(|name| ATTRIBUTES.iter().any(|known| known.eq_ignore_ascii_case(name)))
    })
}

/// The attributes of a line, in its order. A part without `=` is the value of a raw rule.
#[derive(Debug)]
pub(super) struct Line {
    pairs: Vec<(String, String)>,
    loose: Option<String>,
}

impl Line {
    pub(super) fn parse(text: &str) -> Result<Self, RuleError> {
        if text.trim().lines().filter(|line| is_rule(line)).nth(1).is_some() {
            return Err(RuleError::SeveralLines(
                text.trim().lines().map(str::trim).map(str::to_owned).collect(),
            ));
        }
        let mut fields = match csv::fields(text.trim(), ',') {
            // metadata-action takes both kinds of quotes in `{{date "YYYYMMDD"}}`.
            Err(CsvError::BareQuote) => csv::fields(&single_quoted(text.trim()), ','),
            fields => fields,
        }
        .map_err(RuleError::Csv)?;
        // A line as metadata-action needs it, which reads records twice.
        if let [whole] = fields.as_slice()
            && text.trim().starts_with('"')
            && whole.contains(',')
        {
            fields = csv::fields(whole, ',').map_err(RuleError::Csv)?;
        }
        let mut line = Self { pairs: Vec::new(), loose: None };
        for field in &fields {
            let field = field.trim();
            match field.split_once('=').filter(|(name, _)| !name.is_empty()) {
                Some((name, value)) => {
                    let name = name.trim().to_ascii_lowercase();
                    if line.get(&name).is_some() {
                        return Err(RuleError::Twice(name));
                    }
                    line.pairs.push((name, value.trim().to_owned()));
                }
                None if field.is_empty() => {}
                None if line.loose.is_some() => return Err(RuleError::NoValue(field.to_owned())),
                None => line.loose = Some(field.to_owned()),
            }
        }
        Ok(line)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(known, _)| known == name)?;
        Some(self.pairs.remove(at).1)
    }

    /// The type of rules that the part without `=` is called as, where no type is given.
    pub(super) fn loose_type(&self) -> Option<&'static str> {
        let loose = self.loose.as_deref().filter(|_| self.get("type").is_none())?;
        TYPES.into_iter().find(|kind| *kind == loose)
    }

    /// Whether it sets what only flavors have, or nothing but what rules and flavors have.
    pub(super) fn is_flavor(&self) -> bool {
        let is_affix = |name: &str| matches!(name, "prefix" | "suffix");
        let is_own = |name: &str| matches!(name, "latest" | "onlatest");
        let names = || self.pairs.iter().map(|(name, _)| name.as_str());
        names().any(is_own) || (self.loose.is_none() && names().all(is_affix))
    }

    /// Checks that a rule of this type has these attributes of its own and those of every rule.
    pub(super) fn check(&mut self, kind: &'static str, own: &[&'static str]) -> Result<(), RuleError> {
        if let Some(loose) = self.loose.take() {
            if kind != "raw" {
                return Err(RuleError::NoValue(loose));
            }
            if self.get("value").is_some() {
                return Err(RuleError::Twice("value".to_owned()));
            }
            self.pairs.push(("value".to_owned(), loose));
        }
        let known: Vec<&'static str> = own.iter().copied().chain(COMMON).collect();
        match self.pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(RuleError::UnknownAttribute { kind, name: name.clone(), known }),
            None => Ok(()),
        }
    }

    /// All attributes; a part without `=` has its text as its name.
    pub(super) fn into_pairs(self) -> Vec<(String, String)> {
        let mut pairs = self.pairs;
        pairs.extend(self.loose.map(|loose| (loose, String::new())));
        pairs
    }
}

/// The text with single quotes between braces.
fn single_quoted(text: &str) -> String {
    let mut parts = text.split("{{");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| {
        let (word, rest) = part.split_once("}}").map_or((part, None), |(word, rest)| (word, Some(rest)));
        let rest = rest.map(|rest| format!("}}}}{rest}")).unwrap_or_default();
        format!("{all}{{{{{}{rest}", word.replace('"', "'"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_lines_are_told_from_tags() {
        for text in [
            "type=sha",
            " Type = sha",
            "\"type=match\",x",
            "\"type=match,\"\"pattern=\\d{1,3}\"\"\"",
            "foo,enable={{is_default_branch}}",
            "typ=semver,pattern={{version}}",
            "suffix=-alpine,onlatest=true",
        ] {
            assert!(is_rule(text), "{text}");
        }
        for text in
            ["latest", "{{ version }}", "{{ date(\"%Y\", tz=\"UTC\") }}", "{{ 1 if type == 2 }}", "a,b", ""]
        {
            assert!(!is_rule(text), "{text}");
        }
    }

    #[test]
    fn values_may_have_commas_and_equal_signs() {
        for (text, expected) in [
            (r#"type=match,"pattern=\d{1,3}=x",group=0"#, r"\d{1,3}=x"),
            (r#""type=match,""pattern=\d{1,3}.\d""""#, r"\d{1,3}.\d"),
            (r"TYPE = match , Pattern = a\b ", r"a\b"),
        ] {
            let mut line = Line::parse(text).unwrap();
            assert_eq!(line.take("type").as_deref(), Some("match"));
            assert_eq!(line.take("pattern").as_deref(), Some(expected), "{text}");
        }
    }
}
