//! All files of a run as one set of variables, functions, attributes and blocks, resolved on demand
//! (buildx `bake/hclparser/hclparser.go`).
//!
//! Before an expression is evaluated, everything it refers to is resolved, whether or not the taken branch needs it:
//! that is what buildx does, and it decides which cycles are errors.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;

use super::exposed;
use super::instance::Instance;
use super::matrix::Matrix;
use crate::bake::eval::chain::{Chain, Step};
use crate::bake::eval::functions::Ambient;
use crate::bake::eval::references::References;
use crate::bake::eval::{Context, Declared, Scope};
use crate::bake::text::syntax::{Attribute, Block, Body, Expr, ExprKind};
use crate::bake::values::{Marks, Name, SecretNames, Type, Value};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, Failure, Secrets};
use crate::source::Span;

/// What a Bake file can see of its surroundings.
#[derive(Clone, Debug, Default)]
pub struct ModuleInputs {
    /// Environment variables that may override variables; empty when looking them up is switched off.
    pub env: BTreeMap<String, String>,
    /// `--var NAME=VALUE`, which win over the environment.
    pub vars: BTreeMap<String, String>,
    /// `BAKE_LOCAL_PLATFORM`.
    pub local_platform: String,
    /// `--keep-variable NAME`: variables that get no value.
    pub kept: BTreeSet<Name>,
    /// Which variables are secret.
    pub secrets: SecretNames,
}

/// A file's body and whether Bake itself would read the file; `images.hcl` and `images.json` it does not.
#[derive(Debug)]
pub struct File {
    /// The parsed file.
    pub body: Body,
    /// Whether the file is in HCL-JSON, where Bake evaluates strings outside targets.
    pub json: bool,
    /// Whether Bake reads it too.
    pub shared: bool,
}

/// A variable as `--list variables` shows it.
#[derive(Clone, Debug)]
pub struct VariableInfo {
    /// The block's label.
    pub name: Name,
    /// Its `description`.
    pub description: Option<String>,
    /// Its declared type.
    pub ty: Option<Type>,
    /// Its value.
    pub value: Value,
}

/// A block of ours, which Bake ignores.
#[derive(Clone, Debug)]
pub struct ImageBlock {
    /// The block.
    pub block: Arc<Block>,
    /// Whether it stands in a JSON file that Bake reads too, and evaluates.
    pub in_bake_json: bool,
}

/// The files of a run, evaluated.
pub struct Module {
    pub(super) context: Context,
    pub(super) surroundings: ModuleInputs,
    pub(super) variables: IndexMap<Name, Block>,
    pub(super) functions: IndexMap<Name, Block>,
    pub(super) attributes: IndexMap<Name, Attribute>,
    pub(super) images: Vec<ImageBlock>,
    pub(super) instances: Vec<Instance>,
    /// Those whose number of combinations has marks.
    pub(super) matrices: Vec<Matrix>,
    pub(super) by_name: IndexMap<(&'static str, Name), Vec<usize>>,
    pub(super) labels: IndexMap<Name, Vec<Name>>,
    /// The defaults of the kept variables.
    pub(super) defaults: RefCell<BTreeMap<Name, Option<Value>>>,
    pub(super) chain: Chain,
    pub(super) failed: RefCell<BTreeMap<Name, Failure>>,
    /// Names that are not declared and were asked for, in which scope.
    pub(super) missed: RefCell<BTreeSet<(usize, Name)>>,
}

pub(super) const BLOCK_KINDS: [&str; 2] = ["group", "target"];
pub(super) const BUILT_IN: [&str; 2] = ["BAKE_CMD_CONTEXT", "BAKE_LOCAL_PLATFORM"];

impl Module {
    /// Evaluates the variables, functions and names of all files and sets up their blocks.
    ///
    /// # Errors
    /// Everything that is wrong at the stage that failed: variables, then validations, then functions, then names.
    pub fn new(
        files: Vec<File>,
        surroundings: ModuleInputs,
        ambient: Ambient,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut module = Self {
            context: Context::new(ambient, !surroundings.kept.is_empty()),
            surroundings,
            variables: IndexMap::new(),
            functions: IndexMap::new(),
            attributes: IndexMap::new(),
            images: Vec::new(),
            instances: Vec::new(),
            matrices: Vec::new(),
            by_name: IndexMap::new(),
            labels: IndexMap::new(),
            defaults: RefCell::default(),
            chain: Chain::default(),
            failed: RefCell::default(),
            missed: RefCell::default(),
        };
        match module.read(files) {
            Ok(()) => Ok(module),
            Err(found) => Err(module.without_secrets(found)),
        }
    }

    fn read(&mut self, files: Vec<File>) -> Result<(), Vec<Diagnostic>> {
        let (blocks, mut misplaced) = self.collect(files)?;
        self.context.declared = self.declared();
        self.builtins();
        self.check_kept()?;
        misplaced.extend(self.resolve_variables().err().into_iter().flatten());
        misplaced.check()?;
        self.validate_variables()?;
        self.resolve_functions()?;
        self.instantiate(blocks)
    }

