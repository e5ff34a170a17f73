//! `bakeplan explain`: what a code means, why it is reported, and what helps.

use super::session::Session;
use crate::cli::{self, ExplainFormat};
use crate::code::explanation::{Explanation, Origin, Style, line, render};
use crate::code::{Code, SUBJECTS};
use crate::diagnostic::nearest;
use crate::error::Error;
use crate::verify;

pub(super) fn explain(session: &Session<'_>, args: &cli::Explain) -> Result<(), Error> {
    let cli::Explain { codes, list, format } = args;
    let all: Vec<(Code, Origin)> = all().collect();
    let (chosen, unknown) = if *list {
        let mut sorted = all;
        sorted.sort_by_key(|(code, _)| code.name());
        (sorted, None)
    } else {
        choose(codes, &all)
    };
    match unknown {
        Some(error) if chosen.is_empty() => Err(error),
        unknown => {
            deliver(session, &chosen, *list, *format)?;
            unknown.map_or(Ok(()), Err)
        }
    }
}

fn deliver(
    session: &Session<'_>,
    chosen: &[(Code, Origin)],
    list: bool,
    format: ExplainFormat,
) -> Result<(), Error> {
    let style = Style { color: session.host.stdout_color() };
    session.deliver(&match format {
        ExplainFormat::Json => {
            let explained: Vec<_> =
                chosen.iter().map(|(code, origin)| Explanation::of(*code, *origin)).collect();
            serde_json::to_string_pretty(&explained).unwrap_or_default() + "\n"
        }
        ExplainFormat::Text if list => {
            let width = chosen.iter().map(|(code, _)| code.name().len()).max().unwrap_or(0);
            chosen.iter().map(|(code, _)| line(*code, width, style)).collect()
        }
        ExplainFormat::Text => {
            let texts: Vec<String> =
                chosen.iter().map(|(code, origin)| render(*code, *origin, style)).collect();
            texts.concat().trim_end().to_owned() + "\n"
        }
    })
}

/// The codes of all diagnostics, and of all that `verify` finds.
fn all() -> impl Iterator<Item = (Code, Origin)> {
    let diagnostics = SUBJECTS.iter().flat_map(|subject| subject.codes);
    let findings = verify::code::Code::ALL.iter().map(|finding| finding.code());
    diagnostics.map(|code| (*code, Origin::Diagnostic)).chain(findings.map(|code| (code, Origin::Finding)))
}

/// What was asked for, each once: a name may be that of a diagnostic and of a finding. Beside it, what is said of names
/// that no code has.
fn choose(asked: &[String], all: &[(Code, Origin)]) -> (Vec<(Code, Origin)>, Option<Error>) {
    let mut chosen: Vec<(Code, Origin)> = Vec::new();
    let mut unknown: Vec<&str> = Vec::new();
    for text in asked {
        let name = bare(text);
        let found: Vec<_> = all.iter().filter(|(code, _)| code.name() == name).collect();
        if found.is_empty() {
            unknown.push(name);
        }
        for one in found {
            if !chosen.contains(one) {
                chosen.push(*one);
            }
        }
    }
    let said: Vec<String> = unknown.iter().map(|name| no_such_code(name, all)).collect();
    (chosen, (!said.is_empty()).then(|| Error::Usage(said.join("; "))))
}

/// The name in the header of a message, such as `error[unknown-variable]:`.
fn bare(text: &str) -> &str {
    let text = text.trim().trim_end_matches(':');
    let inner = text.split_once('[').and_then(|(word, rest)| {
        let is_severity = ["", "error", "warning", "note", "notice"].contains(&word);
        rest.strip_suffix(']').filter(|_| is_severity)
    });
    inner.unwrap_or(text)
}

fn no_such_code(name: &str, all: &[(Code, Origin)]) -> String {
    let near: Vec<String> = nearest(name, all.iter().map(|(code, _)| code.name()))
        .iter()
        .map(|near| format!("`{near}`"))
        .collect();
    let help = match near.as_slice() {
        [] => "`bakeplan explain --list` lists all".to_owned(),
        near => format!("did you mean {}?", near.join(" or ")),
    };
    format!("there is no code `{name}`; {help}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_a_message_names_its_code() {
        for text in ["held", "error[held]", "warning[held]:", "[held]", " note[held] ", "notice[held]"] {
            assert_eq!(bare(text), "held", "{text}");
        }
        for text in ["fatal[held]", "error[held", "held]"] {
            assert_eq!(bare(text), text);
        }
    }

    #[test]
    fn unknown_codes_are_answered_with_the_nearest() {
        let all: Vec<_> = all().collect();
        let told = |name| no_such_code(name, &all);
        assert!(
            told("unknown-varable").contains("did you mean `unknown-variable`"),
            "{}",
            told("unknown-varable")
        );
        assert!(told("zzzzzz").contains("--list"), "{}", told("zzzzzz"));
    }
}
