//! Expressions of GitHub Actions (`${{ … }}`), read into a tree
//! (<https://docs.github.com/en/actions/reference/evaluate-expressions-in-workflows-and-actions>).

/// How deep an expression may be nested; more than anybody writes.
const MAX_DEPTH: usize = 40;

/// How many operands it may have, as many as one of the Bake language: what reads it goes as deep.
const MAX_OPERANDS: usize = 500;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// `github.event.number`, `matrix['os']`, by its lower-case root and the names behind it.
    Path(Vec<String>),
    /// `fromJSON(x).a`
    Member(Box<Self>, String),
    /// The name in lower case.
    Call(String, Vec<Self>),
    Not(Box<Self>),
    /// The operator is `&&`, `||`, `==`, `!=`, `<`, `<=`, `>` or `>=`.
    Binary(&'static str, Box<Self>, Box<Self>),
}

impl Expression {
    /// Reads an expression, without `${{` and `}}`; `None` for what is not one, or has more parts than anybody writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser { text, at: 0, depth: 0, operands: 0 };
        let parsed = parser.binary(0)?;
        parser.blanks();
        (parser.at == text.len()).then_some(parsed)
    }

    /// Whether it names something, and only what fits.
    pub(in crate::init) fn has_only(&self, fits: &dyn Fn(&[String]) -> bool) -> bool {
        let mut names = Vec::new();
        self.names(&mut names);
        !names.is_empty() && names.into_iter().all(fits)
    }

    /// The names in it.
    pub(in crate::init) fn names<'e>(&'e self, names: &mut Vec<&'e [String]>) {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => {}
            Self::Path(path) => names.push(path),
            Self::Member(of, _) | Self::Not(of) => of.names(names),
            Self::Call(_, arguments) => arguments.iter().for_each(|one| one.names(names)),
            Self::Binary(_, left, right) => {
                left.names(names);
                right.names(names);
            }
        }
    }
}

/// Operators, those that bind less first.
const LEVELS: [&[&str]; 4] = [&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"]];

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    operands: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn binary(&mut self, level: usize) -> Option<Expression> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        self.depth += 1;
        if self.depth > MAX_DEPTH * LEVELS.len() {
            return None;
        }
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = operators.iter().find(|operator| self.eat(operator)) {
            let right = self.binary(level + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        self.depth -= 1;
        Some(left)
    }

    fn unary(&mut self) -> Option<Expression> {
        self.blanks();
        if self.rest().starts_with('!') && !self.rest().starts_with("!=") {
            self.at += 1;
            self.depth += 1;
            let operand = if self.depth > MAX_DEPTH * LEVELS.len() { None } else { self.unary() };
            self.depth -= 1;
            return Some(Expression::Not(Box::new(operand?)));
        }
        let mut value = self.primary()?;
        let mut members = 0;
        loop {
            let name = if self.eat(".") {
                if self.eat("*") { "*".to_owned() } else { self.name()? }
            } else if self.eat("[") {
                let key = self.binary(0)?;
                if !self.eat("]") {
                    return None;
                }
                match key {
                    Expression::Text(name) => name,
                    Expression::Number(number) => number.to_string(),
                    _ => return Some(Expression::Call("index".to_owned(), vec![value, key])),
                }
            } else {
                return Some(value);
            };
            members += 1;
            if members > MAX_OPERANDS {
                return None;
            }
            value = match value {
                Expression::Path(mut path) => {
                    path.push(name);
                    Expression::Path(path)
                }
                other => Expression::Member(Box::new(other), name),
            };
        }
    }

    fn primary(&mut self) -> Option<Expression> {
        if self.eat("(") {
            let inner = self.binary(0)?;
            return self.eat(")").then_some(inner);
        }
        self.operands += 1;
        if self.operands > MAX_OPERANDS {
            return None;
        }
        if self.rest().starts_with('\'') {
            return self.string();
        }
        if self.rest().starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') {
            let is_of_number = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
            let length = self.rest().find(|c| !is_of_number(c)).unwrap_or(self.rest().len());
            let number = self.rest()[..length].parse().ok()?;
            self.at += length;
            return Some(Expression::Number(number));
        }
        let name = self.name()?;
        if self.eat("(") {
            let mut arguments = Vec::new();
            while !self.eat(")") {
                if !arguments.is_empty() && !self.eat(",") {
                    return None;
                }
                arguments.push(self.binary(0)?);
            }
            return Some(Expression::Call(name.to_ascii_lowercase(), arguments));
        }
        Some(match name.as_str() {
            "null" => Expression::Null,
            "true" => Expression::Bool(true),
            "false" => Expression::Bool(false),
            _ => Expression::Path(vec![name.to_ascii_lowercase()]),
        })
    }

    fn name(&mut self) -> Option<String> {
        self.blanks();
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let length = self.rest().find(|c| !is_of_name(c)).unwrap_or(self.rest().len());
        let name = self.rest()[..length].to_owned();
        self.at += length;
        (!name.is_empty()).then_some(name)
    }

    /// A string, in which `''` is a quote.
    fn string(&mut self) -> Option<Expression> {
        let mut text = String::new();
        let mut rest = self.rest().strip_prefix('\'')?;
        loop {
            let end = rest.find('\'')?;
            text.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('\'') {
                Some(after) => {
                    text.push('\'');
                    rest = after;
                }
                None => break,
            }
        }
        self.at = self.text.len() - rest.len();
        Some(Expression::Text(text))
    }
}

