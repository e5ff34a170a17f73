//! Values and types of the Bake language: those of cty, Terraform's and Bake's dynamic type system
//! (<https://github.com/zclconf/go-cty/blob/main/docs/types.md>).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::name::Name;
use super::number::Number;

/// Why a string must not be written where others can read it, or not into a committed file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Came from this environment variable, whose name says that it is secret.
    Secret(Name),
    /// Depends on the clock.
    Clock,
    /// Depends on random numbers.
    Random,
    /// Holds a placeholder for this variable (see [`super::kept`]). A string made of others may have the mark and no
    /// placeholder, never the reverse.
    Kept(Name),
}

/// The marks of a string; nearly always none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(Option<Rc<BTreeSet<Mark>>>);

impl Marks {
    /// A single mark.
    #[must_use]
    pub fn of(mark: Mark) -> Self {
        Self(Some(Rc::new(BTreeSet::from([mark]))))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Adds the marks of a value that `self`'s value was made of.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (_, None) => {}
            (own @ None, Some(other)) => *own = Some(Rc::clone(other)),
            (Some(own), Some(other)) => {
                if !other.is_subset(own) {
                    Rc::make_mut(own).extend(other.iter().cloned());
                }
            }
        }
    }

    /// The variable whose secret value it has, if it has one.
    #[must_use]
    pub fn secret(&self) -> Option<&Name> {
        self.iter().find_map(|mark| match mark {
            Mark::Secret(name) => Some(name),
            Mark::Clock | Mark::Random | Mark::Kept(_) => None,
        })
    }

    /// Whether a variable that is kept may be in it.
    #[must_use]
    pub fn has_kept(&self) -> bool {
        self.iter().any(|mark| matches!(mark, Mark::Kept(_)))
    }

    /// Whether this variable is kept and may be in it.
    #[must_use]
    pub fn keeps(&self, variable: &str) -> bool {
        self.iter().any(|mark| matches!(mark, Mark::Kept(name) if **name == *variable))
    }

    /// Each mark, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Mark> {
        self.0.iter().flat_map(|set| set.iter())
    }
}

/// A string: NFC-normalised, with its marks. Equality and order look at the text alone.
#[derive(Clone, Debug)]
pub struct MarkedStr {
    text: Name,
    marks: Marks,
}

impl MarkedStr {
    /// Text from outside, such as a function's result or the environment: brought into NFC, as cty does.
    #[must_use]
    pub fn normalized<'t>(text: impl Into<Cow<'t, str>>) -> Self {
        let text = text.into();
        if is_nfc(&text) { Self::verbatim(text) } else { Self::verbatim(text.nfc().collect::<String>()) }
    }

    /// Text as it is: from the syntax tree, which is normalized already, or where Bake keeps every byte.
    #[must_use]
    pub fn verbatim(text: impl Into<Name>) -> Self {
        Self { text: text.into(), marks: Marks::default() }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text, shared.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.text
    }

    /// Where it came from, as far as that matters.
    #[must_use]
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// The same text with more marks.
    #[must_use]
    pub fn marked(mut self, marks: &Marks) -> Self {
        self.marks.merge(marks);
        self
    }
}

