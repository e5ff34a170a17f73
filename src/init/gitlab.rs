//! Pipelines of GitLab CI: their jobs, when these run, and the commands that build and publish in them
//! (<https://docs.gitlab.com/ci/yaml/>).

use std::rc::Rc;

use super::commands::{self, Setting};
use super::found::Publication;
use super::inputs::{place_of, raw_lines};
use super::moment::{Answers, Fact, Moment};
use super::scope::Scope;
use super::shell::{self, Home};
use super::text::{Piece, Place, Template};
use super::workflow::YamlFile;
use super::world::World;
use crate::bake::compose::Yaml;
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
        let root = &self.file.root;
        let mut found = Vec::new();
        for (name, job) in root.members() {
            let is_job = !KEYWORDS.contains(&name.as_str()) && !name.starts_with('.');
            if !is_job || job.members().is_empty() {
                continue;
            }
            let rows = self.key(job, "parallel").and_then(|parallel| parallel.get("matrix")).map(rows);
            for row in rows.unwrap_or_else(|| vec![Vec::new()]) {
                if !self.world.work.spend(JOB + row.len()) {
                    return found;
                }
                for pipeline in chosen(self.rules_of_pipeline()) {
                    for own in chosen(self.key(job, "rules")) {
                        found.extend(self.job(name, job, &row, (pipeline, own)));
                    }
                }
            }
        }
        found
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
    ) -> Vec<Publication> {
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
        let lines: Vec<_> = scripts.flat_map(|script| raw_lines(script, source, &self.file.path)).collect();
        let text: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        let numbers: Vec<usize> = lines.iter().map(|line| line.place.line).collect();
        let ran = shell::read(&text.join("\n"), &scope, &Home::default());
        let runs = self.runs(job, &scope, (of_pipeline, of_job));
        let job = format!("{}#{name}", self.file.path);
        let setting = Setting { path: &self.file.path, lines: &numbers, runs, job: &job };
        commands::publications(&ran, &scope, &setting)
    }

    /// In which examples a job runs.
    fn runs(
        &self,
        job: &'a Yaml,
        scope: &Scope,
        (of_pipeline, of_job): (Option<usize>, Option<usize>),
    ) -> Answers {
        let started =
            self.rules_of_pipeline().map_or(Answers::of(|moment| Some(moment != Moment::Release)), |list| {
                rules(list, scope, of_pipeline)
            });
        let is_manual = self.key(job, "when").and_then(Yaml::as_text) == Some("manual");
        let own = if let Some(list) = self.key(job, "rules") {
            rules(list, scope, of_job)
        } else {
            let only = self.key(job, "only").map(refs);
            let except = self.key(job, "except").map(refs);
            Answers::of(|moment| {
                let has = |refs: &Option<Refs>| refs.as_ref().map(|refs| refs.has(moment, scope));
                let is_in = has(&only).unwrap_or_else(|| Some(moment != Moment::PullRequest));
                match (is_in, has(&except).unwrap_or(Some(false))) {
                    (Some(false), _) | (_, Some(true)) => Some(false),
                    (Some(true), Some(false)) => Some(true),
                    _ => None,
                }
            })
        };
        let started = started.and(own).and(Answers::of(|moment| Some(moment != Moment::Release)));
        if is_manual { Answers::of(|moment| started.at(moment).filter(|runs| !runs)) } else { started }
    }
}

