//! `--check`: is the committed file what it would be now?

use snapbox::str;

use crate::support::Test;

const SPEC: &str =
    "target \"app\" {\n  tags = [\"ghcr.io/acme/app:1\"]\n  platforms = [\"linux/amd64\"]\n}\n";

/// The product of [`SPEC`].
fn product() -> String {
    Test::new()
        .file("images.hcl", SPEC)
        .args(["bake", "-o", "docker-bake.json"])
        .run()
        .read("docker-bake.json")
}

#[test]
fn a_current_file_passes_and_is_not_touched() {
    for args in [vec!["bake", "--check"], vec!["bake", "-o", "docker-bake.json", "--check"]] {
        let ran = Test::new().file("images.hcl", SPEC).file("docker-bake.json", product()).args(args).run();
        assert_eq!(ran.read("docker-bake.json"), product());
    }
}

#[test]
fn a_stale_file_is_shown_with_its_cure() {
    let stale = product().replace("ghcr.io/acme/app:1", "ghcr.io/acme/app:0");
    let ran = Test::new()
        .file("images.hcl", SPEC)
        .file("docker-bake.json", &stale)
        .args(["bake", "--check"])
        .status(3)
        .stderr(str![[r#"
--- docker-bake.json
+++ docker-bake.json (regenerated)
@@ -12,7 +12,7 @@
       "context": ".",
       "dockerfile": "Dockerfile",
       "tags": [
-        "ghcr.io/acme/app:0"
+        "ghcr.io/acme/app:1"
       ],
       "platforms": [
         "linux/amd64"
error[out-of-date]: `docker-bake.json` is out of date
  = help: run `bakeplan bake -o docker-bake.json`

"#]])
        .run();
    assert_eq!(ran.read("docker-bake.json"), stale);
}

#[test]
fn a_missing_file_is_stale() {
    Test::new()
        .file("images.hcl", SPEC)
        .args(["bake", "--check"])
        .status(3)
        .stderr("error[out-of-date]: `docker-bake.json` does not exist\n  = help: run `bakeplan bake -o docker-bake.json`\n")
        .run();
}

#[test]
fn each_file_of_a_folder_is_checked() {
    let ran = Test::new().file("docker-bake.hcl", SPEC).args(["plan", "--out", "ci"]).stdout("...\n").run();
    let test = |plan: &str| {
        Test::new()
            .file("docker-bake.hcl", SPEC)
            .file("ci/docker-bake.json", ran.read("ci/docker-bake.json"))
            .file("ci/plan.json", plan)
            .args(["plan", "--out", "ci", "--check"])
    };
    test(&ran.read("ci/plan.json")).file("ci/matrix.json", ran.read("ci/matrix.json")).run();
    test("{}\n")
        .status(3)
        .stderr("--- ci/plan.json\n...\nerror[out-of-date]: `ci/matrix.json` does not exist\n...\nerror[out-of-date]: `ci/plan.json` is out of date\n...\n")
        .run();
}
