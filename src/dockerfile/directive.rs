//! Parser directives: the comments on top of a Dockerfile that choose its frontend and its escape character.

use serde_json::{Map, Value};

use super::unreadable::Unreadable;

/// The escape character of a Dockerfile without a directive.
pub(super) const DEFAULT_ESCAPE: char = '\\';

/// The names that make a comment a directive.
const NAMES: [&str; 3] = ["syntax", "escape", "check"];

/// The image of the frontend that a Dockerfile asks for, as `# syntax=`, `// syntax=` or a member of a JSON document.
pub(super) fn frontend(text: &str) -> Option<String> {
    // A line that names an interpreter is not read here, but ends the directives for the escape character.
    let text = match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("#!") => rest,
        _ => text,
    };
    let directive = ["#", "//"].iter().find_map(|comment| {
        let mut seen = vec![];
        text.lines()
            .map_while(|line| directive(line, comment))
            .take_while(|(name, _)| {
                let first = !seen.contains(name);
                seen.push(name.clone());
                first
            })
            .find_map(|(name, value)| (name == "syntax").then_some(value))
    });
    let from_json = || match serde_json::from_str::<Map<String, Value>>(text).ok()?.remove("syntax")? {
        Value::String(value) => Some(value),
        _ => None,
    };
    match directive {
        // What follows a blank are arguments of the frontend.
        Some(value) => value.split(' ').next().map(str::to_owned),
        None => from_json(),
    }
}

/// What the directives say of the file, read line by line; the first line that is none ends them.
#[derive(Default)]
pub(super) struct Directives {
    escape: Option<char>,
    seen: Vec<String>,
    done: bool,
}

impl Directives {
    /// The escape character.
    pub(super) fn escape(&self) -> char {
        self.escape.unwrap_or(DEFAULT_ESCAPE)
    }

    /// Reads one more line, blanks in front of it removed.
    ///
    /// # Errors
    /// A directive that is repeated, an escape character other than `\` and `` ` ``.
    pub(super) fn read(&mut self, line: &str, number: usize) -> Result<(), Unreadable> {
        if self.done {
            return Ok(());
        }
        let Some((name, value)) = directive(line, "#") else {
            self.done = true;
            return Ok(());
        };
        if self.seen.contains(&name) {
            return Err(Unreadable::new(number, format!("directive `{name}` is repeated")));
        }
        if name == "escape" {
            self.escape = Some(match value.as_str() {
                "\\" => '\\',
                "`" => '`',
                _ => return Err(Unreadable::new(number, format!("`{value}` is not an escape character"))),
            });
        }
        self.seen.push(name);
        Ok(())
    }
}

/// Name, in lower case, and value of a directive: `# name = value`.
fn directive(line: &str, comment: &str) -> Option<(String, String)> {
    let blank = |c: char| matches!(c, '\t' | '\n' | '\u{c}' | '\r' | ' ');
    let (name, value) = line.strip_prefix(comment)?.trim_start().split_once('=')?;
    let name = name.trim_end_matches(blank).to_ascii_lowercase();
    let value = value.trim_matches(blank);
    (NAMES.contains(&name.as_str()) && !value.is_empty()).then(|| (name, value.to_owned()))
}
