//! Lines of shell, as far as it takes to find the commands that make images and tags.

mod lines;
mod words;

mod operations;

mod guards;

mod statements;

mod flow;

mod status;

mod blocks;

use std::cell::Cell;

use super::folder::{Folder, TOP};
use super::foreign;
use super::moment::Fact;
use super::scope::Scope;
use super::text::{Condition, MAX_TEXT, Piece, Template, is_name};
use super::value::Value;
use flow::{Flow, Function, MAX_DEPTH};
use operations::{changed, fact, first_two};
pub(super) use words::{BEFORE_COMMANDS, assignment, commands, stages, words as words_of};
use words::{array, is_assigned, is_of_make, substitutions};

/// How long a script is read, in bytes.
const MAX_SCRIPT: usize = 256 * 1024;

/// The programs that make images.
const BUILDERS: [&str; 5] = ["docker", "podman", "nerdctl", "buildah", "/kaniko/executor"];

/// What only shows or looks for a command.
const SHOWING: [&str; 4] = ["echo", "printf", "which", "type"];

/// Around the number of an expression of GitHub's that stands in a script.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// A command in a script.
#[derive(Clone, Debug)]
pub(crate) struct ShellCommand {
    /// Its words.
    pub words: Vec<Template>,
    /// How many lines are above it in the script.
    pub line: usize,
    /// On what it depends that it runs.
    pub guards: Vec<Condition>,
    /// The folder that it runs in.
    pub folder: Folder,
}

/// Where a script begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Home {
    /// The folder that it runs in.
    pub folder: Folder,
    /// The folder of its file, if it has one.
    pub own: Option<Folder>,
    /// Whether each line is a script by itself, as in recipes of make.
    pub by_line: bool,
}

impl ShellCommand {
    /// From the program on that makes images: what runs it stands before it, such as `sudo -E` and `timeout 600`.
    pub(crate) fn builder(&self) -> Option<&[Template]> {
        let word = |word: &Template| word.constant().unwrap_or_default();
        let at = self.words.iter().position(|one| BUILDERS.contains(&word(one).as_str()))?;
        let before: Vec<String> = self.words[..at].iter().map(word).collect();
        let is_shown = before.iter().any(|one| SHOWING.contains(&one.as_str()));
        // `command -v docker` looks for it, and `command docker` runs it.
        let is_looked_for =
            before.windows(2).any(|two| two[0] == "command" && two[1].starts_with('-') && two[1] != "-p");
        (!is_shown && !is_looked_for).then_some(&self.words[at..])
    }

    /// What publishes images in a way that is not read, if it does.
    pub(crate) fn foreign(&self) -> Option<String> {
        let words: Vec<String> = self.words.iter().map(Template::shown).collect();
        foreign::of(&words)
    }
}

/// A script, with what its variables are.
pub(crate) struct Script<'s> {
    scope: &'s Scope,
    expressions: Vec<Template>,
    /// The same as they are written.
    written: Vec<String>,
    variables: Vec<(String, Template)>,
    depth: Cell<usize>,
    home: Home,
    flow: Flow,
    functions: Vec<Function>,
}

/// What came of a script.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    /// The commands in it.
    pub commands: Vec<ShellCommand>,
    /// The outputs that it sets.
    pub outputs: Vec<(String, Template)>,
    /// The environment variables that it sets for the steps behind it.
    pub environment: Vec<(String, Template)>,
}

/// Reads a script of a step, or a file with commands of a shell or of make.
pub(crate) fn read(text: &str, scope: &Scope, home: &Home) -> Ran {
    let mut script = Script::new(scope, home);
    let text = script.with_marks(text);
    let mut ran = Ran::default();
    script.run(&text, 0, &mut ran);
    script.run_uncalled(&mut ran);
    ran
}

/// What a text is to a shell, in which it is a value.
pub(crate) fn text(written: &str, scope: &Scope) -> Template {
    Script::new(scope, &Home::default()).expand(written)
}

