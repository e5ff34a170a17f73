//! Hashes of commits, as texts show them: whole, or their first digits.

/// The fewest digits that are a commit's without being asked for: hardly another number or word begins like them.
pub(crate) const SHORT: usize = 7;

/// The fewest digits that anybody shows.
pub(crate) const SHORTEST: usize = 4;

/// The most digits that a commit has: those of SHA-256.
pub(crate) const WHOLE: usize = 64;

/// The digits of a whole commit: of SHA-1 and of SHA-256.
const LENGTHS: [usize; 2] = [40, WHOLE];

/// Whether a text may be a commit.
pub(crate) fn is_commit(text: &str) -> bool {
    (SHORT..=WHOLE).contains(&text.len()) && is_hexadecimal(text)
}

/// Whether a text is a commit with all its digits, which never comes to name another one.
pub(crate) fn is_whole(text: &str) -> bool {
    LENGTHS.contains(&text.len()) && is_hexadecimal(text)
}

/// Whether a text may be a commit as git writes it.
pub(crate) fn is_lower_case(text: &str) -> bool {
    is_commit(text) && !text.contains(|c: char| c.is_ascii_uppercase())
}

/// Whether a text is a commit as `git describe` has it.
pub(crate) fn is_described(text: &str) -> bool {
    let digits = text.strip_prefix('g').unwrap_or_default();
    (SHORTEST..=WHOLE).contains(&digits.len())
        && is_hexadecimal(digits)
        && !digits.contains(|c: char| c.is_ascii_uppercase())
}

/// Whether a text may be a commit, and is neither a number nor a word.
pub(crate) fn is_mixed(text: &str) -> bool {
    is_commit(text)
        && text.contains(|c: char| c.is_ascii_digit())
        && text.contains(|c: char| c.is_ascii_alphabetic())
}

/// Whether all of a text are digits of commits.
pub(crate) fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