impl PartialEq for MarkedStr {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for MarkedStr {}

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
    List(Rc<Self>),
    /// `set(T)`
    Set(Rc<Self>),
    /// `map(T)`
    Map(Rc<Self>),
    /// `tuple([T, …])`
    Tuple(Rc<[Self]>),
    /// `object({k = T, …})`
    Object(Rc<ObjectType>),
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
        Self::List(Rc::new(element))
    }

    /// `set(element)`
    #[must_use]
    pub fn set(element: Self) -> Self {
        Self::Set(Rc::new(element))
    }

    /// `map(element)`
    #[must_use]
    pub fn map(element: Self) -> Self {
        Self::Map(Rc::new(element))
    }

    /// `object({ … })`, without optional attributes.
    #[must_use]
    pub fn object(attributes: BTreeMap<Name, Self>) -> Self {
        Self::Object(Rc::new(ObjectType { attributes, optional: BTreeSet::new() }))
    }

    /// Whether it is a string, number or bool.
    #[must_use]
    pub fn is_primitive(&self) -> bool {
        matches!(self, Self::Bool | Self::Number | Self::String)
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

/// A value. Collections are shared, so cloning is cheap.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value, of some type.
    Null(Type),
    /// `true` or `false`
    Bool(bool),
    /// A number of 512 bits.
    Number(Number),
    /// A string.
    String(MarkedStr),
    /// Values of one type.
    List(Type, Rc<Vec<Self>>),
    /// Distinct values of one type, sorted: numbers by value, strings by bytes, others as [`Value::set_order`].
    Set(Type, Rc<Vec<Self>>),
    /// Values of one type by key, in byte order of keys.
    Map(Type, Rc<BTreeMap<Name, Self>>),
    /// Values of any types.
    Tuple(Rc<Vec<Self>>),
    /// Values of any types by name, in byte order of names.
    Object(Rc<BTreeMap<Name, Self>>),
}

