//! Reads versions that tags write without dots: `1_4_2`, `api-1-4-2`.

use super::{Number, Version};
use crate::form::{Form, Part};

/// What may stand in the place of dots.
const IN_PLACE: [char; 2] = ['_', '-'];

/// Where a tag has its version, and what stands in the place of the dots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dotless {
    before: String,
    separator: char,
    after: String,
}

impl Dotless {
    /// How a tag shows so many numbers of a version, if that is how.
    #[must_use]
    pub(crate) fn of(tag: &str, version: &Version, count: usize) -> Option<Self> {
        let shown = version.numbers().get(..count).filter(|shown| shown.len() > 1)?;
        IN_PLACE.into_iter().find_map(|separator| {
            let numbers: Vec<&str> = shown.iter().map(Number::text).collect();
            let (before, after) = tag.split_once(&numbers.join(&separator.to_string()))?;
            let is_digit = |c: char| c.is_ascii_digit();
            let goes_on = |rest: &str| rest.trim_start_matches(separator).starts_with(is_digit);
            let is_within = before.trim_end_matches(separator).ends_with(is_digit);
            (!is_within && !goes_on(after)).then(|| Self {
                before: before.to_owned(),
                separator,
                after: after.to_owned(),
            })
        })
    }

    /// The form of these tags, whose version is yet to be read.
    #[must_use]
    pub(crate) fn form(&self) -> Form {
        let [before, after] = [&self.before, &self.after].map(|text| Part::Text(text.clone()));
        [before, Part::Version, after].into_iter().collect()
    }

    /// The numbers that another tag has in the same place, with dots.
    #[must_use]
    pub(crate) fn read(&self, tag: &str) -> Option<String> {
        // A `v` may be there or not.
        let bare = self.before.strip_suffix(['v', 'V']).unwrap_or(&self.before);
        let shown = tag.strip_prefix(bare)?.strip_suffix(self.after.as_str())?;
        let shown = shown.strip_prefix(['v', 'V']).unwrap_or(shown);
        let is_number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let numbers: Vec<&str> = shown.split(self.separator).collect();
        (numbers.len() > 1 && numbers.iter().all(|number| is_number(number))).then(|| numbers.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_image_writes_them() {
        for (own, count, other, expected) in [
            ("1_4_2", 3, "2_0_0", Some("2.0.0")),
            ("1-4-2", 3, "2-0-10", Some("2.0.10")),
            ("api-1-4-2", 3, "api-2-0-0", Some("2.0.0")),
            ("v1_4_2-slim", 3, "v2_0_0-slim", Some("2.0.0")),
            ("v1_4_2", 3, "2_0_0", Some("2.0.0")),
            ("1_4", 2, "1_5", Some("1.5")),
            ("1_4_2", 3, "2_0", Some("2.0")),
            ("1_4_2", 3, "2_0_0-slim", None),
            ("1_4_2", 3, "2-0-0", None),
            ("1_4_2", 3, "2", None),
            ("1_4_2", 3, "latest", None),
            ("1_4_2", 3, "2__0", None),
            ("api-1-4-2", 3, "web-2-0-0", None),
            ("1.4.2", 3, "2.0.0", None),
            ("11_4_2", 3, "2_0_0", None),
            ("1_4_2_7", 3, "2_0_0", None),
            ("142", 3, "200", None),
            ("1", 1, "2", None),
        ] {
            let version: Version = "1.4.2".parse().unwrap();
            let read = Dotless::of(own, &version, count).and_then(|dotless| dotless.read(other));
            assert_eq!(read.as_deref(), expected, "{own} {other}");
        }
    }
}
