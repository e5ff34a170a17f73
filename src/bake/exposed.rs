//! What an expression sees of a block: `target.NAME.ATTRIBUTE` and `group.NAME.ATTRIBUTE`.
//!
//! It is the block's own attribute, before inheritance and overrides, in the types that buildx's Go structs give it
//! (`util/buildflags/*_cty.go`, `bake/hclparser/type_implied_ext.go`).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::decode;
use super::number::Number;
use super::syntax::{Attribute, Name};
use super::target::{Entry, Target, Text};
use super::value::{ObjectType, Type, Value};
use crate::diagnostic::Diagnostic;

/// The attributes that a block of this kind has, `name` included.
pub(super) fn attributes(kind: &str) -> Vec<&'static str> {
    let own = if kind == "group" { decode::GROUP_ATTRIBUTES } else { decode::TARGET_ATTRIBUTES };
    std::iter::once("name").chain(own.iter().copied()).collect()
}

/// The value of an attribute that is not set; `None` for one that does not exist.
pub(super) fn unset(kind: &str, attribute: &str) -> Option<Value> {
    attributes(kind).contains(&attribute).then(|| of(&Target::default(), attribute))
}

/// The value of an attribute that is set to `value`; `None` for one that does not exist.
///
/// # Errors
/// When the value does not fit the attribute.
pub(super) fn value(kind: &str, attribute: &Attribute, value: Value) -> Result<Option<Value>, Diagnostic> {
    let name = &attribute.name.name;
    if !attributes(kind).contains(&&**name) {
        return Ok(None);
    }
    let mut diagnostics = Vec::new();
    let set = [(attribute.name.clone(), value, &attribute.value)];
    let value = if kind == "group" {
        let mut set = set.to_vec();
        if &**name != "targets" {
            // Only one attribute is asked for; that the group is complete is checked elsewhere.
            let targets = super::syntax::Ident { name: "targets".into(), span: attribute.name.span };
            set.push((targets, Value::tuple(Vec::new()), &attribute.value));
        }
        let group = decode::group(name, attribute.name.span, &set, &mut diagnostics);
        match &**name {
            "targets" => strings(group.members()),
            _ => Value::string(group.description.as_ref().map_or("", Text::as_str)),
        }
    } else {
        of(&decode::target(name, attribute.name.span, &set, &mut diagnostics), name)
    };
    if diagnostics.is_empty() { Ok(Some(value)) } else { Err(diagnostics.swap_remove(0)) }
}

fn of(target: &Target, attribute: &str) -> Value {
    match attribute {
        "name" => Value::String((&target.name).into()),
        "description" => Value::string(target.description.as_ref().map_or("", Text::as_str)),
        "context" => string(target.context.as_ref()),
        "dockerfile" => string(target.dockerfile.as_ref()),
        "dockerfile-inline" => string(target.dockerfile_inline.as_ref()),
        "target" => string(target.target.as_ref()),
        "network" => string(target.network.as_ref()),
        "shm-size" => string(target.shm_size.as_ref()),
        "call" => string(target.call.as_ref()),
        "inherits" => list_or_null(&target.inherits),
        "annotations" => list_or_null(&target.annotations),
        "no-cache-filter" => list_or_null(&target.no_cache_filter),
        "ulimits" => list_or_null(&target.ulimits),
        "entitlements" => list_or_null(&target.entitlements),
        "tags" | "targets" => target.tags.as_deref().map_or_else(|| Value::Null(Type::list(Type::String)), strings),
        "platforms" => target.platforms.as_deref().map_or_else(|| Value::Null(Type::list(Type::String)), strings),
        "args" => map(&target.args),
        "labels" => map(&target.labels),
        "contexts" => map(&target.contexts),
        "extra-hosts" => map(&target.extra_hosts),
        "pull" => bool_of(target.pull),
        "no-cache" => bool_of(target.no_cache),
        "attest" => entries(&target.attest, false),
        "cache-from" => entries(&target.cache_from, false),
        "cache-to" => entries(target.cache_to.as_deref().unwrap_or_default(), false),
        "output" => entries(target.output.as_deref().unwrap_or_default(), true),
        "secret" => secrets(target),
        "ssh" => ssh(target),
        "resources" => resources(target),
        _ => Value::Null(Type::Dynamic),
    }
}

