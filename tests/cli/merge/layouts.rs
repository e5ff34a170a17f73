//! What is published, what is held and what is refused, on layouts.

use bakeplan::internals::merge::report::{Outcome, Report, Status};
use bakeplan::internals::merge::{IfMissing, Options};
use bakeplan::internals::oci::{DOCKER_LIST, Descriptor, OCI_INDEX, OCI_MANIFEST};
use bakeplan::internals::registry::{Store, TagOrDigest};

use super::world::{
    Build, CONSTANTS, TAGS, World, document, image, index, literal, plan, plan_of, put, put_tag, remove,
};
use crate::verify::desk::{found, of_plan};

const A: &str = "oci-layout:a";
const B: &str = "oci-layout:b";

#[track_caller]
fn code(report: &Report) -> &'static str {
    let [problem] = report.problems.as_slice() else { panic!("one problem: {:?}", report.problems) };
    assert!(report.images.values().all(|image| image.status == Status::Failed), "{report:?}");
    problem.code.name()
}

fn outcomes(report: &Report) -> Vec<(String, Outcome)> {
    let references = report.images.values().flat_map(|image| &image.references);
    references.map(|reference| (reference.tag.clone(), reference.outcome)).collect()
}

fn allow() -> Options {
    Options::default()
}

#[test]
fn a_complete_image_gets_all_its_tags_in_all_repositories() {
    let world = World::with_app(&["a", "b"]);
    let report = world.merge(&plan(&[A, B]), allow());
    assert_eq!(report.problems, []);
    let image = &report.images["app"];
    assert_eq!((image.status, image.media_type.as_deref()), (Status::Published, Some(OCI_INDEX)));
    assert_eq!(image.platforms, ["linux/amd64", "linux/arm64"]);
    for repository in ["a", "b"] {
        let tags = world.tags(repository);
        assert_eq!(tags.keys().collect::<Vec<_>>(), ["1", "1.4", "1.4.2", "latest"]);
        assert!(tags.values().all(|digest| Some(digest) == image.digest.as_ref()));
        assert_eq!(world.platforms(repository, "1.4"), ["linux/amd64", "linux/arm64"]);
        let index = world.index(repository, "latest");
        let attested: Vec<_> = index.manifests.iter().filter_map(|entry| entry.attested()).collect();
        assert_eq!(attested, [index.manifests[0].digest.as_str(), index.manifests[2].digest.as_str()]);
    }
    assert_eq!(report.published.len(), 2);

    let again = world.merge(&plan(&[A, B]), allow());
    assert_eq!((again.images["app"].status, again.published.len()), (Status::Unchanged, 2));
    assert!(outcomes(&again).iter().all(|(_, outcome)| *outcome == Outcome::Unchanged));
}

#[test]
fn builds_without_attestations_and_docker_s_media_types_are_taken_as_they_are() {
    for (docker, expected) in [(false, OCI_INDEX), (true, DOCKER_LIST)] {
        let mut world = World::new();
        for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
            let build = Build::new(leg, platform);
            world.build(&["a"], if docker { build.docker() } else { build.plain() });
        }
        let report = world.merge(&plan(&[A]), allow());
        assert_eq!(report.images["app"].media_type.as_deref(), Some(expected), "{:?}", report.problems);
        assert_eq!(world.platforms("a", "latest"), ["linux/amd64", "linux/arm64"]);

        let annotated = plan_of(&[A], CONSTANTS, r#""annotations":{"k":"v"},"#, "hold");
        let report = world.merge(&annotated, allow());
        if docker {
            assert_eq!(code(&report), "compose");
        } else {
            assert_eq!(world.index("a", "latest").annotations["k"], "v");
        }
    }
}

