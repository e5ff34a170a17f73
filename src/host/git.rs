//! Runs git, in the one way in which all of this program does.
//!
//! A checkout is a stranger's work, and a folder in it may be made to look like a repository. git does what the
//! configuration of a repository says, and much of that is to run programs. So:
//!
//! - A repository is what has a `.git`, which git never checks out, or what `GIT_DIR` names. A folder that merely looks
//!   like a bare repository is refused.
//! - Commands that answer from the repository itself reach no remote, run no hook, no file system monitor and no pager,
//!   and enter no submodule, except to compare what is checked out there in this same way. They make no patches, so that no
//!   `diff.external` or `textconv` applies. The one that looks at the working tree has its filters switched off: see
//!   [`crate::facts::worktree`].
//! - The remote is asked from an empty folder outside of any repository, with the user's own configuration and, of the
//!   repository's, only what [`crate::facts::remote`] lets through.
//!
//! The environment, such as `GIT_SSH_COMMAND`, and the configuration of the user and the machine are the user's own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Host;
use super::pipes;
use super::programs::{Kill, run};
use super::revision::Revision;
use crate::facts::command::CommandFailure;
use crate::facts::remote::{self, Protocol, Remote};

/// How long `git` may take, which may ask a server. In seconds.
const MAX_WAIT: u64 = 60;

/// How many digits an id by SHA-1 has; one by SHA-256 has more.
const SHA1_DIGITS: usize = 40;

/// What goes before each command, and wins over every configuration.
const ALWAYS: [&str; 11] = [
    "--no-pager",
    "-c",
    "safe.bareRepository=explicit",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "submodule.recurse=false",
    "-c",
    "protocol.ext.allow=never",
];

/// Variables that name or describe a repository, as `git rev-parse --local-env-vars` lists them. Those of the
/// configuration are in what [`remote::find`] has read.
const OF_REPOSITORY: [&str; 15] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

impl Host {
    /// Runs `git` in the working directory, without a shell, and returns what it prints. It asks nobody anything,
    /// changes nothing, and reaches no remote.
    ///
    /// # Errors
    /// When there is no git, the repository is not one to trust, git fails, prints more than
    /// [`MAX_INPUT`](super::MAX_INPUT) or takes longer than a minute, or would read a pipe.
    pub fn git(&self, arguments: &[&str]) -> Result<String, CommandFailure> {
        finish(self.own_git_command(arguments)?, arguments, &|| self.pipe_in_the_way())
    }

    /// A command of git about the repository of the working directory, which reaches no remote.
    pub(super) fn own_git_command(&self, arguments: &[&str]) -> Result<Command, CommandFailure> {
        // Before 2.38, git does not know `safe.bareRepository`.
        if self.env().get("GIT_DIR").is_none_or(String::is_empty)
            && let Some(folder) = bare_repository(&self.directory)
        {
            return Err(CommandFailure::BareRepository(folder.display().to_string()));
        }
        let place = self.place("");
        let refuse = |path: PathBuf| CommandFailure::NotAFile(self.shown(&path));
        if let Some(path) = pipes::at_first(&place) {
            return Err(refuse(path));
        }
        let mut command = self.git_command(arguments, "none");
        command.current_dir(&self.directory);
        Ok(command)
    }

    /// The pipe that git would wait for in vain.
    pub(super) fn pipe_in_the_way(&self) -> Option<CommandFailure> {
        pipes::anywhere(&self.place("")).map(|path| CommandFailure::NotAFile(self.shown(&path)))
    }

    /// A place as it is called from the working directory, if it is below it.
    fn shown(&self, place: &Path) -> String {
        place.strip_prefix(self.place("")).unwrap_or(place).display().to_string()
    }

    /// Lists the tags and branches of a remote, as `git ls-remote` does. Of the repository, nothing is used but what
    /// `remote` has.
    ///
    /// # Errors
    /// Likewise, and when the remote cannot be reached or read.
    pub fn git_remote(&self, remote: &Remote) -> Result<String, CommandFailure> {
        let other = |error: std::io::Error| CommandFailure::Other(super::reason(&error));
        let folder = tempfile::tempdir().map_err(other)?;
        let place = folder.path().canonicalize().map_err(other)?;
        let command = self.remote_command(remote, &remote::LIST, &place);
        finish(command, &remote::LIST, &|| self.pipe_of(remote))
    }

