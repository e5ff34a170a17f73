//! The commands of `docker buildx imagetools` that do what a merge does
//! (<https://docs.docker.com/reference/cli/docker/buildx/imagetools/create/>).

use super::Ready;
use super::publish::TagJob;
use super::sites::Site;
use crate::diagnostic::Diagnostic;

/// The command that makes these tags of an image in one repository; empty when there is none, since a platform is
/// carried over from another index.
pub(super) fn imagetools(ready: &Ready<'_>, site: usize, tags: &[TagJob], sites: &[Site]) -> Vec<String> {
    let mut words = ["docker", "buildx", "imagetools", "create"].map(str::to_owned).to_vec();
    let (versions, floating): (Vec<_>, Vec<_>) = tags.iter().partition(|tag| !tag.floating);
    for tag in versions.into_iter().chain(floating) {
        words.extend(["-t".to_owned(), sites[site].location.with_tag(&tag.tag)]);
    }
    for (key, value) in &ready.image.annotations {
        words.extend(["--annotation".to_owned(), format!("index:{key}={value}")]);
    }
    for origin in &ready.checked.origins {
        let Some((digest, places)) = origin else { return Vec::new() };
        let from = places.iter().find(|place| **place == site).or(places.first()).unwrap_or(&site);
        words.push(sites[*from].location.with_digest(digest));
    }
    words
}

/// A command as a line for a POSIX shell.
pub(super) fn line(words: &[String]) -> String {
    if words.is_empty() {
        return "# a platform is carried over from the published index, which `imagetools` cannot do"
            .to_owned();
    }
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

/// Why Docker cannot write an image.
pub(super) fn cannot_carry(key: &str) -> Diagnostic {
    let message =
        format!("image `{key}` takes a platform from its published index, which `imagetools` cannot do");
    Diagnostic::error("docker", message).with_help("merge without `--engine docker`, or build all platforms")
}

/// A word as a POSIX shell reads it back.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
