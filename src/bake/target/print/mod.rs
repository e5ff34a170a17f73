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
use crate::bake::values::{MarkedStr, Type, Value};
use crate::json::{ArrayWriter, Json, Member, ObjectWriter};

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
        resolved
            .groups
            .iter()
            .for_each(|(name, group)| groups.object_of(name, |body| self::group(group, form, body)));
        groups.end();
    }
    let mut targets = root.object("target");
    for (name, target) in &resolved.targets {
        targets.object_of(name, |body| self::target(target, form, body));
    }
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

fn rule((condition, message): &(String, Option<String>)) -> Json<'_> {
    let members = [("condition", Some(condition)), ("error_message", message.as_ref())];
    let members = members.into_iter().filter_map(|(key, text)| Some((key.into(), text?.as_str().into())));
    Json::Object(members.collect())
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

/// Writes the body of a group.
pub(crate) fn group(group: &Group, form: Form, body: &mut ObjectWriter<'_>) {
    let mut writer = Writer { form, object: body };
    each_group_attribute(|GroupAttribute { name, kind, reach: _ }| match kind {
        GroupAttributeKind::Description(at) => {
            let text = (at.get)(group).as_ref().filter(|text| !text.is_empty());
            writer.text(name, text, Escape::AsRead);
        }
        GroupAttributeKind::Members(at) => match (at.get)(group) {
            Some(members) => writer.list(name, members, Escape::AsRead),
            None => writer.object.put(name, &Json::Null),
        },
    });
}

/// Writes the body of a target, in the order of the fields of buildx's `Target` (bake/bake.go).
pub(crate) fn target(target: &Target, form: Form, body: &mut ObjectWriter<'_>) {
    members(target, form, std::iter::repeat(true), body);
}

/// Writes what a target has in common with others, as members of a body.
pub(crate) fn common(target: &Target, common: &Common, form: Form, body: &mut ObjectWriter<'_>) {
    members(target, form, common.iter(), body);
}

/// Writes what a target does not have in common with others, as members of a body.
pub(crate) fn own(target: &Target, common: &Common, form: Form, body: &mut ObjectWriter<'_>) {
    members(target, form, common.iter().map(|is_common| !is_common), body);
}

/// Writes the members of a target's body. `wanted` says of each attribute, in the order of the table, whether it is to be
/// there.
fn members(target: &Target, form: Form, mut wanted: impl Iterator<Item = bool>, body: &mut ObjectWriter<'_>) {
    let mut writer = Writer { form, object: body };
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
            AttributeKind::Attestations(at) => writer.objects(name, (at.get)(target), attestation),
            AttributeKind::CachesFrom(at) => writer.objects(name, (at.get)(target), entry),
            AttributeKind::CachesTo(at) | AttributeKind::Outputs(at) => {
                writer.optional_entries(name, (at.get)(target).as_deref());
            }
            AttributeKind::Flag(at) => writer.value(name, *(at.get)(target)),
            AttributeKind::Secrets(at) => writer.objects(name, (at.get)(target), secret),
            AttributeKind::Ssh(at) => writer.objects(name, (at.get)(target), ssh),
            AttributeKind::Policies(at) => writer.policies(name, (at.get)(target)),
            AttributeKind::Limits(at) => {
                if let Some(limits) = (at.get)(target) {
                    writer.limits(name, limits);
                }
            }
        },
    );
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

struct Writer<'w, 'o> {
    form: Form,
    object: &'w mut ObjectWriter<'o>,
}

impl Writer<'_, '_> {
    fn text(&mut self, key: &str, text: Option<&Text>, escape: Escape) {
        if let Some(text) = text {
            self.object.string(key, &string(text, escape, self.form));
        }
    }

