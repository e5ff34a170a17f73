//! Files of other services and tools that publish images in ways that are not read: they are named, so that nobody misses
//! what they do.

/// A service or a tool with files of its own.
struct Service {
    /// What its file is called in a warning.
    what: &'static str,
    /// Its files, in lower case: a name in any folder, in which a star stands for any text, or a folder with a slash behind it.
    files: &'static [&'static str],
    /// What a line has that publishes images, beside commands that do so anywhere, in lower case.
    says: &'static [&'static str],
    /// What a line has that leads to where nobody looks here.
    leads: &'static [&'static str],
}

const fn service(
    what: &'static str,
    files: &'static [&'static str],
    says: &'static [&'static str],
    leads: &'static [&'static str],
) -> Service {
    Service { what, files, says, leads }
}

/// The services.
const SERVICES: [Service; 41] = [
    service(
        "this pipeline of CircleCI",
        &[".circleci/"],
        &["docker/publish", "docker/push", "build-and-push", "build_and_push"],
        &[],
    ),
    service(
        "this pipeline of Azure",
        &["azure-pipelines*.y*", ".azure-pipelines/", ".azuredevops/", "azure-pipelines/", ".azure/"],
        &["docker@", "dockercompose@", "buildandpush"],
        &["template:"],
    ),
    service(
        "this pipeline of Drone",
        &[".drone.*"],
        &[
            "plugins/docker",
            "plugins/kaniko",
            "plugins/ecr",
            "plugins/gcr",
            "plugins/acr",
            "plugins/buildx",
            "drone-docker",
        ],
        &[],
    ),
    service(
        "this pipeline of Woodpecker",
        &[".woodpecker.y*", ".woodpecker/"],
        &[
            "plugin-docker",
            "plugins/docker",
            "plugin-kaniko",
            "plugins/kaniko",
            "plugin-buildah",
            "plugins/ecr",
        ],
        &[],
    ),
    service("this workflow of Gitea", &[".gitea/"], &ACTIONS, &[]),
    service("this workflow of Forgejo", &[".forgejo/"], &ACTIONS, &[]),
    service(
        "this pipeline of Buildkite",
        &[".buildkite/"],
        &["docker-compose#", "docker-buildkite-plugin", "ecr#"],
        &["pipeline upload"],
    ),
    service(
        "this pipeline of Bitbucket",
        &["bitbucket-pipelines.yml"],
        &["ecr-push", "docker-push", "push-image"],
        &["import:"],
    ),
    service(
        "this pipeline of Cloud Build",
        &["cloudbuild*.y*", "cloudbuild*.json"],
        &["cloud-builders/docker", "images:", "\"images\"", "pack"],
        &[],
    ),
    service("this pipeline of CodeBuild", &["buildspec*.y*"], &[], &[]),
    service("this file of Skaffold", &["skaffold*.y*"], &["artifacts:"], &["requires:"]),
    service("this file of Earthly", &["earthfile", "*.earth"], &["save image"], &[]),
    service(
        "this pipeline of Jenkins",
        &["jenkinsfile*", "*.jenkinsfile"],
        &["docker.build", "docker.withregistry", "docker.image", "buildandpush"],
        &["@library", "library("],
    ),
    service(
        "this pipeline of Tekton",
        &[".tekton/", "tekton/"],
        &["buildah", "output-image", "kaniko", "image_url"],
        &["pipelineref:"],
    ),
    service(
        "this pipeline of Concourse",
        &["pipeline*.y*", "concourse/", "*.pipeline.yml"],
        &["type: registry-image", "type: docker-image", "oci-build-task"],
        &[],
    ),
    service("this pipeline of Travis CI", &[".travis.y*"], &[], &["import:"]),
    service("this pipeline of AppVeyor", &["appveyor*.y*", ".appveyor*.y*"], &[], &[]),
    service("this pipeline of TeamCity", &[".teamcity/"], &["dockercommand", "commandtype = push"], &[]),
    service("this pipeline of Semaphore", &[".semaphore/"], &[], &[]),
    service(
        "this pipeline of Codefresh",
        &["codefresh*.y*", ".codefresh/"],
        &["type: push", "type: build", "type: \"push\""],
        &[],
    ),
    service("this pipeline of Cirrus CI", &[".cirrus.*"], &["docker_builder"], &[]),
    service(
        "this pipeline of Harness",
        &[".harness/"],
        &["buildandpush", "plugins/docker"],
        &["templateref:"],
    ),
    service("this pipeline of Vela", &[".vela.y*"], &["vela-docker", "vela-kaniko", "vela-buildx"], &[]),
    service("this pipeline of GoCD", &["*.gocd.y*"], &[], &[]),
    service("this pipeline of Bamboo", &["bamboo-specs/"], &["docker:"], &[]),
    service("this pipeline of Screwdriver", &["screwdriver.y*"], &[], &["template:"]),
    service(
        "this pipeline of Buddy",
        &["buddy.y*", ".buddy/"],
        &["docker_push", "type: \"docker", "build_docker"],
        &[],
    ),
    service("this pipeline of Wercker", &["wercker.y*", ".wercker.y*"], &["docker-push"], &[]),
    service("this manifest of builds.sr.ht", &[".build.yml", ".builds/"], &[], &[]),
    service(
        "this pipeline of Zuul",
        &[".zuul.y*", "zuul.y*", ".zuul.d/", "zuul.d/"],
        &["upload-docker-image", "upload-container-image", "build-docker-image"],
        &[],
    ),
    service("this module of Dagger", &["dagger.json"], &[], &["\"name\""]),
    service("this file of werf", &["werf*.y*"], &["image:"], &[]),
    service("this file of ko", &[".ko.y*"], &["builds:", "defaultbaseimage", "baseimageoverrides"], &[]),
    service("this file of Okteto", &["okteto*.y*"], &["build:"], &[]),
    service("this file of Bazel", &["build.bazel"], &["oci_push(", "container_push(", "docker_push("], &[]),
    service("semantic-release", &[".releaserc*", "release.config.*"], &OF_SEMANTIC_RELEASE, &[]),
    service(
        "this build of Maven",
        &["pom.xml"],
        &[],
        &["jib-maven-plugin", "docker-maven-plugin", "dockerfile-maven-plugin", "<publish>true</publish>"],
    ),
    service(
        "this build of Gradle",
        &["build.gradle", "build.gradle.kts"],
        &[],
        &["com.google.cloud.tools.jib", "com.bmuschko.docker", "com.palantir.docker", "dockerpush"],
    ),
    service("this build of sbt", &["build.sbt"], &[], &["dockerrepository", "dockerusername", "dockeralias"]),
    service("this project of .NET", &["*.csproj", "*.fsproj"], &[], &["<containerregistry>"]),
    service("GoReleaser", &[".goreleaser*.y*", "goreleaser*.y*"], &[], &[]),
];

