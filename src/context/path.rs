//! Paths as bytes, with `/` between names.

/// The shortest path that means the same, as Go's `path.Clean`: without `.`, empty names and `x/..`; `.` where nothing is
/// left.
pub(crate) fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.first() == Some(&b'/');
    let mut names: Vec<&[u8]> = vec![];
    for name in names_of(path) {
        match name {
            b".." if names.last().is_some_and(|last| *last != b"..") => _ = names.pop(),
            b".." if rooted => {}
            name => names.push(name),
        }
    }
    let joined = names.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

/// The path within a root that it cannot leave: `../x` and `/x` both are `x`; the root itself is empty.
pub(crate) fn clip(path: &[u8]) -> Vec<u8> {
    clean(&[b"/", path].concat()).split_off(1)
}

/// A name behind a folder, which is empty at the top.
pub(crate) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    match (folder.is_empty(), name.is_empty()) {
        (true, _) => name.to_vec(),
        (false, true) => folder.to_vec(),
        (false, false) => [folder, b"/", name].concat(),
    }
}

/// The names that a path consists of, without `.` and empty ones.
pub(crate) fn names_of(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_in_go() {
        for (path, expected) in [
            ("", "."),
            (".", "."),
            ("a", "a"),
            ("a/", "a"),
            ("a//b", "a/b"),
            ("./a/./b", "a/b"),
            ("a/..", "."),
            ("a/../..", ".."),
            ("../../a", "../../a"),
            ("a/../../b", "../b"),
            ("/", "/"),
            ("/..", "/"),
            ("/../a/..", "/"),
            ("//a", "/a"),
        ] {
            assert_eq!(clean(path.as_bytes()), expected.as_bytes(), "{path}");
        }
    }

    #[test]
    fn a_clipped_path_stays_in_its_root() {
        for (path, expected) in [
            ("", ""),
            (".", ""),
            ("/", ""),
            ("..", ""),
            ("../../a", "a"),
            ("/a/", "a"),
            ("a/../../b", "b"),
            ("./a/b", "a/b"),
        ] {
            assert_eq!(clip(path.as_bytes()), expected.as_bytes(), "{path}");
        }
    }
}
