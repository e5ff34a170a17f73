//! `bakeplan merge`: reads the plan and the metadata, and hands them to the merge.

use std::sync::Arc;

use super::session::network;
use super::session::talk::Talk;
use super::session::{Session, github};
use super::source;
use crate::ci::Settle;
use crate::cli::{self, Engine, ReportFormat};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, listed};
use crate::error::Error;
use crate::host::{HostError, Problem};
use crate::merge::report::Report;
use crate::merge::{self, IfMissing, MergeTools, Options};
use crate::published::identity;
use crate::published::metadata::Metadata;
use crate::published::planned::Planned;
use crate::published::result::MergeResult;
use crate::reference::{Digest, ReferenceError};
use crate::registry::SystemClock;

/// Standard input among the metadata.
const STDIN: &str = "-";

pub(super) fn merge(session: &mut Session<'_>, args: &cli::Merge) -> Result<(), Error> {
    let cli::Merge {
        plan,
        metadata,
        result,
        repositories,
        from_source,
        planned_with,
        dry_run,
        no_tags,
        require_all,
        if_missing,
        allow_backward,
        trust_known_versions,
        allow_retag,
        keep_existing,
        allow_mixed_bases,
        engine,
        wait,
        settle,
        format,
        github,
        network,
    } = args;
    if *no_tags && *engine == Engine::Docker {
        let message = "`--no-tags` needs `--engine native`: `imagetools` writes no index without a tag";
        return Err(Error::Usage(message.into()));
    }
    let text = session.host.read_product(plan)?;
    let mut planned = Planned::read(plan, &text)?;
    if *from_source {
        let is_taken = metadata.iter().any(|path| path == STDIN);
        planned = source::plan_again(session, plan, &text, planned_with, is_taken)?;
    }
    merge::allowed::check(&planned, repositories)?;
    let built = match result {
        Some(path) => Built::Indexed(read_result(session, &planned, path)?),
        None => Built::Pushed(read_metadata(session, &planned, metadata)?),
    };
    let options = Options {
        dry_run: *dry_run,
        no_tags: *no_tags,
        allow_other_version: false,
        restores: false,
        if_missing: match if_missing {
            _ if *require_all => IfMissing::RequireAll,
            Some(cli::IfMissing::Hold) => IfMissing::Hold,
            Some(cli::IfMissing::Fail) => IfMissing::Fail,
            None => IfMissing::AsPlanned,
        },
        allow_backward: *allow_backward,
        trust_known_versions: *trust_known_versions,
        allow_retag: *allow_retag,
        keep_existing: *keep_existing,
        allow_mixed_bases: *allow_mixed_bases,
        use_docker: *engine == Engine::Docker,
        wait: wait.unwrap_or_default(),
        settle: settle.map(Settle::duration).unwrap_or_default(),
    };
    let clock = Arc::new(SystemClock::default());
    let talk = Arc::new(Talk::new(session));
    let locations = planned.locations();
    let sites = network::open(session, network, *wait, locations, clock.clone(), talk.clone())?;
    let tools = MergeTools {
        sites: &sites,
        clock: clock.as_ref(),
        progress: talk.as_ref(),
        patience: merge::patience(*wait),
        docker: &|words| session.host.docker(words),
    };
    let report = match &built {
        Built::Pushed(metadata) => merge::merge(&planned, metadata, options, &tools),
        Built::Indexed(result) => merge::tag(&planned, result, options, &tools),
    };
    talk.end();
    tell(session, *format, *github, report)
}

/// What there is to be merged.
enum Built {
    /// What builds pushed.
    Pushed(Metadata),
    /// The indexes that an earlier merge made of it.
    Indexed(MergeResult),
}

/// Reads the result of a merge of this plan.
pub(super) fn read_result(
    session: &Session<'_>,
    planned: &Planned,
    path: &str,
) -> Result<MergeResult, Error> {
    Ok(MergeResult::read(path, &session.host.read_product(path)?, planned)?)
}

/// Says what was done, and how it ended.
pub(super) fn tell(
    session: &Session<'_>,
    format: ReportFormat,
    is_github: bool,
    report: Report,
) -> Result<(), Error> {
    session.tell(&report.notes);
    if is_github {
        let output = format!("result={}\n", report.to_output());
        github(session, &output, &report.to_markdown())?;
    }
    match format {
        ReportFormat::Table => session.show(&report.to_table())?,
        ReportFormat::Json => session.deliver_json(&report.to_json())?,
    }
    if report.has_failed() {
        return Err(report.problems.into());
    }
    if report.is_incomplete() {
        return Err(Error::Incomplete(report.held));
    }
    Ok(())
}

