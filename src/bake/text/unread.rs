//! Files that look like input and are not read.

use std::path::{PathBuf, is_separator};

use super::discovery::{
    self, Format, Found, Images, Origin, Places, STDIN, folder_of, is_default_name, is_images,
};
use super::resembling;

/// The files that look like input, in the working directory, beside one that is named or in a folder between, and are not
/// among those that are `read`. Where nobody names a file, these are the ones that nobody looks for; and what Bake does not
/// read it does not miss.
pub(crate) fn unread(
    files: &[Found],
    read: &[&str],
    images: Images<'_>,
    places: &impl Places,
) -> Vec<String> {
    if images == Images::Unnamed {
        return Vec::new();
    }
    let is_named = files.iter().any(|file| matches!(file.origin, Origin::Option | Origin::Environment));
    let has_compose = files.iter().any(|file| file.format == Format::Compose);
    let counts = |name: &str| match () {
        () if is_default_name(name) => is_named,
        () if is_images(name) => is_named && images == Images::Any,
        () => resembling::is_like_input(name) || (has_compose && resembling::is_one_of_several(name)),
    };
    let mut folders = vec![""];
    for folder in files.iter().filter_map(|file| folder_of(&file.path)) {
        let above = above(folder).filter(|one| places.is_in_project(&places.place(one)));
        for folder in above.chain([folder]) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    let mut seen: Vec<PathBuf> =
        read.iter().filter(|path| **path != STDIN).map(|path| places.place(path)).collect();
    let mut unread = Vec::new();
    for folder in folders {
        for name in places.names(folder).iter().filter(|name| counts(name)) {
            let path = format!("{folder}{name}");
            if discovery::is_input(&path, places) && !seen.contains(&places.place(&path)) {
                seen.push(places.place(&path));
                unread.push(path);
            }
        }
    }
    unread
}

/// The folders above one that is written as a path below the working directory, from the top.
fn above(folder: &str) -> impl Iterator<Item = &str> {
    let is_below = !folder.starts_with(is_separator) && !folder.split(is_separator).any(|part| part == "..");
    let ends = folder.char_indices().filter(|(_, c)| is_separator(*c)).map(|(at, _)| at + 1);
    ends.filter(move |end| is_below && *end < folder.len()).map(|end| &folder[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::text::discovery::found;
    use crate::bake::text::discovery::tests::There;

    fn unread_of(
        there: &[&str],
        files: &[&str],
        origin: Origin,
        images: Images<'_>,
        read: &[&str],
    ) -> String {
        let files: Vec<_> = files.iter().map(|path| found(path, origin)).collect();
        unread(&files, read, images, &There(there)).join(" ")
    }

    #[test]
    fn what_looks_like_input_and_is_not_read_is_found() {
        let there = [
            "compose.yaml",
            "docker-bake.json",
            "images.hcl",
            "a/docker-bake.override.hcl",
            "/tmp/images.json",
        ];
        let unread =
            |files: &[&str], images, read: &[&str]| unread_of(&there, files, Origin::Option, images, read);
        for (files, expected) in [
            (&["x.hcl"][..], "compose.yaml images.hcl"),
            (&["-"], "compose.yaml images.hcl"),
            (&["a/docker-bake.hcl"], "compose.yaml images.hcl a/docker-bake.override.hcl"),
            (&["./compose.yaml"], "images.hcl"),
            (&["/project/images.hcl", "/tmp/x.json"], "compose.yaml /tmp/images.json"),
            (&["/tmp/images.json"], "compose.yaml images.hcl"),
            (&[], ""),
        ] {
            assert_eq!(unread(files, Images::Any, files), expected, "{files:?}");
        }
        assert_eq!(unread(&["x.hcl"], Images::None, &["x.hcl"]), "compose.yaml");
        assert_eq!(unread(&["x.hcl"], Images::Any, &["x.hcl", "compose.yaml", "images.hcl"]), "");
    }

    /// Whoever names no file is told of those that nobody looks for.
    #[test]
    fn other_names_and_other_cases_are_found() {
        let there = [
            "Docker-Bake.hcl",
            "bakefile.hcl",
            "compose.override.yaml",
            "docker-bake.hcl",
            "docker-bake.prod.hcl",
            "docker-compose.prod.yml",
            "images.HCL",
            "images.hcl",
            "images.yaml",
            "readme.json",
        ];
        let unread = |files: &[&str], images| unread_of(&there, files, Origin::Bake, images, files);
        let expected =
            "Docker-Bake.hcl bakefile.hcl compose.override.yaml docker-bake.prod.hcl images.HCL images.yaml";
        assert_eq!(unread(&["docker-bake.hcl", "images.hcl"], Images::Any), expected);
        assert_eq!(unread(&["docker-bake.hcl"], Images::None), expected);
        assert_eq!(unread(&["docker-bake.hcl"], Images::Unnamed), "");
        // Where Compose files are read, the others of their family may belong to them.
        let with_compose = unread(&["docker-compose.yml", "docker-bake.hcl"], Images::Any);
        assert!(with_compose.contains("docker-compose.prod.yml"), "{with_compose}");
    }
}
