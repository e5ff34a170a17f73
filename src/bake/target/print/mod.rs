//! Targets and groups as JSON: as `docker buildx bake --print` prints them, and so that Bake reads them back.

use std::borrow::Cow;

use super::attributes::{
    AttributeKind, Escape, GroupAttribute, GroupAttributeKind, Limit, LimitKind, TargetAttribute,
    each_attribute, each_group_attribute, each_limit,
};
use super::definition::{Entry, Group, Policy, Resolved, Resources, Secret, Ssh, Target};
use super::text::Text;
use super::textmap::TextMap;
use super::walks::Common;
use crate::bake::values::kept::{self, KeptVariable, StringPart};
use crate::bake::values::{MarkedStr, Name, Type, Value};
use crate::json::{Json, Member, ObjectWriter};

/// Which strings have `${` and `%{` escaped, and what is printed where buildx's own form does not read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As buildx prints: template markers are escaped in some attributes only, `policy` is a dump of its Go structure,
    /// and lists that are set but empty are left out.
    Print,
    /// As a Bake file that means the same.
    File,
}

/// What `docker buildx bake --print` prints for it, final newline included. With variables that are kept it is a Bake
/// file, since those have no value otherwise.
#[must_use]
pub fn to_json(resolved: &Resolved, kept: &[KeptVariable]) -> String {
    let form = if kept.is_empty() { Form::Print } else { Form::File };
    let mut text = String::new();
    let mut root = ObjectWriter::start(&mut text);
    if let Some((key, variables)) = variables(kept) {
        root.put(&key, &variables);
    }
    if !resolved.groups.is_empty() {
        let mut groups = root.object("group");
        resolved.groups.iter().for_each(|(name, group)| groups.put(name, &self::group(group, form)));
        groups.end();
    }
    let mut targets = root.object("target");
    resolved.targets.iter().for_each(|(name, target)| targets.put(name, &self::target(target, form)));
    targets.end();
    root.end();
    text.push('\n');
    text
}

/// The variables that are kept, under their key in a Bake file; nothing without any.
#[must_use]
pub(crate) fn variables(kept: &[KeptVariable]) -> Option<Member<'_>> {
    let bodies = kept.iter().map(|variable| ((&*variable.name).into(), self::variable(variable)));
    (!kept.is_empty()).then(|| ("variable".into(), Json::Object(bodies.collect())))
}

fn rule((condition, message): &(String, String)) -> Json<'_> {
    let members = [("condition", condition), ("error_message", message)];
    Json::Object(members.map(|(key, text)| (key.into(), text.as_str().into())).into())
}

fn variable(variable: &KeptVariable) -> Json<'_> {
    let type_name = |ty: &Type| if *ty == Type::Dynamic { "any".to_owned() } else { ty.to_string() };
    let validations = &variable.validations;
    let members = [
        ("type", variable.ty.as_ref().map(|ty| type_name(ty).into())),
        ("default", variable.default.as_ref().map(constant)),
        ("description", variable.description.as_ref().map(|text| text.as_str().into())),
        (
            "validation",
            (!validations.is_empty()).then(|| Json::Array(validations.iter().map(rule).collect())),
        ),
    ];
    Json::Object(members.into_iter().filter_map(|(key, value)| Some((key.into(), value?))).collect())
}

/// A string, number or bool.
fn constant(value: &Value) -> Json<'_> {
    match value {
        Value::Bool(value, _) => (*value).into(),
        Value::Number(number, _) => match number.to_i64() {
            Some(whole) => whole.into(),
            // All digits, which other readers of JSON would take away.
            None => format!("${{{number}}}").into(),
        },
        Value::String(text) => Json::String(template(text)),
        _ => Json::Null,
    }
}

/// The body of a group.
#[must_use]
pub(crate) fn group(group: &Group, form: Form) -> Json<'_> {
    let mut writer = Writer { form, members: vec![] };
    each_group_attribute(|GroupAttribute { name, kind, reach: _ }| match kind {
        GroupAttributeKind::Description(at) => {
            let text = (at.get)(group).as_ref().filter(|text| !text.is_empty());
            writer.text(name, text, Escape::AsRead);
        }
        GroupAttributeKind::Members(at) => {
            let members = (at.get)(group).as_deref();
            let list = members.map_or(Json::Null, |list| writer.list(list, Escape::AsRead));
            writer.put(name, list);
        }
    });
    Json::Object(writer.members)
}

/// The body of a target, in the order of the fields of buildx's `Target` (bake/bake.go).
#[must_use]
pub(crate) fn target(target: &Target, form: Form) -> Json<'_> {
    Json::Object(members(target, form, std::iter::repeat(true)))
}

