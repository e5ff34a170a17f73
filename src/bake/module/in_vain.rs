//! Variables that are set from outside and on which nothing depends but expressions whose values are not used.

use std::collections::BTreeSet;

use super::files::Module;
use crate::bake::eval::references::References;
use crate::bake::text::syntax::{Attribute, Body};
use crate::bake::values::Name;
use crate::source::Span;

/// A variable that is set in vain.
pub(crate) struct SetInVain {
    /// The variable.
    pub(crate) name: Name,
    /// The option or the environment variable that sets it.
    pub(crate) source: String,
    /// Whether it is an option.
    pub(crate) is_option: bool,
    /// The expression that uses it.
    pub(crate) span: Span,
}

impl Module {
    /// The variables that are set from outside and that only these expressions use, which are the values of attributes of
    /// targets.
    pub(crate) fn set_in_vain(&self, unused: &BTreeSet<Span>) -> Vec<SetInVain> {
        let (mut in_vain, mut used) = (Vec::new(), BTreeSet::new());
        let mut visit = |attribute: &Attribute| {
            let span = attribute.value.span;
            for name in References::of(&attribute.value, &[]).names {
                if unused.contains(&span) {
                    in_vain.push((name.root.clone(), span));
                } else {
                    used.insert(name.root.clone());
                }
            }
        };
        self.blocks().for_each(|block| each_attribute(&block.body, &mut visit));
        self.variable_blocks().for_each(|block| each_attribute(&block.body, &mut visit));
        self.functions.values().for_each(|block| each_attribute(&block.body, &mut visit));
        self.attributes.values().for_each(&mut visit);
        self.images.iter().for_each(|image| each_attribute(&image.block.body, &mut visit));
        let mut seen = BTreeSet::new();
        let sole = in_vain.into_iter().filter(|(name, _)| !used.contains(name) && seen.insert(name.clone()));
        let set = sole.filter(|(name, _)| self.has_variable(name)).filter_map(|(name, span)| {
            let source = self.override_of(&name, false)?.source;
            let is_option = self.surroundings.vars.contains_key(&*name);
            Some(SetInVain { name, source, is_option, span })
        });
        set.collect()
    }
}

fn each_attribute(body: &Body, visit: &mut impl FnMut(&Attribute)) {
    body.attributes.iter().for_each(&mut *visit);
    body.blocks.iter().for_each(|block| each_attribute(&block.body, visit));
}
