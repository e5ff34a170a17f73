//! Why an image does not work that nobody planned with this tool: what it is, what is missing where, which cause fits.
//!
//! The two questions behind it: "blob unknown to registry" when a list is pushed, and "no such manifest" or "is a
//! manifest list" for an image that pulls.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::code::Code;
use super::finding::Finding;
use super::report::CheckedReference;
use super::walk::{Branch, Trail, Tree, Walk};
use crate::oci::Descriptor;
use crate::published::record::{Known, Question};
use crate::published::served::Content;
use crate::published::target::Target;
use crate::reference::Digest;
use crate::registry::{Location, Negotiated, TagOrDigest};

/// What hosts of GitLab's registry have in their names.
const GITLAB: &str = "gitlab";
/// How many entries of a list on this machine are looked at.
const MAX_LOCAL: usize = 200;

/// What is to be explained.
#[derive(Clone, Debug)]
pub struct Case {
    /// The reference that does not work.
    pub subject: Target,
    /// What it was to be made of.
    pub sources: Vec<Target>,
    /// Digests that an error named.
    pub digests: Vec<Digest>,
    /// The list of this reference that `docker manifest create` left on this machine.
    pub local: Option<LocalList>,
}

/// A list that `docker manifest create` left on this machine
/// (<https://github.com/docker/cli/blob/master/cli/manifest/store/store.go>).
#[derive(Clone, Debug, Default)]
pub struct LocalList {
    /// The folder.
    pub path: String,
    /// What is in it.
    pub entries: Vec<LocalEntry>,
}

/// An image in a [`LocalList`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalEntry {
    /// Where it was taken from.
    pub source: Target,
    /// Its manifest.
    pub descriptor: Descriptor,
}

impl LocalList {
    /// The name of the folder of a reference below `manifests` in Docker's configuration.
    #[must_use]
    pub fn folder(target: &Target) -> Option<String> {
        // Docker writes the whole reference, `docker.io/library/` included.
        matches!(target.location, Location::Registry(_))
            .then(|| target.to_string().replace(':', "-").replace('/', "_"))
    }

    /// Adds the text of a file; what makes no sense is left out.
    pub fn add(&mut self, text: &str) {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Form {
            r#ref: String,
            descriptor: Descriptor,
        }
        let Ok(form) = serde_json::from_str::<Form>(text) else { return };
        let Ok(source) = form.r#ref.parse::<Target>() else { return };
        if self.entries.len() < MAX_LOCAL {
            self.entries.push(LocalEntry { source, descriptor: form.descriptor });
        }
    }
}

impl Case {
    /// The repositories to ask.
    pub(super) fn locations(&self) -> Vec<Location> {
        let local = self.local.iter().flat_map(|list| &list.entries).map(|entry| &entry.source);
        let targets = std::iter::once(&self.subject).chain(&self.sources).chain(local);
        targets.map(|target| target.location.clone()).collect()
    }
}

/// What a digest is.
struct Role {
    what: String,
    is_manifest: bool,
}

struct Explanation<'c, 'w, 'a> {
    case: &'c Case,
    walk: &'w mut Walk<'a>,
    facts: &'w mut Vec<String>,
    site: usize,
    name: String,
    /// What digests are, as far as they were met.
    roles: BTreeMap<Digest, Role>,
}

/// Looks for causes; says what things are in `facts`.
pub(super) fn look(case: &Case, walk: &mut Walk<'_>, facts: &mut Vec<String>) -> Vec<CheckedReference> {
    let Some(site) = walk.site_of(&case.subject.location) else { return Vec::new() };
    let name = case.subject.to_string();
    let mut one = Explanation { case, walk, facts, site, name, roles: BTreeMap::new() };
    let mut checked = vec![one.subject()];
    let is_there = checked[0].digest.is_some();
    let before = one.walk.findings.len();
    checked.extend(one.sources());
    one.local();
    let is_whole = one.walk.findings[before..].iter().all(|finding| finding.code == Code::IsAnIndex);
    if !is_there && is_whole && !case.sources.is_empty() && one.walk.questions.is_empty() {
        one.not_made();
    }
    // What a digest is shows when all else is known.
    if one.walk.questions.is_empty() {
        one.digests();
    }
    checked
}

