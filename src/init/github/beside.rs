//! What steps do beside building and publishing, and a generated workflow would lack: options of the checkout, and signatures.

use std::rc::Rc;

use super::changed_files;
use crate::init::shell;
use crate::init::values::inputs::{Inputs, RawLine};
use crate::init::values::text::Place;

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// An option of the checkout without which the builds may see other files.
    Checkout(String),
    /// It signs as a value of `sign` does.
    Sign(&'static str),
    /// It tells which files a push changes.
    Changed,
    /// It signs or attests in a way that no setting has.
    Unsaid(String),
}

/// What a step does, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    /// The workflow whose start leads to it.
    pub workflow: Rc<str>,
    /// Its job.
    pub job: String,
    /// Where it is.
    pub place: Place,
    /// What it does.
    pub deed: Deed,
}

/// What the use of an action does, where that is known: `name` is the action without its version.
pub(crate) fn of_action(name: &str, inputs: &Inputs<'_>) -> Vec<(Place, Deed)> {
    let is_on = |input: &str| inputs.raw(input).is_some_and(|text| !matches!(text.trim(), "" | "false"));
    match name {
        name if changed_files::is_one(name) => vec![(inputs.place.clone(), Deed::Changed)],
        "actions/checkout" => {
            let is_of_run = |text: &str| text.contains("${{");
            let differs = |input: &str| match input {
                "ref" => inputs.raw("ref").is_some_and(|text| !text.trim().is_empty() && !is_of_run(text)),
                other => is_on(other),
            };
            let options = ["submodules", "lfs", "repository", "path", "ref"];
            options
                .into_iter()
                .filter(|input| differs(input))
                .map(|name| (inputs.place_of(name), Deed::Checkout(name.to_owned())))
                .collect()
        }
        "actions/attest-build-provenance" | "actions/attest" if inputs.has("subject-path") => Vec::new(),
        "actions/attest-build-provenance" => {
            let pushed = is_on("push-to-registry").then(|| {
                let what = "`push-to-registry`, since GitHub keeps the attestations that `sign` makes";
                (inputs.place_of("push-to-registry"), Deed::Unsaid(what.to_owned()))
            });
            pushed.into_iter().chain([(inputs.place.clone(), Deed::Sign("attest"))]).collect()
        }
        "actions/attest" | "actions/attest-sbom" => {
            vec![(inputs.place.clone(), Deed::Unsaid(format!("`{name}`")))]
        }
        _ => Vec::new(),
    }
}

/// What the lines of a script do. A line that ends with a backslash goes on in the next one.
pub(crate) fn of_lines(lines: &[RawLine]) -> Vec<(Place, Deed)> {
    let mut whole: Vec<(&Place, String)> = Vec::new();
    let mut goes_on = false;
    for line in lines {
        let text = line.text.trim_end().strip_suffix('\\');
        let part = text.unwrap_or(&line.text);
        match whole.last_mut().filter(|_| goes_on) {
            Some((_, before)) => before.push_str(part),
            None => whole.push((&line.place, part.to_owned())),
        }
        goes_on = text.is_some();
    }
    whole.into_iter().filter_map(|(place, line)| Some((place.clone(), of_line(&line)?))).collect()
}

/// What a line of a script does: the first command of it that does something.
fn of_line(line: &str) -> Option<Deed> {
    let commands = shell::commands(line);
    commands.iter().flat_map(|command| shell::stages(command)).find_map(|stage| of_command(&stage))
}

/// What a command does, whatever runs it: `xargs`, `timeout`, a container.
fn of_command(command: &str) -> Option<Deed> {
    const ONLY_SAY: [&str; 4] = ["echo", "printf", "cat", "logger"];
    let words = shell::words_of(command);
    let words: Vec<&str> = words.iter().map(|word| word.trim_matches(['(', ')', '`'])).collect();
    let is_before = |word: &&&str| shell::BEFORE_COMMANDS.contains(word) || shell::assignment(word).is_some();
    if words.iter().find(|word| !is_before(word)).is_some_and(|first| ONLY_SAY.contains(first)) {
        return None;
    }
    let at = words.iter().position(|word| *word == "cosign" || word.ends_with("/cosign"))?;
    let rest = &words[at + 1..];
    let has_key = rest.iter().any(|word| word.starts_with("--key"));
    match *rest.first()? {
        "sign" if !has_key => Some(Deed::Sign("cosign")),
        "sign" => Some(Deed::Unsaid("a signature with a key".to_owned())),
        "attest" => Some(Deed::Unsaid("`cosign attest`".to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_signed_and_files_are_not() {
        assert_eq!(of_line("cosign sign --yes acme/n@${DIGEST}"), Some(Deed::Sign("cosign")));
        assert_eq!(of_line("  COSIGN_YES=1 ./bin/cosign sign a@b"), Some(Deed::Sign("cosign")));
        for line in ["cosign sign --key env://KEY a@b", "cosign attest --predicate x a@b"] {
            assert!(matches!(of_line(line), Some(Deed::Unsaid(_))), "{line}");
        }
        for line in [
            "set -e; cosign sign a@b",
            "for i in $ALL; do cosign sign a@$i; done",
            "sudo cosign sign a@b",
            "echo \"${TAGS}\" | xargs -I {} cosign sign --yes {}@${DIGEST}",
            "if ! cosign sign --yes a@b; then exit 1; fi",
            "(cosign sign a@b)",
            "timeout 60 cosign sign a@b",
            "which cosign && cosign sign a@b",
            "command -v cosign || exit 1; retry -n 3 -- cosign sign a@b",
            "docker run --rm ghcr.io/sigstore/cosign sign a@b",
            "while read -r one; do COSIGN_YES=1 cosign sign \"$one\"; done < list",
        ] {
            assert_eq!(of_line(line), Some(Deed::Sign("cosign")), "{line}");
        }
        for line in [
            "cosign sign-blob x",
            "cosign verify a",
            "echo designed",
            "cosign",
            "echo \"to verify run: cosign sign --yes x\"",
            "echo cosign sign a@b",
            "if true; then echo cosign sign a@b; fi",
            "which cosign",
            "apt-get install -y cosign",
            "true # cosign sign a@b",
        ] {
            assert_eq!(of_line(line), None, "{line}");
        }
    }

    #[test]
    fn a_key_may_stand_in_the_next_line() {
        let place = || Place { path: "w.yml".into(), line: 1 };
        let lines = |texts: &[&str]| -> Vec<RawLine> {
            texts.iter().map(|text| RawLine { text: (*text).to_owned(), place: place() }).collect()
        };
        let deeds = |texts: &[&str]| -> Vec<Deed> {
            of_lines(&lines(texts)).into_iter().map(|(_, deed)| deed).collect()
        };
        assert!(matches!(
            deeds(&["cosign sign --yes \\", "--key env://KEY a@b"]).as_slice(),
            [Deed::Unsaid(_)]
        ));
        assert_eq!(deeds(&["cosign sign --yes \\", "a@b"]), [Deed::Sign("cosign")]);
        assert_eq!(deeds(&["cosign sign a@b", "echo --key"]), [Deed::Sign("cosign")]);
    }
}
