//! Lines of shell, as far as it takes to find the commands that make images and tags.

pub(in crate::init) mod foreign;
mod lines;
mod sink;
mod words;

mod operations;
mod wrappers;

mod lists;

mod queried;

mod expansion;

mod guards;

mod statements;

mod flow;

mod status;

mod emitted;

mod joins;

mod blocks;
mod calls;
mod said;

mod lost;

mod justfile;
mod run;

mod just_values;
mod taskfile;

mod just;
mod make;
mod task;

mod command_line;

mod package;

mod runners;

mod files;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::init::values::folder::{Folder, TOP};
use crate::init::values::scope::Scope;
use crate::init::values::text::{Condition, MAX_TEXT, Piece, Template, is_name};
use crate::init::values::written::WrittenFile;
use flow::{Flow, Function};
pub(crate) use lost::Lost;
use run::{Recipes, Run, Tasks};
use sink::{OpenText, Sink};
pub(super) use words::{BEFORE_COMMANDS, assignment, commands, stages, words as words_of};
use words::{KEYWORDS, Word, array, is_assigned, is_of_make, quoted, substitutions};
use wrappers::{BUILDERS, Change, Unwrapped, unwrapped};

/// How long a script is read, in bytes.
const MAX_SCRIPT: usize = 256 * 1024;

/// What runs a script that it is given as a word behind `-c`.
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "zsh", "su", "runuser", "sg"];

/// What only shows or looks for a command.
const SHOWING: [&str; 4] = ["echo", "printf", "which", "type"];

/// The variable with the folder of an action.
pub(super) const ACTION: &str = "GITHUB_ACTION_PATH";

/// Around the number of an expression of GitHub's that stands in a script.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// A command in a script.
#[derive(Clone, Debug)]
pub(crate) struct ShellCommand {
    /// Its words, without what runs it: `sudo -E`, `timeout 600`.
    pub words: Vec<Template>,
    /// The file that it is in, if that is not the one of the script.
    pub file: Option<Rc<str>>,
    /// How many lines are above it there.
    pub line: usize,
    /// On what it depends that it runs.
    pub guards: Vec<Condition>,
    /// The folder that it runs in.
    pub folder: Folder,
    /// What the script sets for it, or takes away.
    environment: Vec<Change>,
    /// Whether what is set outside of the script is there for it.
    inherits: bool,
    /// Whether it gets words from its input.
    pub is_given: bool,
    /// What it runs, where that was not found.
    pub lost: Option<Lost>,
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
    /// The files that led to it.
    pub running: Vec<Rc<str>>,
}

impl ShellCommand {
    /// The value of a variable that is set for it.
    pub(crate) fn variable(&self, name: &str, scope: &Scope) -> Option<Template> {
        if let Some((_, value)) = self.environment.iter().rev().find(|(known, _)| known == name) {
            return value.clone();
        }
        let value = self.inherits.then(|| scope.variable(name, None, 0)).flatten()?;
        Some(value.into_text())
    }

    /// All that is set for it.
    pub(crate) fn variables(&self, scope: &Scope) -> Vec<(String, Template)> {
        let written = scope.env.iter().map(|(name, written)| (name.clone(), scope.template(written)));
        let outside: Vec<(String, Template)> = written.chain(scope.set.iter().cloned()).collect();
        let mut all = if self.inherits { outside } else { Vec::new() };
        for (name, value) in &self.environment {
            all.retain(|(known, _)| known != name);
            all.extend(value.clone().map(|value| (name.clone(), value)));
        }
        all
    }

    /// From the program on that makes images: what runs it may stand before it.
    pub(crate) fn builder(&self) -> Option<&[Template]> {
        let word = |word: &Template| word.constant().unwrap_or_default();
        let is_at_path = |one: &Template| {
            let text = word(one);
            text.starts_with(['/', '.'])
                && text.rsplit('/').next().is_some_and(|name| BUILDERS.contains(&name))
        };
        let first = self.words.first().filter(|one| is_at_path(one)).map(|_| 0);
        let at =
            first.or_else(|| self.words.iter().position(|one| BUILDERS.contains(&word(one).as_str())))?;
        let before: Vec<String> = self.words[..at].iter().map(word).collect();
        let is_shown = before.iter().any(|one| SHOWING.contains(&one.as_str()));
        // `command -v docker` looks for it, and `command docker` runs it.
        let is_looked_for =
            before.windows(2).any(|two| two[0] == "command" && two[1].starts_with('-') && two[1] != "-p");
        (!is_shown && !is_looked_for).then_some(&self.words[at..])
    }

