//! What a script says: outputs, variables for later steps, and what a function or a block of it prints.

use super::flow::Flow;
use super::operations::MAX_DEPTH;
use super::sink::{OpenText, Sink};
use super::words::{is_assigned, quoted, stages, words as words_of};
use super::{Ran, Script};
use crate::init::values::choose;
use crate::init::values::text::{Condition, Piece, Template};

/// The output that stands for what is printed.
const PRINTED: &str = "\u{0}printed";

/// What prints nothing: commands, and words around others.
const SILENT: [&str; 20] = [
    "[", "[[", "test", "true", ":", "return", "exit", "set", "shopt", "cd", "local", "break", "then", "do",
    "else", "fi", "done", "esac", "{", "}",
];

/// Whether a word says that output goes elsewhere.
fn is_elsewhere(word: &str) -> bool {
    word.trim_start_matches(['1', '&']).starts_with('>') || word == "|"
}

impl Script<'_> {
    /// `echo "NAME=VALUE" >> $GITHUB_OUTPUT`, and how that was written before.
    pub(super) fn sets(&mut self, words: &[String], ran: &mut Ran) {
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
        let own = [("GITHUB_OUTPUT", Sink::Output), ("GITHUB_ENV", Sink::Environment)];
        let own = own.into_iter().find(|(name, _)| to(name)).map(|(_, sink)| sink);
        let around = self.sink.filter(|_| !words.iter().any(|word| is_elsewhere(word)));
        let Some(sink) = own.or(around) else { return };
        let said = if words[0] == "printf" { self.printed(said, words) } else { self.expand(said) };
        if sink != Sink::Value {
            self.says(sink, said, ran);
        }
    }

    /// A line of a file of the runner's.
    pub(super) fn says(&mut self, sink: Sink, said: Template, ran: &mut Ran) {
        if let Some(mut open) = self.open_text.take_if(|open| open.sink == sink) {
            if said.exact() == open.end {
                self.set_for_later(sink, open.name, open.text, ran);
                return;
            }
            let condition = self.flow.around.iter().skip(open.around).cloned();
            let condition = condition.fold(Condition::fixed(true), Condition::and);
            let mut line = Template::from(if open.text.0.is_empty() { "" } else { "\n" });
            line.extend(said);
            open.text.extend(choose::value(&condition, line, Template::default()));
            self.open_text = Some(open);
            return;
        }
        if let Some((name, end)) = said.split_once('<')
            && let Some(name) = name.constant().filter(|name| is_assigned(name))
            && let Some(end) = end.exact().strip_prefix('<')
        {
            let around = self.flow.around.len();
            self.open_text =
                Some(OpenText { sink, name, end: end.to_owned(), text: Template::default(), around });
            return;
        }
        let Some((name, value)) = said.split_once('=') else { return };
        let Some(name) = name.constant().filter(|name| is_assigned(name)) else { return };
        self.set_for_later(sink, name, value, ran);
    }

    fn set_for_later(&mut self, sink: Sink, name: String, value: Template, ran: &mut Ran) {
        match sink {
            Sink::Output => ran.outputs.push((name, value)),
            Sink::Environment => {
                self.variables.push((name.clone(), value.clone()));
                ran.environment.push((name, value));
            }
            Sink::Value => {}
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

    /// What a function of the script or a block prints, in each case: `$(tag_of)`, `$(if …; then echo a; else echo b; fi)`.
    pub(super) fn printed_by(&self, inner: &str) -> Option<Template> {
        let words = words_of(inner);
        let first = words.first()?;
        let is_function = self.functions.iter().any(|function| function.name == *first);
        let is_block = matches!(first.as_str(), "if" | "case" | "[" | "[[" | "test");
        let depth = self.depth.get();
        if !is_function && !is_block || depth >= MAX_DEPTH || !self.scope.world.work.spend(8) {
            return None;
        }
        let mut script = Script::new(self.scope, &self.home);
        script.depth.set(depth + 1);
        script.expressions.clone_from(&self.expressions);
        script.variables.clone_from(&self.variables);
        script.functions.clone_from(&self.functions);
        script.exported.clone_from(&self.exported);
        script.flow = Flow::new(&self.flow.folder);
        script.sink = Some(Sink::Value);
        let mut ran = Ran::default();
        script.run(inner, 0, &mut ran);
        ran.outputs.into_iter().rev().find(|(name, _)| name == PRINTED).map(|(_, value)| value)
    }

    /// Adds what a command prints to a value.
    pub(super) fn prints(&self, part: &str, ran: &mut Ran) {
        let words: Vec<String> = quoted(part).into_iter().map(|word| word.text).collect();
        let Some(first) = words.first().filter(|first| !SILENT.contains(&first.as_str())) else { return };
        let is_said = matches!(first.as_str(), "echo" | "printf") && stages(part).len() < 2;
        if is_said && words.iter().any(|word| is_elsewhere(word)) {
            return;
        }
        let said = if !is_said {
            self.substitution(part).unwrap_or_else(|| Template::unknown(&self.unmarked(part)))
        } else if first == "printf" {
            words.get(1).map(|format| self.printed(format, &words)).unwrap_or_default()
        } else {
            let rest: Vec<&str> = words[1..]
                .iter()
                .map(String::as_str)
                .skip_while(|word| matches!(*word, "-n" | "-e"))
                .collect();
            self.expand(&rest.join(" "))
        };
        let before = ran.outputs.iter().rev().find(|(name, _)| name == PRINTED);
        let before = before.map(|(_, value)| value.clone()).unwrap_or_default();
        // What ran elsewhere, or has ended before, has said nothing of it here.
        let gone = self.flow.gone(true);
        let here = self.flow.around.iter().chain([&gone]);
        let mut whole = here.fold(before, |before, condition| choose::given(condition, before));
        whole.push(Piece::Text(if whole.0.is_empty() { String::new() } else { "\n".to_owned() }));
        whole.extend(said);
        ran.outputs.push((PRINTED.to_owned(), whole));
    }
}
