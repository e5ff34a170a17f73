//! `bakeplan plan`, `bake`, `matrix` and `metadata`: the plan and its views.

use std::borrow::Cow;
use std::mem::ManuallyDrop;
use std::path::{Component, Path, PathBuf};

use super::absent;
use super::diff;
use super::facts;
use super::session::{Session, github};
use super::unlinked;
use crate::bake::text::discovery::{self, Found};
use crate::bake::values::SecretNames;
use crate::ci::MaxJobs;
use crate::cli::{self, FactOptions, MatrixFormat, MetadataFormat, PlanFormat, Selection};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Stale};
use crate::host::{Action, Compared, Destination, HostError, Writing, Written};
use crate::pipeline::runs;
use crate::plan::{Plan, Run};
use crate::published::plan_json::{self, Existing, RunEntry};
use crate::readable::shell_word;
use crate::render;
use crate::render::terminal::Screen;
use crate::resolve::Purpose;

pub(super) use super::making::{Making, make, make_at, make_for, make_with};

/// `bakeplan plan`
pub(super) fn plan(session: &mut Session<'_>, args: &cli::Plan) -> Result<(), Error> {
    let cli::Plan {
        out,
        check: is_check,
        github: is_github,
        print_facts,
        choice,
        selection: given,
        // For the files and the view.
        gitlab: _,
        format: _,
        explain: _,
        tree: _,
    } = args;
    check_format(args)?;
    choice.check().map_err(Error::Usage)?;
    if *print_facts {
        return facts::print(session, &given.facts);
    }
    let mut selection = if *is_github { for_github(given)? } else { given.clone() };
    // What is compared is what follows from the sources, in the run that the files are of.
    let existing = out.as_ref().filter(|_| *is_check).and_then(|folder| existing(session, folder));
    if let Some(Existing { packed: Some(packed), run: _ }) = &existing {
        selection.max_jobs = selection.max_jobs.or(MaxJobs::new(packed.most));
    }
    // The process ends here: taking large plans apart first would take a tenth of the run.
    let purpose = Making { choice: Some(choice), ..Making::of(Purpose::Run) };
    let mut made = make_with(session, &selection, &purpose)?;
    made.0.run = existing.map_or(made.0.run, |existing| run_of(existing.run));
    let made = ManuallyDrop::new(made);
    let (plan, found) = &*made;
    session.tell(&absent::notes(session, &args.selection.definition, plan)?);
    let unlinked = unlinked::warnings(session, &args.selection.definition, plan)?;
    session.tell(&unlinked);
    let screen = session.host.screen();
    let view = || (!*is_check).then(|| View::of(plan, args, screen));
    let view = match out {
        Some(folder) => write_plan(session, args, folder, plan, found, view)?,
        None => view(),
    };
    if *is_github {
        session.tell(runs::changing(std::slice::from_ref(plan)).as_slice());
        let matrix = render::matrix::render_github(plan);
        check_size(plan, &matrix)?;
        github(session, &outputs(plan, &matrix), &render::summary::render(plan))?;
    }
    view.map_or(Ok(()), |view| view.show(session))
}

