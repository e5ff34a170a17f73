//! What `docker buildx bake --print` prints, and what jq takes out of it: `$(docker buildx bake --print | jq -c …)`.

use serde_json::Value;

use super::Script;
use super::words::{stages, words as words_of};
use crate::init::repository::jq;
use crate::init::repository::printed::{Asked, printed};
use crate::init::values::folder::Folder;
use crate::init::values::text::Template;

impl Script<'_> {
    /// What such a pipe gives; none for other commands, and where it is not known.
    pub(super) fn queried(&self, inner: &str) -> Option<Template> {
        let mut given: Option<String> = None;
        let stages = stages(inner);
        for (at, stage) in stages.iter().enumerate() {
            let words = words_of(stage);
            let words: Vec<&str> =
                words.iter().map(String::as_str).filter(|word| !is_of_errors(word)).collect();
            let is_first = at == 0;
            given = Some(match words.as_slice() {
                ["docker", "buildx", "bake", rest @ ..] if is_first => self.print_of(rest)?,
                ["docker", "bake", rest @ ..] if is_first => self.print_of(rest)?,
                ["echo", text] if is_first && stages.len() > 1 => self.expand(text).constant()?,
                ["jq", rest @ ..] => self.jq(rest, given.take())?,
                _ => return None,
            });
        }
        given.map(|text| Template::from(text.trim_end_matches('\n')))
    }

    /// `docker buildx bake --print TARGET…`
    fn print_of(&self, words: &[&str]) -> Option<String> {
        let Folder::Known(folder) = &self.flow.folder else { return None };
        let mut asked = Asked { folder: folder.clone(), ..Asked::default() };
        let mut prints = false;
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match word.split_once('=').unwrap_or((word, "")) {
                ("--print", "") => prints = true,
                ("--progress" | "--builder", value) => {
                    if value.is_empty() {
                        rest.next();
                    }
                }
                ("-f" | "--file", value) => {
                    let file = if value.is_empty() { rest.next()? } else { value };
                    asked.files.push(self.expand(file).constant()?);
                }
                (option, _) if option.starts_with('-') => return None,
                _ => {
                    let text = self.expand(word).constant()?;
                    asked.targets.extend(text.split_whitespace().map(str::to_owned));
                }
            }
        }
        let is_set = |name: &str| {
            self.variables.iter().any(|(known, _)| known == name)
                || self.scope.variable(name, None, 0).is_some()
        };
        let whole = prints.then(|| printed(&self.scope.world.printable, &asked, &is_set)).flatten()?;
        Some(whole.to_string())
    }

    /// `jq -cr FILTER`, of what stands before the pipe or behind `<<<`.
    fn jq(&self, words: &[&str], mut given: Option<String>) -> Option<String> {
        let (mut filter, mut is_raw) = (None, false);
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if let Some(text) = word.strip_prefix("<<<") {
                let text = if text.is_empty() { rest.next()? } else { text };
                given = Some(self.expand(text).constant()?);
            } else if let Some(option) = word.strip_prefix('-') {
                match option {
                    "-compact-output" | "-monochrome-output" => {}
                    "-raw-output" => is_raw = true,
                    short if !short.is_empty() && short.chars().all(|c| "crMej".contains(c)) => {
                        is_raw |= short.contains(['r', 'j']);
                    }
                    _ => return None,
                }
            } else if filter.is_none() {
                filter = Some(self.expand(word).constant()?);
            } else {
                return None;
            }
        }
        let input: Value = serde_json::from_str(&given?).ok()?;
        let shown = |value: Value| match value {
            Value::String(text) if is_raw => text,
            other => other.to_string(),
        };
        let lines: Vec<String> = jq::query(&filter?, &input)?.into_iter().map(shown).collect();
        Some(lines.join("\n"))
    }
}

/// Whether a word says where the errors of a command go.
fn is_of_errors(word: &str) -> bool {
    matches!(word, "2>/dev/null" | "2>&1" | "2>&-")
}
