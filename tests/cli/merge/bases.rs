//! Builds on different bases: what their metadata says, or else their attestations in the registry.

use bakeplan::internals::merge::Options;
use bakeplan::internals::merge::report::Report;
use bakeplan::internals::registry::Store;

use super::world::{Build, TAGS, World, plan, plan_of};
use crate::loopback::{Answer, Reply, Server};

const OLD: &str = "https://slsa.dev/provenance/v0.2";
const NEW: &str = "https://slsa.dev/provenance/v1";

/// The materials of a build on this base.
fn on(base: &str) -> String {
    let (name, digest) = base.rsplit_once('=').unwrap();
    let sign = if name.contains('?') { '&' } else { '?' };
    format!(r#"[{{"uri":"pkg:docker/{name}{sign}platform=linux%2Famd64","digest":{{"sha256":"{digest}"}}}}]"#)
}

/// What an attestation says of a build on this base.
fn predicate(kind: &str, base: &str) -> String {
    let materials = on(base);
    match kind {
        NEW => format!(
            r#"{{"buildDefinition":{{"resolvedDependencies":{materials},"internalParameters":{{"buildConfig":{{}}}}}}}}"#
        ),
        _ => format!(r#"{{"materials":{materials},"buildConfig":{{"llbDefinition":[]}}}}"#),
    }
}

/// Two builds with these attestations.
fn world(amd64: (&str, &str), arm64: (&str, &str)) -> World {
    let mut world = World::new();
    for (leg, platform, (kind, predicate)) in
        [("app-linux-amd64", "linux/amd64", amd64), ("app-linux-arm64", "linux/arm64", arm64)]
    {
        world.build(&["a", "b"], Build::new(leg, platform).provenance(kind, predicate));
    }
    world
}

fn merged(world: &World, options: Options) -> (Report, Server) {
    let server = world.serve();
    let repositories = ["a", "b"].map(|name| format!("{}/{name}", server.host()));
    let repositories: Vec<&str> = repositories.iter().map(String::as_str).collect();
    (world.merge(&plan(&repositories), options), server)
}

fn statements(server: &Server, world: &World) -> usize {
    let is_statement = |line: &&String| {
        let Some((_, hex)) = line.strip_prefix("GET ").and_then(|line| line.split_once("/blobs/sha256:"))
        else {
            return false;
        };
        let text = std::fs::read(world.root().join("a/blobs/sha256").join(hex)).unwrap();
        String::from_utf8(text).unwrap().contains("predicateType")
    };
    server.lines().iter().filter(is_statement).count()
}

#[test]
fn different_bases_are_refused_on_the_evidence_of_attestations() {
    for (amd64, arm64) in [(OLD, OLD), (NEW, NEW), (OLD, NEW), (NEW, OLD)] {
        let both = |one: &str, other: &str| {
            world((amd64, &predicate(amd64, one)), (arm64, &predicate(arm64, other)))
        };
        let mixed = both("alpine@3.19=aa", "alpine@3.19=bb");
        let (report, server) = merged(&mixed, Options::default());
        let [problem] = report.problems.as_slice() else { panic!("{:?}", report.problems) };
        assert_eq!(problem.code.name(), "mixed-bases");
        assert_eq!(
            problem.message,
            "image `app`: its builds have different bases: `alpine:3.19` moved between them"
        );
        assert!(
            problem.notes[0]
                .starts_with("`app-linux-amd64` was built on sha256:aa (`its attestation sha256:")
        );
        assert!(problem.notes[1].starts_with("`app-linux-arm64` was built on sha256:bb"));
        // Of two repositories, one is asked.
        assert_eq!((statements(&server, &mixed), mixed.tags("a").len()), (2, 0));
        // Deliberately: then nothing is read.
        let allowed = Options { allow_mixed_bases: true, ..Options::default() };
        let (report, server) = merged(&mixed, allowed);
        assert_eq!((report.problems.len(), report.notes.len(), statements(&server, &mixed)), (0, 0, 0));

        for (one, other) in [
            ("alpine@3.19=aa", "alpine@3.19=aa"),
            ("alpine@3.19=aa", "debian@12=bb"),
            ("alpine@3.19?digest=sha256:aa=aa", "alpine@3.19?digest=sha256:bb=bb"),
        ] {
            let (report, _) = merged(&both(one, other), Options::default());
            assert_eq!((report.problems.len(), report.notes.len()), (0, 0), "{one} {other}");
        }
    }
}

#[test]
fn metadata_and_attestations_are_compared_with_each_other() {
    let world = world((OLD, &predicate(OLD, "alpine@3.19=aa")), (OLD, &predicate(OLD, "alpine@3.19=bb")));
    let document = plan(&["oci-layout:a"]);
    for (base, expected) in [("aa", 1), ("bb", 0)] {
        let metadata = format!(
            r#"{{"app-linux-amd64":{{"containerimage.digest":"{}","buildx.build.provenance":{{"materials":{}}}}},
                "app-linux-arm64":{{"containerimage.digest":"{}"}}}}"#,
            world.built["app-linux-amd64"],
            on(&format!("alpine@3.19={base}")),
            world.built["app-linux-arm64"]
        );
        let test = crate::support::Test::new().file("plan.json", &document).file("m.json", metadata);
        let test =
            test.files(world.root(), "").args(["merge", "--plan", "plan.json", "--metadata", "m.json"]);
        let output = test.output();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(expected), "{stderr}");
        assert_eq!(stderr.contains("error[mixed-bases]"), expected == 1, "{stderr}");
        assert!(!stderr.contains("nothing is known"), "{stderr}");
    }
}

