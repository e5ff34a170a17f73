//! One target or group that a block stands for: itself, or one combination of its matrix.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bake::text::syntax::Block;
use crate::bake::values::{Marks, Name, Value};
use crate::diagnostic::Failure;

/// One target or group that a block stands for: itself, or one combination of its matrix.
pub(super) struct Instance {
    pub(super) kind: &'static str,
    pub(super) block: Arc<Block>,
    pub(super) name: Name,
    /// Those of the name, which an expression may have made.
    pub(super) marks: Marks,
    pub(super) axes: Vec<(Name, Value)>,
    /// One for each attribute of the block; empty until one is needed.
    pub(super) values: RefCell<Vec<ValueState>>,
    /// Attributes that expressions see already.
    pub(super) exposed: RefCell<BTreeSet<Name>>,
}

/// How far an attribute is evaluated.
#[derive(Clone)]
pub(super) enum ValueState {
    Waiting,
    Running,
    Done(Result<Value, Failure>),
}

impl Instance {
    pub(super) fn label(&self) -> &Name {
        &self.block.labels[0].name
    }

    pub(super) fn set(&self, at: usize, progress: ValueState) {
        let mut values = self.values.borrow_mut();
        values.resize(self.block.body.attributes.len(), ValueState::Waiting);
        values[at] = progress;
    }
}
