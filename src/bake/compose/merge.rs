//! How Compose files merge, and the one form that what may be written in several ways is brought into (compose-go's
//! override/ and transform/).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::node::{
    Map, Member, Node, NodeKind, fail, part, single, split_pair, unique, unique_by, wrong_type,
};
use super::refusals::unread;
use super::yaml::KeyPath;
use crate::bake::values::{MarkedStr, Name};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure};
use crate::source::Span;

/// How long a merged list may be.
const MAX_LENGTH: usize = 100_000;

/// How many bytes the keys of a list may have that a merged mapping becomes.
const MAX_KEYS: usize = 10_000_000;

/// How two values at a place become one.
#[derive(Clone, Copy)]
enum Rule {
    /// Mappings by key, lists one after the other, else the later one.
    Deep,
    /// The same, where a string is short for `context`.
    Build,
    /// Mappings are lists of `KEY=VALUE`, and lists follow each other.
    Pairs,
    /// The same, without what is there already.
    Hosts,
    /// The later one, even where it is null.
    Last,
    /// A list is a mapping from its elements to nothing.
    Names,
    /// The same, to empty mappings.
    Dependencies,
    /// Mappings by key, unless they are of different drivers.
    Logging,
    /// Lists of networks. How they become one shows nowhere.
    Networks,
}

impl Rule {
    fn of(path: &[&str]) -> Self {
        match path {
            ["services", _, "build"] => Self::Build,
            ["services", _, "build", "args" | "additional_contexts" | "labels"]
            | [
                "services",
                _,
                "annotations" | "dns" | "dns_opt" | "dns_search" | "env_file" | "environment" | "label_file"
                | "labels" | "sysctls" | "tmpfs",
            ]
            | ["services", _, "deploy", "labels"]
            | ["networks" | "volumes", _, "labels"] => Self::Pairs,
            ["services", _, "extra_hosts"] | ["services", _, "build", "extra_hosts"] => Self::Hosts,
            ["services", _, "command" | "entrypoint"]
            | ["services", _, "healthcheck", "test"]
            | ["services", _, "ulimits", _] => Self::Last,
            ["services", _, "models" | "networks"] => Self::Names,
            ["services", _, "depends_on"] => Self::Dependencies,
            ["services", _, "logging"] => Self::Logging,
            ["networks", _, "ipam", "config"] => Self::Networks,
            _ => Self::Deep,
        }
    }
}

/// Merges a mapping onto another that is at the same path.
pub(super) fn merge_maps(base: &mut Map, over: Map, path: &[&str]) -> Result<(), Failure> {
    for (key, member) in over {
        let Some(own) = base.get_mut(&key) else {
            base.insert(key, member);
            continue;
        };
        let inner: Vec<&str> = path.iter().copied().chain([&*key]).collect();
        merge(&mut own.value, member.value, &inner)?;
        own.key = member.key;
    }
    Ok(())
}

/// Merges a value onto another that is at the same path.
pub(super) fn merge(base: &mut Node, over: Node, path: &[&str]) -> Result<(), Failure> {
    match Rule::of(path) {
        Rule::Deep | Rule::Logging if over.is_null() => return Ok(()),
        Rule::Deep => {}
        Rule::Last => {
            *base = over;
            return Ok(());
        }
        Rule::Names => return merge_names(base, &over, &NodeKind::Null, path),
        Rule::Dependencies => return merge_names(base, &over, &NodeKind::Map(Arc::default()), path),
        Rule::Logging => {
            let driver = |node: &Node| node.get("driver").and_then(Node::printed);
            if driver(base).is_some_and(|own| driver(&over).is_some_and(|other| own != other)) {
                *base = over;
                return Ok(());
            }
        }
        Rule::Networks => {
            if let Some(node) = [&*base, &over].into_iter().find(|node| node.as_list().is_none()) {
                return wrong_type(&path.join("."), "a list", node);
            }
            *base = over;
            return Ok(());
        }
        Rule::Build => {
            expand_build(base);
            let mut over = over;
            expand_build(&mut over);
            // compose-go takes anything else for no build at all (override/merge.go).
            return if over.as_map().is_none() { Ok(()) } else { merge_deep(base, over, path) };
        }
        Rule::Pairs => {
            let mut pairs = pairs(base)?;
            pairs.extend(self::pairs(&over)?);
            check_length(pairs.len(), &over)?;
            *base = Node::list(pairs, if over.is_null() { base.span } else { over.span });
            return Ok(());
        }
        Rule::Hosts => {
            let mut hosts = pairs(base)?;
            let known: BTreeSet<Name> =
                hosts.iter().filter_map(Node::printed).map(|text| Arc::clone(text.name())).collect();
            let more = pairs(&over)?.into_iter();
            hosts.extend(more.filter(|host| !host.printed().is_some_and(|text| known.contains(text.name()))));
            check_length(hosts.len(), &over)?;
            *base = Node::list(hosts, over.span);
            return Ok(());
        }
    }
    merge_deep(base, over, path)
}