    /// The strings that have been made of secrets while the files were evaluated, which messages may quote.
    pub(crate) fn secret_texts(&self) -> Vec<String> {
        self.context.secret_texts()
    }

    /// The same without the strings that have been made of secrets, such as what `base64encode` makes of one.
    pub(super) fn without_secrets(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        diagnostics.into_iter().map(|one| self.without_secret(&one)).collect()
    }

    /// What is given is hidden first: of `app/TOKEN` the rest may be shown.
    fn without_secret(&self, diagnostic: &Diagnostic) -> Diagnostic {
        let made = self.context.secret_texts();
        if made.is_empty() {
            return diagnostic.clone();
        }
        let hide = |texts: &mut dyn Iterator<Item = String>| {
            let mut secrets = Secrets::default();
            secrets.hide(texts);
            secrets
        };
        let ModuleInputs { env, vars, secrets, local_platform: _, kept: _ } = &self.surroundings;
        let given = hide(&mut secrets.values_among(vars).chain(secrets.values_among(env)));
        diagnostic.without(&given).without(&hide(&mut made.into_iter()))
    }

    /// Sorts the files' contents; what a later file declares again replaces the earlier. Beside the blocks of targets and groups
    /// is what stands where it cannot.
    fn collect(&mut self, files: Vec<File>) -> Result<(Vec<Block>, Diagnostics), Vec<Diagnostic>> {
        let mut blocks = Vec::new();
        let (mut diagnostics, mut misplaced) = (Diagnostics::default(), Diagnostics::default());
        for file in files {
            for attribute in file.body.attributes {
                if !BLOCK_KINDS.contains(&&*attribute.name.name) && !BUILT_IN.contains(&&*attribute.name.name)
                {
                    self.attributes.insert(Arc::clone(&attribute.name.name), attribute);
                }
            }
            for block in file.body.blocks {
                let wanted = matches!(&*block.kind.name, "variable" | "function" | "group" | "target");
                if wanted && block.labels.len() != 1 {
                    diagnostics.report(label_count(&block));
                    continue;
                }
                self.check_shape(&block, &mut misplaced);
                match &*block.kind.name {
                    "variable" | "function" => {
                        let name = Arc::clone(&block.labels[0].name);
                        let is_variable = &*block.kind.name == "variable";
                        let own = if is_variable { &mut self.variables } else { &mut self.functions };
                        if !BLOCK_KINDS.contains(&&*name) && !BUILT_IN.contains(&&*name) {
                            own.insert(name, block);
                        }
                    }
                    "group" | "target" => blocks.push(block),
                    "image" => self
                        .images
                        .push(ImageBlock { block: Arc::new(block), in_bake_json: file.json && file.shared }),
                    // Bake ignores any other block, so that other tools can keep theirs in the same file.
                    _ => {}
                }
            }
        }
        diagnostics.check()?;
        Ok((blocks, misplaced))
    }

    fn declared(&self) -> Declared {
        let ModuleInputs { env, vars, local_platform: _, kept: _, secrets: _ } = &self.surroundings;
        Declared {
            functions: self.functions.keys().cloned().collect(),
            variables: self.variables.keys().chain(self.attributes.keys()).cloned().collect(),
            given: env.keys().chain(vars.keys()).map(|name| Name::from(name.as_str())).collect(),
            blocks: BTreeMap::new(),
            attributes: BLOCK_KINDS.into_iter().map(|kind| (kind, exposed::attributes(kind))).collect(),
        }
    }

    fn builtins(&self) {
        let mut globals = self.context.globals.borrow_mut();
        globals.insert("BAKE_CMD_CONTEXT".into(), Value::string("cwd://"));
        globals
            .insert("BAKE_LOCAL_PLATFORM".into(), Value::string(self.surroundings.local_platform.as_str()));
    }

    /// Resolves what an expression refers to, then evaluates it.
    pub(super) fn eval(&self, scope: &Scope<'_>, expr: &Expr) -> Result<Value, Failure> {
        self.prepare(scope, expr)?;
        self.context.eval(scope, expr)
    }

    fn prepare(&self, scope: &Scope<'_>, expr: &Expr) -> Result<(), Failure> {
        if matches!(
            expr.kind,
            ExprKind::String(_) | ExprKind::Number(..) | ExprKind::Bool(_) | ExprKind::Null
        ) {
            return Ok(());
        }
        let references = References::of(expr, &[]);
        for call in references.calls {
            self.resolve_function(&call.name)?;
        }
        for reference in &references.names {
            let root = reference.root;
            let Some(kind) = BLOCK_KINDS.into_iter().find(|kind| *kind == &**root) else {
                if scope.get(root).is_none() && !self.resolve_global(root)? {
                    self.miss(scope, reference)?;
                }
                continue;
            };
            let Some(block) = reference.path.first() else {
                let message = if reference.indexed {
                    format!("`{root}` takes a name after a dot, not an index")
                } else {
                    format!("`{root}` is not a variable; name one with `{root}.NAME`")
                };
                return Err(Box::new(
                    Diagnostic::error(Code::BLOCK_REFERENCE, message).at(reference.expr.span, ""),
                ));
            };
            self.expose(kind, block, reference.path.get(1).copied())?;
        }
        Ok(())
    }

