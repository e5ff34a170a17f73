//! Build contexts: local paths, URLs, Git references and links to targets, and paths relative to the file that holds them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::definition::{Definition, Target};
use super::text::Text;
use crate::bake::values::{Name, clean_path};
use crate::source::Span;

/// The scheme of a context that is another target.
const LINK: &str = "target:";
/// What comes before a path of this machine.
pub(crate) const HERE: &str = "cwd://";
/// What comes before the reference of an image.
const IMAGE: &str = "docker-image://";
/// What comes before the folder of a layout.
pub(crate) const LAYOUT: &str = "oci-layout://";

/// The folder of this machine that the name of a Dockerfile starts from, and the name in it. `context` is the folder that the
/// context is; none when the Dockerfile is in what is fetched.
#[must_use]
pub(crate) fn dockerfile_in<'t>(named: &'t str, context: Option<&'t str>) -> Option<(&'t str, &'t str)> {
    match named.strip_prefix(HERE) {
        Some(named) => Some((".", named)),
        None => context.map(|folder| (folder, named)),
    }
}

/// The folder of this machine that the context of a target is; none for what is fetched. To buildx all else is a folder,
/// whatever it looks like (`toBuildOpt` and `LoadInputs`): links and images are contexts with a name.
#[must_use]
pub(crate) fn folder_of(context: &Text) -> Option<&str> {
    let written = context.as_str();
    written.strip_prefix(HERE).or_else(|| (!is_remote(written)).then_some(written))
}

/// The folder of this machine that a context with a name is; none for URLs, images, targets and Git references. Bake does
/// not ask before it reads a layout, and a layout outside the repository is not for everybody all the same.
#[must_use]
pub(crate) fn named_folder_of(context: &Text) -> Option<&str> {
    let written = context.as_str();
    if let Some(here) = written.strip_prefix(HERE) {
        return Some(here);
    }
    if let Some(layout) = written.strip_prefix(LAYOUT) {
        let name = layout.rsplit_once('/').map_or(0, |(folder, _)| folder.len());
        let end = layout[name..].find([':', '@']).map_or(layout.len(), |at| name + at);
        return Some(&layout[..end]);
    }
    // What only looks like an address is a folder to buildx (`build/opt.go`), such as `tar://..`.
    let is_address = link_of(context).is_some() || written.starts_with(IMAGE) || is_remote(written);
    (!is_address).then_some(written)
}

/// The target that a context links to.
#[must_use]
pub(crate) fn link_of(context: &Text) -> Option<&str> {
    context.as_str().strip_prefix(LINK)
}

/// The context that is this target.
#[must_use]
pub(crate) fn link_to(target: &str) -> String {
    format!("{LINK}{target}")
}

/// Whether a context that begins like this may be a link.
#[must_use]
pub(super) fn may_begin_link(start: &str) -> bool {
    start.starts_with(LINK) || LINK.starts_with(start)
}

/// Whether buildx fetches it: an HTTP(S) URL, or a Git reference that BuildKit's dfgitutil understands (another URL of
/// Git, `user@host:path`, `github.com/…`).
#[must_use]
pub(crate) fn is_remote(text: &str) -> bool {
    // Nearly all are folders, which have none of these.
    if !text.contains(':') && !text.starts_with("github.com/") {
        return false;
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return true;
    }
    if text.contains(|c: char| c.is_ascii_control()) || text.starts_with("./") || text.starts_with("../") {
        return false;
    }
    if let Some(path) = text.strip_prefix("github.com/") {
        return has_valid_escapes(path);
    }
    match text.split_once("://").filter(|(scheme, _)| is_word(scheme, "")) {
        Some((scheme, rest)) => is_git_url(&scheme.to_ascii_lowercase(), rest),
        None => is_scp_style(text),
    }
}

/// Whether it is a Git reference that is fetched over SSH.
#[must_use]
pub(super) fn is_of_ssh(text: &str) -> bool {
    let is_of = |(scheme, _): (&str, &str)| scheme.eq_ignore_ascii_case("ssh");
    is_remote(text) && !text.starts_with("github.com/") && text.split_once("://").is_none_or(is_of)
}

