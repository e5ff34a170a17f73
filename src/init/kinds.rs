//! Which files of a repository say something about its images, by their names.

use crate::bake::text::discovery;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A workflow of GitHub Actions.
    Workflow,
    /// An action of the repository.
    Action,
    /// A Bake file or a file of `image` blocks.
    Bake,
    /// A Compose file.
    Compose,
    /// A Dockerfile.
    Dockerfile,
    /// A script of a shell or of make.
    Script,
    /// Variables for Compose.
    Environment,
    /// A file of another tool that may publish images in a way that is not read: GoReleaser, npm.
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
    if lower == "dockerfile"
        || lower == "containerfile"
        || lower.starts_with("dockerfile.")
        || lower.ends_with(".dockerfile")
    {
        return Some(Kind::Dockerfile);
    }
    if lower.ends_with(".sh") || lower == "makefile" || lower.ends_with(".mk") || lower == "justfile" {
        return Some(Kind::Script);
    }
    if lower == "package.json" || is_yaml && lower.trim_start_matches('.').starts_with("goreleaser") {
        return Some(Kind::Foreign);
    }
    (lower == ".env").then_some(Kind::Environment)
}

/// The first line, from 0, in which a file of another tool says that it publishes images, and the tool.
pub(crate) fn publishes(path: &str, text: &str) -> Option<(usize, &'static str)> {
    const RELEASER: [&str; 4] = ["dockers:", "dockers_v2:", "docker_manifests:", "kos:"];
    let is_package = path.ends_with("package.json");
    let says = |line: &str| {
        if is_package {
            ["docker push", "--push", "docker manifest", "imagetools create"]
                .iter()
                .any(|word| line.contains(word))
                && line.contains("docker")
        } else {
            RELEASER.iter().any(|key| line.starts_with(key))
        }
    };
    let tool = if is_package { "a script of this package" } else { "GoReleaser" };
    text.lines().position(says).map(|line| (line, tool))
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
            ("hack/release.sh", Some(Kind::Script)),
            ("Makefile", Some(Kind::Script)),
            ("web/package.json", Some(Kind::Foreign)),
            (".goreleaser.yml", Some(Kind::Foreign)),
            ("goreleaser.release.yaml", Some(Kind::Foreign)),
            (".goreleaser.md", None),
            ("values.yaml", None),
        ] {
            assert_eq!(of(path), expected, "{path}");
        }
    }
}
