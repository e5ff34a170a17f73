//! Workflows of GitHub Actions: their jobs, and the steps in them that build and publish.

use std::rc::Rc;

use super::beside::{self, Beside, Deed};
use super::changed_files;
use super::jobs::{add_env, default_of, guard_of, needs};
use super::logins::LoginStep;
use super::metadata_action;
use super::release_tools;
use super::step_if;
use super::subactions;
use super::unread;
use crate::bake::compose::Yaml;
use crate::init::repository::world::World;
use crate::init::shell::{self, Home, Ran};
use crate::init::steps::bake_action;
use crate::init::steps::build_push::{self, add_reference};
use crate::init::steps::carried;
use crate::init::steps::commands::{self, Setting};
use crate::init::steps::found::Publication;
use crate::init::values::folder::{Folder, TOP};
use crate::init::values::guard::{self, Guard};
use crate::init::values::inputs::{Inputs, add_numbers_of, given, place_of, raw_lines, with_defaults};
use crate::init::values::matrix;
use crate::init::values::moment::{Answers, MOMENTS, Moment};
use crate::init::values::runs_on::{self, RunsOn};
use crate::init::values::scope::{Output, Scope};
use crate::init::values::text::{Line, Place, Template};
use crate::init::values::triggers::{self, Start, Triggers};
use crate::init::values::turn::Turn;
use crate::init::values::written::Artifact;
use crate::source::{Source, SourceId, Sources};

/// How far workflows and actions may call each other.
const MAX_CALLS: usize = 5;

/// How much work a step or a row of a matrix is, beside what is in it.
const STEP: usize = 50;

/// A workflow or an action of the repository.
#[derive(Clone, Debug)]
pub(crate) struct YamlFile {
    /// Its path, from the top of the repository.
    pub path: Rc<str>,
    /// Its text.
    pub id: SourceId,
    /// What is in it.
    pub root: Yaml,
}

/// What workflows say.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// What they publish.
    pub publications: Vec<Publication>,
    /// How they log in to registries.
    pub logins: Vec<LoginStep>,
    /// What their steps do beside.
    pub beside: Vec<Beside>,
    /// Numbers that are read otherwise than they are written: where, how they are written, and how they are read.
    pub numbers: Vec<(Place, String, String)>,
}

/// Actions that run a command in the repository, again where it fails.
const RUNNING: [&str; 3] = ["nick-fields/retry", "nick-invision/retry", "wandalen/wretry.action"];

/// Reads workflows, and the actions that they use.
pub(crate) fn read(files: &[YamlFile], sources: &Sources, world: &Rc<World>) -> Reading {
    let mut reader = Reader { files, sources, world, reading: Reading::default(), called: Vec::new() };
    let calls: Vec<&str> = files
        .iter()
        .filter_map(|file| file.root.get("jobs"))
        .flat_map(Yaml::members)
        .filter_map(|(_, job)| job.get("uses").and_then(Yaml::as_text))
        .collect();
    for file in files {
        let Some(on) = file.root.get("on") else { continue };
        let mut triggers = triggers::read(on, world, sources.get(file.id), &file.path);
        let others = files.iter().map(|file| (&*file.path, sources.get(file.id).text.as_str()));
        if release_tools::is_made_by(&sources.get(file.id).text, others) {
            let runs = triggers.runs;
            let made = |moment| if moment == Moment::Made { Moment::Branch } else { moment };
            triggers.runs = Answers::of(|moment| runs.at(made(moment)));
        }
        let is_reached = triggers.is_called && calls.iter().any(|call| is_path(call, &file.path));
        let starts =
            triggers.runs.0.iter().any(|answer| *answer != Some(false)) || !triggers.others.is_empty();
        if is_reached && !starts {
            continue;
        }
        let triggers = if triggers.is_called && !starts {
            Triggers { runs: Answers::of(|_| None), ..triggers }
        } else {
            triggers
        };
        let scope = Scope { world: Rc::clone(world), ..Scope::default() };
        reader.workflow(file, scope, &triggers, 0);
    }
    let Reading { publications, beside, logins: _, numbers } = &mut reader.reading;
    for file in files.iter().filter(|file| publications.iter().any(|one| one.place.path == file.path)) {
        add_numbers_of(&file.root, sources.get(file.id), &file.path, numbers);
    }
    // The checkout of a job that builds nothing is of no matter.
    beside.retain(|one| match &one.deed {
        Deed::Checkout(_) => publications.iter().any(|found| found.build.is_some() && found.job == one.job),
        Deed::Sign(_) | Deed::Unsaid(_) | Deed::Changed => true,
    });
    reader.reading
}

