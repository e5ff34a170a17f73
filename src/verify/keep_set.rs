//! What clean-ups must leave alone: every manifest that the tags of repositories need, down to what refers to them.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::{Index, is_index};
use crate::published::progress::Progress;
use crate::published::record::{Fault, Known, Question, Questions, Record};
use crate::published::served::Content;
use crate::published::sites::Site;
use crate::published::survey::{Survey, Trouble};
use crate::reference::{Digest, LATEST, Tag};
use crate::registry::Location;

/// What is to be kept.
#[derive(Debug, Default)]
pub(crate) struct KeepSet {
    /// The repositories and digests, such as `ghcr.io/acme/app@sha256:…`.
    pub references: BTreeSet<String>,
    /// What is worth knowing.
    pub notes: Vec<Diagnostic>,
    /// What could not be found out, so that something may be missing.
    pub unknown: Vec<Diagnostic>,
    /// Repositories that could not be read.
    pub failures: Vec<Diagnostic>,
}

/// Finds out what the tags of these repositories need. A list that lacks one of the `planned` tags may lack others. What no list
/// of a registry can tell is unknown, unless gaps are allowed.
#[must_use]
pub(crate) fn keep_set(
    sites: &[Site],
    planned: &[(Location, Tag)],
    allows_gaps: bool,
    progress: &dyn Progress,
) -> KeepSet {
    let mut survey = Survey::new(sites, progress, Trouble::IsTold);
    let (look, failures) = survey.conduct(|records| {
        let mut looks: Vec<Look<'_>> =
            records.iter().enumerate().map(|(at, one)| Look::new(at, &sites[at], one)).collect();
        looks.iter_mut().for_each(|look| look.all(planned));
        let questions = looks.iter_mut().flat_map(|look| std::mem::take(&mut look.questions)).collect();
        (looks.into_iter().map(|look| (look.kept, look.unknown)).collect::<Vec<_>>(), questions)
    });
    let mut set = KeepSet { failures, ..KeepSet::default() };
    for (site, (kept, unknown)) in sites.iter().zip(look) {
        set.references.extend(kept.iter().map(|digest| site.location.with_digest(digest)));
        set.unknown.extend(unknown);
    }
    let (say, gaps): (fn(Code, String) -> Diagnostic, _) = if allows_gaps {
        (Diagnostic::warning, &mut set.notes)
    } else {
        (Diagnostic::error, &mut set.unknown)
    };
    let unlisted = sites.iter().zip(survey.records()).filter(|(_, record)| record.lacks_referrers());
    gaps.extend(unlisted.map(|(site, _)| no_referrers(site, say)));
    let is_endless = |record: &Record| record.tags().present().is_some() && !record.lists_all_tags();
    let endless = sites.iter().zip(survey.records()).filter(|(_, record)| is_endless(record));
    gaps.extend(endless.map(|(site, _)| no_end(site, say)));
    if !set.failures.is_empty() || !set.unknown.is_empty() {
        return set;
    }
    // Whatever was pushed meanwhile would be lost.
    let mut again = Survey::new(sites, progress, Trouble::IsTold);
    let (_, failures) = again.conduct(|records| ((), tags(records)));
    set.failures = failures;
    for (at, site) in sites.iter().enumerate() {
        if named(&survey.records()[at]) != named(&again.records()[at]) {
            let message = format!("the tags of `{}` changed while they were read", site.location);
            set.unknown.push(Diagnostic::error(Code::CHANGED_MEANWHILE, message).with_help("run it again"));
        }
    }
    set
}

/// Says that a repository has no list of what refers to a manifest.
fn no_referrers(site: &Site, say: fn(Code, String) -> Diagnostic) -> Diagnostic {
    let message = format!(
        "`{}` has no list of what refers to a manifest: signatures and other artifacts that are attached in this way are kept only where tags that begin with a digest (`sha256-…`) name them",
        site.location
    );
    say(Code::NO_REFERRERS, message).with_help(
        "let clean-ups of this repository leave manifests with a `subject` alone, and print the rest with `--allow-gaps`",
    )
}

/// Says that a list of tags may lack some.
fn no_end(site: &Site, say: fn(Code, String) -> Diagnostic) -> Diagnostic {
    let message = format!(
        "`{}` does not say that its list of tags is whole: whatever tags need that it leaves out is missing from the set",
        site.location
    );
    say(Code::LIST_END, message).with_help(
        "print what is known with `--allow-gaps`, and compare the tags with what the registry itself shows before anything is deleted; `--plan` also requires those of a plan",
    )
}

/// The questions about all tags.
fn tags(records: &[Record]) -> Questions {
    let mut questions = Questions::new();
    for (site, record) in records.iter().enumerate() {
        questions.insert((site, Question::Tags));
        let tags = record.tags().present().unwrap_or_default();
        questions.extend(tags.iter().map(|tag| (site, Question::Tag(tag.clone()))));
    }
    questions
}

/// What each tag means.
fn named(record: &Record) -> BTreeMap<&Tag, Option<&Digest>> {
    let tags = record.tags().present().unwrap_or_default();
    tags.iter().map(|tag| (tag, record.tag(tag).present())).collect()
}

/// A look at one repository, as far as the record tells.
struct Look<'a> {
    at: usize,
    site: &'a Site,
    record: &'a Record,
    questions: Questions,
    kept: BTreeSet<Digest>,
    unknown: Vec<Diagnostic>,
    /// The manifests of which it cannot be read what refers to them.
    unreferred: Vec<(Digest, &'a Fault)>,
    /// What was followed already.
    seen: BTreeSet<Digest>,
}

