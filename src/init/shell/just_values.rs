//! Expressions of just, and the texts that have them in braces.

use super::Script;
use super::justfile::{Justfile, is_name};
use super::operations::{MAX_DEPTH, changed};
use crate::init::values::folder::{Folder, TOP};
use crate::init::values::text::{Piece, Template};

/// What the names in an expression are.
pub(super) struct Names<'j> {
    pub file: &'j Justfile,
    pub set: &'j [(String, Template)],
    pub parameters: Vec<(String, Template)>,
}

impl Script<'_> {
    /// A text with what its `{{…}}` come to.
    pub(super) fn just_text(&mut self, text: &str, names: &Names<'_>) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            filled.push_str(before);
            if let Some(after) = after.strip_prefix("{{") {
                filled.push_str("{{");
                rest = after;
                continue;
            }
            let Some((inner, behind)) = after.split_once("}}") else {
                filled.push_str("{{");
                rest = after;
                continue;
            };
            let value = self.value_of(inner, names);
            let marked = self.marked(value);
            filled.push_str(&marked);
            rest = behind;
        }
        filled + rest
    }

    /// What a name is.
    pub(super) fn just_named(&self, name: &str, names: &Names<'_>) -> Template {
        let of = |list: &[(String, Template)]| {
            list.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let written = || names.file.variables.iter().find(|(known, ..)| known == name);
        of(&names.parameters)
            .or_else(|| of(names.set))
            .or_else(|| written().map(|(_, text, _)| self.value_of(text, names)))
            .unwrap_or_else(|| Template::unknown(&format!("{{{{{name}}}}}")))
    }

    /// What an expression comes to.
    pub(super) fn value_of(&self, text: &str, names: &Names<'_>) -> Template {
        let depth = self.depth.get();
        let unknown = || Template::unknown(&format!("{{{{{}}}}}", text.trim()));
        if depth >= MAX_DEPTH || !self.scope.world.work.spend(1 + text.len() / 16) {
            return unknown();
        }
        self.depth.set(depth + 1);
        let mut rest = text;
        let value = self.sum(&mut rest, names);
        self.depth.set(depth);
        let is_whole = rest.trim().is_empty() || rest.trim_start().starts_with('#');
        value.filter(|_| is_whole).unwrap_or_else(unknown)
    }

    /// `VALUE + VALUE`, `VALUE / VALUE`, `if VALUE == VALUE { … } else { … }`
    fn sum(&self, rest: &mut &str, names: &Names<'_>) -> Option<Template> {
        let depth = self.depth.get();
        if depth >= MAX_DEPTH {
            return None;
        }
        self.depth.set(depth + 1);
        let value = self.sum_within(rest, names);
        self.depth.set(depth);
        value
    }

    fn sum_within(&self, rest: &mut &str, names: &Names<'_>) -> Option<Template> {
        if let Some(inner) = rest.trim_start().strip_prefix("if ") {
            *rest = inner;
            return self.choice(rest, names);
        }
        let mut value = self.operand(rest, names)?;
        loop {
            let after = rest.trim_start();
            if let Some(behind) = after.strip_prefix('+') {
                *rest = behind;
                value.extend(self.operand(rest, names)?);
            } else if let Some(behind) = after.strip_prefix('/') {
                *rest = behind;
                value.push(Piece::Text("/".to_owned()));
                value.extend(self.operand(rest, names)?);
            } else {
                return Some(value);
            }
        }
    }

    fn choice(&self, rest: &mut &str, names: &Names<'_>) -> Option<Template> {
        let take = |rest: &mut &str, sign: &str| {
            let after = rest.trim_start().strip_prefix(sign)?;
            *rest = after;
            Some(())
        };
        let left = self.sum(rest, names)?;
        let sign = ["==", "!=", "=~"].into_iter().find(|sign| rest.trim_start().starts_with(sign))?;
        take(rest, sign)?;
        let right = self.sum(rest, names)?;
        take(rest, "{")?;
        let then = self.sum(rest, names)?;
        take(rest, "}")?;
        take(rest, "else")?;
        let otherwise = if rest.trim_start().starts_with("if ") {
            self.sum(rest, names)?
        } else {
            take(rest, "{")?;
            let value = self.sum(rest, names)?;
            take(rest, "}")?;
            value
        };
        let is_equal = left.constant().zip(right.constant()).filter(|_| sign != "=~");
        let open = || Template::unknown(&format!("{{{{if {} {sign} {} …}}}}", left.shown(), right.shown()));
        Some(match is_equal {
            Some((left, right)) if (left == right) == (sign == "==") => then,
            Some(_) => otherwise,
            None => open(),
        })
    }

    /// A text, a command, a call, a name, or what is in parentheses.
    fn operand(&self, rest: &mut &str, names: &Names<'_>) -> Option<Template> {
        let text = rest.trim_start();
        if let Some(inner) = text.strip_prefix('(') {
            *rest = inner;
            let value = self.sum(rest, names)?;
            *rest = rest.trim_start().strip_prefix(')')?;
            return Some(value);
        }
        for quote in ["'''", "\"\"\"", "```", "'", "\"", "`"] {
            let Some(inner) = text.strip_prefix(quote) else { continue };
            let is_escaped = quote.starts_with('"');
            let mut at = 0;
            let end = loop {
                let found = inner[at..].find([quote.chars().next()?, '\\'])? + at;
                if is_escaped && inner[found..].starts_with('\\') {
                    at = found + 1 + inner[found + 1..].chars().next().map_or(0, char::len_utf8);
                } else if inner[found..].starts_with(quote) {
                    break found;
                } else {
                    at = found + 1;
                }
            };
            *rest = &inner[end + quote.len()..];
            let inner = &inner[..end];
            return Some(match quote.chars().next()? {
                '`' => {
                    let command = self.expand(&format!("$({})", inner.trim()));
                    if command.unknown_parts().is_empty() {
                        command
                    } else {
                        Template::unknown(&format!("`{}`", inner.trim()))
                    }
                }
                '"' => Template::from(
                    inner
                        .replace("\\n", "\n")
                        .replace("\\t", "\t")
                        .replace("\\\"", "\"")
                        .replace("\\\\", "\\")
                        .as_str(),
                ),
                _ => Template::from(inner),
            });
        }
        let end =
            text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(text.len());
        let (name, after) = text.split_at(end);
        *rest = after;
        if !is_name(name) {
            return None;
        }
        let Some(inner) = after.strip_prefix('(') else { return Some(self.just_named(name, names)) };
        *rest = inner;
        let mut given = Vec::new();
        while !rest.trim_start().starts_with(')') {
            given.push(self.sum(rest, names)?);
            *rest = rest.trim_start().trim_start_matches(',');
        }
        *rest = rest.trim_start().strip_prefix(')')?;
        Some(self.called_function(name, &given))
    }

    /// What a function of just comes to.
    fn called_function(&self, name: &str, given: &[Template]) -> Template {
        let shown: Vec<String> = given.iter().map(Template::shown).collect();
        let unknown = || Template::unknown(&format!("{{{{{name}({})}}}}", shown.join(", ")));
        let constant = |at: usize| given.get(at).and_then(Template::constant);
        let first = || given.first().cloned().unwrap_or_default();
        let value = match (name, given.len()) {
            ("env_var" | "env", 1) => constant(0)
                .map(|name| self.variable(&name).unwrap_or_else(|| Template::unknown(&format!("${name}")))),
            ("env_var_or_default" | "env", 2) => constant(0)
                .and_then(|name| self.variable(&name).filter(|value| !value.0.is_empty()))
                .or_else(|| given.get(1).cloned()),
            ("justfile_directory" | "justfile_dir" | "source_directory" | "source_dir", 0) => {
                match &self.home.own {
                    Some(Folder::Known(own)) => Some(Template::from(format!("{TOP}/{own}").as_str())),
                    _ => None,
                }
            }
            ("trim" | "quote", 1) => Some(first().trimmed()),
            ("lowercase", 1) => Some(first().lowered()),
            ("trim_start_match" | "trim_start_matches", 2) => {
                constant(1).and_then(|text| changed(first(), &format!("#{text}")))
            }
            ("trim_end_match" | "trim_end_matches", 2) => {
                constant(1).and_then(|text| changed(first(), &format!("%{text}")))
            }
            ("replace", 3) => constant(0)
                .zip(constant(1))
                .zip(constant(2))
                .map(|((text, from), to)| Template::from(text.replace(&from, &to).as_str())),
            _ => None,
        };
        value.unwrap_or_else(unknown)
    }
}
