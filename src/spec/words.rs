//! What attributes of an image hold besides texts.

use crate::bake::target::Text;

/// What becomes of an image whose platform was not built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnMissing {
    /// None of its tags move.
    #[default]
    Hold,
    /// It is published without the platform.
    Drop,
    /// The platform is taken from the published index of the same version.
    Carry,
}

/// A pattern of tags, and when it applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPattern {
    /// The pattern, or a rule line of docker/metadata-action.
    pub pattern: Text,
    /// A condition over facts; `None` for always.
    pub when: Option<Text>,
}
