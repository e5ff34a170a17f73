//! `bakeplan init`: `image` blocks for what is published today.

mod known;
mod scan;

mod odd_tag;
mod prerelease;
mod preview;
mod publishers;
mod scripts;

pub(super) use publishers::publishers;

use indexmap::IndexSet;
use prerelease::Prerelease;
use preview::Changed;
use scan::Found;

use crate::bake::text::discovery;
use crate::cli;
use crate::code::Code;
use crate::commands::planning::making;
use crate::commands::session::Session;
use crate::commands::session::products;
use crate::diagnostic::{Diagnostic, listed};
use crate::error::Error;
use crate::init::gitlab;
use crate::init::proposal::blocks::{self, Proposal, Told};
use crate::init::proposal::first::{self, First};
use crate::init::published::bases;
use crate::init::published::clashes;
use crate::init::published::compose_services;
use crate::init::published::definition::Known;
use crate::init::published::images::{self, Candidate, Stray};
use crate::init::published::today;
use crate::init::repository::kinds::Kind;
use crate::init::repository::world::World;
use crate::init::steps::entry::Entry;
use crate::init::steps::found::Publication;
use crate::init::values::guard::Guarded;
use crate::init::values::mask::quotable;
use crate::init::values::moment::{Answers, COMMIT, MOMENTS, Moment};
use crate::init::values::text::Place;
use crate::resolve::Purpose;

/// What to do when the blocks are written, with the options that name the files and the facts that a plan needs here.
fn next(is_on_gitlab: bool, Named { options, top }: &Named, facts: &Facts, found: &Found) -> String {
    // Not the workflow of today, which is nothing to overwrite.
    let is_free =
        |name: &&str| !found.yaml.iter().any(|file| *file.path == format!(".github/workflows/{name}"));
    let file = ["images.yml", "publish-images.yml"].into_iter().find(is_free).unwrap_or("bakeplan.yml");
    let writes = if is_on_gitlab {
        format!(
            "`bakeplan workflow gitlab{options} -o {top}.gitlab/images.yml --install HOW` writes the pipeline, which `.gitlab-ci.yml` includes"
        )
    } else {
        format!(
            "`bakeplan workflow github{options} -o {top}.github/workflows/{file} --install HOW` writes the workflow"
        )
    };
    let (look, why) = match facts {
        Facts::Known => (String::new(), ""),
        Facts::Needed(facts) => (
            facts.iter().map(|fact| format!(" --fact {fact}")).collect(),
            ", since git does not tell here which run the plan is for",
        ),
        Facts::Elsewhere(facts) => (
            facts.iter().map(|fact| format!(" --fact {fact}")).collect(),
            ", since nothing is published from here",
        ),
    };
    format!(
        "Next, look at `bakeplan plan{options}{look}`{why}. {writes}; `bakeplan explain no-install` lists what HOW can be.\n"
    )
}

/// What a person has to say for a plan that shows something.
enum Facts {
    /// Nothing.
    Known,
    /// These facts, which nobody knows here.
    Needed(Vec<String>),
    /// These facts, since runs of this commit publish nothing.
    Elsewhere(Vec<String>),
}

/// Tries the plan of what was written, as it is here and in the runs of a release and of the default branch.
fn facts_for(session: &mut Session<'_>, proposals: &[Proposal], known: &[Known], world: &World) -> Facts {
    let own = proposals.first().and_then(|proposal| known.get(proposal.definition?));
    let (folder, files) = own.map_or_else(Default::default, |own| (own.folder.clone(), own.files.clone()));
    let here = session.host.clone();
    let host = here.below(&folder);
    let mut shows = |facts: &[String]| {
        let selection = known::selection(&files, facts.to_vec(), true).ok()?;
        let since = session.sources.count();
        let made = known::quietly(session, &here, |session| {
            making::make_at(session, Some(&host), &selection, Purpose::Run)
        });
        session.sources.put_below(&folder, since);
        Some(!made.ok()?.0.images.is_empty())
    };
    let first = shows(&[]);
    if first == Some(true) {
        return Facts::Known;
    }
    let tag = vec![format!("tag={}", world.tag)];
    let branch = vec![format!("ref=refs/heads/{}", world.default_branch)];
    // In a folder without commits, or without git.
    let all =
        |moment: Moment| moment.facts(world).into_iter().filter(|fact| !fact.starts_with("event=")).collect();
    let commit = vec![format!("commit={COMMIT}")];
    let with = |facts: &[String]| [facts, &commit].concat();
    let tries = [
        tag.clone(),
        branch.clone(),
        commit.clone(),
        with(&tag),
        with(&branch),
        all(Moment::Tag),
        all(Moment::Branch),
    ];
    match tries.into_iter().find(|facts| shows(facts) == Some(true)) {
        Some(facts) if first.is_none() => Facts::Needed(facts),
        Some(facts) => Facts::Elsewhere(facts),
        None => Facts::Known,
    }
}

