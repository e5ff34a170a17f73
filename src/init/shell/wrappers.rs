//! What stands before a command and runs it elsewhere or otherwise: `env -C DIR`, `sudo -D DIR`, `timeout 600`, `ssh HOST`.

use crate::init::values::folder::Folder;
use crate::init::values::text::{Piece, Template, is_name};

/// The programs that make images.
pub(super) const BUILDERS: [&str; 6] =
    ["docker", "docker-compose", "podman", "nerdctl", "buildah", "/kaniko/executor"];

/// A program that runs what stands behind its own words.
struct Wrapper {
    name: &'static str,
    /// Its options that have a value behind them, apart from those that name a folder.
    valued: &'static [&'static str],
    /// Its options that name the folder for what it runs.
    folder: &'static [&'static str],
    /// How many words come before the command.
    before: usize,
    /// What else it does.
    deed: Deed,
}

/// What a wrapper does beside what its options say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// Nothing.
    Runs,
    /// It runs the command in a folder that is none of the repository's.
    Leaves,
    /// It gives the command more words, from its input.
    Gives,
}

const fn runs(name: &'static str, valued: &'static [&'static str], before: usize) -> Wrapper {
    Wrapper { name, valued, folder: &[], before, deed: Deed::Runs }
}

const WRAPPERS: [Wrapper; 22] = [
    Wrapper {
        folder: &["-C", "--chdir"],
        ..runs("env", &["-u", "--unset", "-S", "--split-string", "-a", "--argv0"], 0)
    },
    Wrapper {
        folder: &["-D", "--chdir", "-R", "--chroot"],
        ..runs(
            "sudo",
            &[
                "-u",
                "--user",
                "-g",
                "--group",
                "-h",
                "--host",
                "-p",
                "--prompt",
                "-r",
                "--role",
                "-t",
                "--type",
                "-T",
                "--command-timeout",
                "-U",
                "--other-user",
                "-C",
                "--close-from",
            ],
            0,
        )
    },
    runs("doas", &["-u", "-C", "-a"], 0),
    runs("sg", &["-c"], 1),
    runs("timeout", &["-s", "--signal", "-k", "--kill-after"], 1),
    runs("gtimeout", &["-s", "--signal", "-k", "--kill-after"], 1),
    runs("nice", &["-n", "--adjustment"], 0),
    runs("ionice", &["-c", "--class", "-n", "--classdata"], 0),
    runs("taskset", &[], 1),
    runs("time", &["-f", "--format", "-o", "--output"], 0),
    runs("stdbuf", &["-i", "--input", "-o", "--output", "-e", "--error"], 0),
    runs("nohup", &[], 0),
    runs("setsid", &[], 0),
    runs("exec", &["-a"], 0),
    runs("command", &[], 0),
    runs("builtin", &[], 0),
    runs("flock", &["-w", "--wait", "--timeout", "-E", "--conflict-exit-code"], 1),
    Wrapper {
        folder: &["--working-directory"],
        ..runs("systemd-run", &["-p", "--property", "-u", "--unit", "-E", "--setenv", "-M", "--machine"], 0)
    },
    Wrapper { deed: Deed::Leaves, ..runs("chroot", &["--userspec", "--groups"], 1) },
    Wrapper {
        deed: Deed::Leaves,
        ..runs("ssh", &["-i", "-p", "-l", "-o", "-F", "-J", "-L", "-R", "-D", "-c", "-E", "-S", "-W"], 1)
    },
    Wrapper {
        deed: Deed::Gives,
        ..runs(
            "xargs",
            &["-n", "-P", "-I", "-L", "-d", "-s", "-E", "-a", "--max-args", "--max-procs", "--delimiter"],
            0,
        )
    },
    Wrapper { deed: Deed::Gives, ..runs("parallel", &["-j", "--jobs", "-a", "--arg-file"], 0) },
];

/// Options of programs that are not known here by which they choose a folder.
const FOLDERS: [&str; 7] =
    ["--chdir", "--cwd", "--dir", "--directory", "--workdir", "--working-dir", "--working-directory"];

/// A variable that is set for a command, or is there for it no more.
pub(super) type Change = (String, Option<Template>);

/// A command without what runs it.
#[derive(Debug)]
pub(super) struct Unwrapped {
    /// Where its program is among the words.
    pub at: usize,
    /// The folder that it runs in.
    pub folder: Folder,
    /// What is set for it.
    pub environment: Vec<Change>,
    /// Whether what is set for others is there for it.
    pub inherits: bool,
    /// Whether it gets words that are not among these.
    pub is_given: bool,
    /// Whether a shell elsewhere reads them anew.
    pub is_remote: bool,
}

/// The first text of a word.
fn text(word: &Template) -> &str {
    match word.0.first() {
        Some(Piece::Text(text)) => text,
        _ => "",
    }
}

/// `NAME=VALUE`
fn assigned(word: &Template) -> Option<Change> {
    let (name, value) = word.split_once('=')?;
    let name = name.constant().filter(|name| is_name(name))?;
    Some((name, Some(value)))
}

/// Finds the program that these words run in the end, and where, in this folder.
pub(super) fn unwrapped(words: &[Template], folder: &Folder) -> Unwrapped {
    let mut found = Unwrapped {
        at: 0,
        folder: folder.clone(),
        environment: Vec::new(),
        inherits: true,
        is_given: false,
        is_remote: false,
    };
    while let Some(word) = words.get(found.at) {
        if let Some(change) = assigned(word) {
            found.environment.push(change);
            found.at += 1;
            continue;
        }
        let name = text(word).rsplit('/').next().unwrap_or_default();
        let is_shown = name == "command"
            && words.get(found.at + 1).is_some_and(|option| matches!(text(option), "-v" | "-V"));
        let known = WRAPPERS.iter().find(|wrapper| wrapper.name == name && word.0.len() == 1);
        match known.filter(|_| !is_shown) {
            Some(wrapper) => found.unwrap(wrapper, words),
            None => break,
        }
    }
    found.at = found.at.min(words.len());
    found.look_through(&words[found.at..]);
    found
}

impl Unwrapped {
    /// Takes away a wrapper that is known.
    fn unwrap(&mut self, wrapper: &Wrapper, words: &[Template]) {
        self.at += 1;
        while let Some(word) = words.get(self.at) {
            let option = text(word);
            if !option.starts_with('-') || option == "-" && wrapper.name != "env" {
                break;
            }
            self.at += 1;
            if option == "--" {
                break;
            }
            if matches!((wrapper.name, option), ("env", "-" | "-i" | "--ignore-environment")) {
                self.inherits = false;
            }
            if matches!((wrapper.name, option), ("sudo", "-i" | "--login")) {
                self.folder = Folder::Unknown("~".to_owned());
            }
            let is_one = |known: &&&str| option.split('=').next() == Some(**known);
            // `-CDIR`
            let has_inside = |known: &&&str| {
                !known.starts_with("--") && !option.starts_with("--") && option.starts_with(**known)
            };
            let of = |list: &'static [&'static str]| {
                list.iter().find(is_one).or_else(|| list.iter().find(has_inside)).copied()
            };
            let (name, is_folder) = match (of(wrapper.folder), of(wrapper.valued)) {
                (Some(name), _) => (name, true),
                (None, Some(name)) => (name, false),
                (None, None) => continue,
            };
            let value = if option == name && word.0.len() == 1 {
                self.at += 1;
                words.get(self.at - 1).cloned().unwrap_or_default()
            } else {
                behind(word, name)
            };
            if is_folder {
                self.folder = self.folder.at(&value);
            } else if matches!((wrapper.name, name), ("env", "-u" | "--unset")) {
                self.environment.extend(value.constant().map(|name| (name, None)));
            } else if matches!((wrapper.name, name), ("env", "-S" | "--split-string")) {
                self.is_given = true;
            }
        }
        // What is set for it may come before its own words.
        while let Some(change) = words.get(self.at).and_then(assigned) {
            self.environment.push(change);
            self.at += 1;
        }
        self.is_remote |= wrapper.name == "ssh";
        let first = words.get(self.at);
        self.at += wrapper.before;
        match wrapper.deed {
            Deed::Runs => {}
            Deed::Leaves => {
                let shown = first.map(Template::shown).unwrap_or_default();
                self.folder = Folder::Unknown(format!("~ of {}", shown.trim()));
            }
            Deed::Gives => self.is_given = true,
        }
    }

    /// Looks at a program that is not known here and may run one that makes images.
    fn look_through(&mut self, words: &[Template]) {
        let is_builder = |word: &Template| BUILDERS.contains(&word.constant().unwrap_or_default().as_str());
        let Some(before) = words.iter().position(is_builder).map(|at| &words[..at]) else { return };
        for (at, word) in before.iter().enumerate() {
            let option = text(word);
            let Some(name) = FOLDERS.into_iter().find(|name| option.split('=').next() == Some(name)) else {
                continue;
            };
            let value = if option == name { words.get(at + 1).cloned() } else { Some(behind(word, name)) };
            self.folder = Folder::Unknown(value.unwrap_or_default().shown());
        }
    }
}

