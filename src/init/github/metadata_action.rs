//! The inputs of docker/metadata-action (<https://github.com/docker/metadata-action#inputs>).

use crate::init::values::expression::{Expression, parts};
use crate::init::values::inputs::{Inputs, RawLine};
use crate::init::values::scope::{Scope, is_decision};
use crate::init::values::short_commit;
use crate::init::values::text::{Condition, Line, Meta, Piece, RuleLine, Template};

/// What the action has without `tags`.
const DEFAULT_RULES: [&str; 4] =
    ["type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr"];

/// In the place of expressions while a line is cut at its commas.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// Reads a step.
pub(crate) fn read(inputs: &Inputs<'_>, scope: &Scope) -> Meta {
    let digits = short_commit::digits(scope);
    let mut rules: Vec<RuleLine> = Vec::new();
    for raw in inputs.raw_lines("tags") {
        match parts(&raw.text).as_slice() {
            // Lines from elsewhere, such as an input of this workflow.
            [Err(_)] => {
                rules.extend(scope.template(&raw.text).lines().into_iter().map(|(_, text)| {
                    let (text, enable) = enabled(text, scope);
                    let line = Line { text, place: raw.place.clone() };
                    RuleLine { line, enable, is_default: false, digits }
                }));
            }
            _ => {
                let (text, enable) = rule(&raw.text, scope);
                let line = Line { text, place: raw.place };
                rules.push(RuleLine { line, enable, is_default: false, digits });
            }
        }
    }
    if !inputs.has("tags") {
        let line = |text: &&str| Line { text: Template::from(*text), place: inputs.place.clone() };
        let rule = |text| RuleLine { line: line(text), enable: None, is_default: true, digits };
        rules = DEFAULT_RULES.iter().map(rule).collect();
    }
    let mut untold = untold(inputs, scope);
    // The first major version had an input for each kind of tag.
    let of_first = inputs.names().filter(|name| is_of_first(name) && inputs.has(name));
    let of_first: Vec<&str> = of_first.collect();
    if !of_first.is_empty() && !inputs.has("tags") {
        let line = |name: &&str| {
            let text = Template::unknown(&format!("{name}: {}", inputs.raw(name).unwrap_or_default().trim()));
            Line { text, place: inputs.place_of(name) }
        };
        let rule = |name| RuleLine { line: line(name), enable: None, is_default: false, digits };
        rules = of_first.iter().map(rule).collect();
    }
    let (images, conditional) = images(inputs, scope);
    let mut flavor = Vec::new();
    for raw in inputs.raw_lines("flavor") {
        match latest(&raw, scope, digits) {
            Some(rule) => {
                flavor.push(Line { text: Template::from("latest=false"), place: raw.place });
                rules.push(rule);
            }
            None => {
                let lines = scope.template(&raw.text).lines().into_iter();
                flavor.extend(lines.map(|(_, text)| Line { text, place: raw.place.clone() }));
            }
        }
    }
    if inputs.text("context", scope).is_some_and(|text| text.constant().as_deref() != Some("workflow")) {
        let text = described("context", inputs, scope);
        untold.push(Line { text, place: inputs.place_of("context") });
    }
    Meta {
        images,
        conditional,
        rules,
        flavor,
        labels: inputs.lines("labels", scope),
        annotations: inputs.lines("annotations", scope),
        bake_target: inputs.text("bake-target", scope),
        untold,
    }
}

/// Whether only the first major version has an input.
fn is_of_first(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("tag-") || name == "label-custom"
}

/// An input behind its name.
fn described(name: &str, inputs: &Inputs<'_>, scope: &Scope) -> Template {
    let mut text = Template::from(format!("{name}: ").as_str());
    text.extend(inputs.text(name, scope).unwrap_or_default());
    text
}

/// The rule that `latest=${{ … }}` in `flavor` is, where the run decides whether there is a tag `latest`: beside it, `latest=false`
/// holds.
fn latest(raw: &RawLine, scope: &Scope, digits: Option<usize>) -> Option<RuleLine> {
    let value = raw.text.strip_prefix("latest=")?.trim();
    let all = parts(value);
    let [Err(written)] = all.as_slice() else { return None };
    let constant = scope.template(value).constant();
    if constant.is_some_and(|text| matches!(text.as_str(), "true" | "false" | "auto")) {
        return None;
    }
    // What may be `auto` is more than a condition.
    let is_condition = Expression::parse(written).is_some_and(|parsed| is_decision(&parsed));
    let condition = if is_condition { scope.condition(value) } else { Condition::open(written) };
    let text = Template::from("type=raw,value=latest,prefix=,suffix=");
    let line = Line { text, place: raw.place.clone() };
    Some(RuleLine { line, enable: Some(condition), is_default: false, digits })
}