    /// Whether it has to do with images.
    fn publishes(&self) -> bool {
        self.lost.is_some() || self.builder().is_some() || self.foreign().is_some()
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
    /// The expressions of the text, each with how it is written.
    expressions: Vec<(Template, String)>,
    variables: Vec<(String, Template)>,
    /// The variables that its commands get.
    exported: BTreeSet<String>,
    /// Whether they get all.
    exports_all: bool,
    /// The variables of make that its command line sets.
    fixed: BTreeSet<String>,
    /// The texts that make calls by name.
    defined: Vec<(String, String)>,
    /// The file that is read, if it is not the one of the script.
    file: Option<Rc<str>>,
    depth: Cell<usize>,
    /// The files that it has written.
    files: Vec<WrittenFile>,
    home: Home,
    flow: Flow,
    functions: Vec<Function>,
    /// Where what is printed goes.
    sink: Option<Sink>,
    /// A value for later steps that has not ended.
    open_text: Option<OpenText>,
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
    /// The files that it writes for them.
    pub files: Vec<WrittenFile>,
}

/// Reads a script of a step, or a file with commands of a shell or of make.
pub(crate) fn read(text: &str, scope: &Scope, home: &Home) -> Ran {
    let mut script = Script::new(scope, home);
    let text = script.with_marks(text);
    let mut ran = Ran::default();
    script.run(&text, 0, &mut ran);
    script.run_uncalled(&mut ran);
    ran.files = script.files;
    ran
}

/// Whether a file has parts that are run by their names: targets, recipes, tasks.
pub(crate) fn has_parts(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    ["makefile", ".mk", "justfile", ".just", ".yml", ".yaml"].iter().any(|end| name.ends_with(end))
}

/// Reads all that such a file may do.
pub(crate) fn read_parts(path: &Rc<str>, text: &str, scope: &Scope, home: &Home) -> Ran {
    let mut script = Script::new(scope, home);
    let mut ran = Ran::default();
    let lower = path.to_ascii_lowercase();
    if lower.ends_with("justfile") || lower.ends_with(".just") {
        script.just(text, &Recipes { recipes: None, set: Vec::new() }, &mut ran);
    } else if lower.ends_with(".yml") || lower.ends_with(".yaml") {
        let all = Tasks { tasks: None, set: Vec::new(), rest: Vec::new() };
        script.tasks(path, text, &all, &mut ran);
    } else {
        script.make(text, None, &mut ran);
    }
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
            variables: Vec::new(),
            exported: BTreeSet::new(),
            exports_all: false,
            fixed: BTreeSet::new(),
            defined: Vec::new(),
            file: None,
            depth: Cell::new(0),
            files: Vec::new(),
            home: home.clone(),
            flow: Flow::new(&home.folder),
            functions: Vec::new(),
            sink: None,
            open_text: None,
        }
    }
}

