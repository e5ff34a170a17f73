//! Values of GitHub's expressions, as far as they are known.

use std::rc::Rc;

use super::moment::Fact;
use super::text::{Piece, Template};

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Nothing.
    Null,
    /// A bool.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text, whose parts may depend on the run.
    Text(Template),
    /// A list.
    List(Vec<Self>),
    /// An object.
    Map(Vec<(String, Self)>),
    /// What cannot be known, as it is written.
    Unknown(String),
}

impl Value {
    pub(in crate::init) fn text(text: &str) -> Self {
        Self::Text(Template::from(text))
    }

    pub(in crate::init) fn fact(fact: Fact) -> Self {
        Self::Text(Template(vec![Piece::Fact(fact)]))
    }

    pub(in crate::init) fn piece(piece: Piece) -> Self {
        Self::Text(Template(vec![piece]))
    }

    /// As a string, as GitHub makes one.
    pub(crate) fn into_text(self) -> Template {
        match self {
            Self::Null => Template::default(),
            Self::Bool(value) => Template::from(if value { "true" } else { "false" }),
            Self::Number(value) => Template::from(value.to_string().as_str()),
            Self::Text(text) => text,
            Self::List(_) => Template::unknown("a list"),
            Self::Map(_) => Template::unknown("a mapping"),
            Self::Unknown(written) => Template::unknown(&format!("${{{{ {written} }}}}")),
        }
    }

    /// Whether it counts as true; `None` when that cannot be known.
    pub(crate) fn is_true(&self) -> Option<bool> {
        match self {
            Self::Null => Some(false),
            Self::Bool(value) => Some(*value),
            Self::Number(value) => Some(*value != 0.0),
            Self::Text(text) => text.constant().map(|text| !text.is_empty()),
            Self::List(_) | Self::Map(_) => Some(true),
            Self::Unknown(_) => None,
        }
    }

    pub(in crate::init) fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(members) => {
                members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
            }
            Self::List(items) => name.parse::<usize>().ok().and_then(|at| items.get(at)),
            _ => None,
        }
    }
}

/// Whether two values are equal, as GitHub compares them: text without regard to case.
pub(in crate::init) fn equal(left: &Value, right: &Value) -> Option<bool> {
    let simple = |value: &Value| -> Option<Result<f64, String>> {
        match value {
            Value::Null => Some(Ok(0.0)),
            Value::Bool(value) => Some(Ok(f64::from(u8::from(*value)))),
            Value::Number(value) => Some(Ok(*value)),
            Value::Text(text) => text.constant().map(Err),
            Value::List(_) | Value::Map(_) | Value::Unknown(_) => None,
        }
    };
    let number = |text: &str| if text.is_empty() { Some(0.0) } else { text.trim().parse::<f64>().ok() };
    Some(match (simple(left)?, simple(right)?) {
        (Ok(a), Ok(b)) => a == b,
        (Err(a), Err(b)) => a.eq_ignore_ascii_case(&b),
        (Ok(a), Err(text)) | (Err(text), Ok(a)) => number(&text).is_some_and(|b| a == b),
    })
}

/// What a function gives; `None` when that cannot be known.
pub(in crate::init) fn call(name: &str, arguments: &[Value]) -> Option<Value> {
    let texts = || -> Option<Vec<String>> {
        arguments
            .iter()
            .map(|value| value.clone().into_text().constant().map(|text| text.to_lowercase()))
            .collect()
    };
    Some(match (name, arguments) {
        ("always" | "success", []) => Value::Bool(true),
        ("failure" | "cancelled", []) => Value::Bool(false),
        ("startswith" | "endswith" | "contains", [Value::Text(_) | Value::Null, _]) => {
            let texts = texts()?;
            let (text, part) = (&texts[0], texts[1].as_str());
            Value::Bool(match name {
                "startswith" => text.starts_with(part),
                "endswith" => text.ends_with(part),
                _ => text.contains(part),
            })
        }
        ("contains", [Value::List(items), item]) => {
            let found: Option<Vec<bool>> = items.iter().map(|one| equal(one, item)).collect();
            Value::Bool(found?.contains(&true))
        }
        ("format", [Value::Text(format), rest @ ..]) => {
            let format = format.constant()?;
            let mut text = Template::default();
            let mut left = format.as_str();
            while let Some(open) = left.find('{') {
                text.push(Piece::Text(left[..open].to_owned()));
                let (number, after) = left[open + 1..].split_once('}')?;
                text.extend(rest.get(number.parse::<usize>().ok()?)?.clone().into_text());
                left = after;
            }
            text.push(Piece::Text(left.to_owned()));
            Value::Text(text)
        }
        ("fromjson", [Value::Map(members)]) => Value::Map(members.clone()),
        ("fromjson", [Value::Text(text)]) if matches!(text.0.as_slice(), [Piece::Meta(_, output)] if output == "json") => {
            of_metadata(text)
        }
        ("fromjson", [Value::Text(text)]) => {
            let json: serde_json::Value = serde_json::from_str(&text.constant()?).ok()?;
            of_json(&json)
        }
        ("join", [Value::List(items), rest @ ..]) => {
            let separator =
                rest.first().map_or(Some(",".to_owned()), |one| one.clone().into_text().constant())?;
            let mut text = Template::default();
            for (at, item) in items.iter().enumerate() {
                text.push(Piece::Text(if at > 0 { separator.clone() } else { String::new() }));
                text.extend(item.clone().into_text());
            }
            Value::Text(text)
        }
        ("tojson", [value]) => value.clone(),
        _ => return None,
    })
}

/// What is known of the output `json` of docker/metadata-action.
fn of_metadata(text: &Template) -> Value {
    const PREFIX: &str = "org.opencontainers.image.";
    let unknown = |name: &str| Value::Unknown(format!("{name} of docker/metadata-action"));
    let version = text.0.iter().find_map(|piece| match piece {
        Piece::Meta(meta, _) => Some(Value::piece(Piece::Meta(Rc::clone(meta), "version".to_owned()))),
        _ => None,
    });
    let others = ["created", "title", "description", "url", "source", "licenses"];
    let labels = [("version", version.unwrap_or(Value::Null)), ("revision", Value::fact(Fact::Commit(None)))]
        .into_iter()
        .chain(others.into_iter().map(|name| (name, unknown(name))));
    let labels = labels.map(|(name, value)| (format!("{PREFIX}{name}"), value)).collect();
    let rest = ["tags", "tag-names", "annotations"].map(|name| (name.to_owned(), unknown(name)));
    Value::Map(rest.into_iter().chain([("labels".to_owned(), Value::Map(labels))]).collect())
}

fn of_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => Value::Number(number.as_f64().unwrap_or_default()),
        serde_json::Value::String(text) => Value::text(text),
        serde_json::Value::Array(items) => Value::List(items.iter().map(of_json).collect()),
        serde_json::Value::Object(members) => {
            Value::Map(members.iter().map(|(key, value)| (key.clone(), of_json(value))).collect())
        }
    }
}
