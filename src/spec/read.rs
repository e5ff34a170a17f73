//! Evaluates the attributes of an `image` block for one target, and reads each into its type.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::braces;
use super::declare::{Declared, Marked, Null, marked_parts, replace};
use super::numbers::{self, Scene};
use super::words::{Grouping, OciLevels, TagPattern, VersionPattern, VersionText, Word, meant};
use crate::bake::module::Module;
use crate::bake::target::Text;
use crate::bake::text::syntax::{Expr, ExprKind};
use crate::bake::values::convert::convert;
use crate::bake::values::{Name, Type, Value, kept, secret as variables};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, alternatives, listed, suggest};
use crate::on_missing::OnMissing;
use crate::platform::PlatformPrefix;
use crate::runner::{Runner, RunnerRule};
use crate::source::{Sources, Span};
use crate::tags::VariantTags;
use crate::version::Scheme;

/// A type of attributes: how a value becomes one, and what a later block's does to an earlier one's.
pub(super) trait ReadAttribute: PartialEq + Sized {
    /// Whether objects of several blocks are merged by key.
    const MERGES: bool = false;

    /// Reads a value that is not null. `None` when it says nothing, or is wrong, which is reported.
    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self>;

    /// The JSON Schema of values that are not null.
    fn schema() -> Json;

    /// Puts a later block's value over this one.
    fn merge(&mut self, later: Self) {
        *self = later;
    }

    /// Whether a value, or an element of it, is read and then left out: what in it says so.
    fn leaves_out(_part: &Value) -> Option<&Value> {
        None
    }
}

/// Evaluates attributes of an image block for one target and checks their types.
pub(super) struct AttributeReader<'m, 'd> {
    pub(super) module: &'m Module,
    pub(super) target: Option<&'m str>,
    pub(super) diagnostics: &'d mut Diagnostics,
    /// The files, to show what is written there.
    pub(super) sources: Option<&'m Sources>,
    /// The platform of the block that is being read.
    pub(super) platform: Option<PlatformPrefix>,
    /// The attribute that is being read.
    attribute: &'static str,
}

/// A pattern, and what stands beside it.
struct Conditional<T> {
    pattern: T,
    when: Option<Text>,
    /// Whether the condition is a text in the file, and the pattern.
    is_fixed: bool,
    is_written: bool,
    any: bool,
}

impl<'m, 'd> AttributeReader<'m, 'd> {
    pub(super) fn new(
        module: &'m Module,
        target: Option<&'m str>,
        sources: Option<&'m Sources>,
        diagnostics: &'d mut Diagnostics,
    ) -> Self {
        Self { module, target, diagnostics, sources, platform: None, attribute: "" }
    }

