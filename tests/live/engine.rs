//! The engine that the environment names, and a folder in which both programs run.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

/// What buildx needs of the environment; any other variable could be one of a spec's.
const INHERITED: [&str; 6] = ["PATH", "HOME", "DOCKER_", "BUILDX_BUILDER", "BUILDX_CONFIG", "XDG_"];

/// The socket that stands for an SSH agent: buildx looks for one as soon as a definition names `ssh`.
const AGENT: &str = "ssh-agent";

/// The engine that `tests/engine/up` started.
#[derive(Clone)]
pub(super) struct Engine {
    buildx: PathBuf,
    registries: [String; 2],
}

/// The engine. A test that needs one fails without it.
pub(super) fn engine() -> Engine {
    let state = std::env::var("BAKEPLAN_ENGINE");
    assert_eq!(state.as_deref(), Ok("ready"), "there is no engine: run `tests/run`, which starts one");
    Engine {
        buildx: need("BAKEPLAN_BUILDX").into(),
        registries: [need("BAKEPLAN_REGISTRY_1"), need("BAKEPLAN_REGISTRY_2")],
    }
}

/// The buildx that `BAKEPLAN_BUILDX` names, for what needs no engine; without it, that of the engine.
pub(super) fn buildx() -> Engine {
    match std::env::var("BAKEPLAN_BUILDX") {
        Ok(file) if !file.is_empty() => Engine { buildx: file.into(), registries: Default::default() },
        _ => engine(),
    }
}

/// What `tests/engine/up` wrote down under a name.
pub(super) fn need(variable: &str) -> String {
    let value = std::env::var(variable).ok().filter(|value| !value.is_empty());
    value.unwrap_or_else(|| panic!("the engine has no {variable}: start it anew with `tests/engine/up`"))
}

/// A folder in which both programs run.
pub(super) struct Project {
    engine: Engine,
    root: PathBuf,
    environment: Vec<(String, String)>,
    id: String,
    temporary: TempDir,
    _agent: UnixListener,
}

impl Project {
    /// An empty folder. The name begins those of the repositories.
    pub(super) fn new(engine: Engine, name: &str) -> Self {
        let mut project = Self::at(engine, Path::new(""), name);
        project.root = project.temporary.path().to_owned();
        project
    }

    /// A folder that is there.
    pub(super) fn at(engine: Engine, root: &Path, name: &str) -> Self {
        let temporary = tempfile::tempdir().expect("tests can create folders");
        // Tests run at once and again against the same registries.
        let random = temporary.path().file_name().and_then(OsStr::to_str).expect("the name is ASCII");
        let random = random.trim_start_matches('.').to_ascii_lowercase();
        let id = format!("live/{name}-{}-{random}", std::process::id());
        let agent = UnixListener::bind(temporary.path().join(AGENT)).expect("a socket can be made");
        Self { engine, root: root.to_owned(), environment: Vec::new(), id, temporary, _agent: agent }
    }

    /// Sets a variable for both programs.
    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Puts a file into the folder.
    pub(super) fn file(self, path: &str, content: &str) -> Self {
        let full = self.root.join(path);
        fs::create_dir_all(full.parent().expect("a file is in a folder")).expect("tests can create folders");
        fs::write(full, content).expect("tests can write files");
        self
    }

    /// Puts a file beside the project's own; its path.
    pub(super) fn scratch(&self, name: &str, content: &str) -> String {
        let path = self.temporary.path().join("scratch").join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("tests can create folders");
        fs::write(&path, content).expect("tests can write files");
        path.to_str().expect("temporary folders have plain names").to_owned()
    }

