//! Why a registry or a layout did not do what it was asked, in words that a user can act on.

use std::fmt;
use std::io;
use std::time::Duration;

use serde::Deserialize;

use super::rights::{self, LIST, RIGHT, RIGHT_TO_WRITE};
use super::transport::TransportError;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::reference::Digest;

/// A request that failed: what was tried, on what, and why it failed.
#[derive(Debug)]
pub struct Error {
    operation: Operation,
    subject: String,
    kind: Box<ErrorKind>,
}

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// To look whether a manifest is there.
    HeadManifest,
    /// To read a manifest.
    GetManifest,
    /// To write a manifest.
    PutManifest,
    /// To look whether a blob is there.
    HeadBlob,
    /// To read a blob.
    GetBlob,
    /// To mount a blob from another repository.
    MountBlob,
    /// To send a blob.
    PutBlob,
    /// To list the tags.
    ListTags,
    /// To list what refers to a manifest.
    ListReferrers,
    /// To open a layout, or to set up the client.
    Open,
}

/// Why it failed.
#[derive(Debug)]
pub enum ErrorKind {
    /// The registry says that the repository, or what a manifest needs, is not there.
    NotFound(Vec<ErrorEntry>),
    /// The registry does not accept who we are.
    Unauthorized(Box<Refusal>),
    /// The registry knows who we are and does not allow this.
    Denied {
        /// The credentials that were used, as messages name them.
        credentials: String,
        /// What was asked for, such as `repository:acme/app:pull,push`.
        scope: String,
        /// What the registry said.
        errors: Vec<ErrorEntry>,
    },
    /// The registry cannot do this at all.
    Unsupported {
        /// The status code.
        status: u16,
        /// What the registry said.
        errors: Vec<ErrorEntry>,
    },
    /// Too many requests; waiting did not help, or would have taken too long.
    RateLimited {
        /// How long the registry wants us to wait.
        retry_after: Option<Duration>,
        /// How often it was tried.
        attempts: u32,
        /// What the registry said.
        errors: Vec<ErrorEntry>,
    },
    /// The server failed; waiting did not help.
    Server {
        /// The status code, from 500.
        status: u16,
        /// How often it was tried.
        attempts: u32,
        /// What the registry said.
        errors: Vec<ErrorEntry>,
    },
    /// The registry refuses the request: it is wrong, incomplete, or in conflict with what is there.
    Rejected {
        /// The status code, from 400.
        status: u16,
        /// What the registry said.
        errors: Vec<ErrorEntry>,
    },
    /// The registry takes what is written, and does not serve it.
    NotStored {
        /// The status code of the write, from 200.
        status: u16,
        /// What became of reading it.
        why: String,
    },
    /// There is no connection, or it broke.
    Transport {
        /// What happened.
        problem: TransportError,
        /// The host, which is another than the registry's when it sends tokens or blobs from elsewhere.
        host: String,
        /// Who sent us to that host, if someone did.
        sent_by: Option<String>,
        /// How often it was tried.
        attempts: u32,
    },
    /// The content is not what its digest says.
    Digest {
        /// The digest that was asked for or told.
        expected: Digest,
        /// The digest of what came.
        found: Digest,
    },
    /// A file of a layout is not what its name says.
    Damaged {
        /// The digest by which it is named.
        expected: Digest,
        /// The digest of what is in it.
        found: Digest,
    },
    /// More bytes than are read.
    TooLarge {
        /// The most that are read, in bytes.
        limit: u64,
    },
    /// A 404 that no registry wrote: a wrong address, or a proxy.
    ForeignNotFound {
        /// The media type of the answer, often `text/plain` or `text/html`.
        content_type: String,
    },
    /// An answer that makes no sense.
    Invalid(String),
    /// The files of a layout cannot be used.
    Files(io::Error),
    /// Another process writes to the layout.
    Locked,
}

/// Why a registry does not accept who we are.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The credentials that were used or looked for, as messages name them; never the secret.
    pub credentials: String,
    /// What was asked for, such as `repository:acme/app:pull,push`; empty where there are no tokens.
    pub scope: String,
    /// The host that refused: the registry, or its token server.
    pub host: String,
    /// The registry, as one logs in to it.
    pub registry: String,
    /// What it said.
    pub errors: Vec<ErrorEntry>,
}

