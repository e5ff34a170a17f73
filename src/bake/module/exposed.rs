//! What other expressions see of a block: the values of `target.NAME.ATTRIBUTE` and `group.NAME.ATTRIBUTE`.
//!
//! They are the block's own attributes, converted to Bake's types and back (`ToCtyValue` of buildx's
//! util/buildflags): an output written as a string is seen as a map, an attribute that is not set as null or empty.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bake::target::attributes::{
    AttributeKind, GroupAttribute, GroupAttributeKind, LIMITS, Limit, LimitKind, TargetAttribute, names_of,
};
use crate::bake::target::{Entry, Group, Policy, Resources, Secret, Ssh, Target, Text, decode};
use crate::bake::text::syntax;
use crate::bake::values::convert::convert;
use crate::bake::values::{Marks, Name, Number, ObjectType, Type, Value};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// The attributes that a block of this kind (`target` or `group`) shows: those that it can set, and its `name`.
#[must_use]
pub(super) fn attributes(kind: &str) -> Vec<&'static str> {
    [names_of(kind), &["name"]].concat()
}

/// What an attribute shows that the block does not set (which `name` is not); `None` if a block of this kind has no such attribute.
#[must_use]
pub(super) fn unset(kind: &str, name: &str) -> Option<Value> {
    match kind {
        "group" => match GroupAttribute::named(name)?.kind {
            GroupAttributeKind::Description(_) => Some(Value::string("")),
            GroupAttributeKind::Members(_) => Some(Value::null(Type::list(Type::String))),
        },
        _ => of_target(&Target::default(), name),
    }
}

/// What an attribute shows that has this value; `None` if a block of this kind has no such attribute.
///
/// # Errors
/// The value does not fit the attribute.
pub(super) fn value(
    kind: &str,
    attribute: &syntax::Attribute,
    value: Value,
) -> Result<Option<Value>, Diagnostic> {
    let name = &attribute.name.name;
    let Some(unset) = unset(kind, name) else { return Ok(None) };
    let mut diagnostics = Diagnostics::default();
    let decoded = [(attribute.name.clone(), value, &attribute.value)];
    let mut target = Target::default();
    if kind == "group" {
        decode::group_attribute(&mut Group::default(), &decoded[0], &mut diagnostics);
    } else {
        target = decode::target(&Name::default(), attribute.name.span, &decoded, &mut diagnostics);
    }
    if let Some(diagnostic) = diagnostics.into_iter().next() {
        return Err(diagnostic);
    }
    let [(_, value, _)] = decoded;
    // Strings, and lists and maps of them, are only converted: nulls in a map stay, and empty is distinguished from null.
    let is_plain = !matches!(unset, Value::List(..) | Value::Null(Type::Object(_), _));
    if is_plain {
        return Ok(convert(&value, &unset.ty()).ok());
    }
    let mut lost = Marks::default();
    target.unshown_marks().iter().for_each(|one| lost.merge(&one.marks));
    Ok(of_target(&target, name).map(|value| value.marked(&lost)))
}

/// What a target's attribute shows that is unset, or that has a form of its own in Bake.
fn of_target(target: &Target, name: &str) -> Option<Value> {
    let map = || Type::map(Type::String);
    Some(match &TargetAttribute::named(name)?.kind {
        AttributeKind::Text(_) | AttributeKind::Context(_) => Value::null(Type::String),
        AttributeKind::Description(_) => Value::string(""),
        AttributeKind::List(_)
        | AttributeKind::Texts(_)
        | AttributeKind::Inherits(_)
        | AttributeKind::Annotations(_) => Value::null(Type::list(Type::String)),
        AttributeKind::Map(_) | AttributeKind::Args(_) | AttributeKind::Contexts(_) => Value::null(map()),
        AttributeKind::Flag(_) => Value::null(Type::Bool),
        AttributeKind::Attestations(at) | AttributeKind::CachesFrom(at) => {
            list(map(), (at.get)(target), |item| entry(item, &[]))
        }
        AttributeKind::CachesTo(at) => {
            list(map(), (at.get)(target).as_deref().unwrap_or_default(), |item| entry(item, &[]))
        }
        AttributeKind::Outputs(at) => {
            list(map(), (at.get)(target).as_deref().unwrap_or_default(), |item| entry(item, &["dest"]))
        }
        AttributeKind::Policies(at) => list(map(), (at.get)(target), policy),
        AttributeKind::Limits(at) => {
            (at.get)(target).as_deref().map_or_else(|| Value::null(resources_type()), resources)
        }
        AttributeKind::Secrets(at) => list(secret_type(), (at.get)(target), secret),
        AttributeKind::Ssh(at) => list(ssh_type(), (at.get)(target), ssh),
    })
}

fn string(text: &Text) -> Value {
    Value::String(text.value.clone())
}

fn text(text: Option<&Text>) -> Value {
    text.map_or(Value::null(Type::String), string)
}

fn plain_text(text: Option<&Text>) -> Value {
    text.map_or_else(|| Value::string(""), string)
}

fn text_map<'a>(members: impl IntoIterator<Item = (&'a Name, &'a Text)>) -> Value {
    let members = members.into_iter().map(|(key, value)| (Arc::clone(key), string(value)));
    Value::map(Type::String, members.collect())
}

fn list<T>(element: Type, items: &[T], value: impl Fn(&T) -> Value) -> Value {
    Value::list(element, items.iter().map(value).collect())
}

