//! `bakeplan workflow`: the CI pipeline of the plan.

use std::collections::BTreeSet;
use std::path::{Component, Path};

use super::init;
use super::planning::absent;
use super::planning::consent;
use super::planning::facts::GIT;
use super::planning::foreseen;
use super::planning::making;
use super::planning::paths::Built;
use super::session::Session;
use super::session::products;
use crate::bake::text::discovery::{self, STDIN};
use crate::ci::{Branch, Keyed};
use crate::cli::{self, Ci, FactOptions, Selection, WorkflowOptions};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Severity};
use crate::error::Error;
use crate::host::Destination;
use crate::pipeline::{self, GitlabPipeline, Pipeline, PlannedWith, Server, place};
use crate::plan::{Image, Plan};
use crate::readable::shell_word;
use crate::render::workflow;
use crate::resolve::Purpose;
use crate::spec::WorkflowSettings;

pub(super) fn workflow(session: &mut Session<'_>, args: &cli::Workflow) -> Result<(), Error> {
    let cli::Workflow { ci, output, check, settings: options, selection } = args;
    let output = &output.as_deref().map(|path| session.host.from_here(path));
    if !selection.publish {
        let message =
            "`--publish=false` changes nothing in a workflow, where each run decides it: see `--publish-on`";
        return Err(Error::Usage(message.into()));
    }
    if selection.default_provenance.is_some() {
        let message = "`--default-provenance` changes nothing in a workflow, where it follows the repository: `max` for a public one, else `min`";
        return Err(Error::Usage(message.into()));
    }
    refuse_local(selection)?;
    let consents = selection.consent.as_deref().map_or(Ok(None), branch_of)?;
    if *check && output.is_none() {
        return Err(Error::Usage("`--check` needs the file to check: `-o FILE`".into()));
    }
    // The workflow is the same whatever was released: a run asks for that itself.
    let asks_git = selection.facts.known_versions.as_deref() == Some(GIT);
    let known_versions = selection.facts.known_versions.clone().filter(|_| !asks_git);
    let facts = FactOptions { known_versions: known_versions.clone(), ..selection.facts.clone() };
    let planned = match ci {
        Ci::Github => making::for_github(selection)?,
        Ci::Gitlab => selection.clone(),
    };
    let at_desk = Selection { facts, ..planned };
    let (made, found) = making::make_for(session, &at_desk, Purpose::Workflow)?;
    refuse_stdin(selection)?;
    let again = Selection {
        facts: FactOptions { known_versions: known_versions.clone(), ..selection.facts.clone() },
        ..selection.clone()
    };
    let planned_with = PlannedWith {
        words: products::shared_options(selection, &session.secret_names),
        again: products::shared_options(&again, &session.secret_names),
        folder: session.host.folder_in_checkout(),
        asks_git,
        consents,
    };
    let settings = over(made.workflow.clone(), options.clone());
    let server = match ci {
        Ci::Github => Server::Github,
        Ci::Gitlab => Server::Gitlab,
    };
    let strangers = match ci {
        Ci::Github => refused_to_strangers(session, selection, &made)?,
        Ci::Gitlab => Vec::new(),
    };
    session.tell(&absent::notes(session, &selection.definition, &made, &Built::of(session.host, &made))?);
    let own = pipeline::notes_of_desk(&made, &settings, server);
    if server == Server::Github {
        let names = pipeline::secrets_of_builds(&made);
        if !names.is_empty() {
            let there = session.host.with_env(names.iter().map(|name| (&***name, None)));
            if let Ok((without, _)) = making::make_at(session, Some(&there), &at_desk, Purpose::Workflow) {
                session.tell(&pipeline::decided_by_secrets(&made, &without).into_iter().collect::<Vec<_>>());
            }
        }
    }
    let lacks = pipeline::not_there(&settings, server);
    let published: BTreeSet<String> =
        made.images.values().flat_map(Image::places).map(ToString::to_string).collect();
    let plans = foreseen::plans(session, &at_desk, &settings, server, made);
    session.tell(&pipeline::notes(&plans, &settings, server));
    session.tell(&not_checked_out(session, &settings, server));
    session.tell(&own);
    // As seen from the top of the repository, wherever the command ran.
    let folder = session.host.folder_in_checkout();
    let mut command = Vec::new();
    command.extend(folder.iter().map(|folder| format!("-C {}", shell_word(folder))));
    command.extend(["workflow".to_owned(), ci.name().to_owned()]);
    command.extend(output.iter().map(|path| format!("-o {}", shell_word(path))));
    command.extend(given(options));
    command.extend(products::shared_options(selection, &session.secret_names));
    let command = format!("bakeplan {}", command.join(" "));
    let origin = products::origin(&found, &command);
    let mut to_set = None;
    let text = match ci {
        Ci::Github => {
            session.tell(&strangers);
            session.tell(&misplaced(session, output.as_deref(), &settings)?);
            let name = place::name_of(output.as_deref());
            let pipeline = Pipeline::decide(&plans, settings, planned_with, name)?;
            to_set = Some(pipeline.to_set());
            workflow::render(&pipeline, &origin)
        }
        Ci::Gitlab => {
            let path = in_repository(session, output.as_deref())?;
            workflow::render_gitlab(&GitlabPipeline::decide(&plans, settings, planned_with, path)?, &origin)
        }
    };
    let text = text.map_err(|message| Diagnostic::error(Code::TEMPLATE, message))?;
    let Some(path) = output else { return session.deliver(&text) };
    if *ci == Ci::Github {
        refuse_namesake(session, path)?;
    }
    let committed = committed(session, path)?;
    let text = match &committed {
        Some(committed) => workflow::with_newer_pins(&text, committed),
        None => text,
    };
    // Git may give a file to Windows with other line ends than it keeps.
    let is_of_windows = committed.as_ref().is_some_and(|committed| committed.contains("\r\n"));
    let text = if is_of_windows { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text };
    let files = [(path.clone(), text)];
    if *check {
        return products::check(session, &files, &command);
    }
    products::write(session, &files)?;
    if folder.is_none() {
        let others = init::publishers(session, &published);
        let others = others.iter().map(|(other, repositories)| pipeline::publishes_too(other, repositories));
        session.tell(&others.collect::<Vec<_>>());
        if *ci == Ci::Gitlab {
            let path = in_repository(session, Some(path))?;
            session.tell(&unnamed(session, &path)?.into_iter().collect::<Vec<_>>());
        }
    }
    session.tell(&lacks.into_iter().chain(to_set).collect::<Vec<_>>());
    Ok(())
}