/// Plugins of semantic-release that push images, whoever made them: `@codedependant/semantic-release-docker`.
const OF_SEMANTIC_RELEASE: [&str; 3] =
    ["semantic-release-docker", "semantic-release-plus/docker", "semantic-release-plus-docker"];

/// Actions in the workflows of other forges.
const ACTIONS: [&str; 6] =
    ["build-push-action", "bake-action", "kaniko", "docker-publish", "push-to-registry", "buildah-build"];

/// The keys of GoReleaser that make images.
const RELEASER: [&str; 4] = ["dockers:", "dockers_v2:", "docker_manifests:", "kos:"];

/// What pushes images anywhere.
const PUSHING: [&str; 14] = [
    "docker push",
    "docker image push",
    "podman push",
    "buildah push",
    "nerdctl push",
    "docker manifest",
    "podman manifest",
    "imagetools create",
    "kaniko",
    "skopeo copy",
    "crane push",
    "crane copy",
    "compose push",
    "docker-compose push",
];

/// What a file of a service says of images.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Says {
    /// The first line that does, from 0.
    pub line: usize,
    /// The file as a warning calls it.
    pub what: &'static str,
    /// Whether it publishes them, or leads to where that is not known.
    pub is_sure: bool,
}

/// The service whose file this is.
fn of(path: &str) -> Option<&'static Service> {
    const ENDINGS: [&str; 9] = ["yml", "yaml", "json", "jsonnet", "star", "kts", "kt", "xml", "groovy"];
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let name = name.to_ascii_lowercase();
    if [".md", ".txt", ".rst", ".adoc"].iter().any(|ending| name.ends_with(ending)) {
        return None;
    }
    let is_of_folder = |of: &str| {
        let below = folder.to_ascii_lowercase();
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let is_below = below.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        is_below && ENDINGS.contains(&ending)
    };
    let is_file = |pattern: &&str| match pattern.strip_suffix('/') {
        Some(of) => is_of_folder(of),
        None => fits(pattern, &name),
    };
    SERVICES.iter().find(|service| service.files.iter().any(&is_file))
}

