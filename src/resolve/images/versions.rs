//! The version of each image, and the versions that are known besides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Input;
use super::constants::names_prereleases;
use super::image::UnresolvedImage;
use super::lists::{self, OtherVersions};
use super::rules::AppliedRules;
use super::runs::{OfRun, OwnVersion, RunReader};
use super::version::{ImageVersion, tails};
use crate::bake::target::Text;
use crate::code::Code;
use crate::commit;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, listed as names_listed, names_help};
use crate::facts::KnownVersions;
use crate::pattern::{self, PatternError};
use crate::spec::Settings;
use crate::version::{Class, SEPARATORS, Scheme, Tails, Version, Withdrawn};

/// Reads the version of an image.
pub(in crate::resolve) fn read(
    image: &UnresolvedImage,
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) -> ImageVersion {
    let settings = image.settings();
    let reader = RunReader::new(image, diagnostics);
    let span = settings.version.as_ref().and_then(|text| text.span);
    let (found, help) = match reader.read(input.facts) {
        OfRun::Nothing => return ImageVersion::None,
        OfRun::Declined { is_of_tag: _ } => return ImageVersion::Absent { at: None },
        OfRun::Elsewhere { tag, other } => {
            let prefix = reader.prefix.unwrap_or_else(|| Text { span, ..Text::verbatim("") });
            return ImageVersion::Elsewhere { tag, prefix, other };
        }
        OfRun::Failed(PatternError::MissingFact { at: Some(at), .. }, _) => {
            return ImageVersion::Absent { at: Some(at) };
        }
        OfRun::Failed(e @ PatternError::MissingFact { .. }, text) => return ImageVersion::Unknown(e, text),
        OfRun::Failed(e, text) => {
            let help = match &e {
                PatternError::NoVersion(_) => {
                    "`version` cannot be made of itself: write it down, or take it from the git tag, `version = \"{{ tag }}\"`"
                        .to_owned()
                }
                e => e.help(),
            };
            (Diagnostic::error(Code::VERSION, e.to_string()).at(text.span, ""), help)
        }
        OfRun::Own(own) => {
            let OwnVersion { name, version, is_of_tag, is_of_run } = *own;
            let message = match version {
                Ok(version) => return ImageVersion::Known { version, is_from_run: is_of_run },
                // A run that publishes nothing needs no tag, and may be of a branch that no run publishes, as in a merge queue.
                Err(_) if is_of_run && !input.publish && input.facts.tag.is_none() => {
                    return ImageVersion::Absent { at: None };
                }
                Err(_) if name.is_empty() => "the version is empty".to_owned(),
                Err(e) if name.contains(char::is_control) => format!("{name:?} is not a version: {e}"),
                Err(e) => format!("`{name}` is not a version: {e}"),
            };
            let help = other_form(&name, settings, is_of_tag.then(|| reader.prefix()));
            (Diagnostic::error(Code::VERSION, message).at(span, ""), help)
        }
    };
    diagnostics.report(found.with_help(help));
    ImageVersion::Refused
}

/// Refuses a suffix that is said to be of releases and of prereleases, and one that no version has.
pub(in crate::resolve) fn check_suffixes(settings: &Settings, diagnostics: &mut Diagnostics) {
    let texts = |texts: &[Text]| texts.iter().map(ToString::to_string).collect();
    for (name, suffixes) in [
        ("stable_suffixes", &settings.stable_suffixes),
        ("prerelease_suffixes", &settings.prerelease_suffixes),
    ] {
        for suffix in suffixes {
            let word = suffix.as_str().trim_matches(SEPARATORS);
            let tails = Tails { stable: texts(std::slice::from_ref(suffix)), ..Tails::default() };
            let is_read = |version: String| {
                Version::parse_with(&version, Scheme::Loose, &tails)
                    .is_ok_and(|version| version.class() == Class::Stable)
            };
            // A variable may say that there is none.
            if word.is_empty() || is_read(format!("1.0.0-{word}")) || is_read(format!("1.0.0{word}")) {
                continue;
            }
            let plain: String =
                word.chars().take_while(|c| c.is_ascii_alphanumeric() || SEPARATORS.contains(c)).collect();
            let plain =
                Some(plain.trim_matches(SEPARATORS)).filter(|plain| !plain.is_empty()).unwrap_or("acme");
            diagnostics.report(
                Diagnostic::error(Code::SUFFIX, format!("no version has the suffix `{suffix}` of `{name}`"))
                    .at(suffix.span, "")
                    .with_help(format!(
                        "a suffix is a text, and no pattern: `{plain}` is that of `1.2.3-{plain}`, and of `1.2.3-{plain}4`, too"
                    )),
            );
        }
    }
    let bare = |text: &Text| text.as_str().trim_matches(SEPARATORS).to_ascii_lowercase();
    for suffix in &settings.prerelease_suffixes {
        let Some(other) = settings.stable_suffixes.iter().find(|other| bare(other) == bare(suffix)) else {
            continue;
        };
        let message = format!("`{suffix}` is in `prerelease_suffixes` and in `stable_suffixes`");
        diagnostics.report(
            Diagnostic::error(Code::SUFFIX, message)
                .at(suffix.span, "of prereleases")
                .at(other.span, "of releases")
                .with_help("leave it out of one of them"),
        );
    }
}