fn string(text: Option<&Text>) -> Value {
    text.map_or(Value::Null(Type::String), |text| Value::String(text.value.clone()))
}

fn bool_of(value: Option<bool>) -> Value {
    value.map_or(Value::Null(Type::Bool), Value::Bool)
}

fn strings(texts: &[Text]) -> Value {
    Value::list(Type::String, texts.iter().map(|text| Value::String(text.value.clone())).collect())
}

fn list_or_null(texts: &[Text]) -> Value {
    if texts.is_empty() { Value::Null(Type::list(Type::String)) } else { strings(texts) }
}

fn map(texts: &BTreeMap<Name, Text>) -> Value {
    if texts.is_empty() {
        return Value::Null(Type::map(Type::String));
    }
    let members = texts.iter().map(|(key, text)| (Rc::clone(key), Value::String(text.value.clone()))).collect();
    Value::map(Type::String, members)
}

/// A list of maps of strings; an output always has a `dest`.
fn entries(entries: &[Entry], output: bool) -> Value {
    let items = entries.iter().map(|entry| {
        let mut members: BTreeMap<Name, Value> =
            entry.fields.iter().map(|(key, text)| (Rc::clone(key), Value::String(text.value.clone()))).collect();
        if output {
            members.entry("dest".into()).or_insert_with(|| Value::string(""));
        }
        Value::map(Type::String, members)
    });
    Value::list(Type::map(Type::String), items.collect())
}

fn object_type(attributes: &[(&str, Type)]) -> Type {
    let attributes = attributes.iter().map(|(name, ty)| (Name::from(*name), ty.clone())).collect();
    Type::Object(Rc::new(ObjectType { attributes, optional: BTreeSet::new() }))
}

fn object(members: Vec<(&str, Value)>) -> Value {
    Value::object(members.into_iter().map(|(name, value)| (Name::from(name), value)).collect())
}

fn secrets(target: &Target) -> Value {
    let text = |text: Option<&Text>| text.map_or_else(|| Value::string(""), |text| Value::String(text.value.clone()));
    let items = target.secret.iter().map(|secret| {
        object(vec![
            ("id", text(Some(&secret.id))),
            ("src", text(secret.src.as_ref())),
            ("env", text(secret.env.as_ref())),
        ])
    });
    let ty = object_type(&[("id", Type::String), ("src", Type::String), ("env", Type::String)]);
    Value::list(ty, items.collect())
}

fn ssh(target: &Target) -> Value {
    let items = target
        .ssh
        .iter()
        .map(|ssh| object(vec![("id", Value::String(ssh.id.value.clone())), ("paths", strings(&ssh.paths))]));
    Value::list(object_type(&[("id", Type::String), ("paths", Type::list(Type::String))]), items.collect())
}

fn resources(target: &Target) -> Value {
    let Some(resources) = &target.resources else { return Value::Null(Type::Dynamic) };
    let number = |value: Option<i64>| value.map_or(Value::Null(Type::Number), |n| Value::Number(Number::from(n)));
    object(vec![
        ("memory", string(resources.memory.as_ref())),
        ("memory-swap", string(resources.memory_swap.as_ref())),
        ("cpu-shares", number(resources.cpu_shares)),
        ("cpu-period", number(resources.cpu_period)),
        ("cpu-quota", number(resources.cpu_quota)),
        ("cpuset-cpus", string(resources.cpuset_cpus.as_ref())),
        ("cpuset-mems", string(resources.cpuset_mems.as_ref())),
    ])
}
