//! Says which runs publish, and when runs start by themselves.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::{all_listed, suggest};

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

    /// Whether its runs are of branches, and not of tags.
    #[must_use]
    pub fn is_of_branches(&self) -> bool {
        match self {
            Self::Push | Self::Schedule | Self::Dispatch => true,
            Self::Tag => false,
        }
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
        let names = all_listed(Self::ALL.map(|(name, _)| name));
        let near = suggest(text, Self::ALL.map(|(name, _)| name));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Err(format!("`{text}` is not an event that publishes; expected one of {names}{hint}"))
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
        let is_of = |c: char| c.is_alphanumeric() || "-_./+#@=,%".contains(c);
        if let Some(name) = text.strip_prefix("refs/heads/") {
            Err(format!("`{text}` is a ref, and a branch is named without `refs/heads/`: `{name}`"))
        } else if text.starts_with("refs/") {
            Err(format!("`{text}` is not a branch"))
        } else if start.starts_with(char::is_alphanumeric) && start.chars().all(is_of) {
            Ok(Self(text.to_owned()))
        } else if start.contains(['*', '?', '[', ']', '!']) || start.is_empty() {
            // A condition of GitHub compares whole names and beginnings only.
            Err(format!("`{text}` is neither a branch nor the beginning of branches, such as `release/**`"))
        } else {
            // Filters and conditions read other characters in ways of their own.
            Err(format!("`{text}` cannot be written here: a branch has letters, digits and `-_./+#@=,%`"))
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
        let given: Vec<&str> = text.split_whitespace().collect();
        if given.len() != FIELDS.len() {
            return Err(format!("`{text}` is not a `cron` schedule, such as `17 3 * * 1`"));
        }
        match given.iter().zip(&FIELDS).find(|(part, field)| !field.takes(part)) {
            None => Ok(Self(given.join(" "))),
            Some((part, Field { name, min, max, .. })) => {
                Err(format!("`{text}` is not a `cron` schedule: `{part}` is not {name}, from {min} to {max}"))
            }
        }
    }
}

/// A field of a time. Whatever GitHub does not read makes the whole workflow invalid
/// (<https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule>).
struct Field {
    name: &'static str,
    min: u32,
    max: u32,
    /// What may be written for the numbers from `min`.
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Field; 5] = [
    Field { name: "a minute", min: 0, max: 59, names: &[] },
    Field { name: "an hour", min: 0, max: 23, names: &[] },
    Field { name: "a day of the month", min: 1, max: 31, names: &[] },
    Field { name: "a month", min: 1, max: 12, names: MONTHS },
    Field { name: "a day of the week", min: 0, max: 6, names: DAYS },
];

impl Field {
    /// Whether it is a list of numbers, ranges and steps in them: `1,5-10,*/15`.
    fn takes(&self, text: &str) -> bool {
        text.split(',').all(|item| match item.split_once('/') {
            None => self.is_range(item),
            Some((range, step)) => {
                let step = step.bytes().all(|byte| byte.is_ascii_digit()).then(|| step.parse::<u32>());
                self.is_range(range)
                    && step.and_then(Result::ok).is_some_and(|step| step > 0 && step <= self.max)
            }
        })
    }

    fn is_range(&self, text: &str) -> bool {
        let range = text.split_once('-').map(|(first, last)| (self.number(first), self.number(last)));
        match range {
            Some((Some(first), Some(last))) => first <= last,
            Some(_) => false,
            None => text == "*" || self.number(text).is_some(),
        }
    }

    fn number(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        if let Some(at) = named {
            return u32::try_from(at).ok().map(|at| self.min + at);
        }
        let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
        (self.min..=self.max).contains(&number).then_some(number)
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
        for (text, prefix) in [
            ("main", None),
            ("release/**", Some("release/")),
            ("v1.x", None),
            ("rel+1", None),
            ("feat#1", None),
            ("ünï/**", Some("ünï/")),
        ] {
            assert_eq!(text.parse::<Branch>().expect(text).prefix(), prefix);
        }
        for text in ["", "**", "release/*", "re**e", "a?", "[ab]", "!main", "a'b", "${{ x }}", "a b"] {
            assert!(text.parse::<Branch>().is_err(), "{text}");
        }
        for (text, told) in [
            ("refs/heads/main", "without `refs/heads/`: `main`"),
            ("refs/tags/v1", "is not a branch"),
            ("rel$1", "cannot be written here"),
            ("a&b", "cannot be written here"),
            ("a;b", "cannot be written here"),
            ("re*", "neither a branch"),
        ] {
            let error = text.parse::<Branch>().expect_err(text);
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn times_have_five_fields() {
        assert_eq!("17  3 * * MON-FRI".parse::<Cron>().expect("it is one").to_string(), "17 3 * * MON-FRI");
        for text in
            ["*/15 0-6,8 1,15 JAN-mar/2 sun", "59 23 31 12 6", "0 0 1 1 0", "5-10/5 * * * MON,WED,FRI"]
        {
            assert!(text.parse::<Cron>().is_ok(), "{text}");
        }
        for text in [
            "",
            "@daily",
            "1 2 3 4",
            "1 2 3 4 5 6",
            "1 2 3 4 \"",
            "a\nb c d e\"",
            "61 * * * *",
            "0 24 * * *",
            "0 0 0 * *",
            "0 0 * 13 *",
            "0 0 * * 8",
            "0 0 * * 7",
            "0 0 * * 1-",
            "0 0 * * 5-1",
            "*/0 0 * * 1",
            "*/ 0 * * 1",
            "0 0 L * *",
            "0 0 * mon *",
            "0 0 * * 1,",
            "0 +1 * * *",
            "0 0 * * 1/2/3",
            "0 0 * * 1-2-3",
        ] {
            assert!(text.parse::<Cron>().is_err(), "{text}");
        }
    }
}
