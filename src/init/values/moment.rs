//! The runs that serve as examples: pushes to the default branch and to another one, a schedule, a release, a pull request.

use crate::facts::Facts;
use crate::init::repository::world::World;

/// What a run knows and a pattern of ours has a word for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fact {
    /// `refs/heads/main`
    Ref,
    /// The name of the branch or the git tag.
    RefName,
    /// What stands in that before the first slash; in a pull request, its number.
    RefStart,
    /// What stands behind the last slash of the ref; in a pull request, `merge`.
    RefEnd,
    /// The name as GitLab shortens it for addresses: `feature-x` of `Feature/x`.
    RefSlug,
    /// The git tag.
    Tag,
    /// The git tag without a leading `v`.
    Version,
    /// The first one or two numbers of that.
    Numbers(usize),
    /// One of its numbers: the second one, the third one.
    Number(usize),
    /// What a run knows that makes a release, of the release.
    OfRelease(OfRelease),
    /// The commit, or its first digits.
    Commit(Option<usize>),
    /// The number of the pull request.
    PullRequest,
    /// The branch that it comes from.
    HeadBranch,
    /// The branch that it goes to.
    BaseBranch,
    /// The repository's default branch.
    DefaultBranch,
    /// The event.
    Event,
    /// The number of the run.
    RunNumber,
    /// The date, in the directives of `strftime`.
    Date(String),
}

/// What a run knows of a release that it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum OfRelease {
    /// Its git tag.
    Tag,
    /// The same without a leading `v`.
    Version,
    /// One of the numbers of that, from 0.
    Number(usize),
    /// That there is one: `true`; otherwise `false`, or nothing.
    Made {
        /// Whether other runs have `false`.
        or_false: bool,
    },
}

impl Fact {
    /// Whether some runs have none.
    pub(crate) fn may_lack(&self) -> bool {
        match self {
            Self::Tag | Self::Version | Self::Numbers(_) | Self::Number(_) => true,
            Self::OfRelease(OfRelease::Made { or_false }) => !or_false,
            Self::OfRelease(_) => true,
            other => other.is_of_request(),
        }
    }

    /// Whether only pull requests have it.
    pub(crate) fn is_of_request(&self) -> bool {
        matches!(self, Self::PullRequest | Self::HeadBranch | Self::BaseBranch)
    }
}

/// A run of CI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Moment {
    /// Something is pushed to the default branch.
    Branch,
    /// Something is pushed to another branch that starts workflows: which of those that are looked at.
    OtherBranch(usize),
    /// The clock starts it, on the default branch.
    Schedule,
    /// A git tag is pushed.
    Tag,
    /// A release is published on GitHub, whose git tag is built.
    Release,
    /// A pull request is opened.
    PullRequest,
    /// Something is pushed to the default branch, and the run makes a release of it.
    Made,
}

/// A branch that nothing names.
pub(crate) const ANY_BRANCH: &str = "another-branch";

/// How many other branches are looked at.
pub(crate) const OTHER_BRANCHES: usize = 8;

/// All of them.
pub(crate) const MOMENTS: [Moment; 6 + OTHER_BRANCHES] = {
    const BEHIND: [Moment; 5] =
        [Moment::Schedule, Moment::Tag, Moment::Release, Moment::PullRequest, Moment::Made];
    let mut all = [Moment::Branch; 6 + OTHER_BRANCHES];
    let mut at = 0;
    while at < OTHER_BRANCHES {
        all[1 + at] = Moment::OtherBranch(at);
        at += 1;
    }
    at = 0;
    while at < BEHIND.len() {
        all[1 + OTHER_BRANCHES + at] = BEHIND[at];
        at += 1;
    }
    all
};

/// What is known of each of [`MOMENTS`]; `None` when it cannot be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answers(pub(crate) [Option<bool>; MOMENTS.len()]);

impl Answers {
    /// What holds in each.
    pub(crate) fn of(ask: impl Fn(Moment) -> Option<bool>) -> Self {
        Self(MOMENTS.map(ask))
    }

    /// What holds in one.
    pub(crate) fn at(self, moment: Moment) -> Option<bool> {
        MOMENTS.iter().position(|one| *one == moment).and_then(|at| self.0[at])
    }

    /// Both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self::of(|moment| match (self.at(moment), other.at(moment)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        })
    }

    /// Whether it may hold in a run of a branch, of a git tag and of a pull request.
    pub(crate) fn may(self, moment: Moment) -> bool {
        self.at(moment) != Some(false)
    }
}

/// The number of the examples' runs, which is also that of plans outside of CI.
pub(crate) const RUN_NUMBER: &str = "0";

/// The commit of the examples.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The number of the pull request in the examples.
pub(crate) const PULL_REQUEST: u64 = 7;

/// When the commit of the examples was made.
pub(crate) const TIME: &str = "2026-01-02T03:04:05Z";

