//! What a job runs on, as `runs-on` says it.

use super::text::Place;
use super::value::Value;
use crate::runner::Runner;

/// What a job runs on.
#[derive(Clone, Debug)]
pub(crate) struct RunsOn {
    /// Where it says so.
    pub place: Place,
    /// The runner; none where only a run knows it.
    pub runner: Option<Runner>,
}

/// The runner that a value of `runs-on` names.
pub(in crate::init) fn of_value(value: &Value) -> Option<Runner> {
    match value {
        Value::Text(text) => text.constant().filter(|label| !label.is_empty()).map(Runner::Label),
        Value::List(_) => Some(Runner::Labels(labels(value)?)),
        Value::Map(_) => {
            let labels = value.member("labels").map_or(Some(Vec::new()), labels)?;
            match value.member("group") {
                Some(Value::Text(group)) => Some(Runner::Group { group: group.constant()?, labels }),
                Some(_) => None,
                None => (!labels.is_empty()).then_some(Runner::Labels(labels)),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Unknown(_) => None,
    }
}

fn labels(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::List(items) if !items.is_empty() => {
            items.iter().map(|item| item.clone().into_text().constant()).collect()
        }
        Value::Text(text) => Some(vec![text.constant()?]),
        _ => None,
    }
}
