//! What becomes of an image whose platform was not built: written in an `image` block, acted on by a merge.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What happens to an image when one of its platforms was not built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
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
