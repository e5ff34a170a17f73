//! What a rendered name of an image stands for, and so who may have it.

use crate::form::Form;
use crate::pattern::{self, Rendered, Uses, Words};
use crate::resolve::images::constants;
use crate::resolve::images::image::UnresolvedImage;
use crate::spec::TagPattern;
use crate::tags::{self, Claim};
use crate::version::Version;

/// What a rendered name of an image stands for. What is written as it is has nothing of a version that the run brings.
pub(in crate::resolve) fn claim(
    one: &TagPattern,
    rendered: &Rendered,
    image: &UnresolvedImage,
    is_of_run: bool,
    words: &Words<'_>,
) -> Claim {
    let (commit, run) = (rendered.names_commit, rendered.uses.names_run());
    let is_constant = rendered.uses == Uses::default();
    match words.version {
        // The day of a release is another one in the next.
        Some(_) if is_constant && Form::of_day(&rendered.text).is_some() => Claim::Literal,
        Some(version) if is_constant && one.is_written && is_of_run => {
            tags::claim_of_text(&rendered.text, version)
        }
        Some(version) => match tags::claim(&rendered.text, version, rendered.uses.depth, commit, run) {
            Claim::Versions(_) | Claim::Prereleases(_)
                if rendered.uses.depth == usize::MAX && tells_apart(one, rendered, version, image, words) =>
            {
                Claim::Literal
            }
            claim => claim,
        },
        None if commit => Claim::Literal,
        None if run => Claim::Run,
        // See `constants`.
        None => constants::claim(&rendered.text),
    }
}

/// Whether each version has a name of its own by a pattern that rewrites it, as `1.2.3b1` is that of 1.2.3-beta.1: whichever of
/// its numbers and words is another one, so is the name.
fn tells_apart(
    one: &TagPattern,
    rendered: &Rendered,
    version: &Version,
    image: &UnresolvedImage,
    words: &Words<'_>,
) -> bool {
    let is_same = |text: &str| {
        let Ok(other) = Version::parse_with(text, image.settings().scheme, &image.tails) else {
            return false;
        };
        let other = pattern::render(one.pattern.as_str(), &Words { version: Some(&other), ..*words });
        other.is_ok_and(|other| other.is_some_and(|other| other.text == rendered.text))
    };
    !others(version.without_v()).any(|text| is_same(&text))
}

/// A text with each of its numbers and words in turn as another one.
fn others(text: &str) -> impl Iterator<Item = String> {
    let kind = |byte: &u8| (byte.is_ascii_digit(), byte.is_ascii_alphabetic());
    let bytes = text.as_bytes();
    let is_end = move |at: &usize| {
        bytes[*at].is_ascii_alphanumeric() && bytes.get(at + 1).map(kind) != Some(kind(&bytes[*at]))
    };
    (0..bytes.len()).filter(is_end).map(move |at| {
        let other = match bytes[at] {
            b'1' => '2',
            b'x' => 'y',
            byte if byte.is_ascii_digit() => '1',
            _ => 'x',
        };
        format!("{}{other}{}", &text[..at], &text[at + 1..])
    })
}

#[cfg(test)]
mod tests {
    use super::others;

    #[test]
    fn each_part_is_another_one_once() {
        for (text, expected) in [
            ("1.20.3", "2.20.3 1.21.3 1.20.1"),
            ("8u422-b05", "1u422-b05 8x422-b05 8u421-b05 8u422-x05 8u422-b01"),
            ("1.0+dirty", "2.0+dirty 1.1+dirty 1.0+dirtx"),
            ("x", "y"),
        ] {
            assert_eq!(others(text).collect::<Vec<_>>().join(" "), expected);
        }
    }
}
