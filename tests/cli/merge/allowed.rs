//! `merge --repository`: a plan publishes only where its reader allows it.

use std::fs;

use super::world::{World, plan};
use crate::support::Test;

/// A merge of a plan that publishes there, with these patterns: its exit code, what it reported, and the folder.
fn merge(repositories: &[&str], patterns: &[&str]) -> (i32, String, Test) {
    let world = World::with_app(&["acme/app", "acme/sub/app", "other/app"]);
    let mut test = Test::new()
        .file("plan.json", plan(repositories))
        .file("metadata/a.json", world.metadata())
        .files(world.root(), "")
        .args(["merge", "--plan", "plan.json", "--metadata", "metadata"]);
    for pattern in patterns {
        test = test.args(["--repository", *pattern]);
    }
    let output = test.output();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap(), test)
}

const APP: &str = "oci-layout:acme/app";
const SUB: &str = "oci-layout:acme/sub/app";
const OTHER: &str = "oci-layout:other/app";

#[test]
fn a_repository_that_no_pattern_fits_is_refused_before_anything_is_written() {
    for (repositories, patterns, refused) in [
        (&[APP][..], &["oci-layout:other/*"][..], &[APP][..]),
        // `*` ends at `/`, and a pattern is about the whole name.
        (&[SUB], &["oci-layout:acme/*"], &[SUB]),
        (&[APP], &["acme/app"], &[APP]),
        (&[APP], &["oci-layout:acme"], &[APP]),
        // One that may be written to does not help the others, and all are named.
        (&[APP, SUB, OTHER], &["oci-layout:acme/app"], &[SUB, OTHER]),
        (&[APP, OTHER], &["oci-layout:[!a]*", "oci-layout:acme/a??"], &[OTHER]),
        // Nothing is asked of it, so it need not exist.
        (&["registry.invalid/acme/app"], &["ghcr.io/acme/*"], &["registry.invalid/acme/app"]),
        (&["acme/app", APP], &["acme/*", "oci-layout:*/*"], &["docker.io/acme/app"]),
    ] {
        let (status, told, test) = merge(repositories, patterns);
        assert_eq!(status, 1, "{repositories:?} {patterns:?}: {told}");
        assert_eq!(told.matches("error[").count(), refused.len(), "{told}");
        for name in refused {
            let message = format!("the plan publishes `app` in `{name}`, which no `--repository` allows");
            assert!(told.contains(&message), "{told}");
        }
        for layout in ["acme/app", "acme/sub/app", "other/app"] {
            assert!(
                !fs::read_to_string(test.folder().join(layout).join("index.json")).unwrap().contains("1.4.2"),
                "{patterns:?}"
            );
        }
        // What the message recommends lets it through, where there is something to write to.
        if refused.iter().all(|name| name.starts_with("oci-layout:")) {
            let (status, told, _) = merge(repositories, &[patterns, refused].concat());
            assert_eq!(status, 0, "{told}");
        }
    }
}

#[test]
fn what_patterns_fit_is_published() {
    for (repositories, patterns) in [
        (&[APP][..], &[APP][..]),
        (&[APP, OTHER], &["oci-layout:*/app"]),
        (&[APP, SUB, OTHER], &["oci-layout:acme/*", "oci-layout:acme/*/*", "oci-layout:oth?r/app"]),
        (&[APP, OTHER], &["oci-layout:[^x]*/app", "ghcr.io/nobody/*"]),
        (&[APP, OTHER], &[]),
    ] {
        let (status, told, test) = merge(repositories, patterns);
        assert_eq!(status, 0, "{repositories:?} {patterns:?}: {told}");
        for name in repositories {
            let layout = name.strip_prefix("oci-layout:").unwrap();
            assert!(
                fs::read_to_string(test.folder().join(layout).join("index.json")).unwrap().contains("1.4.2"),
                "{layout}"
            );
        }
    }
}
