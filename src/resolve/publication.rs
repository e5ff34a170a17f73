//! What an image is published under.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::form::Form;
use crate::reference::{Repository, Tag};
use crate::source::Span;
use crate::tags::{Claim, YieldedTag};
use crate::version::{Scheme, Version};

/// A tag in one repository.
#[derive(Clone, Debug)]
pub(super) struct PlacedTag {
    pub(super) tag: Tag,
    pub(super) claim: Claim,
    pub(super) form: Form,
    /// The forms of the tags that show the versions which a floating one moves with.
    pub(super) family: Vec<Form>,
    pub(super) why: Option<String>,
    pub(super) is_provisional: bool,
    pub(super) span: Option<Span>,
}

/// What an image is published under in one repository.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    pub(super) tags: Vec<PlacedTag>,
    /// The floating tags that are another version's.
    pub(super) yielded: Vec<YieldedTag>,
    /// The tags that look like versions and leave open which one is meant.
    pub(super) unclear: Vec<Tag>,
    /// The version that is to be seen in its tags, where the image has none.
    pub(super) seen: Option<Seen>,
}

/// A version that is to be seen in tags.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) version: Arc<Version>,
    /// How versions are read beside it.
    pub(super) scheme: Scheme,
}

/// What an image is published under, by repository, in the order of the spec.
pub(super) type Publication = IndexMap<Repository, Listing>;

/// A tag that an image would have in another run, without what a variant puts behind it.
pub(super) struct ImaginedTag {
    pub(super) text: String,
    pub(super) claim: Claim,
    /// Whether the version, or a part of it, is put into it.
    pub(super) shows_version: bool,
    /// Whether nothing is put into it.
    pub(super) is_constant: bool,
    /// Whether its entry lets others have it.
    pub(super) is_let: bool,
}
