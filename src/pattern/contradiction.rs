//! Conditions that no run fulfils, because a run is of one ref: `tag and branch`.

use super::compare::{text_of, tokens, unquoted};
use super::is_pattern;
use super::possible::Runs;

/// The first part of a condition, or of a condition in a pattern, that holds in no run, whatever else is so.
pub(super) fn contradiction(text: &str) -> Option<&str> {
    let words = Words { are_of_pattern: is_pattern(text) };
    conditions(text).into_iter().find_map(|condition| {
        let tokens = tokens(condition);
        Some(text_of(condition, words.part(&tokens)?))
    })
}

/// The conditions of a text: all of it, or those of the branches in a pattern.
fn conditions(text: &str) -> Vec<&str> {
    if !is_pattern(text) {
        return vec![text];
    }
    let codes = text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(code, _)| code);
    codes.filter_map(of_branch).collect()
}

/// The condition in the code of a pattern: `if tag and branch`, `'x' if tag and branch else 'y'`.
fn of_branch(code: &str) -> Option<&str> {
    let all = tokens(code);
    let start = all.iter().position(|token| ["if", "elif"].contains(token))? + 1;
    let rest = &all[start..];
    // Those of the braces around it are no part of it.
    let ends = |token: &&&str| ["else", "-", "+", "%"].contains(*token);
    let end = rest.iter().take_while(|token| !ends(token)).count();
    Some(text_of(code, &rest[..end]))
}

/// What words ask in a condition.
#[derive(Clone, Copy)]
struct Words {
    /// Whether it is one in a pattern, where `default_branch` is the name of that branch.
    are_of_pattern: bool,
}

impl Words {
    /// The part of a condition that never holds: one of those that `or` joins, in brackets or not.
    fn part<'a, 't>(self, tokens: &'a [&'t str]) -> Option<&'a [&'t str]> {
        split(tokens, "or").into_iter().find_map(|alternative| {
            // What is written off is no mistake.
            let is_off =
                || alternative.iter().any(|token| ["false", "true", "False", "True"].contains(token));
            let joined = split(alternative, "and");
            if joined.len() > 1 && !self.runs(alternative).any() && !is_off() {
                return Some(alternative);
            }
            joined.into_iter().filter_map(bracketed).find_map(|inner| self.part(inner))
        })
    }

    /// The runs in which a condition may hold.
    fn runs(self, tokens: &[&str]) -> Runs {
        if tokens.iter().any(|token| ["if", "else"].contains(token)) {
            return Runs::ALL;
        }
        let of_all = |joined: &[&str]| {
            split(joined, "and").into_iter().map(|one| self.of_one(one)).fold(Runs::ALL, Runs::and)
        };
        split(tokens, "or").into_iter().map(of_all).fold(Runs::NONE, Runs::or)
    }

    /// The runs in which one of the conditions that `and` joins may hold.
    fn of_one(self, tokens: &[&str]) -> Runs {
        if let Some(inner) = bracketed(tokens) {
            return self.runs(inner);
        }
        match tokens {
            // Nothing holds of what a run has not.
            [word, "==" | "in", other @ ..] if is_known(other) => has(word),
            [other @ .., "==", word] if is_known(other) => has(word),
            [text, "in", word] if unquoted(text).is_some() => has(word),
            [word, "is", "startingwith" | "endingwith", "(", text, ")"] if unquoted(text).is_some() => {
                has(word)
            }
            tokens if self.are_of_pattern && tokens.contains(&"default_branch") => Runs::ALL,
            tokens => Runs::that_fulfil(&tokens.join(" ")),
        }
    }
}

/// The runs that have what a word stands for.
fn has(word: &str) -> Runs {
    match word {
        // Its name is known in all of them.
        "default_branch" => Runs::ALL,
        word => Runs::that_fulfil(word),
    }
}

/// Whether it is a text, a list of texts or the default branch, which are there in each run.
fn is_known(tokens: &[&str]) -> bool {
    let is_text = |token: &&str| unquoted(token).is_some();
    match tokens {
        ["default_branch"] => true,
        [only] => is_text(only),
        ["[", items @ .., "]"] => items.iter().all(|item| *item == "," || is_text(item)),
        _ => false,
    }
}

