//! What the words of a shell stand for: variables, `${…}` with its operations, and the few `$(…)` that are known.

use super::operations::{MAX_DEPTH, changed, fact, first_two, of_fields, of_sed};
use super::words::words as words_of;
use super::{CLOSE, OPEN, Script, lists};
use crate::init::values::folder::{Folder, TOP};
use crate::init::values::moment::Fact;
use crate::init::values::ref_parts;
use crate::init::values::text::{Piece, Template};
use crate::init::values::value::Value;

impl Script<'_> {
    /// A word with its variables.
    pub(super) fn expand(&self, word: &str) -> Template {
        lists::joined(&self.expand_list(word))
    }

    /// The same, where a list stays one.
    pub(super) fn expand_list(&self, word: &str) -> Template {
        let depth = self.depth.get();
        if depth >= MAX_DEPTH || !self.scope.world.work.spend(1 + word.len() / 16) {
            return Template::unknown("…");
        }
        self.depth.set(depth + 1);
        let expanded = self.expanded(word);
        self.depth.set(depth);
        expanded
    }

    fn expanded(&self, word: &str) -> Template {
        let mut template = Template::default();
        let mut rest = word;
        while let Some(at) = rest.find(['$', OPEN, '`']) {
            template.push(Piece::Text(rest[..at].to_owned()));
            rest = &rest[at..];
            let (value, after) = self.expansion(rest);
            template.extend(value);
            rest = after;
        }
        template.push(Piece::Text(rest.to_owned()));
        template
    }

    /// The expansion that a text begins with, and what is behind it.
    fn expansion<'t>(&self, text: &'t str) -> (Template, &'t str) {
        if let Some(rest) = text.strip_prefix(OPEN) {
            let (number, after) = rest.split_once(CLOSE).unwrap_or_default();
            let known = number.parse::<usize>().ok().and_then(|number| self.expressions.get(number));
            return (known.map(|(value, _)| value.clone()).unwrap_or_default(), after);
        }
        let closed = |open: char, close: char| {
            let mut depth = 0;
            text.char_indices().find_map(|(at, c)| {
                depth += usize::from(c == open);
                if c == close {
                    depth -= 1;
                    return (depth == 0).then_some(at);
                }
                None
            })
        };
        let unknown = |end: usize| (Template::unknown(&self.unmarked(&text[..end])), &text[end..]);
        if text.starts_with("${") {
            let Some(end) = closed('{', '}') else { return unknown(text.len()) };
            let value = self.parameter(&text[2..end]);
            return (value.unwrap_or_else(|| unknown(end + 1).0), &text[end + 1..]);
        }
        if text.starts_with("$(") {
            let Some(end) = closed('(', ')') else { return unknown(text.len()) };
            let value = self.substitution(&text[2..end]);
            return (value.unwrap_or_else(|| unknown(end + 1).0), &text[end + 1..]);
        }
        if let Some(rest) = text.strip_prefix('`') {
            let Some(length) = rest.find('`') else { return unknown(text.len()) };
            let value = self.substitution(&rest[..length]);
            return (value.unwrap_or_else(|| unknown(length + 2).0), &rest[length + 1..]);
        }
        let rest = &text[1..];
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        let length = if rest.starts_with(|c: char| c.is_ascii_digit()) { 1 } else { length };
        if let Some(name) = rest.chars().next().filter(|name| matches!(name, '@' | '*')) {
            let all = self.variable("@").filter(|_| !self.home.by_line);
            let own = || self.variable(&name.to_string());
            let value = if self.home.by_line { own() } else { all };
            let value = value.map(|value| if name == '*' { lists::joined(&value) } else { value });
            return (value.unwrap_or_else(|| unknown(2).0), &rest[1..]);
        }
        // Make has two of them for the shell's one.
        if rest.starts_with('$') && rest[1..].starts_with(|c: char| is_of_name(c) || "{(".contains(c)) {
            return (Template::default(), rest);
        }
        if length == 0 {
            return (Template::from("$"), rest);
        }
        let value = self.variable(&rest[..length]).map(lists::first);
        (value.unwrap_or_else(|| unknown(length + 1).0), &rest[length..])
    }

    /// A here-document with its expansions, of which a backslash makes texts.
    pub(super) fn expanded_text(&mut self, text: &str) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['$', '`', '\\']) {
            expanded.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(escaped) = rest.strip_prefix('\\') {
                let next = escaped.chars().next();
                let is_one = next.is_some_and(|next| matches!(next, '$' | '`' | '\\'));
                let length = next.filter(|_| is_one).map_or(0, char::len_utf8);
                expanded.push_str(if is_one { &escaped[..length] } else { "\\" });
                rest = &escaped[length..];
                continue;
            }
            let (value, after) = self.expansion(rest);
            let marked = self.marked(value);
            expanded.push_str(&marked);
            rest = after;
        }
        expanded + rest
    }

    /// The value of a variable.
    pub(super) fn variable(&self, name: &str) -> Option<Template> {
        if let Some((_, value)) = self.variables.iter().rev().find(|(known, _)| known == name) {
            let steps = 1 + self.variables.len() / 16 + value.length() / 16;
            self.scope.world.work.spend(steps).then_some(())?;
            return Some(value.clone());
        }
        if matches!(name, "GITHUB_WORKSPACE" | "CI_PROJECT_DIR") {
            return Some(Template::from(TOP.to_string().as_str()));
        }
        match self.scope.variable(name, None, 0)? {
            Value::Unknown(_) => None,
            value => Some(value.into_text()),
        }
    }

    /// `NAME`, `NAME,,`, `NAME#refs/tags/`, `NAME##*/`, `NAME::7`, `NAME:-default`
    fn parameter(&self, inner: &str) -> Option<Template> {
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = inner.find(|c| !is_of_name(c)).unwrap_or(inner.len());
        let (name, operation) = inner.split_at(length);
        if matches!((name, operation), ("0", "%/*") | ("BASH_SOURCE", "%/*" | "[0]%/*")) {
            return self.own_folder();
        }
        if let Some(value) = self.of_list(name, operation) {
            return value;
        }
        let value = self.variable(name).map(lists::first);
        if operation.starts_with([':', '?']) && operation.trim_start_matches(':').starts_with('?') {
            return value;
        }
        if let Some(other) = operation.strip_prefix(":+").or_else(|| operation.strip_prefix('+')) {
            let value = value?;
            // What some runs have is something there, and nothing in others.
            let is_known =
                value.unknown_parts().is_empty() && !may_lack(&value) && !self.is_of_branches(name);
            return is_known
                .then(|| if value.0.is_empty() { Template::default() } else { self.expand(other) });
        }
        if let Some(default) = [":-", ":=", "-", "="].iter().find_map(|one| operation.strip_prefix(one)) {
            let Some(value) = value.filter(|value| !value.0.is_empty() && !self.is_input(value)) else {
                return Some(self.expand(default));
            };
            let other = || self.expand(default);
            if self.is_of_branches(name) {
                // The git tag is the name of the ref where there is no branch.
                let is_tag = matches!(other().0.as_slice(), [Piece::Fact(Fact::Tag | Fact::RefName)]);
                return is_tag.then_some(value);
            }
            return if may_lack(&value) { value.or(other()) } else { Some(value) };
        }
        self.changed(value?, operation)
    }

    /// Whether a text is what a person may say who starts a run, and nobody says in others.
    pub(super) fn is_input(&self, text: &Template) -> bool {
        self.expression_of(text).is_some_and(|written| self.scope.is_input(&Value::Unknown(written)))
    }

    /// The expression that a text is, where that is all that is known of it.
    pub(super) fn expression_of(&self, text: &Template) -> Option<String> {
        let [Piece::Unknown(written)] = text.0.as_slice() else { return None };
        let inner = written.strip_prefix("${{")?.strip_suffix("}}")?;
        (!inner.contains("}}")).then(|| inner.trim().to_owned())
    }

    /// What an operation makes of a value.
    fn changed(&self, value: Template, operation: &str) -> Option<Template> {
        value.mapped(&|value| self.changed_one(value, operation))
    }

    fn changed_one(&self, value: Template, operation: &str) -> Option<Template> {
        // Where no git tag has a slash, the end of a ref is all of it.
        let is_of_version = matches!(operation, "#v" | "##v" | "/v/" | ":1");
        let value =
            if is_of_version { ref_parts::plain(&value, (false, true), &self.scope.world) } else { value };
        changed(value, operation)
    }

    /// `NAME[@]`, `NAME[*]`, `NAME[0]`, `@`, `@:2`: none where it is no list, and no value where that is not known.
    #[expect(clippy::option_option, reason = "what is a list may not be known")]
    fn of_list(&self, name: &str, operation: &str) -> Option<Option<Template>> {
        let (name, rest) = match (name, operation.split_at_checked(1)) {
            ("", Some(("@", rest))) => ("@", rest),
            ("", Some(("*", ""))) => return Some(self.variable("@").map(|all| lists::joined(&all))),
            _ => {
                let (index, rest) = operation.strip_prefix('[')?.split_once(']')?;
                let value = || self.variable(name);
                match index {
                    "@" => (name, rest),
                    "*" => return Some(value().filter(|_| rest.is_empty()).map(|all| lists::joined(&all))),
                    number => {
                        let at = number.parse::<usize>().ok().filter(|_| rest.is_empty());
                        let known = value()
                            .filter(|all| all.unknown_parts().is_empty() && !all.has_list(&[lists::BETWEEN]));
                        return Some(known.zip(at).and_then(|(all, at)| lists::parts(&all).get(at).cloned()));
                    }
                }
            }
        };
        let all = self.variable(name);
        // `${LIST[@]+"${LIST[@]}"}` is nothing where there is none.
        if rest.is_empty() || rest.starts_with('+') || rest.starts_with(":+") {
            return Some(all);
        }
        if let Some(from) = rest.strip_prefix(':').and_then(|from| from.trim().parse::<usize>().ok()) {
            let from = if name == "@" { from.saturating_sub(1) } else { from };
            let known = all.filter(|all| all.unknown_parts().is_empty() && !all.has_list(&[lists::BETWEEN]));
            return Some(known.map(|all| lists::list(lists::parts(&all).get(from..).unwrap_or_default())));
        }
        Some(None)
    }

    /// Whether a variable of the pipeline is set in those of branches alone.
    fn is_of_branches(&self, name: &str) -> bool {
        name == "CI_COMMIT_BRANCH" && !self.variables.iter().any(|(known, _)| known == name)
    }

    /// The folder of the script's own file.
    fn own_folder(&self) -> Option<Template> {
        match self.home.own.as_ref()? {
            Folder::Known(folder) => Some(Template::from(format!("{TOP}/{folder}").as_str())),
            Folder::Unknown(_) => None,
        }
    }

    /// `$(…)`, of which a few are known.
    pub(super) fn substitution(&self, inner: &str) -> Option<Template> {
        let inner = inner.trim();
        let words = words_of(inner);
        let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "shell").collect();
        if self.home.by_line
            && let Some(value) = self.function_of_make(inner)
        {
            return Some(value);
        }
        if let Some(value) = self.queried(inner).or_else(|| self.printed_by(inner)) {
            return Some(value);
        }
        match words.as_slice() {
            // A variable of make.
            [name] if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => self.variable(name),
            ["git", "rev-parse", "--show-toplevel"] => Some(Template::from(TOP.to_string().as_str())),
            ["pwd"] => Some(Template::from(".")),
            // The folder of the script, also after `cd` in a subshell: `$(cd "$(dirname "$0")" && pwd)`.
            ["dirname", "--", path] | ["dirname", path] if is_itself(path) => self.own_folder(),
            ["cd", "--", path, "&&", "pwd", ..] | ["cd", path, "&&", "pwd", ..] => {
                let path = self.expand(path);
                path.constant().is_some_and(|text| text.starts_with(TOP)).then_some(path)
            }
            ["git", "rev-parse", "--short", "HEAD" | "$GITHUB_SHA"] => Some(fact(Fact::Commit(Some(7)))),
            ["git", "rev-parse", "--verify", "HEAD"] | ["git", "rev-parse", "HEAD"] => {
                Some(fact(Fact::Commit(None)))
            }
            ["git", "rev-parse", short, "HEAD"] if short.starts_with("--short=") => {
                Some(fact(Fact::Commit(Some(short["--short=".len()..].parse().ok()?))))
            }
            ["date", "-I"] => Some(fact(Fact::Date("%Y-%m-%d".to_owned()))),
            ["date", rest @ ..] => {
                let format = rest.iter().find_map(|word| word.strip_prefix('+'))?;
                Some(fact(Fact::Date(format.to_owned())))
            }
            ["basename", path] => self.changed(self.expand(path), "##*/"),
            ["echo" | "printf", ..] => {
                let (said, operations) = inner.split_once('|')?;
                let said = words_of(said);
                let mut value = self.expand(
                    said.iter()
                        .skip_while(|word| *word == "shell")
                        .skip(1)
                        .find(|word| !word.starts_with('-') && *word != "%s")?,
                );
                for operation in operations.split('|') {
                    let words = words_of(operation);
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    value = match words.as_slice() {
                        ["tr", from, to] if is_upper(from) && is_lower(to) => value,
                        ["awk", program] if program.contains("tolower") => value,
                        ["sed", "s/^v//" | "s/v//"] => self.changed(value, "#v")?,
                        ["sed", "-e", "s/^v//"] => self.changed(value, "#v")?,
                        ["cut", characters] if characters.starts_with("-c1-") => {
                            self.changed(value, &format!("::{}", &characters["-c1-".len()..]))?
                        }
                        ["cut", "-c", characters] if characters.starts_with("1-") => {
                            self.changed(value, &format!("::{}", &characters["1-".len()..]))?
                        }
                        ["cut", "-d.", "-f1"] | ["cut", "-d", ".", "-f", "1"] | ["cut", "-d", ".", "-f1"] => {
                            self.changed(value, "%%.*")?
                        }
                        ["cut", "-d.", "-f1,2" | "-f1-2" | "-f-2"]
                        | ["cut", "-d", ".", "-f1,2" | "-f1-2" | "-f-2"]
                        | ["cut", "-d", ".", "-f", "1,2" | "1-2" | "-2"] => {
                            value.mapped(&|value| first_two(&value))?
                        }
                        ["cut", rest @ ..] => value.mapped(&|value| of_fields(&value, rest))?,
                        ["sed", rest @ ..] => self.changed(value, of_sed(rest)?)?,
                        ["awk", "-F/", "{print $NF}" | "{ print $NF }"]
                        | ["awk", "-F", "/", "{print $NF}" | "{ print $NF }"] => {
                            self.changed(value, "##*/")?
                        }
                        _ => return None,
                    };
                }
                Some(value)
            }
            _ => None,
        }
    }
}

/// Whether some runs lack a value.
fn may_lack(value: &Template) -> bool {
    matches!(value.0.as_slice(), [Piece::Fact(fact)] if fact.may_lack())
        || matches!(value.0.as_slice(), [Piece::Or(..)])
}

/// Whether a word is the path of the script itself.
fn is_itself(word: &str) -> bool {
    matches!(
        word,
        "$0" | "${0}" | "$BASH_SOURCE" | "${BASH_SOURCE}" | "${BASH_SOURCE[0]}" | "${BASH_SOURCE[0]:-$0}"
    )
}

fn is_upper(set: &str) -> bool {
    matches!(set, "[:upper:]" | "A-Z" | "[A-Z]")
}

fn is_lower(set: &str) -> bool {
    matches!(set, "[:lower:]" | "a-z" | "[a-z]")
}
