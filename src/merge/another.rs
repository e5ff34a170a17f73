//! Whether what is there already is another release: it says so itself, or it has the own tag of one.

use super::check::{ImageCheck, Said};
use super::taken::Origin;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::VERSION;
use crate::published::floating::other_releases;
use crate::published::named::other_versions;
use crate::published::record::{Known, Question};
use crate::published::release::{MAX_RELEASES, Saying, saying};
use crate::reference::Digest;
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
    /// releases in its repositories are looked at. `said` are the versions that its annotations name.
    pub(super) fn no_other_release(
        &mut self,
        digest: &Digest,
        said: &[String],
        places: &[usize],
        origin: Origin,
    ) {
        let image = self.subject.image;
        let Some(planned) = image.version.as_ref().filter(|_| origin.refuses_version()) else { return };
        match saying(image, said) {
            Saying::Nothing => {}
            Saying::Own => return,
            Saying::Other(found, _) => {
                let message =
                    format!("{digest} says that it is version {found:?}, but its tags are for `{planned}`");
                let problem = self.fail(Code::OTHER_VERSION, message);
                problem.notes.push(format!("that is its annotation or planned label `{VERSION}`"));
                problem.help = Some(help(origin));
                return;
            }
        }
        let records = self.records;
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
            let releases = match origin {
                // In other forms, it may be that of another image.
                Origin::Merge | Origin::Reused => other_releases(image, listed),
                Origin::Kept | Origin::Anywhere { is_meant: _ } => {
                    other_versions(image, self.location(site), listed)
                }
            };
            if let Some(left) = releases.len().checked_sub(MAX_RELEASES).filter(|left| *left > 0) {
                let message = format!(
                    "image `{}`: {digest} was not compared with the own tags of {left} older versions in `{}`",
                    self.subject.key,
                    self.location(site)
                );
                self.checked.notes.push(Diagnostic::note(Code::UNKNOWN_VERSION, message));
            }
            for (tag, version) in releases.into_iter().take(MAX_RELEASES) {
                self.need(site, Question::Tag(tag.clone()));
                if records[site].tag(tag).present() == Some(digest) {
                    let message = format!(
                        "{digest} is version `{}`, by the tag `{}`, but its tags are for `{planned}`",
                        version.text(),
                        self.location(site).with_tag(tag)
                    );
                    self.fail(Code::OTHER_VERSION, message).help = Some(help(origin));
                    return;
                }
            }
        }
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