/// What to write instead of a text that is not a version; of a git tag, it stands behind a prefix.
fn other_form(name: &str, settings: &Settings, git_prefix: Option<&str>) -> String {
    let is_git_tag = git_prefix.is_some();
    let git_prefix = git_prefix.unwrap_or_default();
    let is_version = |rest: &str| Version::parse_with(rest, settings.scheme, &tails(settings)).is_ok();
    // A word and what separates it from the numbers.
    let parts = name.find(|c: char| c.is_ascii_digit()).map(|at| name.split_at(at));
    let prefix =
        parts.filter(|(before, rest)| before.ends_with(['-', '_', '.', '/', '@']) && is_version(rest));
    // The end of a reference, or of a ref.
    let begins_with_word = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let last = name.rsplit(['/', ':']).next().unwrap_or_default();
    match (prefix, settings.scheme) {
        _ if name.is_empty() && !git_prefix.is_empty() => {
            format!(
                "`tag_prefix` is all that the git tag has; a version follows it, as in `{git_prefix}1.2.3`"
            )
        }
        _ if name.is_empty() => {
            "leave `version` out if the tags need none; if it comes from a variable, set that variable"
                .to_owned()
        }
        _ if name.trim() != name && is_version(name.trim()) => {
            format!(
                "the version is `{}`; take away what is not seen around it, or write `trimspace(…)`",
                name.trim()
            )
        }
        (Some((before, rest)), _) if is_git_tag => {
            // Words may be the end of another image's name.
            let is_separator = before.chars().all(|c| !c.is_ascii_alphanumeric());
            let written = settings.tag_prefix.as_ref().map(Text::as_str).filter(|_| is_separator);
            let own = written.unwrap_or(git_prefix);
            format!("`tag_prefix = \"{own}{before}\"` reads version `{rest}` from this git tag")
        }
        (Some((before, rest)), _) => {
            format!("the version is `{rest}`; put what precedes it into the tags: `{before}`")
        }
        (None, Scheme::Semver) => {
            "SemVer looks like `1.2.3` or `1.2.3-rc.1`; without `scheme`, other forms are accepted too"
                .to_owned()
        }
        _ if name.contains('/') && is_git_tag => {
            "what stands before the version in a git tag goes into `tag_prefix`".to_owned()
        }
        _ if name.starts_with("refs/") && is_version(last) => {
            format!(
                "a version stands alone: `{last}`; that of a run's git tag is `version = \"{{{{ tag }}}}\"`"
            )
        }
        _ if begins_with_word && is_version(last) => {
            format!("a version stands alone: `{last}`; where it is published stands in `repositories`")
        }
        _ if is_git_tag => {
            let v = if git_prefix.ends_with('v') { "" } else { "v" };
            let when = format!("tag and tag is startingwith('{git_prefix}{v}')");
            let version = format!("version = {{ pattern = \"{{{{ tag }}}}\", when = \"{when}\" }}");
            format!(
                "a version looks like `1.2.3`; where git tags have other names, too, say which are versions: `{version}`"
            )
        }
        _ => "a version looks like `1.2.3`; put other names into `tags`".to_owned(),
    }
}

/// What the user has said about tails, without the variants, which are parts of tags and not of versions.
pub(in crate::resolve) fn declared_tails(image: &UnresolvedImage) -> Tails {
    let texts = |texts: &[Text]| texts.iter().map(ToString::to_string).collect();
    let settings = image.settings();
    Tails {
        stable: texts(&settings.stable_suffixes),
        prerelease: texts(&settings.prerelease_suffixes),
        ..image.tails.clone()
    }
}

