//! Compares what registries serve with a plan, and with what its builds pushed.

use std::collections::{BTreeMap, BTreeSet};

use super::agree::agree;
use super::ahead::{ahead, identity_alone, without_version};
use super::annotations;
use super::another;
use super::builds::{listed, name_of, parts, told_by};
use super::code::Code;
use super::finding::Finding;
use super::kept::{Holder, behind, holder, is_own, of_index, unlisted};
use super::merged::{self, Said, said};
use super::rebuilt;
use super::report::CheckedReference;
use super::state::{State, TagState};
use super::walk::{Branch, Trail, Tree, Walk};
use crate::diagnostic::Severity;
use crate::oci::DescriptorPlatform;
use crate::on_missing::OnMissing;
use crate::published::labels::differences;
use crate::published::metadata::Metadata;
use crate::published::plan_json::{BuildEntry, RunEntry};
use crate::published::planned::{Planned, PlannedImage};
use crate::published::record::{Configuration, Known, Question};
use crate::published::result::MergeResult;
use crate::published::served::{Content, Served};
use crate::reference::Digest;

/// Looks at all tags of a plan.
pub(super) fn look(
    planned: &Planned,
    metadata: Option<&Metadata>,
    result: Option<&MergeResult>,
    walk: &mut Walk<'_>,
) -> Vec<CheckedReference> {
    let mut checked = Vec::new();
    for (key, image) in &planned.images {
        let places: Vec<_> = image.places().filter_map(|location| walk.site_of(location)).collect();
        let said = match result.and_then(|result| result.images.get(key)) {
            Some(result) => said(result),
            None => image.reused.as_ref().map_or(Said::Nothing, Said::Reused),
        };
        if let Said::Indexed(digest) = said {
            checked.extend(merged::index(key, digest, &places, walk));
            continue;
        }
        let mut subject = ImageCheck {
            said,
            key,
            image,
            run: &planned.run,
            metadata,
            places,
            walk,
            tags: Vec::new(),
            other_build: false,
        };
        subject.look();
        checked.extend(subject.tags.into_iter().map(|tag| tag.checked));
    }
    checked
}

struct ImageCheck<'s, 'a> {
    /// What a merge says of the image.
    said: Said<'s>,
    key: &'s str,
    image: &'s PlannedImage,
    /// The run that the plan was made in.
    run: &'s RunEntry,
    metadata: Option<&'s Metadata>,
    /// The sites of its repositories.
    places: Vec<usize>,
    walk: &'s mut Walk<'a>,
    tags: Vec<State<'s>>,
    /// Whether the metadata told that a tag has another build.
    other_build: bool,
}

