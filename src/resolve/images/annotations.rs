//! Annotations of a target, and where each goes: into a leg, which is a build for one platform, or through the plan into
//! the index that the merge makes. As BuildKit has it, those for a platform count more than those for all
//! (`AnnotationsGroup.Platform` in <https://github.com/moby/buildkit/blob/master/exporter/containerimage/annotations.go>).

use std::collections::BTreeMap;

use crate::bake::target::annotation::{Annotation, Level, LevelKind};
use crate::bake::target::{Entry, Target, Text};
use crate::bake::values::kept::variable_in;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::{INPUTS, RUN_PREFIX, is_reserved};
use crate::platform::Platform;
use crate::source::Span;

/// Reads an annotation of a target. What is not an annotation has been refused, unless a kept variable is in it.
fn read(text: &Text) -> Annotation<'_> {
    Annotation::parse(text.as_str()).unwrap_or_else(|_| {
        let (key, value) = text.as_str().split_once('=').unwrap_or((text.as_str(), ""));
        Annotation::of_manifests(key, value)
    })
}

/// The annotations of a target that its leg keeps: those of the manifest. The leg has one platform, and BuildKit passes over
/// those for a platform when it makes no index.
pub(in crate::resolve) fn of_leg(annotations: &[Text], platform: Option<&Platform>) -> Vec<Text> {
    let parsed: Vec<_> = annotations.iter().map(|text| (text, read(text))).collect();
    let is_overruled = |key: &str, is_own: bool| {
        let of_key = |one: &Annotation<'_>| {
            one.key == key && one.annotates(LevelKind::Manifest, platform) == Some(true)
        };
        !is_own && parsed.iter().any(|(_, one)| of_key(one))
    };
    let kept = parsed.iter().filter_map(|(text, one)| {
        let is_own = one.annotates(LevelKind::Manifest, platform)?;
        if is_overruled(one.key, is_own) {
            return None;
        }
        let is_plain =
            text.as_str().strip_prefix(one.key).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
        let types = if is_plain { "" } else { "manifest:" };
        Some(text.derive(&format!("{types}{}={}", one.key, one.value)))
    });
    kept.collect()
}

/// Whether one of the annotations is of the manifest and has this key.
pub(in crate::resolve) fn has(annotations: &[Text], key: &str) -> bool {
    let mut parsed = annotations.iter().map(read);
    parsed.any(|one| one.key == key && one.has(LevelKind::Manifest))
}

/// The annotations that the manifest of a leg's image will have, as far as they are known before it is built: without
/// those that hold a kept variable, and those that the output and the target say differently.
pub(in crate::resolve) fn of_manifest(definition: &Target) -> BTreeMap<String, String> {
    let mut known: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for text in &definition.annotations {
        let one = read(text);
        if one.annotates(LevelKind::Manifest, None).is_some() {
            known.insert(one.key, Some(one.value).filter(|_| variable_in(&text.value).is_none()));
        }
    }
    for (one, text) in of_outputs(definition) {
        if one.annotates(LevelKind::Manifest, None).is_some() {
            let value = Some(one.value).filter(|_| variable_in(&text.value).is_none());
            known
                .entry(one.key)
                .and_modify(|own| *own = own.filter(|own| Some(*own) == value))
                .or_insert(value);
        }
    }
    known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))).collect()
}

/// The annotations in the outputs of a target.
fn of_outputs(target: &Target) -> impl Iterator<Item = (Annotation<'_>, &Text)> {
    let fields = target.output.iter().flatten().flat_map(|output| output.fields.iter());
    fields.filter_map(|(field, text)| Some((Annotation::of_field(field, text.as_str())?, text)))
}

/// All annotations of a target: those of its outputs, over which buildx puts its own.
fn of_target(target: &Target) -> impl Iterator<Item = (Annotation<'_>, &Text)> {
    let own = target.annotations.iter().map(|text| (read(text), text));
    of_outputs(target).chain(own)
}

