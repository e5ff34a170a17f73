//! `bakeplan workflow`: the CI pipeline of the plan.

use std::path::{Component, Path};

use super::facts::GIT;
use super::plan;
use super::session::Session;
use crate::bake::text::discovery;
use crate::ci::Keyed;
use crate::cli::{self, Ci, FactOptions, Selection, WorkflowOptions};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::host::Destination;
use crate::pipeline::{GitlabPipeline, Pipeline, PlannedWith, lacking};
use crate::render::workflow;
use crate::resolve::Purpose;
use crate::spec::WorkflowSettings;

pub(super) fn workflow(session: &mut Session<'_>, args: &cli::Workflow) -> Result<(), Error> {
    let cli::Workflow { ci, output, check, settings: options, selection } = args;
    if !selection.publish {
        let message =
            "`--publish=false` changes nothing in a workflow, where each run decides it: see `--publish-on`";
        return Err(Error::Usage(message.into()));
    }
    if selection.default_provenance.is_some() {
        let message = "`--default-provenance` changes nothing in a workflow, where it follows the repository: `max` for a public one, else `min`";
        return Err(Error::Usage(message.into()));
    }
    if *check && output.is_none() {
        return Err(Error::Usage("`--check` needs the file to check: `-o FILE`".into()));
    }
    // The workflow is the same whatever was released: a run asks for that itself.
    let asks_git = selection.facts.known_versions.as_deref() == Some(GIT);
    let known_versions = selection.facts.known_versions.clone().filter(|_| !asks_git);
    let facts = FactOptions { known_versions: known_versions.clone(), ..selection.facts.clone() };
    let planned = match ci {
        Ci::Github => plan::for_github(selection)?,
        Ci::Gitlab => selection.clone(),
    };
    let at_desk = Selection { facts, ..planned };
    let (made, found) = plan::make_for(session, &at_desk, Purpose::Workflow)?;
    let again = Selection {
        facts: FactOptions { known_versions: known_versions.clone(), ..selection.facts.clone() },
        ..selection.clone()
    };
    let planned_with = PlannedWith {
        words: plan::shared_options(selection, &session.secret_names),
        again: plan::shared_options(&again, &session.secret_names),
        folder: session.host.folder_in_checkout(),
        asks_git,
    };
    let settings = over(made.workflow.clone(), options.clone());
    session.tell(&lacking(&made, settings.setup.is_some(), !settings.ssh_keys.is_empty()));
    let mut command = vec!["workflow".to_owned(), ci.name().to_owned()];
    command.extend(output.iter().map(|path| format!("-o {}", plan::quote(path))));
    command.extend(given(options));
    command.extend(plan::shared_options(selection, &session.secret_names));
    let command = format!("bakeplan {}", command.join(" "));
    let origin = plan::origin(&found, &command);
    let text = match ci {
        Ci::Github => workflow::render(&Pipeline::decide(&made, settings, planned_with)?, &origin),
        Ci::Gitlab => {
            let path = in_repository(session, output.as_deref())?;
            workflow::render_gitlab(&GitlabPipeline::decide(&made, settings, planned_with, path)?, &origin)
        }
    };
    let text = text.map_err(|message| Diagnostic::error(Code::TEMPLATE, message))?;
    let Some(path) = output else { return session.deliver(&text) };
    let text = match committed(session, path)? {
        Some(committed) => workflow::with_newer_pins(&text, &committed),
        None => text,
    };
    let files = [(path.clone(), text)];
    if *check { plan::check(session, &files, &command) } else { plan::write(session, &files) }
}