/// Why a run cannot read what an option names.
fn not_in_checkout(option: &str, path: &str) -> Error {
    Error::Usage(format!("`{option} {path}`: a run reads its files from the checkout; name one there"))
}

/// Refuses standard input, once it is known that it is read only once.
fn refuse_stdin(selection: &Selection) -> Result<(), Error> {
    let cli::Definition { files, images, .. } = &selection.definition;
    let option = match (files.iter().any(|path| path == STDIN), images.as_deref()) {
        (true, _) => "-f",
        (false, Some(STDIN)) => "--images",
        (false, _) => return Ok(()),
    };
    Err(not_in_checkout(option, STDIN))
}

/// Refuses what only the machine has on which the workflow is written, and what would not build.
fn refuse_local(selection: &Selection) -> Result<(), Error> {
    let cli::Definition { files, images, call, push, .. } = &selection.definition;
    if *push == Some(false) {
        let message =
            "`--push=false` changes nothing in a workflow, where each run decides it: see `--publish-on`";
        return Err(Error::Usage(message.into()));
    }
    for (option, path) in
        files.iter().map(|path| ("-f", path)).chain(images.iter().map(|path| ("--images", path)))
    {
        if Path::new(path).is_absolute() {
            return Err(not_in_checkout(option, path));
        }
    }
    match call.as_deref() {
        None | Some("build") => Ok(()),
        Some(call) => {
            Err(Error::Usage(format!("`--call={call}` builds nothing, so there would be nothing to publish")))
        }
    }
}

/// Notes about what ends the plan of a pull request from a fork, which may use nothing but what was said.
fn refused_to_strangers(
    session: &Session<'_>,
    selection: &Selection,
    made: &Plan,
) -> Result<Vec<Diagnostic>, Error> {
    let refused =
        consent::of(session, selection)?.or_nothing().check(made, |one| consent::asked(session, one));
    let note = |one: Diagnostic| {
        let message = format!("a pull request from a fork fails: {}", one.message);
        Diagnostic { message, ..one }.with_severity(Severity::Note)
    };
    Ok(refused.into_iter().map(note).collect())
}

/// The branch of a file of consent, which runs fetch.
fn branch_of(consent: &str) -> Result<Option<Branch>, Error> {
    let Some(object) = consent.strip_prefix("git:") else { return Ok(None) };
    let (revision, _) = object.split_once(':').unwrap_or((object, ""));
    let branch = revision.strip_prefix("origin/").and_then(|name| name.parse::<Branch>().ok());
    match branch.filter(|branch| branch.prefix().is_none()) {
        Some(branch) => Ok(Some(branch)),
        None => Err(Error::Usage(format!(
            "`--consent {consent}`: a run fetches a branch of `origin`; write `git:origin/BRANCH:PATH`"
        ))),
    }
}

/// A note where the repository has a pipeline that does not name this file, which is seen from the top.
fn unnamed(session: &Session<'_>, path: &str) -> Result<Option<Diagnostic>, Error> {
    let host = session.host;
    let own = path.trim_start_matches('/');
    if own == place::GITLAB || !host.is_file(place::GITLAB) {
        return Ok(None);
    }
    let text = host.read(place::GITLAB)?;
    let is_said = |line: &str| !line.trim_start().starts_with('#') && line.contains(own);
    Ok((!text.lines().any(is_said)).then(|| pipeline::to_include(path)))
}

