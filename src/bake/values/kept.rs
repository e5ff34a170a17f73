//! Variables that stay variables (`--keep-variable`): what is written says `${NAME}`, and Bake gives them their values
//! when it builds.
//!
//! Such a variable evaluates to a string that holds a placeholder. Whatever has to look at the text of one fails.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::csv;
use super::value::{Mark, Marks, Str, Type, Value};
use crate::bake::eval::Failure;
use crate::bake::target::{Definition, Entry, Target, Text};
use crate::bake::text::syntax::Name;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Around the name in a placeholder: characters that Unicode keeps for such internal use
/// (<https://www.unicode.org/faq/private_use.html#noncharacters>). Only strings that are marked have placeholders.
const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';

/// The code of the error that no `try` and no `can` may catch: with the value, the expression might have one.
pub const CODE: &str = "kept-variable";

/// A variable as it is written beside the targets that use it.
#[derive(Clone, Debug)]
pub struct KeptVariable {
    /// Its name.
    pub name: Name,
    /// Its label.
    pub span: Span,
    /// Its declared type: that of a string, a number or a bool, or any.
    pub ty: Option<Type>,
    /// Its default: a string, a number or a bool. It may hold other kept variables.
    pub default: Option<Value>,
    /// Its description.
    pub description: Option<String>,
    /// Its validations: condition and message, each as a template of Bake's JSON syntax.
    pub validations: Vec<(String, String)>,
}

/// A part of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it is.
    Text(&'a str),
    /// The value of a kept variable.
    Variable(&'a str),
}

/// What a kept variable evaluates to.
#[must_use]
pub(crate) fn placeholder(name: &Name) -> Value {
    let text = Str::from(format!("{OPEN}{name}{CLOSE}"));
    Value::String(text.marked(&Marks::of(Mark::Kept(Rc::clone(name)))))
}

/// The parts of a string, none of them empty.
#[must_use]
pub fn pieces(string: &Str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = string.as_str();
    if string.marks().has_kept() {
        let mut from = 0;
        while let Some(open) = rest[from..].find(OPEN).map(|at| from + at) {
            let start = open + OPEN.len_utf8();
            let name = rest[start..].find(CLOSE).map(|length| &rest[start..start + length]);
            match name.filter(|name| string.marks().keeps(name)) {
                Some(name) => {
                    pieces.extend(Some(Piece::Text(&rest[..open])).filter(|_| open > 0));
                    pieces.push(Piece::Variable(name));
                    rest = &rest[start + name.len() + CLOSE.len_utf8()..];
                    from = 0;
                }
                // Somebody's own character.
                None => from = start,
            }
        }
    }
    pieces.extend(Some(Piece::Text(rest)).filter(|_| !rest.is_empty()));
    pieces
}

/// The first kept variable in a string.
#[must_use]
pub fn variable_in(string: &Str) -> Option<&str> {
    if !string.marks().has_kept() {
        return None;
    }
    pieces(string).into_iter().find_map(|piece| match piece {
        Piece::Variable(name) => Some(name),
        Piece::Text(_) => None,
    })
}

/// The first kept variable in a value.
#[must_use]
pub fn variable_of(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => variable_in(text),
        _ => match (value.items(), value.members()) {
            (Some(items), _) => items.iter().find_map(variable_of),
            (_, Some(members)) => members.values().find_map(variable_of),
            _ => None,
        },
    }
}

/// The first of these kept variables that a value is, or one of its parts: without text around it.
pub(crate) fn scalar_of<'v>(value: &'v Value, scalars: &BTreeSet<Name>) -> Option<&'v str> {
    match value {
        Value::String(text) => match pieces(text).as_slice() {
            [Piece::Variable(name)] => Some(*name).filter(|name| scalars.contains(*name)),
            _ => None,
        },
        _ => match (value.items(), value.members()) {
            (Some(items), _) => items.iter().find_map(|item| scalar_of(item, scalars)),
            (_, Some(members)) => members.values().find_map(|member| scalar_of(member, scalars)),
            _ => None,
        },
    }
}

/// A message for people, in which placeholders are what was written.
#[must_use]
pub fn readable(message: &str) -> String {
    message.replace(OPEN, "${").replace(CLOSE, "}")
}