/// Why credentials did not help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// There are none.
    NoCredentials,
    /// There are some, and they are wrong.
    WrongCredentials,
    /// They are right, and do not allow this. The scope that was granted, where the token tells it.
    MissingScope(Option<String>),
    /// They are right, were accepted for reading, and do not allow writing.
    ReadOnly,
    /// The token server granted what was asked for, and the registry does not accept the token.
    DistrustedToken,
    /// They cannot be read, or the helper that keeps them failed.
    Unreadable(String),
}

/// One entry of the list with which a registry explains an error
/// (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorEntry {
    /// Such as `MANIFEST_BLOB_UNKNOWN`; empty when the registry gave text alone.
    pub code: String,
    /// For people; may be empty.
    pub message: String,
    /// More of it, as JSON or text; may be empty.
    pub detail: String,
}

impl Error {
    pub(super) fn new(operation: Operation, subject: impl Into<String>, kind: ErrorKind) -> Self {
        Self { operation, subject: subject.into(), kind: Box::new(kind) }
    }

    /// What was tried.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// Why it failed.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// What the registry said; empty when it said nothing.
    #[must_use]
    pub fn entries(&self) -> &[ErrorEntry] {
        match &*self.kind {
            ErrorKind::NotFound(errors)
            | ErrorKind::Denied { errors, .. }
            | ErrorKind::Unsupported { errors, .. }
            | ErrorKind::RateLimited { errors, .. }
            | ErrorKind::Server { errors, .. }
            | ErrorKind::Rejected { errors, .. } => errors,
            ErrorKind::Unauthorized(refusal) => &refusal.errors,
            _ => &[],
        }
    }

    /// Whether it may go well next time.
    pub(super) fn is_transient(&self) -> bool {
        match &*self.kind {
            ErrorKind::Transport { problem, .. } => problem.is_transient(),
            ErrorKind::Server { .. } | ErrorKind::RateLimited { .. } => true,
            _ => false,
        }
    }

    /// Whether what was sent may have arrived all the same.
    pub(super) fn is_after_sending(&self) -> bool {
        match &*self.kind {
            ErrorKind::Transport { problem, .. } => problem.is_transient(),
            ErrorKind::Server { .. } => true,
            _ => false,
        }
    }

    /// The digests that the registry names in its explanation: with `MANIFEST_BLOB_UNKNOWN`, what is missing.
    #[must_use]
    pub fn named_digests(&self) -> Vec<Digest> {
        let texts = self.entries().iter().flat_map(|entry| [&entry.detail, &entry.message]);
        let words = texts.flat_map(|text| text.split(|c: char| c != ':' && !c.is_ascii_alphanumeric()));
        let mut digests: Vec<_> = words.filter_map(|word| word.parse().ok()).collect();
        digests.dedup();
        digests
    }

    /// A stable word for the cause, as other diagnostics have one.
    #[must_use]
    pub fn code(&self) -> Code {
        match &*self.kind {
            ErrorKind::NotFound(_) => Code::REGISTRY_NOT_FOUND,
            ErrorKind::Unauthorized(_) => Code::REGISTRY_UNAUTHORIZED,
            ErrorKind::Denied { .. } => Code::REGISTRY_DENIED,
            ErrorKind::Unsupported { .. } => Code::REGISTRY_UNSUPPORTED,
            ErrorKind::RateLimited { .. } => Code::REGISTRY_RATE_LIMITED,
            ErrorKind::Server { .. } => Code::REGISTRY_FAILED,
            ErrorKind::Rejected { .. } => Code::REGISTRY_REJECTED,
            ErrorKind::NotStored { .. } => Code::NOT_STORED,
            ErrorKind::Transport { problem: TransportError::Tls { .. }, .. } => Code::REGISTRY_TLS,
            ErrorKind::Transport { .. } => Code::REGISTRY_NETWORK,
            ErrorKind::Digest { .. } | ErrorKind::Damaged { .. } => Code::DIGEST_MISMATCH,
            ErrorKind::TooLarge { .. } => Code::REGISTRY_TOO_LARGE,
            ErrorKind::ForeignNotFound { .. } => Code::NOT_A_REGISTRY,
            ErrorKind::Invalid(_) => Code::REGISTRY_INVALID,
            ErrorKind::Files(_) => Code::LAYOUT_FILES,
            ErrorKind::Locked => Code::LAYOUT_LOCKED,
        }
    }

