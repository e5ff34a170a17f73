//! From the values of a block's attributes to a [`Target`] or a [`Group`]: which attributes there are, and of what type.
//!
//! Types are those of the struct tags in buildx's bake/bake.go and of util/buildflags/*_cty.go.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::attributes::{
    AttributeKind, GROUP_ATTRIBUTES, GroupAttribute, GroupAttributeKind, LimitKind, TargetAttribute,
    each_limit,
};
use super::definition::{Entry, Group, Policy, Resources, Secret, Ssh, Target, Whole};
use super::flags::{self, FlagError};
use super::text::Text;
use super::textmap::TextMap;
use crate::bake::text::syntax::{Attribute, Expr, ExprKind, Ident, ObjectKey};
use crate::bake::values::convert::convert;
use crate::bake::values::{MarkedStr, Name, Type, Value, kept};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, suggest};
use crate::source::Span;

/// Makes a target of a block's attributes. What does not fit its type is left out and reported.
pub(crate) fn target(
    name: &Name,
    header: Span,
    attributes: &[(Ident, Value, &Expr)],
    diagnostics: &mut Diagnostics,
) -> Target {
    let mut target = Target { span: Some(header), ..Target::new(Arc::clone(name)) };
    let mut decoder = Decoder { path: Vec::new(), diagnostics };
    for (attribute, value, expr) in attributes {
        decoder.path.clear();
        decoder.path.push(Step::Member(Arc::clone(&attribute.name)));
        decoder.attribute(&mut target, &attribute.name, value, expr);
        target.note_marks(&attribute.name, value, expr);
    }
    target
}

/// Makes a group of a block's attributes. What does not fit its type is left out and reported.
pub(crate) fn group(
    name: &Name,
    header: Span,
    attributes: &[(Ident, Value, &Expr)],
    written: &[Attribute],
    diagnostics: &mut Diagnostics,
) -> Group {
    let mut group = Group { name: Arc::clone(name), span: Some(header), ..Group::default() };
    for attribute in attributes {
        group_attribute(&mut group, attribute, diagnostics);
    }
    for needed in GROUP_ATTRIBUTES.iter().filter(|attribute| attribute.is_needed()) {
        if !attributes.iter().any(|(attribute, ..)| &*attribute.name == needed.name) {
            let message = format!("group `{name}` has no `{}`", needed.name);
            let missing = Diagnostic::error(Code::MISSING_ATTRIBUTE, message).at(header, "");
            let mut others = written.iter().map(|attribute| &*attribute.name.name);
            let near = others.find(|other| suggest(other, [needed.name]).is_some());
            diagnostics.report(missing.with_help(match near {
                Some(near) => {
                    format!("`{near}` is not an attribute of groups: did you mean `{}`?", needed.name)
                }
                None => "list the targets and groups that belong to it".to_owned(),
            }));
        }
    }
    group
}

/// Sets one attribute of a group.
pub(crate) fn group_attribute(
    group: &mut Group,
    (attribute, value, expr): &(Ident, Value, &Expr),
    diagnostics: &mut Diagnostics,
) {
    let Some(declared) = GroupAttribute::named(&attribute.name) else { return };
    let mut decoder = Decoder { path: vec![Step::Member(Arc::clone(&attribute.name))], diagnostics };
    match &declared.kind {
        GroupAttributeKind::Description(at) => *(at.get_mut)(group) = decoder.string(value, expr),
        GroupAttributeKind::Members(at) => *(at.get_mut)(group) = decoder.strings(value, expr),
    }
    group.note_marks(declared, value, expr);
}

const STRING_MAP: &str = "a map of strings";
const STRING_LIST: &str = "a list of strings";
const ENTRY_LIST: &str = "a list of strings or objects";
const ENTRY: &str = "a string or an object";

struct Decoder<'a> {
    /// The attribute, and the way to the part of it that is looked at: `output[0].type`.
    path: Vec<Step>,
    diagnostics: &'a mut Diagnostics,
}

/// A step of the way to a part of an attribute.
enum Step {
    Member(Name),
    Index(usize),
}