/// What a target has in common with others, as members of a body.
#[must_use]
pub(crate) fn common<'a>(target: &'a Target, common: &Common, form: Form) -> Vec<Member<'a>> {
    members(target, form, common.iter())
}

/// What a target does not have in common with others, as members of a body.
#[must_use]
pub(crate) fn own<'a>(target: &'a Target, common: &Common, form: Form) -> Vec<Member<'a>> {
    members(target, form, common.iter().map(|is_common| !is_common))
}

/// The members of a target's body. `wanted` says of each attribute, in the order of the table, whether it is to be there.
fn members(target: &Target, form: Form, mut wanted: impl Iterator<Item = bool>) -> Vec<Member<'_>> {
    let mut writer = Writer { form, members: vec![] };
    each_attribute(
        #[inline(always)]
        |TargetAttribute { name, kind, escape, set: _, decides: _, reach: _, form: _ }| match kind {
            _ if wanted.next() != Some(true) => {}
            AttributeKind::Text(at) | AttributeKind::Context(at) => {
                writer.text(name, (at.get)(target).as_ref(), *escape);
            }
            AttributeKind::Description(at) => {
                let text = (at.get)(target).as_ref().filter(|text| !text.is_empty());
                writer.text(name, text, *escape);
            }
            AttributeKind::List(at) => writer.optional_texts(name, (at.get)(target).as_deref(), *escape),
            AttributeKind::Texts(at) | AttributeKind::Inherits(at) | AttributeKind::Annotations(at) => {
                writer.texts(name, (at.get)(target), *escape);
            }
            AttributeKind::Map(at) | AttributeKind::Args(at) | AttributeKind::Contexts(at) => {
                writer.map(name, (at.get)(target), *escape);
            }
            AttributeKind::Attestations(at) => writer.array(name, (at.get)(target), attestation),
            AttributeKind::CachesFrom(at) => writer.array(name, (at.get)(target), entry),
            AttributeKind::CachesTo(at) | AttributeKind::Outputs(at) => {
                writer.optional_entries(name, (at.get)(target).as_deref());
            }
            AttributeKind::Flag(at) => writer.value(name, *(at.get)(target)),
            AttributeKind::Secrets(at) => writer.array(name, (at.get)(target), secret),
            AttributeKind::Ssh(at) => writer.array(name, (at.get)(target), ssh),
            AttributeKind::Policies(at) => writer.array(name, (at.get)(target), policy),
            AttributeKind::Limits(at) => {
                let limits = (at.get)(target).as_deref();
                writer.value(name, limits.map(|limits| resources(limits, form)));
            }
        },
    );
    writer.members
}

/// Doubles the first character of `${` and `%{`, so that Bake reads the text literally.
#[must_use]
pub(crate) fn escape_template(text: &str) -> Cow<'_, str> {
    // Nearly all text has no brace, which is found at once.
    if text.contains('{') && (text.contains("${") || text.contains("%{")) {
        return text.replace("${", "$${").replace("%{", "%%{").into();
    }
    text.into()
}

/// The template that means the string: kept variables are in `${…}`, and all else is literal.
#[must_use]
pub(crate) fn template(string: &MarkedStr) -> Cow<'_, str> {
    if !string.marks().has_kept() {
        return escape_template(string.as_str());
    }
    let pieces = kept::pieces(string);
    let mut template = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            StringPart::Variable(name) => template.extend(["${", name, "}"]),
            StringPart::Text(text) => {
                // A dollar sign before `${` would escape it.
                let is_last = at + 1 == pieces.len();
                let rest = if is_last { text } else { text.trim_end_matches('$') };
                template.push_str(&escape_template(rest));
                if rest.len() < text.len() {
                    template.extend(["${\"", &text[rest.len()..], "\"}"]);
                }
            }
        }
    }
    template.into()
}

struct Writer<'a> {
    form: Form,
    members: Vec<Member<'a>>,
}

