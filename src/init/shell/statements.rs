//! The commands of a script, and which of them end what others begin.

use super::lines::{self, Document};
use super::words::{Joint, case_of, chained};

/// What begins what another word ends, and that word.
const ENDS: [(&str, &str); 12] = [
    ("for", "done"),
    ("while", "done"),
    ("until", "done"),
    ("select", "done"),
    ("if", "fi"),
    ("case", "esac"),
    ("{", "}"),
    ("(", ")"),
    // Of make.
    ("ifeq", "endif"),
    ("ifneq", "endif"),
    ("ifdef", "endif"),
    ("ifndef", "endif"),
];

/// What may stand before a command on its line, and is a statement of its own.
const BEFORE: [&str; 9] = ["then", "do", "else", "{", "if", "elif", "while", "until", "!"];

/// What stands for the beginning of a function, before its name.
pub(super) const FUNCTION: &str = "function";

/// A command of a script.
pub(super) struct Statement {
    /// The command.
    pub text: String,
    /// How many lines there are above it.
    pub at: usize,
    /// What stands before it.
    pub joint: Joint,
    /// The here-documents of its line.
    pub documents: Vec<Document>,
}

impl Statement {
    /// Its first word.
    pub(super) fn first(&self) -> &str {
        self.text.split_whitespace().next().unwrap_or_default()
    }
}

/// The commands of a script in their order.
#[derive(Default)]
pub(super) struct Statements {
    /// All of them.
    pub all: Vec<Statement>,
    /// Where what begins at a statement ends.
    pub ends: Vec<Option<usize>>,
}

/// How many parentheses may be open at a time; those within are not looked at.
const MAX_OPEN: usize = 64;

/// Statements in the making.
struct Reader {
    all: Vec<Statement>,
    /// For each parenthesis that is open behind its line, in how many cases it is.
    open: Vec<usize>,
    cases: usize,
}

impl Statements {
    /// Those of a text with so many lines above it.
    pub(super) fn of(text: &str, above: usize) -> Self {
        let mut reader = Reader { all: Vec::new(), open: Vec::new(), cases: 0 };
        let mut joint = Joint::Then;
        for whole in lines::joined(text) {
            // Recipes of make, and steps of a list in YAML.
            let line = whole.text.trim().trim_start_matches(['@', '-', '+']).trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let known = reader.all.len();
            joint = reader.line(line, above + whole.at, joint);
            let numbered = whole.documents.into_iter().map(|one| Document { at: above + one.at, ..one });
            let reads = |one: &&mut Statement| one.text.contains("<<");
            if let Some(statement) = reader.all.get_mut(known..).into_iter().flatten().find(reads) {
                statement.documents = numbered.collect();
            }
        }
        let all = reader.all;
        let (mut ends, mut open): (Vec<Option<usize>>, Vec<(usize, &str)>) =
            (vec![None; all.len()], Vec::new());
        for (at, statement) in all.iter().enumerate() {
            let first = statement.first();
            if let Some((_, end)) = ENDS.iter().find(|(begin, _)| *begin == first) {
                open.push((at, *end));
            } else if let Some((begin, end)) = open.last()
                && first == *end
            {
                ends[*begin] = Some(at);
                open.pop();
            }
        }
        Self { all, ends }
    }
}

impl Reader {
    /// Reads a line, and answers with what stands behind it.
    fn line(&mut self, line: &str, at: usize, mut joint: Joint) -> Joint {
        let mut rest = line;
        // What is in parentheses over several lines is cut as if they were not there.
        while self.opens(rest) {
            self.push("(", at, joint);
            self.open.push(self.cases);
            joint = Joint::Then;
            rest = rest[1..].trim_start();
        }
        let (parts, behind) = chained(rest);
        for (number, (own, part)) in parts.into_iter().enumerate() {
            let joint = if number == 0 && own == Joint::Then { joint } else { own };
            self.part(&part, at, joint);
        }
        behind
    }

    /// Whether a text begins with a parenthesis that does not end in it.
    fn opens(&self, text: &str) -> bool {
        let begins = text.starts_with('(') && !text.starts_with("((");
        begins && self.open.len() < MAX_OPEN && unbalanced(text) > 0
    }

    fn push(&mut self, text: &str, at: usize, joint: Joint) {
        self.all.push(Statement { text: text.to_owned(), at, joint, documents: Vec::new() });
    }

    fn part(&mut self, part: &str, at: usize, mut joint: Joint) {
        let mut part = part.trim();
        loop {
            if part.is_empty() {
                return;
            }
            if self.opens(part) {
                self.line(part, at, joint);
                return;
            }
            if let Some((name, rest)) = function(part) {
                self.push(&format!("{FUNCTION} {name}"), at, joint);
                part = rest.trim_start();
                joint = Joint::Then;
                continue;
            }
            let (word, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
            // What is timed may be several commands.
            if word == "time" && rest.trim_start().starts_with(['(', '{']) {
                part = rest.trim_start();
                continue;
            }
            if BEFORE.contains(&word) {
                self.push(word, at, joint);
                part = rest.trim_start();
                joint = Joint::Then;
                continue;
            }
            let is_in_case = self.cases > self.open.last().copied().unwrap_or_default();
            if word == "case" {
                self.cases += 1;
                if let Some((_, rest)) = part.split_once(" in ") {
                    let head = &part[..part.len() - rest.len()];
                    self.push(head.trim_end(), at, joint);
                    part = rest.trim_start();
                    joint = Joint::Then;
                    continue;
                }
            } else if is_in_case
                && let Some((_, command)) = case_of(part)
                && !command.is_empty()
            {
                // A pattern, with what stands behind it on its line.
                self.push(part[..part.len() - command.len()].trim_end(), at, Joint::Then);
                part = command;
                joint = Joint::Then;
                continue;
            }
            break;
        }
        let first = part.split_whitespace().next();
        if first == Some("esac") {
            self.cases = self.cases.saturating_sub(1);
        }
        if let Some(cases) = self.open.last()
            && unbalanced(part) < 0
            && (self.cases <= *cases || case_of(part).is_none())
            && let Some((command, _)) = part.rsplit_once(')')
        {
            let command = command.trim();
            self.open.pop();
            if !command.is_empty() {
                self.part(command, at, joint);
                joint = Joint::Then;
            }
            self.push(")", at, joint);
            return;
        }
        self.push(part, at, joint);
    }
}

/// How many parentheses a text opens more than it closes, outside of quotes.
fn unbalanced(text: &str) -> i32 {
    let (mut single, mut double, mut depth) = (false, false, 0);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if !single => drop(chars.next()),
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            '(' if !single && !double => depth += 1,
            ')' if !single && !double => depth -= 1,
            _ => {}
        }
    }
    depth
}

/// The name of a function that begins here, and what stands behind it.
fn function(part: &str) -> Option<(&str, &str)> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    let (text, is_named) = match part.strip_prefix("function ") {
        Some(rest) => (rest.trim_start(), true),
        None => (part, false),
    };
    let length = text.find(|c| !is_of_name(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(length);
    let rest = rest.trim_start();
    let behind = rest.strip_prefix('(').and_then(|rest| rest.trim_start().strip_prefix(')'));
    match behind {
        Some(behind) if !name.is_empty() => Some((name, behind)),
        None if is_named && !name.is_empty() && (rest.is_empty() || rest.starts_with('{')) => {
            Some((name, rest))
        }
        _ => None,
    }
}
