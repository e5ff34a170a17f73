//! Finds the marks of an attribute's value that are in none of its texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::attributes::{AttributeKind, GroupAttribute, TargetAttribute};
use super::definition::{Group, Target};
use super::lost_marks::{LostMark, LostMarks};
use super::reach::Reach;
use crate::bake::text::syntax::Expr;
use crate::bake::values::{Marks, Name, Value};

impl Target {
    /// The marks of its attributes that are in none of its texts.
    #[must_use]
    pub fn unshown_marks(&self) -> Vec<LostMark> {
        if self.lost_marks.is_empty() {
            return Vec::new();
        }
        let mut shown: BTreeMap<&str, Marks> = BTreeMap::new();
        self.each_text(&mut |attribute, text| {
            // An empty text may be left out.
            if !text.is_empty() {
                shown.entry(attribute.name).or_default().merge(text.value.marks());
            }
        });
        self.lost_marks.beside(&shown)
    }

    /// Notes the marks of an attribute's value that its texts need not have.
    pub(super) fn note_marks(&mut self, name: &str, value: &Value, expr: &Expr) {
        let Some(attribute) = TargetAttribute::named(name) else { return };
        if value.marks().is_empty() {
            return;
        }
        let mut lost = Losing::new(attribute.name, attribute.reach);
        match &attribute.kind {
            AttributeKind::Map(_)
            | AttributeKind::Args(_)
            | AttributeKind::Contexts(_)
            | AttributeKind::Limits(_) => {
                lost.note(None, value.own_marks(), expr);
                for (key, member) in value.members().into_iter().flatten() {
                    if member.is_null() || is_empty_text(member) {
                        lost.note(Some(Arc::clone(key)), &member.marks(), expr.member(key));
                    }
                }
            }
            AttributeKind::Attestations(at) => {
                lost.elements(value, expr, (at.get)(self).iter().map(|entry| entry.kind().into()).collect());
            }
            AttributeKind::Secrets(at) => {
                let ids = (at.get)(self).iter().map(|secret| Arc::clone(secret.id.name()));
                lost.elements(value, expr, ids.collect());
            }
            AttributeKind::Ssh(at) => {
                let ids = (at.get)(self).iter().map(|ssh| Arc::clone(ssh.id.name()));
                lost.elements(value, expr, ids.collect());
            }
            AttributeKind::Text(_)
            | AttributeKind::Description(_)
            | AttributeKind::Context(_)
            | AttributeKind::List(_)
            | AttributeKind::Texts(_)
            | AttributeKind::Inherits(_)
            | AttributeKind::Annotations(_)
            | AttributeKind::CachesFrom(_)
            | AttributeKind::CachesTo(_)
            | AttributeKind::Outputs(_)
            | AttributeKind::Flag(_)
            | AttributeKind::Policies(_) => lost.note(None, &value.marks(), expr),
        }
        self.lost_marks.extend(&lost.all);
    }

    /// Notes the marks of the names of parents, once these have been merged.
    pub(super) fn note_marks_of_parents(&mut self) {
        for parent in &self.inherits {
            if let Some((attribute, span)) = TargetAttribute::named("inherits").zip(parent.span) {
                let (name, reach) = (attribute.name, attribute.reach);
                let marks = parent.value.marks().clone();
                self.lost_marks.add(LostMark { attribute: name, reach, key: None, marks, span });
            }
        }
    }
}

impl Group {
    /// The marks of its attributes that are in none of its texts.
    #[must_use]
    pub fn unshown_marks(&self) -> Vec<LostMark> {
        let mut shown: BTreeMap<&str, Marks> = BTreeMap::new();
        self.each_text(&mut |attribute, text| {
            if !text.is_empty() {
                shown.entry(attribute.name).or_default().merge(text.value.marks());
            }
        });
        self.lost_marks.beside(&shown)
    }

    /// Notes the marks of an attribute's value that its texts need not have.
    pub(super) fn note_marks(&mut self, attribute: &'static GroupAttribute, value: &Value, expr: &Expr) {
        let mut lost = Losing::new(attribute.name, attribute.reach);
        lost.note(None, &value.marks(), expr);
        self.lost_marks.extend(&lost.all);
    }
}

/// An attribute whose value's marks are noted.
struct Losing {
    attribute: &'static str,
    reach: Reach,
    all: LostMarks,
}

impl Losing {
    fn new(attribute: &'static str, reach: Reach) -> Self {
        Self { attribute, reach, all: LostMarks::default() }
    }

    fn note(&mut self, key: Option<Name>, marks: &Marks, place: &Expr) {
        let (attribute, reach, marks) = (self.attribute, self.reach, marks.clone());
        self.all.add(LostMark { attribute, reach, key, marks, span: place.span });
    }

    /// Notes those of elements, of which the last one of each key counts. Empty strings have no key.
    fn elements(&mut self, value: &Value, expr: &Expr, keys: Vec<Name>) {
        self.note(None, value.own_marks(), expr);
        let mut keys = keys.into_iter();
        for (at, element) in value.items().into_iter().flatten().enumerate() {
            let place = expr.element(at);
            let key = if is_empty_text(element) { None } else { keys.next() };
            if element.members().is_some() {
                // Its key may not be there.
                self.note(None, element.own_marks(), place);
            }
            self.note(key, &element.marks(), place);
        }
    }
}

fn is_empty_text(value: &Value) -> bool {
    value.as_str().is_some_and(str::is_empty)
}