/// Whether `./.github/workflows/x.yml` is this file.
fn is_path(call: &str, path: &str) -> bool {
    call.strip_prefix("./").is_some_and(|call| call.trim_end_matches('/') == path)
}

struct Reader<'a> {
    files: &'a [YamlFile],
    sources: &'a Sources,
    world: &'a Rc<World>,
    reading: Reading,
    /// What is being read, since a call of it again would have no end.
    called: Vec<Rc<str>>,
}

/// What is known of the jobs before.
struct JobSeen {
    name: String,
    runs: Answers,
    guards: Vec<Guard>,
    outputs: Vec<(String, Output)>,
    artifacts: Vec<Artifact>,
    /// What it is called among all jobs of the run, with those that had ended when it began.
    turn: Rc<Turn>,
}

/// Where steps are, and when they run.
struct Run<'a, 't> {
    file: &'a YamlFile,
    source: &'a Source,
    job: String,
    runs: Answers,
    guards: Vec<Guard>,
    others: &'t [String],
    start: &'t Rc<Start>,
    runs_on: Option<RunsOn>,
    /// The folder that its scripts run in, unless they say another one.
    folder: Option<&'a str>,
    /// Their shell, in the same way.
    shell: Option<&'a str>,
    turn: Rc<Turn>,
}

impl<'a> Reader<'a> {
    fn workflow(&mut self, file: &'a YamlFile, scope: Scope, triggers: &Triggers, depth: usize) {
        self.called.push(Rc::clone(&file.path));
        self.jobs(file, scope, triggers, depth);
        self.called.pop();
    }

