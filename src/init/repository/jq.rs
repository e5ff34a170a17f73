//! The part of jq (<https://jqlang.org/manual/>) with which steps take targets and platforms out of a Bake definition.

use serde_json::{Map, Value};

/// How many values a filter may give, how deep it may be, and how many parts it may have.
const MAX_VALUES: usize = 4096;
const MAX_DEPTH: usize = 32;
const MAX_PARTS: usize = 200;

/// What a filter makes of a value; `None` where it has parts that are not read here, or fails.
pub(crate) fn query(filter: &str, input: &Value) -> Option<Vec<Value>> {
    let mut parser = Parser { rest: filter.trim(), depth: 0, parts: 0 };
    let parsed = parser.pipe()?;
    if !parser.rest.is_empty() {
        return None;
    }
    let mut left = MAX_VALUES;
    run(&parsed, input, &mut Vec::new(), &mut left)
}

enum Filter {
    Itself,
    Constant(Value),
    Variable(String),
    /// `.name`, `."na-me"`, `.[0]`
    Member(Box<Self>, Value),
    /// `.[]`
    Each(Box<Self>),
    Pipe(Box<Self>, Box<Self>),
    Comma(Box<Self>, Box<Self>),
    /// `FILTER as $name | FILTER`
    As(Box<Self>, String, Box<Self>),
    Equal(Box<Self>, Box<Self>, bool),
    List(Option<Box<Self>>),
    Object(Vec<(String, Self)>),
    Call(String, Option<Box<Self>>),
}

struct Parser<'t> {
    rest: &'t str,
    depth: usize,
    parts: usize,
}

impl<'t> Parser<'t> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, sign: &str) -> bool {
        self.skip();
        let after = self.rest.strip_prefix(sign);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Counts a part; none where there are too many.
    fn count(&mut self) -> Option<()> {
        self.parts += 1;
        (self.parts <= MAX_PARTS).then_some(())
    }

