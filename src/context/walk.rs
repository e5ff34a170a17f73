//! The walk over a context: what BuildKit's client sends of it.
//!
//! A folder is sent if it is not ignored itself, or if something below it is sent: one whose files are all ignored is there
//! and empty.

use super::id::{Format, Id};
use super::ignore::{Ignore, Matches};
use super::path;
use super::sources::Requested;
use super::tree::{Entry, Folder, Kind, tree_id};

/// What is seen of an entry.
#[derive(Clone, Debug)]
pub(super) enum Seen<'a> {
    /// All that is known of it.
    All(&'a Entry),
    /// A folder and some of what is in it.
    Some(Vec<(&'a [u8], Self)>),
}

impl Seen<'_> {
    /// What git would say of it.
    fn kind(&self) -> Kind {
        match self {
            Self::All(entry) => entry.kind(),
            Self::Some(_) => Kind::Folder,
        }
    }

    /// The object that git would make of what is seen: the same however much of it was walked.
    fn id(&self, format: Format) -> Id {
        match self {
            Self::All(entry) => entry.id(format),
            Self::Some(entries) => entries_id(entries, format),
        }
    }
}

/// The tree object of what is seen of a folder.
pub(super) fn entries_id(entries: &[(&[u8], Seen<'_>)], format: Format) -> Id {
    let entries = entries.iter().map(|(name, seen)| (*name, seen.kind(), seen.id(format)));
    tree_id(format, entries.collect())
}

/// The paths of what is seen of a folder, itself not counted.
#[cfg(test)]
pub(super) fn list(entries: &[(&[u8], Seen<'_>)], folder: &[u8], paths: &mut Vec<(Vec<u8>, Kind)>) {
    for (name, seen) in entries {
        let path = path::join(folder, name);
        paths.push((path.clone(), seen.kind()));
        match seen {
            Seen::Some(entries) => list(entries, &path, paths),
            Seen::All(Entry::Folder(below)) => list_all(below, &path, paths),
            Seen::All(Entry::File { .. } | Entry::Link { .. } | Entry::Submodule { .. }) => {}
        }
    }
}

/// The paths of all that is in a folder.
#[cfg(test)]
pub(super) fn list_all(folder: &Folder, path: &[u8], paths: &mut Vec<(Vec<u8>, Kind)>) {
    let entries: Vec<_> = folder.entries().map(|(name, entry)| (name, Seen::All(entry))).collect();
    list(&entries, path, paths);
}

/// What decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'a> {
    /// What is ignored.
    pub ignore: &'a Ignore,
    /// What is asked for.
    pub requested: &'a Requested,
}

/// Where a walk is.
#[derive(Clone, Debug)]
struct Place {
    /// What the folder fits of the ignore file.
    matches: Matches,
    /// Whether the folder is asked for, itself or through one above it.
    is_requested: bool,
}

/// What becomes of a folder.
enum Step {
    /// Nothing of it is sent.
    Skip,
    /// It is looked into.
    Enter {
        /// Where the walk is then.
        place: Place,
        /// Whether it is sent even if nothing in it is.
        is_sent: bool,
    },
}

impl<'a> Walk<'a> {
    /// What is seen of the context's root; `None` for all of it.
    pub(super) fn of(self, context: &Folder) -> Option<Vec<(&[u8], Seen<'_>)>> {
        let place = self.start();
        if place.is_requested && self.ignore.keeps_all_below(b"", &place.matches) {
            return None;
        }
        Some(self.entries(context, &mut vec![], &place))
    }

    /// Whether a path would be sent if something were there; a `/` at its end makes it a folder, of which it says whether
    /// anything could be sent. Where it stands on the way to what is asked for, it could be a link, and so counts.
    pub(super) fn sees(self, path: &[u8]) -> bool {
        let (folders, name) = match path.iter().rposition(|byte| *byte == b'/') {
            Some(at) => path.split_at_checked(at).unwrap_or((path, b"")),
            None => (&b""[..], path),
        };
        let mut here = vec![];
        let mut place = self.start();
        for name in path::names_of(folders) {
            here = path::join(&here, name);
            match self.enter(&here, &place) {
                Step::Skip => return false,
                Step::Enter { place: next, is_sent: _ } => place = next,
            }
        }
        let Some(name) = path::names_of(name).next() else { return true };
        let path = path::join(&here, name);
        let is_requested = place.is_requested || self.requested.names(&path);
        let is_on_the_way = !is_requested && self.requested.reaches_below(&path);
        is_on_the_way || (is_requested && !self.ignore.ignores(&path, &place.matches))
    }

    /// At the context's root.
    fn start(self) -> Place {
        let is_requested = match self.requested {
            Requested::Whole => true,
            Requested::Patterns(_) => false,
        };
        Place { matches: self.ignore.at_root(), is_requested }
    }

    /// What becomes of a folder in another.
    fn enter(self, path: &[u8], above: &Place) -> Step {
        let is_requested = above.is_requested || self.requested.names(path);
        if !is_requested && !self.requested.reaches_below(path) {
            return Step::Skip;
        }
        let (is_ignored, matches) = self.ignore.enter(path, &above.matches);
        if is_ignored && !self.ignore.looks_into(path) {
            return Step::Skip;
        }
        Step::Enter { place: Place { matches, is_requested }, is_sent: is_requested && !is_ignored }
    }

    /// What is seen of what is in a folder.
    fn entries<'t>(self, folder: &'t Folder, path: &mut Vec<u8>, place: &Place) -> Vec<(&'t [u8], Seen<'t>)> {
        let names = if place.is_requested { None } else { self.requested.next_names(path) };
        let mut seen = vec![];
        let mut look = |name: &'t [u8], entry: &'t Entry| {
            let length = path.len();
            if length > 0 {
                path.push(b'/');
            }
            path.extend_from_slice(name);
            seen.extend(self.entry(entry, path, place).map(|entry| (name, entry)));
            path.truncate(length);
        };
        match names {
            None => folder.entries().for_each(|(name, entry)| look(name, entry)),
            Some(names) => {
                for (name, entry) in names.iter().filter_map(|name| folder.get_with_name(name)) {
                    look(name, entry);
                }
            }
        }
        seen
    }

    /// What is seen of an entry.
    fn entry<'t>(self, entry: &'t Entry, path: &mut Vec<u8>, above: &Place) -> Option<Seen<'t>> {
        match entry {
            Entry::File { .. } | Entry::Link { .. } => {
                let is_requested = above.is_requested || self.requested.names(path);
                (is_requested && !self.ignore.ignores(path, &above.matches)).then_some(Seen::All(entry))
            }
            // What is in it is not known, but only its commit can change it.
            Entry::Submodule { id: _ } => match self.enter(path, above) {
                Step::Skip => None,
                Step::Enter { .. } => Some(Seen::All(entry)),
            },
            Entry::Folder(folder) => {
                let Step::Enter { place, is_sent } = self.enter(path, above) else { return None };
                if is_sent && self.ignore.keeps_all_below(path, &place.matches) {
                    return Some(Seen::All(entry));
                }
                let entries = self.entries(folder, path, &place);
                (is_sent || !entries.is_empty()).then_some(Seen::Some(entries))
            }
        }
    }
}