/// The fields, with those of `always` empty when they are absent.
fn entry(entry: &Entry, always: &[&str]) -> Value {
    let absent = Text::verbatim("");
    let mut fields: BTreeMap<Name, &Text> = always.iter().map(|key| ((*key).into(), &absent)).collect();
    fields.extend(entry.fields.iter().map(|(key, text)| (Arc::clone(key), text)));
    text_map(fields.iter().map(|(key, text)| (key, *text)))
}

fn object_type(members: &[(&str, Type)]) -> Type {
    let attributes = members.iter().map(|(name, ty)| (Name::from(*name), ty.clone())).collect();
    Type::Object(Arc::new(ObjectType { attributes, optional: BTreeSet::new() }))
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn secret_type() -> Type {
    object_type(&[("id", Type::String), ("src", Type::String), ("env", Type::String)])
}

fn secret(Secret { id, src, env, span: _ }: &Secret) -> Value {
    object([("id", string(id)), ("src", plain_text(src.as_ref())), ("env", plain_text(env.as_ref()))])
}

fn ssh_type() -> Type {
    object_type(&[("id", Type::String), ("paths", Type::list(Type::String))])
}

fn ssh(Ssh { id, paths, span: _ }: &Ssh) -> Value {
    object([("id", string(id)), ("paths", list(Type::String, paths, string))])
}

fn resources_type() -> Type {
    resources(&Resources::default()).ty()
}

fn resources(resources: &Resources) -> Value {
    let limit = |Limit { name, kind, form: _ }: &Limit| {
        let value = match kind {
            LimitKind::Text(at) => text((at.get)(resources).as_ref()),
            LimitKind::Whole(at) => {
                let number = (at.get)(resources).as_ref();
                number.map_or(Value::null(Type::Number), |number| {
                    Value::from(Number::from(number.value)).marked_itself(number.text.value.marks())
                })
            }
        };
        (Name::from(*name), value)
    };
    Value::object(LIMITS.iter().map(limit).collect())
}

/// Only the first file is shown.
fn policy(Policy { files, reset, disabled, strict, log_level, span: _ }: &Policy) -> Value {
    let mut fields = Entry::default();
    if let Some(file) = files.first() {
        fields.set("filename", file.clone());
    }
    for (key, set) in [("reset", reset), ("disabled", disabled)] {
        if *set {
            fields.set(key, "true");
        }
    }
    if let Some(strict) = strict {
        fields.set("strict", if *strict { "true" } else { "false" });
    }
    if let Some(level) = log_level {
        fields.set("log-level", *level);
    }
    entry(&fields, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::text::syntax::{Expr, ExprKind, Ident};
    use crate::source::{Sources, Span};

    fn show(kind: &str, name: &str, given: &Value) -> Result<Option<Value>, Diagnostic> {
        let span = Span { source: Sources::default().add("f", ""), start: 0, end: 0 };
        let expr = Expr { kind: ExprKind::Null, span };
        value(
            kind,
            &syntax::Attribute { name: Ident { name: name.into(), span }, value: expr },
            given.clone(),
        )
    }

    fn map_of<const N: usize>(members: [(&str, &str); N]) -> Value {
        let members = members.into_iter().map(|(key, value)| (key.into(), Value::string(value)));
        Value::map(Type::String, members.collect())
    }

    #[test]
    fn attributes_show_in_the_types_of_bake() {
        let list = |items: &[&str]| Value::tuple(items.iter().map(|item| Value::string(*item)).collect());
        let map_list = |maps: Vec<Value>| Value::list(Type::map(Type::String), maps);
        let cases = [
            ("tags", list(&["a"]), Value::list(Type::String, vec![Value::string("a")])),
            ("tags", Value::null(Type::Dynamic), Value::null(Type::list(Type::String))),
            ("output", list(&["out"]), map_list(vec![map_of([("dest", "out"), ("type", "local")])])),
            ("output", list(&["type=image"]), map_list(vec![map_of([("dest", ""), ("type", "image")])])),
            ("output", list(&[]), map_list(vec![])),
            ("policy", list(&["strict=0"]), map_list(vec![map_of([("strict", "false")])])),
            ("args", Value::object([("A".into(), Value::string("1"))].into()), map_of([("A", "1")])),
            ("args", Value::object(BTreeMap::new()), map_of([])),
            (
                "args",
                Value::object([("A".into(), Value::null(Type::Dynamic))].into()),
                Value::map(Type::String, [("A".into(), Value::null(Type::String))].into()),
            ),
            ("annotations", list(&[]), Value::list(Type::String, vec![])),
            ("pull", Value::from(true), Value::from(true)),
        ];
        for (name, given, expected) in cases {
            assert_eq!(show("target", name, &given).unwrap(), Some(expected), "{name} = {given:?}");
        }
        assert!(show("target", "tags", &Value::string("a")).is_err());
        assert_eq!(show("target", "nope", &Value::string("a")).unwrap(), None);
        let targets = show("group", "targets", &list(&["a", "a"])).unwrap().unwrap();
        assert_eq!(targets.items().map(<[Value]>::len), Some(2));
        assert_eq!(show("group", "description", &Value::string("d")).unwrap(), Some(Value::string("d")));
    }

    #[test]
    fn every_attribute_shows_when_unset() {
        for kind in ["target", "group"] {
            for name in attributes(kind).into_iter().filter(|name| *name != "name") {
                assert!(unset(kind, name).is_some(), "{name}");
            }
            assert_eq!(unset(kind, "nope"), None);
        }
        assert_eq!(unset("target", "context"), Some(Value::null(Type::String)));
        assert_eq!(unset("target", "output"), Some(Value::list(Type::map(Type::String), vec![])));
        assert_eq!(unset("target", "description"), Some(Value::string("")));
    }
}
