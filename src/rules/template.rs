//! The templates of rule lines: texts with `{{words}}` in them, in the small part of Handlebars that such lines use.

use jiff::tz::TimeZone;

use super::error::{RuleError, TemplateProblem};
use super::moment::{Format, of_strftime};
use super::scope::Scope;
use crate::reference::is_of_tag;

/// What a word stands for.
#[derive(Clone, Debug)]
pub(super) enum Word {
    Raw,
    Version,
    Major,
    Minor,
    Patch,
    Branch,
    Tag,
    Sha,
    BaseRef,
    IsDefaultBranch,
    IsNotDefaultBranch,
    Date { of_commit: bool, format: Format, zone: TimeZone },
}

const DATES: [&str; 2] = ["date", "commit_date"];

impl Scope {
    /// The words of templates there.
    pub(super) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Version => &["raw", "version", "major", "minor", "patch"],
            Self::Schedule => &DATES,
            Self::Run => &[
                "branch",
                "tag",
                "sha",
                "base_ref",
                "is_default_branch",
                "is_not_default_branch",
                "date",
                "commit_date",
            ],
        }
    }
}

/// A template that has been read.
#[derive(Clone, Debug)]
pub(super) struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Word(Word),
}

/// A rendered template: as it is, and as a part of a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rendered {
    pub(super) plain: String,
    pub(super) tag: String,
}

impl Rendered {
    /// A text that comes from outside, such as the name of a branch.
    pub(super) fn of_fact(plain: &str) -> Self {
        Self { tag: slug(plain), plain: plain.to_owned() }
    }

    pub(super) fn push(&mut self, other: &Self) {
        self.plain.push_str(&other.plain);
        self.tag.push_str(&other.tag);
    }
}

/// What becomes of a text from outside in a tag: each run of characters that tags cannot hold is `-`, but not in front.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    let mut gap = false;
    for character in text.chars() {
        if is_of_tag(character) {
            if gap && !slug.is_empty() {
                slug.push('-');
            }
            slug.push(character);
            gap = false;
        } else {
            gap = true;
        }
    }
    if gap && !slug.is_empty() {
        slug.push('-');
    }
    slug
}

impl Template {
    /// Reads a template.
    pub(super) fn parse(text: &str, scope: Scope) -> Result<Self, RuleError> {
        let wrong = |problem| RuleError::Template { template: text.to_owned(), problem };
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            // Three braces ask Handlebars not to escape, and nothing is escaped here.
            let (inner, close) = match after.strip_prefix('{') {
                Some(inner) => (inner, "}}}"),
                None => (after, "}}"),
            };
            let (expression, after) =
                inner.split_once(close).ok_or_else(|| wrong(TemplateProblem::Unclosed))?;
            parts.push(Part::Word(word(expression.trim(), scope).map_err(wrong)?));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Reads a template of a tag, whose own characters must be those of tags.
    pub(super) fn parse_tag(text: &str, attribute: &'static str, scope: Scope) -> Result<Self, RuleError> {
        let template = Self::parse(text, scope)?;
        for part in &template.parts {
            let Part::Text(own) = part else { continue };
            if let Some(character) = own.chars().find(|c| !is_of_tag(*c)) {
                return Err(RuleError::Character { attribute, text: text.to_owned(), character });
            }
        }
        Ok(template)
    }

    /// The template as written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The text, when there is no word in it.
    pub(super) fn literal(&self) -> Option<&str> {
        self.words().next().is_none().then_some(&self.text)
    }

    pub(super) fn words(&self) -> impl Iterator<Item = &Word> {
        self.parts.iter().filter_map(|part| match part {
            Part::Word(word) => Some(word),
            Part::Text(_) => None,
        })
    }

    /// The texts and the words, in their order.
    pub(super) fn map<T>(&self, text: impl Fn(&str) -> T, word: impl Fn(&Word) -> T) -> Vec<T> {
        let part = |part: &Part| match part {
            Part::Text(own) => text(own),
            Part::Word(one) => word(one),
        };
        self.parts.iter().map(part).collect()
    }

    /// Whether it is one word and nothing else.
    pub(super) fn is_word(&self) -> bool {
        matches!(self.parts.as_slice(), [Part::Word(_)])
    }

    /// Whether there are only words and dots.
    pub(super) fn is_dotted(&self) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Word(_) => true,
            Part::Text(text) => text == ".",
        })
    }

    /// Puts values in place of the words.
    pub(super) fn render(
        &self,
        mut value: impl FnMut(&Word) -> Result<String, RuleError>,
    ) -> Result<Rendered, RuleError> {
        let mut text = Rendered::default();
        for part in &self.parts {
            text.push(&match part {
                Part::Text(own) => Rendered { plain: own.clone(), tag: own.clone() },
                Part::Word(word) => Rendered::of_fact(&value(word)?),
            });
        }
        Ok(text)
    }
}

