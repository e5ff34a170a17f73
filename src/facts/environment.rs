//! Reads facts from the environment of a run.

use super::variable;
use jiff::Timestamp;

use super::{Environment, Facts, github, gitlab};
use crate::code::Code;
use crate::commit::WHOLE as COMMIT_DIGITS;
use crate::diagnostic::Diagnostic;

/// What the environment of a CI run says: GitHub's, and of those that resemble it, or GitLab's. `event` is the text of
/// the file that `GITHUB_EVENT_PATH` names, if it can be read.
///
/// # Errors
/// When a variable or the file does not hold what it must.
pub(crate) fn of_environment(env: &Environment, event: Option<&str>) -> Result<Facts, Diagnostic> {
    let (source_date, sha_length) = (source_date(env)?, sha_length(env)?);
    let is_gitlab = variable(env, "GITLAB_CI").is_some() && variable(env, "GITHUB_ACTIONS").is_none();
    let facts = if is_gitlab { gitlab::facts(env) } else { github::facts(env, event)? };
    Ok(Facts { source_date, sha_length, ..facts })
}

/// How many digits of the commit docker/metadata-action is asked to show.
fn sha_length(env: &Environment) -> Result<Option<usize>, Diagnostic> {
    const NAME: &str = "DOCKER_METADATA_SHORT_SHA_LENGTH";
    let Some(text) = variable(env, NAME) else { return Ok(None) };
    let length = text.parse().ok().filter(|length| (1..=COMMIT_DIGITS).contains(length));
    length.map(Some).ok_or_else(|| {
        let message = format!("{NAME} is `{text}`, not a number from 1 to {COMMIT_DIGITS}");
        Diagnostic::error(Code::SHA_LENGTH, message)
            .with_help("set it to how many digits to show, or unset it")
    })
}

/// What `SOURCE_DATE_EPOCH` says (<https://reproducible-builds.org/specs/source-date-epoch/>).
fn source_date(env: &Environment) -> Result<Option<Timestamp>, Diagnostic> {
    let Some(text) = variable(env, "SOURCE_DATE_EPOCH") else { return Ok(None) };
    let seconds = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let time = seconds.and_then(|text| Timestamp::from_second(text.parse().ok()?).ok());
    time.map(Some).ok_or_else(|| {
        let message = format!("SOURCE_DATE_EPOCH is `{text}`, not a time in seconds since 1970");
        Diagnostic::error(Code::SOURCE_DATE_EPOCH, message)
            .with_help("set it as `date +%s` prints it, or unset it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_length_of_a_short_commit_is_a_number_of_digits() {
        let read = |value: &str| {
            let env = BTreeMap::from([("DOCKER_METADATA_SHORT_SHA_LENGTH".into(), value.into())]);
            sha_length(&env)
        };
        assert_eq!([read("1"), read("12"), read("64")], [1, 12, 64].map(|length| Ok(Some(length))));
        assert_eq!(read(""), Ok(None));
        for wrong in ["0", "-1", "65", "short", "7.5"] {
            let told = read(wrong).unwrap_err();
            assert!(told.message.contains(wrong), "{told:?}");
        }
    }

    #[test]
    fn source_date_epoch_is_a_number_of_seconds() {
        let read = |value: &str| source_date(&BTreeMap::from([("SOURCE_DATE_EPOCH".into(), value.into())]));
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("1700000000").unwrap().unwrap().to_string(), "2023-11-14T22:13:20Z");
        for wrong in ["yesterday", "1.5", "-1", " 1", "1e9", "99999999999999", "99999999999999999999999"] {
            let told = read(wrong).unwrap_err();
            assert!(told.message.contains(wrong), "{told:?}");
        }
    }
}
