//! `bakeplan verify`: asks the registries, and tells what they do not serve as they should.

use std::path::Path;
use std::sync::Arc;

use super::keep_set;
use super::merge::{read_metadata, read_result};
use super::session::network;
use super::session::talk::Talk;
use super::session::{Session, github};
use crate::cli::{self, ReportFormat};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::published::planned::Planned;
use crate::published::target::Target;
use crate::registry::SystemClock;
use crate::verify::explain::{self, Case, LocalList};
use crate::verify::report::Report;
use crate::verify::{self, Depth, Request};

pub(super) fn verify(session: &Session<'_>, args: &cli::Verify) -> Result<(), Error> {
    let cli::Verify {
        references,
        plan,
        metadata,
        result,
        explain,
        keep_set,
        allow_gaps,
        content: _,
        format: _,
        github: _,
        network,
    } = args;
    let of_plan = [("--metadata", !metadata.is_empty()), ("--result", result.is_some())];
    if let Some((option, _)) = of_plan.iter().find(|(_, is_given)| *is_given && plan.is_none()) {
        let message = format!(
            "`{option}` needs `--plan FILE`, which says which tags are meant, in place of references"
        );
        return Err(Error::Usage(message));
    }
    if *keep_set {
        return keep_set::print(session, references, plan.as_deref(), *allow_gaps, network);
    }
    let Some(path) = plan else {
        if let Some(path) = references.iter().find(|one| one.ends_with(".json") && session.host.is_file(one))
        {
            let message =
                format!("`{path}` is a file, and not in a registry: a plan is given with `--plan {path}`");
            return Err(Error::Usage(message));
        }
        let (targets, digests) = explain::sort(references).map_err(Error::Usage)?;
        if *explain {
            let mut sources = targets.into_iter();
            let Some(subject) = sources.next() else {
                return Err(Error::Usage("`--explain` needs the reference that does not work".into()));
            };
            let local = local_list(session, &subject)?;
            let case = Case { subject, sources: sources.collect(), digests, local };
            return run(session, args, Request::Explain(&case));
        }
        if let Some(digest) = digests.first() {
            let message = format!(
                "`{digest}` has no repository: expected a reference such as `ghcr.io/acme/app@{digest}`"
            );
            return Err(Error::Usage(message));
        }
        return run(session, args, Request::References(&targets));
    };
    let planned = Planned::read(path, &session.host.read_product(path)?)?;
    if let Some(path) = result {
        let result = read_result(session, &planned, path)?;
        return run(session, args, Request::Merged(&planned, &result));
    }
    if metadata.is_empty() {
        return run(session, args, Request::Plan(&planned, None));
    }
    let metadata = read_metadata(session, &planned, metadata)?;
    session.tell(&metadata.notes);
    run(session, args, Request::Plan(&planned, Some(&metadata)))
}

fn run(session: &Session<'_>, args: &cli::Verify, request: Request<'_>) -> Result<(), Error> {
    let clock = Arc::new(SystemClock::default());
    let talk = Arc::new(Talk::new(session));
    let sites = network::open(session, &args.network, None, request.locations(), clock, talk.clone())?;
    let depth = if args.content { Depth::Content } else { Depth::Presence };
    let report = verify::verify(request, depth, &sites, talk.as_ref());
    talk.end();
    tell(session, args, report)
}

fn tell(session: &Session<'_>, args: &cli::Verify, report: Report) -> Result<(), Error> {
    if args.github {
        github(session, &format!("ok={}\n", report.ok), &report.to_markdown())?;
    }
    match args.format {
        ReportFormat::Table => session.show(&report.to_table())?,
        ReportFormat::Json => session.deliver_json(&report.to_json())?,
    }
    if args.plan.is_some() && report.references.is_empty() && report.failures.is_empty() {
        let message = "the plan publishes nothing, so there is nothing to verify";
        session.tell(&[Diagnostic::note(Code::NO_IMAGES, message)]);
    }
    // In JSON, the findings are part of the product.
    let is_told = args.format == ReportFormat::Table || args.github;
    let findings = if is_told { report.diagnostics() } else { Vec::new() };
    if !report.failures.is_empty() {
        session.tell(&findings);
        return Err(report.failures.into());
    }
    if report.disagrees() {
        return Err(Error::Disagrees(findings));
    }
    session.tell(&findings);
    Ok(())
}

/// The list of a reference that `docker manifest create` left on this machine.
fn local_list(session: &Session<'_>, target: &Target) -> Result<Option<LocalList>, Error> {
    let host = session.host;
    let Some(folder) = LocalList::folder(target) else { return Ok(None) };
    let configured = host.env().get("DOCKER_CONFIG").filter(|path| !path.is_empty());
    let docker =
        configured.map(|path| Path::new(path).to_owned()).or_else(|| Some(host.home()?.join(".docker")));
    let Some(path) = docker.map(|docker| docker.join("manifests").join(folder)) else { return Ok(None) };
    if !host.has_content(&path) {
        return Ok(None);
    }
    let mut list = LocalList { path: path.display().to_string(), ..LocalList::default() };
    for file in host.files_below(&list.path.clone())? {
        list.add(&host.read(&file)?);
    }
    Ok(Some(list))
}