impl<'a> Look<'a> {
    fn new(at: usize, site: &'a Site, record: &'a Record) -> Self {
        let (questions, kept, unknown, unreferred, seen) = Default::default();
        Self { at, site, record, questions, kept, unknown, unreferred, seen }
    }

    fn need(&mut self, question: Question) {
        if !self.record.knows(&question) {
            self.questions.insert((self.at, question));
        }
    }

    /// Takes note of something that cannot be known.
    fn lack(&mut self, message: String) {
        self.unknown.push(
            Diagnostic::error(Code::NOT_KNOWN, message)
                .with_help("nothing is to be deleted before this is known"),
        );
    }

    fn fault(&mut self, what: &str, fault: &Fault) {
        let location = &self.site.location;
        self.lack(format!("{what} in `{location}` cannot be read: {}", fault.message()));
    }

    fn all(&mut self, planned: &[(Location, Tag)]) {
        self.need(Question::Tags);
        let record = self.record;
        let tags = match record.tags() {
            Known::Unasked => return,
            Known::Absent => &[],
            Known::Present(tags) => tags,
            Known::Faulty(fault) => return self.fault("the list of tags", fault),
        };
        if tags.is_empty() {
            // A mistyped name would otherwise mean that nothing is to be kept.
            let message = format!("`{}` has no tags, or does not exist", self.site.location);
            let help = "check the name of the repository, and leave it out if it really has no tags";
            self.unknown.push(Diagnostic::error(Code::NOT_KNOWN, message).with_help(help));
        }
        let latest: Option<Tag> = LATEST.parse().ok();
        let here = planned.iter().filter(|(location, _)| *location == self.site.location);
        let here = here.map(|(_, tag)| tag).chain(record.witness(latest.iter()));
        for tag in here.filter(|tag| !tags.contains(tag)) {
            self.need(Question::Tag(tag.clone()));
            match record.tag(tag) {
                Known::Unasked | Known::Absent => {}
                Known::Present(_) => self.lack(format!(
                    "`{}` is there, and the list of tags lacks it: it may lack others, too",
                    self.site.location.with_tag(tag)
                )),
                Known::Faulty(fault) => self.fault(&format!("tag `{tag}`"), fault),
            }
        }
        for tag in tags {
            self.need(Question::Tag(tag.clone()));
            match record.tag(tag) {
                Known::Unasked => {}
                Known::Present(digest) => self.follow(digest, true),
                Known::Absent => {
                    let location = &self.site.location;
                    self.lack(format!(
                        "`{}` is in the list of tags, and is not there",
                        location.with_tag(tag)
                    ));
                }
                Known::Faulty(fault) => self.fault(&format!("tag `{tag}`"), fault),
            }
        }
        self.tell_unreferred();
    }

    /// Says once of which manifests it cannot be read what refers to them.
    fn tell_unreferred(&mut self) {
        let unreferred = std::mem::take(&mut self.unreferred);
        let Some(((digest, fault), others)) = unreferred.split_first() else { return };
        let more = match others.len() {
            0 => String::new(),
            1 => " and another manifest".to_owned(),
            count => format!(" and {count} other manifests"),
        };
        self.fault(&format!("what refers to {digest}{more}"), fault);
    }

    /// Keeps a manifest, and whatever it holds and is about it. What is not `needed` may be missing.
    fn follow(&mut self, digest: &'a Digest, needed: bool) {
        if !self.seen.insert(digest.clone()) {
            return;
        }
        self.need(Question::Manifest(digest.clone()));
        let record = self.record;
        let served = match record.manifest(digest) {
            Known::Unasked => return,
            Known::Absent if needed => {
                let location = &self.site.location;
                return self.lack(format!("{digest} is needed, and is not in `{location}`"));
            }
            Known::Absent => {
                // Something else may need it.
                self.seen.remove(digest);
                return;
            }
            Known::Present(served) => served,
            Known::Faulty(fault) => return self.fault(digest.as_str(), fault),
        };
        self.keep(digest);
        match &served.content {
            Content::Unreadable(why) => self.lack(format!("{digest} cannot be read: {why}")),
            Content::Image(manifest) => {
                if let Some(subject) = &manifest.subject {
                    self.follow(&subject.digest, false);
                }
            }
            Content::Index(index) => {
                if index.count > index.entries.len() {
                    self.lack(format!("{digest} holds {} manifests, too many to follow", index.count));
                }
                for entry in &index.entries {
                    match entry {
                        Ok(entry) => self.follow(&entry.digest, true),
                        Err(why) => self.lack(format!("an entry of {digest} cannot be read: {why}")),
                    }
                }
                let whole = serde_json::from_slice::<Index>(&served.manifest.bytes);
                if let Some(subject) = whole.ok().and_then(|index| index.subject) {
                    // A layout keeps no registry from removing what refers to what is gone.
                    self.subject(&subject.digest);
                }
            }
        }
    }

    /// Keeps what an index is about, if it is there.
    fn subject(&mut self, digest: &Digest) {
        self.need(Question::Manifest(digest.clone()));
        if self.record.manifest(digest).present().is_some() {
            self.keep(digest);
        }
    }

    /// Keeps a manifest, and what refers to it.
    fn keep(&mut self, digest: &Digest) {
        if !self.kept.insert(digest.clone()) {
            return;
        }
        self.need(Question::About(digest.clone()));
        let record = self.record;
        match record.about(digest) {
            Known::Unasked | Known::Absent => {}
            Known::Faulty(fault) => self.unreferred.push((digest.clone(), fault)),
            Known::Present(found) => {
                for referrer in found {
                    if is_index(&referrer.media_type) {
                        self.follow(&referrer.digest, true);
                    } else {
                        self.keep(&referrer.digest);
                    }
                }
            }
        }
    }
}
