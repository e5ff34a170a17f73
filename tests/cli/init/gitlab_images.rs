//! Several images of one project, built by jobs of GitLab CI with every program.

use super::gitlab::project;
use super::{Said, said};

const FROM: &str = "FROM scratch\n";

#[track_caller]
fn of(pipeline: &str) -> Said {
    let said = said(&project(pipeline, &[("api/Dockerfile", FROM), ("web/Dockerfile", FROM)]).args(["init"]));
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    said
}

const REPOSITORY: &str = "registry.gitlab.com/acme/team/app";

/// A job that builds a folder and pushes it as something.
fn jobs(build: impl Fn(&str, &str) -> String, name: impl Fn(&str) -> String) -> String {
    ["api", "web", "."]
        .map(|folder| {
            let job = if folder == "." { "whole" } else { folder };
            let script = build(folder, &name(job));
            format!("{job}:\n  rules:\n    - if: $CI_COMMIT_TAG\n  script:\n{script}")
        })
        .concat()
}

type Build = fn(&str, &str) -> String;

const BUILDS: [Build; 6] = [
    |folder, name| format!("    - docker build -t {name} {folder}\n    - docker push {name}\n"),
    |folder, name| {
        format!(
            "    - /kaniko/executor --context $CI_PROJECT_DIR/{folder} --dockerfile $CI_PROJECT_DIR/{folder}/Dockerfile --destination {name}\n"
        )
    },
    |folder, name| format!("    - buildah bud -t {name} {folder}\n    - buildah push {name}\n"),
    |folder, name| {
        format!(
            "    - buildah bud -t local {folder}\n    - buildah push --format docker local docker://{name}\n"
        )
    },
    |folder, name| {
        format!(
            "    - buildah bud --platform linux/amd64,linux/arm64 --manifest list {folder}\n    - buildah manifest push --all list docker://{name}\n"
        )
    },
    |folder, name| {
        format!(
            "    - podman build --platform linux/amd64,linux/arm64 --manifest {name} {folder}\n    - podman manifest push {name}\n"
        )
    },
];

#[test]
fn three_jobs_are_three_images() {
    for build in BUILDS {
        let pipeline = jobs(build, |job| match job {
            "whole" => "$CI_REGISTRY_IMAGE:$CI_COMMIT_TAG".to_owned(),
            job => format!("$CI_REGISTRY_IMAGE/{job}:$CI_COMMIT_TAG"),
        });
        let said = of(&pipeline);
        let rows = said.rows();
        for (name, path) in [("api", "/api"), ("web", "/web"), ("app", "")] {
            let row = format!("{name} | {REPOSITORY}{path}: v1.2.3 | the same");
            assert!(rows.iter().any(|one| one.ends_with(&row)), "{row}\n{rows:?}\n{pipeline}");
        }
        said.lacks(&["init-unread"]);
    }
}

/// In one repository, each has the name of its prefix, and the one without has none.
#[test]
fn prefixes_of_one_repository_are_names() {
    for build in BUILDS {
        let pipeline = jobs(build, |job| match job {
            "whole" => "$CI_REGISTRY_IMAGE:$CI_COMMIT_TAG".to_owned(),
            job => format!("$CI_REGISTRY_IMAGE:{job}-$CI_COMMIT_TAG"),
        });
        let rows = of(&pipeline).rows();
        for (name, tag) in [("app-api", "api-v1.2.3"), ("app-web", "web-v1.2.3"), ("app", "v1.2.3")] {
            let row = format!("{name} | {REPOSITORY}: {tag} | the same");
            assert!(rows.iter().any(|one| one.ends_with(&row)), "{row}\n{rows:?}\n{pipeline}");
        }
    }
    // A prefix that nothing else has is no part of the name.
    let rows = of("a:\n  only: [tags]\n  script: ['docker build -t $CI_REGISTRY_IMAGE:api-$CI_COMMIT_TAG api', 'docker push $CI_REGISTRY_IMAGE:api-$CI_COMMIT_TAG']\n").rows();
    assert!(rows[1].starts_with("git tag v1.2.3 | app | "), "{rows:?}");
}

/// What is pushed into a folder or an archive is published nowhere.
#[test]
fn a_folder_is_no_registry() {
    for place in ["oci:build", "dir:build", "docker-archive:build.tar", "oci-archive:/tmp/x.tar"] {
        let pipeline = format!(
            "a:\n  script:\n    - buildah bud -t local .\n    - buildah push local {place}\n    - buildah push local docker://$CI_REGISTRY_IMAGE:1\n"
        );
        let said = of(&pipeline);
        assert_eq!(said.rows()[0], format!("push to main | app | {REPOSITORY}: 1 | the same"), "{place}");
        said.lacks(&["init-unread"]);
    }
}

/// A script asks for the default branch as a rule does.
#[test]
fn a_script_knows_the_default_branch() {
    for (test, then, other) in [
        ("[ \"$CI_COMMIT_BRANCH\" = \"$CI_DEFAULT_BRANCH\" ]", "latest", "dev"),
        ("[[ $CI_DEFAULT_BRANCH == $CI_COMMIT_BRANCH ]]", "latest", "dev"),
        ("test \"${CI_COMMIT_BRANCH}\" != \"${CI_DEFAULT_BRANCH}\"", "dev", "latest"),
    ] {
        let pipeline = format!(
            "a:\n  script:\n    - if {test}; then TAG={then}; else TAG={other}; fi\n    - docker build -t $CI_REGISTRY_IMAGE:$TAG .\n    - docker push $CI_REGISTRY_IMAGE:$TAG\n"
        );
        let said = of(&pipeline);
        let rows = said.rows();
        assert_eq!(rows[0], format!("push to main | app | {REPOSITORY}: latest | the same"), "{test}");
        let of_tag = format!("git tag v1.2.3 | app | {REPOSITORY}: dev | the same");
        assert!(rows.contains(&of_tag), "{test}\n{rows:?}");
    }
}
