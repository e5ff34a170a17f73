//! What the remote `origin` has, and which settings may be used to ask it.
//!
//! git runs what the configuration of a repository names: a command instead of ssh, a helper for credentials, a proxy.
//! That configuration came with the checkout, which may be an archive that somebody else packed. So the remote is asked
//! outside of the repository, with these settings:
//!
//! - all that the user, the machine and the environment say, also where that holds only in some repositories
//!   (`includeIf`);
//! - of the repository, also of what it includes: the address of `origin`, rewritten by `url.….insteadOf`; the headers
//!   and certificates that `http.URL.…` names for it; the user's name at it; for ssh, the key that `core.sshCommand`
//!   names. All of these are data. `core.sshCommand` is taken apart and put together again: `ssh` with options that
//!   choose keys and known hosts, and no other program or option. None of them has ssh write a file, which it does where it
//!   learns a key of a host, nor take a host for another.
//!
//! Those are what `actions/checkout` and GitLab's runner leave behind for the remote. All else is reported, and not used.

use super::command::{CommandFailure, Run, without_credentials};

use crate::diagnostic::all_listed;

/// The remote that a clone comes from.
pub(crate) const REMOTE: &str = "origin";

/// The arguments with which git lists what the remote has.
pub(crate) const LIST: [&str; 4] = ["ls-remote", "--tags", "--heads", REMOTE];

/// How ssh is run, unless the user says so: it asks nobody anything.
pub(crate) const SSH: &str = "ssh -o BatchMode=yes -o ConnectTimeout=30";

/// Lists the settings that matter for a remote.
const SETTINGS: [&str; 5] =
    ["config", "-z", "--show-scope", "--get-regexp", r"^(core|credential|http|protocol|remote|safe|ssh)\."];

/// Settings `http.URL.…` of the repository that are used.
const HTTP: [&str; 4] = ["extraheader", "sslcainfo", "sslcert", "sslkey"];

/// What ssh does whatever a repository's own command says, since the first value holds: it writes no key that it has learnt
/// into a file that the command may name.
const SSH_WRITES_NOTHING: &str = " -o CheckHostIP=no -o UpdateHostKeys=no";

/// Likewise where the command names a file of known hosts. Without this, a host that is not in it would be written there.
const SSH_KNOWS_ITS_HOST: &str = " -o StrictHostKeyChecking=yes";

/// Options of ssh with a value that only say how this host is to be reached and known.
const SSH_OPTIONS: [&str; 9] = [
    "batchmode",
    "connecttimeout",
    "identitiesonly",
    "identityfile",
    "loglevel",
    "port",
    "pubkeyacceptedalgorithms",
    "serveralivecountmax",
    "serveraliveinterval",
];

/// The option that names the user's file of known hosts.
const SSH_KNOWN_HOSTS: &str = "userknownhostsfile";

/// Options that decide whether a host is the right one, or what ssh writes, with the value that does not weaken that. With any other
/// they are left out.
const SSH_CHECKS: [(&str, Option<&str>); 6] = [
    ("checkhostip", Some("no")),
    ("globalknownhostsfile", None),
    ("hashknownhosts", None),
    ("hostkeyalgorithms", None),
    ("stricthostkeychecking", Some("yes")),
    ("updatehostkeys", Some("no")),
];

/// The variables that a path in `core.sshCommand` may use: `actions/checkout` writes its key to the second.
const VARIABLES: [&str; 2] = ["HOME", "RUNNER_TEMP"];

/// How a remote is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `https://` or `http://`.
    Http,
    /// `ssh://` or `host:path`.
    Ssh,
    /// `git://`.
    Git,
    /// `file://` or a path.
    File,
}

/// How the remote `origin` is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// How it is reached.
    pub protocol: Protocol,
    /// What git calls the transports that may be used.
    pub transports: Vec<&'static str>,
    /// Keys and values of git's configuration, in its order: the later ones win. Some are credentials.
    pub settings: Vec<(String, String)>,
    /// Keys of the repository's configuration that git would use here, and that are left out.
    pub ignored: Vec<String>,
}

/// What a remote has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteRefs {
    /// The names of its tags, without `refs/tags/`, sorted by git.
    pub tags: Vec<String>,
    /// The names of its branches, without `refs/heads/`, in the same way.
    pub branches: Vec<String>,
}

