//! What rules give in a run: tags, the version that they are about, and whether it is `latest`.

use std::cell::OnceCell;

use jiff::Timestamp;

use super::error::{RuleError, RuleNote};
use super::javascript::Expression;
use super::pep440::Pep440;
use super::template::{Template, Text, Word};
use super::{Event, Flavor, Kind, Latest, Rule, Scheme};
use crate::facts::{Facts, Known};
use crate::reference::Tag;
use crate::version::Version;

/// What rules give in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The tags, each once, by priority; the first is what metadata-action calls the version.
    pub tags: Vec<RuleTag>,
    /// The version that the rules found: of a rule `semver`, `pep440` or `match`, or in the git tag of a rule `ref`.
    pub version: Option<Version>,
    /// The tag `latest`, with what the flavor puts around it, if this run may have it. It is not among `tags`.
    pub latest: Option<String>,
    /// What is worth knowing, with the position of the rule.
    pub notes: Vec<(usize, RuleNote)>,
}

/// A tag that a rule gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTag {
    /// The tag, which is one.
    pub text: String,
    /// The position of the rule.
    pub rule: usize,
    /// How many leading numbers of the version it names: 2 for `{{major}}.{{minor}}`, `usize::MAX` for the whole
    /// version; none when it has nothing to do with the version.
    pub depth: Option<usize>,
    /// Whether it names the commit or the git tag, and so never moves.
    pub names_commit: bool,
    /// Whether it names what the run is of, and so moves with each run.
    pub names_run: bool,
    /// The text before characters were replaced that tags cannot hold, if any were: of the branch `a/b`. Another
    /// branch may come to the same tag.
    pub altered: Option<String>,
}

impl Kind {
    /// What renders to the tag itself, of words that are not a version's.
    fn template(&self) -> Option<&Template> {
        match self {
            Self::Schedule { pattern } => Some(pattern),
            Self::Raw { value } => Some(value),
            Self::Version { .. }
            | Self::Match { .. }
            | Self::Edge { .. }
            | Self::Ref(_)
            | Self::Sha { .. } => None,
        }
    }
}

/// Applies rules to the facts of a run.
///
/// # Errors
/// Gives all rules that cannot be applied, by their positions.
pub fn apply(rules: &[Rule], flavor: &Flavor, facts: Known<'_>) -> Result<Outcome, Vec<(usize, RuleError)>> {
    let run = Run { known: facts, facts: OnceCell::new() };
    let mut order: Vec<usize> = (0..rules.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(rules[at].priority));
    let (mut made, mut notes, mut errors) = (Vec::<Made>::new(), Vec::new(), Vec::new());
    for at in order {
        match run.made(at, &rules[at], flavor) {
            Ok(Some(Given::Tag(tag))) => made.push(tag),
            Ok(Some(Given::Note(note))) => notes.push((at, note)),
            Ok(None) => {}
            Err(error) => errors.push((at, error)),
        }
    }
    let version = match version(&made) {
        Ok(version) => version,
        Err(error) => {
            errors.push(error);
            None
        }
    };
    let latest = match made.first() {
        None => None,
        Some(first) => run.latest(first, flavor, &mut notes).unwrap_or_else(|error| {
            errors.push((first.rule, error));
            None
        }),
    };
    if !errors.is_empty() {
        errors.sort_by_key(|(at, _)| *at);
        return Err(errors);
    }

    let mut tags: Vec<RuleTag> = Vec::new();
    for made in made {
        if made.text.tag == latest.as_deref().unwrap_or_default()
            || tags.iter().any(|tag| tag.text == made.text.tag)
        {
            continue;
        }
        notes.extend(made.note().map(|note| (made.rule, note)));
        let depth = made.depth(version.as_ref());
        let Made { text: Text { tag, plain }, rule, names_commit, names_run, .. } = made;
        let altered = (tag != plain).then_some(plain);
        tags.push(RuleTag { text: tag, rule, depth, names_commit, names_run, altered });
    }
    notes.sort_by_key(|(at, _)| *at);
    Ok(Outcome { tags, version, latest, notes })
}

/// What comes of a rule that says something.
enum Given {
    Tag(Made),
    Note(RuleNote),
}

/// A tag that a rule made.
struct Made {
    rule: usize,
    text: Text,
    origin: Origin,
    names_commit: bool,
    names_run: bool,
}

