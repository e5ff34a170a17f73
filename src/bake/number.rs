//! stub

/// stub
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(i64);

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value)
    }
}

impl Number {
    /// stub
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| Self(n as i64))
    }
}
