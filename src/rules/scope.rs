//! Where a template stands, which decides about its words.

/// Where a template stands, which decides about its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The `pattern` of a version.
    Version,
    /// The `pattern` of a schedule.
    Schedule,
    /// Everything else: `prefix`, `suffix`, `value`, `enable`.
    Run,
}