/// What a tag is made of.
enum Origin {
    /// A version, or its leading numbers.
    Version { found: Option<Version>, source: String, depth: usize, is_final: bool },
    /// A part of a git tag, which may have a version in it.
    GitTag { part: String, whole: String, is_match: bool },
    /// Nothing that has versions.
    Other,
}

impl Made {
    /// Whether it makes `latest` as well, unless the flavor says something else.
    fn is_latest(&self) -> bool {
        match &self.origin {
            Origin::Version { is_final, .. } => *is_final,
            Origin::GitTag { .. } => self.prerelease().is_none(),
            Origin::Other => false,
        }
    }

    /// The git tag that it is made of, if that is a prerelease.
    fn prerelease(&self) -> Option<&str> {
        let Origin::GitTag { whole, .. } = &self.origin else { return None };
        version_in(whole).is_some_and(|version| version.is_prerelease()).then_some(whole)
    }

    /// The version that it is made of: the git tag's, but for a prerelease of which it has a part.
    fn version(&self) -> Option<Version> {
        match &self.origin {
            Origin::Version { found, .. } => found.clone(),
            Origin::GitTag { part, whole, .. } => match version_in(whole) {
                Some(version) if version.is_prerelease() => {
                    (depth(part, &version) == Some(usize::MAX)).then_some(version)
                }
                Some(version) => Some(version),
                None => part.parse().ok(),
            },
            Origin::Other => None,
        }
    }

    fn depth(&self, version: Option<&Version>) -> Option<usize> {
        match &self.origin {
            Origin::Version { depth, .. } => {
                let numbers = version.map_or(usize::MAX, |version| version.numbers().len());
                Some(if *depth < numbers { *depth } else { usize::MAX })
            }
            Origin::GitTag { part, .. } => {
                let depth = depth(part, version?)?;
                // A part of a prerelease was asked for by a match, and not by a pattern for all versions.
                (depth == usize::MAX || self.prerelease().is_none()).then_some(depth)
            }
            Origin::Other => None,
        }
    }

    /// What is worth knowing about it.
    fn note(&self) -> Option<RuleNote> {
        match &self.origin {
            Origin::Version { .. } if self.text.plain != self.text.tag => {
                Some(RuleNote::Altered { from: self.text.plain.clone(), to: self.text.tag.clone() })
            }
            Origin::GitTag { whole, is_match: true, .. }
                if self.version().is_none() && self.prerelease().is_some() =>
            {
                Some(RuleNote::PrereleaseCut { text: self.text.tag.clone(), value: whole.clone() })
            }
            _ => None,
        }
    }
}

/// The version that tags are about, which rules of versions decide first, then git tags, then parts of them.
fn version(made: &[Made]) -> Result<Option<Version>, (usize, RuleError)> {
    let mut first: Option<(&Version, &str)> = None;
    for tag in made {
        let Origin::Version { found: Some(found), source, .. } = &tag.origin else { continue };
        match first {
            None => first = Some((found, source)),
            Some((version, text)) if text != source && version.cmp_precedence(found).is_ne() => {
                let (found, other) = (found.text().to_owned(), version.text().to_owned());
                return Err((tag.rule, RuleError::TwoVersions { found, other }));
            }
            Some(_) => {}
        }
    }
    if let Some((version, _)) = first {
        return Ok(Some(version.clone()));
    }
    // Of several parts, the one with the most numbers.
    let found = made.iter().rev().filter_map(Made::version);
    Ok(found.max_by_key(|version| version.numbers().len()))
}

/// The version that is a git tag, or the last part of one (`pkg/v1.2.3`).
fn version_in(git_tag: &str) -> Option<Version> {
    git_tag.rsplit('/').next()?.parse().ok()
}

/// How many numbers of a version a text is.
fn depth(text: &str, version: &Version) -> Option<usize> {
    let text = text.rsplit('/').next().unwrap_or(text);
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let whole = version.without_v();
    if bare == whole || Some(bare) == whole.split('+').next() {
        return Some(usize::MAX);
    }
    (1..=version.numbers().len()).find(|&count| version.prefix(count) == Some(bare))
}

/// A run: its facts, which are asked for only when a rule needs them.
struct Run<'a> {
    known: Known<'a>,
    facts: OnceCell<Facts>,
}

