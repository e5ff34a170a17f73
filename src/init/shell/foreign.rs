//! Commands of other tools that publish images, in ways that are not read: they are named, so that nobody misses what they do.

/// Programs, with the words that make them publish; none where they always do.
const TOOLS: [(&str, &[&str]); 26] = [
    ("crane", &["tag", "copy", "cp", "push", "append", "mutate", "rebase", "flatten", "index"]),
    ("gcrane", &["tag", "copy", "cp", "push", "append", "mutate", "rebase", "flatten", "index"]),
    ("skopeo", &["copy", "sync"]),
    ("regctl", &["copy", "cp", "import", "mod", "create", "put"]),
    ("regsync", &["once", "server"]),
    ("oras", &["cp", "copy", "tag", "push"]),
    ("ko", &["build", "publish", "apply", "resolve", "create"]),
    ("goreleaser", &["release"]),
    ("pack", &["--publish"]),
    ("earthly", &["--push"]),
    ("earth", &["--push"]),
    ("depot", &["--push"]),
    ("buildctl", &["push=true"]),
    ("img", &["push"]),
    ("skaffold", &["build", "run", "deploy"]),
    ("werf", &["build", "converge", "export"]),
    ("bazel", &["push", "publish"]),
    ("bazelisk", &["push", "publish"]),
    ("mvn", &["jib:build", "build-image.publish", "docker:push"]),
    ("gradle", &["jib", "dockerPush", "publishImage"]),
    ("sbt", &["docker:publish", "Docker/publish"]),
    ("dotnet", &["PublishContainer", "ContainerRegistry"]),
    ("garden", &["publish"]),
    ("devspace", &["build"]),
    ("okteto", &["build"]),
    ("copacetic", &[]),
];

/// What runs a script of a project by its name.
const RUNNERS: [&str; 8] = ["npm", "yarn", "pnpm", "bun", "task", "mage", "rake", "invoke"];

/// What stands before a program and only runs it.
const BEFORE: [&str; 14] = [
    "sudo", "time", "exec", "env", "command", "timeout", "nice", "xargs", "retry", "then", "do", "else", "!",
    "npx",
];

/// Whether an action or a workflow that is not read may publish images, by its name and the names of its inputs.
pub(crate) fn may_publish<'i>(name: &str, inputs: impl Iterator<Item = &'i str>) -> bool {
    const OTHERS: [&str; 16] = [
        "setup", "buildx", "login", "meta", "cache", "prune", "clean", "lint", "scan", "scout", "test",
        "attest", "sbom", "trivy", "diff", "deploy",
    ];
    const IMAGES: [&str; 8] = ["docker", "image", "container", "kaniko", "buildah", "podman", "oci", "ghcr"];
    const DEEDS: [&str; 9] =
        ["push", "publish", "build", "release", "tag", "copy", "mirror", "promote", "docker.y"];
    const INPUTS: [&str; 9] =
        ["push", "tags", "tag", "registry", "dockerfile", "image", "images", "image_name", "image-name"];
    let name = name.split('@').next().unwrap_or_default().to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&OTHERS) {
        return false;
    }
    let given = inputs.filter(|input| INPUTS.contains(&input.to_ascii_lowercase().as_str())).count();
    has(&IMAGES) && (has(&DEEDS) || given > 0) || given > 1
}

/// Whether a text has a command in it that pushes images.
pub(crate) fn says_push(text: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let pushes = [
        "docker push",
        "podman push",
        "buildah push",
        "nerdctl push",
        "docker manifest push",
        "imagetools create",
        "docker compose push",
        "docker-compose push",
    ];
    has(&pushes) || text.contains("--push") && has(&["docker", "podman", "buildah", "depot"])
}

/// The words of a command with which another tool publishes images, if it does.
pub(crate) fn of(words: &[String]) -> Option<String> {
    let is_before = |word: &&String| {
        BEFORE.contains(&word.as_str())
            || word.starts_with('-')
            || word.split_once('=').is_some_and(|(name, _)| crate::init::values::text::is_name(name))
            || word.trim_end_matches(['s', 'm']).chars().all(|c| c.is_ascii_digit())
    };
    let words: Vec<&str> = words.iter().skip_while(is_before).map(String::as_str).collect();
    let (program, rest) = words.split_first()?;
    let name = program.rsplit('/').next().unwrap_or_default();
    if matches!(name, "docker" | "podman" | "nerdctl") {
        return of_docker(name, rest);
    }
    let bare = name.strip_suffix('w').filter(|name| matches!(*name, "mvn" | "gradle")).unwrap_or(name);
    if let Some(found) = publishes(bare, rest) {
        return Some(format!("{name} {found}").trim_end().to_owned());
    }
    let script = rest.iter().find(|word| !word.starts_with('-') && **word != "run")?;
    let lower = script.to_ascii_lowercase();
    let is_of_images = ["docker", "image", "container"].iter().any(|word| lower.contains(word))
        && ["push", "publish", "release", "deploy", "ship"].iter().any(|word| lower.contains(word));
    (RUNNERS.contains(&name) && is_of_images).then(|| format!("{name} {script}"))
}

