//! GitHub's expressions, as far as our workflow uses them
//! (<https://docs.github.com/en/actions/reference/workflows-and-actions/expressions>).

use serde_json::Value;

/// How the jobs that a job needs, or the steps before a step, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    Success,
    Failure,
    Cancelled,
}

/// What expressions are evaluated in: the contexts (`github`, `needs`, …) and what the status functions answer.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) contexts: Value,
    pub(crate) before: Before,
}

impl Scope {
    /// Whether a job or step with this `if` runs. GitHub puts `success() &&` before what has no status function.
    pub(crate) fn condition(&self, condition: Option<&str>) -> bool {
        let condition = condition.unwrap_or("success()").trim();
        let bare =
            condition.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(condition);
        let functions = ["success()", "failure()", "cancelled()", "always()"];
        let is_implied = !functions.iter().any(|function| bare.contains(function));
        (!is_implied || self.before == Before::Success) && is_true(&self.evaluate(bare))
    }

    /// The text with each `${{ … }}` replaced by its value.
    pub(crate) fn interpolate(&self, text: &str) -> String {
        let (mut done, mut rest) = (String::new(), text);
        while let Some((before, from)) = rest.split_once("${{") {
            let (expression, after) = from.split_once("}}").expect("an expression ends");
            done.extend([before, &string(&self.evaluate(expression))]);
            rest = after;
        }
        done + rest
    }

    /// The value of an expression. Panics at what it does not know.
    pub(crate) fn evaluate(&self, expression: &str) -> Value {
        let mut reader = Reader { scope: self, tokens: tokens(expression), at: 0 };
        let value = reader.or();
        assert_eq!(reader.at, reader.tokens.len(), "not all of `{expression}` is understood");
        value
    }
}

/// What there is at a path such as `needs.plan.result`; null where there is nothing.
fn lookup(contexts: &Value, path: &str) -> Value {
    path.split('.').try_fold(contexts, |value, name| value.get(name)).cloned().unwrap_or(Value::Null)
}

fn is_true(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && *value != "" && *value != 0
}

/// Strings are compared without their case, and what differs in type as numbers.
fn is_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => left.to_lowercase() == right.to_lowercase(),
        (Value::Null, Value::Null) => true,
        (left, right) => number(left) == number(right),
    }
}

/// Not a number for what is none, which equals nothing.
fn number(value: &Value) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::String(text) if text.trim().is_empty() => 0.0,
        Value::String(text) => text.trim().parse().unwrap_or(f64::NAN),
        other => other.as_f64().unwrap_or(f64::NAN),
    }
}

fn string(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Words with their points, string literals with their quotes, and operators.
fn tokens(text: &str) -> Vec<&str> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || "_-.*".contains(c);
        let operators = ["&&", "||", "==", "!=", "!", "(", ")", ","];
        let length = match first {
            '\'' => rest[1..].find('\'').expect("a literal ends") + 2,
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => operators.iter().find(|operator| rest.starts_with(**operator)).expect("an operator").len(),
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

struct Reader<'a> {
    scope: &'a Scope,
    tokens: Vec<&'a str>,
    at: usize,
}

impl Reader<'_> {
    fn eat(&mut self, token: &str) -> bool {
        let is_next = self.tokens.get(self.at) == Some(&token);
        self.at += usize::from(is_next);
        is_next
    }

    fn or(&mut self) -> Value {
        let mut left = self.and();
        while self.eat("||") {
            let right = self.and();
            left = if is_true(&left) { left } else { right };
        }
        left
    }

    fn and(&mut self) -> Value {
        let mut left = self.comparison();
        while self.eat("&&") {
            let right = self.comparison();
            left = if is_true(&left) { right } else { left };
        }
        left
    }

    fn comparison(&mut self) -> Value {
        let left = self.unary();
        if self.eat("==") {
            is_equal(&left, &self.unary()).into()
        } else if self.eat("!=") {
            (!is_equal(&left, &self.unary())).into()
        } else {
            left
        }
    }

    fn unary(&mut self) -> Value {
        if self.eat("!") {
            return (!is_true(&self.unary())).into();
        }
        if self.eat("(") {
            let value = self.or();
            assert!(self.eat(")"), "a bracket is not closed");
            return value;
        }
        let token = self.tokens[self.at];
        self.at += 1;
        if let Some(literal) = token.strip_prefix('\'') {
            return literal.trim_end_matches('\'').into();
        }
        if !self.eat("(") {
            return match token {
                "true" => true.into(),
                "false" => false.into(),
                path => lookup(&self.scope.contexts, path),
            };
        }
        let mut arguments = Vec::new();
        while !self.eat(")") {
            arguments.push(self.or());
            self.eat(",");
        }
        let value = self.call(token, &arguments);
        // A property of what a function gives: `fromJSON(text).name`.
        match self.tokens.get(self.at).and_then(|token| token.strip_prefix('.')) {
            Some(path) => {
                self.at += 1;
                lookup(&value, path)
            }
            None => value,
        }
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Value {
        let before = self.scope.before;
        match (name, arguments) {
            ("always", []) => true.into(),
            ("success", []) => (before == Before::Success).into(),
            ("failure", []) => (before == Before::Failure).into(),
            ("cancelled", []) => (before == Before::Cancelled).into(),
            ("format", [pattern, values @ ..]) => {
                let values = values.iter().enumerate();
                let put = |text: String, (at, value)| text.replace(&format!("{{{at}}}"), &string(value));
                values.fold(string(pattern), put).into()
            }
            ("startsWith", [text, start]) => string(text).starts_with(&string(start)).into(),
            ("join", [Value::Array(items), separator]) => {
                items.iter().map(string).collect::<Vec<_>>().join(&string(separator)).into()
            }
            // What is no list is one item, and null an empty one.
            ("join", [item, _]) => string(item).into(),
            ("contains", [Value::Array(items), item]) => {
                items.iter().any(|known| is_equal(known, item)).into()
            }
            ("contains", [text, part]) => {
                string(text).to_lowercase().contains(&string(part).to_lowercase()).into()
            }
            ("toJSON", [value]) => value.to_string().into(),
            ("fromJSON", [text]) => serde_json::from_str(&string(text)).expect("fromJSON gets JSON"),
            _ => panic!("what is `{name}({arguments:?})`?"),
        }
    }
}