impl Value {
    /// A string value, normalized.
    pub fn string<'t>(text: impl Into<Cow<'t, str>>) -> Self {
        Self::String(MarkedStr::normalized(text))
    }

    /// A tuple value.
    #[must_use]
    pub fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(Rc::new(items))
    }

    /// A list value; the items must be of the element type (or nulls of it).
    #[must_use]
    pub fn list(element: Type, items: Vec<Self>) -> Self {
        Self::List(element, Rc::new(items))
    }

    /// An object value.
    #[must_use]
    pub fn object(members: BTreeMap<Name, Self>) -> Self {
        Self::Object(Rc::new(members))
    }

    /// A map value; the members must be of the element type.
    #[must_use]
    pub fn map(element: Type, members: BTreeMap<Name, Self>) -> Self {
        Self::Map(element, Rc::new(members))
    }

    /// A set value: sorts and drops duplicates.
    #[must_use]
    pub fn set(element: Type, mut items: Vec<Self>) -> Self {
        if element.is_primitive() {
            items.sort_by(Self::set_order);
        } else {
            // As `set_order` does, but with each key made only once.
            let keyed = items.into_iter().map(|item| ((item.is_null(), item.set_key()), item));
            let mut keyed: Vec<_> = keyed.collect();
            keyed.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.content_order(&b.1)));
            items = keyed.into_iter().map(|(_, item)| item).collect();
        }
        items.dedup();
        Self::Set(element, Rc::new(items))
    }

    /// The type of the value.
    #[must_use]
    pub fn ty(&self) -> Type {
        match self {
            Self::Null(ty) => ty.clone(),
            Self::Bool(_) => Type::Bool,
            Self::Number(_) => Type::Number,
            Self::String(_) => Type::String,
            Self::List(element, _) => Type::list(element.clone()),
            Self::Set(element, _) => Type::set(element.clone()),
            Self::Map(element, _) => Type::map(element.clone()),
            Self::Tuple(items) => Type::Tuple(items.iter().map(Self::ty).collect()),
            Self::Object(members) => Type::Object(Rc::new(ObjectType {
                attributes: members.iter().map(|(name, value)| (Rc::clone(name), value.ty())).collect(),
                optional: BTreeSet::new(),
            })),
        }
    }

    /// Whether it is null, of whatever type.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null(_))
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
            Self::List(_, items) | Self::Set(_, items) | Self::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The members of a map or object.
    #[must_use]
    pub fn members(&self) -> Option<&BTreeMap<Name, Self>> {
        match self {
            Self::Map(_, members) | Self::Object(members) => Some(members),
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

    /// The marks of every string in it.
    #[must_use]
    pub fn marks(&self) -> Marks {
        let mut marks = Marks::default();
        self.collect_marks(&mut marks);
        marks
    }

    fn collect_marks(&self, marks: &mut Marks) {
        match self {
            Self::String(text) => marks.merge(&text.marks),
            Self::List(_, items) | Self::Set(_, items) | Self::Tuple(items) => {
                items.iter().for_each(|item| item.collect_marks(marks));
            }
            Self::Map(_, members) | Self::Object(members) => {
                members.values().for_each(|member| member.collect_marks(marks));
            }
            Self::Null(_) | Self::Bool(_) | Self::Number(_) => {}
        }
    }

    /// The value with the marks on every string in it.
    #[must_use]
    pub fn marked(self, marks: &Marks) -> Self {
        if marks.is_empty() {
            return self;
        }
        let all = |items: &[Self]| Rc::new(items.iter().map(|item| item.clone().marked(marks)).collect());
        let every = |members: &BTreeMap<Name, Self>| {
            Rc::new(members.iter().map(|(k, v)| (Rc::clone(k), v.clone().marked(marks))).collect())
        };
        match self {
            Self::String(text) => Self::String(text.marked(marks)),
            Self::List(ty, items) => Self::List(ty, all(&items)),
            Self::Set(ty, items) => Self::Set(ty, all(&items)),
            Self::Tuple(items) => Self::Tuple(all(&items)),
            Self::Map(ty, members) => Self::Map(ty, every(&members)),
            Self::Object(members) => Self::Object(every(&members)),
            Self::Null(_) | Self::Bool(_) | Self::Number(_) => self,
        }
    }

    /// The order in which a set holds its items: numbers by value, strings by bytes, false before true, null last,
    /// everything else by the hash text that cty sorts by.
    #[must_use]
    pub fn set_order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.as_str().cmp(b.as_str()),
            (Self::Null(_), _) | (_, Self::Null(_)) => self.is_null().cmp(&other.is_null()),
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
            Self::Null(_) => key.push('~'),
            Self::Bool(value) => key.push(if *value { 'T' } else { 'F' }),
            Self::Number(value) => key.push_str(&value.text_g_prec(10)),
            Self::String(text) => write_quoted(key, text.as_str()),
            Self::List(_, items) | Self::Set(_, items) => each(key, '[', &mut items.iter(), ']'),
            Self::Tuple(items) => each(key, '<', &mut items.iter(), '>'),
            Self::Object(members) => each(key, '<', &mut members.values(), '>'),
            Self::Map(_, members) => {
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
            (Self::Null(a), Self::Null(b)) => a == b,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::List(s, a), Self::List(t, b)) | (Self::Set(s, a), Self::Set(t, b)) => s == t && a == b,
            (Self::Map(s, a), Self::Map(t, b)) => s == t && a == b,
            (Self::Tuple(a), Self::Tuple(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            _ => false,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_sorted_and_distinct() {
        let number = |n: i64| Value::Number(Number::from(n));
        let set = Value::set(Type::Number, vec![number(10), number(9), number(10)]);
        assert_eq!(set.items(), Some([number(9), number(10)].as_slice()));
    }

    #[test]
    fn structures_in_a_set_are_sorted_by_their_text() {
        let number = |n: i64| Value::Number(Number::from(n));
        let pair = |n: i64, text: &str| Value::tuple(vec![number(n), Value::string(text)]);
        let ty = pair(0, "").ty();
        let null = Value::Null(ty.clone());
        let items = vec![null.clone(), pair(9, "a"), pair(10, "b"), pair(10, "a"), pair(9, "a")];
        let set = Value::set(ty, items.clone());
        assert_eq!(set.items(), Some([pair(10, "a"), pair(10, "b"), pair(9, "a"), null].as_slice()));
        let sorted = set.items().unwrap_or_default();
        assert!(sorted.is_sorted_by(|a, b| a.set_order(b).is_lt()));
    }

    #[test]
    fn marks_reach_every_string_and_do_not_change_equality() {
        let plain = Value::tuple(vec![Value::string("a"), Value::Bool(true)]);
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
