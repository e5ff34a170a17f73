//! Applies rules in a run: tags, the version that they are about, and whether it is `latest`.

use super::error::{RuleError, RuleNote};
use super::render::Given;
use super::run::Run;
use super::tag::{Origin, RenderedTag};
use super::template::Rendered;
use super::{Flavor, Rule};
use crate::facts::Known;
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
    /// Whether it names a branch or a pull request, which anybody may call or number as versions are.
    pub names_branch: bool,
    /// Whether it names the git tag, or a part of it that is no pattern of versions.
    pub names_git_tag: bool,
    /// The tag without its suffix.
    pub stem: String,
    /// What a rule `raw` without words says, without its prefix and suffix.
    pub constant: Option<String>,
    /// The text before characters were replaced that tags cannot hold, if any were: of the branch `a/b`. Another
    /// branch may come to the same tag.
    pub altered: Option<String>,
}

/// Applies rules to the facts of a run.
///
/// # Errors
/// Gives all rules that cannot be applied, by their positions.
pub fn apply(rules: &[Rule], flavor: &Flavor, facts: Known<'_>) -> Result<Outcome, Vec<(usize, RuleError)>> {
    let run = Run::new(facts);
    let mut order: Vec<usize> = (0..rules.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(rules[at].priority));
    let (mut rendered, mut notes, mut errors) = (Vec::<RenderedTag>::new(), Vec::new(), Vec::new());
    for at in order {
        match run.tag(at, &rules[at], flavor) {
            Ok(Some(Given::Tag(tag))) => rendered.push(*tag),
            Ok(Some(Given::Note(note))) => notes.push((at, note)),
            Ok(None) => {}
            Err(error) => errors.push((at, error)),
        }
    }
    let version = match version(&rendered) {
        Ok(version) => version,
        Err(error) => {
            errors.push(error);
            None
        }
    };
    let latest = match rendered.first() {
        None => None,
        Some(first) => run.latest(first, rules, flavor, &mut notes).unwrap_or_else(|error| {
            errors.push((first.rule, error));
            None
        }),
    };
    if !errors.is_empty() {
        errors.sort_by_key(|(at, _)| *at);
        return Err(errors);
    }

    let mut tags: Vec<RuleTag> = Vec::new();
    for rendered in rendered {
        if rendered.text.tag == latest.as_deref().unwrap_or_default()
            || tags.iter().any(|tag| tag.text == rendered.text.tag)
        {
            continue;
        }
        notes.extend(rendered.note().map(|note| (rendered.rule, note)));
        let depth = rendered.depth(version.as_ref());
        let RenderedTag {
            text,
            rule,
            origin: _,
            names_commit,
            names_run,
            names_branch,
            names_git_tag,
            stem,
            constant,
        } = rendered;
        let Rendered { tag, plain } = text;
        let altered = (tag != plain).then_some(plain);
        tags.push(RuleTag {
            text: tag,
            rule,
            depth,
            names_commit,
            names_run,
            names_branch,
            names_git_tag,
            stem,
            constant,
            altered,
        });
    }
    notes.sort_by_key(|(at, _)| *at);
    Ok(Outcome { tags, version, latest, notes })
}

/// The version that tags are about, which rules of versions decide first, then git tags, then parts of them.
fn version(rendered: &[RenderedTag]) -> Result<Option<Version>, (usize, RuleError)> {
    let mut first: Option<(&Version, &str)> = None;
    for tag in rendered {
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
    let found = rendered.iter().rev().filter_map(RenderedTag::version);
    Ok(found.max_by_key(|version| version.numbers().len()))
}
