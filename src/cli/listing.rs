//! Declares what `bakeplan print` lists instead of printing the definition: `--list` and its older forms.

use clap::Args;

use super::boolean::parse_bool;
use crate::bake::values::csv;

/// Options of `bakeplan print`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Listing {
    /// List `targets` or `variables` instead; `type=TYPE,format=json` prints JSON
    #[arg(long, value_name = "TYPE", value_parser = Wanted::parse, allow_hyphen_values = true)]
    #[arg(default_value = "", hide_default_value = true)]
    #[arg(overrides_with = "list")]
    list: Wanted,
    /// The same as `--list=targets`
    #[arg(long, hide = true, value_name = "BOOL", value_parser = parse_bool, num_args = 0..=1)]
    #[arg(require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(overrides_with = "list_targets")]
    list_targets: bool,
    /// The same as `--list=variables`
    #[arg(long, hide = true, value_name = "BOOL", value_parser = parse_bool, num_args = 0..=1)]
    #[arg(require_equals = true, default_missing_value = "true", default_value = "false")]
    #[arg(overrides_with = "list_variables")]
    list_variables: bool,
}

/// What is listed, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct List {
    /// What is listed.
    pub kind: ListKind,
    /// As JSON instead of a table.
    pub json: bool,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListKind {
    /// Targets and groups.
    Targets,
    /// Variables.
    Variables,
}

/// The value of `--list`; an empty one asks for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted(Option<List>);

impl Listing {
    /// What is to be listed.
    #[must_use]
    pub(crate) fn wanted(&self) -> Option<List> {
        let older = |kind| List { kind, json: false };
        self.list
            .0
            .or_else(|| self.list_targets.then(|| older(ListKind::Targets)))
            .or_else(|| self.list_variables.then(|| older(ListKind::Variables)))
    }
}

impl Wanted {
    /// `targets`, or a record of comma-separated fields such as `type=variables,format=json` (`parseList` in
    /// <https://github.com/docker/buildx/blob/master/commands/bake.go>).
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let fields =
            csv::fields(text, ',').map_err(|error| format!("not comma-separated values: {error}"))?;
        let (mut kind, mut format) = ("", "");
        match fields.as_slice() {
            [field] if field == text && !text.starts_with("type=") => kind = text,
            fields => {
                for field in fields {
                    let pair = field.split_once('=').map(|(key, value)| (key.trim().to_lowercase(), value));
                    match pair.as_ref().map(|(key, value)| (key.as_str(), *value)) {
                        Some(("type", value)) => kind = value,
                        Some(("format", value)) => format = value,
                        _ => return Err(format!("expected `type=TYPE` or `format=FORMAT`, found `{field}`")),
                    }
                }
            }
        }
        let kind = match kind {
            "targets" => ListKind::Targets,
            "variables" => ListKind::Variables,
            other => return Err(format!("expected the type `targets` or `variables`, found `{other}`")),
        };
        let json = match format {
            "table" | "" => false,
            "json" => true,
            other => return Err(format!("expected the format `table` or `json`, found `{other}`")),
        };
        Ok(Self(Some(List { kind, json })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_tables_unless_json_is_asked_for() {
        for (text, expected) in [
            ("targets", List { kind: ListKind::Targets, json: false }),
            ("type=variables", List { kind: ListKind::Variables, json: false }),
            ("type=variables,format=json", List { kind: ListKind::Variables, json: true }),
            ("Format=table,type=targets", List { kind: ListKind::Targets, json: false }),
            (" TYPE =targets,format=", List { kind: ListKind::Targets, json: false }),
            ("\"type=targets\"", List { kind: ListKind::Targets, json: false }),
            ("\"type=targets\",\"format=json\"", List { kind: ListKind::Targets, json: true }),
            ("type=variables,type=targets", List { kind: ListKind::Targets, json: false }),
        ] {
            assert_eq!(Wanted::parse(text), Ok(Wanted(Some(expected))), "{text}");
        }
        assert_eq!(Wanted::parse(""), Ok(Wanted(None)));
        for text in [
            "target",
            "Targets",
            "TYPE=targets",
            "Type=variables",
            " type=targets",
            "format=json",
            "\"targets\"",
            "targets,format=json",
            "type=targets,",
            "type=\"targets\"",
            "\"type=targets",
            "type=targets,format=yaml",
            "type=targets,format=JSON",
            "type=targets,x=y",
        ] {
            assert!(Wanted::parse(text).is_err(), "{text}");
        }
    }
}
