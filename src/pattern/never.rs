//! Questions in conditions and patterns that nobody means: those whose answer is no in every run (`branch == 'refs/heads/main'`,
//! `tag and branch`), and those that hold of a part of a name (`branch in 'main,develop'`).

use super::compare::{Asks, Comparison, tokens, unquoted};
use super::contradiction::contradiction;
use crate::facts::Facts;

/// The words that are names of branches.
const BRANCHES: [&str; 4] = ["branch", "head_branch", "base_branch", "default_branch"];

/// The words that are true alone where a run has them, besides.
const OTHERS: [&str; 2] = ["tag", "pr"];

/// What no CI calls an event, and what is meant by it.
const EVENTS: [(&str, &str); 8] = [
    ("tag", "tag"),
    ("tags", "tag"),
    ("branch", "branch"),
    ("pr", "pr"),
    ("pull-request", "event == 'pull_request'"),
    ("merge-request", "event == 'merge_request_event'"),
    ("cron", "event == 'schedule'"),
    ("scheduled", "event == 'schedule'"),
];

/// A question that is always answered in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Never {
    /// What the word never is, as a sentence.
    pub(crate) message: String,
    /// What to ask instead.
    pub(crate) help: String,
}

impl Never {
    fn of(message: String, meant: &str) -> Self {
        Self { message, help: format!("ask `{meant}`") }
    }

    /// That of a condition that asks for several refs.
    fn of_refs(condition: &str) -> Self {
        let message = format!("`{condition}` holds in no run");
        let help = "a run is of a branch, of a git tag or of a pull request, and of one alone: join what is meant of each with `or`";
        Self { message, help: help.to_owned() }
    }
}

