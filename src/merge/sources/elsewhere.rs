//! What metadata says that contradicts the plan and is no mistake for certain: other repositories, and builds of several images
//! that are the same.

use std::collections::{BTreeMap, BTreeSet};

use super::super::subject::Subject;
use super::check::ImageCheck;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, listed};
use crate::published::metadata::Pushed;
use crate::reference::{Digest, Reference};

impl ImageCheck<'_> {
    /// A build that no repository has.
    pub(super) fn lost(&mut self, leg: &str, pushed: &Pushed) {
        let locations = self.list(self.subject.places.iter().copied());
        let planned: BTreeSet<String> =
            self.subject.places.iter().map(|&site| self.location(site).to_string()).collect();
        let elsewhere: Vec<_> = pushed
            .names
            .iter()
            .filter(|name| !planned.contains(*name))
            .map(|name| format!("`{name}`"))
            .collect();
        let message =
            format!("build `{leg}`, {} (`{}`), is not in {locations}", pushed.digest, pushed.origin);
        let problem = self.gone(message);
        if !elsewhere.is_empty() {
            problem
                .notes
                .push(format!("according to its metadata, it was pushed to {}", elsewhere.join(", ")));
        }
    }

    /// Says that a build was pushed to none of the image's repositories by its metadata, though it is there.
    pub(super) fn pushed_elsewhere(&mut self, leg: &str, pushed: &Pushed) {
        let places = || self.subject.places.iter().filter_map(|&site| self.location(site).repository());
        let is_own = |name: &String| {
            let named = name.parse::<Reference>();
            named.is_ok_and(|named| places().any(|place| place == named.repository()))
        };
        if pushed.names.is_empty() || places().next().is_none() || pushed.names.iter().any(is_own) {
            return;
        }
        let is_same = |known: &&mut Diagnostic| known.code == Code::OTHER_REPOSITORY;
        if let Some(known) = self.checked.notes.iter_mut().find(is_same) {
            known.notes.push(format!("build `{leg}` was pushed to {}", listed(&pushed.names)));
            return;
        }
        let message = format!(
            "image `{}`: by its metadata, build `{leg}` (`{}`) was pushed to {}, and not to a repository of the image, which has its digest all the same",
            self.subject.key,
            pushed.origin,
            listed(&pushed.names)
        );
        let note = Diagnostic::note(Code::OTHER_REPOSITORY, message)
            .with_help("give the metadata that the builds of this plan wrote");
        self.checked.notes.push(note);
    }
}

/// Says which builds of different images pushed one digest.
pub(in crate::merge) fn same_digests(subjects: &[Subject<'_>]) -> Vec<Diagnostic> {
    let mut builds: BTreeMap<&Digest, Vec<(&str, &str)>> = BTreeMap::new();
    for subject in subjects.iter().filter(|subject| subject.image.reused.is_none()) {
        for leg in subject.image.builds.keys() {
            if let Some(pushed) = subject.metadata.builds.get(leg) {
                builds.entry(&pushed.digest).or_default().push((subject.key, leg));
            }
        }
    }
    let several = builds.into_iter().filter(|(_, all)| all.iter().any(|(image, _)| *image != all[0].0));
    let note = |(digest, all): (&Digest, Vec<(&str, &str)>)| {
        let legs: Vec<&str> = all.iter().map(|(_, leg)| *leg).collect();
        let message = format!("builds of different images are the same, {digest}: {}", listed(&legs));
        Diagnostic::note(Code::SAME_DIGEST, message)
            .with_help("nothing is wrong if these images are to have the same content")
    };
    several.map(note).collect()
}
