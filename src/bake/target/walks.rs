//! What is done with all attributes of a target or a group: they are merged, brought into their final form, walked for their
//! texts and weighed.

use super::attributes::{
    AttributeKind, Field, GroupAttribute, GroupAttributeKind, LIMITS, Limit, LimitKind, TARGET_NAMES,
    TargetAttribute, each_attribute, each_group_attribute, each_limit,
};
use super::definition::{
    Entry, Group, Policy, Resources, Secret, Ssh, Target, last_by, remove_duplicates, unique_texts,
};
use super::text::Text;

impl TargetAttribute {
    /// Whether a target sets it, and has with it all that there is of it: nothing is added to it or merged with it.
    pub(super) fn is_one_value_of(&self, target: &Target) -> bool {
        match &self.kind {
            AttributeKind::Text(at) | AttributeKind::Context(at) => (at.get)(target).is_some(),
            AttributeKind::Description(at) => (at.get)(target).as_ref().is_some_and(|text| !text.is_empty()),
            AttributeKind::List(at) => (at.get)(target).is_some(),
            AttributeKind::CachesTo(at) | AttributeKind::Outputs(at) => (at.get)(target).is_some(),
            AttributeKind::Flag(at) => (at.get)(target).is_some(),
            AttributeKind::Texts(_)
            | AttributeKind::Inherits(_)
            | AttributeKind::Annotations(_)
            | AttributeKind::Map(_)
            | AttributeKind::Args(_)
            | AttributeKind::Contexts(_)
            | AttributeKind::Attestations(_)
            | AttributeKind::CachesFrom(_)
            | AttributeKind::Secrets(_)
            | AttributeKind::Ssh(_)
            | AttributeKind::Policies(_)
            | AttributeKind::Limits(_) => false,
        }
    }
}

impl TargetAttribute {
    /// Whether two targets have the same value of it.
    fn is_same_in(&self, a: &Target, b: &Target) -> bool {
        match &self.kind {
            AttributeKind::Text(at) | AttributeKind::Context(at) | AttributeKind::Description(at) => {
                (at.get)(a) == (at.get)(b)
            }
            AttributeKind::List(at) => (at.get)(a) == (at.get)(b),
            AttributeKind::Texts(at) | AttributeKind::Inherits(at) | AttributeKind::Annotations(at) => {
                (at.get)(a) == (at.get)(b)
            }
            AttributeKind::Map(at) | AttributeKind::Args(at) | AttributeKind::Contexts(at) => {
                (at.get)(a) == (at.get)(b)
            }
            AttributeKind::Attestations(at) | AttributeKind::CachesFrom(at) => (at.get)(a) == (at.get)(b),
            AttributeKind::CachesTo(at) | AttributeKind::Outputs(at) => (at.get)(a) == (at.get)(b),
            AttributeKind::Flag(at) => (at.get)(a) == (at.get)(b),
            AttributeKind::Secrets(at) => (at.get)(a) == (at.get)(b),
            AttributeKind::Ssh(at) => (at.get)(a) == (at.get)(b),
            AttributeKind::Policies(at) => (at.get)(a) == (at.get)(b),
            AttributeKind::Limits(at) => (at.get)(a) == (at.get)(b),
        }
    }
}

/// Which attributes several targets have in common, in the order of the table.
#[derive(Debug)]
pub(crate) struct Common(Vec<bool>);

impl Common {
    /// Those that all others have as the first.
    #[must_use]
    pub(crate) fn of(first: &Target, others: &[&Target]) -> Self {
        let mut common = Vec::with_capacity(TARGET_NAMES.len());
        each_attribute(
            #[inline(always)]
            |attribute| common.push(others.iter().all(|other| attribute.is_same_in(first, other))),
        );
        Self(common)
    }

    /// Whether each attribute, in the order of the table, is among them.
    pub(super) fn iter(&self) -> impl Iterator<Item = bool> {
        self.0.iter().copied()
    }
}

