//! Words and operators of other tools in patterns and conditions, and what is meant by them.

use super::compare::{tokens, unquoted};
use super::words::words;

/// Words of CI systems and other templates, in small letters, with what to write.
const MEANT: [(&str, &str); 12] = [
    (
        "github.sha github_sha ci_commit_sha git_commit git_sha commit_sha fullcommit revision",
        "`commit`, or `sha` for the short one",
    ),
    (
        "short_sha sha_short shortsha shortcommit short_commit commit_short ci_commit_short_sha git_short_sha",
        "`sha`",
    ),
    (
        "github.ref_name github_ref_name ci_commit_ref_name ref_name",
        "`branch` in runs of branches and `tag` in those of git tags",
    ),
    ("github.ref github_ref git_ref", "`ref`"),
    ("github.event_name github_event_name event_name", "`event`"),
    ("github.head_ref github_head_ref head_ref", "`head_branch`"),
    ("github.base_ref github_base_ref base_ref", "`base_branch`"),
    ("ci_commit_branch git_branch branch_name github.branch", "`branch`"),
    ("ci_commit_tag git_tag tag_name github.tag", "`tag`"),
    ("ci_commit_ref_slug", "`branch | slug`"),
    ("ci_default_branch github.event.repository.default_branch github.default_branch", "`default_branch`"),
    ("github.event.number github.event.pull_request.number pr_number pull_request", "`pr`"),
];

/// Those that no word stands for.
const EXPLAINED: [(&str, &str); 7] = [
    (
        "run run_number build_number github.run_number github_run_number",
        "no word is the number of the run, which the CI has in the environment: `variable \"GITHUB_RUN_NUMBER\" { default = \"0\" }`, and \
         `${GITHUB_RUN_NUMBER}` in the text; GitLab calls it `CI_PIPELINE_IID`, and Jenkins `BUILD_NUMBER`",
    ),
    ("now timestamp created build_date", "the date of the run is `date('%Y%m%d')`"),
    ("is_default_branch", "a condition asks for it: `{ pattern = \"…\", when = \"default_branch\" }`"),
    (
        "variant suffix",
        "the suffixes of `variant` come behind each tag by themselves, so no pattern names them",
    ),
    ("startswith", "it is a test: `branch is startingwith('release/')`"),
    ("endswith", "it is a test: `branch is endingwith('-lts')`"),
    ("contains", "it is an operator: `'release/' in branch`"),
];

/// What CI systems and templates call values of a run that no word stands for.
const VALUES: &str = "github env vars inputs needs steps job runner gitlab run_number run_id run_attempt build_number build_id \
    github_run_number github_run_id ci_pipeline_id ci_pipeline_iid ci_job_id";

/// What is meant by a word that is none, where that can be told.
pub(super) fn meant_by(word: &str, text: &str) -> Option<String> {
    let path = path_of(word, text);
    let is_it = |names: &str| names.split_whitespace().any(|name| name == path);
    if let Some((_, meant)) = MEANT.iter().find(|(names, _)| is_it(names)) {
        return Some(format!("write {meant}"));
    }
    if let Some((_, help)) = EXPLAINED.iter().find(|(names, _)| is_it(names)) {
        return Some((*help).to_owned());
    }
    let last = path.rsplit('.').next().unwrap_or_default();
    let first = path.split('.').next().unwrap_or_default();
    if first == "matrix" && first != last {
        return Some(format!("a value of a matrix stands by its name: `${{{last}}}`"));
    }
    let is_value =
        VALUES.split_whitespace().any(|name| name == first) && (first != last || first.contains('_'));
    is_value.then(|| {
        let (variable, setting) = variable_of(&path);
        format!(
            "a value of the environment is that of a variable of the file: `variable \"{variable}\" {{ default = \"\" }}`, and `${{{variable}}}` in the text{setting}"
        )
    })
}

/// The variable of the environment that has a value of the run, and what sets it where the CI does not.
fn variable_of(path: &str) -> (String, &'static str) {
    let upper = path.to_ascii_uppercase();
    let parts: Vec<&str> = upper.split('.').collect();
    match parts.as_slice() {
        [context @ ("GITHUB" | "RUNNER"), name] => (format!("{context}_{name}"), ""),
        [name @ ("RUN_ID" | "RUN_ATTEMPT")] => (format!("GITHUB_{name}"), ""),
        [name] => ((*name).to_owned(), ""),
        [.., name] => ((*name).to_owned(), ", and set it in the `env` of the step"),
        [] => (upper, ""),
    }
}

