//! Random expressions: any that HCL has, with values that fit mostly and sometimes do not.

use super::choice::Choices;
use super::functions::Signature;
use super::tree::Tree;

/// What an expression should give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Any,
    Bool,
    Number,
    /// A whole number that counts or measures something.
    Small,
    Text,
    List,
    Map,
    /// What only some functions want, by its letter.
    Special(u8),
}

/// A value of a kind as it is written in HCL; see `values.txt`.
fn value(choices: &mut Choices, letter: u8) -> &'static str {
    let lines = include_str!("values.txt").lines().filter(|line| line.as_bytes().first() == Some(&letter));
    let values: Vec<&str> = lines.map(|line| &line[2..]).collect();
    choices.of(&values)
}

const ATTRIBUTES: [&str; 5] = ["a", "b", "c", "x", "k"];
const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];
const ARITHMETIC: [&str; 5] = ["+", "-", "*", "/", "%"];
const ANY_KIND: [Kind; 7] =
    [Kind::Bool, Kind::Number, Kind::Text, Kind::List, Kind::Map, Kind::List, Kind::Map];

/// What an expression may use.
pub(super) struct Grammar<'c> {
    pub(super) choices: &'c mut Choices,
    pub(super) signatures: &'c [Signature],
    /// Names in scope.
    pub(super) names: Vec<(String, Kind)>,
    /// The user's functions, with how many arguments they take.
    pub(super) functions: Vec<(String, usize)>,
    /// How often of a hundred times a value does not fit.
    pub(super) unfit: usize,
    /// Whether `&&` and `||` decide by one operand when the other one fails.
    pub(super) short_circuits: bool,
    /// How many names that do not exist were used; each only once, as buildx takes another use for a cycle.
    pub(super) unknown: usize,
    /// Whether a heredoc cannot stand here, since it would end the line.
    pub(super) is_inline: bool,
}

