//! Says what is wrong with a rule line, and what is worth knowing about one that applies.

use super::scope::Scope;
use crate::bake::values::csv::CsvError;
use crate::diagnostic::{all_listed, suggest};
use crate::reference::ReferenceError;

/// What a template has that none may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateProblem {
    /// No braces at the end.
    #[error("`{{{{` is not closed")]
    Unclosed,
    /// Nothing between the braces.
    #[error("there is no word between the braces")]
    NoWord,
    /// A part of Handlebars other than words.
    #[error("`{{{{{0}}}}}` is Handlebars that a rule does not support")]
    Block(String),
    /// A word that stands for nothing there.
    #[error("`{{{{{word}}}}}` has no meaning in {}", scope_name(*scope))]
    UnknownWord {
        /// The word.
        word: String,
        /// Where it stands.
        scope: Scope,
    },
    /// A word that takes none.
    #[error("`{{{{{word}}}}}` does not take `{}`", arguments.trim())]
    Arguments {
        /// The word.
        word: String,
        /// What follows it.
        arguments: String,
    },
    /// A date without a format in quotes.
    #[error("`{{{{{0}}}}}` has no format in quotes")]
    NoFormat(String),
    /// Letters of a date's format.
    #[error("the letters `{0}` of the date have no meaning here")]
    Letters(String),
    /// A date in the directives of `strftime`.
    #[error("`{format}` has directives of `strftime`, but dates of rules are in the letters of moment.js")]
    Directives {
        /// The format.
        format: String,
        /// What is meant.
        meant: String,
    },
    /// A time zone that does not exist.
    #[error("there is no time zone `{0}`")]
    Zone(String),
}

fn scope_name(scope: Scope) -> &'static str {
    match scope {
        Scope::Version => "the `pattern` of a version",
        Scope::Schedule => "the `pattern` of `type=schedule`",
        Scope::Run => "this attribute",
    }
}

/// What a regular expression has that would match otherwise than in JavaScript, or not at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegexProblem {
    /// `(?=…)` and the like.
    #[error("look-around is not supported")]
    LookAround,
    /// `\1`, `\k<name>`.
    #[error("back-references are not supported")]
    BackReference,
    /// An escape whose meaning differs.
    #[error("`\\{0}` is not supported")]
    Escape(char),
    /// `[]` and `[^]`.
    #[error("`[]` and `[^]` are not supported")]
    EmptyClass,
    /// `[a--b]`.
    #[error("`--` inside brackets is not supported")]
    Dashes,
    /// `/…/g` together with `group`.
    #[error("with the flag `g`, `group` would count matches instead of groups")]
    Global,
    /// A flag that is not known.
    #[error("the flag `{0}` is not supported")]
    Flag(char),
    /// It is not a regular expression.
    #[error("{0}")]
    Syntax(String),
}