/// Writes the files of a plan, or checks that they are there, and gives the view that is made beside them.
fn write_plan<V: Send>(
    session: &Session<'_>,
    args: &cli::Plan,
    folder: &str,
    plan: &Plan,
    found: &[Found],
    view: impl FnOnce() -> V + Send,
) -> Result<V, Error> {
    // The limit of GitHub is an option of the others, where it made a difference.
    let max_jobs = args.selection.max_jobs.or(plan.packed.map(|packed| packed.most));
    let selection = &Selection { max_jobs, ..args.selection.clone() };
    let mut command = vec!["bakeplan plan --out".to_owned(), shell_word(folder)];
    command.extend(args.choice.pin_bases.then(|| "--pin-bases".to_owned()));
    command.extend(shared_options(selection, &session.secret_names));
    let command = command.join(" ");
    let path = |name: &str| Path::new(folder).join(name).to_string_lossy().into_owned();
    refuse_loop(session, found, &path(render::BAKE))?;
    if !args.check {
        refuse_foreign(session, &path(render::BAKE))?;
    }
    // They may be very large: each is out of memory before the next is made, but for those that are compared.
    let (mut writing, mut compared) = (session.host.writing(), Vec::new());
    let mut take = |name: &str, text: String| {
        if args.check {
            compared.push((path(name), text));
            return Ok(());
        }
        prepare(session, &mut writing, &path(name), Cow::Owned(text))
    };
    let (bake, definition) = render::bake::identified(plan, &origin(found, &command));
    take(render::BAKE, bake)?;
    let (others, view) = render::files_beside(plan, &definition, view);
    let gitlab = args.gitlab.then(|| (render::gitlab::FILE, render::gitlab::render(plan)));
    others.into_iter().chain(gitlab).try_for_each(|(name, text)| take(name, text))?;
    if args.check {
        check(session, &compared, &command)?;
    } else {
        commit(session, writing)?;
    }
    Ok(view)
}

/// A plan as it is printed.
enum View {
    /// For a person.
    Plain(String),
    /// The same with styles, and without.
    Styled(String, String),
    /// For a program.
    Json(String),
}

impl View {
    fn of(plan: &Plan, args: &cli::Plan, screen: Option<Screen>) -> Self {
        match (args.format.unwrap_or(PlanFormat::Table), screen) {
            (PlanFormat::Table, screen) if args.tree => {
                let plain = render::tree::render(plan, false);
                match screen {
                    Some(screen) => Self::Styled(render::tree::render(plan, screen.color), plain),
                    None => Self::Plain(plain),
                }
            }
            (PlanFormat::Table, screen) => {
                let plain = render::table::render(plan, args.explain);
                match screen {
                    Some(screen) => Self::Styled(render::terminal::render(plan, screen, args.explain), plain),
                    None => Self::Plain(plain),
                }
            }
            (PlanFormat::Json, _) => Self::Json(render::plan_json::render(plan)),
            (PlanFormat::Markdown, _) => Self::Plain(render::markdown::render(plan)),
            (PlanFormat::Mermaid, _) => Self::Plain(render::mermaid::render(plan)),
        }
    }

    fn show(&self, session: &Session<'_>) -> Result<(), Error> {
        match self {
            Self::Plain(text) => session.show(text),
            Self::Styled(text, plain) => session.show_styled(text, plain),
            Self::Json(text) => session.deliver_json(text),
        }
    }
}

/// Refuses a format of what is not printed.
fn check_format(args: &cli::Plan) -> Result<(), Error> {
    let (name, format) = match args.format {
        None | Some(PlanFormat::Json) => return Ok(()),
        Some(PlanFormat::Table) => ("table", PlanFormat::Table),
        Some(PlanFormat::Markdown) => ("markdown", PlanFormat::Markdown),
        Some(PlanFormat::Mermaid) => ("mermaid", PlanFormat::Mermaid),
    };
    let (option, why) = match () {
        () if args.print_facts => ("--facts", "it prints JSON"),
        () if args.check => ("--check", "it prints no plan"),
        () if args.explain && format != PlanFormat::Table => ("--explain", "that format has no reasons"),
        () => return Ok(()),
    };
    Err(Error::Usage(format!("`--format {name}` cannot be used with `{option}`: {why}")))
}