    /// Reads an attribute over what is known of it from earlier blocks. This is the one way by which what an image
    /// block says comes in: secrets are refused here, and what else is marked is noted.
    pub(super) fn attribute<T: ReadAttribute>(
        &mut self,
        declared: &'static Declared,
        expr: &Expr,
        known: &mut T,
        unset: impl FnOnce() -> T,
        (marked, nulls): (&mut Vec<Marked>, &mut Vec<(&'static Declared, Span)>),
    ) {
        self.attribute = declared.name;
        let given = self.evaluate(expr, declared);
        let read =
            given.as_ref().filter(|value| !value.is_null()).and_then(|value| T::read(value, expr, self));
        match read {
            Some(read) => {
                replace(marked, declared, given.as_ref(), T::MERGES);
                nulls.retain(|(one, _)| !std::ptr::eq(*one, declared));
                known.merge(read);
            }
            None if declared.null == Null::Resets => {
                replace(marked, declared, None, false);
                *known = unset();
            }
            None => {}
        }
        nulls.extend(given.iter().filter(|value| value.is_null()).map(|_| (declared, expr.span)));
        // Whether there is something to be read may depend on the marks, too.
        marked.extend(given.iter().flat_map(|value| marked_parts(declared, value, expr, T::leaves_out)));
    }

    /// The value; null means unset, as in Bake. `None` when it failed. All that an image block says is
    /// written somewhere, so a secret has no place in it.
    fn evaluate(&mut self, expr: &Expr, declared: &Declared) -> Option<Value> {
        let value = self.diagnostics.ok(self.module.evaluate(self.target, expr))?;
        if let Some(name) = kept::variable_of(&value) {
            let message =
                format!("an `image` block must be known before the build, but `{name}` is left to it");
            let help = format!("leave out `--keep-variable {name}`, or do not use `{name}` here");
            self.report(Diagnostic::error(kept::CODE, message).with_help(help), expr.span);
            return None;
        }
        if let Some(name) = value.marks().secret() {
            self.report(secret("this", name, false), expr.span);
            return None;
        }
        self.diagnostics.ok(braces::check(&value, expr, declared))?;
        Some(value)
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic, span: Span) {
        self.diagnostics.report(diagnostic.at(span, ""));
    }

    pub(super) fn misfit(&mut self, span: Span, expected: &str, found: &Value) {
        let found = if found.is_null() { "null".to_owned() } else { found.ty().with_article() };
        let message = format!("expected {expected}, found {found}");
        self.report(Diagnostic::error(Code::ATTRIBUTE_TYPE, message), span);
    }

    pub(super) fn text(&mut self, value: &Value, span: Span, expected: &str) -> Option<Text> {
        match convert(value, &Type::String) {
            Ok(Value::String(text)) => Some(Text { value: text, span: Some(span) }),
            _ => {
                self.misfit(span, expected, value);
                None
            }
        }
    }

    /// A text; a number that may have lost digits is none.
    pub(super) fn word(&mut self, value: &Value, place: &Expr, expected: &str) -> Option<Text> {
        self.check_number(value, place, numbers::check_digits)?;
        self.text(value, place.span, expected)
    }

    fn check_number(
        &mut self,
        value: &Value,
        place: &Expr,
        check: fn(&Value, &Expr, &Scene<'_>) -> Result<(), Diagnostic>,
    ) -> Option<()> {
        let (module, target, sources, attribute) = (self.module, self.target, self.sources, self.attribute);
        let checked = check(value, place, &Scene { module, target, sources, attribute });
        self.diagnostics.ok(checked)
    }

    /// A pattern, or an object with a pattern and these keys, of `what`; each pattern is read by `read`.
    fn conditional<T>(
        &mut self,
        value: &Value,
        place: &Expr,
        what: &str,
        keys: &[&str],
        read: impl Fn(&mut Self, &Value, &Expr) -> Option<T>,
    ) -> Option<Conditional<T>> {
        let Some(members) = value.members() else {
            let pattern = read(self, value, place)?;
            let is_written = is_constant(place);
            return Some(Conditional { pattern, when: None, is_fixed: true, is_written, any: false });
        };
        let (mut pattern, mut when, mut is_fixed, mut any, mut is_known) = (None, None, true, false, true);
        for (key, member) in members {
            let place = place.member(key);
            match &**key {
                other if !keys.contains(&other) => {
                    let message = format!("{what} has {}, but no `{other}`", listed(keys));
                    let near = meant(other).or_else(|| suggest(other, keys.iter().copied()));
                    let help = near.map_or("take it out".into(), |near| format!("did you mean `{near}`?"));
                    let error = Diagnostic::error(Code::UNKNOWN_ATTRIBUTE, message).with_help(help);
                    self.report(error, place.span);
                    is_known = false;
                }
                "pattern" => pattern = Some((read(self, member, place)?, is_constant(place))),
                "when" if matches!(member, Value::Bool(true, _)) => {}
                "when" => {
                    is_fixed = is_constant(place);
                    when = Some(self.text(member, place.span, "a condition, such as \"event == 'push'\"")?);
                }
                _ => any = bool::read(member, place, self)?,
            }
        }
        if pattern.is_none() && is_known {
            let message = format!("{what} with a condition needs a `pattern`");
            self.report(Diagnostic::error(Code::ATTRIBUTE_VALUE, message), place.span);
        }
        let (pattern, is_written) = pattern.filter(|_| is_known)?;
        Some(Conditional { pattern, when, is_fixed, is_written, any })
    }

    fn tag_pattern(&mut self, value: &Value, place: &Expr) -> Option<TagPattern> {
        let read = |reader: &mut Self, value: &Value, place: &Expr| {
            reader.word(value, place, "a string, or an object with `pattern` and `when`")
        };
        let Conditional { pattern, when, is_fixed, is_written, any } =
            self.conditional(value, place, "a tag", &["pattern", "when", "any"], read)?;
        Some(TagPattern { pattern, when, is_fixed, is_written, any })
    }

    fn runner_rule(
        &mut self,
        value: &Value,
        expr: &Expr,
        prefix: Option<PlatformPrefix>,
    ) -> Option<RunnerRule> {
        match RunnerRule::from_value(value, prefix) {
            Ok(rule) => Some(rule),
            Err(message) => {
                self.report(Diagnostic::error(Code::RUNNER, message).with_help(Runner::FORMS), expr.span);
                None
            }
        }
    }
}

/// Whether an expression has one value, whatever the variables are.
fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::String(_) | ExprKind::Bool(_) => true,
        ExprKind::JsonString { template: Ok(inner), .. }
        | ExprKind::Wrapped(inner)
        | ExprKind::Parenthesis(inner) => is_constant(inner),
        _ => false,
    }
}

impl ReadAttribute for Text {
    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        reader.word(value, place, "a string")
    }

