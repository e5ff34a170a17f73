//! The form that the tags of a rule have, whatever run they are of.

use super::template::{Template, Word};
use super::{Affix, Flavor, Latest, Rule, RuleKind, RunSubjectKind};
use crate::form::{Form, Part, joined};
use crate::reference::LATEST;

/// How many digits a commit has in hexadecimal.
const LONG_COMMIT: usize = 40;

impl Rule {
    /// The form of its tags.
    #[must_use]
    pub(crate) fn form(&self, flavor: &Flavor, sha_length: usize) -> Form {
        // Beside a whole version, its single numbers are any numbers: the next version has others.
        let is_whole = |word: &Word| matches!(word, Word::Raw | Word::Version);
        let has_whole = match &self.kind {
            RuleKind::Version { pattern, .. } => pattern.map(|_| false, is_whole).contains(&true),
            _ => false,
        };
        let parts = |template: &Template| {
            let word = |word: &Word| match part(word, sha_length) {
                Part::Version if has_whole && !is_whole(word) => Part::Number,
                part => part,
            };
            template.map(|text| Part::Text(text.to_owned()), word)
        };
        let of_all = |affix: &Option<Affix>| affix.as_ref().map(|affix| parts(&affix.template));
        let affix = |own: &Option<Template>, common: &Option<Affix>| {
            own.as_ref().map(parts).or_else(|| of_all(common)).unwrap_or_default()
        };
        let core = match &self.kind {
            RuleKind::Version { pattern, .. } => parts(pattern),
            RuleKind::Schedule { pattern } => parts(pattern),
            RuleKind::Raw { value } => parts(value),
            RuleKind::Match { .. } | RuleKind::Ref(RunSubjectKind::Tag) => vec![Part::Version],
            RuleKind::Edge { .. } => vec![Part::Text("edge".to_owned())],
            RuleKind::Ref(RunSubjectKind::Branch) => vec![Part::Name],
            RuleKind::Ref(RunSubjectKind::PullRequest) => vec![Part::Number],
            RuleKind::Sha { is_long } => vec![Part::Commit(if *is_long { LONG_COMMIT } else { sha_length })],
        };
        let (before, after) = (affix(&self.prefix, &flavor.prefix), affix(&self.suffix, &flavor.suffix));
        let mut all = joined(before.into_iter().chain(core).chain(after));
        // Two numbers that touch are one.
        all.dedup_by(|one, before| *one == Part::Number && *before == Part::Number);
        all.into_iter().collect()
    }
}

impl Flavor {
    /// The form of the `latest` that runs of versions have beside the tags of these rules, if they have one.
    pub(crate) fn latest_form(&self, rules: &[Rule], sha_length: usize) -> Option<Form> {
        let is_on = |rule: &&Rule| rule.enable.literal() != Some("false");
        let gives_it = |rule: &Rule| match &rule.kind {
            RuleKind::Version { .. } | RuleKind::Match { .. } => true,
            RuleKind::Ref(subject) => *subject == RunSubjectKind::Tag,
            RuleKind::Raw { .. }
            | RuleKind::Schedule { .. }
            | RuleKind::Edge { .. }
            | RuleKind::Sha { .. } => false,
        };
        let is_given = match self.latest {
            Latest::Never => false,
            Latest::Always => rules.iter().any(|rule| is_on(&rule)),
            Latest::Auto => rules.iter().filter(is_on).any(gives_it),
        };
        let affix = |affix: &Option<Affix>| {
            let affix = affix.as_ref().filter(|affix| affix.on_latest);
            let word = |word: &Word| part(word, sha_length);
            affix
                .map(|affix| affix.template.map(|text| Part::Text(text.to_owned()), word))
                .unwrap_or_default()
        };
        let core = Part::Text(LATEST.to_owned());
        let all = affix(&self.prefix).into_iter().chain([core]).chain(affix(&self.suffix));
        is_given.then(|| all.collect())
    }
}

