//! The commands of `docker buildx imagetools` that do what a merge does
//! (<https://docs.docker.com/reference/cli/docker/buildx/imagetools/create/>).

use super::guard::ready::Ready;
use super::index::IndexSource;
use super::subject::Made;
use super::write::job::Command;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::oci::is_index;
use crate::published::sites::Site;
use crate::readable::shell_word;

/// The command that makes tags of an image in one repository.
///
/// What no reference names makes it give descriptors instead, and of everything, since `imagetools` takes a descriptor
/// beside a reference for the repository's `latest`: a platform that is carried over, and an attestation that stands in
/// no index. It looks for those in the one repository of the tags, so that there is no command when something of the
/// image has to come from another.
pub(super) fn imagetools(ready: &Ready<'_>, site: usize, sites: &[Site]) -> Command {
    let checked = &ready.checked;
    let mut words = Vec::new();
    if !is_index(&ready.manifest.media_type) {
        words.push("--prefer-index=false".to_owned());
    }
    for (key, value) in &ready.annotations {
        words.extend(["--annotation".to_owned(), format!("index:{key}={value}")]);
    }
    for entry in checked.sources.iter().flat_map(IndexSource::entries).filter(|_| ready.made == Made::Built) {
        let platform = entry.platform.as_ref().map(|one| format!("[{}]", one.to_kind())).unwrap_or_default();
        for (key, value) in ready.image.descriptor_annotations(entry).into_iter().flatten() {
            words.extend(["--annotation".to_owned(), format!("manifest-descriptor{platform}:{key}={value}")]);
        }
    }
    if checked.referrers.is_empty() && checked.origins.iter().all(Option::is_some) {
        for (digest, places) in checked.origins.iter().flatten() {
            let from = places.iter().find(|place| **place == site).or(places.first()).unwrap_or(&site);
            words.push(sites[*from].location.with_digest(digest));
        }
    } else if checked.copies.contains_key(&site) {
        return Command { image: None };
    } else {
        let entries = checked.sources.iter().flat_map(IndexSource::entries).chain(&checked.referrers);
        words.extend(
            entries.map(|entry| serde_json::to_string(entry).expect("a descriptor has string keys only")),
        );
    }
    Command { image: Some(words) }
}

/// A command as a line for a POSIX shell.
pub(super) fn line(words: &[String]) -> String {
    if words.is_empty() {
        return "# `imagetools` cannot take this from several repositories at once".to_owned();
    }
    words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}

/// Why Docker cannot write an image.
pub(super) fn several_repositories(key: &str) -> Diagnostic {
    let message = format!(
        "image `{key}` takes a platform of its published index or an attestation that stands in no index, and \
         something of it is in another repository: `imagetools` cannot take both"
    );
    Diagnostic::error(Code::DOCKER, message)
        .with_help("merge without `--engine docker`, or build all platforms")
}