/// Those of a build go to its own entry in the index, whether or not the build has an index of its own.
#[test]
fn descriptors_get_the_annotations_of_their_builds() {
    let plan = plan_of(&[A], CONSTANTS, "", "hold")
        .replace("\"job\":\"b\"", "\"job\":\"b\",\"descriptor_annotations\":{\"k\":\"v\",\"l\":\"w\"}");
    for is_attested in [true, false] {
        let mut world = World::new();
        for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
            let build = Build::new(leg, platform);
            world.build(&["a"], if is_attested { build } else { build.plain() });
        }
        let report = world.merge(&plan, allow());
        assert_eq!(report.problems, []);
        let index = world.index("a", "latest");
        let has = |entry: &Descriptor| entry.annotations.get("k").zip(entry.annotations.get("l")).is_some();
        let annotated: Vec<_> = index.manifests.iter().filter(|entry| has(entry)).collect();
        let [entry] = annotated.as_slice() else { panic!("one of {:?}", index.manifests) };
        assert_eq!(entry.platform.as_ref().unwrap().architecture, "arm64");
        let again = world.merge(&plan, allow());
        assert_eq!(again.images["app"].status, Status::Unchanged);
    }
    let mut world = World::new();
    for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
        world.build(&["a"], Build::new(leg, platform).docker());
    }
    assert_eq!(code(&world.merge(&plan, allow())), "compose");
}

#[test]
fn an_attestation_that_only_refers_to_its_image_goes_into_the_index() {
    let mut world = World::new();
    let build = world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").plain());
    let layout = world.layout("a");
    let subject = layout.head_manifest(&build.clone().into()).unwrap().unwrap();
    let text = image(&layout, OCI_MANIFEST, "{}", &["statement".into()]);
    let text = text.replacen(
        '{',
        &format!(
            r#"{{"artifactType":"application/vnd.docker.attestation.manifest.v1+json",
                "subject":{{"mediaType":"{}","digest":"{}","size":{}}},"#,
            subject.media_type, subject.digest, subject.size
        ),
        1,
    );
    let attestation = put(&layout, OCI_MANIFEST, &text);
    world.build(&["a"], Build::new("app-linux-arm64", "linux/arm64"));
    let report = world.merge(&plan(&[A]), allow());
    assert_eq!(report.problems, []);
    let index = world.index("a", "latest");
    let last = index.manifests.last().unwrap();
    assert_eq!((&last.digest, last.attested()), (&attestation.digest, Some(build.as_str())));
}

#[test]
fn a_missing_platform_follows_what_the_plan_says() {
    let full = World::with_app(&["a"]);
    full.merge(&plan(&[A]), allow());
    let published = full.tags("a");
    let run = |on_missing: &str, options: Options| {
        let mut world = World::with_app(&["a"]);
        world.merge(&plan(&[A]), allow());
        assert_eq!(world.tags("a"), published);
        world.built.remove("app-linux-arm64");
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
        let version = r#""version":"1.4.2","#;
        let report = world.merge(&plan_of(&[A], TAGS, version, on_missing), options);
        assert_eq!(report.problems, [], "{on_missing}");
        (world, report)
    };
    let (world, report) = run("hold", allow());
    assert_eq!((world.tags("a"), report.images["app"].status), (published.clone(), Status::Held));
    assert_eq!(report.images["app"].why, ["`app-linux-arm64` was not built"]);
    assert!(report.is_incomplete());

    let (world, report) = run("drop", allow());
    assert_eq!(world.platforms("a", "1.4.2"), ["linux/amd64"]);
    assert_eq!(report.images["app"].status, Status::Published);

    let (world, report) = run("carry", allow());
    assert_eq!(world.platforms("a", "latest"), ["linux/amd64", "linux/arm64"]);
    assert_eq!((report.images["app"].status, world.index("a", "1").manifests.len()), (Status::Published, 4));
    assert_ne!(world.tags("a"), published);

    for on_missing in ["drop", "carry"] {
        let (world, report) = run(on_missing, Options { if_missing: IfMissing::RequireAll, ..allow() });
        assert_eq!((world.tags("a"), report.is_incomplete()), (published.clone(), true));
    }

    // Nothing to carry, nothing built.
    let mut world = World::with_app(&["a"]);
    world.built.remove("app-linux-arm64");
    let report = world.merge(&plan_of(&[A], CONSTANTS, "", "carry"), allow());
    assert_eq!(
        report.images["app"].why,
        ["`app-linux-arm64` was not built and its version is not published yet"]
    );
    world.built.clear();
    let report = world.merge(&plan_of(&[A], CONSTANTS, "", "drop"), allow());
    assert_eq!(report.images["app"].why, ["none of its builds exist"]);
    assert!(world.tags("a").is_empty());
}

