//! Credential helpers: programs `docker-credential-NAME` that keep secrets outside of files and print them when asked
//! (<https://github.com/docker/docker-credential-helpers>).
#![expect(clippy::disallowed_methods, reason = "helpers are started here")]

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::config::{login_of, string};
use super::login::Login;
use crate::registry::error::clip;

/// The most bytes that a helper may print on one stream.
const MAX_OUTPUT: usize = 1024 * 1024;

/// How many bytes are read at once.
const PIECE: usize = 8 * 1024;

/// How often a helper that has closed its output is asked whether it has ended.
const PULSE: Duration = Duration::from_millis(1);

/// What is wrong with a helper, in words that follow its name.
#[derive(Debug, thiserror::Error)]
enum HelperFailure {
    #[error("is not installed, or not in PATH: install it, or take it out of Docker's configuration")]
    NotInstalled,
    #[error("cannot be started: {0}")]
    Unusable(io::Error),
    #[error("did not answer within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    #[error("printed more than {} KiB", MAX_OUTPUT / 1024)]
    TooMuch,
    #[error("failed ({status}){words}")]
    Status { status: ExitStatus, words: String },
    #[error("did not print a JSON object with `Username` and `Secret`")]
    NotAnAnswer,
    #[error("answered with the login of another server, `{0}`")]
    OfAnother(String),
}

/// What a helper printed, and how it ended.
struct Output {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// What a helper has for a server; none when it has nothing. It gets these environment variables besides our own, and
/// is ended with all that it started when it takes longer than `limit`.
///
/// # Errors
/// In words: when it is named by a path, is not installed, takes too long, prints too much, fails or makes no sense.
pub(super) fn ask(
    helper: &str,
    server: &str,
    environment: &BTreeMap<String, String>,
    limit: Duration,
) -> Result<Option<Login>, String> {
    // A configuration file is not to choose any program of the machine.
    if helper.chars().any(|c| matches!(c, '/' | '\\' | ':') || c.is_control()) {
        return Err(format!(
            "{helper:?} is not the name of a credential helper: expected the NAME of a program docker-credential-NAME"
        ));
    }
    let program = format!("docker-credential-{helper}");
    let mut command = Command::new(&program);
    command.arg("get").envs(environment);
    let answer = run(command, server, limit).and_then(|output| read(&output, server));
    answer.map_err(|failure| format!("{program} {failure}"))
}

/// Runs a program to its end. What it prints may be a secret, so it goes through pipes, never into a file.
fn run(mut command: Command, input: &str, limit: Duration) -> Result<Output, HelperFailure> {
    let started = Instant::now();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => HelperFailure::NotInstalled,
        _ => HelperFailure::Unusable(error),
    })?;
    // The name of a server fits into any pipe, and a helper that knows the answer need not read it.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
    let (sender, pieces) = sync_channel(1);
    if let Some(stdout) = child.stdout.take() {
        pass_on(stdout, 0, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        pass_on(stderr, 1, sender.clone());
    }
    drop(sender);

    let mut streams = [Vec::new(), Vec::new()];
    let status = loop {
        match pieces.recv_timeout(limit.saturating_sub(started.elapsed())) {
            Ok((stream, piece)) => {
                let so_far: &mut Vec<u8> = &mut streams[stream];
                so_far.extend(piece);
                if so_far.len() > MAX_OUTPUT {
                    end(&mut child);
                    return Err(HelperFailure::TooMuch);
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => thread::sleep(PULSE),
            Err(RecvTimeoutError::Timeout) => {}
        }
        // Something that it left running, such as an agent, may still hold its output.
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < limit => {}
            Ok(None) => {
                end(&mut child);
                return Err(HelperFailure::TimedOut(limit));
            }
            Err(error) => return Err(HelperFailure::Unusable(error)),
        }
    };
    let [stdout, stderr] = streams;
    Ok(Output { status, stdout, stderr })
}

/// Passes on what comes from a stream, with the stream's number, until it ends or nobody listens.
fn pass_on(mut stream: impl Read + Send + 'static, number: usize, to: SyncSender<(usize, Vec<u8>)>) {
    thread::spawn(move || {
        let mut piece = [0; PIECE];
        while let Ok(length @ 1..) = stream.read(&mut piece) {
            if to.send((number, piece[..length].to_vec())).is_err() {
                break;
            }
        }
    });
}

/// Ends a program; on Unix with all that it started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    let _ = rustix::process::kill_process_group(
        rustix::process::Pid::from_child(child),
        rustix::process::Signal::KILL,
    );
    let _ = child.kill();
    let _ = child.wait();
}