/// How commands name the first definition that is written.
#[derive(Default)]
struct Named {
    /// The options for its files, where they are not found without.
    options: String,
    /// What leads from its folder to the top.
    top: String,
}

impl Named {
    fn of(proposals: &[Proposal], known: &[Known]) -> Self {
        let of = proposals.first().and_then(|proposal| known.get(proposal.definition?));
        let Some(known) = of else { return Self::default() };
        let folder = Some(known.folder.as_str()).filter(|folder| !folder.is_empty());
        let depth = folder.map_or(0, |folder| folder.split('/').filter(|part| !part.is_empty()).count());
        let folder = folder.map(|folder| format!(" -C {folder}")).unwrap_or_default();
        let options = known.files.iter().fold(folder, |options, file| format!("{options} -f {file}"));
        Self { options, top: "../".repeat(depth) }
    }
}

pub(super) fn init(session: &mut Session<'_>, args: &cli::Init) -> Result<(), Error> {
    let cli::Init { write, yes, separate } = args;
    let mut found = scan::scan(session);
    let printable = known::printable(session, &found);
    let (world, mut reading) = scan::workflows(session, &found, &printable);
    let mut warnings = std::mem::take(&mut found.warnings);
    for (place, written, read) in &reading.numbers {
        let message = format!(
            "without quotes, `{written}` is the number `{read}` for GitHub, and so it is in what is published"
        );
        let warning = Diagnostic::warning(Code::INIT_OPEN, message).at(found.span(session, place), "");
        warnings.push(warning.with_help(format!(
            "write `\"{written}\"` in the workflow if that is meant, and change the proposal"
        )));
    }
    world.work.begin();
    let of_gitlab = gitlab::publications(&found.pipelines, &session.sources, &world);
    let is_on_gitlab = reading.publications.is_empty() && !of_gitlab.is_empty();
    reading.publications.extend(of_gitlab);
    for place in gitlab::included(&found.pipelines, &session.sources) {
        let warning =
            Diagnostic::warning(Code::INIT_UNREAD, "`init` does not read the files that this includes");
        let warning = warning.at(found.span(session, &place), "");
        warnings.push(warning.with_help("write an `image` block for what they publish"));
    }
    let (mut publications, left) =
        scripts::with_scripts(std::mem::take(&mut reading.publications), &found, session, &world);
    warnings.extend(not_run(&left));
    let unless_run = std::mem::take(&mut found.unless_run).into_iter();
    warnings.extend(unless_run.filter(|(path, _)| !world.scripts.is_run(path)).map(|(_, warning)| warning));
    let of_prerelease = prerelease::read(session, &found, &world);
    // All of them are read; from now on they are only shown.
    found.mask(session);
    compose_services::find_files(&mut publications, &found.of(Kind::Compose).collect::<Vec<_>>());
    let (evaluated, problems) = known::all(session, &mut found, &publications);
    let is_broken = problems.iter().any(|one| one.code != Code::OUTSIDE);
    warnings.extend(problems);
    let known: Vec<_> = evaluated.iter().map(|one| one.known.clone()).collect();
    let (mut candidates, mut strays) = images::images(publications, &known, &world);
    let of_prerelease = of_prerelease.map(|read| Prerelease::of(read, &known));
    let (of_clashes, overwritten) = clashes::without(&mut candidates, &known, &world);
    strays.extend(overwritten);
    let of_services: Vec<Stray> =
        std::mem::take(&mut found.services).into_iter().map(|(place, why)| of_service(place, why)).collect();
    let has_services = !of_services.is_empty();
    strays.extend(of_services.iter().cloned());
    let dockerfiles = found.dockerfiles(session, &bases::paths(&candidates, &known));
    let bases = bases::bases(&candidates, &known, &dockerfiles, &world);
    if world.work.has_ended() {
        warnings.push(Diagnostic::warning(
            Code::INIT_LIMIT,
            "workflows and scripts ask for so much work, or have a matrix of so many rows, that they were read in part; what is missing is not in the proposal",
        ));
    }
    if !world.more_branches.is_empty() {
        let message = format!(
            "pushes to more branches start workflows than the table has rows for: it lacks {}",
            listed(&world.more_branches)
        );
        let note = Diagnostic::note(Code::INIT_LIMIT, message);
        warnings.push(note.with_help(
            "`bakeplan plan --fact ref=refs/heads/NAME` shows what is published from one of them",
        ));
    }
    warnings.extend(by_hand(&candidates, &found, session));
    let has_candidates = !candidates.is_empty();
    let line = |place: &Place| found.line(session, place);
    let (proposals, mut told, more) = blocks::propose(candidates, &bases, &known, &reading, &world, &line);
    told.extend(of_clashes);
    strays.extend(more);
    let has_strays = strays.iter().any(|stray| !stray.publication.is_guess);
    let mut proposals: Vec<_> =
        proposals.into_iter().filter(|proposal| !proposal.images.is_empty()).collect();
    // What publishes them is there, if something does that could not be read.
    if proposals.is_empty() && !has_candidates && !has_strays && !known.iter().any(|one| one.has_blocks) {
        let dockerfiles: Vec<&str> = found.of(Kind::Dockerfile).collect();
        // What is not read may push them to any registry.
        let registry = world.registry.clone().filter(|_| !has_services);
        let world = World { registry, ..(*world).clone() };
        let First { proposals: of_dockerfiles, aside } = first::propose(&dockerfiles, &known, &world);
        proposals = of_dockerfiles;
        warnings.extend(left_aside(&aside));
        if let Some(repository) =
            world.registry.as_deref().filter(|_| !proposals.is_empty() && !first::has_placeholder(&world))
        {
            let message = format!(
                "nothing that was read publishes an image, so `{}` is a guess from the git remote",
                quotable(repository)
            );
            let warning = Diagnostic::warning(Code::INIT_OPEN, message);
            warnings.push(warning.with_help("put the right `repositories` in its place before you publish"));
        }
        if !proposals.is_empty() && first::has_placeholder(&world) {
            let who =
                if has_services { "nothing that was read tells" } else { "the git remote does not tell" };
            let message = format!(
                "{who} which registry the images are pushed to, so `registry.example` stands for it, where nothing can be pushed"
            );
            let warning = Diagnostic::warning(Code::INIT_OPEN, message);
            warnings
                .push(warning.with_help("put the right `repositories` in their place before you publish"));
        }
    }
    if proposals.is_empty() {
        let is_covered = known.iter().any(|one| one.has_blocks);
        if is_covered && (has_candidates || !has_strays) {
            warnings.extend(of_services.iter().map(|stray| of_stray(stray, &found, session)));
            session.tell(&warnings);
            if *yes {
                session.note("nothing to propose");
                return Ok(());
            }
            return session.show("nothing to propose: every published target has an `image` block\n");
        }
        warnings.extend(strays.iter().map(|stray| of_stray(stray, &found, session)));
        warnings.extend(told.iter().map(|told| of_told(told, &found, session)));
        let warnings: IndexSet<Diagnostic> = warnings.into_iter().collect();
        session.tell(&warnings.into_iter().collect::<Vec<_>>());
        return Err(nothing(&found, is_broken).into());
    }
    warnings.extend(strays.iter().map(|stray| of_stray(stray, &found, session)));
    warnings.extend(told.iter().map(|told| of_told(told, &found, session)));
    if has_strays {
        warnings.extend(services(&proposals, &known).map(|(place, name)| {
            let message =
                format!("whether service `{name}` is pushed today is not known, and with its block it is");
            let warning = Diagnostic::warning(Code::INIT_OPEN, message).at(found.span(session, &place), "");
            warning.with_help("leave the block out if the service is only built, or only for the desk")
        }));
    }
    let warnings: IndexSet<Diagnostic> = warnings.into_iter().collect();
    session.tell(&warnings.into_iter().collect::<Vec<_>>());
    let runs = (&*world, of_prerelease.as_ref());
    let Changed { files, text, mistakes, wider, other, failing } =
        preview::preview(session, &proposals, &evaluated, runs, &strays, *separate)?;
    // Whoever wants no question has seen the answer.
    if !*yes {
        session.show(&text)?;
    }
    let names: Vec<String> = files.iter().map(|(path, _)| format!("`{path}`")).collect();
    let names = names.join(" and ");
    // Where Bake would read a Compose file that cannot be evaluated beside the new file, it has to be named.
    let is_new = proposals.iter().any(|proposal| proposal.definition.is_none());
    let has_compose = found.of(Kind::Compose).any(discovery::is_default_name);
    let is_read = known.iter().any(|one| one.folder.is_empty() && one.files.is_empty());
    let hint = if is_new && has_compose && !is_read {
        "The Compose file here cannot be evaluated, so name the new file: `bakeplan plan -f docker-bake.hcl`.\n"
    } else {
        ""
    };
    let of_wider = |(place, message): &(Place, String)| {
        let warning =
            Diagnostic::warning(Code::INIT_OPEN, message.clone()).at(found.span(session, place), "");
        warning.with_help(
            "the workflow of a plan starts with every git tag: write into `when` of the tags which ones they are for, or push no such git tags",
        )
    };
    let of_wider: IndexSet<Diagnostic> = wider.iter().map(of_wider).collect();
    session.tell(&of_wider.into_iter().collect::<Vec<_>>());
    let of_other = |(place, message): &(Place, String)| {
        let warning =
            Diagnostic::warning(Code::INIT_OPEN, message.clone()).at(found.span(session, place), "");
        warning.with_help(
            "in a plan, tags that move are those of releases; a tag with the whole version can be for prereleases alone: `{ pattern = \"type=semver,pattern={{version}}\", when = \"tag and '-' in tag\" }`",
        )
    };
    session.tell(&other.iter().map(of_other).collect::<Vec<_>>());
    let of_failing = |(place, message): &(Place, String)| {
        let warning =
            Diagnostic::warning(Code::INIT_OPEN, message.clone()).at(found.span(session, place), "");
        warning.with_help(
            "leave the variable out of `env` of the `workflow` block, and write what it decides into the `image` block: `repositories`, and `tags` such as `{ pattern = \"{{ tag }}\", when = \"tag\" }`",
        )
    };
    session.tell(&failing.iter().map(of_failing).collect::<Vec<_>>());
    if !mistakes.is_empty() {
        if *write {
            return Err(mistakes.into());
        }
        session.tell(&mistakes);
    }
    if !*write {
        return session
            .show(&format!("\nNothing is written. `bakeplan init --write` writes {names}.\n{hint}"));
    }
    if !*yes {
        if !session.host.can_ask() {
            let message =
                format!("`--write` asks before it writes {names}, and there is no terminal: add `--yes`");
            return Err(Error::Usage(message));
        }
        if !session.host.ask(&format!("Write {names}?")) {
            return session.show("Nothing is written.\n");
        }
    }
    products::write(session, &files)?;
    let written = if *yes { format!("Wrote {names}.\n") } else { String::new() };
    let facts = facts_for(session, &proposals, &known, &world);
    let next = next(is_on_gitlab, &Named::of(&proposals, &known), &facts, &found);
    session.show(&format!("{written}{hint}{next}"))
}