impl Decoder<'_> {
    fn attribute(&mut self, target: &mut Target, name: &str, value: &Value, expr: &Expr) {
        let Some(attribute) = TargetAttribute::named(name) else { return };
        match &attribute.kind {
            AttributeKind::Text(at) => *(at.get_mut)(target) = self.nullable(value, expr),
            AttributeKind::Description(at) => *(at.get_mut)(target) = self.string(value, expr),
            AttributeKind::Context(at) => {
                *(at.get_mut)(target) = self.nullable(value, expr);
                target.context_of = context_of(expr);
            }
            AttributeKind::List(at) => *(at.get_mut)(target) = self.strings(value, expr),
            AttributeKind::Texts(at) | AttributeKind::Inherits(at) | AttributeKind::Annotations(at) => {
                *(at.get_mut)(target) = self.strings(value, expr).unwrap_or_default();
            }
            AttributeKind::Map(at) | AttributeKind::Args(at) => {
                *(at.get_mut)(target) = self.map(value, expr, true);
            }
            AttributeKind::Contexts(at) => *(at.get_mut)(target) = self.map(value, expr, false),
            AttributeKind::Attestations(at) => {
                *(at.get_mut)(target) = self.elements(value, expr, Self::attestation).unwrap_or_default();
            }
            AttributeKind::CachesFrom(at) => {
                *(at.get_mut)(target) = self.caches(value, expr).unwrap_or_default();
            }
            AttributeKind::CachesTo(at) => *(at.get_mut)(target) = self.caches(value, expr),
            AttributeKind::Outputs(at) => *(at.get_mut)(target) = self.elements(value, expr, Self::output),
            AttributeKind::Flag(at) => *(at.get_mut)(target) = self.boolean(value, expr),
            AttributeKind::Secrets(at) => {
                *(at.get_mut)(target) = self.elements(value, expr, Self::secret).unwrap_or_default();
            }
            AttributeKind::Ssh(at) => {
                *(at.get_mut)(target) = self.elements(value, expr, Self::ssh).unwrap_or_default();
            }
            AttributeKind::Policies(at) => {
                *(at.get_mut)(target) = self.elements(value, expr, Self::policy).unwrap_or_default();
            }
            AttributeKind::Limits(at) => *(at.get_mut)(target) = self.resources(value, expr).map(Box::new),
        }
    }

    /// Runs `decode` with a step added to the path.
    fn inside<T>(&mut self, step: Step, decode: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let result = decode(self);
        self.path.pop();
        result
    }

    fn path(&self) -> String {
        let steps = self.path.iter().enumerate().map(|(at, step)| match step {
            Step::Member(name) if at == 0 => name.to_string(),
            Step::Member(name) => format!(".{name}"),
            Step::Index(index) => format!("[{index}]"),
        });
        steps.collect()
    }

    fn fail<T>(&mut self, value: &Value, expr: &Expr, expected: &str) -> Option<T> {
        self.fail_with(value, expr, expected, None)
    }

    /// Refuses what is not a list; a single string is meant as a list of one.
    fn fail_list<T>(&mut self, value: &Value, expr: &Expr, expected: &str) -> Option<T> {
        const SHOWN: usize = 80;
        let help = value.as_str().map(|text| {
            let shown = if text.len() <= SHOWN { text } else { "…" };
            format!("write a list: `{} = [\"{shown}\"]`", self.path())
        });
        self.fail_with(value, expr, expected, help)
    }

    fn fail_with<T>(
        &mut self,
        value: &Value,
        expr: &Expr,
        expected: &str,
        help: Option<String>,
    ) -> Option<T> {
        if let Some(name) = kept::variable_of(value) {
            self.diagnostics.report(*kept::unknown(&format!("`{}`", self.path()), name, expr.span));
            return None;
        }
        let found = match value {
            Value::Null(Type::Dynamic, _) => "null".to_owned(),
            Value::Null(ty, _) => format!("null, which would be {}", ty.with_article()),
            _ => value.ty().with_article(),
        };
        let message = format!("`{}` must be {expected}, found {found}", self.path());
        let diagnostic = Diagnostic::error(Code::ATTRIBUTE_TYPE, message).at(expr.span, "");
        self.diagnostics.report(help.into_iter().fold(diagnostic, Diagnostic::with_help));
        None
    }

    /// Refuses what is not a mapping; `NAME=VALUE` in a list is meant as one.
    fn fail_map<T>(&mut self, value: &Value, expr: &Expr) -> Option<T> {
        let help = matches!(value, Value::Tuple(..) | Value::List(..))
            .then(|| format!("write names and values in braces: `{} = {{ NAME = \"value\" }}`", self.path()));
        self.fail_with(value, expr, STRING_MAP, help)
    }

    fn accept<T>(&mut self, result: Result<T, FlagError>, span: Span) -> Option<T> {
        result
            .map_err(|error| {
                let message = format!("`{}`: {error}", self.path());
                self.diagnostics.report(Diagnostic::error(Code::ATTRIBUTE_VALUE, message).at(span, ""));
            })
            .ok()
    }

    fn string(&mut self, value: &Value, expr: &Expr) -> Option<Text> {
        match convert(value, &Type::String) {
            Ok(Value::String(text)) => Some(Text { value: text, span: Some(expr.span) }),
            _ => self.fail_with(value, expr, "a string", name_of_block(expr)),
        }
    }

    fn nullable(&mut self, value: &Value, expr: &Expr) -> Option<Text> {
        match convert(value, &Type::String) {
            Ok(Value::Null(_, _)) => None,
            _ => self.string(value, expr),
        }
    }

    fn boolean(&mut self, value: &Value, expr: &Expr) -> Option<bool> {
        match convert(value, &Type::Bool) {
            Ok(Value::Null(_, _)) => None,
            Ok(Value::Bool(value, _)) => Some(value),
            _ => self.fail(value, expr, "`true` or `false`"),
        }
    }

    fn strings(&mut self, value: &Value, expr: &Expr) -> Option<Vec<Text>> {
        if is_null_of(value, &Type::list(Type::String)) {
            return None;
        }
        let Some(items) = value.items() else { return self.fail_list(value, expr, STRING_LIST) };
        Some(self.each(value, items, expr, Self::string))
    }

    /// Decodes each item; what fails is reported and left out.
    fn each<T>(
        &mut self,
        list: &Value,
        items: &[Value],
        expr: &Expr,
        mut decode: impl FnMut(&mut Self, &Value, &Expr) -> Option<T>,
    ) -> Vec<T> {
        // A set has lost the order in which its elements were written.
        let ordered = !matches!(list, Value::Set(..));
        let mut decoded = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let place = if ordered { expr.element(index) } else { expr };
            decoded.extend(self.inside(Step::Index(index), |decoder| decode(decoder, item, place)));
        }
        decoded
    }

    fn map(&mut self, value: &Value, expr: &Expr, null_allowed: bool) -> TextMap {
        if is_null_of(value, &Type::map(Type::String)) {
            return TextMap::default();
        }
        let Some(members) = value.members() else {
            return self.fail_map(value, expr).unwrap_or_default();
        };
        let places = Places::of(expr, members.len());
        let mut decoded = TextMap::default();
        for (key, member) in members {
            if null_allowed && is_null_of(member, &Type::String) {
                continue;
            }
            let place = places.get(key);
            let text = self.inside(Step::Member(Arc::clone(key)), |decoder| decoder.string(member, place));
            if let Some(text) = text {
                decoded.insert(Arc::clone(key), text);
            }
        }
        decoded
    }

    /// Decodes the elements of a list that are not empty strings. Such a list is never null and never a set.
    fn elements<T>(
        &mut self,
        value: &Value,
        expr: &Expr,
        mut decode: impl FnMut(&mut Self, &Value, &Expr) -> Option<T>,
    ) -> Option<Vec<T>> {
        let (Value::Tuple(items, _) | Value::List(_, items, _)) = value else {
            return self.fail_list(value, expr, ENTRY_LIST);
        };
        let decoded = self.each(value, items, expr, |decoder, item, place| {
            if item.as_str() == Some("") {
                return None;
            }
            if let Value::String(text) = item
                && let Err(name) = kept::check_fields(text)
            {
                let failure = kept::unknown(&format!("`{}`", decoder.path()), name, place.span);
                let help = "in such a string, a kept variable may only be the value of a field other than `type` and `disabled`; or write an object";
                decoder.diagnostics.report(failure.with_help(help));
                return None;
            }
            decode(decoder, item, place)
        });
        Some(decoded)
    }

    /// The fields of an element that is an object.
    fn entry(&mut self, value: &Value, expr: &Expr) -> Option<Entry> {
        let Some(members) = value.members() else { return self.fail(value, expr, ENTRY) };
        let places = Places::of(expr, members.len());
        let before = self.diagnostics.len();
        let mut entry = Entry { span: Some(expr.span), ..Entry::default() };
        for (key, member) in members {
            let place = places.get(key);
            let text = self.inside(Step::Member(Arc::clone(key)), |decoder| decoder.string(member, place));
            if let Some(text) = text {
                entry.fields.insert(Arc::clone(key), text);
            }
        }
        (self.diagnostics.len() == before).then_some(entry)
    }

    fn output(&mut self, value: &Value, expr: &Expr) -> Option<Entry> {
        let output = match self.as_text(value, expr) {
            Some(text) => flags::output(&text),
            None => flags::check_output(self.entry(value, expr)?),
        };
        self.accept(output, expr.span)
    }

    fn caches(&mut self, value: &Value, expr: &Expr) -> Option<Vec<Entry>> {
        let caches = self.elements(value, expr, |decoder, value, expr| {
            let caches = match decoder.as_text(value, expr) {
                Some(text) => flags::caches(&text),
                None => flags::check_cache(decoder.entry(value, expr)?).map(|cache| vec![cache]),
            };
            decoder.accept(caches, expr.span)
        })?;
        Some(caches.concat())
    }

    fn attestation(&mut self, value: &Value, expr: &Expr) -> Option<Entry> {
        if let Some(text) = self.as_text(value, expr) {
            let mut entry = self.accept(flags::attestation(&text), expr.span)?;
            if let Some(kind) = entry.fields.get_mut("type") {
                forget_marks_beside(kind, expr, |written| {
                    flags::attestation(written).ok()?.fields.remove("type")
                });
            }
            return Some(entry);
        }
        let mut entry = self.entry(value, expr)?;
        entry.fields.insert_missing("type", || Text::verbatim(""));
        if let Some(disabled) = entry.fields.remove("disabled") {
            let Some(disabled) = flags::parse_bool(disabled.as_str()) else {
                let member = value.members().and_then(|members| members.get("disabled"));
                let place = expr.member("disabled");
                return self.inside(Step::Member("disabled".into()), |decoder| {
                    decoder.fail(member.unwrap_or(value), place, "`true` or `false`")
                });
            };
            flags::set_disabled(&mut entry, disabled);
        }
        Some(entry)
    }

    fn secret(&mut self, value: &Value, expr: &Expr) -> Option<Secret> {
        if let Some(text) = self.as_text(value, expr) {
            let mut secret = self.accept(flags::secret(&text), expr.span)?;
            forget_marks_beside(&mut secret.id, expr, |written| Some(flags::secret(written).ok()?.id));
            return Some(secret);
        }
        let members = self.members(value, expr)?;
        let id = self.member(members, "id", expr).unwrap_or_else(|| Text::verbatim(""));
        let src = self.member(members, "src", expr).filter(|text| !text.is_empty());
        let env = self.member(members, "env", expr).filter(|text| !text.is_empty());
        Some(Secret { id, src, env, span: Some(expr.span) })
    }

    fn ssh(&mut self, value: &Value, expr: &Expr) -> Option<Ssh> {
        if let Some(text) = self.as_text(value, expr) {
            let mut ssh = flags::ssh(&text);
            forget_marks_beside(&mut ssh.id, expr, |written| Some(flags::ssh(written).id));
            return Some(ssh);
        }
        let members = self.members(value, expr)?;
        let id = self.member(members, "id", expr).unwrap_or_else(|| Text::verbatim(""));
        let paths = members.get("paths").and_then(|paths| {
            self.inside(Step::Member("paths".into()), |decoder| decoder.strings(paths, expr.member("paths")))
        });
        Some(Ssh { id, paths: paths.unwrap_or_default(), span: Some(expr.span) })
    }

    fn policy(&mut self, value: &Value, expr: &Expr) -> Option<Policy> {
        if let Some(text) = self.as_text(value, expr) {
            return self.accept(flags::policy(&text), expr.span);
        }
        let members = self.members(value, expr)?;
        let mut policy = Policy { span: Some(expr.span), ..Policy::default() };
        for (key, member) in members {
            if member.is_null() || member.as_str() == Some("") {
                continue;
            }
            let place = expr.member(key);
            self.inside(Step::Member(Arc::clone(key)), |decoder| {
                let text = decoder.string(member, place)?;
                decoder.accept(flags::set_policy(&mut policy, key, &text), place.span)
            })?;
        }
        Some(policy)
    }

    fn resources(&mut self, value: &Value, expr: &Expr) -> Option<Resources> {
        let members = value.members();
        let Some(members) = members else { return self.fail(value, expr, "an object of limits") };
        let mut resources = Resources::default();
        each_limit(
            #[inline(always)]
            |limit| match &limit.kind {
                LimitKind::Text(at) => *(at.get_mut)(&mut resources) = self.member(members, limit.name, expr),
                LimitKind::Whole(at) => {
                    *(at.get_mut)(&mut resources) = self.whole_number(members, limit.name, expr);
                }
            },
        );
        Some(resources)
    }

    /// An element that is a string.
    fn as_text(&mut self, value: &Value, expr: &Expr) -> Option<Text> {
        match value {
            Value::String(text) => Some(Text { value: text.clone(), span: Some(expr.span) }),
            _ => None,
        }
    }

    fn members<'v>(&mut self, value: &'v Value, expr: &Expr) -> Option<&'v BTreeMap<Name, Value>> {
        match value.members() {
            Some(members) => Some(members),
            None => self.fail(value, expr, ENTRY),
        }
    }

    /// A member that may be absent or null.
    fn member(&mut self, members: &BTreeMap<Name, Value>, key: &str, expr: &Expr) -> Option<Text> {
        let member = members.get(key)?;
        self.inside(Step::Member(key.into()), |decoder| decoder.nullable(member, expr.member(key)))
    }

    fn whole_number(&mut self, members: &BTreeMap<Name, Value>, key: &str, expr: &Expr) -> Option<Whole> {
        let member = members.get(key).filter(|member| !member.is_null())?;
        let place = expr.member(key);
        let number = match convert(member, &Type::Number) {
            Ok(Value::Number(number, _)) => number.to_i64(),
            _ => None,
        };
        let Some(number) = number else {
            return self.inside(Step::Member(key.into()), |decoder| {
                decoder.fail(member, place, "a whole number of at most 64 bits")
            });
        };
        let from = Text { value: MarkedStr::verbatim("").marked(&member.marks()), span: Some(place.span) };
        Some(Whole::read(number, &from))
    }
}

