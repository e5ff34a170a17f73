//! What `git ls-files -v --stage --debug -z` prints: what git's index has of each file.

use super::id::Id;
use super::listing::{BadListing, Row};

/// What the index has.
#[derive(Clone, Debug)]
pub(crate) struct Index<'a> {
    /// Of each path, in git's order.
    pub entries: Vec<Indexed<'a>>,
    /// Whether it has exactly one version of each, so that it is what a commit of it would be.
    pub is_whole: bool,
}

/// What the index has of a path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Indexed<'a> {
    /// The last content that git was given.
    pub row: Row<'a>,
    /// Whether git was told not to look at the file, or has no version or several of it.
    pub is_open: bool,
    /// How the system described the file when it had this content.
    pub about: &'a [u8],
}

/// The letter of a file that git looks at and has one version of.
const USUAL: u8 = b'H';

/// The flag of a file that is to be added later.
const LATER: u32 = 0x2000_0000;

/// Reads the listing.
///
/// # Errors
/// The first row that is none.
pub(crate) fn index(listing: &[u8]) -> Result<Index<'_>, BadListing> {
    let mut entries: Vec<Indexed<'_>> = Vec::new();
    let (mut rest, mut is_whole) = (listing, true);
    while !rest.is_empty() {
        let Some((head, after)) = split(rest, 0) else { return Err(BadListing::Row(rest.to_vec())) };
        let mut about = 0;
        while after[about..].starts_with(b"  ")
            && let Some(end) = after[about..].iter().position(|byte| *byte == b'\n')
        {
            about += end + 1;
        }
        let (about, next) = after.split_at(about);
        let Some((row, letter, is_only)) = row(head) else { return Err(BadListing::Row(head.to_vec())) };
        let is_one = is_only && flags(about) & LATER == 0;
        is_whole &= is_one;
        // The versions of a path stand behind each other.
        if entries.last().is_none_or(|entry| entry.row.path != row.path) {
            entries.push(Indexed { row, is_open: letter != USUAL || !is_one, about });
        }
        rest = next;
    }
    Ok(Index { entries, is_whole })
}

/// Reads `LETTER MODE ID STAGE<TAB>PATH`: the row, the letter, and whether no other version can follow.
fn row(head: &[u8]) -> Option<(Row<'_>, u8, bool)> {
    let (head, path) = split(head, b'\t')?;
    let mut words = head.split(|byte| *byte == b' ');
    let letter = *words.next()?.first()?;
    let mode = u32::from_str_radix(std::str::from_utf8(words.next()?).ok()?, 8).ok()?;
    let id = Id::from_hex(words.next()?)?;
    Some((Row { path, mode, id }, letter, words.next()? == b"0"))
}

/// The flags at the end of what git says of a file; those of which nothing is known otherwise do not count.
fn flags(about: &[u8]) -> u32 {
    let last = about.trim_ascii_end().rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    std::str::from_utf8(last).ok().and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or_default()
}

/// What stands before the first such byte, and what behind it.
fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == at)?;
    Some((&text[..at], &text[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(head: &str, path: &str, flags: &str) -> String {
        format!(
            "{head}\t{path}\0  ctime: 1:2\n  mtime: 3:4\n  dev: 5\tino: 6\n  uid: 0\tgid: 0\n  size: 7\tflags: {flags}\n"
        )
    }

    #[test]
    fn each_path_stands_once_and_says_whether_git_knows_it() {
        let id = "fe7099035edfd8a474b5aa4aded5723640a7d252";
        let plain = [
            entry(&format!("H 100644 {id} 0"), "a", "0"),
            entry(&format!("H 120000 {id} 0"), "b\nc  d", "0"),
        ]
        .concat();
        let found = index(plain.as_bytes()).unwrap();
        let paths: Vec<_> = found.entries.iter().map(|entry| (entry.row.path, entry.row.mode)).collect();
        assert_eq!(paths, [(&b"a"[..], 0o100_644), (b"b\nc  d", 0o120_000)]);
        assert!(found.is_whole && found.entries.iter().all(|entry| !entry.is_open));
        assert!(found.entries.iter().all(|entry| entry.about.ends_with(b"flags: 0\n")));
        for (more, is_whole) in [
            (entry(&format!("S 100644 {id} 0"), "x", "40000000"), true),
            (entry(&format!("h 100644 {id} 0"), "x", "8000"), true),
            (entry(&format!("H 100644 {id} 0"), "x", "20004000"), false),
            (
                entry(&format!("M 100644 {id} 1"), "x", "0") + &entry(&format!("M 100644 {id} 2"), "x", "0"),
                false,
            ),
        ] {
            let text = plain.clone() + &more;
            let found = index(text.as_bytes()).unwrap();
            let open: Vec<_> = found.entries.iter().filter(|entry| entry.is_open).collect();
            assert_eq!((found.entries.len(), open.len(), found.is_whole), (3, 1, is_whole), "{more}");
        }
        assert!(index(b"").unwrap().is_whole);
        for bad in ["x", "H 100644 0 0\ta\0", "H 100644\ta\0"] {
            assert!(index(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
