//! Attributes beside tags and platforms that steps set by several patterns: what Bake makes of them, as `bakeplan print` says.

use serde_json::Value;

use super::{Said, Written, init, said, test, workflow};

const BAKE: &str = "target \"extra\" {\n  platforms = [\"linux/amd64\"]\n  tags = [\"ghcr.io/acme/extra:edge\"]\n  args = { A = \"a\", B = \"b\" }\n  cache-to = [\"type=registry,ref=ghcr.io/acme/cache,mode=max\"]\n}\n";

const FROM: &str = "FROM scratch\n";

fn action(set: &[&str]) -> String {
    let set: String = set.iter().map(|one| format!("      {one}\n")).collect();
    workflow(&format!(
        "- uses: docker/bake-action@v6\n  with:\n    push: true\n    targets: extra\n    set: |\n{set}"
    ))
}

fn script(set: &[&str]) -> String {
    let set: String = set.iter().map(|one| format!(" --set '{one}'")).collect();
    workflow(&format!("- run: docker buildx bake extra --push{set}\n"))
}

/// What the program itself makes of them.
fn printed(set: &[&str]) -> Value {
    let files = [("docker-bake.hcl", BAKE), ("Dockerfile", FROM)];
    let options = set.iter().flat_map(|one| ["--set", one]);
    let Said { code, stdout, stderr } = said(&test(&files).args(["print", "extra"]).args(options));
    assert_eq!(code, 0, "{set:?}: {stderr}");
    serde_json::from_str::<Value>(&stdout).unwrap()["target"]["extra"].take()
}

#[test]
fn other_attributes_of_several_patterns_are_those_of_bake() {
    for set in [
        &["*.platform=linux/arm64", "extra.platform=linux/amd64"][..],
        &["extra.platform+=linux/arm64"],
        &["extra.platform=linux/arm64", "*.platform+=linux/s390x"],
        &["*.args.A=1", "extra.args.A=2"],
        &["extra.args.A=2", "*.args.A=1", "ex*.args.C=3"],
        &["*.context=one", "extra.context=two"],
        &["extra.context=two", "*.context=one"],
        &["*.target=one", "ex*.target=two"],
        &["*.dockerfile=one", "extra.dockerfile=two"],
        &["*.labels.a=1", "extra.labels.a=2"],
        &["*.cache-from=type=gha", "extra.cache-from=type=registry,ref=ghcr.io/acme/cache:x"],
        &["*.cache-to=type=gha", "extra.cache-to=type=inline"],
        &["extra.cache-to+=type=inline"],
        &["*.ssh=default", "extra.ssh+=key=k"],
        &["extra.secrets=id=npm,env=NPM_TOKEN"],
        &["*.secrets=id=npm,env=NPM_TOKEN", "extra.secrets+=id=pip,src=pip.conf"],
        &["extra.annotations=index:org.example.a=1"],
        &["extra.entitlements=network.host"],
        &["*.contexts.base=docker-image://alpine", "extra.contexts.base=docker-image://debian"],
        &["*.attest=type=sbom", "extra.attest=type=provenance,mode=max"],
    ] {
        let expected = printed(set);
        for text in [action(set), script(set)] {
            let files =
                [(".github/workflows/w.yml", text.as_str()), ("docker-bake.hcl", BAKE), ("Dockerfile", FROM)];
            let print = Written::new(&files, &[]).run(&["print", "extra"]);
            assert_eq!(print.code, 0, "{set:?}: {}", print.stderr);
            let found = serde_json::from_str::<Value>(&print.stdout).unwrap()["target"]["extra"].take();
            assert_eq!(found, expected, "{set:?}");
        }
    }
}

/// Two blocks of one target together have the caches of both.
#[test]
fn what_a_target_keeps_beside_what_is_set_is_told() {
    let bake =
        BAKE.replace("cache-to =", "cache-from = [\"type=registry,ref=ghcr.io/acme/own\"]\n  cache-to =");
    for (set, is_told) in [
        ("extra.cache-from=type=gha", true),
        ("extra.cache-from+=type=gha", false),
        ("extra.cache-to=type=gha", false),
        ("extra.ssh=default", false),
    ] {
        let text = action(&[set]);
        let said = init(&[
            (".github/workflows/w.yml", text.as_str()),
            ("docker-bake.hcl", bake.as_str()),
            ("Dockerfile", FROM),
        ]);
        assert_eq!(
            said.stderr.contains("takes the place of the cache-from"),
            is_told,
            "{set}: {}",
            said.stderr
        );
    }
}