/// Variables of the action that a plan has nothing for.
fn untold(inputs: &Inputs<'_>, scope: &Scope) -> Vec<Line> {
    const NAMES: [&str; 2] = ["DOCKER_METADATA_PR_HEAD_SHA", "DOCKER_METADATA_ANNOTATIONS_LEVELS"];
    let of = |name: &str| {
        let value = scope.variable(name, None, 0)?.into_text();
        let is_usual = matches!(value.constant().as_deref(), Some("" | "false" | "manifest"));
        let mut text = Template::from(format!("{name}: ").as_str());
        text.extend(value);
        (!is_usual).then(|| Line { text, place: inputs.place.clone() })
    };
    NAMES.into_iter().filter_map(of).collect()
}

/// The repositories: a name a line, `name=NAME`, or several names in one line; those with a condition apart.
fn images(inputs: &Inputs<'_>, scope: &Scope) -> (Vec<Line>, Vec<(Line, Condition)>) {
    let (mut images, mut conditional) = (Vec::new(), Vec::new());
    for raw in inputs.raw_lines("images") {
        let (text, enable) = rule(&raw.text, scope);
        let own = text.lines().into_iter().flat_map(|(_, text)| named(&text));
        let own = own.map(|text| Line { text, place: raw.place.clone() });
        match enable {
            None => images.extend(own),
            Some(enable) => match enable.when.as_deref() {
                Some("true") => images.extend(own),
                Some("false") => {}
                _ => conditional.extend(own.map(|line| (line, enable.clone()))),
            },
        }
    }
    (images, conditional)
}

/// The names in a line of `images`.
fn named(text: &Template) -> Vec<Template> {
    let mut images = Vec::new();
    let fields = text.split(',');
    let first = fields.first().and_then(|field| field.0.first());
    let has_attributes = matches!(first, Some(Piece::Text(text)) if text.contains('='));
    for field in fields {
        let named = field.split_once('=').and_then(|(name, value)| Some((name.constant()?, value)));
        match named {
            Some((name, value)) if name.trim() == "name" => images.push(value),
            Some((name, value))
                if name.trim() == "enable" && value.constant().as_deref() == Some("false") =>
            {
                images.pop();
            }
            Some(_) => {}
            None if has_attributes || field.0.is_empty() => {}
            None => images.push(field),
        }
    }
    images
}

/// A rule, and the condition in its `enable` if that is an expression.
fn rule(raw: &str, scope: &Scope) -> (Template, Option<Condition>) {
    let mut marked = String::new();
    let mut written: Vec<&str> = Vec::new();
    for part in parts(raw) {
        match part {
            Ok(text) => marked.push_str(text),
            Err(expression) => {
                marked.extend([OPEN.to_string(), written.len().to_string(), CLOSE.to_string()]);
                written.push(expression);
            }
        }
    }
    let restored = |text: &str| {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (number, behind) = after.split_once(CLOSE).unwrap_or_default();
            let expression = number.parse::<usize>().ok().and_then(|at| written.get(at)).copied();
            out.extend([before, "${{ ", expression.unwrap_or_default(), " }}"]);
            rest = behind;
        }
        out + rest
    };
    let mut enable = None;
    let fields: Vec<&str> = fields(&marked)
        .into_iter()
        .filter(|field| {
            let value = field.trim().strip_prefix("enable=").filter(|value| value.contains(OPEN));
            if let Some(value) = value {
                enable = Some(scope.condition(&restored(value)));
            }
            value.is_none()
        })
        .collect();
    (scope.template(&restored(&fields.join(","))).trimmed(), enable)
}

/// A rule from elsewhere, such as a matrix, without the condition in its `enable`, as far as that is about the run.
fn enabled(text: Template, scope: &Scope) -> (Template, Option<Condition>) {
    const KEY: &str = ",enable=";
    let is_of_run = |path: &[String]| path.first().is_some_and(|root| root == "github");
    let found = text.0.windows(2).position(|two| match two {
        [Piece::Text(before), Piece::Unknown(written)] => {
            before.ends_with(KEY)
                && written.starts_with("${{")
                && written.strip_suffix("}}").is_some_and(|inner| {
                    let parsed = Expression::parse(inner[3..].trim());
                    parsed.is_some_and(|parsed| is_decision(&parsed) && parsed.has_only(&is_of_run))
                })
        }
        _ => false,
    });
    let Some(at) = found else { return (text, None) };
    let mut whole = Template::default();
    let mut enable = None;
    for (number, piece) in text.0.into_iter().enumerate() {
        match piece {
            Piece::Text(before) if number == at => {
                whole.push(Piece::Text(before.strip_suffix(KEY).unwrap_or(&before).to_owned()));
            }
            Piece::Unknown(written) if number == at + 1 => enable = Some(scope.condition(&written)),
            other => whole.push(other),
        }
    }
    (whole, enable)
}

/// A line cut at the commas that are not in quotes.
fn fields(line: &str) -> Vec<&str> {
    let (mut fields, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, c) in line.char_indices() {
        quoted ^= c == '"';
        if c == ',' && !quoted {
            fields.push(&line[start..at]);
            start = at + 1;
        }
    }
    fields.push(&line[start..]);
    fields
}
