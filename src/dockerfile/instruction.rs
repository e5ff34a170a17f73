//! Instructions: what a line says, as far as it decides what a build reads.

use super::command::{self, Command};
use super::directive::DEFAULT_ESCAPE;
use super::lines::{Heredoc, Line};
use super::mount::Mount;
use super::unreadable::Unreadable;

/// An instruction inside a stage or in front of the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Instruction {
    /// Names with their defaults.
    Arg(Vec<Argument>),
    /// Names with their values.
    Env(Vec<(String, String)>),
    /// `COPY` or `ADD`.
    Copy(Copy),
    /// The mounts of `RUN`.
    Run(Vec<Mount>),
    /// The instruction that builds on this stage run; where it is not one, they fail.
    Onbuild(Result<Box<Self>, Unreadable>),
    /// Anything that reads nothing.
    Other,
}

/// A name of an `ARG` and its default, not expanded.
pub(super) type Argument = (String, Option<String>);

/// `COPY` or `ADD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    /// Which of them.
    pub(super) verb: Verb,
    /// The value of `--from`.
    pub(super) from: Option<String>,
    /// The sources but here-documents, not expanded.
    pub(super) sources: Vec<String>,
    /// The values of `--exclude`.
    pub(super) excludes: Vec<String>,
    /// Whether there is `--parents`.
    pub(super) parents: bool,
    /// The value of `--checksum`, not expanded.
    pub(super) checksum: Option<String>,
}

/// The two instructions that copy files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// `ADD`, which also downloads and unpacks.
    Add,
    /// `COPY`.
    Copy,
}

impl Verb {
    /// As it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Copy => "COPY",
        }
    }
}

/// `FROM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct From {
    /// What follows, not expanded.
    pub(super) base: String,
    /// The value of `--platform`, not expanded.
    pub(super) platform: Option<String>,
    /// What stands after `AS`, in lower case.
    pub(super) name: Option<String>,
}

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// The start of a stage.
    From(From),
    /// Anything else.
    Instruction(Instruction),
}

/// Reads a line. The second result is whether it may open here-documents.
///
/// # Errors
/// What BuildKit refuses, and what a newer one may know.
pub(super) fn parse(line: &Line, escape: char) -> Result<(Statement, bool), Unreadable> {
    let refused = |text: String| Unreadable::new(line.number, text);
    let command = command::split(&line.text, escape).map_err(refused)?;
    let statement = match command.name.as_str() {
        "from" => Statement::From(from(&command).map_err(refused)?),
        "onbuild" => return onbuild(line, &command, escape),
        _ => Statement::Instruction(instruction(&command, escape).map_err(refused)?),
    };
    let heredocs = command.opens_heredocs().map_err(refused)?;
    Ok((statement, heredocs))
}

/// `ONBUILD`, whose here-documents are those of what follows it.
fn onbuild(line: &Line, command: &Command, escape: char) -> Result<(Statement, bool), Unreadable> {
    let refused = |text: String| Unreadable::new(line.number, text);
    command.flags.expect(&[]).map_err(refused)?;
    let text = &command.arguments;
    let trigger = command::split(text, escape).map_err(refused)?;
    if matches!(trigger.name.as_str(), "" | "onbuild" | "from" | "maintainer") {
        return Err(refused(format!("`ONBUILD {}` is not possible", trigger.name.to_uppercase())));
    }
    let heredocs = trigger.opens_heredocs().map_err(refused)?;
    // Whoever runs it reads it as a file of its own, which has the default escape character.
    let reads_otherwise =
        text.ends_with(DEFAULT_ESCAPE) || (escape != DEFAULT_ESCAPE && text.contains(['\\', '`']));
    let instruction = if reads_otherwise {
        Err(refused("`ONBUILD` with an escape character that means something else where it runs".to_owned()))
    } else {
        instruction(&trigger, escape).map(Box::new).map_err(refused)
    };
    Ok((Statement::Instruction(Instruction::Onbuild(instruction)), heredocs))
}

