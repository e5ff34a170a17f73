//! The actions that a workflow uses, each at a commit: those that we know or are set, and newer ones that a committed workflow has.

use std::collections::BTreeMap;

use semver::Version;

use crate::commit;

/// What stands behind `uses:`, a line for each action.
const ACTIONS: &str = include_str!("../../../templates/actions.txt");

/// An action at a commit, with the version that it is of: `actions/checkout@COMMIT # v7.0.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pin<'t> {
    action: &'t str,
    commit: &'t str,
    version: Version,
}

impl<'t> Pin<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let (uses, version) = text.trim().split_once(" # v")?;
        let (action, commit) = uses.split_once('@')?;
        commit::is_whole(commit).then_some(Self { action, commit, version: Version::parse(version).ok()? })
    }
}

/// What to write behind `uses:` for each action.
pub(super) fn uses() -> BTreeMap<&'static str, &'static str> {
    ACTIONS.lines().filter_map(|line| Some((Pin::parse(line)?.action, line))).collect()
}

/// The text with the newer versions of the same actions that a committed file has, as Dependabot writes them.
#[must_use]
pub(crate) fn with_newer_pins(text: &str, committed: &str) -> String {
    let mut newest: BTreeMap<&str, Pin<'_>> = BTreeMap::new();
    for pin in committed.lines().filter_map(|line| Pin::parse(after_uses(line)?.1)) {
        let known = newest.entry(pin.action).or_insert_with(|| pin.clone());
        if pin.version > known.version {
            *known = pin;
        }
    }
    let line = |line: &str| {
        let replaced = after_uses(line).and_then(|(before, uses)| {
            let ours = Pin::parse(uses)?;
            let theirs = newest.get(ours.action).filter(|theirs| theirs.version > ours.version)?;
            Some(format!("{before}{}@{} # v{}\n", theirs.action, theirs.commit, theirs.version))
        });
        replaced.unwrap_or_else(|| line.to_owned())
    };
    let text: String = text.split_inclusive('\n').map(line).collect();
    with_moved_setting(&text, committed)
}

/// What stands above the action of a setting, which says what was set: what stands below may be newer.
const AS_SET: &str = "# As set, and perhaps a newer commit: ";

/// The text with the newer commit of the action that a setting names, if the committed file was written with the same setting.
fn with_moved_setting(text: &str, committed: &str) -> String {
    let Some((before, set, ours, after)) = set(text) else { return text.to_owned() };
    let moved = self::set(committed).filter(|(_, theirs, ..)| *theirs == set).map(|(_, _, theirs, _)| theirs);
    let action = |uses: &str| {
        let (action, rest) = uses.trim().split_once('@')?;
        let commit = rest.get(..40)?;
        let is_pinned = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_all = rest.len() == 40 || rest[40..].starts_with(" # ");
        (is_pinned && is_all).then(|| action.to_owned())
    };
    let moved = moved.filter(|theirs| action(theirs).is_some_and(|theirs| Some(theirs) == action(ours)));
    format!("{before}{}{after}", moved.unwrap_or(ours))
}

/// A text up to the action of a setting, what was set, the action as it stands there, and the rest.
fn set(text: &str) -> Option<(&str, &str, &str, &str)> {
    let at = text.find(AS_SET)? + AS_SET.len();
    let end = at + text[at..].find('\n')?;
    let from = end
        + text[end..].find("uses: ").filter(|from| text[end..end + from].trim().is_empty())?
        + "uses: ".len();
    let to = from + text[from..].find('\n')?;
    Some((&text[..from], text[at..end].trim_end(), text[from..to].trim_end(), &text[to..]))
}

/// A line up to the value of `uses:`, and the value.
fn after_uses(line: &str) -> Option<(&str, &str)> {
    let at = line.find("uses: ")? + "uses: ".len();
    let (before, uses) = line.split_at(at);
    before.trim_start_matches([' ', '-']).starts_with("uses: ").then_some((before, uses))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(action: &str, commit: char, version: &str) -> String {
        format!("      - uses: {action}@{} # {version}\n", commit.to_string().repeat(40))
    }

    #[test]
    fn a_newer_commit_of_a_setting_stays() {
        let written = |set: char, stands: &str| {
            let set = set.to_string().repeat(40);
            format!("a\n        {AS_SET}acme/b@{set}\n        uses: acme/b@{stands}\nb\n")
        };
        let [one, two] = ['1', '2'].map(|digit| digit.to_string().repeat(40));
        let ours = written('1', &one);
        for (committed, expected) in [
            (written('1', &two), written('1', &two)),
            (written('1', &format!("{two} # v1.2.0")), written('1', &format!("{two} # v1.2.0"))),
            (ours.clone(), ours.clone()),
            // Another setting is meant.
            (written('3', &two), ours.clone()),
            (written('1', "v2"), ours.clone()),
            (written('1', &format!("{two}; x")), ours.clone()),
            (written('1', &two).replace("uses: acme/b", "uses: evil/b"), ours.clone()),
            ("nothing\n".to_owned(), ours.clone()),
        ] {
            assert_eq!(with_newer_pins(&ours, &committed), expected, "{committed}");
        }
        assert_eq!(with_newer_pins("nothing\n", &ours), "nothing\n");
    }

    #[test]
    fn each_action_is_at_a_commit_and_there_once() {
        assert!(ACTIONS.lines().count() > 5);
        assert_eq!(uses().len(), ACTIONS.lines().count(), "a line is not a pin, or an action is there twice");
    }

    #[test]
    fn newer_versions_of_the_same_actions_stay() {
        let ours = format!("{}{}  run: x\n", line("a/b", '1', "v1.2.3"), line("a/c", '2', "v2.0.0"));
        for (committed, expected) in [
            // Dependabot changes all lines of an action.
            (
                line("a/b", '9', "v1.3.0"),
                ours.replacen(&line("a/b", '1', "v1.2.3"), &line("a/b", '9', "v1.3.0"), 1),
            ),
            (
                line("a/b", '9', "v2.0.0"),
                ours.replacen(&line("a/b", '1', "v1.2.3"), &line("a/b", '9', "v2.0.0"), 1),
            ),
            (line("a/b", '9', "v1.2.2"), ours.clone()),
            // Another commit under the same version is not an update.
            (line("a/b", '9', "v1.2.3"), ours.clone()),
            (line("x/b", '9', "v9.0.0"), ours.clone()),
            (line("a/b", 'z', "v9.0.0"), ours.clone()),
            (line("a/b", '9', "v9"), ours.clone()),
            ("      # uses: a/b@v9\n".to_owned(), ours.clone()),
        ] {
            assert_eq!(with_newer_pins(&ours, &committed), expected, "{committed}");
        }
    }
}
