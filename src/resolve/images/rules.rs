//! Rule lines of docker/metadata-action among the tags of an image: what they give in this run, and to whom it belongs.

use super::constants;
use super::forms::{self, Reading};
use super::version::{ImageVersion, tails_of};
use crate::code::Code;
use crate::commit;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Facts, Known};
use crate::form::{Form, Part};
use crate::pattern::{self, ImageNames, PatternError, Words};
use crate::resolve::input::Input;
use crate::resolve::publication::ImaginedTag;
use crate::rules::{self, Flavor, Outcome, Rule, RuleError, RuleNote, RuleTag};
use crate::source::Span;
use crate::spec::{Settings, TagPattern};
use crate::tags::{self, CandidateName, Claim, LATEST};
use crate::version::Version;

/// The rule lines of an image, applied to the facts of the run.
#[derive(Clone, Debug)]
pub(in crate::resolve) struct AppliedRules {
    /// The rules that hold in this run.
    rules: Vec<AppliedRule>,
    flavor: Flavor,
    outcome: Outcome,
}

/// A rule line that holds.
#[derive(Clone, Debug)]
struct AppliedRule {
    rule: Rule,
    /// As it is written.
    line: TagPattern,
}

/// A tag of the run with a name or a number in it.
pub(in crate::resolve) struct NamedTag<'a> {
    /// The entry that gives it.
    pub(in crate::resolve) line: &'a TagPattern,
    pub(in crate::resolve) text: &'a str,
    /// The tag without its suffix.
    pub(in crate::resolve) stem: &'a str,
    /// Whether the name is a branch's.
    pub(in crate::resolve) names_branch: bool,
    /// Whether it is a name, and no number.
    pub(in crate::resolve) has_name: bool,
    /// Whether the pattern itself has numbers and a word in front.
    pub(in crate::resolve) is_told_apart: bool,
    /// Whether a commit or a version is in it, too, so that it is compared with other branches alone.
    pub(in crate::resolve) is_marked: bool,
}

impl AppliedRule {
    fn span(&self) -> Option<Span> {
        self.line.pattern.span
    }
}

/// What stands before the versions in git tags by the expressions of rule lines that cut them out, in whatever runs.
pub(in crate::resolve) fn heads(settings: &Settings, image: ImageNames<'_>) -> Vec<String> {
    let lines = settings.tags.iter().flatten().map(|one| one.pattern.as_str());
    let lines = lines.filter(|line| rules::is_rule(line));
    lines.filter_map(|line| Rule::of_image(line, image).ok()?.head()).collect()
}

