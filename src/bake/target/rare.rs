//! Boxes the attributes that few targets set, so that a `Target` stays small.

use std::ops::{Deref, DerefMut};

/// A list or an option that is nearly always empty. There may be very many targets, each in several forms: what they lack takes
/// no more room than a pointer. To change it makes room for it, so that an empty one is best left alone.
#[derive(Clone, Debug)]
pub struct Rare<T>(Option<Box<T>>);

/// What can be empty.
pub trait Empty: Default + 'static {
    /// Nothing.
    const EMPTY: &'static Self;
    /// Whether it is nothing.
    fn is_nothing(&self) -> bool;
}

impl<T: 'static> Empty for Option<T> {
    const EMPTY: &'static Self = &None;

    fn is_nothing(&self) -> bool {
        self.is_none()
    }
}

impl<T: 'static> Empty for Vec<T> {
    const EMPTY: &'static Self = &Self::new();

    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Empty> Deref for Rare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::EMPTY)
    }
}

impl<T: Empty> DerefMut for Rare<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<T: Empty> From<T> for Rare<T> {
    fn from(value: T) -> Self {
        Self((!value.is_nothing()).then(|| Box::new(value)))
    }
}

impl<T: Empty + PartialEq> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Empty + Eq> Eq for Rare<T> {}

impl<T: 'static> FromIterator<T> for Rare<Vec<T>> {
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> Self {
        all.into_iter().collect::<Vec<T>>().into()
    }
}

impl<'a, T: 'static> IntoIterator for &'a Rare<Vec<T>> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_equal_however_it_came_to_be() {
        let mut list: Rare<Vec<u8>> = Rare::default();
        assert!(list.is_empty());
        list.push(1);
        assert_eq!(*list, [1]);
        assert_ne!(list, Rare::default());
        list.clear();
        assert_eq!(list, Rare::default());
        assert_eq!(Rare::from(Some(2)).as_ref(), Some(&2));
        assert_eq!(size_of::<Rare<Option<[u64; 9]>>>(), size_of::<usize>());
    }
}