impl<'a> Writer<'a> {
    fn escaped(&self, text: &'a str, escape: Escape) -> Cow<'a, str> {
        if escape == Escape::Always || self.form == Form::File { escape_template(text) } else { text.into() }
    }

    fn string(&self, text: &'a Text, escape: Escape) -> Json<'a> {
        match self.form {
            Form::File => Json::String(template(&text.value)),
            Form::Print => Json::String(self.escaped(text.as_str(), escape)),
        }
    }

    fn list(&self, texts: &'a [Text], escape: Escape) -> Json<'a> {
        texts.iter().map(|text| self.string(text, escape)).collect()
    }

    fn object(&self, fields: &'a TextMap, escape: Escape) -> Json<'a> {
        let member = |(key, text): (&'a Name, &'a Text)| {
            (self.escaped(key, Escape::AsRead), self.string(text, escape))
        };
        Json::Object(fields.iter().map(member).collect())
    }

    fn put(&mut self, key: &'static str, value: Json<'a>) {
        self.members.push((key.into(), value));
    }

    fn value(&mut self, key: &'static str, value: Option<impl Into<Json<'a>>>) {
        if let Some(value) = value {
            self.put(key, value.into());
        }
    }

    fn text(&mut self, key: &'static str, text: Option<&'a Text>, escape: Escape) {
        let value = text.map(|text| self.string(text, escape));
        self.value(key, value);
    }

    fn texts(&mut self, key: &'static str, texts: &'a [Text], escape: Escape) {
        if !texts.is_empty() {
            self.put(key, self.list(texts, escape));
        }
    }

    fn map(&mut self, key: &'static str, fields: &'a TextMap, escape: Escape) {
        if !fields.is_empty() {
            self.put(key, self.object(fields, escape));
        }
    }

    fn array<T>(&mut self, key: &'static str, items: &'a [T], json: impl Fn(&'a T, Form) -> Json<'a>) {
        if !items.is_empty() {
            self.put(key, items.iter().map(|item| json(item, self.form)).collect());
        }
    }

    fn optional_texts(&mut self, key: &'static str, texts: Option<&'a [Text]>, escape: Escape) {
        if let Some(texts) = texts.filter(|texts| self.form == Form::File || !texts.is_empty()) {
            self.put(key, self.list(texts, escape));
        }
    }

    fn optional_entries(&mut self, key: &'static str, entries: Option<&'a [Entry]>) {
        if let Some(entries) = entries.filter(|entries| self.form == Form::File || !entries.is_empty()) {
            self.put(key, entries.iter().map(|item| entry(item, self.form)).collect());
        }
    }
}

fn entry(entry: &Entry, form: Form) -> Json<'_> {
    Writer { form, members: vec![] }.object(&entry.fields, Escape::AsRead)
}

fn attestation(entry: &Entry, form: Form) -> Json<'_> {
    let Json::Object(mut members) = self::entry(entry, form) else { return Json::Null };
    for (key, value) in &mut members {
        if key == "disabled" {
            *value = Json::Bool(true);
        }
    }
    Json::Object(members)
}

fn secret(Secret { id, src, env, span: _ }: &Secret, form: Form) -> Json<'_> {
    let mut writer = Writer { form, members: vec![] };
    writer.text("id", Some(id).filter(|text| !text.is_empty()), Escape::AsRead);
    writer.text("src", src.as_ref(), Escape::AsRead);
    writer.text("env", env.as_ref(), Escape::AsRead);
    Json::Object(writer.members)
}

fn ssh(Ssh { id, paths, span: _ }: &Ssh, form: Form) -> Json<'_> {
    let mut writer = Writer { form, members: vec![] };
    writer.text("id", Some(id).filter(|text| !text.is_empty()), Escape::AsRead);
    writer.texts("paths", paths, Escape::AsRead);
    Json::Object(writer.members)
}

fn resources(resources: &Resources, form: Form) -> Json<'_> {
    let mut writer = Writer { form, members: vec![] };
    each_limit(
        #[inline(always)]
        |Limit { name, kind, form: _ }| match kind {
            LimitKind::Text(at) => writer.text(name, (at.get)(resources).as_ref(), Escape::AsRead),
            LimitKind::Whole(at) => writer.value(name, (at.get)(resources).as_ref().map(|limit| limit.value)),
        },
    );
    Json::Object(writer.members)
}

fn policy(policy: &Policy, form: Form) -> Json<'_> {
    match form {
        Form::Print => policy_dump(policy),
        Form::File => Json::String(escape_template(&policy.to_csv()).into_owned().into()),
    }
}

/// Go's `PolicyConfig` has no JSON tags.
fn policy_dump(Policy { files, reset, disabled, strict, log_level, span: _ }: &Policy) -> Json<'_> {
    let file = |name| Json::Object(vec![("Filename".into(), Json::from(name)), ("Data".into(), Json::Null)]);
    let names = || files.iter().map(Text::as_str);
    let files = if files.is_empty() { Json::Null } else { names().map(file).collect() };
    Json::Object(vec![
        ("Files".into(), files),
        ("Reset".into(), (*reset).into()),
        ("Disabled".into(), (*disabled).into()),
        ("Strict".into(), strict.map_or(Json::Null, Json::Bool)),
        ("LogLevel".into(), log_level.map_or(Json::Null, Json::from)),
    ])
}

#[cfg(test)]
mod tests;