impl Script<'_> {
    /// The text with a mark for each expression.
    fn with_marks(&mut self, text: &str) -> String {
        let end = (0..=text.len().min(MAX_SCRIPT)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let mut marked = String::new();
        for part in crate::init::values::expression::parts(&text[..end]) {
            match part {
                Ok(text) => marked.push_str(text),
                Err(written) => {
                    let written = written.trim();
                    let value = match written {
                        "github.workspace" => Template::from(TOP.to_string().as_str()),
                        "github.action_path" => {
                            self.variable(ACTION).unwrap_or_else(|| Template::unknown(written))
                        }
                        _ => self.scope.template(&format!("${{{{ {written} }}}}")),
                    };
                    self.expressions.push((value, written.to_owned()));
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
        if let Some((name, list, is_more)) = array(part) {
            self.set_list(name, &list, is_more);
            return;
        }
        // `export NAME := VALUE` of make.
        if let Some(rest) = ["export ", "override "].iter().find_map(|word| part.strip_prefix(word))
            && is_of_make(rest.trim_start())
        {
            self.statement(rest.trim_start(), at, ran);
            return;
        }
        if is_of_make(part) {
            let (name, value) = part.split_once('=').unwrap_or_default();
            let bare = name.trim_end_matches(['?', ':', '+', ' ']);
            // What the command line or the environment says counts more.
            if self.fixed.contains(bare)
                || name.trim_end().ends_with('?') && self.scope.variable(bare, None, 0).is_some()
            {
                return;
            }
            if let Some(name) = name.trim_end().strip_suffix('+') {
                self.append(name.trim(), " ", value.trim());
                return;
            }
            let value = self.expand(value.trim());
            self.variables.push((bare.to_owned(), value));
            return;
        }
        let mut words = quoted(part);
        while words.first().is_some_and(|word| KEYWORDS.contains(&word.text.as_str())) {
            words.remove(0);
        }
        if self.assigns(&words) || self.declares(&words) {
            return;
        }
        let texts: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
        self.sets(&texts, ran);
        if self.sink == Some(Sink::Value) {
            self.prints(part, ran);
        }
        let wrapping = self.wrapping(&words);
        let remote =
            (wrapping.is_remote && wrapping.at < texts.len()).then(|| texts[wrapping.at..].join(" "));
        if let Some(inner) = remote.or_else(|| script_of(&texts)) {
            let is_login = |word: &String| matches!(word.as_str(), "-" | "-l" | "--login");
            let folder =
                if texts.iter().any(|word| word == "su" || word == "runuser") && texts.iter().any(is_login) {
                    Folder::Unknown("~".to_owned())
                } else {
                    wrapping.folder
                };
            let before = std::mem::replace(&mut self.flow.folder, folder);
            let known = self.variables.len();
            self.variables.extend(
                wrapping.environment.into_iter().map(|(name, value)| (name, value.unwrap_or_default())),
            );
            self.run_apart(&inner, at, ran);
            self.variables.truncate(known);
            self.flow.folder = before;
            return;
        }
        let stages = stages(part);
        let stages =
            if stages.len() < 2 { vec![words] } else { stages.iter().map(|stage| quoted(stage)).collect() };
        for words in stages {
            let words = self.fields(&words);
            if words.is_empty() {
                continue;
            }
            let wrapping = unwrapped(&words, &self.flow.folder);
            match self.run_of(&words[wrapping.at..], &wrapping.folder) {
                Some(Run::Files(files)) => {
                    files.into_iter().for_each(|file| self.run_file(file, &wrapping, at, ran));
                }
                Some(Run::Lost(lost)) => self.lose(lost, at, ran),
                None => self.emit(words, wrapping, at, ran),
            }
        }
    }

    /// What runs a command, and where.
    fn wrapping(&self, words: &[Word]) -> Unwrapped {
        unwrapped(&self.fields(words), &self.flow.folder)
    }

    /// Sets variables, where words do nothing else.
    fn assigns(&mut self, words: &[Word]) -> bool {
        let is_assignment = |word: &Word| {
            let name = word.text.split_once('=').map(|(name, _)| name.strip_suffix('+').unwrap_or(name));
            name.is_some_and(|name| is_assigned(name.split('[').next().unwrap_or_default()))
        };
        if words.is_empty() || !words.iter().all(is_assignment) {
            return false;
        }
        for word in words {
            self.assign(&word.text);
        }
        true
    }

    /// `NAME=VALUE`, `NAME+=VALUE`, `NAME[0]=VALUE`
    fn assign(&mut self, text: &str) {
        let Some((name, value)) = text.split_once('=') else { return };
        if let Some(name) = name.strip_suffix('+').filter(|name| is_name(name)) {
            self.append(name, "", value);
        } else if let Some((name, _)) = name.split_once('[') {
            self.variables.push((name.to_owned(), Template::unknown(&format!("${name}"))));
        } else {
            let value = self.expand(value);
            self.variables.push((name.to_owned(), value));
        }
    }

    /// `export NAME=VALUE NAME`, `local`, `declare`, `set -a`, `unset`
    fn declares(&mut self, words: &[Word]) -> bool {
        let Some((first, rest)) = words.split_first() else { return false };
        let is_option = |word: &&Word| word.text.starts_with(['-', '+']);
        match first.text.as_str() {
            "export" | "local" | "readonly" | "declare" | "typeset" => {
                let mut options = rest.iter().filter(is_option);
                let exports = first.text == "export" || options.any(|option| option.text.contains('x'));
                for word in rest.iter().filter(|word| !is_option(word)) {
                    let name = word.text.split(['=', '+']).next().unwrap_or_default();
                    if exports {
                        self.exported.insert(name.to_owned());
                    }
                    if word.text.contains('=') && is_assigned(name) {
                        self.assign(&word.text);
                    }
                }
                true
            }
            "unset" => {
                for word in rest.iter().filter(|word| !is_option(word)) {
                    self.exported.insert(word.text.clone());
                    self.variables.push((word.text.clone(), Template::default()));
                }
                true
            }
            "set" => {
                self.exports_all |=
                    rest.iter().any(|word| word.text.starts_with('-') && word.text.contains('a'))
                        || rest.iter().any(|word| word.text == "allexport");
                if let Some(at) = rest.iter().position(|word| word.text == "--") {
                    let arguments = self.fields(&rest[at + 1..]);
                    self.set_arguments(Some(&arguments));
                }
                true
            }
            "shift" => {
                self.shift(rest.first().map_or(Some(1), |count| count.text.parse().ok()));
                true
            }
            _ => false,
        }
    }

    /// `NAME+=VALUE`, of a shell or of make.
    fn append(&mut self, name: &str, gap: &str, value: &str) {
        let mut whole = self.variable(name).unwrap_or_else(|| Template::unknown(&format!("${name}")));
        whole.push(Piece::Text(gap.to_owned()));
        whole.extend(self.expand(value));
        self.variables.push((name.to_owned(), whole));
    }

    /// A value as a part of a text: a mark stands for what is not the same in every run.
    fn marked(&mut self, value: Template) -> String {
        if let Some(text) = value.constant() {
            return text;
        }
        let written = value.shown();
        self.expressions.push((value, written));
        [OPEN.to_string(), (self.expressions.len() - 1).to_string(), CLOSE.to_string()].concat()
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
            let of = |(value, written): &(Template, String)| match value.choice() {
                Some(_) => written.clone(),
                None => value.shown(),
            };
            shown.push_str(&known.map(of).unwrap_or_default());
            rest = behind;
        }
        shown + rest
    }

    /// The variables that the commands of the script get from it.
    fn environment(&self) -> Vec<Change> {
        let is_outside = |name: &str| {
            let is_it = |known: &String| known == name;
            self.scope.env.iter().any(|(known, _)| is_it(known))
                || self.scope.set.iter().any(|(known, _)| is_it(known))
        };
        let is_exported = |(name, _): &&(String, Template)| {
            is_name(name) && (self.exports_all || self.exported.contains(name) || is_outside(name))
        };
        self.scope.world.work.spend(self.variables.len() / 4);
        let exported = self.variables.iter().filter(is_exported);
        exported.map(|(name, value)| (name.clone(), Some(value.clone()))).collect()
    }
}

/// What another shell is given to run: `bash -ec '…'`, `eval "…"`.
fn script_of(words: &[String]) -> Option<String> {
    if words.first().is_some_and(|word| word == "eval") {
        return Some(words[1..].join(" "));
    }
    if let Some(split) = split_string(words) {
        return Some(split);
    }
    let is_option = |word: &str| word.starts_with('-') && !word.starts_with("--");
    let shell = words.iter().position(|word| SHELLS.contains(&word.as_str()))?;
    let mut rest = words[shell + 1..].iter().skip_while(|word| !is_option(word) || !word.ends_with('c'));
    rest.nth(1).cloned()
}

/// What `env -S '…'` makes words of, with those behind it.
fn split_string(words: &[String]) -> Option<String> {
    let env = words.iter().position(|word| word.rsplit('/').next() == Some("env"))?;
    let mut rest = words[env + 1..].iter();
    while let Some(word) = rest.next() {
        let is_short = word.starts_with('-') && !word.starts_with("--");
        let value = if let Some(value) = word.strip_prefix("--split-string=") {
            Some(value.to_owned())
        } else if word == "--split-string" {
            rest.next().cloned()
        } else if let Some((_, value)) = word
            .split_once('S')
            .filter(|(before, _)| is_short && before.chars().skip(1).all(|c| "iv0".contains(c)))
        {
            if value.is_empty() { rest.next().cloned() } else { Some(value.to_owned()) }
        } else {
            None
        };
        if let Some(value) = value {
            let quote = |word: &String| {
                if word.contains(char::is_whitespace) { format!("'{word}'") } else { word.clone() }
            };
            return Some(std::iter::once(value).chain(rest.map(quote)).collect::<Vec<_>>().join(" "));
        }
        match word.as_str() {
            "-u" | "--unset" | "-C" | "--chdir" | "-a" | "--argv0" => drop(rest.next()),
            _ if is_short || word.starts_with("--") || assignment(word).is_some() => {}
            _ => return None,
        }
    }
    None
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
            ("time (docker build -t x .)", 0),
            ("time { docker build -t x .; }", 0),
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
