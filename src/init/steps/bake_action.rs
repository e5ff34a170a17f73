//! Steps with docker/bake-action (<https://github.com/docker/bake-action#inputs>), and `docker buildx bake` in scripts.

use std::rc::Rc;

use super::build_push::{
    add_reference, add_repositories, attestations, described as text_of, flag, is_of_depot, of_default,
    of_output,
};
use super::carried;
use super::found::{BakeBuild, Build, Override, Publication, TagLine, TagsOf, TargetsAt};
use crate::init::values::guard::Guard;
use crate::init::values::inputs::Inputs;
use crate::init::values::moment::{Answers, MOMENTS};
use crate::init::values::scope::Scope;
use crate::init::values::text::{Line, Meta, Piece, Place, Template};
use crate::init::values::written::MetaFile;

/// What a run of Bake is made of.
pub(crate) struct BakeRun {
    /// Where it is.
    pub place: Place,
    /// The build.
    pub build: BakeBuild,
    /// What of it a plan has nothing for.
    pub untold: Vec<Line>,
    /// Overrides, of which some say more than the build.
    pub set: Vec<Line>,
    /// Whether it pushes, apart from what its targets say.
    pub push: Answers,
    /// The condition of that.
    pub guard: Option<Guard>,
}

/// All inputs of the action in its major versions: what is read, and what a plan needs nothing of, since it is about the runner
/// or, as `allow` is, what the rows of a plan say themselves.
const INPUTS: [&str; 16] = [
    "allow",
    "builder",
    "call",
    "files",
    "github-token",
    "load",
    "no-cache",
    "provenance",
    "pull",
    "push",
    "sbom",
    "set",
    "source",
    "targets",
    "vars",
    WORKDIR,
];

/// The folder that it runs in. The seventh major version has it no more: `source` says it there.
const WORKDIR: &str = "workdir";

/// Whether a version of the action ignores `workdir`.
fn is_without_workdir(uses: &str) -> bool {
    let version = uses.split_once("@v").map_or("", |(_, version)| version);
    let major = version.split('.').next().unwrap_or_default();
    uses.starts_with("docker/") && major.parse::<u32>().is_ok_and(|major| major > 6)
}

/// The attribute of which a candidate has all that is set.
pub(in crate::init) const PLATFORMS: &str = "platforms";

/// Reads a step, or a job with docker/github-builder, which has inputs of its own.
pub(crate) fn read(inputs: &Inputs<'_>, scope: &Scope, is_of_builder: bool) -> BakeRun {
    let workdir = inputs.text(WORKDIR, scope).filter(|_| !is_without_workdir(&inputs.uses));
    let mut build = BakeBuild {
        folder: workdir.and_then(|text| text.constant()).unwrap_or_default(),
        targets: inputs.items("targets", scope),
        targets_at: targets_at(inputs, scope),
        ..BakeBuild::default()
    };
    let source = inputs.text("source", scope).and_then(|text| of_default(text).constant());
    if build.folder.is_empty()
        && let Some(source) = source.filter(|source| !source.contains("://") && !source.contains('$'))
    {
        build.folder = source;
    }
    build.files = inputs.items("files", scope);
    let mut untold = Vec::new();
    let all = |attribute: &'static str, line: Line| Override {
        target: "*".to_owned(),
        attribute,
        member: None,
        is_more: false,
        line,
    };
    for name in ["no-cache", "pull"] {
        if flag(name, inputs, scope, &mut untold) {
            let line = Line { text: Template::from("true"), place: inputs.place_of(name) };
            build.overrides.push(all(name, line));
        }
    }
    let attestations = attestations(inputs, scope, &mut untold);
    build.overrides.extend(attestations.into_iter().map(|line| all("attest", line)));
    for Line { text, place: _ } in inputs.lines("vars", scope) {
        build.set.extend(text.split_once('=').and_then(|(name, value)| Some((name.constant()?, value))));
    }
    for name in inputs.names().filter(|name| inputs.has(name) && !is_of_depot(&inputs.uses, name)) {
        let is_ignored = name.eq_ignore_ascii_case(WORKDIR) && is_without_workdir(&inputs.uses);
        if (is_ignored || !INPUTS.iter().any(|known| known.eq_ignore_ascii_case(name))) && !is_of_builder {
            let text = inputs.text(name, scope).unwrap_or_default();
            untold.push(Line { text: text_of(name, &text), place: inputs.place_of(name) });
        }
    }
    BakeRun {
        place: inputs.place.clone(),
        build,
        untold,
        set: inputs.lines("set", scope),
        push: inputs.answers("push", scope),
        guard: inputs.guard("push", scope),
    }
}

/// The targets in each example of a run, if they are not the same in all and are known in some.
fn targets_at(inputs: &Inputs<'_>, scope: &Scope) -> Option<TargetsAt> {
    let raw = inputs.raw("targets").filter(|text| text.contains("${{"))?;
    if scope.template(raw).constant().is_some() {
        return None;
    }
    let at = |moment| {
        let text = scope.template_at(raw, Some(moment), 0).constant()?;
        let names = text.split([',', '\n', ' ']).map(str::trim).filter(|name| !name.is_empty());
        let names: Vec<String> = names.map(str::to_owned).collect();
        Some(if names.is_empty() { vec!["default".to_owned()] } else { names })
    };
    let names: Vec<_> = MOMENTS.into_iter().map(|moment| (moment, at(moment))).collect();
    let is_known = names.iter().any(|(_, names)| names.is_some());
    is_known.then(|| TargetsAt { written: raw.trim().to_owned(), place: inputs.place_of("targets"), names })
}

