//! stub

/// stub
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(i64);

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value)
    }
}
