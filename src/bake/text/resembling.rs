//! Tells by their names what files look like: input, whether Bake looks for it or not, and Dockerfiles.

/// What Bake looks for, in the order in which it merges what it finds
/// (`defaultFilenames` in <https://github.com/docker/buildx/blob/master/bake/bake.go>).
pub(super) const BAKE_FILES: [&str; 8] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
    "docker-bake.json",
    "docker-bake.hcl",
    "docker-bake.override.json",
    "docker-bake.override.hcl",
];

/// What only we look for, after those: `image` blocks beside a Bake file that shall stay as it is, or a whole
/// definition whose `docker-bake.json` is generated.
pub(super) const IMAGE_FILES: [&str; 2] = ["images.hcl", "images.json"];

/// What people begin the names of Bake files with, in any case.
const BAKE: [&str; 3] = ["docker-bake", "bakefile", "bake"];

/// The same of Compose files.
const COMPOSE: [&str; 2] = ["docker-compose", "compose"];

/// The same of files with `image` blocks.
const IMAGES: [&str; 2] = ["images", "image"];

/// Whether a file of this name may have been meant to be read. A Compose file with something between its name and its
/// extension is one of several that people choose from, see [`is_one_of_several`].
pub(super) fn is_like_input(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // Editors of Windows add it, and its folders do not show it.
    let name = name.strip_suffix(".txt").unwrap_or(&name);
    if is_slip(name) {
        return true;
    }
    let of = |starts: &[&str]| starts.iter().any(|start| rest(name, start).is_some());
    match name.rsplit_once('.') {
        Some((_, "hcl" | "json")) => of(&BAKE) || of(&IMAGES),
        Some((_, "yaml" | "yml")) => of(&BAKE) || of(&IMAGES) || (of(&COMPOSE) && !is_one_of_several(name)),
        _ => false,
    }
}

/// Whether a file is meant to have `image` blocks by its name, and has the format of Compose files.
pub(crate) fn is_images_in_yaml(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let is_yaml = [".yaml", ".yml"].iter().any(|extension| name.ends_with(extension));
    is_yaml && IMAGES.iter().any(|start| rest(&name, start).is_some())
}

/// Whether a name is that of a file which is looked for, but for one character (`docker-bake.hc1`) or for what parts its words
/// (`docker_bake.hcl`, `dockercompose.yml`).
fn is_slip(name: &str) -> bool {
    let bakes = BAKE_FILES.iter().filter(|known| known.starts_with(BAKE[0]));
    // Data of images is often called `images.json`, and like that.
    let mut known = bakes.chain(IMAGE_FILES.iter().filter(|known| known.ends_with(".hcl")));
    // Editors mark their own copies, as in `docker-bake.hcl~`.
    let is_whole = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    let joined = |name: &str| name.replace(['-', '_', ' '], "");
    let is_parted = || BAKE_FILES.iter().any(|known| *known != name && joined(known) == joined(name));
    is_whole && (known.any(|known| strsim::osa_distance(name, known) == 1) || is_parted())
}

/// Whether a file of this name belongs to a Compose file: `compose.prod.yaml`. Compose itself reads its override.
pub(super) fn is_one_of_several(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_yaml = [".yaml", ".yml"].iter().any(|extension| name.ends_with(extension));
    let mut rests = COMPOSE.iter().filter_map(|start| rest(&name, start));
    is_yaml && rests.any(|rest| !rest.is_empty() && rest != ".override")
}

/// Whether a file of this name is a Dockerfile, and not what goes with one or makes one.
pub(crate) fn is_dockerfile(name: &str) -> bool {
    const OTHERS: [&str; 12] =
        ["dockerignore", "md", "txt", "j2", "jinja", "tmpl", "tpl", "template", "in", "erb", "bak", "orig"];
    let name = name.to_ascii_lowercase();
    let is_other = name.rsplit_once('.').is_some_and(|(_, ending)| OTHERS.contains(&ending));
    ["dockerfile", "containerfile"].iter().any(|word| {
        name == *word
            || name.ends_with(&format!(".{word}"))
            || name.starts_with(&format!("{word}.")) && !is_other
    })
}

/// What stands between this beginning of a name and its extension, if it begins so.
fn rest<'n>(name: &'n str, start: &str) -> Option<&'n str> {
    let (stem, _) = name.rsplit_once('.')?;
    let rest = stem.strip_prefix(start)?;
    // Of files whose names begin with a word of everyday language, only a dot makes a family.
    let is_family = rest.starts_with('.') || (start.contains('-') && rest.starts_with(['-', '_']));
    (rest.is_empty() || is_family).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_like_input() {
        for name in [
            "docker-bake.hcl",
            "Docker-Bake.hcl",
            "docker-bake.HCL",
            "docker-bake.prod.hcl",
            "docker-bake-ci.json",
            "docker-bake.yaml",
            "bake.hcl",
            "bakefile.hcl",
            "bake.override.json",
            "images.HCL",
            "Images.hcl",
            "images.yaml",
            "images.prod.json",
            "image.hcl",
            "compose.yaml",
            "Compose.yml",
            "docker-compose.yml",
            "compose.override.yaml",
            "docker_bake.hcl",
            "dockerbake.hcl",
            "docker-bake.hcI",
            "dokcer-bake.hcl",
            "docker-bake.jsn",
            "docker_bake.override.hcl",
            "docker_compose.yml",
            "dockercompose.yaml",
            "iamges.hcl",
            "images.hc1",
            "images.hcl.txt",
            "docker-bake.hcl.txt",
            "compose.yaml.txt",
        ] {
            assert!(is_like_input(name) && !is_one_of_several(name), "{name}");
        }
        for name in [
            "docker-compose.prod.yml",
            "compose.dev.yaml",
            "docker-compose-ci.yml",
            "Docker-Compose.Test.YML",
        ] {
            assert!(!is_like_input(name) && is_one_of_several(name), "{name}");
        }
        for name in [
            "Dockerfile",
            "imagesets.json",
            "images-of-cats.json",
            "images.png",
            "images",
            "bakery.hcl",
            "docker-bakery.hcl",
            "composer.json",
            "compose.json",
            "compose-file.yaml",
            ".hcl",
            "my-docker-bake.hcl",
            "docker-bake.hcl.bak",
            "docker-bake.hcl~",
            ".docker-bake.hcl",
            "images.jsonc",
            "pages.json",
            "images.txt",
            "bake.txt",
            "baker.hcl",
            "composer.yaml",
        ] {
            assert!(!is_like_input(name) && !is_one_of_several(name), "{name}");
        }
    }
}