/// Whether a name fits a pattern, in which stars stand for any text.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(name) = name.strip_prefix(start) else { return false };
    name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| fits(rest, &name[at..]))
}

/// Whether a file is one of a service.
pub(crate) fn is_one(path: &str) -> bool {
    of(path).is_some()
}

/// What a file of a service says of images; nothing where it has none of them.
pub(crate) fn says(path: &str, text: &str) -> Option<Says> {
    let Service { what, files: _, says, leads } = of(path)?;
    let is_of_keys = *what == "GoReleaser";
    let lower = text.to_ascii_lowercase();
    let has_tool = ["docker", "podman", "buildah", "depot"].iter().any(|tool| lower.contains(tool));
    let line_of = |is_it: &dyn Fn(&str) -> bool| {
        let is_comment = |line: &str| line.starts_with('#') || line.starts_with("//");
        lower.lines().position(|line| !is_comment(line.trim_start()) && is_it(line))
    };
    let has = |line: &str, words: &[&str]| words.iter().any(|word| line.contains(word));
    let publishes = |line: &str| {
        if is_of_keys {
            return RELEASER.iter().any(|key| line.starts_with(key));
        }
        has(line, says) || has(line, &PUSHING) || has_tool && has(line, &["--push", "push=true", ".push("])
    };
    let sure = line_of(&publishes).map(|line| Says { line, what, is_sure: true });
    sure.or_else(|| Some(Says { line: line_of(&|line| has(line, leads))?, what, is_sure: false }))
}

/// The first line, from 0, in which a script of a `package.json` publishes images.
pub(crate) fn of_package(text: &str) -> Option<usize> {
    let is_it = |line: &str| {
        let words = ["docker push", "--push", "docker manifest", "imagetools create", "kaniko"];
        words.iter().any(|word| line.contains(word)) && (line.contains("docker") || line.contains("kaniko"))
    };
    text.lines().position(is_it)
}

/// The first line, from 0, in which the settings of semantic-release in a `package.json` name a plugin that pushes images.
pub(crate) fn of_releases(text: &str) -> Option<usize> {
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    let settings = json.get("release").filter(|settings| settings.is_object())?.to_string();
    let plugin = |line: &str| OF_SEMANTIC_RELEASE.iter().any(|plugin| line.contains(plugin));
    if !plugin(&settings) {
        return None;
    }
    // A dependency has its version beside it.
    let is_dependency = |line: &str| {
        let rest =
            OF_SEMANTIC_RELEASE.iter().find_map(|plugin| line.split_once(plugin)).map(|(_, rest)| rest);
        let behind = rest.and_then(|rest| rest.split_once('"')).map(|(_, behind)| behind);
        behind.is_some_and(|behind| behind.trim_start().starts_with(':'))
    };
    let is_it = |line: &str| plugin(line) && !is_dependency(line);
    text.lines().position(is_it).or_else(|| text.lines().position(|line| line.contains("\"release\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        for path in [
            ".circleci/config.yml",
            ".circleci/continue.yaml",
            "azure-pipelines.release.yml",
            "ci/azure-pipelines.yaml",
            ".drone.star",
            ".woodpecker/build.yml",
            ".gitea/workflows/w.yml",
            ".forgejo/workflows/deep/w.yaml",
            "deploy/cloudbuild.prod.yaml",
            "ci/Jenkinsfile",
            "Jenkinsfile.release",
            "release.jenkinsfile",
            "api/Earthfile",
            "api/skaffold.yaml",
            ".teamcity/settings.kts",
            "buildspec-arm.yml",
            "ci/pipeline.yml",
            ".goreleaser.yml",
            "goreleaser.release.yaml",
        ] {
            assert!(is_one(path), "{path}");
        }
        for path in [
            ".github/workflows/w.yml",
            ".goreleaser.md",
            "docs/circleci.md",
            ".circleci/push.sh",
            "src/pipeline.rs",
            "hack/build",
            "values.yaml",
            "Dockerfile.drone",
        ] {
            assert!(!is_one(path), "{path}");
        }
        assert!(fits("a*.y*", "a.yml") && fits("*", "") && !fits("a*.y*", "a.json"));
    }
}
