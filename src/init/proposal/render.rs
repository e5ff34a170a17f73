//! Blocks as text: values are rendered by hcl-rs, and each comes with a comment on where it is from.

use hcl::Expression;
use hcl::expr::{ObjectKey, TemplateExpr, Variable as Name};
use hcl::format::{Format, Formatter};
use indexmap::IndexMap;

use crate::bake::values::SecretNames;
use crate::init::repository::world::World;
use crate::init::values::mask::quotable;
use crate::init::values::moment::{Fact, RUN_NUMBER};
use crate::init::values::text::{Piece, Place, Template, is_name};
use crate::readable;

/// What a line indents.
const INDENT: &str = "  ";

/// Variables that blocks need, with their defaults and why they are there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    /// By name.
    pub(crate) list: IndexMap<String, Variable>,
    /// Arguments of the last target whose values only a run knows.
    pub(crate) open: Vec<String>,
}

/// A variable.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    /// Its default.
    pub default: String,
    /// What the default is.
    pub comment: String,
    /// Where CI has its value: `vars.NAME`, `secrets.NAME`; none where the environment has it.
    pub setting: Option<String>,
    /// Whether the default is a guess that may well be wrong.
    pub is_guess: bool,
}

/// What stands for a setting whose value is not known.
const NOT_KNOWN: &str = "not-known";

/// What a text is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// A repository.
    Name,
    /// What a build gets, which may differ from run to run.
    Build,
    /// Anything else.
    Other,
}

impl Variables {
    /// The reference to what a piece stands for, such as `GITHUB_REPOSITORY`.
    fn reference(&mut self, piece: &Piece, world: &World, purpose: Purpose) -> Option<String> {
        let is_known = world.repository.is_some();
        let comment = |what: &str| {
            if is_known {
                format!("{what}: GitHub sets this in each run, and the default comes from the git remote")
            } else {
                format!(
                    "{what}: GitHub sets this in each run, and the default is a placeholder, since git has no remote"
                )
            }
        };
        let lower = |name: &str| if world.has_capitals { format!("lower({name})") } else { name.to_owned() };
        let mut add = |name: &str, default: &str, comment: String, setting| {
            self.list.entry(name.to_owned()).or_insert_with(|| Variable {
                default: default.to_owned(),
                comment,
                setting,
                is_guess: !is_known,
            });
        };
        Some(match piece {
            Piece::Repository => {
                add("GITHUB_REPOSITORY", world.repository(), comment("the repository"), None);
                lower("GITHUB_REPOSITORY")
            }
            Piece::Owner => {
                add("GITHUB_REPOSITORY_OWNER", world.owner(), comment("the repository's owner"), None);
                lower("GITHUB_REPOSITORY_OWNER")
            }
            Piece::Name => {
                add("GITHUB_REPOSITORY", world.repository(), comment("the repository"), None);
                let inner = lower("GITHUB_REPOSITORY");
                format!("basename({inner})")
            }
            Piece::Setting(name, is_secret) => {
                let name = name.to_ascii_uppercase();
                if SecretNames::default().has(&name) || !is_name(&name) {
                    return None;
                }
                let from = if *is_secret { format!("secrets.{name}") } else { format!("vars.{name}") };
                let guess = Variable {
                    default: world.owner().to_owned(),
                    comment: format!(
                        "a guess: the workflow has it in {from}, and this comes from the git remote"
                    ),
                    setting: Some(from.clone()),
                    is_guess: true,
                };
                let unknown = Variable {
                    default: if purpose == Purpose::Build { String::new() } else { NOT_KNOWN.to_owned() },
                    comment: format!(
                        "the workflow has it in {from}, whose value is not known here; the default is for plans elsewhere"
                    ),
                    setting: Some(from),
                    is_guess: false,
                };
                let is_of_name = purpose == Purpose::Name;
                let variable = if is_of_name { guess } else { unknown };
                // A repository without a name would be worse than one with a wrong name.
                if is_of_name && self.list.get(&name).is_some_and(|known| !known.is_guess) {
                    self.list.insert(name.clone(), variable);
                } else {
                    self.list.entry(name.clone()).or_insert(variable);
                }
                name
            }
            Piece::Fact(Fact::RunNumber) => self.of_run("GITHUB_RUN_NUMBER", RUN_NUMBER),
            Piece::Text(_)
            | Piece::Fact(_)
            | Piece::Meta(..)
            | Piece::Or(..)
            | Piece::Choice(_)
            | Piece::Unknown(_) => {
                return None;
            }
        })
    }

