//! The conditions of entries of `tags`.

use hcl::Expression;
use hcl::expr::ObjectKey;

use crate::init::values::when;

/// A pattern with its condition.
pub(super) fn conditional(pattern: Expression, when: &str) -> Expression {
    let key = |name: &str| ObjectKey::Identifier(hcl::Identifier::sanitized(name));
    let object = [(key("pattern"), pattern), (key("when"), Expression::from(when))];
    Expression::Object(object.into_iter().collect())
}

/// The condition of an entry, so that it is for the git tags alone that start something: `releases` says which those are. Without it, a
/// run of any other git tag would have the tag, or an error.
pub(super) fn of_releases(releases: &str, when: Option<String>, is_of_tags: bool) -> Option<String> {
    let Some(when) = when else { return is_of_tags.then(|| releases.to_owned()) };
    if tells_tags(&when) {
        return Some(when);
    }
    let parts: Vec<&str> = when.split(" and ").collect();
    let others: Vec<&str> = parts.iter().copied().filter(|part| *part != "tag").collect();
    let has_tag = others.len() < parts.len();
    if !has_tag && !is_of_tags {
        // Beside runs of other kinds.
        let parts: Vec<&str> = when.split(" or ").collect();
        let one = |part: &&str| if *part == "tag" { releases.to_owned() } else { (*part).to_owned() };
        let is_plain = parts.contains(&"tag") && !when.contains(['(', '"']);
        return Some(if is_plain { parts.iter().map(one).collect::<Vec<_>>().join(" or ") } else { when });
    }
    let rest = match others.as_slice() {
        [] => None,
        [one] => Some(when::without_brackets(one).to_owned()),
        all => Some(all.join(" and ")),
    };
    and(Some(releases.to_owned()), rest)
}

/// Both conditions.
pub(super) fn and(one: Option<String>, other: Option<String>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) => Some(when::both(one, other, "and")),
        (one, other) => one.or(other),
    }
}

/// Whether a condition says how the git tags begin that it is about, and does not deny it.
fn tells_tags(when: &str) -> bool {
    const SIGNS: [&str; 7] = [
        "tag is startingwith",
        "tag ==",
        "tag[:1] in",
        "tag or branch) is startingwith",
        "tag or branch) ==",
        "ref is startingwith",
        "ref ==",
    ];
    let is_denied = |part: &str| part.contains("not ") || part.contains("!=");
    let tells = |part: &str| SIGNS.iter().any(|sign| part.contains(sign));
    when.split(" and ").any(|part| tells(part) && !is_denied(part))
}
