//! The program that an image runs, found as a kernel would find it, and the machine that it is for.

use super::layer::{Layer, Left, Node};
use crate::oci::DescriptorPlatform;
use crate::published::command::Command;

/// Where programs are looked for when an image does not say it
/// (<https://github.com/moby/moby/blob/master/vendor/github.com/moby/buildkit/util/system/path.go>).
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How many links lead to a file, and how many scripts to a program.
const MAX_LINKS: usize = 40;
const MAX_SCRIPTS: usize = 4;
/// How many programs are followed that start another.
const MAX_STARTED: usize = 4;
/// Programs that start another one and look after it.
const INITS: [&str; 6] = ["tini", "tini-static", "dumb-init", "docker-init", "catatonit", "exec"];
/// Programs that start another one as a user, who is named first.
const AS_USER: [&str; 2] = ["gosu", "su-exec"];
/// Shells, of which a command may be an argument.
const SHELLS: [&str; 5] = ["sh", "bash", "ash", "dash", "busybox-sh"];

/// What came of looking at the program of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is for the image's machine.
    Fits,
    /// It is for another machine: the program, and which machine.
    Differs(String, String),
    /// It cannot be told, and why.
    Unknown(String),
}

/// The layers of an image, each of which is read when it is needed.
pub(super) struct Layers<'a> {
    /// From the lowest.
    layers: Vec<Option<Layer>>,
    read: &'a dyn Fn(usize, &mut Left) -> Result<Layer, String>,
    left: Left,
}

impl<'a> Layers<'a> {
    /// So many layers; `read` gives each, counted from the lowest.
    pub(super) fn new(count: usize, read: &'a dyn Fn(usize, &mut Left) -> Result<Layer, String>) -> Self {
        Self { layers: (0..count).map(|_| None).collect(), read, left: Left::default() }
    }

    /// What is at a path without links.
    fn get(&mut self, path: &str) -> Result<Option<Node>, String> {
        let count = self.layers.len();
        for at in (0..count).rev() {
            if self.layers[at].is_none() {
                let layer = (self.read)(at, &mut self.left);
                self.layers[at] = Some(layer.map_err(|why| format!("layer {} of {count}: {why}", at + 1))?);
            }
            let Some(layer) = &self.layers[at] else { continue };
            if let Some(node) = layer.get(path) {
                return Ok(Some(node));
            }
            if layer.hides(path) {
                break;
            }
        }
        Ok(None)
    }

