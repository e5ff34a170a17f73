//! Git's index as it lies in `.git/index` (<https://git-scm.com/docs/index-format>), where nothing in it is for git alone.
//!
//! Starting git to list it takes longer than all the rest where there are many files. Whoever reads it must be able to ask git
//! instead: of a part of an index, of a sparse one, and of one with anything that is not known here.

use std::ops::Range;

use super::id::{Format, Id};
use super::index::{Described, Index, Indexed, Knowledge};
use super::listing::{FILE, LINK, Row, SUBMODULE};

/// The index, with its paths at full length.
#[derive(Debug)]
pub(crate) struct Stored {
    heads: Vec<Head>,
    paths: Vec<u8>,
}

/// What the index has of one version of a path.
#[derive(Debug)]
struct Head {
    mode: u32,
    id: Id,
    knowledge: Knowledge,
    described: Described,
    /// Where the path is among all.
    place: Range<usize>,
}

/// How it begins.
const SIGNATURE: &[u8] = b"DIRC";

/// The modes that git writes, but for folders of a sparse index.
const MODES: [u32; 4] = [FILE | 0o644, FILE | 0o755, LINK, SUBMODULE];

/// Flags of an entry: git does not look at the file.
const UNWATCHED: u16 = 0x8000;
/// More flags follow.
const EXTENDED: u16 = 0x4000;
/// Where the stage of a conflict stands; 0 without one.
const STAGE: u16 = 0x3000;
/// Where the length of the path stands.
const LENGTH: u16 = 0x0fff;

/// The one flag among the others that is known here: the file is to be added later. Of the other one, `skip-worktree`, git
/// decides by the working tree whether it holds.
const LATER: u16 = 0x2000;

/// How long a path may be: no longer than the system opens.
const MAX_PATH: usize = 4096;

/// How long all of them may be together; stored in part, they take less room.
const MAX_PATHS: usize = 512 * 1024 * 1024;

impl Stored {
    /// Reads an index of a repository; `None` where git is to be asked. As in git, its checksum is not looked at.
    pub(crate) fn read(content: &[u8], format: Format) -> Option<Self> {
        let mut rest = Bytes(content);
        if rest.take(SIGNATURE.len())? != SIGNATURE {
            return None;
        }
        let version = rest.number()?;
        if !(2..=4).contains(&version) {
            return None;
        }
        let mut all = Self { heads: Vec::new(), paths: Vec::new() };
        for _ in 0..rest.number()? {
            let head = all.head(&mut rest, format, version)?;
            all.heads.push(head);
        }
        while rest.0.len() > format.length() {
            let name = rest.take(4)?;
            // What cannot be left out has another name.
            if !name.first()?.is_ascii_uppercase() {
                return None;
            }
            let length = rest.number()?;
            rest.take(usize::try_from(length).ok()?)?;
        }
        (rest.0.len() == format.length()).then_some(all)
    }

    /// The same as git would list it.
    pub(crate) fn index(&self) -> Index<'_> {
        let mut index = Index::default();
        for Head { mode, id, knowledge, described, place } in &self.heads {
            let path = self.paths.get(place.clone()).unwrap_or_default();
            let row = Row { path, mode: *mode, id: *id };
            index.add(Indexed { row, is_open: false, described: Some(*described) }, *knowledge);
        }
        index
    }

    /// Reads the next entry, and puts its path behind the others.
    fn head(&mut self, rest: &mut Bytes<'_>, format: Format, version: u32) -> Option<Head> {
        let start = rest.0.len();
        let ctime = [rest.number()?, rest.number()?];
        let mtime = [rest.number()?, rest.number()?];
        let [_device, ino, mode] = [rest.number()?, rest.number()?, rest.number()?];
        let [_user, _group, size] = [rest.number()?, rest.number()?, rest.number()?];
        let id = Id::from_bytes(rest.take(format.length())?)?;
        let flags = rest.short()?;
        let more = if flags & EXTENDED == 0 { 0 } else { rest.short()? };
        let is_known = MODES.contains(&mode) && more & !LATER == 0 && (more == 0 || version > 2);
        if !is_known {
            return None;
        }
        let place = if version == 4 { self.rest_of_path(rest)? } else { self.whole_path(rest, flags)? };
        let length = place.len();
        let is_path = (1..=MAX_PATH).contains(&length)
            && length.min(usize::from(LENGTH)) == usize::from(flags & LENGTH);
        if !is_path || self.paths.len() > MAX_PATHS {
            return None;
        }
        if version < 4 {
            // Each is as long as some times 8 bytes, and ends with NUL.
            let padding = 8 - (start - rest.0.len()) % 8;
            if rest.take(padding)?.iter().any(|byte| *byte != 0) {
                return None;
            }
        }
        let knowledge = Knowledge {
            is_watched: flags & UNWATCHED == 0,
            is_only: flags & STAGE == 0,
            is_added: more & LATER == 0,
        };
        Some(Head { mode, id, knowledge, described: Described { ctime, mtime, ino, size }, place })
    }

    /// A path as long as the flags say, or up to the next NUL where it is too long for them.
    fn whole_path(&mut self, rest: &mut Bytes<'_>, flags: u16) -> Option<Range<usize>> {
        let length = match flags & LENGTH {
            LENGTH => rest.0.iter().position(|byte| *byte == 0)?,
            short => short.into(),
        };
        let path = rest.take(length)?;
        if path.contains(&0) {
            return None;
        }
        let start = self.paths.len();
        self.paths.extend_from_slice(path);
        Some(start..self.paths.len())
    }

    /// A path of which only the end stands here, up to a NUL, and how much of the one before is not its beginning.
    fn rest_of_path(&mut self, rest: &mut Bytes<'_>) -> Option<Range<usize>> {
        let before = self.heads.last().map_or(0..0, |head| head.place.clone());
        let kept = before.len().checked_sub(rest.variable()?)?;
        let end = rest.take(rest.0.iter().position(|byte| *byte == 0)?)?;
        rest.take(1)?;
        let start = self.paths.len();
        self.paths.extend_from_within(before.start..before.start + kept);
        self.paths.extend_from_slice(end);
        Some(start..self.paths.len())
    }
}

/// What was not read yet.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn short(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// A number in as many bytes as it needs, as in git's `varint.c`.
    fn variable(&mut self) -> Option<usize> {
        let mut number = 0;
        loop {
            let [byte] = self.array()?;
            number |= usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Some(number);
            }
            number = number.checked_add(1)?.checked_mul(0x80)?;
        }
    }
}