/// Why an expression has no value: `use_of` is what needs it, such as `this condition`.
pub(crate) fn unknown(use_of: &str, name: &str, span: Span) -> Failure {
    let message = format!("{use_of} needs the value of `{name}`, which is kept for the build");
    let help = format!(
        "a kept variable may go through strings (\"x-${{{name}}}\"), lists, objects and other variables only; leave out \
         `--keep-variable {name}`, or do without it here"
    );
    Box::new(Diagnostic::error(CODE, message).at(span, "").with_help(help))
}

/// Standard functions that put together or take apart lists and objects, without a look at the strings in these.
pub(crate) fn is_structural(function: &str) -> bool {
    matches!(
        function,
        "concat" | "flatten" | "merge" | "reverselist" | "slice" | "values" | "length" | "keys"
    )
}

/// Whether an element of `output`, `cache-to` … that is one string can be split into its fields without the values of
/// the kept variables in it. `Err` has the variable that is in the way.
pub(crate) fn check_fields(element: &Str) -> Result<(), &str> {
    let Some(name) = variable_in(element) else { return Ok(()) };
    let fields = csv::fields(element.as_str(), ',').map_err(|_| name)?;
    for field in fields.iter().filter(|field| field.contains(OPEN)) {
        let (key, _) = field.split_once('=').ok_or(name)?;
        let is_read = ["type", "disabled"].contains(&key.to_lowercase().trim());
        if is_read || key.contains(OPEN) {
            return Err(name);
        }
    }
    Ok(())
}

/// An error for each kept variable that is where its value decides what is built. `rebased` says that local contexts
/// are made relative to their file, so that one must be known from a remote one.
#[must_use]
pub fn misplaced(definition: &Definition, rebased: bool) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for group in definition.groups.values() {
        for text in group.members() {
            diagnostics.extend(refuse(&format!("`targets` of group `{}`", group.name), text));
        }
    }
    for target in definition.targets.values() {
        let mut seen = BTreeSet::new();
        each_decisive(target, rebased, &mut |attribute, text| {
            let refused = refuse(&format!("`{attribute}` of target `{}`", target.name), text);
            diagnostics.extend(refused.filter(|_| seen.insert((attribute.to_owned(), text.span))).map(
                |one| match attribute.ends_with(".ref") {
                    true => one.with_help(
                        "each platform adds its name to the tag, so write one: \"ghcr.io/acme/cache:TAG\"",
                    ),
                    false => one,
                },
            ));
        });
    }
    diagnostics
}

fn refuse(place: &str, text: &Text) -> Option<Diagnostic> {
    let name = variable_in(&text.value)?;
    let message = format!("{place} must be known before the build, and `{name}` is kept for it");
    let help = format!("leave out `--keep-variable {name}`, or take `{name}` out of here");
    Some(Diagnostic::error(CODE, message).at(text.span, "").with_help(help))
}

/// Calls `visit` with each text of a target that decides what is built, and the attribute it belongs to.
fn each_decisive(target: &Target, rebased: bool, visit: &mut impl FnMut(&str, &Text)) {
    let Target {
        inherits,
        annotations,
        attest,
        context,
        contexts,
        tags,
        cache_from,
        cache_to,
        secret,
        ssh,
        platforms,
        output,
        network,
        entitlements,
        policy,
        name: _,
        span: _,
        linked: _,
        description: _,
        default_context: _,
        context_of: _,
        dockerfile: _,
        dockerfile_inline: _,
        args: _,
        labels: _,
        target: _,
        pull: _,
        no_cache: _,
        no_cache_filter: _,
        shm_size: _,
        ulimits: _,
        resources: _,
        call: _,
        extra_hosts: _,
    } = target;
    let lists = [
        ("inherits", &**inherits),
        ("tags", tags.as_deref().unwrap_or_default()),
        ("platforms", platforms.as_deref().unwrap_or_default()),
        ("entitlements", entitlements),
    ];
    for (attribute, texts) in lists {
        texts.iter().for_each(|text| visit(attribute, text));
    }
    // The host's network is an entitlement.
    network.iter().for_each(|text| visit("network", text));
    policy.iter().flat_map(|policy| &policy.files).for_each(|text| visit("policy", text));
    secret.iter().for_each(|secret| visit("secret.id", &Text { span: secret.span, ..secret.id.clone() }));
    ssh.iter().for_each(|ssh| visit("ssh.id", &Text { span: ssh.span, ..ssh.id.clone() }));
    annotations
        .iter()
        .filter(|text| is_decisive_annotation(text))
        .for_each(|text| visit("annotations", text));
    contexts.values().filter(|text| rebased || may_link(text)).for_each(|text| visit("contexts", text));
    context.iter().filter(|_| rebased).for_each(|text| visit("context", text));
    let entries = [
        ("attest", &**attest),
        ("cache-from", cache_from),
        ("cache-to", cache_to.as_deref().unwrap_or_default()),
        ("output", output.as_deref().unwrap_or_default()),
    ];
    for (attribute, entries) in entries {
        for entry in entries {
            for (key, text) in
                entry.fields.iter().filter(|(key, text)| is_decisive_field(attribute, entry, key, text))
            {
                let place = Text { span: text.span.or(entry.span), ..text.clone() };
                visit(&format!("{attribute}.{key}"), &place);
            }
        }
    }
}

