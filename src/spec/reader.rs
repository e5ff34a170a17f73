//! Evaluates the attributes of an image block for one target, and checks their types.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

use super::words::TagPattern;
use crate::bake::module::Module;
use crate::bake::target::Text;
use crate::bake::text::syntax::Expr;
use crate::bake::values::convert::convert;
use crate::bake::values::{Name, Type, Value, kept};
use crate::diagnostic::Diagnostic;
use crate::on_missing::OnMissing;
use crate::platform::PlatformPrefix;
use crate::runner::{Runner, RunnerRule};
use crate::source::Span;

/// Evaluates attributes of an image block for one target and checks their types.
pub(super) struct Reader<'m, 'd> {
    pub(super) module: &'m Module,
    pub(super) target: Option<&'m str>,
    pub(super) diagnostics: &'d mut Vec<Diagnostic>,
}

impl Reader<'_, '_> {
    /// The value; `None` when it failed or is null, which means unset, as in Bake. All that an image block says is
    /// written somewhere, so a secret has no place in it.
    pub(super) fn value(&mut self, expr: &Expr) -> Option<Value> {
        let value = match self.module.evaluate(self.target, expr) {
            Ok(value) => value,
            Err(failure) => {
                push_once(self.diagnostics, *failure);
                return None;
            }
        };
        if let Some(name) = kept::variable_of(&value) {
            let message =
                format!("an `image` block must be known before the build, and `{name}` is kept for it");
            let help = format!("leave out `--keep-variable {name}`, or take `{name}` out of here");
            push_once(
                self.diagnostics,
                Diagnostic::error(kept::CODE, message).at(expr.span, "").with_help(help),
            );
            return None;
        }
        match value.marks().secret() {
            None => Some(value).filter(|value| !value.is_null()),
            Some(name) => {
                push_once(self.diagnostics, secret("this", name, false).at(expr.span, ""));
                None
            }
        }
    }

