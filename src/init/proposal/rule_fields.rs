//! The attributes of rules and of flavors of docker/metadata-action.

use crate::init::published::candidate::Candidate;
use crate::init::values::mask::quotable;
use crate::init::values::text::{Piece, Template};
use crate::rules::Rule;

/// The attributes of a rule.
pub(in crate::init) fn fields(text: &Template) -> Vec<(String, Template)> {
    text.split(',')
        .into_iter()
        .filter(|field| !field.0.is_empty())
        .map(|field| match field.split_once('=') {
            Some((name, value)) if name.constant().is_some() => {
                (name.constant().unwrap_or_default().trim().to_lowercase(), value)
            }
            _ => ("value".to_owned(), field),
        })
        .collect()
}

pub(in crate::init) fn joined<'f>(fields: impl Iterator<Item = &'f (String, Template)>) -> Template {
    let mut text = Template::default();
    for (at, (name, value)) in fields.enumerate() {
        text.push(Piece::Text(format!("{}{name}=", if at > 0 { "," } else { "" })));
        text.extend(value.clone());
    }
    text
}

/// Refuses a rule that a plan would refuse.
pub(in crate::init) fn valid(rule: &str) -> Result<(), String> {
    if !crate::rules::is_rule(rule) {
        return Ok(());
    }
    Rule::parse(rule).map(|_| ()).map_err(|error| error.to_string())
}

/// Whether nothing of a run is in it.
pub(in crate::init) fn has_only_names(text: &Template) -> bool {
    text.0.iter().all(|piece| match piece {
        Piece::Text(_) | Piece::Repository | Piece::Owner | Piece::Name | Piece::Setting(..) => true,
        Piece::Fact(_) | Piece::Meta(..) | Piece::Or(..) | Piece::Choice(_) | Piece::Unknown(_) => false,
    })
}

/// What of the flavor is not known, and would be in each tag of a rule.
pub(in crate::init) fn open_flavor(candidate: &Candidate) -> Option<String> {
    let fields = candidate.flavor.iter().flat_map(|line| fields(&line.text));
    let of = |(name, value): (String, Template)| {
        (name != "latest" && !has_only_names(&value)).then(|| {
            format!("`{name}` of the flavor is `{}`, which is not known here", quotable(&value.shown()))
        })
    };
    fields.into_iter().find_map(of)
}
