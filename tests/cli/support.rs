//! A run of the program in a folder of its own: given files, arguments and environment, what comes out?

#![allow(dead_code, reason = "what the first tests do not need, those of the commands will")]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use snapbox::{Assert, Data, IntoData};
use tempfile::TempDir;

/// git in a folder as nobody in particular: what this machine's own configuration says counts for nothing.
pub(crate) fn git_command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env("HOME", folder);
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "A").env(format!("GIT_{who}_EMAIL"), "a@example.com");
    }
    command
}

/// What git prints.
#[track_caller]
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = git_command(folder).args(arguments).output().expect("git starts");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it is UTF-8").trim().to_owned()
}

/// Numbers that look random, the same on each run (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below the limit.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// What to run, and what must come of it: by default, no output and exit code 0.
pub(crate) struct Test {
    folder: TempDir,
    current: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, OsString)>,
    stdin: Vec<u8>,
    status: i32,
    stdout: Data,
    /// `None` for notes alone, whatever they say.
    stderr: Option<Data>,
}

impl Test {
    /// A run without arguments, in an empty folder.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("tests can create folders");
        Self {
            current: folder.path().to_owned(),
            folder,
            arguments: Vec::new(),
            environment: Vec::new(),
            stdin: Vec::new(),
            status: 0,
            stdout: Data::text(""),
            stderr: Some(Data::text("")),
        }
    }

    /// Puts a file into the folder.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let full = self.folder.path().join(path);
        fs::create_dir_all(full.parent().expect("a file is in a folder")).expect("tests can create folders");
        fs::write(full, content).expect("tests can write files");
        self
    }

    /// Puts all files below a folder into the folder, with their paths from `root`.
    pub(crate) fn files(mut self, root: &Path, below: &str) -> Self {
        for entry in fs::read_dir(root.join(below)).expect("there is such a folder") {
            let path = entry.expect("it can be listed").path();
            let name = path
                .strip_prefix(root)
                .ok()
                .and_then(Path::to_str)
                .expect("it is below, and UTF-8")
                .to_owned();
            self = if path.is_dir() {
                self.files(root, &name)
            } else {
                self.file(&name, fs::read(path).expect("it can be read"))
            };
        }
        self
    }

    /// Adds arguments.
    pub(crate) fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.arguments.extend(arguments.into_iter().map(str::to_owned));
        self
    }

    /// Sets an environment variable. Only `PATH` is inherited, and `HOME` is an empty folder.
    pub(crate) fn env(mut self, name: &str, value: &(impl AsRef<OsStr> + ?Sized)) -> Self {
        self.environment.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Gives it this on standard input.
    pub(crate) fn stdin(mut self, content: impl AsRef<[u8]>) -> Self {
        self.stdin = content.as_ref().to_owned();
        self
    }

    /// Runs it in a folder inside the test's.
    pub(crate) fn cwd(mut self, folder: &str) -> Self {
        self.current = self.folder.path().join(folder);
        fs::create_dir_all(&self.current).expect("tests can create folders");
        self
    }

    /// Expects this exit code.
    pub(crate) fn status(mut self, code: i32) -> Self {
        self.status = code;
        self
    }

    /// Expects this on standard output: `str![…]`, `file![…]` or text, in which `[..]` and `...` stand for any.
    pub(crate) fn stdout(mut self, expected: impl IntoData) -> Self {
        self.stdout = expected.into_data();
        self
    }

    /// Expects this on standard error, likewise.
    pub(crate) fn stderr(mut self, expected: impl IntoData) -> Self {
        self.stderr = Some(expected.into_data());
        self
    }

    /// Expects at most notes on standard error.
    pub(crate) fn notes(mut self) -> Self {
        self.stderr = None;
        self
    }

    /// Runs it and compares, byte for byte.
    #[track_caller]
    pub(crate) fn run(self) -> Ran {
        let output = self.output();
        let assert = Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV).normalize_paths(false);
        // Standard error first: it says why the others differ.
        match self.stderr {
            Some(expected) => assert.eq(text(output.stderr), expected),
            None => {
                let told = String::from_utf8_lossy(&output.stderr);
                let is_note = |line: &str| !line.starts_with("warning[") && !line.starts_with("error");
                assert!(told.lines().all(is_note), "{:?}: {told}", self.arguments);
            }
        }
        assert.eq(text(output.stdout), self.stdout);
        assert_eq!(output.status.code(), Some(self.status), "exit code");
        Ran { folder: self.folder }
    }

    /// The folder that it runs in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Gives a command what it is run with: arguments, folder and environment.
    pub(crate) fn prepare(&self, command: &mut Command) {
        command.args(&self.arguments).current_dir(&self.current);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }

    /// Runs it and returns what came of it, whatever that is.
    pub(crate) fn output(&self) -> Output {
        let home = tempfile::tempdir().expect("tests can create folders");
        let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
        command.env_clear().env("HOME", home.path());
        self.prepare(&mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        thread::scope(|scope| {
            // The program may end without reading it all.
            scope.spawn(move || drop(stdin.write_all(&self.stdin)));
            child.wait_with_output().expect("the program ends")
        })
    }
}

/// A run that came out as expected.
pub(crate) struct Ran {
    folder: TempDir,
}

impl Ran {
    /// The folder, for further looks at it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The text of a file in the folder.
    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

fn text(bytes: Vec<u8>) -> Data {
    Data::text(String::from_utf8(bytes).expect("the program writes UTF-8"))
}

/// Runs a function on every item, on all processors, and returns what it answers in the items' order.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], run: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let indexes =
            std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < items.len()));
        indexes.map(|at| (at, run(&items[at]))).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let count = thread::available_parallelism().map_or(2, usize::from);
        let workers: Vec<_> = (0..count).map(|_| scope.spawn(worker)).collect();
        let answers: BTreeMap<usize, R> =
            workers.into_iter().flat_map(|worker| worker.join().expect("no case panics")).collect();
        answers.into_values().collect()
    })
}

pub(crate) fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(path).unwrap().replace("\r\n", "\n")
}

/// The fenced blocks of a language.
pub(crate) fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let open = format!("\n```{language}\n");
    let rest = text.match_indices(&open).map(|(at, open)| &text[at + open.len()..]);
    rest.map(|rest| rest.split_once("```\n").expect("a block ends").0).collect()
}

/// The pages for users, README.md and all of docs, as paths from the root of the repository.
pub(crate) fn pages() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut pages, mut folders) = (vec!["README.md".to_owned()], vec!["docs".to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() { folders.push(path) } else { pages.push(path) }
        }
    }
    pages.sort();
    pages
}

/// What a tag of a `plan.json` moves with; `None` for one that never moves.
pub(crate) fn moves_with(tag: &serde_json::Value) -> Option<&'static str> {
    tag["floating"].as_bool().filter(|floating| *floating)?;
    Some(match tag["class"].as_str().unwrap() {
        "version" => "versions",
        "prerelease" => "prereleases",
        "channel" => "channel",
        "run" | "constant" => "runs",
        other => panic!("{other} is no class of tags"),
    })
}
