//! How a set of attributes is declared, and what is known of each attribute besides its value.

use crate::bake::target::Reach;
use crate::bake::text::syntax::Expr;
use crate::bake::values::{Mark, Marks, Name, Value};
use crate::source::Span;

/// What is declared of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its name in the file.
    pub name: &'static str,
    /// What it says, in sentences; the last may begin with `Default:`.
    pub about: &'static str,
    /// Where its value shows.
    pub reach: Reach,
    /// What it is one for.
    pub per: Per,
    /// What `null` does.
    pub null: Null,
    /// What an image must have for it to change anything.
    pub needs: Needs,
    /// What a pattern in it comes to.
    pub patterns: Patterns,
}

/// What an attribute is one for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// The image: its targets must agree.
    Image,
    /// Each target.
    Target,
}

/// What an attribute that is `null` does to what an earlier block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Null {
    /// It stays.
    Keeps,
    /// It is forgotten.
    Resets,
}

/// What an image must have for an attribute to change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing else, or what is missed where the attribute is read.
    Nothing,
    /// Tags that the block makes, of `tags` or `version`, in place of the target's.
    Tags,
    /// Rules of docker/metadata-action in `tags`.
    Rules,
    /// A `variant`.
    Variant,
    /// A version: of `version`, of a rule, or of a tag that shows one.
    Version,
    /// A version of `version` or of a rule.
    OwnVersion,
    /// A tag that stays with one version or commit.
    LiteralTag,
}

/// What a pattern in an attribute comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patterns {
    /// It is rendered.
    Rendered,
    /// It has no place there.
    Refused,
    /// It stays as it is written, for who reads it later.
    Left,
}

/// A part of an attribute's value that has marks.
#[derive(Clone, Debug)]
pub struct Marked {
    /// The attribute.
    pub attribute: &'static Declared,
    /// Where the part is written.
    pub span: Span,
    /// Its marks; some.
    pub marks: Marks,
    /// The key that it is below, where the attribute is an object.
    key: Option<Name>,
}

impl Marked {
    /// Whether it depends on the clock or on chance.
    pub(crate) fn is_volatile(&self) -> bool {
        self.marks.iter().any(|mark| match mark {
            Mark::Clock | Mark::Random => true,
            Mark::Secret(_) | Mark::Kept(_) | Mark::Unset(_) | Mark::Rewritten(_) => false,
        })
    }
}

/// The parts of an attribute's value that have marks. Of what is `left_out` only those matter of what says so.
pub(super) fn marked_parts(
    attribute: &'static Declared,
    value: &Value,
    place: &Expr,
    left_out: fn(&Value) -> Option<&Value>,
) -> Vec<Marked> {
    let mut parts = Vec::new();
    let mut add = |key: Option<&Name>, value: &Value, place: &Expr| {
        each_marked(value, place, &mut |marks, span| {
            parts.push(Marked { attribute, span, marks, key: key.cloned() });
        });
    };
    match (value.items(), value.members()) {
        (Some(items), _) => {
            let items = items.iter().enumerate();
            items.for_each(|(at, item)| add(None, left_out(item).unwrap_or(item), place.element(at)));
        }
        (_, Some(members)) => match left_out(value) {
            Some(reason) => add(None, reason, place),
            None => members.iter().for_each(|(key, member)| add(Some(key), member, place.member(key))),
        },
        _ => {}
    }
    let marks = value.own_marks();
    if !marks.is_empty() {
        parts.push(Marked { attribute, span: place.span, marks: marks.clone(), key: None });
    }
    parts
}

fn each_marked(value: &Value, place: &Expr, visit: &mut impl FnMut(Marks, Span)) {
    let marks = value.own_marks();
    if !marks.is_empty() {
        visit(marks.clone(), place.span);
    }
    match (value.items(), value.members()) {
        (Some(items), _) => {
            for (at, item) in items.iter().enumerate() {
                each_marked(item, place.element(at), visit);
            }
        }
        (_, Some(members)) => {
            for (key, member) in members {
                each_marked(member, place.member(key), visit);
            }
        }
        _ => {}
    }
}

/// Replaces what is known of an attribute; of one that is merged by key, what is known of the keys that are given.
pub(super) fn replace(known: &mut Vec<Marked>, attribute: &Declared, given: Option<&Value>, by_key: bool) {
    let is_replaced = |key: &Option<Name>| {
        let member = key.as_ref().and_then(|key| given?.members()?.get(key));
        !by_key || member.is_some_and(|member| !member.is_null())
    };
    known.retain(|one| one.attribute != attribute || !is_replaced(&one.key));
}

/// Declares a set of attributes: the struct that holds their values, and everything that takes each of them in turn.
macro_rules! declare {
    (
        $(#[$about:meta])*
        $visibility:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $attribute:ident: $type:ty = $unset:expr; $reach:expr, $per:expr, $null:expr, $needs:expr, $patterns:expr;
            )*
        }
        $($(#[$field_doc:meta])* pub $field:ident: $field_type:ty = $field_unset:expr;)*
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        $visibility struct $name {
            $($(#[doc = $doc])* pub $attribute: $type,)*
            $($(#[$field_doc])* pub $field: $field_type,)*
            /// The parts of the attributes that have marks.
            pub marked: Vec<Marked>,
            /// Where attributes are null, which takes away what blocks of earlier files say of them.
            pub nulls: Vec<(&'static Declared, $crate::source::Span)>,
        }

        impl $name {
            /// The attributes.
            pub const DECLARED: &'static [Declared] =
                &[$(Declared {
                    name: stringify!($attribute),
                    about: concat!($($doc),*).trim_ascii(),
                    reach: $reach,
                    per: $per,
                    null: $null,
                    needs: $needs,
                    patterns: $patterns,
                }),*];

            /// The JSON Schema of each attribute, with its description.
            pub(super) fn schemas() -> Vec<(&'static str, String, serde_json::Value)> {
                let schemas = [$(<$type as ReadAttribute>::schema()),*];
                let named = |(one, schema): (&Declared, _)| (one.name, one.about.to_owned(), schema);
                Self::DECLARED.iter().zip(schemas).map(named).collect()
            }

            /// Reads an attribute of this set over what earlier blocks say.
            pub(super) fn read(
                &mut self,
                given: &$crate::bake::text::syntax::Attribute,
                reader: &mut AttributeReader<'_, '_>,
            ) {
                let mut declared = Self::DECLARED.iter();
                $({
                    let declared = declared.next().expect("one for each attribute");
                    if *given.name.name == *declared.name {
                        let unset = || -> $type { $unset };
                        reader.attribute(declared, &given.value, &mut self.$attribute, unset, (&mut self.marked, &mut self.nulls));
                    }
                })*
            }

            /// The attributes of an image that another target says something else about.
            #[must_use]
            pub fn differences(&self, other: &Self) -> Vec<&'static str> {
                let differs = [$(self.$attribute != other.$attribute),*];
                let attributes = Self::DECLARED.iter().zip(differs);
                let of_image = attributes.filter(|(one, differs)| one.per == Per::Image && *differs);
                of_image.map(|(one, _)| one.name).collect()
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($attribute: $unset,)* $($field: $field_unset,)* marked: Vec::new(), nulls: Vec::new() }
            }
        }
    };
}
pub(super) use declare;
