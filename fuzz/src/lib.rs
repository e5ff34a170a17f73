//! What the targets do with a text: all that the program would, but for reading and writing files.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::thread;

use bakeplan::internals::bake::compose::{self, Files, Unreadable};
use bakeplan::internals::bake::eval::functions::Ambient;
use bakeplan::internals::bake::module::{File, Module, ModuleInputs, strict};
use bakeplan::internals::bake::target::overrides::Overrides;
use bakeplan::internals::bake::target::select::{self, Options};
use bakeplan::internals::bake::target::{Definition, flags, print};
use bakeplan::internals::bake::text::{hcl, json};
use bakeplan::internals::bake::values::{SecretNames, csv};
use bakeplan::internals::diagnostic::Diagnostic;
use bakeplan::internals::facts::{Facts, KnownVersions};
use bakeplan::internals::form::Form;
use bakeplan::internals::pattern::{self, ImageNames, Words};
use bakeplan::internals::platform::{self, Platform};
use bakeplan::internals::published::metadata::Metadata;
use bakeplan::internals::published::planned::Planned;
use bakeplan::internals::reference::{Reference, Repository, Tag};
use bakeplan::internals::registry::answers;
use bakeplan::internals::render;
use bakeplan::internals::resolve::{self, Input, Purpose, Spared};
use bakeplan::internals::rules::{self, Flavor, Rule};
use bakeplan::internals::source::Sources;
use bakeplan::internals::version::Version;

type Outcome = Result<(), Vec<Diagnostic>>;

/// A file in the Bake language or in HCL-JSON: evaluated, and printed with all its targets.
pub fn bake(text: &str, is_json: bool) {
    with_module(text, is_json, |_, module, definition| {
        black_box(strict::unknown_names(module));
        print_all(definition)
    });
}

/// A Compose file, which may include itself.
pub fn compose(text: &str) {
    let mut sources = Sources::default();
    let id = sources.add("compose.yaml", text);
    let nothing = BTreeMap::new();
    let files = Same(text.to_owned());
    let secrets = SecretNames::default();
    let surroundings = compose::ComposeInputs {
        env: &nothing,
        vars: &nothing,
        home: None,
        files: &files,
        secrets: &secrets,
    };
    let outcome = compose::load(&mut sources, &[id], &surroundings);
    let outcome = outcome.and_then(|composition| {
        tell(&sources, &composition.warnings);
        print_all(&composition.definition)
    });
    told(&sources, outcome);
}

/// An expression, as an argument of a target.
pub fn expression(text: &str) {
    bake(
        &format!("V = [\"a\", 1, {{ k = true }}]\ntarget \"a\" {{\n  args = {{ A = {text}\n  }}\n}}\n"),
        false,
    );
}

/// A file with or without `image` blocks: planned, and shown in every way.
pub fn plan(text: &str, is_json: bool) {
    with_module(text, is_json, |sources, module, definition| {
        let overrides = Overrides::default();
        let facts = facts();
        let plan = resolve::resolve(&Input {
            module,
            definition,
            overrides: &overrides,
            names: &[],
            platforms: &[],
            publish: true,
            max_jobs: None,
            default_provenance: None,
            purpose: Purpose::Run,
            given: &facts,
            facts: &&facts,
            known_versions: &KnownVersions::default(),
            kept: &[],
            spared: &Spared::default(),
            sources: Vec::new(),
            texts: &Sources::default(),
        })?;
        tell(sources, &plan.warnings);
        tell(sources, &plan.volatile);
        let [_, _, (_, text)] = render::files(&plan, "origin");
        if let Err(refused) = Planned::read("plan.json", &text) {
            panic!("what is written is not read: {}", refused.message);
        }
        black_box(render::table::render(&plan, true));
        black_box(render::summary::render(&plan));
        black_box(render::markdown::render(&plan));
        black_box(render::matrix::render_github(&plan));
        black_box(render::plan_json::render_args(&plan));
        black_box(render::plan_json::render_tags(&plan));
        Ok(())
    });
}

/// What stands in strings: references, platforms, versions, lists.
pub fn words(text: &str) {
    /// A word that can be read is read the same when it is written.
    fn again<T: std::str::FromStr + ToString + PartialEq + std::fmt::Debug>(text: &str) -> Option<T> {
        let read: T = text.parse().ok()?;
        let written = read.to_string();
        assert_eq!(Some(&read), written.parse().ok().as_ref(), "{written}");
        Some(read)
    }
    again::<Platform>(text);
    again::<Reference>(text);
    again::<Repository>(text);
    again::<Tag>(text);
    if let Some(form) = again::<Form>(text) {
        black_box(
            ["1.4.2-slim", "20260921", "pr-7", "main"]
                .map(|tag| (form.fits(tag), form.versions_in(tag).len())),
        );
    }
    told(&Sources::default(), Planned::read("plan.json", text).map(drop).map_err(|found| vec![found]));
    let facts = facts();
    let version = text.parse::<Version>().ok();
    for version in [version, "1.2.3-rc1+b.5".parse().ok()] {
        let words = Words { version: version.as_ref(), facts: &&facts, image: ImageNames::default() };
        let _ = pattern::render(text, &words);
        let _ = pattern::holds(text, &words);
    }
    if let (Ok(rule), Ok(flavor)) = (Rule::parse(text), Flavor::parse(text.lines())) {
        let _ = rules::apply(&[rule], &flavor, &&facts);
    }
    let _ = platform::split_list(text);
    let _ = platform::is_valid_for_bake(text);
    let _ = csv::fields(text, ',');
    black_box(flags::parse_bool(text));
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    black_box(strict::dead_overrides(&lines));
    told(&Sources::default(), Overrides::parse(&lines, None).map(drop));
}

