//! Contexts and Dockerfiles that a checkout does not have: `bakeplan plan` says so before a build does.

use crate::support::Test;

/// A definition of one target in a checkout with a few files, planned by a command. What is reported.
#[track_caller]
fn told(lines: &str, command: &[&str], is_checkout: bool) -> String {
    let hcl = format!(
        "target \"app\" {{\n  platforms = [\"linux/amd64\", \"linux/arm64\"]\n{lines}\n}}\n\
         image \"app\" {{\n  repositories = [\"ghcr.io/acme/app\"]\n  tags = [\"edge\"]\n}}\n"
    );
    let mut test =
        Test::new().file("docker-bake.hcl", &hcl).file("Dockerfile", "").file("api/dockerfile", "");
    test = test.file("empty/file", "").args(command.iter().copied());
    if is_checkout {
        test = test.file(".git/HEAD", "");
    }
    let output = test.output();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{lines}: {told}");
    told
}

#[test]
fn what_is_not_in_the_checkout_is_noted_once() {
    for (lines, expected) in [
        (
            "dockerfile = \"Dockerfil\"",
            "the Dockerfile `Dockerfil` of target `app` does not exist in this checkout",
        ),
        ("context = \"nope\"", "the context `nope` of target `app` does not exist in this checkout"),
        ("context = \"empty\"", "the Dockerfile `empty/Dockerfile` of target `app` does not exist"),
        (
            "context = \"api\"\n  dockerfile = \"../api/Dockerfile.x\"",
            "the Dockerfile `api/Dockerfile.x` of target `app`",
        ),
        ("context = \"api\"\n  dockerfile = \"cwd://Other\"", "the Dockerfile `Other` of target `app`"),
        (
            "contexts = { src = \"vendor\" }",
            "the context `vendor`, which target `app` calls `src`, does not exist",
        ),
        // Only a context may be fetched: buildx 0.29.1 and v0.33 say `lstat https:: no such file or directory`.
        (
            "dockerfile = \"https://example.com/Dockerfile\"",
            "the Dockerfile `https:/example.com/Dockerfile` of target `app` does not exist",
        ),
    ] {
        let told = told(lines, &["plan"], true);
        assert_eq!(told.matches("note[absent]: ").count(), 1, "{lines}: {told}");
        assert!(told.contains(expected), "{lines}: {told}");
        assert!(told.contains(" --> docker-bake.hcl:") && told.contains("a step of CI makes it"), "{told}");
    }
}

#[test]
fn what_is_there_or_anywhere_else_is_not_noted() {
    for lines in [
        "",
        "context = \".\"",
        "context = \"api\"",
        "context = \"empty\"\n  dockerfile = \"../Dockerfile\"",
        "context = \"empty\"\n  dockerfile = \"cwd://Dockerfile\"",
        "context = \"empty\"\n  dockerfile-inline = \"FROM scratch\"",
        "context = \"https://github.com/acme/app.git#main\"",
        "context = \"git@github.com:acme/app.git\"\n  dockerfile = \"Other\"",
        "context = \"/srv/made/by/ci\"",
        "dockerfile = \"/srv/Dockerfile\"",
        "contexts = { a = \"docker-image://alpine\", b = \"oci-layout://nope\", c = \"api\", d = \"/srv/x\" }",
    ] {
        let told = told(lines, &["plan"], true);
        assert!(!told.contains("absent"), "{lines}: {told}");
    }
    // Outside of a checkout, Dockerfiles show that what is built is here; and a merge has what a build had no more.
    assert!(told("context = \"nope\"", &["plan"], false).contains("does not exist here"));
    let told_of_tags = told("context = \"nope\"", &["metadata"], true);
    assert!(!told_of_tags.contains("absent"), "{told_of_tags}");
    let workflow = ["workflow", "github", "--install", "pipx=0.1.0"];
    assert!(told("context = \"nope\"", &workflow, true).contains("note[absent]: "));
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_of_the_checkout_are_warned_of() {
    let outside = tempfile::tempdir().unwrap();
    for (name, text) in [("Dockerfile", "FROM scratch\n"), ("index.json", "{}"), ("token", "x")] {
        std::fs::write(outside.path().join(name), text).unwrap();
    }
    let place = outside.path().canonicalize().unwrap();
    let plan = |lines: &str| {
        let hcl = format!(
            "target \"app\" {{\n  platforms = [\"linux/amd64\"]\n  tags = [\"ghcr.io/acme/app:1\"]\n{lines}\n}}\n"
        );
        let test = Test::new().file("docker-bake.hcl", &hcl).file("Dockerfile", "").file(".git/HEAD", "");
        let test = test.file("api/Dockerfile", "");
        let link =
            |to: &std::path::Path, at: &str| std::os::unix::fs::symlink(to, test.folder().join(at)).unwrap();
        link(outside.path(), "out");
        link(&place.join("Dockerfile"), "api/Dockerfile.out");
        link(std::path::Path::new("api"), "inside");
        link(std::path::Path::new("out"), "twice");
        String::from_utf8(test.args(["plan"]).output().stderr).unwrap()
    };
    for (lines, what, there) in [
        ("context = \"out\"", "the context `out` of target `app`", ""),
        ("context = \"twice\"", "the context `twice` of target `app`", ""),
        ("contexts = { src = \"out\" }", "the context `out`, which target `app` calls `src`,", ""),
        (
            "contexts = { base = \"oci-layout://out:1\" }",
            "the context `out`, which target `app` calls `base`,",
            "",
        ),
        (
            "context = \"api\"\n  dockerfile = \"Dockerfile.out\"",
            "the Dockerfile `api/Dockerfile.out` of target `app`",
            "/Dockerfile",
        ),
        ("secret = [\"id=a,src=out/token\"]", "the file `out/token` of a secret of target `app`", "/token"),
    ] {
        let told = plan(lines);
        let expected =
            format!("warning[leads-out]: {what} leads out of this checkout, to `{}{there}`", place.display());
        assert!(told.contains(&expected), "{lines}: {told}");
    }
    for lines in [
        "context = \"inside\"",
        "context = \"api\"",
        "contexts = { src = \"inside\" }",
        "context = \"../x\"",
        "secret = [\"id=a,env=A\"]",
    ] {
        let told = plan(lines);
        assert!(!told.contains("leads-out"), "{lines}: {told}");
    }
}
