//! Tells what all overrides come to for a target, for those who judge them or propose attributes instead.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Override, Overrides, Set, TargetOverrides};
use crate::bake::target::definition::Definition;
use crate::bake::target::text::Text;
use crate::bake::values::Name;
use crate::glob::Glob;

/// What the command line sets of a target.
#[derive(Clone, Debug)]
pub(crate) struct SetValue {
    /// The option without its value.
    pub(crate) written: Arc<str>,
    /// The key, with the name after its dot.
    pub(crate) key: Name,
    /// The value, or those that a list gets.
    pub(crate) values: Vec<Text>,
}

/// What counts of what is set of one key of a target.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    /// The values, in their order.
    pub(crate) values: Vec<Text>,
    /// Whether they come beside what the target has.
    pub(crate) is_more: bool,
}

impl Overrides {
    /// What is set of each target. A pattern that matches none has been reported.
    pub(crate) fn values(&self, definition: &Definition) -> BTreeMap<Name, Vec<SetValue>> {
        let of_key = |(key, Override { written, value, list, append: _ })| SetValue {
            written,
            key,
            values: if list.is_empty() { vec![value] } else { list },
        };
        let by_target = self.by_target(definition).unwrap_or_default().into_iter();
        by_target.map(|(name, set)| (name, set.into_iter().map(of_key).collect())).collect()
    }

    /// What counts of what is set of a target of this name, key by key.
    pub(crate) fn counted(&self, name: &str) -> Vec<Counted> {
        let mut of_target = TargetOverrides::new();
        let is_of = |set: &&Set| {
            set.pattern == name || Glob::parse(&set.pattern).is_ok_and(|pattern| pattern.matches(name))
        };
        self.sets.iter().filter(is_of).for_each(|set| set.add_to(&mut of_target));
        let of_key = |Override { written: _, value, list, append }| Counted {
            values: if list.is_empty() { vec![value] } else { list },
            is_more: append,
        };
        of_target.into_values().map(of_key).collect()
    }
}
