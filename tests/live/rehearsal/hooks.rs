//! What a repository brings itself: the action of `--test`, and secrets, which may be missing.

use serde_json::json;

use super::run::{FIRST, PUSH, Run, Start};
use super::{generated, project, set, tags};
use crate::engine::{Project, engine};
use crate::registry::Repository;

/// Looks at each build, and finds fault with what `broken` names.
pub(super) const TEST: &str = r#"
name: Test
inputs:
  builds: { required: true }
runs:
  using: composite
  steps:
    - shell: bash
      env:
        BUILDS: ${{ inputs.builds }}
      run: |
        status=0
        while read -r target platform image; do
          case $image in
            oci-layout://*) test -f "${image#oci-layout://}/index.json" ;;
            *) docker buildx imagetools inspect "$image" >/dev/null ;;
          esac
          echo "tested $target $platform $image"
          if grep -qxF "$platform" broken; then status=1; fi
        done <<< "$BUILDS"
        exit "$status"
"#;

/// Finds fault with the targets that `broken` names, and says which.
const NAMING: &str = r#"
name: Test
inputs:
  builds: { required: true }
outputs:
  failed:
    value: ${{ steps.look.outputs.failed }}
runs:
  using: composite
  steps:
    - id: look
      shell: bash
      env:
        BUILDS: ${{ inputs.builds }}
      run: |
        failed=()
        while read -r target _ image; do
          docker buildx imagetools inspect "$image" >/dev/null
          if grep -qxF "$target" broken; then failed+=("$target"); fi
        done <<< "$BUILDS"
        echo "failed=${failed[*]}" >> "$GITHUB_OUTPUT"
"#;

/// What was tested: platform and image.
fn tested(log: &str) -> Vec<(&str, &str)> {
    let lines = log.lines().filter_map(|line| line.strip_prefix("tested "));
    lines.map(|line| line.split_once(' ').unwrap().1.split_once(' ').unwrap()).collect()
}

#[test]
fn what_fails_its_test_on_one_platform_gets_no_tag() {
    for on_missing in ["hold", "drop"] {
        let (project, [tool, base, api, worker]) = project("hooks-test", on_missing);
        let project = project.file("test/action.yml", TEST).file("broken", "linux/arm64\n");
        let mut run = Run::new(generated(&project, &["--test=./test"]), &project, &PUSH, &FIRST);
        assert!(run.plan(), "{}", run.log);
        run.build(&|_| {});
        let ended = run.finish();
        let tested = tested(&ended.log);
        // Three platforms of one image, and three images for two platforms.
        assert_eq!(tested.len(), 3 + 3 * 2, "{}", ended.log);
        for (name, is_success) in &ended.rows {
            assert_eq!(*is_success, !name.ends_with("arm64"), "{name}: {}", ended.log);
        }
        assert_eq!((ended.merge, ended.gate), (Some(5), false), "{on_missing}: {}", ended.log);
        // The others do not say what becomes of them, so they are held.
        assert_eq!([base, api, worker].map(|repository| tags(&repository)), [set(&[]), set(&[]), set(&[])]);
        if on_missing == "hold" {
            assert_eq!(tags(&tool), set(&[]), "{}", ended.log);
            continue;
        }
        assert_eq!(tags(&tool), set(&["1", "1.2.3"]), "{}", ended.log);
        for tag in ["1", "1.2.3"] {
            let index = Repository::new(&tool).index(tag);
            assert_eq!(index.platforms(), ["linux/amd64", "linux/s390x"]);
            let served = String::from_utf8(Repository::new(&tool).manifest(tag).body).unwrap();
            for (platform, image) in tested.iter().filter(|(_, image)| image.starts_with(&tool)) {
                let digest = image.split_once('@').unwrap().1;
                let build = String::from_utf8(Repository::new(&tool).manifest(digest).body).unwrap();
                // The build is an index with its attestation: its manifests are in the image, or not.
                let build: serde_json::Value = serde_json::from_str(&build).unwrap();
                let first = build["manifests"][0]["digest"].as_str().unwrap();
                assert_eq!(served.contains(first), *platform != "linux/arm64", "{platform}: {served}");
            }
        }
    }
}

#[test]
fn what_a_pull_request_builds_is_tested_without_a_push() {
    let (project, repositories) = project("hooks-request", "hold");
    let project = project.file("test/action.yml", TEST).file("broken", "");
    let request = Start("pull_request", "refs/pull/7/merge", "branch", false);
    let mut run = Run::new(generated(&project, &["--test=./test"]), &project, &request, &FIRST);
    for (broken, is_right) in [("", true), ("linux/s390x\n", false)] {
        std::fs::write(project.root().join("broken"), broken).unwrap();
        run.log.clear();
        assert!(run.plan(), "{}", run.log);
        run.build(&|_| {});
        let ended = run.finish();
        let tested = tested(&ended.log);
        assert_eq!(tested.len(), 3 + 3 * 2, "{}", ended.log);
        assert!(tested.iter().all(|(_, image)| image.starts_with("oci-layout://")), "{tested:?}");
        assert_eq!(ended.rows.values().filter(|is_success| !**is_success).count(), usize::from(!is_right));
        assert_eq!((ended.merge, ended.gate), (None, is_right), "{}", ended.log);
    }
    for repository in &repositories {
        assert_eq!(tags(repository), set(&[]), "{repository}");
    }
}