/// Notes about a file that GitHub does not read, and about actions that are not there.
fn misplaced(
    session: &Session<'_>,
    output: Option<&str>,
    settings: &WorkflowSettings,
) -> Result<Vec<Diagnostic>, Error> {
    let host = session.host;
    let mut notes = Vec::new();
    let depth = host.folder_in_checkout().map_or(0, |folder| folder.split('/').count());
    let top = "../".repeat(depth);
    if let Some(path) = output
        && host.destination(path)? != Destination::Stream
        && !in_repository(session, output).is_ok_and(|path| place::is_read(&path))
    {
        notes.push(pipeline::unread(path, &top));
    }
    let is_there = |folder: &str| {
        ["action.yml", "action.yaml"].iter().any(|name| host.is_file(format!("{top}{folder}/{name}")))
    };
    let actions = pipeline::actions(settings).into_iter().filter(|(_, folder)| !is_there(folder));
    notes.extend(actions.map(|(setting, folder)| pipeline::no_action(setting, &folder)));
    Ok(notes)
}

/// Notes about what of the repository a checkout of a job does not have.
fn not_checked_out(session: &Session<'_>, settings: &WorkflowSettings, server: Server) -> Vec<Diagnostic> {
    let host = session.host;
    let depth = host.folder_in_checkout().map_or(0, |folder| folder.split('/').count());
    let top = "../".repeat(depth);
    let has_modules = host.has_content(format!("{top}.gitmodules"));
    // GitLab fetches the files of LFS by itself.
    let attributes = host.read(format!("{top}.gitattributes")).unwrap_or_default();
    let is_lfs = |line: &str| !line.trim_start().starts_with('#') && line.contains("filter=lfs");
    let has_lfs = server == Server::Github && attributes.lines().any(is_lfs);
    let what = [("submodules", has_modules), ("the files of Git LFS", has_lfs)];
    what.into_iter()
        .filter(|(_, is_there)| *is_there && settings.setup.is_none())
        .map(|(what, _)| pipeline::not_checked_out(what, server))
        .collect()
}

/// Refuses a name that another generated workflow of the folder has: in a pull request, each would cancel the other.
fn refuse_namesake(session: &Session<'_>, path: &str) -> Result<(), Error> {
    let host = session.host;
    let own = Path::new(path);
    let folder = own.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.to_string_lossy();
    let is_run = in_repository(session, Some(path)).is_ok_and(|path| place::is_read(&path));
    if !is_run || !host.is_folder(&*folder) {
        return Ok(());
    }
    let name = place::name_of(Some(path)).to_ascii_lowercase();
    let is_other =
        |other: &Path| other.file_name() != own.file_name() && other.parent() == Some(Path::new(&*folder));
    for other in host.files_below(&folder)?.into_iter().filter(|other| is_other(Path::new(other))) {
        let is_workflow = [".yml", ".yaml"].iter().any(|end| other.ends_with(end));
        let is_alike = || place::name_of(Some(&other)).to_ascii_lowercase() == name;
        let generated = format!("# {}", discovery::GENERATED);
        if is_workflow && is_alike() && host.read_product(&other)?.starts_with(&generated) {
            let message = format!(
                "`{path}` and `{other}` give their workflows one name, `{name}`, so that each would cancel the other's runs in a pull request"
            );
            let help =
                "choose a name for the file that differs in letters and digits, or remove the other one";
            return Err(Diagnostic::error(Code::UNFIT_PATH, message).with_help(help).into());
        }
    }
    Ok(())
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
    // As editors of Windows save it.
    let text = text.trim_start_matches('\u{feff}').to_owned();
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
        rebuild,
        only_changed,
        on_unknown,
        most_stale,
        env,
        environment,
        logins,
        plan_runner,
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
        rebuild: if rebuild.is_empty() { written.rebuild } else { rebuild },
        only_changed: only_changed || written.only_changed,
        on_unknown: on_unknown.or(written.on_unknown),
        most_stale: most_stale.or(written.most_stale),
        env: Keyed::merge(written.env, env),
        environment: environment.or(written.environment),
        logins: Keyed::merge(written.logins, logins),
        plan_runner: if plan_runner.is_empty() { written.plan_runner } else { plan_runner },
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
        nulls: written.nulls,
    }
}

/// The settings among the options, as they were given.
fn given(options: &WorkflowOptions) -> Vec<String> {
    let WorkflowOptions {
        install,
        publish_on,
        branches,
        schedule,
        rebuild,
        only_changed,
        on_unknown,
        most_stale,
        env,
        environment,
        logins,
        plan_runner,
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
        values.into_iter().map(move |value| format!("{name} {}", shell_word(&value.to_string())))
    }
    each("--install", install)
        .chain(each("--publish-on", publish_on))
        .chain(each("--branch", branches))
        .chain(each("--schedule", schedule))
        .chain(each("--rebuild", rebuild))
        .chain(only_changed.then(|| "--only-changed".to_owned()))
        .chain(each("--on-unknown", on_unknown))
        .chain(each("--most-stale", most_stale))
        .chain(each("--env", env))
        .chain(each("--environment", environment))
        .chain(each("--login", logins))
        .chain(each("--plan-runner", plan_runner))
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
