//! YAML documents as trees: scalars as Go's YAML library resolves them, merge keys, and the tags `!reset` and
//! `!override` of the Compose Specification (<https://github.com/compose-spec/compose-spec/blob/main/13-merge.md>).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, PAD};
use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::controls::Readable;
use super::node::{Map, Member, Node, NodeKind};
use super::scalar;
use crate::bake::values::{MarkedStr, Name};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure};
use crate::source::{SourceId, Sources, Span};

/// How many nodes a file may have, keys aside; compose-go allows as many for a document (loader/reset.go).
const MAX_NODES: usize = 100_000;

/// How many nodes there may be once aliases are replaced by what they stand for, about as in Go's YAML library. Long
/// strings and keys count for several.
const MAX_EXPANDED: usize = 400_000;

/// How many bytes of a string count for one node.
const BYTES_PER_NODE: usize = 100;

/// How many values may be tagged `!reset` or `!override`: far more than any file has.
const MAX_RESETS: usize = 1000;

/// How many documents a file may have, since the model is checked anew after each of them: far more than any file has.
const MAX_DOCUMENTS: usize = 1000;

/// How deep lists and mappings may be nested.
const MAX_DEPTH: usize = 64;

const RESET: &str = "!reset";
const OVERRIDE: &str = "!override";
const CORE: &str = "tag:yaml.org,2002:";
/// What yq writes before each merge key.
const MERGE: &str = "tag:yaml.org,2002:merge";

/// Base64 as Go reads it, which does not look at the bits that the last character has too many.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, PAD.with_decode_allow_trailing_bits(true));

/// The keys that lead to a value.
pub(super) type KeyPath = Vec<Name>;

/// A document of a file.
#[derive(Debug)]
pub(super) struct YamlDocument {
    pub(super) root: Node,
    /// What `!reset` and `!override` remove from the files before.
    pub(super) resets: Vec<KeyPath>,
}

/// The documents of a file.
pub(super) fn documents(sources: &Sources, source: SourceId) -> Result<Vec<YamlDocument>, Failure> {
    let mut builder = Builder { anchors: BTreeMap::new(), frames: vec![], nodes: 0, expanded: 0 };
    let mut documents = vec![];
    let options = granit_parser::options! { flow_nesting_limit: MAX_DEPTH, block_nesting_limit: MAX_DEPTH };
    let text = Readable::new(&sources.get(source).text);
    let offset = |at: Option<usize>| at.map(|at| text.offset(at));
    let fail = |at: usize, message: &str| {
        let message = format!("this is not valid YAML: {}", text.restore(message));
        Box::new(Diagnostic::error(Code::YAML_SYNTAX, message).at(place(source, at, at + 1), ""))
    };
    if let Some(at) = text.outside_of_values() {
        return Err(fail(at, "unexpected character in an anchor"));
    }
    for event in Parser::new_from_str_with_options(text.as_str(), options) {
        let (event, span) =
            event.map_err(|error| fail(offset(error.marker().byte_offset()).unwrap_or(0), &error.info()))?;
        let start = offset(span.start.byte_offset()).unwrap_or(0);
        let end = offset(span.end.byte_offset()).unwrap_or(start);
        let event = match event {
            Event::Scalar(value, style, anchor, tag) => {
                let original = match text.restore(&value) {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(original) => Some(original),
                };
                Event::Scalar(original.map_or(value, Cow::Owned), style, anchor, tag)
            }
            other => other,
        };
        documents.extend(builder.handle(event, place(source, start, end))?);
        if documents.len() > MAX_DOCUMENTS {
            let message = format!("the file has more than {MAX_DOCUMENTS} documents");
            return Err(Box::new(
                Diagnostic::error(Code::YAML_TOO_LARGE, message).at(place(source, start, end), ""),
            ));
        }
    }
    Ok(documents)
}

fn place(source: SourceId, start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { source, start: offset(start), end: offset(end) }
}

