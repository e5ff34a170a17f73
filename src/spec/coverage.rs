//! Finds the targets that an image block covers.

use std::sync::Arc;

use super::attributes::Covered;
use super::declare::Marked;
use super::image::ImageSpec;
use super::read::AttributeReader;
use crate::bake::module::Module;
use crate::bake::target::{Definition, Text};
use crate::bake::values::Name;
use crate::bake::values::{MarkedStr, Value};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, suggest};
use crate::source::Span;

/// What an image block covers: lists of targets, each of which becomes one image.
#[derive(Clone, Debug)]
pub(crate) struct Coverage {
    /// The targets of each image; several are merged into one index.
    pub images: Vec<Vec<Name>>,
    /// Whether the targets are those of matrices, so that each image is named after its member.
    pub by_member: bool,
    /// Where the targets are named.
    pub span: Span,
    /// The parts of the names that have marks.
    pub marked: Vec<Marked>,
}

/// The targets that one name stands for.
struct Members {
    names: Vec<Name>,
    is_matrix: bool,
}

impl ImageSpec {
    /// Which targets of the definition the block covers: those of the module's blocks, and services of Compose files.
    pub(crate) fn coverage(
        &self,
        module: &Module,
        definition: &Definition,
        diagnostics: &mut Diagnostics,
    ) -> Option<Coverage> {
        let label = self.label.as_ref()?;
        let (one, many) = (self.attributes.get("target"), self.attributes.get("targets"));
        if let (Some(one), Some(many)) = (one, many) {
            diagnostics.report(
                Diagnostic::error(Code::TARGET_AND_TARGETS, "an image has `target` or `targets`, not both")
                    .at(many.name.span, "")
                    .at(one.name.span, ""),
            );
            return None;
        }
        let mut covered = Covered::default();
        let given = one.or(many);
        let names = match given {
            None => {
                vec![Text { value: MarkedStr::verbatim(Arc::clone(&label.name)), span: Some(label.span) }]
            }
            Some(attribute) => {
                covered.read(attribute, &mut AttributeReader::new(module, None, None, diagnostics));
                covered.target.or(covered.targets).unwrap_or_default()
            }
        };
        let cure = match given {
            Some(_) => "declare it",
            None => "name its target with `target = \"…\"`, or declare it",
        };
        let mut lists = Vec::new();
        for name in &names {
            lists.push(members(module, definition, name, cure, diagnostics)?);
        }
        let (images, by_member) = match lists.as_slice() {
            // Null or an empty list; whether it is one may depend on marks.
            [] => (Vec::new(), false),
            [list] => (list.names.iter().map(|name| vec![Arc::clone(name)]).collect(), list.is_matrix),
            lists if lists.iter().any(|list| list.is_matrix) => {
                (joined(module, lists, &names, diagnostics), true)
            }
            lists => (vec![lists.iter().flat_map(|list| list.names.iter().cloned()).collect()], false),
        };
        let span = given.map_or(label.span, |attribute| attribute.value.span);
        Some(Coverage { images, by_member, span, marked: covered.marked })
    }
}

/// Members of several matrices belong together when their axes have the same values.
fn joined(
    module: &Module,
    lists: &[Members],
    names: &[Text],
    diagnostics: &mut Diagnostics,
) -> Vec<Vec<Name>> {
    let mut images: Vec<Vec<Name>> = Vec::new();
    for member in &lists[0].names {
        let axes = module.axes(member);
        let mut image = vec![Arc::clone(member)];
        for (list, name) in lists.iter().zip(names).skip(1) {
            match list.names.iter().find(|other| same_axes(axes, module.axes(other))) {
                Some(other) => image.push(Arc::clone(other)),
                None => {
                    let message = format!("`{name}` has no member with the axis values of `{member}`");
                    diagnostics.report(Diagnostic::error(Code::MATRIX_JOIN, message).at(name.span, "").with_help(
                        "members of several matrices form one image when the axes they share have equal values",
                    ));
                }
            }
        }
        images.push(image);
    }
    images
}

/// The targets that a name in `target` or `targets` stands for.
fn members(
    module: &Module,
    definition: &Definition,
    name: &Text,
    cure: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Members> {
    if let Some(members) = module.members(name.as_str()) {
        let is_matrix = members.len() != 1 || &*members[0] != name.as_str();
        return Some(Members { names: members.to_vec(), is_matrix });
    }
    if let Some((target, _)) = definition.targets.get_key_value(name.as_str()) {
        return Some(Members { names: vec![Arc::clone(target)], is_matrix: false });
    }
    let diagnostic = Diagnostic::error(
        Code::UNKNOWN_TARGET,
        format!("there is no target `{name}`, so it cannot be published"),
    )
    .at(name.span, "not found");
    if let Some((_, service)) = definition.unbuilt.iter().find(|(service, _)| **service == *name.as_str()) {
        let diagnostic = diagnostic.at(Some(*service), "the service has no `build`");
        diagnostics.report(diagnostic.with_help("add one, such as `build: .`, or leave the block out"));
        return None;
    }
    let known = module.target_labels().chain(definition.targets.keys());
    diagnostics.report(match suggest(name.as_str(), known.map(|known| &**known)) {
        Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
        None => diagnostic.with_help(cure),
    });
    None
}

/// Whether the axes that two combinations have in common have equal values.
fn same_axes(a: &[(Name, Value)], b: &[(Name, Value)]) -> bool {
    a.iter().all(|(axis, value)| b.iter().all(|(other, theirs)| axis != other || value == theirs))
}