impl<'s> Script<'s> {
    fn new(scope: &'s Scope, home: &Home) -> Self {
        Self {
            scope,
            expressions: Vec::new(),
            written: Vec::new(),
            variables: Vec::new(),
            depth: Cell::new(0),
            home: home.clone(),
            flow: Flow::new(&home.folder),
            functions: Vec::new(),
        }
    }
}

impl Script<'_> {
    /// The text with a mark for each expression.
    fn with_marks(&mut self, text: &str) -> String {
        let end = (0..=text.len().min(MAX_SCRIPT)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let mut marked = String::new();
        for part in super::expression::parts(&text[..end]) {
            match part {
                Ok(text) => marked.push_str(text),
                Err(written) => {
                    let written = written.trim();
                    self.expressions.push(match written {
                        "github.workspace" => Template::from(TOP.to_string().as_str()),
                        _ => self.scope.template(&format!("${{{{ {written} }}}}")),
                    });
                    self.written.push(written.to_owned());
                    marked.extend([
                        OPEN.to_string(),
                        (self.expressions.len() - 1).to_string(),
                        CLOSE.to_string(),
                    ]);
                }
            }
        }
        marked
    }

    /// Reads a command.
    fn statement(&mut self, part: &str, at: usize, ran: &mut Ran) {
        // What `eval` is given runs once, as a script.
        if words_of(part).first().is_none_or(|word| word != "eval") {
            for inner in substitutions(part) {
                self.run_apart(inner, at, ran);
            }
        }
        if let Some(inner) = part.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            self.run_apart(inner, at, ran);
            return;
        }
        if let Some((name, list)) = array(part) {
            let value = self.expand(&list);
            self.variables.push((name, value));
            return;
        }
        let mut words = words_of(part);
        if let Some((name, value)) =
            words.first().filter(|_| words.len() == 1).and_then(|one| one.split_once("+="))
            && is_name(name)
        {
            self.append(name, "", value);
            return;
        }
        let assigns = words.first().and_then(|word| assignment(word));
        if let Some((name, value)) = assigns
            && (words.len() == 1 || is_of_make(part))
        {
            let value = if is_of_make(part) {
                part.split_once('=').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
            } else {
                value
            };
            let value = self.expand(&value);
            self.variables.push((name, value));
            return;
        }
        if is_of_make(part) {
            let (name, value) = part.split_once('=').unwrap_or_default();
            if let Some(name) = name.strip_suffix('+') {
                self.append(name.trim(), " ", value.trim());
                return;
            }
            let value = self.expand(value.trim());
            self.variables.push((name.trim_end_matches(['?', ':', '+', ' ']).to_owned(), value));
            return;
        }
        while words.first().is_some_and(|word| BEFORE_COMMANDS.contains(&word.as_str())) {
            words.remove(0);
            if let Some((name, value)) =
                words.first().filter(|_| words.len() == 1).and_then(|word| assignment(word))
            {
                let value = self.expand(&value);
                self.variables.push((name, value));
            }
        }
        self.sets(&words, ran);
        if let Some(inner) = script_of(&words) {
            self.run_apart(&inner, at, ran);
            return;
        }
        let stages = stages(part);
        let alone = vec![words];
        let stages =
            if stages.len() < 2 { alone } else { stages.iter().map(|stage| words_of(stage)).collect() };
        for words in stages {
            let words: Vec<Template> = words.iter().map(|word| self.expand(word)).collect();
            if !words.is_empty() {
                self.emit(words, at, ran);
            }
        }
    }

    /// `NAME+=VALUE`, of a shell or of make.
    fn append(&mut self, name: &str, gap: &str, value: &str) {
        let mut whole = self.variable(name).unwrap_or_else(|| Template::unknown(&format!("${name}")));
        whole.push(Piece::Text(gap.to_owned()));
        whole.extend(self.expand(value));
        self.variables.push((name.to_owned(), whole));
    }

    /// `echo "NAME=VALUE" >> $GITHUB_OUTPUT`, and how that was written before.
    fn sets(&mut self, words: &[String], ran: &mut Ran) {
        if words.first().is_none_or(|word| word != "echo" && word != "printf") {
            return;
        }
        let to = |name: &str| words.iter().any(|word| word.contains(name));
        let said = words.iter().skip(1).find(|word| !word.starts_with('-') && *word != ">>");
        let Some(said) = said else { return };
        // Without quotes, it is two words.
        let joined = words[1..].join(" ");
        if let Some(rest) = joined.strip_prefix("::set-output name=") {
            if let Some((name, value)) = rest.split_once("::") {
                let value = self.expand(value);
                ran.outputs.push((name.to_owned(), value));
            }
            return;
        }
        let said = if words[0] == "printf" { self.printed(said, words) } else { self.expand(said) };
        let Some((name, value)) = said.split_once('=') else { return };
        let Some(name) = name.constant().filter(|name| is_assigned(name)) else { return };
        if to("GITHUB_OUTPUT") {
            ran.outputs.push((name, value));
        } else if to("GITHUB_ENV") {
            self.variables.push((name.clone(), value.clone()));
            ran.environment.push((name, value));
        }
    }

    /// What `printf` prints, where its format has `%s` alone.
    fn printed(&self, format: &str, words: &[String]) -> Template {
        let format = format.strip_suffix("\\n").unwrap_or(format);
        let given =
            words.iter().skip_while(|word| *word != format && word.strip_suffix("\\n") != Some(format));
        let mut given = given.skip(1);
        let mut text = Template::default();
        for (at, part) in format.split("%s").enumerate() {
            if at > 0 {
                text.extend(given.next().map(|word| self.expand(word)).unwrap_or_default());
            }
            if part.contains(['%', '\\']) {
                text.push(Piece::Unknown(format.to_owned()));
            }
            text.extend(self.expand(part));
        }
        text
    }

    /// A word with its variables.
    fn expand(&self, word: &str) -> Template {
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
            return (known.cloned().unwrap_or_default(), after);
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
        // Make has two of them for the shell's one.
        if rest.starts_with('$') && rest[1..].starts_with(|c: char| is_of_name(c) || "{(".contains(c)) {
            return (Template::default(), rest);
        }
        if length == 0 {
            return (Template::from("$"), rest);
        }
        let value = self.variable(&rest[..length]);
        (value.unwrap_or_else(|| unknown(length + 1).0), &rest[length..])
    }

    /// A text as it was written.
    fn unmarked(&self, text: &str) -> String {
        let mut shown = String::new();
        let mut rest = text;
        while shown.len() <= MAX_TEXT
            && let Some((before, after)) = rest.split_once(OPEN)
        {
            shown.push_str(before);
            let (number, behind) = after.split_once(CLOSE).unwrap_or_default();
            let known = number.parse::<usize>().ok().and_then(|number| self.expressions.get(number));
            shown.push_str(&known.map(Template::shown).unwrap_or_default());
            rest = behind;
        }
        shown + rest
    }

    /// Adds a command, with where and on what condition it runs.
    fn emit(&self, words: Vec<Template>, line: usize, ran: &mut Ran) {
        let mut command = ShellCommand { words, line, guards: Vec::new(), folder: Folder::default() };
        if command.builder().is_some() || command.foreign().is_some() {
            command.guards = self.flow.guards();
            command.folder = self.flow.folder.clone();
            self.scope.world.work.spend(command.guards.len());
        }
        let is_top = command.folder == Folder::default();
        for word in &mut command.words {
            let is_path = |text: &str| {
                text.starts_with(TOP) || text.starts_with("--") && text.contains(&format!("={TOP}"))
            };
            for (at, piece) in word.0.iter_mut().enumerate() {
                if let Piece::Text(text) = piece
                    && (is_top || at > 0 || !is_path(text))
                    && text.contains(TOP)
                {
                    *text = text.replace(TOP, ".");
                }
            }
        }
        ran.commands.push(command);
    }

    fn variable(&self, name: &str) -> Option<Template> {
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
        let value = self.variable(name);
        if matches!(operation, "[@]" | "[*]")
            || operation.starts_with([':', '?']) && operation.trim_start_matches(':').starts_with('?')
        {
            return value;
        }
        if let Some(other) = operation.strip_prefix(":+") {
            return Some(if value?.0.is_empty() { Template::default() } else { self.expand(other) });
        }
        if let Some(default) = [":-", ":=", "-", "="].iter().find_map(|one| operation.strip_prefix(one)) {
            return Some(value.filter(|value| !value.0.is_empty()).unwrap_or_else(|| self.expand(default)));
        }
        changed(value?, operation)
    }

    /// The folder of the script's own file.
    fn own_folder(&self) -> Option<Template> {
        match self.home.own.as_ref()? {
            Folder::Known(folder) => Some(Template::from(format!("{TOP}/{folder}").as_str())),
            Folder::Unknown(_) => None,
        }
    }

    /// `$(…)`, of which a few are known.
    fn substitution(&self, inner: &str) -> Option<Template> {
        let inner = inner.trim();
        let words = words_of(inner);
        let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "shell").collect();
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
            ["basename", path] => changed(self.expand(path), "##*/"),
            ["echo" | "printf", ..] => {
                let (said, operations) = inner.split_once('|')?;
                let said = words_of(said);
                let mut value =
                    self.expand(said.iter().skip(1).find(|word| !word.starts_with('-') && *word != "%s")?);
                for operation in operations.split('|') {
                    let words = words_of(operation);
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    value = match words.as_slice() {
                        ["tr", from, to] if is_upper(from) && is_lower(to) => value,
                        ["awk", program] if program.contains("tolower") => value,
                        ["sed", "s/^v//" | "s/v//"] => changed(value, "#v")?,
                        ["sed", "-e", "s/^v//"] => changed(value, "#v")?,
                        ["cut", characters] if characters.starts_with("-c1-") => {
                            changed(value, &format!("::{}", &characters["-c1-".len()..]))?
                        }
                        ["cut", "-c", characters] if characters.starts_with("1-") => {
                            changed(value, &format!("::{}", &characters["1-".len()..]))?
                        }
                        ["cut", "-d.", "-f1"] | ["cut", "-d", ".", "-f", "1"] | ["cut", "-d", ".", "-f1"] => {
                            changed(value, "%%.*")?
                        }
                        ["cut", "-d.", "-f1,2" | "-f1-2" | "-f-2"]
                        | ["cut", "-d", ".", "-f1,2" | "-f1-2" | "-f-2"]
                        | ["cut", "-d", ".", "-f", "1,2" | "1-2" | "-2"] => first_two(&value)?,
                        ["cut", "-d/", "-f3" | "-f3-"] | ["cut", "-d", "/", "-f", "3" | "3-"] => {
                            changed(value, "##*/")?
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

/// What another shell is given to run: `bash -ec '…'`, `eval "…"`.
fn script_of(words: &[String]) -> Option<String> {
    if words.first().is_some_and(|word| word == "eval") {
        return Some(words[1..].join(" "));
    }
    let is_option = |word: &str| word.starts_with('-') && !word.starts_with("--");
    let shell = words.iter().position(|word| matches!(word.as_str(), "sh" | "bash" | "dash" | "zsh"))?;
    let mut rest = words[shell + 1..].iter().skip_while(|word| !is_option(word) || !word.ends_with('c'));
    rest.nth(1).cloned()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(script: &str) -> Vec<String> {
        let ran = read(script, &Scope::default(), &Home::default());
        let show = |command: &ShellCommand| {
            let words: Vec<String> = command.words.iter().map(Template::shown).collect();
            format!("{}: {}", command.line, words.join("|"))
        };
        ran.commands.iter().map(show).collect()
    }

    #[test]
    fn commands_are_found_with_what_their_words_are() {
        assert_eq!(
            shown(
                "IMAGE=acme/app\n# no\ndocker push \"$IMAGE:${TAG:-edge}\" && echo 'a b'; docker \\\n  rm x"
            ),
            ["2: docker|push|acme/app:edge", "2: echo|a b", "2: docker|rm|x"]
        );
        assert_eq!(
            shown(
                "a ${GITHUB_REF#refs/tags/v} $(git rev-parse --short HEAD) ${GITHUB_SHA::8} $(date +%Y%m%d) $(curl x | jq y) ${GITHUB_REPOSITORY,,}"
            ),
            [
                "0: a|{version}|{commit(some(7))}|{commit(some(8))}|{date(\"%y%m%d\")}|$(curl x | jq y)|{repository}"
            ]
        );
        assert_eq!(
            shown("REPO ?= acme/app\nTAG := 1\npush:\n\t@docker push $(REPO):$(TAG)"),
            ["2: push:", "3: docker|push|acme/app:1"]
        );
    }

    /// Each of them is one build for the runner.
    #[test]
    fn a_build_is_found_wherever_a_shell_runs_it() {
        for (script, line) in [
            ("docker build --label \"a=\n b\" -t x .", 0),
            ("echo \"a\nb\"; docker build -t x .", 0),
            ("cat <<EOF\ndon't\nEOF\ndocker build -t x .", 3),
            ("# it isn't\ndocker build -t x .", 1),
            ("eval \"docker build -t x .\"", 0),
            ("eval \"$(docker build -t x .)\"", 0),
            ("eval $(eval $(docker build -t x .))", 0),
            ("sudo bash -euc 'a\ndocker build -t x .'", 1),
            ("ID=$(docker build -t x .)", 0),
            ("(cd a && docker build -t x .)", 0),
            ("{ docker build -t x .; }", 0),
            ("cat Dockerfile | docker build -t x .", 0),
            ("timeout 600 docker build -t x . | tee log", 0),
            ("A=1 B=2 docker build -t x .", 0),
            ("if ! docker build -t x .; then exit 1; fi", 0),
        ] {
            let ran = read(script, &Scope::default(), &Home::default());
            let built: Vec<(usize, String)> = ran
                .commands
                .iter()
                .filter_map(|one| Some((one.line, one.builder()?)))
                .map(|(line, words)| (line, words.iter().map(Template::shown).collect::<Vec<_>>().join(" ")))
                .filter(|(_, words)| words.starts_with("docker build"))
                .collect();
            let [(at, words)] = built.as_slice() else { panic!("{script}: {built:?}") };
            assert!(*at == line && words.contains("-t x ."), "{script}: {built:?}");
        }
        for script in ["echo docker build -t x .", "command -v docker build", "echo 'a\ndocker build -t x .'"]
        {
            assert!(
                read(script, &Scope::default(), &Home::default())
                    .commands
                    .iter()
                    .all(|one| one.builder().is_none()),
                "{script}"
            );
        }
    }

    #[test]
    fn outputs_and_variables_are_for_later_steps() {
        let ran = read(
            "echo \"version=${GITHUB_REF_NAME#v}\" >> $GITHUB_OUTPUT\necho \"NAME=x\" >> \"$GITHUB_ENV\"\necho ::set-output name=a::b",
            &Scope::default(),
            &Home::default(),
        );
        let show = |of: &[(String, Template)]| {
            of.iter().map(|(name, value)| format!("{name}={}", value.shown())).collect::<Vec<_>>()
        };
        assert_eq!(show(&ran.outputs), ["version={version}", "a=b"]);
        assert_eq!(show(&ran.environment), ["NAME=x"]);
    }
}
