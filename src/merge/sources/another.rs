//! Whether what is there already is another release: it says so itself, or it has the own tag of one.

use super::check::{ImageCheck, Said};
use super::taken::Origin;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::VERSION;
use crate::published::floating::other_releases;
use crate::published::later::is_of_git_tag;
use crate::published::named::{is_of_release, is_own_of_version, is_variant, other_versions};
use crate::published::record::{Known, Question};
use crate::published::release::{MAX_BESIDE, MAX_RELEASES, Saying, has_same_numbers, saying};
use crate::published::served::Served;
use crate::reference::{Digest, Tag};
use crate::version::Version;

impl ImageCheck<'_> {
    /// Refuses what was built and says that it is another version than planned. `whose` are these annotations.
    pub(super) fn built_version(&mut self, what: &str, whose: &str, annotations: &Said) {
        let said = annotations.get(VERSION).cloned();
        let Saying::Other(found, _) = saying(self.subject.image, said.as_slice()) else { return };
        let planned = self.subject.image.version.as_ref().map_or("", Version::text);
        let message = format!("{what} says that it is version {found:?}, but its tags are for `{planned}`");
        let problem = self.fail(Code::OTHER_VERSION, message);
        problem.notes.push(format!("that is the annotation `{VERSION}` of {whose}"));
        problem.help = Some(
            "build this version, and give the `plan.json` and the metadata of one run; or leave the annotation out"
                .into(),
        );
    }

    /// Refuses what is another release. What names its version is believed; for anything else, the own tags of other
    /// releases in its repositories are looked at. `said` are the versions that its annotations name, and `labelled` those of labels,
    /// which its base may have, and which tell where the repository has such a release.
    pub(super) fn no_other_release(
        &mut self,
        digest: &Digest,
        [said, labelled]: [&[String]; 2],
        places: &[usize],
        origin: Origin,
    ) {
        let image = self.subject.image;
        let Some(planned) = image.version.as_ref().filter(|_| origin.refuses_version()) else { return };
        let records = self.records;
        let served = || {
            let mut places = self.subject.places.iter();
            places.find_map(|&site| records[site].manifest(digest).present())
        };
        if served().and_then(Served::annotations).is_some_and(|annotations| image.is_made_of(annotations)) {
            return self.no_variant(digest, said, places, origin);
        }
        match saying(image, said) {
            Saying::Nothing => {}
            Saying::Own => return self.no_variant(digest, said, places, origin),
            Saying::Other(found, _) => {
                let message =
                    format!("{digest} says that it is version {found:?}, but its tags are for `{planned}`");
                let problem = self.fail(Code::OTHER_VERSION, message);
                problem.notes.push(format!("that is its annotation or planned label `{VERSION}`"));
                problem.help = Some(help(origin));
                return;
            }
        }
        if origin.may_be_several() && served().is_some_and(|served| is_of_git_tag(image, served)) {
            return self.no_variant(digest, said, places, origin);
        }
        for &site in places {
            self.need(site, Question::Tags);
            let listed = match records[site].tags() {
                Known::Present(listed) => listed,
                Known::Faulty(fault) => {
                    let message = format!(
                        "image `{}`: it is not known whether {digest} is another version: the tags of `{}` cannot be listed",
                        self.subject.key,
                        self.location(site)
                    );
                    let note = Diagnostic::note(Code::UNKNOWN_VERSION, message).with_note(fault.message());
                    self.checked.notes.push(note);
                    continue;
                }
                Known::Unasked | Known::Absent => continue,
            };
            let own = other_releases(image, listed);
            if let Saying::Other(text, version) = saying(image, labelled)
                && let Some((tag, _)) = own.iter().find(|(_, other)| has_same_numbers(other, &version))
            {
                let message =
                    format!("{digest} says that it is version {text:?}, but its tags are for `{planned}`");
                let note = format!(
                    "that is the label `{VERSION}` in its configuration, and `{}` is there, too",
                    self.location(site).with_tag(tag)
                );
                let problem = self.fail(Code::OTHER_VERSION, message);
                problem.notes.push(note);
                problem.help = Some(help(origin));
                return;
            }
            let mut releases = other_versions(image, self.location(site), listed);
            let count = releases.len();
            if origin == Origin::Merge {
                // In other forms, it may be that of another image of the plan.
                let is_own = |tag: &Tag| own.iter().any(|(own, _)| *own == tag);
                releases.retain(|(tag, _)| !is_own(tag) && !image.beside.contains(*tag));
                releases.truncate(MAX_BESIDE);
                releases.splice(0..0, own.into_iter().take(MAX_RELEASES));
            } else {
                releases.truncate(MAX_RELEASES);
            }
            if let Some(left) = count.checked_sub(releases.len()).filter(|left| *left > 0) {
                let message = format!(
                    "image `{}`: {digest} was not compared with the own tags of {left} older versions in `{}`",
                    self.subject.key,
                    self.location(site)
                );
                self.checked.notes.push(Diagnostic::note(Code::UNKNOWN_VERSION, message));
            }
            for (tag, version) in releases {
                self.need(site, Question::Tag(tag.clone()));
                if records[site].tag(tag).present() == Some(digest) {
                    let at = self.location(site);
                    let mut own = records[site].tags_of(digest).filter(|own| is_own_of_version(image, own));
                    if let Some(own) = own.next().filter(|_| origin.may_be_several()) {
                        self.checked.two_versions = Some(format!(
                            "{digest} has the tags of two versions, `{}` and `{}`, and nothing tells that it is `{planned}`",
                            at.with_tag(own),
                            at.with_tag(tag)
                        ));
                        break;
                    }
                    let message = format!(
                        "{digest} is version `{}`, by the tag `{}`, but its tags are for `{planned}`",
                        version.text(),
                        at.with_tag(tag)
                    );
                    self.fail(Code::OTHER_VERSION, message).help = Some(help(origin));
                    return;
                }
            }
        }
        self.no_variant(digest, said, places, origin);
    }

    /// Refuses to give tags of a plan to what is a variant of the version, or was built ahead of it, by a tag of a form that the
    /// plan has not.
    fn no_variant(&mut self, digest: &Digest, said: &[String], places: &[usize], origin: Origin) {
        let (image, records) = (self.subject.image, self.records);
        let is_planned = matches!(origin, Origin::Anywhere { is_meant: _ }) && !image.builds.is_empty();
        let Some(planned) = image.version.as_ref().filter(|_| is_planned) else { return };
        let is_it = |text: &String| text.trim_start_matches('v') == planned.without_v();
        if said.iter().any(is_it) {
            return;
        }
        for &site in places {
            let listed = records[site].tags().present().unwrap_or_default();
            let variants = listed.iter().filter(|tag| is_variant(image, tag)).take(MAX_BESIDE);
            let variants: Vec<&Tag> = variants.collect();
            if !variants.is_empty() {
                let own = listed.iter().filter(|tag| is_of_release(image, tag));
                for tag in variants.into_iter().chain(own.take(MAX_BESIDE)) {
                    self.need(site, Question::Tag(tag.clone()));
                }
            }
        }
        let named =
            || places.iter().flat_map(|&site| records[site].tags_of(digest).map(move |tag| (site, tag)));
        let variant = named().find(|(_, tag)| is_variant(image, tag));
        let Some((site, tag)) = variant.filter(|_| !named().any(|(_, tag)| is_of_release(image, tag))) else {
            return;
        };
        let message = format!(
            "{digest} is not the release `{planned}`, by its tag `{}`: the plan has no tag of that form",
            self.location(site).with_tag(tag)
        );
        self.fail(Code::OTHER_VERSION, message).help = Some(
            "promote the release itself, or plan tags of that form; or pass `--allow-other-version`"
                .to_owned(),
        );
    }
}

fn help(origin: Origin) -> String {
    match origin {
        Origin::Merge => {
            "give the result of the merge of this plan; if two versions rightly have the same content, merge with `--metadata` instead of `--result`".to_owned()
        }
        Origin::Kept => "build what is missing, then merge again".to_owned(),
        Origin::Reused | Origin::Anywhere { is_meant: _ } => {
            "promote that version; or pass `--allow-other-version`".to_owned()
        }
    }
}