/// Makes releases of versions whose tails nobody knows when all versions of the image have such a tail, of one shape.
pub(in crate::resolve) fn share_shapes(images: &mut [UnresolvedImage], input: &Input<'_>) {
    let mut by_block: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (at, image) in images.iter().enumerate().filter(|(_, image)| image.version.known().is_some()) {
        by_block.entry(image.block).or_default().push(at);
    }
    for members in by_block.values() {
        let mut all: BTreeSet<Version> = BTreeSet::new();
        for at in members {
            all.extend(images[*at].version.known().cloned());
            all.extend(all_known(&images[*at], input, &mut Diagnostics::default()));
        }
        let shapes: BTreeSet<Option<String>> = all.iter().map(Version::shape).collect();
        let is_unknown = all.iter().all(|version| version.class() == Class::Unknown);
        let [Some(shape)] = shapes.into_iter().collect::<Vec<_>>().try_into().unwrap_or([None]) else {
            continue;
        };
        // `11.2.0-71634pre` says in its own way that it is a prerelease.
        let hides_prerelease = |version: &Version| {
            let words = version.tail().split(SEPARATORS);
            words.map(|word| word.trim_start_matches(|c: char| c.is_ascii_digit())).any(names_prereleases)
        };
        if all.len() < 2 || !is_unknown || all.iter().any(hides_prerelease) {
            continue;
        }
        for at in members {
            let image = &mut images[*at];
            image.tails.shape = Some(shape.clone());
            let (scheme, tails) = (image.settings().scheme, image.tails.clone());
            if let ImageVersion::Known { version, is_from_run: _ } = &mut image.version
                && let Ok(again) = Version::parse_with(version.text(), scheme, &tails)
            {
                *version = again;
            }
        }
    }
}

/// Leaves out the versions of which nobody can tell whether they are releases, and says so.
fn pass_over(known: &mut Vec<Version>, diagnostics: &mut Diagnostics) {
    let unknown: BTreeSet<&Version> = known.iter().filter(|one| one.class() == Class::Unknown).collect();
    if let Some(first) = unknown.first() {
        let others = match unknown.len() - 1 {
            0 => String::new(),
            count => format!(", and {count} more,"),
        };
        let message = format!(
            "`{first}`{others} passed over: its suffix is neither known as a release nor as a prerelease"
        );
        diagnostics.report(Diagnostic::note(Code::UNKNOWN_SUFFIX, message).with_help(
            "`stable_suffixes` or `prerelease_suffixes` in the image decide, such as `stable_suffixes = [\"acme\"]`",
        ));
    }
    known.retain(|version| version.class() != Class::Unknown);
}

/// Says that a suffix of releases changes nothing where the scheme knows what follows the numbers.
fn idle_suffixes(image: &UnresolvedImage, version: &Version) -> Option<Diagnostic> {
    let settings = image.settings();
    let suffix = settings.stable_suffixes.first().filter(|_| settings.scheme == Scheme::Semver)?;
    let loose = Version::parse_with(version.text(), Scheme::Loose, &image.tails).ok()?;
    let is_meant = version.is_prerelease() && loose.class() == Class::Stable;
    let message =
        format!("`stable_suffixes` changes nothing for `{version}`: to SemVer, each `-…` is a prerelease");
    let found = Diagnostic::warning(Code::IDLE_ATTRIBUTE, message).at(suffix.span, "");
    is_meant.then(|| found.with_help("leave `scheme = \"semver\"` out where releases have suffixes"))
}

