//! Dockerfiles that nothing publishes yet.

use super::{Files, Written, init, said, test};

const FROM: &str = "FROM scratch\n";

#[test]
fn each_dockerfile_is_a_target_and_an_image() {
    let files: Files<'_> = &[("api/Dockerfile", FROM), ("web/Dockerfile", FROM)];
    let said = init(files);
    said.proposes(&[
        "targets = [\"api\", \"web\"]",
        "# for api/Dockerfile",
        "context = \"web\"",
        "image \"api\" {",
        "a placeholder: put the repository that the image is pushed to in its place",
        "names, platforms and tags are a first guess",
        "ghcr.io/owner/repository/api: 1.2.3, latest",
        "`bakeplan init --write` writes `docker-bake.hcl`",
    ]);
    let written = Written::new(files, &[]);
    let tags = written.tags("refs/tags/v2.0.1");
    assert_eq!(
        tags,
        ["api:2.0.1", "api:latest", "web:2.0.1", "web:latest"]
            .map(|tag| format!("ghcr.io/owner/repository/{tag}"))
    );
    assert_eq!(written.tags("refs/heads/main").len(), 2);
    written.proposes_nothing_more();
    // The files are where the targets say.
    let plan = written.run(&["plan", "--strict", "--fact", "tag=v1.0.0", "--out", "out"]);
    plan.lacks(&["absent"]);
    assert_eq!(plan.code, 0, "{}", plan.stderr);
}

#[test]
fn dockerfiles_of_every_name_are_planned() {
    let files: Files<'_> = &[
        ("Dockerfile", FROM),
        ("Dockerfile.api", FROM),
        ("job.Dockerfile", FROM),
        ("build/Dockerfile", FROM),
        ("docker/Containerfile", FROM),
        ("services/api/Dockerfile", FROM),
        ("default/Dockerfile", FROM),
        ("tests/Dockerfile", FROM),
        ("Dockerfile.dockerignore", "*\n"),
    ];
    let said = init(files);
    said.tells(&["note[init-unread]: left out of the proposal", "`tests/Dockerfile`"]);
    said.lacks(&["dockerignore"]);
    for options in [&[][..], &["--separate"]] {
        let written = Written::new(files, options);
        let plan = written.run(&["plan", "--fact", "tag=v1.0.0", "--out", "out"]);
        assert_eq!(plan.code, 0, "{}", plan.stderr);
        plan.lacks(&["error", "absent", "tag-collision"]);
        assert_eq!(written.tags("refs/tags/v1.0.0").len(), 14);
        written.proposes_nothing_more();
    }
}

/// What is declared already gets its image, and keeps its name.
#[test]
fn targets_that_are_there_get_images() {
    let bake = "target \"server\" {\n  context = \"api\"\n}\n";
    let compose = "services:\n  server:\n    build: ./api\n";
    for (path, text) in [("docker-bake.hcl", bake), ("compose.yaml", compose)] {
        let files: Files<'_> = &[(path, text), ("api/Dockerfile", FROM), ("web/Dockerfile", FROM)];
        let said = init(files);
        said.proposes(&["image \"server\" {", "target \"web\" {", "image \"web\" {"]);
        said.lacks(&["target \"server\"", "target \"api\""]);
        let written = Written::new(files, &[]);
        assert_eq!(written.tags("refs/tags/v1.0.0").len(), 4, "{path}");
        written.proposes_nothing_more();
    }
}

#[test]
fn one_dockerfile_has_the_name_of_the_repository() {
    let here = test(&[("docker/Dockerfile", FROM)]).args(["init"]);
    let git = |arguments: &[&str]| {
        let status = std::process::Command::new("git").current_dir(here.folder()).args(arguments).status();
        assert!(status.unwrap().success());
    };
    git(&["init", "-q", "-b", "trunk"]);
    for (remote, repository) in [
        ("https://github.com/Acme/Six.git", "ghcr.io/acme/six"),
        ("git@gitlab.com:acme/team/six.git", "registry.gitlab.com/acme/team/six"),
        ("https://git.example.com/acme/six", "ghcr.io/owner/repository"),
    ] {
        git(&["remote", "add", "origin", remote]);
        said(&here).proposes(&[
            &format!("repositories = [\"{repository}\"]"),
            "image \"six\" {",
            "dockerfile = \"docker/Dockerfile\"",
        ]);
        git(&["remote", "remove", "origin"]);
    }
}