fn is_git_url(scheme: &str, rest: &str) -> bool {
    let location = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = location.split_at(location.find('/').unwrap_or(location.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let port =
        host.rsplit_once(']').map_or(host, |(_, after)| after).rsplit_once(':').map_or("", |(_, port)| port);
    let is_url = !host.contains(' ') && port.bytes().all(|b| b.is_ascii_digit()) && has_valid_escapes(path);
    match scheme {
        "ssh" | "git" => is_url,
        "http" | "https" => is_url && path.ends_with(".git"),
        _ => false,
    }
}

fn is_scp_style(text: &str) -> bool {
    let Some((host, path)) = text.split_once(':') else { return false };
    let Some((user, host)) = host.split_once('@') else { return false };
    let query = path.split('#').next().unwrap_or_default().split_once('?').map_or("", |(_, query)| query);
    is_word(user, "-_") && is_word(host, "-.") && !query.contains(';') && has_valid_escapes(query)
}

/// Whether it is one or more ASCII letters, digits and `more`.
fn is_word(text: &str, more: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
}

fn has_valid_escapes(text: &str) -> bool {
    let mut parts = text.split('%');
    parts.next();
    parts.all(|part| part.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
}

/// A context as buildx prints it: a local path cleaned, `cwd://` taken off.
#[must_use]
pub(crate) fn normalize_context(context: &str) -> String {
    match context.strip_prefix(HERE) {
        Some(path) => clean_path(path),
        None if is_remote(context) => context.to_owned(),
        None => clean_path(context),
    }
}

/// Makes contexts relative to the folder of the file that says them, as `BUILDX_BAKE_FILE_RELATIVE_PATHS` asks for.
///
/// `folder` gives the folder of the file that a place is in, and nothing for a file that has none (standard input, a
/// remote file). A target without `context` gets the folder of its file; one whose context is `target.NAME.context`
/// takes the folder that NAME's has. To be called on a definition before it is resolved.
pub(crate) fn rebase(definition: &mut Definition, folder: impl Fn(Span) -> Option<String>) {
    let of = |span: Option<Span>| span.and_then(&folder);
    let own = |target: &Target| match &target.context {
        Some(context) => of(context.span),
        None => of(target.span),
    };
    let borrowed: BTreeMap<Name, Option<String>> = definition
        .targets
        .values()
        .filter_map(|target| {
            let lender = definition.targets.get(target.context_of.as_ref()?)?;
            Some((Arc::clone(&target.name), own(lender)))
        })
        .collect();
    for target in definition.targets.values_mut() {
        let own = own(target);
        match &mut target.context {
            Some(context) => {
                let base = borrowed.get(&target.name).unwrap_or(&own);
                *context = context.derive(&join(base.as_deref(), context.as_str()));
            }
            None => {
                let text =
                    |folder: String| Text { span: target.span, ..Text::verbatim(&clean_path(&folder)) };
                target.default_context = own.map(text).into();
            }
        }
        for context in target.contexts.values_mut() {
            *context = context.derive(&join(of(context.span).as_deref(), context.as_str()));
        }
    }
}

/// A local, relative path joined to a folder; anything else as it is.
fn join(folder: Option<&str>, path: &str) -> String {
    let special = [HERE, LINK, "docker-image:", LAYOUT, "/"];
    match folder.filter(|folder| !folder.is_empty()) {
        Some(folder)
            if !path.is_empty() && !special.iter().any(|s| path.starts_with(s)) && !is_remote(path) =>
        {
            clean_path(&format!("{folder}/{path}"))
        }
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn contexts_are_cleaned_unless_remote() {
        let cases = [
            ("cwd://", "."),
            ("cwd://a/../b", "b"),
            ("https://example.com/a/../b", "https://example.com/a/../b"),
            ("git@github.com:foo//bar.git", "git@github.com:foo//bar.git"),
            ("git@github.com:foo//bar?x=%zz", "git@github.com:foo/bar?x=%zz"),
            ("ssh://git@host:22/a//b", "ssh://git@host:22/a//b"),
            ("git://host/a//b", "git://host/a//b"),
            ("git://host:x/a//b", "git:/host:x/a/b"),
            ("HTTP://host/a//b", "HTTP:/host/a/b"),
            ("HTTP://host/a//b.git#main", "HTTP://host/a//b.git#main"),
            ("github.com/foo//bar", "github.com/foo//bar"),
            ("./github.com/foo//bar", "github.com/foo/bar"),
            ("ftp://host/a//b", "ftp:/host/a/b"),
            ("docker-image://alpine", "docker-image:/alpine"),
        ];
        for (context, expected) in cases {
            assert_eq!(normalize_context(context), expected, "{context}");
        }
    }

    #[test]
    fn relative_contexts_follow_their_file() {
        let mut sources = Sources::default();
        let spans =
            ["one/a.hcl", "two/b.hcl"].map(|path| Span { source: sources.add(path, ""), start: 0, end: 0 });
        let at = |file: usize, text: &str| Text { span: Some(spans[file]), ..Text::verbatim(text) };
        let mut definition = Definition::default();
        let mut add = |name: &str, context: Option<Text>, context_of: Option<&str>| {
            let contexts = [("c".into(), at(1, "x")), ("t".into(), at(1, "target:a"))].into();
            let target = Target { span: Some(spans[0]), context, contexts, ..Target::new(name) };
            definition.add_target(Target { context_of: context_of.map(Name::from), ..target });
        };
        add("a", Some(at(1, "../ctx")), None);
        add("b", None, None);
        add("c", Some(at(0, "../ctx")), Some("a"));
        add("d", Some(at(0, "https://x/y")), None);
        add("e", Some(Text::verbatim("typed")), None);
        rebase(&mut definition, |span| {
            (sources.get(span.source).path.rsplit_once('/')).map(|(dir, _)| dir.to_owned())
        });
        let found: Vec<_> = definition
            .targets
            .values()
            .map(|target| target.context.as_ref().or(target.default_context.as_ref()).unwrap().to_string())
            .collect();
        assert_eq!(found, ["ctx", "one", "ctx", "https://x/y", "typed"]);
        let contexts: Vec<_> = definition.targets["a"].contexts.values().map(Text::as_str).collect();
        assert_eq!(contexts, ["two/x", "target:a"]);
    }
}
