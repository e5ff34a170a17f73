//! `bakeplan promote`: reads what is to get which tags, and hands it over.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::merge::tell;
use super::session::Session;
use super::session::network;
use super::session::talk::Talk;
use crate::ci::Settle;
use crate::cli;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, suggest};
use crate::error::Error;
use crate::merge::promote::{Promotion, To, promote as give};
use crate::merge::report::Report;
use crate::merge::{self, MergeTools, Options, promote::withdrawal};
use crate::published::plan_json::RunEntry;
use crate::published::planned::{Planned, PlannedImage};
use crate::published::target::Target;
use crate::reference::{Digest, Tag};
use crate::registry::{Location, SystemClock};

pub(super) fn promote(session: &Session<'_>, args: &cli::Promote) -> Result<(), Error> {
    let cli::Promote {
        sources,
        to,
        plan,
        floating,
        repositories,
        dry_run,
        allow_backward,
        trust_known_versions,
        allow_retag,
        allow_other_version,
        wait,
        settle,
        format,
        github,
        network,
    } = args;
    let options = Options {
        dry_run: *dry_run,
        // What is withdrawn is greater.
        allow_backward: *allow_backward || floating.is_some(),
        trust_known_versions: *trust_known_versions,
        allow_retag: *allow_retag,
        allow_other_version: *allow_other_version,
        restores: floating.is_some(),
        settle: settle.map(Settle::duration).unwrap_or_default(),
        ..Options::default()
    };
    let mut report = Report::new("Promotion", *dry_run);
    let planned = match plan {
        Some(path) => Some(Planned::read(path, &session.host.read_product(path)?)?),
        None => None,
    };
    let mut promotions = match &planned {
        Some(planned) => {
            merge::allowed::check(planned, repositories)?;
            report.plan = Some(planned.id.to_string());
            of_plan(sources, planned)?
        }
        None => vec![of_tags(sources, to)?],
    };
    let mut known = BTreeSet::new();
    let locations = promotions.iter().flat_map(Promotion::locations).chain(floating);
    let locations: Vec<Location> = locations.filter(|location| known.insert(*location)).cloned().collect();
    let clock = Arc::new(SystemClock::default());
    let talk = Arc::new(Talk::new(session));
    let made = promotions.iter().flat_map(Promotion::made).cloned().collect();
    let sites =
        network::open_or_make(session, network, *wait, locations, &made, clock.clone(), talk.clone())?;
    let tools = MergeTools {
        sites: &sites,
        clock: clock.as_ref(),
        progress: talk.as_ref(),
        patience: merge::patience(*wait),
        docker: &|_| Err("a promotion starts no programs".to_owned()),
    };
    if let (Some(planned), Some(location)) = (&planned, floating) {
        promotions = withdrawal::restore(planned, location, &tools, &mut report);
    }
    if report.problems.is_empty() {
        let nothing = RunEntry::default();
        // What goes back to an earlier version is of its run, not of the plan's.
        let of_plan = planned.as_ref().filter(|_| floating.is_none());
        let run = of_plan.map_or(&nothing, |planned| &planned.run);
        report = give(&promotions, run, options, &tools, report);
    }
    talk.end();
    tell(session, *format, *github, report)
}

/// What gets the tags of a plan.
fn of_plan(sources: &[String], planned: &Planned) -> Result<Vec<Promotion>, Error> {
    let mut promotions: Vec<Promotion> = Vec::new();
    let mut problems = Diagnostics::default();
    for text in sources {
        match source_of_plan(text, planned) {
            Ok(promotion) => match promotions.iter().find(|known| known.key == promotion.key) {
                Some(known) => {
                    problems.report(Diagnostic::error(
                        Code::SOURCE,
                        format!("image `{}` has two sources", known.key),
                    ));
                }
                None => promotions.push(promotion),
            },
            Err(problem) => problems.report(problem),
        }
    }
    problems.check()?;
    Ok(promotions)
}

