//! A layer of an image, read as the archive that it is: which files it has, what it removes, and how files begin
//! (<https://github.com/opencontainers/image-spec/blob/main/layer.md>).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use super::unpack::Unpacked;

/// How much of a file is kept: an ELF header, or the first line of a script.
const HEAD: usize = 256;
const BLOCK: usize = 512;
/// The most bytes of a name that stands in an entry of its own.
const MAX_LONG: u64 = 1024 * 1024;

/// Something at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A directory.
    Directory,
    /// A file, and how it begins.
    File(Vec<u8>),
    /// A link to a path; one that begins with `/` is from the root.
    Link(String),
    /// A device or the like.
    Other,
}

/// What may still be read of an image, all its layers together: a few seconds of work, and part of a GiB of memory.
#[derive(Debug)]
pub(super) struct Left {
    /// Entries of archives.
    entries: usize,
    /// Bytes of names.
    names: usize,
    /// Bytes, when they are unpacked.
    bytes: u64,
}

impl Left {
    const ENTRIES: usize = 500_000;
    const NAMES: usize = 128 * 1024 * 1024;
    const BYTES: u64 = 4 * 1024 * 1024 * 1024;

    fn take_entry(&mut self) -> Result<(), String> {
        self.entries = self.entries.checked_sub(1).ok_or_else(|| too_much(Self::ENTRIES, "entries"))?;
        Ok(())
    }

    fn take_names(&mut self, length: usize) -> Result<(), String> {
        self.names = self.names.checked_sub(length).ok_or_else(|| too_much(Self::NAMES, "bytes of names"))?;
        Ok(())
    }

    fn take_bytes(&mut self, count: usize) -> Result<(), String> {
        let left = self.bytes.checked_sub(count as u64);
        self.bytes = left.ok_or_else(|| too_much(Self::BYTES, "bytes when they are unpacked"))?;
        Ok(())
    }
}

impl Default for Left {
    fn default() -> Self {
        Self { entries: Self::ENTRIES, names: Self::NAMES, bytes: Self::BYTES }
    }
}

fn too_much(most: impl Display, what: &str) -> String {
    format!("the layers that were read have more than {most} {what}")
}

/// What a layer does.
#[derive(Debug, Default)]
pub(super) struct Layer {
    /// By path, without a `/` at its ends.
    nodes: BTreeMap<String, Node>,
    /// What it removes from the layers below.
    removed: BTreeSet<String>,
    /// The directories of which it removes all that is in the layers below.
    emptied: BTreeSet<String>,
}

impl Layer {
    /// Reads a layer, compressed or not.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn read(content: &[u8], left: &mut Left) -> Result<Self, String> {
        let mut bytes = Unpacked::new(content)?;
        let (mut layer, mut long) = (Self::default(), Long::default());
        loop {
            let mut block = [0; BLOCK];
            let read = bytes.fill(&mut block)?;
            left.take_bytes(read)?;
            // The end is two empty blocks, or nothing.
            if read == 0 || block.iter().all(|byte| *byte == 0) {
                return Ok(layer);
            }
            left.take_entry()?;
            let header = Header::read(&block[..read])?;
            let size = long.size.take().unwrap_or(header.size);
            if let b'x' | b'L' | b'K' = header.kind {
                if size > MAX_LONG {
                    return Err(format!("an entry of its archive has a name of {size} bytes"));
                }
                let text = take(&mut bytes, size, usize::MAX, left)?;
                long.learn(header.kind, &text);
                continue;
            }
            if header.kind == b'S' {
                return Err("its archive has sparse files".to_owned());
            }
            let head = take(&mut bytes, size, HEAD, left)?;
            if header.kind == b'g' {
                continue;
            }
            let path = long.path.take().unwrap_or(header.path);
            let target = long.target.take().unwrap_or(header.target);
            left.take_names(path.len() + target.len())?;
            let node = match header.kind {
                b'0' | 0 | b'7' => Node::File(head),
                // From the root, however it is written.
                b'1' => Node::Link(format!("/{target}")),
                b'2' => Node::Link(target),
                b'5' => Node::Directory,
                _ => Node::Other,
            };
            if let Some(path) = normal(&path) {
                layer.add(path, node);
            }
        }
    }

    fn add(&mut self, path: String, node: Node) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        match name.strip_prefix(".wh.") {
            Some(".wh..opq") => drop(self.emptied.insert(folder.to_owned())),
            Some(name) if folder.is_empty() => drop(self.removed.insert(name.to_owned())),
            Some(name) => drop(self.removed.insert(format!("{folder}/{name}"))),
            None => drop(self.nodes.insert(path, node)),
        }
    }

    /// What is at a path, as far as this layer tells.
    pub(super) fn get(&self, path: &str) -> Option<Node> {
        let below = format!("{path}/");
        let has_more =
            || self.nodes.range(below.clone()..).next().is_some_and(|(at, _)| at.starts_with(&below));
        self.nodes.get(path).cloned().or_else(|| has_more().then_some(Node::Directory))
    }

    /// Whether the layers below do not count for a path.
    pub(super) fn hides(&self, path: &str) -> bool {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        let is_emptied = self.emptied.contains("") || above.clone().any(|one| self.emptied.contains(one));
        let is_replaced =
            |one: &str| matches!(self.nodes.get(one), Some(Node::File(_) | Node::Other | Node::Link(_)));
        is_emptied
            || above.clone().any(|one| self.removed.contains(one) || is_replaced(one))
            || self.removed.contains(path)
    }
}