    /// The reference to what GitHub tells each run in its environment, such as `GITHUB_SHA`.
    fn reference_to_run(&mut self, piece: &Piece, world: &World) -> Option<String> {
        // What is published is of no pull request.
        if let Piece::Or(fact, other) = piece {
            return match other.0.as_slice() {
                [one] if fact.is_of_request() => self.reference_to_run(one, world),
                [Piece::Fact(Fact::RefName)] if *fact == Fact::Tag => {
                    self.reference_to_run(&Piece::Fact(Fact::RefName), world)
                }
                _ => None,
            };
        }
        if world.is_on_gitlab {
            return self.reference_to_pipeline(piece);
        }
        let (name, default) = match piece {
            Piece::Fact(Fact::Commit(None)) => ("GITHUB_SHA", "unknown"),
            Piece::Fact(Fact::RefName | Fact::Version | Fact::RefStart | Fact::RefEnd) => {
                ("GITHUB_REF_NAME", "dev")
            }
            Piece::Fact(Fact::Ref) => ("GITHUB_REF", "unknown"),
            Piece::Fact(Fact::Event) => ("GITHUB_EVENT_NAME", "unknown"),
            Piece::Meta(meta, output) if output == "version" && meta.has_version() => {
                ("GITHUB_REF_NAME", "dev")
            }
            _ => return None,
        };
        let name = self.of_run(name, default);
        Some(match piece {
            Piece::Meta(..) | Piece::Fact(Fact::Version) => format!("trimprefix({name}, \"v\")"),
            Piece::Fact(Fact::RefStart) => format!("split(\"/\", {name})[0]"),
            Piece::Fact(Fact::RefEnd) => format!("reverse(split(\"/\", {name}))[0]"),
            _ => name,
        })
    }

    /// The same of what GitLab tells the jobs of each pipeline.
    fn reference_to_pipeline(&mut self, piece: &Piece) -> Option<String> {
        let Piece::Fact(fact) = piece else { return None };
        let (name, default) = match fact {
            Fact::Commit(None) => ("CI_COMMIT_SHA", "unknown"),
            Fact::Commit(Some(8)) => ("CI_COMMIT_SHORT_SHA", "unknown"),
            Fact::RefName | Fact::Version => ("CI_COMMIT_REF_NAME", "dev"),
            Fact::Tag => ("CI_COMMIT_TAG", ""),
            Fact::RefSlug => ("CI_COMMIT_REF_SLUG", "dev"),
            Fact::Event => ("CI_PIPELINE_SOURCE", "unknown"),
            _ => return None,
        };
        let name = self.set_by("GitLab", name, default);
        Some(if *fact == Fact::Version { format!("trimprefix({name}, \"v\")") } else { name })
    }

    /// A variable that GitHub sets in each run.
    fn of_run(&mut self, name: &str, default: &str) -> String {
        self.set_by("GitHub", name, default)
    }

    fn set_by(&mut self, forge: &str, name: &str, default: &str) -> String {
        self.list.entry(name.to_owned()).or_insert_with(|| Variable {
            default: default.to_owned(),
            comment: format!("{forge} sets this in each run; the default is for plans elsewhere"),
            setting: None,
            is_guess: false,
        });
        name.to_owned()
    }

    /// A text with these variables in it; else what in it cannot be said.
    pub(crate) fn expression(&mut self, text: &Template, world: &World) -> Result<Expression, String> {
        self.rendered(text, world, Purpose::Other)
    }

    /// The same of a repository, of which a setting is most often an account at a registry.
    pub(crate) fn name_expression(&mut self, text: &Template, world: &World) -> Result<Expression, String> {
        self.rendered(text, world, Purpose::Name)
    }

    /// The same of what a build gets, which may differ from run to run.
    pub(crate) fn build_expression(&mut self, text: &Template, world: &World) -> Result<Expression, String> {
        self.rendered(text, world, Purpose::Build)
    }

    fn rendered(&mut self, text: &Template, world: &World, purpose: Purpose) -> Result<Expression, String> {
        let mut raw = String::new();
        let mut has_variables = false;
        let is_alone = matches!(text.0.as_slice(), [Piece::Setting(..)]);
        for (at, piece) in text.0.iter().enumerate() {
            match piece {
                Piece::Text(part) => raw.push_str(&literal(part, at + 1 < text.0.len())),
                other => {
                    let of_run = match purpose {
                        Purpose::Build => self.reference_to_run(other, world),
                        Purpose::Name | Purpose::Other => None,
                    };
                    let reference = of_run.or_else(|| self.reference(other, world, purpose));
                    let reference = reference.ok_or_else(|| Template(vec![other.clone()]).shown())?;
                    has_variables = true;
                    if is_alone
                        && purpose == Purpose::Name
                        && let Some(variable) = self.list.get_mut(&reference)
                    {
                        world.repository().clone_into(&mut variable.default);
                    }
                    raw.extend(["${", &reference, "}"]);
                }
            }
        }
        // A variable alone needs no quotes.
        if let [Piece::Repository | Piece::Owner | Piece::Setting(..) | Piece::Fact(_)] = text.0.as_slice()
            && let Some(name) = raw.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))
            && let Ok(name) = Name::new(name)
        {
            return Ok(Expression::from(name));
        }
        // Neither does a call alone.
        if let [_] = text.0.as_slice()
            && has_variables
            && let Some(call) = raw.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))
            && let Ok(call) = call.parse::<Expression>()
        {
            return Ok(call);
        }
        Ok(if has_variables {
            Expression::from(TemplateExpr::QuotedString(raw))
        } else {
            Expression::from(text.constant().unwrap_or_default())
        })
    }
}