/// Why a rule line cannot be read, or cannot be applied in this run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Not a list of attributes.
    #[error("the rule is not a list of attributes with commas between them: {0}")]
    Csv(CsvError),
    /// Several rules in one text, as metadata-action takes them.
    #[error("several rules are in one string")]
    SeveralLines(Vec<String>),
    /// A type that does not exist.
    #[error("there is no rule of the type `{0}`")]
    UnknownType(String),
    /// A type that stands without `type=`.
    #[error("`{0}` stands without `type=`, so it is a tag and not the type of the rule")]
    NoType(&'static str),
    /// An attribute that this type of rule has not.
    #[error("`type={kind}` has no attribute `{name}`")]
    UnknownAttribute {
        /// The type.
        kind: &'static str,
        /// The attribute.
        name: String,
        /// What it has.
        known: Vec<&'static str>,
    },
    /// An attribute of a flavor that does not exist.
    #[error("a flavor has no attribute `{0}`")]
    UnknownFlavor(String),
    /// A line of the flavor among the rules.
    #[error("`{0}` is not a rule but a line of the flavor")]
    FlavorLine(String),
    /// `onlatest` without a prefix or suffix in front of it.
    #[error("`onlatest` has no effect without a `prefix` or `suffix` before it on the same line")]
    LoneOnlatest,
    /// An attribute twice.
    #[error("`{0}` is given twice")]
    Twice(String),
    /// A part without `=`.
    #[error("`{0}` has no `=`")]
    NoValue(String),
    /// An attribute that the rule needs.
    #[error("`type={kind}` needs `{attribute}`")]
    Missing {
        /// The type.
        kind: &'static str,
        /// The attribute.
        attribute: &'static str,
    },
    /// A value that the attribute cannot have.
    #[error("`{attribute}` is `{found}`")]
    Value {
        /// The attribute.
        attribute: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A template that cannot be read.
    #[error("in `{template}`, {problem}")]
    Template {
        /// The template.
        template: String,
        /// What is wrong.
        problem: TemplateProblem,
    },
    /// A character that no tag can hold, in what is written in the rule.
    #[error("`{attribute}` has {character:?} in it, which a tag cannot hold")]
    Character {
        /// The attribute.
        attribute: &'static str,
        /// Its value.
        text: String,
        /// The first such character.
        character: char,
    },
    /// A regular expression that cannot be used.
    #[error("the expression `{pattern}` cannot be used: {problem}")]
    Regex {
        /// The expression.
        pattern: String,
        /// What is wrong.
        problem: RegexProblem,
    },
    /// `match` takes the first group, and there is none.
    #[error("the expression `{0}` has no group, and `match` takes its first one")]
    NoGroup(String),
    /// A group that the expression has not.
    #[error("the expression `{pattern}` has no group {group}")]
    GroupRange {
        /// The expression.
        pattern: String,
        /// How many groups it has.
        count: usize,
        /// Which one is asked for.
        group: usize,
    },
    /// A fact that is not known, or that this run has not.
    #[error("the rule uses {}, which is not known{}", use_of(word, fact), at.as_ref().map(|at| format!(": this is a run of `{at}`")).unwrap_or_default())]
    MissingFact {
        /// The word, if a template asks for it.
        word: Option<&'static str>,
        /// The fact.
        fact: &'static str,
        /// The ref that is built, when it is the reason.
        at: Option<String>,
    },
    /// `enable` came to something other than `true` or `false`.
    #[error("`enable` evaluates to `{0}`, not to true or false")]
    NotBool(String),
    /// What the rule makes is not a tag.
    #[error("the rule makes `{text}`, which is not a valid tag: {problem}")]
    NoTag {
        /// What it makes.
        text: String,
        /// Why it is not a tag.
        problem: ReferenceError,
    },
    /// A suffix behind what ends with it.
    #[error("the rule makes `{text}`, which has the suffix `{suffix}` twice")]
    SuffixTwice {
        /// What it makes.
        text: String,
        /// The suffix.
        suffix: String,
    },
    /// Two rules of different versions.
    #[error("this rule is about version `{found}`, but another one is about `{other}`")]
    TwoVersions {
        /// The version of this rule.
        found: String,
        /// The version of the other.
        other: String,
    },
}

fn use_of(word: &Option<&'static str>, fact: &str) -> String {
    word.map_or_else(|| format!("the fact `{fact}`"), |word| format!("`{{{{{word}}}}}`"))
}

/// The types of rules.
pub(super) const TYPES: [&str; 8] = ["schedule", "semver", "pep440", "match", "edge", "ref", "raw", "sha"];

impl RuleError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Csv(CsvError::BareQuote) => {
                "leave the quote out, or put the whole attribute in quotes and write each quote inside twice; dates take single ones: `{{date 'YYYYMMDD'}}`"
                    .into()
            }
            Self::Csv(_) | Self::NoValue(_) => {
                "put an attribute that contains a comma in quotes: `type=match,\"pattern=\\d{1,3}\"`".into()
            }
            Self::SeveralLines(lines) => {
                let entries: Vec<String> =
                    lines.iter().filter(|line| !line.is_empty()).map(|line| format!("{line:?}")).collect();
                let of_flavor = |line: &String| {
                    line.is_empty() || ["latest=", "prefix=", "suffix="].iter().any(|key| line.starts_with(key))
                };
                let attribute = if lines.iter().all(of_flavor) { "flavor" } else { "tags" };
                format!("make each an entry of the list: `{attribute} = [{}]`", entries.join(", "))
            }
            Self::UnknownType(found) => near(found, "types", &TYPES),
            Self::NoType(kind) => format!("write `type={kind},…`"),
            Self::UnknownAttribute { name, known, .. } => near(name, "attributes", known),
            Self::UnknownFlavor(found) => {
                near(found, "attributes", &["latest", "prefix", "suffix", "onlatest"])
            }
            Self::FlavorLine(line) => format!("move it to `flavor = [\"{line}\"]`"),
            Self::LoneOnlatest => "write it after one, such as `suffix=-alpine,onlatest=true`".into(),
            Self::Twice(_) => "leave one of them out; metadata-action would take the last".into(),
            Self::Missing { attribute: "pattern", kind: "match" } => {
                "specify what to match, such as `type=match,pattern=v(.*),group=1`".into()
            }
            Self::Missing { attribute: "pattern", kind } => {
                format!("specify it, such as `type={kind},pattern={{{{version}}}}`")
            }
            Self::Missing { attribute: "event", .. } => "one of `branch`, `tag`, `pr`".into(),
            Self::Missing { .. } => "specify it, such as `type=raw,value=edge`; a tag cannot be empty".into(),
            Self::Value { expected, .. } => format!("expected {expected}"),
            Self::Template { problem, .. } => problem.help(),
            Self::Character { character: ';' | '=', .. } => {
                "separate attributes with commas, and make each line an entry of the list".into()
            }
            Self::Character { attribute, text, .. } => {
                let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '{' | '}');
                let parts: Vec<&str> = text.split(|c| !fits(c)).filter(|part| !part.is_empty()).collect();
                if text.contains("{{") {
                    "tags have letters, digits, `.`, `-` and `_`".into()
                } else {
                    format!("write what metadata-action makes of it: `{attribute}={}`", parts.join("-"))
                }
            }
            Self::Regex { problem, .. } => problem.help(),
            Self::NoGroup(pattern) => format!("put the version into parentheses: `match=({pattern})`"),
            Self::GroupRange { count: 0, .. } => "leave `group` out: the whole match is group 0".into(),
            Self::GroupRange { count: 1, .. } => "the only group is 1, and 0 is the whole match".into(),
            Self::GroupRange { count, .. } => format!("the groups are 1 to {count}, and 0 is the whole match"),
            Self::MissingFact { word, at: Some(_), .. } => {
                let (pattern, when) = match *word {
                    Some("tag") => ("{{ tag | slug }}", "tag"),
                    Some("base_ref") => ("{{ base_branch | slug }}", "base_branch"),
                    _ => ("{{ branch | slug }}", "branch"),
                };
                format!(
                    "metadata-action would leave it empty; say when it applies: `{{ pattern = \"{pattern}-{{{{ sha }}}}\", when = \"{when}\" }}`"
                )
            }
            Self::MissingFact { fact: "default_branch", word: None, .. } => {
                "name it in the rule, `branch=main`, or give it with `--fact default_branch=main`".into()
            }
            Self::MissingFact { fact, .. } => {
                format!("give it with `--fact {fact}=…`; `bakeplan plan --facts` shows what is known")
            }
            Self::NotBool(_) => {
                "write `enable={{is_default_branch}}`, or a pattern with a condition: `{ pattern = \"…\", when = \"event == \\\"push\\\"\" }`"
                    .into()
            }
            Self::NoTag { problem: ReferenceError::LongTag(_), .. } => {
                "write a shorter one; a truncated name may be that of another branch".into()
            }
            Self::NoTag { problem: ReferenceError::Empty(_), .. } => {
                "a tag cannot hold any of its characters; write a rule `type=raw` with your own name".into()
            }
            Self::NoTag { .. } => "tags begin with a letter, a digit or `_`".into(),
            Self::SuffixTwice { suffix, .. } => format!("leave `{suffix}` out of `suffix=`, of the rule or the `flavor`, or of what stands before it"),
            Self::TwoVersions { .. } => "an image has one version: write an `image` block for each".into(),
        }
    }
}

