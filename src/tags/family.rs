//! The family of a floating tag: the forms of the tags that show the versions it moves with.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::form::{Form, Part};
use crate::reference::LATEST;
use crate::version::SEPARATORS;

/// The forms in which the versions are published that a floating tag moves with, of the forms of all tags of its image, each
/// with whether it shows whole versions; none when no tag of the image shows its
/// version so that it can be read back.
///
/// Whole versions come first. A tag without a version, such as `latest-debian`, goes with the tags that have the same text
/// around the version; where there are none, with all.
#[must_use]
pub(crate) fn family<'f>(name: &str, own: &Form, all: impl Iterator<Item = (bool, &'f Form)>) -> Vec<Form> {
    let all: Vec<(bool, &Form)> = all.collect();
    let hides = |(is_whole, form): &(bool, &Form)| *is_whole && form.has_name();
    let is_hidden =
        all.iter().any(hides) && !all.iter().any(|(is_whole, form)| *is_whole && form.is_readable());
    if is_hidden {
        // Versions are published in a form that nobody can read: what their first numbers say is not enough.
        return Vec::new();
    }
    let readable = all.into_iter().filter(|(_, form)| form.is_readable());
    let (whole, parts): (Vec<_>, Vec<_>) = readable.partition(|(is_whole, _)| *is_whole);
    let forms = |found: &[(bool, &'f Form)]| -> BTreeSet<Form> {
        found.iter().map(|(_, form)| (*form).clone()).collect()
    };
    let (mut whole, parts) = (forms(&whole), forms(&parts));
    // `1.5.0-f00ba12` is not the release 1.5.0 where releases have tags without a commit.
    if whole.iter().any(Form::is_plain) {
        whole.retain(Form::is_plain);
    }
    if own.is_readable() {
        let is_whole = whole.contains(own);
        let others = whole.iter().filter(|_| !is_whole).map(with_any_numbers);
        return others.chain([own.clone()]).collect();
    }
    // What shows only parts of versions is for want of whole ones.
    let forms = if whole.is_empty() { parts } else { whole };
    let akin: Vec<Form> = forms.iter().filter(|form| is_akin(form, name)).cloned().collect();
    if akin.is_empty() { forms.iter().map(with_any_numbers).collect() } else { akin }
}

/// The form with any number in the place of those behind the version, and of whole parts before it: the next release has
/// another base, revision or run (`1.2.3-debian-12-r3`, `1.2.3-45`). A tag that repeats them stays apart from others.
fn with_any_numbers(form: &Form) -> Form {
    let version = form.parts().iter().position(|part| *part == Part::Version).unwrap_or_default();
    form.with_texts(|at, text| match at.cmp(&version) {
        Ordering::Greater => numbers_in(text),
        Ordering::Equal | Ordering::Less => pieces(text, |piece| {
            let is_number = !piece.is_empty() && piece.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then_some(Part::Number)
        }),
    })
}

/// A text, in which pieces between separators are told apart.
pub(crate) fn pieces(text: &str, part: impl Fn(&str) -> Option<Part>) -> Vec<Part> {
    let parts = text.split_inclusive(SEPARATORS).flat_map(|piece| {
        let bare = piece.trim_end_matches(SEPARATORS);
        let first = part(bare).unwrap_or_else(|| Part::Text(bare.to_owned()));
        [first, Part::Text(piece[bare.len()..].to_owned())]
    });
    parts.collect()
}

/// A text, in which numbers are told apart.
fn numbers_in(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_number = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_number).unwrap_or(rest.len());
        parts.push(if is_number { Part::Number } else { Part::Text(rest[..end].to_owned()) });
        rest = &rest[end..];
    }
    parts
}