impl Remote {
    /// Its address.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        let own = format!("remote.{REMOTE}.url");
        self.settings.iter().rev().find(|(key, _)| *key == own).map(|(_, value)| value.as_str())
    }

    /// What to know when it cannot be read, because a setting was left out.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        if self.ignored.is_empty() {
            return None;
        }
        Some(format!(
            "not used, because a repository's own configuration may name programs, proxies and hosts that nobody checks: {}; set what you trust with `git config --global`",
            all_listed(&self.ignored)
        ))
    }
}

/// How the remote `origin` of the repository is to be asked.
///
/// # Errors
/// When there is no such remote, or git would need another program to reach it.
pub fn find(run: Run<'_>) -> Result<Remote, CommandFailure> {
    let answer = run(&["remote", "get-url", REMOTE])?;
    let url = answer.trim_end_matches(['\n', '\r']);
    let (protocol, transports) = protocol(url)?;
    let settings = match run(&SETTINGS) {
        Ok(listed) => listed,
        Err(CommandFailure::Status { code: Some(1), .. }) => String::new(),
        Err(failure) => return Err(failure),
    };
    let mut remote =
        Remote { protocol, transports: transports.to_vec(), settings: Vec::new(), ignored: Vec::new() };
    remote.sort(&settings);
    remote.settings.push((format!("remote.{REMOTE}.url"), absolute(url, protocol, run)?));
    Ok(remote)
}

/// Whose setting it is; the later ones win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    /// The user's or the machine's.
    User,
    /// The repository's, and of whatever else git may come to tell of.
    Repository,
    /// Of the environment, which `git -c` uses, too.
    Command,
}

impl Scope {
    /// What `git config --show-scope` calls it.
    fn new(name: &str) -> Self {
        match name {
            "system" | "global" => Self::User,
            "command" => Self::Command,
            _ => Self::Repository,
        }
    }
}

impl Remote {
    /// Takes over those of the settings that may be used. Two fields each end with NUL: the scope; the key, a line break
    /// and the value.
    fn sort(&mut self, listed: &str) {
        let mut fields = listed.split('\0');
        let mut settings = Vec::new();
        while let (Some(scope), Some(entry)) = (fields.next(), fields.next()) {
            // A key without a value is true.
            settings.push((Scope::new(scope), entry.split_once('\n').unwrap_or((entry, "true"))));
        }
        settings.sort_by_key(|(scope, _)| *scope);
        for (scope, (key, value)) in &settings {
            match scope {
                Scope::User | Scope::Command => self.of_user(key, value),
                Scope::Repository => self.of_repository(key, value),
            }
        }
        let of_users = settings.iter().rev().filter(|(scope, _)| *scope != Scope::Repository);
        let of_users: Vec<_> = of_users.map(|(_, setting)| *setting).collect();
        self.transports.retain(|transport| {
            let names = [format!("protocol.{transport}.allow"), "protocol.allow".to_owned()];
            let said = names.iter().find_map(|name| of_users.iter().find(|(key, _)| key == name));
            said.is_none_or(|(_, value)| *value != "never")
        });
    }

    fn of_user(&mut self, key: &str, value: &str) {
        // The repository's own address holds, and it has been rewritten.
        if self.protocol != Protocol::File && !key.starts_with("remote.") {
            self.settings.push((key.to_owned(), value.to_owned()));
        }
    }

    fn of_repository(&mut self, key: &str, value: &str) {
        let (section, rest) = key.split_once('.').unwrap_or((key, ""));
        let (scope, name) = rest.rsplit_once('.').map_or((None, rest), |(scope, name)| (Some(scope), name));
        let (is_http, is_ssh) = (self.protocol == Protocol::Http, self.protocol == Protocol::Ssh);
        let mut left_out = Vec::new();
        let used = match (section, name) {
            ("http", name) if is_http && scope.is_some() && HTTP.contains(&name) => Some(value.to_owned()),
            ("credential", "username" | "usehttppath") if is_http => Some(value.to_owned()),
            ("core", "sshcommand") if is_ssh => ssh_with_key(value, &mut left_out),
            _ => None,
        };
        let matters = match (section, name) {
            ("http" | "credential", _) | ("core", "askpass") => is_http,
            ("ssh", _) | ("core", "sshcommand") => is_ssh,
            ("core", "gitproxy") => self.protocol == Protocol::Git,
            ("remote", "uploadpack" | "vcs") => scope == Some(REMOTE),
            ("remote", "proxy" | "proxyauthmethod") => is_http && scope == Some(REMOTE),
            _ => false,
        };
        match used {
            Some(value) => {
                self.settings.push((key.to_owned(), value));
                self.ignored.extend(left_out.iter().map(|option| format!("{key} -o {option}")));
            }
            None if matters => self.ignored.push(without_credentials(key)),
            None => {}
        }
    }
}

