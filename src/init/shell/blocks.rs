//! Loops and conditions of a shell: what a loop runs for each of its words, and what a variable is where it depends on a branch.

use super::super::text::{Piece, Template};
use super::statements::{Statement, Statements};
use super::{MAX_DEPTH, Ran, Script, words};

/// How many words of a loop are tried; with more, they count as unknown.
const MAX_WORDS: usize = 64;

/// How much is known before a branch.
#[derive(Clone, Copy)]
struct Known {
    variables: usize,
    outputs: usize,
    environment: usize,
}

/// What a branch sets.
type Set = Vec<(String, Template)>;

impl Script<'_> {
    /// Reads commands, with the loops and conditions that they are in.
    pub(super) fn blocks(&mut self, statements: &Statements, ran: &mut Ran) {
        self.range(statements, 0, statements.all.len(), 0, ran);
    }

    fn range(&mut self, statements: &Statements, from: usize, to: usize, depth: usize, ran: &mut Ran) {
        let mut at = from;
        while at < to {
            let Statement { text, at: line, is_optional } = &statements.all[at];
            if !self.scope.world.work.spend(1 + text.len() / 16) {
                return;
            }
            let end = statements.ends[at].filter(|end| *end < to && depth < MAX_DEPTH);
            let Some(end) = end else {
                let known = is_optional.then(|| self.known(ran));
                self.statement(text, *line, ran);
                if let Some(known) = known {
                    let set = self.take(known, ran);
                    self.join(vec![set], false, ran);
                }
                at += 1;
                continue;
            };
            match statements.all[at].first() {
                "for" | "select" => self.repeated(statements, at, end, depth + 1, ran),
                "case" => self.cases(statements, at, end, depth + 1, ran),
                _ => self.branches(statements, at, end, depth + 1, ran),
            }
            at = end + 1;
        }
    }

    /// `for NAME in WORDS; do … done`
    fn repeated(&mut self, statements: &Statements, at: usize, end: usize, depth: usize, ran: &mut Ran) {
        let words = words::words(&statements.all[at].text);
        let name = words.get(1).cloned().unwrap_or_default();
        let is_list = words.get(2).is_some_and(|word| word == "in");
        match is_list.then(|| self.values(&words[3..])).flatten() {
            Some(values) => {
                for value in values {
                    self.variables.push((name.clone(), value));
                    self.range(statements, at + 1, end, depth, ran);
                }
            }
            None => {
                let known = self.known(ran);
                self.variables.push((name.clone(), Template::unknown(&format!("${name}"))));
                self.range(statements, at + 1, end, depth, ran);
                let set = self.take(known, ran);
                self.join(vec![set], false, ran);
            }
        }
    }

    /// The words of a loop; none where they are not known.
    fn values(&self, words: &[String]) -> Option<Vec<Template>> {
        let mut values: Vec<Template> = Vec::new();
        for word in words {
            for word in braces(word)? {
                let value = self.expand(&word);
                match value.constant() {
                    // Names of files are not looked up.
                    Some(text) if text.contains(['*', '?', '[']) => return None,
                    Some(text) => values.extend(text.split_whitespace().map(Template::from)),
                    None if value.0.iter().any(|piece| matches!(piece, Piece::Unknown(_))) => return None,
                    None => values.push(value),
                }
            }
        }
        (values.len() <= MAX_WORDS).then_some(values)
    }

    /// `if … then … else … fi` and `while … do … done`
    fn branches(&mut self, statements: &Statements, at: usize, end: usize, depth: usize, ran: &mut Ran) {
        let condition = &statements.all[at];
        self.statement(&condition.text, condition.at, ran);
        let known = self.known(ran);
        let (mut sets, mut has_else, mut from) = (Vec::new(), false, at + 1);
        let mut inner = at + 1;
        while inner < end {
            let first = statements.all[inner].first();
            if first == "else" || first == "elif" {
                has_else |= first == "else";
                self.range(statements, from, inner, depth, ran);
                sets.push(self.take(known, ran));
                from = inner;
                if first == "else" {
                    from += 1;
                }
            }
            inner = statements.ends[inner].filter(|after| *after < end).unwrap_or(inner) + 1;
        }
        self.range(statements, from, end, depth, ran);
        sets.push(self.take(known, ran));
        self.join(sets, has_else, ran);
    }

    /// `case … in PATTERN) … ;; esac`
    fn cases(&mut self, statements: &Statements, at: usize, end: usize, depth: usize, ran: &mut Ran) {
        let known = self.known(ran);
        let (mut sets, mut has_else, mut is_in) = (Vec::new(), false, false);
        let mut inner = at;
        while inner < end {
            let Statement { text, at: line, is_optional: _ } = &statements.all[inner];
            let text =
                if inner == at { text.split_once(" in").map_or("", |(_, rest)| rest.trim()) } else { text };
            if let Some((pattern, command)) = case_of(text) {
                if is_in {
                    sets.push(self.take(known, ran));
                }
                is_in = true;
                has_else |= pattern == "*";
                if !command.is_empty() {
                    self.statement(command, *line, ran);
                }
                inner += 1;
                continue;
            }
            let after =
                statements.ends[inner].filter(|after| *after < end && inner > at).unwrap_or(inner) + 1;
            if inner > at {
                self.range(statements, inner, after, depth, ran);
            }
            inner = after;
        }
        sets.push(self.take(known, ran));
        self.join(sets, has_else, ran);
    }

    fn known(&self, ran: &Ran) -> Known {
        Known {
            variables: self.variables.len(),
            outputs: ran.outputs.len(),
            environment: ran.environment.len(),
        }
    }

    /// Takes out what a branch has set: variables, outputs, and variables for later steps.
    fn take(&mut self, known: Known, ran: &mut Ran) -> [Set; 3] {
        let Known { variables, outputs, environment } = known;
        [
            self.variables.split_off(variables.min(self.variables.len())),
            ran.outputs.split_off(outputs.min(ran.outputs.len())),
            ran.environment.split_off(environment.min(ran.environment.len())),
        ]
    }

    /// What is known behind branches of which one runs, or none unless they are `complete`: what all of them set alike.
    fn join(&mut self, sets: Vec<[Set; 3]>, complete: bool, ran: &mut Ran) {
        let mut kinds: [Vec<Set>; 3] = Default::default();
        for set in sets {
            for (kind, set) in kinds.iter_mut().zip(set) {
                kind.push(set);
            }
        }
        let [variables, outputs, environment] = kinds.map(|sets| joined(&sets, complete));
        self.variables.extend(variables);
        ran.outputs.extend(outputs);
        ran.environment.extend(environment);
    }
}

