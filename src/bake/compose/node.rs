//! The tree of values that a YAML document becomes, each with its place.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use crate::bake::values::{MarkedStr, Marks, Name, Scalar};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure};
use crate::source::Span;

/// Members of a mapping. Their order means nothing to Compose.
pub(super) type Map = BTreeMap<Name, Member>;

/// A value and where it is written.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) span: Span,
}

/// A value in a mapping, with the place of its key.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) key: Span,
    pub(super) value: Node,
}

/// Lists and mappings are shared until they are changed, so that aliases cost nothing.
#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    Null,
    Bool(bool),
    /// A whole number, with the marks of how it is written.
    Int(i128, Marks),
    /// Any other number, with the marks of how it is written.
    Float(f64, Marks),
    /// A date or time.
    Time(Time),
    Text(MarkedStr),
    List(Arc<Vec<Node>>),
    Map(Arc<Map>),
}

/// A date or time, and how it is written.
#[derive(Clone, Debug)]
pub(super) struct Time {
    pub(super) written: Name,
    /// As Go prints it.
    pub(super) printed: Name,
}

impl Time {
    /// A text that stands for it.
    pub(super) fn shown(&self, text: Name) -> MarkedStr {
        let marks = Marks::of_printed(Scalar::Date, &self.written, &text);
        MarkedStr::verbatim(text).marked(&marks)
    }
}

impl NodeKind {
    /// A whole number that is written like this.
    pub(super) fn int(value: i128, written: &str) -> Self {
        Self::Int(value, Marks::of_printed(Scalar::Number, written, &value.to_string()))
    }

    /// Any other number that is written like this.
    pub(super) fn float(value: f64, written: &str) -> Self {
        Self::Float(value, Marks::of_printed(Scalar::Number, written, &print_float(value)))
    }
}

impl Node {
    pub(super) fn new(kind: NodeKind, span: Span) -> Self {
        Self { kind, span }
    }

    pub(super) fn list(items: Vec<Self>, span: Span) -> Self {
        Self::new(NodeKind::List(Arc::new(items)), span)
    }

    pub(super) fn map(members: Map, span: Span) -> Self {
        Self::new(NodeKind::Map(Arc::new(members)), span)
    }

    /// Text that stands for this node, with its place.
    pub(super) fn text(&self, text: MarkedStr) -> Self {
        Self::new(NodeKind::Text(text), self.span)
    }

    /// Text without a place of its own.
    pub(super) fn literal(&self, text: &str) -> Self {
        self.text(MarkedStr::verbatim(text))
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.kind, NodeKind::Null)
    }

    pub(super) fn as_map(&self) -> Option<&Map> {
        if let NodeKind::Map(map) = &self.kind { Some(map) } else { None }
    }

    pub(super) fn as_map_mut(&mut self) -> Option<&mut Map> {
        if let NodeKind::Map(map) = &mut self.kind { Some(Arc::make_mut(map)) } else { None }
    }

    pub(super) fn as_list(&self) -> Option<&[Self]> {
        if let NodeKind::List(list) = &self.kind { Some(list) } else { None }
    }

    pub(super) fn as_text(&self) -> Option<&MarkedStr> {
        if let NodeKind::Text(text) = &self.kind { Some(text) } else { None }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        self.as_text().map(MarkedStr::as_str)
    }

    /// A number that Go's `int` holds.
    pub(super) fn as_integer(&self) -> Option<i64> {
        if let NodeKind::Int(value, _) = self.kind { i64::try_from(value).ok() } else { None }
    }

    /// How many nodes it has, itself included.
    pub(super) fn weight(&self) -> usize {
        1 + match &self.kind {
            NodeKind::List(list) => list.iter().map(Self::weight).sum(),
            NodeKind::Map(map) => map.values().map(|member| member.value.weight()).sum(),
            _ => 0,
        }
    }

    /// The member of a mapping.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key).map(|member| &member.value)
    }

    /// The member of a mapping.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        self.as_map_mut()?.get_mut(key).map(|member| &mut member.value)
    }

    /// A scalar as Go prints it; `None` for lists and mappings. Null is `<nil>`.
    pub(super) fn printed(&self) -> Option<MarkedStr> {
        let text = match &self.kind {
            NodeKind::Null => "<nil>".to_owned(),
            NodeKind::Bool(value) => value.to_string(),
            NodeKind::Int(value, marks) => return Some(MarkedStr::verbatim(value.to_string()).marked(marks)),
            NodeKind::Float(value, marks) => {
                return Some(MarkedStr::verbatim(print_float(*value)).marked(marks));
            }
            NodeKind::Time(time) => return Some(time.shown(Arc::clone(&time.printed))),
            NodeKind::Text(text) => return Some(text.clone()),
            NodeKind::List(_) | NodeKind::Map(_) => return None,
        };
        Some(MarkedStr::verbatim(text))
    }

    /// The same for lists and mappings, too: `[a b]` and `map[k:v]`.
    pub(super) fn formatted(&self) -> MarkedStr {
        let mut text = String::new();
        let mut marks = Marks::default();
        self.format(&mut text, &mut marks);
        MarkedStr::verbatim(text).marked(&marks)
    }

    fn format(&self, text: &mut String, marks: &mut Marks) {
        match &self.kind {
            NodeKind::List(list) => {
                text.push('[');
                for (index, item) in list.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { " " });
                    item.format(text, marks);
                }
                text.push(']');
            }
            NodeKind::Map(map) => {
                text.push_str("map[");
                for (index, (key, member)) in map.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { " " });
                    text.push_str(key);
                    text.push(':');
                    member.value.format(text, marks);
                }
                text.push(']');
            }
            _ => {
                if let Some(scalar) = self.printed() {
                    text.push_str(scalar.as_str());
                    marks.merge(scalar.marks());
                }
            }
        }
    }

    /// The first number inside that is infinite or none at all.
    pub(super) fn not_finite(&self) -> Option<&Self> {
        match &self.kind {
            NodeKind::Float(value, _) if !value.is_finite() => Some(self),
            NodeKind::List(list) => list.iter().find_map(Self::not_finite),
            NodeKind::Map(map) => map.values().find_map(|member| member.value.not_finite()),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub(super) fn describe(&self) -> &'static str {
        match self.kind {
            NodeKind::Null => "null",
            NodeKind::Bool(_) => "a boolean",
            NodeKind::Int(..) | NodeKind::Float(..) => "a number",
            NodeKind::Time(_) => "a date",
            NodeKind::Text(_) => "a string",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a mapping",
        }
    }
}

