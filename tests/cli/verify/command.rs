//! Options, exit codes, what is printed.

use snapbox::str;

use super::desk::{APP, merged};
use crate::loopback::{Answer, Seen, Server};
use crate::merge::world::{World, plan, put_tag};
use crate::support::Test;

/// A run beside the layouts of a world.
fn test(world: &World) -> Test {
    Test::new().file("plan.json", plan(&[APP])).file("m.json", world.metadata()).files(world.root(), "")
}

#[test]
fn what_is_right_is_a_table() {
    let world = merged();
    test(&world)
        .args(["verify", "--plan", "plan.json", "--metadata", "m.json"])
        .stderr(str![[r#"
note[no-id]: `m.json` does not say which plan it belongs to: builds of another plan are noticed only if their labels or annotations differ
  = help: write the metadata of each job to the file that `metadata` in its row of the matrix names
oci-layout:acme/app: checked 4 references

"#]])
        .stdout(str![[r#"
oci-layout://acme/app:1.4.2   right  sha256:[..]  linux/amd64, linux/arm64
oci-layout://acme/app:1.4     right  sha256:[..]  linux/amd64, linux/arm64
oci-layout://acme/app:1       right  sha256:[..]  linux/amd64, linux/arm64
oci-layout://acme/app:latest  right  sha256:[..]  linux/amd64, linux/arm64
4 references: 4 right

"#]])
        .run();
}

#[test]
fn what_is_wrong_is_told_with_cause_and_cure() {
    let world = World::with_app(&["acme/app"]);
    test(&world)
        .args(["verify", "--plan", "plan.json", "--metadata", "m.json"])
        .status(4)
        .stderr(str![[r#"
note[no-id]: `m.json` does not say which plan it belongs to: builds of another plan are noticed only if their labels or annotations differ
  = help: write the metadata of each job to the file that `metadata` in its row of the matrix names
oci-layout:acme/app: checked 4 references
error[not-merged]: image `app`: `oci-layout:acme/app` has none of the tags `1.4.2`, `1.4`, `1`, `latest`
  = note: in `oci-layout://acme/app:1.4.2`, `oci-layout://acme/app:1.4`, `oci-layout://acme/app:1`, `oci-layout://acme/app:latest`
  = note: cause: all builds are there, but the merge did not run or failed halfway
  = help: run `bakeplan merge` (again): it only writes what is missing

"#]])
        .stdout(str![[r#"
oci-layout://acme/app:1.4.2   missing
oci-layout://acme/app:1.4     missing
oci-layout://acme/app:1       missing
oci-layout://acme/app:latest  missing
4 references: 4 missing

"#]])
        .run();
}

#[test]
fn json_has_the_findings_and_standard_error_is_silent() {
    let world = merged();
    let output = test(&world).args(["verify", "--format", "json", "oci-layout:acme/app:2"]).output();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(4), &b""[..]));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["schema"], &report["ok"]), (&1.into(), &false.into()));
    assert_eq!(report["references"][0]["state"], "missing");
    let finding = &report["findings"][0];
    for (key, expected) in [("code", "tag-missing"), ("severity", "error")] {
        assert_eq!(finding[key], expected);
    }
    assert_eq!(finding["references"][0], "oci-layout:acme/app:2");
    assert!(finding["cause"].is_string() && finding["cure"].is_string());
}

#[test]
fn github_gets_annotations_a_summary_and_an_output() {
    let world = merged();
    let test = test(&world).env("GITHUB_OUTPUT", "out").env("GITHUB_STEP_SUMMARY", "summary");
    let test = test.args(["verify", "--github", "oci-layout:acme/app:2", "oci-layout:acme/app:1"]);
    let output = test.output();
    assert_eq!(output.status.code(), Some(4));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("::error title=tag-missing::there is no tag `2`"), "{stderr}");
    let read = |name: &str| std::fs::read_to_string(test.folder().join(name)).unwrap();
    assert_eq!(read("out"), "ok=false\n");
    let summary = read("summary");
    assert!(summary.contains("| `oci-layout:acme/app:2` | missing |"), "{summary}");
    assert!(summary.contains("| `tag-missing` | there is no tag `2`"), "{summary}");
}

#[test]
fn an_explanation_says_what_it_is() {
    let world = merged();
    let digest = &world.built["app-linux-amd64"];
    let layout = world.layout("acme/app");
    let build = bakeplan::internals::registry::Store::get_manifest(&*layout, &digest.clone().into())
        .unwrap()
        .unwrap();
    put_tag(&layout, "one", &build);
    test(&world)
        .args(["verify", "--explain", "oci-layout:acme/app:one"])
        .stdout(str![[r#"
oci-layout:acme/app:one is an index: application/vnd.oci.image.index.v1+json, [..] bytes, sha256:[..]
  linux/amd64  sha256:[..]  1 layer, [..] bytes, attested
nothing is wrong with oci-layout:acme/app:one

"#]])
        .stderr(str![[r#"
oci-layout:acme/app: checked 1 reference
note[is-an-index]: oci-layout:acme/app:one is an index: 1 image, 1 attestation
...
note[docker-types-only]: a client that accepts only Docker's media types gets nothing: it is application/vnd.oci.image.index.v1+json
...
"#]])
        .run();
}

#[test]
fn a_list_that_docker_left_is_found() {
    let world = merged();
    let gone = bakeplan::internals::reference::Digest::sha256(b"gone");
    let server = world.serve();
    let folder = format!("docker/manifests/{}_acme_app-9/x", server.host().replace(':', "-"));
    let local =
        format!(r#"{{"Ref":"{}/acme/app:1","Descriptor":{{"digest":"{gone}","size":1}}}}"#, server.host());
    let name = format!("{}/acme/app:9", server.host());
    let test = test(&world).file(&folder, local).args(["verify", "--explain", &name]);
    let docker = test.folder().join("docker").to_str().unwrap().to_owned();
    let output = test.env("DOCKER_CONFIG", &docker).output();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(
        stderr.contains("error[stale-list]") && stderr.contains(&format!("docker manifest rm {name}")),
        "{stderr}"
    );
}

#[test]
fn contradictions_and_failures_have_their_own_codes() {
    let world = merged();
    for (arguments, code) in [
        (&["verify"][..], 2),
        (&["verify", "--plan", "plan.json", "r.io/a"], 2),
        (&["verify", "--metadata", "m.json", "r.io/a"], 2),
        (&["verify", "r.io/A"], 2),
        (
            &[
                "verify",
                "--explain",
                "sha256:0000000000000000000000000000000000000000000000000000000000000000",
            ],
            2,
        ),
        (&["verify", "sha256:0000000000000000000000000000000000000000000000000000000000000000"], 2),
        (&["verify", "--plan", "m.json"], 1),
        (&["verify", "--plan", "absent.json"], 1),
        (&["verify", "oci-layout:absent:1"], 1),
        (&["verify", "oci-layout:acme/app:1"], 0),
    ] {
        let output = test(&world).args(arguments.iter().copied()).output();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// What belongs to a plan is refused with references, where it would be passed over.
#[test]
fn what_needs_a_plan_is_refused_with_references() {
    let refused = |line: &str, message: &str| {
        let output = Test::new().args(["verify"]).args(line.split_whitespace()).output();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
        assert!(stderr.contains(message), "{line}: {stderr}");
    };
    for line in [
        "ghcr.io/acme/app:1 --metadata nowhere",
        "--metadata nowhere -- ghcr.io/acme/app:1",
        "oci-layout:out:1 ghcr.io/acme/app:1 --metadata a b",
        "--explain ghcr.io/acme/app:1 --metadata nowhere",
    ] {
        refused(line, "`--metadata` needs `--plan FILE`, which says which tags are meant");
    }
    for line in ["", "--metadata nowhere", "--explain", "--format json", "--github"] {
        refused(line, "required arguments were not provided:\n  <REFERENCE|--plan <FILE>>\n");
    }
    refused("--plan plan.json ghcr.io/acme/app:1", "'--plan <FILE>' cannot be used with '[REFERENCE]...'");
    refused("--plan plan.json --explain", "'--plan <FILE>' cannot be used with '--explain'");
    refused("--plan a.json --plan b.json", "'--plan <FILE>' cannot be used multiple times");
}

/// The path of a layout is relative to where the program runs, wherever the plan is.
#[test]
fn layouts_are_found_from_the_working_directory() {
    let world = merged();
    let run = |folder: &str, line: &str| {
        let test =
            Test::new().files(world.root(), "").file("plans/plan.json", plan(&[APP])).file("there/x", "");
        let line = line.replace("ROOT", test.folder().to_str().unwrap());
        let output = test.args(["-C", folder, "verify"]).args(line.split(' ')).output();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (folder, line) in [
        (".", "--plan plans/plan.json"),
        (".", "oci-layout:acme/app:1.4.2"),
        ("there", "oci-layout:../acme/app:1.4.2"),
        ("acme", "oci-layout:app:1.4.2"),
        ("there", "oci-layout:ROOT/acme/app:1.4.2"),
    ] {
        let (status, stderr) = run(folder, line);
        assert_eq!(status, Some(0), "{folder} {line}: {stderr}");
    }
    for (folder, line) in [("plans", "--plan plan.json"), ("there", "oci-layout:acme/app:1.4.2")] {
        let (status, stderr) = run(folder, line);
        assert_eq!(status, Some(1), "{folder} {line}: {stderr}");
        assert!(stderr.contains("it is not an OCI layout"), "{stderr}");
    }
}

/// Builds push to registries only.
#[test]
fn definitions_cannot_name_layouts() {
    for (attributes, image) in [
        ("", "repositories = [\"oci-layout:out/app\"]"),
        ("", "repositories = [\"r.io/app\", \"oci-layout:///srv/app\"]"),
        ("tags = [\"oci-layout:out/app:1\"]", ""),
        ("tags = [\"r.io/app:1\", \"oci-layout://out/app:1\"]", ""),
    ] {
        let block = if image.is_empty() {
            String::new()
        } else {
            format!("image \"app\" {{\n  {image}\n  tags = [\"1\"]\n}}\n")
        };
        let file = format!("target \"app\" {{\n  platforms = [\"linux/amd64\"]\n  {attributes}\n}}\n{block}");
        let output = Test::new().file("docker-bake.hcl", file).args(["plan", "app"]).output();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{attributes}{image}: {stderr}");
        assert!(stderr.contains("`bakeplan merge` and `verify` take OCI layouts"), "{stderr}");
    }
}

/// What a registry serves may say the login back: as a platform, which is compared in lower case, and as a tag.
#[test]
fn no_report_says_the_login_back() {
    use base64::Engine;
    const PASSWORD: &str = "Pw+qzj/77hunterX";
    let login = base64::engine::general_purpose::STANDARD.encode(format!("me:{PASSWORD}"));
    let reversed: String = PASSWORD.chars().rev().collect();
    for said in [PASSWORD, &login, &reversed, &PASSWORD.to_uppercase(), "linux"] {
        let (basic, text) = (format!("Basic {login}"), said.to_owned());
        let server = Server::start(move |seen: &Seen| {
            if seen.header("authorization") != basic {
                return Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", "Basic realm=\"r\"");
            }
            if seen.path().ends_with("/tags/list") {
                let word: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
                return Answer::json(
                    200,
                    serde_json::json!({ "tags": [format!("1.9.0-{word}")] }).to_string(),
                );
            }
            let config = bakeplan::internals::reference::Digest::sha256(b"{}");
            let index = serde_json::json!({
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.index.v1+json",
                "manifests": [{
                    "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "digest": config.to_string(),
                    "size": 2,
                    "platform": { "os": text, "architecture": text },
                }],
            });
            Answer::new(200, "application/vnd.oci.image.index.v1+json", index.to_string())
        });
        let config = format!(r#"{{"auths":{{"{}":{{"auth":"{login}"}}}}}}"#, server.host());
        let reference = format!("{}/acme/app:1", server.host());
        let repository = format!("{}/acme/app", server.host());
        for args in [
            &["verify", &reference][..],
            &["verify", "--keep-set", &repository],
            &["-v", "verify", &reference],
        ] {
            let test = Test::new().file("docker/config.json", &config);
            let docker = test.folder().join("docker").to_str().unwrap().to_owned();
            let output = test.env("DOCKER_CONFIG", &docker).args(args.iter().copied()).output();
            let shown = [output.stdout, output.stderr].concat();
            let shown = String::from_utf8(shown).unwrap().to_lowercase();
            for secret in [PASSWORD, &login, &reversed, "77hunterX", "Xretnuh77"] {
                assert!(!shown.contains(&secret.to_lowercase()), "{said} {args:?}: {shown}");
            }
            assert!(said != "linux" || args[1].starts_with("--") || shown.contains("linux"), "{shown}");
        }
    }
}