impl<'a> ImageCheck<'_, 'a> {
    fn look(&mut self) {
        for site in self.places.clone() {
            let before = self.tags.len();
            self.resolve(site);
            if self.tags[before..].iter().all(|tag| tag.kind != TagState::Open) {
                if let Said::Held(why) = self.said {
                    self.held(why, before);
                    self.present(site);
                    continue;
                }
                self.left(before);
                self.keep(site);
                self.missing(site);
                self.present(site);
            }
        }
        if !self.other_build {
            agree(self.key, self.image, self.run, &self.tags, &self.places, self.walk);
        }
    }

    fn references(&self, is_meant: impl Fn(&State<'_>) -> bool) -> Vec<String> {
        self.tags.iter().filter(|tag| is_meant(tag)).map(|tag| tag.checked.reference.clone()).collect()
    }

    /// Leaves alone what the merge left alone: what is there has to be whole, and nothing else.
    fn held(&mut self, why: &[String], from: usize) {
        for tag in &mut self.tags[from..] {
            if matches!(tag.kind, TagState::Own | TagState::Missing) {
                tag.kind = TagState::Kept;
            }
        }
        let references: Vec<_> = self.tags[from..].iter().map(|tag| tag.checked.reference.clone()).collect();
        self.walk.findings.push(merged::held(self.key, why, &references));
    }

    /// Leaves alone the floating tags that the merge left alone: it leaves no others.
    fn left(&mut self, from: usize) {
        let Said::Published(_, left) = &self.said else { return };
        let mut references = Vec::new();
        for tag in &mut self.tags[from..] {
            let is_left = tag.planned.floating && left.contains(&*tag.checked.reference);
            if is_left && tag.kind != TagState::Faulty {
                tag.kind = TagState::Kept;
                references.push(tag.checked.reference.clone());
            }
        }
        if !references.is_empty() {
            self.walk.findings.push(merged::left(self.key, &references));
        }
    }

    /// What the tags of a repository mean.
    fn resolve(&mut self, site: usize) {
        let location = &self.walk.sites[site].location;
        for planned in self.image.tags_in(location) {
            let reference = location.with_tag(&planned.name);
            let mut checked = CheckedReference::new(reference, location, Some(&planned.name));
            let kind = match self.walk.tag(site, &planned.name) {
                Known::Unasked => TagState::Open,
                Known::Absent => TagState::Missing,
                Known::Present(digest) => {
                    checked.digest = Some(digest.clone());
                    TagState::Own
                }
                Known::Faulty(fault) => {
                    let references = [checked.reference.clone()];
                    self.walk.findings.push(Finding::new(fault.kind.into(), &references, fault.message()));
                    TagState::Faulty
                }
            };
            self.tags.push(State { site, planned, checked, kind });
        }
    }

    /// Finds floating tags that a greater version or a later run has.
    fn keep(&mut self, site: usize) {
        rebuilt::keep(&mut self.tags, site, self.image, self.run, self.walk);
        let own = |tag: &&State<'_>| tag.site == site && is_own(self.image, tag.planned);
        let has_literals = self.tags.iter().any(|tag| own(&tag));
        let literal = self.tags.iter().filter(own).find_map(|tag| tag.checked.digest.clone());
        let mut others = self.tags.iter().filter(|tag| tag.site == site && tag.planned.floating);
        let other = literal.clone().or_else(|| others.find_map(|tag| tag.checked.digest.clone()));
        for at in 0..self.tags.len() {
            let tag = &self.tags[at];
            let expected = if tag.planned.floating { &literal } else { &other };
            let is_right = expected.is_some() && tag.checked.digest == *expected;
            if tag.site != site || is_own(self.image, tag.planned) || tag.kind == TagState::Kept {
                continue;
            }
            // A commit's tag, or one that moves with runs, is right with what was built.
            if is_right && tag.planned.follows().is_none() {
                continue;
            }
            let digest = tag.checked.digest.as_ref();
            let holder = match (holder(self.walk, site, self.image, self.run, tag.planned, digest), digest) {
                (Holder::Own, Some(digest)) => of_index(self.walk, site, self.image, tag.planned, digest),
                (other, _) => other,
            };
            match holder {
                Holder::Open => self.tags[at].kind = TagState::Open,
                Holder::Wrong(own) => {
                    let mut finding = behind(tag.planned, &tag.checked, &own);
                    // The merge may have been told to move it.
                    if matches!(self.said, Said::Published(..)) {
                        finding = finding.with_severity(Severity::Warning);
                    }
                    self.walk.findings.push(finding);
                    if !is_right {
                        self.tags[at].kind = TagState::Kept;
                    }
                    continue;
                }
                // It has the content of both, or nothing tells more.
                Holder::Other(_) | Holder::Unlisted(_) | Holder::Own if is_right => continue,
                Holder::Other(stays) => {
                    let message = format!("`{}` {stays}", tag.planned.name);
                    let references = [tag.checked.reference.clone()];
                    self.walk.findings.push(Finding::new(Code::TagKept, &references, message));
                    self.tags[at].kind = TagState::Kept;
                    continue;
                }
                Holder::Unlisted(why) => {
                    self.walk.findings.push(unlisted(tag.planned, &tag.checked, &why));
                    let is_there = tag.checked.digest.is_some();
                    self.tags[at].kind = if is_there { TagState::Foreign } else { TagState::Kept };
                    continue;
                }
                Holder::Own => {}
            }
            if has_literals && literal.is_none() && self.tags[at].kind == TagState::Own {
                self.tags[at].kind = TagState::Foreign;
                self.tags[at].checked.is_foreign = true;
            }
        }
    }

    /// Finds out why tags are missing.
    fn missing(&mut self, site: usize) {
        let references = self.references(|tag| tag.site == site && tag.kind == TagState::Missing);
        if references.is_empty() {
            return;
        }
        let location = self.walk.sites[site].location.to_string();
        let missing = self.tags.iter().filter(|tag| tag.site == site && tag.kind == TagState::Missing);
        let names: Vec<_> = missing.map(|tag| format!("`{}`", tag.planned.name)).collect();
        let noun = if names.len() == 1 { "has no tag" } else { "has none of the tags" };
        let message = format!("image `{}`: `{location}` {noun} {}", self.key, names.join(", "));
        let metadata = self.metadata.filter(|_| self.image.reused.is_none());
        let Some(metadata) = metadata else {
            self.walk.findings.push(Finding::new(Code::TagMissing, &references, message));
            return;
        };
        let (mut unbuilt, mut is_open, mut is_explained) = (Vec::new(), false, false);
        let place = Trail { site, references: references.clone() };
        for (leg, build) in &self.image.builds {
            let Some(pushed) = metadata.builds.get(leg) else {
                unbuilt.push(leg);
                continue;
            };
            let digest = &pushed.digest;
            let what = name_of(leg, build);
            match self.walk.manifest(site, digest) {
                Known::Unasked => is_open = true,
                Known::Present(_) => {
                    // What is wrong below it would come into the tag.
                    let before = self.walk.findings.len();
                    if let Some(tree) = self.walk.tree(&place, digest) {
                        self.labels(self.image, &place, &tree, &BTreeSet::new());
                    }
                    is_explained |=
                        self.walk.findings[before..].iter().any(|one| one.severity == Severity::Error);
                }
                Known::Faulty(fault) => {
                    let finding =
                        Finding::new(fault.kind.into(), &references, format!("{what}: {}", fault.message()));
                    self.walk.findings.push(finding.about(digest));
                    is_explained = true;
                }
                Known::Absent => {
                    let others = self.walk.elsewhere(site, digest);
                    let finding = if others.is_empty() {
                        let message = format!("{what}, {digest}, is not in `{location}`");
                        Finding::new(Code::BuildMissing, &references, message).with_note(told_by(pushed))
                    } else {
                        let message =
                            format!("{what}, {digest}, is in {}, not in `{location}`", others.join(", "));
                        Finding::new(Code::InOtherRepository, &references, message)
                    };
                    self.walk.findings.push(finding.about(digest));
                    is_explained = true;
                }
            }
        }
        if is_open || is_explained {
            return;
        }
        let finding = if unbuilt.is_empty() {
            Finding::new(Code::NotMerged, &references, message)
        } else {
            let unbuilt: Vec<_> = unbuilt.into_iter().map(|leg| format!("`{leg}`")).collect();
            Finding::new(Code::TagMissing, &references, message)
                .with_note(format!("not built, according to the metadata: {}", unbuilt.join(", ")))
                .with_cure("build what is missing, then merge")
        };
        self.walk.findings.push(finding);
    }

    /// Looks at what the tags of a repository name.
    fn present(&mut self, site: usize) {
        let mut groups: BTreeMap<Digest, Vec<usize>> = BTreeMap::new();
        for (at, tag) in self.tags.iter().enumerate().filter(|(_, tag)| tag.site == site) {
            if let Some(digest) = &tag.checked.digest {
                groups.entry(digest.clone()).or_default().push(at);
            }
        }
        for (digest, members) in groups {
            let references = members.iter().map(|at| self.tags[*at].checked.reference.clone()).collect();
            let before = self.walk.findings.len();
            let Some(tree) = self.walk.tree(&Trail { site, references }, &digest) else { continue };
            members.iter().for_each(|at| self.tags[*at].checked.describe(&tree));
            let own = members.iter().filter(|at| self.tags[**at].kind == TagState::Own);
            let references: Vec<_> = own.map(|at| self.tags[*at].checked.reference.clone()).collect();
            if !references.is_empty() && !matches!(tree.served.content, Content::Unreadable(_)) {
                self.compare(&Trail { site, references }, &tree, before);
            }
        }
    }

    /// Compares what a tag names with what it should. `before` is where the findings about it begin.
    fn compare(&mut self, place: &Trail, tree: &Tree<'_>, before: usize) {
        let is_told = self.platforms(place, tree);
        let found = &tree.served.manifest.digest;
        if let Some(finding) = merged::differs(&self.said, self.key, found, &place.references) {
            self.walk.findings.push(finding);
            self.other_build = true;
            return;
        }
        // What is reused says what the run that built it planned.
        if self.image.reused.as_ref().is_some_and(|reused| reused.digest == *found) {
            return;
        }
        let is_said = matches!(self.said, Said::Published(..));
        let ahead = ahead(self.key, self.image, self.run, place, tree, self.walk.records);
        let is_ahead = ahead.is_some();
        let told_ahead = ahead.filter(|_| !is_said && self.metadata.is_none());
        let reduced = told_ahead.is_some().then(|| without_version(self.image));
        let image = reduced.as_ref().unwrap_or(self.image);
        self.walk.findings.extend(told_ahead);
        self.walk.findings.extend(annotations::differences(self.key, image, place, tree));
        // A release that stays as it was published may be an index.
        if !self.image.index && tree.is_index() && !is_said {
            let message = format!("image `{}`: the tag is an index, and the plan has none", self.key);
            let finding = Finding::new(Code::UnplannedIndex, &place.references, message);
            self.walk.findings.push(finding.about(found));
        }
        if is_told {
            return;
        }
        let told = self.builds(place, tree, before);
        self.labels(image, place, tree, &told);
        let (key, image) = (self.key, self.image);
        self.other_build |= !is_said && another::commit(key, image, self.run, place, tree, self.walk);
        if self.metadata.is_none() {
            self.other_build |= another::look(key, image, is_said, place, tree, self.walk);
        }
        if is_said && (is_ahead || !self.is_made_wrongly(place, tree)) {
            merged::stays(&mut self.walk.findings[before..]);
        }
    }

    /// Whether the run of the plan made it, and it says another version or revision than planned: no attempt of a run does that, so
    /// that no merge of it has left this as it was.
    fn is_made_wrongly(&mut self, place: &Trail, tree: &Tree<'_>) -> bool {
        let before = self.walk.findings.len();
        if self.run.is_same_run(&RunEntry::of_served(tree.served)) {
            let image = identity_alone(self.image);
            self.walk.findings.extend(annotations::differences(self.key, &image, place, tree));
            self.labels(&image, place, tree, &BTreeSet::new());
        }
        let is_wrong = self.walk.findings.len() > before;
        self.walk.findings.truncate(before);
        is_wrong
    }

    /// Compares what a tag names with what was built. The legs that have another build there.
    fn builds(&mut self, place: &Trail, tree: &Tree<'_>, before: usize) -> BTreeSet<String> {
        let mut told = BTreeSet::new();
        let Some(metadata) = self.metadata else { return told };
        let digests = tree.digests();
        for (leg, build) in &self.image.builds {
            let Some(pushed) = metadata.builds.get(leg) else { continue };
            if digests.contains(&pushed.digest) || tree.served.manifest.digest == pushed.digest {
                continue;
            }
            let what = name_of(leg, build);
            let served = match self.source(place.site, &pushed.digest) {
                Known::Unasked => continue,
                Known::Present(served) => served,
                Known::Absent | Known::Faulty(_) => {
                    let message =
                        format!("{what}, {}, no longer exists, so it cannot be compared", pushed.digest);
                    let finding = Finding::new(Code::BuildGone, &place.references, message);
                    self.walk.findings.push(finding.about(&pushed.digest));
                    continue;
                }
            };
            let (images, others) = parts(served);
            let expected = listed(&images);
            let lost: Vec<_> = images.into_iter().filter(|digest| !digests.contains(*digest)).collect();
            if lost.is_empty() {
                let lost: Vec<_> = others.into_iter().filter(|digest| !digests.contains(*digest)).collect();
                if !lost.is_empty() {
                    let message =
                        format!("{what} pushed an attestation that is not in the tag: {}", listed(&lost));
                    self.walk.findings.push(Finding::new(
                        Code::AttestationMissing,
                        &place.references,
                        message,
                    ));
                }
                continue;
            }
            let found: Vec<Digest> = match &build.platform {
                Some(planned) => {
                    let images = tree.images.iter();
                    let own = images.filter(|one| one.platform.as_ref().is_some_and(|one| one.fits(planned)));
                    own.map(|one| one.digest.clone()).collect()
                }
                None => tree.images.iter().map(|one| one.digest.clone()).collect(),
            };
            let Some(first) = found.first() else { continue };
            told.insert(leg.clone());
            let missing = self.walk.findings[before..]
                .iter_mut()
                .find(|one| one.code == Code::ManifestMissing && one.digest.as_ref() == Some(first));
            if let Some(finding) = missing {
                // It names what is gone, and the build is another: nobody can have merged this build.
                let note = format!("{what} is {expected}, according to `{}`", pushed.origin);
                *finding = finding.clone().with_code(Code::StaleList).with_note(note);
                continue;
            }
            let found = listed(&found.iter().collect::<Vec<_>>());
            let message = format!("the tag has {found}, but {what} is {expected}");
            let finding = Finding::new(Code::OtherBuild, &place.references, message).with_note(format!(
                "{}: {}",
                pushed.digest,
                told_by(pushed)
            ));
            let finding = finding.about(&tree.served.manifest.digest);
            self.walk.findings.push(if self.image.immutable {
                finding
                    .with_cure("release a new version, or merge with `--allow-retag`: the image is immutable")
            } else {
                finding
            });
            self.other_build = true;
        }
        told
    }

    /// Compares what the images say of themselves with the plan, but for those that `told` has.
    fn labels(&mut self, image: &PlannedImage, place: &Trail, tree: &Tree<'_>, told: &BTreeSet<String>) {
        for (leg, build) in image.builds.iter().filter(|(leg, _)| !told.contains(*leg)) {
            let pushed = self.metadata.and_then(|metadata| metadata.builds.get(leg));
            // What was carried over, or stays since a build is missing, is of an earlier run.
            if pushed.is_none() && (self.metadata.is_some() || build.on_missing == OnMissing::Carry) {
                continue;
            }
            let is_own = |image: &&Branch<'_>| match (&build.platform, &image.platform) {
                (Some(planned), Some(found)) => found.fits(planned),
                (planned, _) => planned.is_none(),
            };
            for image in tree.images.iter().filter(is_own) {
                let Some(manifest) = image.manifest else { continue };
                let mut labels = &BTreeMap::new();
                if !build.labels.is_empty() {
                    let config = &manifest.config.digest;
                    self.walk.need(place.site, Question::Configuration(config.clone()));
                    let records = self.walk.records;
                    match records[place.site].configuration(config) {
                        Known::Present(Configuration { platform: Ok(_), labels: Ok(found), .. }) => {
                            labels = found;
                        }
                        Known::Present(Configuration { platform: Ok(_), labels: Err(why), .. }) => {
                            let message = format!(
                                "{}: the labels in the configuration {config} cannot be read: {why}",
                                name_of(leg, build)
                            );
                            let finding = Finding::new(Code::InvalidManifest, &place.references, message);
                            self.walk.findings.push(finding.about(config));
                            continue;
                        }
                        // The walk tells what is wrong with it.
                        Known::Unasked
                        | Known::Absent
                        | Known::Faulty(_)
                        | Known::Present(Configuration { platform: Err(_), .. }) => continue,
                    }
                }
                let differences = differences(build, labels, &manifest.annotations);
                let Some((first, more)) = differences.split_first() else { continue };
                let message = format!("image `{}`: {}: {first}", self.key, name_of(leg, build));
                let mut finding = Finding::new(Code::OtherPlan, &place.references, message);
                finding.notes.extend(more.iter().cloned());
                finding.notes.extend(pushed.map(told_by));
                self.walk.findings.push(finding.about(&image.digest));
            }
        }
    }

    /// A build's manifest, wherever it can be used.
    fn source(&mut self, site: usize, digest: &Digest) -> Known<'a, &'a Served> {
        let sites = std::iter::once(site).chain(self.places.clone());
        for site in sites {
            match self.walk.manifest(site, digest) {
                Known::Absent | Known::Faulty(_) => {}
                known => return known,
            }
        }
        Known::Absent
    }

    /// Compares the platforms; true when the tag has nothing to do with a merge.
    fn platforms(&mut self, place: &Trail, tree: &Tree<'_>) -> bool {
        let builds = &self.image.builds;
        let Some(planned) = builds.values().map(|build| build.platform.as_ref()).collect::<Option<Vec<_>>>()
        else {
            return false;
        };
        let has = |platform| {
            tree.images.iter().any(|one| one.platform.as_ref().is_some_and(|one| one.fits(platform)))
        };
        let is_built = |leg: &str| self.metadata.is_some_and(|metadata| metadata.builds.contains_key(leg));
        let missing: Vec<_> = builds.iter().zip(&planned).filter(|(_, platform)| !has(platform)).collect();
        let is_due =
            |(leg, build): &(&String, &BuildEntry)| build.on_missing != OnMissing::Drop || is_built(leg);
        let due: Vec<_> =
            missing.iter().filter(|(leg, _)| is_due(leg)).map(|(_, one)| one.to_string()).collect();
        let all: Vec<_> = planned.iter().map(ToString::to_string).collect();
        let found = tree.platforms();
        let is_build = self.metadata.is_some_and(|metadata| {
            metadata.builds.values().any(|pushed| pushed.digest == tree.served.manifest.digest)
        });
        let is_single = !tree.is_index() || (found.len() == 1 && (is_build || self.metadata.is_none()));
        if planned.len() > 1 && is_single && !due.is_empty() {
            let kind = if tree.is_index() { "an index of one platform" } else { "an image, not an index" };
            let message = format!(
                "image `{}`: the tag is {kind} ({}), expected {}",
                self.key,
                found.join(", "),
                all.join(", ")
            );
            let finding = Finding::new(Code::OverwrittenTag, &place.references, message);
            self.walk.findings.push(finding.about(&tree.served.manifest.digest));
            return true;
        }
        if !missing.is_empty() {
            let all = || missing.iter().map(|(_, one)| one.to_string()).collect();
            let names: Vec<String> = if due.is_empty() { all() } else { due.clone() };
            let message = format!(
                "image `{}` lacks {}: found {}",
                self.key,
                names.join(", "),
                if found.is_empty() { "no platform".to_owned() } else { found.join(", ") }
            );
            let finding = Finding::new(Code::PlatformMissing, &place.references, message);
            let finding = finding.about(&tree.served.manifest.digest);
            self.walk.findings.push(if due.is_empty() {
                finding
                    .with_severity(Severity::Note)
                    .with_note("the plan allows dropping it when it is not built")
                    .with_cure(
                        "nothing, if it is meant to be left out; else run its job again, and then the merge",
                    )
            } else {
                finding
            });
        }
        let is_stray = |platform: &DescriptorPlatform| !planned.iter().any(|one| platform.fits(one));
        for stray in tree.images.iter().filter(|one| one.platform.as_ref().is_some_and(is_stray)) {
            let message = format!(
                "image `{}` has {}, {}, which is not planned",
                self.key,
                stray.platform_name(),
                stray.digest
            );
            let finding = Finding::new(Code::UnplannedPlatform, &place.references, message);
            self.walk.findings.push(finding.about(&stray.digest));
        }
        false
    }
}