/// Says what an image's own version cannot have when nobody knows what follows its numbers. One that is declared has to
/// be decided; one that comes from the run gets its own tags.
pub(in crate::resolve) fn check_class(
    image: &UnresolvedImage,
    floats: &[&str],
    diagnostics: &mut Diagnostics,
) {
    let ImageVersion::Known { version, is_from_run } = &image.version else { return };
    diagnostics.extend(idle_suffixes(image, version));
    if version.class() != Class::Unknown || floats.is_empty() {
        return;
    }
    let place = image.settings().version.as_ref().and_then(|text| text.span);
    let is_of_build = !version.build().is_empty() && without_build(version, &image.tails) != Class::Unknown;
    let behind = format!("+{}", version.build());
    let tail = if is_of_build { &behind } else { version.tail() };
    let word = tail.trim_matches(['.', '-', '_']);
    let tags: Vec<String> = floats.iter().map(|name| format!("`{name}`")).collect();
    let tags = tags.join(", ");
    let diagnostic = match is_from_run {
        true => {
            let message = format!(
                "`{version}` does not become {tags}: `{tail}` is neither known as a release nor as a prerelease"
            );
            Diagnostic::warning(Code::UNKNOWN_SUFFIX, message)
        }
        false => {
            let message = format!(
                "`{tail}` of version `{version}` is neither known as a release nor as a prerelease, so it is undecided whether it becomes {tags}"
            );
            Diagnostic::error(Code::UNKNOWN_SUFFIX, message)
        }
    };
    let help = if is_of_build {
        "it says that this is a build after the release: `{{ version | replace('+', '-') }}` is a tag of its own for it; `stable_suffixes` decides about words"
            .to_owned()
    } else if image.tails.commit.is_some() {
        "the version has the run's commit in it, which is another one each time: write the version without it, and put the commit into a tag, such as `{{ version }}-{{ sha }}`"
            .to_owned()
    } else if is_shape(tail) {
        "it is another one in each version: name an earlier one, with `--known-versions git` or `known_versions`, since what all of them have in common is of releases; `stable_suffixes` and `prerelease_suffixes` decide about words"
            .to_owned()
    } else {
        format!(
            "decide with `stable_suffixes = [\"{word}\"]` or `prerelease_suffixes = [\"{word}\"]` in the image"
        )
    };
    diagnostics.report(diagnostic.at(place.or(image.span), "").with_help(help));
}

/// How a version is read without its build metadata.
fn without_build(version: &Version, tails: &Tails) -> Class {
    Version::parse_with(version.core(), Scheme::default(), tails).map_or(Class::Unknown, |bare| bare.class())
}