/// What a run is of.
enum Place<'a> {
    Branch(&'a str),
    Tag(&'a str),
    PullRequest(u64),
    Other(&'a str),
}

impl Place<'_> {
    /// The name of the ref, if need be made of what is known of it.
    fn git_ref(&self, facts: &Facts) -> String {
        facts.git_ref.clone().unwrap_or_else(|| match self {
            Self::Branch(branch) => format!("refs/heads/{branch}"),
            Self::Tag(tag) => format!("refs/tags/{tag}"),
            Self::PullRequest(number) => format!("refs/pull/{number}"),
            Self::Other(name) => (*name).to_owned(),
        })
    }
}

/// What the pattern of a version can name.
struct Parts {
    raw: String,
    version: String,
    numbers: [String; 3],
    found: Option<Version>,
    is_final: bool,
}

impl Run<'_> {
    fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| {
            let facts: &Facts = self.known;
            facts.clone().with_ref_parts()
        })
    }

    fn place(&self) -> Result<Place<'_>, RuleError> {
        let facts = self.facts();
        if let Some(number) = facts.pull_request {
            return Ok(Place::PullRequest(number));
        }
        let tag = facts.tag.as_deref().map(Place::Tag);
        let branch = facts.branch.as_deref().map(Place::Branch);
        let other = facts.git_ref.as_deref().map(Place::Other);
        let unknown = RuleError::MissingFact { word: None, fact: "ref", at: None };
        tag.or(branch).or(other).ok_or(unknown)
    }

    fn made(&self, at: usize, rule: &Rule, flavor: &Flavor) -> Result<Option<Given>, RuleError> {
        match self.render(&rule.enable)?.plain.as_str() {
            "true" => {}
            "false" => return Ok(None),
            other => return Err(RuleError::NotBool(other.to_owned())),
        }
        let (core, origin) = match self.core(&rule.kind)? {
            Core::Nothing => return Ok(None),
            Core::Note(note) => return Ok(Some(Given::Note(note))),
            Core::Text(text, origin) => (text, origin),
        };
        let own = |affix: &Option<Template>, of_all: &Option<super::Affix>| {
            let template = affix.as_ref().or(of_all.as_ref().map(|affix| &affix.template));
            template.map_or(Ok(Text::default()), |template| self.render(template))
        };
        let mut text = own(&rule.prefix, &flavor.prefix)?;
        text.push(&core);
        text.push(&own(&rule.suffix, &flavor.suffix)?);
        check(&text.tag)?;
        let affixes = [(&rule.prefix, &flavor.prefix), (&rule.suffix, &flavor.suffix)];
        let affixes = affixes.map(|(own, of_all)| own.as_ref().or(of_all.as_ref().map(|one| &one.template)));
        let templates = affixes.into_iter().flatten().chain(rule.kind.template());
        let words: Vec<&Word> = templates.flat_map(Template::words).collect();
        let names_commit = matches!(rule.kind, Kind::Sha { .. })
            || matches!(&origin, Origin::GitTag { part, whole, .. } if part == whole)
            || words.iter().any(|word| matches!(word, Word::Sha | Word::Tag));
        let names_run = !matches!(rule.kind, Kind::Raw { .. } | Kind::Version { .. }) || !words.is_empty();
        Ok(Some(Given::Tag(Made { rule: at, text, origin, names_commit, names_run })))
    }

    fn core(&self, kind: &Kind) -> Result<Core, RuleError> {
        let other = |text| Core::Text(text, Origin::Other);
        Ok(match kind {
            Kind::Schedule { pattern } => match self.facts().event.as_deref() {
                Some("schedule") => other(self.render(pattern)?),
                _ => Core::Nothing,
            },
            Kind::Version { scheme, pattern, value, part } => {
                self.version(*scheme, pattern, value.as_ref(), part.as_ref())?
            }
            Kind::Match { pattern, group, value } => {
                let Some(value) = self.value(value.as_ref())? else { return Ok(Core::Nothing) };
                let found = pattern.captures(&value).and_then(|found| found.get(*group));
                match found.filter(|found| !found.is_empty()) {
                    None => Core::Note(RuleNote::NoMatch { pattern: pattern.text().to_owned(), value }),
                    Some(found) => {
                        let part = found.as_str().to_owned();
                        let text = Text::of_fact(&part);
                        Core::Text(text, Origin::GitTag { part, whole: value, is_match: true })
                    }
                }
            }
            Kind::Edge { branch } => {
                let Place::Branch(at) = self.place()? else { return Ok(Core::Nothing) };
                let edge = match branch {
                    Some(branch) => branch,
                    None => self.default_branch(None)?,
                };
                match edge == at {
                    true => other(Text::of_fact("edge")),
                    false => Core::Nothing,
                }
            }
            Kind::Ref(event) => match (event, self.place()?) {
                (Event::Branch, Place::Branch(branch)) => other(Text::of_fact(branch)),
                (Event::Tag, Place::Tag(tag)) => {
                    let origin =
                        Origin::GitTag { part: tag.to_owned(), whole: tag.to_owned(), is_match: false };
                    Core::Text(Text::of_fact(tag), origin)
                }
                (Event::PullRequest, Place::PullRequest(number)) => other(Text::of_fact(&number.to_string())),
                _ => Core::Nothing,
            },
            Kind::Raw { value } => match self.render(value) {
                Ok(text) => other(text),
                Err(RuleError::MissingFact { word: Some(word), at: Some(_), .. }) if value.is_word() => {
                    Core::Note(RuleNote::NoWord { word })
                }
                Err(error) => return Err(error),
            },
            Kind::Sha { is_long } => {
                let facts = self.facts();
                let commit = if *is_long { facts.commit.as_deref() } else { facts.short_commit() };
                let missing = RuleError::MissingFact { word: None, fact: "commit", at: None };
                other(Text::of_fact(commit.ok_or(missing)?))
            }
        })
    }

    /// The text that a rule of versions is about; `None` when the run is of no git tag.
    fn value(&self, value: Option<&Template>) -> Result<Option<String>, RuleError> {
        match (value, value.map_or_else(|| self.place().map(Some), |_| Ok(None))?) {
            (Some(value), _) => Ok(Some(self.render(value)?.plain)),
            (None, Some(Place::Tag(tag))) => Ok(Some(tag.to_owned())),
            (None, _) => Ok(None),
        }
    }

    fn version(
        &self,
        scheme: Scheme,
        pattern: &Template,
        value: Option<&Template>,
        part: Option<&Expression>,
    ) -> Result<Core, RuleError> {
        let Some(mut value) = self.value(value)? else { return Ok(Core::Nothing) };
        if let Some(part) = part {
            match part.captures(&value).and_then(|found| found.get(1)) {
                Some(found) => value = found.as_str().to_owned(),
                None => {
                    return Ok(Core::Note(RuleNote::NoMatch { pattern: part.text().to_owned(), value }));
                }
            }
        }
        let text = value.replace('/', "-");
        let (parts, name) = match scheme {
            Scheme::SemVer => (semver(&text), "SemVer"),
            Scheme::Pep440 => (pep440(&text), "PEP 440"),
        };
        let Some(parts) = parts else {
            return Ok(Core::Note(RuleNote::NotAVersion { value, scheme: name }));
        };
        let Parts { raw, version, numbers, found, is_final } = parts;
        let depth = pattern.words().map(|word| match word {
            Word::Major => 1,
            Word::Minor => 2,
            Word::Patch => 3,
            _ => usize::MAX,
        });
        let mut depth = depth.max().unwrap_or(usize::MAX);
        let mut text = pattern.render(|word| {
            Ok(match word {
                Word::Major => numbers[0].clone(),
                Word::Minor => numbers[1].clone(),
                Word::Patch => numbers[2].clone(),
                Word::Raw => raw.clone(),
                _ => version.clone(),
            })
        })?;
        if !is_final && depth < usize::MAX {
            if !pattern.is_dotted() {
                let pattern = pattern.text().to_owned();
                return Ok(Core::Note(RuleNote::Prerelease { pattern, version }));
            }
            (text, depth) = (Text::of_fact(&version), usize::MAX);
        }
        Ok(Core::Text(text, Origin::Version { found, source: value, depth, is_final }))
    }

    fn latest(
        &self,
        first: &Made,
        flavor: &Flavor,
        notes: &mut Vec<(usize, RuleNote)>,
    ) -> Result<Option<String>, RuleError> {
        match flavor.latest {
            Latest::Never => return Ok(None),
            Latest::Auto if !first.is_latest() => {
                let version = first.prerelease().map(str::to_owned);
                notes.extend(version.map(|version| (first.rule, RuleNote::PrereleaseLatest(version))));
                return Ok(None);
            }
            Latest::Always if self.facts().pull_request.is_some() => {
                notes.push((first.rule, RuleNote::LatestOfPullRequest));
            }
            Latest::Auto | Latest::Always => {}
        }
        let affix = |affix: &Option<super::Affix>| match affix {
            Some(affix) if affix.on_latest => self.render(&affix.template),
            _ => Ok(Text::default()),
        };
        let latest = format!("{}latest{}", affix(&flavor.prefix)?.tag, affix(&flavor.suffix)?.tag);
        check(&latest)?;
        Ok(Some(latest))
    }

    fn render(&self, template: &Template) -> Result<Text, RuleError> {
        template.render(|word| self.word(word))
    }

    fn word(&self, word: &Word) -> Result<String, RuleError> {
        let facts = self.facts();
        let missing = |word, fact, at| RuleError::MissingFact { word: Some(word), fact, at };
        // What a run has not because of what it is of.
        let absent = |word, fact| missing(word, fact, self.place().ok().map(|place| place.git_ref(facts)));
        let text = |text: &Option<String>, word, fact| text.clone().ok_or_else(|| absent(word, fact));
        match word {
            Word::Branch => text(&facts.branch, "branch", "branch"),
            Word::Tag => text(&facts.tag, "tag", "tag"),
            Word::BaseRef if facts.pull_request.is_some() => {
                facts.base_branch.clone().ok_or_else(|| missing("base_ref", "base_branch", None))
            }
            Word::BaseRef => text(&facts.base_branch, "base_ref", "base_branch"),
            Word::Sha => match facts.short_commit() {
                Some(commit) => Ok(commit.to_owned()),
                None => Err(missing("sha", "commit", None)),
            },
            Word::IsDefaultBranch => Ok(self.is_default_branch("is_default_branch")?.to_string()),
            Word::IsNotDefaultBranch => Ok((!self.is_default_branch("is_not_default_branch")?).to_string()),
            Word::Date { of_commit, format, zone } => {
                let (word, time): (_, Option<Timestamp>) = match of_commit {
                    true => ("commit_date", facts.commit_time),
                    false => ("date", facts.time()),
                };
                let time = time.ok_or_else(|| missing(word, "commit_time", None))?;
                Ok(format.render(&time.to_zoned(zone.clone())))
            }
            // A template of this scope has no others.
            Word::Raw | Word::Version | Word::Major | Word::Minor | Word::Patch => Ok(String::new()),
        }
    }

    fn is_default_branch(&self, word: &'static str) -> Result<bool, RuleError> {
        match self.place()? {
            Place::Branch(branch) => Ok(self.default_branch(Some(word))? == branch),
            _ => Ok(false),
        }
    }

    fn default_branch(&self, word: Option<&'static str>) -> Result<&str, RuleError> {
        let missing = RuleError::MissingFact { word, fact: "default_branch", at: None };
        self.facts().default_branch.as_deref().ok_or(missing)
    }
}

