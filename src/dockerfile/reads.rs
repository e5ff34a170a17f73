//! Lists what a build reads.

use indexmap::IndexSet;

use super::reason::Reason;
use super::source::{Remote, Source};

/// What the stages read that one leg of a target builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reads {
    /// The image of the frontend that reads the Dockerfile, if not the engine's own.
    pub(crate) frontend: Option<String>,
    /// The images that stages start from, copy from and mount, by line.
    pub(crate) bases: Vec<Base>,
    /// The named contexts of the target that stand for images and stages, as the target names them.
    pub(crate) contexts: IndexSet<String>,
    /// What stages start from that is not in the Dockerfile.
    pub(crate) parents: IndexSet<Parent>,
    /// Which files of the context are read.
    pub(crate) sources: Sources,
    /// What is downloaded.
    pub(crate) remote: Vec<Remote>,
    /// Why `bases`, `contexts` and `remote` may lack something.
    pub(crate) unknown: Vec<Reason>,
}

/// An image that a build reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// Its name as the Dockerfile has it, with the values of variables.
    pub(crate) name: String,
    /// Which of its platforms.
    pub(crate) platform: BasePlatform,
    /// Whether the name has a digest, which never moves.
    pub(crate) is_digest: bool,
    /// Where the instruction starts.
    pub(crate) line: usize,
}

/// Which platform of an image is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BasePlatform {
    /// That of the leg.
    Leg,
    /// That of `--platform`, with the values of variables.
    Flag(String),
    /// That of `--platform`, whose value cannot be known.
    Unknown(Reason),
}

/// Which files of the context are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sources {
    /// Any of them, and why.
    Whole(Reason),
    /// These alone.
    Paths(Narrowing),
}

/// The files that are read, and what that rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Narrowing {
    /// The files.
    pub(crate) sources: IndexSet<Source>,
    /// What stages start from: if one of them has an `ONBUILD` that copies, other files are read, too.
    pub(crate) needs_no_onbuild: IndexSet<Parent>,
}

/// What a stage starts from that is not in the Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Parent {
    /// An image, by the name in [`Base`].
    Base(String),
    /// A named context, by the name that the target gives it.
    Context(String),
}