    fn name(&mut self) -> Option<&'t str> {
        let length =
            self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(length);
        let is_name = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
        is_name.then(|| self.rest = rest)?;
        Some(name)
    }

    /// A string without interpolation, at whose quote it is.
    fn string(&mut self) -> Option<String> {
        let mut stream = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
        let text = stream.next()?.ok()?;
        self.rest = &self.rest[stream.byte_offset()..];
        Some(text)
    }

    fn pipe(&mut self) -> Option<Filter> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let left = self.comma()?;
        self.skip();
        let whole = if let Some(rest) = self.rest.strip_prefix("as ") {
            self.rest = rest;
            let name = self.eat("$").then(|| self.name()).flatten()?.to_owned();
            let behind = self.eat("|").then(|| self.pipe()).flatten()?;
            Filter::As(Box::new(left), name, Box::new(behind))
        } else if self.eat("|") {
            Filter::Pipe(Box::new(left), Box::new(self.pipe()?))
        } else {
            left
        };
        self.depth -= 1;
        Some(whole)
    }

    fn comma(&mut self) -> Option<Filter> {
        let mut whole = self.comparison()?;
        while self.eat(",") {
            whole = Filter::Comma(Box::new(whole), Box::new(self.comparison()?));
        }
        Some(whole)
    }

    fn comparison(&mut self) -> Option<Filter> {
        let left = self.term()?;
        for (sign, is_equal) in [("==", true), ("!=", false)] {
            if self.eat(sign) {
                return Some(Filter::Equal(Box::new(left), Box::new(self.term()?), is_equal));
            }
        }
        Some(left)
    }

    fn term(&mut self) -> Option<Filter> {
        let mut whole = self.atom()?;
        loop {
            whole = if self.rest.starts_with('[') {
                self.member(whole)?
            } else if let Some(rest) =
                self.rest.strip_prefix('.').filter(|rest| !rest.starts_with(char::is_whitespace))
            {
                self.rest = rest;
                self.member(whole)?
            } else {
                return Some(whole);
            };
        }
    }

    /// What is behind the dot of `.name`, `."name"` and `.[…]`.
    fn member(&mut self, of: Filter) -> Option<Filter> {
        self.count()?;
        let of = Box::new(of);
        if self.rest.starts_with('"') {
            return Some(Filter::Member(of, self.string()?.into()));
        }
        if self.eat("[") {
            if self.eat("]") {
                return Some(Filter::Each(of));
            }
            let mut stream = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
            let key = stream.next()?.ok()?;
            self.rest = &self.rest[stream.byte_offset()..];
            return self.eat("]").then_some(Filter::Member(of, key));
        }
        Some(Filter::Member(of, self.name()?.into()))
    }

    fn atom(&mut self) -> Option<Filter> {
        self.count()?;
        self.skip();
        if self.rest.starts_with('"') {
            return Some(Filter::Constant(self.string()?.into()));
        }
        if self.eat("(") {
            let inner = self.pipe()?;
            return self.eat(")").then_some(inner);
        }
        if self.eat("[") {
            if self.eat("]") {
                return Some(Filter::List(None));
            }
            let inner = self.pipe()?;
            return self.eat("]").then(|| Filter::List(Some(Box::new(inner))));
        }
        if self.eat("{") {
            return self.object();
        }
        if self.eat("$") {
            return Some(Filter::Variable(self.name()?.to_owned()));
        }
        if let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            let is_more =
                rest.starts_with(['[', '"', '_']) || rest.starts_with(|c: char| c.is_ascii_alphabetic());
            return if is_more { self.member(Filter::Itself) } else { Some(Filter::Itself) };
        }
        let name = self.name()?;
        let constant = match name {
            "true" | "false" => Some(Value::Bool(name == "true")),
            "null" => Some(Value::Null),
            _ => None,
        };
        if let Some(constant) = constant {
            return Some(Filter::Constant(constant));
        }
        let given = if self.rest.starts_with('(') && self.eat("(") {
            let inner = self.pipe()?;
            self.eat(")").then_some(())?;
            Some(Box::new(inner))
        } else {
            None
        };
        Some(Filter::Call(name.to_owned(), given))
    }

    /// `{name: FILTER, $name, name}`
    fn object(&mut self) -> Option<Filter> {
        let mut members = Vec::new();
        loop {
            self.skip();
            if self.eat("}") {
                return Some(Filter::Object(members));
            }
            if self.eat("$") {
                let name = self.name()?.to_owned();
                members.push((name.clone(), Filter::Variable(name)));
            } else {
                let name = if self.rest.starts_with('"') { self.string()? } else { self.name()?.to_owned() };
                let value = if self.eat(":") {
                    self.term()?
                } else {
                    Filter::Member(Box::new(Filter::Itself), name.clone().into())
                };
                members.push((name, value));
            }
            self.skip();
            if !self.eat(",") && !self.rest.starts_with('}') {
                return None;
            }
        }
    }
}