/// A value as far as it is known, with the resets inside it and how many nodes it has.
#[derive(Clone)]
struct Built {
    /// `None` for what is tagged `!reset`.
    node: Option<Node>,
    resets: Vec<KeyPath>,
    size: usize,
}

/// A list or mapping that is still open.
struct Frame {
    span: Span,
    /// Where its last value so far is.
    last: Span,
    anchor: usize,
    tag: Option<String>,
    overrides: bool,
    resets: Vec<KeyPath>,
    size: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        members: Map,
        /// The places of all keys so far, of reset members too.
        keys: BTreeMap<Name, Span>,
        /// The key that waits for its value.
        key: Option<Key>,
        merged: Vec<Node>,
    },
}

struct Key {
    name: Name,
    /// As it is written, which is how go-yaml compares keys and `!reset` names them.
    written: Name,
    span: Span,
    is_merge: bool,
    /// Why it is no key.
    problem: Option<String>,
}

struct Builder {
    anchors: BTreeMap<usize, Built>,
    frames: Vec<Frame>,
    nodes: usize,
    expanded: usize,
}

impl Builder {
    /// Takes an event; answers with the document that it completes.
    fn handle(&mut self, event: Event<'_>, span: Span) -> Result<Option<YamlDocument>, Failure> {
        match event {
            Event::DocumentStart(_, version) => {
                if version.is_some_and(|version| (version.major, version.minor) != (1, 1)) {
                    let message = "docker buildx bake accepts no `%YAML` directive other than `%YAML 1.1`";
                    let diagnostic = Diagnostic::error(Code::YAML_VERSION, message).at(span, "");
                    return Err(Box::new(diagnostic.with_help("leave the directive out")));
                }
                self.anchors.clear();
            }
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref().map(full_tag);
                if self.awaits_key() {
                    self.key(&text, style, tag.as_deref(), anchor, span)?;
                    return Ok(None);
                }
                self.count(span)?;
                let kind = scalar_kind(&text, style, tag.as_deref())
                    .map_err(|message| Box::new(Diagnostic::error(Code::YAML_VALUE, message).at(span, "")))?;
                let tag = tag.filter(|_| !self.overrides());
                let size = 1 + text.len() / BYTES_PER_NODE;
                let built = finish(Node::new(kind, span), vec![], size, tag.as_deref());
                return self.add(built, anchor, span);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(Content::List(vec![]), anchor, tag.as_deref(), span)?;
            }
            Event::MappingStart(_, anchor, tag) => {
                let content =
                    Content::Map { members: Map::new(), keys: BTreeMap::new(), key: None, merged: vec![] };
                self.open(content, anchor, tag.as_deref(), span)?;
            }
            Event::SequenceEnd | Event::MappingEnd => return self.close(span),
            Event::Alias(anchor) => {
                self.count(span)?;
                let Some(built) = self.anchors.get(&anchor).cloned() else {
                    let message = "an anchor cannot contain itself";
                    return Err(Box::new(Diagnostic::error(Code::YAML_ALIAS, message).at(span, "")));
                };
                if self.awaits_key() {
                    let text = built.node.as_ref().and_then(Node::as_str).unwrap_or_default().to_owned();
                    self.key(&text, ScalarStyle::SingleQuoted, None, 0, span)?;
                    return Ok(None);
                }
                self.expanded += built.size;
                if self.expanded > MAX_EXPANDED {
                    let message = format!("the aliases stand for more than {MAX_EXPANDED} values");
                    return Err(Box::new(Diagnostic::error(Code::YAML_TOO_LARGE, message).at(span, "")));
                }
                return self.add(built, 0, span);
            }
            _ => {}
        }
        Ok(None)
    }

    fn count(&mut self, span: Span) -> Result<(), Failure> {
        self.nodes += 1;
        self.expanded += 1;
        if self.nodes > MAX_NODES {
            let message = format!("the file has more than {MAX_NODES} values");
            return Err(Box::new(Diagnostic::error(Code::YAML_TOO_LARGE, message).at(span, "")));
        }
        Ok(())
    }

    /// Whether all that is here is tagged `!override` already: inside, the tags mean nothing more.
    fn overrides(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.overrides)
    }

    fn awaits_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { content: Content::Map { key: None, .. }, .. }))
    }

    fn key(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&str>,
        anchor: usize,
        span: Span,
    ) -> Result<(), Failure> {
        // Of one that says what it is, go-yaml does not read the text.
        let is_merge = match tag {
            None => style == ScalarStyle::Plain && text == "<<",
            Some("!") => text == "<<",
            Some(tag) => tag == MERGE,
        };
        let kind = scalar_kind(text, style, tag);
        let written: Name = text.into();
        let (name, problem) = match &kind {
            Ok(NodeKind::Text(text)) => (Arc::clone(text.name()), None),
            Ok(_) => (Arc::clone(&written), Some("is not a string".to_owned())),
            Err(message) => (Arc::clone(&written), Some(format!("cannot be read: {message}"))),
        };
        if anchor > 0 {
            let node = Some(Node::new(kind.unwrap_or(NodeKind::Null), span));
            self.anchors.insert(anchor, Built { node, resets: vec![], size: 1 });
        }
        if let Some(Frame { content: Content::Map { keys, key, .. }, .. }) = self.frames.last_mut() {
            if let Some(first) = keys.insert(Arc::clone(&written), span) {
                let message = format!("the key `{written}` is given twice");
                return Err(Box::new(
                    Diagnostic::error(Code::DUPLICATE_KEY, message).at(span, "again").at(first, "first"),
                ));
            }
            *key = Some(Key { name, written, span, is_merge, problem });
        }
        Ok(())
    }

    fn open(
        &mut self,
        content: Content,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), Failure> {
        self.count(span)?;
        if self.awaits_key() {
            let message = "a list or mapping cannot be a key";
            return Err(Box::new(Diagnostic::error(Code::YAML_KEY, message).at(span, "")));
        }
        let tag = tag.map(full_tag).filter(|_| !self.overrides());
        let overrides = self.overrides() || tag.as_deref() == Some(OVERRIDE);
        self.frames.push(Frame {
            span,
            last: span,
            anchor,
            tag,
            overrides,
            resets: vec![],
            size: 1,
            content,
        });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<Option<YamlDocument>, Failure> {
        let Some(frame) = self.frames.pop() else { return Ok(None) };
        // The end of a block is only seen at what follows it.
        let span = frame.span.to(if end.start < end.end { end } else { frame.last });
        let node = match frame.content {
            Content::List(items) => Node::list(items, span),
            Content::Map { mut members, merged, .. } => {
                for node in merged {
                    merge_key(&mut members, &node)?;
                }
                Node::map(members, span)
            }
        };
        let built = finish(node, frame.resets, frame.size, frame.tag.as_deref());
        self.add(built, frame.anchor, span)
    }

    /// Puts a finished value where it belongs; answers with the document if that is all.
    fn add(&mut self, built: Built, anchor: usize, span: Span) -> Result<Option<YamlDocument>, Failure> {
        if anchor > 0 {
            self.anchors.insert(anchor, built.clone());
        }
        let Some(frame) = self.frames.last_mut() else {
            let root = built.node.unwrap_or(Node::new(NodeKind::Null, span));
            return Ok(Some(YamlDocument { root, resets: built.resets }));
        };
        frame.size += built.size;
        frame.last = span;
        if built.resets.len() + frame.resets.len() > MAX_RESETS {
            let message = format!("more than {MAX_RESETS} values are tagged `!reset` or `!override`");
            return Err(Box::new(Diagnostic::error(Code::YAML_TOO_LARGE, message).at(span, "")));
        }
        match &mut frame.content {
            // Compose does not reset elements of lists: `!reset` just leaves them out.
            Content::List(items) => items.extend(built.node),
            Content::Map { members, key, merged, .. } => {
                let Some(Key { name, written, span: key, is_merge, problem }) = key.take() else {
                    return Ok(None);
                };
                // What is reset is gone before compose-go looks at keys.
                if let Some(problem) = problem.filter(|_| built.node.is_some()) {
                    let message = format!("the key `{written}` {problem}");
                    return Err(Box::new(
                        Diagnostic::error(Code::YAML_KEY, message)
                            .at(key, "")
                            .with_help(format!("quote it: `\"{written}\"`")),
                    ));
                }
                frame.size += name.len() / BYTES_PER_NODE;
                let key_of_path = (!is_merge).then_some(written);
                let resets = built.resets.into_iter();
                frame.resets.extend(resets.map(|path| key_of_path.iter().cloned().chain(path).collect()));
                match built.node {
                    None => {}
                    Some(node) if is_merge => merged.push(node),
                    Some(value) => drop(members.insert(name, Member { key, value })),
                }
            }
        }
        Ok(None)
    }
}