    /// Fetches one commit of a remote with all its files, into a repository of its own, which is gone when that is dropped. The
    /// repository of the working directory stays as it is.
    ///
    /// # Errors
    /// Likewise, and when the remote does not have the commit, or does not give it out.
    pub fn fetch_commit(&self, remote: &Remote, commit: &str) -> Result<Revision, CommandFailure> {
        let other = |error: std::io::Error| CommandFailure::Other(super::reason(&error));
        if self.env().get("GIT_DIR").is_some_and(|folder| !folder.is_empty()) {
            return Err(CommandFailure::Other(
                "`GIT_DIR` names the repository that all commands use".to_owned(),
            ));
        }
        let folder = tempfile::tempdir().map_err(other)?;
        let place = folder.path().canonicalize().map_err(other)?;
        let host = Self { directory: place.clone(), ..self.clone() };
        let format =
            if commit.len() > SHA1_DIGITS { "--object-format=sha256" } else { "--object-format=sha1" };
        host.git(&["init", "--quiet", "--template=", format])?;
        let arguments =
            ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", remote::REMOTE, commit];
        finish(self.remote_command(remote, &arguments, &place), &arguments, &|| self.pipe_of(remote))?;
        Ok(Revision { host, folder })
    }

    /// The pipe in a remote that is a folder.
    fn pipe_of(&self, remote: &Remote) -> Option<CommandFailure> {
        let path = match (remote.protocol, remote.address()) {
            (Protocol::File, Some(path)) => pipes::below(Path::new(path.trim_start_matches("file://"))),
            _ => None,
        };
        path.map(|path| CommandFailure::NotAFile(self.shown(&path)))
    }

    /// A command of git that asks a remote, in a folder that is not in the repository.
    fn remote_command(&self, remote: &Remote, arguments: &[&str], place: &Path) -> Command {
        let users = self.env().get("GIT_ALLOW_PROTOCOL");
        let is_allowed = |name: &&&str| users.is_none_or(|list| list.split(':').any(|one| one == **name));
        let protocols: Vec<&str> = remote.transports.iter().filter(is_allowed).copied().collect();
        let protocols = if protocols.is_empty() { "none".to_owned() } else { protocols.join(":") };
        let mut command = self.git_command(arguments, &protocols);
        command.current_dir(place).env("GIT_CEILING_DIRECTORIES", place.parent().unwrap_or(place));
        for name in OF_REPOSITORY {
            command.env_remove(name);
        }
        let mut settings = remote.settings.clone();
        let has = |key: &str| settings.iter().any(|(name, _)| name == key);
        match remote.protocol {
            // `git upload-pack` reads the user's files itself, for `safe.directory`.
            Protocol::File => {}
            // Their settings are among these, also those that hold only in some repositories.
            Protocol::Http | Protocol::Ssh | Protocol::Git => {
                command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
            }
        }
        let is_ssh_chosen = ["GIT_SSH", "GIT_SSH_COMMAND"].iter().any(|name| self.env().contains_key(*name));
        if remote.protocol == Protocol::Ssh && !is_ssh_chosen && !has("core.sshcommand") {
            settings.push(("core.sshcommand".to_owned(), remote::SSH.to_owned()));
        }
        // In the environment, since everybody can read arguments, and some settings are credentials.
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (index, (key, value)) in settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{index}"), key);
            command.env(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        command
    }

    fn git_command(&self, arguments: &[&str], protocols: &str) -> Command {
        let mut command = Command::new("git");
        command.args(ALWAYS).args(arguments);
        command.envs([
            ("GIT_ALLOW_PROTOCOL", protocols),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("LC_ALL", "C"),
        ]);
        command
    }
}

/// What messages call a command of git.
pub(super) fn name_of(arguments: &[&str]) -> String {
    let name = arguments.iter().find(|word| !(word.starts_with('-') || word.contains('=')));
    format!("git {}", name.copied().unwrap_or_default())
}

/// Runs it; `why` looks, once it takes longer than usual, for what it waits in vain for.
fn finish(
    command: Command,
    arguments: &[&str],
    why: &dyn Fn() -> Option<CommandFailure>,
) -> Result<String, CommandFailure> {
    let name = name_of(arguments);
    // An interrupt from the keyboard does not reach a group of its own: SECURITY.md says what is left then.
    run(command, &name, Duration::from_secs(MAX_WAIT), Kill::WithChildren, why)
}

/// The folder that git would take for a bare repository, from this one upwards. As git does, this follows the links that
/// lead to the directory: what is above the place that they lead to counts, not what is above the link.
fn bare_repository(directory: &Path) -> Option<PathBuf> {
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
    for folder in directory.ancestors() {
        let git = folder.join(".git");
        if git.is_file() || git.join("HEAD").exists() || folder.ends_with(".git") {
            return None;
        }
        let has = |name: &str| folder.join(name).exists();
        if folder.join("HEAD").symlink_metadata().is_ok()
            && (has("objects") && has("refs") || has("commondir"))
        {
            return Some(folder.to_owned());
        }
    }
    None
}