/// The word that makes a program publish.
fn publishes(program: &str, rest: &[&str]) -> Option<String> {
    let (_, words) = TOOLS.iter().find(|(known, _)| *known == program)?;
    if words.is_empty() {
        return Some(String::new());
    }
    let is_exact =
        !matches!(program, "buildctl" | "bazel" | "bazelisk" | "mvn" | "gradle" | "sbt" | "dotnet");
    let says =
        |word: &&&str| words.iter().any(|known| if is_exact { word == &known } else { word.contains(known) });
    let found = rest.iter().find(says)?;
    // `crane index list` only looks.
    (*found != "index" || rest.contains(&"append")).then(|| (*found).to_owned())
}

/// What only another tool has, and a container of one.
fn of_docker(name: &str, rest: &[&str]) -> Option<String> {
    let at = rest.iter().position(|word| !word.starts_with('-'))?;
    match rest[at] {
        "run" => rest[at + 1..].iter().enumerate().find_map(|(place, word)| {
            let image = word.split(['@', ':']).next().unwrap_or_default();
            let tool = image.rsplit('/').next().unwrap_or_default();
            let found = publishes(tool, &rest[at + 2 + place..])?;
            Some(format!("{tool} {found}").trim_end().to_owned())
        }),
        "manifest" if !matches!(name, "docker" | "podman") => {
            rest[at + 1..].contains(&"push").then(|| format!("{name} manifest push"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_known_by_their_names_and_inputs() {
        for (name, inputs, expected) in [
            ("acme/workflows/.github/workflows/docker.yml@main", &[][..], true),
            ("acme/actions/docker-publish@v1", &[], true),
            ("acme/publish@v1", &["image", "tags"], true),
            ("acme/container@v1", &["push"], true),
            ("./.github/actions/build-image", &[], true),
            ("acme/publish@v1", &["token"], false),
            ("docker/setup-buildx-action@v3", &[], false),
            ("crazy-max/ghaction-docker-buildx@v3", &[], false),
            ("aquasecurity/trivy-action@master", &["image-ref", "image"], false),
            ("actions/checkout@v4", &["ref"], false),
            ("softprops/action-gh-release@v2", &["tag_name"], false),
        ] {
            assert_eq!(may_publish(name, inputs.iter().copied()), expected, "{name}");
        }
    }

    #[test]
    fn other_tools_are_known_by_what_they_do() {
        let of = |line: &str| of(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        for (line, expected) in [
            ("crane tag acme/app:1 latest", "crane tag"),
            ("crane --verbose copy a b", "crane copy"),
            ("sudo skopeo copy --all a b", "skopeo copy"),
            ("regctl image copy a b", "regctl copy"),
            ("oras cp a b", "oras cp"),
            ("KO_DOCKER_REPO=x ko build ./cmd", "ko build"),
            ("goreleaser release --clean", "goreleaser release"),
            ("npm run docker:push", "npm docker:push"),
            ("pack build acme/app --publish", "pack --publish"),
            ("earthly --push +image", "earthly --push"),
            ("depot build --push .", "depot --push"),
            ("./mvnw compile jib:build", "mvnw jib:build"),
            ("sbt Docker/publish", "sbt Docker/publish"),
            ("dotnet publish --os linux /t:PublishContainer", "dotnet /t:PublishContainer"),
            ("timeout 60 crane push x y", "crane push"),
            ("docker run --rm gcr.io/go-containerregistry/crane:v1 copy a b", "crane copy"),
            ("nerdctl manifest push --all x", "nerdctl manifest push"),
        ] {
            assert_eq!(of(line).as_deref(), Some(expected), "{line}");
        }
        for line in [
            "crane digest x",
            "crane index list x",
            "skopeo inspect x",
            "docker compose push",
            "docker-compose push",
            "npm pack",
            "npm publish",
            "npm run build",
            "npm run push",
            "pack build acme/app",
            "goreleaser check",
            "apt-get install skopeo",
            "docker run --rm alpine copy",
            "docker manifest push x",
            "podman manifest push --all x",
            "git push",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