/// The annotations of this kind for a build of the platform.
fn of_kind(target: &Target, kind: LevelKind, platform: Option<&Platform>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<(&str, bool), &str> = BTreeMap::new();
    for (one, _) in of_target(target) {
        all.extend(one.annotates(kind, platform).map(|is_own| ((one.key, is_own), one.value)));
    }
    // `false` comes before `true`.
    all.into_iter().map(|((key, _), value)| (key.to_owned(), value.to_owned())).collect()
}

/// The annotations of the index.
pub(in crate::resolve) fn of_index(target: &Target) -> BTreeMap<String, Text> {
    general(target, LevelKind::Index)
}

/// The annotations of the manifests of all platforms.
pub(in crate::resolve) fn of_all_manifests(target: &Target) -> BTreeMap<String, Text> {
    general(target, LevelKind::Manifest)
}

/// The annotations of this kind for all platforms.
fn general(target: &Target, kind: LevelKind) -> BTreeMap<String, Text> {
    let all = of_target(target).filter(|(one, _)| one.annotates(kind, None) == Some(false));
    all.map(|(one, text)| (one.key.to_owned(), text.derive(one.value))).collect()
}

/// The annotations that are lifted out of a target into the index.
pub(in crate::resolve) fn lifted(target: &Target) -> BTreeMap<String, String> {
    of_kind(target, LevelKind::Index, None)
}

/// The annotations that are lifted out of a target into the descriptor that the index has of its build for a platform.
pub(in crate::resolve) fn of_descriptor(
    target: &Target,
    platform: Option<&Platform>,
) -> BTreeMap<String, String> {
    of_kind(target, LevelKind::ManifestDescriptor, platform)
}

/// Takes out of an output what does not go into the leg of a platform, as [`of_leg`] does.
pub(in crate::resolve) fn strip(output: &mut Entry, platform: Option<&Platform>) {
    let mut general = Vec::new();
    let mut own = Vec::new();
    output.fields.retain(|field, text| {
        let Some(one) = Annotation::of_field(field, text.as_str()) else { return true };
        if let Some(is_own) = one.annotates(LevelKind::Manifest, platform) {
            let list = if is_own { &mut own } else { &mut general };
            list.push((one.key.to_owned(), field.to_string(), text.clone()));
        }
        false
    });
    general.retain(|(key, ..)| !own.iter().any(|(of_platform, ..)| of_platform == key));
    for (_, field, text) in general {
        output.set(&field, text);
    }
    for (key, _, text) in own {
        output.set(&format!("annotation-manifest.{key}"), text);
    }
}

/// Refuses annotations by which only a merge says which run made an index: tags that move with runs stay with what they say.
pub(in crate::resolve) fn reserved<'t>(
    all: impl Iterator<Item = (&'t str, Option<Span>)>,
) -> Vec<Diagnostic> {
    let reserved = all.filter(|(key, _)| is_reserved(key));
    let refuse = |(key, span): (&str, Option<Span>)| {
        let message = format!("the annotation `{key}` may only be set by a merge");
        Diagnostic::error(Code::RESERVED_ANNOTATION, message).at(span, "").with_help(format!(
            "give it another name: `{RUN_PREFIX}…` says which run made an index, and `{INPUTS}` of which inputs: both decide about tags"
        ))
    };
    reserved.map(refuse).collect()
}

/// The annotations of a target and of its output, with where they are.
pub(in crate::resolve) fn keys(target: &Target) -> impl Iterator<Item = (&str, Option<Span>)> {
    of_target(target).map(|(one, text)| (one.key, text.span))
}