/// The values that a filter gives.
fn run(
    filter: &Filter,
    input: &Value,
    known: &mut Vec<(String, Value)>,
    left: &mut usize,
) -> Option<Vec<Value>> {
    let found = match filter {
        Filter::Itself => vec![input.clone()],
        Filter::Constant(value) => vec![value.clone()],
        Filter::Variable(name) => vec![known.iter().rev().find(|(own, _)| own == name)?.1.clone()],
        Filter::Member(of, key) => {
            let all = run(of, input, known, left)?;
            all.iter().map(|one| member(one, key)).collect::<Option<_>>()?
        }
        Filter::Each(of) => {
            let mut all = Vec::new();
            for one in run(of, input, known, left)? {
                match one {
                    Value::Array(items) => all.extend(items),
                    Value::Object(members) => all.extend(members.into_iter().map(|(_, value)| value)),
                    _ => return None,
                }
            }
            all
        }
        Filter::Pipe(first, second) => {
            let mut all = Vec::new();
            for one in run(first, input, known, left)? {
                all.extend(run(second, &one, known, left)?);
            }
            all
        }
        Filter::As(first, name, second) => {
            let mut all = Vec::new();
            for one in run(first, input, known, left)? {
                known.push((name.clone(), one));
                let more = run(second, input, known, left);
                known.pop();
                all.extend(more?);
            }
            all
        }
        Filter::Comma(first, second) => {
            let mut all = run(first, input, known, left)?;
            all.extend(run(second, input, known, left)?);
            all
        }
        Filter::Equal(first, second, is_equal) => {
            let (first, second) = (run(first, input, known, left)?, run(second, input, known, left)?);
            let ([first], [second]) = (first.as_slice(), second.as_slice()) else { return None };
            vec![Value::Bool((first == second) == *is_equal)]
        }
        Filter::List(inner) => match inner {
            Some(inner) => vec![Value::Array(run(inner, input, known, left)?)],
            None => vec![Value::Array(Vec::new())],
        },
        Filter::Object(members) => {
            let mut all = vec![Map::new()];
            for (name, value) in members {
                let values = run(value, input, known, left)?;
                let with = |one: &Map<String, Value>| {
                    let add = |value: &Value| {
                        let mut one = one.clone();
                        one.insert(name.clone(), value.clone());
                        one
                    };
                    values.iter().map(add).collect::<Vec<_>>()
                };
                all = all.iter().flat_map(with).take(MAX_VALUES).collect();
            }
            all.into_iter().map(Value::Object).collect()
        }
        Filter::Call(name, given) => call(name, given.as_deref(), input, known, left)?,
    };
    *left = left.checked_sub(found.len() + 1)?;
    Some(found)
}

fn member(of: &Value, key: &Value) -> Option<Value> {
    let found = match (of, key) {
        (Value::Null, _) => None,
        (Value::Object(members), Value::String(name)) => members.get(name),
        (Value::Array(items), Value::Number(at)) => items.get(usize::try_from(at.as_u64()?).ok()?),
        _ => return None,
    };
    Some(found.cloned().unwrap_or(Value::Null))
}