/// Whether a name is what is around the version in a form, with `latest` or nothing in its place.
fn is_akin(form: &Form, name: &str) -> bool {
    let with = |word: &str| -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            _ => word.to_owned(),
        };
        form.parts().iter().map(text).collect()
    };
    let bare = with("");
    // A leading `v` belongs to the version.
    let is_v = |text: &str| text.strip_prefix('v').is_some_and(|rest| rest == name);
    let latest = with(LATEST);
    latest == name || is_v(&latest) || (!name.is_empty() && bare.trim_matches(['-', '_', '.']) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floating_tag_goes_with_the_tags_that_show_versions_as_it_does() {
        let (literal, floating) = (true, false);
        let both = [(literal, "{version}"), (literal, "{version}-debian"), (floating, "{version}-debian")];
        for (name, own, all, expected) in [
            ("latest", "latest", &[(literal, "{version}")][..], "{version}"),
            ("latest", "latest", &both, "{version}"),
            ("debian", "debian", &both, "{version}-debian"),
            ("latest-debian", "latest-debian", &both, "{version}-debian"),
            ("1-debian", "{version}-debian", &both, "{version}-debian"),
            ("stable", "stable", &both, "{version} {version}-debian"),
            ("api-1", "api-{version}", &[(literal, "api-{version}")], "api-{version}"),
            ("latest", "latest", &[(literal, "api-{version}")], "api-{version}"),
            (
                "api-latest",
                "api-latest",
                &[(literal, "{version}"), (literal, "api-{version}")],
                "api-{version}",
            ),
            ("api", "api", &[(literal, "{version}"), (literal, "api-{version}")], "api-{version}"),
            ("v1", "v{version}", &[(literal, "{version}")], "{version} v{version}"),
            ("latest", "latest", &[(literal, "v{version}"), (literal, "v{version}-slim")], "v{version}"),
            ("latest", "latest", &[(floating, "{version}"), (literal, "sha-{commit:7}")], "{version}"),
            ("latest", "latest", &[(literal, "{name}-{version}"), (literal, "php{name}")], ""),
            (
                "latest",
                "latest",
                &[(literal, "{version}-alpine"), (floating, "{version}")],
                "{version}-alpine",
            ),
            ("latest", "latest", &[(literal, "api-{version}"), (floating, "{version}")], "api-{version}"),
            (
                "latest",
                "latest",
                &[(literal, "{version}-{commit:7}"), (floating, "{version}"), (floating, "{version}-alpine")],
                "{version}-{commit:7}",
            ),
            ("latest", "latest", &[(literal, "{name}"), (floating, "{version}")], ""),
            ("1", "{version}", &[(literal, "{name}"), (floating, "{version}")], ""),
            (
                "1",
                "{version}",
                &[(literal, "{name}"), (literal, "{version}"), (floating, "{version}")],
                "{version}",
            ),
            ("latest", "latest", &[(literal, "{version}"), (literal, "{version}-{commit:7}")], "{version}"),
            ("latest", "latest", &[(literal, "{version}-{commit:7}")], "{version}-{commit:7}"),
            ("latest", "latest", &[(literal, "RELEASE.{version}")], "RELEASE.{version}"),
            // The numbers of bases, revisions and runs are others in the next release.
            (
                "latest",
                "latest",
                &[(literal, "{version}-debian-12-r3")],
                "{version}-debian-{number}-r{number}",
            ),
            ("latest", "latest", &[(literal, "{version}-45")], "{version}-{number}"),
            ("latest", "latest", &[(literal, "45-{version}")], "{number}-{version}"),
            ("latest", "latest", &[(literal, "php8-{version}")], "php8-{version}"),
            (
                "latest-amd64",
                "latest-amd64",
                &[(literal, "v{version}-k3s1-amd64")],
                "v{version}-k{number}s{number}-amd{number}",
            ),
            ("jdk17", "jdk17", &[(literal, "{version}-jdk17")], "{version}-jdk17"),
            ("1-jdk17", "{version}-jdk17", &[(literal, "{version}-jdk17")], "{version}-jdk17"),
        ] {
            let forms: Vec<(bool, Form)> =
                all.iter().map(|(is_whole, form)| (*is_whole, form.parse().unwrap())).collect();
            let found =
                family(name, &own.parse().unwrap(), forms.iter().map(|(is_whole, form)| (*is_whole, form)));
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert_eq!(found.join(" "), expected, "{name} {all:?}");
        }
    }
}