/// Whether the value may be a link, `target:NAME`.
fn may_link(text: &Text) -> bool {
    const LINK: &str = "target:";
    let start = text.as_str().split(OPEN).next().unwrap_or_default();
    start.starts_with(LINK) || LINK.starts_with(start)
}

/// The types and the key of an annotation, and all of one that goes to the index.
fn is_decisive_annotation(text: &Text) -> bool {
    let (name, _) = text.as_str().split_once('=').unwrap_or((text.as_str(), ""));
    let types = name.split_once(':').map_or("", |(types, _)| types);
    name.contains(OPEN) || types.split(',').any(|one| one.starts_with("index"))
}

fn is_decisive_field(attribute: &str, entry: &Entry, key: &str, text: &Text) -> bool {
    match (attribute, key) {
        (_, "type") => true,
        ("output", "name" | "push" | "tar") => true,
        ("output", key) => key.starts_with("annotation"),
        // A platform is added to its tag.
        ("cache-from" | "cache-to", "ref") => {
            let name = text.as_str().rsplit('/').next().unwrap_or_default();
            entry.kind() == "registry" && !name.contains(':')
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str, kept: &[&str]) -> Str {
        let marked = |string: Str, name: &&str| string.marked(&Marks::of(Mark::Kept((*name).into())));
        kept.iter().fold(Str::from(text.replace('<', "\u{fdd0}").replace('>', "\u{fdd1}")), marked)
    }

    #[test]
    fn strings_are_taken_apart_at_their_placeholders() {
        let text = Piece::Text;
        let variable = Piece::Variable;
        for (written, kept, expected) in [
            ("", &["A"][..], &[][..]),
            ("plain", &["A"], &[text("plain")]),
            ("<A>", &["A"], &[variable("A")]),
            ("x-<A>-y", &["A"], &[text("x-"), variable("A"), text("-y")]),
            ("<A><B>", &["A", "B"], &[variable("A"), variable("B")]),
        ] {
            assert_eq!(pieces(&string(written, kept)), expected, "{written}");
        }
        // Characters that come from a file or from the environment are no placeholder.
        for (written, kept) in [("<A>", &[][..]), ("<A>", &["B"]), ("<A", &["A"]), ("A>", &["A"])] {
            let string = string(written, kept);
            assert_eq!(pieces(&string), [Piece::Text(string.as_str())], "{written}");
        }
        let forged = string("< <A>", &["A"]);
        assert_eq!(pieces(&forged), [text("\u{fdd0} "), variable("A")]);
    }

    #[test]
    fn fields_are_told_apart_without_values() {
        for (written, is_clear) in [
            ("type=gha,scope=<A>", true),
            ("type=gha,scope=a-<A>,mode=max", true),
            ("\"name=a,<A>\",type=image", true),
            ("type=image", true),
            ("<A>", false),
            ("type=gha,<A>", false),
            ("type=<A>", false),
            ("type=gha,x<A>=1", false),
            ("type=sbom,Disabled=<A>", false),
            ("ghcr.io/acme/app:<A>", false),
        ] {
            assert_eq!(check_fields(&string(written, &["A"])).is_ok(), is_clear, "{written}");
        }
    }

    #[test]
    fn a_context_that_may_be_a_link_is_decisive() {
        for (written, expected) in [
            ("<A>", true),
            ("targ<A>", true),
            ("target:<A>", true),
            ("docker-image://alpine:<A>", false),
            ("./<A>", false),
        ] {
            assert_eq!(may_link(&Text { value: string(written, &["A"]), span: None }), expected, "{written}");
        }
    }
}
