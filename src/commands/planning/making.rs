//! Makes a plan: reads the definition, gathers what is known of the run, resolves both, and decides which images are built.

use std::cell::{Cell, LazyCell};

use indexmap::IndexMap;

use super::choice;
use super::consent;
use super::facts;
use super::load::{self, Loaded};
use super::outside;
use crate::bake::module::{Module, strict};
use crate::bake::target::Definition;
use crate::bake::text::discovery::Found;
use crate::ci::MaxJobs;
use crate::cli::{self, Selection};
use crate::code::Code;
use crate::commands::session::Session;
use crate::diagnostic::{Diagnostic, Severity, sorted};
use crate::error::Error;
use crate::facts::Facts;
use crate::host::Host;
use crate::moment::Moment;
use crate::plan::{Plan, PlannedBase, Run, SourceFile};
use crate::platform::{Platform, PlatformError};
use crate::resolve::{self, Input, Purpose, Spared};

/// Makes the plan of a run, and says which files it is made from.
pub(in crate::commands) fn make(
    session: &mut Session<'_>,
    selection: &Selection,
) -> Result<(Plan, Vec<Found>), Error> {
    make_for(session, selection, Purpose::Run)
}

/// Makes the plan. Facts that are not given have no place in a committed file.
pub(in crate::commands) fn make_for(
    session: &mut Session<'_>,
    selection: &Selection,
    purpose: Purpose,
) -> Result<(Plan, Vec<Found>), Error> {
    Ok(make_with(session, selection, &Making::of(purpose))?.into_parts())
}

/// The selection with the limit of GitHub for jobs, unless another one is given.
///
/// # Errors
/// When that allows more.
pub(in crate::commands) fn for_github(selection: &Selection) -> Result<Selection, Error> {
    let max_jobs = selection.max_jobs.unwrap_or(MaxJobs::OF_GITHUB);
    if max_jobs > MaxJobs::OF_GITHUB {
        let message =
            format!("`--max-jobs {max_jobs}`: a matrix of GitHub has at most {} rows", MaxJobs::OF_GITHUB);
        return Err(Error::Usage(message));
    }
    Ok(Selection { max_jobs: Some(max_jobs), ..selection.clone() })
}

/// How a plan is made.
pub(in crate::commands) struct Making<'m> {
    /// The machine as seen from where the files are, if they are elsewhere. Then only errors are reported.
    pub(in crate::commands) elsewhere: Option<&'m Host>,
    /// What it is made for.
    pub(in crate::commands) purpose: Purpose,
    /// Which images are built.
    pub(in crate::commands) choice: Option<&'m cli::Choice>,
    /// The images that are not built, where that is known.
    pub(in crate::commands) spared: Option<&'m Spared>,
    /// What is known of bases, where that must not be asked.
    pub(in crate::commands) bases: Option<&'m IndexMap<String, PlannedBase>>,
    /// The moment in which the definition is evaluated, if that is an earlier one.
    pub(in crate::commands) moment: Option<&'m Moment>,
}

impl Making<'_> {
    /// From the files that are here, with all images.
    pub(in crate::commands) fn of(purpose: Purpose) -> Self {
        Self { elsewhere: None, purpose, choice: None, spared: None, bases: None, moment: None }
    }
}

/// A plan, and what it is made from.
pub(in crate::commands) struct Made {
    pub(in crate::commands) plan: Plan,
    pub(in crate::commands) files: Vec<Found>,
    /// What the files say.
    pub(in crate::commands) evaluated: (Module, Definition),
}

impl Made {
    /// Without what the files say, whose memory can be used again.
    pub(in crate::commands) fn into_parts(self) -> (Plan, Vec<Found>) {
        let Self { plan, files, evaluated } = self;
        drop(evaluated);
        (plan, files)
    }
}

/// The same, perhaps with the files that are elsewhere, and what is known of this run. Then only errors are reported.
pub(in crate::commands) fn make_at(
    session: &mut Session<'_>,
    elsewhere: Option<&Host>,
    selection: &Selection,
    purpose: Purpose,
) -> Result<(Plan, Vec<Found>), Error> {
    Ok(make_with(session, selection, &Making { elsewhere, ..Making::of(purpose) })?.into_parts())
}

