//! What the spec says of secrets: `secret_variables` in the `image` block without a label.
//!
//! It decides how variables are read, so it is read before them, and is written as it is: a list of names.

use std::collections::BTreeMap;

use crate::bake::module::File;
use crate::bake::text::syntax::{Expr, ExprKind};
use crate::bake::values::SecretNames;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// The attribute.
pub(super) const ATTRIBUTE: &str = "secret_variables";

/// What stands before the name of a variable that is not a secret.
const NOT: char = '!';

/// Which variables are secret, of all files: the later ones win.
pub(crate) fn secret_names(files: &[File], diagnostics: &mut Diagnostics) -> SecretNames {
    let mut said = BTreeMap::new();
    let blocks = files.iter().flat_map(|file| file.body.blocks_of("image"));
    for block in blocks.filter(|block| block.labels.iter().all(|label| label.name.is_empty())) {
        let Some(attribute) = block.body.attribute(ATTRIBUTE) else { continue };
        let ExprKind::Tuple(entries) = &attribute.value.kind else {
            diagnostics.report(wrong(&attribute.value));
            continue;
        };
        for entry in entries {
            let Some(text) = constant(entry) else {
                diagnostics.report(wrong(entry));
                continue;
            };
            let name = text.strip_prefix(NOT);
            said.insert(name.unwrap_or(text).to_owned(), name.is_none());
        }
    }
    SecretNames::new(said)
}

fn wrong(expr: &Expr) -> Diagnostic {
    let message =
        format!("`{ATTRIBUTE}` is read before all variables: expected a list of names, each in quotes");
    Diagnostic::error(Code::SECRET_VARIABLES, message).at(expr.span, "").with_help(
        "`secret_variables = [\"LICENSE\", \"!CACHE_KEY\"]` adds the first, and takes the second away",
    )
}

/// The name that is written, perhaps after `!`.
fn constant(expr: &Expr) -> Option<&str> {
    let text = match &expr.kind {
        ExprKind::String(text) => text,
        ExprKind::JsonString { text, .. } => text,
        _ => return None,
    };
    let name = text.strip_prefix(NOT).unwrap_or(text);
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    (!name.is_empty() && name.chars().all(is_name)).then_some(text)
}