    /// A folder beside the project's own.
    pub(super) fn scratch_folder(&self) -> PathBuf {
        self.temporary.path().join("scratch")
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// What stands for `docker buildx`.
    pub(super) fn buildx_program(&self) -> &Path {
        &self.engine.buildx
    }

    /// Both programs take that folder for Docker's configuration.
    pub(super) fn with_scratch_docker_config(self) -> Self {
        let folder = self.scratch_folder();
        self.env("DOCKER_CONFIG", folder.to_str().expect("temporary folders have plain names"))
    }

    /// Puts a link to the stand-in for an SSH agent into the folder.
    pub(super) fn link_agent(&self, path: &str) {
        let target = self.temporary.path().join(AGENT);
        std::os::unix::fs::symlink(target, self.root.join(path)).expect("tests can make links");
    }

    /// The address of a test registry, 0 or 1.
    pub(super) fn registry(&self, index: usize) -> &str {
        &self.engine.registries[index]
    }

    /// A repository that no other test has.
    pub(super) fn repository(&self, registry: usize, name: &str) -> String {
        format!("{}/{}/{name}", self.registry(registry), self.id)
    }

    /// Where a file of the folder is.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    #[track_caller]
    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    #[track_caller]
    pub(super) fn json<T: DeserializeOwned>(&self, path: &str) -> T {
        serde_json::from_str(&self.read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Standard output of a run that succeeds.
    #[track_caller]
    pub(super) fn bakeplan(&self, arguments: &[&str]) -> String {
        expect_success("bakeplan", arguments, self.run_bakeplan(arguments))
    }

    /// Standard error of a run that fails.
    #[track_caller]
    pub(super) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run_bakeplan(arguments);
        assert_eq!(output.status.code(), Some(1), "bakeplan {}: exit code", arguments.join(" "));
        text(output.stderr)
    }

    /// What `bakeplan …` prints, or what it complains about.
    pub(super) fn try_bakeplan(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.run_bakeplan(arguments);
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// A run, however it ends.
    pub(super) fn run_bakeplan(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bakeplan"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.temporary.path());
        self.run(command, arguments)
    }

    /// Standard output of `docker buildx …` that succeeds.
    #[track_caller]
    pub(super) fn buildx(&self, arguments: &[&str]) -> String {
        expect_success("buildx", arguments, self.run_buildx(arguments))
    }

    /// What `docker buildx …` prints, or what it complains about, which is not always UTF-8.
    pub(super) fn try_buildx(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.run_buildx(arguments);
        if output.status.success() {
            Ok(text(output.stdout))
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    fn run_buildx(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.engine.buildx);
        let is_needed = |name: &str| INHERITED.iter().any(|prefix| name.starts_with(prefix));
        let inherited = std::env::vars().filter(|(name, _)| is_needed(name));
        command.env_clear().envs(inherited).env("SSH_AUTH_SOCK", self.temporary.path().join(AGENT));
        self.run(command, arguments)
    }

    fn run(&self, mut command: Command, arguments: &[&str]) -> Output {
        command.args(arguments).current_dir(&self.root);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.output().expect("the program starts")
    }

    /// The platform that the engine runs on, and the one among these that it does not.
    pub(super) fn platforms(&self) -> (String, [&'static str; 2]) {
        let described = self.buildx(&["inspect"]);
        let list = described
            .lines()
            .find_map(|line| line.strip_prefix("Platforms:"))
            .expect("a builder has platforms");
        let own = list.split(',').next().expect("one at least").trim().trim_end_matches('*').to_owned();
        let foreign = if own == "linux/arm64" {
            ["linux/amd64", "linux/s390x"]
        } else {
            ["linux/arm64", "linux/s390x"]
        };
        (own, foreign)
    }

    /// The plan that was written to `out`.
    pub(super) fn plan(&self) -> Plan {
        self.json("out/plan.json")
    }

    /// Builds as CI does: each row of the matrix by one run of Docker's bake action. The digests of all by target.
    #[track_caller]
    pub(super) fn run_jobs(&self) -> BTreeMap<String, String> {
        fs::create_dir_all(self.root.join("metadata")).expect("tests can create folders");
        let mut digests = BTreeMap::new();
        let rows: Vec<Row> = self.json("out/matrix.json");
        for row in &rows {
            let metadata = format!("metadata/{}.json", row.job);
            let mut arguments = vec!["bake", "-f", "out/docker-bake.json", "--metadata-file", &metadata];
            arguments.extend(row.allow.iter().flat_map(|entitlement| ["--allow", entitlement]));
            arguments.extend(row.targets.split(','));
            self.buildx(&arguments);
            for (target, built) in self.json::<BTreeMap<String, Built>>(&metadata) {
                if let Some(digest) = built.digest {
                    let known = digests.insert(target.clone(), digest);
                    assert_eq!(known, None, "`{target}` is built by two jobs");
                }
            }
        }
        digests
    }
}

#[track_caller]
fn expect_success(program: &str, arguments: &[&str], output: Output) -> String {
    assert!(output.status.success(), "{program} {}\n{}", arguments.join(" "), text(output.stderr));
    text(output.stdout)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("the programs write UTF-8")
}

/// A row of `matrix.json`.
#[derive(Deserialize)]
struct Row {
    job: String,
    targets: String,
    allow: Vec<String>,
}

/// A target in buildx's metadata file.
#[derive(Deserialize)]
struct Built {
    #[serde(rename = "containerimage.digest")]
    digest: Option<String>,
}

/// `plan.json`, as far as it is needed here.
#[derive(Deserialize)]
pub(super) struct Plan {
    pub(super) images: IndexMap<String, Image>,
    pub(super) source: Source,
}

#[derive(Clone, Deserialize)]
pub(super) struct Image {
    pub(super) repositories: Vec<String>,
    pub(super) tags: Vec<Tag>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) builds: IndexMap<String, Build>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Tag {
    pub(super) name: String,
}

#[derive(Clone, Deserialize)]
pub(super) struct Build {
    pub(super) platform: Option<String>,
    #[serde(default)]
    pub(super) descriptor_annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(super) struct Source {
    pub(super) files: Vec<SourceFile>,
}

#[derive(Deserialize)]
pub(super) struct SourceFile {
    pub(super) path: String,
}