/// The variables that GitLab sets, as far as they are known.
fn predefined(world: &World) -> Vec<(String, Template)> {
    let fact = |fact| Template(vec![Piece::Fact(fact)]);
    let mut set = vec![
        ("CI_COMMIT_TAG", fact(Fact::Tag)),
        ("CI_COMMIT_BRANCH", fact(Fact::RefName)),
        ("CI_COMMIT_REF_NAME", fact(Fact::RefName)),
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
fn chosen(rules: Option<&Yaml>) -> Vec<Option<usize>> {
    let items = rules.map(Yaml::items).unwrap_or_default();
    let has_variables = items.iter().any(|rule| rule.get("variables").is_some());
    if has_variables { (0..items.len()).map(Some).collect() } else { vec![None] }
}

/// `rules`: the first that applies decides. With `only`, it has to be this one.
fn rules(list: &Yaml, scope: &Scope, only: Option<usize>) -> Answers {
    Answers::of(|moment| {
        for (at, rule) in list.items().iter().enumerate() {
            let holds = match rule.get("if").and_then(Yaml::as_text) {
                Some(condition) => holds(condition, moment, scope),
                None => Some(true),
            };
            let has_files = rule.get("changes").is_some() || rule.get("exists").is_some();
            let runs = match rule.get("when").and_then(Yaml::as_text) {
                Some("never") => Some(false),
                Some("manual" | "delayed") => None,
                _ => Some(true),
            };
            match holds {
                Some(false) => {}
                Some(true) if !has_files => {
                    return if only.is_none_or(|only| only == at) { runs } else { Some(false) };
                }
                // Whether this one applies is not known; a later one may.
                _ => return if only.is_some_and(|only| only < at) { Some(false) } else { None },
            }
        }
        Some(false)
    })
}

/// Whether a condition of GitLab's holds.
fn holds(condition: &str, moment: Moment, scope: &Scope) -> Option<bool> {
    if condition.contains('(') && !condition.contains("=~") {
        return None;
    }
    let mut any = Some(false);
    for all in condition.split("||") {
        let mut every = Some(true);
        for one in all.split("&&") {
            every = match (every, compares(one.trim(), moment, scope)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
        any = match (any, every) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
    }
    any
}

/// `$NAME`, and how it is compared.
fn compares(written: &str, moment: Moment, scope: &Scope) -> Option<bool> {
    if let Some((left, right)) = written.split_once("=~").or_else(|| written.split_once("!~")) {
        let pattern = right.trim().strip_prefix('/')?.strip_suffix('/')?;
        // GitLab writes a slash in a pattern as `\/`.
        let pattern = regex::Regex::new(&pattern.replace("\\/", "/")).ok()?;
        let fits = value(left, moment, scope)?.is_some_and(|text| pattern.is_match(&text));
        return Some(fits != written.contains("!~"));
    }
    for (sign, is_equal) in [("==", true), ("!=", false)] {
        if let Some((left, right)) = written.split_once(sign) {
            return Some((value(left, moment, scope)? == value(right, moment, scope)?) == is_equal);
        }
    }
    Some(value(written, moment, scope)?.is_some_and(|text| !text.is_empty()))
}

/// A side of a comparison: none where that is not known, and null within.
#[expect(clippy::option_option, reason = "what is null is known")]
fn value(written: &str, moment: Moment, scope: &Scope) -> Option<Option<String>> {
    let written = written.trim();
    if written == "null" {
        return Some(None);
    }
    let quoted = |quote: char| written.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if let Some(text) = quoted('"').or_else(|| quoted('\'')) {
        return Some(Some(text.to_owned()));
    }
    let name = written.strip_prefix('$')?;
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    let world = &scope.world;
    let source = match moment {
        Moment::PullRequest => "merge_request_event",
        Moment::Schedule => "schedule",
        Moment::Branch | Moment::OtherBranch | Moment::Tag | Moment::Release => "push",
    };
    let is_branch = matches!(moment, Moment::Branch | Moment::OtherBranch | Moment::Schedule);
    Some(match name {
        "CI_PIPELINE_SOURCE" => Some(source.to_owned()),
        "CI_COMMIT_BRANCH" => is_branch.then(|| moment.fact(&Fact::RefName, world)).flatten(),
        "CI_MERGE_REQUEST_ID" | "CI_MERGE_REQUEST_IID" => moment.fact(&Fact::PullRequest, world),
        "CI_OPEN_MERGE_REQUESTS" => (moment == Moment::PullRequest).then(|| "1".to_owned()),
        _ => {
            let (_, value) = scope.set.iter().rev().find(|(known, _)| known == name)?;
            match value.0.as_slice() {
                [Piece::Fact(fact)] => moment.fact(fact, world),
                _ => Some(value.constant()?),
            }
        }
    })
}

/// What `only` and `except` list.
struct Refs {
    names: Vec<String>,
    /// Whether more is asked, such as which files have changed.
    has_more: bool,
}

fn refs(yaml: &Yaml) -> Refs {
    let list = yaml.get("refs").unwrap_or(yaml);
    let names = list.as_text().into_iter().chain(list.items().iter().filter_map(Yaml::as_text));
    let has_more = yaml.members().iter().any(|(key, _)| key != "refs");
    Refs { names: names.map(str::to_owned).collect(), has_more }
}

impl Refs {
    fn has(&self, moment: Moment, scope: &Scope) -> Option<bool> {
        let name = moment.fact(&Fact::RefName, &scope.world).unwrap_or_default();
        let is_tag = matches!(moment, Moment::Tag | Moment::Release);
        let is_request = moment == Moment::PullRequest;
        // `REF@PATH` is about the project of this path, which is this one in all but its forks.
        let bare = |one: &'_ str| {
            one.rsplit_once('@').filter(|(_, path)| path.contains('/')).map(|(bare, _)| bare.to_owned())
        };
        let has = |one: &String| match bare(one).as_deref().unwrap_or(one) {
            "tags" => is_tag,
            "branches" => !is_tag && !is_request,
            "merge_requests" => is_request,
            "schedules" => moment == Moment::Schedule,
            "pushes" => !is_request && moment != Moment::Schedule,
            // What starts a pipeline in none of the examples.
            "api" | "chat" | "external" | "external_pull_requests" | "pipelines" | "triggers" | "web" => {
                false
            }
            pattern if pattern.starts_with('/') => {
                let pattern =
                    pattern.trim_start_matches('/').rsplit_once('/').map_or("", |(pattern, _)| pattern);
                !is_request && regex::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(&name))
            }
            other => !is_request && other == name,
        };
        let is_listed = self.names.is_empty() || self.names.iter().any(has);
        if self.has_more && is_listed { None } else { Some(is_listed) }
    }
}