/// A line with what it is before it.
fn described(what: &str, line: &Line) -> Line {
    let mut text = Template::from(what);
    text.extend(line.text.clone());
    Line { text, place: line.place.clone() }
}

/// `TARGET.ATTRIBUTE` or `TARGET.ATTRIBUTE.MEMBER`, as far as a target has the attribute.
fn overriding(key: &str, line: Line) -> Option<Override> {
    const ATTRIBUTES: [&str; 13] = [
        "annotations",
        "args",
        "attest",
        "cache-from",
        "cache-to",
        "context",
        "contexts",
        "dockerfile",
        "entitlements",
        "labels",
        "secret",
        "ssh",
        "target",
    ];
    let mut parts = key.trim().trim_end_matches('+').splitn(3, '.');
    let (target, attribute) = (parts.next()?.to_owned(), parts.next()?);
    let attribute = if attribute == "secrets" { "secret" } else { attribute };
    let attribute = ATTRIBUTES.into_iter().find(|known| *known == attribute)?;
    let member = parts.next().map(str::to_owned);
    let is_map = matches!(attribute, "args" | "contexts" | "labels");
    // Bake adds to what a target has of a list, and has one value of all else.
    let is_more = key.trim().ends_with('+');
    (is_map == member.is_some()).then_some(Override { target, attribute, member, is_more, line })
}

/// What a run of Bake publishes in these runs.
pub(crate) fn publication(run: BakeRun, scope: &Scope, runs: Answers, job: &str) -> Publication {
    let BakeRun { place, mut build, untold, set, push, guard } = run;
    let mut found = Publication::new(place, job, runs);
    found.untold = untold;
    let (mut metas, mut labels): (Vec<Rc<Meta>>, Vec<Line>) = (Vec::new(), Vec::new());
    for line in &mut build.files {
        if let Some(MetaFile { path: _, meta, output }) = carried::named(&line.text, scope) {
            line.text = Template(vec![Piece::Meta(meta, output)]);
        }
    }
    build.files.retain(|line| {
        let meta = line.text.0.iter().find_map(|piece| match piece {
            Piece::Meta(meta, output) => Some((meta, output)),
            _ => None,
        });
        let Some((meta, output)) = meta else { return true };
        found.oci_labels |= output != "bake-file-tags";
        if output == "bake-file" || output == "bake-file-labels" {
            labels.extend(meta.labels.iter().map(|line| described("label ", line)));
        }
        if output == "bake-file" || output == "bake-file-annotations" {
            labels.extend(meta.annotations.iter().map(|line| described("annotation ", line)));
        }
        if output == "bake-file" || output == "bake-file-tags" {
            metas.push(Rc::clone(meta));
        }
        false
    });
    build.metas.clone_from(&metas);
    found.untold.extend(labels);
    for meta in metas {
        add_repositories(&mut found, &meta);
        found.tags.extend(meta.rules.iter().cloned().map(TagLine::Rule));
        found.flavor.extend(meta.flavor.iter().cloned());
    }
    let mut pushes = push;
    // The flags of a run come after all that `--set` says.
    let of_flags = std::mem::take(&mut build.overrides);
    let mut tags: Vec<TagsOf> = Vec::new();
    let is_by_digest = set.iter().any(|line| line.text.shown().contains("push-by-digest=true"));
    if is_by_digest {
        // What has no tag is called by its output, and an index of it gets the tags.
        found.without_tags();
    }
    for line in set {
        let Some((key, value)) = line.text.split_once('=') else { continue };
        let key = key.shown();
        let is_more = key.trim().ends_with('+');
        let target = || key.split('.').next().unwrap_or_default().trim().to_owned();
        let value_line = || Line { text: value.clone(), place: line.place.clone() };
        match key.trim().trim_end_matches('+').rsplit_once('.').map(|(_, name)| name) {
            Some("platform" | "platforms") => {
                let lines = value.split(',').into_iter().map(|text| Line { text, place: line.place.clone() });
                let of =
                    |line| Override { target: target(), attribute: PLATFORMS, member: None, is_more, line };
                build.overrides.extend(lines.map(of));
            }
            Some("tags") if is_by_digest && value.0.is_empty() => {}
            Some("tags") if is_by_digest => add_reference(&mut found, value_line(), true),
            Some("tags") => tags.push(TagsOf { target: target(), is_more, line: value_line() }),
            Some("output") => {
                let text = value.shown();
                if text.contains("push=true") || text.contains("type=registry") {
                    pushes = Answers::of(|_| Some(true));
                }
                if is_by_digest {
                    of_output(value_line(), &mut found);
                }
            }
            _ => match overriding(&key, value_line()) {
                Some(one) => build.overrides.push(one),
                None => found.untold.push(described("set: ", &line)),
            },
        }
    }
    build.overrides.extend(of_flags);
    // For all targets alike, they are the step's.
    if !tags.is_empty()
        && tags.iter().all(|one| one.target == "*" && !one.is_more && !one.line.text.0.is_empty())
    {
        build.metas.clear();
        found.without_tags();
        tags.drain(..).for_each(|one| add_reference(&mut found, one.line, false));
    }
    build.tags = tags;
    build.variables =
        scope.env.iter().map(|(name, written)| (name.clone(), scope.template(written))).collect();
    build.variables.extend(scope.set.iter().cloned());
    build.variables.append(&mut build.set);
    // Targets may say themselves that they are pushed.
    let says_nothing = pushes.0.iter().all(|answer| *answer == Some(false));
    found.runs = if says_nothing { found.runs.and(Answers::of(|_| None)) } else { found.runs.and(pushes) };
    build.pushes = !says_nothing;
    found.guards.extend(guard.filter(|_| build.pushes));
    found.build = Some(Build::Bake(Box::new(build)));
    found
}
