//! What is wrong with tags that are given by name, without a plan that says more of them: another version's or commit's, or
//! those of versions for what nothing tells the version of.

use super::super::guard::decide::{Decision, not_listed};
use super::super::guard::ready::Ready;
use super::super::report::Outcome;
use super::super::tools::Options;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::published::given;
use crate::published::plan_json::{RunEntry, TagEntry};
use crate::published::record::{Known, Question, Questions};
use crate::published::release::{MAX_RELEASES, has_same_numbers};
use crate::published::sites::Site;
use crate::published::survey::{Round, Survey};
use crate::reference::{Digest, Tag};
use crate::version::{Class, Version};

/// Tags that versions own, `latest` or `1.4`, in repositories of versions, when nothing tells which version they are to be:
/// they might go back.
pub(super) fn unknown_versions(
    ready: &[Ready<'_>],
    sources: &[(usize, Tag)],
    sites: &[Site],
    options: Options,
    survey: &mut Survey<'_>,
) -> Vec<Diagnostic> {
    let unknown = ready.iter().filter(|one| one.image.version.is_none());
    let moved: Vec<(&Ready<'_>, &Decision)> = unknown
        .flat_map(|one| one.decisions.iter().map(move |decision| (one, decision)))
        .filter(|(_, decision)| decision.report.outcome.writes())
        .filter(|(_, one)| is_of_versions(&one.tag, options))
        .collect();
    let mut problems = match survey.ask(moved.iter().map(|(_, one)| (one.site, Question::Tags)).collect()) {
        Round::Idle => Vec::new(),
        Round::Asked(failures) => failures,
    };
    let cure = "promote the version's own tag, such as `REPOSITORY:1.4.2`; or pass `--allow-backward` to move the tag all the same";
    for (ready, decision) in moved {
        let listed = match survey.records()[decision.site].tags() {
            Known::Present(listed) => listed,
            Known::Faulty(fault) => {
                let message = format!(
                    "nothing tells which version {} is, nor whether the repository of `{}` has versions: its tags cannot be listed",
                    ready.manifest.digest, decision.report.reference
                );
                let problem = Diagnostic::error(Code::UNKNOWN_VERSION, message);
                problems.push(problem.with_note(fault.message()).with_help(cure));
                continue;
            }
            Known::Unasked | Known::Absent => &[],
        };
        // A list that lacks what is there may lack versions, too.
        let decided = ready.decisions.iter().filter(|one| one.site == decision.site);
        let there = decided.filter(|one| one.report.previous.is_some()).map(|one| &one.tag);
        let from = sources.iter().filter(|(site, _)| *site == decision.site).map(|(_, tag)| tag);
        if let Some(lacking) = there.chain(from).find(|tag| !listed.contains(tag)) {
            let problem = not_listed(&sites[decision.site].location, lacking);
            if !problems.contains(&problem) {
                problems.push(problem);
            }
            continue;
        }
        if let Some(version) = listed.iter().find(|tag| given::is_own_tag(tag)) {
            let message = format!(
                "nothing tells which version {} is, and the repository of `{}` has versions, such as `{version}`",
                ready.manifest.digest, decision.report.reference
            );
            problems.push(Diagnostic::error(Code::UNKNOWN_VERSION, message).with_help(cure));
        }
    }
    problems
}

/// Whether a tag is for versions, so that nothing else may take it.
fn is_of_versions(tag: &Tag, options: Options) -> bool {
    given::is_latest(tag) || (!options.allow_other_version && given::named_version(tag).is_some())
}

/// The own tag of the version that has this digest in the repository of the source, where these tags are for versions. Nothing
/// where it has those of several.
///
/// # Errors
/// What the registry answers.
pub(super) fn own_tag_of<'t>(
    site: usize,
    digest: &Digest,
    mut tags: impl Iterator<Item = &'t Tag>,
    options: Options,
    survey: &mut Survey<'_>,
) -> Result<Option<Tag>, Vec<Diagnostic>> {
    if options.allow_backward || !tags.any(|tag| is_of_versions(tag, options)) {
        return Ok(None);
    }
    let ask = |questions: Questions, survey: &mut Survey<'_>| match survey.ask(questions) {
        Round::Asked(failures) if !failures.is_empty() => Err(failures),
        Round::Asked(_) | Round::Idle => Ok(()),
    };
    ask([(site, Question::Tags)].into(), survey)?;
    let listed = survey.records()[site].tags().present().unwrap_or_default();
    let version = |tag: &Tag| given::named_version(tag).filter(|_| given::is_own_tag(tag));
    let mut own: Vec<(Tag, Version)> =
        listed.iter().filter_map(|tag| Some((tag.clone(), version(tag)?))).collect();
    own.sort_by(|(_, a), (_, b)| b.cmp(a));
    own.truncate(MAX_RELEASES);
    ask(own.iter().map(|(tag, _)| (site, Question::Tag(tag.clone()))).collect(), survey)?;
    let record = &survey.records()[site];
    own.retain(|(tag, _)| record.tag(tag).present() == Some(digest));
    // The plain one, if a variant has the same content.
    own.sort_by_key(|(tag, _)| tag.as_str().len());
    let is_one = own.windows(2).all(|two| has_same_numbers(&two[0].1, &two[1].1));
    Ok(own.into_iter().next().map(|(tag, _)| tag).filter(|_| is_one))
}

