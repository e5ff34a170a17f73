//! The platforms that a floating tag loses when it moves on to a version which is built for fewer.

use std::collections::{BTreeMap, BTreeSet};

use super::{Candidate, Claim, Share};

/// Floating tags of a candidate that an older one would have for more platforms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loss<P> {
    /// The tags, in the candidate's order.
    pub tags: Vec<String>,
    /// The version that would have them, as written.
    pub from: String,
    /// The platforms that it has and the candidate has not.
    pub platforms: BTreeSet<P>,
}

/// What each candidate's floating tags lose. `shares` are those of [`own`](super::own), `platforms` those that each
/// candidate is built for.
#[must_use]
pub(crate) fn losses<P: Clone + Ord>(
    candidates: &[Candidate<'_>],
    shares: &[Share],
    platforms: &[BTreeSet<P>],
) -> Vec<Vec<Loss<P>>> {
    let mut next: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, share) in shares.iter().enumerate() {
        for tag in &share.yielded {
            let best = next.entry(&tag.name).or_insert(at);
            if candidates[at].version > candidates[*best].version {
                *best = at;
            }
        }
    }
    let of = |(at, share): (usize, &Share)| {
        let mut losses: Vec<Loss<P>> = Vec::new();
        for tag in share.owned.iter().filter(|tag| tag.claim != Claim::Literal) {
            let Some(from) = next.get(tag.name.as_str()) else { continue };
            let lost: BTreeSet<P> = platforms[*from].difference(&platforms[at]).cloned().collect();
            let version = candidates[*from].version.text();
            match losses.iter_mut().find(|loss| loss.from == version && loss.platforms == lost) {
                _ if lost.is_empty() => {}
                Some(loss) => loss.tags.push(tag.name.clone()),
                None => losses.push(Loss {
                    tags: vec![tag.name.clone()],
                    from: version.to_owned(),
                    platforms: lost,
                }),
            }
        }
        losses
    };
    shares.iter().enumerate().map(of).collect()
}
