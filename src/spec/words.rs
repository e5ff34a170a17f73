//! What attributes of an image hold besides texts.

use crate::bake::target::Text;

/// A pattern of tags, and when it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPattern {
    /// The pattern, or a rule line of docker/metadata-action.
    pub pattern: Text,
    /// A condition over facts; `None` for always.
    pub when: Option<Text>,
}