/// `bakeplan bake`
pub(super) fn bake(session: &mut Session<'_>, args: &cli::Bake) -> Result<(), Error> {
    let cli::Bake { output, check: is_check, selection } = args;
    let made = ManuallyDrop::new(make_for(session, selection, Purpose::BakeFile)?);
    let (plan, found) = &*made;
    let images_alone = found.iter().all(|found| found.origin.is_for_images());
    let output = match (output, *is_check) {
        (Some(path), _) => Some(path.clone()),
        // `images.hcl` alone is a spec whose product has a name.
        (None, true) if images_alone => Some("docker-bake.json".to_owned()),
        (None, true) => return Err(Error::Usage("`--check` needs the file to check: `-o FILE`".into())),
        (None, false) => None,
    };
    let mut command = vec!["bake".to_owned()];
    if let Some(path) = &output {
        command.extend(["-o".to_owned(), shell_word(path)]);
    }
    command.extend(shared_options(selection, &session.secret_names));
    let command = format!("bakeplan {}", command.join(" "));
    let text = render::bake::render(plan, &origin(found, &command));
    let Some(path) = output else { return session.deliver_json(&text) };
    // A file of its own is one to commit, so it must be the same tomorrow.
    if !plan.volatile.is_empty() {
        return Err(plan.volatile.clone().into());
    }
    refuse_loop(session, found, &path)?;
    let files = [(path, text)];
    if *is_check {
        return check(session, &files, &command);
    }
    refuse_foreign(session, &files[0].0)?;
    write(session, &files)
}

/// `bakeplan matrix`
pub(super) fn matrix(session: &mut Session<'_>, args: &cli::Matrix) -> Result<(), Error> {
    let cli::Matrix { format, selection } = args;
    match format {
        MatrixFormat::Github => {
            let (plan, _) = make(session, &for_github(selection)?)?;
            session.deliver_json(&format!("{}\n", render::matrix::render_github(&plan)))
        }
        MatrixFormat::Json => {
            let (plan, _) = make(session, selection)?;
            session.deliver_json(&render::matrix::render(&plan))
        }
    }
}

/// `bakeplan metadata`
pub(super) fn metadata(session: &mut Session<'_>, args: &cli::Metadata) -> Result<(), Error> {
    let cli::Metadata { format, selection } = args;
    let (plan, _) = make(session, selection)?;
    match format {
        MetadataFormat::Json => session.deliver_json(&render::plan_json::render(&plan)),
        MetadataFormat::Tags => session.deliver(&render::plan_json::render_tags(&plan)),
        MetadataFormat::Args => session.deliver(&render::plan_json::render_args(&plan)),
    }
}

/// What the plan in a folder was made in and for, if there is a plan.
fn existing(session: &Session<'_>, folder: &str) -> Option<Existing> {
    let path = Path::new(folder).join(render::PLAN).to_string_lossy().into_owned();
    plan_json::existing(&session.host.read_product(&path).ok()?)
}

fn run_of(run: RunEntry) -> Run {
    let RunEntry { event, git_ref, source, workflow, number, commit, commit_time, checkout } = run;
    Run { event, git_ref, source, workflow, number, commit, commit_time, checkout }
}

/// The selection with the limit of GitHub for jobs, unless another one is given.
///
/// # Errors
/// When that allows more.
pub(super) fn for_github(selection: &Selection) -> Result<Selection, Error> {
    let max_jobs = selection.max_jobs.unwrap_or(MaxJobs::OF_GITHUB);
    if max_jobs > MaxJobs::OF_GITHUB {
        let message =
            format!("`--max-jobs {max_jobs}`: a matrix of GitHub has at most {} rows", MaxJobs::OF_GITHUB);
        return Err(Error::Usage(message));
    }
    Ok(Selection { max_jobs: Some(max_jobs), ..selection.clone() })
}

/// What a generated file says about itself.
pub(super) fn origin(found: &[Found], command: &str) -> String {
    let files: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
    format!("{} from {}; do not edit, run `{command}`", discovery::GENERATED, files.join(", "))
}