impl Target {
    /// Takes over `other`'s attributes, as a later block of the same name or a child does: values and some lists are
    /// replaced, other lists appended, maps merged by key. Name, place and `linked` stay.
    pub fn merge(&mut self, other: &Self) {
        if other.default_context.is_some() {
            self.default_context.clone_from(&other.default_context);
        }
        each_attribute(
            #[inline(always)]
            |attribute| {
                if attribute.is_one_value_of(other) {
                    self.lost_marks.forget(attribute.name);
                }
                match &attribute.kind {
                    AttributeKind::Text(at) => at.replace(self, other),
                    AttributeKind::Description(at) => {
                        let theirs = (at.get)(other);
                        if theirs.as_ref().is_some_and(|text| !text.is_empty()) {
                            (at.get_mut)(self).clone_from(theirs);
                        }
                    }
                    AttributeKind::Context(at) => {
                        let theirs = (at.get)(other);
                        if theirs.is_some() {
                            (at.get_mut)(self).clone_from(theirs);
                            self.context_of.clone_from(&other.context_of);
                        }
                    }
                    AttributeKind::List(at) => at.replace(self, other),
                    AttributeKind::Texts(at)
                    | AttributeKind::Inherits(at)
                    | AttributeKind::Annotations(at) => at.append(self, other),
                    AttributeKind::Map(at) | AttributeKind::Args(at) | AttributeKind::Contexts(at) => {
                        let theirs = (at.get)(other);
                        self.lost_marks.forget_keys(attribute.name, theirs.iter().map(|(key, _)| &**key));
                        (at.get_mut)(self).merge(theirs);
                    }
                    AttributeKind::Attestations(at) => {
                        let theirs = (at.get)(other);
                        self.lost_marks.forget_keys(attribute.name, theirs.iter().map(Entry::kind));
                        at.append(self, other);
                    }
                    AttributeKind::CachesFrom(at) => {
                        let theirs = (at.get)(other);
                        if !theirs.is_empty() {
                            let own = (at.get_mut)(self);
                            own.extend_from_slice(theirs);
                            // At every step, because removing duplicates reorders.
                            remove_duplicates(own);
                        }
                    }
                    AttributeKind::CachesTo(at) | AttributeKind::Outputs(at) => at.replace(self, other),
                    AttributeKind::Flag(at) => at.replace(self, other),
                    AttributeKind::Secrets(at) => {
                        let theirs = (at.get)(other);
                        let ids = theirs.iter().map(|secret| secret.id.as_str());
                        self.lost_marks.forget_keys(attribute.name, ids);
                        at.append(self, other);
                    }
                    AttributeKind::Ssh(at) => {
                        let theirs = (at.get)(other);
                        self.lost_marks.forget_keys(attribute.name, theirs.iter().map(|ssh| ssh.id.as_str()));
                        at.append(self, other);
                    }
                    AttributeKind::Policies(at) => at.append(self, other),
                    AttributeKind::Limits(at) => {
                        if let Some(theirs) = (at.get)(other) {
                            let given = LIMITS.iter().filter(|limit| limit.is_given(theirs));
                            self.lost_marks.forget_keys(attribute.name, given.map(|limit| limit.name));
                            (at.get_mut)(self).get_or_insert_default().merge(theirs);
                        }
                    }
                }
            },
        );
        self.lost_marks.extend(&other.lost_marks);
    }