fn joined(sets: &[Set], complete: bool) -> Set {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in sets.iter().flatten() {
        if names.len() < MAX_WORDS && !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let last = |set: &Set, name: &str| set.iter().rev().find(|(known, _)| known == name).cloned();
    let value = |name: &str| -> Option<Template> {
        let values: Vec<Template> =
            sets.iter().map(|set| last(set, name).map(|(_, value)| value)).collect::<Option<_>>()?;
        let first = values.first()?;
        (complete && values.iter().all(|value| value.shown() == first.shown())).then(|| first.clone())
    };
    let unknown = |name: &str| Template::unknown(&format!("${name}"));
    names.iter().map(|name| ((*name).to_owned(), value(name).unwrap_or_else(|| unknown(name)))).collect()
}

/// The pattern of a case, and what stands behind it on its line.
fn case_of(text: &str) -> Option<(&str, &str)> {
    let (pattern, command) = text.split_once(')')?;
    let pattern = pattern.strip_prefix('(').unwrap_or(pattern).trim();
    let is_pattern = !pattern.contains(['(', '=', '$', '`', ';'])
        && pattern.split('|').all(|one| one.split_whitespace().count() == 1);
    is_pattern.then(|| (pattern, command.trim()))
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
    use super::super::super::scope::Scope;
    use super::super::read;
    use super::*;

    /// What the commands `say` of a script say.
    fn said(script: &str) -> Vec<String> {
        let ran = read(script, &Scope::default());
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
            ("S=\nfor a in x y; do S=\"$S r-$a\"; done\nsay $S", &[" r-x r-y"]),
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
            ("T=1\n[ x ] && T=2\nsay $T", &["$T"]),
            ("T=1\ntest x || T=2\nsay $T", &["$T"]),
            ("cd x && T=2\nsay $T", &["2"]),
        ] {
            assert_eq!(said(script), expected, "{script}");
        }
        let ran = read("if x; then echo t=1 >> $GITHUB_OUTPUT; fi", &Scope::default());
        assert_eq!(ran.outputs.iter().map(|(_, value)| value.shown()).collect::<Vec<_>>(), ["$t"]);
        let set = read(
            "for a in x y; do echo \"TAG_$a=r/$a\" >> $GITHUB_ENV; printf 'N_%s=%s\\n' $a 1 >> \"$GITHUB_ENV\"; done",
            &Scope::default(),
        );
        let set: Vec<String> =
            set.environment.iter().map(|(name, value)| format!("{name}={}", value.shown())).collect();
        assert_eq!(set, ["TAG_x=r/x", "N_x=1", "TAG_y=r/y", "N_y=1"]);
    }
}
