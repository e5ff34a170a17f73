//! Makefiles: their variables, and the recipes of the targets that are asked for, with `$@` and `$*`.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::lost::Lost;
use super::operations::all_replaced;
use super::words::is_of_make;
use super::{Ran, Script};
use crate::init::values::folder::Folder;
use crate::init::values::text::{Piece, Template, is_name};

/// How many recipes of a Makefile are read.
const MAX_RECIPES: usize = 500;

/// How many names a function may make.
const MAX_NAMES: usize = 256;

/// How many lines a file may include others.
const MAX_INCLUDES: usize = 20;

/// A rule.
#[derive(Clone, Debug)]
struct Rule {
    file: Option<Rc<str>>,
    /// Its targets and what they need, as they are written.
    targets: String,
    needs: String,
    /// Its recipe, with the conditions around it.
    recipe: String,
    /// How many lines are above that.
    above: usize,
    /// `NAME=VALUE` for its targets.
    variables: Vec<String>,
}

/// What is in a Makefile.
#[derive(Debug, Default)]
struct Makefile {
    rules: Vec<Rule>,
    /// The lines that are in no rule, with as many lines as the file.
    variables: Vec<(Option<Rc<str>>, String)>,
    /// Texts of `define`: name, text, how many lines are above it.
    defined: Vec<(String, String)>,
    includes: Vec<String>,
}

impl Makefile {
    fn read(&mut self, text: &str, file: Option<&Rc<str>>) {
        let lines: Vec<&str> = text.lines().collect();
        let mut plain = String::new();
        // The conditions around a line.
        let mut around: Vec<String> = Vec::new();
        let mut at = 0;
        while at < lines.len() {
            let mut end = at + 1;
            while end < lines.len() && lines[end - 1].trim_end().ends_with('\\') {
                end += 1;
            }
            let whole: Vec<&str> =
                lines[at..end].iter().map(|line| line.trim_end().trim_end_matches('\\')).collect();
            let whole = whole.join(" ");
            let line = whole.trim();
            let first = line.split_whitespace().next().unwrap_or_default();
            if lines[at].starts_with('\t') || line.is_empty() || line.starts_with('#') {
                plain.push_str(&"\n".repeat(end - at));
                at = end;
                continue;
            }
            if matches!(first, "ifeq" | "ifneq" | "ifdef" | "ifndef") {
                around.push(line.to_owned());
            } else if first == "else"
                && let Some(last) = around.last_mut()
            {
                last.push_str("\nelse");
            } else if first == "endif" {
                around.pop();
            }
            if first == "define" {
                let name = line["define".len()..].trim().trim_end_matches(['=', ':', ' ']).to_owned();
                let close = (end..lines.len()).find(|at| lines[*at].trim() == "endef").unwrap_or(end);
                self.defined.push((name, lines[end..close].join("\n")));
                plain.push_str(&"\n".repeat(close + 1 - at));
                at = close + 1;
                continue;
            }
            if let Some(rest) =
                ["include ", "-include ", "sinclude "].iter().find_map(|word| line.strip_prefix(word))
            {
                self.includes.push(rest.to_owned());
            }
            let Some((targets, needs)) = header(line) else {
                for line in &lines[at..end] {
                    plain.push_str(line);
                    plain.push('\n');
                }
                at = end;
                continue;
            };
            plain.push_str(&"\n".repeat(end - at));
            let (needs, inline) =
                needs.split_once(';').map_or((needs, None), |(needs, own)| (needs, Some(own)));
            let needs = needs.split(" #").next().unwrap_or_default().trim();
            let mut rule = Rule {
                file: file.cloned(),
                targets: targets.to_owned(),
                needs: String::new(),
                recipe: String::new(),
                above: at,
                variables: Vec::new(),
            };
            if is_of_make(needs) || needs.contains('=') && !needs.contains(['$', '(']) {
                rule.variables.push(needs.to_owned());
            } else {
                needs.clone_into(&mut rule.needs);
            }
            at = end;
            // Blank lines, comments and conditions may be in a recipe, which ends with another line.
            let mut open = 0;
            let mut recipe: Vec<&str> = Vec::new();
            let mut length = 0;
            for (number, line) in lines[at..].iter().enumerate() {
                let first = line.split_whitespace().next().unwrap_or_default();
                let before = number.checked_sub(1).and_then(|before| recipe.get(before));
                let goes_on = before.is_some_and(|before| before.trim_end().ends_with('\\'));
                match first {
                    _ if line.starts_with('\t') || goes_on => length = number + 1,
                    "ifeq" | "ifneq" | "ifdef" | "ifndef" => open += 1,
                    "else" if open > 0 => {}
                    "endif" if open > 0 => {
                        open -= 1;
                        length = number + 1;
                    }
                    "" => {}
                    _ if first.starts_with('#') => {}
                    _ => break,
                }
                recipe.push(line);
            }
            recipe.truncate(length);
            let head: Vec<&str> = around.iter().flat_map(|text| text.lines()).collect();
            rule.above = (if inline.is_some() { at - 1 } else { at }).saturating_sub(head.len());
            let body = inline.into_iter().chain(recipe.iter().copied());
            let tail = std::iter::repeat_n("endif", around.len());
            let all: Vec<&str> = head.iter().copied().chain(body).chain(tail).collect();
            if inline.is_some() || !recipe.is_empty() {
                rule.recipe = all.join("\n");
            }
            self.rules.push(rule);
            plain.push_str(&"\n".repeat(length));
            at += length;
        }
        self.variables.push((file.cloned(), plain));
    }
}