    fn schema() -> Json {
        // What Bake makes a string of.
        json!({ "type": ["string", "number", "boolean"] })
    }
}

impl ReadAttribute for VersionText {
    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        reader.check_number(value, place, numbers::check)?;
        reader.text(value, place.span, "a string").map(Self)
    }

    fn schema() -> Json {
        // A number has lost what was written: `3.10` is 3.1.
        json!({ "type": ["string", "boolean"] })
    }
}

impl ReadAttribute for VersionPattern {
    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        let read = |reader: &mut AttributeReader<'_, '_>, value: &Value, place: &Expr| {
            VersionText::read(value, place, reader)
        };
        let Conditional { pattern, when, is_fixed: _, is_written: _, any: _ } =
            reader.conditional(value, place, "a version", &["pattern", "when"], read)?;
        Some(Self { pattern, when })
    }

    fn schema() -> Json {
        let text = VersionText::schema();
        json!({ "anyOf": [text, conditional(&text, json!({}))] })
    }
}

/// A list of versions; a single one is a list of one. Empty strings are dropped.
impl ReadAttribute for Vec<VersionText> {
    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        let Some(items) = value.items() else {
            return Some(vec![VersionText::read(value, place, reader)?]);
        };
        let items = items.iter().enumerate();
        let texts: Vec<Option<VersionText>> =
            items.map(|(at, item)| VersionText::read(item, place.element(at), reader)).collect();
        let texts: Self = texts.into_iter().collect::<Option<_>>()?;
        Some(texts.into_iter().filter(|text| !text.is_empty()).collect())
    }

    fn schema() -> Json {
        one_or_many(&VersionText::schema())
    }
}

impl ReadAttribute for bool {
    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        match convert(value, &Type::Bool) {
            Ok(Value::Bool(known, _)) => Some(known),
            _ => {
                reader.misfit(place.span, "true or false", value);
                None
            }
        }
    }

    fn schema() -> Json {
        json!({ "enum": [true, false, "true", "false"] })
    }
}

