//! Pipelines of GitLab CI: their jobs, when these run, and the commands that build and publish in them
//! (<https://docs.gitlab.com/ci/yaml/>).

mod rules;
mod turns;

use std::collections::BTreeMap;
use std::rc::Rc;

use self::rules::{Named, of_refs, of_rules};
use self::turns::JobOrder;
use crate::bake::compose::Yaml;
use crate::init::github::examples;
use crate::init::github::workflow::YamlFile;
use crate::init::repository::world::World;
use crate::init::shell::{self, Home};
use crate::init::steps::commands::{self, Setting};
use crate::init::steps::found::Publication;
use crate::init::values::guard::Guard;
use crate::init::values::inputs::{RawLine, place_of, raw_lines};
use crate::init::values::moment::{Answers, Fact, Moment, OTHER_BRANCHES};
use crate::init::values::scope::Scope;
use crate::init::values::text::{Condition, Piece, Place, Template};
use crate::init::values::triggers::{ANY_BRANCH, Start};
use crate::init::values::turn::Turn;
use crate::source::Sources;

/// What is no job.
const KEYWORDS: [&str; 12] = [
    "after_script",
    "before_script",
    "cache",
    "default",
    "image",
    "include",
    "pages",
    "services",
    "spec",
    "stages",
    "variables",
    "workflow",
];

/// What stands before a reference to a part of another job.
const REFERENCE: &str = "!reference";

/// How far jobs may extend each other.
const MAX_EXTENDS: usize = 10;

/// How many rows of a matrix are read: GitLab refuses a pipeline with more of them
/// (<https://docs.gitlab.com/ci/yaml/#parallelmatrix>).
const MAX_ROWS: usize = 200;

/// How much work a job is, beside what is in it.
const JOB: usize = 50;

/// What pipelines publish.
pub(crate) fn publications(files: &[YamlFile], sources: &Sources, world: &Rc<World>) -> Vec<Publication> {
    files.iter().flat_map(|file| Pipeline { file, sources, world }.publications()).collect()
}

/// Where files are that a pipeline takes from elsewhere, which are not read.
pub(crate) fn included(files: &[YamlFile], sources: &Sources) -> Vec<Place> {
    let include = |file: &YamlFile| {
        let include = file.root.get("include")?;
        Some(place_of(include, sources.get(file.id), &file.path))
    };
    files.iter().filter_map(include).collect()
}

struct Pipeline<'a> {
    file: &'a YamlFile,
    sources: &'a Sources,
    world: &'a Rc<World>,
}

impl<'a> Pipeline<'a> {
    fn publications(&self) -> Vec<Publication> {
        let (found, built) = self.of_jobs(&[]);
        // One job may push what another one has built on the same machine, or pull it and push it under another name.
        let is_bare =
            |one: &Publication| one.build.is_none() && one.sources.is_empty() && one.unread.is_none();
        if found.iter().any(is_bare) && !built.is_empty() { self.of_jobs(&built).0 } else { found }
    }

