//! Collects what there is to say: each thing once, and what is said of several images alike in one sentence.

use indexmap::IndexMap;

use super::{Diagnostic, OfImages, Severity, listed, sorted};

/// Collects what there is to say about an input: each diagnostic once, in the order in which it is found.
///
/// A stage takes `&mut Diagnostics`, reports what it finds and carries on, so that a run shows every contradiction at
/// once; whoever started the stage asks for [`Diagnostics::into_result`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Diagnostics {
    /// Each as it is about several images, with the names of these and what is said of each alone; without any, as it is.
    all: IndexMap<Diagnostic, IndexMap<String, String>>,
    errors: usize,
}

impl Diagnostics {
    /// Adds a diagnostic, unless the same one is there.
    pub(crate) fn report(&mut self, mut diagnostic: Diagnostic) {
        let is_error = diagnostic.severity == Severity::Error;
        let of = diagnostic.of_images.as_mut().map(|of| {
            let message = std::mem::replace(&mut diagnostic.message, of.several.clone());
            (std::mem::take(&mut of.name), message)
        });
        let before = self.all.len();
        let images = self.all.entry(diagnostic).or_default();
        images.extend(of);
        if is_error && self.all.len() > before {
            self.errors += 1;
        }
    }

    /// Takes the value; reports the error and gives `None` when there is none.
    pub(crate) fn ok<T>(&mut self, result: Result<T, impl Into<Diagnostic>>) -> Option<T> {
        result.map_err(|error| self.report(error.into())).ok()
    }

    /// Whether an error was reported, so that nothing may be produced.
    #[must_use]
    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Whether nothing was reported.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// What was reported, in the order in which it was found: that of the arguments, where these are what is wrong. What is
    /// about several images is there for each, so that it may be reported again with what is said of others.
    #[must_use]
    pub(crate) fn into_found(self) -> Vec<Diagnostic> {
        self.into_iter().collect()
    }

    /// What was reported, sorted by place.
    #[must_use]
    pub(crate) fn into_sorted(self) -> Vec<Diagnostic> {
        sorted(self.all.into_iter().map(joined).collect())
    }

    /// Goes on only if there is no error so far, for stages that take it for granted.
    ///
    /// # Errors
    /// Every error, sorted by place; warnings and notes about what is refused are left out.
    pub(crate) fn check(&self) -> Result<(), Vec<Diagnostic>> {
        if self.has_errors() {
            let errors = self.all.iter().filter(|(one, _)| one.severity == Severity::Error);
            return Err(sorted(errors.map(|(one, of)| joined((one.clone(), of.clone()))).collect()));
        }
        Ok(())
    }

    /// The value with its warnings and notes, sorted by place.
    ///
    /// # Errors
    /// As [`Diagnostics::check`].
    pub(crate) fn into_result<T>(self, value: T) -> Result<(T, Vec<Diagnostic>), Vec<Diagnostic>> {
        self.check()?;
        Ok((value, self.into_sorted()))
    }
}

/// What is said of these images: of one as it is, of several with their number and the first of their names.
fn joined((mut said, images): (Diagnostic, IndexMap<String, String>)) -> Diagnostic {
    let Some(of) = said.of_images.take() else { return said };
    let (names, mut messages): (Vec<String>, Vec<String>) = images.into_iter().unzip();
    if let (1, Some(message)) = (messages.len(), messages.pop()) {
        return Diagnostic { message, ..said };
    }
    let block = of.block.map(|block| format!(" of block `{block}`")).unwrap_or_default();
    let message = format!("{} images{block} {}", names.len(), of.several);
    Diagnostic { message, ..said }.with_note(format!("the images are {}", listed(&names)))
}

/// What is said of each of these images alone.
fn apart((said, images): (Diagnostic, IndexMap<String, String>)) -> Vec<Diagnostic> {
    let Some(of) = said.of_images.clone() else { return vec![said] };
    let one = |(name, message)| Diagnostic {
        message,
        of_images: Some(Box::new(OfImages { name, ..(*of).clone() })),
        ..said.clone()
    };
    images.into_iter().map(one).collect()
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter().flat_map(apart).collect::<Vec<_>>().into_iter()
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        diagnostics.into_iter().for_each(|diagnostic| self.report(diagnostic));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;

    fn held(name: &str, block: Option<&str>) -> Diagnostic {
        Diagnostic::note(Code::HELD, format!("image `{name}` has none")).of_image(name, block, "have none")
    }

    fn messages(found: Diagnostics) -> Vec<(String, Vec<String>)> {
        found.into_sorted().into_iter().map(|one| (one.message, one.notes)).collect()
    }

    #[test]
    fn what_is_said_of_several_images_alike_is_said_once() {
        let mut found = Diagnostics::default();
        found.extend(["a", "b", "a", "c"].map(|name| held(name, Some("app"))));
        found.extend([held("d", None), held("e", Some("other")).with_help("more")]);
        assert_eq!(found.len(), 3);
        // It is the same when it goes through another collector.
        let mut again = Diagnostics::default();
        again.extend(found.clone());
        let expected = vec![
            ("3 images of block `app` have none".to_owned(), vec!["the images are `a`, `b`, `c`".to_owned()]),
            ("image `d` has none".to_owned(), Vec::new()),
            ("image `e` has none".to_owned(), Vec::new()),
        ];
        assert_eq!(messages(found), expected);
        assert_eq!(messages(again), expected);
    }

    #[test]
    fn errors_about_several_images_are_one() {
        let mut found = Diagnostics::default();
        let names: Vec<String> = (0..30).map(|at| format!("app-{at}")).collect();
        found.extend(names.iter().map(|name| held(name, None).with_severity(Severity::Error)));
        let errors = found.check().unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].message, "30 images have none");
        let listed = "the images are `app-0`, `app-1`, `app-2`, `app-3`, `app-4` and 25 more";
        assert_eq!(errors[0].notes, [listed]);
        assert_eq!(found.into_found().len(), 30);
    }
}