/// That people may start from any branch what other events start, too: what it publishes then has no row.
fn by_hand(candidates: &[Candidate], found: &Found, session: &Session<'_>) -> Option<Diagnostic> {
    let is_beside = |entry: &&Entry| {
        let is_open = entry.guarded == Guarded::Told || !entry.guarded.implies("tag");
        let has_others = MOMENTS.into_iter().any(|moment| entry.may(moment));
        today::is_by_hand(&entry.others) && has_others && is_open
    };
    let entry = candidates.iter().flat_map(|candidate| &candidate.entries).find(is_beside)?;
    let message = "this can be started by hand, too, from any branch, and the table has no row for that: the workflow of a plan publishes then from the default branch, or from those of `branches`, alone";
    let note = Diagnostic::note(Code::INIT_LIMIT, message).at(found.span(session, &entry.place), "");
    Some(note.with_help(
        "`bakeplan plan --fact event=workflow_dispatch --fact ref=refs/heads/NAME` shows what is published from a branch",
    ))
}

/// The services of Compose files that get blocks for what they say themselves: where each is, and its name.
fn services<'p>(proposals: &'p [Proposal], known: &'p [Known]) -> impl Iterator<Item = (Place, &'p str)> {
    proposals.iter().flat_map(|proposal| {
        let own = proposal.images.iter().filter(|image| image.candidate.is_none());
        let of = proposal.definition.and_then(|at| known.get(at));
        own.filter_map(move |image| {
            let target = of?.targets.iter().find(|target| target.label == image.target)?;
            let place = target.place.clone().filter(|place| images::is_yaml(&place.path))?;
            Some((place, image.name.as_str()))
        })
    })
}

