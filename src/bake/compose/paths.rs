//! Paths in Compose files: relative to a folder, which for included files is their own (compose-go's paths/).

use std::sync::Arc;

use super::files::{Files, Unreadable};
use super::node::{Map, Node, NodeKind, part, wrong_type};
use super::refusals::unread;
use crate::bake::values::clean_path;
use crate::diagnostic::Failure;

/// Where a model's files are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Folders {
    /// What relative paths are joined to.
    pub(super) folder: String,
    /// The folder that files are looked for in.
    pub(super) base: String,
}

/// What paths are relative to.
#[derive(Clone, Copy)]
struct Base<'a> {
    folder: &'a str,
    /// What `~` stands for.
    home: Option<&'a str>,
}

/// Joins relative paths to a folder, as far as Bake reads them.
pub(super) fn resolve(model: &mut Map, folder: &str, home: Option<&str>) -> Result<(), Failure> {
    unread::check_paths(model)?;
    let base = Base { folder, home };
    let services = model.get_mut("services").and_then(|member| member.value.as_map_mut());
    for (name, service) in services.into_iter().flatten() {
        let service = &mut service.value;
        if let Some(NodeKind::List(files)) = service.get_mut("env_file").map(|node| &mut node.kind) {
            for file in Arc::make_mut(files) {
                resolve_path(file.get_mut("path"), base);
            }
        }
        if let Some(extends) = service.get_mut("extends") {
            resolve_path(extends.get_mut("file"), base);
        }
        let Some(build) = service.get_mut("build") else { continue };
        for path in build.get_mut("ssh").and_then(Node::as_map_mut).into_iter().flatten() {
            resolve_path(Some(&mut path.1.value), base);
        }
        if let Some(context) = build.get_mut("context") {
            resolve_context(context, base, &format!("services.{name}.build.context"))?;
        }
        let contexts = build.get_mut("additional_contexts").and_then(Node::as_map_mut);
        for (key, context) in contexts.into_iter().flatten() {
            let path = format!("services.{name}.build.additional_contexts.{key}");
            resolve_context(&mut context.value, base, &path)?;
        }
    }
    let secrets = model.get_mut("secrets").and_then(|member| member.value.as_map_mut());
    for secret in secrets.into_iter().flatten() {
        resolve_path(secret.1.value.get_mut("file"), base);
    }
    Ok(())
}

fn resolve_context(context: &mut Node, base: Base<'_>, path: &str) -> Result<(), Failure> {
    let Some(text) = context.as_str() else { return wrong_type(path, "a string", context) };
    let remote = ["https://", "http://", "git://", "ssh://", "github.com/", "git@", "service:"];
    if !text.contains("://") && !remote.iter().any(|prefix| text.starts_with(prefix)) {
        resolve_path(Some(context), base);
    }
    Ok(())
}

fn resolve_path(path: Option<&mut Node>, base: Base<'_>) {
    let Some(node) = path else { return };
    let Some(text) = node.as_text().filter(|text| !text.as_str().is_empty()) else { return };
    let resolved = match (text.as_str().strip_prefix('~'), base.home) {
        (Some(rest), Some(home)) => clean_path(&format!("{home}/{rest}")),
        _ if text.as_str().starts_with('/') || is_windows_path(text.as_str()) => return,
        _ => join(base.folder, text.as_str()),
    };
    *node = node.text(part(text, &resolved));
}

impl Folders {
    /// The folder of a file, or a folder itself, as seen from here.
    pub(super) fn relative(&self, path: &str, files: &dyn Files) -> String {
        let mut full = join(&self.base, path);
        if !matches!(files.read(&full), Err(Unreadable::Directory)) {
            full = join(&self.base, &parent(path));
        }
        relative(&full, &self.base)
    }
}

/// `path` as seen from `base`; itself when only one of them is absolute (Go's `filepath.Rel`).
fn relative(path: &str, base: &str) -> String {
    let base = if base.is_empty() { "." } else { base };
    if path.starts_with('/') != base.starts_with('/') {
        return path.to_owned();
    }
    let parts = |text: &str| -> Vec<String> {
        clean_path(text).split('/').filter(|part| !["", "."].contains(part)).map(str::to_owned).collect()
    };
    let (path, base) = (parts(path), parts(base));
    let common = path.iter().zip(&base).take_while(|(a, b)| a == b).count();
    let up = base[common..].iter().map(|_| "..");
    let parts: Vec<&str> = up.chain(path[common..].iter().map(String::as_str)).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

pub(super) fn join(folder: &str, path: &str) -> String {
    match (folder, path) {
        _ if path.starts_with('/') => clean_path(path),
        ("", "") => String::new(),
        ("", _) => clean_path(path),
        _ => clean_path(&format!("{folder}/{path}")),
    }
}

pub(super) fn parent(path: &str) -> String {
    clean_path(path.rsplit_once('/').map_or(".", |(folder, _)| if folder.is_empty() { "/" } else { folder }))
}

fn is_windows_path(path: &str) -> bool {
    let bytes = path.as_bytes();
    path.starts_with("\\\\")
        || matches!(bytes, [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_a_folder() {
        let cases = [
            ("a/b", "", "a/b"),
            ("a/b", "a", "b"),
            ("a", "a", "."),
            ("a", "b/c", "../../a"),
            ("/a", "b", "/a"),
            ("/a/b", "/a/c", "../b"),
        ];
        for (path, base, expected) in cases {
            assert_eq!(relative(path, base), expected, "{path} from {base}");
        }
        assert_eq!(["a/b", "b", "/b", "/"].map(parent), ["a", ".", "/", "/"]);
        assert_eq!(join("", ""), "");
        assert_eq!(join("a", "../b/./c"), "b/c");
        assert_eq!(join("a", "/b/"), "/b");
    }
}