/// What is meant, which may be asked the other way round.
enum Meant {
    Equal(&'static str, String),
    OneOf(&'static str, Vec<String>),
    Begins(&'static str, String),
    Ends(&'static str, String),
    Both(Box<Self>, Box<Self>),
    Alone(&'static str),
    Not(&'static str),
}

impl Meant {
    fn text(&self, is_negated: bool) -> String {
        match (self, is_negated) {
            (Self::Equal(word, text), false) => format!("{word} == '{text}'"),
            (Self::Equal(word, text), true) => format!("{word} != '{text}'"),
            (Self::OneOf(word, names), _) => {
                let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
                format!("{word} {} [{}]", if is_negated { "not in" } else { "in" }, names.join(", "))
            }
            (Self::Begins(word, text), false) => format!("{word} is startingwith('{text}')"),
            (Self::Begins(word, text), true) => format!("{word} is not startingwith('{text}')"),
            (Self::Ends(word, text), false) => format!("{word} is endingwith('{text}')"),
            (Self::Ends(word, text), true) => format!("{word} is not endingwith('{text}')"),
            (Self::Both(one, other), false) => format!("{} and {}", one.text(false), other.text(false)),
            (Self::Both(..), true) => format!("not ({})", self.text(false)),
            (Self::Alone(word), false) | (Self::Not(word), true) => (*word).to_owned(),
            (Self::Alone(word), true) | (Self::Not(word), false) => format!("not {word}"),
        }
    }
}

/// The first question of a condition or a pattern that is always answered in the same way. What this run's event is called
/// is an event.
pub(crate) fn never(text: &str, run: &Facts) -> Option<Never> {
    let tokens = tokens(text);
    let question = |at| compared(text, &tokens, at, run).or_else(|| begun(&tokens, at));
    (0..tokens.len()).find_map(question).or_else(|| contradiction(text).map(Never::of_refs))
}

/// The one of the comparison whose operator is this token.
fn compared(text: &str, tokens: &[&str], at: usize, run: &Facts) -> Option<Never> {
    let Comparison { left, operator, asks, right } = Comparison::at(text, tokens, at)?;
    let (left, right) = (left.without_brackets(), right.without_brackets());
    let is_negated = matches!(operator, "!=" | "not in");
    if let ([word], [written], Asks::Membership) = (left.tokens, right.tokens, asks)
        && let (Some(word), Some(text)) = (known(word), unquoted(written))
    {
        return within(word, text, is_negated);
    }
    let (word, others) = match (left.tokens, right.tokens, asks) {
        ([word], [other], Asks::Equality) if known(word).is_some() => (known(word)?, vec![*other]),
        ([other], [word], Asks::Equality) => (known(word)?, vec![*other]),
        ([word], ["[", items @ .., "]"], Asks::Membership) => {
            (known(word)?, items.iter().copied().filter(|item| *item != ",").collect())
        }
        _ => return None,
    };
    others.into_iter().find_map(|other| {
        let meant = meant(word, other, run)?;
        let bare = unquoted(other).unwrap_or(other);
        Some(Never::of(format!("`{word}` is never `{bare}`"), &meant.text(is_negated)))
    })
}

/// The one that asks whether a word is a part of a text.
fn within(word: &'static str, text: &str, is_negated: bool) -> Option<Never> {
    if !is_plain(text) {
        return None;
    }
    let names = text.split([',', ';', '|', ' ', '\n']).filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(str::to_owned).collect();
    let meant = match names.as_slice() {
        [] => return None,
        [one] => Meant::Equal(word, one.clone()),
        _ => Meant::OneOf(word, names),
    };
    let message =
        format!("`{word} in '{text}'` holds of each part of that text, not of the whole names alone");
    Some(Never::of(message, &meant.text(is_negated)))
}

/// The one of the test for a beginning whose word is this token.
fn begun(tokens: &[&str], at: usize) -> Option<Never> {
    let word = known(tokens[at])?;
    let (is_negated, rest) = match &tokens[at + 1..] {
        ["is", "not", rest @ ..] => (true, rest),
        ["is", rest @ ..] => (false, rest),
        _ => return None,
    };
    let ["startingwith", "(", quoted, ")", ..] = rest else { return None };
    let begin = unquoted(quoted).filter(|begin| is_plain(begin))?;
    let meant = match word {
        "ref" if begin.is_empty() || begin.starts_with("refs/") || "refs/".starts_with(begin) => return None,
        "ref" => Meant::Begins(of_name(begin), begin.to_owned()),
        "sha" | "commit" => return None,
        _ if word != "event" && begin.starts_with("refs/") => of_ref(word, begin, Meant::Begins)?,
        _ if begin.contains('*') && word != "event" => of_glob(word, begin),
        _ => return None,
    };
    let message = format!("`{word}` never begins with `{begin}`");
    Some(Never::of(message, &meant.text(is_negated)))
}

/// The word, if it is one of which it is known what it never is.
fn known(token: &str) -> Option<&'static str> {
    BRANCHES
        .into_iter()
        .chain(OTHERS)
        .chain(["ref", "event", "prerelease", "sha", "commit"])
        .find(|word| *word == token)
}

/// What is meant where a word is compared with something that it never is.
fn meant(word: &'static str, other: &str, run: &Facts) -> Option<Meant> {
    let Some(text) = unquoted(other) else {
        // Where it stands for true or false, it is no name.
        let is_name = BRANCHES.contains(&word) || OTHERS.contains(&word);
        return match other {
            "true" | "True" if is_name => Some(Meant::Alone(word)),
            "false" | "False" if is_name => Some(Meant::Not(word)),
            _ => None,
        };
    };
    if !is_plain(text) {
        return None;
    }
    match (word, text) {
        ("default_branch" | "prerelease", "true") => Some(Meant::Alone(word)),
        ("default_branch" | "prerelease", "false") => Some(Meant::Not(word)),
        ("prerelease" | "pr", _) => None,
        ("event", text) if run.event.as_deref() != Some(text) => {
            let (_, meant) = EVENTS.into_iter().find(|(name, _)| *name == text)?;
            Some(match meant.strip_prefix("event == ") {
                Some(other) => Meant::Equal("event", other.trim_matches('\'').to_owned()),
                None => Meant::Alone(meant),
            })
        }
        ("event", _) => None,
        ("sha" | "commit", text) => of_commit(word, text, run.short_length()),
        ("ref", text) if text.contains('*') && text.starts_with("refs/") => Some(of_glob("ref", text)),
        ("ref", text) if text.is_empty() || text.starts_with("refs/") => None,
        ("ref", text) => {
            meant(of_name(text), other, run).or_else(|| Some(Meant::Equal(of_name(text), text.to_owned())))
        }
        (word, text) if text.starts_with("refs/") => of_ref(word, text, Meant::Equal),
        (word, text) if text.contains('*') => Some(of_glob(word, text)),
        _ => None,
    }
}

/// What is meant by a commit that has another number of digits than the word.
fn of_commit(word: &str, text: &str, short_length: usize) -> Option<Meant> {
    const WHOLE: [usize; 2] = [40, 64];
    let is_commit = text.len() >= 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_whole = WHOLE.contains(&text.len());
    let has_length = if word == "sha" { text.len() == short_length } else { is_whole };
    (is_commit && !has_length).then(|| {
        if is_whole {
            Meant::Equal("commit", text.to_owned())
        } else {
            Meant::Begins("commit", text.to_owned())
        }
    })
}

/// Whether a text is as it reads, without what stands for other characters.
fn is_plain(text: &str) -> bool {
    !text.contains(['\\', '\'', '"'])
}

/// What has a name like this: a version is of a git tag, and all else of a branch.
fn of_name(text: &str) -> &'static str {
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    if bare.starts_with(|c: char| c.is_ascii_digit() || c == '*') || bare.is_empty() {
        "tag"
    } else {
        "branch"
    }
}

/// What is meant by the ref in the place of a name.
fn of_ref(word: &'static str, text: &str, asked: fn(&'static str, String) -> Meant) -> Option<Meant> {
    let own = if word == "tag" { "branch" } else { word };
    let (word, name) = match (text.strip_prefix("refs/heads/"), text.strip_prefix("refs/tags/")) {
        (Some(name), _) => (own, name),
        (None, Some(name)) => ("tag", name),
        (None, None) if text.starts_with("refs/pull/") || text.starts_with("refs/merge-requests/") => {
            return Some(Meant::Alone("pr"));
        }
        (None, None) => return None,
    };
    Some(match name {
        "" => Meant::Alone(word),
        name if name.contains('*') => of_glob(word, name),
        name => asked(word, name.to_owned()),
    })
}

/// What is meant by a text with `*` in it, which stands for anything.
fn of_glob(word: &'static str, text: &str) -> Meant {
    let (begin, end) =
        (text.split('*').next().unwrap_or_default(), text.rsplit('*').next().unwrap_or_default());
    let (begins, ends) = (Meant::Begins(word, begin.to_owned()), Meant::Ends(word, end.to_owned()));
    match (begin, end) {
        ("", "") => Meant::Alone(word),
        (_, "") => begins,
        ("", _) => ends,
        _ => Meant::Both(Box::new(begins), Box::new(ends)),
    }
}

#[cfg(test)]
mod tests {
    use super::never;
    use crate::facts::Facts;

    /// A run whose event is called so.
    fn run(event: &str) -> Facts {
        Facts { event: Some(event.to_owned()), ..Facts::default() }
    }

    #[test]
    fn what_no_run_answers_with_yes_is_known() {
        for (condition, message, meant) in [
            ("branch == 'refs/heads/main'", "`branch` is never `refs/heads/main`", "branch == 'main'"),
            ("\"refs/heads/main\" == branch", "`branch` is never `refs/heads/main`", "branch == 'main'"),
            ("branch != 'refs/heads/main'", "`branch` is never `refs/heads/main`", "branch != 'main'"),
            ("tag and (branch) == 'refs/tags/v1'", "`branch` is never `refs/tags/v1`", "tag == 'v1'"),
            ("tag == 'refs/heads/x'", "`tag` is never `refs/heads/x`", "branch == 'x'"),
            ("base_branch == 'refs/heads/x'", "`base_branch` is never `refs/heads/x`", "base_branch == 'x'"),
            ("branch in ['a', 'refs/heads/b']", "`branch` is never `refs/heads/b`", "branch == 'b'"),
            ("branch not in ['refs/heads/b']", "`branch` is never `refs/heads/b`", "branch != 'b'"),
            ("branch == 'refs/pull/7/merge'", "`branch` is never `refs/pull/7/merge`", "pr"),
            ("ref == 'main'", "`ref` is never `main`", "branch == 'main'"),
            (
                "branch in 'main,develop'",
                "`branch in 'main,develop'` holds of each part of that text, not of the whole names alone",
                "branch in ['main', 'develop']",
            ),
            (
                "tag and (branch) not in \"main; dev\"",
                "`branch in 'main; dev'` holds of each part of that text, not of the whole names alone",
                "branch not in ['main', 'dev']",
            ),
            (
                "event in 'push'",
                "`event in 'push'` holds of each part of that text, not of the whole names alone",
                "event == 'push'",
            ),
            ("ref == 'v1.2.3'", "`ref` is never `v1.2.3`", "tag == 'v1.2.3'"),
            ("ref == 'v*'", "`ref` is never `v*`", "tag is startingwith('v')"),
            ("ref == 'refs/tags/*'", "`ref` is never `refs/tags/*`", "ref is startingwith('refs/tags/')"),
            ("tag == 'v*'", "`tag` is never `v*`", "tag is startingwith('v')"),
            ("tag != '*-rc'", "`tag` is never `*-rc`", "tag is not endingwith('-rc')"),
            ("tag == '*'", "`tag` is never `*`", "tag"),
            ("branch == 'release/*'", "`branch` is never `release/*`", "branch is startingwith('release/')"),
            (
                "branch == 'release/**'",
                "`branch` is never `release/**`",
                "branch is startingwith('release/')",
            ),
            (
                "branch != 'a*b'",
                "`branch` is never `a*b`",
                "not (branch is startingwith('a') and branch is endingwith('b'))",
            ),
            ("event == 'tag'", "`event` is never `tag`", "tag"),
            ("event in ['push', 'tag']", "`event` is never `tag`", "tag"),
            ("event != 'cron'", "`event` is never `cron`", "event != 'schedule'"),
            ("default_branch == true", "`default_branch` is never `true`", "default_branch"),
            ("default_branch == 'true'", "`default_branch` is never `true`", "default_branch"),
            ("default_branch == false", "`default_branch` is never `false`", "not default_branch"),
            ("default_branch != true", "`default_branch` is never `true`", "not default_branch"),
            ("tag == true", "`tag` is never `true`", "tag"),
            ("prerelease == 'true'", "`prerelease` is never `true`", "prerelease"),
            (
                "branch is startingwith('refs/heads/release')",
                "`branch` never begins with `refs/heads/release`",
                "branch is startingwith('release')",
            ),
            ("tag is not startingwith('v*')", "`tag` never begins with `v*`", "tag is not startingwith('v')"),
            ("ref is startingwith('v')", "`ref` never begins with `v`", "tag is startingwith('v')"),
            (
                "sha == '0123456789ab'",
                "`sha` is never `0123456789ab`",
                "commit is startingwith('0123456789ab')",
            ),
            ("sha != '01234'", "`sha` is never `01234`", "commit is not startingwith('01234')"),
            ("'3643d7e' == commit", "`commit` is never `3643d7e`", "commit is startingwith('3643d7e')"),
            (
                "sha == '0123456789abcdef0123456789abcdef01234567'",
                "`sha` is never `0123456789abcdef0123456789abcdef01234567`",
                "commit == '0123456789abcdef0123456789abcdef01234567'",
            ),
            (
                "{{ 'edge' if branch == 'refs/heads/x' else sha }}",
                "`branch` is never `refs/heads/x`",
                "branch == 'x'",
            ),
        ] {
            let found = never(condition, &run("push")).map(|one| (one.message, one.help));
            assert_eq!(found, Some((message.to_owned(), format!("ask `{meant}`"))), "{condition}");
        }
    }

    #[test]
    fn what_a_run_may_answer_with_yes_is_let_through() {
        for condition in [
            "branch == 'main'",
            "branch == 'release/1'",
            "branch == default_branch",
            "branch == 'heads/refs'",
            "branch in ['main', 'develop']",
            "'release/' in branch",
            "ref == 'refs/heads/main'",
            "ref is startingwith('refs/tags/v')",
            "ref is startingwith('ref')",
            "ref is startingwith('refs/heads/release/')",
            "tag == 'v1'",
            "tag is startingwith('v')",
            "event == 'push'",
            "event == 'release'",
            "event == 'pipeline'",
            "event in ['push', 'schedule']",
            "prerelease == true",
            "prerelease",
            "default_branch == 'main'",
            "branch | replace('x', '*') == 'y'",
            "'branch == refs/heads/main' == tag",
            "branch == 'true'",
            "pr == 7",
            "sha == '0123456'",
            "sha == 'edge'",
            "commit is startingwith('0123')",
            "commit == '0123456789abcdef0123456789abcdef01234567'",
            "a.branch == 'refs/heads/main'",
        ] {
            assert_eq!(never(condition, &run("push")), None, "{condition}");
        }
        // Somebody calls the event so.
        assert_eq!(never("event == 'tag'", &run("tag")), None);
    }
}
