//! Renders one rule in a run.

use super::error::{RuleError, RuleNote};
use super::javascript::Expression;
use super::parts::{self, Parts};
use super::run::{Run, RunSubject};
use super::tag::{OfGitTag, Origin, RenderedTag};
use super::template::{Rendered, Template, Word};
use super::{Affix, Flavor, Latest, Rule, RuleKind, RuleScheme, RunSubjectKind};
use crate::facts::is_moving_tag;
use crate::reference::{LATEST, Tag};
use crate::version::{SEPARATORS, Version};

/// What comes of a rule that says something.
pub(super) enum Given {
    Tag(Box<RenderedTag>),
    Note(RuleNote),
}

/// What a rule comes to before its prefix and suffix.
enum Core {
    Nothing,
    Note(RuleNote),
    Text(Rendered, Box<Origin>),
}

impl RuleKind {
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

impl Run<'_> {
    pub(super) fn tag(&self, at: usize, rule: &Rule, flavor: &Flavor) -> Result<Option<Given>, RuleError> {
        match self.render(&rule.enable)?.plain.as_str() {
            "true" => {}
            "false" => return Ok(None),
            other => return Err(RuleError::NotBool(other.to_owned())),
        }
        let (core, origin) = match self.core(&rule.kind, &flavor.tag_prefix)? {
            Core::Nothing => return Ok(None),
            Core::Note(note) => return Ok(Some(Given::Note(note))),
            Core::Text(text, origin) => (text, *origin),
        };
        let own = |affix: &Option<Template>, of_all: &Option<Affix>| {
            let template = affix.as_ref().or(of_all.as_ref().map(|affix| &affix.template));
            template.map_or(Ok(Rendered::default()), |template| self.render(template))
        };
        let mut text = own(&rule.prefix, &flavor.prefix)?;
        text.push(&core);
        let stem = text.tag.clone();
        let suffix = own(&rule.suffix, &flavor.suffix)?;
        text.push(&suffix);
        check(&text.tag)?;
        let affixes = [(&rule.prefix, &flavor.prefix), (&rule.suffix, &flavor.suffix)];
        let affixes = affixes.map(|(own, of_all)| own.as_ref().or(of_all.as_ref().map(|one| &one.template)));
        let templates = affixes.into_iter().flatten().chain(rule.kind.template());
        let words: Vec<&Word> = templates.flat_map(Template::words).collect();
        let of_value = match &rule.kind {
            RuleKind::Match { value: Some(value), .. } => Some(value),
            _ => None,
        };
        // A version that is cut out is meant as one.
        let is_cut = matches!(&origin, Origin::GitTag { part, whole, .. } if part != whole && part.parse::<Version>().is_ok());
        let value_words = || of_value.filter(|_| !is_cut).into_iter().flat_map(Template::words);
        let is_tag = |word: &&Word| matches!(word, Word::Tag);
        let is_whole = matches!(&origin, Origin::GitTag { part, whole, .. } if part == whole);
        let is_of_git_tag = match &origin {
            Origin::GitTag { .. } => of_value.is_none() || value_words().any(|word| is_tag(&word)),
            Origin::Version { .. } | Origin::Other => false,
        };
        let names_git_tag = is_of_git_tag || words.iter().any(is_tag);
        let may_be_moved = || self.facts().tag.as_deref().is_some_and(is_moving_tag);
        let names_commit = matches!(rule.kind, RuleKind::Sha { .. })
            || words.iter().any(|word| matches!(word, Word::Sha))
            || ((is_whole && is_of_git_tag || words.iter().any(is_tag)) && !may_be_moved());
        let names_run =
            !matches!(rule.kind, RuleKind::Raw { .. } | RuleKind::Version { .. }) || !words.is_empty();
        let names_branch =
            matches!(rule.kind, RuleKind::Ref(RunSubjectKind::Branch | RunSubjectKind::PullRequest))
                || words
                    .iter()
                    .copied()
                    .chain(value_words())
                    .any(|word| matches!(word, Word::Branch | Word::BaseRef));
        let constant = matches!(rule.kind, RuleKind::Raw { .. }).then_some(core.tag);
        let constant = constant.filter(|_| words.is_empty());
        // A branch may be called as it likes, and numbers may end a version by themselves.
        let is_ours = constant.is_some() || !matches!(origin, Origin::Other);
        let is_word =
            suffix.tag.starts_with(SEPARATORS) && suffix.tag.contains(|c: char| c.is_ascii_alphabetic());
        if is_ours && is_word && stem.ends_with(&suffix.tag) {
            return Err(RuleError::SuffixTwice { text: text.tag, suffix: suffix.tag });
        }
        Ok(Some(Given::Tag(Box::new(RenderedTag {
            rule: at,
            text,
            origin,
            names_commit,
            names_run,
            names_branch,
            names_git_tag,
            stem,
            constant,
        }))))
    }

