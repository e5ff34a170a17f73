//! `bakeplan plan`, `bake`, `matrix` and `metadata`: the plan and its views.

use std::borrow::Cow;
use std::mem::ManuallyDrop;
use std::path::Path;

use super::planning::absent;
use super::planning::facts;
use super::planning::making::{self, Made, Making};
use super::planning::paths::Built;
use super::planning::unlinked;
use super::session::products;
use super::session::{Session, github};
use crate::bake::text::discovery::Found;
use crate::ci::MaxJobs;
use crate::cli::{self, MatrixFormat, MetadataFormat, PlanFormat, Selection};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::pipeline::runs;
use crate::plan::{Plan, Run};
use crate::published::plan_json::{self, PlanJson, RunEntry};
use crate::readable::shell_word;
use crate::render;
use crate::render::terminal::Screen;
use crate::resolve::Purpose;

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
    let mut selection = if *is_github { making::for_github(given)? } else { given.clone() };
    // What is compared is what follows from the sources, in the run that the files are of.
    let existing = out.as_ref().filter(|_| *is_check).and_then(|folder| existing(session, folder));
    if let Some(packed) = existing.as_ref().and_then(|existing| existing.packed.as_ref()) {
        selection.max_jobs = selection.max_jobs.or(MaxJobs::new(packed.most));
    }
    // The process ends here: taking large plans and what they are made of apart first would take a tenth of the run.
    let purpose = Making { choice: Some(choice), ..Making::of(Purpose::Run) };
    let mut made = making::make_with(session, &selection, &purpose)?;
    made.plan.run = existing.map_or(made.plan.run, |existing| run_of(existing.run));
    let made = ManuallyDrop::new(made);
    let Made { plan, files: found, evaluated: _ } = &*made;
    let definition = &args.selection.definition;
    let built = Built::of(session.host, plan);
    session.tell(&absent::notes(session, definition, plan, &built)?);
    let unlinked = unlinked::warnings(session, definition, plan, &built)?;
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
    command.extend(products::shared_options(selection, &session.secret_names));
    let command = command.join(" ");
    let path = |name: &str| Path::new(folder).join(name).to_string_lossy().into_owned();
    products::refuse_loop(session, found, &path(render::BAKE), "--out ci")?;
    if !args.check {
        products::refuse_foreign(session, &path(render::BAKE))?;
    }
    // They may be very large: each is out of memory before the next is made, but for those that are compared.
    let (mut writing, mut compared) = (session.host.writing(), Vec::new());
    let mut take = |name: &str, text: String| {
        if args.check {
            compared.push((path(name), text));
            return Ok(());
        }
        products::prepare(session, &mut writing, &path(name), Cow::Owned(text))
    };
    let (bake, definition) = render::bake::identified(plan, &products::origin(found, &command));
    take(render::BAKE, bake)?;
    let (others, view) = render::files_beside(plan, &definition, view);
    let gitlab = args.gitlab.then(|| (render::gitlab::FILE, render::gitlab::render(plan)));
    others.into_iter().chain(gitlab).try_for_each(|(name, text)| take(name, text))?;
    if args.check {
        products::check(session, &compared, &command)?;
    } else {
        products::commit(session, writing)?;
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
    let made = ManuallyDrop::new(making::make_for(session, selection, Purpose::BakeFile)?);
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
    command.extend(products::shared_options(selection, &session.secret_names));
    let command = format!("bakeplan {}", command.join(" "));
    let text = render::bake::render(plan, &products::origin(found, &command));
    let Some(path) = output else { return session.deliver_json(&text) };
    // A file of its own is one to commit, so it must be the same tomorrow.
    if !plan.volatile.is_empty() {
        return Err(plan.volatile.clone().into());
    }
    products::refuse_loop(session, found, &path, "-o ci/docker-bake.json")?;
    let files = [(path, text)];
    if *is_check {
        return products::check(session, &files, &command);
    }
    products::refuse_foreign(session, &files[0].0)?;
    products::write(session, &files)
}

/// `bakeplan matrix`
pub(super) fn matrix(session: &mut Session<'_>, args: &cli::Matrix) -> Result<(), Error> {
    let cli::Matrix { format, selection } = args;
    match format {
        MatrixFormat::Github => {
            let (plan, _) = making::make(session, &making::for_github(selection)?)?;
            session.deliver_json(&format!("{}\n", render::matrix::render_github(&plan)))
        }
        MatrixFormat::Json => {
            let (plan, _) = making::make(session, selection)?;
            session.deliver_json(&render::matrix::render(&plan))
        }
    }
}

/// `bakeplan metadata`
pub(super) fn metadata(session: &mut Session<'_>, args: &cli::Metadata) -> Result<(), Error> {
    let cli::Metadata { format, selection } = args;
    let (plan, _) = making::make(session, selection)?;
    match format {
        MetadataFormat::Json => session.deliver_json(&render::plan_json::render(&plan)),
        MetadataFormat::Tags => session.deliver(&render::plan_json::render_tags(&plan)),
        MetadataFormat::Args => session.deliver(&render::plan_json::render_args(&plan)),
    }
}

/// The plan in a folder, if there is one.
fn existing(session: &Session<'_>, folder: &str) -> Option<PlanJson> {
    let path = Path::new(folder).join(render::PLAN).to_string_lossy().into_owned();
    plan_json::read(&path, &session.host.read_product(&path).ok()?).ok()
}

fn run_of(run: RunEntry) -> Run {
    let RunEntry { event, git_ref, source, workflow, number, commit, commit_time, checkout } = run;
    Run { event, git_ref, source, workflow, number, commit, commit_time, checkout }
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