/// Where a pipeline of GitLab is, from the top of the repository: its child pipeline includes it by that name.
fn in_repository(session: &Session<'_>, output: Option<&str>) -> Result<String, Error> {
    let Some(output) = output else {
        let message = "the child pipeline includes this file, which needs a name: `-o .gitlab/images.yml`";
        return Err(Error::Usage(message.into()));
    };
    let folder = session.host.folder_in_checkout().unwrap_or_default();
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in Path::new(output).components() {
        let is_below = match part {
            Component::CurDir => true,
            Component::ParentDir => parts.pop().is_some(),
            Component::Normal(name) => name.to_str().map(|name| parts.push(name)).is_some(),
            Component::RootDir | Component::Prefix(_) => false,
        };
        if !is_below {
            let message = format!(
                "`{output}` is not a relative path in this repository, where the child pipeline looks for it"
            );
            return Err(Error::Usage(message));
        }
    }
    Ok(format!("/{}", parts.join("/")))
}

/// The file that is there. One that somebody wrote by hand is not replaced.
fn committed(session: &Session<'_>, path: &str) -> Result<Option<String>, Error> {
    let host = session.host;
    if host.destination(path)? == Destination::Stream || !host.has_content(path) {
        return Ok(None);
    }
    let text = host.read_product(path)?;
    if text.starts_with(&format!("# {}", discovery::GENERATED)) {
        return Ok(Some(text));
    }
    let message = format!("`{path}` was not written by bakeplan and is not replaced");
    Err(Diagnostic::error(Code::NOT_GENERATED, message)
        .with_help("move it away, or choose another name")
        .into())
}

/// What the options say, over what the file says.
fn over(written: WorkflowSettings, options: WorkflowOptions) -> WorkflowSettings {
    let WorkflowOptions {
        install,
        publish_on,
        branches,
        schedule,
        env,
        environment,
        logins,
        timeouts,
        max_parallel,
        require_all,
        settle,
        reusable,
        setup,
        test,
        sign,
        ssh_keys,
    } = options;
    let given = |given: bool| given.then_some(());
    WorkflowSettings {
        install: install.or(written.install),
        publish_on: given(!publish_on.is_empty()).map(|()| publish_on).or(written.publish_on),
        branches: if branches.is_empty() { written.branches } else { branches },
        schedule: if schedule.is_empty() { written.schedule } else { schedule },
        env: Keyed::merge(written.env, env),
        environment: environment.or(written.environment),
        logins: Keyed::merge(written.logins, logins),
        timeouts: Keyed::merge(written.timeouts, timeouts),
        max_parallel: max_parallel.or(written.max_parallel),
        require_all: require_all || written.require_all,
        settle: settle.or(written.settle),
        reusable: reusable || written.reusable,
        setup: setup.or(written.setup),
        test: test.or(written.test),
        sign: if sign.is_empty() { written.sign } else { sign },
        ssh_keys: if ssh_keys.is_empty() { written.ssh_keys } else { ssh_keys },
        marked: written.marked,
    }
}

/// The settings among the options, as they were given.
fn given(options: &WorkflowOptions) -> Vec<String> {
    let WorkflowOptions {
        install,
        publish_on,
        branches,
        schedule,
        env,
        environment,
        logins,
        timeouts,
        max_parallel,
        require_all,
        settle,
        reusable,
        setup,
        test,
        sign,
        ssh_keys,
    } = options;
    fn each<'a, T: ToString + 'a>(
        name: &str,
        values: impl IntoIterator<Item = &'a T>,
    ) -> impl Iterator<Item = String> {
        values.into_iter().map(move |value| format!("{name} {}", plan::quote(&value.to_string())))
    }
    each("--install", install)
        .chain(each("--publish-on", publish_on))
        .chain(each("--branch", branches))
        .chain(each("--schedule", schedule))
        .chain(each("--env", env))
        .chain(each("--environment", environment))
        .chain(each("--login", logins))
        .chain(each("--timeout", timeouts))
        .chain(each("--max-parallel", max_parallel))
        .chain(require_all.then(|| "--require-all".to_owned()))
        .chain(each("--settle", settle))
        .chain(reusable.then(|| "--reusable".to_owned()))
        .chain(each("--setup", setup))
        .chain(each("--test", test))
        .chain(each("--sign", sign))
        .chain(each("--ssh-key", ssh_keys))
        .collect()
}