/// The same, in this way.
pub(in crate::commands) fn make_with(
    session: &mut Session<'_>,
    selection: &Selection,
    making: &Making<'_>,
) -> Result<Made, Error> {
    let Making { elsewhere, purpose, choice, spared, bases, moment } = *making;
    let choice = choice.filter(|choice| choice.is_given());
    let there = |session: &mut Session<'_>, host: &Host, selection: &Selection| {
        make_at(session, Some(host), selection, Purpose::Run).map(|(plan, _)| plan)
    };
    let asked = choice.map(|choice| choice::ask(session, choice, selection, &there)).transpose()?;
    let definition = &selection.definition;
    let mut known = if purpose.is_committed() {
        facts::given(session, &selection.facts, definition)?.with_ref_parts().with_ref()
    } else {
        facts::known(session, &selection.facts, definition)?
    };
    let loaded = match elsewhere {
        None => load::load_again(session, definition, moment.cloned().unwrap_or_default())?,
        Some(host) => session.within(host, |there| load::load_elsewhere(there, definition))?,
    };
    if let Some(path) = &loaded.generated {
        let message =
            format!("`{path}` was generated by bakeplan: it is a product and cannot be the source of a plan");
        return Err(Diagnostic::error(Code::GENERATED_SOURCE, message)
            .with_help("name the file that it was made from; its first line says which")
            .into());
    }
    let platforms = selection
        .platforms
        .iter()
        .map(|text| platform(text).map_err(|problem| Error::Usage(wrong_platform(text, &problem))))
        .collect::<Result<Vec<_>, _>>()?;
    let known_versions = facts::known_versions(session, &selection.facts, &mut known)?;
    // Starting programs takes longer than all the rest, and most plans use no facts.
    let is_git_asked = Cell::new(false);
    let facts = LazyCell::new(|| {
        is_git_asked.set(true);
        if purpose.is_committed() { known.clone() } else { facts::complete(session, known.clone()) }
    });
    let mut findings = strict::unknown_names(&loaded.module);
    findings.extend(strict::null_references(&loaded.null));
    if definition.strict {
        findings.extend(strict::dead_overrides(&definition.overrides));
    } else {
        findings.iter_mut().for_each(|finding| finding.severity = Severity::Warning);
    }
    findings.extend(unbuilt(&loaded, &definition.targets));
    let nothing = Spared::default();
    let spared = spared.unwrap_or(&nothing);
    let input = Input {
        module: &loaded.module,
        definition: &loaded.definition,
        overrides: &loaded.overrides,
        names: &definition.targets,
        platforms: &platforms,
        publish: selection.publish,
        max_jobs: selection.max_jobs,
        default_provenance: selection.default_provenance,
        purpose,
        given: &known,
        facts: &facts,
        known_versions: &known_versions,
        kept: &loaded.kept,
        // What builds read is of all of them.
        spared: if asked.is_some() { &nothing } else { spared },
        texts: &session.sources,
        sources: loaded.sources.iter().map(|id| SourceFile::of(session.sources.get(*id))).collect(),
    };
    let drawn = loaded.present.drawn();
    let mut resolved = |input: &Input<'_>| {
        loaded.present.draw_again_from(drawn);
        resolve::resolve(input).map_err(|mut found| {
            found.append(&mut findings);
            sorted(found)
        })
    };
    let mut plan = resolved(&input)?;
    // What is looked at to choose images is no part of what the plan is made of.
    let run = match (is_git_asked.get(), purpose.is_committed()) {
        (_, true) => Run::default(),
        (true, false) => facts::run(session, &facts),
        (false, false) => facts::run(session, &known),
    };
    if let Some(asked) = &asked {
        plan.run = run.clone();
        plan.moment = loaded.present.moment();
        let of_default = || of_default_branch(&input, &facts);
        let chosen = choice::choose(session, asked, &mut plan, bases, of_default)?;
        let spared = if spared.is_empty() { &chosen.spared } else { spared };
        if !spared.is_empty() {
            plan = resolved(&Input { spared, ..input.clone() })?;
        }
        chosen.record(&mut plan);
    }
    plan.run = run;
    plan.moment = Moment { attempt: loaded.attempt, ..loaded.present.moment() };
    if definition.strict {
        // Tags are compared when the plan is made, and the legs of a target have a cache each.
        findings.extend(strict::strings(plan.built()));
        findings.extend(strict::caches(plan.legs.values().map(|leg| &*leg.definition)));
        if !findings.is_empty() {
            return Err(sorted(findings).into());
        }
    }
    let mut refused = Vec::new();
    if elsewhere.is_none() {
        match outside::leading_out(session, &mut plan) {
            Ok(warnings) => findings.extend(warnings),
            Err(errors) => refused = errors,
        }
    }
    refused.extend(consent::of(session, selection)?.check(&plan, |one| consent::asked(session, one)));
    refused.extend(outside::refused(session, definition, &plan)?);
    if !refused.is_empty() {
        return Err(refused.into());
    }
    findings.extend(loaded.module.public_secrets());
    findings.extend(plan.warnings.iter().cloned());
    if elsewhere.is_none() {
        session.tell(&sorted(findings));
    }
    let Loaded { module, definition, files, .. } = loaded;
    Ok(Made { plan, files, evaluated: (module, definition) })
}