/// How an address is reached, and the transports that it needs.
fn protocol(url: &str) -> Result<(Protocol, &'static [&'static str]), CommandFailure> {
    let refused = |problem| Err(CommandFailure::Address { address: without_credentials(url), problem });
    if url.is_empty() || url.starts_with('-') || url.chars().any(char::is_control) {
        return refused("it is not the address of a repository");
    }
    let is_name = |text: &str| !text.is_empty() && !text.contains(['/', '\\', '[', '@', ':']);
    if url.split_once("::").is_some_and(|(name, _)| is_name(name)) {
        return refused("git would run another program to reach it");
    }
    if let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| is_name(scheme)) {
        if rest.trim_start_matches('/').starts_with('-') {
            return refused("it is not the address of a repository");
        }
        return match scheme {
            "https" => Ok((Protocol::Http, &["https"])),
            "http" => Ok((Protocol::Http, &["http", "https"])),
            "ssh" | "git+ssh" | "ssh+git" => Ok((Protocol::Ssh, &["ssh"])),
            "git" => Ok((Protocol::Git, &["git"])),
            "file" => Ok((Protocol::File, &["file"])),
            _ => refused("git would run another program to reach it"),
        };
    }
    match url.find([':', '/']) {
        Some(at) if url[at..].starts_with(':') && !is_on_drive(url) => Ok((Protocol::Ssh, &["ssh"])),
        _ => Ok((Protocol::File, &["file"])),
    }
}

/// Whether a path names a drive, as on Windows.
fn is_on_drive(path: &str) -> bool {
    cfg!(windows) && path.as_bytes().get(1) == Some(&b':')
}

/// The address, as it can be used anywhere: a path is relative to the top of the working tree.
fn absolute(url: &str, protocol: Protocol, run: Run<'_>) -> Result<String, CommandFailure> {
    let is_path = protocol == Protocol::File && !url.starts_with("file://");
    if !is_path || url.starts_with(['/', '~', '\\']) || is_on_drive(url) {
        return Ok(url.to_owned());
    }
    let top = run(&["rev-parse", "--show-toplevel"])?;
    Ok(format!("{}/{url}", top.trim_end_matches(['\n', '\r'])))
}

/// A command for `core.sshCommand` that uses the same keys and known hosts as this one, and that runs `ssh` and nothing
/// else; none when this one does more. The options that would weaken the check of the host are left out, and listed.
fn ssh_with_key(command: &str, left_out: &mut Vec<String>) -> Option<String> {
    let words = words(command)?;
    let (program, mut rest) = words.split_first()?;
    let program = program.text.rsplit(['/', '\\']).next()?;
    if !["ssh", "ssh.exe"].contains(&program) {
        return None;
    }
    let (mut kept, mut known_hosts) = (String::new(), None);
    while let Some((word, after)) = rest.split_first() {
        rest = after;
        let mut written = format!(" {}", word.quoted);
        let (option, attached) = word.text.split_at_checked(2)?;
        if ["-4", "-6", "-a", "-q", "-T", "-x"].contains(&option) && attached.is_empty() {
            kept.push_str(&written);
            continue;
        }
        let mut value = attached;
        if attached.is_empty() {
            let (word, after) = rest.split_first()?;
            rest = after;
            written.extend([" ", &word.quoted]);
            value = &word.text;
        }
        let is_known = match option {
            "-i" => true,
            "-p" => value.bytes().all(|byte| byte.is_ascii_digit()),
            // Another file could name programs; this means none.
            "-F" => ["/dev/null", "none"].contains(&value),
            "-o" => {
                let (name, setting) = value.split_once('=')?;
                let lower = name.to_ascii_lowercase();
                let check = SSH_CHECKS.iter().find(|(check, _)| *check == lower);
                if check.is_some_and(|(_, sound)| *sound != Some(setting)) {
                    left_out.push(name.to_owned());
                    continue;
                }
                if lower == SSH_KNOWN_HOSTS {
                    // The first one holds.
                    known_hosts.get_or_insert((name.to_owned(), written));
                    continue;
                }
                check.is_some() || SSH_OPTIONS.contains(&lower.as_str())
            }
            _ => false,
        };
        if !is_known {
            return None;
        }
        kept.push_str(&written);
    }
    // Who does not check takes a file that holds no host.
    let is_checked = !left_out.iter().any(|name| name.eq_ignore_ascii_case("stricthostkeychecking"));
    let hosts = match known_hosts {
        Some((_, written)) if is_checked => format!("{SSH_KNOWS_ITS_HOST}{written}"),
        Some((name, _)) => {
            left_out.push(name);
            String::new()
        }
        None => String::new(),
    };
    Some(format!("{SSH}{SSH_WRITES_NOTHING}{hosts}{kept}"))
}

