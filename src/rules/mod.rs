//! The rule lines of docker/metadata-action (`type=semver,pattern={{version}}`), as entries of `tags`.
//!
//! They are those of version 6 (<https://github.com/docker/metadata-action#tags-input>), and give the same tags but
//! for what is an error or a note here.

mod action;
mod apply;
mod error;
mod form;
mod javascript;
mod line;
mod moment;
mod parts;
mod pep440;
mod render;
mod run;
mod scope;
mod tag;
mod template;

pub(crate) use action::apply_as_action;
pub use apply::apply;
pub(crate) use apply::{Outcome, RuleTag};
pub(crate) use error::{RuleError, RuleNote};
pub(crate) use line::is_rule;
pub(crate) use scope::Scope;

use error::TYPES;
use javascript::Expression;
use line::Line;
use template::Template;

use crate::pattern::ImageNames;

/// A rule line that has been read.
#[derive(Clone, Debug)]
pub struct Rule {
    kind: RuleKind,
    enable: Template,
    priority: i64,
    prefix: Option<Template>,
    suffix: Option<Template>,
}

#[derive(Clone, Debug)]
enum RuleKind {
    Schedule { pattern: Template },
    Version { scheme: RuleScheme, pattern: Template, value: Option<Template>, part: Option<Expression> },
    Match { pattern: Expression, group: usize, value: Option<Template> },
    Edge { branch: Option<String> },
    Ref(RunSubjectKind),
    Raw { value: Template },
    Sha { is_long: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RuleScheme {
    SemVer,
    Pep440,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RunSubjectKind {
    Branch,
    Tag,
    PullRequest,
}

impl Rule {
    /// Whether only runs of git tags have its tags.
    pub(crate) fn is_of_git_tags(&self) -> bool {
        match &self.kind {
            RuleKind::Version { value, .. } | RuleKind::Match { value, .. } => value.is_none(),
            RuleKind::Ref(subject) => *subject == RunSubjectKind::Tag,
            RuleKind::Schedule { .. }
            | RuleKind::Edge { .. }
            | RuleKind::Raw { .. }
            | RuleKind::Sha { .. } => false,
        }
    }

    /// Reads a rule line of an image, in which `{{image}}` and `{{key}}` are its names.
    ///
    /// # Errors
    /// As [`Rule::parse`].
    pub(crate) fn of_image(text: &str, image: ImageNames<'_>) -> Result<Self, RuleError> {
        Self::parse(&named(text, image))
    }

    /// The text of a git tag that the rule reads a version in, when it cuts that out with an expression, best of what follows
    /// the prefix of the image.
    pub(crate) fn version_in<'t>(&self, git_tag: &'t str, flavor: &Flavor) -> Option<&'t str> {
        let (expression, group) = match &self.kind {
            RuleKind::Version { scheme: _, pattern: _, value: None, part: Some(part) } => (part, 1),
            RuleKind::Match { pattern, group, value: None } => (pattern, *group),
            _ => return None,
        };
        let values = [git_tag.strip_prefix(flavor.tag_prefix.as_str()), Some(git_tag)];
        let cut = |value| expression.captures(value)?.get(group).map(|found| found.as_str());
        values.into_iter().flatten().find_map(cut)
    }

    /// What a git tag begins with whose version the rule cuts out with an expression, as far as that is plain text.
    pub(crate) fn head(&self) -> Option<String> {
        match &self.kind {
            RuleKind::Version { scheme: _, pattern: _, value: None, part: Some(part) } => Some(part.head()),
            RuleKind::Match { pattern, group: _, value: None } => Some(pattern.head()),
            _ => None,
        }
    }

    /// Whether the version that it is about is a part of the git tag that it cuts out; `None` when it is about none, or one
    /// that is given.
    pub(crate) fn cuts_version_out(&self) -> Option<bool> {
        match &self.kind {
            RuleKind::Version { scheme: _, pattern: _, value: None, part } => Some(part.is_some()),
            RuleKind::Match { pattern: _, group: _, value: None } => Some(true),
            RuleKind::Ref(RunSubjectKind::Tag) => Some(false),
            RuleKind::Version { .. }
            | RuleKind::Match { .. }
            | RuleKind::Ref(RunSubjectKind::Branch | RunSubjectKind::PullRequest)
            | RuleKind::Schedule { .. }
            | RuleKind::Edge { .. }
            | RuleKind::Raw { .. }
            | RuleKind::Sha { .. } => None,
        }
    }

    /// Whether it may give something else in another run.
    pub(crate) fn depends_on_run(&self) -> bool {
        match (self.enable.literal(), &self.kind) {
            (Some("false"), _) => false,
            (None, _) => true,
            (
                Some(_),
                RuleKind::Version { value: Some(value), .. } | RuleKind::Match { value: Some(value), .. },
            ) => value.literal().is_none(),
            (Some(_), _) => true,
        }
    }

    /// Reads a rule line.
    ///
    /// # Errors
    /// When it is none, or one that would do something else than it says.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let mut line = Line::parse(text)?;
        let given = match line.take("type") {
            Some(given) => given,
            None if line.is_flavor() => return Err(RuleError::FlavorLine(text.trim().to_owned())),
            None => "raw".to_owned(),
        };
        let untyped = line.loose_type();
        let kind = TYPES.into_iter().find(|kind| *kind == given).ok_or(RuleError::UnknownType(given))?;
        let (priority, own): (i64, &[&'static str]) = match kind {
            "schedule" => (1000, &["pattern"]),
            "semver" | "pep440" => (900, &["pattern", "value", "match"]),
            "match" => (800, &["pattern", "group", "value"]),
            "edge" => (700, &["branch"]),
            "ref" => (600, &["event"]),
            "raw" => (200, &["value"]),
            _ => (100, &["format"]),
        };
        line.check(kind, own).map_err(|error| match (&error, untyped) {
            (RuleError::UnknownAttribute { .. }, Some(kind)) => RuleError::NoType(kind),
            _ => error,
        })?;
        let affix = |text: Option<String>, name: &'static str| {
            text.map(|text| Template::parse_tag(&text, name, Scope::Run)).transpose()
        };
        let default_prefix = match (kind, line.get("event")) {
            ("sha", _) => Some("sha-".to_owned()),
            ("ref", Some("pr")) => Some("pr-".to_owned()),
            _ => None,
        };
        Ok(Self {
            enable: enable(line.take("enable"))?,
            priority: line.take("priority").map_or(Ok(priority), |text| whole_number(&text))?,
            prefix: affix(line.take("prefix").or(default_prefix), "prefix")?,
            suffix: affix(line.take("suffix"), "suffix")?,
            kind: read_kind(kind, &mut line)?,
        })
    }
}