/// Whether there are numbers and no word in what follows the numbers, nor a commit, as in `-08-03T04-33-23Z`.
fn is_shape(tail: &str) -> bool {
    if !tail.contains(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let mut words = tail.split(|c: char| !c.is_ascii_alphabetic());
    words.all(|word| word.len() < 2) && !tail.split(SEPARATORS).any(commit::is_commit)
}

/// What is known of versions besides each of these images, in their order.
pub(in crate::resolve) fn others(
    images: &[UnresolvedImage],
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<OtherVersions> {
    let mut withdrawn: BTreeMap<Option<usize>, Vec<Withdrawn>> = BTreeMap::new();
    for image in images {
        let of_block = withdrawn.entry(image.block).or_default();
        for one in lists::withdrawn(image, diagnostics) {
            if !of_block.contains(&one) {
                of_block.push(one);
            }
        }
    }
    let withdrawn: BTreeMap<Option<usize>, Arc<[Withdrawn]>> =
        withdrawn.into_iter().map(|(block, all)| (block, all.into())).collect();
    let others = images.iter().map(|image| {
        let withdrawn = withdrawn.get(&image.block).cloned().unwrap_or_default();
        let mut released = all_known(image, input, diagnostics);
        pass_over(&mut released, diagnostics);
        released.retain(|version| !withdrawn.iter().any(|one| one.covers(version)));
        OtherVersions { released, withdrawn }
    });
    others.collect()
}

/// The versions that are known besides an image's own.
pub(in crate::resolve) fn all_known(
    image: &UnresolvedImage,
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<Version> {
    let settings = image.settings();
    let parse = |text: &str| Version::parse_with(text, settings.scheme, &image.tails);
    let mut known = lists::listed(&settings.known_versions, "known_versions", parse, diagnostics);
    known.extend(outside_of(image, input).map(|(_, version)| version));
    known
}

/// Those of the versions given from outside that an image reads as its own: the others change nothing.
pub(in crate::resolve) fn used<'i>(
    images: impl Iterator<Item = &'i UnresolvedImage>,
    input: &Input<'_>,
) -> KnownVersions {
    let outside = input.known_versions;
    let (mut names, mut by_image) = (BTreeSet::new(), BTreeMap::new());
    if outside.is_empty() {
        return KnownVersions::default();
    }
    for image in images {
        let own = outside_of(image, input).map(|(name, _)| name.to_owned());
        if outside.by_image.contains_key(&image.key) {
            by_image.insert(image.key.clone(), own.collect());
        } else {
            names.extend(own);
        }
    }
    let names = outside.names.iter().filter(|name| names.contains(*name)).cloned().collect();
    KnownVersions { names, by_image }
}

/// Reports lists of versions that were given for images that do not exist: all of them may be the misspelt ones.
pub(in crate::resolve) fn check_keys(
    images: &[UnresolvedImage],
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) {
    let keys: BTreeSet<&str> = images.iter().map(|image| image.key.as_str()).collect();
    let given = &input.known_versions.by_image;
    for key in given.keys().filter(|key| !keys.contains(key.as_str())) {
        let message =
            format!("the known versions have a list for `{key}`, which is not an image of this definition");
        let help = names_help(key, "image", keys.iter().copied());
        let found = Diagnostic::warning(Code::KNOWN_VERSIONS, message).with_help(help);
        let is_any_used = given.keys().any(|key| keys.contains(key.as_str()));
        diagnostics.report(if is_any_used { found } else { found.with_severity(Severity::Error) });
    }
}

/// Notes the versions given from outside that nobody reads: those of a list for an image, and a list of which none is read.
pub(in crate::resolve) fn note_unread(
    images: &[UnresolvedImage],
    input: &Input<'_>,
    diagnostics: &mut Diagnostics,
) {
    let outside = input.known_versions;
    let mut report = |names: &[&str], nobody: &str, severity: Severity| {
        let message = format!("{nobody} these known versions: {}", names_listed(names));
        let found = Diagnostic::note(Code::KNOWN_VERSIONS, message).with_severity(severity);
        diagnostics.report(found.with_help(
            "write each as a version, such as `1.2.3`, or as a git tag that the image reads; `tag_prefix` in its block is what stands before the version",
        ));
    };
    let (with_list, others): (Vec<_>, Vec<_>) =
        images.iter().partition(|image| outside.by_image.contains_key(&image.key));
    for image in with_list {
        let read: BTreeSet<&str> = outside_of(image, input).map(|(name, _)| name).collect();
        let names = outside.by_image.get(&image.key).into_iter().flatten().map(String::as_str);
        let unread: Vec<&str> = names.filter(|name| !read.contains(name)).collect();
        if !unread.is_empty() {
            report(&unread, &format!("image `{}` does not read", image.key), Severity::Note);
        }
    }
    let names: Vec<&str> = outside.names.iter().map(String::as_str).collect();
    let is_read = || others.iter().any(|image| outside_of(image, input).next().is_some());
    if !names.is_empty() && !others.is_empty() && !is_read() {
        // Before the first release, lists have other tags alone.
        let has_version = names.iter().any(|name| ends_with_version(name));
        report(&names, "no image reads", if has_version { Severity::Warning } else { Severity::Note });
    }
}

/// Whether a version stands at the end of a name: `release-1.2.4`.
fn ends_with_version(name: &str) -> bool {
    let starts = name.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at);
    let mut numbers = starts.filter(|at| !name[..*at].ends_with(|c: char| c.is_ascii_digit() || c == '.'));
    numbers.any(|at| name[at..].contains('.') && name[at..].parse::<Version>().is_ok())
}

/// The versions given from outside that an image reads as its own, each with what it is called there: git tags are read as
/// in a run of them, and a list for the image may have its bare versions, too. Tags that are no versions, or another
/// image's, are nothing to this one.
fn outside_of<'a>(
    image: &'a UnresolvedImage,
    input: &'a Input<'_>,
) -> impl Iterator<Item = (&'a str, Version)> {
    let outside = input.known_versions;
    let list = outside.by_image.get(&image.key);
    let names = list.unwrap_or(&outside.names);
    let settings = image.settings();
    let reader = RunReader::of(image);
    let rules_decide = settings.version.is_none()
        && reader.prefix.is_none()
        && image.rules.as_deref().is_some_and(AppliedRules::cut_versions_out);
    // What the condition says of a version, it says of one that is written without its prefix, too.
    let when = settings.version.as_ref().and_then(|version| version.when.as_ref());
    let asks_for_version = when.is_some_and(|when| pattern::asks_for_version(when.as_str()));
    names.iter().filter_map(move |name| {
        let read = |tag: &str| (!rules_decide).then(|| reader.read_tag(tag, input.facts));
        let of_tag = read(name);
        let of_bare = list.and_then(|_| read(&format!("{}{name}", reader.prefix())));
        let is_declined = asks_for_version && matches!(of_bare, Some(OfRun::Declined { is_of_tag: _ }));
        let cut_out = image.rules.iter().flat_map(|rules| rules.versions_in(name));
        let bare = list.filter(|_| !is_declined).map(|_| name.as_str());
        let parse = |text: &str| Version::parse_with(text, settings.scheme, &image.tails).ok();
        let parsed = || cut_out.chain(bare).find_map(parse);
        let version = of_tag.as_ref().and_then(OfRun::version).cloned().or_else(parsed);
        Some((name.as_str(), version?))
    })
}
