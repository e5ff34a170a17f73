//! What docker/metadata-action gives of a prerelease, where rules give something else here: to compare both.

use super::apply::{Outcome, apply};
use super::error::{RuleError, RuleNote};
use super::scope::Scope;
use super::template::{Template, Word};
use super::{Flavor, Latest, Rule, RuleKind};
use crate::facts::Known;
use crate::version::Version;

/// Applies rules as the action itself does. Of a prerelease, it makes `{{version}}` of each pattern but `{{raw}}`, and moves `latest`
/// for rules that are about no pattern.
///
/// # Errors
/// As [`apply`].
pub(crate) fn apply_as_action(
    rules: &[Rule],
    flavor: &Flavor,
    facts: Known<'_>,
) -> Result<Outcome, Vec<(usize, RuleError)>> {
    let version = facts.tag.as_deref().and_then(|tag| tag.parse::<Version>().ok());
    let whole = Template::parse("{{version}}", Scope::Version).ok();
    let Some(whole) = whole.filter(|_| version.is_some_and(|version| version.is_prerelease())) else {
        return apply(rules, flavor, facts);
    };
    let rules: Vec<Rule> = rules.iter().map(|rule| rule.of_prerelease(&whole)).collect();
    let outcome = apply(&rules, flavor, facts)?;
    if outcome.notes.iter().any(|(_, note)| matches!(note, RuleNote::PrereleaseLatest(_))) {
        return apply(&rules, &Flavor { latest: Latest::Always, ..flavor.clone() }, facts);
    }
    Ok(outcome)
}

impl Rule {
    /// The same with the whole version in place of its pattern.
    fn of_prerelease(&self, whole: &Template) -> Self {
        let mut rule = self.clone();
        if let RuleKind::Version { scheme: _, pattern, value: None, part: _ } = &mut rule.kind {
            let is_raw = pattern.is_word() && pattern.words().all(|word| matches!(word, Word::Raw));
            if !is_raw {
                *pattern = whole.clone();
            }
        }
        rule
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;

    fn both(rules: &[&str], flavor: &[&str], tag: &str) -> [String; 2] {
        let rules: Vec<Rule> = rules.iter().map(|rule| Rule::parse(rule).unwrap()).collect();
        let flavor = Flavor::parse(flavor.iter().copied()).unwrap();
        let facts = Facts {
            event: Some("push".to_owned()),
            git_ref: Some(format!("refs/tags/{tag}")),
            default_branch: Some("main".to_owned()),
            ..Facts::default()
        };
        let facts = facts.with_ref_parts();
        [apply(&rules, &flavor, &&facts), apply_as_action(&rules, &flavor, &&facts)].map(|outcome| {
            let outcome = outcome.unwrap();
            let tags: Vec<String> =
                outcome.tags.into_iter().map(|tag| tag.text).chain(outcome.latest).collect();
            tags.join(" ")
        })
    }

    #[test]
    fn prereleases_are_those_of_the_action() {
        for (rules, flavor, here, there) in [
            (&["type=semver,pattern=v{{version}}"][..], &[][..], "v1.2.3-rc.1", "1.2.3-rc.1"),
            (&["type=semver,pattern=v{{major}}"], &[], "", "1.2.3-rc.1"),
            (&["type=semver,pattern={{version}}-x"], &["suffix=-y"], "1.2.3-rc.1-x-y", "1.2.3-rc.1-y"),
            (&["type=pep440,pattern=v{{version}}"], &[], "v1.2.3rc1", "1.2.3rc1"),
            (&["type=ref,event=tag"], &[], "v1.2.3-rc.1", "v1.2.3-rc.1 latest"),
            (
                &["type=match,pattern=v(.*),group=1"],
                &["suffix=-y,onlatest=true"],
                "1.2.3-rc.1-y",
                "1.2.3-rc.1-y latest-y",
            ),
        ] {
            assert_eq!(both(rules, flavor, "v1.2.3-rc.1"), [here, there], "{rules:?}");
        }
        // The same in both.
        for rules in [
            &["type=semver,pattern={{version}}"][..],
            &["type=semver,pattern={{raw}}"],
            &["type=semver,pattern={{major}}.{{minor}}"],
            &["type=semver,pattern=v{{major}},value=1.2.3-rc.1", "type=raw,value=x"],
            &["type=semver,pattern={{version}}", "type=ref,event=tag"],
            &["type=ref,event=tag,enable=false", "type=raw,value=x"],
        ] {
            for tag in ["v1.2.3-rc.1", "v1.2.3"] {
                let [here, there] = both(rules, &[], tag);
                assert_eq!(here, there, "{rules:?} {tag}");
            }
        }
        for rule in
            ["type=semver,pattern=v{{version}}", "type=ref,event=tag", "type=match,pattern=v(.*),group=1"]
        {
            let [here, there] = both(&[rule], &[], "v1.2.3");
            assert_eq!(here, there, "{rule}");
            assert!(here.ends_with(" latest"), "{rule}: {here}");
        }
    }
}