    /// Brings lists into their final form: no duplicates, no empty strings.
    pub fn normalize(&mut self) {
        if self.network.as_ref().is_some_and(|mode| mode.as_str() == "host") {
            self.entitlements.push(Text::verbatim("network.host"));
        }
        each_attribute(
            #[inline(always)]
            |attribute| {
                match &attribute.kind {
                    AttributeKind::Texts(at) | AttributeKind::Annotations(at) => {
                        at.change(self, unique_texts);
                    }
                    AttributeKind::List(at) => (at.get_mut)(self).iter_mut().for_each(unique_texts),
                    AttributeKind::Contexts(at) => (at.get_mut)(self).retain(|_, value| !value.is_empty()),
                    AttributeKind::Attestations(at) => {
                        at.change(self, |all| last_by(all, |entry| entry.fields.get_mut("type")));
                    }
                    AttributeKind::CachesFrom(at) => at.change(self, remove_duplicates),
                    AttributeKind::CachesTo(at) | AttributeKind::Outputs(at) => {
                        let list = (at.get_mut)(self);
                        // An empty list counts as unset from here on, unlike that of tags and platforms.
                        *list = list.take().filter(|entries| !entries.is_empty());
                        list.iter_mut().for_each(remove_duplicates);
                    }
                    AttributeKind::Secrets(at) => {
                        at.change(self, |all| last_by(all, |secret| Some(&mut secret.id)));
                    }
                    AttributeKind::Ssh(at) => at.change(self, |all| last_by(all, |ssh| Some(&mut ssh.id))),
                    AttributeKind::Text(_)
                    | AttributeKind::Description(_)
                    | AttributeKind::Context(_)
                    | AttributeKind::Inherits(_)
                    | AttributeKind::Map(_)
                    | AttributeKind::Args(_)
                    | AttributeKind::Flag(_)
                    | AttributeKind::Policies(_)
                    | AttributeKind::Limits(_) => {}
                }
            },
        );
    }

    /// Calls `visit` with every string of the target and the attribute it belongs to. Numbers count as their text; the
    /// key of a map has its marks on its value. What is left out can only have one of a few known values.
    pub(crate) fn each_text(&self, visit: &mut impl FnMut(&'static TargetAttribute, &Text)) {
        each_attribute(
            #[inline(always)]
            |attribute| {
                let mut visit = |text: &Text| visit(attribute, text);
                match &attribute.kind {
                    AttributeKind::Text(at) | AttributeKind::Description(at) => {
                        (at.get)(self).iter().for_each(visit);
                    }
                    AttributeKind::Context(at) => {
                        self.default_context.iter().chain((at.get)(self)).for_each(visit);
                    }
                    AttributeKind::List(at) => (at.get)(self).iter().flatten().for_each(visit),
                    AttributeKind::Texts(at)
                    | AttributeKind::Inherits(at)
                    | AttributeKind::Annotations(at) => {
                        (at.get)(self).iter().for_each(visit);
                    }
                    AttributeKind::Map(at) | AttributeKind::Args(at) | AttributeKind::Contexts(at) => {
                        (at.get)(self).values().for_each(visit);
                    }
                    AttributeKind::Attestations(at) | AttributeKind::CachesFrom(at) => {
                        each_field((at.get)(self), &mut visit);
                    }
                    AttributeKind::CachesTo(at) | AttributeKind::Outputs(at) => {
                        each_field((at.get)(self).as_deref().unwrap_or_default(), &mut visit);
                    }
                    AttributeKind::Flag(_) => {}
                    AttributeKind::Secrets(at) => {
                        for Secret { id, src, env, span: _ } in (at.get)(self) {
                            std::iter::once(id).chain(src).chain(env).for_each(&mut visit);
                        }
                    }
                    AttributeKind::Ssh(at) => {
                        for Ssh { id, paths, span: _ } in (at.get)(self) {
                            std::iter::once(id).chain(paths).for_each(&mut visit);
                        }
                    }
                    AttributeKind::Policies(at) => {
                        let policies = (at.get)(self);
                        for Policy { files, reset: _, disabled: _, strict: _, log_level: _, span: _ } in
                            policies
                        {
                            files.iter().for_each(&mut visit);
                        }
                    }
                    AttributeKind::Limits(at) => {
                        if let Some(limits) = (at.get)(self) {
                            limits.each_text(&mut visit);
                        }
                    }
                }
            },
        );
    }

    /// How many elements its lists and maps have, and a few for itself, which is what copying it costs.
    #[must_use]
    pub fn weight(&self) -> usize {
        let entries = |list: &[Entry]| -> usize { list.iter().map(|entry| 1 + entry.fields.len()).sum() };
        let mut weight = 4 + self.lost_marks.len();
        each_attribute(
            #[inline(always)]
            |attribute| {
                weight += match &attribute.kind {
                    AttributeKind::Text(_)
                    | AttributeKind::Description(_)
                    | AttributeKind::Context(_)
                    | AttributeKind::Flag(_)
                    | AttributeKind::Limits(_) => 0,
                    AttributeKind::List(at) => (at.get)(self).as_ref().map_or(0, Vec::len),
                    AttributeKind::Texts(at)
                    | AttributeKind::Inherits(at)
                    | AttributeKind::Annotations(at) => (at.get)(self).len(),
                    AttributeKind::Map(at) | AttributeKind::Args(at) | AttributeKind::Contexts(at) => {
                        (at.get)(self).len()
                    }
                    AttributeKind::Attestations(at) | AttributeKind::CachesFrom(at) => {
                        entries((at.get)(self))
                    }
                    AttributeKind::CachesTo(at) | AttributeKind::Outputs(at) => {
                        (at.get)(self).as_deref().map_or(0, entries)
                    }
                    AttributeKind::Secrets(at) => (at.get)(self).len(),
                    AttributeKind::Ssh(at) => (at.get)(self).iter().map(|ssh| 1 + ssh.paths.len()).sum(),
                    AttributeKind::Policies(at) => {
                        (at.get)(self).iter().map(|policy| 1 + policy.files.len()).sum()
                    }
                };
            },
        );
        weight
    }
}

impl Limit {
    /// Whether it is set.
    fn is_given(&self, resources: &Resources) -> bool {
        match &self.kind {
            LimitKind::Text(at) => (at.get)(resources).is_some(),
            LimitKind::Whole(at) => (at.get)(resources).is_some(),
        }
    }
}

impl Group {
    /// Calls `visit` with every string of the group and the attribute it belongs to.
    pub(crate) fn each_text<'g>(&'g self, visit: &mut impl FnMut(&'static GroupAttribute, &'g Text)) {
        each_group_attribute(|attribute| match &attribute.kind {
            GroupAttributeKind::Description(at) => {
                (at.get)(self).iter().for_each(|text| visit(attribute, text));
            }
            GroupAttributeKind::Members(at) => {
                (at.get)(self).iter().flatten().for_each(|text| visit(attribute, text));
            }
        });
    }
}

