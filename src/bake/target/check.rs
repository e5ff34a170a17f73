//! What buildx checks of a resolved target before it builds or prints, as far as no file, socket or network is touched.
//!
//! Follows `toBuildOpt` of buildx's bake/bake.go and build/opt.go.

use std::collections::BTreeSet;

use super::context::normalize_context;
use super::definition::{Entry, Target};
use super::flags::parse_bool;
use super::text::Text;
use crate::bake::values::kept;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::platform;

/// Checks a target, and brings its context and outputs into the form that is printed.
pub(super) fn finish(target: &mut Target, diagnostics: &mut Diagnostics) {
    let mut checker = Checker { diagnostics };
    for (attribute, text) in [("context", &target.context), ("dockerfile", &target.dockerfile)] {
        if let Some(text) = text.as_ref().filter(|text| text.as_str() == "-") {
            checker.fail(format!("`{attribute}` cannot be standard input in a Bake file"), text);
        }
    }
    // Bake does it when it knows the kept variables, too.
    if let Some(context) = target.context.as_mut().filter(|text| kept::variable_in(&text.value).is_none()) {
        let normal = normalize_context(context.as_str());
        if normal != context.as_str() {
            *context = context.derive(&normal);
        }
    }
    if let Some(size) = &target.shm_size {
        checker.size("shm-size", size, size.as_str());
    }
    for text in target.platforms.iter().flatten() {
        if let Err(error) = platform::is_valid_for_bake(text.as_str()) {
            checker.fail(error.to_string(), text);
        }
    }
    for secret in &target.secret {
        if secret.id.is_empty() {
            checker.fail("a secret has no `id`".to_owned(), &Text { span: secret.span, ..secret.id.clone() });
        }
    }
    let mut agents = BTreeSet::new();
    for ssh in &target.ssh {
        let id = if ssh.id.is_empty() { "default" } else { ssh.id.as_str() };
        if !agents.insert(id) {
            checker.fail(format!("two `ssh` entries have the id `{id}`"), &ssh.id);
        }
    }
    checker.outputs(target.output.as_deref_mut().unwrap_or_default());
    for text in target.annotations.iter().filter(|text| kept::variable_in(&text.value).is_none()) {
        if let Err(problem) = check_annotation(text.as_str()) {
            checker.fail(problem, text);
        }
    }
    for text in target.ulimits.iter().filter(|text| kept::variable_in(&text.value).is_none()) {
        if let Err(problem) = check_ulimit(text.as_str()) {
            checker.fail(problem, text);
        }
    }
    if let Some(resources) = &target.resources {
        if let Some(size) = &resources.memory {
            checker.size("resources.memory", size, size.as_str().trim());
        }
        if let Some(size) = resources.memory_swap.as_ref().filter(|size| size.as_str().trim() != "-1") {
            checker.size("resources.memory-swap", size, size.as_str().trim());
        }
    }
}

struct Checker<'a> {
    diagnostics: &'a mut Diagnostics,
}

impl Checker<'_> {
    fn fail(&mut self, message: String, text: &Text) {
        self.diagnostics.report(Diagnostic::error("attribute-value", message).at(text.span, ""));
    }

    fn size(&mut self, attribute: &str, text: &Text, size: &str) {
        if kept::variable_in(&text.value).is_none() && !is_size(size) {
            let message = format!("`{attribute}` is {size:?}; expected a size such as `128m` or `1GiB`");
            self.fail(message, text);
        }
    }

    /// A tar without `dest` goes to standard output, which is printed.
    fn outputs(&mut self, outputs: &mut [Entry]) {
        let mut stdout_used = false;
        for output in outputs {
            let place = Text { span: output.span, ..Text::verbatim("") };
            let kind = output.kind().to_owned();
            let unpacked = output.get("tar").and_then(parse_bool) == Some(false);
            let (is_folder, is_file) = match kind.as_str() {
                "local" => (true, false),
                "tar" => (false, true),
                "oci" | "docker" => (unpacked, !unpacked),
                _ => (false, false),
            };
            match output.get("dest") {
                None if is_folder => self.fail(format!("an output of type `{kind}` needs a `dest`"), &place),
                Some("-") if is_folder => {
                    self.fail(format!("an output of type `{kind}` cannot go to standard output"), &place);
                }
                None if is_file && kind != "docker" => output.set("dest", "-"),
                _ => {}
            }
            if is_file && output.get("dest") == Some("-") {
                if stdout_used {
                    self.fail("two outputs go to standard output".to_owned(), &place);
                }
                stdout_used = true;
            }
        }
    }
}

