//! The scripts of the repository, which steps and other scripts may run.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Scripts and Makefiles by their paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scripts {
    texts: BTreeMap<Rc<str>, Rc<str>>,
    /// Those that something was read to run, and that publish.
    run: RefCell<BTreeSet<Rc<str>>>,
}

impl Scripts {
    /// Those with these texts.
    pub(crate) fn of(texts: impl IntoIterator<Item = (Rc<str>, Rc<str>)>) -> Self {
        Self { texts: texts.into_iter().collect(), run: RefCell::default() }
    }

    /// The script at a path, and its text.
    pub(crate) fn at(&self, path: &str) -> Option<(Rc<str>, Rc<str>)> {
        self.texts.get_key_value(path).map(|(path, text)| (Rc::clone(path), Rc::clone(text)))
    }

    /// The files of this name in all folders, with their texts.
    pub(crate) fn named<'s>(&'s self, name: &'s str) -> impl Iterator<Item = (&'s str, &'s str)> {
        let is_it = move |path: &str| path.rsplit('/').next() == Some(name);
        self.texts.iter().map(|(path, text)| (&**path, &**text)).filter(move |(path, _)| is_it(path))
    }

    /// Notes that something runs a script, which publishes.
    pub(crate) fn note(&self, path: &Rc<str>) {
        self.run.borrow_mut().insert(Rc::clone(path));
    }

    /// Whether something runs it.
    pub(crate) fn is_run(&self, path: &str) -> bool {
        self.run.borrow().contains(path)
    }
}
