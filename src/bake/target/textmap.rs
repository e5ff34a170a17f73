//! Strings by key: what `args`, `labels` and the fields of an output are.

use std::ops::Index;

use super::text::Text;
use crate::bake::values::Name;

/// Strings by key, in byte order of keys. Most targets have a handful of them, and there may be very many targets: a list
/// takes a tenth of the memory of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextMap(Vec<(Name, Text)>);

impl TextMap {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The string of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Text> {
        self.find(key).ok().map(|at| &self.0[at].1)
    }

    /// A key's string, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Text> {
        self.find(key).ok().map(|at| &mut self.0[at].1)
    }

    /// Whether there is a string of this key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }

    /// Adds or replaces one string. For many, [`Extend`] is quicker.
    pub fn insert(&mut self, key: Name, text: Text) {
        match self.find(&key) {
            Ok(at) => self.0[at].1 = text,
            Err(at) => {
                self.make_room(1);
                self.0.insert(at, (key, text));
            }
        }
    }

    /// Adds a string unless the key has one.
    pub fn insert_missing(&mut self, key: &str, text: impl FnOnce() -> Text) {
        if let Err(at) = self.find(key) {
            self.make_room(1);
            self.0.insert(at, (key.into(), text()));
        }
    }

    /// Takes out the string of a key.
    pub fn remove(&mut self, key: &str) -> Option<Text> {
        self.find(key).ok().map(|at| self.0.remove(at).1)
    }

    /// Keeps what `keep` says.
    pub fn retain(&mut self, mut keep: impl FnMut(&Name, &Text) -> bool) {
        self.0.retain(|(key, text)| keep(key, text));
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Each key with its string.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Text)> + Clone {
        self.0.iter().map(|(key, text)| (key, text))
    }

    /// Each string.
    pub fn values(&self) -> impl Iterator<Item = &Text> {
        self.0.iter().map(|(_, text)| text)
    }

    /// Each string, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Text> {
        self.0.iter_mut().map(|(_, text)| text)
    }

    /// A first few strings get no more room than they need; to later ones, room grows as usual.
    fn make_room(&mut self, more: usize) {
        if self.0.is_empty() {
            self.0.reserve_exact(more);
        }
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        match self.0.last() {
            Some((last, _)) if **last < *key => Err(self.0.len()),
            _ => self.0.binary_search_by(|(own, _)| (**own).cmp(key)),
        }
    }
}

impl Extend<(Name, Text)> for TextMap {
    /// Of equal keys the last counts.
    fn extend<I: IntoIterator<Item = (Name, Text)>>(&mut self, more: I) {
        let more = more.into_iter();
        self.make_room(more.size_hint().0);
        self.0.extend(more);
        if !self.0.is_sorted_by(|(a, _), (b, _)| a < b) {
            self.0.sort_by(|(a, _), (b, _)| a.cmp(b));
            self.0.dedup_by(|later, kept| {
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
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a TextMap {
    type Item = (&'a Name, &'a Text);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (Name, Text)>, fn(&'a (Name, Text)) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(key, text)| (key, text))
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
        fn it_is_as_a_tree_would_be(steps in prop::collection::vec((0..5, "[a-d]{1,2}", 0..100_u8), 0..40)) {
            let mut map = TextMap::default();
            let mut tree: BTreeMap<Name, Text> = BTreeMap::new();
            for (step, key, number) in steps {
                let name = Name::from(key.as_str());
                let text = Text::verbatim(&number.to_string());
                let more = [(Name::from("b"), text.clone()), (name.clone(), text.clone()), (Name::from("a"), text.clone())];
                match step {
                    0 => map.insert(name.clone(), text.clone()),
                    1 => map.insert_missing(&key, || text.clone()),
                    2 => assert_eq!(map.remove(&key), tree.get(&name).cloned()),
                    3 => map.extend(more.clone()),
                    _ => map.retain(|key, _| *key != name),
                }
                match step {
                    0 => drop(tree.insert(name.clone(), text)),
                    1 => drop(tree.entry(name.clone()).or_insert(text)),
                    3 => tree.extend(more),
                    _ => drop(tree.remove(&name)),
                }
                prop_assert_eq!(shown(&map), shown(&tree));
                prop_assert_eq!(map.get(&key), tree.get(&name));
                prop_assert_eq!(map.contains_key(&key), tree.contains_key(&name));
            }
        }
    }
}