/// Applies an image's rule lines; `None` when it has none, or they cannot be read.
pub(in crate::resolve) fn apply(
    settings: &Settings,
    image: ImageNames<'_>,
    version: &ImageVersion,
    tag_prefix: Option<&str>,
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<AppliedRules> {
    let lines: Vec<&TagPattern> = settings
        .tags
        .iter()
        .flatten()
        .filter(|one| rules::is_rule(one.pattern.as_str()) && !one.is_off())
        .collect();
    if lines.is_empty() {
        return None;
    }
    let mut found = Diagnostics::default();
    let flavors: Vec<String> =
        settings.flavor.iter().map(|line| rules::named(line.as_str(), image)).collect();
    let flavor = Flavor::parse(flavors.iter().map(String::as_str)).unwrap_or_else(|(at, e)| {
        found.report(wrong(&e, settings.flavor[at].span));
        Flavor::default()
    });
    for one in settings.tags.iter().flatten() {
        let text = one.pattern.as_str();
        if rules::is_rule(text) || one.is_off() || !flavor.is_missing_in(text) {
            continue;
        }
        let message = format!("`{text}` is not a rule line, so `flavor` puts nothing before or behind it");
        let value = if pattern::is_pattern(text) { "…" } else { text };
        let help = format!(
            "`type=raw,value={value}` has them, and `type=raw,value={value},prefix=,suffix=` is the tag without"
        );
        diagnostics
            .report(Diagnostic::warning(Code::FLAVOR, message).at(one.pattern.span, "").with_help(help));
    }
    let flavor = flavor.with_tag_prefix(tag_prefix.unwrap_or_default());
    let mut applied = Vec::new();
    for line in lines {
        match Rule::of_image(line.pattern.as_str(), image) {
            Ok(rule) if holds(line, image, version, input, &mut found, diagnostics) => {
                applied.push(AppliedRule { rule, line: line.clone() });
            }
            Ok(_) => {}
            Err(e) => found.report(wrong(&e, line.pattern.span)),
        }
    }
    let outcome = loop {
        let errors = match outcome(&applied, &flavor, input.facts) {
            Ok(outcome) => break outcome,
            Err(errors) => errors,
        };
        let is_left_out = |error: &RuleError| {
            input.purpose.is_committed() && matches!(error, RuleError::MissingFact { .. })
        };
        let (left_out, errors): (Vec<_>, Vec<_>) = errors.into_iter().partition(|(_, e)| is_left_out(e));
        found.extend(errors.iter().map(|(at, e)| wrong(e, applied[*at].span())));
        if left_out.is_empty() {
            break Outcome::default();
        }
        // The others give what they give without these.
        for (at, error) in left_out.iter().rev() {
            let one = applied.remove(*at);
            let fact = if one.rule.is_of_git_tags() { Some("tag") } else { error.missing_fact() };
            input.leave_out(one.span(), fact, diagnostics);
        }
    };
    let failed = !found.is_empty();
    diagnostics.extend(found);
    if failed {
        return None;
    }
    for (at, note) in &outcome.notes {
        let told = Diagnostic::note(Code::TAG_RULE, note.to_string()).at(applied[*at].span(), "");
        diagnostics.report(note.help().into_iter().fold(told, Diagnostic::with_help));
    }
    Some(AppliedRules { rules: applied, flavor, outcome })
}

fn outcome(
    rules: &[AppliedRule],
    flavor: &Flavor,
    facts: Known<'_>,
) -> Result<Outcome, Vec<(usize, RuleError)>> {
    let rules: Vec<Rule> = rules.iter().map(|one| one.rule.clone()).collect();
    rules::apply(&rules, flavor, facts)
}

fn wrong(error: &RuleError, span: Option<Span>) -> Diagnostic {
    Diagnostic::error(Code::TAG_RULE, error.to_string()).at(span, "").with_help(error.help())
}

fn holds(
    line: &TagPattern,
    image: ImageNames<'_>,
    version: &ImageVersion,
    input: &Input<'_>,
    found: &mut Diagnostics,
    diagnostics: &mut Diagnostics,
) -> bool {
    let Some(condition) = &line.when else { return true };
    let words = Words { version: version.known(), facts: input.facts, image };
    pattern::holds(condition.as_str(), &words).unwrap_or_else(|e| {
        if input.purpose.is_committed() && matches!(e, PatternError::MissingFact { .. }) {
            input.leave_out(line.pattern.span, e.missing_fact(), diagnostics);
            return false;
        }
        let diagnostic = Diagnostic::error(Code::TAG_PATTERN, e.to_string()).at(condition.span, "");
        found.report(diagnostic.with_help(e.help()));
        false
    })
}

impl AppliedRules {
    /// The version of the image: that of `version`, or else the one that the rules are about.
    pub(in crate::resolve) fn version_over(
        &self,
        version: ImageVersion,
        settings: &Settings,
        facts: Known<'_>,
        diagnostics: &mut Diagnostics,
    ) -> ImageVersion {
        let Some(found) = &self.outcome.version else { return version };
        // Versions are compared in the image's own scheme.
        let found =
            Version::parse_with(found.text(), settings.scheme, &tails_of(settings, found.text(), facts))
                .unwrap_or_else(|_| found.clone());
        match version {
            ImageVersion::None
            | ImageVersion::Refused
            | ImageVersion::Unknown(..)
            | ImageVersion::Absent { .. } => ImageVersion::Known { version: found, is_from_run: true },
            ImageVersion::Known { version, is_from_run } if version.cmp_precedence(&found).is_ne() => {
                let message =
                    format!("`version` is `{version}`, but the rules in `tags` are about `{found}`");
                let place = settings.version.as_ref().and_then(|text| text.span);
                let help =
                    "leave `version` out, or write patterns such as `{{ major }}` instead of the rules";
                diagnostics.report(Diagnostic::error(Code::VERSION, message).at(place, "").with_help(help));
                ImageVersion::Known { version, is_from_run }
            }
            known => known,
        }
    }

    /// What the rules cut out of the name of a git tag, as they do in a run of it.
    pub(in crate::resolve) fn versions_in<'t>(&self, git_tag: &'t str) -> impl Iterator<Item = &'t str> {
        self.rules.iter().filter_map(move |one| one.rule.version_in(git_tag, &self.flavor))
    }

    /// The names that the rules give, `latest` last.
    pub(in crate::resolve) fn names(
        &self,
        image: Reading<'_>,
        short_length: usize,
        diagnostics: &mut Diagnostics,
    ) -> Vec<CandidateName> {
        let version = image.version;
        let of_rules = self.outcome.tags.iter().map(|tag| {
            let AppliedRule { rule, line } = &self.rules[tag.rule];
            let claim = claim(tag, version, line.is_written);
            let said = rule.form(&self.flavor, short_length);
            let form = forms::of_image(&tag.text, claim, image, Some(said));
            CandidateName { name: tag.text.clone(), claim, form, span: line.pattern.span }
        });
        let of_all = || if version.is_some() { Claim::Versions(0) } else { Claim::Run };
        let first = self.outcome.tags.first().and_then(|tag| self.rules[tag.rule].span());
        let latest = self.outcome.latest.iter().map(|latest| CandidateName {
            name: latest.clone(),
            claim: of_all(),
            form: Form::text(latest),
            span: first.or(self.rules.first().and_then(AppliedRule::span)),
        });
        let names: Vec<CandidateName> = of_rules.chain(latest).collect();
        if let Some(version) = version.filter(|version| version.is_prerelease()) {
            for name in names.iter().filter(|name| matches!(name.claim, Claim::Versions(_))) {
                let message = format!("`{version}` is a prerelease, so it does not become `{}`", name.name);
                let help = "metadata-action would move it; for a floating name of prereleases, use `channels = [\"next\"]`";
                diagnostics
                    .report(Diagnostic::note(Code::TAG_RULE, message).at(name.span, "").with_help(help));
            }
        }
        names
    }

    /// The names that the rules give in a run of the git tag of another version.
    pub(in crate::resolve) fn names_of(&self, version: &Version, known: Known<'_>) -> Vec<CandidateName> {
        let facts: &Facts = known;
        let git_tag = format!("{}{}", self.flavor.tag_prefix(), version.text());
        let there = Facts {
            git_ref: Some(format!("refs/tags/{git_tag}")),
            tag: Some(git_tag),
            branch: None,
            pull_request: None,
            ..facts.clone()
        };
        let Ok(outcome) = outcome(&self.rules, &self.flavor, &&there) else { return Vec::new() };
        // A rule may be about one version in all runs.
        let is_of_it = outcome.version.as_ref().is_some_and(|found| found.cmp_precedence(version).is_eq());
        let names = outcome.tags.iter().filter(|_| is_of_it).map(|tag| CandidateName {
            name: tag.text.clone(),
            claim: claim(tag, Some(version), self.rules[tag.rule].line.is_written),
            form: Form::text(&tag.text),
            span: self.rules[tag.rule].span(),
        });
        names.collect()
    }

    /// What the rules of an image are in a run of something else, as far as that can be told.
    pub(in crate::resolve) fn imagined(
        settings: &Settings,
        image: ImageNames<'_>,
        version: Option<&Version>,
        tag_prefix: &str,
        facts: Known<'_>,
    ) -> Option<Self> {
        let flavors: Vec<String> =
            settings.flavor.iter().map(|line| rules::named(line.as_str(), image)).collect();
        let flavor = Flavor::parse(flavors.iter().map(String::as_str)).ok()?.with_tag_prefix(tag_prefix);
        let words = Words { version, facts, image };
        let holds = |line: &TagPattern| {
            line.when.as_ref().is_none_or(|when| pattern::holds(when.as_str(), &words) == Ok(true))
        };
        let lines = settings.tags.iter().flatten().filter(|one| !one.is_off());
        let lines = lines.filter(|line| rules::is_rule(line.pattern.as_str()) && holds(line));
        let read = |line: &TagPattern| {
            let rule = Rule::of_image(line.pattern.as_str(), image).ok()?;
            Some(AppliedRule { rule, line: line.clone() })
        };
        let rules: Vec<AppliedRule> = lines.filter_map(read).collect();
        let outcome = outcome(&rules, &flavor, facts).ok().filter(|_| !rules.is_empty())?;
        Some(Self { rules, flavor, outcome })
    }

    /// The version that the rules are about.
    pub(in crate::resolve) fn version(&self) -> Option<&Version> {
        self.outcome.version.as_ref()
    }

    /// The tags that they give beside this version.
    pub(in crate::resolve) fn imagined_tags(&self, version: Option<&Version>) -> Vec<ImaginedTag> {
        let of_rules = self.outcome.tags.iter().map(|tag| {
            let AppliedRule { rule, line } = &self.rules[tag.rule];
            ImaginedTag {
                text: tag.text.clone(),
                claim: claim(tag, version, line.is_written),
                shows_version: tag.depth.is_some() && rule.is_of_git_tags(),
                is_constant: rule.form(&self.flavor, commit::SHORT).is_text(),
                is_let: line.any,
            }
        });
        let latest = self.outcome.latest.iter().map(|latest| ImaginedTag {
            text: latest.clone(),
            claim: if version.is_some() { Claim::Versions(0) } else { Claim::Run },
            shows_version: false,
            is_constant: true,
            is_let: false,
        });
        of_rules.chain(latest).collect()
    }

    /// The tag that metadata-action calls the version: the first.
    pub(in crate::resolve) fn main(&self) -> Option<&str> {
        self.outcome.tags.first().map(|tag| tag.text.as_str())
    }

    /// The tags of this run that name what anybody may call as he likes, or number.
    pub(in crate::resolve) fn named(&self) -> impl Iterator<Item = NamedTag<'_>> {
        let is_named = |tag: &&RuleTag| {
            let names_branch = tag.names_branch && tag.names_run && !tag.names_commit;
            names_branch || tag.names_git_tag
        };
        self.outcome.tags.iter().filter(is_named).map(|tag| {
            let AppliedRule { rule, line } = &self.rules[tag.rule];
            let form = rule.form(&self.flavor, commit::SHORT);
            NamedTag {
                line,
                text: &tag.text,
                stem: &tag.stem,
                names_branch: tag.names_branch,
                has_name: tag.names_git_tag || form.has_name() || form.has_version(),
                is_told_apart: form.has_word_behind_numbers(),
                is_marked: false,
            }
        })
    }

    /// The tags of this run that are days, with their entries.
    pub(in crate::resolve) fn days(&self) -> impl Iterator<Item = (&TagPattern, &str)> {
        self.outcome.tags.iter().filter_map(|tag| {
            let AppliedRule { rule, line } = &self.rules[tag.rule];
            let form = rule.form(&self.flavor, commit::SHORT);
            let has_day = form.parts().iter().any(|part| matches!(part, Part::Date(_)));
            (has_day && !form.has_version() && !form.has_name()).then_some((line, tag.text.as_str()))
        })
    }

    /// The tags of this run that name nothing that anybody may call as he likes.
    pub(in crate::resolve) fn constants(&self) -> impl Iterator<Item = &str> {
        let is_free = |tag: &&RuleTag| tag.names_branch || tag.names_git_tag;
        self.outcome.tags.iter().filter(move |tag| !is_free(tag)).map(|tag| tag.text.as_str())
    }

    /// Whether the rules are about a prerelease that they let become no `latest`.
    pub(in crate::resolve) fn keep_latest_back(&self) -> bool {
        self.outcome.notes.iter().any(|(_, note)| matches!(note, RuleNote::PrereleaseLatest(_)))
    }

    /// Whether all versions that the rules tell of are cut out of git tags, so that no other tag is one.
    pub(in crate::resolve) fn cut_versions_out(&self) -> bool {
        let cuts: Vec<bool> = self.rules.iter().filter_map(|one| one.rule.cuts_version_out()).collect();
        !cuts.is_empty() && cuts.into_iter().all(|one| one)
    }
}

