//! Which files of a repository say something about its images, by their names.

use super::services;
use crate::bake::text::discovery;
use crate::bake::text::resembling::is_dockerfile;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A workflow of GitHub Actions.
    Workflow,
    /// An action of the repository.
    Action,
    /// A pipeline of GitLab CI.
    Pipeline,
    /// A Bake file or a file of `image` blocks.
    Bake,
    /// A Compose file.
    Compose,
    /// A Dockerfile.
    Dockerfile,
    /// A script of a shell, make, just or Task.
    Script,
    /// Variables for Compose.
    Environment,
    /// Settings of release-please.
    Releases,
    /// A file of another service or tool that may publish images in a way that is not read.
    Foreign,
}

/// What a file is, if it is read.
pub(crate) fn of(path: &str) -> Option<Kind> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let lower = name.to_ascii_lowercase();
    let is_yaml = lower.ends_with(".yml") || lower.ends_with(".yaml");
    if folder == ".github/workflows" && is_yaml {
        return Some(Kind::Workflow);
    }
    if path == ".gitlab-ci.yml" {
        return Some(Kind::Pipeline);
    }
    if lower.contains("release-please") && lower.ends_with(".json") && !lower.contains("manifest") {
        return Some(Kind::Releases);
    }
    if services::is_one(path) {
        return Some(Kind::Foreign);
    }
    if lower == "action.yml" || lower == "action.yaml" {
        return Some(Kind::Action);
    }
    if discovery::is_images(path)
        || lower.contains("bake") && (lower.ends_with(".hcl") || lower.ends_with(".json"))
    {
        return Some(Kind::Bake);
    }
    if is_yaml && (lower.starts_with("compose.") || lower.starts_with("docker-compose")) {
        return Some(Kind::Compose);
    }
    if is_dockerfile(&lower) {
        return Some(Kind::Dockerfile);
    }
    if lower.ends_with(".sh")
        || matches!(lower.as_str(), "makefile" | "gnumakefile")
        || lower.ends_with(".mk")
        || matches!(lower.as_str(), "justfile" | ".justfile")
        || lower.ends_with(".just")
        || is_yaml && is_taskfile(folder, &lower)
    {
        return Some(Kind::Script);
    }
    // Scripts have no ending where they are alone.
    const OF_SCRIPTS: [&str; 9] =
        ["ci", ".ci", "hack", "scripts", "script", "bin", "tools", "build", ".github/scripts"];
    let is_last = |one: &&str| folder == *one || folder.ends_with(&format!("/{one}"));
    if !name.contains('.') && OF_SCRIPTS.iter().any(is_last) {
        return Some(Kind::Script);
    }
    if lower == "package.json" {
        return Some(Kind::Foreign);
    }
    (lower == ".env").then_some(Kind::Environment)
}

/// Whether a file is one of Task, by its name or its folder.
fn is_taskfile(folder: &str, lower: &str) -> bool {
    const FOLDERS: [&str; 5] = ["tasks", ".tasks", "task", "taskfiles", ".taskfiles"];
    let last = folder.rsplit('/').next().unwrap_or_default();
    lower.starts_with("taskfile") || FOLDERS.contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_what_a_file_is() {
        for (path, expected) in [
            (".github/workflows/ci.yml", Some(Kind::Workflow)),
            ("a/.github/workflows/ci.yml", None),
            (".github/actions/build/action.yaml", Some(Kind::Action)),
            ("docker/docker-bake.hcl", Some(Kind::Bake)),
            ("bake.release.json", Some(Kind::Bake)),
            ("images.hcl", Some(Kind::Bake)),
            ("main.hcl", None),
            ("docker-compose.prod.yml", Some(Kind::Compose)),
            ("Dockerfile.alpine", Some(Kind::Dockerfile)),
            ("docker/app.Dockerfile", Some(Kind::Dockerfile)),
            ("Containerfile.web", Some(Kind::Dockerfile)),
            ("Dockerfile.dockerignore", None),
            ("Dockerfile.j2", None),
            ("hack/release.sh", Some(Kind::Script)),
            ("Makefile", Some(Kind::Script)),
            ("hack/release", Some(Kind::Script)),
            ("api/ci/push", Some(Kind::Script)),
            ("api/push", None),
            ("web/package.json", Some(Kind::Foreign)),
            (".goreleaser.yml", Some(Kind::Foreign)),
            ("goreleaser.release.yaml", Some(Kind::Foreign)),
            (".goreleaser.md", None),
            (".gitlab-ci.yml", Some(Kind::Pipeline)),
            ("web/.gitlab-ci.yml", None),
            ("Jenkinsfile", Some(Kind::Foreign)),
            ("values.yaml", None),
            (".github/release-please-config.json", Some(Kind::Releases)),
            (".release-please-manifest.json", None),
            ("Justfile", Some(Kind::Script)),
            ("ci/images.just", Some(Kind::Script)),
            ("Taskfile.dist.yml", Some(Kind::Script)),
            ("tasks/images.yml", Some(Kind::Script)),
        ] {
            assert_eq!(of(path), expected, "{path}");
        }
    }
}
