//! Answers a shell that asks what the word at the cursor may become. Nothing is written but candidates, nothing is run, and
//! no registry or remote is asked; a definition that cannot be read has no names.

use std::ffi::OsString;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use clap_complete::{ArgValueCandidates, CompletionCandidate};

use super::planning::load;
use super::session::leaks::Leaks;
use super::session::{Session, Voice};
use crate::bake::target::overrides;
use crate::bake::text::discovery::{self, Images, STDIN};
use crate::bake::values::SecretNames;
use crate::cli::{self, Begun, Cli, Completes, Completions, Shell};
use crate::diagnostic::Secrets;
use crate::error::Error;
use crate::host::{CompletionRequest, Host};
use crate::readable;
use crate::source::Sources;

/// How long a definition may take: whoever types does not wait longer for its names.
const PATIENCE: Duration = Duration::from_millis(800);

/// Platforms that are built most often.
const USUAL_PLATFORMS: [&str; 9] = [
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/arm/v6",
    "linux/386",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
    "windows/amd64",
];

/// `bakeplan completions`
pub(super) fn completions(session: &Session<'_>, args: &Completions) -> Result<(), Error> {
    let Completions { shell } = args;
    let mut script = Vec::new();
    // A writer in memory does not fail.
    let _ =
        shell.completer().write_registration(cli::REQUEST, "bakeplan", "bakeplan", "bakeplan", &mut script);
    let mut script = String::from_utf8_lossy(&script).trim().to_owned();
    if *shell == Shell::Zsh {
        // A file of the `fpath` is the body of a function, which is called for the first time to complete something.
        script.push_str("\n\nif [ \"$funcstack[1]\" = \"_bakeplan\" ]; then\n    _clap_dynamic_completer_bakeplan \"$@\"\nfi");
    }
    script.push('\n');
    session.deliver(&script)
}

/// What a shell that asks is given, on a `stack` of this many bytes.
#[must_use]
pub(super) fn candidates(shell: Shell, request: &CompletionRequest, stack: usize) -> String {
    let line = Line::of(request, shell);
    let begun = Cli::begun(line.words.get(..line.index).unwrap_or_default());
    let Ok(host) = Host::new(&begun.directories, clap::ColorChoice::Never) else { return String::new() };
    let known = known(&host, &begun, stack);
    let mut command = command(&known);
    let directory = Some(host.directory());
    let is_blank = line.words.get(line.index).is_none_or(|word| word.is_empty());
    if shell == Shell::Bash {
        let found = clap_complete::engine::complete(&mut command, line.words, line.index, directory);
        let shown = |candidate: &CompletionCandidate| {
            let value = candidate.get_value().to_string_lossy().into_owned();
            value.strip_prefix(&line.before).map(for_bash)
        };
        let found = found.unwrap_or_default();
        let shown: Vec<String> = found.iter().filter_map(shown).collect();
        return wanted(&shown, is_blank).join(request.separator.as_deref().unwrap_or("\n"));
    }
    let mut text = Vec::new();
    match shell.completer().write_complete(&mut command, line.words, directory, &mut text) {
        Ok(()) => wanted(&String::from_utf8_lossy(&text).lines().collect::<Vec<_>>(), is_blank).join("\n"),
        Err(_) => String::new(),
    }
}

/// The candidates that are shown: options to whoever began one, and where there is nothing else.
fn wanted<T: AsRef<str> + Clone>(candidates: &[T], is_blank: bool) -> Vec<T> {
    let is_option = |candidate: &T| candidate.as_ref().starts_with('-');
    let has_others = is_blank && !candidates.iter().all(is_option);
    candidates.iter().filter(|candidate| !has_others || !is_option(candidate)).cloned().collect()
}

/// The words of a command line, and which of them is at the cursor.
struct Line {
    words: Vec<OsString>,
    index: usize,
    /// What of that word the shell leaves as it is.
    before: String,
}

impl Line {
    /// bash takes `--file=a` for three words, and completes the last (`COMP_WORDBREAKS`).
    fn of(request: &CompletionRequest, shell: Shell) -> Self {
        let last = request.words.len().saturating_sub(1);
        let index = request.index.unwrap_or(last);
        if shell != Shell::Bash {
            return Self { words: request.words.clone(), index, before: String::new() };
        }
        let mut line = Self { words: Vec::new(), index: 0, before: String::new() };
        let mut is_open = false;
        for (at, word) in request.words.iter().enumerate() {
            let breaks = |word: &OsString| {
                word.to_str().is_some_and(|word| !word.is_empty() && word.chars().all(|c| "=:".contains(c)))
            };
            let joins = breaks(word) || is_open;
            is_open = breaks(word);
            match line.words.last_mut() {
                Some(last) if joins => {
                    if at == index && !breaks(word) {
                        line.before = last.to_string_lossy().into_owned();
                    }
                    last.push(word);
                }
                _ => line.words.push(word.clone()),
            }
            if at == index {
                line.index = line.words.len().saturating_sub(1);
                if breaks(word) {
                    line.before = line.words[line.index].to_string_lossy().into_owned();
                }
            }
        }
        line
    }
}