    pub(super) fn reference_cycle(&self, span: Span, step: &Step) -> Failure {
        let message = format!("reference cycle not allowed: `{step}` needs its own value");
        let diagnostic = Diagnostic::error(Code::REFERENCE_CYCLE, message).at(span, "needed by itself");
        Box::new(diagnostic.with_help(self.chain.cycle(step)))
    }

    /// The `target` and `group` blocks of all files, in order; one that a matrix makes several of stands once.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        let first = |pair: &(usize, &Instance)| {
            let (at, instance) = *pair;
            at == 0 || !Arc::ptr_eq(&self.instances[at - 1].block, &instance.block)
        };
        self.instances.iter().enumerate().filter(first).map(|(_, instance)| &*instance.block)
    }

    /// The `variable` blocks that count, in order.
    pub fn variable_blocks(&self) -> impl Iterator<Item = &Block> {
        self.variables.values()
    }

    /// Whether there is a `variable` block of this name.
    #[must_use]
    pub fn has_variable(&self, name: &str) -> bool {
        self.variables.contains_key(name)
    }

    /// What a variable is without being set, or a top-level attribute is.
    #[must_use]
    pub fn definition_of(&self, name: &str) -> Option<&Expr> {
        let default = self.variables.get(name).and_then(|block| block.body.attribute("default"));
        default.or_else(|| self.attributes.get(name)).map(|attribute| &attribute.value)
    }

    /// A top-level attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.get(name)
    }

    /// What a function of the files returns.
    #[must_use]
    pub fn result_of(&self, function: &str) -> Option<&Expr> {
        Some(&self.functions.get(function)?.body.attribute("result")?.value)
    }

    /// The `image` blocks of all files, in order.
    #[must_use]
    pub fn images(&self) -> &[ImageBlock] {
        &self.images
    }

    /// The targets that a label stands for: itself, or the members of its matrix.
    #[must_use]
    pub fn members(&self, label: &str) -> Option<&[Name]> {
        self.labels.get(label).map(Vec::as_slice)
    }

    /// The labels of all target blocks, in order of their first appearance.
    pub fn target_labels(&self) -> impl Iterator<Item = &Name> {
        self.labels.keys()
    }

    /// The matrix axes of a target, with this combination's values; the last block of the name counts.
    #[must_use]
    pub fn axes(&self, target: &str) -> &[(Name, Value)] {
        let indexes = self.by_name.get(&("target", Name::from(target)));
        indexes.and_then(|all| all.last()).map_or(&[], |index| &self.instances[*index].axes)
    }

    /// Whether the name of some target has marks: most often none has, of very many.
    pub fn has_marked_names(&self) -> bool {
        self.instances.iter().any(|one| !one.marks.is_empty())
    }

    /// Where the text of a target's name came from, as far as that matters, and the expression that made it.
    pub fn name_marks(&self, target: &Name) -> Option<(&Marks, Span)> {
        let indexes = self.by_name.get(&("target", Arc::clone(target)))?;
        let instance =
            indexes.iter().map(|index| &self.instances[*index]).find(|one| !one.marks.is_empty())?;
        Some((&instance.marks, instance.block.body.attribute("name")?.value.span))
    }

    /// The matrices of blocks in which the number of targets has marks.
    pub fn marked_matrices(&self) -> &[Matrix] {
        &self.matrices
    }

    /// Evaluates an expression with a target's matrix variables in scope.
    ///
    /// # Errors
    /// The failure, with its place.
    pub fn evaluate(&self, target: Option<&str>, expr: &Expr) -> Result<Value, Box<Diagnostic>> {
        let axes = target.map_or(&[][..], |target| self.axes(target));
        let value = self.eval(&Scope::of(axes), expr);
        value.map_err(|failure| Box::new(self.without_secret(&failure)))
    }

    /// All variables with their values, sorted by name.
    ///
    /// # Errors
    /// A type that is none; found before, when the module was made.
    pub fn variables(&self) -> Result<Vec<VariableInfo>, Box<Diagnostic>> {
        let globals = self.context.globals.borrow();
        let mut infos = self
            .variables
            .values()
            .map(|variable| {
                Ok(VariableInfo {
                    name: Arc::clone(&variable.labels[0].name),
                    description: self.description(variable)?,
                    ty: self.type_of(variable)?,
                    value: globals
                        .get(&variable.labels[0].name)
                        .cloned()
                        .unwrap_or(Value::null(Type::Dynamic)),
                })
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        infos.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(infos)
    }
}

fn label_count(block: &Block) -> Diagnostic {
    let message =
        format!("a {} block has one label, its name; {} found", block.kind.name, block.labels.len());
    Diagnostic::error(Code::BLOCK_LABEL, message)
        .at(block.span, "")
        .with_help(format!("write `{} \"NAME\" {{`", block.kind.name))
}