/// The plan of the same commit in a run of the default branch, which may have published what this run is to give tags to.
fn of_default_branch(input: &Input<'_>, facts: &Facts) -> Option<Plan> {
    let branch = facts.default_branch.clone()?;
    let git_ref = format!("refs/heads/{branch}");
    if facts.git_ref.as_ref() == Some(&git_ref) {
        return None;
    }
    let there = Facts {
        event: Some("push".to_owned()),
        git_ref: Some(git_ref),
        branch: Some(branch),
        tag: None,
        pull_request: None,
        head_branch: None,
        base_branch: None,
        ..facts.clone()
    };
    resolve::resolve(&Input { given: &there, facts: &&there, ..input.clone() }).ok()
}

/// A note about the services that have no `build`, if they are asked for or all that there is: nothing is built of them.
fn unbuilt(loaded: &Loaded, asked: &[String]) -> Option<Diagnostic> {
    let is_all = asked.is_empty() && loaded.definition.targets.is_empty();
    let is_meant = |name: &str| is_all || asked.iter().any(|asked| asked == name);
    let meant: Vec<_> = loaded.definition.unbuilt.iter().filter(|(name, _)| is_meant(name)).collect();
    let (_, span) = meant.first()?;
    let names: Vec<String> = meant.iter().map(|(name, _)| format!("`{name}`")).collect();
    let message = match names.as_slice() {
        [one] => format!("service {one} has no `build`, so Bake does not build it"),
        all => format!("services {} have no `build`, so Bake does not build them", all.join(", ")),
    };
    Some(
        Diagnostic::note(Code::NO_BUILD, message)
            .at(Some(*span), "")
            .with_help("add one, such as `build: .`"),
    )
}

/// A platform that something can build.
fn platform(text: &str) -> Result<Platform, String> {
    let platform: Platform = text.parse().map_err(|error: PlatformError| error.to_string())?;
    match platform.unknown_part() {
        None => Ok(platform),
        Some((part, Some(near))) => Err(format!("`{part}` is unknown to containerd; did you mean `{near}`?")),
        Some((part, None)) => {
            Err(format!("`{part}` is unknown to containerd; expected a platform such as `linux/amd64`"))
        }
    }
}

/// What is wrong with a value of `--platform`, which names one.
fn wrong_platform(text: &str, problem: &str) -> String {
    if !text.contains(',') {
        return format!("`--platform {text}`: {problem}");
    }
    let each: Vec<String> = text.split(',').map(|one| format!("--platform {}", one.trim())).collect();
    format!("`--platform {text}` names several platforms; repeat the option: `{}`", each.join(" "))
}