/// Reads files, folders and pairs.
pub(super) fn read_metadata(
    session: &Session<'_>,
    planned: &Planned,
    paths: &[String],
) -> Result<Metadata, Error> {
    let is_any_built = planned.images.values().any(|image| image.reused.is_none());
    let legs = planned.legs();
    let is_planned = |name: &str| legs.contains(name);
    let mut metadata = Metadata::default();
    let mut problems = Diagnostics::default();
    for path in paths {
        if let Some((target, digest)) = pair(path) {
            if planned.images.contains_key(target) && !is_planned(target) {
                problems.report(is_an_image(target, &digest, planned));
                continue;
            }
            problems.ok(metadata.add_pair(target, digest, &is_planned));
            continue;
        }
        if path == STDIN {
            let text = session.host.read_stdin()?;
            problems.ok(metadata.add_text("standard input", &text, &is_planned));
            continue;
        }
        let is_pair = !session.host.is_file(path);
        if let Some((target, error)) = wrong_pair(path).filter(|_| is_pair) {
            let message = format!("`{target}` has no valid digest: {error}");
            problems.report(Diagnostic::error(Code::DIGEST, message).with_help(
                "write the digest in full, as `containerimage.digest` in the metadata of the build does",
            ));
            continue;
        }
        if let Some((target, digest)) = of_build(path).filter(|(target, _)| is_pair && is_planned(target)) {
            let message = format!("`{digest}` is not a digest of `{target}`");
            let found = digest.rsplit_once('@').and_then(|(_, digest)| digest.parse::<Digest>().ok());
            problems.report(Diagnostic::error(Code::DIGEST, message).with_help(match found {
                Some(digest) => format!("leave the repository out, which the plan knows: `{target}={digest}`"),
                None => "write the digest in full, as `containerimage.digest` in the metadata of the build does: `sha256:` and 64 hexadecimal digits".to_owned(),
            }));
            continue;
        }
        if path.parse::<Digest>().is_ok() {
            let message = format!("`{path}` does not say which build it belongs to");
            let builds: Vec<&str> = legs.iter().copied().collect();
            problems.report(
                Diagnostic::error(Code::DIGEST, message).with_help(format!(
                    "write `BUILD={path}`; the builds of the plan are {}",
                    listed(&builds)
                )),
            );
            continue;
        }
        let files = match session.host.files_below(path) {
            // Where all images are reused, no job writes metadata, and nothing makes its folder.
            Err(HostError { problem: Problem::Missing, .. })
                if !is_any_built && !planned.images.is_empty() =>
            {
                continue;
            }
            files => files?,
        };
        if files.is_empty() && (is_any_built || planned.images.is_empty()) {
            metadata.notes.push(Diagnostic::note(Code::NO_METADATA, format!("`{path}` contains no files")));
        }
        for file in files {
            // What is called as a row of the plan says is not passed over: its job has written it.
            let is_meant = file == *path || identity::is_of(&file, &planned.id);
            // PowerShell writes UTF-16, or a byte order mark.
            let text = match session.host.read_yaml(&file) {
                Ok(read) => read.text.trim_start_matches('\u{feff}').to_owned(),
                Err(HostError { problem: Problem::NotUtf8 { .. }, .. }) if !is_meant => String::new(),
                Err(error) => return Err(error.into()),
            };
            if !is_meant && !text.trim_start().starts_with('{') {
                let message = format!("`{file}`: skipped, it is not a JSON object");
                metadata.notes.push(Diagnostic::note(Code::NO_METADATA, message));
                continue;
            }
            problems.ok(metadata.add_text(&file, &text, &is_planned));
        }
    }
    if let Err(others) = identity::check(&mut metadata, &planned.id) {
        others.into_iter().for_each(|other| problems.report(other));
    }
    problems.check()?;
    if metadata.builds.is_empty() && is_any_built {
        let message = "none of the metadata is about a build of this plan";
        metadata.notes.push(Diagnostic::note(Code::NO_METADATA, message).with_help(
            "give the files that the build jobs write with `docker buildx bake --metadata-file FILE`, or the folder that they are in",
        ));
    }
    Ok(metadata)
}

/// A digest of a whole image, where those of its builds are meant.
fn is_an_image(key: &str, digest: &Digest, planned: &Planned) -> Diagnostic {
    let message = format!("`{key}={digest}`: `{key}` is an image of the plan, and a merge is made of builds");
    let builds: Vec<String> =
        planned.images.get(key).into_iter().flat_map(|image| image.builds.keys()).cloned().collect();
    Diagnostic::error(Code::NOT_A_BUILD, message).with_help(format!(
        "name the builds, each with its own digest: {}; if the digest is that of a whole index, `bakeplan promote {key}={digest} --plan FILE` gives it the tags of its image",
        listed(&builds)
    ))
}

/// What a build is given that does not begin as digests do.
fn of_build(text: &str) -> Option<(&str, &str)> {
    text.rsplit_once('=').filter(|(_, digest)| !digest.starts_with("sha"))
}

/// A pair whose digest is not one, such as a short one, with or without its algorithm.
fn wrong_pair(text: &str) -> Option<(&str, ReferenceError)> {
    /// As few digits as `docker images` shows of an id are enough to tell a digest from the name of a file.
    const FEWEST_DIGITS: usize = 7;
    let (target, digest) = text.rsplit_once('=')?;
    let error = digest.parse::<Digest>().err()?;
    let is_digest = match digest.split_once(':') {
        Some((algorithm, _)) => algorithm.starts_with("sha"),
        None => digest.len() >= FEWEST_DIGITS && digest.bytes().all(|byte| byte.is_ascii_hexdigit()),
    };
    is_digest.then_some((target, error))
}

/// `target=digest`
fn pair(text: &str) -> Option<(&str, Digest)> {
    let (target, digest) = text.rsplit_once('=')?;
    Some((target, digest.parse().ok()?))
}
