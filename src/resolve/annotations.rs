//! Annotations that belong to the index: the merge sets them, since it makes the index.

use std::collections::BTreeMap;

use crate::bake::target::{Entry, Target, Text};
use crate::bake::values::kept::variable_in;
use crate::diagnostic::Diagnostic;
use crate::platform::Platform;

/// An annotation of Bake: `[type[platform],…:]key=value`
/// (buildx `util/buildflags/export.go`).
pub(super) struct Annotation<'a> {
    /// What it annotates, as written; empty for the manifest.
    types: Vec<&'a str>,
    key: &'a str,
    value: &'a str,
}

const TYPES: [&str; 4] = ["manifest", "manifest-descriptor", "index", "index-descriptor"];

impl<'a> Annotation<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let typed = name.split_once(':').and_then(|(types, key)| {
            let types: Vec<&str> = types.split(',').collect();
            types.iter().all(|word| TYPES.contains(&kind(word))).then_some((types, key))
        });
        let (types, key) = typed.unwrap_or((Vec::new(), name));
        Self { types, key, value }
    }

    /// The annotation's key and value if it annotates the index.
    fn of_index(&self) -> Option<(&'a str, &'a str)> {
        self.types.iter().any(|word| kind(word) == "index").then_some((self.key, self.value))
    }

    /// The annotation without what a leg of this platform cannot hold: types of the index, and other platforms'.
    fn of_leg(&self, platform: Option<&Platform>) -> Option<String> {
        if self.types.is_empty() {
            return Some(format!("{}={}", self.key, self.value));
        }
        let here = |word: &&str| {
            let of = word.split_once('[').map(|(_, platform)| platform.trim_end_matches(']'));
            let fits = of
                .is_none_or(|of| platform.is_some_and(|own| of.parse().is_ok_and(|of: Platform| of == *own)));
            fits && !kind(word).starts_with("index")
        };
        let types: Vec<&str> = self.types.iter().copied().filter(here).collect();
        if types.is_empty() { None } else { Some(format!("{}:{}={}", types.join(","), self.key, self.value)) }
    }
}

fn kind(word: &str) -> &str {
    word.split_once('[').map_or(word, |(kind, _)| kind)
}

/// Whether one of the annotations is of the manifest and has this key.
pub(super) fn has(annotations: &[Text], key: &str) -> bool {
    annotations.iter().map(|text| Annotation::parse(text.as_str())).any(|one| {
        one.key == key && (one.types.is_empty() || one.types.iter().any(|word| kind(word) == "manifest"))
    })
}

/// The annotations of a target that its leg keeps.
pub(super) fn of_leg(annotations: &[Text], platform: Option<&Platform>) -> Vec<Text> {
    let kept = |text: &Text| Annotation::parse(text.as_str()).of_leg(platform).map(|kept| text.derive(&kept));
    annotations.iter().filter_map(kept).collect()
}

/// The annotations that the manifest of a leg's image will have, as far as they are known before it is built: without
/// those that hold a kept variable, and those that the output and the target say differently.
pub(super) fn of_manifest(definition: &Target) -> BTreeMap<String, String> {
    // An annotation for the leg's platform counts more than one for all (BuildKit's `AnnotationsGroup.Platform`).
    let mut of_target: BTreeMap<(&str, bool), Option<&str>> = BTreeMap::new();
    for text in &definition.annotations {
        let one = Annotation::parse(text.as_str());
        let words = one.types.iter().filter(|word| kind(word) == "manifest").map(|word| word.contains('['));
        let value = Some(one.value).filter(|_| variable_in(&text.value).is_none());
        let plain = one.types.is_empty().then_some(false);
        of_target.extend(words.chain(plain).map(|is_own| ((one.key, is_own), value)));
    }
    // `false` comes before `true`.
    let mut known: BTreeMap<&str, Option<&str>> =
        of_target.into_iter().map(|((key, _), value)| (key, value)).collect();
    for (field, text) in definition.output.iter().flatten().flat_map(|output| output.fields.iter()) {
        let Some((types, key)) = field.strip_prefix("annotation").and_then(|rest| rest.split_once('.'))
        else {
            continue;
        };
        if types.is_empty() || kind(types) == "-manifest" {
            let value = Some(text.as_str()).filter(|_| variable_in(&text.value).is_none());
            known.entry(key).and_modify(|own| *own = own.filter(|own| Some(*own) == value)).or_insert(value);
        }
    }
    known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))).collect()
}

/// How an output's attribute annotates the index: `annotation-index.KEY=VALUE`
/// (<https://github.com/moby/buildkit/blob/master/docs/annotations.md>).
const INDEX_FIELD: &str = "annotation-index.";