/// That scripts are left out, which publish and which nothing was found to run.
fn not_run(paths: &[String]) -> Option<Diagnostic> {
    let message = format!(
        "left out of the proposal, since workflows publish images and none was found that runs this: {}",
        paths.join(", ")
    );
    let note = Diagnostic::note(Code::INIT_UNREAD, message);
    (!paths.is_empty()).then(|| note.with_help("write an `image` block for what people publish with it"))
}

/// That Dockerfiles are left out, which are seldom published.
fn left_aside(paths: &[String]) -> Option<Diagnostic> {
    let message = format!(
        "left out of the proposal, since tests, examples and development environments are seldom published: {}",
        listed(paths)
    );
    let note = Diagnostic::note(Code::INIT_UNREAD, message);
    (!paths.is_empty()).then(|| note.with_help("write a target and an `image` block for what is published"))
}

/// What a file of another service publishes, in runs of branches and of git tags.
fn of_service(place: Place, why: String) -> Stray {
    let is_of_branches = |moment| !matches!(moment, Moment::PullRequest | Moment::Schedule | Moment::Release);
    let runs = Answers::of(|moment| if is_of_branches(moment) { None } else { Some(false) });
    let job = place.path.to_string();
    Stray { publication: Publication { is_guess: true, ..Publication::new(place, &job, runs) }, why }
}

