//! Numbers and dates that are not printed as they were written.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::definition::Target;
use crate::bake::values::{Mark, Rewritten, Scalar};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;

/// A warning for each that is in what the targets build, or in the name that it gets.
#[must_use]
pub(crate) fn in_targets<'t>(targets: impl IntoIterator<Item = &'t Target>) -> Vec<Diagnostic> {
    let mut diagnostics = Diagnostics::default();
    // Targets inherit them from each other.
    let mut seen = BTreeSet::new();
    for target in targets {
        target.each_text(&mut |attribute, text| {
            let is_content = matches!(attribute.name, "args" | "labels" | "annotations" | "tags" | "output");
            for mark in text.value.marks().iter().filter(|_| is_content) {
                let Mark::Rewritten(rewritten) = mark else { continue };
                if seen.insert((text.span, rewritten.clone())) {
                    let place = format!("`{}` of target `{}`", attribute.name, target.name);
                    diagnostics.report(warning(&place, rewritten, text.span));
                }
            }
        });
    }
    diagnostics.into_sorted()
}

/// The warning for one that is in this place.
#[must_use]
pub(crate) fn warning(place: &impl Display, rewritten: &Rewritten, span: Option<Span>) -> Diagnostic {
    let Rewritten { scalar, written, printed } = rewritten;
    let (what, help) = match scalar {
        Scalar::Number => (
            "a number",
            format!(
                "put it in quotes where it is written: `\"{written}\"`; what comes from the environment stays as it is if its variable has `type = string`"
            ),
        ),
        Scalar::Date => ("a date", format!("make it a string: `\"{written}\"`")),
    };
    let message = format!("{what} in {place} was written `{written}`, but is printed as `{printed}`");
    Diagnostic::warning(Code::REWRITTEN, message).at(span, "").with_help(help)
}
