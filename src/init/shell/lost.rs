//! What a command runs and nobody finds here, so that what it publishes is not known.

use crate::init::values::folder::TOP;
use crate::init::values::text::Template;

/// Words in the names of what publishes.
const PUBLISHING: [&str; 8] =
    ["push", "publish", "release", "deploy", "ship", "docker", "image", "container"];

/// What people call the parts that publish nothing.
const OTHERS: [&str; 40] = [
    "all",
    "audit",
    "bench",
    "bootstrap",
    "build",
    "check",
    "ci-deps",
    "clean",
    "codegen",
    "compile",
    "configure",
    "coverage",
    "dependencies",
    "deps",
    "dev",
    "dist",
    "distclean",
    "doc",
    "docs",
    "e2e",
    "fmt",
    "format",
    "fuzz",
    "gen",
    "generate",
    "help",
    "html",
    "init",
    "install",
    "integration",
    "lint",
    "proto",
    "setup",
    "start",
    "test",
    "tests",
    "tidy",
    "typecheck",
    "uninstall",
    "vet",
];

/// A file that was not found, or a part of one.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    /// What it is, and why nothing is known of it.
    pub why: String,
    /// Whether nothing but that says that it may publish.
    pub is_guess: bool,
}

impl Lost {
    /// A part of a file: a target, a recipe, a task.
    pub(super) fn part(name: &Template, kind: &str, file: Option<&str>) -> Option<Self> {
        let file = file.unwrap_or("the file");
        let name = name.shown();
        let why = format!("no {kind} `{name}` was found in `{file}`, so what it publishes is not known");
        (!is_other(&name)).then(|| Self { why, is_guess: !is_of_publishing(&name) })
    }

    /// A part of a file with this text, of which the name is not known.
    pub(super) fn any(name: &Template, kind: &str, file: Option<&str>, text: &str) -> Option<Self> {
        let file = file.unwrap_or("the file");
        let why = format!("which {kind} of `{file}` this runs is not known: `{}`", name.shown());
        is_of_publishing(text).then_some(Self { why, is_guess: false })
    }

    /// A file that a command runs parts of; all that it has where it names none.
    pub(super) fn file(path: &str, command: &str, parts: &[Template], is_named: bool) -> Option<Self> {
        let names: Vec<String> = parts.iter().map(|part| part.constant().unwrap_or_default()).collect();
        let is_plain = parts.is_empty() && !is_named;
        if is_plain || !parts.is_empty() && names.iter().all(|name| is_other(name)) {
            return None;
        }
        let said: Vec<String> =
            std::iter::once(command.to_owned()).chain(parts.iter().map(Template::shown)).collect();
        let is_guess = !names.iter().any(|name| is_of_publishing(name));
        Some(Self::of_file(path, &said.join(" "), is_guess))
    }

    /// A script.
    pub(super) fn script(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        let is_shell = name.ends_with(".sh") || name.ends_with(".bash");
        // What installs a program is most often one of others.
        let installs = ["install", "get-", "get_", "setup", "configure", "bootstrap", "wait-for"];
        if installs.iter().any(|start| stem.starts_with(start)) || is_other(stem) {
            return None;
        }
        let is_guess = !is_of_publishing(stem);
        (is_shell || !is_guess).then(|| Self::of_file(path, name, is_guess))
    }

    /// A program that is not known and is used as those that push images.
    pub(super) fn program(program: &Template, rest: &[Template]) -> Option<Self> {
        let word = |at: usize| rest.get(at).and_then(Template::constant).unwrap_or_default();
        let lower = program.shown().to_ascii_lowercase();
        let is_one = ["docker", "podman", "container", "buildah", "nerdctl", "oci"]
            .iter()
            .any(|name| lower.contains(name));
        let says = rest
            .iter()
            .any(|word| word.constant().is_some_and(|word| matches!(word.as_str(), "push" | "--push")));
        let pushes = matches!(word(0).as_str(), "push" | "manifest" | "image" | "build" | "buildx")
            && (says || word(0) == "manifest");
        let why = format!("which program `{}` stands for is not known", program.shown());
        (is_one && pushes).then_some(Self { why, is_guess: false })
    }

    fn of_file(path: &str, command: &str, is_guess: bool) -> Self {
        let path = path.trim_start_matches(TOP).trim_start_matches('/');
        let why =
            format!("no `{path}` was found that `init` reads, so what `{command}` publishes is not known");
        Self { why, is_guess }
    }

    /// A text in another language than that of a shell, if it is about images.
    pub(super) fn text(name: &str, text: &str) -> Option<Self> {
        let is_about = ["docker", "podman", "buildah", "image"].iter().any(|word| text.contains(word))
            && text.contains("push");
        let why =
            format!("`{name}` is in another language than that of a shell, and `init` does not read it");
        is_about.then_some(Self { why, is_guess: false })
    }
}

/// Whether something is called as what publishes is.
fn is_of_publishing(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    PUBLISHING.iter().any(|word| lower.contains(word))
}

/// Whether something is called as what publishes nothing is.
fn is_other(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_one = |part: &str| OTHERS.contains(&part);
    !is_of_publishing(&lower) && lower.split(|c: char| !c.is_ascii_alphanumeric()).next().is_some_and(is_one)
}