    /// As users see it.
    #[must_use]
    pub fn to_diagnostic(&self) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.code(), self.to_string());
        match self.help() {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        }
    }

    /// What the user can do.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match &*self.kind {
            _ if self.operation == Operation::ListTags && self.is_refused() => {
                format!("{LIST}; {}", self.cure().unwrap_or_else(|| "the registry may have no such list".to_owned()))
            }
            ErrorKind::Invalid(_) if self.operation == Operation::ListTags => {
                format!("check the registry's address: a proxy may have answered in its place; {LIST}")
            }
            ErrorKind::Unauthorized(_) | ErrorKind::Denied { .. } => return self.cure(),
            ErrorKind::RateLimited { .. } => "try again later, or log in: limits are higher with an account".into(),
            ErrorKind::Transport { problem, sent_by: Some(_), .. } if problem.is_transient() => {
                "a firewall or proxy may let the registry through and not the host where it keeps content: allow that, too".into()
            }
            ErrorKind::Transport { problem, .. } => return problem.help().map(str::to_owned),
            ErrorKind::Digest { .. } => "something between here and the registry changes content, or the registry is damaged".into(),
            ErrorKind::Damaged { .. } => "the file was changed, or not written to its end: fill the layout again with `bakeplan promote`, from a repository that has all of it".into(),
            ErrorKind::NotStored { status: 201, .. } => "check the registry: its disk may be full".into(),
            ErrorKind::NotStored { .. } | ErrorKind::ForeignNotFound { .. } => "check the registry's address; a proxy may also have answered in its place".into(),
            ErrorKind::Locked => "wait until the other process is done".into(),
            ErrorKind::NotFound(_) if self.operation == Operation::PutManifest => {
                "create the repository first: this registry does not do so by itself".into()
            }
            ErrorKind::Unsupported { .. } if self.writes() => {
                "check the registry's address: pull-through caches and read-only mirrors accept no pushes".into()
            }
            ErrorKind::Rejected { status: 412, .. } if self.writes() => {
                "see what the registry's rules for this repository are: such tags may be protected there".into()
            }
            ErrorKind::Rejected { status: 412, .. } => {
                "see what the registry's rules for this repository are: it may serve only images that were scanned or signed".into()
            }
            ErrorKind::Rejected { status: 413, .. } => {
                "raise the size that the registry, or a proxy before it, allows for a request (`client_max_body_size` in nginx)".into()
            }
            _ => return None,
        })
    }
}

impl Error {
    /// Whether the registry does not do what it was asked, and will not do it another time.
    fn is_refused(&self) -> bool {
        matches!(
            &*self.kind,
            ErrorKind::Unauthorized(_)
                | ErrorKind::Denied { .. }
                | ErrorKind::NotFound(_)
                | ErrorKind::ForeignNotFound { .. }
                | ErrorKind::Unsupported { .. }
                | ErrorKind::Rejected { .. }
        )
    }

    /// Whether it was to change something.
    fn writes(&self) -> bool {
        matches!(self.operation, Operation::PutManifest | Operation::MountBlob | Operation::PutBlob)
    }

    /// What gives the right to do this.
    fn cure(&self) -> Option<String> {
        let writes = self.writes();
        let usual = match &*self.kind {
            ErrorKind::Unauthorized(refusal) => refusal.help(),
            ErrorKind::Denied { .. } if writes => RIGHT_TO_WRITE.to_owned(),
            ErrorKind::Denied { .. } => RIGHT.to_owned(),
            _ => return None,
        };
        let is_about_login = matches!(
            &*self.kind,
            ErrorKind::Unauthorized(refusal)
                if !matches!(refusal.reason, Reason::MissingScope(_) | Reason::ReadOnly)
        );
        let host = self.subject.split('/').next().unwrap_or_default();
        let own = rights::to_write(host, self.entries().iter().map(|entry| entry.message.as_str()))
            .filter(|_| writes && !is_about_login);
        Some(own.map_or(usual, str::to_owned))
    }
}