/// How long a list on one line may be.
const MAX_LINE: usize = 96;

/// A text between quotes, where it means nothing but itself: all literal text of what is written passes through here.
fn literal(text: &str, is_before_reference: bool) -> String {
    let mut written = String::with_capacity(text.len());
    let mut previous = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('"' | '\\', _) => written.extend(['\\', c]),
            ('\n', _) => written.push_str("\\n"),
            ('\r', _) => written.push_str("\\r"),
            ('\t', _) => written.push_str("\\t"),
            ('$' | '%', Some('{')) if previous != c => written.extend([c, c]),
            // A third sign of these, or one before a reference, would be read with the others.
            ('$' | '%', Some('{')) => written.push_str(&code_point(c)),
            ('$', None) if is_before_reference => written.push_str(&code_point(c)),
            (c, _) if readable::is_hidden(c) => written.push_str(&code_point(c)),
            (c, _) => written.push(c),
        }
        previous = c;
    }
    written
}

/// A character as an escape of HCL.
fn code_point(c: char) -> String {
    let code = u32::from(c);
    if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") }
}

/// The same expression with its texts as they are between quotes.
fn escaped(expression: &Expression) -> Expression {
    let quoted = |text: &str| Expression::from(TemplateExpr::QuotedString(literal(text, false)));
    match expression {
        Expression::String(text) => quoted(text),
        Expression::Array(items) => Expression::Array(items.iter().map(escaped).collect()),
        Expression::Object(members) => {
            let member = |(key, value): (&ObjectKey, &Expression)| {
                let key = match key {
                    ObjectKey::Expression(Expression::String(name)) if is_name(name) => key.clone(),
                    ObjectKey::Expression(Expression::String(name)) => ObjectKey::Expression(quoted(name)),
                    ObjectKey::Identifier(name) if !is_name(name) => ObjectKey::Expression(quoted(name)),
                    other => other.clone(),
                };
                (key, escaped(value))
            };
            Expression::Object(members.iter().map(member).collect())
        }
        other => other.clone(),
    }
}

/// An expression as hcl-rs writes it: a list on one line, if there is room for it.
pub(crate) fn formatted(expression: &Expression) -> String {
    let expression = &escaped(expression);
    let written = |is_compact: bool| {
        let mut formatter =
            Formatter::builder().compact_arrays(is_compact).prefer_ident_keys(true).build(Vec::new());
        let written = expression.format(&mut formatter);
        written.ok().and_then(|()| String::from_utf8(formatter.into_inner()).ok()).unwrap_or_default()
    };
    let compact = written(true);
    let is_long = compact.lines().any(|line| line.len() > MAX_LINE);
    let text = if is_long { written(false) } else { compact };
    text.trim_end().to_owned()
}

/// A string in quotes.
pub(crate) fn quoted(text: &str) -> String {
    formatted(&Expression::from(text))
}

/// Where something is from, as a comment.
pub(crate) fn from(place: &Place, said: &str) -> String {
    let said = quotable(said);
    if said.is_empty() { format!("from {place}") } else { format!("from {place}: {said}") }
}

/// Lines of a block in the making.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    text: String,
    depth: usize,
}

impl Lines {
    fn indent(&mut self) {
        for _ in 0..self.depth {
            self.text.push_str(INDENT);
        }
    }

    /// A line.
    pub(crate) fn line(&mut self, text: &str) {
        self.indent();
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// A comment.
    pub(crate) fn comment(&mut self, text: &str) {
        self.line(&format!("# {}", readable::line(text)));
    }

    /// An attribute.
    pub(crate) fn attribute(&mut self, name: &str, value: &Expression) {
        let value = formatted(value);
        let mut lines = value.lines();
        let first = lines.next().unwrap_or_default().to_owned();
        self.line(&format!("{name} = {first}"));
        for line in lines {
            self.line(line);
        }
    }

    /// The beginning of what a later [`Self::close`] ends.
    pub(crate) fn open(&mut self, text: &str) {
        self.line(text);
        self.depth += 1;
    }

    /// The end.
    pub(crate) fn close(&mut self, text: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.line(text);
    }

    /// A gap between blocks.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// All of it.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// An object on one line.
pub(crate) fn one_line(value: &Expression) -> String {
    match value {
        Expression::Object(members) => {
            let member = |(key, value): (&ObjectKey, &Expression)| format!("{key} = {}", formatted(value));
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{ {} }}", members.join(", "))
        }
        other => formatted(other),
    }
}