    /// How the file at a path begins, and its path without links; nothing when there is no file.
    fn file(&mut self, path: &str) -> Result<Option<(String, Vec<u8>)>, String> {
        let parts = |path: &str| path.split('/').rev().map(str::to_owned).collect::<Vec<_>>();
        let (mut left, mut at, mut links) = (parts(path), String::new(), 0);
        while let Some(part) = left.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    at.truncate(at.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let next = if at.is_empty() { part } else { format!("{at}/{part}") };
            match self.get(&next)? {
                Some(Node::Directory) => at = next,
                Some(Node::Link(target)) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(format!("the links at `{path}` lead nowhere"));
                    }
                    if target.starts_with('/') {
                        at.clear();
                    }
                    left.extend(parts(&target));
                }
                Some(Node::File(head)) if left.iter().all(String::is_empty) => return Ok(Some((next, head))),
                Some(Node::File(_) | Node::Other) | None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The same of a program as a command names it.
    fn program(&mut self, name: &str, command: &Command) -> Result<Option<(String, Vec<u8>)>, String> {
        if name.starts_with('/') {
            return self.file(name);
        }
        if name.contains('/') {
            return self.file(&format!("{}/{name}", command.folder));
        }
        let path = command.path.as_deref().unwrap_or(PATH);
        for folder in path.split(':') {
            if let Some(found) = self.file(&format!("{folder}/{name}"))? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// Looks whether the programs that an image runs are for its platform: the first one, and what that is known to start.
pub(super) fn look(platform: &DescriptorPlatform, command: &Command, layers: &mut Layers<'_>) -> Verdict {
    let mut words = command.words.clone();
    let mut verdict = look_at(platform, words.first(), command, layers);
    for _ in 0..MAX_STARTED {
        let Some(next) = started(&words).filter(|_| verdict == Verdict::Fits) else { break };
        // What is not there may be built into the shell.
        if !matches!(next.first().map(|name| layers.program(name, command)), Some(Ok(Some(_)))) {
            break;
        }
        verdict = look_at(platform, next.first(), command, layers);
        words = next;
    }
    verdict
}

/// The command that a command starts, where it is one of those that do nothing else.
fn started(words: &[String]) -> Option<Vec<String>> {
    let (first, rest) = words.split_first()?;
    let name = first.rsplit('/').next()?;
    let behind_options = |rest: &[String]| {
        let at = match rest.iter().position(|word| word == "--") {
            Some(at) => at + 1,
            None => rest.iter().position(|word| !word.starts_with('-'))?,
        };
        rest.get(at..).map(<[String]>::to_vec)
    };
    if INITS.contains(&name) {
        return behind_options(rest);
    }
    if AS_USER.contains(&name) {
        return behind_options(rest)?.get(1..).map(<[String]>::to_vec);
    }
    if name == "env" {
        let at = rest.iter().position(|word| !word.starts_with('-') && !word.contains('='))?;
        return rest.get(at..).map(<[String]>::to_vec);
    }
    if SHELLS.contains(&name)
        && let [option, script, ..] = rest
        && option.starts_with('-')
        && option.ends_with('c')
    {
        // Only a command without anything that a shell does itself.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || " /._-=:,@%+".contains(c);
        let words =
            || script.split_ascii_whitespace().skip_while(|word| *word == "exec" || word.contains('='));
        return script.chars().all(is_plain).then(|| words().map(str::to_owned).collect());
    }
    None
}

/// Looks whether a program is for a platform.
fn look_at(
    platform: &DescriptorPlatform,
    program: Option<&String>,
    command: &Command,
    layers: &mut Layers<'_>,
) -> Verdict {
    let unknown = |why: String| Verdict::Unknown(why);
    if platform.os != "linux" {
        return unknown(format!("programs for `{}` are not looked at", platform.os));
    }
    let Some(own) = Machine::of(&platform.architecture) else {
        return unknown(format!("the machine of `{}` is not known", platform.architecture));
    };
    let Some(mut name) = program.cloned() else {
        return unknown("it has neither an entrypoint nor a command".to_owned());
    };
    for _ in 0..MAX_SCRIPTS {
        let (path, head) = match layers.program(&name, command) {
            Ok(Some(found)) => found,
            Ok(None) => return unknown(format!("`{name}` is not in its layers")),
            Err(why) => return unknown(format!("`{name}` cannot be looked for: {why}")),
        };
        let Some(interpreter) = interpreter(&head) else {
            return match Machine::in_head(&head) {
                Some(found) if found.runs_on(own) => Verdict::Fits,
                Some(found) => Verdict::Differs(format!("/{path}"), found.to_string()),
                None => unknown(format!("`/{path}` is neither an ELF program nor a script")),
            };
        };
        name = interpreter;
    }
    unknown(format!("`{name}` is run by one script after the other"))
}

/// What runs a script, as its first line says.
fn interpreter(head: &[u8]) -> Option<String> {
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_ascii_whitespace();
    let first = words.next()?;
    // `env` looks for the program that is named next, behind its options and variables.
    let named = words.find(|word| !word.starts_with('-') && !word.contains('='));
    let is_env = first.rsplit('/').next() == Some("env");
    Some(named.filter(|_| is_env).unwrap_or(first).to_owned())
}

/// What a program is for: the class of its addresses in bits, the order of its bytes, and the machine
/// (<https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Machine {
    bits: u8,
    is_little: bool,
    number: u16,
}

/// Architectures as Go calls them (<https://go.dev/doc/install/source#environment>), and their machines.
const MACHINES: [(&str, Machine); 15] = {
    const fn machine(bits: u8, is_little: bool, number: u16) -> Machine {
        Machine { bits, is_little, number }
    }
    [
        ("amd64", machine(64, true, 62)),
        ("386", machine(32, true, 3)),
        ("arm64", machine(64, true, 183)),
        ("arm", machine(32, true, 40)),
        ("ppc64le", machine(64, true, 21)),
        ("ppc64", machine(64, false, 21)),
        ("s390x", machine(64, false, 22)),
        ("riscv64", machine(64, true, 243)),
        ("mips", machine(32, false, 8)),
        ("mipsle", machine(32, true, 8)),
        ("mips64", machine(64, false, 8)),
        ("mips64le", machine(64, true, 8)),
        ("loong64", machine(64, true, 258)),
        ("riscv", machine(32, true, 243)),
        ("sparc64", machine(64, false, 43)),
    ]
};
/// The machines whose kernels run programs of another one, too: 32 bits on 64.
const RUNS: [(&str, &str); 4] =
    [("386", "amd64"), ("arm", "arm64"), ("mips", "mips64"), ("mipsle", "mips64le")];
/// The machine of amd64 with addresses of 32 bits.
const X32: Machine = Machine { bits: 32, is_little: true, number: 62 };

impl Machine {
    fn of(architecture: &str) -> Option<Self> {
        MACHINES.iter().find(|(name, _)| *name == architecture).map(|(_, machine)| *machine)
    }

    fn name(self) -> Option<&'static str> {
        MACHINES.iter().find(|(_, machine)| *machine == self).map(|(name, _)| *name)
    }

    /// The machine that a file is for; none when it is not an ELF file.
    fn in_head(head: &[u8]) -> Option<Self> {
        let [0x7f, b'E', b'L', b'F', class @ 1..=2, order @ 1..=2, ..] = head else { return None };
        let &[first, second] = head.get(18..20)? else { return None };
        let is_little = *order == 1;
        let number = if is_little { [first, second] } else { [second, first] };
        Some(Self { bits: class * 32, is_little, number: u16::from_le_bytes(number) })
    }

    fn runs_on(self, other: Self) -> bool {
        let names = (self.name(), other.name());
        let is_known = RUNS.iter().any(|(own, on)| names == (Some(own), Some(on)));
        self == other || is_known || (self == X32 && other.name() == Some("amd64"))
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => {
                let order = if self.is_little { "little" } else { "big" };
                write!(f, "machine {} ({} bits, {order} endian)", self.number, self.bits)
            }
        }
    }
}
