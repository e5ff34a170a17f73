//! `bakeplan print`: the resolved definition, as `docker buildx bake --print` shows it.

use super::Session;
use super::load::{self, Loaded};
use crate::bake::convert::convert;
use crate::bake::functions::to_json;
use crate::bake::module::VariableInfo;
use crate::bake::print;
use crate::bake::select::{self, Options};
use crate::bake::target::{Group, Text};
use crate::bake::value::Type;
use crate::cli::{List, ListKind, Print};
use crate::error::Error;
use crate::json::Json;

pub(super) fn print(session: &mut Session<'_>, args: &Print) -> Result<(), Error> {
    let mut definition = args.definition.clone();
    if args.lint {
        definition.call = Some("check".into());
    }
    let loaded = load::load(session, &definition)?;
    if let Some(list) = args.list {
        return session.deliver(&listed(&loaded, list)?);
    }
    let names = match definition.targets.as_slice() {
        [] => vec!["default".to_owned()],
        names => names.to_vec(),
    };
    let options = Options { source_date_epoch: session.host.env().get("SOURCE_DATE_EPOCH").cloned() };
    let resolved = select::resolve(&loaded.definition, &names, &loaded.overrides, &options)?;
    session.deliver(&print::to_json(&resolved))
}

/// A table or JSON; names that begin with `_` are for inheriting, not for building.
fn listed(loaded: &Loaded, list: List) -> Result<String, Error> {
    let (head, rows): (&[&str], Vec<Vec<(&str, String)>>) = match list.kind {
        ListKind::Targets => (&["TARGET", "DESCRIPTION"], targets(loaded)),
        ListKind::Variables => {
            let variables = loaded.module.variables().map_err(|failure| vec![*failure])?;
            (&["VARIABLE", "TYPE", "VALUE", "DESCRIPTION"], variables.iter().map(variable).collect())
        }
    };
    if list.json {
        let object = |row: &Vec<(&str, String)>| {
            let members = row.iter().filter(|(key, value)| *key == "name" || !value.is_empty() || *key == "value");
            let member = |(key, value): &(&str, String)| match *key {
                "group" => ("group".to_owned(), Json::Bool(true)),
                key => (key.to_owned(), Json::String(value.clone())),
            };
            Json::Object(members.map(member).collect())
        };
        return Ok(rows.iter().map(object).collect::<Json>().to_pretty() + "\n");
    }
    let keys: &[&str] = if head.len() == 2 { &["name", "description"] } else { &["name", "type", "value", "description"] };
    let cell = |row: &Vec<(&str, String)>, wanted: &str| {
        let found = row.iter().find(|(key, _)| *key == wanted).map(|(_, value)| value.clone());
        found.unwrap_or_else(|| if wanted == "value" { "<null>".to_owned() } else { String::new() })
    };
    let mut table = vec![head.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>()];
    table.extend(rows.iter().map(|row| keys.iter().map(|key| cell(row, key)).collect()));
    Ok(tabbed(&table))
}

/// How many characters apart the stops of a tab are.
const TAB: usize = 8;

/// Columns aligned with tabs, as buildx prints them (<https://pkg.go.dev/text/tabwriter> with padding 1): each but the
/// last is filled up to the next multiple of a tab.
fn tabbed(table: &[Vec<String>]) -> String {
    let length = |cell: &String| cell.chars().count();
    let columns = table.first().map_or(0, Vec::len);
    let longest = |at: usize| table.iter().map(|row| length(&row[at])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(|at| (longest(at) + 1).next_multiple_of(TAB)).collect();
    let mut text = String::new();
    for row in table {
        for (at, cell) in row.iter().enumerate() {
            text.push_str(cell);
            if at + 1 < columns {
                text.push_str(&"\t".repeat((widths[at] - length(cell)).div_ceil(TAB)));
            }
        }
        text.push('\n');
    }
    text
}

fn targets(loaded: &Loaded) -> Vec<Vec<(&'static str, String)>> {
    let definition = &loaded.definition;
    let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut rows: Vec<Vec<(&str, String)>> = Vec::new();
    for target in definition.targets.values() {
        rows.push(vec![("name", target.name.to_string()), ("description", text(&target.description))]);
    }
    for group in definition.groups.values() {
        let description = group_description(group, &text(&group.description));
        rows.push(vec![("name", group.name.to_string()), ("description", description), ("group", "true".to_owned())]);
    }
    rows.retain(|row| !row[0].1.starts_with('_'));
    rows.sort_by(|a, b| a[0].1.cmp(&b[0].1));
    rows
}

fn group_description(group: &Group, description: &str) -> String {
    let mut members: Vec<&str> = group.members().iter().map(Text::as_str).collect();
    members.sort_unstable();
    match (description, members.join(", ")) {
        (description, members) if members.is_empty() => description.to_owned(),
        ("", members) => members,
        (description, members) => format!("{description} ({members})"),
    }
}

/// Strings are shown bare, other values as JSON.
fn variable(info: &VariableInfo) -> Vec<(&'static str, String)> {
    let mut row = vec![("name", info.name.to_string())];
    if let Some(ty) = &info.ty {
        row.push(("type", ty.to_string()));
    }
    if !info.value.is_null() {
        let primitive = info.value.ty().is_primitive();
        let text = convert(&info.value, &Type::String).ok().filter(|_| primitive);
        let json = || to_json(&info.value).unwrap_or_default();
        row.push(("value", text.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_else(json)));
    }
    row.push(("description", info.description.clone().unwrap_or_default()));
    row
}
