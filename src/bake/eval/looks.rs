//! Records what an attempt has looked at: whether it fails depends on that, and so does what is there in its place.

use std::cell::RefCell;

use crate::bake::values::Marks;

/// The marks of all values that have been looked at, from some point on.
#[derive(Debug, Default)]
pub(super) struct Looks(RefCell<Marks>);

impl Looks {
    /// Adds the marks of a value on which it depends whether an expression fails.
    pub(super) fn note(&self, marks: &Marks) {
        if !marks.is_empty() {
            self.0.borrow_mut().merge(marks);
        }
    }

    /// Does some work. What it looks at is handed to the caller, and not noted.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> T) -> (T, Marks) {
        let before = self.0.take();
        let result = work();
        (result, self.0.replace(before))
    }
}