/// The targets of a rule, and what is behind their colon.
fn header(line: &str) -> Option<(&str, &str)> {
    let mut depth = 0;
    for (at, c) in line.char_indices() {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth -= 1,
            '=' if depth == 0 => return None,
            ':' if depth == 0 => {
                let rest = line[at + 1..].trim_start_matches(':');
                let is_rule = !rest.starts_with('=') && !line[..at].trim().is_empty();
                return is_rule.then_some((line[..at].trim(), rest));
            }
            _ => {}
        }
    }
    None
}

/// The stem of a name that fits a pattern.
fn stem<'n>(pattern: &str, name: &'n str) -> Option<&'n str> {
    let (start, end) = pattern.split_once('%')?;
    name.strip_prefix(start)?.strip_suffix(end).filter(|stem| !stem.is_empty())
}

/// A rule with a target of its own.
struct Made {
    rule: usize,
    target: String,
    stem: Option<String>,
}

impl Script<'_> {
    /// Reads a Makefile: these goals with what they need, its first target where there are none, or all that it has. Answers
    /// with those that it lacks.
    pub(super) fn make(&mut self, text: &str, goals: Option<&[Template]>, ran: &mut Ran) -> Vec<Lost> {
        let mut file = Makefile::default();
        let own = self.file.clone();
        file.read(text, own.as_ref());
        let (mut seen, mut lacks_some) = (0, false);
        while let Some(names) = file.includes.get(seen).cloned() {
            seen += 1;
            let names = self.expand(&names);
            lacks_some |= names.constant().is_none();
            for name in names.constant().unwrap_or_default().split_whitespace() {
                let found = match self.home.folder.at(&Template::from(name)) {
                    Folder::Known(path) => self.scope.world.scripts.at(&path),
                    Folder::Unknown(_) => None,
                };
                match found.filter(|_| seen <= MAX_INCLUDES) {
                    Some((path, text)) if self.scope.world.work.spend(8 + text.len() / 16) => {
                        file.read(&text, Some(&path));
                    }
                    _ => lacks_some = true,
                }
            }
        }
        self.defined.clone_from(&file.defined);
        self.variables.push(("MAKE".to_owned(), Template::from("make")));
        // What is defined below counts above, too.
        for _ in 0..2 {
            for (path, text) in &file.variables {
                self.file.clone_from(path);
                self.run(text, 0, ran);
            }
        }
        let targets: Vec<Vec<String>> = file.rules.iter().map(|rule| self.names(&rule.targets)).collect();
        let needs: Vec<Vec<String>> = file.rules.iter().map(|rule| self.names(&rule.needs)).collect();
        let mut lost = Vec::new();
        let made = match goals {
            None => all(&file, &targets, &needs),
            Some(goals) => {
                let mut made = Vec::new();
                let first =
                    || targets.iter().flatten().find(|name| !name.starts_with('.') && !name.contains('%'));
                let has = |goal: &String| {
                    let is_it =
                        |name: &String| name == goal || name == ".DEFAULT" || stem(name, goal).is_some();
                    targets.iter().flatten().any(is_it)
                };
                let is_part = |goal: &Template| goal.constant().is_some_and(|goal| has(&goal));
                let own = self.file.as_deref();
                let lack = |goal: &Template| match goal.constant() {
                    Some(_) => Lost::part(goal, "target", own),
                    None => Lost::any(goal, "target", own, text),
                };
                lost.extend(goals.iter().filter(|goal| !is_part(goal)).filter_map(lack));
                let goals: Vec<String> = if goals.is_empty() {
                    first().cloned().into_iter().collect()
                } else {
                    goals.iter().filter_map(Template::constant).collect()
                };
                let mut done = BTreeSet::new();
                let recipes: Vec<bool> = file.rules.iter().map(|rule| !rule.recipe.is_empty()).collect();
                for goal in &goals {
                    wanted(goal, (&targets, &needs, &recipes), &mut done, &mut made);
                }
                // What is needed may be in a file that was not found.
                let needed = made.iter().filter(|_| lacks_some).flat_map(|one| &needs[one.rule]);
                let is_file = |need: &&String| need.contains(['.', '/', '%']) || has(need);
                let needed: BTreeSet<&String> = needed.filter(|need| !is_file(need)).collect();
                let needed = needed.into_iter().map(|need| Template::from(need.as_str()));
                lost.extend(
                    needed.filter_map(|need| Lost::part(&need, "target", own)).filter(|lost| !lost.is_guess),
                );
                made
            }
        };
        for Made { rule, target, stem } in made.into_iter().take(MAX_RECIPES) {
            let known = self.variables.len();
            let is_of = |names: &[String]| {
                names.iter().any(|name| *name == target || self::stem(name, &target).is_some())
            };
            for (rule, _) in file.rules.iter().zip(&targets).filter(|(_, names)| is_of(names)) {
                for text in &rule.variables {
                    self.statement(text, rule.above, ran);
                }
            }
            let Rule { file: path, recipe, above, .. } = &file.rules[rule];
            let stem = stem.map_or_else(|| Template::unknown("$*"), |stem| Template::from(stem.as_str()));
            let target =
                if target.contains('%') { Template::unknown("$@") } else { Template::from(target.as_str()) };
            self.variables.extend([("@".to_owned(), target), ("*".to_owned(), stem)]);
            self.file.clone_from(path);
            self.flow.folder.clone_from(&self.home.folder);
            self.run(recipe, *above, ran);
            self.variables.truncate(known);
        }
        self.file = own;
        lost
    }

    /// The names that a text comes to.
    fn names(&self, text: &str) -> Vec<String> {
        let value = self.expand(text);
        let parts = value.split(' ').into_iter().filter_map(|part| part.constant());
        parts
            .flat_map(|part| part.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .take(MAX_NAMES)
            .collect()
    }

    /// A function of make, or a variable whose ends are changed: `$(addprefix x-,$(LIST))`, `$(LIST:%=x-%)`.
    pub(super) fn function_of_make(&self, inner: &str) -> Option<Template> {
        if let Some((name, change)) = inner.split_once(':')
            && (is_name(name) || matches!(name, "@" | "*"))
            && let Some((from, to)) = change.split_once('=')
        {
            let pattern = |text: &str| if from.contains('%') { text.to_owned() } else { format!("%{text}") };
            let value = self.variable(name)?;
            return substituted(&pattern(from), &pattern(to), &value);
        }
        if matches!(inner, "@" | "*") {
            return self.variable(inner);
        }
        let (name, rest) = inner.split_once(char::is_whitespace)?;
        let given = arguments(rest);
        let value = |at: usize| given.get(at).map(|text| self.expand(text.trim()));
        let words = |at: usize| {
            let text = value(at)?.constant()?;
            Some(text.split_whitespace().take(MAX_NAMES).map(str::to_owned).collect::<Vec<_>>())
        };
        let join = |names: Vec<String>| Some(Template::from(names.join(" ").as_str()));
        match (name, given.len()) {
            ("foreach", 3) => {
                let mut all = Template::default();
                for (at, body) in self.each(inner)?.iter().enumerate() {
                    all.push(Piece::Text(if at > 0 { " ".to_owned() } else { String::new() }));
                    all.extend(self.expand(body));
                }
                Some(all)
            }
            ("addprefix" | "addsuffix", 2) => {
                let (fix, names) = (value(0)?, words(1)?);
                let mut all = Template::default();
                for (at, one) in names.into_iter().enumerate() {
                    all.push(Piece::Text(if at > 0 { " ".to_owned() } else { String::new() }));
                    let one = Template::from(one.as_str());
                    let (first, second) =
                        if name == "addprefix" { (fix.clone(), one) } else { (one, fix.clone()) };
                    all.extend(first);
                    all.extend(second);
                }
                Some(all)
            }
            ("patsubst", 3) => substituted(&value(0)?.constant()?, &value(1)?.constant()?, &value(2)?),
            ("subst", 3) => {
                let (from, to, text) = (value(0)?.constant()?, value(1)?.constant()?, value(2)?.constant()?);
                let from = Some(from).filter(|from| !from.is_empty())?;
                Some(Template::from(all_replaced(&text, &from, &to)?.as_str()))
            }
            ("strip", _) => value(0),
            ("sort", _) => join(words(0)?.into_iter().collect::<BTreeSet<_>>().into_iter().collect()),
            ("firstword", _) => join(words(0)?.into_iter().take(1).collect()),
            ("lastword", _) => join(words(0)?.into_iter().next_back().into_iter().collect()),
            ("notdir", _) => join(
                words(0)?.iter().map(|one| one.rsplit('/').next().unwrap_or_default().to_owned()).collect(),
            ),
            _ => None,
        }
    }

    /// The texts that `foreach NAME,LIST,TEXT` comes to; none where the list is not known.
    fn each(&self, inner: &str) -> Option<Vec<String>> {
        let given = arguments(inner.strip_prefix("foreach")?);
        let [name, list, body] = given.as_slice() else { return None };
        let name = name.trim();
        let list = self.expand(list.trim()).constant()?;
        let of = |value: &str| {
            ["()", "{}"].iter().try_fold((*body).to_owned(), |text, ends| {
                all_replaced(&text, &format!("${}{name}{}", &ends[..1], &ends[1..]), value)
            })
        };
        list.split_whitespace().take(MAX_NAMES).map(of).collect()
    }

    /// The commands that a recipe makes of a function: `$(foreach s,$(LIST),docker push $(s);)`, `$(call NAME,WORD)`.
    pub(super) fn made_commands(&self, text: &str) -> Option<String> {
        let inner = text.trim_start_matches(['@', '-', '+']).strip_prefix("$(")?.strip_suffix(')')?;
        if inner.starts_with("foreach ") {
            let open = || Some(vec![arguments(inner.strip_prefix("foreach")?).last()?.to_string()]);
            return Some(self.each(inner).or_else(open)?.join("\n"));
        }
        let given = arguments(inner.strip_prefix("call ")?);
        let (name, rest) = given.split_first()?;
        let (_, body) = self.defined.iter().rev().find(|(known, _)| known == name.trim())?;
        let with = |text: String, (at, value): (usize, &&str)| {
            let (number, value) = (at + 1, value.trim());
            let text = all_replaced(&text, &format!("$({number})"), value)?;
            all_replaced(&text, &format!("${{{number}}}"), value)
        };
        rest.iter().enumerate().try_fold(body.clone(), with)
    }
}

