//! Checks what buildx checks of a resolved target before it builds or prints, as far as no file, socket or network is touched.
//!
//! Follows `toBuildOpt` of buildx's bake/bake.go and build/opt.go.

use std::collections::BTreeSet;

use super::annotation::Annotation;
use super::attributes::{AttributeKind, LimitKind, TargetAttribute, TextForm, each_attribute, each_limit};
use super::context::normalize_context;
use super::definition::{Entry, Resources, Secret, Ssh, Target};
use super::flags::parse_bool;
use super::text::Text;
use crate::bake::values::kept;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::platform::{self, Platform};
use crate::readable;

/// Reports every attribute that buildx would refuse to build with.
pub(super) fn check(target: &Target, diagnostics: &mut Diagnostics) {
    let mut checker = Checker { diagnostics };
    each_attribute(
        #[inline(always)]
        |attribute| match &attribute.kind {
            AttributeKind::Text(at) | AttributeKind::Description(at) | AttributeKind::Context(at) => {
                checker.texts(attribute, (at.get)(target));
            }
            AttributeKind::List(at) => checker.texts(attribute, (at.get)(target).iter().flatten()),
            AttributeKind::Texts(at) | AttributeKind::Inherits(at) | AttributeKind::Annotations(at) => {
                checker.texts(attribute, (at.get)(target));
            }
            AttributeKind::Map(at) | AttributeKind::Args(at) | AttributeKind::Contexts(at) => {
                checker.texts(attribute, (at.get)(target).values());
            }
            AttributeKind::Secrets(at) => checker.secrets((at.get)(target)),
            AttributeKind::Ssh(at) => checker.agents((at.get)(target)),
            AttributeKind::Outputs(at) => checker.outputs((at.get)(target).as_deref().unwrap_or_default()),
            AttributeKind::Limits(at) => checker.limits(attribute, (at.get)(target).as_deref()),
            AttributeKind::Attestations(_)
            | AttributeKind::CachesFrom(_)
            | AttributeKind::CachesTo(_)
            | AttributeKind::Flag(_)
            | AttributeKind::Policies(_) => {}
        },
    );
}

/// Brings the context and the outputs of a checked target into the form that is printed.
pub(super) fn normalize(target: &mut Target) {
    // Bake does it when it knows the kept variables, too.
    if let Some(context) = target.context.as_mut().filter(|text| kept::variable_in(&text.value).is_none()) {
        let normal = normalize_context(context.as_str());
        if normal != context.as_str() {
            *context = context.derive(&normal);
        }
    }
    for output in target.output.iter_mut().flatten() {
        let destination = Destination::of(output);
        if destination == Destination::Stdout && output.get("dest").is_none() {
            output.set("dest", "-");
        }
    }
}

/// Where an output goes.
#[derive(PartialEq, Eq)]
enum Destination {
    /// To a folder.
    Folder,
    /// To standard output: an archive that names no file, or `-`.
    Stdout,
    /// To a file, or to what its type says.
    Elsewhere,
}

impl Destination {
    fn of(output: &Entry) -> Self {
        let is_unpacked = output.get("tar").and_then(parse_bool) == Some(false);
        match (output.kind(), output.get("dest")) {
            ("local", _) => Self::Folder,
            ("oci" | "docker", _) if is_unpacked => Self::Folder,
            ("tar" | "oci" | "docker", Some("-")) | ("tar" | "oci", None) => Self::Stdout,
            _ => Self::Elsewhere,
        }
    }
}

struct Checker<'a> {
    diagnostics: &'a mut Diagnostics,
}