/// A word of a shell's command line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Word {
    /// Without its quotes, with its variables as they are written.
    text: String,
    /// For a shell, which finds in it just this word.
    quoted: String,
}

/// The words of a command line; none when it holds anything but words, quotes and [`VARIABLES`].
fn words(line: &str) -> Option<Vec<Word>> {
    let (mut words, mut word, mut quote): (Vec<Word>, Option<Word>, _) = (Vec::new(), None, None);
    let mut rest = line;
    while let Some(char) = rest.chars().next() {
        let from = rest;
        rest = &rest[char.len_utf8()..];
        match (quote, char) {
            (None, ' ' | '\t') => {
                words.extend(word.take());
                continue;
            }
            _ if char.is_control() => return None,
            _ => {}
        }
        let into = word.get_or_insert_default();
        match (quote, char) {
            // ssh itself puts a variable there, which may be a secret, and complains with it.
            (Some('\''), '$') => return None,
            (None, '"' | '\'') => quote = Some(char),
            (Some(open), close) if open == close => quote = None,
            (None | Some('"'), '$') => {
                let written = |name: &&'static str| {
                    let braced = format!("{{{name}}}");
                    let is_plain =
                        |after: &&str| !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
                    rest.strip_prefix(braced.as_str()).or_else(|| rest.strip_prefix(name).filter(is_plain))
                };
                rest = VARIABLES.iter().find_map(written)?;
                let variable = &from[..from.len() - rest.len()];
                into.text.push_str(variable);
                into.quoted.extend(["\"", variable, "\""]);
            }
            (Some('"'), '`') | (_, '\'') => return None,
            (Some('"'), '\\') if rest.starts_with(['$', '`', '"', '\\']) => return None,
            (None, char) if "`\\;|&<>()*?[]{}#!".contains(char) => return None,
            (_, char) => {
                into.text.push(char);
                into.quoted.extend(["'", char.encode_utf8(&mut [0; 4]), "'"]);
            }
        }
    }
    words.extend(word);
    // `'a''b'` is `'ab'`.
    for word in &mut words {
        word.quoted = word.quoted.replace("''", "");
        if word.quoted.is_empty() {
            word.quoted.push_str("''");
        }
    }
    quote.is_none().then_some(words)
}

