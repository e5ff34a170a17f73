//! The blocks of a module: which targets and groups they stand for, what expressions see of them, and what they define.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::exposed;
use super::files::Module;
use super::instance::{Instance, ValueState};
use super::matrix::{self, Matrix};
use crate::bake::eval::Scope;
use crate::bake::eval::budget::MAX_ERRORS;
use crate::bake::eval::chain::Step;
use crate::bake::target::Definition;
use crate::bake::target::attributes::names_of;
use crate::bake::target::decode;
use crate::bake::target::holdings::Holdings;
use crate::bake::text::syntax::{Block, Body, Ident};
use crate::bake::values::{MarkedStr, Marks, Name, Value};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, Failure};

impl Module {
    /// Evaluates the attribute of a block (or all of them) that an expression asks for.
    pub(super) fn expose(
        &self,
        kind: &'static str,
        block: &Ident,
        attribute: Option<&Ident>,
    ) -> Result<(), Failure> {
        if !self.instances.is_empty() {
            // Known kinds are visible even when the block is not there, so that the error names the block.
            self.context.exposed.borrow_mut().entry(kind).or_default();
        }
        let Some(indexes) = self.by_name.get(&(kind, Arc::clone(&block.name))) else { return Ok(()) };
        for index in indexes {
            let instance = &self.instances[*index];
            let asked: Vec<Name> = match attribute {
                Some(ident) => vec![Arc::clone(&ident.name)],
                None => exposed::attributes(kind).iter().map(|name| Name::from(*name)).collect(),
            };
            for name in asked {
                if instance.exposed.borrow().contains(&name) {
                    continue;
                }
                let value = self.exposed_value(instance, &name)?;
                // Not before: who asks for it on the way is in a cycle.
                instance.exposed.borrow_mut().insert(Arc::clone(&name));
                self.context.show(kind, &instance.name, value.map(|value| (name, value)));
            }
            self.context.show(kind, &instance.name, None);
        }
        Ok(())
    }

    /// What `target.NAME.ATTRIBUTE` is: the block's own attribute, converted to Bake's type, or what Bake shows for an
    /// attribute that is not set. `None` for an attribute that does not exist.
    fn exposed_value(&self, instance: &Instance, name: &Name) -> Result<Option<Value>, Failure> {
        if &**name == "name" {
            let own = MarkedStr::verbatim(Arc::clone(&instance.name));
            return Ok(Some(Value::String(own.marked(&instance.marks))));
        }
        let attributes = &instance.block.body.attributes;
        let Some(at) = attributes.iter().position(|attribute| attribute.name.name == *name) else {
            return Ok(exposed::unset(instance.kind, name));
        };
        let attribute = &attributes[at];
        let value = self.attribute_value(instance, at)?;
        exposed::value(instance.kind, attribute, value).map_err(Box::new)
    }

    /// The value of a block's own attribute, evaluated once.
    fn attribute_value(&self, instance: &Instance, at: usize) -> Result<Value, Failure> {
        let attribute = &instance.block.body.attributes[at];
        if attribute.value.is_constant() {
            return self.context.eval(&Scope::default(), &attribute.value);
        }
        let step = || Step::Attribute {
            kind: instance.kind,
            block: Arc::clone(&instance.name),
            name: Arc::clone(&attribute.name.name),
        };
        match instance.values.borrow().get(at) {
            Some(ValueState::Done(value)) => return value.clone(),
            Some(ValueState::Running) => return Err(self.reference_cycle(attribute.name.span, &step())),
            Some(ValueState::Waiting) | None => {}
        }
        instance.set(at, ValueState::Running);
        let value = self
            .chain
            .follow(step(), attribute.name.span, || self.eval(&Scope::of(&instance.axes), &attribute.value));
        instance.set(at, ValueState::Done(value.clone()));
        value
    }

    /// Expands matrices and names.
    pub(super) fn instantiate(&mut self, blocks: Vec<Block>) -> Result<(), Vec<Diagnostic>> {
        let mut diagnostics = Diagnostics::default();
        let (mut instances, mut matrices) = (Vec::with_capacity(blocks.len()), Vec::new());
        for block in blocks {
            let block = Arc::new(block);
            match self.expand(&block, &mut instances) {
                Ok(matrix) => matrices.extend(matrix.filter(|matrix| !matrix.marks.is_empty())),
                Err(failure) => diagnostics.report(*failure),
            }
        }
        for (index, instance) in instances.iter().enumerate() {
            let namesakes = self.by_name.entry((instance.kind, Arc::clone(&instance.name))).or_default();
            let label = instance.label();
            if instance.kind == "target"
                && !namesakes.iter().any(|at: &usize| instances[*at].label() == label)
            {
                self.labels.entry(Arc::clone(label)).or_default().push(Arc::clone(&instance.name));
            }
            namesakes.push(index);
        }
        for instance in &instances {
            let names = self.context.declared.blocks.entry(instance.kind).or_default();
            names.insert(Arc::clone(&instance.name));
        }
        self.instances = instances;
        self.matrices = matrices;
        diagnostics.check()?;
        Ok(())
    }