impl Checker<'_> {
    fn fail(&mut self, message: String, text: &Text) {
        self.fail_with(message, None, text);
    }

    fn fail_with(&mut self, message: String, help: Option<String>, text: &Text) {
        // A part of a secret that is quoted is too short to be found again in what is printed.
        let (message, help) = match text.value.marks().secret() {
            Some(name) => {
                (format!("this is made of the secret `{name}`, and what is wrong with it is not shown"), None)
            }
            None => (message, help),
        };
        let error = Diagnostic::error(Code::ATTRIBUTE_VALUE, message).at(text.span, "");
        self.diagnostics.report(help.into_iter().fold(error, Diagnostic::with_help));
    }

    fn texts<'t>(&mut self, attribute: &TargetAttribute, texts: impl IntoIterator<Item = &'t Text>) {
        if attribute.form != TextForm::Any {
            texts.into_iter().for_each(|text| self.text(attribute.name, attribute.form, text));
        }
    }

    fn limits(&mut self, attribute: &TargetAttribute, limits: Option<&Resources>) {
        let Some(limits) = limits else { return };
        each_limit(
            #[inline(always)]
            |limit| {
                let place = || format!("{}.{}", attribute.name, limit.name);
                match &limit.kind {
                    _ if limit.form == TextForm::Any => {}
                    LimitKind::Text(at) => {
                        let text = (at.get)(limits).iter();
                        text.for_each(|text| self.text(&place(), limit.form, text));
                    }
                    LimitKind::Whole(at) => {
                        let whole = (at.get)(limits).iter();
                        whole.for_each(|whole| self.text(&place(), limit.form, &whole.text));
                    }
                }
            },
        );
    }

    /// Checks the form of one string. What a kept variable is in, Bake checks when it builds; but of an annotation, the
    /// value may be anything.
    fn text(&mut self, attribute: &str, form: TextForm, text: &Text) {
        let written = text.as_str();
        let checked = match form {
            TextForm::Annotation => written.split_once('=').map_or(written, |(name, _)| name),
            _ => written,
        };
        if checked.contains(kept::OPEN) {
            return;
        }
        let size = |size: &str| {
            let problem = || format!("`{attribute}` is {size:?}; expected a size such as `128m` or `1GiB`");
            is_size(size).then_some(()).ok_or_else(problem)
        };
        let result = match form {
            TextForm::Any => Ok(()),
            TextForm::Place if written == "-" => {
                Err(format!("`{attribute}` cannot be standard input in a Bake file"))
            }
            TextForm::Place => Ok(()),
            TextForm::Size => size(written),
            TextForm::Swap if written.trim() == "-1" => Ok(()),
            TextForm::Memory | TextForm::Swap => size(written.trim()),
            TextForm::Platform => platform::is_valid_for_bake(written).map_err(|error| error.to_string()),
            TextForm::Annotation => Annotation::parse(written).map(|_| ()),
            TextForm::Ulimit => check_ulimit(written),
        };
        if let Err(problem) = result {
            let help = if form == TextForm::Platform { own_platforms(written) } else { None };
            self.fail_with(problem, help, text);
        }
    }

    fn secrets(&mut self, secrets: &[Secret]) {
        for Secret { id, src: _, env: _, span } in secrets {
            if id.is_empty() {
                self.fail("a secret has no `id`".to_owned(), &Text { span: *span, ..id.clone() });
            }
        }
    }

    fn agents(&mut self, agents: &[Ssh]) {
        let mut seen = BTreeSet::new();
        for Ssh { id, paths: _, span: _ } in agents {
            let name = if id.is_empty() { "default" } else { id.as_str() };
            if !seen.insert(name) {
                self.fail(format!("two `ssh` entries have the id `{name}`"), id);
            }
        }
    }

    /// A tar without `dest` goes to standard output, which is printed.
    fn outputs(&mut self, outputs: &[Entry]) {
        let mut stdout_used = false;
        for output in outputs {
            let place = Text { span: output.span, ..Text::verbatim("") };
            let kind = output.kind();
            match (Destination::of(output), output.get("dest")) {
                (Destination::Folder, None) => {
                    self.fail(format!("an output of type `{kind}` needs a `dest`"), &place);
                }
                (Destination::Folder, Some("-")) => {
                    self.fail(format!("an output of type `{kind}` cannot go to standard output"), &place);
                }
                (Destination::Stdout, _) if stdout_used => {
                    self.fail("two outputs go to standard output".to_owned(), &place);
                }
                (Destination::Stdout, _) => stdout_used = true,
                (Destination::Folder | Destination::Elsewhere, _) => {}
            }
        }
    }
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

