//! Tags that are named, without a plan.

use bakeplan::internals::oci::{DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use bakeplan::internals::registry::{Layout, Store};

use super::stage::Stage;
use crate::loopback::Answer;
use crate::merge::world::{World, image, put, put_tag, remove, untag};
use crate::support::Test;

#[test]
fn an_index_gets_tags_byte_for_byte() {
    let stage = Stage::new();
    let (digest, bytes) = (stage.digest(), stage.manifest("app", "sha-c0ffee0").bytes);
    let sources = [
        "HOST/app:sha-c0ffee0".to_owned(),
        format!("HOST/app@{digest}"),
        format!("HOST/app:sha-c0ffee0@{digest}"),
    ];
    for (source, tags) in sources.iter().zip([["1.4.2", "1.4"], ["edge", "prod"], ["v1.4.2", "latest"]]) {
        let [first, second] = tags;
        let line = format!("{source} --to HOST/app:{first} --to HOST/app:{second} --to HOST/app:{first}");
        let outcome = stage.passes("", &line);
        assert_eq!(outcome.tags(), [format!("{first} created"), format!("{second} created")]);
        assert_eq!(outcome.report["published"][0], format!("{}@{digest}", stage.at("app")));
        for tag in tags {
            assert_eq!(stage.manifest("app", tag).bytes, bytes);
        }
        // Once more changes nothing.
        let writes = |stage: &Stage| stage.server.seen().iter().filter(|seen| seen.method == "PUT").count();
        let before = writes(&stage);
        let outcome = stage.passes("", &line);
        assert_eq!(outcome.tags(), [format!("{first} unchanged"), format!("{second} unchanged")]);
        assert_eq!(writes(&stage), before);
    }
}

#[test]
fn a_table_a_summary_and_a_dry_run_say_what_it_does() {
    let stage = Stage::new();
    let source = format!("{}:sha-c0ffee0", stage.at("app"));
    let to = format!("{}:1.4.2", stage.at("app"));
    Test::new()
        .args(["promote", &source, "--to", &to, "--dry-run"])
        .stdout(snapbox::str![[r#"
[..]/app:sha-c0ffee0  planned  sha256:[..]  linux/amd64, linux/arm64
  [..]/app
    create: 1.4.2
docker buildx imagetools create -t [..]/app:1.4.2 [..]/app@sha256:[..]
1 image planned, 1 tag to write

"#]])
        .stderr("...\n")
        .run();
    assert_eq!(stage.world.tags("app").len(), 1);
    let ran = Test::new()
        .env("GITHUB_OUTPUT", "out")
        .env("GITHUB_STEP_SUMMARY", "summary")
        .args(["promote", &source, "--to", &to, "--github"])
        .stdout("...\n")
        .stderr("...\n")
        .run();
    assert!(ran.read("summary").starts_with("### Promotion\n"), "{}", ran.read("summary"));
    let out = ran.read("out");
    assert!(out.starts_with("result={\"dry_run\":false") && out.contains("created"), "{out}");
    assert_eq!(stage.world.tags("app").len(), 2);
}

/// What another repository of the registry has is mounted from there, down to the last layer.
#[test]
fn another_repository_of_the_registry_gets_all_of_it() {
    let stage = Stage::new();
    stage.world.layout("release");
    let outcome = stage
        .passes("", "HOST/app:sha-c0ffee0 --to HOST/release:1.4.2 --to HOST/app:1.4.2 --to HOST/release:1");
    assert_eq!(outcome.tags(), ["1.4.2 created", "1 created", "1.4.2 created"]);
    assert_eq!(stage.manifest("release", "1.4.2"), stage.manifest("app", "sha-c0ffee0"));
    let reference = format!("{}:1", stage.at("release"));
    Test::new().args(["verify", &reference]).stdout("[..]right[..]\n...\n").stderr("...\n").run();
    assert_eq!(stage.world.tags("app").keys().collect::<Vec<_>>(), ["1.4.2", "sha-c0ffee0"]);
}

/// Another registry gets it by copying, together with what signs it.
#[test]
fn another_registry_gets_all_of_it() {
    let stage = Stage::new();
    let other = stage.world.serve();
    stage.world.layout("release");
    let signature = format!("sha256-{}.sig", stage.digest().hex());
    let layout = stage.world.layout("app");
    let text = image(&layout, OCI_MANIFEST, "{}", &["a signature".to_owned()]);
    put_tag(&layout, &signature, &put(&layout, OCI_MANIFEST, &text));
    let line = format!("HOST/app:sha-c0ffee0 --to {}/release:1.4.2", other.host());
    assert_eq!(stage.passes("", &line).tags(), ["1.4.2 created"]);
    assert_eq!(stage.manifest("release", "1.4.2"), stage.manifest("app", "sha-c0ffee0"));
    assert_eq!(stage.manifest("release", &signature), stage.manifest("app", &signature));
    let reference = format!("{}/release:1.4.2", other.host());
    Test::new().args(["verify", &reference]).stdout("[..]right[..]\n...\n").stderr("...\n").run();
    assert_eq!(stage.passes("", &line).tags(), ["1.4.2 unchanged"]);
    // What cannot be copied moves no tag.
    stage.world.layout("third");
    let deaf =
        stage.world.serve_with(|seen| (seen.method == "POST").then(|| Answer::error(403, "DENIED").into()));
    let line = format!("HOST/app:sha-c0ffee0 --to {}/third:1.4.2 --to HOST/app:new", deaf.host());
    let outcome = stage.run_with("", &line);
    assert!(outcome.status == 1 && outcome.told.contains("DENIED"), "{}", outcome.told);
    assert!(stage.world.tags("third").is_empty() && !stage.world.tags("app").contains_key("new"));
}

/// A layout is a repository, too.
#[test]
fn layouts_have_tags_as_well() {
    let world = World::with_app(&["a"]);
    let digest = &world.built["app-linux-amd64"];
    let ran = Test::new()
        .files(world.root(), "")
        .args(["promote", &format!("oci-layout:a@{digest}"), "--to", "oci-layout:a:1.4.2"])
        .stdout("...\n")
        .stderr("...\n")
        .run();
    let layout = Layout::open(ran.folder().join("a")).unwrap();
    assert_eq!(layout.list_tags().unwrap().len(), 1);
}

/// Images without an index keep their manifests, of either kind, and so do artifacts.
#[test]
fn what_is_not_an_index_stays_what_it_is() {
    let stage = Stage::new();
    let layout = stage.world.layout("app");
    let config = r#"{"architecture":"arm64","os":"linux"}"#;
    for (tag, media_type, config) in
        [("oci", OCI_MANIFEST, config), ("docker", DOCKER_MANIFEST, config), ("artifact", OCI_MANIFEST, "{}")]
    {
        let text = image(&layout, media_type, config, &[format!("layer of {tag}")]);
        put_tag(&layout, tag, &put(&layout, media_type, &text));
        stage.passes("", &format!("HOST/app:{tag} --to HOST/app:{tag}-1 --to HOST/app:{tag}-2"));
        let manifest = stage.manifest("app", &format!("{tag}-2"));
        assert_eq!((manifest.media_type.as_str(), manifest.bytes), (media_type, text.into_bytes()));
    }
}

#[test]
fn a_greater_version_keeps_its_tags() {
    let stage = Stage::annotated(r#""org.opencontainers.image.version":"1.4.2""#);
    let (old, new) = (stage.other("1.5.0"), stage.digest());
    for tag in ["latest", "1", "1.4", "1.5-alpine", "1.9.0-alpine"] {
        stage.other(tag);
    }
    let to =
        "--to HOST/app:1.4.2 --to HOST/app:1.4 --to HOST/app:1 --to HOST/app:latest --to HOST/app:1-alpine";
    let line = format!("HOST/app:sha-c0ffee0 {to}");
    let outcome = stage.run_with("", &line);
    // Somebody has asked for those that stay.
    assert_eq!(outcome.status, 5, "{}", outcome.told);
    let expected = ["1.4.2 created", "1.4 moved", "1 kept", "latest kept", "1-alpine kept"];
    assert_eq!(outcome.tags(), expected);
    assert!(
        outcome.told.contains("kept-tag") && outcome.told.contains("`--allow-backward`"),
        "{}",
        outcome.told
    );
    // One that was never there has nothing to stay with.
    let at = stage.at("app");
    for said in [
        format!("`{at}:1`, `{at}:latest` stay as before: `1.5.0` is greater"),
        format!("`{at}:1-alpine` is not created: `1.9.0-alpine` is greater"),
    ] {
        assert_eq!(outcome.told.matches(&said).count(), 1, "{said}: {}", outcome.told);
    }
    assert_eq!(outcome.told.matches("\"kept-tag\"").count(), 2, "{}", outcome.told);
    // Where no tag is left to write, the exit code says so.
    let alone = stage.run_with("", "HOST/app:sha-c0ffee0 --to HOST/app:latest --dry-run");
    assert_eq!((alone.status, alone.tags()), (5, vec!["latest kept".to_owned()]), "{}", alone.told);
    assert!(alone.told.contains("`1.5.0` is greater"), "{}", alone.told);
    let tags = stage.world.tags("app");
    assert_eq!([&tags["1.4.2"], &tags["1.4"], &tags["1"], &tags["latest"]], [&new, &new, &old, &old]);
    // It can be meant.
    let outcome = stage.passes("", &format!("{line} --allow-backward"));
    assert_eq!(
        outcome.tags(),
        ["1.4.2 unchanged", "1.4 unchanged", "1 moved", "latest moved", "1-alpine created"]
    );
}

#[test]
fn a_prerelease_gets_no_tag_of_releases() {
    let stage = Stage::annotated(r#""org.opencontainers.image.version":"2.0.0-rc.1""#);
    for tag in ["latest", "2", "2.0"] {
        let line = format!("HOST/app:sha-c0ffee0 --to HOST/app:2.0.0-rc.1 --to HOST/app:{tag}");
        stage.refuses("", &line, 1, "is for releases, and what is promoted is `2.0.0-rc.1`");
        stage.passes("", &format!("{line} --allow-backward"));
    }
    stage.passes("", "HOST/app:sha-c0ffee0 --to HOST/app:next --to HOST/app:2.0.0-rc.1");
}

#[test]
fn a_version_s_own_tag_keeps_its_digest() {
    let stage = Stage::new();
    for tag in ["1.4.2", "v1.4.2", "1.4.2-alpine"] {
        let old = stage.other(tag);
        let line = format!("HOST/app:sha-c0ffee0 --to HOST/app:{tag} --to HOST/app:1.4.2-new");
        stage.refuses("", &line, 1, "is a version's own tag and has");
        assert_eq!(stage.world.tags("app")[tag], old);
        let outcome = stage.passes("", &format!("{line} --allow-retag"));
        assert_eq!(outcome.tags()[0], format!("{tag} replaced"));
    }
}

/// What names itself another version does not get a version's tags, unless that is meant.
#[test]
fn another_version_is_refused() {
    let stage = Stage::annotated(r#""org.opencontainers.image.version":"1.4.2""#);
    for tag in ["1.4.3", "v1.5.0", "2.0.0-alpine", "1.3", "v1.5", "2", "1.3-alpine"] {
        let line = format!("HOST/app:sha-c0ffee0 --to HOST/app:{tag}");
        stage.refuses("", &line, 1, "what is promoted is version `1.4.2`, but the tag");
        stage.passes("", &format!("{line} --allow-other-version"));
    }
}

/// That something may be another version does not allow taking that version's own tag away.
#[test]
fn the_own_tag_of_another_version_takes_both_options() {
    for (source, to) in
        [("1.4.2", "1.4.3"), ("1.4.2", "v1.5.0"), ("1.4.2", "2.0.0-alpine"), ("api-1.4.2", "api-1.4.3")]
    {
        let stage = Stage::new();
        put_tag(&stage.world.layout("app"), source, &stage.manifest("app", "sha-c0ffee0"));
        untag(&stage.world.layout("app"), "sha-c0ffee0");
        let old = stage.other(to);
        let line = format!("HOST/app:{source} --to HOST/app:{to}");
        stage.refuses("", &line, 1, "other-version");
        stage.refuses("", &format!("{line} --allow-retag"), 1, "other-version");
        stage.refuses("", &format!("{line} --allow-other-version"), 1, "is a version's own tag and has");
        assert_eq!(stage.world.tags("app")[to], old, "{source} {to}");
        stage.passes("", &format!("{line} --allow-other-version --allow-retag"));
        assert_ne!(stage.world.tags("app")[to], old, "{source} {to}");
    }
    // What moves with versions is nobody's own, and what is not there is taken from nobody.
    for to in ["1.3", "2", "3.0.0"] {
        let stage = Stage::new();
        put_tag(&stage.world.layout("app"), "1.4.2", &stage.manifest("app", "sha-c0ffee0"));
        if to != "3.0.0" {
            stage.other(to);
        }
        stage.passes("", &format!("HOST/app:1.4.2 --to HOST/app:{to} --allow-other-version"));
    }
}

/// Where there are versions, what nothing knows the version of does not take what moves with them.
#[test]
fn what_has_no_version_takes_no_tag_of_versions() {
    let stage = Stage::new();
    stage.other("1.3.0");
    stage.other("latest");
    let sources = ["HOST/app:sha-c0ffee0".to_owned(), format!("HOST/app@{}", stage.digest())];
    for (source, tag) in sources.iter().flat_map(|source| ["latest", "1", "v1.3"].map(|tag| (source, tag))) {
        let line = format!("{source} --to HOST/app:{tag}");
        stage.refuses("", &line, 1, "nothing tells which version");
        stage.passes("", &format!("{line} --allow-backward --dry-run"));
    }
    for line in ["HOST/app:sha-c0ffee0 --to HOST/app:prod", "HOST/app:sha-c0ffee0 --to HOST/app:1.4.2"] {
        stage.passes("", line);
    }
    // Without versions, the tags are free.
    let stage = Stage::new();
    stage.other("latest");
    for tag in ["latest", "1"] {
        stage.passes("", &format!("HOST/app:sha-c0ffee0 --to HOST/app:{tag}"));
    }
}

#[test]
fn an_index_of_nothing_gets_no_tag() {
    let stage = Stage::new();
    let layout = stage.world.layout("app");
    let text = format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[]}}"#);
    put_tag(&layout, "sha-empty", &put(&layout, OCI_INDEX, &text));
    stage.refuses("", "HOST/app:sha-empty --to HOST/app:prod", 1, "holds no image");
}

/// What nothing orders moves, and that is said.
#[test]
fn what_cannot_be_compared_is_said() {
    let stage = Stage::new();
    stage.other("prod");
    let outcome = stage.passes("", "HOST/app:sha-c0ffee0 --to HOST/app:prod");
    assert_eq!(outcome.tags(), ["prod moved"]);
    assert!(outcome.told.contains("what it gets does not say which run made it"), "{}", outcome.told);
}

/// What is not whole gets no tag, in whatever it is broken.
#[test]
fn what_is_damaged_gets_no_tag() {
    for kind in ["layer", "config", "image", "attestation"] {
        let stage = Stage::new();
        let layout = stage.world.layout("app");
        let index = stage.world.index("app", "sha-c0ffee0");
        let at = usize::from(kind == "attestation");
        let child = &index.manifests[at].digest;
        let manifest = layout.get_manifest(&child.clone().into()).unwrap().unwrap();
        let parsed: bakeplan::internals::oci::ImageManifest =
            serde_json::from_slice(&manifest.bytes).unwrap();
        let gone = match kind {
            "layer" => &parsed.layers[0].digest,
            "config" => &parsed.config.digest,
            _ => child,
        };
        remove(&layout, gone);
        stage.refuses("", "HOST/app:sha-c0ffee0 --to HOST/app:1.4.2", 1, gone.as_str());
    }
}

#[test]
fn what_is_not_there_or_moved_is_named() {
    let stage = Stage::new();
    let other = stage.world.built["app-linux-amd64"].clone();
    let nowhere = "sha256:".to_owned() + &"0".repeat(64);
    for (source, expected) in [
        ("HOST/app:none".to_owned(), "app:none` is not there"),
        ("HOST/none:1".to_owned(), "none:1` is not there"),
        (format!("HOST/app@{nowhere}"), "is not there"),
        (format!("HOST/app:sha-c0ffee0@{other}"), "but the source says"),
    ] {
        stage.refuses("", &format!("{source} --to HOST/app:1"), 1, expected);
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_asked() {
    let stage = Stage::new();
    let digest = stage.digest();
    for (line, status, expected) in [
        ("HOST/app:sha-c0ffee0", 2, "--to <REFERENCE>"),
        ("--to HOST/app:1", 2, "<SOURCE>"),
        ("HOST/app:a HOST/app:b --to HOST/app:1", 2, "`--to` takes one SOURCE"),
        ("HOST/app --to HOST/app:1", 1, "it has neither a tag nor a digest"),
        (&format!("{digest} --to HOST/app:1"), 1, "it has no repository"),
        (&format!("app={digest} --to HOST/app:1"), 2, "it needs `--plan` in place of `--to`"),
        ("HOST/app:sha-c0ffee0 --to HOST/app", 1, "it has no tag"),
        (&format!("HOST/app:sha-c0ffee0 --to HOST/app@{digest}"), 1, "a digest cannot be given to anything"),
        ("HOST/app:sha-c0ffee0 --to HOST/app:1 --plan plan.json", 2, "cannot be used with"),
        ("HOST/app:sha-c0ffee0 --to HOST/APP:1", 1, "--to"),
        ("HOST/app:sha-c0ffee0 --to HOST/app:1 --repository x", 2, "cannot be used with"),
    ] {
        let before = stage.server.seen().len();
        stage.refuses("", line, status, expected);
        assert_eq!(stage.server.seen().len(), before, "{line}");
    }
}

#[test]
fn a_tag_that_is_not_there_is_looked_for_among_those_that_are() {
    let stage = Stage::new();
    for tag in ["1.4.1", "1.4.0"] {
        stage.other(tag);
    }
    for (source, help) in [
        ("HOST/app:sha-c0ffee1", "did you mean `sha-c0ffee0`?"),
        ("HOST/app:nosuch", "check the name of the tag: the repository has "),
        (
            "HOST/app@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            "clean-ups remove",
        ),
    ] {
        stage.refuses("", &format!("{source} --to HOST/app:2.0.0"), 1, help);
    }
}

/// Builds of a run that a later one has published do not take its tags.
#[test]
fn an_earlier_run_does_not_take_tags_back() {
    let numbered = |number: u32| {
        format!(
            r#""dev.bakeplan.run.workflow":"w","dev.bakeplan.run.ref":"r","dev.bakeplan.run.number":"{number}""#
        )
    };
    for (own, there, expected) in [(7, 8, "edge kept"), (8, 7, "edge moved")] {
        let stage = Stage::new();
        let layout = stage.world.layout("app");
        let mut index = serde_json::to_value(stage.world.index("app", "sha-c0ffee0")).unwrap();
        for (tag, number) in [("sha-c0ffee0", own), ("edge", there)] {
            index["annotations"] = serde_json::from_str(&format!("{{{}}}", numbered(number))).unwrap();
            put_tag(&layout, tag, &put(&layout, OCI_INDEX, &index.to_string()));
        }
        let outcome = stage.run_with("", "HOST/app:sha-c0ffee0 --to HOST/app:edge");
        assert_eq!(outcome.tags(), [expected]);
        // Nothing that was asked for is done.
        assert_eq!(outcome.status, if expected == "edge kept" { 5 } else { 0 }, "{}", outcome.told);
    }
}

/// An index that gives an image another platform than its configuration runs on nobody's machine.
#[test]
fn the_platform_of_an_index_is_that_of_the_configuration() {
    for (named, is_refused) in
        [("linux/arm64", true), ("windows/amd64", true), ("linux/386", true), ("linux/amd64", false)]
    {
        let stage = Stage::new();
        let layout = stage.world.layout("app");
        let config = r#"{"architecture":"amd64","os":"linux"}"#;
        let text = image(&layout, OCI_MANIFEST, config, &["a layer".to_owned()]);
        let manifest = put(&layout, OCI_MANIFEST, &text);
        let (os, architecture) = named.split_once('/').unwrap();
        let entry = format!(
            r#"{{"mediaType":"{OCI_MANIFEST}","digest":"{}","size":{},"platform":{{"os":"{os}","architecture":"{architecture}"}}}}"#,
            manifest.digest,
            manifest.bytes.len()
        );
        let index = put(&layout, OCI_INDEX, &crate::merge::world::index(&[entry]));
        let line = format!("HOST/app@{} --to HOST/app:prod", index.digest);
        if is_refused {
            stage.refuses("", &line, 1, "but its configuration says linux/amd64");
        } else {
            stage.passes("", &line);
        }
    }
}

/// A prerelease or a revision of the same numbers is another version; a variant is not.
#[test]
fn a_tag_of_a_prerelease_or_revision_is_another_versions() {
    let stage = Stage::new();
    stage.passes("", "HOST/app:sha-c0ffee0 --to HOST/app:1.4.1");
    for tag in ["1.4.1-rc1", "1.4.1_1"] {
        let line = format!("HOST/app:1.4.1 --to HOST/app:{tag}");
        stage.refuses("", &line, 1, &format!("is for `{tag}`"));
        stage.passes("", &format!("{line} --allow-other-version --dry-run"));
    }
    stage.passes("", "HOST/app:1.4.1 --to HOST/app:1.4.1-alpine");
}

/// A disk that is full may accept everything and keep nothing.
#[test]
fn a_blob_that_is_accepted_and_not_stored_ends_the_copy() {
    let stage = Stage::new();
    stage.world.layout("third");
    let full = stage.world.serve_through(|seen, forward| {
        let ends = seen.method == "PUT" && seen.path().contains("/blobs/");
        let mounts = seen.method == "POST" && seen.target.contains("mount=");
        if ends || mounts { Answer::new(201, "text/plain", "").into() } else { forward().into() }
    });
    // One is sent, and the other one mounted.
    for source in [stage.at("app"), format!("{}/app", full.host())] {
        let outcome = stage.run_with("", &format!("{source}:sha-c0ffee0 --to {}/third:1.4.2", full.host()));
        let expected = "accepted it but does not serve it";
        assert!(outcome.status == 1 && outcome.told.contains(expected), "{}", outcome.told);
        let is_manifest = |line: &String| line.starts_with("PUT") && line.contains("/manifests/");
        assert!(!full.lines().iter().any(is_manifest), "{:?}", full.lines());
    }
}

/// A list that cannot be had, or lacks what is there, does not show that there are no versions.
#[test]
fn what_has_no_version_needs_a_list_of_tags() {
    type List = fn() -> Answer;
    let lists: [(&str, List, &str); 4] = [
        ("denied", || Answer::error(403, "DENIED"), "its tags cannot be listed"),
        ("unknown", || Answer::error(404, "NAME_UNKNOWN"), "its tags cannot be listed"),
        ("null", || Answer::json(200, r#"{"name":"app","tags":null}"#), "its list of tags lacks it"),
        (
            "late",
            || Answer::json(200, r#"{"name":"app","tags":["sha-c0ffee0"]}"#),
            "its list of tags lacks it",
        ),
    ];
    for (name, list, expected) in lists {
        let stage = Stage::new();
        stage.other("1.5.0");
        stage.other("latest");
        let server =
            stage.world.serve_with(move |seen| seen.path().contains("/tags/").then(|| list().into()));
        let stage = Stage { server, ..stage };
        for to in ["latest", "1 --to HOST/app:latest"] {
            let line = format!("HOST/app:sha-c0ffee0 --to HOST/app:{to}");
            stage.refuses("", &line, 1, expected);
            stage.passes("", &format!("{line} --allow-backward --dry-run"));
        }
        // Other tags do not move with versions, and a new repository has none.
        stage.passes("", "HOST/app:sha-c0ffee0 --to HOST/app:prod");
        if name != "denied" {
            continue;
        }
        let own = stage.world.serve();
        let line = format!("HOST/app:sha-c0ffee0 --to {}/release:latest", own.host());
        stage.passes("", &line);
    }
}

/// A prefix belongs to the form of a tag, as in a plan.
#[test]
fn prefixed_versions_do_not_go_back() {
    for (source, greater, to, expected) in [
        ("api-1.4.2", "api-1.5.0", "api-1.4 api-1 api-latest", "created kept kept"),
        ("api-1.4.2", "api-1.5.0", "latest", "kept"),
        ("api-1.4.2", "1.5.0", "api-1 latest", "created kept"),
        ("my_app.v1.4.2", "my_app.v2.0.0", "my_app.v1 my_app.latest", "created kept"),
        ("RELEASE.2026-03-04", "RELEASE.2026-09-04", "latest", "kept"),
        ("RELEASE.2026-03-04", "RELEASE.2025-09-04", "latest", "created"),
        ("api-1.4.2", "api-1.3.0", "api-1.4 api-1 api-latest latest", "created created created created"),
        ("api-1.4.2", "web-1.5.0", "api-1 api-latest latest", "created created created"),
    ] {
        let stage = Stage::new();
        put_tag(&stage.world.layout("app"), source, &stage.manifest("app", "sha-c0ffee0"));
        stage.other(greater);
        let to: String = to.split(' ').map(|tag| format!(" --to HOST/app:{tag}")).collect();
        let outcome = stage.run_with("", &format!("HOST/app:{source}{to} --dry-run"));
        let found: Vec<String> =
            outcome.tags().iter().filter_map(|one| Some(one.split_once(' ')?.1.to_owned())).collect();
        assert_eq!(found.join(" "), expected, "{source} {greater}: {}", outcome.told);
    }
}

/// Another version is refused behind a prefix, too.
#[test]
fn a_prefixed_tag_of_another_version_is_refused() {
    for (source, to, is_refused) in [
        ("1.4.2", "api-1.4.3", true),
        ("api-1.4.2", "api-1.4.3", true),
        ("api-1.4.2", "api-1.3", true),
        ("api-1.4.2", "2", true),
        ("RELEASE.2026-03-04", "RELEASE.2026-09-04", true),
        ("1.4.2", "api-1.4.2", false),
        ("api-1.4.2", "1.4.2", false),
        ("api-1.4.2", "api-1.4", false),
        ("1.4.2", "nightly-2026-11-28", false),
        ("1.4.2", "sha-1234567", false),
    ] {
        let stage = Stage::new();
        put_tag(&stage.world.layout("app"), source, &stage.manifest("app", "sha-c0ffee0"));
        untag(&stage.world.layout("app"), "sha-c0ffee0");
        let line = format!("HOST/app:{source} --to HOST/app:{to} --dry-run");
        if is_refused {
            stage.refuses("", &line, 1, "other-version");
            stage.passes("", &format!("{line} --allow-other-version"));
        } else {
            stage.passes("", &line);
        }
    }
}
