//! The rows of `strategy.matrix`
//! (<https://docs.github.com/en/actions/reference/workflow-syntax-for-github-actions#jobsjob_idstrategymatrix>).

use super::scope::Scope;
use super::text::Template;
use super::value::Value;
use crate::bake::compose::{Yaml, YamlKind};

/// How many rows a matrix may have: GitHub's limit.
const MAX_ROWS: usize = 256;

/// A row: names and values.
type Row = Vec<(String, Value)>;

/// The rows of a job; one of nothing without a matrix, and `None` for a matrix that only a run knows.
pub(crate) fn rows(job: &Yaml, scope: &Scope) -> Vec<Option<Value>> {
    let Some(matrix) = job.get("strategy").and_then(|strategy| strategy.get("matrix")) else {
        return vec![Some(Value::Map(Vec::new()))];
    };
    let Value::Map(members) = value(matrix, scope) else { return vec![None] };
    let (mut rows, mut has_vector): (Vec<Row>, bool) = (vec![Vec::new()], false);
    let (mut include, mut exclude) = (Vec::new(), Vec::new());
    let mut is_cut = false;
    for (name, value) in members {
        match (name.as_str(), value) {
            ("include", Value::List(items)) => include = items,
            ("exclude", Value::List(items)) => exclude = items,
            ("include" | "exclude", _) => return vec![None],
            (_, Value::List(items)) => {
                has_vector = true;
                let longer = rows.iter().flat_map(|row| {
                    let add = |item: &Value| [row.as_slice(), &[(name.clone(), item.clone())]].concat();
                    items.iter().map(add).collect::<Vec<_>>()
                });
                let mut longer: Vec<Row> = longer.take(MAX_ROWS + 1).collect();
                is_cut |= longer.len() > MAX_ROWS;
                longer.truncate(MAX_ROWS);
                rows = longer;
            }
            // Those of a run.
            (_, other @ Value::Unknown(_)) => {
                has_vector = true;
                rows.iter_mut().for_each(|row| row.push((name.clone(), other.clone())));
            }
            // The others are as they are.
            (_, other) => rows.iter_mut().for_each(|row| row.push((name.clone(), other.clone()))),
        }
    }
    rows.retain(|row| !exclude.iter().any(|one| fits(row, one, |_| true)));
    if !has_vector {
        rows.clear();
    }
    let original: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|(name, _)| name.clone()).collect()).collect();
    for one in &include {
        let Value::Map(added) = one else { continue };
        let mut extended = false;
        for (row, own) in rows.iter_mut().zip(&original) {
            if fits(row, one, |name| own.iter().any(|known| known == name)) {
                extended = true;
                for (name, value) in added {
                    row.retain(|(known, _)| known != name);
                    row.push((name.clone(), value.clone()));
                }
            }
        }
        if !extended && rows.len() < MAX_ROWS {
            rows.push(added.clone());
        } else if !extended {
            is_cut = true;
        }
    }
    if is_cut {
        scope.world.work.end();
    }
    rows.into_iter().map(|row| Some(Value::Map(row))).collect()
}

/// Whether a row has the values of an entry, those that count.
fn fits(row: &Row, entry: &Value, counts: impl Fn(&str) -> bool) -> bool {
    let Value::Map(entry) = entry else { return false };
    entry.iter().filter(|(name, _)| counts(name)).all(|(name, value)| {
        let own = row.iter().find(|(known, _)| known == name).map(|(_, own)| key(own));
        own == Some(key(value))
    })
}

/// What tells a value from others.
fn key(value: &Value) -> String {
    match value {
        Value::List(items) => items.iter().map(key).collect::<Vec<_>>().join("\u{1}"),
        Value::Map(members) => members
            .iter()
            .map(|(name, value)| format!("{name}\u{2}{}", key(value)))
            .collect::<Vec<_>>()
            .join("\u{1}"),
        other => other.clone().into_text().exact(),
    }
}

/// A value of YAML.
pub(in crate::init) fn value(yaml: &Yaml, scope: &Scope) -> Value {
    match &yaml.kind {
        YamlKind::Null => Value::Null,
        YamlKind::Text(text) if text == "true" || text == "false" => Value::Bool(text == "true"),
        YamlKind::Text(text) if text.contains("${{") => scope.value(text, None),
        YamlKind::Text(text) => Value::Text(Template::from(text.as_str())),
        YamlKind::List(items) => Value::List(items.iter().map(|item| value(item, scope)).collect()),
        YamlKind::Map(members) => {
            Value::Map(members.iter().map(|(name, one)| (name.clone(), value(one, scope))).collect())
        }
    }
}
