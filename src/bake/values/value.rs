//! Values and types of the Bake language: those of cty, Terraform's and Bake's dynamic type system
//! (<https://github.com/zclconf/go-cty/blob/main/docs/types.md>).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::marks::{MarkedStr, Marks};
use super::name::Name;
use super::number::Number;

/// A type, as cty has them. The order means nothing; it serves to find equal types.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// Any type: the type of a bare `null`, and `any` in a constraint.
    Dynamic,
    /// `bool`
    Bool,
    /// `number`
    Number,
    /// `string`
    String,
    /// `list(T)`
    List(Arc<Self>),
    /// `set(T)`
    Set(Arc<Self>),
    /// `map(T)`
    Map(Arc<Self>),
    /// `tuple([T, …])`
    Tuple(Arc<[Self]>),
    /// `object({k = T, …})`
    Object(Arc<ObjectType>),
}

/// The attributes of an object type.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectType {
    /// Each attribute's type.
    pub attributes: BTreeMap<Name, Type>,
    /// Those that a conversion may leave out (`optional(T)`); only in constraints.
    pub optional: BTreeSet<Name>,
}

impl Type {
    /// `list(element)`
    #[must_use]
    pub fn list(element: Self) -> Self {
        Self::List(Arc::new(element))
    }

    /// `set(element)`
    #[must_use]
    pub fn set(element: Self) -> Self {
        Self::Set(Arc::new(element))
    }

    /// `map(element)`
    #[must_use]
    pub fn map(element: Self) -> Self {
        Self::Map(Arc::new(element))
    }

    /// `object({ … })`, without optional attributes.
    #[must_use]
    pub fn object(attributes: BTreeMap<Name, Self>) -> Self {
        Self::Object(Arc::new(ObjectType { attributes, optional: BTreeSet::new() }))
    }

    /// Whether it is a string, number or bool.
    #[must_use]
    pub fn is_primitive(&self) -> bool {
        matches!(self, Self::Bool | Self::Number | Self::String)
    }
}

impl Type {
    /// The friendly name with its article: `a list of string`, `an object`.
    #[must_use]
    pub fn with_article(&self) -> String {
        match self {
            Self::Object(_) => format!("an {self}"),
            _ => format!("a {self}"),
        }
    }
}

impl fmt::Display for Type {
    /// cty's friendly name, as `--list variables` prints it: `list of string`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dynamic => f.write_str("dynamic"),
            Self::Bool => f.write_str("bool"),
            Self::Number => f.write_str("number"),
            Self::String => f.write_str("string"),
            Self::List(element) => write!(f, "list of {element}"),
            Self::Set(element) => write!(f, "set of {element}"),
            Self::Map(element) => write!(f, "map of {element}"),
            Self::Tuple(_) => f.write_str("tuple"),
            Self::Object(_) => f.write_str("object"),
        }
    }
}

/// A value with its marks; those of a collection are of its keys, of how many elements it has, and of their order.
/// Collections are shared, so cloning is cheap.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value, of some type.
    Null(Type, Marks),
    /// `true` or `false`
    Bool(bool, Marks),
    /// A number of 512 bits.
    Number(Number, Marks),
    /// A string.
    String(MarkedStr),
    /// Values of one type.
    List(Type, Arc<Vec<Self>>, Marks),
    /// Distinct values of one type, sorted: numbers by value, strings by bytes, others as [`Value::set_order`].
    Set(Type, Arc<Vec<Self>>, Marks),
    /// Values of one type by key, in byte order of keys.
    Map(Type, Arc<BTreeMap<Name, Self>>, Marks),
    /// Values of any types.
    Tuple(Arc<Vec<Self>>, Marks),
    /// Values of any types by name, in byte order of names.
    Object(Arc<BTreeMap<Name, Self>>, Marks),
}

