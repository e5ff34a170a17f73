//! Names and pieces of text, shared instead of copied.

use std::sync::Arc;

/// A name or a piece of text, shared between tree, scopes and values.
pub(crate) type Name = Arc<str>;
