//! What may stand in `variable` and `function` blocks: Bake reads them all before it knows which of them count.

use super::files::Module;
use crate::bake::text::syntax::{Block, Body};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, names_help};

const OF_FUNCTION: [&str; 3] = ["params", "variadic_params", "result"];
const OF_VALIDATION: [&str; 2] = ["condition", "error_message"];

impl Module {
    /// Reports what a block of a file cannot have, also where a later block replaces it. Targets and groups ignore what they
    /// do not know, and so does a variable, except for its description.
    pub(super) fn check_shape(&self, block: &Block, diagnostics: &mut Diagnostics) {
        match &*block.kind.name {
            "function" => check_body(&block.body, "a function", &OF_FUNCTION, diagnostics),
            "variable" => {
                for rule in block.body.blocks_of("validation") {
                    if let [first, ..] = rule.labels.as_slice() {
                        let message = "a validation block has no label";
                        let diagnostic = Diagnostic::error(Code::BLOCK_LABEL, message).at(first.span, "");
                        diagnostics.report(diagnostic.with_help("write `validation {`"));
                    }
                    check_body(&rule.body, "a validation", &OF_VALIDATION, diagnostics);
                }
                if let Err(failure) = self.description(block) {
                    diagnostics.report(*failure);
                }
            }
            _ => {}
        }
    }
}

/// Reports the attributes that are not known, and all blocks.
fn check_body(body: &Body, owner: &str, known: &[&str], diagnostics: &mut Diagnostics) {
    for attribute in body.attributes.iter().filter(|attribute| !known.contains(&&*attribute.name.name)) {
        let name = &attribute.name.name;
        let message = format!("{owner} has no attribute `{name}`");
        let diagnostic = Diagnostic::error(Code::UNKNOWN_ATTRIBUTE, message).at(attribute.name.span, "");
        diagnostics.report(diagnostic.with_help(names_help(name, "attribute", known.iter().copied())));
    }
    for block in &body.blocks {
        let name = &block.kind.name;
        let message = format!("{owner} contains no blocks, but here is `{name}`");
        let help = if known.contains(&&**name) {
            format!("it is an attribute: `{name} = …`")
        } else {
            "leave it out; if it belongs at the top of the file, a `}` is missing before it".to_owned()
        };
        diagnostics
            .report(Diagnostic::error(Code::UNKNOWN_BLOCK, message).at(block.span, "").with_help(help));
    }
}