/// How platforms are written that stand in one string, or with white space around them.
fn own_platforms(written: &str) -> Option<String> {
    let is_between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|');
    let parts: Vec<&str> = written.split(is_between).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => None,
        [one] if *one == written => None,
        [one] => Some(format!("leave out what stands around it: `\"{one}\"`")),
        several if !written.contains(',') && several.iter().any(|one| one.parse::<Platform>().is_err()) => {
            None
        }
        several => {
            let apart = readable::apart(&several.join(","));
            Some(format!("each platform is a string of its own: `{apart}`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::values::{Mark, MarkedStr, Marks};

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

    #[track_caller]
    fn problems(change: impl FnOnce(&mut Target)) -> Vec<String> {
        let mut target = Target::new("t");
        change(&mut target);
        let mut diagnostics = Diagnostics::default();
        check(&target, &mut diagnostics);
        diagnostics.into_iter().map(|diagnostic| diagnostic.message).collect()
    }

    #[test]
    fn outputs_need_a_place_to_go() {
        let of = |entries: &[Entry]| {
            let mut target = Target { output: Some(entries.to_vec()), ..Target::new("t") };
            let mut diagnostics = Diagnostics::default();
            check(&target, &mut diagnostics);
            normalize(&mut target);
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
    fn sizes_stand_between_spaces_in_resources_only() {
        let with = |memory: &str, swap: &str| {
            let (memory, memory_swap) = (Some(memory.into()), Some(swap.into()));
            let resources = Resources { memory, memory_swap, ..Resources::default() };
            problems(|target| target.resources = Some(Box::new(resources)))
        };
        assert_eq!(with(" 1g ", " -1 "), Vec::<String>::new());
        let expected = "`resources.memory` is \"-1\"; expected a size such as `128m` or `1GiB`";
        assert_eq!(with("-1", "1g"), [expected]);
        assert_eq!(problems(|target| target.shm_size = Some(" 1g".into()).into()).len(), 1);
    }

    #[test]
    fn of_an_annotation_only_the_value_may_wait_for_the_build() {
        let kept = |text: &str| {
            let value = MarkedStr::normalized(text.replace('<', "\u{fdd0}").replace('>', "\u{fdd1}"));
            let value = value.marked(&Marks::of(Mark::Kept("A".into())));
            problems(|target| target.annotations = vec![Text { value, span: None }].into()).len()
        };
        for (annotation, expected) in [
            ("a=<A>", 0),
            ("manifest:a=<A>", 0),
            ("thing:a=<A>", 1),
            ("manifest[nope]:a=<A>", 1),
            ("<A>:a=1", 0),
        ] {
            assert_eq!(kept(annotation), expected, "{annotation}");
        }
    }

    #[test]
    fn everything_is_checked_at_once() {
        let found = problems(|target| {
            target.context = Some("-".into());
            target.dockerfile = Some("-".into());
            target.shm_size = Some("big".into()).into();
            target.platforms = Some(vec!["linux/amd64,linux/arm64".into(), "what".into()]);
            target.annotations = vec!["what".into()].into();
            target.ulimits = vec!["what=1".into()].into();
            target.resources = Some(Box::new(Resources {
                memory: Some("big".into()),
                memory_swap: Some("-2".into()),
                ..Resources::default()
            }));
            let keys = ["", "default"].map(|id| Ssh { id: id.into(), paths: vec![], span: None });
            target.ssh = keys.into_iter().collect();
        });
        assert_eq!(found.len(), 9, "{found:?}");
    }
}