/// Merges lists of names, or mappings by name. Anything else counts as empty.
fn merge_names(base: &mut Node, over: &Node, value: &NodeKind, path: &[&str]) -> Result<(), Failure> {
    let names = |node: &Node| match &node.kind {
        NodeKind::Map(_) => node.clone(),
        NodeKind::List(list) => {
            let named = |item: &Node| {
                let value = Node::new(value.clone(), item.span);
                Some((Arc::clone(item.as_text()?.name()), Member { key: item.span, value }))
            };
            Node::map(list.iter().filter_map(named).collect(), node.span)
        }
        _ => Node::map(Map::new(), node.span),
    };
    *base = names(base);
    merge_deep(base, names(over), path)
}

fn merge_deep(base: &mut Node, over: Node, path: &[&str]) -> Result<(), Failure> {
    match (&mut base.kind, &over.kind) {
        (NodeKind::Map(own), NodeKind::Map(other)) => {
            let other = Map::clone(other);
            return merge_maps(Arc::make_mut(own), other, path);
        }
        (NodeKind::List(own), NodeKind::List(other)) => {
            check_length(own.len() + other.len(), &over)?;
            Arc::make_mut(own).extend_from_slice(other);
            return Ok(());
        }
        (NodeKind::Map(_) | NodeKind::List(_), _) => {
            let message = format!(
                "`{}` is {}, which {} cannot override",
                path.join("."),
                base.describe(),
                over.describe()
            );
            return Err(Box::new(
                Diagnostic::error(Code::COMPOSE_MERGE, message)
                    .at(over.span, "this")
                    .at(base.span, "merges onto this")
                    .with_help("write both in the same form, or tag the later one `!override`"),
            ));
        }
        _ => {}
    }
    *base = over;
    Ok(())
}

/// Files that include each other crosswise would let lists grow without end.
fn check_length(length: usize, over: &Node) -> Result<(), Failure> {
    if length <= MAX_LENGTH {
        return Ok(());
    }
    fail(Code::COMPOSE_MERGE, format!("the merged list has more than {MAX_LENGTH} elements"), over.span)
}

/// The elements of a list; a mapping as `KEY=VALUE`, with a pair for each element of a list; a string alone.
fn pairs(node: &Node) -> Result<Vec<Node>, Failure> {
    let pair = |key: &str, value: &Node| {
        let text = value.formatted();
        value.text(part(&text, &format!("{key}={}", text.as_str())))
    };
    let mut list = match &node.kind {
        NodeKind::List(list) => return Ok(list.to_vec()),
        NodeKind::Text(_) => return Ok(vec![node.clone()]),
        _ => vec![],
    };
    let mut bytes = 0;
    for (key, member) in node.as_map().into_iter().flatten() {
        let value = &member.value;
        match value.as_list() {
            Some(values) => {
                bytes += key.len() * values.len();
                if bytes > MAX_KEYS {
                    let message = format!("the keys of the merged list have more than {MAX_KEYS} bytes");
                    return fail(Code::COMPOSE_MERGE, message, value.span);
                }
                list.extend(values.iter().map(|value| pair(key, value)));
            }
            None if value.is_null() => list.push(value.literal(key)),
            None => list.push(pair(key, value)),
        }
    }
    list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Ok(list)
}

/// Removes what is at these paths.
pub(super) fn reset(map: &mut Map, paths: &[KeyPath]) {
    for path in paths {
        let path: Vec<&str> = path.iter().map(|key| &**key).collect();
        remove(map, &path);
    }
}

/// Removes what is at these paths from one service or secret of this name.
pub(super) fn reset_member(section: &str, name: &str, node: &mut Node, paths: &[KeyPath]) {
    for path in paths {
        if let [first, second, rest @ ..] = path.as_slice()
            && &**first == section
            && &**second == name
            && let Some(map) = node.as_map_mut()
        {
            remove(map, &rest.iter().map(|key| &**key).collect::<Vec<_>>());
        }
    }
}

fn remove(map: &mut Map, path: &[&str]) {
    match path {
        [] => {}
        [last] => drop(map.remove(*last)),
        [first, rest @ ..] => {
            if let Some(inner) = map.get_mut(*first).and_then(|member| member.value.as_map_mut()) {
                remove(inner, rest);
            }
        }
    }
}