/// A text in its parts: what stands for itself, and expressions as they are written.
pub(crate) fn parts(text: &str) -> Vec<Result<&str, &str>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        // A string in it may hold the end of one.
        let mut quoted = false;
        let end = after.char_indices().find(|(at, c)| {
            quoted ^= *c == '\'';
            !quoted && after[*at..].starts_with("}}")
        });
        let Some((end, _)) = end else { break };
        if !before.is_empty() {
            parts.push(Ok(before));
        }
        parts.push(Err(after[..end].trim()));
        rest = &after[end + 2..];
    }
    if !rest.is_empty() {
        parts.push(Ok(rest));
    }
    parts
}

/// An expression as it may be written.
pub(in crate::init) fn shown(expression: &Expression) -> String {
    match expression {
        Expression::Null => "null".to_owned(),
        Expression::Bool(value) => value.to_string(),
        Expression::Number(value) => value.to_string(),
        Expression::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Expression::Path(path) => path.join("."),
        Expression::Member(of, name) => format!("{}.{name}", shown(of)),
        Expression::Call(name, arguments) if name == "index" && arguments.len() == 2 => {
            format!("{}[{}]", shown(&arguments[0]), shown(&arguments[1]))
        }
        Expression::Call(name, arguments) => {
            let arguments: Vec<String> = arguments.iter().map(shown).collect();
            format!("{name}({})", arguments.join(", "))
        }
        Expression::Not(operand) => format!("!{}", shown(operand)),
        Expression::Binary(operator, left, right) => format!("{} {operator} {}", shown(left), shown(right)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_they_bind() {
        let path = |text: &str| Expression::Path(text.split('.').map(str::to_owned).collect());
        let text = |text: &str| Expression::Text(text.to_owned());
        let binary = |op, a, b| Expression::Binary(op, Box::new(a), Box::new(b));
        for (source, expected) in [
            ("github.ref == 'refs/heads/main'", binary("==", path("github.ref"), text("refs/heads/main"))),
            (
                "a || b && !c",
                binary("||", path("a"), binary("&&", path("b"), Expression::Not(Box::new(path("c"))))),
            ),
            (" matrix['os'].name ", path("matrix.os.name")),
            ("'it''s'", text("it's")),
            (
                "startsWith(github.ref, 'x')",
                Expression::Call("startswith".into(), vec![path("github.ref"), text("x")]),
            ),
            ("1.5", Expression::Number(1.5)),
            ("steps.build-x.outputs.a", path("steps.build-x.outputs.a")),
        ] {
            assert_eq!(Expression::parse(source), Some(expected), "{source}");
        }
        for source in
            ["", "a b", "(a", "'a", "f(a", "a ==", "\"a\"", "a[", &"(".repeat(100_000), &"!".repeat(100_000)]
        {
            assert_eq!(Expression::parse(source), None, "{}", &source[..source.len().min(20)]);
        }
    }

    #[test]
    fn an_expression_has_so_many_operands() {
        let joined = |by: &str, count: usize| vec!["github.ref.a"; count].join(by);
        for by in ["||", "&&", "==", "!=", " < ", " || !", " || (1) && "] {
            assert_eq!(Expression::parse(&joined(by, MAX_OPERANDS + 1)), None, "{by}");
            assert_eq!(Expression::parse(&joined(by, 100_000)), None, "{by}");
            assert!(Expression::parse(&joined(by, MAX_OPERANDS / 2)).is_some(), "{by}");
        }
        for (start, part, end) in [("f(a", ",a", ")"), ("f(a)", ".a", ""), ("f(a)", "[0]", "")] {
            let of = |count: usize| format!("{start}{}{end}", part.repeat(count));
            assert_eq!(Expression::parse(&of(100_000)), None, "{part}");
            assert!(Expression::parse(&of(MAX_OPERANDS / 2 - 2)).is_some(), "{part}");
        }
    }

    #[test]
    fn a_text_is_divided_where_expressions_are() {
        assert_eq!(
            parts("a${{ b }}c-${{d}}${{ format('}}') }}"),
            [Ok("a"), Err("b"), Ok("c-"), Err("d"), Err("format('}}')")]
        );
        assert_eq!(parts("a ${{ b"), [Ok("a ${{ b")]);
        assert_eq!(parts(""), []);
    }
}
