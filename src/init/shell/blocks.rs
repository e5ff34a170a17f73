//! Loops, conditions and functions of a shell: what a loop runs for each of its words, on what a command depends, and what a
//! variable is where it depends on a branch.

use std::rc::Rc;

use super::flow::{Bases, Function, Level};
use super::joins::Set;
use super::lines::Document;
use super::operations::MAX_DEPTH;
use super::sink::sink_of;
use super::statements::{FUNCTION, Statement, Statements};
use super::status::Status;
use super::words::{self, Joint, Word, case_of};
use super::{Ran, Script};
use crate::init::values::folder::Folder;
use crate::init::values::text::{Condition, Template};

/// How many words of a loop are tried; with more, they count as unknown.
const MAX_WORDS: usize = 64;

/// How many functions of a script are known.
const MAX_FUNCTIONS: usize = 256;

impl Script<'_> {
    /// Reads a script, with so many lines above it.
    pub(super) fn run(&mut self, text: &str, above: usize, ran: &mut Ran) {
        let statements = Rc::new(Statements::of(text, above));
        self.range(&statements, 0, statements.all.len(), 0, ran);
    }

    /// Reads what another shell runs: of that, only the commands are seen here.
    pub(super) fn run_apart(&mut self, text: &str, above: usize, ran: &mut Ran) {
        let depth = self.depth.get();
        if depth >= MAX_DEPTH || !self.scope.world.work.spend(1 + text.len() / 16) {
            return;
        }
        self.depth.set(depth + 1);
        let known = self.variables.len();
        let mut inner = Ran::default();
        let (sink, open) = (self.sink.take(), self.open_text.take());
        self.apart(|script| script.run(text, above, &mut inner));
        (self.sink, self.open_text) = (sink, open);
        self.variables.truncate(known);
        self.depth.set(depth);
        ran.commands.extend(inner.commands.into_iter().filter(super::ShellCommand::publishes));
    }

    /// Does what may lead to the same again.
    fn deeper(&mut self, work: impl FnOnce(&mut Self)) {
        let depth = self.depth.get();
        if depth < MAX_DEPTH {
            self.depth.set(depth + 1);
            work(self);
            self.depth.set(depth);
        }
    }

    /// Does what neither ends nor moves the shell around it.
    fn apart<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let (folder, left, bases) = (self.flow.folder.clone(), self.flow.left.len(), self.flow.bases);
        let from = self.flow.around.len();
        self.flow.bases = Bases { shell: from, function: from, turn: from };
        let done = work(self);
        self.flow.left.truncate(left);
        (self.flow.folder, self.flow.bases) = (folder, bases);
        done
    }

    pub(super) fn range(
        &mut self,
        statements: &Rc<Statements>,
        from: usize,
        to: usize,
        depth: usize,
        ran: &mut Ran,
    ) -> Status {
        let mut status = Status::Runs(String::new());
        let (mut at, mut negated, mut line) = (from, None, None);
        while at < to {
            let statement = &statements.all[at];
            if !self.scope.world.work.spend(1 + statement.text.len() / 16) {
                break;
            }
            if self.home.by_line && self.depth.get() == 0 && line.replace(statement.at) != Some(statement.at)
            {
                self.flow.folder = self.home.folder.clone();
            }
            let joint = negated.unwrap_or(statement.joint);
            if statement.text == "!" {
                negated = Some(joint);
                at += 1;
                continue;
            }
            let guard = match joint {
                Joint::Then => Condition::fixed(true),
                Joint::And => status.holds(),
                Joint::Or => status.fails(),
            };
            let (known, folder) = (self.known(ran), self.flow.folder.clone());
            let is_certain = guard.is_certain();
            let is_never = guard.is_never();
            self.flow.around.push(guard.clone());
            let (mut own, after) = if is_never {
                (self.status_of(&statement.text), statements.ends[at].map_or(at + 1, |end| end.min(to) + 1))
            } else {
                self.one(statements, at, to, depth, ran)
            };
            self.flow.around.pop();
            if !is_certain {
                let set = self.take(known, ran);
                self.join(&[(guard, set)], ran);
                let moved = self.flow.folder.clone();
                self.flow.join(&[folder, moved]);
            }
            if negated.take().is_some() {
                own = own.not();
            }
            status = status.join(joint, own);
            at = after;
        }
        status
    }

    /// Reads the statement at a place, with what it begins; answers with where the next one is.
    fn one(
        &mut self,
        statements: &Rc<Statements>,
        at: usize,
        to: usize,
        depth: usize,
        ran: &mut Ran,
    ) -> (Status, usize) {
        let statement = &statements.all[at];
        if let Some(name) = statement.text.strip_prefix(FUNCTION).and_then(|rest| rest.strip_prefix(' ')) {
            let body = at + 1;
            let begins = statements.all.get(body).is_some_and(|one| matches!(one.first(), "{" | "("));
            if let Some(end) = statements.ends.get(body).copied().flatten().filter(|end| begins && *end < to)
            {
                if self.functions.len() < MAX_FUNCTIONS {
                    self.functions.push(Function {
                        name: name.to_owned(),
                        statements: Rc::clone(statements),
                        from: body + 1,
                        to: end,
                        is_called: false,
                        file: self.file.clone(),
                    });
                }
                return (Status::Runs(String::new()), end + 1);
            }
            return (Status::Runs(String::new()), at + 1);
        }
        let end = statements.ends[at].filter(|end| *end < to && depth < MAX_DEPTH);
        let Some(end) = end else {
            let status = self.simple(statement, ran);
            return (status, at + 1);
        };
        let sink = self.sink;
        self.sink = sink_of(&statements.all[end].text).or(sink);
        let status = match statement.first() {
            "for" | "select" => {
                self.repeated(statements, at, end, depth + 1, ran);
                Status::Runs("the loop".to_owned())
            }
            "while" | "until" => {
                self.turns(statements, at, end, depth + 1, ran);
                Status::Runs("the loop".to_owned())
            }
            "case" => {
                self.cases(statements, at, end, depth + 1, ran);
                Status::Runs("case".to_owned())
            }
            "{" => self.range(statements, at + 1, end, depth + 1, ran),
            "(" => {
                let known = self.known(ran);
                let status = self.apart(|script| script.range(statements, at + 1, end, depth + 1, ran));
                let [variables, ..] = self.take(known, ran);
                drop(variables);
                status
            }
            _ => {
                self.branches(statements, at, end, depth + 1, ran);
                Status::Runs("if".to_owned())
            }
        };
        self.sink = sink;
        (status, end + 1)
    }

    /// A command that begins nothing.
    fn simple(&mut self, statement: &Statement, ran: &mut Ran) -> Status {
        let status = self.status_of(&statement.text);
        let all = self.called(words::quoted(&statement.text));
        let is_before = |word: &&Word| {
            matches!(word.text.as_str(), "sudo" | "time" | "command" | "builtin" | "then" | "do" | "else")
        };
        let words: Vec<&str> = all.iter().skip_while(is_before).map(|word| word.text.as_str()).collect();
        let path = |script: &Self, rest: &[&str]| {
            let path = rest.iter().find(|word| **word == "-" || !word.starts_with(['-', '>']))?;
            Some(script.expand(path))
        };
        match words.as_slice() {
            ["exit", rest @ ..] => {
                let fails = rest.first().is_some_and(|code| *code != "0");
                self.flow.leave(Level::Shell, fails);
                return status;
            }
            ["return", rest @ ..] => {
                let fails = rest.first().is_some_and(|code| *code != "0");
                self.flow.leave(Level::Function, fails);
                return status;
            }
            ["break", ..] => {
                self.flow.leave(Level::Loop, false);
                return status;
            }
            ["continue", ..] => {
                self.flow.leave(Level::Turn, false);
                return status;
            }
            ["cd", rest @ ..] => {
                let path = path(self, rest);
                self.flow.go_to(path.as_ref());
                return status;
            }
            ["pushd", rest @ ..] => {
                let path = path(self, rest);
                self.flow.push(path.as_ref());
                return status;
            }
            ["popd", ..] => {
                self.flow.pop();
                return status;
            }
            [name, rest @ ..] => {
                if let Some(at) = self.functions.iter().rposition(|function| function.name == *name) {
                    let arguments = self.fields(&all[all.len() - rest.len()..]);
                    self.call(at, Some(&arguments), ran);
                    return status;
                }
            }
            [] => {}
        }
        if self.home.by_line
            && let Some(made) = self.made_commands(&statement.text)
        {
            if self.home.running.len() < MAX_DEPTH && self.scope.world.work.spend(8 + made.len() / 16) {
                let mut inner = Ran::default();
                self.deeper(|script| script.run(&made, statement.at, &mut inner));
                // All of it is made on one line.
                let at_line =
                    inner.commands.into_iter().map(|one| super::ShellCommand { line: statement.at, ..one });
                ran.commands.extend(at_line);
            }
            return status;
        }
        self.leaf(statement, ran);
        let is_script = !statement.documents.is_empty() && words::reads_script(&statement.text);
        for Document { text, at, is_expanded } in &statement.documents {
            if is_script {
                self.run_apart(text, *at, ran);
                continue;
            }
            if let (Some(sink), "cat" | "tee") = (sink_of(&statement.text).or(self.sink), statement.first()) {
                for line in text.lines() {
                    let said = if *is_expanded { self.expand(line) } else { Template::from(line) };
                    self.says(sink, said, ran);
                }
            }
            self.write(&statement.text, text, *is_expanded, *at);
            if *is_expanded {
                for (inner, above) in words::substitutions_in_text(text) {
                    self.run_apart(inner, at + above, ran);
                }
            }
        }
        status
    }

    /// A command that runs nothing of the script itself. What it sets is not there where the script has ended before.
    fn leaf(&mut self, statement: &Statement, ran: &mut Ran) {
        let [inner, whole] = [false, true].map(|of_shell| self.flow.gone(of_shell));
        if inner.is_certain() && whole.is_certain() {
            self.statement(&statement.text, statement.at, ran);
            return;
        }
        let known = self.known(ran);
        self.statement(&statement.text, statement.at, ran);
        let [variables, outputs, environment] = self.take(known, ran);
        self.join(&[(inner, [variables, Set::new(), Set::new()])], ran);
        self.join(&[(whole, [Set::new(), outputs, environment])], ran);
    }

    /// `for NAME in WORDS; do … done`
    fn repeated(&mut self, statements: &Rc<Statements>, at: usize, end: usize, depth: usize, ran: &mut Ran) {
        let words = words::quoted(&statements.all[at].text);
        let name = words.get(1).map(|word| word.text.clone()).unwrap_or_default();
        let arguments = [Word { text: "$@".to_owned(), is_quoted: true }];
        // Without words, it is for the arguments.
        let list = match words.get(2) {
            None => Some(&arguments[..]),
            Some(word) => (word.text == "in").then(|| &words[3..]),
        };
        let bases = self.flow.bases;
        let left = self.flow.left.len();
        self.flow.bases.turn = self.flow.around.len();
        match list.and_then(|list| self.values(list)) {
            Some(values) => {
                for value in values {
                    self.variables.push((name.clone(), value));
                    let turn = self.flow.left.len();
                    self.range(statements, at + 1, end, depth, ran);
                    self.flow.back(turn, &[Level::Turn]);
                }
            }
            None => {
                // What counts its turns has some.
                let counts = words.get(3).map(|word| word.text.as_str()).is_some_and(|word| {
                    word.starts_with('{') && word.contains("..") || word.starts_with("$(seq ")
                });
                let guard = if counts {
                    Condition::fixed(true)
                } else {
                    Condition::open(&self.unmarked(&statements.all[at].text))
                };
                self.open_turns(
                    name,
                    guard,
                    |script, ran| {
                        script.range(statements, at + 1, end, depth, ran);
                    },
                    ran,
                );
            }
        }
        self.flow.bases = bases;
        self.flow.back(left, &[Level::Turn, Level::Loop]);
    }

    /// `while … do … done`
    fn turns(&mut self, statements: &Rc<Statements>, at: usize, end: usize, depth: usize, ran: &mut Ran) {
        let begin = self.word(statements, at + 1, end, "do").unwrap_or(at + 1);
        let status = self.range(statements, at + 1, begin, depth, ran);
        let status = if statements.all[at].text == "until" { status.not() } else { status };
        let guard = match status.succeeds() {
            condition if condition.is_certain() => condition,
            condition => Condition::open(&condition.written),
        };
        let bases = self.flow.bases;
        let left = self.flow.left.len();
        self.flow.bases.turn = self.flow.around.len();
        self.open_turns(
            String::new(),
            guard,
            |script, ran| {
                script.range(statements, begin, end, depth, ran);
            },
            ran,
        );
        self.flow.bases = bases;
        self.flow.back(left, &[Level::Turn, Level::Loop]);
    }

    /// Turns of which the number is not known, nor what a variable is in them.
    fn open_turns(
        &mut self,
        name: String,
        guard: Condition,
        work: impl FnOnce(&mut Self, &mut Ran),
        ran: &mut Ran,
    ) {
        let (known, folder) = (self.known(ran), self.flow.folder.clone());
        self.flow.around.push(guard);
        if !name.is_empty() {
            let value = Template::unknown(&format!("${name}"));
            self.variables.push((name, value));
        }
        work(self, ran);
        self.flow.around.pop();
        let set = self.take(known, ran);
        self.join(&[(Condition::open("the turns of a loop"), set)], ran);
        let moved = self.flow.folder.clone();
        self.flow.join(&[folder, moved]);
    }

    /// Where a word is that belongs to what is around it.
    fn word(&self, statements: &Statements, from: usize, to: usize, word: &str) -> Option<usize> {
        let mut at = from;
        while at < to && self.scope.world.work.spend(1) {
            if statements.all[at].text == word {
                return Some(at);
            }
            at = statements.ends[at].filter(|end| *end < to).unwrap_or(at) + 1;
        }
        None
    }

    /// The words of a loop; none where they are not known.
    fn values(&self, words: &[Word]) -> Option<Vec<Template>> {
        let mut values: Vec<Template> = Vec::new();
        for word in words {
            for text in braces(&word.text)? {
                for value in self.fields(&[Word { text, is_quoted: word.is_quoted }]) {
                    match value.constant() {
                        // Names of files are not looked up.
                        Some(text) if text.contains(['*', '?', '[']) => return None,
                        None if !value.unknown_parts().is_empty() => return None,
                        _ => values.push(value),
                    }
                }
            }
        }
        (values.len() <= MAX_WORDS).then_some(values)
    }

    /// `if … then … else … fi`, and `ifeq … else … endif` of make.
    fn branches(&mut self, statements: &Rc<Statements>, at: usize, end: usize, depth: usize, ran: &mut Ran) {
        let around = self.flow.around.len();
        let folder = self.flow.folder.clone();
        let (mut sets, mut folders, mut has_else) = (Vec::new(), Vec::new(), false);
        let mut from = at;
        loop {
            let next =
                ["else", "elif"].iter().filter_map(|word| self.word(statements, from + 1, end, word)).min();
            let to = next.unwrap_or(end);
            let word = &statements.all[from];
            let (condition, body) = if word.text == "else" {
                has_else = true;
                // `else ifeq …` of make.
                (Condition::fixed(true), from + 1)
            } else if matches!(word.text.as_str(), "if" | "elif") {
                let then = self.word(statements, from + 1, to, "then").unwrap_or(from + 1);
                let status = self.range(statements, from + 1, then, depth, ran);
                let otherwise = status.fails();
                let condition = status.succeeds();
                self.branch(&condition, statements, then, to, depth, ran, &mut sets, &mut folders, &folder);
                self.flow.around.push(otherwise);
                match next {
                    Some(next) => from = next,
                    None => break,
                }
                continue;
            } else {
                let condition = Condition::open(&self.unmarked(&word.text));
                (condition, from + 1)
            };
            self.branch(&condition, statements, body, to, depth, ran, &mut sets, &mut folders, &folder);
            if !condition.is_certain() {
                self.flow.around.push(condition.not());
            }
            match next {
                Some(next) => from = next,
                None => break,
            }
        }
        self.flow.around.truncate(around);
        self.join(&sets, ran);
        if !has_else {
            folders.push(folder);
        }
        self.flow.join(&folders);
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a branch has what is around it, and what it leaves behind"
    )]
    fn branch(
        &mut self,
        condition: &Condition,
        statements: &Rc<Statements>,
        from: usize,
        to: usize,
        depth: usize,
        ran: &mut Ran,
        sets: &mut Vec<(Condition, [Set; 3])>,
        folders: &mut Vec<Folder>,
        folder: &Folder,
    ) {
        let known = self.known(ran);
        self.flow.folder = folder.clone();
        if !condition.is_never() {
            self.flow.around.push(condition.clone());
            self.range(statements, from, to, depth, ran);
            self.flow.around.pop();
        }
        sets.push((condition.clone(), self.take(known, ran)));
        folders.push(self.flow.folder.clone());
    }

    /// `case … in PATTERN) … ;; esac`
    fn cases(&mut self, statements: &Rc<Statements>, at: usize, end: usize, depth: usize, ran: &mut Ran) {
        let text = &statements.all[at].text;
        let subject = words::words(text).get(1).cloned().unwrap_or_default();
        let around = self.flow.around.len();
        let folder = self.flow.folder.clone();
        let (mut sets, mut folders, mut has_else) = (Vec::new(), Vec::new(), false);
        let pattern = |at: usize| {
            let (pattern, rest) = case_of(&statements.all[at].text)?;
            rest.is_empty().then(|| pattern.to_owned())
        };
        let next_of = |from: usize| {
            let mut inner = from;
            while inner < end && pattern(inner).is_none() {
                inner = statements.ends[inner].filter(|after| *after < end).unwrap_or(inner) + 1;
            }
            inner.min(end)
        };
        let mut from = next_of(at + 1);
        while from < end {
            let to = next_of(from + 1);
            let written = pattern(from).unwrap_or_default();
            has_else |= written == "*";
            let condition =
                if written == "*" { Condition::fixed(true) } else { self.in_case(&subject, &written) };
            self.branch(&condition, statements, from + 1, to, depth, ran, &mut sets, &mut folders, &folder);
            self.flow.around.push(condition.not());
            from = to;
        }
        self.flow.around.truncate(around);
        self.join(&sets, ran);
        if !has_else {
            folders.push(folder);
        }
        self.flow.join(&folders);
    }
}

