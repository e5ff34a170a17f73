//! What of a context a build asks for, with links followed as BuildKit's client does (`FollowPaths`).

use std::collections::BTreeSet;

use super::path;
use super::pattern::Pattern;
use super::problem::Problem;
use super::tree::{Entry, Folder};

/// How many links may lead to each other; Linux gives up after 40.
const MAX_HOPS: usize = 255;

/// How many paths are followed, all in all. More come up only where links hold wildcards.
const MAX_PATHS: usize = 100_000;

/// What a build asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sources<'a> {
    /// All of it.
    Whole,
    /// The sources of `COPY`, `ADD` and bind mounts, as the Dockerfile has them: relative to the context, `.`, `..` and a
    /// `/` in front allowed, with or without wildcards. None at all where the build does not read the context.
    ///
    /// More than a build asks for does no harm: what is seen only grows.
    Paths(&'a [Vec<u8>]),
}

/// What BuildKit's client sends, the ignore file not counted.
#[derive(Clone, Debug)]
pub(super) enum Requested {
    /// All of it.
    Whole,
    /// What fits one of these, and all below it.
    Patterns(Vec<Pattern>),
}

impl Requested {
    /// Follows what a build asks for.
    ///
    /// Links are followed where a source goes through one or ends at one, in chains; an absolute one from the context's
    /// root; one that leads out of the context, to what it would lead to if the root had no parent: this is what BuildKit
    /// does. It looks at links before it looks at the ignore file. Where we cannot follow, all counts: through a
    /// submodule, and along links that lead to themselves.
    ///
    /// # Errors
    /// A source that is no pattern.
    pub(super) fn of(sources: Sources<'_>, context: &Folder) -> Result<Self, Problem> {
        let Sources::Paths(paths) = sources else { return Ok(Self::Whole) };
        let mut follower =
            Follower { context, known: BTreeSet::new(), pending: vec![], found: BTreeSet::new() };
        for path in paths {
            follower.add(path::clip(path), 0);
        }
        let Some(found) = follower.run() else { return Ok(Self::Whole) };
        let mut patterns = Vec::with_capacity(found.len());
        for path in found {
            patterns.extend(patterns_of(&path)?);
        }
        Ok(Self::Patterns(patterns))
    }

    /// Whether a path is asked for; what is below a folder that is asked for needs no question.
    pub(super) fn names(&self, path: &[u8]) -> bool {
        match self {
            Self::Whole => true,
            Self::Patterns(patterns) => patterns.iter().any(|pattern| pattern.fits(path)),
        }
    }

    /// Whether something below a folder may be asked for, where the folder itself is not.
    pub(super) fn reaches_below(&self, folder: &[u8]) -> bool {
        match self {
            Self::Whole => true,
            Self::Patterns(patterns) => patterns.iter().any(|pattern| pattern.reaches_below(folder)),
        }
    }

    /// The names in a folder on which something that is asked for may lie, where the folder itself is not; `None` where
    /// any may.
    pub(super) fn next_names(&self, folder: &[u8]) -> Option<BTreeSet<&[u8]>> {
        let Self::Patterns(patterns) = self else { return None };
        let mut names = BTreeSet::new();
        for pattern in patterns.iter().filter(|pattern| pattern.reaches_below(folder)) {
            let rest = pattern.as_path()?;
            let rest = if folder.is_empty() { Some(rest) } else { rest.strip_prefix(folder) };
            names.extend(rest.and_then(|rest| path::names_of(rest).next()));
        }
        Some(names)
    }

    /// Those that stand for one path below a folder.
    pub(super) fn paths_below<'a>(&'a self, folder: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let patterns = match self {
            Self::Whole => &[][..],
            Self::Patterns(patterns) => patterns,
        };
        patterns.iter().filter(|pattern| pattern.reaches_below(folder)).filter_map(Pattern::as_path)
    }
}