/// The commit that the source and these tags name, if they do.
///
/// # Errors
/// When they name several: the tag of a commit never stands for another one.
pub(super) fn commit_of<'t>(
    source: Option<&'t Tag>,
    tags: impl Iterator<Item = &'t Tag>,
) -> Result<Option<RunEntry>, Diagnostic> {
    let tags: Vec<&Tag> = tags.collect();
    let all = || source.into_iter().chain(tags.iter().copied());
    let commit =
        |tag: &'t Tag| given::commit_in(tag).or_else(|| all().find_map(|one| given::commit_like(tag, one)));
    let mut first: Option<(&Tag, RunEntry)> = None;
    for &tag in &tags {
        let Some(commit) = commit(tag) else { continue };
        let (other, run) = first.get_or_insert_with(|| {
            (tag, RunEntry { commit: Some(commit.to_owned()), ..RunEntry::default() })
        });
        if run.excludes_planned(commit) {
            return Err(of_commits(other, tag));
        }
    }
    let Some((tag, run)) = first else { return Ok(None) };
    match source.and_then(|source| Some((source, commit(source)?))) {
        Some((source, commit)) if run.excludes_planned(commit) => Err(of_commits(source, tag)),
        _ => Ok(Some(run)),
    }
}

fn of_commits(one: &Tag, other: &Tag) -> Diagnostic {
    let message = format!("`{one}` is of another commit by its name than `{other}`");
    Diagnostic::error(Code::OTHER_PLAN, message).with_help(
        "the tag of a commit never stands for another one: promote what was built from that commit",
    )
}

/// Refuses to give own tags of versions and commits another digest.
pub(super) fn replaced(ready: &Ready<'_>) -> impl Iterator<Item = Diagnostic> {
    let replaced = ready.decisions.iter().filter(|one| one.report.outcome == Outcome::Replaced);
    replaced.map(|one| immutable(ready, one))
}

/// The error about an own tag that would get another digest.
fn immutable(ready: &Ready<'_>, one: &Decision) -> Diagnostic {
    let had = one.report.previous.as_ref().map_or("", Digest::as_str);
    let whose = if ready.is_of_commit(one) { "the tag of a commit" } else { "a version's own tag" };
    let message = format!(
        "`{}` is {whose} and has {had}, but what is promoted is {}",
        one.report.reference, ready.manifest.digest
    );
    Diagnostic::error(Code::IMMUTABLE_TAG, message)
        .with_help("release a new version; or pass `--allow-retag` to give the tag another digest")
}

/// What is wrong with giving these tags, without a plan that says more of them. `named` is the version as it was named,
/// with its variant.
pub(super) fn given_tags(
    ready: &Ready<'_>,
    source: Option<&Tag>,
    named: Option<&Version>,
    options: Options,
) -> Vec<Diagnostic> {
    let prefixes = given::prefixes(ready.image, source);
    let mut problems: Vec<Diagnostic> = Vec::new();
    if !options.allow_retag {
        problems.extend(replaced(ready));
    }
    for one in &ready.decisions {
        let version = ready.image.version.as_ref();
        let other = given::other_version(version, &prefixes, &one.tag);
        // That it may be another version does not allow taking that version's tag away.
        let is_of_other = match &other {
            Some(other) => given::is_full(other),
            None => version.is_none() && given::is_own_tag(&one.tag),
        };
        if is_of_other && one.report.outcome == Outcome::Moved && !options.allow_retag {
            problems.push(immutable(ready, one));
        }
        problems.extend(other.filter(|_| !options.allow_other_version).map(|other| {
            let message = format!(
                "what is promoted is version `{}`, but the tag `{}` is for `{}`",
                ready.image.version.as_ref().map_or("", Version::text),
                one.report.reference,
                other.text()
            );
            Diagnostic::error(Code::OTHER_VERSION, message)
                .with_help("promote that version; or pass `--allow-other-version`")
        }));
        let planned = ready.image.tags.iter().find(|tag| tag.name == one.tag);
        let Some(named) = named.filter(|_| planned.and_then(TagEntry::follows).is_some()) else { continue };
        if one.report.outcome.writes() && !options.allow_backward {
            problems.extend(not_for(named, &one.report.reference, &one.tag));
        }
    }
    problems
}

/// Why a floating tag is not for a version: it is for releases, or for another variant.
fn not_for(named: &Version, reference: &str, tag: &Tag) -> Option<Diagnostic> {
    let (problem, help) = match named.class() {
        Class::Stable => return None,
        Class::Prerelease => (
            format!(
                "`{reference}` is for releases, and what is promoted is `{}`, which is not one",
                named.text()
            ),
            "promote a release".to_owned(),
        ),
        Class::Unknown if given::has_variant(tag, named) => return None,
        Class::Unknown => (
            format!(
                "`{reference}` is for all variants or another one, and what is promoted is `{}`",
                named.text()
            ),
            format!("give it tags that end in `{}`, or promote the version without", named.tail()),
        ),
    };
    Some(
        Diagnostic::error(Code::PRERELEASE, problem)
            .with_help(format!("{help}; or pass `--allow-backward` to move the tag all the same")),
    )
}