/// Reads what is between the braces.
fn word(expression: &str, scope: Scope) -> Result<Word, TemplateProblem> {
    let end = expression.find(|c: char| c.is_whitespace() || c == '|').unwrap_or(expression.len());
    let (name, arguments) = (&expression[..end], expression[end..].trim());
    if name.is_empty() {
        return Err(TemplateProblem::NoWord);
    }
    if name.starts_with(|c: char| "#/^>!&*~".contains(c)) || name == "else" {
        return Err(TemplateProblem::Block(name.to_owned()));
    }
    if !scope.words().contains(&name) {
        return Err(TemplateProblem::UnknownWord { word: name.to_owned(), scope });
    }
    if DATES.contains(&name) {
        return date(name, arguments);
    }
    if !arguments.is_empty() {
        return Err(TemplateProblem::Arguments { word: name.to_owned(), arguments: arguments.to_owned() });
    }
    Ok(match name {
        "raw" => Word::Raw,
        "version" => Word::Version,
        "major" => Word::Major,
        "minor" => Word::Minor,
        "patch" => Word::Patch,
        "branch" => Word::Branch,
        "tag" => Word::Tag,
        "sha" => Word::Sha,
        "base_ref" => Word::BaseRef,
        "is_default_branch" => Word::IsDefaultBranch,
        _ => Word::IsNotDefaultBranch,
    })
}

/// Reads `'YYYYMMDD' tz='Asia/Tokyo'`.
fn date(name: &str, arguments: &str) -> Result<Word, TemplateProblem> {
    let no_format = || TemplateProblem::NoFormat(name.to_owned());
    let (format, rest) = quoted(arguments).ok_or_else(no_format)?;
    if let Some(meant) = of_strftime(format) {
        return Err(TemplateProblem::Directives { format: format.to_owned(), meant });
    }
    let format = Format::parse(format).map_err(TemplateProblem::Letters)?;
    let zone = match rest.trim() {
        "" => TimeZone::UTC,
        rest => {
            let zone = rest.strip_prefix("tz=").and_then(quoted).filter(|(_, rest)| rest.trim().is_empty());
            let (zone, _) = zone.ok_or_else(|| TemplateProblem::Arguments {
                word: name.to_owned(),
                arguments: rest.to_owned(),
            })?;
            TimeZone::get(zone).map_err(|_| TemplateProblem::Zone(zone.to_owned()))?
        }
    };
    Ok(Word::Date { of_commit: name == "commit_date", format, zone })
}

/// The text in quotes that this begins with, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn problem(text: &str, scope: Scope) -> TemplateProblem {
        match Template::parse(text, scope) {
            Err(RuleError::Template { problem, .. }) => problem,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn words_are_found_in_texts() {
        let template = Template::parse("v{{major}}.{{ minor }}-{{{patch}}}x", Scope::Version).unwrap();
        let text = template.render(|word| Ok(format!("{word:?}").to_lowercase())).unwrap();
        assert_eq!(text.plain, "vmajor.minor-patchx");
        assert!(!template.is_word() && !template.is_dotted() && template.literal().is_none());
        let template = Template::parse("{{major}}.{{minor}}", Scope::Version).unwrap();
        assert!(template.is_dotted());
        assert_eq!(Template::parse("a b", Scope::Run).unwrap().literal(), Some("a b"));
        assert!(Template::parse("{{date 'D' tz=\"Asia/Tokyo\"}}", Scope::Schedule).unwrap().is_word());
    }

    #[test]
    fn invalid_templates_are_explained() {
        let unknown = |word: &str, scope| TemplateProblem::UnknownWord { word: word.into(), scope };
        let arguments = |word: &str, arguments: &str| TemplateProblem::Arguments {
            word: word.into(),
            arguments: arguments.into(),
        };
        let directives = |format: &str, meant: &str| TemplateProblem::Directives {
            format: format.to_owned(),
            meant: meant.to_owned(),
        };
        for (text, scope, expected) in [
            ("{{version", Scope::Version, TemplateProblem::Unclosed),
            ("{{{version}}", Scope::Version, TemplateProblem::Unclosed),
            ("{{}}", Scope::Version, TemplateProblem::NoWord),
            ("{{#if branch}}x{{/if}}", Scope::Run, TemplateProblem::Block("#if".into())),
            ("{{sha}}", Scope::Version, unknown("sha", Scope::Version)),
            ("{{version}}", Scope::Run, unknown("version", Scope::Run)),
            ("{{branch}}", Scope::Schedule, unknown("branch", Scope::Schedule)),
            ("{{ branch | slug }}", Scope::Run, arguments("branch", "| slug")),
            ("{{date}}", Scope::Run, TemplateProblem::NoFormat("date".into())),
            ("{{date YYYY}}", Scope::Run, TemplateProblem::NoFormat("date".into())),
            ("{{date 'YYYY' zone='UTC'}}", Scope::Run, arguments("date", "zone='UTC'")),
            ("{{date 'YYYY' tz='Mars/X'}}", Scope::Run, TemplateProblem::Zone("Mars/X".into())),
            ("{{date 'LL'}}", Scope::Run, TemplateProblem::Letters("LL".into())),
            ("{{date '%Y%m%d'}}", Scope::Run, directives("%Y%m%d", "YYYYMMDD")),
            ("{{commit_date '%Y.%-m-%H'}}", Scope::Schedule, directives("%Y.%-m-%H", "YYYY.M-HH")),
            ("{{date 'YYYY-%m'}}", Scope::Run, directives("YYYY-%m", "YYYY-MM")),
        ] {
            assert_eq!(problem(text, scope), expected, "{text}");
        }
    }

    #[test]
    fn texts_from_outside_fit_into_tags() {
        for (text, expected) in [
            ("my/branch", "my-branch"),
            ("a&b'c", "a-b-c"),
            ("a--b", "a--b"),
            ("#1//x", "1-x"),
            ("x#", "x-"),
            ("@scope/x", "scope-x"),
            ("日本", ""),
            ("Friday, January 10th 2020, 3:25:50 pm", "Friday-January-10th-2020-3-25-50-pm"),
        ] {
            assert_eq!(slug(text), expected, "{text}");
        }
    }
}