/// A list of levels; `true` for all of them.
impl ReadAttribute for OciLevels {
    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        if let Ok(Value::Bool(all, _)) = convert(value, &Type::Bool) {
            return Some(Self::all(all));
        }
        let words = Vec::<Text>::read(value, place, reader)?;
        let mut levels = Self::default();
        for word in &words {
            if !levels.add(word.as_str()) {
                let names = Self::NAMES.map(|name| format!("\"{name}\""));
                let message = format!("`{word}` is not a level; the levels are {}", names.join(", "));
                let diagnostic = Diagnostic::error(Code::ATTRIBUTE_VALUE, message);
                let near = suggest(word.as_str(), Self::NAMES);
                reader.report(
                    match near {
                        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                        None => diagnostic,
                    },
                    word.span.unwrap_or(place.span),
                );
                return None;
            }
        }
        Some(levels)
    }

    fn schema() -> Json {
        let level = json!({ "enum": Self::NAMES });
        json!({ "anyOf": [bool::schema(), level, { "type": "array", "items": level }] })
    }
}

/// A list of strings; a single string is a list of one. Empty strings are dropped, as Bake does with tags.
impl ReadAttribute for Vec<Text> {
    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        let Some(items) = value.items() else {
            return Some(vec![reader.word(value, place, "a list of strings")?]);
        };
        let items = items.iter().enumerate();
        let texts = items.map(|(at, item)| reader.word(item, place.element(at), "a string"));
        let texts: Self = texts.collect::<Option<_>>()?;
        Some(texts.into_iter().filter(|text| !text.is_empty()).collect())
    }

    fn schema() -> Json {
        one_or_many(&Text::schema())
    }
}

/// Patterns of tags; a single one is a list of one. Those that are empty are left out; a single one that is says
/// nothing.
impl ReadAttribute for Vec<TagPattern> {
    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        let Some(items) = value.items() else {
            let one = reader.tag_pattern(value, place)?;
            return (!one.pattern.is_empty()).then(|| vec![one]);
        };
        let mut patterns = Self::new();
        for (at, item) in items.iter().enumerate() {
            let one = reader.tag_pattern(item, place.element(at))?;
            if !one.pattern.is_empty() {
                patterns.push(one);
            }
        }
        Some(patterns)
    }

    fn schema() -> Json {
        let text = Text::schema();
        one_or_many(&json!({
            "anyOf": [text, conditional(&text, json!({ "any": bool::schema() }))],
        }))
    }

    /// Those whose condition is `false`.
    fn leaves_out(part: &Value) -> Option<&Value> {
        part.members()?.get("when").filter(|when| matches!(when, Value::Bool(false, _)))
    }
}

/// Strings by name; those that are null are left to earlier blocks.
impl ReadAttribute for BTreeMap<Name, Text> {
    const MERGES: bool = true;

    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        let read = reader.given_members(value, place)?.into_iter().filter_map(|(key, member)| {
            Some((Arc::clone(key), reader.text(member, place.member(key).span, "a string")?))
        });
        Some(read.collect())
    }

    fn schema() -> Json {
        json!({ "type": "object", "additionalProperties": { "anyOf": [Text::schema(), { "type": "null" }] } })
    }

    fn merge(&mut self, later: Self) {
        self.extend(later);
    }
}

/// `{ "linux/arm64" = "label", default = ["self-hosted", "x64"] }`, merged by platform.
impl ReadAttribute for Vec<RunnerRule> {
    const MERGES: bool = true;

    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        let Some(members) = value.members() else {
            reader.misfit(
                place.span,
                "an object of runners by platform, such as `{ default = \"self-hosted\" }`",
                value,
            );
            return None;
        };
        let mut rules = Self::new();
        for (key, member) in members {
            let place = place.member(key);
            let prefix = match &**key {
                "default" => None,
                text => match text.parse::<PlatformPrefix>() {
                    Ok(prefix) => Some(prefix),
                    Err(e) => {
                        let message = format!("`{text}` is neither a platform nor `default`: {e}");
                        reader.report(Diagnostic::error(Code::PLATFORM, message), place.span);
                        continue;
                    }
                },
            };
            if let Some(rule) = reader.runner_rule(member, place, prefix) {
                rules.merge(vec![rule]);
            }
        }
        Some(rules)
    }

    fn schema() -> Json {
        json!({ "type": "object", "additionalProperties": RunnerRule::schema() })
    }

    fn merge(&mut self, later: Self) {
        for rule in later {
            self.retain(|known| known.prefix != rule.prefix);
            self.push(rule);
        }
    }
}