    fn core(&self, kind: &RuleKind, tag_prefix: &str) -> Result<Core, RuleError> {
        let other = |text| Core::Text(text, Box::new(Origin::Other));
        Ok(match kind {
            RuleKind::Schedule { pattern } => match self.facts().event.as_deref() {
                Some("schedule") => other(self.render(pattern)?),
                _ => Core::Nothing,
            },
            RuleKind::Version { scheme, pattern, value, part } => {
                let values = self.values(value.as_ref(), tag_prefix)?;
                version(*scheme, pattern, &values, part.as_ref())?
            }
            RuleKind::Match { pattern, group, value } => {
                let values = self.values(value.as_ref(), tag_prefix)?;
                let found = values.iter().find_map(|value| {
                    let found = pattern.captures(value)?.get(*group).filter(|found| !found.is_empty())?;
                    Some((value, found))
                });
                match (found, values.last()) {
                    (Some((value, found)), _) => {
                        let part = found.as_str().to_owned();
                        let from = value[found.start()..].to_owned();
                        let text = Rendered::of_fact(&part);
                        let whole = value.clone();
                        Core::Text(
                            text,
                            Box::new(Origin::GitTag { part, whole, from, given: OfGitTag::Match }),
                        )
                    }
                    (None, Some(value)) => {
                        let (pattern, value) = (pattern.text().to_owned(), value.clone());
                        Core::Note(RuleNote::NoMatch { pattern, value })
                    }
                    (None, None) => Core::Nothing,
                }
            }
            RuleKind::Edge { branch } => {
                let RunSubject::Branch(at) = self.subject()? else { return Ok(Core::Nothing) };
                let edge = match branch {
                    Some(branch) => branch,
                    None => self.default_branch(None)?,
                };
                if edge == at { other(Rendered::of_fact("edge")) } else { Core::Nothing }
            }
            RuleKind::Ref(event) => match (event, self.subject()?) {
                (RunSubjectKind::Branch, RunSubject::Branch(branch)) => other(Rendered::of_fact(branch)),
                (RunSubjectKind::Tag, RunSubject::Tag(tag)) => {
                    let behind = tag.strip_prefix(tag_prefix).unwrap_or(tag);
                    let [part, whole, from] = [behind; 3].map(str::to_owned);
                    let given = if behind == tag { OfGitTag::Whole } else { OfGitTag::WithPrefix };
                    let origin = Origin::GitTag { part, whole, from, given };
                    Core::Text(Rendered::of_fact(tag), Box::new(origin))
                }
                (RunSubjectKind::PullRequest, RunSubject::PullRequest(number)) => {
                    other(Rendered::of_fact(&number.to_string()))
                }
                _ => Core::Nothing,
            },
            RuleKind::Raw { value } => match self.render(value) {
                Ok(text) => other(text),
                Err(RuleError::MissingFact { word: Some(word), at: Some(_), .. }) if value.is_word() => {
                    Core::Note(RuleNote::NoWord { word })
                }
                Err(error) => return Err(error),
            },
            RuleKind::Sha { is_long } => {
                let facts = self.facts();
                let commit = if *is_long { facts.commit.as_deref() } else { facts.short_commit() };
                let missing = RuleError::MissingFact { word: None, fact: "commit", at: None };
                other(Rendered::of_fact(commit.ok_or(missing)?))
            }
        })
    }

    /// The texts that a rule of versions may be about, the best first: what follows the prefix of the git tag, and the git tag;
    /// none when the run is of no git tag.
    fn values(&self, value: Option<&Template>, tag_prefix: &str) -> Result<Vec<String>, RuleError> {
        if let Some(value) = value {
            return Ok(vec![self.render(value)?.plain]);
        }
        let RunSubject::Tag(tag) = self.subject()? else { return Ok(Vec::new()) };
        let behind = tag.strip_prefix(tag_prefix).filter(|behind| *behind != tag);
        Ok(behind.into_iter().chain([tag]).map(str::to_owned).collect())
    }

    pub(super) fn latest(
        &self,
        first: &RenderedTag,
        rules: &[Rule],
        flavor: &Flavor,
        notes: &mut Vec<(usize, RuleNote)>,
    ) -> Result<Option<String>, RuleError> {
        let apart = first.no_version().filter(|name| is_apart(name, rules));
        if flavor.latest == Latest::Auto
            && let Some(name) = apart
        {
            let note = RuleNote::NoVersionLatest(name.to_owned());
            notes.extend((name != LATEST).then_some((first.rule, note)));
            return Ok(None);
        }
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
        let affix = |affix: &Option<Affix>| match affix {
            Some(affix) if affix.on_latest => self.render(&affix.template),
            _ => Ok(Rendered::default()),
        };
        let latest = format!("{}latest{}", affix(&flavor.prefix)?.tag, affix(&flavor.suffix)?.tag);
        check(&latest)?;
        Ok(Some(latest))
    }
}

/// Whether a name that is no version leaves `latest` to those: it has no number, or other rules read versions.
fn is_apart(name: &str, rules: &[Rule]) -> bool {
    let reads_versions = |rule: &Rule| matches!(rule.kind, RuleKind::Version { .. });
    is_moving_tag(name) || rules.iter().any(reads_versions)
}

/// What a rule of versions comes to, of the first of the values that it takes.
fn version(
    scheme: RuleScheme,
    pattern: &Template,
    values: &[String],
    part: Option<&Expression>,
) -> Result<Core, RuleError> {
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return Ok(Core::Nothing) };
    let value = match part {
        None => first.clone(),
        Some(part) => match values.iter().find_map(|value| part.captures(value)?.get(1)) {
            Some(found) => found.as_str().to_owned(),
            None => {
                let (pattern, value) = (part.text().to_owned(), last.clone());
                return Ok(Core::Note(RuleNote::NoMatch { pattern, value }));
            }
        },
    };
    let text = value.replace('/', "-");
    let (parts, name) = match scheme {
        RuleScheme::SemVer => (parts::semver(&text), "SemVer"),
        RuleScheme::Pep440 => (parts::pep440(&text), "PEP 440"),
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
        (text, depth) = (Rendered::of_fact(&version), usize::MAX);
    }
    Ok(Core::Text(text, Box::new(Origin::Version { found, source: value, depth, is_final })))
}

fn check(tag: &str) -> Result<(), RuleError> {
    match tag.parse::<Tag>() {
        Ok(_) => Ok(()),
        Err(problem) => Err(RuleError::NoTag { text: tag.to_owned(), problem }),
    }
}