impl Moment {
    /// The event, in GitHub's words.
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::Branch | Self::OtherBranch(_) | Self::Tag | Self::Made => "push",
            Self::Schedule => "schedule",
            Self::Release => "release",
            Self::PullRequest => "pull_request",
        }
    }

    /// The full name of the ref.
    pub(crate) fn git_ref(self, world: &World) -> String {
        match self {
            Self::Branch | Self::Schedule | Self::Made => format!("refs/heads/{}", world.default_branch),
            Self::OtherBranch(at) => {
                format!("refs/heads/{}", world.other_branches.get(at).unwrap_or(&world.default_branch))
            }
            Self::Tag | Self::Release => format!("refs/tags/{}", world.tag),
            Self::PullRequest => format!("refs/pull/{PULL_REQUEST}/merge"),
        }
    }

    /// What a fact is in it; `None` when there is none.
    pub(crate) fn fact(self, fact: &Fact, world: &World) -> Option<String> {
        let tag = || matches!(self, Self::Tag | Self::Release).then(|| world.tag.clone());
        let of_request = |text: &str| (self == Self::PullRequest).then(|| text.to_owned());
        match fact {
            Fact::Ref => Some(self.git_ref(world)),
            Fact::RefName => {
                let git_ref = self.git_ref(world);
                git_ref.splitn(3, '/').nth(2).map(str::to_owned)
            }
            Fact::RefStart => self.git_ref(world).split('/').nth(2).map(str::to_owned),
            Fact::RefEnd => self.git_ref(world).rsplit('/').next().map(str::to_owned),
            Fact::RefSlug => {
                let of_slug = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
                let slug: String = self.fact(&Fact::RefName, world)?.chars().map(of_slug).take(63).collect();
                Some(slug.trim_matches('-').to_owned())
            }
            Fact::Tag => tag(),
            Fact::Version => tag().map(|tag| tag.strip_prefix('v').unwrap_or(&tag).to_owned()),
            Fact::Numbers(count) => {
                let version = self.fact(&Fact::Version, world)?;
                let cut = if *count == 1 { version.split_once('.') } else { version.rsplit_once('.') };
                Some(cut.map_or(version.clone(), |(numbers, _)| numbers.to_owned()))
            }
            Fact::Number(at) => {
                let version = self.fact(&Fact::Version, world)?;
                version.split('.').nth(*at).map(str::to_owned)
            }
            Fact::OfRelease(OfRelease::Made { or_false }) => {
                let is_made = self == Self::Made;
                (is_made || *or_false).then(|| is_made.to_string())
            }
            Fact::OfRelease(of) => {
                let of = match of {
                    OfRelease::Tag => Fact::Tag,
                    OfRelease::Number(at) => Fact::Number(*at),
                    OfRelease::Version | OfRelease::Made { or_false: _ } => Fact::Version,
                };
                (self == Self::Made).then(|| Self::Tag.fact(&of, world)).flatten()
            }
            Fact::Commit(None) => Some(COMMIT.to_owned()),
            Fact::Commit(Some(length)) => Some(COMMIT.get(..*length).unwrap_or(COMMIT).to_owned()),
            Fact::PullRequest => of_request(&PULL_REQUEST.to_string()),
            Fact::HeadBranch => of_request("change"),
            Fact::BaseBranch => of_request(&world.default_branch),
            Fact::DefaultBranch => Some(world.default_branch.clone()),
            Fact::Event => Some(self.event().to_owned()),
            Fact::RunNumber => Some(RUN_NUMBER.to_owned()),
            Fact::Date(format) => {
                let time: jiff::Timestamp = TIME.parse().ok()?;
                jiff::fmt::strtime::format(format, &time.to_zoned_datetime(jiff::tz::TimeZone::UTC)).ok()
            }
        }
    }

    /// The facts of our plan in it, by their names on the command line. A release is a pushed git tag there.
    pub(crate) fn facts(self, world: &World) -> Vec<String> {
        let event = if self == Self::Release { Self::Tag.event() } else { self.event() };
        let mut facts = vec![
            format!("event={event}"),
            format!("ref={}", self.git_ref(world)),
            format!("commit={COMMIT}"),
            format!("commit_time={TIME}"),
            format!("default_branch={}", world.default_branch),
        ];
        if self == Self::PullRequest {
            facts.push("head_branch=change".to_owned());
            facts.push(format!("base_branch={}", world.default_branch));
        }
        facts
    }

    /// The same, for rules of docker/metadata-action.
    pub(crate) fn known(self, world: &World) -> Facts {
        let facts = Facts {
            event: Some(self.event().to_owned()),
            git_ref: Some(self.git_ref(world)),
            commit: Some(COMMIT.to_owned()),
            commit_time: TIME.parse().ok(),
            default_branch: Some(world.default_branch.clone()),
            ..Facts::default()
        };
        facts.with_ref_parts()
    }
}
