//! The names in `image` blocks: one that is not known is an error, since a typo must not pass.

use super::attributes::{Covered, PlatformSettings, Settings};
use super::workflow::WorkflowSettings;
use crate::bake::text::syntax::{Attribute, Body, Expr, ExprKind, Ident, ObjectKey};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, all_listed, suggest};

/// What a name stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Image,
    Platform,
    Workflow,
}

impl Owner {
    /// The blocks in an image.
    const INSIDE: [(&str, Self); 2] = [("platform", Self::Platform), ("workflow", Self::Workflow)];

    fn attributes(self) -> Vec<&'static str> {
        let declared = match self {
            Self::Image => [Covered::DECLARED, Settings::DECLARED].concat(),
            Self::Platform => PlatformSettings::DECLARED.to_vec(),
            Self::Workflow => WorkflowSettings::DECLARED.to_vec(),
        };
        declared.iter().map(|one| one.name).collect()
    }

    fn blocks(self) -> Vec<&'static str> {
        match self {
            Self::Image => Self::INSIDE.map(|(name, _)| name).to_vec(),
            Self::Platform | Self::Workflow => Vec::new(),
        }
    }

    fn described(self) -> &'static str {
        match self {
            Self::Image => "an image",
            Self::Platform => "a platform of an image",
            Self::Workflow => "a workflow",
        }
    }

    /// Near in spelling, and not what is meant.
    fn misunderstood(self, name: &str) -> Option<&'static str> {
        match (self, name) {
            (Self::Image, "platforms") => Some(
                "platforms are set in the target; a block `platform \"os/arch\" { … }` overrides one of them",
            ),
            (Self::Image, "runner") => {
                Some("write `runners = { default = \"…\" }`, or `runner` in a `platform` block")
            }
            _ => None,
        }
    }
}

/// A warning for what Bake takes for a variable of the name `image`, and whose members are called as what image blocks have: in
/// JSON, one member that is no object is enough for that.
pub(super) fn taken_for_a_variable(image: &Attribute) -> Option<Diagnostic> {
    let known = Owner::Image.attributes();
    let is_setting = |(key, _): &(ObjectKey, Expr)| match key {
        ObjectKey::Name(name) => known.contains(&&*name.name),
        ObjectKey::Expr(Expr { kind: ExprKind::JsonString { text, .. }, .. }) => known.contains(&&**text),
        ObjectKey::Expr(_) => false,
    };
    let has_setting = |value: &Expr| objects(value).into_iter().flatten().any(is_setting);
    let is_meant = has_setting(&image.value)
        || objects(&image.value).into_iter().flatten().any(|(_, inner)| has_setting(inner));
    is_meant.then(|| {
        let message = "`image` is a variable here, and no image block: nothing is published by it";
        Diagnostic::warning(Code::UNKNOWN_BLOCK, message).at(image.name.span, "").with_help(
            "write `image \"NAME\" {`, in JSON `\"image\": {\"NAME\": {…}}` with an object for each name; that of defaults is empty: `\"\"`",
        )
    })
}

/// The members of each object that is written out, in lists, too.
fn objects(value: &Expr) -> Vec<&[(ObjectKey, Expr)]> {
    match &value.kind {
        ExprKind::Object(members) => vec![members],
        ExprKind::Tuple(items) => items.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

/// Reports each unknown name in an image block.
pub(super) fn check(body: &Body, diagnostics: &mut Diagnostics) {
    check_attributes(body, Owner::Image, diagnostics);
    for block in &body.blocks {
        let Some((_, owner)) = Owner::INSIDE.into_iter().find(|(name, _)| *name == &*block.kind.name) else {
            diagnostics.report(unknown_block(&block.kind, Owner::Image));
            continue;
        };
        check_attributes(&block.body, owner, diagnostics);
        for inner in &block.body.blocks {
            diagnostics.report(unknown_block(&inner.kind, owner));
        }
    }
}

fn check_attributes(body: &Body, owner: Owner, diagnostics: &mut Diagnostics) {
    let known = owner.attributes();
    for attribute in body.attributes.iter().filter(|one| !known.contains(&&*one.name.name)) {
        let name = &attribute.name;
        let message = format!("{} has no attribute `{}`", owner.described(), name.name);
        let diagnostic = Diagnostic::error(Code::UNKNOWN_ATTRIBUTE, message).at(name.span, "unknown");
        diagnostics.report(diagnostic.with_help(
            help(name, owner, &known).unwrap_or_else(|| format!("it may have {}", all_listed(&known))),
        ));
    }
}

fn unknown_block(name: &Ident, owner: Owner) -> Diagnostic {
    let message = format!("{} has no block `{}`", owner.described(), name.name);
    let diagnostic = Diagnostic::error(Code::UNKNOWN_BLOCK, message).at(name.span, "unknown");
    let blocks = owner.blocks();
    let attributes = [Owner::Image, Owner::Platform, Owner::Workflow].map(Owner::attributes).concat();
    let help = help(name, owner, &blocks).or_else(|| {
        if attributes.contains(&&*name.name) {
            return Some(format!("it is an attribute: `{} = …`", name.name));
        }
        (!blocks.is_empty()).then(|| format!("it may have {}", all_listed(&blocks)))
    });
    help.into_iter().fold(diagnostic, Diagnostic::with_help)
}

fn help(name: &Ident, owner: Owner, known: &[&str]) -> Option<String> {
    if let Some(help) = owner.misunderstood(&name.name) {
        return Some(help.to_owned());
    }
    suggest(&name.name, known.iter().copied()).map(|near| format!("did you mean `{near}`?"))
}
