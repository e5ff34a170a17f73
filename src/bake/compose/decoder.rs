//! Reads the values of a model: strings, lists, booleans and `KEY=VALUE` pairs, and tells what is wrong with them.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Files;
use super::dotenv::Environment;
use super::node::{Kind, Map, Node, split_pair};
use crate::bake::flags::FlagError;
use crate::bake::syntax::Name;
use crate::bake::target::Text;
use crate::bake::value::Str;
use crate::diagnostic::{Diagnostic, suggest};
use crate::source::Span;

/// Values by key; `None` for a key without value.
pub(super) type Pairs = BTreeMap<Name, Option<Text>>;

/// Reads values, and collects what is wrong with them.
pub(super) struct Decoder<'a> {
    pub(super) environment: &'a Environment,
    pub(super) files: &'a dyn Files,
    /// Whether what services say of each other is checked; not for a file that others are merged onto.
    pub(super) complete: bool,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Decoder<'_> {
    pub(super) fn report(&mut self, code: &'static str, message: impl Into<String>, span: Span) {
        self.diagnostics.push(Diagnostic::error(code, message).at(span, ""));
    }

    pub(super) fn wrong(&mut self, node: &Node, path: &str, expected: &str) {
        let message = format!("`{path}` must be {expected}, found {}", node.describe());
        self.report("attribute-type", message, node.span);
    }

    pub(super) fn map<'a>(&mut self, node: &'a Node, path: &str) -> Option<&'a Map> {
        if node.as_map().is_none() {
            self.wrong(node, path, "a mapping");
        }
        node.as_map()
    }

    pub(super) fn string(&mut self, node: &Node, path: &str) -> Option<Text> {
        match node.as_text() {
            Some(text) => Some(Text { value: text.clone(), span: Some(node.span) }),
            None => {
                let message = format!("`{path}` must be a string, found {}", node.describe());
                let diagnostic = Diagnostic::error("attribute-type", message).at(node.span, "");
                self.diagnostics.push(match node.printed().filter(|_| !node.is_null()) {
                    Some(_) => diagnostic.with_help("quote it"),
                    None => diagnostic,
                });
                None
            }
        }
    }

    pub(super) fn strings(&mut self, node: &Node, path: &str) -> Option<Vec<Text>> {
        let Some(list) = node.as_list() else {
            self.wrong(node, path, "a list of strings");
            return None;
        };
        let texts: Vec<_> = list.iter().filter_map(|item| self.string(item, path)).collect();
        (texts.len() == list.len()).then_some(texts)
    }

    pub(super) fn boolean(&mut self, node: &Node, path: &str) -> Option<bool> {
        let word = node.as_str().map(str::to_ascii_lowercase);
        match (&node.kind, word.as_deref()) {
            (Kind::Bool(value), _) => Some(*value),
            (_, Some("true" | "y" | "yes" | "on")) => Some(true),
            (_, Some("false" | "n" | "no" | "off")) => Some(false),
            _ => {
                self.wrong(node, path, "`true` or `false`");
                None
            }
        }
    }

    pub(super) fn accept<T>(&mut self, result: Result<T, FlagError>, text: &Text, path: &str) -> Option<T> {
        result
            .map_err(|error| {
                let diagnostic = Diagnostic::error("attribute-value", format!("`{path}`: {error}"));
                self.diagnostics.push(diagnostic.at(text.span, ""));
            })
            .ok()
    }

    /// A mapping of scalars, or a list of `KEY=VALUE`.
    pub(super) fn pairs(&mut self, node: &Node, path: &str) -> Pairs {
        let mut pairs = Pairs::new();
        let place = |value: Str, node: &Node| Text { value, span: Some(node.span) };
        match &node.kind {
            Kind::Map(map) => {
                for (key, member) in map.iter() {
                    let path = format!("{path}.{key}");
                    match (&member.value, member.value.printed()) {
                        (value, _) if value.is_null() => drop(pairs.insert(Rc::clone(key), None)),
                        (value, Some(text)) => {
                            drop(pairs.insert(Rc::clone(key), Some(place(text, value))));
                        }
                        (value, None) => {
                            self.wrong(value, &path, "a string, a number or a boolean");
                        }
                    }
                }
            }
            Kind::List(list) => {
                for item in list.iter() {
                    if let Some(text) = self.string(item, path) {
                        let (key, value) = split_pair(&text.value);
                        pairs.insert(key, value.map(|value| place(value, item)));
                    }
                }
            }
            _ => self.wrong(node, path, "a mapping or a list of `KEY=VALUE`"),
        }
        pairs
    }

    /// The same, where a name does not end with white space.
    pub(super) fn variables(&mut self, node: &Node, path: &str) -> Pairs {
        let pairs = self.pairs(node, path);
        if node.as_list().is_some()
            && let Some(key) = pairs.keys().find(|key| key.ends_with(char::is_whitespace))
        {
            self.report(
                "attribute-value",
                format!("`{path}`: the name `{key}` ends with white space"),
                node.span,
            );
        }
        pairs
    }

    pub(super) fn unknown_key(&mut self, key: &str, span: Span, path: &str, known: &[&str]) {
        let diagnostic =
            Diagnostic::error("unknown-attribute", format!("`{path}` has no `{key}`")).at(span, "");
        self.diagnostics.push(match suggest(key, known.iter().copied()) {
            Some(known) => diagnostic.with_help(format!("did you mean `{known}`?")),
            None => diagnostic.with_help(format!("for a key of your own, write `x-{key}`")),
        });
    }

    pub(super) fn name(&mut self, name: &str, span: Span, what: &str) {
        let is_valid = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || !name.chars().all(is_valid) {
            let message =
                format!("`{name}` is no name of a {what}: letters, digits, `.`, `_` and `-` make one");
            self.report("compose-name", message, span);
        }
    }
}