fn part(word: &Word, sha_length: usize) -> Part {
    match word {
        Word::Raw | Word::Version | Word::Major | Word::Minor | Word::Patch => Part::Version,
        Word::Sha => Part::Commit(sha_length),
        Word::Branch | Word::Tag | Word::BaseRef | Word::IsDefaultBranch | Word::IsNotDefaultBranch => {
            Part::Name
        }
        Word::Date { format, .. } => format.strftime().map_or(Part::Name, Part::Date),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;

    use super::super::apply;
    use super::*;
    use crate::facts::Facts;

    #[test]
    fn versions_have_a_latest_of_this_form() {
        for (flavor, line, expected) in [
            ("latest=auto", "type=semver,pattern={{version}}", Some("latest")),
            ("latest=auto", "type=match,pattern=(.*)", Some("latest")),
            ("latest=auto", "type=ref,event=tag", Some("latest")),
            ("latest=auto", "type=ref,event=branch", None),
            ("latest=auto", "type=sha", None),
            ("latest=auto", "type=semver,pattern={{version}},enable=false", None),
            ("latest=false", "type=semver,pattern={{version}}", None),
            ("latest=true", "type=sha", Some("latest")),
            ("suffix=-slim", "type=semver,pattern={{version}}", Some("latest")),
            ("suffix=-slim,onlatest=true", "type=semver,pattern={{version}}", Some("latest-slim")),
        ] {
            let flavor = Flavor::parse([flavor]).unwrap();
            let found = flavor.latest_form(&[Rule::parse(line).unwrap()], 7).map(|form| form.to_string());
            assert_eq!(found.as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn each_rule_has_a_form() {
        let flavor = Flavor::default();
        for (line, expected) in [
            ("type=semver,pattern={{version}}", "{version}"),
            ("type=semver,pattern=v{{major}}.{{minor}}", "v{version}"),
            ("type=semver,pattern={{version}},prefix=api-,suffix=-debian", "api-{version}-debian"),
            ("type=pep440,pattern={{major}}-{{minor}}", "{name}"),
            ("type=semver,pattern=php{{major}}-{{version}}", "php{number}-{version}"),
            ("type=semver,pattern={{version}}-pg{{major}}.{{minor}}", "{version}-pg{number}.{number}"),
            ("type=match,pattern=\\d.\\d.\\d,prefix=rel-", "rel-{version}"),
            ("type=ref,event=tag", "{version}"),
            ("type=ref,event=branch", "{name}"),
            ("type=ref,event=pr", "pr-{number}"),
            ("type=edge", "edge"),
            ("type=sha", "sha-{commit:7}"),
            ("type=sha,format=long,prefix=", "{commit:40}"),
            ("type=schedule", "nightly"),
            ("type=schedule,pattern={{date 'YYYYMMDD'}}", "{date:%Y%m%d}"),
            (
                "type=schedule,pattern=nightly-{{date 'YYYY-MM-DD' tz='Asia/Tokyo'}}",
                "nightly-{date:%Y-%m-%d}",
            ),
            ("type=raw,value={{date 'YYYY.M.D'}}-{{sha}}", "{date:%Y.%-m.%-d}-{commit:7}"),
            ("type=raw,value={{commit_date 'YYYYMMDD[T]HHmm'}}", "{date:%Y%m%dT%H%M}"),
            ("type=raw,value={{date 'YYYY-MM-DD HH:mm'}}", "{date:%Y-%m-%d-%H-%M}"),
            ("type=raw,value={{date 'Do'}}", "{name}"),
            ("type=raw,value={{branch}}-{{sha}}", "{name}-{commit:7}"),
            ("type=raw,value=beta", "beta"),
        ] {
            let rule = Rule::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(rule.form(&flavor, 7).to_string(), expected, "{line}");
        }
        let flavor = Flavor::parse(["prefix=api-,onlatest=true", "suffix=-slim"]).unwrap();
        let rule = Rule::parse("type=semver,pattern={{major}},suffix=-x").unwrap();
        assert_eq!(rule.form(&flavor, 7).to_string(), "api-{version}-x");
    }

    #[test]
    fn what_a_rule_gives_is_of_its_form() {
        let run = |event: &str, git_ref: &str, second: i64| {
            Facts {
                event: Some(event.into()),
                git_ref: Some(git_ref.into()),
                commit: Some("860c1904a1ce19322e91ac35af1ab07466440c37".into()),
                commit_time: Timestamp::from_second(second).ok(),
                default_branch: Some("main".into()),
                sha_length: Some(9),
                ..Facts::default()
            }
            .with_ref_parts()
        };
        let runs = [
            run("push", "refs/tags/v1.2.3", 1_700_000_000),
            run("push", "refs/tags/v10.20.30-rc.1", 946_684_800),
            run("push", "refs/heads/main", 1_793_588_645),
            run("push", "refs/heads/feature/x-1", 1_800_000_000),
            run("pull_request", "refs/pull/12/merge", 1_700_000_000),
            run("schedule", "refs/heads/main", 1_767_225_599),
        ];
        let flavors =
            [&[][..], &["prefix=api-,onlatest=true"], &["suffix=-{{sha}}"], &["prefix={{branch}}-"]];
        let mut seen = BTreeSet::new();
        for line in [
            "type=semver,pattern={{version}}",
            "type=semver,pattern={{major}}.{{minor}}",
            "type=pep440,pattern=v{{major}}",
            "type=match,pattern=v(.*),group=1",
            "type=ref,event=tag",
            "type=ref,event=branch",
            "type=ref,event=pr",
            "type=edge",
            "type=sha",
            "type=sha,format=long",
            "type=schedule",
            "type=schedule,pattern={{date 'YYYYMMDD-HHmmss' tz='Asia/Tokyo'}}",
            "type=raw,value={{date 'YYYY.M.D'}}",
            "type=raw,value={{commit_date 'GGGG-WW'}}-{{sha}}",
            "type=raw,value={{date 'ddd D MMM YYYY'}}",
            "type=raw,value=beta",
        ] {
            let rule = Rule::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            for (flavor, facts) in flavors.iter().flat_map(|flavor| runs.iter().map(move |run| (flavor, run)))
            {
                let flavor = Flavor::parse(flavor.iter().copied()).unwrap();
                let Ok(outcome) = apply(std::slice::from_ref(&rule), &flavor, &facts) else { continue };
                let form = rule.form(&flavor, 9);
                for tag in outcome.tags {
                    assert!(form.fits(&tag.text), "{line}: {} is not of {form}", tag.text);
                    seen.insert(line);
                }
            }
        }
        assert_eq!(seen.len(), 16, "each rule gives a tag in some run: {seen:?}");
    }
}
