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

// ----- products larger than any input may be (16 MiB)

/// 800 images, whose annotations are long.
fn large() -> &'static str {
    r#"text = join("", [for n in range(600) : "0123456789012345678901234567890123456789"])
target "app" {
  name = "app-${i}"
  matrix = { i = range(800) }
  labels = { text = "${i}${text}" }
  platforms = ["linux/amd64"]
}
image "app" {
  jobs = "platform"
  repositories = ["ghcr.io/acme/app"]
  tags = ["${i}"]
  annotations = { text = "${i}${text}" }
}
"#
}

#[test]
fn large_products_are_compared_and_replaced() {
    let small = large().replace("range(800)", "range(2)");
    let write = ["plan", "--out", "docs"];
    let check = ["plan", "--out", "docs", "--check"];
    let ran = Test::new().file("images.hcl", large()).args(write).stdout("...\n").run();
    for name in ["plan.json", "docker-bake.json"] {
        assert!(
            ran.read(&format!("docs/{name}")).len() > 16 << 20,
            "{name} has {} bytes",
            ran.read(&format!("docs/{name}")).len()
        );
    }
    let with = |spec: &str| {
        ["docker-bake.json", "matrix.json", "plan.json"]
            .into_iter()
            .fold(Test::new().file("images.hcl", spec), |test, name| {
                test.file(&format!("docs/{name}"), ran.read(&format!("docs/{name}")))
            })
    };
    with(large()).args(check).run();
    with(large()).args(write).stdout("...\n").run();
    // As a product that is in the way of the sources.
    with(large()).cwd("docs").file("docs/images.hcl", &small).args(["plan"]).stdout("...\n").run();
    // Out of date: the other way round, too, where the small one is there.
    let output = with(&small).args(check).output();
    assert_eq!(output.status.code(), Some(3));
    assert!(output.stderr.len() < 1 << 20, "{} bytes are told", output.stderr.len());
    let told = String::from_utf8(output.stderr).unwrap();
    for line in [
        "--- docs/plan.json\n",
        "… the rest of the diff is left out\n",
        "error[out-of-date]: `docs/docker-bake.json` is out of date\n",
        "error[out-of-date]: `docs/plan.json` is out of date\n  = help: run `bakeplan plan --out docs`\n",
    ] {
        assert!(told.contains(line), "{line} in {told}");
    }
    let ran = with(&small).args(write).stdout("...\n").run();
    assert!(ran.read("docs/plan.json").len() < 1 << 20);
    let output = with(large()).file("docs/plan.json", ran.read("docs/plan.json")).args(check).output();
    assert_eq!((output.status.code(), output.stderr.len() < 1 << 20), (Some(3), true));
}

#[test]
fn a_large_bake_file_is_checked_alone_and_a_large_readme_is_brought_up_to_date() {
    let write = ["bake", "-o", "docs/docker-bake.json"];
    let check = ["bake", "-o", "docs/docker-bake.json", "--check"];
    let current = Test::new().file("images.hcl", SPEC).args(write).run().read("docs/docker-bake.json");
    let padded = format!("{current}{}", " \n".repeat(9 << 20));
    let test = || Test::new().file("images.hcl", SPEC).file("docs/docker-bake.json", &padded);
    let output = test().args(check).output();
    assert_eq!((output.status.code(), output.stderr.len() < 1 << 20), (Some(3), true));
    assert_eq!(test().args(write).run().read("docs/docker-bake.json"), current);
    // What is large and no product is not replaced.
    let foreign = format!("{{{}}}", " \n".repeat(9 << 20));
    let output =
        Test::new().file("images.hcl", SPEC).file("docs/docker-bake.json", &foreign).args(write).output();
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error[not-generated]"));

    let readme = format!("{}<!-- bakeplan:begin -->\n<!-- bakeplan:end -->\n", "text\n".repeat(4 << 20));
    let ran =
        Test::new().file("images.hcl", SPEC).file("README.md", &readme).args(["readme", "README.md"]).run();
    let readme = ran.read("README.md");
    assert!(readme.contains("ghcr.io/acme/app"));
    let check = ["readme", "README.md", "--check"];
    Test::new().file("images.hcl", SPEC).file("README.md", &readme).args(check).run();
    Test::new()
        .file("images.hcl", SPEC.replace("app:1", "app:2"))
        .file("README.md", &readme)
        .args(check)
        .status(3)
        .stderr("--- README.md\n...\n")
        .run();
}

#[test]
fn a_large_plan_is_read() {
    let ran = Test::new()
        .file("images.hcl", SPEC.replace("ghcr.io", "r.invalid"))
        .args(["plan", "--out", "out"])
        .stdout("...\n")
        .run();
    let plan = ran.read("out/plan.json");
    let run = |command: &[&'static str], plan: &str| {
        let test = Test::new().file("plan.json", plan).file("metadata/a.json", "{}");
        let output = test.args(command.iter().copied()).output();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let large = format!("{plan}{}", " ".repeat(17 << 20));
    let foreign = format!("{{}}{}", " ".repeat(17 << 20));
    let merge = ["merge", "--plan", "plan.json", "--metadata", "metadata"];
    let expected = run(&merge, &plan);
    assert_eq!(expected.0, Some(5), "{expected:?}");
    assert_eq!(run(&merge, &large), expected);
    for command in [&merge[..], &["verify", "--plan", "plan.json"]] {
        let (status, _, told) = run(command, &foreign);
        assert!(status == Some(1) && told.starts_with("error[not-a-plan]"), "{told}");
    }
}

/// A committed folder may be checked by the run that uses it.
#[test]
fn a_current_folder_sets_the_outputs_of_its_step() {
    let written = Test::new().file("images.hcl", SPEC).args(["plan", "--out", "out"]);
    assert!(written.output().status.success());
    for (tag, status) in [("ghcr.io/acme/app:1", 0), ("ghcr.io/acme/app:0", 3)] {
        let spec = SPEC.replace("ghcr.io/acme/app:1", tag);
        let test = Test::new().files(written.folder(), "out").file("images.hcl", spec).file("output", "");
        let test = test.env("GITHUB_OUTPUT", "output").args(["plan", "--out", "out", "--check", "--github"]);
        let output = test.output();
        assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout, b"");
        let outputs = std::fs::read_to_string(test.folder().join("output")).unwrap();
        assert_eq!(outputs.contains("any=true\npublish=true\n"), status == 0, "{outputs}");
    }
}
