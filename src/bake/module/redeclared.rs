//! References to what only an earlier declaration of a target sets: Bake merges the declarations, but references see the
//! last one alone, so that these are null.

use std::collections::BTreeMap;

use super::files::File;
use crate::bake::eval::references::References;
use crate::bake::text::syntax::{Attribute, Block, Body};
use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// What stands around the one reference of a text: `"${` and `}"`.
const TEMPLATE: u32 = 5;

/// One of them.
#[derive(Clone, Debug)]
pub struct NullReference {
    target: Name,
    attribute: Name,
    /// The name of the attribute, where it is referred to.
    place: Span,
    /// All of the reference.
    whole: Span,
    /// The last declaration.
    last: Span,
}

impl NullReference {
    /// Finds them in these files.
    #[must_use]
    pub fn among(files: &[File]) -> Vec<Self> {
        let mut declared: BTreeMap<&str, Vec<&Block>> = BTreeMap::new();
        for block in files.iter().flat_map(|file| &file.body.blocks) {
            if let ("target", [label]) = (&*block.kind.name, block.labels.as_slice()) {
                declared.entry(&label.name).or_default().push(block);
            }
        }
        declared.retain(|_, blocks| blocks.len() > 1);
        if declared.is_empty() {
            return Vec::new();
        }
        let attributes = files.iter().flat_map(|file| attributes(&file.body));
        let references = attributes.flat_map(|attribute| References::of(&attribute.value, &[]).names);
        let null = references.filter_map(|reference| {
            let [name, member] = reference.path.as_slice() else { return None };
            let [earlier @ .., last] = declared.get(&*name.name)?.as_slice() else { return None };
            let sets = |block: &&Block| block.body.attributes.iter().any(|one| one.name.name == member.name);
            let is_null = &**reference.root == "target" && !sets(last) && earlier.iter().any(sets);
            is_null.then(|| Self {
                target: name.name.clone(),
                attribute: member.name.clone(),
                place: member.span,
                whole: reference.expr.span,
                last: last.kind.span,
            })
        });
        null.collect()
    }

    /// What is suspicious about it, where null is taken.
    #[must_use]
    pub fn finding(&self) -> Diagnostic {
        let Self { target, attribute, place, whole: _, last } = self;
        let message = format!(
            "`target.{target}.{attribute}` is null here: `{target}` is declared again without `{attribute}`"
        );
        Diagnostic::error(Code::NULL_REFERENCE, message)
            .at(*place, "null")
            .at(*last, "declared again")
            .with_help(self.help())
    }

    /// The same beside an error that it is the cause of, where null is not taken.
    #[must_use]
    fn explain(&self, error: Diagnostic) -> Diagnostic {
        let Self { target, attribute, place: _, whole: _, last } = self;
        let error = error.at(*last, "declared again").with_note(format!(
            "`target.{target}.{attribute}` is null: the last declaration has no `{attribute}`"
        ));
        if error.help.is_some() { error.with_note(self.help()) } else { error.with_help(self.help()) }
    }

    fn help(&self) -> String {
        format!("`inherits = [\"{}\"]` takes the merged declarations", self.target)
    }

    fn is_at(&self, error: &Diagnostic) -> bool {
        let main = error.labels.first().map(|label| label.span);
        main.is_some_and(|main| {
            let around = |whole: Span| (main.end - main.start) - (whole.end - whole.start);
            // The reference, or a part of it, or a text that is nothing else.
            self.whole.holds(main) || (main.holds(self.whole) && around(self.whole) <= TEMPLATE)
        })
    }
}

/// The errors, with what explains them.
pub(crate) fn explain(errors: Vec<Diagnostic>, null: &[NullReference]) -> Vec<Diagnostic> {
    let explained = |error: Diagnostic| match null.iter().find(|one| one.is_at(&error)) {
        Some(one) => one.explain(error),
        None => error,
    };
    errors.into_iter().map(explained).collect()
}

/// The attributes of a body and of the blocks in it.
fn attributes(body: &Body) -> Vec<&Attribute> {
    let inner = body.blocks.iter().flat_map(|block| attributes(&block.body));
    body.attributes.iter().chain(inner).collect()
}
