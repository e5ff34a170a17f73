//! Bake files of docker/metadata-action on their way from the step that makes them: under other names, and in artifacts.

use std::rc::Rc;

use crate::glob::Glob;
use crate::init::values::inputs::Inputs;
use crate::init::values::scope::Scope;
use crate::init::values::text::{Meta, Piece, Template};
use crate::init::values::written::{Artifact, MetaFile};

/// What an artifact is called without a name.
const UNNAMED: &str = "artifact";

/// A path, of which a few folders have several names.
fn path_of(text: &str) -> String {
    const FOLDERS: [(&str, &str); 6] = [
        ("${{ runner.temp }}", "/runner.temp"),
        ("${RUNNER_TEMP}", "/runner.temp"),
        ("$RUNNER_TEMP", "/runner.temp"),
        ("${{ github.workspace }}/", ""),
        ("${GITHUB_WORKSPACE}/", ""),
        ("$GITHUB_WORKSPACE/", ""),
    ];
    let text = text.trim();
    let text = text.strip_prefix("cwd://").unwrap_or(text);
    let text = FOLDERS.iter().fold(text.to_owned(), |text, (written, one)| text.replace(written, one));
    text.strip_prefix("./").map_or(text.clone(), str::to_owned)
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn in_folder(folder: &str, path: &str) -> String {
    match folder.trim_end_matches('/') {
        "" | "." => path.to_owned(),
        folder => format!("{folder}/{path}"),
    }
}

/// The file that a text names.
pub(crate) fn named(text: &Template, scope: &Scope) -> Option<MetaFile> {
    if let [Piece::Meta(meta, output)] = text.0.as_slice() {
        // <https://github.com/docker/metadata-action/blob/v5/src/meta.ts>
        let kind = output.strip_prefix("bake-file")?;
        let path = format!("docker-metadata-action-bake{kind}.json");
        return Some(MetaFile { path, meta: Rc::clone(meta), output: output.clone() });
    }
    let path = path_of(&text.exact());
    scope.carried.iter().rev().find(|file| file.path == path).cloned()
}

/// The file whose name is somewhere in a text, such as a command in it.
pub(crate) fn mentioned(text: &str, scope: &Scope) -> Option<Rc<Meta>> {
    let text = path_of(text);
    let is_in = |file: &&MetaFile| text.contains(&file.path);
    scope.carried.iter().rev().find(is_in).map(|file| Rc::clone(&file.meta))
}

/// `mv FILE PATH` and `cp FILE PATH`: the file under its other name.
pub(crate) fn moved(words: &[Template], scope: &Scope) -> Option<MetaFile> {
    let program = words.first()?.constant()?;
    if !matches!(program.as_str(), "mv" | "cp") {
        return None;
    }
    let is_option = |word: &&Template| word.constant().is_some_and(|text| text.starts_with('-'));
    let rest: Vec<&Template> = words[1..].iter().filter(|word| !is_option(word)).collect();
    let [from, to] = rest.as_slice() else { return None };
    let file = named(from, scope)?;
    let to = path_of(&to.exact());
    let path = if to.ends_with('/') || to == "." { in_folder(&to, base(&file.path)) } else { to };
    Some(MetaFile { path, ..file })
}

/// What a step with actions/upload-artifact puts into its artifact.
fn uploaded(inputs: &Inputs<'_>, scope: &Scope) -> Vec<Artifact> {
    let name = inputs.text("name", scope).unwrap_or_else(|| Template::from(UNNAMED));
    let mut artifacts = Vec::new();
    for line in inputs.lines("path", scope) {
        let text = path_of(&line.text.exact());
        let folder = text.trim_end_matches('/');
        let glob = Glob::parse(&text).ok();
        let direct =
            named(&line.text, scope).map(|file| MetaFile { path: base(&file.path).to_owned(), ..file });
        let inner = scope.carried.iter().filter_map(|file| {
            let own = file.path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
            let fits =
                || glob.as_ref().is_some_and(|glob| glob.matches(&file.path)).then(|| base(&file.path));
            let path = own.or_else(fits)?.to_owned();
            Some(MetaFile { path, ..file.clone() })
        });
        let found = direct.map_or_else(|| inner.collect::<Vec<_>>(), |one| vec![one]);
        artifacts.extend(found.into_iter().map(|file| Artifact { name: name.clone(), file }));
    }
    artifacts
}

/// What a step with actions/download-artifact takes out of artifacts.
fn downloaded(inputs: &Inputs<'_>, scope: &Scope) -> Vec<MetaFile> {
    let folder = inputs.text("path", scope).map_or_else(String::new, |path| path_of(&path.exact()));
    let constant = |name: &str| inputs.text(name, scope).and_then(|text| text.constant());
    let name = inputs.text("name", scope).map(|name| name.exact());
    let pattern = constant("pattern").and_then(|pattern| Glob::parse(&pattern).ok());
    let is_merged = constant("merge-multiple").as_deref() == Some("true");
    let taken = |artifact: &&Artifact| {
        let own = artifact.name.exact();
        match (&name, &pattern) {
            (Some(name), _) => own == *name,
            (None, Some(pattern)) => pattern.matches(&own),
            (None, None) => true,
        }
    };
    let all = scope.artifacts.iter().filter(taken).map(|Artifact { name: own, file }| {
        let is_flat = name.is_some() || is_merged;
        let folder = if is_flat { folder.clone() } else { in_folder(&folder, &own.exact()) };
        MetaFile { path: in_folder(&folder, &file.path), ..file.clone() }
    });
    all.collect()
}

/// What a step does with such files.
pub(in crate::init) fn carry(inputs: &Inputs<'_>, of_step: &Scope, scope: &mut Scope) {
    match inputs.uses.split('@').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "actions/upload-artifact" => scope.artifacts.extend(uploaded(inputs, of_step)),
        "actions/download-artifact" => scope.carried.extend(downloaded(inputs, of_step)),
        _ => {}
    }
}