/// A line with the names of an image in the place of the words for them.
pub(crate) fn named(text: &str, image: ImageNames<'_>) -> String {
    let ImageNames { name, key } = image;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let inner = after.split_once("}}").map(|(word, behind)| (word.trim(), behind));
        rest = match inner {
            Some(("image", behind)) => {
                out.push_str(name);
                behind
            }
            Some(("key", behind)) => {
                out.push_str(key);
                behind
            }
            _ => {
                out.push_str("{{");
                after
            }
        };
    }
    out.push_str(rest);
    out
}

fn read_kind(kind: &'static str, line: &mut Line) -> Result<RuleKind, RuleError> {
    let needed = |attribute, value: Option<String>| {
        value.filter(|value| !value.is_empty()).ok_or(RuleError::Missing { kind, attribute })
    };
    let value = |line: &mut Line| {
        let text = line.take("value").filter(|text| !text.is_empty());
        text.map(|text| Template::parse(&text, Scope::Run)).transpose()
    };
    Ok(match kind {
        "schedule" => {
            let pattern = line.take("pattern").unwrap_or_else(|| "nightly".to_owned());
            let pattern = needed("pattern", Some(pattern))?;
            RuleKind::Schedule { pattern: Template::parse_tag(&pattern, "pattern", Scope::Schedule)? }
        }
        "semver" | "pep440" => {
            let pattern = needed("pattern", line.take("pattern"))?;
            let part = line.take("match").filter(|text| !text.is_empty());
            let part = part.map(|text| Expression::parse(&text)).transpose()?;
            if let Some(part) = part.as_ref().filter(|part| part.groups() == 0) {
                return Err(RuleError::NoGroup(part.text().to_owned()));
            }
            let scheme = if kind == "semver" { RuleScheme::SemVer } else { RuleScheme::Pep440 };
            let pattern = Template::parse_tag(&pattern, "pattern", Scope::Version)?;
            RuleKind::Version { scheme, pattern, value: value(line)?, part }
        }
        "match" => {
            let pattern = needed("pattern", line.take("pattern"))?;
            let group = line.take("group").unwrap_or_else(|| "0".to_owned());
            let expected = "the number of a group; 0 is the whole match";
            let group: usize = group.parse().map_err(|_| RuleError::Value {
                attribute: "group",
                found: group.clone(),
                expected,
            })?;
            let pattern = Expression::parse_delimited(&pattern, group == 0)?;
            if group > pattern.groups() {
                let (count, pattern) = (pattern.groups(), pattern.text().to_owned());
                return Err(RuleError::GroupRange { pattern, count, group });
            }
            RuleKind::Match { pattern, group, value: value(line)? }
        }
        "edge" => RuleKind::Edge { branch: line.take("branch").filter(|branch| !branch.is_empty()) },
        "ref" => RuleKind::Ref(match needed("event", line.take("event"))?.as_str() {
            "branch" => RunSubjectKind::Branch,
            "tag" => RunSubjectKind::Tag,
            "pr" => RunSubjectKind::PullRequest,
            found => {
                let expected = "`branch`, `tag` or `pr`";
                return Err(RuleError::Value { attribute: "event", found: found.to_owned(), expected });
            }
        }),
        "raw" => {
            let value = needed("value", line.take("value"))?;
            RuleKind::Raw { value: Template::parse_tag(&value, "value", Scope::Run)? }
        }
        _ => match line.take("format").as_deref() {
            None | Some("short") => RuleKind::Sha { is_long: false },
            Some("long") => RuleKind::Sha { is_long: true },
            Some(found) => {
                let expected = "`short` or `long`; a pattern takes any length: `{{ commit[:12] }}`";
                return Err(RuleError::Value { attribute: "format", found: found.to_owned(), expected });
            }
        },
    })
}