/// What BuildKit makes of a path that it found, and the path as it is: it knows no way to say that a `[` is a `[`.
fn patterns_of(path: &[u8]) -> Result<Vec<Pattern>, Problem> {
    let mut patterns = vec![Pattern::literal(path)];
    let trimmed = path.trim_ascii();
    if trimmed != path {
        patterns.push(Pattern::literal(trimmed));
    }
    if path.iter().any(|byte| b"*?[]\\".contains(byte)) {
        let pattern = Pattern::parse(trimmed);
        patterns.push(pattern.map_err(|fault| Problem::Source { path: path.to_vec(), fault })?);
    }
    Ok(patterns)
}

/// Follows links.
struct Follower<'a> {
    /// The context's root.
    context: &'a Folder,
    /// The paths that were met.
    known: BTreeSet<Vec<u8>>,
    /// Those that are still to be followed, and how many links lead to each.
    pending: Vec<(Vec<u8>, usize)>,
    /// What is sent.
    found: BTreeSet<Vec<u8>>,
}

impl Follower<'_> {
    /// Adds a path that cannot leave the context.
    fn add(&mut self, path: Vec<u8>, hops: usize) {
        if self.known.insert(path.clone()) {
            self.pending.push((path, hops));
        }
    }

    /// What is sent; `None` for all.
    fn run(mut self) -> Option<BTreeSet<Vec<u8>>> {
        while let Some((path, hops)) = self.pending.pop() {
            if path.is_empty() || hops > MAX_HOPS || self.known.len() > MAX_PATHS {
                return None;
            }
            let has_wildcards = path.split(|byte| *byte == b'/').any(has_wildcard);
            if has_wildcards {
                self.follow(&path, hops, false)?;
            }
            self.follow(&path, hops, true)?;
        }
        Some(self.found)
    }

    /// Goes along a path up to its end or to the first link. `None` where nobody can tell where it leads.
    fn follow(&mut self, path: &[u8], hops: usize, literal: bool) -> Option<()> {
        let mut here = Some(self.context);
        let mut current = vec![];
        let mut names = path::names_of(path).peekable();
        while let Some(name) = names.next() {
            let above = current.clone();
            current = path::join(&above, name);
            let links = match here {
                Some(folder) => links(folder, name, literal)?,
                None => vec![],
            };
            if !links.is_empty() {
                self.found.insert(current);
                let rest = names.collect::<Vec<_>>().join(&b'/');
                for to in links {
                    self.add(target(&above, to, &rest), hops + 1);
                }
                return Some(());
            }
            here = match here.and_then(|folder| folder.get(name)) {
                Some(Entry::Folder(folder)) => Some(folder),
                Some(Entry::Submodule { id: _ }) if names.peek().is_some() => return None,
                Some(Entry::File { .. } | Entry::Link { .. } | Entry::Submodule { id: _ }) | None => None,
            };
        }
        self.found.insert(path.to_vec());
        Some(())
    }
}

/// Where the links lead that have a name or fit it. `None` where the name has a wildcard that cannot be read.
fn links<'a>(folder: &'a Folder, name: &[u8], literal: bool) -> Option<Vec<&'a [u8]>> {
    let link = |entry: &'a Entry| match entry {
        Entry::Link { to, id: _ } => Some(&**to),
        Entry::File { .. } | Entry::Folder(_) | Entry::Submodule { .. } => None,
    };
    if literal || !has_wildcard(name) {
        return Some(folder.get(name).and_then(link).into_iter().collect());
    }
    let Ok(pattern) = Pattern::parse(name) else { return Some(vec![]) };
    let fitting = folder.entries().filter(|(name, _)| pattern.fits(name));
    Some(fitting.filter_map(|(_, entry)| link(entry)).collect())
}

/// Where a link in a folder leads, with what is behind it.
fn target(folder: &[u8], to: &[u8], rest: &[u8]) -> Vec<u8> {
    let from = if to.starts_with(b"/") { &[] } else { folder };
    path::clip(&[from, to, rest].join(&b'/'))
}

/// Whether a name has a wildcard, a `\` hiding one.
fn has_wildcard(name: &[u8]) -> bool {
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => _ = bytes.next(),
            b'*' | b'?' | b'[' => return true,
            _ => {}
        }
    }
    false
}