impl RuleError {
    /// The fact that it lacks.
    pub(crate) fn missing_fact(&self) -> Option<&'static str> {
        if let Self::MissingFact { word: _, fact, at: _ } = self { Some(fact) } else { None }
    }
}

impl TemplateProblem {
    fn help(&self) -> String {
        match self {
            Self::Unclosed | Self::NoWord => "words are written `{{version}}`".into(),
            Self::Block(_) => {
                "write a pattern with a condition instead: `{ pattern = \"…\", when = \"branch\" }`".into()
            }
            Self::UnknownWord { word, scope: Scope::Version | Scope::Schedule }
                if Scope::Run.words().contains(&word.as_str()) =>
            {
                format!(
                    "it is a word of `prefix` and `suffix`: `suffix=-{{{{{word}}}}}`; here metadata-action leaves it empty"
                )
            }
            Self::UnknownWord { word, scope: Scope::Run }
                if Scope::Version.words().contains(&word.as_str()) =>
            {
                format!("it is a word of versions: `type=semver,pattern={{{{{word}}}}}`")
            }
            Self::UnknownWord { word, scope } => near(word, "words", scope.words()),
            Self::Arguments { word, arguments } if arguments.starts_with('|') => {
                format!("a rule's words take no filters: write `{{{{{word}}}}}`, which is made to fit a tag")
            }
            Self::Arguments { word, .. } if word.ends_with("date") => {
                format!("write `{{{{{word} 'YYYYMMDD' tz='Asia/Tokyo'}}}}`")
            }
            Self::Arguments { word, .. } => format!("write `{{{{{word}}}}}`"),
            Self::NoFormat(word) => format!("write `{{{{{word} 'YYYYMMDD'}}}}`"),
            Self::Letters(_) => {
                "write the date out, such as `YYYY-MM-DD`; put literal text in brackets: `[text]`".into()
            }
            Self::Directives { format: _, meant } => format!("write `'{meant}'`"),
            Self::Zone(_) => {
                "use one from the tz database, such as `Asia/Tokyo`; metadata-action would take UTC".into()
            }
        }
    }
}

