//! Source files and the places in them that errors point at.

use std::sync::OnceLock;
use std::{fmt, iter};

use crate::graphemes::graphemes;

/// Which of a run's [`Sources`] a place is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A range of bytes in one source. Every node of a syntax tree has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The source that the range is in.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Whether the other range is in this one.
    #[must_use]
    pub fn holds(self, other: Self) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }

    /// The range from the start of `self` to the end of `other`, which is in the same source.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { source: self.source, start: self.start, end: other.end.max(self.start) }
    }
}

/// A file's name, as the user would write it, and its text.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path as given or discovered, relative to the working directory; `-` for standard input.
    pub path: String,
    /// The text, without a byte order mark.
    pub text: String,
    /// Whether a byte order mark was before the text.
    pub has_mark: bool,
    /// Whether nothing of the text may be shown: another file names it, and it lies elsewhere.
    pub is_private: bool,
    /// Where its lines start, once somebody has asked for a position.
    line_starts: OnceLock<Vec<u32>>,
}

/// A one-based line and column; columns count grapheme clusters, as buildx does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl Source {
    /// The line and column of a byte offset.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let offset = floor_boundary(&self.text, offset as usize);
        let starts = self.line_starts.get_or_init(|| {
            // A source is shorter than the 4 GiB that a span can be in.
            let after = self.text.match_indices('\n').filter_map(|(at, _)| u32::try_from(at + 1).ok());
            iter::once(0).chain(after).collect()
        });
        let line = starts.partition_point(|start| *start as usize <= offset);
        let start = line.checked_sub(1).and_then(|at| starts.get(at)).map_or(0, |start| *start as usize);
        Position { line, column: graphemes(&self.text[start..offset]).count() + 1 }
    }
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// All sources of a run, in the order in which they were read.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// Shows another text of the same length in the place of one that was read.
    pub(crate) fn replace(&mut self, id: SourceId, text: String) {
        if let Some(source) = self.list.get_mut(id.0 as usize) {
            source.text = text;
            source.line_starts = OnceLock::new();
        }
    }

    /// Adds a source, dropping a leading byte order mark.
    ///
    /// # Panics
    /// Never: the number of sources and their lengths are bounded by the reader (16 MiB a file).
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> SourceId {
        let mut text = text.into();
        let has_mark = text.starts_with('\u{feff}');
        if has_mark {
            text.drain(..'\u{feff}'.len_utf8());
        }
        self.list.push(Source {
            path: path.into(),
            text,
            has_mark,
            is_private: false,
            line_starts: OnceLock::new(),
        });
        SourceId(u32::try_from(self.list.len() - 1).expect("fewer than 2^32 sources"))
    }

    /// Says that nothing of a source's text may be shown.
    pub fn hide(&mut self, id: SourceId) {
        if let Some(source) = self.list.get_mut(id.0 as usize) {
            source.is_private = true;
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.list.len()
    }

    /// Names the folder of those that were read since there were so many.
    pub(crate) fn put_below(&mut self, folder: &str, since: usize) {
        for source in self.list.iter_mut().skip(since).filter(|_| !folder.is_empty()) {
            source.path = format!("{folder}/{}", source.path);
        }
    }

    /// The source with this id.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &Source {
        &self.list[id.0 as usize]
    }

    /// Their texts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|source| source.text.as_str())
    }

    /// The path of the source that a span is in, if it is one of these.
    #[must_use]
    pub fn path(&self, span: Span) -> Option<&str> {
        self.list.get(span.source.0 as usize).map(|source| source.path.as_str())
    }

    /// The text of a span.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        let source = self.list.get(span.source.0 as usize);
        source
            .map_or("", |source| &source.text)
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_grapheme_clusters_and_lines_count_newlines() {
        let mut sources = Sources::default();
        let id = sources.add("a.hcl", "\u{feff}x = 1\ne\u{301}e = \"ü\"\n");
        let source = sources.get(id);
        assert_eq!(source.text.as_bytes()[0], b'x');
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        let second = u32::try_from(source.text.find("\"").unwrap()).unwrap();
        assert_eq!(source.position(second), Position { line: 2, column: 6 });
        assert_eq!(source.position(10_000).line, 3);
    }
}