impl Refusal {
    fn help(&self) -> String {
        let login = format!("run `docker login {}`", self.registry);
        match &self.reason {
            Reason::NoCredentials => {
                format!("{login}; registries also ask for credentials when the repository does not exist")
            }
            Reason::WrongCredentials => format!("{login} again: the password or token is wrong or has expired"),
            Reason::MissingScope(_) | Reason::ReadOnly => RIGHT.to_owned(),
            Reason::DistrustedToken => {
                "compare the clocks of the registry and of its token server, and see that the registry trusts that server's key".to_owned()
            }
            Reason::Unreadable(_) => format!("fix that, or {login}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.kind {
            ErrorKind::Files(error) => Some(error),
            ErrorKind::Transport { problem, .. } => Some(problem),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} `{}`: {}", self.operation, self.subject, self.kind)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HeadManifest => "look up manifest",
            Self::GetManifest => "read manifest",
            Self::PutManifest => "write manifest",
            Self::HeadBlob => "look up blob",
            Self::GetBlob => "read blob",
            Self::MountBlob => "mount blob",
            Self::PutBlob => "write blob",
            Self::ListTags => "list the tags of",
            Self::ListReferrers => "list what refers to",
            Self::Open => "use",
        })
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(errors) => write!(f, "the registry does not have it{}", said(errors)),
            Self::Unauthorized(refusal) => refusal.fmt(f),
            Self::Denied { credentials, scope, errors } => {
                write!(f, "the registry denies `{scope}` to {credentials}{}", said(errors))
            }
            Self::Unsupported { status, errors } => {
                write!(f, "the registry does not support this (status {status}){}", said(errors))
            }
            Self::RateLimited { retry_after, attempts, errors } => {
                write!(f, "too many requests{}", tried(*attempts))?;
                if let Some(pause) = retry_after {
                    write!(f, "; the registry asks to wait {} s", pause.as_secs())?;
                }
                f.write_str(&said(errors))
            }
            Self::Server { status, attempts, errors } => {
                write!(f, "the server failed with status {status}{}{}", tried(*attempts), said(errors))
            }
            Self::Rejected { status, errors } => {
                write!(f, "the registry refuses it with status {status}{}", said(errors))
            }
            Self::NotStored { status: 201, why } => {
                write!(f, "the registry accepted it but does not serve it: {why}")
            }
            Self::NotStored { status, why } => write!(
                f,
                "status {status} answers the write, where a registry answers 201, and what was written cannot be read: {why}"
            ),
            Self::Transport { problem, host, sent_by: None, attempts } => {
                write!(f, "{host}: {problem}{}", tried(*attempts))
            }
            Self::Transport { problem, host, sent_by: Some(sender), attempts } => {
                write!(f, "{host}, where {sender} has it: {problem}{}", tried(*attempts))
            }
            Self::Digest { expected, found } => {
                write!(f, "the content has digest {found}, expected {expected}")
            }
            Self::Damaged { expected, found } => {
                write!(f, "its file is damaged: the content has digest {found}, expected {expected}")
            }
            Self::TooLarge { limit } => write!(f, "it has more than {limit} bytes"),
            Self::ForeignNotFound { content_type } if content_type.is_empty() => {
                f.write_str("status 404 without a registry's explanation")
            }
            Self::ForeignNotFound { content_type } => {
                write!(f, "status 404 with {content_type:?}, which no registry sends")
            }
            Self::Invalid(problem) => f.write_str(problem),
            Self::Files(error) => error.fmt(f),
            Self::Locked => f.write_str("another process is writing to it"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, credentials, scope, host, registry: _, errors } = self;
        match reason {
            Reason::NoCredentials => {
                write!(f, "{host} requires credentials, but there are none: {credentials}")?;
            }
            Reason::ReadOnly => write!(f, "{host} lets {credentials} read, and not write")?,
            Reason::DistrustedToken => {
                write!(f, "{host} refuses a token that grants `{scope}` to {credentials}")?;
            }
            Reason::WrongCredentials => write!(f, "{host} does not accept {credentials}")?,
            Reason::MissingScope(granted) => {
                write!(f, "{host} does not grant `{scope}` to {credentials}")?;
                match granted.as_deref() {
                    Some("") => f.write_str(", nor anything else")?,
                    Some(granted) => write!(f, ", only `{granted}`")?,
                    None => {}
                }
            }
            Reason::Unreadable(problem) => {
                write!(f, "{host} requires credentials, but there are none that can be used: {problem}")?;
            }
        }
        if *reason != Reason::NoCredentials || scope.is_empty() {
            return f.write_str(&said(errors));
        }
        write!(f, " (for `{scope}`){}", said(errors))
    }
}

