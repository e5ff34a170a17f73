//! Marks a value with where it came from, as far as it must not be written everywhere.
//!
//! A mark is put on where a variable is read or a function is called, and goes along with the value; whoever writes
//! values reads their marks. What is made of a value has its marks: by conversion, arithmetic, templates, functions and
//! keys. What only depends on a value, such as a comparison with it, what a condition on it chose, or the number of
//! elements that it filtered, has those marks of [`Marks::of_answer`]: all but that of a variable without a value and
//! that of a secret, of which an answer tells too little, and without which nobody could ask whether it is given. An
//! element that a value is the index of, and elements that it is the number of, tell it: they have those marks of
//! [`Marks::of_choice`].

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::name::Name;
use super::number::Number;

/// Why a value must not be written where others can read it, or not into a committed file.
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
    /// Is what it is because nothing gives a value to this variable, which is null or empty then.
    Unset(Name),
    /// Has a number or a date that is not printed as it was written: `3.10` is 3.1.
    Rewritten(Rewritten),
}

/// What is not printed as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scalar {
    /// A number.
    Number,
    /// A date of YAML, with or without a time.
    Date,
}

/// A number or a date that is not printed as it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rewritten {
    /// What it is.
    pub scalar: Scalar,
    /// What was written.
    pub written: Name,
    /// What is printed.
    pub printed: Name,
}

/// The marks of a value; nearly always none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(Option<Arc<BTreeSet<Mark>>>);

impl Marks {
    /// A single mark.
    #[must_use]
    pub fn of(mark: Mark) -> Self {
        Self(Some(Arc::new(BTreeSet::from([mark]))))
    }

    /// Those of a number that was written like this.
    #[must_use]
    pub(in crate::bake) fn of_number(number: &Number, text: &str) -> Self {
        // Whole numbers, of which nearly all are.
        if text.len() < 16 && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::default();
        }
        Self::of_printed(Scalar::Number, text, &number.to_string())
    }

    /// Those of what was written like this and is printed like that.
    #[must_use]
    pub(in crate::bake) fn of_printed(scalar: Scalar, written: &str, printed: &str) -> Self {
        if printed == written {
            return Self::default();
        }
        Self::of(Mark::Rewritten(Rewritten { scalar, written: written.into(), printed: printed.into() }))
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
            (own @ None, Some(other)) => *own = Some(Arc::clone(other)),
            (Some(own), Some(other)) => {
                if !other.is_subset(own) {
                    Arc::make_mut(own).extend(other.iter().cloned());
                }
            }
        }
    }

    /// The marks of what depends on a value without being made of it.
    #[must_use]
    pub fn of_answer(&self) -> Self {
        let lasts = |mark: &&Mark| match mark {
            // Who asks whether there is a value says what becomes of it.
            Mark::Secret(_) | Mark::Unset(_) | Mark::Rewritten(_) => false,
            Mark::Clock | Mark::Random | Mark::Kept(_) => true,
        };
        self.iter().filter(lasts).cloned().collect()
    }

    /// The marks of what a value counts or chooses: how many elements there are, or which one it is, tells the value.
    #[must_use]
    pub fn of_choice(&self) -> Self {
        let lasts = |mark: &&Mark| match mark {
            Mark::Unset(_) | Mark::Rewritten(_) => false,
            Mark::Secret(_) | Mark::Clock | Mark::Random | Mark::Kept(_) => true,
        };
        self.iter().filter(lasts).cloned().collect()
    }

    /// The marks of what is computed from a number: how that was written no longer matters.
    #[must_use]
    pub(in crate::bake) fn of_arithmetic(&self) -> Self {
        self.iter().filter(|mark| !matches!(mark, Mark::Rewritten(_))).cloned().collect()
    }

    /// The marks of what is there because an attempt failed that looked at values: all but those of kept variables, at
    /// whose values nothing can look.
    #[must_use]
    pub fn of_attempt(&self) -> Self {
        let lasts = |mark: &&Mark| match mark {
            Mark::Secret(_) | Mark::Clock | Mark::Random => true,
            // Who tries says what becomes of a failure.
            Mark::Kept(_) | Mark::Unset(_) | Mark::Rewritten(_) => false,
        };
        self.iter().filter(lasts).cloned().collect()
    }

    /// Those that are not among others.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        self.iter().filter(|mark| !others.iter().any(|other| other == *mark)).cloned().collect()
    }

    /// The variable whose secret value it has, if it has one.
    #[must_use]
    pub fn secret(&self) -> Option<&Name> {
        self.iter().find_map(|mark| match mark {
            Mark::Secret(name) => Some(name),
            Mark::Clock | Mark::Random | Mark::Kept(_) | Mark::Unset(_) | Mark::Rewritten(_) => None,
        })
    }

    /// The number or date in it that is not printed as it was written, if there is one.
    #[must_use]
    pub fn rewritten(&self) -> Option<&Rewritten> {
        self.iter().find_map(|mark| match mark {
            Mark::Rewritten(rewritten) => Some(rewritten),
            Mark::Secret(_) | Mark::Clock | Mark::Random | Mark::Kept(_) | Mark::Unset(_) => None,
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

impl FromIterator<Mark> for Marks {
    fn from_iter<I: IntoIterator<Item = Mark>>(marks: I) -> Self {
        let marks: BTreeSet<Mark> = marks.into_iter().collect();
        Self((!marks.is_empty()).then(|| Arc::new(marks)))
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
        self.mark(marks);
        self
    }

    /// Adds marks.
    pub(in crate::bake) fn mark(&mut self, marks: &Marks) {
        self.marks.merge(marks);
    }
}

impl PartialEq for MarkedStr {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for MarkedStr {}