/// `a` and `b` of `{a,b}`; none for a range.
fn braces(word: &str) -> Option<Vec<String>> {
    let Some((before, rest)) = word.split_once('{').filter(|(before, _)| !before.ends_with('$')) else {
        return Some(vec![word.to_owned()]);
    };
    let (list, after) = rest.split_once('}')?;
    let is_list = list.contains(',') && !after.contains('{') && !list.contains('{');
    is_list.then(|| list.split(',').map(|one| format!("{before}{one}{after}")).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{Home, read};
    use super::*;
    use crate::init::values::scope::Scope;

    /// What the commands `say` of a script say.
    fn said(script: &str) -> Vec<String> {
        let ran = read(script, &Scope::default(), &Home::default());
        let of = ran.commands.iter().filter(|one| one.words[0].constant().as_deref() == Some("say"));
        of.map(|one| one.words[1..].iter().map(Template::shown).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn a_loop_runs_for_each_of_its_words() {
        for (script, expected) in [
            ("for a in x y; do say $a; done", &["x", "y"][..]),
            ("for a in x y\ndo\n  say $a-1\ndone\nsay $a", &["x-1", "y-1", "y"]),
            (
                "L='x y'\nfor a in $L z; do for b in 1 2; do say $a$b; done; done",
                &["x1", "x2", "y1", "y2", "z1", "z2"],
            ),
            ("for a in {x,y}z; do say $a; done", &["xz", "yz"]),
            ("L=(x y)\nfor a in \"${L[@]}\"; do say \"$a\"; done", &["x", "y"]),
            ("S=\nfor a in x y; do S=\"$S r-$a\"; done\nsay $S", &["r-x r-y"]),
            ("L = x y\n\tfor a in $(L); do say $$a; done", &["x", "y"]),
            ("for a in \"v${GITHUB_REF_NAME#v}\"; do say $a; done", &["v{version}"]),
            // What is not known stays open, and hides what was there before.
            ("a=1\nfor a in *.txt; do say $a; done", &["$a"]),
            ("for a in $(ls) x; do say $a; done", &["$a"]),
            ("for a in {1..3}; do say $a; done", &["$a"]),
            ("T=1\nfor a in $(ls); do T=$a; done\nsay $T", &["$T"]),
            ("T=1\nwhile read -r T; do say $T; T=2; done < x\nsay $T", &["1", "$T"]),
            // What has no end is read all the same.
            ("for a in x y; do\nsay 1", &["1"]),
            ("say 1\ndone\nsay 2", &["1", "2"]),
        ] {
            assert_eq!(said(script), expected, "{script}");
        }
        let long: Vec<String> = (0..=MAX_WORDS).map(|number| number.to_string()).collect();
        assert_eq!(said(&format!("for a in {}; do say $a; done", long.join(" "))), ["$a"]);
        let nested = "for a in 1 2 3 4 5 6 7 8; do ".repeat(30) + "say $a" + &"; done".repeat(30);
        let _ = said(&nested);
        let _ = said(&"if x; then ".repeat(20_000));
    }

    #[test]
    fn what_a_branch_sets_is_not_known_behind_it() {
        for (script, expected) in [
            ("T=1\nif x; then T=2; say $T; fi\nsay $T", &["2", "$T"][..]),
            ("if x; then T=2; else T=2; fi\nsay $T", &["2"]),
            ("if x; then T=2\nelif y; then T=2\nfi\nsay $T", &["$T"]),
            ("if x; then\n  if y; then T=1; else T=2; fi\nelse T=3\nfi\nsay $T", &["$T"]),
            ("T=1\nif x; then say $T; else T=3; say $T; fi", &["1", "3"]),
            ("T=1\ncase $x in\n  a|b) T=2 ;;\n  *)\n    T=3\n    ;;\nesac\nsay $T", &["$T"]),
            ("case $x in a) T=2;; *) T=2;; esac\nsay $T", &["2"]),
            ("case $x in a) say 1;; b) say 2;; esac", &["1", "2"]),
            // Whether the second command runs depends on the first.
            ("T=1\n[ -f x ] && T=2\nsay $T", &["$T"]),
            ("T=1\ntest -f x || T=2\nsay $T", &["$T"]),
            ("cd x && T=2\nsay $T", &["2"]),
        ] {
            assert_eq!(said(script), expected, "{script}");
        }
        let ran = read("if x; then echo t=1 >> $GITHUB_OUTPUT; fi", &Scope::default(), &Home::default());
        assert_eq!(ran.outputs.iter().map(|(_, value)| value.shown()).collect::<Vec<_>>(), ["$t"]);
        let set = read(
            "for a in x y; do echo \"TAG_$a=r/$a\" >> $GITHUB_ENV; printf 'N_%s=%s\\n' $a 1 >> \"$GITHUB_ENV\"; done",
            &Scope::default(),
            &Home::default(),
        );
        let set: Vec<String> =
            set.environment.iter().map(|(name, value)| format!("{name}={}", value.shown())).collect();
        assert_eq!(set, ["TAG_x=r/x", "N_x=1", "TAG_y=r/y", "N_y=1"]);
    }
}