impl<'a> Explanation<'_, '_, 'a> {
    /// The reference itself.
    fn subject(&mut self) -> CheckedReference {
        let (case, site) = (self.case, self.site);
        let target = &case.subject;
        let mut checked = CheckedReference::new(self.name.clone(), &target.location, target.tag.as_ref());
        match self.walk.resolve(site, target) {
            Known::Present(digest) => {
                checked.digest = Some(digest.clone());
                if let Some(tree) = self.tree(site, &self.name.clone(), &digest) {
                    checked.describe(&tree);
                    self.for_docker(target, &tree);
                }
            }
            Known::Absent => {
                self.facts.push(format!("{} is not there", self.name));
                let cure = match (case.sources.is_empty(), &case.local) {
                    (true, None) => {
                        format!("also name what it should be made of: `--explain {} SOURCE…`", self.name)
                    }
                    _ => "fix the other findings, then make it again".to_owned(),
                };
                let missing = self.walk.findings.iter_mut().filter(|one| one.code == Code::TagMissing);
                missing.for_each(|one| one.cure.clone_from(&cure));
                self.similar();
            }
            Known::Unasked | Known::Faulty(_) => {}
        }
        checked
    }

    /// Looks at what a digest names, and says what it is.
    fn tree(&mut self, site: usize, name: &str, digest: &Digest) -> Option<Tree<'a>> {
        let place = Trail { site, references: vec![name.to_owned()] };
        let tree = self.walk.tree(&place, digest)?;
        let served = tree.served;
        let kind = match &served.content {
            Content::Index(_) => "an index",
            Content::Image(_) => "the manifest of one image, not an index",
            Content::Unreadable(_) => "unreadable",
        };
        self.facts.push(format!(
            "{name} is {kind}: {}, {} bytes, {digest}",
            served.manifest.media_type,
            served.size()
        ));
        for image in &tree.images {
            let attested = tree.attestations.iter().any(|one| one.attests == Some(image.digest.as_str()));
            let layers = image.manifest.map_or(0, |manifest| manifest.layers.len());
            self.facts.push(format!(
                "  {}  {}  {layers} {}, {} bytes{}",
                image.platform_name(),
                image.digest,
                if layers == 1 { "layer" } else { "layers" },
                image.size(),
                if attested { ", attested" } else { "" }
            ));
            let what = image.platform_name();
            self.know(image, &what);
        }
        for attestation in &tree.attestations {
            let about = attestation.attests.unwrap_or_default();
            let about =
                tree.images.iter().find(|one| one.digest.as_str() == about).map(Branch::platform_name);
            self.know(
                attestation,
                &format!("the attestation of {}", about.unwrap_or_else(|| "another image".to_owned())),
            );
        }
        if tree.is_index() {
            let (images, attestations) = (tree.images.len(), tree.attestations.len());
            let message = format!(
                "{name} is an index: {images} {}, {attestations} {}",
                if images == 1 { "image" } else { "images" },
                if attestations == 1 { "attestation" } else { "attestations" }
            );
            let finding = Finding::new(Code::IsAnIndex, &place.references, message);
            self.walk.findings.push(finding.about(digest));
        }
        self.subjects(site, &place, &tree);
        Some(tree)
    }

    /// Remembers what digests are.
    fn know(&mut self, branch: &Branch<'_>, what: &str) {
        let role = |what: String, is_manifest| Role { what, is_manifest };
        self.roles
            .entry(branch.digest.clone())
            .or_insert_with(|| role(format!("the manifest of {what}"), true));
        let Some(manifest) = branch.manifest else { return };
        let config = manifest.config.digest.clone();
        self.roles.entry(config).or_insert_with(|| role(format!("the configuration of {what}"), false));
        for (at, layer) in manifest.layers.iter().enumerate() {
            let text = format!("layer {} of {} of {what}", at + 1, manifest.layers.len());
            self.roles.entry(layer.digest.clone()).or_insert_with(|| role(text, false));
        }
    }

    /// Attestations in a form that GitLab does not take.
    fn subjects(&mut self, site: usize, place: &Trail, tree: &Tree<'_>) {
        let is_gitlab = [site, self.site].iter().any(|at| is_gitlab(&self.walk.sites[*at].location));
        for one in &tree.attestations {
            let subject = one.manifest.and_then(|manifest| manifest.subject.as_ref());
            // An error that names the subject is GitLab's, whatever the host is called.
            if subject.is_some_and(|subject| is_gitlab || self.case.digests.contains(&subject.digest)) {
                let message = format!("the attestation {} refers to its image by `subject`", one.digest);
                let finding = Finding::new(Code::AttestationSubject, &place.references, message);
                self.walk.findings.push(finding.about(&one.digest));
            }
        }
    }

    /// What an old client gets.
    fn for_docker(&mut self, target: &Target, tree: &Tree<'_>) {
        let at = match (&target.tag, &target.digest) {
            (_, Some(digest)) => TagOrDigest::Digest(digest.clone()),
            (Some(tag), None) => TagOrDigest::Tag(tag.clone()),
            (None, None) => return,
        };
        self.walk.need(self.site, Question::ForDocker(at.clone()));
        if let Known::Present(Negotiated::Refused(words)) = self.walk.records[self.site].for_docker(&at) {
            let message = format!("a client that accepts only Docker's media types gets nothing: {words}");
            let finding = Finding::new(Code::DockerTypesOnly, std::slice::from_ref(&self.name), message);
            self.walk.findings.push(finding.about(&tree.served.manifest.digest));
        }
    }

    /// Tags that begin as the missing one does, such as `1-amd64`.
    fn similar(&mut self) {
        let Some(tag) = &self.case.subject.tag else { return };
        self.walk.need(self.site, Question::Tags);
        let Known::Present(tags) = self.walk.records[self.site].tags() else { return };
        let location = &self.case.subject.location;
        if tags.is_empty() {
            self.facts.push(format!("  `{location}` has no tags at all, as before its first merge"));
        }
        let similar = tags.iter().filter(|other| {
            let rest = other.as_str().strip_prefix(tag.as_str());
            rest.is_some_and(|rest| rest.starts_with(['-', '_', '.']))
        });
        for other in similar.take(20) {
            self.facts.push(format!("  there is {}", location.with_tag(other)));
        }
    }

    /// What it was to be made of: is it all there, beside the reference?
    fn sources(&mut self) -> Vec<CheckedReference> {
        let mut checked = Vec::new();
        for source in &self.case.sources {
            let Some(site) = self.walk.site_of(&source.location) else { continue };
            let name = source.to_string();
            let mut one = CheckedReference::new(name.clone(), &source.location, source.tag.as_ref());
            if let Known::Present(digest) = self.walk.resolve(site, source) {
                one.digest = Some(digest.clone());
                if let Some(tree) = self.tree(site, &name, &digest) {
                    one.describe(&tree);
                    if site != self.site {
                        self.beside(&tree);
                    }
                }
            }
            checked.push(one);
        }
        checked
    }

    /// Whether what a source holds is beside the reference.
    fn beside(&mut self, tree: &Tree<'_>) {
        for branch in tree.images.iter().chain(&tree.attestations) {
            let what = self.roles.get(&branch.digest).map_or("it", |role| &role.what).to_owned();
            self.needed(&what, &branch.digest);
        }
    }

    /// Whether a manifest is beside the reference; what is wrong with it otherwise.
    fn needed(&mut self, what: &str, digest: &Digest) -> Option<bool> {
        let location = self.case.subject.location.to_string();
        let names = std::slice::from_ref(&self.name);
        match self.walk.manifest(self.site, digest) {
            Known::Unasked => None,
            Known::Present(_) => Some(true),
            Known::Faulty(fault) => {
                let message = format!("{what}: {}", fault.message());
                self.walk.findings.push(Finding::new(fault.kind.into(), names, message).about(digest));
                Some(true)
            }
            Known::Absent => {
                let others = self.walk.elsewhere(self.site, digest);
                if others.is_empty() {
                    return Some(false);
                }
                let message = format!("{what}, {digest}, is in {}, not in `{location}`", others.join(", "));
                self.walk.findings.push(Finding::new(Code::InOtherRepository, names, message).about(digest));
                Some(true)
            }
        }
    }

    /// The list on this machine: is what it names still there?
    fn local(&mut self) {
        let Some(list) = &self.case.local else { return };
        self.facts
            .push(format!("`{}` is what `docker manifest create` left of it on this machine", list.path));
        for entry in &list.entries {
            let digest = &entry.descriptor.digest;
            let platform =
                entry.descriptor.platform.as_ref().map_or("an image".to_owned(), ToString::to_string);
            self.facts.push(format!("  {platform}  {digest}  from {}", entry.source));
            if self.needed(&platform, digest) != Some(false) {
                continue;
            }
            let now = match (self.walk.site_of(&entry.source.location), &entry.source.tag) {
                (Some(site), Some(tag)) => self.walk.tag(site, tag),
                _ => Known::Absent,
            };
            let now = match now {
                Known::Unasked => continue,
                Known::Present(now) if now != digest => format!("`{}` is {now} now", entry.source),
                Known::Present(_) | Known::Absent | Known::Faulty(_) => {
                    format!("`{}` is not there now, either", entry.source)
                }
            };
            let message = format!(
                "the list on this machine names {platform} as {digest}, which is not in `{}`",
                self.case.subject.location
            );
            let finding = Finding::new(Code::StaleList, std::slice::from_ref(&self.name), message);
            let cure = format!("run `docker manifest rm {}` and create the list again", self.name);
            self.walk.findings.push(finding.about(digest).with_note(now).with_cure(cure));
        }
    }

    /// Nothing is missing but the list.
    fn not_made(&mut self) {
        let references = std::slice::from_ref(&self.name);
        let message = format!("everything that {} should be made of is there", self.name);
        let sources: Vec<_> = self.case.sources.iter().map(ToString::to_string).collect();
        let cure = format!("run `docker buildx imagetools create -t {} {}`", self.name, sources.join(" "));
        self.walk.findings.retain(|finding| finding.code != Code::TagMissing);
        self.walk.findings.push(Finding::new(Code::NotMerged, references, message).with_cure(cure));
    }

    /// The digests that an error named.
    fn digests(&mut self) {
        let names = [self.name.clone()];
        let location = self.case.subject.location.to_string();
        for digest in &self.case.digests {
            let role = self.roles.get(digest);
            let what = role.map_or("not found here", |role| &role.what).to_owned();
            let (as_manifest, as_blob) =
                role.map_or((true, true), |role| (role.is_manifest, !role.is_manifest));
            let (mut is_here, mut is_open, mut others) = (false, false, Vec::new());
            let siblings: Vec<_> = self.walk.siblings(self.site).collect();
            for site in std::iter::once(self.site).chain(siblings) {
                let manifest = as_manifest.then(|| self.walk.manifest(site, digest));
                let blob = as_blob.then(|| self.walk.blob(site, digest));
                is_open |= matches!(manifest, Some(Known::Unasked)) || matches!(blob, Some(Known::Unasked));
                let found = manifest.is_some_and(|known| known.present().is_some())
                    || blob.is_some_and(|known| known.present().is_some());
                match (found, site == self.site) {
                    (true, true) => is_here = true,
                    (true, false) => others.push(format!("`{}`", self.walk.sites[site].location)),
                    (false, _) => {}
                }
            }
            if is_open {
                continue;
            }
            let finding = if is_here {
                Finding::new(Code::Role, &names, format!("{digest} is {what}, and is in `{location}`"))
            } else if !others.is_empty() {
                let others = others.join(", ");
                let message = format!("{digest}, {what}, is in {others}, not in `{location}`");
                Finding::new(Code::InOtherRepository, &names, message)
            } else {
                let code = if role.is_some_and(|role| !role.is_manifest) {
                    Code::BlobMissing
                } else {
                    Code::ManifestMissing
                };
                Finding::new(code, &names, format!("{digest}, {what}, is not in `{location}`"))
            };
            self.walk.findings.push(finding.about(digest));
        }
    }
}