/// What a helper's output means
/// (<https://github.com/docker/docker-credential-helpers/blob/master/client/client.go>).
fn read(output: &Output, server: &str) -> Result<Option<Login>, HelperFailure> {
    let Output { status, stdout, stderr } = output;
    if !status.success() {
        let [stdout, stderr] = [stdout, stderr].map(|stream| String::from_utf8_lossy(stream));
        if is_not_found(&stdout) || is_not_found(&stderr) {
            return Ok(None);
        }
        let said = [stdout.trim(), stderr.trim()];
        let words = match said.into_iter().find_map(known_sentence) {
            Some(sentence) => format!(": {sentence}"),
            None if said.iter().all(|words| words.is_empty()) => String::new(),
            None => HIDDEN.to_owned(),
        };
        return Err(HelperFailure::Status { status: *status, words });
    }
    // Like Docker, the first value counts.
    let mut values = serde_json::Deserializer::from_slice(stdout).into_iter::<Value>();
    let Some(Ok(Value::Object(answer))) = values.next() else { return Err(HelperFailure::NotAnAnswer) };
    let field = |key| string(&answer, key).map(Option::unwrap_or_default);
    // A login goes to no other server than it is of, also where a helper has the same answer to every question.
    if let Ok(of) = field("ServerURL")
        && !of.is_empty()
        && host(of) != host(server)
    {
        return Err(HelperFailure::OfAnother(clip(of)));
    }
    match (field("Username"), field("Secret")) {
        (Ok(user), Ok(secret)) => Ok(login_of(user, secret)),
        _ => Err(HelperFailure::NotAnAnswer),
    }
}

/// What helpers say of a failure, in words of their own that hold no login
/// (<https://github.com/docker/docker-credential-helpers/blob/master/credentials/error.go>, and those of their systems).
const SENTENCES: [&str; 12] = [
    "no credentials server URL",
    "no credentials username",
    "Cannot autolaunch D-Bus without X11 $DISPLAY",
    "The name org.freedesktop.secrets was not provided by any .service files",
    "User interaction is not allowed",
    "The user name or passphrase you entered is not correct",
    "pass not initialized",
    "gpg: decryption failed: No secret key",
    "keychain is locked",
    "permission denied",
    "command not found",
    "no such file or directory",
];

/// In the place of other words.
const HIDDEN: &str = "; what it printed is not shown, since it may have a login in it";

/// The sentence that a text has, if it is a known one: any other may hold a login, however it looks.
fn known_sentence(words: &str) -> Option<&'static str> {
    let folded = words.to_ascii_lowercase();
    SENTENCES.into_iter().find(|sentence| folded.contains(&sentence.to_ascii_lowercase()))
}

/// The host of a server's name or address. Docker Hub has several.
fn host(server: &str) -> String {
    let address = server.split_once("://").map_or(server, |(_, address)| address);
    let authority = address.split('/').next().unwrap_or_default();
    // In `[::1]:5000`, the port is behind the bracket.
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    match &*host.to_ascii_lowercase() {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
        host => host.to_owned(),
    }
}

/// Whether a helper says that it has nothing. The protocol has no other sign of that than these words
/// (<https://github.com/docker/docker-credential-helpers/blob/master/credentials/error.go>), and not all helpers keep
/// to them.
fn is_not_found(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    words.contains("credentials not found") || words.contains("no credentials found")
}

