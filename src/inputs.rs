//! What decides the image that a build makes, as one hash: recorded in a plan and in the index that a merge makes of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::Platform;
use crate::reference::Digest;

/// What decides the image that a build makes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Inputs {
    /// The hash of all of it: builds with the same hash make the same image, but for what a build never shows, such as
    /// the network, the clock and the values of secrets.
    Hash(Digest),
    /// Some of it cannot be known before the build, for this reason: such a build is always made.
    Unknown(String),
}

impl Inputs {
    /// The hash, if it is known.
    #[must_use]
    pub fn hash(&self) -> Option<&Digest> {
        match self {
            Self::Hash(hash) => Some(hash),
            Self::Unknown(_) => None,
        }
    }
}

/// What an index records of the builds that it was made of: the hash of each, by platform. Builds without a hash are not
/// in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record(Vec<(Option<Platform>, Digest)>);

/// What stands for the platform of a build that has none.
const NATIVE: &str = "native";

impl Record {
    /// That of builds, in their order.
    #[must_use]
    pub(crate) fn of<'a>(builds: impl Iterator<Item = (Option<&'a Platform>, &'a Inputs)>) -> Self {
        let known = builds.filter_map(|(platform, inputs)| Some((platform.cloned(), inputs.hash()?.clone())));
        Self(known.collect())
    }

    /// Reads what an annotation says. Anybody may have written it: what is not understood is no record.
    #[must_use]
    pub(crate) fn read(text: &str) -> Option<Self> {
        let one = |word: &str| {
            let (platform, hash) = word.split_once('=')?;
            let platform = if platform == NATIVE { None } else { Some(platform.parse().ok()?) };
            Some((platform, hash.parse().ok()?))
        };
        let all: Option<Vec<_>> = text.split(' ').map(one).collect();
        all.map(Self)
    }

    /// The text of an annotation, such as `linux/amd64=sha256:… linux/arm64=sha256:…`; none when there is nothing to record.
    #[must_use]
    pub(crate) fn written(&self) -> Option<String> {
        let one = |(platform, hash): &(Option<Platform>, Digest)| match platform {
            Some(platform) => format!("{platform}={hash}"),
            None => format!("{NATIVE}={hash}"),
        };
        let all: Vec<String> = self.0.iter().map(one).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// What it records of a platform.
    #[must_use]
    pub(crate) fn hash_of(&self, platform: Option<&Platform>) -> Option<&Digest> {
        self.0.iter().find(|(own, _)| own.as_ref() == platform).map(|(_, hash)| hash)
    }

    /// The platforms of which it records something.
    pub(crate) fn platforms(&self) -> impl Iterator<Item = Option<&Platform>> {
        self.0.iter().map(|(platform, _)| platform.as_ref())
    }

    /// Whether it records exactly these builds, in any order, and each is known.
    #[must_use]
    pub(crate) fn is_of<'a>(
        &self,
        mut builds: impl Iterator<Item = (Option<&'a Platform>, &'a Inputs)>,
        count: usize,
    ) -> bool {
        let has = |platform: Option<&Platform>, hash: &Digest| {
            self.0.iter().any(|(own, recorded)| own.as_ref() == platform && recorded == hash)
        };
        count > 0
            && self.0.len() == count
            && builds.all(|(platform, inputs)| inputs.hash().is_some_and(|hash| has(platform, hash)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(name: &str) -> Inputs {
        Inputs::Hash(Digest::sha256(name.as_bytes()))
    }

    #[test]
    fn a_record_is_written_and_read() {
        let (amd, arm): (Platform, Platform) =
            ("linux/amd64".parse().unwrap(), "linux/arm64".parse().unwrap());
        let (a, b, unknown) = (hash("a"), hash("b"), Inputs::Unknown("why".into()));
        let builds = [(Some(&amd), &a), (Some(&arm), &b)];
        let record = Record::of(builds.into_iter());
        let text = record.written().unwrap();
        assert_eq!(Record::read(&text), Some(record.clone()));
        assert!(record.is_of(builds.into_iter(), 2));
        assert!(record.is_of(builds.into_iter().rev(), 2));
        // A platform fewer, one more, another hash, one that is unknown, nothing.
        assert!(!record.is_of(builds[..1].iter().copied(), 1));
        assert!(!record.is_of(builds.into_iter().chain([(None, &a)]), 3));
        assert!(!record.is_of([(Some(&amd), &a), (Some(&arm), &a)].into_iter(), 2));
        assert!(!record.is_of([(Some(&amd), &a), (Some(&arm), &unknown)].into_iter(), 2));
        assert!(!Record::default().is_of([].into_iter(), 0));
        let native = Record::of([(None, &a)].into_iter());
        assert_eq!(Record::read(&native.written().unwrap()), Some(native));
        assert_eq!(Record::of([(None, &unknown)].into_iter()).written(), None);
    }

    #[test]
    fn what_is_not_understood_is_no_record() {
        let good = format!("linux/amd64={}", Digest::sha256(b"a"));
        for text in [
            "",
            " ",
            "linux/amd64",
            "linux/amd64=",
            "=sha256:1",
            &format!("{good} "),
            &format!("{good} x"),
            &format!("a b={good}"),
        ] {
            assert_eq!(Record::read(text), None, "{text:?}");
        }
        assert!(Record::read(&good).is_some());
    }
}