fn of_stray(stray: &Stray, found: &Found, session: &Session<'_>) -> Diagnostic {
    let Stray { publication, why } = stray;
    let repositories: Vec<String> =
        publication.repositories.iter().map(|line| quotable(&line.text.shown())).collect();
    let what =
        if repositories.is_empty() { "this".to_owned() } else { format!("`{}`", repositories.join("`, `")) };
    let message = format!("{what} is not in the proposal: {}", quotable(why));
    Diagnostic::warning(Code::INIT_UNREAD, message).at(found.span(session, &publication.place), "")
}

fn of_told(told: &Told, found: &Found, session: &Session<'_>) -> Diagnostic {
    let (place, message) = told;
    Diagnostic::warning(Code::INIT_OPEN, message.clone()).at(found.span(session, place), "")
}

/// Nothing publishes an image.
fn nothing(found: &Found, is_broken: bool) -> Diagnostic {
    let count = |number: usize, one: &str, many: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {many}"),
    };
    let of = |kind: Kind| found.of(kind).count();
    let read = [
        count(found.yaml.len(), "workflow or action", "workflows and actions"),
        count(found.pipelines.len(), "GitLab pipeline", "GitLab pipelines"),
        count(found.scripts.len(), "script", "scripts"),
        count(of(Kind::Bake), "Bake file", "Bake files"),
        count(of(Kind::Compose), "Compose file", "Compose files"),
        count(of(Kind::Dockerfile), "Dockerfile", "Dockerfiles"),
    ];
    Diagnostic::error(Code::NO_IMAGES, "found nothing that publishes an image in a way that `init` reads")
        .with_note(format!("read: {}", read.join(", ")))
        .with_help(if is_broken {
            "mend what cannot be evaluated, as the warnings say, and run `bakeplan init` again: it reads what publishes from there"
        } else {
            "write a Bake file with a target, and an `image` block with its `repositories` and `tags`"
        })
}
