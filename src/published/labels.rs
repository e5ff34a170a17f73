//! Whether an image says of itself what its plan says: a build of another plan has other labels and annotations, though
//! its leg and its platform may be the same.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::plan_json::BuildEntry;
use super::planned::PlannedImage;
use crate::oci::Descriptor;

/// What helps when a build is of another plan.
pub(crate) const OTHER_PLAN_CURE: &str = "`plan.json`, `docker-bake.json` and the metadata belong together: give those of one run, and build \
     without `--set` or files that change labels or annotations";

/// What differs from the plan, a phrase each. Only what is planned is compared: a Dockerfile may add more.
#[must_use]
pub(crate) fn differences(
    build: &BuildEntry,
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
) -> Vec<String> {
    let compare = |what: &str, planned: &BTreeMap<String, String>, found: &BTreeMap<String, String>| {
        let differ = planned.iter().filter(|(key, value)| found.get(*key) != Some(*value));
        let phrase = |(key, planned): (&String, &String)| match found.get(key) {
            Some(found) => format!("the {what} `{key}` is {found:?}, but the plan says {planned:?}"),
            None => format!("the {what} `{key}` is missing, but the plan says {planned:?}"),
        };
        differ.map(phrase).collect::<Vec<_>>()
    };
    let mut differences = compare("label", &build.labels, labels);
    differences.extend(compare("annotation", &build.annotations, annotations));
    differences
}

/// What annotations of an index, and of the descriptors in it, are not the planned ones, a phrase each.
#[must_use]
pub(crate) fn index_differences<'d>(
    image: &PlannedImage,
    annotations: &BTreeMap<String, String>,
    entries: impl Iterator<Item = &'d Descriptor>,
) -> Vec<String> {
    let mut wrong = differing(&image.annotations, annotations, "the index");
    for entry in entries {
        if let Some(planned) = image.descriptor_annotations(entry) {
            let of = format!("the descriptor of {}", entry.digest);
            wrong.extend(differing(planned, &entry.annotations, &of));
        }
    }
    wrong
}

/// How the annotations of something differ from the planned ones.
fn differing(planned: &BTreeMap<String, String>, found: &BTreeMap<String, String>, of: &str) -> Vec<String> {
    let wrong = planned.iter().filter(|(key, value)| found.get(*key) != Some(*value));
    let told = wrong.map(|(key, planned)| {
        let has = found.get(key).map_or("is not there".to_owned(), |value| format!("is {value:?}"));
        format!("the annotation `{key}` of {of} {has}, expected {planned:?}")
    });
    told.collect()
}

/// The labels in the configuration of an image.
///
/// # Errors
/// When it is not a configuration.
pub(crate) fn labels_of(configuration: &[u8]) -> Result<BTreeMap<String, String>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Configuration {
        config: Option<Execution>,
    }
    #[derive(Deserialize)]
    struct Execution {
        #[serde(rename = "Labels")]
        labels: Option<BTreeMap<String, String>>,
    }
    let Configuration { config } = serde_json::from_slice(configuration)?;
    Ok(config.and_then(|config| config.labels).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on_missing::OnMissing;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_what_is_planned_is_compared() {
        let build = |labels: &[(&str, &str)], annotations: &[(&str, &str)]| BuildEntry {
            inputs: None,
            platform: None,
            job: String::new(),
            on_missing: OnMissing::Hold,
            labels: map(labels),
            annotations: map(annotations),
            descriptor_annotations: BTreeMap::new(),
        };
        let found = map(&[("a", "1"), ("b", "")]);
        for (labels, annotations) in [
            (&[][..], &[][..]),
            (&[("a", "1")], &[]),
            (&[("b", "")], &[("a", "1")]),
            (&[], &[("a", "1"), ("b", "")]),
        ] {
            assert_eq!(differences(&build(labels, annotations), &found, &found), [""; 0]);
        }
        assert_eq!(
            differences(&build(&[("a", "2"), ("b", "")], &[("c", ""), ("b", "x")]), &found, &found),
            [
                "the label `a` is \"1\", but the plan says \"2\"",
                "the annotation `b` is \"\", but the plan says \"x\"",
                "the annotation `c` is missing, but the plan says \"\"",
            ]
        );
    }

    #[test]
    fn labels_are_read_in_all_forms() {
        for (text, expected) in [
            ("{}", &[][..]),
            (r#"{"config":null}"#, &[]),
            (r#"{"config":{"Labels":null}}"#, &[]),
            (r#"{"config":{"Labels":{"a":"b"},"Env":[]},"os":"linux"}"#, &[("a", "b")]),
        ] {
            assert_eq!(labels_of(text.as_bytes()).unwrap(), map(expected), "{text}");
        }
        for text in ["[]", r#"{"config":{"Labels":{"a":1}}}"#, "\u{0}"] {
            assert!(labels_of(text.as_bytes()).is_err(), "{text}");
        }
    }
}