#[test]
fn that_nothing_is_known_is_said() {
    let known = (OLD, predicate(OLD, "alpine@3.19=aa"));
    for (kind, text, why) in [
        ("https://spdx.dev/Document", "{}", None),
        (OLD, "7", Some("invalid type")),
        (NEW, r#"{"buildDefinition":7}"#, Some("invalid")),
    ] {
        let world = world((known.0, &known.1), (kind, text));
        let (report, _) = merged(&world, Options::default());
        assert_eq!(report.problems, [], "{text}");
        let [note] = report.notes.as_slice() else { panic!("{text}: {:?}", report.notes) };
        assert_eq!(note.code.name(), "unknown-bases");
        assert!(
            note.message.contains("known about the bases of `app-linux-arm64`: neither"),
            "{}",
            note.message
        );
        assert_eq!(
            note.notes.iter().any(|one| one.contains(why.unwrap_or("?"))),
            why.is_some(),
            "{:?}",
            note.notes
        );
    }
    // What is missing is one cause, and its bases are not another.
    let world = world((known.0, &known.1), ("https://spdx.dev/Document", "{}"));
    let index =
        world.layout("a").get_manifest(&world.built["app-linux-arm64"].clone().into()).unwrap().unwrap();
    let index: bakeplan::internals::oci::Index = serde_json::from_slice(&index.bytes).unwrap();
    ["a", "b"].iter().for_each(|name| super::world::remove(&world.layout(name), &index.manifests[0].digest));
    let (report, _) = merged(&world, Options::default());
    assert_eq!(report.problems[0].code.name(), "missing-build", "{:?}", report.problems);
    assert_eq!(report.notes, []);
    // Without any attestation.
    let mut plain = World::new();
    for (leg, platform) in [("app-linux-amd64", "linux/amd64"), ("app-linux-arm64", "linux/arm64")] {
        plain.build(&["a", "b"], Build::new(leg, platform).plain());
    }
    let (report, _) = merged(&plain, Options::default());
    let [note] = report.notes.as_slice() else { panic!("{:?}", report.notes) };
    assert!(note.message.contains("`app-linux-amd64`, `app-linux-arm64`"), "{}", note.message);
    let allowed = Options { allow_mixed_bases: true, ..Options::default() };
    assert_eq!(merged(&plain, allowed).0.notes, []);
}

#[test]
fn a_statement_that_cannot_be_had_is_no_reason_to_publish_nothing() {
    let large = format!(r#"{{"buildConfig":"{}"}}"#, "x".repeat(9 << 20));
    let known = predicate(OLD, "alpine@3.19=aa");
    let world = world((OLD, &known), (OLD, &large));
    let (report, server) = merged(&world, Options::default());
    assert_eq!((report.problems.as_slice(), statements(&server, &world)), (&[][..], 1));
    assert!(
        report.notes[0].notes[0]
            .starts_with("the attestation of `app-linux-arm64` cannot be used: it has 9437")
    );

    // What the registry serves instead is not it.
    let world = self::world((OLD, &known), (OLD, &predicate(OLD, "alpine@3.19=bb")));
    let root = world.root().to_owned();
    let server = world.serve_with(move |seen| {
        let (_, hex) = seen.path().split_once("/blobs/sha256:")?;
        let text = std::fs::read_to_string(root.join("a/blobs/sha256").join(hex)).ok()?;
        let is_meant =
            seen.method == "GET" && text.contains("app-linux-arm64") && text.contains("predicateType");
        is_meant.then(|| Reply::Whole(Answer::new(200, "", text.replace("bb", "cc"))))
    });
    let report = world.merge(&plan(&[&format!("{}/a", server.host())]), Options::default());
    assert_eq!(report.problems, []);
    assert_eq!(report.notes[0].code.name(), "unknown-bases");
}

/// What is carried over is from an earlier run, and by its nature on an older base: that is said, with both, and no error.
#[test]
fn another_base_of_what_is_carried_over_is_said() {
    let (same, moved) = (predicate(OLD, "alpine@3.19=aa"), predicate(NEW, "alpine@3.19=bb"));
    let nothing = "{}".to_owned();
    let other = predicate(OLD, "debian@12=cc");
    let spdx = "https://spdx.dev/Document";
    for (published, built, expected) in [
        ((OLD, &same), (NEW, &moved), &["carried-bases"][..]),
        ((NEW, &moved), (OLD, &same), &["carried-bases"]),
        ((OLD, &same), (OLD, &same), &[]),
        ((OLD, &same), (OLD, &other), &[]),
        ((spdx, &nothing), (OLD, &same), &["unknown-bases"]),
        ((OLD, &same), (spdx, &nothing), &["unknown-bases"]),
    ] {
        let mut world = world((published.0, published.1), (published.0, published.1));
        let server = world.serve();
        let name = format!("{}/a", server.host());
        let document = plan_of(&[&name], TAGS, r#""version":"1.4.2","#, "carry");
        assert_eq!(world.merge(&document, Options::default()).problems, []);
        world.built.remove("app-linux-arm64");
        let again = Build::new("app-linux-amd64", "linux/amd64").salt("again");
        world.build(&["a", "b"], again.provenance(built.0, built.1));
        let report = world.merge(&document, Options::default());
        assert_eq!(report.problems, [], "{built:?}");
        assert_eq!(world.platforms("a", "latest"), ["linux/amd64", "linux/arm64"]);
        let is_about_bases = |code: &&str| *code != "not-built";
        let codes = report.notes.iter().map(|note| note.code.name());
        let codes: Vec<&str> = codes.filter(is_about_bases).collect();
        assert_eq!(codes, expected, "{published:?} {built:?}: {:?}", report.notes);
        if let ["carried-bases"] = expected {
            let note = &report.notes[0];
            assert!(
                note.message.starts_with("image `app`: `app-linux-arm64` was not built and is carried over")
                    && note.message.ends_with("`alpine:3.19` moved between them"),
                "{}",
                note.message
            );
            assert!(note.notes[0].starts_with("`app-linux-arm64` was built on sha256:"), "{note:?}");
            assert!(note.notes[1].starts_with("`app-linux-amd64` was built on sha256:"), "{note:?}");
        }
        // Deliberately: then nothing is read.
        let allowed = Options { allow_mixed_bases: true, ..Options::default() };
        let notes = world.merge(&document, allowed).notes;
        assert_eq!(notes.iter().map(|note| note.code.name()).collect::<Vec<_>>(), ["not-built"]);
    }
}
