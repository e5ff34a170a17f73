//! Strings by key: what `args`, `labels` and the fields of an output are.

use std::ops::Index;
use std::sync::Arc;

use super::text::Text;
use crate::bake::values::Name;

/// Strings by key, in byte order of keys. Most targets have a handful of them, and there may be very many targets: a list
/// takes a tenth of the memory of a tree, and what is copied from target to target is shared until one of them changes it.
#[derive(Clone, Debug, Default)]
pub struct TextMap(Option<Arc<Vec<(Name, Text)>>>);

impl TextMap {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list().is_empty()
    }

    /// The string of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Text> {
        self.find(key).ok().map(|at| &self.list()[at].1)
    }

    /// A key's string, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Text> {
        self.find(key).ok().map(|at| &mut self.list_mut()[at].1)
    }

    /// Whether there is a string of this key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }

    /// Adds or replaces one string. For many, [`Extend`] is quicker.
    pub fn insert(&mut self, key: Name, text: Text) {
        match self.find(&key) {
            Ok(at) => self.list_mut()[at].1 = text,
            Err(at) => {
                self.make_room(1);
                self.list_mut().insert(at, (key, text));
            }
        }
    }

    /// Adds a string unless the key has one.
    pub fn insert_missing(&mut self, key: &str, text: impl FnOnce() -> Text) {
        if let Err(at) = self.find(key) {
            self.make_room(1);
            self.list_mut().insert(at, (key.into(), text()));
        }
    }

    /// Takes out the string of a key.
    pub fn remove(&mut self, key: &str) -> Option<Text> {
        self.find(key).ok().map(|at| self.list_mut().remove(at).1)
    }

    /// Keeps what `keep` says.
    pub fn retain(&mut self, mut keep: impl FnMut(&Name, &Text) -> bool) {
        // Most often that is all, which can stay shared.
        let Some(first) = self.iter().position(|(key, text)| !keep(key, text)) else { return };
        let list = self.list_mut();
        let rest = list.split_off(first);
        list.extend(rest.into_iter().skip(1).filter(|(key, text)| keep(key, text)));
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// Each key with its string.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Text)> + Clone {
        self.list().iter().map(|(key, text)| (key, text))
    }

    /// Each string.
    pub fn values(&self) -> impl Iterator<Item = &Text> {
        self.list().iter().map(|(_, text)| text)
    }

    /// Each string, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Text> {
        self.0.as_mut().into_iter().flat_map(Arc::make_mut).map(|(_, text)| text)
    }

    /// Takes over the strings of another; of equal keys the other's count.
    pub fn merge(&mut self, other: &Self) {
        if self.is_empty() {
            self.clone_from(other);
        } else {
            self.extend(other.iter().map(|(key, text)| (Arc::clone(key), text.clone())));
        }
    }

    fn list(&self) -> &[(Name, Text)] {
        self.0.as_ref().map_or(&[], |list| list.as_slice())
    }

    fn list_mut(&mut self) -> &mut Vec<(Name, Text)> {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    /// A first few strings get no more room than they need; to later ones, room grows as usual.
    fn make_room(&mut self, more: usize) {
        if self.list().is_empty() {
            self.list_mut().reserve_exact(more);
        }
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        match self.list().last() {
            Some((last, _)) if **last < *key => Err(self.list().len()),
            _ => self.list().binary_search_by(|(own, _)| (**own).cmp(key)),
        }
    }
}

impl PartialEq for TextMap {
    fn eq(&self, other: &Self) -> bool {
        self.list() == other.list()
    }
}

impl Eq for TextMap {}

impl Extend<(Name, Text)> for TextMap {
    /// Of equal keys the last counts.
    fn extend<I: IntoIterator<Item = (Name, Text)>>(&mut self, more: I) {
        let mut more = more.into_iter().peekable();
        if more.peek().is_none() {
            return;
        }
        self.make_room(more.size_hint().0);
        let list = self.list_mut();
        list.extend(more);
        if !list.is_sorted_by(|(a, _), (b, _)| a < b) {
            list.sort_by(|(a, _), (b, _)| a.cmp(b));
            list.dedup_by(|later, kept| {
                let twins = later.0 == kept.0;
                if twins {
                    std::mem::swap(later, kept);
                }
                twins
            });
        }
    }
}

impl FromIterator<(Name, Text)> for TextMap {
    fn from_iter<I: IntoIterator<Item = (Name, Text)>>(all: I) -> Self {
        let mut map = Self::default();
        map.extend(all);
        map
    }
}

impl<const N: usize> From<[(Name, Text); N]> for TextMap {
    fn from(all: [(Name, Text); N]) -> Self {
        all.into_iter().collect()
    }
}

impl IntoIterator for TextMap {
    type Item = (Name, Text);
    type IntoIter = std::vec::IntoIter<(Name, Text)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map(Arc::unwrap_or_clone).unwrap_or_default().into_iter()
    }
}

impl<'a> IntoIterator for &'a TextMap {
    type Item = (&'a Name, &'a Text);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (Name, Text)>, fn(&'a (Name, Text)) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.list().iter().map(|(key, text)| (key, text))
    }
}

impl Index<&str> for TextMap {
    type Output = Text;

    /// # Panics
    /// There is none of this key.
    fn index(&self, key: &str) -> &Text {
        self.get(key).expect("there is a string of this key")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn shown<'a>(all: impl IntoIterator<Item = (&'a Name, &'a Text)>) -> Vec<String> {
        all.into_iter().map(|(key, text)| format!("{key}={text}")).collect()
    }

    proptest! {
        #[test]
        fn it_is_as_a_tree_would_be(steps in prop::collection::vec((0..7, "[a-d]{1,2}", 0..100_u8), 0..40)) {
            let mut map = TextMap::default();
            let mut tree: BTreeMap<Name, Text> = BTreeMap::new();
            for (step, key, number) in steps {
                let name = Name::from(key.as_str());
                let text = Text::verbatim(&number.to_string());
                let more = [(Name::from("b"), text.clone()), (name.clone(), text.clone()), (Name::from("a"), text.clone())];
                match step {
                    0 => map.insert(name.clone(), text.clone()),
                    1 => map.insert_missing(&key, || text.clone()),
                    2 => prop_assert_eq!(map.remove(&key), tree.get(&name).cloned()),
                    3 => map.extend(more.clone()),
                    5 => map.merge(&more.clone().into()),
                    6 => {
                        // Another one that shares its strings stays as it is.
                        let (before, other) = (shown(&map), map.clone());
                        map.values_mut().for_each(|text| *text = Text::verbatim("x"));
                        map.clear();
                        prop_assert_eq!(shown(&other), before);
                        map = other;
                    }
                    _ => map.retain(|key, _| *key != name),
                }
                match step {
                    0 => drop(tree.insert(name.clone(), text)),
                    1 => drop(tree.entry(name.clone()).or_insert(text)),
                    3 | 5 => tree.extend(more),
                    6 => {}
                    _ => drop(tree.remove(&name)),
                }
                prop_assert_eq!(shown(&map), shown(&tree));
                prop_assert_eq!(map.get(&key), tree.get(&name));
                prop_assert_eq!(map.contains_key(&key), tree.contains_key(&name));
            }
        }
    }
}