/// Brings all services and secrets into the one form, and checks what Bake does not read.
pub(super) fn canonical(model: &mut Map) -> Result<(), Failure> {
    if let Some(services) = model.get_mut("services").and_then(|member| member.value.as_map_mut()) {
        for (name, member) in services.iter_mut() {
            let path = format!("services.{name}");
            if let Some(service) = member.value.as_map_mut() {
                canonical_service(service, &path)?;
            }
        }
    }
    if let Some(secrets) = model.get("secrets").and_then(|member| member.value.as_map()) {
        for (name, member) in secrets.iter().filter(|(_, member)| !member.value.is_null()) {
            if member.value.as_map().is_none() {
                return wrong_type(&format!("secrets.{name}"), "a mapping", &member.value);
            }
        }
    }
    unread::canonical(model)
}

fn canonical_service(service: &mut Map, path: &str) -> Result<(), Failure> {
    if let Some(member) = service.get_mut("environment") {
        unique(&mut member.value, &format!("{path}.environment"))?;
    }
    if let Some(member) = service.get_mut("env_file") {
        env_files(&mut member.value, &format!("{path}.env_file"))?;
    }
    let Some(build) = service.get_mut("build").map(|member| &mut member.value) else { return Ok(()) };
    expand_build(build);
    if build.as_map().is_none() {
        return wrong_type(&format!("{path}.build"), "a string or a mapping", build);
    }
    for (key, member) in build.as_map_mut().into_iter().flatten() {
        let path = format!("{path}.build.{key}");
        let value = &mut member.value;
        match &**key {
            "args" | "labels" | "tags" => unique(value, &path)?,
            "additional_contexts" => {
                unique(value, &path)?;
                mapping(value, &path, |text, span| match split_pair(text) {
                    (key, Some(value)) => Ok((key, NodeKind::Text(value))),
                    (key, None) => fail(
                        Code::ATTRIBUTE_VALUE,
                        format!("`{path}`: `{key}` has no value; write `NAME=CONTEXT`"),
                        span,
                    ),
                })?;
            }
            "ssh" => mapping(value, &path, |text, span| match split_pair(text) {
                (key, Some(value)) => Ok((key, NodeKind::Text(value))),
                (key, None) if &*key == "default" => Ok((key, NodeKind::Null)),
                (key, None) => {
                    fail(Code::ATTRIBUTE_VALUE, format!("`{path}`: `{key}` needs a path: `{key}=PATH`"), span)
                }
            })?,
            "secrets" => {
                for item in list_mut(value) {
                    if item.as_text().is_some() {
                        *item = single("source", item.clone());
                    } else if item.as_map().is_none() {
                        return wrong_type(&path, "a list of strings or mappings", item);
                    }
                }
            }
            "provenance" | "sbom" => *value = value.text(value.formatted()),
            "ulimits" => {
                for (name, limit) in value.as_map().into_iter().flatten() {
                    if limit.value.as_integer().is_none() && limit.value.as_map().is_none() {
                        let expected = "an integer below 2^63 or a mapping of `soft` and `hard`";
                        return wrong_type(&format!("{path}.{name}"), expected, &limit.value);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// `build: CONTEXT` as a mapping.
fn expand_build(build: &mut Node) {
    if build.as_text().is_some() {
        *build = single("context", build.clone());
    }
}

fn list_mut(node: &mut Node) -> &mut [Node] {
    if let NodeKind::List(list) = &mut node.kind { Arc::make_mut(list).as_mut_slice() } else { &mut [] }
}

/// Makes a mapping of a list of strings.
fn mapping(
    node: &mut Node,
    path: &str,
    entry: impl Fn(&MarkedStr, Span) -> Result<(Name, NodeKind), Failure>,
) -> Result<(), Failure> {
    if node.as_map().is_some() {
        return Ok(());
    }
    let Some(list) = node.as_list() else { return wrong_type(path, "a list or a mapping", node) };
    let mut map = Map::new();
    for item in list {
        let Some(text) = item.as_text() else { return wrong_type(path, "a list of strings", item) };
        let (key, kind) = entry(text, item.span)?;
        map.insert(key, Member { key: item.span, value: Node::new(kind, item.span) });
    }
    *node = Node::map(map, node.span);
    Ok(())
}

/// `env_file` as a list of mappings.
fn env_files(node: &mut Node, path: &str) -> Result<(), Failure> {
    if node.as_text().is_some() {
        *node = Node::list(vec![node.clone()], node.span);
    }
    if node.as_list().is_none() {
        return wrong_type(path, "a string or a list", node);
    }
    for item in list_mut(node) {
        if item.as_text().is_some() {
            *item = single("path", item.clone());
        }
    }
    unique_by(node, |item| match item.get("path").and_then(Node::as_str) {
        Some(file) => Ok(file.into()),
        None => {
            fail(Code::ATTRIBUTE_VALUE, format!("`{path}`: an element needs a `path`, a string"), item.span)
        }
    })
}