impl Value {
    /// A string value, normalized.
    pub fn string<'t>(text: impl Into<Cow<'t, str>>) -> Self {
        Self::String(MarkedStr::normalized(text))
    }

    /// Null of a type.
    #[must_use]
    pub fn null(ty: Type) -> Self {
        Self::Null(ty, Marks::default())
    }

    /// A tuple value.
    #[must_use]
    pub fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(Arc::new(items), Marks::default())
    }

    /// A list value; the items must be of the element type (or nulls of it).
    #[must_use]
    pub fn list(element: Type, items: Vec<Self>) -> Self {
        Self::List(element, Arc::new(items), Marks::default())
    }

    /// An object value.
    #[must_use]
    pub fn object(members: BTreeMap<Name, Self>) -> Self {
        Self::Object(Arc::new(members), Marks::default())
    }

    /// A map value; the members must be of the element type.
    #[must_use]
    pub fn map(element: Type, members: BTreeMap<Name, Self>) -> Self {
        Self::Map(element, Arc::new(members), Marks::default())
    }

    /// A set value: sorts and drops duplicates.
    #[must_use]
    pub fn set(element: Type, mut items: Vec<Self>) -> Self {
        // How many are left, and which is the first, depends on each.
        let mut marks = Marks::default();
        if items.len() > 1 {
            items.iter().for_each(|item| marks.merge(&item.marks().of_answer()));
        }
        if element.is_primitive() {
            items.sort_by(Self::set_order);
        } else {
            // As `set_order` does, but with each key made only once.
            let keyed = items.into_iter().map(|item| ((item.is_null(), item.set_key()), item));
            let mut keyed: Vec<_> = keyed.collect();
            keyed.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.content_order(&b.1)));
            items = keyed.into_iter().map(|(_, item)| item).collect();
        }
        items.dedup_by(|again, first| {
            let is_equal = again == first;
            if is_equal {
                *first = first.clone().marked(&again.marks());
            }
            is_equal
        });
        Self::Set(element, Arc::new(items), marks)
    }

    /// The type of the value.
    #[must_use]
    pub fn ty(&self) -> Type {
        match self {
            Self::Null(ty, _) => ty.clone(),
            Self::Bool(_, _) => Type::Bool,
            Self::Number(_, _) => Type::Number,
            Self::String(_) => Type::String,
            Self::List(element, _, _) => Type::list(element.clone()),
            Self::Set(element, _, _) => Type::set(element.clone()),
            Self::Map(element, _, _) => Type::map(element.clone()),
            Self::Tuple(items, _) => Type::Tuple(items.iter().map(Self::ty).collect()),
            Self::Object(members, _) => Type::Object(Arc::new(ObjectType {
                attributes: members.iter().map(|(name, value)| (Arc::clone(name), value.ty())).collect(),
                optional: BTreeSet::new(),
            })),
        }
    }

    /// The friendly name of its type with the article. That of a tuple or an object says nothing of its parts, of which there may
    /// be very many.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Tuple(..) => "a tuple".to_owned(),
            Self::Object(..) => "an object".to_owned(),
            other => other.ty().with_article(),
        }
    }

    /// Whether it is null, of whatever type.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null(_, _))
    }

    /// The text, if it is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// The items of a list, set or tuple.
    #[must_use]
    pub fn items(&self) -> Option<&[Self]> {
        match self {
            Self::List(_, items, _) | Self::Set(_, items, _) | Self::Tuple(items, _) => Some(items),
            _ => None,
        }
    }

    /// The members of a map or object.
    #[must_use]
    pub fn members(&self) -> Option<&BTreeMap<Name, Self>> {
        match self {
            Self::Map(_, members, _) | Self::Object(members, _) => Some(members),
            _ => None,
        }
    }

    /// How many values it is made of, itself included; `None` for more than `limit`. Values share their parts, so few
    /// bytes of memory may hold very many.
    #[must_use]
    pub fn size(&self, limit: u64) -> Option<u64> {
        let mut left = limit.checked_sub(1)?;
        let mut take = |part: &Self| {
            left = left.checked_sub(part.size(left)?)?;
            Some(())
        };
        match (self.items(), self.members()) {
            (Some(items), _) => items.iter().try_for_each(&mut take)?,
            (_, Some(members)) => members.values().try_for_each(&mut take)?,
            _ => {}
        }
        Some(limit - left)
    }

    /// The marks of itself, without those of its parts.
    #[must_use]
    pub fn own_marks(&self) -> &Marks {
        match self {
            Self::String(text) => text.marks(),
            Self::Null(_, marks)
            | Self::Bool(_, marks)
            | Self::Number(_, marks)
            | Self::List(_, _, marks)
            | Self::Set(_, _, marks)
            | Self::Map(_, _, marks)
            | Self::Tuple(_, marks)
            | Self::Object(_, marks) => marks,
        }
    }

    /// The marks of itself and of all its parts.
    #[must_use]
    pub fn marks(&self) -> Marks {
        let mut marks = Marks::default();
        self.collect_marks(&mut marks);
        marks
    }

    /// The marks of itself and of the collections in it: of what it is made of, without a look at the elements.
    #[must_use]
    pub fn marks_of_structure(&self) -> Marks {
        let mut marks = self.own_marks().clone();
        let mut add = |part: &Self| {
            if part.items().is_some() || part.members().is_some() {
                marks.merge(&part.marks_of_structure());
            }
        };
        match (self.items(), self.members()) {
            (Some(items), _) => items.iter().for_each(&mut add),
            (_, Some(members)) => members.values().for_each(&mut add),
            _ => {}
        }
        marks
    }

    fn collect_marks(&self, marks: &mut Marks) {
        marks.merge(self.own_marks());
        match (self.items(), self.members()) {
            (Some(items), _) => items.iter().for_each(|item| item.collect_marks(marks)),
            (_, Some(members)) => members.values().for_each(|member| member.collect_marks(marks)),
            _ => {}
        }
    }

    /// The value with more marks, but not its parts.
    #[must_use]
    pub fn marked_itself(mut self, marks: &Marks) -> Self {
        match &mut self {
            Self::String(text) => text.mark(marks),
            Self::Null(_, own)
            | Self::Bool(_, own)
            | Self::Number(_, own)
            | Self::List(_, _, own)
            | Self::Set(_, _, own)
            | Self::Map(_, _, own)
            | Self::Tuple(_, own)
            | Self::Object(_, own) => own.merge(marks),
        }
        self
    }

    /// A value that is made of others, with their marks on itself.
    #[must_use]
    pub(in crate::bake) fn made_of<'v>(self, others: impl IntoIterator<Item = &'v Self>) -> Self {
        others.into_iter().fold(self, |value, other| value.marked_itself(&other.marks()))
    }

    /// A value that depends on others without being made of them ([`Marks::of_answer`]).
    #[must_use]
    pub(in crate::bake) fn depending_on<'v>(self, others: impl IntoIterator<Item = &'v Self>) -> Self {
        others.into_iter().fold(self, |value, other| value.marked_itself(&other.marks().of_answer()))
    }

    /// The value with more marks on itself and on all its parts.
    #[must_use]
    pub fn marked(self, marks: &Marks) -> Self {
        if marks.is_empty() {
            return self;
        }
        let mut value = self.marked_itself(marks);
        match &mut value {
            Self::List(_, items, _) | Self::Set(_, items, _) | Self::Tuple(items, _) => {
                *items = Arc::new(items.iter().map(|item| item.clone().marked(marks)).collect());
            }
            Self::Map(_, members, _) | Self::Object(members, _) => {
                let marked =
                    members.iter().map(|(key, member)| (Arc::clone(key), member.clone().marked(marks)));
                *members = Arc::new(marked.collect());
            }
            Self::Null(..) | Self::Bool(..) | Self::Number(..) | Self::String(_) => {}
        }
        value
    }

    /// The order in which a set holds its items: numbers by value, strings by bytes, false before true, null last,
    /// everything else by the hash text that cty sorts by.
    #[must_use]
    pub fn set_order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a, _), Self::Bool(b, _)) => a.cmp(b),
            (Self::Number(a, _), Self::Number(b, _)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.as_str().cmp(b.as_str()),
            (Self::Null(_, _), _) | (_, Self::Null(_, _)) => self.is_null().cmp(&other.is_null()),
            _ => self.set_key().cmp(&other.set_key()).then_with(|| self.content_order(other)),
        }
    }

    /// The text by which cty sorts the structures of a set
    /// (<https://github.com/zclconf/go-cty/blob/main/cty/set_internals.go>).
    fn set_key(&self) -> String {
        let mut key = String::new();
        self.write_set_key(&mut key);
        key
    }

    fn write_set_key(&self, key: &mut String) {
        let each = |key: &mut String, open, items: &mut dyn Iterator<Item = &Self>, close| {
            key.push(open);
            for item in items {
                item.write_set_key(key);
                key.push(';');
            }
            key.push(close);
        };
        match self {
            Self::Null(_, _) => key.push('~'),
            Self::Bool(value, _) => key.push(if *value { 'T' } else { 'F' }),
            Self::Number(value, _) => key.push_str(&value.text_g_prec(10)),
            Self::String(text) => write_quoted(key, text.as_str()),
            Self::List(_, items, _) | Self::Set(_, items, _) => each(key, '[', &mut items.iter(), ']'),
            Self::Tuple(items, _) => each(key, '<', &mut items.iter(), '>'),
            Self::Object(members, _) => each(key, '<', &mut members.values(), '>'),
            Self::Map(_, members, _) => {
                key.push('{');
                for (name, member) in members.iter() {
                    write_quoted(key, name);
                    key.push(':');
                    member.write_set_key(key);
                    key.push(';');
                }
                key.push('}');
            }
        }
    }

    /// Tells apart what has the same key.
    fn content_order(&self, other: &Self) -> Ordering {
        match (self.items(), other.items(), self.members(), other.members()) {
            (Some(a), Some(b), ..) => order_by(a.iter(), b.iter(), |a, b| a.set_order(b)),
            (.., Some(a), Some(b)) => {
                order_by(a.iter(), b.iter(), |a, b| a.0.cmp(b.0).then_with(|| a.1.set_order(b.1)))
            }
            _ => Ordering::Equal,
        }
    }
}