impl RegexProblem {
    fn help(&self) -> String {
        match self {
            Self::LookAround => {
                "match more, and select the part with a group: `v(\\d+)-` and `group=1`".into()
            }
            Self::Global => "leave out the `g`".into(),
            Self::EmptyClass => "write `.` for any character".into(),
            Self::Dashes => "write a dash inside brackets as `\\-`".into(),
            Self::Flag(_) => "the flags are `i`, `m` and `s`".into(),
            Self::Escape(_) | Self::BackReference => "write out what it stands for".into(),
            Self::Syntax(_) => "in a Bake file, a backslash is written twice: `v(\\\\d+)`".into(),
        }
    }
}

fn near(found: &str, kind: &str, known: &[&str]) -> String {
    if let Some(near) = suggest(found, known.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    format!("the {kind} are {}", all_listed(known))
}

/// What is worth knowing about a rule that gives no tag, or another one than metadata-action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleNote {
    /// A version rule whose text is not a version.
    #[error("`{value}` is not a valid {scheme} version, so the rule gives no tag")]
    NotAVersion {
        /// The text.
        value: String,
        /// `SemVer` or `PEP 440`.
        scheme: &'static str,
    },
    /// An expression that does not match.
    #[error("`{pattern}` does not match `{value}`, so the rule gives no tag")]
    NoMatch {
        /// The expression.
        pattern: String,
        /// The text.
        value: String,
    },
    /// A value that is a word which this run has not.
    #[error("this run has no `{word}`, so the rule gives no tag")]
    NoWord {
        /// The word.
        word: &'static str,
    },
    /// A pattern for a part of the version, with text of its own, and a prerelease.
    #[error("`{version}` has no `{pattern}`, which is for versions of numbers alone")]
    Prerelease {
        /// The pattern.
        pattern: String,
        /// The version.
        version: String,
    },
    /// A prerelease that would become `latest`.
    #[error("`{0}` is a prerelease, so it does not become `latest`")]
    PrereleaseLatest(String),
    /// A git tag that is no version and would become `latest`.
    #[error("`{0}` is not a version, so it does not become `latest`")]
    NoVersionLatest(String),
    /// A match that takes the mark of a prerelease off.
    #[error("`{text}` is made of the prerelease `{value}`")]
    PrereleaseCut {
        /// The tag.
        text: String,
        /// The git tag.
        value: String,
    },
    /// A version that no tag can hold.
    #[error("a tag cannot hold `{from}`, so it becomes `{to}`")]
    Altered {
        /// The text.
        from: String,
        /// What is in the tag.
        to: String,
    },
    /// A git tag that has more than the version in it.
    #[error("`{text}` is the whole git tag, of which `{version}` is the version")]
    WithPrefix {
        /// The tag.
        text: String,
        /// What follows `tag_prefix`.
        version: String,
    },
    /// `latest=true` in a run of a pull request.
    #[error("`latest=true` gives `latest` to a pull request")]
    LatestOfPullRequest,
}

impl RuleNote {
    /// What to do about it, if something may have to be done.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::NotAVersion { scheme: "SemVer", .. } => {
                "write `version = \"{{ tag }}\"` and patterns such as `{{ version }}`, which take other versions too, or `match=…`"
            }
            Self::Prerelease { .. } => "give it a tag with the whole version in it, such as `v{{version}}`",
            Self::PrereleaseLatest(_) => {
                "metadata-action would move `latest`; for a floating name of prereleases, use `channels = [\"next\"]`"
            }
            Self::NoVersionLatest(_) => {
                "metadata-action would move `latest`; the rule `type=raw,value=latest` gives it to each run that the rule is for"
            }
            Self::PrereleaseCut { .. } => "`type=semver` leaves prereleases out",
            Self::Altered { from, to: _ } if !from.contains('+') => {
                "no tag can have this sign in it, so another one stands for it"
            }
            Self::Altered { .. } => "`{{version}}` leaves build metadata out",
            Self::WithPrefix { .. } => "write `{{ version }}` for a tag without `tag_prefix`",
            Self::LatestOfPullRequest => "write `latest=auto`",
            Self::NotAVersion { .. } | Self::NoMatch { .. } | Self::NoWord { .. } => return None,
        };
        Some(help.to_owned())
    }
}
