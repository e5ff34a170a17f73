//! A YAML file as a plain tree, for those who read other files than those of Compose.

use super::node::{Node, NodeKind};
use super::yaml;
use crate::diagnostic::Failure;
use crate::source::{SourceId, Sources, Span};

/// A value and where it is written.
#[derive(Clone, Debug)]
pub(crate) struct Yaml {
    /// What it is.
    pub kind: YamlKind,
    /// Where it is; of a block scalar, with its header.
    pub span: Span,
}

/// What a [`Yaml`] is.
#[derive(Clone, Debug)]
pub(crate) enum YamlKind {
    /// Nothing, or `null`.
    Null,
    /// Any other scalar: a bool as it is written, and a number as CI writes it again.
    Text(String),
    /// A list.
    List(Vec<Yaml>),
    /// A mapping, in the order in which its keys are written; those of a merge key are last.
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// The text of a scalar.
    #[must_use]
    pub(crate) fn as_text(&self) -> Option<&str> {
        if let YamlKind::Text(text) = &self.kind { Some(text) } else { None }
    }

    /// The items of a list.
    #[must_use]
    pub(crate) fn items(&self) -> &[Self] {
        if let YamlKind::List(items) = &self.kind { items } else { &[] }
    }

    /// The members of a mapping.
    #[must_use]
    pub(crate) fn members(&self) -> &[(String, Self)] {
        if let YamlKind::Map(members) = &self.kind { members } else { &[] }
    }

    /// A member of a mapping.
    #[must_use]
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

/// The documents of a file, within the limits that hold for Compose files.
///
/// # Errors
/// What is wrong with the file, or too large in it.
pub(crate) fn documents(sources: &Sources, source: SourceId) -> Result<Vec<Yaml>, Failure> {
    let documents = yaml::documents(sources, source)?;
    Ok(documents.iter().map(|document| plain(&document.root, sources)).collect())
}

/// A number as CI writes it again: `3.10` is `3.1`.
pub(crate) fn number(written: &str) -> Option<String> {
    let of_base =
        |digits: &str, base| u64::from_str_radix(digits, base).ok().map(|number| number.to_string());
    if let Some(digits) = written.strip_prefix("0x") {
        return of_base(digits, 16);
    }
    if let Some(digits) = written.strip_prefix("0o") {
        return of_base(digits, 8);
    }
    let is_decimal = written.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c))
        && written.contains(|c: char| c.is_ascii_digit());
    let number: f64 = written.parse().ok().filter(|_| is_decimal)?;
    Some(number.to_string())
}

fn plain(node: &Node, sources: &Sources) -> Yaml {
    let kind = match &node.kind {
        NodeKind::Null => YamlKind::Null,
        NodeKind::Text(text) => YamlKind::Text(text.as_str().to_owned()),
        NodeKind::Bool(_) | NodeKind::Time(_) => YamlKind::Text(sources.text(node.span).trim().to_owned()),
        NodeKind::Int(..) | NodeKind::Float(..) => {
            let written = sources.text(node.span).trim();
            YamlKind::Text(number(written).unwrap_or_else(|| written.to_owned()))
        }
        NodeKind::List(items) => YamlKind::List(items.iter().map(|item| plain(item, sources)).collect()),
        NodeKind::Map(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(_, member)| member.key.start);
            let plain = |member| plain(member, sources);
            YamlKind::Map(
                members.into_iter().map(|(key, member)| (key.to_string(), plain(&member.value))).collect(),
            )
        }
    };
    Yaml { kind, span: node.span }
}
