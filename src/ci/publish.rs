//! Which runs publish, and when runs start by themselves.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::suggest;

/// What may publish. Everything else, such as a pull request or a merge queue, only builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PublishEvent {
    /// A push to a branch.
    Push,
    /// A push of a tag.
    Tag,
    /// The clock.
    Schedule,
    /// Somebody who starts it by hand.
    Dispatch,
}

impl PublishEvent {
    /// All of them, with how they are written.
    const ALL: [(&str, Self); 4] = [
        ("push", Self::Push),
        ("tag", Self::Tag),
        ("schedule", Self::Schedule),
        ("workflow_dispatch", Self::Dispatch),
    ];

    /// All of them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Self::ALL.map(|(_, event)| event).to_vec()
    }

    /// All names, for the schema.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        Self::ALL.map(|(name, _)| name).to_vec()
    }
}

impl FromStr for PublishEvent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, event)) = Self::ALL.iter().find(|(name, _)| *name == text) {
            return Ok(*event);
        }
        let unsafe_ones = ["pull_request", "pull_request_target", "merge_group", "workflow_run"];
        if unsafe_ones.contains(&text) {
            return Err(format!("`{text}` never publishes: such a run builds what nobody has accepted yet"));
        }
        let names: Vec<String> = Self::ALL.iter().map(|(name, _)| format!("`{name}`")).collect();
        let near = suggest(text, Self::ALL.map(|(name, _)| name));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Err(format!("`{text}` is not an event that publishes; expected one of {}{hint}", names.join(", ")))
    }
}

impl fmt::Display for PublishEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, _) = Self::ALL.iter().find(|(_, event)| event == self).expect("each has a name");
        f.write_str(name)
    }
}

/// A branch, or all that begin with something: `main`, `release/**`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch(String);

impl Branch {
    /// What the names of all these branches begin with, if it is more than one.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        self.0.strip_suffix("**")
    }
}

impl FromStr for Branch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let start = text.strip_suffix("**").unwrap_or(text);
        let is_of = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if start.starts_with(|c: char| c.is_ascii_alphanumeric()) && start.chars().all(is_of) {
            Ok(Self(text.to_owned()))
        } else {
            // A condition of GitHub compares whole names and beginnings only.
            Err(format!("`{text}` is neither a branch nor the beginning of branches, such as `release/**`"))
        }
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// When runs start by themselves: five fields, as `cron` has them, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron(String);

impl FromStr for Cron {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let is_of = |c: char| c.is_ascii_alphanumeric() || "*,-/".contains(c);
        if fields.len() == 5 && fields.iter().all(|field| field.chars().all(is_of)) {
            Ok(Self(fields.join(" ")))
        } else {
            Err(format!("`{text}` is not a `cron` schedule, such as `17 3 * * 1`"))
        }
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_an_allow_list() {
        for (name, event) in PublishEvent::ALL {
            assert_eq!((name.parse(), event.to_string().as_str()), (Ok(event), name));
        }
        for (text, told) in [
            ("pull_request", "never publishes"),
            ("pull_request_target", "never publishes"),
            ("merge_group", "never publishes"),
            ("workflow_run", "never publishes"),
            ("tags", "did you mean `tag`?"),
            ("", "expected one of `push`, `tag`"),
        ] {
            let error = text.parse::<PublishEvent>().expect_err(text);
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn branches_are_names_and_beginnings() {
        for (text, prefix) in [("main", None), ("release/**", Some("release/")), ("v1.x", None)] {
            assert_eq!(text.parse::<Branch>().expect(text).prefix(), prefix);
        }
        for text in ["", "**", "release/*", "re**e", "a?", "[ab]", "!main", "a'b", "${{ x }}", "a b"] {
            assert!(text.parse::<Branch>().is_err(), "{text}");
        }
    }

    #[test]
    fn times_have_five_fields() {
        assert_eq!("17  3 * * MON-FRI".parse::<Cron>().expect("it is one").to_string(), "17 3 * * MON-FRI");
        for text in ["", "@daily", "1 2 3 4", "1 2 3 4 5 6", "1 2 3 4 \"", "a\nb c d e\""] {
            assert!(text.parse::<Cron>().is_err(), "{text}");
        }
    }
}