/// The value that stands behind an option in the same word.
fn behind(word: &Template, option: &str) -> Template {
    let mut value = word.clone();
    if let Some(Piece::Text(text)) = value.0.first_mut() {
        let rest = text.strip_prefix(option).unwrap_or(text);
        *text = rest.strip_prefix('=').unwrap_or(rest).to_owned();
    }
    value.0.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_found_behind_what_runs_it() {
        for (line, program, folder) in [
            ("docker build", "docker", "api"),
            ("A=1 docker build", "docker", "api"),
            ("env -C web docker build", "docker", "api/web"),
            ("env --chdir=web A=1 docker", "docker", "api/web"),
            ("env -Cweb -u X docker", "docker", "api/web"),
            ("sudo -u docker -D .. docker", "docker", ""),
            ("sudo --chdir web -E A=1 docker", "docker", "api/web"),
            ("nice -n 5 timeout -k 1 600 docker", "docker", "api"),
            ("nice -5 ionice -c2 docker", "docker", "api"),
            ("flock /tmp/x env -C web docker", "docker", "api/web"),
            ("/usr/bin/env -- docker", "docker", "api"),
            ("command -v docker", "command", "api"),
            ("systemd-run --pty --working-directory=web docker", "docker", "api/web"),
        ] {
            let words: Vec<Template> = line.split(' ').map(Template::from).collect();
            let found = unwrapped(&words, &Folder::Known("api".to_owned()));
            assert_eq!(words[found.at].shown(), program, "{line}");
            assert_eq!(found.folder, Folder::Known(folder.to_owned()), "{line}");
        }
        for line in ["ssh -p 22 host docker", "sudo -i docker", "chroot /x docker", "tool --cwd web docker"] {
            let words: Vec<Template> = line.split(' ').map(Template::from).collect();
            assert!(matches!(unwrapped(&words, &Folder::default()).folder, Folder::Unknown(_)), "{line}");
        }
        let words: Vec<Template> = "env - xargs -n 1 docker".split(' ').map(Template::from).collect();
        let found = unwrapped(&words, &Folder::default());
        assert!(found.is_given && !found.inherits);
    }
}
