//! Slash-separated paths, by text alone.

/// The shortest path that means the same, by text alone: Go's `path.Clean` (<https://pkg.go.dev/path#Clean>).
#[must_use]
pub(crate) fn clean_path(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = vec![];
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_in_go() {
        let cases = [
            ("", "."),
            (".", "."),
            ("./ctx", "ctx"),
            ("a//b/./c/..", "a/b"),
            ("a/..", "."),
            ("../a/../..", "../.."),
            ("/", "/"),
            ("/../a/", "/a"),
            ("//a", "/a"),
        ];
        for (path, expected) in cases {
            assert_eq!(clean_path(path), expected, "{path}");
        }
    }
}
