//! Reads the values of a model: strings, lists, booleans and `KEY=VALUE` pairs, and tells what is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::dotenv::Environment;
use super::files::Files;
use super::node::{Map, Node, NodeKind, split_pair};
use crate::bake::target::Text;
use crate::bake::target::flags::FlagError;
use crate::bake::values::{MarkedStr, Name, SecretNames};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, suggest};
use crate::source::Span;

/// Values by key; `None` for a key without value.
pub(super) type Pairs = BTreeMap<Name, Option<Text>>;

/// Where compose-go puts those members of a mapping that begin with `x-`. In mappings of strings it is one more string.
const EXTENSIONS: &str = "#extensions";

/// Reads values, and collects what is wrong with them.
pub(super) struct Decoder<'a> {
    pub(super) environment: &'a Environment,
    pub(super) files: &'a dyn Files,
    /// Which variables are secret.
    pub(super) names: &'a SecretNames,
    /// Whether what services say of each other is checked; not for a file that others are merged onto.
    pub(super) complete: bool,
    /// How long the files of variables are that services have read so far, in bytes.
    pub(super) variables: usize,
    pub(super) diagnostics: Diagnostics,
}

impl Decoder<'_> {
    pub(super) fn report(&mut self, code: Code, message: impl Into<String>, span: Span) {
        self.diagnostics.report(Diagnostic::error(code, message).at(span, ""));
    }

    pub(super) fn wrong(&mut self, node: &Node, path: &str, expected: &str) {
        let message = format!("`{path}` must be {expected}, found {}", node.describe());
        self.report(Code::ATTRIBUTE_TYPE, message, node.span);
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
                let diagnostic = Diagnostic::error(Code::ATTRIBUTE_TYPE, message).at(node.span, "");
                self.diagnostics.report(match node.printed().filter(|_| !node.is_null()) {
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

    /// Strings, and dates as Go prints them: they are strings in the JSON that buildx checks models in.
    pub(super) fn strings_and_dates(&mut self, list: &[Node], path: &str) -> Vec<Text> {
        let text = |node: &Node| match (&node.kind, node.printed()) {
            (NodeKind::Time(_), Some(value)) => Some(Text { value, span: Some(node.span) }),
            _ => self.string(node, path),
        };
        list.iter().filter_map(text).collect()
    }

    /// Refuses an element that is there twice.
    pub(super) fn unique(&mut self, texts: &[Text], path: &str) {
        let mut seen = BTreeSet::new();
        for text in texts.iter().filter(|text| !seen.insert(text.name())) {
            let message = format!("`{path}`: `{text}` is given twice");
            self.diagnostics.report(Diagnostic::error(Code::DUPLICATE_ELEMENT, message).at(text.span, ""));
        }
    }

    /// Checks that numbers are finite: buildx writes what it reads of a model as JSON, which has no others.
    pub(super) fn finite(&mut self, node: &Node) {
        if let Some(number) = node.not_finite() {
            self.report(Code::ATTRIBUTE_TYPE, "a number must be finite, found `.nan` or `.inf`", number.span);
        }
    }

    /// Checks the key of a mapping whose keys are free: the pattern `.+` of the Compose Specification's schema.
    pub(super) fn free_key(&mut self, key: &str, span: Span, path: &str) {
        if key.chars().all(|c| c == '\n') {
            self.report(Code::ATTRIBUTE_VALUE, format!("a key of `{path}` is empty"), span);
        }
    }

    pub(super) fn boolean(&mut self, node: &Node, path: &str) -> Option<bool> {
        let word = node.as_str().map(str::to_ascii_lowercase);
        match (&node.kind, word.as_deref()) {
            (NodeKind::Bool(value), _) => Some(*value),
            (_, Some("true" | "y" | "yes" | "on")) => Some(true),
            (_, Some("false" | "n" | "no" | "off")) => Some(false),
            _ => {
                self.wrong(node, path, "`true` or `false`");
                None
            }
        }
    }

    /// What Bake makes of a string, which it looks at after all files are merged.
    pub(super) fn accept<T>(&mut self, result: Result<T, FlagError>, text: &Text, path: &str) -> Option<T> {
        match result {
            Ok(value) => return Some(value),
            Err(_) if !self.complete => {}
            Err(error) => {
                let diagnostic = Diagnostic::error(Code::ATTRIBUTE_VALUE, format!("`{path}`: {error}"));
                self.diagnostics.report(diagnostic.at(text.span, ""));
            }
        }
        None
    }

    /// A mapping of scalars, or a list of `KEY=VALUE`.
    pub(super) fn pairs(&mut self, node: &Node, path: &str) -> Pairs {
        let mut pairs = Pairs::new();
        let place = |value: MarkedStr, node: &Node| Text { value, span: Some(node.span) };
        match &node.kind {
            NodeKind::Map(map) => {
                for (key, member) in map.iter() {
                    self.free_key(key, member.key, path);
                    let path = format!("{path}.{key}");
                    match (&member.value, member.value.printed()) {
                        (value, _) if value.is_null() => drop(pairs.insert(Arc::clone(key), None)),
                        (value, Some(text)) => {
                            drop(pairs.insert(Arc::clone(key), Some(place(text, value))));
                        }
                        (value, None) => {
                            self.wrong(value, &path, "a string, a number or a boolean");
                        }
                    }
                }
                // `processExtensions` in compose-go's loader/loader.go.
                let extensions = map.iter().filter(|(key, _)| key.starts_with("x-"));
                let extensions: Map =
                    extensions.map(|(key, member)| (Arc::clone(key), member.clone())).collect();
                if !extensions.is_empty() {
                    pairs.retain(|key, _| !extensions.contains_key(key));
                    let text = Node::map(extensions, node.span).formatted();
                    pairs.insert(EXTENSIONS.into(), Some(place(text, node)));
                }
            }
            NodeKind::List(list) => {
                let texts = self.strings_and_dates(list, path);
                self.unique(&texts, path);
                for text in texts {
                    let (key, value) = split_pair(&text.value);
                    pairs.insert(key, value.map(|value| Text { value, span: text.span }));
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
            && let Some((key, byte)) = pairs.keys().find_map(|key| Some((key, last_space(key)?)))
        {
            let message = format!(
                "`{path}`: the name `{key}` ends with the byte {byte:02X}, which Compose takes for a space"
            );
            self.report(Code::ATTRIBUTE_VALUE, message, node.span);
        }
        pairs
    }

    pub(super) fn unknown_key(&mut self, key: &str, span: Span, path: &str, known: &[&str]) {
        let diagnostic =
            Diagnostic::error(Code::UNKNOWN_ATTRIBUTE, format!("`{path}` has no `{key}`")).at(span, "");
        self.diagnostics.report(match suggest(key, known.iter().copied()) {
            Some(known) => diagnostic.with_help(format!("did you mean `{known}`?")),
            None => diagnostic.with_help(format!("for your own key, write `x-{key}`")),
        });
    }

    pub(super) fn name(&mut self, name: &str, span: Span, what: &str) {
        let is_valid = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || !name.chars().all(is_valid) {
            let message =
                format!("`{name}` is not a valid name for a {what}: use letters, digits, `.`, `_` and `-`");
            self.report(Code::COMPOSE_NAME, message, span);
        }
    }
}

/// The last byte if it is white space, taken for a character: compose-go looks at no more (types/mapping.go), and so
/// refuses `à`, whose last byte is A0, and lets U+3000 pass.
fn last_space(key: &str) -> Option<u8> {
    key.as_bytes().last().copied().filter(|byte| char::from(*byte).is_whitespace())
}