/// `%v` of Go: the shortest digits that mean this number, with an exponent below 1e-4 and from 1e6.
fn print_float(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN".into()
        } else {
            format!("{}Inf", if value > 0.0 { '+' } else { '-' })
        };
    }
    let scientific = format!("{value:e}");
    let exponent = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    match (scientific.split_once('e'), exponent) {
        (Some((digits, _)), Some(exponent)) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => value.to_string(),
    }
}

/// The two halves of `KEY=VALUE`; the second is `None` without `=`.
pub(super) fn split_pair(text: &MarkedStr) -> (Name, Option<MarkedStr>) {
    match text.as_str().split_once('=') {
        Some((key, value)) => (key.into(), Some(part(text, value))),
        None => (Arc::clone(text.name()), None),
    }
}

/// A part of a text, with its marks.
pub(super) fn part(text: &MarkedStr, part: &str) -> MarkedStr {
    MarkedStr::verbatim(part).marked(text.marks())
}

pub(super) fn fail<T>(
    code: Code,
    message: impl Into<String>,
    span: impl Into<Option<Span>>,
) -> Result<T, Failure> {
    Err(Box::new(Diagnostic::error(code, message).at(span, "")))
}

pub(super) fn wrong_type<T>(path: &str, expected: &str, found: &Node) -> Result<T, Failure> {
    let message = format!("`{path}` must be {expected}, found {}", found.describe());
    fail(Code::ATTRIBUTE_TYPE, message, found.span)
}

pub(super) fn single(key: &str, value: Node) -> Node {
    let span = value.span;
    Node::map([(Name::from(key), Member { key: span, value })].into(), span)
}

/// Of `KEY` and `KEY=VALUE` with the same key, keeps the last, at the place of the first.
pub(super) fn unique(node: &mut Node, path: &str) -> Result<(), Failure> {
    unique_by(node, |item| match item.as_str() {
        Some(text) => Ok(text.split_once('=').map_or(text, |(key, _)| key).into()),
        None => wrong_type(path, "a list of strings", item),
    })
}

pub(super) fn unique_by(
    node: &mut Node,
    key: impl Fn(&Node) -> Result<Name, Failure>,
) -> Result<(), Failure> {
    let NodeKind::List(list) = &mut node.kind else { return Ok(()) };
    let mut kept: Vec<Node> = vec![];
    let mut places: BTreeMap<Name, usize> = BTreeMap::new();
    for item in list.iter() {
        match places.entry(key(item)?) {
            Entry::Occupied(place) => kept[*place.get()] = item.clone(),
            Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(item.clone());
            }
        }
    }
    // A list without duplicates stays shared with the services that have the same.
    if kept.len() < list.len() {
        *list = Arc::new(kept);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::values::Mark;
    use crate::source::Sources;

    #[test]
    fn lists_and_mappings_are_formatted_as_in_go() {
        let span = Span { source: Sources::default().add("compose.yaml", ""), start: 0, end: 0 };
        let node = |kind| Node::new(kind, span);
        let secret = MarkedStr::normalized("s").marked(&Marks::of(Mark::Secret("S".into())));
        let list = Node::list(
            vec![
                node(NodeKind::Int(1, Marks::default())),
                node(NodeKind::Null),
                node(NodeKind::Text(secret)),
            ],
            span,
        );
        let member = |value| Member { key: span, value };
        let map = Node::map(
            [("c".into(), member(list)), ("a".into(), member(node(NodeKind::Bool(true))))].into(),
            span,
        );
        let text = Node::list(vec![map, Node::list(vec![], span)], span).formatted();
        assert_eq!(text.as_str(), "[map[a:true c:[1 <nil> s]] []]");
        assert!(text.marks().secret().is_some());
    }

    #[test]
    fn floats_print_as_in_go() {
        let cases = [
            (1.0, "1"),
            (1.50, "1.5"),
            (-0.0, "-0"),
            (123456.75, "123456.75"),
            (123456789.125, "1.23456789125e+08"),
            (1e6, "1e+06"),
            (1e21, "1e+21"),
            (1.5e-7, "1.5e-07"),
            (0.0001, "0.0001"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Inf"),
        ];
        for (value, expected) in cases {
            assert_eq!(print_float(value), expected);
        }
    }
}