fn from(command: &Command) -> Result<From, String> {
    let flags = command.flags.expect(&["platform"])?;
    let words = command::words_at_blanks(&command.arguments);
    let (base, name) = match words.as_slice() {
        [base] => (base, None),
        [base, keyword, name] if keyword.eq_ignore_ascii_case("as") => (base, Some(name.to_lowercase())),
        _ => return Err("`FROM` needs one argument or three".to_owned()),
    };
    if let Some(name) = &name
        && !is_stage_name(name)
    {
        return Err(format!("`{name}` is not a valid name of a stage"));
    }
    Ok(From { base: base.clone(), platform: flags.one("platform")?, name })
}

/// `[a-z][a-z0-9-_.]*`
fn is_stage_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.'))
}

fn instruction(command: &Command, escape: char) -> Result<Instruction, String> {
    Ok(match command.name.as_str() {
        // Its flags are ignored.
        "arg" => {
            let words = command::quoted_words(&command.arguments, escape);
            let pair = |word: String| match word.split_once('=') {
                Some(("", _)) => Err("`ARG` without a name".to_owned()),
                Some((name, value)) => Ok((name.to_owned(), Some(value.to_owned()))),
                None => Ok((word, None)),
            };
            Instruction::Arg(at_least_one("ARG", words)?.into_iter().map(pair).collect::<Result<_, _>>()?)
        }
        "env" => {
            command.flags.expect(&[])?;
            Instruction::Env(env(&command.arguments, escape)?)
        }
        "copy" => Instruction::Copy(copy(command, Verb::Copy)?),
        "add" => Instruction::Copy(copy(command, Verb::Add)?),
        "run" => {
            let flags = command.flags.expect(&["mount", "network", "security", "device"])?;
            Instruction::Run(
                flags.all("mount")?.iter().map(|text| Mount::parse(text)).collect::<Result<_, _>>()?,
            )
        }
        "cmd" | "entrypoint" | "expose" | "healthcheck" | "label" | "maintainer" | "shell" | "stopsignal"
        | "user" | "volume" | "workdir" => Instruction::Other,
        name => return Err(format!("unknown instruction `{}`", name.to_uppercase())),
    })
}

fn at_least_one<T>(name: &str, words: Vec<T>) -> Result<Vec<T>, String> {
    if words.is_empty() { Err(format!("`{name}` needs an argument")) } else { Ok(words) }
}

/// The names and values of `ENV`: `NAME=value …`, or `NAME value` as of old.
fn env(arguments: &str, escape: char) -> Result<Vec<(String, String)>, String> {
    let words = at_least_one("ENV", command::quoted_words(arguments, escape))?;
    if words.first().is_some_and(|word| !word.contains('=')) {
        let (name, value) =
            command::split_at_blank(arguments).ok_or_else(|| "`ENV` needs a value".to_owned())?;
        return Ok(vec![(name.to_owned(), value.to_owned())]);
    }
    let pair = |word: &String| match word.split_once('=') {
        Some(("", _)) | None => Err(format!("`{word}` is not of the form `name=value`")),
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
    };
    words.iter().map(pair).collect()
}

fn copy(command: &Command, verb: Verb) -> Result<Copy, String> {
    let flags = command.flags.expect(match verb {
        Verb::Add => &["chown", "chmod", "link", "keep-git-dir", "checksum", "unpack", "exclude"],
        Verb::Copy => &["from", "chown", "chmod", "link", "exclude", "parents"],
    })?;
    let mut sources = match command::json_strings(&command.arguments)? {
        Some(strings) => strings,
        None => command::words_at_blanks(&command.arguments),
    };
    let destination = sources.pop();
    if sources.is_empty() || destination.is_none() {
        return Err(format!("`{}` needs two arguments", verb.as_str()));
    }
    // A word that does not lex is a path here, not an error.
    sources.retain(|source| !matches!(Heredoc::parse(source), Ok(Some(_))));
    Ok(Copy {
        verb,
        from: flags.one("from")?.filter(|from| !from.is_empty()),
        sources,
        excludes: flags.all("exclude")?,
        parents: flags.switch("parents")?,
        checksum: flags.one("checksum")?.filter(|checksum| !checksum.is_empty()),
    })
}