/// What build jobs wrote: a metadata file, or outputs of a CI that hold some. It is joined with a plan that has one build.
pub fn metadata(text: &str) {
    let mut metadata = Metadata::default();
    let is_planned = |name: &str| name == "app-linux-amd64";
    let outcome = metadata.add_text("metadata.json", text, &is_planned);
    assert!(metadata.builds.keys().all(|name| is_planned(name)), "a build that is not planned");
    tell(&Sources::default(), &metadata.notes);
    // The same again contradicts nothing.
    let again = metadata.add_text("metadata.json", text, &is_planned);
    assert_eq!(outcome.is_ok(), again.is_ok());
    told(&Sources::default(), outcome.map_err(|found| vec![found]));
}

/// What a registry answers: `WWW-Authenticate` in the first line, and then a list of tags, of whose pages each is a line
/// with its `Link` and one with its body.
pub fn answers(text: &str) {
    let mut lines = text.split('\n');
    if let Some(server) = answers::token_server(lines.next().unwrap_or_default()) {
        assert!(server.is_empty() || server.starts_with("http://") || server.starts_with("https://"));
        assert!(server.split('/').nth(2).is_none_or(|host| !host.contains('@')), "{server}");
    }
    let repository: Repository = "registry.example/acme/app".parse().expect("it is a repository");
    let pages = std::iter::from_fn(|| Some((lines.next()?, lines.next()?)));
    if let Ok((names, asked)) = answers::tag_list(&repository, pages) {
        let mut known = std::collections::BTreeSet::new();
        assert!(names.iter().all(|name| known.insert(name)), "a name is there twice");
        assert!(asked.iter().all(|path| path.starts_with("tags/list")), "{asked:?}");
        assert!(!asked.iter().any(|path| path.contains(char::is_control)), "{asked:?}");
    }
}

/// A push of a tag.
fn facts() -> Facts {
    let own = |text: &str| Some(text.to_owned());
    Facts {
        event: own("push"),
        git_ref: own("refs/tags/v1.2.3"),
        tag: own("v1.2.3"),
        commit: own("0123456789012345678901234567890123456789"),
        ..Facts::default()
    }
}

/// Runs `work` on text as large a stack as the program has. One thread does all: starting one takes longer than most
/// texts do.
pub fn run(bytes: &[u8], work: fn(&str)) {
    type Job = (String, fn(&str));
    static WORKER: OnceLock<Mutex<(Sender<Job>, Receiver<()>)>> = OnceLock::new();
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let worker = WORKER.get_or_init(|| {
        let (jobs, taken) = channel::<Job>();
        let (done, finished) = channel();
        let work = move || {
            for (text, work) in taken {
                work(&text);
                if done.send(()).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new().stack_size(256 << 20).spawn(work).expect("there is memory for a stack");
        Mutex::new((jobs, finished))
    });
    let (jobs, finished) = &*worker.lock().expect("a panic ends the process");
    jobs.send((text.to_owned(), work)).expect("a panic ends the process");
    finished.recv().expect("a panic ends the process");
}

fn with_module(text: &str, is_json: bool, then: impl FnOnce(&Sources, &Module, &Definition) -> Outcome) {
    let mut sources = Sources::default();
    let id = sources.add("docker-bake.hcl", text);
    let parse = if is_json { json::parse_json } else { hcl::parse_hcl };
    let ambient = Ambient {
        now: Box::new(|| "2026-11-21T09:30:00Z".to_owned()),
        random: Box::new(|| [7; 16]),
        home: None,
    };
    let outcome = parse(&sources, id).and_then(|body| {
        let file = File { body, json: is_json, shared: true };
        let module = Module::new(vec![file], ModuleInputs::default(), ambient)?;
        let definition = module.merge_onto(Definition::default())?;
        then(&sources, &module, &definition)
    });
    told(&sources, outcome);
}

/// All targets together, and alone, where one of them is wrong.
fn print_all(definition: &Definition) -> Outcome {
    let resolve = |names: &[String]| {
        let resolved = select::resolve(definition, names, &Overrides::default(), &Options::default())?;
        black_box(strict::strings(resolved.targets.values().map(AsRef::as_ref)));
        black_box(strict::tags(resolved.targets.values().map(AsRef::as_ref)));
        black_box(strict::caches(resolved.targets.values().map(AsRef::as_ref)));
        black_box(print::to_json(&resolved, &[]));
        Ok(())
    };
    let names: Vec<String> = definition.targets.keys().map(|name| name.to_string()).collect();
    let outcome = resolve(&names);
    if outcome.is_err() {
        for name in names.iter().take(8) {
            let _ = resolve(std::slice::from_ref(name));
        }
    }
    outcome
}

/// A failure has a reason, which can be told.
fn told(sources: &Sources, outcome: Outcome) {
    if let Err(diagnostics) = outcome {
        assert!(!diagnostics.is_empty(), "a failure without a reason");
        tell(sources, &diagnostics);
    }
}

fn tell(sources: &Sources, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        assert!(!diagnostic.render(sources, true).is_empty());
        assert_eq!(diagnostic.render_github(sources).lines().count(), 1);
        black_box(diagnostic.to_wire(sources));
    }
}

/// Files that are all the same.
struct Same(String);

impl Files for Same {
    fn read(&self, path: &str) -> Result<String, Unreadable> {
        if path.ends_with(".yaml") { Ok(self.0.clone()) } else { Err(Unreadable::Missing) }
    }
}