/// The runner of a platform block.
impl ReadAttribute for RunnerRule {
    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        reader.runner_rule(value, place, reader.platform.clone())
    }

    fn schema() -> Json {
        let label = json!({ "type": "string", "minLength": 1 });
        let labels = json!({ "anyOf": [label, { "type": "array", "items": label, "minItems": 1 }] });
        let object = |members: Json, required: &[&str]| {
            json!({
                "type": "object",
                "properties": members,
                "required": required,
                "additionalProperties": false,
            })
        };
        let platform = json!({ "type": "string" });
        json!({
            "anyOf": [
                labels,
                object(json!({ "runner": labels, "platform": platform }), &["runner"]),
                object(json!({ "group": label, "labels": labels, "platform": platform }), &["group"]),
                object(json!({ "labels": labels, "platform": platform }), &["labels"]),
            ],
        })
    }
}

impl<T: ReadAttribute> ReadAttribute for Option<T> {
    const MERGES: bool = T::MERGES;

    fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
        T::read(value, place, reader).map(Some)
    }

    fn schema() -> Json {
        T::schema()
    }

    fn leaves_out(part: &Value) -> Option<&Value> {
        T::leaves_out(part)
    }
}

/// A pattern with a condition, and what else it may have.
fn conditional(pattern: &Json, more: Json) -> Json {
    let mut properties = more;
    properties["pattern"] = pattern.clone();
    properties["when"] = Text::schema();
    json!({
        "type": "object",
        "properties": properties,
        "required": ["pattern"],
        "additionalProperties": false,
    })
}

/// A value, or a list of such.
pub(super) fn one_or_many(one: &Json) -> Json {
    json!({ "anyOf": [one, { "type": "array", "items": one }] })
}

/// One of the words of a [`Word`].
fn word<T: Word>(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<T> {
    let text = reader.text(value, place.span, "a string")?;
    if let Some((_, meaning)) = T::WORDS.iter().find(|(word, _)| *word == text.as_str()) {
        return Some(*meaning);
    }
    let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
    let message = format!("`{}` must be {}, not `{text}`", reader.attribute, alternatives(&words));
    reader.report(Diagnostic::error(Code::ATTRIBUTE_VALUE, message), place.span);
    None
}

/// Words are attributes.
macro_rules! words {
    ($($type:ty),*) => {
        $(impl ReadAttribute for $type {
            fn read(value: &Value, place: &Expr, reader: &mut AttributeReader<'_, '_>) -> Option<Self> {
                word(value, place, reader)
            }

            fn schema() -> Json {
                json!({ "enum": <$type>::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>() })
            }
        })*
    };
}
words!(Grouping, OnMissing, Scheme, VariantTags);

/// What is written holds a secret: `place` says where. `can_keep` tells whether the variable could be left to the build
/// there.
#[must_use]
pub(crate) fn secret(place: &str, name: &str, can_keep: bool) -> Diagnostic {
    let message = format!("{place} holds the value of `{name}`, which {}", variables::reason(name));
    let mut help = "others can read what is written; pass the value to the build as a `secret`".to_owned();
    if can_keep {
        let _ = write!(help, ", or leave it to the build as a variable: `--keep-variable {name}`");
    }
    Diagnostic::error(Code::SECRET, message).with_help(help)
}
