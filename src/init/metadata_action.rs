//! The inputs of docker/metadata-action (<https://github.com/docker/metadata-action#inputs>).

use super::expression::parts;
use super::inputs::Inputs;
use super::scope::Scope;
use super::short_commit;
use super::text::{Condition, Line, Meta, Piece, RuleLine, Template};

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
                rules.extend(scope.template(&raw.text).lines().into_iter().map(|(_, text)| RuleLine {
                    line: Line { text, place: raw.place.clone() },
                    enable: None,
                    is_default: false,
                    digits,
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
    let (images, conditional) = images(inputs, scope);
    Meta {
        images,
        conditional,
        rules,
        flavor: inputs.lines("flavor", scope),
        labels: inputs.lines("labels", scope),
        untold: untold(inputs, scope),
    }
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