/// `[type[platform],…:]key=value` (util/buildflags/export.go).
fn check_annotation(text: &str) -> Result<(), String> {
    let Some((left, _)) = text.split_once('=') else {
        return Err(format!("annotation {text:?} is not of the form key=value"));
    };
    let Some((types, _)) = left.split_once(':') else { return Ok(()) };
    for item in types.split(',') {
        let (kind, platform) = match item.split_once('[') {
            None => (item, None),
            Some((kind, rest)) => (kind, Some(rest.strip_suffix(']').unwrap_or_default())),
        };
        if !["index", "index-descriptor", "manifest", "manifest-descriptor"].contains(&kind) {
            return Err(format!(
                "unknown annotation type {item:?}; expected index, index-descriptor, manifest or manifest-descriptor, perhaps with a [platform]"
            ));
        }
        if let Some(platform) = platform {
            let plain = !platform.is_empty()
                && platform.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '-'));
            if !plain || platform.eq_ignore_ascii_case("local") {
                return Err(format!("annotation type {item:?} lacks a platform"));
            }
            platform::is_valid_for_bake(platform).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// Names that setrlimit knows (<https://github.com/docker/go-units/blob/master/ulimit.go>).
pub(crate) const ULIMITS: [&str; 15] = [
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

/// `type=soft[:hard]` (<https://pkg.go.dev/github.com/docker/go-units#ParseUlimit>).
fn check_ulimit(text: &str) -> Result<(), String> {
    let Some((kind, limits)) = text.split_once('=') else {
        return Err(format!("ulimit {text:?} is not of the form type=soft[:hard]"));
    };
    if !ULIMITS.contains(&kind) {
        return Err(format!("unknown ulimit type {kind:?}; expected one of {}", ULIMITS.join(", ")));
    }
    let limits = limits.split(':').map(str::parse).collect::<Result<Vec<i64>, _>>();
    match limits.as_deref() {
        Ok(&[_] | &[_, -1]) => Ok(()),
        Ok(&[soft, hard]) if soft != -1 && soft <= hard => Ok(()),
        Ok(&[_, _]) => Err(format!("ulimit {text:?} has a soft limit above its hard limit")),
        _ => Err(format!("ulimit {text:?} has no limits of the form soft[:hard]")),
    }
}

/// Whether Docker reads it as a size in bytes (`RAMInBytes`, <https://pkg.go.dev/github.com/docker/go-units>).
fn is_size(text: &str) -> bool {
    let Some(last) = text.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ') else { return false };
    let (number, unit) = text.split_at(last + 1);
    let number = number.strip_suffix(' ').unwrap_or(number);
    let unit = unit.to_ascii_lowercase();
    let unit_is_known = match unit.as_bytes() {
        [] | b"b" => true,
        [prefix, rest @ ..] => b"kmgtp".contains(prefix) && matches!(rest, b"" | b"b" | b"ib"),
    };
    unit_is_known && is_go_float(number)
}

/// Whether Go's `ParseFloat` reads it as a number that is not negative; hexadecimal is left out.
fn is_go_float(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
        && digits.parse::<f64>().is_ok_and(|size| size.is_finite() && size >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for good in ["128m", "1g", "0", "1.5GiB", "10 kb", "3B", "64K", "1e3", "2tib", "+1", "1 "] {
            assert!(is_size(good), "{good}");
        }
        for bad in ["", "m", "1x", "1kbb", "-1", "1 0m", "1kib1", "1bb", "1mi", " ", "..", "1  m"] {
            assert!(!is_size(bad), "{bad}");
        }
    }

    #[test]
    fn ulimits() {
        for good in ["nofile=1024", "nofile=1024:2048", "core=-1:-1", "core=5:-1", "core=-1"] {
            assert_eq!(check_ulimit(good), Ok(()), "{good}");
        }
        for bad in ["nofile", "x=1", "nofile=a", "nofile=2:1", "nofile=-1:5", "nofile=1:2:3", "nofile="] {
            assert!(check_ulimit(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn annotations() {
        for good in
            ["a=1", "index:a=1", "manifest[linux/amd64],index:a=1", "a.b/c=", "manifest-descriptor:a:b=c"]
        {
            assert_eq!(check_annotation(good), Ok(()), "{good}");
        }
        for bad in [
            "a",
            "thing:a=1",
            "manifest[]:a=1",
            "manifest[linux/amd64:a=1",
            "manifest[a b]:a=1",
            "manifest[nope]:a=1",
            ":a=1",
        ] {
            assert!(check_annotation(bad).is_err(), "{bad}");
        }
    }

    #[track_caller]
    fn problems(change: impl FnOnce(&mut Target)) -> Vec<String> {
        let mut target = Target::new("t");
        change(&mut target);
        let mut diagnostics = Diagnostics::default();
        finish(&mut target, &mut diagnostics);
        diagnostics.into_iter().map(|diagnostic| diagnostic.message).collect()
    }

    #[test]
    fn outputs_need_a_place_to_go() {
        let of = |entries: &[Entry]| {
            let mut target = Target { output: Some(entries.to_vec()), ..Target::new("t") };
            let mut diagnostics = Diagnostics::default();
            finish(&mut target, &mut diagnostics);
            let dests = target.output.unwrap_or_default();
            let dests: Vec<_> =
                dests.iter().map(|entry| entry.get("dest").unwrap_or("none").to_owned()).collect();
            (dests.join(","), diagnostics.len())
        };
        let entry = Entry::of_type;
        assert_eq!(of(&[entry("oci")]), ("-".into(), 0));
        assert_eq!(of(&[entry("tar"), entry("docker"), entry("image")]), ("-,none,none".into(), 0));
        assert_eq!(of(&[entry("tar"), entry("oci")]), ("-,-".into(), 1));
        assert_eq!(of(&[entry("local")]), ("none".into(), 1));
        assert_eq!(of(&[entry("oci").with("tar", "false")]), ("none".into(), 1));
        assert_eq!(of(&[entry("local").with("dest", "-")]), ("-".into(), 1));
    }

    #[test]
    fn everything_is_checked_at_once() {
        let found = problems(|target| {
            target.context = Some("-".into());
            target.dockerfile = Some("-".into());
            target.shm_size = Some("big".into());
            target.platforms = Some(vec!["linux/amd64,linux/arm64".into(), "what".into()]);
            target.ssh = ["", "default"]
                .map(|id| crate::bake::target::Ssh { id: id.into(), paths: vec![], span: None })
                .into();
        });
        assert_eq!(found.len(), 5, "{found:?}");
    }
}
