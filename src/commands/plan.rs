//! `bakeplan plan`, `bake`, `matrix` and `metadata`: the plan and its views.

use std::mem::ManuallyDrop;
use std::path::{Component, Path, PathBuf};

use super::absent;
use super::diff;
use super::facts;
use super::session::{Session, github};
use crate::bake::text::discovery::{self, Found};
use crate::bake::values::SecretNames;
use crate::ci::MaxJobs;
use crate::cli::{self, FactOptions, MatrixFormat, MetadataFormat, PlanFormat, Selection};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, Stale};
use crate::host::{Action, Compared, Destination, HostError, Written};
use crate::pipeline::runs;
use crate::plan::{Plan, Run};
use crate::published::plan_json::{self, Existing, RunEntry};
use crate::render;
use crate::resolve::Purpose;

pub(super) use super::making::{Making, make, make_at, make_for, make_with};

/// `bakeplan plan`
pub(super) fn plan(session: &mut Session<'_>, args: &cli::Plan) -> Result<(), Error> {
    let cli::Plan {
        format,
        out,
        check: is_check,
        github: is_github,
        gitlab: is_gitlab,
        explain,
        tree,
        print_facts,
        choice,
        selection: given,
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
    session.tell(&absent::notes(session, plan));
    // The limit of GitHub is an option of the others, where it made a difference.
    let max_jobs = given.max_jobs.or(plan.packed.map(|packed| packed.most));
    let selection = &Selection { max_jobs, ..given.clone() };
    let mut command = vec!["plan".to_owned()];
    if let Some(folder) = out {
        command.extend(["--out".to_owned(), quote(folder)]);
        command.extend(choice.pin_bases.then(|| "--pin-bases".to_owned()));
        command.extend(shared_options(selection, &session.secret_names));
        let command = format!("bakeplan {}", command.join(" "));
        let files: Vec<(String, String)> = render::files(plan, &origin(found, &command))
            .into_iter()
            .chain(is_gitlab.then(|| (render::gitlab::FILE, render::gitlab::render(plan))))
            .map(|(name, text)| (Path::new(folder).join(name).to_string_lossy().into_owned(), text))
            .collect();
        refuse_loop(session, found, &files[0].0)?;
        if *is_check {
            check(session, &files, &command)?;
        } else {
            refuse_foreign(session, &files[0].0)?;
            write(session, &files)?;
        }
    }
    if *is_github {
        session.tell(runs::changing(std::slice::from_ref(plan)).as_slice());
        let matrix = render::matrix::render_github(plan);
        check_size(plan, &matrix)?;
        github(session, &outputs(plan, &matrix), &render::summary::render(plan))?;
    }
    if *is_check {
        return Ok(());
    }
    match (*format).unwrap_or(PlanFormat::Table) {
        PlanFormat::Table if *tree => match session.host.screen() {
            Some(screen) => session
                .show_styled(&render::tree::render(plan, screen.color), &render::tree::render(plan, false)),
            None => session.show(&render::tree::render(plan, false)),
        },
        PlanFormat::Table => {
            let plain = render::table::render(plan, *explain);
            match session.host.screen() {
                Some(screen) => {
                    session.show_styled(&render::terminal::render(plan, screen, *explain), &plain)
                }
                None => session.show(&plain),
            }
        }
        PlanFormat::Json => session.deliver_json(&render::plan_json::render(plan)),
        PlanFormat::Markdown => session.show(&render::markdown::render(plan)),
        PlanFormat::Mermaid => session.show(&render::mermaid::render(plan)),
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
        command.extend(["-o".to_owned(), quote(path)]);
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
    let RunEntry { event, git_ref, source, workflow, number, commit, commit_time } = run;
    Run { event, git_ref, source, workflow, number, commit, commit_time }
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
    let mut option = |name: &str, value: &str| options.push(format!("{name} {}", quote(value)));
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
    let value = |name: &str, value: Option<String>| value.map(|value| format!("{name}={}", quote(&value)));
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
    options.extend(policies.iter().map(|policy| format!("--policy {}", quote(policy))));
    options.extend(targets.iter().map(|target| quote(target)));
    options
}

/// A word as a POSIX shell reads it back.
pub(super) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
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
    files.iter().try_for_each(|(path, text)| session.check_leaks(&format!("`{path}`"), text))?;
    let written = session.host.write_if_changed(files)?;
    for ((path, _), written) in files.iter().zip(written) {
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