fn write_quoted(out: &mut String, text: &str) {
    out.push('"');
    out.extend(text.escape_debug());
    out.push('"');
}

fn order_by<T>(
    mut left: impl Iterator<Item = T>,
    mut right: impl Iterator<Item = T>,
    order: impl Fn(T, T) -> Ordering,
) -> Ordering {
    loop {
        match (left.next(), right.next()) {
            (Some(a), Some(b)) => match order(a, b) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
        }
    }
}

impl PartialEq for Value {
    /// cty's `RawEquals`: same type and same value; the marks do not matter.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null(a, _), Self::Null(b, _)) => a == b,
            (Self::Bool(a, _), Self::Bool(b, _)) => a == b,
            (Self::Number(a, _), Self::Number(b, _)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::List(s, a, _), Self::List(t, b, _)) | (Self::Set(s, a, _), Self::Set(t, b, _)) => {
                s == t && a == b
            }
            (Self::Map(s, a, _), Self::Map(t, b, _)) => s == t && a == b,
            (Self::Tuple(a, _), Self::Tuple(b, _)) => a == b,
            (Self::Object(a, _), Self::Object(b, _)) => a == b,
            _ => false,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value, Marks::default())
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Self::Number(value, Marks::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::values::Mark;

    #[test]
    fn sets_are_sorted_and_distinct() {
        let number = |n: i64| Value::from(Number::from(n));
        let set = Value::set(Type::Number, vec![number(10), number(9), number(10)]);
        assert_eq!(set.items(), Some([number(9), number(10)].as_slice()));
    }

    #[test]
    fn structures_in_a_set_are_sorted_by_their_text() {
        let number = |n: i64| Value::from(Number::from(n));
        let pair = |n: i64, text: &str| Value::tuple(vec![number(n), Value::string(text)]);
        let ty = pair(0, "").ty();
        let null = Value::null(ty.clone());
        let items = vec![null.clone(), pair(9, "a"), pair(10, "b"), pair(10, "a"), pair(9, "a")];
        let set = Value::set(ty, items.clone());
        assert_eq!(set.items(), Some([pair(10, "a"), pair(10, "b"), pair(9, "a"), null].as_slice()));
        let sorted = set.items().unwrap_or_default();
        assert!(sorted.is_sorted_by(|a, b| a.set_order(b).is_lt()));
    }

    #[test]
    fn marks_reach_every_string_and_do_not_change_equality() {
        let plain = Value::tuple(vec![Value::string("a"), Value::from(true)]);
        let marked = plain.clone().marked(&Marks::of(Mark::Clock));
        assert_eq!(plain, marked);
        assert_eq!(marked.marks(), Marks::of(Mark::Clock));
        assert!(plain.marks().is_empty());
    }

    #[test]
    fn strings_are_normalised() {
        assert_eq!(MarkedStr::normalized("e\u{301}").as_str(), "é");
    }
}
