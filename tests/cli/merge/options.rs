//! What the options of `bakeplan merge` change, and what it prints.

use std::time::Duration;

use super::world::{Build, World, plan, plan_of};
use crate::loopback::{Answer, Reply};
use crate::support::Test;

/// A run in a folder with the world's layouts, its plan and its metadata.
fn test(world: &World, document: &str) -> Test {
    Test::new().file("plan.json", document).file("metadata/a.json", world.metadata()).files(world.root(), "")
}

const MERGE: [&str; 5] = ["merge", "--plan", "plan.json", "--metadata", "metadata"];

#[test]
fn a_merge_says_what_it_did() {
    let world = World::with_app(&["a", "b"]);
    test(&world, &plan(&["oci-layout:a", "oci-layout:b"]))
        .args(MERGE)
        .stdout(snapbox::str![[r#"
app  published  sha256:[..]  linux/amd64, linux/arm64
  oci-layout:a
    created: 1.4.2, 1.4, 1, latest
  oci-layout:b
    created: 1.4.2, 1.4, 1, latest
1 image published, 8 tags written

"#]])
        .stderr(snapbox::str![[r#"
...
oci-layout:[..]: image `app` is to get 1.4.2, 1.4, 1, latest
...
oci-layout:[..]: tagged 1.4.2
...
oci-layout:[..]: tagged latest
...
"#]])
        .run();
}

#[test]
fn a_dry_run_writes_nothing_and_prints_commands() {
    let world = World::with_app(&["a"]);
    let document =
        plan_of(&["oci-layout:a"], super::world::CONSTANTS, r#""annotations":{"k":"a b"},"#, "hold");
    let ran = test(&world, &document)
        .args(MERGE)
        .args(["--dry-run"])
        .stdout(snapbox::str![[r#"
app  planned  sha256:[..]  linux/amd64, linux/arm64
  oci-layout:a
    create: 1.4.2, 1.4, 1, latest
docker buildx imagetools create -t oci-layout://a:1.4.2 -t oci-layout://a:1.4 -t oci-layout://a:1 -t oci-layout://a:latest --annotation 'index:k=a b' oci-layout://a@sha256:[..] oci-layout://a@sha256:[..]
1 image planned, 4 tags to write

"#]])
        .stderr(snapbox::str![[r#"
oci-layout:a: checked 2 builds
note[no-id]: `metadata/a.json` does not say which plan it belongs to: builds of another plan are noticed only if their labels or annotations differ
  = help: write the metadata of each job to the file that `metadata` in its row of the matrix names

"#]])
        .run();
    assert!(!ran.read("a/index.json").contains("1.4.2"));
}

#[test]
fn an_incomplete_merge_has_an_exit_code_of_its_own() {
    let mut world = World::with_app(&["a"]);
    world.built.remove("app-linux-arm64");
    test(&world, &plan(&["oci-layout:a"]))
        .args(MERGE)
        .status(5)
        .stdout(snapbox::str![[r#"
app  held
  `app-linux-arm64` was not built
1 image held, 0 tags written

"#]])
        .stderr(snapbox::str![[r#"
note[no-id]: `metadata/a.json` does not say which plan it belongs to: builds of another plan are noticed only if their labels or annotations differ
  = help: write the metadata of each job to the file that `metadata` in its row of the matrix names
warning[held]: image `app` is left as it was: `app-linux-arm64` was not built
  = help: run the job `b` again, then the merge; to publish the image without it, set `on_missing` of the image or platform to "drop" or "carry"

"#]])
        .run();
}

#[test]
fn all_that_is_required_is_published_or_nothing() {
    let mut world = World::with_app(&["a"]);
    let other = r#""other":{"repositories":["oci-layout:a"],"tags":[{"name":"other","class":"constant","form":"other"}],"builds":{"other":{}}},"app""#;
    let document = plan(&["oci-layout:a"]).replacen(r#""app""#, other, 1);
    let ran = test(&world, &document)
        .args(MERGE)
        .args(["--require-all"])
        .status(5)
        .stdout(snapbox::str![[r#"
other  held
  `other` was not built
app  held  sha256:[..]  linux/amd64, linux/arm64
  another image is incomplete, but all are required
2 images held, 0 tags written

"#]])
        .stderr(snapbox::str![[r#"
oci-layout:a: checked 2 builds
note[no-id]: `metadata/a.json` does not say which plan it belongs to: builds of another plan are noticed only if their labels or annotations differ
  = help: write the metadata of each job to the file that `metadata` in its row of the matrix names
warning[held]: image `other` is left as it was: `other` was not built
  = help: build what is missing, then merge again; without `--require-all`, images that are complete are published
warning[held]: image `app` is left as it was: another image is incomplete, but all are required

"#]])
        .run();
    assert!(!ran.read("a/index.json").contains("1.4.2"));
    world.build(&["a"], Build::new("other", "linux/amd64"));
    let ran = test(&world, &document)
        .args(MERGE)
        .args(["--require-all"])
        .stdout(snapbox::str![[r#"
...
2 images published, 5 tags written

"#]])
        .stderr(snapbox::str!["..."])
        .run();
    assert!(ran.read("a/index.json").contains("1.4.2"));
}

/// What may be missing, by what the plan says of it.
#[test]
fn what_may_be_missing_is_held_or_fails_if_that_is_asked_for() {
    const CARRIED: &str = "linux/arm64 was not built: taken from what was published before";
    const DROPPED: &str = "linux/arm64 was not built: published without it";
    for (on_missing, option, status, why) in [
        ("drop", "", 0, DROPPED),
        ("drop", "--if-missing=fail", 5, DROPPED),
        ("drop", "--if-missing=hold", 5, "`app-linux-arm64` was not built"),
        ("carry", "", 0, CARRIED),
        ("carry", "--if-missing=fail", 5, CARRIED),
        ("carry", "--if-missing=hold", 5, "`app-linux-arm64` was not built"),
        ("hold", "--if-missing=fail", 5, "`app-linux-arm64` was not built"),
        ("hold", "--if-missing=hold", 5, "`app-linux-arm64` was not built"),
    ] {
        let mut world = World::with_app(&["a"]);
        let document = plan_of(&["oci-layout:a"], super::world::CONSTANTS, "", on_missing);
        assert_eq!(world.merge(&document, bakeplan::internals::merge::Options::default()).problems, []);
        let before = world.tags("a")["latest"].clone();
        world.built.remove("app-linux-arm64");
        world.build(&["a"], Build::new("app-linux-amd64", "linux/amd64").salt("again"));
        let ran = test(&world, &document).args(MERGE).args(option.split_terminator(' '));
        let output = ran.output();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{on_missing} {option}: {told}");
        assert!(told.contains(why), "{on_missing} {option}: {told}");
        let index = std::fs::read_to_string(ran.folder().join("a/index.json")).unwrap();
        let is_left = index.contains(before.as_str());
        assert_eq!(is_left, why.starts_with('`'), "{on_missing} {option}: {told}");
    }
    // Without anything that is missing, neither of them changes anything.
    for option in ["--if-missing=fail", "--if-missing=hold"] {
        let world = World::with_app(&["a"]);
        let document = plan_of(&["oci-layout:a"], super::world::CONSTANTS, "", "drop");
        let ran = test(&world, &document).args(MERGE).args([option]).stdout(snapbox::str!["..."]);
        ran.stderr(snapbox::str!["..."]).run();
    }
}

#[test]
fn metadata_is_files_folders_and_pairs() {
    let world = World::with_app(&["a"]);
    let pair = format!("app-linux-arm64={}", world.built["app-linux-arm64"]);
    let mut half = World::new();
    half.built.insert("app-linux-amd64".into(), world.built["app-linux-amd64"].clone());
    // A helper target pushes nothing, and needs no word; what pushed something else does.
    let helpers = format!(
        r#""base-linux-amd64":{{"buildx.build.ref":"x"}},"lint":{{"containerimage.digest":"{}"}}"#,
        world.built["app-linux-arm64"]
    );
    let ran = test(&world, &plan(&["oci-layout:a"]))
        .file(
            "metadata/a.json",
            half.metadata().replacen('{', &format!(r#"{{"buildx.build.warnings":[],{helpers},"#), 1),
        )
        .file("metadata/deep/er/notes.txt", "no metadata")
        .args(["merge", "--plan=plan.json", "--metadata", "metadata/a.json", "metadata/deep", &pair])
        .args(["--format", "json"]);
    let output = ran.output();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["images"]["app"]["status"], "published");
    assert_eq!(report["images"]["app"]["references"][0]["outcome"], "created");
    assert_eq!(report["published"].as_array().unwrap().len(), 1);
    let notes: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!((&notes[0]["code"], &notes[1]["code"]), (&"unplanned".into(), &"no-metadata".into()));
    assert_eq!(notes[0]["message"], "`metadata/a.json`: skipped `lint`: not a build of this plan");
}

#[test]
fn contradictions_are_errors() {
    let mut world = World::with_app(&["a"]);
    let first = world.metadata();
    world.build(&["a"], Build::new("app-linux-arm64", "linux/arm64").salt("again"));
    let output = test(&world, &plan(&["oci-layout:a"])).file("metadata/b.json", first).args(MERGE).output();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("two digests for build `app-linux-arm64`"), "{stderr}");
    assert!(stderr.contains("`metadata/a.json`") && stderr.contains("`metadata/b.json`"), "{stderr}");

    let based = |leg: &str, base: &str| {
        format!(
            r#"{{"{leg}":{{"containerimage.digest":"{}","buildx.build.provenance":{{"materials":[
                {{"uri":"pkg:docker/alpine@3.19","digest":{{"sha256":"{base}"}}}}]}}}}}}"#,
            world.built[leg]
        )
    };
    let mixed = || {
        test(&world, &plan(&["oci-layout:a"]))
            .file("metadata/a.json", based("app-linux-amd64", "aa"))
            .file("metadata/b.json", based("app-linux-arm64", "bb"))
            .args(MERGE)
    };
    let output = mixed().output();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("error[mixed-bases]"));
    assert_eq!(mixed().args(["--allow-mixed-bases"]).output().status.code(), Some(0));

    for (arguments, code) in [
        (&["merge", "--plan", "plan.json"][..], 2),
        (&["merge", "--metadata", "metadata"], 2),
        (&["merge", "--plan", "none.json", "--metadata", "metadata"], 1),
        (&["merge", "--plan", "metadata/a.json", "--metadata", "metadata"], 1),
        (&["merge", "--plan", "plan.json", "--metadata", "none"], 1),
        (&["merge", "--plan", "plan.json", "--metadata", "metadata", "--wait", "soon"], 2),
    ] {
        let output = test(&world, &plan(&["oci-layout:a"])).args(arguments.iter().copied()).output();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn github_gets_the_result_and_a_summary() {
    let world = World::with_app(&["a"]);
    let ran = test(&world, &plan(&["oci-layout:a"]))
        .env("GITHUB_OUTPUT", "output")
        .env("GITHUB_STEP_SUMMARY", "summary.md")
        .args(MERGE)
        .args(["--github"])
        .stdout(snapbox::str!["..."])
        .stderr(snapbox::str!["..."])
        .run();
    let output = ran.read("output");
    let result = output.strip_prefix("result=").expect("it is set").trim_end();
    let result: serde_json::Value = serde_json::from_str(result).unwrap();
    assert_eq!(result["images"]["app"]["platforms"][1], "linux/arm64");
    let summary = ran.read("summary.md");
    assert!(summary.starts_with("### Merge\n\n1 image published, 4 tags written\n"), "{summary}");
    assert!(summary.contains("`oci-layout:a`: created 1.4.2, 1.4, 1, latest |"), "{summary}");
    // Each platform has the size of what a pull fetches: what its manifest names.
    for manifest in result["images"]["app"]["manifests"].as_array().unwrap() {
        let Some(platform) = manifest["platform"].as_str() else {
            assert!(manifest["bytes"].is_null(), "an attestation is not pulled: {manifest}");
            continue;
        };
        let digest = manifest["digest"].as_str().unwrap().replace(':', "/");
        let blob = std::fs::read(world.root().join("a/blobs").join(digest)).unwrap();
        let blob: serde_json::Value = serde_json::from_slice(&blob).unwrap();
        let layers = blob["layers"].as_array().unwrap().iter().chain([&blob["config"]]);
        let size: u64 = layers.map(|layer| layer["size"].as_u64().unwrap()).sum();
        assert_eq!(manifest["bytes"], size);
        assert!(summary.contains(&format!("{platform} ({} kB)", size.div_ceil(1000))), "{summary}");
    }
}

#[test]
fn docker_cannot_carry_and_is_told_what_to_write() {
    let world = World::with_app(&["a"]);
    let output = test(&world, &plan(&["oci-layout:a"]))
        .env("PATH", "/nonexistent")
        .args(MERGE)
        .args(["--engine", "docker"])
        .output();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("docker is not installed"), "{stderr}");
    assert!(stderr.contains("`docker buildx imagetools create -t oci-layout://a:1.4.2"), "{stderr}");
}

/// A registry that accepts a tag and keeps nothing is waited for as long as the user says.
#[test]
fn what_is_not_kept_is_waited_for_in_the_time_that_is_given() {
    let world = World::with_app(&["acme/app"]);
    let server = world.serve_with(|seen| {
        let is_it = seen.method == "PUT" && seen.path().ends_with("/manifests/1.4.2");
        is_it.then(|| Reply::Whole(Answer::new(201, "text/plain", "")))
    });
    let began = std::time::Instant::now();
    let output = Test::new()
        .file("plan.json", plan(&[&format!("{}/acme/app", server.host())]))
        .file("metadata.json", world.metadata())
        .args(["merge", "--plan", "plan.json", "--metadata", "metadata.json", "--wait", "1s"])
        .output();
    let (told, took) = (String::from_utf8(output.stderr).unwrap(), began.elapsed());
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("was written but cannot be read yet"), "{told}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}