/// A word as bash reads it.
fn for_bash(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() && !readable::is_hidden(c) || "_-./:=@%+,~".contains(c);
    word.chars().flat_map(|c| (!plain(c)).then_some('\\').into_iter().chain([c])).collect()
}

/// What a definition has that a command line may name.
#[derive(Debug, Default)]
struct Known {
    names: Vec<String>,
    targets: Vec<String>,
    variables: Vec<String>,
    platforms: Vec<String>,
}

/// What the definition of the line has, if that is known soon.
fn known(host: &Host, begun: &Begun, stack: usize) -> Known {
    let Begun { command, directories: _, definition } = begun;
    let Some(definition) = definition.clone() else { return Known::default() };
    let is_bakes = command.as_deref() == Some("print");
    let host = host.clone();
    let (sender, receiver) = mpsc::channel();
    let work = move || sender.send(names(&host, &definition, is_bakes));
    match thread::Builder::new().stack_size(stack).spawn(work) {
        Ok(_) => receiver.recv_timeout(PATIENCE).ok().flatten().unwrap_or_default(),
        Err(_) => Known::default(),
    }
}

/// Evaluates a definition, as `bakeplan print` does if it is Bake's, for its names.
fn names(host: &Host, definition: &cli::Definition, is_bakes: bool) -> Option<Known> {
    let images = definition.images.as_deref().map_or(Images::Any, Images::given);
    let files = discovery::discover(&definition.files, images, host.env(), host).ok()?;
    // What is typed goes to the command, and a pipe has no end.
    if files.iter().any(|found| found.path == STDIN || !host.is_file(&found.path)) {
        return None;
    }
    let mut session = Session {
        host,
        sources: Sources::default(),
        voice: Voice { quiet: true, ..Voice::default() },
        for_github: false,
        verbose: false,
        secrets: Secrets::default(),
        secret_names: SecretNames::default(),
        leaks: Leaks::default(),
        echoes: Arc::default(),
    };
    let load = if is_bakes { load::load_as_bake } else { load::load };
    // A variable that nothing declares is a mistake for the command to report.
    let without_variables = || cli::Definition { variables: Vec::new(), ..definition.clone() };
    let loaded = load(&mut session, definition).or_else(|_| load(&mut session, &without_variables())).ok()?;
    let definition = &loaded.definition;
    let groups = definition.groups.keys().chain(definition.hidden.iter().map(|group| &group.name));
    // Those that begin with `_` are for inheriting, as `--list` has it.
    let is_listed = |name: &&str| !name.starts_with('_') && is_word(name);
    let sorted = |names: Vec<&str>| {
        let mut names: Vec<String> = names.into_iter().filter(is_listed).map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let targets: Vec<&str> = definition.targets.keys().map(|name| &**name).collect();
    let labels = loaded.module.images().iter().filter_map(|image| image.block.labels.first());
    let images = labels.map(|label| &*label.name).filter(|_| !is_bakes);
    let names = targets.iter().copied().chain(groups.map(|name| &**name)).chain(images).collect();
    let platforms = definition.targets.values().flat_map(|target| target.platforms.iter().flatten());
    Some(Known {
        names: sorted(names),
        variables: sorted(
            loaded
                .module
                .variable_blocks()
                .filter_map(|block| block.labels.first())
                .map(|label| &*label.name)
                .collect(),
        ),
        platforms: sorted(platforms.map(|platform| platform.as_str()).collect()),
        targets: sorted(targets),
    })
}

/// Whether a text means nothing to a shell: what a stranger's file says lands on the user's command line.
fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() && !readable::is_hidden(c) || "_-./@+".contains(c))
}

/// The command line with the candidates of each value.
fn command(known: &Known) -> clap::Command {
    let candidates = |of: Completes| -> Vec<String> {
        let with_equals = |names: &[String]| names.iter().map(|name| format!("{name}=")).collect();
        match of {
            Completes::Names => known.names.clone(),
            Completes::Variables => known.variables.clone(),
            Completes::Assignments => with_equals(&known.variables),
            Completes::Overrides => {
                let targets = known.targets.iter().map(String::as_str).chain(["*"]);
                let keys = |target| overrides::keys().map(move |key| format!("{target}.{key}="));
                targets.flat_map(keys).collect()
            }
            Completes::Platforms => {
                let usual = USUAL_PLATFORMS.map(str::to_owned);
                let others = usual.into_iter().filter(|usual| !known.platforms.contains(usual));
                known.platforms.iter().cloned().chain(others).collect()
            }
            Completes::OneOf(values) => values(),
        }
    };
    let with_candidates = |argument: clap::Arg| match argument.get::<Completes>().copied() {
        None => argument,
        Some(of) => {
            let values = candidates(of);
            let all = move || values.iter().map(CompletionCandidate::new).collect();
            argument.add(ArgValueCandidates::new(all))
        }
    };
    Cli::command_in_full().mut_subcommands(|command| command.mut_args(with_candidates))
}