/// The options that shape the plan, as they were given; the value of a variable that looks secret is left out.
pub(super) fn shared_options(selection: &Selection, secrets: &SecretNames) -> Vec<String> {
    let Selection { platforms, publish, max_jobs, default_provenance, facts, definition, runners, consent } =
        selection;
    let FactOptions { facts, file: facts_file, known_versions } = facts;
    let cli::Definition {
        targets,
        files,
        images,
        overrides,
        variables,
        kept,
        // They change no plan.
        strict: _,
        ignored: _,
        allow,
        confine,
        push,
        load,
        no_cache,
        pull,
        provenance,
        sbom,
        policies,
        call,
    } = definition;
    let mut options = Vec::new();
    let mut option = |name: &str, value: &str| options.push(format!("{name} {}", shell_word(value)));
    files.iter().for_each(|file| option("-f", file));
    images.iter().for_each(|file| option("--images", file));
    variables.iter().for_each(|variable| option("--var", &secrets.readable(variable)));
    overrides.iter().for_each(|set| option("--set", &secrets.readable(set)));
    kept.iter().for_each(|name| option("--keep-variable", name));
    platforms.iter().for_each(|platform| option("--platform", platform));
    confine.iter().for_each(|folder| option("--confine", folder));
    allow.iter().for_each(|entitlement| option("--allow", entitlement));
    runners.iter().for_each(|label| option("--runner", label));
    consent.iter().for_each(|path| option("--consent", path));
    default_provenance.iter().for_each(|mode| option("--default-provenance", &mode.to_string()));
    max_jobs.iter().for_each(|most| option("--max-jobs", &most.to_string()));
    facts.iter().for_each(|fact| option("--fact", fact));
    facts_file.iter().for_each(|file| option("--facts-file", file));
    known_versions.iter().for_each(|from| option("--known-versions", from));
    let flag = |given: bool, text: &str| given.then(|| text.to_owned());
    let value =
        |name: &str, value: Option<String>| value.map(|value| format!("{name}={}", shell_word(&value)));
    options.extend(
        [
            flag(!publish, "--publish=false"),
            flag(push.unwrap_or_default(), "--push"),
            flag(*load, "--load"),
            value("--no-cache", no_cache.map(|b| b.to_string())),
            value("--pull", pull.map(|b| b.to_string())),
            value("--provenance", provenance.clone()),
            value("--sbom", sbom.clone()),
            value("--call", call.clone()),
        ]
        .into_iter()
        .flatten(),
    );
    options.extend(policies.iter().map(|policy| format!("--policy {}", shell_word(policy))));
    options.extend(targets.iter().map(|target| shell_word(target)));
    options
}

/// Refuses a file that is a source, or that Bake would read together with one.
fn refuse_loop(session: &Session<'_>, sources: &[Found], path: &str) -> Result<(), Error> {
    let host = session.host;
    let place = |path: &str| normalized(&host.directory().join(path));
    let target = place(path);
    if let Some(source) = sources.iter().find(|found| place(&found.path) == target) {
        let message = if source.path == path {
            format!("`{path}` is a source, so it cannot also be the product")
        } else {
            format!("`{path}` is a source (`{}`), so it cannot also be the product", source.path)
        };
        return Err(Diagnostic::error(Code::OUTPUT_IS_SOURCE, message)
            .with_help("write it into its own folder: `--out DIR`, or to another name: `-o FILE`")
            .into());
    }
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let together = |found: &&Found| {
        let source = place(&found.path);
        source.parent() == target.parent()
            && source.file_name().is_some_and(|name| discovery::is_default_name(&name.to_string_lossy()))
    };
    if discovery::is_default_name(&name)
        && let Some(source) = sources.iter().find(together)
    {
        let message = format!(
            "docker buildx bake would read `{path}` and `{}` together, and merge the product into its source",
            source.path
        );
        return Err(Diagnostic::error(Code::OUTPUT_BESIDE_SOURCE, message)
                .with_help(
                    "write it into its own folder with `--out DIR`; or move the source to `images.hcl`, which Bake does not read",
                )
                .into());
    }
    Ok(())
}