/// What stands in the brackets around all of it.
fn bracketed<'a, 't>(tokens: &'a [&'t str]) -> Option<&'a [&'t str]> {
    let ["(", inner @ .., ")"] = tokens else { return None };
    let is_closed = depths(inner).last().is_none_or(|depth| depth == 0);
    (is_closed && depths(inner).all(|depth| depth >= 0)).then_some(inner)
}

/// The parts between these words, outside of brackets.
fn split<'a, 't>(tokens: &'a [&'t str], word: &str) -> Vec<&'a [&'t str]> {
    let ends = tokens.iter().zip(depths(tokens)).enumerate();
    let ends = ends.filter(|(_, (token, depth))| **token == word && *depth == 0).map(|(at, _)| at);
    let mut parts = Vec::new();
    let mut start = 0;
    for end in ends.chain([tokens.len()]) {
        parts.push(&tokens[start..end]);
        start = end + 1;
    }
    parts
}

/// How many brackets are open behind each token.
fn depths(tokens: &[&str]) -> impl Iterator<Item = i32> {
    tokens.iter().scan(0, |depth, token| {
        *depth += match *token {
            "(" | "[" | "{" => 1,
            ")" | "]" | "}" => -1,
            _ => 0,
        };
        Some(*depth)
    })
}

#[cfg(test)]
mod tests {
    use super::contradiction;

    #[test]
    fn what_runs_of_one_ref_do_not_fulfil_is_known() {
        for (text, part) in [
            ("tag and default_branch", "tag and default_branch"),
            ("tag and branch", "tag and branch"),
            ("pr and tag", "pr and tag"),
            ("branch and tag", "branch and tag"),
            ("pr and default_branch", "pr and default_branch"),
            ("branch and not branch", "branch and not branch"),
            ("default_branch and not branch", "default_branch and not branch"),
            ("(tag or pr) and branch", "(tag or pr) and branch"),
            ("tag and branch == 'main'", "tag and branch == 'main'"),
            ("tag and branch == default_branch", "tag and branch == default_branch"),
            ("tag and 'main' == branch", "tag and 'main' == branch"),
            ("pr and tag is startingwith('v')", "pr and tag is startingwith('v')"),
            ("tag == 'x' and branch in ['main', 'dev']", "tag == 'x' and branch in ['main', 'dev']"),
            ("tag and event == 'push' and 'rel' in branch", "tag and event == 'push' and 'rel' in branch"),
            ("tag and not prerelease and default_branch", "tag and not prerelease and default_branch"),
            ("tag and branch or pr", "tag and branch"),
            ("pr or (event == 'push' and (tag and branch))", "event == 'push' and (tag and branch)"),
            ("event == 'push' and (pr or tag and branch)", "tag and branch"),
            ("{% if tag and branch %}x{% endif %}", "tag and branch"),
            (
                "a{% if pr %}b{% elif tag and branch == default_branch %}c{% endif %}",
                "tag and branch == default_branch",
            ),
            ("{{ 'edge' if tag and branch else sha }}", "tag and branch"),
            ("{{- tag if pr and tag -}}", "pr and tag"),
        ] {
            assert_eq!(contradiction(text), Some(part), "{text}");
        }
    }

    #[test]
    fn what_a_run_may_fulfil_is_let_through() {
        for text in [
            "tag",
            "tag or branch",
            "branch and default_branch",
            "not tag and not branch",
            "tag and not branch",
            "tag != 'v1' and branch",
            "tag is none and branch",
            "tag is not defined and branch == 'main'",
            "tag is not startingwith('v') and branch",
            "branch not in ['main'] and tag",
            "(tag or 'x') == 'x' and branch",
            "tag | default('x') == 'x' and branch",
            "pr and head_branch and base_branch == 'main'",
            "base_branch == 'main' and tag",
            "base_branch and branch",
            "event == 'pull_request' and branch",
            "event == 'schedule' and tag",
            "prerelease and tag",
            "tag and major == '1'",
            "tag and tag is startingwith('v')",
            "branch == 'main' and branch == default_branch",
            "tag and (branch if pr else tag)",
            "false",
            "tag and false",
            "tag and branch and false",
            "'tag and branch' == branch",
            "{% if tag %}{{ branch | default('x') }}{% endif %}",
            "{{ tag or branch }}",
            "{{ 'x' if tag and default_branch else sha }}",
            "{{ 'x' if tag else branch }}",
        ] {
            assert_eq!(contradiction(text), None, "{text}");
        }
    }
}
