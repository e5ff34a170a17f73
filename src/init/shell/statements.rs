//! The commands of a script, and which of them end what others begin.

use super::lines;
use super::words::commands;

/// What begins what another word ends, and that word.
const ENDS: [(&str, &str); 6] = [
    ("for", "done"),
    ("while", "done"),
    ("until", "done"),
    ("select", "done"),
    ("if", "fi"),
    ("case", "esac"),
];

/// What may stand before a command on its line.
const BEFORE: [&str; 4] = ["then", "do", "else", "{"];

/// A command of a script.
pub(super) struct Statement {
    /// The command.
    pub text: String,
    /// How many lines there are above it.
    pub at: usize,
    /// Whether it runs depends on a test before it on its line.
    pub is_optional: bool,
}

impl Statement {
    /// Its first word.
    pub(super) fn first(&self) -> &str {
        self.text.split_whitespace().next().unwrap_or_default()
    }
}

/// The commands of a script in their order.
pub(super) struct Statements {
    /// All of them.
    pub all: Vec<Statement>,
    /// Where what begins at a statement ends.
    pub ends: Vec<Option<usize>>,
}

impl Statements {
    /// Those of a text with so many lines above it.
    pub(super) fn of(text: &str, above: usize) -> Self {
        let mut all = Vec::new();
        for (line, at) in lines::joined(text) {
            // Recipes of make, and steps of a list in YAML.
            let line = line.trim().trim_start_matches(['@', '-', '+']).trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut is_optional = false;
            for mut part in commands(line) {
                let at = above + at;
                while let Some((word, rest)) = part.split_once(char::is_whitespace)
                    && BEFORE.contains(&word)
                {
                    all.push(Statement { text: word.to_owned(), at, is_optional: false });
                    part = rest.trim_start().to_owned();
                    is_optional = false;
                }
                let is_test = matches!(part.split_whitespace().next(), Some("[" | "[[" | "test"));
                all.push(Statement { text: part, at, is_optional });
                is_optional |= is_test;
            }
        }
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
