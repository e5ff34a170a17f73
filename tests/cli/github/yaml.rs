//! YAML as GitHub reads a workflow: one document, aliases replaced by what they stand for. All scalars are strings.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser};
use serde_json::{Map, Value};

/// A list or mapping that is still open, with its anchor; a mapping with the key that waits for its value.
enum Open {
    List(usize, Vec<Value>),
    Map(usize, Map<String, Value>, Option<String>),
}

/// The document.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let (mut open, mut anchors, mut root) = (Vec::<Open>::new(), BTreeMap::new(), None);
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| error.to_string())?;
        let (value, anchor) = match event {
            Event::Scalar(text, _, anchor, _) => (Value::String(text.into_owned()), anchor),
            Event::Alias(anchor) => (anchors.get(&anchor).cloned().ok_or("an unknown anchor")?, 0),
            Event::SequenceStart(_, anchor, _) => {
                open.push(Open::List(anchor, Vec::new()));
                continue;
            }
            Event::MappingStart(_, anchor, _) => {
                open.push(Open::Map(anchor, Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop().ok_or("nothing to end")? {
                Open::List(anchor, items) => (Value::Array(items), anchor),
                Open::Map(anchor, members, _) => (Value::Object(members), anchor),
            },
            _ => continue,
        };
        if anchor > 0 {
            anchors.insert(anchor, value.clone());
        }
        match open.last_mut() {
            None => root = Some(value),
            Some(Open::List(_, items)) => items.push(value),
            Some(Open::Map(_, members, key)) => match key.take() {
                None => *key = Some(value.as_str().ok_or("a key that is not a string")?.to_owned()),
                Some(name) => {
                    if members.insert(name.clone(), value).is_some() {
                        return Err(format!("the key `{name}` is given twice"));
                    }
                }
            },
        }
    }
    root.ok_or_else(|| "no document".into())
}