    fn value<'j>(&mut self, key: &str, value: Option<impl Into<Json<'j>>>) {
        if let Some(value) = value {
            self.object.put(key, &value.into());
        }
    }

    fn list(&mut self, key: &str, texts: &[Text], escape: Escape) {
        let mut list = self.object.array(key);
        texts.iter().for_each(|text| list.string(&string(text, escape, self.form)));
        list.end();
    }

    fn texts(&mut self, key: &str, texts: &[Text], escape: Escape) {
        if !texts.is_empty() {
            self.list(key, texts, escape);
        }
    }

    fn optional_texts(&mut self, key: &str, texts: Option<&[Text]>, escape: Escape) {
        if let Some(texts) = texts.filter(|texts| self.form == Form::File || !texts.is_empty()) {
            self.list(key, texts, escape);
        }
    }

    fn map(&mut self, key: &str, texts: &TextMap, escape: Escape) {
        if !texts.is_empty() {
            self.object.object_of(key, |object| fields(texts, escape, self.form, object));
        }
    }

    fn array<T>(&mut self, key: &str, items: &[T], write: impl Fn(&T, &mut ArrayWriter<'_>)) {
        let mut list = self.object.array(key);
        items.iter().for_each(|item| write(item, &mut list));
        list.end();
    }

    fn objects<T>(&mut self, key: &str, items: &[T], write: impl Fn(&T, Form, &mut ObjectWriter<'_>)) {
        if !items.is_empty() {
            let form = self.form;
            self.array(key, items, |item, list| {
                let mut object = list.object();
                write(item, form, &mut object);
                object.end();
            });
        }
    }

    fn optional_entries(&mut self, key: &str, entries: Option<&[Entry]>) {
        match entries {
            Some([]) if self.form == Form::File => self.object.array(key).end(),
            Some(entries) => self.objects(key, entries, entry),
            None => {}
        }
    }

    fn policies(&mut self, key: &str, policies: &[Policy]) {
        if !policies.is_empty() {
            let form = self.form;
            self.array(key, policies, |policy, list| match form {
                Form::Print => list.put(&policy_dump(policy)),
                Form::File => list.string(&escape_template(&policy.to_csv())),
            });
        }
    }

    fn limits(&mut self, key: &str, limits: &Resources) {
        let mut object = self.object.object(key);
        let mut writer = Writer { form: self.form, object: &mut object };
        each_limit(
            #[inline(always)]
            |Limit { name, kind, form: _ }| match kind {
                LimitKind::Text(at) => writer.text(name, (at.get)(limits).as_ref(), Escape::AsRead),
                LimitKind::Whole(at) => {
                    writer.value(name, (at.get)(limits).as_ref().map(|limit| limit.value));
                }
            },
        );
        object.end();
    }
}

fn string(text: &Text, escape: Escape, form: Form) -> Cow<'_, str> {
    match form {
        Form::File => template(&text.value),
        Form::Print => escaped(text.as_str(), escape, form),
    }
}

fn escaped(text: &str, escape: Escape, form: Form) -> Cow<'_, str> {
    if escape == Escape::Always || form == Form::File { escape_template(text) } else { text.into() }
}

fn fields(texts: &TextMap, escape: Escape, form: Form, object: &mut ObjectWriter<'_>) {
    for (key, text) in texts.iter() {
        object.string(&escaped(key, Escape::AsRead, form), &string(text, escape, form));
    }
}

fn entry(entry: &Entry, form: Form, object: &mut ObjectWriter<'_>) {
    fields(&entry.fields, Escape::AsRead, form, object);
}

fn attestation(entry: &Entry, form: Form, object: &mut ObjectWriter<'_>) {
    for (key, text) in entry.fields.iter() {
        let key = escaped(key, Escape::AsRead, form);
        if key == "disabled" {
            object.put(&key, &Json::Bool(true));
        } else {
            object.string(&key, &string(text, Escape::AsRead, form));
        }
    }
}

fn secret(Secret { id, src, env, span: _ }: &Secret, form: Form, object: &mut ObjectWriter<'_>) {
    let mut writer = Writer { form, object };
    writer.text("id", Some(id).filter(|text| !text.is_empty()), Escape::AsRead);
    writer.text("src", src.as_ref(), Escape::AsRead);
    writer.text("env", env.as_ref(), Escape::AsRead);
}

fn ssh(Ssh { id, paths, span: _ }: &Ssh, form: Form, object: &mut ObjectWriter<'_>) {
    let mut writer = Writer { form, object };
    writer.text("id", Some(id).filter(|text| !text.is_empty()), Escape::AsRead);
    writer.texts("paths", paths, Escape::AsRead);
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
