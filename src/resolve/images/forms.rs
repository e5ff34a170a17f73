//! The form of each tag: where its version stands in it.

use crate::form::{Form, Part};
use crate::tags::Claim;
use crate::version::{Number, Scheme, Tails, Version};

/// An image's version, and how it reads others.
#[derive(Clone, Copy)]
pub(in crate::resolve) struct Reading<'a> {
    pub(in crate::resolve) version: Option<&'a Version>,
    pub(in crate::resolve) scheme: Scheme,
    pub(in crate::resolve) tails: &'a Tails,
}

/// The form of a rendered name. What its pattern says holds when the name shows the version there; else the version is
/// looked for in the name, where a prefix or a condition may have put it.
pub(in crate::resolve) fn of(
    name: &str,
    claim: Claim,
    version: Option<&Version>,
    said: Option<Form>,
) -> Form {
    settled(name, claim, version, said, is_shown)
}

/// The same of an image's own pattern or rule, whose tags are read back as the image reads versions.
pub(in crate::resolve) fn of_image(name: &str, claim: Claim, image: Reading<'_>, said: Option<Form>) -> Form {
    let is_read = |version: &Version, text: &str| {
        let read = Version::parse_with(text, image.scheme, image.tails);
        let goes_on = |read: Version| {
            // What stands for a separator may make another number of what follows.
            let numbers = |version: &Version| version.numbers().iter().map(Number::value).collect::<Vec<_>>();
            read.class() == version.class() && numbers(&read).starts_with(&numbers(version))
        };
        is_part(version, text) || read.is_ok_and(goes_on)
    };
    settled(name, claim, image.version, said, is_read)
}

fn settled(
    name: &str,
    claim: Claim,
    version: Option<&Version>,
    said: Option<Form>,
    is_shown: impl Fn(&Version, &str) -> bool,
) -> Form {
    let said = said.filter(|form| form.fits(name));
    let Some(version) = version.filter(|_| !matches!(claim, Claim::Run | Claim::Channel)) else {
        // A rule for git tags may give one that is no version, such as `nightly`.
        let is_version = |text: &&str| text.parse::<Version>().is_ok();
        let shows_version = |form: &Form| form.versions_in(name).iter().any(is_version);
        let said = said.map(|form| if shows_version(&form) { form } else { form.unreadable() });
        return said.unwrap_or_else(|| of_any(name, claim));
    };
    let shows = |form: &Form| form.versions_in(name).iter().any(|text| is_shown(version, text));
    match said {
        Some(form) if form.is_readable() && shows(&form) => form,
        // A filter has put something else there, which would be read as another version.
        Some(form) if form.is_readable() => {
            let is_bare = version.build().is_empty();
            found(name, claim, version).filter(|_| is_bare).unwrap_or_else(|| form.unreadable())
        }
        said => {
            let is_free = said.as_ref().is_none_or(|form| form.is_text() || !form.has_version());
            found(name, claim, version).filter(|_| is_free).or(said).unwrap_or_else(|| of_any(name, claim))
        }
    }
}

/// The form of a name of which nothing is known.
fn of_any(name: &str, claim: Claim) -> Form {
    match claim {
        Claim::Run => [Part::Name].into_iter().collect(),
        _ => Form::text(name),
    }
}

/// Whether a text is the version, or its leading numbers, as a tag has them.
fn is_shown(version: &Version, text: &str) -> bool {
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let whole = bare.strip_prefix(version.core());
    whole.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit())) || is_part(version, text)
}

/// Whether a text is the leading numbers of a version.
fn is_part(version: &Version, text: &str) -> bool {
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    (1..=version.numbers().len()).any(|count| version.prefix(count) == Some(bare))
}

/// Where the version stands in a name, or its leading numbers in one that floats with it.
fn found(name: &str, claim: Claim, version: &Version) -> Option<Form> {
    let part = |count: usize| version.prefix(count);
    let texts: Vec<&str> = match claim {
        Claim::Literal => vec![version.without_v(), version.core()],
        Claim::Versions(count) | Claim::Prereleases(count) => part(count).into_iter().collect(),
        Claim::Channel | Claim::Run => Vec::new(),
    };
    let is_digit = |c: char| c.is_ascii_digit();
    texts.into_iter().filter(|text| !text.is_empty()).find_map(|text| {
        name.match_indices(text).find_map(|(at, _)| {
            let (before, after) = (&name[..at], &name[at + text.len()..]);
            let goes_on = |rest: &str| rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(is_digit));
            let is_alone = !before.ends_with(is_digit)
                && !before.strip_suffix('.').is_some_and(|rest| rest.ends_with(is_digit))
                && !after.starts_with(is_digit)
                && !goes_on(after);
            is_alone.then(|| {
                [Part::Text(before.to_owned()), Part::Version, Part::Text(after.to_owned())]
                    .into_iter()
                    .collect()
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_where_the_name_shows_it() {
        let (literal, major) = (Claim::Literal, Claim::Versions(1));
        for (name, claim, version, said, expected) in [
            ("1.4.2", literal, "1.4.2", Some("{version}"), "{version}"),
            ("v1.4.2", literal, "v1.4.2", Some("{name}"), "v{version}"),
            ("api-1.4.2", literal, "1.4.2", None, "api-{version}"),
            ("api-1", major, "1.4.2", None, "api-{version}"),
            ("RELEASE.2026-01-02", literal, "2026-01-02", None, "RELEASE.{version}"),
            ("1.4.2-debian12", literal, "1.4.2", None, "{version}-debian12"),
            ("php83", major, "8.3", Some("php{name}"), "php{name}"),
            ("11.4.2", literal, "1.4.2", None, "11.4.2"),
            ("1.4.2.1", literal, "1.4.2", None, "1.4.2.1"),
            ("1.30.1-k3s2", literal, "1.30.1+k3s2", Some("{version}"), "{version}"),
            ("latest", Claim::Versions(0), "1.4.2", Some("latest"), "latest"),
            ("main", Claim::Run, "1.4.2", Some("{name}"), "{name}"),
            ("main", Claim::Run, "1.4.2", None, "{name}"),
            ("1.4.2-20260921", literal, "1.4.2", Some("{version}-{date:%Y%m%d}"), "{version}-{date:%Y%m%d}"),
            ("lts", Claim::Channel, "1.4.2", Some("lts"), "lts"),
        ] {
            let said = said.map(|text| text.parse().unwrap());
            let found = of(name, claim, Some(&version.parse().unwrap()), said);
            assert_eq!(found.to_string(), expected, "{name} {version}");
            assert!(found.fits(name), "{name}");
        }
    }
}
