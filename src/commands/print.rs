//! `bakeplan print`: the resolved definition, as `docker buildx bake --print` shows it.

use super::list;
use super::planning::load;
use super::session::Session;
use crate::bake::module::strict;
use crate::bake::target::select::{self, Options};
use crate::bake::target::{print, rewritten};
use crate::cli::{self, Lint, Print};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Severity, sorted};
use crate::error::Error;

pub(super) fn print(session: &mut Session<'_>, args: &Print) -> Result<(), Error> {
    let Print { listing, lint: Lint(lint), definition } = args;
    let list = listing.wanted();
    if list.is_some() {
        let other = definition.ignored.print.then_some("--print");
        let other = other.or_else(|| (!definition.kept.is_empty()).then_some("--keep-variable"));
        if let Some(other) = other {
            return Err(Error::Usage(format!("`--list` cannot be used with `{other}`")));
        }
    }
    let mut arguments = definition.clone();
    if *lint {
        arguments.call = Some("check".into());
    }
    if list.is_some() {
        let unused = unlisted(definition, *lint);
        if !unused.is_empty() {
            let message = format!("nothing that is listed depends on {}", unused.join(", "));
            session.tell(&[Diagnostic::warning(Code::UNUSED_OPTION, message)
                .with_help("buildx ignores them beside `--list`, too; leave them out")]);
        }
        // buildx does not look at them then, not even at their form.
        arguments.overrides.clear();
    }
    let loaded = load::load_as_bake(session, &arguments)?;
    if let Some(wanted) = list {
        if arguments.strict {
            let mut found = strict::unknown_names(&loaded.module);
            found.extend(strict::null_references(&loaded.null));
            if !found.is_empty() {
                return Err(sorted(found).into());
            }
        }
        return session.deliver_as_bake(&list::list(&loaded, wanted)?);
    }
    let load::Loaded { module, definition, overrides, kept, null, .. } = loaded;
    let mut findings = strict::unknown_names(&module);
    findings.extend(strict::null_references(&null));
    // Its memory is used again for what is resolved.
    drop(module);
    let names = match arguments.targets.as_slice() {
        [] => vec!["default".to_owned()],
        names => names.to_vec(),
    };
    let options = Options { source_date_epoch: session.host.env().get("SOURCE_DATE_EPOCH").cloned() };
    let resolved = select::resolve(&definition, &names, &overrides, &options)?;
    let targets = || resolved.targets.values().map(|target| &**target);
    session.tell(&rewritten::in_targets(targets()));
    if arguments.strict {
        let mut found = findings;
        found.extend(strict::dead_overrides(&arguments.overrides));
        let built = || targets().filter(|target| !target.linked);
        found.extend(strict::strings(targets()));
        found.extend(strict::tags(built()));
        found.extend(strict::caches(built()));
        found.extend(strict::refused_values(targets()));
        if !found.is_empty() {
            return Err(sorted(found).into());
        }
    } else {
        findings.iter_mut().for_each(|finding| finding.severity = Severity::Warning);
        session.tell(&findings);
    }
    session.deliver_json_as_bake(&print::to_json(&resolved, &kept))?;
    // The process ends here: taking the trees of a large file apart first would take a tenth of the run.
    std::mem::forget((definition, resolved));
    Ok(())
}

/// The options given that a list does not depend on.
fn unlisted(definition: &cli::Definition, lint: bool) -> Vec<&'static str> {
    let cli::Definition {
        targets,
        overrides,
        push,
        load,
        no_cache,
        pull,
        provenance,
        sbom,
        policies,
        call,
        // They decide what is read, or are refused.
        files: _,
        images: _,
        variables: _,
        kept: _,
        strict: _,
        allow: _,
        confine: _,
        ignored: _,
    } = definition;
    let options = [
        (!targets.is_empty(), "the names of targets"),
        (!overrides.is_empty(), "`--set`"),
        (push.unwrap_or_default(), "`--push`"),
        (*load, "`--load`"),
        (no_cache.is_some(), "`--no-cache`"),
        (pull.is_some(), "`--pull`"),
        (provenance.is_some(), "`--provenance`"),
        (sbom.is_some(), "`--sbom`"),
        (!policies.is_empty(), "`--policy`"),
        (call.is_some(), "`--call`"),
        (lint, "`--check`"),
    ];
    options.into_iter().filter(|(is_given, _)| *is_given).map(|(_, option)| option).collect()
}