fn claim(tag: &RuleTag, version: Option<&Version>, is_written: bool) -> Claim {
    match (tag.depth, version) {
        _ if tag.names_commit => Claim::Literal,
        (Some(usize::MAX), Some(version)) if !version.build().is_empty() => {
            tags::claim(&tag.text, version, usize::MAX, false, false)
        }
        (Some(usize::MAX), _) => Claim::Literal,
        (Some(depth), Some(_)) => Claim::Versions(depth),
        _ if tag.names_run => Claim::Run,
        (None, Some(version)) => of_constant(tag, version, is_written),
        (None, None) => constants::claim(&tag.text),
        (Some(_), None) => Claim::Literal,
    }
}

/// What a rule `raw` without words stands for beside a version: it stays what it is, unless it says the version, a part
/// of it, a line of other releases that is written there (`1.2`) or `latest`, alone or with other words (`api-latest`), which a
/// backport or a prerelease must not take. What is written as it is has nothing of a version that the run brings.
fn of_constant(tag: &RuleTag, version: &Version, is_written: bool) -> Claim {
    let constant = tag.constant.as_deref().unwrap_or(&tag.text);
    let claim = if is_written {
        tags::claim_of_text(constant, version)
    } else {
        tags::claim(constant, version, 0, false, false)
    };
    match claim {
        Claim::Versions(0) if constant != LATEST && !constants::names_latest(&tag.text) => {
            // A variable may have the number of the run or a date, and `8` is in every release what `beta` is.
            match (is_written && constants::is_other_release(constant, version), constant.contains('.')) {
                (true, true) => claim,
                (true, false) => Claim::Run,
                (false, _) => constants::claim(&tag.text),
            }
        }
        Claim::Versions(depth) if version.is_prerelease() && constants::names_prereleases(&tag.text) => {
            Claim::Prereleases(depth)
        }
        claim => claim,
    }
}