/// Whether the registry is GitLab's by its name.
fn is_gitlab(location: &Location) -> bool {
    location.repository().is_some_and(|repository| repository.registry().as_str().contains(GITLAB))
}

/// Tells digests from references among arguments.
///
/// # Errors
/// The argument that is neither, and why.
pub fn sort(arguments: &[String]) -> Result<(Vec<Target>, Vec<Digest>), String> {
    let (mut targets, mut digests) = (Vec::new(), Vec::new());
    for text in arguments {
        if let Ok(digest) = text.parse::<Digest>() {
            digests.push(digest);
            continue;
        }
        match text.parse::<Target>() {
            Ok(target) => targets.push(target),
            Err(error) => return Err(format!("`{text}` is not a valid reference: {error}")),
        }
    }
    Ok((targets, digests))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gitlab_is_known_by_its_name() {
        for (text, expected) in [
            ("registry.gitlab.com/acme/app", true),
            ("gitlab.example.org:5050/a", true),
            ("ghcr.io/gitlab/app", false),
            ("oci-layout:gitlab", false),
        ] {
            assert_eq!(is_gitlab(&text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn dockers_folders_are_found() {
        let folder = |text: &str| LocalList::folder(&text.parse().unwrap());
        assert_eq!(folder("app:1").as_deref(), Some("docker.io_library_app-1"));
        assert_eq!(folder("127.0.0.1:5000/a/b").as_deref(), Some("127.0.0.1-5000_a_b-latest"));
        assert_eq!(folder("oci-layout:a"), None);
    }

    #[test]
    fn dockers_lists_are_read_and_nonsense_is_left_out() {
        let digest = Digest::sha256(b"");
        let mut list = LocalList::default();
        for text in [
            "",
            "[]",
            r#"{"Ref":"a","Descriptor":{"digest":"md5:0"}}"#,
            &format!(
                r#"{{"Ref":"docker.io/acme/app:1-amd64","Descriptor":{{"mediaType":"m/m","digest":"{digest}","size":7,
                    "platform":{{"architecture":"amd64","os":"linux"}}}},"SchemaV2Manifest":{{}}}}"#
            ),
        ] {
            list.add(text);
        }
        let [entry] = list.entries.as_slice() else { panic!("{:?}", list.entries) };
        assert_eq!(
            (entry.source.to_string().as_str(), &entry.descriptor.digest),
            ("docker.io/acme/app:1-amd64", &digest)
        );
    }
}
