//! `x-bake`, Bake's own key in `build` (`composeExtTarget` in buildx's bake/compose.go).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decoder::Decoder;
use super::node::{Node, NodeKind};
use crate::bake::target::context::{link_of, link_to};
use crate::bake::target::flags::{self, FlagError};
use crate::bake::target::{Entry, Target, Text, last_by, remove_duplicates};
use crate::bake::values::Name;

/// Adds what the extension says to a target.
pub(super) fn apply(decoder: &mut Decoder<'_>, target: &mut Target, node: &Node, path: &str) {
    let Some(map) = node.as_map() else {
        return decoder.wrong(node, path, "a mapping");
    };
    for (key, member) in map {
        let path = &format!("{path}.{key}");
        let value = &member.value;
        match &**key {
            "tags" => append(&mut target.tags, words(decoder, value, path)),
            "platforms" => append(&mut target.platforms, words(decoder, value, path)),
            "no-cache-filter" => {
                target.no_cache_filter.extend(words(decoder, value, path));
            }
            "cache-from" => {
                target.cache_from.extend(each(decoder, value, path, caches).into_iter().flatten());
                remove_duplicates(&mut target.cache_from);
            }
            "cache-to" => {
                let found: Vec<_> = each(decoder, value, path, caches).into_iter().flatten().collect();
                if !found.is_empty() {
                    let list = target.cache_to.get_or_insert_default();
                    list.extend(found);
                    remove_duplicates(list);
                }
            }
            "output" => {
                let found = each(decoder, value, path, flags::output);
                if !found.is_empty() {
                    let list = target.output.get_or_insert_default();
                    list.extend(found);
                    remove_duplicates(list);
                }
            }
            "secret" => target.secret.extend(each(decoder, value, path, flags::secret)),
            "ssh" => {
                target.ssh.extend(each(decoder, value, path, |text| Ok(flags::ssh(text))));
                last_by(&mut target.ssh, |ssh| Some(&mut ssh.id));
                target.ssh.sort_by(|a, b| a.id.as_str().cmp(b.id.as_str()));
            }
            "pull" => target.pull = boolean(decoder, value, path).or(target.pull),
            "no-cache" => target.no_cache = boolean(decoder, value, path).or(target.no_cache),
            "contexts" => {
                let own = std::mem::take(&mut target.contexts);
                target.contexts = contexts(decoder, value, path).into_iter().chain(own).collect();
            }
            _ => {}
        }
    }
}

fn append(list: &mut Option<Vec<Text>>, more: Vec<Text>) {
    if !more.is_empty() {
        let list = list.get_or_insert_default();
        for text in more {
            if !list.contains(&text) {
                list.push(text);
            }
        }
    }
}

/// A scalar as a string, after Go's YAML library has written and read it once more (`composeExtTarget`).
fn text(node: &Node) -> Option<Text> {
    let span = Some(node.span);
    match &node.kind {
        NodeKind::Null => Some(Text { span, ..Text::verbatim("") }),
        NodeKind::Time(time) => Some(Text { value: time.shown(rfc3339(&time.printed).into()), span }),
        _ => Some(Text { value: node.printed()?, span }),
    }
}

/// `2024-01-02 03:04:05 +0200 +0200` as `2024-01-02T03:04:05+02:00`.
fn rfc3339(time: &str) -> String {
    let mut parts = time.split(' ');
    let mut next = || parts.next().unwrap_or_default();
    let (date, clock, zone) = (next(), next(), next());
    match zone.split_at_checked(3) {
        Some((hours, minutes)) if zone != "+0000" => format!("{date}T{clock}{hours}:{minutes}"),
        _ => format!("{date}T{clock}Z"),
    }
}

/// A list, or a string of words.
fn words(decoder: &mut Decoder<'_>, node: &Node, path: &str) -> Vec<Text> {
    match (&node.kind, text(node)) {
        (NodeKind::List(list), _) => {
            let mut texts = vec![];
            for item in list.iter() {
                match text(item) {
                    Some(text) => texts.push(text),
                    None => decoder.wrong(item, path, "a list of strings"),
                }
            }
            texts
        }
        (_, Some(text)) => text.as_str().split_whitespace().map(|word| text.derive(word)).collect(),
        _ => {
            decoder.wrong(node, path, "a string or a list of strings");
            vec![]
        }
    }
}

fn each<T>(
    decoder: &mut Decoder<'_>,
    node: &Node,
    path: &str,
    parse: impl Fn(&Text) -> Result<T, FlagError>,
) -> Vec<T> {
    let texts = words(decoder, node, path);
    let texts = texts.iter().filter(|text| !text.is_empty());
    texts.filter_map(|text| decoder.accept(parse(text), text, path)).collect()
}

/// Of strings, only the booleans of YAML 1.1 that YAML 1.2 does not have count: that is how Go's library reads them.
fn boolean(decoder: &mut Decoder<'_>, node: &Node, path: &str) -> Option<bool> {
    match (&node.kind, node.as_str()) {
        (NodeKind::Bool(value), _) => Some(*value),
        (NodeKind::Null, _) => None,
        (_, Some("y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON")) => Some(true),
        (_, Some("n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF")) => Some(false),
        _ => {
            decoder.wrong(node, path, "`true` or `false`, not in quotes");
            None
        }
    }
}

fn contexts(decoder: &mut Decoder<'_>, node: &Node, path: &str) -> BTreeMap<Name, Text> {
    let mut contexts = BTreeMap::new();
    if node.is_null() {
        return contexts;
    }
    let Some(map) = node.as_map() else {
        decoder.wrong(node, path, "a mapping");
        return contexts;
    };
    for (name, member) in map {
        let value = &member.value;
        match text(value) {
            Some(text) => drop(contexts.insert(Arc::clone(name), link(text))),
            None => decoder.wrong(value, path, "a mapping of strings"),
        }
    }
    contexts
}

/// The caches that a string stands for; none if it is empty.
pub(super) fn caches(text: &Text) -> Result<Vec<Entry>, FlagError> {
    if text.is_empty() { Ok(vec![]) } else { flags::caches(text) }
}

/// A context that is another service is a link to its target.
pub(super) fn link(context: Text) -> Text {
    let service = context.as_str().strip_prefix("service:").or_else(|| link_of(&context));
    match service {
        Some(service) => context.derive(&link_to(&target_name(service))),
        None => context,
    }
}

/// A service's name as the name of a target.
pub(super) fn target_name(service: &str) -> Name {
    service.replace('.', "_").into()
}