fn enable(text: Option<String>) -> Result<Template, RuleError> {
    let template = Template::parse(&text.unwrap_or_else(|| "true".to_owned()), Scope::Run)?;
    match template.literal() {
        None | Some("true" | "false") => Ok(template),
        Some(found) => Err(RuleError::Value {
            attribute: "enable",
            found: found.to_owned(),
            expected: "`true`, `false` or a word such as `{{is_default_branch}}`; for more, write a pattern with a condition: `{ pattern = \"…\", when = \"event == \\\"push\\\"\" }`",
        }),
    }
}

fn whole_number(text: &str) -> Result<i64, RuleError> {
    let expected = "a whole number";
    text.parse().map_err(|_| RuleError::Value { attribute: "priority", found: text.to_owned(), expected })
}

/// What holds for all rules of an image: the lines of metadata-action's `flavor`.
#[derive(Clone, Debug, Default)]
pub struct Flavor {
    latest: Latest,
    prefix: Option<Affix>,
    suffix: Option<Affix>,
    /// What stands before the version in git tags.
    tag_prefix: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Latest {
    /// The first rule that gives a tag decides.
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Debug)]
struct Affix {
    template: Template,
    on_latest: bool,
}

impl Flavor {
    /// Whether its prefix or its suffix is missing in a tag that no rule gives.
    pub(crate) fn is_missing_in(&self, tag: &str) -> bool {
        let lacks = |affix: &Option<Affix>, has: fn(&str, &str) -> bool| {
            affix.as_ref().is_some_and(|affix| affix.template.literal().is_none_or(|text| !has(tag, text)))
        };
        lacks(&self.prefix, |tag, text| tag.starts_with(text))
            || lacks(&self.suffix, |tag, text| tag.ends_with(text))
    }

    /// Reads the lines; of a thing that is said by two lines, the last counts.
    ///
    /// # Errors
    /// Gives the first mistake, with its line.
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Self, (usize, RuleError)> {
        let mut flavor = Self::default();
        for (at, line) in lines.into_iter().enumerate() {
            flavor.read(line).map_err(|error| (at, error))?;
        }
        Ok(flavor)
    }

    /// The same for an image whose git tags have this before the version, which rules of versions do not see.
    #[must_use]
    pub(crate) fn with_tag_prefix(self, tag_prefix: &str) -> Self {
        Self { tag_prefix: tag_prefix.to_owned(), ..self }
    }

    /// What stands before the version in git tags.
    pub(crate) fn tag_prefix(&self) -> &str {
        &self.tag_prefix
    }

    fn read(&mut self, text: &str) -> Result<(), RuleError> {
        let mut last = None;
        for (name, value) in Line::parse(text)?.into_pairs() {
            let affix = |name| {
                let template = Template::parse_tag(&value, name, Scope::Run)?;
                Ok(Some(Affix { template, on_latest: false }))
            };
            match name.as_str() {
                "latest" => {
                    self.latest = match value.as_str() {
                        "auto" => Latest::Auto,
                        "true" => Latest::Always,
                        "false" => Latest::Never,
                        _ => {
                            let expected = "`auto`, `true` or `false`";
                            return Err(RuleError::Value { attribute: "latest", found: value, expected });
                        }
                    }
                }
                "prefix" => {
                    self.prefix = affix("prefix")?;
                    last = Some(true);
                }
                "suffix" => {
                    self.suffix = affix("suffix")?;
                    last = Some(false);
                }
                "onlatest" => {
                    let on_latest = match value.as_str() {
                        "true" => true,
                        "false" => false,
                        _ => {
                            let expected = "`true` or `false`";
                            return Err(RuleError::Value { attribute: "onlatest", found: value, expected });
                        }
                    };
                    let affix = match last {
                        Some(true) => self.prefix.as_mut(),
                        Some(false) => self.suffix.as_mut(),
                        None => None,
                    };
                    affix.ok_or(RuleError::LoneOnlatest)?.on_latest = on_latest;
                }
                _ => return Err(RuleError::UnknownFlavor(name)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