/// A platform of another version is not this one's, under whatever tag it is.
#[test]
fn what_says_that_it_is_another_version_is_not_carried_over() {
    const VERSION: &str = "org.opencontainers.image.version";
    for (label, annotation, index, is_carried) in [
        ("9.9.9", "", "", false),
        ("", "9.9.9", "", false),
        ("", "", "1.4.1", false),
        ("1.4.2", "1.4.3", "", false),
        ("1.4.2", "1.4.2", "1.4.2", true),
        ("", "", "", true),
        ("", "", "main", true),
    ] {
        let said =
            |text: &str| if text.is_empty() { String::new() } else { format!(r#""{VERSION}":"{text}""#) };
        let (labels, annotations) = (said(label), said(annotation));
        let build = |leg, platform| Build::new(leg, platform).labelled(&labels, &annotations);
        let mut world = World::new();
        world.build(&["a"], build("app-linux-amd64", "linux/amd64"));
        world.build(&["a"], build("app-linux-arm64", "linux/arm64"));
        let first = format!(r#""annotations":{{{}}},"#, said(index));
        assert_eq!(world.merge(&plan_of(&[A], CONSTANTS, &first, "hold"), allow()).problems, []);
        world.built.remove("app-linux-arm64");
        let of_this = format!(r#""{VERSION}":"1.4.2""#);
        let build = Build::new("app-linux-amd64", "linux/amd64").labelled(&of_this, &of_this).salt("again");
        world.build(&["a"], build);
        let mut plan: serde_json::Value =
            serde_json::from_str(&plan_of(&[A], TAGS, r#""version":"1.4.2","#, "carry")).unwrap();
        for build in plan["images"]["app"]["builds"].as_object_mut().unwrap().values_mut() {
            build["labels"][VERSION] = "1.4.2".into();
            build["annotations"][VERSION] = "1.4.2".into();
        }
        let before = world.tags("a");
        let report = world.merge(&plan.to_string(), allow());
        let codes: Vec<&str> = report.problems.iter().map(|problem| problem.code.name()).collect();
        if is_carried {
            assert_eq!(codes, [""; 0], "{label} {annotation} {index}: {:?}", report.problems);
            assert_ne!(world.tags("a"), before);
        } else {
            assert_eq!(codes, ["other-plan"], "{label} {annotation} {index}: {:?}", report.problems);
            assert_eq!(world.tags("a"), before);
        }
    }
}

/// `imagetools` cannot take a descriptor from another repository than the one of its tags, which we can.
#[test]
fn what_is_carried_over_has_commands_where_it_is() {
    let mut world = World::with_app(&["app", "copy"]);
    let server = world.serve();
    let [app, copy] = ["app", "copy"].map(|name| format!("{}/{name}", server.host()));
    assert_eq!(world.merge(&plan(&[&copy]), allow()).problems, []);
    world.built.remove("app-linux-arm64");
    world.build(&["app", "copy"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
    let arm = world.index("copy", "latest").manifests[2].digest.clone();
    remove(&world.layout("app"), &arm);
    let document = plan_of(&[&app, &copy], TAGS, r#""version":"1.4.2","#, "carry");

    let report = world.merge(&document, Options { dry_run: true, ..allow() });
    let [lacks, has] = report.images["app"].commands.as_slice() else { panic!("two repositories") };
    assert_eq!(lacks, "# `imagetools` cannot take this from several repositories at once");
    assert!(has.contains(&format!(r#" '{{"mediaType":"{OCI_MANIFEST}","digest":"{arm}","#)), "{has}");
    assert!(!has.contains('@'), "descriptors alone: {has}");

    let report = world.merge(&document, Options { use_docker: true, ..allow() });
    assert_eq!(code(&report), "docker");
    assert!(world.tags("app").is_empty());
    assert_eq!(world.merge(&document, allow()).problems, []);
    assert_eq!(world.platforms("app", "latest"), ["linux/amd64", "linux/arm64"]);
}

#[test]
fn an_incomplete_image_does_not_keep_the_others_back() {
    let mut world = World::with_app(&["a"]);
    let other = r#""other":{"repositories":["oci-layout:a"],"tags":[{"name":"other","class":"constant","form":"other"}],"builds":{"gone":{}}},"app""#;
    let document = plan(&[A]).replacen(r#""app""#, other, 1);
    let report = world.merge(&document, allow());
    let statuses: Vec<_> = report.images.values().map(|image| image.status).collect();
    assert_eq!(statuses, [Status::Held, Status::Published]);
    assert_eq!(world.tags("a").len(), 4);

    world.build(&["a"], Build::new("app-linux-arm64", "linux/arm64").salt("again"));
    let before = world.tags("a");
    let report = world.merge(&document, Options { if_missing: IfMissing::RequireAll, ..allow() });
    assert_eq!((world.tags("a"), report.images["app"].status), (before, Status::Held));
}

/// Two images: `app` in both repositories, `tool` in the second.
fn two_images(on_missing: &str) -> String {
    let tool = format!(
        r#"{{"repositories":["{B}"],"tags":[{{"name":"tool","class":"constant","form":"tool"}}],
            "builds":{{"tool":{{"platform":"linux/amd64","on_missing":"{on_missing}"}}}}}}"#
    );
    let document = plan_of(&[A, B], TAGS, r#""version":"1.4.2","#, on_missing);
    document.replacen(r#""app""#, &format!(r#""tool":{tool},"app""#), 1)
}

#[test]
fn all_is_published_when_all_is_required_and_there() {
    let required = Options { if_missing: IfMissing::RequireAll, ..allow() };
    for on_missing in ["hold", "drop", "carry"] {
        let mut world = World::with_app(&["a", "b"]);
        world.build(&["b"], Build::new("tool", "linux/amd64").plain());
        let document = two_images(on_missing);

        let report = world.merge(&document, Options { dry_run: true, ..required });
        assert!(report.images.values().all(|image| image.status == Status::Planned), "{report:?}");
        let report = world.merge(&document, required);
        assert_eq!((report.problems.as_slice(), report.is_incomplete()), (&[][..], false), "{on_missing}");
        assert!(report.images.values().all(|image| image.status == Status::Published), "{report:?}");
        assert_eq!((world.tags("a").len(), world.tags("b").len()), (4, 5));
        let report = world.merge(&document, required);
        assert!(report.images.values().all(|image| image.status == Status::Unchanged), "{report:?}");
    }
}

#[test]
fn nothing_is_written_when_all_is_required_and_one_is_missing() {
    let required = Options { if_missing: IfMissing::RequireAll, ..allow() };
    for on_missing in ["hold", "drop", "carry"] {
        for missing in ["tool", "app-linux-amd64", "app-linux-arm64"] {
            for is_published in [false, true] {
                let mut world = World::with_app(&["a", "b"]);
                world.build(&["b"], Build::new("tool", "linux/amd64").plain());
                if is_published {
                    assert_eq!(world.merge(&two_images(on_missing), allow()).problems, []);
                    for leg in ["tool", "app-linux-amd64", "app-linux-arm64"] {
                        let platform = if leg == "app-linux-arm64" { "linux/arm64" } else { "linux/amd64" };
                        world.build(&["a", "b"], Build::new(leg, platform).salt("again"));
                    }
                }
                world.built.remove(missing);
                let before = [world.files("a"), world.files("b")];
                let report = world.merge(&two_images(on_missing), required);
                assert_eq!(report.problems, []);
                assert!(report.images.values().all(|image| image.status == Status::Held), "{report:?}");
                assert_eq!([world.files("a"), world.files("b")], before, "{on_missing} {missing}");
                assert!(report.published.is_empty() && outcomes(&report).is_empty());
            }
        }
    }
}

#[test]
fn a_greater_version_keeps_the_floating_tags() {
    let mut world = World::with_app(&["a"]);
    let report = world.merge(&plan(&[A]).replace("1.4.2", "1.5.0").replace("1.4", "1.5"), allow());
    assert_eq!(report.problems, []);
    let greater = world.tags("a");
    world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("1.4.2"));
    let report = world.merge(&plan(&[A]), allow());
    assert_eq!(
        outcomes(&report),
        [
            ("1.4.2".to_owned(), Outcome::Created),
            ("1.4".to_owned(), Outcome::Created),
            ("1".to_owned(), Outcome::Kept),
            ("latest".to_owned(), Outcome::Kept)
        ]
    );
    let tags = world.tags("a");
    assert_eq!((&tags["latest"], &tags["1"]), (&greater["latest"], &greater["1"]));
    assert_eq!(report.images["app"].references[3].why.as_deref(), Some("`1.5.0` is greater"));
    let report = world.merge(&plan(&[A]), Options { allow_backward: true, ..allow() });
    assert_eq!(outcomes(&report)[3], ("latest".to_owned(), Outcome::Moved));
    assert_eq!(world.tags("a")["latest"], world.tags("a")["1.4.2"]);
}

#[test]
fn immutable_images_refuse_another_digest_whatever_it_adds() {
    let mut world = World::with_app(&["a", "b"]);
    let arm = world.built.remove("app-linux-arm64").unwrap();
    let immutable = r#""version":"1.4.2","immutable":true,"#;
    let document = plan_of(&[A, B], TAGS, immutable, "drop");
    assert_eq!(world.merge(&document, allow()).problems, []);
    let before = world.tags("a");
    assert_eq!(world.merge(&document, allow()).problems, [], "the same digest is no other");
    let first = world.built.clone();
    let refused = |world: &World, document: &str| {
        let report = world.merge(document, allow());
        assert_eq!(report.problems.len(), 2, "{:?}", report.problems);
        assert!(report.problems.iter().all(|problem| problem.code.name() == "immutable-tag"));
        assert_eq!((world.tags("a"), world.tags("b")), (before.clone(), before.clone()));
    };
    // Another build, one platform more, and the same builds with other annotations.
    world.build(&["a", "b"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
    refused(&world, &document);
    world.built = first;
    let annotated = format!("{immutable}\"annotations\":{{\"k\":\"v\"}},");
    refused(&world, &plan_of(&[A, B], TAGS, &annotated, "drop"));
    world.built.insert("app-linux-arm64".into(), arm);
    refused(&world, &document);
    // The release may stay as it is.
    let report = world.merge(&document, Options { keep_existing: true, ..allow() });
    assert_eq!((report.problems.as_slice(), world.tags("a")), (&[][..], before.clone()));
    let report = world.merge(&document, Options { allow_retag: true, ..allow() });
    assert_eq!(report.problems, []);
    assert_ne!(world.tags("b"), before);
}

#[test]
fn a_tag_that_says_it_is_a_version_does_not_float() {
    let with = |version: &str, said: &str, tags: &str| {
        let said = format!(
            r#""version":"{version}","annotations":{{"org.opencontainers.image.version":"{said}"}},"#
        );
        plan_of(&[A], tags, &said, "hold")
    };
    for (released, said, is_refused) in [
        ("1.4", "1.4", true),
        ("1.4", "v1.4", true),
        ("1", "1", true),
        ("1.4", "1.4.1", false),
        ("1.4", "main", false),
        ("latest", "latest", false),
    ] {
        let mut world = World::with_app(&["a"]);
        let literal = literal(released);
        let version = if released == "latest" { "1.0.0" } else { released };
        assert_eq!(world.merge(&with(version, said, &literal), allow()).problems, []);
        let before = world.files("a");
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("1.4.2"));
        let built = world.files("a");
        let report = world.merge(&with("1.4.2", "1.4.2", TAGS), allow());
        let codes: Vec<&str> = report.problems.iter().map(|problem| problem.code.name()).collect();
        assert_eq!(codes, if is_refused { vec!["tag-collision"] } else { vec![] }, "{released} {said}");
        assert_ne!(before, built);
        if is_refused {
            assert!(report.problems[0].message.contains(&format!("version `{said}` itself")));
            assert_eq!(world.files("a"), built, "{released} {said}");
            let allowed = Options { allow_retag: true, ..allow() };
            assert_eq!(world.merge(&with("1.4.2", "1.4.2", TAGS), allowed).problems, []);
        }
        assert_eq!(world.tags("a")["1.4.2"], world.tags("a")[released]);
    }
}

#[test]
fn a_greater_version_is_not_replaced_by_a_lesser_one() {
    let with = |version: &str, said: &str, tags: &str| {
        let said = format!(
            r#""version":"{version}","annotations":{{"org.opencontainers.image.version":"{said}"}},"#
        );
        plan_of(&[A], tags, &said, "hold")
    };
    let own = |tag: &str| format!(r#"{{"name":"{tag}","class":"version","form":"{{version}}"}}"#);
    for (tag, version, said, is_refused) in [
        ("2023.02", "2023.02.1", "2023.02.1", true),
        ("1.4", "1.4.2", "v1.4.2", true),
        ("1", "1.4.2", "1.4.2-r1", true),
        ("1.4", "1.4", "1.4", false),
        ("1.4", "1.3.9", "1.3.9", false),
        ("1.4", "1.4.2", "main", false),
    ] {
        let mut world = World::with_app(&["a"]);
        assert_eq!(world.merge(&with(version, said, &literal(tag)), allow()).problems, []);
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
        let lesser = with(tag, tag, &own(tag));
        let built = world.files("a");
        let report = world.merge(&lesser, allow());
        let codes: Vec<&str> = report.problems.iter().map(|problem| problem.code.name()).collect();
        assert_eq!(codes, if is_refused { vec!["tag-collision"] } else { vec![] }, "{tag} {said}");
        if is_refused {
            assert!(report.problems[0].message.contains(&format!("version `{said}`, which is greater")));
            assert_eq!(world.files("a"), built, "{tag} {said}");
            let allowed = Options { allow_retag: true, ..allow() };
            assert_eq!(world.merge(&lesser, allowed).problems, []);
        }
    }
}

/// With its variant or without, the annotation names the version that the tag is.
#[test]
fn a_tag_with_a_variant_that_says_it_is_a_version_does_not_float() {
    let tags = |suffix: &str| {
        let form = format!("{{version}}{suffix}");
        let floating = |name: &str, numbers: usize| {
            format!(
                r#"{{"name":"{name}{suffix}","floating":true,"class":"version","numbers":{numbers},"form":"{form}","family":["{form}"]}}"#
            )
        };
        let own = format!(r#"{{"name":"1.4.2{suffix}","class":"version","form":"{form}"}}"#);
        [own, floating("1.4", 2), floating("1", 1)].join(",")
    };
    let with = |version: &str, said: &str, tags: &str| {
        let said = format!(
            r#""version":"{version}","annotations":{{"org.opencontainers.image.version":"{said}"}},"#
        );
        plan_of(&[A], tags, &said, "hold")
    };
    for (suffix, said, is_refused) in [
        ("-debian", "1.4-debian", true),
        ("-debian", "1.4", true),
        ("-debian", "v1.4", true),
        ("-slim-trixie", "1.4-slim-trixie", true),
        ("-debian", "1.4.1-debian", false),
        ("-debian", "1.4-alpine", false),
        ("-debian", "1.4.1", false),
    ] {
        let mut world = World::with_app(&["a"]);
        let released = literal(&format!("1.4{suffix}"));
        assert_eq!(world.merge(&with("1.4", said, &released), allow()).problems, []);
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("1.4.2"));
        let report = world.merge(&with("1.4.2", "1.4.2", &tags(suffix)), allow());
        let codes: Vec<&str> = report.problems.iter().map(|problem| problem.code.name()).collect();
        assert_eq!(codes, if is_refused { vec!["tag-collision"] } else { vec![] }, "{suffix} {said}");
    }
}

#[test]
fn what_is_wrong_with_a_build_is_told_before_anything_is_written() {
    let check = |expected: &str, spoil: &dyn Fn(&mut World)| {
        let mut world = World::with_app(&["a"]);
        spoil(&mut world);
        let report = world.merge(&plan(&[A]), allow());
        assert_eq!(code(&report), expected, "{:?}", report.problems);
        assert!(world.tags("a").is_empty(), "{expected}");
    };
    check("wrong-platform", &|world| {
        world.build(&["a"], Build::new("app-linux-arm64", "linux/s390x"));
    });
    check("wrong-platform", &|world| {
        world.build(&["a"], Build::new("app-linux-arm64", "linux/amd64").plain());
    });
    check("missing-build", &|world| remove(&world.layout("a"), &world.built["app-linux-amd64"]));
    check("missing-build", &|world| {
        let build = world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").plain());
        let manifest = world.layout("a").get_manifest(&build.into()).unwrap().unwrap();
        let manifest: bakeplan::internals::oci::ImageManifest =
            serde_json::from_slice(&manifest.bytes).unwrap();
        remove(&world.layout("a"), &manifest.layers[0].digest);
    });
    check("missing-build", &|world| {
        let index = TagOrDigest::Digest(world.built["app-linux-amd64"].clone());
        let index = world.layout("a").get_manifest(&index).unwrap().unwrap();
        let index: bakeplan::internals::oci::Index = serde_json::from_slice(&index.bytes).unwrap();
        remove(&world.layout("a"), &index.manifests[1].digest);
    });
    let pushed = |world: &mut World, entries: &dyn Fn(&str) -> Vec<String>| {
        let layout = world.layout("a");
        let inner = TagOrDigest::Digest(world.built["app-linux-amd64"].clone());
        let inner = layout.get_manifest(&inner).unwrap().unwrap();
        let inner: serde_json::Value = serde_json::from_slice(&inner.bytes).unwrap();
        let digest = put(&layout, OCI_INDEX, &index(&entries(&inner["manifests"][0].to_string()))).digest;
        world.built.insert("app-linux-amd64".into(), digest);
    };
    check("unknown-platform", &|world| {
        pushed(world, &|entry| vec![entry.replace("amd64", "unknown").replace("linux", "unknown")]);
    });
    check("several-platforms", &|world| {
        pushed(world, &|entry| vec![entry.to_owned(), entry.replace("amd64", "386")]);
    });
    check("several-platforms", &|world| pushed(world, &|_| Vec::new()));
    check("several-platforms", &|world| pushed(world, &|entry| vec![entry.to_owned(); 10_000]));
    check("nested-index", &|world| {
        let own = world.built["app-linux-arm64"].clone();
        pushed(world, &move |_| vec![format!(r#"{{"mediaType":"{OCI_INDEX}","digest":"{own}","size":1}}"#)]);
    });
    check("wrong-size", &|world| {
        pushed(world, &|entry| {
            let mut entry: serde_json::Value = serde_json::from_str(entry).unwrap();
            entry["size"] = 1.into();
            vec![entry.to_string()]
        });
    });
    check("wrong-media-type", &|world| {
        let digest = put(&world.layout("a"), OCI_INDEX, &index(&[])).digest;
        let layout = world.layout("a");
        let text =
            format!(r#"{{"mediaType":"{OCI_INDEX}","digest":"{digest}","size":{}}}"#, index(&[]).len());
        let text = text.replace(OCI_INDEX, OCI_MANIFEST);
        let text = text.replace('}', r#","platform":{"os":"linux","architecture":"amd64"}}"#);
        let digest = put(&layout, OCI_INDEX, &index(&[text])).digest;
        world.built.insert("app-linux-amd64".into(), digest);
    });
}

#[test]
fn a_build_that_only_one_registry_has_is_copied_and_said_so() {
    let note = |report: &Report| {
        let codes: Vec<&str> = report.notes.iter().map(|note| note.code.name()).collect();
        assert_eq!((report.problems.as_slice(), codes), (&[][..], vec!["copied-build"]), "{report:?}");
        report.notes[0].message.clone()
    };
    let mut world = World::with_app(&["a", "b"]);
    world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
    let dry = world.merge(&plan(&[A, B]), Options { dry_run: true, ..allow() });
    let report = world.merge(&plan(&[A, B]), allow());
    let one = "image `app`: build `app-linux-amd64` is in `oci-layout:a`, but not in `oci-layout:b`, and copied there";
    assert_eq!((note(&dry), note(&report)), (one.to_owned(), one.to_owned()));
    assert_eq!(world.tags("a"), world.tags("b"));
    found(&of_plan(&world, &plan(&[A, B])), &[]);

    // One note, however much is missing: both builds, or a blob of one.
    let mut world = World::with_app(&["a"]);
    world.layout("b");
    let both = "builds `app-linux-amd64`, `app-linux-arm64` are in `oci-layout:a`, but not in `oci-layout:b`";
    assert!(note(&world.merge(&plan(&[A, B]), allow())).contains(both));
    assert_eq!(world.tags("a"), world.tags("b"));
    let layer = bakeplan::internals::reference::Digest::sha256(b"layer of app-linux-arm64 ");
    remove(&world.layout("b"), &layer);
    world.build(&["a", "b"], Build::new("app-linux-amd64", "linux/amd64").salt("new"));
    assert!(note(&world.merge(&plan(&[A, B]), allow())).contains("build `app-linux-arm64` is in"));
    found(&of_plan(&world, &plan(&[A, B])), &[]);
}

#[test]
fn two_builds_of_one_platform_are_refused() {
    let mut world = World::new();
    world.build(&["a"], Build::new("x", "linux/amd64"));
    world.build(&["a"], Build::new("y", "linux/amd64").salt("y"));
    let document = document(&format!(
        r#""app":{{"repositories":["oci-layout:a"],"tags":[{}],"builds":{{"x":{{"platform":null}},"y":{{"platform":null}}}}}}"#,
        literal("1")
    ));
    assert_eq!(code(&world.merge(&document, allow())), "platform-twice");
}

#[test]
fn a_tag_that_others_own_is_replaced_and_said_so() {
    let world = World::with_app(&["a"]);
    let layout = world.layout("a");
    let other = put(&layout, OCI_MANIFEST, &image(&layout, OCI_MANIFEST, "{}", &[]));
    put_tag(&layout, "1.4.2", &other);
    let report = world.merge(&plan(&[A]), allow());
    let reference = &report.images["app"].references[0];
    assert_eq!((reference.outcome, reference.previous.as_ref()), (Outcome::Replaced, Some(&other.digest)));
    assert_eq!(world.tags("a")["1.4.2"], world.tags("a")["latest"]);
}