/// Takes the marks of its element off a key that is written out in it, as in `id=a,src=${SRC}`: the key tells what the
/// element replaces and is replaced by, which does not depend on what stands beside it then.
fn forget_marks_beside(key: &mut Text, element: &Expr, read: impl FnOnce(&Text) -> Option<Text>) {
    /// No key has it: Unicode keeps it for what cannot be shown as text.
    const HOLE: &str = "\u{fffc}";
    if key.value.marks().is_empty() {
        return;
    }
    let written = element.with_holes(HOLE).and_then(|written| read(&Text::verbatim(&written)));
    if written.is_some_and(|written| written == *key && !written.as_str().contains(HOLE)) {
        *key = Text { value: MarkedStr::verbatim(Arc::clone(key.name())), span: key.span };
    }
}

/// Whether this is null, and of a type that could be one of these.
fn is_null_of(value: &Value, ty: &Type) -> bool {
    value.is_null() && convert(value, ty).is_ok()
}

/// Where the values of an object's members are written: [`Expr::member`], for many at once.
struct Places<'e> {
    whole: &'e Expr,
    /// Nothing where the members are few: looking at each is quicker than making a map.
    by_key: Option<BTreeMap<Name, &'e Expr>>,
}

impl<'e> Places<'e> {
    fn of(whole: &'e Expr, members: usize) -> Self {
        const FEW: usize = 16;
        Self { whole, by_key: (members > FEW).then(|| member_places(whole)) }
    }

