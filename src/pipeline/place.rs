//! What follows from where the file of a workflow is: its name, and whether GitHub reads it.

/// The name of a workflow that is written to no file.
const DEFAULT: &str = "images";

/// The file of a repository that GitLab reads.
pub(crate) const GITLAB: &str = ".gitlab-ci.yml";

/// What the workflow, its group of runs and its gate are called: as the file, so that two of one repository differ.
#[must_use]
pub(crate) fn name_of(path: Option<&str>) -> String {
    let file = path.and_then(|path| path.rsplit(['/', '\\']).next()).unwrap_or_default();
    let stem = file.strip_suffix(".yml").or_else(|| file.strip_suffix(".yaml")).unwrap_or(file);
    // The key of a job has no other characters.
    let is_of = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let name: String = stem.chars().map(|c| if is_of(c) { c } else { '-' }).collect();
    let name = name.trim_matches('-');
    match name.chars().next() {
        None => DEFAULT.to_owned(),
        Some(first) if first.is_ascii_digit() => format!("{DEFAULT}-{name}"),
        Some(_) => name.to_owned(),
    }
}

/// Whether GitHub looks for workflows there; `path` is from the top of the repository, with a `/` before it.
#[must_use]
pub(crate) fn is_read(path: &str) -> bool {
    let file = path.strip_prefix("/.github/workflows/").unwrap_or_default();
    !file.contains('/') && (file.ends_with(".yml") || file.ends_with(".yaml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_has_the_name_of_its_file() {
        for (path, due) in [
            (None, "images"),
            (Some(".github/workflows/images.yml"), "images"),
            (Some("../.github/workflows/a.yaml"), "a"),
            (Some("two words.yml"), "two-words"),
            (Some("7.yml"), "images-7"),
            (Some(".yml"), "images"),
            (Some("ünï.yml"), "n"),
            (Some("docker_build-1.yml"), "docker_build-1"),
        ] {
            assert_eq!(name_of(path), due, "{path:?}");
        }
    }

    #[test]
    fn github_reads_one_folder() {
        assert!(is_read("/.github/workflows/a.yml") && is_read("/.github/workflows/a.yaml"));
        for path in [
            "/a.yml",
            "/.github/a.yml",
            "/.github/workflows/sub/a.yml",
            "/.github/workflows/a.txt",
            "/a/.github/workflows/a.yml",
            "/.github/workflows",
        ] {
            assert!(!is_read(path), "{path}");
        }
    }
}