/// A path without what says nothing; none when it leads out of the image.
fn normal(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    (!parts.is_empty() && !parts.contains(&"..")).then(|| parts.join("/"))
}

/// What entries say of the one that follows.
#[derive(Default)]
struct Long {
    path: Option<String>,
    target: Option<String>,
    size: Option<u64>,
}

impl Long {
    fn learn(&mut self, kind: u8, text: &[u8]) {
        match kind {
            b'L' => self.path = Some(word(text)),
            b'K' => self.target = Some(word(text)),
            _ => self.records(text),
        }
    }

    /// Records of pax: `LENGTH NAME=VALUE\n`, the length with itself.
    fn records(&mut self, mut text: &[u8]) {
        while let Some(space) = text.iter().position(|byte| *byte == b' ') {
            let length = std::str::from_utf8(&text[..space]).ok().and_then(|text| text.parse::<usize>().ok());
            let Some(record) = length.and_then(|length| text.get(space + 1..length)) else { return };
            text = &text[space + 1 + record.len()..];
            let record = String::from_utf8_lossy(record);
            match record.trim_end_matches('\n').split_once('=') {
                Some(("path", value)) => self.path = Some(value.to_owned()),
                Some(("linkpath", value)) => self.target = Some(value.to_owned()),
                Some(("size", value)) => self.size = value.parse().ok(),
                _ => {}
            }
        }
    }
}

/// Text up to the first zero.
fn word(bytes: &[u8]) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}

/// The header of an entry (<https://www.gnu.org/software/tar/manual/html_node/Standard.html>).
struct Header {
    path: String,
    target: String,
    kind: u8,
    size: u64,
}

impl Header {
    fn read(block: &[u8]) -> Result<Self, String> {
        let not_one = || "it is not an archive of files".to_owned();
        let field = |at: usize, length: usize| block.get(at..at + length).ok_or_else(not_one);
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        let own = field(148, 8)?;
        let blank = own.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        if block.len() < BLOCK || number(own) != Some(sum - blank + 8 * u64::from(b' ')) {
            return Err(not_one());
        }
        let mut path = word(field(0, 100)?);
        let prefix = word(field(345, 155)?);
        if field(257, 6)? == b"ustar\0" && !prefix.is_empty() {
            path = format!("{prefix}/{path}");
        }
        let size = number(field(124, 12)?).ok_or_else(not_one)?;
        Ok(Self { path, target: word(field(157, 100)?), kind: field(156, 1)?[0], size })
    }
}

/// A number in octal digits, or in base 256 when it is large.
fn number(field: &[u8]) -> Option<u64> {
    if let [first @ 0x80..=0xbf, rest @ ..] = field {
        let add = |sum: u64, byte: &u8| sum.checked_mul(256)?.checked_add(u64::from(*byte));
        return rest.iter().try_fold(u64::from(first & 0x3f), add);
    }
    let text = word(field);
    let text = text.trim_matches(' ');
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

/// Reads the content of an entry, and what fills its last block; keeps how it begins.
fn take(bytes: &mut Unpacked<'_>, size: u64, keep: usize, left: &mut Left) -> Result<Vec<u8>, String> {
    let mut kept = Vec::new();
    let mut rest = size.checked_next_multiple_of(BLOCK as u64).ok_or("an entry is too large")?;
    let mut content = size;
    // Most entries are empty or short, and there may be many.
    let most = usize::try_from(rest).unwrap_or(usize::MAX).min(64 * BLOCK);
    let mut buffer = vec![0; most];
    while rest > 0 {
        let count = usize::try_from(rest).unwrap_or(usize::MAX).min(most);
        left.take_bytes(count)?;
        if bytes.fill(&mut buffer[..count])? < count {
            return Err("it ends too early".to_owned());
        }
        let own = usize::try_from(content).unwrap_or(usize::MAX).min(count);
        kept.extend_from_slice(&buffer[..own.min(keep.saturating_sub(kept.len()))]);
        content -= own as u64;
        rest -= count as u64;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive of one file with zeros.
    fn archive(size: usize) -> Vec<u8> {
        let mut archive = vec![0; BLOCK];
        archive[..4].copy_from_slice(b"file");
        archive[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        archive[156] = b'0';
        archive[148..156].copy_from_slice(b"        ");
        let sum: u32 = archive.iter().map(|byte| u32::from(*byte)).sum();
        archive[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        archive.resize(BLOCK + size.next_multiple_of(BLOCK), 0);
        archive
    }

    #[test]
    fn what_is_read_of_all_layers_has_an_end() {
        let layer = archive(100_000);
        let mut left = Left { bytes: 250_000, ..Left::default() };
        Layer::read(&layer, &mut left).unwrap();
        Layer::read(&layer, &mut left).unwrap();
        let error = Layer::read(&layer, &mut left).unwrap_err();
        assert!(error.ends_with(" bytes when they are unpacked"), "{error}");
        let mut left = Left { names: 5, ..Left::default() };
        Layer::read(&layer, &mut left).unwrap();
        assert!(Layer::read(&layer, &mut left).unwrap_err().ends_with(" bytes of names"));
        let mut left = Left { entries: 1, ..Left::default() };
        Layer::read(&layer, &mut left).unwrap();
        assert!(Layer::read(&layer, &mut left).unwrap_err().ends_with(" entries"));
    }
}
