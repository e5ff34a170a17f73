//! Sources of `COPY` and `ADD`: which files of the context they may read, and what they download.

use super::reason::Why;

/// Files of the context that an instruction reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    /// A path below the root of the context, cleaned, without a slash at either end, or a pattern of such paths as
    /// Go's `filepath.Match` reads it. What lies below is read, too.
    pub(crate) pattern: String,
    /// Whether it is a pattern.
    pub(crate) is_glob: bool,
    /// Whether `--parents` copies its folders, too. Patterns are literal then, up to their first wildcard.
    pub(crate) parents: bool,
    /// The values of `--exclude`: patterns of what is left out again.
    pub(crate) excludes: Vec<String>,
    /// Where the instruction starts.
    pub(crate) line: usize,
}

impl Source {
    /// A source of `COPY` or `ADD`, expanded.
    ///
    /// # Errors
    /// One that reads the whole context, or means another path on Windows.
    pub(super) fn new(text: &str, parents: bool, excludes: &[String], line: usize) -> Result<Self, Why> {
        let mut source = Self::literal(text, line)?;
        source.excludes = excludes.to_vec();
        source.parents = parents;
        source.is_glob = has_wildcards(&source.pattern);
        if source.pattern.bytes().all(|b| b == b'*') {
            return Err(Why::WholeContext(text.to_owned()));
        }
        if parents && source.is_glob {
            // Here `**` does take folders.
            let literal: Vec<_> = source.pattern.split('/').take_while(|part| !has_wildcards(part)).collect();
            source.pattern = literal.join("/");
            source.is_glob = false;
            if source.pattern.is_empty() {
                return Err(Why::WholeContext(text.to_owned()));
            }
        }
        Ok(source)
    }

    /// The source of a bind mount, expanded, in which wildcards are characters like others.
    ///
    /// # Errors
    /// One that reads the whole context, or means another path on Windows.
    pub(super) fn literal(text: &str, line: usize) -> Result<Self, Why> {
        let mut letters = text.chars();
        if letters.next().is_some_and(|c| c.is_ascii_alphabetic()) && letters.next() == Some(':') {
            return Err(Why::Drive(text.to_owned()));
        }
        let pattern = clean(text);
        if pattern.is_empty() {
            return Err(Why::WholeContext(text.to_owned()));
        }
        Ok(Self { pattern, is_glob: false, parents: false, excludes: vec![], line })
    }
}

/// Whether BuildKit looks for files that fit; it may read `\` as a slash or as an escape.
fn has_wildcards(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', '\\'])
}

/// A path without `.` and `..`, relative to a root that `..` cannot leave.
fn clean(path: &str) -> String {
    let mut parts = vec![];
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// What `ADD` downloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remote {
    /// The address, expanded where that is possible.
    pub(crate) url: String,
    /// The `--checksum` that what is downloaded must have.
    pub(crate) checksum: Option<String>,
    /// The reference of a git repository, if it names one; `None` for a file.
    pub(crate) git: Option<Git>,
    /// Where the instruction starts.
    pub(crate) line: usize,
}

/// That a remote source is a git repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Git {
    /// The branch, tag or commit; `None` for the default branch.
    pub(crate) reference: Option<String>,
}

impl Remote {
    /// Reads a source; `None` if it is a path of the context.
    pub(crate) fn parse(text: &str, checksum: Option<String>, line: usize) -> Option<Self> {
        let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
        let (address, query) = address.split_once('?').unwrap_or((address, ""));
        let is_git = match scheme(address) {
            Some("http" | "https") => address.ends_with(".git"),
            Some("ssh" | "git") => true,
            Some(_) => return None,
            None if is_scp(address) => true,
            None => return None,
        };
        let parameter = |names: &[&str]| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(_, value)| !value.is_empty()).find(|(name, _)| names.contains(name))
        };
        let git = is_git.then(|| Git {
            reference: Some(fragment.split(':').next().unwrap_or_default())
                .filter(|reference| !reference.is_empty())
                .or_else(|| parameter(&["ref", "tag", "branch"]).map(|(_, value)| value))
                .map(str::to_owned),
        });
        let in_query = || is_git.then(|| parameter(&["checksum", "commit"])).flatten();
        Some(Self {
            url: text.to_owned(),
            checksum: checksum.or_else(|| in_query().map(|(_, value)| value.to_owned())),
            git,
            line,
        })
    }
}

/// The scheme of an address, for those that BuildKit knows in lower case.
fn scheme(address: &str) -> Option<&str> {
    let (scheme, _) = address.split_once("://")?;
    let known = ["http", "https", "ssh", "git"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known));
    (!scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric())).then(|| known.unwrap_or(scheme))
}

/// `user@host:path`
fn is_scp(address: &str) -> bool {
    let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    address.split_once('@').is_some_and(|(user, rest)| {
        rest.split_once(':').is_some_and(|(host, _)| {
            [user, host].iter().all(|name| !name.is_empty() && name.chars().all(of_name))
        })
    })
}