fn call(
    name: &str,
    given: Option<&Filter>,
    input: &Value,
    known: &mut Vec<(String, Value)>,
    left: &mut usize,
) -> Option<Vec<Value>> {
    Some(match (name, given, input) {
        ("keys" | "keys_unsorted", None, Value::Object(members)) => {
            vec![Value::Array(members.keys().map(|key| key.as_str().into()).collect())]
        }
        ("to_entries", None, Value::Object(members)) => {
            let entry = |(key, value): (&String, &Value)| {
                let entry = [("key", key.as_str().into()), ("value", value.clone())];
                Value::Object(entry.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            };
            vec![Value::Array(members.iter().map(entry).collect())]
        }
        ("map", Some(inner), Value::Array(items)) => {
            let mut all = Vec::new();
            for one in items {
                all.extend(run(inner, one, known, left)?);
            }
            vec![Value::Array(all)]
        }
        ("select", Some(inner), one) => {
            let all = run(inner, one, known, left)?;
            let holds = |value: &&Value| !matches!(value, Value::Null | Value::Bool(false));
            all.iter().filter(holds).map(|_| one.clone()).collect()
        }
        ("startswith" | "endswith" | "contains", Some(inner), Value::String(text)) => {
            let parts = run(inner, input, known, left)?;
            let [Value::String(part)] = parts.as_slice() else { return None };
            vec![Value::Bool(match name {
                "startswith" => text.starts_with(part),
                "endswith" => text.ends_with(part),
                _ => text.contains(part),
            })]
        }
        ("not", None, one) => vec![Value::Bool(matches!(one, Value::Null | Value::Bool(false)))],
        ("add", None, Value::Array(items)) => {
            let mut all = Vec::new();
            for one in items {
                let Value::Array(own) = one else { return None };
                all.extend(own.iter().cloned());
            }
            vec![Value::Array(all)]
        }
        ("flatten", None, Value::Array(items)) => vec![Value::Array(flat(items))],
        ("unique", None, Value::Array(items)) => {
            let mut texts: Vec<&str> = items.iter().map(Value::as_str).collect::<Option<_>>()?;
            texts.sort_unstable();
            texts.dedup();
            vec![Value::Array(texts.into_iter().map(Value::from).collect())]
        }
        ("join", Some(inner), Value::Array(items)) => {
            let between = run(inner, input, known, left)?;
            let [Value::String(between)] = between.as_slice() else { return None };
            let texts: Vec<&str> = items.iter().map(Value::as_str).collect::<Option<_>>()?;
            vec![texts.join(between).into()]
        }
        ("tojson", None, one) => vec![one.to_string().into()],
        _ => return None,
    })
}

fn flat(items: &[Value]) -> Vec<Value> {
    let of = |one: &Value| match one {
        Value::Array(inner) => flat(inner),
        other => vec![other.clone()],
    };
    items.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(filter: &str) -> Option<String> {
        let input = serde_json::json!({
            "group": {"default": {"targets": ["api", "web-all"]}},
            "target": {
                "api": {"platforms": ["linux/amd64"], "tags": ["acme/api:1"]},
                "web-all": {"platforms": ["linux/amd64", "linux/arm64"]},
            },
        });
        let lines = query(filter, &input)?;
        Some(lines.iter().map(Value::to_string).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn targets_and_platforms_are_taken_out_of_a_definition() {
        let both = r#"["linux/amd64","linux/arm64"]"#;
        for (filter, expected) in [
            (".target.\"web-all\".platforms", both),
            (".target[\"web-all\"].platforms", both),
            (".target[\"web-all\"] | .platforms", both),
            (". | .target | .[\"web-all\"].platforms", both),
            ("[.target[].platforms[]] | unique", both),
            ("[ .target | to_entries[] | .value.platforms ] | add | unique", both),
            ("[.target[].platforms] | flatten | unique", both),
            (".group.default.targets", r#"["api","web-all"]"#),
            (".target | keys", r#"["api","web-all"]"#),
            ("[.target | keys[] | select(. != \"api\")]", r#"["web-all"]"#),
            (".target | keys | map(select(startswith(\"web\")))", r#"["web-all"]"#),
            (".target.api.platforms[0]", r#""linux/amd64""#),
            (".target.none", "null"),
            (".target.none.platforms", "null"),
            (".group.default.targets | join(\",\")", r#""api,web-all""#),
            (
                "[.target | to_entries[] | {target: .key, platform: .value.platforms[]}]",
                r#"[{"platform":"linux/amd64","target":"api"},{"platform":"linux/amd64","target":"web-all"},{"platform":"linux/arm64","target":"web-all"}]"#,
            ),
            (
                "[.target | to_entries[] | .key as $t | .value.platforms[] | {target: $t, platform: .}] | map(select(.target == \"api\"))",
                r#"[{"platform":"linux/amd64","target":"api"}]"#,
            ),
            (
                "{include: [.target | keys[] | {target: .}]}",
                r#"{"include":[{"target":"api"},{"target":"web-all"}]}"#,
            ),
        ] {
            assert_eq!(said(filter).as_deref(), Some(expected), "{filter}");
        }
    }

    /// What is not read, and what fails, is nothing.
    #[test]
    fn what_is_not_read_is_nothing() {
        for filter in [
            "",
            "|",
            ".target |",
            ".target.web-all.platforms",
            ".target[",
            "{a: }",
            "[.target[]",
            ".group.default.targets.x",
            ".target | sort_by(.x)",
            ".target.api.platforms // []",
            "$none",
            "\"\\(.target)\"",
            ".target | keys | .[1:]",
            "reduce .target[] as $x (0; . + 1)",
        ] {
            assert_eq!(said(filter), None, "{filter}");
        }
        assert_eq!(said(&"[".repeat(10_000)), None);
        assert_eq!(said(&".a".repeat(10_000)), None);
        assert_eq!(said(&format!(".{}", ",.".repeat(10_000))), None);
        let many = format!("[{}]", ".target[]".repeat(3) + &" | [., ., ., .] | .[]".repeat(10));
        assert_eq!(said(&many), None);
    }
}