fn tried(attempts: u32) -> String {
    if attempts > 1 { format!(", {attempts} times") } else { String::new() }
}

fn said(errors: &[ErrorEntry]) -> String {
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    if texts.is_empty() { String::new() } else { format!(": {}", texts.join("; ")) }
}

impl fmt::Display for ErrorEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.code, &self.message, &self.detail];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
        f.write_str(&parts.join(": "))
    }
}

/// How much of an explanation is kept, in characters: it may be a page of HTML.
const MAX_TEXT: usize = 300;

/// The entries of a registry's explanation; none when this is not one.
pub(super) fn entries_of(body: &[u8]) -> Option<Vec<ErrorEntry>> {
    #[derive(Deserialize)]
    struct Envelope {
        errors: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        #[serde(default)]
        code: serde_json::Value,
        #[serde(default)]
        message: serde_json::Value,
        #[serde(default)]
        detail: serde_json::Value,
    }
    let text = |value: serde_json::Value| match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => clip(&text),
        other => clip(&other.to_string()),
    };
    // Not every registry sends UTF-8.
    let envelope: Envelope = serde_json::from_str(&String::from_utf8_lossy(body)).ok()?;
    let entries = envelope.errors.into_iter().take(10);
    Some(
        entries
            .map(|entry| ErrorEntry {
                code: text(entry.code),
                message: text(entry.message),
                detail: text(entry.detail),
            })
            .collect(),
    )
}

/// What a server said that may be no registry: its entries, or other words of its own.
pub(super) fn explanation(content_type: &str, body: &[u8]) -> Vec<ErrorEntry> {
    #[derive(Deserialize)]
    struct Words {
        #[serde(default)]
        error: String,
        #[serde(default)]
        error_description: String,
        #[serde(default)]
        details: String,
        #[serde(default)]
        message: String,
    }
    if let Some(entries) = entries_of(body) {
        return entries;
    }
    let body = String::from_utf8_lossy(body);
    let message = match serde_json::from_str::<Words>(&body) {
        Ok(words) => [words.error, words.error_description, words.details, words.message]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(": "),
        Err(_) if content_type == "text/plain" => body.trim().to_owned(),
        Err(_) => String::new(),
    };
    let entry = || ErrorEntry { code: String::new(), message: clip(&message), detail: String::new() };
    if message.is_empty() { Vec::new() } else { vec![entry()] }
}