    /// What jobs publish, and what they build, where these jobs have built others.
    fn of_jobs(&self, before: &[Publication]) -> (Vec<Publication>, Vec<Publication>) {
        let root = &self.file.root;
        let (mut found, mut built) = (Vec::new(), Vec::new());
        let is_job = |(name, job): &&'a (String, Yaml)| {
            !KEYWORDS.contains(&name.as_str()) && !name.starts_with('.') && !job.members().is_empty()
        };
        let turns = self.turns(root.members().iter().filter(is_job));
        for (name, job) in root.members().iter().filter(is_job) {
            let rows = self.key(job, "parallel").and_then(|parallel| parallel.get("matrix")).map(rows);
            for row in rows.unwrap_or_else(|| vec![Vec::new()]) {
                if !self.world.work.spend(JOB + row.len() + before.len()) {
                    return (found, built);
                }
                for pipeline in
                    chosen(&self.rules_of_pipeline().map(|list| self.rules(list, 0)).unwrap_or_default())
                {
                    for own in
                        chosen(&self.key(job, "rules").map(|list| self.rules(list, 0)).unwrap_or_default())
                    {
                        let (mut of_job, builds) = self.job(name, job, &row, (pipeline, own), before);
                        let turn = turns.get(name).cloned().unwrap_or_default();
                        of_job.iter_mut().for_each(|one| one.turn = Rc::clone(&turn));
                        found.extend(of_job);
                        built.extend(builds);
                    }
                }
            }
        }
        (found, built)
    }

    /// When jobs have their turns.
    fn turns(&self, jobs: impl Iterator<Item = &'a (String, Yaml)>) -> BTreeMap<String, Rc<Turn>> {
        let text = |yaml: &'a Yaml| yaml.as_text().or_else(|| yaml.get("job").and_then(Yaml::as_text));
        let order = |(name, job): &'a (String, Yaml)| JobOrder {
            name,
            stage: self.key(job, "stage").and_then(Yaml::as_text).unwrap_or("test"),
            needs: self.key(job, "needs").map(|needs| needs.items().iter().filter_map(text).collect()),
        };
        let jobs: Vec<JobOrder<'_>> = jobs.map(order).collect();
        let stages = self.file.root.get("stages").map(Yaml::items).unwrap_or_default();
        let stages: Vec<&str> = stages.iter().filter_map(Yaml::as_text).collect();
        turns::turns(&self.file.path, &jobs, &stages)
    }

    /// What a job says, or what it extends.
    fn key(&self, job: &'a Yaml, key: &str) -> Option<&'a Yaml> {
        self.inherited(job, 0).into_iter().find_map(|one| one.get(key))
    }

    /// The job and what it extends, the nearest first.
    fn inherited(&self, job: &'a Yaml, depth: usize) -> Vec<&'a Yaml> {
        let mut all = vec![job];
        let Some(extends) = job.get("extends").filter(|_| depth < MAX_EXTENDS) else { return all };
        let names =
            extends.as_text().into_iter().chain(extends.items().iter().rev().filter_map(Yaml::as_text));
        for parent in names.filter_map(|name| self.file.root.get(name)) {
            if !self.world.work.spend(JOB) {
                break;
            }
            all.extend(self.inherited(parent, depth + 1));
        }
        all
    }

    fn rules_of_pipeline(&self) -> Option<&'a Yaml> {
        self.file.root.get("workflow").and_then(|workflow| workflow.get("rules"))
    }

    /// What a job publishes where these of the pipeline's rules and of its own decide.
    fn job(
        &self,
        name: &str,
        job: &'a Yaml,
        row: &[(String, String)],
        (of_pipeline, of_job): (Option<usize>, Option<usize>),
        elsewhere: &[Publication],
    ) -> (Vec<Publication>, Vec<Publication>) {
        let root = &self.file.root;
        let mut scope =
            Scope { world: Rc::clone(self.world), set: predefined(self.world), ..Scope::default() };
        let of_rule = |list: Option<&'a Yaml>, at: Option<usize>| {
            list?.items().get(at?).and_then(|rule| rule.get("variables"))
        };
        let mut variables: Vec<&Yaml> = root.get("variables").into_iter().collect();
        variables.extend(of_rule(self.rules_of_pipeline(), of_pipeline));
        variables.extend(self.inherited(job, 0).into_iter().rev().filter_map(|one| one.get("variables")));
        variables.extend(of_rule(self.key(job, "rules"), of_job));
        for (name, value) in variables.into_iter().flat_map(Yaml::members) {
            let value = value.as_text().or_else(|| value.get("value").and_then(Yaml::as_text));
            let value = shell::text(value.unwrap_or_default(), &scope);
            scope.set.push((name.clone(), value));
        }
        for (name, value) in row {
            let value = shell::text(value, &scope);
            scope.set.push((name.clone(), value));
        }
        let of_root =
            |key: &str| root.get("default").and_then(|default| default.get(key)).or_else(|| root.get(key));
        let before = self.key(job, "before_script").or_else(|| of_root("before_script"));
        let scripts = before.into_iter().chain(self.key(job, "script"));
        let source = self.sources.get(self.file.id);
        let (mut lines, mut missing) = (Vec::new(), Vec::new());
        for script in scripts {
            let (more, unknown) = self.script(script, 0);
            lines.extend(more);
            missing.extend(unknown);
        }
        let text: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        let numbers: Vec<usize> = lines.iter().map(|line| line.place.line).collect();
        let ran = shell::read(&text.join("\n"), &scope, &Home::default());
        let (condition, at) = self.condition(job, &scope, (of_pipeline, of_job));
        let no_release = Answers::of(|moment| Some(!matches!(moment, Moment::Release | Moment::Made)));
        let runs = condition.answers.and(no_release);
        let place = place_of(at, source, &self.file.path);
        let job = format!("{}#{name}", self.file.path);
        let setting = Setting { path: &self.file.path, lines: &numbers, runs, job: &job };
        let elsewhere: Vec<Publication> = elsewhere.iter().filter(|one| one.job != job).cloned().collect();
        let (mut found, built) = commands::publications_behind(&ran, &scope, &setting, elsewhere);
        found.extend(missing.into_iter().map(|place| {
            let unread = Some("this refers to what is not in the file".to_owned());
            Publication { unread, ..Publication::new(place, &job, runs) }
        }));
        let any = self.world.other_branches.iter().position(|name| name == ANY_BRANCH);
        let is_of_any = any.is_some_and(|at| runs.may(Moment::OtherBranch(at)));
        let start = self.start(is_of_any.then(|| place.clone()));
        for publication in &mut found {
            publication.start = Rc::clone(&start);
            if !condition.is_certain() {
                let guard = Guard { condition: condition.clone(), place: place.clone() };
                publication.guards.insert(0, guard);
            }
        }
        (found, built)
    }

    /// The branches that conditions name.
    fn start(&self, any_branch: Option<Place>) -> Rc<Start> {
        let source = self.sources.get(self.file.id);
        let mut branches: Vec<(String, Place)> = Vec::new();
        for (named, at) in named(&self.file.root) {
            let pattern = match named {
                Named::Branch(name) => name,
                Named::Branches(pattern) => format!("{}**", literal(&pattern)),
                Named::Tags(_) => continue,
            };
            if !branches.iter().any(|(known, _)| *known == pattern) {
                branches.push((pattern, place_of(at, source, &self.file.path)));
            }
        }
        Rc::new(Start { path: Rc::clone(&self.file.path), branches, any_branch, ..Start::default() })
    }

    /// When a job runs, and where that is written.
    fn condition(
        &self,
        job: &'a Yaml,
        scope: &Scope,
        (of_pipeline, of_job): (Option<usize>, Option<usize>),
    ) -> (Condition, &'a Yaml) {
        let started =
            self.rules_of_pipeline().map(|list| of_rules(&self.rules(list, 0), None, scope, of_pipeline));
        let when = self.key(job, "when");
        let text = when.and_then(Yaml::as_text);
        let (own, at) = match self.key(job, "rules") {
            Some(list) => (of_rules(&self.rules(list, 0), text, scope, of_job), list),
            None => {
                let (only, except) = (self.key(job, "only"), self.key(job, "except"));
                let own = of_refs(only, except, scope).and(rules::started(text));
                (own, only.or(except).or(when).unwrap_or(job))
            }
        };
        let at = if own.is_certain() { self.rules_of_pipeline().unwrap_or(at) } else { at };
        (started.map_or(own.clone(), |started| started.and(own)), at)
    }

    /// What `!reference [.job, key]` stands for; what is no reference stands for itself.
    fn resolved(&self, yaml: &'a Yaml) -> Option<&'a Yaml> {
        let text = &self.sources.get(self.file.id).text;
        let is_reference = !yaml.items().is_empty() && {
            let (before, after) = text.split_at_checked(yaml.span.start as usize).unwrap_or_default();
            after.starts_with(REFERENCE) || before.trim_end().ends_with(REFERENCE)
        };
        if !is_reference {
            return Some(yaml);
        }
        let mut found = &self.file.root;
        for (at, name) in yaml.items().iter().filter_map(Yaml::as_text).enumerate() {
            found = if at == 0 { found.get(name)? } else { self.key(found, name)? };
        }
        Some(found)
    }

    /// A list of rules with those that it refers to.
    fn rules(&self, list: &'a Yaml, depth: usize) -> Vec<&'a Yaml> {
        let Some(list) = self.resolved(list).filter(|_| depth < MAX_EXTENDS) else { return vec![list] };
        let of =
            |rule: &'a Yaml| if rule.items().is_empty() { vec![rule] } else { self.rules(rule, depth + 1) };
        list.items().iter().flat_map(of).collect()
    }

    /// The lines of a script with those that it refers to; and where it refers to something that is not here.
    fn script(&self, script: &'a Yaml, depth: usize) -> (Vec<RawLine>, Vec<Place>) {
        let source = self.sources.get(self.file.id);
        let Some(found) = self.resolved(script).filter(|_| depth < MAX_EXTENDS) else {
            return (Vec::new(), vec![place_of(script, source, &self.file.path)]);
        };
        if found.items().is_empty() {
            return (raw_lines(found, source, &self.file.path), Vec::new());
        }
        let (mut lines, mut missing) = (Vec::new(), Vec::new());
        for item in found.items() {
            let (more, unknown) = self.script(item, depth + 1);
            lines.extend(more);
            missing.extend(unknown);
        }
        (lines, missing)
    }
}

/// The variables that GitLab sets, as far as they are known.
fn predefined(world: &World) -> Vec<(String, Template)> {
    let fact = |fact| Template(vec![Piece::Fact(fact)]);
    let mut set = vec![
        ("CI_COMMIT_TAG", fact(Fact::Tag)),
        ("CI_COMMIT_BRANCH", fact(Fact::RefName)),
        ("CI_COMMIT_REF_NAME", fact(Fact::RefName)),
        ("CI_COMMIT_REF_SLUG", fact(Fact::RefSlug)),
        ("CI_COMMIT_SHA", fact(Fact::Commit(None))),
        ("CI_COMMIT_SHORT_SHA", fact(Fact::Commit(Some(8)))),
        ("CI_DEFAULT_BRANCH", fact(Fact::DefaultBranch)),
        ("CI_MERGE_REQUEST_IID", fact(Fact::PullRequest)),
        ("CI_PROJECT_DIR", Template::from(".")),
    ];
    if let Some(image) = world.registry.as_deref().filter(|image| image.starts_with("registry."))
        && let Some((registry, path)) = image.split_once('/')
        && let Some((namespace, name)) = path.rsplit_once('/')
    {
        set.extend([
            ("CI_REGISTRY_IMAGE", Template::from(image)),
            ("CI_REGISTRY", Template::from(registry)),
            ("CI_PROJECT_PATH", Template::from(path)),
            ("CI_PROJECT_NAMESPACE", Template::from(namespace)),
            ("CI_PROJECT_ROOT_NAMESPACE", Template::from(namespace.split('/').next().unwrap_or(namespace))),
            ("CI_PROJECT_NAME", Template::from(name)),
        ]);
    }
    set.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The rows of a matrix.
fn rows(matrix: &Yaml) -> Vec<Vec<(String, String)>> {
    let mut all = Vec::new();
    for entry in matrix.items() {
        let mut rows: Vec<Vec<(String, String)>> = vec![Vec::new()];
        for (name, values) in entry.members() {
            let values: Vec<&str> =
                values.as_text().into_iter().chain(values.items().iter().filter_map(Yaml::as_text)).collect();
            let with = |row: &Vec<(String, String)>| {
                let extended = values.iter().map(|value| {
                    let mut row = row.clone();
                    row.push((name.clone(), (*value).to_owned()));
                    row
                });
                extended.collect::<Vec<_>>()
            };
            rows = rows.iter().flat_map(with).take(MAX_ROWS).collect();
        }
        all.extend(rows);
    }
    all.truncate(MAX_ROWS);
    all
}

/// Which rules a job has to be looked at with: each, where some have variables of their own.
fn chosen(rules: &[&Yaml]) -> Vec<Option<usize>> {
    let has_variables = rules.iter().any(|rule| rule.get("variables").is_some());
    if has_variables { (0..rules.len()).map(Some).collect() } else { vec![None] }
}

/// What the conditions in a file name, each with where.
fn named(yaml: &Yaml) -> Vec<(Named, &Yaml)> {
    let mut all = Vec::new();
    for (key, value) in yaml.members() {
        match key.as_str() {
            "if" => all.extend(
                value.as_text().map(rules::named).unwrap_or_default().into_iter().map(|one| (one, value)),
            ),
            "only" => {
                let list = value.get("refs").unwrap_or(value);
                let items = if list.items().is_empty() { std::slice::from_ref(list) } else { list.items() };
                all.extend(items.iter().filter_map(|item| Some((of_only(item.as_text()?)?, item))));
            }
            _ => all.extend(named(value)),
        }
    }
    yaml.items().iter().for_each(|item| all.extend(named(item)));
    all
}

/// A branch, or a pattern of them, that `only` lists.
fn of_only(written: &str) -> Option<Named> {
    const OTHERS: [&str; 12] = [
        "api",
        "branches",
        "chat",
        "external",
        "external_pull_requests",
        "merge_requests",
        "pipelines",
        "pushes",
        "schedules",
        "tags",
        "triggers",
        "web",
    ];
    if let Some(pattern) = written.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) {
        return Some(Named::Branches(pattern.0.replace("\\/", "/")));
    }
    let name = written.split('@').next().unwrap_or_default();
    (!OTHERS.contains(&name)).then(|| Named::Branch(name.to_owned()))
}

/// What a pattern begins with as it stands there.
fn literal(pattern: &str) -> String {
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_".contains(c);
    let end = pattern.find(|c| !is_plain(c)).unwrap_or(pattern.len());
    // What stands before a sign for repetition may not be there.
    let is_counted = pattern[end..].starts_with(['*', '?', '{']) && !pattern[end..].starts_with(".*");
    pattern[..if is_counted { end.saturating_sub(1) } else { end }].to_owned()
}

/// What the examples of runs are called where pipelines publish.
pub(crate) fn examples(files: &[YamlFile], sources: &Sources, world: World) -> World {
    let all: Vec<Named> = files.iter().flat_map(|file| named(&file.root)).map(|(named, _)| named).collect();
    let fits =
        |pattern: &str, text: &String| world.work.regex(pattern).is_some_and(|regex| regex.is_match(text));
    let mut other_branches: Vec<String> = Vec::new();
    for named in &all {
        let starts = |name: &String| match named {
            Named::Branch(own) => own == name,
            Named::Branches(pattern) => fits(pattern, name),
            Named::Tags(_) => true,
        };
        if starts(&world.default_branch) || other_branches.iter().any(starts) {
            continue;
        }
        let start = match named {
            Named::Branch(name) => name.clone(),
            Named::Branches(pattern) => literal(pattern),
            Named::Tags(_) => continue,
        };
        let made = ["", "1.2", "x", "/1.2", "-1.2"].map(|end| format!("{start}{end}"));
        let name = made.into_iter().find(|name| !name.is_empty() && starts(name));
        other_branches.extend(name);
    }
    let patterns: Vec<&String> = all
        .iter()
        .filter_map(|named| if let Named::Tags(pattern) = named { Some(pattern) } else { None })
        .collect();
    let tag = |pattern: &String| {
        let start = literal(pattern);
        let made = ["1.2.3", "v1.2.3", "1.2", "v1.2", "1", ""].into_iter().map(|end| format!("{start}{end}"));
        let usual = ["v1.2.3", "1.2.3", "v1.2", "1.2"].into_iter().map(str::to_owned);
        usual.chain(made).find(|tag| !tag.is_empty() && fits(pattern, tag))
    };
    // What they begin with is as in the filters of workflows.
    let begun =
        patterns.iter().map(|pattern| pattern.strip_prefix('^').map(|rest| rest.replace("\\d", "[0-9]")));
    let releases_when = begun.collect::<Option<Vec<String>>>().and_then(|all| examples::releases_when(&all));
    let tags: Vec<String> = patterns.into_iter().filter_map(tag).collect();
    let has_schedule =
        |yaml: &Yaml| has_text(yaml, &|text| text.contains("\"schedule\"") || text == "schedules");
    let more_branches = other_branches.split_off(other_branches.len().min(OTHER_BRANCHES));
    let world = World {
        other_branches,
        more_branches,
        has_schedule: world.has_schedule || files.iter().any(|file| has_schedule(&file.root)),
        tag: tags.first().cloned().unwrap_or(world.tag),
        tags: if tags.is_empty() { world.tags } else { tags },
        releases_when,
        ..world
    };
    with_odd_tags(files, sources, with_any_branch(files, sources, world))
}

/// The same with git tags that publish nothing, if a pipeline publishes versions: a prerelease, and one that is no version.
fn with_odd_tags(files: &[YamlFile], sources: &Sources, world: World) -> World {
    let publishes = |tag: &str| {
        let world = World { tag: tag.to_owned(), ..world.clone() };
        let found = publications(files, sources, &Rc::new(world));
        found.iter().any(|one| one.runs.may(Moment::Tag))
    };
    if !publishes(&world.tag) {
        return World { releases_when: None, ..world };
    }
    let all = [examples::ODD.to_owned(), examples::prerelease_of(&world.tag)];
    let odd_tags: Vec<String> = all.into_iter().filter(|tag| !publishes(tag)).collect();
    let is_odd = odd_tags.iter().any(|tag| tag == examples::ODD);
    World { releases_when: world.releases_when.clone().filter(|_| is_odd), odd_tags, ..world }
}

/// The same with a branch that nothing names, if a push to one may publish.
fn with_any_branch(files: &[YamlFile], sources: &Sources, world: World) -> World {
    let at = world.other_branches.len();
    if at == OTHER_BRANCHES {
        return world;
    }
    let mut more = world.clone();
    more.other_branches.push(ANY_BRANCH.to_owned());
    let found = publications(files, sources, &Rc::new(more.clone()));
    let publishes = found.iter().any(|one| one.runs.may(Moment::OtherBranch(at)));
    if publishes { more } else { world }
}

/// Whether any text is like that.
fn has_text(yaml: &Yaml, is_it: &dyn Fn(&str) -> bool) -> bool {
    yaml.as_text().is_some_and(is_it)
        || yaml.items().iter().any(|one| has_text(one, is_it))
        || yaml.members().iter().any(|(_, one)| has_text(one, is_it))
}
