//! Paths as texts.

/// A path without `./` and without `..` as far as that can be told.
pub(crate) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// A path as seen from a folder, both from the same place.
pub(crate) fn relative(path: &str, folder: &str) -> String {
    let (path, folder) = (clean(path), clean(folder));
    if folder == "." {
        return path;
    }
    let (mut of_path, mut of_folder) = (path.split('/').peekable(), folder.split('/').peekable());
    while of_path.peek().is_some() && of_path.peek() == of_folder.peek() {
        of_path.next();
        of_folder.next();
    }
    let up = of_folder.map(|_| "..");
    let parts: Vec<&str> = up.chain(of_path.filter(|part| *part != ".")).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// Whether a file is YAML.
pub(crate) fn is_yaml(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.ends_with(".yml") || path.ends_with(".yaml")
}