/// A word with what is taken of it, in small letters: `github.sha`.
fn path_of(word: &str, text: &str) -> String {
    let tokens = tokens(text);
    let at = tokens.iter().position(|token| *token == word);
    let mut path = word.to_ascii_lowercase();
    let mut rest = at.and_then(|at| tokens.get(at + 1..)).unwrap_or_default();
    while let [".", name, after @ ..] = rest {
        if !is_name(name) {
            break;
        }
        path = format!("{path}.{}", name.to_ascii_lowercase());
        rest = after;
    }
    path
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// The word of a pattern that stands in it as in templates of Go: `version` of `{{ .Version }}`.
pub(super) fn of_go(pattern: &str) -> Option<String> {
    let codes = pattern.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    codes.map(|(code, _)| code.trim_matches(['-', ' '])).find_map(|code| {
        let name = code
            .strip_prefix('.')?
            .split(|c: char| c.is_whitespace() || c == '|')
            .next()?
            .to_ascii_lowercase();
        let known = words().find(|word| *word == name);
        known.map(|word| format!("write `{{{{ {word} }}}}`")).or_else(|| match name.strip_prefix("env.") {
            Some(_) => meant_by("env", &name),
            None => meant_by(&name, &name),
        })
    })
}

/// What is meant by an expression with operators of other languages, where that can be told.
pub(super) fn as_meant(expression: &str) -> Option<String> {
    let tokens = tokens(expression);
    // The brackets that are open, and whether they are those of a call, which may name what it gives.
    let mut calls = Vec::new();
    let mut before = "";
    let mut text = String::new();
    let (mut done, mut rest) = (0, tokens.as_slice());
    while let [first, ..] = rest {
        let (length, meant) = match rest {
            ["==", "=", ..] => (2, Some("==")),
            ["!=", "=", ..] | ["<", ">", ..] => (2, Some("!=")),
            ["&", "&", ..] => (2, Some("and")),
            ["|", "|", ..] => (2, Some("or")),
            ["-", "eq", ..] => (2, Some("==")),
            ["-", "ne", ..] => (2, Some("!=")),
            ["!", ..] => (1, Some("not")),
            ["AND", ..] => (1, Some("and")),
            ["OR", ..] => (1, Some("or")),
            ["NOT", ..] => (1, Some("not")),
            ["eq", ..] if before != "is" => (1, Some("==")),
            ["ne", ..] if before != "is" => (1, Some("!=")),
            ["=", ..] if calls.last() != Some(&true) => (1, Some("==")),
            _ => (1, None),
        };
        match *first {
            "(" => calls.push(is_name(before) && !is_operator(before)),
            ")" => drop(calls.pop()),
            _ => {}
        }
        let (these, after) = rest.split_at(length);
        if let (Some(meant), Some(last)) = (meant, these.last()) {
            let place = |token: &str| token.as_ptr() as usize - expression.as_ptr() as usize;
            text.push_str(expression[done..place(first)].trim_end());
            if !text.is_empty() && !text.ends_with(['(', ' ']) {
                text.push(' ');
            }
            text.push_str(meant);
            text.push(' ');
            let end = place(last) + last.len();
            done = expression.len() - expression[end..].trim_start().len();
        }
        before = these.last().copied().unwrap_or_default();
        rest = after;
    }
    (done > 0).then(|| text + &expression[done..])
}

/// What is meant by the first expression of a pattern that has operators of other languages.
pub(super) fn pattern_as_meant(pattern: &str, is_read: impl Fn(&str) -> bool) -> Option<String> {
    let parts = |open: &str, close: &'static str| {
        let parts = pattern.split(open).skip(1).filter_map(|rest| rest.split_once(close));
        parts.map(|(code, _)| code.trim_matches(['-', '+', ' ']).to_owned()).collect::<Vec<_>>()
    };
    let meant = |code: &str| as_meant(code).filter(|meant| is_read(meant));
    let shown =
        parts("{{", "}}").into_iter().find_map(|code| Some(format!("write `{{{{ {} }}}}`", meant(&code)?)));
    shown.or_else(|| {
        parts("{%", "%}").into_iter().find_map(|code| {
            let (word, asked) = code.split_once(' ').filter(|(word, _)| matches!(*word, "if" | "elif"))?;
            Some(format!("write `{{% {word} {} %}}`", meant(asked)?))
        })
    })
}

fn is_operator(word: &str) -> bool {
    matches!(word, "and" | "or" | "not" | "in" | "is" | "if" | "else")
}

/// Whether a condition has an operator of regular expressions.
pub(super) fn is_of_expressions(condition: &str) -> bool {
    tokens(condition).windows(2).any(|two| matches!(two, ["=" | "!", "~"] | ["~", "="]))
}

/// The attribute of a word that a condition asks for, which has none: `name` of `branch.name`.
pub(super) fn attribute(condition: &str) -> Option<(&str, &str)> {
    let tokens = tokens(condition);
    let found =
        tokens.windows(3).find(|three| three[1] == "." && is_name(three[2]) && unquoted(three[0]).is_none());
    found.map(|three| (three[0], three[2]))
}
