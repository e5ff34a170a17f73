//! What an image would publish in a run of something else.

use super::claims;
use crate::facts::{Facts, Known};
use crate::pattern::{self, PatternError, Uses, Words};
use crate::resolve::images::image::UnresolvedImage;
use crate::resolve::images::rules::AppliedRules;
use crate::resolve::images::runs::{OfRun, RunReader};
use crate::resolve::publication::ImaginedTag;
use crate::rules;
use crate::spec::TagPattern;
use crate::tags::{self, Claim};
use crate::version::Version;

/// What an image would publish in a run.
pub(in crate::resolve) struct Imagined {
    /// The version that it would have there.
    pub(in crate::resolve) version: Option<Version>,
    /// Whether the git tag tells the version.
    pub(in crate::resolve) is_of_tag: bool,
    /// Its tags, without what a variant puts behind them.
    pub(in crate::resolve) tags: Vec<ImaginedTag>,
}

/// What each run knows: the facts that are known without asking git, and what is usual.
pub(in crate::resolve) fn usual(given: &Facts) -> Facts {
    let text = |known: &Option<String>, usual: &str| known.clone().or_else(|| Some(usual.to_owned()));
    Facts {
        event: Some("push".to_owned()),
        commit: text(&given.commit, "0123456789abcdef0123456789abcdef01234567"),
        commit_time: given.commit_time.or_else(|| "2026-01-01T00:00:00Z".parse().ok()),
        default_branch: text(&given.default_branch, "main"),
        ..given.clone()
    }
}

impl Imagined {
    /// What there would be in a run with these facts, as far as that can be told; `None` in one that is not of the image.
    pub(in crate::resolve) fn of(image: &UnresolvedImage, facts: Known<'_>) -> Option<Self> {
        let settings = image.settings();
        let reader = RunReader::of(image);
        let (mut version, mut is_of_tag, mut is_of_run) = match reader.read(facts) {
            OfRun::Own(own) => (Some(own.version.ok()?), own.is_of_tag, own.is_of_run),
            OfRun::Nothing
            | OfRun::Declined { is_of_tag: _ }
            | OfRun::Failed(PatternError::MissingFact { at: Some(_), .. }, _) => (None, false, false),
            OfRun::Elsewhere { .. } | OfRun::Failed(..) => return None,
        };
        // Beside versions, a constant without a condition is theirs.
        let is_absent = settings.version.is_some() && version.is_none();
        let rules = AppliedRules::imagined(settings, image.names(), version.as_ref(), reader.prefix(), facts);
        if let Some(found) = rules.as_ref().and_then(AppliedRules::version).filter(|_| version.is_none()) {
            version = Version::parse_with(found.text(), settings.scheme, &image.tails).ok();
            (is_of_tag, is_of_run) = (true, true);
        }
        let mut tags = rules.map(|rules| rules.imagined_tags(version.as_ref())).unwrap_or_default();
        let words = Words { version: version.as_ref(), facts, image: image.names() };
        let default: Vec<TagPattern> = match settings.version {
            Some(_) => tags::default_patterns().into_iter().map(TagPattern::verbatim).collect(),
            None => Vec::new(),
        };
        let is_prerelease = version.as_ref().is_some_and(Version::is_prerelease);
        let channel = |text| TagPattern { pattern: text, ..TagPattern::verbatim("") };
        let channels: Vec<TagPattern> = settings.channels.iter().cloned().map(channel).collect();
        let of_versions = settings.tags.as_ref().unwrap_or(&default).iter().map(|one| (one, None));
        let of_prereleases = settings.prerelease_tags.iter().filter(|_| is_prerelease);
        let of_prereleases = of_prereleases.map(|one| (one, Some(Claim::Prereleases(0))));
        let of_channels =
            channels.iter().filter(|_| version.is_some()).map(|one| (one, Some(Claim::Channel)));
        for (one, claim) in of_versions.chain(of_prereleases).chain(of_channels) {
            if rules::is_rule(one.pattern.as_str()) || one.is_off() {
                continue;
            }
            let holds =
                one.when.as_ref().is_none_or(|when| pattern::holds(when.as_str(), &words) == Ok(true));
            let (true, Ok(Some(rendered))) = (holds, pattern::render(one.pattern.as_str(), &words)) else {
                continue;
            };
            let is_constant = rendered.uses == Uses::default();
            if rendered.text.is_empty() || is_absent && is_constant && one.when.is_none() {
                continue;
            }
            tags.push(ImaginedTag {
                claim: claim.unwrap_or_else(|| claims::claim(one, &rendered, image, is_of_run, &words)),
                shows_version: rendered.uses.depth > 0,
                is_constant,
                is_let: one.any,
                text: rendered.text,
            });
        }
        Some(Self { version, is_of_tag, tags })
    }
}