/// The annotations that are lifted out of a target: `index:` ones, and those of its output.
pub(super) fn lifted(target: &Target) -> BTreeMap<String, String> {
    let pairs = target.annotations.iter().filter_map(|text| Annotation::parse(text.as_str()).of_index());
    let fields = target.output.iter().flatten().flat_map(|output| &output.fields);
    let of_output = fields.filter_map(|(key, value)| Some((key.strip_prefix(INDEX_FIELD)?, value.as_str())));
    of_output.chain(pairs).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Takes what [`lifted`] has lifted out of an output.
pub(super) fn strip(output: &mut Entry) {
    output.fields.retain(|key, _| !key.starts_with(INDEX_FIELD));
}

/// A warning for each annotation of the index's descriptor: a tag in a registry has no descriptor to hold it.
pub(super) fn lost(annotations: &[Text]) -> impl Iterator<Item = Diagnostic> {
    let is_lost = |text: &&Text| {
        Annotation::parse(text.as_str()).types.iter().any(|word| kind(word) == "index-descriptor")
    };
    annotations.iter().filter(is_lost).map(|text| {
        let message =
            format!("the annotation `{text}` is left out: a registry keeps no descriptor of an index");
        Diagnostic::warning("lost-annotation", message)
            .at(text.span, "")
            .with_help("`index:` annotates the index itself")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, platform: &str, leg: Option<&str>, index: Option<(&str, &str)>) {
        let annotation = Annotation::parse(text);
        let platform: Platform = platform.parse().unwrap();
        assert_eq!(annotation.of_leg(Some(&platform)).as_deref(), leg, "{text}");
        assert_eq!(annotation.of_index(), index, "{text}");
    }

    #[test]
    fn an_output_s_annotations_of_the_index_are_lifted_too() {
        let mut output = Entry::of_type("image").with("annotation-index.k", "v").with("annotation.m", "w");
        let target = Target { output: Some(vec![output.clone()]), ..Target::new("t") };
        assert_eq!(lifted(&target), BTreeMap::from([("k".to_owned(), "v".to_owned())]));
        strip(&mut output);
        assert_eq!((output.get("annotation-index.k"), output.get("annotation.m")), (None, Some("w")));
    }

    #[test]
    fn what_the_manifest_will_have_is_known() {
        let own = |annotations: &[&str], fields: &[(&str, &str)]| {
            let annotations = annotations.iter().map(|text| Text::verbatim(text)).collect();
            let output =
                fields.iter().fold(Entry::of_type("image"), |output, (key, value)| output.with(key, *value));
            let target = Target { annotations, output: Some(vec![output]), ..Target::new("t") };
            let known = of_manifest(&target).into_iter().map(|(key, value)| format!("{key}={value}"));
            known.collect::<Vec<_>>().join(" ")
        };
        for (annotations, expected) in [
            (&["a=1", "manifest:b=2=2", "org.example:c=3"][..], "a=1 b=2=2 org.example:c=3"),
            (&["a=1", "manifest:a=2"], "a=2"),
            (&["manifest[linux/amd64]:a=1", "a=2"], "a=1"),
            (&["manifest,manifest-descriptor:a=1", "manifest-descriptor:b=2"], "a=1"),
            (&["manifest-descriptor[linux/amd64]:a=1"], ""),
        ] {
            assert_eq!(own(annotations, &[]), expected, "{annotations:?}");
        }
        for (fields, expected) in [
            (&[("annotation.a", "1"), ("annotation-manifest.b.c", "2")][..], "a=1 b.c=2 k=v"),
            (
                &[("annotation-manifest[linux/amd64].a", "1"), ("annotation-manifest-descriptor.b", "2")],
                "a=1 k=v",
            ),
            (&[("annotation.k", "v")], "k=v"),
            (&[("annotation.k", "w")], ""),
            (&[("annotations", "1"), ("compression", "zstd")], "k=v"),
        ] {
            assert_eq!(own(&["k=v"], fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn what_belongs_to_the_index_is_lifted() {
        case("a=b", "linux/amd64", Some("a=b"), None);
        case("manifest:a=b=c", "linux/amd64", Some("manifest:a=b=c"), None);
        case("index:a=b", "linux/amd64", None, Some(("a", "b")));
        case("index,manifest:a=b", "linux/amd64", Some("manifest:a=b"), Some(("a", "b")));
        case("manifest[linux/amd64]:a=b", "linux/amd64", Some("manifest[linux/amd64]:a=b"), None);
        case("manifest[linux/arm64]:a=b", "linux/amd64", None, None);
        case("index-descriptor:a=b", "linux/amd64", None, None);
        case("org.example:a=b", "linux/amd64", Some("org.example:a=b"), None);
    }
}