    fn expand(&self, block: &Arc<Block>, instances: &mut Vec<Instance>) -> Result<Option<Matrix>, Failure> {
        let kind = if &*block.kind.name == "group" { "group" } else { "target" };
        let label = &block.labels[0];
        let (matrix, name) = (block.body.attribute("matrix"), block.body.attribute("name"));
        if kind == "group"
            && let Some(attribute) = matrix.or(name)
        {
            let message = format!("`{}` is not supported for groups", attribute.name.name);
            return Err(Box::new(Diagnostic::error(Code::GROUP_MATRIX, message).at(attribute.name.span, "")));
        }
        matrix::check_name(&label.name, label.span)?;
        let (combinations, marks) = match matrix {
            None => (vec![Vec::new()], Marks::default()),
            Some(attribute) => {
                let value = self.eval(&Scope::default(), &attribute.value)?;
                self.context.known(&value, "a matrix", attribute.value.span)?;
                (matrix::combinations(&value, attribute.value.span)?, matrix::marks_of_number(&value))
            }
        };
        let first = instances.len();
        let mut seen = BTreeSet::new();
        for axes in combinations {
            let text = match (name, matrix) {
                (None, _) => MarkedStr::verbatim(Arc::clone(&label.name)),
                (Some(name), None) => {
                    let diagnostic = Diagnostic::error(Code::NAME_WITHOUT_MATRIX, "`name` requires `matrix`");
                    return Err(Box::new(diagnostic.at(name.name.span, "")));
                }
                (Some(name), Some(_)) => {
                    let value = self.eval(&Scope::of(&axes), &name.value)?;
                    self.context.known(&value, "the name of a target", name.value.span)?;
                    matrix::name_of(&value, name.value.span)?
                }
            };
            let instance_name = Arc::clone(text.name());
            if matrix.is_some() && !seen.insert(Arc::clone(&instance_name)) {
                return Err(match name {
                    None => matrix::without_name(label, &axes),
                    Some(name) => {
                        let message = format!("duplicate name `{instance_name}` in one matrix");
                        let diagnostic = Diagnostic::error(Code::DUPLICATE_NAME, message);
                        let help = "use every axis of the matrix in `name`";
                        Box::new(diagnostic.at(name.value.span, "").with_help(help))
                    }
                });
            }
            instances.push(Instance {
                kind,
                block: Arc::clone(block),
                name: instance_name,
                marks: text.marks().clone(),
                axes,
                values: RefCell::default(),
                exposed: RefCell::default(),
            });
        }
        Ok(matrix.map(|attribute| Matrix {
            label: Arc::clone(&label.name),
            members: instances[first..].iter().map(|instance| Arc::clone(&instance.name)).collect(),
            marks,
            span: attribute.value.span,
        }))
    }

    /// Evaluates all blocks, then the global attributes that nothing has asked for, merged onto what Compose files define.
    ///
    /// # Errors
    /// Everything that is wrong in any block, used or not, as in buildx.
    pub fn merge_onto(&self, mut definition: Definition) -> Result<Definition, Vec<Diagnostic>> {
        let mut diagnostics = Diagnostics::default();
        let mut holdings = Holdings::default();
        for instance in &self.instances {
            if diagnostics.len() >= MAX_ERRORS {
                break;
            }
            if let Err(failure) = self.define(instance, &mut definition, &mut holdings, &mut diagnostics) {
                diagnostics.report(*failure);
                break;
            }
        }
        for (label, members) in &self.labels {
            if members.len() != 1 || members[0] != *label {
                definition.add_label_group(label, members);
            }
        }
        for name in self.attributes.keys() {
            if diagnostics.len() >= MAX_ERRORS {
                break;
            }
            if let Err(failure) = self.resolve_global(name) {
                diagnostics.report(*failure);
            }
        }
        for image in self.images.iter().filter(|image| image.in_bake_json) {
            self.evaluate_as_bake_does(&image.block.body, &mut diagnostics);
        }
        diagnostics.check().map_err(|found| self.without_secrets(found))?;
        Ok(definition)
    }

    /// Adds the target or group of an instance, unless one of its attributes has no value.
    ///
    /// # Errors
    /// The targets hold too much.
    fn define(
        &self,
        instance: &Instance,
        definition: &mut Definition,
        holdings: &mut Holdings,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), Failure> {
        let known = names_of(instance.kind);
        let mut values = Vec::new();
        let failures = diagnostics.len();
        for (at, attribute) in instance.block.body.attributes.iter().enumerate() {
            if !known.contains(&&*attribute.name.name) {
                continue;
            }
            match self.attribute_value(instance, at) {
                Ok(value) => values.push((attribute.name.clone(), value, &attribute.value)),
                Err(failure) => diagnostics.report(*failure),
            }
        }
        if diagnostics.len() > failures {
            return Ok(());
        }
        let header = instance.block.span;
        if instance.kind == "group" {
            definition.add_group(decode::group(
                &instance.name,
                header,
                &values,
                &instance.block.body.attributes,
                diagnostics,
            ));
        } else {
            let target = decode::target(&instance.name, header, &values, diagnostics);
            holdings.add(&target)?;
            definition.add_target(target);
        }
        Ok(())
    }

    /// To Bake, the `image` key of a JSON file is a variable, and its strings are templates without any target.
    fn evaluate_as_bake_does(&self, body: &Body, diagnostics: &mut Diagnostics) {
        for attribute in &body.attributes {
            if let Err(failure) = self.eval(&Scope::default(), &attribute.value) {
                let help = "docker buildx bake evaluates this string too, outside any target; move the `image` blocks to \
                            `images.json` (or HCL), where matrix variables are in scope";
                diagnostics.report(failure.with_help(help));
            }
        }
        body.blocks.iter().for_each(|block| self.evaluate_as_bake_does(&block.body, diagnostics));
    }
}