    pub(super) fn misfit(&mut self, span: Span, expected: &str, found: &Value) {
        let found = if found.is_null() { "null".to_owned() } else { found.ty().to_string() };
        let diagnostic = Diagnostic::error("attribute-type", format!("expected {expected}, found {found}"));
        push_once(self.diagnostics, diagnostic.at(span, ""));
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

    pub(super) fn string(&mut self, expr: &Expr) -> Option<Text> {
        let value = self.value(expr)?;
        self.text(&value, expr.span, "a string")
    }

    /// A list of strings; a single string is a list of one. Empty strings are dropped, as Bake does with tags.
    pub(super) fn strings(&mut self, expr: &Expr) -> Option<Vec<Text>> {
        let value = self.value(expr)?;
        let Some(items) = value.items() else {
            return Some(vec![self.text(&value, expr.span, "a list of strings")?]);
        };
        let texts =
            items.iter().enumerate().map(|(at, item)| self.text(item, expr.element(at).span, "a string"));
        let texts: Vec<Text> = texts.collect::<Option<_>>()?;
        Some(texts.into_iter().filter(|text| !text.is_empty()).collect())
    }

    /// Patterns of tags: each a string, or an object with `pattern` and `when`.
    pub(super) fn patterns(&mut self, expr: &Expr) -> Option<Vec<TagPattern>> {
        let value = self.value(expr)?;
        let Some(items) = value.items() else {
            return Some(vec![self.pattern(&value, expr)??]);
        };
        let patterns = items.iter().enumerate().map(|(at, item)| self.pattern(item, expr.element(at)));
        Some(patterns.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// `Some(None)` when the pattern is empty, or never applies.
    fn pattern(&mut self, value: &Value, place: &Expr) -> Option<Option<TagPattern>> {
        let Some(members) = value.members() else {
            let pattern = self.text(value, place.span, "a string, or an object with `pattern` and `when`")?;
            return Some(Some(TagPattern { pattern, when: None }).filter(|one| !one.pattern.is_empty()));
        };
        let (mut pattern, mut when, mut never) = (None, None, false);
        for (key, member) in members {
            let span = place.member(key).span;
            match &**key {
                "pattern" => pattern = Some(self.text(member, span, "a string")?),
                "when" => match member {
                    Value::Bool(applies) => never = !applies,
                    _ => when = Some(self.text(member, span, "a condition, such as \"event == 'push'\"")?),
                },
                other => {
                    let message = format!("a tag has `pattern` and `when`, and no `{other}`");
                    push_once(self.diagnostics, Diagnostic::error("unknown-attribute", message).at(span, ""));
                    return None;
                }
            }
        }
        let Some(pattern) = pattern else {
            let diagnostic = Diagnostic::error("attribute-value", "the tag has no `pattern`");
            push_once(self.diagnostics, diagnostic.at(place.span, ""));
            return None;
        };
        Some(Some(TagPattern { pattern, when }).filter(|one| !never && !one.pattern.is_empty()))
    }

    /// The axes of a variant: a name, or a list of axes, each a name or a list of names. Empty names count.
    pub(super) fn axes(&mut self, expr: &Expr) -> Option<Vec<Vec<Text>>> {
        let value = self.value(expr)?;
        let Some(axes) = value.items() else {
            return Some(vec![vec![self.text(&value, expr.span, "a name, or a list of axes")?]]);
        };
        let mut read = Vec::new();
        for (at, axis) in axes.iter().enumerate() {
            let place = expr.element(at);
            let names = match axis.items() {
                None => vec![self.text(axis, place.span, "a name, or a list of names")?],
                Some(names) => {
                    let names = names.iter().enumerate();
                    names
                        .map(|(at, name)| self.text(name, place.element(at).span, "a name"))
                        .collect::<Option<_>>()?
                }
            };
            read.push(names);
        }
        Some(read)
    }

    pub(super) fn map(&mut self, expr: &Expr) -> BTreeMap<Name, Text> {
        let Some(value) = self.value(expr) else { return BTreeMap::new() };
        let Some(members) = value.members() else {
            self.misfit(expr.span, "an object of strings", &value);
            return BTreeMap::new();
        };
        let mut map = BTreeMap::new();
        for (key, member) in members.iter().filter(|(_, member)| !member.is_null()) {
            if let Some(text) = self.text(member, expr.member(key).span, "a string") {
                map.insert(Rc::clone(key), text);
            }
        }
        map
    }

    pub(super) fn bool(&mut self, expr: &Expr) -> Option<bool> {
        let value = self.value(expr)?;
        match convert(&value, &Type::Bool) {
            Ok(Value::Bool(known)) => Some(known),
            _ => {
                self.misfit(expr.span, "true or false", &value);
                None
            }
        }
    }

    pub(super) fn word<T: Copy>(&mut self, expr: &Expr, attribute: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.string(expr)?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text.as_str()) {
            return Some(*meaning);
        }
        let list: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let message = format!("`{attribute}` is {}, not \"{text}\"", list.join(" or "));
        push_once(self.diagnostics, Diagnostic::error("attribute-value", message).at(expr.span, ""));
        None
    }

    pub(super) fn on_missing(&mut self, expr: &Expr) -> Option<OnMissing> {
        let words = [("hold", OnMissing::Hold), ("drop", OnMissing::Drop), ("carry", OnMissing::Carry)];
        self.word(expr, "on_missing", &words)
    }

    /// `{ "linux/arm64" = "label", default = ["self-hosted", "x64"] }`, merged by prefix.
    pub(super) fn runners(&mut self, expr: &Expr, rules: &mut Vec<RunnerRule>) {
        let Some(value) = self.value(expr) else { return };
        let Some(members) = value.members() else {
            return self.misfit(expr.span, "an object of runners by platform", &value);
        };
        for (key, member) in members {
            let place = expr.member(key);
            let prefix = match &**key {
                "default" => None,
                text => match text.parse::<PlatformPrefix>() {
                    Ok(prefix) => Some(prefix),
                    Err(e) => {
                        let message = format!("`{text}` is neither a platform nor `default`: {e}");
                        push_once(
                            self.diagnostics,
                            Diagnostic::error("platform", message).at(place.span, ""),
                        );
                        continue;
                    }
                },
            };
            if let Some(rule) = self.runner_rule(member, place, prefix) {
                rules.retain(|known| known.prefix != rule.prefix);
                rules.push(rule);
            }
        }
    }

    pub(super) fn runner_rule(
        &mut self,
        value: &Value,
        expr: &Expr,
        prefix: Option<PlatformPrefix>,
    ) -> Option<RunnerRule> {
        match RunnerRule::from_value(value, prefix) {
            Ok(rule) => Some(rule),
            Err(message) => {
                let diagnostic = Diagnostic::error("runner", message).at(expr.span, "");
                push_once(self.diagnostics, diagnostic.with_help(Runner::FORMS));
                None
            }
        }
    }
}

/// What is written holds a secret: `place` says where. `can_keep` tells whether the variable could be left to the build
/// there.
#[must_use]
pub fn secret(place: &str, name: &str, can_keep: bool) -> Diagnostic {
    let message = format!("{place} holds the value of `{name}`, which looks like a secret");
    let mut help = "what is written can be read by others; give it to the build as a `secret`".to_owned();
    if can_keep {
        let _ = write!(help, ", or leave it to the build as a variable: `--keep-variable {name}`");
    }
    Diagnostic::error("secret", message).with_help(help)
}

pub(super) fn push_once(diagnostics: &mut Vec<Diagnostic>, diagnostic: Diagnostic) {
    if !diagnostics.contains(&diagnostic) {
        diagnostics.push(diagnostic);
    }
}
