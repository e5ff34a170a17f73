//! The chain of values being evaluated: used to report reference cycles and to cap how long a chain may get.

use std::cell::RefCell;
use std::fmt;

use crate::bake::values::Name;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Failure};
use crate::source::Span;

/// How many values may refer to each other in a row: evaluating them recurses.
const MAX_STEPS: usize = 500;

/// One value that is being evaluated.
#[derive(PartialEq)]
#[allow(clippy::missing_docs_in_private_items, reason = "the names say it")]
pub(crate) enum Step {
    /// A variable or an attribute of the file, or a function, which has brackets behind its name.
    Global(Name),
    /// An attribute of a block.
    Attribute { kind: &'static str, block: Name, name: Name },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global(name) => f.write_str(name),
            Self::Attribute { kind, block, name } => write!(f, "{kind}.{block}.{name}"),
        }
    }
}

/// The values that are being evaluated.
#[derive(Default)]
pub(crate) struct Chain(RefCell<Vec<Step>>);

impl Chain {
    /// Whether a step is being done, so that doing it again would not end.
    pub(crate) fn contains(&self, step: &Step) -> bool {
        self.0.borrow().contains(step)
    }

    /// Does the work that a step needs, in which there may be further steps.
    ///
    /// # Errors
    /// Those of the work, or there are too many steps.
    pub(crate) fn follow<T>(
        &self,
        step: Step,
        span: impl Into<Option<Span>>,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.0.borrow().len() >= MAX_STEPS {
            let message = format!("more than {MAX_STEPS} values refer to each other in a row");
            return Err(Box::new(Diagnostic::error(Code::LIMIT, message).at(span, "a limit of bakeplan")));
        }
        self.0.borrow_mut().push(step);
        let result = work();
        self.0.borrow_mut().pop();
        result
    }

    /// How to break the cycle that closes with `last`.
    pub(crate) fn cycle(&self, last: &Step) -> String {
        const SHOWN: usize = 8;
        let path = self.0.borrow();
        let from = path.iter().rposition(|step| step == last).unwrap_or(0);
        let mut steps: Vec<String> = path[from..].iter().map(|step| format!("`{step}`")).collect();
        if steps.len() > SHOWN {
            steps.truncate(SHOWN);
            steps.push("…".to_owned());
        }
        format!("remove one reference of {} → `{last}`", steps.join(" → "))
    }
}
