//! The short commit in rules of docker/metadata-action, which may have another length.

use super::moment::Fact;
use super::scope::Scope;
use super::text::{Piece, Template};
use super::value::Value;
use crate::facts::SHORT_COMMIT;

/// The variable of the action that sets the length.
const LENGTH: &str = "DOCKER_METADATA_SHORT_SHA_LENGTH";

/// How many digits there are in a step; none where that is not known.
pub(in crate::init) fn digits(scope: &Scope) -> Option<usize> {
    match scope.variable(LENGTH, None, 0) {
        None | Some(Value::Null) => Some(SHORT_COMMIT),
        Some(value) => match value.into_text().constant()?.trim() {
            "" => Some(SHORT_COMMIT),
            text => text.parse().ok().filter(|digits| *digits > 0),
        },
    }
}

/// Whether a rule shows a short commit.
pub(in crate::init) fn is_in(rule: &Template) -> bool {
    let text = rule.shown().replace(' ', "");
    text.contains("{{sha}}") || text.contains("type=sha") && !text.contains("format=long")
}

/// The attributes and the value of a rule.
type Rule = (Vec<(String, Template)>, Template);

/// The attributes and the value with which a rule of another length is a pattern; none where it is as a plan has it.
pub(in crate::init) fn as_pattern(
    rule: &Template,
    fields: &[(String, Template)],
    digits: Option<usize>,
) -> Result<Option<Rule>, String> {
    if digits == Some(SHORT_COMMIT) || !is_in(rule) {
        return Ok(None);
    }
    let Some(digits) = digits else { return Err(format!("the value of `{LENGTH}` is not known here")) };
    let of = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    if of("type").and_then(Template::constant).as_deref() != Some("sha") {
        return Err(format!(
            "`{{{{sha}}}}` has {digits} digits there, and a plan has them where `{LENGTH}={digits}` is set for it, too"
        ));
    }
    let mut fields = fields.to_vec();
    if of("prefix").is_none() {
        fields.push(("prefix".to_owned(), Template::from("sha-")));
    }
    Ok(Some((fields, Template(vec![Piece::Fact(Fact::Commit(Some(digits)))]))))
}
