//! Functions of a shell: what calls them, and those that nothing calls.

use std::rc::Rc;

use super::flow::{Bases, Flow, Function, Level};
use super::lists::is_argument;
use super::operations::MAX_DEPTH;
use super::words::Word;
use super::{Ran, Script};
use crate::init::values::text::{Condition, Template};

impl Script<'_> {
    /// Reads the functions that nothing calls, on what nobody knows.
    pub(super) fn run_uncalled(&mut self, ran: &mut Ran) {
        let uncalled = |function: &Function| !function.is_called;
        while let Some(at) = self.functions.iter().position(uncalled) {
            let name = self.functions[at].name.clone();
            self.flow = Flow::new(&self.home.folder);
            self.flow.around.push(Condition::open(&format!("a call of {name}")));
            self.call(at, None, ran);
        }
    }

    /// A command whose first words are arguments of the function around it: `retry docker push …`.
    pub(super) fn called(&self, words: Vec<Word>) -> Vec<Word> {
        let is_list = |word: &Word| word.text == "$@" || word.text == "$*" || word.text.starts_with("${@");
        let Some(first) = words.first().filter(|first| is_list(first)) else { return words };
        let fields = self.fields(std::slice::from_ref(first));
        let known: Option<Vec<String>> = fields.iter().map(Template::constant).collect();
        let quoted = known.into_iter().flatten().map(|text| Word { text, is_quoted: true });
        let all: Vec<Word> = quoted.chain(words[1..].iter().cloned()).collect();
        if all.len() < words.len() { words } else { all }
    }

    /// Runs a function with these arguments.
    pub(super) fn call(&mut self, at: usize, arguments: Option<&[Template]>, ran: &mut Ran) {
        self.functions[at].is_called = true;
        let depth = self.depth.get();
        if depth >= MAX_DEPTH || !self.scope.world.work.spend(8) {
            return;
        }
        self.depth.set(depth + 1);
        let Function { statements, from, to, .. } = &self.functions[at];
        let (statements, from, to) = (Rc::clone(statements), *from, *to);
        let known = self.variables.len();
        self.set_arguments(arguments);
        let (bases, left) = (self.flow.bases, self.flow.left.len());
        let base = self.flow.around.len();
        self.flow.bases = Bases { function: base, turn: base, ..bases };
        let file = std::mem::replace(&mut self.file, self.functions[at].file.clone());
        self.range(&statements, from, to, 0, ran);
        self.file = file;
        self.flow.bases = bases;
        self.flow.back(left, &[Level::Function, Level::Loop, Level::Turn]);
        let set = self.variables.split_off(known.min(self.variables.len()));
        self.variables.extend(set.into_iter().filter(|(name, _)| !is_argument(name)));
        self.depth.set(depth);
    }
}