/// A warning for each annotation that has no place: of the index's descriptor, since a tag in a registry has none to hold
/// it, and of a platform that the target does not name.
pub(in crate::resolve) fn lost(target: &Target, platforms: &[&Platform]) -> Vec<Diagnostic> {
    let mut lost = Vec::new();
    for (one, text) in of_target(target) {
        let is_strange = |level: &&Level<'_>| {
            level.kind != LevelKind::Index
                && level.platform.is_some()
                && !platforms.iter().any(|platform| level.fits(Some(platform)))
        };
        let shown = format!("{}={}", one.key, one.value);
        let (message, help) = if one.has(LevelKind::IndexDescriptor) {
            let message = format!(
                "the annotation `{shown}` of the `index-descriptor` is left out: registries store no descriptor for an index"
            );
            (message, "`index:` annotates the index itself".to_owned())
        } else if let Some(level) = one.levels.iter().find(is_strange) {
            let of = level.platform.unwrap_or_default();
            let message =
                format!("the annotation `{shown}` is left out: `{}` is not built for `{of}`", target.name);
            let list: Vec<String> = platforms.iter().map(|platform| format!("`{platform}`")).collect();
            let help = match list.as_slice() {
                [] => "set the `platforms` of the target, or leave the platform out of the annotation"
                    .to_owned(),
                list => format!("its platforms are {}", list.join(", ")),
            };
            (message, help)
        } else {
            continue;
        };
        lost.push(Diagnostic::warning(Code::LOST_ANNOTATION, message).at(text.span, "").with_help(help));
    }
    lost
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(map: &BTreeMap<String, String>) -> String {
        map.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
    }

    /// What the leg for linux/amd64 keeps, and what goes to its descriptor and to the index.
    #[track_caller]
    fn case(annotations: &[&str], leg: &[&str], descriptor: &str, index: &str) {
        let platform: Platform = "linux/amd64".parse().unwrap();
        let annotations: Vec<Text> = annotations.iter().map(|text| Text::verbatim(text)).collect();
        let kept: Vec<String> =
            of_leg(&annotations, Some(&platform)).iter().map(ToString::to_string).collect();
        let target = Target { annotations: annotations.into(), ..Target::new("t") };
        let of_descriptor = of_descriptor(&target, Some(&platform));
        assert_eq!(
            (shown(&of_descriptor), shown(&lifted(&target))),
            (descriptor.to_owned(), index.to_owned())
        );
        assert_eq!(kept, leg);
    }

    #[test]
    fn each_annotation_goes_to_its_level() {
        case(&["a=b"], &["a=b"], "", "");
        case(&["manifest:a=b=c"], &["manifest:a=b=c"], "", "");
        case(&["index:a=b"], &[], "", "a=b");
        for platform in ["linux/amd64", "linux/arm64", "linux/s390x"] {
            case(&[&format!("index[{platform}]:a=b")], &[], "", "a=b");
        }
        case(&["index[linux/amd64]:a=b", "index:a=c"], &[], "", "a=c");
        case(&["index:a=c", "index[linux/arm64]:a=b"], &[], "", "a=b");
        case(&["index[linux/amd64],manifest[linux/amd64]:a=b"], &["manifest:a=b"], "", "a=b");
        case(&["index,manifest:a=b"], &["manifest:a=b"], "", "a=b");
        case(&["index-descriptor:a=b"], &[], "", "");
        case(&["org.example:a=b"], &["org.example:a=b"], "", "");
        case(&["manifest[linux/amd64]:a=b"], &["manifest:a=b"], "", "");
        case(&["manifest[linux/x86_64]:a=b"], &["manifest:a=b"], "", "");
        case(&["manifest[linux/arm64]:a=b"], &[], "", "");
        case(&["manifest[linux/arm64],manifest[linux/amd64]:a=b"], &["manifest:a=b"], "", "");
        case(&["manifest-descriptor:a=b"], &[], "a=b", "");
        case(&["manifest-descriptor[linux/amd64]:a=b"], &[], "a=b", "");
        case(&["manifest-descriptor[linux/arm64]:a=b"], &[], "", "");
        case(&["manifest,manifest-descriptor[linux/amd64],index:a=b"], &["manifest:a=b"], "a=b", "a=b");
    }

    #[test]
    fn those_of_the_platform_count_more() {
        case(
            &["manifest[linux/amd64]:a=own", "a=all", "manifest:a=all", "b=c"],
            &["manifest:a=own", "b=c"],
            "",
            "",
        );
        case(&["manifest[linux/arm64]:a=own", "a=all"], &["a=all"], "", "");
        case(&["manifest-descriptor[linux/amd64]:a=own", "manifest-descriptor:a=all"], &[], "a=own", "");
    }

    #[test]
    fn an_output_s_annotations_go_the_same_ways() {
        let platform: Platform = "linux/amd64".parse().unwrap();
        let fields = [
            ("annotation-index[linux/amd64].k", "v"),
            ("annotation-index-descriptor.k", "v"),
            ("annotation-manifest-descriptor.d", "all"),
            ("annotation-manifest-descriptor[linux/amd64].d", "own"),
            ("annotation-manifest[linux/arm64].o", "p"),
            ("annotation-manifest[linux/amd64].m", "own"),
            ("annotation.m", "all"),
            ("annotation.n.o", "w"),
            ("annotations", "x"),
        ];
        let mut output =
            fields.iter().fold(Entry::of_type("image"), |output, (key, value)| output.with(key, *value));
        let target = Target { output: Some(vec![output.clone()]), ..Target::new("t") };
        assert_eq!(shown(&lifted(&target)), "k=v");
        assert_eq!(shown(&of_descriptor(&target, Some(&platform))), "d=own");
        strip(&mut output, Some(&platform));
        let left: Vec<String> = output.fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(left.join(" "), "annotation-manifest.m=own annotation.n.o=w annotations=x type=image");
        // Those of the target count more.
        let annotations =
            vec![Text::verbatim("index:k=own"), Text::verbatim("manifest-descriptor[linux/amd64]:d=x")];
        let target = Target { annotations: annotations.into(), ..target };
        assert_eq!(shown(&lifted(&target)), "k=own");
        assert_eq!(shown(&of_descriptor(&target, Some(&platform))), "d=x");
    }

    #[test]
    fn what_has_no_place_is_told() {
        let platform: Platform = "linux/amd64".parse().unwrap();
        let told = |annotation: &str, platforms: &[&Platform]| {
            let target = Target { annotations: vec![Text::verbatim(annotation)].into(), ..Target::new("t") };
            lost(&target, platforms).into_iter().map(|one| one.message).collect::<Vec<_>>().join("; ")
        };
        for annotation in [
            "a=1",
            "index:a=1",
            "index[linux/s390x]:a=1",
            "manifest-descriptor:a=1",
            "manifest[linux/amd64/v1]:a=1",
        ] {
            assert_eq!(told(annotation, &[&platform]), "", "{annotation}");
        }
        for annotation in
            ["index-descriptor:a=1", "manifest[linux/arm64]:a=1", "manifest-descriptor[linux/386]:a=1"]
        {
            assert!(told(annotation, &[&platform]).contains("is left out"), "{annotation}");
        }
        assert!(told("manifest[linux/amd64]:a=1", &[]).contains("is not built for `linux/amd64`"));
    }

    #[test]
    fn what_the_manifest_will_have_is_known() {
        let own = |annotations: &[&str], fields: &[(&str, &str)]| {
            let annotations = annotations.iter().map(|text| Text::verbatim(text)).collect();
            let output =
                fields.iter().fold(Entry::of_type("image"), |output, (key, value)| output.with(key, *value));
            let target = Target { annotations, output: Some(vec![output]), ..Target::new("t") };
            shown(&of_manifest(&target))
        };
        for (annotations, expected) in [
            (&["a=1", "manifest:b=2=2", "org.example:c=3"][..], "a=1 b=2=2 org.example:c=3"),
            (&["a=1", "manifest:a=2"], "a=2"),
            (&["manifest,manifest-descriptor:a=1", "manifest-descriptor:b=2"], "a=1"),
        ] {
            assert_eq!(own(annotations, &[]), expected, "{annotations:?}");
        }
        for (fields, expected) in [
            (&[("annotation.a", "1"), ("annotation-manifest.b.c", "2")][..], "a=1 b.c=2 k=v"),
            (&[("annotation-manifest-descriptor.b", "2")], "k=v"),
            (&[("annotation.k", "v")], "k=v"),
            (&[("annotation.k", "w")], ""),
            (&[("annotations", "1"), ("compression", "zstd")], "k=v"),
        ] {
            assert_eq!(own(&["k=v"], fields), expected, "{fields:?}");
        }
    }
}
