//! Finds the committed files in which a value shows.

/// The files that are committed in which a value shows. In other products it may differ from run to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// None: only a run has it.
    Neither,
    /// The Bake file.
    BakeFile,
    /// The table of tags.
    TagTable,
    /// The Bake file and the table of tags.
    Both,
}