impl Grammar<'_> {
    pub(super) fn expression(&mut self, kind: Kind, depth: usize) -> Tree {
        if self.choices.chance(self.unfit) {
            let kind = self.choices.of(&ANY_KIND);
            return match self.choices.below(12) {
                0 => Tree::leaf("null"),
                1 => {
                    self.unknown += 1;
                    Tree::leaf(format!("unknown{}", self.unknown))
                }
                _ => self.fit(kind, depth),
            };
        }
        self.fit(kind, depth)
    }

    fn fit(&mut self, kind: Kind, depth: usize) -> Tree {
        if depth == 0 || self.choices.chance(20) {
            return self.leaf(kind);
        }
        let kind = if kind == Kind::Any { self.choices.of(&ANY_KIND) } else { kind };
        match self.choices.below(100) {
            0..12 => self.conditional(kind, depth - 1),
            12..15 => Tree::expression().text("(").one(self.expression(kind, depth - 1)).text(")"),
            15..22 => self.element(kind, depth - 1),
            22..25 => self.attempt(kind, depth - 1),
            25..28 => self.convert(depth - 1),
            28..31 if !self.functions.is_empty() => self.call_user(depth - 1),
            31..60 => self.call(kind, depth - 1),
            _ => self.operation(kind, depth - 1),
        }
    }

    fn leaf(&mut self, kind: Kind) -> Tree {
        let known: Vec<&String> = self
            .names
            .iter()
            .filter(|(_, of)| *of == kind || kind == Kind::Any)
            .map(|(name, _)| name)
            .collect();
        if !known.is_empty() && self.choices.chance(40) {
            return Tree::leaf(self.choices.of(&known).clone());
        }
        match kind {
            Kind::Any => {
                let kind = self.choices.of(&ANY_KIND);
                self.leaf(kind)
            }
            Kind::Bool => Tree::leaf(value(self.choices, b'B')),
            Kind::Number => Tree::leaf(value(self.choices, b'N')),
            Kind::Small => Tree::leaf(value(self.choices, b'S')),
            Kind::Text => Tree::leaf(value(self.choices, b'T')),
            Kind::Special(letter) => Tree::leaf(value(self.choices, letter)),
            Kind::List => self.tuple(0),
            Kind::Map => self.object(0),
        }
    }

    fn conditional(&mut self, kind: Kind, depth: usize) -> Tree {
        let other = if self.choices.chance(40) { self.choices.of(&ANY_KIND) } else { kind };
        let (then, otherwise) = if self.choices.chance(50) { (kind, other) } else { (other, kind) };
        let condition = self.expression(Kind::Bool, depth.min(1));
        let (then, otherwise) = (self.arm(then, depth), self.arm(otherwise, depth));
        Tree::expression().text("(").one(condition).text(" ? ").one(then).text(" : ").one(otherwise).text(")")
    }

    /// An arm of a conditional. What fails in the one that is not taken has a type nevertheless, and HCL goes far to
    /// find it; we do so for what is simple.
    fn arm(&mut self, kind: Kind, depth: usize) -> Tree {
        match self.choices.below(4) {
            0 => self.leaf(kind),
            1 => self.expression(kind, depth.min(1)),
            _ => {
                let (arm, instead) = (self.expression(kind, depth), self.leaf(kind));
                Tree::expression().text("try(").one(arm).text(", ").one(instead).text(")")
            }
        }
    }

    /// Something out of a collection.
    fn element(&mut self, kind: Kind, depth: usize) -> Tree {
        // What is not taken must not fail: HCL looks at what is taken then, to find out of which type it is.
        let (wanted, other) = (self.expression(kind, depth), self.leaf(Kind::Any));
        match self.choices.below(8) {
            0 => Tree::expression().text("[").many(", ", vec![wanted, other]).text("][0]"),
            1 => Tree::expression().text("[").many(", ", vec![other, wanted]).text("].1"),
            2 => Tree::expression().text("{a = ").one(wanted).text(", b = ").one(other).text("}.a"),
            3 => Tree::expression().text("{\"a b\" = ").one(wanted).text("}[\"a b\"]"),
            4 => Tree::expression()
                .one(self.expression(Kind::List, depth))
                .text("[")
                .one(self.leaf(Kind::Small))
                .text("]"),
            5 => Tree::expression()
                .one(self.expression(Kind::Map, depth))
                .text(".")
                .text(self.choices.of(&ATTRIBUTES)),
            6 => Tree::expression()
                .one(self.expression(Kind::Map, depth))
                .text("[")
                .one(self.expression(Kind::Text, 0))
                .text("]"),
            _ => Tree::expression().one(self.expression(Kind::List, depth)).text(".0"),
        }
    }

    fn attempt(&mut self, kind: Kind, depth: usize) -> Tree {
        let first = self.expression(kind, depth);
        match self.choices.below(3) {
            0 => Tree::expression().text("can(").one(first).text(")"),
            _ => Tree::expression()
                .text("try(")
                .one(first)
                .text(", ")
                .one(self.expression(kind, depth))
                .text(")"),
        }
    }

    fn convert(&mut self, depth: usize) -> Tree {
        let value = self.expression(Kind::Any, depth);
        Tree::expression().text("convert(").one(value).text(", ").text(self.ty()).text(")")
    }

    fn call_user(&mut self, depth: usize) -> Tree {
        let at = self.choices.below(self.functions.len());
        let (name, mut count) = self.functions[at].clone();
        if self.choices.chance(10) {
            count += 1;
        }
        let arguments = (0..count).map(|_| self.expression(Kind::Any, depth)).collect();
        Tree::expression().text(name).text("(").many(", ", arguments).text(")")
    }

    fn call(&mut self, kind: Kind, depth: usize) -> Tree {
        let signatures = self.signatures;
        let fitting: Vec<&Signature> =
            signatures.iter().filter(|one| one.result == kind || one.result == Kind::Any).collect();
        if fitting.is_empty() {
            return self.leaf(kind);
        }
        let signature = self.choices.of(&fitting);
        let mut kinds = signature.arguments.clone();
        if signature.is_variadic {
            let last = *kinds.last().expect("a variadic function has a last argument");
            kinds.extend(std::iter::repeat_n(last, self.choices.below(3)));
        }
        if self.choices.chance(self.unfit.min(3)) {
            kinds.pop();
        }
        let mut arguments: Vec<Tree> = kinds.into_iter().map(|kind| self.expression(kind, depth)).collect();
        let is_expanded = signature.is_variadic && self.choices.chance(8);
        if is_expanded {
            arguments.pop();
            arguments.push(self.expression(Kind::List, depth));
        }
        let end = if is_expanded { "...)" } else { ")" };
        Tree::expression().text(signature.name).text("(").many(", ", arguments).text(end)
    }

    fn operation(&mut self, kind: Kind, depth: usize) -> Tree {
        match kind {
            Kind::Bool => match self.choices.below(4) {
                0 => Tree::expression().text("!").one(self.expression(Kind::Bool, depth.min(1))),
                1 => self.logical(depth),
                _ => {
                    let operator = self.choices.of(&COMPARISONS);
                    let kind = if operator.len() == 2
                        && operator.ends_with('=')
                        && !operator.starts_with(['<', '>'])
                    {
                        Kind::Any
                    } else {
                        Kind::Number
                    };
                    self.binary(operator, kind, depth)
                }
            },
            Kind::Number | Kind::Small if self.choices.chance(15) => {
                Tree::expression().text("-").one(self.expression(Kind::Number, depth.min(1)))
            }
            Kind::Number | Kind::Small => {
                let operator = self.choices.of(&ARITHMETIC);
                self.binary(operator, kind, depth)
            }
            Kind::Text => self.template(depth),
            Kind::List => match self.choices.below(5) {
                0 | 1 => self.tuple(depth),
                2 => self.splat(depth),
                _ => self.for_list(depth),
            },
            Kind::Map => match self.choices.below(3) {
                0 | 1 => self.object(depth),
                _ => self.for_map(depth),
            },
            Kind::Any | Kind::Special(_) => self.leaf(kind),
        }
    }

    fn logical(&mut self, depth: usize) -> Tree {
        let operator = self.choices.of(&["&&", "||"]);
        if self.short_circuits {
            return self.binary(operator, Kind::Bool, depth);
        }
        let [left, right] = [b'B'; 2].map(|letter| value(self.choices, letter));
        Tree::expression().text(format!("({left} {operator} {right})"))
    }

    fn binary(&mut self, operator: &str, kind: Kind, depth: usize) -> Tree {
        let (left, right) = (self.expression(kind, depth), self.expression(kind, depth));
        Tree::expression().text("(").one(left).text(format!(" {operator} ")).one(right).text(")")
    }

    fn tuple(&mut self, depth: usize) -> Tree {
        let kind = if self.choices.chance(50) { self.choices.of(&ANY_KIND[..3]) } else { Kind::Any };
        let count = self.choices.below(4);
        let items = (0..count)
            .map(|_| if depth == 0 { self.scalar(kind) } else { self.expression(kind, depth) })
            .collect();
        Tree::expression().text("[").many(", ", items).text("]")
    }

    fn scalar(&mut self, kind: Kind) -> Tree {
        let kind = if kind == Kind::Any { self.choices.of(&ANY_KIND[..3]) } else { kind };
        self.leaf(kind)
    }

    fn object(&mut self, depth: usize) -> Tree {
        self.inline(|grammar| grammar.members(depth))
    }

    /// Whatever is in there has no heredoc.
    fn inline<T>(&mut self, inside: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.is_inline, true);
        let result = inside(self);
        self.is_inline = before;
        result
    }

    fn members(&mut self, depth: usize) -> Tree {
        let kind = if self.choices.chance(50) { self.choices.of(&ANY_KIND[..3]) } else { Kind::Any };
        let keys =
            self.choices.some(&["a", "b", "\"c\"", "(\"x\")", "1", "\"${\"k\"}\"", "a", "true", "\"\""], 4);
        let members = keys.into_iter().map(|key| {
            let value = if depth == 0 { self.scalar(kind) } else { self.expression(kind, depth) };
            let sign = self.choices.of(&[" = ", " = ", ": "]);
            Tree::new().text(key).text(sign).one(value)
        });
        let members = members.collect();
        Tree::expression().text("{").many(", ", members).text("}")
    }

    fn splat(&mut self, depth: usize) -> Tree {
        let source = match self.choices.below(4) {
            0 => {
                let items = (0..self.choices.below(3)).map(|_| ()).collect::<Vec<()>>();
                let items = items.into_iter().map(|()| self.object(depth)).collect();
                Tree::expression().text("[").many(", ", items).text("]")
            }
            1 => self.expression(Kind::Any, depth),
            _ => self.expression(Kind::List, depth),
        };
        let tail = self.choices.of(&[
            "[*]", ".*", "[*].a", ".*.a", "[*][0]", ".*.0", "[*].a[0]", "[*].a.b", ".*.a[0]", "[*][0].a",
        ]);
        Tree::expression().one(source).text(tail)
    }

    /// A `for` that goes through something; the last argument says what it gives.
    fn looped(
        &mut self,
        depth: usize,
        give: impl FnOnce(&mut Self) -> (Tree, Tree),
    ) -> (String, Tree, Tree, Tree, Tree) {
        let is_map = self.choices.chance(35);
        let source = self.expression(if is_map { Kind::Map } else { Kind::List }, depth);
        let both = self.choices.chance(60);
        let known = self.names.len();
        if both {
            self.names.push(("k".into(), if is_map { Kind::Text } else { Kind::Number }));
        }
        let kind = self.choices.of(&ANY_KIND);
        self.names.push(("v".into(), kind));
        let (first, second) = give(self);
        let condition = if self.choices.chance(25) {
            Tree::new().text(" if ").text(value(self.choices, b'B'))
        } else {
            Tree::new()
        };
        self.names.truncate(known);
        let names = if both { "k, v" } else { "v" };
        (names.to_owned(), source, first, second, condition)
    }

    fn for_list(&mut self, depth: usize) -> Tree {
        let (names, source, value, _, condition) =
            self.looped(depth, |grammar| (grammar.expression(Kind::Any, depth), Tree::new()));
        let tree = Tree::expression().text(format!("[for {names} in ")).one(source).text(" : ").one(value);
        tree.one(condition).text("]")
    }

    fn for_map(&mut self, depth: usize) -> Tree {
        let group = if self.choices.chance(40) { "..." } else { "" };
        let (names, source, key, value, condition) = self.looped(depth, |grammar| {
            let key = grammar.expression(Kind::Text, depth.min(1));
            (key, grammar.expression(Kind::Any, depth))
        });
        let tree = Tree::expression().text(format!("{{for {names} in ")).one(source).text(" : ").one(key);
        tree.text(" => ").one(value).text(group).one(condition).text("}")
    }

    pub(super) fn template(&mut self, depth: usize) -> Tree {
        let is_heredoc = !self.is_inline;
        self.inline(|grammar| match grammar.choices.below(10) {
            0 if is_heredoc => {
                Tree::expression().text("<<EOT\n").one(grammar.parts(depth, true)).text("\nEOT\n")
            }
            1 if is_heredoc => {
                let lines = ["  ", "    ", "\t"];
                let lines = lines.map(|indent| Tree::new().text(indent).one(grammar.parts(depth, true)));
                Tree::expression().text("<<-EOT\n").many("\n", lines.into()).text("\n  EOT\n")
            }
            _ => Tree::expression().text("\"").one(grammar.parts(depth, false)).text("\""),
        })
    }

    fn parts(&mut self, depth: usize, is_heredoc: bool) -> Tree {
        let count = self.choices.below(4);
        let parts = (0..count).map(|_| self.part(depth, is_heredoc)).collect();
        Tree::new().many("", parts)
    }

    fn part(&mut self, depth: usize, is_heredoc: bool) -> Tree {
        let open = self.choices.of(&["${", "${", "${ ", "${~ "]);
        let close = self.choices.of(&["}", "}", " }", " ~}"]);
        match self.choices.below(10) {
            0..3 => Tree::new().text(self.choices.of(&[
                "a", " ", "x y ", "é", "$ ", "% ", "$${", "%%{", "-", "1", "  ", "'", "#", "$$-", "}",
            ])),
            3 if is_heredoc => Tree::new().text(self.choices.of(&["\n", "\n\n  ", "\\n", "\"q\"", "\n\t"])),
            3 => Tree::new().text(self.choices.of(&[r"\n", r"\t", r"\\", r#"\""#, r"\u00e9", r" \n "])),
            4..8 => {
                let kind = self.choices.of(&[Kind::Text, Kind::Number, Kind::Bool, Kind::Text]);
                Tree::new().text(open).one(self.expression(kind, depth)).text(close)
            }
            8 => {
                let [a, b, c] = [0; 3].map(|_| self.choices.of(&["%{", "%{~", "%{ "]));
                let d = self.choices.of(&["}", " ~}"]);
                let condition = self.expression(Kind::Bool, depth.min(1));
                let body = self.parts(depth.saturating_sub(1), is_heredoc);
                let tree = Tree::new().text(a).text(" if ").one(condition).text(d).one(body);
                let tree = if self.choices.chance(50) {
                    tree.text(b).text(" else ").text(d).one(self.parts(depth.saturating_sub(1), is_heredoc))
                } else {
                    tree
                };
                tree.text(c).text(" endif ").text(d)
            }
            _ => {
                let (a, b) = (self.choices.of(&["%{", "%{~"]), self.choices.of(&["}", " ~}"]));
                let inner = depth.saturating_sub(1);
                let (names, source, body, _, _) =
                    self.looped(inner, |grammar| (grammar.parts(inner, is_heredoc), Tree::new()));
                Tree::new()
                    .text(format!("{a} for {names} in "))
                    .one(source)
                    .text(b)
                    .one(body)
                    .text("%{ endfor ")
                    .text(b)
            }
        }
    }

    /// A type, as `type` of a variable wants it.
    pub(super) fn ty(&mut self) -> &'static str {
        value(self.choices, b't')
    }
}
