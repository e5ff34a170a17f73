//! What git's index has of each file, and how `git ls-files -v --stage --debug -z` prints it.

use super::id::Id;
use super::listing::{BadListing, Row};

/// What the index has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Index<'a> {
    /// Of each path, in git's order.
    pub entries: Vec<Indexed<'a>>,
    /// Whether it has exactly one version of each, so that it is what a commit of it would be.
    pub is_whole: bool,
}

/// What the index has of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Indexed<'a> {
    /// The last content that git was given.
    pub row: Row<'a>,
    /// Whether git was told not to look at the file, or has no version or several of it.
    pub is_open: bool,
    /// How the system described the file when it had this content, if that is known.
    pub described: Option<Described>,
}

/// How the system describes a file, in as many bits as the index has for it. Which device it is on changes as file systems are
/// mounted again, and whose it is does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    /// When anything of it was last changed, in seconds, and in nanoseconds of the next one.
    pub ctime: [u32; 2],
    /// When its content was.
    pub mtime: [u32; 2],
    /// Its number.
    pub ino: u32,
    /// Its length.
    pub size: u32,
}

/// How much git knows of a version of a path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Knowledge {
    /// Whether it looks at the file.
    pub is_watched: bool,
    /// Whether no other version can follow.
    pub is_only: bool,
    /// Whether it was added, not to be added later.
    pub is_added: bool,
}

/// The letter of a file that git looks at and has one version of.
const USUAL: u8 = b'H';

/// The flag of a file that is to be added later.
const LATER: u32 = 0x2000_0000;

impl Default for Index<'_> {
    /// An empty one.
    fn default() -> Self {
        Self { entries: Vec::new(), is_whole: true }
    }
}

impl<'a> Index<'a> {
    /// Adds the next version of a path. Those of one path stand behind each other, and the first counts.
    pub(super) fn add(&mut self, entry: Indexed<'a>, knowledge: Knowledge) {
        let Knowledge { is_watched, is_only, is_added } = knowledge;
        let is_one = is_only && is_added;
        self.is_whole &= is_one;
        if self.entries.last().is_none_or(|last| last.row.path != entry.row.path) {
            self.entries.push(Indexed { is_open: !is_watched || !is_one, ..entry });
        }
    }
}

/// Reads the listing.
///
/// # Errors
/// The first row that is none.
pub(crate) fn index(listing: &[u8]) -> Result<Index<'_>, BadListing> {
    let mut index = Index::default();
    let mut rest = listing;
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
        let is_added = flags(about) & LATER == 0;
        let knowledge = Knowledge { is_watched: letter == USUAL, is_only, is_added };
        index.add(Indexed { row, is_open: false, described: described(about) }, knowledge);
        rest = next;
    }
    Ok(index)
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

/// How the system described a file.
fn described(about: &[u8]) -> Option<Described> {
    let words =
        std::str::from_utf8(about).ok()?.split([' ', ':', '\t', '\n']).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    let [
        "ctime",
        ctime,
        ctime_rest,
        "mtime",
        mtime,
        mtime_rest,
        "dev",
        _,
        "ino",
        ino,
        "uid",
        _,
        "gid",
        _,
        "size",
        size,
        "flags",
        _,
    ] = words[..]
    else {
        return None;
    };
    let number = |word: &str| word.parse().ok();
    Some(Described {
        ctime: [number(ctime)?, number(ctime_rest)?],
        mtime: [number(mtime)?, number(mtime_rest)?],
        ino: number(ino)?,
        size: number(size)?,
    })
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
        let described = Described { ctime: [1, 2], mtime: [3, 4], ino: 6, size: 7 };
        assert!(found.entries.iter().all(|entry| entry.described == Some(described)));
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