/// Applies the tags of Compose.
fn finish(node: Node, mut resets: Vec<KeyPath>, size: usize, tag: Option<&str>) -> Built {
    match tag {
        Some(RESET) => Built { node: None, resets: vec![vec![]], size: 1 },
        Some(OVERRIDE) => {
            resets.push(vec![]);
            Built { node: Some(node), resets, size }
        }
        _ => Built { node: Some(node), resets, size },
    }
}

/// Adds the members of a merged mapping, or of each mapping of a list, that are not there yet.
fn merge_key(members: &mut Map, node: &Node) -> Result<(), Failure> {
    for item in node.as_list().unwrap_or(std::slice::from_ref(node)) {
        let Some(map) = item.as_map() else {
            let message =
                format!("`<<` merges a mapping or a list of mappings, but this is {}", item.describe());
            return Err(Box::new(Diagnostic::error(Code::YAML_MERGE_KEY, message).at(item.span, "")));
        };
        for (key, member) in map {
            members.entry(Arc::clone(key)).or_insert_with(|| member.clone());
        }
    }
    Ok(())
}

fn full_tag(tag: &Tag) -> String {
    format!("{}{}", tag.handle(), tag.suffix())
}

fn scalar_kind(text: &str, style: ScalarStyle, tag: Option<&str>) -> Result<NodeKind, String> {
    let string = || NodeKind::Text(MarkedStr::verbatim(text));
    let Some(tag) = tag else {
        return Ok(if style == ScalarStyle::Plain { scalar::resolve(text) } else { string() });
    };
    let Some(core) = tag.strip_prefix(CORE) else { return Ok(string()) };
    let kind = match (core, scalar::resolve(text)) {
        ("binary", _) => {
            // Go skips line ends, and no other space.
            let compact = text.replace(['\r', '\n'], "");
            let bytes = BASE64.decode(compact).map_err(|_| "`!!binary` needs Base64".to_owned())?;
            let text =
                String::from_utf8(bytes).map_err(|_| "`!!binary` does not hold UTF-8 text".to_owned())?;
            NodeKind::Text(MarkedStr::verbatim(text))
        }
        ("float", NodeKind::Int(value, _)) => NodeKind::float(value as f64, text),
        ("float", kind @ NodeKind::Float(..))
        | ("int", kind @ NodeKind::Int(..))
        | ("bool", kind @ NodeKind::Bool(_))
        | ("null", kind @ NodeKind::Null)
        | ("timestamp", kind @ NodeKind::Time(_)) => kind,
        ("float", _) => return Err(format!("`{text}` is not a number")),
        ("int", _) => return Err(format!("`{text}` is not a whole number")),
        ("bool", _) => return Err(format!("`{text}` is neither `true` nor `false`")),
        ("null", _) => return Err(format!("`{text}` is not null")),
        ("timestamp", _) => return Err(format!("`{text}` is not a date")),
        _ => string(),
    };
    Ok(kind)
}