/// With real programs, all of them tests/data/credential-helper under many names.
#[cfg(test)]
#[cfg(unix)]
pub(super) mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};
    use std::sync::LazyLock;

    use tempfile::TempDir;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    const HELPERS: [&str; 30] = [
        "stored",
        "own",
        "counting",
        "deaf",
        "go",
        "token",
        "blank",
        "leaving",
        "nothing",
        "nothing2",
        "nameless",
        "locked",
        "complaining",
        "quiet",
        "leaking",
        "bare",
        "telling",
        "mumbling",
        "denied",
        "pair",
        "both",
        "another",
        "hub",
        "garbage",
        "list",
        "number",
        "silent",
        "endless",
        "shouting",
        "asleep",
    ];

    /// A folder with the helpers. They are links: a program that was written a moment ago may not be started as long as
    /// another thread's child still holds it open.
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/credential-helper");
        for name in HELPERS {
            symlink(&script, folder.path().join(format!("docker-credential-{name}"))).unwrap();
        }
        folder
    });

    /// An environment in which the helpers are found.
    pub(in super::super) fn environment() -> BTreeMap<String, String> {
        let path = std::env::var("PATH").unwrap();
        [("PATH".to_owned(), format!("{}:{path}", FOLDER.path().display()))].into()
    }

    fn ask_within(helper: &str, limit: Duration) -> Result<Option<Login>, String> {
        ask(helper, "r.io", &environment(), limit)
    }

    fn right() -> Login {
        Login::Password { user: "me".into(), password: "right".into() }
    }

    #[test]
    fn answers_are_read_as_docker_reads_them() {
        for (helper, expected) in [
            ("stored", Some(Login::Password { user: "stored".into(), password: "secret of r.io".into() })),
            ("go", Some(right())),
            ("token", Some(Login::IdentityToken("t".into()))),
            ("blank", None),
            ("hub", Some(right())),
            ("nothing", None),
            ("nothing2", None),
        ] {
            let server = if helper == "hub" { "index.docker.io" } else { "r.io" };
            assert_eq!(ask(helper, server, &environment(), LIMIT), Ok(expected), "{helper}");
        }
    }

    #[test]
    fn a_server_is_the_same_in_whatever_form() {
        for (one, other, is_same) in [
            ("r.io", "https://R.io/v1/", true),
            ("r.io:443", "r.io", true),
            ("https://index.docker.io/v1/", "docker.io", true),
            ("[::1]:5000", "http://[::1]:5000", true),
            ("r.io", "r.io.example", false),
            ("r.io", "other.io/r.io", false),
            ("r.io", "https://other.io?r.io", false),
        ] {
            assert_eq!(host(one) == host(other), is_same, "{one} {other}");
        }
    }

    #[test]
    fn a_helper_need_not_read_its_input() {
        for attempt in 0..50 {
            assert_eq!(ask_within("deaf", LIMIT), Ok(Some(right())), "attempt {attempt}");
        }
    }

    #[test]
    fn failures_are_reported_in_the_helpers_words_without_secrets() {
        for (helper, expected) in [
            ("locked", "failed (exit status: 1): keychain is locked"),
            ("complaining", "failed (exit status: 2): permission denied"),
            ("nameless", "failed (exit status: 1): no credentials server URL"),
            ("quiet", "failed (exit status: 3)"),
            ("leaking", &*format!("failed (exit status: 1){HIDDEN}")),
            ("bare", &*format!("failed (exit status: 1){HIDDEN}")),
            ("telling", &*format!("failed (exit status: 1){HIDDEN}")),
            ("mumbling", &*format!("failed (exit status: 1){HIDDEN}")),
            ("denied", &*format!("failed (exit status: 1){HIDDEN}")),
            ("pair", &*format!("failed (exit status: 1){HIDDEN}")),
            ("both", "failed (exit status: 1): no credentials username"),
            ("another", "answered with the login of another server, `https://other.example/v2/ [31m`"),
            ("garbage", "did not print a JSON object with `Username` and `Secret`"),
            ("list", "did not print a JSON object with `Username` and `Secret`"),
            ("number", "did not print a JSON object with `Username` and `Secret`"),
            ("silent", "did not print a JSON object with `Username` and `Secret`"),
            ("endless", "printed more than 1024 KiB"),
            ("shouting", "printed more than 1024 KiB"),
            (
                "absent",
                "is not installed, or not in PATH: install it, or take it out of Docker's configuration",
            ),
        ] {
            let told = ask_within(helper, LIMIT).unwrap_err();
            assert!(!told.contains(char::is_control), "{told:?}");
            assert_eq!(told, format!("docker-credential-{helper} {expected}"));
        }
    }

    #[test]
    fn a_helper_is_named_not_located() {
        let folder = tempfile::tempdir().unwrap();
        let witness = folder.path().join("started");
        let mut environment = environment();
        environment.insert("CALLS".to_owned(), witness.to_str().unwrap().to_owned());
        fs::create_dir(folder.path().join("docker-credential-x")).unwrap();
        environment.insert("PATH".to_owned(), folder.path().to_str().unwrap().to_owned());
        let below = format!("x/..{}/docker-credential-counting", FOLDER.path().display());
        for name in [&*below, "../counting", "/bin/sh", "a\\b", "C:x", "a\nb", "a\0b"] {
            let told = ask(name, "r.io", &environment, LIMIT).unwrap_err();
            assert!(told.contains("is not the name of a credential helper"), "{told}");
            assert!(!told.contains(char::is_control), "{told:?}");
        }
        assert!(!witness.exists());
    }

    #[test]
    fn a_helper_that_takes_too_long_is_ended_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let mut environment = environment();
        environment.insert("CHILD".to_owned(), pid.to_str().unwrap().to_owned());
        let started = Instant::now();
        let told = ask("asleep", "r.io", &environment, Duration::from_secs(1)).unwrap_err();
        assert_eq!(told, "docker-credential-asleep did not answer within 1 s");
        assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
        let pid = fs::read_to_string(&pid).unwrap();
        // Only Linux shows there who runs. It may have ended without being collected by the first process yet.
        let state = PathBuf::from("/proc").join(pid.trim()).join("stat");
        let is_alive = || fs::read_to_string(&state).is_ok_and(|state| !state.contains(") Z "));
        while is_alive() && started.elapsed() < Duration::from_secs(30) {
            thread::sleep(PULSE);
        }
        assert!(!is_alive(), "its child lives on");
    }

    #[test]
    fn what_a_helper_leaves_running_delays_nothing_but_its_own_answer() {
        let started = Instant::now();
        assert_eq!(ask_within("leaving", Duration::from_millis(500)), Ok(Some(right())));
        assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    }
}
