//! What `docker buildx bake --print` prints of the definitions of the repository: steps make a matrix of it.

use std::rc::Rc;

use serde_json::Value;

use super::path::clean;
use crate::bake::target::overrides::Overrides;
use crate::bake::target::{Definition, print, select};

/// A definition, evaluated as it is without anything in the environment.
#[derive(Clone, Debug)]
pub(crate) struct Printable {
    /// The folder in which its commands run; empty for the top.
    pub folder: String,
    /// Whether its files are those that Bake finds itself.
    pub is_found: bool,
    /// Its files, from that folder.
    pub read: Vec<String>,
    /// The names of its variables.
    pub variables: Vec<String>,
    /// What is in it.
    pub definition: Definition,
}

/// Which definition and which targets are printed.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// The folder that it runs in.
    pub folder: String,
    /// The files that it names, from there.
    pub files: Vec<String>,
    /// The targets and groups; none for the default.
    pub targets: Vec<String>,
}

/// What is printed; `None` where that is not known, since the definition was not found, has mistakes, or has variables that are set.
pub(crate) fn printed(all: &[Rc<Printable>], asked: &Asked, is_set: &dyn Fn(&str) -> bool) -> Option<Value> {
    let path = |path: &String| clean(path.strip_prefix("cwd://").unwrap_or(path));
    let folder = clean(&asked.folder);
    let folder = if folder == "." { String::new() } else { folder };
    let files: Vec<String> = asked.files.iter().map(path).collect();
    let from_top = |folder: &str, files: &[String]| -> Vec<String> {
        files.iter().map(|file| clean(&format!("{folder}/{file}"))).collect()
    };
    let is_it = |one: &&Rc<Printable>| {
        if files.is_empty() {
            one.is_found && one.folder == folder
        } else {
            from_top(&one.folder, &one.read) == from_top(&folder, &files)
        }
    };
    let known = all.iter().find(is_it)?;
    if known.variables.iter().any(|name| is_set(name)) {
        return None;
    }
    let (overrides, options) = (Overrides::default(), select::Options::default());
    let resolved = select::resolve(&known.definition, &asked.targets, &overrides, &options).ok()?;
    serde_json::from_str(&print::to_json(&resolved, &[])).ok()
}