/// The arguments of a function, between commas that are in no parentheses.
fn arguments(text: &str) -> Vec<&str> {
    let (mut all, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth -= 1,
            ',' if depth == 0 => {
                all.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    all.push(&text[from..]);
    all
}

/// Words with what a pattern makes of them.
fn substituted(from: &str, to: &str, value: &Template) -> Option<Template> {
    let text = value.constant()?;
    let of = |word: &str| match stem(from, word) {
        Some(stem) => to.replacen('%', stem, 1),
        None if from == word => to.to_owned(),
        None => word.to_owned(),
    };
    let words: Vec<String> = text.split_whitespace().take(MAX_NAMES).map(of).collect();
    Some(Template::from(words.join(" ").as_str()))
}

/// All that a Makefile may make, in the order of its rules.
fn all(file: &Makefile, targets: &[Vec<String>], needs: &[Vec<String>]) -> Vec<Made> {
    let mut made = Vec::new();
    for (rule, names) in targets.iter().enumerate() {
        for name in names {
            if !name.contains('%') {
                made.push(Made { rule, target: name.clone(), stem: None });
                // Several targets have one recipe for the same thing, unless it says which of them.
                if !file.rules[rule].recipe.contains("$@") {
                    break;
                }
                continue;
            }
            let of = |wanted: &String| {
                let stem = stem(name, wanted)?.to_owned();
                Some(Made { rule, target: wanted.clone(), stem: Some(stem) })
            };
            let before = made.len();
            let own: BTreeSet<&String> = needs.iter().flatten().chain(targets.iter().flatten()).collect();
            let known = own.into_iter().filter(|wanted| !wanted.contains('%'));
            made.extend(known.filter_map(of));
            if made.len() == before {
                made.push(Made { rule, target: name.clone(), stem: None });
            }
        }
        if names.is_empty() {
            made.push(Made { rule, target: "%".to_owned(), stem: None });
        }
    }
    made
}

/// A goal with what it needs, which comes first.
fn wanted(
    goal: &str,
    (targets, needs, recipes): (&[Vec<String>], &[Vec<String>], &[bool]),
    done: &mut BTreeSet<String>,
    made: &mut Vec<Made>,
) {
    if done.len() >= MAX_RECIPES || !done.insert(goal.to_owned()) {
        return;
    }
    let explicit: Vec<usize> =
        (0..targets.len()).filter(|at| targets[*at].iter().any(|name| name == goal)).collect();
    let fitting = || {
        let of = |at: usize| Some((at, targets[at].iter().find_map(|name| stem(name, goal))?));
        (0..targets.len()).filter(|at| recipes[*at]).find_map(of)
    };
    // What only lists needs has its recipe from a pattern.
    let pattern = if explicit.iter().any(|at| recipes[*at]) { None } else { fitting() };
    for rule in &explicit {
        needs[*rule].iter().for_each(|need| wanted(need, (targets, needs, recipes), done, made));
    }
    if let Some((rule, stem)) = pattern {
        let own: Vec<String> = needs[rule].iter().map(|need| need.replacen('%', stem, 1)).collect();
        own.iter().for_each(|need| wanted(need, (targets, needs, recipes), done, made));
        made.push(Made { rule, target: goal.to_owned(), stem: Some(stem.to_owned()) });
    }
    made.extend(explicit.into_iter().map(|rule| Made { rule, target: goal.to_owned(), stem: None }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_told_from_variables() {
        for (line, expected) in [
            ("push: build", Some(("push", " build"))),
            ("image-%: a.%", Some(("image-%", " a.%"))),
            ("$(addprefix x:,$(L)): y", Some(("$(addprefix x:,$(L))", " y"))),
            ("a b::", Some(("a b", ""))),
            ("X := a:b", None),
            ("X = a:b", None),
            ("X ::= y", None),
            ("plain", None),
        ] {
            assert_eq!(header(line), expected, "{line}");
        }
        assert_eq!(arguments("a,$(b c,d),e"), ["a", "$(b c,d)", "e"]);
        assert_eq!(stem("image-%.x", "image-api.x"), Some("api"));
        assert_eq!(stem("image-%", "image-"), None);
    }
}
