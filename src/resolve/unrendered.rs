//! Patterns where none are rendered: what a target gives its build.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::pattern;
use crate::plan::Leg;

/// A note for each argument, label and annotation with `{{ version }}` in it, which the build gets as it is written.
pub(super) fn patterns(legs: &IndexMap<Name, Leg>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut notes = Vec::new();
    for leg in legs.values() {
        leg.definition.each_text(&mut |attribute, text| {
            if !matches!(attribute.name, "args" | "labels" | "annotations") {
                return;
            }
            let Some(word) = pattern::word_in(text.as_str()) else { return };
            if seen.insert((text.span, word)) {
                let message = format!(
                    "`{}` of target `{}` has `{{{{ {word} }}}}`, which is rendered in the tags of an `image` block, not here: the build gets these characters",
                    attribute.name, leg.of
                );
                let help = match attribute.name {
                    "labels" | "annotations" => "`oci_labels = true` in the `image` block adds the version, the commit and the date",
                    _ => "the plan takes it from a variable: on GitHub, `variable \"GITHUB_REF_NAME\" { default = \"dev\" }` has the git tag or the branch, and `trimprefix(GITHUB_REF_NAME, \"v\")` is the version",
                };
                notes.push(Diagnostic::note(Code::UNRENDERED, message).at(text.span, "").with_help(help));
            }
        });
    }
    notes
}