fn source_of_plan(text: &str, planned: &Planned) -> Result<Promotion, Diagnostic> {
    let names = || planned.images.keys().map(String::as_str);
    // A path of a layout may have `=` in it, and nothing that a name of an image has not.
    let (key, source) = match text.split_once('=').filter(|(key, _)| !key.contains([':', '/'])) {
        Some(pair) => pair,
        None => match planned.images.keys().collect::<Vec<_>>()[..] {
            [key] => (key.as_str(), text),
            _ => {
                let listed: Vec<String> = names().map(|name| format!("`{name}`")).collect();
                let message = format!("`{text}` does not say which image of the plan it is");
                return Err(Diagnostic::error(Code::SOURCE, message)
                    .with_note(format!("the plan has {}", listed.join(", ")))
                    .with_help(format!("write `IMAGE={text}`")));
            }
        },
    };
    let Some(image) = planned.images.get(key) else {
        let problem = Diagnostic::error(Code::SOURCE, format!("`{key}` is not an image of the plan"));
        return Err(if planned.legs().contains(key) {
            problem.with_help(format!(
                "it is a build: `bakeplan merge --metadata {text}` takes builds, and an image is meant here"
            ))
        } else {
            match suggest(key, names()) {
                Some(near) => problem.with_help(format!("did you mean `{near}`?")),
                None => problem.with_help("its names are the keys of `images` in plan.json"),
            }
        });
    };
    let targets = targets(source, image)?;
    Ok(Promotion { key: key.to_owned(), sources: targets, to: To::Image(Box::new(image.clone())) })
}

/// Where the source of an image may be: a digest alone is in one of its repositories.
fn targets(source: &str, image: &PlannedImage) -> Result<Vec<Target>, Diagnostic> {
    if let Ok(digest) = source.parse::<Digest>() {
        let target = |location: &Location| Target {
            location: location.clone(),
            tag: None,
            digest: Some(digest.clone()),
        };
        return Ok(image.repositories.iter().map(target).collect());
    }
    Ok(vec![target(source)?])
}

/// A source that stands for itself.
fn target(text: &str) -> Result<Target, Diagnostic> {
    let wrong = |problem: &dyn std::fmt::Display| {
        Diagnostic::error(Code::SOURCE, format!("`{text}` is not a valid source: {problem}")).with_help(
            "expected `REPOSITORY:TAG` or `REPOSITORY@DIGEST`, such as `ghcr.io/acme/app:sha-1234567`",
        )
    };
    if text.parse::<Digest>().is_ok() {
        return Err(wrong(&"it has no repository"));
    }
    let target: Target = text.parse().map_err(|error| wrong(&error))?;
    // `latest` is never meant by saying nothing: it moves.
    let is_bare = target.digest.is_none()
        && !text.ends_with(&target.tag.iter().map(|tag| format!(":{tag}")).collect::<String>());
    if is_bare { Err(wrong(&"it has neither a tag nor a digest")) } else { Ok(target) }
}

/// What gets tags that are given.
fn of_tags(sources: &[String], to: &[String]) -> Result<Promotion, Error> {
    let [source] = sources else {
        return Err(Error::Usage("`--to` takes one SOURCE: the tags would be given to several".into()));
    };
    if let Some((image, digest)) =
        source.split_once('=').filter(|(_, digest)| digest.parse::<Digest>().is_ok())
    {
        return Err(Error::Usage(format!(
            "`{image}={digest}` names an image of a plan: it needs `--plan` in place of `--to`"
        )));
    }
    let mut problems = Diagnostics::default();
    let source = problems.ok(target(source));
    let mut tags: Vec<(Location, Tag)> = Vec::new();
    for text in to {
        match tag(text) {
            Ok(tag) if tags.contains(&tag) => {}
            Ok(tag) => tags.push(tag),
            Err(problem) => problems.report(problem),
        }
    }
    problems.check()?;
    let source = source.expect("without problems, there is one");
    Ok(Promotion { key: source.to_string(), sources: vec![source], to: To::Tags(tags) })
}

fn tag(text: &str) -> Result<(Location, Tag), Diagnostic> {
    let wrong = |problem: &dyn std::fmt::Display| {
        Diagnostic::error(Code::TAG, format!("`--to {text}`: {problem}"))
            .with_help("expected `REPOSITORY:TAG`, such as `ghcr.io/acme/app:1.4.2`")
    };
    let found: Target = text.parse().map_err(|error| wrong(&error))?;
    match found {
        Target { digest: Some(_), .. } => Err(wrong(&"a digest cannot be given to anything")),
        Target { location, tag: Some(tag), digest: None } if text.ends_with(&format!(":{tag}")) => {
            Ok((location, tag))
        }
        Target { .. } => Err(wrong(&"it has no tag")),
    }
}