impl Resources {
    fn merge(&mut self, other: &Self) {
        each_limit(
            #[inline(always)]
            |limit| match &limit.kind {
                LimitKind::Text(at) => at.replace(self, other),
                LimitKind::Whole(at) => at.replace(self, other),
            },
        );
    }

    /// Calls `visit` with every limit as text.
    pub(crate) fn each_text(&self, visit: &mut impl FnMut(&Text)) {
        each_limit(
            #[inline(always)]
            |limit| match &limit.kind {
                LimitKind::Text(at) => (at.get)(self).iter().for_each(&mut *visit),
                LimitKind::Whole(at) => (at.get)(self).iter().for_each(|whole| visit(&whole.text)),
            },
        );
    }
}

fn each_field(entries: &[Entry], visit: &mut impl FnMut(&Text)) {
    for Entry { fields, span: _ } in entries {
        fields.values().for_each(&mut *visit);
    }
}

impl<O, T: Clone> Field<O, Option<T>> {
    /// Takes over what another has, if it has something.
    #[inline(always)]
    fn replace(&self, own: &mut O, other: &O) {
        let theirs = (self.get)(other);
        if theirs.is_some() {
            (self.get_mut)(own).clone_from(theirs);
        }
    }
}

impl<O, T: Clone> Field<O, Vec<T>> {
    /// Adds what another has.
    #[inline(always)]
    fn append(&self, own: &mut O, other: &O) {
        let theirs = (self.get)(other);
        if !theirs.is_empty() {
            (self.get_mut)(own).extend_from_slice(theirs);
        }
    }

    /// Changes a list that has something.
    #[inline(always)]
    fn change(&self, own: &mut O, change: impl FnOnce(&mut Vec<T>)) {
        if !(self.get)(own).is_empty() {
            change((self.get_mut)(own));
        }
    }
}