/// Refuses to replace a Bake file that somebody wrote by hand.
fn refuse_foreign(session: &Session<'_>, path: &str) -> Result<(), Error> {
    let host = session.host;
    if host.destination(path)? == Destination::Stream {
        return Ok(());
    }
    let head = || host.head(path).map_err(|error| HostError { action: Action::Write, ..error });
    if host.has_content(path) && !discovery::is_generated(&head()?) {
        let message = format!("`{path}` was not written by bakeplan and is not replaced");
        return Err(Diagnostic::error(Code::NOT_GENERATED, message)
            .with_help("move it away, or choose another name")
            .into());
    }
    Ok(())
}

/// The path without `.` and `..`, as far as that can be told without asking the file system.
fn normalized(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

pub(super) fn write(session: &Session<'_>, files: &[(String, String)]) -> Result<(), Error> {
    let mut writing = session.host.writing();
    files.iter().try_for_each(|(path, text)| prepare(session, &mut writing, path, Cow::Borrowed(text)))?;
    commit(session, writing)
}

/// Gets ready to write one more file.
fn prepare(
    session: &Session<'_>,
    writing: &mut Writing<'_>,
    path: &str,
    text: Cow<'_, str>,
) -> Result<(), Error> {
    session.check_leaks(&format!("`{path}`"), &text)?;
    let content = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    Ok(writing.add(path, content)?)
}

/// Writes them.
fn commit(session: &Session<'_>, writing: Writing<'_>) -> Result<(), Error> {
    for (path, written) in writing.commit()? {
        let path = path.display();
        match written {
            Written::Created => session.note(&format!("created {path}")),
            Written::Updated => session.note(&format!("updated {path}")),
            Written::Unchanged => session.note(&format!("{path} is up to date")),
        }
    }
    Ok(())
}

pub(super) fn check(session: &Session<'_>, files: &[(String, String)], repair: &str) -> Result<(), Error> {
    let mut stale = Vec::new();
    for (path, text) in files {
        match session.host.compare(path, text)? {
            Compared::Equal => {}
            Compared::Absent => {
                stale.push(Stale { path: path.clone(), diff: None });
                continue;
            }
            Compared::Other(existing) => {
                stale.push(Stale { path: path.clone(), diff: Some(diff::unified(path, &existing, text)) });
            }
        }
        session.note(&format!("checked {path}"));
    }
    if stale.is_empty() { Ok(()) } else { Err(Error::OutOfDate { stale, repair: repair.to_owned() }) }
}

/// The outputs of a step of GitHub Actions.
fn outputs(plan: &Plan, matrix: &str) -> String {
    format!(
        "matrix={matrix}\nany={}\npublish={}\nmerge={}\n",
        !plan.jobs.is_empty(),
        plan.publish,
        plan.is_merged()
    )
}

/// Refuses a matrix that GitHub would not hand on to the jobs, and a row whose targets no program could be given.
fn check_size(plan: &Plan, matrix: &str) -> Result<(), Diagnostic> {
    /// The outputs of a job, in characters of two bytes
    /// (<https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idoutputs>).
    const MAX_MATRIX: usize = 500_000;
    /// A string among the arguments and variables of a program of Linux (`MAX_ARG_STRLEN`).
    const MAX_TARGETS: usize = 128_000;
    let targets = plan.jobs.iter().map(|job| (&job.name, job.leg_names(",").len()));
    let message = if matrix.len() > MAX_MATRIX {
        format!("the matrix has {} characters, and GitHub hands on {MAX_MATRIX}", matrix.len())
    } else if let Some((name, size)) =
        targets.max_by_key(|(_, size)| *size).filter(|(_, size)| *size > MAX_TARGETS)
    {
        format!("the targets of job `{name}` have {size} characters, and a program gets {MAX_TARGETS}")
    } else {
        return Ok(());
    };
    let help = "plan a part: `bakeplan plan IMAGE…`";
    Err(Diagnostic::error(Code::MATRIX_SIZE, message).with_help(help))
}