/// Three images, of which one needs a secret, in one row.
fn in_one_row(name: &str) -> (Project, [String; 3]) {
    let project = Project::new(engine(), name);
    let names = ["one", "closed", "three"];
    let repositories = names.map(|name| project.repository(0, name));
    let mut definition = String::new();
    for (name, repository) in names.iter().zip(&repositories) {
        let secret = if *name == "closed" { "secret = [\"id=npm,env=NPM_TOKEN\"]" } else { "" };
        definition.extend([format!(
            "target \"{name}\" {{\n  platforms = [\"linux/amd64\"]\n  {secret}\n}}\n\
             image \"{name}\" {{\n  repositories = [\"{repository}\"]\n  tags = [\"edge\"]\n}}\n"
        )]);
    }
    let project = project
        .file("docker-bake.hcl", &definition)
        .file("Dockerfile", "FROM scratch\nCOPY file /file\n")
        .file("file", "x");
    (project, repositories)
}

#[test]
fn a_secret_that_is_missing_costs_no_other_target_of_the_row() {
    let (project, [one, closed, three]) = in_one_row("hooks-row");
    let mut run = Run::new(generated(&project, &["--max-jobs=1"]), &project, &PUSH, &FIRST);
    assert!(run.plan(), "{}", run.log);
    run.build(&|_| {});
    let ended = run.finish();
    assert_eq!(ended.rows.len(), 1, "{:?}", ended.rows);
    assert!(ended.log.contains("::error::NPM_TOKEN is empty: closed-linux-amd64 needs"), "{}", ended.log);
    assert_eq!((ended.merge, ended.gate), (Some(5), false), "{}", ended.log);
    assert_eq!([&one, &closed, &three].map(|name| tags(name)), [set(&["edge"]), set(&[]), set(&["edge"])]);
    run.contexts["secrets"] = json!({ "NPM_TOKEN": "sesame" });
    run.build_failed_again();
    let ended = run.finish();
    assert_eq!((ended.merge, ended.gate), (Some(0), true), "{}", ended.log);
    assert_eq!(tags(&closed), set(&["edge"]));
}

#[test]
fn a_test_that_names_what_failed_costs_no_other_target_of_the_row() {
    let (project, [one, closed, three]) = in_one_row("hooks-named");
    let project = project.file("test/action.yml", NAMING).file("broken", "three-linux-amd64\n");
    let mut run = Run::new(generated(&project, &["--max-jobs=1", "--test=./test"]), &project, &PUSH, &FIRST);
    run.contexts["secrets"] = json!({ "NPM_TOKEN": "sesame" });
    assert!(run.plan(), "{}", run.log);
    run.build(&|_| {});
    let ended = run.finish();
    assert_eq!((ended.merge, ended.gate), (Some(5), false), "{}", ended.log);
    assert_eq!([&one, &closed, &three].map(|name| tags(name)), [set(&["edge"]), set(&["edge"]), set(&[])]);
}

#[test]
fn a_secret_that_is_missing_costs_the_rows_that_need_it() {
    let project = Project::new(engine(), "hooks-secret");
    let [open, closed] = ["open", "closed"].map(|name| project.repository(0, name));
    let definition = format!(
        r#"
        target "open" {{
          platforms = ["linux/amd64"]
        }}
        target "closed" {{
          secret    = ["id=npm,env=NPM_TOKEN"]
          platforms = ["linux/amd64"]
        }}
        image "open" {{
          repositories = ["{open}"]
          tags         = ["edge"]
        }}
        image "closed" {{
          repositories = ["{closed}"]
          tags         = ["edge"]
        }}
        "#
    );
    let project = project
        .file("docker-bake.hcl", &definition)
        .file("Dockerfile", "FROM scratch\nCOPY file /file\n")
        .file("file", "x");
    let mut run = Run::new(generated(&project, &[]), &project, &PUSH, &FIRST);
    assert!(run.plan(), "{}", run.log);
    run.build(&|_| {});
    let ended = run.finish();
    assert_eq!(ended.rows.values().filter(|is_success| !**is_success).count(), 1, "{:?}", ended.rows);
    assert!(!ended.rows["closed-linux-amd64"], "{}", ended.log);
    assert!(ended.log.contains("::error::NPM_TOKEN is empty"), "{}", ended.log);
    // Nothing of it was built.
    assert!(!ended.log.contains(&format!("naming to {closed}")), "{}", ended.log);
    assert_eq!((ended.merge, ended.gate), (Some(5), false), "{}", ended.log);
    assert_eq!([tags(&open), tags(&closed)], [set(&["edge"]), set(&[])]);
    // With the secret, what failed completes it.
    run.contexts["secrets"] = json!({ "NPM_TOKEN": "sesame" });
    run.build_failed_again();
    let ended = run.finish();
    assert_eq!((ended.merge, ended.verify, ended.gate), (Some(0), Some(0), true), "{}", ended.log);
    assert_eq!([tags(&open), tags(&closed)], [set(&["edge"]), set(&["edge"])]);
    assert!(!ended.log.contains("sesame"), "{}", ended.log);
}