/// All tags and branches that [`LIST`] names. A shallow clone has but a few of them, so that what is local says nothing.
#[must_use]
pub fn refs(listed: &str) -> RemoteRefs {
    let mut refs = RemoteRefs::default();
    for name in listed.lines().filter_map(|line| line.split_once('\t')).map(|(_, name)| name) {
        if let Some(branch) = name.strip_prefix("refs/heads/") {
            refs.branches.push(branch.to_owned());
        } else if let Some(tag) = name.strip_prefix("refs/tags/").filter(|tag| !tag.ends_with("^{}")) {
            refs.tags.push(tag.to_owned());
        }
    }
    refs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(code: i32, errors: &str) -> Result<String, CommandFailure> {
        Err(CommandFailure::Status { code: Some(code), errors: errors.to_owned() })
    }

    /// The remote of a repository with this address and these settings: scope, key and value.
    fn of(url: &str, settings: &[(&str, &str, &str)]) -> Result<Remote, CommandFailure> {
        let listed: Vec<_> =
            settings.iter().map(|(scope, key, value)| format!("{scope}\0{key}\n{value}\0")).collect();
        find(&|arguments| match arguments[0] {
            "remote" => Ok(format!("{url}\n")),
            "config" if listed.is_empty() => failed(1, ""),
            "config" => Ok(listed.concat()),
            "rev-parse" => Ok("/src/app\n".to_owned()),
            other => panic!("git {other}"),
        })
    }

    fn keys(remote: &Remote) -> Vec<&str> {
        remote.settings.iter().map(|(key, _)| key.as_str()).collect()
    }

    #[test]
    fn addresses() {
        for (url, protocol, transports, used) in [
            ("https://github.com/acme/app", Protocol::Http, &["https"][..], ""),
            ("http://git.intranet/a", Protocol::Http, &["http", "https"], ""),
            ("git@github.com:acme/app.git", Protocol::Ssh, &["ssh"], ""),
            ("[::1]:a", Protocol::Ssh, &["ssh"], ""),
            ("ssh://git@host:22/a", Protocol::Ssh, &["ssh"], ""),
            ("git+ssh://host/a", Protocol::Ssh, &["ssh"], ""),
            ("git://host/a", Protocol::Git, &["git"], ""),
            ("file:///srv/a", Protocol::File, &["file"], ""),
            ("/srv/a", Protocol::File, &["file"], ""),
            ("~/a", Protocol::File, &["file"], ""),
            ("../a", Protocol::File, &["file"], "/src/app/../a"),
            ("./a:b", Protocol::File, &["file"], "/src/app/./a:b"),
            ("ö", Protocol::File, &["file"], "/src/app/ö"),
            ("a", Protocol::File, &["file"], "/src/app/a"),
        ] {
            let remote = of(url, &[]).unwrap();
            assert_eq!((remote.protocol, &remote.transports[..]), (protocol, transports), "{url}");
            let used = if used.is_empty() { url } else { used };
            assert_eq!(remote.settings, [("remote.origin.url".to_owned(), used.to_owned())]);
            assert_eq!(remote.note(), None);
        }
        for url in ["", "-x", "--upload-pack=x", "ssh://-x/a", "ext::sh", "a-b::c", "x://a", "https://a\u{7}"]
        {
            let failure = of(url, &[]).unwrap_err();
            assert!(matches!(failure, CommandFailure::Address { .. }), "{url}: {failure:?}");
        }
        let failure = of("x://me:hunter2@host/a", &[]).unwrap_err();
        assert!(!failure.to_string().contains("hunter2"), "{failure}");
        let failure = find(&|_| failed(2, "error: No such remote 'origin'\n")).unwrap_err();
        assert!(failure.reason().contains("must have a remote `origin`"), "{failure}");
    }

    #[test]
    fn settings_are_of_the_user_or_for_the_remote() {
        let settings = [
            ("command", "http.sslverify", "false"),
            ("global", "http.proxy", "http://proxy"),
            ("system", "credential.helper", "osxkeychain"),
            ("global", "remote.origin.url", "https://other.example/"),
            ("local", "http.https://github.com/.extraheader", "AUTHORIZATION: basic x"),
            ("local", "http.https://github.com/.sslcainfo", "/ca.pem"),
            ("local", "http.https://me:hunter2@github.com/.proxy", "http://evil"),
            ("local", "http.sslverify", "false"),
            ("worktree", "http.curloptresolve", "github.com:443:6.6.6.6"),
            ("local", "credential.https://github.com.username", "me"),
            ("local", "credential.helper", "!evil"),
            ("new-scope", "core.askpass", "evil"),
            ("local", "core.sshcommand", "evil"),
            ("local", "core.bare", "false"),
            ("local", "protocol.ext.allow", "always"),
            ("local", "remote.origin.vcs", "ext"),
            ("local", "remote.other.vcs", "ext"),
        ];
        let remote = of("https://github.com/acme/app", &settings).unwrap();
        let used = [
            "http.proxy",
            "credential.helper",
            "http.https://github.com/.extraheader",
            "http.https://github.com/.sslcainfo",
            "credential.https://github.com.username",
            "http.sslverify",
            "remote.origin.url",
        ];
        assert_eq!(keys(&remote), used);
        let ignored = [
            "http.https://github.com/.proxy",
            "http.sslverify",
            "http.curloptresolve",
            "credential.helper",
            "core.askpass",
            "remote.origin.vcs",
        ];
        assert_eq!(remote.ignored, ignored);
        let remote = of("git@github.com:acme/app", &settings).unwrap();
        assert_eq!(remote.ignored, ["core.sshcommand", "remote.origin.vcs"]);
        let remote = of("/srv/app", &settings).unwrap();
        assert_eq!(keys(&remote), ["remote.origin.url"]);
        assert_eq!(remote.ignored, ["remote.origin.vcs"]);
    }

    #[test]
    fn what_the_user_forbids_stays_forbidden() {
        for (settings, expected) in [
            (&[("global", "protocol.http.allow", "never")][..], &["https"][..]),
            (&[("global", "protocol.allow", "never")], &[]),
            (
                &[("global", "protocol.allow", "never"), ("system", "protocol.https.allow", "always")],
                &["https"],
            ),
            (&[("local", "protocol.allow", "never")], &["http", "https"]),
            (
                &[("system", "protocol.http.allow", "never"), ("global", "protocol.http.allow", "user")],
                &["http", "https"],
            ),
        ] {
            assert_eq!(of("http://host/a", settings).unwrap().transports, expected, "{settings:?}");
        }
    }

    #[test]
    fn of_a_command_for_ssh_its_keys_are_taken() {
        for (command, expected) in [
            ("ssh", ""),
            ("/usr/bin/ssh -i /k", " '-i' '/k'"),
            ("\"C:\\Program Files\\OpenSSH\\ssh.exe\" -i \"D:\\a\\key\"", " '-i' 'D:\\a\\key'"),
            ("ssh -i \"$RUNNER_TEMP/k\"", " '-i' \"$RUNNER_TEMP\"'/k'"),
            ("ssh -i ${HOME}/k", " '-i' \"${HOME}\"'/k'"),
            ("ssh -i \"\" -q", " '-i' '' '-q'"),
            ("ssh -p 22 -4 -oIdentitiesOnly=yes", " '-p' '22' '-4' '-oIdentitiesOnly=yes'"),
            ("ssh  -F none\t-i 'a b'", " '-F' 'none' '-i' 'a b'"),
            ("ssh -i '$HOME/k'", "none"),
            ("ssh -i '${API_TOKEN}'", "none"),
            ("ssh -o 'UserKnownHostsFile=/a/'$'{API_TOKEN}'", "none"),
            ("ssh -i '$'\"{API_TOKEN}\"", "none"),
            ("ssh -E log", "none"),
            ("ssh -o ControlPath=a", "none"),
            ("ssh -o ControlMaster=yes", "none"),
            ("ssh -S a", "none"),
            ("ssh -M", "none"),
            ("ssh -w 0", "none"),
            ("ssh -L 1:b:2", "none"),
            ("ssh -o SecurityKeyProvider=b", "none"),
            ("ssh -o RevokedHostKeys=b", "none"),
            ("ssh -o Include=b", "none"),
            ("ssh -o \"StrictHostKeyChecking no\"", "none"),
            ("ssh -o 'StrictHostKeyChecking =no'", "none"),
            ("ssh -i a;b", "none"),
            ("ssh -i a&b", "none"),
            ("ssh -i a|b", "none"),
            ("ssh -i a>b", "none"),
            ("ssh -i `b`", "none"),
            ("ssh -i \"`b`\"", "none"),
            ("ssh -i $(b)", "none"),
            ("ssh -i \"$(b)\"", "none"),
            ("ssh -i \"${HOME:-`b`}\"", "none"),
            ("ssh -i $HOMES", "none"),
            ("ssh -i $API_TOKEN", "none"),
            ("ssh -i 'a", "none"),
            ("ssh -i a\nb", "none"),
            ("ssh -i \"a\nb\"", "none"),
            ("ssh -i \"it's\"", "none"),
            ("ssh -i", "none"),
            ("ssh -F config", "none"),
            ("ssh -o ProxyCommand=b", "none"),
            ("ssh -oProxyCommand=b", "none"),
            ("ssh -o \"ProxyCommand b\"", "none"),
            ("ssh -o proxyjump=b", "none"),
            ("ssh -o PermitLocalCommand=yes", "none"),
            ("ssh -o KnownHostsCommand=b", "none"),
            ("ssh -J b", "none"),
            ("ssh -I provider.so", "none"),
            ("ssh -qF config", "none"),
            ("ssh -p 22x", "none"),
            ("ssh host", "none"),
            ("A=b ssh", "none"),
            ("GIT=ssh", "none"),
            ("sshpass -p x ssh", "none"),
            ("", "none"),
        ] {
            let expected = Some(expected).filter(|text| *text != "none");
            let expected = expected.map(|text| format!("{SSH}{SSH_WRITES_NOTHING}{text}"));
            let mut left_out = Vec::new();
            assert_eq!(ssh_with_key(command, &mut left_out), expected, "{command}");
            assert!(left_out.is_empty(), "{command}: {left_out:?}");
        }
    }

    #[test]
    fn what_would_weaken_the_check_of_a_host_is_left_out_of_a_command_for_ssh() {
        for (options, kept, left_out) in [
            // as actions/checkout writes them, with and without `ssh-strict`
            (
                "-o StrictHostKeyChecking=yes -o CheckHostIP=no -o UserKnownHostsFile=/h",
                "-o StrictHostKeyChecking=yes -o UserKnownHostsFile=/h -o StrictHostKeyChecking=yes -o CheckHostIP=no",
                "",
            ),
            ("-o UserKnownHostsFile=/h", "-o StrictHostKeyChecking=yes -o UserKnownHostsFile=/h", ""),
            ("-oUserKnownHostsFile=/h -i k", "-o StrictHostKeyChecking=yes -oUserKnownHostsFile=/h -i k", ""),
            (
                "-o UserKnownHostsFile=/h -o userknownhostsfile=/i",
                "-o StrictHostKeyChecking=yes -o UserKnownHostsFile=/h",
                "",
            ),
            (
                "-o StrictHostKeyChecking=yes -o UpdateHostKeys=no",
                "-o StrictHostKeyChecking=yes -o UpdateHostKeys=no",
                "",
            ),
            // These two have ssh append to any file.
            (
                "-i k -o StrictHostKeyChecking=no -o UserKnownHostsFile=/h",
                "-i k",
                "StrictHostKeyChecking UserKnownHostsFile",
            ),
            (
                "-o UserKnownHostsFile=/dev/null -ostricthostkeychecking=accept-new",
                "",
                "stricthostkeychecking UserKnownHostsFile",
            ),
            (
                "-o StrictHostKeyChecking=yes -o StrictHostKeyChecking=off -o UserKnownHostsFile=/h",
                "-o StrictHostKeyChecking=yes",
                "StrictHostKeyChecking UserKnownHostsFile",
            ),
            ("-o StrictHostKeyChecking=YES -i k", "-i k", "StrictHostKeyChecking"),
            ("-o CheckHostIP=yes -o UpdateHostKeys=yes", "", "CheckHostIP UpdateHostKeys"),
            ("-o GlobalKnownHostsFile=/h -i k", "-i k", "GlobalKnownHostsFile"),
            ("-o HashKnownHosts=no -o HostKeyAlgorithms=+ssh-dss", "", "HashKnownHosts HostKeyAlgorithms"),
        ] {
            let mut found = Vec::new();
            let command = ssh_with_key(&format!("ssh {options}"), &mut found).unwrap().replace('\'', "");
            let kept = if kept.is_empty() { String::new() } else { format!(" {kept}") };
            assert_eq!(command, format!("{SSH}{SSH_WRITES_NOTHING}{kept}"), "{options}");
            assert_eq!(found.join(" "), left_out, "{options}");
        }
        let command = "ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/h";
        let remote = of("git@github.com:acme/app", &[("local", "core.sshcommand", command)]).unwrap();
        let note = remote.note().unwrap();
        for name in ["StrictHostKeyChecking", "UserKnownHostsFile"] {
            assert!(note.contains(&format!("`core.sshcommand -o {name}`")), "{note}");
        }
        assert_eq!(keys(&remote), ["core.sshcommand", "remote.origin.url"]);
    }

    #[test]
    fn what_a_remote_has() {
        let (one, other) = ("1".repeat(40), "2".repeat(40));
        let listed = format!(
            "{one}\trefs/heads/feature/x\n{one}\trefs/heads/main\n{other}\trefs/tags/pkg/v1.2.3\n{one}\trefs/tags/pkg/v1.2.3^{{}}\n{one}\trefs/tags/v1\n{one}\tHEAD\nnoise\n"
        );
        let refs = refs(&listed);
        assert_eq!(refs.tags, ["pkg/v1.2.3", "v1"]);
        assert_eq!(refs.branches, ["feature/x", "main"]);
    }
}
