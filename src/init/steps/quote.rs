//! Lines of workflows and scripts as they may be quoted: only the commands that are about images.

use crate::init::shell;

/// A line without the commands on it that are about something else, such as a login.
pub(crate) fn used(line: &str) -> String {
    let commands = shell::commands(line);
    let is_used = |command: &&String| {
        let has = |known: &[&str]| command.split_whitespace().any(|word| known.contains(&word));
        has(&["docker", "podman", "buildah", "nerdctl"])
            && has(&["build", "bud", "push", "bake", "create", "buildx"])
            && !has(&["login"])
    };
    let used: Vec<&str> = commands.iter().filter(is_used).map(String::as_str).collect();
    if used.is_empty() { line.to_owned() } else { used.join(" && ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_about_other_things_are_not_quoted() {
        for (line, expected) in [
            (
                "docker login -u bob -p x ghcr.io && docker build -t a/b . && docker push a/b",
                "docker build -t a/b . && docker push a/b",
            ),
            ("run: docker login --password=x y; docker push a/b", "docker push a/b"),
            ("export A=b; podman push a/b || exit 1", "podman push a/b"),
            // Without any, it may be anything.
            ("docker login x", "docker login x"),
            ("tags: acme/app:1", "tags: acme/app:1"),
            ("", ""),
        ] {
            assert_eq!(used(line), expected, "{line}");
        }
    }
}