    fn jobs(&mut self, file: &'a YamlFile, mut scope: Scope, triggers: &Triggers, depth: usize) {
        add_env(&mut scope, file.root.get("env"));
        let on = file.root.get("on");
        let declared = on.and_then(|on| on.get("workflow_call")).and_then(|call| call.get("inputs"));
        if scope.is_called || triggers.is_called {
            scope.is_called = true;
            scope.inputs = with_defaults(declared, std::mem::take(&mut scope.inputs));
        }
        let jobs = file.root.get("jobs").map(Yaml::members).unwrap_or_default();
        let mut seen: Vec<JobSeen> = Vec::new();
        // Those that need none first; a circle ends the search.
        let mut left: Vec<&(String, Yaml)> = jobs.iter().collect();
        while !left.is_empty() {
            let before = left.len();
            let (ready, rest): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, job)| {
                let exists = |name: &str| jobs.iter().any(|(known, _)| known == name);
                let is_seen = |name: &str| seen.iter().any(|job| job.name == name);
                needs(job).into_iter().all(|name| is_seen(name) || !exists(name))
            });
            for (name, job) in ready {
                let known = self.job(file, name, job, &scope, &seen, triggers, depth);
                seen.push(known);
            }
            left = rest;
            if left.len() == before {
                break;
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "all of it is where a job is")]
    fn job(
        &mut self,
        file: &'a YamlFile,
        name: &str,
        job: &'a Yaml,
        workflow: &Scope,
        seen: &[JobSeen],
        triggers: &'_ Triggers,
        depth: usize,
    ) -> JobSeen {
        let source = self.sources.get(file.id);
        let mut scope = workflow.clone();
        let needed = needs(job);
        let before: Vec<&JobSeen> = seen.iter().filter(|job| needed.contains(&job.name.as_str())).collect();
        scope.needs = before.iter().map(|job| (job.name.clone(), job.outputs.clone())).collect();
        // They are those of the run.
        scope.artifacts = seen.iter().flat_map(|job| job.artifacts.iter().cloned()).collect();
        scope.results = before.iter().map(|job| (job.name.clone(), job.runs)).collect();
        let mut runs = triggers.runs;
        let mut guards = triggers.guards.clone();
        let condition = job.get("if").and_then(Yaml::as_text);
        let is_always =
            condition.is_some_and(|text| text.contains("always()") || text.contains("cancelled()"));
        for before in &before {
            let result = format!("needs.{}.", before.name);
            if !is_always || condition.is_some_and(|text| text.contains(&result) || text.contains("needs.*"))
            {
                guard::add(&mut guards, before.guards.iter().cloned());
            }
            if !is_always {
                runs = runs.and(before.runs);
            }
        }
        let turns: Vec<&Turn> = before.iter().map(|job| &*job.turn).collect();
        let turn = Rc::new(Turn::of(&format!("{}#{name}", file.path), &triggers.turn, &turns));
        let (mut outputs, mut artifacts) = (Vec::new(), Vec::new());
        let mut of_job = Answers::of(|_| Some(false));
        let mut guards_of_job: Option<Vec<Guard>> = None;
        for row in matrix::rows(job, &scope) {
            if !self.world.work.spend(STEP + scope.weight()) {
                break;
            }
            let mut scope = Scope { matrix: row, ..scope.clone() };
            add_env(&mut scope, job.get("env"));
            let own = job.get("if").and_then(|of| guard_of(of, &scope, source, &file.path));
            let runs = own.as_ref().map_or(runs, |own| runs.and(own.condition.answers));
            let guards = [guards.as_slice(), own.as_slice()].concat();
            guards_of_job.get_or_insert_with(|| guards.clone());
            of_job =
                Answers::of(
                    |moment| if runs.at(moment) == Some(false) { of_job.at(moment) } else { runs.at(moment) },
                );
            let runs_on = job.get("runs-on").map(|on| RunsOn {
                place: place_of(on, source, &file.path),
                runner: runs_on::of_value(&matrix::value(on, &scope)),
            });
            let job_name = format!("{}#{name}", file.path);
            let run = Run {
                file,
                source,
                job: job_name,
                runs,
                guards,
                others: &triggers.others,
                start: &triggers.start,
                runs_on,
                folder: default_of(job, &file.root, "working-directory"),
                shell: default_of(job, &file.root, "shell"),
                turn: Rc::clone(&turn),
            };
            if let Some(called) = job.get("uses").and_then(Yaml::as_text) {
                self.call(called, job, &scope, &run, depth);
                continue;
            }
            let steps = job.get("steps").map(Yaml::items).unwrap_or_default();
            let known = scope.artifacts.len();
            self.steps(steps, &mut scope, &run, depth);
            artifacts.extend(scope.artifacts.split_off(known));
            if outputs.is_empty() {
                let scope = Rc::new(scope);
                let declared = job.get("outputs").map(Yaml::members).unwrap_or_default();
                outputs = declared
                    .iter()
                    .filter_map(|(name, value)| {
                        Some((name.clone(), Output::OfJob(value.as_text()?.to_owned(), Rc::clone(&scope))))
                    })
                    .collect();
                // An index that a later job makes has the tags of this one's.
                let of_steps = scope.steps.iter().flat_map(|(_, outputs)| outputs.iter());
                let metas: Vec<_> =
                    of_steps.filter(|(_, output)| matches!(output, Output::Meta(_))).cloned().collect();
                outputs.extend(metas.into_iter().map(|(_, output)| ("\u{0}".to_owned(), output)));
            }
        }
        JobSeen {
            name: name.to_owned(),
            runs: of_job,
            guards: guards_of_job.unwrap_or(guards),
            outputs,
            artifacts,
            turn,
        }
    }

    /// A job that is another workflow.
    fn call(&mut self, called: &str, job: &'a Yaml, scope: &Scope, run: &Run<'a, '_>, depth: usize) {
        let inputs = Inputs::of(job, run.source, &run.file.path);
        if called.starts_with("docker/github-builder/") {
            self.github_builder(called, job, &inputs, scope, run);
            return;
        }
        let Some(file) = self.files.iter().find(|file| is_path(called, &file.path)) else {
            self.unread(called, &inputs, run, (run.runs, None));
            return;
        };
        if depth >= MAX_CALLS || self.called.contains(&file.path) {
            return;
        }
        let given = given(job);
        let inner = Scope {
            world: Rc::clone(self.world),
            inputs: given,
            is_called: true,
            caller: Some(Rc::new(scope.clone())),
            ..Scope::default()
        };
        let triggers = Triggers {
            runs: run.runs,
            guards: run.guards.clone(),
            others: run.others.to_vec(),
            is_called: true,
            start: Rc::clone(run.start),
            turn: Rc::clone(&run.turn),
        };
        self.workflow(file, inner, &triggers, depth + 1);
    }

    /// docker/github-builder: the inputs of the build, and those of docker/metadata-action behind `meta-`.
    fn github_builder(
        &mut self,
        called: &str,
        job: &'a Yaml,
        inputs: &Inputs<'a>,
        scope: &Scope,
        run: &Run<'a, '_>,
    ) {
        let meta = metadata_action::read(&Inputs::of(job, run.source, &run.file.path).of_meta(), scope);
        let meta = Rc::new(meta);
        let tags = Line {
            text: Template(vec![crate::init::values::text::Piece::Meta(Rc::clone(&meta), "tags".to_owned())]),
            place: inputs.place.clone(),
        };
        let found = if called.contains("/bake.yml") {
            let mut bake = bake_action::read(inputs, scope, true);
            bake.build.targets = inputs.items("target", scope);
            bake.build.files.push(Line {
                text: Template(vec![crate::init::values::text::Piece::Meta(meta, "bake-file".to_owned())]),
                place: inputs.place.clone(),
            });
            Some(bake_action::publication(bake, scope, run.runs, &run.job))
        } else {
            build_push::read(inputs, scope, run.runs, &run.job).map(|mut found| {
                add_reference(&mut found, tags, false);
                found
            })
        };
        self.add(found, run, None);
    }

    /// An action or a workflow that is not read, and may publish.
    fn unread(
        &mut self,
        uses: &str,
        inputs: &Inputs<'_>,
        run: &Run<'a, '_>,
        (runs, own): (Answers, Option<&Guard>),
    ) {
        let Some(why) = unread::of_action(uses, inputs) else { return };
        let unread = Some(why);
        self.add(
            [Publication { unread, ..Publication::new(inputs.place.clone(), &run.job, runs) }],
            run,
            own,
        );
    }

    fn add(&mut self, found: impl IntoIterator<Item = Publication>, run: &Run<'_, '_>, own: Option<&Guard>) {
        for mut publication in found.into_iter().flat_map(Publication::divided) {
            let before = run.guards.iter().chain(own).cloned();
            publication.guards.splice(0..0, before);
            publication.others = run.others.to_vec();
            publication.start = Rc::clone(run.start);
            publication.runs_on.clone_from(&run.runs_on);
            publication.turn = Rc::clone(&run.turn);
            if run.start.is_foreign && publication.unread.is_none() {
                publication.unread = Some("no event that starts a plan starts its workflow".to_owned());
            }
            self.reading.publications.push(publication);
        }
    }

    fn add_deeds(&mut self, deeds: impl IntoIterator<Item = (Place, Deed)>, run: &Run<'_, '_>) {
        self.reading.beside.extend(deeds.into_iter().map(|(place, deed)| Beside {
            workflow: Rc::clone(&run.start.path),
            job: run.job.clone(),
            place,
            deed,
        }));
    }

    fn steps(&mut self, steps: &'a [Yaml], scope: &mut Scope, run: &Run<'a, '_>, depth: usize) {
        for step in steps {
            if !self.world.work.spend(STEP + scope.weight()) {
                return;
            }
            let mut of_step = scope.clone();
            add_env(&mut of_step, step.get("env"));
            let own = step.get("if").and_then(|of| guard_of(of, &of_step, run.source, &run.file.path));
            let runs = own.as_ref().map_or(run.runs, |own| run.runs.and(own.condition.answers));
            let own = own.as_ref();
            let of_run = own.and_then(|own| step_if::of(&own.condition, run.runs, run.others));
            let id = step.get("id").and_then(Yaml::as_text).unwrap_or_default().to_owned();
            if let Some(uses) = step.get("uses").and_then(Yaml::as_text) {
                let mut outputs = self.action(uses, step, &of_step, run, (runs, own), depth);
                if let Some(condition) = &of_run {
                    let under = |(name, output)| (name, step_if::output(condition, output));
                    outputs = outputs.into_iter().map(under).collect();
                }
                carried::carry(&Inputs::of(step, run.source, &run.file.path), &of_step, scope);
                scope.steps.push((id, outputs));
            } else if let Some(script) = step.get("run") {
                let folder = step.get("working-directory").and_then(Yaml::as_text).or(run.folder);
                let folder =
                    folder.map_or_else(Folder::default, |path| Folder::default().at(&of_step.template(path)));
                let shell = step.get("shell").and_then(Yaml::as_text).or(run.shell);
                let (mut ran, line) = self.script(script, (folder, shell), &of_step, run, (runs, own));
                if let Some(condition) = &of_run {
                    ran.only_if(condition, scope);
                }
                scope.files.extend(ran.files.into_iter().map(|one| one.in_file(&run.file.path, line)));
                for moved in ran.commands.iter().filter_map(|one| carried::moved(&one.words, &of_step)) {
                    scope.carried.push(moved);
                }
                scope.set.extend(ran.environment);
                let outputs =
                    ran.outputs.into_iter().map(|(name, value)| (name, Output::Value(value))).collect();
                scope.steps.push((id, outputs));
            }
        }
    }

    /// Reads a script of a step; answers with what came of it, and where it begins.
    fn script(
        &mut self,
        script: &Yaml,
        (folder, shell): (Folder, Option<&str>),
        scope: &Scope,
        run: &Run<'a, '_>,
        (runs, own): (Answers, Option<&Guard>),
    ) -> (Ran, usize) {
        let first = raw_lines(script, run.source, &run.file.path);
        let shell = shell.map(|shell| scope.template(shell));
        let runner = run.runs_on.as_ref().and_then(|on| on.runner.as_ref());
        let language = unread::language(shell.as_ref(), runner);
        let ran = match &language {
            Some(language) => {
                self.add(unread::publications(language, &first, &run.job, runs), run, own);
                Ran::default()
            }
            None => {
                let home = Home { folder, ..Home::default() };
                shell::read(script.as_text().unwrap_or_default(), scope, &home)
            }
        };
        let line = first
            .first()
            .map_or_else(|| place_of(script, run.source, &run.file.path).line, |first| first.place.line);
        let setting = Setting { path: &run.file.path, lines: &[line], runs, job: &run.job };
        let is_ever = |runs: Answers| MOMENTS.into_iter().any(|moment| runs.may(moment));
        // Its own condition forbids it in all runs of its job.
        if is_ever(runs) || !is_ever(run.runs) {
            self.add_deeds(beside::of_lines(&first), run);
        }
        let found = commands::publications(&ran, scope, &setting);
        self.add(found, run, own);
        (ran, line)
    }

    /// A step with an action; answers with its outputs.
    fn action(
        &mut self,
        uses: &str,
        step: &'a Yaml,
        scope: &Scope,
        run: &Run<'a, '_>,
        (runs, own): (Answers, Option<&Guard>),
        depth: usize,
    ) -> Vec<(String, Output)> {
        let inputs = Inputs::of(step, run.source, &run.file.path);
        let name = uses.split('@').next().unwrap_or_default().to_ascii_lowercase();
        if name == "docker/metadata-action" || name == "crazy-max/ghaction-docker-meta" {
            return vec![(String::new(), Output::Meta(Rc::new(metadata_action::read(&inputs, scope))))];
        }
        self.add_deeds(beside::of_action(&name, &inputs), run);
        if let Some(outputs) = release_tools::outputs(&name, &inputs, scope) {
            return outputs;
        }
        if let Some(outputs) = subactions::outputs(&name, &inputs, scope) {
            return outputs;
        }
        if changed_files::is_one(&name) {
            return changed_files::outputs(&name, &inputs);
        }
        if build_push::is_first(uses, &inputs) {
            // Its inputs were others.
            self.unread(uses, &inputs, run, (runs, own));
        } else if name.ends_with("/build-push-action") {
            let found = build_push::read(&inputs, scope, runs, &run.job);
            self.add(found, run, own);
        } else if name.ends_with("/bake-action") {
            let found = (!inputs.only_checks(scope)).then(|| {
                let bake = bake_action::read(&inputs, scope, false);
                bake_action::publication(bake, scope, runs, &run.job)
            });
            self.add(found, run, own);
        } else if name == "int128/docker-manifest-create-action" || name == "noelware/docker-manifest-action"
        {
            let mut found = Publication::new(inputs.place.clone(), &run.job, runs);
            let tags = if inputs.has("tags") { "tags" } else { "inputs" };
            inputs.items(tags, scope).into_iter().for_each(|line| add_reference(&mut found, line, false));
            let sources = if inputs.has("sources") { "sources" } else { "images" };
            found.sources = inputs.items(sources, scope).into_iter().map(|line| line.text).collect();
            self.add([found], run, own);
        } else if name == "docker/login-action" || name == "redhat-actions/podman-login" {
            self.reading.logins.push(LoginStep::read(&inputs, scope));
        } else if let (true, Some(script)) = (RUNNING.contains(&name.as_str()), inputs.yaml("command")) {
            let folder = inputs.text("current_path", scope);
            let folder = folder.map_or_else(Folder::default, |path| Folder::default().at(&path));
            self.script(script, (folder, inputs.raw("shell")), scope, run, (runs, own));
        } else if let Some(folder) = uses.strip_prefix("./") {
            return self.local_action(folder, step, scope, run, (runs, own), depth);
        } else {
            self.unread(uses, &inputs, run, (runs, own));
        }
        Vec::new()
    }

    /// A composite action of the repository.
    fn local_action(
        &mut self,
        folder: &str,
        step: &'a Yaml,
        scope: &Scope,
        run: &Run<'a, '_>,
        (runs, own): (Answers, Option<&Guard>),
        depth: usize,
    ) -> Vec<(String, Output)> {
        let folder = folder.trim_end_matches('/');
        let is_it = |file: &&YamlFile| {
            file.path.rsplit_once('/').is_some_and(|(of, name)| of == folder && name.starts_with("action."))
        };
        let file = self.files.iter().find(is_it);
        let file = file.filter(|file| depth < MAX_CALLS && !self.called.contains(&file.path));
        let found = file.and_then(|file| Some((file, file.root.get("runs")?.get("steps")?)));
        let Some((file, steps)) = found else {
            let inputs = Inputs::of(step, run.source, &run.file.path);
            self.unread(&format!("./{folder}"), &inputs, run, (runs, own));
            return Vec::new();
        };
        let mut inner = Scope {
            world: Rc::clone(self.world),
            env: scope.env.clone(),
            set: scope.set.clone(),
            files: scope.files.clone(),
            inputs: with_defaults(file.root.get("inputs"), given(step)),
            is_called: true,
            is_action: true,
            caller: Some(Rc::new(scope.clone())),
            ..Scope::default()
        };
        let run = Run {
            file,
            source: self.sources.get(file.id),
            job: run.job.clone(),
            runs,
            guards: run.guards.iter().chain(own).cloned().collect(),
            others: run.others,
            start: run.start,
            runs_on: run.runs_on.clone(),
            folder: None,
            shell: None,
            turn: Rc::clone(&run.turn),
        };
        inner.set.push((shell::ACTION.to_owned(), Template::from(format!("{TOP}/{folder}").as_str())));
        self.called.push(Rc::clone(&file.path));
        self.steps(steps.items(), &mut inner, &run, depth + 1);
        self.called.pop();
        let inner = Rc::new(inner);
        let outputs = file.root.get("outputs").map(Yaml::members).unwrap_or_default().iter();
        outputs
            .filter_map(|(name, output)| {
                let value = output.get("value").and_then(Yaml::as_text)?;
                Some((name.clone(), Output::OfJob(value.to_owned(), Rc::clone(&inner))))
            })
            .collect()
    }
}
