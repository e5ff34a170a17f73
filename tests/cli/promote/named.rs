//! What tags that are named say of what they are given to: its variant, its version and its commit.

use bakeplan::internals::oci::{OCI_INDEX, OCI_MANIFEST};

use super::stage::Stage;
use crate::merge::world::{image, put, put_tag, untag};

/// A variant has tags of its own, which end like it: none of them is for prereleases.
#[test]
fn the_tags_of_a_variant_move_with_its_versions() {
    for (source, said, there, to, expected) in [
        ("1.4.2-alpine", "", "1.3.0-alpine", "1.4-alpine 1-alpine", "created created"),
        ("1.4.2-alpine", "1.4.2-alpine", "1.3.0-alpine", "1.4-alpine latest-alpine", "created created"),
        ("sha-c0ffee0", "1.4.2-alpine", "1.3.0", "1.4.2-alpine 1-alpine", "created created"),
        (
            "1.4.2-slim-bookworm",
            "",
            "1.5.0-slim-bookworm",
            "1.4-slim-bookworm 1-slim-bookworm",
            "created kept",
        ),
        ("1.4.2-alpine", "", "1.5.0-alpine", "1.4-alpine 1-alpine latest-alpine", "created kept kept"),
        ("1.4.2-alpine3.20", "", "1.5.0", "1.4-alpine3.20 1-alpine3.20", "created created"),
        ("v1.4.2-alpine", "", "v1.5.0-alpine", "v1.4-alpine v1-alpine", "created kept"),
        ("api-1.4.2-alpine", "", "api-1.5.0-alpine", "api-1.4-alpine api-1-alpine", "created kept"),
    ] {
        let said = if said.is_empty() {
            String::new()
        } else {
            format!(r#""org.opencontainers.image.version":"{said}""#)
        };
        let stage = Stage::annotated(&said);
        if source != "sha-c0ffee0" {
            put_tag(&stage.world.layout("app"), source, &stage.manifest("app", "sha-c0ffee0"));
        }
        stage.other(there);
        let to: String = to.split(' ').map(|tag| format!(" --to HOST/app:{tag}")).collect();
        let outcome = stage.run_with("", &format!("HOST/app:{source}{to} --dry-run"));
        let found: Vec<String> =
            outcome.tags().iter().filter_map(|one| Some(one.split_once(' ')?.1.to_owned())).collect();
        assert_eq!(found.join(" "), expected, "{source} {there}: {}", outcome.told);
    }
    // Those of other variants, of none, and of prereleases are not for it.
    for (source, to, expected) in [
        (
            "1.4.2-alpine",
            "latest",
            "is for all variants or another one, and what is promoted is `1.4.2-alpine`",
        ),
        ("1.4.2-alpine", "1.4", "is for all variants or another one"),
        ("1.4.2-alpine", "1-slim", "is for all variants or another one"),
        ("1.4.2-rc.1", "1.4", "is for releases, and what is promoted is `1.4.2-rc.1`"),
    ] {
        let stage = Stage::new();
        put_tag(&stage.world.layout("app"), source, &stage.manifest("app", "sha-c0ffee0"));
        let line = format!("HOST/app:{source} --to HOST/app:{to} --dry-run");
        stage.refuses("", &line, 1, expected);
        stage.passes("", &format!("{line} --allow-backward"));
    }
}

/// The floating name of a variant is its name alone.
#[test]
fn the_name_of_a_variant_stays_with_its_greater_version() {
    for (source, there, to, expected) in [
        ("1.4.2-alpine", "1.5.0-alpine", "alpine", "kept"),
        ("1.4.2-slim", "1.5.0-slim", "slim", "kept"),
        ("1.4.2-slim-bookworm", "2.0.0-slim-bookworm", "slim-bookworm", "kept"),
        ("v1.4.2-alpine", "v1.5.0-alpine", "alpine", "kept"),
        ("api-1.4.2-alpine", "api-1.5.0-alpine", "api-alpine", "kept"),
        ("1.4.2-alpine", "1.3.0-alpine", "alpine", "moved"),
        ("1.4.2-alpine", "1.5.0-slim", "alpine", "moved"),
        ("1.4.2-alpine", "1.5.0", "alpine", "moved"),
    ] {
        let stage = Stage::new();
        put_tag(&stage.world.layout("app"), source, &stage.manifest("app", "sha-c0ffee0"));
        stage.other(there);
        stage.other(to);
        for source in [format!("HOST/app:{source}"), format!("HOST/app:sha-c0ffee0 --to HOST/app:{source}")] {
            let outcome = stage.run_with("", &format!("{source} --to HOST/app:{to} --dry-run"));
            let last = outcome.tags().pop().unwrap();
            assert_eq!(last, format!("{to} {expected}"), "{there}: {}", outcome.told);
        }
    }
}

/// Where a tag leaves open which version it is of, others like it decide by their numbers.
#[test]
fn what_leaves_its_version_open_takes_nothing_from_a_greater_one() {
    for (source, there, to, expected) in [
        ("jdk-17", "jdk-21", "latest", "kept"),
        ("17-alpine", "18-alpine", "alpine", "kept"),
        ("RELEASE.2026-08-03T04-33-23Z", "RELEASE.2026-09-01T00-00-00Z", "latest", "kept"),
        ("jdk-21", "jdk-17", "latest", "moved"),
        ("18-alpine", "17-alpine", "alpine", "moved"),
        ("jdk-17", "corretto", "latest", "moved"),
    ] {
        let stage = Stage::new();
        put_tag(&stage.world.layout("app"), source, &stage.manifest("app", "sha-c0ffee0"));
        stage.other(there);
        stage.other(to);
        let line = format!("HOST/app:{source} --to HOST/app:{to} --dry-run");
        let outcome = stage.run_with("", &line);
        assert_eq!(outcome.tags(), [format!("{to} {expected}")], "{source}: {}", outcome.told);
        let outcome = stage.run_with("", &format!("{line} --allow-backward"));
        assert_eq!(outcome.tags(), [format!("{to} moved")], "{source}: {}", outcome.told);
        // Both are for the same platforms.
        assert!(!outcome.told.contains("fewer-platforms"), "{source}: {}", outcome.told);
    }
}

/// What has the own tag of a version, whatever else it is called, is that version.
#[test]
fn another_tag_of_the_same_content_tells_the_version() {
    for own in ["1.4.2", "v1.4.2", "1.4.2 1.4.2-alpine", "api-1.4.2"] {
        for (greater, expected) in [("1.3.0", "latest moved"), ("1.5.0", "latest kept")] {
            let stage = Stage::new();
            for tag in own.split(' ') {
                put_tag(&stage.world.layout("app"), tag, &stage.manifest("app", "sha-c0ffee0"));
            }
            let greater = if own.starts_with("api-") { format!("api-{greater}") } else { greater.to_owned() };
            stage.other(&greater);
            stage.other("latest");
            let sources = ["HOST/app:sha-c0ffee0".to_owned(), format!("HOST/app@{}", stage.digest())];
            for source in sources {
                let outcome = stage.run_with("", &format!("{source} --to HOST/app:latest --dry-run"));
                assert_eq!(outcome.tags(), [expected], "{own} {greater}: {}", outcome.told);
            }
        }
    }
    // Two versions of one content, and a tag that is no version's own, tell nothing.
    for own in ["1.4.2 1.5.0", "1.4", "stable"] {
        let stage = Stage::new();
        for tag in own.split(' ') {
            put_tag(&stage.world.layout("app"), tag, &stage.manifest("app", "sha-c0ffee0"));
        }
        stage.other("1.3.0");
        stage.refuses("", "HOST/app:sha-c0ffee0 --to HOST/app:latest", 1, "nothing tells which version");
    }
}

/// The tag of a commit stands for no other one, and has what was published first of it.
#[test]
fn the_tag_of_a_commit_never_goes_to_another() {
    let own = "c0ffee0123456789c0ffee0123456789c0ffee01";
    let annotation = format!(r#""org.opencontainers.image.revision":"{own}""#);
    for (said, source, to) in [
        ("", "sha-c0ffee0", "sha-1234567"),
        ("", "sha-c0ffee0", "git-1234567"),
        ("", "sha-c0ffee0", "main-12345ab"),
        // Whatever stands behind the commit, or before it.
        ("", "sha-c0ffee0", "main-12345ab-alpine"),
        ("", "sha-c0ffee0", "12345ab-amd64"),
        ("", "sha-c0ffee0", "1.2.3-12345ab"),
        ("", "main-c0ffee0-alpine", "main-12345ab-alpine"),
        (annotation.as_str(), "staged", "main-12345ab_slim.debug"),
        (annotation.as_str(), "staged", "sha-1234567"),
        (annotation.as_str(), "staged", "commit-1234567890abcdef1234567890abcdef12345678"),
    ] {
        let stage = Stage::annotated(said);
        for tag in ["staged", "main-c0ffee0-alpine"] {
            put_tag(&stage.world.layout("app"), tag, &stage.manifest("app", "sha-c0ffee0"));
        }
        for option in ["", "--allow-other-version", "--allow-retag", "--allow-backward"] {
            let line = format!("HOST/app:{source} --to HOST/app:{to} --to HOST/app:prod {option}");
            stage.refuses("", &line, 1, "other-plan");
        }
    }
    let stage = Stage::annotated(&annotation);
    put_tag(&stage.world.layout("app"), "staged", &stage.manifest("app", "sha-c0ffee0"));
    for to in ["sha-c0ffee0", "sha-c0ffee01234", "main-c0ffee0", "main-c0ffee0-alpine", "1.2.3-c0ffee0", own]
    {
        stage.passes("", &format!("HOST/app:staged --to HOST/app:{to} --dry-run"));
    }
    // Digits alone are a commit beside another one that is written like them.
    for (source, to) in [
        ("abcdef1", "1234567"),
        ("main-abcdef1", "main-1234567"),
        ("1234567", "abcdef1"),
        ("release_abcdef12", "release_12345678"),
        (&"ab1".repeat(14)[..40], &"12345678".repeat(5)),
    ] {
        let stage = Stage::new();
        put_tag(&stage.world.layout("app"), source, &stage.manifest("app", "sha-c0ffee0"));
        for option in ["", "--allow-other-version", "--allow-retag", "--allow-backward"] {
            let line = format!("HOST/app:{source} --to HOST/app:{to} {option}");
            stage.refuses("", &line, 1, "is of another commit by its name");
        }
    }
    for (source, to) in
        [("abcdef12", "20261130"), ("main-abcdef1", "main"), ("abcdef1", "57"), ("57", "1234567")]
    {
        let stage = Stage::new();
        put_tag(&stage.world.layout("app"), source, &stage.manifest("app", "sha-c0ffee0"));
        stage.passes("", &format!("HOST/app:{source} --to HOST/app:{to} --dry-run"));
    }
    // So is one that this digest has in its repository.
    for tag in ["sha-1234567", "main-1234ab7", "1234ab7"] {
        let stage = Stage::new();
        put_tag(&stage.world.layout("app"), tag, &stage.manifest("app", "sha-c0ffee0"));
        let digest = stage.digest();
        untag(&stage.world.layout("app"), "sha-c0ffee0");
        let line = format!("HOST/app@{digest} --to HOST/app:sha-abcdef1");
        stage.refuses("", &format!("{line} --allow-other-version"), 1, "by its tag");
    }
    // Two commits at once are two.
    let line = "HOST/app:staged --to HOST/app:sha-c0ffee0 --to HOST/app:sha-1234567";
    stage.refuses("", line, 1, "is of another commit by its name");
    // Another build of the commit is another content.
    for tag in ["sha-c0ffee01", "c0ffee012345", "main-c0ffee0-slim"] {
        stage.other(tag);
        let line = format!("HOST/app:staged --to HOST/app:{tag}");
        stage.refuses("", &line, 1, "is the tag of a commit and has");
        stage.passes("", &format!("{line} --allow-retag --dry-run"));
    }
    // What only looks a little like it moves as before.
    for tag in
        ["edge", "1.4.2-20261130", "nightly-20261130", "facade", "sha-main", "main-facade-x", "1.4.2-alpine3"]
    {
        stage.other(tag);
        let outcome = stage.run_with("", &format!("HOST/app:staged --to HOST/app:{tag} --dry-run"));
        assert!(!outcome.told.contains("the tag of a commit"), "{tag}: {}", outcome.told);
    }
}

/// What says something about an image is none.
#[test]
fn an_attestation_gets_no_tag() {
    let stage = Stage::new();
    let index = stage.world.index("app", "sha-c0ffee0");
    let attestation = &index.manifests.iter().find(|entry| entry.attested().is_some()).unwrap().digest;
    stage.refuses(
        "",
        &format!("HOST/app@{attestation} --to HOST/app:stable"),
        1,
        "is an attestation, not an image",
    );
    // Without a platform of its own, as newer ones are.
    let layout = stage.world.layout("app");
    let text = image(&layout, OCI_MANIFEST, "{}", &["a statement".to_owned()]);
    let kind = r#"{"artifactType":"application/vnd.docker.attestation.manifest.v1+json","#;
    let artifact = put(&layout, OCI_MANIFEST, &text.replacen('{', kind, 1));
    stage.refuses("", &format!("HOST/app@{} --to HOST/app:stable", artifact.digest), 1, "is an attestation");
    // An index of nothing but attestations is no image, either.
    let entry = serde_json::to_string(&index.manifests[1]).unwrap();
    let only = put(&layout, OCI_INDEX, &crate::merge::world::index(&[entry]));
    stage.refuses("", &format!("HOST/app@{} --to HOST/app:stable", only.digest), 1, "holds no image");
    // Other artifacts are tagged by whoever wants to.
    let other = put(&layout, OCI_MANIFEST, &text);
    stage.passes("", &format!("HOST/app@{} --to HOST/app:stable", other.digest));
}
