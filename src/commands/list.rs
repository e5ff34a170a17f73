//! `bakeplan print --list`: the targets or the variables of a definition, as `docker buildx bake --list` shows them.

use super::planning::load::Loaded;
use crate::bake::eval::functions::to_json;
use crate::bake::module::VariableInfo;
use crate::bake::target::{Definition, Group, Text};
use crate::bake::values::Type;
use crate::bake::values::convert::convert;
use crate::cli::{List, ListKind};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::json::Json;
use crate::readable;

/// How many bytes the values of all variables may have together.
const MAX_SHOWN: usize = 32 << 20;

/// A target or group. Those whose names begin with `_` are for inheriting, and are not listed.
struct Item {
    name: String,
    description: String,
    group: bool,
}

/// A table, or JSON.
pub(super) fn list(loaded: &Loaded, list: List) -> Result<String, Error> {
    match list.kind {
        ListKind::Targets => Ok(targets(&items(&loaded.definition), list.json)),
        ListKind::Variables => {
            let infos = loaded.module.variables().map_err(|failure| vec![*failure])?;
            check_length(&infos)?;
            Ok(variables(&infos, list.json))
        }
    }
}

/// Variables share their texts, so that few may show very much.
fn check_length(infos: &[VariableInfo]) -> Result<(), Error> {
    let mut length = 0;
    for info in infos {
        length += value(info).unwrap_or_default().len();
        if length > MAX_SHOWN {
            let message = format!("the values of the variables come to more than {} MiB", MAX_SHOWN >> 20);
            return Err(vec![Diagnostic::error(Code::LIMIT, message)].into());
        }
    }
    Ok(())
}

fn items(definition: &Definition) -> Vec<Item> {
    let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string).unwrap_or_default();
    let targets = definition.targets.values().map(|target| Item {
        name: target.name.to_string(),
        description: text(&target.description),
        group: false,
    });
    let groups = definition.groups.values().chain(&definition.hidden).map(|group| Item {
        name: group.name.to_string(),
        description: with_members(group, text(&group.description)),
        group: true,
    });
    let mut items: Vec<Item> = targets.chain(groups).filter(|item| !item.name.starts_with('_')).collect();
    items.sort_by(|a, b| a.name.cmp(&b.name));
    items
}

fn with_members(group: &Group, description: String) -> String {
    let mut members: Vec<&str> = group.members().iter().map(Text::as_str).collect();
    members.sort_unstable();
    let members = members.join(", ");
    match (description.is_empty(), members.is_empty()) {
        (_, true) => description,
        (true, false) => members,
        (false, false) => format!("{description} ({members})"),
    }
}

fn targets(items: &[Item], json: bool) -> String {
    if !json {
        let rows = items.iter().map(|item| vec![item.name.clone(), item.description.clone()]);
        return tabbed(&["TARGET", "DESCRIPTION"], rows);
    }
    // Null when there is nothing in it, as in buildx; a list of variables is not.
    let list = if items.is_empty() { Json::Null } else { Json::Array(items.iter().map(object).collect()) };
    list.to_pretty() + "\n"
}

fn object(item: &Item) -> Json<'_> {
    let mut members = vec![("name".into(), Json::from(item.name.as_str()))];
    if !item.description.is_empty() {
        members.push(("description".into(), item.description.as_str().into()));
    }
    if item.group {
        members.push(("group".into(), true.into()));
    }
    Json::Object(members)
}

fn variables(infos: &[VariableInfo], json: bool) -> String {
    let ty = |info: &VariableInfo| info.ty.as_ref().map(constraint);
    if !json {
        let rows = infos.iter().map(|info| {
            let value = value(info).unwrap_or_else(|| "<null>".to_owned());
            let description = info.description.clone().unwrap_or_default();
            vec![info.name.to_string(), ty(info).unwrap_or_default(), value, description]
        });
        return tabbed(&["VARIABLE", "TYPE", "VALUE", "DESCRIPTION"], rows);
    }
    let object = |info: &VariableInfo| {
        let description = info.description.clone().filter(|text| !text.is_empty());
        let members = [
            ("name", Some(info.name.to_string())),
            ("description", description),
            ("type", ty(info)),
            ("value", value(info)),
        ];
        Json::Object(members.into_iter().filter_map(|(key, text)| Some((key.into(), text?.into()))).collect())
    };
    Json::Array(infos.iter().map(object).collect()).to_pretty() + "\n"
}

/// The name of a type that a value has to fit.
fn constraint(ty: &Type) -> String {
    let element = |element: &Type| match element {
        Type::Dynamic => "any single type".to_owned(),
        _ => constraint(element),
    };
    match ty {
        Type::Dynamic => "any type".to_owned(),
        Type::List(of) => format!("list of {}", element(of)),
        Type::Set(of) => format!("set of {}", element(of)),
        Type::Map(of) => format!("map of {}", element(of)),
        _ => ty.to_string(),
    }
}

/// Nothing for null. Without a type, strings, numbers and bools are bare; all else is JSON, without the quotes of a
/// string (buildx `bake/hclparser/hclparser.go`, `Parse`).
fn value(info: &VariableInfo) -> Option<String> {
    if info.value.is_null() {
        return None;
    }
    let own = info.value.ty();
    let json = |ty| to_json(&info.value, ty).unwrap_or_default();
    Some(match &info.ty {
        Some(Type::String) => json(&Type::String).trim_matches('"').to_owned(),
        Some(ty) => json(ty),
        None if own.is_primitive() => convert(&info.value, &Type::String).ok()?.as_str()?.to_owned(),
        None => json(&own),
    })
}

/// How many characters apart the stops of a tab are.
const TAB: usize = 8;

/// Cells aligned with tabs, as buildx prints them (<https://pkg.go.dev/text/tabwriter> with padding 1): each but the last
/// of a line is filled up to a tab behind the longest of those above and below it. A line break in a cell ends the line.
fn tabbed(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let shown =
        |row: Vec<String>| row.iter().map(|cell| readable::line(cell)).collect::<Vec<_>>().join("\t") + "\n";
    let text = head.join("\t") + "\n" + &rows.map(shown).collect::<String>();
    let lines: Vec<Vec<&str>> = text.split_terminator('\n').map(|line| line.split('\t').collect()).collect();
    let mut aligned = String::new();
    align(&lines, &mut Vec::new(), &mut aligned);
    readable::lines(&aligned).into_owned()
}

/// Writes lines, given the widths of their first columns.
fn align(lines: &[Vec<&str>], widths: &mut Vec<usize>, text: &mut String) {
    let column = widths.len();
    let has_column = |line: &Vec<&str>| column + 1 < line.len();
    for block in lines.chunk_by(|a, b| has_column(a) == has_column(b)) {
        if has_column(&block[0]) {
            let longest = block.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
            widths.push((longest + 1).next_multiple_of(TAB));
            align(block, widths, text);
            widths.pop();
        } else {
            block.iter().for_each(|line| write_line(line, widths, text));
        }
    }
}

fn write_line(line: &[&str], widths: &[usize], text: &mut String) {
    for (at, cell) in line.iter().enumerate() {
        text.push_str(cell);
        if let Some(width) = widths.get(at) {
            text.push_str(&"\t".repeat((width - cell.chars().count()).div_ceil(TAB)));
        }
    }
    text.push('\n');
}