    fn get(&self, key: &Name) -> &'e Expr {
        match &self.by_key {
            Some(places) => places.get(key).copied().unwrap_or(self.whole),
            None => self.whole.member(key),
        }
    }
}

/// The expression of each value of an object that is written out with literal keys.
fn member_places(expr: &Expr) -> BTreeMap<Name, &Expr> {
    match &expr.kind {
        ExprKind::Object(items) => items
            .iter()
            .filter_map(|(key, value)| match key {
                ObjectKey::Name(ident) => Some((Arc::clone(&ident.name), value)),
                ObjectKey::Expr(key) => Some((Arc::clone(key.as_literal()?), value)),
            })
            .collect(),
        ExprKind::Parenthesis(inner) | ExprKind::Wrapped(inner) => member_places(inner),
        _ => BTreeMap::new(),
    }
}

/// The target in `target.NAME.context`.
fn context_of(expr: &Expr) -> Option<Name> {
    let ExprKind::GetAttr { of, name } = &expr.kind else { return None };
    let (root, target) = match &of.kind {
        ExprKind::GetAttr { of, name } => (of, &name.name),
        ExprKind::Index { of, key } => (of, key.as_literal()?),
        _ => return None,
    };
    let is_context =
        matches!(&root.kind, ExprKind::Variable(root) if &**root == "target") && &*name.name == "context";
    is_context.then(|| Arc::clone(target))
}

/// What to write where a block stands for its name, as in `target.base`.
fn name_of_block(expr: &Expr) -> Option<String> {
    let ExprKind::GetAttr { of, name } = &expr.kind else { return None };
    let ExprKind::Variable(kind) = &of.kind else { return None };
    matches!(&**kind, "target" | "group")
        .then(|| format!("a {kind} is called by its name, in quotes: `\"{}\"`", name.name))
}

#[cfg(test)]
mod tests;