/// What a rule comes to before its prefix and suffix.
enum Core {
    Nothing,
    Note(RuleNote),
    Text(Text, Origin),
}

fn check(tag: &str) -> Result<(), RuleError> {
    match tag.parse::<Tag>() {
        Ok(_) => Ok(()),
        Err(problem) => Err(RuleError::NoTag { text: tag.to_owned(), problem }),
    }
}

/// Reads SemVer, with a `v` in front or not.
fn semver(text: &str) -> Option<Parts> {
    let version = semver::Version::parse(text.strip_prefix('v').unwrap_or(text)).ok()?;
    let is_final = version.pre.is_empty();
    let release = format!("{}.{}.{}", version.major, version.minor, version.patch);
    Some(Parts {
        raw: text.to_owned(),
        version: if is_final { release } else { format!("{release}-{}", version.pre) },
        numbers: [version.major, version.minor, version.patch].map(|number| number.to_string()),
        found: text.parse().ok(),
        is_final,
    })
}

fn pep440(text: &str) -> Option<Parts> {
    let version = Pep440::parse(text)?;
    Some(Parts {
        raw: text.to_owned(),
        version: version.normal(),
        numbers: [0, 1, 2].map(|at| version.number(at)),
        found: version.public().parse().ok(),
        is_final: version.is_final(),
    })
}
