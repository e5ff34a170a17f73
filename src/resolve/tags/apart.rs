//! Images of one repository whose git tags begin differently, and that publish the same tags for them.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::once;

use super::imagined::{self, Imagined};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Facts;
use crate::reference::Repository;
use crate::resolve::images::image::UnresolvedImage;
use crate::resolve::images::repositories;
use crate::resolve::images::rules;
use crate::resolve::images::runs::RunReader;
use crate::resolve::images::variants;
use crate::resolve::input::Input;
use crate::resolve::targets::Targets;
use crate::tags;

/// Versions whose tags are looked at, the second where the first is none of the image: what collides for one of them does
/// for any.
pub(in crate::resolve) const SAMPLES: [&str; 2] = ["1.2.3", "2026.1.2"];

/// What an image publishes in runs of git tags.
struct Releases<'i> {
    image: &'i UnresolvedImage,
    git_tags: BTreeSet<String>,
    /// The tags with the version in them, each with whether its entry lets others have it.
    tags: BTreeMap<String, bool>,
}

/// Refuses, in every run, what the releases of one image would take from those of another.
pub(in crate::resolve) fn check(
    input: &Input<'_>,
    images: &[UnresolvedImage],
    left_out: &[UnresolvedImage],
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) {
    let all: Vec<(&UnresolvedImage, BTreeSet<String>)> =
        images.iter().chain(left_out).map(|image| (image, heads(image))).collect();
    // Most often they begin alike.
    if all.windows(2).all(|two| two[0].1 == two[1].1) {
        return;
    }
    let mut places: BTreeMap<Repository, Vec<usize>> = BTreeMap::new();
    for (at, (image, _)) in all.iter().enumerate() {
        let own = repositories::repositories(image, targets, &mut Diagnostics::default());
        let own: BTreeSet<Repository> =
            own.iter().chain(image.mirrors.keys()).map(repositories::place).collect();
        for place in own {
            places.entry(place).or_default().push(at);
        }
    }
    let given = imagined::usual(input.given);
    let mut told = BTreeSet::new();
    for (place, members) in &places {
        let mut heads = members.iter().map(|at| &all[*at].1);
        let first = heads.next();
        if heads.all(|one| Some(one) == first) {
            continue;
        }
        let mut seen: Vec<Releases<'_>> = Vec::new();
        for at in members {
            let (image, heads) = &all[*at];
            let own = Releases::of(image, heads, &given);
            let shared = seen.iter().find_map(|other| Some((other, own.shared(other)?)));
            match shared {
                // Of a matrix, it is said once.
                Some((other, tag)) if told.insert((other.image.block, image.block)) => {
                    diagnostics.report(diagnostic(place, tag, other, &own));
                }
                Some(_) => {}
                None => seen.push(own),
            }
        }
    }
}

/// What git tags of an image's versions begin with, as far as it can be read from what it says.
pub(in crate::resolve) fn heads(image: &UnresolvedImage) -> BTreeSet<String> {
    let reader = RunReader::of(image);
    let prefix = reader.prefix();
    let cut = rules::heads(image.settings(), image.names()).into_iter();
    let cut = cut.flat_map(|head| [format!("{prefix}{head}"), head]);
    once(prefix.to_owned()).chain(cut).collect()
}

impl<'i> Releases<'i> {
    fn of(image: &'i UnresolvedImage, heads: &BTreeSet<String>, given: &Facts) -> Self {
        let suffixes = variants::suffixes(image.settings(), &mut Diagnostics::default());
        let mut releases = Self { image, git_tags: BTreeSet::new(), tags: BTreeMap::new() };
        for sample in SAMPLES {
            for git_tag in
                heads.iter().flat_map(|head| [format!("{head}{sample}"), format!("{head}v{sample}")])
            {
                let imagined = Imagined::of(image, &&given.of_tag(&git_tag)).filter(|run| run.is_of_tag);
                let tags = imagined.into_iter().flat_map(|run| run.tags).filter(|tag| tag.shows_version);
                for tag in tags {
                    for suffix in &suffixes {
                        *releases.tags.entry(tags::with_suffix(&tag.text, suffix)).or_default() |= tag.is_let;
                    }
                    releases.git_tags.insert(git_tag.clone());
                }
            }
            if !releases.tags.is_empty() {
                break;
            }
        }
        releases
    }

    /// The longest tag that both have, of different builds and in different runs.
    fn shared<'t>(&'t self, other: &Self) -> Option<&'t str> {
        let targets =
            |image: &UnresolvedImage| image.targets.iter().map(|one| one.at).collect::<BTreeSet<_>>();
        if !self.git_tags.is_disjoint(&other.git_tags) || targets(self.image) == targets(other.image) {
            return None;
        }
        let is_let = |tag: &str| self.tags.get(tag) == Some(&true) || other.tags.get(tag) == Some(&true);
        let both = self.tags.keys().filter(|tag| other.tags.contains_key(*tag));
        both.map(String::as_str).filter(|tag| !is_let(tag)).max_by_key(|tag| tag.len())
    }
}

fn diagnostic(place: &Repository, tag: &str, first: &Releases<'_>, second: &Releases<'_>) -> Diagnostic {
    let git_tag = |one: &Releases<'_>| one.git_tags.last().cloned().unwrap_or_default();
    let (one, other) = (&first.image.key, &second.image.key);
    let message = format!(
        "the git tag `{}` gives `{place}:{tag}` to image `{one}`, and `{}` gives it to image `{other}`",
        git_tag(first),
        git_tag(second)
    );
    let help = "give one of them another repository or a `variant`, or put its name into its `tags`, such as `{{ image }}-{{ version }}`";
    let found =
        Diagnostic::error(Code::TAG_COLLISION, message).at(second.image.span, format!("image `{other}`"));
    let found = if first.image.span == second.image.span {
        found
    } else {
        found.at(first.image.span, format!("image `{one}`"))
    };
    found.with_help(help)
}
