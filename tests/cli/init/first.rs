//! Dockerfiles that nothing publishes yet.

use super::{Files, Said, Written, init, said, test};

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
        "a placeholder, where nothing can be pushed: put the repository that the image is pushed to in its place",
        "names, platforms and tags are a first guess",
        "registry.example/owner/repository/api: 1.2.3, latest",
        "`bakeplan init --write` writes `docker-bake.hcl`",
    ]);
    let written = Written::new(files, &[]);
    let tags = written.tags("refs/tags/v2.0.1");
    assert_eq!(
        tags,
        ["api:2.0.1", "api:latest", "web:2.0.1", "web:latest"]
            .map(|tag| format!("registry.example/owner/repository/{tag}"))
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
        ("https://git.example.com/acme/six", "registry.example/acme/six"),
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

/// A repository with this first branch and remote, in which one commit was made.
fn checkout(branch: &str, remote: &str, head: bool) -> Said {
    let here = test(&[("Dockerfile", FROM)]).args(["init"]);
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let status =
            std::process::Command::new("git").current_dir(here.folder()).args(who).args(arguments).status();
        assert!(status.unwrap().success(), "{arguments:?}");
    };
    git(&["init", "-q", "-b", branch]);
    git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    git(&["remote", "add", "origin", remote]);
    if head {
        git(&["update-ref", &format!("refs/remotes/origin/{branch}"), "HEAD"]);
        git(&["symbolic-ref", "refs/remotes/origin/HEAD", &format!("refs/remotes/origin/{branch}")]);
    }
    said(&here)
}

/// The branch is asked for, or the one that is there; it is never made up.
#[test]
fn pushes_to_the_default_branch_are_those_of_the_branch_that_is_there() {
    const REMOTE: &str = "https://github.com/acme/six.git";
    for branch in ["main", "trunk", "master", "dev"] {
        let is_usual = matches!(branch, "main" | "master");
        let known = checkout(branch, REMOTE, true);
        known.proposes(&[
            "when = \"default_branch\"",
            &format!("push to {branch}"),
            "ghcr.io/acme/six: edge",
        ]);
        let only = checkout(branch, REMOTE, false);
        only.proposes(&[
            &format!("pushes to `{branch}` are `edge`"),
            &format!("when = \"branch == '{branch}'\""),
            "ghcr.io/acme/six: edge",
        ]);
        for said in [known, only] {
            assert_eq!(
                said.stdout.contains(&format!("branches = [\"{branch}\"]")),
                !is_usual,
                "{}",
                said.stdout
            );
            said.tells(&["so `ghcr.io/acme/six` is a guess from the git remote"]);
            assert_eq!(said.stderr.matches("warning").count(), 1, "{}", said.stderr);
        }
    }
    // Without git, no branch is known.
    let said = init(&[("Dockerfile", FROM)]);
    said.proposes(&[
        "when = \"branch\"",
        "pushes to the branches that the workflow publishes from are `edge`",
    ]);
    said.lacks(&["'main'", "branches = ["]);
}

/// Nobody else's account is a guess for a registry that is not known.
#[test]
fn a_registry_that_is_not_known_has_a_placeholder_and_a_warning() {
    for (remote, repository) in [
        ("https://gitlab.example.com/grp/sub/proj.git", "registry.example/sub/proj"),
        ("https://git.example.org/acme/six.git", "registry.example/acme/six"),
        ("git@forge.example.net:acme/six.git", "registry.example/acme/six"),
        ("https://bitbucket.org/acme/six.git", "registry.example/acme/six"),
    ] {
        let said = checkout("main", remote, false);
        said.proposes(&[&format!("repositories = [\"{repository}\"]")]);
        said.tells(&[
            "warning[init-open]: the git remote does not tell which registry",
            "put the right `repositories`",
        ]);
        said.lacks(&["ghcr.io", "owner/"]);
    }
    for remote in
        ["https://github.com/acme/six.git", "git@gitlab.com:acme/six.git", "https://codeberg.org/acme/six"]
    {
        let said = checkout("main", remote, false);
        said.tells(&["acme/six` is a guess from the git remote"]);
        said.lacks(&["the git remote does not tell"]);
    }
}