/// The beginning of a text, in one line and without what would control a terminal.
pub(super) fn clip(text: &str) -> String {
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut clipped: String = visible.take(MAX_TEXT).collect();
    if text.chars().nth(MAX_TEXT).is_some() {
        clipped.push('…');
    }
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(code: &str, message: &str, detail: &str) -> ErrorEntry {
        ErrorEntry { code: code.into(), message: message.into(), detail: detail.into() }
    }

    #[test]
    fn explanations_are_read_whatever_they_look_like() {
        let cases: [(&str, &[u8], &[ErrorEntry]); 9] = [
            (
                "application/json",
                br#"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown","detail":"sha256:00"}]}"#,
                &[entry("MANIFEST_BLOB_UNKNOWN", "blob unknown", "sha256:00")],
            ),
            (
                "application/json",
                br#"{"errors":[{"code":"DENIED","detail":{"Tag":"x"}},{"message":null}]}"#,
                &[entry("DENIED", "", r#"{"Tag":"x"}"#), entry("", "", "")],
            ),
            ("application/json", br#"{"details":"incorrect username or password"}"#, &[entry("", "incorrect username or password", "")]),
            (
                "application/json",
                br#"{"error":"invalid_grant","error_description":"expired"}"#,
                &[entry("", "invalid_grant: expired", "")],
            ),
            ("text/plain", b"404 page not found\n", &[entry("", "404 page not found", "")]),
            ("text/html", b"<html>", &[]),
            ("", b"", &[]),
            ("application/json", b"{\"errors\":[{\"message\":\"caf\xe9\"}]}", &[entry("", "caf\u{fffd}", "")]),
            ("text/plain", b"a\x1b[31m\nb", &[entry("", "a [31m b", "")]),
        ];
        for (content_type, body, expected) in cases {
            assert_eq!(explanation(content_type, body), expected, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn long_explanations_are_cut() {
        let said = explanation("text/plain", "é".repeat(1000).as_bytes());
        assert_eq!(said[0].message.chars().count(), MAX_TEXT + 1);
        let many = format!(r#"{{"errors":[{}]}}"#, vec!["{}"; 50].join(","));
        assert_eq!(entries_of(many.as_bytes()).map(|entries| entries.len()), Some(10));
    }

    #[test]
    fn the_missing_blob_is_named() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (message, detail) in [
            ("", digest.clone()),
            ("", format!(r#"{{"digest":"{digest}"}}"#)),
            (&*format!("unknown: {digest}."), String::new()),
        ] {
            let errors = vec![entry("MANIFEST_BLOB_UNKNOWN", message, &detail)];
            let error = Error::new(Operation::PutManifest, "a", ErrorKind::Rejected { status: 404, errors });
            assert_eq!(error.named_digests(), [digest.parse().unwrap()], "{message} {detail}");
        }
    }

    #[test]
    fn refusals_by_a_status_alone_have_a_help_that_fits() {
        let help = |operation, status| {
            let errors = Vec::new();
            let kind = match status {
                405 | 501 => ErrorKind::Unsupported { status, errors },
                _ => ErrorKind::Rejected { status, errors },
            };
            Error::new(operation, "reg.example/app:1", kind).help()
        };
        for (operation, status, expected) in [
            (Operation::PutManifest, 405, Some("pull-through caches")),
            (Operation::PutBlob, 501, Some("pull-through caches")),
            (Operation::GetManifest, 405, None),
            (Operation::PutManifest, 412, Some("tags may be protected")),
            (Operation::GetManifest, 412, Some("scanned or signed")),
            (Operation::PutManifest, 413, Some("client_max_body_size")),
            (Operation::PutBlob, 413, Some("client_max_body_size")),
            (Operation::PutManifest, 418, None),
        ] {
            let found = help(operation, status);
            let is_right = match (&found, expected) {
                (Some(found), Some(expected)) => found.contains(expected),
                (found, expected) => found.is_none() && expected.is_none(),
            };
            assert!(is_right, "{operation} {status}: {found:?}");
        }
    }

    #[test]
    fn messages_name_operation_subject_and_cause() {
        let refusal = |reason| {
            ErrorKind::Unauthorized(Box::new(Refusal {
                reason,
                credentials: "key `ghcr.io` in /home/a/.docker/config.json".into(),
                scope: "repository:acme/app:pull,push".into(),
                host: "ghcr.io".into(),
                registry: "ghcr.io".into(),
                errors: vec![],
            }))
        };
        let errors = vec![entry("DENIED", "no", "")];
        for (kind, expected) in [
            (
                refusal(Reason::NoCredentials),
                "ghcr.io requires credentials, but there are none: key `ghcr.io` in /home/a/.docker/config.json (for `repository:acme/app:pull,push`)",
            ),
            (
                refusal(Reason::WrongCredentials),
                "ghcr.io does not accept key `ghcr.io` in /home/a/.docker/config.json",
            ),
            (
                refusal(Reason::MissingScope(Some("repository:acme/app:pull".into()))),
                "ghcr.io does not grant `repository:acme/app:pull,push` to key `ghcr.io` in /home/a/.docker/config.json, only `repository:acme/app:pull`",
            ),
            (
                ErrorKind::Rejected { status: 400, errors },
                "the registry refuses it with status 400: DENIED: no",
            ),
            (
                ErrorKind::RateLimited {
                    retry_after: Some(Duration::from_secs(60)),
                    attempts: 3,
                    errors: vec![],
                },
                "too many requests, 3 times; the registry asks to wait 60 s",
            ),
        ] {
            let error = Error::new(Operation::PutManifest, "ghcr.io/acme/app:1", kind);
            assert_eq!(error.to_string(), format!("cannot write manifest `ghcr.io/acme/app:1`: {expected}"));
        }
    }
}
